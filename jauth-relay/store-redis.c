/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links and pushes in a Redis that several relays share. Behind the prefix:
 *
 *   link:ID       hash: version, number, expires, host, data; gone at `expires`
 *   events:HOST   sorted set: ids of its links by the number of their last event
 *   open:HOST     sorted set: ids of its links by their end
 *   open          the same of all links
 *   pushes:HOST   the same of its pushes, which are kept as links are
 *   pushes        the same of all pushes
 *   listen:APP    sorted set: "HOST ID" of the links by which hosts listen, by their end
 *   number        the last version or number that was given
 *   instance      random: another one, another store
 *   once:NAME     value
 *   records       set: lines of hosts.h
 *   changes       channel: "link ID", "host HOST", "keys", and "beat", which means nothing
 *
 * A change is one script, so it happens whole. Limits count what has not ended, by the sets whose
 * scores are ends; a counter would drift when Redis drops a link by itself. Redis's clock is the
 * one that counts. A Redis Cluster can not run this: the keys of a script lie together. Redis 5 or
 * newer, without TLS: codes and digits pass this connection as they are, so it is a local socket or
 * a network of its own. The rights a Redis user needs are a test's (tests/e2e/test_relay_store.py).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/store-redis.h"

#define RECORDS_MAX   (4 * HOSTS_MAX)    /* both states of each, and what was forgotten */
#define LISTENERS_MAX 4096               /* links that are looked at for their hosts */

/* What the scripts return. */
static const int outcomes[] = { 0, -ESTALE, -EDQUOT, -ENFILE, -EEXIST };

static struct redis_store *redis_of(const struct store *store)
{
	return container_of(store, struct redis_store, store);
}

/* --- what is sent --- */

static void add_key(const struct redis_store *redis, struct command *command, const char *kind,
		    const char *name)
{
	_cleanup_free_ char *key = text_format("%s%s%s", redis->store.settings.redis_prefix, kind,
					       name);

	command_add_text(command, key);
}

/* EVALSHA digest n-keys; keys and values are the caller's to add. */
static struct redis_request *script_request(enum redis_script number, int n_keys,
					    reply_fn on_reply, void *context)
{
	const char *script = redis_scripts[number];
	struct redis_request *request = redis_request_new(on_reply, context);
	_cleanup_(buf_done) struct buf hex = BUF_INIT(2 * DIGEST_BYTES_MAX);
	struct digest digest = { .len = 0 };

	/* Without a digest Redis does not know the script, and gets it whole. */
	(void)crypto_digest(DIGEST_SHA1, script, strlen(script), &digest);
	hex_add(&hex, digest.bytes, digest.len);
	request->script = script;
	command_add_text(&request->command, "EVALSHA");
	command_add_text(&request->command, buf_text(&hex));
	command_add_number(&request->command, n_keys);
	return request;
}

static void on_done(struct redis_store *redis, struct redis_request *request,
		   const redisReply *reply)
{
	int r = -EHOSTDOWN;

	if (redis_reply_is_good(redis, reply, REDIS_REPLY_INTEGER) && reply->integer >= 0 &&
	    reply->integer < (long long)N_ELEMENTS(outcomes))
		r = outcomes[reply->integer];
	request->answer.done(request->context, r);
}

/* Of what is counted by its end. */
static const char *const open_keys[STORED_N_KINDS] = {
	[STORED_LINK] = "open", [STORED_PUSH] = "pushes",
};

static void add_host_key(const struct redis_store *redis, struct command *command,
			 const char *kind, const char *host)
{
	_cleanup_free_ char *name = text_format("%s:", kind);

	add_key(redis, command, name, host);
}

static void redis_put(struct store *store, const struct stored *link, bool is_event,
		      store_done_fn done, void *context)
{
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = script_request(SCRIPT_PUT, 5, on_done, context);
	struct command *command = &request->command;
	const struct store_limits limits = store_limits(store, link->kind);

	request->answer.done = done;
	add_host_key(redis, command, open_keys[link->kind], link->host);
	add_key(redis, command, "events:", link->host);
	add_key(redis, command, "link:", link->id);
	add_key(redis, command, open_keys[link->kind], "");
	add_key(redis, command, "number", "");
	command_add_text(command, link->id);
	command_add_number(command, (int64_t)link->version);
	command_add_number(command, link->expires_s);
	command_add_number(command, is_event);
	command_add_text(command, link->host);
	command_add(command, link->data, link->len);
	command_add_number(command, limits.per_host);
	command_add_number(command, limits.total);
	command_add_text(command, redis->channel);
	redis_send(redis, request, false);
}

