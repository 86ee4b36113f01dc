/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codes by SMS as a second step: choices, limits, failures, asking again, deliveries. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/sms.h"
#include "tests/providers/sms-fixture.h"

/* --- who proved something --- */

static void limits_are_told_with_minutes(void **state UNUSED)
{
	static const struct {
		enum send_verdict verdict;
		int64_t wait_s;
		enum fake_end end;
		const char *errors;
	} rows[] = {
		{ SEND_TOO_MANY, 61, FAKE_DENIED,
		  "Too many codes were asked for. Try again in 2 minutes.\n" },
		{ SEND_TOO_MANY, 3600, FAKE_DENIED,
		  "Too many codes were asked for. Try again in 60 minutes.\n" },
		{ SEND_BLOCKED, 0, FAKE_DENIED,
		  "Codes by SMS are closed for this account; ask your sysadmin.\n" },
		{ SEND_UNAVAILABLE, 0, FAKE_FAILED, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = fake_start(sms_method_plain(true));

		fake_found(login);
		fake_counted(login, rows[i].verdict, rows[i].wait_s);
		assert_int_equal(login->end, rows[i].end);
		assert_string_equal(login->errors ? login->errors : "", rows[i].errors);
		assert_int_equal(login->n_requests, 0);
		assert_int_equal(login->n_kept, 0);
		sms_end(login);
	}
}

static void who_has_no_number_is_told(void **state UNUSED)
{
	struct fake_method *method = sms_method_plain(true);
	struct login *login;

	method->n_phones = 0;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->end, FAKE_DENIED);
	assert_true(text_has(login->errors, "There is no number on file for you"));
	sms_end(login);
}

static void failures_are_told_and_given_back(void **state UNUSED)
{
	static const struct {
		const char *says;
		enum fail_reason reason;
	} rows[] = {
		{ "config x", FAIL_CONFIG },
		{ "limit x", FAIL_PROVIDER },
		{ "number x", FAIL_PROVIDER },
		{ "refused x", FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = fake_start(sms_method_plain(true));

		fake_found(login);
		fake_counted(login, SEND_ALLOWED, 0);
		while (login->request_number)
			fake_reply_json(login, 200, rows[i].says);
		assert_int_equal(login->end, FAKE_FAILED);
		assert_int_equal(login->reason, rows[i].reason);
		assert_string_equal(login->errors,
			"The code could not be sent. Use another way to log in.\n");
		assert_int_equal(login->n_returned, 1);
		sms_end(login);
	}
}

static void a_message_that_may_be_out_is_asked_for(void **state UNUSED)
{
	struct login *login = fake_start(sms_method_plain(true));

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	assert_int_equal(login->n_requests, 1);
	assert_true(text_has(login->said, "Code sent to *****34"));
	assert_true(text_has(login->said, "The vendor did not confirm it"));
	assert_int_equal(login->n_returned, 0);
	assert_int_not_equal(login->prompt_number, 0);
	sms_end(login);
}

static void one_of_several_numbers_is_chosen(void **state UNUSED)
{
	struct fake_method *method = sms_method_plain(true);
	struct login *login;

	method->phones = sms_many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	assert_string_equal(login->said,
			    "1  *****34  office\n2  *****00  \n3  *****67  home\n");
	assert_string_equal(login->prompt, "Which number, q to quit: ");
	fake_answer(login, "4");
	assert_int_equal(login->check, FAKE_NO_CHECK);
	fake_answer(login, " 3 ");
	assert_string_equal(login->sent_number, "+491711234567");
	fake_counted(login, SEND_ALLOWED, 0);
	assert_int_equal(login->code_phone, 9);
	sms_end(login);
}

static void nothing_chosen_is_the_end(void **state UNUSED)
{
	struct fake_method *method = sms_method_plain(true);
	struct login *login;

	method->phones = sms_many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	for (int i = 0; i < 5; i++)
		fake_answer(login, "");
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->n_counted, 0);
	sms_end(login);
}

