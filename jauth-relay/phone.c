/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What telephones do with a link:
 *
 *   GET /q/ID    shows and changes nothing: links are fetched by previews and prefetchers.
 *   POST /q/ID   a press (or "this wasn't me"): the host is told; once it has said where the button
 *                leads, the browser is sent there, with a cookie by which it is known again.
 *   GET /cb/…    the browser with that cookie comes back: the first one completes the link; it, and
 *                nobody else, sees what came of it. POST is the same from our page /d/ID.
 *
 * Digits stand in one place: answer_outcome(), for the completing browser.
 */
#include "jauth-relay/phone.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/parameters.h"
#include "base/text.h"
#include "jauth-relay/app.h"
#include "jauth-relay/change.h"
#include "jauth-relay/relay.h"

static_assert(METRIC_CALLBACK_OVER - METRIC_CALLBACK_TAKEN == LINK_OVER, "in one order");

/* One request of a telephone. */
struct visit {
	struct request *request;
	struct waiter waiter;
	char id[RELAY_ID_LEN + 1];
	char secret[RELAY_SECRET_LEN + 1];       /* of the browser's cookie for this link; or "" */
	char method[RELAY_METHOD_MAX + 1];
	/* A press. */
	char token[RELAY_ID_LEN + 1];
	char new_secret[RELAY_SECRET_LEN + 1];
	bool is_refusal, is_new;
	/* A callback. */
	const char *query;                       /* or form; the request's */
	enum link_callback taken;
};

static void visit_free(void *state)
{
	struct visit *visit = state;

	waiter_done(&visit->waiter);
	explicit_bzero(visit, sizeof(*visit));
	free(visit);
}

static struct visit *visit_new(struct request *request, const char *id)
{
	struct visit *visit = request_new_state(request, sizeof(*visit), visit_free);
	struct phone_cookie cookie;

	visit->request = request;
	(void)text_into(visit->id, sizeof(visit->id), id);
	if (phone_read_cookie(request->headers[HEADER_COOKIE], &cookie) &&
	    text_equals(cookie.id, id))
		(void)text_into(visit->secret, sizeof(visit->secret), cookie.secret);
	explicit_bzero(&cookie, sizeof(cookie));
	return visit;
}

/* Whether this browser is the one that completed the link. */
static bool has_completed(const struct visit *visit, const struct link *link)
{
	return link->callback_press != LINK_NONE &&
	       link_find_press(link, visit->secret) == link->callback_press;
}

/* For the browser that completed the link: what came of it. False: nothing yet. */
static bool answer_outcome(struct request *request, const struct link *link)
{
	if (link->refused)
		phone_answer_notice(request, NOTICE_REFUSED, NULL);
	else if (link->result != LINK_NONE)
		phone_answer_result(request, link);
	else if (!link_is_open(link, relay_now_s(request->relay)))
		phone_answer_notice(request, NOTICE_OVER, NULL);
	else
		return false;
	return true;
}

/* For all others. False: the link takes presses. */
static bool answer_closed(struct request *request, const struct link *link)
{
	if (link->refused)
		phone_answer_notice(request, NOTICE_REFUSED, NULL);
	else if (link->callback_press != LINK_NONE)
		phone_answer_notice(request, NOTICE_USED, NULL);
	else if (!link_is_open(link, relay_now_s(request->relay)))
		phone_answer_notice(request, NOTICE_OVER, NULL);
	else
		return false;
	return true;
}

/* Either of them. */
static bool answer_state(struct visit *visit, const struct link *link)
{
	if (!has_completed(visit, link))
		return answer_closed(visit->request, link);
	if (!answer_outcome(visit->request, link))
		phone_answer_notice(visit->request, NOTICE_WAITING, NULL);
	return true;
}

/* --- GET /q/ID --- */

static enum relay_app app_of(const struct request *request)
{
	return app_of_user_agent(request->headers[HEADER_USER_AGENT]);
}

static void on_shown(struct request *request, int error, const struct link *link)
{
	unsigned targets[RELAY_TARGETS_MAX];

	if (error < 0)
		phone_answer_error(request, error);
	else if (link->n_targets == 0)
		phone_answer_unknown(request, NOTICE_UNKNOWN);
	else if (answer_state(request->state, link))
		return;
	else if (page_choose_targets(link, app_of(request), targets) == 0)
		phone_answer_notice(request, page_choose_notice(link), link);
	else
		phone_answer_question(request, link);
}

void phone_show(struct request *request)
{
	if (!change_is_id(request->argument)) {
		phone_answer_unknown(request, NOTICE_UNKNOWN);
		return;
	}
	(void)visit_new(request, request->argument);
	change_link(request, request->argument, NULL, on_shown);
}

/* --- POST /q/ID --- */