/* --- what comes back: outside bytes --- */

static bool read_number(const redisReply *reply, int64_t *ret_number)
{
	return reply->type == REDIS_REPLY_STRING &&
	       text_to_number(reply->str, 0, INT64_MAX, ret_number) == 0;
}

/* version, number, expires, data; a link without an event has no number. */
static bool read_stored(redisReply *const *elements, struct stored *ret_stored)
{
	int64_t version, number = 0;

	if (!read_number(elements[0], &version) || version < 1 ||
	    (elements[1]->type != REDIS_REPLY_NIL && !read_number(elements[1], &number)) ||
	    !read_number(elements[2], &ret_stored->expires_s) ||
	    elements[3]->type != REDIS_REPLY_STRING)
		return false;
	ret_stored->version = (uint64_t)version;
	ret_stored->number = number;
	ret_stored->data = elements[3]->str;
	ret_stored->len = (size_t)elements[3]->len;
	return true;
}

static void on_link(struct redis_store *redis, struct redis_request *request,
		   const redisReply *reply)
{
	struct stored stored = { .id = request->name };
	int r = 0;

	if (!redis_reply_is_good(redis, reply, REDIS_REPLY_ARRAY) || reply->elements != 5)
		r = -EHOSTDOWN;
	else if (reply->element[0]->type == REDIS_REPLY_NIL)
		r = -ENOENT;
	else if (!read_stored(reply->element, &stored) ||
		 reply->element[4]->type != REDIS_REPLY_STRING)
		r = -EHOSTDOWN;
	else if (stored.expires_s <= store_now_us(&redis->store) / 1000000)
		r = -ENOENT;
	if (r == 0)
		stored.host = reply->element[4]->str;
	request->answer.link(request->context, r, r == 0 ? &stored : NULL);
}

static void redis_get(struct store *store, const char *id, store_link_fn done, void *context)
{
	static const char *const fields[] = { "version", "number", "expires", "data", "host" };
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = redis_request_new(on_link, context);

	request->answer.link = done;
	if (!text_into(request->name, sizeof(request->name), id)) {
		free(request);
		done(context, -ENOENT, NULL);
		return;
	}
	command_add_text(&request->command, "HMGET");
	add_key(redis, &request->command, "link:", id);
	for (size_t i = 0; i < N_ELEMENTS(fields); i++)
		command_add_text(&request->command, fields[i]);
	redis_send(redis, request, false);
}

static bool read_events(const redisReply *reply, const char *host, struct stored *ret_list,
			size_t *ret_n, int64_t *ret_next)
{
	size_t n = reply->elements / 5;

	if (reply->elements % 5 != 1 || n > RELAY_EVENTS_MAX ||
	    !read_number(reply->element[0], ret_next))
		return false;
	for (size_t i = 0; i < n; i++) {
		redisReply *const *elements = reply->element + 1 + 5 * i;

		ret_list[i] = (struct stored){ .id = elements[0]->str, .host = host };
		if (elements[0]->type != REDIS_REPLY_STRING ||
		    !read_stored(elements + 1, &ret_list[i]))
			return false;
	}
	*ret_n = n;
	return true;
}

static void on_events(struct redis_store *redis, struct redis_request *request,
		   const redisReply *reply)
{
	struct stored list[RELAY_EVENTS_MAX];
	int64_t next = 0;
	size_t n = 0;

	if (redis_reply_is_good(redis, reply, REDIS_REPLY_ARRAY) &&
	    read_events(reply, request->name, list, &n, &next))
		request->answer.events(request->context, 0, list, n, next);
	else
		request->answer.events(request->context, -EHOSTDOWN, NULL, 0, 0);
}

static void redis_events(struct store *store, const char *host, int64_t after,
			 store_events_fn done, void *context)
{
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = script_request(SCRIPT_EVENTS, 3, on_events, context);
	struct command *command = &request->command;
	bool fits = text_into(request->name, sizeof(request->name), host);

	assert(fits);
	request->answer.events = done;
	add_key(redis, command, "open:", host);
	add_key(redis, command, "events:", host);
	add_key(redis, command, "number", "");
	command_add_number(command, MAX(after, (int64_t)0));
	command_add_number(command, RELAY_EVENTS_MAX);
	add_key(redis, command, "link:", "");
	redis_send(redis, request, false);
}

static void redis_listen(struct store *store, const struct listening *listening,
			 store_done_fn done, void *context)
{
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = script_request(SCRIPT_LISTEN, 1, on_done, context);
	_cleanup_free_ char *member = text_format("%s %s", listening->host, listening->link);

	request->answer.done = done;
	add_key(redis, &request->command, "listen:", listening->app);
	command_add_text(&request->command, member);
	command_add_number(&request->command, listening->until_s);
	redis_send(redis, request, false);
}

