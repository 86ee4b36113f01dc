/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login, or a change of password, in this terminal: the socket protocol without PAM. */
#pragma once

#include "base/buf.h"
#include "jauthctl/command.h"
#include "pam_jauth/begin.h"

/* What the command line says already, for the ask of this name. A second ask of the same name goes
 * to the person: the first answer would not do. Rows end with one whose name is NULL. */
struct talk_answer {
	const char *name;
	const char *text;        /* NULL: it does not say */
};

/* Fills in what this terminal is, carries the login out and prints its outcome and request id.
 * `facts` has phase, service, user and perhaps method. `answers` may be NULL. */
enum exit_code talk(struct ctl *ctl, const struct login_facts *facts,
		    const struct talk_answer *answers);

/* The same without a person: nothing is printed, and an ask that has no answer ends it. Unless
 * EXIT_DONE, `reason` says in a line why not. */
enum exit_code talk_alone(struct ctl *ctl, const struct login_facts *facts,
			  const struct talk_answer *answers, struct buf *reason);
