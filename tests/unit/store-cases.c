/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store-cases.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/store.h"

#define HOST_A "aaaaaaaaaaaaaaaa"
#define HOST_B "bbbbbbbbbbbbbbbb"
#define LINKS_MAX_HERE 50
#define PER_HOST_HERE 40
#define WAIT_US 5000000ull

struct seen {
	struct store *looks_again;       /* at each link that changed; or NULL */
	unsigned looks;
	unsigned links, hosts, keys, backs;
	char link[RELAY_ID_LEN + 1], host[RELAY_KEY_ID_LEN + 1];
};

struct fixture {
	sd_event *event;
	struct store *store;
	char prefix[32];
	struct seen seen;
	/* of the last answer */
	unsigned n_answers;
	int error;
	struct stored link;              /* without pointers */
	struct buf data;
	char ids[RELAY_EVENTS_MAX * 24]; /* "id id " */
	size_t n;
	int64_t next;
	struct buf records;
	char hosts[PUSH_HOSTS_MAX * 20]; /* "host host " */
};

static const char *address;              /* set once, before the cases run */

static void on_looked(void *context, int error, const struct stored *link)
{
	struct seen *seen = context;

	assert_int_equal(error, 0);
	assert_string_equal(link->host, HOST_A);
	seen->looks++;
}

static void on_link_changed(void *context, const char *id)
{
	struct seen *seen = context;

	if (seen->looks_again)
		store_get(seen->looks_again, id, on_looked, seen);
	seen->links++;
	assert_true(text_into(seen->link, sizeof(seen->link), id));
}

static void on_host_changed(void *context, const char *host)
{
	struct seen *seen = context;

	seen->hosts++;
	assert_true(text_into(seen->host, sizeof(seen->host), host));
}

static void on_keys_changed(void *context)
{
	((struct seen *)context)->keys++;
}

static void on_back(void *context)
{
	((struct seen *)context)->backs++;
}

/* Turns the loop until it is more than `before`. */
static void wait_for(struct fixture *fixture, const unsigned *count, unsigned before)
{
	while (*count == before)
		assert_true(sd_event_run(fixture->event, WAIT_US) > 0);
}

static int make_store(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct store_settings settings = {
		.redis = address,
		.redis_prefix = fixture->prefix,
		.links_max = LINKS_MAX_HERE,
		.links_per_host = PER_HOST_HERE,
		.link_changed = on_link_changed,
		.host_changed = on_host_changed,
		.keys_changed = on_keys_changed,
		.came_back = on_back,
		.context = &fixture->seen,
	};

	assert_int_equal(random_hex(fixture->prefix, 8), 0);
	assert_true(sd_event_new(&fixture->event) >= 0);
	settings.event = fixture->event;
	fixture->data = (struct buf)BUF_INIT(LINK_BYTES_MAX);
	fixture->records = (struct buf)BUF_INIT(4096);
	assert_int_equal(store_new(&settings, &fixture->store), 0);
	if (address)
		wait_for(fixture, &fixture->seen.backs, 0);
	*state = fixture;
	return 0;
}

static int drop_store(void **state)
{
	struct fixture *fixture = *state;

	assert_null(store_free(fixture->store));
	buf_done(&fixture->data);
	buf_done(&fixture->records);
	(void)sd_event_unref(fixture->event);
	free(fixture);
	return 0;
}

/* --- calls that wait for their answer --- */

static void on_done(void *context, int error)
{
	struct fixture *fixture = context;

	fixture->n_answers++;
	fixture->error = error;
}

static void on_link(void *context, int error, const struct stored *link)
{
	struct fixture *fixture = context;

	on_done(context, error);
	buf_done(&fixture->data);
	if (error)
		return;
	fixture->link = *link;
	buf_add(&fixture->data, link->data, link->len);
	assert_true(text_into(fixture->ids, sizeof(fixture->ids), link->id));
	assert_true(text_equals(link->host, HOST_A) || text_equals(link->host, HOST_B));
}

