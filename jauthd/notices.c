/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/notices.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"

#define DAY_S 86400

#define NOTICE_COLUMNS "id, kind, user, uid, issuer, subject, display, time_s"

/* --- making --- */

struct notice notice_make(enum notice_kind kind, const char *user, int64_t uid)
{
	struct notice notice = { .kind = kind, .uid = uid };

	(void)snprintf(notice.user, sizeof(notice.user), "%s", user);
	return notice;
}

/* As much as fits, in whole characters. */
static void keep(char *field, size_t size, const char *text)
{
	struct buf clean = BUF_INIT(size - 1);

	text_add_clean(&clean, text ? text : "", (size - 8) / 4);
	(void)snprintf(field, size, "%s", buf_text(&clean));
	buf_done(&clean);
}

void notice_set_identity(struct notice *notice, const char *issuer, const char *subject,
			 const char *display)
{
	(void)snprintf(notice->issuer, sizeof(notice->issuer), "%s", issuer);
	(void)snprintf(notice->subject, sizeof(notice->subject), "%s", subject);
	keep(notice->display, sizeof(notice->display), display);
}

static int drop_too_many(struct db *db, const struct notice *notice)
{
	struct query *query;

	query = query_new(db, "DELETE FROM notices WHERE user = ?1 AND id NOT IN"
			      " (SELECT id FROM notices WHERE user = ?1 ORDER BY id DESC"
			      " LIMIT ?2)");
	query_text(query, 1, notice->user);
	query_number(query, 2, NOTICES_PER_USER_MAX);
	return query_run(query);
}

int notice_add(struct db *db, const struct notice *notice)
{
	struct query *query;
	int r;

	query = query_new(db, "INSERT INTO notices (kind, user, uid, issuer, subject, display,"
			      " time_s, is_sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
	query_number(query, 1, notice->kind);
	query_text(query, 2, notice->user);
	query_number(query, 3, notice->uid);
	query_text(query, 4, notice->issuer);
	query_text(query, 5, notice->subject);
	query_text(query, 6, notice->display);
	query_number(query, 7, notice->time_s);
	query_number(query, 8, notice->is_sent);
	r = query_run(query);
	return r < 0 ? r : drop_too_many(db, notice);
}

/* --- reading --- */

static int notice_read(struct query *query, struct notice *ret_notice)
{
	int64_t kind = query_column_number(query, 1);

	if (kind < 0 || kind >= N_NOTICES)
		return -EUCLEAN;
	*ret_notice = notice_make((enum notice_kind)kind, query_column_text(query, 2),
				  query_column_number(query, 3));
	ret_notice->id = query_column_number(query, 0);
	notice_set_identity(ret_notice, query_column_text(query, 4), query_column_text(query, 5),
			    query_column_text(query, 6));
	ret_notice->time_s = query_column_number(query, 7);
	return 0;
}

static int mark_told(struct db *db, const char *user, int64_t uid, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "UPDATE notices SET told_s = ?3"
			      " WHERE user = ?1 AND uid IN (?2, ?4) AND told_s = 0");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_number(query, 3, now_s);
	query_number(query, 4, NOTICE_ANY_UID);
	return query_run(query);
}

/* The newest come first; those there is no room for are counted. */
static int collect(struct query *query, struct notices *notices)
{
	int r;

	while ((r = query_step(query)) == 1) {
		if (notices->n == NOTICES_SHOWN_MAX) {
			notices->n_more++;
			continue;
		}
		r = notice_read(query, &notices->rows[notices->n]);
		if (r < 0)
			return r;
		notices->n++;
	}
	return r;
}

static void turn_round(struct notices *notices)
{
	for (size_t i = 0; i < notices->n / 2; i++) {
		struct notice *a = &notices->rows[i], *b = &notices->rows[notices->n - 1 - i];
		struct notice kept = *a;

		*a = *b;
		*b = kept;
	}
}

/* A clock that was ahead must not have it told for years: hence both sides. */
int notices_tell(struct db *db, const char *user, int64_t uid, int64_t now_s,
		 struct notices *ret_notices)
{
	struct notices notices = { .n = 0 };
	struct query *query;
	int r;

	query = query_new(db, "SELECT " NOTICE_COLUMNS " FROM notices"
			      " WHERE user = ?1 AND uid IN (?2, ?5)"
			      " AND (told_s = 0 OR abs(told_s - ?3) < ?4) ORDER BY id DESC");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_number(query, 3, now_s);
	query_number(query, 4, NOTICE_TOLD_S);
	query_number(query, 5, NOTICE_ANY_UID);
	r = collect(query, &notices);
	query_done(query);
	if (r == 0 && notices.n)
		r = mark_told(db, user, uid, now_s);
	if (r < 0)
		return r;
	turn_round(&notices);
	*ret_notices = notices;
	return 0;
}

