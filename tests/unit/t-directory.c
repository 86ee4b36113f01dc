/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What listings mean for people, on a database in memory: two rounds of members, and what
 * follows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/directory-apply.h"
#include "jauthd/directory-departments.h"
#include "jauthd/people.h"
#include "jauthd/phones.h"

#define ID     "corp"
#define ISSUER "wecom:ww1"
#define NOW_S  1767323045

static struct directory_rule rule = { .removals_max = 10 };

struct fixture {
	struct db *db;
	struct config config;
	struct method method;
	struct host_ids *host;
	bool is_host_unsure;
	struct directory_report report;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(db_open(":memory:", &fixture->db), 0);
	assert_int_equal(host_ids_read(&fixture->host), 0);
	fixture->config.accounts = (struct account_rules){
		.uids = UIDS_LOCAL,
		.primary_group = text_copy("jauth-users"),
		.home = text_copy("/home/{user}"),
		.shell = text_copy("/bin/bash"),
	};
	fixture->method = (struct method){ .id = ID, .map = (char []){ "{userid}" },
					   .directory = &rule };
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	directory_report_done(&fixture->report);
	host_ids_free(fixture->host);
	db_close(fixture->db);
	free(fixture->config.accounts.primary_group);
	free(fixture->config.accounts.home);
	free(fixture->config.accounts.shell);
	free(fixture);
	return 0;
}

/* --- rounds --- */

struct told {
	const char *subject, *display, *mark, *department;
	enum member_state state;
};

static struct stage_member member_of(const struct told *told)
{
	struct stage_member member = { .state = (int)told->state };

	(void)text_into(member.subject, sizeof(member.subject), told->subject);
	(void)text_into(member.name, sizeof(member.name), told->subject);
	(void)text_into(member.issuer, sizeof(member.issuer), ISSUER);
	(void)text_into(member.display, sizeof(member.display), told->display);
	(void)text_into(member.mark, sizeof(member.mark), told->mark);
	return member;
}

/* A listing in which every department is told anew. */
static void tell(struct fixture *fixture, const struct told *told, size_t n)
{
	static const unsigned char digest[SHA256_BYTES] = { 1 };
	static const char *const departments[] = { "1", "2" };

	assert_int_equal(stage_clear(fixture->db, ID, SIZE_MAX / 2), 0);
	for (size_t i = 0; i < N_ELEMENTS(departments); i++) {
		const struct stage_department department = { departments[i], "", "x", NOW_S };

		assert_int_equal(stage_add_department(fixture->db, ID, &department), 0);
		assert_int_equal(stage_mark_done(fixture->db, ID, departments[i], false, digest),
				 0);
	}
	for (size_t i = 0; i < n; i++) {
		struct stage_member member = member_of(&told[i]);

		assert_int_equal(stage_add_member(fixture->db, ID, &member), 0);
		assert_int_equal(stage_add_place(fixture->db, ID, told[i].subject,
						 told[i].department), 0);
	}
}

static int run(struct fixture *fixture, bool applies)
{
	struct directory_pass pass = {
		.db = fixture->db, .config = &fixture->config, .method = &fixture->method,
		.host = fixture->host, .now_s = NOW_S, .applies = applies,
		.report = &fixture->report,
	};
	char at[IDENTITY_TEXT_MAX + 1] = "";
	int r = 1;

	pass.is_host_unsure = fixture->is_host_unsure;
	directory_report_done(&fixture->report);
	while (r == 1)
		r = directory_run_slice(&pass, at);
	if (r == 0 && applies)
		assert_int_equal(stage_finish(fixture->db, ID), 0);
	return r;
}

/* "add zhangsan, lock lisi" */
static void expect(struct fixture *fixture, const char *words)
{
	struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < fixture->report.n_rows; i++)
		buf_add_format(&text, "%s%s %s", i ? ", " : "",
			       directory_change_word(fixture->report.rows[i].change),
			       fixture->report.rows[i].subject);
	assert_string_equal(buf_text(&text), words);
	buf_done(&text);
}

static void sync_with(struct fixture *fixture, const struct told *told, size_t n, const char *words)
{
	tell(fixture, told, n);
	assert_int_equal(run(fixture, false), 0);
	expect(fixture, words);
	assert_int_equal(run(fixture, true), 0);
	expect(fixture, words);
}

#define SYNC(words, ...) do { \
	const struct told told_[] = { __VA_ARGS__ }; \
	sync_with(fixture, told_, N_ELEMENTS(told_), words); \
} while (0)

