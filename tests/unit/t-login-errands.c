/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enrolments, tests and password changes: who may begin them, what comes first, what ends them. And
 * the keys, questions and notes that providers leave to the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "logins-fixture.h"

#define TEST_UID  65534          /* of TEST_USER */
#define OTHER_UID 1000

static const char methods[] =
	"[method far]\ntype = far\n"
	"[method near]\ntype = near\n"
	"[method phone]\ntype = text\n"
	"[method phone2]\ntype = text\n"
	"[service sshd]\nmethods = phone\n"
	"[service near]\nmethods = near\n"
	"[service menu]\nmethods = phone, near\n"
	"[service both]\nmethods = far + near\n"
	"[limits]\nlogin_tries = 3\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up_with(void **state, const char *more)
{
	_cleanup_free_ char *text = text_format("%s%s", methods, more);

	return world_set_up(state, text, ISSUER_UNIX, TEST_USER);
}

static int set_up(void **state)
{
	return set_up_with(state, "[general]\ncountry = CN\n"
				  "[service jauth-enrol]\nmethods = near\n");
}

static int set_up_two_factors(void **state)
{
	return set_up_with(state, "[service jauth-enrol]\nmethods = near + phone\n");
}

static int set_up_two_ways(void **state)
{
	return set_up_with(state, "[service jauth-enrol]\nmethods = near, far\n");
}

static int set_up_shut(void **state)
{
	return set_up_with(state, "[service jauth-enrol]\nmethods = none\n");
}

static int set_up_without(void **state)
{
	return set_up_with(state, "");
}

static void expect(struct world *world, enum login_state state)
{
	assert_true(world_step(world));
	assert_string_equal(login_state_names[world->step.state], login_state_names[state]);
}

static struct audit_row expect_outcome(struct world *world, enum login_state state)
{
	struct audit_row row;

	expect(world, state);
	row = world_audit(world);
	assert_string_equal(row.outcome, login_state_names[state]);
	assert_false(world_step(world));
	return row;
}

static void begin_at(struct world *world, const char *service, enum script_act act,
		     enum login_surface surface)
{
	struct login_facts facts = world_facts();

	script_now->act = act;
	facts.surface = surface;
	(void)text_into(facts.service, sizeof(facts.service), service);
	assert_int_equal(world_begin(world, &facts), 0);
}

static void begin(struct world *world, const char *service, enum script_act act)
{
	begin_at(world, service, act, SURFACE_SSH);
}

/* As jauthctl begins it, or the bus for a user. */
static struct login_facts errand_facts(enum login_phase phase, const char *method,
				       uint32_t caller_uid)
{
	struct login_facts facts = {
		.phase = phase,
		.surface = SURFACE_TERMINAL,
		.service = "jauthctl",
		.source = "uid 0",
		.caller_uid = caller_uid,
	};

	if (phase != LOGIN_TEST)
		(void)text_into(facts.user, sizeof(facts.user), TEST_USER);
	(void)text_into(facts.method, sizeof(facts.method), method);
	return facts;
}

static void begin_errand(struct world *world, enum login_phase phase, const char *method,
			 uint32_t caller_uid, enum script_act errand)
{
	struct login_facts facts = errand_facts(phase, method, caller_uid);

	script_now->errand = errand;
	assert_int_equal(world_begin(world, &facts), 0);
}

/* --- root enrols --- */

static void root_enrols_and_done_is_granted(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	begin_errand(world, LOGIN_ENROL, "phone2", 0, SCRIPT_DONE);
	row = expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(row.kind, "enrol");
	assert_string_equal(row.user, TEST_USER);
	assert_string_equal(row.method, "phone2");
	assert_int_equal(row.uid, TEST_UID);
	assert_int_equal(script_now->n_enrols, 1);
	assert_int_equal(script_now->n_starts, 0);
}

static void a_type_names_its_first_method(void **state)
{
	begin_errand(*state, LOGIN_ENROL, "text", 0, SCRIPT_DONE);
	assert_string_equal(expect_outcome(*state, LOGIN_GRANTED).method, "phone");
}

