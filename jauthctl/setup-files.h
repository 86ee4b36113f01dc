/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files that the commands "method …" write: drop-ins of the configuration and secrets beside
 * it.
 *
 * A drop-in is an object of sections, "method work", each an object of keys and texts, in the order
 * in which they are written. Secrets get a new file each time, whose name the drop-in has, so that
 * the rename of the drop-in is the one moment at which all of it counts; what is killed before
 * leaves a secret that nobody names.
 *
 * Functions with an exit code complain by themselves.
 */
#pragma once

#include <sys/types.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/secret.h"
#include "jauthctl/command.h"

#define SETUP_CONFIG  JAUTH_CONFDIR "/jauthd.conf"
#define SETUP_FOLDER  SETUP_CONFIG ".d"
#define SETUP_SECRETS JAUTH_CONFDIR "/secrets"
#define SETUP_FILES_MAX 4

/* --- what there is --- */

/* The configuration as it is on the disk; what is wrong in it is left out. */
void setup_conf_read(struct conf *ret_conf);
const struct conf_section *setup_conf_section(const struct conf *conf, const char *name);
/* That of a method, "method ID" or "directory ID"; NULL: there is none with this id. */
const struct conf_section *setup_conf_method(const struct conf *conf, const char *id);
/* "method-work.conf". The caller frees. */
char *setup_drop_in_name(const char *kind, const char *id);

/* An empty object when there is no such file; one that jauthctl has not written, or that makes no
 * sense, is refused. */
enum exit_code setup_drop_in_read(const char *name, json_t **ret_sections);
/* "" for an object without sections. */
void setup_drop_in_text(const json_t *sections, struct buf *ret_text);

/* --- changes --- */

struct setup_change {
	const char *name;                /* of the drop-in */
	json_t *sections;                /* as they will be; owned by the caller; empty: no file */
};

struct setup {
	struct ctl *ctl;
	int folder;                      /* locked; -1: not open */
	gid_t gid;                       /* jauth */
	struct setup_change changes[SETUP_FILES_MAX];
	size_t n_changes;
	char **new_secrets;              /* paths, written for these changes */
};

/* Nobody else changes the files until setup_close(). Folders that are missing are made. */
enum exit_code setup_open(struct ctl *ctl, struct setup *ret_setup);
/* Without setup_apply() having been EXIT_DONE: as if nothing had been begun. */
void setup_close(struct setup *setup);
/* Before any question: whether they could be written at all. */
enum exit_code setup_check_writable(void);

/* Writes a secret to a file of its own, root:jauth 0640. The caller frees the path. */
enum exit_code setup_secret_write(struct setup *setup, const char *name,
				  const struct secret *secret, char **ret_path);
/* Adds a change; those of add are written in their order. */
void setup_change(struct setup *setup, const char *name, json_t *sections);
/* What jauthd finds wrong with these files in place: rows of CheckDropIns. */
enum exit_code setup_mistakes(struct ctl *ctl, const struct setup_change *changes, size_t n,
			      json_t **ret_rows);
void setup_complain_mistakes(const json_t *rows);
/* Checks the whole, writes, and has jauthd read it: all of that, or nothing. */
enum exit_code setup_apply(struct setup *setup);
/* Secrets named by a drop-in before and by nothing in the configuration now go away; only those
 * with names that setup_secret_write() gives. */
void setup_secrets_forget(const json_t *before);
