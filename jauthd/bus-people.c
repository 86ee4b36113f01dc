/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Users that jauth made: list, show, another uid, collisions of uids; and what locking and removing
 * a user means for one of them. A sysadmin's lock is one on the identity: it holds for all its
 * links, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-work.h"
#include "jauthd/directory-stage.h"
#include "jauthd/people-collisions.h"

#define LOCKED_BY_HAND "locked by the sysadmin"

static const char *const state_names[] = {
	[PERSON_ACTIVE] = "active",
	[PERSON_LOCKED] = "locked",
	[PERSON_GONE] = "gone",
};

/* What the calls may say. */
struct wanted {
	char user[USER_NAME_MAX + 1];
	char source[METHOD_ID_MAX + 1];
	int64_t uid;                     /* of SetUid; what comes after it of ListPeople */
	bool applies;
	struct host_ids *host;
	struct unix_user holder;         /* of the uid, on the host */
	struct collisions *collisions;   /* of those read so far */
	bool has_people;                 /* all of them */
	struct stage_at at;              /* members */
};

static void wanted_free(void *input)
{
	struct wanted *wanted = input;

	(void)collisions_free(wanted->collisions);
	(void)host_ids_free(wanted->host);
	unix_user_done(&wanted->holder);
	free(wanted);
}

static struct wanted *wanted_new(void)
{
	struct wanted *wanted = calloc(1, sizeof(*wanted));

	if (!wanted)
		abort();
	return wanted;
}

static struct bus_work *work_new(struct bus *bus, DBusMessage *call, struct wanted *wanted,
				 int (*answer)(struct bus_work *work, struct db *db))
{
	struct bus_work *work = bus_work_new(bus, call, answer);

	work->input = wanted;
	work->free_input = wanted_free;
	return work;
}

static int no_such_person(struct bus_work *work, const char *user)
{
	return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "jauth made no user \"%s\"", user);
}

/* --- ListPeople --- */

void bus_people_add(const struct person *person, DBusMessageIter *dict)
{
	dict_text(dict, "state", state_names[person->state]);
	dict_text(dict, "reason", person->reason);
	dict_text(dict, "made-by", person->source);
	dict_text(dict, "issuer", person->issuer);
	dict_text(dict, "subject", person->subject);
	dict_text(dict, "chosen-name", person->real_name);
	dict_text(dict, "home", person->home);
	dict_text(dict, "shell", person->shell);
	dict_text(dict, "structure", person->structure);
	dict_number(dict, "made", person->created_s);
	dict_number(dict, "altered", person->changed_s);
}

struct people_rows {
	const struct wanted *wanted;
	DBusMessageIter *rows;
};

static int add_person_row(const struct person *person, void *context)
{
	const struct people_rows *people = context;
	DBusMessageIter dict;

	dict_open(people->rows, &dict);
	dict_text(&dict, "user", person->name);
	dict_number(&dict, "uid", person->uid);
	bus_people_add(person, &dict);
	dict_close(people->rows, &dict);
	return 0;
}

static int answer_list(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	DBusMessageIter iter, rows;
	struct people_rows people = { wanted, &rows };
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = person_slice(db, (uint32_t)wanted->uid, BUS_PEOPLE_PAGE, add_person_row, &people);
	dict_close(&iter, &rows);
	return r;
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct wanted *wanted = wanted_new();
	dbus_int64_t after = 0;

	(void)dbus_message_get_args(call, NULL, DBUS_TYPE_INT64, &after, DBUS_TYPE_INVALID);
	wanted->uid = after;
	if (after < 0 || after > UINT32_MAX) {
		wanted_free(wanted);
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID, "this is no uid");
		return;
	}
	bus_work_start(work_new(bus, call, wanted, answer_list));
}

/* --- ShowUser --- */

static int add_provider_group(const char *source, const char *id, void *context)
{
	struct buf *text = context;

	buf_add_format(text, "%s%s/%s", text->len ? ", " : "", source, id);
	return 0;
}

static int add_groups(struct bus_work *work, struct db *db, const struct person *person,
		      DBusMessageIter *dict)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(BUS_TEXT_MAX);
	int r = person_each_group(db, person->uid, NULL, add_provider_group, &text);

	if (r < 0)
		return r;
	dict_text(dict, "provider-groups", buf_failed(&text) ? "too many to show" :
					   buf_text(&text));
	buf_done(&text);
	for (char **group = work->users[0].groups; group && *group; group++)
		buf_add_format(&text, "%s%s", text.len ? ", " : "", *group);
	dict_text(dict, "groups", buf_failed(&text) ? "too many to show" : buf_text(&text));
	return 0;
}

static int add_lock(struct db *db, const struct person *person, DBusMessageIter *dict)
{
	struct identity_lock lock;
	int r = identity_lock_get(db, person->issuer, person->subject, &lock);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	dict_text(dict, "identity-locked-by", lock.source);
	dict_text(dict, "identity-reason", lock.reason);
	dict_number(dict, "identity-locked", lock.locked_s);
	return 0;
}

