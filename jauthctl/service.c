/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service confirm, disable, rollback, list: jauth in the PAM files of /etc/pam.d. */
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/conf.h"
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/service-check.h"
#include "jauthctl/service-guard.h"
#include "jauthctl/service-undo.h"
#include "jauthctl/table.h"

#define AGAIN_S 5

/* --- rollback --- */

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
	code = service_refuse_unless_root();
	if (code != EXIT_DONE)
		return code;
	if (!args.n_rest)
		return service_undo_overdue();
	if (!pam_service_is_valid(args.rest[0])) {
		complain(N_("\"%s\" is no name of a PAM service"), args.rest[0]);
		return EXIT_USAGE;
	}
	if (token && !wait_as_guard(args.rest[0], token, wait_s))
		return EXIT_DONE;
	code = service_undo_by_name(args.rest[0], token, false);
	/* Nobody else tries again where a disk, for example, is read-only for a while. */
	while (token && code != EXIT_DONE && wait_as_guard(args.rest[0], token, AGAIN_S))
		code = service_undo_by_name(args.rest[0], token, false);
	return code;
}

/* --- confirm, disable --- */

static enum exit_code confirm(const struct service *service)
{
	struct service_pending pending;
	enum exit_code code;

	if (!service_read_pending(service, &pending)) {
		complain(N_("%s waits for nothing; see jauthctl service list"), service->name);
		return EXIT_NO;
	}
	if (service_is_overdue(&pending)) {
		(void)service_undo_attempt(service, NULL);
		complain(N_("that is too late: %s is as it was"), service->name);
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
		return service_undo_attempt(service, NULL);
	if (service_has_jauth(service->name))
		return service_take_out(service);
	complain(N_("%s does not ask jauth"), service->name);
	return EXIT_NO;
}

/* One service, that need not be named when only one waits. */
static enum exit_code with_service(const char *name, enum exit_code (*act)(const struct service *))
{
	_cleanup_list_ char **names = service_list_pending();
	struct service service;
	enum exit_code code;

	if (!name && list_length(names) != 1) {
		complain(names ? N_("several services wait; say which one") :
				 N_("no service waits"));
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
	code = service_refuse_unless_root();
	return code == EXIT_DONE ? with_service(args.n_rest ? args.rest[0] : NULL, confirm) : code;
}

static enum exit_code take_out_and_tell(const struct service *service)
{
	enum exit_code code = take_out(service);

	if (code == EXIT_DONE && service_has_jauth(service->name)) {
		complain(N_("pam_jauth stands in %s in another way than jauthctl puts it there; "
			    "take it out by hand"), service->stack);
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
	code = service_refuse_unless_root();
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
