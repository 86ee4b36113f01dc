/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authorization code grant without a login: what goes out, and what the two answers mean. */
#include "providers/code-flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/relay-protocol.h"
#include "base/text.h"
#include "base/url.h"
#include "tests/providers/fake-core.h"

static void the_challenge_is_that_of_the_rfc(void **state UNUSED)
{
	struct buf form = BUF_INIT(200);

	/* RFC 7636 appendix B */
	code_flow_add_challenge(&form, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	assert_string_equal(buf_text(&form),
			    "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
			    "&code_challenge_method=S256");
	buf_done(&form);
}

static void verifiers_are_random_and_of_43_characters(void **state UNUSED)
{
	char one[CODE_FLOW_RANDOM_SIZE], two[CODE_FLOW_RANDOM_SIZE];

	assert_int_equal(code_flow_random(one), 0);
	assert_int_equal(code_flow_random(two), 0);
	assert_string_not_equal(one, two);
	/* RFC 7636 section 4.1: 43 to 128 of the unreserved characters. */
	assert_int_equal(strlen(one), 43);
	assert_int_equal(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-_"), 43);
}

static void an_endpoint_keeps_parameters_of_its_own(void **state UNUSED)
{
	static const struct {
		const char *endpoint, *url;
	} rows[] = {
		{ "https://op.example.com/a", "https://op.example.com/a?x=1" },
		{ "https://op.example.com", "https://op.example.com?x=1" },
		{ "https://op.example.com/a?tenant=7", "https://op.example.com/a?tenant=7&x=1" },
		{ "https://op.example.com/a?", "https://op.example.com/a?&x=1" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf query = BUF_INIT(100);
		_cleanup_free_ char *url = NULL;

		form_add(&query, "x", "1");
		url = code_flow_url(rows[i].endpoint, &query);
		assert_string_equal(url, rows[i].url);
		assert_true(url_is_location(url, RELAY_TARGET_URL_MAX));
		buf_done(&query);
	}
}

static void what_does_not_fit_is_not_sent(void **state UNUSED)
{
	const char *endpoint = "https://op.example.com/a";
	size_t room = RELAY_TARGET_URL_MAX - strlen(endpoint) - strlen("?x=");

	for (size_t len = room - 1; len <= room + 1; len++) {
		struct buf query = BUF_INIT(2 * RELAY_TARGET_URL_MAX);
		_cleanup_free_ char *url = NULL;

		buf_add_text(&query, "x=");
		while (query.len < len + strlen("x="))
			buf_add_char(&query, 'y');
		url = code_flow_url(endpoint, &query);
		assert_int_equal(url != NULL, len <= room);
		buf_done(&query);
	}
	for (int failed = 0; failed <= 1; failed++) {
		struct buf query = BUF_INIT(4);
		_cleanup_free_ char *url = NULL;

		buf_add_text(&query, failed ? "x=12345" : "x=1");
		url = code_flow_url(endpoint, &query);
		assert_int_equal(url != NULL, !failed);
		buf_done(&query);
	}
}

static void callbacks_are_a_code_or_an_error(void **state UNUSED)
{
	static const struct {
		const char *query;
		enum code_flow_result result;
		const char *text;                /* the code, or the error word */
	} rows[] = {
		{ "code=SplxlOBe&state=x", CODE_FLOW_GOOD, "SplxlOBe" },
		{ "code=4%2F0AY0e-g7%2Bx&scope=openid&authuser=0", CODE_FLOW_GOOD,
		  "4/0AY0e-g7+x" },
		{ "code=a+b", CODE_FLOW_GOOD, "a b" },
		{ "state=x", CODE_FLOW_NO_CODE, "" },
		{ "", CODE_FLOW_NO_CODE, "" },
		{ "code=", CODE_FLOW_NO_CODE, "" },
		{ "code", CODE_FLOW_NO_CODE, "" },
		{ "Code=x", CODE_FLOW_NO_CODE, "" },
		{ "code=%C3%A4", CODE_FLOW_NO_CODE, "" },
		{ "error=access_denied&error_description=No", CODE_FLOW_REFUSED, "access_denied" },
		{ "error=consent_required", CODE_FLOW_REFUSED, "consent_required" },
		{ "error=login_required", CODE_FLOW_REFUSED, "login_required" },
		{ "error=temporarily_unavailable", CODE_FLOW_BUSY, "temporarily_unavailable" },
		{ "error=server_error", CODE_FLOW_FAULT, "server_error" },
		{ "error=invalid_request", CODE_FLOW_SETUP, "invalid_request" },
		{ "error=unauthorized_client", CODE_FLOW_SETUP, "unauthorized_client" },
		{ "error=unsupported_response_type", CODE_FLOW_SETUP, "unsupported_response_type" },
		{ "error=invalid_scope", CODE_FLOW_SETUP, "invalid_scope" },
		{ "error=redirect_uri_mismatch", CODE_FLOW_SETUP, "redirect_uri_mismatch" },
		{ "error=application_suspended", CODE_FLOW_SETUP, "application_suspended" },
		{ "error=ACCESS_DENIED", CODE_FLOW_FAULT, "ACCESS_DENIED" },
		/* An error is one whatever stands beside it, or in it. */
		{ "code=SplxlOBe&error=access_denied", CODE_FLOW_REFUSED, "access_denied" },
		{ "code=SplxlOBe&error=", CODE_FLOW_FAULT, "" },
		{ "code=SplxlOBe&error", CODE_FLOW_FAULT, "" },
		{ "code=SplxlOBe&error=0123456789012345678901234567890123456789012345678901234567"
		  "8901234", CODE_FLOW_FAULT, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_secret_ struct secret *code = NULL;
		char error[CODE_FLOW_ERROR_MAX + 1];
		struct parameters callback;

		assert_int_equal(parameters_parse(rows[i].query, RELAY_CALLBACK_MAX, &callback), 0);
		if (code_flow_read_callback(&callback, &code, error) != rows[i].result)
			fail_msg("%s", rows[i].query);
		assert_int_equal(code != NULL, rows[i].result == CODE_FLOW_GOOD);
		assert_string_equal(code ? code->data : error, rows[i].text);
		parameters_done(&callback);
	}
}

static void a_code_has_at_most_2048_bytes(void **state UNUSED)
{
	for (size_t len = CODE_FLOW_CODE_MAX; len <= CODE_FLOW_CODE_MAX + 1; len++) {
		_cleanup_secret_ struct secret *code = NULL;
		char error[CODE_FLOW_ERROR_MAX + 1];
		struct buf query = BUF_INIT(RELAY_CALLBACK_MAX);
		struct parameters callback;

		buf_add_text(&query, "code=");
		while (query.len < len + strlen("code="))
			buf_add_char(&query, 'x');
		assert_int_equal(parameters_parse(buf_text(&query), query.max, &callback), 0);
		assert_int_equal(code_flow_read_callback(&callback, &code, error),
				 len <= CODE_FLOW_CODE_MAX ? CODE_FLOW_GOOD : CODE_FLOW_NO_CODE);
		parameters_done(&callback);
		buf_done(&query);
	}
}

#define TOKENS "\"access_token\":\"x\",\"token_type\":\"Bearer\""

static void replies_are_tokens_or_an_error(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *body;
		enum code_flow_result result;
	} rows[] = {
		{ 200, "{" TOKENS "}", CODE_FLOW_GOOD },
		{ 200, "{" TOKENS ",\"id_token\":\"y\",\"refresh_token\":\"z\"}", CODE_FLOW_GOOD },
		{ 200, "{\"access_token\":\"x\",\"token_type\":\"bearer\"}", CODE_FLOW_GOOD },
		{ 200, "{\"access_token\":\"x\",\"token_type\":\"DPoP\"}", CODE_FLOW_FAULT },
		{ 200, "{\"access_token\":\"x\"}", CODE_FLOW_FAULT },
		{ 200, "{\"token_type\":\"Bearer\",\"id_token\":\"y\"}", CODE_FLOW_FAULT },
		{ 200, "{\"access_token\":\"\",\"token_type\":\"Bearer\"}", CODE_FLOW_FAULT },
		{ 200, "{" TOKENS ",\"id_token\":7}", CODE_FLOW_FAULT },
		{ 200, "{" TOKENS ",\"access_token\":\"y\"}", CODE_FLOW_FAULT },
		{ 200, "{}", CODE_FLOW_FAULT },
		{ 200, "[]", CODE_FLOW_FAULT },
		{ 200, "", CODE_FLOW_FAULT },
		{ 201, "{" TOKENS "}", CODE_FLOW_FAULT },
		{ 302, "{" TOKENS "}", CODE_FLOW_FAULT },
		{ 400, "{" TOKENS "}", CODE_FLOW_FAULT },
		{ 400, "{\"error\":\"invalid_grant\"}", CODE_FLOW_WRONG_CODE },
		{ 200, "{\"error\":\"bad_verification_code\"}", CODE_FLOW_WRONG_CODE },
		{ 200, "{\"error\":\"invalid_grant\"," TOKENS "}", CODE_FLOW_WRONG_CODE },
		{ 400, "{\"error\":\"access_denied\"}", CODE_FLOW_REFUSED },
		{ 401, "{\"error\":\"invalid_client\"}", CODE_FLOW_SETUP },
		{ 200, "{\"error\":\"incorrect_client_credentials\"}", CODE_FLOW_SETUP },
		{ 400, "{\"error\":\"invalid_request\"}", CODE_FLOW_SETUP },
		{ 400, "{\"error\":\"unheard_of\"}", CODE_FLOW_FAULT },
		{ 400, "{\"error\":{\"code\":400}}", CODE_FLOW_FAULT },
		{ 200, "{\"error\":null," TOKENS "}", CODE_FLOW_FAULT },
		{ 404, "{\"error\":\"Not Found\"}", CODE_FLOW_SETUP },
		{ 401, "", CODE_FLOW_SETUP },
		{ 429, "", CODE_FLOW_BUSY },
		{ 429, "{\"error\":\"rate_limited\"}", CODE_FLOW_BUSY },
		{ 500, "", CODE_FLOW_FAULT },
		{ 503, "{\"error\":\"temporarily_unavailable\"}", CODE_FLOW_BUSY },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = fake_http_reply(rows[i].status, "application/json",
							  rows[i].body);
		struct oauth_tokens tokens = { 0 };
		char error[CODE_FLOW_ERROR_MAX + 1];

		if (code_flow_read_tokens(&reply, &tokens, error) != rows[i].result)
			fail_msg("%u %s", rows[i].status, rows[i].body);
		assert_int_equal(tokens.access_token != NULL, rows[i].result == CODE_FLOW_GOOD);
		oauth_tokens_done(&tokens);
		http_reply_done(&reply);
	}
}

static void a_reply_of_another_kind_or_none_is_no_token(void **state UNUSED)
{
	static const enum http_result lost[] = {
		HTTP_NOT_SENT, HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NO_HELPER,
	};
	struct http_reply html = fake_http_reply(200, "text/html", "{" TOKENS "}");
	struct oauth_tokens tokens = { 0 };
	char error[CODE_FLOW_ERROR_MAX + 1];

	assert_int_equal(code_flow_read_tokens(&html, &tokens, error), CODE_FLOW_FAULT);
	http_reply_done(&html);
	for (size_t i = 0; i < N_ELEMENTS(lost); i++) {
		struct http_reply reply = { .result = lost[i], .error = "gone" };

		assert_int_equal(code_flow_read_tokens(&reply, &tokens, error), CODE_FLOW_LOST);
		assert_null(tokens.access_token);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_challenge_is_that_of_the_rfc),
		cmocka_unit_test(verifiers_are_random_and_of_43_characters),
		cmocka_unit_test(an_endpoint_keeps_parameters_of_its_own),
		cmocka_unit_test(what_does_not_fit_is_not_sent),
		cmocka_unit_test(callbacks_are_a_code_or_an_error),
		cmocka_unit_test(a_code_has_at_most_2048_bytes),
		cmocka_unit_test(replies_are_tokens_or_an_error),
		cmocka_unit_test(a_reply_of_another_kind_or_none_is_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
