/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `sms` against a fake core and a fake vendor: codes, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/sms-fixture.h"

/* --- what goes right --- */

static void a_right_code_is_the_user(void **state UNUSED)
{
	for (int is_proved = 0; is_proved <= 1; is_proved++) {
		struct login *login = sms_login_asking(sms_method_plain(is_proved));
		_cleanup_free_ char *code = text_copy(login->code);

		assert_int_equal(strlen(code), 6);
		assert_int_equal(login->code_phone, 7);
		assert_true(login->prompt_echo && login->prompt_has_keys);
		fake_answer(login, code);
		fake_judge(login);
		assert_int_equal(login->end, FAKE_IDENTIFIED);
		assert_string_equal(login->issuer, ISSUER_UNIX);
		assert_string_equal(login->subject, "jane");
		sms_end(login);
	}
}

static void the_first_prompt_tells_where_and_how_long(void **state UNUSED)
{
	static const struct {
		bool is_proved, has_choice, is_deaf;
		const char *shown, *prompt;
	} rows[] = {
		{ true, false, false, "Code sent to *****34 (ref ",
		  "Enter code, r to resend, q to quit: " },
		{ true, true, false, "Code sent to *****34 (ref ",
		  "Enter code, r to resend, c for another way, q to quit: " },
		{ false, false, false, "Code sent to the number on file (ref ",
		  "Enter code, r to resend, q to quit: " },
		{ false, false, true, "Code sent to the number on file (ref ",
		  "Enter code, r to resend: " },
		{ false, true, true, "Code sent to the number on file (ref ",
		  "Enter code, r to resend, c for another way: " },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = sms_method_plain(rows[i].is_proved);
		struct login *login;

		method->has_choice = rows[i].has_choice;
		method->is_deaf = rows[i].is_deaf;
		login = sms_login_asking(method);
		assert_string_equal(login->prompt, rows[i].prompt);
		assert_true(text_has_prefix(login->shown, rows[i].shown));
		assert_true(text_has_suffix(login->shown, "), valid 5 min."));
		assert_null(login->errors);
		sms_end(login);
	}
}

/* What it says depends on how long the answer is, and on nothing else. */
static void unheard_keys_say_nothing(void **state UNUSED)
{
	static const struct {
		const char *answer, *errors;
	} rows[] = {
		{ "", "Type the digits of the code.\n" },
		{ "r", "You can ask for another code in " },
		{ "q", "You can ask for another code in " },
		{ "7", "You can ask for another code in " },
		{ "no", "That code is wrong.\n" },
		{ "hello", "That code is wrong.\n" },
		{ "1234567", "That code is wrong.\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = sms_method_plain(false);
		struct login *login;

		method->is_deaf = true;
		login = sms_login_asking(method);
		fake_answer(login, rows[i].answer);
		if (!text_has_prefix(login->errors, rows[i].errors))
			fail_msg("\"%s\": %s", rows[i].answer, login->errors);
		assert_int_equal(login->check, FAKE_NO_CHECK);
		assert_int_not_equal(login->prompt_number, 0);
		sms_end(login);
	}
}

static void the_screen_has_the_messages_reference(void **state UNUSED)
{
	struct login *login = sms_login_new(sms_method_plain(false));
	_cleanup_free_ char *ref = NULL, *shown = NULL;

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	ref = sms_ref_of(login);
	fake_timer(login);
	shown = text_format("Code sent to the number on file (ref %s), valid 5 min.", ref);
	assert_string_equal(login->shown, shown);
	sms_end(login);
}

static void a_code_lives_no_longer_than_its_login(void **state UNUSED)
{
	struct login *login = fake_start(sms_method_plain(false));

	login->deadline_ms = login->method->now_ms + 130000;
	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, "valid=120"));
	assert_true(fake_body_has(login, "Valid 2 min"));
	fake_timer(login);
	assert_true(text_has(login->shown, "valid 2 min"));
	sms_end(login);
}

static void the_message_is_the_one_of_the_keys(void **state UNUSED)
{
	struct fake_method *method = sms_method(
		"vendors = one\ncode_digits = 8\ncode_minutes = 1\n"
		"text = {code} {host} {user} {minutes} {ref}");
	struct login *login;
	_cleanup_free_ char *text = NULL, *ref = NULL;

	method->user = "j\xc3\xb6" "e.doe";
	login = fake_start(method);
	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_int_equal(strlen(login->code), 8);
	ref = sms_ref_of(login);
	text = text_format("text=%s host je.doe 1 %s", login->code, ref);
	assert_true(fake_body_has(login, text));
	assert_true(fake_body_has(login, "language=en valid=60 "));
	assert_true(login->request->once);
	sms_end(login);
}

/* Each digit in each place, and codes that begin with 0: 400 codes miss one of them with a
 * probability below 1e-15. */
static void codes_are_digits_from_0_to_9(void **state UNUSED)
{
	struct fake_method *method = sms_method_plain(false);
	bool seen[6][10] = { { false } };

	for (int n = 0; n < 400; n++) {
		struct login *login = fake_start(method);

		fake_found(login);
		fake_counted(login, SEND_ALLOWED, 0);
		assert_int_equal(strlen(login->code), 6);
		for (size_t i = 0; i < 6; i++) {
			assert_in_range(login->code[i], '0', '9');
			seen[i][login->code[i] - '0'] = true;
		}
		fake_login_free(login);
	}
	for (size_t i = 0; i < 6; i++)
		for (size_t digit = 0; digit < 10; digit++)
			assert_true(seen[i][digit]);
	fake_method_free(method);
}

