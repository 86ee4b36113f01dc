/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moments as people write and read them; see moment.h. */
#include "jauthctl/moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/text.h"

#define MOMENT_MAX_S 253402300799        /* 9999-12-31T23:59:59Z: ISO 8601 has four digits */

static const char *const date_forms[] = {
	"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
};

/* Seconds, or -1. A number alone is no time. */
static int64_t parse_span(const char *text)
{
	size_t len = strlen(text);

	return len && !isdigit((unsigned char)text[len - 1]) ? conf_duration_s(text) : -1;
}

/* mktime() would make March of February 30th; a date that changes on the way is none. */
static int64_t parse_date(const char *text)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(date_forms); i++) {
		struct tm date = { .tm_isdst = -1 }, asked;
		const char *end = strptime(text, date_forms[i], &date);
		time_t moment_s;

		if (!end || *end)
			continue;
		asked = date;
		date.tm_isdst = -1;
		moment_s = mktime(&date);
		if (moment_s > 0 && date.tm_mday == asked.tm_mday && date.tm_mon == asked.tm_mon)
			return moment_s;
	}
	return -1;
}

int moment_parse(const char *text, time_t now_s, enum moment_direction direction,
		 int64_t *ret_moment_s)
{
	int64_t moment_s = parse_date(text), span_s = parse_span(text);

	if (direction == MOMENT_FUTURE && text_equals(text, "never"))
		moment_s = 0;
	else if (span_s >= 0)
		moment_s = now_s + (direction == MOMENT_PAST ? -span_s : span_s);
	if (moment_s < 0 || moment_s > MOMENT_MAX_S)
		return -EINVAL;
	*ret_moment_s = moment_s;
	return 0;
}

void moment_format(int64_t moment_s, char ret_text[MOMENT_SIZE])
{
	char stamp[24], offset[8];
	time_t moment = (time_t)moment_s;
	struct tm date;

	/* %z lacks the colon that ISO 8601's extended format wants. */
	if (moment_s > 0 && localtime_r(&moment, &date) &&
	    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &date) &&
	    strftime(offset, sizeof(offset), "%z", &date))
		(void)snprintf(ret_text, MOMENT_SIZE, "%s%.3s:%s", stamp, offset, offset + 3);
	else
		(void)snprintf(ret_text, MOMENT_SIZE, "-");
}
