/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a directory did, in the audit. */
#include <errno.h>

#include "base/login-protocol.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauthd/audit.h"
#include "jauthd/directory-private.h"

int directory_audit(struct db *db, const struct directory_event *event)
{
	struct audit_row row = { .time_s = event->now_s, .uid = event->uid };
	enum login_state outcome = event->is_failure ? LOGIN_FAILED :
				   event->is_denial ? LOGIN_DENIED : LOGIN_GRANTED;
	int r = random_hex(row.request, (sizeof(row.request) - 1) / 2);

	if (r < 0)
		return r;
	(void)text_into(row.kind, sizeof(row.kind), "directory");
	(void)text_into(row.user, sizeof(row.user), event->user);
	(void)text_into(row.service, sizeof(row.service), "directory");
	(void)text_into(row.origin, sizeof(row.origin), "local");
	(void)text_into(row.method, sizeof(row.method), event->directory);
	(void)text_into(row.outcome, sizeof(row.outcome), login_state_names[outcome]);
	text_into_clean(row.reason, sizeof(row.reason), event->text);
	text_into_clean(row.issuer, sizeof(row.issuer), event->issuer ? event->issuer : "");
	text_into_clean(row.subject, sizeof(row.subject), event->subject ? event->subject : "");
	text_into_clean(row.display, sizeof(row.display), event->display ? event->display : "");
	r = audit_add(db, &row, NULL);
	if (r == 0)
		audit_log(&row);
	return r;
}
