/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the throttle and of the budget look the same: whoever asks why somebody has to wait need
 * not know which of them counts. */
#include "jauthd/bus-limits.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/budget.h"
#include "jauthd/bus-audit.h"
#include "jauthd/throttle.h"

#define ENOUGH 1                         /* ends a walk without being an error */

struct limits {
	DBusMessageIter *rows;
	const char *user;
	int n_rows;
};

static int add_row(const struct budget_row *row, void *context)
{
	struct limits *limits = context;
	DBusMessageIter dict;

	if (++limits->n_rows > BUS_ROWS_MAX)
		return ENOUGH;
	dict_open(limits->rows, &dict);
	dict_text(&dict, "what", row->what);
	dict_text(&dict, "scope", row->scope);
	dict_text(&dict, "user", row->user_hash[0] ? limits->user : "");
	dict_text(&dict, "user-hash", row->user_hash);
	dict_number(&dict, "count", row->count);
	dict_number(&dict, "limit", row->limit);
	dict_number(&dict, "wait-until", row->wait_until_s);
	dict_close(limits->rows, &dict);
	return 0;
}

static int add_throttle_row(const struct throttle_row *throttle, void *context)
{
	struct budget_row row = {
		.what = "failures from one source",
		.scope = throttle->scope,
		.count = throttle->failures,
		.limit = THROTTLE_FREE_FAILURES,
		.wait_until_s = throttle->wait_until_s,
	};

	memcpy(row.user_hash, throttle->user_hash, sizeof(row.user_hash));
	return add_row(&row, context);
}

int bus_limits_add(const struct bus_work *work, struct db *db, const char *user,
		   DBusMessageIter *rows)
{
	struct limits limits = { .rows = rows, .user = user };
	char hash[17];
	int r;

	throttle_user_hash(db_key(db), user, hash);
	r = budget_each(db, &work->config->budget, user[0] ? hash : NULL, work->now_s, add_row,
			&limits);
	if (r == 0)
		r = throttle_each(db, user[0] ? hash : NULL, add_throttle_row, &limits);
	return r < 0 ? r : 0;
}

static int answer_limits(struct bus_work *work, struct db *db)
{
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = bus_limits_add(work, db, work->input, &rows);
	dict_close(&iter, &rows);
	return r;
}

static int answer_unlock(struct bus_work *work, struct db *db)
{
	const char *user = work->input;
	int64_t n_throttle = 0, n_budget = 0;
	dbus_int64_t n_rows;
	char hash[17];
	int r;

	throttle_user_hash(db_key(db), user, hash);
	r = throttle_unlock(db, user[0] ? hash : NULL, &n_throttle);
	if (r == 0)
		r = budget_unlock(db, user[0] ? hash : NULL, &n_budget);
	if (r < 0)
		return r;
	n_rows = n_throttle + n_budget;
	if (!dbus_message_append_args(work->reply, DBUS_TYPE_INT64, &n_rows, DBUS_TYPE_INVALID))
		abort();
	return bus_audit(work, db, "", -1, "limits unlocked for %s", user[0] ? user : "everybody");
}

static void start(struct bus *bus, DBusMessage *call,
		  int (*answer)(struct bus_work *work, struct db *db), bool changes)
{
	struct bus_work *work = bus_work_new(bus, call, answer);

	bus_work_take_text(work);
	work->changes = changes;
	bus_work_start(work);
}

static void handle_limits(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	start(bus, call, answer_limits, false);
}

static void handle_unlock(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	start(bus, call, answer_unlock, true);
}

const struct bus_method bus_limits_methods[] = {
	{ ADMIN_INTERFACE, "Limits", "s", BUS_ROOT, handle_limits },
	{ ADMIN_INTERFACE, "UnlockLimits", "s", BUS_ROOT, handle_unlock },
	{ 0 }
};
