/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections to Redis on our loop; see store-redis.h.
 *
 *   away        retry timer → its name is looked up → connecting
 *   connecting  AUTH, greeting and SUBSCRIBE answered → up; error, end or the beat → away
 *   up          error, end, a reply or a beat that does not come → away
 *
 * hiredis frees a context by itself when its connection ends, and later than we asked when we ask
 * from one of its callbacks; `async` is NULL from the moment on that we must not touch it.
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/store-redis.h"

#define LOOK_UP_TURN_US 10000

/* A name is looked up anew for each connection, by a thread of glibc's; we ask now and then whether
 * it is done. Not part of the store: the thread may still hold it when the store is freed. */
struct look_up {
	char *host;
	int port;
	struct addrinfo hints;
	struct gaicb ask;
	bool is_asked;
};

/* --- hiredis on our loop --- */

static void set_events(struct connection *connection, uint32_t set, uint32_t clear)
{
	uint32_t events = 0;

	if (!connection->io)
		return;
	(void)sd_event_source_get_io_events(connection->io, &events);
	(void)sd_event_source_set_io_events(connection->io, (events | set) & ~clear);
}

static void add_read(void *data)
{
	set_events(data, EPOLLIN, 0);
}

static void del_read(void *data)
{
	set_events(data, 0, EPOLLIN);
}

static void add_write(void *data)
{
	set_events(data, EPOLLOUT, 0);
}

static void del_write(void *data)
{
	set_events(data, 0, EPOLLOUT);
}

static void drop_source(void *data)
{
	struct connection *connection = data;

	connection->io = sd_event_source_disable_unref(connection->io);
}

/* An error or an end is found by reading. */
static int on_io(sd_event_source *source UNUSED, int fd UNUSED, uint32_t events, void *userdata)
{
	struct connection *connection = userdata;

	if (connection->async && (events & ~(uint32_t)EPOLLOUT))
		redisAsyncHandleRead(connection->async);
	if (connection->async && (events & EPOLLOUT))
		redisAsyncHandleWrite(connection->async);
	return 0;
}

static struct connection *connection_of(const redisAsyncContext *async)
{
	struct connection *connection = async->data;

	return connection->async == async ? connection : NULL;
}

/* hiredis frees it behind us in both. */
static void on_disconnect(const redisAsyncContext *async, int status UNUSED)
{
	struct connection *connection = connection_of(async);

	if (!connection)
		return;
	connection->async = NULL;
	redis_lose(connection->redis, async->errstr[0] ? async->errstr : "it ended the connection");
}

static void on_connect(const redisAsyncContext *async, int status)
{
	if (status != REDIS_OK)
		on_disconnect(async, status);
}

static int adopt(struct connection *connection, redisAsyncContext *async)
{
	if (!async)
		return -ENOMEM;
	connection->async = async;
	async->data = connection;
	if (async->err)
		return -ENOTCONN;
	async->ev.data = connection;
	async->ev.addRead = add_read;
	async->ev.delRead = del_read;
	async->ev.addWrite = add_write;
	async->ev.delWrite = del_write;
	async->ev.cleanup = drop_source;
	(void)redisAsyncSetDisconnectCallback(async, on_disconnect);
	return sd_event_add_io(connection->redis->store.settings.event, &connection->io,
			       async->c.fd, 0, on_io, connection);
}

/* `host` is an address, or NULL: a path. */
static int connect_one(struct connection *connection, const char *host)
{
	const struct redis_store *redis = connection->redis;
	int r = adopt(connection, host ? redisAsyncConnect(host, redis->look_up->port) :
		      redisAsyncConnectUnix(redis->path));

	/* From here on hiredis waits to write. */
	if (r >= 0 && redisAsyncSetConnectCallback(connection->async, on_connect) != REDIS_OK)
		r = -ENOMEM;
	return r;
}

/* --- loss --- */

static void drop(struct connection *connection)
{
	redisAsyncContext *async = steal(&connection->async);

	if (async)
		redisAsyncFree(async);
}

