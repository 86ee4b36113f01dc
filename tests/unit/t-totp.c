/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TOTP and base32 against published vectors. */
#include "base/totp.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LONG_KEY "1234567890123456789012345678901234567890123456789012345678901234"

static const struct totp_rule usual = { DIGEST_SHA1, 6, 30 };

/* The appendices' keys are "12345678901234567890…" cut to the digest's length. */
static struct secret *long_key(size_t len)
{
	return secret_new(LONG_KEY, len);
}

/* RFC 6238 appendix B: eight digits, 30 s. */
static void codes_match_rfc_6238(void **state UNUSED)
{
	static const struct {
		int64_t now_s;
		const char *sha1, *sha256, *sha512;
	} rows[] = {
		{ 59, "94287082", "46119246", "90693936" },
		{ 1111111109, "07081804", "68084774", "25091201" },
		{ 1111111111, "14050471", "67062674", "99943326" },
		{ 1234567890, "89005924", "91819424", "93441116" },
		{ 2000000000, "69279037", "90698825", "38618901" },
		{ 20000000000, "65353130", "77737706", "47863826" },
	};
	_cleanup_secret_ struct secret *key20 = long_key(20), *key32 = long_key(32);
	_cleanup_secret_ struct secret *key64 = long_key(64);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct {
			enum digest_kind digest;
			const struct secret *key;
			const char *code;
		} kinds[] = {
			{ DIGEST_SHA1, key20, rows[i].sha1 },
			{ DIGEST_SHA256, key32, rows[i].sha256 },
			{ DIGEST_SHA512, key64, rows[i].sha512 },
		};

		for (size_t j = 0; j < N_ELEMENTS(kinds); j++) {
			const struct totp_rule rule = { kinds[j].digest, 8, 30 };
			char code[TOTP_CODE_SIZE];

			assert_int_equal(totp_code(&rule, kinds[j].key,
						   totp_step(&rule, rows[i].now_s), code), 0);
			assert_string_equal(code, kinds[j].code);
		}
	}
}

/* RFC 4226 appendix D: six digits, the step is the count. */
static void codes_match_rfc_4226(void **state UNUSED)
{
	static const char *const codes[] = {
		"755224", "287082", "359152", "969429", "338314",
		"254676", "287922", "162583", "399871", "520489",
	};
	_cleanup_secret_ struct secret *key = long_key(20);
	char code[TOTP_CODE_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(codes); i++) {
		assert_int_equal(totp_code(&usual, key, (int64_t)i, code), 0);
		assert_string_equal(code, codes[i]);
	}
}

static void bad_rules_make_no_code(void **state UNUSED)
{
	static const struct totp_rule rules[] = {
		{ DIGEST_SHA1, 5, 30 }, { DIGEST_SHA1, 9, 30 }, { DIGEST_SHA1, 6, 0 },
		{ DIGEST_SHA384, 6, 30 }, { (enum digest_kind)99, 6, 30 },
	};
	_cleanup_secret_ struct secret *key = long_key(20), *empty = secret_new(NULL, 0);
	_cleanup_secret_ struct secret *entry = secret_from_text("755224");
	char code[TOTP_CODE_SIZE];
	int64_t step = 77;

	for (size_t i = 0; i < N_ELEMENTS(rules); i++) {
		assert_int_equal(totp_code(&rules[i], key, 0, code), -EINVAL);
		assert_int_equal(totp_find(&rules[i], key, entry, 0, 1, -1, &step), -EINVAL);
	}
	assert_int_equal(totp_code(&usual, empty, 0, code), -EINVAL);
	assert_int_equal(totp_code(&usual, key, -1, code), -EINVAL);
	assert_int_equal(totp_find(&usual, empty, entry, 0, 1, -1, &step), -EINVAL);
	assert_int_equal(step, 77);
}

