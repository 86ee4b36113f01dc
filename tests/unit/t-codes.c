/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tags of codes: what they depend on, and where their key lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "jauthd/codes.h"

#define LOGIN "0123456789abcdef"

static int set_up(void **state)
{
	struct codes *codes = NULL;

	assert_int_equal(codes_new(&codes), 0);
	*state = codes;
	return 0;
}

static int tear_down(void **state)
{
	*state = codes_free(*state);
	return 0;
}

static struct code_tag tag_of(const struct codes *codes, const char *login, int64_t uid,
			      const char *code)
{
	_cleanup_secret_ struct secret *secret = secret_from_text(code);
	struct code_tag tag = { 0 };

	assert_int_equal(codes_tag(codes, login, strlen(login), uid, secret, &tag), 0);
	return tag;
}

static void the_same_code_has_the_same_tag(void **state)
{
	struct code_tag a = tag_of(*state, LOGIN, 1000, "482913");
	struct code_tag b = tag_of(*state, LOGIN, 1000, "482913");

	assert_true(codes_equal(&a, &b));
}

static const struct {
	const char *what, *login;
	int64_t uid;
	const char *code;
} others[] = {
	{ "another digit", LOGIN, 1000, "482914" },
	{ "a digit less", LOGIN, 1000, "48291" },
	{ "a digit more", LOGIN, 1000, "4829130" },
	{ "no code", LOGIN, 1000, "" },
	{ "another login", "0123456789abcdee", 1000, "482913" },
	{ "a byte moved from the login", "0123456789abcde", 1000, "482913" },
	{ "no login", "", 1000, "482913" },
	{ "another user", LOGIN, 1001, "482913" },
	{ "nobody", LOGIN, -1, "482913" },
	{ "the high half of the uid", LOGIN, 1000 + (INT64_C(1) << 32), "482913" },
};

static void whatever_differs_makes_another_tag(void **state)
{
	struct code_tag right = tag_of(*state, LOGIN, 1000, "482913");

	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		struct code_tag tag = tag_of(*state, others[i].login, others[i].uid,
					     others[i].code);

		if (codes_equal(&right, &tag))
			fail_msg("%s", others[i].what);
	}
}

static void a_tag_is_compared_to_its_last_bit(void **state)
{
	struct code_tag right = tag_of(*state, LOGIN, 1000, "482913");

	for (size_t i = 0; i < sizeof(right.bytes); i++)
		for (int bit = 0; bit < 8; bit++) {
			struct code_tag tag = right;

			tag.bytes[i] ^= (unsigned char)(1 << bit);
			assert_false(codes_equal(&right, &tag));
		}
}

static void after_a_restart_no_code_is_right(void **state)
{
	struct code_tag before = tag_of(*state, LOGIN, 1000, "482913"), after;

	tear_down(state);
	set_up(state);
	after = tag_of(*state, LOGIN, 1000, "482913");
	assert_false(codes_equal(&before, &after));
}

static void what_is_too_long_has_no_tag(void **state)
{
	static const char login[4096];
	_cleanup_secret_ struct secret *code = secret_from_text("482913");
	struct code_tag tag;

	assert_int_equal(codes_tag(*state, login, sizeof(login), 1000, code, &tag), -E2BIG);
}

/* Locking does nothing under sanitizers, so that it was asked for has to do. */
static const char *locked;
static size_t locked_len;

int __wrap_mlock(const void *page, size_t len);
int __wrap_mlock(const void *page, size_t len)
{
	locked = page;
	locked_len = len;
	return 0;
}

/* Whether the mapping that begins at this page is left out of cores, as the kernel has it. */
static bool is_left_out_of_cores(const char *page)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512], begin[32];
	bool is_page = false, is_left_out = false;

	assert_non_null(maps);
	(void)snprintf(begin, sizeof(begin), "%08lx-", (unsigned long)page);
	while (fgets(line, sizeof(line), maps)) {
		if (strncmp(line, begin, strlen(begin)) == 0)
			is_page = true;
		else if (is_page && strncmp(line, "VmFlags:", 8) == 0)
			break;
	}
	is_left_out = is_page && strstr(line, " dd");
	(void)fclose(maps);
	return is_left_out;
}

static void the_key_lies_on_a_page_neither_swapped_nor_dumped(void **state)
{
	tear_down(state);
	locked = NULL;
	set_up(state);
	assert_non_null(locked);
	assert_int_equal(locked_len, sysconf(_SC_PAGESIZE));
	assert_true(is_left_out_of_cores(locked));
}

int main(void)
{
#define WITH_CODES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_CODES(the_same_code_has_the_same_tag),
		WITH_CODES(whatever_differs_makes_another_tag),
		WITH_CODES(a_tag_is_compared_to_its_last_bit),
		WITH_CODES(after_a_restart_no_code_is_right),
		WITH_CODES(what_is_too_long_has_no_tag),
		WITH_CODES(the_key_lies_on_a_page_neither_swapped_nor_dumped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
