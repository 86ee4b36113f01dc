/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who should have a number and cannot: told of all who meet, and of nobody else. The numbers are
 * those of t-people-uids.c. */
#include "jauthd/people-collisions.h"

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
#include "jauthd/directory-stage.h"

#define KEY    "0123456789abcdef0123456789abcdef"
#define ISSUER "wecom:ww1"

struct house {
	struct config *config;
	struct db *db;
	struct host_ids *host;
};

static char *write_file(const char *text)
{
	char *path = text_copy("/tmp/t-people-collisions-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	return path;
}

static struct config *load(bool is_fleet, const char *overrides)
{
	_cleanup_free_ char *key = write_file(KEY), *uids = write_file(overrides);
	_cleanup_free_ char *fleet = text_format("uids = fleet\nfleet_key_file = %s\n", key);
	_cleanup_free_ char *text = text_format("[accounts]\nuid_overrides = %s\n%s", uids,
						is_fleet ? fleet : "");
	struct conf_report report = { NULL };
	struct config *config = NULL;

	if (config_load_text(text, strlen(text), &config, &report) < 0)
		fail_msg("%s", report.mistakes[0].text);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(unlink(uids), 0);
	return config;
}

static uint32_t add(struct house *house, const char *name)
{
	struct person person = { .home = "/h", .shell = "/s" };

	(void)text_into(person.name, sizeof(person.name), name);
	(void)text_into(person.issuer, sizeof(person.issuer), ISSUER);
	(void)text_into(person.subject, sizeof(person.subject), name);
	assert_int_equal(person_add(house->db, house->config, house->host, 1, &person), 0);
	return person.uid;
}

static int tell(const struct collision *collision, void *context)
{
	struct buf *text = context;

	buf_add_format(text, "%u %s/%s %s %s\n", collision->uid, collision->issuer,
		       collision->subject, collision->name, collision->fault);
	return 0;
}

static void check(struct house *house, const struct config *config, const char *const *members,
		  const char *expected)
{
	struct collisions *collisions = collisions_new(config, house->host);
	struct buf text = BUF_INIT(4096);
	int r;

	while ((r = collisions_add_people(collisions, house->db, 1)) == 1)
		;
	assert_int_equal(r, 0);
	for (; members && *members; members++)
		assert_int_equal(collisions_add(collisions, *members, ISSUER, *members), 0);
	assert_int_equal(collisions_each(collisions, tell, &text), 0);
	assert_string_equal(buf_text(&text), expected);
	collisions_free(collisions);
	buf_done(&text);
}

static void make(struct house *house, const char *passwd)
{
	house->config = load(true, "");
	assert_int_equal(db_open(":memory:", &house->db), 0);
	house->host = host_files_read(passwd, "");
}

static void drop(struct house *house)
{
	host_ids_free(house->host);
	config_unref(house->config);
	db_close(house->db);
}

static void members_meet_before_anybody_is_made(void **state UNUSED)
{
	static const char *const members[] = {
		"zhangsan", "m1466", "lisi", "m8894", "m8894", NULL
	};
	struct house house;

	make(&house, "");
	check(&house, house.config, members,
	      "2066787721 wecom:ww1/m1466 m1466 is to be the uid of m8894, too\n"
	      "2066787721 wecom:ww1/m8894 m8894 is to be the uid of m1466, too\n");
	drop(&house);
}

static void a_person_meets_a_member_and_is_no_fault_by_himself(void **state UNUSED)
{
	static const char *const alone[] = { "m1466", "zhangsan", NULL };
	static const char *const both[] = { "m1466", "m8894", NULL };
	struct house house;

	make(&house, "");
	assert_int_equal(add(&house, "m1466"), 2066787721u);
	check(&house, house.config, alone, "");
	check(&house, house.config, both,
	      "2066787721 wecom:ww1/m1466 m1466 is to be the uid of m8894, too\n"
	      "2066787721 wecom:ww1/m8894 m8894 is to be the uid of m1466, too\n");
	drop(&house);
}

static void an_override_settles_it(void **state UNUSED)
{
	static const char *const both[] = { "m1466", "m8894", NULL };
	struct config *settled = load(true, ISSUER " m8894 2013265921\n");
	struct config *moved = load(true, ISSUER " m1466 2013265922\n");
	struct house house;

	make(&house, "");
	(void)add(&house, "m1466");
	check(&house, settled, both, "");
	/* He is to move, and has not yet; until then the other one cannot come. */
	check(&house, moved, both,
	      "2013265922 wecom:ww1/m1466 m1466 is not his uid, which is 2066787721\n"
	      "2066787721 wecom:ww1/m8894 m8894 is the uid of m1466, too\n");
	config_unref(settled);
	config_unref(moved);
	drop(&house);
}

static void numbers_of_the_gone_and_of_the_host_are_told(void **state UNUSED)
{
	static const char *const members[] = { "zhangsan", "lisi", NULL };
	struct house house;

	make(&house, "x:x:2071905217:1::/:/bin/sh\n");
	assert_int_equal(person_set_state(house.db, add(&house, "zhangsan"), PERSON_GONE, NULL,
					  1), 0);
	check(&house, house.config, members,
	      "2071905217 wecom:ww1/lisi lisi is a number of the host's own\n"
	      "2108987753 wecom:ww1/zhangsan zhangsan was the uid of zhangsan\n");
	drop(&house);
}

static void on_one_host_only_overrides_are_compared(void **state UNUSED)
{
	static const char *const members[] = { "m1466", "m8894", NULL };
	struct config *local = load(false, ISSUER " zhangsan 70000\n");
	struct house house;

	make(&house, "");
	(void)add(&house, "zhangsan");
	check(&house, local, members,
	      "70000 wecom:ww1/zhangsan zhangsan is not his uid, which is 2108987753\n");
	config_unref(local);
	drop(&house);
}

static int add_member(const char *name, const char *issuer, const char *subject, void *context)
{
	return collisions_add(context, name, issuer, subject);
}

static void members_of_directories_who_become_users_are_looked_at(void **state UNUSED)
{
	static const struct {
		const char *subject, *name;
		int state;
	} members[] = {
		{ "m1466", "m1466", MEMBER_ACTIVE },
		{ "m8894", "m8894", MEMBER_DISABLED },
		{ "zhangsan", "", MEMBER_ACTIVE },       /* the rule makes no name */
		{ "lisi", "lisi", MEMBER_LEFT },
		{ "wangwu", "wangwu", MEMBER_FILTERED },
	};
	struct stage_at at = { "", "" };
	struct collisions *collisions;
	struct buf text = BUF_INIT(4096);
	struct house house;
	unsigned n = 0;
	int r;

	make(&house, "x:x:2108987753:1::/:/bin/sh\nx:x:2071905217:1::/:/bin/sh\n");
	for (size_t i = 0; i < N_ELEMENTS(members); i++) {
		struct stage_member member = { .issuer = ISSUER, .state = members[i].state };

		(void)text_into(member.subject, sizeof(member.subject), members[i].subject);
		(void)text_into(member.name, sizeof(member.name), members[i].name);
		assert_int_equal(stage_put_member(house.db, i % 2 ? "corp" : "other", &member), 0);
	}
	collisions = collisions_new(house.config, house.host);
	while ((r = stage_each_user(house.db, &at, 1, add_member, collisions)) == 1)
		n++;
	assert_int_equal(r, 0);
	assert_int_equal(n, N_ELEMENTS(members));
	assert_int_equal(collisions_each(collisions, tell, &text), 0);
	assert_string_equal(buf_text(&text),
			    "2066787721 wecom:ww1/m1466 m1466 is to be the uid of m8894, too\n"
			    "2066787721 wecom:ww1/m8894 m8894 is to be the uid of m1466, too\n");
	collisions_free(collisions);
	buf_done(&text);
	drop(&house);
}

static int stop_at_once(const struct collision *collision UNUSED, void *context UNUSED)
{
	return 7;
}

static void each_may_stop(void **state UNUSED)
{
	struct house house;
	struct collisions *collisions;

	make(&house, "");
	collisions = collisions_new(house.config, house.host);
	assert_int_equal(collisions_add(collisions, "m1466", ISSUER, "m1466"), 0);
	assert_int_equal(collisions_add(collisions, "m8894", ISSUER, "m8894"), 0);
	assert_int_equal(collisions_each(collisions, stop_at_once, NULL), 7);
	collisions_free(collisions);
	drop(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_meet_before_anybody_is_made),
		cmocka_unit_test(a_person_meets_a_member_and_is_no_fault_by_himself),
		cmocka_unit_test(an_override_settles_it),
		cmocka_unit_test(numbers_of_the_gone_and_of_the_host_are_told),
		cmocka_unit_test(on_one_host_only_overrides_are_compared),
		cmocka_unit_test(members_of_directories_who_become_users_are_looked_at),
		cmocka_unit_test(each_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
