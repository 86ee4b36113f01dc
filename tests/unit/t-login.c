/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The course of a login: who is let in, who is not, and what the client reads meanwhile. */
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

static const char config_text[] =
	"[method far]\ntype = far\n"
	"[method near]\ntype = near\n"
	"[service sshd]\nmethods = far\n"
	"[service menu]\nmethods = far, near\n"
	"[service both]\nmethods = near + far\n"
	"[service near]\nmethods = near\n"
	"[service shut]\nmethods = none\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up(void **state)
{
	(void)world_set_up(state, config_text, TEST_ISSUER, "4711");
	world_link(*state, TEST_ISSUER, "4711");
	return 0;
}

static void begin(struct world *world, const char *service, enum script_act act)
{
	struct login_facts facts = world_facts();

	script_now->act = act;
	(void)text_into(facts.service, sizeof(facts.service), service);
	assert_int_equal(world_begin(world, &facts), 0);
}

static void expect(struct world *world, enum login_state state)
{
	assert_true(world_step(world));
	assert_string_equal(login_state_names[world->step.state], login_state_names[state]);
}

static void expect_outcome(struct world *world, enum login_state state)
{
	struct audit_row row;

	expect(world, state);
	row = world_audit(world);
	assert_string_equal(row.outcome, login_state_names[state]);
	assert_false(world_step(world));
}

/* The question before a provider is contacted, answered. */
static void be_present(struct world *world)
{
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "type y"));
	assert_int_equal(script_now->n_starts, 0);
	world_answer(world, "y");
}

/* As a poll brings it, from the loop. */
static void approve(struct world *world)
{
	assert_non_null(script_now->login);
	assert_int_not_equal(login_timer(script_now->login, 0), 0);
	world_settle(world);
}

/* --- who is let in --- */

static void a_linked_identity_is_granted_and_recorded(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	begin(world, "sshd", SCRIPT_IDENTIFY);
	be_present(world);
	expect(world, LOGIN_GRANTED);
	row = world_audit(world);
	assert_string_equal(row.outcome, "granted");
	assert_string_equal(row.subject, "4711");
	assert_string_equal(row.mapping, "link");
	assert_string_equal(row.mapped_method, "far");
	assert_int_equal(script_now->n_finished, 1);
}

struct stranger {
	const char *what;
	struct identity identity;
};

static const struct stranger strangers[] = {
	{ "another subject", { .issuer = TEST_ISSUER, .subject = "4712" } },
	{ "a longer subject", { .issuer = TEST_ISSUER, .subject = "47110" } },
	{ "a shorter subject", { .issuer = TEST_ISSUER, .subject = "471" } },
	{ "a blank behind it", { .issuer = TEST_ISSUER, .subject = "4711 " } },
	{ "the same subject elsewhere",
	  { .issuer = "https://evil.example.org", .subject = "4711" } },
	{ "a slash behind the issuer", { .issuer = TEST_ISSUER "/", .subject = "4711" } },
	{ "the issuer in capitals", { .issuer = "HTTPS://OP.EXAMPLE.ORG", .subject = "4711" } },
	{ "the user's name", { .issuer = TEST_ISSUER, .subject = TEST_USER } },
	{ "the user himself, said by a provider that cannot know",
	  { .issuer = ISSUER_UNIX, .subject = TEST_USER } },
	{ "no subject", { .issuer = TEST_ISSUER, .subject = "" } },
	{ "no issuer", { .issuer = "", .subject = "4711" } },
	{ "mail of somebody else", { .issuer = TEST_ISSUER, .subject = "1",
				     .mail = TEST_USER "@example.org" } },
};

static void nobody_else_is_let_in(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(strangers); i++) {
		script_now->identity = strangers[i].identity;
		script_now->n_starts = 0;
		begin(world, "sshd", SCRIPT_IDENTIFY);
		be_present(world);
		assert_true(world_step(world));
		if (world->step.state != LOGIN_DENIED)
			fail_msg("%s: %s", strangers[i].what, login_state_names[world->step.state]);
		assert_string_equal(world_audit(world).outcome, "denied");
	}
}

