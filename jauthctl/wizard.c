/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to a person; see wizard.h. */
#include "jauthctl/wizard.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "pam_jauth/screen.h"

#define LINE_CHARS_MAX 1000

void wizard_begin(struct wizard *wizard, bool quiet)
{
	*wizard = (struct wizard){ .terminal = { .signal_fd = -1 } };
	wizard->catalogs = catalogs_open(JAUTH_LOCALEDIR);
	wizard->language = screen_language(SURFACE_TERMINAL);
	wizard->is_begun = terminal_begin(&wizard->terminal) == 0;
	wizard->asks = wizard->is_begun && !quiet && isatty(STDIN_FILENO);
}

void wizard_end(struct wizard *wizard)
{
	(void)fflush(stdout);
	catalogs_free(wizard->catalogs);
	if (wizard->is_begun)
		terminal_end(&wizard->terminal);
	*wizard = (struct wizard){ .terminal = { .signal_fd = -1 } };
}

const char *say(const struct wizard *wizard, const char *text)
{
	return catalogs_text(wizard->catalogs, wizard->language, text);
}

void wizard_print(const char *text, int indent)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		_cleanup_free_ char *line = text_format("%.*s", (int)len, text);
		_cleanup_(buf_done) struct buf clean = BUF_INIT(4 * LINE_CHARS_MAX + 8);

		text_add_clean(&clean, line, LINE_CHARS_MAX);
		printf("%*s%s\n", indent, "", buf_text(&clean));
		text += text[len] ? len + 1 : len;
	}
}

void wizard_tell(const char *format, ...)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(64 * 1024);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&text, format, args);
	va_end(args);
	wizard_print(buf_text(&text), 0);
}

static void trim(struct line *line)
{
	size_t blanks = strspn(line->text, " \t");

	memmove(line->text, line->text + blanks, line->len - blanks + 1);
	line->len -= blanks;
	while (line->len && strchr(" \t\r", line->text[line->len - 1]))
		line->text[--line->len] = '\0';
}

enum wizard_end wizard_ask(struct wizard *wizard, const char *prompt, bool echo,
			   struct line *ret_line)
{
	const struct question question = { prompt, stdout, echo, -1 };

	for (;;) {
		enum line_end end = terminal_ask(&wizard->terminal, &question, ret_line);

		if (end == LINE_CANCELLED)
			return WIZARD_LEFT;
		if (end == LINE_DONE && strlen(ret_line->text) == ret_line->len) {
			trim(ret_line);
			if (!ret_line->len || text_is_line(ret_line->text, ret_line->len))
				return WIZARD_DONE;
		}
		line_wipe(ret_line);
		wizard_tell("%s", end == LINE_TOO_LONG ?
			    say(wizard, "That is too long.") :
			    say(wizard, "That is not text in UTF-8."));
	}
}

enum wizard_end wizard_ask_yes(struct wizard *wizard, const char *prompt, bool fallback,
			       bool *ret_yes)
{
	_cleanup_free_ char *whole = text_format("%s %s ", prompt, fallback ? "[Y/n]" : "[y/N]");
	struct line line;

	for (;;) {
		if (wizard_ask(wizard, whole, true, &line) == WIZARD_LEFT)
			return WIZARD_LEFT;
		if (!line.len || strspn(line.text, "yYnN") == 1)
			break;
	}
	*ret_yes = line.len ? line.text[0] == 'y' || line.text[0] == 'Y' : fallback;
	return WIZARD_DONE;
}
