/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The half of the fake core that stands for the store: numbers, messages, codes. */
#include "tests/providers/fake-core.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REPLACE(field, text) do { free(field); (field) = text_copy(text); } while (0)

/* --- events --- */

void fake_found(struct login *login)
{
	const struct fake_method *method = login->method;
	uint32_t number = fake_close_check(login, FAKE_PHONES);

	method->provider->found(login, number, method->phones, method->n_phones);
	fake_collect(login);
}

void fake_counted(struct login *login, enum send_verdict verdict, int64_t wait_s)
{
	uint32_t number = fake_close_check(login, FAKE_SEND);

	login->n_counted += verdict == SEND_ALLOWED;
	login->method->provider->counted(login, number, verdict, wait_s);
	fake_collect(login);
}

void fake_judged(struct login *login, enum code_result result, int64_t wait_s)
{
	bool is_code = login->check != FAKE_TOTP && login->check != FAKE_GLASS;
	uint32_t number = fake_close_check(login, is_code ? FAKE_CODE : login->check);

	login->method->provider->judged(login, number, result, wait_s);
	fake_collect(login);
}

void fake_judge(struct login *login)
{
	bool is_right = login->code && text_equals(login->entry, login->code);

	assert_int_equal(login->check, FAKE_CODE);
	if (is_right)
		REPLACE(login->code, NULL);
	fake_judged(login, is_right ? CODE_RIGHT : CODE_WRONG, 0);
}

void fake_stored(struct login *login, int error)
{
	uint32_t number = fake_close_check(login, FAKE_STORE);

	login->method->provider->stored(login, number, error);
	fake_collect(login);
}

/* --- what the provider calls --- */

bool login_is_proved(struct login *login)
{
	return login->method->is_proved;
}

bool login_hears_keys(struct login *login)
{
	return !login->method->is_deaf;
}

bool login_has_choice(struct login *login)
{
	return login->method->has_choice;
}

const struct phone_country *login_country(struct login *login)
{
	return login->method->country;
}

uint32_t login_find_phones(struct login *login, int64_t unused_days)
{
	login->unused_days = unused_days;
	return fake_open_check(login, FAKE_PHONES);
}

uint32_t login_count_send(struct login *login, const struct phone *phone, int64_t cost)
{
	login->sent_to = *phone;
	assert_true(text_into(login->sent_number, sizeof(login->sent_number),
			      phone->number ? phone->number : ""));
	login->sent_cost = cost;
	return fake_open_check(login, FAKE_SEND);
}

void login_return_send(struct login *login)
{
	assert_true(login->n_returned < login->n_counted);
	login->n_returned++;
}

uint32_t login_add_phone(struct login *login, const char *number, const char *label)
{
	assert_true(phone_is_valid(number));
	REPLACE(login->added_number, number);
	REPLACE(login->added_label, label);
	return fake_open_check(login, FAKE_STORE);
}

void login_keep_code(struct login *login, const struct secret *code, int64_t phone_id)
{
	REPLACE(login->code, code->data);
	login->code_phone = phone_id;
	login->n_kept++;
}

void login_drop_code(struct login *login)
{
	REPLACE(login->code, NULL);
	login->n_dropped++;
}

uint32_t login_check_code(struct login *login, const struct secret *entry)
{
	REPLACE(login->entry, entry->data);
	return fake_open_check(login, FAKE_CODE);
}

uint32_t login_check_totp(struct login *login, const struct secret *entry, int64_t window)
{
	REPLACE(login->entry, entry->data);
	login->window = window;
	return fake_open_check(login, FAKE_TOTP);
}

uint32_t login_check_glass(struct login *login, const struct secret *entry)
{
	REPLACE(login->entry, entry->data);
	return fake_open_check(login, FAKE_GLASS);
}

uint32_t login_set_totp(struct login *login, const struct totp_enrolment *enrolment)
{
	login->totp_key = secret_free(login->totp_key);
	login->totp_key = secret_new(enrolment->key->data, enrolment->key->len);
	login->totp_rule = enrolment->rule;
	login->totp_step = enrolment->step;
	login->recovery = list_free(login->recovery);
	for (size_t i = 0; i < enrolment->n_recovery; i++)
		assert_int_equal(list_add(&login->recovery, enrolment->recovery[i]->data), 0);
	return fake_open_check(login, FAKE_STORE);
}
