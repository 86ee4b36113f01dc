/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The offline policy: where a method cannot be reached, a password may count in its place, for whom
 * and where it may; and nothing else leads there. */
#include "login-relay-fixture.h"

#include "base/macro.h"
#include "jauthd/accounts.h"
#include "jauthd/people.h"

#define CONSOLE  "Your password on this computer counts instead."
#define PASSWORD "secret horse"
#define HASH "$5$rounds=1000$0123456789abcdef$m5qZie1WNPo5z9NB2TPKtXoOym90k/epNMseHeVX3m5"
#define REASON "offline: password instead of "

static const char config_text[] =
	"[relay]\nurl = https://sso.example.org\nkey_file = %s\n"
	"[method far]\ntype = far\noffline = console-password\n"
	"[method app]\ntype = app\noffline = console-password\noffline_for = 2h\n"
	"[method site]\ntype = site\noffline = console-password\n"
	"[method deny]\ntype = far\n"
	"[method never]\ntype = far\noffline = console-password\noffline_for = 0\n"
	"[method near]\ntype = near\n"
	"[method text]\ntype = text\n"
	"[service sshd]\nmethods = far\n"
	"[service login]\nmethods = far\n"
	"[service deny]\nmethods = deny\n"
	"[service never]\nmethods = never\n"
	"[service scan]\nmethods = app, site\n"
	"[service both]\nmethods = near + far\n"
	"[service behind]\nmethods = far + near\n"
	"[service second]\nmethods = deny + far\n"
	"[service code]\nmethods = text + far\n"
	"[service more]\nmethods = far + text\n"
	"[service menu]\nmethods = far, deny\n"
	"[test]\nfail_delay_ms = 0\n";

/* --- the world --- */

static struct account account;
static const char *user_now;             /* who logs in */

static int add_account(struct db *db)
{
	return account_add(db, &account);
}

static int set_up(void **state)
{
	_cleanup_free_ char *text = text_format(config_text, key_path);

	(void)set_up_with(state, text);
	account = (struct account){ .uid = 65534, .hash = HASH };
	(void)text_into(account.user, sizeof(account.user), TEST_USER);
	world_change(*state, add_account);
	user_now = TEST_USER;
	return 0;
}

static int forget_logins(struct db *db)
{
	return query_run(query_new(db, "DELETE FROM good_logins"));
}

static int drop_good_logins(struct db *db)
{
	return query_run(query_new(db, "DROP TABLE good_logins"));
}

static void begin_at(struct world *world, const char *service, bool is_console)
{
	struct login_facts facts = world_facts();
	struct login_begin how = {
		.facts = &facts, .origin_is_known = true, .is_console = is_console,
	};
	int fd = -1;

	facts.surface = SURFACE_CONSOLE;
	facts.has_address = false;
	(void)text_into(facts.source, sizeof(facts.source), "tty1");
	(void)text_into(facts.service, sizeof(facts.service), service);
	(void)text_into(facts.user, sizeof(facts.user), user_now);
	assert_int_equal(logins_begin(world->logins, &how, &world->id, &fd), 0);
	world_leave(world);
	world->client = fd;
}

/* By the provider, over ssh. */
static void log_in(struct world *world)
{
	struct login_facts facts = world_facts();

	script_now->act = SCRIPT_IDENTIFY;
	(void)text_into(facts.user, sizeof(facts.user), user_now);
	assert_int_equal(world_begin(world, &facts), 0);
	expect(world, LOGIN_ASK);
	world_answer(world, "y");
	(void)expect_outcome(world, LOGIN_GRANTED);
}

/* There is no jauth-http, so no request is answered. */
static void lose_network(void)
{
	script_now->act = SCRIPT_REQUEST;
}

static bool is_asked_instead(const struct world *world)
{
	for (unsigned i = 0; i < world->step.n_items; i++)
		if (strstr(world->step.items[i].text ? world->step.items[i].text : "", CONSOLE))
			return world->step.state == LOGIN_ASK;
	return false;
}

/* Until the provider was asked: the step that comes of it. */
static void be_present(struct world *world)
{
	expect(world, LOGIN_ASK);
	world_answer(world, "y");
	assert_true(world_step(world));
}

/* On the console, until the password is asked for. */
static void begin_offline(struct world *world, const char *service)
{
	lose_network();
	begin_at(world, service, true);
	be_present(world);
	assert_true(is_asked_instead(world));
	assert_non_null(strstr(world->step.items[0].text, "cannot be reached"));
}

