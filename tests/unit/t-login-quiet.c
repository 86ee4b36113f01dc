/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-quiet.c, notify.c, key-refresh.c: what methods do without a person, who is told what by a
 * message, whose SSH keys are fetched. */
#include "login-relay-fixture.h"

#include <errno.h>

#include "jauthd/accounts.h"
#include "jauthd/key-refresh.h"
#include "jauthd/notices.h"
#include "jauthd/notify.h"
#include "jauthd/ssh-keys.h"

#define TEST_UID 65534           /* of TEST_USER */
#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHI/QcE+Pm21ditC3ozAGJVEI81PtsdOH9+T8rW8coiM"

static const char config_text[] =
	"[relay]\nurl = https://sso.example.org\nkey_file = %s\n"
	"[general]\nhost = db7\n"
	"[method app]\n%s[method site]\n[method near]\n"
	"[service sshd]\nmethods = app\n"
	"[test]\nfail_delay_ms = 0\n";

/* What came of the last errand. */
static struct {
	unsigned n;
	bool is_done;
	char fault[128], keys[2048];
} ended;

static void on_ended(void *context UNUSED, const struct quiet_end *end)
{
	ended.n++;
	ended.is_done = !end->fault;
	(void)snprintf(ended.fault, sizeof(ended.fault), "%s", end->fault ? end->fault : "");
	(void)snprintf(ended.keys, sizeof(ended.keys), "%s", end->keys);
}

static int set_up_app(void **state, const char *more)
{
	_cleanup_free_ char *text = text_format(config_text, key_path, more);

	memset(&ended, 0, sizeof(ended));
	(void)world_set_up(state, text, TEST_ISSUER, "4711");
	script_now->deliver = SCRIPT_DONE;
	return 0;
}

static int set_up(void **state)
{
	return set_up_app(state, "");
}

static int set_up_disabled(void **state)
{
	return set_up_app(state, "enabled = no\n");
}

static int start(struct world *world, enum quiet_kind kind, const char *method)
{
	const struct quiet_errand errand = {
		.kind = kind, .method_id = method, .subject = "4711", .text = "Hello",
		.ended = on_ended,
	};

	return logins_start_quiet(world->logins, &errand);
}

/* --- errands --- */

static void a_message_without_a_login(void **state)
{
	assert_int_equal(start(*state, QUIET_MESSAGE, "app"), 0);
	world_settle(*state);
	assert_int_equal(script_now->n_deliveries, 1);
	assert_string_equal(script_now->subject, "4711");
	assert_string_equal(script_now->text, "Hello");
	assert_string_equal(script_now->delivery_push, "");
	assert_int_equal(ended.n, 1);
	assert_true(ended.is_done);
	assert_int_equal(script_now->n_finished, 1);
}

static void its_fault_is_told_once(void **state)
{
	script_now->deliver = SCRIPT_FAIL;
	assert_int_equal(start(*state, QUIET_MESSAGE, "app"), 0);
	script_now->deliver = SCRIPT_DENY;
	assert_int_equal(start(*state, QUIET_MESSAGE, "app"), 0);
	world_settle(*state);
	assert_int_equal(ended.n, 2);
	assert_false(ended.is_done);
	assert_string_equal(ended.fault, "the script says so");
}

/* There is nobody to prompt, and nobody to be. */
static void what_takes_a_person_does_nothing(void **state)
{
	struct world *world = *state;
	struct logins_status status;

	script_now->deliver = SCRIPT_IDENTIFY;
	assert_int_equal(start(world, QUIET_MESSAGE, "app"), 0);
	script_now->deliver = SCRIPT_PROMPT;
	assert_int_equal(start(world, QUIET_MESSAGE, "app"), 0);
	world_settle(world);
	assert_int_equal(ended.n, 0);
	logins_get_status(world->logins, &status);
	assert_int_equal(status.n_waiting, 0);
	assert_int_equal(status.n_granted, 0);
}

