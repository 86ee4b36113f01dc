/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON from outside; see json.h. */
#include "base/json.h"

#include <errno.h>

#include <jansson.h>

#include "base/text.h"

/* jansson follows 2048 levels by recursion; a look at the brackets before keeps it from that.
 * Whatever is not JSON is left for jansson to refuse. */
static bool depth_is_bounded(const char *data, size_t len)
{
	bool in_string = false;
	unsigned depth = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		char c = data[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth)
			depth--;
		if (depth > JSON_DEPTH)
			return false;
	}
	return true;
}

static json_t *read_typed(const char *data, size_t len, json_type type)
{
	json_t *json;

	if (!len || !depth_is_bounded(data, len))
		return NULL;
	json = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (json && json_typeof(json) != type)
		json = json_free(json);
	return json;
}

json_t *json_read_object(const char *data, size_t len)
{
	return read_typed(data, len, JSON_OBJECT);
}

json_t *json_read_array(const char *data, size_t len)
{
	return read_typed(data, len, JSON_ARRAY);
}

json_t *json_free(json_t *json)
{
	json_decref(json);
	return NULL;
}

static const char *checked_text(const json_t *json, size_t min_len, size_t max_len)
{
	size_t len;

	if (!json_is_string(json))
		return NULL;
	len = json_string_length(json);
	if (len < min_len || len > max_len || !text_is_line(json_string_value(json), len))
		return NULL;
	return json_string_value(json);
}

static json_t *typed(json_t *json, json_type type)
{
	return json && json_typeof(json) == type ? json : NULL;
}

bool json_has(const json_t *object, const char *key)
{
	return json_object_get(object, key) != NULL;
}

bool json_has_value(const json_t *object, const char *key)
{
	const json_t *json = json_object_get(object, key);

	return json && !json_is_null(json);
}

const char *json_next_name(const json_t *object, const char *name)
{
	json_t *all = (json_t *)object;          /* iterators may change it; this one does not */
	void *at = name ? json_object_iter_next(all, json_object_iter_at(all, name)) :
			  json_object_iter(all);

	return at ? json_object_iter_key(at) : NULL;
}

const char *json_text(const json_t *object, const char *key, size_t max_len)
{
	return checked_text(json_object_get(object, key), 1, max_len);
}

const char *json_text_or_empty(const json_t *object, const char *key, size_t max_len)
{
	return checked_text(json_object_get(object, key), 0, max_len);
}

const char *json_any_text(const json_t *object, const char *key, size_t max_len)
{
	const json_t *json = json_object_get(object, key);

	return json_is_string(json) && json_string_length(json) <= max_len ?
	       json_string_value(json) : NULL;
}

static int checked_number(const json_t *json, int64_t min, int64_t max, int64_t *ret_number)
{
	if (!json)
		return -ENOENT;
	if (!json_is_integer(json))
		return -EINVAL;
	if (json_integer_value(json) < min || json_integer_value(json) > max)
		return -ERANGE;
	*ret_number = json_integer_value(json);
	return 0;
}

int json_number(const json_t *object, const char *key, int64_t min, int64_t max,
		int64_t *ret_number)
{
	return checked_number(json_object_get(object, key), min, max, ret_number);
}

int json_bool(const json_t *object, const char *key, bool *ret_value)
{
	const json_t *json = json_object_get(object, key);

	if (!json)
		return -ENOENT;
	if (!json_is_boolean(json))
		return -EINVAL;
	*ret_value = json_is_true(json);
	return 0;
}

json_t *json_object_at(const json_t *object, const char *key)
{
	return typed(json_object_get(object, key), JSON_OBJECT);
}

json_t *json_array_at(const json_t *object, const char *key)
{
	return typed(json_object_get(object, key), JSON_ARRAY);
}

size_t json_array_length(const json_t *array)
{
	return json_array_size(array);
}

json_t *json_array_object(const json_t *array, size_t index)
{
	return typed(json_array_get(array, index), JSON_OBJECT);
}

const char *json_array_text(const json_t *array, size_t index, size_t max_len)
{
	return checked_text(json_array_get(array, index), 1, max_len);
}

int json_array_number(const json_t *array, size_t index, int64_t min, int64_t max,
		      int64_t *ret_number)
{
	return checked_number(json_array_get(array, index), min, max, ret_number);
}

void json_add_text(struct buf *buf, const char *text)
{
	buf_add_char(buf, '"');
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20) {
			buf_add_format(buf, "\\u%04x", *text);
			continue;
		}
		if (*text == '"' || *text == '\\')
			buf_add_char(buf, '\\');
		buf_add_char(buf, *text);
	}
	buf_add_char(buf, '"');
}
