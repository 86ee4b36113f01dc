/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets and random bytes. */
#include "base/secret.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_secret_keeps_its_bytes(void **state UNUSED)
{
	_cleanup_secret_ struct secret *secret = secret_new("a\0b", 3);

	assert_int_equal(secret->len, 3);
	assert_memory_equal(secret->data, "a\0b", 4);
	assert_null(secret_free(NULL));
	assert_null(secret_new("x", SIZE_MAX));
}

static void secrets_compare_whole(void **state UNUSED)
{
	_cleanup_secret_ struct secret *secret = secret_from_text("right");
	_cleanup_secret_ struct secret *empty = secret_new(NULL, 0);

	assert_true(secret_equals(secret, "right", 5));
	assert_false(secret_equals(secret, "right", 4));
	assert_false(secret_equals(secret, "righT", 5));
	assert_false(secret_equals(secret, "right\0", 6));
	assert_false(secret_equals(secret, "", 0));
	assert_true(secret_equals(empty, "", 0));
	assert_false(secret_equals(NULL, "", 0));
}

static void random_bytes_fill_everything(void **state UNUSED)
{
	unsigned char a[300] = { 0 }, b[300] = { 0 };

	assert_int_equal(random_bytes(a, sizeof(a)), 0);
	assert_int_equal(random_bytes(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, 100);
	assert_memory_not_equal(a + 200, b + 200, 100);
}

static void random_hex_is_hex(void **state UNUSED)
{
	char text[33], again[33];

	assert_int_equal(random_hex(text, 16), 0);
	assert_int_equal(strlen(text), 32);
	assert_int_equal(strspn(text, "0123456789abcdef"), 32);
	assert_int_equal(random_hex(again, 16), 0);
	assert_string_not_equal(text, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_keeps_its_bytes),
		cmocka_unit_test(secrets_compare_whole),
		cmocka_unit_test(random_bytes_fill_everything),
		cmocka_unit_test(random_hex_is_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
