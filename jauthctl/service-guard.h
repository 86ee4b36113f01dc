/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who undoes a change of a PAM service when its time is over and nobody has confirmed it:
 *
 *	with systemd      a transient timer; after a new start of the machine a unit of ours
 *	without           a process of its own, which outlives the terminal and this program; after
 *	                  a new start a line for cron
 *
 * All of them run "jauthctl service rollback".
 */
#pragma once

#include "jauthctl/service-files.h"

/* Before anything counts. Complains. */
enum exit_code service_guard_start(const struct service *service,
				   const struct service_pending *pending);
/* The time does not matter any more. A guard that is left finds nothing to do. */
void service_guard_stop(const struct service *service, const struct service_pending *pending);
/* The guard itself, where there is no systemd. True: the time is over and it is still pending. */
bool service_guard_wait(const struct service *service, const char *token, int64_t for_s);
