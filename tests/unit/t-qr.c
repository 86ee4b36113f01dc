/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads drawings back, character by character as a terminal would, and compares the modules with
 * the symbol that libqrencode makes of the same text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <qrencode.h>

#include "jauthd/qr.h"

#define DRAWING_MAX 65536u
#define SIZE_MAX_MODULES 96u

/* What stands on the screen: one bit a module, without the quiet zone's meaning. */
struct screen {
	unsigned lines;
	unsigned columns;
	unsigned rows;                                  /* of modules */
	bool ink[2 * SIZE_MAX_MODULES][2 * SIZE_MAX_MODULES];
	bool has_escape;
};

struct surface_case {
	const char *name;
	enum login_surface surface;
	unsigned glyphs;
	unsigned modules_per_line;
	unsigned columns_per_module;
	unsigned quiet[4];                              /* widest first, ended by 0 */
	bool escapes;
};

static const struct surface_case surfaces[] = {
	{ "ssh", SURFACE_SSH, GLYPH_UTF8, 2, 1, { 4, 2 }, false },
	{ "terminal", SURFACE_TERMINAL, GLYPH_UTF8, 2, 1, { 4, 2 }, true },
	{ "console, half blocks", SURFACE_CONSOLE, GLYPH_UTF8 | GLYPH_HALF, 2, 1, { 4, 2 }, true },
	{ "console, full blocks", SURFACE_CONSOLE, GLYPH_UTF8 | GLYPH_FULL, 1, 2, { 4, 2, 1 },
	  true },
	{ "console, no blocks", SURFACE_CONSOLE, GLYPH_UTF8, 1, 2, { 4, 2, 1 }, true },
};

/* Largest texts of ISO/IEC 18004 table 7, level L. */
static const struct {
	unsigned bytes;
	unsigned alphanumeric;
} capacity[] = {
	[1] = { 17, 25 }, [2] = { 32, 47 }, [3] = { 53, 77 },
	[4] = { 78, 114 }, [5] = { 106, 154 }, [6] = { 134, 195 },
};

#define N_VERSIONS N_ELEMENTS(capacity)

static void link_of(char *ret_text, size_t len, bool alphanumeric)
{
	const char *start = alphanumeric ? "HTTPS://EXAMPLE.ORG/" : "https://example.org/";

	for (size_t i = 0; i < len; i++)
		ret_text[i] = i < strlen(start) ? start[i] : alphanumeric ? 'Q' : 'q';
	ret_text[len] = '\0';
}

static QRcode *symbol_of(const char *text, bool alphanumeric)
{
	QRinput *input = QRinput_new2(0, QR_ECLEVEL_L);
	QRcode *code;

	assert_non_null(input);
	assert_int_equal(QRinput_append(input, alphanumeric ? QR_MODE_AN : QR_MODE_8,
					(int)strlen(text), (const unsigned char *)text), 0);
	code = QRcode_encodeInput(input);
	assert_non_null(code);
	QRinput_free(input);
	return code;
}

/* Takes one escape sequence off; only "select graphic rendition" is allowed. */
static const char *read_escape(const char *at, bool *reversed)
{
	if (!strncmp(at, "\033[7m", 4))
		*reversed = true;
	else if (!strncmp(at, "\033[27m", 5) || !strncmp(at, "\033[0m", 4))
		*reversed = false;
	else
		assert_int_equal(strncmp(at, "\033[40;97m", 8), 0);
	return strchr(at, 'm') + 1;
}

/* One character; yields ink above (bit 0) and below (bit 1). */
static const char *read_cell(const char *at, unsigned *ret_ink)
{
	static const struct {
		const char *glyph;
		unsigned ink;
	} glyphs[] = { { " ", 0 }, { "▀", 1 }, { "▄", 2 }, { "█", 3 } };

	for (size_t i = 0; i < N_ELEMENTS(glyphs); i++) {
		size_t len = strlen(glyphs[i].glyph);

		if (!strncmp(at, glyphs[i].glyph, len)) {
			*ret_ink = glyphs[i].ink;
			return at + len;
		}
	}
	fail_msg("a character that no code is drawn with: 0x%02x", (unsigned char)*at);
	return at + 1;
}

