/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and HMAC against published vectors; what sealing refuses. */
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

/* RFC 2202 test case 2, RFC 4231 test case 2. */
static void every_hmac_matches_its_vector(void **state UNUSED)
{
	static const struct {
		enum digest_kind kind;
		const char *hex;
	} rows[] = {
		{ DIGEST_SHA1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ DIGEST_SHA256,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ DIGEST_SHA512,
		  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	};
	_cleanup_secret_ struct secret *key = secret_from_text("Jefe");
	_cleanup_secret_ struct secret *empty = secret_new(NULL, 0);
	static const char text[] = "what do ya want for nothing?";
	struct digest mac;
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(crypto_hmac(rows[i].kind, key, text, strlen(text), &mac), 0);
		assert_hex(mac.bytes, mac.len, rows[i].hex);
	}
	assert_int_equal(crypto_hmac(DIGEST_SHA1, empty, "x", 1, &mac), -EINVAL);
}

static void sealed_data_opens_unchanged_only(void **state UNUSED)
{
	static const unsigned char key[32] = { 1, 2, 3 }, other[32] = { 1, 2, 4 };
	static const char text[] = "+8613900001234";
	struct buf sealed = BUF_INIT(100);
	struct secret *opened;
	size_t i;

	assert_int_equal(crypto_seal(key, "phone", text, strlen(text), &sealed), 0);
	assert_int_equal(sealed.len, strlen(text) + SEAL_BYTES);
	assert_null(memmem(sealed.data, sealed.len, text, 4));
	opened = crypto_open(key, "phone", sealed.data, sealed.len);
	assert_non_null(opened);
	assert_true(secret_equals(opened, text, strlen(text)));
	secret_free(opened);
	assert_null(crypto_open(other, "phone", sealed.data, sealed.len));
	assert_null(crypto_open(key, "totp", sealed.data, sealed.len));
	for (i = 0; i < sealed.len; i++) {
		assert_null(crypto_open(key, "phone", sealed.data, i));
		sealed.data[i] ^= 1;
		assert_null(crypto_open(key, "phone", sealed.data, sealed.len));
		sealed.data[i] ^= 1;
	}
	buf_done(&sealed);
}

static void sealing_twice_looks_different(void **state UNUSED)
{
	static const unsigned char key[32] = { 7 };
	struct buf first = BUF_INIT(100), second = BUF_INIT(100);
	struct buf full = BUF_INIT(SEAL_BYTES);

	assert_int_equal(crypto_seal(key, "phone", "", 0, &first), 0);
	assert_int_equal(crypto_seal(key, "phone", "", 0, &second), 0);
	assert_int_equal(first.len, SEAL_BYTES);
	assert_memory_not_equal(first.data, second.data, SEAL_BYTES);
	assert_int_equal(crypto_seal(key, "phone", "x", 1, &full), -ENOMEM);
	buf_done(&first);
	buf_done(&second);
}

/* NIST SP 800-38A, F.2.5 and F.2.6: the first two blocks. */
static void cbc_matches_sp_800_38a(void **state UNUSED)
{
	static const struct cbc_key key = {
		.key = { 0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0,
			 0x85, 0x7d, 0x77, 0x81, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7,
			 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4 },
		.start = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	};
	static const unsigned char plain[32] = {
		0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93,
		0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac,
		0x45, 0xaf, 0x8e, 0x51,
	};
	struct buf hidden = BUF_INIT(32), back = BUF_INIT(32), small = BUF_INIT(16);

	assert_int_equal(crypto_cbc_encrypt(&key, plain, sizeof(plain), &hidden), 0);
	assert_int_equal(hidden.len, sizeof(plain));
	assert_hex(hidden.data, hidden.len,
		   "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d");
	assert_int_equal(crypto_cbc_decrypt(&key, hidden.data, hidden.len, &back), 0);
	assert_memory_equal(back.data, plain, sizeof(plain));
	assert_int_equal(crypto_cbc_decrypt(&key, hidden.data, 31, &back), -EINVAL);
	assert_int_equal(crypto_cbc_encrypt(&key, plain, 1, &back), -EINVAL);
	assert_int_equal(crypto_cbc_decrypt(&key, hidden.data, hidden.len, &small), -ENOMEM);
	buf_done(&hidden);
	buf_done(&back);
	buf_done(&small);
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
		cmocka_unit_test(every_hmac_matches_its_vector),
		cmocka_unit_test(sealed_data_opens_unchanged_only),
		cmocka_unit_test(sealing_twice_looks_different),
		cmocka_unit_test(cbc_matches_sp_800_38a),
		cmocka_unit_test(comparison_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
