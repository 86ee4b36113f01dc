/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads one link for a request, changes it, writes it back; again when somebody else was quicker,
 * at most LINK_RETRIES_MAX times. */
#pragma once

#include "jauth-relay/link.h"
#include "jauth-relay/request.h"

/* What is to be done with the link; negative: an error, nothing is written. */
enum change {
	CHANGE_NOTHING,
	CHANGE_WRITE,
	CHANGE_WRITE_EVENT,              /* and the host is told */
};

/* `*link` is NULL when there is none; a new one may be put there. Perhaps called again, with the
 * link read anew: it must not keep what it saw before. */
typedef int (*change_fn)(struct request *request, struct link **link);
/* Exactly once, perhaps before change_link() returns. 0, the error of `change`, or one of store.h;
 * -EBADMSG: the store holds what is no link. The link as it is now is lent; NULL: none. */
typedef void (*change_done_fn)(struct request *request, int error, const struct link *link);

/* `change` NULL: only reads. */
void change_link(struct request *request, const char *id, change_fn change, change_done_fn done);

/* Whether this can be an id: RELAY_ID_LEN characters of base64url. */
bool change_is_id(const char *id);