static struct audit_row refused(struct world *world)
{
	struct audit_row row = expect_outcome(world, LOGIN_DENIED);

	assert_non_null(strstr(world->step.items[0].text, "Login incorrect.\n"));
	assert_string_equal(row.issuer, "");
	return row;
}

static void expect_refused(struct world *world, const char *password, const char *reason)
{
	begin_offline(world, "login");
	world_answer(world, password);
	assert_non_null(strstr(refused(world).reason, reason));
}

/* --- it counts --- */

static void a_right_password_counts_once_the_provider_let_him_in(void **state)
{
	struct world *world = *state;
	struct logins_status status;
	struct audit_row row;

	log_in(world);
	begin_offline(world, "login");
	world_answer(world, PASSWORD);
	row = expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(row.reason, REASON "far");
	assert_string_equal(row.method, "far");
	assert_string_equal(row.mapped_method, "far");
	assert_string_equal(row.issuer, TEST_ISSUER);
	assert_string_equal(row.subject, "4711");
	assert_string_equal(row.mapping, "link");
	logins_get_status(world->logins, &status);
	assert_int_equal(status.n_offline, 1);
	assert_int_equal(status.n_granted, 2);
	assert_int_equal(n_rows(world), 2);
}

static void nothing_typed_is_as_without_the_policy(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	log_in(world);
	begin_offline(world, "login");
	world_answer(world, "");
	row = expect_outcome(world, LOGIN_FAILED);
	assert_string_equal(row.reason, "no reply");
	assert_non_null(strstr(world->step.items[0].text, "The provider cannot be reached.\n"));
}

static void the_menu_comes_again(void **state)
{
	struct world *world = *state;

	lose_network();
	begin_at(world, "menu", true);
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	assert_true(world_step(world));
	if (!is_asked_instead(world)) {
		world_answer(world, "y");
		assert_true(world_step(world));
	}
	assert_true(is_asked_instead(world));
	world_answer(world, "");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "1 to 2"));
	world_cancel(world);
	(void)expect_outcome(world, LOGIN_CANCELLED);
}

static void the_factors_behind_it_still_count(void **state)
{
	struct world *world = *state;
	struct audit_row row;

	log_in(world);
	for (int is_right = 0; is_right < 2; is_right++) {
		begin_offline(world, "more");
		script_now->act = SCRIPT_PROMPT;
		script_now->identity = (struct identity){ ISSUER_UNIX, TEST_USER };
		world_answer(world, PASSWORD);
		expect(world, LOGIN_ASK);
		assert_string_equal(world_text(world), "Word: ");
		world_answer(world, is_right ? "right" : "wrong");
		row = expect_outcome(world, is_right ? LOGIN_GRANTED : LOGIN_DENIED);
		assert_non_null(strstr(is_right ? row.reason : row.note, REASON "far"));
		assert_string_equal(row.subject, "4711");
		script_now->identity = (struct identity){ TEST_ISSUER, "4711" };
	}
}

/* The way's first factor; then nothing answers. */
static void prove_first(struct world *world, const char *service, const struct identity *identity)
{
	script_now->act = SCRIPT_NOTHING;
	script_now->identity = *identity;
	begin_at(world, service, true);
	if (!text_equals(service, "both")) {
		expect(world, LOGIN_ASK);
		world_answer(world, "y");
	}
	world_settle(world);
	assert_non_null(script_now->login);
	lose_network();
	assert_int_not_equal(login_timer(script_now->login, 0), 0);
}

static void a_factor_of_the_hosts_own_may_stand_before_it(void **state)
{
	struct world *world = *state;

	log_in(world);
	prove_first(world, "code", &(struct identity){ ISSUER_UNIX, TEST_USER });
	assert_true(world_step(world));
	assert_true(is_asked_instead(world));
	world_answer(world, PASSWORD);
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).reason, REASON "far");
}

/* --- the relay --- */

static struct fake_link *begin_scan(struct world *world)
{
	unsigned n = fake_relay_now()->n_links;

	begin_at(world, "scan", true);
	return wait_for_link(world, n);
}

