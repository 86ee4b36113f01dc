/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of an API that WeCom does not make: without a token, with an errcode only where something
 * is wrong, and with an end of their own. The rest is in t-wecom-token.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/api-call.h"
#include "tests/providers/fake-core.h"

#define API   "https://api.example.com/"
#define TOKEN "aToKenOfTheAppThatIsLongEnoughToBeMasked"

enum {
	BAD_ADDRESS = 40164, QUOTA = 45011, NO_TOKEN = 40001, BUSY = -1, NOBODY = 60121, LATER = 7,
};

static const struct api_error errors[] = {
	{ BUSY, API_AGAIN, FAIL_PROVIDER, 0, "busy" },
	{ NO_TOKEN, API_RENEW, FAIL_CONFIG, 10000, "the secret is wrong" },
	{ BAD_ADDRESS, API_FAILED, FAIL_CONFIG, 10000, "this address is not allowed" },
	{ QUOTA, API_DENIED, DENY_BUSY, 60000, "too many calls" },
	{ NOBODY, API_DENIED, DENY_FILTERED, 0, "nobody of us" },
	{ LATER, API_DENIED, DENY_FILTERED, 5000, "not of today" },
};

static const struct api_dialect dialect = {
	.errors = errors,
	.n_errors = N_ELEMENTS(errors),
	.may_lack_errcode = true,
	.address_code = BAD_ADDRESS,
	.address_before = "invalid ip ",
	.address_advice = "allow %s, and nothing else",
};

/* --- a provider that asks /open, without a token, and then /closed --- */

static void read_any(struct login *login UNUSED, const struct http_reply *reply,
		     struct api_result *ret_result)
{
	json_free(api_read_yes(reply, "any", &dialect, ret_result));
}

static struct http_request *make_token(struct login *login UNUSED)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct secret *json = secret_from_text("{\"app\":1}");
	struct http_request *request;

	buf_add_text(&url, API "token");
	request = api_post(&url, json, NULL);
	secret_free(json);
	return request;
}

static void read_token(const struct http_reply *reply, struct api_token *ret_token,
		       struct api_result *ret_result)
{
	struct json_t *json = api_read_yes(reply, "token", &dialect, ret_result);

	if (json)
		api_read_token(json, "token", "accessToken", "expireIn", ret_token, ret_result);
	json_free(json);
}

static const struct api_vendor vendor = { make_token, read_token };

static struct http_request *make_closed(struct login *login UNUSED, const struct secret *token)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, API "closed?t=%s", token->data);
	return api_get(&url, "http://192.0.2.1:3128");
}

static void identify(struct login *login)
{
	const struct identity identity = { .issuer = "calls", .subject = "somebody" };

	login_identify(login, &identity);
}

static const struct api_call closed_call = { &vendor, make_closed, read_any, identify, NULL };

static void to_closed(struct login *login)
{
	assert_false(api_is_busy(login));
	api_start(login, &closed_call);
	assert_true(api_is_busy(login));
}

static struct http_request *make_open(struct login *login UNUSED, const struct secret *token)
{
	struct buf url = BUF_INIT(URL_MAX);

	assert_null(token);
	buf_add_text(&url, API "open");
	return api_get(&url, NULL);
}

/* Nobody is somebody else; and what is for later ends in words of our own. */
static bool fail_open(struct login *login, const struct api_result *result)
{
	assert_false(api_is_busy(login));
	if (result->code == NOBODY)
		to_closed(login);
	else if (result->code == LATER)
		login_deny(login, DENY_EXPIRED, "our own words");
	else
		return false;
	return true;
}

static const struct api_call open_call = { NULL, make_open, read_any, to_closed, fail_open };

static void start(struct login *login)
{
	assert_false(api_is_busy(login));
	api_start(login, &open_call);
}

static void take_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	assert_true(api_is_busy(login));
	api_take_reply(login, reply);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	assert_true(api_is_busy(login));
	api_take_timeout(login);
}

