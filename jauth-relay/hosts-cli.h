/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands `jauth-relay host …`: add a host, list them, revoke one. */
#pragma once

struct hosts_cli_settings {
	const char *path;                /* of the hosts' file */
	const char *url;                 /* of this relay, as hosts reach it */
	const char *user;                /* of the daemon: root becomes it, if there is one */
};

/* `argv` from the word "host" on. The exit status: 0, 1 (it could not be done; said on stderr),
 * 2 (not understood). */
int hosts_cli(int argc, char **argv, const struct hosts_cli_settings *settings);
