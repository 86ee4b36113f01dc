/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What users prove themselves with besides passwords: list and remove telephone numbers and TOTP
 * keys. They are added on the socket of a login (phase enrol), so that neither crosses the bus;
 * here a number is seen masked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-work.h"
#include "jauthd/enrolments.h"
#include "jauthd/phones.h"

/* What is asked for; every method takes one of the two. */
struct wanted {
	char *user;
	int64_t id;
};

static void wanted_free(void *input)
{
	struct wanted *wanted = input;

	free(wanted->user);
	free(wanted);
}

static void start(struct bus *bus, DBusMessage *call, const char *user, int64_t id,
		  int (*answer)(struct bus_work *work, struct db *db), bool changes)
{
	struct bus_work *work = bus_work_new(bus, call, answer);
	struct wanted *wanted = calloc(1, sizeof(*wanted));

	if (!wanted)
		abort();
	wanted->user = text_copy(user);
	wanted->id = id;
	work->input = wanted;
	work->free_input = wanted_free;
	work->changes = changes;
	bus_work_start(work);
}

/* --- numbers --- */

static int add_phone_row(const struct phone_record *record, void *context)
{
	DBusMessageIter *rows = context, dict;
	char masked[PHONE_MASK_SIZE];

	phone_mask(record->number, false, masked);
	dict_open(rows, &dict);
	dict_number(&dict, "id", record->id);
	dict_text(&dict, "user", record->user);
	dict_number(&dict, "uid", record->uid);
	dict_text(&dict, "number", masked);
	dict_text(&dict, "label", record->label);
	dict_number(&dict, "created", record->created_s);
	dict_number(&dict, "used", record->used_s);
	dict_text(&dict, "list", record->source);
	dict_close(rows, &dict);
	return 0;
}

static int answer_list_phones(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = phone_each(db, text_is_empty(wanted->user) ? NULL : wanted->user, -1, add_phone_row,
		       &rows);
	dict_close(&iter, &rows);
	return r;
}

/* Not one that a list has left behind, which the configuration has no more. */
static bool has_list(const struct bus_work *work, const struct phone_record *record)
{
	const struct method *method = config_method(work->config, record->source);

	return record->source[0] && method && method->directory;
}

static int answer_remove_phone(struct bus_work *work, struct db *db)
{
	_cleanup_(phone_record_done) struct phone_record record = { 0 };
	const struct wanted *wanted = work->input;
	char masked[PHONE_MASK_SIZE];
	int r = phone_get(db, wanted->id, &record);

	/* It would not come back by itself; nobody can say whether that was meant. */
	if (r == 0 && has_list(work, &record))
		return bus_work_error(work, LOGIN_ERROR_INVALID, "phone %" PRId64 " stands in the "
				      "list of method \"%s\"; take its row out there", wanted->id,
				      record.source);
	if (r == 0)
		r = phone_remove(db, wanted->id);
	if (r == -ENOENT)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "there is no phone %" PRId64,
				      wanted->id);
	if (r < 0)
		return r;
	phone_mask(record.number, false, masked);
	return bus_audit(work, db, record.user, record.uid, "phone removed: %" PRId64 " %s",
			 wanted->id, masked);
}

static void handle_list_phones(struct bus *bus, DBusMessage *call,
			       const struct bus_caller *caller UNUSED)
{
	start(bus, call, bus_text(call), 0, answer_list_phones, false);
}

static void handle_remove_phone(struct bus *bus, DBusMessage *call,
				const struct bus_caller *caller UNUSED)
{
	dbus_int64_t id = 0;

	(void)dbus_message_get_args(call, NULL, DBUS_TYPE_INT64, &id, DBUS_TYPE_INVALID);
	start(bus, call, NULL, id, answer_remove_phone, true);
}

/* --- TOTP keys --- */

static int add_totp_row(const struct enrolment_row *row, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	dict_text(&dict, "user", row->user);
	dict_number(&dict, "uid", row->uid);
	dict_number(&dict, "created", row->created_s);
	dict_number(&dict, "used", row->used_s);
	dict_number(&dict, "recovery", row->n_recovery);
	dict_close(rows, &dict);
	return 0;
}

static int answer_list_totp(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = enrolment_each(db, text_is_empty(wanted->user) ? NULL : wanted->user, add_totp_row,
			   &rows);
	dict_close(&iter, &rows);
	return r;
}

static int answer_remove_totp(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	int r = enrolment_remove(db, wanted->user);

	if (r == -ENOENT)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
				      "\"%s\" has no TOTP key", wanted->user);
	return r < 0 ? r : bus_audit(work, db, wanted->user, -1, "TOTP key removed");
}

static void handle_list_totp(struct bus *bus, DBusMessage *call,
			     const struct bus_caller *caller UNUSED)
{
	start(bus, call, bus_text(call), 0, answer_list_totp, false);
}

static void handle_remove_totp(struct bus *bus, DBusMessage *call,
			       const struct bus_caller *caller UNUSED)
{
	start(bus, call, bus_text(call), 0, answer_remove_totp, true);
}

const struct bus_method bus_phones_methods[] = {
	{ ACCOUNTS_INTERFACE, "ListPhones", "s", BUS_ROOT, handle_list_phones },
	{ ACCOUNTS_INTERFACE, "RemovePhone", "x", BUS_ROOT, handle_remove_phone },
	{ ACCOUNTS_INTERFACE, "ListTotp", "s", BUS_ROOT, handle_list_totp },
	{ ACCOUNTS_INTERFACE, "RemoveTotp", "s", BUS_ROOT, handle_remove_totp },
	{ 0 }
};
