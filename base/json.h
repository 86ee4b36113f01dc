/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON from outside. A reader that refuses what two parsers could read in two ways
 * (duplicate members, bytes after the value, NUL in a string, bad UTF-8, more than
 * JSON_DEPTH levels), and getters that answer only when type and bounds are right.
 * jansson's json_t is passed about, never looked into outside base/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json_t;

#define JSON_DEPTH 16

/* The object in these bytes; NULL unless they are exactly one JSON object. */
struct json_t *json_read_object(const char *data, size_t len);
struct json_t *json_read_array(const char *data, size_t len);
struct json_t *json_free(struct json_t *json);           /* returns NULL */

static inline void json_free_pointer(struct json_t **json)
{
	*json = json_free(*json);
}

#define _cleanup_json_ _cleanup_(json_free_pointer)

bool json_has(const struct json_t *object, const char *key);
/* A member that is not null. */
bool json_has_value(const struct json_t *object, const char *key);
/* The name of the member behind the one of this name, or of the first one when NULL; NULL: there is
 * none. Owned by the object; foreign text. */
const char *json_next_name(const struct json_t *object, const char *name);
/* The string member, without control characters and of 1..max_len bytes; else NULL.
 * Owned by the object. */
const char *json_text(const struct json_t *object, const char *key, size_t max_len);
/* The same, but "" is a text too. */
const char *json_text_or_empty(const struct json_t *object, const char *key, size_t max_len);
/* The same with whatever control characters it has; NUL is none of them, see above. */
const char *json_any_text(const struct json_t *object, const char *key, size_t max_len);
/* An integer (a real such as 3.0 is none); 0, -ENOENT (no member), -EINVAL, -ERANGE. */
int json_number(const struct json_t *object, const char *key, int64_t min, int64_t max,
		int64_t *ret_number);
/* 0, -ENOENT or -EINVAL (not a boolean: the string "true" is none). */
int json_bool(const struct json_t *object, const char *key, bool *ret_value);
/* Borrowed member of that type, or NULL. */
struct json_t *json_object_at(const struct json_t *object, const char *key);
struct json_t *json_array_at(const struct json_t *object, const char *key);

size_t json_array_length(const struct json_t *array);
struct json_t *json_array_object(const struct json_t *array, size_t index);
const char *json_array_text(const struct json_t *array, size_t index, size_t max_len);
/* 0, -ENOENT (no such element), -EINVAL (no integer), -ERANGE. */
int json_array_number(const struct json_t *array, size_t index, int64_t min, int64_t max,
		      int64_t *ret_number);

/* Appends `text`, which is UTF-8, as a JSON string with its quotes (RFC 8259 section 7). */
void json_add_text(struct buf *buf, const char *text);
