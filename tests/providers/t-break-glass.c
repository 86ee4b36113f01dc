/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The method "break-glass", event by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/fake-core.h"

#define CODE   "ACDEFHJKMNPRTWXYACDE"
#define GROUPS "ACDE-FHJK-MNPR-TWXY-ACDE"

static int make_method(void **state)
{
	*state = fake_method_new(&break_glass_provider, "");
	return 0;
}

static int drop_method(void **state)
{
	fake_method_free(*state);
	return 0;
}

static void assert_ended(const struct login *login, enum fake_end end, int reason)
{
	assert_int_equal(login->end, end);
	assert_int_equal(login->reason, reason);
	assert_true(login->finished);
}

static void a_right_code_identifies_the_user(void **state)
{
	struct login *login = fake_start(*state);

	assert_string_equal(login->prompt, "Break-glass code, or q to quit: ");
	assert_true(login->prompt_echo);
	assert_true(login->prompt_has_keys);
	fake_answer(login, GROUPS);
	assert_int_equal(login->check, FAKE_GLASS);
	assert_string_equal(login->entry, CODE);
	fake_judged(login, CODE_RIGHT, 0);
	assert_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, ISSUER_UNIX);
	assert_string_equal(login->subject, "jane");
	fake_login_free(login);
}

static void anything_else_costs_a_prompt_and_no_guess(void **state)
{
	static const char *const answers[] = { "", "hello", "ACDE-FHJK-MNPR-TWXY-ACD", "12345" };

	for (size_t i = 0; i < N_ELEMENTS(answers); i++) {
		struct login *login = fake_start(*state);

		for (int n = 0; n < 5; n++) {
			assert_int_equal(login->end, FAKE_RUNNING);
			fake_answer(login, answers[i]);
			assert_int_equal(login->check, FAKE_NO_CHECK);
		}
		assert_ended(login, FAKE_DENIED, DENY_WRONG);
		fake_login_free(login);
	}
}

/* What is no code at all is refused like a wrong one. */
static void unheard_keys_say_nothing(void **state)
{
	struct fake_method *method = *state;
	struct login *login;

	method->is_deaf = true;
	login = fake_start(method);
	assert_string_equal(login->prompt, "Break-glass code: ");
	fake_answer(login, "hello");
	assert_ended(login, FAKE_DENIED, DENY_WRONG);
	assert_int_equal(login->check, FAKE_NO_CHECK);
	fake_login_free(login);
}

static void a_choice_is_named(void **state)
{
	struct fake_method *method = *state;
	struct login *login;

	method->has_choice = true;
	login = fake_start(method);
	assert_non_null(strstr(login->prompt, ", c for another way,"));
	fake_login_free(login);
}

static void verdicts_end_the_login(void **state)
{
	static const struct {
		enum code_result result;
		bool is_proved;
		enum fake_end end;
		int reason;
		const char *shown;
	} rows[] = {
		{ CODE_WRONG, false, FAKE_DENIED, DENY_WRONG, NULL },
		{ CODE_TOO_MANY, false, FAKE_DENIED, DENY_WRONG, NULL },
		{ CODE_BLOCKED, false, FAKE_DENIED, DENY_WRONG, NULL },
		{ CODE_UNAVAILABLE, false, FAKE_FAILED, FAIL_PROVIDER, NULL },
		{ CODE_TOO_MANY, true, FAKE_DENIED, DENY_REFUSED, "in 3 minutes" },
		{ CODE_BLOCKED, true, FAKE_DENIED, DENY_REFUSED, "Only a sysadmin" },
	};
	struct fake_method *method = *state;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login;

		method->is_proved = rows[i].is_proved;
		login = fake_start(method);
		fake_answer(login, CODE);
		fake_judged(login, rows[i].result, 125);
		assert_ended(login, rows[i].end, rows[i].reason);
		assert_true(rows[i].shown ? strstr(login->errors, rows[i].shown) != NULL
					  : login->errors == NULL);
		fake_login_free(login);
	}
}

static void leaving_while_it_is_checked_frees_all(void **state)
{
	struct login *login = fake_start(*state);

	fake_answer(login, CODE);
	fake_login_free(login);
}

#define WITH_METHOD(test) cmocka_unit_test_setup_teardown(test, make_method, drop_method)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_METHOD(a_right_code_identifies_the_user),
		WITH_METHOD(anything_else_costs_a_prompt_and_no_guess),
		WITH_METHOD(unheard_keys_say_nothing),
		WITH_METHOD(a_choice_is_named),
		WITH_METHOD(verdicts_end_the_login),
		WITH_METHOD(leaving_while_it_is_checked_frees_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
