/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service enable, confirm, disable, rollback, list: jauth in the PAM files of /etc/pam.d.
 *
 * enable changes nothing before all that can be looked at is right, and what it changes is undone
 * by somebody else (service-guard.h) unless confirm comes in time.
 */
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/conf.h"
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/moment.h"
#include "jauthctl/service-check.h"
#include "jauthctl/service-guard.h"
#include "jauthctl/service-trial.h"
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
	complain("--for takes from 3s to 1d, such as 5m or 2h");
	return false;
}

static void print_object(const struct ctl *ctl, json_t *object)
{
	if (ctl->json)
		table_print_json(object, stdout);
	else
		table_print_object(object, stdout);
	json_decref(object);
}

/* --- rollback --- */

/* Undoes what is pending, if it is that attempt; NULL: whichever. The lock is ours. */
static enum exit_code undo(const struct service *service, const char *token)
{
	struct service_pending pending;
	enum exit_code code;

	if (!service_read_pending(service, &pending) ||
	    (token && !text_equals(token, pending.token)))
		return EXIT_DONE;
	code = service_undo(service);
	syslog(LOG_AUTH | LOG_WARNING, code == EXIT_DONE ?
	       "the PAM service %s is again as it was before jauth was put into it" :
	       "the PAM service %s cannot be made as it was before jauth was put into it",
	       service->name);
	if (code == EXIT_DONE)
		service_guard_stop(service, &pending);
	return code;
}

static enum exit_code undo_by_name(const char *name, const char *token, bool only_overdue)
{
	struct service_pending pending;
	struct service service;
	enum exit_code code = service_open(name, SERVICE_WAIT, &service);

	if (code != EXIT_DONE)
		return code;
	if (service_read_pending(&service, &pending) &&
	    (!only_overdue || service_is_overdue(&pending)))
		code = undo(&service, token);
	service_close(&service);
	return code;
}

/* What a guard could not do, for the machine was off or it was killed. */
static enum exit_code undo_overdue(void)
{
	_cleanup_list_ char **names = service_list_pending();
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < list_length(names); i++) {
		enum exit_code of_this = undo_by_name(names[i], NULL, true);

		code = MAX(code, of_this);
	}
	return code;
}

static enum exit_code refuse_unless_root(void)
{
	if (geteuid() == 0)
		return EXIT_DONE;
	complain("only root may change " PAM_FOLDER);
	return EXIT_REFUSED;
}

/* False: another attempt is none of ours, and nobody's lock is needed to see that. */
static bool wait_as_guard(const char *name, const char *token, int64_t wait_s)
{
	struct service service;
	bool is_over;

	service_look(name, &service);
	is_over = service_guard_wait(&service, token, wait_s);
	service_close(&service);
	return is_over;
}

enum exit_code run_service_rollback(struct ctl *ctl, int argc, char **argv)
{
	const char *token = NULL;
	int64_t wait_s = 0;
	const struct arg options[] = {
		{ "token", ARG_TEXT, &token },
		{ "wait", ARG_NUMBER, &wait_s },
		{ 0 }
	};
	struct args args = { .options = options, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = refuse_unless_root();
	if (code != EXIT_DONE)
		return code;
	if (!args.n_rest)
		return undo_overdue();
	if (!pam_service_is_valid(args.rest[0])) {
		complain("\"%s\" is no name of a PAM service", args.rest[0]);
		return EXIT_USAGE;
	}
	if (token && !wait_as_guard(args.rest[0], token, wait_s))
		return EXIT_DONE;
	return undo_by_name(args.rest[0], token, false);
}

/* --- enable --- */

struct enabling {
	struct ctl *ctl;
	const char *name, *user;
	char asked[LOGIN_ANSWER_MAX + 1];
	int64_t for_s;
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
			(void)undo(&service, NULL);
	}
	service_close(&service);
	return code;
}

