/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay enrol: binds a key of this host to the name that an enrolment token stands for.
 *
 *	pending file → POST /v1/enrol → key file → drop-in → pending file away
 *
 * Killed anywhere, the same command goes on with the same key, which the relay takes again. The
 * key comes before the drop-in, since jauthd does not start with one that names no key.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "jauthctl/args.h"
#include "jauthctl/relay-call.h"
#include "jauthctl/relay-files.h"
#include "jauthctl/table.h"
#include "jauthctl/terminal.h"

#define BODY_MAX     256
#define UNAUTHORIZED 401

struct enrolment {
	char *url;                       /* without a slash at its end */
	struct secret *token;
	char token_id[RELAY_KEY_ID_LEN + 1];
	bool replace;
	struct relay_conf conf;
	struct relay_files files;
	struct relay_pending pending;
	struct relay_answer answer;
};

static void enrolment_done(struct enrolment *enrolment)
{
	free(enrolment->url);
	secret_free(enrolment->token);
	relay_conf_done(&enrolment->conf);
	relay_files_close(&enrolment->files);
	relay_pending_done(&enrolment->pending);
	relay_answer_done(&enrolment->answer);
}

/* --- what was said --- */

/* "-": a token on the command line is seen by everybody who lists processes. */
static enum exit_code read_token(const char *word, struct secret **ret_token)
{
	struct question question = { "Enrolment token: ", stderr, false, -1 };
	struct terminal terminal;
	struct line line;
	enum line_end end;

	if (!text_equals(word, "-")) {
		*ret_token = secret_from_text(word);
		return *ret_token ? EXIT_DONE : EXIT_NO;
	}
	if (terminal_begin(&terminal) < 0)
		return EXIT_NO;
	end = terminal_ask(&terminal, &question, &line);
	if (end == LINE_DONE)
		*ret_token = secret_new(line.text, strlen(line.text));
	line_wipe(&line);
	terminal_end(&terminal);
	if (end == LINE_TOO_LONG)
		complain("this is no enrolment token; it is too long");
	return *ret_token ? EXIT_DONE : EXIT_NO;
}

static enum exit_code read_words(char **words, struct enrolment *enrolment)
{
	struct url url;
	enum exit_code code;

	if (url_parse(words[0], URL_MAX, &url) < 0 ||
	    (*url.path && !text_equals(url.path, "/"))) {
		complain("\"%s\" is no address of a relay; write https://sso.example.org",
			 words[0]);
		return EXIT_USAGE;
	}
	enrolment->url = text_format("%.*s", (int)(url.path - words[0]), words[0]);
	code = read_token(words[1], &enrolment->token);
	if (code != EXIT_DONE)
		return code;
	if (relay_enrolment_id(enrolment->token->data, enrolment->token_id))
		return EXIT_DONE;
	complain("this is no enrolment token; jauth-relay makes them: " RELAY_ENROL_PREFIX "...");
	return EXIT_USAGE;
}

/* --- steps --- */

/* The first to look at: what this host has already. */
static enum exit_code look(struct enrolment *enrolment)
{
	const struct relay_conf *conf = &enrolment->conf;
	bool is_same;

	relay_conf_read(&enrolment->conf);
	is_same = text_equals(conf->url, enrolment->url);
	if (conf->url && !is_same && !enrolment->replace) {
		complain("this host has a relay, %s (%s); --replace puts %s into its place",
			 conf->url, conf->url_at, enrolment->url);
		return EXIT_NO;
	}
	return relay_files_open(is_same && conf->key_file ? conf->key_file : RELAY_KEY_FILE,
				&enrolment->files);
}

static enum exit_code bind_key(struct enrolment *enrolment)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(BODY_MAX);
	struct relay_call call = { HTTP_POST, "/v1/enrol", enrolment->token, &body };
	char *only[] = { enrolment->url, NULL };
	bool has_servers = enrolment->conf.servers &&
			   text_equals(enrolment->conf.url, enrolment->url);

	if (relay_key_body(&enrolment->pending.key, &body) < 0)
		return EXIT_NO;
	relay_ask_any(has_servers ? enrolment->conf.servers : only, &call, &enrolment->answer);
	if (enrolment->answer.status == UNAUTHORIZED) {
		relay_pending_end(&enrolment->files);
		complain("%s: the token is unknown, too old, or was used for another key",
			 enrolment->answer.why);
		return EXIT_NO;
	}
	if (enrolment->answer.status != 200)
		return relay_refused(&enrolment->answer);
	if (enrolment->answer.object &&
	    json_text(enrolment->answer.object, "host", RELAY_HOST_MAX))
		return EXIT_DONE;
	complain("%s answers, but not as a relay does", enrolment->url);
	return EXIT_NO;
}

static enum exit_code enrol(struct enrolment *enrolment)
{
	enum exit_code code = look(enrolment);

	if (code != EXIT_DONE)
		return code;
	relay_pending_read(&enrolment->files, &enrolment->pending);
	if (!relay_pending_is(&enrolment->pending, RELAY_ENROL, enrolment->url,
			      enrolment->token_id))
		code = relay_pending_begin(&enrolment->files, RELAY_ENROL, enrolment->url,
					   enrolment->token_id, &enrolment->pending);
	if (code == EXIT_DONE)
		code = bind_key(enrolment);
	if (code == EXIT_DONE)
		code = relay_key_write(&enrolment->files, &enrolment->pending.key);
	if (code == EXIT_DONE)
		code = relay_conf_write(&enrolment->conf, enrolment->url, enrolment->files.key);
	if (code == EXIT_DONE)
		relay_pending_end(&enrolment->files);
	return code;
}

static void print(const struct ctl *ctl, const struct enrolment *enrolment)
{
	const char *host = json_text(enrolment->answer.object, "host", RELAY_HOST_MAX);
	json_t *object = json_pack("{s:s, s:s, s:s}", "host", host, "url", enrolment->url, "key",
				   enrolment->pending.key.id);

	if (ctl->json) {
		table_print_json(object, stdout);
	} else {
		table_print_object(object, stdout);
		puts("\nThis is the name that people see on their telephones. Now:\n\n"
		     "  jauthctl check\n"
		     "  systemctl reload jauthd");
	}
	json_decref(object);
}

enum exit_code run_relay_enrol(struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(enrolment_done) struct enrolment enrolment = { .files.folder = -1 };
	const struct arg options[] = { { "replace", ARG_FLAG, &enrolment.replace }, { 0 } };
	struct args args = { .options = options, .min = 2, .max = 2 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (geteuid() != 0) {
		complain("only root may enrol this host");
		return EXIT_REFUSED;
	}
	code = read_words(args.rest, &enrolment);
	if (code == EXIT_DONE)
		code = enrol(&enrolment);
	if (code == EXIT_DONE)
		print(ctl, &enrolment);
	return code;
}