/* By one method of two that one code serves. */
static void log_in_by(struct world *world, const char *method)
{
	struct fake_link *link = scan(world, "scan");

	fake_relay_pressed(link, method);
	come_back(world, link);
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void without_a_relay_any_method_of_the_code_counts(void **state)
{
	static const char *const methods[] = { "app", "site" };
	struct world *world = *state;
	struct audit_row row;

	for (size_t i = 0; i < N_ELEMENTS(methods); i++) {
		log_in_by(world, methods[i]);
		fake_relay_failed(begin_scan(world), RELAY_FAILED_NETWORK);
		assert_true(world_step(world));
		assert_true(is_asked_instead(world));
		world_answer(world, PASSWORD);
		row = expect_outcome(world, LOGIN_GRANTED);
		assert_string_equal(row.method, methods[i]);
		assert_string_equal(row.mapped_method, methods[i]);
		world_change(world, forget_logins);
	}
}

static void a_relay_that_answers_leads_nowhere_else(void **state)
{
	static const enum relay_failure failures[] = {
		RELAY_FAILED_BUSY, RELAY_FAILED_KEY, RELAY_FAILED_OTHER,
	};
	struct world *world = *state;

	log_in_by(world, "app");
	for (size_t i = 0; i < N_ELEMENTS(failures); i++) {
		fake_relay_failed(begin_scan(world), failures[i]);
		assert_true(world_step(world));
		assert_false(is_asked_instead(world));
		assert_true(login_state_is_outcome(world->step.state));
	}
}

static void a_relay_that_goes_when_somebody_approved_leads_nowhere_else(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "scan");

	fake_relay_pressed(link, "app");
	come_back(world, link);
	fake_relay_failed(link, RELAY_FAILED_NETWORK);
	assert_true(world_step(world));
	assert_false(is_asked_instead(world));
	assert_string_equal(login_state_names[world->step.state], "failed");
}

/* --- who is refused --- */

static int make_old(struct db *db)
{
	return query_run(query_new(db, "UPDATE good_logins SET time_s = time_s - 86405"));
}

static int make_nearly_old(struct db *db)
{
	return query_run(query_new(db, "UPDATE good_logins SET time_s = time_s - 86000"));
}

static int make_later(struct db *db)
{
	return query_run(query_new(db, "UPDATE good_logins SET time_s = time_s + 100"));
}

static int make_anothers(struct db *db)
{
	return query_run(query_new(db, "UPDATE good_logins SET uid = 1000"));
}

static int make_other_methods(struct db *db)
{
	return query_run(query_new(db, "UPDATE good_logins SET method = 'app'"));
}

static int damage_mapping(struct db *db)
{
	return query_run(query_new(db, "UPDATE good_logins SET mapping = 'nonsense'"));
}

static int lock_account(struct db *db)
{
	return account_set_locked(db, TEST_USER, true);
}

static int end_account(struct db *db)
{
	return account_set_expiry(db, TEST_USER, 1);
}

static int must_change(struct db *db)
{
	return account_set_must_change(db, TEST_USER, true);
}

static int drop_account(struct db *db)
{
	return account_remove(db, TEST_USER);
}

static int lock_identity(struct db *db)
{
	return identity_lock(db, TEST_ISSUER, "4711", "acme", "left", 1);
}

static int unlink_him(struct db *db)
{
	return query_run(query_new(db, "DELETE FROM links"));
}

static const struct {
	int (*change)(struct db *db);
	const char *reason;
} changes[] = {
	{ make_old, "too long ago" },
	{ make_later, "too long ago" },
	{ make_anothers, "no login by this method lately" },
	{ make_other_methods, "no login by this method lately" },
	{ damage_mapping, "no longer this user's" },
	{ lock_account, "wrong password" },
	{ end_account, "wrong password" },
	{ must_change, "must be changed" },
	{ drop_account, "wrong password" },
	{ lock_identity, "identity is locked" },
	{ unlink_him, "no longer this user's" },
};

static void what_is_not_so_any_more_is_refused(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
		log_in(*state);
		world_change(*state, changes[i].change);
		expect_refused(*state, PASSWORD, changes[i].reason);
		(void)world_tear_down(state);
		(void)set_up(state);
	}
}

/* --- whom jauth made --- */

#define PERSON     "n-person"
#define PERSON_ROW "(65536, '" PERSON "', '" TEST_ISSUER "', '4711', '', ''," \
		   " '/home/p', '/bin/sh', 'far', '', 0, '', 1, 1)"

