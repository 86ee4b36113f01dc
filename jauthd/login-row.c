/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the audit keeps of a login, but for its outcome. */
#include <string.h>

#include "base/text.h"
#include "jauthd/login-private.h"
#include "jauthd/throttle.h"

static void set_method(const struct login *login, struct audit_row *row)
{
	struct buf buf = BUF_INIT(sizeof(row->method) - 1);

	if (login->errand != ERRAND_LOGIN)
		buf_add_text(&buf, login->method->id);
	else if (login->forced.n_factors || (login->rule && login->rule->n_alternatives &&
					(login->method || login->rule->n_alternatives == 1)))
		policy_alternative_text(login_alternative(login), &buf);
	else if (login->method)
		buf_add_text(&buf, login->method->id);
	(void)text_into(row->method, sizeof(row->method), buf_text(&buf));
	buf_done(&buf);
}

static const char *const row_kinds[LOGIN_N_PHASES] = {
	[LOGIN_AUTHENTICATE] = "login",
	[LOGIN_ACCOUNT] = "account",
	[LOGIN_PASSWORD_CHECK] = "password",
	[LOGIN_PASSWORD] = "password",
	[LOGIN_ENROL] = "enrol",
	[LOGIN_TEST] = "test",
	[LOGIN_LINK] = "link",
};

/* A name nobody has may be a password typed at the wrong prompt: only its hash is kept. */
static void set_user(const struct login *login, struct audit_row *row)
{
	row->uid = -1;
	if (!login->facts.user[0])       /* a test */
		return;
	if (login->user.exists) {
		row->uid = login->user.uid;
		(void)text_into(row->user, sizeof(row->user), login->user.name);
		return;
	}
	row->user[0] = '?';
	throttle_user_hash(store_key(logins_env(login->logins)->store), login->facts.user,
			   row->user + 1);
}

static void set_identity(const struct login *login, struct audit_row *row)
{
	const struct identity *identity = &login->proved.identity;

	if (!identity->issuer)
		return;
	(void)text_into(row->issuer, sizeof(row->issuer), identity->issuer);
	(void)text_into(row->subject, sizeof(row->subject), identity->subject);
	if (identity->display)
		(void)text_into(row->display, sizeof(row->display), identity->display);
	(void)text_into(row->mapped_method, sizeof(row->mapped_method), login->proved_method);
	(void)text_into(row->mapping, sizeof(row->mapping), login->proved_mapping);
}

void login_row_fill(const struct login *login, struct audit_row *row)
{
	row->time_s = logins_now_s(login->logins);
	(void)text_into(row->request, sizeof(row->request), login->request);
	(void)text_into(row->kind, sizeof(row->kind), row_kinds[login->facts.phase]);
	(void)text_into(row->service, sizeof(row->service), login->facts.service);
	(void)text_into(row->origin, sizeof(row->origin), login->is_remote ? "remote" : "local");
	(void)text_into(row->source, sizeof(row->source), login->facts.source);
	set_user(login, row);
	set_method(login, row);
	set_identity(login, row);
	(void)text_into(row->note, sizeof(row->note), login->note);
}
