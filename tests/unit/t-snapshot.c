/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was added is found, and nothing else; no damage is taken for a snapshot. */
#include "base/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/snapshot-form.h"
#include "base/text.h"

#define MANY 5000

static const struct snapshot_user jane = {
	.name = "jane", .real_name = "Jane \xe7\x8e\x8b", .home = "/home/jane",
	.shell = "/bin/bash", .uid = 65537, .gid = 70000,
	.ssh_keys = "ssh-ed25519 AAAA jane\nssh-rsa BBBB",
};
static const struct snapshot_user bob = {
	.name = "bob", .home = "/home/bob", .shell = "/bin/bash", .uid = 65540, .gid = 100,
	.is_locked = true,
};
static const struct snapshot_group staff = {
	.name = "staff-of-acme", .description = "Staff", .gid = 70000,
};

/* --- files --- */

static char folder[] = "/tmp/t-snapshot-XXXXXX";
static const char path[] = "snapshot";

static int make_folder(void **state UNUSED)
{
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int drop_folder(void **state UNUSED)
{
	(void)unlink(path);
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static struct snapshot_writer *small_writer(void)
{
	struct snapshot_writer *writer = snapshot_writer_new();

	assert_int_equal(snapshot_add_user(writer, &jane), 0);
	assert_int_equal(snapshot_add_user(writer, &bob), 0);
	assert_int_equal(snapshot_add_group(writer, &staff), 0);
	assert_int_equal(snapshot_add_member(writer, "jane", "staff-of-acme"), 0);
	assert_int_equal(snapshot_add_member(writer, "jane", "docker"), 0);
	assert_int_equal(snapshot_add_member(writer, "bob", "staff-of-acme"), 0);
	return writer;
}

/* Writes and frees. */
static struct snapshot *written(struct snapshot_writer *writer)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_write(writer, path), 0);
	snapshot_writer_free(writer);
	assert_int_equal(snapshot_open(path, &snapshot), 0);
	return snapshot;
}

/* The file's bytes; the caller frees. */
static char *bytes_of_file(size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	char *bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	*ret_len = (size_t)st.st_size;
	bytes = malloc(*ret_len);
	assert_int_equal(fread(bytes, 1, *ret_len, file), *ret_len);
	(void)fclose(file);
	return bytes;
}

/* --- looking up --- */

static void assert_user(const struct snapshot_user *found, const struct snapshot_user *user)
{
	assert_string_equal(found->name, user->name);
	assert_string_equal(found->real_name, user->real_name ? user->real_name : "");
	assert_string_equal(found->home, user->home);
	assert_string_equal(found->shell, user->shell);
	assert_string_equal(found->ssh_keys, user->ssh_keys ? user->ssh_keys : "");
	assert_int_equal(found->uid, user->uid);
	assert_int_equal(found->gid, user->gid);
	assert_int_equal(found->is_locked, user->is_locked);
}

static void what_was_added_is_found(void **state UNUSED)
{
	struct snapshot *snapshot = written(small_writer());
	struct snapshot_user user;
	struct snapshot_group group;

	assert_int_equal(snapshot_n_users(snapshot), 2);
	assert_true(snapshot_user_by_name(snapshot, "jane", &user));
	assert_user(&user, &jane);
	assert_true(snapshot_user_by_uid(snapshot, 65540, &user));
	assert_user(&user, &bob);
	snapshot_nth_user(snapshot, 1, &user);
	assert_user(&user, &jane);
	assert_int_equal(snapshot_n_groups(snapshot), 1);
	assert_true(snapshot_group_by_name(snapshot, "staff-of-acme", &group));
	assert_string_equal(group.description, "Staff");
	assert_true(snapshot_group_by_gid(snapshot, 70000, &group));
	assert_string_equal(group.name, "staff-of-acme");
	snapshot_close(snapshot);
}

static void nobody_else_is_found(void **state UNUSED)
{
	static const char *const names[] = { "", "a", "jan", "janet", "Jane", "zoe", "docker" };
	static const uint32_t numbers[] = { 0, 65536, 65538, 65541, 70001, UINT32_MAX };
	struct snapshot *snapshot = written(small_writer());
	struct snapshot_user user;
	struct snapshot_group group;
	const char *text;

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		assert_false(snapshot_user_by_name(snapshot, names[i], &user));
		assert_false(snapshot_group_by_name(snapshot, names[i], &group));
		assert_false(snapshot_nth_group_of(snapshot, names[i], 0, &text));
	}
	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		assert_false(snapshot_user_by_uid(snapshot, numbers[i], &user));
		assert_false(snapshot_group_by_gid(snapshot, numbers[i], &group));
	}
	assert_false(snapshot_nth_member_of(snapshot, "dock", 0, &text));
	assert_false(snapshot_nth_member_of(snapshot, "zzz", 0, &text));
	snapshot_close(snapshot);
}

