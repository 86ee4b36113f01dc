/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with WeCom without a relay: mode = poll. The code on the screen is the one of the
 * vendor's page for browsers, and what became of it is asked as that page's script does
 * (wecom-page.h).
 *
 * state    waits for         next
 * LOADING  the page          a key → the code is shown, SHOWN; else the login ends
 * SHOWN    timer             → POLLING
 * POLLING  a poll            nothing new, held or lost → SHOWN; agreed → auth/getuserinfo
 *                            (wecom.c); code over → EXPIRED; else the login ends
 * EXPIRED  a key press       → LOADING
 *
 * The prompt that goes with the code needs no state: Enter changes nothing. A code is taken from
 * our own poll only.
 */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"
#include "providers/wecom.h"

#define STATE_BYTES         16
/* Less than this is left of the login: nobody could scan and agree to another code. */
#define RENEWAL_TIME_MIN_MS 20000

static void send(struct login *login, struct http_request *request, enum wecom_state state)
{
	struct wecom_login *own = login_own(login);

	own->state = state;
	if (request)
		login_request(login, request);
	else
		login_fail(login, FAIL_CONFIG, "too long for a request");
}

static void load(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	struct buf url = BUF_INIT(URL_MAX);
	char state[2 * STATE_BYTES + 1];
	struct http_request *request;

	if (random_hex(state, STATE_BYTES) < 0) {
		login_fail(login, FAIL_PROVIDER, "no random bytes");
		return;
	}
	buf_add_format(&url, "%s/qrConnect?appid=%s&agentid=%lld", config->qr_url, config->corp_id,
		       (long long)config->agent_id);
	form_add(&url, "redirect_uri", config->redirect_uri);
	form_add(&url, "state", state);
	buf_add_text(&url, "&lang=zh&version=1.2.7&login_type=jssdk");
	request = request_browser(&url, "text/html", config->proxy);
	if (request)
		request->max_body = HTTP_BODY_MAX;
	send(login, request, WECOM_LOADING);
}

/* "https://open.work.weixin.qq.com/" */
static void add_referer(struct http_request *request, const char *qr_url)
{
	size_t scheme = strlen("https://");
	struct buf referer = BUF_INIT(URL_MAX + 1);

	buf_add(&referer, qr_url, scheme + strcspn(qr_url + scheme, "/"));
	buf_add_char(&referer, '/');
	(void)http_request_header(request, "Referer", buf_text(&referer));
	buf_done(&referer);
}

static void poll(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);
	struct http_request *request;

	buf_add_format(&url, "%s/l/qrConnect?callback=jsonpCallback&key=%s", config->qr_url,
		       own->key);
	form_add(&url, "redirect_uri", config->redirect_uri);
	buf_add_format(&url, "&appid=%s&_=%lld", config->corp_id,
		       (long long)login_now_s(login) * 1000);
	if (own->is_scanned)
		buf_add_text(&url, "&lastStatus=QRCODE_SCAN_ING");
	request = request_browser(&url, "*/*", config->proxy);
	if (request) {
		request->total_ms = WECOM_POLL_HELD_MS;
		add_referer(request, config->qr_url);
	}
	send(login, request, WECOM_POLLING);
}

static void poll_later(struct login *login)
{
	struct wecom_login *own = login_own(login);

	own->state = WECOM_SHOWN;
	login_timer(login, WECOM_POLL_REST_MS);
}

static void show(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	_cleanup_free_ char *link = text_format("%s/confirm2?k=%s&notretry=yes", config->qr_url,
						own->key);
	const struct login_code code = {
		.link = link,
		.text = login_text(login, N_("Scan the code with WeCom and approve there.")),
	};

	login_show_code(login, &code);
}

/* The code ran out. A new one is made only for somebody who is there. */
static void expire(struct login *login)
{
	struct wecom_login *own = login_own(login);
	struct login_prompt prompt = { .echo = true };

	if (own->n_renewals >= WECOM_RENEWALS_MAX ||
	    login_deadline_ms(login) - login_now_ms(login) < RENEWAL_TIME_MIN_MS) {
		login_deny(login, DENY_EXPIRED, "nobody approved in time");
		return;
	}
	own->n_renewals++;
	own->state = WECOM_EXPIRED;
	prompt.text = login_text(login, N_("The code has expired. Press Enter for a new one: "));
	login_prompt(login, &prompt);
}

static void take_page(struct login *login, const struct http_reply *reply)
{
	struct wecom_login *own = login_own(login);
	_cleanup_free_ char *detail = reply_describe(reply, "page with the code");

	switch (wecom_read_page(reply, own->key)) {
	case WECOM_PAGE_KEY:
		own->is_scanned = false;
		own->n_lost = 0;
		show(login);
		poll_later(login);
		return;
	case WECOM_PAGE_SETUP:
		login_fail(login, FAIL_CONFIG, "the page says that corp_id, agent_id or "
			   "redirect_uri (授权回调域) is wrong");
		return;
	case WECOM_PAGE_UNKNOWN:
		login_fail(login, FAIL_PROVIDER, "the page with the code is not as it was");
		return;
	case WECOM_PAGE_LOST:
		login_fail(login, FAIL_NETWORK, detail);
		return;
	}
}

static void lose(struct login *login, const struct http_reply *reply)
{
	struct wecom_login *own = login_own(login);
	_cleanup_free_ char *detail = reply_describe(reply, "poll");

	if (++own->n_lost > WECOM_POLLS_LOST_MAX)
		login_fail(login, FAIL_NETWORK, detail);
	else
		poll_later(login);
}

static void go_on(struct login *login, bool is_scanned)
{
	struct wecom_login *own = login_own(login);

	own->is_scanned = is_scanned;
	own->n_lost = 0;
	poll_later(login);
}

static void take_poll(struct login *login, const struct http_reply *reply)
{
	const struct wecom_login *own = login_own(login);
	struct secret *code = NULL;

	switch (wecom_read_scan(reply, &code)) {
	case WECOM_SCAN_NONE:
		go_on(login, false);
		return;
	case WECOM_SCAN_SEEN:
		go_on(login, true);
		return;
	case WECOM_SCAN_HELD:
		go_on(login, own->is_scanned);
		return;
	case WECOM_SCAN_AGREED:
		wecom_exchange(login, code);
		return;
	case WECOM_SCAN_REFUSED:
		login_deny(login, DENY_REFUSED, "refused in the app");
		return;
	case WECOM_SCAN_OVER:
		expire(login);
		return;
	case WECOM_SCAN_LOST:
		lose(login, reply);
		return;
	case WECOM_SCAN_UNKNOWN:
		login_fail(login, FAIL_PROVIDER, "an answer to the poll that is not known");
		return;
	}
}

void wecom_poll_start(struct login *login)
{
	load(login);
}

void wecom_poll_answer(struct login *login)
{
	const struct wecom_login *own = login_own(login);

	if (own->state == WECOM_EXPIRED)
		load(login);
}

void wecom_poll_reply(struct login *login, const struct http_reply *reply)
{
	const struct wecom_login *own = login_own(login);

	if (own->state == WECOM_LOADING)
		take_page(login, reply);
	else
		take_poll(login, reply);
}

void wecom_poll_timeout(struct login *login)
{
	poll(login);
}
