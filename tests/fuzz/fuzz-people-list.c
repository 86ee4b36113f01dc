/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that pair numbers with names: whatever they hold, what counts is right in every row, each
 * number and name is there once, everybody stands in some group, and a reason has no number. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/people-list.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct people_list *list)
{
	char *seen = calloc(list->n_rows + 1, 1);

	if (!seen || list->n_rows > PEOPLE_LIST_ROWS_MAX)
		abort();
	for (size_t i = 0; i < list->n_places; i++) {
		seen[list->places[i].row] = 1;
		if (i && strcmp(list->places[i - 1].group, list->places[i].group) > 0)
			abort();
	}
	for (size_t i = 0; i < list->n_rows; i++) {
		const struct people_list_row *row = &list->rows[i];

		if (!seen[i] || !phone_is_valid(row->number) || !row->name[0] ||
		    !text_is_line(row->full_name, strlen(row->full_name)))
			abort();
		for (size_t k = 0; k < i; k++)
			if (text_equals(list->rows[k].name, row->name) ||
			    text_equals(list->rows[k].number, row->number))
				abort();
	}
	free(seen);
}

/* Digits of a reason are those of its lines. */
static void check_reason(const char *why)
{
	for (size_t n = 0; *why; why++) {
		n = *why >= '0' && *why <= '9' ? n + 1 : 0;
		if (n > 6 && !strstr(why - n + 1, "8613900001234"))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct phone_country country;
	struct buf why = BUF_INIT(1024);
	struct people_list *list;

	if (!size || phone_country_parse("CN", &country) < 0)
		return 0;
	if (people_list_parse((const char *)data + 1, size - 1, data[0] & 1 ? &country : NULL,
			      &list, &why) == 0) {
		check(list);
		people_list_wipe(list);
		people_list_free(list);
	} else {
		check_reason(buf_text(&why));
	}
	buf_done(&why);
	return 0;
}
