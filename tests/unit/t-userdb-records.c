/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of io.systemd.UserDatabase and what is answered, byte by byte. */
#include "jauth-userdb/records.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauth-userdb/limits.h"

#define USERDB  "io.systemd.UserDatabase."
#define OURS    "\"service\":\"org.jauth1\""
#define CALL(method, parameters) \
	"{\"method\":\"" USERDB method "\",\"parameters\":{" parameters "}}"
#define MORE(method, parameters) \
	"{\"method\":\"" USERDB method "\",\"parameters\":{" parameters "},\"more\":true}"
#define FAILS(error) "{\"error\":\"" USERDB error "\",\"parameters\":{}}"
#define WRONG(name) \
	"{\"error\":\"org.varlink.service.InvalidParameter\"," \
	"\"parameters\":{\"parameter\":\"" name "\"}}"

#define RECORD(record) "{\"parameters\":{\"record\":{" record "},\"incomplete\":false}"
#define TAIL ",\"disposition\":\"regular\"," OURS
#define BOB RECORD("\"userName\":\"bob\",\"uid\":65541,\"gid\":100," \
		   "\"homeDirectory\":\"/home/bob\",\"shell\":\"/bin/sh\"" TAIL \
		   ",\"locked\":true,\"notAfterUSec\":86400000000")
#define JANE RECORD("\"userName\":\"jane\",\"uid\":65540,\"gid\":65600," \
		    "\"realName\":\"Jane \\\"J\\\"\"," \
		    "\"homeDirectory\":\"/home/jane\",\"shell\":\"/bin/bash\"" TAIL \
		    ",\"privileged\":{\"sshAuthorizedKeys\":[\"ssh-rsa A\",\"ssh-rsa B\"]}")
#define STAFF RECORD("\"groupName\":\"staff\",\"gid\":65600,\"description\":\"All\"" TAIL)
#define BARE RECORD("\"groupName\":\"team\",\"gid\":65601" TAIL)
#define MEMBER(user, group) \
	"{\"parameters\":{\"userName\":\"" user "\",\"groupName\":\"" group "\"}"
#define GOES_ON ",\"continues\":true}"

static const struct snapshot_user people[] = {
	{ .name = "jane", .real_name = "Jane \"J\"", .home = "/home/jane", .shell = "/bin/bash",
	  .uid = 65540, .gid = 65600, .ssh_keys = "ssh-rsa A\n\nssh-rsa B\n" },
	{ .name = "bob", .home = "/home/bob", .shell = "/bin/sh", .uid = 65541, .gid = 100,
	  .is_locked = true, .ssh_keys = "ssh-rsa C" },
};
static const struct snapshot_group groups[] = {
	{ .name = "staff", .description = "All", .gid = 65600 },
	{ .name = "team", .gid = 65601 },
};

static int make_snapshot(void **state)
{
	struct snapshot_writer *writer = snapshot_writer_new();
	struct snapshot *snapshot = NULL;
	char path[] = "/tmp/t-userdb-XXXXXX";
	int fd = mkstemp(path), r = 0;

	for (size_t i = 0; i < 2; i++) {
		r |= snapshot_add_user(writer, &people[i]);
		r |= snapshot_add_group(writer, &groups[i]);
	}
	r |= snapshot_add_member(writer, "jane", "staff");
	r |= snapshot_add_member(writer, "jane", "docker");
	r |= snapshot_add_member(writer, "bob", "staff");
	r |= snapshot_write(writer, path);
	r |= snapshot_open(path, &snapshot);
	snapshot_writer_free(writer);
	(void)unlink(path);
	(void)close(fd);
	*state = snapshot;
	return r;
}

static int drop_snapshot(void **state)
{
	snapshot_close(*state);
	return 0;
}

/* All replies, a '|' for the NUL byte behind each; the caller frees. */
static char *answer(const struct snapshot *snapshot, const char *text)
{
	struct buf out = BUF_INIT(REPLY_MAX);
	struct listing listing;
	struct varlink_call call;

	assert_int_equal(varlink_read_call(text, strlen(text), &call), 0);
	records_answer(&call, snapshot, &out, &listing);
	varlink_call_done(&call);
	while (listing.kind)
		(void)records_continue(snapshot, &listing, &out);
	assert_false(buf_failed(&out));
	for (size_t i = 0; i < out.len; i++)
		if (!out.data[i])
			out.data[i] = '|';
	return out.len ? buf_steal(&out) : text_copy("");
}