static void roots_enrolment_is_proved_and_has_no_choice(void **state)
{
	struct world *world = *state;

	begin_errand(world, LOGIN_ENROL, "phone", 0, SCRIPT_NOTHING);
	world_settle(world);
	assert_true(login_is_proved(script_now->login));
	assert_true(login_is_root(script_now->login));
	assert_false(login_has_choice(script_now->login));
	assert_string_equal(login_user(script_now->login), TEST_USER);
}

/* login_seconds of the configuration is for those who only log in. */
static void there_is_time_to_write_codes_down(void **state)
{
	struct world *world = *state;
	struct login_facts facts = errand_facts(LOGIN_ENROL, "phone", 0);
	int64_t left_ms;

	begin_errand(world, LOGIN_ENROL, "phone", 0, SCRIPT_NOTHING);
	world_settle(world);
	left_ms = login_deadline_ms(script_now->login) - login_now_ms(script_now->login);
	assert_true(left_ms > LOGIN_SECONDS_DEFAULT * 1000);
	facts.timeout_s = 30;
	assert_int_equal(world_begin(world, &facts), 0);
	world_settle(world);
	left_ms = login_deadline_ms(script_now->login) - login_now_ms(script_now->login);
	assert_true(left_ms <= 30 * 1000);
}

static const struct {
	const char *what, *method, *user, *text;
	enum login_state state;
} refused[] = {
	{ "no such method", "carrier-pigeon", TEST_USER, "no such method", LOGIN_FAILED },
	{ "no method said", "", TEST_USER, "no such method", LOGIN_FAILED },
	{ "a method that binds nothing", "near", TEST_USER, "Nothing can be enrolled",
	  LOGIN_FAILED },
	{ "nobody of this name", "phone", "no-such-user", "no such user", LOGIN_DENIED },
	{ "root", "phone", "root", "Root cannot be enrolled", LOGIN_DENIED },
};

static void what_cannot_be_enrolled_is_refused_in_words(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		struct login_facts facts = errand_facts(LOGIN_ENROL, refused[i].method, 0);

		(void)text_into(facts.user, sizeof(facts.user), refused[i].user);
		script_now->errand = SCRIPT_DONE;
		assert_int_equal(world_begin(world, &facts), 0);
		expect(world, refused[i].state);
		if (!strstr(world_text(world), refused[i].text))
			fail_msg("%s: %s", refused[i].what, world_text(world));
		assert_string_equal(world_audit(world).kind, "enrol");
	}
	assert_int_equal(script_now->n_enrols, 0);
}

static void an_errand_has_no_second_try(void **state)
{
	struct world *world = *state;

	script_now->deny = DENY_WRONG;
	begin_errand(world, LOGIN_ENROL, "phone", 0, SCRIPT_DENY);
	expect_outcome(world, LOGIN_DENIED);
	begin_errand(world, LOGIN_PASSWORD, "", 0, SCRIPT_DENY);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_enrols, 1);
	assert_int_equal(script_now->n_changes, 1);
}

static void an_errand_ends_with_done_and_a_login_does_not(void **state)
{
	struct world *world = *state;

	begin_errand(world, LOGIN_ENROL, "phone", 0, SCRIPT_IDENTIFY);
	expect_outcome(world, LOGIN_FAILED);
	begin_errand(world, LOGIN_TEST, "phone", 0, SCRIPT_IDENTIFY);
	expect_outcome(world, LOGIN_FAILED);
	begin_errand(world, LOGIN_PASSWORD, "", 0, SCRIPT_IDENTIFY);
	expect_outcome(world, LOGIN_FAILED);
	begin(world, "near", SCRIPT_DONE);
	expect_outcome(world, LOGIN_FAILED);
}

