/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay rotate: another key for this host, and relay status.
 *
 *	pending file → POST /v1/keys by the old key → key file → jauthd reloads → a while for what
 *	it asked with the old key → DELETE the old key by the new one → pending file away
 *
 * Killed anywhere, the same command goes on with the same new key: whose key the key file holds
 * says how far it was. The relay takes both meanwhile.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/json.h"
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/relay-call.h"
#include "jauthctl/relay-files.h"
#include "jauthctl/table.h"

#define BODY_MAX     256
#define INSTANCE_MAX 128
#define WAIT_S       60          /* longer than a call for events lasts */
#define UNAUTHORIZED 401

static const char *const status_keys[] = { "server", "state", "host", "key", "instance", NULL };

/* What both commands need first. */
struct host {
	struct relay_conf conf;
	char *only[2];                   /* the URL, where no servers are said */
	char *const *servers;
	struct relay_key key;
};

static void host_done(struct host *host)
{
	relay_conf_done(&host->conf);
	relay_key_done(&host->key);
}

static enum exit_code host_read_conf(struct host *host)
{
	if (geteuid() != 0) {
		complain("only root may use this host's key");
		return EXIT_REFUSED;
	}
	relay_conf_read(&host->conf);
	if (!host->conf.url || !host->conf.key_file) {
		complain("%s", host->conf.url ? "[relay] has no key_file" :
			       "this host has no relay; see jauthctl relay enrol");
		return EXIT_NO;
	}
	host->only[0] = host->conf.url;
	host->servers = host->conf.servers ? host->conf.servers : host->only;
	return EXIT_DONE;
}

/* --- rotate --- */

struct rotation {
	struct host host;
	struct relay_files files;
	struct relay_pending pending;
	int64_t wait_s;
};

static void rotation_done(struct rotation *rotation)
{
	host_done(&rotation->host);
	relay_files_close(&rotation->files);
	relay_pending_done(&rotation->pending);
}

static bool new_key_is_in_place(const struct rotation *rotation)
{
	return text_equals(rotation->host.key.id, rotation->pending.key.id);
}

/* Goes on with what was begun, or begins. */
static enum exit_code begin(struct rotation *rotation)
{
	struct relay_pending *pending = &rotation->pending;
	const struct host *host = &rotation->host;

	relay_pending_read(&rotation->files, pending);
	if (relay_pending_is(pending, RELAY_ROTATE, host->conf.url, NULL) &&
	    (new_key_is_in_place(rotation) || text_equals(pending->of, host->key.id)))
		return EXIT_DONE;
	return relay_pending_begin(&rotation->files, RELAY_ROTATE, host->conf.url, host->key.id,
				   pending);
}

static enum exit_code bind_key(const struct rotation *rotation)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(BODY_MAX);
	_cleanup_(relay_answer_done) struct relay_answer answer = { 0 };
	struct relay_call call = { HTTP_POST, "/v1/keys", rotation->host.key.token, &body };

	if (relay_key_body(&rotation->pending.key, &body) < 0)
		return EXIT_NO;
	relay_ask_any(rotation->host.servers, &call, &answer);
	if (answer.status == 200)
		return relay_key_write(&rotation->files, &rotation->pending.key);
	if (answer.status == UNAUTHORIZED)
		complain("the relay does not take this host's key any more; enrol it again");
	return relay_refused(&answer);
}

/* jauthd may be away: it reads the new key when it comes, and then this command is run again. */
static enum exit_code reload(struct ctl *ctl)
{
	enum exit_code code = bus_admin(ctl, "Reload", json_array(), NULL);

	if (code != EXIT_DONE)
		complain("the new key is in place, and the old one is still good; run this again "
			 "when jauthd has read it");
	return code;
}

static enum exit_code revoke_old_key(const struct rotation *rotation)
{
	_cleanup_free_ char *path = text_format("/v1/keys/%s", rotation->pending.of);
	_cleanup_(relay_answer_done) struct relay_answer answer = { 0 };
	struct relay_call call = { HTTP_DELETE, path, rotation->pending.key.token, NULL };

