/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a new password must be made of. Pure functions.
 *
 * Length counts characters of UTF-8, not bytes. The classes digits, letters, lower and upper are
 * ASCII's; every other character that can be printed, a space, "é", "密" or a full-width digit, is
 * special: what another keyboard cannot type easily should not be what a rule asks for.
 */
#pragma once

#include <stdint.h>

#include "base/secret.h"

enum password_class {
	PASSWORD_DIGITS  = 1 << 0,
	PASSWORD_LETTERS = 1 << 1,
	PASSWORD_LOWER   = 1 << 2,
	PASSWORD_UPPER   = 1 << 3,
	PASSWORD_SPECIAL = 1 << 4,
	PASSWORD_CLASSES = (1 << 5) - 1,
};

/* What else can be wrong with a password; the classes it lacks are bits of password_class. */
enum password_fault {
	PASSWORD_TOO_SHORT = 1 << 5,
	PASSWORD_TOO_LONG  = 1 << 6,
	PASSWORD_NOT_TEXT  = 1 << 7,     /* not UTF-8, or with control characters */
};

struct password_rule {
	int64_t length_min, length_max;
	unsigned classes;                /* bits of password_class, each needed at least once */
};

/* The bit of "digits", "letters", "lower", "upper", "special"; 0 for any other word. */
unsigned password_class_find(const char *word);
/* 0: the password obeys the rule; else bits of both enums. NOT_TEXT comes alone. */
unsigned password_rule_faults(const struct password_rule *rule, const struct secret *password);