static void screen_read(const char *text, const struct surface_case *c, struct screen *ret_screen)
{
	bool reversed = false;
	unsigned column = 0, ink = 0;

	memset(ret_screen, 0, sizeof(*ret_screen));
	for (const char *at = text; *at;) {
		if (*at == '\n') {
			assert_false(reversed);
			if (ret_screen->lines++)
				assert_int_equal(column, ret_screen->columns);
			ret_screen->columns = column;
			column = 0;
			at++;
			continue;
		}
		if (*at == '\033') {
			ret_screen->has_escape = true;
			at = read_escape(at, &reversed);
			continue;
		}
		at = read_cell(at, &ink);
		if (reversed)
			ink ^= 3;
		for (unsigned i = 0; i < c->modules_per_line; i++)
			ret_screen->ink[ret_screen->lines * c->modules_per_line + i][column] =
				ink >> i & 1;
		column++;
	}
	assert_int_equal(column, 0);    /* the last line is ended, too */
	ret_screen->rows = ret_screen->lines * c->modules_per_line;
}

static bool is_dark(const struct screen *screen, const struct surface_case *c, unsigned row,
		    unsigned column, bool inverted)
{
	bool first = screen->ink[row][column * c->columns_per_module];

	for (unsigned i = 1; i < c->columns_per_module; i++)
		assert_int_equal(first, screen->ink[row][column * c->columns_per_module + i]);
	return first == inverted;
}

static void compare(const struct screen *screen, const struct surface_case *c, const QRcode *code,
		    unsigned quiet, bool inverted)
{
	unsigned width = (unsigned)code->width;
	unsigned size = width + 2 * quiet;

	assert_int_equal(screen->columns, size * c->columns_per_module);
	assert_int_equal(screen->lines, (size + c->modules_per_line - 1) / c->modules_per_line);
	for (unsigned row = 0; row < size; row++)
		for (unsigned column = 0; column < size; column++) {
			unsigned x = column - quiet, y = row - quiet;
			bool dark = x < width && y < width && code->data[y * width + x] & 1;

			if (is_dark(screen, c, row, column, inverted) != dark)
				fail_msg("%s: row %u column %u", c->name, row, column);
		}
}

static int draw(const char *text, const struct surface_case *c, unsigned rows, bool inverted,
		struct screen *ret_screen)
{
	struct qr_surface surface = {
		.surface = c->surface,
		.glyphs = c->glyphs,
		.rows = rows,
		.columns = 200,
		.inverted = inverted,
	};
	struct buf buf = BUF_INIT(DRAWING_MAX);
	int r = qr_draw(text, &surface, &buf);

	if (r == 0) {
		screen_read(buf_text(&buf), c, ret_screen);
		assert_int_equal(ret_screen->has_escape, c->escapes);
	} else {
		assert_int_equal(buf.len, 0);
	}
	buf_done(&buf);
	return r;
}

/* Exactly the rows it needs are enough; one row less gives the next quiet zone, or no drawing. */
static void check_quiet_zones(const char *text, const QRcode *code, const struct surface_case *c,
			      bool inverted)
{
	struct screen screen;

	for (unsigned i = 0; c->quiet[i]; i++) {
		unsigned size = (unsigned)code->width + 2 * c->quiet[i];
		unsigned rows = (size + c->modules_per_line - 1) / c->modules_per_line;

		assert_int_equal(draw(text, c, rows, inverted, &screen), 0);
		compare(&screen, c, code, c->quiet[i], inverted);

		if (c->quiet[i + 1]) {
			assert_int_equal(draw(text, c, rows - 1, inverted, &screen), 0);
			compare(&screen, c, code, c->quiet[i + 1], inverted);
		} else {
			assert_int_equal(draw(text, c, rows - 1, inverted, &screen), -ENOSPC);
		}
	}
}

static void every_drawing_reads_back(void **state UNUSED)
{
	for (size_t version = 1; version < N_VERSIONS; version++)
		for (int alphanumeric = 0; alphanumeric < 2; alphanumeric++) {
			char text[256];
			QRcode *code;

			link_of(text, alphanumeric ? capacity[version].alphanumeric
						   : capacity[version].bytes, alphanumeric);
			code = symbol_of(text, alphanumeric);
			assert_int_equal(code->version, version);
			for (size_t i = 0; i < N_ELEMENTS(surfaces); i++)
				for (int inverted = 0; inverted < 2; inverted++)
					check_quiet_zones(text, code, &surfaces[i], inverted);
			QRcode_free(code);
		}
}

static unsigned version_drawn(const char *text)
{
	struct screen screen;

	assert_int_equal(draw(text, &surfaces[0], 200, false, &screen), 0);
	return (screen.columns - 2 * 4 - 17) / 4;
}

