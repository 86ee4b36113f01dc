/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a mini program does with a link; base/relay-protocol.h is the specification.
 *
 *   GET /api/m/ID         what to show the person; changes nothing
 *   POST /api/m/ID        press and completion in one, or "this wasn't me"; the first one wins
 *   GET /api/m/ID/result  with the receipt that the confirmation brought: what came of it
 *
 * Digits stand in one place: answer_status(), for the holder of the receipt.
 */
#include "jauth-relay/phone-mini.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauth-relay/api.h"
#include "jauth-relay/app.h"
#include "jauth-relay/change.h"
#include "jauth-relay/mini.h"
#include "jauth-relay/phone.h"
#include "jauth-relay/relay.h"

#define JSON_TYPE "application/json"

/* One request of a mini program. */
struct visit {
	struct request *request;
	struct waiter waiter;
	char id[RELAY_ID_LEN + 1];
	struct mini_action action;
	char receipt[RELAY_SECRET_LEN + 1];      /* the new one, or the one that was shown */
	bool has_shown;                          /* it was the right one */
};

static void visit_free(void *state)
{
	struct visit *visit = state;

	waiter_done(&visit->waiter);
	explicit_bzero(visit, sizeof(*visit));
	free(visit);
}

/* --- answers --- */

static void set_headers(struct request *request)
{
	request_header(request, "X-Content-Type-Options", "nosniff");
	request_header(request, "Cache-Control", "no-store");
}

static void answer(struct request *request, unsigned status)
{
	set_headers(request);
	request_answer(request, status, JSON_TYPE);
}

static void refuse(struct request *request, unsigned status, const char *why)
{
	set_headers(request);
	api_error(request, status, why);
}

/* No such link, or none for who asks. */
static void answer_unknown(struct request *request)
{
	if (phone_may_guess(request))
		refuse(request, 404, "no such link");
	else
		refuse(request, 429, "too many codes that are not valid");
}

static void answer_error(struct request *request, int error)
{
	switch (error) {
	case -ENOENT:
		answer_unknown(request);
		break;
	case -EALREADY:
		refuse(request, 409, "somebody was earlier");
		break;
	case -ESTALE:
		refuse(request, 410, "the login is over");
		break;
	default:
		set_headers(request);
		api_store_error(request, error);
	}
}

/* NULL: answered. */
static struct visit *visit_new(struct request *request)
{
	struct visit *visit;

	if (!change_is_id(request->argument)) {
		answer_unknown(request);
		return NULL;
	}
	visit = request_new_state(request, sizeof(*visit), visit_free);
	visit->request = request;
	(void)text_into(visit->id, sizeof(visit->id), request->argument);
	return visit;
}

/* --- GET /api/m/ID --- */

static void on_read(struct request *request, int error, const struct link *link)
{
	if (error == 0 && link_find_mini(link) == LINK_NONE)
		error = -ENOENT;
	else if (error == 0 && (link->refused || link->callback ||
				!link_is_open(link, relay_now_s(request->relay))))
		error = -ESTALE;
	if (error < 0) {
		answer_error(request, error);
		return;
	}
	request->relay->metrics.n[METRIC_PAGES_SHOWN]++;
	mini_add_facts(link, &request->answer.body);
	answer(request, 200);
}

void mini_get(struct request *request)
{
	struct visit *visit = visit_new(request);

	if (visit)
		change_link(request, visit->id, NULL, on_read);
}

/* --- POST /api/m/ID --- */

static int act(struct request *request, struct link **link)
{
	struct visit *visit = request->state;
	const int64_t now_s = relay_now_s(request->relay);
	int r;

	if (!*link)
		return -ENOENT;
	r = visit->action.is_denial ? link_deny(*link, now_s) :
	    link_confirm(*link, visit->action.js_code, visit->receipt, now_s);
	return r < 0 ? r : CHANGE_WRITE_EVENT;
}

