/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files are replaced whole. */
#include "base/file.h"

#include <dirent.h>
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

#include <cmocka.h>

#include "base/text.h"

static const struct file_kind plain = { .mode = 0640, .gid = FILE_OWN_GROUP };
static const struct file_kind durable = { .mode = 0644, .gid = FILE_OWN_GROUP, .durable = true };

static int make_folder(void **state)
{
	char *folder = text_copy("/tmp/t-file-XXXXXX");

	*state = mkdtemp(folder);
	return *state ? chdir(folder) : -1;
}

static int drop_folder(void **state)
{
	DIR *folder = opendir(".");
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (!text_equals(entry->d_name, ".") && !text_equals(entry->d_name, ".."))
			(void)unlinkat(dirfd(folder), entry->d_name,
				       entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	(void)closedir(folder);
	assert_int_equal(rmdir(*state), 0);
	free(*state);
	return chdir("/");
}

static unsigned n_files(void)
{
	DIR *folder = opendir(".");
	unsigned n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	(void)closedir(folder);
	return n - 2;
}

static void assert_file(const char *path, const char *text, mode_t mode)
{
	char found[100];
	struct stat st;
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(found, 1, sizeof(found) - 1, file);
	found[len] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_string_equal(found, text);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | mode);
}

static void write_plain(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_file_is_made_and_replaced_with_its_mode(void **state UNUSED)
{
	mode_t before = umask(0077);

	assert_int_equal(file_replace("a", &durable, "one", 3), 0);
	assert_file("a", "one", 0644);
	assert_int_equal(file_replace("a", &plain, "two, longer", 11), 0);
	assert_file("a", "two, longer", 0640);
	assert_int_equal(file_replace("./a", &durable, "", 0), 0);
	assert_file("a", "", 0644);
	assert_int_equal(n_files(), 1);
	(void)umask(before);
}

static void what_one_who_was_killed_left_is_in_nobodys_way(void **state UNUSED)
{
	write_plain("a.tmp", "half of someth");
	assert_int_equal(chmod("a.tmp", 0666), 0);
	assert_int_equal(file_replace("a", &plain, "one", 3), 0);
	assert_file("a", "one", 0640);
	assert_int_equal(n_files(), 1);
}

static void links_are_replaced_and_not_followed(void **state UNUSED)
{
	write_plain("other", "other's");
	assert_int_equal(symlink("other", "a"), 0);
	assert_int_equal(symlink("other", "a.tmp"), 0);
	assert_int_equal(file_replace("a", &plain, "one", 3), 0);
	assert_file("a", "one", 0640);
	assert_file("other", "other's", 0666 & ~umask(022));
	assert_int_equal(n_files(), 2);
}

static void a_failure_leaves_what_was_there(void **state UNUSED)
{
	assert_int_equal(mkdir("a", 0700), 0);
	assert_int_equal(file_replace("a", &plain, "one", 3), -EISDIR);
	assert_int_equal(n_files(), 1);
	assert_int_equal(file_replace("none/a", &plain, "one", 3), -ENOENT);
	assert_int_equal(mkdir("b.tmp", 0700), 0);
	write_plain("b", "old");
	assert_int_equal(file_replace("b", &plain, "new", 3), -EEXIST);
	assert_file("b", "old", 0666 & ~umask(022));
}

static void a_rename_takes_the_place(void **state UNUSED)
{
	assert_int_equal(file_replace("a.new", &plain, "new", 3), 0);
	assert_int_equal(file_replace("a", &durable, "old", 3), 0);
	assert_int_equal(file_rename("a.new", "a"), 0);
	assert_file("a", "new", 0640);
	assert_int_equal(n_files(), 1);
	assert_int_equal(file_rename("a.new", "a"), -ENOENT);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_file_is_made_and_replaced_with_its_mode),
		IN_FOLDER(what_one_who_was_killed_left_is_in_nobodys_way),
		IN_FOLDER(links_are_replaced_and_not_followed),
		IN_FOLDER(a_failure_leaves_what_was_there),
		IN_FOLDER(a_rename_takes_the_place),
	};

	(void)umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
