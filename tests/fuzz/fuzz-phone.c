/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and codes as people type them: a country's rule, a newline, what was typed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/phone.h"
#include "base/text.h"

#define CODE_DIGITS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What comes out is E.164, comes out of itself again, and is not in its mask. */
static void check_number(const char *text, const struct phone_country *country)
{
	char number[PHONE_SIZE], again[PHONE_SIZE], mask[PHONE_MASK_SIZE];

	if (phone_normalise(text, country, number) < 0)
		return;
	if (!phone_is_valid(number) || phone_normalise(number, NULL, again) < 0 ||
	    !text_equals(number, again))
		abort();
	phone_mask(number, true, mask);
	if (!text_is_utf8(mask, strlen(mask)) || strspn(mask, "0123456789"))
		abort();
	phone_mask(number, false, mask);
	if (!text_is_printable_ascii(mask, sizeof(mask)) || strlen(mask) != 7)
		abort();
}

static void check_digits(const char *text)
{
	_cleanup_secret_ struct secret *entry = secret_from_text(text);
	_cleanup_secret_ struct secret *code = entry ? digits_fold(entry, CODE_DIGITS) : NULL;

	if (code && (code->len != CODE_DIGITS ||
		     strspn(code->data, "0123456789") != CODE_DIGITS))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct phone_country country;
	_cleanup_free_ char *text = malloc(size + 1);
	char *typed;

	if (!text || size > 100000)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_digits(text);
	check_number(text, NULL);
	typed = strchr(text, '\n');
	if (!typed)
		return 0;
	*typed++ = '\0';
	if (phone_country_parse(text, &country) == 0)
		check_number(typed, &country);
	check_digits(typed);
	return 0;
}
