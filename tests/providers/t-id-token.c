/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every step of ID token validation: the 58 vectors, and what they leave out. */
#include "providers/id-token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/fake-core.h"
#include "tests/providers/fake-issuer.h"

#define N_VECTORS 58
#define N_VALID   14

static struct json_t *read_vectors(void)
{
	struct buf raw = BUF_INIT(1 << 20);
	struct json_t *vectors;

	fake_file("vectors/id-token.json", &raw);
	vectors = json_read_object(raw.data, raw.len);
	assert_non_null(vectors);
	buf_done(&raw);
	return vectors;
}

static const char *const allowed[] = { "RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519",
				       NULL };

static enum id_token_result verify_vector(const struct json_t *vectors, const struct json_t *row)
{
	const struct json_t *set = json_object_at(row, "jwks");
	const char *token = json_text(row, "token", 65536);
	const char *access_token = json_text(row, "access_token", 255);
	_cleanup_secret_ struct secret *secret = secret_from_text(token);
	_cleanup_secret_ struct secret *access =
		access_token ? secret_from_text(access_token) : NULL;
	_cleanup_json_ struct json_t *claims = NULL;
	struct id_token_rules rules = {
		.issuer = json_text(vectors, "issuer", 255),
		.client_id = json_text(vectors, "client_id", 255),
		.algorithms = allowed,
		.nonce = json_text(row, "expected_nonce", 255),
		.nonce_required = true,
		.access_token = access,
	};
	enum id_token_result result;

	assert_int_equal(json_number(vectors, "now", 0, INT64_MAX, &rules.now_s), 0);
	rules.started_s = rules.now_s;
	result = id_token_verify(secret, &rules, json_array_at(set ? set :
				 json_object_at(vectors, "jwks"), "keys"), &claims);
	assert_int_equal(claims != NULL, result == ID_TOKEN_GOOD);
	return result;
}

static void every_vector_is_judged_as_it_says(void **state UNUSED)
{
	_cleanup_json_ struct json_t *vectors = read_vectors();
	const struct json_t *rows = json_array_at(vectors, "cases");
	size_t n_valid = 0;

	assert_int_equal(json_array_length(rows), N_VECTORS);
	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct json_t *row = json_array_object(rows, i);
		enum id_token_result result = verify_vector(vectors, row);
		bool valid = false;

		assert_int_equal(json_bool(row, "valid", &valid), 0);
		if ((result == ID_TOKEN_GOOD) != valid)
			fail_msg("%s: %s", json_text(row, "name", 255),
				 id_token_result_text(result));
		n_valid += valid;
	}
	assert_int_equal(n_valid, N_VALID);
}

/* Claims in which one thing at a time is changed. */
#define BASE_CLAIMS \
	"\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\",\"iat\":1767323040"

static const char *const audiences[] = { "other-client", NULL };
static const char *const strong[] = { "phr", "mfa", NULL };

static struct id_token_rules base_rules(void)
{
	return (struct id_token_rules) {
		.issuer = "https://op.example.com", .issuer_also = "op.example.com",
		.client_id = "jauth", .now_s = FAKE_WALL_S, .started_s = FAKE_WALL_S - 5,
	};
}

static enum id_token_result verify_claims(const char *claims, const struct id_token_rules *rules)
{
	_cleanup_free_ char *token = fake_issuer_token(claims, 1);
	_cleanup_free_ char *key = fake_issuer_key(1);
	_cleanup_free_ char *keys_text = text_format("[%s]", key);
	_cleanup_json_ struct json_t *keys = json_read_array(keys_text, strlen(keys_text));
	_cleanup_json_ struct json_t *verified = NULL;
	_cleanup_secret_ struct secret *secret = secret_from_text(token);

	return id_token_verify(secret, rules, keys, &verified);
}

