/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of WeCom's API with the app token, one at a time in a login. The token is kept for all
 * logins of the method and fetched by one of them for all (path/91039).
 *
 * state     waits for                    next
 * WAITING   timer; another one fetches   token there → CALLING; nobody fetches → FETCHING
 * FETCHING  gettoken                     a token → CALLING; busy → RESTING
 * CALLING   the call                     yes → call->next(); token over, the first time: as at the
 *                                        beginning, with another one; busy → RESTING
 * RESTING   timer                        FETCHING or CALLING, whichever it was
 *
 * Everything else ends the login. An answer that would be everybody's is kept for a while, so that
 * a wrong secret or a used up quota is not asked about again and again.
 */
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"
#include "providers/wecom.h"

/* --- requests --- */

struct http_request *wecom_get(struct login *login, struct buf *url, const char *accept)
{
	const struct wecom_config *config = login_config(login);
	struct http_request *request = NULL;

	if (!buf_failed(url)) {
		request = request_api(HTTP_GET, buf_text(url), accept, NULL);
		request->max_body = REPLY_SMALL_MAX;
		request->proxy = text_copy(config->proxy);
	}
	buf_done(url);
	return request;
}

struct http_request *wecom_post(struct login *login, struct buf *url, const struct secret *json)
{
	struct http_request *request = wecom_get(login, url, WECOM_JSON);

	if (request) {
		request->method = HTTP_POST;
		request->once = true;
		request->body = secret_new(json->data, json->len);
		(void)http_request_header(request, "Content-Type", WECOM_JSON);
	}
	return request;
}

void wecom_api_url(struct login *login, const char *path, const struct secret *token,
		   struct buf *url)
{
	const struct wecom_config *config = login_config(login);

	buf_add_format(url, "%s/cgi-bin/%s?access_token=", config->api_url, path);
	form_encode(url, token->data, token->len);
}

static struct http_request *token_request(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/cgi-bin/gettoken?corpid=%s&corpsecret=", config->api_url,
		       config->corp_id);
	form_encode(&url, config->secret->data, config->secret->len);
	return wecom_get(login, &url, WECOM_JSON);
}

static void request(struct login *login, struct http_request *what, enum wecom_state state)
{
	struct wecom_login *own = login_own(login);

	own->state = state;
	if (what)
		login_request(login, what);
	else
		login_fail(login, FAIL_PROVIDER, "too long for a request");
}

/* --- ends --- */

static void end(struct login *login, const struct wecom_result *result)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	int reason = result->reason;

	/* The code came with our own poll and was not used before: somebody else had it. */
	if (result->code == WECOM_BAD_CODE && config->mode == WECOM_MODE_POLL && !own->n_tries)
		reason = DENY_INVALID;
	if (result->class == WECOM_DENIED)
		login_deny(login, (enum deny_reason)reason, result->detail);
	else
		login_fail(login, (enum fail_reason)reason, result->detail);
}

static void end_for_all(struct login *login, const struct wecom_result *result)
{
	struct wecom_shared *shared = login_shared(login);

	if (result->pause_ms) {
		shared->pause_until_ms = login_now_ms(login) + result->pause_ms;
		shared->pause = *result;
	}
	end(login, result);
}

/* True when there is another try, after a while. */
static bool rest(struct login *login)
{
	struct wecom_login *own = login_own(login);

	if (own->n_tries >= WECOM_TRIES_MAX)
		return false;
	own->state = WECOM_RESTING;
	login_timer(login, (int64_t)WECOM_TRY_MS << own->n_tries++);
	return true;
}

/* --- the token --- */

static void drop_token(struct wecom_shared *shared)
{
	shared->token = secret_free(shared->token);
}

static bool has_token(struct login *login)
{
	const struct wecom_shared *shared = login_shared(login);

	return shared->token && login_now_ms(login) < shared->token_until_ms;
}

static void keep_token(struct login *login, struct wecom_token *token)
{
	struct wecom_shared *shared = login_shared(login);

	drop_token(shared);
	shared->token = steal(&token->value);
	shared->token_until_ms = login_now_ms(login) + token->lives_ms;
	shared->token_number++;
}

static void fetch(struct login *login)
{
	struct wecom_shared *shared = login_shared(login);
	struct wecom_login *own = login_own(login);

	shared->is_fetching = own->is_fetching = true;
	request(login, token_request(login), WECOM_FETCHING);
}

void wecom_api_finish(struct login *login)
{
	struct wecom_shared *shared = login_shared(login);
	struct wecom_login *own = login_own(login);

	if (own->is_fetching)
		shared->is_fetching = own->is_fetching = false;
}

static void go_on(struct login *login)
{
	const struct wecom_shared *shared = login_shared(login);
	struct wecom_login *own = login_own(login);

	if (own->is_fetching) {
		fetch(login);
	} else if (login_now_ms(login) < shared->pause_until_ms) {
		end(login, &shared->pause);
	} else if (has_token(login)) {
		own->token_number = shared->token_number;
		request(login, own->call->make(login, shared->token), WECOM_CALLING);
	} else if (shared->is_fetching) {
		own->state = WECOM_WAITING;
		login_timer(login, WECOM_LOOK_MS);
	} else {
		fetch(login);
	}
}

static void take_token(struct login *login, const struct http_reply *reply)
{
	struct wecom_login *own = login_own(login);
	struct wecom_token token = { 0 };
	struct wecom_result result;

	wecom_read_token(reply, &token, &result);
	if (result.class == WECOM_AGAIN && rest(login))
		return;
	wecom_api_finish(login);
	if (result.class == WECOM_GOOD) {
		keep_token(login, &token);
		own->n_tries = 0;
		go_on(login);
		return;
	}
	/* Who waits for this token does not have to find out for himself. */
	result.pause_ms = MAX(result.pause_ms, (int64_t)WECOM_SHARED_MS);
	end_for_all(login, &result);
}

/* --- the call --- */

/* True when another token is on its way, or there already: somebody else may have got it. */
static bool renew(struct login *login)
{
	struct wecom_shared *shared = login_shared(login);
	struct wecom_login *own = login_own(login);

	if (own->has_renewed)
		return false;
	own->has_renewed = true;
	if (shared->token_number == own->token_number)
		drop_token(shared);
	go_on(login);
	return true;
}

static void take_call(struct login *login, const struct http_reply *reply)
{
	const struct wecom_login *own = login_own(login);
	struct wecom_result result;

	own->call->read(login, reply, &result);
	switch (result.class) {
	case WECOM_GOOD:
		own->call->next(login);
		return;
	case WECOM_RENEW:
		if (renew(login))
			return;
		break;
	case WECOM_AGAIN:
		if (rest(login))
			return;
		break;
	case WECOM_DENIED:
	case WECOM_FAILED:
		break;
	}
	end_for_all(login, &result);
}

void wecom_call(struct login *login, const struct wecom_call *call)
{
	struct wecom_login *own = login_own(login);

	own->call = call;
	own->n_tries = 0;
	go_on(login);
}

void wecom_api_reply(struct login *login, const struct http_reply *reply)
{
	const struct wecom_login *own = login_own(login);

	if (own->state == WECOM_FETCHING)
		take_token(login, reply);
	else
		take_call(login, reply);
}

void wecom_api_timeout(struct login *login)
{
	go_on(login);
}