/* A person whose name the host has taken meanwhile is shown all the same, and that it is so. */
static int answer_show(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	DBusMessageIter iter, dict;
	struct person person;
	int r = person_by_name(db, wanted->user, &person);

	if (r == -ENOENT)
		return no_such_person(work, wanted->user);
	if (r < 0)
		return r;
	dbus_message_iter_init_append(work->reply, &iter);
	dict_open(&iter, &dict);
	dict_text(&dict, "user", person.name);
	dict_number(&dict, "uid", person.uid);
	bus_people_add(&person, &dict);
	dict_bool(&dict, "served", !host_ids_has_user(wanted->host, person.name, person.uid));
	r = add_groups(work, db, &person, &dict);
	if (r == 0)
		r = add_lock(db, &person, &dict);
	dict_close(&iter, &dict);
	return r;
}

static int look_at_host(struct bus_work *work)
{
	struct wanted *wanted = work->input;
	int r = host_ids_read(&wanted->host);

	return r == 0 && wanted->user[0] ? host_ids_look_up(wanted->host, wanted->user) : r;
}

/* The user, or NULL after refusing the call. */
static struct wanted *take_user(struct bus *bus, DBusMessage *call, DBusMessageIter *ret_iter)
{
	struct wanted *wanted = wanted_new();
	const char *user;

	dbus_message_iter_init(call, ret_iter);
	dbus_message_iter_get_basic(ret_iter, &user);
	if (user[0] && text_into(wanted->user, sizeof(wanted->user), user))
		return wanted;
	wanted_free(wanted);
	bus_reply_error(bus, call, LOGIN_ERROR_INVALID, "no user, or too long a name");
	return NULL;
}

static void handle_show(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	DBusMessageIter iter;
	struct wanted *wanted = take_user(bus, call, &iter);
	struct bus_work *work;

	if (!wanted)
		return;
	work = work_new(bus, call, wanted, answer_show);
	work->prepare = look_at_host;
	if (list_add(&work->names, wanted->user) < 0)
		abort();
	bus_work_start(work);
}

/* --- LockUser, UnlockUser, RemoveUser --- */

static int lock(struct bus_work *work, struct db *db, const struct person *person)
{
	int r = identity_lock(db, person->issuer, person->subject, IDENTITY_LOCK_ADMIN,
			      LOCKED_BY_HAND, work->now_s);

	return r < 0 ? r : person_set_state(db, person->uid, PERSON_LOCKED, LOCKED_BY_HAND,
					    work->now_s);
}

static int unlock(struct bus_work *work, struct db *db, const struct person *person)
{
	int r = identity_unlock(db, person->issuer, person->subject);

	return r < 0 && r != -ENOENT ? r : person_set_state(db, person->uid, PERSON_ACTIVE, NULL,
							    work->now_s);
}

int bus_people_set_locked(struct bus_work *work, struct db *db, const char *user, bool locked)
{
	struct person person;
	int r = person_by_name(db, user, &person);

	if (r < 0)
		return r;
	r = locked ? lock(work, db, &person) : unlock(work, db, &person);
	if (r < 0)
		return r;
	if (locked || person.state != PERSON_LOCKED)
		return bus_audit(work, db, user, person.uid, "user %s",
				 locked ? "locked" : "unlocked");
	return bus_audit(work, db, user, person.uid, "user unlocked, who was: %s", person.reason);
}

/* Of a sysadmin's lock. A directory's that it took the place of is there again: his links are not
 * to lead in whoever has left. */
static int end_lock(struct bus_work *work, struct db *db, const struct person *person)
{
	char directory[METHOD_ID_MAX + 1];
	int r = identity_unlock(db, person->issuer, person->subject);

	if (r == 0)
		r = stage_find_locking(db, person->issuer, person->subject, directory);
	if (r == 0)
		r = identity_lock(db, person->issuer, person->subject, directory,
				  "may not log in, says the directory", work->now_s);
	return r;
}

/* What a directory locked stays locked: he would be made anew at his next login. */
int bus_people_remove(struct bus_work *work, struct db *db, const char *user)
{
	struct identity_lock found;
	struct person person;
	int r = person_by_name(db, user, &person);

	if (r < 0)
		return r;
	r = identity_lock_get(db, person.issuer, person.subject, &found);
	if (r == 0 && text_equals(found.source, IDENTITY_LOCK_ADMIN))
		r = end_lock(work, db, &person);
	if (r == 0 || r == -ENOENT)
		r = person_set_state(db, person.uid, PERSON_GONE, NULL, work->now_s);
	return r < 0 ? r : bus_audit(work, db, user, person.uid, "user removed; uid %u stays his",
				     person.uid);
}

/* --- SetUid --- */

/* Whoever has the number on the host, from any source. */
static int look_at_number(struct bus_work *work)
{
	struct wanted *wanted = work->input;
	int r = host_ids_read(&wanted->host);

	return r < 0 ? r : unix_user_by_uid((uid_t)wanted->uid, &wanted->holder);
}

