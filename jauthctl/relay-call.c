/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to a relay; see relay-call.h. */
#include "jauthctl/relay-call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/relay-protocol.h"
#include "base/text.h"
#include "base/url.h"
#include "jauthctl/http-call.h"

#define CONNECT_MS 10000
#define TOTAL_MS   20000
#define ERROR_MAX  200           /* characters of what a relay says */

/* --- the relay --- */

static struct http_request *make_request(const char *server, const struct relay_call *call)
{
	_cleanup_free_ char *url = text_format("%s%s", server, call->path);
	_cleanup_(buf_done) struct buf bearer = BUF_INIT_SECRET(HTTP_HEADER_MAX);
	struct http_request *request = http_request_new(call->method, url);
	bool is_whole = true;

	request->connect_ms = CONNECT_MS;
	request->total_ms = TOTAL_MS;
	request->max_body = RELAY_BODY_MAX;
	buf_add_text(&bearer, "Bearer ");
	buf_add(&bearer, call->token->data, call->token->len);
	is_whole = http_request_header(request, "Authorization", buf_text(&bearer));
	if (call->body) {
		request->body = secret_new(call->body->data, call->body->len);
		is_whole = is_whole && request->body &&
			   http_request_header(request, "Content-Type", "application/json");
	}
	return is_whole && http_request_is_valid(request) ? request : http_request_free(request);
}

static PRINTF_LIKE(3, 4) void say(struct relay_answer *answer, const char *server,
				  const char *format, ...)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(sizeof(answer->why) - 1);
	va_list args;

	va_start(args, format);
	text_add_clean(&text, server, 100);
	buf_add_text(&text, ": ");
	buf_add_format_list(&text, format, args);
	va_end(args);
	(void)text_into(answer->why, sizeof(answer->why),
			buf_failed(&text) ? "no answer" : buf_text(&text));
}

/* A status, and the relay's own words for it where it is a relay. */
static void read_answer(const char *server, const struct http_reply *reply,
			struct relay_answer *answer)
{
	const char *error = NULL;

	answer->status = reply->status;
	if (reply->body)
		answer->object = json_read_object(reply->body->data, reply->body->len);
	if (answer->object)
		error = json_text(answer->object, "error", ERROR_MAX);
	say(answer, server, "status %u%s%s", reply->status, error ? ", " : "", error ? error : "");
}

void relay_ask(const char *server, const struct relay_call *call, struct relay_answer *ret_answer)
{
	struct http_request *request = make_request(server, call);
	struct relay_answer answer = { 0 };
	struct http_reply reply = { 0 };
	int r = request ? http_call(request, &reply) : -EINVAL;

	http_request_free(request);
	if (r < 0)
		say(&answer, server, "jauth-http cannot be asked at " HTTP_SOCKET_PATH ": %s",
		    strerror(-r));
	else if (reply.result != HTTP_DONE)
		say(&answer, server, "%s", *reply.error ? reply.error : "no answer");
	else
		read_answer(server, &reply, &answer);
	http_reply_done(&reply);
	*ret_answer = answer;
}

void relay_ask_any(char *const *servers, const struct relay_call *call,
		   struct relay_answer *ret_answer)
{
	struct relay_answer answer = { 0 };

	for (; *servers; servers++) {
		relay_answer_done(&answer);
		relay_ask(*servers, call, &answer);
		if (answer.status && answer.status < 500)
			break;
	}
	*ret_answer = answer;
}

void relay_answer_done(struct relay_answer *answer)
{
	answer->object = json_free(answer->object);
}

enum exit_code relay_refused(const struct relay_answer *answer)
{
	complain("%s", answer->why);
	return !answer->status || answer->status >= 500 ? EXIT_NOT_REACHED : EXIT_NO;
}
