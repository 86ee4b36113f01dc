/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/login-protocol.c: what is encoded comes back, and nothing unsound is taken. */
#include "base/login-protocol.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dbus/dbus.h>

#include "base/macro.h"

static const struct login_step ask_step = {
	.state = LOGIN_ASK,
	.items = {
		{ .kind = ITEM_REQUEST, .text = "0123abcd" },
		{ .kind = ITEM_INFO, .text = "Scan \xe2\x96\x80\xe2\x96\x84" },
		{ .kind = ITEM_ERROR, .text = "" },
		{ .kind = ITEM_ASK, .text = "Password: ", .password = true, .number = 4000000000u,
		  .name = "number" },
	},
	.n_items = 4,
};

/* Encodes a step that must be accepted; the caller frees. */
static char *encode(const struct login_step *step, size_t *ret_len)
{
	char *data = NULL;

	assert_int_equal(login_step_encode(step, &data, ret_len), 0);
	assert_non_null(data);
	return data;
}

static void a_step_comes_back_as_it_was(void **state UNUSED)
{
	struct login_step step = { .n_items = 0 };
	size_t len;
	char *data = encode(&ask_step, &len);

	assert_int_equal(login_step_decode(data, len, &step), 0);
	free(data);
	assert_int_equal(step.state, LOGIN_ASK);
	assert_int_equal(step.n_items, ask_step.n_items);
	for (unsigned i = 0; i < step.n_items; i++) {
		assert_int_equal(step.items[i].kind, ask_step.items[i].kind);
		assert_string_equal(step.items[i].text, ask_step.items[i].text);
		assert_int_equal(step.items[i].echo, ask_step.items[i].echo);
		assert_int_equal(step.items[i].password, ask_step.items[i].password);
		assert_int_equal(step.items[i].number, ask_step.items[i].number);
	}
	assert_null(step.items[0].name);
	assert_string_equal(step.items[step.n_items - 1].name, "number");
	login_step_done(&step);
	assert_null(step.message);
	assert_int_equal(step.n_items, 0);
}

static void every_state_passes_without_items_but_ask(void **state UNUSED)
{
	for (int i = 0; i < LOGIN_N_STATES; i++) {
		struct login_step step = { .state = (enum login_state)i };
		struct login_step back = { .n_items = 0 };
		char *data = NULL;
		size_t len;

		if (i == LOGIN_ASK) {
			assert_int_equal(login_step_encode(&step, &data, &len), -EINVAL);
			continue;
		}
		data = encode(&step, &len);
		assert_int_equal(login_step_decode(data, len, &back), 0);
		assert_int_equal(back.state, i);
		assert_int_equal(login_state_is_outcome(back.state), i > LOGIN_WAIT);
		login_step_done(&back);
		free(data);
	}
}

static void every_enum_has_its_word(void **state UNUSED)
{
	static const struct {
		const char *const *words;
		size_t n_words;
	} tables[] = {
		{ login_phase_names, LOGIN_N_PHASES },
		{ login_surface_names, LOGIN_N_SURFACES },
		{ login_state_names, LOGIN_N_STATES },
		{ login_item_names, ITEM_N_KINDS },
	};

	for (size_t t = 0; t < N_ELEMENTS(tables); t++)
		for (size_t i = 0; i < tables[t].n_words; i++)
			assert_non_null(tables[t].words[i]);
}

