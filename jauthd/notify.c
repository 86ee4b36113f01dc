/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/notices.h"
#include "jauthd/people.h"

struct address {
	char issuer[URL_MAX + 1], subject[IDENTITY_TEXT_MAX + 1];
};

struct notify {
	struct notify_env env;
	struct job job;
	bool is_busy, look_again;
	/* The job's, while it runs. */
	struct notice notice;
	struct address to[NOTICE_MESSAGES_MAX];
	size_t n_to;
	int result;
};

/* --- to whom --- */

static void add_address(struct notify *notify, const char *issuer, const char *subject)
{
	struct address *address = &notify->to[notify->n_to];

	if (notify->n_to < N_ELEMENTS(notify->to) &&
	    text_into(address->issuer, sizeof(address->issuer), issuer) &&
	    text_into(address->subject, sizeof(address->subject), subject))
		notify->n_to++;
}

/* Who was just linked was asked, and knows. */
static int add_link(const struct link *link, void *context)
{
	struct notify *notify = context;
	const struct notice *notice = &notify->notice;
	bool is_it = text_equals(link->issuer, notice->issuer) &&
		     text_equals(link->subject, notice->subject);

	if (!link->pending && link->uid == notice->uid && !is_it)
		add_address(notify, link->issuer, link->subject);
	return 0;
}

static int add_person(struct notify *notify, struct db *db)
{
	struct person person;
	int r = person_by_name(db, notify->notice.user, &person);

	if (r == 0 && person.uid == notify->notice.uid && person.state == PERSON_ACTIVE)
		add_address(notify, person.issuer, person.subject);
	return r == -ENOENT ? 0 : r;
}

/* Whose link was taken away reads it first. */
static int find(struct notify *notify, struct db *db)
{
	int r = notice_take_unsent(db, &notify->notice);

	notify->n_to = 0;
	if (r < 0)
		return r;
	if (notify->notice.kind == NOTICE_UNLINKED)
		add_address(notify, notify->notice.issuer, notify->notice.subject);
	r = add_person(notify, db);
	return r == 0 ? link_each(db, notify->notice.user, add_link, notify) : r;
}

static void run_find(struct job *job, void *context)
{
	struct notify *notify = container_of(job, struct notify, job);
	struct db *db = context;
	int r = db_begin(db);

	if (r == 0)
		r = find(notify, db);
	if (r == 0)
		r = db_commit(db);
	if (r < 0)
		db_rollback(db);
	notify->result = r;
}

/* --- sending --- */

static const struct method *find_method(const struct config *config, const char *issuer)
{
	for (unsigned i = 0; i < config->n_methods; i++) {
		const struct method *method = config->methods[i];
		struct buf name = BUF_INIT(URL_MAX);
		bool is_it;

		if (!(method->features & PROVIDER_DELIVERS) || !method->provider->name_issuer)
			continue;
		method->provider->name_issuer(method->config, &name);
		is_it = text_equals(buf_text(&name), issuer);
		buf_done(&name);
		if (is_it)
			return method;
	}
	return NULL;
}

static void on_sent(void *context UNUSED, const struct quiet_end *end)
{
	if (end->fault)
		log_warning("a notice could not be sent: %s", end->fault);
}

static void send_to(struct notify *notify, const struct address *to, const char *text)
{
	const struct method *method = find_method(logins_config(notify->env.logins), to->issuer);
	const struct quiet_errand errand = {
		.kind = QUIET_MESSAGE,
		.method_id = method ? method->id : "",
		.subject = to->subject,
		.text = text,
		.ended = on_sent,
	};

	if (method && logins_start_quiet(notify->env.logins, &errand) < 0)
		log_warning("a notice could not be sent: too much to do");
}

static void send_all(struct notify *notify)
{
	const struct config *config = logins_config(notify->env.logins);
	const struct notice_style style = {
		.catalogs = notify->env.catalogs,
		.language = config->language,
		.host = logins_host_name(notify->env.logins),
	};
	struct buf text = BUF_INIT(LOGIN_LINE_MAX * 4), clean = BUF_INIT(LOGIN_LINE_MAX * 8);

	notice_text(&notify->notice, &style, &text);
	text_add_clean(&clean, buf_text(&text), LOGIN_LINE_MAX);
	buf_add_char(&clean, '\n');
	buf_add_text(&clean, catalogs_text(style.catalogs, style.language,
			     N_("If you did not do that, tell your administrator.")));
	for (size_t i = 0; i < notify->n_to; i++)
		send_to(notify, &notify->to[i], buf_text(&clean));
	buf_done(&text);
	buf_done(&clean);
}

static void on_found(struct job *job)
{
	struct notify *notify = container_of(job, struct notify, job);

	notify->is_busy = false;
	if (notify->result == 0)
		send_all(notify);
	else if (notify->result != -ENOENT)
		log_error("notices could not be read: %s", strerror(-notify->result));
	if (notify->result == 0 || notify->look_again)
		notify_look(notify);
}

void notify_look(struct notify *notify)
{
	if (!notify)
		return;
	notify->look_again = notify->is_busy;
	if (notify->is_busy)
		return;
	notify->job = (struct job){ .run = run_find, .done = on_found };
	notify->is_busy = store_add(notify->env.store, &notify->job) == 0;
}

struct notify *notify_new(const struct notify_env *env)
{
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		abort();
	notify->env = *env;
	return notify;
}

struct notify *notify_free(struct notify *notify)
{
	free(notify);
	return NULL;
}
