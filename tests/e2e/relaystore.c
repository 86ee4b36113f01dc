/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store of jauth-relay in Redis, for tests/e2e/test_relay_store.py.
 *
 *   relaystore cases ADDRESS          the cases of tests/unit/store-cases.c
 *   relaystore talk ADDRESS PREFIX [USER]    password, if any, from the environment: a test's
 *
 * Talking: a line of words is a call, a line is its answer: the words and, behind a colon, the
 * error and what came. In between come "link ID", "host HOST", "keys", "back INSTANCE".
 *
 *   get ID | put ID HOST SECONDS VERSION EVENT DATA | events HOST AFTER
 *   once NAME VALUE SECONDS | add RECORD | records | status
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/store.h"
#include "tests/unit/store-cases.h"

#define WORDS_MAX 8

struct talk {
	sd_event *event;
	struct store *store;
	struct buf in;
};

/* One call; freed with its answer. */
struct call {
	char *text;
};

static int on_time(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	*(bool *)userdata = true;
	return 0;
}

void pass_seconds(void *event, unsigned seconds)
{
	bool is_over = false;

	(void)sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, seconds * 1000000ull, 0,
					 on_time, &is_over);
	while (!is_over)
		(void)sd_event_run(event, UINT64_MAX);
}

static void say(const char *word, const char *text)
{
	(void)printf("%s %s\n", word, text);
	(void)fflush(stdout);
}

static void on_link_changed(void *context UNUSED, const char *id)
{
	say("link", id);
}

static void on_host_changed(void *context UNUSED, const char *host)
{
	say("host", host);
}

static void on_keys_changed(void *context UNUSED)
{
	say("keys", "");
}

static void on_back(void *context)
{
	const struct talk *talk = context;

	say("back", store_instance(talk->store));
}

/* --- answers --- */

static void begin_answer(void *context, int error)
{
	struct call *call = context;

	(void)printf("%s: %d", call->text, error);
	free(call->text);
	free(call);
}

static void end_answer(void)
{
	(void)putchar('\n');
	(void)fflush(stdout);
}

static void on_done(void *context, int error)
{
	begin_answer(context, error);
	end_answer();
}

static void on_link(void *context, int error, const struct stored *link)
{
	begin_answer(context, error);
	if (error == 0)
		(void)printf(" %llu %lld %.*s", (unsigned long long)link->version,
			     (long long)link->number, (int)link->len, (const char *)link->data);
	end_answer();
}

static void on_events(void *context, int error, const struct stored *links, size_t n, int64_t next)
{
	begin_answer(context, error);
	(void)printf(" %lld", (long long)next);
	for (size_t i = 0; i < n; i++)
		(void)printf(" %s", links[i].id);
	end_answer();
}

static void on_record(void *context UNUSED, const char *record)
{
	say("record", record);
}

/* --- calls --- */

static void call_status(struct talk *talk)
{
	struct store_status status;

	store_get_status(talk->store, &status);
	(void)printf("status: %d %lld %llu %llu %s\n", status.is_up, (long long)status.n_links,
		     (unsigned long long)status.n_errors,
		     (unsigned long long)status.n_reconnects, store_instance(talk->store));
	(void)fflush(stdout);
}

static void call_put(struct talk *talk, char *const *words, void *call)
{
	struct stored link = {
		.id = words[1],
		.host = words[2],
		.expires_s = time(NULL) + strtoll(words[3], NULL, 10),
		.version = strtoull(words[4], NULL, 10),
		.data = words[6],
		.len = strlen(words[6]),
	};

	store_put(talk->store, &link, text_equals(words[5], "1"), on_done, call);
}

static void run(struct talk *talk, char *const *words, const char *line)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		abort();
	call->text = text_copy(line);
	if (text_equals(words[0], "get") && words[1]) {
		store_get(talk->store, words[1], on_link, call);
	} else if (text_equals(words[0], "put") && words[6]) {
		call_put(talk, words, call);
	} else if (text_equals(words[0], "events") && words[2]) {
		store_events(talk->store, words[1], strtoll(words[2], NULL, 10), on_events, call);
	} else if (text_equals(words[0], "once") && words[3]) {
		store_once(talk->store, words[1], words[2], strtoll(words[3], NULL, 10), on_done,
			   call);
	} else if (text_equals(words[0], "records")) {
		store_each_record(talk->store, on_record, on_done, call);
	} else {
		if (text_equals(words[0], "add") && words[1])
			store_add_record(talk->store, words[1]);
		else
			call_status(talk);
		free(call->text);
		free(call);
	}
}

static void run_line(struct talk *talk, const char *line)
{
	_cleanup_free_ char *copy = text_copy(line);
	char *rest = copy, *words[WORDS_MAX + 1] = { NULL };

	for (size_t i = 0; i < WORDS_MAX && rest; i++)
		words[i] = strsep(&rest, " ");
	run(talk, words, line);
}

static int on_input(sd_event_source *source UNUSED, int fd, uint32_t events UNUSED, void *userdata)
{
	struct talk *talk = userdata;
	char part[4096], *newline;
	ssize_t n = read(fd, part, sizeof(part));

	if (n <= 0)
		return sd_event_exit(talk->event, 0);
	buf_add(&talk->in, part, (size_t)n);
	while (talk->in.len && (newline = memchr(talk->in.data, '\n', talk->in.len))) {
		*newline = '\0';
		run_line(talk, talk->in.data);
		buf_consume(&talk->in, (size_t)(newline - talk->in.data) + 1);
	}
	return 0;
}

/* --- life --- */

static int talk_to(const char *address, const char *prefix, const char *user)
{
	struct talk talk = { .in = BUF_INIT(1 << 20) };
	_cleanup_secret_ struct secret *password =
		secret_from_text(user ? secure_getenv("REDIS_PASSWORD") : "");
	struct store_settings settings = {
		.redis = address,
		.redis_user = user,
		.redis_password = user ? password : NULL,
		.redis_prefix = prefix,
		.links_max = LINKS_MAX,
		.links_per_host = LINKS_PER_HOST,
		.link_changed = on_link_changed,
		.host_changed = on_host_changed,
		.keys_changed = on_keys_changed,
		.came_back = on_back,
		.context = &talk,
	};
	int r = sd_event_new(&talk.event);

	settings.event = talk.event;
	if (r >= 0)
		r = store_new(&settings, &talk.store);
	if (r >= 0)
		r = sd_event_add_io(talk.event, NULL, STDIN_FILENO, EPOLLIN, on_input, &talk);
	if (r >= 0)
		r = sd_event_loop(talk.event);
	store_free(talk.store);
	(void)sd_event_unref(talk.event);
	buf_done(&talk.in);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && text_equals(argv[1], "cases"))
		return run_store_cases(argv[2]);
	if ((argc == 4 || argc == 5) && text_equals(argv[1], "talk"))
		return talk_to(argv[2], argv[3], argv[4]);
	return 2;
}