static void expect_state(struct fixture *fixture, const char *subject, enum person_state state,
			 bool locked)
{
	struct person person;
	bool is_locked;

	assert_int_equal(person_by_identity(fixture->db, ISSUER, subject, &person), 0);
	assert_int_equal(person.state, state);
	assert_int_equal(identity_is_locked(fixture->db, ISSUER, subject, &is_locked), 0);
	assert_int_equal(is_locked, locked);
}

/* --- numbers --- */

struct listed {
	const char *subject, *number;
};

/* As a file has them: the number's own hash is the mark. */
static void list_row(struct fixture *fixture, const struct listed *listed)
{
	struct buf sealed = BUF_INIT(PHONE_SEALED_MAX), mark = BUF_INIT(100);
	const struct told told = { listed->subject, "Somebody", "", "1", MEMBER_ACTIVE };
	struct stage_member member = member_of(&told);
	unsigned char hash[SHA256_BYTES];

	assert_int_equal(phone_seal(fixture->db, listed->number, &sealed), 0);
	assert_int_equal(phone_hash(fixture->db, listed->number, hash), 0);
	hex_add(&mark, hash, sizeof(hash));
	memcpy(member.number, sealed.data, sealed.len);
	member.number_len = sealed.len;
	(void)text_into(member.mark, sizeof(member.mark), buf_text(&mark));
	assert_int_equal(stage_add_member(fixture->db, ID, &member), 0);
	assert_int_equal(stage_add_place(fixture->db, ID, member.subject, "1"), 0);
	buf_done(&sealed);
	buf_done(&mark);
}

static void list_once(struct fixture *fixture, bool applies, const struct listed *listed, size_t n)
{
	tell(fixture, NULL, 0);
	for (size_t i = 0; i < n; i++)
		list_row(fixture, &listed[i]);
	assert_int_equal(run(fixture, applies), 0);
}

static void list_with(struct fixture *fixture, const struct listed *listed, size_t n,
		      const char *words)
{
	list_once(fixture, false, listed, n);
	expect(fixture, words);
	list_once(fixture, true, listed, n);
	expect(fixture, words);
}

#define LIST(words, ...) do { \
	const struct listed listed_[] = { __VA_ARGS__ }; \
	list_with(fixture, listed_, N_ELEMENTS(listed_), words); \
} while (0)

static int note_number(const struct phone_record *record, void *context)
{
	buf_add_format(context, "%s%s", ((struct buf *)context)->len ? ", " : "", record->number);
	return 0;
}

/* Of the person who has this name now. */
static void expect_numbers(struct fixture *fixture, const char *name, const char *numbers)
{
	struct buf text = BUF_INIT(1000);
	struct person person;

	assert_int_equal(person_by_name(fixture->db, name, &person), 0);
	assert_int_equal(phone_each(fixture->db, name, person.uid, note_number, &text), 0);
	assert_string_equal(buf_text(&text), numbers);
	buf_done(&text);
}

#define ONE   "+8613900000001"
#define TWO   "+8613900000002"
#define THREE "+8613900000003"

#define LEI  { "t-lei", "Lei", "Lei", "1", MEMBER_ACTIVE }
#define MEI  { "t-mei", "Mei", "Mei", "2", MEMBER_ACTIVE }

/* --- cases --- */

static void the_first_pass_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct told told[] = { LEI, MEI };
	struct person person;

	tell(fixture, told, 2);
	assert_int_equal(run(fixture, false), 0);
	expect(fixture, "add t-lei, add t-mei");
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), -ENOENT);
	assert_int_equal(run(fixture, true), 0);
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_string_equal(person.home, "/home/t-lei");
	assert_string_equal(person.shell, "/bin/bash");
	assert_string_equal(person.real_name, "Lei");
	assert_string_equal(person.source, ID);
}

static void the_same_again_is_no_change(void **state)
{
	struct fixture *fixture = *state;

	SYNC("add t-lei, add t-mei", LEI, MEI);
	SYNC("", LEI, MEI);
}

static void who_is_not_told_of_has_left_until_he_is_back(void **state)
{
	struct fixture *fixture = *state;

	SYNC("add t-lei, add t-mei", LEI, MEI);
	SYNC("lock t-lei", MEI);
	assert_int_equal(fixture->report.n_removals, 1);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	SYNC("", MEI);
	SYNC("unlock t-lei", LEI, MEI);
	expect_state(fixture, "t-lei", PERSON_ACTIVE, false);
}

