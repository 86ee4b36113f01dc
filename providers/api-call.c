/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of a vendor's API; see api-call.h.
 *
 * state     waits for                    next
 * IDLE      -                            api_start() → as at the beginning of CALLING
 * WAITING   timer; another one fetches   token there → CALLING; nobody fetches → FETCHING
 * FETCHING  the token                    it → CALLING; busy → RESTING
 * CALLING   the call                     yes → IDLE, call->next(); token over, the first time: as
 *                                        at the beginning, with another one; busy → RESTING
 * RESTING   timer                        FETCHING or CALLING, whichever it was
 *
 * Everything else ends the login, unless call->fail() knows better.
 */
#include "providers/api-call.h"

#include "base/macro.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"

#define JSON_TYPE "application/json"

/* --- requests --- */

struct http_request *api_get(struct buf *url, const char *proxy)
{
	return request_by(url, JSON_TYPE, proxy);
}

struct http_request *api_post(struct buf *url, const struct secret *json, const char *proxy)
{
	struct http_request *request = api_get(url, proxy);

	if (request) {
		request->method = HTTP_POST;
		request->once = true;
		request->body = secret_new(json->data, json->len);
		(void)http_request_header(request, "Content-Type", JSON_TYPE);
	}
	return request;
}

static void send(struct login *login, struct http_request *request, enum api_state state)
{
	struct api_login *own = login_own(login);

	own->state = state;
	if (request)
		login_request(login, request);
	else
		login_fail(login, FAIL_PROVIDER, "too long for a request");
}

/* --- ends --- */

static void end(struct login *login, const struct api_result *result)
{
	if (result->class == API_DENIED)
		login_deny(login, (enum deny_reason)result->reason, result->detail);
	else
		login_fail(login, (enum fail_reason)result->reason, result->detail);
}

void api_end(struct login *login, const struct api_result *result)
{
	struct api_shared *shared = login_shared(login);

	if (result->pause_ms) {
		shared->pause_until_ms = login_now_ms(login) + result->pause_ms;
		shared->pause = *result;
	}
	end(login, result);
}

bool api_ends_paused(struct login *login)
{
	const struct api_shared *shared = login_shared(login);

	if (login_now_ms(login) >= shared->pause_until_ms)
		return false;
	end(login, &shared->pause);
	return true;
}

/* True when there is another try, after a while. */
static bool rest(struct login *login)
{
	struct api_login *own = login_own(login);

	if (own->n_tries >= API_TRIES_MAX)
		return false;
	own->state = API_RESTING;
	login_timer(login, (int64_t)API_TRY_MS << own->n_tries++);
	return true;
}

/* --- the token --- */

static void drop_token(struct api_shared *shared)
{
	shared->token = secret_free(shared->token);
}

static bool has_token(struct login *login)
{
	const struct api_shared *shared = login_shared(login);

	return shared->token && login_now_ms(login) < shared->token_until_ms;
}

static void keep_token(struct login *login, struct api_token *token)
{
	struct api_shared *shared = login_shared(login);

	drop_token(shared);
	shared->token = steal(&token->value);
	shared->token_until_ms = login_now_ms(login) + token->lives_ms;
	shared->token_number++;
}

static void fetch(struct login *login)
{
	struct api_shared *shared = login_shared(login);
	struct api_login *own = login_own(login);

	shared->is_fetching = own->is_fetching = true;
	send(login, own->call->vendor->make_token(login), API_FETCHING);
}

void api_finish(struct login *login)
{
	struct api_shared *shared = login_shared(login);
	struct api_login *own = login_own(login);

	if (own->is_fetching)
		shared->is_fetching = own->is_fetching = false;
}

void api_release(struct api_shared *shared)
{
	drop_token(shared);
}

static void go_on(struct login *login)
{
	const struct api_shared *shared = login_shared(login);
	struct api_login *own = login_own(login);

	if (own->is_fetching) {
		fetch(login);
	} else if (api_ends_paused(login)) {
		return;
	} else if (!own->call->vendor) {
		send(login, own->call->make(login, NULL), API_CALLING);
	} else if (has_token(login) && !own->call->make) {
		own->state = API_IDLE;
		own->call->next(login);
	} else if (has_token(login)) {
		own->token_number = shared->token_number;
		send(login, own->call->make(login, shared->token), API_CALLING);
	} else if (shared->is_fetching) {
		own->state = API_WAITING;
		login_timer(login, API_LOOK_MS);
	} else {
		fetch(login);
	}
}

static void take_token(struct login *login, const struct http_reply *reply)
{
	struct api_login *own = login_own(login);
	struct api_token token = { 0 };
	struct api_result result;

	own->call->vendor->read_token(reply, &token, &result);
	if (result.class == API_AGAIN && rest(login))
		return;
	api_finish(login);
	if (result.class == API_GOOD) {
		keep_token(login, &token);
		own->n_tries = 0;
		go_on(login);
		return;
	}
	/* Who waits for this token does not have to find out for himself. */
	result.pause_ms = MAX(result.pause_ms, (int64_t)API_SHARED_MS);
	api_end(login, &result);
}

/* --- the call --- */

/* True when another token is on its way, or there already: somebody else may have got it. */
static bool renew(struct login *login)
{
	struct api_shared *shared = login_shared(login);
	struct api_login *own = login_own(login);

	if (!own->call->vendor || own->has_renewed)
		return false;
	own->has_renewed = true;
	if (shared->token_number == own->token_number)
		drop_token(shared);
	go_on(login);
	return true;
}

static void take_call(struct login *login, const struct http_reply *reply)
{
	struct api_login *own = login_own(login);
	const struct api_call *call = own->call;
	struct api_result result;

	call->read(login, reply, &result);
	switch (result.class) {
	case API_GOOD:
		own->state = API_IDLE;
		call->next(login);
		return;
	case API_RENEW:
		if (renew(login))
			return;
		break;
	case API_AGAIN:
		if (rest(login))
			return;
		break;
	case API_DENIED:
	case API_FAILED:
		break;
	}
	own->state = API_IDLE;
	if (!call->fail || !call->fail(login, &result))
		api_end(login, &result);
}

void api_start(struct login *login, const struct api_call *call)
{
	struct api_login *own = login_own(login);

	own->call = call;
	own->n_tries = 0;
	go_on(login);
}

bool api_is_busy(struct login *login)
{
	const struct api_login *own = login_own(login);

	return own->state != API_IDLE;
}

void api_take_reply(struct login *login, const struct http_reply *reply)
{
	const struct api_login *own = login_own(login);

	if (own->state == API_FETCHING)
		take_token(login, reply);
	else
		take_call(login, reply);
}

void api_take_timeout(struct login *login)
{
	go_on(login);
}
