/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with DingTalk without a relay: mode = poll. The code on the screen is the one of the
 * vendor's page for browsers, and what became of it is asked as that page's script does
 * (dingtalk-page.h); scan.c shows the code and polls, and the rest is here:
 *
 * state       waits for         next
 * LOADING     challenge.htm     the page is known → MAKING
 * MAKING      generate_qrcode   a code → IDLE, scan_show()
 * IDLE        scan.c            somebody agreed → CONFIRMING; another code is wanted → LOADING
 * CONFIRMING  confirm_auth      a code to redeem → dingtalk_exchange()
 *
 * Everything else ends the login. The address that confirm_auth gives is looked at, never asked.
 */
#include "base/text.h"
#include "base/url.h"
#include "providers/dingtalk.h"
#include "providers/request.h"

#define HELD_MS  20000                   /* a poll is answered within five seconds */
#define FORM_MAX 16384                   /* more than parameters of valid lengths need */

static struct dingtalk_poll *poll_of(struct login *login)
{
	struct dingtalk_login *own = login_own(login);

	return &own->poll;
}

/* --- requests --- */

static void send(struct login *login, struct http_request *request, enum dingtalk_poll_state state)
{
	poll_of(login)->state = state;
	if (request)
		login_request(login, request);
	else
		login_fail(login, FAIL_CONFIG, "too long for a request");
}

/* What is the same in all requests for one code. */
static void add_parameters(struct login *login, struct buf *form)
{
	const struct dingtalk_config *config = login_config(login);

	form_add(form, "client_id", config->app_key);
	form_add(form, "redirect_uri", config->redirect_uri);
	form_add(form, "response_type", "code");
	form_add(form, "scope", "openid corpid");
	form_add(form, "state", poll_of(login)->oauth_state);
	form_add(form, "prompt", "consent");
}

static void add_page_url(struct login *login, struct buf *url)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf form = BUF_INIT(FORM_MAX);

	add_parameters(login, &form);
	buf_add_format(url, "%s/oauth2/challenge.htm?%s", config->login_url, buf_text(&form));
	buf_done(&form);
}

static void add_header_text(struct http_request *request, const char *name, struct buf *text)
{
	(void)http_request_header(request, name, buf_text(text));
	buf_done(text);
}

/* As the page's script asks. Takes the form's bytes over. */
static struct http_request *make_post(struct login *login, const char *path, struct buf *form)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf url = BUF_INIT(URL_MAX), page = BUF_INIT(URL_MAX), origin = BUF_INIT(URL_MAX);
	struct http_request *request;

	buf_add_format(&url, "%s/oauth2/%s", config->login_url, path);
	request = request_browser(&url, "application/json, text/plain, */*", config->proxy);
	if (!request || !http_request_form(request, form)) {
		buf_done(form);
		return http_request_free(request);
	}
	request->method = HTTP_POST;
	cookies_add(&poll_of(login)->cookies, request);
	add_page_url(login, &page);
	add_header_text(request, "Referer", &page);
	url_add_origin(&origin, config->login_url);
	add_header_text(request, "Origin", &origin);
	return request;
}

static void load(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	struct dingtalk_poll *poll = poll_of(login);
	struct buf url = BUF_INIT(URL_MAX);
	struct http_request *request;

	cookies_done(&poll->cookies);
	dingtalk_qr_done(&poll->qr);
	if (random_hex(poll->oauth_state, DINGTALK_STATE_BYTES) < 0) {
		login_fail(login, FAIL_PROVIDER, "no random bytes");
		return;
	}
	add_page_url(login, &url);
	request = request_browser(&url, "text/html", config->proxy);
	if (request)
		request->max_body = HTTP_BODY_MAX;
	send(login, request, DINGTALK_POLL_LOADING);
}

static void make_code(struct login *login)
{
	struct buf form = BUF_INIT(FORM_MAX);

	add_parameters(login, &form);
	send(login, make_post(login, "generate_qrcode", &form), DINGTALK_POLL_MAKING);
}

static struct http_request *make_poll(struct login *login, bool is_seen UNUSED)
{
	const struct dingtalk_config *config = login_config(login);
	const struct dingtalk_poll *poll = poll_of(login);
	struct buf form = BUF_INIT_SECRET(FORM_MAX);
	struct http_request *request;

