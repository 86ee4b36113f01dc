/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies with an `errcode`, and what the log gets of them; see api-reply.h. */
#include "providers/api-reply.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "providers/provider.h"
#include "providers/request.h"

#define MESSAGE_MAX     4096             /* bytes of an errmsg that are looked at, */
#define MESSAGE_CHARS   160              /* and characters of it that are kept */
#define TOKEN_RUN       32               /* so many letters in a row may be a secret */
#define MARGIN_S        300              /* a token is not used when it is about to run out */
#define LIFE_MIN_S      60               /* else it would be fetched for each call */
#define LIFE_MAX_S      86400

static const struct api_error unknown_error = {
	.class = API_FAILED, .reason = FAIL_PROVIDER, .meaning = "an error"
};

static const struct api_error *find_error(const struct api_dialect *dialect, int64_t code)
{
	for (size_t i = 0; i < dialect->n_errors; i++)
		if (dialect->errors[i].code == code)
			return &dialect->errors[i];
	return &unknown_error;
}

/* --- what the log gets --- */

static void set_detail(struct api_result *result, struct buf *text)
{
	(void)text_into(result->detail, sizeof(result->detail), buf_text(text));
	buf_done(text);
}

void api_set_end(struct api_result *result, enum api_class class, int reason, const char *detail)
{
	struct buf text = BUF_INIT(API_DETAIL_SIZE - 1);

	*result = (struct api_result) { .class = class, .reason = reason };
	text_add_clean(&text, detail, MESSAGE_CHARS);
	set_detail(result, &text);
}

void api_set_fault(struct api_result *result, const char *what, const char *fault)
{
	_cleanup_free_ char *detail = text_format("%s: %s", what, fault);

	api_set_end(result, API_FAILED, FAIL_PROVIDER, detail);
}

/* Error messages are free text; should one quote a token or a code, that does not get through. */
void api_add_message(struct buf *buf, const char *message)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	struct buf clean = BUF_INIT(4 * MESSAGE_CHARS + 4);
	struct buf whole = BUF_INIT(MESSAGE_MAX);

	while (*message) {
		size_t run = strspn(message, letters);
		size_t len = run ? run : 1;

		if (run >= TOKEN_RUN)
			buf_add_text(&whole, "...");
		else
			buf_add(&whole, message, len);
		message += len;
	}
	text_add_clean(&clean, buf_text(&whole), MESSAGE_CHARS);
	buf_add_text(buf, buf_text(&clean));
	buf_done(&whole);
	buf_done(&clean);
}

static bool find_address(const char *message, const char *before,
			 char ret_address[INET6_ADDRSTRLEN])
{
	const char *start = strstr(message, before);
	unsigned char bytes[sizeof(struct in6_addr)];
	size_t len;

	if (!start)
		return false;
	start += strlen(before);
	len = strspn(start, "0123456789abcdefABCDEF.:");
	if (len >= INET6_ADDRSTRLEN)
		return false;
	memcpy(ret_address, start, len);
	ret_address[len] = '\0';
	return inet_pton(AF_INET, ret_address, bytes) == 1 ||
	       inet_pton(AF_INET6, ret_address, bytes) == 1;
}

/* The sysadmin has to allow this machine's address, which only the vendor can know. False: the
 * message does not tell it. */
static bool add_address(struct buf *text, const struct api_dialect *dialect, const char *message)
{
	static const char place[] = "%s";
	const char *advice = dialect->address_advice;
	const char *at = strstr(advice, place);
	char address[INET6_ADDRSTRLEN];

	if (!at || !find_address(message, dialect->address_before, address))
		return false;
	buf_add(text, advice, (size_t)(at - advice));
	buf_add_text(text, address);
	buf_add_text(text, at + strlen(place));
	return true;
}

/* What matters stands in front: the audit keeps the beginning only. */
void api_set_error(struct api_result *result, const struct api_dialect *dialect, int64_t code,
		   const char *what, const char *message)
{
	const struct api_error *error = find_error(dialect, code);
	struct buf text = BUF_INIT(API_DETAIL_SIZE - 1);

	*result = (struct api_result) { .class = error->class, .reason = error->reason,
					.code = code, .pause_ms = error->pause_ms };
	buf_add_format(&text, "%lld %s: ", (long long)code, what);
	if (code != dialect->address_code || !message || !dialect->address_advice ||
	    !add_address(&text, dialect, message))
		buf_add_text(&text, error->meaning);
	if (message) {
		buf_add_text(&text, "; ");
		api_add_message(&text, message);
	}
	set_detail(result, &text);
}

/* --- reading --- */

/* These vendors send JSON as text/plain, too. */
static struct json_t *read_object(const struct http_reply *reply)
{
	if (!reply_is_ok(reply) || !reply->body ||
	    !(text_equals(reply->content_type, "application/json") ||
	      text_equals(reply->content_type, "text/plain")))
		return NULL;
	return json_read_object(reply->body->data, reply->body->len);
}

static void set_no_object(const struct http_reply *reply, const char *what,
			  struct api_result *result)
{
	_cleanup_free_ char *described = reply_describe(reply, what);

	api_set_end(result, API_FAILED,
		    reply->result == HTTP_DONE ? FAIL_PROVIDER : FAIL_NETWORK, described);
}

bool api_says_yes(const struct json_t *object, const char *what,
		  const struct api_dialect *dialect, struct api_result *ret_result)
{
	int64_t code = 0;
	int r = json_number(object, "errcode", INT32_MIN, INT32_MAX, &code);

	if (r < 0 && !(r == -ENOENT && dialect->may_lack_errcode)) {
		api_set_fault(ret_result, what, "no errcode");
	} else if (code != 0) {
		api_set_error(ret_result, dialect, code, what,
			      json_text(object, "errmsg", MESSAGE_MAX));
	} else {
		*ret_result = (struct api_result) { .class = API_GOOD };
		return true;
	}
	return false;
}

struct json_t *api_read_yes(const struct http_reply *reply, const char *what,
			    const struct api_dialect *dialect, struct api_result *ret_result)
{
	_cleanup_json_ struct json_t *json = read_object(reply);

	if (!json)
		set_no_object(reply, what, ret_result);
	else if (api_says_yes(json, what, dialect, ret_result))
		return steal(&json);
	return NULL;
}

void api_read_token(const struct json_t *object, const char *what, const char *token_name,
		    const char *life_name, struct api_token *ret_token,
		    struct api_result *ret_result)
{
	const char *token = json_text(object, token_name, API_TOKEN_MAX);
	int64_t life_s;

	if (!token || !text_is_printable_ascii(token, API_TOKEN_MAX) ||
	    json_number(object, life_name, LIFE_MIN_S, LIFE_MAX_S, &life_s) < 0) {
		api_set_fault(ret_result, what, "no token, or not how long it lives");
		return;
	}
	*ret_result = (struct api_result) { .class = API_GOOD };
	ret_token->value = secret_from_text(token);
	ret_token->lives_ms = 1000 * MAX(life_s - MARGIN_S, life_s / 2);
}
