/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People: who is found, what changes, which names they may have, the groups they are in, and
 * identities that are locked. */
#include "jauthd/people.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "fake-providers.h"
#include "host-files.h"

#define ISSUER "wecom:ww1"

static const char house_text[] =
	"[accounts]\nreserved_names = chairman\n"
	"[method work]\ntype = scan\nmap = {login}\n"
	"[method other]\ntype = scan\nmap = x-{login}\n"
	"[group engineers]\nfrom = work/17, work/18\n"
	"[group both]\nfrom = work/17, other/17\n"
	"[group docker]\nlocal = yes\nfrom = work/ops\n";

struct house {
	struct config *config;
	struct db *db;
	struct host_ids *host;
};

static int build_house(void **state)
{
	struct house *house = calloc(1, sizeof(*house));
	struct conf_report report = { NULL };

	assert_non_null(house);
	if (config_load_text(house_text, strlen(house_text), &house->config, &report) < 0)
		fail_msg("%s", report.mistakes[0].text);
	assert_int_equal(db_open(":memory:", &house->db), 0);
	house->host = host_files_read("Jane:x:1001:1001::/:/bin/sh\n", "ops:x:1500:lefty,righty\n");
	*state = house;
	return 0;
}

static int raze_house(void **state)
{
	struct house *house = *state;

	host_ids_free(house->host);
	config_unref(house->config);
	db_close(house->db);
	free(house);
	return 0;
}

static struct person named(const char *name, const char *subject)
{
	struct person person = { .home = "/home/x", .shell = "/bin/sh", .source = "work" };

	assert_true(text_into(person.name, sizeof(person.name), name));
	assert_true(text_into(person.issuer, sizeof(person.issuer), ISSUER));
	assert_true(text_into(person.subject, sizeof(person.subject), subject));
	return person;
}

static uint32_t add(struct house *house, const char *name, const char *subject)
{
	struct person person = named(name, subject);

	assert_int_equal(person_add(house->db, house->config, house->host, 100, &person), 0);
	return person.uid;
}

/* --- rows --- */

static void who_is_added_is_found_by_all_three(void **state)
{
	struct house *house = *state;
	struct person person = named("zhang", "z-1"), found;

	person_set_real_name(&person, "\xe5\xbc\xa0\xe4\xb8\x89");
	assert_true(text_into(person.mark, sizeof(person.mark), "union-1"));
	assert_int_equal(person_add(house->db, house->config, house->host, 100, &person), 0);
	assert_int_equal(person_by_name(house->db, "zhang", &found), 0);
	assert_int_equal(found.uid, person.uid);
	assert_string_equal(found.issuer, ISSUER);
	assert_string_equal(found.subject, "z-1");
	assert_string_equal(found.mark, "union-1");
	assert_string_equal(found.real_name, "\xe5\xbc\xa0\xe4\xb8\x89");
	assert_string_equal(found.home, "/home/x");
	assert_string_equal(found.shell, "/bin/sh");
	assert_string_equal(found.source, "work");
	assert_int_equal(found.state, PERSON_ACTIVE);
	assert_int_equal(found.created_s, 100);
	assert_int_equal(found.changed_s, 100);
	assert_int_equal(person_by_uid(house->db, person.uid, &found), 0);
	assert_string_equal(found.name, "zhang");
	assert_int_equal(person_by_identity(house->db, ISSUER, "z-1", &found), 0);
	assert_string_equal(found.name, "zhang");
}

static void nobody_is_found_by_half_of_it(void **state)
{
	struct house *house = *state;
	struct person found = { .name = "untouched" };
	uint32_t uid = add(house, "zhang", "z-1");

	assert_int_equal(person_by_name(house->db, "Zhang", &found), -ENOENT);
	assert_int_equal(person_by_name(house->db, "zhan", &found), -ENOENT);
	assert_int_equal(person_by_uid(house->db, uid + 1, &found), -ENOENT);
	assert_int_equal(person_by_identity(house->db, ISSUER, "Z-1", &found), -ENOENT);
	assert_int_equal(person_by_identity(house->db, ISSUER "1", "z-1", &found), -ENOENT);
	assert_int_equal(person_by_identity(house->db, "", "z-1", &found), -ENOENT);
	assert_string_equal(found.name, "untouched");
}

