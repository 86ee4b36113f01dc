/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every queue, table, text and wait of jauthd has its bound here. What a sysadmin may want to
 * move is a key of [limits] in jauthd.conf; its default and its bounds stand here too. */
#pragma once

#include "base/relay-protocol.h"

/* Logins */
#define LOGINS_WAITING_DEFAULT      128      /* all sources together */
#define LOGINS_WAITING_MAX          20000
#define LOGINS_PER_SOURCE_DEFAULT   8
#define LOGIN_SECONDS_DEFAULT       180      /* one login, from Begin to its outcome */
#define LOGIN_SECONDS_MAX           900
#define LOGIN_ANSWERS_MAX           64       /* datagrams from one client */
#define LOGIN_TRIES_DEFAULT         1        /* wrong answers in one login; programs ask again */
#define LOGIN_ROUNDS_MAX            10       /* menus, redrawn codes, refusals in one login */
#define LOGIN_ACCOUNT_WITHIN_S      900      /* from a login to its account phase */
#define LOGIN_PREPARE_S             60       /* filling a method's caches */
#define LOGIN_ENROL_S               600      /* enrolling and testing: apps are installed, codes
					      * written down, messages waited for */
#define LOGIN_SHOWN_MAX             30000    /* bytes of infos collected for one step */
#define LOGIN_DECIDING_MS           1000     /* a deadline looks again after the store */
#define LOGIN_FAIL_DELAY_MS         2000     /* a refusal is told this long after the answer */

/* Methods and policy */
#define METHODS_MAX                 32
#define GATEWAYS_MAX                16       /* [sms ID] sections */
#define SERVICES_MAX                64
#define ALTERNATIVES_MAX            9        /* one key each in the menu */
#define FACTORS_MAX                 4        /* of one alternative */
#define METHOD_ID_MAX               32
#define USER_NAME_MAX               256
#define USER_GROUPS_MAX             1024

/* People, see people.h */
#define GROUPS_MAX                  256      /* [group NAME] sections */
#define PERSON_GROUPS_MAX           1024     /* of one person, from one source */

/* Threads */
#define WORKER_NAMES_THREADS        4
#define WORKER_NAMES_QUEUE          1024
#define WORKER_HASH_QUEUE           1024
#define WORKER_HASH_THREADS_MAX     16
#define STORE_QUEUE                 4096
#define STORE_QUERIES_MAX           384      /* statements kept prepared */
#define STORE_BUSY_MS               5000     /* somebody else reads the file */

/* Talking to jauth-http */
#define HTTP_OPEN_MAX               1024     /* requests without a reply */
#define HTTP_QUEUE_MAX              (8 * 1024 * 1024)    /* bytes of requests not sent yet */
#define HTTP_GRACE_MS               2000     /* beyond a request's own total_ms */
#define HTTP_PING_MS                5000
#define HTTP_BACKOFF_MIN_MS         100
#define HTTP_BACKOFF_MAX_MS         5000

/* Talking to jauth-relay */
#define RELAY_LINKS_MAX             (LOGINS_WAITING_MAX + 1024)  /* those that are closing, too */
#define RELAY_SERVERS_MAX           8
#define RELAY_CONNECT_MS            3000
#define RELAY_REQUEST_MS            5000
#define RELAY_POLL_S                25       /* how long a relay may hold the request for events */
#define RELAY_POLL_SHORT_S          1        /* the same, after an answer that says nothing */
#define RELAY_BACKOFF_MIN_MS        100
#define RELAY_BACKOFF_MAX_MS        5000
#define RELAY_CHATTER_MIN_MS        200      /* after an answer that says nothing */
#define RELAY_CHATTER_MAX_MS        1000
#define RELAY_OPEN_TRIES            3        /* at least, and each server once */
#define RELAY_CLOSE_TRIES           3
#define RELAY_REPEATS_MAX           16       /* of what a relay forgot */
#define RELAY_PRESSES_MAX           8        /* changes of the method, of one link */
#define RELAY_PUSHES_MAX            256      /* those that were answered a moment ago, too */
#define RELAY_PUSH_KEEP_MS          10000    /* so long a push that comes again is known */
#define RELAY_RENEW_S               60       /* before its end a link that listens is followed by
					      * another one */
#define LOGIN_PUSH_MS               (RELAY_PUSH_WAIT_MS - 500)       /* later it is not answered
								      * with digits */

