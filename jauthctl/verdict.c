/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/verdict.h"

#include <stdarg.h>

#include "base/buf.h"

#define FOUND_MAX 4096

void finding(struct findings *findings, enum verdict verdict, const char *fix, const char *format,
	     ...)
{
	_cleanup_(buf_done) struct buf found = BUF_INIT(FOUND_MAX);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&found, format, args);
	va_end(args);
	findings->tell(findings, verdict, buf_failed(&found) ? format : buf_text(&found), fix);
}
