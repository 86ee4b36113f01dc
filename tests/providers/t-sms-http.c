/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMS vendor `http`: requests by templates, and replies by the words of a section. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "providers/table.h"
#include "tests/providers/vendor-fixture.h"

#define URL      "url = https://sms.example.org/send\n"
#define FORM     "body = to={number}&text={text}\n"
#define JSON     "content_type = application/json\n"
#define TEXT     "012345 is \"it\" & more"

static struct sms_gateway *gateway_new(const char *lines)
{
	return fixture_gateway(&http_vendor, &(struct vendor_section){ lines, NULL });
}

static void requests_are_what_the_section_says(void **state UNUSED)
{
	static const struct {
		const char *lines;
		enum http_method method;
		const char *url, *body, *type;
	} rows[] = {
		{ URL FORM, HTTP_POST, "https://sms.example.org/send",
		  "to=%2B14155550100&text=012345+is+%22it%22+%26+more",
		  "Content-Type: application/x-www-form-urlencoded" },
		{ URL "body = u=x&to={digits}&c={code}&r={ref}&h={host}&id={id}\n", HTTP_POST,
		  "https://sms.example.org/send",
		  "u=x&to=14155550100&c=012345&r=K7&h=db-1&id=0123456789abcdef0123456789abcdef",
		  "Content-Type: application/x-www-form-urlencoded" },
		{ URL JSON "body = {{\"to\":[\"{number}\"],\"text\":\"{text}\",\"n\":{digits}}}\n",
		  HTTP_POST, "https://sms.example.org/send",
		  "{\"to\":[\"+14155550100\"],\"text\":\"012345 is \\\"it\\\" & more\","
		  "\"n\":14155550100}",
		  "Content-Type: application/json" },
		{ URL JSON "body = [{{\"c\":\"{code}\"}}]\n", HTTP_POST,
		  "https://sms.example.org/send", "[{\"c\":\"012345\"}]",
		  "Content-Type: application/json" },
		{ "url = https://sms.example.org/{id}\ncontent_type = text/plain\nbody = {text}\n",
		  HTTP_POST, "https://sms.example.org/0123456789abcdef0123456789abcdef", TEXT,
		  "Content-Type: text/plain; charset=utf-8" },
		{ "url = https://sms.example.org:8443/?to={number}&t={text}\nmethod = GET\n",
		  HTTP_GET, "https://sms.example.org:8443/?to=%2B14155550100&t=012345%20is%20"
		  "%22it%22%20%26%20more", "", NULL },
		{ "url = https://sms.example.org/{digits}/{code}\n", HTTP_POST,
		  "https://sms.example.org/14155550100/012345", "", NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = gateway_new(rows[i].lines);
		struct http_request *request = fixture_send(gateway, "+14155550100", TEXT);

		assert_int_equal(request->method, rows[i].method);
		assert_string_equal(request->url, rows[i].url);
		assert_string_equal(fixture_body(request), rows[i].body);
		if (rows[i].type)
			assert_true(fixture_has_header(request, rows[i].type));
		else
			assert_int_equal(request->n_headers, 0);
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void requests_prove_who_asks(void **state UNUSED)
{
	static const struct fixture_secret bearer[] = {
		{ "authorization", "App 0123456789abcdef" }, { NULL }
	};
	static const struct fixture_secret password[] = { { "password", "s3cret" }, { NULL } };
	static const struct {
		struct vendor_section section;
		const char *header;
	} rows[] = {
		{ { URL FORM, bearer }, "Authorization: App 0123456789abcdef" },
		/* base64("jauth:s3cret") */
		{ { URL FORM "user = jauth\n", password },
		  "Authorization: Basic amF1dGg6czNjcmV0" },
		{ { URL FORM "header = X-Client: jauth, X-Route:2\n", NULL }, "X-Client: jauth" },
		{ { URL FORM "header = X-Client: jauth, X-Route:2\n", NULL }, "X-Route: 2" },
		{ { URL FORM "header = Authorization-Hint: a:b\n", NULL },
		  "Authorization-Hint: a:b" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = fixture_gateway(&http_vendor, &rows[i].section);
		struct http_request *request = fixture_send(gateway, "+14155550100", TEXT);

		if (!fixture_has_header(request, rows[i].header))
			fail_msg("no header %s", rows[i].header);
		http_request_free(request);
		fixture_gateway_free(gateway);
	}
}

static void what_cannot_be_said_is_not_sent(void **state UNUSED)
{
	static const struct {
		const char *lines, *text;
	} rows[] = {
		{ URL "content_type = text/plain\nbody = {text}\n", "012345\nis it" },
		{ URL "content_type = text/plain\nbody = {text}\n", "012345 caf\xe9" },
		{ URL JSON "body = {{\"t\":\"{text}\"}}\n", "012345 caf\xe9" },
		{ "url = https://sms.example.org/?t={text}{text}\nmethod = GET\n", NULL },
	};
	char longest[1600] = "";

	memset(longest, 'x', sizeof(longest) - 1);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_gateway *gateway = gateway_new(rows[i].lines);

		assert_null(fixture_send(gateway, "+14155550100",
					 rows[i].text ? rows[i].text : longest));
		fixture_gateway_free(gateway);
	}
}

static void check_rows(const struct vendor_section *section, const char *mistake)
{
	_cleanup_free_ char *mistakes = fixture_mistakes(&http_vendor, section);
	bool is_right = mistake ? strstr(mistakes, mistake) != NULL : !mistakes[0];

	if (!is_right)
		fail_msg("%s: %s", section->lines, mistakes);
}

static void requests_are_checked(void **state UNUSED)
{
	static const struct {
		const char *lines;
		const char *mistake;     /* NULL: none */
	} rows[] = {
		{ URL FORM, NULL },
		{ FORM, "[sms test] needs \"url\"" },
		{ URL, "\"url\" must hold {text} or {code}" },
		{ URL "body = to={number}\n", "3: \"body\" must hold {text} or {code}" },
		{ URL "body = to={number}&t={{text}}\n", "\"body\" must hold {text} or {code}" },
		{ "url = http://sms.example.org/?c={code}\n", "\"url\" must be an https URL" },
		{ "url = sms.example.org/{code}\n", "\"url\" must be an https URL" },
		{ "url = https://sms.example.org/#{code}\n", "\"url\" must be an https URL" },
		{ "url = https://sms.example.org/ {code}\n", "\"url\" must be an https URL" },
		{ "url = https://sms.example.org/{{{code}\n", "\"url\" must be an https URL" },
		{ "url = https://{host}.example.org/{code}\n", "host and port without variables" },
		{ "url = https://{digits}.example.org/{code}\n", "without variables" },
		{ "url = https://{code}/\n", "\"url\" must" },
		{ "url = {text}\n", "\"url\" must be an https URL" },
		{ "url = https://sms.example.org/{cod}\n", "\"url\" knows no {cod}; there are" },
		{ "url = https://sms.example.org/{code\n", "\"url\" has a brace without its" },
		{ URL "body = t={text\n", "\"body\" has a brace without its other half" },
		{ URL "body = t={txt}\n", "\"body\" knows no {txt}" },
		{ URL FORM "method = GET\n", "\"body\" has no place in a GET" },
		{ URL FORM "method = PUT\n", "must be one of POST, GET" },
		{ URL "body = to={number} t={text}\n", "\"body\" is no form" },
		{ URL "body = t=\xe7\xa0\x81{text}\n", "\"body\" is no form" },
		{ URL JSON "body = {\"t\":\"{text}\"}\n", "\"body\" has a brace" },
		{ URL JSON "body = {{\"t\":{text}}}\n", "\"body\" is no JSON" },
		{ URL JSON "body = {{\"t\":{code}}}\n", "\"body\" is no JSON" },
		{ URL JSON "body = {{\"t\":\"{text}\"\n", "\"body\" is no JSON" },
		{ URL JSON FORM, "\"body\" is no JSON" },
		{ URL FORM "content_type = text/xml\n", "must be one of application/x-www-form" },
		{ URL FORM "header = X-Client\n", "\"header\" must be of the form" },
		{ URL FORM "header = X Client: 1\n", "\"header\" must be of the form" },
		{ URL FORM "header = X-Client:\n", "\"header\" must be of the form" },
		{ URL FORM "header = X-Caf\xc3\xa9: 1\n", "\"header\" must be of the form" },
		{ URL FORM "header = authorization: Basic eDp5\n", "\"header\" must not set" },
		{ URL FORM "header = A: 1, Content-Length: 7\n", "\"header\" must not set" },
		{ URL FORM "header = Host: other.example.org\n", "\"header\" must not set" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		check_rows(&(struct vendor_section){ rows[i].lines, NULL }, rows[i].mistake);
}

static void credentials_are_checked(void **state UNUSED)
{
	static const struct fixture_secret password[] = { { "password", "s3cret" }, { NULL } };
	static const struct fixture_secret lines[] = { { "password", "s3c\nret" }, { NULL } };
	static const struct fixture_secret bearer[] = {
		{ "authorization", "App x\ny" }, { NULL }
	};
	static const struct fixture_secret both[] = {
		{ "password", "s3cret" }, { "authorization", "App x" }, { NULL }
	};
	static const struct {
		struct vendor_section section;
		const char *mistake;
	} rows[] = {
		{ { URL FORM "user = jauth\n", password }, NULL },
		{ { URL FORM "user = jauth\n", NULL }, "\"password\" are needed together" },
		{ { URL FORM, password }, "\"password\" are needed together" },
		{ { URL FORM "user = jauth\n", both }, "\"authorization\" are two ways" },
		{ { URL FORM "user = ja:uth\n", password }, "\"user\" must not hold a colon" },
		{ { URL FORM "user = jauth\n", lines }, "\"password_file\" must hold one line" },
		{ { URL FORM, bearer }, "\"authorization_file\" must hold one line of ASCII" },
		{ { URL FORM "authorization = App x\n", NULL }, "must not stand in this file" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		check_rows(&rows[i].section, rows[i].mistake);
}

static void words_about_replies_are_checked(void **state UNUSED)
{
	static const struct {
		const char *lines, *mistake;
	} rows[] = {
		{ URL FORM "success_status = 200, 202-204\nlimit_status = 420, 503-504\n", NULL },
		{ URL FORM "success_member = a.0.b\nsuccess_value = 0\nnumber_values = 3, 4\n",
		  NULL },
		{ URL FORM "success_status = 200-404\n", "\"success_status\" must be statuses" },
		{ URL FORM "success_status = 0\n", "\"success_status\" must be statuses from 200" },
		{ URL FORM "success_status = 204-200\n", "\"success_status\" must be statuses" },
		{ URL FORM "success_status = 200-\n", "\"success_status\" must be statuses" },
		{ URL FORM "success_status = 200-204-207\n", "\"success_status\" must be" },
		{ URL FORM "success_status = OK\n", "\"success_status\" must be statuses" },
		{ URL FORM "limit_status = 200\n", "\"limit_status\" must be statuses from 400" },
		{ URL FORM "success_member = .a\n", "\"success_member\" must be names joined" },
		{ URL FORM "error_member = a..b\n", "\"error_member\" must be names joined" },
		{ URL FORM "id_member = a.\n", "\"id_member\" must be names joined by dots" },
		{ URL FORM "success_value = 0\n", "\"success_value\" means nothing without" },
		{ URL FORM "number_values = 3\n", "\"error_member\" is needed" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		check_rows(&(struct vendor_section){ rows[i].lines, NULL }, rows[i].mistake);
}

/* A section's words, and replies that are judged by them. */
struct judgement {
	struct fixture_reply reply;
	enum sms_class class;
	const char *word;                /* of SMS_ACCEPTED: the id */
	int64_t wait_s;
};

static void judge_rows(const char *words, const struct judgement *rows, size_t n)
{
	_cleanup_free_ char *lines = text_format(URL FORM "%s", words);
	struct sms_gateway *gateway = gateway_new(lines);

	for (size_t i = 0; i < n; i++) {
		struct sms_result result = fixture_judge(gateway, &rows[i].reply);
		const char *word = result.class == SMS_ACCEPTED ? result.id : result.word;

		if (result.class != rows[i].class || !text_equals(word, rows[i].word) ||
		    result.wait_s != rows[i].wait_s || result.was_stopped)
			fail_msg("%u %s: class %d, word %s, wait %d", rows[i].reply.status,
				 rows[i].reply.body, (int)result.class, word, (int)result.wait_s);
	}
	fixture_gateway_free(gateway);
}

static void without_words_the_status_decides(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 200, NULL }, SMS_ACCEPTED, "" },
		{ { 202, "{\"id\":7}" }, SMS_ACCEPTED, "" },
		{ { 299, "anything", "text/plain" }, SMS_ACCEPTED, "" },
		{ { 199, NULL }, SMS_UNKNOWN, "status 199" },
		{ { 301, NULL }, SMS_UNKNOWN, "status 301" },
		{ { 400, NULL }, SMS_REFUSED, "status 400" },
		{ { 401, NULL }, SMS_CONFIG, "status 401" },
		{ { 403, "<html>", "text/html" }, SMS_CONFIG, "status 403" },
		{ { 404, NULL }, SMS_CONFIG, "status 404" },
		{ { 422, NULL }, SMS_REFUSED, "status 422" },
		{ { 429, NULL }, SMS_AGAIN, "status 429" },
		{ { 429, NULL, .retry_after = "12" }, SMS_AGAIN, "status 429", 12 },
		{ { 500, NULL }, SMS_UNKNOWN, "status 500" },
		{ { 503, NULL, .retry_after = "12" }, SMS_UNKNOWN, "status 503" },
	};

	judge_rows("", rows, N_ELEMENTS(rows));
}

static void a_member_says_what_happened(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 200, "{\"code\":0,\"sid\":\"m-1\"}" }, SMS_ACCEPTED, "m-1" },
		{ { 200, "{\"code\":\"0\",\"sid\":17}" }, SMS_ACCEPTED, "17" },
		{ { 200, "{\"code\":0,\"sid\":\"m-1\"}", "text/html" }, SMS_ACCEPTED, "m-1" },
		{ { 200, "{\"code\":0}" }, SMS_ACCEPTED, "" },
		{ { 200, "{\"code\":0,\"sid\":{}}" }, SMS_ACCEPTED, "" },
		{ { 200, "{\"code\":0,\"sid\":\"\xe7\xa0\x81\"}" }, SMS_ACCEPTED, "?" },
		{ { 200, "{\"code\":22}" }, SMS_NUMBER, "22" },
		{ { 200, "{\"code\":\"23\"}" }, SMS_NUMBER, "23" },
		{ { 200, "{\"code\":33}", .retry_after = "60" }, SMS_LIMIT, "33", 60 },
		{ { 400, "{\"code\":33}" }, SMS_LIMIT, "33" },
		{ { 200, "{\"code\":-1}" }, SMS_CONFIG, "-1" },
		{ { 500, "{\"code\":-1}" }, SMS_CONFIG, "-1" },
		{ { 200, "{\"code\":2}" }, SMS_REFUSED, "2" },
		{ { 429, "{\"code\":2}" }, SMS_AGAIN, "status 429" },
		/* nothing that the section knows */
		{ { 200, "{\"code\":99}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"code\":0.0}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"code\":false}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"code\":null}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"code\":[0]}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"code\":\"00\"}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"code\":0,\"code\":0}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"Code\":0}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"code\":0" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "[{\"code\":0}]" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, NULL }, SMS_UNKNOWN, "status 200" },
		{ { 200, "<html>\"code\":0</html>", "text/html" }, SMS_UNKNOWN, "status 200" },
		{ { 300, "{\"code\":0}" }, SMS_UNKNOWN, "status 300" },
		{ { 400, "{\"code\":0}" }, SMS_REFUSED, "status 400" },
		{ { 500, "{\"code\":0}" }, SMS_UNKNOWN, "status 500" },
	};

	judge_rows("success_member = code\nsuccess_value = 0\nid_member = sid\n"
		   "number_values = 22, 23\nlimit_values = 33\nconfig_values = -1\n"
		   "refused_values = 2\n", rows, N_ELEMENTS(rows));
}

static void members_are_found_by_their_path(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 200, "{\"messages\":[{\"status\":{\"group\":1},\"id\":\"a\"}]}" },
		  SMS_ACCEPTED, "a" },
		{ { 200, "{\"messages\":{\"0\":{\"status\":{\"group\":1},\"id\":\"b\"}}}" },
		  SMS_ACCEPTED, "b" },
		{ { 200, "{\"messages\":[{\"status\":{\"group\":5,\"name\":\"NO_ROUTE\"}}]}" },
		  SMS_NUMBER, "NO_ROUTE" },
		{ { 400, "{\"messages\":[{\"status\":{\"name\":\"ODD \xe7\xa0\x81\"}}]}" },
		  SMS_REFUSED, "ODD ?" },
		{ { 200, "{\"messages\":[{\"status\":{\"name\":\"ODD\"}}]}" }, SMS_UNKNOWN, "ODD" },
		{ { 200, "{\"messages\":[]}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"messages\":[7]}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"messages\":[{\"status\":1}]}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"messages\":7}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"messages.0.status.group\":1}" }, SMS_UNKNOWN, "status 200" },
	};

	judge_rows("success_member = messages.0.status.group\nsuccess_value = 1\n"
		   "id_member = messages.0.id\nerror_member = messages.0.status.name\n"
		   "number_values = NO_ROUTE\n", rows, N_ELEMENTS(rows));
}

