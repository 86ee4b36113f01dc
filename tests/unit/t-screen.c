/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pam_jauth/screen.c and hangup.c: surfaces, fonts, language, and blocked signals. */
#include "pam_jauth/screen.h"

#include <linux/kd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/macro.h"
#include "pam_jauth/hangup.h"

#define ALL_GLYPHS (GLYPH_HALF | GLYPH_FULL | GLYPH_UTF8)

static void surfaces_are_recognised(void **state UNUSED)
{
	static const struct {
		struct surroundings surroundings;
		enum charset charset;
		enum login_surface surface;
		uint32_t glyphs;
	} rows[] = {
		{ { .tty = "ssh" }, CHARSET_GUESS, SURFACE_SSH, ALL_GLYPHS },
		{ { .tty = "ssh" }, CHARSET_ASCII, SURFACE_SSH, 0 },
		{ { .ssh_connection = "" }, CHARSET_UTF8, SURFACE_SSH, ALL_GLYPHS },
		{ { .ssh_connection = "a", .xdisplay = ":0" },
		  CHARSET_UTF8, SURFACE_SSH, ALL_GLYPHS },
		{ { .tty = ":0" }, CHARSET_GUESS, SURFACE_GRAPHICAL, GLYPH_UTF8 },
		{ { .tty = ":0" }, CHARSET_ASCII, SURFACE_GRAPHICAL, 0 },
		{ { .xdisplay = "host:1" }, CHARSET_GUESS, SURFACE_GRAPHICAL, GLYPH_UTF8 },
		{ { .xdisplay = "" }, CHARSET_UTF8, SURFACE_NONE, GLYPH_UTF8 },
		{ { .tty = "" }, CHARSET_ASCII, SURFACE_NONE, 0 },
		{ { .tty = "sshd" }, CHARSET_ASCII, SURFACE_NONE, 0 },
		{ { .tty = "cron" }, CHARSET_ASCII, SURFACE_NONE, 0 },
		{ { .tty = "null" }, CHARSET_ASCII, SURFACE_NONE, 0 },
		{ { .tty = "/dev/null" }, CHARSET_UTF8, SURFACE_NONE, GLYPH_UTF8 },
		{ { .tty = "/dev/no-such-device" }, CHARSET_UTF8, SURFACE_NONE, GLYPH_UTF8 },
		{ { .tty = "/dev/../dev/tty1" }, CHARSET_UTF8, SURFACE_NONE, GLYPH_UTF8 },
		{ { .tty = "../etc/passwd" }, CHARSET_UTF8, SURFACE_NONE, GLYPH_UTF8 },
		{ { .tty = "/etc/passwd" }, CHARSET_UTF8, SURFACE_NONE, GLYPH_UTF8 },
		{ { .tty =
		    "a-name-that-is-much-longer-than-the-path-of-any-terminal-could-ever-be" },
		  CHARSET_UTF8, SURFACE_NONE, GLYPH_UTF8 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct screen screen = screen_look(&rows[i].surroundings, rows[i].charset);

		if (screen.surface != rows[i].surface || screen.glyphs != rows[i].glyphs ||
		    screen.rows != 0 || screen.columns != 0)
			fail_msg("row %zu: surface %d, glyphs %u", i, screen.surface,
				 screen.glyphs);
	}
}

static void a_font_has_half_blocks_only_with_both_halves(void **state UNUSED)
{
	static const struct unipair font[] = {
		{ .unicode = 'A' }, { .unicode = 0x2580 }, { .unicode = 0x2588 },
		{ .unicode = 0x2584 },
	};

	assert_int_equal(screen_font_glyphs(font, 0), 0);
	assert_int_equal(screen_font_glyphs(font, 1), 0);
	assert_int_equal(screen_font_glyphs(font, 2), 0);
	assert_int_equal(screen_font_glyphs(font, 3), GLYPH_FULL);
	assert_int_equal(screen_font_glyphs(font, 4), GLYPH_FULL | GLYPH_HALF);
	assert_int_equal(screen_font_glyphs(font + 3, 1), 0);
}

static void the_language_of_sshd_is_not_the_persons(void **state UNUSED)
{
	assert_int_equal(setenv("LANG", "zh_CN.UTF-8", 1), 0);
	assert_null(screen_language(SURFACE_SSH));
	assert_string_equal(screen_language(SURFACE_TERMINAL), "zh_CN.UTF-8");
	assert_int_equal(setenv("LANG", "", 1), 0);
	assert_null(screen_language(SURFACE_TERMINAL));
}

/* That the right connection is found is for tests/e2e/test_pam.py: it takes a network. */
static void what_is_no_connection_is_not_found(void **state UNUSED)
{
	static const char *const rows[] = {
		NULL, "", " ", "127.0.0.1", "127.0.0.1 ", "127.0.0.1 1", "127.0.0.1 1 127.0.0.1 22",
		"UNKNOWN 65535 UNKNOWN 65535",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(hangup_find(rows[i]), -1);
}

static void a_blocked_signal_is_seen(void **state UNUSED)
{
	sigset_t set, before;

	assert_false(hangup_signals_are_blocked());
	sigemptyset(&set);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, &before);
	assert_true(hangup_signals_are_blocked());
	assert_false(hangup_signal_is_pending());
	raise(SIGQUIT);
	assert_true(hangup_signal_is_pending());
	signal(SIGQUIT, SIG_IGN);    /* drops what is pending */
	assert_false(hangup_signal_is_pending());
	signal(SIGQUIT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(surfaces_are_recognised),
		cmocka_unit_test(a_font_has_half_blocks_only_with_both_halves),
		cmocka_unit_test(the_language_of_sshd_is_not_the_persons),
		cmocka_unit_test(what_is_no_connection_is_not_found),
		cmocka_unit_test(a_blocked_signal_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