static void errands_wait_like_logins(void **state)
{
	struct world *world = *state;
	struct login_facts facts = errand_facts(LOGIN_ENROL, "phone", 0);
	int fds[LOGINS_PER_SOURCE_DEFAULT];

	script_now->errand = SCRIPT_NOTHING;
	for (int i = 0; i < LOGINS_PER_SOURCE_DEFAULT; i++) {
		assert_int_equal(world_begin(world, &facts), 0);
		fds[i] = world->client;
		world->client = -1;
	}
	assert_int_equal(world_begin(world, &facts), -EUSERS);
	facts = errand_facts(LOGIN_TEST, "phone", 0);
	assert_int_equal(world_begin(world, &facts), -EUSERS);
	for (int i = 0; i < LOGINS_PER_SOURCE_DEFAULT; i++)
		(void)close(fds[i]);
}

/* --- users enrol themselves --- */

static void a_user_proves_himself_first(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	script_now->act = SCRIPT_PROMPT;
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_starts, 1);
	assert_int_equal(script_now->n_enrols, 0);
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_enrols, 1);
	assert_true(login_is_proved(script_now->login));
	assert_false(login_is_root(script_now->login));
	world_answer(world, "right");
	row = expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(row.kind, "enrol");
	assert_string_equal(row.method, "phone");
	assert_string_equal(row.service, "jauth-enrol");
}

static void who_does_not_prove_himself_enrols_nothing(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_PROMPT;
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_DONE);
	for (int i = 0; i < 3; i++) {
		expect(world, LOGIN_ASK);
		world_answer(world, "wrong");
	}
	assert_string_equal(expect_outcome(world, LOGIN_DENIED).method, "near");
	assert_int_equal(script_now->n_enrols, 0);
}

static int lock_account(struct db *db)
{
	struct account account = { .uid = TEST_UID, .locked = true };

	(void)text_into(account.user, sizeof(account.user), TEST_USER);
	return account_add(db, &account);
}

static void a_locked_account_enrols_nothing(void **state)
{
	struct world *world = *state;

	world_change(world, lock_account);
	script_now->act = SCRIPT_IDENTIFY;
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_DONE);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_enrols, 0);
}

static void another_identity_enrols_nothing(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_IDENTIFY;
	script_now->identity.subject = "root";
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_DONE);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_enrols, 0);
}

static void nobody_enrols_another_user(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_IDENTIFY;
	begin_errand(world, LOGIN_ENROL, "phone", OTHER_UID, SCRIPT_DONE);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_starts, 0);
	assert_int_equal(script_now->n_enrols, 0);
}

static void all_factors_come_before_the_enrolment(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_PROMPT;
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_DONE);
	expect(world, LOGIN_ASK);
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_starts, 2);
	assert_int_equal(script_now->n_enrols, 0);
	world_answer(world, "right");
	expect_outcome(world, LOGIN_GRANTED);
	assert_int_equal(script_now->n_enrols, 1);
}

static void of_several_ways_one_is_chosen(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_IDENTIFY;
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_DENY);
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "from 1 to 2"));
	world_answer(world, "1");
	script_now->deny = DENY_REFUSED;
	/* Once it runs there is no way back to the menu. */
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_enrols, 1);
}

/* The service that the client names counts for nothing: "near" would let everybody in. */
static void without_a_section_only_root_enrols(void **state)
{
	struct world *world = *state;
	struct login_facts facts = errand_facts(LOGIN_ENROL, "phone", TEST_UID);

	script_now->act = SCRIPT_IDENTIFY;
	script_now->errand = SCRIPT_DONE;
	(void)text_into(facts.service, sizeof(facts.service), "near");
	assert_int_equal(world_begin(world, &facts), 0);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_starts, 0);
	assert_int_equal(script_now->n_enrols, 0);
	begin_errand(world, LOGIN_ENROL, "phone", 0, SCRIPT_DONE);
	expect_outcome(world, LOGIN_GRANTED);
}

static void a_section_without_ways_shuts(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_IDENTIFY;
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_DONE);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_enrols, 0);
}

static void who_leaves_after_proving_himself_enrols_nothing(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_PROMPT;
	begin_errand(world, LOGIN_ENROL, "phone", TEST_UID, SCRIPT_DONE);
	expect(world, LOGIN_ASK);
	world_hold(world);
	world_answer(world, "right");
	world_settle(world);
	world_leave(world);
	world_settle(world);
	world_release(world);
	assert_string_equal(world_audit(world).outcome, "cancelled");
	assert_int_equal(script_now->n_enrols, 0);
}

