/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Telephone numbers, kept as E.164: '+', a country's calling code, the rest; 7 to 15 digits
 * (ITU-T E.164). Whether somebody has the number is not known here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define PHONE_SIZE 17            /* '+', 15 digits, NUL */

/* What a number without a calling code means: [general] country. */
struct phone_country {
	char code[5];            /* "86" */
	char trunk[4];           /* dropped from the front when there: "0"; "" where none is used */
	unsigned min, max;       /* digits after the trunk prefix */
};

/* "CN", a country of the table, or the rule itself: "+86 0 11", "+39 - 9-11" ('-': no trunk
 * prefix). 0 or -EINVAL. */
int phone_country_parse(const char *text, struct phone_country *ret_country);
/* The words of the table, for a hint: "AT, AU, …". */
void phone_country_names(struct buf *buf);

/* As people write numbers: blanks, NBSP, '-', '.', '(', ')', '/' are dropped, full-width digits and
 * U+FF0B folded, a leading 00 is '+'. Without either the country's rule decides; NULL: none.
 * 0 or -EINVAL: letters, extensions, several numbers, a wrong length; nothing is guessed. */
int phone_normalise(const char *text, const struct phone_country *country,
		    char ret_number[PHONE_SIZE]);
/* ^\+[1-9][0-9]{6,14}$ */
bool phone_is_valid(const char *number);
/* Satellite, shared-cost and personal-number ranges, where a message costs a fortune: +881, +882,
 * +883, +979, +870, +878, +888. */
bool phone_is_blocked(const char *number);
/* "+86", "+1": a calling code, or a longer beginning ("+1264"). */
bool phone_is_prefix(const char *text);
/* Digits of `prefix` when `number` begins with it, else 0; the longest one is the best. */
size_t phone_prefix_match(const char *number, const char *prefix);

#define PHONE_MASK_SIZE 24
/* The last two digits behind five dots (U+2022), or five '*' in ASCII: the same width for every
 * number. */
void phone_mask(const char *number, bool utf8, char ret_text[PHONE_MASK_SIZE]);
