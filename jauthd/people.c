/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of people; see people.h. That no two have one name or one identity is the database's to
 * say, by indexes that leave out those who are gone. */
#include "jauthd/people.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

#define PERSON_COLUMNS \
	"uid, name, issuer, subject, mark, real_name, home, shell, source, structure, state," \
	" reason, created_s, changed_s"
#define NOT_GONE "state <> 2"

/* --- what a row may hold --- */

/* As a field of passwd(5). */
static bool is_field(const char *text)
{
	return !strchr(text, ':') && text_is_line(text, strlen(text));
}

static bool is_path(const char *text)
{
	return text[0] == '/' && is_field(text);
}

static bool is_right(const struct person *person)
{
	return person_name_is_right(person->name) && !text_is_empty(person->issuer) &&
	       !text_is_empty(person->subject) && is_field(person->real_name) &&
	       is_path(person->home) && is_path(person->shell) &&
	       (!person->structure[0] || person_name_is_right(person->structure));
}

/* A field that does not fit was not written by us. */
static int read_row(struct query *query, struct person *ret_person)
{
	const struct {
		char *field;
		size_t size;
		int column;
	} fields[] = {
		{ ret_person->name, sizeof(ret_person->name), 1 },
		{ ret_person->issuer, sizeof(ret_person->issuer), 2 },
		{ ret_person->subject, sizeof(ret_person->subject), 3 },
		{ ret_person->mark, sizeof(ret_person->mark), 4 },
		{ ret_person->real_name, sizeof(ret_person->real_name), 5 },
		{ ret_person->home, sizeof(ret_person->home), 6 },
		{ ret_person->shell, sizeof(ret_person->shell), 7 },
		{ ret_person->source, sizeof(ret_person->source), 8 },
		{ ret_person->structure, sizeof(ret_person->structure), 9 },
		{ ret_person->reason, sizeof(ret_person->reason), 11 },
	};
	int64_t uid = query_column_number(query, 0);

	for (size_t i = 0; i < N_ELEMENTS(fields); i++)
		if (!text_into(fields[i].field, fields[i].size,
			       query_column_text(query, fields[i].column)))
			return -EUCLEAN;
	ret_person->uid = (uint32_t)uid;
	ret_person->state = (enum person_state)query_column_number(query, 10);
	ret_person->created_s = query_column_number(query, 12);
	ret_person->changed_s = query_column_number(query, 13);
	return uid_is_ours(uid) && is_right(ret_person) ? 0 : -EUCLEAN;
}

/* --- finding --- */

static int read_one(struct query *query, struct person *ret_person)
{
	struct person person;
	int r = query_step(query);

	if (r == 1)
		r = read_row(query, &person);
	else if (r == 0)
		r = -ENOENT;
	query_done(query);
	if (r == 0)
		*ret_person = person;
	return r;
}

int person_by_name(struct db *db, const char *name, struct person *ret_person)
{
	struct query *query = query_new(db, "SELECT " PERSON_COLUMNS " FROM people"
					    " WHERE name = ?1 AND " NOT_GONE);

	query_text(query, 1, name);
	return read_one(query, ret_person);
}

int person_by_uid(struct db *db, uint32_t uid, struct person *ret_person)
{
	struct query *query = query_new(db, "SELECT " PERSON_COLUMNS " FROM people"
					    " WHERE uid = ?1 AND " NOT_GONE);

	query_number(query, 1, uid);
	return read_one(query, ret_person);
}

int person_by_identity(struct db *db, const char *issuer, const char *subject,
		       struct person *ret_person)
{
	struct query *query = query_new(db, "SELECT " PERSON_COLUMNS " FROM people"
					    " WHERE issuer = ?1 AND subject = ?2 AND " NOT_GONE);

	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	return read_one(query, ret_person);
}