struct answer_case {
	const char *call, *reply;        /* without what ends the last one */
};

static void assert_answers(const struct snapshot *snapshot, const struct answer_case *cases,
			   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *reply = answer(snapshot, cases[i].call);
		char *expected = text_format("%s%s", cases[i].reply,
					     cases[i].reply[strlen(cases[i].reply) - 1] == '}' &&
					     strstr(cases[i].reply, "\"error\"") ? "|" : "}|");

		if (strcmp(reply, expected) != 0)
			fail_msg("%s\n  gave %s\n  not  %s", cases[i].call, reply, expected);
		free(expected);
		free(reply);
	}
}

static void users_are_found(void **state)
{
	static const struct answer_case cases[] = {
		{ CALL("GetUserRecord", "\"userName\":\"jane\"," OURS), JANE },
		{ CALL("GetUserRecord", "\"uid\":65541," OURS), BOB },
		{ MORE("GetUserRecord", "\"uid\":65541," OURS), BOB },
		{ CALL("GetUserRecord", "\"userName\":\"jane\",\"uid\":65540," OURS), JANE },
		{ CALL("GetUserRecord", "\"userName\":null,\"uid\":65540," OURS), JANE },
		{ MORE("GetUserRecord", OURS), BOB GOES_ON "|" JANE },
	};

	assert_answers(*state, cases, N_ELEMENTS(cases));
}

static void groups_are_found(void **state)
{
	static const struct answer_case cases[] = {
		{ CALL("GetGroupRecord", "\"groupName\":\"staff\"," OURS), STAFF },
		{ CALL("GetGroupRecord", "\"gid\":65601," OURS), BARE },
		{ MORE("GetGroupRecord", OURS), STAFF GOES_ON "|" BARE },
	};

	assert_answers(*state, cases, N_ELEMENTS(cases));
}

static void memberships_are_found(void **state)
{
	static const struct answer_case cases[] = {
		{ MORE("GetMemberships", "\"userName\":\"jane\"," OURS),
		  MEMBER("jane", "docker") GOES_ON "|" MEMBER("jane", "staff") },
		{ MORE("GetMemberships", "\"groupName\":\"docker\"," OURS),
		  MEMBER("jane", "docker") },
		{ MORE("GetMemberships", OURS),
		  MEMBER("bob", "staff") GOES_ON "|" MEMBER("jane", "docker") GOES_ON "|"
		  MEMBER("jane", "staff") },
		{ CALL("GetMemberships", "\"userName\":\"jane\",\"groupName\":\"docker\"," OURS),
		  MEMBER("jane", "docker") },
	};

	assert_answers(*state, cases, N_ELEMENTS(cases));
}

static void what_is_not_there_is_told(void **state)
{
	static const struct answer_case cases[] = {
		{ CALL("GetUserRecord", "\"userName\":\"root\"," OURS), FAILS("NoRecordFound") },
		{ CALL("GetUserRecord", "\"uid\":0," OURS), FAILS("NoRecordFound") },
		{ CALL("GetUserRecord", "\"uid\":4294967295," OURS), FAILS("NoRecordFound") },
		{ CALL("GetUserRecord", "\"userName\":\"a\",\"uid\":1," OURS),
		  FAILS("NoRecordFound") },
		{ CALL("GetUserRecord", "\"userName\":\"jane\",\"uid\":65541," OURS),
		  FAILS("ConflictingRecordFound") },
		{ CALL("GetUserRecord", "\"userName\":\"jane\",\"uid\":1," OURS),
		  FAILS("ConflictingRecordFound") },
		{ CALL("GetUserRecord", "\"userName\":\"a\",\"uid\":65541," OURS),
		  FAILS("ConflictingRecordFound") },
		{ CALL("GetGroupRecord", "\"groupName\":\"docker\"," OURS),
		  FAILS("NoRecordFound") },
		{ CALL("GetGroupRecord", "\"groupName\":\"staff\",\"gid\":1," OURS),
		  FAILS("ConflictingRecordFound") },
		{ MORE("GetMemberships", "\"userName\":\"root\"," OURS), FAILS("NoRecordFound") },
		{ MORE("GetMemberships", "\"groupName\":\"team\"," OURS), FAILS("NoRecordFound") },
		{ CALL("GetMemberships", "\"userName\":\"bob\",\"groupName\":\"docker\"," OURS),
		  FAILS("NoRecordFound") },
		/* Longer than any name of ours. */
		{ MORE("GetMemberships", "\"userName\":\"a123456789b123456789c123456789d123456789"
		       "e123456789f123456789g123456789\"," OURS), FAILS("NoRecordFound") },
	};

	assert_answers(*state, cases, N_ELEMENTS(cases));
}

