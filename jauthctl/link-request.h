/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links that somebody's denied login asks for: accepted by a sysadmin, confirmed by the user. */
#pragma once

#include "jauthctl/command.h"

/* The command "link add --request". */
enum exit_code accept_request(struct ctl *ctl, const char *request, const char *user,
			      const char *note);