static void on_events(void *context, int error, const struct stored *links, size_t n, int64_t next)
{
	struct fixture *fixture = context;
	struct buf ids = BUF_INIT(sizeof(fixture->ids) - 1);

	on_done(context, error);
	fixture->n = n;
	fixture->next = next;
	for (size_t i = 0; i < n; i++) {
		buf_add_format(&ids, "%s ", links[i].id);
		assert_true(i == 0 || links[i].number > links[i - 1].number);
		assert_true(links[i].version >= (uint64_t)links[i].number);
	}
	assert_true(text_into(fixture->ids, sizeof(fixture->ids), buf_text(&ids)));
	buf_done(&ids);
}

static int answered(struct fixture *fixture, unsigned before)
{
	wait_for(fixture, &fixture->n_answers, before);
	assert_int_equal(fixture->n_answers, before + 1);
	return fixture->error;
}

static int get(struct fixture *fixture, const char *id)
{
	unsigned before = fixture->n_answers;

	store_get(fixture->store, id, on_link, fixture);
	return answered(fixture, before);
}

static int put(struct fixture *fixture, const struct stored *link, bool is_event)
{
	unsigned before = fixture->n_answers;

	store_put(fixture->store, link, is_event, on_done, fixture);
	return answered(fixture, before);
}

static int64_t now_s(const struct fixture *fixture)
{
	uint64_t usec = 0;

	assert_true(sd_event_now(fixture->event, CLOCK_REALTIME, &usec) >= 0);
	return (int64_t)(usec / 1000000);
}

/* A new one, or one more change of it. */
static int change(struct fixture *fixture, const char *host, const char *id, bool is_event)
{
	struct stored link = {
		.id = id, .host = host, .expires_s = now_s(fixture) + 60, .data = "data", .len = 4,
	};

	if (get(fixture, id) == 0) {
		link.version = fixture->link.version;
		link.expires_s = fixture->link.expires_s;
	}
	return put(fixture, &link, is_event);
}

static int events(struct fixture *fixture, const char *host, int64_t after)
{
	unsigned before = fixture->n_answers;

	store_events(fixture->store, host, after, on_events, fixture);
	return answered(fixture, before);
}

static void assert_events(struct fixture *fixture, const char *host, int64_t after,
			  const char *expected)
{
	assert_int_equal(events(fixture, host, after), 0);
	assert_string_equal(fixture->ids, expected);
}

static int once(struct fixture *fixture, const char *name, const char *value)
{
	unsigned before = fixture->n_answers;

	store_once(fixture->store, name, value, 2, on_done, fixture);
	return answered(fixture, before);
}

static int listen(struct fixture *fixture, const char *app, const char *host, const char *link,
		  int64_t seconds)
{
	const struct listening listening = {
		.app = app, .host = host, .link = link,
		.until_s = seconds ? now_s(fixture) + seconds : 0,
	};
	unsigned before = fixture->n_answers;

	store_listen(fixture->store, &listening, on_done, fixture);
	return answered(fixture, before);
}

static void on_hosts(void *context, int error, const listener_host *hosts, size_t n)
{
	struct fixture *fixture = context;
	struct buf text = BUF_INIT(sizeof(fixture->hosts) - 1);

	on_done(context, error);
	for (size_t i = 0; i < n; i++)
		buf_add_format(&text, "%s ", hosts[i]);
	assert_true(text_into(fixture->hosts, sizeof(fixture->hosts), buf_text(&text)));
	buf_done(&text);
	fixture->n = n;
}

static void assert_listeners(struct fixture *fixture, const char *app, const char *expected)
{
	unsigned before = fixture->n_answers;

	store_listeners(fixture->store, app, on_hosts, fixture);
	assert_int_equal(answered(fixture, before), 0);
	assert_string_equal(fixture->hosts, expected);
}

/* --- cases --- */

