/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMS vendor `twilio`: the request as its documentation has it, and every answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "providers/table.h"
#include "tests/providers/vendor-fixture.h"

#define HEX      "0123456789abcdef0123456789abcdef"
#define ACCOUNT  "account_sid = AC" HEX "\n"
#define SERVICE  "messaging_service_sid = MG" HEX "\n"
#define FROM     "from = +14155550199\n"
#define KEY      "api_key_sid = SK" HEX "\n"
#define MESSAGES "https://api.twilio.com/2010-04-01/Accounts/AC" HEX "/Messages"
#define TEXT     "012345 is your login code for db-1."
#define MADE     "\"sid\":\"SM" HEX "\",\"status\":\"queued\",\"error_code\":null"

static const struct fixture_secret token[] = { { "auth_token", "s3cret" }, { NULL } };
static const struct fixture_secret key[] = { { "api_key_secret", "k3y" }, { NULL } };

static struct sms_gateway *gateway_new(const char *lines)
{
	return fixture_gateway(&twilio_vendor, &(struct vendor_section){ lines, token });
}

static void the_request_is_the_documented_one(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(ACCOUNT SERVICE);
	struct http_request *request = fixture_send(gateway, "+14155550100", TEXT);

	assert_int_equal(request->method, HTTP_POST);
	assert_string_equal(request->url, MESSAGES ".json");
	assert_string_equal(fixture_body(request),
			    "To=%2B14155550100&MessagingServiceSid=MG" HEX
			    "&Body=012345%20is%20your%20login%20code%20for%20db-1."
			    "&ValidityPeriod=300");
	assert_true(fixture_has_header(request,
				       "Content-Type: application/x-www-form-urlencoded"));
	assert_true(fixture_has_header(request, "Accept: application/json"));
	/* base64("AC…:s3cret") */
	assert_true(fixture_has_header(request,
				       "Authorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OW"
				       "FiY2RlZjpzM2NyZXQ="));
	http_request_free(request);
	fixture_gateway_free(gateway);
}

static void an_api_key_logs_in_for_the_account(void **state UNUSED)
{
	struct sms_gateway *gateway = fixture_gateway(&twilio_vendor,
		&(struct vendor_section){ ACCOUNT FROM KEY, key });
	struct http_request *request = fixture_send(gateway, "+14155550100", TEXT);

	assert_string_equal(request->url, MESSAGES ".json");
	/* base64("SK…:k3y") */
	assert_true(fixture_has_header(request,
				       "Authorization: Basic U0swMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OW"
				       "FiY2RlZjprM3k="));
	http_request_free(request);
	fixture_gateway_free(gateway);
}

