/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every queue, table, text and wait of jauthd has its bound here. What a sysadmin may want to move is a
 * key of [limits] in jauthd.conf; its default and its bounds stand here too. */
#pragma once

/* Logins */
#define LOGINS_WAITING_DEFAULT      128      /* all sources together */
#define LOGINS_WAITING_MAX          20000
#define LOGINS_PER_SOURCE_DEFAULT   8
#define LOGIN_SECONDS_DEFAULT       180      /* one login, from Begin to its outcome */
#define LOGIN_SECONDS_MAX           900
#define LOGIN_ANSWERS_MAX           64       /* datagrams from one client */
#define LOGIN_TRIES_DEFAULT         3        /* wrong answers in one login */
#define LOGIN_SHOWN_MAX             8192     /* bytes of infos collected for one step */
#define LOGIN_FAIL_DELAY_MS         2000     /* a refusal is told this long after the answer */
#define CODE_RENEWALS_MAX           2

/* Methods and policy */
#define METHODS_MAX                 32
#define SERVICES_MAX                64
#define ALTERNATIVES_MAX            9        /* one key each in the menu */
#define FACTORS_MAX                 4        /* of one alternative */
#define METHOD_ID_MAX               32
#define USER_NAME_MAX               256
#define USER_GROUPS_MAX             1024

/* Threads */
#define WORKER_NAMES_THREADS        4
#define WORKER_NAMES_QUEUE          1024
#define WORKER_HASH_QUEUE           1024
#define STORE_QUEUE                 4096
#define STORE_QUERIES_MAX           64       /* statements kept prepared */
#define STORE_BUSY_MS               5000     /* somebody else reads the file */

/* Talking to jauth-http */
#define HTTP_OPEN_MAX               1024     /* requests without a reply */
#define HTTP_GRACE_MS               2000     /* beyond a request's own total_ms */
#define HTTP_PING_MS                5000
#define HTTP_BACKOFF_MIN_MS         100
#define HTTP_BACKOFF_MAX_MS         5000

/* The bus */
#define BUS_BACKOFF_MIN_MS          200
#define BUS_BACKOFF_MAX_MS          5000
#define BUS_ROWS_MAX                10000    /* of one reply */

/* Throttle */
#define THROTTLE_FREE_FAILURES      3        /* without a pause */
#define THROTTLE_PAUSE_MAX_S        900
#define THROTTLE_FORGET_S           86400
#define THROTTLE_ROWS_MAX           100000

/* Audit */
#define AUDIT_DAYS_DEFAULT          180
#define AUDIT_ROWS_DEFAULT          1000000
#define AUDIT_TEXT_MAX              256
