/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A template of a sysadmin's: what is taken makes one message, whatever stands in its holes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/sms-text.h"

#define CODE   "482913"
#define DIGITS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static struct secret *make(const char *template, const char *host, const char *user)
{
	_cleanup_secret_ struct secret *code = secret_from_text(CODE);
	char host_name[SMS_NAME_SIZE], user_name[SMS_NAME_SIZE];
	const struct sms_message message = {
		.number = "+8613900001234", .code = code, .reference = "K7", .language = "en",
		.host = host_name, .user = user_name, .valid_s = 600,
	};

	sms_text_name(host, host_name);
	sms_text_name(user, user_name);
	return sms_text_make(template, &message);
}

static void check_fits(const char *template, const char *name)
{
	_cleanup_secret_ struct secret *text = make(template, name, name);
	struct sms_units units;

	if (!text || !sms_text_units(text->data, text->len, &units) || !sms_text_fits(&units))
		abort();
}

/* The template's own digits cannot be told from those of the code. */
static void check_code(const char *template)
{
	_cleanup_secret_ struct secret *text = make(template, "db-1", "jane");

	if (!text || (!strstr(template, CODE) && count(text->data, CODE) != 1))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf why = BUF_INIT(1024);
	_cleanup_free_ char *text = malloc(size + 1);

	if (!text || size > 10000)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	/* A line of a configuration has none of them. */
	if (text_is_line(text, strlen(text)) && sms_text_check(text, DIGITS, &why)) {
		check_code(text);
		check_fits(text, text);
		check_fits(text, "mmmmmmmmmmmmmmmmmmmmmmmmm");
	}
	buf_done(&why);
	return 0;
}
