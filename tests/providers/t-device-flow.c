/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the replies of the device flow mean, whatever their status, and how the pace slows down. */
#include "providers/device-flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/fake-core.h"

/* --- polls --- */

static struct device_poll poll_reply(uint32_t status, const char *type, const char *body)
{
	struct http_reply reply = fake_http_reply(status, type, body);
	struct device_poll poll;

	device_poll_read(&reply, &poll);
	http_reply_done(&reply);
	return poll;
}

static void an_error_word_decides_and_the_status_does_not(void **state UNUSED)
{
	static const uint32_t statuses[] = { 200, 400, 401, 403, 428, 429, 503 };
	static const struct {
		const char *error;
		enum device_result result;
	} rows[] = {
		{ "authorization_pending", DEVICE_PENDING }, { "slow_down", DEVICE_SLOW_DOWN },
		{ "access_denied", DEVICE_REFUSED }, { "authorization_declined", DEVICE_REFUSED },
		{ "expired_token", DEVICE_EXPIRED }, { "token_expired", DEVICE_EXPIRED },
		{ "code_expired", DEVICE_EXPIRED }, { "invalid_grant", DEVICE_UNKNOWN_CODE },
		{ "incorrect_device_code", DEVICE_UNKNOWN_CODE },
		{ "bad_verification_code", DEVICE_UNKNOWN_CODE },
		{ "invalid_client", DEVICE_SETUP }, { "unauthorized_client", DEVICE_SETUP },
		{ "unsupported_grant_type", DEVICE_SETUP }, { "invalid_request", DEVICE_SETUP },
		{ "invalid_scope", DEVICE_SETUP }, { "device_flow_disabled", DEVICE_SETUP },
		{ "incorrect_client_credentials", DEVICE_SETUP }, { "org_internal", DEVICE_SETUP },
		{ "admin_policy_enforced", DEVICE_SETUP },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{\"error\":\"%s\",\"access_token\":\"x\","
							"\"token_type\":\"bearer\"}",
							rows[i].error);

		for (size_t j = 0; j < N_ELEMENTS(statuses); j++) {
			struct device_poll poll = poll_reply(statuses[j], "application/json", body);

			if (poll.result != rows[i].result)
				fail_msg("%s with status %u", rows[i].error, statuses[j]);
			assert_string_equal(poll.error, rows[i].error);
			assert_null(poll.tokens.access_token);
		}
	}
}

static void other_replies_are_judged(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *type, *body;
		enum device_result result;
	} rows[] = {
		/* words nobody knows */
		{ 400, "application/json", "{\"error\":\"something\"}", DEVICE_FAULT },
		{ 200, "application/json", "{\"error\":\"\"}", DEVICE_FAULT },
		{ 200, "application/json", "{\"error\":null,\"access_token\":\"x\"}",
		  DEVICE_FAULT },
		{ 400, "application/json", "{\"error\":[\"authorization_pending\"]}",
		  DEVICE_FAULT },
		{ 400, "application/json", "{\"error\":\"Authorization_pending\"}", DEVICE_FAULT },
		{ 400, "application/json", "{\"message\":\"no\"}", DEVICE_FAULT },
		{ 500, "application/json", "{\"error\":\"server_error\"}", DEVICE_RETRY },
		{ 429, "application/json", "{\"message\":\"slow\"}", DEVICE_RETRY },
		/* not JSON */
		{ 502, "text/html", "<html>Bad gateway</html>", DEVICE_RETRY },
		{ 200, "text/html", "<html>Sign in</html>", DEVICE_RETRY },
		{ 400, "text/plain", "{\"error\":\"authorization_pending\"}", DEVICE_RETRY },
		{ 200, "application/json", "", DEVICE_RETRY },
		{ 200, "application/json", "[]", DEVICE_RETRY },
		{ 200, "application/json", "{\"access_token\":\"a\",\"access_token\":\"b\"}",
		  DEVICE_RETRY },
		/* tokens */
		{ 200, "application/json", "{\"access_token\":\"x\",\"token_type\":\"Bearer\"}",
		  DEVICE_GOOD },
		{ 200, "application/json", "{\"access_token\":\"x\",\"token_type\":\"bEaReR\"}",
		  DEVICE_GOOD },
		{ 200, "application/json", "{\"access_token\":\"x\",\"token_type\":\"mac\"}",
		  DEVICE_FAULT },
		{ 200, "application/json", "{\"access_token\":\"x\"}", DEVICE_FAULT },
		{ 200, "application/json", "{\"access_token\":\"\",\"token_type\":\"bearer\"}",
		  DEVICE_FAULT },
		{ 200, "application/json", "{\"token_type\":\"bearer\"}", DEVICE_FAULT },
		{ 200, "application/json", "{\"access_token\":7,\"token_type\":\"bearer\"}",
		  DEVICE_FAULT },
		{ 200, "application/json", "{\"access_token\":\"x\",\"token_type\":\"bearer\","
		  "\"id_token\":\"\"}", DEVICE_FAULT },
		{ 201, "application/json", "{\"access_token\":\"x\",\"token_type\":\"bearer\"}",
		  DEVICE_FAULT },
		{ 503, "application/json", "{\"access_token\":\"x\",\"token_type\":\"bearer\"}",
		  DEVICE_RETRY },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct device_poll poll = poll_reply(rows[i].status, rows[i].type, rows[i].body);

		if (poll.result != rows[i].result)
			fail_msg("%u %s", rows[i].status, rows[i].body);
		assert_int_equal(poll.tokens.access_token != NULL, poll.result == DEVICE_GOOD);
		oauth_tokens_done(&poll.tokens);
	}
}

