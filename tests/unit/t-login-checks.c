/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What providers ask of the store: numbers, messages, codes, TOTP keys. The test speaks for the
 * provider, whose login waits meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "base/phone.h"
#include "base/text.h"
#include "jauthd/glass.h"
#include "logins-fixture.h"

#define CODE   "482913"
#define NUMBER "+8613900001234"
#define GLASS  "ACDEFHJKMNPRTWXYACDE"

static const char config_text[] =
	"[general]\nadmins = boss, chief\n"
	"[method phone]\ntype = text\n"
	"[method near]\ntype = near\n"
	"[service phone]\nmethods = phone\n"
	"[service menu]\nmethods = phone, near\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up(void **state)
{
	return world_set_up(state, config_text, ISSUER_UNIX, TEST_USER);
}

/* --- logins that wait --- */

static struct login *begin_as(struct world *world, const char *user, bool is_proved)
{
	struct login_facts facts = world_facts();
	unsigned before = script_now->n_starts;

	script_now->act = SCRIPT_NOTHING;
	(void)text_into(facts.service, sizeof(facts.service), "phone");
	(void)text_into(facts.user, sizeof(facts.user), user);
	facts.ssh_key_accepted = is_proved;
	assert_int_equal(world_begin(world, &facts), 0);
	assert_true(world_step(world));
	world_answer(world, "y");
	world_wait(world, &script_now->n_starts, before + 1);
	return script_now->login;
}

static struct login *begin(struct world *world)
{
	return begin_as(world, TEST_USER, false);
}

/* The client stays, and the next one is another. */
static int put_aside(struct world *world)
{
	int fd = world->client;

	world->client = -1;
	return fd;
}

static struct login *begin_enrolment(struct world *world)
{
	struct login_facts facts = world_facts();
	unsigned before = script_now->n_enrols;

	facts.phase = LOGIN_ENROL;
	(void)text_into(facts.method, sizeof(facts.method), "phone");
	script_now->errand = SCRIPT_NOTHING;
	assert_int_equal(world_begin(world, &facts), 0);
	world_wait(world, &script_now->n_enrols, before + 1);
	return script_now->login;
}

/* --- what the provider asks --- */

static void find(struct world *world, struct login *login, int64_t unused_days)
{
	assert_int_not_equal(login_find_phones(login, unused_days), 0);
	world_settle(world);
}

static int add(struct world *world, const char *number, const char *label)
{
	unsigned before = script_now->told.n_stored;

	assert_int_not_equal(login_add_phone(begin_enrolment(world), number, label), 0);
	world_wait(world, &script_now->told.n_stored, before + 1);
	return script_now->told.error;
}

static enum send_verdict count(struct world *world, struct login *login, int64_t phone_id)
{
	const struct phone phone = { .id = phone_id, .number = NUMBER, .label = "" };
	unsigned before = script_now->told.n_counted;

	assert_int_not_equal(login_count_send(login, &phone, 1), 0);
	assert_int_equal(script_now->told.n_counted, before);
	world_wait(world, &script_now->told.n_counted, before + 1);
	return script_now->told.verdict;
}

static void keep(struct login *login, const char *code, int64_t phone_id)
{
	_cleanup_secret_ struct secret *secret = secret_from_text(code);

	login_keep_code(login, secret, phone_id);
}

static uint32_t start_check(struct login *login, const char *code)
{
	_cleanup_secret_ struct secret *secret = secret_from_text(code);

	return login_check_code(login, secret);
}

static enum code_result check(struct world *world, struct login *login, const char *code)
{
	unsigned before = script_now->told.n_judged;

	assert_int_not_equal(start_check(login, code), 0);
	assert_int_equal(script_now->told.n_judged, before);
	world_wait(world, &script_now->told.n_judged, before + 1);
	return script_now->told.result;
}

/* --- statements --- */

static int64_t counted_rows;

static int count_messages(struct db *db)
{
	struct query *query = query_new(db, "SELECT count(DISTINCT send) FROM events"
					    " WHERE send <> 0");

	assert_int_equal(query_step(query), 1);
	counted_rows = query_column_number(query, 0);
	query_done(query);
	return 0;
}