static void a_list_may_stand_at_the_top(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 200, "[{\"ok\":true}]" }, SMS_ACCEPTED, "" },
		{ { 200, "[{\"ok\":false}]" }, SMS_REFUSED, "false" },
		{ { 200, "[]" }, SMS_UNKNOWN, "status 200" },
	};

	judge_rows("success_member = 0.ok\nsuccess_value = true\nrefused_values = false\n", rows,
		   N_ELEMENTS(rows));
}

static void a_member_may_be_enough(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 201, "{\"id\":\"x\"}" }, SMS_ACCEPTED, "x" },
		{ { 201, "{\"id\":\"\"}" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{\"id\":null}" }, SMS_UNKNOWN, "status 201" },
		{ { 201, "{}" }, SMS_UNKNOWN, "status 201" },
		{ { 200, "{\"id\":\"x\"}" }, SMS_UNKNOWN, "status 200" },
	};

	judge_rows("success_status = 201\nsuccess_member = id\nid_member = id\n", rows,
		   N_ELEMENTS(rows));
}

static void a_text_says_what_happened(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 200, "OK: 7", "text/plain" }, SMS_ACCEPTED, "" },
		{ { 200, "result OK: 7", "text/html" }, SMS_ACCEPTED, "" },
		{ { 200, "ERR: 105", "text/plain" }, SMS_REFUSED, "status 200" },
		{ { 200, "OK: ERR: 105", "text/plain" }, SMS_REFUSED, "status 200" },
		{ { 200, "ok: 7", "text/plain" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "OK", "text/plain" }, SMS_UNKNOWN, "status 200" },
		{ { 200, NULL }, SMS_UNKNOWN, "status 200" },
		{ { 500, "OK: 7", "text/plain" }, SMS_UNKNOWN, "status 500" },
		{ { 404, "OK: 7", "text/plain" }, SMS_CONFIG, "status 404" },
		{ { 401, "ERR: 105", "text/plain" }, SMS_CONFIG, "status 401" },
		{ { 400, "OK: 7", "text/plain" }, SMS_REFUSED, "status 400" },
		{ { 500, "ERR: 105", "text/plain" }, SMS_REFUSED, "status 500" },
	};

	judge_rows("success_text = OK:\nrefused_text = ERR:\n", rows, N_ELEMENTS(rows));
}

