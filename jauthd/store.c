/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * synchronous=NORMAL: in WAL mode a commit is then a write without fsync. What was committed
 * survives the death of this process at any moment, since the kernel has it; a power cut or kernel
 * crash may take the commits since the last checkpoint, and the file is sound all the same. For the
 * throttle that means: a power cut gives some tries back, and whoever can cause one has the machine
 * in hand. It buys logins that wait for no disk. Accounts and links ask for more by
 * db_make_durable().
 *
 * secure_delete overwrites removed hashes in the file; the write-ahead log keeps old pages until it
 * is next written from its start.
 */
#include "jauthd/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/secret.h"
#include "jauthd/limits.h"
#include "jauthd/store-schema.h"

#define DB_KEY_LEN 32
#define DB_MEMORY  ":memory:"

struct query {
	struct db *db;
	const char *sql;
	sqlite3_stmt *statement;
	int error;                       /* of a binding */
	bool is_busy;
};

struct db {
	sqlite3 *sqlite;
	struct query queries[STORE_QUERIES_MAX];
	unsigned n_queries;
	bool is_durable;                 /* what is written next must reach the disk */
	unsigned char key[DB_KEY_LEN];
};

struct store {
	struct db *db;
	struct workers *workers;
};

static const struct {
	int code, error;
} db_errors[] = {
	{ SQLITE_CONSTRAINT_PRIMARYKEY, -EEXIST },
	{ SQLITE_CONSTRAINT_UNIQUE, -EEXIST },
	{ SQLITE_CONSTRAINT, -EINVAL },
	{ SQLITE_CORRUPT, -EUCLEAN },
	{ SQLITE_NOTADB, -EUCLEAN },
	{ SQLITE_FULL, -ENOSPC },
	{ SQLITE_BUSY, -EBUSY },
	{ SQLITE_LOCKED, -EBUSY },
	{ SQLITE_NOMEM, -ENOMEM },
	{ SQLITE_READONLY, -EROFS },
	{ SQLITE_PERM, -EACCES },
};

/* In this order, before anything is read. */
static const char *const db_settings[] = {
	"PRAGMA trusted_schema = OFF",
	"PRAGMA cell_size_check = ON",
	"PRAGMA foreign_keys = ON",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA cache_size = -512",
	"PRAGMA secure_delete = ON",
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = NORMAL",
};

/* The exact code first, then its class in the low byte. */
static int db_errno(int code)
{
	for (unsigned i = 0; i < N_ELEMENTS(db_errors); i++)
		if (db_errors[i].code == code)
			return db_errors[i].error;
	for (unsigned i = 0; i < N_ELEMENTS(db_errors); i++)
		if (db_errors[i].code == (code & 0xff))
			return db_errors[i].error;
	return -EIO;
}

/* Logs here what only SQLite knows; a violated constraint is an answer, not a fault. */
static int db_failed(struct db *db, int code, const char *what)
{
	if ((code & 0xff) != SQLITE_CONSTRAINT)
		log_error("store: %s: %s", what, sqlite3_errmsg(db->sqlite));
	return db_errno(code);
}

static int db_run(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : db_failed(db, code, sql);
}

/* --- statements --- */

static struct query *query_find(struct db *db, const char *sql)
{
	for (unsigned i = 0; i < db->n_queries; i++)
		if (db->queries[i].sql == sql)
			return &db->queries[i];
	return NULL;
}

static struct query *query_prepare(struct db *db, const char *sql)
{
	struct query *query;
	int code;

	if (db->n_queries == STORE_QUERIES_MAX) {
		log_error("store: more than %d statements", STORE_QUERIES_MAX);
		return NULL;
	}
	query = &db->queries[db->n_queries];
	code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
				  &query->statement, NULL);
	if (code != SQLITE_OK) {
		(void)db_failed(db, code, sql);
		return NULL;
	}
	query->db = db;
	query->sql = sql;
	db->n_queries++;
	return query;
}

struct query *query_new(struct db *db, const char *sql)
{
	struct query *query = query_find(db, sql);

