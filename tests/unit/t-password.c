/* SPDX-License-Identifier: GPL-3.0-or-later */
/* password.c: shadow entries in all their forms, and hashes of every kind. */
#include <crypt.h>
#include <errno.h>
#include <setjmp.h>
#include <shadow.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/password.h"

#define CHEAP "$5$rounds=1000$"
#define TODAY 20000

/* "secret horse" by each method, made with python3's crypt module. */
static const char *const known_hashes[] = {
	"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$0jeUPQYsaH5odG2kLkXkI8/GTJWjdsNBuZ1wMVPsvY6",
	("$6$rounds=1000$0123456789abcdef$iIVtmQeM.j9U0LRgHk6FqfbbJXK"
	"3T7s2sOpjIvgXZDJqNI9wmj1CcsXDvlu9ZxkJKPuhX5Vnp3NrmTzg/ijdl1"),
	"$5$rounds=1000$0123456789abcdef$m5qZie1WNPo5z9NB2TPKtXoOym90k/epNMseHeVX3m5",
	"$2b$05$abcdefghijklmnopqrstuue5IUIvdwmc7EL7ROgXN3bJfkj6euuti",
	"$1$01234567$FnhlweipI8Ci4QtoybDHP0",
	"$7$C6..../....SodiumChloride$NM8lkbDM7XgQabW9WuXKzJiGHhflwVZ/SIpSg1jqmQ8",
	"$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$kliQI/DUwfbhOMjvQddD9Oa71pbGRa1i7LWV5Jy257/",
};

static struct secret *secret_of(const char *text)
{
	struct secret *secret = secret_from_text(text);

	assert_non_null(secret);
	return secret;
}

static bool matches(const char *hash, const char *password)
{
	_cleanup_secret_ struct secret *secret = secret_of(password);

	return password_hash_matches(hash, secret);
}

static void every_method_tells_right_from_wrong(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(known_hashes); i++) {
		const char *hash = known_hashes[i];
		char cut[PASSWORD_HASH_SIZE], longer[PASSWORD_HASH_SIZE];

		assert_true(matches(hash, "secret horse"));
		assert_false(matches(hash, "secret hors"));
		assert_false(matches(hash, "Secret horse"));
		assert_false(matches(hash, ""));
		(void)snprintf(cut, sizeof(cut), "%.*s", (int)strlen(hash) - 1, hash);
		assert_false(matches(cut, "secret horse"));
		(void)snprintf(longer, sizeof(longer), "%s.", hash);
		assert_false(matches(longer, "secret horse"));
	}
}

static void nothing_else_is_a_hash(void **state UNUSED)
{
	static const char *const hashes[] = {
		"", "*", "!", "!!", "*0", "*1", "x", "*LK*", "!*", "**", ":", "plain text",
		"$", "$$", "$y$", "$y$j9T$", "$y$j9T$salt", "$6$", "$6$salt", "$6$salt$",
		"$9$salt$digest", "$nonsense$", "!$5$rounds=1000$salt$digest", "$2b$99$x",
	};

	for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
		assert_false(matches(hashes[i], "secret horse"));
		assert_false(matches(hashes[i], ""));
		assert_false(matches(hashes[i], hashes[i]));
	}
}

/* A setting without a digest is crypt()'s input; its output must not be taken for a match. */
static void a_failure_string_matches_nothing(void **state UNUSED)
{
	assert_false(password_hash_is_usable("*0"));
	assert_false(password_hash_is_usable("*1"));
	assert_false(matches("*0", "*1"));
	assert_false(matches("*1", "*0"));
}

static void a_password_with_nul_or_too_long_is_wrong(void **state UNUSED)
{
	_cleanup_secret_ struct secret *with_nul = secret_new("secret horse\0x", 14);
	_cleanup_secret_ struct secret *only_nul = secret_new("", 1);
	_cleanup_secret_ struct secret *empty = secret_new("", 0);
	char text[1024], hash[PASSWORD_HASH_SIZE] = "untouched";
	_cleanup_secret_ struct secret *too_long = NULL;

	memset(text, 'a', sizeof(text));
	too_long = secret_new(text, sizeof(text));
	for (size_t i = 0; i < N_ELEMENTS(known_hashes); i++) {
		assert_false(password_hash_matches(known_hashes[i], with_nul));
		assert_false(password_hash_matches(known_hashes[i], only_nul));
		assert_false(password_hash_matches(known_hashes[i], too_long));
	}
	assert_true(password_hash_make(with_nul, CHEAP, hash, sizeof(hash)) < 0);
	assert_true(password_hash_make(only_nul, CHEAP, hash, sizeof(hash)) < 0);
	assert_true(password_hash_make(empty, CHEAP, hash, sizeof(hash)) < 0);
	assert_true(password_hash_make(too_long, CHEAP, hash, sizeof(hash)) < 0);
	assert_string_equal(hash, "untouched");
}

