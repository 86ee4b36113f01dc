/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interfaces that we have, as Varlink describes them:
 * https://varlink.org/Interface-Definition. */
#pragma once

#include <stddef.h>

struct interface {
	const char *name, *description;
};

extern const struct interface interfaces[];
extern const size_t n_interfaces;