/* --- tests --- */

static void a_test_has_no_user(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	begin_errand(world, LOGIN_TEST, "phone", 0, SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	assert_string_equal(login_user(script_now->login), "");
	assert_true(login_is_proved(script_now->login));
	world_answer(world, "right");
	row = expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(row.kind, "test");
	assert_string_equal(row.user, "");
	assert_int_equal(row.uid, -1);
	assert_int_equal(script_now->n_tests, 1);
	assert_int_equal(script_now->n_starts + script_now->n_enrols, 0);
}

static void what_has_no_test_says_so(void **state)
{
	struct world *world = *state;

	begin_errand(world, LOGIN_TEST, "near", 0, SCRIPT_DONE);
	expect(world, LOGIN_FAILED);
	assert_non_null(strstr(world_text(world), "no test"));
	begin_errand(world, LOGIN_TEST, "carrier-pigeon", 0, SCRIPT_DONE);
	expect(world, LOGIN_FAILED);
	assert_int_equal(script_now->n_tests, 0);
}

/* --- keys --- */

static void choose_first_at(struct world *world, enum script_act act, enum login_surface surface)
{
	begin_at(world, "menu", act, surface);
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	expect(world, LOGIN_ASK);
}

static void choose_first(struct world *world, enum script_act act)
{
	choose_first_at(world, act, SURFACE_SSH);
}

static void a_lone_q_ends(void **state)
{
	static const char *const keys[] = { "q", "Q" };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		choose_first_at(world, SCRIPT_KEYS, SURFACE_TERMINAL);
		assert_true(login_hears_keys(script_now->login));
		world_answer(world, keys[i]);
		expect_outcome(world, LOGIN_CANCELLED);
	}
	assert_int_equal(script_now->n_answers, 0);
}

/* sshd hides what is typed under a name it does not know: a q that ended the login would tell. */
static void over_ssh_a_q_is_an_answer_until_something_is_proved(void **state)
{
	struct login_facts facts = world_facts();
	struct world *world = *state;

	choose_first(world, SCRIPT_KEYS);
	assert_false(login_hears_keys(script_now->login));
	world_answer(world, "q");
	world_settle(world);
	assert_int_equal(script_now->n_answers, 1);
	facts.ssh_key_accepted = true;
	assert_int_equal(world_begin(world, &facts), 0);
	expect(world, LOGIN_ASK);
	assert_string_equal(world_text(world), "Text: type y to get a text, or q to quit: ");
	world_answer(world, "q");
	expect_outcome(world, LOGIN_CANCELLED);
}

/* Where the account decides what comes next; a foreign identity's gate is the same for all. */
static void over_ssh_the_gate_takes_any_key(void **state)
{
	static const char *const keys[] = { "q", "n", "y", "\b" };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		begin(world, "sshd", SCRIPT_KEYS);
		expect(world, LOGIN_ASK);
		world_answer(world, keys[i]);
		expect(world, LOGIN_ASK);
		assert_int_equal(script_now->n_starts, i + 1);
	}
	begin(world, "both", SCRIPT_KEYS);
	expect(world, LOGIN_ASK);
	world_answer(world, "q");
	expect_outcome(world, LOGIN_CANCELLED);
}

static void a_lone_c_goes_back_to_the_choice(void **state)
{
	static const char *const keys[] = { "c", "C" };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		choose_first(world, SCRIPT_KEYS);
		assert_true(login_has_choice(script_now->login));
		world_answer(world, keys[i]);
		expect(world, LOGIN_ASK);
		assert_non_null(strstr(world_text(world), "How do you want to log in?"));
		assert_null(script_now->login);
		world_answer(world, "2");
		expect(world, LOGIN_ASK);
		world_answer(world, "right");
		assert_string_equal(expect_outcome(world, LOGIN_GRANTED).method, "near");
	}
	assert_int_equal(script_now->n_answers, N_ELEMENTS(keys));
}