static void unsound_steps_are_not_encoded(void **state UNUSED)
{
	static const struct login_step rows[] = {
		{ .state = LOGIN_N_STATES },
		{ .state = LOGIN_WAIT, .n_items = LOGIN_ITEMS_MAX + 1 },
		{ .state = LOGIN_WAIT, .items = { { .kind = ITEM_N_KINDS, .text = "" } },
		  .n_items = 1 },
		{ .state = LOGIN_WAIT, .items = { { .kind = ITEM_INFO } }, .n_items = 1 },
		{ .state = LOGIN_WAIT, .items = { { .kind = ITEM_ASK, .text = "?" } },
		  .n_items = 1 },
		{ .state = LOGIN_ASK, .items = { { .kind = ITEM_INFO, .text = "?" } },
		  .n_items = 1 },
		{ .state = LOGIN_ASK, .items = { { .kind = ITEM_ASK, .text = "?" },
						 { .kind = ITEM_INFO, .text = "!" } },
		  .n_items = 2 },
		{ .state = LOGIN_ASK, .items = { { .kind = ITEM_ASK, .text = "?" },
						 { .kind = ITEM_ASK, .text = "?" } },
		  .n_items = 2 },
		{ .state = LOGIN_WAIT, .items = { { .kind = ITEM_INFO, .text = "\xff" } },
		  .n_items = 1 },
		{ .state = LOGIN_WAIT, .items = { { .kind = ITEM_INFO, .text = "\xed\xa0\x80" } },
		  .n_items = 1 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char *data = NULL;
		size_t len = 0;

		assert_int_equal(login_step_encode(&rows[i], &data, &len), -EINVAL);
		assert_null(data);
	}
}

static void a_text_has_its_limit_and_so_has_the_step(void **state UNUSED)
{
	static char text[LOGIN_TEXT_MAX + 2];
	struct login_step step = { .state = LOGIN_DENIED, .n_items = 1,
				   .items = { { .kind = ITEM_INFO, .text = text } } };
	char *data = NULL;
	size_t len;

	memset(text, 'a', LOGIN_TEXT_MAX + 1);
	assert_int_equal(login_step_encode(&step, &data, &len), -EINVAL);
	text[LOGIN_TEXT_MAX] = '\0';
	free(encode(&step, &len));
	step.n_items = 4;
	for (int i = 0; i < 4; i++)
		step.items[i] = step.items[0];
	data = NULL;
	assert_int_equal(login_step_encode(&step, &data, &len), -EMSGSIZE);
	assert_null(data);
}

/* Foreign messages, written with libdbus as a wrong jauthd would. */

struct entry {
	const char *key;
	int type;
	const char *text;
	dbus_uint32_t number;
};

struct message_row {
	const char *state;
	const char *kind;
	struct entry entries[6];
	int n_copies;            /* of the item */
	int want;
};

#define TEXT(key_, text_)     { .key = (key_), .type = DBUS_TYPE_STRING, .text = (text_) }
#define NUMBER(key_, number_) { .key = (key_), .type = DBUS_TYPE_UINT32, .number = (number_) }
#define TRUTH(key_, value_)   { .key = (key_), .type = DBUS_TYPE_BOOLEAN, .number = (value_) }
#define WHOLE_ASK TEXT("text", "?"), TRUTH("echo", 1), NUMBER("number", 7), TRUTH("password", 0)

static const struct message_row message_rows[] = {
	{ "wait", "info", { TEXT("text", "a") }, 1, 0 },
	{ "wait", "info", { TEXT("text", "a") }, LOGIN_ITEMS_MAX, 0 },
	{ "wait", "info", { TEXT("text", "a") }, LOGIN_ITEMS_MAX + 1, -EBADMSG },
	{ "wait", "info", { TEXT("text", "a"), TEXT("new", "skipped") }, 1, 0 },
	{ "wait", "info", { TEXT("text", "a"), TEXT("text", "b") }, 1, -EBADMSG },
	{ "wait", "info", { TEXT("id", "a") }, 1, -EBADMSG },
	{ "wait", "info", { NUMBER("text", 1) }, 1, -EBADMSG },
	{ "wait", "picture", { TEXT("text", "a") }, 1, -EBADMSG },
	{ "wait", "", { TEXT("text", "a") }, 1, -EBADMSG },
	{ "Wait", "info", { TEXT("text", "a") }, 1, -EBADMSG },
	{ "", "info", { TEXT("text", "a") }, 1, -EBADMSG },
	{ "ask", "ask", { WHOLE_ASK }, 1, 0 },
	{ "ask", "ask", { WHOLE_ASK, TEXT("name", "number") }, 1, 0 },
	{ "ask", "ask", { WHOLE_ASK, NUMBER("name", 7) }, 1, -EBADMSG },
	{ "ask", "ask", { WHOLE_ASK }, 2, -EBADMSG },
	{ "ask", "ask", { WHOLE_ASK }, 0, -EBADMSG },
	{ "ask", "info", { TEXT("text", "a") }, 1, -EBADMSG },
	{ "granted", "ask", { WHOLE_ASK }, 1, -EBADMSG },
	{ "wait", "ask", { WHOLE_ASK }, 1, -EBADMSG },
	{ "ask", "ask", { TEXT("text", "?"), TRUTH("echo", 1), NUMBER("number", 7) }, 1, -EBADMSG },
	{ "ask", "ask", { TEXT("text", "?"), TRUTH("echo", 1), TRUTH("number", 1),
			  TRUTH("password", 0) }, 1, -EBADMSG },
	{ "granted", "request", { TEXT("id", "x") }, 1, 0 },
	{ "granted", "request", { TEXT("text", "x") }, 1, -EBADMSG },
};

static void add_entry(DBusMessageIter *dict, const struct entry *entry)
{
	const char signature[] = { (char)entry->type, '\0' };
	const void *value = entry->type == DBUS_TYPE_STRING ? (const void *)&entry->text
							    : (const void *)&entry->number;
	DBusMessageIter pair, variant;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &pair);
	dbus_message_iter_append_basic(&pair, DBUS_TYPE_STRING, &entry->key);
	dbus_message_iter_open_container(&pair, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_append_basic(&variant, entry->type, value);
	dbus_message_iter_close_container(&pair, &variant);
	dbus_message_iter_close_container(dict, &pair);
}

static void add_row(DBusMessage *message, const struct message_row *row)
{
	DBusMessageIter iter, array, item, dict;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &row->state);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "(sa{sv})", &array);
	for (int i = 0; i < row->n_copies; i++) {
		dbus_message_iter_open_container(&array, DBUS_TYPE_STRUCT, NULL, &item);
		dbus_message_iter_append_basic(&item, DBUS_TYPE_STRING, &row->kind);
		dbus_message_iter_open_container(&item, DBUS_TYPE_ARRAY, "{sv}", &dict);
		for (const struct entry *entry = row->entries; entry->key; entry++)
			add_entry(&dict, entry);
		dbus_message_iter_close_container(&item, &dict);
		dbus_message_iter_close_container(&array, &item);
	}
	dbus_message_iter_close_container(&iter, &array);
}