static void claims_beyond_the_vectors(void **state UNUSED)
{
	static const struct {
		const char *claims;
		enum id_token_result result;
	} rows[] = {
		{ "{" BASE_CLAIMS ",\"exp\":1767323645}", ID_TOKEN_GOOD },
		{ "{\"iss\":\"op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\","
		  "\"iat\":1767323040,\"exp\":1767323645}", ID_TOKEN_GOOD },
		{ "{\"iss\":\"https://op.example.com/\",\"sub\":\"jane-1\",\"aud\":\"jauth\","
		  "\"iat\":1767323040,\"exp\":1767323645}", ID_TOKEN_WRONG_ISSUER },
		{ "{\"iss\":[\"https://op.example.com\"],\"sub\":\"jane-1\",\"aud\":\"jauth\","
		  "\"iat\":1767323040,\"exp\":1767323645}", ID_TOKEN_WRONG_ISSUER },
		{ "{" BASE_CLAIMS ",\"exp\":1767323645,\"azp\":[\"jauth\"]}",
		  ID_TOKEN_WRONG_AUDIENCE },
		{ "{" BASE_CLAIMS ",\"exp\":1767323645,\"azp\":\"jauth2\"}",
		  ID_TOKEN_WRONG_AUDIENCE },
		{ "{" BASE_CLAIMS ",\"exp\":1767323645.5}", ID_TOKEN_WRONG_TIME },
		{ "{" BASE_CLAIMS ",\"exp\":-1}", ID_TOKEN_WRONG_TIME },
		{ "{" BASE_CLAIMS ",\"exp\":9223372036854775807}", ID_TOKEN_WRONG_TIME },
		{ "{" BASE_CLAIMS ",\"exp\":1767322985}", ID_TOKEN_WRONG_TIME },
		{ "{" BASE_CLAIMS ",\"exp\":1767322986}", ID_TOKEN_GOOD },
		{ "{" BASE_CLAIMS ",\"exp\":1767323645,\"nbf\":\"1\"}", ID_TOKEN_WRONG_TIME },
		{ "{" BASE_CLAIMS ",\"exp\":1767323645,\"nbf\":1767323105}", ID_TOKEN_GOOD },
		{ "{" BASE_CLAIMS ",\"exp\":1767323645,\"nbf\":1767323106}", ID_TOKEN_WRONG_TIME },
		{ "{" BASE_CLAIMS ",\"exp\":1767323645,\"at_hash\":\"AA\"}", ID_TOKEN_WRONG_HASH },
		{ "{\"iss\":\"https://op.example.com\",\"sub\":\"a\\u0007b\",\"aud\":\"jauth\","
		  "\"iat\":1767323040,\"exp\":1767323645}", ID_TOKEN_NO_SUBJECT },
		{ "{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":[\"jauth\",7],"
		  "\"azp\":\"jauth\",\"iat\":1767323040,\"exp\":1767323645}",
		  ID_TOKEN_WRONG_AUDIENCE },
	};
	struct id_token_rules rules = base_rules();

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		enum id_token_result result = verify_claims(rows[i].claims, &rules);

		if (result != rows[i].result)
			fail_msg("%s: %s", rows[i].claims, id_token_result_text(result));
	}
}

static void a_further_audience_needs_trust_and_azp(void **state UNUSED)
{
	const char *both = "{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\","
			   "\"aud\":[\"other-client\",\"jauth\"],\"azp\":\"jauth\","
			   "\"iat\":1767323040,\"exp\":1767323645}";
	const char *without_azp = "{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\","
				  "\"aud\":[\"other-client\",\"jauth\"],"
				  "\"iat\":1767323040,\"exp\":1767323645}";
	struct id_token_rules rules = base_rules();

	assert_int_equal(verify_claims(both, &rules), ID_TOKEN_WRONG_AUDIENCE);
	rules.trusted_audiences = (char *const *)audiences;
	assert_int_equal(verify_claims(both, &rules), ID_TOKEN_GOOD);
	assert_int_equal(verify_claims(without_azp, &rules), ID_TOKEN_WRONG_AUDIENCE);
}

