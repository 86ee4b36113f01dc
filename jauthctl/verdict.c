/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/verdict.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/text.h"

#define FOUND_MAX 4096

const char *finding_say(const struct findings *findings, const char *text)
{
	return catalogs_text(findings->catalogs, findings->language, text);
}

char *finding_fix(const struct findings *findings, const char *format, ...)
{
	_cleanup_(buf_done) struct buf fix = BUF_INIT(FOUND_MAX);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&fix, finding_say(findings, format), args);
	va_end(args);
	return text_copy(buf_failed(&fix) ? format : buf_text(&fix));
}

void finding(struct findings *findings, enum verdict verdict, const char *fix, const char *format,
	     ...)
{
	_cleanup_(buf_done) struct buf found = BUF_INIT(FOUND_MAX);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&found, finding_say(findings, format), args);
	va_end(args);
	findings->tell(findings, verdict, buf_failed(&found) ? format : buf_text(&found),
		       finding_say(findings, fix));
}
