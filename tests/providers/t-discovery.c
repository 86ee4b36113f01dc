/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discovery documents: the issuer byte for byte, endpoints https or nothing. */
#include "providers/discovery.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/providers/fake-core.h"

#define ISSUER "https://op.example.com/realm"
#define NEEDED "\"token_endpoint\":\"https://op.example.com/t\"," \
	       "\"jwks_uri\":\"https://k.example.com/j\""

#define ISS_SUPPORTED "\"authorization_response_iss_parameter_supported\""

static enum discovery_result take(struct discovery *discovery, uint32_t status, const char *type,
				  const char *body)
{
	struct http_reply reply = fake_http_reply(status, type, body);
	enum discovery_result result = discovery_take(discovery, &reply, ISSUER, 1000);

	http_reply_done(&reply);
	return result;
}

static void the_address_has_one_slash(void **state UNUSED)
{
	static const struct {
		const char *issuer, *url;
	} rows[] = {
		{ "https://op.example.com",
		  "https://op.example.com/.well-known/openid-configuration" },
		{ "https://op.example.com/",
		  "https://op.example.com/.well-known/openid-configuration" },
		{ "https://op.example.com/realms/x",
		  "https://op.example.com/realms/x/.well-known/openid-configuration" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf url = BUF_INIT(200);

		discovery_url(rows[i].issuer, &url);
		assert_string_equal(buf_text(&url), rows[i].url);
		buf_done(&url);
	}
}

static void documents_are_judged(void **state UNUSED)
{
	static const struct {
		const char *body;
		enum discovery_result result;
	} rows[] = {
		{ "{\"issuer\":\"" ISSUER "\"," NEEDED "}", DISCOVERY_GOOD },
		{ "{\"issuer\":\"" ISSUER "/\"," NEEDED "}", DISCOVERY_WRONG_ISSUER },
		{ "{\"issuer\":\"https://op.example.com/{tenantid}\"," NEEDED "}",
		  DISCOVERY_WRONG_ISSUER },
		{ "{\"issuer\":\"https://OP.example.com/realm\"," NEEDED "}",
		  DISCOVERY_WRONG_ISSUER },
		{ "{" NEEDED "}", DISCOVERY_WRONG_ISSUER },
		{ "{\"issuer\":7," NEEDED "}", DISCOVERY_WRONG_ISSUER },
		{ "{\"issuer\":\"https://evil.example.net\",\"issuer\":\"" ISSUER "\"," NEEDED "}",
		  DISCOVERY_NO_ANSWER },
		{ "{\"issuer\":\"" ISSUER "\",\"token_endpoint\":\"https://op.example.com/t\"}",
		  DISCOVERY_INCOMPLETE },
		{ "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://op.example.com/t\"}",
		  DISCOVERY_INCOMPLETE },
		{ "{\"issuer\":\"" ISSUER "\",\"token_endpoint\":\"http://op.example.com/t\","
		  "\"jwks_uri\":\"https://k.example.com/j\"}", DISCOVERY_INCOMPLETE },
		{ "{\"issuer\":\"" ISSUER "\"," NEEDED ",\"userinfo_endpoint\":\"ftp://x\"}",
		  DISCOVERY_INCOMPLETE },
		{ "{\"issuer\":\"" ISSUER "\"," NEEDED ",\"device_authorization_endpoint\":"
		  "\"https://user@op.example.com/\"}", DISCOVERY_INCOMPLETE },
		{ "{\"issuer\":\"" ISSUER "\"," NEEDED ",\"authorization_endpoint\":"
		  "\"javascript:alert(1)\"}", DISCOVERY_INCOMPLETE },
		{ "[]", DISCOVERY_NO_ANSWER },
		{ "", DISCOVERY_NO_ANSWER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct discovery discovery = { 0 };

		if (take(&discovery, 200, "application/json", rows[i].body) != rows[i].result)
			fail_msg("%s", rows[i].body);
		assert_int_equal(discovery.is_known, rows[i].result == DISCOVERY_GOOD);
	}
}

static void a_reply_of_another_kind_is_no_document(void **state UNUSED)
{
	const char *body = "{\"issuer\":\"" ISSUER "\"," NEEDED "}";
	struct discovery discovery = { 0 };

	assert_int_equal(take(&discovery, 302, "application/json", body), DISCOVERY_NO_ANSWER);
	assert_int_equal(take(&discovery, 500, "application/json", body), DISCOVERY_NO_ANSWER);
	assert_int_equal(take(&discovery, 200, "text/html", body), DISCOVERY_NO_ANSWER);
	assert_false(discovery.is_known);
}

static void all_that_is_listed_is_kept(void **state UNUSED)
{
	struct discovery discovery = { 0 };

	assert_int_equal(take(&discovery, 200, "application/json", "{\"issuer\":\"" ISSUER "\","
			      NEEDED
			      ",\"authorization_endpoint\":\"https://a.example.com/?tenant=1\","
			      "\"device_authorization_endpoint\":\"https://d.example.com/\","
			      "\"userinfo_endpoint\":\"https://u.example.com/\","
			      "\"revocation_endpoint\":\"https://r.example.com/\","
			      "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\","
			      "\"client_secret_basic\"]}"), DISCOVERY_GOOD);
	assert_string_equal(discovery.token, "https://op.example.com/t");
	assert_string_equal(discovery.jwks, "https://k.example.com/j");
	assert_string_equal(discovery.authorization, "https://a.example.com/?tenant=1");
	assert_string_equal(discovery.device, "https://d.example.com/");
	assert_string_equal(discovery.userinfo, "https://u.example.com/");
	assert_string_equal(discovery.revocation, "https://r.example.com/");
	assert_true(discovery.lists_auth && discovery.auth_basic && !discovery.auth_post);
}

static void what_is_said_about_the_code_flow_is_kept(void **state UNUSED)
{
	static const struct {
		const char *more;
		bool lists, s256, iss;
	} rows[] = {
		{ "", false, false, false },
		{ ",\"code_challenge_methods_supported\":[]", true, false, false },
		{ ",\"code_challenge_methods_supported\":[\"plain\"]", true, false, false },
		{ ",\"code_challenge_methods_supported\":[\"plain\",\"S256\"]", true, true, false },
		{ ",\"code_challenge_methods_supported\":[\"s256\",256]", true, false, false },
		{ ",\"code_challenge_methods_supported\":\"S256\"", false, false, false },
		{ "," ISS_SUPPORTED ":true", false, false, true },
		{ "," ISS_SUPPORTED ":false", false, false, false },
		{ "," ISS_SUPPORTED ":\"true\"", false, false, true },
		{ "," ISS_SUPPORTED ":null", false, false, true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{\"issuer\":\"" ISSUER "\"," NEEDED "%s}",
							rows[i].more);
		struct discovery discovery = { 0 };

		assert_int_equal(take(&discovery, 200, "application/json", body), DISCOVERY_GOOD);
		assert_int_equal(discovery.lists_challenges, rows[i].lists);
		assert_int_equal(discovery.challenge_s256, rows[i].s256);
		assert_int_equal(discovery.callback_has_iss, rows[i].iss);
	}
}

static void an_old_document_serves_for_a_week(void **state UNUSED)
{
	struct discovery discovery = { 0 };

	assert_false(discovery_is_servable(&discovery, 0));
	assert_int_equal(take(&discovery, 200, "application/json",
			      "{\"issuer\":\"" ISSUER "\"," NEEDED "}"), DISCOVERY_GOOD);
	assert_true(discovery_is_fresh(&discovery, 1000 + DISCOVERY_FRESH_MS));
	assert_false(discovery_is_fresh(&discovery, 1001 + DISCOVERY_FRESH_MS));
	assert_true(discovery_is_servable(&discovery, 1000 + DISCOVERY_SERVE_MS));
	assert_false(discovery_is_servable(&discovery, 1001 + DISCOVERY_SERVE_MS));
	assert_int_equal(take(&discovery, 200, "application/json",
			      "{\"issuer\":\"https://evil.example.net\"," NEEDED "}"),
			 DISCOVERY_WRONG_ISSUER);
	assert_string_equal(discovery.token, "https://op.example.com/t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_address_has_one_slash),
		cmocka_unit_test(documents_are_judged),
		cmocka_unit_test(a_reply_of_another_kind_is_no_document),
		cmocka_unit_test(all_that_is_listed_is_kept),
		cmocka_unit_test(what_is_said_about_the_code_flow_is_kept),
		cmocka_unit_test(an_old_document_serves_for_a_week),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