static void a_name_or_identity_is_one_persons(void **state)
{
	struct house *house = *state;
	struct person same_name = named("zhang", "z-2"), same_identity = named("zhang2", "z-1");

	(void)add(house, "zhang", "z-1");
	assert_int_equal(person_add(house->db, house->config, house->host, 1, &same_name),
			 -EEXIST);
	assert_int_equal(person_add(house->db, house->config, house->host, 1, &same_identity),
			 -EEXIST);
	assert_int_equal(same_name.uid, 0);
}

static void who_could_not_stand_in_a_line_is_not_added(void **state)
{
	static const struct {
		const char *name, *real_name, *home, *shell, *structure;
	} cases[] = {
		{ "zhang\nroot", "", "/h", "/s", "" }, { "Zhang", "", "/h", "/s", "" },
		{ "", "", "/h", "/s", "" }, { "1zhang", "", "/h", "/s", "" },
		{ "-zhang", "", "/h", "/s", "" }, { "_zhang", "", "/h", "/s", "" },
		{ "zhang:", "", "/h", "/s", "" }, { "zh.ang", "", "/h", "/s", "" },
		{ "zhang$", "", "/h", "/s", "" }, { "zh\xc3\xa9", "", "/h", "/s", "" },
		{ "zhang", "a:b", "/h", "/s", "" }, { "zhang", "a\nroot::0:0", "/h", "/s", "" },
		{ "zhang", "\xff", "/h", "/s", "" },
		{ "zhang", "", "", "/s", "" }, { "zhang", "", "h", "/s", "" },
		{ "zhang", "", "/h:", "/s", "" }, { "zhang", "", "/h\n", "/s", "" },
		{ "zhang", "", "/h", "", "" }, { "zhang", "", "/h", "s", "" },
		{ "zhang", "", "/h", "/s:x", "" },
		{ "zhang", "", "/h", "/s", "Group" }, { "zhang", "", "/h", "/s", "a b" },
	};
	struct house *house = *state;

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct person person = named(cases[i].name, "z-1");

		(void)text_into(person.real_name, sizeof(person.real_name), cases[i].real_name);
		(void)text_into(person.home, sizeof(person.home), cases[i].home);
		(void)text_into(person.shell, sizeof(person.shell), cases[i].shell);
		(void)text_into(person.structure, sizeof(person.structure), cases[i].structure);
		if (person_add(house->db, house->config, house->host, 1, &person) != -EINVAL)
			fail_msg("row %zu", i);
		assert_int_equal(person_by_identity(house->db, ISSUER, "z-1", &person), -ENOENT);
	}
}

static void a_row_that_nobody_of_us_wrote_is_damage(void **state)
{
	static const char *const harms[] = {
		"UPDATE people SET uid = 0", "UPDATE people SET uid = 1000",
		"UPDATE people SET uid = -1", "UPDATE people SET uid = 4294967296 + 65536",
		"UPDATE people SET home = 'home'", "UPDATE people SET name = 'a:b'",
		"UPDATE people SET real_name = printf('%.*c', 400, 'x')",
	};
	struct house *house = *state;
	struct person person;

	(void)add(house, "zhang", "z-1");
	for (size_t i = 0; i < N_ELEMENTS(harms); i++) {
		assert_int_equal(db_begin(house->db), 0);
		assert_int_equal(query_run(query_new(house->db, harms[i])), 0);
		assert_int_equal(person_by_identity(house->db, ISSUER, "z-1", &person), -EUCLEAN);
		db_rollback(house->db);
	}
	assert_int_equal(person_by_name(house->db, "zhang", &person), 0);
}

static int64_t n_writes(struct house *house)
{
	struct query *query = query_new(house->db, "SELECT total_changes()");
	int64_t n;

	assert_int_equal(query_step(query), 1);
	n = query_column_number(query, 0);
	query_done(query);
	return n;
}

static void an_update_writes_only_what_differs(void **state)
{
	struct house *house = *state;
	struct person person, found;
	uint32_t uid = add(house, "zhang", "z-1");
	int64_t before;

	assert_int_equal(person_by_uid(house->db, uid, &person), 0);
	before = n_writes(house);
	assert_int_equal(person_update(house->db, &person, 200), 0);
	assert_int_equal(n_writes(house), before);
	person_set_real_name(&person, "Zhang San");
	assert_int_equal(person_update(house->db, &person, 200), 0);
	assert_int_equal(person_by_uid(house->db, uid, &found), 0);
	assert_string_equal(found.real_name, "Zhang San");
	assert_int_equal(found.changed_s, 200);
	assert_int_equal(found.created_s, 100);
	(void)text_into(person.home, sizeof(person.home), "relative");
	assert_int_equal(person_update(house->db, &person, 300), -EINVAL);
	person.uid++;
	assert_int_equal(person_update(house->db, &person, 300), -ENOENT);
}

