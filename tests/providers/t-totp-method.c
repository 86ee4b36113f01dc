/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The method "totp", event by event. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/fake-core.h"

#define RECOVERY_CODE   "ABCDEFGH234567YZ"
#define PERIOD_MS       30000

static struct fake_method *new_method(const char *section)
{
	return fake_method_new(&totp_provider, section);
}

static int make_method(void **state)
{
	*state = new_method("");
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

static void keys_have_bounds(void **state UNUSED)
{
	static const struct { const char *section; bool is_right; } rows[] = {
		{ "", true },
		{ "digits = 8\nalgorithm = sha512\nperiod = 60s\nwindow = 0\nissuer = Work", true },
		{ "period = 2min\nwindow = 2", true },
		{ "digits = 5", false }, { "digits = 9", false },
		{ "algorithm = md5", false }, { "algorithm = sha384", false },
		{ "period = 14", false }, { "period = 121", false },
		{ "window = 3", false }, { "window = -1", false },
		{ "issuer = a:b", false }, { "issuer =", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char *mistakes = fake_mistakes(&totp_provider, rows[i].section);

		if (!*mistakes != rows[i].is_right)
			fail_msg("%s: %s", rows[i].section, mistakes);
		free(mistakes);
	}
}

/* --- logging in --- */

/* What is no code at all is refused like a wrong one. */
static void unheard_keys_say_nothing(void **state)
{
	struct fake_method *method = *state;
	struct login *login;

	method->is_deaf = true;
	login = fake_start(method);
	assert_string_equal(login->prompt, "Code of your authenticator app: ");
	fake_answer(login, "");
	assert_int_equal(login->end, FAKE_RUNNING);
	fake_answer(login, "hello");
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->reason, DENY_WRONG);
	assert_int_equal(login->check, FAKE_NO_CHECK);
	fake_login_free(login);
}

static void the_right_code_identifies_the_user(void **state)
{
	struct login *login = fake_start(*state);

	assert_string_equal(login->prompt, "Code of your authenticator app, or q to quit: ");
	assert_true(login->prompt_echo);
	assert_true(login->prompt_has_keys);
	assert_false(login->prompt_is_password);
	fake_answer(login, "123456");
	assert_int_equal(login->check, FAKE_TOTP);
	assert_string_equal(login->entry, "123456");
	assert_int_equal(login->window, 1);
	fake_judged(login, CODE_RIGHT, 0);
	assert_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, ISSUER_UNIX);
	assert_string_equal(login->subject, "jane");
	assert_null(login->said);
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

static void what_has_the_form_of_a_code_is_checked(void **state)
{
	static const struct { const char *answer, *entry; } rows[] = {
		{ "012345", "012345" },
		{ " 012 345 ", "012345" },
		{ "012-345", "012345" },
		{ "０１２３４５", "012345" },
		/* A key made under another configuration. */
		{ "1234567", "1234567" },
		{ "1234 5678", "12345678" },
		{ RECOVERY_CODE, RECOVERY_CODE },
		{ "abcd-efgh-2345-67yz", RECOVERY_CODE },
		{ "ABCD EFGH 2345 67YZ", RECOVERY_CODE },
		{ "ＡＢＣＤ－efgh－２３４５－67YZ", RECOVERY_CODE },
		{ "2222 2222 2222 2222", "2222222222222222" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = fake_start(*state);

		fake_answer(login, rows[i].answer);
		assert_int_equal(login->check, FAKE_TOTP);
		assert_string_equal(login->entry, rows[i].entry);
		fake_login_free(login);
	}
}

static void anything_else_costs_a_prompt_and_no_guess(void **state)
{
	static const char *const answers[] = {
		"", " ", "12345", "123456789", "12345x", "+123456", "123.456", "yes",
		"ABCD-EFGH-2345-67Y", "ABCD-EFGH-2345-67YZA", "ABCD-EFGH-2345-67Y1",
		"ABCD_EFGH-2345-67YZ", "\xff\xff\xff\xff\xff\xff", "123456\xc3",
	};

	for (size_t i = 0; i < N_ELEMENTS(answers); i++) {
		struct login *login = fake_start(*state);

		for (int n = 0; n < 5; n++) {
			assert_int_equal(login->end, FAKE_RUNNING);
			fake_answer(login, answers[i]);
			assert_int_equal(login->check, FAKE_NO_CHECK);
			assert_string_equal(login->shown, "Type the digits that the app shows, "
							  "or a recovery code.");
		}
		assert_ended(login, FAKE_DENIED, DENY_WRONG);
		fake_login_free(login);
	}
}

static void a_code_may_follow_nonsense(void **state)
{
	struct login *login = fake_start(*state);

	fake_answer(login, "help");
	fake_answer(login, "123456");
	fake_judged(login, CODE_RIGHT, 0);
	assert_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
}

/* Who proved nothing learns nothing; who did learns when to come again. */
static void verdicts_end_the_login(void **state)
{
	static const struct {
		bool is_proved;
		enum code_result result;
		int64_t wait_s;
		enum fake_end end;
		int reason;
		const char *errors;
	} rows[] = {
		{ false, CODE_WRONG, 0, FAKE_DENIED, DENY_WRONG, NULL },
		{ false, CODE_TOO_MANY, 3600, FAKE_DENIED, DENY_WRONG, NULL },
		{ false, CODE_BLOCKED, 0, FAKE_DENIED, DENY_WRONG, NULL },
		{ false, CODE_UNAVAILABLE, 0, FAKE_FAILED, FAIL_PROVIDER, NULL },
		{ true, CODE_WRONG, 0, FAKE_DENIED, DENY_WRONG, NULL },
		{ true, CODE_TOO_MANY, 3541, FAKE_DENIED, DENY_REFUSED,
		  "Too many wrong codes. Try again in 60 minutes.\n" },
		{ true, CODE_TOO_MANY, 1, FAKE_DENIED, DENY_REFUSED,
		  "Too many wrong codes. Try again in 2 minutes.\n" },
		{ true, CODE_BLOCKED, 0, FAKE_DENIED, DENY_REFUSED,
		  "Too many wrong codes. Only a sysadmin can open this way again.\n" },
		{ true, CODE_UNAVAILABLE, 0, FAKE_FAILED, FAIL_PROVIDER, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = *state;
		struct login *login;

		method->is_proved = rows[i].is_proved;
		login = fake_start(method);
		fake_answer(login, "123456");
		fake_judged(login, rows[i].result, rows[i].wait_s);
		assert_ended(login, rows[i].end, rows[i].reason);
		if (!text_equals(login->errors, rows[i].errors))
			fail_msg("row %zu: %s", i, login->errors);
		fake_login_free(login);
	}
}

static void leaving_while_it_is_checked_frees_all(void **state)
{
	struct login *login = fake_start(*state);

	fake_answer(login, "123456");
	fake_login_free(login);
}

/* --- enrolling --- */

/* What the app reads from the code: its key. */
static struct secret *scan(const struct login *login)
{
	const char *text = strstr(login->link, "secret=") + strlen("secret=");
	struct buf key = BUF_INIT(64);
	struct secret *secret;
	unsigned n_bits = 0;
	uint32_t bits = 0;

	for (; *text && *text != '&'; text++) {
		bits = bits << 5 | (uint32_t)(strchr(BASE32_DIGITS, *text) - BASE32_DIGITS);
		n_bits += 5;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		buf_add_char(&key, (char)(bits >> n_bits));
	}
	secret = secret_new(key.data, key.len);
	buf_done(&key);
	return secret;
}

static void answer_with_code(struct login *login, const struct totp_rule *rule, int64_t steps)
{
	_cleanup_secret_ struct secret *key = scan(login);
	char code[TOTP_CODE_SIZE];

	assert_int_equal(totp_code(rule, key, totp_step(rule, login->method->now_s) + steps, code),
			 0);
	fake_answer(login, code);
}

static const struct totp_rule usual = { DIGEST_SHA1, 6, 30 };

static void a_key_is_kept_when_the_app_shows_its_code(void **state)
{
	struct login *login = fake_enrol(*state);
	_cleanup_secret_ struct secret *key = scan(login);

	assert_int_equal(login->n_codes, 1);
	assert_true(text_has_prefix(login->link, "otpauth://totp/host.example.org:jane?secret="));
	assert_int_equal(key->len, 20);
	assert_int_equal(strlen(login->plain_link), 8 * 4 + 7);
	assert_string_equal(login->prompt, "Code that the app shows now, or q to quit: ");
	assert_true(login->prompt_has_keys);
	answer_with_code(login, &usual, 0);
	assert_int_equal(login->check, FAKE_STORE);
	assert_null(login->said);                /* no recovery code before the store has it */
	assert_true(secret_equals(key, login->totp_key->data, login->totp_key->len));
	assert_int_equal(login->totp_rule.digest, DIGEST_SHA1);
	assert_int_equal(login->totp_rule.digits, 6);
	assert_int_equal(login->totp_rule.period_s, 30);
	assert_int_equal(login->totp_step, login->method->now_s / 30);
	fake_stored(login, 0);
	assert_string_equal(login->prompt, "Press Enter when you have written them down: ");
	fake_answer(login, "");
	assert_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
}

static void recovery_codes_are_shown_as_they_are_kept(void **state)
{
	struct login *login = fake_enrol(*state);

	answer_with_code(login, &usual, 0);
	assert_int_equal(list_length(login->recovery), 10);
	fake_stored(login, 0);
	for (size_t i = 0; i < 10; i++) {
		const char *code = login->recovery[i];
		_cleanup_free_ char *shown = text_format("%.4s-%.4s-%.4s-%.4s", code, code + 4,
							 code + 8, code + 12);

		assert_int_equal(strlen(code), 16);
		assert_int_equal(strspn(code, BASE32_DIGITS), 16);
		assert_non_null(strstr(login->said, shown));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(code, login->recovery[j]);
	}
	fake_login_free(login);
}

static void the_configuration_makes_the_key(void **state UNUSED)
{
	static const struct {
		const char *section;
		struct totp_rule rule;
		size_t key_bytes;
		const char *uri_begin, *uri_end;
	} rows[] = {
		{ "algorithm = sha256\ndigits = 8\nperiod = 60", { DIGEST_SHA256, 8, 60 }, 32,
		  "otpauth://totp/host.example.org:jane?",
		  "&issuer=host.example.org&algorithm=SHA256&digits=8&period=60" },
		{ "algorithm = sha512\nissuer = My Work", { DIGEST_SHA512, 6, 30 }, 64,
		  "otpauth://totp/My%20Work:jane?", "&issuer=My%20Work&algorithm=SHA512" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = new_method(rows[i].section);
		struct login *login = fake_enrol(method);

		assert_true(text_has_prefix(login->link, rows[i].uri_begin));
		assert_true(text_has_suffix(login->link, rows[i].uri_end));
		answer_with_code(login, &rows[i].rule, 0);
		assert_int_equal(login->totp_key->len, rows[i].key_bytes);
		assert_int_equal(login->totp_rule.digest, rows[i].rule.digest);
		assert_int_equal(login->totp_rule.digits, rows[i].rule.digits);
		assert_int_equal(login->totp_rule.period_s, rows[i].rule.period_s);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_clock_may_be_off_by_one_step(void **state)
{
	static const struct { int64_t steps; bool is_taken; } rows[] = {
		{ -2, false }, { -1, true }, { 0, true }, { 1, true }, { 2, false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = fake_enrol(*state);

		answer_with_code(login, &usual, rows[i].steps);
		assert_int_equal(login->check == FAKE_STORE, rows[i].is_taken);
		if (rows[i].is_taken)
			assert_int_equal(login->totp_step,
					 login->method->now_s / 30 + rows[i].steps);
		fake_login_free(login);
	}
}

static void three_wrong_codes_keep_nothing(void **state)
{
	static const char *const answers[] = { "", "hello", "12345", RECOVERY_CODE };

	for (size_t i = 0; i < N_ELEMENTS(answers); i++) {
		struct login *login = fake_enrol(*state);

		for (int n = 0; n < 3; n++) {
			assert_int_equal(login->end, FAKE_RUNNING);
			fake_answer(login, answers[i]);
			assert_int_equal(login->check, FAKE_NO_CHECK);
		}
		assert_ended(login, FAKE_DENIED, DENY_REFUSED);
		assert_null(login->totp_key);
		fake_login_free(login);
	}
}

static void the_third_try_may_be_right(void **state)
{
	struct login *login = fake_enrol(*state);

	fake_answer(login, "");
	answer_with_code(login, &usual, 5);
	assert_non_null(strstr(login->shown, "The clock of the phone must be right."));
	fake_pass(login, PERIOD_MS);
	answer_with_code(login, &usual, 0);
	assert_int_equal(login->check, FAKE_STORE);
	assert_int_equal(login->n_codes, 1);
	fake_login_free(login);
}

static void without_the_store_nothing_is_shown(void **state)
{
	struct login *login = fake_enrol(*state);

	answer_with_code(login, &usual, 0);
	fake_stored(login, -EIO);
	assert_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	assert_null(login->said);
	fake_login_free(login);
}

static void every_key_is_another(void **state)
{
	struct login *one = fake_enrol(*state), *other = fake_enrol(*state);

	assert_string_not_equal(one->link, other->link);
	fake_login_free(one);
	fake_login_free(other);
}

#define WITH_METHOD(test) cmocka_unit_test_setup_teardown(test, make_method, drop_method)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_bounds),
		WITH_METHOD(unheard_keys_say_nothing),
		WITH_METHOD(the_right_code_identifies_the_user),
		WITH_METHOD(a_choice_is_named),
		WITH_METHOD(what_has_the_form_of_a_code_is_checked),
		WITH_METHOD(anything_else_costs_a_prompt_and_no_guess),
		WITH_METHOD(a_code_may_follow_nonsense),
		WITH_METHOD(verdicts_end_the_login),
		WITH_METHOD(leaving_while_it_is_checked_frees_all),
		WITH_METHOD(a_key_is_kept_when_the_app_shows_its_code),
		WITH_METHOD(recovery_codes_are_shown_as_they_are_kept),
		cmocka_unit_test(the_configuration_makes_the_key),
		WITH_METHOD(a_clock_may_be_off_by_one_step),
		WITH_METHOD(three_wrong_codes_keep_nothing),
		WITH_METHOD(the_third_try_may_be_right),
		WITH_METHOD(without_the_store_nothing_is_shown),
		WITH_METHOD(every_key_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
