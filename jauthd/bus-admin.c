/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sysadmin asks: how it goes, why somebody may or may not, what happened. */
#include "jauthd/bus-admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/bus-limits.h"
#include "jauthd/bus-work.h"
#include "jauthd/core.h"
#include "jauthd/mapping.h"
#include "jauthd/policy.h"
#include "jauthd/publish.h"

/* --- Status --- */

static void add_methods(const struct core *core, DBusMessageIter *dict)
{
	const struct config *config = logins_config(core->logins);
	struct dict_rows rows;

	dict_rows_open(dict, "methods", &rows);
	for (unsigned i = 0; i < config->n_methods; i++) {
		const struct method *method = config->methods[i];
		DBusMessageIter row;

		dict_open(&rows.rows, &row);
		dict_text(&row, "method", method->id);
		dict_text(&row, "type", method->provider->type);
		dict_number(&row, "open", method->n_open);
		dict_text(&row, "state", bus_method_state(core, method));
		dict_close(&rows.rows, &row);
	}
	dict_rows_close(dict, &rows);
}

static void add_relay(const struct relay_status *relay, DBusMessageIter *dict)
{
	dict_bool(dict, "relay-connected", relay->is_connected);
	dict_text(dict, "relay-server", relay->server);
	dict_number(dict, "relay-links", (int64_t)relay->n_links);
	dict_number(dict, "relay-failures", (int64_t)relay->n_failures);
}

static void add_userdb(const struct core *core, DBusMessageIter *dict)
{
	struct publish_status status;

	publish_get_status(core->publish, &status);
	dict_text(dict, "userdb-state", status.error < 0 ? strerror(-status.error) :
					status.n_written ? "written" : "not yet written");
	dict_number(dict, "userdb-written", status.n_written);
	dict_number(dict, "userdb-users", (int64_t)status.n_users);
	dict_number(dict, "userdb-left-out", (int64_t)status.n_left_out);
}

static void handle_status(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	struct core *core = bus_context(bus);
	DBusMessage *reply = dbus_message_new_method_return(call);
	struct logins_status status;
	DBusMessageIter iter, dict;

	if (!reply)
		abort();
	logins_get_status(core->logins, &status);
	dbus_message_iter_init_append(reply, &iter);
	dict_open(&iter, &dict);
	dict_text(&dict, "version", PACKAGE_VERSION);
	dict_text(&dict, "configuration", core->config_path);
	dict_number(&dict, "since", core->began_s);
	dict_number(&dict, "waiting", (int64_t)status.n_waiting);
	dict_number(&dict, "begun", (int64_t)status.n_begun);
	dict_number(&dict, "granted", (int64_t)status.n_granted);
	dict_number(&dict, "denied", (int64_t)status.n_denied);
	dict_number(&dict, "failed", (int64_t)status.n_failed);
	dict_bool(&dict, "http-connected", status.http.connected);
	dict_number(&dict, "http-open", (int64_t)status.http.n_open);
	dict_number(&dict, "http-sent", (int64_t)status.http.n_sent);
	dict_number(&dict, "http-failed", (int64_t)status.http.n_failed);
	if (status.relay.is_configured)
		add_relay(&status.relay, &dict);
	add_userdb(core, &dict);
	add_methods(core, &dict);
	dict_close(&iter, &dict);
	bus_send(bus, reply);
}

/* --- Explain --- */

struct explain {
	char *user, *service, *source;
	bool is_remote, ssh_key;
};

static void explain_free(void *input)
{
	struct explain *explain = input;

	free(explain->user);
	free(explain->service);
	free(explain->source);
	free(explain);
}

static int add_explained_link(const struct link *link, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	dict_number(&dict, "id", link->id);
	dict_text(&dict, "issuer", link->issuer);
	dict_text(&dict, "subject", link->subject);
	dict_number(&dict, "uid", link->uid);
	dict_bool(&dict, "pending", link->pending);
	dict_close(rows, &dict);
	return 0;
}