static void what_was_put_is_read_back(void **state)
{
	static const char data[] = "any\0bytes\r\n\xff";
	struct fixture *fixture = *state;
	struct stored link = {
		.id = "one", .host = HOST_A, .expires_s = now_s(fixture) + 60,
		.data = data, .len = sizeof(data),
	};

	assert_int_equal(get(fixture, "one"), -ENOENT);
	assert_int_equal(put(fixture, &link, false), 0);
	assert_int_equal(get(fixture, "one"), 0);
	assert_string_equal(fixture->ids, "one");
	assert_int_equal(fixture->link.expires_s, link.expires_s);
	assert_true(fixture->link.version > 0);
	assert_int_equal(fixture->link.number, 0);
	assert_int_equal(fixture->data.len, sizeof(data));
	assert_memory_equal(buf_text(&fixture->data), data, sizeof(data));
	assert_int_equal(get(fixture, "two"), -ENOENT);
	assert_int_equal(get(fixture, "an id that is longer than any id of a link can be"),
			 -ENOENT);
}

static void the_longest_link_fits(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *data = calloc(1, LINK_BYTES_MAX);
	struct stored link = {
		.id = "one", .host = HOST_A, .expires_s = now_s(fixture) + 60,
		.data = data, .len = LINK_BYTES_MAX,
	};

	memset(data, '\r', LINK_BYTES_MAX);
	assert_int_equal(put(fixture, &link, true), 0);
	assert_int_equal(get(fixture, "one"), 0);
	assert_int_equal(fixture->data.len, LINK_BYTES_MAX);
	assert_memory_equal(buf_text(&fixture->data), data, LINK_BYTES_MAX);
}

static void only_the_last_reader_may_write(void **state)
{
	struct fixture *fixture = *state;
	struct stored link = {
		.id = "one", .host = HOST_A, .expires_s = now_s(fixture) + 60,
		.data = "1", .len = 1,
	};
	uint64_t first;

	link.version = 7;
	assert_int_equal(put(fixture, &link, false), -ESTALE);
	link.version = 0;
	assert_int_equal(put(fixture, &link, false), 0);
	assert_int_equal(put(fixture, &link, false), -ESTALE);
	assert_int_equal(get(fixture, "one"), 0);
	link.version = first = fixture->link.version;
	link.data = "2";
	assert_int_equal(put(fixture, &link, false), 0);
	assert_int_equal(put(fixture, &link, true), -ESTALE);
	assert_int_equal(get(fixture, "one"), 0);
	assert_string_equal(buf_text(&fixture->data), "2");
	assert_true(fixture->link.version > first);
	assert_events(fixture, HOST_A, 0, "");
}

static void events_come_in_their_order_and_once(void **state)
{
	struct fixture *fixture = *state;
	int64_t second;

	assert_events(fixture, HOST_A, 0, "");
	assert_int_equal(fixture->next, 0);
	assert_int_equal(change(fixture, HOST_A, "one", true), 0);
	assert_int_equal(change(fixture, HOST_A, "two", true), 0);
	assert_int_equal(change(fixture, HOST_B, "other", true), 0);
	assert_int_equal(change(fixture, HOST_A, "quiet", false), 0);
	assert_events(fixture, HOST_A, 0, "one two ");
	second = fixture->next;
	assert_events(fixture, HOST_A, second, "");
	assert_int_equal(fixture->next, second);
	assert_int_equal(change(fixture, HOST_A, "one", true), 0);
	assert_int_equal(change(fixture, HOST_A, "two", false), 0);
	assert_events(fixture, HOST_A, second, "one ");
	assert_true(fixture->next > second);
	assert_events(fixture, HOST_A, 0, "two one ");
	assert_events(fixture, HOST_B, 0, "other ");
	assert_events(fixture, "cccccccccccccccc", 0, "");
}

/* Of a relay that was started anew, or of another store. */
static void a_number_from_the_future_counts_as_none(void **state)
{
	struct fixture *fixture = *state;
	assert_events(fixture, HOST_A, INT64_MAX, "");
	assert_int_equal(fixture->next, 0);
	assert_int_equal(change(fixture, HOST_A, "one", true), 0);
	assert_events(fixture, HOST_A, INT64_MAX, "one ");
	assert_events(fixture, HOST_A, fixture->next + 1, "one ");
	assert_in_range(fixture->next / 1000000, now_s(fixture) - 60, now_s(fixture) + 60);
}

