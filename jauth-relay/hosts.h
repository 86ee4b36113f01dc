/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may open links: the hosts, their keys and the enrolments that wait for a host.
 *
 * A file of records, a line each, read whole and replaced whole under a lock; the command line
 * (jauth-relay host …) and the daemon both write it, and the daemon sees a change at once. A record
 * never changes but in one direction: an enrolment becomes used or revoked, a key revoked. So two
 * files, of two relays that share a store, are merged by taking the later state of each record, and
 * a store that lost everything is filled again from any of them. Only digests of secrets are kept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/crypto.h"
#include "jauth-relay/limits.h"

struct hosts;

enum host_record_kind { HOST_ENROLMENT, HOST_KEY };

struct host_record {
	enum host_record_kind kind;
	char id[RELAY_KEY_ID_LEN + 1];           /* of the key or enrolment */
	char host[RELAY_KEY_ID_LEN + 1];         /* the host's own, the same for all its keys */
	char name[RELAY_HOST_MAX + 1];
	unsigned char secret[SHA256_BYTES];      /* digest of the token's secret part */
	int64_t created_s, expires_s;            /* expires_s 0: never */
	bool is_over;                            /* used or revoked */
	char bound[RELAY_KEY_ID_LEN + 1];        /* enrolment: the key that used it; or "" */
};

/* What may be the name of a host: text that reads as it is written. */
bool host_name_is_valid(const char *name);

/* One line, without newline; and back: 0 or -EBADMSG. */
struct buf;
void host_record_encode(const struct host_record *record, struct buf *buf);
int host_record_decode(const char *line, struct host_record *ret_record);

/* `changed` is called on the loop when the file was changed by somebody else; `event` NULL: the
 * command line, which watches nothing. 0, -EBADMSG (a line that is no record; told in the log), or
 * -errno. A missing file is an empty one. */
typedef void (*hosts_changed_fn)(void *context);
int hosts_open(sd_event *event, const char *path, hosts_changed_fn changed, void *context,
	       struct hosts **ret_hosts);
struct hosts *hosts_free(struct hosts *hosts);

/* "Bearer …" or the bare token → its record, compared in constant time; NULL: none, over, expired,
 * or of the other kind. A used enrolment is found as long as it would last: the key in `bound` may
 * come again, no other. Lent until the next change. */
const struct host_record *hosts_find(struct hosts *hosts, enum host_record_kind kind,
				     const char *token, int64_t now_s);
const struct host_record *hosts_find_id(struct hosts *hosts, const char *id);
unsigned hosts_count_keys(struct hosts *hosts, const char *host, int64_t now_s);
int hosts_each(struct hosts *hosts, int (*each)(const struct host_record *record, void *context),
	       void *context);

/* Adds the record, or takes over what is later in it, and writes the file when anything changed.
 * A key that gets over without a time gets the present one; what nobody has to remember any more
 * is dropped. 0, -ENOSPC (HOSTS_MAX), -EEXIST (another record has this id), -EBUSY (somebody
 * holds the file), or -errno of the file. */
int hosts_merge(struct hosts *hosts, const struct host_record *record);
/* The same with many at once, as they come from a store or go to it: the file is written once. What
 * is wrong with one of them is the answer, and the others are taken all the same. */
int hosts_merge_all(struct hosts *hosts, const struct host_record *records, size_t n);