/* Number match */
#define MATCH_WRONG_DAY             3        /* wrong digits of a user and method */

/* The bus */
#define BUS_BACKOFF_MIN_MS          200
#define BUS_BACKOFF_MAX_MS          5000
#define BUS_ROWS_MAX                10000    /* of one reply */
#define BUS_PAGE_ROWS               2000     /* of a reply that is one of many */
#define BUS_PEOPLE_PAGE             1000
#define BUS_CALLS_MAX               512      /* whose callers are being asked for */
#define BUS_CALLS_PER_SENDER        16       /* the same, of one connection */
#define BUS_RATE_BURST              64       /* calls of one uid that is not root's, at once */
#define BUS_RATE_PER_S              8        /* and so many more in each second */
#define BUS_RATE_UIDS               256      /* whose calls are counted */
#define BUS_TIMEOUT_MS              10000
#define BUS_RELOAD_WAIT_MS          5000     /* at most, for the snapshot of jauth-userdb */
#define BUS_LOG_ROWS                100      /* unless said otherwise */
#define BUS_TEXT_MAX                4096     /* characters of one text in a reply */
#define BUS_DROP_INS_MAX            8        /* configuration files to be tried together */
#define BUS_DROP_IN_MAX             (64 * 1024)  /* bytes of one */
#define ORIGIN_TIMEOUT_MS           2000     /* logind says where a session comes from */
#define BUS_MESSAGE_MAX             (4 * 1024 * 1024)

/* Throttle */
#define THROTTLE_FREE_FAILURES      3        /* without a pause */
#define THROTTLE_PAUSE_MAX_S        900
#define THROTTLE_FORGET_S           86400
#define THROTTLE_ROWS_MAX           100000

/* Messages and codes; the defaults of [limits], see budget.h */
#define BUDGET_NUMBER_GAP_S         60
#define BUDGET_NUMBER_HOUR          5
#define BUDGET_NUMBER_DAY           10
#define BUDGET_STRANGER_HOUR        3        /* of BUDGET_NUMBER_HOUR, or of what is configured */
#define BUDGET_STRANGER_DAY         6
#define BUDGET_SOURCE_HOUR          10
#define BUDGET_SOURCE_DAY           30
#define BUDGET_NETWORK_DAY          100
#define BUDGET_STRANGERS_HOUR       60
#define BUDGET_TOTAL_HOUR           300
#define BUDGET_TOTAL_DAY            2000
#define BUDGET_UNANSWERED           5
#define BUDGET_UNANSWERED_PAUSE_S   86400
#define BUDGET_FAILED_HOUR          30
#define BUDGET_WRONG_DAY            10
#define BUDGET_WRONG_STRANGER_DAY   6
#define BUDGET_WRONG_ROW            50
#define BUDGET_WRONG_ROW_MAX        100      /* NIST SP 800-63B-4 3.2.2 */
#define BUDGET_WRONG_PAUSE_S        3600     /* doubles up to a day */
#define BUDGET_GAP_MAX_S            86400    /* bounds of the keys, where the default is none */
#define BUDGET_MESSAGES_MAX         1000000
#define BUDGET_COST_MAX             1000000000
#define BUDGET_UNANSWERED_MAX       20
#define GATEWAY_COST_MAX            1000000
#define BUDGET_ROWS_MAX             200000   /* of events a day, stops, known sources */
#define KNOWN_SOURCE_DAYS           30
#define CODES_OPEN_PER_USER         3        /* logins of one user that hold a code */
#define PHONES_PER_USER_MAX         5
#define RECOVERY_CODES_MAX          16

/* Break-glass codes */
#define GLASS_CODES_MAX             32       /* of one user */
#define GLASS_RECOVERY_S            86400    /* a code of jauthctl user recover is good so long */
#define GLASS_LINK_S                900      /* after it, to link something new */
#define LINKS_LOST_MAX              32       /* removed by one recovery */
#define ADMINS_MAX                  64       /* who are told of each use */

/* Requests of people whose identity no link or rule leads to the user, see requests.h */
#define REQUEST_OPEN_S              3600     /* from the login */
#define LINK_PENDING_S              (7 * 86400)      /* from its acceptance */
#define REQUESTS_MAX                1000     /* open, all together */
#define REQUESTS_PER_USER           20
#define REQUESTS_PER_NETWORK        20       /* from one address, or network of IPv6 */
#define REQUESTS_PER_IDENTITY       3