/* The token, and either a method or refuse=1. */
static bool take_form(struct visit *visit, const struct parameters *parameters)
{
	const char *token = parameters_text(parameters, "token", RELAY_ID_LEN);
	const char *method = parameters_text(parameters, "method", RELAY_METHOD_MAX);
	const char *refuse = parameters_text(parameters, "refuse", 1);

	visit->is_refusal = text_equals(refuse, "1");
	if (!token || (refuse && !visit->is_refusal) || !method == !refuse)
		return false;
	return text_into(visit->token, sizeof(visit->token), token) &&
	       text_into(visit->method, sizeof(visit->method), method ? method : "");
}

static bool read_form(struct visit *visit)
{
	const struct request *request = visit->request;
	struct parameters parameters = { 0 };
	bool is_good = phone_type_is(request->headers[HEADER_CONTENT_TYPE], PHONE_FORM_TYPE) &&
		       strlen(buf_text(&request->body)) == request->body.len &&
		       parameters_parse(buf_text(&request->body), FORM_BYTES_MAX,
					&parameters) == 0 &&
		       take_form(visit, &parameters);

	parameters_done(&parameters);
	return is_good;
}

/* The browser has pressed this button before: back, a double click, or a reload. */
static bool has_pressed(const struct visit *visit, const struct link *link)
{
	int press = link_find_press(link, visit->secret);

	return press != LINK_NONE &&
	       (int)link->presses[press].method == link_find_target(link, visit->method);
}

/* -EPERM: not by our form. -ESTALE: no button any more. */
static int press(struct request *request, struct link **link)
{
	struct visit *visit = request->state;
	const int64_t now_s = relay_now_s(request->relay);
	int r;

	visit->is_new = false;
	if (!*link || !(*link)->n_targets)
		return -ENOENT;
	if (strlen(visit->token) != RELAY_ID_LEN ||
	    !crypto_equals(visit->token, (*link)->token, RELAY_ID_LEN))
		return -EPERM;
	if (visit->is_refusal) {
		r = link_refuse(*link, now_s);
		return r == -EALREADY ? CHANGE_NOTHING : r < 0 ? r : CHANGE_WRITE_EVENT;
	}
	if (has_pressed(visit, *link) && link_is_open(*link, now_s))
		return CHANGE_NOTHING;
	r = link_press(*link, visit->method, visit->new_secret, now_s);
	if (r < 0)
		return r == -ENOENT ? -EINVAL : r;
	visit->is_new = true;
	return CHANGE_WRITE_EVENT;
}

static bool answer_press(struct visit *visit, const struct link *link)
{
	struct request *request = visit->request;

	if (answer_state(visit, link))
		return true;
	if (link->result != LINK_NONE && link->result != RELAY_RESULT_DIGITS)
		phone_answer_result(request, link);
	else if (link->target != LINK_NONE &&
		 link->target == link_find_target(link, visit->method))
		phone_answer_redirect(request, link->url);
	else
		return false;
	return true;
}

static void on_press_looked(struct request *request, int error, const struct link *link)
{
	struct visit *visit = request->state;

	if (error < 0) {
		phone_answer_error(request, error);
	} else if (!answer_press(visit, link)) {
		if (!visit->waiter.is_last) {
			waiter_stay(&visit->waiter);
			return;
		}
		phone_answer_notice(request, request->relay->is_stopping ? NOTICE_STOPPING :
				    NOTICE_HOST_SILENT, NULL);
	}
	waiter_done(&visit->waiter);
}

static void look_for_target(struct waiter *waiter)
{
	struct visit *visit = container_of(waiter, struct visit, waiter);

	change_link(visit->request, visit->id, NULL, on_press_looked);
}

static void wait_for(struct visit *visit, waiter_look_fn look, unsigned seconds)
{
	struct relay *relay = visit->request->relay;

	visit->waiter.look = look;
	waiter_start(relay->waits, &visit->waiter, visit->id, relay->is_stopping ? 0 : seconds);
}

/* The prefix __Host- has browsers refuse it from anybody but this very host, over TLS. Lax: it must
 * come along when the provider sends the browser back. */
static void set_cookie(struct visit *visit, const struct link *link)
{
	int64_t rest_s = link->expires_s - relay_now_s(visit->request->relay);
	_cleanup_free_ char *cookie =
		text_format(PHONE_COOKIE "=%s.%s; Secure; HttpOnly; SameSite=Lax; Path=/; "
			    "Max-Age=%jd", visit->id, visit->new_secret, (intmax_t)rest_s);

	request_header(visit->request, "Set-Cookie", cookie);
	explicit_bzero(cookie, strlen(cookie));
	(void)text_into(visit->secret, sizeof(visit->secret), visit->new_secret);
}

static void on_pressed(struct request *request, int error, const struct link *link)
{
	struct visit *visit = request->state;

	switch (error) {
	case 0:
		if (visit->is_refusal) {
			request->relay->metrics.n[METRIC_REFUSALS]++;
			phone_answer_notice(request, NOTICE_REFUSED_HERE, NULL);
			return;
		}
		if (visit->is_new) {
			request->relay->metrics.n[METRIC_PRESSES]++;
			set_cookie(visit, link);
		}
		wait_for(visit, look_for_target, PRESS_WAIT_S);
		return;
	case -EPERM:
		phone_answer_notice(request, NOTICE_FOREIGN_FORM, NULL);
		return;
	case -EINVAL:
		phone_answer_notice(request, NOTICE_BAD_FORM, NULL);
		return;
	case -EUSERS:
		phone_answer_notice(request, NOTICE_TOO_MANY_PRESSES, NULL);
		return;
	case -ESTALE:
		if (!answer_state(visit, link))
			phone_answer_notice(request, NOTICE_OVER, NULL);
		return;
	default:
		phone_answer_error(request, error);
	}
}