static void too_long_a_subject_is_refused_not_cut(void **state)
{
	struct world *world = *state;
	char subject[IDENTITY_TEXT_MAX + 2];

	memset(subject, '7', sizeof(subject) - 1);
	subject[sizeof(subject) - 1] = '\0';
	script_now->identity.subject = subject;
	begin(world, "sshd", SCRIPT_IDENTIFY);
	be_present(world);
	expect_outcome(world, LOGIN_DENIED);
}

static void only_a_method_that_knows_the_user_may_name_him(void **state)
{
	struct world *world = *state;

	script_now->identity = (struct identity){ .issuer = ISSUER_UNIX, .subject = TEST_USER };
	begin(world, "near", SCRIPT_IDENTIFY);
	expect_outcome(world, LOGIN_GRANTED);
	script_now->identity.subject = "root";
	begin(world, "near", SCRIPT_IDENTIFY);
	expect_outcome(world, LOGIN_DENIED);
}

static void a_user_who_does_not_exist_sees_the_same_and_is_denied(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();
	struct audit_row row;

	(void)text_into(facts.user, sizeof(facts.user), "no-such-user");
	script_now->act = SCRIPT_IDENTIFY;
	assert_int_equal(world_begin(world, &facts), 0);
	be_present(world);
	expect(world, LOGIN_DENIED);
	row = world_audit(world);
	assert_int_equal(row.user[0], '?');
	assert_null(strstr(row.user, "no-such-user"));
	assert_int_equal(row.uid, -1);
}

static int lock_account(struct db *db)
{
	struct account account = { .uid = 65534, .locked = true };

	(void)text_into(account.user, sizeof(account.user), TEST_USER);
	return account_add(db, &account);
}

static void a_locked_account_is_denied_though_the_identity_is_right(void **state)
{
	struct world *world = *state;

	world_change(world, lock_account);
	begin(world, "sshd", SCRIPT_IDENTIFY);
	be_present(world);
	expect_outcome(world, LOGIN_DENIED);
	assert_string_equal(world_audit(world).reason, "account locked");
}

static void only_the_first_end_of_a_provider_counts(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", SCRIPT_TWICE);
	be_present(world);
	expect_outcome(world, LOGIN_GRANTED);
}

/* --- codes --- */

static void approval_before_enter_is_told_after_it(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", SCRIPT_CODE);
	be_present(world);
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "https://op.example.org/device\n"));
	assert_non_null(strstr(world_text(world), "ABCD-EFGH\n"));
	assert_int_equal(world_text(world)[0], '\n');
	approve(world);
	assert_true(world_is_quiet(world));
	world_answer(world, "");
	expect_outcome(world, LOGIN_GRANTED);
}

static void approval_after_enter_goes_on_by_itself(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", SCRIPT_CODE);
	be_present(world);
	expect(world, LOGIN_ASK);
	world_answer(world, "");
	expect(world, LOGIN_WAIT);
	assert_true(world_is_quiet(world));
	assert_int_equal(script_now->n_answers, 1);
	approve(world);
	expect_outcome(world, LOGIN_GRANTED);
}

static void on_a_console_nothing_is_asked_under_the_code(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();

	facts.surface = SURFACE_TERMINAL;
	script_now->act = SCRIPT_CODE;
	assert_int_equal(world_begin(world, &facts), 0);
	be_present(world);
	expect(world, LOGIN_WAIT);
	approve(world);
	expect_outcome(world, LOGIN_GRANTED);
}

static void giving_up_after_the_approval_is_no_login(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", SCRIPT_CODE);
	be_present(world);
	expect(world, LOGIN_ASK);
	approve(world);
	world_cancel(world);
	expect_outcome(world, LOGIN_CANCELLED);
}

static void a_link_removed_while_the_code_stands_denies(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", SCRIPT_CODE);
	be_present(world);
	expect(world, LOGIN_ASK);
	approve(world);
	world_unlink_all(world);
	world_answer(world, "");
	expect_outcome(world, LOGIN_DENIED);
}

static void keys_under_the_code(void **state)
{
	struct world *world = *state;
	char first[LOGIN_TEXT_MAX + 1];

	begin(world, "menu", SCRIPT_CODE);
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	expect(world, LOGIN_ASK);
	assert_true(text_into(first, sizeof(first), world_text(world)));
	world_answer(world, "i");
	expect(world, LOGIN_ASK);
	assert_string_not_equal(first, world_text(world));
	assert_int_equal(script_now->n_starts, 1);
	world_answer(world, "m");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "How do you want to log in?"));
	assert_int_equal(script_now->n_finished, 1);
	world_answer(world, "1");
	expect(world, LOGIN_ASK);
	world_answer(world, "q");
	expect_outcome(world, LOGIN_CANCELLED);
}

