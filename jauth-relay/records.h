/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of the hosts, kept the same in the file of this relay and in the shared store. */
#pragma once

#include "jauth-relay/hosts.h"

struct relay;

/* Into the file, then to the others. hosts_merge_all()'s answers. */
int records_add(struct relay *relay, const struct host_record *records, size_t n);
/* What others added. */
void records_read(struct relay *relay);
/* All that we have: after the file was changed, or the store came back. Then what others have. */
void records_share(struct relay *relay);
