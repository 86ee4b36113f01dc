/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sms-fixture.h. */
#include "tests/providers/sms-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"

const struct phone sms_one_phone[1] = {
	{ .id = 7, .number = SMS_MOBILE, .label = "" },
};

const struct phone sms_many_phones[3] = {
	{ .id = 7, .number = SMS_MOBILE, .label = "office", .used_s = 1000 },
	{ .id = 8, .number = "+14155550100", .label = "", .used_s = 2000 },
	{ .id = 9, .number = "+491711234567", .label = "home" },
};

bool text_has(const char *text, const char *part)
{
	return text && strstr(text, part);
}

struct fake_method *sms_method(const char *section)
{
	struct fake_method *method = fake_method_bound(&sms_provider, section, fake_gateways);

	method->phones = sms_one_phone;
	method->n_phones = 1;
	return method;
}

struct fake_method *sms_method_plain(bool is_proved)
{
	struct fake_method *method = sms_method("vendors = one two");

	method->is_proved = is_proved;
	return method;
}

struct login *sms_login_new(struct fake_method *method)
{
	struct login *login = fake_start(method);

	login->deadline_ms += 600000;
	return login;
}

struct login *sms_login_asking(struct fake_method *method)
{
	struct login *login = sms_login_new(method);

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	if (method->is_proved)
		fake_reply_json(login, 200, "accepted SM1");
	else
		fake_timer(login);
	assert_int_not_equal(login->prompt_number, 0);
	return login;
}

char *sms_ref_of(const struct login *login)
{
	const char *at = strstr(login->request->body->data, " ref=");

	return text_format("%.2s", at + strlen(" ref="));
}

void sms_end(struct login *login)
{
	struct fake_method *method = login->method;

	fake_login_free(login);
	fake_method_free(method);
}

void sms_enter_wrong(struct login *login)
{
	fake_answer(login, text_equals(login->code, "000000") ? "111111" : "000000");
	fake_judge(login);
}

void sms_ask_again(struct login *login, int64_t after_ms)
{
	fake_pass(login, after_ms);
	fake_answer(login, "r");
	if (login->request_number)       /* what became of the last one */
		fake_reply_json(login, 200, "on-its-way");
}
