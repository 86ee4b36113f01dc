/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QR codes as text (ISO/IEC 18004, by libqrencode): level L, the smallest symbol for the link.
 * How to draw is decided by the surface; see login-surfaces: half blocks with ink = light
 * modules over ssh, explicit colours on local terminals, two columns a module on consoles
 * without half blocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/login-protocol.h"

struct qr_surface {
	enum login_surface surface;
	unsigned glyphs;         /* bits of login_glyph */
	unsigned rows, columns;  /* 0: unknown, 24 x 80 is assumed */
	unsigned rows_taken;     /* by text above and below on the same screen */
	unsigned quiet_most;     /* modules of the quiet zone at most; 0: as many as fit, up to 4 */
	bool inverted;           /* swap ink and paper */
};

/* Appends lines, each ended by '\n'. 0; -EOPNOTSUPP when this surface draws no code;
 * -ENOSPC when it does not fit; -EINVAL for a text no QR code can hold. */
int qr_draw(const char *text, const struct qr_surface *surface, struct buf *buf);