static void typed_forms_of_a_code_are_the_code(void **state UNUSED)
{
	struct login *login = sms_login_asking(sms_method_plain(true));
	_cleanup_free_ char *typed = text_format("%.3s - %s ", login->code, login->code + 3);

	fake_answer(login, typed);
	assert_string_equal(login->entry, login->code);
	sms_end(login);
}

/* --- wrong codes --- */

static void three_wrong_codes_are_the_end(void **state UNUSED)
{
	for (int is_proved = 0; is_proved <= 1; is_proved++) {
		struct login *login = sms_login_asking(sms_method_plain(is_proved));

		sms_enter_wrong(login);
		assert_string_equal(login->errors, "That code is wrong.\n");
		sms_enter_wrong(login);
		assert_int_equal(login->end, FAKE_RUNNING);
		assert_int_equal(login->n_dropped, 0);
		sms_enter_wrong(login);
		assert_int_equal(login->end, FAKE_DENIED);
		assert_int_equal(login->reason, DENY_WRONG);
		assert_int_equal(login->n_dropped, 1);
		sms_end(login);
	}
}

static void a_right_one_counts_after_wrong_ones(void **state UNUSED)
{
	struct login *login = sms_login_asking(sms_method_plain(true));
	_cleanup_free_ char *code = text_copy(login->code);

	sms_enter_wrong(login);
	sms_enter_wrong(login);
	fake_answer(login, code);
	fake_judge(login);
	assert_int_equal(login->end, FAKE_IDENTIFIED);
	sms_end(login);
}

static void code_tries_is_how_many(void **state UNUSED)
{
	struct login *login;
	struct fake_method *method = sms_method("vendors = one\ncode_tries = 1");

	login = sms_login_asking(method);
	sms_enter_wrong(login);
	assert_int_equal(login->end, FAKE_DENIED);
	sms_end(login);
}

/* What is not compared reads as what is wrong; only who proved something hears of a lock. */
static void other_verdicts_on_a_code(void **state UNUSED)
{
	static const struct {
		bool is_proved;
		enum code_result result;
		enum fake_end end;
		const char *errors;
	} rows[] = {
		{ false, CODE_WRONG, FAKE_RUNNING, "That code is wrong.\n" },
		{ false, CODE_TOO_MANY, FAKE_RUNNING, "That code is wrong.\n" },
		{ false, CODE_BLOCKED, FAKE_RUNNING, "That code is wrong.\n" },
		{ true, CODE_TOO_MANY, FAKE_RUNNING, "That code is wrong.\n" },
		{ true, CODE_BLOCKED, FAKE_DENIED,
		  "Codes by SMS are closed for this account; ask your sysadmin.\n" },
		{ false, CODE_UNAVAILABLE, FAKE_FAILED, "" },
		{ true, CODE_UNAVAILABLE, FAKE_FAILED, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = sms_login_asking(sms_method_plain(rows[i].is_proved));

		fake_answer(login, login->code);
		fake_judged(login, rows[i].result, 60);
		assert_int_equal(login->end, rows[i].end);
		assert_string_equal(login->errors ? login->errors : "", rows[i].errors);
		sms_end(login);
	}
}

static void a_late_code_is_a_wrong_one(void **state UNUSED)
{
	/* The machine may have slept: then only the wall clock went on. */
	static const struct { int64_t ms, s; } rows[] = {
		{ 300000, 0 }, { 0, 300 }, { 301000, 301 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = sms_login_asking(sms_method_plain(true));
		_cleanup_free_ char *code = text_copy(login->code);

		login->method->now_ms += rows[i].ms;
		login->method->now_s += rows[i].s;
		fake_answer(login, code);
		assert_string_equal(login->entry, code);
		assert_null(login->code);
		fake_judge(login);
		assert_int_equal(login->end, FAKE_RUNNING);
		assert_string_equal(login->errors, "That code is wrong.\n");
		sms_end(login);
	}
}

static void what_is_no_code_costs_a_prompt_only(void **state UNUSED)
{
	static const char *const typed[] = { "", "48291", "hello", "4829134", "482.913" };
	struct login *login = sms_login_asking(sms_method_plain(false));

	for (size_t i = 0; i < N_ELEMENTS(typed); i++) {
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_answer(login, typed[i]);
		assert_int_equal(login->check, FAKE_NO_CHECK);
	}
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->reason, DENY_WRONG);
	assert_null(login->code);
	sms_end(login);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_code_is_the_user),
		cmocka_unit_test(the_first_prompt_tells_where_and_how_long),
		cmocka_unit_test(unheard_keys_say_nothing),
		cmocka_unit_test(the_screen_has_the_messages_reference),
		cmocka_unit_test(a_code_lives_no_longer_than_its_login),
		cmocka_unit_test(the_message_is_the_one_of_the_keys),
		cmocka_unit_test(codes_are_digits_from_0_to_9),
		cmocka_unit_test(typed_forms_of_a_code_are_the_code),
		cmocka_unit_test(three_wrong_codes_are_the_end),
		cmocka_unit_test(a_right_one_counts_after_wrong_ones),
		cmocka_unit_test(code_tries_is_how_many),
		cmocka_unit_test(other_verdicts_on_a_code),
		cmocka_unit_test(a_late_code_is_a_wrong_one),
		cmocka_unit_test(what_is_no_code_costs_a_prompt_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
