/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telephone numbers; see phone.h. */
#include "base/phone.h"

#include <errno.h>
#include <string.h>

#include "base/digits.h"
#include "base/text.h"

#define DIGITS_MIN 7
#define DIGITS_MAX 15                    /* ITU-T E.164, calling code included */
#define MASK_DOTS  5

/* How mobile numbers are written at home: the digits behind the trunk prefix. From the national
 * numbering plans that ITU-T publishes (E.129). A trunk prefix that has been given up stands here
 * as none. */
static const struct {
	char name[3];
	struct phone_country rule;
} countries[] = {
	{ "AE", { "971", "0", 9, 9 } },
	{ "AR", { "54", "0", 11, 11 } },         /* with the 9 of mobiles */
	{ "AT", { "43", "0", 10, 13 } },
	{ "AU", { "61", "0", 9, 9 } },
	{ "BE", { "32", "0", 9, 9 } },
	{ "BG", { "359", "0", 8, 9 } },
	{ "BR", { "55", "0", 11, 11 } },
	{ "CA", { "1", "1", 10, 10 } },
	{ "CH", { "41", "0", 9, 9 } },
	{ "CL", { "56", "", 9, 9 } },
	{ "CN", { "86", "0", 11, 11 } },
	{ "CO", { "57", "", 10, 10 } },
	{ "CZ", { "420", "", 9, 9 } },
	{ "DE", { "49", "0", 10, 11 } },
	{ "DK", { "45", "", 8, 8 } },
	{ "EE", { "372", "", 7, 8 } },
	{ "EG", { "20", "0", 10, 10 } },
	{ "ES", { "34", "", 9, 9 } },
	{ "FI", { "358", "0", 8, 10 } },
	{ "FR", { "33", "0", 9, 9 } },
	{ "GB", { "44", "0", 10, 10 } },
	{ "GR", { "30", "", 10, 10 } },
	{ "HK", { "852", "", 8, 8 } },
	{ "HU", { "36", "06", 9, 9 } },
	{ "ID", { "62", "0", 9, 12 } },
	{ "IE", { "353", "0", 9, 9 } },
	{ "IL", { "972", "0", 9, 9 } },
	{ "IN", { "91", "0", 10, 10 } },
	{ "IT", { "39", "", 9, 10 } },           /* a leading 0 is part of the number */
	{ "JP", { "81", "0", 10, 10 } },
	{ "KE", { "254", "0", 9, 9 } },
	{ "KR", { "82", "0", 9, 10 } },
	{ "LU", { "352", "", 9, 9 } },
	{ "MO", { "853", "", 8, 8 } },
	{ "MX", { "52", "", 10, 10 } },
	{ "MY", { "60", "0", 9, 10 } },
	{ "NG", { "234", "0", 10, 10 } },
	{ "NL", { "31", "0", 9, 9 } },
	{ "NO", { "47", "", 8, 8 } },
	{ "NZ", { "64", "0", 8, 10 } },
	{ "PH", { "63", "0", 10, 10 } },
	{ "PK", { "92", "0", 10, 10 } },
	{ "PL", { "48", "", 9, 9 } },
	{ "PT", { "351", "", 9, 9 } },
	{ "RO", { "40", "0", 9, 9 } },
	{ "RU", { "7", "8", 10, 10 } },
	{ "SA", { "966", "0", 9, 9 } },
	{ "SE", { "46", "0", 9, 9 } },
	{ "SG", { "65", "", 8, 8 } },
	{ "SK", { "421", "0", 9, 9 } },
	{ "SM", { "378", "", 8, 10 } },          /* as Italy */
	{ "TH", { "66", "0", 9, 9 } },
	{ "TR", { "90", "0", 10, 10 } },
	{ "TW", { "886", "0", 9, 9 } },
	{ "UA", { "380", "0", 9, 9 } },
	{ "US", { "1", "1", 10, 10 } },
	{ "VN", { "84", "0", 9, 9 } },
	{ "ZA", { "27", "0", 9, 9 } },
};

/* Satellite networks, international networks, shared cost, universal personal numbers and relief:
 * ITU-T E.164, list of assigned codes. */
