/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a break-glass code looks like: 20 letters of 16 that nobody takes for others (no digits, and
 * none of B G I L O Q S U V Z), 80 bits, written in groups of four. jauthctl makes them, the login
 * type takes them.
 */
#pragma once

#include "base/buf.h"
#include "base/secret.h"

#define GLASS_CODE_LETTERS   "ACDEFHJKMNPRTWXY"
#define GLASS_CODE_LEN       20
#define GLASS_CODE_GROUP     4
#define GLASS_CODE_BYTES     (GLASS_CODE_LEN / 2)        /* of randomness */
#define GLASS_CODE_TEXT_LEN  (GLASS_CODE_LEN + GLASS_CODE_LEN / GLASS_CODE_GROUP - 1)

/* The letters, by the system's randomness; NULL without it or without memory. The caller frees. */
struct secret *glass_code_make(void);
/* "ACDE-FHJK-…" */
void glass_code_add(struct buf *buf, const struct secret *code);
/* What was typed, as it was made: in small letters too, full-width, with blanks and dashes. NULL:
 * it has not the form of a code. The caller frees. */
struct secret *glass_code_fold(const struct secret *entry);
