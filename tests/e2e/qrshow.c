/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the drawing of a code, for the tests that look at it on a screen. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/qr.h"

static const char usage[] = "usage: qrshow SURFACE GLYPHS ROWS COLUMNS ROWS-TAKEN INVERTED TEXT\n";

static unsigned number(const char *text)
{
	int64_t value;

	if (text_to_number(text, 0, 10000, &value) < 0) {
		fputs(usage, stderr);
		exit(2);
	}
	return (unsigned)value;
}

static enum login_surface surface_of(const char *name)
{
	for (unsigned i = 0; i < LOGIN_N_SURFACES; i++)
		if (text_equals(name, login_surface_names[i]))
			return (enum login_surface)i;
	fputs(usage, stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct qr_surface surface;
	struct buf buf = BUF_INIT(65536);
	int r;

	if (argc != 8) {
		fputs(usage, stderr);
		return 2;
	}
	surface = (struct qr_surface) {
		.surface = surface_of(argv[1]),
		.glyphs = number(argv[2]),
		.rows = number(argv[3]),
		.columns = number(argv[4]),
		.rows_taken = number(argv[5]),
		.inverted = number(argv[6]),
	};
	r = qr_draw(argv[7], &surface, &buf);
	if (r < 0) {
		fprintf(stderr, "qrshow: %s\n", strerror(-r));
		return 1;
	}
	fputs(buf_text(&buf), stdout);
	buf_done(&buf);
	return 0;
}