static void a_text_takes_the_smallest_version_that_holds_it(void **state UNUSED)
{
	for (unsigned version = 1; version < N_VERSIONS; version++) {
		char text[256];

		link_of(text, capacity[version].bytes, false);
		assert_int_equal(version_drawn(text), version);
		link_of(text, capacity[version].bytes + 1, false);
		assert_int_equal(version_drawn(text), version + 1);
		link_of(text, capacity[version].alphanumeric, true);
		assert_int_equal(version_drawn(text), version);
		link_of(text, capacity[version].alphanumeric + 1, true);
		assert_int_equal(version_drawn(text), version + 1);
	}
}

static void a_mixed_text_is_never_larger_than_its_bytes(void **state UNUSED)
{
	static const char *const texts[] = {
		"https://login.example.org/device?user_code=WDJB-MJHT",
		"https://example.org/ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
		"https://example.org/a1b2c3d4e5f6A1B2C3D4E5F6/00000000000000000000",
		"https://bücher.example/码",
		"awelmrfuzsleotuddzib2534DZmhksbj",     /* which the library splits badly */
	};

	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		QRcode *code = symbol_of(texts[i], false);

		assert_true(version_drawn(texts[i]) <= (unsigned)code->version);
		QRcode_free(code);
	}
	assert_int_equal(version_drawn(texts[1]), 3);   /* 56 bytes; as bytes alone version 4 */
}

struct fit_case {
	enum login_surface surface;
	unsigned glyphs, rows, columns, rows_taken, bytes;
	int result;
	unsigned lines, quiet_most;
};