static const struct {
	enum member_state from, to;
	const char *words;
	bool is_removal;
} turns[] = {
	{ MEMBER_ACTIVE, MEMBER_DISABLED, "lock t-lei", true },
	{ MEMBER_ACTIVE, MEMBER_INACTIVE, "lock t-lei", true },
	{ MEMBER_ACTIVE, MEMBER_LEFT, "lock t-lei", true },
	{ MEMBER_DISABLED, MEMBER_LEFT, "", false },
	{ MEMBER_DISABLED, MEMBER_ACTIVE, "unlock t-lei, add t-lei", false },
	{ MEMBER_INACTIVE, MEMBER_ACTIVE, "add t-lei", false },
};

static void states_follow_one_another(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < N_ELEMENTS(turns); i++) {
		struct told lei = { "t-lei", "Lei", "Lei", "1", turns[i].from };

		tear_down(state);
		set_up(state);
		fixture = *state;
		tell(fixture, &lei, 1);
		assert_int_equal(run(fixture, true), 0);
		lei.state = turns[i].to;
		sync_with(fixture, &lei, 1, turns[i].words);
		assert_int_equal(fixture->report.n_removals, turns[i].is_removal);
	}
}

static void a_name_may_change_while_he_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct person person;

	SYNC("add t-lei", LEI);
	SYNC("rename t-lei", { "t-lei", "Lei Wang", "Lei Wang", "1", MEMBER_ACTIVE });
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_string_equal(person.real_name, "Lei Wang");
	assert_string_equal(person.mark, "Lei Wang");
}

static void who_returns_with_another_name_is_somebody_else(void **state)
{
	struct fixture *fixture = *state;
	struct person person;

	SYNC("add t-lei, add t-mei", LEI, MEI);
	SYNC("lock t-lei", MEI);
	SYNC("refuse t-lei", { "t-lei", "Bo", "Bo", "1", MEMBER_ACTIVE }, MEI);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	SYNC("", { "t-lei", "Bo", "Bo", "1", MEMBER_ACTIVE }, MEI);
	/* Renamed in between, to the name of the one before: still not he. */
	SYNC("", { "t-lei", "Bob", "Bob", "1", MEMBER_ACTIVE }, MEI);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_int_equal(person_set_state(fixture->db, person.uid, PERSON_GONE, NULL, NOW_S), 0);
	SYNC("unlock t-lei, add t-lei", { "t-lei", "Bob", "Bob", "1", MEMBER_ACTIVE }, MEI);
	expect_state(fixture, "t-lei", PERSON_ACTIVE, false);
}

static void another_union_id_is_somebody_else_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct person person;

	SYNC("add t-lei", { "t-lei", "Lei", "u1", "1", MEMBER_ACTIVE });
	SYNC("rename t-lei", { "t-lei", "Lei Wang", "u1", "1", MEMBER_ACTIVE });
	SYNC("refuse t-lei", { "t-lei", "Lei Wang", "u2", "1", MEMBER_ACTIVE });
	assert_int_equal(fixture->report.n_removals, 1);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	SYNC("", { "t-lei", "Lei Wang", "u2", "1", MEMBER_ACTIVE });
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_int_equal(person_set_state(fixture->db, person.uid, PERSON_ACTIVE, NULL, NOW_S), 0);
	SYNC("refuse t-lei", { "t-lei", "Lei Wang", "u2", "1", MEMBER_ACTIVE });
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	SYNC("unlock t-lei", { "t-lei", "Lei Wang", "u1", "1", MEMBER_ACTIVE });
}

/* A listing that tells no mark leaves his links to nobody else. */
static void a_mark_that_is_not_told_is_not_forgotten(void **state)
{
	const struct link link = {
		.issuer = (char []){ ISSUER }, .subject = (char []){ "root" },
		.user = (char []){ "jane" }, .uid = 1001, .note = (char []){ "" },
		.origin = (char []){ "admin" },
	};
	struct fixture *fixture = *state;

	SYNC("refuse root", { "root", "Lei", "Lei", "1", MEMBER_ACTIVE });
	assert_int_equal(link_add(fixture->db, &link, NULL), 0);
	SYNC("", { "root", "", "", "1", MEMBER_ACTIVE });
	SYNC("", { "root", "Lei", "Lei", "1", MEMBER_ACTIVE });
	SYNC("", { "root", "", "", "1", MEMBER_ACTIVE });
	SYNC("refuse root", { "root", "Bo", "Bo", "1", MEMBER_ACTIVE });
}

static void names_of_the_host_are_nobodys(void **state)
{
	struct fixture *fixture = *state;

	SYNC("refuse root", { "root", "x", "x", "1", MEMBER_ACTIVE });
	SYNC("", { "root", "x", "x", "1", MEMBER_ACTIVE });
}

