/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codes by SMS for people who proved nothing: all see the same, and few get a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/sms-fixture.h"

/* --- strangers --- */

struct stranger {
	const char *name, *section;
	const struct phone *phones;
	size_t n_phones;
	enum send_verdict verdict;
	const char *says;                /* the vendors; NULL: nothing is sent */
	enum http_result lost;
};

static const struct phone satellite[] = { { .id = 7, .number = "+88161234567", .label = "" } };
static const struct phone elsewhere[] = { { .id = 7, .number = "+14155550100", .label = "" } };
static const struct phone broken[] = { { .id = 7, .number = "13900001234", .label = "" } };
static const struct phone unsayable[] = { { .id = 7, .number = FAKE_UNSAYABLE, .label = "" } };

#define PLAIN "vendors = one two"

static const struct stranger strangers[] = {
	{ "everything well", PLAIN, sms_one_phone, 1, SEND_ALLOWED, "accepted SM1", 0 },
	{ "unknown, or no number", PLAIN, NULL, 0, SEND_ALLOWED, NULL, 0 },
	{ "a number out of reach", PLAIN, satellite, 1, SEND_ALLOWED, NULL, 0 },
	{ "a country not allowed", PLAIN "\ncalling_codes = +86", elsewhere, 1, SEND_ALLOWED,
	  NULL, 0 },
	{ "no route", "vendors = +86 one", elsewhere, 1, SEND_ALLOWED, NULL, 0 },
	{ "no E.164", PLAIN, broken, 1, SEND_ALLOWED, NULL, 0 },
	{ "a vendor that cannot say it", PLAIN, unsayable, 1, SEND_ALLOWED, NULL, 0 },
	{ "too many messages", PLAIN, sms_one_phone, 1, SEND_TOO_MANY, NULL, 0 },
	{ "blocked", PLAIN, sms_one_phone, 1, SEND_BLOCKED, NULL, 0 },
	{ "no store", PLAIN, sms_one_phone, 1, SEND_UNAVAILABLE, NULL, 0 },
	{ "no number, and too many", PLAIN, NULL, 0, SEND_TOO_MANY, NULL, 0 },
	{ "vendors set up wrongly", PLAIN, sms_one_phone, 1, SEND_ALLOWED, "config x", 0 },
	{ "a limit of the vendor's", PLAIN, sms_one_phone, 1, SEND_ALLOWED, "limit x", 0 },
	{ "a vendor that hangs", PLAIN, sms_one_phone, 1, SEND_ALLOWED, NULL, HTTP_TIMED_OUT },
};

/* The whole life of a stranger's login as he sees it; references are masked. */
static void add_screen(struct login *login, struct buf *screen)
{
	buf_add_text(screen, login->said ? login->said : "");
	buf_add_text(screen, login->prompt);
	for (char *at = screen->data; at && (at = strstr(at, "(ref ")); at += 5)
		memcpy(at + 5, "??", 2);
}

static void live(const struct stranger *stranger, struct buf *screen)
{
	struct fake_method *method = sms_method(stranger->section);
	bool is_sent = stranger->says || stranger->lost;
	struct login *login;

	method->phones = stranger->phones;
	method->n_phones = stranger->n_phones;
	login = sms_login_new(method);
	fake_found(login);
	assert_int_equal(login->check, FAKE_SEND);
	fake_counted(login, stranger->verdict, 90);
	assert_int_equal(login->prompt_number, 0);
	assert_in_range(login->timer_delay_ms, 300, 2000);
	assert_int_equal(login->request_number != 0, is_sent);
	fake_timer(login);
	fake_pass(login, 2000 - login->timer_delay_ms);
	add_screen(login, screen);
	while (login->request_number && stranger->says)
		fake_reply_json(login, 200, stranger->says);
	if (login->request_number)
		fake_reply_lost(login, stranger->lost);
	assert_int_equal(login->n_returned, 0);
	fake_answer(login, "r");
	add_screen(login, screen);
	for (int i = 0; i < 3; i++) {
		add_screen(login, screen);
		fake_answer(login, "000000");
		fake_judged(login, CODE_WRONG, 0);
	}
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->reason, DENY_WRONG);
	sms_end(login);
}

static void strangers_all_see_the_same(void **state UNUSED)
{
	struct buf first = BUF_INIT(8192);

	live(&strangers[0], &first);
	for (size_t i = 1; i < N_ELEMENTS(strangers); i++) {
		struct buf screen = BUF_INIT(8192);

		live(&strangers[i], &screen);
		if (!text_equals(buf_text(&screen), buf_text(&first)))
			fail_msg("%s:\n%s\ninstead of\n%s", strangers[i].name, buf_text(&screen),
				 buf_text(&first));
		buf_done(&screen);
	}
	buf_done(&first);
}

/* Nobody's code: nothing is kept that could be guessed, and nothing counts for a number. */
static void who_has_no_number_has_no_code(void **state UNUSED)
{
	struct fake_method *method = sms_method_plain(false);
	struct login *login;

	method->n_phones = 0;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->sent_to.id, 0);
	assert_int_equal(login->sent_cost, 0);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_timer(login);
	assert_int_equal(login->n_kept, 0);
	assert_int_equal(login->n_requests, 0);
	sms_end(login);
}

static void a_stranger_gets_it_where_it_was_used_last(void **state UNUSED)
{
	struct fake_method *method = sms_method_plain(false);
	struct login *login;

	method->phones = sms_many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->sent_to.id, 8);
	fake_login_free(login);
	method->phones = sms_many_phones + 2;        /* never used: the oldest */
	method->n_phones = 1;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->sent_to.id, 9);
	sms_end(login);
}

/* The wait of a vendor's and that of the prompt are two, on one timer. */
static void a_vendor_is_asked_again_behind_the_prompt(void **state UNUSED)
{
	struct login *login = fake_start(sms_method_plain(false));

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "again busy 5");
	fake_timer(login);
	assert_int_not_equal(login->prompt_number, 0);
	assert_int_equal(login->request_number, 0);
	fake_timer(login);
	assert_true(fake_asks(login, "https://one.example.org/send"));
	assert_int_equal(login->n_requests, 2);
	fake_reply_json(login, 200, "accepted SM1");
	assert_int_equal(login->timer_number, 0);
	assert_int_equal(login->end, FAKE_RUNNING);
	sms_end(login);
}

static void a_message_still_under_way_is_not_doubled(void **state UNUSED)
{
	struct login *login = sms_login_asking(sms_method_plain(false));

	fake_pass(login, 60000);
	fake_answer(login, "r");
	fake_counted(login, SEND_ALLOWED, 0);
	fake_timer(login);
	assert_int_equal(login->n_requests, 1);
	assert_null(login->errors);
	sms_end(login);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_all_see_the_same),
		cmocka_unit_test(who_has_no_number_has_no_code),
		cmocka_unit_test(a_stranger_gets_it_where_it_was_used_last),
		cmocka_unit_test(a_vendor_is_asked_again_behind_the_prompt),
		cmocka_unit_test(a_message_still_under_way_is_not_doubled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
