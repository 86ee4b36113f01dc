/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was probably meant by a mistyped word: "did you mean". */
#pragma once

#include <stddef.h>

#define NEAREST_WORD_MAX 63      /* longer words have no nearest one */

/* Remembers the best word so far; start with { .typed = what was written }. */
struct nearest {
	const char *typed;
	const char *word;        /* NULL while no word is near enough; the one given, not a copy */
	size_t distance;
};

/* Edit distance counts inserted, dropped, changed and swapped letters; near enough is one in three,
 * at least one, but not all of them. The first of several equally near words is kept. */
void nearest_try(struct nearest *nearest, const char *word);
