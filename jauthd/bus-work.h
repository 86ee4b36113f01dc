/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bus call whose answer takes the store: the users it names are looked up on a names thread,
 * those that the host does not have among the people of jauth; then `answer` runs on the store's
 * thread in one transaction and writes the reply, then the loop sends it.
 */
#pragma once

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "jauthd/bus.h"
#include "jauthd/core.h"
#include "jauthd/names.h"

struct bus_work {
	struct job job;
	struct bus *bus;
	struct core *core;
	uint64_t epoch;
	DBusMessage *call;
	struct config *config;           /* of the moment of the call */
	int64_t now_s;

	/* Set by the handler before bus_work_start(). */
	/* 1: there is more, and it is called again when others had their turn; of none that changes
	 * something. */
	int (*answer)(struct bus_work *work, struct db *db);
	/* On a names thread, behind the last answer: what takes long and no store; or NULL. 0 or
	 * -errno. */
	int (*complete)(struct bus_work *work);
	char **names;                    /* users to look up, or NULL; freed with the work */
	bool looks_up_caller;            /* another uid than root's asks */
	uid_t caller_uid;                /* root's unless set */
	bool changes;                    /* its commit is to survive a power cut */
	/* On the loop, once its changes are committed, before the reply; or NULL. */
	void (*after)(struct bus_work *work);
	bool has_many;                   /* what users are told of it does not go out by messages */
	bool changes_people;             /* what name sources tell is another thing afterwards */
	/* On a names thread, after the look-ups; NULL: nothing. 0 or -errno. */
	int (*prepare)(struct bus_work *work);
	void *input;                     /* the handler's own; freed by free_input */
	void (*free_input)(void *input);

	/* For `answer`. */
	char about[17];                  /* the login's request id that its audit row is to have */
	struct unix_user *users;         /* as `names` */
	size_t n_users;
	struct unix_user caller;         /* with looks_up_caller */
	DBusMessage *reply;              /* empty method return, to be filled */
	bool has_more;
	bool undo;                       /* answer, but change nothing */
	bool is_noticed;                 /* users are told something: logins_noticed() */
	const char *error;               /* set these and return -errno */
	char error_text[256];
};

/* bus_work_start() takes the work over; it frees itself when its reply is sent. */
struct bus_work *bus_work_new(struct bus *bus, DBusMessage *call,
			      int (*answer)(struct bus_work *work, struct db *db));
/* For a call of signature "x": `input` becomes that number, an int64_t. */
void bus_work_take_number(struct bus_work *work);
/* For a call of signature "s": the same with a text. */
void bus_work_take_text(struct bus_work *work);
/* The first argument of a call, which is an "s". Lent by the message. */
const char *bus_text(DBusMessage *call);
void bus_work_start(struct bus_work *work);
/* The same for what a user asks of his own. */
void bus_work_start_own(struct bus_work *work, const struct bus_caller *caller);
/* Returns -EINVAL for convenience. */
int bus_work_error(struct bus_work *work, const char *error, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* a{sv} under construction; texts that are not UTF-8 are cleaned. */
void dict_open(DBusMessageIter *parent, DBusMessageIter *ret_dict);
void dict_text(DBusMessageIter *dict, const char *key, const char *value);
void dict_number(DBusMessageIter *dict, const char *key, int64_t value);
void dict_bool(DBusMessageIter *dict, const char *key, bool value);
/* A member that is itself aa{sv}: open, add rows with dict_open(ret_rows, …), close. */
struct dict_rows {
	DBusMessageIter entry, variant, rows;
};
void dict_rows_open(DBusMessageIter *dict, const char *key, struct dict_rows *ret_rows);
void dict_rows_close(DBusMessageIter *dict, struct dict_rows *rows);
static inline void dict_close(DBusMessageIter *parent, DBusMessageIter *dict)
{
	if (!dbus_message_iter_close_container(parent, dict))
		abort();
}
/* The whole reply is rows: aa{sv}. */
void rows_open(DBusMessageIter *parent, DBusMessageIter *ret_rows);

/* Members of an a{sv} argument; the fallback when absent. False for another type. */
bool dict_get_text(DBusMessageIter *dict, const char *key, const char **ret_value);
bool dict_get_number(DBusMessageIter *dict, const char *key, int64_t *ret_value);
bool dict_get_bool(DBusMessageIter *dict, const char *key, bool *ret_value);
