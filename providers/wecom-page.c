/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WeCom's page for browsers and the answers to its polls; see wecom-page.h. */
#include "providers/wecom-page.h"

#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"
#include "providers/wecom-reply.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

/* --- the page --- */

static bool is_letter(char c)
{
	return c && strchr(LETTERS, c);
}

/* Behind `name` in `"name": value`, `name:value` and the like, where a value begins; NULL: this is
 * another word, or no member. */
static const char *value_of(const char *page, const char *at, size_t len)
{
	if (at > page && is_letter(at[-1]))
		return NULL;
	at += len;
	at += *at == '"' || *at == '\'';
	at += strspn(at, " \t");
	if (*at != ':')
		return NULL;
	at++;
	return at + strspn(at, " \t");
}

/* Some member errCode is a number other than 0, written as a number or as a text. */
static bool has_error(const char *page)
{
	static const char name[] = "errCode";

	for (const char *at = page; (at = strstr(at, name)); at += strlen(name)) {
		const char *value = value_of(page, at, strlen(name));

		if (!value)
			continue;
		value += *value == '"' || *value == '\'';
		value += *value == '-';
		if (strspn(value, "0123456789") > strspn(value, "0"))
			return true;
	}
	return false;
}

static bool says_setup(const char *page)
{
	return strstr(page, "参数错误") || strstr(page, "应用已删除") || has_error(page);
}

/* <img src="…/qrImg?key=KEY"> */
static void find_images(struct scan_finding *finding, const char *page)
{
	static const char before[] = "qrImg?key=";

	for (const char *at = page; (at = strstr(at, before)); ) {
		at += strlen(before);
		(void)scan_find(finding, at, WECOM_KEY_MIN, WECOM_KEY_MAX);
	}
}

/* window.settings = { … key:"KEY" … }, up to the end of its script. */
static void find_settings(struct scan_finding *finding, const char *page)
{
	static const char name[] = "key";
	const char *settings = strstr(page, "window.settings");
	const char *end = settings ? strstr(settings, "</script") : NULL;

	for (const char *at = settings; end && (at = strstr(at, name)) && at < end; at++) {
		const char *value = value_of(page, at, strlen(name));
		size_t len;

		if (!value || (*value != '"' && *value != '\''))
			continue;
		len = scan_find(finding, value + 1, WECOM_KEY_MIN, WECOM_KEY_MAX);
		if (value[1 + len] != *value)
			finding->is_broken = true;
	}
}

enum scan_page wecom_read_page(const struct http_reply *reply, char ret_key[WECOM_KEY_MAX + 1])
{
	struct scan_finding finding = { 0 };
	enum scan_page page;
	const char *text = scan_page_text(reply, &page);

	if (!text)
		return page;
	if (says_setup(text))
		return SCAN_PAGE_SETUP;
	find_images(&finding, text);
	find_settings(&finding, text);
	if (finding.is_broken || !finding.key[0])
		return SCAN_PAGE_UNKNOWN;
	memcpy(ret_key, finding.key, WECOM_KEY_MAX + 1);
	return SCAN_PAGE_KEY;
}

/* --- the polls --- */

static const struct {
	const char *word;
	enum scan_status scan;
} words[] = {
	{ "QRCODE_SCAN_NEVER", SCAN_NOBODY },
	{ "QRCODE_SCAN_ING", SCAN_SEEN },
	{ "QRCODE_SCAN_SUCC", SCAN_AGREED },
	{ "QRCODE_SCAN_FAIL", SCAN_REFUSED },
	{ "QRCODE_SCAN_ERR", SCAN_OVER },
	{ "QRCODE_SCAN_OVERDUE", SCAN_OVER },
	{ "QRCODE_SCAN_TIMEOUT", SCAN_OVER },
	{ "QRCODE_SCAN_CANCEL", SCAN_OVER },
};

/* jsonpCallback({…}) and not a byte more. */
static struct json_t *read_call(const struct http_reply *reply)
{
	static const char before[] = "jsonpCallback(", after[] = ")";
	size_t before_len = strlen(before), after_len = strlen(after), len;
	const char *body;

	if (!reply_is_ok(reply) || !reply->body)
		return NULL;
	body = reply->body->data;
	len = reply->body->len;
	if (len < before_len + after_len || memcmp(body, before, before_len) != 0 ||
	    memcmp(body + len - after_len, after, after_len) != 0)
		return NULL;
	return json_read_object(body + before_len, len - before_len - after_len);
}

static enum scan_status find_word(const char *word)
{
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (text_equals(words[i].word, word))
			return words[i].scan;
	return SCAN_UNKNOWN;
}

enum scan_status wecom_read_scan(const struct http_reply *reply, struct secret **ret_code)
{
	_cleanup_json_ struct json_t *json = NULL;
	enum scan_status scan;
	const char *code;

	if (reply->result == HTTP_TIMED_OUT)
		return SCAN_HELD;
	if (scan_is_lost(reply))
		return SCAN_LOST;
	json = read_call(reply);
	scan = json ? find_word(json_text(json, "status", 64)) : SCAN_UNKNOWN;
	if (scan == SCAN_UNKNOWN)
		return scan;
	code = json_text(json, "auth_code", REPLY_SMALL_MAX);
	/* One comes with SUCC, and with nothing else. */
	if (scan != SCAN_AGREED)
		return code ? SCAN_UNKNOWN : scan;
	if (!code || !text_is_printable_ascii(code, WECOM_CODE_MAX))
		return SCAN_UNKNOWN;
	*ret_code = secret_from_text(code);
	return scan;
}
