/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link fake-providers.c instead of the real table; see there. */
#pragma once

#include "providers/provider.h"

struct fake_config {
	char *issuer;
	struct secret *secret;
	int corners;
};

struct fake_shared {
	char *memory;            /* from malloc, freed by the provider's release */
};