static void a_made_hash_is_of_its_prefix_and_matches(void **state UNUSED)
{
	static const struct { const char *prefix, *begins; } cases[] = {
		{ NULL, "$y$j9T$" },
		{ "$y$", "$y$j9T$" },
		{ "$5$rounds=1000$", "$5$rounds=1000$" },
		{ "$6$rounds=2000$", "$6$rounds=2000$" },
		{ "$2b$", "$2b$" },
	};
	_cleanup_secret_ struct secret *password = secret_of("secret horse");

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const char *prefix = cases[i].prefix;
		char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];

		assert_int_equal(password_hash_make(password, prefix, hash, sizeof(hash)), 0);
		assert_memory_equal(hash, cases[i].begins, strlen(cases[i].begins));
		assert_true(password_hash_matches(hash, password));
		assert_false(matches(hash, "secret hors"));
		assert_int_equal(password_hash_make(password, prefix, again, sizeof(again)), 0);
		assert_string_not_equal(hash, again);
	}
}

static void an_unknown_prefix_or_too_little_room_is_an_error(void **state UNUSED)
{
	_cleanup_secret_ struct secret *password = secret_of("secret horse");
	char hash[PASSWORD_HASH_SIZE] = "untouched";

	assert_int_equal(password_hash_make(password, "$9$", hash, sizeof(hash)), -EINVAL);
	assert_int_equal(password_hash_make(password, "nonsense", hash, sizeof(hash)), -EINVAL);
	assert_string_equal(hash, "untouched");
	assert_true(password_hash_make(password, CHEAP, hash, 20) < 0);
}

static void a_dummy_matches_nobody_and_is_never_the_same(void **state UNUSED)
{
	char one[PASSWORD_HASH_SIZE], two[PASSWORD_HASH_SIZE];

	assert_int_equal(password_hash_dummy(CHEAP, one, sizeof(one)), 0);
	assert_int_equal(password_hash_dummy(CHEAP, two, sizeof(two)), 0);
	assert_true(password_hash_is_usable(one));
	assert_string_not_equal(one, two);
	assert_false(matches(one, ""));
	assert_false(matches(one, "secret horse"));
	assert_true(password_hash_dummy("$9$", one, sizeof(one)) < 0);
	assert_true(password_hash_dummy(CHEAP, one, 40) < 0);
}

/* Else an unknown user would be answered sooner. */
static void a_dummy_is_hashed_like_any_other(void **state UNUSED)
{
	static const char *const prefixes[] = { NULL, CHEAP, "$6$rounds=1000$", "$2b$", "$gy$" };

	for (size_t i = 0; i < N_ELEMENTS(prefixes); i++) {
		struct crypt_data data = { 0 };
		char dummy[PASSWORD_HASH_SIZE];
		const char *hash;

		assert_int_equal(password_hash_dummy(prefixes[i], dummy, sizeof(dummy)), 0);
		hash = crypt_rn("secret horse", dummy, &data, sizeof(data));
		assert_non_null(hash);
		assert_memory_equal(hash, dummy, 20);
	}
}

/* --- shadow --- */

#define NO -1
#define HASH "$5$rounds=1000$salt$digest"