static void memberships_are_found_from_both_ends(void **state UNUSED)
{
	struct snapshot *snapshot = written(small_writer());
	const char *user, *group;

	assert_true(snapshot_nth_group_of(snapshot, "jane", 0, &group));
	assert_string_equal(group, "docker");
	assert_true(snapshot_nth_group_of(snapshot, "jane", 1, &group));
	assert_string_equal(group, "staff-of-acme");
	assert_false(snapshot_nth_group_of(snapshot, "jane", 2, &group));
	assert_false(snapshot_nth_group_of(snapshot, "jane", SIZE_MAX, &group));
	assert_true(snapshot_nth_group_of(snapshot, "bob", 0, &group));
	assert_false(snapshot_nth_group_of(snapshot, "bob", 1, &group));
	assert_true(snapshot_nth_member_of(snapshot, "docker", 0, &user));
	assert_string_equal(user, "jane");
	assert_false(snapshot_nth_member_of(snapshot, "docker", 1, &user));
	assert_true(snapshot_nth_member_of(snapshot, "staff-of-acme", 1, &user));
	assert_string_equal(user, "jane");
	assert_false(snapshot_nth_member_of(snapshot, "staff-of-acme", 2, &user));
	assert_true(snapshot_nth_membership(snapshot, 0, &user, &group));
	assert_string_equal(user, "bob");
	assert_true(snapshot_nth_membership(snapshot, 2, &user, &group));
	assert_string_equal(group, "staff-of-acme");
	assert_false(snapshot_nth_membership(snapshot, 3, &user, &group));
	snapshot_close(snapshot);
}

static void nobody_at_all_is_a_snapshot_too(void **state UNUSED)
{
	struct snapshot *snapshot = written(snapshot_writer_new());
	struct snapshot_user user;
	const char *text;

	assert_int_equal(snapshot_n_users(snapshot), 0);
	assert_false(snapshot_user_by_name(snapshot, "jane", &user));
	assert_false(snapshot_nth_membership(snapshot, 0, &text, &text));
	snapshot_close(snapshot);
}

static void number_name(char name[16], uint32_t number)
{
	(void)snprintf(name, 16, "u%u", number);
}

/* In an order that is none, so that sorting and numbering have something to do. */
static uint32_t shuffled(uint32_t i)
{
	return i * 3331 % MANY;
}

static void of_many_each_is_found(void **state UNUSED)
{
	struct snapshot_writer *writer = snapshot_writer_new();
	struct snapshot *snapshot;
	char name[16], group_name[16];
	const char *text;

	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t number = shuffled(i);
		struct snapshot_user user = {
			.name = name, .home = "/home/x", .shell = "/bin/sh",
			.uid = SNAPSHOT_ID_MIN + 7 * number, .gid = 100,
		};

		number_name(name, number);
		assert_int_equal(snapshot_add_user(writer, &user), 0);
		number_name(group_name, number % 10);
		assert_int_equal(snapshot_add_member(writer, name, group_name), 0);
	}
	snapshot = written(writer);
	for (uint32_t i = 0; i < MANY; i++) {
		struct snapshot_user user;

		number_name(name, i);
		assert_true(snapshot_user_by_name(snapshot, name, &user));
		assert_int_equal(user.uid, SNAPSHOT_ID_MIN + 7 * i);
		assert_true(snapshot_user_by_uid(snapshot, user.uid, &user));
		assert_string_equal(user.name, name);
		number_name(group_name, i % 10);
		assert_true(snapshot_nth_group_of(snapshot, name, 0, &text));
		assert_string_equal(text, group_name);
	}
	for (uint32_t i = 0; i < MANY / 10; i++)
		assert_true(snapshot_nth_member_of(snapshot, "u3", i, &text));
	assert_false(snapshot_nth_member_of(snapshot, "u3", MANY / 10, &text));
	snapshot_close(snapshot);
}

/* --- what is not taken in --- */

