/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions to a person, in his language. Texts are marked by say(), and translated by the catalogs
 * that jauthd has, too. A question that is interrupted, or whose input ends, is WIZARD_LEFT: the
 * person wants nothing more, and nothing may be changed any more.
 */
#pragma once

#include <stdbool.h>

#include "base/catalog.h"
#include "jauthctl/terminal.h"

struct wizard {
	struct terminal terminal;
	struct catalogs *catalogs;
	const char *language;            /* NULL: English */
	bool asks;                       /* somebody is there to be asked */
	bool is_begun;
};

enum wizard_end { WIZARD_DONE, WIZARD_LEFT };

/* Somebody is there when stdin is a terminal, unless `quiet`. */
void wizard_begin(struct wizard *wizard, bool quiet);
/* Signals that came act now. */
void wizard_end(struct wizard *wizard);

/* The text in the person's language. */
const char *say(const struct wizard *wizard, const char *text) __attribute__((format_arg(2)));
/* Prints it with its line breaks, each line indented by so many blanks; cleaned. */
void wizard_print(const char *text, int indent);
/* printf for texts of ours, to stdout. */
void wizard_tell(const char *format, ...) PRINTF_LIKE(1, 2);

/* One line, without the blanks around it; wipe it when echo is off. Asked again while it is no
 * text in UTF-8. */
enum wizard_end wizard_ask(struct wizard *wizard, const char *prompt, bool echo,
			   struct line *ret_line);
/* y or n; Enter is the fallback. */
enum wizard_end wizard_ask_yes(struct wizard *wizard, const char *prompt, bool fallback,
			       bool *ret_yes);