static int64_t n_messages(struct world *world)
{
	world_change(world, count_messages);
	return counted_rows;
}

static int use_long_ago(struct db *db)
{
	return query_run(query_new(db, "UPDATE phones SET created_s = 1, used_s = 1"));
}

static int count_used(struct db *db)
{
	struct query *query = query_new(db, "SELECT count(*) FROM phones WHERE used_s > 1");

	assert_int_equal(query_step(query), 1);
	counted_rows = query_column_number(query, 0);
	query_done(query);
	return 0;
}

static int give_to_earlier_user(struct db *db)
{
	return query_run(query_new(db, "UPDATE phones SET uid = uid - 1"));
}

static int break_phones(struct db *db)
{
	return query_run(query_new(db, "ALTER TABLE phones RENAME TO lost_phones"));
}

static int break_events(struct db *db)
{
	return query_run(query_new(db, "ALTER TABLE events RENAME TO lost_events"));
}

static int break_totp(struct db *db)
{
	return query_run(query_new(db, "ALTER TABLE totp RENAME TO lost_totp"));
}

/* --- numbers --- */

static void numbers_are_added_once_and_found_in_their_order(void **state)
{
	struct world *world = *state;

	assert_int_equal(add(world, NUMBER, "work"), 0);
	assert_int_equal(add(world, "+4915112345678", ""), 0);
	assert_int_equal(add(world, NUMBER, "again"), -EEXIST);
	find(world, begin(world), 180);
	assert_int_equal(script_now->told.n_found, 1);
	assert_int_equal(script_now->told.n_phones, 2);
	assert_string_equal(script_now->told.phones[0].number, NUMBER);
	assert_string_equal(script_now->told.phones[0].label, "work");
	assert_string_equal(script_now->told.phones[1].number, "+4915112345678");
	assert_int_not_equal(script_now->told.phones[0].id, 0);
	assert_int_not_equal(script_now->told.phones[0].id, script_now->told.phones[1].id);
}

static void numbers_that_do_not_fit_are_not_added(void **state)
{
	struct world *world = *state;
	char label[64];

	memset(label, 'x', sizeof(label));
	label[sizeof(label) - 1] = '\0';
	assert_true(add(world, "+1234567890123456789", "") < 0);
	assert_true(add(world, NUMBER, label) < 0);
	find(world, begin(world), 0);
	assert_int_equal(script_now->told.n_phones, 0);
}

static void a_user_has_so_many_numbers_and_no_more(void **state)
{
	struct world *world = *state;
	char number[PHONE_SIZE];

	for (int i = 0; i < PHONES_PER_USER_MAX; i++) {
		(void)snprintf(number, sizeof(number), "+861390000000%d", i);
		assert_int_equal(add(world, number, ""), 0);
	}
	assert_int_equal(add(world, NUMBER, ""), -ENOSPC);
	find(world, begin(world), 0);
	assert_int_equal(script_now->told.n_phones, PHONES_PER_USER_MAX);
}

static void numbers_long_unused_are_left_out(void **state)
{
	struct world *world = *state;
	struct login *login;

	assert_int_equal(add(world, NUMBER, ""), 0);
	login = begin(world);
	world_change(world, use_long_ago);
	find(world, login, 180);
	assert_int_equal(script_now->told.n_phones, 0);
	find(world, login, 0);
	assert_int_equal(script_now->told.n_phones, 1);
}

static void numbers_of_others_are_nobodys(void **state)
{
	struct world *world = *state;

	assert_int_equal(add(world, NUMBER, ""), 0);
	find(world, begin_as(world, "no-such-user", false), 0);
	assert_int_equal(script_now->told.n_found, 1);
	assert_int_equal(script_now->told.n_phones, 0);
	world_change(world, give_to_earlier_user);
	find(world, begin(world), 0);
	assert_int_equal(script_now->told.n_found, 2);
	assert_int_equal(script_now->told.n_phones, 0);
}