static void by_a_method_that_cannot(void **state)
{
	assert_int_equal(start(*state, QUIET_MESSAGE, "site"), -EOPNOTSUPP);
	assert_int_equal(start(*state, QUIET_SSH_KEYS, "near"), -EOPNOTSUPP);
	assert_int_equal(start(*state, QUIET_MESSAGE, "nonsense"), -ENOENT);
	world_settle(*state);
	assert_int_equal(ended.n, 0);
	assert_int_equal(script_now->n_deliveries, 0);
}

static void only_right_keys_are_kept(void **state)
{
	static const char *const keys[] = {
		"command=\"x\" " KEY, KEY " jane@laptop", "ssh-rsa AAAA", KEY "\n" KEY, "", KEY,
		NULL
	};

	script_now->ssh_keys = keys;
	assert_int_equal(start(*state, QUIET_SSH_KEYS, "app"), 0);
	world_settle(*state);
	assert_true(ended.is_done);
	assert_string_equal(ended.keys, KEY "\n" KEY "\n");
}

static void no_more_keys_than_there_may_be(void **state)
{
	const char *keys[SSH_KEYS_MAX + 10];
	size_t n = 0;

	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		keys[i] = i + 1 < N_ELEMENTS(keys) ? KEY : NULL;
	script_now->ssh_keys = keys;
	assert_int_equal(start(*state, QUIET_SSH_KEYS, "app"), 0);
	world_settle(*state);
	for (const char *line = ended.keys; (line = strstr(line, "ssh-")); line++)
		n++;
	assert_true(n > 0 && n <= SSH_KEYS_MAX);
}

/* --- messages --- */

static int add_notices(struct db *db)
{
	static const enum notice_kind kinds[] = { NOTICE_LINKED, NOTICE_UNLINKED };
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(kinds); i++) {
		struct notice notice = notice_make(kinds[i], TEST_USER, TEST_UID);

		notice_set_identity(&notice, TEST_ISSUER, "new", "Jane\033Doe");
		r = notice_add(db, &notice);
	}
	return r;
}

static struct notify *make_notify(struct world *world)
{
	const struct notify_env env = { .store = world->store, .logins = world->logins };

	return notify_new(&env);
}

/* Who was linked knows it; whose link was taken away is told, beside the others. */
static void notices_go_to_who_is_linked(void **state)
{
	struct notify *notify = make_notify(*state);

	world_link(*state, TEST_ISSUER, "4711");
	world_link(*state, TEST_ISSUER, "new");
	world_link(*state, "https://elsewhere.example.org", "4711");
	world_change(*state, add_notices);
	notify_look(notify);
	notify_look(notify);
	world_settle(*state);
	/* LINKED to 4711; UNLINKED to new and 4711. */
	assert_int_equal(script_now->n_deliveries, 3);
	assert_non_null(strstr(script_now->text, "User " TEST_USER " on db7: "));
	assert_non_null(strstr(script_now->text, "Jane?Doe"));
	assert_null(strchr(script_now->text, '\033'));
	notify_look(notify);
	world_settle(*state);
	assert_int_equal(script_now->n_deliveries, 3);
	notify_free(notify);
}

static void a_failed_message_is_not_sent_again(void **state)
{
	struct notify *notify = make_notify(*state);

	script_now->deliver = SCRIPT_FAIL;
	world_link(*state, TEST_ISSUER, "4711");
	world_change(*state, add_notices);
	notify_look(notify);
	world_settle(*state);
	notify_look(notify);
	world_settle(*state);
	assert_int_equal(script_now->n_deliveries, 3);
	notify_free(notify);
}

/* --- keys --- */

static unsigned n_changed;

static void on_changed(void *context UNUSED)
{
	n_changed++;
}

static int add_person(struct db *db)
{
	return query_run(query_new(db, "INSERT INTO people VALUES (70001, 'jane', '" TEST_ISSUER
				       "', '4711', '', '', '/home/jane', '/bin/bash', 'app', '',"
				       " 0, '', 0, 0)"));
}

