/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Has the person gone? Two things only the module can see while it waits. */
#pragma once

#include <stdbool.h>

/* The inherited descriptor of the ssh client's connection, whose other end has the address and
 * port that begin SSH_CONNECTION; -1 when there is none. It stays sshd's: only to be polled. */
int hangup_find(const char *ssh_connection);

/* Does this program block the signals of ^C and kill (as sudo does)? Then nobody but us can
 * notice them while we wait. */
bool hangup_signals_are_blocked(void);
bool hangup_signal_is_pending(void);