static void options_are_parameters(void **state UNUSED)
{
	static const struct {
		const char *lines, *body;
	} rows[] = {
		{ FROM, "To=%2B14155550100&From=%2B14155550199&Body=" },
		{ "from = 72345\n", "&From=72345&" },
		{ "from = Example Org\n", "&From=Example%20Org&" },
		{ FROM SERVICE, "&From=%2B14155550199&MessagingServiceSid=MG" HEX "&Body=" },
		{ FROM "smart_encoded = yes\n", "&ValidityPeriod=300&SmartEncoded=true" },
		{ FROM "content_retention_discard = yes\n", "&ContentRetention=discard" },
		{ FROM "address_retention_obfuscate = yes\n", "&AddressRetention=obfuscate" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *lines = text_format(ACCOUNT "%s", rows[i].lines);
		struct sms_gateway *gateway = gateway_new(lines);
		struct http_request *request = fixture_send(gateway, "+14155550100", TEXT);

		if (!strstr(fixture_body(request), rows[i].body))
			fail_msg("%s is not in %s", rows[i].body, fixture_body(request));
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void another_region_is_another_host(void **state UNUSED)
{
	static const char *const endpoints[] = {
		"https://api.dublin.ie1.twilio.com", "https://api.dublin.ie1.twilio.com/",
	};

	for (size_t i = 0; i < N_ELEMENTS(endpoints); i++) {
		_cleanup_free_ char *lines = text_format(ACCOUNT FROM "endpoint = %s\n",
							 endpoints[i]);
		struct sms_gateway *gateway = gateway_new(lines);
		struct http_request *request = fixture_send(gateway, "+14155550100", TEXT);

		assert_string_equal(request->url, "https://api.dublin.ie1.twilio.com/2010-04-01/"
				    "Accounts/AC" HEX "/Messages.json");
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void any_text_stays_one_parameter(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(ACCOUNT FROM);
	struct http_request *request = fixture_send(gateway, "+8613900001234",
						    "a&To=+1 \xe7\xa0\x81");

	assert_non_null(strstr(fixture_body(request), "&Body=a%26To%3D%2B1%20%E7%A0%81&Val"));
	http_request_free(request);
	fixture_gateway_free(gateway);
}

static void the_text_has_its_bound(void **state UNUSED)
{
	static const struct {
		size_t len;
		bool is_sent;
	} rows[] = { { 0, false }, { 1, true }, { 1600, true }, { 1601, false } };
	struct sms_gateway *gateway = gateway_new(ACCOUNT FROM);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char text[1700] = "";
		struct http_request *request;

		memset(text, 'x', rows[i].len);
		request = fixture_send(gateway, "+14155550100", text);
		assert_int_equal(request != NULL, rows[i].is_sent);
		http_request_free(request);
	}
	fixture_gateway_free(gateway);
}

static void a_code_waits_no_longer_than_it_lives(void **state UNUSED)
{
	static const struct {
		int64_t valid_s;
		const char *parameter;
	} rows[] = {
		{ 600, "&ValidityPeriod=600" }, { 1, "&ValidityPeriod=5" },
		{ -1, "&ValidityPeriod=5" }, { 100000, "&ValidityPeriod=36000" },
	};
	struct sms_gateway *gateway = gateway_new(ACCOUNT FROM);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_message message = fixture_message("+14155550100", TEXT);
		struct http_request *request;

		message.valid_s = rows[i].valid_s;
		request = twilio_vendor.send(gateway->config, &message, &fixture_attempt);
		assert_true(text_has_suffix(fixture_body(request), rows[i].parameter));
		http_request_free(request);
		fixture_message_done(&message);
	}
	fixture_gateway_free(gateway);
}

static void sections_are_checked(void **state UNUSED)
{
	static const struct fixture_secret both[] = {
		{ "auth_token", "s3cret" }, { "api_key_secret", "k3y" }, { NULL }
	};
	static const struct fixture_secret lines[] = { { "auth_token", "s3cret\nmore" }, { NULL } };
	static const struct {
		struct vendor_section section;
		const char *mistake;     /* NULL: none */
	} rows[] = {
		{ { ACCOUNT SERVICE, token }, NULL },
		{ { ACCOUNT FROM KEY, key }, NULL },
		{ { ACCOUNT "from = 12345\n", token }, NULL },
		{ { ACCOUNT "from = jauth 2\n", token }, NULL },
		{ { SERVICE, token }, "needs \"account_sid\"" },
		{ { "account_sid = AC123\n" FROM, token }, "2: \"account_sid\" must be AC and 32" },
		{ { "account_sid = SK" HEX "\n" FROM, token }, "must be AC and 32 hex digits" },
		{ { "account_sid = AC" HEX "0\n" FROM, token }, "must be AC and 32 hex digits" },
		{ { "account_sid = AC0123456789abcdef0123456789abcdeg\n" FROM, token },
		  "must be AC and 32 hex digits" },
		{ { ACCOUNT "messaging_service_sid = SM" HEX "\n", token }, "must be MG and 32" },
		{ { ACCOUNT FROM "api_key_sid = AC" HEX "\n", key }, "must be SK and 32" },
		{ { ACCOUNT, token }, "\"from\" or \"messaging_service_sid\" is needed" },
		{ { ACCOUNT FROM, NULL }, "\"auth_token\" or an API key is needed" },
		{ { ACCOUNT FROM KEY, both }, "\"auth_token\" or an API key is needed, one" },
		{ { ACCOUNT FROM KEY, NULL }, "\"api_key_secret\" are needed together" },
		{ { ACCOUNT FROM, key }, "\"api_key_secret\" are needed together" },
		{ { ACCOUNT FROM, lines }, "\"auth_token_file\" must hold one line" },
		{ { ACCOUNT "from = 01\n", token }, "3: \"from\" must be a number" },
		{ { ACCOUNT "from = 123456789\n", token }, "\"from\" must be a number" },
		{ { ACCOUNT "from = +0123456789\n", token }, "\"from\" must be a number" },
		{ { ACCOUNT "from = eleven char\n", token }, NULL },
		{ { ACCOUNT "from = twelve chars\n", token }, "\"from\" must be a number" },
		{ { ACCOUNT "from = with-dash\n", token }, "\"from\" must be a number" },
		{ { ACCOUNT FROM "endpoint = http://api.example.org\n", token }, "must be a URL" },
		{ { ACCOUNT FROM "endpoint = https://api.example.org/v1\n", token },
		  "\"endpoint\" must be https://HOST without a path" },
		{ { ACCOUNT FROM "endpoint = https://api.example.org?a=b\n", token },
		  "\"endpoint\" must be https://HOST" },
		{ { ACCOUNT FROM "smart_encoded = maybe\n", token }, "must be yes or no" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fixture_mistakes(&twilio_vendor, &rows[i].section);
		bool is_right = rows[i].mistake ? strstr(mistakes, rows[i].mistake) != NULL :
			!mistakes[0];

		if (!is_right)
			fail_msg("%s: %s", rows[i].section.lines, mistakes);
	}
}

static void what_was_taken_has_an_id(void **state UNUSED)
{
	static const char *const statuses[] = {
		"accepted", "queued", "scheduled", "sending", "sent",
	};
	struct sms_gateway *gateway = gateway_new(ACCOUNT FROM);

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
		_cleanup_free_ char *body = text_format(
			"{\"sid\":\"%s" HEX "\",\"status\":\"%s\",\"to\":\"+14155550100\","
			"\"body\":\"" TEXT "\",\"error_code\":null,\"error_message\":null}",
			i % 2 ? "SM" : "MM", statuses[i]);
		struct sms_result result = fixture_judge(gateway,
							 &(struct fixture_reply){ 201, body });

		assert_int_equal(result.class, SMS_ACCEPTED);
		assert_string_equal(result.id, i % 2 ? "SM" HEX : "MM" HEX);
	}
	fixture_gateway_free(gateway);
}

/* Rows of replies and what they mean. */
struct judgement {
	struct fixture_reply reply;
	enum sms_class class;
	const char *word;
	int64_t wait_s;
	bool was_stopped;
};

static void judge_rows(const struct judgement *rows, size_t n)
{
	struct sms_gateway *gateway = gateway_new(ACCOUNT FROM);

	for (size_t i = 0; i < n; i++) {
		struct sms_result result = fixture_judge(gateway, &rows[i].reply);

		if (result.class != rows[i].class || !text_equals(result.word, rows[i].word) ||
		    result.wait_s != rows[i].wait_s ||
		    result.was_stopped != rows[i].was_stopped)
			fail_msg("%u %s: class %d, word %s, wait %d", rows[i].reply.status,
				 rows[i].reply.body, (int)result.class, result.word,
				 (int)result.wait_s);
	}
	fixture_gateway_free(gateway);
}

#define ERROR(number) "{\"code\":" number ",\"message\":\"The 'To' number +1415 is not valid.\"," \
	"\"more_info\":\"https://www.twilio.com/docs/errors/" number "\",\"status\":400}"

static void errors_have_their_class(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 401, ERROR("20003") }, SMS_CONFIG, "20003" },
		{ { 403, ERROR("20003") }, SMS_CONFIG, "20003" },
		{ { 404, ERROR("20404") }, SMS_CONFIG, "20404" },
		{ { 429, ERROR("20429") }, SMS_AGAIN, "20429" },
		{ { 429, ERROR("20429"), .retry_after = "7" }, SMS_AGAIN, "20429", 7 },
		{ { 429, ERROR("20429"), .retry_after = "Fri, 02 Jan 2026 03:04:05 GMT" },
		  SMS_AGAIN, "20429" },
		{ { 400, ERROR("21201") }, SMS_REFUSED, "21201" },
		{ { 400, ERROR("21604") }, SMS_REFUSED, "21604" },
		{ { 400, ERROR("21211") }, SMS_NUMBER, "21211" },
		{ { 400, ERROR("21217") }, SMS_NUMBER, "21217" },
		{ { 400, ERROR("21214") }, SMS_NUMBER, "21214" },
		{ { 400, ERROR("21612") }, SMS_NUMBER, "21612" },
		{ { 400, ERROR("21614") }, SMS_NUMBER, "21614" },
		{ { 400, ERROR("21610") }, SMS_NUMBER, "21610", .was_stopped = true },
		{ { 400, ERROR("21408") }, SMS_CONFIG, "21408" },
		{ { 400, ERROR("21212") }, SMS_CONFIG, "21212" },
		{ { 400, ERROR("21603") }, SMS_CONFIG, "21603" },
		{ { 400, ERROR("21606") }, SMS_CONFIG, "21606" },
		{ { 400, ERROR("21659") }, SMS_CONFIG, "21659" },
		{ { 400, ERROR("21660") }, SMS_CONFIG, "21660" },
		{ { 400, ERROR("21701") }, SMS_CONFIG, "21701" },
		{ { 400, ERROR("21703") }, SMS_CONFIG, "21703" },
		{ { 400, ERROR("21704") }, SMS_CONFIG, "21704" },
		{ { 400, ERROR("21705") }, SMS_CONFIG, "21705" },
		{ { 400, ERROR("21712") }, SMS_CONFIG, "21712" },
		{ { 400, ERROR("21608") }, SMS_CONFIG, "21608" },
		{ { 400, ERROR("21602") }, SMS_REFUSED, "21602" },
		{ { 400, ERROR("21617") }, SMS_REFUSED, "21617" },
		{ { 400, ERROR("21619") }, SMS_REFUSED, "21619" },
		{ { 400, ERROR("21611") }, SMS_LIMIT, "21611" },
		{ { 429, ERROR("21611"), .retry_after = "60" }, SMS_LIMIT, "21611", 60 },
		{ { 400, ERROR("29999") }, SMS_REFUSED, "29999" },
		/* without a code: the status */
		{ { 400, "{}" }, SMS_REFUSED, "status 400" },
		{ { 400, "{\"code\":\"21211\"}" }, SMS_REFUSED, "status 400" },
		{ { 400, "{\"code\":null}" }, SMS_REFUSED, "status 400" },
		{ { 400, "{\"code\":-1}" }, SMS_REFUSED, "status 400" },
		{ { 400, "{\"code\":1e400}" }, SMS_REFUSED, "status 400" },
		{ { 401, NULL }, SMS_CONFIG, "status 401" },
		{ { 403, "<html>", "text/html" }, SMS_CONFIG, "status 403" },
		{ { 404, "<html>", "text/html" }, SMS_CONFIG, "status 404" },
		{ { 429, NULL, .retry_after = "3" }, SMS_AGAIN, "status 429", 3 },
		{ { 413, NULL }, SMS_REFUSED, "status 413" },
		/* what comes of a server may have been sent, whatever it says */
		{ { 500, ERROR("20500") }, SMS_UNKNOWN, "status 500" },
		{ { 503, ERROR("20503"), .retry_after = "7" }, SMS_UNKNOWN, "status 503" },
		{ { 500, ERROR("21211") }, SMS_UNKNOWN, "status 500" },
		{ { 502, "<html>", "text/html" }, SMS_UNKNOWN, "status 502" },
	};

	judge_rows(rows, N_ELEMENTS(rows));
}