static int refuse_number(struct bus_work *work, int error)
{
	const struct wanted *wanted = work->input;
	const char *why = NULL;

	if (!uid_is_ours(wanted->uid))
		why = "jauth gives out 65536 to 199999 and 2013265920 to 2147483646";
	else if (wanted->holder.exists || host_ids_has_id(wanted->host, (uint32_t)wanted->uid))
		why = "it is a number of the host's own, or in a range of subuid, subgid or SSSD";
	else if (error == -EADDRINUSE)
		why = "it is or was somebody's";
	if (!why)
		return error;
	return bus_work_error(work, LOGIN_ERROR_INVALID, "uid %lld cannot be given: %s",
			      (long long)wanted->uid, why);
}

static int answer_set_uid(struct bus_work *work, struct db *db)
{
	const struct wanted *wanted = work->input;
	DBusMessageIter iter, dict;
	struct person person;
	int r = person_by_name(db, wanted->user, &person);

	if (r == -ENOENT)
		return no_such_person(work, wanted->user);
	if (r == 0 && person.uid != wanted->uid)
		r = refuse_number(work, 0);
	if (r == 0)
		r = person_set_uid(db, person.uid, (uint32_t)wanted->uid, work->now_s);
	if (r < 0)
		return work->error ? r : refuse_number(work, r);
	work->undo = !wanted->applies;
	dbus_message_iter_init_append(work->reply, &iter);
	dict_open(&iter, &dict);
	dict_text(&dict, "user", person.name);
	dict_number(&dict, "uid", person.uid);
	dict_text(&dict, "issuer", person.issuer);
	dict_text(&dict, "subject", person.subject);
	dict_text(&dict, "home", person.home);
	dict_text(&dict, "overrides", work->config->accounts.overrides);
	dict_bool(&dict, "fleet", work->config->accounts.uids == UIDS_FLEET);
	dict_close(&iter, &dict);
	if (work->undo || person.uid == wanted->uid)
		return 0;
	return bus_audit(work, db, person.name, wanted->uid, "uid %u became %lld", person.uid,
			 (long long)wanted->uid);
}

static void handle_set_uid(struct bus *bus, DBusMessage *call,
			   const struct bus_caller *caller UNUSED)
{
	DBusMessageIter iter;
	struct wanted *wanted = take_user(bus, call, &iter);
	dbus_int64_t uid;
	dbus_bool_t applies;
	struct bus_work *work;

	if (!wanted)
		return;
	(void)dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &uid);
	(void)dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &applies);
	wanted->uid = uid < 0 || uid > UINT32_MAX ? 0 : uid;
	wanted->applies = applies;
	work = work_new(bus, call, wanted, answer_set_uid);
	work->prepare = look_at_number;
	work->changes = work->changes_people = wanted->applies;
	bus_work_start(work);
}

/* --- ListCollisions --- */

static int add_collision(const struct collision *collision, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	dict_number(&dict, "uid", collision->uid);
	dict_text(&dict, "user", collision->name);
	dict_text(&dict, "fault", collision->fault);
	dict_text(&dict, "issuer", collision->issuer);
	dict_text(&dict, "subject", collision->subject);
	dict_close(rows, &dict);
	return 0;
}

static int add_member(const char *name, const char *issuer, const char *subject, void *context)
{
	return collisions_add(context, name, issuer, subject);
}

/* People, then members, a slice at a time. */
static int answer_collisions(struct bus_work *work, struct db *db)
{
	struct wanted *wanted = work->input;
	int r;

	if (!wanted->collisions)
		wanted->collisions = collisions_new(work->config, wanted->host);
	if (wanted->has_people)
		return stage_each_user(db, &wanted->at, BUS_PEOPLE_PAGE, add_member,
				       wanted->collisions);
	r = collisions_add_people(wanted->collisions, db, BUS_PEOPLE_PAGE);
	wanted->has_people = r == 0;
	return r < 0 ? r : 1;
}

static int complete_collisions(struct bus_work *work)
{
	struct wanted *wanted = work->input;
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = collisions_each(wanted->collisions, add_collision, &rows);
	wanted->collisions = collisions_free(wanted->collisions);        /* it takes its time */
	dict_close(&iter, &rows);
	return r;
}

static void handle_collisions(struct bus *bus, DBusMessage *call,
			      const struct bus_caller *caller UNUSED)
{
	struct bus_work *work = work_new(bus, call, wanted_new(), answer_collisions);

	work->prepare = look_at_host;
	work->complete = complete_collisions;
	bus_work_start(work);
}

const struct bus_method bus_people_methods[] = {
	{ ACCOUNTS_INTERFACE, "ListPeople", "x", BUS_ROOT, handle_list },
	{ ACCOUNTS_INTERFACE, "ShowUser", "s", BUS_ROOT, handle_show },
	{ ACCOUNTS_INTERFACE, "SetUid", "sxb", BUS_ROOT, handle_set_uid },
	{ ACCOUNTS_INTERFACE, "ListCollisions", "", BUS_ROOT, handle_collisions },
	{ 0 }
};