static void a_number_comes_changes_and_goes_with_its_row(void **state)
{
	struct fixture *fixture = *state;
	struct stage_member left;

	LIST("add t-lei, add t-mei", { "t-lei", ONE }, { "t-mei", TWO });
	expect_numbers(fixture, "t-lei", ONE);
	LIST("", { "t-lei", ONE }, { "t-mei", TWO });
	LIST("number t-lei", { "t-lei", THREE }, { "t-mei", TWO });
	expect_numbers(fixture, "t-lei", THREE);
	list_once(fixture, false, (struct listed[]){ { "t-lei", ONE }, { "t-mei", TWO } }, 2);
	expect_numbers(fixture, "t-lei", THREE);
	LIST("number t-lei, number t-mei", { "t-lei", TWO }, { "t-mei", THREE });
	expect_numbers(fixture, "t-lei", TWO);
	expect_numbers(fixture, "t-mei", THREE);
	LIST("lock t-lei", { "t-mei", THREE });
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	expect_numbers(fixture, "t-lei", "");
	assert_int_equal(stage_get_member(fixture->db, ID, 0, "t-lei", &left), 0);
	assert_int_equal(left.number_len, 0);
	LIST("unlock t-lei", { "t-lei", TWO }, { "t-mei", THREE });
	expect_state(fixture, "t-lei", PERSON_ACTIVE, false);
	expect_numbers(fixture, "t-lei", TWO);
}

/* A name may be given to another one; nobody can tell that from a number that changed while he was
 * away. */
static void who_returns_with_another_number_is_somebody_else(void **state)
{
	struct fixture *fixture = *state;
	struct person person;

	LIST("add t-lei, add t-mei", { "t-lei", ONE }, { "t-mei", TWO });
	LIST("lock t-lei", { "t-mei", TWO });
	LIST("refuse t-lei", { "t-lei", THREE }, { "t-mei", TWO });
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	expect_numbers(fixture, "t-lei", "");
	LIST("", { "t-lei", THREE }, { "t-mei", TWO });
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	expect_numbers(fixture, "t-lei", "");
	/* The same one after all: his old number first. */
	LIST("unlock t-lei", { "t-lei", ONE }, { "t-mei", TWO });
	LIST("number t-lei", { "t-lei", THREE }, { "t-mei", TWO });
	expect_numbers(fixture, "t-lei", THREE);
	/* Another one: a sysadmin removes who was before. */
	LIST("lock t-lei", { "t-mei", TWO });
	LIST("refuse t-lei", { "t-lei", ONE }, { "t-mei", TWO });
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_int_equal(person_set_state(fixture->db, person.uid, PERSON_GONE, NULL, NOW_S), 0);
	LIST("unlock t-lei, add t-lei", { "t-lei", ONE }, { "t-mei", TWO });
	expect_numbers(fixture, "t-lei", ONE);
}

static int count_phone(const struct phone_record *record UNUSED, void *context)
{
	*(int *)context += 1;
	return 0;
}

/* A row that spells one of the host's users gives nobody his account. */
static void a_user_of_the_host_gets_no_number(void **state)
{
	struct fixture *fixture = *state;
	int n = 0;

	LIST("refuse root", { "root", ONE });
	assert_int_equal(phone_each(fixture->db, NULL, -1, count_phone, &n), 0);
	assert_int_equal(n, 0);
}

/* By hand, so many that there is room for no other: he is told of, and nobody is stopped. */
static void who_has_too_many_numbers_is_told_of(void **state)
{
	struct fixture *fixture = *state;
	struct phone_record record = { .user = "t-lei" };
	struct person person;

	LIST("add t-lei", { "t-lei", ONE });
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	record.uid = person.uid;
	for (int i = 1; i < PHONES_PER_USER_MAX; i++) {
		(void)snprintf(record.number, sizeof(record.number), "+861380000000%d", i);
		assert_int_equal(phone_add(fixture->db, &record, NULL), 0);
	}
	assert_int_equal(phone_drop_listed(fixture->db, "t-lei", person.uid, ID), 0);
	(void)snprintf(record.number, sizeof(record.number), "+8613800000009");
	assert_int_equal(phone_add(fixture->db, &record, NULL), 0);
	list_once(fixture, true, (struct listed[]){ { "t-lei", TWO }, { "t-mei", THREE } }, 2);
	expect(fixture, "number t-lei, refuse t-lei, add t-mei");
	assert_int_equal(phone_remove(fixture->db, 3), 0);
	list_once(fixture, true, (struct listed[]){ { "t-lei", TWO }, { "t-mei", THREE } }, 2);
	expect(fixture, "");
	assert_int_equal(person_by_name(fixture->db, "t-mei", &person), 0);
	expect_numbers(fixture, "t-mei", THREE);
}

