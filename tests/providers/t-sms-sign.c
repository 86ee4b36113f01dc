/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures against vectors of the vendors' own tools: tests/vectors/alibaba-signature.json
 * (@alicloud/openapi-util 0.3.3 and openapi-core 1.0.8) and aws-sigv4-sns.json
 * (@smithy/signature-v4 5.7.5), among both the example of the vendor's documentation.
 */
#include "providers/sms-sign.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/text.h"
#include "tests/providers/fake-core.h"

#define NAMES_MAX 16

static json_t *read_vectors(const char *path)
{
	struct buf raw = BUF_INIT(1 << 20);
	json_t *vectors;

	fake_file(path, &raw);
	vectors = json_loadb(raw.data, raw.len, 0, NULL);
	assert_non_null(vectors);
	buf_done(&raw);
	return vectors;
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of an object, sorted. */
static size_t names_of(json_t *object, const char *ret_names[NAMES_MAX])
{
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach(object, name, value) {
		assert_true(n < NAMES_MAX);
		ret_names[n++] = name;
	}
	qsort(ret_names, n, sizeof(ret_names[0]), compare_names);
	return n;
}

static void add_headers(json_t *headers, struct sign_request *request)
{
	const char *names[NAMES_MAX];
	size_t n = names_of(headers, names);

	for (size_t i = 0; i < n; i++)
		sign_add_header(request, names[i], text_at(headers, names[i]));
}

/* --- ACS3 --- */

static void check_acs3(json_t *vector)
{
	json_t *parameters = json_object_get(vector, "query");
	_cleanup_secret_ struct secret *secret =
		secret_from_text(text_at(vector, "access_key_secret"));
	const struct sign_key key = { text_at(vector, "access_key_id"), secret };
	struct buf query = BUF_INIT(4096), value = BUF_INIT(4096);
	struct sign_request request = { .method = text_at(vector, "method") };
	const char *names[NAMES_MAX];
	size_t n = names_of(parameters, names);
	char hash[SIGN_HASH_SIZE];

	for (size_t i = 0; i < n; i++)
		sign_add(&query, names[i], text_at(parameters, names[i]));
	assert_string_equal(buf_text(&query), text_at(vector, "request_target") + 2);
	assert_int_equal(sign_hash("", 0, hash), 0);
	request.query = buf_text(&query);
	request.body_hash = hash;
	add_headers(json_object_get(vector, "headers"), &request);
	assert_int_equal(sign_acs3(&request, &key, &value), 0);
	assert_string_equal(buf_text(&value), text_at(vector, "authorization"));
	buf_done(&query);
	buf_done(&value);
}

static void acs3_is_the_vendors(void **state UNUSED)
{
	json_t *vectors = read_vectors("vectors/alibaba-signature.json"), *vector;
	size_t i;

	assert_int_equal(json_array_size(json_object_get(vectors, "v3")), 5);
	json_array_foreach(json_object_get(vectors, "v3"), i, vector)
		check_acs3(vector);
	json_decref(vectors);
}

/* --- SigV4 --- */

static void check_sigv4(json_t *vector)
{
	_cleanup_secret_ struct secret *secret =
		secret_from_text(text_at(vector, "secret_access_key"));
	json_t *headers = json_object_get(vector, "headers"), *parameter;
	const struct sign_key key = { text_at(vector, "access_key_id"), secret };
	const struct sign_scope scope = {
		text_at(headers, "x-amz-date"), text_at(vector, "region"),
		text_at(vector, "service"),
	};
	struct sign_request request = { .method = text_at(vector, "method"), .query = "" };
	struct buf body = BUF_INIT(4096), value = BUF_INIT(4096);
	char hash[SIGN_HASH_SIZE];
	size_t i;

	json_array_foreach(json_object_get(vector, "params"), i, parameter)
		sign_add(&body, json_string_value(json_array_get(parameter, 0)),
			 json_string_value(json_array_get(parameter, 1)));
	assert_string_equal(buf_text(&body), text_at(vector, "body"));
	assert_int_equal(sign_hash(body.data, body.len, hash), 0);
	assert_string_equal(hash, text_at(vector, "payload_sha256"));
	request.body_hash = hash;
	add_headers(headers, &request);
	assert_int_equal(sign_sigv4(&request, &key, &scope, &value), 0);
	assert_string_equal(buf_text(&value), text_at(vector, "authorization"));
	buf_done(&body);
	buf_done(&value);
}

/* GET with a query: the example of the IAM User Guide. */
static void check_documented(json_t *vectors)
{
	json_t *example = json_object_get(vectors, "vendor_documentation_example");
	_cleanup_secret_ struct secret *secret =
		secret_from_text("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
	const struct sign_key key = { "AKIDEXAMPLE", secret };
	const struct sign_scope scope = { "20150830T123600Z", "us-east-1", "iam" };
	struct buf value = BUF_INIT(4096);
	char hash[SIGN_HASH_SIZE];
	struct sign_request request = {
		.method = "GET", .query = "Action=ListUsers&Version=2010-05-08",
		.body_hash = hash,
	};

	assert_int_equal(sign_hash("", 0, hash), 0);
	sign_add_header(&request, "content-type",
			"application/x-www-form-urlencoded; charset=utf-8");
	sign_add_header(&request, "host", "iam.amazonaws.com");
	sign_add_header(&request, "x-amz-date", scope.time);
	assert_int_equal(sign_sigv4(&request, &key, &scope, &value), 0);
	assert_string_equal(buf_text(&value), text_at(example, "authorization"));
	buf_done(&value);
}

static void sigv4_is_the_vendors(void **state UNUSED)
{
	json_t *vectors = read_vectors("vectors/aws-sigv4-sns.json"), *vector;
	size_t i;

	assert_int_equal(json_array_size(json_object_get(vectors, "vectors")), 4);
	json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
		check_sigv4(vector);
	check_documented(vectors);
	json_decref(vectors);
}

/* --- the rest --- */

static void an_empty_key_signs_nothing(void **state UNUSED)
{
	_cleanup_secret_ struct secret *empty = secret_from_text("");
	const struct sign_key key = { "id", empty };
	const struct sign_scope scope = { "20260102T030405Z", "r", "s" };
	const struct sign_request request = { .method = "POST", .query = "", .body_hash = "" };
	struct buf value = BUF_INIT(1000);

	assert_int_equal(sign_acs3(&request, &key, &value), -EINVAL);
	assert_int_equal(sign_sigv4(&request, &key, &scope, &value), -EINVAL);
	assert_int_equal(value.len, 0);
}

static void the_host_is_what_libcurl_sends(void **state UNUSED)
{
	static const struct {
		const char *url, *host;
	} rows[] = {
		{ "https://dysmsapi.aliyuncs.com", "dysmsapi.aliyuncs.com" },
		{ "https://sms.example.org/", "sms.example.org" },
		{ "https://sms.example.org:443/", "sms.example.org" },
		{ "https://sms.example.org:8443/?a=b", "sms.example.org:8443" },
		{ "https://192.0.2.1:4566", "192.0.2.1:4566" },
		{ "https://[2001:db8::1]/", "[2001:db8::1]" },
		{ "https://[2001:db8::1]:80/", "[2001:db8::1]:80" },
		{ "http://sms.example.org/", NULL },
		{ "https://a@sms.example.org/", NULL },
		{ "", NULL },
	};
	char host[SIGN_HOST_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(sign_host(rows[i].url, host), rows[i].host != NULL);
		if (rows[i].host)
			assert_string_equal(host, rows[i].host);
	}
}

static void times_are_utc(void **state UNUSED)
{
	static const struct {
		int64_t now_s;
		enum sign_time_form form;
		const char *text;
	} rows[] = {
		{ 1767323045, SIGN_TIME_EXTENDED, "2026-01-02T03:04:05Z" },
		{ 1767323045, SIGN_TIME_BASIC, "20260102T030405Z" },
		{ 1767323045, SIGN_TIME_DATE, "20260102" },
		{ 0, SIGN_TIME_EXTENDED, "1970-01-01T00:00:00Z" },
		{ 1709251199, SIGN_TIME_BASIC, "20240229T235959Z" },
		{ INT64_MAX, SIGN_TIME_DATE, "" },
	};
	char text[SIGN_TIME_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		sign_time(rows[i].now_s, rows[i].form, text);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(acs3_is_the_vendors),
		cmocka_unit_test(sigv4_is_the_vendors),
		cmocka_unit_test(an_empty_key_signs_nothing),
		cmocka_unit_test(the_host_is_what_libcurl_sends),
		cmocka_unit_test(times_are_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