static int add_person(struct db *db)
{
	int r = query_run(query_new(db, "INSERT INTO people VALUES " PERSON_ROW));

	account = (struct account){ .uid = 65536, .hash = HASH };
	(void)text_into(account.user, sizeof(account.user), PERSON);
	if (r == 0)
		r = account_add(db, &account);
	if (r == 0)
		r = query_run(query_new(db, "UPDATE links SET user = '" PERSON "', uid = 65536"));
	return r;
}

static int lock_person(struct db *db)
{
	return query_run(query_new(db, "UPDATE people SET state = 1, reason = 'left'"));
}

static void a_locked_person_is_refused(void **state)
{
	struct world *world = *state;

	world_change(world, add_person);
	user_now = PERSON;
	log_in(world);
	begin_offline(world, "login");
	world_answer(world, PASSWORD);
	(void)expect_outcome(world, LOGIN_GRANTED);
	world_change(world, lock_person);
	expect_refused(world, PASSWORD, "account locked");
}

static void it_holds_until_the_time_is_over(void **state)
{
	struct world *world = *state;

	log_in(world);
	world_change(world, make_nearly_old);
	begin_offline(world, "login");
	world_answer(world, PASSWORD);
	(void)expect_outcome(world, LOGIN_GRANTED);
	world_change(world, make_nearly_old);    /* the password did not make it newer */
	expect_refused(world, PASSWORD, "too long ago");
}

static int make_pause_long(struct db *db)
{
	return query_run(query_new(db, "UPDATE throttle SET wait_until_s = last_s + 600"));
}

static void a_wrong_password_is_refused_and_counted(void **state)
{
	struct world *world = *state;

	log_in(world);
	for (int i = 0; i < 5; i++)
		expect_refused(world, "wrong", "offline: wrong password");
	world_change(world, make_pause_long);
	expect_refused(world, PASSWORD, "offline: wrong password");
}

static void who_never_came_is_refused(void **state)
{
	expect_refused(*state, PASSWORD, "no login by this method lately");
}

static void a_stranger_is_asked_the_same(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();
	struct login_begin how = { .facts = &facts, .origin_is_known = true, .is_console = true };
	int fd = -1;

	lose_network();
	facts.surface = SURFACE_CONSOLE;
	facts.has_address = false;
	(void)text_into(facts.service, sizeof(facts.service), "login");
	(void)text_into(facts.user, sizeof(facts.user), "no-such-user-here");
	assert_int_equal(logins_begin(world->logins, &how, &world->id, &fd), 0);
	world->client = fd;
	be_present(world);
	assert_true(is_asked_instead(world));
	world_answer(world, PASSWORD);
	assert_string_equal(refused(world).user + 17, "");
}

static void a_store_that_fails_lets_nobody_in(void **state)
{
	struct world *world = *state;

	log_in(world);
	begin_offline(world, "login");
	world_change(world, drop_good_logins);
	world_answer(world, PASSWORD);
	(void)world_step(world);
	assert_string_equal(login_state_names[world->step.state], "failed");
}

/* --- where nothing is asked --- */

static const struct {
	const char *what, *service;
	bool is_console;
	enum script_act act;
	enum fail_reason fail;
	enum deny_reason deny;
} elsewhere[] = {
	{ "no console", "login", false, SCRIPT_REQUEST, 0, 0 },
	{ "a word that is none of the network's", "login", true, SCRIPT_FAIL, FAIL_NETWORK, 0 },
	{ "the provider's fault", "login", true, SCRIPT_FAIL, FAIL_PROVIDER, 0 },
	{ "our own fault", "login", true, SCRIPT_FAIL, FAIL_CONFIG, 0 },
	{ "denied", "login", true, SCRIPT_DENY, 0, DENY_REFUSED },
	{ "over", "login", true, SCRIPT_DENY, 0, DENY_EXPIRED },
	{ "filtered", "login", true, SCRIPT_DENY, 0, DENY_FILTERED },
	{ "busy", "login", true, SCRIPT_DENY, 0, DENY_BUSY },
	{ "forged", "login", true, SCRIPT_DENY, 0, DENY_INVALID },
	{ "policy deny", "deny", true, SCRIPT_REQUEST, 0, 0 },
	{ "a password behind it", "behind", true, SCRIPT_REQUEST, 0, 0 },
};

