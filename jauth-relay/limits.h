/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every table, queue and wait of jauth-relay has its bound here; those of one message are in
 * base/relay-protocol.h. */
#pragma once

#include "base/relay-protocol.h"

/* Links; the first two are defaults of the configuration. */
#define LINKS_MAX               100000
#define LINKS_PER_HOST          1000
#define LINK_PRESSES_MAX        8        /* of one link; who presses more often is turned away */
#define LINK_JS_CODE_MAX        128      /* code of a mini program */
#define LINK_BYTES_MAX          16384    /* of one link as the store keeps it */
#define STORE_NAME_MAX          63       /* bytes of a name and a value of store_once() */
#define LINK_RETRIES_MAX        8        /* when another relay changed it at the same moment */

/* Pushes. Each host that is told of one has a record of its own. */
#define PUSHES_MAX              4096     /* records in the store, */
#define PUSHES_PER_HOST         128      /* and of one host */
#define PUSH_SECONDS            6        /* a record lives; longer than RELAY_PUSH_WAIT_MS */
#define PUSH_HOSTS_MAX          128      /* that are told of one push */
#define PUSHES_OPEN_MAX         512      /* vendors that wait for an answer of this relay, */
#define PUSHES_PER_APP          64       /* for one app, */
#define PUSHES_PER_ADDRESS      32       /* from one address */
#define PUSHES_PER_MINUTE       600      /* from one address; a default of the configuration */
#define PUSH_EVENT_MAX          65536    /* bytes: texts may become six times as long */

/* Hosts and their keys. */
#define HOSTS_MAX               20000    /* records: keys, enrolments, revoked ones */
#define ENROLMENT_SECONDS       3600
#define ENROLMENT_SECONDS_MAX   604800
#define REVOKED_DAYS            400      /* a revoked key is remembered */

/* Telephones. */
#define PRESS_WAIT_S            10       /* for the host to say where the button leads */
#define CALLBACK_WAIT_S         20       /* for the host to say what came of it */
#define UNKNOWN_PER_MINUTE      30       /* ids that are none, of one address (IPv6: /64) */
#define ADDRESSES_MAX           65536    /* that are counted at once */
#define WAITERS_PER_KEY         16       /* for one link; the oldest gets what there is */
#define FORM_BYTES_MAX          4096     /* of POST /q/ID */
#define MINI_BYTES_MAX          4096     /* of POST /api/m/ID */
#define COOKIE_BYTES_MAX        4096     /* of the header; a browser sends ours only */
#define OWNERSHIP_FILE_MAX      4096

/* Connections. */
#define CONNECTIONS_MAX         4096
#define CONNECTION_BYTES        32768    /* read buffer: a request line and all headers */
#define CONNECTION_IDLE_S       60
#define REQUEST_HEADER_S        10       /* from a connection's begin, or the last reply */
#define REQUEST_BODY_S          10       /* from there */
#define CONNECTIONS_SPARE       64       /* below that, who has said nothing yet goes first */
#define LISTEN_MAX              8        /* sockets */
#define STOP_S                  3        /* for the last answers, when the program ends */

/* Redis. */
#define REDIS_OPEN_MAX          10000    /* commands without a reply */
#define REDIS_TIMEOUT_MS        2000
#define REDIS_BACKOFF_MIN_MS    100
#define REDIS_BACKOFF_MAX_MS    2000
