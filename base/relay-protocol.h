/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How hosts speak with jauth-relay, and what the two agree on about telephones. The C side of the
 * interface, and its specification.
 *
 * A link is one login that waits for a telephone. The host makes its id and opens it; the relay
 * shows it at RELAY_URL/q/ID, to whoever has the id. Bodies are JSON objects (base/json.h), UTF-8,
 * at most RELAY_BODY_MAX bytes; unknown members are ignored. Every request carries
 * `Authorization: Bearer TOKEN` (below).
 *
 *   PUT /v1/links/ID          opens a link, or finds it open: then nothing of it changes.
 *     user        text        as typed at the login; may be anybody's
 *     service     text        "sshd"
 *     source      text        where the login comes from: an address, a tty; "" unknown
 *     since       number      when it began, Unix seconds; one that cannot be: now
 *     seconds     number      for how long from now, 1..RELAY_LINK_SECONDS_MAX
 *     digits      bool        the page says that digits will follow
 *     listen      text        [A-Za-z0-9_]{1,64}: the vendor's name of an app whose pushes (below)
 *                             this host is told of while the link lives; may be absent
 *     targets     array       1..RELAY_TARGETS_MAX, or none with "listen", of
 *       method    text        [a-z0-9-]{1,32}, each once
 *       title     text        "WeCom": what people call it
 *       app       text        a word of relay_app_names: whose browser opens it
 *     → 200 {"expires": Unix seconds}
 *     409: the id is another host's. 410: it is over.
 *
 *   PUT /v1/links/ID/target   where the button leads now; replaces the one before, whose callbacks
 *                             are refused from then on.
 *     method      text        of the link's targets
 *     state       text        [A-Za-z0-9]{22,128}: what the callback must bring back
 *     url         text        https, at most RELAY_TARGET_URL_MAX bytes
 *     → 204
 *
 *   PUT /v1/links/ID/result   what came of it, for the telephone; replaces the one before.
 *     result      text        a word of relay_result_names
 *     digits      text        with "digits" only: two ASCII digits
 *     request     text        request id of the login, shown with a refusal; may be absent
 *     → 204
 *
 *   DELETE /v1/links/ID       the login is over: no button and no callback any more. A result stays
 *                             readable for its telephone until the link's time is over.
 *     → 204, also for one that is gone or never was
 *
 *   GET /v1/events?after=N&wait=S    what changed behind number N, oldest first: at once when there
 *                             is something, else within S seconds (0..RELAY_WAIT_MAX_S).
 *     → 200 {"instance": text, "next": number, "events": [...]}
 *     instance    text        1..RELAY_INSTANCE_MAX bytes; another one: links of before may be
 *                             gone; open them again
 *     next        number      N of the next call
 *     event: the state of one link, whole, so a later one replaces an earlier one
 *       link      text        its id
 *       n         number
 *       presses   number      how often a button was pressed
 *       method    text        of the last press; absent before
 *       callback  text        the query, or the form, of the one callback that was taken, as it
 *                             came, without '?', at most RELAY_CALLBACK_MAX bytes; of a mini
 *                             program "code=" and what it brought, and no state; absent before
 *       refused   bool        "this wasn't me"; absent: no
 *     or a push: a request of a vendor to /push/APP that waits for its answer
 *       push      text        its id, RELAY_ID_LEN characters
 *       n         number
 *       app       text        APP, what the host listens to
 *       method    text        "GET" or "POST"
 *       query     text        as it came, without '?', at most RELAY_PUSH_MAX bytes
 *       body      text        at most RELAY_PUSH_MAX bytes of UTF-8
 *     An N that the relay has not reached counts as 0, and is answered at once, as is a change of
 *     the instance. A second call of one host ends the first with what there is.
 *
 *   PUT /v1/pushes/ID         what the vendor is answered. Every host that listens to the app is
 *                             told of a push, and the first of them that answers with a body is the
 *                             one; else it is 200 if one of them said so or none answered within
 *                             RELAY_PUSH_WAIT_MS, with an empty body; else 403.
 *     status      number      200; 403: not the vendor's
 *     body        text        at most RELAY_PUSH_MAX bytes; "" leaves it to other hosts
 *     → 204; 404: nobody waits for it any more
 *
 *   POST /v1/enrol            with an enrolment token: binds a key, once. The same key again is
 *                             fine, another one is 401.
 *     key         text        RELAY_KEY_ID_LEN hexadecimal digits, made by the host
 *     sha256      text        of the key's secret part as it stands in the token, 64 digits
 *     → 200 {"host": text}
 *   POST /v1/keys             the same with a key: one more for this host (RELAY_HOST_KEYS_MAX)
 *   DELETE /v1/keys/KEY       one key of this host, not the one in use → 204
 *   GET /v1/host              → 200 {"host": text, "key": text, "instance": text}
 *
 * A host sees and touches its own links only; another's id is 404, but see above.
 * Errors: 400 not understood, 401 no such key, 404, 405, 409, 410, 413 too long, 429 too many
 * (Retry-After), 503 the shared store is away (Retry-After); body {"error": text} for the log.
 *
 * Telephones: GET /q/ID shows, POST /q/ID presses, GET /cb/METHOD takes the callback; POST
 * /cb/METHOD takes it too, from a form of our own page GET /d/ID. That page is the target of a
 * login in DingTalk's app: URL#corp_id=…&client_id=…&method=…&state=…, and its script, which alone
 * reads that, gets a code from the app and brings `code` and `state`, or `error` and `state`.
 *
 * Mini programs (app "mini-program"), JSON:
 *   GET /m/ID                 for browsers: says what to scan the code with; in WeChat as /q/ID
 *   GET /api/m/ID             → 200 {"host","user","service","from": text,"at": Unix seconds,
 *                             "digits": bool}; 404, 410 over
 *   POST /api/m/ID            {"action":"confirm","js_code": text [0-9A-Za-z_-]{1,128}} presses and
 *                             completes in one, for the target that the button was pressed for, or
 *                             the first one of a mini program → 202 {"receipt": text}
 *                             {"action":"deny"}: "this wasn't me" → 202 {}
 *                             404, 409 somebody was earlier, 410 over
 *   GET /api/m/ID/result      with X-Receipt: RECEIPT → 200 {"status": text, "digits": text,
 *                             "request": text}; status is "pending" or a word of
 *                             relay_result_names, the others may be absent; held for up to
 *                             RELAY_MINI_WAIT_S while pending. Without the receipt, or with
 *                             another, 404.
 *
 * Tokens: PREFIX ID '.' SECRET: RELAY_KEY_ID_LEN hexadecimal digits, RELAY_SECRET_LEN characters.
 */
