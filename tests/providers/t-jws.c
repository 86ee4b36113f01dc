/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate in front of libjose: what passes it, and above all what does not. */
#include "base/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/text.h"
#include "tests/providers/fake-issuer.h"

static const char *const every_algorithm[] = {
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
	"Ed25519", NULL
};

/* --- signing, with OpenSSL alone --- */

static const struct maker {
	const char *name, *digest;
	const char *group;       /* of EC keys */
	size_t coordinate_len;
	bool pss;
} makers[] = {
	{ "RS256", "SHA256" }, { "RS384", "SHA384" }, { "RS512", "SHA512" },
	{ "PS256", "SHA256", .pss = true }, { "PS384", "SHA384", .pss = true },
	{ "PS512", "SHA512", .pss = true },
	{ "ES256", "SHA256", "P-256", 32 }, { "ES384", "SHA384", "P-384", 48 },
	{ "ES512", "SHA512", "P-521", 66 },
};

static EVP_PKEY *make_key(const struct maker *maker)
{
	EVP_PKEY *key = maker->group ? EVP_EC_gen(maker->group) : EVP_RSA_gen(2048);

	assert_non_null(key);
	return key;
}

static void add_number(struct buf *jwk, EVP_PKEY *key, const char *parameter, const char *member,
		       size_t len)
{
	unsigned char bytes[1024];
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, parameter, &number), 1);
	if (len == 0)
		len = (size_t)BN_num_bytes(number);
	assert_int_equal(BN_bn2binpad(number, bytes, (int)len), (int)len);
	buf_add_format(jwk, ",\"%s\":\"", member);
	base64url_add(jwk, bytes, len);
	buf_add_char(jwk, '"');
	BN_free(number);
}

/* `more`: further members, each with a comma before it. */
static char *make_jwk(const struct maker *maker, EVP_PKEY *key, const char *more)
{
	struct buf jwk = BUF_INIT(4096);

	if (maker->group) {
		buf_add_format(&jwk, "[{\"kty\":\"EC\",\"crv\":\"%s\"", maker->group);
		add_number(&jwk, key, OSSL_PKEY_PARAM_EC_PUB_X, "x", maker->coordinate_len);
		add_number(&jwk, key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", maker->coordinate_len);
	} else {
		buf_add_text(&jwk, "[{\"kty\":\"RSA\"");
		add_number(&jwk, key, OSSL_PKEY_PARAM_RSA_N, "n", 0);
		add_number(&jwk, key, OSSL_PKEY_PARAM_RSA_E, "e", 0);
	}
	buf_add_format(&jwk, ",\"kid\":\"k\"%s}]", more);
	return buf_steal(&jwk);
}

static size_t raw_ecdsa(unsigned char *signature, size_t len, size_t coordinate_len)
{
	const unsigned char *der = signature;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);

	assert_non_null(pair);
	BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, (int)coordinate_len);
	BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + coordinate_len, (int)coordinate_len);
	ECDSA_SIG_free(pair);
	return 2 * coordinate_len;
}

static size_t sign(const struct maker *maker, EVP_PKEY *key, int salt_len, const struct buf *input,
		   unsigned char signature[1024])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options;
	size_t len = 1024;

	assert_int_equal(EVP_DigestSignInit_ex(digest, &options, maker->digest, NULL, NULL, key,
					       NULL), 1);
	if (maker->pss) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_len) > 0);
	}
	assert_int_equal(EVP_DigestSign(digest, signature, &len, (unsigned char *)input->data,
					input->len), 1);
	EVP_MD_CTX_free(digest);
	return maker->group ? raw_ecdsa(signature, len, maker->coordinate_len) : len;
}

static char *make_token(const struct maker *maker, EVP_PKEY *key, int salt_len)
{
	_cleanup_free_ char *header = text_format("{\"alg\":\"%s\",\"kid\":\"k\"}", maker->name);
	struct buf token = BUF_INIT(8192);
	unsigned char signature[1024];
	size_t len;

	base64url_add(&token, header, strlen(header));
	buf_add_char(&token, '.');
	base64url_add(&token, "{\"sub\":\"jane\"}", 14);
	len = sign(maker, key, salt_len, &token, signature);
	buf_add_char(&token, '.');
	base64url_add(&token, signature, len);
	return buf_steal(&token);
}

/* --- verifying --- */

