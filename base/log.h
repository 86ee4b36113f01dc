/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log of the programs (not of the module): one line to stderr, with the
 * "<N>" prefix of sd-daemon(3) when stderr is the journal. Whoever stops an error
 * from travelling further logs it, once. Control characters are replaced, lines are cut
 * at 1 KiB. Secrets never go here.
 */
#pragma once

#include <syslog.h>

#include "base/macro.h"

/* `priority` is LOG_ERR … LOG_DEBUG of syslog(3). LOG_DEBUG is dropped unless switched on. */
void log_line(int priority, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)

/* Set once by main from its options, before threads start. */
void log_set_debug(int on);
