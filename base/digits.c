/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed digits; see digits.h. */
#include "base/digits.h"

#include <string.h>

#include "base/buf.h"

/* The two lead bytes (UTF-8) of 64 characters each: which of them are forms of ASCII, and of what
 * the first one is. */
static const struct {
	const char lead[3];
	unsigned char first, last;       /* third byte */
	char ascii;                      /* of `first` */
} wide_forms[] = {
	{ "\xef\xbc", 0x81, 0xbf, '!' },         /* U+FF01–U+FF3F */
	{ "\xef\xbd", 0x80, 0x9e, '`' },         /* U+FF40–U+FF5E */
	{ "\xe3\x80", 0x80, 0x80, ' ' },         /* U+3000 */
};

static char fold_wide(const char *text)
{
	unsigned char third = (unsigned char)text[2];

	for (size_t i = 0; i < N_ELEMENTS(wide_forms); i++)
		if (memcmp(text, wide_forms[i].lead, 2) == 0 && third >= wide_forms[i].first &&
		    third <= wide_forms[i].last)
			return (char)(wide_forms[i].ascii + (third - wide_forms[i].first));
	return 0;
}

char digits_next(const char **text, const char *end)
{
	size_t left = (size_t)(end - *text);
	char c = 0;

	if (left >= 1 && **text > 0 && **text < 0x7f) {
		c = **text;
		*text += 1;
	} else if (left >= 2 && memcmp(*text, "\xc2\xa0", 2) == 0) {
		c = ' ';
		*text += 2;
	} else if (left >= 3) {
		c = fold_wide(*text);
		*text += c ? 3 : 0;
	}
	return c;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

struct secret *digits_fold_code(const struct secret *entry, const char *letters, size_t n)
{
	const char *text = entry->data, *end = entry->data + entry->len;
	struct buf folded = BUF_INIT_SECRET(n);
	struct secret *code = NULL;
	bool is_code = true;

	while (is_code && text < end) {
		char c = upper(digits_next(&text, end));

		if (c == ' ' || c == '-')
			continue;
		is_code = c && strchr(letters, c);
		if (is_code)
			buf_add_char(&folded, c);
	}
	/* One too many made the buffer fail, and a failed one is empty. */
	if (is_code && n > 0 && folded.len == n)
		code = secret_new(folded.data, folded.len);
	buf_done(&folded);
	return code;
}

struct secret *digits_fold(const struct secret *entry, size_t n)
{
	return digits_fold_code(entry, "0123456789", n);
}
