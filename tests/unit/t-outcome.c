/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pam_jauth/outcome.c: the table is complete, and only "granted" is a yes. */
#include "pam_jauth/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <syslog.h>

#include <cmocka.h>
#include <security/pam_modules.h>

#include "base/macro.h"

#define N_PAM_PHASES (LOGIN_PASSWORD + 1)

static void every_outcome_has_a_text_in_every_phase(void **state UNUSED)
{
	for (int s = LOGIN_GRANTED; s < LOGIN_N_STATES; s++) {
		for (int p = 0; p < N_PAM_PHASES; p++) {
			const struct outcome *outcome = outcome_of(p, s);

			assert_non_null(outcome->text);
			assert_in_range(outcome->priority, LOG_ERR, LOG_DEBUG);
		}
	}
}

static void success_is_granted_and_nothing_else(void **state UNUSED)
{
	for (int s = -1; s <= LOGIN_N_STATES; s++)
		for (int p = -1; p <= LOGIN_N_PHASES; p++)
			assert_int_equal(outcome_of(p, s)->pam_code == PAM_SUCCESS,
					 s == LOGIN_GRANTED && p >= 0 && p < N_PAM_PHASES);
}

static void the_stack_goes_on_for_two_outcomes_only(void **state UNUSED)
{
	for (int s = LOGIN_GRANTED; s < LOGIN_N_STATES; s++) {
		for (int p = 0; p < N_PAM_PHASES; p++) {
			int code = outcome_of(p, s)->pam_code;
			bool may_be_ignored = s == LOGIN_IGNORED && p != LOGIN_PASSWORD;

			assert_int_equal(code == PAM_IGNORE, may_be_ignored);
			assert_int_equal(code == PAM_AUTHINFO_UNAVAIL, s == LOGIN_UNAVAILABLE);
		}
	}
}

static void a_phase_that_is_not_of_pam_has_failed(void **state UNUSED)
{
	for (int p = N_PAM_PHASES; p < LOGIN_N_PHASES; p++)
		assert_int_equal(outcome_of(p, LOGIN_GRANTED)->pam_code, PAM_SYSTEM_ERR);
}

static void only_the_account_phase_lets_in_with_a_condition(void **state UNUSED)
{
	for (int s = LOGIN_GRANTED; s < LOGIN_N_STATES; s++)
		for (int p = 0; p < N_PAM_PHASES; p++)
			assert_int_equal(outcome_of(p, s)->pam_code == PAM_NEW_AUTHTOK_REQD,
					 p == LOGIN_ACCOUNT && s == LOGIN_MUST_CHANGE);
}

static void what_is_no_outcome_has_failed(void **state UNUSED)
{
	static const int states[] = { -1, LOGIN_ASK, LOGIN_WAIT, LOGIN_N_STATES, 1000 };

	for (size_t i = 0; i < N_ELEMENTS(states); i++)
		assert_int_equal(outcome_of(LOGIN_AUTHENTICATE, states[i])->pam_code,
				 PAM_SYSTEM_ERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome_has_a_text_in_every_phase),
		cmocka_unit_test(success_is_granted_and_nothing_else),
		cmocka_unit_test(the_stack_goes_on_for_two_outcomes_only),
		cmocka_unit_test(a_phase_that_is_not_of_pam_has_failed),
		cmocka_unit_test(only_the_account_phase_lets_in_with_a_condition),
		cmocka_unit_test(what_is_no_outcome_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
