/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steps of a login as D-Bus messages. Linked into the PAM module too: no log, no abort.
 *
 * libdbus aborts the process when it is given a string that is not UTF-8, so everything is
 * checked before it is appended. What is received has passed libdbus's own validation before a
 * field is looked at; an item's property that we do not know is skipped, all others are required
 * but those marked as optional, which stay NULL.
 */
#include "base/login-protocol.h"

#include <errno.h>
#include <string.h>

#include <dbus/dbus.h>

#include "base/macro.h"

#define STEP_MEMBER    "Step"
#define STEP_SIGNATURE "sa(sa{sv})"

const char *const login_phase_names[LOGIN_N_PHASES] = {
	[LOGIN_AUTHENTICATE] = "authenticate",
	[LOGIN_ACCOUNT] = "account",
	[LOGIN_PASSWORD_CHECK] = "password-check",
	[LOGIN_PASSWORD] = "password",
	[LOGIN_ENROL] = "enrol",
	[LOGIN_TEST] = "test",
	[LOGIN_SESSION] = "session",
	[LOGIN_SESSION_END] = "session-end",
	[LOGIN_LINK] = "link",
};

const char *const login_surface_names[LOGIN_N_SURFACES] = {
	[SURFACE_NONE] = "none",
	[SURFACE_SSH] = "ssh",
	[SURFACE_CONSOLE] = "console",
	[SURFACE_TERMINAL] = "terminal",
	[SURFACE_GRAPHICAL] = "graphical",
};

const char *const login_state_names[LOGIN_N_STATES] = {
	[LOGIN_ASK] = "ask",
	[LOGIN_WAIT] = "wait",
	[LOGIN_GRANTED] = "granted",
	[LOGIN_DENIED] = "denied",
	[LOGIN_ENOUGH] = "enough",
	[LOGIN_LOCKED] = "locked",
	[LOGIN_EXPIRED] = "expired",
	[LOGIN_MUST_CHANGE] = "must-change",
	[LOGIN_CANCELLED] = "cancelled",
	[LOGIN_FAILED] = "failed",
	[LOGIN_UNAVAILABLE] = "unavailable",
	[LOGIN_IGNORED] = "ignored",
};

const char *const login_item_names[ITEM_N_KINDS] = {
	[ITEM_INFO] = "info",
	[ITEM_ERROR] = "error",
	[ITEM_ASK] = "ask",
	[ITEM_REQUEST] = "request",
};

/* A property of an item, and where it lies in the struct. Its D-Bus type decides the C type. */
static const struct property {
	enum login_item_kind kind;
	const char *name;
	int type;
	size_t offset;
	bool is_optional;
} properties[] = {
	{ ITEM_INFO,    "text",     DBUS_TYPE_STRING,  offsetof(struct login_item, text) },
	{ ITEM_ERROR,   "text",     DBUS_TYPE_STRING,  offsetof(struct login_item, text) },
	{ ITEM_ASK,     "text",     DBUS_TYPE_STRING,  offsetof(struct login_item, text) },
	{ ITEM_ASK,     "echo",     DBUS_TYPE_BOOLEAN, offsetof(struct login_item, echo) },
	{ ITEM_ASK,     "number",   DBUS_TYPE_UINT32,  offsetof(struct login_item, number) },
	{ ITEM_ASK,     "password", DBUS_TYPE_BOOLEAN, offsetof(struct login_item, password) },
	{ ITEM_ASK,     "name",     DBUS_TYPE_STRING,  offsetof(struct login_item, name), true },
	{ ITEM_REQUEST, "id",       DBUS_TYPE_STRING,  offsetof(struct login_item, text) },
};

