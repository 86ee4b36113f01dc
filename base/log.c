/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of the programs; see log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/text.h"

#define LINE_MAX_BYTES 1024

/* A switch of the whole process, set before there are threads; handing it through every call
 * would put it into every signature. */
static bool debug_on;

void log_set_debug(int on)
{
	debug_on = on;
}

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream it has connected. */
static bool stderr_is_journal(void)
{
	const char *stream = secure_getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return text_equals(stream, mine);
}

void log_line(int priority, const char *format, ...)
{
	struct buf line = BUF_INIT(LINE_MAX_BYTES + 8);
	char text[LINE_MAX_BYTES];
	int saved_errno = errno;
	va_list args;

	if (priority == LOG_DEBUG && !debug_on)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	if (stderr_is_journal())
		buf_add_format(&line, "<%d>", priority);
	text_add_clean(&line, text, sizeof(text));
	buf_add_char(&line, '\n');
	/* One write, so that lines of several threads do not mix; there is nobody to tell if it
	 * fails. */
	(void)!write(STDERR_FILENO, buf_text(&line), line.len);
	buf_done(&line);
	errno = saved_errno;
}