/* Rows under the name of a user who is gone are not those of who only types it. */
static int give_to_nobody(struct db *db)
{
	return query_run(query_new(db, "UPDATE phones SET user = 'no-such-user'"));
}

static void a_name_alone_finds_nothing(void **state)
{
	struct world *world = *state;

	assert_int_equal(add(world, NUMBER, ""), 0);
	world_change(world, give_to_nobody);
	find(world, begin_as(world, "no-such-user", false), 0);
	assert_int_equal(script_now->told.n_found, 1);
	assert_int_equal(script_now->told.n_phones, 0);
}

static void without_the_store_there_is_no_login(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	world_change(world, break_phones);
	find(world, login, 0);
	assert_int_equal(script_now->told.n_found, 0);
	assert_true(world_step(world));
	assert_int_equal(world->step.state, LOGIN_FAILED);
	assert_true(add(world, NUMBER, "") < 0);
}

/* --- messages --- */

static void a_message_is_counted_and_the_next_one_waits(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	assert_int_equal(count(world, login, 1), SEND_ALLOWED);
	assert_int_equal(script_now->told.wait_s, 0);
	assert_int_equal(count(world, login, 1), SEND_TOO_MANY);
	assert_in_range(script_now->told.wait_s, 1, 60);
	assert_int_equal(n_messages(world), 1);
}

static void a_message_that_surely_did_not_go_is_given_back_once(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	assert_int_equal(count(world, login, 1), SEND_ALLOWED);
	login_return_send(login);
	world_settle(world);
	assert_int_equal(n_messages(world), 0);
	assert_int_equal(count(world, login, 1), SEND_ALLOWED);
	assert_int_equal(count(world, login, 1), SEND_TOO_MANY);
	login_return_send(login);        /* of the refused one: nothing */
	world_settle(world);
	assert_int_equal(n_messages(world), 1);
}

static void who_has_no_number_is_counted_like_everybody(void **state)
{
	struct world *world = *state;
	struct login *login = begin_as(world, "no-such-user", false);

	assert_int_equal(count(world, login, 0), SEND_ALLOWED);
	assert_int_equal(count(world, login, 0), SEND_TOO_MANY);
	assert_int_equal(n_messages(world), 1);
}

static void without_a_count_nothing_may_go_out(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	world_change(world, break_events);
	assert_int_equal(count(world, login, 1), SEND_UNAVAILABLE);
	assert_int_equal(script_now->told.wait_s, 0);
}

static void a_count_stays_when_the_client_leaves(void **state)
{
	struct world *world = *state;

	assert_int_equal(count(world, begin(world), 1), SEND_ALLOWED);
	world_leave(world);
	world_settle(world);
	assert_int_equal(n_messages(world), 1);
	assert_int_equal(count(world, begin(world), 1), SEND_TOO_MANY);
}

static void few_logins_of_a_user_hold_a_code_at_once(void **state)
{
	struct world *world = *state;
	int fds[CODES_OPEN_PER_USER];

	for (int i = 0; i < CODES_OPEN_PER_USER; i++) {
		keep(begin(world), CODE, 0);
		fds[i] = put_aside(world);
	}
	assert_int_equal(count(world, begin(world), 1), SEND_TOO_MANY);
	assert_int_equal(script_now->told.wait_s, 60);
	assert_int_equal(n_messages(world), 0);
	assert_int_equal(count(world, begin_as(world, "no-such-user", false), 0), SEND_ALLOWED);
	(void)close(fds[0]);
	world_settle(world);
	assert_int_equal(count(world, begin(world), 1), SEND_ALLOWED);
	for (int i = 1; i < CODES_OPEN_PER_USER; i++)
		(void)close(fds[i]);
}

static void strangers_do_not_keep_out_who_proved_himself(void **state)
{
	struct world *world = *state;
	int fds[CODES_OPEN_PER_USER];

	for (int i = 0; i < CODES_OPEN_PER_USER; i++) {
		keep(begin(world), CODE, 0);
		fds[i] = put_aside(world);
	}
	assert_int_equal(count(world, begin_as(world, TEST_USER, true), 1), SEND_ALLOWED);
	for (int i = 0; i < CODES_OPEN_PER_USER; i++)
		(void)close(fds[i]);
}