static void a_message_may_fail_at_once(void **state UNUSED)
{
#define FAILED(status, code) \
	"{\"sid\":\"SM" HEX "\",\"status\":\"" status "\",\"error_code\":" code "}"
	static const struct judgement rows[] = {
		{ { 201, FAILED("failed", "null") }, SMS_REFUSED, "status 201" },
		{ { 201, FAILED("undelivered", "null") }, SMS_REFUSED, "status 201" },
		{ { 201, FAILED("canceled", "null") }, SMS_REFUSED, "status 201" },
		{ { 201, FAILED("failed", "30001") }, SMS_LIMIT, "30001" },
		{ { 201, FAILED("failed", "30002") }, SMS_CONFIG, "30002" },
		{ { 201, FAILED("failed", "30003") }, SMS_NUMBER, "30003" },
		{ { 201, FAILED("failed", "30004") }, SMS_NUMBER, "30004" },
		{ { 201, FAILED("failed", "30005") }, SMS_NUMBER, "30005" },
		{ { 201, FAILED("failed", "30006") }, SMS_NUMBER, "30006" },
		{ { 201, FAILED("failed", "30007") }, SMS_REFUSED, "30007" },
		{ { 201, FAILED("failed", "30034") }, SMS_CONFIG, "30034" },
		{ { 201, FAILED("failed", "30450") }, SMS_REFUSED, "30450" },
		{ { 201, FAILED("queued", "21610") }, SMS_NUMBER, "21610", .was_stopped = true },
		{ { 201, FAILED("queued", "30007") }, SMS_REFUSED, "30007" },
	};

	judge_rows(rows, N_ELEMENTS(rows));
}

