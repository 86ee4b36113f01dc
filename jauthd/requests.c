/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests of strangers; see requests.h.
 *
 * A time is compared to both sides: a clock that was ahead and is put right must not keep open for
 * years what was to be open for an hour.
 */
#include "jauthd/requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/address.h"
#include "jauthd/audit.h"

#define REQUEST_COLUMNS \
	"request, method, issuer, subject, display, user, uid, source, time_s," \
	" coalesce(link_id, 0)," \
	" coalesce((SELECT group_concat(l.user, ' ') FROM links l WHERE l.issuer = r.issuer" \
	" AND l.subject = r.subject AND l.pending = 0), '')"

static bool is_over(int64_t began_s, int64_t now_s, int64_t lasts_s)
{
	return llabs((long long)(now_s - began_s)) >= lasts_s;
}

bool requests_is_over(const struct link_request *request, int64_t now_s)
{
	return is_over(request->time_s, now_s, REQUEST_OPEN_S);
}

bool requests_link_is_over(int64_t accepted_s, int64_t now_s)
{
	return is_over(accepted_s, now_s, LINK_PENDING_S);
}

/* --- adding --- */

/* ?1 issuer, ?2 subject, ?3 network, ?4 user, ?5 how many may stay. Each drops one row at most, as
 * one was added; only the identity's and the network's own. */
#define DROP_OLDEST(own, counted) \
	"DELETE FROM requests WHERE id = (SELECT min(id) FROM requests" \
	" WHERE link_id IS NULL AND " own ")" \
	" AND (SELECT count(*) FROM requests WHERE link_id IS NULL AND " counted ") > ?5"
#define OF_IDENTITY "issuer = ?1 AND subject = ?2"
#define OF_NETWORK  "network = ?3"
#define OF_USER     "user = ?4"

static const struct {
	const char *drop;
	int64_t most;
} request_caps[] = {
	{ DROP_OLDEST(OF_IDENTITY, OF_IDENTITY), REQUESTS_PER_IDENTITY },
	{ DROP_OLDEST(OF_NETWORK, OF_NETWORK), REQUESTS_PER_NETWORK },
	{ DROP_OLDEST(OF_NETWORK " AND " OF_USER, OF_USER), REQUESTS_PER_USER },
	{ DROP_OLDEST(OF_NETWORK, "1"), REQUESTS_MAX },
};

static int insert(struct db *db, const struct link_request *request, const char *network)
{
	struct query *query;

	query = query_new(db, "INSERT INTO requests (request, method, issuer, subject, display,"
			      " user, uid, source, network, time_s)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
	query_text(query, 1, request->request);
	query_text(query, 2, request->method);
	query_text(query, 3, request->issuer);
	query_text(query, 4, request->subject);
	query_text(query, 5, request->display);
	query_text(query, 6, request->user);
	query_number(query, 7, request->uid);
	query_text(query, 8, request->source);
	query_text(query, 9, network);
	query_number(query, 10, request->time_s);
	return query_run(query);
}

static int drop_too_many(struct db *db, const struct link_request *request, const char *network)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(request_caps); i++) {
		struct query *query = query_new(db, request_caps[i].drop);

		query_text(query, 1, request->issuer);
		query_text(query, 2, request->subject);
		query_text(query, 3, network);
		query_text(query, 4, request->user);
		query_number(query, 5, request_caps[i].most);
		r = query_run(query);
	}
	return r;
}

static int drop_over(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "DELETE FROM requests WHERE link_id IS NULL"
			      " AND (time_s <= ?1 OR time_s >= ?2)");
	query_number(query, 1, now_s - REQUEST_OPEN_S);
	query_number(query, 2, now_s + REQUEST_OPEN_S);
	return query_run(query);
}

int requests_add(struct db *db, const struct link_request *request)
{
	char network[ADDRESS_SIZE];
	const char *counted = address_network(request->source, network) ? network
									: request->source;
	int r = drop_over(db, request->time_s);

	if (r == 0)
		r = insert(db, request, counted);
	return r < 0 ? r : drop_too_many(db, request, counted);
}

/* --- reading --- */

