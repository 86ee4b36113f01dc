/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom the module leaves alone before it calls anybody: root and who must get in without jauth. */
#pragma once

#include "pam_jauth/options.h"

/* Why `user` is none of ours, for the log; NULL: he is (or we could not find out). */
const char *exempt_reason(const char *user, const struct options *options);