static void a_name_or_number_twice_is_refused(void **state UNUSED)
{
	struct snapshot_writer *writer = small_writer();
	struct snapshot_user user = jane;
	struct snapshot_group group = staff;
	struct snapshot *snapshot;

	user.uid = 65600;
	assert_int_equal(snapshot_add_user(writer, &user), -EEXIST);
	user.name = "other";
	user.uid = jane.uid;
	assert_int_equal(snapshot_add_user(writer, &user), -EEXIST);
	group.gid = 70001;
	assert_int_equal(snapshot_add_group(writer, &group), -EEXIST);
	group.name = "other";
	group.gid = staff.gid;
	assert_int_equal(snapshot_add_group(writer, &group), -EEXIST);
	assert_int_equal(snapshot_add_member(writer, "jane", "docker"), 0);      /* is once */
	snapshot = written(writer);
	assert_int_equal(snapshot_n_users(snapshot), 2);
	assert_int_equal(snapshot_n_groups(snapshot), 1);
	assert_false(snapshot_nth_group_of(snapshot, "jane", 2, &user.name));
	snapshot_close(snapshot);
}

/* A user with one field wrong. */
struct user_case {
	const char *name, *real_name, *home, *shell, *ssh_keys;
	uint32_t uid, gid;
};

static void what_nobody_may_have_is_refused(void **state UNUSED)
{
	static const struct user_case cases[] = {
		{ .uid = 0 }, { .uid = 1000 }, { .uid = 65535 }, { .uid = 0x7fffffff },
		{ .uid = UINT32_MAX }, { .gid = UINT32_MAX }, { .gid = 65535 },
		{ .name = "" }, { .name = "a\nb" }, { .name = "a:b" }, { .name = "a b" },
		{ .name = "a/b" }, { .name = "a,b" }, { .name = "-a" }, { .name = ".." },
		{ .name = "123" }, { .name = "a\xff" }, { .name = "a\xc2\x85" },
		{ .name = "a123456789b123456789c123456789d123456789e123456789f1234567890123" },
		{ .real_name = "Jane:0:0" }, { .real_name = "Jane\nroot::0:0" },
		{ .home = "" }, { .home = "home" }, { .home = "/home:/" }, { .home = "/\r" },
		{ .shell = "" }, { .shell = "bash" }, { .shell = "/bin/bash\n" },
		{ .ssh_keys = "ssh-rsa A\r\nssh-rsa B" }, { .ssh_keys = "ssh-rsa \x1b[2J" },
	};
	struct snapshot_writer *writer = snapshot_writer_new();

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct user_case *c = &cases[i];
		struct snapshot_user user = jane;

		user.name = c->name ? c->name : user.name;
		user.real_name = c->real_name ? c->real_name : user.real_name;
		user.home = c->home ? c->home : user.home;
		user.shell = c->shell ? c->shell : user.shell;
		user.ssh_keys = c->ssh_keys ? c->ssh_keys : user.ssh_keys;
		if (c->uid || i == 0)
			user.uid = c->uid;
		if (c->gid)
			user.gid = c->gid;
		if (snapshot_add_user(writer, &user) != -EINVAL)
			fail_msg("case %zu", i);
	}
	assert_int_equal(snapshot_add_user(writer, &jane), 0);
	snapshot_writer_free(writer);
}

static void a_gid_of_root_is_refused(void **state UNUSED)
{
	struct snapshot_writer *writer = snapshot_writer_new();
	struct snapshot_user user = jane;
	struct snapshot_group group = staff;

	user.gid = 0;
	assert_int_equal(snapshot_add_user(writer, &user), -EINVAL);
	group.gid = 0;
	assert_int_equal(snapshot_add_group(writer, &group), -EINVAL);
	group.gid = 27;                  /* Debian's sudo */
	assert_int_equal(snapshot_add_group(writer, &group), -EINVAL);
	snapshot_writer_free(writer);
}

static void only_people_of_ours_get_groups(void **state UNUSED)
{
	struct snapshot_writer *writer = small_writer();

	assert_int_equal(snapshot_add_member(writer, "root", "docker"), -ENOENT);
	/* A text that is there, but no user. */
	assert_int_equal(snapshot_add_member(writer, "staff-of-acme", "docker"), -ENOENT);
	assert_int_equal(snapshot_add_member(writer, "", "docker"), -ENOENT);
	assert_int_equal(snapshot_add_member(writer, "jane", "a\nb"), -EINVAL);
	assert_int_equal(snapshot_add_member(writer, "jane", ""), -EINVAL);
	snapshot_writer_free(writer);
}