static void release(void *shared)
{
	api_release(shared);
}

static const struct conf_key keys[] = { { NULL } };

static const struct provider provider = {
	.type = "calls",
	.title = "Calls",
	.features = PROVIDER_CONTACTS,
	.keys = keys,
	.config_size = 1,
	.shared_size = sizeof(struct api_shared),
	.login_size = sizeof(struct api_login),
	.start = start,
	.reply = take_reply,
	.timeout = timeout,
	.finish = api_finish,
	.release = release,
};

/* --- tests --- */

static struct login *begin(struct fake_method **ret_method)
{
	*ret_method = fake_method_new(&provider, "");
	return fake_start(*ret_method);
}

static void end(struct fake_method *method, struct login *login)
{
	fake_login_free(login);
	fake_method_free(method);
}

static void reply_error(struct login *login, int code)
{
	_cleanup_free_ char *body = text_format("{\"errcode\":%d,\"errmsg\":\"words\"}", code);

	fake_reply_json(login, 200, body);
}

static void ended(const struct login *login, enum fake_end how, int reason)
{
	assert_int_equal(login->end, how);
	assert_int_equal(login->reason, reason);
	assert_true(!login->detail || !strstr(login->detail, TOKEN));
}

static void a_call_may_do_without_a_token_and_the_next_one_not(void **state UNUSED)
{
	struct fake_method *method;
	struct login *login = begin(&method);

	assert_true(fake_asks(login, API "open"));
	assert_null(login->request->proxy);
	fake_reply_json(login, 200, "{\"openid\":\"o\"}");
	assert_true(fake_asks(login, API "token"));
	assert_int_equal(login->request->method, HTTP_POST);
	assert_true(login->request->once);
	assert_true(fake_body_has(login, "{\"app\":1}"));
	fake_reply_json(login, 200, "{\"accessToken\":\"" TOKEN "\",\"expireIn\":7200}");
	assert_true(fake_asks(login, API "closed?t=" TOKEN));
	assert_int_equal(login->request->method, HTTP_GET);
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	fake_reply_json(login, 200, "{\"errcode\":0}");
	ended(login, FAKE_IDENTIFIED, 0);
	end(method, login);
}

static void a_call_without_a_token_waits_for_nobody(void **state UNUSED)
{
	struct fake_method *method;
	struct login *first = begin(&method), *second;

	fake_reply_json(first, 200, "{}");
	assert_true(fake_asks(first, API "token"));
	second = fake_start(method);
	assert_true(fake_asks(second, API "open"));
	fake_reply_json(second, 200, "{}");
	assert_int_equal(second->request_number, 0);             /* now it does */
	fake_login_free(second);
	end(method, first);
}

static void busy_is_asked_again_and_a_lost_token_is_nothing_to_renew(void **state UNUSED)
{
	static const int64_t delays_ms[] = { 500, 1000, 2000 };
	struct fake_method *method;
	struct login *login = begin(&method);

	for (size_t i = 0; i < N_ELEMENTS(delays_ms); i++) {
		reply_error(login, BUSY);
		assert_int_equal(login->timer_delay_ms, delays_ms[i]);
		fake_timer(login);
		assert_true(fake_asks(login, API "open"));
	}
	reply_error(login, BUSY);
	ended(login, FAKE_FAILED, FAIL_PROVIDER);
	end(method, login);
	login = begin(&method);
	reply_error(login, NO_TOKEN);
	ended(login, FAKE_FAILED, FAIL_CONFIG);
	assert_int_equal(login->n_requests, 1);
	end(method, login);
}

