/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processes of one moment, from /proc. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESSES_MAX 65536

struct process {
	uint32_t pid, parent;
	uint64_t ticks;                  /* since boot, when it began */
	bool is_his;                     /* by its real uid, or by the uid its session began with */
	bool is_inside;
};

struct processes {
	struct process *list;
	size_t n;
};

/* Does a live process `pid` exist, and since when? 0, -ENOENT, -errno. */
int process_began(const char *proc, uint32_t pid, uint64_t *ret_ticks);
/* `uid`: whose are "his". Inside are `root`, who was inside `before` (NULL: nobody), and all that
 * descend from these. 0 or -errno. Free with processes_done(). */
int processes_read(const char *proc, uint32_t uid, uint32_t root, const struct processes *before,
		   struct processes *ret_processes);
void processes_done(struct processes *processes);
/* The id of this boot, without its newline; 0 or -errno. `size` is with the terminator. */
int boot_id_read(const char *proc, char *ret_id, size_t size);
