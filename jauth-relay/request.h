/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One HTTP request and its answer, as the parts of jauth-relay see them; libmicrohttpd is the
 * server's alone. A handler answers exactly once, at once or later; until then the request stays
 * where it is, even if its client has left.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "jauth-relay/limits.h"

struct relay;

enum request_method {
	REQUEST_GET = 1 << 0,
	REQUEST_HEAD = 1 << 1,           /* as GET; the server leaves the body out */
	REQUEST_POST = 1 << 2,
	REQUEST_PUT = 1 << 3,
	REQUEST_DELETE = 1 << 4,
	REQUEST_OTHER = 1 << 5,
};

/* The headers that anybody here reads. */
enum request_header {
	HEADER_AUTHORIZATION,
	HEADER_COOKIE,
	HEADER_ORIGIN,
	HEADER_SEC_FETCH_SITE,
	HEADER_CONTENT_TYPE,
	HEADER_USER_AGENT,
	HEADER_ACCEPT_LANGUAGE,
	HEADER_FORWARDED_FOR,            /* X-Forwarded-For */
	HEADER_FORWARDED,                /* Forwarded, X-Real-IP: only whether there is one */
	HEADER_REAL_IP,
	HEADER_RECEIPT,                  /* X-Receipt */
	REQUEST_N_HEADERS
};

/* What the metrics count apart. */
enum request_class {
	CLASS_PAGE,              /* telephones */
	CLASS_HOST,              /* /v1/… */
	CLASS_MINI,              /* mini programs: /api/m/… */
	CLASS_PUSH,              /* vendors: /push/… */
	CLASS_OTHER,
	REQUEST_N_CLASSES
};

#define ANSWER_HEADERS_MAX 12

struct answer {
	unsigned status;
	struct buf body;
	struct answer_header {
		const char *name;        /* lives as long as the program */
		char *value;
	} headers[ANSWER_HEADERS_MAX];
	unsigned n_headers;
};

/* Whose key a request of the host API came with. */
struct request_owner {
	char key[RELAY_KEY_ID_LEN + 1];
	char host[RELAY_KEY_ID_LEN + 1];
	char name[RELAY_HOST_MAX + 1];
};

struct request {
	enum request_method method;
	char *path;                      /* as it came, to before '?' */
	char *query;                     /* as it came, behind '?'; NULL: none */
	char *headers[REQUEST_N_HEADERS];        /* NULL: absent */
	bool is_ambiguous;               /* one of them came twice: two readers might differ */
	struct buf body;                 /* failed: it was longer than RELAY_BODY_MAX */
	char address[46];                /* of the client, as far as we can know; "" unknown */
	bool is_local;                   /* by no proxy, from this machine */

	struct relay *relay;
	enum request_class class;
	char argument[RELAY_LISTEN_MAX + 1];     /* what stands for '*' in its route */
	struct request_owner owner;
	/* The handler's, freed with the request. */
	void *state;
	void (*state_free)(void *state);

	struct answer answer;
	bool is_answered;
	void (*answered)(struct request *request);       /* the server's: send it */
	void *server;
};

/* `uri` as in the request line; NULL: no memory. */
struct request *request_new(const char *uri);
struct request *request_free(struct request *request);   /* wipes; NULL is fine; returns NULL */

/* By its name as the client wrote it; a name that nobody reads is dropped. Of X-Forwarded-For the
 * last line counts, of the others none may come twice. */
void request_set_header(struct request *request, const char *name, const char *value);
/* Who asks: the peer, or whom a proxy on this machine names in the last place. `is_near`: the peer
 * is on this machine. Headers first. */
void request_set_peer(struct request *request, const char *peer, bool is_near);

/* Zeroed memory for the handler; aborts when there is none. */
void *request_new_state(struct request *request, size_t size, void (*state_free)(void *state));

/* The body is the request's own `answer.body`, written before. */
void request_header(struct request *request, const char *name, const char *value);
void request_answer(struct request *request, unsigned status, const char *content_type);
/* The same with this text as body. */
void request_answer_text(struct request *request, unsigned status, const char *text);