static void a_state_is_kept_with_its_reason(void **state)
{
	struct house *house = *state;
	uint32_t uid = add(house, "zhang", "z-1");
	struct person found;
	int64_t before;

	assert_int_equal(person_set_state(house->db, uid, PERSON_LOCKED, "left", 200), 0);
	assert_int_equal(person_by_uid(house->db, uid, &found), 0);
	assert_int_equal(found.state, PERSON_LOCKED);
	assert_string_equal(found.reason, "left");
	before = n_writes(house);
	assert_int_equal(person_set_state(house->db, uid, PERSON_LOCKED, "left", 300), 0);
	assert_int_equal(n_writes(house), before);
	assert_int_equal(person_set_state(house->db, uid, PERSON_LOCKED, "by hand", 300), 0);
	assert_int_equal(person_by_uid(house->db, uid, &found), 0);
	assert_string_equal(found.reason, "by hand");
	assert_int_equal(person_set_state(house->db, uid, PERSON_ACTIVE, NULL, 400), 0);
	assert_int_equal(person_by_uid(house->db, uid, &found), 0);
	assert_int_equal(found.state, PERSON_ACTIVE);
	assert_string_equal(found.reason, "");
	assert_int_equal(person_set_state(house->db, uid + 1, PERSON_LOCKED, "x", 1), -ENOENT);
}

static void who_is_gone_leaves_name_and_identity_but_not_the_uid(void **state)
{
	struct house *house = *state;
	uint32_t old = add(house, "zhang", "z-1"), new;
	struct person found;
	const char *const ids[] = { "17" };

	assert_int_equal(person_set_groups(house->db, old, "work", ids, 1), 0);
	assert_int_equal(person_set_state(house->db, old, PERSON_GONE, NULL, 200), 0);
	assert_int_equal(person_by_uid(house->db, old, &found), -ENOENT);
	assert_int_equal(person_by_name(house->db, "zhang", &found), -ENOENT);
	assert_int_equal(person_by_identity(house->db, ISSUER, "z-1", &found), -ENOENT);
	assert_int_equal(person_set_state(house->db, old, PERSON_ACTIVE, NULL, 200), -ENOENT);
	new = add(house, "zhang", "z-1");
	assert_int_not_equal(new, old);
	assert_int_equal(person_by_uid(house->db, new, &found), 0);
	assert_int_equal(person_by_uid(house->db, old, &found), -ENOENT);
}

struct seen {
	char text[256];
	int stop_at;
};

static int see(const struct person *person, void *context)
{
	struct seen *seen = context;
	size_t len = strlen(seen->text);

	(void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s ", person->name);
	return seen->stop_at && --seen->stop_at == 0 ? 7 : 0;
}

static void a_slice_goes_by_uid_and_may_stop(void **state)
{
	struct house *house = *state;
	uint32_t first = add(house, "zoe", "z-1"), second = add(house, "adam", "z-2");
	struct seen all = { "" }, gone = { "" }, some = { "", 2 }, rest = { "" }, few = { "" };

	assert_int_equal(person_set_state(house->db, add(house, "mary", "z-3"), PERSON_GONE, NULL,
					  1), 0);
	(void)add(house, "bob", "z-4");
	assert_int_equal(person_slice(house->db, 0, 9, see, &all), 0);
	assert_string_equal(all.text, "zoe adam bob ");
	assert_int_equal(person_slice_with_gone(house->db, 0, 9, see, &gone), 0);
	assert_string_equal(gone.text, "zoe adam mary bob ");
	assert_int_equal(person_slice(house->db, 0, 9, see, &some), 7);
	assert_string_equal(some.text, "zoe adam ");
	assert_int_equal(person_slice(house->db, first, 1, see, &rest), 0);
	assert_int_equal(person_slice(house->db, second, 5, see, &rest), 0);
	assert_string_equal(rest.text, "adam bob ");
	assert_int_equal(person_slice_with_gone(house->db, first, 2, see, &few), 0);
	assert_string_equal(few.text, "adam mary ");
}

/* --- names --- */

static void only_a_free_name_may_be_claimed(void **state)
{
	static const struct {
		const char *name;
		const char *says;        /* NULL: it is free */
	} cases[] = {
		{ "zhangsan", NULL }, { "li-si_2", NULL }, { "a", NULL },
		{ "abcdefghijklmnopqrstuvwxyz01234", NULL },
		{ "abcdefghijklmnopqrstuvwxyz012345", "no name" },
		{ "", "no name" }, { "Zhang", "no name" }, { "2zhang", "no name" },
		{ "_zhang", "no name" }, { "zhang\n", "no name" }, { "zhang.san", "no name" },
		{ "root", "privileged" }, { "nobody", "reserved" }, { "www-data", "reserved" },
		{ "systemd-thing", "reserved" }, { "chairman", "reserved" },
		{ "admin", "privileged" }, { "sudo", "privileged" }, { "wheel", "privileged" },
		{ "docker", "privileged" }, { "jauth", "privileged" },
		{ "jauth-users", "name of a group" }, { "engineers", "name of a group" },
		{ "jane", "this host" }, { "ops", "this host" },
		{ "lefty", "member of a group" }, { "righty", "member of a group" },
	};
	struct house *house = *state;

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const char *fault = name_claim_fault(house->config, house->host, cases[i].name);

		if (!fault != !cases[i].says || (fault && !strstr(fault, cases[i].says)))
			fail_msg("\"%s\": %s", cases[i].name, fault ? fault : "free");
	}
}