static void a_token_has_its_bound(void **state UNUSED)
{
	for (size_t len = OAUTH_TOKEN_MAX; len <= OAUTH_TOKEN_MAX + 1; len++) {
		struct buf body = BUF_INIT(20000);
		struct device_poll poll;

		buf_add_text(&body, "{\"token_type\":\"bearer\",\"access_token\":\"");
		for (size_t i = 0; i < len; i++)
			buf_add_char(&body, 'a');
		buf_add_text(&body, "\"}");
		poll = poll_reply(200, "application/json", buf_text(&body));
		assert_int_equal(poll.result, len > OAUTH_TOKEN_MAX ? DEVICE_FAULT : DEVICE_GOOD);
		oauth_tokens_done(&poll.tokens);
		buf_done(&body);
	}
}

static void no_answer_means_to_try_again(void **state UNUSED)
{
	static const enum http_result results[] = {
		HTTP_NOT_SENT, HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NO_HELPER,
	};

	for (size_t i = 0; i < N_ELEMENTS(results); i++) {
		struct http_reply reply = { .result = results[i] };
		struct device_poll poll;

		device_poll_read(&reply, &poll);
		assert_int_equal(poll.result, DEVICE_RETRY);
		assert_int_equal(poll.hint_ms, 0);
	}
}

/* --- the pace --- */

static void the_pace_only_ever_slows_down(void **state UNUSED)
{
	static const struct {
		enum device_result result;
		int64_t hint_ms, wait_ms;
	} rows[] = {
		{ DEVICE_PENDING, 0, 5000 },
		{ DEVICE_SLOW_DOWN, 0, 10000 },
		{ DEVICE_PENDING, 0, 10000 },
		{ DEVICE_SLOW_DOWN, 0, 15000 },
		{ DEVICE_SLOW_DOWN, 40000, 40000 },      /* the reply asked for more */
		{ DEVICE_SLOW_DOWN, 10000, 45000 },      /* or for less: five more all the same */
		{ DEVICE_RETRY, 0, 60000 },
		{ DEVICE_PENDING, 0, 45000 },
		{ DEVICE_SLOW_DOWN, 300000, 300000 },
		{ DEVICE_RETRY, 0, 300000 },             /* backing off never polls faster */
	};
	struct device_pace pace;

	device_pace_start(&pace, 5000);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct device_poll poll = { .result = rows[i].result,
						  .hint_ms = rows[i].hint_ms };

		if (device_pace_next(&pace, &poll) != rows[i].wait_ms)
			fail_msg("row %zu: %lld", i, (long long)pace.wait_ms);
	}
}

static void faults_double_the_wait_up_to_a_minute(void **state UNUSED)
{
	static const int64_t waits[] = { 10000, 20000, 40000, 60000, 60000 };
	const struct device_poll retry = { .result = DEVICE_RETRY };
	const struct device_poll hinted = { .result = DEVICE_RETRY, .hint_ms = 37000 };
	struct device_pace pace;

	device_pace_start(&pace, 5000);
	for (size_t i = 0; i < N_ELEMENTS(waits); i++)
		assert_int_equal(device_pace_next(&pace, &retry), waits[i]);
	device_pace_start(&pace, 5000);
	assert_int_equal(device_pace_next(&pace, &hinted), 37000);
}

