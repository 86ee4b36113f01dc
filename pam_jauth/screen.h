/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The surface the person sits at, as far as the module can see without asking anybody.
 * Knows no PAM: the caller hands over what PAM says. Nothing here may be trusted more than
 * the program that called PAM; it decides what is drawn, and policy knows what to make of it.
 */
#pragma once

#include <stdint.h>

#include "base/login-protocol.h"
#include "pam_jauth/options.h"

/* What PAM says; NULL: nothing. */
struct surroundings {
	const char *tty;             /* PAM_TTY */
	const char *xdisplay;        /* PAM_XDISPLAY */
	const char *ssh_connection;  /* from the PAM environment */
};

struct screen {
	enum login_surface surface;
	uint32_t rows;
	uint32_t columns;
	uint32_t glyphs;             /* bits of enum login_glyph */
};

struct screen screen_look(const struct surroundings *surroundings, enum charset charset);

/* As LANG, or NULL. `surface` matters: sshd's locale is not the person's. */
const char *screen_language(enum login_surface surface);

/* The glyphs of a console font, from its table of characters. */
struct unipair;
uint32_t screen_font_glyphs(const struct unipair *pairs, unsigned n_pairs);