static void too_long_keys_are_refused_and_the_longest_are_not(void **state UNUSED)
{
	struct snapshot_writer *writer = snapshot_writer_new();
	struct snapshot_user user = jane;
	char *keys = calloc(1, SNAPSHOT_KEYS_MAX + 2);

	memset(keys, 'A', SNAPSHOT_KEYS_MAX + 1);
	user.ssh_keys = keys;
	assert_int_equal(snapshot_add_user(writer, &user), -EINVAL);
	keys[SNAPSHOT_KEYS_MAX] = '\0';
	assert_int_equal(snapshot_add_user(writer, &user), 0);
	snapshot_writer_free(writer);
	free(keys);
}

/* --- damage --- */

static void no_damaged_byte_goes_unseen(void **state UNUSED)
{
	struct snapshot *snapshot;
	size_t len, i;
	char *bytes;

	snapshot_close(written(small_writer()));
	bytes = bytes_of_file(&len);
	for (i = 0; i < 8 * len; i++) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		if (snapshot_open_data(bytes, len, &snapshot) != -EBADMSG)
			fail_msg("bit %zu", i);
		bytes[i / 8] ^= (char)(1 << i % 8);
	}
	assert_int_equal(snapshot_open_data(bytes, len, &snapshot), 0);
	snapshot_close(snapshot);
	free(bytes);
}

static void no_cut_file_is_taken(void **state UNUSED)
{
	struct snapshot *snapshot;
	size_t len, i;
	char *bytes;

	snapshot_close(written(small_writer()));
	bytes = bytes_of_file(&len);
	for (i = 0; i < len; i++) {
		char *shorter = malloc(i + 1);

		memcpy(shorter, bytes, i);
		assert_int_equal(snapshot_open_data(shorter, i, &snapshot), -EBADMSG);
		free(shorter);
	}
	free(bytes);
}

/* Hostile: the checksum is right. Each 32-bit word behind the magic is set to something wild; what
 * is taken all the same is looked through whole. */
static void look_through(const struct snapshot *snapshot)
{
	struct snapshot_user user;
	struct snapshot_group group;
	const char *a, *b;

	for (size_t i = 0; i < snapshot_n_users(snapshot); i++) {
		snapshot_nth_user(snapshot, i, &user);
		assert_true(snapshot_user_by_uid(snapshot, user.uid, &user));
		assert_true(snapshot_user_by_name(snapshot, user.name, &user));
		assert_true(user.uid >= SNAPSHOT_ID_MIN && user.gid != 0);
	}
	for (size_t i = 0; i < snapshot_n_groups(snapshot); i++) {
		snapshot_nth_group(snapshot, i, &group);
		assert_true(snapshot_group_by_gid(snapshot, group.gid, &group));
		assert_true(snapshot_group_by_name(snapshot, group.name, &group));
	}
	for (size_t i = 0; snapshot_nth_membership(snapshot, i, &a, &b); i++) {
		assert_true(snapshot_nth_group_of(snapshot, a, 0, &b));
		assert_true(snapshot_nth_member_of(snapshot, b, 0, &a));
	}
}

static void no_forged_word_leads_outside(void **state UNUSED)
{
	uint32_t wild[] = { 0, 1, 2, 1000, 65536, 70000, 0x7fffffff, UINT32_MAX, 0 };
	unsigned n_refused = 0;
	size_t len, at;
	char *bytes;

	snapshot_close(written(small_writer()));
	bytes = bytes_of_file(&len);
	/* Just behind the texts. */
	wild[N_ELEMENTS(wild) - 1] =
		(uint32_t)((const struct snapshot_header *)(const void *)bytes)->n_text_bytes;
	for (at = 8; at + 4 <= len; at += 4) {
		for (size_t i = 0; i < N_ELEMENTS(wild); i++) {
			char *forged = malloc(len);
			struct snapshot_header *header = (void *)forged;
			struct snapshot *snapshot;
			int r;

			memcpy(forged, bytes, len);
			memcpy(forged + at, &wild[i], 4);
			if (at < offsetof(struct snapshot_header, checksum) ||
			    at >= sizeof(*header))
				header->checksum = snapshot_checksum(forged, len);
			r = snapshot_open_data(forged, len, &snapshot);
			assert_true(r == 0 || r == -EBADMSG);
			n_refused += r < 0;
			if (r == 0) {
				look_through(snapshot);
				snapshot_close(snapshot);
			}
			free(forged);
		}
	}
	assert_true(n_refused > 200);
	free(bytes);
}

