/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One push, from the vendor's request to its answer:
 *
 *   who listens?      nobody → answered; the store is away → 503
 *   TELLING           each host's record is written → HEARD; refused by the store → CLOSED
 *   HEARD             waits for the host's answer; looked at when it changes → CLOSED; time over →
 *                     CLOSED
 *
 * It is answered when one host said more than its status, or all are CLOSED; and never while the
 * store still owes an answer, since that would find nobody.
 */
#include "jauth-relay/pushes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/push.h"
#include "jauth-relay/relay.h"

#define AGAIN_S "1"

/* One host that is told. */
struct telling {
	struct hearing *hearing;
	struct waiter waiter;
	char id[RELAY_ID_LEN + 1];       /* of its record */
	char host[RELAY_KEY_ID_LEN + 1];
	int64_t expires_s;
	uint64_t version;                /* as it was read last; 0: never */
	bool is_closed;
};

struct hearing {
	struct request *request;
	struct hearing *next;            /* of struct pushes */
	struct telling *list;
	size_t n;
	size_t n_busy;                   /* calls of the store without an answer */
	size_t n_told;                   /* hosts that could be */
	struct push_verdict verdict;
};

/* --- answers --- */

/* As the vendor takes it: of the body it looks at the text only. A browser that is led here shows
 * it as text, whatever somebody made it hold. */
static void answer(struct request *request, unsigned status)
{
	request_header(request, "Cache-Control", "no-store");
	request_header(request, "X-Content-Type-Options", "nosniff");
	request_header(request, "Content-Security-Policy", "default-src 'none'; sandbox");
	if (status == 503)
		request_header(request, "Retry-After", AGAIN_S);
	request_answer(request, status, "text/plain; charset=utf-8");
}

static void count(struct request *request, enum metric metric)
{
	request->relay->metrics.n[metric]++;
}

/* For the vendor to come again. */
static void answer_later(struct request *request)
{
	count(request, METRIC_PUSHES_LIMITED);
	answer(request, 503);
}

/* Nobody wants it. A vendor that is told so would come again, and some time stop to send anything
 * at all. */
static void answer_unheard(struct request *request)
{
	struct relay *relay = request->relay;

	count(request, METRIC_PUSHES_UNHEARD);
	count(request, METRIC_UNKNOWN_IDS);
	if (!strangers_count(relay->strangers, request->address,
			     relay->config->unknown_per_minute, relay_now_s(relay)))
		count(request, METRIC_LIMITED);
	answer(request, request->method == REQUEST_POST ? 200 : 404);
}

/* --- life --- */

static void hearing_free(void *state)
{
	struct hearing *hearing = state;
	struct hearing **at = &hearing->request->relay->pushes.first;

	while (*at != hearing)
		at = &(*at)->next;
	*at = hearing->next;
	for (size_t i = 0; i < hearing->n; i++)
		waiter_done(&hearing->list[i].waiter);
	free(hearing->list);
	if (hearing->verdict.answer)
		explicit_bzero(hearing->verdict.answer, strlen(hearing->verdict.answer));
	free(hearing->verdict.answer);
	free(hearing);
}

static struct hearing *hearing_new(struct request *request)
{
	struct hearing *hearing = request_new_state(request, sizeof(*hearing), hearing_free);

	hearing->request = request;
	hearing->next = request->relay->pushes.first;
	request->relay->pushes.first = hearing;
	return hearing;
}

/* --- records --- */

static struct stored stored_of(const struct telling *telling)
{
	return (struct stored){
		.kind = STORED_PUSH,
		.id = telling->id,
		.host = telling->host,
		.expires_s = telling->expires_s,
		.version = telling->version,
	};
}

static void on_dropped(void *context UNUSED, int error UNUSED)
{
}

/* Its end is now. If the host answered at this very moment, or the store is away, it ends by
 * itself, some seconds later. */
static void drop(const struct telling *telling)
{
	struct relay *relay = telling->hearing->request->relay;
	struct stored stored = stored_of(telling);

	if (!telling->version)
		return;
	stored.expires_s = relay_now_s(relay);
	stored.data = "";
	store_put(relay->store, &stored, false, on_dropped, NULL);
}

static void conclude(struct hearing *hearing)
{
	struct request *request = hearing->request;
	const struct push_verdict *verdict = &hearing->verdict;

	for (size_t i = 0; i < hearing->n; i++) {
		waiter_done(&hearing->list[i].waiter);
		drop(&hearing->list[i]);
	}
	if (!hearing->n_told) {
		answer_later(request);
		return;
	}
	count(request, verdict->answer || verdict->n_yes ? METRIC_PUSHES_TAKEN :
	      verdict->n_no ? METRIC_PUSHES_REFUSED : METRIC_PUSHES_SILENT);
	if (verdict->answer)
		buf_add_text(&request->answer.body, verdict->answer);
	answer(request, push_status(verdict));
}

static bool is_over(const struct hearing *hearing)
{
	bool is_open = false;

	for (size_t i = 0; i < hearing->n; i++)
		is_open |= !hearing->list[i].is_closed;
	return hearing->verdict.answer || !is_open;
}

/* The store has answered one more call. */
static void go_on(struct hearing *hearing)
{
	hearing->n_busy--;
	if (!hearing->n_busy && is_over(hearing))
		conclude(hearing);
}

