/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between D-Bus and JSON, without a bus. */
#include "jauthctl/message.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"

static DBusMessage *message_of(const char *json)
{
	DBusMessage *message = dbus_message_new_method_call("org.example.A", "/a",
							    "org.example.A", "M");
	json_t *args = json_loads(json, 0, NULL);

	assert_non_null(args);
	assert_true(message_append(message, args));
	json_decref(args);
	return message;
}

static void arguments_have_the_types_of_the_interface(void **state UNUSED)
{
	static const struct {
		const char *args, *signature;
	} rows[] = {
		{ "[]", "" },
		{ "[\"user\"]", "s" },
		{ "[7]", "x" },
		{ "[\"user\", {\"expires\": 0}]", "sa{sv}" },
		{ "[[{\"issuer\": \"i\"}, {}], {\"apply\": true}]", "aa{sv}a{sv}" },
		{ "[[]]", "aa{sv}" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		DBusMessage *message = message_of(rows[i].args);

		assert_string_equal(dbus_message_get_signature(message), rows[i].signature);
		dbus_message_unref(message);
	}
}

static void values_come_back_as_they_went(void **state UNUSED)
{
	static const char *const values[] = {
		"[\"Zo\\u00eb\"]", "[-9007199254740993]", "[{}]", "[[]]", "[true]",
		("[{\"s\": \"x\", \"x\": 5, \"b\": false, \"o\": {\"n\": 1}, "
		 "\"rows\": [{\"id\": 1}, {\"id\": 2}]}]"),
		"[[{\"a\": \"\"}, {\"b\": true}]]",
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(values); i++) {
		DBusMessage *message = message_of(values[i]);
		json_t *args = json_loads(values[i], 0, NULL);
		json_t *back = message_read(message);

		assert_true(json_equal(back, json_array_get(args, 0)));
		json_decref(back);
		json_decref(args);
		dbus_message_unref(message);
	}
}

static void other_types_do_not_get_through(void **state UNUSED)
{
	static const char *const values[] = { "[null]", "[1.5]", "[[1]]", "[{\"a\": null}]" };
	double number = 1.5;
	DBusMessage *message;
	json_t *back;
	size_t i;

	for (i = 0; i < N_ELEMENTS(values); i++) {
		json_t *args = json_loads(values[i], 0, NULL);

		message = dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_CALL);
		assert_false(message_append(message, args));
		json_decref(args);
		dbus_message_unref(message);
	}
	message = dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_RETURN);
	back = message_read(message);
	assert_true(json_is_null(back));
	json_decref(back);
	dbus_message_append_args(message, DBUS_TYPE_DOUBLE, &number, DBUS_TYPE_INVALID);
	back = message_read(message);
	assert_true(json_is_null(back));
	json_decref(back);
	dbus_message_unref(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_have_the_types_of_the_interface),
		cmocka_unit_test(values_come_back_as_they_went),
		cmocka_unit_test(other_types_do_not_get_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
