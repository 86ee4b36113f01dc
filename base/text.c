/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings; see text.h. */
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Characters that are valid UTF-8 and must not reach a person: first and last of each range. */
static const uint32_t unprintable[][2] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f },          /* C0, DEL, C1 */
	{ 0x061c, 0x061c }, { 0x200e, 0x200f },          /* bidirectional marks */
	{ 0x2028, 0x2029 },                              /* line and paragraph separators */
	{ 0x202a, 0x202e }, { 0x2066, 0x2069 },          /* bidirectional embeddings, isolates */
};

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void *or_abort(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

char *text_copy(const char *text)
{
	return text ? or_abort(strdup(text)) : NULL;
}

char *text_format(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return or_abort(text);
}

void text_free_wiped(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

bool text_equals(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool text_into(char *ret_field, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size) {
		ret_field[0] = '\0';
		return false;
	}
	memcpy(ret_field, text, len + 1);
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int text_to_number(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
	const char *digits = *text == '-' ? text + 1 : text;
	long long number;
	char *end;

	/* strtoll() alone would take leading blanks and '+'. */
	if (!is_digit(*digits))
		return -EINVAL;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno == ERANGE || number < min || number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

void text_from_number(int64_t number, char ret_text[TEXT_NUMBER_SIZE])
{
	(void)snprintf(ret_text, TEXT_NUMBER_SIZE, "%" PRId64, number);
}

size_t text_character(const char *text, size_t len, uint32_t *ret_character)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t min;
	} forms[] = {
		{ 0x80, 0x00, 0x00 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	unsigned char first = (unsigned char)text[0];
	uint32_t character;
	size_t form, i;

	for (form = 0; form < N_ELEMENTS(forms); form++)
		if ((first & forms[form].mask) == forms[form].lead)
			break;
	if (form == N_ELEMENTS(forms) || form >= len)
		return 0;
	character = first & (unsigned char)~forms[form].mask;
	for (i = 1; i <= form; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (character < forms[form].min || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return form + 1;
}

static bool is_printable(uint32_t character)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(unprintable); i++)
		if (character >= unprintable[i][0] && character <= unprintable[i][1])
			return false;
	return true;
}

static bool is_printable_ascii(uint32_t character)
{
	return character >= 0x20 && character <= 0x7e;
}

static void add_filtered(struct buf *buf, const char *text, size_t max_chars,
			 bool (*passes)(uint32_t character))
{
	size_t left = strlen(text), n;

	for (n = 0; left && n < max_chars; n++) {
		uint32_t character = 0;
		size_t len = text_character(text, left, &character);

		if (len && passes(character))
			buf_add(buf, text, len);
		else
			buf_add_char(buf, '?');
		text += MAX(len, (size_t)1);
		left -= MAX(len, (size_t)1);
	}
	if (left)
		buf_add_text(buf, "...");
}

void text_add_clean(struct buf *buf, const char *text, size_t max_chars)
{
	add_filtered(buf, text, max_chars, is_printable);
}

void text_add_ascii(struct buf *buf, const char *text, size_t max_chars)
{
	add_filtered(buf, text, max_chars, is_printable_ascii);
}

void text_into_clean(char *ret_field, size_t size, const char *text)
{
	static const char dots[] = "...";
	struct buf clean = BUF_INIT(4 * size + sizeof(dots));
	size_t len;

	text_add_clean(&clean, text, size);
	len = clean.len;
	if (len >= size) {
		len = size - sizeof(dots);
		while (len > 0 && ((unsigned char)clean.data[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(ret_field, buf_text(&clean), len);
	(void)text_into(ret_field + len, size - len, clean.len >= size ? dots : "");
	buf_done(&clean);
}

bool text_is_printable_ascii(const char *text, size_t max_len)
{
	size_t len = strlen(text), i;

	if (len < 1 || len > max_len)
		return false;
	for (i = 0; i < len; i++)
		if (!is_printable_ascii((unsigned char)text[i]))
			return false;
	return true;
}

bool text_is_utf8(const char *text, size_t len)
{
	while (len) {
		uint32_t character;
		size_t n = text_character(text, len, &character);

		if (!n || !character)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

bool text_is_line(const char *text, size_t len)
{
	size_t i;

	if (!text_is_utf8(text, len))
		return false;
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			return false;
		/* U+0080 to U+009F are C2 80 to C2 9F. */
		if (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0)
			return false;
	}
	return true;
}

void text_into_id(const char *text, char *ret_id, size_t size)
{
	size_t len = 0;

	for (; *text && len + 1 < size; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			c = '-';
		if (c != '-' || (len && ret_id[len - 1] != '-'))
			ret_id[len++] = c;
	}
	while (len && ret_id[len - 1] == '-')
		len--;
	ret_id[len] = '\0';
}

size_t list_length(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

bool list_has(char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (text_equals(*list, text))
			return true;
	return false;
}

int list_add(char ***list, const char *text)
{
	size_t n = list_length(*list);
	char *copy = strdup(text);
	char **longer;

	if (!copy)
		return -ENOMEM;
	longer = reallocarray(*list, n + 2, sizeof(*longer));
	if (!longer) {
		free(copy);
		return -ENOMEM;
	}
	longer[n] = copy;
	longer[n + 1] = NULL;
	*list = longer;
	return 0;
}

char **list_free(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
	return NULL;
}

/* The digits of 1 to 3 bytes; returns how many digits carry data. */
static size_t base64_group(const unsigned char *data, size_t len, const char *digits,
			   char ret_text[4])
{
	uint32_t bits = (uint32_t)data[0] << 16;
	size_t i;

	if (len > 1)
		bits |= (uint32_t)data[1] << 8;
	if (len > 2)
		bits |= data[2];
	for (i = 0; i < 4; i++)
		ret_text[i] = digits[bits >> (18 - 6 * i) & 63];
	return MIN(len, (size_t)3) + 1;
}

static void add_base64(struct buf *buf, const void *data, size_t len, const char *digits, bool pad)
{
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < len; i += 3) {
		char group[4];
		size_t n = base64_group(bytes + i, len - i, digits, group);

		buf_add(buf, group, n);
		if (pad)
			buf_add(buf, "==", 4 - n);
		explicit_bzero(group, sizeof(group));
	}
}

void base64url_add(struct buf *buf, const void *data, size_t len)
{
	add_base64(buf, data, len, base64url_digits, false);
}

void base64_add(struct buf *buf, const void *data, size_t len)
{
	add_base64(buf, data, len, base64_digits, true);
}

static int base64_value(char c, const char *digits)
{
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (int)(digit - digits) : -1;
}

static bool base64_is_valid(const char *text, size_t len, const char *digits)
{
	static const int spare_bits[4] = { 0, 0, 15, 3 };
	size_t i;

	if (len % 4 == 1)
		return false;
	for (i = 0; i < len; i++)
		if (base64_value(text[i], digits) < 0)
			return false;
	return !len || !(base64_value(text[len - 1], digits) & spare_bits[len % 4]);
}

static int decode_base64(const char *text, size_t len, const char *digits, struct buf *ret_buf)
{
	uint32_t bits = 0;
	size_t i;

	if (!base64_is_valid(text, len, digits))
		return -EINVAL;
	for (i = 0; i < len; i++) {
		bits = bits << 6 | (uint32_t)base64_value(text[i], digits);
		/* After the 2nd, 3rd and 4th digit of a group another byte is complete. */
		if (i % 4)
			buf_add_char(ret_buf, (char)(bits >> (6 - 2 * (i % 4))));
	}
	return buf_failed(ret_buf) ? -E2BIG : 0;
}

int base64url_decode(const char *text, size_t len, struct buf *ret_buf)
{
	return decode_base64(text, len, base64url_digits, ret_buf);
}

int base64_decode(const char *text, size_t len, struct buf *ret_buf)
{
	size_t n_padding = 0;

	while (n_padding < 2 && n_padding < len && text[len - 1 - n_padding] == '=')
		n_padding++;
	if (len % 4)
		return -EINVAL;
	return decode_base64(text, len - n_padding, base64_digits, ret_buf);
}

void hex_add(struct buf *buf, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < len; i++) {
		buf_add_char(buf, digits[bytes[i] >> 4]);
		buf_add_char(buf, digits[bytes[i] & 15]);
	}
}
