/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table says which fields a row has; binding, reading and the log line follow it. */
#include "jauthd/audit.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"

#define AUDIT_LINE_MAX  4096
#define AUDIT_TEXTS     "request, kind, user, service, origin, source, method, outcome, reason," \
			" issuer, subject, display, mapped_method, mapping, note"
#define AUDIT_COLUMNS   "id, time_s, uid, " AUDIT_TEXTS
#define AUDIT_COLUMN_TEXTS 3             /* where the texts begin */

/* In the order of AUDIT_TEXTS. */
#define FIELD(field) { #field, offsetof(struct audit_row, field), \
		       sizeof(((struct audit_row *)NULL)->field) }
static const struct {
	const char *name;
	size_t offset, size;
} audit_fields[] = {
	FIELD(request), FIELD(kind), FIELD(user), FIELD(service), FIELD(origin), FIELD(source),
	FIELD(method), FIELD(outcome), FIELD(reason), FIELD(issuer), FIELD(subject), FIELD(display),
	FIELD(mapped_method), FIELD(mapping), FIELD(note),
};

int audit_add(struct db *db, const struct audit_row *row, int64_t *ret_id)
{
	struct query *query;
	int r;

	query = query_new(db, "INSERT INTO audit (time_s, uid, " AUDIT_TEXTS ")"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
			      " ?14, ?15, ?16, ?17)");
	query_number(query, 1, row->time_s);
	query_number(query, 2, row->uid);
	for (size_t i = 0; i < N_ELEMENTS(audit_fields); i++)
		query_text(query, (int)i + 3, (const char *)row + audit_fields[i].offset);
	r = query_run(query);
	if (r == 0 && ret_id)
		*ret_id = db_last_id(db);
	return r;
}

/* key="value"; a quotation mark or backslash in it must not end or hide the value. */
static void add_field(struct buf *line, const char *name, const char *value)
{
	_cleanup_(buf_done) struct buf clean = BUF_INIT(AUDIT_LINE_MAX);

	text_add_clean(&clean, value, AUDIT_TEXT_MAX);
	buf_add_format(line, " %s=\"", name);
	for (const char *c = buf_text(&clean); *c; c++)
		buf_add_char(line, *c == '"' || *c == '\\' ? '\'' : *c);
	buf_add_char(line, '"');
}

void audit_log(const struct audit_row *row)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT(AUDIT_LINE_MAX);

	for (size_t i = 0; i < N_ELEMENTS(audit_fields); i++) {
		const char *value = (const char *)row + audit_fields[i].offset;

		if (*value)
			add_field(&line, audit_fields[i].name, value);
	}
	log_info("audit:%s", buf_text(&line));
}

/* Ids grow by one, so the number of rows follows from them and need not be counted. */
int audit_trim(struct db *db, int64_t now_s, int64_t days, int64_t rows_max)
{
	struct query *query;
	int r;

	query = query_new(db, "DELETE FROM audit WHERE id IN (SELECT id FROM audit"
			      " WHERE time_s < ?1 ORDER BY time_s LIMIT ?2)");
	query_number(query, 1, now_s - days * 86400);
	query_number(query, 2, AUDIT_TRIM_ROWS);
	r = query_run(query);
	if (r < 0)
		return r;
	query = query_new(db, "DELETE FROM audit WHERE id IN (SELECT id FROM audit"
			      " WHERE id <= (SELECT max(id) FROM audit) - ?1"
			      " ORDER BY id LIMIT ?2)");
	query_number(query, 1, rows_max);
	query_number(query, 2, AUDIT_TRIM_ROWS);
	return query_run(query);
}

static int audit_read(struct query *query, struct audit_row *ret_row)
{
	*ret_row = (struct audit_row){
		.id = query_column_number(query, 0),
		.time_s = query_column_number(query, 1),
		.uid = query_column_number(query, 2),
	};
	for (size_t i = 0; i < N_ELEMENTS(audit_fields); i++)
		if (!text_into((char *)ret_row + audit_fields[i].offset, audit_fields[i].size,
			       query_column_text(query, (int)i + AUDIT_COLUMN_TEXTS)))
			return -EUCLEAN;
	return 0;
}

int audit_each(struct db *db, const struct audit_filter *filter,
	       int (*each)(const struct audit_row *row, void *context), void *context)
{
	struct audit_row row;
	struct query *query;
	int r;

	query = query_new(db, "SELECT " AUDIT_COLUMNS " FROM (SELECT * FROM audit"
			      " WHERE id > ?1 AND time_s >= ?2 AND (?3 IS NULL OR user = ?3)"
			      " AND (?4 IS NULL OR service = ?4) AND (?5 IS NULL OR outcome = ?5)"
			      " AND (?6 IS NULL OR request = ?6) ORDER BY id DESC LIMIT ?7)"
			      " ORDER BY id");
	query_number(query, 1, filter->after_id);
	query_number(query, 2, filter->since_s);
	query_text(query, 3, filter->user);
	query_text(query, 4, filter->service);
	query_text(query, 5, filter->outcome);
	query_text(query, 6, filter->request);
	query_number(query, 7, MAX(filter->limit, 0));
	while ((r = query_step(query)) == 1) {
		r = audit_read(query, &row);
		if (r == 0)
			r = each(&row, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

int audit_find_granted(struct db *db, const char *request, struct audit_row *ret_row)
{
	struct audit_row row;
	struct query *query;
	int r;

	query = query_new(db, "SELECT " AUDIT_COLUMNS " FROM audit WHERE request = ?1"
			      " AND kind = 'login' AND outcome = 'granted'"
			      " ORDER BY id DESC LIMIT 1");
	query_text(query, 1, request);
	r = query_step(query);
	if (r == 1)
		r = audit_read(query, &row);
	else if (r == 0)
		r = -ENOENT;
	query_done(query);
	if (r == 0)
		*ret_row = row;
	return r;
}