static void wrong_calls_are_told_what_is_wrong(void **state)
{
	static const struct answer_case cases[] = {
		{ CALL("GetUserRecord", "\"userName\":\"jane\""), FAILS("BadService") },
		{ CALL("GetUserRecord", "\"userName\":\"jane\",\"service\":\"io.systemd.Home\""),
		  FAILS("BadService") },
		{ "{\"method\":\"" USERDB "GetUserRecord\"}", FAILS("BadService") },
		{ CALL("GetUserRecord", "\"uid\":-1," OURS), WRONG("uid") },
		{ CALL("GetUserRecord", "\"uid\":4294967296," OURS), WRONG("uid") },
		{ CALL("GetUserRecord", "\"uid\":\"65540\"," OURS), WRONG("uid") },
		{ CALL("GetUserRecord", "\"uid\":65540.0," OURS), WRONG("uid") },
		{ CALL("GetUserRecord", "\"userName\":7," OURS), WRONG("userName") },
		{ CALL("GetUserRecord", "\"userName\":\"\"," OURS), WRONG("userName") },
		{ CALL("GetUserRecord", "\"userName\":\"a\\nb\"," OURS), WRONG("userName") },
		{ CALL("GetUserRecord", "\"fuzzyNames\":[]," OURS), WRONG("fuzzyNames") },
		{ CALL("GetMemberships", "\"groupName\":[]," OURS), WRONG("groupName") },
		{ CALL("GetMemberships", "\"gid\":1," OURS), WRONG("gid") },
		{ CALL("GetUserRecord", OURS),
		  "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}" },
		{ CALL("GetMemberships", "\"userName\":\"jane\"," OURS),
		  "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}" },
		{ CALL("SetUser", OURS),
		  "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":"
		  "{\"method\":\"" USERDB "SetUser\"}}" },
		{ "{\"method\":\"a.b.C\"}",
		  "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":"
		  "{\"interface\":\"a.b\"}}" },
		{ "{\"method\":\"C\"}",
		  "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":"
		  "{\"interface\":\"\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
		  "{\"interface\":\"a.b\"}}",
		  "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":"
		  "{\"interface\":\"a.b\"}}" },
	};

	assert_answers(*state, cases, N_ELEMENTS(cases));
}

/* Nobody may take "not there" for "does not exist" then. */
static void without_a_snapshot_the_service_is_not_available(void **state UNUSED)
{
	static const struct answer_case cases[] = {
		{ CALL("GetUserRecord", "\"userName\":\"jane\"," OURS),
		  FAILS("ServiceNotAvailable") },
		{ MORE("GetGroupRecord", OURS), FAILS("ServiceNotAvailable") },
		{ MORE("GetMemberships", "\"userName\":\"root\"," OURS),
		  FAILS("ServiceNotAvailable") },
		{ CALL("GetUserRecord", "\"service\":\"x\""), FAILS("BadService") },
	};

	assert_answers(NULL, cases, N_ELEMENTS(cases));
}