static void the_way_back_is_not_endless(void **state)
{
	struct world *world = *state;
	int n = 0;

	choose_first(world, SCRIPT_KEYS);
	for (; script_now->n_answers == 0 && n < 100; n++) {
		world_answer(world, "c");
		if (!world_step(world) || world->step.state != LOGIN_ASK)
			break;
		if (strstr(world_text(world), "How do you")) {
			world_answer(world, "1");
			expect(world, LOGIN_ASK);
		}
	}
	assert_in_range(n, 1, LOGIN_ROUNDS_MAX);
	assert_string_equal(world_audit(world).outcome, "denied");
}

static void keys_are_the_providers_where_it_says_nothing(void **state)
{
	static const char *const keys[] = { "q", "c" };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		script_now->n_answers = 0;
		choose_first(world, SCRIPT_PROMPT);
		world_answer(world, keys[i]);
		expect(world, LOGIN_ASK);
		assert_non_null(strstr(world_text(world), "Login incorrect."));
		assert_int_equal(script_now->n_answers, 1);
	}
}

static void c_is_the_providers_where_there_is_no_choice(void **state)
{
	struct world *world = *state;

	begin(world, "near", SCRIPT_KEYS);
	expect(world, LOGIN_ASK);
	assert_false(login_has_choice(script_now->login));
	world_answer(world, "c");
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_answers, 1);
	world_answer(world, "cc");
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_answers, 2);
}

static void c_under_a_code_goes_back_too(void **state)
{
	struct world *world = *state;

	choose_first(world, SCRIPT_CODE);
	world_answer(world, "c");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "How do you want to log in?"));
}

static void a_method_says_what_is_asked_before_it_contacts_somebody(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", SCRIPT_NOTHING);
	expect(world, LOGIN_ASK);
	assert_string_equal(world_text(world), "Text: type y to get a text: ");
	assert_int_equal(script_now->n_starts, 0);
	begin_at(world, "sshd", SCRIPT_NOTHING, SURFACE_TERMINAL);
	expect(world, LOGIN_ASK);
	assert_string_equal(world_text(world), "Text: type y to get a text, or q to quit: ");
	begin(world, "both", SCRIPT_NOTHING);
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "type y to show the code, or q to quit: "));
}

/* --- what a provider may know --- */

static void who_only_gave_a_name_is_not_proved(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();

	begin(world, "near", SCRIPT_NOTHING);
	world_settle(world);
	assert_false(login_is_proved(script_now->login));
	assert_false(login_is_root(script_now->login));
	assert_string_equal(login_country(script_now->login)->code, "86");
	facts.ssh_key_accepted = true;
	(void)text_into(facts.service, sizeof(facts.service), "near");
	assert_int_equal(world_begin(world, &facts), 0);
	world_settle(world);
	assert_true(login_is_proved(script_now->login));
}

static void without_a_country_there_is_no_rule(void **state)
{
	begin(*state, "near", SCRIPT_NOTHING);
	world_settle(*state);
	assert_null(login_country(script_now->login));
}

static int64_t link_used_s;

static int keep_link(const struct link *link, void *context)
{
	(void)context;
	link_used_s = link->used_s;
	return 0;
}

static int read_link(struct db *db)
{
	return link_each(db, TEST_USER, keep_link, NULL);
}

static void a_first_factor_proves_and_its_link_was_used(void **state)
{
	struct world *world = *state;

	world_link(world, TEST_ISSUER, "4711");
	script_now->identity = (struct identity){ .issuer = TEST_ISSUER, .subject = "4711" };
	begin(world, "both", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	world_answer(world, "y");
	expect(world, LOGIN_ASK);
	assert_false(login_is_proved(script_now->login));
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
	assert_true(login_is_proved(script_now->login));
	world_cancel(world);
	expect_outcome(world, LOGIN_CANCELLED);
	link_used_s = 0;
	world_change(world, read_link);
	assert_int_not_equal(link_used_s, 0);
}

/* --- notes --- */

static void notes_stand_in_the_row_in_their_order(void **state)
{
	struct world *world = *state;

	begin(world, "near", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	login_note(script_now->login, "first: LIMIT\n\033[31m");
	login_note(script_now->login, "second: accepted");
	world_answer(world, "right");
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).note,
			    "first: LIMIT??[31m; second: accepted");
}

