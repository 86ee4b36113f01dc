/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host-files.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

char *host_files_make(const struct host_file *files)
{
	char *root = text_copy("/tmp/t-host-XXXXXX");

	assert_non_null(mkdtemp(root));
	for (; files->name; files++) {
		_cleanup_free_ char *path = text_format("%s%s", root, files->name);
		FILE *file;

		make_folders(path);
		file = fopen(path, "we");
		assert_non_null(file);
		assert_true(fputs(files->text, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	return root;
}

static int drop(const char *path, const struct stat *st UNUSED, int kind UNUSED,
		struct FTW *place UNUSED)
{
	return remove(path);
}

void host_files_drop(char *root)
{
	assert_int_equal(nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(root);
}

struct host_ids *host_files_read(const char *passwd, const char *group)
{
	_cleanup_free_ char *users = text_format("root:x:0:0::/root:/bin/sh\n%s", passwd);
	_cleanup_free_ char *groups = text_format("root:x:0:\n%s", group);
	const struct host_file files[] = {
		{ "/etc/passwd", users }, { "/etc/group", groups }, { NULL }
	};
	struct host_ids *host = NULL;
	char *root = host_files_make(files);

	assert_int_equal(host_ids_read_below(root, &host), 0);
	host_files_drop(root);
	return host;
}
