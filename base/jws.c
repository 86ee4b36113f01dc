/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate in front of libjose: nothing reaches it that we have not compared and measured. */
#include "base/jws.h"

#include <errno.h>
#include <jansson.h>
#include <jose/jws.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"

#define RSA_BITS_MIN      2048
#define RSA_BITS_MAX      8192
#define RSA_EXPONENT_MAX  4              /* bytes: below 2^32 */
#define KEY_OPS_MAX       16

static const struct jws_algorithm algorithms_known[] = {
	{ "RS256", "RSA", NULL, 0, 0, DIGEST_SHA256 },
	{ "RS384", "RSA", NULL, 0, 0, DIGEST_SHA384 },
	{ "RS512", "RSA", NULL, 0, 0, DIGEST_SHA512 },
	{ "PS256", "RSA", NULL, 0, 0, DIGEST_SHA256 },
	{ "PS384", "RSA", NULL, 0, 0, DIGEST_SHA384 },
	{ "PS512", "RSA", NULL, 0, 0, DIGEST_SHA512 },
	{ "ES256", "EC", "P-256", 32, 64, DIGEST_SHA256 },
	{ "ES384", "EC", "P-384", 48, 96, DIGEST_SHA384 },
	{ "ES512", "EC", "P-521", 66, 132, DIGEST_SHA512 },
	{ "EdDSA", "OKP", "Ed25519", 32, 64, DIGEST_SHA512 },
	{ "Ed25519", "OKP", "Ed25519", 32, 64, DIGEST_SHA512 },       /* RFC 9864 */
};

/* A token taken apart; the texts point into it. */
struct parts {
	const char *header, *payload, *signature;
	size_t header_len, payload_len, signature_len;
};

struct header {
	const struct jws_algorithm *algorithm;
	bool has_kid;
	char kid[JWS_KID_MAX + 1];
};

const struct jws_algorithm *jws_algorithm_find(const char *name)
{
	for (size_t i = 0; name && i < N_ELEMENTS(algorithms_known); i++) {
		if (text_equals(algorithms_known[i].name, name))
			return &algorithms_known[i];
	}
	return NULL;
}

/* --- the token --- */

static bool split(const struct secret *token, struct parts *ret_parts)
{
	const char *end = token->data + token->len;
	const char *first, *second;

	if (token->len > JWS_TOKEN_MAX)
		return false;
	first = memchr(token->data, '.', token->len);
	if (!first)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	*ret_parts = (struct parts) {
		.header = token->data, .header_len = (size_t)(first - token->data),
		.payload = first + 1, .payload_len = (size_t)(second - first - 1),
		.signature = second + 1, .signature_len = (size_t)(end - second - 1),
	};
	return ret_parts->header_len && ret_parts->payload_len && ret_parts->signature_len;
}

static struct json_t *decode_object(const char *text, size_t len)
{
	struct buf bytes = BUF_INIT_SECRET(JWS_TOKEN_MAX);
	struct json_t *object = NULL;

	if (base64url_decode(text, len, &bytes) == 0)
		object = json_read_object(buf_text(&bytes), bytes.len);
	buf_done(&bytes);
	return object;
}

static bool is_listed(const char *const *list, const char *name)
{
	for (; *list; list++) {
		if (text_equals(*list, name))
			return true;
	}
	return false;
}

/* An access or logout token is signed by the same keys; only `typ` tells it from an ID token. */
static bool type_is_right(const struct json_t *header)
{
	const char *type = json_text(header, "typ", 64);

	return !json_has(header, "typ") || (type && strcasecmp(type, "JWT") == 0);
}

static enum jws_result read_header(const struct parts *parts, const char *const *allowed,
				   struct header *ret_header)
{
	_cleanup_json_ struct json_t *header = decode_object(parts->header, parts->header_len);
	const char *name, *kid;

	if (!header)
		return JWS_MALFORMED;
	name = json_text(header, "alg", 32);
	if (!name || !is_listed(allowed, name) || !jws_algorithm_find(name))
		return JWS_REFUSED;
	if (json_has(header, "crit") || !type_is_right(header))
		return JWS_REFUSED;
	*ret_header = (struct header) { .algorithm = jws_algorithm_find(name) };
	if (!json_has(header, "kid"))
		return JWS_GOOD;
	kid = json_text(header, "kid", JWS_KID_MAX);
	if (!kid || !text_into(ret_header->kid, sizeof(ret_header->kid), kid))
		return JWS_MALFORMED;
	ret_header->has_kid = true;
	return JWS_GOOD;
}

