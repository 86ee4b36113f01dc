/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of a URL's query, or of a form (application/x-www-form-urlencoded), decoded once
 * and strictly: what two readers could read in two ways is refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PARAMETERS_MAX 32

struct parameter {
	char *name, *value;      /* UTF-8 without control characters; value may be "" */
};

struct parameters {
	struct parameter list[PARAMETERS_MAX];
	size_t n;
	char *text;              /* the parameters point into it; NULL: nothing was parsed */
	size_t text_len;         /* as it came, for wiping all of it */
};

/* `text` without '?'; parts between two '&' that are empty count as absent. 0; -E2BIG: more than
 * `max_len` bytes or PARAMETERS_MAX parameters; -EINVAL: a bad %XX, bytes that are no UTF-8 or
 * control characters, a parameter without a name, a name that is there twice (RFC 6749 section 3.1
 * forbids it). Written on success only. Free with parameters_done(). */
int parameters_parse(const char *text, size_t max_len, struct parameters *ret_parameters);
void parameters_done(struct parameters *parameters);    /* wipes; fine with a zeroed struct */

bool parameters_has(const struct parameters *parameters, const char *name);
/* The value of 1..max_len bytes; NULL when it is absent, empty or longer. Owned by the
 * parameters. */
const char *parameters_text(const struct parameters *parameters, const char *name, size_t max_len);
