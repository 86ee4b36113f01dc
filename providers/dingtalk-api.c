/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who a code stands for, by calls of both of DingTalk's hosts (api-call.c makes them):
 *
 *   an OAuth authCode: userAccessToken → users/me → getbyunionid → user/get
 *   a code of the app: getuserinfo → user/get
 *
 * Anybody who uses DingTalk gets through the first two; that he is an employee of this organisation
 * says getbyunionid, since the app token belongs to the one organisation. Then the person is
 * identified as (dingtalk:CORPID, userid): a userid means nothing without the organisation.
 */
#include "providers/dingtalk.h"

#include "base/text.h"
#include "base/url.h"

/* --- who it is --- */

void dingtalk_add_issuer(const struct dingtalk_config *config, struct buf *buf)
{
	buf_add_format(buf, "dingtalk:%s", config->corp_id);
}

static void identify(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	const struct dingtalk_login *own = login_own(login);
	const struct dingtalk_member *member = &own->member;
	const char *unionid = own->person.unionid[0] ? own->person.unionid : member->unionid;
	_cleanup_(buf_done) struct buf issuer = BUF_INIT(IDENTITY_TEXT_MAX);
	_cleanup_list_ char **groups = NULL;
	struct identity identity = {
		.subject = member->userid,
		.display = member->name[0] ? member->name : NULL,
		.attributes = { { "userid", member->userid } },
		.n_attributes = 1,
	};

	for (size_t i = 0; i < member->n_departments; i++) {
		_cleanup_free_ char *group = text_format("%lld", (long long)member->departments[i]);

		if (list_add(&groups, group) < 0) {
			login_fail(login, FAIL_PROVIDER, "no memory for the departments");
			return;
		}
	}
	identity.groups = (const char *const *)groups;
	if (unionid[0])
		identity.attributes[identity.n_attributes++] =
			(struct identity_attribute) { "unionid", unionid };
	dingtalk_add_issuer(config, &issuer);
	identity.issuer = buf_text(&issuer);
	login_identify(login, &identity);
}

static struct http_request *make_user_get(struct login *login, const struct secret *token)
{
	const struct dingtalk_login *own = login_own(login);
	const struct dingtalk_text texts[] = {
		{ "userid", own->person.userid },
		{ "language", "zh_CN" },
	};

	return dingtalk_ask_oapi(login, "v2/user/get", token, texts, N_ELEMENTS(texts));
}

static void read_user_get(struct login *login, const struct http_reply *reply,
			  struct api_result *ret_result)
{
	struct dingtalk_login *own = login_own(login);

	dingtalk_read_member(reply, &own->person, &own->member, ret_result);
}

static const struct api_call user_get = {
	&dingtalk_vendor, make_user_get, read_user_get, identify, NULL
};

static void get_user(struct login *login)
{
	struct dingtalk_login *own = login_own(login);

	own->code = secret_free(own->code);
	api_start(login, &user_get);
}

/* A code may be spent although nobody heard the answer: it is sent once, and again only where the
 * vendor says that it did not look at it, the app token being over. */
static struct http_request *send_once(struct http_request *request)
{
	if (request)
		request->once = true;
	return request;
}

static void read_once(struct api_result *result)
{
	if (result->class == API_AGAIN)
		result->class = API_FAILED;
}

/* --- a code of the app --- */

static struct http_request *make_getuserinfo(struct login *login, const struct secret *token)
{
	const struct dingtalk_login *own = login_own(login);
	const struct dingtalk_text texts[] = { { "code", own->code->data } };

	return send_once(dingtalk_ask_oapi(login, "v2/user/getuserinfo", token, texts,
					   N_ELEMENTS(texts)));
}

static void read_getuserinfo(struct login *login, const struct http_reply *reply,
			     struct api_result *ret_result)
{
	struct dingtalk_login *own = login_own(login);

	dingtalk_read_userinfo(reply, &own->person, ret_result);
	read_once(ret_result);
}

