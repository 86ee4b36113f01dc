/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls with the account's token, which is a stable one: cgi-bin/token would take the token away
 * from every other program of the account. Who somebody is. */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/wechat-account.h"

#define BODY_MAX    512

/* --- the token --- */

/* While the vendor waits for the answer to its push, a late reply is worth nothing. */
static struct http_request *hurry(struct login *login, struct http_request *request)
{
	const struct account_login *own = login_own(login);

	if (request && own->state == ACCOUNT_TAKEN)
		request->total_ms = ACCOUNT_CALL_MS;
	return request;
}

struct http_request *account_token_request(struct login *login)
{
	const struct account_config *config = login_config(login);

	return hurry(login, wechat_stable_token_request(&config->app));
}

const struct api_vendor account_vendor = { account_token_request, wechat_read_token };

static void add_url(struct login *login, const char *path, const struct secret *token,
		    struct buf *url)
{
	const struct account_config *config = login_config(login);

	buf_add_format(url, "%s/%s?access_token=", config->app.api_url, path);
	form_encode(url, token->data, token->len);
}

/* --- codes of the account --- */

bool account_make_scene(struct login *login)
{
	struct account_login *own = login_own(login);
	const size_t n_prefix = strlen(ACCOUNT_SCENE_PREFIX);

	memcpy(own->scene, ACCOUNT_SCENE_PREFIX, n_prefix);
	if (random_hex(own->scene + n_prefix, ACCOUNT_SCENE_BYTES) == 0)
		return true;
	login_fail(login, FAIL_PROVIDER, "no random bytes");
	return false;
}

static struct http_request *make_qr(struct login *login, const struct secret *token)
{
	const struct account_config *config = login_config(login);
	const struct account_login *own = login_own(login);
	int64_t left_s = (login_deadline_ms(login) - login_now_ms(login)) / 1000;
	struct buf url = BUF_INIT_SECRET(URL_MAX), json = BUF_INIT_SECRET(BODY_MAX);
	_cleanup_secret_ struct secret *body = NULL;

	add_url(login, "cgi-bin/qrcode/create", token, &url);
	buf_add_format(&json, "{\"expire_seconds\":%lld,\"action_name\":\"QR_STR_SCENE\","
		       "\"action_info\":{\"scene\":{\"scene_str\":\"%s\"}}}",
		       (long long)MAX(left_s, (int64_t)1), own->scene);
	body = secret_new(buf_text(&json), json.len);
	buf_done(&json);
	return api_post(&url, body, config->app.proxy);
}

static void read_qr(struct login *login, const struct http_reply *reply,
		    struct api_result *ret_result)
{
	struct account_login *own = login_own(login);

	wechat_read_qr(reply, own->qr, ret_result);
}

static void has_qr(struct login *login)
{
	struct account_login *own = login_own(login);

	own->has_qr(login);
}

static const struct api_call create_qr = {
	.vendor = &account_vendor,
	.make = make_qr,
	.read = read_qr,
	.next = has_qr,
};

void account_create_qr(struct login *login, void (*next)(struct login *login))
{
	struct account_login *own = login_own(login);

	own->has_qr = next;
	api_start(login, &create_qr);
}

/* --- people --- */

struct http_request *account_make_user_info(struct login *login, const struct secret *token)
{
	const struct account_config *config = login_config(login);
	const struct account_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	add_url(login, "cgi-bin/user/info", token, &url);
	form_add(&url, "openid", own->person.openid);
	form_add(&url, "lang", "zh_CN");
	return hurry(login, api_get(&url, config->app.proxy));
}

void account_read_user_info(struct login *login, const struct http_reply *reply,
			    struct api_result *ret_result)
{
	struct account_login *own = login_own(login);

	wechat_read_follower(reply, &own->person, &own->follower, ret_result);
}

/* The groups are the tags; a remark is the word of the account's people, and no name that somebody
 * chose. */
void account_identify(struct login *login)
{
	const struct account_config *config = login_config(login);
	const struct account_login *own = login_own(login);
	char tags[IDENTITY_GROUPS_MAX][TEXT_NUMBER_SIZE];
	const char *groups[IDENTITY_GROUPS_MAX + 1];
	struct identity more = {
		.groups = groups,
		.attributes = { { "remark", own->follower.remark } },
		.n_attributes = own->follower.remark[0] ? 1 : 0,
	};

	for (size_t i = 0; i < own->follower.n_tags; i++) {
		text_from_number(own->follower.tags[i], tags[i]);
		groups[i] = tags[i];
	}
	groups[own->follower.n_tags] = NULL;
	wechat_identify_with(login, config->app.id, &own->person, &more);
}
