/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-newcomer.c: who is nobody yet becomes a user, whole or not at all, and is not let in; what
 * the provider says of whom jauth made holds before he is let in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/mapping.h"
#include "jauthd/people.h"
#include "jauthd/publish.h"
#include "logins-fixture.h"

#define NAME  "n-newcomer"
#define READY "Your account is ready. Connect again."

static const char config_text[] =
	"[method far]\ntype = far\nmap = n-{login}\nidentities_allowed = 4711, 4712\n"
	"structure = people\n"
	"[method else]\ntype = far\nmap = n-{login}\n"
	"[method near]\ntype = near\n"
	"[accounts]\nreserved_names = n-chairman\n"
	"[group dev]\nfrom = far/7\n"
	"[group sudo]\nfrom = far/9\nlocal = yes\n"
	"[service sshd]\nmethods = far\n"
	"[service else]\nmethods = else\n"
	"[service near]\nmethods = near\n"
	"[test]\nfail_delay_ms = 0\n";

/* --- the user database --- */

static struct {
	publish_done_fn done;
	void *data;
	unsigned n_waits, n_news;
} database;

void publish_now(struct publish *publish UNUSED)
{
	database.n_news++;
}

void publish_wait(struct publish *publish UNUSED, publish_done_fn done, void *data)
{
	assert_null(database.done);
	database.done = done;
	database.data = data;
	database.n_waits++;
}

static void written(int error)
{
	publish_done_fn done = database.done;

	assert_non_null(done);
	database.done = NULL;
	done(database.data, error);
}

/* --- the world --- */

static int set_up(void **state)
{
	int r = world_set_up(state, config_text, TEST_ISSUER, "4711");

	memset(&database, 0, sizeof(database));
	script_now->act = SCRIPT_IDENTIFY;
	script_now->identity.display = "New: Comer";
	script_now->identity.attributes[0] = (struct identity_attribute){ "login", "newcomer" };
	script_now->identity.n_attributes = 1;
	return r;
}

static void begin(struct world *world, const char *service, const char *user)
{
	struct login_facts facts = world_facts();

	assert_true(text_into(facts.service, sizeof(facts.service), service));
	assert_true(text_into(facts.user, sizeof(facts.user), user));
	assert_int_equal(world_begin(world, &facts), 0);
}

/* False when it waits for the database. */
static bool has_step(struct world *world)
{
	for (int i = 0; i < 100 && !database.done; i++)
		if (!world_is_quiet(world))
			return true;
	return false;
}

/* Until it is over, or waits for the database. */
static void go_on(struct world *world)
{
	while (has_step(world) && world_step(world)) {
		if (login_state_is_outcome(world->step.state))
			return;
		if (world->step.state == LOGIN_ASK)
			world_answer(world, "y");
	}
}

/* The outcome of a whole login, where the database can always be written. */
static enum login_state log_in(struct world *world, const char *user)
{
	begin(world, "sshd", user);
	go_on(world);
	while (database.done) {
		written(0);
		go_on(world);
	}
	assert_true(login_state_is_outcome(world->step.state));
	return world->step.state;
}

static struct person found;
static int find_result;

static int find(struct db *db)
{
	find_result = person_by_name(db, NAME, &found);
	return 0;
}

static bool is_made(struct world *world)
{
	world_change(world, find);
	assert_true(find_result == 0 || find_result == -ENOENT);
	return find_result == 0;
}

static int count_group(const char *source UNUSED, const char *id UNUSED, void *context)
{
	++*(int *)context;
	return 0;
}

static int n_found;

static int find_groups(struct db *db)
{
	n_found = 0;
	return person_each_group(db, found.uid, NULL, count_group, &n_found);
}

/* Of the provider, as they are kept. */
static int n_groups(struct world *world)
{
	assert_true(is_made(world));
	world_change(world, find_groups);
	return n_found;
}

static int lock_person(struct db *db)
{
	struct person person;
	int r = person_by_name(db, NAME, &person);

	return r < 0 ? r : person_set_state(db, person.uid, PERSON_LOCKED, "left", 1);
}

static int lock_identity(struct db *db)
{
	return identity_lock(db, TEST_ISSUER, "4711", "acme", "left", 1);
}

static void expect_row(struct world *world, const char *outcome, const char *reason)
{
	struct audit_row row = world_audit(world);

	assert_string_equal(row.outcome, outcome);
	assert_string_equal(row.reason, reason);
}

/* --- who is made --- */

