/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A login in this terminal; see talk.h. What jauthd sends as items is shown as it is: it has
 * cleaned what is foreign in it, and the rest are codes that the terminal shall draw.
 */
#include "jauthctl/talk.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/table.h"
#include "jauthctl/terminal.h"
#include "pam_jauth/client.h"
#include "pam_jauth/screen.h"

#define TIMEOUT_S     600
#define REQUEST_MAX   64

struct talk {
	struct ctl *ctl;
	const struct talk_answer *answers;
	unsigned used;               /* a bit for each answer */
	struct buf *reason;          /* talk_alone(): what jauthd said; else NULL */
	FILE *out;                   /* the conversation; with --json stdout is the outcome's */
	struct terminal terminal;
	struct login_client client;
	char request[REQUEST_MAX + 1];
};

static void print_item(const char *text, FILE *out)
{
	fprintf(out, "%s%s", text, text_has_suffix(text, "\n") ? "" : "\n");
	(void)fflush(out);
}

/* NULL: the person is to be asked. */
static const char *find_answer(struct talk *talk, const char *name)
{
	const struct talk_answer *answer = talk->answers;

	for (unsigned bit = 1; answer && answer->name; answer++, bit <<= 1) {
		if (!text_equals(answer->name, name) || talk->used & bit)
			continue;
		talk->used |= bit;
		return answer->text;
	}
	return NULL;
}

static void ask_person(struct talk *talk, const struct login_item *ask)
{
	const struct question question = { ask->text, talk->out, ask->echo, talk->client.fd };
	struct line line;

	switch (terminal_ask(&talk->terminal, &question, &line)) {
	case LINE_DONE:
		(void)client_answer(&talk->client, ask->number, line.text, line.len);
		break;
	case LINE_TOO_LONG:
		complain("that is longer than %u bytes", LOGIN_ANSWER_MAX);
		client_cancel(&talk->client);
		break;
	case LINE_CANCELLED:
		client_cancel(&talk->client);
		break;
	case LINE_OVERTAKEN:
		break;                   /* the next step says by what */
	}
	line_wipe(&line);
}

static void answer_ask(struct talk *talk, const struct login_item *ask)
{
	const char *answer = find_answer(talk, ask->name);

	if (!answer && !talk->reason)
		ask_person(talk, ask);
	else if (!answer || !client_answer(&talk->client, ask->number, answer, strlen(answer)))
		client_cancel(&talk->client);
}

/* The first line of the first error is the one that says most. */
static void keep_reason(struct talk *talk, const char *text)
{
	if (!talk->reason->len)
		buf_add(talk->reason, text, strcspn(text, "\n"));
}

static void show_item(struct talk *talk, const struct login_item *item)
{
	switch (item->kind) {
	case ITEM_INFO:
		if (!talk->reason)
			print_item(item->text, talk->out);
		break;
	case ITEM_ERROR:
		if (talk->reason)
			keep_reason(talk, item->text);
		else
			print_item(item->text, stderr);
		break;
	case ITEM_ASK:
		answer_ask(talk, item);
		break;
	case ITEM_REQUEST:
		(void)text_into(talk->request, sizeof(talk->request), item->text);
		break;
	case ITEM_N_KINDS:
		break;
	}
}

/* Until the outcome. */
static enum login_state converse(struct talk *talk)
{
	for (;;) {
		struct login_step step;
		enum login_state state;
		unsigned i;

		client_next(&talk->client, &step);
		for (i = 0; i < step.n_items; i++)
			show_item(talk, &step.items[i]);
		state = step.state;
		login_step_done(&step);
		if (login_state_is_outcome(state))
			return state;
	}
}

static void print_outcome(const struct talk *talk, enum login_state state)
{
	json_t *outcome = json_pack("{s:s, s:s}", "outcome", login_state_names[state],
				    "request", talk->request);

	/* jauthd's own reasons are in the log; this one is why there was none of jauthd. */
	if (*talk->client.reason)
		(void)json_object_set_new(outcome, "reason", json_string(talk->client.reason));
	if (talk->ctl->json)
		table_print_json(outcome, stdout);
	else
		table_print_object(outcome, stdout);
	json_decref(outcome);
}

static enum exit_code code_of(const struct talk *talk, enum login_state state)
{
	if (state == LOGIN_GRANTED)
		return EXIT_DONE;
	/* Without a step it was Begin that failed. */
	if (state == LOGIN_UNAVAILABLE && !talk->client.has_begun)
		return EXIT_NOT_REACHED;
	if (state == LOGIN_DENIED && !talk->client.has_begun)
		return EXIT_REFUSED;
	return EXIT_NO;
}

static struct login_facts look_around(const struct login_facts *facts)
{
	const char *tty = ttyname(STDIN_FILENO);
	const struct surroundings surroundings = { .tty = tty };
	struct screen screen = screen_look(&surroundings, CHARSET_GUESS);
	struct login_facts all = *facts;

	all.tty = tty;
	all.surface = screen.surface;
	all.rows = screen.rows;
	all.columns = screen.columns;
	all.glyphs = screen.glyphs;
	all.language = screen_language(screen.surface);
	all.caller_uid = getuid();
	all.timeout_s = TIMEOUT_S;
	return all;
}

/* From Begin to the outcome. */
static enum login_state carry_out(struct talk *talk, const struct login_facts *facts)
{
	enum login_state state;

	client_init(&talk->client, TIMEOUT_S * 1000);
	talk->client.is_interrupted = terminal_is_interrupted;
	state = client_begin(&talk->client, LOGIN_BUS_ADDRESS, facts);
	if (!login_state_is_outcome(state))
		state = converse(talk);
	if (state == LOGIN_CANCELLED)
		client_cancel(&talk->client);
	client_done(&talk->client);
	return state;
}

enum exit_code talk(struct ctl *ctl, const struct login_facts *facts,
		    const struct talk_answer *answers)
{
	struct login_facts all = look_around(facts);
	struct talk talk = {
		.ctl = ctl,
		.answers = answers,
		.out = ctl->json ? stderr : stdout,
	};
	enum login_state state;
	int r;

	r = terminal_begin(&talk.terminal);
	if (r < 0) {
		complain("the terminal cannot be used: %s", strerror(-r));
		return EXIT_NO;
	}
	state = carry_out(&talk, &all);
	print_outcome(&talk, state);
	(void)fflush(stdout);
	terminal_end(&talk.terminal);
	return code_of(&talk, state);
}

enum exit_code talk_alone(struct ctl *ctl, const struct login_facts *facts,
			  const struct talk_answer *answers, struct buf *reason)
{
	struct login_facts all = look_around(facts);
	struct talk talk = { .ctl = ctl, .answers = answers, .reason = reason };
	enum login_state state;

	/* So that errors come on their own, and not as a part of the next ask. */
	all.surface = SURFACE_TERMINAL;
	if (terminal_begin(&talk.terminal) < 0)
		return EXIT_NO;
	state = carry_out(&talk, &all);
	terminal_end(&talk.terminal);
	if (state != LOGIN_GRANTED && !reason->len)
		buf_add_text(reason, *talk.client.reason ? talk.client.reason
							 : login_state_names[state]);
	return code_of(&talk, state);
}