static void a_client_that_leaves_ends_the_provider(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	begin(world, "sshd", SCRIPT_CODE);
	be_present(world);
	expect(world, LOGIN_ASK);
	world_leave(world);
	row = world_audit(world);
	assert_string_equal(row.outcome, "cancelled");
	assert_string_equal(row.reason, "client left");
	assert_int_equal(script_now->n_finished, 1);
	assert_null(script_now->login);
}

static void giving_up_and_leaving_is_one_row(void **state)
{
	struct world *world = *state;
	int64_t before = world_audit(world).id;

	begin(world, "sshd", SCRIPT_CODE);
	be_present(world);
	expect(world, LOGIN_ASK);
	world_cancel(world);
	world_leave(world);
	assert_string_equal(world_audit(world).outcome, "cancelled");
	assert_int_equal(world_audit(world).id, before + 1);
}

static void leaving_between_two_factors_starts_no_provider(void **state)
{
	struct world *world = *state;

	script_now->identity = (struct identity){ .issuer = ISSUER_UNIX, .subject = TEST_USER };
	begin(world, "both", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	world_answer(world, "right");
	world_leave(world);
	assert_string_equal(world_audit(world).outcome, "cancelled");
	assert_int_equal(script_now->n_starts, 1);
}

/* --- choosing --- */

static void nothing_is_contacted_for_empty_answers(void **state)
{
	struct world *world = *state;
	unsigned n = 0;

	begin(world, "sshd", SCRIPT_IDENTIFY);
	for (; world_step(world) && world->step.state == LOGIN_ASK; n++)
		world_answer(world, "");
	assert_int_equal(world->step.state, LOGIN_DENIED);
	assert_in_range(n, 1, LOGIN_ROUNDS_MAX);
	assert_int_equal(script_now->n_starts, 0);
}

static void the_menu_takes_only_its_numbers(void **state)
{
	static const char *const wrong[] = { "", "0", "3", "9", "11", "x", " 1" };
	struct world *world = *state;

	begin(world, "menu", SCRIPT_IDENTIFY);
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		expect(world, LOGIN_ASK);
		world_answer(world, wrong[i]);
	}
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_starts, 0);
	world_answer(world, "1");
	expect_outcome(world, LOGIN_GRANTED);
}

static void a_failed_way_leads_back_to_the_menu(void **state)
{
	struct world *world = *state;

	begin(world, "menu", SCRIPT_FAIL);
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "cannot be reached"));
	script_now->identity = (struct identity){ .issuer = ISSUER_UNIX, .subject = TEST_USER };
	script_now->act = SCRIPT_IDENTIFY;
	world_answer(world, "2");
	expect_outcome(world, LOGIN_GRANTED);
}

static void both_factors_are_needed(void **state)
{
	struct world *world = *state;

	/* One script plays both: the second factor's identity is the first's, which is not
	 * enough. */
	script_now->identity = (struct identity){ .issuer = ISSUER_UNIX, .subject = TEST_USER };
	begin(world, "both", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_starts, 2);
	world_answer(world, "right");
	expect_outcome(world, LOGIN_DENIED);
	begin(world, "both", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
	script_now->identity = (struct identity){ .issuer = TEST_ISSUER, .subject = "4711" };
	world_answer(world, "right");
	expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(world_audit(world).mapped_method, "far");
	assert_string_equal(world_audit(world).method, "near + far");
}

static void the_first_factor_alone_is_not_enough(void **state)
{
	struct world *world = *state;

	script_now->identity = (struct identity){ .issuer = ISSUER_UNIX, .subject = TEST_USER };
	begin(world, "both", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
	world_answer(world, "wrong");
	expect_outcome(world, LOGIN_DENIED);
}

static void outside_the_scope_is_ignored_and_shut_is_denied(void **state)
{
	struct world *world = *state;

	begin(world, "cron", SCRIPT_IDENTIFY);
	expect(world, LOGIN_IGNORED);
	begin(world, "shut", SCRIPT_IDENTIFY);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_starts, 0);
}

/* --- refusals --- */

static const struct {
	enum deny_reason reason;
	const char *text;
} denials[] = {
	{ DENY_WRONG, "Login incorrect." },
	{ DENY_REFUSED, "refused" },
	{ DENY_EXPIRED, "in time" },
	{ DENY_FILTERED, "may not log in here" },
	{ DENY_BUSY, "busy" },
	{ DENY_INVALID, "cannot be trusted" },
};

static void every_denial_is_denied_with_its_words_and_a_request_id(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(denials); i++) {
		script_now->deny = denials[i].reason;
		begin(world, "near", SCRIPT_DENY);
		expect(world, LOGIN_DENIED);
		assert_non_null(strstr(world_text(world), denials[i].text));
		assert_non_null(strstr(world_text(world), world_audit(world).request));
	}
}