static void many_events_come_in_parts(void **state)
{
	struct fixture *fixture = *state;
	char id[16];

	for (int i = 0; i < RELAY_EVENTS_MAX + 2; i++) {
		(void)snprintf(id, sizeof(id), "l%d", i);
		assert_int_equal(change(fixture, HOST_A, id, true), 0);
	}
	assert_non_null(strstr(id, "33"));
	assert_int_equal(events(fixture, HOST_A, 0), 0);
	assert_int_equal(fixture->n, RELAY_EVENTS_MAX);
	assert_true(text_has_prefix(fixture->ids, "l0 l1 "));
	assert_events(fixture, HOST_A, fixture->next, "l32 l33 ");
}

static void what_ended_is_gone(void **state)
{
	struct fixture *fixture = *state;
	struct stored link = {
		.id = "short", .host = HOST_A, .expires_s = now_s(fixture) + 2,
		.data = "1", .len = 1,
	};

	assert_int_equal(put(fixture, &link, true), 0);
	assert_int_equal(change(fixture, HOST_A, "long", true), 0);
	assert_int_equal(get(fixture, "short"), 0);
	link.version = fixture->link.version;
	pass_seconds(fixture->event, 3);
	assert_int_equal(get(fixture, "short"), -ENOENT);
	assert_int_equal(put(fixture, &link, true), -ESTALE);
	assert_events(fixture, HOST_A, 0, "long ");
}

static void links_are_limited_and_what_ended_does_not_count(void **state)
{
	struct fixture *fixture = *state;
	struct stored link = { .expires_s = now_s(fixture) + 3, .data = "1", .len = 1 };
	char id[16];

	link.id = id;
	link.host = HOST_A;
	for (int i = 0; i <= PER_HOST_HERE; i++) {
		(void)snprintf(id, sizeof(id), "a%d", i);
		assert_int_equal(put(fixture, &link, true), i < PER_HOST_HERE ? 0 : -EDQUOT);
	}
	link.host = HOST_B;
	for (int i = PER_HOST_HERE; i <= LINKS_MAX_HERE; i++) {
		(void)snprintf(id, sizeof(id), "b%d", i);
		assert_int_equal(put(fixture, &link, true), i < LINKS_MAX_HERE ? 0 : -ENFILE);
	}
	/* What is there may change all the same. */
	assert_int_equal(change(fixture, HOST_A, "a0", true), 0);
	pass_seconds(fixture->event, 4);
	assert_int_equal(change(fixture, HOST_B, "new", true), 0);
	assert_int_equal(change(fixture, HOST_A, "new2", true), 0);
	assert_events(fixture, HOST_A, 0, "new2 ");
}

/* However many pushes there are, links have their places, and the other way round. */
static void pushes_have_limits_of_their_own(void **state)
{
	struct fixture *fixture = *state;
	struct stored push = {
		.kind = STORED_PUSH, .host = HOST_A, .expires_s = now_s(fixture) + 3,
		.data = "1", .len = 1,
	};
	struct store_status status;
	char id[16];

	push.id = id;
	for (int i = 0; i <= PUSHES_PER_HOST; i++) {
		(void)snprintf(id, sizeof(id), "p%d", i);
		assert_int_equal(put(fixture, &push, true), i < PUSHES_PER_HOST ? 0 : -EDQUOT);
	}
	push.kind = STORED_LINK;
	for (int i = 0; i <= PER_HOST_HERE; i++) {
		(void)snprintf(id, sizeof(id), "a%d", i);
		assert_int_equal(put(fixture, &push, false), i < PER_HOST_HERE ? 0 : -EDQUOT);
	}
	store_get_status(fixture->store, &status);
	assert_int_equal(status.n_links, address ? 0 : PER_HOST_HERE);
	push.kind = STORED_PUSH;
	push.host = HOST_B;
	assert_int_equal(put(fixture, &push, true), 0);
	/* One that ends at once makes room. */
	assert_int_equal(get(fixture, "p0"), 0);
	push.id = "p0";
	push.host = HOST_A;
	push.version = fixture->link.version;
	push.expires_s = now_s(fixture);
	push.data = "";
	push.len = 0;
	assert_int_equal(put(fixture, &push, false), 0);
	assert_int_equal(get(fixture, "p0"), -ENOENT);
	assert_int_equal(change(fixture, HOST_B, "link", true), 0);
	push.version = 0;
	push.expires_s = now_s(fixture) + 3;
	push.id = "new";
	assert_int_equal(put(fixture, &push, true), 0);
	pass_seconds(fixture->event, 4);
	assert_events(fixture, HOST_A, 0, "");
	assert_events(fixture, HOST_B, 0, "link ");
	assert_int_equal(change(fixture, HOST_A, "last", true), 0);
	assert_events(fixture, HOST_A, 0, "last ");
}

