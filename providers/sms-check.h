/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of a vendor's configured texts, as a table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/conf.h"
#include "base/secret.h"
#include "base/secret.h"

#define SMS_DIGITS  "0123456789"
#define SMS_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* One key of kind CONF_TEXT or CONF_URL. */
struct sms_text_rule {
	const char *key;
	size_t offset;                   /* of the field in the filled struct */
	bool (*is_right)(const char *text);
	const char *wanted;              /* "must be …", for the mistake */
};

/* Reports every text that is there and breaks its rule. */
void sms_check_texts(const struct sms_text_rule *rules, size_t n_rules, const void *config,
		     const struct conf_section *section, struct conf_report *report);

/* The token of temporary credentials, or NULL: a header's value, which is signed as it is sent. */
void sms_check_token(const char *key, const struct secret *token,
		     const struct conf_section *section, struct conf_report *report);

bool sms_is_made_of(const char *text, const char *characters);
/* Printable ASCII, as headers hold it; NULL is fine. */
bool sms_is_credential(const struct secret *secret);
/* An https URL without path and query, which are ours to add. */
bool sms_is_base(const char *url);
#define SMS_WANTED_BASE "must be https://HOST without a path"
