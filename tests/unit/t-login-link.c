/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-link.c: who may link an identity to himself, in which order he is asked, what is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/login.h"
#include "jauthd/notices.h"
#include "logins-fixture.h"

#define TEST_UID  65534          /* of TEST_USER */
#define OTHER_UID 1000

static const char methods[] =
	"[method far]\ntype = far\n"
	"[method staff]\ntype = far\ngroups_allowed = staff\n"
	"[method ruled]\ntype = far\nmap = {mail_user}\nmail_domains = example.org\n"
	"[method off]\ntype = far\nenabled = no\n"
	"[method near]\ntype = near\n"
	"[service sshd]\nmethods = near\n"
	"[limits]\nlogin_tries = 3\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up_with(void **state, const char *more)
{
	_cleanup_free_ char *text = text_format("%s%s", methods, more);
	int r = world_set_up(state, text, ISSUER_UNIX, TEST_USER);

	script_now->act = SCRIPT_PROMPT;
	return r;
}

static int set_up(void **state)
{
	return set_up_with(state, "[service jauth-link]\nmethods = near\n");
}

static int set_up_without(void **state)
{
	return set_up_with(state, "");
}

static int set_up_off(void **state)
{
	return set_up_with(state, "[general]\nself_service = no\n"
				  "[service jauth-link]\nmethods = near\n");
}

static int set_up_two(void **state)
{
	return set_up_with(state, "[service jauth-link]\nmethods = near + far\n");
}

static int set_up_privileged(void **state)
{
	return set_up_with(state, "[general]\nprivileged_groups = nogroup\n"
				  "[service jauth-link]\nmethods = near\n");
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
	assert_string_equal(row.kind, "link");
	assert_false(world_step(world));
	return row;
}

static struct login_facts link_facts(const char *method, uint32_t caller_uid)
{
	struct login_facts facts = {
		.phase = LOGIN_LINK,
		.surface = SURFACE_TERMINAL,
		.service = "sshd",
		.user = TEST_USER,
		.source = "uid 65534",
		.caller_uid = caller_uid,
	};

	(void)text_into(facts.method, sizeof(facts.method), method);
	return facts;
}

static void begin(struct world *world, const char *method, uint32_t caller_uid)
{
	struct login_facts facts = link_facts(method, caller_uid);

	assert_int_equal(world_begin(world, &facts), 0);
}

/* He proves himself; then the method asks for the word of whom the test says. */
static void prove(struct world *world, const char *method)
{
	begin(world, method, TEST_UID);
	expect(world, LOGIN_ASK);
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
}

static void identify_as(struct world *world, const struct identity *identity)
{
	script_now->identity = *identity;
	world_answer(world, "right");
}

static const struct identity stranger = {
	.issuer = TEST_ISSUER, .subject = "4711", .display = "Jane\033[2J Doe",
};

static bool was_shown(const struct world *world, const char *text)
{
	for (unsigned i = 0; i < world->step.n_items; i++)
		if (strstr(world->step.items[i].text, text))
			return true;
	return false;
}

/* --- what is kept --- */

static struct link kept;
static unsigned n_kept;

static int keep_link(const struct link *link, void *context UNUSED)
{
	n_kept++;
	link_done(&kept);
	kept = (struct link){
		.issuer = text_copy(link->issuer), .subject = text_copy(link->subject),
		.user = text_copy(link->user), .origin = text_copy(link->origin),
		.uid = link->uid, .pending = link->pending,
	};
	return 0;
}

static int read_links(struct db *db)
{
	n_kept = 0;
	return link_each(db, NULL, keep_link, NULL);
}

static unsigned count_links(struct world *world)
{
	world_change(world, read_links);
	return n_kept;
}

static struct notices told;
static int64_t told_at;

static int read_notices(struct db *db)
{
	return notices_tell(db, TEST_USER, TEST_UID, told_at, &told);
}

static size_t count_notices(struct world *world)
{
	told_at = logins_now_s(world->logins);
	world_change(world, read_notices);
	return told.n;
}

/* --- the way it should go --- */

