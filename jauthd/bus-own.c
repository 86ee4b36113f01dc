/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What users see and take away of their own links, without root. Who that is says the bus; a link
 * is his when name and uid are. What is added takes more: phase LOGIN_LINK of a login.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-work.h"

static int look_at_caller(struct bus_work *work)
{
	if (!work->config->self_service)
		return bus_work_error(work, LOGIN_ERROR_DENIED,
				      "only root may do this on this machine");
	if (!work->caller.exists)
		return bus_work_error(work, LOGIN_ERROR_DENIED, "you are no user here");
	return 0;
}

static bool is_own(const struct link *link, const struct unix_user *user)
{
	return text_equals(link->user, user->name) && link->uid == user->uid;
}

/* --- list --- */

struct own_links {
	const struct unix_user *user;
	DBusMessageIter rows;
};

static int add_own(const struct link *link, void *context)
{
	struct own_links *own = context;

	return is_own(link, own->user) ? bus_links_add_row(link, &own->rows) : 0;
}

static int answer_list(struct bus_work *work, struct db *db)
{
	struct own_links own = { .user = &work->caller };
	DBusMessageIter iter;
	int r = look_at_caller(work);

	if (r < 0)
		return r;
	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &own.rows);
	r = link_each(db, work->caller.name, add_own, &own);
	dict_close(&iter, &own.rows);
	return r;
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller)
{
	bus_work_start_own(bus_work_new(bus, call, answer_list), caller);
}

/* --- remove --- */

/* Whose link it is, if not his, is not said. */
static int get_own(struct bus_work *work, struct db *db, int64_t id, struct link *ret_link)
{
	int r = link_get(db, id, ret_link);

	if (r == -ENOENT || (r == 0 && !is_own(ret_link, &work->caller)))
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "you have no link %" PRId64, id);
	return r;
}

static int look_at_changes(struct bus_work *work, struct db *db)
{
	int64_t n = 0;
	int r = notices_count_day(db, work->caller.name, work->caller.uid, work->now_s, &n);

	if (r == 0 && n >= OWN_CHANGES_DAY)
		return bus_work_error(work, LOGIN_ERROR_LIMIT,
				      "your links were changed too often today");
	return r;
}

static int answer_remove(struct bus_work *work, struct db *db)
{
	_cleanup_(link_done) struct link link = { 0 };
	int64_t id = *(int64_t *)work->input;
	int r = look_at_caller(work);

	if (r == 0)
		r = get_own(work, db, id, &link);
	if (r == 0)
		r = look_at_changes(work, db);
	if (r == 0)
		r = link_remove(db, id);
	if (r == 0)
		r = bus_notice(work, db, link.pending ? NOTICE_REFUSED : NOTICE_UNLINKED, &link);
	if (r < 0)
		return r;
	return bus_audit(work, db, link.user, link.uid, "own link removed: %" PRId64 ", %s %s", id,
			 link.issuer, link.subject);
}

static void handle_remove(struct bus *bus, DBusMessage *call, const struct bus_caller *caller)
{
	struct bus_work *work = bus_work_new(bus, call, answer_remove);

	bus_work_take_number(work);
	work->changes = true;
	bus_work_start_own(work, caller);
}

const struct bus_method bus_own_methods[] = {
	{ ACCOUNTS_INTERFACE, "ListOwnLinks", "", BUS_ANYBODY, handle_list },
	{ ACCOUNTS_INTERFACE, "RemoveOwnLink", "x", BUS_ANYBODY, handle_remove },
	{ 0 }
};
