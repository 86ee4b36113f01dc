/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login, or a change of password, in this terminal: the socket protocol without PAM. */
#pragma once

#include "jauthctl/command.h"
#include "pam_jauth/begin.h"

/* Fills in what this terminal is, carries the login out and prints its outcome and request id.
 * `facts` has phase, service, user and perhaps method. */
enum exit_code talk(struct ctl *ctl, const struct login_facts *facts);
