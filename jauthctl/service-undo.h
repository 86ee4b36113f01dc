/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking back what nobody has confirmed, for all commands that come across it. */
#pragma once

#include "jauthctl/service-files.h"

/* Complains. */
enum exit_code service_refuse_unless_root(void);

/* Undoes what is pending, if it is that attempt; NULL: whichever. The lock is the caller's. */
enum exit_code service_undo_attempt(const struct service *service, const char *token);
/* The same with the lock. */
enum exit_code service_undo_by_name(const char *name, const char *token, bool only_overdue);
/* What a guard could not do, for the machine was off or it was killed. */
enum exit_code service_undo_overdue(void);
