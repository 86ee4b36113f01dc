/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host API: GET /v1/events. A waiter of waits.h whose look is one call of the store. */
#include <errno.h>

#include "base/log.h"
#include "base/parameters.h"
#include "base/text.h"
#include "jauth-relay/api.h"
#include "jauth-relay/push.h"
#include "jauth-relay/relay.h"

#define QUERY_MAX 128

struct poll {
	struct request *request;
	struct waiter waiter;
	int64_t after;
	char instance[RELAY_INSTANCE_MAX + 1];   /* of the store, as the request came */
};

static void poll_free(void *state)
{
	struct poll *poll = state;

	waiter_done(&poll->waiter);
	free(poll);
}

/* 0, or -EBADMSG. */
static int add_event(const struct stored *stored, struct buf *buf)
{
	struct link *link = NULL;
	struct push *push = NULL;
	int r;

	if (push_is_bytes(stored->data, stored->len)) {
		r = push_decode(stored->data, stored->len, &push);
		if (r == 0)
			push_add_event(push, stored->number, buf);
		push_free(push);
	} else {
		r = link_decode(stored->data, stored->len, &link);
		if (r == 0)
			link_add_event(link, stored->number, buf);
		link_free(link);
	}
	return r;
}

/* The links and pushes as events until the reply would be too long; `*next` is the last one's
 * number. At least one fits. */
static void add_events(struct request *request, const struct stored *links, size_t n, int64_t *next)
{
	struct buf *body = &request->answer.body;

	for (size_t i = 0; i < n; i++) {
		struct buf event = BUF_INIT_SECRET(PUSH_EVENT_MAX);

		if (add_event(&links[i], &event) < 0) {
			log_error("the store holds what cannot be read");
			continue;
		}
		if (body->len + event.len + 64 > RELAY_EVENTS_BODY_MAX) {
			buf_done(&event);
			*next = links[i - 1].number;
			return;
		}
		if (body->data[body->len - 1] != '[')
			buf_add_char(body, ',');
		buf_add(body, event.data, event.len);
		buf_done(&event);
		request->relay->metrics.n[METRIC_EVENTS_SENT]++;
	}
}

static void answer_events(struct poll *poll, const struct stored *links, size_t n, int64_t next)
{
	struct request *request = poll->request;
	struct buf *body = &request->answer.body;

	buf_add_text(body, "{\"instance\": ");
	api_add_text(body, store_instance(request->relay->store));
	buf_add_text(body, ", \"events\": [");
	add_events(request, links, n, &next);
	buf_add_format(body, "], \"next\": %jd}\n", (intmax_t)next);
	api_answer(request);
}

/* A key that was revoked while its host waited. */
static bool is_revoked(const struct request *request)
{
	const struct host_record *record =
		hosts_find_id(request->relay->hosts, request->owner.key);

	return !record || record->is_over;
}

/* The store forgot what it had, before the request or meanwhile: the host hears so at once, to open
 * its links again. */
static bool has_forgotten(const struct poll *poll, int64_t next)
{
	return next < poll->after ||
	       !text_equals(poll->instance, store_instance(poll->request->relay->store));
}

static void on_events(void *context, int error, const struct stored *links, size_t n, int64_t next)
{
	struct poll *poll = context;

	if (error == 0 && n == 0 && !poll->waiter.is_last && !has_forgotten(poll, next)) {
		poll->after = next;
		waiter_stay(&poll->waiter);
		return;
	}
	waiter_done(&poll->waiter);
	if (error < 0)
		api_store_error(poll->request, error);
	else if (is_revoked(poll->request))
		api_error(poll->request, 401, "no such key");
	else if (!*store_instance(poll->request->relay->store))
		api_store_error(poll->request, -EHOSTDOWN);
	else
		answer_events(poll, links, n, next);
}

static void look(struct waiter *waiter)
{
	struct poll *poll = container_of(waiter, struct poll, waiter);

	store_events(poll->request->relay->store, poll->request->owner.host, poll->after,
		     on_events, poll);
}

/* 0 when it is absent. */
static int read_number(const struct parameters *parameters, const char *name, int64_t max,
		       int64_t *ret_number)
{
	const char *text = parameters_text(parameters, name, QUERY_MAX);

	*ret_number = 0;
	return text ? text_to_number(text, 0, max, ret_number) : 0;
}

static int read_query(const char *query, int64_t *ret_after, int64_t *ret_wait)
{
	struct parameters parameters = { 0 };
	int r = parameters_parse(query ? query : "", QUERY_MAX, &parameters);

	if (r == 0)
		r = read_number(&parameters, "after", INT64_MAX, ret_after);
	if (r == 0)
		r = read_number(&parameters, "wait", RELAY_WAIT_MAX_S, ret_wait);
	parameters_done(&parameters);
	return r;
}

void api_get_events(struct request *request)
{
	struct waits *waits = request->relay->waits;
	int64_t after, seconds;
	struct poll *poll;

	if (read_query(request->query, &after, &seconds) < 0) {
		api_error(request, 400, "after or wait is wrong");
		return;
	}
	poll = request_new_state(request, sizeof(*poll), poll_free);
	poll->request = request;
	poll->after = after;
	(void)text_into(poll->instance, sizeof(poll->instance),
			store_instance(request->relay->store));
	poll->waiter.look = look;
	waits_end(waits, request->owner.host);
	waiter_start(waits, &poll->waiter, request->owner.host,
		     request->relay->is_stopping ? 0 : (unsigned)seconds);
}