/* The offline policy of a method */
#define OFFLINE_FOR_MAX_S           (30 * 86400)

/* Directories */
#define DIRECTORY_INTERVAL_MIN_S    300
#define DIRECTORY_INTERVAL_MAX_S    (30 * 86400)
#define DIRECTORY_REMOVALS_PERCENT  10
#define DIRECTORY_AGAIN_S           600      /* after a sync that failed */
#define DIRECTORY_FIRST_S           5        /* after start or a new configuration */
#define DIRECTORY_LIST_S            7200     /* one listing; and so old, it is not gone on with */
#define DIRECTORY_NAME_S            (7 * 86400)      /* a department's name is asked for again */
#define DIRECTORY_FLUSH_MS          30000    /* what came of an unchanged department is kept */
#define DIRECTORY_DEPARTMENTS_MAX   30000
#define DIRECTORY_DEPTH_MAX         64       /* departments within departments */
#define DIRECTORY_PLACES_MAX        400000   /* members, once for each of their departments */
#define DIRECTORY_BATCH_MAX         20000    /* members of one department */
#define DIRECTORY_PENDING_MAX       200      /* departments told of, until they are kept */
#define DIRECTORY_JOBS_MAX          512      /* batches that the store has not kept yet */
#define DIRECTORY_SLICE             100      /* members looked at before others have their turn */
#define DIRECTORY_KEEP              400      /* members listed and written down, likewise */
#define DIRECTORY_SCAN              10000    /* places looked at, likewise */
#define DIRECTORY_REPORT_ROWS       10000    /* of changes, kept to be shown */
#define DIRECTORY_TEXT_MAX          255      /* bytes of an id or a name of a department */
/* Links that users make and remove themselves, and what they are told */
#define LINKS_PER_USER_MAX          20       /* beyond it a user makes none himself */
#define OWN_CHANGES_DAY             20       /* of one user's links, by himself */
#define NOTICES_PER_USER_MAX        50       /* the newest */
#define NOTICES_SHOWN_MAX           4        /* at one login */
#define NOTICE_TOLD_S               (3 * 86400)  /* told at every login for so long after the
						  * first one, so that nobody else uses it up */
#define NOTICE_KEPT_S               (180 * 86400)
#define NOTICE_MESSAGES_MAX         5        /* of one notice, by apps */

/* SSH keys of people that providers have */
#define SSH_KEYS_EVERY_S            3600     /* fetched so often */
#define SSH_KEYS_AGAIN_S            900      /* and after a failure */
#define SSH_KEYS_KEPT_S             86400    /* without an answer; then they count no more */
#define SSH_KEYS_MAX                64       /* of one identity */
#define SSH_KEYS_TEXT_MAX           32768    /* bytes of one user's */
#define SSH_KEYS_LOOK_S             30       /* how often due ones are looked for */

/* Audit */
#define AUDIT_DAYS_DEFAULT          180
#define AUDIT_ROWS_DEFAULT          1000000
#define AUDIT_TRIM_ROWS             10000    /* deleted at once */
#define AUDIT_TEXT_MAX              256
#define AUDIT_TRIM_FIRST_S          60
#define AUDIT_TRIM_S                3600     /* in a day more than a flood can add */

/* Sessions, see sessions.h */
#define SESSIONS_MAX                20000    /* not over */
#define SESSIONS_LOOK_S             60       /* who must end is looked up; a fault is tried again */
#define SESSIONS_ALIVE_S            3600     /* one that need not end is looked at */
#define SESSIONS_ENDING_S           5        /* one that was told to end */
#define SESSIONS_LINGER_S           (30 * 86400)     /* so long after a lock it is asked for */
#define SESSIONS_KEEP_S             (90 * 86400)
#define SESSIONS_ROWS_MAX           200000
#define SESSIONS_HELPER_MS          30000    /* from one answer of the helper to the next */

/* Monitoring */
#define METRICS_S                   15
#define METRICS_TEXT_MAX            16384    /* bytes of the file */

/* Screen */
#define LOGIN_LINE_MAX              2048     /* characters of one text */
#define LOGIN_TITLE_MAX             64       /* of a title or a user code */

/* Preparing methods */
#define PREPARE_AGAIN_S             60       /* after a fault */
#define PREPARE_LOOK_S              10       /* how often due preparations are looked for */
