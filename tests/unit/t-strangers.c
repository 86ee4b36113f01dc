/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-verdict.c: whose denied login leaves a request, and that the screen tells it to nobody. */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/requests.h"
#include "logins-fixture.h"

static const char config_text[] =
	"[general]\nprivileged_groups = shadow\n"
	"[method far]\ntype = far\n"
	"[method near]\ntype = near\n"
	"[method ruled]\ntype = far\nmap = {mail_user}\nmail_domains = example.org\n"
	"[method staff]\ntype = far\ngroups_allowed = staff\n"
	"[service sshd]\nmethods = far\n"
	"[service near]\nmethods = near\n"
	"[service ruled]\nmethods = ruled\n"
	"[service staff]\nmethods = staff\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up(void **state)
{
	int r = world_set_up(state, config_text, TEST_ISSUER, "4711");

	script_now->act = SCRIPT_IDENTIFY;
	return r;
}

/* One login by what the script says; its outcome. */
static enum login_state log_in(struct world *world, const char *service, const char *user)
{
	struct login_facts facts = world_facts();

	(void)text_into(facts.service, sizeof(facts.service), service);
	(void)text_into(facts.user, sizeof(facts.user), user);
	assert_int_equal(world_begin(world, &facts), 0);
	while (world_step(world) && !login_state_is_outcome(world->step.state))
		world_answer(world, "y");
	return world->step.state;
}

static struct link_request kept;
static int n_kept;

static int keep(const struct link_request *request, void *context UNUSED)
{
	kept = *request;
	n_kept++;
	return 0;
}

static int64_t now_s;

static int read_kept(struct db *db)
{
	n_kept = 0;
	return requests_each(db, now_s, keep, NULL);
}

static int count_kept(struct world *world)
{
	now_s = logins_now_s(world->logins);
	world_change(world, read_kept);
	return n_kept;
}

static void a_proved_stranger_leaves_a_request(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	script_now->identity.display = "A. Stranger";
	assert_int_equal(log_in(world, "sshd", TEST_USER), LOGIN_DENIED);
	row = world_audit(world);
	assert_int_equal(count_kept(world), 1);
	assert_string_equal(kept.request, row.request);
	assert_string_equal(kept.method, "far");
	assert_string_equal(kept.issuer, TEST_ISSUER);
	assert_string_equal(kept.subject, "4711");
	assert_string_equal(kept.display, "A. Stranger");
	assert_string_equal(kept.user, TEST_USER);
	assert_int_equal(kept.uid, getpwnam(TEST_USER)->pw_uid);
	assert_string_equal(kept.source, row.source);
	assert_string_equal(row.outcome, "denied");
	/* 64 random bits. */
	assert_int_equal(strlen(kept.request), REQUEST_ID_LEN);
	assert_int_equal(strspn(kept.request, "0123456789abcdef"), REQUEST_ID_LEN);
	assert_true(REQUEST_ID_LEN * 4 >= 40);
}

static const struct nothing_kept {
	const char *what, *service, *user;
	struct identity identity;
	enum script_act act;
} nothing_kept[] = {
	{ "root", "sshd", "root", { .issuer = TEST_ISSUER, .subject = "4711" }, SCRIPT_IDENTIFY },
	{ "a system user", "sshd", "daemon", { .issuer = TEST_ISSUER, .subject = "4711" },
	  SCRIPT_IDENTIFY },
	{ "nobody of that name", "sshd", "no-such-user",
	  { .issuer = TEST_ISSUER, .subject = "4711" }, SCRIPT_IDENTIFY },
	{ "a user himself, said by a provider that cannot know", "sshd", TEST_USER,
	  { .issuer = ISSUER_UNIX, .subject = TEST_USER }, SCRIPT_IDENTIFY },
	{ "outside the filters", "staff", TEST_USER,
	  { .issuer = TEST_ISSUER, .subject = "4711" }, SCRIPT_IDENTIFY },
	{ "shut out by the provider", "sshd", TEST_USER,
	  { .issuer = TEST_ISSUER, .subject = "4711" }, SCRIPT_DENY },
	{ "a provider that failed", "sshd", TEST_USER,
	  { .issuer = TEST_ISSUER, .subject = "4711" }, SCRIPT_FAIL },
	{ "no subject", "sshd", TEST_USER, { .issuer = TEST_ISSUER, .subject = "" },
	  SCRIPT_IDENTIFY },
};