	if (!query)
		query = query_prepare(db, sql);
	if (query && query->is_busy) {
		log_error("store: statement used inside itself: %s", sql);
		return NULL;
	}
	if (query)
		query->is_busy = true;
	return query;
}

static void query_bound(struct query *query, int code)
{
	if (code != SQLITE_OK)
		query->error = db_failed(query->db, code, query->sql);
}

void query_text(struct query *query, int index, const char *text)
{
	if (query)
		query_bound(query, sqlite3_bind_text(query->statement, index, text, -1,
						     SQLITE_STATIC));
}

void query_number(struct query *query, int index, int64_t number)
{
	if (query)
		query_bound(query, sqlite3_bind_int64(query->statement, index, number));
}

void query_blob(struct query *query, int index, const void *data, size_t len)
{
	if (query)
		query_bound(query, sqlite3_bind_blob64(query->statement, index, data, len,
						       SQLITE_STATIC));
}

int query_step(struct query *query)
{
	int code;

	if (!query)
		return -EIO;
	if (query->error)
		return query->error;
	code = sqlite3_step(query->statement);
	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : db_failed(query->db, code, query->sql);
}

const char *query_column_text(struct query *query, int column)
{
	const unsigned char *text = sqlite3_column_text(query->statement, column);

	return text ? (const char *)text : "";
}

int64_t query_column_number(struct query *query, int column)
{
	return sqlite3_column_int64(query->statement, column);
}

const void *query_column_blob(struct query *query, int column, size_t *ret_len)
{
	const void *data = sqlite3_column_blob(query->statement, column);

	*ret_len = data ? (size_t)sqlite3_column_bytes(query->statement, column) : 0;
	return data;
}

bool query_column_is_null(struct query *query, int column)
{
	return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

void query_done(struct query *query)
{
	if (!query)
		return;
	/* Repeats the error that step reported already. */
	(void)sqlite3_reset(query->statement);
	(void)sqlite3_clear_bindings(query->statement);
	query->error = 0;
	query->is_busy = false;
}

/* A checkpoint is the fsync that synchronous=NORMAL leaves out. An open transaction goes first. */
static int db_settle(struct db *db, int r)
{
	int code;

	if (!db->is_durable || !sqlite3_get_autocommit(db->sqlite))
		return r;
	db->is_durable = false;
	if (r < 0)
		return r;
	code = sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return code == SQLITE_OK ? 0 : db_failed(db, code, "checkpoint");
}

int query_run(struct query *query)
{
	struct db *db = query ? query->db : NULL;
	int r = query_step(query);

	query_done(query);
	return db ? db_settle(db, r) : r;
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->sqlite);
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->sqlite);
}

void db_make_durable(struct db *db)
{
	db->is_durable = true;
}

int db_begin(struct db *db)
{
	return query_run(query_new(db, "BEGIN IMMEDIATE"));
}

int db_commit(struct db *db)
{
	return query_run(query_new(db, "COMMIT"));
}

