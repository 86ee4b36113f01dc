/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMS vendor `alibaba`: requests as its own tools make them, every word of its errors, and
 * replies that are none. The signature alone is in t-sms-sign.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/table.h"
#include "tests/providers/vendor-fixture.h"

#define KEY      "access_key_id = testid\n"
#define TEMPLATE "sign_name = jauth\ntemplate_code = SMS_154950909\n"
#define SECTION  KEY TEMPLATE
#define GLOBE    "globe = yes\n"
#define FOREIGN  "foreign_template_code = SMS_7\n"
#define MAINLAND "+8613900001234"
#define ABROAD   "+6591234567"
#define TEXT     "123456 is your login code."
#define BASE     "https://dysmsapi.aliyuncs.com/?"
#define ACS3     "Authorization: ACS3-HMAC-SHA256 Credential="
#define NAMES    "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;" \
		 "x-acs-version"
#define EMPTY    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct fixture_secret secrets[] = {
	{ "access_key_secret", "testsecret" },
	{ NULL }
};

static struct sms_gateway *gateway_new(const char *lines)
{
	return fixture_gateway(&alibaba_vendor, &(struct vendor_section){ lines, secrets });
}

/* --- requests --- */

/* A message of the vectors: tests/vectors/alibaba-signature.json. */
struct vector {
	const char *number, *code;
	const char *lines;
	const struct fixture_secret *secrets;
	const char *nonce;
	const char *url, *authorization;
};

static const struct fixture_secret sts[] = {
	{ "access_key_secret", "testsecret" },
	{ "security_token", "CAISexample/Token+With=Reserved==" },
	{ NULL }
};

static const struct vector vectors[] = {
	{
		MAINLAND, "123456", SECTION, secrets, "0123456789abcdef0123456789abcdef",
		BASE "PhoneNumbers=13900001234&SignName=jauth&TemplateCode=SMS_154950909"
		"&TemplateParam=%7B%22code%22%3A%22123456%22%7D",
		ACS3 "testid,SignedHeaders=" NAMES ",Signature="
		"32c0d55fb865bcd8e64b50ace78ad70809dee99a8c7bc593b28c5844c5937621",
	},
	{
		MAINLAND, "000042", "access_key_id = STS.NUexample\n" TEMPLATE, sts,
		"fedcba98765432100123456789abcdef",
		BASE "PhoneNumbers=13900001234&SignName=jauth&TemplateCode=SMS_154950909"
		"&TemplateParam=%7B%22code%22%3A%22000042%22%7D",
		ACS3 "STS.NUexample,SignedHeaders=host;x-acs-accesskey-id;x-acs-action;"
		"x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;"
		"x-acs-version,Signature="
		"17a2aea2d98ccc5065c989ae7eb58d564894b0486de3dceac4e8ade7cd27a07a",
	},
	{
		ABROAD, "123456", SECTION GLOBE, secrets, "00112233445566778899aabbccddeeff",
		"https://dysmsapi.ap-southeast-1.aliyuncs.com/?"
		"Message=123456%20is%20your%20login%20code.&To=6591234567&Type=OTP",
		ACS3 "testid,SignedHeaders=" NAMES ",Signature="
		"f26f6078b11e0af6c84471da39195a23b883df741ed126ff9e5d594c48ce01e1",
	},
};

