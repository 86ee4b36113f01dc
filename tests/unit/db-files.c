/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db-files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"

#define FILE_BYTES_MAX ((size_t)4 * 1024 * 1024)

static const char *const suffixes[] = { "", "-wal", "-shm" };

void db_files_make(struct db_files *files)
{
	assert_true(text_into(files->folder, sizeof(files->folder), "/tmp/t-db-XXXXXX"));
	assert_non_null(mkdtemp(files->folder));
	files->path = text_format("%s/jauth.db", files->folder);
	assert_int_equal(db_open(files->path, &files->db), 0);
}

static bool file_has(const char *path, const char *text)
{
	_cleanup_free_ char *data = malloc(FILE_BYTES_MAX);
	FILE *file = fopen(path, "re");
	size_t n;

	assert_non_null(data);
	if (!file)
		return false;
	n = fread(data, 1, FILE_BYTES_MAX, file);
	assert_in_range(n, 0, FILE_BYTES_MAX - 1);
	assert_int_equal(fclose(file), 0);
	return memmem(data, n, text, strlen(text)) != NULL;
}

bool db_files_have(const struct db_files *files, const char *text)
{
	bool found = false;

	for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
		_cleanup_free_ char *path = text_format("%s%s", files->path, suffixes[i]);

		found |= file_has(path, text);
	}
	return found;
}

void db_files_drop(struct db_files *files)
{
	files->db = db_close(files->db);
	for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
		_cleanup_free_ char *path = text_format("%s%s", files->path, suffixes[i]);

		(void)unlink(path);      /* closing took those beside it */
	}
	assert_int_equal(rmdir(files->folder), 0);
	free(files->path);
}
