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
#include "providers/request.h"

#define STATE_BYTES         16
/* Less than this is left of the login: nobody could scan and agree to another code. */
#define RENEWAL_TIME_MIN_MS 20000

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

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
	size_t scheme = strlen("https://");
	struct buf referer = BUF_INIT(URL_MAX + 1);

	buf_add(&referer, page_url, scheme + strcspn(page_url + scheme, "/"));
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

/* --- what comes back --- */

bool scan_is_lost(const struct http_reply *reply)
{
	return reply->result != HTTP_DONE || (reply->status >= 502 && reply->status <= 504);
}

const char *scan_page_text(const struct http_reply *reply, enum scan_page *ret_page)
{
	if (reply->result != HTTP_DONE) {
		*ret_page = SCAN_PAGE_LOST;
		return NULL;
	}
	if (!reply_is_ok(reply) || !text_equals(reply->content_type, "text/html") ||
	    !reply->body || memchr(reply->body->data, '\0', reply->body->len)) {
		*ret_page = SCAN_PAGE_UNKNOWN;
		return NULL;
	}
	return reply->body->data;
}

size_t scan_find(struct scan_finding *finding, const char *start, size_t min, size_t max)
{
	char key[SCAN_KEY_MAX + 1] = { 0 };
	size_t len = strspn(start, letters);

	if (len >= min && len <= MIN(max, (size_t)SCAN_KEY_MAX))
		memcpy(key, start, len);
	if (!key[0] || (finding->key[0] && !text_equals(finding->key, key)))
		finding->is_broken = true;
	memcpy(finding->key, key, sizeof(key));
	return len;
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

/* The code ran out. A new one is made only for somebody who is there. */
static void expire(struct login *login, struct scan *scan)
{
	struct login_prompt prompt = { .echo = true };

	if (scan->n_renewals >= SCAN_RENEWALS_MAX ||
	    login_deadline_ms(login) - login_now_ms(login) < RENEWAL_TIME_MIN_MS) {
		login_deny(login, DENY_EXPIRED, "nobody approved in time");
		return;
	}
	scan->n_renewals++;
	scan->state = SCAN_EXPIRED;
	prompt.text = login_text(login, N_("The code has expired. Press Enter for a new one: "));
	login_prompt(login, &prompt);
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

static void lose(struct login *login, struct scan *scan, const struct http_reply *reply)
{
	_cleanup_free_ char *detail = reply_describe(reply, "poll");

	if (++scan->n_lost > SCAN_LOST_MAX)
		login_fail(login, FAIL_NETWORK, detail);
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
		login_fail(login, FAIL_PROVIDER, "an answer to the poll that is not known");
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
