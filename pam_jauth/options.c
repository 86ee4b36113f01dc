/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row an option; pam_jauth(8) describes the same ones. */
#include "pam_jauth/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define TIMEOUT_DEFAULT_S 180
#define TIMEOUT_MAX_S     3600
#define MIN_UID_DEFAULT   1000
#define MIN_UID_MAX       65536

enum kind {
	KIND_FLAG,           /* no value */
	KIND_NUMBER,         /* decimal, min..max */
	KIND_GROUP,          /* not empty */
	KIND_CHARSET,        /* a word of charset_words */
};

static const struct option {
	const char *name;
	enum kind kind;
	size_t offset;
	uint32_t min, max;
} option_rows[] = {
	{ "timeout",        KIND_NUMBER,  offsetof(struct options, timeout_s), 1, TIMEOUT_MAX_S },
	{ "min_uid",        KIND_NUMBER,  offsetof(struct options, min_uid), 1, MIN_UID_MAX },
	{ "break_glass",    KIND_GROUP,   offsetof(struct options, break_glass) },
	{ "charset",        KIND_CHARSET, offsetof(struct options, charset) },
	{ "debug",          KIND_FLAG,    offsetof(struct options, debug) },
	{ "quiet",          KIND_FLAG,    offsetof(struct options, quiet) },
	{ "try_first_pass", KIND_FLAG,    offsetof(struct options, try_first_pass) },
	{ "use_first_pass", KIND_FLAG,    offsetof(struct options, use_first_pass) },
};

static const char *const charset_words[] = {
	[CHARSET_UTF8] = "utf-8",
	[CHARSET_ASCII] = "ascii",
};

static bool set_number(const struct option *option, const char *value, uint32_t *ret_number)
{
	unsigned long number;
	char *end;

	if (*value < '0' || *value > '9')    /* strtoul() would take blanks and signs */
		return false;
	errno = 0;
	number = strtoul(value, &end, 10);
	if (errno || *end || number < option->min || number > option->max)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static bool set_group(const char *value, const char **ret_group)
{
	if (!*value)
		return false;
	*ret_group = value;
	return true;
}

static bool set_charset(const char *value, enum charset *ret_charset)
{
	for (size_t i = CHARSET_UTF8; i < N_ELEMENTS(charset_words); i++) {
		if (strcmp(charset_words[i], value) == 0) {
			*ret_charset = (enum charset)i;
			return true;
		}
	}
	return false;
}

/* `value` is NULL when the argument has no '='. */
static bool set(struct options *options, const struct option *option, const char *value)
{
	void *field = (char *)options + option->offset;

	if ((option->kind == KIND_FLAG) != !value)
		return false;
	switch (option->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		return true;
	case KIND_NUMBER:
		return set_number(option, value, field);
	case KIND_GROUP:
		return set_group(value, field);
	case KIND_CHARSET:
		return set_charset(value, field);
	}
	return false;
}

static bool parse_argument(struct options *options, const char *argument)
{
	size_t len = strcspn(argument, "=");

	for (size_t i = 0; i < N_ELEMENTS(option_rows); i++) {
		const struct option *option = &option_rows[i];

		if (strlen(option->name) == len && memcmp(option->name, argument, len) == 0)
			return set(options, option, argument[len] ? argument + len + 1 : NULL);
	}
	return false;
}

struct options options_parse(int argc, const char **argv)
{
	struct options options = {
		.timeout_s = TIMEOUT_DEFAULT_S,
		.min_uid = MIN_UID_DEFAULT,
	};

	for (int i = 0; i < argc; i++)
		if (!parse_argument(&options, argv[i]) && !options.wrong)
			options.wrong = argv[i];
	return options;
}