#pragma once

#define RELAY_KEY_PREFIX       "jr1."
#define RELAY_ENROL_PREFIX     "jre1."
#define RELAY_KEY_ID_LEN       16        /* hexadecimal digits, of keys and enrolments */
#define RELAY_SECRET_LEN       43        /* 32 bytes in base64url */
#define RELAY_HOST_KEYS_MAX    4

#define RELAY_ID_LEN           22        /* 16 bytes in base64url */
#define RELAY_STATE_MIN        22
#define RELAY_STATE_MAX        128
#define RELAY_TARGETS_MAX      8
#define RELAY_METHOD_MAX       32
#define RELAY_TITLE_MAX        64        /* bytes */
#define RELAY_USER_MAX         256
#define RELAY_SERVICE_MAX      63
#define RELAY_SOURCE_MAX       63
#define RELAY_HOST_MAX         64        /* name of a host */
#define RELAY_TARGET_URL_MAX   2048
#define RELAY_CALLBACK_MAX     4096
#define RELAY_REQUEST_MAX      16
#define RELAY_LINK_SECONDS_MAX 180
#define RELAY_BODY_MAX         16384     /* of a request */
#define RELAY_EVENTS_BODY_MAX  262144    /* of the reply to GET /v1/events */
#define RELAY_EVENTS_MAX       32        /* in one reply; the next call brings the others */
#define RELAY_WAIT_MAX_S       30
#define RELAY_INSTANCE_MAX     64
#define RELAY_DIGITS           2
#define RELAY_LISTEN_MAX       64
#define RELAY_PUSH_MAX         4096
#define RELAY_PUSH_WAIT_MS     4500      /* WeChat gives 5 s */
#define RELAY_MINI_WAIT_S      20

/* Which browser opens a target's page; the relay knows them by their User-Agent. */
enum relay_app {
	RELAY_APP_BROWSER,       /* any */
	RELAY_APP_WECOM,
	RELAY_APP_WECHAT,
	RELAY_APP_DINGTALK,
	RELAY_APP_COMPUTER,      /* a browser on no telephone: the provider shows a code there */
	/* WeChat's browser shows a button that leads there; the program speaks to /api/m/. */
	RELAY_APP_MINI_PROGRAM,
	RELAY_N_APPS
};

enum relay_result {
	RELAY_RESULT_DIGITS,     /* shown to the browser that pressed and came back, nobody else */
	RELAY_RESULT_MESSAGE,    /* the digits come by a message of the app */
	RELAY_RESULT_GRANTED,
	RELAY_RESULT_DENIED,     /* somebody, but not the one who may */
	RELAY_RESULT_REFUSED,    /* refused at the provider, or on the page */
	RELAY_RESULT_FAILED,     /* provider, network or configuration */
	RELAY_RESULT_BUSY,       /* another approval of this user is open */
	RELAY_RESULT_OVER,       /* digits wrong, time over, given up */
	RELAY_RESULT_REGISTERED, /* a new Unix user is there, whom the next login lets in */
	RELAY_N_RESULTS
};

/* The words on the wire, indexed by the enums. */
extern const char *const relay_app_names[RELAY_N_APPS];
extern const char *const relay_result_names[RELAY_N_RESULTS];

/* What people call the program that scans and opens it, to be translated; NULL: any browser. */
extern const char *const relay_app_titles[RELAY_N_APPS];

/* The value, or -1. */
int relay_app_from_name(const char *name);
int relay_result_from_name(const char *name);