static void a_rule_fills_in_home_shell_and_source(void **state)
{
	struct house *house = *state;
	struct method method = { .id = "work" };
	struct person person = named("zhang", "z-1");

	assert_int_equal(person_set_rule(house->config, &method, &person), 0);
	assert_string_equal(person.home, "/home/zhang");
	assert_string_equal(person.shell, "/bin/bash");
	assert_string_equal(person.structure, "");
	assert_string_equal(person.source, "work");
	method.home = (char []){ "/data/{user}/home" };
	method.shell = (char []){ "/bin/zsh" };
	method.structure = (char []){ "company" };
	assert_int_equal(person_set_rule(house->config, &method, &person), 0);
	assert_string_equal(person.home, "/data/zhang/home");
	assert_string_equal(person.shell, "/bin/zsh");
	assert_string_equal(person.structure, "company");
}

static void a_real_name_ends_no_field(void **state UNUSED)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "Zhang San", "Zhang San" }, { NULL, "" }, { "", "" },
		{ "a:0:0:b", "a 0 0 b" }, { "a\nroot::0:0", "a?root  0 0" },
		{ "\x1b[31mred", "?[31mred" },
	};
	struct person person;
	char long_name[1000];

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		person_set_real_name(&person, cases[i].text);
		assert_string_equal(person.real_name, cases[i].expected);
	}
	for (size_t i = 0; i < sizeof(long_name) - 1; i += 3)
		memcpy(long_name + i, "\xe5\xbc\xa0", 3);
	long_name[999] = '\0';
	person_set_real_name(&person, long_name);
	assert_in_range(strlen(person.real_name), 100, sizeof(person.real_name) - 1);
	assert_true(text_is_utf8(person.real_name, strlen(person.real_name)));
}

/* --- groups --- */