static void what_the_server_says_of_the_pace_is_bounded(void **state UNUSED)
{
	static const struct {
		const char *retry_after;
		int64_t hint_ms;
	} rows[] = {
		{ "7", 7000 }, { "60", 60000 }, { "3600", 60000 }, { "-5", 0 }, { "", 0 },
		{ "Wed, 21 Oct 2026 07:28:00 GMT", 0 }, { "99999999999999999999", 0 },
	};
	struct device_poll poll;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = fake_http_reply(429, "text/plain", "slow down");

		assert_true(text_into(reply.retry_after, sizeof(reply.retry_after),
				      rows[i].retry_after));
		device_poll_read(&reply, &poll);
		assert_int_equal(poll.hint_ms, rows[i].hint_ms);
		http_reply_done(&reply);
	}
	poll = poll_reply(200, "application/json", "{\"error\":\"slow_down\",\"interval\":12}");
	assert_int_equal(poll.hint_ms, 12000);
	poll = poll_reply(200, "application/json", "{\"error\":\"slow_down\",\"interval\":99999}");
	assert_int_equal(poll.hint_ms, 0);
	poll = poll_reply(200, "application/json", "{\"error\":\"slow_down\",\"interval\":\"12\"}");
	assert_int_equal(poll.hint_ms, 0);
}

/* --- the code --- */

#define CODE  "\"device_code\":\"secret\",\"user_code\":\"WDJB-MJHT\""
#define URI   "\"verification_uri\":\"https://op.example.com/device\""
#define TIMES "\"expires_in\":900,\"interval\":7"

static void a_code_is_taken_whole_or_not_at_all(void **state UNUSED)
{
	static const struct {
		const char *members;
		enum device_result result;
	} rows[] = {
		{ CODE "," URI "," TIMES, DEVICE_GOOD },
		{ CODE ",\"verification_url\":\"https://www.example.com/device\"," TIMES,
		  DEVICE_GOOD },
		{ CODE "," URI ",\"verification_uri_complete\":\"https://op.example.com/d?x=1\","
		  TIMES, DEVICE_GOOD },
		{ CODE "," URI ",\"verification_uri_complete\":\"https://op.example.com:443/d\","
		  TIMES, DEVICE_GOOD },
		{ CODE "," URI ",\"verification_uri_complete\":\"https://op.example.net/d\"," TIMES,
		  DEVICE_FAULT },
		{ CODE "," URI ",\"verification_uri_complete\":\"https://op.example.com:8443/d\","
		  TIMES, DEVICE_FAULT },
		{ CODE ","
		  URI ",\"verification_uri_complete\":\"https://op.example.com@evil.net/\","
		  TIMES, DEVICE_FAULT },
		{ CODE "," URI ",\"verification_uri_complete\":7," TIMES, DEVICE_FAULT },
		{ CODE ",\"verification_uri\":\"http://op.example.com/device\"," TIMES,
		  DEVICE_FAULT },
		{ CODE ",\"verification_uri\":\"javascript:alert(1)\"," TIMES, DEVICE_FAULT },
		{ CODE ",\"verification_uri\":\"https://op.example.com/\\u001b[2J\"," TIMES,
		  DEVICE_FAULT },
		{ CODE ",\"verification_uri\":\"https://op.example.com/\\u202e\"," TIMES,
		  DEVICE_FAULT },
		{ CODE "," TIMES, DEVICE_FAULT },
		{ "\"user_code\":\"WDJB-MJHT\"," URI "," TIMES, DEVICE_FAULT },
		{ "\"device_code\":\"\",\"user_code\":\"WDJB-MJHT\"," URI "," TIMES, DEVICE_FAULT },
		{ "\"device_code\":\"secret\"," URI "," TIMES, DEVICE_FAULT },
		{ "\"device_code\":\"secret\",\"user_code\":\"\"," URI "," TIMES, DEVICE_FAULT },
		{ "\"device_code\":\"secret\",\"user_code\":\"WD\\u00e9\"," URI "," TIMES,
		  DEVICE_FAULT },
		{ "\"device_code\":\"secret\",\"user_code\":\"WD\\nJB\"," URI "," TIMES,
		  DEVICE_FAULT },
		{ "\"device_code\":\"secret\",\"user_code\":\"01234567890123456789012345678901"
		  "234567890123456789012345678901234\"," URI "," TIMES, DEVICE_FAULT },
		{ CODE "," URI ",\"interval\":5", DEVICE_FAULT },
		{ CODE "," URI ",\"expires_in\":\"900\"", DEVICE_FAULT },
		{ CODE "," URI ",\"expires_in\":29", DEVICE_FAULT },
		{ CODE "," URI ",\"expires_in\":3601", DEVICE_FAULT },
		{ CODE "," URI ",\"expires_in\":-900", DEVICE_FAULT },
		{ CODE "," URI ",\"expires_in\":900,\"interval\":\"5\"", DEVICE_FAULT },
		{ CODE "," URI ",\"expires_in\":900,\"interval\":-1", DEVICE_FAULT },
		{ CODE "," CODE "," URI "," TIMES, DEVICE_RETRY },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{%s}", rows[i].members);
		struct http_reply reply = fake_http_reply(200, "application/json", body);
		struct device_code code = { 0 };

		if (device_code_read(&reply, &code) != rows[i].result)
			fail_msg("%s", rows[i].members);
		assert_int_equal(code.device_code != NULL, rows[i].result == DEVICE_GOOD);
		device_code_done(&code);
		http_reply_done(&reply);
	}
}

