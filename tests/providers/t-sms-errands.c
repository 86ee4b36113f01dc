/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Routes and keys of the login type `sms`; adding a number, and a test message. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/sms-fixture.h"

/* --- routes and keys --- */

static void numbers_go_the_way_of_their_longest_prefix(void **state UNUSED)
{
	static const struct {
		const char *vendors, *number, *asks;     /* NULL: nobody */
		int64_t cost;
	} rows[] = {
		{ "one", SMS_MOBILE, "https://one.example.org/send", 3 },
		{ "one two", SMS_MOBILE, "https://one.example.org/send", 8 },
		{ "+86 two, one", SMS_MOBILE, "https://two.example.org/send", 8 },
		{ "one, +86 two", SMS_MOBILE, "https://two.example.org/send", 8 },
		{ "+86 two, one", "+14155550100", "https://one.example.org/send", 3 },
		{ "+1 one, +1264 two", "+12645550100", "https://two.example.org/send", 8 },
		{ "+1 one, +1264 two", "+14155550100", "https://one.example.org/send", 3 },
		{ "+1 one", SMS_MOBILE, NULL, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format("vendors = %s", rows[i].vendors);
		struct fake_method *method = sms_method(section);
		const struct phone phone = { .id = 7, .number = rows[i].number, .label = "" };
		struct login *login;

		method->phones = &phone;
		login = fake_start(method);
		fake_found(login);
		assert_int_equal(login->sent_cost, rows[i].cost);
		fake_counted(login, SEND_ALLOWED, 0);
		assert_int_equal(login->request_number != 0, rows[i].asks != NULL);
		assert_true(!rows[i].asks || fake_asks(login, rows[i].asks));
		sms_end(login);
	}
}

static void mistakes_of_a_section_are_told(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;   /* NULL: none */
	} rows[] = {
		{ "vendors = +86 one two, two mute", NULL },
		{ "vendors = one\ncalling_codes = +86, +1264", NULL },
		{ "vendors = one\ntext = {code} {ref}", NULL },
		{ "", "vendors" },
		{ "vendors = three",
		  "\"three\" is not among the [sms ID] sections: one, two, mute" },
		{ "vendors = +86", "\"+86\" names no vendor" },
		{ "vendors = one, +86 ", "\"+86\" names no vendor" },
		{ "vendors = one one", "\"one\" stands in one route twice" },
		{ "vendors = one, two", "\"two\" is a second route for the same numbers" },
		{ "vendors = +1 one, +1 two", "\"+1 two\" is a second route" },
		{ "vendors = +x one", "\"+x\" is not a calling code" },
		{ "vendors = one +86", "\"+86\" is not among" },
		{ "vendors = one\ncode_digits = 5", "code_digits" },
		{ "vendors = one\ncode_digits = 9", "code_digits" },
		{ "vendors = one\ncode_minutes = 11", "code_minutes" },
		{ "vendors = one\ncode_tries = 6", "code_tries" },
		{ "vendors = one\ncalling_codes = 86", "\"calling_codes\" must be" },
		{ "vendors = one\ntext = hello", "\"text\" must have {code} in it, once" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes_bound(&sms_provider, rows[i].section,
								    fake_gateways);

		if (rows[i].mistake ? !text_has(mistakes, rows[i].mistake) : *mistakes)
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

static void unused_numbers_are_left_out_by_the_core(void **state UNUSED)
{
	struct login *login = fake_start(sms_method_plain(false));

	assert_int_equal(login->unused_days, 180);
	sms_end(login);
}

/* --- adding a number --- */

static struct login *start_enrol(bool is_root)
{
	static const struct phone_country china = { "86", "0", 11, 11 };
	struct fake_method *method = sms_method_plain(true);

	method->is_root = is_root;
	method->country = &china;
	return fake_enrol(method);
}

static void a_sysadmin_adds_a_number(void **state UNUSED)
{
	struct login *login = start_enrol(true);

	assert_string_equal(login->prompt_name, "number");
	fake_answer(login, "139 0000 1234");
	assert_string_equal(login->prompt_name, "label");
	fake_answer(login, "office");
	assert_string_equal(login->prompt_name, "verify");
	fake_answer(login, "perhaps");
	assert_string_equal(login->prompt_name, "verify");
	fake_answer(login, "n");
	assert_string_equal(login->added_number, SMS_MOBILE);
	assert_string_equal(login->added_label, "office");
	assert_int_equal(login->n_counted, 0);
	fake_stored(login, 0);
	assert_int_equal(login->end, FAKE_DONE);
	sms_end(login);
}

static void a_number_is_added_when_its_code_was_read(void **state UNUSED)
{
	for (int is_root = 0; is_root <= 1; is_root++) {
		struct login *login = start_enrol(is_root);
		_cleanup_free_ char *code = NULL;

		fake_answer(login, SMS_MOBILE);
		fake_answer(login, "");
		if (is_root)
			fake_answer(login, "y");
		assert_int_equal(login->sent_to.id, -1);
		assert_string_equal(login->sent_number, SMS_MOBILE);
		fake_counted(login, SEND_ALLOWED, 0);
		assert_int_equal(login->code_phone, 0);
		fake_reply_json(login, 200, "accepted SM1");
		assert_string_equal(login->prompt, "Enter code: ");
		code = text_copy(login->code);
		fake_answer(login, "hm");
		sms_enter_wrong(login);
		assert_null(login->added_number);
		fake_answer(login, code);
		fake_judge(login);
		assert_string_equal(login->added_number, SMS_MOBILE);
		fake_stored(login, 0);
		assert_int_equal(login->end, FAKE_DONE);
		sms_end(login);
	}
}

static void three_wrong_codes_add_nothing(void **state UNUSED)
{
	struct login *login = start_enrol(false);

	fake_answer(login, SMS_MOBILE);
	fake_answer(login, "");
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "accepted SM1");
	for (int i = 0; i < 3; i++)
		sms_enter_wrong(login);
	assert_int_equal(login->end, FAKE_DENIED);
	assert_null(login->added_number);
	assert_null(login->code);
	sms_end(login);
}

static void refused_numbers_are_told_why(void **state UNUSED)
{
	static const struct {
		const char *typed, *error;
	} rows[] = {
		{ "12345", "Not a mobile number of this country, nor" },
		{ "+8613900001234 x12", "Not a mobile number of this country, nor" },
		{ "", "Not a mobile number of this country, nor" },
		{ "+88161234567", "Messages to satellite and service numbers are never sent." },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_enrol(true);

		fake_answer(login, rows[i].typed);
		assert_true(text_has(login->errors, rows[i].error));
		assert_string_equal(login->prompt_name, "number");
		fake_answer(login, "");
		fake_answer(login, "");
		assert_int_equal(login->end, FAKE_DENIED);
		sms_end(login);
	}
}

static void a_label_is_a_short_line(void **state UNUSED)
{
	struct login *login = start_enrol(true);

	fake_answer(login, SMS_MOBILE);
	fake_answer(login, "a\tb");
	fake_answer(login, "012345678901234567890123456789012");
	assert_true(text_has(login->errors, "A label is one line of at most 32 bytes.\n"));
	assert_string_equal(login->prompt_name, "label");
	fake_answer(login, "01234567890123456789012345678901");
	assert_string_equal(login->prompt_name, "verify");
	sms_end(login);
}

static void what_the_store_says_is_told(void **state UNUSED)
{
	static const struct {
		int error;
		enum fake_end end;
		const char *text;
	} rows[] = {
		{ -EEXIST, FAKE_DENIED, "The user has this number already.\n" },
		{ -ENOSPC, FAKE_DENIED, "The user has as many numbers as there may be.\n" },
		{ -ENOENT, FAKE_DENIED, "There is no such user.\n" },
		{ -EIO, FAKE_FAILED, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_enrol(true);

		fake_answer(login, SMS_MOBILE);
		fake_answer(login, "");
		fake_answer(login, "n");
		fake_stored(login, rows[i].error);
		assert_int_equal(login->end, rows[i].end);
		assert_string_equal(login->errors ? login->errors : "", rows[i].text);
		sms_end(login);
	}
}

/* --- a test message --- */

static struct login *start_trial(const char *typed)
{
	struct fake_method *method = sms_method("vendors = +86 one two");
	struct login *login;

	method->is_proved = method->is_root = true;
	method->user = "";
	login = fake_test(method);
	assert_string_equal(login->prompt_name, "number");
	fake_answer(login, typed);
	return login;
}

static void a_test_shows_every_step(void **state UNUSED)
{
	struct login *login = start_trial(SMS_MOBILE);
	_cleanup_free_ char *code = NULL;

	assert_string_equal(login->said, "Route +86: one, two\n");
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, "user= "));
	assert_true(fake_body_has(login, "(test)"));
	fake_reply_json(login, 200, "config out-of-service");
	fake_reply_json(login, 200, "accepted SM2");
	assert_true(text_has(login->said, "one: configuration out-of-service, *****34, 0 ms\n"));
	assert_true(text_has(login->said, "two: accepted SM2, *****34, 0 ms\n"));
	assert_true(text_has(login->said, "The message says ref "));
	code = text_copy(login->code);
	fake_answer(login, code);
	fake_judge(login);
	assert_true(text_has(login->said, "That is the code that was sent.\n"));
	assert_true(fake_asks(login, "https://two.example.org/ask/SM2"));
	fake_reply_json(login, 200, "delivered");
	assert_true(text_has(login->said, "two: delivery delivered\n"));
	assert_int_equal(login->end, FAKE_DONE);
	assert_false(text_has(login->said, code));
	sms_end(login);
}

static void a_test_without_a_code_ends_too(void **state UNUSED)
{
	struct login *login = start_trial("+86 139 0000 1234");

	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	assert_true(text_has(login->said, "one: timed-out as the test wants it, *****34, "));
	fake_answer(login, "");
	assert_int_equal(login->end, FAKE_DONE);
	assert_null(login->code);
	sms_end(login);
}

static void a_test_that_fails_says_so(void **state UNUSED)
{
	struct login *login = start_trial(SMS_MOBILE);

	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "limit per-hour");
	assert_true(text_has(login->said, "one: limit per-hour, *****34, "));
	assert_int_equal(login->end, FAKE_FAILED);
	sms_end(login);
	login = start_trial(SMS_MOBILE);
	fake_counted(login, SEND_TOO_MANY, 3600);
	assert_int_equal(login->end, FAKE_DENIED);
	assert_true(text_has(login->errors, "Try again in 60 minutes."));
	sms_end(login);
	login = start_trial("+14155550100");
	assert_string_equal(login->errors, "No vendor is set up for this calling code.\n");
	sms_end(login);
	login = start_trial("13900001234");
	assert_true(text_has(login->errors, "A number begins with +"));
	sms_end(login);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_go_the_way_of_their_longest_prefix),
		cmocka_unit_test(mistakes_of_a_section_are_told),
		cmocka_unit_test(unused_numbers_are_left_out_by_the_core),
		cmocka_unit_test(a_sysadmin_adds_a_number),
		cmocka_unit_test(a_number_is_added_when_its_code_was_read),
		cmocka_unit_test(three_wrong_codes_add_nothing),
		cmocka_unit_test(refused_numbers_are_told_why),
		cmocka_unit_test(a_label_is_a_short_line),
		cmocka_unit_test(what_the_store_says_is_told),
		cmocka_unit_test(a_test_shows_every_step),
		cmocka_unit_test(a_test_without_a_code_ends_too),
		cmocka_unit_test(a_test_that_fails_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
