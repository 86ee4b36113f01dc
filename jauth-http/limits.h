/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every queue, table and wait of jauth-http has its bound here; those of one request are in
 * base/http-message.h. */
#pragma once

#define CLIENTS_MAX             4        /* one jauthd, and the one that replaces it */
#define CLIENT_QUEUE_MAX        (32 * 1024 * 1024)   /* bytes of replies a client has not read */
#define TRANSFERS_MAX           1024     /* of all clients, at work or waiting for a connection */
#define CONNECTIONS_MAX         128
#define CONNECTIONS_PER_HOST    32
#define CONNECTIONS_KEPT        32       /* idle ones */
#define CONNECTION_IDLE_S       120      /* older ones are not used again */
#define CONNECTION_LIFE_S       3600
#define REPLY_HEADERS_MAX       65536    /* bytes, all headers of one reply */
#define PROXY_SHOWN_MAX         80       /* bytes of it in a reason */
#define DEADLINE_GRACE_MS       200      /* libcurl's own clock goes first */