static void a_code_that_is_over_makes_room(void **state)
{
	struct world *world = *state;
	struct login *logins[CODES_OPEN_PER_USER];
	int fds[CODES_OPEN_PER_USER];

	for (int i = 0; i < CODES_OPEN_PER_USER; i++) {
		logins[i] = begin(world);
		keep(logins[i], CODE, 0);
		fds[i] = put_aside(world);
	}
	login_drop_code(logins[1]);
	assert_int_equal(count(world, begin(world), 1), SEND_ALLOWED);
	for (int i = 0; i < CODES_OPEN_PER_USER; i++)
		(void)close(fds[i]);
}

/* --- codes --- */

static void a_right_code_is_right_once(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	keep(login, CODE, 0);
	assert_int_equal(check(world, login, "482914"), CODE_WRONG);
	assert_int_equal(check(world, login, CODE), CODE_RIGHT);
	assert_int_equal(check(world, login, CODE), CODE_WRONG);
}

static void a_code_belongs_to_one_login(void **state)
{
	struct world *world = *state;
	struct login *first = begin(world);
	int fd = put_aside(world);

	keep(first, CODE, 0);
	keep(begin(world), "000000", 0);
	assert_int_equal(check(world, script_now->login, CODE), CODE_WRONG);
	assert_int_equal(check(world, first, CODE), CODE_RIGHT);
	(void)close(fd);
}

static void a_code_that_is_over_is_wrong(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	assert_int_equal(check(world, login, CODE), CODE_WRONG);
	keep(login, CODE, 0);
	login_drop_code(login);
	assert_int_equal(check(world, login, CODE), CODE_WRONG);
	keep(login, CODE, 0);
	keep(login, "000000", 0);
	assert_int_equal(check(world, login, CODE), CODE_WRONG);
	assert_int_equal(check(world, login, "000000"), CODE_RIGHT);
}

static void a_code_ends_with_its_method(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();

	(void)text_into(facts.service, sizeof(facts.service), "menu");
	script_now->act = SCRIPT_KEYS;
	assert_int_equal(world_begin(world, &facts), 0);
	assert_true(world_step(world));
	world_answer(world, "1");
	assert_true(world_step(world));
	keep(script_now->login, CODE, 0);
	world_answer(world, "c");
	assert_true(world_step(world));
	world_answer(world, "1");
	assert_true(world_step(world));
	assert_int_equal(check(world, script_now->login, CODE), CODE_WRONG);
}

static void too_many_tries_are_not_compared(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	keep(login, CODE, 0);
	for (int i = 0; i < BUDGET_WRONG_STRANGER_DAY; i++)
		assert_int_equal(check(world, login, "000000"), CODE_WRONG);
	assert_int_equal(check(world, login, CODE), CODE_TOO_MANY);
	assert_true(script_now->told.wait_s > 0);
	/* A new login and a new code change nothing. */
	login = begin(world);
	keep(login, CODE, 0);
	assert_int_equal(check(world, login, CODE), CODE_TOO_MANY);
	/* Who proved himself before is no stranger. */
	login = begin_as(world, TEST_USER, true);
	keep(login, CODE, 0);
	assert_int_equal(check(world, login, CODE), CODE_RIGHT);
}

static void unknown_users_have_their_tries_counted_too(void **state)
{
	struct world *world = *state;
	struct login *login = begin_as(world, "no-such-user", false);

	for (int i = 0; i < BUDGET_WRONG_STRANGER_DAY; i++)
		assert_int_equal(check(world, login, "000000"), CODE_WRONG);
	assert_int_equal(check(world, login, "000000"), CODE_TOO_MANY);
}

static void a_right_code_was_a_use_of_its_number(void **state)
{
	struct world *world = *state;
	struct login *login;

	assert_int_equal(add(world, NUMBER, ""), 0);
	login = begin(world);
	find(world, login, 0);
	world_change(world, use_long_ago);
	keep(login, CODE, script_now->told.phones[0].id);
	assert_int_equal(check(world, login, "000000"), CODE_WRONG);
	world_change(world, count_used);
	assert_int_equal(counted_rows, 0);
	assert_int_equal(check(world, login, CODE), CODE_RIGHT);
	world_change(world, count_used);
	assert_int_equal(counted_rows, 1);
}