static void hosts_listen_as_long_as_their_links_live(void **state)
{
	struct fixture *fixture = *state;

	assert_listeners(fixture, "wx1", "");
	assert_int_equal(listen(fixture, "wx1", HOST_A, "one", 2), 0);
	assert_int_equal(listen(fixture, "wx1", HOST_A, "two", 60), 0);
	assert_int_equal(listen(fixture, "wx1", HOST_A, "two", 60), 0);
	assert_int_equal(listen(fixture, "wx2", HOST_B, "three", 60), 0);
	assert_listeners(fixture, "wx1", HOST_A " ");
	assert_listeners(fixture, "wx2", HOST_B " ");
	assert_listeners(fixture, "wx", "");
	assert_int_equal(listen(fixture, "wx1", HOST_B, "four", 70), 0);
	assert_listeners(fixture, "wx1", HOST_B " " HOST_A " ");
	/* One of two links has ended by itself, the other is ended. */
	pass_seconds(fixture->event, 3);
	assert_listeners(fixture, "wx1", HOST_B " " HOST_A " ");
	assert_int_equal(listen(fixture, "wx1", HOST_A, "two", 0), 0);
	assert_listeners(fixture, "wx1", HOST_B " ");
	assert_int_equal(listen(fixture, "wx1", HOST_A, "two", 0), 0);
	assert_int_equal(listen(fixture, "wx1", HOST_B, "four", 0), 0);
	assert_listeners(fixture, "wx1", "");
	assert_listeners(fixture, "wx2", HOST_B " ");
}

static void many_listeners_are_some(void **state)
{
	struct fixture *fixture = *state;
	char host[RELAY_KEY_ID_LEN + 1], id[16];
	unsigned before;

	for (int i = 0; i < PUSH_HOSTS_MAX + 3; i++) {
		(void)snprintf(host, sizeof(host), "%016d", i);
		(void)snprintf(id, sizeof(id), "link%d", i);
		assert_int_equal(listen(fixture, "wx1", host, id, 60 + i), 0);
	}
	before = fixture->n_answers;
	store_listeners(fixture->store, "wx1", on_hosts, fixture);
	assert_int_equal(answered(fixture, before), 0);
	assert_int_equal(fixture->n, PUSH_HOSTS_MAX);
	assert_true(text_has_prefix(fixture->hosts, host));      /* the latest */
}

static void whoever_waits_is_told(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(change(fixture, HOST_A, "one", false), 0);
	wait_for(fixture, &fixture->seen.links, 0);
	assert_string_equal(fixture->seen.link, "one");
	assert_int_equal(fixture->seen.hosts, 0);
	assert_int_equal(change(fixture, HOST_A, "two", true), 0);
	wait_for(fixture, &fixture->seen.links, 1);
	wait_for(fixture, &fixture->seen.hosts, 0);
	assert_string_equal(fixture->seen.link, "two");
	assert_string_equal(fixture->seen.host, HOST_A);
	assert_int_equal(fixture->seen.links, 2);
}

