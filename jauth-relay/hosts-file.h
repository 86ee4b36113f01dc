/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of hosts.h: read whole, replaced whole under a lock. */
#pragma once

#include "jauth-relay/hosts.h"

/* Ordered by id. */
struct host_list {
	struct host_record *records;
	size_t n;
};

void host_list_done(struct host_list *list);             /* the zeroed one is fine too */
/* NULL when there is none. */
struct host_record *host_list_find(const struct host_list *list, const char *id);
/* There is none of its id yet. 0 or -ENOSPC. */
int host_list_add(struct host_list *list, const struct host_record *record);
void host_list_remove(struct host_list *list, struct host_record *record);

struct host_mistake {
	unsigned line;
	const char *what;                /* behind "the line" */
};

/* The records in these bytes. 0, or -EBADMSG or -ENOSPC and the mistake. */
int host_list_parse(const char *text, size_t len, struct host_list *ret_list,
		    struct host_mistake *ret_mistake);

/* A missing file is an empty list. A mistake in it is told in the log. */
int hosts_file_read(const char *path, struct host_list *ret_list);
/* The file is the old one or the new one, whatever happens in between. */
int hosts_file_write(const char *path, const struct host_list *list);
/* A descriptor that holds the lock until it is closed, or -EBUSY after a moment, or -errno. */
int hosts_file_lock(const char *path);