/* --- what hosts say --- */

/* Another fault than its absence may pass: there is another look. */
static void take(struct telling *telling, int error, const struct stored *stored)
{
	struct push *push = NULL;

	if (error == 0)
		error = push_decode(stored->data, stored->len, &push);
	if (error == 0) {
		telling->version = stored->version;
		telling->is_closed = push->status != 0;
		push_count(push, &telling->hearing->verdict);
	}
	push_free(push);
	if (error == -ENOENT || telling->waiter.is_last)
		telling->is_closed = true;
}

static void on_looked(void *context, int error, const struct stored *stored)
{
	struct telling *telling = context;

	take(telling, error, stored);
	if (telling->is_closed)
		waiter_done(&telling->waiter);
	else
		waiter_stay(&telling->waiter);
	go_on(telling->hearing);
}

static void look(struct waiter *waiter)
{
	struct telling *telling = container_of(waiter, struct telling, waiter);
	struct hearing *hearing = telling->hearing;

	if (hearing->verdict.answer) {
		telling->is_closed = true;
		waiter_done(waiter);
		return;
	}
	hearing->n_busy++;
	store_get(hearing->request->relay->store, telling->id, on_looked, telling);
}

static void on_told(void *context, int error)
{
	struct telling *telling = context;
	struct hearing *hearing = telling->hearing;
	struct relay *relay = hearing->request->relay;

	if (error < 0) {
		telling->is_closed = true;
	} else {
		hearing->n_told++;
		telling->waiter.look = look;
		waiter_start_ms(relay->waits, &telling->waiter, telling->id,
				relay->is_stopping ? 0 : RELAY_PUSH_WAIT_MS);
	}
	go_on(hearing);
}

static struct push *make_push(const struct telling *telling)
{
	const struct request *request = telling->hearing->request;
	struct push from = {
		.is_post = request->method == REQUEST_POST,
		.query = request->query,
		.body = (char *)buf_text(&request->body),
	};

	(void)text_into(from.host, sizeof(from.host), telling->host);
	(void)text_into(from.app, sizeof(from.app), request->argument);
	return push_new(&from);
}

/* What the vendor sent is kept once, in the request, and not for each host that is told. */
static void tell(struct telling *telling)
{
	struct hearing *hearing = telling->hearing;
	struct buf data = BUF_INIT_SECRET(LINK_BYTES_MAX);
	struct push *push = make_push(telling);
	struct stored stored;

	hearing->n_busy++;
	if (!push) {
		on_told(telling, -EIO);
		return;
	}
	(void)text_into(telling->id, sizeof(telling->id), push->id);
	push_encode(push, &data);
	push_free(push);
	stored = stored_of(telling);
	stored.data = data.data;
	stored.len = data.len;
	if (buf_failed(&data))
		on_told(telling, -EINVAL);
	else
		store_put(hearing->request->relay->store, &stored, true, on_told, telling);
	buf_done(&data);
}

/* --- who is told --- */

static void tell_hosts(struct hearing *hearing, const listener_host *hosts, size_t n)
{
	struct request *request = hearing->request;
	int64_t expires_s = relay_now_s(request->relay) + PUSH_SECONDS;

	hearing->list = calloc(n, sizeof(*hearing->list));
	if (!hearing->list)
		abort();
	for (; hearing->n < n; hearing->n++) {
		struct telling *telling = &hearing->list[hearing->n];

		telling->hearing = hearing;
		telling->expires_s = expires_s;
		(void)text_into(telling->host, sizeof(telling->host), hosts[hearing->n]);
	}
	/* Nothing ends before all of them are told. */
	hearing->n_busy++;
	for (size_t i = 0; i < hearing->n; i++)
		tell(&hearing->list[i]);
	go_on(hearing);
}

static void on_listeners(void *context, int error, const listener_host *hosts, size_t n)
{
	struct hearing *hearing = context;
	struct request *request = hearing->request;
	struct relay *relay = request->relay;

	if (error < 0)
		answer_later(request);
	else if (!n)
		answer_unheard(request);
	else if (!strangers_count(relay->pushers, request->address,
				  relay->config->pushes_per_minute, relay_now_s(relay)))
		answer_later(request);
	else
		tell_hosts(hearing, hosts, n);
}

/* Whether one more may wait here: of all, for the app, from the address. */
static bool has_place(const struct request *request)
{
	size_t n = 0, n_app = 0, n_address = 0;

	for (const struct hearing *at = request->relay->pushes.first; at; at = at->next) {
		n++;
		n_app += text_equals(at->request->argument, request->argument);
		n_address += text_equals(at->request->address, request->address);
	}
	return n < PUSHES_OPEN_MAX && n_app < PUSHES_PER_APP && n_address < PUSHES_PER_ADDRESS;
}

void pushes_take(struct request *request)
{
	const char *query = request->query ? request->query : "";

	if (!push_is_app(request->argument) || !push_is_query(query) ||
	    buf_failed(&request->body) ||
	    !push_is_body(buf_text(&request->body), request->body.len))
		answer_unheard(request);
	else if (request->relay->is_stopping || !has_place(request))
		answer_later(request);
	else
		store_listeners(request->relay->store, request->argument, on_listeners,
				hearing_new(request));
}
