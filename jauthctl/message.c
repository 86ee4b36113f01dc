/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between D-Bus and JSON; see message.h. libdbus bounds the depth of what it lets through. */
#include "jauthctl/message.h"

#include <stdint.h>

/* Writing */

static const char *signature_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return "s";
	case JSON_INTEGER:
		return "x";
	case JSON_TRUE:
	case JSON_FALSE:
		return "b";
	case JSON_OBJECT:
		return "a{sv}";
	case JSON_ARRAY:
		return "aa{sv}";
	case JSON_REAL:
	case JSON_NULL:
		break;
	}
	return NULL;
}

static bool append_value(DBusMessageIter *iter, const json_t *value);

static bool append_entry(DBusMessageIter *dict, const char *key, const json_t *value)
{
	DBusMessageIter entry = DBUS_MESSAGE_ITER_INIT_CLOSED;
	DBusMessageIter variant = DBUS_MESSAGE_ITER_INIT_CLOSED;
	const char *signature = signature_of(value);
	bool is_done;

	is_done = signature &&
		  dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
		  dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) &&
		  dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature,
						   &variant) &&
		  append_value(&variant, value) &&
		  dbus_message_iter_close_container(&entry, &variant) &&
		  dbus_message_iter_close_container(dict, &entry);
	if (!is_done) {
		dbus_message_iter_abandon_container_if_open(&entry, &variant);
		dbus_message_iter_abandon_container_if_open(dict, &entry);
	}
	return is_done;
}

static bool append_object(DBusMessageIter *iter, const json_t *object)
{
	DBusMessageIter dict;
	bool is_done = true;
	const char *key;
	json_t *value;

	if (!dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict))
		return false;
	json_object_foreach((json_t *)object, key, value)
		is_done = is_done && append_entry(&dict, key, value);
	if (is_done)
		return dbus_message_iter_close_container(iter, &dict);
	dbus_message_iter_abandon_container(iter, &dict);
	return false;
}

static bool append_array(DBusMessageIter *iter, const json_t *array)
{
	DBusMessageIter rows;
	bool is_done = true;
	json_t *row;
	size_t i;

	if (!dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "a{sv}", &rows))
		return false;
	json_array_foreach(array, i, row)
		is_done = is_done && json_is_object(row) && append_object(&rows, row);
	if (is_done)
		return dbus_message_iter_close_container(iter, &rows);
	dbus_message_iter_abandon_container(iter, &rows);
	return false;
}

static bool append_value(DBusMessageIter *iter, const json_t *value)
{
	const char *text = json_string_value(value);
	dbus_int64_t number = json_integer_value(value);
	dbus_bool_t truth = json_is_true(value);

	switch (json_typeof(value)) {
	case JSON_STRING:
		return dbus_message_iter_append_basic(iter, DBUS_TYPE_STRING, &text);
	case JSON_INTEGER:
		return dbus_message_iter_append_basic(iter, DBUS_TYPE_INT64, &number);
	case JSON_TRUE:
	case JSON_FALSE:
		return dbus_message_iter_append_basic(iter, DBUS_TYPE_BOOLEAN, &truth);
	case JSON_OBJECT:
		return append_object(iter, value);
	case JSON_ARRAY:
		return append_array(iter, value);
	case JSON_REAL:
	case JSON_NULL:
		break;
	}
	return false;
}

bool message_append(DBusMessage *message, const json_t *args)
{
	DBusMessageIter iter;
	json_t *value;
	size_t i;

	dbus_message_iter_init_append(message, &iter);
	json_array_foreach(args, i, value)
		if (!append_value(&iter, value))
			return false;
	return true;
}

/* Reading */

static json_t *read_value(DBusMessageIter *iter);

static json_t *read_dict(DBusMessageIter *entries)
{
	json_t *object = json_object();

	for (; dbus_message_iter_get_arg_type(entries) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(entries)) {
		DBusMessageIter entry;
		json_t *key;

		dbus_message_iter_recurse(entries, &entry);
		key = read_value(&entry);
		dbus_message_iter_next(&entry);
		if (json_is_string(key))
			(void)json_object_set_new(object, json_string_value(key),
						  read_value(&entry));
		json_decref(key);
	}
	return object;
}

static json_t *read_array(DBusMessageIter *iter)
{
	DBusMessageIter elements;
	json_t *array;

	dbus_message_iter_recurse(iter, &elements);
	if (dbus_message_iter_get_element_type(iter) == DBUS_TYPE_DICT_ENTRY)
		return read_dict(&elements);
	array = json_array();
	for (; dbus_message_iter_get_arg_type(&elements) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(&elements))
		(void)json_array_append_new(array, read_value(&elements));
	return array;
}

static json_t *read_value(DBusMessageIter *iter)
{
	DBusMessageIter content;
	DBusBasicValue value;

	switch (dbus_message_iter_get_arg_type(iter)) {
	case DBUS_TYPE_VARIANT:
		dbus_message_iter_recurse(iter, &content);
		return read_value(&content);
	case DBUS_TYPE_ARRAY:
		return read_array(iter);
	case DBUS_TYPE_STRING:
		dbus_message_iter_get_basic(iter, &value);
		return json_string(value.str);
	case DBUS_TYPE_BOOLEAN:
		dbus_message_iter_get_basic(iter, &value);
		return json_boolean(value.bool_val);
	case DBUS_TYPE_INT32:
		dbus_message_iter_get_basic(iter, &value);
		return json_integer(value.i32);
	case DBUS_TYPE_UINT32:
		dbus_message_iter_get_basic(iter, &value);
		return json_integer(value.u32);
	case DBUS_TYPE_INT64:
		dbus_message_iter_get_basic(iter, &value);
		return json_integer(value.i64);
	default:
		return json_null();
	}
}

json_t *message_read(DBusMessage *message)
{
	DBusMessageIter iter;

	if (!dbus_message_iter_init(message, &iter))
		return json_null();
	return read_value(&iter);
}
