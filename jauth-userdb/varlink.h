/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages of Varlink (https://varlink.org/Method-Call): one JSON object each, ended by a NUL
 * byte. Bytes in, bytes out; what calls mean is in records.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"

struct varlink_call {
	struct json_t *json;             /* the rest is lent from it */
	const char *method;
	struct json_t *parameters;       /* NULL: none */
	bool more, oneway;
};

/* One message without its NUL byte. 0; -EBADMSG: no call; the caller frees with
 * varlink_call_done(). */
int varlink_read_call(const char *text, size_t len, struct varlink_call *ret_call);
void varlink_call_done(struct varlink_call *call);

/* A reply around parameters that the caller adds in between: an object's members. */
void varlink_begin_reply(struct buf *out);
void varlink_end_reply(struct buf *out, bool continues);
/* `detail` with its value is the error's parameter; NULL: it has none. */
void varlink_add_error(struct buf *out, const char *error, const char *detail, const char *value);

/* The errors that are Varlink's own, with their parameter. */
#define VARLINK_SERVICE "org.varlink.service"
void varlink_add_invalid_parameter(struct buf *out, const char *name);