static void where_the_host_is_unsure_nobody_is_made_but_leavers_leave(void **state)
{
	struct fixture *fixture = *state;

	SYNC("add t-mei", MEI);
	fixture->is_host_unsure = true;
	SYNC("refuse t-lei, lock t-mei", LEI);
	fixture->is_host_unsure = false;
	SYNC("add t-lei", LEI);
}

static void a_sysadmins_lock_is_not_undone(void **state)
{
	struct fixture *fixture = *state;
	struct person person;

	SYNC("add t-lei, add t-mei", LEI, MEI);
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_int_equal(person_set_state(fixture->db, person.uid, PERSON_LOCKED, "by hand",
					  NOW_S), 0);
	assert_int_equal(identity_lock(fixture->db, ISSUER, "t-lei", "(sysadmin)", "by hand",
				       NOW_S), 0);
	SYNC("lock t-lei", MEI);
	SYNC("", LEI, MEI);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
}

/* --- of other sources --- */

/* By a login, or by a directory that the configuration has no more. */
static void add_person_of(struct fixture *fixture, const char *source)
{
	struct person person = { .name = "t-lei", .issuer = ISSUER, .subject = "t-lei",
				 .home = "/home/t-lei", .shell = "/bin/sh" };

	(void)text_into(person.source, sizeof(person.source), source);
	assert_int_equal(person_add(fixture->db, &fixture->config, fixture->host, NOW_S, &person),
			 0);
}

static void whom_a_login_made_leaves_and_returns_too(void **state)
{
	struct fixture *fixture = *state;

	add_person_of(fixture, "work");
	SYNC("rename t-lei, add t-mei", LEI, MEI);
	SYNC("lock t-lei", MEI);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
	SYNC("unlock t-lei", LEI, MEI);
	expect_state(fixture, "t-lei", PERSON_ACTIVE, false);
}

static void a_directory_takes_over_from_one_that_is_no_more(void **state)
{
	struct fixture *fixture = *state;
	struct person person;

	add_person_of(fixture, "old");
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_int_equal(identity_lock(fixture->db, ISSUER, "t-lei", "old", "left", NOW_S), 0);
	assert_int_equal(person_set_state(fixture->db, person.uid, PERSON_LOCKED,
					  "directory: left", NOW_S), 0);
	SYNC("unlock t-lei, rename t-lei", LEI);
	expect_state(fixture, "t-lei", PERSON_ACTIVE, false);
}

static void another_directorys_people_and_locks_are_its_own(void **state)
{
	struct method other = { .id = "old", .directory = &rule };
	struct fixture *fixture = *state;
	struct person person;

	fixture->config.methods[0] = &other;
	fixture->config.n_methods = 1;
	add_person_of(fixture, "old");
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_int_equal(person_set_state(fixture->db, person.uid, PERSON_LOCKED,
					  "directory: left", NOW_S), 0);
	assert_int_equal(identity_lock(fixture->db, ISSUER, "t-lei", "old", "left", NOW_S), 0);
	SYNC("rename t-lei", LEI);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
}

/* The first sync locks as little as any other one without asking. */
static void whom_a_login_made_and_a_filter_leaves_out_is_a_removal(void **state)
{
	struct fixture *fixture = *state;

	add_person_of(fixture, "work");
	fixture->method.groups_allowed = (char *[]){ (char []){ "9" }, NULL };
	SYNC("lock t-lei", LEI);
	assert_int_equal(fixture->report.n_removals, 1);
	expect_state(fixture, "t-lei", PERSON_LOCKED, true);
}

static void identities_allowed_leaves_out_the_others(void **state)
{
	struct fixture *fixture = *state;

	fixture->method.identities_allowed = (char *[]){ (char []){ "t-mei" }, NULL };
	SYNC("add t-mei", LEI, MEI);
	fixture->method.identities_allowed = (char *[]){ (char []){ "t-lei" }, NULL };
	SYNC("add t-lei, lock t-mei", LEI, MEI);
}

static int count_group(const char *source UNUSED, const char *id UNUSED, void *context)
{
	unsigned *n = context;

	++*n;
	return 0;
}

