/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every login type there is; providers.c lists them. */
#pragma once

#include "providers/provider.h"

extern const struct provider github_provider;
extern const struct provider google_provider;
extern const struct provider oidc_provider;
extern const struct provider password_provider;