static void numbers_that_get_no_message_are_not_offered(void **state UNUSED)
{
	struct fake_method *method = sms_method("vendors = one\ncalling_codes = +49, +1");
	struct login *login;

	method->is_proved = true;
	method->phones = sms_many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	assert_string_equal(login->said, "1  *****00  \n2  *****67  home\n");
	sms_end(login);
}

static void the_audit_hears_what_strangers_do_not(void **state UNUSED)
{
	static const struct {
		size_t n_phones;
		enum send_verdict verdict;
		const char *notes;       /* NULL: none */
	} rows[] = {
		{ 1, SEND_ALLOWED, NULL },
		{ 0, SEND_ALLOWED, "no number that may get a message\n" },
		{ 1, SEND_TOO_MANY, "too many messages\n" },
		{ 1, SEND_BLOCKED, "sending is closed\n" },
		{ 1, SEND_UNAVAILABLE, "messages cannot be counted now\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = sms_method_plain(false);
		struct login *login;

		method->n_phones = rows[i].n_phones;
		login = fake_start(method);
		fake_found(login);
		fake_counted(login, rows[i].verdict, 60);
		assert_string_equal(login->notes ? login->notes : "",
				    rows[i].notes ? rows[i].notes : "");
		sms_end(login);
	}
}

/* --- again --- */

static void it_takes_a_minute_to_be_sent_again(void **state UNUSED)
{
	struct login *login = sms_login_asking(sms_method_plain(true));

	sms_ask_again(login, 30000);
	assert_string_equal(login->errors, "You can ask for another code in 30 s.\n");
	assert_int_equal(login->check, FAKE_NO_CHECK);
	sms_ask_again(login, 29001);
	assert_true(text_has(login->errors, "You can ask for another code in 1 s.\n"));
	sms_ask_again(login, 1000);
	assert_int_equal(login->check, FAKE_SEND);
	sms_end(login);
}

static void the_same_code_is_sent_again_twice(void **state UNUSED)
{
	struct login *login = sms_login_new(sms_method_plain(true));
	_cleanup_free_ char *code = NULL, *ref = NULL, *again = NULL;

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	code = text_copy(login->code);
	ref = sms_ref_of(login);
	fake_reply_json(login, 200, "accepted SM1");
	sms_ask_again(login, 60000);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, code));
	again = sms_ref_of(login);
	assert_string_equal(ref, again);
	assert_true(fake_body_has(login, "valid=240"));
	assert_int_equal(login->n_kept, 1);
	fake_reply_json(login, 200, "accepted SM2");
	sms_ask_again(login, 60000);
	assert_true(text_has(login->errors, "You can ask for another code in 60 s.\n"));
	sms_ask_again(login, 60000);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, code));
	fake_reply_json(login, 200, "accepted SM3");
	sms_ask_again(login, 60000);
	assert_true(text_has(login->errors, "No more messages can be sent in this login.\n"));
	fake_answer(login, code);
	fake_judge(login);
	assert_int_equal(login->end, FAKE_IDENTIFIED);
	assert_int_equal(login->n_counted, 3);
	sms_end(login);
}

static void wrong_codes_count_across_messages(void **state UNUSED)
{
	struct login *login = sms_login_asking(sms_method_plain(true));

	sms_enter_wrong(login);
	sms_enter_wrong(login);
	sms_ask_again(login, 60000);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "accepted SM2");
	sms_enter_wrong(login);
	assert_int_equal(login->end, FAKE_DENIED);
	sms_end(login);
}

static void a_dead_code_is_not_sent_again(void **state UNUSED)
{
	for (int is_proved = 0; is_proved <= 1; is_proved++) {
		struct login *login = sms_login_asking(sms_method_plain(is_proved));

		sms_ask_again(login, 300000);
		assert_int_equal(login->end, FAKE_DENIED);
		assert_int_equal(login->reason, DENY_WRONG);
		assert_int_equal(login->n_counted, 1);
		sms_end(login);
	}
}