static void nothing_else_leads_there(void **state)
{
	struct world *world = *state;

	log_in(world);
	for (size_t i = 0; i < N_ELEMENTS(elsewhere); i++) {
		script_now->act = elsewhere[i].act;
		script_now->fail = elsewhere[i].fail;
		script_now->deny = elsewhere[i].deny;
		begin_at(world, elsewhere[i].service, elsewhere[i].is_console);
		be_present(world);
		if (is_asked_instead(world) || !login_state_is_outcome(world->step.state))
			fail_msg("%s", elsewhere[i].what);
	}
}

static void a_remote_login_is_no_console_whatever_is_said(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();
	struct login_begin how = {
		.facts = &facts, .origin_is_known = true, .is_remote = true, .is_console = true,
	};
	int fd = -1;

	log_in(world);
	lose_network();
	facts.surface = SURFACE_CONSOLE;
	assert_int_equal(logins_begin(world->logins, &how, &world->id, &fd), 0);
	world_leave(world);
	world->client = fd;
	be_present(world);
	assert_false(is_asked_instead(world));
}

/* A password before it, or another provider. */
static void only_the_first_foreign_factor_has_it(void **state)
{
	static const struct {
		const char *service;
		struct identity first;
	} rows[] = {
		{ "both", { .issuer = ISSUER_UNIX, .subject = TEST_USER } },
		{ "second", { .issuer = TEST_ISSUER, .subject = "4711" } },
	};
	struct world *world = *state;

	log_in(world);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		prove_first(world, rows[i].service, &rows[i].first);
		while (world_step(world) && !login_state_is_outcome(world->step.state)) {
			assert_false(is_asked_instead(world));
			if (world->step.state == LOGIN_ASK)
				world_answer(world, "y");
		}
		assert_string_equal(login_state_names[world->step.state], "failed");
	}
}

static void with_a_time_of_nothing_it_never_counts(void **state)
{
	struct world *world = *state;

	script_now->act = SCRIPT_IDENTIFY;
	begin(world, "never");
	expect(world, LOGIN_ASK);
	world_answer(world, "y");
	(void)expect_outcome(world, LOGIN_GRANTED);
	begin_offline(world, "never");
	world_answer(world, PASSWORD);
	assert_non_null(strstr(refused(world).reason, "too long ago"));
}

/* --- whoever leaves --- */

static void who_leaves_meanwhile_is_let_in_nowhere(void **state)
{
	struct world *world = *state;
	struct logins_status status;

	log_in(world);
	begin_offline(world, "login");
	world_answer(world, PASSWORD);
	world_cancel(world);
	world_settle(world);
	logins_get_status(world->logins, &status);
	assert_int_equal(status.n_waiting, 0);
	begin_offline(world, "login");
	world_leave(world);
	world_settle(world);
	assert_string_equal(world_audit(world).outcome, "cancelled");
}

static void the_time_of_the_login_is_over_there_too(void **state)
{
	struct world *world = *state;

	begin_offline(world, "login");
	expire(world);
	assert_string_equal(expect_outcome(world, LOGIN_DENIED).reason, "time is over");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_right_password_counts_once_the_provider_let_him_in),
		CASE(nothing_typed_is_as_without_the_policy),
		CASE(the_menu_comes_again),
		CASE(the_factors_behind_it_still_count),
		CASE(a_factor_of_the_hosts_own_may_stand_before_it),
		CASE(without_a_relay_any_method_of_the_code_counts),
		CASE(a_relay_that_answers_leads_nowhere_else),
		CASE(a_relay_that_goes_when_somebody_approved_leads_nowhere_else),
		CASE(what_is_not_so_any_more_is_refused),
		CASE(a_locked_person_is_refused),
		CASE(it_holds_until_the_time_is_over),
		CASE(a_wrong_password_is_refused_and_counted),
		CASE(who_never_came_is_refused),
		CASE(a_stranger_is_asked_the_same),
		CASE(a_store_that_fails_lets_nobody_in),
		CASE(nothing_else_leads_there),
		CASE(a_remote_login_is_no_console_whatever_is_said),
		CASE(only_the_first_foreign_factor_has_it),
		CASE(with_a_time_of_nothing_it_never_counts),
		CASE(who_leaves_meanwhile_is_let_in_nowhere),
		CASE(the_time_of_the_login_is_over_there_too),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