static void add_policy(const struct bus_work *work, const struct explain *explain,
		       DBusMessageIter *dict)
{
	const struct policy_facts facts = {
		.service = explain->service,
		.user = &work->users[0],
		.is_remote = explain->is_remote,
		.source = explain->source,
		.ssh_key_accepted = explain->ssh_key,
	};
	const struct service_rule *rule = NULL;
	struct buf text = BUF_INIT(BUS_TEXT_MAX);

	dict_text(dict, "scope", policy_find(work->config, &facts, &rule) == POLICY_INSIDE
					 ? "inside" : "outside");
	policy_explain(work->config, &facts, &text);
	dict_text(dict, "steps", buf_text(&text));
	buf_done(&text);
	for (unsigned i = 0; rule && i < rule->n_alternatives; i++) {
		buf_add_text(&text, i ? ", " : "");
		policy_alternative_text(&rule->alternatives[i], &text);
	}
	dict_text(dict, "methods", rule && !rule->n_alternatives ? "none" : buf_text(&text));
	buf_done(&text);
}

/* Which rules could lead an identity to this user. */
static void add_rules(const struct bus_work *work, DBusMessageIter *dict)
{
	bool is_privileged = mapping_is_privileged(work->config, &work->users[0]);
	struct dict_rows rows;

	dict_rows_open(dict, "rules", &rows);
	for (unsigned i = 0; i < work->config->n_methods; i++) {
		const struct method *method = work->config->methods[i];
		DBusMessageIter row;

		if (!method->map)
			continue;
		dict_open(&rows.rows, &row);
		dict_text(&row, "method", method->id);
		dict_text(&row, "map", method->map);
		dict_text(&row, "reaches", !is_privileged || method->privileged
						   ? "when it gives this name"
						   : "not: this user is privileged");
		dict_close(&rows.rows, &row);
	}
	dict_rows_close(dict, &rows);
}

static int add_account(struct bus_work *work, struct db *db, DBusMessageIter *dict)
{
	const struct unix_user *user = &work->users[0];
	struct account account;
	int r = user->exists ? account_get(db, user->name, user->uid, &account) : -ENOENT;
	const char *state = "active";

	if (r == -ENOENT || r == -ESTALE) {
		dict_text(dict, "account", "none kept by jauth");
		return 0;
	}
	if (r < 0)
		return r;
	if (account.locked)
		state = "locked";
	else if (account.expires_s && account.expires_s <= work->now_s)
		state = "expired";
	else if (account.must_change)
		state = "active, password must be changed";
	dict_text(dict, "account", state);
	account_done(&account);
	return 0;
}

static int answer_explain(struct bus_work *work, struct db *db)
{
	struct explain *explain = work->input;
	const struct unix_user *user = &work->users[0];
	DBusMessageIter iter, dict;
	struct dict_rows rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	dict_open(&iter, &dict);
	dict_text(&dict, "user", explain->user);
	dict_bool(&dict, "exists", user->exists);
	dict_number(&dict, "uid", user->exists ? (int64_t)user->uid : -1);
	dict_bool(&dict, "privileged", user->exists && mapping_is_privileged(work->config, user));
	dict_text(&dict, "service", explain->service);
	add_policy(work, explain, &dict);
	r = add_account(work, db, &dict);
	dict_rows_open(&dict, "links", &rows);
	if (r == 0)
		r = link_each(db, explain->user, add_explained_link, &rows.rows);
	dict_rows_close(&dict, &rows);
	add_rules(work, &dict);
	dict_rows_open(&dict, "limits", &rows);
	if (r == 0)
		r = bus_limits_add(work, db, explain->user, &rows.rows);
	dict_rows_close(&dict, &rows);
	dict_close(&iter, &dict);
	return r;
}