static const char *const blocked[] = {
	"+870", "+878", "+881", "+882", "+883", "+888", "+979",
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* --- a country's rule --- */

/* The word at *text, blanks before it skipped, into the field; false when it does not fit. */
static bool next_word(const char **text, char *ret_word, size_t size)
{
	size_t len;

	*text += strspn(*text, " ");
	len = strcspn(*text, " ");
	if (len == 0 || len >= size)
		return false;
	memcpy(ret_word, *text, len);
	ret_word[len] = '\0';
	*text += len;
	return true;
}

/* "11" or "9-11" */
static int parse_lengths(char *word, struct phone_country *country)
{
	char *dash = strchr(word, '-');
	int64_t min, max;

	if (dash)
		*dash = '\0';
	if (text_to_number(word, 1, DIGITS_MAX, &min) < 0 ||
	    text_to_number(dash ? dash + 1 : word, min, DIGITS_MAX, &max) < 0)
		return -EINVAL;
	country->min = (unsigned)min;
	country->max = (unsigned)max;
	return 0;
}

static int parse_rule(const char *text, struct phone_country *ret_country)
{
	struct phone_country country = { 0 };
	char code[sizeof(country.code) + 1], trunk[sizeof(country.trunk)], lengths[8];
	size_t code_len;

	if (!next_word(&text, code, sizeof(code)) || !next_word(&text, trunk, sizeof(trunk)) ||
	    !next_word(&text, lengths, sizeof(lengths)) || text[strspn(text, " ")])
		return -EINVAL;
	if (!phone_is_prefix(code) || parse_lengths(lengths, &country) < 0)
		return -EINVAL;
	if (!text_equals(trunk, "-")) {
		if (trunk[strspn(trunk, "0123456789")])
			return -EINVAL;
		(void)text_into(country.trunk, sizeof(country.trunk), trunk);
	}
	code_len = strlen(code + 1);
	if (code_len + country.min < DIGITS_MIN || code_len + country.max > DIGITS_MAX)
		return -EINVAL;
	memcpy(country.code, code + 1, code_len + 1);
	*ret_country = country;
	return 0;
}

int phone_country_parse(const char *text, struct phone_country *ret_country)
{
	for (size_t i = 0; i < N_ELEMENTS(countries); i++) {
		if (text_equals(countries[i].name, text)) {
			*ret_country = countries[i].rule;
			return 0;
		}
	}
	return parse_rule(text, ret_country);
}

void phone_country_names(struct buf *buf)
{
	for (size_t i = 0; i < N_ELEMENTS(countries); i++)
		buf_add_format(buf, "%s%s", i ? ", " : "", countries[i].name);
}

/* --- numbers as people write them --- */

struct written {
	bool is_international;
	char digits[2 + DIGITS_MAX + 4];         /* room for 00, or a trunk prefix */
	size_t len;
};

static bool add_digit(struct written *written, char c)
{
	if (written->len + 1 >= sizeof(written->digits))
		return false;
	written->digits[written->len++] = c;
	written->digits[written->len] = '\0';
	return true;
}

static int read_written(const char *text, struct written *written)
{
	const char *end = text + strlen(text);

	while (text < end) {
		char c = digits_next(&text, end);

		if (is_digit(c)) {
			if (!add_digit(written, c))
				return -EINVAL;
		} else if (c == '+' && written->len == 0 && !written->is_international) {
			written->is_international = true;
		} else if (!c || !strchr(" -.()/", c)) {
			return -EINVAL;
		}
	}
	return 0;
}

/* "+44 (0)20…" is a way of writing it, but not a number that can be dialled. */
static bool has_trunk_zero(const char *number)
{
	for (size_t i = 0; i < N_ELEMENTS(countries); i++) {
		const struct phone_country *rule = &countries[i].rule;

		if (rule->trunk[0] == '0' && text_has_prefix(number + 1, rule->code) &&
		    number[1 + strlen(rule->code)] == '0')
			return true;
	}
	return false;
}

static int finish(const char *code, const char *rest, char ret_number[PHONE_SIZE])
{
	size_t code_len = strlen(code), rest_len = strlen(rest);
	char number[PHONE_SIZE];

	if (1 + code_len + rest_len >= sizeof(number))
		return -EINVAL;
	number[0] = '+';
	memcpy(number + 1, code, code_len);
	memcpy(number + 1 + code_len, rest, rest_len + 1);
	if (!phone_is_valid(number) || has_trunk_zero(number))
		return -EINVAL;
	memcpy(ret_number, number, sizeof(number));
	return 0;
}

static int add_country(const struct phone_country *country, const char *digits,
		       char ret_number[PHONE_SIZE])
{
	size_t len;

	if (text_has_prefix(digits, country->trunk))
		digits += strlen(country->trunk);
	len = strlen(digits);
	if (len < country->min || len > country->max)
		return -EINVAL;
	return finish(country->code, digits, ret_number);
}

int phone_normalise(const char *text, const struct phone_country *country,
		    char ret_number[PHONE_SIZE])
{
	struct written written = { 0 };

	if (read_written(text, &written) < 0)
		return -EINVAL;
	if (written.is_international)
		return finish("", written.digits, ret_number);
	if (text_has_prefix(written.digits, "00"))
		return finish("", written.digits + 2, ret_number);
	return country ? add_country(country, written.digits, ret_number) : -EINVAL;
}

/* --- numbers --- */

static bool is_number(const char *text, size_t min, size_t max)
{
	size_t len = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;

	return len >= min && len <= max && text[1] != '0' && !text[1 + len];
}

bool phone_is_valid(const char *number)
{
	return is_number(number, DIGITS_MIN, DIGITS_MAX);
}

bool phone_is_prefix(const char *text)
{
	return is_number(text, 1, DIGITS_MAX);
}

bool phone_is_blocked(const char *number)
{
	for (size_t i = 0; i < N_ELEMENTS(blocked); i++)
		if (text_has_prefix(number, blocked[i]))
			return true;
	return false;
}

size_t phone_prefix_match(const char *number, const char *prefix)
{
	return text_has_prefix(number, prefix) ? strlen(prefix) - 1 : 0;
}

void phone_mask(const char *number, bool utf8, char ret_text[PHONE_MASK_SIZE])
{
	const char *dot = utf8 ? "\xe2\x80\xa2" : "*";
	size_t len = strlen(number), dot_len = strlen(dot), at = 0;

	for (int i = 0; i < MASK_DOTS; i++, at += dot_len)
		memcpy(ret_text + at, dot, dot_len);
	if (len >= DIGITS_MIN) {
		memcpy(ret_text + at, number + len - 2, 2);
		at += 2;
	}
	ret_text[at] = '\0';
}