void redis_lose(struct redis_store *redis, const char *why)
{
	redis->is_up = redis->is_greeted = redis->is_subscribed = false;
	(void)sd_event_source_set_enabled(redis->beat, SD_EVENT_OFF);
	redis->n_errors++;
	if (!redis->is_told)
		log_error("the shared store is away: %s", why);
	redis->is_told = true;
	redis_set_timer(redis->retry, redis_now_us(redis) + redis->backoff_ms * 1000ull);
	redis->backoff_ms = MIN(2 * redis->backoff_ms, REDIS_BACKOFF_MAX_MS);
	drop(&redis->commands);
	drop(&redis->changes);
}

static int on_deadline(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct redis_store *redis = userdata;
	const struct redis_request *oldest = TAILQ_FIRST(&redis->open);

	if (!oldest)
		return 0;
	if (oldest->deadline_us <= redis_now_us(redis))
		redis_lose(redis, "it does not answer");
	else
		redis_set_timer(redis->deadline, oldest->deadline_us);
	return 0;
}

/* --- handshake --- */

static void on_authenticated(redisAsyncContext *async, void *data, void *userdata UNUSED)
{
	const redisReply *reply = data;
	struct connection *connection = connection_of(async);

	if (!connection || !reply || reply->type != REDIS_REPLY_ERROR)
		return;
	redis_tell_error(connection->redis, reply);
	redis_lose(connection->redis, "it does not accept the password");
}

static void authenticate(struct connection *connection)
{
	const struct store_settings *settings = &connection->redis->store.settings;
	struct command command = { .argc = 0 };

	if (!settings->redis_password)
		return;
	command_add_text(&command, "AUTH");
	if (settings->redis_user)
		command_add_text(&command, settings->redis_user);
	command_add(&command, settings->redis_password->data, settings->redis_password->len);
	(void)redisAsyncCommandArgv(connection->async, on_authenticated, NULL, command.argc,
				    (const char **)command.argv, command.lens);
	command_done(&command);
}

/* ["subscribe", channel, 1], then ["message", channel, text] for each. */
static void on_message(redisAsyncContext *async, void *data, void *userdata UNUSED)
{
	struct connection *connection = connection_of(async);
	const redisReply *reply = data;

	if (!connection || !reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
	    reply->element[0]->type != REDIS_REPLY_STRING)
		return;
	connection->redis->has_heard = true;
	if (text_equals(reply->element[0]->str, "subscribe")) {
		connection->redis->is_subscribed = true;
		redis_check_up(connection->redis);
	} else if (connection->redis->is_up && reply->element[2]->type == REDIS_REPLY_STRING) {
		redis_heard(connection->redis, reply->element[2]->str);
	}
}

void redis_check_up(struct redis_store *redis)
{
	if (redis->is_up || !redis->is_greeted || !redis->is_subscribed)
		return;
	redis->is_up = true;
	redis->n_reconnects += redis->was_up;
	redis->backoff_ms = REDIS_BACKOFF_MIN_MS;
	log_info("the shared store is %s", redis->was_up ? "back" : "there");
	redis->was_up = true;
	redis->is_told = false;
	redis->store.settings.came_back(redis->store.settings.context);
}

/* Each turn brings at least the word that greeting publishes; what brings none is dead, whatever
 * the socket says. */