	add_parameters(login, &form);
	form_add(&form, "code", poll->qr.ticket->data);
	form_add(&form, "exclusiveCorpId", poll->only_corp);
	form_add(&form, "stayLogin", "false");
	form_add(&form, "corpId", config->corp_id);
	request = make_post(login, "login_with_qr", &form);
	if (request)
		request->total_ms = HELD_MS;
	return request;
}

/* `validation` is taken over; NULL: nothing. */
static void confirm(struct login *login, struct secret *validation)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf form = BUF_INIT_SECRET(FORM_MAX);
	struct http_request *request;

	add_parameters(login, &form);
	form_add(&form, "corpId", config->corp_id);
	form_add(&form, "secondaryValidationResult", validation ? validation->data : "");
	secret_free(validation);
	request = make_post(login, "confirm_auth", &form);
	if (request)
		request->once = true;            /* a scan is good for one code */
	send(login, request, DINGTALK_POLL_CONFIRMING);
}

/* --- replies --- */

static void take_page(struct login *login, const struct http_reply *reply)
{
	struct api_result result;

	dingtalk_read_challenge(reply, poll_of(login)->only_corp, &result);
	if (result.class == API_GOOD)
		make_code(login);
	else
		api_end(login, &result);
}

static void take_code(struct login *login, const struct http_reply *reply)
{
	const struct dingtalk_config *config = login_config(login);
	struct dingtalk_poll *poll = poll_of(login);
	struct api_result result;

	dingtalk_read_qr(reply, config->login_url, &poll->qr, &result);
	if (result.class != API_GOOD) {
		api_end(login, &result);
		return;
	}
	poll->state = DINGTALK_POLL_IDLE;
	if (poll->probed)
		poll->probed(login);
	else
		scan_show(login, &poll->scan);
}

static void take_confirmed(struct login *login, const struct http_reply *reply)
{
	const struct dingtalk_config *config = login_config(login);
	struct dingtalk_poll *poll = poll_of(login);
	struct secret *code = NULL;
	struct api_result result;

	dingtalk_read_confirmed(reply, config->redirect_uri, poll->oauth_state, &code, &result);
	poll->state = DINGTALK_POLL_IDLE;
	if (result.class == API_GOOD)
		dingtalk_exchange(login, code);
	else
		api_end(login, &result);
}

/* --- the scan --- */

static char *make_link(struct login *login)
{
	return text_copy(poll_of(login)->qr.link);
}

static enum scan_status read_poll(const struct http_reply *reply, struct secret **ret_validation)
{
	struct api_result result;

	return dingtalk_read_scan(reply, ret_validation, &result);
}

static void end(struct login *login, const struct http_reply *reply)
{
	_cleanup_secret_ struct secret *validation = NULL;
	struct api_result result;

	(void)dingtalk_read_scan(reply, &validation, &result);
	api_end(login, &result);
}

static const struct scan_kind page = {
	.load = load,
	.make_link = make_link,
	.text = N_("Scan the code with DingTalk and approve there."),
	.make_poll = make_poll,
	.read_poll = read_poll,
	.agreed = confirm,
	.end = end,
};

/* --- operations --- */

void dingtalk_poll_start(struct login *login)
{
	if (!api_ends_paused(login))
		scan_start(login, &poll_of(login)->scan, &page);
}

void dingtalk_poll_probe(struct login *login, void (*good)(struct login *login))
{
	poll_of(login)->probed = good;
	dingtalk_poll_start(login);
}

void dingtalk_poll_answer(struct login *login)
{
	scan_take_answer(login, &poll_of(login)->scan);
}

void dingtalk_poll_reply(struct login *login, const struct http_reply *reply)
{
	struct dingtalk_poll *poll = poll_of(login);

	cookies_take(&poll->cookies, reply);
	switch (poll->state) {
	case DINGTALK_POLL_LOADING:
		take_page(login, reply);
		return;
	case DINGTALK_POLL_MAKING:
		take_code(login, reply);
		return;
	case DINGTALK_POLL_CONFIRMING:
		take_confirmed(login, reply);
		return;
	case DINGTALK_POLL_IDLE:
		scan_take_reply(login, &poll->scan, reply);
		return;
	}
}

void dingtalk_poll_timeout(struct login *login)
{
	scan_take_timeout(login, &poll_of(login)->scan);
}

void dingtalk_poll_finish(struct login *login)
{
	struct dingtalk_poll *poll = poll_of(login);

	cookies_done(&poll->cookies);
	dingtalk_qr_done(&poll->qr);
}
