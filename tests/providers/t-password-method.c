/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The method "password", event by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/fake-core.h"

#define OLD "old horse 1"
#define NEW "new horse 2"

#define WRONG_CLASSES \
	"2: \"classes\" must be of digits, letters, lower, upper, special; or none alone\n"

struct ending {
	enum password_result result;
	enum fake_end end;
	int reason;
};

static int make_method(void **state)
{
	*state = fake_method_new(&password_provider, "");
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

/* --- configuration --- */

static void mistakes_are_told(void **state UNUSED)
{
	static const struct { const char *section, *mistakes; } cases[] = {
		{ "", "" },
		{ "sources = shadow", "" },
		{ "sources = shadow, jauth", "" },
		{ "sources = ldap", "2: \"sources\" must be jauth, shadow or both, each once\n" },
		{ "sources = jauth, jauth",
		  "2: \"sources\" must be jauth, shadow or both, each once\n" },
		{ "classes = none", "" },
		{ "classes = lower, upper, digits, special, letters", "" },
		{ "classes = none, lower", WRONG_CLASSES },
		{ "classes = numbers", WRONG_CLASSES },
		{ "length_min = 32", "" },
		{ "length_min = 33",
		  "2: \"length_min\" is wrong: length_min must not be above length_max\n" },
		{ "length_max = 7",
		  "2: \"length_max\" is wrong: length_min must not be above length_max\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char *mistakes = fake_mistakes(&password_provider, cases[i].section);

		assert_string_equal(mistakes, cases[i].mistakes);
		free(mistakes);
	}
}

static void numbers_have_bounds(void **state UNUSED)
{
	static const char *const sections[] = {
		"length_min = 0", "length_max = 128", "expires_days = -1", "expires_days = 3651",
		"length_min = eight", "sources =", "classes =", "colour = red",
	};

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		char *mistakes = fake_mistakes(&password_provider, sections[i]);

		assert_true(strlen(mistakes) > 0);
		free(mistakes);
	}
}

/* --- logging in --- */

static void the_right_password_identifies_the_user(void **state)
{
	struct login *login = fake_start(*state);

	assert_string_equal(login->prompt, "Password: ");
	assert_false(login->prompt_echo);
	assert_true(login->prompt_is_password);
	assert_int_equal(login->check_number, 0);
	fake_answer(login, OLD);
	assert_string_equal(login->password, OLD);
	assert_string_equal(login->sources, "jauth shadow");
	assert_false(login->setting);
	fake_checked(login, PASSWORD_RIGHT);
	assert_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, ISSUER_UNIX);
	assert_string_equal(login->subject, "jane");
	assert_null(login->errors);
	fake_login_free(login);
}

static void an_empty_answer_is_no_attempt(void **state)
{
	struct login *login = fake_start(*state);

	fake_answer(login, "");
	assert_null(login->password);
	assert_ended(login, FAKE_DENIED, DENY_WRONG);
	fake_login_free(login);
}

