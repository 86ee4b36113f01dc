/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes wrong, told to the person; see command.h. */
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/catalog.h"
#include "base/text.h"
#include "jauthctl/command.h"
#include "pam_jauth/screen.h"

#define TEXT_CHARS_MAX 2000

void complain(const char *format, ...)
{
	struct buf text = BUF_INIT(16 * 1024), clean = BUF_INIT(4 * TEXT_CHARS_MAX + 8);
	struct catalogs *catalogs = catalogs_open(JAUTH_LOCALEDIR);      /* it is a rare thing */
	const char *language = screen_language(SURFACE_TERMINAL);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&text, catalogs_text(catalogs, language, format), args);
	va_end(args);
	text_add_clean(&clean, buf_text(&text), TEXT_CHARS_MAX);
	fprintf(stderr, "jauthctl: %s\n", buf_text(&clean));
	buf_done(&text);
	buf_done(&clean);
	catalogs_free(catalogs);
}