static void doubt_is_never_yes(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 201, NULL }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{" MADE "}", "text/html" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{" MADE }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{" MADE "}x" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "[{" MADE "}]" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{" MADE ",\"sid\":\"SM" HEX "\"}" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{\"status\":\"queued\"}" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{\"sid\":\"SM" HEX "\"}" }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("delivered", "null") }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("received", "null") }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("Queued", "null") }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("", "null") }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("queued", "\"30003\"") }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("failed", "\"30003\"") }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("queued", "0") }, SMS_UNKNOWN, "status 201" },
		{ { 201, FAILED("queued", "false") }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{\"sid\":\"SM123\",\"status\":\"queued\"}" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{\"sid\":\"AC" HEX "\",\"status\":\"queued\"}" }, SMS_UNKNOWN,
		  "status 201" },
		{ { 201, "{\"sid\":7,\"status\":\"queued\"}" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{\"sid\":\"SM" HEX "\",\"status\":true}" }, SMS_UNKNOWN, "status 201" },
		{ { 200, "{" MADE "}" }, SMS_UNKNOWN, "status 200" },
		{ { 202, "{" MADE "}" }, SMS_UNKNOWN, "status 202" },
		{ { 204, NULL }, SMS_UNKNOWN, "status 204" },
		{ { 301, "{" MADE "}" }, SMS_UNKNOWN, "status 301" },
		{ { 500, "{" MADE "}" }, SMS_UNKNOWN, "status 500" },
		{ { 400, "{" MADE "}" }, SMS_REFUSED, "status 400" },
	};

	judge_rows(rows, N_ELEMENTS(rows));
}