static void handle_explain(struct bus *bus, DBusMessage *call,
			   const struct bus_caller *caller UNUSED)
{
	const char *user = "", *service = "", *source = "";
	bool is_remote = true, ssh_key = false;
	struct explain *explain;
	struct bus_work *work;
	DBusMessageIter dict;

	dbus_message_iter_init(call, &dict);
	if (!dict_get_text(&dict, "user", &user) || !dict_get_text(&dict, "service", &service) ||
	    !dict_get_text(&dict, "source", &source) ||
	    !dict_get_bool(&dict, "remote", &is_remote) ||
	    !dict_get_bool(&dict, "ssh-key", &ssh_key) || !user[0] || !service[0] ||
	    strlen(user) > USER_NAME_MAX) {
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID, "user and service are needed");
		return;
	}
	explain = malloc(sizeof(*explain));
	if (!explain)
		abort();
	*explain = (struct explain){ text_copy(user), text_copy(service), text_copy(source),
				     is_remote, ssh_key };
	work = bus_work_new(bus, call, answer_explain);
	work->input = explain;
	work->free_input = explain_free;
	if (list_add(&work->names, user) < 0)
		abort();
	bus_work_start(work);
}

/* --- Log --- */

struct log_query {
	char *user, *service, *outcome, *request;
	int64_t since_s, after_id, limit;
};

static void log_query_free(void *input)
{
	struct log_query *query = input;

	free(query->user);
	free(query->service);
	free(query->outcome);
	free(query->request);
	free(query);
}

static int add_log_row(const struct audit_row *row, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	dict_number(&dict, "id", row->id);
	dict_number(&dict, "time", row->time_s);
	dict_text(&dict, "request", row->request);
	dict_text(&dict, "kind", row->kind);
	dict_text(&dict, "user", row->user);
	dict_number(&dict, "uid", row->uid);
	dict_text(&dict, "service", row->service);
	dict_text(&dict, "origin", row->origin);
	dict_text(&dict, "source", row->source);
	dict_text(&dict, "method", row->method);
	dict_text(&dict, "outcome", row->outcome);
	dict_text(&dict, "reason", row->reason);
	dict_text(&dict, "issuer", row->issuer);
	dict_text(&dict, "subject", row->subject);
	dict_text(&dict, "display", row->display);
	dict_text(&dict, "note", row->note);
	dict_close(rows, &dict);
	return 0;
}

static int answer_log(struct bus_work *work, struct db *db)
{
	const struct log_query *wanted = work->input;
	const struct audit_filter filter = {
		.user = wanted->user,
		.service = wanted->service,
		.outcome = wanted->outcome,
		.request = wanted->request,
		.since_s = wanted->since_s,
		.after_id = wanted->after_id,
		.limit = wanted->limit,
	};
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = audit_each(db, &filter, add_log_row, &rows);
	dict_close(&iter, &rows);
	return r;
}

static void handle_log(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	const char *user = NULL, *service = NULL, *outcome = NULL, *request = NULL;
	struct log_query *query = calloc(1, sizeof(*query));
	struct bus_work *work;
	DBusMessageIter dict;

	if (!query)
		abort();
	query->limit = BUS_LOG_ROWS;
	dbus_message_iter_init(call, &dict);
	if (!dict_get_text(&dict, "user", &user) || !dict_get_text(&dict, "service", &service) ||
	    !dict_get_text(&dict, "outcome", &outcome) ||
	    !dict_get_text(&dict, "request", &request) ||
	    !dict_get_number(&dict, "since", &query->since_s) ||
	    !dict_get_number(&dict, "after", &query->after_id) ||
	    !dict_get_number(&dict, "limit", &query->limit) || query->limit < 1 ||
	    query->limit > BUS_ROWS_MAX) {
		free(query);
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID,
				"a value has another type, or the limit is out of bounds");
		return;
	}
	query->user = text_copy(user);
	query->service = text_copy(service);
	query->outcome = text_copy(outcome);
	query->request = text_copy(request);
	work = bus_work_new(bus, call, answer_log);
	work->input = query;
	work->free_input = log_query_free;
	bus_work_start(work);
}

const struct bus_method bus_admin_methods[] = {
	{ ADMIN_INTERFACE, "Status", "", BUS_ROOT, handle_status },
	{ ADMIN_INTERFACE, "Explain", "a{sv}", BUS_ROOT, handle_explain },
	{ ADMIN_INTERFACE, "Log", "a{sv}", BUS_ROOT, handle_log },
	{ 0 }
};
