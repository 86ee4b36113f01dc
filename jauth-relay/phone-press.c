/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST /q/ID: the button of our page, or "this wasn't me". A press gives the browser its cookie and
 * waits until the host has said where the button leads.
 */
#include <errno.h>
#include <string.h>

#include "base/parameters.h"
#include "base/text.h"
#include "jauth-relay/change.h"
#include "jauth-relay/phone-private.h"
#include "jauth-relay/relay.h"

/* --- the form --- */

/* The token, and either a method or refuse=1. */
static bool take_form(struct phone_visit *visit, const struct parameters *parameters)
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

static bool read_form(struct phone_visit *visit)
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

/* --- the press --- */

/* The browser has pressed this button before: back, a double click, or a reload. */
static bool has_pressed(const struct phone_visit *visit, const struct link *link)
{
	int press = link_find_press(link, visit->secret);

	return press != LINK_NONE &&
	       (int)link->presses[press].method == link_find_target(link, visit->method);
}

/* -EPERM: not by our form. -ESTALE: no button any more. */
static int press(struct request *request, struct link **link)
{
	struct phone_visit *visit = request->state;
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


/* The prefix __Host- has browsers refuse it from anybody but this very host, over TLS. Lax: it must
 * come along when the provider sends the browser back. */
static void set_cookie(struct phone_visit *visit, const struct link *link)
{
	int64_t rest_s = link->expires_s - relay_now_s(visit->request->relay);
	_cleanup_free_ char *cookie =
		text_format(PHONE_COOKIE "=%s.%s; Secure; HttpOnly; SameSite=Lax; Path=/; "
			    "Max-Age=%jd", visit->id, visit->new_secret, (intmax_t)rest_s);

	request_header(visit->request, "Set-Cookie", cookie);
	explicit_bzero(cookie, strlen(cookie));
	(void)text_into(visit->secret, sizeof(visit->secret), visit->new_secret);
}

/* --- where it leads --- */

static bool answer_press(struct phone_visit *visit, const struct link *link)
{
	struct request *request = visit->request;

	if (phone_answer_state(visit, link))
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
	struct phone_visit *visit = request->state;

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
	struct phone_visit *visit = container_of(waiter, struct phone_visit, waiter);

	change_link(visit->request, visit->id, NULL, on_press_looked);
}

static void on_pressed(struct request *request, int error, const struct link *link)
{
	struct phone_visit *visit = request->state;

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
		phone_visit_wait(visit, look_for_target, PRESS_WAIT_S);
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
		if (!phone_answer_state(visit, link))
			phone_answer_notice(request, NOTICE_OVER, NULL);
		return;
	default:
		phone_answer_error(request, error);
	}
}

void phone_press(struct request *request)
{
	struct phone_visit *visit;

	if (!change_is_id(request->argument)) {
		phone_answer_unknown(request, NOTICE_UNKNOWN);
		return;
	}
	if (!phone_form_is_ours(request->headers[HEADER_SEC_FETCH_SITE],
				request->headers[HEADER_ORIGIN], request->relay->config->url)) {
		phone_answer_notice(request, NOTICE_FOREIGN_FORM, NULL);
		return;
	}
	visit = phone_visit_new(request, request->argument);
	if (!read_form(visit))
		phone_answer_notice(request, NOTICE_BAD_FORM, NULL);
	else if (!phone_make_secret(visit->new_secret))
		phone_answer_notice(request, NOTICE_STORE_AWAY, NULL);
	else
		change_link(request, visit->id, press, on_pressed);
}