static void one_in_too_many_departments_stops_nobody_else(void **state)
{
	struct fixture *fixture = *state;
	const struct told told[] = { LEI, MEI };
	struct person person;
	unsigned n = 0;

	tell(fixture, told, N_ELEMENTS(told));
	for (unsigned i = 0; i < PERSON_GROUPS_MAX; i++) {
		_cleanup_free_ char *department = text_format("%u", 1000 + i);

		assert_int_equal(stage_add_place(fixture->db, ID, "t-lei", department), 0);
	}
	assert_int_equal(run(fixture, true), 0);
	expect(fixture, "add t-lei, add t-mei");
	assert_int_equal(person_by_name(fixture->db, "t-lei", &person), 0);
	assert_int_equal(person_each_group(fixture->db, person.uid, ID, count_group, &n), 0);
	assert_int_equal(n, PERSON_GROUPS_MAX);
}

/* --- contradictions --- */

static void one_told_in_two_ways_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct told lei = LEI, other = { "t-lei", "Lei", "Lei", "2", MEMBER_DISABLED };
	struct stage_member member = member_of(&other);

	tell(fixture, &lei, 1);
	assert_int_equal(stage_add_member(fixture->db, ID, &member), -EBADMSG);
}

static void told_anew_in_one_department_and_as_before_in_another(void **state)
{
	static const unsigned char digest[SHA256_BYTES] = { 1 };
	struct fixture *fixture = *state;
	const struct told other = { "t-lei", "Lei", "Lei", "2", MEMBER_DISABLED };

	SYNC("add t-lei", LEI, { "t-lei", "Lei", "Lei", "2", MEMBER_ACTIVE });
	tell(fixture, &other, 1);
	assert_int_equal(stage_mark_done(fixture->db, ID, "1", true, digest), 0);
	assert_int_equal(run(fixture, false), -EBADMSG);
}

static void a_department_that_is_the_same_keeps_its_members(void **state)
{
	static const unsigned char digest[SHA256_BYTES] = { 1 };
	struct fixture *fixture = *state;

	SYNC("add t-lei, add t-mei", LEI, MEI);
	tell(fixture, NULL, 0);
	assert_int_equal(stage_mark_done(fixture->db, ID, "1", true, digest), 0);
	assert_int_equal(run(fixture, true), 0);
	expect(fixture, "lock t-mei");
}

/* --- slices --- */

/* Round 0: so many people "p000"…, each in department "1" but for those in `elsewhere`, who are in
 * "2"; then a round 1 in which "1" is as it was. */
static void add_many(struct fixture *fixture, unsigned n, const char *elsewhere)
{
	static const unsigned char digest[SHA256_BYTES] = { 1 };
	char subject[16];

	tell(fixture, NULL, 0);
	for (unsigned i = 0; i < n; i++) {
		struct told told = { subject, "x", "x", "1", MEMBER_ACTIVE };
		struct stage_member member;

		(void)snprintf(subject, sizeof(subject), "p%05u", i);
		if (text_equals(subject, elsewhere))
			told.department = "2";
		member = member_of(&told);
		assert_int_equal(stage_put_member(fixture->db, ID, &member), 0);
		assert_int_equal(stage_add_place(fixture->db, ID, subject, told.department), 0);
		assert_int_equal(stage_put_places(fixture->db, ID, subject, NULL, (char *[]){
			(char *)told.department, NULL }), 0);
		assert_int_equal(stage_drop_member(fixture->db, ID, subject), 0);
	}
	assert_int_equal(stage_mark_done(fixture->db, ID, "1", true, digest), 0);
}

/* How often a scan is cut is no matter: who is affected is found, in order, once each. */
static void whoever_is_affected_is_found_however_few_are_looked_at(void **state)
{
	static const size_t budgets[] = { 0, 1, 7, 99, 100, 1000 };
	static const struct told told = { "p00050x", "x", "x", "2", MEMBER_ACTIVE };
	struct fixture *fixture = *state;
	struct stage_member member = member_of(&told);

	add_many(fixture, 100, "p00077");
	assert_int_equal(stage_add_member(fixture->db, ID, &member), 0);
	assert_int_equal(stage_add_place(fixture->db, ID, "p00099", "2"), 0);
	for (size_t i = 0; i < N_ELEMENTS(budgets); i++) {
		char at[IDENTITY_TEXT_MAX + 1] = "", found[IDENTITY_TEXT_MAX + 1];
		struct buf text = BUF_INIT(4096);
		struct stage_scan scan = { .n_rows = budgets[i] };
		unsigned n_slices = 1;
		int r;

		while ((r = stage_next_affected(fixture->db, ID, at, &scan, found)) > 0) {
			if (r == 1)
				buf_add_format(&text, "%s ", found);
			if (r == 2)
				scan = (struct stage_scan){ .n_rows = MAX(budgets[i], (size_t)1) };
			n_slices += r == 2;
			assert_true(strcmp(found, at) >= 0);
			(void)text_into(at, sizeof(at), found);
		}
		assert_int_equal(r, 0);
		assert_string_equal(buf_text(&text), "p00050x p00077 ");
		assert_in_range(n_slices, budgets[i] >= 100 ? 1 : 100 / (budgets[i] + 1), 103);
		buf_done(&text);
	}
}

