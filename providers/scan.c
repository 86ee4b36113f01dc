/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The code of a vendor's page on the screen, and the polls for what became of it; see scan.h.
 *
 * state    waits for         next
 * IDLE     -                 scan_start() → LOADING
 * LOADING  the page          a key → the code is shown, SHOWN; else the login ends
 * SHOWN    timer             → POLLING
 * POLLING  a poll            nothing new, held or lost → SHOWN; agreed → IDLE, kind->agreed(); code
 *                            over → EXPIRED; else the login ends
 * EXPIRED  a key press       → LOADING
 *
 * The prompt that goes with the code needs no state: Enter changes nothing. A code is taken from
 * our own poll only.
 */
#include "providers/scan.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/renewal.h"
#include "providers/request.h"

#define STATE_BYTES 16

/* --- requests --- */

static void send(struct login *login, struct http_request *request)
{
	if (request)
		login_request(login, request);
	else
		login_fail(login, FAIL_CONFIG, "too long for a request");
}

void scan_ask_page(struct login *login, struct scan *scan, struct http_request *request)
{
	scan->state = SCAN_LOADING;
	if (request)
		request->max_body = HTTP_BODY_MAX;
	send(login, request);
}

bool scan_add_state(struct login *login, struct buf *url)
{
	char state[2 * STATE_BYTES + 1];

	if (random_hex(state, STATE_BYTES) < 0) {
		login_fail(login, FAIL_PROVIDER, "no random bytes");
		return false;
	}
	form_add(url, "state", state);
	return true;
}

/* "https://open.work.weixin.qq.com/" */
static void add_referer(struct http_request *request, const char *page_url)
{
	struct buf referer = BUF_INIT(URL_MAX + 1);

	url_add_origin(&referer, page_url);
	buf_add_char(&referer, '/');
	(void)http_request_header(request, "Referer", buf_text(&referer));
	buf_done(&referer);
}

struct http_request *scan_poll_request(struct buf *url, const char *page_url, const char *proxy)
{
	struct http_request *request = request_browser(url, "*/*", proxy);

	if (request) {
		request->total_ms = SCAN_HELD_MS;
		add_referer(request, page_url);
	}
	return request;
}

/* --- the code on the screen --- */

static void poll_later(struct login *login, struct scan *scan)
{
	scan->state = SCAN_SHOWN;
	login_timer(login, SCAN_REST_MS);
}

void scan_show(struct login *login, struct scan *scan)
{
	_cleanup_free_ char *link = scan->kind->make_link(login);
	const struct login_code code = {
		.link = link,
		.text = login_text(login, scan->kind->text),
	};

	scan->is_seen = false;
	scan->n_lost = 0;
	login_show_code(login, &code);
	poll_later(login, scan);
}

static void expire(struct login *login, struct scan *scan)
{
	scan->state = SCAN_EXPIRED;
	renewal_offer(login, &scan->n_renewals);
}

static void take_page(struct login *login, struct scan *scan, const struct http_reply *reply)
{
	_cleanup_free_ char *detail = reply_describe(reply, "page with the code");

	switch (scan->kind->read_page(login, reply)) {
	case SCAN_PAGE_KEY:
		scan_show(login, scan);
		return;
	case SCAN_PAGE_SETUP:
		login_fail(login, FAIL_CONFIG, scan->kind->setup);
		return;
	case SCAN_PAGE_UNKNOWN:
		login_fail(login, FAIL_PROVIDER, "the page with the code is not as it was");
		return;
	case SCAN_PAGE_LOST:
		login_fail(login, FAIL_NETWORK, detail);
		return;
	}
}

/* --- polls --- */

static void end(struct login *login, const struct scan *scan, const struct http_reply *reply,
		enum fail_reason reason, const char *detail)
{
	if (scan->kind->end)
		scan->kind->end(login, reply);
	else
		login_fail(login, reason, detail);
}

static void lose(struct login *login, struct scan *scan, const struct http_reply *reply)
{
	_cleanup_free_ char *detail = reply_describe(reply, "poll");

	if (++scan->n_lost > SCAN_LOST_MAX)
		end(login, scan, reply, FAIL_NETWORK, detail);
	else
		poll_later(login, scan);
}

static void go_on(struct login *login, struct scan *scan, bool is_seen)
{
	scan->is_seen = is_seen;
	scan->n_lost = 0;
	poll_later(login, scan);
}

static void take_poll(struct login *login, struct scan *scan, const struct http_reply *reply)
{
	struct secret *code = NULL;

	switch (scan->kind->read_poll(reply, &code)) {
	case SCAN_NOBODY:
		go_on(login, scan, false);
		return;
	case SCAN_SEEN:
		go_on(login, scan, true);
		return;
	case SCAN_HELD:
		go_on(login, scan, scan->is_seen);
		return;
	case SCAN_AGREED:
		scan->state = SCAN_IDLE;
		scan->kind->agreed(login, code);
		return;
	case SCAN_REFUSED:
		login_deny(login, DENY_REFUSED, "refused in the app");
		return;
	case SCAN_OVER:
		expire(login, scan);
		return;
	case SCAN_LOST:
		lose(login, scan, reply);
		return;
	case SCAN_UNKNOWN:
		end(login, scan, reply, FAIL_PROVIDER, "an answer to the poll that is not known");
		return;
	}
}

/* --- events --- */

static void load(struct login *login, struct scan *scan)
{
	scan->state = SCAN_LOADING;
	scan->kind->load(login);
}

void scan_start(struct login *login, struct scan *scan, const struct scan_kind *kind)
{
	scan->kind = kind;
	load(login, scan);
}

void scan_take_answer(struct login *login, struct scan *scan)
{
	if (scan->state == SCAN_EXPIRED)
		load(login, scan);
}

void scan_take_reply(struct login *login, struct scan *scan, const struct http_reply *reply)
{
	if (scan->state == SCAN_LOADING)
		take_page(login, scan, reply);
	else
		take_poll(login, scan, reply);
}

void scan_take_timeout(struct login *login, struct scan *scan)
{
	scan->state = SCAN_POLLING;
	send(login, scan->kind->make_poll(login, scan->is_seen));
}
