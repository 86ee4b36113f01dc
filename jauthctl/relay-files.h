/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host keeps of its relay: [relay] of the configuration, the key, and a step that is not
 * done. Functions with an exit code complain by themselves. */
#pragma once

#include "jauthctl/command.h"
#include "jauthctl/relay-key.h"

#define RELAY_KEY_FILE JAUTH_CONFDIR "/secrets/relay"

/* As the configuration has it now. */
struct relay_conf {
	char *url;                       /* NULL: no relay */
	char *url_at;                    /* "FILE:LINE" */
	char **servers;                  /* NULL: none are said */
	char *key_file;                  /* NULL: none is said */
};

void relay_conf_read(struct relay_conf *ret_conf);
void relay_conf_done(struct relay_conf *conf);
/* Writes the drop-in, unless the configuration says this already; then looks whether it counts. */
enum exit_code relay_conf_write(const struct relay_conf *before, const char *url,
				const char *key_file);

/* The key's file and that of the pending step beside it; nobody else changes them while they are
 * open. */
struct relay_files {
	char *key, *pending;
	int folder;
	gid_t gid;                       /* jauth */
};

/* RELAY_KEY_FILE's folder is made where it is missing. */
enum exit_code relay_files_open(const char *key_path, struct relay_files *ret_files);
void relay_files_close(struct relay_files *files);

enum exit_code relay_key_read(const char *path, struct relay_key *ret_key);
enum exit_code relay_key_write(const struct relay_files *files, const struct relay_key *key);
/* Nothing, when there is none or it makes no sense. */
void relay_pending_read(const struct relay_files *files, struct relay_pending *ret_pending);
/* Makes the new key, and the file. */
enum exit_code relay_pending_begin(const struct relay_files *files, enum relay_step step,
				   const char *url, const char *of,
				   struct relay_pending *ret_pending);
/* The step is done, or will never be. */
void relay_pending_end(const struct relay_files *files);
