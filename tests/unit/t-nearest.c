/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slips of the finger are understood, other words are not. */
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"

#define LONGEST "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"    /* 63 */

static const char *const words[] = { "length_min", "length_max", "open_max", "map", "z", LONGEST };

static const struct {
	const char *typed, *meant;
} rows[] = {
	{ "length_min", "length_min" },
	{ "lenght_min", "length_min" },          /* swapped */
	{ "lengthmin", "length_min" },           /* dropped */
	{ "length__min", "length_min" },         /* inserted */
	{ "length_mix", "length_min" },          /* changed; length_max is as near, but later */
	{ "length_mxa", "length_max" },
	{ "openmax", "open_max" },
	{ "amp", "map" }, { "ma", "map" }, { "maps", "map" }, { "mp", "map" },
	{ "pam", NULL }, { "m", NULL }, { "", NULL }, { "colour", NULL }, { "lng_mn_x", NULL },
	{ LONGEST, LONGEST },
	{ LONGEST "l", NULL },                   /* too long to be compared */
};

static void slips_are_understood(void **state UNUSED)
{
	size_t i, k;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		struct nearest nearest = { .typed = rows[i].typed };

		for (k = 0; k < N_ELEMENTS(words); k++)
			nearest_try(&nearest, words[k]);
		if (!nearest.word != !rows[i].meant ||
		    (nearest.word && strcmp(nearest.word, rows[i].meant) != 0))
			fail_msg("\"%s\" is taken for \"%s\"", rows[i].typed,
				 nearest.word ? nearest.word : "(none)");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