/* The index of `word` in a table of names, or -1. */
static int word_index(const char *const *words, int n_words, const char *word)
{
	for (int i = 0; i < n_words; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

/* What holds for a step in either direction: asks once, at the end, and only when it says so. */
static bool step_is_sound(const struct login_step *step)
{
	unsigned n = step->n_items;

	if ((unsigned)step->state >= LOGIN_N_STATES || n > LOGIN_ITEMS_MAX)
		return false;
	for (unsigned i = 0; i < n; i++) {
		bool may_ask = step->state == LOGIN_ASK && i == n - 1;

		if ((unsigned)step->items[i].kind >= ITEM_N_KINDS)
			return false;
		if ((step->items[i].kind == ITEM_ASK) != may_ask)
			return false;
		if (!step->items[i].text || strlen(step->items[i].text) > LOGIN_TEXT_MAX)
			return false;
	}
	return step->state != LOGIN_ASK || n > 0;
}

/* Encoding */

static bool append_value(DBusMessageIter *entry, const struct login_item *item,
			 const struct property *property)
{
	const char *field = (const char *)item + property->offset;
	const char signature[] = { (char)property->type, '\0' };
	DBusMessageIter variant;
	dbus_bool_t truth;
	const void *value = field;

	if (property->type == DBUS_TYPE_BOOLEAN) {
		truth = *(const bool *)field;
		value = &truth;
	}
	return dbus_message_iter_open_container(entry, DBUS_TYPE_VARIANT, signature, &variant) &&
	       dbus_message_iter_append_basic(&variant, property->type, value) &&
	       dbus_message_iter_close_container(entry, &variant);
}

static bool is_absent(const struct login_item *item, const struct property *property)
{
	return property->is_optional &&
	       !*(const char *const *)((const char *)item + property->offset);
}

static bool append_properties(DBusMessageIter *dict, const struct login_item *item)
{
	for (size_t i = 0; i < N_ELEMENTS(properties); i++) {
		const struct property *property = &properties[i];
		DBusMessageIter entry;

		if (property->kind != item->kind || is_absent(item, property))
			continue;
		if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) ||
		    !dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &property->name) ||
		    !append_value(&entry, item, property) ||
		    !dbus_message_iter_close_container(dict, &entry))
			return false;
	}
	return true;
}

static bool append_item(DBusMessageIter *array, const struct login_item *item)
{
	DBusMessageIter fields, dict;

	return dbus_message_iter_open_container(array, DBUS_TYPE_STRUCT, NULL, &fields) &&
	       dbus_message_iter_append_basic(&fields, DBUS_TYPE_STRING,
					      &login_item_names[item->kind]) &&
	       dbus_message_iter_open_container(&fields, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       append_properties(&dict, item) &&
	       dbus_message_iter_close_container(&fields, &dict) &&
	       dbus_message_iter_close_container(array, &fields);
}

static bool append_step(DBusMessage *message, const struct login_step *step)
{
	DBusMessageIter iter, array;

	dbus_message_iter_init_append(message, &iter);
	if (!dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING,
					    &login_state_names[step->state]) ||
	    !dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "(sa{sv})", &array))
		return false;
	for (unsigned i = 0; i < step->n_items; i++)
		if (!append_item(&array, &step->items[i]))
			return false;
	return dbus_message_iter_close_container(&iter, &array);
}

/* libdbus keeps its last few messages for new ones, with what stands in them, when they are not
 * longer than 10 KiB (dbus-message.c). A longer one it frees, and jauthd's free() wipes. */
static void forget(DBusMessage *message)
{
	static const unsigned char filler[1024];
	const unsigned char *bytes = filler;

	for (unsigned i = 0; i <= 10; i++)
		(void)dbus_message_append_args(message, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &bytes,
					       (int)sizeof(filler), DBUS_TYPE_INVALID);
	dbus_message_unref(message);
}

int login_step_encode(const struct login_step *step, char **ret_data, size_t *ret_len)
{
	DBusMessage *message;
	char *data = NULL;
	int len = 0;
	bool done;

	if (!step_is_sound(step))
		return -EINVAL;
	for (unsigned i = 0; i < step->n_items; i++)
		if (!dbus_validate_utf8(step->items[i].text, NULL))
			return -EINVAL;
	message = dbus_message_new_signal(LOGIN_BUS_PATH, LOGIN_INTERFACE, STEP_MEMBER);
	if (!message)
		return -ENOMEM;
	dbus_message_set_serial(message, 1);    /* zero is not a valid serial */
	done = append_step(message, step) && dbus_message_marshal(message, &data, &len);
	forget(message);
	if (!done)
		return -ENOMEM;
	if ((size_t)len > LOGIN_STEP_MAX) {
		dbus_free(data);
		return -EMSGSIZE;
	}
	*ret_data = data;    /* dbus_malloc() is malloc() */
	*ret_len = (size_t)len;
	return 0;
}

/* Decoding: the types below were promised by the signature; those in variants are checked. */