static void proved_identified_confirmed_and_linked(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	prove(world, "far");
	assert_int_equal(count_links(world), 0);
	identify_as(world, &stranger);
	expect(world, LOGIN_ASK);
	assert_true(was_shown(world, TEST_ISSUER) && was_shown(world, "4711"));
	assert_true(was_shown(world, "Jane") && !was_shown(world, "\033"));
	assert_int_equal(count_links(world), 0);
	world_answer(world, "Yes");
	row = expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(row.service, LINK_SERVICE);
	assert_string_equal(row.method, "far");
	assert_string_equal(row.subject, "4711");
	assert_int_equal(count_links(world), 1);
	assert_string_equal(kept.user, TEST_USER);
	assert_string_equal(kept.issuer, TEST_ISSUER);
	assert_string_equal(kept.subject, "4711");
	assert_string_equal(kept.origin, "self");
	assert_int_equal(kept.uid, TEST_UID);
	assert_false(kept.pending);
	assert_int_equal(count_notices(world), 1);
	assert_int_equal(told.rows[0].kind, NOTICE_LINKED);
	link_done(&kept);
}

static void all_factors_come_before_the_link(void **state)
{
	struct world *world = *state;

	begin(world, "far", TEST_UID);
	expect(world, LOGIN_ASK);
	world_answer(world, "right");
	expect(world, LOGIN_ASK);
	assert_int_equal(script_now->n_starts, 2);
	/* The second factor is far, too, and this person is nobody's yet. */
	identify_as(world, &stranger);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(count_links(world), 0);
}

static void any_other_word_than_yes_links_nothing(void **state)
{
	static const char *const words[] = { "", "no", "y", "yes!", "q", "ye" };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		script_now->identity = (struct identity){ .issuer = ISSUER_UNIX,
							  .subject = TEST_USER };
		prove(world, "far");
		identify_as(world, &stranger);
		expect(world, LOGIN_ASK);
		world_answer(world, words[i]);
		expect_outcome(world, LOGIN_CANCELLED);
		assert_int_equal(count_links(world), 0);
	}
}

static void who_leaves_before_the_yes_links_nothing(void **state)
{
	struct world *world = *state;

	prove(world, "far");
	world_hold(world);
	identify_as(world, &stranger);
	world_settle(world);
	world_leave(world);
	world_settle(world);
	world_release(world);
	assert_string_equal(world_audit(world).outcome, "cancelled");
	assert_int_equal(count_links(world), 0);
}

static void what_changed_before_the_yes_counts(void **state)
{
	struct world *world = *state;

	prove(world, "far");
	identify_as(world, &stranger);
	expect(world, LOGIN_ASK);
	world_link(world, TEST_ISSUER, "4711");          /* meanwhile, by a sysadmin */
	world_answer(world, "yes");
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(count_links(world), 1);
	link_done(&kept);
}

/* --- what is refused --- */

static void who_does_not_prove_himself_links_nothing(void **state)
{
	struct world *world = *state;

	begin(world, "far", TEST_UID);
	for (int i = 0; i < 3; i++) {
		expect(world, LOGIN_ASK);
		world_answer(world, "wrong");
	}
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(count_links(world), 0);
}

static const struct {
	const char *what, *method, *user, *text;
	uint32_t caller;
	enum login_state state;
} refused[] = {
	{ "another user", "far", TEST_USER, "only to yourself", OTHER_UID, LOGIN_DENIED },
	{ "root for somebody", "far", TEST_USER, "only to yourself", 0, LOGIN_DENIED },
	{ "root for himself", "far", "root", "by root only", 0, LOGIN_DENIED },
	{ "a system user", "far", "daemon", "by root only", 1, LOGIN_DENIED },
	{ "nobody of this name", "far", "no-such-user", "no such user", TEST_UID, LOGIN_DENIED },
	{ "no such method", "pigeon", TEST_USER, "no such method", TEST_UID, LOGIN_FAILED },
	{ "no method said", "", TEST_USER, "no such method", TEST_UID, LOGIN_FAILED },
	{ "a method that proves the user himself", "near", TEST_USER, "Nothing can be linked",
	  TEST_UID, LOGIN_FAILED },
	{ "a method that is disabled", "off", TEST_USER, "Nothing can be linked", TEST_UID,
	  LOGIN_FAILED },
};

static void what_cannot_be_linked_is_refused_in_words(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		struct login_facts facts = link_facts(refused[i].method, refused[i].caller);

		(void)text_into(facts.user, sizeof(facts.user), refused[i].user);
		assert_int_equal(world_begin(world, &facts), 0);
		expect(world, refused[i].state);
		if (!strstr(world_text(world), refused[i].text))
			fail_msg("%s: %s", refused[i].what, world_text(world));
	}
	assert_int_equal(script_now->n_starts, 0);
}

/* The service that the client names counts for nothing: "sshd" would do. */
static void without_a_section_nobody_links_himself(void **state)
{
	begin(*state, "far", TEST_UID);
	expect_outcome(*state, LOGIN_DENIED);
	assert_int_equal(script_now->n_starts, 0);
}