static void what_is_everybodys_holds_for_all_calls(void **state UNUSED)
{
	static const struct {
		int code;
		enum fake_end end;
		int reason;
		int64_t pause_ms;
	} rows[] = {
		{ QUOTA, FAKE_DENIED, DENY_BUSY, 60000 },
		{ NO_TOKEN, FAKE_FAILED, FAIL_CONFIG, 10000 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method;
		struct login *login = begin(&method), *next;

		reply_error(login, rows[i].code);
		ended(login, rows[i].end, rows[i].reason);
		fake_pass(login, rows[i].pause_ms - 1);
		next = fake_start(method);
		ended(next, rows[i].end, rows[i].reason);
		assert_string_equal(next->detail, login->detail);
		assert_int_equal(next->n_requests, 0);
		fake_login_free(next);
		fake_pass(login, 1);
		next = fake_start(method);
		assert_true(fake_asks(next, API "open"));
		fake_login_free(next);
		end(method, login);
	}
}

static void a_call_may_know_better_how_it_ends(void **state UNUSED)
{
	struct fake_method *method;
	struct login *login = begin(&method), *next;

	reply_error(login, NOBODY);
	assert_true(fake_asks(login, API "token"));              /* it goes on */
	fake_reply_json(login, 200, "{\"accessToken\":\"" TOKEN "\",\"expireIn\":7200}");
	reply_error(login, NOBODY);
	ended(login, FAKE_DENIED, DENY_FILTERED);                /* this one knows nothing */
	assert_string_equal(login->detail, "60121 any: nobody of us; words");
	fake_login_free(login);
	login = fake_start(method);
	reply_error(login, LATER);
	ended(login, FAKE_DENIED, DENY_EXPIRED);
	assert_string_equal(login->detail, "our own words");
	/* What it made of it is nobody else's. */
	next = fake_start(method);
	assert_true(fake_asks(next, API "open"));
	fake_reply_lost(next, HTTP_TIMED_OUT);
	ended(next, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(next);
	end(method, login);
}

static void an_errcode_that_may_lack_is_a_number_when_there(void **state UNUSED)
{
	static const struct {
		const char *body;
		bool is_good;
	} rows[] = {
		{ "{}", true }, { "{\"errcode\":0}", true }, { "{\"errcode\":\"0\"}", false },
		{ "{\"errcode\":null}", false }, { "{\"errcode\":3000000000}", false },
		{ "{\"errcode\":1}", false }, { "[]", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method;
		struct login *login = begin(&method);

		fake_reply_json(login, 200, rows[i].body);
		assert_int_equal(login->end, rows[i].is_good ? FAKE_RUNNING : FAKE_FAILED);
		end(method, login);
	}
}

static void an_address_is_told_where_the_vendor_tells_it(void **state UNUSED)
{
	static const struct {
		int code;
		const char *message, *detail;
	} rows[] = {
		{ BAD_ADDRESS, "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist",
		  "40164 x: allow 203.0.113.7, and nothing else; "
		  "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist" },
		{ BAD_ADDRESS, "invalid ip 7", "40164 x: this address is not allowed; "
					       "invalid ip 7" },
		{ BAD_ADDRESS, NULL, "40164 x: this address is not allowed" },
		{ QUOTA, "invalid ip 203.0.113.7", "45011 x: too many calls; "
						   "invalid ip 203.0.113.7" },
		{ 1, "no " TOKEN "!", "1 x: an error; no ...!" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct api_result result;

		api_set_error(&result, &dialect, rows[i].code, "x", rows[i].message);
		assert_string_equal(result.detail, rows[i].detail);
		assert_int_equal(result.code, rows[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_may_do_without_a_token_and_the_next_one_not),
		cmocka_unit_test(a_call_without_a_token_waits_for_nobody),
		cmocka_unit_test(busy_is_asked_again_and_a_lost_token_is_nothing_to_renew),
		cmocka_unit_test(what_is_everybodys_holds_for_all_calls),
		cmocka_unit_test(a_call_may_know_better_how_it_ends),
		cmocka_unit_test(an_errcode_that_may_lack_is_a_number_when_there),
		cmocka_unit_test(an_address_is_told_where_the_vendor_tells_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