static void rows_and_columns_are_what_the_screen_has(void **state UNUSED)
{
	static const struct fit_case cases[] = {
		/* login-surfaces section 6: 24 rows, three lines of text */
		{ SURFACE_SSH, GLYPH_UTF8, 0, 0, 3, 53, 0, 19 },
		{ SURFACE_SSH, GLYPH_UTF8, 0, 0, 3, 78, 0, 21 },
		{ SURFACE_SSH, GLYPH_UTF8, 0, 0, 4, 78, 0, 19 },
		{ SURFACE_SSH, GLYPH_UTF8, 0, 0, 3, 106, 0, 21 },
		{ SURFACE_SSH, GLYPH_UTF8, 0, 0, 3, 134, -ENOSPC, 0 },
		{ SURFACE_SSH, GLYPH_UTF8, 24, 80, 3, 78, 0, 21 },
		{ SURFACE_SSH, GLYPH_UTF8, 24, 80, 24, 17, -ENOSPC, 0 },
		{ SURFACE_SSH, GLYPH_UTF8, 24, 80, 100, 17, -ENOSPC, 0 },
		{ SURFACE_TERMINAL, GLYPH_UTF8, 50, 80, 3, 134, 0, 25 },
		/* columns: version 3 is 29 wide */
		{ SURFACE_TERMINAL, GLYPH_UTF8, 50, 37, 0, 53, 0, 19 },
		{ SURFACE_TERMINAL, GLYPH_UTF8, 50, 36, 0, 53, 0, 17 },
		{ SURFACE_TERMINAL, GLYPH_UTF8, 50, 32, 0, 53, -ENOSPC, 0 },
		/* two columns a module: version 1 in 25 rows */
		{ SURFACE_CONSOLE, GLYPH_UTF8, 25, 80, 0, 17, 0, 25 },
		{ SURFACE_CONSOLE, GLYPH_UTF8, 25, 80, 2, 17, 0, 23 },
		{ SURFACE_CONSOLE, GLYPH_UTF8, 25, 80, 3, 17, -ENOSPC, 0 },
		{ SURFACE_CONSOLE, GLYPH_UTF8, 48, 128, 3, 53, 0, 37 },
		{ SURFACE_CONSOLE, GLYPH_UTF8, 48, 73, 3, 53, 0, 33 },
		/* a link of the relay takes a narrow quiet zone where a wide one had room */
		{ SURFACE_SSH, GLYPH_UTF8, 24, 80, 3, 53, 0, 17, .quiet_most = 2 },
		{ SURFACE_SSH, GLYPH_UTF8, 0, 0, 7, 53, 0, 17, .quiet_most = 2 },
		{ SURFACE_SSH, GLYPH_UTF8, 0, 0, 8, 53, -ENOSPC, 0, .quiet_most = 2 },
		{ SURFACE_TERMINAL, GLYPH_UTF8, 50, 80, 0, 53, 0, 17, .quiet_most = 2 },
		{ SURFACE_SSH, GLYPH_UTF8, 24, 80, 3, 53, 0, 19, .quiet_most = 4 },
		{ SURFACE_SSH, GLYPH_UTF8, 24, 80, 3, 53, 0, 19, .quiet_most = 9 },
		/* surfaces that draw none */
		{ SURFACE_NONE, GLYPH_UTF8 | GLYPH_HALF, 50, 80, 0, 17, -EOPNOTSUPP, 0 },
		{ SURFACE_GRAPHICAL, GLYPH_UTF8 | GLYPH_HALF, 50, 80, 0, 17, -EOPNOTSUPP, 0 },
		{ SURFACE_SSH, GLYPH_HALF, 50, 80, 0, 17, -EOPNOTSUPP, 0 },
		{ SURFACE_TERMINAL, GLYPH_HALF, 50, 80, 0, 17, -EOPNOTSUPP, 0 },
		{ SURFACE_CONSOLE, GLYPH_HALF, 50, 80, 0, 17, -EOPNOTSUPP, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct fit_case *c = &cases[i];
		struct qr_surface surface = {
			.surface = c->surface, .glyphs = c->glyphs,
			.rows = c->rows, .columns = c->columns, .rows_taken = c->rows_taken,
			.quiet_most = c->quiet_most,
		};
		struct buf buf = BUF_INIT(DRAWING_MAX);
		unsigned lines = 0;
		char text[256];

		link_of(text, c->bytes, false);
		assert_int_equal(qr_draw(text, &surface, &buf), c->result);
		for (const char *at = buf_text(&buf); *at; at++)
			lines += *at == '\n';
		assert_int_equal(lines, c->lines);
		buf_done(&buf);
	}
}

static void a_text_that_no_code_holds_is_refused(void **state UNUSED)
{
	struct screen screen;
	char text[3000];

	assert_int_equal(draw("", &surfaces[0], 200, false, &screen), -EINVAL);
	link_of(text, 2953, false);                     /* version 40 */
	assert_int_equal(draw(text, &surfaces[0], 24, false, &screen), -ENOSPC);
	link_of(text, 2954, false);
	assert_int_equal(draw(text, &surfaces[0], 24, false, &screen), -EINVAL);
}

static void a_drawing_is_appended_and_never_cut(void **state UNUSED)
{
	struct qr_surface surface = { .surface = SURFACE_SSH, .glyphs = GLYPH_UTF8 };
	struct buf buf = BUF_INIT(DRAWING_MAX), small = BUF_INIT(100);

	buf_add_text(&buf, "\nabove\n");
	assert_int_equal(qr_draw("https://example.org/", &surface, &buf), 0);
	assert_memory_equal(buf_text(&buf), "\nabove\n█", strlen("\nabove\n█"));
	assert_int_equal(qr_draw("https://example.org/", &surface, &small), -ENOSPC);
	assert_int_equal(small.len, 0);
	buf_done(&buf);
	buf_done(&small);
}

static void every_coloured_line_sets_and_resets_its_colours(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(surfaces); i++) {
		struct qr_surface surface = {
			.surface = surfaces[i].surface, .glyphs = surfaces[i].glyphs, .rows = 100,
		};
		struct buf buf = BUF_INIT(DRAWING_MAX);
		char *line, *rest;

		if (!surfaces[i].escapes)
			continue;
		assert_int_equal(qr_draw("https://example.org/", &surface, &buf), 0);
		rest = buf.data;
		while ((line = strsep(&rest, "\n")) && *line) {
			size_t len = strlen(line);

			assert_memory_equal(line, "\033[40;97m", 8);
			assert_string_equal(line + len - 4, "\033[0m");
		}
		buf_done(&buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_drawing_reads_back),
		cmocka_unit_test(a_text_takes_the_smallest_version_that_holds_it),
		cmocka_unit_test(a_mixed_text_is_never_larger_than_its_bytes),
		cmocka_unit_test(rows_and_columns_are_what_the_screen_has),
		cmocka_unit_test(a_text_that_no_code_holds_is_refused),
		cmocka_unit_test(a_drawing_is_appended_and_never_cut),
		cmocka_unit_test(every_coloured_line_sets_and_resets_its_colours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
