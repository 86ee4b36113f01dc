/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of messages; see sms-text.h. */
#include "providers/sms-text.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "providers/sms-template.h"

#define SECONDS_A_MINUTE 60

/* --- length --- */

/* 3GPP TS 23.038 6.2.1: the characters of the default alphabet that are not ASCII. Of ASCII it has
 * all that can be printed but the grave accent; those of the extension table count twice. */
static const uint32_t gsm_wide[] = {
	0xa1, 0xa3, 0xa4, 0xa5, 0xa7, 0xbf, 0xc4, 0xc5, 0xc6, 0xc7, 0xc9, 0xd1, 0xd6, 0xd8, 0xdc,
	0xdf, 0xe0, 0xe4, 0xe5, 0xe6, 0xe8, 0xe9, 0xec, 0xf1, 0xf2, 0xf6, 0xf8, 0xf9, 0xfc,
	0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9,
};

#define EURO 0x20ac

/* Septets of a character; 0: the alphabet does not have it. */
static unsigned gsm_septets(uint32_t character)
{
	if (character == EURO)
		return 2;
	if (character < 0x80) {
		if (character == '\n' || character == '\r')
			return 1;
		if (character < ' ' || character == 0x7f || character == '`')
			return 0;
		return strchr("[]{}\\~^|", (int)character) ? 2 : 1;
	}
	for (size_t i = 0; i < N_ELEMENTS(gsm_wide); i++)
		if (gsm_wide[i] == character)
			return 1;
	return 0;
}

bool sms_text_units(const char *text, size_t len, struct sms_units *ret_units)
{
	unsigned septets = 0, utf16 = 0;
	bool is_gsm = true;

	while (len) {
		uint32_t character;
		size_t used = text_character(text, len, &character);

		if (!used)
			return false;
		is_gsm = is_gsm && gsm_septets(character);
		septets += gsm_septets(character);
		utf16 += character > 0xffff ? 2 : 1;
		text += used;
		len -= used;
	}
	*ret_units = (struct sms_units){ is_gsm, is_gsm ? septets : utf16 };
	return true;
}

bool sms_text_fits(const struct sms_units *units)
{
	return units->n <= (units->is_gsm ? SMS_GSM_MAX : SMS_UCS2_MAX);
}

/* --- filling --- */

void sms_text_name(const char *name, char ret_name[SMS_NAME_SIZE])
{
	size_t len = 0;

	for (; *name && len + 1 < SMS_NAME_SIZE; name++)
		if ((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		    (*name >= '0' && *name <= '9') || strchr("._-", *name))
			ret_name[len++] = *name;
	if (!len)
		ret_name[len++] = '-';
	ret_name[len] = '\0';
}

enum { HOLE_CODE, HOLE_HOST, HOLE_USER, HOLE_MINUTES, HOLE_REF, HOLE_N };

struct holes {
	struct sms_variable rows[HOLE_N + 1];
};

static struct holes holes_of(const char *code, const char *host, const char *user,
			     const char *minutes, const char *ref)
{
	return (struct holes){ {
		[HOLE_CODE] = { "code", code },
		[HOLE_HOST] = { "host", host },
		[HOLE_USER] = { "user", user },
		[HOLE_MINUTES] = { "minutes", minutes },
		[HOLE_REF] = { "ref", ref },
	} };
}

struct secret *sms_text_make(const char *template, const struct sms_message *message)
{
	_cleanup_free_ char *minutes = text_format(
		"%d", (int)MAX(message->valid_s / SECONDS_A_MINUTE, 1));
	const struct holes holes = holes_of(message->code->data, message->host,
					    message->user[0] ? message->user : "test", minutes,
					    message->reference);
	struct buf text = BUF_INIT_SECRET(SMS_TEXT_MAX);
	struct secret *made = NULL;

	if (sms_template_expand(template, holes.rows, SMS_AS_LINE, &text) == 0)
		made = secret_new(text.data, text.len);
	buf_done(&text);
	return made;
}

/* --- judging a template --- */

/* Bytes of the text; 0 also when it cannot be made. */
static size_t length_with(const char *template, struct holes holes, const char *code)
{
	struct buf text = BUF_INIT(SMS_TEXT_MAX);
	size_t len;

	holes.rows[HOLE_CODE].value = code;
	(void)sms_template_expand(template, holes.rows, SMS_AS_LINE, &text);
	len = text.len;
	buf_done(&text);
	return len;
}

/* A message with a link looks like the messages people are warned of, and carriers drop it. */
static bool has_link(const char *template)
{
	static const char *const signs[] = { "://", "www." };

	for (size_t i = 0; i < N_ELEMENTS(signs); i++)
		for (const char *at = template; *at; at++)
			if (strncasecmp(at, signs[i], strlen(signs[i])) == 0)
				return true;
	return false;
}

static bool check_length(const char *template, const struct holes *longest, struct buf *why)
{
	struct buf text = BUF_INIT(SMS_TEXT_MAX);
	struct sms_units units = { false, 0 };
	bool is_read = sms_template_expand(template, longest->rows, SMS_AS_LINE, &text) == 0 &&
		       sms_text_units(buf_text(&text), text.len, &units);

	buf_done(&text);
	if (!is_read)
		buf_add_format(why, "is longer than %d bytes, or not text", SMS_TEXT_MAX);
	else if (!sms_text_fits(&units) && units.is_gsm)
		buf_add_format(why, "can become %u characters; %d fit into one message", units.n,
			       SMS_GSM_MAX);
	else if (!sms_text_fits(&units))
		buf_add_format(why, "can become %u characters; %d fit into one message, since "
			       "not all are in the alphabet of GSM", units.n, SMS_UCS2_MAX);
	return is_read && sms_text_fits(&units);
}

bool sms_text_check(const char *template, unsigned n_digits, struct buf *why)
{
	static const char name[] = "mmmmmmmmmmmmmmmmmmmmmmmm";
	static const char digits[] = "00000000";
	const char *code = digits + sizeof(digits) - 1 - MIN(n_digits, sizeof(digits) - 1);
	const struct holes longest = holes_of(code, name, name, "10", "MM");

	static_assert(sizeof(name) == SMS_NAME_SIZE, "the longest name");
	if (!sms_template_check(template, longest.rows, why))
		return false;
	if (has_link(template)) {
		buf_add_text(why, "must not have a link in it");
		return false;
	}
	if (!check_length(template, &longest, why))
		return false;
	/* A code of one character adds as many as there are holes for it. */
	if (length_with(template, longest, "0") != length_with(template, longest, "") + 1) {
		buf_add_text(why, "must have {code} in it, once");
		return false;
	}
	return true;
}
