/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SSH keys of an account, by its numeric id:
 *
 *   GET /user/ID              its name now
 *   GET /users/NAME/keys      its keys
 *   GET /user/ID              the same name still
 *
 * A name that is given up can be somebody else's in the next moment: keys that were read under it
 * count only when it was the account's before and after.
 */
#include <string.h>

#include "base/text.h"
#include "providers/github.h"
#include "providers/request.h"

static void ask(struct login *login, const char *path)
{
	const struct github_config *config = login_config(login);
	struct http_request *request = github_api_request(login, HTTP_GET, path, NULL);

	/* What everybody may ask; GitHub allows 60 such requests an hour from one address, and 5000
	 * of an app that says who it is. */
	if (config->client_secret)
		request_add_basic(request, config->client_id, config->client_secret->data);
	login_request(login, request);
}

static void ask_name(struct login *login)
{
	const struct github_login *own = login_own(login);
	_cleanup_free_ char *path = text_format("/user/%lld", (long long)own->keys_of);

	ask(login, path);
}

/* True when there is a right answer; else the login has ended. */
static bool holds(struct login *login, enum github_result result, const struct http_reply *reply,
		  const char *what)
{
	_cleanup_free_ char *detail = reply_describe(reply, what);

	if (result == GITHUB_YES)
		return true;
	login_fail(login, reply->result == HTTP_DONE ? FAIL_PROVIDER : FAIL_NETWORK, detail);
	return false;
}

/* The account with this id, a person's; one that is gone has no keys. */
static bool take_account(struct login *login, const struct http_reply *reply,
			 struct github_user *ret_user)
{
	const struct github_login *own = login_own(login);

	if (reply->result == HTTP_DONE && reply->status == 404) {
		login_done(login);
		return false;
	}
	if (!holds(login, github_read_user(reply, ret_user), reply, "account"))
		return false;
	if (ret_user->id == own->keys_of)
		return true;
	login_fail(login, FAIL_PROVIDER, "another account than was asked for");
	return false;
}

static void take_name_again(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);
	struct github_user user;

	if (!take_account(login, reply, &user))
		return;
	if (!text_equals(user.login, own->user.login)) {
		login_fail(login, FAIL_PROVIDER, "the account was renamed in the meantime");
		return;
	}
	for (size_t i = 0; own->keys && own->keys[i]; i++)
		login_add_ssh_key(login, own->keys[i]);
	login_done(login);
}

static void take_keys(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);

	if (!holds(login, github_read_keys(reply, &own->keys), reply, "keys"))
		return;
	own->take = take_name_again;
	ask_name(login);
}

static void take_name(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);
	struct buf path = BUF_INIT(URL_MAX);

	if (!take_account(login, reply, &own->user))
		return;
	buf_add_text(&path, "/users/");
	url_encode_segment(&path, own->user.login);
	buf_add_text(&path, "/keys?per_page=100");
	own->take = take_keys;
	ask(login, buf_text(&path));
	buf_done(&path);
}

void github_ssh_keys(struct login *login, const char *subject)
{
	struct github_login *own = login_own(login);

	if (text_to_number(subject, 1, INT64_MAX, &own->keys_of) < 0) {
		login_done(login);       /* nobody's, whoever wrote it into a link */
		return;
	}
	own->take = take_name;
	ask_name(login);
}