static void everything_else_lets_nobody_in(void **state)
{
	static const struct ending cases[] = {
		{ PASSWORD_WRONG, FAKE_DENIED, DENY_WRONG },
		{ PASSWORD_NOT_OURS, FAKE_DENIED, DENY_REFUSED },
		{ PASSWORD_UNAVAILABLE, FAKE_FAILED, FAIL_PROVIDER },
		{ PASSWORD_CHANGED, FAKE_FAILED, FAIL_PROVIDER },
		{ (enum password_result)99, FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct login *login = fake_start(*state);

		fake_answer(login, OLD);
		fake_checked(login, cases[i].result);
		assert_ended(login, cases[i].end, cases[i].reason);
		assert_null(login->issuer);
		fake_login_free(login);
	}
}

static void the_configured_order_of_sources_is_asked(void **state UNUSED)
{
	struct fake_method *method = fake_method_new(&password_provider,
						     "sources = shadow, jauth");
	struct login *login = fake_start(method);

	fake_answer(login, OLD);
	assert_string_equal(login->sources, "shadow jauth");
	fake_login_free(login);
	fake_method_free(method);
}

/* Up to the prompt for the new password. */
static struct login *start_must_change(struct fake_method *method)
{
	struct login *login = fake_start(method);

	fake_answer(login, OLD);
	fake_checked(login, PASSWORD_MUST_CHANGE);
	assert_int_equal(login->end, FAKE_RUNNING);
	assert_string_equal(login->prompt, "New password: ");
	assert_false(login->prompt_echo);
	/* No other module shall fill in the old one. */
	assert_false(login->prompt_is_password);
	return login;
}

static void who_must_change_is_in_only_after_the_change(void **state)
{
	struct login *login = start_must_change(*state);

	assert_string_equal(login->shown, "Your password must be changed now.");
	fake_answer(login, NEW);
	assert_string_equal(login->prompt, "New password, again: ");
	fake_answer(login, NEW);
	assert_int_equal(login->end, FAKE_RUNNING);
	assert_true(login->setting);
	assert_string_equal(login->password, NEW);
	assert_int_equal(login->expires_days, 0);
	fake_checked(login, PASSWORD_CHANGED);
	assert_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->subject, "jane");
	fake_login_free(login);
}

static void a_change_that_fails_lets_nobody_in(void **state)
{
	static const struct ending cases[] = {
		{ PASSWORD_UNAVAILABLE, FAKE_FAILED, FAIL_PROVIDER },
		{ PASSWORD_NOT_OURS, FAKE_DENIED, DENY_REFUSED },
		{ PASSWORD_RIGHT, FAKE_FAILED, FAIL_PROVIDER },
		{ PASSWORD_WRONG, FAKE_FAILED, FAIL_PROVIDER },
		{ PASSWORD_MUST_CHANGE, FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct login *login = start_must_change(*state);

		fake_answer(login, NEW);
		fake_answer(login, NEW);
		fake_checked(login, cases[i].result);
		assert_ended(login, cases[i].end, cases[i].reason);
		fake_login_free(login);
	}
}

/* --- the rule --- */

static void what_a_new_password_lacks_is_said(void **state UNUSED)
{
	static const struct { const char *typed, *errors; } cases[] = {
		{ "aA1-", "The new password needs at least 8 characters.\n" },
		{ "", "The new password needs at least 8 characters.\n"
		      "The new password needs a digit.\n"
		      "The new password needs a lower-case letter (a-z).\n"
		      "The new password needs an upper-case letter (A-Z).\n"
		      "The new password needs a special character.\n" },
		{ "aaaaaaaaaaaaA1-", "The new password may have at most 12 characters.\n" },
		{ "12345678-", "The new password needs a lower-case letter (a-z).\n"
			       "The new password needs an upper-case letter (A-Z).\n" },
		{ "bell\a12345", "A password must be text without control characters.\n" },
	};
	struct fake_method *method = fake_method_new(&password_provider, "length_max = 12\n"
		"classes = digits, lower, upper, special");

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct login *login = start_must_change(method);

		fake_answer(login, cases[i].typed);
		assert_string_equal(login->errors, cases[i].errors);
		assert_string_equal(login->prompt, "New password: ");
		assert_int_not_equal(login->prompt_number, 0);
		fake_login_free(login);
	}
	fake_method_free(method);
}

static void the_old_password_is_not_a_new_one(void **state)
{
	struct login *login = start_must_change(*state);

	fake_answer(login, OLD);
	assert_string_equal(login->errors, "The new password must not be the old one.\n");
	fake_answer(login, NEW);
	assert_string_equal(login->prompt, "New password, again: ");
	fake_login_free(login);
}

static void two_that_differ_are_asked_again(void **state)
{
	struct login *login = start_must_change(*state);

	fake_answer(login, NEW);
	fake_answer(login, NEW "x");
	assert_string_equal(login->errors, "The two passwords differ.\n");
	assert_false(login->setting);
	assert_string_equal(login->prompt, "New password: ");
	fake_answer(login, NEW);
	fake_answer(login, NEW);
	assert_true(login->setting);
	fake_login_free(login);
}