/* --- the key --- */

/* The member's bytes: 0, or -EINVAL when it is not strict base64url. */
static int key_bytes(const struct json_t *key, const char *name, struct buf *ret_buf)
{
	const char *text = json_text(key, name, 2 * RSA_BITS_MAX / 8);

	return text ? base64url_decode(text, strlen(text), ret_buf) : -EINVAL;
}

static size_t integer_bits(const struct buf *integer)
{
	const unsigned char *bytes = (const unsigned char *)buf_text(integer);
	size_t zeros = 0, bits;

	while (zeros < integer->len && bytes[zeros] == 0)
		zeros++;
	bits = (integer->len - zeros) * 8;
	for (unsigned top = bits ? bytes[zeros] : 0x80; !(top & 0x80); top <<= 1)
		bits--;
	return bits;
}

static bool rsa_is_sound(const struct json_t *key)
{
	struct buf modulus = BUF_INIT(RSA_BITS_MAX / 8 + 8);
	struct buf exponent = BUF_INIT(RSA_EXPONENT_MAX + 4);
	bool sound = false;

	if (key_bytes(key, "n", &modulus) == 0 && key_bytes(key, "e", &exponent) == 0) {
		size_t bits = integer_bits(&modulus), exponent_bits = integer_bits(&exponent);

		sound = bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && exponent_bits >= 2 &&
			exponent_bits <= RSA_EXPONENT_MAX * 8 &&
			(exponent.data[exponent.len - 1] & 1);
	}
	buf_done(&modulus);
	buf_done(&exponent);
	return sound;
}

static bool coordinate_is_sound(const struct json_t *key, const char *name, size_t len)
{
	struct buf coordinate = BUF_INIT(128);
	bool sound = key_bytes(key, name, &coordinate) == 0 && coordinate.len == len;

	buf_done(&coordinate);
	return sound;
}

/* Whether an EC point lies on its curve is checked when OpenSSL makes the key. */
static bool key_is_kind(const struct json_t *key, const struct jws_algorithm *algorithm)
{
	if (!text_equals(json_text(key, "kty", 16), algorithm->kty))
		return false;
	if (!algorithm->crv)
		return rsa_is_sound(key);
	return text_equals(json_text(key, "crv", 16), algorithm->crv) &&
	       coordinate_is_sound(key, "x", algorithm->coordinate_len) &&
	       (text_equals(algorithm->kty, "OKP") ||
		coordinate_is_sound(key, "y", algorithm->coordinate_len));
}

static bool key_may_verify(const struct json_t *key)
{
	const struct json_t *operations = json_array_at(key, "key_ops");
	size_t n = operations ? json_array_length(operations) : 0;

	if (json_has(key, "use") && !text_equals(json_text(key, "use", 16), "sig"))
		return false;
	if (!json_has(key, "key_ops"))
		return true;
	for (size_t i = 0; i < MIN(n, (size_t)KEY_OPS_MAX); i++) {
		if (text_equals(json_array_text(operations, i, 32), "verify"))
			return true;
	}
	return false;
}

static bool key_fits(const struct json_t *key, const struct jws_algorithm *algorithm)
{
	return (!json_has(key, "alg") ||
		text_equals(json_text(key, "alg", 32), algorithm->name)) &&
	       key_may_verify(key) && key_is_kind(key, algorithm);
}

/* Some algorithm can use it. Keys for encryption, of other kinds or of unsound size do not. */
static bool key_is_usable(const struct json_t *key)
{
	for (size_t i = 0; key && i < N_ELEMENTS(algorithms_known); i++) {
		if (key_fits(key, &algorithms_known[i]))
			return true;
	}
	return false;
}

/* --- the signature --- */

static void jose_is_silent(void *context UNUSED, const char *file UNUSED, int line UNUSED,
			   uint64_t error UNUSED, const char *format UNUSED, va_list args UNUSED)
{
	/* Its own handler prints to stderr; our caller reports the outcome. */
}

/* Only what the arithmetic needs, so that no other member of a foreign key can steer libjose. */
static json_t *bare_key(const json_t *key, const struct jws_algorithm *algorithm)
{
	if (!algorithm->crv)
		return json_pack("{s:s, s:O, s:O}", "kty", "RSA", "n", json_object_get(key, "n"),
				 "e", json_object_get(key, "e"));
	return json_pack("{s:s, s:s, s:O, s:O}", "kty", "EC", "crv", algorithm->crv,
			 "x", json_object_get(key, "x"), "y", json_object_get(key, "y"));
}