static void with_nobody_in_it_nobody_is_found(void **state UNUSED)
{
	static const struct answer_case cases[] = {
		{ CALL("GetUserRecord", "\"userName\":\"jane\"," OURS), FAILS("NoRecordFound") },
		{ MORE("GetUserRecord", OURS), FAILS("NoRecordFound") },
		{ MORE("GetMemberships", "\"userName\":\"root\"," OURS), FAILS("NoRecordFound") },
	};
	struct snapshot *nobody = snapshot_empty();

	assert_answers(nobody, cases, N_ELEMENTS(cases));
	snapshot_close(nobody);
}

static void a_call_that_wants_no_reply_gets_none(void **state)
{
	char *reply = answer(*state, "{\"method\":\"" USERDB "GetUserRecord\",\"oneway\":true}");

	assert_string_equal(reply, "");
	free(reply);
}

static void the_service_describes_itself(void **state)
{
	char *info = answer(*state, "{\"method\":\"org.varlink.service.GetInfo\"}");
	char *description = answer(*state, "{\"method\":\"org.varlink.service."
				   "GetInterfaceDescription\",\"parameters\":{\"interface\":"
				   "\"io.systemd.UserDatabase\"}}");

	assert_non_null(strstr(info, "\"product\":\"jauth-userdb\""));
	assert_non_null(strstr(info, "[\"io.systemd.UserDatabase\",\"org.varlink.service\"]"));
	assert_non_null(strstr(description, "method GetMemberships("));
	free(info);
	free(description);
}

static void what_is_no_call_is_refused(void **state UNUSED)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "null", "7", "{\"method\":7}", "{\"method\":\"\"}",
		"{\"method\":\"a\\u0000b\"}", "{\"method\":\"a\",\"method\":\"b\"}",
		"{\"method\":\"a\",\"parameters\":[]}", "{\"method\":\"a\",\"parameters\":\"x\"}",
		"{\"method\":\"a\",\"more\":\"true\"}", "{\"method\":\"a\",\"oneway\":1}",
		"{\"method\":\"a\",\"upgrade\":true}", "{\"method\":\"a\"} x",
		"{\"method\":\"\xff\"}",
		"{\"method\":\"a\\nb\"}",
	};
	struct varlink_call call;

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		if (varlink_read_call(texts[i], strlen(texts[i]), &call) != -EBADMSG)
			fail_msg("%s", texts[i]);
}

/* 32 KiB of keys, each byte of which is two or more in JSON: still one reply. */
static void the_longest_record_has_room(void **state UNUSED)
{
	struct snapshot_writer *writer = snapshot_writer_new();
	struct snapshot_user user = people[0];
	char path[] = "/tmp/t-userdb-XXXXXX";
	int fd = mkstemp(path);
	char *keys = calloc(1, SNAPSHOT_KEYS_MAX + 1);
	struct snapshot *snapshot;
	char *reply;

	for (size_t i = 0; i < SNAPSHOT_KEYS_MAX; i++)
		keys[i] = i % 2 ? '\n' : '"';
	user.ssh_keys = keys;
	assert_int_equal(snapshot_add_user(writer, &user), 0);
	assert_int_equal(snapshot_write(writer, path), 0);
	assert_int_equal(snapshot_open(path, &snapshot), 0);
	reply = answer(snapshot, CALL("GetUserRecord", "\"uid\":65540," OURS));
	assert_true(strlen(reply) > 5 * SNAPSHOT_KEYS_MAX / 2);
	free(reply);
	free(keys);
	snapshot_close(snapshot);
	snapshot_writer_free(writer);
	(void)close(fd);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_found),
		cmocka_unit_test(groups_are_found),
		cmocka_unit_test(memberships_are_found),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(wrong_calls_are_told_what_is_wrong),
		cmocka_unit_test(without_a_snapshot_the_service_is_not_available),
		cmocka_unit_test(with_nobody_in_it_nobody_is_found),
		cmocka_unit_test(a_call_that_wants_no_reply_gets_none),
		cmocka_unit_test(the_service_describes_itself),
		cmocka_unit_test(what_is_no_call_is_refused),
		cmocka_unit_test(the_longest_record_has_room),
	};

	return cmocka_run_group_tests(tests, make_snapshot, drop_snapshot);
}
