/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over the bytes: valid UTF-8 needs no decoding to be counted and sorted. */
#include "providers/password-rule.h"

#include <stdbool.h>

#include "base/macro.h"
#include "base/text.h"

static const struct {
	const char *word;
	unsigned bit;
} classes[] = {
	{ "digits", PASSWORD_DIGITS },
	{ "letters", PASSWORD_LETTERS },
	{ "lower", PASSWORD_LOWER },
	{ "upper", PASSWORD_UPPER },
	{ "special", PASSWORD_SPECIAL },
};

unsigned password_class_find(const char *word)
{
	for (size_t i = 0; i < N_ELEMENTS(classes); i++)
		if (text_equals(classes[i].word, word))
			return classes[i].bit;
	return 0;
}

static bool continues_character(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Of the character that begins with this byte; 0 when it does not begin one. */
static unsigned class_of(unsigned char byte)
{
	if (byte >= '0' && byte <= '9')
		return PASSWORD_DIGITS;
	if (byte >= 'a' && byte <= 'z')
		return PASSWORD_LETTERS | PASSWORD_LOWER;
	if (byte >= 'A' && byte <= 'Z')
		return PASSWORD_LETTERS | PASSWORD_UPPER;
	return continues_character(byte) ? 0 : PASSWORD_SPECIAL;
}

/* C0, DEL, or C1 (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F). */
static bool has_controls(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < 0x20 || bytes[i] == 0x7f ||
		    (bytes[i] == 0xc2 && i + 1 < len && bytes[i + 1] < 0xa0))
			return true;
	return false;
}

unsigned password_rule_faults(const struct password_rule *rule, const struct secret *password)
{
	const unsigned char *bytes = (const unsigned char *)password->data;
	int64_t n_characters = 0;
	unsigned found = 0, faults;

	if (!text_is_utf8(password->data, password->len) || has_controls(bytes, password->len))
		return PASSWORD_NOT_TEXT;
	for (size_t i = 0; i < password->len; i++) {
		found |= class_of(bytes[i]);
		n_characters += !continues_character(bytes[i]);
	}
	faults = rule->classes & ~found;
	if (n_characters < rule->length_min)
		faults |= PASSWORD_TOO_SHORT;
	if (n_characters > rule->length_max)
		faults |= PASSWORD_TOO_LONG;
	return faults;
}