/* As somebody does who waits for it. */
static void who_is_told_may_look_again_at_once(void **state)
{
	struct fixture *fixture = *state;

	fixture->seen.looks_again = fixture->store;
	assert_int_equal(change(fixture, HOST_A, "one", true), 0);
	wait_for(fixture, &fixture->seen.looks, 0);
	assert_int_equal(change(fixture, HOST_A, "one", true), 0);
	wait_for(fixture, &fixture->seen.looks, 1);
}

static void what_is_open_is_answered_when_the_store_ends(void **state)
{
	struct fixture *fixture = *state;
	unsigned before;

	assert_int_equal(change(fixture, HOST_A, "one", true), 0);
	before = fixture->n_answers;
	store_get(fixture->store, "one", on_link, fixture);
	store_once(fixture->store, "name", "value", 2, on_done, fixture);
	store_events(fixture->store, HOST_A, 0, on_events, fixture);
	store_listeners(fixture->store, "wx1", on_hosts, fixture);
	fixture->store = store_free(fixture->store);
	assert_int_equal(fixture->n_answers, before + 4);
	assert_int_equal(fixture->error, address ? -EHOSTDOWN : 0);
}

static void a_name_is_taken_once(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(once(fixture, "enrol", "key"), 0);
	assert_int_equal(once(fixture, "enrol", "key"), 0);
	assert_int_equal(once(fixture, "enrol", "another"), -EEXIST);
	assert_int_equal(once(fixture, "other", "another"), 0);
	pass_seconds(fixture->event, 3);
	assert_int_equal(once(fixture, "enrol", "another"), 0);
}

static void note_record(void *context, const char *record)
{
	struct fixture *fixture = context;

	buf_add_format(&fixture->records, "<%s>", record);
}

static void records_are_kept_where_several_relays_share_them(void **state)
{
	struct fixture *fixture = *state;
	unsigned before = fixture->n_answers;

	store_add_record(fixture->store, "key one open");
	store_add_record(fixture->store, "key one open");
	store_add_record(fixture->store, "key one over");
	store_each_record(fixture->store, note_record, on_done, fixture);
	assert_int_equal(answered(fixture, before), 0);
	if (!address) {
		assert_int_equal(fixture->records.len, 0);
		return;
	}
	assert_non_null(strstr(buf_text(&fixture->records), "<key one open>"));
	assert_non_null(strstr(buf_text(&fixture->records), "<key one over>"));
	assert_int_equal(fixture->records.len, 2 * strlen("<key one open>"));
	wait_for(fixture, &fixture->seen.keys, 0);
	wait_for(fixture, &fixture->seen.keys, 1);
}

static void a_store_tells_of_itself(void **state)
{
	struct fixture *fixture = *state;
	struct store_status status;

	assert_int_equal(change(fixture, HOST_A, "one", true), 0);
	store_get_status(fixture->store, &status);
	assert_true(status.is_up);
	assert_int_equal(status.n_errors, 0);
	assert_int_equal(status.n_reconnects, 0);
	assert_int_equal(status.n_links, address ? 0 : 1);       /* Redis is asked at each beat */
	assert_int_equal(strlen(store_instance(fixture->store)), 32);
}

int run_store_cases(const char *redis)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)
	const struct CMUnitTest tests[] = {
		CASE(what_was_put_is_read_back),
		CASE(the_longest_link_fits),
		CASE(only_the_last_reader_may_write),
		CASE(events_come_in_their_order_and_once),
		CASE(a_number_from_the_future_counts_as_none),
		CASE(many_events_come_in_parts),
		CASE(what_ended_is_gone),
		CASE(links_are_limited_and_what_ended_does_not_count),
		CASE(pushes_have_limits_of_their_own),
		CASE(hosts_listen_as_long_as_their_links_live),
		CASE(many_listeners_are_some),
		CASE(whoever_waits_is_told),
		CASE(who_is_told_may_look_again_at_once),
		CASE(what_is_open_is_answered_when_the_store_ends),
		CASE(a_name_is_taken_once),
		CASE(records_are_kept_where_several_relays_share_them),
		CASE(a_store_tells_of_itself),
	};

	address = redis;
	return cmocka_run_group_tests_name(redis ? "store in Redis" : "store in memory", tests,
					   NULL, NULL);
}
