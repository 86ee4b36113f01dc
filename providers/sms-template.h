/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts with holes: "{code} is your code for {host}". A name in braces stands for a value; "{{" and
 * "}}" are literal braces. Names are [a-z_]+; nothing else may stand between braces.
 *
 * The caller has an array of names and values and says where the text will stand, so that no value
 * can say more there than itself:
 *
 *     const struct sms_variable variables[] = {
 *             { "host", message->host },
 *             { "code", message->code->data },
 *             { NULL, NULL },
 *     };
 *     sms_template_expand("{code} at {host}", variables, SMS_AS_LINE, &text);
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

struct sms_variable {
	const char *name;                /* NULL: the end of the array */
	const char *value;               /* UTF-8 */
};

/* Values only are encoded; the template's own text is taken as it is written. */
enum sms_encoding {
	SMS_AS_LINE,             /* as it is; a value with a control character is refused */
	SMS_AS_URL,              /* RFC 3986: unreserved stay, the rest %XX */
	SMS_AS_FORM,             /* application/x-www-form-urlencoded */
	SMS_AS_JSON,             /* inside a JSON string: RFC 8259 section 7 */
};

/* Appends the text. 0; -ENOENT (a name that is not among the variables), -EINVAL (a brace without
 * its other half, or a value that cannot stand there), -E2BIG (the buffer's maximum). On failure
 * the buffer's content is not to be used. */
int sms_template_expand(const char *template, const struct sms_variable *variables,
			enum sms_encoding encoding, struct buf *buf);

/* For configurations: true, or what is wrong with the template, in words, into `why`. Values
 * are not looked at. */
bool sms_template_check(const char *template, const struct sms_variable *variables,
			struct buf *why);

/* A hole of that name is in the template. */
bool sms_template_has(const char *template, const char *name);
