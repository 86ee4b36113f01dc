/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers of people and groups: never twice, never the host's own, in a fleet the same everywhere.
 *
 * The numbers of the fleet were computed by Python's hmac and hashlib under the key below:
 *	0x78000000 + int.from_bytes(HMAC-SHA-256(key, issuer NUL subject)[:8], "big") % 0x7ffffff
 * m1466 and m8894 were found by trying: they meet.
 */
#include "jauthd/people.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "host-files.h"
#include "jauthd/accounts.h"
#include "jauthd/notices.h"

#define KEY     "0123456789abcdef0123456789abcdef"
#define ISSUER  "wecom:ww1"
#define OTHER   "https://id.example.org"

#define ZHANG_UID 2108987753u
#define LI_UID    2071905217u
#define OTHER_UID 2104820032u
#define USERS_GID 2060609578u
#define MEET_UID  2066787721u

struct house {
	struct config *config;
	struct db *db;
	struct host_ids *host;
};

static char *write_file(const char *text)
{
	char *path = text_copy("/tmp/t-people-uids-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	return path;
}

static void make_house(struct house *house, const char *accounts, const char *passwd)
{
	struct conf_report report = { NULL };
	_cleanup_free_ char *text = text_format("[accounts]\n%s", accounts);

	*house = (struct house){ NULL };
	if (config_load_text(text, strlen(text), &house->config, &report) < 0)
		fail_msg("%s", report.mistakes[0].text);
	assert_int_equal(db_open(":memory:", &house->db), 0);
	house->host = host_files_read(passwd, "");
}

static void make_fleet(struct house *house, const char *overrides, const char *passwd)
{
	char *key = write_file(KEY), *uids = write_file(overrides);
	_cleanup_free_ char *text = text_format("uids = fleet\nfleet_key_file = %s\n"
						"uid_overrides = %s\n", key, uids);

	make_house(house, text, passwd);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(unlink(uids), 0);
	free(key);
	free(uids);
}

static void drop_house(struct house *house)
{
	host_ids_free(house->host);
	config_unref(house->config);
	db_close(house->db);
}

static int try_add(struct house *house, const char *name, const char *issuer, const char *subject,
		   uint32_t *ret_uid)
{
	struct person person = { .home = "/h", .shell = "/s" };
	int r;

	(void)text_into(person.name, sizeof(person.name), name);
	(void)text_into(person.issuer, sizeof(person.issuer), issuer);
	(void)text_into(person.subject, sizeof(person.subject), subject);
	r = person_add(house->db, house->config, house->host, 100, &person);
	*ret_uid = person.uid;
	return r;
}

static uint32_t add(struct house *house, const char *name)
{
	uint32_t uid;

	assert_int_equal(try_add(house, name, ISSUER, name, &uid), 0);
	return uid;
}

static void run(struct house *house, const char *sql)
{
	assert_int_equal(query_run(query_new(house->db, sql)), 0);
}

/* --- one host --- */

static void the_next_number_is_taken_and_none_twice(void **state UNUSED)
{
	struct house house;
	uint32_t uid, gid;

	make_house(&house, "", "taken:x:65538:65539::/:/bin/sh\n");
	assert_int_equal(add(&house, "a"), 65537);
	assert_int_equal(served_group_get(house.db, "jauth-users", &gid), 0);
	assert_int_equal(gid, 65536);
	assert_int_equal(add(&house, "b"), 65540);       /* behind the host's own */
	assert_int_equal(person_choose_uid(house.db, house.config, house.host, ISSUER, "c", &uid),
			 0);
	assert_int_equal(uid, 65541);
	assert_int_equal(person_set_state(house.db, 65540, PERSON_GONE, NULL, 1), 0);
	assert_int_equal(add(&house, "b"), 65541);
	drop_house(&house);
}

static void what_was_given_before_a_rollback_is_free(void **state UNUSED)
{
	struct house house;

	make_house(&house, "", "");
	(void)add(&house, "a");
	assert_int_equal(db_begin(house.db), 0);
	assert_int_equal(add(&house, "b"), 65538);
	db_rollback(house.db);
	assert_int_equal(add(&house, "c"), 65538);
	drop_house(&house);
}

static void ranges_of_subuid_are_left_out(void **state UNUSED)
{
	static const struct host_file files[] = {
		{ "/etc/passwd", "jane:x:1001:1001::/:/bin/sh\n" },
		{ "/etc/group", "jane:x:1001:\n" },
		{ "/etc/subuid", "jane:65536:30000\n" },
		{ "/etc/subgid", "jane:95000:70000\n" },
		{ NULL }
	};
	struct house house;
	char *root = host_files_make(files);

	make_house(&house, "", "");
	host_ids_free(house.host);
	assert_int_equal(host_ids_read_below(root, &house.host), 0);
	assert_int_equal(add(&house, "a"), 165001);      /* the group has 165000 */
	drop_house(&house);
	host_files_drop(root);
}

static void at_the_end_of_the_row_gaps_are_looked_for(void **state UNUSED)
{
	struct house house;
	uint32_t uid;

	make_house(&house, "", "taken:x:65538:65538::/:/bin/sh\n");
	assert_int_equal(add(&house, "a"), 65537);
	assert_int_equal(person_set_uid(house.db, 65537, 199999, 1), 0);
	/* 65536 is the group, 65537 a tombstone, 65538 the host's own. */
	assert_int_equal(add(&house, "b"), 65539);
	assert_int_equal(add(&house, "c"), 65540);
	run(&house, "WITH RECURSIVE n(i) AS (SELECT 65541 UNION ALL SELECT i + 1 FROM n"
		    " WHERE i < 199997) INSERT INTO unix_groups SELECT i, 'g' || i FROM n");
	assert_int_equal(add(&house, "d"), 199998);
	assert_int_equal(try_add(&house, "e", ISSUER, "e", &uid), -ENOSPC);
	assert_int_equal(person_by_name(house.db, "e", &(struct person){ 0 }), -ENOENT);
	drop_house(&house);
}

static void fleet_numbers_do_not_move_the_row(void **state UNUSED)
{
	struct house house;

	make_house(&house, "", "");
	(void)add(&house, "a");
	assert_int_equal(person_set_uid(house.db, 65537, UID_FLEET_LAST, 1), 0);
	assert_int_equal(add(&house, "b"), 65538);
	drop_house(&house);
}

/* --- a fleet --- */

static void hosts_of_a_fleet_agree_whatever_came_before(void **state UNUSED)
{
	struct house first, second;
	uint32_t uid, gid;

	make_fleet(&first, "", "");
	make_fleet(&second, "", "somebody:x:65536:65536::/:/bin/sh\n");
	assert_int_equal(add(&first, "zhangsan"), ZHANG_UID);
	assert_int_equal(add(&first, "lisi"), LI_UID);
	assert_int_equal(try_add(&second, "z", OTHER, "zhangsan", &uid), 0);
	assert_int_equal(uid, OTHER_UID);
	assert_int_equal(add(&second, "lisi"), LI_UID);
	assert_int_equal(add(&second, "zhangsan"), ZHANG_UID);
	assert_int_equal(served_group_get(first.db, "jauth-users", &gid), 0);
	assert_int_equal(gid, USERS_GID);
	assert_int_equal(served_group_get(second.db, "jauth-users", &gid), 0);
	assert_int_equal(gid, USERS_GID);
	drop_house(&first);
	drop_house(&second);
}

static void two_that_meet_are_settled_by_an_override_only(void **state UNUSED)
{
	struct house house;
	uint32_t uid;

	make_fleet(&house, "", "");
	assert_int_equal(add(&house, "m1466"), MEET_UID);
	assert_int_equal(try_add(&house, "m8894", ISSUER, "m8894", &uid), -EADDRINUSE);
	assert_int_equal(person_fleet_uid(house.config, ISSUER, "m8894", &uid), 0);
	assert_int_equal(uid, MEET_UID);
	drop_house(&house);

	make_fleet(&house, ISSUER " m8894 2013265921\n", "");
	assert_int_equal(add(&house, "m1466"), MEET_UID);
	assert_int_equal(add(&house, "m8894"), 2013265921);
	drop_house(&house);
}

static void a_number_in_a_fleet_is_no_second_ones_after_its_owner(void **state UNUSED)
{
	struct house house;
	uint32_t uid;

	make_fleet(&house, "", "");
	assert_int_equal(add(&house, "zhangsan"), ZHANG_UID);
	assert_int_equal(person_set_state(house.db, ZHANG_UID, PERSON_GONE, NULL, 1), 0);
	assert_int_equal(try_add(&house, "zhangsan", ISSUER, "zhangsan", &uid), -EADDRINUSE);
	drop_house(&house);
}

static void what_the_host_has_is_nobodys(void **state UNUSED)
{
	static const struct {
		const char *overrides, *passwd;
	} cases[] = {
		{ "", "x:x:2108987753:1::/:/bin/sh\n" },
		{ ISSUER " zhangsan 70000\n", "x:x:70000:1::/:/bin/sh\n" },
		{ ISSUER " zhangsan 70000\n", "x:x:1:70000::/:/bin/sh\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct house house;
		uint32_t uid;

		make_fleet(&house, cases[i].overrides, cases[i].passwd);
		assert_int_equal(try_add(&house, "zhangsan", ISSUER, "zhangsan", &uid),
				 -EADDRINUSE);
		assert_int_equal(uid, 0);
		drop_house(&house);
	}
}

static void without_a_fleet_only_overrides_settle_a_number(void **state UNUSED)
{
	_cleanup_free_ char *uids = write_file(ISSUER " zhangsan 100000\n");
	_cleanup_free_ char *text = text_format("uid_overrides = %s\n", uids);
	struct house house;
	uint32_t uid = 7;

	make_house(&house, text, "");
	assert_int_equal(person_fleet_uid(house.config, ISSUER, "lisi", &uid), -ENOENT);
	assert_int_equal(uid, 7);
	assert_int_equal(person_fleet_uid(house.config, ISSUER, "zhangsan", &uid), 0);
	assert_int_equal(uid, 100000);
	assert_int_equal(add(&house, "zhangsan"), 100000);
	assert_int_equal(unlink(uids), 0);
	drop_house(&house);
}

/* --- groups --- */

static void a_served_group_keeps_its_number(void **state UNUSED)
{
	struct house house;
	uint32_t gid, again;

	make_fleet(&house, "group sales 2013265930\n", "sales-user:x:1:1::/:/bin/sh\n");
	assert_int_equal(served_group_get(house.db, "sales", &gid), -ENOENT);
	assert_int_equal(served_group_make(house.db, house.config, house.host, "sales", &gid), 0);
	assert_int_equal(gid, 2013265930u);
	assert_int_equal(served_group_make(house.db, house.config, house.host, "sales", &again),
			 0);
	assert_int_equal(again, gid);
	assert_int_equal(served_group_make(house.db, house.config, house.host, "Sales-User", &gid),
			 -EADDRINUSE);
	drop_house(&house);
}

static void nobody_is_made_where_the_primary_group_is_the_hosts(void **state UNUSED)
{
	struct house house;
	uint32_t uid;

	make_house(&house, "primary_group = jane\n", "jane:x:1001:1001::/:/bin/sh\n");
	assert_int_equal(db_begin(house.db), 0);
	assert_int_equal(try_add(&house, "zhang", ISSUER, "zhang", &uid), -EADDRINUSE);
	db_rollback(house.db);
	assert_int_equal(person_by_name(house.db, "zhang", &(struct person){ 0 }), -ENOENT);
	drop_house(&house);
}

/* --- by hand --- */

static void another_number_leaves_a_tombstone_and_takes_all_along(void **state UNUSED)
{
	static const char *const ids[] = { "17" };
	const struct account account = { .user = "zhang", .uid = 65537, .hash = "x" };
	const struct link link = {
		.issuer = (char []){ "i" }, .subject = (char []){ "s" },
		.user = (char []){ "zhang" }, .uid = 65537, .note = (char []){ "" },
		.origin = (char []){ "admin" },
	};
	struct notice notice = notice_make(NOTICE_LINKED, "zhang", 65537);
	struct notices told;
	struct account found;
	struct person person;
	struct house house;
	bool is_linked;

	make_house(&house, "", "");
	assert_int_equal(add(&house, "zhang"), 65537);
	assert_int_equal(notice_add(house.db, &notice), 0);
	run(&house, "INSERT INTO lingering VALUES (65537, 'zhang', 1, 100, 0)");
	assert_int_equal(person_set_groups(house.db, 65537, "work", ids, 1), 0);
	assert_int_equal(account_add(house.db, &account), 0);
	assert_int_equal(link_add(house.db, &link, NULL), 0);
	assert_int_equal(person_set_uid(house.db, 65537, 70000, 200), 0);
	assert_int_equal(person_by_name(house.db, "zhang", &person), 0);
	assert_int_equal(person.uid, 70000);
	assert_int_equal(person_by_uid(house.db, 65537, &person), -ENOENT);
	assert_int_equal(account_get(house.db, "zhang", 70000, &found), 0);
	assert_int_equal(link_matches(house.db, "i", "s", "zhang", 70000, &is_linked), 0);
	assert_true(is_linked);
	assert_int_equal(notices_tell(house.db, "zhang", 70000, 200, &told), 0);
	assert_int_equal(told.n, 1);
	run(&house, "DELETE FROM lingering WHERE uid = 70000 AND was_on = 1");
	assert_int_equal(db_changes(house.db), 1);
	assert_int_equal(person_set_groups(house.db, 70000, "work", ids, 1), 0);
	assert_int_equal(db_changes(house.db), 1);       /* the tombstone: no group was written */
	assert_int_equal(person_set_uid(house.db, 70000, 65537, 300), -EADDRINUSE);
	assert_int_equal(person_set_uid(house.db, 70000, 70000, 300), 0);
	account_done(&found);
	drop_house(&house);
}

static void only_a_number_that_jauth_gives_out_may_be_set(void **state UNUSED)
{
	static const struct {
		uint32_t uid;
		int expected;
	} cases[] = {
		{ 0, -EINVAL }, { 1000, -EINVAL }, { 65535, -EINVAL }, { 200000, -EINVAL },
		{ UID_FLEET_FIRST - 1, -EINVAL }, { UID_FLEET_LAST + 1, -EINVAL },
		{ UINT32_MAX, -EINVAL }, { 65538, -EADDRINUSE },         /* li's */
		{ UID_LOCAL_LAST, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct house house;

		make_house(&house, "", "");
		assert_int_equal(add(&house, "zhang"), 65537);
		assert_int_equal(add(&house, "li"), 65538);
		assert_int_equal(person_set_uid(house.db, 65537, cases[i].uid, 1),
				 cases[i].expected);
		assert_int_equal(person_set_uid(house.db, 65539, 70000, 1), -ENOENT);
		drop_house(&house);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_number_is_taken_and_none_twice),
		cmocka_unit_test(what_was_given_before_a_rollback_is_free),
		cmocka_unit_test(ranges_of_subuid_are_left_out),
		cmocka_unit_test(at_the_end_of_the_row_gaps_are_looked_for),
		cmocka_unit_test(fleet_numbers_do_not_move_the_row),
		cmocka_unit_test(hosts_of_a_fleet_agree_whatever_came_before),
		cmocka_unit_test(two_that_meet_are_settled_by_an_override_only),
		cmocka_unit_test(a_number_in_a_fleet_is_no_second_ones_after_its_owner),
		cmocka_unit_test(what_the_host_has_is_nobodys),
		cmocka_unit_test(without_a_fleet_only_overrides_settle_a_number),
		cmocka_unit_test(a_served_group_keeps_its_number),
		cmocka_unit_test(nobody_is_made_where_the_primary_group_is_the_hosts),
		cmocka_unit_test(another_number_leaves_a_tombstone_and_takes_all_along),
		cmocka_unit_test(only_a_number_that_jauth_gives_out_may_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
