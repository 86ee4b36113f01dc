/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages with a code to scan and the answers to their polls; see wechat-page.h. */
#include "providers/wechat-page.h"

#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "providers/request.h"
#include "providers/wechat-reply.h"

#define SIGNED_MAX 2048

/* --- the page --- */

/* <img src="/connect/qrcode/UUID">. A script may name the path and put the uuid behind it. */
static void find_images(struct scan_finding *finding, const char *page)
{
	static const char before[] = "/connect/qrcode/";

	for (const char *at = page; (at = strstr(at, before)); ) {
		at += strlen(before);
		if (*at == '"' || *at == '\'')
			continue;
		at += scan_find(finding, at, WECHAT_UUID_MIN, WECHAT_UUID_MAX);
		if (!*at || !strchr("\"'?&> )", *at))
			finding->is_broken = true;
	}
}

enum scan_page wechat_read_page(const struct http_reply *reply, char ret_uuid[WECHAT_UUID_MAX + 1])
{
	struct scan_finding finding = { 0 };
	enum scan_page page;
	const char *text = scan_page_text(reply, &page);

	if (!text)
		return page;
	if (strstr(text, "参数错误"))
		return SCAN_PAGE_SETUP;
	find_images(&finding, text);
	if (finding.is_broken)
		return SCAN_PAGE_UNKNOWN;
	if (!finding.key[0])
		return strstr(text, "错误") ? SCAN_PAGE_SETUP : SCAN_PAGE_UNKNOWN;
	memcpy(ret_uuid, finding.key, WECHAT_UUID_MAX + 1);
	return SCAN_PAGE_KEY;
}

/* --- for devices --- */

void wechat_read_sdk_code(const struct http_reply *reply, char ret_uuid[WECHAT_UUID_MAX + 1],
			  struct api_result *ret_result)
{
	static const char what[] = "connect/sdk/qrconnect";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);
	struct scan_finding finding = { 0 };
	const char *uuid;

	if (!json)
		return;
	uuid = json_text(json, "uuid", WECHAT_UUID_MAX);
	if (!uuid || scan_find(&finding, uuid, WECHAT_UUID_MIN, WECHAT_UUID_MAX) != strlen(uuid) ||
	    finding.is_broken)
		api_set_fault(ret_result, what, "no uuid, or one against the rules");
	else
		memcpy(ret_uuid, finding.key, WECHAT_UUID_MAX + 1);
}

void wechat_read_ticket(const struct http_reply *reply, struct api_token *ret_ticket,
			struct api_result *ret_result)
{
	static const char what[] = "cgi-bin/ticket/getticket";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);

	if (json)
		api_read_token(json, what, "ticket", "expires_in", ret_ticket, ret_result);
}

char *wechat_sdk_signature(const char *app_id, const char *nonce, const struct secret *ticket,
			   int64_t timestamp_s)
{
	struct buf text = BUF_INIT_SECRET(SIGNED_MAX), hex = BUF_INIT(2 * DIGEST_BYTES_MAX);
	struct digest digest;

	buf_add_format(&text, "appid=%s&noncestr=%s&sdk_ticket=%s&timestamp=%lld", app_id, nonce,
		       ticket->data, (long long)timestamp_s);
	if (!buf_failed(&text) &&
	    crypto_digest(DIGEST_SHA1, text.data, text.len, &digest) == 0)
		hex_add(&hex, digest.bytes, digest.len);
	buf_done(&text);
	return hex.len ? buf_steal(&hex) : NULL;
}

/* --- polls --- */

static const struct {
	int64_t errcode;
	enum scan_status status;
} statuses[] = {
	{ 402, SCAN_OVER },
	{ 403, SCAN_REFUSED },
	{ 404, SCAN_SEEN },
	{ 405, SCAN_AGREED },
	{ 408, SCAN_NOBODY },
	{ 500, SCAN_OVER },
};

/* A code comes with 405, and with nothing else. */
static enum scan_status judge(int64_t errcode, const char *code, struct secret **ret_code)
{
	enum scan_status status = SCAN_UNKNOWN;

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++)
		if (statuses[i].errcode == errcode)
			status = statuses[i].status;
	if (status != SCAN_AGREED)
		return code[0] ? SCAN_UNKNOWN : status;
	if (!wechat_is_code(code))
		return SCAN_UNKNOWN;
	*ret_code = secret_from_text(code);
	return status;
}

/* False: there is no answer to read. */
static bool has_body(const struct http_reply *reply, enum scan_status *ret_status)
{
	*ret_status = SCAN_UNKNOWN;
	if (reply->result == HTTP_TIMED_OUT)
		*ret_status = SCAN_HELD;
	else if (scan_is_lost(reply))
		*ret_status = SCAN_LOST;
	else
		return reply_is_ok(reply) && reply->body;
	return false;
}

enum scan_status wechat_read_script_poll(const struct http_reply *reply, struct secret **ret_code)
{
	static const char before[] = "window.wx_errcode=", between[] = ";window.wx_code='",
			  after[] = "';";
	const size_t digits = 3, code_at = strlen(before) + digits + strlen(between);
	char errcode_text[4] = { 0 }, code[WECHAT_CODE_MAX + 1] = { 0 };
	enum scan_status status;
	const char *body;
	int64_t errcode;
	size_t len;

	if (!has_body(reply, &status))
		return status;
	body = reply->body->data;
	len = reply->body->len;
	if (len < code_at + strlen(after) || len > code_at + WECHAT_CODE_MAX + strlen(after) ||
	    memcmp(body, before, strlen(before)) != 0 ||
	    memcmp(body + strlen(before) + digits, between, strlen(between)) != 0 ||
	    memcmp(body + len - strlen(after), after, strlen(after)) != 0)
		return SCAN_UNKNOWN;
	memcpy(errcode_text, body + strlen(before), digits);
	memcpy(code, body + code_at, len - code_at - strlen(after));
	if (strlen(code) != len - code_at - strlen(after) ||
	    text_to_number(errcode_text, 100, 999, &errcode) < 0)
		status = SCAN_UNKNOWN;
	else
		status = judge(errcode, code, ret_code);
	explicit_bzero(code, sizeof(code));
	return status;
}

enum scan_status wechat_read_json_poll(const struct http_reply *reply, struct secret **ret_code)
{
	_cleanup_json_ struct json_t *json = NULL;
	enum scan_status status;
	const char *code;
	int64_t errcode;

	if (!has_body(reply, &status))
		return status;
	json = json_read_object(reply->body->data, reply->body->len);
	if (!json || json_number(json, "wx_errcode", 100, 999, &errcode) < 0)
		return SCAN_UNKNOWN;
	code = json_text_or_empty(json, "wx_code", WECHAT_CODE_MAX);
	if (!code && json_has(json, "wx_code"))
		return SCAN_UNKNOWN;
	return judge(errcode, code ? code : "", ret_code);
}
