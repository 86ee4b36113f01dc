/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people type where digits are wanted: with blanks and dashes in between, or with full-width
 * digits (U+FF10–U+FF19), which Chinese input methods give. */
#pragma once

#include <stddef.h>

#include "base/secret.h"

/* The digits of `entry`, ASCII, without blanks and '-': exactly `n` of them. NULL when there is
 * anything else, or another number of them: then nothing was guessed. The caller frees. */
struct secret *digits_fold(const struct secret *entry, size_t n);
/* The same for codes of other characters, of which `letters` has all: capitals, which may be typed
 * small, and digits. */
struct secret *digits_fold_code(const struct secret *entry, const char *letters, size_t n);

/* The character at *text as ASCII, and *text moved behind it: full-width forms (U+FF01–U+FF5E)
 * are folded, NBSP and the ideographic space are ' '. 0: something else, or *text is `end`; then
 * *text stays. */
char digits_next(const char **text, const char *end);
