/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error words are rows of one table; the pace only ever slows down. */
#include "providers/device-flow.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"

#define INTERVAL_HINT_MAX_S 600          /* more than a login lasts */

/* RFC 8628 section 3.5, RFC 6749 section 5.2 and the vendors' own words for the same things. */
static const struct {
	const char *error;
	enum device_result result;
} errors[] = {
	{ "authorization_pending", DEVICE_PENDING },
	{ "slow_down", DEVICE_SLOW_DOWN },
	{ "access_denied", DEVICE_REFUSED },
	{ "authorization_declined", DEVICE_REFUSED },            /* Entra */
	{ "expired_token", DEVICE_EXPIRED },
	{ "token_expired", DEVICE_EXPIRED },                     /* GitHub's text */
	{ "code_expired", DEVICE_EXPIRED },
	{ "invalid_grant", DEVICE_UNKNOWN_CODE },
	{ "incorrect_device_code", DEVICE_UNKNOWN_CODE },        /* GitHub */
	{ "bad_verification_code", DEVICE_UNKNOWN_CODE },        /* Entra */
	{ "invalid_client", DEVICE_SETUP },
	{ "unauthorized_client", DEVICE_SETUP },
	{ "unsupported_grant_type", DEVICE_SETUP },
	{ "invalid_request", DEVICE_SETUP },
	{ "invalid_scope", DEVICE_SETUP },
	{ "device_flow_disabled", DEVICE_SETUP },                /* GitHub */
	{ "incorrect_client_credentials", DEVICE_SETUP },        /* GitHub */
	{ "org_internal", DEVICE_SETUP },                        /* Google */
	{ "admin_policy_enforced", DEVICE_SETUP },               /* Google */
};

static bool status_is_temporary(uint32_t status)
{
	return status == 429 || status >= 500;
}

enum device_result device_error(const char *error, uint32_t status)
{
	for (size_t i = 0; error && i < N_ELEMENTS(errors); i++) {
		if (text_equals(errors[i].error, error))
			return errors[i].result;
	}
	return status_is_temporary(status) ? DEVICE_RETRY : DEVICE_FAULT;
}

/* --- the code --- */

void device_code_done(struct device_code *code)
{
	secret_free_pointer(&code->device_code);
	*code = (struct device_code) { 0 };
}

static bool read_links(const struct json_t *object, const struct device_names *names,
		       struct device_code *code)
{
	const char *plain = json_text(object, names->link, DEVICE_LINK_MAX);
	const char *complete = json_text(object, names->complete_link, DEVICE_LINK_MAX);

	if (!plain || !url_is_valid(plain, DEVICE_LINK_MAX))
		return false;
	code->link_is_complete = json_has(object, names->complete_link);
	if (code->link_is_complete && (!complete || !url_is_valid(complete, DEVICE_LINK_MAX) ||
				       !url_same_origin(plain, complete)))
		return false;
	return text_into(code->plain_link, sizeof(code->plain_link), plain) &&
	       text_into(code->link, sizeof(code->link), complete ? complete : plain);
}

static bool read_times(const struct json_t *object, const struct device_names *names,
		       struct device_code *code)
{
	int64_t expires_s, interval_s = DEVICE_INTERVAL_S;

	if (json_number(object, names->expires, DEVICE_EXPIRES_MIN_S, DEVICE_EXPIRES_MAX_S,
			&expires_s) < 0)
		return false;
	if (json_has(object, names->interval) &&
	    json_number(object, names->interval, 0, INT32_MAX, &interval_s) < 0)
		return false;
	code->expires_ms = expires_s * 1000;
	code->interval_ms = 1000 * MIN(MAX(interval_s, (int64_t)DEVICE_INTERVAL_MIN_S),
				       (int64_t)DEVICE_INTERVAL_MAX_S);
	return true;
}

static bool read_code(const struct json_t *object, const struct device_names *names,
		      struct device_code *code)
{
	const char *user_code = json_text(object, names->user_code, DEVICE_USER_CODE_MAX);
	const char *device_code = json_text(object, names->device_code, DEVICE_CODE_MAX);

	if (!device_code || !user_code ||
	    !text_is_printable_ascii(user_code, DEVICE_USER_CODE_MAX) ||
	    !read_links(object, names, code) || !read_times(object, names, code))
		return false;
	code->device_code = secret_from_text(device_code);
	return code->device_code && text_into(code->user_code, sizeof(code->user_code), user_code);
}

enum device_result device_code_read_object(const struct json_t *object,
					   const struct device_names *names,
					   struct device_code *ret_code)
{
	struct device_code code = { 0 };

	if (!read_code(object, names, &code)) {
		device_code_done(&code);
		return DEVICE_FAULT;
	}
	*ret_code = code;
	return DEVICE_GOOD;
}