static const struct api_call getuserinfo = {
	&dingtalk_vendor, make_getuserinfo, read_getuserinfo, get_user, NULL
};

void dingtalk_exchange_in_app(struct login *login, struct secret *code)
{
	struct dingtalk_login *own = login_own(login);

	own->code = code;
	api_start(login, &getuserinfo);
}

/* --- an OAuth code --- */

static struct http_request *make_getbyunionid(struct login *login, const struct secret *token)
{
	const struct dingtalk_login *own = login_own(login);
	const struct dingtalk_text texts[] = { { "unionid", own->person.unionid } };

	return dingtalk_ask_oapi(login, "user/getbyunionid", token, texts, N_ELEMENTS(texts));
}

static void read_getbyunionid(struct login *login, const struct http_reply *reply,
			      struct api_result *ret_result)
{
	struct dingtalk_login *own = login_own(login);

	dingtalk_read_employee(reply, &own->person, ret_result);
}

static const struct api_call getbyunionid = {
	&dingtalk_vendor, make_getbyunionid, read_getbyunionid, get_user, NULL
};

static struct http_request *make_me(struct login *login, const struct secret *token UNUSED)
{
	const struct dingtalk_config *config = login_config(login);
	const struct dingtalk_login *own = login_own(login);
	struct buf url = BUF_INIT(URL_MAX);
	struct http_request *request;

	buf_add_format(&url, "%s/v1.0/contact/users/me", config->api_url);
	request = api_get(&url, config->proxy);
	/* Without a token that no header can hold the vendor refuses. */
	if (request)
		(void)http_request_header(request, "x-acs-dingtalk-access-token",
					  own->user_token->data);
	return request;
}

static void read_me(struct login *login, const struct http_reply *reply,
		    struct api_result *ret_result)
{
	struct dingtalk_login *own = login_own(login);

	dingtalk_read_me(reply, &own->person, ret_result);
}

static void has_unionid(struct login *login)
{
	struct dingtalk_login *own = login_own(login);

	own->user_token = secret_free(own->user_token);
	api_start(login, &getbyunionid);
}

static const struct api_call me = { NULL, make_me, read_me, has_unionid, NULL };

static struct http_request *make_user_token(struct login *login, const struct secret *token UNUSED)
{
	const struct dingtalk_config *config = login_config(login);
	const struct dingtalk_login *own = login_own(login);
	const struct dingtalk_text texts[] = {
		{ "clientId", config->app_key },
		{ "clientSecret", config->app_secret->data },
		{ "code", own->code->data },
		{ "grantType", "authorization_code" },
	};

	return send_once(dingtalk_ask_api(login, "oauth2/userAccessToken", texts,
					  N_ELEMENTS(texts)));
}

static void read_user_token(struct login *login, const struct http_reply *reply,
			    struct api_result *ret_result)
{
	const struct dingtalk_config *config = login_config(login);
	struct dingtalk_login *own = login_own(login);

	dingtalk_read_user_token(reply, config->corp_id, &own->user_token, ret_result);
	read_once(ret_result);
}

static void has_user_token(struct login *login)
{
	struct dingtalk_login *own = login_own(login);

	own->code = secret_free(own->code);
	api_start(login, &me);
}

/* A code that came with our own poll and is spent although we did not use it: somebody had it. */
static bool was_stolen(struct login *login, const struct api_result *result)
{
	const struct dingtalk_config *config = login_config(login);

	if (result->code != DINGTALK_BAD_CODE || config->mode == DINGTALK_MODE_WEB)
		return false;
	login_deny(login, DENY_INVALID, result->detail);
	return true;
}

static const struct api_call user_access_token = {
	NULL, make_user_token, read_user_token, has_user_token, was_stolen
};

void dingtalk_exchange(struct login *login, struct secret *code)
{
	struct dingtalk_login *own = login_own(login);

	own->code = code;
	api_start(login, &user_access_token);
}
