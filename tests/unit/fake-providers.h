/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link fake-providers.c instead of the real table; see there. */
#pragma once

#include "providers/provider.h"
#include "providers/sms-vendor.h"

struct fake_config {
	char *issuer;
	struct secret *secret;
	int corners;
	char **vendors, *people;
	const struct sms_gateway *gateway;       /* by bind */
};

struct fake_gateway {
	char *stamp;
};

struct fake_shared {
	char *memory;            /* from malloc, freed by the provider's release */
};
