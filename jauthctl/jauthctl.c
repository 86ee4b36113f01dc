/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauthctl: the sysadmin's hand. Finds the subcommand and runs it; each family has a file. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/text.h"
#include "jauthctl/bus.h"
#include "jauthctl/command.h"
#include "pam_jauth/screen.h"

/* Words of the command line that `name` consists of, or 0 when they are not its words. */
static int words_matched(const char *name, int argc, char **argv)
{
	const char *space = strchr(name, ' ');

	if (!space)
		return argc > 1 && text_equals(argv[1], name) ? 1 : 0;
	return argc > 2 && strlen(argv[1]) == (size_t)(space - name) &&
	       text_has_prefix(name, argv[1]) && text_equals(argv[2], space + 1) ? 2 : 0;
}

/* `family` NULL: all of them; else those that begin with this word. */
static void print_commands(FILE *out, const char *family)
{
	const struct command *command;

	fputs("Usage:\n", out);
	for (command = commands; command->name; command++)
		if (!family || (text_has_prefix(command->name, family) &&
				command->name[strlen(family)] == ' '))
			fprintf(out, "  jauthctl %s%s%s\n        %s\n", command->name,
				*command->usage ? " " : "", command->usage, command->help);
	fputs("\nEvery command takes --json, for programs, and --help. See jauthctl(1).\n", out);
}

static bool is_family(const char *word)
{
	const struct command *command;
	size_t len = strlen(word);

	for (command = commands; command->name; command++)
		if (text_has_prefix(command->name, word) && command->name[len] == ' ')
			return true;
	return false;
}

static void complain_of(const char *word)
{
	struct nearest nearest = { .typed = word };
	const struct command *command;

	for (command = commands; command->name; command++)
		nearest_try(&nearest, command->name);
	if (nearest.word)
		complain("there is no command \"%s\"; did you mean \"%s\"?", word, nearest.word);
	else
		complain("there is no command \"%s\"; see jauthctl --help", word);
}

/* No command was found. */
static enum exit_code usage(const char *word)
{
	if (!word) {
		print_commands(stderr, NULL);
		return EXIT_USAGE;
	}
	if (text_equals(word, "--help") || text_equals(word, "help")) {
		print_commands(stdout, NULL);
		return EXIT_DONE;
	}
	if (text_equals(word, "--version")) {
		puts("jauthctl " PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (is_family(word))
		print_commands(stderr, word);
	else
		complain_of(word);
	return EXIT_USAGE;
}

/* "zh_CN.UTF-8", also where this machine has no such locale: its characters are those of C.UTF-8,
 * which every Debian has. */
static void speak(void)
{
	const char *codeset;

	if (setlocale(LC_ALL, ""))
		return;
	codeset = strchrnul(screen_language(SURFACE_TERMINAL) ?
			    screen_language(SURFACE_TERMINAL) : "", '.');
	if (strncasecmp(codeset, ".UTF-8", 6) == 0 || strncasecmp(codeset, ".utf8", 5) == 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
	const struct command *command;
	enum exit_code code;
	struct ctl ctl = { 0 };
	int words = 0;

	speak();
	for (command = commands; command->name; command++) {
		words = words_matched(command->name, argc, argv);
		if (words)
			break;
	}
	if (!words)
		return usage(argc > 1 ? argv[1] : NULL);
	ctl.command = command;
	code = command->run(&ctl, argc - words, argv + words);
	bus_close(&ctl);
	if (fflush(stdout) != 0 && code == EXIT_DONE) {
		complain("the output cannot be written");
		code = EXIT_NO;
	}
	return code;
}