/* What is searched by halves must be in its order: the first two of each part change places. */
static void nothing_out_of_order_is_taken(void **state UNUSED)
{
	struct snapshot_parts parts;
	size_t len;
	char *bytes;

	snapshot_close(written(small_writer()));
	bytes = bytes_of_file(&len);
	snapshot_find_parts((const void *)bytes, &parts);
	const struct { size_t at, size; } rows[] = {
		{ parts.users, sizeof(struct snapshot_user_row) },
		{ parts.by_uid, sizeof(uint32_t) },
		{ parts.members, sizeof(struct snapshot_member_row) },
		{ parts.by_group, sizeof(uint32_t) },
	};
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char *forged = malloc(len);
		struct snapshot *snapshot;

		memcpy(forged, bytes, len);
		memcpy(forged + rows[i].at, bytes + rows[i].at + rows[i].size, rows[i].size);
		memcpy(forged + rows[i].at + rows[i].size, bytes + rows[i].at, rows[i].size);
		((struct snapshot_header *)(void *)forged)->checksum =
			snapshot_checksum(forged, len);
		if (snapshot_open_data(forged, len, &snapshot) != -EBADMSG)
			fail_msg("part %zu", i);
		free(forged);
	}
	free(bytes);
}

static void nothing_may_follow(void **state UNUSED)
{
	struct snapshot *snapshot;
	size_t len;
	char *bytes;

	snapshot_close(written(small_writer()));
	bytes = bytes_of_file(&len);
	bytes = realloc(bytes, len + 1);
	bytes[len] = '\0';
	((struct snapshot_header *)(void *)bytes)->checksum = snapshot_checksum(bytes, len + 1);
	assert_int_equal(snapshot_open_data(bytes, len + 1, &snapshot), -EBADMSG);
	free(bytes);
}

static void what_is_no_snapshot_is_told_apart(void **state UNUSED)
{
	struct snapshot *snapshot;

	(void)unlink(path);
	assert_int_equal(snapshot_open(path, &snapshot), -ENOENT);
	assert_int_equal(snapshot_open(".", &snapshot), -EBADMSG);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(snapshot_open(path, &snapshot), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(close(creat(path, 0600)), 0);
	assert_int_equal(snapshot_open(path, &snapshot), -EBADMSG);
	assert_int_equal(truncate(path, (off_t)SNAPSHOT_BYTES_MAX + 1), 0);
	assert_int_equal(snapshot_open(path, &snapshot), -EBADMSG);
	assert_int_equal(truncate(path, 1000000), 0);
	assert_int_equal(snapshot_open(path, &snapshot), -EBADMSG);
}

static void a_snapshot_outlives_its_file(void **state UNUSED)
{
	struct snapshot *snapshot = written(small_writer());
	struct snapshot_user user;

	assert_int_equal(truncate(path, 0), 0);
	assert_true(snapshot_user_by_name(snapshot, "jane", &user));
	assert_user(&user, &jane);
	snapshot_close(snapshot);
}

static void others_may_read_it(void **state UNUSED)
{
	struct stat st;

	snapshot_close(written(small_writer()));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void a_folder_that_is_not_there_is_an_error(void **state UNUSED)
{
	struct snapshot_writer *writer = small_writer();

	assert_int_equal(snapshot_write(writer, "none/snapshot"), -ENOENT);
	snapshot_writer_free(writer);
}

static void the_same_people_make_the_same_bytes(void **state UNUSED)
{
	size_t len, other_len;
	char *bytes, *other;

	snapshot_close(written(small_writer()));
	bytes = bytes_of_file(&len);
	snapshot_close(written(small_writer()));
	other = bytes_of_file(&other_len);
	assert_int_equal(len, other_len);
	assert_memory_equal(bytes, other, len);
	free(bytes);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found),
		cmocka_unit_test(nobody_else_is_found),
		cmocka_unit_test(memberships_are_found_from_both_ends),
		cmocka_unit_test(nobody_at_all_is_a_snapshot_too),
		cmocka_unit_test(of_many_each_is_found),
		cmocka_unit_test(a_name_or_number_twice_is_refused),
		cmocka_unit_test(what_nobody_may_have_is_refused),
		cmocka_unit_test(a_gid_of_root_is_refused),
		cmocka_unit_test(only_people_of_ours_get_groups),
		cmocka_unit_test(too_long_keys_are_refused_and_the_longest_are_not),
		cmocka_unit_test(no_damaged_byte_goes_unseen),
		cmocka_unit_test(no_cut_file_is_taken),
		cmocka_unit_test(no_forged_word_leads_outside),
		cmocka_unit_test(nothing_out_of_order_is_taken),
		cmocka_unit_test(nothing_may_follow),
		cmocka_unit_test(what_is_no_snapshot_is_told_apart),
		cmocka_unit_test(a_snapshot_outlives_its_file),
		cmocka_unit_test(others_may_read_it),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
		cmocka_unit_test(the_same_people_make_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