static void every_failure_is_failed(void **state)
{
	struct world *world = *state;

	for (int reason = FAIL_NETWORK; reason <= FAIL_CONFIG; reason++) {
		script_now->fail = (enum fail_reason)reason;
		begin(world, "near", SCRIPT_FAIL);
		expect_outcome(world, LOGIN_FAILED);
	}
}

static void a_request_without_helper_gets_its_reply(void **state)
{
	struct world *world = *state;

	begin(world, "near", SCRIPT_REQUEST);
	expect_outcome(world, LOGIN_FAILED);
	assert_int_equal(script_now->n_replies, 1);
}

static void a_stale_answer_is_dropped(void **state)
{
	struct world *world = *state;
	struct login_step first;

	begin(world, "menu", SCRIPT_PROMPT);
	expect(world, LOGIN_ASK);
	first = world->step;
	world->step.message = NULL;
	world_answer(world, "2");
	expect(world, LOGIN_ASK);
	world->step.items[world->step.n_items - 1].number = first.items[0].number;
	world_answer(world, "right");
	assert_true(world_is_quiet(world));
	assert_int_equal(script_now->n_answers, 0);
	login_step_done(&first);
}

/* --- limits --- */

static void waiting_logins_of_one_source_are_bounded(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();
	int fds[LOGINS_PER_SOURCE_DEFAULT + 1], n = 0;

	script_now->act = SCRIPT_NOTHING;
	for (; n <= LOGINS_PER_SOURCE_DEFAULT && world_begin(world, &facts) == 0; n++) {
		fds[n] = world->client;
		world->client = -1;
	}
	assert_int_equal(n, LOGINS_PER_SOURCE_DEFAULT);
	(void)text_into(facts.source, sizeof(facts.source), "192.0.2.8");
	assert_int_equal(world_begin(world, &facts), 0);
	for (int i = 0; i < n; i++)
		(void)close(fds[i]);
	world_settle(world);
	facts = world_facts();
	assert_int_equal(world_begin(world, &facts), 0);
}

static void the_account_phase_is_not_crowded_out(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();
	int fds[LOGINS_PER_SOURCE_DEFAULT];

	for (int i = 0; i < LOGINS_PER_SOURCE_DEFAULT; i++) {
		assert_int_equal(world_begin(world, &facts), 0);
		fds[i] = world->client;
		world->client = -1;
	}
	assert_int_equal(world_begin(world, &facts), -EUSERS);
	facts.phase = LOGIN_ACCOUNT;
	assert_int_equal(world_begin(world, &facts), 0);
	expect_outcome(world, LOGIN_GRANTED);
	for (int i = 0; i < LOGINS_PER_SOURCE_DEFAULT; i++)
		(void)close(fds[i]);
}

static void open_logins_of_one_method_are_bounded(void **state)
{
	struct world *world = *state;
	int fds[2];

	for (int i = 0; i < 2; i++) {
		script_now->n_starts = 0;
		begin(world, "sshd", SCRIPT_NOTHING);
		be_present(world);
		world_settle(world);
		fds[i] = world->client;
		world->client = -1;
	}
	script_now->n_starts = 0;
	begin(world, "sshd", SCRIPT_NOTHING);
	be_present(world);
	expect(world, LOGIN_DENIED);
	assert_non_null(strstr(world_text(world), "busy"));
	assert_int_equal(script_now->n_starts, 0);
	for (int i = 0; i < 2; i++)
		(void)close(fds[i]);
}

/* --- the account phase --- */