static const char *take_string(DBusMessageIter *iter)
{
	const char *text;

	dbus_message_iter_get_basic(iter, &text);
	dbus_message_iter_next(iter);
	return text;
}

static void read_value(DBusMessageIter *variant, struct login_item *item,
		       const struct property *property)
{
	char *field = (char *)item + property->offset;
	dbus_bool_t truth;

	if (property->type == DBUS_TYPE_BOOLEAN) {
		dbus_message_iter_get_basic(variant, &truth);
		*(bool *)field = truth;
	} else {
		dbus_message_iter_get_basic(variant, field);
	}
}

/* `seen` has a bit for each row of the table. */
static int read_property(DBusMessageIter *entry, struct login_item *item, unsigned *seen)
{
	const char *name = take_string(entry);
	DBusMessageIter variant;

	dbus_message_iter_recurse(entry, &variant);
	for (size_t i = 0; i < N_ELEMENTS(properties); i++) {
		const struct property *property = &properties[i];

		if (property->kind != item->kind || strcmp(property->name, name) != 0)
			continue;
		if (*seen & 1u << i ||
		    dbus_message_iter_get_arg_type(&variant) != property->type)
			return -EBADMSG;
		*seen |= 1u << i;
		read_value(&variant, item, property);
	}
	return 0;
}

static int read_item(DBusMessageIter *fields, struct login_item *ret_item)
{
	int kind = word_index(login_item_names, ITEM_N_KINDS, take_string(fields));
	struct login_item item = { .kind = (enum login_item_kind)kind };
	DBusMessageIter dict, entry;
	unsigned seen = 0;

	if (kind < 0)
		return -EBADMSG;
	dbus_message_iter_recurse(fields, &dict);
	while (dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY) {
		dbus_message_iter_recurse(&dict, &entry);
		if (read_property(&entry, &item, &seen) < 0)
			return -EBADMSG;
		dbus_message_iter_next(&dict);
	}
	for (size_t i = 0; i < N_ELEMENTS(properties); i++)
		if ((int)properties[i].kind == kind && !(seen & 1u << i) &&
		    !properties[i].is_optional)
			return -EBADMSG;
	*ret_item = item;
	return 0;
}

static int read_step(DBusMessage *message, struct login_step *ret_step)
{
	DBusMessageIter iter, array, fields;
	int state;

	dbus_message_iter_init(message, &iter);
	state = word_index(login_state_names, LOGIN_N_STATES, take_string(&iter));
	if (state < 0)
		return -EBADMSG;
	ret_step->state = (enum login_state)state;
	dbus_message_iter_recurse(&iter, &array);
	while (dbus_message_iter_get_arg_type(&array) == DBUS_TYPE_STRUCT) {
		if (ret_step->n_items == LOGIN_ITEMS_MAX)
			return -EBADMSG;
		dbus_message_iter_recurse(&array, &fields);
		if (read_item(&fields, &ret_step->items[ret_step->n_items]) < 0)
			return -EBADMSG;
		ret_step->n_items++;
		dbus_message_iter_next(&array);
	}
	return step_is_sound(ret_step) ? 0 : -EBADMSG;
}

static bool message_is_step(DBusMessage *message)
{
	return dbus_message_is_signal(message, LOGIN_INTERFACE, STEP_MEMBER) &&
	       dbus_message_has_signature(message, STEP_SIGNATURE);
}

int login_step_decode(const char *data, size_t len, struct login_step *ret_step)
{
	struct login_step step = { .n_items = 0 };
	DBusMessage *message;

	/* The length in the header must be the datagram's: nothing cut off, nothing behind. */
	if (len < DBUS_MINIMUM_HEADER_SIZE || len > LOGIN_STEP_MAX ||
	    dbus_message_demarshal_bytes_needed(data, (int)len) != (int)len)
		return -EBADMSG;
	message = dbus_message_demarshal(data, (int)len, NULL);
	if (!message)
		return -EBADMSG;
	if (!message_is_step(message) || read_step(message, &step) < 0) {
		dbus_message_unref(message);
		return -EBADMSG;
	}
	step.message = message;
	*ret_step = step;
	return 0;
}

void login_step_done(struct login_step *step)
{
	if (step->message)
		dbus_message_unref(step->message);
	*step = (struct login_step){ .n_items = 0 };
}
