/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What jauthd reads from a client's facts, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dbus/dbus.h>
#include <errno.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/macro.h"
#include "jauthd/bus-facts.h"

struct said {
	const char *name;
	const char *text;        /* NULL: number */
	uint32_t number;
};

#define SAID_MAX 12

struct row {
	const char *what;
	struct said said[SAID_MAX];
	int result;
	const char *wrong;       /* fact that is named */
};

#define VERSION_FACT { FACT_VERSION, NULL, LOGIN_PROTOCOL_VERSION }
#define RIGHT VERSION_FACT, { FACT_PHASE, "authenticate", 0 }, \
	{ FACT_SERVICE, "sshd", 0 }, { FACT_USER, "jane", 0 }

static DBusMessage *message_of(const struct said *said)
{
	DBusMessage *message = dbus_message_new_method_call(LOGIN_BUS_NAME, LOGIN_BUS_PATH,
							    LOGIN_INTERFACE, "Begin");
	DBusMessageIter iter, dict, entry, variant;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (; said->name; said++) {
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &said->name);
		dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, said->text ? "s" : "u",
						 &variant);
		if (said->text)
			dbus_message_iter_append_basic(&variant, DBUS_TYPE_STRING, &said->text);
		else
			dbus_message_iter_append_basic(&variant, DBUS_TYPE_UINT32, &said->number);
		dbus_message_iter_close_container(&entry, &variant);
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(&iter, &dict);
	return message;
}

#define TEXT_64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct row rows[] = {
	{ "the least there is", { RIGHT }, 0, NULL },
	{ "unknown facts are ignored", { RIGHT, { "colour", "red", 0 } }, 0, NULL },
	{ "no version", { { FACT_PHASE, "authenticate", 0 }, { FACT_SERVICE, "sshd", 0 },
			  { FACT_USER, "jane", 0 } }, -EPROTONOSUPPORT, NULL },
	{ "another version", { { FACT_VERSION, NULL, 2 }, { FACT_PHASE, "authenticate", 0 } },
	  -EPROTONOSUPPORT, NULL },
	{ "version of another type", { { FACT_VERSION, "1", 0 } }, -EINVAL, FACT_VERSION },
	{ "no phase", { VERSION_FACT, { FACT_SERVICE, "sshd", 0 }, { FACT_USER, "jane", 0 } },
	  -EINVAL, FACT_PHASE },
	{ "unknown phase", { RIGHT, { FACT_PHASE, "slumber", 0 } }, -EINVAL, FACT_PHASE },
	{ "no service", { VERSION_FACT, { FACT_PHASE, "account", 0 }, { FACT_USER, "jane", 0 } },
	  -EINVAL, FACT_SERVICE },
	{ "no user", { VERSION_FACT, { FACT_PHASE, "account", 0 }, { FACT_SERVICE, "sshd", 0 } },
	  -EINVAL, FACT_USER },
	{ "empty user", { RIGHT, { FACT_USER, "", 0 } }, -EINVAL, FACT_USER },
	{ "a test has no user", { VERSION_FACT, { FACT_PHASE, "test", 0 },
				  { FACT_SERVICE, "jauthctl", 0 } }, 0, NULL },
	{ "a test with an empty user", { VERSION_FACT, { FACT_PHASE, "test", 0 },
					 { FACT_SERVICE, "jauthctl", 0 }, { FACT_USER, "", 0 } },
	  0, NULL },
	{ "a test without a service", { VERSION_FACT, { FACT_PHASE, "test", 0 } }, -EINVAL,
	  FACT_SERVICE },
	{ "nobody to enrol", { VERSION_FACT, { FACT_PHASE, "enrol", 0 },
			       { FACT_SERVICE, "jauthctl", 0 } }, -EINVAL, FACT_USER },
	{ "user of another type", { RIGHT, { FACT_USER, NULL, 7 } }, -EINVAL, FACT_USER },
	{ "too long a service", { RIGHT, { FACT_SERVICE, TEXT_64, 0 } }, -EINVAL, FACT_SERVICE },
	{ "unknown surface", { RIGHT, { FACT_SURFACE, "paper", 0 } }, -EINVAL, FACT_SURFACE },
	{ "rows as text", { RIGHT, { FACT_ROWS, "24", 0 } }, -EINVAL, FACT_ROWS },
	{ "request id too short", { RIGHT, { FACT_REQUEST, "abc", 0 } }, -EINVAL, FACT_REQUEST },
	{ "request id too long", { RIGHT, { FACT_REQUEST, TEXT_64, 0 } }, -EINVAL, FACT_REQUEST },
	{ "key info of another type", { RIGHT, { FACT_SSH_AUTH_INFO, NULL, 1 } }, -EINVAL,
	  FACT_SSH_AUTH_INFO },
};