	relay_ask_any(rotation->host.servers, &call, &answer);
	if (answer.status == 204 || answer.status == 404)
		return EXIT_DONE;
	complain("the old key, %s, is still good; run this again", rotation->pending.of);
	return relay_refused(&answer);
}

static enum exit_code rotate(struct ctl *ctl, struct rotation *rotation)
{
	enum exit_code code = begin(rotation);

	if (code == EXIT_DONE && !new_key_is_in_place(rotation))
		code = bind_key(rotation);
	if (code == EXIT_DONE)
		code = reload(ctl);
	if (code != EXIT_DONE)
		return code;
	if (!ctl->json)
		fprintf(stderr, "The old key goes in %u s.\n", (unsigned)rotation->wait_s);
	(void)sleep((unsigned)rotation->wait_s);
	code = revoke_old_key(rotation);
	if (code == EXIT_DONE)
		relay_pending_end(&rotation->files);
	return code;
}

enum exit_code run_relay_rotate(struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(rotation_done) struct rotation rotation = {
		.files.folder = -1, .wait_s = WAIT_S,
	};
	const struct arg options[] = { { "wait", ARG_NUMBER, &rotation.wait_s }, { 0 } };
	struct args args = { .options = options };
	enum exit_code code;
	json_t *object;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = host_read_conf(&rotation.host);
	if (code == EXIT_DONE)
		code = relay_files_open(rotation.host.conf.key_file, &rotation.files);
	/* Not earlier: who was at work before us has changed it. */
	if (code == EXIT_DONE)
		code = relay_key_read(rotation.files.key, &rotation.host.key);
	if (code == EXIT_DONE)
		code = rotate(ctl, &rotation);
	if (code != EXIT_DONE)
		return code;
	object = json_pack("{s:s, s:s}", "key", rotation.pending.key.id, "replaced",
			   rotation.pending.of);
	if (ctl->json)
		table_print_json(object, stdout);
	else
		table_print_object(object, stdout);
	json_decref(object);
	return EXIT_DONE;
}

/* --- status --- */

static const char *text_of(const struct relay_answer *answer, const char *key, size_t max_len)
{
	return answer->object ? json_text(answer->object, key, max_len) : NULL;
}

/* A row for people and programs; what a server that is no relay says is not in it. */
static enum exit_code ask_server(const struct host *host, const char *server, json_t *rows)
{
	_cleanup_(relay_answer_done) struct relay_answer answer = { 0 };
	struct relay_call call = { HTTP_GET, "/v1/host", host->key.token, NULL };
	const char *name, *key, *instance, *state = answer.why;
	enum exit_code code = EXIT_NO;

	relay_ask(server, &call, &answer);
	name = text_of(&answer, "host", RELAY_HOST_MAX);
	key = text_of(&answer, "key", RELAY_KEY_ID_LEN);
	instance = text_of(&answer, "instance", INSTANCE_MAX);
	if (!answer.status || answer.status >= 500)
		code = EXIT_NOT_REACHED;
	else if (answer.status == UNAUTHORIZED)
		state = "it does not know this host's key";
	else if (answer.status == 200 && name && instance && text_equals(key, host->key.id))
		code = EXIT_DONE;
	if (code == EXIT_DONE)
		state = "ready";
	else
		name = key = instance = NULL;
	(void)json_array_append_new(rows, json_pack("{s:s, s:b, s:s, s:s?, s:s?, s:s?}",
						    "server", server, "ready", code == EXIT_DONE,
						    "state", state, "host", name, "key", key,
						    "instance", instance));
	return code;
}

enum exit_code run_relay_status(struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(host_done) struct host host = { 0 };
	struct table table = { .keys = status_keys };
	struct args args = { 0 };
	char *const *server;
	enum exit_code code;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = host_read_conf(&host);
	if (code == EXIT_DONE)
		code = relay_key_read(host.conf.key_file, &host.key);
	if (code != EXIT_DONE)
		return code;
	rows = json_array();
	for (server = host.servers; *server; server++) {
		enum exit_code of_this = ask_server(&host, *server, rows);

		code = MAX(code, of_this);
	}
	if (ctl->json)
		table_print_json(rows, stdout);
	else
		table_print(&table, rows, stdout);
	json_decref(rows);
	return code;
}