/* Steps 0 to 9 have the codes of RFC 4226 appendix D. */
static void found_are_later_steps_of_the_window(void **state UNUSED)
{
	static const struct {
		const char *entry;
		int64_t step, window, last_step;
		int64_t found;           /* -1: none */
	} rows[] = {
		{ "254676", 5, 0, -1, 5 },
		{ "338314", 5, 0, -1, -1 },
		{ "338314", 5, 1, -1, 4 },
		{ "287922", 5, 1, -1, 6 },
		{ "969429", 5, 1, -1, -1 },
		{ "969429", 5, 2, -1, 3 },
		{ "162583", 5, 2, -1, 7 },
		{ "399871", 5, 2, -1, -1 },
		/* Not again, and nothing earlier. */
		{ "254676", 5, 1, 4, 5 },
		{ "254676", 5, 1, 5, -1 },
		{ "338314", 5, 1, 5, -1 },
		{ "287922", 5, 1, 5, 6 },
		{ "287922", 5, 1, 9, -1 },
		/* At the beginning of time. */
		{ "755224", 0, 2, -1, 0 },
		{ "359152", 0, 2, -1, 2 },
		/* Whole, or not at all. */
		{ "25467", 5, 1, -1, -1 },
		{ "2546760", 5, 1, -1, -1 },
		{ "", 5, 1, -1, -1 },
	};
	_cleanup_secret_ struct secret *key = long_key(20);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_secret_ struct secret *entry = secret_from_text(rows[i].entry);
		int64_t step = -1;

		assert_int_equal(totp_find(&usual, key, entry, rows[i].step, rows[i].window,
					   rows[i].last_step, &step),
				 rows[i].found < 0 ? -ENOENT : 0);
		assert_int_equal(step, rows[i].found);
	}
}

static void uris_are_encoded(void **state UNUSED)
{
	static const struct {
		struct totp_rule rule;
		const char *issuer, *account, *uri;
	} rows[] = {
		{ { DIGEST_SHA1, 6, 30 }, "db-1", "alice",
		  "otpauth://totp/db-1:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		  "&issuer=db-1" },
		{ { DIGEST_SHA256, 8, 60 }, "db-1", "alice",
		  "otpauth://totp/db-1:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		  "&issuer=db-1&algorithm=SHA256&digits=8&period=60" },
		{ { DIGEST_SHA512, 7, 30 }, "A & B/C?", "a+b@c",
		  "otpauth://totp/A%20%26%20B%2FC%3F:a%2Bb%40c"
		  "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		  "&issuer=A%20%26%20B%2FC%3F&algorithm=SHA512&digits=7" },
		{ { DIGEST_SHA1, 6, 30 }, "公司", "李",
		  "otpauth://totp/%E5%85%AC%E5%8F%B8:%E6%9D%8E"
		  "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E5%85%AC%E5%8F%B8" },
	};
	_cleanup_secret_ struct secret *key = long_key(20);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf uri = BUF_INIT_SECRET(500);

		totp_add_uri(&uri, &rows[i].rule, key, rows[i].issuer, rows[i].account);
		assert_string_equal(buf_text(&uri), rows[i].uri);
		buf_done(&uri);
	}
}

/* RFC 4648 section 10, without the padding; and bytes with the high bit set. */
static void base32_matches_rfc_4648(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "f", "MY" }, { "fo", "MZXQ" }, { "foo", "MZXW6" },
		{ "foob", "MZXW6YQ" }, { "fooba", "MZXW6YTB" }, { "foobar", "MZXW6YTBOI" },
		{ "\xff\xff\xff\xff\xff\xff", "77777777" "74" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf buf = BUF_INIT(40);

		base32_add(&buf, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(buf_text(&buf), rows[i][1]);
		buf_done(&buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_match_rfc_6238),
		cmocka_unit_test(codes_match_rfc_4226),
		cmocka_unit_test(bad_rules_make_no_code),
		cmocka_unit_test(found_are_later_steps_of_the_window),
		cmocka_unit_test(uris_are_encoded),
		cmocka_unit_test(base32_matches_rfc_4648),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
