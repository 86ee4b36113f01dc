/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service enable: nothing is changed before all that can be looked at is right, and what is changed
 * is undone by somebody else (service-guard.h) unless service confirm comes in time.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/conf.h"
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/moment.h"
#include "jauthctl/service-check.h"
#include "jauthctl/service-guard.h"
#include "jauthctl/service-trial.h"
#include "jauthctl/service-undo.h"
#include "jauthctl/table.h"
#include "jauthctl/wizard.h"

#define FOR_DEFAULT_S 300
#define FOR_MIN_S     3
#define FOR_MAX_S     (24 * 3600)

static bool parse_duration(const char *text, int64_t *ret_s)
{
	size_t len = strlen(text);
	_cleanup_free_ char *minutes = text_format("%sin", text);

	*ret_s = conf_duration_s(len && text[len - 1] == 'm' ? minutes : text);
	if (*ret_s >= FOR_MIN_S && *ret_s <= FOR_MAX_S)
		return true;
	complain(N_("--for takes from 3s to 1d, such as 5m or 2h"));
	return false;
}

struct enabling {
	struct ctl *ctl;
	const char *name, *user;
	char asked[LOGIN_ANSWER_MAX + 1];
	int64_t for_s;
	bool is_tried;                   /* and it worked */
	struct wizard wizard;
	struct service_pending pending;
	FILE *out;                       /* what people read; with --json not the object's stdout */
};

/* False: the person wants no more of it. */
static bool ask_user(struct enabling *enabling)
{
	struct wizard *wizard = &enabling->wizard;
	struct line line;
	bool is_done;

	if (enabling->user || !wizard->asks)
		return !terminal_is_interrupted();
	is_done = wizard_ask(wizard, say(wizard, "Who tries to log in, before it counts? A user, "
						 "or Enter for nobody: "), true, &line) ==
		  WIZARD_DONE;
	if (is_done && line.len)
		enabling->user = text_into(enabling->asked, sizeof(enabling->asked), line.text) ?
				 enabling->asked : NULL;
	line_wipe(&line);
	return is_done;
}

/* From here on somebody else undoes it if we do not come to an end. */
static enum exit_code put_in_place(struct enabling *enabling)
{
	struct service service;
	enum exit_code code = service_open(enabling->name, SERVICE_TRY, &service);

	if (code != EXIT_DONE)
		return code;
	code = service_check_unused(&service);
	if (code == EXIT_DONE) {
		code = service_begin(&service, enabling->for_s, &enabling->pending);
		if (code == EXIT_DONE)
			code = service_guard_start(&service, &enabling->pending);
		if (code == EXIT_DONE)
			code = service_put(&service, &enabling->pending);
		if (code != EXIT_DONE)
			(void)service_undo_attempt(&service, NULL);
	}
	service_close(&service);
	return code;
}

static enum exit_code take_back(const struct enabling *enabling)
{
	(void)service_undo_by_name(enabling->name, enabling->pending.token, false);
	complain(say(&enabling->wizard, "%s is as it was"), enabling->name);
	return EXIT_NO;
}

static enum exit_code try_login(struct enabling *enabling)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT(1024);
	struct wizard *wizard = &enabling->wizard;

	if (!enabling->user)
		return terminal_is_interrupted() ? take_back(enabling) : EXIT_DONE;
	fprintf(enabling->out, say(wizard, "%s logs in through %s:\n"), enabling->user,
		enabling->name);
	switch (service_try(&wizard->terminal, enabling->out, enabling->name, enabling->user,
			    &why)) {
	case TRIAL_GRANTED:
		fputs(say(wizard, "That worked.\n"), enabling->out);
		enabling->is_tried = true;
		return EXIT_DONE;
	case TRIAL_UNASKED:
		fputs(say(wizard, "Root was let in unasked there, which proves nothing.\n"),
		      enabling->out);
		return EXIT_DONE;
	case TRIAL_DENIED:
		complain(say(wizard, "that did not work: %s"), buf_text(&why));
		break;
	case TRIAL_INTERRUPTED:
		break;
	}
	return take_back(enabling);
}

static void print_json(const struct enabling *enabling, int64_t until_s)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:I, s:b}", "service", enabling->name,
				   "state", "pending", "stack", enabling->pending.sample, "until",
				   (json_int_t)until_s, "tried", enabling->is_tried);

	table_print_json(object, stdout);
	json_decref(object);
}

static enum exit_code tell_what_is_left(const struct enabling *enabling)
{
	int64_t left_s = service_left_s(&enabling->pending), until_s = time(NULL) + left_s;
	char until[MOMENT_SIZE];
	struct service_pending now;
	struct service service;
	bool is_there;

	service_look(enabling->name, &service);
	is_there = service_read_pending(&service, &now) &&
		   text_equals(now.token, enabling->pending.token);
	service_close(&service);
	if (!is_there) {
		complain(say(&enabling->wizard, "the time was over: %s is as it was"),
			 enabling->name);
		return EXIT_NO;
	}
	moment_format(until_s, until);
	if (enabling->ctl->json)
		print_json(enabling, until_s);
	else
		printf(say(&enabling->wizard,
			   "%s asks jauth now. Log in from another terminal, and if that works:\n"
			   "\n\tjauthctl service confirm %s\n\n"
			   "Otherwise everything is as before at %s.\n"), enabling->name,
		       enabling->name, until);
	return EXIT_DONE;
}

static enum exit_code enable(struct enabling *enabling)
{
	enum exit_code code;

	if (!ask_user(enabling)) {
		complain("%s", say(&enabling->wizard, "nothing is changed"));
		return EXIT_NO;
	}
	code = enabling->user ? service_check_user(enabling->ctl, enabling->name, enabling->user) :
				EXIT_DONE;
	if (code == EXIT_DONE)
		code = put_in_place(enabling);
	if (code == EXIT_DONE)
		code = try_login(enabling);
	return code == EXIT_DONE ? tell_what_is_left(enabling) : code;
}

enum exit_code run_service_enable(struct ctl *ctl, int argc, char **argv)
{
	const char *duration = NULL;
	struct enabling enabling = { .ctl = ctl, .for_s = FOR_DEFAULT_S };
	const struct arg options[] = {
		{ "for", ARG_TEXT, &duration },
		{ "user", ARG_TEXT, &enabling.user },
		{ 0 }
	};
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (duration && !parse_duration(duration, &enabling.for_s))
		return EXIT_USAGE;
	enabling.name = args.rest[0];
	enabling.out = ctl->json ? stderr : stdout;
	code = service_refuse_unless_root();
	if (code == EXIT_DONE)
		code = service_undo_overdue();
	if (code == EXIT_DONE)
		code = service_check(ctl, enabling.name);
	if (code != EXIT_DONE)
		return code;
	wizard_begin(&enabling.wizard, ctl->json);
	if (enabling.wizard.is_begun) {
		code = enable(&enabling);
	} else {
		complain(N_("the terminal cannot be used"));
		code = EXIT_NO;
	}
	wizard_end(&enabling.wizard);
	return code;
}
