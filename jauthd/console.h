/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The physical console. A program says on which terminal it logs somebody in; whether that is so,
 * the kernel says: a getty's login leads a session of its own whose terminal is a Linux console,
 * and nobody but root began it. su and sudo on a console do not lead one, and have another user's
 * real uid; who came from far away has no console at all.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* `tty` as it was said: "tty1", "/dev/tty1". `proc` is "/proc", another folder in tests. What
 * cannot be read is no console. */
bool console_is_held(const char *proc, pid_t pid, const char *tty);
