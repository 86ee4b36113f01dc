/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The database: SQLite in WAL mode, used by one thread only, and the only file that includes
 * sqlite3.h.
 *
 * accounts.h, throttle.h and audit.h are plain functions over `struct db` that run on that thread
 * inside a job, so one job can read, decide and write in one transaction; tests call them
 * directly on a database in memory. kill -9 at any moment leaves the last committed
 * transaction. A power cut may also take the last few committed ones (not what was written
 * after db_make_durable()), never half of one. The schema's version is PRAGMA user_version;
 * an older one is upgraded step by step at open, a newer one is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "jauthd/worker.h"

struct db;

/* The folder must exist; the file is made with mode 0600. ":memory:" for tests. 0; -EPROTO for a
 * newer schema; -EUCLEAN for a damaged file; else -errno. */
int db_open(const char *path, struct db **ret_db);
/* Goes up to an older schema only: lets tests make what db_open() has to upgrade. */
int db_open_version(const char *path, int version, struct db **ret_db);
struct db *db_close(struct db *db);                      /* NULL is fine; returns NULL */

int db_begin(struct db *db);                             /* BEGIN IMMEDIATE */
int db_commit(struct db *db);
void db_rollback(struct db *db);
/* The change that is written next, or the transaction that is open, is on the disk when
 * query_run() or db_commit() returns: what a sysadmin did must not come undone by a power cut. */
void db_make_durable(struct db *db);

/* One statement, prepared once and cached by its text, which must be a literal. What follows
 * accepts the NULL of a query_new() that failed, so only query_step() and query_run() are to be
 * checked. */
struct query;
/* NULL: our mistake or no memory; logged. */
struct query *query_new(struct db *db, const char *sql);
/* Indexes of parameters begin at 1, of columns at 0. Text and blobs are not copied: they must live
 * until query_done(). A NULL text binds NULL. */
void query_text(struct query *query, int index, const char *text);
void query_number(struct query *query, int index, int64_t number);
void query_blob(struct query *query, int index, const void *data, size_t len);
int query_step(struct query *query);                     /* 1: a row; 0: finished; -errno */
/* "" for NULL. Valid until the next step. */
const char *query_column_text(struct query *query, int column);
int64_t query_column_number(struct query *query, int column);
/* Lent until the next step; NULL and 0 for NULL and for an empty blob. */
const void *query_column_blob(struct query *query, int column, size_t *ret_len);
bool query_column_is_null(struct query *query, int column);
/* Resets and clears the bindings; accepts NULL. */
void query_done(struct query *query);
/* For statements without rows: step and done. 0, -EEXIST (there is such a row), -EINVAL (against a
 * constraint of the table), else -errno. */
int query_run(struct query *query);
int64_t db_changes(struct db *db);                       /* rows of the last statement */
int64_t db_last_id(struct db *db);                       /* of the last row inserted */

/* The thread. */
struct store;
int store_new(sd_event *event, const char *path, struct store **ret_store);
void store_stop(struct store *store);                    /* as workers_stop() */
struct store *store_free(struct store *store);
/* `run` gets the struct db as its context. 0 or -ENOBUFS. */
int store_add(struct store *store, struct job *job);
/* 32 random bytes made when the database was made: the key of every keyed hash kept in it.
 * For reading from any thread. */
const unsigned char *store_key(const struct store *store);
const unsigned char *db_key(const struct db *db);