static void a_token_older_than_the_login_is_refused(void **state UNUSED)
{
	const char *claims = "{" BASE_CLAIMS ",\"exp\":1767323645}";
	struct id_token_rules rules = base_rules();

	rules.started_s = 1767323040 + ID_TOKEN_LEEWAY_S;
	assert_int_equal(verify_claims(claims, &rules), ID_TOKEN_GOOD);
	rules.started_s++;
	assert_int_equal(verify_claims(claims, &rules), ID_TOKEN_WRONG_TIME);
}

static void the_device_flow_takes_a_missing_nonce_but_no_wrong_one(void **state UNUSED)
{
	const char *none = "{" BASE_CLAIMS ",\"exp\":1767323645}";
	const char *right = "{" BASE_CLAIMS ",\"exp\":1767323645,\"nonce\":\"n-1\"}";
	const char *wrong = "{" BASE_CLAIMS ",\"exp\":1767323645,\"nonce\":\"n-12\"}";
	const char *no_text = "{" BASE_CLAIMS ",\"exp\":1767323645,\"nonce\":null}";
	struct id_token_rules rules = base_rules();

	rules.nonce = "n-1";
	assert_int_equal(verify_claims(none, &rules), ID_TOKEN_GOOD);
	assert_int_equal(verify_claims(right, &rules), ID_TOKEN_GOOD);
	assert_int_equal(verify_claims(wrong, &rules), ID_TOKEN_WRONG_NONCE);
	assert_int_equal(verify_claims(no_text, &rules), ID_TOKEN_WRONG_NONCE);
	rules.nonce_required = true;
	assert_int_equal(verify_claims(none, &rules), ID_TOKEN_WRONG_NONCE);
}

static void a_missing_policy_claim_is_a_failed_check(void **state UNUSED)
{
	const char *none = "{" BASE_CLAIMS ",\"exp\":1767323645}";
	const char *strong_now = "{" BASE_CLAIMS ",\"exp\":1767323645,\"acr\":\"mfa\","
				 "\"auth_time\":1767323000}";
	const char *strong_then = "{" BASE_CLAIMS ",\"exp\":1767323645,\"acr\":\"mfa\","
				  "\"auth_time\":1767322684}";
	const char *tomorrow = "{" BASE_CLAIMS ",\"exp\":1767323645,\"acr\":\"mfa\","
			       "\"auth_time\":1767409445}";
	const char *weak = "{" BASE_CLAIMS ",\"exp\":1767323645,\"acr\":\"pwd\","
			   "\"auth_time\":1767323000}";
	struct id_token_rules rules = base_rules();

	rules.max_age_s = 300;
	assert_int_equal(verify_claims(none, &rules), ID_TOKEN_WEAK_SIGN_IN);
	assert_int_equal(verify_claims(strong_now, &rules), ID_TOKEN_GOOD);
	assert_int_equal(verify_claims(strong_then, &rules), ID_TOKEN_WEAK_SIGN_IN);
	assert_int_equal(verify_claims(tomorrow, &rules), ID_TOKEN_WEAK_SIGN_IN);
	rules.acr = (char *const *)strong;
	assert_int_equal(verify_claims(strong_now, &rules), ID_TOKEN_GOOD);
	assert_int_equal(verify_claims(weak, &rules), ID_TOKEN_WEAK_SIGN_IN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_is_judged_as_it_says),
		cmocka_unit_test(claims_beyond_the_vectors),
		cmocka_unit_test(a_further_audience_needs_trust_and_azp),
		cmocka_unit_test(a_token_older_than_the_login_is_refused),
		cmocka_unit_test(the_device_flow_takes_a_missing_nonce_but_no_wrong_one),
		cmocka_unit_test(a_missing_policy_claim_is_a_failed_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