static void three_bad_new_passwords_are_enough(void **state)
{
	struct login *login = start_must_change(*state);

	fake_answer(login, "short");
	fake_answer(login, OLD);
	assert_int_equal(login->end, FAKE_RUNNING);
	fake_answer(login, NEW);
	fake_answer(login, "other");
	assert_ended(login, FAKE_DENIED, DENY_REFUSED);
	fake_login_free(login);
}

/* --- changing --- */

static void a_user_gives_his_current_password_first(void **state UNUSED)
{
	struct fake_method *method = fake_method_new(&password_provider,
						     "sources = shadow, jauth\nexpires_days = 90");
	struct login *login = fake_change(method, false);

	assert_string_equal(login->prompt, "Current password: ");
	assert_true(login->prompt_is_password);
	fake_answer(login, OLD);
	/* Only what can be changed here counts as the current one. */
	assert_string_equal(login->sources, "jauth");
	fake_checked(login, PASSWORD_RIGHT);
	fake_answer(login, OLD);
	assert_string_equal(login->errors, "The new password must not be the old one.\n");
	fake_answer(login, NEW);
	fake_answer(login, NEW);
	assert_string_equal(login->password, NEW);
	assert_int_equal(login->expires_days, 90);
	fake_checked(login, PASSWORD_CHANGED);
	assert_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_wrong_current_password_changes_nothing(void **state)
{
	struct login *login = fake_change(*state, false);

	fake_answer(login, "guess");
	fake_checked(login, PASSWORD_WRONG);
	assert_ended(login, FAKE_DENIED, DENY_WRONG);
	assert_false(login->setting);
	fake_login_free(login);
}

static void root_is_not_asked_for_the_current_one(void **state)
{
	struct login *login = fake_change(*state, true);

	assert_string_equal(login->prompt, "New password: ");
	fake_answer(login, "short");
	assert_non_null(login->errors);
	fake_answer(login, NEW);
	fake_answer(login, NEW);
	fake_checked(login, PASSWORD_CHANGED);
	assert_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
}

static void a_password_of_the_host_is_changed_there(void **state UNUSED)
{
	struct fake_method *method = fake_method_new(&password_provider, "sources = shadow");
	struct login *login = fake_change(method, true);

	assert_ended(login, FAKE_DENIED, DENY_REFUSED);
	assert_string_equal(login->errors, "Change this password with passwd on the host.\n");
	fake_login_free(login);
	fake_method_free(method);
}

static void leaving_at_any_moment_is_clean(void **state)
{
	static const char *const answers[] = { OLD, NEW, NEW };

	for (size_t n = 0; n <= N_ELEMENTS(answers); n++) {
		struct login *login = fake_change(*state, false);

		for (size_t i = 0; i < n; i++) {
			fake_answer(login, answers[i]);
			if (i == 0 && n > 1)
				fake_checked(login, PASSWORD_MUST_CHANGE);
		}
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_method, drop_method)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(numbers_have_bounds),
		TEST(the_right_password_identifies_the_user),
		TEST(an_empty_answer_is_no_attempt),
		TEST(everything_else_lets_nobody_in),
		cmocka_unit_test(the_configured_order_of_sources_is_asked),
		TEST(who_must_change_is_in_only_after_the_change),
		TEST(a_change_that_fails_lets_nobody_in),
		cmocka_unit_test(what_a_new_password_lacks_is_said),
		TEST(the_old_password_is_not_a_new_one),
		TEST(two_that_differ_are_asked_again),
		TEST(three_bad_new_passwords_are_enough),
		cmocka_unit_test(a_user_gives_his_current_password_first),
		TEST(a_wrong_current_password_changes_nothing),
		TEST(root_is_not_asked_for_the_current_one),
		cmocka_unit_test(a_password_of_the_host_is_changed_there),
		TEST(leaving_at_any_moment_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