static char kept[2048];

static int read_keys(struct db *db)
{
	struct buf keys = BUF_INIT(SSH_KEYS_TEXT_MAX);
	struct person person;
	int r = person_by_name(db, "jane", &person);

	if (r == 0)
		r = ssh_keys_add_of(db, &person, &keys);
	(void)snprintf(kept, sizeof(kept), "%s", buf_text(&keys));
	buf_done(&keys);
	return r;
}

static int add_keys(struct db *db)
{
	bool is_changed;

	return ssh_keys_set(db, TEST_ISSUER, "4711", KEY "\n", time(NULL), &is_changed);
}

static struct key_refresh *make_refresh(struct world *world)
{
	const struct key_refresh_env env = {
		.event = world->event, .store = world->store, .logins = world->logins,
		.changed = on_changed,
	};
	struct key_refresh *refresh = NULL;

	n_changed = 0;
	assert_int_equal(key_refresh_new(&env, &refresh), 0);
	world_settle(world);
	return refresh;
}

static void keys_of_people_are_fetched_once(void **state)
{
	static const char *const keys[] = { KEY, NULL };
	struct key_refresh *refresh;

	script_now->ssh_keys = keys;
	world_change(*state, add_person);
	refresh = make_refresh(*state);
	assert_string_equal(script_now->subject, "4711");
	assert_int_equal(script_now->n_finished, 1);
	assert_int_equal(n_changed, 1);
	world_change(*state, read_keys);
	assert_string_equal(kept, KEY "\n");
	key_refresh_free(refresh);
}

static void keys_that_cannot_be_fetched_change_nothing(void **state)
{
	static const char *const keys[] = { KEY, NULL };
	struct key_refresh *refresh;

	script_now->ssh_keys = keys;
	script_now->deliver = SCRIPT_FAIL;
	world_change(*state, add_person);
	refresh = make_refresh(*state);
	assert_int_equal(script_now->n_finished, 1);     /* and not at once again */
	assert_int_equal(n_changed, 0);
	world_change(*state, read_keys);
	assert_string_equal(kept, "");
	key_refresh_free(refresh);
}

/* Who logs in by such a key would log in by the method, after all. */
static void a_disabled_method_is_not_asked_and_its_keys_go(void **state)
{
	static const char *const keys[] = { KEY, NULL };
	struct key_refresh *refresh;

	script_now->ssh_keys = keys;
	world_change(*state, add_person);
	world_change(*state, add_keys);
	world_change(*state, read_keys);
	assert_string_equal(kept, KEY "\n");
	refresh = make_refresh(*state);
	assert_int_equal(script_now->n_finished, 0);
	assert_int_equal(n_changed, 1);
	world_change(*state, read_keys);
	assert_string_equal(kept, "");
	key_refresh_free(refresh);
}

/* The end of the daemon while a provider is being asked. */
static void nobody_waits_for_keys_at_the_end(void **state)
{
	struct key_refresh *refresh;

	script_now->deliver = SCRIPT_NOTHING;
	world_change(*state, add_person);
	refresh = make_refresh(*state);
	assert_int_equal(script_now->n_finished, 0);
	key_refresh_free(refresh);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_message_without_a_login),
		CASE(its_fault_is_told_once),
		CASE(what_takes_a_person_does_nothing),
		CASE(by_a_method_that_cannot),
		CASE(only_right_keys_are_kept),
		CASE(no_more_keys_than_there_may_be),
		CASE(notices_go_to_who_is_linked),
		CASE(a_failed_message_is_not_sent_again),
		CASE(keys_of_people_are_fetched_once),
		CASE(keys_that_cannot_be_fetched_change_nothing),
		cmocka_unit_test_setup_teardown(a_disabled_method_is_not_asked_and_its_keys_go,
						set_up_disabled, world_tear_down),
		CASE(nobody_waits_for_keys_at_the_end),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
