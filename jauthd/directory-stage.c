/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory-stage.h. */
#include "jauthd/directory-stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DELETE_ROUND(table) \
	"DELETE FROM " table " WHERE directory = ?1 AND round = 1 AND subject <=" \
	" (SELECT max(subject) FROM (SELECT subject FROM " table \
	"  WHERE directory = ?1 AND round = 1 ORDER BY subject LIMIT ?2))"
#define MEMBER_COLUMNS "subject, issuer, name, display, mark, holder, state, fault"

static const unsigned char no_digest[SHA256_BYTES];

/* --- the directory --- */

static void read_seed(struct query *query, int column, unsigned char ret_seed[SHA256_BYTES])
{
	size_t len;
	const void *seed = query_column_blob(query, column, &len);

	if (len == SHA256_BYTES)
		memcpy(ret_seed, seed, SHA256_BYTES);
}

int stage_get(struct db *db, const char *directory, struct directory_row *ret_row)
{
	struct directory_row row = { 0 };
	struct query *query;
	int r;

	query = query_new(db, "SELECT stage, began_s, tried_s, synced_s, seed, at, result"
			      " FROM directories WHERE id = ?1");
	query_text(query, 1, directory);
	r = query_step(query);
	if (r == 1) {
		row.stage = (enum directory_stage)query_column_number(query, 0);
		row.began_s = query_column_number(query, 1);
		row.tried_s = query_column_number(query, 2);
		row.synced_s = query_column_number(query, 3);
		read_seed(query, 4, row.seed);
		(void)text_into(row.at, sizeof(row.at), query_column_text(query, 5));
		(void)text_into(row.result, sizeof(row.result), query_column_text(query, 6));
	}
	query_done(query);
	if (r < 0)
		return r;
	*ret_row = row;
	return 0;
}

int stage_set(struct db *db, const char *directory, const struct directory_row *row)
{
	struct query *query;

	query = query_new(db, "INSERT INTO directories (id, stage, began_s, tried_s, synced_s,"
			      " seed, at, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
			      " ON CONFLICT (id) DO UPDATE SET stage = ?2, began_s = ?3,"
			      " tried_s = ?4, synced_s = ?5, seed = ?6, at = ?7, result = ?8");
	query_text(query, 1, directory);
	query_number(query, 2, row->stage);
	query_number(query, 3, row->began_s);
	query_number(query, 4, row->tried_s);
	query_number(query, 5, row->synced_s);
	query_blob(query, 6, row->seed, sizeof(row->seed));
	query_text(query, 7, row->at);
	query_text(query, 8, row->result);
	return query_run(query);
}

static int run_for(struct query *query, const char *directory)
{
	query_text(query, 1, directory);
	return query_run(query);
}

static int clear_some(struct db *db, struct query *query, const char *directory, size_t n_max,
		      bool *more)
{
	int r;

	query_number(query, 2, (int64_t)n_max);
	r = run_for(query, directory);
	*more = *more || (r == 0 && db_changes(db) >= (int64_t)n_max);
	return r;
}

int stage_clear(struct db *db, const char *directory, size_t n_max)
{
	bool more = false;
	int r = run_for(query_new(db, "UPDATE directories SET stage = 0"
				      " WHERE id = ?1 AND stage <> 0"), directory);

	if (r == 0)
		r = run_for(query_new(db, "DELETE FROM directory_done WHERE directory = ?1"),
			    directory);
	if (r == 0)
		r = run_for(query_new(db, "DELETE FROM directory_departments"
					  " WHERE directory = ?1 AND round = 1"), directory);
	if (r == 0)
		r = clear_some(db, query_new(db, DELETE_ROUND("directory_members")), directory,
			       n_max, &more);
	if (r == 0)
		r = clear_some(db, query_new(db, DELETE_ROUND("directory_places")), directory,
			       n_max, &more);
	return r < 0 ? r : more;
}

/* --- round 1 --- */

int stage_add_department(struct db *db, const char *directory,
			 const struct stage_department *department)
{
	struct query *query;

	query = query_new(db, "INSERT OR REPLACE INTO directory_departments"
			      " (directory, round, id, parent, name, named_s, digest)"
			      " VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6)");
	query_text(query, 1, directory);
	query_text(query, 2, department->id);
	query_text(query, 3, department->parent);
	query_text(query, 4, department->name);
	query_number(query, 5, department->named_s);
	query_blob(query, 6, no_digest, sizeof(no_digest));
	return query_run(query);
}