/* Decodes the message as a datagram; frees it. */
static int decode_message(DBusMessage *message)
{
	struct login_step step = { .n_items = 0 };
	char *data;
	int len, r;

	dbus_message_set_serial(message, 1);
	assert_true(dbus_message_marshal(message, &data, &len));
	r = login_step_decode(data, (size_t)len, &step);
	login_step_done(&step);
	dbus_free(data);
	dbus_message_unref(message);
	return r;
}

static DBusMessage *step_signal(void)
{
	return dbus_message_new_signal(LOGIN_BUS_PATH, LOGIN_INTERFACE, "Step");
}

static void foreign_steps_are_taken_or_refused_whole(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(message_rows); i++) {
		DBusMessage *message = step_signal();

		add_row(message, &message_rows[i]);
		if (decode_message(message) != message_rows[i].want)
			fail_msg("row %zu", i);
	}
}

static void other_messages_are_no_steps(void **state UNUSED)
{
	const struct message_row *good = &message_rows[0];
	const char *word = "wait";
	DBusMessage *message;

	message = dbus_message_new_signal(LOGIN_BUS_PATH, LOGIN_INTERFACE, "Other");
	add_row(message, good);
	assert_int_equal(decode_message(message), -EBADMSG);
	message = dbus_message_new_signal(LOGIN_BUS_PATH, ADMIN_INTERFACE, "Step");
	add_row(message, good);
	assert_int_equal(decode_message(message), -EBADMSG);
	message = dbus_message_new_method_call(NULL, LOGIN_BUS_PATH, LOGIN_INTERFACE, "Step");
	add_row(message, good);
	assert_int_equal(decode_message(message), -EBADMSG);
	assert_int_equal(decode_message(step_signal()), -EBADMSG);
	message = step_signal();
	dbus_message_append_args(message, DBUS_TYPE_STRING, &word, DBUS_TYPE_INVALID);
	assert_int_equal(decode_message(message), -EBADMSG);
}

static void a_text_that_is_too_long_is_refused(void **state UNUSED)
{
	static char text[LOGIN_TEXT_MAX + 2];
	struct message_row row = { "wait", "info", { TEXT("text", text) }, 1, 0 };
	DBusMessage *message = step_signal();

	memset(text, 'a', LOGIN_TEXT_MAX + 1);
	add_row(message, &row);
	assert_int_equal(decode_message(message), -EBADMSG);
}

static void every_cut_and_every_tail_is_refused(void **state UNUSED)
{
	struct login_step step = { .n_items = 0 };
	size_t len;
	char *data = encode(&ask_step, &len);
	char *longer = calloc(1, len + 8);

	for (size_t i = 0; i < len; i++)
		assert_int_equal(login_step_decode(data, i, &step), -EBADMSG);
	memcpy(longer, data, len);
	assert_int_equal(login_step_decode(longer, len + 8, &step), -EBADMSG);
	free(longer);
	free(data);
}

static void every_broken_byte_is_refused_or_still_sound(void **state UNUSED)
{
	size_t len;
	char *data = encode(&ask_step, &len);

	for (size_t i = 0; i < len; i++) {
		struct login_step step = { .n_items = 0 };

		data[i] ^= 0x41;
		if (login_step_decode(data, len, &step) == 0) {
			assert_int_equal(step.state, LOGIN_ASK);
			assert_int_equal(step.items[step.n_items - 1].kind, ITEM_ASK);
		}
		login_step_done(&step);
		data[i] ^= 0x41;
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_comes_back_as_it_was),
		cmocka_unit_test(every_state_passes_without_items_but_ask),
		cmocka_unit_test(every_enum_has_its_word),
		cmocka_unit_test(unsound_steps_are_not_encoded),
		cmocka_unit_test(a_text_has_its_limit_and_so_has_the_step),
		cmocka_unit_test(foreign_steps_are_taken_or_refused_whole),
		cmocka_unit_test(other_messages_are_no_steps),
		cmocka_unit_test(a_text_that_is_too_long_is_refused),
		cmocka_unit_test(every_cut_and_every_tail_is_refused),
		cmocka_unit_test(every_broken_byte_is_refused_or_still_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
