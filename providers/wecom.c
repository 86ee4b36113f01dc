/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with WeCom over the relay (OAuth in the app, path/91022), and what a code is worth.
 *
 * state       waits for             next
 * IDLE        -                     start → REDIRECTED: the telephone goes to the vendor, who asks
 *                                   nobody (snsapi_base) and sends it back
 * REDIRECTED  the callback          a code → auth/getuserinfo
 *
 * auth/getuserinfo names the member, even one that the app must not see, so user/get comes behind
 * it (both by api-call.c): it refuses those, and tells whether he is active. Then the person is
 * identified as (wecom:CORPID, userid in lower case); a userid means nothing without the corp.
 */
#include "providers/wecom.h"

#include "base/text.h"
#include "base/url.h"


/* --- who it is --- */

/* What is collected for login_identify(), which copies. */
struct person {
	char departments[IDENTITY_GROUPS_MAX][TEXT_NUMBER_SIZE];
	const char *groups[IDENTITY_GROUPS_MAX + 1];
	char main_department[TEXT_NUMBER_SIZE];
};

void wecom_add_issuer(const struct wecom_config *config, struct buf *buf)
{
	buf_add_format(buf, "wecom:%s", config->corp_id);
}

static void identify(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	const struct wecom_member *member = &own->member;
	struct buf issuer = BUF_INIT(IDENTITY_TEXT_MAX);
	struct person person = { 0 };
	struct identity identity = {
		.subject = member->userid,
		.display = member->name[0] ? member->name : NULL,
		.groups = person.groups,
		.attributes = { { "userid", member->userid } },
		.n_attributes = 1,
	};

	for (size_t i = 0; i < member->n_departments; i++) {
		text_from_number(member->departments[i], person.departments[i]);
		person.groups[i] = person.departments[i];
	}
	if (member->main_department) {
		text_from_number(member->main_department, person.main_department);
		identity.attributes[identity.n_attributes++] =
			(struct identity_attribute) { "main_department", person.main_department };
	}
	wecom_add_issuer(config, &issuer);
	identity.issuer = buf_text(&issuer);
	login_identify(login, &identity);
	buf_done(&issuer);
}

static struct http_request *make_user_get(struct login *login, const struct secret *token)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	wecom_api_url(login, "user/get", token, &url);
	form_add(&url, "userid", own->userid);
	return api_get(&url, config->proxy);
}

static void read_user_get(struct login *login, const struct http_reply *reply,
			  struct api_result *ret_result)
{
	struct wecom_login *own = login_own(login);

	wecom_read_member(reply, own->userid, &own->member, ret_result);
}

static const struct api_call user_get = {
	&wecom_vendor, make_user_get, read_user_get, identify, NULL
};

static struct http_request *make_getuserinfo(struct login *login, const struct secret *token)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);
	struct http_request *request;

	wecom_api_url(login, "auth/getuserinfo", token, &url);
	form_add(&url, "code", own->code->data);
	request = api_get(&url, config->proxy);
	if (request)
		request->once = true;            /* a code is good for one use */
	return request;
}

static void read_getuserinfo(struct login *login, const struct http_reply *reply,
			     struct api_result *ret_result)
{
	struct wecom_login *own = login_own(login);

	wecom_read_userid(reply, own->userid, ret_result);
}

static void has_userid(struct login *login)
{
	struct wecom_login *own = login_own(login);

	own->code = secret_free(own->code);
	api_start(login, &user_get);
}

/* The code came with our own poll and was not used before: somebody else had it. */
static bool fail_getuserinfo(struct login *login, const struct api_result *result)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);

	if (result->code != WECOM_BAD_CODE || config->mode != WECOM_MODE_POLL || own->api.n_tries)
		return false;
	login_deny(login, DENY_INVALID, result->detail);
	return true;
}

static const struct api_call getuserinfo = {
	&wecom_vendor, make_getuserinfo, read_getuserinfo, has_userid, fail_getuserinfo
};

void wecom_exchange(struct login *login, struct secret *code)
{
	struct wecom_login *own = login_own(login);

	own->code = code;
	api_start(login, &getuserinfo);
}

/* --- over the relay --- */

/* The parameters in the order the vendor documents. */
static void add_authorize_url(struct login *login, const struct login_link *link, struct buf *url)
{
	const struct wecom_config *config = login_config(login);

	buf_add_format(url, "%s?appid=%s", config->authorize_url, config->corp_id);
	form_add(url, "redirect_uri", link->redirect_uri);
	form_add(url, "response_type", "code");
	form_add(url, "scope", "snsapi_base");
	form_add(url, "state", link->state);
	buf_add_format(url, "&agentid=%lld#wechat_redirect", (long long)config->agent_id);
}

void wecom_relay_start(struct login *login)
{
	const struct login_link *link = login_link(login);
	struct buf url = BUF_INIT(RELAY_TARGET_URL_MAX);

	if (!link) {
		login_fail(login, FAIL_CONFIG, "mode = relay needs a relay");
		return;
	}
	add_authorize_url(login, link, &url);
	if (buf_failed(&url))
		login_fail(login, FAIL_CONFIG, "the address to authorize at is too long");
	else
		login_redirect(login, buf_text(&url));
	buf_done(&url);
}

/* A refusal, where the vendor offers one, comes without a code. */
void wecom_relay_callback(struct login *login, const struct parameters *parameters)
{
	const char *code = parameters_text(parameters, "code", RELAY_CALLBACK_MAX);

	if (!code)
		login_deny(login, DENY_REFUSED, "the telephone came back without a code");
	else if (!text_is_printable_ascii(code, WECOM_CODE_MAX))
		login_deny(login, DENY_INVALID, "the telephone came back with what is no code");
	else
		wecom_exchange(login, secret_from_text(code));
}