static void begin_account(struct world *world, const char *request)
{
	struct login_facts facts = world_facts();

	facts.phase = LOGIN_ACCOUNT;
	(void)text_into(facts.request, sizeof(facts.request), request);
	assert_int_equal(world_begin(world, &facts), 0);
}

static void log_in(struct world *world, char *ret_request)
{
	script_now->n_starts = 0;
	begin(world, "sshd", SCRIPT_IDENTIFY);
	be_present(world);
	expect(world, LOGIN_GRANTED);
	(void)text_into(ret_request, REQUEST_ID_LEN + 1, world_audit(world).request);
}

static void the_account_phase_follows_the_login(void **state)
{
	struct world *world = *state;
	char request[REQUEST_ID_LEN + 1];

	log_in(world, request);
	begin_account(world, request);
	expect_outcome(world, LOGIN_GRANTED);
	begin_account(world, "");
	expect_outcome(world, LOGIN_GRANTED);
	begin_account(world, "0123456789abcdef");
	expect_outcome(world, LOGIN_LOCKED);
	world_unlink_all(world);
	begin_account(world, request);
	expect_outcome(world, LOGIN_LOCKED);
}

static int expire_account(struct db *db)
{
	struct account account = { .uid = 65534, .expires_s = 1 };

	(void)text_into(account.user, sizeof(account.user), TEST_USER);
	return account_add(db, &account);
}

static void the_account_phase_refuses_locked_and_expired(void **state)
{
	struct world *world = *state;

	world_change(world, expire_account);
	begin_account(world, "");
	expect_outcome(world, LOGIN_EXPIRED);
}

static void the_account_phase_refuses_where_nothing_is_allowed(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();

	facts.phase = LOGIN_ACCOUNT;
	(void)text_into(facts.service, sizeof(facts.service), "shut");
	assert_int_equal(world_begin(world, &facts), 0);
	expect_outcome(world, LOGIN_LOCKED);
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(a_linked_identity_is_granted_and_recorded),
		IN_A_WORLD(nobody_else_is_let_in),
		IN_A_WORLD(too_long_a_subject_is_refused_not_cut),
		IN_A_WORLD(only_a_method_that_knows_the_user_may_name_him),
		IN_A_WORLD(a_user_who_does_not_exist_sees_the_same_and_is_denied),
		IN_A_WORLD(a_locked_account_is_denied_though_the_identity_is_right),
		IN_A_WORLD(only_the_first_end_of_a_provider_counts),
		IN_A_WORLD(approval_before_enter_is_told_after_it),
		IN_A_WORLD(approval_after_enter_goes_on_by_itself),
		IN_A_WORLD(on_a_console_nothing_is_asked_under_the_code),
		IN_A_WORLD(giving_up_after_the_approval_is_no_login),
		IN_A_WORLD(a_link_removed_while_the_code_stands_denies),
		IN_A_WORLD(keys_under_the_code),
		IN_A_WORLD(a_client_that_leaves_ends_the_provider),
		IN_A_WORLD(giving_up_and_leaving_is_one_row),
		IN_A_WORLD(leaving_between_two_factors_starts_no_provider),
		IN_A_WORLD(nothing_is_contacted_for_empty_answers),
		IN_A_WORLD(the_menu_takes_only_its_numbers),
		IN_A_WORLD(a_failed_way_leads_back_to_the_menu),
		IN_A_WORLD(both_factors_are_needed),
		IN_A_WORLD(the_first_factor_alone_is_not_enough),
		IN_A_WORLD(outside_the_scope_is_ignored_and_shut_is_denied),
		IN_A_WORLD(every_denial_is_denied_with_its_words_and_a_request_id),
		IN_A_WORLD(every_failure_is_failed),
		IN_A_WORLD(a_request_without_helper_gets_its_reply),
		IN_A_WORLD(a_stale_answer_is_dropped),
		IN_A_WORLD(waiting_logins_of_one_source_are_bounded),
		IN_A_WORLD(the_account_phase_is_not_crowded_out),
		IN_A_WORLD(open_logins_of_one_method_are_bounded),
		IN_A_WORLD(the_account_phase_follows_the_login),
		IN_A_WORLD(the_account_phase_refuses_locked_and_expired),
		IN_A_WORLD(the_account_phase_refuses_where_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
