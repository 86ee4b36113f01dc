/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each surface can draw:
 *
 *	surface     recognised by                               rows, columns   glyphs
 *	ssh         PAM_TTY "ssh", or SSH_CONNECTION            unknown         all (UTF-8 clients)
 *	graphical   PAM_TTY ":…", or PAM_XDISPLAY               unknown         UTF-8 text
 *	console     PAM_TTY is character device 4:1–63          TIOCGWINSZ      by its font
 *	terminal    PAM_TTY is what stdin, stdout or stderr is  TIOCGWINSZ      all in UTF-8 locales
 *	none        everything else, and TERM=dumb              unknown         UTF-8 text by locale
 *
 * A console is the only device that is opened here: opening others may have effects (modem lines,
 * watchdogs), and a terminal that is not open already belongs to somebody else.
 */
#include "pam_jauth/screen.h"

#include <fcntl.h>
#include <langinfo.h>
#include <linux/kd.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/macro.h"

#define CONSOLE_MAJOR  4
#define CONSOLE_MIN    1
#define CONSOLE_MAX    63
#define FONT_PAIRS_MAX 4096
#define GLYPHS_ALL     (GLYPH_HALF | GLYPH_FULL | GLYPH_UTF8)

enum block {
	BLOCK_UPPER = 0x2580,
	BLOCK_LOWER = 0x2584,
	BLOCK_FULL = 0x2588,
};

/* Locale */

static bool says_utf8(const char *locale)
{
	const char *charset = locale ? strchr(locale, '.') : NULL;

	return charset && (strncasecmp(charset, ".UTF-8", 6) == 0 ||
			   strncasecmp(charset, ".UTF8", 5) == 0);
}

static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return true;
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		const char *value = secure_getenv(names[i]);

		if (value && *value)
			return says_utf8(value);
	}
	return false;
}

static bool takes_utf8(enum charset charset)
{
	return charset == CHARSET_UTF8 || (charset == CHARSET_GUESS && locale_is_utf8());
}

const char *screen_language(enum login_surface surface)
{
	const char *language = setlocale(LC_MESSAGES, NULL);    /* asks, changes nothing */

	if (surface == SURFACE_SSH)
		return NULL;
	if (!language || strcmp(language, "C") == 0 || strcmp(language, "POSIX") == 0)
		language = secure_getenv("LANG");
	return language && *language ? language : NULL;
}

/* Terminals */

/* The device's path: PAM_TTY comes with and without /dev/, and must not lead out of it. */
static bool tty_path(const char *tty, char *ret_path, size_t size)
{
	int len;

	if (strstr(tty, ".."))
		return false;
	if (*tty == '/' && strncmp(tty, "/dev/", 5) != 0)
		return false;
	len = snprintf(ret_path, size, "%s%s", *tty == '/' ? "" : "/dev/", tty);
	return len > 0 && (size_t)len < size;
}

static bool is_console(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && major(status->st_rdev) == CONSOLE_MAJOR &&
	       minor(status->st_rdev) >= CONSOLE_MIN && minor(status->st_rdev) <= CONSOLE_MAX;
}

/* Our standard descriptor that is this device, or -1. */
static int open_already(const struct stat *device)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat status;

		if (fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
		    status.st_rdev == device->st_rdev && isatty(fd))
			return fd;
	}
	return -1;
}

static void look_at_size(int fd, struct screen *screen)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
		screen->rows = size.ws_row;
		screen->columns = size.ws_col;
	}
}

uint32_t screen_font_glyphs(const struct unipair *pairs, unsigned n_pairs)
{
	bool upper = false, lower = false, full = false;

	for (unsigned i = 0; i < n_pairs; i++) {
		upper = upper || pairs[i].unicode == BLOCK_UPPER;
		lower = lower || pairs[i].unicode == BLOCK_LOWER;
		full = full || pairs[i].unicode == BLOCK_FULL;
	}
	return (upper && lower ? GLYPH_HALF : 0u) | (full ? GLYPH_FULL : 0u);
}

static uint32_t console_glyphs(int fd)
{
	_cleanup_free_ struct unipair *pairs = calloc(FONT_PAIRS_MAX, sizeof(*pairs));
	struct unimapdesc map = { .entry_ct = FONT_PAIRS_MAX, .entries = pairs };

	if (!pairs || ioctl(fd, GIO_UNIMAP, &map) < 0 || map.entry_ct > FONT_PAIRS_MAX)
		return 0;
	return screen_font_glyphs(pairs, map.entry_ct);
}

/* Whether a console reads UTF-8 is the kernel's state, whatever the locale: it goes with the
 * keyboard's mode. */
static bool console_reads_utf8(int fd)
{
	int mode;

	return ioctl(fd, KDGKBMODE, &mode) == 0 && mode == K_UNICODE;
}

static struct screen look_at_console(const char *path, enum charset charset)
{
	struct screen screen = { .surface = SURFACE_CONSOLE };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !is_console(&status))
		return screen;
	look_at_size(fd, &screen);
	if (takes_utf8(charset) || (charset == CHARSET_GUESS && console_reads_utf8(fd)))
		screen.glyphs = GLYPH_UTF8 | console_glyphs(fd);
	return screen;
}

static struct screen look_at_terminal(int fd, enum charset charset)
{
	struct screen screen = { .surface = SURFACE_TERMINAL };
	const char *term = secure_getenv("TERM");

	if (term && strcmp(term, "dumb") == 0)
		screen.surface = SURFACE_NONE;
	look_at_size(fd, &screen);
	if (takes_utf8(charset))
		screen.glyphs = screen.surface == SURFACE_NONE ? GLYPH_UTF8 : GLYPHS_ALL;
	return screen;
}

static struct screen look_at_tty(const char *tty, enum charset charset)
{
	struct screen screen = { .surface = SURFACE_NONE };
	char path[64];
	struct stat status;
	int fd;

	screen.glyphs = takes_utf8(charset) ? GLYPH_UTF8 : 0;
	if (!tty || !*tty || !tty_path(tty, path, sizeof(path)) || stat(path, &status) < 0 ||
	    !S_ISCHR(status.st_mode))
		return screen;
	if (is_console(&status))
		return look_at_console(path, charset);
	fd = open_already(&status);
	return fd < 0 ? screen : look_at_terminal(fd, charset);
}

struct screen screen_look(const struct surroundings *surroundings, enum charset charset)
{
	const char *tty = surroundings->tty;

	if (surroundings->ssh_connection || (tty && strcmp(tty, "ssh") == 0))
		return (struct screen){
			.surface = SURFACE_SSH,
			.glyphs = charset == CHARSET_ASCII ? 0 : GLYPHS_ALL,
		};
	if ((surroundings->xdisplay && *surroundings->xdisplay) || (tty && *tty == ':'))
		return (struct screen){
			.surface = SURFACE_GRAPHICAL,
			.glyphs = charset == CHARSET_ASCII ? 0 : GLYPH_UTF8,
		};
	return look_at_tty(tty, charset);
}