static int read_each(struct query *query,
		     int (*each)(const struct person *person, void *context), void *context)
{
	struct person person;
	int r;

	while ((r = query_step(query)) == 1) {
		r = read_row(query, &person);
		if (r == 0)
			r = each(&person, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

static int read_slice(struct query *query, uint32_t after_uid, unsigned n,
		      int (*each)(const struct person *person, void *context), void *context)
{
	query_number(query, 1, after_uid);
	query_number(query, 2, n);
	return read_each(query, each, context);
}

int person_slice(struct db *db, uint32_t after_uid, unsigned n,
		 int (*each)(const struct person *person, void *context), void *context)
{
	return read_slice(query_new(db, "SELECT " PERSON_COLUMNS " FROM people"
					" WHERE uid > ?1 AND " NOT_GONE
					" ORDER BY uid LIMIT ?2"), after_uid, n, each, context);
}

int person_slice_with_gone(struct db *db, uint32_t after_uid, unsigned n,
			   int (*each)(const struct person *person, void *context), void *context)
{
	return read_slice(query_new(db, "SELECT " PERSON_COLUMNS " FROM people"
					" WHERE uid > ?1 ORDER BY uid LIMIT ?2"),
			  after_uid, n, each, context);
}

/* --- changing --- */

static int insert(struct db *db, const struct person *person)
{
	struct query *query = query_new(db, "INSERT INTO people (" PERSON_COLUMNS ") VALUES"
					    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
					    " ?13, ?14)");
	const char *const texts[] = {
		person->name, person->issuer, person->subject, person->mark, person->real_name,
		person->home, person->shell, person->source, person->structure,
	};

	query_number(query, 1, person->uid);
	for (int i = 0; i < (int)N_ELEMENTS(texts); i++)
		query_text(query, 2 + i, texts[i]);
	query_number(query, 11, person->state);
	query_text(query, 12, person->reason);
	query_number(query, 13, person->created_s);
	query_number(query, 14, person->changed_s);
	return query_run(query);
}

/* Asked before a uid is looked for, which in a fleet would be his own and so taken. */
static int is_somebody(struct db *db, const struct person *person)
{
	struct person other;
	int r = person_by_name(db, person->name, &other);

	if (r == -ENOENT)
		r = person_by_identity(db, person->issuer, person->subject, &other);
	return r == -ENOENT ? 0 : r == 0 ? -EEXIST : r;
}

int person_add(struct db *db, const struct config *config, const struct host_ids *host,
	       int64_t now_s, struct person *person)
{
	struct person added = *person;
	uint32_t gid;
	int r;

	added.state = PERSON_ACTIVE;
	added.reason[0] = '\0';
	added.created_s = added.changed_s = now_s;
	if (!is_right(&added))
		return -EINVAL;
	r = is_somebody(db, &added);
	if (r == 0)
		r = served_group_make(db, config, host, config->accounts.primary_group, &gid);
	/* A structure that is one of the host's groups is nobody's: he is not in it. */
	if (r == 0 && added.structure[0]) {
		r = served_group_make(db, config, host, added.structure, &gid);
		if (r == -EADDRINUSE)
			r = 0;
	}
	if (r == 0)
		r = person_choose_uid(db, config, host, added.issuer, added.subject, &added.uid);
	if (r == 0)
		r = insert(db, &added);
	if (r == 0)
		*person = added;
	return r;
}

static bool is_same(const struct person *a, const struct person *b)
{
	return text_equals(a->real_name, b->real_name) && text_equals(a->home, b->home) &&
	       text_equals(a->shell, b->shell) && text_equals(a->structure, b->structure) &&
	       text_equals(a->mark, b->mark);
}

int person_update(struct db *db, const struct person *person, int64_t now_s)
{
	struct person now;
	struct query *query;
	int r = person_by_uid(db, person->uid, &now);

	if (r < 0 || is_same(&now, person))
		return r;
	if (!is_field(person->real_name) || !is_path(person->home) || !is_path(person->shell) ||
	    (person->structure[0] && !person_name_is_right(person->structure)))
		return -EINVAL;
	query = query_new(db, "UPDATE people SET real_name = ?2, home = ?3, shell = ?4,"
			      " structure = ?5, mark = ?6, changed_s = ?7 WHERE uid = ?1");
	query_number(query, 1, person->uid);
	query_text(query, 2, person->real_name);
	query_text(query, 3, person->home);
	query_text(query, 4, person->shell);
	query_text(query, 5, person->structure);
	query_text(query, 6, person->mark);
	query_number(query, 7, now_s);
	return query_run(query);
}

static int drop_groups(struct db *db, uint32_t uid)
{
	struct query *query = query_new(db, "DELETE FROM people_groups WHERE uid = ?1");

	query_number(query, 1, uid);
	return query_run(query);
}

int person_set_state(struct db *db, uint32_t uid, enum person_state state, const char *reason,
		     int64_t now_s)
{
	const char *why = state == PERSON_LOCKED && reason ? reason : "";
	struct person person;
	char fitting[sizeof(person.reason)];
	struct query *query;
	int r = person_by_uid(db, uid, &person);

	if (r < 0)
		return r;
	if (!text_into(fitting, sizeof(fitting), why))
		return -EINVAL;
	if (person.state == state && text_equals(person.reason, fitting))
		return 0;
	query = query_new(db, "UPDATE people SET state = ?2, reason = ?3, changed_s = ?4"
			      " WHERE uid = ?1");
	query_number(query, 1, uid);
	query_number(query, 2, state);
	query_text(query, 3, fitting);
	query_number(query, 4, now_s);
	r = query_run(query);
	return r == 0 && state == PERSON_GONE ? drop_groups(db, uid) : r;
}

/* Everything that names him by name and uid goes with him: they are what a user is. */
static int move_all(struct db *db, const struct person *person, uint32_t uid)
{
	struct query *const moves[] = {
		query_new(db, "UPDATE people SET uid = ?1 WHERE name = ?2 AND uid = ?3"),
		query_new(db, "UPDATE people_groups SET uid = ?1 WHERE ?2 IS NOT NULL"
			      " AND uid = ?3"),
		query_new(db, "UPDATE accounts SET uid = ?1 WHERE user = ?2 AND uid = ?3"),
		query_new(db, "UPDATE links SET uid = ?1 WHERE user = ?2 AND uid = ?3"),
		query_new(db, "UPDATE phones SET uid = ?1 WHERE user = ?2 AND uid = ?3"),
		query_new(db, "UPDATE requests SET uid = ?1 WHERE user = ?2 AND uid = ?3"),
		query_new(db, "UPDATE totp SET uid = ?1 WHERE user = ?2 AND uid = ?3"),
		query_new(db, "UPDATE notices SET uid = ?1 WHERE user = ?2 AND uid = ?3"),
		query_new(db, "UPDATE lingering SET uid = ?1 WHERE name = ?2 AND uid = ?3"),
	};
	int r = 0;

	for (size_t i = 0; i < N_ELEMENTS(moves); i++) {
		query_number(moves[i], 1, uid);
		query_text(moves[i], 2, person->name);
		query_number(moves[i], 3, person->uid);
		if (r == 0)
			r = query_run(moves[i]);
		else
			query_done(moves[i]);
	}
	return r;
}

static int is_used(struct db *db, uint32_t uid)
{
	struct query *query = query_new(db, "SELECT 1 FROM people WHERE uid = ?1");
	int r;

	query_number(query, 1, uid);
	r = query_step(query);
	query_done(query);
	return r;
}

int person_set_uid(struct db *db, uint32_t old_uid, uint32_t new_uid, int64_t now_s)
{
	struct person person;
	int r = person_by_uid(db, old_uid, &person);

	if (r < 0 || old_uid == new_uid)
		return r;
	if (!uid_is_ours(new_uid))
		return -EINVAL;
	r = is_used(db, new_uid);
	if (r != 0)
		return r < 0 ? r : -EADDRINUSE;
	r = move_all(db, &person, new_uid);
	if (r < 0)
		return r;
	person.state = PERSON_GONE;
	person.changed_s = now_s;
	person.reason[0] = '\0';
	return insert(db, &person);
}