static enum jws_result verify(const char *token, size_t len, const char *keys_text,
			      const char *const *allowed)
{
	_cleanup_secret_ struct secret *secret = secret_new(token, len);
	_cleanup_json_ struct json_t *keys = json_read_array(keys_text, strlen(keys_text));
	struct jws jws = { 0 };
	enum jws_result result;

	assert_non_null(keys);
	result = jws_verify(secret, allowed, keys, &jws);
	assert_int_equal(jws.payload != NULL, result == JWS_GOOD);
	json_free(jws.payload);
	return result;
}

static enum jws_result verify_text(const char *token, const char *keys)
{
	return verify(token, strlen(token), keys, every_algorithm);
}

static void every_algorithm_verifies_what_it_signed_and_no_other(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(makers); i++) {
		const char *only[] = { makers[i].name, NULL };
		const char *other[] = { makers[(i + 1) % N_ELEMENTS(makers)].name, NULL };
		EVP_PKEY *key = make_key(&makers[i]);
		_cleanup_free_ char *keys = make_jwk(&makers[i], key, "");
		_cleanup_free_ char *token = make_token(&makers[i], key, RSA_PSS_SALTLEN_DIGEST);
		char *last = token + strlen(token) - 10;

		assert_int_equal(verify(token, strlen(token), keys, only), JWS_GOOD);
		assert_int_equal(verify(token, strlen(token), keys, other), JWS_REFUSED);
		*last = *last == 'A' ? 'B' : 'A';
		assert_int_equal(verify(token, strlen(token), keys, only), JWS_BAD_SIGNATURE);
		EVP_PKEY_free(key);
	}
}

/* libjose alone takes it. */
static void a_key_for_one_algorithm_serves_no_other(void **state UNUSED)
{
	EVP_PKEY *key = make_key(&makers[2]);
	_cleanup_free_ char *rs256 = make_jwk(&makers[2], key, ",\"alg\":\"RS256\"");
	_cleanup_free_ char *rs512 = make_jwk(&makers[2], key, ",\"alg\":\"RS512\"");
	_cleanup_free_ char *token = make_token(&makers[2], key, 0);

	assert_int_equal(verify_text(token, rs256), JWS_NO_KEY);
	assert_int_equal(verify_text(token, rs512), JWS_GOOD);
	EVP_PKEY_free(key);
}

static void the_salt_of_pss_is_as_long_as_the_digest(void **state UNUSED)
{
	EVP_PKEY *key = make_key(&makers[3]);
	_cleanup_free_ char *keys = make_jwk(&makers[3], key, "");
	_cleanup_free_ char *token = make_token(&makers[3], key, 20);

	assert_int_equal(verify_text(token, keys), JWS_BAD_SIGNATURE);
	EVP_PKEY_free(key);
}

static void a_header_is_taken_exactly_or_not_at_all(void **state UNUSED)
{
	static const struct {
		const char *header;
		enum jws_result result;
	} rows[] = {
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\"}", JWS_GOOD },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"typ\":\"jwt\",\"extra\":[1]}", JWS_GOOD },
		{ "{\"alg\":\"EdDSA\"}", JWS_GOOD },
		{ "{\"alg\":\"Ed25519\",\"kid\":\"key-1\"}", JWS_NO_KEY },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-2\"}", JWS_NO_KEY },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"KEY-1\"}", JWS_NO_KEY },
		{ "{\"alg\":\"eddsa\",\"kid\":\"key-1\"}", JWS_REFUSED },
		{ "{\"alg\":\"EdDSA \",\"kid\":\"key-1\"}", JWS_REFUSED },
		{ "{\"alg\":\"none\",\"kid\":\"key-1\"}", JWS_REFUSED },
		{ "{\"alg\":\"HS256\",\"kid\":\"key-1\"}", JWS_REFUSED },
		{ "{\"alg\":[\"EdDSA\"],\"kid\":\"key-1\"}", JWS_REFUSED },
		{ "{\"alg\":null,\"kid\":\"key-1\"}", JWS_REFUSED },
		{ "{\"kid\":\"key-1\"}", JWS_REFUSED },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"crit\":[\"exp\"]}", JWS_REFUSED },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"crit\":null}", JWS_REFUSED },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"typ\":\"at+jwt\"}", JWS_REFUSED },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"typ\":\"logout+jwt\"}", JWS_REFUSED },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"typ\":7}", JWS_REFUSED },
		{ "{\"alg\":\"EdDSA\",\"kid\":1}", JWS_MALFORMED },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"\"}", JWS_MALFORMED },
		{ "{\"alg\":\"none\",\"alg\":\"EdDSA\",\"kid\":\"key-1\"}", JWS_MALFORMED },
		{ "[\"EdDSA\"]", JWS_MALFORMED },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\"} x", JWS_MALFORMED },
	};
	_cleanup_free_ char *key = fake_issuer_key(1);
	_cleanup_free_ char *keys = text_format("[%s]", key);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *token = fake_issuer_token_with(rows[i].header, "{}", 1);

		if (verify_text(token, keys) != rows[i].result)
			fail_msg("%s", rows[i].header);
	}
}

