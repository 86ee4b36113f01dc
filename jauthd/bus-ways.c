/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The methods of the configuration and what they can do, by the features of their providers. */
#include <assert.h>
#include <stdlib.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/bus-admin.h"
#include "jauthd/bus-work.h"
#include "jauthd/config.h"
#include "jauthd/core.h"

/* In the order of their bits. */
static const char *const feature_words[] = {
	"confirms-here", "silent", "contacts", "local-user", "changes-password", "restricted",
	"relay", "delivers", "no-state", "pushes", "ssh-keys",
};

static void add_features(unsigned features, DBusMessageIter *row)
{
	struct buf words = BUF_INIT(BUS_TEXT_MAX);

	static_assert(PROVIDER_SSH_KEYS == 1u << (N_ELEMENTS(feature_words) - 1),
		      "every feature has a word");
	for (unsigned i = 0; i < N_ELEMENTS(feature_words); i++)
		if (features & 1u << i)
			buf_add_format(&words, "%s%s", words.len ? ", " : "", feature_words[i]);
	dict_text(row, "features", buf_text(&words));
	buf_done(&words);
}

/* Where the method's own server is, as far as one key says it: the first URL that cannot be absent,
 * or the host. */
static void add_server(const struct method *method, DBusMessageIter *row)
{
	_cleanup_free_ char *server = NULL;
	const struct conf_key *key;

	for (key = method->provider->keys; key && key->name && !server; key++) {
		const char *value = *(char *const *)((char *)method->config + key->offset);

		if (key->kind == CONF_URL && (key->fallback || key->flags & CONF_REQUIRED))
			server = text_copy(value);
		else if (key->kind == CONF_TEXT && text_equals(key->name, "host") && value)
			server = text_format("https://%s", value);
	}
	dict_text(row, "server", server ? server : "");
}

const char *bus_method_state(const struct core *core, const struct method *method)
{
	const char *fault = logins_method_fault(core->logins, method->id);

	if (!method->enabled)
		return "disabled";
	return fault[0] ? fault : "ready";
}

static void add_method(const struct core *core, const struct method *method, DBusMessageIter *rows)
{
	DBusMessageIter row;

	dict_open(rows, &row);
	dict_text(&row, "method", method->id);
	dict_text(&row, "type", method->provider->type);
	dict_text(&row, "title", method->title ? method->title : method->provider->title);
	dict_bool(&row, "relay", method->features & (PROVIDER_RELAY | PROVIDER_PUSHES));
	dict_bool(&row, "test", method->provider->test != NULL);
	dict_bool(&row, "enrol", method->provider->enrol != NULL);
	add_features(method->features, &row);
	dict_bool(&row, "registers", method->registration || method->directory);
	add_server(method, &row);
	dict_text(&row, "state", bus_method_state(core, method));
	dict_close(rows, &row);
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct core *core = bus_context(bus);
	const struct config *config = logins_config(core->logins);
	DBusMessage *reply = dbus_message_new_method_return(call);
	DBusMessageIter iter, rows;

	if (!reply)
		abort();
	dbus_message_iter_init_append(reply, &iter);
	rows_open(&iter, &rows);
	for (unsigned i = 0; i < config->n_methods; i++)
		add_method(core, config->methods[i], &rows);
	dict_close(&iter, &rows);
	bus_send(bus, reply);
}

const struct bus_method bus_ways_methods[] = {
	{ ADMIN_INTERFACE, "ListMethods", "", BUS_ROOT, handle_list },
	{ 0 }
};
