/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configuration text, through the reader and through a table with a row of each kind. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	char *text, *url;
	bool flag;
	int64_t number, duration;
	int choice;
	char **list;
};

static const char *const choices[] = { "first", "second", NULL };

/* No CONF_SECRET: the fuzzer shall not choose which files are opened. */
static const struct conf_key keys[] = {
	{ "text", CONF_TEXT, offsetof(struct target, text), CONF_REQUIRED, 1, 100 },
	{ "flag", CONF_BOOL, offsetof(struct target, flag) },
	{ "number", CONF_NUMBER, offsetof(struct target, number), 0, -5, 1000, .fallback = "1" },
	{ "duration", CONF_DURATION, offsetof(struct target, duration), 0, 1, 86400 },
	{ "choice", CONF_CHOICE, offsetof(struct target, choice), .choices = choices },
	{ "list", CONF_LIST, offsetof(struct target, list), 0, 1, 8 },
	{ "url", CONF_URL, offsetof(struct target, url) },
	{ NULL }
};

static void check_target(const struct target *target)
{
	if (target->number < -5 || target->number > 1000 || target->duration < 0 ||
	    target->duration > 86400 || target->choice < 0 || target->choice > 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_report report = { 0 };
	struct conf conf = { 0 };
	size_t i;

	conf_read_text((const char *)data, size, "fuzz", &conf, &report);
	/* A second file with the same content only overrides. */
	conf_read_text((const char *)data, size, "again", &conf, &report);
	for (i = 0; i < conf.n_sections; i++) {
		struct target target = { 0 };
		const struct conf_table table = { keys, &target };

		conf_apply(&conf.sections[i], &table, 1, &report);
		check_target(&target);
		conf_release(keys, &target);
	}
	conf_done(&conf);
	conf_report_done(&report);
	return 0;
}