static void a_token_has_three_parts_of_strict_base64url(void **state UNUSED)
{
	_cleanup_free_ char *key = fake_issuer_key(1);
	_cleanup_free_ char *keys = text_format("[%s]", key);
	_cleanup_free_ char *good = fake_issuer_token("{}", 1);
	static const char *const patterns[] = {
		"%s.", ".%s", "%s=", "%s ", "%s\n", " %s", "%s.AAAA", "%s+", "%s/", "%sAAA",
	};
	_cleanup_free_ char *longer = text_format("%s.", good);
	size_t len = strlen(good);

	assert_int_equal(verify(good, len, keys, every_algorithm), JWS_GOOD);
	for (size_t i = 0; i < N_ELEMENTS(patterns); i++) {
		struct buf bad = BUF_INIT(4096);
		const char *place = strstr(patterns[i], "%s");

		buf_add(&bad, patterns[i], (size_t)(place - patterns[i]));
		buf_add_text(&bad, good);
		buf_add_text(&bad, place + 2);
		assert_int_equal(verify_text(buf_text(&bad), keys), JWS_MALFORMED);
		buf_done(&bad);
	}
	longer[len] = 'A';     /* 65 bytes */
	assert_int_equal(verify_text(longer, keys), JWS_BAD_SIGNATURE);
	longer[len] = '\0';
	assert_int_equal(verify(longer, len + 1, keys, every_algorithm), JWS_MALFORMED);
	assert_int_equal(verify("", 0, keys, every_algorithm), JWS_MALFORMED);
	assert_int_equal(verify("..", 2, keys, every_algorithm), JWS_MALFORMED);
	/* Cut anywhere it is never good. */
	for (size_t i = 0; i < len; i++)
		assert_int_not_equal(verify(good, i, keys, every_algorithm), JWS_GOOD);
}

static void a_token_beyond_its_bound_is_refused(void **state UNUSED)
{
	_cleanup_free_ char *key = fake_issuer_key(1);
	_cleanup_free_ char *keys = text_format("[%s]", key);
	struct buf claims = BUF_INIT(20000);
	char *token;

	buf_add_text(&claims, "{\"a\":\"");
	for (int i = 0; i < 12000; i++)
		buf_add_char(&claims, 'x');
	buf_add_text(&claims, "\"}");
	token = fake_issuer_token(buf_text(&claims), 1);
	assert_true(strlen(token) <= JWS_TOKEN_MAX);
	assert_int_equal(verify_text(token, keys), JWS_GOOD);
	free(token);
	buf_done(&claims);

	buf_add_text(&claims, "{\"a\":\"");
	for (int i = 0; i < 12400; i++)
		buf_add_char(&claims, 'x');
	buf_add_text(&claims, "\"}");
	token = fake_issuer_token(buf_text(&claims), 1);
	assert_true(strlen(token) > JWS_TOKEN_MAX);
	assert_int_equal(verify_text(token, keys), JWS_MALFORMED);
	free(token);
	buf_done(&claims);
}

#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"key-1\""
#define X1  "\"x\":\"iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w\""

static void a_key_must_be_meant_for_verifying(void **state UNUSED)
{
	static const struct {
		const char *keys;
		enum jws_result result;
	} rows[] = {
		{ "[{" OKP "," X1 "}]", JWS_GOOD },
		{ "[{" OKP "," X1 ",\"use\":\"sig\",\"key_ops\":[\"verify\"]}]", JWS_GOOD },
		{ "[{" OKP "," X1 ",\"use\":\"enc\"}]", JWS_NO_KEY },
		{ "[{" OKP "," X1 ",\"use\":null}]", JWS_NO_KEY },
		{ "[{" OKP "," X1 ",\"key_ops\":[\"sign\"]}]", JWS_NO_KEY },
		{ "[{" OKP "," X1 ",\"key_ops\":\"verify\"}]", JWS_NO_KEY },
		{ "[{" OKP "," X1 ",\"alg\":\"Ed25519\"}]", JWS_NO_KEY },
		{ "[{" OKP "," X1 ",\"alg\":7}]", JWS_NO_KEY },
		{ "[{" OKP ",\"x\":\"iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPbw\"}]", JWS_NO_KEY },
		{ "[{" OKP "}]", JWS_NO_KEY },
		{ "[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"key-1\"," X1 "}]", JWS_NO_KEY },
		{ "[{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"kid\":\"key-1\"," X1 "}]", JWS_NO_KEY },
		{ "[{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X1 "}]", JWS_NO_KEY },
		{ "[]", JWS_NO_KEY },
		{ "[null, 7, \"key-1\", [], {}, {" OKP "," X1 "}]", JWS_GOOD },
		{ "[{" OKP ",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]",
		  JWS_BAD_SIGNATURE },
	};
	_cleanup_free_ char *token = fake_issuer_token("{}", 1);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (verify_text(token, rows[i].keys) != rows[i].result)
			fail_msg("%s", rows[i].keys);
	}
}