static void what_could_not_be_recorded_is_not_right(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	/* The number went meanwhile. */
	keep(login, CODE, 4711);
	assert_int_equal(check(world, login, CODE), CODE_UNAVAILABLE);
	assert_int_equal(check(world, login, CODE), CODE_WRONG);
	keep(login, CODE, 0);
	world_change(world, break_events);
	assert_int_equal(check(world, login, CODE), CODE_UNAVAILABLE);
	assert_int_equal(script_now->told.wait_s, 0);
}

static void dropped_while_the_try_is_counted_is_wrong(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);

	keep(login, CODE, 0);
	world_hold(world);
	assert_int_not_equal(start_check(login, CODE), 0);
	login_drop_code(login);
	world_release(world);
	assert_int_equal(script_now->told.n_judged, 1);
	assert_int_equal(script_now->told.result, CODE_WRONG);
}

/* --- numbers of checks --- */

static void only_the_check_that_is_open_is_told(void **state)
{
	struct world *world = *state;
	struct login *login = begin(world);
	uint32_t first;

	world_hold(world);
	first = login_find_phones(login, 0);
	assert_int_not_equal(login_find_phones(login, 0), first);
	world_release(world);
	assert_int_equal(script_now->told.n_found, 1);
	world_hold(world);
	login_cancel(login, login_find_phones(login, 0));
	world_release(world);
	assert_int_equal(script_now->told.n_found, 1);
}

static void ask_find(struct login *login)
{
	assert_int_not_equal(login_find_phones(login, 0), 0);
}

static void ask_add(struct login *login)
{
	assert_int_not_equal(login_add_phone(login, NUMBER, ""), 0);
}

static void ask_send(struct login *login)
{
	const struct phone phone = { .id = 1, .number = NUMBER, .label = "" };

	assert_int_not_equal(login_count_send(login, &phone, 1), 0);
}

static void ask_code(struct login *login)
{
	keep(login, CODE, 0);
	assert_int_not_equal(start_check(login, CODE), 0);
}

static uint32_t start_totp(struct login *login, const char *code)
{
	_cleanup_secret_ struct secret *entry = secret_from_text(code);

	return login_check_totp(login, entry, 1);
}

static void ask_totp(struct login *login)
{
	assert_int_not_equal(start_totp(login, CODE), 0);
}

static uint32_t start_set(struct login *login, int64_t step)
{
	_cleanup_secret_ struct secret *key = secret_from_text("12345678901234567890");
	_cleanup_secret_ struct secret *one = secret_from_text("AAAABBBBCCCCDDDD");
	_cleanup_secret_ struct secret *two = secret_from_text("EEEEFFFFGGGGHHHH");
	struct secret *const recovery[] = { one, two };
	const struct totp_enrolment enrolment = {
		.key = key,
		.rule = { .digest = DIGEST_SHA1, .digits = 6, .period_s = 30 },
		.step = step,
		.recovery = recovery,
		.n_recovery = N_ELEMENTS(recovery),
	};

	return login_set_totp(login, &enrolment);
}

static void ask_set(struct login *login)
{
	assert_int_not_equal(start_set(login, 1), 0);
}

static uint32_t start_glass(struct login *login, const char *code)
{
	_cleanup_secret_ struct secret *entry = secret_from_text(code);

	return login_check_glass(login, entry);
}

static void ask_glass(struct login *login)
{
	assert_int_not_equal(start_glass(login, GLASS), 0);
}

static void (*const questions[])(struct login *login) = {
	ask_find, ask_add, ask_send, ask_code, ask_totp, ask_set, ask_glass,
};

static unsigned n_told(void)
{
	const struct script_told *told = &script_now->told;

	return told->n_found + told->n_counted + told->n_judged + told->n_stored;
}