static void all_tests_must_hold(void **state UNUSED)
{
	static const struct judgement rows[] = {
		{ { 200, "{\"a\":1,\"b\":\"sent\"}" }, SMS_ACCEPTED, "" },
		{ { 200, "{\"a\":1,\"b\":\"kept\"}" }, SMS_UNKNOWN, "status 200" },
		{ { 200, "{\"a\":2,\"b\":\"sent\"}" }, SMS_UNKNOWN, "status 200" },
	};

	judge_rows("success_text = sent\nsuccess_member = a\nsuccess_value = 1\n", rows,
		   N_ELEMENTS(rows));
}

static void ids_have_their_bound(void **state UNUSED)
{
	struct sms_gateway *gateway = gateway_new(URL FORM "success_member = id\nid_member = id\n");
	char body[400] = "", id[300] = "";
	struct sms_result result;

	memset(id, 'x', 128);
	(void)snprintf(body, sizeof(body), "{\"id\":\"%s\"}", id);
	result = fixture_judge(gateway, &(struct fixture_reply){ 200, body });
	assert_int_equal(result.class, SMS_ACCEPTED);
	assert_string_equal(result.id, id);
	memset(id, 'x', 129);
	(void)snprintf(body, sizeof(body), "{\"id\":\"%s\"}", id);
	result = fixture_judge(gateway, &(struct fixture_reply){ 200, body });
	assert_int_equal(result.class, SMS_UNKNOWN);
	fixture_gateway_free(gateway);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_what_the_section_says),
		cmocka_unit_test(requests_prove_who_asks),
		cmocka_unit_test(what_cannot_be_said_is_not_sent),
		cmocka_unit_test(requests_are_checked),
		cmocka_unit_test(credentials_are_checked),
		cmocka_unit_test(words_about_replies_are_checked),
		cmocka_unit_test(without_words_the_status_decides),
		cmocka_unit_test(a_member_says_what_happened),
		cmocka_unit_test(members_are_found_by_their_path),
		cmocka_unit_test(a_list_may_stand_at_the_top),
		cmocka_unit_test(a_member_may_be_enough),
		cmocka_unit_test(a_text_says_what_happened),
		cmocka_unit_test(all_tests_must_hold),
		cmocka_unit_test(ids_have_their_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