static void a_token_without_kid_needs_a_single_usable_key(void **state UNUSED)
{
	_cleanup_free_ char *one = fake_issuer_key(1);
	_cleanup_free_ char *two = fake_issuer_key(2);
	_cleanup_free_ char *only = text_format("[{\"kty\":\"oct\",\"k\":\"AAAA\"}, %s]", one);
	_cleanup_free_ char *both = text_format("[%s, %s]", one, two);
	_cleanup_free_ char *token = fake_issuer_token_with("{\"alg\":\"EdDSA\"}", "{}", 1);

	assert_int_equal(verify_text(token, only), JWS_GOOD);
	assert_int_equal(verify_text(token, both), JWS_NO_KEY);
}

/* A 2048-bit modulus of ones will do: only its size and exponent are looked at. */
static void an_rsa_key_is_of_sound_size(void **state UNUSED)
{
	static const struct {
		size_t n_bytes;
		const char *exponent;
		enum jws_result result;
	} rows[] = {
		{ 256, "AQAB", JWS_BAD_SIGNATURE }, { 1024, "AQAB", JWS_BAD_SIGNATURE },
		{ 255, "AQAB", JWS_NO_KEY }, { 128, "AQAB", JWS_NO_KEY },
		{ 1025, "AQAB", JWS_NO_KEY }, { 256, "AQ", JWS_NO_KEY },
		{ 256, "Ag", JWS_NO_KEY }, { 256, "AQAA", JWS_NO_KEY },
		{ 256, "_____w", JWS_BAD_SIGNATURE }, { 256, "AQAAAAE", JWS_NO_KEY },
		{ 256, "AAAA", JWS_NO_KEY },
	};
	EVP_PKEY *key = make_key(&makers[0]);
	_cleanup_free_ char *token = make_token(&makers[0], key, 0);
	unsigned char modulus[1025];

	memset(modulus, 0xff, sizeof(modulus));
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf keys = BUF_INIT(4096);

		buf_add_text(&keys, "[{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"");
		base64url_add(&keys, modulus, rows[i].n_bytes);
		buf_add_format(&keys, "\",\"e\":\"%s\"}]", rows[i].exponent);
		if (verify_text(token, buf_text(&keys)) != rows[i].result)
			fail_msg("%zu bytes, exponent %s", rows[i].n_bytes, rows[i].exponent);
		buf_done(&keys);
	}
	EVP_PKEY_free(key);
}

static void a_point_off_its_curve_verifies_nothing(void **state UNUSED)
{
	EVP_PKEY *key = make_key(&makers[6]);
	_cleanup_free_ char *keys = make_jwk(&makers[6], key, "");
	_cleanup_free_ char *token = make_token(&makers[6], key, 0);
	char *x = strstr(keys, "\"x\":\"") + 5;

	assert_int_equal(verify_text(token, keys), JWS_GOOD);
	x[4] = x[4] == 'A' ? 'B' : 'A';
	assert_int_equal(verify_text(token, keys), JWS_BAD_SIGNATURE);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_verifies_what_it_signed_and_no_other),
		cmocka_unit_test(a_key_for_one_algorithm_serves_no_other),
		cmocka_unit_test(the_salt_of_pss_is_as_long_as_the_digest),
		cmocka_unit_test(a_header_is_taken_exactly_or_not_at_all),
		cmocka_unit_test(a_token_has_three_parts_of_strict_base64url),
		cmocka_unit_test(a_token_beyond_its_bound_is_refused),
		cmocka_unit_test(a_key_must_be_meant_for_verifying),
		cmocka_unit_test(a_token_without_kid_needs_a_single_usable_key),
		cmocka_unit_test(an_rsa_key_is_of_sound_size),
		cmocka_unit_test(a_point_off_its_curve_verifies_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