static void who_left_is_told_nothing(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(questions); i++) {
		struct login *login = begin(world);

		world_hold(world);
		questions[i](login);
		world_leave(world);
		world_settle(world);
		assert_null(script_now->login);
		world_release(world);
		assert_int_equal(n_told(), 0);
		assert_string_equal(world_audit(world).outcome, "cancelled");
	}
}

static void a_method_that_ended_is_told_nothing(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(questions); i++) {
		struct login *login = begin(world);

		world_hold(world);
		assert_int_not_equal(login_timer(login, 0), 0);
		questions[i](login);
		world_settle(world);
		assert_null(script_now->login);
		world_release(world);
		assert_int_equal(n_told(), 0);
		assert_true(world_step(world));
		assert_int_equal(world->step.state, LOGIN_GRANTED);
	}
}

static void a_store_that_takes_no_more_fails_the_login(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();

	(void)text_into(facts.service, sizeof(facts.service), "phone");
	script_now->act = SCRIPT_FIND;
	assert_int_equal(world_begin(world, &facts), 0);
	assert_true(world_step(world));
	store_stop(world->store);
	world_answer(world, "y");
	assert_true(world_step(world));
	assert_int_equal(world->step.state, LOGIN_FAILED);
	assert_int_equal(n_told(), 0);
}

/* --- TOTP --- */

static enum code_result check_totp(struct world *world, struct login *login, const char *code)
{
	unsigned before = script_now->told.n_judged;

	assert_int_not_equal(start_totp(login, code), 0);
	world_wait(world, &script_now->told.n_judged, before + 1);
	return script_now->told.result;
}

static int64_t now_step(void)
{
	return time(NULL) / 30;
}

static void code_now(char ret_code[TOTP_CODE_SIZE])
{
	static const struct totp_rule rule = { DIGEST_SHA1, 6, 30 };
	_cleanup_secret_ struct secret *key = secret_from_text("12345678901234567890");

	assert_int_equal(totp_code(&rule, key, now_step(), ret_code), 0);
}

static void enrol_totp(struct world *world, int64_t step)
{
	assert_int_not_equal(start_set(begin_enrolment(world), step), 0);
	world_wait(world, &script_now->told.n_stored, 1);
	assert_int_equal(script_now->told.error, 0);
}

static void a_totp_code_is_right_once(void **state)
{
	struct world *world = *state;
	char code[TOTP_CODE_SIZE];

	enrol_totp(world, now_step() - 3);
	code_now(code);
	assert_int_equal(check_totp(world, begin(world), code), CODE_RIGHT);
	assert_int_equal(check_totp(world, begin(world), code), CODE_WRONG);
}

static void the_code_that_confirmed_the_key_is_taken(void **state)
{
	struct world *world = *state;
	char code[TOTP_CODE_SIZE];

	enrol_totp(world, now_step() + 1);
	code_now(code);
	assert_int_equal(check_totp(world, begin(world), code), CODE_WRONG);
}

static void a_recovery_code_is_right_once(void **state)
{
	struct world *world = *state;

	enrol_totp(world, now_step());
	assert_int_equal(check_totp(world, begin(world), "EEEEFFFFGGGGHHHH"), CODE_RIGHT);
	assert_int_equal(check_totp(world, begin(world), "EEEEFFFFGGGGHHHH"), CODE_WRONG);
	assert_int_equal(check_totp(world, begin(world), "AAAABBBBCCCCDDDD"), CODE_RIGHT);
}

static void totp_tries_are_counted_before_they_are_compared(void **state)
{
	struct world *world = *state;
	char code[TOTP_CODE_SIZE];

	enrol_totp(world, now_step() - 3);
	for (int i = 0; i < BUDGET_WRONG_STRANGER_DAY; i++)
		assert_int_equal(check_totp(world, begin(world), "00000000"), CODE_WRONG);
	code_now(code);
	assert_int_equal(check_totp(world, begin(world), code), CODE_TOO_MANY);
	assert_true(script_now->told.wait_s > 0);
	assert_int_equal(check_totp(world, begin_as(world, TEST_USER, true), code), CODE_RIGHT);
}

