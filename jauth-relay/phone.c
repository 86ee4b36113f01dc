/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What telephones do with a link:
 *
 *   GET /q/ID    shows and changes nothing: links are fetched by previews and prefetchers.
 *   POST /q/ID   a press (or "this wasn't me"): the host is told; once it has said where the button
 *                leads, the browser is sent there, with a cookie by which it is known again. See
 *                phone-press.c.
 *   GET /cb/…    the browser with that cookie comes back: the first one completes the link; it, and
 *                nobody else, sees what came of it. POST is the same from our page /d/ID. See
 *                phone-callback.c.
 *
 * Here stand the first, and what a browser may see of a link, for all three. Digits stand in one
 * place: phone_answer_outcome(), for the completing browser.
 */
#include "jauth-relay/phone.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauth-relay/app.h"
#include "jauth-relay/change.h"
#include "jauth-relay/files.h"
#include "jauth-relay/phone-private.h"
#include "jauth-relay/relay.h"

/* --- a visit --- */

static void visit_free(void *state)
{
	struct phone_visit *visit = state;

	waiter_done(&visit->waiter);
	explicit_bzero(visit, sizeof(*visit));
	free(visit);
}

struct phone_visit *phone_visit_new(struct request *request, const char *id)
{
	struct phone_visit *visit = request_new_state(request, sizeof(*visit), visit_free);
	struct phone_cookie cookie;

	visit->request = request;
	(void)text_into(visit->id, sizeof(visit->id), id);
	if (phone_read_cookie(request->headers[HEADER_COOKIE], &cookie) &&
	    text_equals(cookie.id, id))
		(void)text_into(visit->secret, sizeof(visit->secret), cookie.secret);
	explicit_bzero(&cookie, sizeof(cookie));
	return visit;
}

void phone_visit_wait(struct phone_visit *visit, waiter_look_fn look, unsigned seconds)
{
	struct relay *relay = visit->request->relay;

	visit->waiter.look = look;
	waiter_start(relay->waits, &visit->waiter, visit->id, relay->is_stopping ? 0 : seconds);
}

/* --- what came of a link --- */

bool phone_has_completed(const struct phone_visit *visit, const struct link *link)
{
	return link->callback_press != LINK_NONE &&
	       link_find_press(link, visit->secret) == link->callback_press;
}

bool phone_answer_outcome(struct request *request, const struct link *link)
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

/* For all but the browser that completed the link. False: the link takes presses. */
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

bool phone_answer_state(struct phone_visit *visit, const struct link *link)
{
	if (!phone_has_completed(visit, link))
		return answer_closed(visit->request, link);
	if (!phone_answer_outcome(visit->request, link))
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
	else if (phone_answer_state(request->state, link))
		return;
	else if (page_choose_targets(link, app_of(request), targets) == 0)
		phone_answer_notice(request, page_choose_notice(link), link);
	else
		phone_answer_question(request, link);
}

void phone_show(struct request *request)
{
	/* WeChat looks for its file where a mini program's addresses begin. */
	if (text_has_suffix(request->argument, ".txt")) {
		files_ownership(request);
		return;
	}
	if (!change_is_id(request->argument)) {
		phone_answer_unknown(request, NOTICE_UNKNOWN);
		return;
	}
	(void)phone_visit_new(request, request->argument);
	change_link(request, request->argument, NULL, on_shown);
}
