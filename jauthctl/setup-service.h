/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways in of a service: the key `methods` of its section, in a drop-in of its own. */
#pragma once

#include "jauthctl/setup-files.h"

struct service_change {
	char *name;                      /* of the drop-in */
	json_t *before, *sections;       /* its sections, as they are and as they will be */
};

void service_change_done(struct service_change *change);

/* A word that can be a service's name; complains. */
bool service_is_right(const char *service);
/* One more way in: "id", or "behind + id". */
enum exit_code service_add(const struct conf *conf, const char *service, const char *behind,
			   const char *id, struct service_change *ret_change);
/* All ways in that go by this method leave the services whose sections jauthctl wrote. A section of
 * somebody else's that names it, or one that it is the only way in of, is a complaint. At most
 * `max` changes. */
enum exit_code services_forget(const struct conf *conf, const char *id,
			       struct service_change *ret_changes, size_t max, size_t *ret_n);
/* "sshd, sudo office": whose sections name it, or name nothing that goes without it. */
enum services { SERVICES_ALL, SERVICES_WITHOUT_OTHERS };
void services_of(const struct conf *conf, const char *id, enum services which,
		 struct buf *ret_text);