static void privileged_users_are_linked_by_root(void **state)
{
	begin(*state, "far", TEST_UID);
	expect_outcome(*state, LOGIN_DENIED);
	assert_int_equal(script_now->n_starts, 0);
}

static const struct {
	const char *what, *method;
	struct identity identity;
} not_linked[] = {
	{ "outside the filters", "staff", { .issuer = TEST_ISSUER, .subject = "4711" } },
	{ "a user himself, said by who cannot know", "far",
	  { .issuer = ISSUER_UNIX, .subject = TEST_USER } },
	{ "who is him by a rule already", "ruled",
	  { .issuer = TEST_ISSUER, .subject = "4711", .mail = TEST_USER "@example.org" } },
	{ "no subject", "far", { .issuer = TEST_ISSUER, .subject = "" } },
};

static void what_is_not_linked(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(not_linked); i++) {
		script_now->identity = (struct identity){ .issuer = ISSUER_UNIX,
							  .subject = TEST_USER };
		prove(world, not_linked[i].method);
		identify_as(world, &not_linked[i].identity);
		expect(world, LOGIN_DENIED);
		if (count_links(world))
			fail_msg("%s is linked", not_linked[i].what);
	}
}

static int lock_account(struct db *db)
{
	struct account account = { .uid = TEST_UID, .locked = true };

	(void)text_into(account.user, sizeof(account.user), TEST_USER);
	return account_add(db, &account);
}

static void who_was_locked_after_proving_himself_links_nothing(void **state)
{
	struct world *world = *state;

	prove(world, "far");
	world_change(world, lock_account);
	identify_as(world, &stranger);
	expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(count_links(world), 0);
}

static int change_often(struct db *db)
{
	struct notice notice = notice_make(NOTICE_UNLINKED, TEST_USER, TEST_UID);
	int r = 0;

	notice_set_identity(&notice, TEST_ISSUER, "1", NULL);
	notice.time_s = told_at;
	for (int i = 0; r == 0 && i < OWN_CHANGES_DAY; i++)
		r = notice_add(db, &notice);
	return r;
}

static void changes_of_a_day_have_an_end(void **state)
{
	struct world *world = *state;

	told_at = logins_now_s(world->logins);
	world_change(world, change_often);
	prove(world, "far");
	identify_as(world, &stranger);
	expect(world, LOGIN_DENIED);
	assert_non_null(strstr(world_text(world), "too often"));
	assert_int_equal(count_links(world), 0);
}

/* --- notices --- */

static void a_login_tells_it(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();

	told_at = logins_now_s(world->logins);
	world_change(world, change_often);
	facts.phase = LOGIN_ACCOUNT;
	assert_int_equal(world_begin(world, &facts), 0);
	expect(world, LOGIN_GRANTED);
	assert_true(was_shown(world, "no longer linked"));
	assert_true(was_shown(world, TEST_ISSUER));
	assert_true(was_shown(world, "tell your administrator"));
}

static void who_is_not_let_in_is_told_nothing(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();

	told_at = logins_now_s(world->logins);
	world_change(world, change_often);
	world_change(world, lock_account);
	facts.phase = LOGIN_ACCOUNT;
	assert_int_equal(world_begin(world, &facts), 0);
	expect(world, LOGIN_LOCKED);
	assert_false(was_shown(world, "linked"));
}

#define CASE(name, set_up_) cmocka_unit_test_setup_teardown(name, set_up_, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(proved_identified_confirmed_and_linked, set_up),
		CASE(all_factors_come_before_the_link, set_up_two),
		CASE(any_other_word_than_yes_links_nothing, set_up),
		CASE(who_leaves_before_the_yes_links_nothing, set_up),
		CASE(what_changed_before_the_yes_counts, set_up),
		CASE(who_does_not_prove_himself_links_nothing, set_up),
		CASE(what_cannot_be_linked_is_refused_in_words, set_up),
		CASE(without_a_section_nobody_links_himself, set_up_without),
		CASE(without_a_section_nobody_links_himself, set_up_off),
		CASE(privileged_users_are_linked_by_root, set_up_privileged),
		CASE(what_is_not_linked, set_up),
		CASE(who_was_locked_after_proving_himself_links_nothing, set_up),
		CASE(changes_of_a_day_have_an_end, set_up),
		CASE(a_login_tells_it, set_up),
		CASE(who_is_not_let_in_is_told_nothing, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
