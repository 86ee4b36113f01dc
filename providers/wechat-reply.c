/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of api.weixin.qq.com and the table of its errors; see wechat-reply.h. */
#include "providers/wechat-reply.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "providers/api-call.h"

#define PAUSE_CONFIG_MS 10000            /* what is set up wrongly stays so for a while */
#define PAUSE_BUSY_MS   60000            /* a minute's quota is used up */
/* A day's quota is used up. When that day is over is not known here: looked for so seldom. */
#define PAUSE_DAY_MS    3600000

#define SECRET_WRONG    "the secret is not of this app_id"

static const struct api_error errors[] = {
	{ -1, API_AGAIN, FAIL_PROVIDER, 0, "the vendor's system is busy" },
	{ 40001, API_RENEW, FAIL_CONFIG, 0,
	  "the token is not valid: the secret is wrong, or another program fetches tokens too" },
	{ 40003, API_FAILED, FAIL_PROVIDER, 0, "the openid is not valid" },
	{ 40013, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "there is no such app_id" },
	{ 40014, API_RENEW, FAIL_PROVIDER, 0, "the token is not valid" },
	{ 40029, API_DENIED, DENY_REFUSED, 0,
	  "the code is not valid, too old, or of another app_id" },
	{ 40125, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, SECRET_WRONG },
	{ WECHAT_USED_CODE, API_DENIED, DENY_INVALID, 0, "the code was used by somebody before" },
	{ 40164, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "this machine's address is not in IP 白名单" },
	{ 40226, API_DENIED, DENY_REFUSED, 0, "the vendor has blocked this person" },
	{ 40243, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is frozen" },
	{ 41002, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the app_id is missing" },
	{ 41004, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is missing" },
	{ 41008, API_FAILED, FAIL_PROVIDER, 0, "the code is missing" },
	{ 42001, API_RENEW, FAIL_PROVIDER, 0, "the token has run out" },
	{ 42003, API_DENIED, DENY_EXPIRED, 0, "the code has run out" },
	{ 45009, API_DENIED, DENY_BUSY, PAUSE_DAY_MS, "the day's quota of this call is used up" },
	{ WECHAT_TOO_MANY, API_DENIED, DENY_BUSY, PAUSE_BUSY_MS, "too many calls in a minute" },
	{ 48001, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "the app may not make this call: not verified, or of another kind" },
	{ 50002, API_DENIED, DENY_REFUSED, 0, "the vendor has restricted this person" },
	{ 50004, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the app's API is disabled" },
	{ 50007, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the account is frozen" },
	{ 89501, API_FAILED, FAIL_CONFIG, PAUSE_BUSY_MS,
	  "an administrator of the account has not confirmed this call yet" },
	{ 89503, API_FAILED, FAIL_CONFIG, PAUSE_BUSY_MS,
	  "an administrator of the account must confirm this call" },
	{ 89506, API_FAILED, FAIL_CONFIG, PAUSE_BUSY_MS,
	  "an administrator of the account has refused this call" },
	{ 89507, API_FAILED, FAIL_CONFIG, PAUSE_BUSY_MS,
	  "an administrator of the account has refused this call" },
};

const struct api_dialect wechat_dialect = {
	.errors = errors,
	.n_errors = N_ELEMENTS(errors),
	.may_lack_errcode = true,
	.address_code = 40164,
	.address_before = "invalid ip ",
	.address_advice = "allow %s in IP 白名单",
};

/* --- texts --- */

static bool is_made_of(const char *text, const char *letters, size_t max_len)
{
	size_t len = strlen(text);

	return len >= 1 && len <= max_len && strspn(text, letters) == len;
}

bool wechat_is_id(const char *text)
{
	return is_made_of(text, WECHAT_LETTERS "_-", WECHAT_ID_MAX);
}

bool wechat_is_app_id(const char *text)
{
	return is_made_of(text, WECHAT_LETTERS, WECHAT_APP_ID_MAX);
}

bool wechat_is_code(const char *text)
{
	return is_made_of(text, WECHAT_LETTERS "_-", WECHAT_CODE_MAX);
}

void wechat_person_done(struct wechat_person *person)
{
	person->user_token = secret_free(person->user_token);
	explicit_bzero(person, sizeof(*person));
}

/* --- reading --- */

static bool read_openid(const struct json_t *json, char ret_id[WECHAT_ID_MAX + 1])
{
	const char *id = json_text(json, "openid", WECHAT_ID_MAX);

	return id && wechat_is_id(id) && text_into(ret_id, WECHAT_ID_MAX + 1, id);
}

bool wechat_read_unionid(const struct json_t *json, char ret_id[WECHAT_ID_MAX + 1])
{
	const char *id = json_text_or_empty(json, "unionid", WECHAT_ID_MAX);

	if (!id)
		id = json_has_value(json, "unionid") ? NULL : "";
	return id && (!id[0] || wechat_is_id(id)) && text_into(ret_id, WECHAT_ID_MAX + 1, id);
}

static bool read_snapshot(const struct json_t *json, bool *ret_is_snapshot)
{
	int64_t number = 0;
	int r = json_number(json, "is_snapshotuser", 0, INT32_MAX, &number);

	*ret_is_snapshot = number != 0;
	return r == 0 || r == -ENOENT;
}

void wechat_read_code(const struct http_reply *reply, struct wechat_person *ret_person,
		      struct api_result *ret_result)
{
	static const char what[] = "sns/oauth2/access_token";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);
	struct wechat_person person = { 0 };
	const char *token;

	if (!json)
		return;
	token = json_text(json, "access_token", API_TOKEN_MAX);
	if (!read_openid(json, person.openid) || !wechat_read_unionid(json, person.unionid) ||
	    !read_snapshot(json, &person.is_snapshot)) {
		api_set_fault(ret_result, what, "no openid, or an id against the rules");
	} else if (!token || !text_is_printable_ascii(token, API_TOKEN_MAX)) {
		api_set_fault(ret_result, what, "no token");
	} else {
		person.user_token = secret_from_text(token);
		wechat_person_done(ret_person);
		*ret_person = person;
	}
}

void wechat_read_userinfo(const struct http_reply *reply, struct wechat_person *person,
			  struct api_result *ret_result)
{
	static const char what[] = "sns/userinfo";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);
	char openid[WECHAT_ID_MAX + 1], unionid[WECHAT_ID_MAX + 1];
	const char *name;

	if (!json)
		return;
	if (!read_openid(json, openid) || !wechat_read_unionid(json, unionid)) {
		api_set_fault(ret_result, what, "no openid, or an id against the rules");
	} else if (!text_equals(openid, person->openid) ||
		   (person->unionid[0] && unionid[0] && !text_equals(unionid, person->unionid))) {
		api_set_end(ret_result, API_DENIED, DENY_INVALID,
			    "sns/userinfo is about somebody else");
	} else {
		name = json_text(json, "nickname", WECHAT_NAME_MAX);
		(void)text_into(person->name, sizeof(person->name), name ? name : "");
		if (unionid[0])
			memcpy(person->unionid, unionid, sizeof(unionid));
	}
}

/* The session_key that comes with it is not needed. */
void wechat_read_session(const struct http_reply *reply, struct wechat_person *ret_person,
			 struct api_result *ret_result)
{
	static const char what[] = "sns/jscode2session";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);
	struct wechat_person person = { 0 };

	if (!json)
		return;
	if (!read_openid(json, person.openid) || !wechat_read_unionid(json, person.unionid)) {
		api_set_fault(ret_result, what, "no openid, or an id against the rules");
		return;
	}
	wechat_person_done(ret_person);
	*ret_person = person;
}

void wechat_read_token(const struct http_reply *reply, struct api_token *ret_token,
		       struct api_result *ret_result)
{
	static const char what[] = "token";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);

	if (json)
		api_read_token(json, what, "access_token", "expires_in", ret_token, ret_result);
}

/* "Busy" may come although the code was used up already. */
bool wechat_code_failed(struct login *login, const struct api_result *result)
{
	const struct api_login *own = login_own(login);
	struct api_result spent = *result;

	if (result->code != WECHAT_USED_CODE || !own->n_tries)
		return false;
	spent.reason = DENY_REFUSED;
	api_end(login, &spent);
	return true;
}

/* --- the identity --- */

void wechat_identify_with(struct login *login, const char *app_id,
			  const struct wechat_person *person, const struct identity *more)
{
	_cleanup_free_ char *app_issuer = text_format("wechat:%s", app_id);
	bool has_unionid = person->unionid[0];
	struct identity identity = {
		.issuer = has_unionid ? "wechat" : app_issuer,
		.subject = has_unionid ? person->unionid : person->openid,
		.display = person->name[0] ? person->name : NULL,
		.groups = more->groups,
		.attributes = { { "openid", person->openid }, { "unionid", person->unionid } },
		.n_attributes = has_unionid ? 2 : 1,
	};

	for (size_t i = 0; i < more->n_attributes; i++)
		identity.attributes[identity.n_attributes++] = more->attributes[i];
	if (person->is_snapshot)
		login_deny(login, DENY_FILTERED,
			   "seen in snapshot mode (快照页), where nobody has an identity");
	else
		login_identify(login, &identity);
}

void wechat_identify(struct login *login, const char *app_id, const struct wechat_person *person)
{
	const struct identity nothing = { .issuer = NULL };

	wechat_identify_with(login, app_id, person, &nothing);
}
