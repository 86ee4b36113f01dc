/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See scan-cases.h. */
#include "tests/providers/scan-cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void say(struct login *login, const struct scan_vendor *vendor, const char *body)
{
	struct http_reply reply = fake_http_reply(200, vendor->type, body);

	fake_reply_whole(login, &reply);
}

/* Up to the first poll, which is open. */
static struct login *start(const struct scan_vendor *vendor, struct fake_method *method)
{
	struct login *login = fake_start(method);

	vendor->show(login);
	fake_timer(login);
	return login;
}

void expect_no_answers(const struct scan_vendor *vendor, const char *const *bodies, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fake_method *method = vendor->method_new();
		struct login *login = start(vendor, method);

		say(login, vendor, bodies[i]);
		if (login->end != FAKE_FAILED)
			fail_msg("%s", bodies[i]);
		vendor->ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

void expect_pages(const struct scan_page_row *rows, size_t n,
		  enum scan_page (*read)(const struct http_reply *reply, char *ret_key))
{
	for (size_t i = 0; i < n; i++) {
		struct http_reply reply = fake_http_reply(200, "text/html", rows[i].page);
		char key[SCAN_KEY_MAX + 1] = "as before";
		enum scan_page result = read(&reply, key);

		if (result != rows[i].result)
			fail_msg("%s: %d", rows[i].page, result);
		assert_string_equal(key, rows[i].key ? rows[i].key : "as before");
		http_reply_done(&reply);
	}
}

static bool is_poll_behind_seen(const struct scan_vendor *vendor, const struct login *login)
{
	return vendor->last && strstr(login->request->url, vendor->last);
}

void a_code_that_ran_out_is_renewed_twice_on_a_key_press(void **state)
{
	const struct scan_vendor *vendor = *state;
	struct fake_method *method = vendor->method_new();
	struct login *login = start(vendor, method);

	for (unsigned n = 1; n <= 2; n++) {
		say(login, vendor, vendor->seen);
		fake_timer(login);
		say(login, vendor, vendor->over);
		assert_int_equal(login->timer_number, 0);
		assert_int_equal(login->request_number, 0);
		assert_non_null(strstr(login->prompt, "has expired"));
		fake_answer(login, "");
		assert_true(text_has_prefix(login->request->url, vendor->page));
		vendor->show(login);
		assert_int_equal(login->n_codes, n + 1);
		fake_timer(login);
		assert_false(is_poll_behind_seen(vendor, login));
	}
	say(login, vendor, vendor->over);
	vendor->ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);

	/* Nobody could scan another one in the time that is left. */
	login = start(vendor, method);
	fake_pass(login, FAKE_LOGIN_MS - 20000);
	say(login, vendor, vendor->over);
	vendor->ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);
	fake_method_free(method);
}

void three_lost_polls_in_a_row_are_borne(void **state)
{
	const struct scan_vendor *vendor = *state;
	struct fake_method *method = vendor->method_new();
	struct login *login = start(vendor, method);

	for (int round = 0; round < 2; round++) {
		fake_reply_lost(login, HTTP_BROKEN);
		fake_timer(login);
		fake_reply_lost(login, HTTP_NOT_SENT);
		fake_timer(login);
		fake_reply(login, "wecom-gateway.http");
		fake_timer(login);
		if (round == 0) {
			say(login, vendor, vendor->nobody);
			fake_timer(login);
		}
	}
	fake_reply_lost(login, HTTP_NO_HELPER);
	vendor->ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

void a_page_that_does_not_come_ends_it(void **state)
{
	static const enum http_result lost[] = {         /* late, cut or too long, not at all */
		HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NOT_SENT
	};
	const struct scan_vendor *vendor = *state;

	for (size_t i = 0; i < N_ELEMENTS(lost); i++) {
		struct fake_method *method = vendor->method_new();
		struct login *login = fake_start(method);

		fake_reply_lost(login, lost[i]);
		vendor->ended(login, FAKE_FAILED, FAIL_NETWORK);
		assert_int_equal(login->n_codes, 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

void a_poll_that_was_held_is_repeated_for_ever(void **state)
{
	const struct scan_vendor *vendor = *state;
	struct fake_method *method = vendor->method_new();
	struct login *login = start(vendor, method);

	say(login, vendor, vendor->seen);
	for (int i = 0; i < 10; i++) {
		fake_timer(login);
		assert_true(is_poll_behind_seen(vendor, login));
		fake_reply_lost(login, HTTP_TIMED_OUT);
		assert_int_equal(login->end, FAKE_RUNNING);
	}
	fake_login_free(login);
	fake_method_free(method);
}

void a_status_that_is_no_answer_ends_it(void **state)
{
	static const uint32_t statuses[] = { 201, 302, 400, 403, 404, 429, 500, 501 };
	const struct scan_vendor *vendor = *state;

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
		struct fake_method *method = vendor->method_new();
		struct login *login = start(vendor, method);
		struct http_reply reply = fake_http_reply(statuses[i], vendor->type,
							  vendor->nobody);

		fake_reply_whole(login, &reply);
		vendor->ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}
