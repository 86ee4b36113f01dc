/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every queue, table and wait of jauth-userdb has its bound here; those of a snapshot are in
 * base/snapshot.h. */
#pragma once

#define CLIENTS_MAX          512         /* connections */
#define CLIENTS_PER_UID_MAX  64          /* of one uid that is not root's */
#define ACCEPTED_AT_ONCE     16          /* before those that are connected have their turn */
#define REQUEST_MAX          4096        /* bytes of one call */
#define REPLY_MAX            (512 * 1024)        /* bytes: the longest SSH keys, escaped */
#define FILL_BYTES           32768       /* of a listing, before others have their turn */
#define CLIENT_IDLE_S        15          /* without a whole call */
#define CLIENT_STALLED_S     300         /* with a reply that it does not take: a pager, perhaps */
#define SWEEP_S              1
#define CHECK_S              5           /* looks at the file, also while nobody asks */
#define READING_WAIT_MS      50          /* for a new file, once each, by everybody */
#define SNAPSHOTS_KEPT       2           /* the one that counts, and one that listings began with */
#define COMPLAINT_EVERY_S    60
