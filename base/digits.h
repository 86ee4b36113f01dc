/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people type where digits are wanted: with blanks and dashes in between, or with full-width
 * digits (U+FF10–U+FF19), which Chinese input methods give. */
#pragma once

#include <stddef.h>

#include "base/secret.h"

/* The digits of `entry`, ASCII, without blanks and '-': exactly `n` of them. NULL when there is
 * anything else, or another number of them: then nothing was guessed. The caller frees. */
struct secret *digits_fold(const struct secret *entry, size_t n);
