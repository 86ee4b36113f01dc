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

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define BODY_MAX (8 * 1024)

/* --- requests --- */

struct member {
	const char *name, *value;
};

/* A JSON object of texts. NULL: too long. */
static struct secret *make_object(const struct member *members, size_t n)
{
	struct buf json = BUF_INIT_SECRET(BODY_MAX);
	struct secret *object = NULL;

	for (size_t i = 0; i < n; i++) {
		buf_add_char(&json, i ? ',' : '{');
		json_add_text(&json, members[i].name);
		buf_add_char(&json, ':');
		json_add_text(&json, members[i].value);
	}
	buf_add_char(&json, '}');
	if (!buf_failed(&json))
		object = secret_new(buf_text(&json), json.len);
	buf_done(&json);
	return object;
}

struct http_request *dingtalk_post(struct login *login, const char *path,
				   const struct secret *token, const struct secret *json)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/topapi/%s?access_token=", config->oapi_url, path);
	form_encode(&url, token->data, token->len);
	return api_post(&url, json, config->proxy);
}

static struct http_request *post_oapi(struct login *login, const char *path,
				      const struct secret *token, const struct member *members,
				      size_t n)
{
	_cleanup_secret_ struct secret *json = make_object(members, n);

	return json ? dingtalk_post(login, path, token, json) : NULL;
}

static struct http_request *post_api(struct login *login, const char *path,
				     const struct member *members, size_t n)
{
	const struct dingtalk_config *config = login_config(login);
	_cleanup_secret_ struct secret *json = make_object(members, n);
	struct buf url = BUF_INIT(URL_MAX);

	buf_add_format(&url, "%s/v1.0/%s", config->api_url, path);
	return json ? api_post(&url, json, config->proxy) : NULL;
}

/* A question, which costs nobody anything when it is put twice. */
static struct http_request *question(struct http_request *request)
{
	if (request)
		request->once = false;
	return request;
}

/* --- the app token --- */

static struct http_request *make_token(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	const struct member members[] = {
		{ "appKey", config->app_key },
		{ "appSecret", config->app_secret->data },
	};

	return question(post_api(login, "oauth2/accessToken", members, N_ELEMENTS(members)));
}

const struct api_vendor dingtalk_vendor = { make_token, dingtalk_read_token };

/* --- who it is --- */

static void identify(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	const struct dingtalk_login *own = login_own(login);
	const struct dingtalk_member *member = &own->member;
	const char *unionid = own->person.unionid[0] ? own->person.unionid : member->unionid;
	_cleanup_free_ char *issuer = text_format("dingtalk:%s", config->corp_id);
	_cleanup_list_ char **groups = NULL;
	struct identity identity = {
		.issuer = issuer,
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
	login_identify(login, &identity);
}

static struct http_request *make_user_get(struct login *login, const struct secret *token)
{
	const struct dingtalk_login *own = login_own(login);
	const struct member members[] = {
		{ "userid", own->person.userid },
		{ "language", "zh_CN" },
	};

	return question(post_oapi(login, "v2/user/get", token, members, N_ELEMENTS(members)));
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
static void read_once(struct api_result *result)
{
	if (result->class == API_AGAIN)
		result->class = API_FAILED;
}

/* --- a code of the app --- */

static struct http_request *make_getuserinfo(struct login *login, const struct secret *token)
{
	const struct dingtalk_login *own = login_own(login);
	const struct member members[] = { { "code", own->code->data } };

	return post_oapi(login, "v2/user/getuserinfo", token, members, N_ELEMENTS(members));
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
	const struct member members[] = { { "unionid", own->person.unionid } };

	return question(post_oapi(login, "user/getbyunionid", token, members,
				  N_ELEMENTS(members)));
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
	const struct member members[] = {
		{ "clientId", config->app_key },
		{ "clientSecret", config->app_secret->data },
		{ "code", own->code->data },
		{ "grantType", "authorization_code" },
	};

	return post_api(login, "oauth2/userAccessToken", members, N_ELEMENTS(members));
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

/* A code that came with our own poll and is spent although we did not use it: somebody else had it. */
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