static void nobodys_totp_code_is_wrong_and_counted(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < BUDGET_WRONG_STRANGER_DAY; i++)
		assert_int_equal(check_totp(world, begin_as(world, "no-such-user", false), CODE),
				 CODE_WRONG);
	assert_int_equal(check_totp(world, begin_as(world, "no-such-user", false), CODE),
			 CODE_TOO_MANY);
}

static void without_the_store_no_totp_code_is_right(void **state)
{
	struct world *world = *state;
	char code[TOTP_CODE_SIZE];

	enrol_totp(world, now_step() - 3);
	world_change(world, break_totp);
	code_now(code);
	assert_int_equal(check_totp(world, begin(world), code), CODE_UNAVAILABLE);
	assert_int_not_equal(start_set(begin_enrolment(world), 1), 0);
	world_wait(world, &script_now->told.n_stored, 2);
	assert_true(script_now->told.error < 0);
}

/* --- break-glass codes --- */

static int64_t test_uid(void)
{
	return getpwnam(TEST_USER)->pw_uid;
}

static int give_glass(struct db *db)
{
	struct glass_hash hash;
	struct digest digest;
	int r = crypto_digest(DIGEST_SHA256, GLASS, strlen(GLASS), &digest);

	if (r < 0)
		return r;
	memcpy(hash.bytes, digest.bytes, sizeof(hash.bytes));
	return glass_set(db, TEST_USER, test_uid(), &hash, 1, 1);
}

static int break_glass(struct db *db)
{
	return query_run(query_new(db, "ALTER TABLE glass_codes RENAME TO lost_codes"));
}

static int break_notices(struct db *db)
{
	return query_run(query_new(db, "ALTER TABLE notices RENAME TO lost_notices"));
}

static enum code_result check_glass(struct world *world, struct login *login, const char *code)
{
	unsigned before = script_now->told.n_judged;

	assert_int_not_equal(start_glass(login, code), 0);
	world_wait(world, &script_now->told.n_judged, before + 1);
	return script_now->told.result;
}

static uint64_t n_alerts(struct world *world)
{
	struct logins_status status;

	logins_get_status(world->logins, &status);
	return status.n_break_glass;
}

/* One row of the audit, and a notice for the user and each admin. */
static int look_at_alert(struct db *db)
{
	struct query *query;
	bool is_right;

	query = query_new(db, "SELECT (SELECT count(*) FROM audit WHERE kind = 'break-glass' AND"
			      " user = ?1 AND outcome = 'granted') = 1 AND (SELECT"
			      " group_concat(user || uid, ' ') FROM (SELECT user, uid FROM notices"
			      " WHERE subject = ?1 ORDER BY id)) = ?1 || ?2 || ' boss-1 chief-1'");
	query_text(query, 1, TEST_USER);
	query_number(query, 2, test_uid());
	is_right = query_step(query) == 1 && query_column_number(query, 0) == 1;
	query_done(query);
	return is_right ? 0 : -EBADMSG;
}

static void a_break_glass_code_is_right_once_and_an_alert(void **state)
{
	struct world *world = *state;

	world_change(world, give_glass);
	assert_int_equal(check_glass(world, begin(world), "AAAAAAAAAAAAAAAAAAAA"), CODE_WRONG);
	assert_int_equal(n_alerts(world), 0);
	assert_int_equal(check_glass(world, begin(world), GLASS), CODE_RIGHT);
	assert_int_equal(check_glass(world, begin(world), GLASS), CODE_WRONG);
	assert_int_equal(n_alerts(world), 1);
	world_change(world, look_at_alert);
}

static void a_code_nobody_is_told_of_is_not_right(void **state)
{
	struct world *world = *state;

	world_change(world, give_glass);
	world_change(world, break_notices);
	assert_int_equal(check_glass(world, begin(world), GLASS), CODE_UNAVAILABLE);
	assert_int_equal(n_alerts(world), 0);
}