static void notes_stay_through_every_end(void **state)
{
	struct world *world = *state;

	begin(world, "near", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	login_note(script_now->login, "noted");
	world_leave(world);
	assert_string_equal(world_audit(world).note, "noted");
	begin(world, "menu", SCRIPT_KEYS);
	expect(world, LOGIN_ASK);
	world_answer(world, "2");
	expect(world, LOGIN_ASK);
	login_note(script_now->login, "of the first way");
	world_answer(world, "c");
	expect(world, LOGIN_ASK);
	world_answer(world, "q");
	assert_string_equal(expect_outcome(world, LOGIN_CANCELLED).note, "of the first way");
	begin_errand(world, LOGIN_TEST, "phone", 0, SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	login_note(script_now->login, "of a test");
	world_answer(world, "right");
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).note, "of a test");
}

static void too_long_a_note_is_cut_between_characters(void **state)
{
	struct world *world = *state;
	char note[AUDIT_TEXT_MAX];

	begin(world, "near", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	login_note(script_now->login, "a");
	for (int i = 0; i < 40; i++)
		login_note(script_now->login, "验证码已发送");
	world_answer(world, "right");
	(void)text_into(note, sizeof(note), expect_outcome(world, LOGIN_GRANTED).note);
	assert_in_range(strlen(note), AUDIT_TEXT_MAX - 4, AUDIT_TEXT_MAX - 1);
	assert_true(text_is_utf8(note, strlen(note)));
	assert_true(text_has_prefix(note, "a; 验证码已发送; 验"));
}

int main(void)
{
#define IN(test, set_up) cmocka_unit_test_setup_teardown(test, set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		IN(root_enrols_and_done_is_granted, set_up_without),
		IN(a_type_names_its_first_method, set_up_without),
		IN(roots_enrolment_is_proved_and_has_no_choice, set_up_two_ways),
		IN(there_is_time_to_write_codes_down, set_up),
		IN(what_cannot_be_enrolled_is_refused_in_words, set_up),
		IN(an_errand_has_no_second_try, set_up),
		IN(an_errand_ends_with_done_and_a_login_does_not, set_up),
		IN(errands_wait_like_logins, set_up),
		IN(a_user_proves_himself_first, set_up),
		IN(who_does_not_prove_himself_enrols_nothing, set_up),
		IN(a_locked_account_enrols_nothing, set_up),
		IN(another_identity_enrols_nothing, set_up),
		IN(nobody_enrols_another_user, set_up),
		IN(all_factors_come_before_the_enrolment, set_up_two_factors),
		IN(of_several_ways_one_is_chosen, set_up_two_ways),
		IN(without_a_section_only_root_enrols, set_up_without),
		IN(a_section_without_ways_shuts, set_up_shut),
		IN(who_leaves_after_proving_himself_enrols_nothing, set_up),
		IN(a_test_has_no_user, set_up),
		IN(what_has_no_test_says_so, set_up),
		IN(a_lone_q_ends, set_up),
		IN(over_ssh_a_q_is_an_answer_until_something_is_proved, set_up),
		IN(over_ssh_the_gate_takes_any_key, set_up),
		IN(a_lone_c_goes_back_to_the_choice, set_up),
		IN(the_way_back_is_not_endless, set_up),
		IN(keys_are_the_providers_where_it_says_nothing, set_up),
		IN(c_is_the_providers_where_there_is_no_choice, set_up),
		IN(c_under_a_code_goes_back_too, set_up),
		IN(a_method_says_what_is_asked_before_it_contacts_somebody, set_up),
		IN(who_only_gave_a_name_is_not_proved, set_up),
		IN(without_a_country_there_is_no_rule, set_up_without),
		IN(a_first_factor_proves_and_its_link_was_used, set_up),
		IN(notes_stand_in_the_row_in_their_order, set_up),
		IN(notes_stay_through_every_end, set_up),
		IN(too_long_a_note_is_cut_between_characters, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