int notices_count_day(struct db *db, const char *user, int64_t uid, int64_t now_s, int64_t *ret_n)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT count(*) FROM notices WHERE user = ?1 AND uid = ?2"
			      " AND abs(time_s - ?3) < ?4 AND kind < ?5");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_number(query, 3, now_s);
	query_number(query, 4, DAY_S);
	query_number(query, 5, NOTICE_GLASS);    /* and what comes after it is no link's */
	r = query_step(query);
	if (r == 1)
		*ret_n = query_column_number(query, 0);
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -EIO;
}

static int mark_sent(struct db *db, int64_t id)
{
	struct query *query = query_new(db, "UPDATE notices SET is_sent = 1 WHERE id = ?1");

	query_number(query, 1, id);
	return query_run(query);
}

int notice_take_unsent(struct db *db, struct notice *ret_notice)
{
	struct notice notice;
	struct query *query;
	int r;

	query = query_new(db, "SELECT " NOTICE_COLUMNS " FROM notices WHERE is_sent = 0"
			      " ORDER BY id LIMIT 1");
	r = query_step(query);
	if (r == 1) {
		r = notice_read(query, &notice);
		r = r == 0 ? 1 : r;
	}
	query_done(query);
	if (r == 1)
		r = mark_sent(db, notice.id);
	else
		r = r < 0 ? r : -ENOENT;
	if (r == 0)
		*ret_notice = notice;
	return r;
}

int notices_trim(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "DELETE FROM notices WHERE abs(time_s - ?1) >= ?2");
	query_number(query, 1, now_s);
	query_number(query, 2, NOTICE_KEPT_S);
	return query_run(query);
}

/* --- in words --- */

static const char *say(const struct notice_style *style, const char *text)
	__attribute__((format_arg(2)));

static const char *say(const struct notice_style *style, const char *text)
{
	return catalogs_text(style->catalogs, style->language, text);
}

/* "Jane Doe (123, https://op.example.org)": the name is what the person chose, the rest is not. */
static void add_identity(const struct notice *notice, bool ascii, struct buf *buf)
{
	void (*add)(struct buf *, const char *, size_t) = ascii ? text_add_ascii : text_add_clean;

	if (notice->display[0]) {
		add(buf, notice->display, LOGIN_TITLE_MAX);
		buf_add_text(buf, " (");
	}
	add(buf, notice->subject, IDENTITY_TEXT_MAX);
	buf_add_text(buf, ", ");
	add(buf, notice->issuer, URL_MAX);
	if (notice->display[0])
		buf_add_char(buf, ')');
}

static void add_time(int64_t time_s, struct buf *buf)
{
	time_t moment = (time_t)time_s;
	char text[32];
	struct tm tm;

	if (localtime_r(&moment, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm))
		buf_add_text(buf, text);
}

void notice_text(const struct notice *notice, const struct notice_style *style, struct buf *buf)
{
	struct buf identity = BUF_INIT(LOGIN_LINE_MAX * 4), when = BUF_INIT(32);

	add_identity(notice, style->ascii, &identity);
	add_time(notice->time_s, &when);
	if (style->host)
		buf_add_format(buf, say(style, N_("User %s on %s: ")), notice->user, style->host);
	switch (notice->kind) {
	case NOTICE_LINKED:
		buf_add_format(buf, say(style, N_("linked since %s, and may log in: %s")),
			       buf_text(&when), buf_text(&identity));
		break;
	case NOTICE_UNLINKED:
		buf_add_format(buf, say(style, N_("no longer linked since %s: %s")),
			       buf_text(&when), buf_text(&identity));
		break;
	case NOTICE_REFUSED:
		buf_add_format(buf, say(style, N_("a link was refused at %s: %s")),
			       buf_text(&when), buf_text(&identity));
		break;
	case NOTICE_GLASS:
		buf_add_format(buf, say(style, N_("a break-glass code was used at %s: %s")),
			       buf_text(&when), buf_text(&identity));
		break;
	case NOTICE_RECOVERED:
		buf_add_format(buf, say(style, N_("your recovery code was used at %s. For %d "
						  "minutes from then on you may link one new way "
						  "to log in: jauthctl link METHOD")),
			       buf_text(&when), GLASS_LINK_S / 60);
		break;
	case N_NOTICES:
		break;
	}
	buf_done(&identity);
	buf_done(&when);
}
