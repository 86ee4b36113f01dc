/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls to jauthd over the system bus. */
#pragma once

#include <jansson.h>

#include "jauthctl/command.h"

/* Calls a method of org.jauth1.Accounts or org.jauth1.Admin and waits for its reply. `args` is an
 * array with one element per argument (message.h), taken over; NULL means that it could not be
 * made. EXIT_DONE and the reply (the caller frees; ret_reply may be NULL), or the exit code after
 * complaining. */
enum exit_code bus_accounts(struct ctl *ctl, const char *method, json_t *args, json_t **ret_reply);
enum exit_code bus_admin(struct ctl *ctl, const char *method, json_t *args, json_t **ret_reply);
/* For one who tells by himself what it means that it fails. */
enum exit_code bus_admin_quietly(struct ctl *ctl, const char *method, json_t *args,
				 json_t **ret_reply);

void bus_close(struct ctl *ctl);
