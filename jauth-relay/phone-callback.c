/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GET and POST /cb/METHOD: the browser is back from the provider. By the cookie of its press it may
 * complete the link, and then waits for what comes of it.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "jauth-relay/change.h"
#include "jauth-relay/phone-private.h"
#include "jauth-relay/relay.h"

static_assert(METRIC_CALLBACK_OVER - METRIC_CALLBACK_TAKEN == LINK_OVER, "in one order");

static void on_outcome_looked(struct request *request, int error, const struct link *link)
{
	struct phone_visit *visit = request->state;

	if (error < 0) {
		phone_answer_error(request, error);
	} else if (!phone_has_completed(visit, link)) {
		phone_answer_notice(request, NOTICE_USED, NULL);
	} else if (!phone_answer_outcome(request, link)) {
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
	struct phone_visit *visit = container_of(waiter, struct phone_visit, waiter);

	change_link(visit->request, visit->id, NULL, on_outcome_looked);
}

static int take(struct request *request, struct link **link)
{
	struct phone_visit *visit = request->state;

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
	struct phone_visit *visit = request->state;

	if (error < 0) {
		phone_answer_error(request, error);
		return;
	}
	request->relay->metrics.n[METRIC_CALLBACK_TAKEN + visit->taken]++;
	if (visit->taken == LINK_TAKEN || visit->taken == LINK_AGAIN)
		phone_visit_wait(visit, look_for_outcome, CALLBACK_WAIT_S);
	else
		phone_answer_notice(request, notices[visit->taken], NULL);
}

/* `query` is lent by the request. */
static void come_back(struct request *request, const char *query, size_t len)
{
	struct phone_cookie cookie;
	struct phone_visit *visit;

	if (!phone_read_cookie(request->headers[HEADER_COOKIE], &cookie)) {
		phone_answer_unknown(request, NOTICE_NO_COOKIE);
		return;
	}
	visit = phone_visit_new(request, cookie.id);
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
