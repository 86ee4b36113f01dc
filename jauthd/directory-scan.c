/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory-stage.h: which member is to be looked at next. */
#include "jauthd/directory-stage.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static int read_next(struct query *query, const char *directory, const char *after,
		     char ret_subject[IDENTITY_TEXT_MAX + 1])
{
	bool fits = true;
	int r;

	query_text(query, 1, directory);
	query_text(query, 2, after);
	r = query_step(query);
	if (r == 1 && query_column_is_null(query, 0))
		r = 0;
	else if (r == 1)
		fits = text_into(ret_subject, IDENTITY_TEXT_MAX + 1, query_column_text(query, 0));
	query_done(query);
	return fits ? r : -EUCLEAN;
}

/* An index is named: by itself SQLite takes the primary key, and reads all members that have no
 * fault. */
int stage_next_faulty(struct db *db, const char *directory, const char *after,
		      char ret_subject[IDENTITY_TEXT_MAX + 1])
{
	return read_next(query_new(db, "SELECT min(subject) FROM directory_members"
				       " INDEXED BY directory_members_fault"
				       " WHERE directory = ?1 AND round = 0 AND subject > ?2"
				       " AND fault <> ''"), directory, after, ret_subject);
}

static int next_told_or_faulty(struct db *db, const char *directory, const char *after,
			       char ret_subject[IDENTITY_TEXT_MAX + 1])
{
	struct query *query;

	query = query_new(db,
		"SELECT min(subject) FROM ("
		" SELECT min(subject) AS subject FROM directory_members"
		"  WHERE directory = ?1 AND round = 1 AND subject > ?2"
		" UNION ALL"
		" SELECT min(subject) FROM directory_members INDEXED BY directory_members_fault"
		"  WHERE directory = ?1 AND round = 0 AND subject > ?2 AND fault <> '')");
	return read_next(query, directory, after, ret_subject);
}

/* One row. True: the scan is over. */
static bool scan_row(struct stage_scan *scan, const char *subject, bool is_affected)
{
	bool is_next = !text_equals(subject, scan->to);

	if (!is_affected && is_next && !scan->n_rows) {
		scan->end = STAGE_SCAN_CUT;
		return true;
	}
	scan->n_rows -= scan->n_rows > 0;
	scan->end = is_affected ? STAGE_SCAN_FOUND : STAGE_SCAN_ALL;
	if (is_next)
		(void)text_into(scan->to, sizeof(scan->to), subject);
	return is_affected;
}

/* Who was in a department that round 1 tells of anew, or not any more. It is cut between two
 * people, never between two places of one. */
static int scan_places(struct db *db, const char *directory, const char *after,
		       struct stage_scan *scan)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT subject, NOT EXISTS (SELECT 1 FROM directory_done"
			      "  WHERE directory = ?1 AND department = place.department"
			      "  AND is_same) FROM directory_places AS place"
			      " WHERE directory = ?1 AND round = 0 AND subject > ?2"
			      " ORDER BY subject");
	query_text(query, 1, directory);
	query_text(query, 2, after);
	scan->end = STAGE_SCAN_ALL;
	(void)text_into(scan->from, sizeof(scan->from), after);
	(void)text_into(scan->to, sizeof(scan->to), after);
	while ((r = query_step(query)) == 1)
		if (scan_row(scan, query_column_text(query, 0),
			     query_column_number(query, 1) != 0))
			break;
	query_done(query);
	if (r < 0)
		scan->end = STAGE_SCAN_NONE;
	return MIN(r, 0);
}

static bool scan_tells_beyond(const struct stage_scan *scan, const char *after)
{
	switch (scan->end) {
	case STAGE_SCAN_NONE:
		return false;
	case STAGE_SCAN_FOUND:
	case STAGE_SCAN_CUT:
		return strcmp(after, scan->from) >= 0 && strcmp(after, scan->to) < 0;
	case STAGE_SCAN_ALL:
		return strcmp(after, scan->from) >= 0;
	}
	return false;
}

int stage_next_affected(struct db *db, const char *directory, const char *after,
			struct stage_scan *scan, char ret_subject[IDENTITY_TEXT_MAX + 1])
{
	char told[IDENTITY_TEXT_MAX + 1];
	bool is_told;
	int r = next_told_or_faulty(db, directory, after, told);

	if (r < 0)
		return r;
	is_told = r == 1;
	if (!scan_tells_beyond(scan, after))
		r = scan_places(db, directory, after, scan);
	if (r < 0)
		return r;
	if (is_told && (scan->end == STAGE_SCAN_ALL || strcmp(told, scan->to) <= 0)) {
		memcpy(ret_subject, told, sizeof(told));
		return 1;
	}
	if (scan->end == STAGE_SCAN_ALL)
		return 0;
	memcpy(ret_subject, scan->to, sizeof(scan->to));
	return scan->end == STAGE_SCAN_FOUND ? 1 : 2;
}
