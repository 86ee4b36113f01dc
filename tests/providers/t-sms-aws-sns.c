/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMS vendor `aws-sns`: requests as its own tools make them, every word of its errors, and XML
 * that is not quite a reply. The signature alone is in t-sms-sign.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "providers/table.h"
#include "tests/providers/vendor-fixture.h"

#define KEY      "access_key_id = AKIDEXAMPLE\n"
#define REGION   "region = us-east-1\n"
#define SECTION  KEY REGION
#define NUMBER   "+14155550100"
#define TEXT     "123456 is your login code for host db-1."
#define BODY     "Action=Publish&Version=2010-03-31&PhoneNumber=%2B14155550100" \
		 "&Message=123456%20is%20your%20login%20code%20for%20host%20db-1."
#define ENTRY(n, name, type, value) \
	"&MessageAttributes.entry." n ".Name=" name "&MessageAttributes.entry." n \
	".Value.DataType=" type "&MessageAttributes.entry." n ".Value.StringValue=" value
#define TYPE     ENTRY("1", "AWS.SNS.SMS.SMSType", "String", "Transactional")
#define SIGNED   "Authorization: AWS4-HMAC-SHA256 Credential="
#define XMLNS    " xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\""

static const struct fixture_secret secrets[] = {
	{ "secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
	{ NULL }
};

static const struct fixture_secret temporary[] = {
	{ "secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
	{ "session_token", "IQoJb3JpZ2luX2VjEXAMPLE/TOKEN+WITH=RESERVED==" },
	{ NULL }
};

static struct sms_gateway *gateway_new(const char *lines)
{
	return fixture_gateway(&aws_sns_vendor, &(struct vendor_section){ lines, secrets });
}

/* --- requests --- */

/* The messages of tests/vectors/aws-sigv4-sns.json that we would send. */
static const struct {
	const char *lines;
	const struct fixture_secret *secrets;
	const char *number, *text;
	const char *url, *body, *authorization;
} vectors[] = {
	{
		SECTION, secrets, NUMBER, TEXT, "https://sns.us-east-1.amazonaws.com/", BODY TYPE,
		SIGNED "AKIDEXAMPLE/20260102/us-east-1/sns/aws4_request, "
		"SignedHeaders=content-type;host;x-amz-date, Signature="
		"a298e4b4a10f11c4d4bdc67d4ad5cdd222d7d618de5bf0879160aba1a354eaae",
	},
	{
		KEY "region = eu-central-1\nsender_id = JAUTH\n", secrets, "+4915112345678",
		"Ihr Code: 000042 (gültig 5 min) ~*!'", "https://sns.eu-central-1.amazonaws.com/",
		"Action=Publish&Version=2010-03-31&PhoneNumber=%2B4915112345678&Message=Ihr%20Code"
		"%3A%20000042%20%28g%C3%BCltig%205%20min%29%20~%2A%21%27" TYPE
		ENTRY("2", "AWS.SNS.SMS.SenderID", "String", "JAUTH"),
		SIGNED "AKIDEXAMPLE/20260102/eu-central-1/sns/aws4_request, "
		"SignedHeaders=content-type;host;x-amz-date, Signature="
		"0020c897015a6017ee16a9a1de922d573a96d1e2ce119a65699d12b2a5069d6e",
	},
	{
		"access_key_id = ASIAEXAMPLE\nregion = ap-southeast-1\n", temporary, "+6591234567",
		"123456 is your login code.", "https://sns.ap-southeast-1.amazonaws.com/",
		"Action=Publish&Version=2010-03-31&PhoneNumber=%2B6591234567&Message=123456%20is%20"
		"your%20login%20code." TYPE,
		SIGNED "ASIAEXAMPLE/20260102/ap-southeast-1/sns/aws4_request, "
		"SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
		"d69ca33e5ff4db0278d92ccae1b4dfc7b16d8bc8035f795ab6569bd928206a25",
	},
};

static void requests_are_the_vendors_byte_for_byte(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(vectors); i++) {
		struct sms_gateway *gateway = fixture_gateway(&aws_sns_vendor,
			&(struct vendor_section){ vectors[i].lines, vectors[i].secrets });
		struct http_request *request = fixture_send(gateway, vectors[i].number,
							    vectors[i].text);

		assert_int_equal(request->method, HTTP_POST);
		assert_string_equal(request->url, vectors[i].url);
		assert_string_equal(fixture_body(request), vectors[i].body);
		assert_true(fixture_has_header(request, vectors[i].authorization));
		assert_true(fixture_has_header(request, "x-amz-date: 20260102T030405Z"));
		assert_true(fixture_has_header(request, "content-type: "
			"application/x-www-form-urlencoded; charset=utf-8"));
		assert_int_equal(request->n_headers, 3 + (vectors[i].secrets == temporary));
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void the_region_says_where(void **state UNUSED)
{
	static const struct {
		const char *lines, *url;
	} rows[] = {
		{ SECTION, "https://sns.us-east-1.amazonaws.com/" },
		{ KEY "region = us-gov-west-1\n", "https://sns.us-gov-west-1.amazonaws.com/" },
		{ KEY "region = cn-north-1\n", "https://sns.cn-north-1.amazonaws.com.cn/" },
		{ SECTION "endpoint = https://sns.us-east-1.api.aws\n",
		  "https://sns.us-east-1.api.aws/" },
		{ SECTION "endpoint = https://localhost:4566/\n", "https://localhost:4566/" },
		{ SECTION "endpoint = https://localhost:443\n", "https://localhost/" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = gateway_new(rows[i].lines);
		struct http_request *request = fixture_send(gateway, NUMBER, TEXT);

		assert_string_equal(request->url, rows[i].url);
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void options_are_numbered_attributes(void **state UNUSED)
{
	static const struct {
		const char *lines, *body;
	} rows[] = {
		{ SECTION, BODY TYPE },
		{ SECTION "sms_type = Promotional\n",
		  BODY ENTRY("1", "AWS.SNS.SMS.SMSType", "String", "Promotional") },
		{ SECTION "max_price = 0.05\n",
		  BODY TYPE ENTRY("2", "AWS.SNS.SMS.MaxPrice", "Number", "0.05") },
		{ SECTION "origination_number = +14155550199\n",
		  BODY TYPE ENTRY("2", "AWS.MM.SMS.OriginationNumber", "String",
				  "%2B14155550199") },
		{ SECTION "sender_id = A-1\nmax_price = 1\norigination_number = 72345\n",
		  BODY TYPE ENTRY("2", "AWS.SNS.SMS.SenderID", "String", "A-1")
		  ENTRY("3", "AWS.SNS.SMS.MaxPrice", "Number", "1")
		  ENTRY("4", "AWS.MM.SMS.OriginationNumber", "String", "72345") },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = gateway_new(rows[i].lines);
		struct http_request *request = fixture_send(gateway, NUMBER, TEXT);

		assert_string_equal(fixture_body(request), rows[i].body);
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void any_text_stays_one_parameter(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(SECTION);
	struct http_request *request = fixture_send(gateway, NUMBER,
						    "a&TopicArn=b +\xe7\xa0\x81");

	assert_non_null(strstr(fixture_body(request),
			       "&Message=a%26TopicArn%3Db%20%2B%E7%A0%81&MessageAttributes"));
	http_request_free(request);
	fixture_gateway_free(gateway);
}

static void a_text_beyond_a_form_makes_no_request(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(SECTION);
	char text[8192];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_null(fixture_send(gateway, NUMBER, text));
	fixture_gateway_free(gateway);
}

static void mistakes_are_named(void **state UNUSED)
{
	static const struct {
		const char *lines, *part;        /* part NULL: no mistake */
	} rows[] = {
		{ SECTION, NULL },
		{ SECTION "sender_id = EXAMPLE-ORG\n", NULL },
		{ SECTION "max_price = 10.123\norigination_number = 12345\n", NULL },
		{ REGION, "access_key_id" },
		{ KEY, "region" },
		{ KEY "region =\n", "region" },
		{ KEY "region = us-east-1.example.org/\n", "\"region\" must be" },
		{ KEY "region = US-EAST-1\n", "\"region\" must be" },
		{ "access_key_id = a/b\n" REGION, "\"access_key_id\" must be" },
		{ SECTION "endpoint = https://localhost/x\n", "\"endpoint\" must be" },
		{ SECTION "endpoint = http://localhost\n", "endpoint" },
		{ SECTION "sender_id = 12345\n", "\"sender_id\" must be" },
		{ SECTION "sender_id = A B\n", "\"sender_id\" must be" },
		{ SECTION "sender_id = ABCDEFGHIJKL\n", "sender_id" },
		{ SECTION "max_price = .5\n", "\"max_price\" must be" },
		{ SECTION "max_price = 1.\n", "\"max_price\" must be" },
		{ SECTION "max_price = 1,5\n", "\"max_price\" must be" },
		{ SECTION "max_price = -1\n", "\"max_price\" must be" },
		{ SECTION "origination_number = +1 415\n", "\"origination_number\" must be" },
		{ SECTION "origination_number = 1234\n", "\"origination_number\" must be" },
		{ SECTION "origination_number = ++12345\n", "\"origination_number\" must be" },
		{ SECTION "sms_type = Urgent\n", "sms_type" },
		{ SECTION "secret_access_key = inline\n", "secret_access_key" },
		{ SECTION "unknown = x\n", "unknown" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fixture_mistakes(&aws_sns_vendor,
			&(struct vendor_section){ rows[i].lines, secrets });

		if (rows[i].part ? !strstr(mistakes, rows[i].part) : mistakes[0] != '\0')
			fail_msg("%s: %s", rows[i].lines, mistakes);
	}
}

static void a_token_is_a_headers_value(void **state UNUSED)
{
	static const struct fixture_secret both[] = {
		{ "secret_access_key", "s" }, { "session_token", "a b" }, { NULL }
	};
	_cleanup_free_ char *mistakes = fixture_mistakes(&aws_sns_vendor,
		&(struct vendor_section){ SECTION, both });

	assert_non_null(strstr(mistakes, "\"session_token\" must be printable"));
}

/* --- replies --- */

static struct sms_result judge_reply(const struct fixture_reply *reply)
{
	struct sms_gateway *gateway = gateway_new(SECTION);
	struct sms_result result = fixture_judge(gateway, reply);

	fixture_gateway_free(gateway);
	return result;
}

static struct sms_result judge(uint32_t status, const char *body)
{
	return judge_reply(&(struct fixture_reply){ status, body, "text/xml" });
}

#define PUBLISHED(result) \
	"<PublishResponse" XMLNS ">" result "<ResponseMetadata><RequestId>r" \
	"</RequestId></ResponseMetadata></PublishResponse>"
#define RESULT(id) "<PublishResult><MessageId>" id "</MessageId></PublishResult>"
#define ID         "567910cd-659e-55d4-8ccb-5aaf14679dc0"

static void a_published_message_is_accepted(void **state UNUSED)
{
	static const char *const bodies[] = {
		PUBLISHED(RESULT(ID)),
		PUBLISHED(RESULT(ID)) " \r\n",
		"<?xml version=\"1.0\"?>\n" PUBLISHED("\n  " RESULT(ID) "\n"),
		"\n" PUBLISHED("<PublishResult><MessageId>" ID
			       "</MessageId><SequenceNumber/></PublishResult>"),
		"<PublishResponse>" RESULT(ID) "</PublishResponse>",
	};

	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		const struct sms_result result = judge(200, bodies[i]);

		assert_int_equal(result.class, SMS_ACCEPTED);
		assert_string_equal(result.id, ID);
	}
}

#define ERROR(word, message) \
	"<ErrorResponse" XMLNS "><Error><Type>Sender</Type><Code>" word "</Code><Message>" \
	message "</Message></Error><RequestId>r</RequestId></ErrorResponse>"

/* Every word of the documentation, with the status it comes with. */
static const struct {
	uint32_t status;
	const char *word, *message;
	enum sms_class class;
} words[] = {
	{ 400, "InvalidParameter", "Invalid parameter: PhoneNumber Reason: x", SMS_NUMBER },
	{ 400, "InvalidParameter", "Invalid parameter: Message", SMS_CONFIG },
	{ 400, "ParameterValueInvalid", "PhoneNumber", SMS_NUMBER },
	{ 400, "ParameterValueInvalid", "SenderID", SMS_CONFIG },
	{ 400, "ValidationError", "PhoneNumber is bad", SMS_NUMBER },
	{ 400, "ValidationError", "", SMS_CONFIG },
	{ 400, "ValidationException", "PhoneNumber is bad", SMS_NUMBER },
	{ 400, "ValidationException", "x", SMS_CONFIG },
	{ 400, "OptedOut", "x", SMS_NUMBER },
	{ 403, "AuthorizationError", "PhoneNumber", SMS_CONFIG },
	{ 403, "AccessDenied", "x", SMS_CONFIG },
	{ 403, "InvalidClientTokenId", "x", SMS_CONFIG },
	{ 403, "UnrecognizedClientException", "x", SMS_CONFIG },
	{ 403, "SignatureDoesNotMatch", "The request signature we calculated", SMS_CONFIG },
	{ 403, "SignatureDoesNotMatch", "Signature expired: 2026 is now earlier", SMS_CLOCK },
	{ 403, "SignatureDoesNotMatch", "Signature not yet current: 2026", SMS_CLOCK },
	{ 400, "IncompleteSignature", "x", SMS_CONFIG },
	{ 403, "MissingAuthenticationToken", "x", SMS_CONFIG },
	{ 403, "OptInRequired", "x", SMS_CONFIG },
	{ 403, "ExpiredToken", "x", SMS_CLOCK },
	{ 403, "RequestExpired", "x", SMS_CLOCK },
	{ 403, "InvalidSecurity", "x", SMS_CONFIG },
	{ 400, "Throttling", "Rate exceeded", SMS_AGAIN },
	{ 429, "ThrottlingException", "x", SMS_AGAIN },
	{ 400, "Throttled", "x", SMS_AGAIN },
	{ 400, "KMSThrottling", "x", SMS_REFUSED },
	{ 404, "NotFound", "x", SMS_CONFIG },
	{ 404, "ResourceNotFound", "x", SMS_CONFIG },
	{ 400, "EndpointDisabled", "x", SMS_REFUSED },
	{ 400, "PlatformApplicationDisabled", "x", SMS_REFUSED },
	{ 500, "InternalError", "x", SMS_UNKNOWN },
	{ 500, "InternalFailure", "x", SMS_UNKNOWN },
	{ 503, "ServiceUnavailable", "x", SMS_AGAIN },
	/* unknown words, words said almost right, and words with a status of the other kind */
	{ 400, "SomethingNew", "PhoneNumber", SMS_REFUSED },
	{ 403, "throttling", "x", SMS_REFUSED },
	{ 400, "Throttling.User", "x", SMS_REFUSED },
	{ 500, "SomethingNew", "x", SMS_UNKNOWN },
	{ 500, "Throttling", "x", SMS_UNKNOWN },
	{ 503, "InvalidParameter", "PhoneNumber", SMS_UNKNOWN },
	{ 400, "ServiceUnavailable", "x", SMS_UNKNOWN },
	{ 500, "ServiceUnavailable", "x", SMS_UNKNOWN },
	{ 504, "ServiceUnavailable", "x", SMS_UNKNOWN },
	{ 400, "InternalError", "x", SMS_UNKNOWN },
	{ 200, "Throttling", "x", SMS_UNKNOWN },
	{ 302, "Throttling", "x", SMS_UNKNOWN },
};

static void every_word_has_its_class(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		_cleanup_free_ char *body = text_format(ERROR("%s", "%s"), words[i].word,
							words[i].message);
		const struct sms_result result = judge(words[i].status, body);

		if (result.class != words[i].class)
			fail_msg("%s: %d", words[i].word, result.class);
		if (words[i].status >= 400)
			assert_string_equal(result.word, words[i].word);
		assert_int_equal(result.was_stopped, strcmp(words[i].word, "OptedOut") == 0);
		assert_int_equal(result.wait_s, 0);
	}
}

/* A hint counts in the message of the error, nowhere else. */
static void a_hint_elsewhere_is_none(void **state UNUSED)
{
	static const char *const bodies[] = {
		"<ErrorResponse><Error><Code>InvalidParameter</Code></Error>"
		"<RequestId>PhoneNumber</RequestId></ErrorResponse>",
		"<ErrorResponse><Error><Type>PhoneNumber</Type><Code>InvalidParameter</Code>"
		"<Message>x</Message></Error></ErrorResponse>",
		"<ErrorResponse><Error><Code>InvalidParameter</Code><Message>PhoneNumber</Message>"
		"<Message>PhoneNumber</Message></Error></ErrorResponse>",
	};

	for (size_t i = 0; i < N_ELEMENTS(bodies); i++)
		assert_int_equal(judge(400, bodies[i]).class, SMS_CONFIG);
}

static void throttling_waits_as_told(void **state UNUSED)
{
	const struct fixture_reply reply = { 429, ERROR("Throttling", "x"), "text/xml", "7" };

	assert_int_equal(judge_reply(&reply).class, SMS_AGAIN);
	assert_int_equal(judge_reply(&reply).wait_s, 7);
}

static void what_is_not_quite_a_reply_is_unknown(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *body;
	} rows[] = {
		{ 200, NULL },
		{ 200, "" },
		{ 200, "<" },
		{ 200, "<?xml " },
		{ 200, "<?xml version=\"1.0\"?>" },
		{ 200, "<html><PublishResponse>" RESULT(ID) "</PublishResponse></html>" },
		{ 200, PUBLISHED(RESULT(ID)) "x" },
		{ 200, PUBLISHED(RESULT(ID)) PUBLISHED(RESULT(ID)) },
		{ 201, PUBLISHED(RESULT(ID)) },
		{ 400, PUBLISHED(RESULT(ID)) },
		{ 500, PUBLISHED(RESULT(ID)) },
		{ 200, RESULT(ID) },
		{ 200, "<PublishResponses>" RESULT(ID) "</PublishResponses>" },
		{ 200, "<PublishResponses>" RESULT(ID) "</PublishResponse>" },
		{ 200, PUBLISHED("") },
		{ 200, PUBLISHED("<PublishResult></PublishResult>") },
		{ 200, PUBLISHED("<PublishResult></PublishResult><MessageId>" ID "</MessageId>") },
		{ 200, PUBLISHED("<MessageId>" ID "</MessageId>") },
		{ 200, PUBLISHED(RESULT("")) },
		{ 200, PUBLISHED(RESULT(" " ID)) },
		{ 200, PUBLISHED(RESULT("a b")) },
		{ 200, PUBLISHED(RESULT("a&amp;b")) },
		{ 200, PUBLISHED(RESULT("<b>a</b>")) },
		{ 200, PUBLISHED(RESULT("\xe7\xa0\x81")) },
		{ 200, PUBLISHED(RESULT("a\x1b[2J")) },
		{ 200, PUBLISHED("<PublishResult><MessageId>a</MessageId><MessageId>b</MessageId>"
				 "</PublishResult>") },
		{ 200, PUBLISHED(RESULT("a") RESULT("b")) },
		{ 200, PUBLISHED(RESULT("a</MessageId><MessageId>")) },
		{ 200, PUBLISHED(RESULT("a</MessageId>")) },
		{ 200, PUBLISHED("<PublishResult><MessageId>a</MessageId><MessageId>"
				 "</PublishResult>") },
		{ 200, PUBLISHED("<PublishResult><MessageId x=\"y\">a</MessageId>"
				 "</PublishResult>") },
		{ 200, "<!DOCTYPE x [<!ENTITY y \"z\">]>" PUBLISHED(RESULT(ID)) },
		{ 200, "<?xml version=\"1.0\"?><!DOCTYPE x>" PUBLISHED(RESULT(ID)) },
		{ 200, PUBLISHED("<!-- " RESULT(ID) " -->") },
		{ 200, PUBLISHED("<![CDATA[" RESULT(ID) "]]>") },
		{ 200, "{\"PublishResponse\":{\"PublishResult\":{\"MessageId\":\"" ID "\"}}}" },
		{ 400, "<ErrorResponse></ErrorResponse>" },
		{ 400, "<ErrorResponse><Error></Error></ErrorResponse>" },
		{ 400, "<ErrorResponse><Code>Throttling</Code></ErrorResponse>" },
		{ 400, "<Error><Code>Throttling</Code></Error>" },
		{ 400, "<ErrorResponse><Error><Code></Code></Error></ErrorResponse>" },
		{ 400, "<ErrorResponse><Error><Code>a b</Code></Error></ErrorResponse>" },
		{ 400, "<ErrorResponse><Error><Code>Throttling</Code><Code>Throttling</Code>"
		  "</Error></ErrorResponse>" },
		{ 400, "Throttling" },
		{ 503, "<html>Service Unavailable</html>" },
		{ 502, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *word = text_format("status %u", rows[i].status);
		const struct sms_result result = judge(rows[i].status, rows[i].body);

		if (result.class != SMS_UNKNOWN)
			fail_msg("%s: %d", rows[i].body, result.class);
		assert_string_equal(result.word, word);
	}
}

static void cut_replies_are_unknown(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *body;
	} rows[] = {
		{ 200, PUBLISHED(RESULT(ID)) },
		{ 400, ERROR("Throttling", "x") },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_copy(rows[i].body);

		for (size_t len = strlen(body); len-- > 0;) {
			body[len] = '\0';
			assert_int_equal(judge(rows[i].status, body).class, SMS_UNKNOWN);
		}
	}
}

static void bounds_hold(void **state UNUSED)
{
	_cleanup_free_ char *longest = text_format(PUBLISHED(RESULT("%0128d")), 0);
	_cleanup_free_ char *longer = text_format(PUBLISHED(RESULT("%0129d")), 0);
	_cleanup_free_ char *huge = text_format("%s%70000s", PUBLISHED(RESULT(ID)), "");
	_cleanup_free_ char *large = text_format("%s%60000s", PUBLISHED(RESULT(ID)), "");

	assert_int_equal(judge(200, longest).class, SMS_ACCEPTED);
	assert_int_equal(judge(200, longer).class, SMS_UNKNOWN);
	assert_int_equal(judge(200, large).class, SMS_ACCEPTED);
	assert_int_equal(judge(200, huge).class, SMS_UNKNOWN);
}

static void a_nul_hides_nothing(void **state UNUSED)
{
	static const char body[] = PUBLISHED(RESULT(ID)) "\0";
	struct sms_gateway *gateway = gateway_new(SECTION);
	struct http_reply reply = { .result = HTTP_DONE, .status = 200 };
	struct sms_result result = { 0 };

	reply.body = secret_new(body, sizeof(body) - 1);
	aws_sns_vendor.judge(gateway->config, &reply, &result);
	assert_int_equal(result.class, SMS_UNKNOWN);
	http_reply_done(&reply);
	fixture_gateway_free(gateway);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_the_vendors_byte_for_byte),
		cmocka_unit_test(the_region_says_where),
		cmocka_unit_test(options_are_numbered_attributes),
		cmocka_unit_test(any_text_stays_one_parameter),
		cmocka_unit_test(a_text_beyond_a_form_makes_no_request),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_token_is_a_headers_value),
		cmocka_unit_test(a_published_message_is_accepted),
		cmocka_unit_test(every_word_has_its_class),
		cmocka_unit_test(a_hint_elsewhere_is_none),
		cmocka_unit_test(throttling_waits_as_told),
		cmocka_unit_test(what_is_not_quite_a_reply_is_unknown),
		cmocka_unit_test(cut_replies_are_unknown),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(a_nul_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