/* Places of one person are never on both sides of a cut. */
static void a_cut_is_between_two_people(void **state)
{
	static const unsigned char digest[SHA256_BYTES] = { 1 };
	struct fixture *fixture = *state;
	struct stage_scan scan = { .n_rows = 1 };
	char found[IDENTITY_TEXT_MAX + 1];
	char *more[] = { (char []){ "10" }, (char []){ "2" }, NULL };

	add_many(fixture, 3, "");
	assert_int_equal(stage_mark_done(fixture->db, ID, "10", true, digest), 0);
	assert_int_equal(stage_put_places(fixture->db, ID, "p00001", NULL, more), 0);
	assert_int_equal(stage_next_affected(fixture->db, ID, "p00000", &scan, found), 1);
	assert_string_equal(found, "p00001");
	scan = (struct stage_scan){ .n_rows = 1 };
	assert_int_equal(stage_next_affected(fixture->db, ID, "p00001", &scan, found), 0);
}

static size_t count(struct fixture *fixture, const char *sql)
{
	struct query *query = query_new(fixture->db, sql);
	size_t n = 0;

	if (query_step(query) == 1)
		n = (size_t)query_column_number(query, 0);
	query_done(query);
	return n;
}

#define COUNT_ROUND_1 \
	"SELECT (SELECT count(*) FROM directory_members WHERE round = 1) +" \
	" (SELECT count(*) FROM directory_places WHERE round = 1) +" \
	" (SELECT count(*) FROM directory_departments WHERE round = 1) +" \
	" (SELECT count(*) FROM directory_done)"

/* Killed in between, the next sync must not go on with what is left. */
static void a_round_is_dropped_in_slices_and_counts_no_more_after_the_first(void **state)
{
	struct fixture *fixture = *state;
	struct told told[10];
	char subjects[10][16];
	struct directory_row row = { .stage = DIRECTORY_LISTING };
	unsigned n = 0;
	int r;

	SYNC("add t-lei", LEI);
	for (unsigned i = 0; i < N_ELEMENTS(told); i++) {
		(void)snprintf(subjects[i], sizeof(subjects[i]), "p%u", i);
		told[i] = (struct told){ subjects[i], "x", "x", i % 2 ? "1" : "2", MEMBER_ACTIVE };
	}
	tell(fixture, told, N_ELEMENTS(told));
	assert_int_equal(stage_set(fixture->db, ID, &row), 0);
	while ((r = stage_clear(fixture->db, ID, 3)) == 1) {
		assert_int_equal(stage_get(fixture->db, ID, &row), 0);
		assert_int_equal(row.stage, DIRECTORY_IDLE);
		assert_int_equal(count(fixture, "SELECT count(*) FROM directory_done"), 0);
		n++;
	}
	assert_int_equal(r, 0);
	assert_int_equal(n, 3);
	assert_int_equal(count(fixture, COUNT_ROUND_1), 0);
	SYNC("", LEI);
}

/* Killed between two slices of a department, it is told of once more, and may be another thing. */
static void what_was_kept_of_a_part_of_a_department_goes(void **state)
{
	struct fixture *fixture = *state;
	struct told now = { "t-lei", "Lei Wang", "Lei Wang", "1", MEMBER_ACTIVE };
	const struct told told[] = { LEI, MEI }, in_both = { "t-mei", "Mei", "Mei", "1",
							     MEMBER_ACTIVE };
	struct stage_member member = member_of(&now), mei = member_of(&in_both);

	tell(fixture, told, N_ELEMENTS(told));
	assert_int_equal(stage_add_place(fixture->db, ID, "t-mei", "1"), 0);
	assert_int_equal(stage_clear_department(fixture->db, ID, "1"), 0);
	assert_int_equal(stage_get_member(fixture->db, ID, 1, "t-lei", &mei), -ENOENT);
	assert_int_equal(stage_get_member(fixture->db, ID, 1, "t-mei", &mei), 0);
	assert_int_equal(stage_add_member(fixture->db, ID, &member), 0);
}

