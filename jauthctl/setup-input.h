/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that the command line gives to a section. All complain by themselves. */
#pragma once

#include "jauthctl/setup-draft.h"

/* "KEY=VALUE". */
bool input_assign(const struct wizard *wizard, struct draft *draft, const char *text);
/* "KEY=PATH": the secret is what the file holds, one newline at its end not counted; "-" is
 * stdin. */
bool input_secret(const struct wizard *wizard, struct draft *draft, const char *text);