static void delivery_is_asked_for_by_id(void **state UNUSED)
{
	static const char *const others[] = {
		"", "SM", "SM" HEX "0", "AC" HEX, "../Calls/CA" HEX,
		"SM0123456789abcdef0123456789abcde/",
	};
	struct sms_gateway *gateway = gateway_new(ACCOUNT FROM);
	struct http_request *request = twilio_vendor.ask(gateway->config, "SM" HEX, "+14155550100",
							 fixture_attempt.now_s, &fixture_attempt);

	assert_int_equal(request->method, HTTP_GET);
	assert_string_equal(request->url, MESSAGES "/SM" HEX ".json");
	assert_null(request->body);
	assert_true(http_request_is_valid(request));
	http_request_free(request);
	for (size_t i = 0; i < N_ELEMENTS(others); i++)
		assert_null(twilio_vendor.ask(gateway->config, others[i], "+14155550100",
					      fixture_attempt.now_s, &fixture_attempt));
	fixture_gateway_free(gateway);
}

static void delivery_is_read(void **state UNUSED)
{
	static const struct {
		struct fixture_reply reply;
		enum sms_delivery delivery;
		const char *word;
	} rows[] = {
		{ { 200, FAILED("accepted", "null") }, SMS_ON_ITS_WAY, "accepted" },
		{ { 200, FAILED("queued", "null") }, SMS_ON_ITS_WAY, "queued" },
		{ { 200, FAILED("scheduled", "null") }, SMS_ON_ITS_WAY, "scheduled" },
		{ { 200, FAILED("sending", "null") }, SMS_ON_ITS_WAY, "sending" },
		{ { 200, FAILED("sent", "null") }, SMS_ON_ITS_WAY, "sent" },
		{ { 200, FAILED("delivered", "null") }, SMS_DELIVERED, "delivered" },
		{ { 200, FAILED("read", "null") }, SMS_DELIVERED, "read" },
		{ { 200, FAILED("undelivered", "30003") }, SMS_NOT_DELIVERED, "30003" },
		{ { 200, FAILED("failed", "30450") }, SMS_NOT_DELIVERED, "30450" },
		{ { 200, FAILED("canceled", "null") }, SMS_NOT_DELIVERED, "canceled" },
		{ { 200, FAILED("partially_delivered", "null") }, SMS_DELIVERY_UNKNOWN,
		  "partially_delivered" },
		{ { 200, FAILED("receiving", "null") }, SMS_DELIVERY_UNKNOWN, "receiving" },
		{ { 200, FAILED("received", "null") }, SMS_DELIVERY_UNKNOWN, "received" },
		{ { 200, "{}" }, SMS_DELIVERY_UNKNOWN, "status 200" },
		{ { 200, "{\"status\":1}" }, SMS_DELIVERY_UNKNOWN, "status 200" },
		{ { 200, NULL }, SMS_DELIVERY_UNKNOWN, "status 200" },
		{ { 200, "<html>", "text/html" }, SMS_DELIVERY_UNKNOWN, "status 200" },
		{ { 404, ERROR("20404") }, SMS_DELIVERY_UNKNOWN, "status 404" },
		{ { 500, FAILED("delivered", "null") }, SMS_DELIVERY_UNKNOWN, "status 500" },
	};
	struct sms_gateway *gateway = gateway_new(ACCOUNT FROM);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char word[SMS_WORD_MAX + 1];

		assert_int_equal(fixture_judge_delivery(gateway, &rows[i].reply, word),
				 rows[i].delivery);
		assert_string_equal(word, rows[i].word);
	}
	fixture_gateway_free(gateway);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_the_documented_one),
		cmocka_unit_test(an_api_key_logs_in_for_the_account),
		cmocka_unit_test(options_are_parameters),
		cmocka_unit_test(another_region_is_another_host),
		cmocka_unit_test(any_text_stays_one_parameter),
		cmocka_unit_test(the_text_has_its_bound),
		cmocka_unit_test(a_code_waits_no_longer_than_it_lives),
		cmocka_unit_test(sections_are_checked),
		cmocka_unit_test(what_was_taken_has_an_id),
		cmocka_unit_test(errors_have_their_class),
		cmocka_unit_test(a_message_may_fail_at_once),
		cmocka_unit_test(doubt_is_never_yes),
		cmocka_unit_test(delivery_is_asked_for_by_id),
		cmocka_unit_test(delivery_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