static int see_group(const char *source, const char *id, void *context)
{
	struct seen *seen = context;
	size_t len = strlen(seen->text);

	(void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s/%s ", source, id);
	return 0;
}

static void groups_of_one_source_are_exchanged_whole(void **state)
{
	static const char *const first[] = { "18", "17", "18", "9" };
	static const char *const same[] = { "9", "17", "18" };
	static const char *const second[] = { "17" };
	struct house *house = *state;
	uint32_t uid = add(house, "zhang", "z-1");
	struct seen before = { "" }, after = { "" }, one = { "" };
	int64_t n;

	assert_int_equal(person_set_groups(house->db, uid, "work", first, 4), 0);
	assert_int_equal(person_set_groups(house->db, uid, "other", second, 1), 0);
	n = n_writes(house);
	assert_int_equal(person_set_groups(house->db, uid, "work", same, 3), 0);
	assert_int_equal(n_writes(house), n);
	assert_int_equal(person_each_group(house->db, uid, NULL, see_group, &before), 0);
	assert_string_equal(before.text, "other/17 work/17 work/18 work/9 ");
	assert_int_equal(person_set_groups(house->db, uid, "work", second, 1), 0);
	assert_int_equal(person_set_groups(house->db, uid, "other", NULL, 0), 0);
	assert_int_equal(person_each_group(house->db, uid, NULL, see_group, &after), 0);
	assert_string_equal(after.text, "work/17 ");
	assert_int_equal(person_each_group(house->db, uid, "other", see_group, &one), 0);
	assert_string_equal(one.text, "");
	assert_int_equal(person_set_groups(house->db, uid, "work", second, PERSON_GROUPS_MAX + 1),
			 -E2BIG);
}

static void check_unix_groups(struct house *house, const char *expected)
{
	struct unix_user user;
	struct seen seen = { "" };

	assert_int_equal(person_unix_user(house->db, house->config, "zhang", NULL, &user), 0);
	for (char **group = user.groups; group && *group; group++) {
		size_t len = strlen(seen.text);

		(void)snprintf(seen.text + len, sizeof(seen.text) - len, "%s ", *group);
	}
	assert_string_equal(seen.text, expected);
	unix_user_done(&user);
}

/* By hand, in the host's group file: rights are rights, wherever they come from. */
static void the_hosts_own_groups_count_too(void **state)
{
	static const char *const ids[] = { "17" };
	char *const host_groups[] = { (char []){ "docker" }, (char []){ "sudo" }, NULL };
	struct house *house = *state;
	uint32_t uid = add(house, "zhang", "z-1");
	struct unix_user user, copy;

	assert_int_equal(person_set_groups(house->db, uid, "work", ids, 1), 0);
	assert_int_equal(person_unix_user(house->db, house->config, "zhang", host_groups, &user),
			 0);
	assert_int_equal(list_length(user.groups), 3);
	assert_string_equal(user.groups[0], "jauth-users");
	assert_true(unix_user_in_group(&user, "docker") && unix_user_in_group(&user, "sudo"));
	assert_int_equal(unix_user_copy(&user, &copy), 0);
	assert_int_equal(list_length(copy.host_groups), 2);
	unix_user_done(&copy);
	unix_user_done(&user);
}

static void groups_of_unix_come_from_sections_only(void **state)
{
	static const char *const ids[] = { "17", "ops", "sudo", "docker", "engineers" };
	static const char *const none[] = { "17x", "1", "OPS" };
	static const char *const halves[] = { "rk/17", "ork/17" };
	struct house *house = *state;
	uint32_t uid = add(house, "zhang", "z-1"), gid;

	check_unix_groups(house, "jauth-users ");
	assert_int_equal(person_set_groups(house->db, uid, "work", ids, N_ELEMENTS(ids)), 0);
	check_unix_groups(house, "jauth-users docker ");         /* the others have no number */
	assert_int_equal(served_group_make(house->db, house->config, house->host, "engineers",
					   &gid), 0);
	assert_int_equal(served_group_make(house->db, house->config, house->host, "both", &gid),
			 0);
	check_unix_groups(house, "jauth-users engineers both docker ");
	assert_int_equal(person_set_groups(house->db, uid, "work", none, N_ELEMENTS(none)), 0);
	check_unix_groups(house, "jauth-users ");
	assert_int_equal(person_set_groups(house->db, uid, "third", ids, N_ELEMENTS(ids)), 0);
	check_unix_groups(house, "jauth-users ");
	assert_int_equal(person_set_groups(house->db, uid, "w", halves, N_ELEMENTS(halves)), 0);
	check_unix_groups(house, "jauth-users ");
	assert_int_equal(person_set_groups(house->db, uid, "other", ids, N_ELEMENTS(ids)), 0);
	check_unix_groups(house, "jauth-users both ");
}

static void a_structure_is_a_group_of_ours_or_none(void **state)
{
	static const struct {
		const char *name, *subject, *structure, *expected;
	} cases[] = {
		{ "a", "1", "company", "company" },
		{ "b", "2", "ops", NULL },               /* the host's own */
		{ "c", "3", "docker", NULL },            /* of a section, for others */
		{ "d", "4", "", NULL },
	};
	struct house *house = *state;

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct person person = named(cases[i].name, cases[i].subject);
		struct unix_user user;

		(void)text_into(person.structure, sizeof(person.structure), cases[i].structure);
		assert_int_equal(person_add(house->db, house->config, house->host, 1, &person), 0);
		assert_int_equal(person_unix_user(house->db, house->config, person.name, NULL,
						  &user), 0);
		assert_string_equal(user.groups[0], "jauth-users");
		if (cases[i].expected)
			assert_string_equal(user.groups[1], cases[i].expected);
		else
			assert_null(user.groups[1]);
		assert_true(user.exists);
		assert_int_equal(user.uid, person.uid);
		assert_true(uid_is_ours(user.gid));
		unix_user_done(&user);
	}
}

