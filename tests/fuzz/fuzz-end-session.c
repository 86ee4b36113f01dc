/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines for root's helper and lines from it: what is taken is what would be written. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/end-session.h"
#include "base/macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const char *line)
{
	char again[END_SESSION_LINE_MAX];
	struct end_order order;

	if (end_order_parse(line, &order) < 0)
		return;
	if (order.uid < END_SESSION_UID_MIN || strchr(order.user, '/') || strchr(order.user, '.') ||
	    end_order_format(&order, again) < 0 || strlen(again) != strlen(line) + 1 ||
	    memcmp(again, line, strlen(line)) != 0)
		abort();
}

static void check_answer(const char *line)
{
	enum end_answer answer;
	const char *text;

	if (end_answer_parse(line, &answer, &text) == 0 &&
	    ((unsigned)answer >= END_N_ANSWERS || text < line || text > line + strlen(line)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *line = malloc(size + 1);

	if (!line || size > 10000)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	check_order(line);
	check_answer(line);
	return 0;
}
