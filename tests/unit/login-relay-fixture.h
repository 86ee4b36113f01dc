/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of logins by the relay share: its key, a login in steps, and a deadline that can
 * be brought near. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "fake-relay.h"
#include "jauthd/limits.h"
#include "jauthd/login-private.h"
#include "logins-fixture.h"

#define PAGE "https://id.example.org/authorize?x=y#fragment"

/* --- the deadline, which the test brings near --- */

static sd_event_source *deadline;

int __real_sd_event_add_time_relative(sd_event *event, sd_event_source **source, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **source, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata);

int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **source, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata)
{
	int r = __real_sd_event_add_time_relative(event, source, clock, usec, accuracy, handler,
						  userdata);

	if (usec == LOGIN_SECONDS_DEFAULT * 1000000ull)
		deadline = *source;
	return r;
}

/* A deadline that was not set again since it passed does not pass again. */
static inline void expire(struct world *world)
{
	assert_int_equal(sd_event_source_set_time_relative(deadline, 0), 0);
	world_settle(world);
}

/* --- set up --- */

static char key_path[] = "/tmp/t-login-relay.XXXXXX";

static inline int make_key(void **state)
{
	static const char key[] = "jr1.0123456789abcdef.secret-of-this-host\n";
	int fd = mkstemp(key_path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, key, strlen(key)), strlen(key));
	close_fd(&fd);
	return 0;
}

static inline int drop_key(void **state)
{
	(void)state;
	return unlink(key_path);
}

/* A world whose provider, wherever it is asked, leads to PAGE and says that it is 4711, who is
 * TEST_USER. */
static inline int set_up_with(void **state, const char *text)
{
	(void)world_set_up(state, text, TEST_ISSUER, "4711");
	world_link(*state, TEST_ISSUER, "4711");
	script_now->act = SCRIPT_REDIRECT;
	script_now->callback = SCRIPT_IDENTIFY;
	script_now->deliver = SCRIPT_DONE;
	script_now->url = PAGE;
	return 0;
}

/* --- a login in steps --- */

static inline void expect(struct world *world, enum login_state state)
{
	assert_true(world_step(world));
	assert_string_equal(login_state_names[world->step.state], login_state_names[state]);
}

static inline struct audit_row expect_outcome(struct world *world, enum login_state state)
{
	struct audit_row row;

	expect(world, state);
	row = world_audit(world);
	assert_string_equal(row.outcome, login_state_names[state]);
	assert_false(world_step(world));
	return row;
}

static inline void begin(struct world *world, const char *service)
{
	struct login_facts facts = world_facts();

	(void)text_into(facts.service, sizeof(facts.service), service);
	assert_int_equal(world_begin(world, &facts), 0);
}

/* The link of the login at hand; it comes once the user was looked up. */
static inline struct fake_link *wait_for_link(struct world *world, unsigned n_before)
{
	world_wait(world, &fake_relay_now()->n_links, n_before + 1);
	return fake_relay_last();
}

static inline void show_code(struct world *world, struct fake_link *link)
{
	fake_relay_opened(link);
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "https://sso.example.org/q/"));
}

static inline struct fake_link *scan(struct world *world, const char *service)
{
	unsigned n = fake_relay_now()->n_links;
	struct fake_link *link;

	begin(world, service);
	link = wait_for_link(world, n);
	show_code(world, link);
	return link;
}

static inline void come_back_with(struct fake_link *link, const char *state)
{
	_cleanup_free_ char *query = text_format("code=c0de&state=%s", state);

	fake_relay_callback(link, query);
}

/* Until the store has decided, however slow this machine is. */
static inline void wait_for_store(struct world *world, const struct fake_link *link)
{
	const struct login *login = logins_find(world->logins, link->owner);

	for (int i = 0; i < 500 && login && login->stage == STAGE_DECIDING; i++) {
		assert_true(sd_event_run(world->event, 20000) >= 0);
		login = logins_find(world->logins, link->owner);
	}
	world_settle(world);
}

static inline void come_back(struct world *world, struct fake_link *link)
{
	come_back_with(link, link->state);
	wait_for_store(world, link);
}

static inline void release(struct world *world, const struct fake_link *link)
{
	world_release(world);
	wait_for_store(world, link);
}

/* The link is over, and this was the last word. */
static inline void expect_end(const struct fake_link *link, enum relay_result last)
{
	assert_true(link->is_closed);
	assert_true(link->n_told > 0);
	assert_string_equal(relay_result_names[link->told[link->n_told - 1]],
			    relay_result_names[last]);
}

static int64_t number;

static inline int count_rows(struct db *db)
{
	struct query *query = query_new(db, "SELECT count(*) FROM audit");

	assert_int_equal(query_step(query), 1);
	number = query_column_number(query, 0);
	query_done(query);
	return 0;
}

static inline int64_t n_rows(struct world *world)
{
	world_settle(world);
	world_change(world, count_rows);
	return number;
}