static int request_read(struct query *query, struct link_request *ret_request)
{
	struct link_request *to = ret_request;

	*to = (struct link_request){
		.uid = query_column_number(query, 6),
		.time_s = query_column_number(query, 8),
		.link_id = query_column_number(query, 9),
	};
	(void)snprintf(to->linked, sizeof(to->linked), "%s", query_column_text(query, 10));
	if (!text_into(to->request, sizeof(to->request), query_column_text(query, 0)) ||
	    !text_into(to->method, sizeof(to->method), query_column_text(query, 1)) ||
	    !text_into(to->issuer, sizeof(to->issuer), query_column_text(query, 2)) ||
	    !text_into(to->subject, sizeof(to->subject), query_column_text(query, 3)) ||
	    !text_into(to->display, sizeof(to->display), query_column_text(query, 4)) ||
	    !text_into(to->user, sizeof(to->user), query_column_text(query, 5)) ||
	    !text_into(to->source, sizeof(to->source), query_column_text(query, 7)))
		return -EUCLEAN;
	return 0;
}

int requests_get(struct db *db, const char *id, struct link_request *ret_request)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT " REQUEST_COLUMNS " FROM requests r WHERE request = ?1");
	query_text(query, 1, id);
	r = query_step(query);
	if (r == 1)
		r = request_read(query, ret_request);
	else if (r == 0)
		r = -ENOENT;
	query_done(query);
	return r;
}

int requests_each(struct db *db, int64_t now_s,
		 int (*each)(const struct link_request *request, void *context), void *context)
{
	struct link_request request;
	struct query *query;
	int r;

	query = query_new(db, "SELECT " REQUEST_COLUMNS " FROM requests r"
			      " WHERE link_id IS NULL AND abs(time_s - ?1) < ?2 ORDER BY id");
	query_number(query, 1, now_s);
	query_number(query, 2, REQUEST_OPEN_S);
	while ((r = query_step(query)) == 1) {
		r = request_read(query, &request);
		if (r == 0)
			r = each(&request, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

/* --- accepting --- */

int requests_accept(struct db *db, const struct link_request *request, const char *note,
		   int64_t now_s, int64_t *ret_link_id)
{
	const struct link link = {
		.issuer = (char *)request->issuer,
		.subject = (char *)request->subject,
		.user = (char *)request->user,
		.uid = request->uid,
		.note = (char *)note,
		.origin = (char *)"request",
		.created_s = now_s,
		.pending = true,
	};
	struct query *query;
	int64_t id = 0;
	int r = link_add(db, &link, &id);

	if (r < 0)
		return r;
	query = query_new(db, "UPDATE requests SET link_id = ?2"
			      " WHERE request = ?1 AND link_id IS NULL");
	query_text(query, 1, request->request);
	query_number(query, 2, id);
	r = query_run(query);
	if (r == 0 && db_changes(db) != 1)
		r = -ENOENT;
	if (r == 0)
		*ret_link_id = id;
	return r;
}

/* --- what is over --- */

/* 1: *ret_link is pending and over. */
static int find_over(struct db *db, int64_t now_s, struct link *ret_link)
{
	struct query *query;
	int64_t id = 0;
	int r;

	query = query_new(db, "SELECT id FROM links WHERE pending = 1"
			      " AND abs(created_s - ?1) >= ?2 LIMIT 1");
	query_number(query, 1, now_s);
	query_number(query, 2, LINK_PENDING_S);
	r = query_step(query);
	if (r == 1)
		id = query_column_number(query, 0);
	query_done(query);
	if (r == 1)
		r = link_get(db, id, ret_link);
	return r == 0 && id ? 1 : r;
}

static int audit_over(struct db *db, const struct link *link, int64_t now_s)
{
	struct audit_row row = { .time_s = now_s, .uid = link->uid };
	int r;

	(void)text_into(row.request, sizeof(row.request), link->request);
	(void)text_into(row.kind, sizeof(row.kind), "admin");
	(void)text_into(row.user, sizeof(row.user), link->user);
	(void)text_into(row.service, sizeof(row.service), "jauthd");
	(void)text_into(row.origin, sizeof(row.origin), "local");
	(void)text_into(row.method, sizeof(row.method), link->method);
	(void)text_into(row.outcome, sizeof(row.outcome), login_state_names[LOGIN_EXPIRED]);
	(void)snprintf(row.reason, sizeof(row.reason),
		       "link %" PRId64 " was not confirmed in time", link->id);
	(void)text_into(row.issuer, sizeof(row.issuer), link->issuer);
	(void)text_into(row.subject, sizeof(row.subject), link->subject);
	r = audit_add(db, &row, NULL);
	if (r == 0)
		audit_log(&row);
	return r;
}

int requests_trim(struct db *db, int64_t now_s)
{
	int r = drop_over(db, now_s);

	while (r == 0) {
		_cleanup_(link_done) struct link link = { 0 };

		r = find_over(db, now_s, &link);
		if (r <= 0)
			break;
		r = link_remove(db, link.id);
		if (r == 0)
			r = audit_over(db, &link, now_s);
	}
	return r;
}
