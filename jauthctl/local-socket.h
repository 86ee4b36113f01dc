/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether somebody listens at a socket of this machine, and what he answers. */
#pragma once

#include "base/buf.h"

/* 0, or -errno of connecting; -ETIMEDOUT. */
int local_socket_try(const char *path, int timeout_ms);

/* Sends the bytes and reads until a NUL byte, which is not kept, or the other side closes.
 * 0, -errno, -ETIMEDOUT. */
int local_socket_ask(const char *path, const struct buf *question, int timeout_ms,
		     struct buf *ret_answer);
