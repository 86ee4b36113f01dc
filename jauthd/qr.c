/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QR codes as lines of text.
 *
 * A style says how modules become characters; the surface picks the style. Ink is what the style
 * draws in the light colour, and ink stands for the light modules, the quiet zone included: a
 * terminal is dark more often than not, and where the style brings its own colours it is so for
 * certain. Modules outside the symbol belong to the quiet zone; half a line below its last row is
 * left without ink.
 */
#include "jauthd/qr.h"

#include <errno.h>
#include <qrencode.h>

#define DEFAULT_ROWS    24u
#define DEFAULT_COLUMNS 80u

struct style {
	unsigned modules_per_line;      /* rows of modules in one line of text: 1 or 2 */
	unsigned columns_per_module;
	unsigned least_quiet;           /* the narrowest quiet zone that still reads */
	const char *line_begin;
	const char *line_end;
	const char *cells[4];           /* bit 0: ink above, bit 1: ink below */
	const char *pens[4];            /* written before a cell unlike the one before it */
};

#define HALF_BLOCKS { " ", "\u2580", "\u2584", "\u2588" }

/* An OpenSSH client would print an escape as text: no colours. */
static const struct style half_blocks = {
	.modules_per_line = 2,
	.columns_per_module = 1,
	.least_quiet = 2,
	.line_begin = "",
	.line_end = "\n",
	.cells = HALF_BLOCKS,
	.pens = { "", "", "", "" },
};

/* Bright white on black, whatever the theme. */
static const struct style coloured_half_blocks = {
	.modules_per_line = 2,
	.columns_per_module = 1,
	.least_quiet = 2,
	.line_begin = "\033[40;97m",
	.line_end = "\033[0m\n",
	.cells = HALF_BLOCKS,
	.pens = { "", "", "", "" },
};

/* Needs nothing of the font: two columns are about as wide as a line is high. Every row counts
 * where a module takes a whole one, so a quiet zone of 1 has to do. */
static const struct style reversed_spaces = {
	.modules_per_line = 1,
	.columns_per_module = 2,
	.least_quiet = 1,
	.line_begin = "\033[40;97m",
	.line_end = "\033[0m\n",
	.cells = { "  ", "  ", "", "" },
	.pens = { "\033[27m", "\033[7m", "", "" },
};

static const unsigned quiet_zones[] = { 4, 2, 1 };

struct drawing {
	const QRcode *code;
	const struct style *style;
	unsigned quiet;
	bool inverted;
};

static void code_free(QRcode **code)
{
	QRcode_free(*code);
}

static const struct style *surface_style(const struct qr_surface *surface)
{
	if (!(surface->glyphs & GLYPH_UTF8))
		return NULL;

	switch (surface->surface) {
	case SURFACE_SSH:
		return &half_blocks;
	case SURFACE_TERMINAL:
		return &coloured_half_blocks;
	case SURFACE_CONSOLE:
		return surface->glyphs & GLYPH_HALF ? &coloured_half_blocks : &reversed_spaces;
	case SURFACE_NONE:
	case SURFACE_GRAPHICAL:
	case LOGIN_N_SURFACES:
		break;
	}
	return NULL;
}

/* Modules from edge to edge, the quiet zone included. */
static unsigned drawing_size(const struct drawing *drawing)
{
	return (unsigned)drawing->code->width + 2 * drawing->quiet;
}

static unsigned drawing_rows(const struct drawing *drawing)
{
	unsigned per_line = drawing->style->modules_per_line;

	return (drawing_size(drawing) + per_line - 1) / per_line;
}

/* Picks the widest quiet zone with which the drawing fits; false when there is none. */
static bool drawing_fit(struct drawing *drawing, const struct qr_surface *surface)
{
	unsigned rows = surface->rows ? surface->rows : DEFAULT_ROWS;
	unsigned columns = surface->columns ? surface->columns : DEFAULT_COLUMNS;

	if (surface->rows_taken >= rows)
		return false;
	rows -= surface->rows_taken;

	for (size_t i = 0; i < N_ELEMENTS(quiet_zones); i++) {
		drawing->quiet = quiet_zones[i];
		if (drawing->quiet < drawing->style->least_quiet)
			return false;
		if (surface->quiet_most && drawing->quiet > surface->quiet_most)
			continue;
		if (drawing_rows(drawing) <= rows &&
		    drawing_size(drawing) * drawing->style->columns_per_module <= columns)
			return true;
	}
	return false;
}

static bool module_has_ink(const struct drawing *drawing, unsigned row, unsigned column)
{
	unsigned width = (unsigned)drawing->code->width;
	unsigned quiet = drawing->quiet;
	bool dark = false;

	/* Left of and above the symbol the difference wraps round to a large number. */
	if (row - quiet < width && column - quiet < width)
		dark = drawing->code->data[(row - quiet) * width + (column - quiet)] & 1;
	return dark == drawing->inverted;
}

static unsigned cell_at(const struct drawing *drawing, unsigned row, unsigned column)
{
	unsigned cell = module_has_ink(drawing, row, column);

	if (drawing->style->modules_per_line == 2 && row + 1 < drawing_size(drawing))
		cell |= (unsigned)module_has_ink(drawing, row + 1, column) << 1;
	return cell;
}

static void draw_line(const struct drawing *drawing, unsigned row, struct buf *buf)
{
	const struct style *style = drawing->style;
	unsigned size = drawing_size(drawing);
	const char *pen = NULL;

	buf_add_text(buf, style->line_begin);
	for (unsigned column = 0; column < size; column++) {
		unsigned cell = cell_at(drawing, row, column);

		if (style->pens[cell] != pen)
			buf_add_text(buf, style->pens[cell]);
		pen = style->pens[cell];
		buf_add_text(buf, style->cells[cell]);
	}
	buf_add_text(buf, style->line_end);
}

/* The library splits the text into digits, alphanumeric and other runs where that is shorter; it
 * weighs each run alone, so that now and then the bytes as they are come out smaller. */
static QRcode *encode(const char *text)
{
	QRcode *split = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	QRcode *bytes = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (!split || (bytes && bytes->width < split->width)) {
		QRcode_free(split);
		return bytes;
	}
	QRcode_free(bytes);
	return split;
}

int qr_draw(const char *text, const struct qr_surface *surface, struct buf *buf)
{
	struct drawing drawing = {
		.style = surface_style(surface),
		.inverted = surface->inverted,
	};
	_cleanup_(code_free) QRcode *code = NULL;
	unsigned size;

	if (!drawing.style)
		return -EOPNOTSUPP;
	code = encode(text);
	if (!code)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	drawing.code = code;
	if (!drawing_fit(&drawing, surface))
		return -ENOSPC;

	size = drawing_size(&drawing);
	for (unsigned row = 0; row < size; row += drawing.style->modules_per_line)
		draw_line(&drawing, row, buf);
	return buf_failed(buf) ? -ENOSPC : 0;
}