static void who_is_gone_is_no_user_and_who_is_locked_is(void **state)
{
	struct house *house = *state;
	uint32_t uid = add(house, "zhang", "z-1");
	struct unix_user user = { .name = "untouched" };

	assert_int_equal(person_unix_user(house->db, house->config, "li", NULL, &user), -ENOENT);
	assert_int_equal(person_set_state(house->db, uid, PERSON_LOCKED, "left", 1), 0);
	assert_int_equal(person_unix_user(house->db, house->config, "zhang", NULL, &user), 0);
	unix_user_done(&user);
	assert_int_equal(person_set_state(house->db, uid, PERSON_GONE, NULL, 1), 0);
	assert_int_equal(person_unix_user(house->db, house->config, "zhang", NULL, &user), -ENOENT);
	assert_string_equal(user.name, "");
}

/* --- locks --- */

static void the_first_reason_of_a_lock_stays_but_for_the_sysadmins(void **state)
{
	struct house *house = *state;
	struct identity_lock lock;
	bool locked = true;

	assert_int_equal(identity_is_locked(house->db, ISSUER, "z-1", &locked), 0);
	assert_false(locked);
	assert_int_equal(identity_lock(house->db, ISSUER, "z-1", "work", "left", 10), 0);
	assert_int_equal(identity_lock(house->db, ISSUER, "z-1", "other", "again", 20), 0);
	assert_int_equal(identity_lock_get(house->db, ISSUER, "z-1", &lock), 0);
	assert_string_equal(lock.source, "work");
	assert_string_equal(lock.reason, "left");
	assert_int_equal(lock.locked_s, 10);
	assert_int_equal(identity_lock(house->db, ISSUER, "z-1", IDENTITY_LOCK_ADMIN, "hand", 30),
			 0);
	assert_int_equal(identity_lock(house->db, ISSUER, "z-1", "work", "left", 40), 0);
	assert_int_equal(identity_lock(house->db, ISSUER, "z-1", IDENTITY_LOCK_ADMIN, "x", 50), 0);
	assert_int_equal(identity_lock_get(house->db, ISSUER, "z-1", &lock), 0);
	assert_string_equal(lock.source, IDENTITY_LOCK_ADMIN);
	assert_string_equal(lock.reason, "hand");
	assert_int_equal(lock.locked_s, 30);
	assert_int_equal(identity_is_locked(house->db, ISSUER, "z-1", &locked), 0);
	assert_true(locked);
	assert_int_equal(identity_is_locked(house->db, ISSUER, "z-", &locked), 0);
	assert_false(locked);
	assert_int_equal(identity_unlock(house->db, ISSUER, "z-2"), -ENOENT);
	assert_int_equal(identity_unlock(house->db, ISSUER, "z-1"), 0);
	assert_int_equal(identity_lock_get(house->db, ISSUER, "z-1", &lock), -ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, build_house, raze_house)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_added_is_found_by_all_three),
		TEST(nobody_is_found_by_half_of_it),
		TEST(a_name_or_identity_is_one_persons),
		TEST(who_could_not_stand_in_a_line_is_not_added),
		TEST(a_row_that_nobody_of_us_wrote_is_damage),
		TEST(an_update_writes_only_what_differs),
		TEST(a_state_is_kept_with_its_reason),
		TEST(who_is_gone_leaves_name_and_identity_but_not_the_uid),
		TEST(a_slice_goes_by_uid_and_may_stop),
		TEST(only_a_free_name_may_be_claimed),
		TEST(a_rule_fills_in_home_shell_and_source),
		cmocka_unit_test(a_real_name_ends_no_field),
		TEST(groups_of_one_source_are_exchanged_whole),
		TEST(the_hosts_own_groups_count_too),
		TEST(groups_of_unix_come_from_sections_only),
		TEST(a_structure_is_a_group_of_ours_or_none),
		TEST(who_is_gone_is_no_user_and_who_is_locked_is),
		TEST(the_first_reason_of_a_lock_stays_but_for_the_sysadmins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