static void a_newcomer_is_made_and_comes_again(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", NAME);
	go_on(world);
	assert_int_equal(database.n_waits, 1);
	assert_true(is_made(world));
	assert_string_equal(found.issuer, TEST_ISSUER);
	assert_string_equal(found.subject, "4711");
	assert_string_equal(found.home, "/home/" NAME);
	assert_string_equal(found.structure, "people");
	assert_string_equal(found.source, "far");
	assert_null(strchr(found.real_name, ':'));
	expect_row(world, "denied", "registered");
	assert_string_equal(world_audit(world).user, NAME);
	assert_int_equal(world_audit(world).uid, found.uid);
	assert_true(world_is_quiet(world));      /* nothing is told before it is on the disk */
	written(0);
	assert_true(world_step(world));
	assert_int_equal(world->step.state, LOGIN_ENOUGH);
	assert_non_null(strstr(world->step.items[0].text, READY));

	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
	assert_int_equal(database.n_waits, 1);
	assert_string_equal(world_audit(world).mapping, "person");
}

static void what_is_not_on_the_disk_is_not_ready(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", NAME);
	go_on(world);
	written(-ENOSPC);
	assert_true(world_step(world));
	assert_int_equal(world->step.state, LOGIN_FAILED);
	assert_null(strstr(world->step.items[0].text, READY));
	assert_true(is_made(world));
}

static void who_leaves_meanwhile_is_made_all_the_same(void **state)
{
	struct world *world = *state;

	begin(world, "sshd", NAME);
	go_on(world);
	world_leave(world);
	world_settle(world);
	written(0);
	world_settle(world);
	assert_true(is_made(world));
	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
}

/* The identity has one user, the name one identity. */
static void a_second_one_of_either_is_not_made(void **state)
{
	struct world *world = *state;
	uint32_t uid;

	assert_int_equal(log_in(world, NAME), LOGIN_ENOUGH);
	assert_true(is_made(world));
	uid = found.uid;
	script_now->identity.attributes[0].value = "renamed";
	assert_int_equal(log_in(world, "n-renamed"), LOGIN_DENIED);
	assert_string_equal(world_audit(world).reason, mapping_result_text(MAPPING_OTHER));
	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
	script_now->identity.subject = "4712";
	script_now->identity.attributes[0].value = "newcomer";
	assert_int_equal(log_in(world, NAME), LOGIN_DENIED);
	assert_string_equal(world_audit(world).reason, mapping_result_text(MAPPING_OTHER));
	assert_true(is_made(world));
	assert_int_equal(found.uid, uid);
}

static const struct {
	const char *what, *service, *user, *subject, *login;
} not_made[] = {
	{ "another name asked for", "sshd", "n-other", "4711", "newcomer" },
	{ "not among those who may", "sshd", NAME, "4713", "newcomer" },
	{ "a method that makes none", "else", NAME, "4711", "newcomer" },
	{ "a name that is reserved", "sshd", "n-chairman", "4711", "chairman" },
	{ "an attribute that is no name", "sshd", "n-New", "4711", "New" },
	{ "a name that is too long", "sshd", "n-abcdefghijabcdefghijabcdefghij", "4711",
	  "abcdefghijabcdefghijabcdefghij" },
};

static void nobody_else_is_made(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(not_made); i++) {
		script_now->identity.subject = not_made[i].subject;
		script_now->identity.attributes[0].value = not_made[i].login;
		begin(world, not_made[i].service, not_made[i].user);
		go_on(world);
		if (world->step.state != LOGIN_DENIED || database.n_waits || is_made(world))
			fail_msg("%s", not_made[i].what);
	}
}

/* A group that gives rights, without privileged = yes: all of it is taken back. */
static void rights_are_not_given_by_a_first_login(void **state)
{
	static const char *const groups[] = { "7", "9", NULL };
	struct world *world = *state;

	script_now->identity.groups = groups;
	assert_int_equal(log_in(world, NAME), LOGIN_DENIED);
	expect_row(world, "denied", mapping_result_text(MAPPING_PRIVILEGED));
	assert_int_equal(database.n_waits, 0);
	assert_false(is_made(world));
	script_now->identity.groups = NULL;
	assert_int_equal(log_in(world, NAME), LOGIN_ENOUGH);
}

/* --- what the provider says later --- */

static void new_groups_are_known_before_he_is_let_in(void **state)
{
	static const char *const seven[] = { "7", NULL }, *const nine[] = { "7", "9", NULL };
	struct world *world = *state;

	assert_int_equal(log_in(world, NAME), LOGIN_ENOUGH);
	script_now->identity.groups = seven;
	begin(world, "sshd", NAME);
	go_on(world);
	assert_int_equal(database.n_waits, 2);
	assert_true(world_is_quiet(world));
	written(0);
	go_on(world);
	assert_int_equal(world->step.state, LOGIN_GRANTED);
	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
	assert_int_equal(database.n_waits, 2);   /* nothing new */

	/* In sudo now, which the method may not reach; and not any more. */
	script_now->identity.groups = nine;
	assert_int_equal(log_in(world, NAME), LOGIN_DENIED);
	expect_row(world, "denied", mapping_result_text(MAPPING_PRIVILEGED));
	script_now->identity.groups = seven;
	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
	assert_int_equal(database.n_waits, 4);
}

