/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module's arguments in a PAM file: a value, made anew for every call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum charset {
	CHARSET_GUESS,       /* by the locale; UTF-8 over ssh */
	CHARSET_UTF8,
	CHARSET_ASCII,
};

struct options {
	uint32_t timeout_s;
	uint32_t min_uid;
	const char *break_glass;     /* a group, or NULL; points into argv */
	enum charset charset;
	bool debug;
	bool quiet;
	bool try_first_pass;
	bool use_first_pass;
	const char *wrong;           /* NULL, or the first argument unknown or out of range */
};

/* Never fails as a whole: what is right is taken, so that `break_glass` still counts beside a
 * mistake. The caller looks at `wrong` before it lets anybody in. */
struct options options_parse(int argc, const char **argv);