static bool jose_signature_holds(const struct parts *parts, const json_t *key,
				 const struct jws_algorithm *algorithm)
{
	json_t *bare = bare_key(key, algorithm);
	json_t *jws = json_pack("{s:s%, s:s%, s:s%}",
				"protected", parts->header, parts->header_len,
				"payload", parts->payload, parts->payload_len,
				"signature", parts->signature, parts->signature_len);
	jose_cfg_t *jose = jose_cfg();
	bool holds = false;

	if (bare && jws && jose) {
		jose_cfg_set_err_func(jose, jose_is_silent, NULL);
		holds = jose_jws_ver(jose, jws, NULL, bare, false);
	}
	if (jose)
		jose_cfg_decref(jose);
	json_decref(jws);
	json_decref(bare);
	return holds;
}

static bool ed25519_signature_holds(const struct parts *parts, const json_t *key,
				    const struct buf *signature)
{
	struct buf point = BUF_INIT(64);
	EVP_PKEY *public = NULL;
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool holds = false;

	if (key_bytes(key, "x", &point) == 0)
		public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
						     (const unsigned char *)buf_text(&point),
						     point.len);
	/* "header.payload" stands in the token as it was signed. */
	if (digest && public && EVP_DigestVerifyInit(digest, NULL, NULL, NULL, public) == 1)
		holds = EVP_DigestVerify(digest, (const unsigned char *)buf_text(signature),
					 signature->len, (const unsigned char *)parts->header,
					 parts->header_len + 1 + parts->payload_len) == 1;
	EVP_MD_CTX_free(digest);
	EVP_PKEY_free(public);
	buf_done(&point);
	return holds;
}

static bool signature_holds(const struct parts *parts, const json_t *key,
			    const struct jws_algorithm *algorithm)
{
	struct buf signature = BUF_INIT(RSA_BITS_MAX / 8);
	bool holds = false;

	if (base64url_decode(parts->signature, parts->signature_len, &signature) == 0 &&
	    (!algorithm->signature_len || signature.len == algorithm->signature_len))
		holds = text_equals(algorithm->kty, "OKP") ?
			ed25519_signature_holds(parts, key, &signature) :
			jose_signature_holds(parts, key, algorithm);
	buf_done(&signature);
	return holds;
}

/* Without kid a set with several keys would leave the choice to whoever made the token. */
static bool key_is_meant(const struct json_t *key, const struct header *header, size_t n_usable)
{
	return header->has_kid ? text_equals(json_text(key, "kid", JWS_KID_MAX), header->kid) :
				 n_usable == 1;
}

static enum jws_result try_keys(const struct parts *parts, const struct header *header,
				const struct json_t *keys)
{
	size_t n = json_array_length(keys), n_usable = 0;
	enum jws_result result = JWS_NO_KEY;

	for (size_t i = 0; i < n; i++)
		n_usable += key_is_usable(json_array_object(keys, i));
	for (size_t i = 0; i < n; i++) {
		const struct json_t *key = json_array_object(keys, i);

		if (!key || !key_is_meant(key, header, n_usable) ||
		    !key_fits(key, header->algorithm))
			continue;
		if (signature_holds(parts, key, header->algorithm))
			return JWS_GOOD;
		result = JWS_BAD_SIGNATURE;
	}
	return result;
}

static bool signature_is_base64url(const struct parts *parts)
{
	struct buf signature = BUF_INIT(JWS_TOKEN_MAX);
	bool is = base64url_decode(parts->signature, parts->signature_len, &signature) == 0;

	buf_done(&signature);
	return is;
}

enum jws_result jws_verify(const struct secret *token, const char *const *algorithms,
			   const struct json_t *keys, struct jws *ret_jws)
{
	_cleanup_json_ struct json_t *payload = NULL;
	struct header header;
	struct parts parts;
	enum jws_result result;

	if (!split(token, &parts) || !signature_is_base64url(&parts))
		return JWS_MALFORMED;
	result = read_header(&parts, algorithms, &header);
	if (result != JWS_GOOD)
		return result;
	payload = decode_object(parts.payload, parts.payload_len);
	if (!payload)
		return JWS_MALFORMED;
	result = try_keys(&parts, &header, keys);
	if (result == JWS_GOOD)
		*ret_jws = (struct jws) { header.algorithm, steal(&payload) };
	return result;
}