static void on_listeners(struct redis_store *redis, struct redis_request *request,
			 const redisReply *reply)
{
	listener_host hosts[PUSH_HOSTS_MAX];
	size_t n = 0;

	if (!redis_reply_is_good(redis, reply, REDIS_REPLY_ARRAY)) {
		request->answer.hosts(request->context, -EHOSTDOWN, NULL, 0);
		return;
	}
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *member = reply->element[i];

		if (member->type != REDIS_REPLY_STRING)
			continue;
		member->str[strcspn(member->str, " ")] = '\0';
		if (strlen(member->str) == RELAY_KEY_ID_LEN)
			listeners_add_host(member->str, PUSH_HOSTS_MAX, hosts, &n);
	}
	request->answer.hosts(request->context, 0, hosts, n);
}

static void redis_listeners(struct store *store, const char *app, store_hosts_fn done,
			    void *context)
{
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = redis_request_new(on_listeners, context);
	_cleanup_free_ char *after = text_format("(%lld", (long long)store_now_us(store) / 1000000);

	request->answer.hosts = done;
	command_add_text(&request->command, "ZREVRANGEBYSCORE");
	add_key(redis, &request->command, "listen:", app);
	command_add_text(&request->command, "+inf");
	command_add_text(&request->command, after);
	command_add_text(&request->command, "LIMIT");
	command_add_number(&request->command, 0);
	command_add_number(&request->command, LISTENERS_MAX);
	redis_send(redis, request, false);
}

static void redis_once(struct store *store, const char *name, const char *value, int64_t seconds,
		       store_done_fn done, void *context)
{
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = script_request(SCRIPT_ONCE, 1, on_done, context);

	request->answer.done = done;
	add_key(redis, &request->command, "once:", name);
	command_add_text(&request->command, value);
	command_add_number(&request->command, seconds);
	redis_send(redis, request, false);
}

/* --- records --- */

static void on_added(struct redis_store *redis, struct redis_request *request UNUSED,
		     const redisReply *reply)
{
	if (redis_reply_is_good(redis, reply, REDIS_REPLY_INTEGER) && reply->integer != 0)
		log_error("the shared store holds too many records of hosts");
}

static void redis_add_record(struct store *store, const char *record)
{
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = script_request(SCRIPT_RECORD, 1, on_added, NULL);

	add_key(redis, &request->command, "records", "");
	command_add_text(&request->command, record);
	command_add_number(&request->command, RECORDS_MAX);
	command_add_text(&request->command, redis->channel);
	redis_send(redis, request, false);
}

static void on_records(struct redis_store *redis, struct redis_request *request,
		   const redisReply *reply)
{
	if (!redis_reply_is_good(redis, reply, REDIS_REPLY_ARRAY)) {
		request->answer.done(request->context, -EHOSTDOWN);
		return;
	}
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *line = reply->element[i];

		if (line->type == REDIS_REPLY_STRING && strlen(line->str) == (size_t)line->len)
			request->each(request->context, line->str);
	}
	request->answer.done(request->context, 0);
}

static void redis_each_record(struct store *store, store_record_fn each, store_done_fn done,
			      void *context)
{
	struct redis_store *redis = redis_of(store);
	struct redis_request *request = redis_request_new(on_records, context);

	request->answer.done = done;
	request->each = each;
	command_add_text(&request->command, "SMEMBERS");
	add_key(redis, &request->command, "records", "");
	redis_send(redis, request, false);
}

/* --- greeting --- */

/* Found empty while we were looking elsewhere: as after a loss. */
static void on_instance(struct redis_store *redis, struct redis_request *request UNUSED,
			const redisReply *reply)
{
	bool is_other;

	if (!redis_reply_is_good(redis, reply, REDIS_REPLY_STRING) ||
	    reply->len != INSTANCE_LEN || !text_is_printable_ascii(reply->str, INSTANCE_LEN)) {
		if (reply)
			redis_lose(redis, "it has no instance for us");
		return;
	}
	is_other = !text_equals(redis->instance, reply->str);
	(void)text_into(redis->instance, sizeof(redis->instance), reply->str);
	if (redis->is_up && is_other) {
		log_warning("the shared store was emptied: open links are gone");
		redis->store.settings.came_back(redis->store.settings.context);
	}
}

static void on_counted(struct redis_store *redis, struct redis_request *request UNUSED,
		       const redisReply *reply)
{
	if (redis_reply_is_good(redis, reply, REDIS_REPLY_INTEGER))
		redis->n_links = reply->integer;
}

