/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the subcommands share: how they are called and what they exit with. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"

struct DBusConnection;

/* Documented in jauthctl(1); scripts rely on them. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_NO = 1,             /* not done: denied, not found, mistakes in a file */
	EXIT_USAGE = 2,
	EXIT_NOT_REACHED = 3,    /* jauthd or the bus is not there */
	EXIT_REFUSED = 4,        /* the caller may not ask this */
};

/* One run of the program. */
struct ctl {
	const struct command *command;
	bool json;                           /* --json */
	bool quiet;                          /* bus_admin_quietly() is at work */
	struct DBusConnection *connection;   /* NULL until the first call */
};

struct command {
	const char *name;                    /* one word or two: "link add" */
	enum exit_code (*run)(struct ctl *ctl, int argc, char **argv);  /* argv[0]: its last word */
	const char *usage;                   /* what follows the name */
	const char *help;                    /* one line */
};

/* Rows end with one whose name is NULL. */
extern const struct command commands[];

/* "jauthctl: …" to stderr, cleaned; one line. In the person's language where the format is marked
 * with N_() and the catalog has it. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);

enum exit_code run_status(struct ctl *ctl, int argc, char **argv);
enum exit_code run_check(struct ctl *ctl, int argc, char **argv);
enum exit_code run_explain(struct ctl *ctl, int argc, char **argv);
enum exit_code run_reload(struct ctl *ctl, int argc, char **argv);
enum exit_code run_limits(struct ctl *ctl, int argc, char **argv);
enum exit_code run_unlock_limits(struct ctl *ctl, int argc, char **argv);
enum exit_code run_log(struct ctl *ctl, int argc, char **argv);
enum exit_code run_try(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_refuse(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_add(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_requests(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_confirm(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_remove(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_import(struct ctl *ctl, int argc, char **argv);
enum exit_code run_link_export(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_show(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_set_uid(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_add(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_set(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_password(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_lock(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_unlock(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_remove(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_recover(struct ctl *ctl, int argc, char **argv);
enum exit_code run_user_jobs(struct ctl *ctl, int argc, char **argv);
enum exit_code run_session_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_session_end(struct ctl *ctl, int argc, char **argv);
enum exit_code run_directory_collisions(struct ctl *ctl, int argc, char **argv);
enum exit_code run_totp_enrol(struct ctl *ctl, int argc, char **argv);
enum exit_code run_totp_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_totp_remove(struct ctl *ctl, int argc, char **argv);
enum exit_code run_break_glass_setup(struct ctl *ctl, int argc, char **argv);
enum exit_code run_break_glass_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_break_glass_remove(struct ctl *ctl, int argc, char **argv);
enum exit_code run_phone_add(struct ctl *ctl, int argc, char **argv);
enum exit_code run_phone_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_phone_remove(struct ctl *ctl, int argc, char **argv);
enum exit_code run_phone_import(struct ctl *ctl, int argc, char **argv);
enum exit_code run_sms_test(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_add(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_show(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_set(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_disable(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_enable(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_remove(struct ctl *ctl, int argc, char **argv);
enum exit_code run_method_probe(struct ctl *ctl, int argc, char **argv);
enum exit_code run_directory_list(struct ctl *ctl, int argc, char **argv);
enum exit_code run_directory_sync(struct ctl *ctl, int argc, char **argv);
enum exit_code run_directory_members(struct ctl *ctl, int argc, char **argv);
enum exit_code run_relay_enrol(struct ctl *ctl, int argc, char **argv);
enum exit_code run_relay_rotate(struct ctl *ctl, int argc, char **argv);
enum exit_code run_relay_status(struct ctl *ctl, int argc, char **argv);
enum exit_code run_doctor(struct ctl *ctl, int argc, char **argv);
enum exit_code run_service_enable(struct ctl *ctl, int argc, char **argv);
enum exit_code run_service_confirm(struct ctl *ctl, int argc, char **argv);
enum exit_code run_service_disable(struct ctl *ctl, int argc, char **argv);
enum exit_code run_service_rollback(struct ctl *ctl, int argc, char **argv);
enum exit_code run_service_list(struct ctl *ctl, int argc, char **argv);
