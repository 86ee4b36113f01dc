/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Break-glass codes, and the recovery of who lost his way in. Codes are made by jauthctl; what
 * crosses the bus is their SHA-256, of 80 random bits each.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-work.h"
#include "jauthd/glass.h"

struct wanted {
	char user[USER_NAME_MAX + 1];
	struct glass_hash hashes[GLASS_CODES_MAX];
	size_t n_hashes;
	char lost[METHOD_ID_MAX + 1];
};

/* --- arguments --- */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hash(const char *text, struct glass_hash *ret_hash)
{
	for (size_t i = 0; i < sizeof(ret_hash->bytes); i++) {
		int high = digit(text[2 * i]);
		int low = high < 0 ? -1 : digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		ret_hash->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* Lower-case hex, a blank between two of them. */
static bool read_hashes(struct wanted *wanted, const char *text)
{
	const size_t len = 2 * sizeof(wanted->hashes[0].bytes);

	for (; wanted->n_hashes < GLASS_CODES_MAX; text += len + 1) {
		if (!read_hash(text, &wanted->hashes[wanted->n_hashes]))
			return false;
		wanted->n_hashes++;
		if (!text[len])
			return true;
		if (text[len] != ' ')
			return false;
	}
	return false;
}

/* Too long a name is nobody's. */
static struct wanted *wanted_new(const char *user)
{
	struct wanted *wanted = calloc(1, sizeof(*wanted));

	if (!wanted)
		abort();
	(void)text_into(wanted->user, sizeof(wanted->user), user);
	return wanted;
}

static struct bus_work *make(struct bus *bus, DBusMessage *call, struct wanted *wanted,
			     int (*answer)(struct bus_work *work, struct db *db))
{
	struct bus_work *work = bus_work_new(bus, call, answer);

	work->input = wanted;
	work->free_input = free;
	return work;
}

/* The user is looked up first. */
static void start_change(struct bus *bus, DBusMessage *call, struct wanted *wanted,
			 int (*answer)(struct bus_work *work, struct db *db))
{
	struct bus_work *work = make(bus, call, wanted, answer);

	if (list_add(&work->names, wanted->user) < 0)
		abort();
	work->changes = true;
	bus_work_start(work);
}

/* --- setup, list, remove --- */

static int look_at_user(struct bus_work *work)
{
	const struct wanted *wanted = work->input;

	if (!work->users[0].exists)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "there is no user \"%s\"",
				      wanted->user);
	if (work->users[0].uid == 0)
		return bus_work_error(work, LOGIN_ERROR_INVALID,
				      "root never asks jauth: he needs no code of it");
	return 0;
}

static int answer_set(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	int r = look_at_user(work);

	if (r == 0)
		r = glass_set(db, wanted->user, work->users[0].uid, wanted->hashes,
			      wanted->n_hashes, work->now_s);
	return r < 0 ? r : bus_audit(work, db, wanted->user, work->users[0].uid,
				     "break-glass codes made: %zu", wanted->n_hashes);
}

static void handle_set(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	const char *user = "", *hashes = "";
	struct wanted *wanted;

	(void)dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &user, DBUS_TYPE_STRING, &hashes,
				    DBUS_TYPE_INVALID);
	wanted = wanted_new(user);
	if (read_hashes(wanted, hashes)) {
		start_change(bus, call, wanted, answer_set);
		return;
	}
	free(wanted);
	bus_reply_error(bus, call, LOGIN_ERROR_INVALID, "these are no hashes of codes");
}

static int add_row(const struct glass_row *row, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	dict_text(&dict, "user", row->user);
	dict_number(&dict, "uid", row->uid);
	dict_number(&dict, "created", row->created_s);
	dict_number(&dict, "used", row->used_s);
	dict_number(&dict, "codes", row->n_codes);
	dict_number(&dict, "recovery-until", row->recovery_until_s);
	dict_close(rows, &dict);
	return 0;
}

static int answer_list(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = glass_each(db, wanted->user[0] ? wanted->user : NULL, work->now_s, add_row, &rows);
	dict_close(&iter, &rows);
	return r;
}

static int answer_remove(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	int r = glass_remove(db, wanted->user);

	if (r == -ENOENT)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
				      "\"%s\" has no break-glass codes", wanted->user);
	return r < 0 ? r : bus_audit(work, db, wanted->user, -1, "break-glass codes removed");
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	bus_work_start(make(bus, call, wanted_new(bus_text(call)), answer_list));
}

static void handle_remove(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	struct bus_work *work = make(bus, call, wanted_new(bus_text(call)), answer_remove);

	work->changes = true;
	bus_work_start(work);
}

/* --- recover --- */

