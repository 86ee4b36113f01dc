/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the relay's client share: relay.c keeps links, relay-server.c knows whom
 * to ask, relay-events.c follows the events, relay-push.c answers pushes. Nobody else includes
 * this. */
#pragma once

#include "base/buf.h"
#include "jauthd/http.h"
#include "jauthd/limits.h"
#include "jauthd/relay.h"

/* Whose a request is: of events, of the link with this number, or of a push. */
#define POLL_OWNER  0
#define PUSH_OWNERS (UINT64_C(1) << 63)

#define BODY_MAX RELAY_BODY_MAX

enum want {
	WANT_OPEN = 1 << 0,
	WANT_TARGET = 1 << 1,
	WANT_RESULT = 1 << 2,
	WANT_DELETE = 1 << 3,
};

struct link {
	struct link *next;
	uint64_t number, owner;
	char id[RELAY_ID_LEN + 1];
	int64_t expires_ms, until_ms;    /* the link's, its login's */
	unsigned wants;
	unsigned said;                   /* WANT_TARGET, WANT_RESULT: to be told again, too */
	enum want asked;                 /* under way; 0: nothing */
	uint64_t http_id;
	unsigned n_failures, n_repeats;
	unsigned n_key_refusals;         /* in a row, by whichever server */
	bool is_opened, is_closing, is_listening;
	struct buf opening, target, result;
	char method[RELAY_METHOD_MAX + 1];       /* of the last press that was handed on */
	char stateless[RELAY_TARGETS_MAX][RELAY_METHOD_MAX + 1]; /* targets without a state */
	unsigned n_stateless;
	unsigned n_presses;              /* handed on */
	bool was_called_back, was_refused;
};

/* One that came a moment ago. */
struct push {
	char id[RELAY_ID_LEN + 1];       /* "": a free place */
	int64_t came_ms;
	uint64_t owner;                  /* of its answer: PUSH_OWNERS and a number */
	uint64_t http_id;                /* the answer is under way */
	bool is_answered, is_over;       /* by us; as far as the relay is concerned */
	struct buf answer;
};

struct relay {
	sd_event *event;
	struct http *http;
	const struct relay_handler *handler;
	void *context;
	/* settings */
	char *url;
	char **servers;
	struct secret *key;
	/* The server in use. `turn` grows at each change: an older one's failure says nothing. */
	size_t server;
	uint32_t turn;
	unsigned n_failures;             /* in a row, of any server */
	int64_t rest_ms;
	bool is_resting, is_pausing;     /* nothing is asked; no events are asked for */
	bool is_connected;
	sd_event_source *work, *rest, *pause;
	/* events */
	uint64_t poll_id;
	int64_t poll_began_ms, poll_wait_s, poll_pause_ms, after;
	char instance[RELAY_INSTANCE_MAX + 1];
	struct link *links;
	uint64_t last_number;
	struct push pushes[RELAY_PUSHES_MAX];
	uint64_t last_push;
	struct relay_status status;
};

/* relay.c */
int64_t relay_now_ms(const struct relay *relay);
void relay_schedule_work(struct relay *relay);

/* relay-server.c */
const char *relay_server_url(const struct relay *relay);  /* the one in use */
size_t relay_n_servers(const struct relay *relay);
void relay_start_timer(sd_event_source *timer, int64_t ms);
void relay_rest(struct relay *relay, int64_t ms);        /* nothing is asked for so long */
void relay_want_all_again(struct relay *relay);          /* every link is told once more */
void relay_leave_server(struct relay *relay, const char *why);
/* "WHAT: status 500" */
void relay_describe(const struct http_reply *reply, const char *what,
		    char ret_text[AUDIT_TEXT_MAX]);
struct http_request *relay_make_request(const struct relay *relay, enum http_method method,
					const char *path);
void relay_set_body(struct http_request *request, const struct buf *body);
bool relay_is_server_fault(const struct http_reply *reply);

/* relay-push.c */
/* True: it is somebody's. */
bool relay_take_push(struct relay *relay, const struct relay_push *push);
void relay_send_answers(struct relay *relay);
void relay_on_answer_reply(struct relay *relay, uint64_t owner, uint32_t turn,
			   const struct http_reply *reply);
void relay_drop_pushes(struct relay *relay);

/* relay-events.c */
void relay_poll_events(struct relay *relay);
void relay_cancel_poll(struct relay *relay);
void relay_on_poll_reply(struct relay *relay, uint32_t turn, const struct http_reply *reply);
