/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `sms` against a fake core and a fake vendor: what is sent, said and decided. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/fake-core.h"
#include "tests/providers/fake-vendor.h"

#define MOBILE "+8613900001234"

static const struct phone one_phone[] = {
	{ .id = 7, .number = MOBILE, .label = "" },
};

static const struct phone many_phones[] = {
	{ .id = 7, .number = MOBILE, .label = "office", .used_s = 1000 },
	{ .id = 8, .number = "+14155550100", .label = "", .used_s = 2000 },
	{ .id = 9, .number = "+491711234567", .label = "home" },
};

static struct fake_method *method_with(const char *section)
{
	struct fake_method *method = fake_method_bound(&sms_provider, section, fake_gateways);

	method->phones = one_phone;
	method->n_phones = 1;
	return method;
}

static struct fake_method *method_new(bool is_proved)
{
	struct fake_method *method = method_with("vendors = one two");

	method->is_proved = is_proved;
	return method;
}

static bool has(const char *text, const char *part)
{
	return text && strstr(text, part);
}

/* A login up to the prompt for the code. */
static struct login *start_asking(struct fake_method *method)
{
	struct login *login = fake_start(method);

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	if (method->is_proved)
		fake_reply_json(login, 200, "accepted SM1");
	else
		fake_timer(login);
	assert_int_not_equal(login->prompt_number, 0);
	return login;
}

static void end(struct login *login)
{
	struct fake_method *method = login->method;

	fake_login_free(login);
	fake_method_free(method);
}

/* --- what goes right --- */

static void a_right_code_is_the_user(void **state UNUSED)
{
	for (int is_proved = 0; is_proved <= 1; is_proved++) {
		struct login *login = start_asking(method_new(is_proved));
		_cleanup_free_ char *code = text_copy(login->code);

		assert_int_equal(strlen(code), 6);
		assert_int_equal(login->code_phone, 7);
		assert_true(login->prompt_echo && login->prompt_has_keys);
		fake_answer(login, code);
		fake_judge(login);
		assert_int_equal(login->end, FAKE_IDENTIFIED);
		assert_string_equal(login->issuer, ISSUER_UNIX);
		assert_string_equal(login->subject, "jane");
		end(login);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_code_is_the_user),
	};

	(void)many_phones;
	(void)has;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