struct lost {
	struct bus_work *work;
	struct db *db;
	const char *issuer;
	int64_t ids[LINKS_LOST_MAX];
	size_t n;
};

static int find_lost(const struct link *link, void *context)
{
	struct lost *lost = context;

	if (!text_equals(link->issuer, lost->issuer))
		return 0;
	if (lost->n == N_ELEMENTS(lost->ids))
		return bus_work_error(lost->work, LOGIN_ERROR_INVALID,
				      "he has too many links of that method; jauthctl link remove "
				      "takes them away");
	lost->ids[lost->n++] = link->id;
	return 0;
}

static int remove_one(struct bus_work *work, struct db *db, int64_t id)
{
	struct link link;
	int r = link_get(db, id, &link);

	if (r < 0)
		return r;
	r = link_remove(db, id);
	if (r == 0)
		r = bus_notice(work, db, NOTICE_UNLINKED, &link);
	if (r == 0)
		r = bus_audit(work, db, link.user, link.uid, "lost, link removed: %s %s",
			      link.issuer, link.subject);
	link_done(&link);
	return r;
}

/* The method that is lost: no identity of it is his any more. */
static int remove_lost(struct bus_work *work, struct db *db, int64_t *ret_n)
{
	const struct wanted *wanted = work->input;
	const struct method *method = config_method(work->config, wanted->lost);
	_cleanup_(buf_done) struct buf issuer = BUF_INIT(URL_MAX);
	struct lost lost = { .work = work, .db = db };
	int r;

	if (!method)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "there is no method \"%s\"",
				      wanted->lost);
	if (method->provider->name_issuer)
		method->provider->name_issuer(method->config, &issuer);
	if (!issuer.len)
		return bus_work_error(work, LOGIN_ERROR_INVALID,
				      "which links are of method \"%s\" cannot be told; jauthctl "
				      "link remove takes them away", wanted->lost);
	lost.issuer = buf_text(&issuer);
	r = link_each(db, wanted->user, find_lost, &lost);
	for (size_t i = 0; r == 0 && i < lost.n; i++)
		r = remove_one(work, db, lost.ids[i]);
	if (r == 0)
		*ret_n = (int64_t)lost.n;
	return r;
}

/* A code that nothing takes would help nobody. */
static int look_at_methods(struct bus_work *work)
{
	for (unsigned i = 0; i < work->config->n_methods; i++)
		if (text_equals(work->config->methods[i]->provider->type, "break-glass"))
			return 0;
	return bus_work_error(work, LOGIN_ERROR_INVALID,
			      "no method of type break-glass is configured: nothing would take "
			      "the code");
}

static int answer_recover(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	int64_t n = 0;
	int r = look_at_user(work);

	if (r == 0)
		r = look_at_methods(work);
	if (r == 0 && wanted->lost[0])
		r = remove_lost(work, db, &n);
	if (r == 0)
		r = glass_set_recovery(db, wanted->user, work->users[0].uid, &wanted->hashes[0],
				       work->now_s);
	if (r == 0)
		r = bus_audit(work, db, wanted->user, work->users[0].uid,
			      "recovery code made, links removed: %" PRId64, n);
	if (r == 0 && !dbus_message_append_args(work->reply, DBUS_TYPE_INT64, &n,
						DBUS_TYPE_INVALID))
		abort();
	return r;
}

static void handle_recover(struct bus *bus, DBusMessage *call,
			   const struct bus_caller *caller UNUSED)
{
	const char *user = "", *hash = "", *lost = "";
	struct wanted *wanted;

	(void)dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &user, DBUS_TYPE_STRING, &hash,
				    DBUS_TYPE_STRING, &lost, DBUS_TYPE_INVALID);
	wanted = wanted_new(user);
	if (read_hashes(wanted, hash) && wanted->n_hashes == 1 &&
	    text_into(wanted->lost, sizeof(wanted->lost), lost)) {
		start_change(bus, call, wanted, answer_recover);
		return;
	}
	free(wanted);
	bus_reply_error(bus, call, LOGIN_ERROR_INVALID, "no hash of a code, or no such method");
}

const struct bus_method bus_glass_methods[] = {
	{ ACCOUNTS_INTERFACE, "SetBreakGlass", "ss", BUS_ROOT, handle_set },
	{ ACCOUNTS_INTERFACE, "ListBreakGlass", "s", BUS_ROOT, handle_list },
	{ ACCOUNTS_INTERFACE, "RemoveBreakGlass", "s", BUS_ROOT, handle_remove },
	{ ACCOUNTS_INTERFACE, "RecoverUser", "sss", BUS_ROOT, handle_recover },
	{ 0 }
};
