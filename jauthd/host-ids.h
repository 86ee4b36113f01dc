/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What names and numbers the host itself uses: /etc/passwd, /etc/group, the ranges of /etc/subuid
 * and /etc/subgid, SSSD's ranges where it is set up, and what any other name source says of the
 * names that were asked for. A picture of one moment, made on a names thread (it blocks) and then
 * only read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct config;
struct host_ids;

int host_ids_read(struct host_ids **ret_host);           /* 0 or -errno: then nobody is made */
/* The same of the files below `root`, "" for the host's own. For tests; `root`/etc/passwd and
 * `root`/etc/group must be there. */
int host_ids_read_below(const char *root, struct host_ids **ret_host);
struct host_ids *host_ids_free(struct host_ids *host);   /* NULL is fine */
/* Asks every name source for a user and a group of this name, and keeps the answer. Blocks. */
int host_ids_look_up(struct host_ids *host, const char *name);
/* Somebody's uid or gid, or within a range that is. */
bool host_ids_has_id(const struct host_ids *host, uint32_t id);
/* A user or a group; in whatever case. */
bool host_ids_has_name(const struct host_ids *host, const char *name);
/* Named as a member by a group in the host's file, whoever has the name. */
bool host_ids_has_member(const struct host_ids *host, const char *name);
/* A user, or a group, of exactly this name or this number: nobody of ours may be served beside
 * it. */
bool host_ids_has_user(const struct host_ids *host, const char *name, uint32_t uid);
bool host_ids_has_group(const struct host_ids *host, const char *name, uint32_t gid);
/* A group with gid 0, whatever it is called. */
bool host_ids_is_roots_group(const struct host_ids *host, const char *name);

/* Why no new user may have this name: its form, reserved, taken, that of a group that would give
 * rights (privileged_groups, whether or not it exists), or a group of the host has it as a member
 * already. NULL: it is free. A literal. */
const char *name_claim_fault(const struct config *config, const struct host_ids *host,
			     const char *name);