static void the_interval_has_a_default_and_bounds(void **state UNUSED)
{
	static const struct {
		const char *interval;
		int64_t ms;
	} rows[] = {
		{ "", 5000 }, { ",\"interval\":7", 7000 }, { ",\"interval\":0", 1000 },
		{ ",\"interval\":60", 60000 }, { ",\"interval\":86400", 60000 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{" CODE "," URI ",\"expires_in\":900%s}",
							rows[i].interval);
		struct http_reply reply = fake_http_reply(200, "application/json", body);
		struct device_code code = { 0 };

		assert_int_equal(device_code_read(&reply, &code), DEVICE_GOOD);
		assert_int_equal(code.interval_ms, rows[i].ms);
		assert_int_equal(code.expires_ms, 900000);
		device_code_done(&code);
		http_reply_done(&reply);
	}
}

static void a_refused_code_says_why(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *type, *body;
		enum device_result result;
	} rows[] = {
		{ 400, "application/json", "{\"error\":\"invalid_client\"}", DEVICE_SETUP },
		{ 401, "application/json", "{\"error\":\"whatever\"}", DEVICE_SETUP },
		{ 404, "application/json", "{\"error\":\"Not Found\"}", DEVICE_SETUP },
		{ 404, "text/html", "<html>", DEVICE_SETUP },
		{ 403, "application/json", "{\"error_code\":\"rate_limit_exceeded\"}",
		  DEVICE_BUSY },
		{ 400, "application/json", "{\"error\":\"slow_down\"}", DEVICE_BUSY },
		{ 429, "text/html", "<html>", DEVICE_BUSY },
		{ 403, "application/json", "{\"error\":\"access_denied\"}", DEVICE_REFUSED },
		{ 400, "application/json", "{\"error\":\"authorization_pending\"}", DEVICE_FAULT },
		{ 500, "application/json", "{\"error\":\"server_error\"}", DEVICE_RETRY },
		{ 503, "text/html", "<html>", DEVICE_RETRY },
		{ 200, "text/html", "<html>", DEVICE_RETRY },
		{ 201, "application/json", "{" CODE "," URI "," TIMES "}", DEVICE_FAULT },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = fake_http_reply(rows[i].status, rows[i].type,
							  rows[i].body);
		struct device_code code = { 0 };

		if (device_code_read(&reply, &code) != rows[i].result)
			fail_msg("%u %s", rows[i].status, rows[i].body);
		assert_null(code.device_code);
		http_reply_done(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_word_decides_and_the_status_does_not),
		cmocka_unit_test(other_replies_are_judged),
		cmocka_unit_test(a_token_has_its_bound),
		cmocka_unit_test(no_answer_means_to_try_again),
		cmocka_unit_test(the_pace_only_ever_slows_down),
		cmocka_unit_test(faults_double_the_wait_up_to_a_minute),
		cmocka_unit_test(what_the_server_says_of_the_pace_is_bounded),
		cmocka_unit_test(a_code_is_taken_whole_or_not_at_all),
		cmocka_unit_test(the_interval_has_a_default_and_bounds),
		cmocka_unit_test(a_refused_code_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