/* An endpoint that is not there, or a client that is not known. */
static bool status_is_setup(const struct http_reply *reply)
{
	return reply->result == HTTP_DONE && (reply->status == 401 || reply->status == 404);
}

static void keep_error(const struct json_t *object, struct device_code *code)
{
	const char *error = json_text(object, "error", DEVICE_ERROR_MAX);

	if (error && text_is_printable_ascii(error, DEVICE_ERROR_MAX))
		(void)text_into(code->error, sizeof(code->error), error);
}

static enum device_result code_error_result(const struct json_t *object,
					    const struct http_reply *reply)
{
	/* Google over its quota: "error_code" and no "error". */
	if (text_equals(json_text(object, "error_code", 64), "rate_limit_exceeded"))
		return DEVICE_BUSY;
	switch (device_error(json_text(object, "error", 64), reply->status)) {
	case DEVICE_SLOW_DOWN:
		return DEVICE_BUSY;
	case DEVICE_REFUSED:
		return DEVICE_REFUSED;
	case DEVICE_SETUP:
		return DEVICE_SETUP;
	case DEVICE_RETRY:
		return DEVICE_RETRY;
	case DEVICE_GOOD:
	case DEVICE_FAULT:
	case DEVICE_PENDING:
	case DEVICE_EXPIRED:
	case DEVICE_UNKNOWN_CODE:
	case DEVICE_BUSY:
	case DEVICE_N_RESULTS:
		break;
	}
	return status_is_setup(reply) ? DEVICE_SETUP : DEVICE_FAULT;
}

enum device_result device_code_read(const struct http_reply *reply, struct device_code *ret_code)
{
	_cleanup_json_ struct json_t *object = reply_object(reply);
	struct device_names names = {
		"device_code", "user_code", "verification_uri", "verification_uri_complete",
		"expires_in", "interval",
	};

	if (reply->result == HTTP_DONE && reply->status == 429)
		return DEVICE_BUSY;
	if (!object)
		return status_is_setup(reply) ? DEVICE_SETUP : DEVICE_RETRY;
	if (json_has(object, "error") || reply->status != 200) {
		keep_error(object, ret_code);
		return code_error_result(object, reply);
	}
	if (!json_has(object, names.link))
		names.link = "verification_url";         /* Google */
	return device_code_read_object(object, &names, ret_code);
}

/* --- the poll --- */

static void read_error(const struct json_t *object, uint32_t status, struct device_poll *poll)
{
	const char *error = json_text(object, "error", sizeof(poll->error) - 1);
	int64_t interval_s;

	(void)text_into(poll->error, sizeof(poll->error), error ? error : "?");
	poll->result = device_error(error, status);
	if (poll->result == DEVICE_SLOW_DOWN &&
	    json_number(object, "interval", 1, INTERVAL_HINT_MAX_S, &interval_s) == 0)
		poll->hint_ms = interval_s * 1000;
}

void device_poll_read(const struct http_reply *reply, struct device_poll *ret_poll)
{
	_cleanup_json_ struct json_t *object = reply_object(reply);
	struct device_poll poll = { .result = DEVICE_RETRY };

	if (reply->result == HTTP_DONE)
		poll.hint_ms = MIN(reply_retry_after_s(reply) * 1000,
				   (int64_t)DEVICE_BACKOFF_MAX_MS);
	if (object && json_has(object, "error")) {
		read_error(object, reply->status, &poll);
	} else if (object && reply->status == 200) {
		poll.result = oauth_tokens_read(object, &poll.tokens) ? DEVICE_GOOD : DEVICE_FAULT;
	} else if (object && !status_is_temporary(reply->status)) {
		poll.result = DEVICE_FAULT;
	}
	*ret_poll = poll;
}

/* --- the pace --- */

void device_pace_start(struct device_pace *pace, int64_t interval_ms)
{
	*pace = (struct device_pace) { interval_ms, interval_ms };
}

int64_t device_pace_next(struct device_pace *pace, const struct device_poll *poll)
{
	if (poll->result == DEVICE_SLOW_DOWN)
		pace->interval_ms = MAX(pace->interval_ms + DEVICE_INTERVAL_S * 1000,
					poll->hint_ms);
	if (poll->result == DEVICE_RETRY)
		pace->wait_ms = MIN(MAX(pace->wait_ms * 2, poll->hint_ms),
				    (int64_t)DEVICE_BACKOFF_MAX_MS);
	else
		pace->wait_ms = pace->interval_ms;
	/* Backing off never means to poll faster than was asked for. */
	pace->wait_ms = MAX(pace->wait_ms, pace->interval_ms);
	return pace->wait_ms;
}