static void on_greeted(struct redis_store *redis, struct redis_request *request UNUSED,
		       const redisReply *reply)
{
	if (!redis_reply_is_good(redis, reply, REDIS_REPLY_INTEGER)) {
		if (reply)
			redis_lose(redis, "it refuses to publish");
		return;
	}
	redis->is_greeted = true;
	redis_check_up(redis);
}

static void on_nothing(struct redis_store *redis UNUSED, struct redis_request *request UNUSED,
		       const redisReply *reply UNUSED)
{
}

/* So that calls are answered in their order: a script that Redis does not know yet takes a second
 * turn. If it may not be loaded, that is what happens. */
static void load_scripts(struct redis_store *redis)
{
	for (size_t i = 0; i < N_REDIS_SCRIPTS; i++) {
		struct redis_request *load = redis_request_new(on_nothing, NULL);

		command_add_text(&load->command, "SCRIPT");
		command_add_text(&load->command, "LOAD");
		command_add_text(&load->command, redis_scripts[i]);
		redis_send(redis, load, true);
	}
}

/* A new one each time, as one that was used before would say that nothing was lost. */
static void ask_instance(struct redis_store *redis)
{
	struct redis_request *set, *get = redis_request_new(on_instance, NULL);
	char instance[INSTANCE_LEN + 1];

	if (random_hex(instance, INSTANCE_BYTES) == 0) {
		set = redis_request_new(on_nothing, NULL);
		command_add_text(&set->command, "SET");
		add_key(redis, &set->command, "instance", "");
		command_add_text(&set->command, instance);
		command_add_text(&set->command, "NX");
		redis_send(redis, set, true);
	}
	command_add_text(&get->command, "GET");
	add_key(redis, &get->command, "instance", "");
	redis_send(redis, get, true);
}

/* The last one's reply is the end of the greeting. */
void redis_greet(struct redis_store *redis)
{
	struct redis_request *count = redis_request_new(on_counted, NULL);
	struct redis_request *publish = redis_request_new(on_greeted, NULL);

	command_add_text(&count->command, "ZCOUNT");
	add_key(redis, &count->command, "open", "");
	command_add_number(&count->command, store_now_us(&redis->store) / 1000000);
	command_add_text(&count->command, "+inf");
	command_add_text(&publish->command, "PUBLISH");
	command_add_text(&publish->command, redis->channel);
	command_add_text(&publish->command, "beat");
	if (!redis->is_greeted)
		load_scripts(redis);
	ask_instance(redis);
	redis_send(redis, count, true);
	redis_send(redis, publish, true);
}

void redis_heard(struct redis_store *redis, const char *text)
{
	const struct store_settings *settings = &redis->store.settings;

	if (text_has_prefix(text, "link "))
		settings->link_changed(settings->context, text + strlen("link "));
	else if (text_has_prefix(text, "host "))
		settings->host_changed(settings->context, text + strlen("host "));
	else if (text_equals(text, "keys"))
		settings->keys_changed(settings->context);
}

/* --- life --- */

static const char *redis_instance(const struct store *store)
{
	return redis_of(store)->instance;
}

static void redis_get_status(const struct store *store, struct store_status *ret_status)
{
	const struct redis_store *redis = redis_of(store);

	*ret_status = (struct store_status){
		.is_up = redis->is_up,
		.n_links = redis->n_links,
		.n_errors = redis->n_errors,
		.n_reconnects = redis->n_reconnects,
	};
}

static void redis_drop(struct store *store)
{
	struct redis_store *redis = redis_of(store);

	redis_close(redis);
	free(redis->channel);
	free(redis);
}

static int redis_make(const struct store_settings *settings, struct store **ret_store)
{
	struct redis_store *redis = calloc(1, sizeof(*redis));
	int r;

	if (!redis)
		abort();
	redis->store = (struct store){ &store_redis, *settings };
	redis->channel = text_format("%schanges", settings->redis_prefix);
	r = redis_open(redis);
	if (r < 0) {
		redis_drop(&redis->store);
		return r;
	}
	*ret_store = &redis->store;
	return 0;
}

const struct store_type store_redis = {
	.make = redis_make,
	.drop = redis_drop,
	.get = redis_get,
	.put = redis_put,
	.events = redis_events,
	.listen = redis_listen,
	.listeners = redis_listeners,
	.once = redis_once,
	.add_record = redis_add_record,
	.each_record = redis_each_record,
	.instance = redis_instance,
	.get_status = redis_get_status,
};
