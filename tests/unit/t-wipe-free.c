/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Freed memory holds nothing. The program is linked with base/wipe-free.c; memory is looked at
 * through /proc/self/mem, because reading a freed block in C is not defined.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"

#define MARK_LEN 32

/* glibc's own, to show that the search finds what is not wiped. */
void __libc_free(void *block);

/* Never the same bytes in a constant of this program. */
static void make_mark(unsigned char mark[MARK_LEN])
{
	unsigned i;

	for (i = 0; i < MARK_LEN; i++)
		mark[i] = (unsigned char)(0x5a + 37 * i);
}

static void fill(void *block, size_t len)
{
	unsigned char mark[MARK_LEN];
	size_t i;

	make_mark(mark);
	for (i = 0; i + MARK_LEN <= len; i += MARK_LEN)
		memcpy((char *)block + i, mark, MARK_LEN);
}

/* Marks in `len` bytes of this process from `address` on. */
static size_t count_marks(uintptr_t address, size_t len)
{
	static unsigned char page[65536];
	unsigned char mark[MARK_LEN];
	size_t n = 0, i;
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && len <= sizeof(page));
	assert_int_equal(pread(fd, page, len, (off_t)address), (ssize_t)len);
	close(fd);
	make_mark(mark);
	for (i = 0; i + MARK_LEN <= len; i++)
		n += memcmp(page + i, mark, MARK_LEN) == 0;
	explicit_bzero(page, sizeof(page));
	return n;
}

static void a_freed_block_holds_no_trace(void **state UNUSED)
{
	static const size_t sizes[] = { 64, 200, 1000, 5000, 50000 };
	size_t i;

	for (i = 0; i < N_ELEMENTS(sizes); i++) {
		char *block = malloc(sizes[i]);
		uintptr_t address = (uintptr_t)block;

		fill(block, sizes[i]);
		assert_int_equal(count_marks(address, sizes[i]), sizes[i] / MARK_LEN);
		free(block);
		assert_int_equal(count_marks(address, sizes[i]), 0);
	}
}

static void the_search_finds_what_is_not_wiped(void **state UNUSED)
{
	char *block = malloc(1000);
	uintptr_t address = (uintptr_t)block;

	fill(block, 1000);
	__libc_free(block);
	assert_true(count_marks(address, 1000) > 20);
}

static void a_moved_block_leaves_no_trace(void **state UNUSED)
{
	char *block = malloc(1000), *barrier = malloc(1000), *moved;
	uintptr_t address = (uintptr_t)block;

	fill(block, 1000);
	moved = realloc(block, 20000);
	assert_int_not_equal((uintptr_t)moved, address);
	assert_int_equal(count_marks(address, 1000), 0);
	assert_int_equal(count_marks((uintptr_t)moved, 20000), 1000 / MARK_LEN);
	free(barrier);
	free(moved);
}

static void a_shrunk_block_loses_its_end(void **state UNUSED)
{
	static const size_t sizes[] = { 3200, 1600, 320, 32 };
	size_t i;

	for (i = 0; i < N_ELEMENTS(sizes); i++) {
		char *block = malloc(4000), *smaller;
		uintptr_t address = (uintptr_t)block;

		fill(block, 4000);
		smaller = realloc(block, sizes[i]);
		assert_int_equal(count_marks((uintptr_t)smaller, sizes[i]), sizes[i] / MARK_LEN);
		assert_int_equal(count_marks(address, 4000),
				 (uintptr_t)smaller == address ? sizes[i] / MARK_LEN : 0);
		free(smaller);
	}
}

/* reallocarray() and getdelim() move blocks inside the C library. */
static void the_c_library_wipes_too(void **state UNUSED)
{
	char *block = reallocarray(NULL, 10, 100), *line = malloc(1000), *barrier = malloc(1000);
	uintptr_t block_address = (uintptr_t)block, line_address = (uintptr_t)line;
	size_t line_size = 1000;
	FILE *stream;

	fill(block, 1000);
	fill(line, 1000);
	block = reallocarray(block, 200, 100);
	assert_int_not_equal((uintptr_t)block, block_address);
	assert_int_equal(count_marks(block_address, 1000), 0);

	memset(block, 'x', 20000);
	stream = fmemopen(block, 20000, "r");
	assert_int_equal(getdelim(&line, &line_size, '\n', stream), 20000);
	fclose(stream);
	assert_int_not_equal((uintptr_t)line, line_address);
	assert_int_equal(count_marks(line_address, 1000), 0);
	free(barrier);
	free(line);
	free(block);
}

static void the_corners_are_those_of_the_standard(void **state UNUSED)
{
	void *volatile block;        /* volatile: gcc believes that realloc() frees it always */

	free(NULL);
	block = realloc(NULL, 0);
	assert_non_null(block);
	assert_null(realloc(block, 0));
	block = realloc(NULL, 10);
	assert_null(realloc(block, SIZE_MAX / 2));
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_freed_block_holds_no_trace),
		cmocka_unit_test(the_search_finds_what_is_not_wiped),
		cmocka_unit_test(a_moved_block_leaves_no_trace),
		cmocka_unit_test(a_shrunk_block_loses_its_end),
		cmocka_unit_test(the_c_library_wipes_too),
		cmocka_unit_test(the_corners_are_those_of_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