void phone_press(struct request *request)
{
	struct visit *visit;

	if (!change_is_id(request->argument)) {
		phone_answer_unknown(request, NOTICE_UNKNOWN);
		return;
	}
	if (!phone_form_is_ours(request->headers[HEADER_SEC_FETCH_SITE],
				request->headers[HEADER_ORIGIN], request->relay->config->url)) {
		phone_answer_notice(request, NOTICE_FOREIGN_FORM, NULL);
		return;
	}
	visit = visit_new(request, request->argument);
	if (!read_form(visit))
		phone_answer_notice(request, NOTICE_BAD_FORM, NULL);
	else if (!phone_make_secret(visit->new_secret))
		phone_answer_notice(request, NOTICE_STORE_AWAY, NULL);
	else
		change_link(request, visit->id, press, on_pressed);
}

/* --- GET and POST /cb/METHOD --- */

static void on_outcome_looked(struct request *request, int error, const struct link *link)
{
	struct visit *visit = request->state;

	if (error < 0) {
		phone_answer_error(request, error);
	} else if (!has_completed(visit, link)) {
		phone_answer_notice(request, NOTICE_USED, NULL);
	} else if (!answer_outcome(request, link)) {
		if (!visit->waiter.is_last) {
			waiter_stay(&visit->waiter);
			return;
		}
		phone_answer_notice(request, NOTICE_WAITING, NULL);
	}
	waiter_done(&visit->waiter);
}

static void look_for_outcome(struct waiter *waiter)
{
	struct visit *visit = container_of(waiter, struct visit, waiter);

	change_link(visit->request, visit->id, NULL, on_outcome_looked);
}

static int take(struct request *request, struct link **link)
{
	struct visit *visit = request->state;

	if (!*link)
		return -ENOENT;
	visit->taken = link_take_callback(*link, visit->method, visit->secret,
					  visit->query, relay_now_s(request->relay));
	return visit->taken == LINK_TAKEN ? CHANGE_WRITE_EVENT : CHANGE_NOTHING;
}

static void on_taken(struct request *request, int error, const struct link *link UNUSED)
{
	static const enum notice notices[] = {
		[LINK_FOREIGN] = NOTICE_NO_COOKIE,
		[LINK_SUPERSEDED] = NOTICE_SUPERSEDED,
		[LINK_USED] = NOTICE_USED,
		[LINK_BAD] = NOTICE_BAD_CALLBACK,
		[LINK_OVER] = NOTICE_OVER,
	};
	struct visit *visit = request->state;

	if (error < 0) {
		phone_answer_error(request, error);
		return;
	}
	request->relay->metrics.n[METRIC_CALLBACK_TAKEN + visit->taken]++;
	if (visit->taken == LINK_TAKEN || visit->taken == LINK_AGAIN)
		wait_for(visit, look_for_outcome, CALLBACK_WAIT_S);
	else
		phone_answer_notice(request, notices[visit->taken], NULL);
}

/* `query` is lent by the request. */
static void come_back(struct request *request, const char *query, size_t len)
{
	struct phone_cookie cookie;
	struct visit *visit;

	if (!phone_read_cookie(request->headers[HEADER_COOKIE], &cookie)) {
		phone_answer_unknown(request, NOTICE_NO_COOKIE);
		return;
	}
	visit = visit_new(request, cookie.id);
	explicit_bzero(&cookie, sizeof(cookie));
	(void)text_into(visit->method, sizeof(visit->method), request->argument);
	visit->query = query;
	if (len > RELAY_CALLBACK_MAX)
		phone_answer_notice(request, NOTICE_TOO_LONG, NULL);
	else
		change_link(request, visit->id, take, on_taken);
}

void phone_callback(struct request *request)
{
	const char *query = request->query ? request->query : "";

	come_back(request, query, strlen(query));
}

/* From our own page only: a provider sends people back by a link. */
void phone_post_callback(struct request *request)
{
	const char *form = buf_text(&request->body);

	if (!phone_form_is_ours(request->headers[HEADER_SEC_FETCH_SITE],
				request->headers[HEADER_ORIGIN], request->relay->config->url))
		phone_answer_notice(request, NOTICE_FOREIGN_FORM, NULL);
	else if (!phone_type_is(request->headers[HEADER_CONTENT_TYPE], PHONE_FORM_TYPE) ||
		 strlen(form) != request->body.len)
		phone_answer_notice(request, NOTICE_BAD_FORM, NULL);
	else
		come_back(request, form, request->body.len);
}
