/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is sent to Redis and waits for its reply; see store-redis.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/store-redis.h"

#define TOLD_EVERY_S 10          /* errors in the log */

/* --- commands --- */

void command_add(struct command *command, const void *data, size_t len)
{
	char *copy = malloc(len + 1);

	assert(command->argc < COMMAND_ARGUMENTS_MAX);
	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	command->argv[command->argc] = copy;
	command->lens[command->argc++] = len;
}

void command_add_text(struct command *command, const char *text)
{
	command_add(command, text, strlen(text));
}

void command_add_number(struct command *command, int64_t number)
{
	_cleanup_free_ char *text = text_format("%lld", (long long)number);

	command_add_text(command, text);
}

void command_done(struct command *command)
{
	while (command->argc) {
		command->argc--;
		explicit_bzero(command->argv[command->argc], command->lens[command->argc]);
		free(command->argv[command->argc]);
	}
}

static void set_argument(struct command *command, int i, const char *text)
{
	free(command->argv[i]);
	command->argv[i] = text_copy(text);
	command->lens[i] = strlen(text);
}

/* --- requests --- */

struct redis_request *redis_request_new(reply_fn on_reply, void *context)
{
	struct redis_request *request = calloc(1, sizeof(*request));

	if (!request)
		abort();
	request->on_reply = on_reply;
	request->context = context;
	return request;
}

/* Its end: out of the queue first, as the answer may send more. */
static void answer(struct redis_store *redis, struct redis_request *request,
		   const redisReply *reply)
{
	request->on_reply(redis, request, reply);
	command_done(&request->command);
	free(request);
}

static bool is_unknown_script(const struct redis_request *request, const redisReply *reply)
{
	return request->script && reply && reply->type == REDIS_REPLY_ERROR &&
	       text_has_prefix(reply->str, "NOSCRIPT");
}

static void on_reply(redisAsyncContext *async UNUSED, void *data, void *userdata)
{
	struct redis_request *request = userdata;
	struct redis_store *redis = request->redis;

	TAILQ_REMOVE(&redis->open, request, links);
	redis->n_open--;
	if (!data)
		redis->is_up = false;    /* hiredis is closing: nothing more can be sent */
	if (is_unknown_script(request, data)) {
		set_argument(&request->command, 0, "EVAL");
		set_argument(&request->command, 1, request->script);
		request->script = NULL;
		redis_send(redis, request, true);
		return;
	}
	answer(redis, request, data);
}

uint64_t redis_now_us(const struct redis_store *redis)
{
	uint64_t usec = 0;

	(void)sd_event_now(redis->store.settings.event, CLOCK_MONOTONIC, &usec);
	return usec;
}

void redis_set_timer(sd_event_source *timer, uint64_t usec)
{
	(void)sd_event_source_set_time(timer, usec);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void redis_send(struct redis_store *redis, struct redis_request *request, bool is_handshake)
{
	struct command *command = &request->command;

	if ((!redis->is_up && !is_handshake) || !redis->commands.async ||
	    redis->n_open >= REDIS_OPEN_MAX ||
	    redisAsyncCommandArgv(redis->commands.async, on_reply, request, command->argc,
				  (const char **)command->argv, command->lens) != REDIS_OK) {
		answer(redis, request, NULL);
		return;
	}
	request->redis = redis;
	request->deadline_us = redis_now_us(redis) + REDIS_TIMEOUT_MS * 1000ull;
	if (TAILQ_EMPTY(&redis->open))
		redis_set_timer(redis->deadline, request->deadline_us);
	TAILQ_INSERT_TAIL(&redis->open, request, links);
	redis->n_open++;
}

/* Only the kind of an error is told: Redis may quote what it was sent. */
void redis_tell_error(struct redis_store *redis, const redisReply *reply)
{
	int64_t now_s = store_now_us(&redis->store) / 1000000;
	int len = (int)strcspn(reply->str, " ");

	if (now_s >= redis->told_s && now_s < redis->told_s + TOLD_EVERY_S)
		return;
	redis->told_s = now_s;
	log_error("the shared store answers with an error: %.*s", len, reply->str);
}

bool redis_reply_is_good(struct redis_store *redis, const redisReply *reply, int type)
{
	if (reply && reply->type == type)
		return true;
	redis->n_errors++;
	if (reply && reply->type == REDIS_REPLY_ERROR)
		redis_tell_error(redis, reply);
	return false;
}