static void bind_member(struct query *query, const char *directory, int round,
			const struct stage_member *member)
{
	query_text(query, 1, directory);
	query_number(query, 2, round);
	query_text(query, 3, member->subject);
	query_text(query, 4, member->issuer);
	query_text(query, 5, member->name);
	query_text(query, 6, member->display);
	query_text(query, 7, member->mark);
	query_text(query, 8, member->holder);
	query_number(query, 9, member->state);
	query_text(query, 10, member->fault);
	query_blob(query, 11, member->number, member->number_len);
}

/* As the provider tells of him; not what became of it. */
static bool is_same_member(const struct stage_member *a, const struct stage_member *b)
{
	return text_equals(a->issuer, b->issuer) && text_equals(a->display, b->display) &&
	       text_equals(a->mark, b->mark) && text_equals(a->name, b->name) &&
	       a->state == b->state;
}

int stage_add_member(struct db *db, const char *directory, const struct stage_member *member)
{
	struct stage_member known;
	struct query *query;
	int r = stage_get_member(db, directory, 1, member->subject, &known);

	if (r == 0)
		return is_same_member(&known, member) ? 0 : -EBADMSG;
	if (r != -ENOENT)
		return r;
	query = query_new(db, "INSERT INTO directory_members"
			      " (directory, round, " MEMBER_COLUMNS ", number)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
	bind_member(query, directory, 1, member);
	return query_run(query);
}

static int add_place(struct db *db, const char *directory, int round, const char *subject,
		     const char *department)
{
	struct query *query;

	query = query_new(db, "INSERT OR IGNORE INTO directory_places"
			      " (directory, round, subject, department)"
			      " VALUES (?1, ?2, ?3, ?4)");
	query_text(query, 1, directory);
	query_number(query, 2, round);
	query_text(query, 3, subject);
	query_text(query, 4, department);
	return query_run(query);
}

int stage_add_place(struct db *db, const char *directory, const char *subject,
		    const char *department)
{
	return add_place(db, directory, 1, subject, department);
}

static int run_for_department(struct query *query, const char *directory, const char *department)
{
	query_text(query, 1, directory);
	query_text(query, 2, department);
	return query_run(query);
}

/* First those who are in no other department: what was told of them may be another thing now. */
int stage_clear_department(struct db *db, const char *directory, const char *department)
{
	int r = run_for_department(query_new(db,
		"DELETE FROM directory_members WHERE directory = ?1 AND round = 1"
		" AND subject IN (SELECT subject FROM directory_places"
		"  WHERE directory = ?1 AND round = 1 AND department = ?2)"
		" AND NOT EXISTS (SELECT 1 FROM directory_places AS other"
		"  WHERE other.directory = ?1 AND other.round = 1"
		"  AND other.subject = directory_members.subject AND other.department <> ?2)"),
		directory, department);

	return r < 0 ? r : run_for_department(query_new(db,
		"DELETE FROM directory_places"
		" WHERE directory = ?1 AND round = 1 AND department = ?2"), directory, department);
}

int stage_mark_done(struct db *db, const char *directory, const char *department, bool is_same,
		    const unsigned char digest[SHA256_BYTES])
{
	struct query *query;

	query = query_new(db, "INSERT OR REPLACE INTO directory_done"
			      " (directory, department, is_same, digest)"
			      " VALUES (?1, ?2, ?3, ?4)");
	query_text(query, 1, directory);
	query_text(query, 2, department);
	query_number(query, 3, is_same);
	query_blob(query, 4, digest, SHA256_BYTES);
	return query_run(query);
}

/* --- reading --- */

int stage_each_department(struct db *db, const char *directory, int round,
			  int (*each)(const struct stage_department *department,
				      const unsigned char *digest, void *context), void *context)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT id, parent, name, named_s, digest FROM directory_departments"
			      " WHERE directory = ?1 AND round = ?2 ORDER BY id");
	query_text(query, 1, directory);
	query_number(query, 2, round);
	while ((r = query_step(query)) == 1) {
		const struct stage_department department = {
			.id = query_column_text(query, 0),
			.parent = query_column_text(query, 1),
			.name = query_column_text(query, 2),
			.named_s = query_column_number(query, 3),
		};
		unsigned char digest[SHA256_BYTES] = { 0 };

		read_seed(query, 4, digest);
		r = each(&department, digest, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

int stage_each_done(struct db *db, const char *directory,
		    int (*each)(const char *department, bool is_same, void *context),
		    void *context)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT department, is_same FROM directory_done"
			      " WHERE directory = ?1");
	query_text(query, 1, directory);
	while ((r = query_step(query)) == 1) {
		r = each(query_column_text(query, 0), query_column_number(query, 1) != 0, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

static bool read_number(struct query *query, int column, struct stage_member *ret_member)
{
	size_t len;
	const void *number = query_column_blob(query, column, &len);

	if (len > sizeof(ret_member->number))
		return false;
	if (len)
		memcpy(ret_member->number, number, len);
	ret_member->number_len = len;
	return true;
}

int stage_get_member(struct db *db, const char *directory, int round, const char *subject,
		     struct stage_member *ret_member)
{
	struct stage_member member = { 0 };
	struct query *query;
	bool fits = true;
	int r;

	query = query_new(db, "SELECT " MEMBER_COLUMNS ", number FROM directory_members"
			      " WHERE directory = ?1 AND round = ?2 AND subject = ?3");
	query_text(query, 1, directory);
	query_number(query, 2, round);
	query_text(query, 3, subject);
	r = query_step(query);
	if (r == 1) {
		const struct {
			char *field;
			size_t size;
			int column;
		} texts[] = {
			{ member.subject, sizeof(member.subject), 0 },
			{ member.issuer, sizeof(member.issuer), 1 },
			{ member.name, sizeof(member.name), 2 },
			{ member.display, sizeof(member.display), 3 },
			{ member.mark, sizeof(member.mark), 4 },
			{ member.holder, sizeof(member.holder), 5 },
			{ member.fault, sizeof(member.fault), 7 },
		};

		for (size_t i = 0; i < N_ELEMENTS(texts); i++)
			fits = fits && text_into(texts[i].field, texts[i].size,
						 query_column_text(query, texts[i].column));
		member.state = (int)query_column_number(query, 6);
		fits = read_number(query, 8, &member) && fits;
		*ret_member = member;
	}
	query_done(query);
	if (r == 0)
		return -ENOENT;
	return r < 0 ? r : fits ? 0 : -EUCLEAN;
}

static int list_places(struct query *query, char ***ret_list, size_t *ret_n)
{
	int r;

	while ((r = query_step(query)) == 1) {
		if (list_add(ret_list, query_column_text(query, 0)) < 0)
			abort();
		*ret_n += 1;
	}
	query_done(query);
	return r;
}

int stage_get_places(struct db *db, const char *directory, const char *subject, char ***ret_old,
		     char ***ret_new, size_t *ret_n_same)
{
	struct query *query;
	size_t n = 0;
	int r;

	query = query_new(db, "SELECT department FROM directory_places WHERE directory = ?1"
			      " AND round = 0 AND subject = ?2 ORDER BY department");
	query_text(query, 1, directory);
	query_text(query, 2, subject);
	r = list_places(query, ret_old, &n);
	if (r < 0)
		return r;
	query = query_new(db, "SELECT department FROM directory_places AS place"
			      " WHERE directory = ?1 AND round = 0 AND subject = ?2"
			      " AND EXISTS (SELECT 1 FROM directory_done WHERE directory = ?1"
			      "  AND department = place.department AND is_same)");
	query_text(query, 1, directory);
	query_text(query, 2, subject);
	r = list_places(query, ret_new, ret_n_same);
	if (r < 0)
		return r;
	query = query_new(db, "SELECT department FROM directory_places WHERE directory = ?1"
			      " AND round = 1 AND subject = ?2");
	query_text(query, 1, directory);
	query_text(query, 2, subject);
	return list_places(query, ret_new, &n);
}

static int take_user(struct query *query, struct stage_at *at,
		     int (*each)(const char *name, const char *issuer, const char *subject,
				 void *context), void *context)
{
	const char *name = query_column_text(query, 2);

	if (!text_into(at->directory, sizeof(at->directory), query_column_text(query, 0)) ||
	    !text_into(at->subject, sizeof(at->subject), query_column_text(query, 1)))
		return -EUCLEAN;
	if (!name[0] || query_column_number(query, 4) >= MEMBER_LEFT)
		return 0;
	return each(name, query_column_text(query, 3), at->subject, context);
}

/* The sign keeps SQLite from sorting by itself what the primary key has in order. */
int stage_each_user(struct db *db, struct stage_at *at, size_t n_max,
		    int (*each)(const char *name, const char *issuer, const char *subject,
				void *context), void *context)
{
	struct query *query;
	size_t n = 0;
	int r;

	query = query_new(db, "SELECT directory, subject, name, issuer, state"
			      " FROM directory_members"
			      " WHERE (directory, round, subject) > (?1, 0, ?2) AND +round = 0"
			      " ORDER BY directory, round, subject LIMIT ?3");
	query_text(query, 1, at->directory);
	query_text(query, 2, at->subject);
	query_number(query, 3, (int64_t)n_max);
	while ((r = query_step(query)) == 1) {
		n++;
		r = take_user(query, at, each, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r != 0 ? r : n == n_max;
}

int stage_find_locking(struct db *db, const char *issuer, const char *subject,
		       char ret_directory[METHOD_ID_MAX + 1])
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT directory FROM directory_members"
			      " WHERE directory IN (SELECT id FROM directories) AND round = 0"
			      " AND subject = ?2 AND issuer = ?1 AND state <> ?3 LIMIT 1");
	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	query_number(query, 3, MEMBER_ACTIVE);
	r = query_step(query);
	if (r == 1 && !text_into(ret_directory, METHOD_ID_MAX + 1, query_column_text(query, 0)))
		r = -EUCLEAN;
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -ENOENT;
}

int stage_count_active(struct db *db, const char *directory, int64_t *ret_n)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT count(*) FROM directory_members WHERE directory = ?1"
			      " AND round = 0 AND state = ?2");
	query_text(query, 1, directory);
	query_number(query, 2, MEMBER_ACTIVE);
	r = query_step(query);
	if (r == 1)
		*ret_n = query_column_number(query, 0);
	query_done(query);
	return r < 0 ? r : 0;
}

/* --- round 0 --- */

int stage_put_member(struct db *db, const char *directory, const struct stage_member *member)
{
	struct stage_member known;
	struct query *query;
	int r = stage_get_member(db, directory, 0, member->subject, &known);

	if (r == 0 && is_same_member(&known, member) && text_equals(known.fault, member->fault) &&
	    text_equals(known.holder, member->holder))
		return 0;
	if (r < 0 && r != -ENOENT)
		return r;
	query = query_new(db, "INSERT OR REPLACE INTO directory_members"
			      " (directory, round, " MEMBER_COLUMNS ", number)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
	bind_member(query, directory, 0, member);
	return query_run(query);
}

static int drop_staged(struct query *query, const char *directory, const char *subject)
{
	query_text(query, 1, directory);
	query_text(query, 2, subject);
	return query_run(query);
}

int stage_drop_member(struct db *db, const char *directory, const char *subject)
{
	int r = drop_staged(query_new(db, "DELETE FROM directory_members"
					  " WHERE directory = ?1 AND round = 1 AND subject = ?2"),
			    directory, subject);

	return r < 0 ? r :
	       drop_staged(query_new(db, "DELETE FROM directory_places"
					 " WHERE directory = ?1 AND round = 1 AND subject = ?2"),
			   directory, subject);
}

static int drop_place(struct db *db, const char *directory, const char *subject,
		      const char *department)
{
	struct query *query;

	query = query_new(db, "DELETE FROM directory_places WHERE directory = ?1 AND round = 0"
			      " AND subject = ?2 AND department = ?3");
	query_text(query, 1, directory);
	query_text(query, 2, subject);
	query_text(query, 3, department);
	return query_run(query);
}

int stage_put_places(struct db *db, const char *directory, const char *subject,
		     char *const *old_places, char *const *new_places)
{
	int r = 0;

	for (size_t i = 0; r == 0 && old_places && old_places[i]; i++)
		if (!list_has(new_places, old_places[i]))
			r = drop_place(db, directory, subject, old_places[i]);
	for (size_t i = 0; r == 0 && new_places && new_places[i]; i++)
		if (!list_has(old_places, new_places[i]))
			r = add_place(db, directory, 0, subject, new_places[i]);
	return r;
}

/* What was told of a department, then that it was told of, then its digest. */
int stage_finish(struct db *db, const char *directory)
{
	int r = run_for(query_new(db,
		"INSERT OR REPLACE INTO directory_departments"
		" (directory, round, id, parent, name, named_s, digest)"
		" SELECT directory, 0, id, parent, name, named_s, digest FROM directory_departments"
		" WHERE directory = ?1 AND round = 1"), directory);

	if (r == 0)
		r = run_for(query_new(db,
			"DELETE FROM directory_departments WHERE directory = ?1 AND round = 0"
			" AND NOT EXISTS (SELECT 1 FROM directory_done AS done"
			"  WHERE done.directory = ?1 AND done.department = id)"), directory);
	if (r == 0)
		r = run_for(query_new(db,
			"UPDATE directory_departments SET digest = (SELECT done.digest"
			"  FROM directory_done AS done"
			"  WHERE done.directory = ?1 AND done.department = id)"
			" WHERE directory = ?1 AND round = 0"), directory);
	if (r == 0)
		r = stage_clear(db, directory, DIRECTORY_PLACES_MAX);
	return MIN(r, 0);
}