static void reads_or_names_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		DBusMessage *message = message_of(rows[i].said);
		struct login_facts facts;
		const char *wrong = NULL;
		int r = facts_read(message, &facts, &wrong);

		if (r != rows[i].result)
			fail_msg("%s: %d", rows[i].what, r);
		if (rows[i].wrong)
			assert_string_equal(wrong, rows[i].wrong);
		dbus_message_unref(message);
	}
}

static void a_user_as_long_as_allowed_is_read_and_one_byte_more_is_not(void **state)
{
	char name[USER_NAME_MAX + 2];
	struct said said[SAID_MAX] = { RIGHT, { FACT_USER, name, 0 } };
	struct login_facts facts;
	const char *wrong;
	DBusMessage *message;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[USER_NAME_MAX] = '\0';
	message = message_of(said);
	assert_int_equal(facts_read(message, &facts, &wrong), 0);
	assert_int_equal(strlen(facts.user), USER_NAME_MAX);
	dbus_message_unref(message);
	name[USER_NAME_MAX] = 'a';
	name[USER_NAME_MAX + 1] = '\0';
	message = message_of(said);
	assert_int_equal(facts_read(message, &facts, &wrong), -EINVAL);
	dbus_message_unref(message);
}

struct source_row {
	struct said said[SAID_MAX];
	const char *source;
	bool has_address;
};

static const struct source_row sources[] = {
	{ { RIGHT, { FACT_RHOST, "192.0.2.7", 0 }, { FACT_TTY, "ssh", 0 } }, "192.0.2.7", true },
	{ { RIGHT, { FACT_TTY, "/dev/tty2", 0 } }, "/dev/tty2", false },
	{ { RIGHT, { FACT_TTY, "/dev/pts/3", 0 }, { FACT_CALLER_UID, NULL, 1000 } }, "uid 1000",
	  false },
	{ { RIGHT }, "uid 0", false },
	{ { RIGHT, { FACT_RHOST, "", 0 } }, "uid 0", false },
};

static void the_source_is_address_caller_or_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sources); i++) {
		DBusMessage *message = message_of(sources[i].said);
		struct login_facts facts;
		const char *wrong;

		assert_int_equal(facts_read(message, &facts, &wrong), 0);
		assert_string_equal(facts.source, sources[i].source);
		assert_int_equal(facts.has_address, sources[i].has_address);
		dbus_message_unref(message);
	}
}

static void an_accepted_key_is_seen(void **state)
{
	const struct said with[] = { RIGHT, { FACT_SSH_AUTH_INFO, "publickey ssh-ed25519 AAAA", 0 },
				     { 0 } };
	const struct said without[] = { RIGHT, { FACT_SSH_AUTH_INFO, "password", 0 }, { 0 } };
	struct login_facts facts;
	const char *wrong;
	DBusMessage *message = message_of(with);

	(void)state;
	assert_int_equal(facts_read(message, &facts, &wrong), 0);
	assert_true(facts.ssh_key_accepted);
	dbus_message_unref(message);
	message = message_of(without);
	assert_int_equal(facts_read(message, &facts, &wrong), 0);
	assert_false(facts.ssh_key_accepted);
	dbus_message_unref(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_or_names_what_is_wrong),
		cmocka_unit_test(a_user_as_long_as_allowed_is_read_and_one_byte_more_is_not),
		cmocka_unit_test(the_source_is_address_caller_or_terminal),
		cmocka_unit_test(an_accepted_key_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
