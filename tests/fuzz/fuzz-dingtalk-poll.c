/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What login.dingtalk.com answers: the first byte chooses the status, the second one the type, and
 * the rest is the body of every request. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/cookies.h"
#include "providers/dingtalk-device.h"
#include "providers/dingtalk-page.h"

#define LOGIN "https://login.dingtalk.com"
#define URI   "https://sso.example.org/cb"
#define STATE "00112233445566778899aabbccddeeff"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 200, 200, 200, 302, 400, 503 };
static const char *const types[] = { "application/json", "text/html", "text/plain", "" };

/* How it ends is one line for the log, and none when it is good. */
static void check_result(const struct api_result *result)
{
	size_t len = strlen(result->detail);

	if ((result->class == API_GOOD) != (len == 0) || !text_is_line(result->detail, len) ||
	    result->pause_ms < 0 || (result->class == API_GOOD && result->pause_ms))
		abort();
}

static void check_page(const struct http_reply *reply)
{
	char corp_id[DINGTALK_CORP_MAX + 1] = "";
	struct api_result result;

	dingtalk_read_challenge(reply, corp_id, &result);
	check_result(&result);
	if (result.class != API_GOOD && corp_id[0])
		abort();
}

static void check_qr(const struct http_reply *reply)
{
	struct dingtalk_qr qr = { 0 };
	struct api_result result;

	dingtalk_read_qr(reply, LOGIN, &qr, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (qr.ticket != NULL))
		abort();
	if (qr.ticket && (!text_has_prefix(qr.link, LOGIN "/oauth2/qr_confirm.htm?") ||
			  !url_is_valid(qr.link, DINGTALK_LINK_MAX) ||
			  qr.ticket->len > DINGTALK_TICKET_MAX))
		abort();
	dingtalk_qr_done(&qr);
}

static void check_scan(const struct http_reply *reply)
{
	struct secret *validation = NULL;
	struct api_result result;
	enum scan_status scan = dingtalk_read_scan(reply, &validation, &result);

	if (scan == SCAN_UNKNOWN || scan == SCAN_LOST) {
		check_result(&result);
		if (result.class == API_GOOD)
			abort();
	}
	if ((validation && scan != SCAN_AGREED) || (scan == SCAN_AGREED && reply->status != 200))
		abort();
	secret_free(validation);
}

static void check_confirmed(const struct http_reply *reply)
{
	struct secret *code = NULL;
	struct api_result result;

	dingtalk_read_confirmed(reply, URI, STATE, &code, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (code != NULL))
		abort();
	if (code && (!text_is_printable_ascii(code->data, 512) || strlen(code->data) != code->len))
		abort();
	secret_free(code);
}

static void check_device(const struct http_reply *reply)
{
	struct device_code code = { 0 };
	struct device_poll poll;
	bool is_good = dingtalk_read_device_code(reply, LOGIN, &code) == DEVICE_GOOD;

	if (is_good != (code.device_code != NULL) ||
	    (is_good && !text_has_prefix(code.link, LOGIN "/")) ||
	    !text_is_line(code.error, strlen(code.error)))
		abort();
	device_code_done(&code);
	dingtalk_read_device_poll(reply, &poll);
	if ((poll.result == DEVICE_GOOD) != (poll.tokens.code != NULL) ||
	    !text_is_line(poll.error, strlen(poll.error)))
		abort();
	oauth_tokens_done(&poll.tokens);
}

/* What was taken twice is there once. */
static void check_cookies(struct http_reply *reply)
{
	struct cookies cookies = { 0 };
	struct secret *once;

	if (!text_is_printable_ascii(reply->body->data, sizeof(reply->cookies) - 1) ||
	    !text_into(reply->cookies, sizeof(reply->cookies), reply->body->data))
		return;
	cookies_take(&cookies, reply);
	once = cookies.pairs ? secret_new(cookies.pairs->data, cookies.pairs->len) : NULL;
	cookies_take(&cookies, reply);
	if ((once != NULL) != (cookies.pairs != NULL) ||
	    (once && (once->len != cookies.pairs->len || once->len > COOKIES_MAX)))
		abort();
	secret_free(once);
	cookies_done(&cookies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE };

	if (size < 3)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	(void)text_into(reply.content_type, sizeof(reply.content_type),
			types[data[1] % N_ELEMENTS(types)]);
	reply.body = secret_new(data + 2, size - 2);
	check_page(&reply);
	check_qr(&reply);
	check_scan(&reply);
	check_confirmed(&reply);
	check_device(&reply);
	check_cookies(&reply);
	http_reply_done(&reply);
	return 0;
}