static void every_form_of_shadow_entry_is_understood(void **state UNUSED)
{
	static const struct {
		const char *hash;
		long lstchg, max, inact, expire;
		bool usable, must_change;
	} cases[] = {
		/* the password field */
		{ HASH, 19000, NO, NO, NO, true, false },
		{ "", 19000, NO, NO, NO, false, false },
		{ "*", 19000, NO, NO, NO, false, false },
		{ "!", 19000, NO, NO, NO, false, false },
		{ "!!", 19000, NO, NO, NO, false, false },
		{ "!" HASH, 19000, NO, NO, NO, false, false },
		{ "*" HASH, 19000, NO, NO, NO, false, false },
		{ "!*", 19000, NO, NO, NO, false, false },
		{ "x", 19000, NO, NO, NO, false, false },
		{ "*NP*", 19000, NO, NO, NO, false, false },
		/* the account's date: over on that day; 0 is doubt */
		{ HASH, 19000, NO, NO, TODAY + 1, true, false },
		{ HASH, 19000, NO, NO, TODAY, false, false },
		{ HASH, 19000, NO, NO, TODAY - 1, false, false },
		{ HASH, 19000, NO, NO, 0, false, false },
		/* the password's age */
		{ HASH, 0, NO, NO, NO, true, true },
		{ HASH, 0, 99999, 7, NO, true, true },
		{ HASH, NO, 1, 1, NO, true, false },
		{ HASH, TODAY - 30, 30, NO, NO, true, false },
		{ HASH, TODAY - 31, 30, NO, NO, true, true },
		{ HASH, TODAY - 37, 30, 7, NO, true, true },
		{ HASH, TODAY - 38, 30, 7, NO, false, true },
		{ HASH, TODAY - 31, 30, 0, NO, false, true },
		{ HASH, TODAY - 19999, 99999, NO, NO, true, false },
		{ HASH, TODAY + 5, 0, 0, NO, true, false },      /* changed in the future */
		{ HASH, 1, __LONG_MAX__, __LONG_MAX__, __LONG_MAX__, true, false },
		/* both */
		{ "!" HASH, 0, NO, NO, NO, false, true },
		{ HASH, 0, NO, NO, 1, false, true },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char name[] = "jane", hash[64];
		struct spwd entry = {
			.sp_namp = name, .sp_pwdp = hash,
			.sp_lstchg = cases[i].lstchg, .sp_min = NO, .sp_max = cases[i].max,
			.sp_warn = NO, .sp_inact = cases[i].inact, .sp_expire = cases[i].expire,
		};
		struct password_record record = { 0 };

		(void)snprintf(hash, sizeof(hash), "%s", cases[i].hash);
		password_from_shadow(&entry, TODAY, &record);
		assert_int_equal(record.source, PASSWORD_FROM_SHADOW);
		if (record.usable != cases[i].usable || record.must_change != cases[i].must_change)
			fail_msg("row %zu: usable %d, must change %d", i, record.usable,
				 record.must_change);
	}
}

static void a_hash_that_does_not_fit_is_not_cut(void **state UNUSED)
{
	char name[] = "jane", hash[PASSWORD_HASH_SIZE + 1];
	struct spwd entry = { .sp_namp = name, .sp_pwdp = hash, .sp_lstchg = NO, .sp_max = NO,
			      .sp_inact = NO, .sp_expire = NO };
	struct password_record record = { .usable = true };

	memset(hash, 'a', sizeof(hash) - 1);
	hash[sizeof(hash) - 1] = '\0';
	password_from_shadow(&entry, TODAY, &record);
	assert_false(record.usable);
	assert_string_equal(record.hash, "");
	entry.sp_pwdp = NULL;
	password_from_shadow(&entry, TODAY, &record);
	assert_false(record.usable);
}

static void nobody_has_no_password_and_the_unknown_no_entry(void **state UNUSED)
{
	struct password_record record = { .usable = true };
	int r = password_shadow_look_up("nobody", TODAY, &record);

	/* Who may not read /etc/shadow gets an error, not "no entry". Bare chroots have none. */
	if (access("/etc/shadow", R_OK) < 0) {
		assert_int_equal(r, -errno);
		return;
	}
	assert_int_equal(r, 0);
	assert_int_equal(record.source, PASSWORD_FROM_SHADOW);
	assert_false(record.usable);
	record.usable = true;
	assert_int_equal(password_shadow_look_up("no-such-user-here", TODAY, &record), -ENOENT);
	assert_int_equal(password_shadow_look_up("", TODAY, &record), -ENOENT);
	password_record_done(&record);
	assert_false(record.usable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_tells_right_from_wrong),
		cmocka_unit_test(nothing_else_is_a_hash),
		cmocka_unit_test(a_failure_string_matches_nothing),
		cmocka_unit_test(a_password_with_nul_or_too_long_is_wrong),
		cmocka_unit_test(a_made_hash_is_of_its_prefix_and_matches),
		cmocka_unit_test(an_unknown_prefix_or_too_little_room_is_an_error),
		cmocka_unit_test(a_dummy_matches_nobody_and_is_never_the_same),
		cmocka_unit_test(a_dummy_is_hashed_like_any_other),
		cmocka_unit_test(every_form_of_shadow_entry_is_understood),
		cmocka_unit_test(a_hash_that_does_not_fit_is_not_cut),
		cmocka_unit_test(nobody_has_no_password_and_the_unknown_no_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