/* A member without a fault is none of those who are looked at again. */
static void only_those_with_a_fault_are_tried_again(void **state)
{
	struct fixture *fixture = *state;
	char found[IDENTITY_TEXT_MAX + 1];

	SYNC("refuse root, add t-lei", LEI, { "root", "x", "x", "1", MEMBER_ACTIVE });
	assert_int_equal(stage_next_faulty(fixture->db, ID, "", found), 1);
	assert_string_equal(found, "root");
	assert_int_equal(stage_next_faulty(fixture->db, ID, found, found), 0);
}

static void who_locks_an_identity_is_found_in_any_directory(void **state)
{
	struct directory_row row = { .stage = DIRECTORY_IDLE };
	struct fixture *fixture = *state;
	char directory[METHOD_ID_MAX + 1];

	assert_int_equal(stage_set(fixture->db, "other", &row), 0);
	assert_int_equal(stage_set(fixture->db, ID, &row), 0);
	SYNC("", { "t-lei", "Lei", "Lei", "1", MEMBER_DISABLED });
	assert_int_equal(stage_find_locking(fixture->db, ISSUER, "t-lei", directory), 0);
	assert_string_equal(directory, ID);
	assert_int_equal(stage_find_locking(fixture->db, "wecom:ww2", "t-lei", directory), -ENOENT);
	assert_int_equal(stage_find_locking(fixture->db, ISSUER, "t-mei", directory), -ENOENT);
}

/* --- departments --- */

static struct department *put(struct departments *departments, const char *id, const char *parent)
{
	struct department *department = departments_get(departments, id);

	assert_non_null(department);
	free(department->parent);
	department->parent = text_copy(parent);
	department->is_told = true;
	return department;
}

static void departments_are_found_by_id(void **state UNUSED)
{
	struct departments departments = { 0 };
	char id[16];

	assert_null(departments_find(&departments, "1"));
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(id, sizeof(id), "%u", i);
		put(&departments, id, "");
	}
	assert_int_equal(departments.n, 5000);
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(id, sizeof(id), "%u", i);
		assert_string_equal(departments_find(&departments, id)->id, id);
	}
	assert_null(departments_find(&departments, "5000"));
	departments_done(&departments);
}

static void loops_are_found(void **state UNUSED)
{
	struct departments departments = { 0 };

	put(&departments, "1", "");
	put(&departments, "2", "1");
	put(&departments, "3", "2");
	put(&departments, "9", "77");            /* its parent is not seen */
	assert_null(departments_find_loop(&departments));
	put(&departments, "2", "3");
	assert_non_null(departments_find_loop(&departments));
	put(&departments, "2", "2");
	assert_non_null(departments_find_loop(&departments));
	departments_done(&departments);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_first_pass_changes_nothing),
		CASE(the_same_again_is_no_change),
		CASE(who_is_not_told_of_has_left_until_he_is_back),
		CASE(states_follow_one_another),
		CASE(a_name_may_change_while_he_is_there),
		CASE(who_returns_with_another_name_is_somebody_else),
		CASE(another_union_id_is_somebody_else_at_once),
		CASE(a_mark_that_is_not_told_is_not_forgotten),
		CASE(names_of_the_host_are_nobodys),
		CASE(a_number_comes_changes_and_goes_with_its_row),
		CASE(who_returns_with_another_number_is_somebody_else),
		CASE(a_user_of_the_host_gets_no_number),
		CASE(who_has_too_many_numbers_is_told_of),
		CASE(where_the_host_is_unsure_nobody_is_made_but_leavers_leave),
		CASE(a_sysadmins_lock_is_not_undone),
		CASE(whom_a_login_made_leaves_and_returns_too),
		CASE(a_directory_takes_over_from_one_that_is_no_more),
		CASE(another_directorys_people_and_locks_are_its_own),
		CASE(whom_a_login_made_and_a_filter_leaves_out_is_a_removal),
		CASE(identities_allowed_leaves_out_the_others),
		CASE(one_in_too_many_departments_stops_nobody_else),
		CASE(one_told_in_two_ways_is_refused),
		CASE(told_anew_in_one_department_and_as_before_in_another),
		CASE(a_department_that_is_the_same_keeps_its_members),
		CASE(whoever_is_affected_is_found_however_few_are_looked_at),
		CASE(a_cut_is_between_two_people),
		CASE(a_round_is_dropped_in_slices_and_counts_no_more_after_the_first),
		CASE(what_was_kept_of_a_part_of_a_department_goes),
		CASE(only_those_with_a_fault_are_tried_again),
		CASE(who_locks_an_identity_is_found_in_any_directory),
		cmocka_unit_test(departments_are_found_by_id),
		cmocka_unit_test(loops_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
