/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A code, its life, and the message it stands in; see sms.h. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "base/text.h"
#include "providers/sms.h"

/* Without those that are taken for each other: 0 O, 1 I L, 2 Z, 5 S, 8 B. */
static const char reference_characters[] = "ACDEFGHJKMNPQRTUVWXY34679";

/* Every value below `n` as likely as any other: what is above the last whole multiple is drawn
 * again. */
static int random_below(uint32_t n, uint32_t *ret_value)
{
	const uint64_t end = (UINT64_C(1) << 32) / n * n;
	uint32_t value;
	int r;

	do {
		r = random_bytes(&value, sizeof(value));
		if (r < 0)
			return r;
	} while (value >= end);
	*ret_value = value % n;
	explicit_bzero(&value, sizeof(value));
	return 0;
}

static int make_digits(unsigned n_digits, struct secret **ret_digits)
{
	static const uint32_t ends[] = {
		[6] = 1000000, [7] = 10000000, [8] = 100000000,
	};
	char text[SMS_DIGITS_MAX + 1];
	uint32_t value;
	int r;

	static_assert(N_ELEMENTS(ends) == SMS_DIGITS_MAX + 1, "one for each");
	assert(n_digits >= SMS_DIGITS_MIN && n_digits <= SMS_DIGITS_MAX);
	r = random_below(ends[n_digits], &value);
	if (r < 0)
		return r;
	for (size_t i = n_digits; i-- > 0; value /= 10)
		text[i] = (char)('0' + value % 10);
	*ret_digits = secret_new(text, n_digits);
	explicit_bzero(text, sizeof(text));
	return *ret_digits ? 0 : -ENOMEM;
}

static int make_reference(char ret_text[SMS_REF_LEN + 1])
{
	for (size_t i = 0; i < SMS_REF_LEN; i++) {
		uint32_t value;
		int r = random_below(sizeof(reference_characters) - 1, &value);

		if (r < 0)
			return r;
		ret_text[i] = reference_characters[value];
	}
	ret_text[SMS_REF_LEN] = '\0';
	return 0;
}

/* The first label: with a dot in it telephones make a link of a name. */
static void set_host(struct login *login, struct sms_code *code)
{
	const char *host = login_host(login);
	_cleanup_free_ char *label = text_format("%.*s", (int)strcspn(host, "."), host);

	sms_text_name(label, code->host);
}

int sms_code_make(struct login *login, struct sms_code *code)
{
	const struct sms_config *config = login_config(login);
	int64_t left_ms = login_deadline_ms(login) - login_now_ms(login);
	int64_t life_ms = MIN(config->code_minutes * SECONDS_A_MINUTE * 1000, left_ms);
	int r;

	sms_code_done(code);
	r = make_digits((unsigned)config->code_digits, &code->digits);
	if (r == 0)
		r = make_reference(code->reference);
	if (r < 0)
		return r;
	code->expires_ms = login_now_ms(login) + life_ms;
	code->expires_s = login_now_s(login) + life_ms / 1000;
	set_host(login, code);
	if (login_user(login)[0])
		sms_text_name(login_user(login), code->user);
	return 0;
}

static int64_t left_s(struct login *login, const struct sms_code *code)
{
	return MIN((code->expires_ms - login_now_ms(login)) / 1000,
		   code->expires_s - login_now_s(login));
}

bool sms_code_is_alive(struct login *login, const struct sms_code *code)
{
	return left_s(login, code) > 0;
}

/* To the nearest one: a code of five minutes is not one of four when the vendor took a second. */
int sms_code_minutes(struct login *login, const struct sms_code *code)
{
	int64_t minutes = (left_s(login, code) + SECONDS_A_MINUTE / 2) / SECONDS_A_MINUTE;

	return (int)MAX(minutes, 1);
}

const struct sms_message *sms_code_say(struct login *login, struct sms_code *code,
				       const char *number)
{
	const struct sms_config *config = login_config(login);
	const char *template = config->text;

	if (!template)
		template = login_text(login, SMS_TEXT_DEFAULT);
	code->message = (struct sms_message){
		.number = number,
		.code = code->digits,
		.host = code->host,
		.user = code->user,
		.reference = code->reference,
		/* TRANSLATORS: the code of your language in ISO 639-1, for the vendors: zh */
		.language = login_text(login, N_("en")),
		.valid_s = sms_code_minutes(login, code) * SECONDS_A_MINUTE,
	};
	code->text = sms_text_make(template, &code->message);
	code->message.text = code->text;
	return code->text ? &code->message : NULL;
}

void sms_code_unsay(struct sms_code *code)
{
	code->text = secret_free(code->text);
	code->message = (struct sms_message){ .number = NULL };
}

void sms_code_done(struct sms_code *code)
{
	sms_code_unsay(code);
	code->digits = secret_free(code->digits);
	explicit_bzero(code, sizeof(*code));
}

bool sms_is_letter(const struct secret *answer, char letter)
{
	const char *text = answer->data, *end = answer->data + answer->len;
	char found = 0;

	while (text < end) {
		char c = digits_next(&text, end);

		if (c == ' ')
			continue;
		if (!c || found)
			return false;
		found = c;
	}
	return found && (found | 0x20) == letter;
}
