/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts kept by jauth: list, add, remove, lock, unlock, set; lock, unlock and remove are for the
 * users that it made, too. Passwords never come this way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-work.h"

static int add_user_row(const struct account *account, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	dict_text(&dict, "user", account->user);
	dict_number(&dict, "uid", account->uid);
	dict_bool(&dict, "locked", account->locked);
	dict_bool(&dict, "must-change", account->must_change);
	dict_bool(&dict, "has-password", account->hash[0] != '\0');
	dict_number(&dict, "expires", account->expires_s);
	dict_number(&dict, "password-expires", account->password_expires_s);
	dict_number(&dict, "created", account->created_s);
	dict_number(&dict, "changed", account->changed_s);
	dict_close(rows, &dict);
	return 0;
}

static int answer_list(struct bus_work *work, struct db *db)
{
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = account_each(db, add_user_row, &rows);
	dict_close(&iter, &rows);
	return r;
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	bus_work_start(bus_work_new(bus, call, answer_list));
}

/* What AddUser and SetUser may say; what is absent stays as it is. */
struct wanted_user {
	char user[USER_NAME_MAX + 1];
	int64_t expires_s;
	bool has_expires;
	bool must_change, has_must_change;
};

static int not_found(struct bus_work *work, const char *user)
{
	return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
			      "jauth keeps no account of \"%s\", and did not make that user",
			      user);
}

static int answer_add(struct bus_work *work, struct db *db)
{
	struct wanted_user *wanted = work->input;
	struct account account = { .created_s = work->now_s, .expires_s = wanted->expires_s };
	int r;

	if (!work->users[0].exists)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "there is no user \"%s\"",
				      wanted->user);
	(void)text_into(account.user, sizeof(account.user), wanted->user);
	account.uid = work->users[0].uid;
	account.must_change = wanted->must_change;
	r = account_add(db, &account);
	if (r == -EEXIST)
		return bus_work_error(work, LOGIN_ERROR_INVALID, "this account is there already");
	return r < 0 ? r : bus_audit(work, db, account.user, account.uid, "account added");
}

static int answer_set(struct bus_work *work, struct db *db)
{
	struct wanted_user *wanted = work->input;
	int r = 0;

	if (wanted->has_expires)
		r = account_set_expiry(db, wanted->user, wanted->expires_s);
	if (r == 0 && wanted->has_must_change)
		r = account_set_must_change(db, wanted->user, wanted->must_change);
	if (r == -ENOENT)
		return not_found(work, wanted->user);
	return r < 0 ? r : bus_audit(work, db, wanted->user, -1, "account changed");
}

static int answer_remove(struct bus_work *work, struct db *db)
{
	struct wanted_user *wanted = work->input;
	int r = account_remove(db, wanted->user);
	int r_person = r == 0 || r == -ENOENT ? bus_people_remove(work, db, wanted->user) : r;

	if (r == -ENOENT && r_person == -ENOENT)
		return not_found(work, wanted->user);
	if (r_person != -ENOENT)
		return r_person;
	return r < 0 ? r : bus_audit(work, db, wanted->user, -1, "account removed");
}

static int set_locked(struct bus_work *work, struct db *db, bool locked)
{
	struct wanted_user *wanted = work->input;
	int r = account_set_locked(db, wanted->user, locked);
	int r_person = r == 0 || r == -ENOENT ?
		       bus_people_set_locked(work, db, wanted->user, locked) : r;

	if (r == -ENOENT && r_person == -ENOENT)
		return not_found(work, wanted->user);
	if (r_person != -ENOENT)
		return r_person;
	return r < 0 ? r : bus_audit(work, db, wanted->user, -1, "account %s",
				     locked ? "locked" : "unlocked");
}

static int answer_lock(struct bus_work *work, struct db *db)
{
	return set_locked(work, db, true);
}

static int answer_unlock(struct bus_work *work, struct db *db)
{
	return set_locked(work, db, false);
}

static bool read_options(DBusMessageIter *dict, struct wanted_user *wanted)
{
	const int64_t unset = INT64_MIN;
	int64_t expires = unset;
	bool yes = true, no = false;

	/* Asked twice with other fallbacks: equal answers mean that it is there. */
	if (!dict_get_number(dict, "expires", &expires) ||
	    !dict_get_bool(dict, "must-change", &yes) ||
	    !dict_get_bool(dict, "must-change", &no) || (expires < 0 && expires != unset))
		return false;
	wanted->has_expires = expires != unset;
	wanted->expires_s = wanted->has_expires ? expires : 0;
	wanted->has_must_change = yes == no;
	wanted->must_change = wanted->has_must_change && yes;
	return true;
}

static void start(struct bus *bus, DBusMessage *call,
		  int (*answer)(struct bus_work *work, struct db *db), bool looks_up)
{
	struct wanted_user *wanted = calloc(1, sizeof(*wanted));
	DBusMessageIter iter;
	struct bus_work *work;
	const char *user;
	bool is_right;

	if (!wanted)
		abort();
	dbus_message_iter_init(call, &iter);
	dbus_message_iter_get_basic(&iter, &user);
	is_right = user[0] && text_into(wanted->user, sizeof(wanted->user), user);
	if (dbus_message_iter_next(&iter))
		is_right = read_options(&iter, wanted) && is_right;
	if (!is_right) {
		free(wanted);
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID,
				"no user, too long a name, or a value has another type");
		return;
	}
	work = bus_work_new(bus, call, answer);
	work->input = wanted;
	work->free_input = free;
	work->changes = true;
	work->changes_people = true;
	if (looks_up && list_add(&work->names, user) < 0)
		abort();
	bus_work_start(work);
}

static void handle_add(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	start(bus, call, answer_add, true);
}

static void handle_set(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	start(bus, call, answer_set, false);
}

static void handle_remove(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	start(bus, call, answer_remove, false);
}

static void handle_lock(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	start(bus, call, answer_lock, false);
}

static void handle_unlock(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	start(bus, call, answer_unlock, false);
}

const struct bus_method bus_users_methods[] = {
	{ ACCOUNTS_INTERFACE, "ListUsers", "", BUS_ROOT, handle_list },
	{ ACCOUNTS_INTERFACE, "AddUser", "sa{sv}", BUS_ROOT, handle_add },
	{ ACCOUNTS_INTERFACE, "SetUser", "sa{sv}", BUS_ROOT, handle_set },
	{ ACCOUNTS_INTERFACE, "RemoveUser", "s", BUS_ROOT, handle_remove },
	{ ACCOUNTS_INTERFACE, "LockUser", "s", BUS_ROOT, handle_lock },
	{ ACCOUNTS_INTERFACE, "UnlockUser", "s", BUS_ROOT, handle_unlock },
	{ 0 }
};
