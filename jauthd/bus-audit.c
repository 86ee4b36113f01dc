/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/bus-audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/login-protocol.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauthd/audit.h"

int bus_audit(struct bus_work *work, struct db *db, const char *user, int64_t uid,
	      const char *format, ...)
{
	struct audit_row row = { .time_s = work->now_s, .uid = uid };
	struct buf raw = BUF_INIT(BUS_TEXT_MAX), clean = BUF_INIT(AUDIT_TEXT_MAX);
	va_list args;
	int r = 0;

	if (!text_into(row.request, sizeof(row.request), work->about) || !row.request[0])
		r = random_hex(row.request, (sizeof(row.request) - 1) / 2);
	if (r < 0)
		return r;
	va_start(args, format);
	buf_add_format_list(&raw, format, args);
	va_end(args);
	/* A character is at most four bytes. */
	text_add_clean(&clean, buf_text(&raw), (AUDIT_TEXT_MAX - 8) / 4);
	(void)text_into(row.kind, sizeof(row.kind), "admin");
	(void)text_into(row.user, sizeof(row.user), user);
	(void)text_into(row.service, sizeof(row.service), "bus");
	(void)text_into(row.origin, sizeof(row.origin), "local");
	(void)snprintf(row.source, sizeof(row.source), "uid %u", (unsigned)work->caller_uid);
	(void)text_into(row.outcome, sizeof(row.outcome), login_state_names[LOGIN_GRANTED]);
	(void)text_into(row.reason, sizeof(row.reason), buf_text(&clean));
	buf_done(&raw);
	buf_done(&clean);
	r = audit_add(db, &row, NULL);
	if (r == 0)
		audit_log(&row);
	return r;
}

int bus_notice(struct bus_work *work, struct db *db, enum notice_kind kind,
	       const struct link *link)
{
	struct notice notice = notice_make(kind, link->user, link->uid);

	notice_set_identity(&notice, link->issuer, link->subject, link->display);
	notice.time_s = work->now_s;
	notice.is_sent = work->has_many;
	work->is_noticed = true;
	return notice_add(db, &notice);
}