static enum exit_code take_back(const struct enabling *enabling)
{
	(void)undo_by_name(enabling->name, enabling->pending.token, false);
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
		return EXIT_DONE;
	case TRIAL_DENIED:
		complain(say(wizard, "that did not work: %s"), buf_text(&why));
		break;
	case TRIAL_INTERRUPTED:
		break;
	}
	return take_back(enabling);
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
		print_object(enabling->ctl, json_pack("{s:s, s:s, s:s, s:I, s:b}", "service",
						      enabling->name, "state", "pending", "stack",
						      enabling->pending.sample, "until",
						      (json_int_t)until_s, "tried",
						      enabling->user != NULL));
	else
		printf(say(&enabling->wizard,
			   "%s asks jauth now. Log in from another terminal, and if that works:\n\n\tjauthctl service confirm %s\n\n"
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
	code = refuse_unless_root();
	if (code == EXIT_DONE)
		code = undo_overdue();
	if (code == EXIT_DONE)
		code = service_check(ctl, enabling.name);
	if (code != EXIT_DONE)
		return code;
	wizard_begin(&enabling.wizard, ctl->json);
	if (enabling.wizard.is_begun) {
		code = enable(&enabling);
	} else {
		complain("the terminal cannot be used");
		code = EXIT_NO;
	}
	wizard_end(&enabling.wizard);
	return code;
}

/* --- confirm, disable --- */

static enum exit_code confirm(const struct service *service)
{
	struct service_pending pending;
	enum exit_code code;

	if (!service_read_pending(service, &pending)) {
		complain("%s waits for nothing; see jauthctl service list", service->name);
		return EXIT_NO;
	}
	if (service_is_overdue(&pending)) {
		(void)undo(service, NULL);
		complain("that is too late: %s is as it was", service->name);
		return EXIT_NO;
	}
	code = service_keep(service);
	if (code == EXIT_DONE)
		service_guard_stop(service, &pending);
	return code;
}

static enum exit_code take_out(const struct service *service)
{
	struct service_pending pending;

	if (service_read_pending(service, &pending))
		return undo(service, NULL);
	if (service_has_jauth(service->name))
		return service_take_out(service);
	complain("%s does not ask jauth", service->name);
	return EXIT_NO;
}

/* One service, that need not be named when only one waits. */
static enum exit_code with_service(const char *name, enum exit_code (*act)(const struct service *))
{
	_cleanup_list_ char **names = service_list_pending();
	struct service service;
	enum exit_code code;

	if (!name && list_length(names) != 1) {
		complain("%s", names ? "several services wait; say which one" :
				       "no service waits");
		return EXIT_NO;
	}
	code = service_open(name ? name : names[0], SERVICE_TRY, &service);
	if (code != EXIT_DONE)
		return code;
	code = act(&service);
	service_close(&service);
	return code;
}

enum exit_code run_service_confirm(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = refuse_unless_root();
	return code == EXIT_DONE ? with_service(args.n_rest ? args.rest[0] : NULL, confirm) : code;
}

static enum exit_code take_out_and_tell(const struct service *service)
{
	enum exit_code code = take_out(service);

	if (code == EXIT_DONE && service_has_jauth(service->name)) {
		complain("pam_jauth stands in %s in another way than jauthctl puts it there; take "
			 "it out by hand", service->stack);
		return EXIT_NO;
	}
	return code;
}

enum exit_code run_service_disable(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = refuse_unless_root();
	return code == EXIT_DONE ? with_service(args.rest[0], take_out_and_tell) : code;
}

/* --- list --- */

static const char *const list_keys[] = { "service", "state", "stack", "policy", "until", NULL };

static json_t *list_row(const char *name, const struct conf *conf)
{
	struct service_pending pending;
	struct service service;
	bool is_pending;
	json_int_t until_s = 0;

	service_look(name, &service);
	is_pending = geteuid() == 0 && service_read_pending(&service, &pending);
	if (is_pending)
		until_s = time(NULL) + service_left_s(&pending);
	service_close(&service);
	return json_pack("{s:s, s:s, s:s?, s:b, s:I}", "service", name, "state",
			 is_pending ? "pending" : service_has_jauth(name) ? "enabled" : "disabled",
			 "stack", service_sample(name), "policy",
			 service_has_policy(conf, name), "until", until_s);
}

enum exit_code run_service_list(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .keys = list_keys };
	struct conf_report report = { 0 };
	struct conf conf = { .separate = "method" };
	_cleanup_list_ char **names = NULL;
	struct args args = { 0 };
	json_t *rows = json_array();
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code)) {
		json_decref(rows);
		return code;
	}
	(void)conf_read(JAUTH_CONFDIR "/jauthd.conf", &conf, &report);
	names = service_list_all();
	for (size_t i = 0; i < list_length(names); i++)
		(void)json_array_append_new(rows, list_row(names[i], &conf));
	if (ctl->json)
		table_print_json(rows, stdout);
	else
		table_print(&table, rows, stdout);
	json_decref(rows);
	conf_done(&conf);
	conf_report_done(&report);
	return EXIT_DONE;
}
