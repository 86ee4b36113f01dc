/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See token-cases.h. */
#include "tests/providers/token-cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN_MAX 1024

static void refuse(struct login *login, const struct token_refusal *refusal)
{
	struct http_reply reply;

	if (!refusal->status) {
		fake_reply_lost(login, HTTP_TIMED_OUT);
		return;
	}
	reply = fake_http_reply(refusal->status, refusal->type, refusal->body);
	fake_reply_whole(login, &reply);
}

void two_logins_share_one_fetch(void **state)
{
	const struct token_vendor *vendor = *state;
	struct fake_method *method = vendor->method_new();
	struct login *first = vendor->start(method), *second = vendor->start(method), *third;

	assert_true(fake_asks(first, vendor->asks_token));
	assert_int_equal(second->n_requests, 0);
	fake_timer(second);
	assert_int_equal(second->n_requests, 0);
	assert_int_not_equal(second->timer_number, 0);
	fake_reply(first, vendor->gives);
	fake_timer(second);
	assert_true(fake_asks(first, vendor->asks));
	assert_true(fake_asks(second, vendor->asks));
	third = vendor->start(method);
	assert_true(fake_asks(third, vendor->asks));
	vendor->finish(first);
	vendor->finish(second);
	vendor->finish(third);
	fake_method_free(method);
}

void who_fetches_may_leave(void **state)
{
	const struct token_vendor *vendor = *state;
	struct fake_method *method = vendor->method_new();
	struct login *first = vendor->start(method), *second = vendor->start(method);

	fake_login_free(first);
	fake_timer(second);
	assert_true(fake_asks(second, vendor->asks_token));
	fake_reply(second, vendor->gives);
	vendor->finish(second);
	fake_method_free(method);
}

void a_token_is_used_until_shortly_before_its_end(void **state)
{
	static const struct {
		const char *expires_in;
		int64_t good_s;
	} rows[] = { { "7200", 6900 }, { "601", 301 }, { "600", 300 }, { "60", 30 } };
	const struct token_vendor *vendor = *state;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("%s%s}", vendor->gives_for,
							rows[i].expires_in);
		struct fake_method *method = vendor->method_new();
		struct login *login = vendor->start(method), *later;

		fake_reply_json(login, 200, body);
		fake_pass(login, rows[i].good_s * 1000 - 1);
		later = vendor->start(method);
		assert_true(fake_asks(later, vendor->asks));
		fake_login_free(later);
		fake_pass(login, 1);
		fake_login_free(login);
		later = vendor->start(method);
		assert_true(fake_asks(later, vendor->asks_token));
		fake_login_free(later);
		fake_method_free(method);
	}
}

/* A token of so many of these letters comes. */
static struct login *with_token(const struct token_vendor *vendor, struct fake_method *method,
				char letter, size_t len)
{
	struct login *login = vendor->start(method);
	char token[TOKEN_MAX + 2];

	memset(token, letter, len);
	token[len] = '\0';
	fake_set(method, "TOKEN", token);
	fake_reply(login, vendor->gives);
	return login;
}

void a_token_is_a_short_word_that_lives_a_while(void **state)
{
	const struct token_vendor *vendor = *state;
	struct fake_method *method;
	struct login *login;

	for (const char *const *body = vendor->bad; *body; body++) {
		method = vendor->method_new();
		login = vendor->start(method);
		fake_reply_json(login, 200, *body);
		vendor->ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
	for (size_t len = TOKEN_MAX; len <= TOKEN_MAX + 1; len++) {
		method = vendor->method_new();
		login = with_token(vendor, method, 't', len);
		assert_int_equal(login->end, len == TOKEN_MAX ? FAKE_RUNNING : FAKE_FAILED);
		fake_login_free(login);
		fake_method_free(method);
	}
}

void what_does_not_fit_into_an_address_fails(void **state)
{
	const struct token_vendor *vendor = *state;
	struct fake_method *method = vendor->method_new();
	/* Three bytes each when encoded. */
	struct login *login = with_token(vendor, method, '/', TOKEN_MAX);

	vendor->ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

void logins_with_a_token_that_is_over_get_one_more(void **state)
{
	const struct token_vendor *vendor = *state;
	struct fake_method *method = vendor->method_new();
	struct login *first = vendor->start(method), *second, *third;

	fake_reply(first, vendor->gives);
	second = vendor->start(method);
	third = vendor->start(method);
	fake_reply_json(first, 200, vendor->over);
	fake_reply_json(second, 200, vendor->over);
	assert_true(fake_asks(first, vendor->asks_token));
	assert_int_equal(second->request_number, 0);
	fake_set(method, "TOKEN", OTHER_TOKEN);
	fake_reply(first, vendor->gives);
	fake_timer(second);
	assert_true(fake_asks(second, vendor->asks_by_other));
	/* This one learns it when the other token is there already. */
	fake_reply_json(third, 200, vendor->over);
	assert_true(fake_asks(third, vendor->asks_by_other));
	vendor->finish(first);
	vendor->finish(second);
	vendor->finish(third);
	fake_method_free(method);
}

void who_waits_for_a_token_shares_what_came_instead(void **state)
{
	const struct token_vendor *vendor = *state;

	for (const struct token_refusal *row = vendor->no_token; row->end; row++) {
		struct fake_method *method = vendor->method_new();
		struct login *first = vendor->start(method), *second = vendor->start(method);
		struct login *third;

		refuse(first, row);
		vendor->ended(first, row->end, row->reason);
		fake_timer(second);
		vendor->ended(second, row->end, row->reason);
		assert_string_equal(second->detail, first->detail);
		assert_int_equal(second->n_requests, 0);
		/* And so does who comes too soon. */
		fake_pass(second, row->pause_ms - 201);
		third = vendor->start(method);
		vendor->ended(third, row->end, row->reason);
		fake_login_free(third);
		fake_pass(second, 1);
		third = vendor->start(method);
		assert_true(fake_asks(third, vendor->asks_token));
		fake_login_free(third);
		fake_login_free(first);
		fake_login_free(second);
		fake_method_free(method);
	}
}

void an_answer_to_all_is_not_asked_for_again(void **state)
{
	const struct token_vendor *vendor = *state;

	for (const struct token_refusal *row = vendor->no_answer; row->end; row++) {
		struct fake_method *method = vendor->method_new();
		struct login *login = vendor->start(method), *next;

		fake_reply(login, vendor->gives);
		refuse(login, row);
		vendor->ended(login, row->end, row->reason);
		if (row->pause_ms) {
			fake_pass(login, row->pause_ms - 1);
			next = vendor->start(method);
			vendor->ended(next, row->end, row->reason);
			assert_string_equal(next->detail, login->detail);
			assert_int_equal(next->n_requests, 0);
			fake_login_free(next);
			fake_pass(login, 1);
		}
		next = vendor->start(method);
		assert_true(fake_asks(next, vendor->asks));
		fake_login_free(next);
		fake_login_free(login);
		fake_method_free(method);
	}
}