static void others_leave_none(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(nothing_kept); i++) {
		script_now->act = nothing_kept[i].act;
		script_now->deny = DENY_FILTERED;
		script_now->identity = nothing_kept[i].identity;
		if (log_in(*state, nothing_kept[i].service, nothing_kept[i].user) ==
		    LOGIN_GRANTED || count_kept(*state) != 0)
			fail_msg("%s: %d are kept", nothing_kept[i].what, n_kept);
	}
}

static void who_is_let_in_asks_for_nothing(void **state)
{
	world_link(*state, TEST_ISSUER, "4711");
	assert_int_equal(log_in(*state, "sshd", TEST_USER), LOGIN_GRANTED);
	assert_int_equal(count_kept(*state), 0);
	/* His rule leads elsewhere: he may be asked for here, too. */
	script_now->identity = (struct identity){ .issuer = TEST_ISSUER, .subject = "4712",
						  .mail = "other@example.org" };
	assert_int_equal(log_in(*state, "ruled", TEST_USER), LOGIN_DENIED);
	assert_int_equal(count_kept(*state), 1);
}

/* --- pending --- */

static int accept_kept(struct db *db)
{
	int64_t id;

	return requests_accept(db, &kept, "", kept.time_s, &id);
}

static int confirm_kept(struct db *db)
{
	return link_confirm(db, 1, TEST_USER, kept.uid);
}

static void a_pending_link_lets_nobody_in(void **state)
{
	struct world *world = *state;

	assert_int_equal(log_in(world, "sshd", TEST_USER), LOGIN_DENIED);
	assert_int_equal(count_kept(world), 1);
	world_change(world, accept_kept);
	assert_int_equal(log_in(world, "sshd", TEST_USER), LOGIN_DENIED);
	world_change(world, confirm_kept);
	assert_int_equal(log_in(world, "sshd", TEST_USER), LOGIN_GRANTED);
	assert_string_equal(world_audit(world).mapping, "link");
}

/* --- what the person reads --- */

static int lock_user(struct db *db)
{
	struct account account = { .uid = getpwnam(TEST_USER)->pw_uid, .locked = true };

	(void)text_into(account.user, sizeof(account.user), TEST_USER);
	return account_add(db, &account);
}

/* What is read but for the id itself. */
static void read_refusal(struct world *world, const char *user, char ret_text[LOGIN_TEXT_MAX])
{
	const char *id;

	assert_int_equal(log_in(world, "sshd", user), LOGIN_DENIED);
	assert_true(text_into(ret_text, LOGIN_TEXT_MAX, world_text(world)));
	id = strstr(ret_text, "Request id: ");
	assert_non_null(id);
	ret_text[id - ret_text + (ptrdiff_t)strlen("Request id: ")] = '\0';
}

static void the_refusal_tells_nothing_of_the_user(void **state)
{
	static const char *const users[] = { "no-such-user", "root", "daemon" };
	char stranger[LOGIN_TEXT_MAX], other[LOGIN_TEXT_MAX];

	read_refusal(*state, TEST_USER, stranger);
	assert_non_null(strstr(stranger, "give your administrator the id"));
	for (size_t i = 0; i < N_ELEMENTS(users); i++) {
		read_refusal(*state, users[i], other);
		assert_string_equal(other, stranger);
	}
	world_link(*state, TEST_ISSUER, "4711");
	world_change(*state, lock_user);
	read_refusal(*state, TEST_USER, other);
	assert_string_equal(other, stranger);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_proved_stranger_leaves_a_request),
		TEST(others_leave_none),
		TEST(who_is_let_in_asks_for_nothing),
		TEST(a_pending_link_lets_nobody_in),
		TEST(the_refusal_tells_nothing_of_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