static void on_acted(struct request *request, int error, const struct link *link UNUSED)
{
	const struct visit *visit = request->state;
	struct metrics *metrics = &request->relay->metrics;

	if (error < 0) {
		answer_error(request, error);
		return;
	}
	if (visit->action.is_denial) {
		metrics->n[METRIC_REFUSALS]++;
		buf_add_text(&request->answer.body, "{}\n");
	} else {
		metrics->n[METRIC_PRESSES]++;
		metrics->n[METRIC_CALLBACK_TAKEN]++;
		buf_add_format(&request->answer.body, "{\"receipt\": \"%s\"}\n", visit->receipt);
	}
	answer(request, 202);
}

void mini_post(struct request *request)
{
	struct visit *visit = visit_new(request);

	if (!visit)
		return;
	if (!phone_type_is(request->headers[HEADER_CONTENT_TYPE], JSON_TYPE))
		refuse(request, 415, "not JSON");
	else if (request->body.len > MINI_BYTES_MAX)
		refuse(request, 413, "too long");
	else if (mini_read_action(buf_text(&request->body), request->body.len,
				  &visit->action) < 0)
		refuse(request, 400, "not understood");
	else if (!phone_make_secret(visit->receipt))
		refuse(request, 503, "no random numbers");
	else
		change_link(request, visit->id, act, on_acted);
}

/* --- GET /api/m/ID/result --- */

static void answer_status(struct request *request, const struct link *link)
{
	mini_add_status(link, relay_now_s(request->relay), &request->answer.body);
	answer(request, 200);
}

/* False: it waits on. */
static bool answer_result(struct visit *visit, int error, const struct link *link)
{
	struct request *request = visit->request;

	if (error == -ENOENT && visit->has_shown) {
		buf_add_format(&request->answer.body, "{\"status\": \"%s\"}\n",
			       relay_result_names[RELAY_RESULT_OVER]);
		answer(request, 200);
		return true;
	}
	if (error == 0 && !link_has_receipt(link, visit->receipt))
		error = -ENOENT;
	if (error < 0) {
		answer_error(request, error);
		return true;
	}
	visit->has_shown = true;
	if (!visit->waiter.is_last && !mini_is_settled(link, relay_now_s(request->relay)))
		return false;
	answer_status(request, link);
	return true;
}

static void on_looked(struct request *request, int error, const struct link *link)
{
	struct visit *visit = request->state;

	if (answer_result(visit, error, link))
		waiter_done(&visit->waiter);
	else
		waiter_stay(&visit->waiter);
}

static void look(struct waiter *waiter)
{
	struct visit *visit = container_of(waiter, struct visit, waiter);

	change_link(visit->request, visit->id, NULL, on_looked);
}

void mini_get_result(struct request *request)
{
	const char *receipt = request->headers[HEADER_RECEIPT];
	struct relay *relay = request->relay;
	struct visit *visit = visit_new(request);

	if (!visit)
		return;
	if (!receipt || !text_into(visit->receipt, sizeof(visit->receipt), receipt)) {
		answer_unknown(request);
		return;
	}
	visit->waiter.look = look;
	waiter_start(relay->waits, &visit->waiter, visit->id,
		     relay->is_stopping ? 0 : RELAY_MINI_WAIT_S);
}

/* --- GET /m/ID --- */

/* WeChat's scanner knows the address and opens the mini program instead; whoever comes here has
 * another scanner, or an address that nobody registered with WeChat. */
void phone_show_mini(struct request *request)
{
	enum relay_app app = app_of_user_agent(request->headers[HEADER_USER_AGENT]);

	if (!change_is_id(request->argument))
		phone_answer_unknown(request, NOTICE_UNKNOWN);
	else
		phone_answer_notice(request, app == RELAY_APP_WECHAT ? NOTICE_NO_MINI_PROGRAM :
				    NOTICE_SCAN_WITH_WECHAT, NULL);
}
