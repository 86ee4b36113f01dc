/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON replies: the reader, and the getters on every member the seeds know. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define TEXT_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	if (text && (!*text || strlen(text) > TEXT_MAX || !text_is_line(text, strlen(text))))
		abort();
}

static void check_array(const struct json_t *array)
{
	size_t i;

	for (i = 0; i <= json_array_length(array); i++) {
		check_text(json_array_text(array, i, TEXT_MAX));
		if (json_array_object(array, i) && json_array_text(array, i, TEXT_MAX))
			abort();
	}
}

static void check_member(const struct json_t *object, const char *key)
{
	int64_t number;
	bool value;

	check_text(json_text(object, key, TEXT_MAX));
	if (json_number(object, key, 1, 9, &number) == 0 && (number < 1 || number > 9))
		abort();
	if (json_bool(object, key, &value) == 0 && json_text(object, key, TEXT_MAX))
		abort();
	check_array(json_array_at(object, key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "a", "error", "interval", "sub", "keys", "" };
	_cleanup_json_ struct json_t *object = json_read_object((const char *)data, size);
	_cleanup_json_ struct json_t *array = json_read_array((const char *)data, size);
	size_t i;

	if (object && array)
		abort();
	for (i = 0; object && i < N_ELEMENTS(keys); i++) {
		check_member(object, keys[i]);
		if (json_object_at(object, keys[i]))
			check_member(json_object_at(object, keys[i]), "a");
	}
	if (array)
		check_array(array);
	return 0;
}
