/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DingTalk's page for browsers and the code that it shows; see dingtalk-page.h. */
#include "providers/dingtalk-page.h"

#include <string.h>

#include "base/parameters.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/dingtalk-answer.h"
#include "providers/dingtalk-error.h"
#include "providers/provider.h"
#include "providers/request.h"
#include "providers/script-literal.h"

#define VARS    "window.__LOGIN_PAGE_VARS"
#define QR_PATH "/oauth2/qr_confirm.htm"

/* --- the page --- */

/* What an organisation may want beyond a scan. */
static const char *const page_flags[] = {
	"exclusiveLogin", "disableScanLogin", "needSecondaryValidation", "usingMfa", "usingMfaQr",
	"needConfirm", "studentLogin", NULL
};

/* In place of a page: too many requests, perhaps. */
static bool is_object(const struct http_reply *reply)
{
	return reply->body && *reply->body->data == '{';
}

static struct json_t *read_vars(const struct http_reply *reply)
{
	struct buf text = BUF_INIT(REPLY_SMALL_MAX);
	struct json_t *vars = NULL;
	enum scan_page unusable;
	const char *page = scan_page_text(reply, &unusable);

	if (page && script_literal_find(page, VARS, &text))
		vars = json_read_object(buf_text(&text), text.len);
	buf_done(&text);
	return vars;
}

static bool wants_sso(const struct json_t *vars)
{
	return json_has_value(vars, "ssoUrl") &&
	       !text_equals(json_text_or_empty(vars, "ssoUrl", 1), "");
}

static void check_vars(const struct json_t *vars, const char *what,
		       char ret_corp_id[DINGTALK_CORP_MAX + 1], struct api_result *ret_result)
{
	const char *flag = wants_sso(vars) ? "ssoUrl" : dingtalk_answer_find_flag(vars, page_flags);
	const char *corp_id = json_has_value(vars, "exclusiveCorpId") ?
		json_text_or_empty(vars, "exclusiveCorpId", DINGTALK_CORP_MAX) : "";
	_cleanup_free_ char *fault = NULL;
	bool needs_login = false;

	if (flag) {
		fault = text_format("%s: more is wanted than a scan", flag);
		dingtalk_answer_set_end(ret_result, API_FAILED, FAIL_CONFIG, what, fault);
	} else if (json_bool(vars, "needLogin", &needs_login) < 0 || !needs_login || !corp_id) {
		api_set_fault(ret_result, what, "the page is not as it was");
	} else {
		(void)text_into(ret_corp_id, DINGTALK_CORP_MAX + 1, corp_id);
		*ret_result = (struct api_result) { .class = API_GOOD };
	}
}

void dingtalk_read_challenge(const struct http_reply *reply,
			     char ret_corp_id[DINGTALK_CORP_MAX + 1],
			     struct api_result *ret_result)
{
	static const char what[] = "challenge.htm";
	_cleanup_json_ struct json_t *vars = read_vars(reply);
	_cleanup_free_ char *described = reply_describe(reply, what);

	if (vars) {
		check_vars(vars, what, ret_corp_id, ret_result);
		return;
	}
	api_set_fault(ret_result, described,
		      "the page is not as it was, or app_key or redirect_uri is wrong");
	if (reply->result != HTTP_DONE || is_object(reply))
		json_free(dingtalk_read_object(reply, what, ret_result));
}

/* --- the code --- */

void dingtalk_qr_done(struct dingtalk_qr *qr)
{
	qr->ticket = secret_free(qr->ticket);
	explicit_bzero(qr->link, sizeof(qr->link));
}

/* The ticket in a link to LOGIN_URL/oauth2/qr_confirm.htm; NULL: it is none. */
static struct secret *read_link(const char *link, const char *login_url)
{
	_cleanup_free_ char *before = text_format("%s" QR_PATH "?", login_url);
	struct parameters parameters = { 0 };
	struct secret *ticket = NULL;
	const char *code;

	if (!text_has_prefix(link, before) || !url_is_valid(link, DINGTALK_LINK_MAX) ||
	    parameters_parse(link + strlen(before), DINGTALK_LINK_MAX, &parameters) < 0)
		return NULL;
	code = parameters_text(&parameters, "code", DINGTALK_TICKET_MAX);
	if (code && text_is_printable_ascii(code, DINGTALK_TICKET_MAX))
		ticket = secret_from_text(code);
	parameters_done(&parameters);
	return ticket;
}

void dingtalk_read_qr(const struct http_reply *reply, const char *login_url,
		      struct dingtalk_qr *ret_qr, struct api_result *ret_result)
{
	static const char what[] = "generate_qrcode";
	_cleanup_json_ struct json_t *json = dingtalk_answer_read_yes(reply, what, ret_result);
	const char *link = json ? json_text(json, "result", DINGTALK_LINK_MAX) : NULL;
	struct secret *ticket = link ? read_link(link, login_url) : NULL;

	if (ticket) {
		(void)text_into(ret_qr->link, sizeof(ret_qr->link), link);
		ret_qr->ticket = ticket;
	} else if (json) {
		api_set_fault(ret_result, what, "no link to the vendor's page");
	}
}
