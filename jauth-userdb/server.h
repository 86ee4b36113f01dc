/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clients of jauth-userdb: every process of the host that looks a user or a group up, and also
 * those that mean harm. So nobody is waited for, everybody has his turn, and whoever sends what is
 * no call is closed.
 */
#pragma once

#include <systemd/sd-event.h>

#include "jauth-userdb/source.h"

struct server;

/* `fd` listens and stays the caller's. Reads the snapshot at `path` first. */
int server_new(sd_event *event, int fd, const char *path, struct server **ret_server);
struct server *server_free(struct server *server);       /* NULL is fine */