/* He was in sudo; his provider says that he is outside, and in less. */
static void whom_the_type_leaves_out_loses_his_groups(void **state)
{
	static const char *const seven[] = { "7", NULL };
	struct world *world = *state;

	assert_int_equal(log_in(world, NAME), LOGIN_ENOUGH);
	script_now->identity.groups = seven;
	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
	assert_int_equal(n_groups(world), 1);
	script_now->identity.groups = NULL;
	script_now->identity.is_outside = true;
	assert_int_equal(log_in(world, NAME), LOGIN_DENIED);
	expect_row(world, "denied", mapping_result_text(MAPPING_FILTERED));
	assert_int_equal(n_groups(world), 0);
	script_now->identity.is_outside = false;
	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
}

static void whom_the_type_leaves_out_is_not_made(void **state)
{
	struct world *world = *state;

	script_now->identity.is_outside = true;
	assert_int_equal(log_in(world, NAME), LOGIN_DENIED);
	assert_false(is_made(world));
	assert_int_equal(database.n_waits, 0);
}

static void groups_that_cannot_be_made_known_let_nobody_in(void **state)
{
	static const char *const seven[] = { "7", NULL };
	struct world *world = *state;

	assert_int_equal(log_in(world, NAME), LOGIN_ENOUGH);
	script_now->identity.groups = seven;
	begin(world, "sshd", NAME);
	go_on(world);
	written(-EIO);
	go_on(world);
	assert_int_equal(world->step.state, LOGIN_FAILED);
	assert_string_equal(world_audit(world).outcome, "failed");
}

static void a_new_real_name_is_told_without_waiting(void **state)
{
	struct world *world = *state;

	assert_int_equal(log_in(world, NAME), LOGIN_ENOUGH);
	script_now->identity.display = "Another Name";
	assert_int_equal(log_in(world, NAME), LOGIN_GRANTED);
	assert_int_equal(database.n_waits, 1);
	assert_int_equal(database.n_news, 1);
	assert_true(is_made(world));
	assert_string_equal(found.real_name, "Another Name");
}

/* --- who is locked --- */

static enum login_state phase(struct world *world, enum login_phase phase)
{
	struct login_facts facts = world_facts();

	facts.phase = phase;
	assert_true(text_into(facts.user, sizeof(facts.user), NAME));
	assert_int_equal(world_begin(world, &facts), 0);
	go_on(world);
	return world->step.state;
}

static void expect_refused(struct world *world, int (*lock)(struct db *db), const char *reason)
{
	static const enum login_phase phases[] = {
		LOGIN_ACCOUNT, LOGIN_PASSWORD_CHECK, LOGIN_PASSWORD, LOGIN_ENROL,
	};

	assert_int_equal(log_in(world, NAME), LOGIN_ENOUGH);
	assert_int_equal(phase(world, LOGIN_ACCOUNT), LOGIN_GRANTED);
	world_change(world, lock);
	assert_int_equal(log_in(world, NAME), LOGIN_DENIED);
	expect_row(world, "denied", reason);
	for (size_t i = 0; i < N_ELEMENTS(phases); i++)
		assert_int_equal(phase(world, phases[i]), LOGIN_LOCKED);
}

static void a_locked_person_is_refused_in_every_phase(void **state)
{
	expect_refused(*state, lock_person, "account locked");
}

static void the_person_of_a_locked_identity_too(void **state)
{
	expect_refused(*state, lock_identity, mapping_result_text(MAPPING_LOCKED));
}

static void a_locked_identity_becomes_nobody(void **state)
{
	struct world *world = *state;

	world_change(world, lock_identity);
	assert_int_equal(log_in(world, NAME), LOGIN_DENIED);
	expect_row(world, "denied", mapping_result_text(MAPPING_LOCKED));
	assert_false(is_made(world));
	world_link(world, TEST_ISSUER, "4711");
	assert_int_equal(log_in(world, TEST_USER), LOGIN_DENIED);
	expect_row(world, "denied", mapping_result_text(MAPPING_LOCKED));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(a_newcomer_is_made_and_comes_again),
		TEST(what_is_not_on_the_disk_is_not_ready),
		TEST(who_leaves_meanwhile_is_made_all_the_same),
		TEST(a_second_one_of_either_is_not_made),
		TEST(nobody_else_is_made),
		TEST(rights_are_not_given_by_a_first_login),
		TEST(new_groups_are_known_before_he_is_let_in),
		TEST(whom_the_type_leaves_out_loses_his_groups),
		TEST(whom_the_type_leaves_out_is_not_made),
		TEST(groups_that_cannot_be_made_known_let_nobody_in),
		TEST(a_new_real_name_is_told_without_waiting),
		TEST(a_locked_person_is_refused_in_every_phase),
		TEST(the_person_of_a_locked_identity_too),
		TEST(a_locked_identity_becomes_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