static void who_leaves_is_an_alert_all_the_same(void **state)
{
	struct world *world = *state;
	struct login *login;

	world_change(world, give_glass);
	login = begin(world);
	world_hold(world);
	assert_int_not_equal(start_glass(login, GLASS), 0);
	world_leave(world);
	world_settle(world);
	world_release(world);
	world_change(world, look_at_alert);
	world_settle(world);
	assert_int_equal(n_alerts(world), 1);
}

static void glass_tries_are_counted_before_they_are_compared(void **state)
{
	struct world *world = *state;

	world_change(world, give_glass);
	for (int i = 0; i < BUDGET_WRONG_STRANGER_DAY; i++)
		assert_int_equal(check_glass(world, begin(world), "AAAAAAAAAAAAAAAAAAAA"),
				 CODE_WRONG);
	assert_int_equal(check_glass(world, begin(world), GLASS), CODE_TOO_MANY);
	assert_int_equal(check_glass(world, begin_as(world, TEST_USER, true), GLASS), CODE_RIGHT);
}

static void without_the_store_no_break_glass_code_is_right(void **state)
{
	struct world *world = *state;

	world_change(world, give_glass);
	world_change(world, break_glass);
	assert_int_equal(check_glass(world, begin(world), GLASS), CODE_UNAVAILABLE);
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(numbers_are_added_once_and_found_in_their_order),
		IN_A_WORLD(numbers_that_do_not_fit_are_not_added),
		IN_A_WORLD(a_user_has_so_many_numbers_and_no_more),
		IN_A_WORLD(numbers_long_unused_are_left_out),
		IN_A_WORLD(numbers_of_others_are_nobodys),
		IN_A_WORLD(a_name_alone_finds_nothing),
		IN_A_WORLD(without_the_store_there_is_no_login),
		IN_A_WORLD(a_message_is_counted_and_the_next_one_waits),
		IN_A_WORLD(a_message_that_surely_did_not_go_is_given_back_once),
		IN_A_WORLD(who_has_no_number_is_counted_like_everybody),
		IN_A_WORLD(without_a_count_nothing_may_go_out),
		IN_A_WORLD(a_count_stays_when_the_client_leaves),
		IN_A_WORLD(few_logins_of_a_user_hold_a_code_at_once),
		IN_A_WORLD(strangers_do_not_keep_out_who_proved_himself),
		IN_A_WORLD(a_code_that_is_over_makes_room),
		IN_A_WORLD(a_right_code_is_right_once),
		IN_A_WORLD(a_code_belongs_to_one_login),
		IN_A_WORLD(a_code_that_is_over_is_wrong),
		IN_A_WORLD(a_code_ends_with_its_method),
		IN_A_WORLD(too_many_tries_are_not_compared),
		IN_A_WORLD(unknown_users_have_their_tries_counted_too),
		IN_A_WORLD(a_right_code_was_a_use_of_its_number),
		IN_A_WORLD(what_could_not_be_recorded_is_not_right),
		IN_A_WORLD(dropped_while_the_try_is_counted_is_wrong),
		IN_A_WORLD(only_the_check_that_is_open_is_told),
		IN_A_WORLD(who_left_is_told_nothing),
		IN_A_WORLD(a_method_that_ended_is_told_nothing),
		IN_A_WORLD(a_store_that_takes_no_more_fails_the_login),
		IN_A_WORLD(a_totp_code_is_right_once),
		IN_A_WORLD(the_code_that_confirmed_the_key_is_taken),
		IN_A_WORLD(a_recovery_code_is_right_once),
		IN_A_WORLD(totp_tries_are_counted_before_they_are_compared),
		IN_A_WORLD(nobodys_totp_code_is_wrong_and_counted),
		IN_A_WORLD(without_the_store_no_totp_code_is_right),
		IN_A_WORLD(a_break_glass_code_is_right_once_and_an_alert),
		IN_A_WORLD(a_code_nobody_is_told_of_is_not_right),
		IN_A_WORLD(who_leaves_is_an_alert_all_the_same),
		IN_A_WORLD(glass_tries_are_counted_before_they_are_compared),
		IN_A_WORLD(without_the_store_no_break_glass_code_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