/* The first message may still arrive. */
static void what_fails_the_second_time_is_told_and_asked_for(void **state UNUSED)
{
	static const struct {
		enum send_verdict verdict;
		const char *errors;
	} rows[] = {
		{ SEND_ALLOWED, "The code could not be sent again.\n" },
		{ SEND_TOO_MANY, "Too many codes were asked for. Try again in 5 minutes.\n" },
		{ SEND_BLOCKED, "Codes by SMS are closed for this account; ask your sysadmin.\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = sms_login_asking(sms_method_plain(true));
		_cleanup_free_ char *code = text_copy(login->code);

		sms_ask_again(login, 60000);
		fake_counted(login, rows[i].verdict, 300);
		if (login->request_number)
			fake_reply_json(login, 200, "limit x");
		assert_string_equal(login->errors, rows[i].errors);
		fake_answer(login, code);
		fake_judge(login);
		assert_int_equal(login->end, FAKE_IDENTIFIED);
		sms_end(login);
	}
}

static void a_stranger_asks_again_like_everybody(void **state UNUSED)
{
	struct fake_method *method = sms_method_plain(false);
	struct login *login;

	method->n_phones = 0;
	login = sms_login_asking(method);
	sms_ask_again(login, 60000);
	assert_int_equal(login->check, FAKE_SEND);
	fake_counted(login, SEND_TOO_MANY, 300);
	assert_in_range(login->timer_delay_ms, 300, 2000);
	fake_timer(login);
	assert_null(login->errors);
	assert_int_equal(login->n_requests, 0);
	assert_int_equal(login->end, FAKE_RUNNING);
	sms_end(login);
}

/* --- what became of the message --- */

static void deliveries_are_told(void **state UNUSED)
{
	static const struct {
		const char *typed, *says, *told;
	} rows[] = {
		{ "", "delivered", "The message was delivered.\n" },
		{ "", "on-its-way", "The message is on its way.\n" },
		{ "r", "failed 30005", "The message could not be delivered.\n" },
		{ "\xef\xbd\x92", "delivered", "The message was delivered.\n" },
		{ "R", "<html>", "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = sms_login_asking(sms_method_plain(true));

		fake_answer(login, rows[i].typed);
		assert_true(fake_asks(login, "https://one.example.org/ask/SM1"));
		fake_reply_json(login, 200, rows[i].says);
		assert_true(text_has(login->said, rows[i].told));
		assert_true(text_has(login->notes, "one: delivery "));
		assert_int_not_equal(login->prompt_number, 0);
		sms_end(login);
	}
}

static void who_must_not_know_or_cannot_say_is_not_asked(void **state UNUSED)
{
	struct fake_method *mute = sms_method("vendors = mute");
	struct login *login = sms_login_asking(sms_method_plain(false));

	fake_reply_json(login, 200, "accepted SM1");
	fake_answer(login, "");
	assert_int_equal(login->request_number, 0);
	sms_end(login);
	mute->is_proved = true;
	login = sms_login_asking(mute);
	fake_answer(login, "");
	assert_int_equal(login->request_number, 0);
	assert_string_equal(login->errors, "Type the digits of the code.\n");
	sms_end(login);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_told_with_minutes),
		cmocka_unit_test(who_has_no_number_is_told),
		cmocka_unit_test(failures_are_told_and_given_back),
		cmocka_unit_test(a_message_that_may_be_out_is_asked_for),
		cmocka_unit_test(one_of_several_numbers_is_chosen),
		cmocka_unit_test(nothing_chosen_is_the_end),
		cmocka_unit_test(numbers_that_get_no_message_are_not_offered),
		cmocka_unit_test(the_audit_hears_what_strangers_do_not),
		cmocka_unit_test(it_takes_a_minute_to_be_sent_again),
		cmocka_unit_test(the_same_code_is_sent_again_twice),
		cmocka_unit_test(wrong_codes_count_across_messages),
		cmocka_unit_test(a_dead_code_is_not_sent_again),
		cmocka_unit_test(what_fails_the_second_time_is_told_and_asked_for),
		cmocka_unit_test(a_stranger_asks_again_like_everybody),
		cmocka_unit_test(deliveries_are_told),
		cmocka_unit_test(who_must_not_know_or_cannot_say_is_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
