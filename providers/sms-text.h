/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a message. A template has the holes {code} {host} {user} {minutes} {ref}, and what it
 * makes must fit into one message whatever stands in them: carriers charge for each part, and
 * the parts of a long one arrive out of order or not at all.
 */
#pragma once

#include "base/buf.h"
#include "providers/provider.h"
#include "providers/sms-vendor.h"

#define SMS_NAME_SIZE    25              /* of a host or user in a message, with NUL */
#define SMS_TEXT_MAX     512             /* bytes */
#define SMS_GSM_MAX      160             /* 3GPP TS 23.040: septets of one message, … */
#define SMS_UCS2_MAX     70              /* … or UTF-16 units, when one character is not GSM's */

/* What is sent when the section says nothing, to be translated. */
#define SMS_TEXT_DEFAULT \
	N_("{code} is your code for login to {host} ({user}). Valid {minutes} min. Ref {ref}. " \
	   "Nobody from IT will ask for it.")

struct sms_units {
	bool is_gsm;                     /* every character is in 3GPP TS 23.038's table */
	unsigned n;                      /* septets when it is, else UTF-16 units */
};

/* False when it is not UTF-8. */
bool sms_text_units(const char *text, size_t len, struct sms_units *ret_units);
bool sms_text_fits(const struct sms_units *units);

/* What of a host's or user's name goes into a message: [A-Za-z0-9._-]{1,24}, the rest dropped; "-"
 * when nothing is left. */
void sms_text_name(const char *name, char ret_name[SMS_NAME_SIZE]);

/* Is this a template whose longest text, with a code of so many digits, is one message, and which
 * has the code once and no link? Else what is wrong, in words, into `why`. */
bool sms_text_check(const char *template, unsigned n_digits, struct buf *why);

/* The text for this message, whose own `text` is not looked at; NULL when the template is wrong.
 * The caller frees. */
struct secret *sms_text_make(const char *template, const struct sms_message *message);