static void requests_are_the_vendors_byte_for_byte(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(vectors); i++) {
		const struct vector *vector = &vectors[i];
		struct sms_gateway *gateway = fixture_gateway(&alibaba_vendor,
			&(struct vendor_section){ vector->lines, vector->secrets });
		_cleanup_secret_ struct secret *code = secret_from_text(vector->code);
		_cleanup_secret_ struct secret *text = secret_from_text(TEXT);
		const struct sms_message message = {
			.number = vector->number, .code = code, .text = text, .host = "db-1",
			.user = "alice", .reference = "K7", .language = "en",
		};
		const struct sms_attempt attempt = { fixture_attempt.now_s, vector->nonce };
		struct http_request *request =
			alibaba_vendor.send(gateway->config, &message, &attempt);

		assert_non_null(request);
		assert_int_equal(request->method, HTTP_POST);
		assert_string_equal(request->url, vector->url);
		assert_null(request->body);
		assert_true(fixture_has_header(request, vector->authorization));
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

/* What is signed is sent, and nothing else that the signature would cover. */
static void the_headers_are_those_signed(void **state UNUSED)
{
	static const char *const headers[] = {
		"Accept: application/json",
		"x-acs-action: SendSms",
		("x-acs-content-sha256: " EMPTY),
		"x-acs-date: 2026-01-02T03:04:05Z",
		"x-acs-signature-nonce: 0123456789abcdef0123456789abcdef",
		"x-acs-version: 2017-05-25",
	};
	struct sms_gateway *gateway = gateway_new(SECTION);
	struct http_request *request = fixture_send(gateway, MAINLAND, TEXT);

	for (size_t i = 0; i < N_ELEMENTS(headers); i++)
		if (!fixture_has_header(request, headers[i]))
			fail_msg("%s", headers[i]);
	assert_int_equal(request->n_headers, N_ELEMENTS(headers) + 1);
	http_request_free(request);
	fixture_gateway_free(gateway);
}

static void numbers_and_settings_choose_the_request(void **state UNUSED)
{
	static const char sign[] = "&SignName=jauth&TemplateCode=";
	static const struct {
		const char *number, *lines;
		const char *begin, *template;    /* of the URL; NULL: no request at all */
	} rows[] = {
		{ MAINLAND, SECTION, BASE "PhoneNumbers=13900001234", "SMS_154950909&" },
		{ MAINLAND, SECTION GLOBE, BASE "PhoneNumbers=13900001234", "SMS_154950909&" },
		{ MAINLAND, SECTION FOREIGN, BASE "PhoneNumbers=13900001234", "SMS_154950909&" },
		{ MAINLAND, SECTION "template_code_en = SMS_2\n",
		  BASE "PhoneNumbers=13900001234", "SMS_2&" },
		{ MAINLAND, SECTION "template_code_zh = SMS_3\n",
		  BASE "PhoneNumbers=13900001234", "SMS_154950909&" },
		{ MAINLAND, SECTION "endpoint = https://localhost:8443\n",
		  "https://localhost:8443/?PhoneNumbers=13900001234", "SMS_154950909&" },
		{ ABROAD, SECTION, NULL, NULL },
		{ ABROAD, SECTION FOREIGN, BASE "PhoneNumbers=6591234567", "SMS_7&" },
		{ "+85200001234", SECTION FOREIGN, BASE "PhoneNumbers=85200001234", "SMS_7&" },
		/* of China, and no mobile number of the mainland */
		{ "+861012345678", SECTION FOREIGN, NULL, NULL },
		{ "+86139000012345", SECTION FOREIGN, NULL, NULL },
		{ "+8613900001", SECTION GLOBE, NULL, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = gateway_new(rows[i].lines);
		struct http_request *request = fixture_send(gateway, rows[i].number, TEXT);
		_cleanup_free_ char *begin = text_format("%s%s%s", rows[i].begin, sign,
							 rows[i].template);

		assert_int_equal(request != NULL, rows[i].begin != NULL);
		if (request && !text_has_prefix(request->url, begin))
			fail_msg("row %zu: %s", i, request->url);
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void a_language_has_its_template(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(SECTION "template_code_zh = SMS_3\n");
	struct sms_message message = fixture_message(MAINLAND, TEXT);
	struct http_request *request;

	message.language = "zh";
	request = alibaba_vendor.send(gateway->config, &message, &fixture_attempt);
	assert_non_null(strstr(request->url, "TemplateCode=SMS_3&"));
	http_request_free(request);
	fixture_message_done(&message);
	fixture_gateway_free(gateway);
}

static void variables_are_those_of_the_template(void **state UNUSED)
{
	static const struct {
		const char *lines, *json;
	} rows[] = {
		{ SECTION, "{\"code\":\"012345\"}" },
		{ SECTION "code_variable = number\n", "{\"number\":\"012345\"}" },
		{ SECTION "host_variable = host\n", "{\"code\":\"012345\",\"host\":\"db-1\"}" },
		{ SECTION "host_variable = h\nref_variable = r_1\n",
		  "{\"code\":\"012345\",\"h\":\"db-1\",\"r_1\":\"K7\"}" },
		{ SECTION "ref_variable = ref\n", "{\"code\":\"012345\",\"ref\":\"K7\"}" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = gateway_new(rows[i].lines);
		struct http_request *request = fixture_send(gateway, MAINLAND, TEXT);
		struct buf end = BUF_INIT(1000);

		buf_add_text(&end, "&TemplateParam=");
		url_encode_segment(&end, rows[i].json);
		assert_true(text_has_suffix(request->url, buf_text(&end)));
		buf_done(&end);
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void any_text_stays_one_parameter(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(SECTION GLOBE "sender = JAUTH\n");
	struct http_request *request = fixture_send(gateway, ABROAD,
						    "a&To=1 *'~\xe7\xa0\x81");

	assert_string_equal(request->url, "https://dysmsapi.ap-southeast-1.aliyuncs.com/?From=JAUTH"
			    "&Message=a%26To%3D1%20%2A%27~%E7%A0%81&To=6591234567&Type=OTP");
	http_request_free(request);
	fixture_gateway_free(gateway);
}

static void a_text_beyond_a_url_makes_no_request(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(SECTION GLOBE);
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_null(fixture_send(gateway, ABROAD, text));
	memset(text, '\xe7', sizeof(text) - 1);
	assert_null(fixture_send(gateway, ABROAD, text));
	fixture_gateway_free(gateway);
}

/* --- configuration --- */

static void mistakes_are_named(void **state UNUSED)
{
	static const struct {
		const char *lines, *part;        /* part NULL: no mistake */
	} rows[] = {
		{ SECTION, NULL },
		{ SECTION GLOBE "sender = 123456789012345\n", NULL },
		{ SECTION GLOBE "sender = Example2026\n", NULL },
		{ "access_key_id = LTAI.5t_x-1\n" TEMPLATE, NULL },
		{ TEMPLATE, "access_key_id" },
		{ KEY "sign_name = jauth\n", "template_code" },
		{ KEY "template_code = SMS_1\n", "sign_name" },
		{ KEY "sign_name = jauth\ntemplate_code = 1\n", "\"template_code\" must be" },
		{ KEY "sign_name = jauth\ntemplate_code = SMS_\n", "\"template_code\" must be" },
		{ SECTION "template_code_en = SMS_1x\n", "\"template_code_en\" must be" },
		{ SECTION "template_code_zh = sms_1\n", "\"template_code_zh\" must be" },
		{ SECTION "foreign_template_code = x\n", "\"foreign_template_code\" must be" },
		{ SECTION "code_variable = a\"b\n", "\"code_variable\" must be" },
		{ SECTION "host_variable = a b\n", "\"host_variable\" must be" },
		{ SECTION "ref_variable = ${r}\n", "\"ref_variable\" must be" },
		{ SECTION "code_variable =\n", "code_variable" },
		{ SECTION "host_variable = code\n", "\"host_variable\" is the code's" },
		{ SECTION "ref_variable = code\n", "\"ref_variable\" is that of" },
		{ SECTION "host_variable = x\nref_variable = x\n", "\"ref_variable\" is that of" },
		{ SECTION "endpoint = https://localhost/sms\n", "\"endpoint\" must be" },
		{ SECTION "endpoint = https://localhost?a=b\n", "\"endpoint\" must be" },
		{ SECTION "endpoint = http://localhost\n", "endpoint" },
		{ SECTION GLOBE "globe_endpoint = https://localhost/x\n",
		  "\"globe_endpoint\" must be" },
		{ SECTION GLOBE FOREIGN, "exclude each other" },
		{ SECTION "sender = JAUTH\n", "\"sender\" needs globe = yes" },
		{ SECTION GLOBE "sender = ABCDEFGHIJKL\n", "\"sender\" must be" },
		{ SECTION GLOBE "sender = A-B\n", "\"sender\" must be" },
		{ "access_key_id = a,b\n" TEMPLATE, "\"access_key_id\" must be" },
		{ SECTION "access_key_secret = inline\n", "access_key_secret" },
		{ SECTION "unknown = x\n", "unknown" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fixture_mistakes(&alibaba_vendor,
			&(struct vendor_section){ rows[i].lines, secrets });

		if (rows[i].part ? !strstr(mistakes, rows[i].part) : mistakes[0] != '\0')
			fail_msg("%s: %s", rows[i].lines, mistakes);
	}
}

static void a_token_is_a_headers_value(void **state UNUSED)
{
	static const char *const tokens[] = { "a b", " a", "a\nb", "caf\xc3\xa9", "a\x1b[2J" };

	for (size_t i = 0; i < N_ELEMENTS(tokens); i++) {
		const struct fixture_secret both[] = {
			{ "access_key_secret", "testsecret" },
			{ "security_token", tokens[i] },
			{ NULL }
		};
		_cleanup_free_ char *mistakes = fixture_mistakes(&alibaba_vendor,
			&(struct vendor_section){ SECTION, both });

		if (!strstr(mistakes, "\"security_token\" must be printable"))
			fail_msg("%s: %s", tokens[i], mistakes);
	}
}

/* --- replies --- */

static struct sms_result judge(const struct fixture_reply *reply)
{
	struct sms_gateway *gateway = gateway_new(SECTION GLOBE);
	struct sms_result result = fixture_judge(gateway, reply);

	fixture_gateway_free(gateway);
	return result;
}

static void ok_is_accepted(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *body;
		const char *id;                  /* NULL: not accepted */
	} rows[] = {
		{ 200, "{\"Code\":\"OK\",\"Message\":\"OK\",\"BizId\":\"900619746936498440^0\","
		  "\"RequestId\":\"F655A8D5\"}", "900619746936498440^0" },
		{ 200, "{\"ResponseCode\":\"OK\",\"ResponseDescription\":\"OK\","
		  "\"MessageId\":\"1008\","
		  "\"To\":\"6591234567\",\"Segments\":\"1\",\"NumberDetail\":{}}", "1008" },
		{ 201, "{\"Code\":\"OK\",\"BizId\":\"1\"}", NULL },
		{ 400, "{\"Code\":\"OK\",\"BizId\":\"1\"}", NULL },
		{ 500, "{\"Code\":\"OK\",\"BizId\":\"1\"}", NULL },
		{ 200, "{\"Code\":\"OK\"}", NULL },
		{ 200, "{\"Code\":\"OK\",\"BizId\":\"\"}", NULL },
		{ 200, "{\"Code\":\"OK\",\"BizId\":7}", NULL },
		{ 200, "{\"Code\":\"OK\",\"BizId\":\"\xe7\xa0\x81\"}", NULL },
		{ 200, "{\"Code\":\"OK\",\"MessageId\":\"1008\"}", NULL },
		{ 200, "{\"ResponseCode\":\"OK\",\"BizId\":\"1008\"}", NULL },
		{ 200, "{\"Code\":\"OK\",\"ResponseCode\":\"OK\",\"BizId\":\"1\","
		  "\"MessageId\":\"1\"}", NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct sms_result result =
			judge(&(struct fixture_reply){ rows[i].status, rows[i].body });

		if (result.class != (rows[i].id ? SMS_ACCEPTED : SMS_UNKNOWN))
			fail_msg("%s: %d", rows[i].body, result.class);
		assert_string_equal(result.id, rows[i].id ? rows[i].id : "");
	}
}

/* Every word of the documentation, in the order of its table there. */
static const struct {
	const char *word;
	enum sms_class class;
	int64_t wait_s;
} words[] = {
	{ "isv.BUSINESS_LIMIT_CONTROL", SMS_LIMIT, 0 },
	{ "isv.DAY_LIMIT_CONTROL", SMS_LIMIT, 86400 },
	{ "isv.MONTH_LIMIT_CONTROL", SMS_LIMIT, 86400 },
	{ "isv.MOBILE_NUMBER_ILLEGAL", SMS_NUMBER, 0 },
	{ "isv.BLACK_KEY_CONTROL_LIMIT", SMS_NUMBER, 0 },
	{ "isv.DOMESTIC_NUMBER_NOT_SUPPORTED", SMS_CONFIG, 0 },
	{ "isv.MOBILE_COUNT_OVER_LIMIT", SMS_REFUSED, 0 },
	{ "isv.SMS_TEMPLATE_ILLEGAL", SMS_CONFIG, 0 },
	{ "isv.SMS_SIGNATURE_ILLEGAL", SMS_CONFIG, 0 },
	{ "isv.SMS_SIGNATURE_SCENE_ILLEGAL", SMS_CONFIG, 0 },
	{ "isv.SMS_SIGN_ILLEGAL", SMS_CONFIG, 0 },
	{ "isv.SIGN_STATE_ILLEGAL", SMS_CONFIG, 0 },
	{ "SIGNATURE_BLACKLIST", SMS_CONFIG, 0 },
	{ "isv.TEMPLATE_MISSING_PARAMETERS", SMS_CONFIG, 0 },
	{ "isv.INVALID_JSON_PARAM", SMS_CONFIG, 0 },
	{ "isv.PARAM_LENGTH_LIMIT", SMS_CONFIG, 0 },
	{ "isv.PARAM_NOT_SUPPORT_URL", SMS_CONFIG, 0 },
	{ "isv.TEMPLATE_PARAMS_ILLEGAL", SMS_CONFIG, 0 },
	{ "isv.SMS_CONTENT_ILLEGAL", SMS_CONFIG, 0 },
	{ "isv.INVALID_PARAMETERS", SMS_CONFIG, 0 },
	{ "isv.EXTEND_CODE_ERROR", SMS_CONFIG, 0 },
	{ "isv.AMOUNT_NOT_ENOUGH", SMS_CONFIG, 0 },
	{ "isv.OUT_OF_SERVICE", SMS_CONFIG, 0 },
	{ "isv.ACCOUNT_NOT_EXISTS", SMS_CONFIG, 0 },
	{ "isv.ACCOUNT_ABNORMAL", SMS_CONFIG, 0 },
	{ "isv.PRODUCT_UN_SUBSCRIPT", SMS_CONFIG, 0 },
	{ "isv.PRODUCT_UNSUBSCRIBE", SMS_CONFIG, 0 },
	{ "isp.RAM_PERMISSION_DENY", SMS_CONFIG, 0 },
	{ "Forbidden.RAM", SMS_CONFIG, 0 },
	{ "NoPermission", SMS_CONFIG, 0 },
	{ "isv.DENY_IP_RANGE", SMS_CONFIG, 0 },
	{ "InvalidAccessKeyId.NotFound", SMS_CONFIG, 0 },
	{ "InvalidAccessKeyId.Inactive", SMS_CONFIG, 0 },
	{ "SignatureDoesNotMatch", SMS_CONFIG, 0 },
	{ "IncompleteSignature", SMS_CONFIG, 0 },
	{ "InvalidSecurityToken.Expired", SMS_CONFIG, 0 },
	{ "InvalidSecurityToken.Malformed", SMS_CONFIG, 0 },
	{ "InvalidVersion", SMS_CONFIG, 0 },
	{ "InvalidAction.NotFound", SMS_CONFIG, 0 },
	{ "MissingPhoneNumbers", SMS_CONFIG, 0 },
	{ "InvalidTimeStamp.Expired", SMS_CLOCK, 0 },
	{ "InvalidTimeStamp.Format", SMS_CLOCK, 0 },
	{ "IllegalTimestamp", SMS_CLOCK, 0 },
	{ "SignatureNonceUsed", SMS_CLOCK, 0 },
	{ "Throttling", SMS_AGAIN, 0 },
	{ "Throttling.User", SMS_AGAIN, 0 },
	{ "Throttling.Api", SMS_AGAIN, 0 },
	{ "isp.SYSTEM_ERROR", SMS_UNKNOWN, 0 },
	{ "isp.GATEWAY_ERROR", SMS_UNKNOWN, 0 },
	{ "InternalError", SMS_UNKNOWN, 0 },
	{ "ServiceUnavailable", SMS_UNKNOWN, 0 },
	{ "isv.INVALID_SENDERID", SMS_CONFIG, 0 },
	/* unknown words, and known ones said almost right */
	{ "isv.SOMETHING_NEW", SMS_CONFIG, 0 },
	{ "throttling", SMS_CONFIG, 0 },
	{ "Throttling.", SMS_CONFIG, 0 },
	{ "Throttling.Users", SMS_CONFIG, 0 },
	{ "ok", SMS_CONFIG, 0 },
	{ "OK ", SMS_CONFIG, 0 },
	{ "MOBILE_NUMBER_ILLEGAL", SMS_CONFIG, 0 },
};

static void every_word_has_its_class(void **state UNUSED)
{
	static const uint32_t statuses[] = { 200, 400, 403, 404, 429, 499 };

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		_cleanup_free_ char *body = text_format("{\"Code\":\"%s\",\"Message\":\"m\","
			"\"RequestId\":\"r\",\"HostId\":\"h\",\"Recommend\":\"u\"}", words[i].word);

		for (size_t n = 0; n < N_ELEMENTS(statuses); n++) {
			const struct sms_result result =
				judge(&(struct fixture_reply){ statuses[n], body });

			if (result.class != words[i].class)
				fail_msg("%s: %d", words[i].word, result.class);
			assert_string_equal(result.word, words[i].word);
			assert_int_equal(result.wait_s, words[i].wait_s);
			assert_false(result.was_stopped);
		}
	}
}

static void other_statuses_say_nothing_sure(void **state UNUSED)
{
	static const uint32_t statuses[] = { 201, 204, 302, 500, 502, 503, 504, 599 };

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		_cleanup_free_ char *body = text_format("{\"Code\":\"%s\"}", words[i].word);

		for (size_t n = 0; n < N_ELEMENTS(statuses); n++)
			assert_int_equal(judge(&(struct fixture_reply){ statuses[n], body }).class,
					 SMS_UNKNOWN);
	}
}

/* The other call says the same words without what stands before the dot. */
static void words_of_the_globe_are_shorter(void **state UNUSED)
{
	static const struct {
		const char *word;
		enum sms_class class;
	} rows[] = {
		{ "MOBILE_NUMBER_ILLEGAL", SMS_NUMBER },
		{ "INVALID_SENDERID", SMS_CONFIG },
		{ "OUT_OF_SERVICE", SMS_CONFIG },
		{ "BUSINESS_LIMIT_CONTROL", SMS_LIMIT },
		{ "SYSTEM_ERROR", SMS_UNKNOWN },
		{ "isv.MOBILE_NUMBER_ILLEGAL", SMS_NUMBER },
		{ "Throttling.User", SMS_AGAIN },
		{ "NEW", SMS_CONFIG },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format(
			"{\"ResponseCode\":\"%s\",\"ResponseDescription\":\"d\"}", rows[i].word);

		assert_int_equal(judge(&(struct fixture_reply){ 200, body }).class, rows[i].class);
	}
}

static void a_limit_says_how_long(void **state UNUSED)
{
	static const struct {
		const char *body;
		int64_t wait_s;
	} rows[] = {
		{ "{\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\",\"Message\":\"触发分钟级流控Permits:1\"}",
		  60 },
		{ "{\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\",\"Message\":\"触发小时级流控Permits:5\"}",
		  3600 },
		{ "{\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\",\"Message\":\"触发天级流控Permits:10\"}",
		  86400 },
		{ "{\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\",\"Message\":\"something else\"}", 0 },
		{ "{\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\",\"Message\":5}", 0 },
		{ "{\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\"}", 0 },
		{ "{\"ResponseCode\":\"BUSINESS_LIMIT_CONTROL\","
		  "\"ResponseDescription\":\"触发小时级流控\"}", 3600 },
		/* a message says nothing about other words */
		{ "{\"Code\":\"isv.DAY_LIMIT_CONTROL\",\"Message\":\"触发分钟级流控\"}", 86400 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct sms_result result =
			judge(&(struct fixture_reply){ 200, rows[i].body });

		assert_int_equal(result.class, SMS_LIMIT);
		assert_int_equal(result.wait_s, rows[i].wait_s);
	}
}

static void throttling_waits_as_told(void **state UNUSED)
{
	const char *body = "{\"Code\":\"Throttling.User\"}";

	assert_int_equal(judge(&(struct fixture_reply){ 429, body, NULL, "7" }).wait_s, 7);
	assert_int_equal(judge(&(struct fixture_reply){ 429, body, NULL, "soon" }).wait_s, 0);
	assert_int_equal(judge(&(struct fixture_reply){ 400, body }).wait_s, 0);
}

static void what_is_no_reply_is_unknown(void **state UNUSED)
{
	static const struct fixture_reply rows[] = {
		{ 200, NULL },
		{ 200, "" },
		{ 200, "OK" },
		{ 200, "{" },
		{ 200, "{}" },
		{ 200, "[{\"Code\":\"OK\",\"BizId\":\"1\"}]" },
		{ 200, "{\"code\":\"OK\",\"BizId\":\"1\"}" },
		{ 200, "{\"Code\":\"OK\",\"Code\":\"OK\",\"BizId\":\"1\"}" },
		{ 200, "{\"Code\":\"OK\",\"BizId\":\"1\"} x" },
		{ 200, "{\"Code\":\"OK\",\"BizId\":\"1\"", },
		{ 200, "{\"Code\":true,\"BizId\":\"1\"}" },
		{ 200, "{\"Code\":null}" },
		{ 200, "{\"Code\":\"\"}" },
		{ 200, "{\"Code\":[\"Throttling\"]}" },
		{ 200, "{\"Code\":\"\xe9\x99\x90\"}" },
		{ 200, "{\"Code\":\"a\\u0000b\"}" },
		{ 200, "{\"Code\":\"\\u001b[2J\"}" },
		{ 400, "{\"Code\":{\"Code\":\"Throttling\"}}" },
		{ 200, "<html>Throttling</html>", "text/html" },
		{ 200, "{\"Code\":\"OK\",\"BizId\":\"1\"}", "text/html" },
		{ 200, "{\"Code\":\"OK\",\"BizId\":\"1\"}", "" },
		{ 302, NULL, "text/html" },
		{ 403, "<html>forbidden</html>", "text/html" },
		{ 500, NULL },
		{ 502, "<html>bad gateway</html>", "text/html" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *word = text_format("status %u", rows[i].status);
		const struct sms_result result = judge(&rows[i]);

		if (result.class != SMS_UNKNOWN)
			fail_msg("row %zu: %d", i, result.class);
		assert_string_equal(result.word, word);
	}
}

/* A reply that is cut anywhere is understood nowhere. */
static void cut_replies_are_unknown(void **state UNUSED)
{
	char body[] = "{\"Code\":\"OK\",\"Message\":\"OK\",\"BizId\":\"9006^0\"}";

	for (size_t len = sizeof(body) - 1; len-- > 0;) {
		body[len] = '\0';
		assert_int_equal(judge(&(struct fixture_reply){ 200, body }).class, SMS_UNKNOWN);
	}
}

static void a_word_beyond_its_bound_is_unknown(void **state UNUSED)
{
	_cleanup_free_ char *longest = text_format("{\"Code\":\"%0128d\"}", 0);
	_cleanup_free_ char *longer = text_format("{\"Code\":\"%0129d\"}", 0);

	assert_int_equal(judge(&(struct fixture_reply){ 200, longest }).class, SMS_CONFIG);
	assert_int_equal(judge(&(struct fixture_reply){ 200, longer }).class, SMS_UNKNOWN);
}

/* --- delivery --- */

static void delivery_is_asked_by_day_and_number(void **state UNUSED)
{
	static const struct {
		const char *number, *lines;
		int64_t sent_s;
		const char *end;                 /* NULL: it cannot be asked */
	} rows[] = {
		{ MAINLAND, SECTION, 1767323045, "&PhoneNumber=13900001234&SendDate=20260102" },
		/* 15:59:59Z and a second later: midnight in China */
		{ MAINLAND, SECTION, 1767283199, "&SendDate=20260101" },
		{ MAINLAND, SECTION, 1767283200, "&SendDate=20260102" },
		{ ABROAD, SECTION FOREIGN, 1767323045,
		  "&PhoneNumber=6591234567&SendDate=20260102" },
		{ ABROAD, SECTION GLOBE, 1767323045, NULL },
		{ MAINLAND, SECTION GLOBE, 1767323045, "&SendDate=20260102" },
	};
	static const char begin[] =
		BASE "BizId=9006%5E0&CurrentPage=1&PageSize=10&PhoneNumber=";

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = gateway_new(rows[i].lines);
		struct http_request *request = alibaba_vendor.ask(gateway->config, "9006^0",
			rows[i].number, rows[i].sent_s, &fixture_attempt);

		assert_int_equal(request != NULL, rows[i].end != NULL);
		if (request) {
			assert_true(text_has_prefix(request->url, begin));
			assert_true(text_has_suffix(request->url, rows[i].end));
			assert_true(fixture_has_header(request, "x-acs-action: QuerySendDetails"));
		}
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

#define DETAILS(list) \
	"{\"Code\":\"OK\",\"TotalCount\":1,\"SmsSendDetailDTOs\":{\"SmsSendDetailDTO\":[" list "]}}"

static void delivery_states_are_read(void **state UNUSED)
{
	static const struct {
		struct fixture_reply reply;
		enum sms_delivery delivery;
		const char *word;
	} rows[] = {
		{ { 200, DETAILS("{\"SendStatus\":1}") }, SMS_ON_ITS_WAY, "" },
		{ { 200, DETAILS("{\"SendStatus\":2,\"ErrCode\":\"MOBILE_NOT_ON_SERVICE\"}") },
		  SMS_NOT_DELIVERED, "MOBILE_NOT_ON_SERVICE" },
		{ { 200, DETAILS("{\"SendStatus\":3,\"ErrCode\":\"DELIVERED\"}") },
		  SMS_DELIVERED, "DELIVERED" },
		{ { 200, DETAILS("{\"SendStatus\":0}") }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, DETAILS("{\"SendStatus\":4}") }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, DETAILS("{\"SendStatus\":\"3\"}") }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, DETAILS("{}") }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, DETAILS("3") }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, DETAILS("") }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, DETAILS("{\"SendStatus\":3},{\"SendStatus\":2}") },
		  SMS_DELIVERY_UNKNOWN, "" },
		{ { 500, DETAILS("{\"SendStatus\":3}") }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, "{\"Code\":\"isv.OUT_OF_SERVICE\",\"SmsSendDetailDTOs\":"
		    "{\"SmsSendDetailDTO\":[{\"SendStatus\":3}]}}" }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, "{\"Code\":\"OK\",\"SmsSendDetailDTOs\":[]}" }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, "{\"Code\":\"OK\"}" }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, "<html>", "text/html" }, SMS_DELIVERY_UNKNOWN, "" },
		{ { 200, NULL }, SMS_DELIVERY_UNKNOWN, "" },
	};
	struct sms_gateway *gateway = gateway_new(SECTION);
	char word[SMS_WORD_MAX + 1];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (fixture_judge_delivery(gateway, &rows[i].reply, word) != rows[i].delivery)
			fail_msg("%s", rows[i].reply.body);
		assert_string_equal(word, rows[i].word);
	}
	fixture_gateway_free(gateway);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_the_vendors_byte_for_byte),
		cmocka_unit_test(the_headers_are_those_signed),
		cmocka_unit_test(numbers_and_settings_choose_the_request),
		cmocka_unit_test(a_language_has_its_template),
		cmocka_unit_test(variables_are_those_of_the_template),
		cmocka_unit_test(any_text_stays_one_parameter),
		cmocka_unit_test(a_text_beyond_a_url_makes_no_request),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_token_is_a_headers_value),
		cmocka_unit_test(ok_is_accepted),
		cmocka_unit_test(every_word_has_its_class),
		cmocka_unit_test(other_statuses_say_nothing_sure),
		cmocka_unit_test(words_of_the_globe_are_shorter),
		cmocka_unit_test(a_limit_says_how_long),
		cmocka_unit_test(throttling_waits_as_told),
		cmocka_unit_test(what_is_no_reply_is_unknown),
		cmocka_unit_test(cut_replies_are_unknown),
		cmocka_unit_test(a_word_beyond_its_bound_is_unknown),
		cmocka_unit_test(delivery_is_asked_by_day_and_number),
		cmocka_unit_test(delivery_states_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
