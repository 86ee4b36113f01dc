/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Public keys as OpenSSH writes them, from somebody else's mouth. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

#define SSH_KEY_MAX 4096         /* bytes of "TYPE BASE64"; RSA of 16384 bits has 2800 */

/* `text` is one key, "TYPE BASE64" and perhaps a comment: of a type that sshd takes, its data whole
 * and of just this type (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, PROTOCOL.u2f), nothing behind it.
 * Options, certificates and more than one line are none. Then "TYPE BASE64\n" is appended, and
 * nothing else that was in `text`; else false, and nothing. */
bool ssh_key_add(struct buf *buf, const char *text);