void db_rollback(struct db *db)
{
	db->is_durable = false;
	/* After some errors SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(db->sqlite))
		(void)query_run(query_new(db, "ROLLBACK"));
}

/* --- opening --- */

/* SQLite would make the file with the umask's mode; it gives its WAL and shm files the mode of the
 * database. */
static int db_make_file(const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int db_connect(struct db *db, const char *path)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	int code, r;

	if (strcmp(path, DB_MEMORY) != 0) {
		r = db_make_file(path);
		if (r < 0)
			return r;
	}
	code = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
	if (code != SQLITE_OK)
		return db->sqlite ? db_failed(db, code, path) : -ENOMEM;
	(void)sqlite3_busy_timeout(db->sqlite, STORE_BUSY_MS);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	for (unsigned i = 0; i < N_ELEMENTS(db_settings); i++) {
		r = db_run(db, db_settings[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Damage is met here rather than in somebody's login. Not in the audit, which grows so large that
 * reading it through would hold up the start for a second; there it is met by who reads or adds. */
static int db_check(struct db *db)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT quick_check FROM sqlite_schema AS t,"
			      " pragma_quick_check(t.name) WHERE t.type = 'table'"
			      " AND t.name <> 'audit' AND quick_check <> 'ok' LIMIT 1");
	r = query_step(query);
	if (r == 1) {
		log_error("store: damaged: %s", query_column_text(query, 0));
		r = -EUCLEAN;
	}
	query_done(query);
	return r;
}

static int db_get_version(struct db *db, int *ret_version)
{
	struct query *query = query_new(db, "PRAGMA user_version");
	int r = query_step(query);

	if (r == 1)
		*ret_version = (int)query_column_number(query, 0);
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -EUCLEAN;
}

/* One step and its number, both or none. */
static int db_upgrade_step(struct db *db, int step)
{
	char set_version[64];
	int r;

	(void)snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", step + 1);
	r = db_begin(db);
	if (r == 0)
		r = db_run(db, store_schema[step]);
	if (r == 0)
		r = db_run(db, set_version);
	if (r == 0)
		r = db_commit(db);
	if (r < 0)
		db_rollback(db);
	return r;
}

static int db_upgrade(struct db *db, int version)
{
	int have = 0, r;

	r = db_get_version(db, &have);
	if (r < 0)
		return r;
	if (have < 0 || have > version)
		return -EPROTO;
	for (; have < version; have++) {
		r = db_upgrade_step(db, have);
		if (r < 0)
			return r;
	}
	return 0;
}

/* 0 and the key, -ENOENT, -EUCLEAN. */
static int db_read_key(struct db *db)
{
	struct query *query = query_new(db, "SELECT value FROM meta WHERE name = 'key'");
	int r = query_step(query);
	const void *key;
	size_t len;

	if (r == 1) {
		key = query_column_blob(query, 0, &len);
		r = len == DB_KEY_LEN ? 0 : -EUCLEAN;
		if (r == 0)
			memcpy(db->key, key, DB_KEY_LEN);
	} else if (r == 0) {
		r = -ENOENT;
	}
	query_done(query);
	return r;
}

static int db_load_key(struct db *db)
{
	struct query *query;
	int r = db_read_key(db);

	if (r != -ENOENT)
		return r;
	r = random_bytes(db->key, DB_KEY_LEN);
	if (r < 0)
		return r;
	query = query_new(db, "INSERT INTO meta (name, value) VALUES ('key', ?1)");
	query_blob(query, 1, db->key, DB_KEY_LEN);
	return query_run(query);
}

int db_open_version(const char *path, int version, struct db **ret_db)
{
	struct db *db = calloc(1, sizeof(*db));
	int r;

	if (!db)
		return -ENOMEM;
	r = db_connect(db, path);
	if (r == 0)
		r = db_check(db);
	if (r == 0)
		r = db_upgrade(db, version);
	if (r == 0)
		r = db_load_key(db);
	if (r < 0) {
		(void)db_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

int db_open(const char *path, struct db **ret_db)
{
	return db_open_version(path, store_schema_version, ret_db);
}

struct db *db_close(struct db *db)
{
	if (!db)
		return NULL;
	for (unsigned i = 0; i < db->n_queries; i++)
		(void)sqlite3_finalize(db->queries[i].statement);
	(void)sqlite3_close(db->sqlite);
	explicit_bzero(db->key, sizeof(db->key));
	free(db);
	return NULL;
}

const unsigned char *db_key(const struct db *db)
{
	return db->key;
}

/* --- the thread --- */

int store_new(sd_event *event, const char *path, struct store **ret_store)
{
	struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	r = db_open(path, &store->db);
	/* One thread: jobs run in the order they were added, and SQLite is never shared. */
	if (r == 0)
		r = workers_new(event, "store", 1, STORE_QUEUE, store->db, &store->workers);
	if (r < 0) {
		(void)store_free(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

void store_stop(struct store *store)
{
	if (store)
		workers_stop(store->workers);
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	(void)workers_free(store->workers);
	(void)db_close(store->db);
	free(store);
	return NULL;
}

int store_add(struct store *store, struct job *job)
{
	return workers_add(store->workers, job);
}

const unsigned char *store_key(const struct store *store)
{
	return store->db->key;
}