static int on_beat(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct redis_store *redis = userdata;

	if (!redis->is_up || !redis->has_heard) {
		redis_lose(redis, "it does not answer");
		return 0;
	}
	redis->has_heard = false;
	redis_greet(redis);
	if (redis->commands.async) {
		(void)sd_event_source_set_time_relative(source, REDIS_TIMEOUT_MS * 1000ull);
		(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	}
	return 0;
}

static void connect_both(struct redis_store *redis, const char *host)
{
	int r = connect_one(&redis->commands, host);

	if (r >= 0)
		r = connect_one(&redis->changes, host);
	if (r < 0) {
		redis_lose(redis, strerror(-r));
		return;
	}
	redis->has_heard = false;
	redis_set_timer(redis->beat, redis_now_us(redis) + REDIS_TIMEOUT_MS * 1000ull);
	authenticate(&redis->commands);
	authenticate(&redis->changes);
	(void)redisAsyncCommand(redis->changes.async, on_message, NULL, "SUBSCRIBE %s",
				redis->channel);
	redis_greet(redis);
}

/* 0: an address; else an EAI_ code. */
static int look_up(struct look_up *look_up, char ret_address[NI_MAXHOST])
{
	struct gaicb *list[] = { &look_up->ask };
	int r;

	if (!look_up->is_asked) {
		look_up->ask = (struct gaicb){
			.ar_name = look_up->host, .ar_request = &look_up->hints,
		};
		r = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
		if (r != 0)
			return r;
		look_up->is_asked = true;
	}
	r = gai_error(&look_up->ask);
	if (r == EAI_INPROGRESS)
		return r;
	look_up->is_asked = false;
	if (r != 0)
		return r;
	r = getnameinfo(look_up->ask.ar_result->ai_addr, look_up->ask.ar_result->ai_addrlen,
			ret_address, NI_MAXHOST, NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(look_up->ask.ar_result);
	return r;
}

static int on_retry(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct redis_store *redis = userdata;
	char address[NI_MAXHOST];
	int r = redis->path ? 0 : look_up(redis->look_up, address);

	if (r == EAI_INPROGRESS)
		redis_set_timer(redis->retry, redis_now_us(redis) + LOOK_UP_TURN_US);
	else if (r != 0)
		redis_lose(redis, gai_strerror(r));
	else
		connect_both(redis, redis->path ? NULL : address);
	return 0;
}

/* --- life --- */

static struct look_up *look_up_free(struct look_up *look_up)
{
	if (!look_up || (look_up->is_asked && gai_cancel(&look_up->ask) == EAI_NOTCANCELED))
		return NULL;
	if (look_up->is_asked && gai_error(&look_up->ask) == 0)
		freeaddrinfo(look_up->ask.ar_result);
	free(look_up->host);
	free(look_up);
	return NULL;
}

static int set_address(struct redis_store *redis, const char *address)
{
	_cleanup_free_ char *copy = text_copy(address);
	char *colon = strrchr(copy, ':'), *host = copy;
	int64_t port;

	if (address[0] == '/') {
		redis->path = text_copy(address);
		return 0;
	}
	if (!colon || colon == copy || text_to_number(colon + 1, 1, UINT16_MAX, &port) < 0)
		return -EINVAL;
	*colon = '\0';
	if (host[0] == '[' && colon[-1] == ']') {
		host++;
		colon[-1] = '\0';
	}
	redis->look_up = calloc(1, sizeof(*redis->look_up));
	if (!redis->look_up)
		abort();
	redis->look_up->host = text_copy(host);
	redis->look_up->port = (int)port;
	redis->look_up->hints.ai_socktype = SOCK_STREAM;
	return 0;
}

static int add_timer(struct redis_store *redis, sd_event_time_handler_t handler,
		     sd_event_source **ret_timer)
{
	int r = sd_event_add_time(redis->store.settings.event, ret_timer, CLOCK_MONOTONIC,
				  UINT64_MAX, 1000, handler, redis);

	return r < 0 ? r : sd_event_source_set_enabled(*ret_timer, SD_EVENT_OFF);
}

int redis_open(struct redis_store *redis)
{
	int r = set_address(redis, redis->store.settings.redis);

	TAILQ_INIT(&redis->open);
	redis->commands.redis = redis->changes.redis = redis;
	redis->backoff_ms = REDIS_BACKOFF_MIN_MS;
	if (r >= 0)
		r = add_timer(redis, on_deadline, &redis->deadline);
	if (r >= 0)
		r = add_timer(redis, on_beat, &redis->beat);
	if (r >= 0)
		r = add_timer(redis, on_retry, &redis->retry);
	if (r >= 0)
		redis_set_timer(redis->retry, 0);
	return r;
}

void redis_close(struct redis_store *redis)
{
	redis->is_up = false;
	drop(&redis->commands);
	drop(&redis->changes);
	(void)sd_event_source_disable_unref(redis->deadline);
	(void)sd_event_source_disable_unref(redis->beat);
	(void)sd_event_source_disable_unref(redis->retry);
	redis->look_up = look_up_free(redis->look_up);
	free(redis->path);
}
