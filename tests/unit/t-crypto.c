/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and HMAC against published vectors. */
#include "base/crypto.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_hex(const void *data, size_t len, const char *hex)
{
	struct buf buf = BUF_INIT(200);

	hex_add(&buf, data, len);
	assert_string_equal(buf_text(&buf), hex);
	buf_done(&buf);
}

/* FIPS 180-4, the examples for "abc" and the empty message. */
static void digests_match_fips_180(void **state UNUSED)
{
	static const struct {
		enum digest_kind kind;
		const char *text, *hex;
	} rows[] = {
		{ DIGEST_SHA256, "abc",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA256, "",
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ DIGEST_SHA384, "abc",
		  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		  "8086072ba1e7cc2358baeca134c825a7" },
		{ DIGEST_SHA512, "abc",
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		struct digest digest;

		assert_int_equal(crypto_digest(rows[i].kind, rows[i].text, strlen(rows[i].text),
					       &digest), 0);
		assert_hex(digest.bytes, digest.len, rows[i].hex);
	}
}

/* RFC 4231, test cases 1 and 2. */
static void hmac_matches_rfc_4231(void **state UNUSED)
{
	_cleanup_secret_ struct secret *first = NULL, *second = secret_from_text("Jefe");
	_cleanup_secret_ struct secret *empty = secret_new(NULL, 0);
	static const char text[] = "what do ya want for nothing?";
	unsigned char key[20], bytes[SHA256_BYTES];

	memset(key, 0x0b, sizeof(key));
	first = secret_new(key, sizeof(key));
	assert_int_equal(crypto_hmac_sha256(first, "Hi There", 8, bytes), 0);
	assert_hex(bytes, sizeof(bytes),
		   "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_int_equal(crypto_hmac_sha256(second, text, strlen(text), bytes), 0);
	assert_hex(bytes, sizeof(bytes),
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(crypto_hmac_sha256(empty, "x", 1, bytes), -EINVAL);
}

static void comparison_is_whole(void **state UNUSED)
{
	assert_true(crypto_equals("abc", "abc", 3));
	assert_false(crypto_equals("abc", "abd", 3));
	assert_true(crypto_equals("abc", "abd", 2));
	assert_true(crypto_equals(NULL, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_fips_180),
		cmocka_unit_test(hmac_matches_rfc_4231),
		cmocka_unit_test(comparison_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
