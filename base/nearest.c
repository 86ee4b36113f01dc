/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edit distance between short words; see nearest.h. */
#include "base/nearest.h"

#include <string.h>

#include "base/macro.h"

/* Optimal string alignment, row by row: three rows are enough: this one, the one above, and
 * the one above that for swapped letters. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_WORD_MAX + 1];
	size_t i, j;

	for (j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above_2 = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			size_t best = MIN(above[j], row[j - 1]) + 1;

			best = MIN(best, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, above_2[j - 2] + 1);
			row[j] = best;
		}
	}
	return rows[a_len % 3][b_len];
}

void nearest_try(struct nearest *nearest, const char *word)
{
	size_t typed_len = strlen(nearest->typed), len = strlen(word);
	size_t distance;

	if (!typed_len || typed_len > NEAREST_WORD_MAX || len > NEAREST_WORD_MAX)
		return;
	distance = edit_distance(nearest->typed, typed_len, word, len);
	if (distance > MAX(typed_len / 3, (size_t)1) || distance >= typed_len)
		return;
	if (nearest->word && nearest->distance <= distance)
		return;
	nearest->word = word;
	nearest->distance = distance;
}
