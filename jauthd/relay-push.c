/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pushes: requests of a vendor that the relay holds for some seconds. Each is handed on once and
 * answered once; places are few, and all but the id and the answer is the login's.
 *
 *   handed on    relay_answer_push()      → answered
 *   answered     the relay has it, or waits no longer; or no relay could be told in time → over
 *   over         known for a while, so that it is not handed on again                        → free
 */
#include "jauthd/relay-private.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"

static void push_done(struct relay *relay, struct push *push)
{
	if (push->http_id)
		http_cancel(relay->http, push->http_id);
	buf_done(&push->answer);
	memset(push, 0, sizeof(*push));
}

static struct push *find(struct relay *relay, const char *id)
{
	for (size_t i = 0; i < RELAY_PUSHES_MAX; i++)
		if (*relay->pushes[i].id && text_equals(relay->pushes[i].id, id))
			return &relay->pushes[i];
	return NULL;
}

/* Also that of the oldest one that is over; NULL: all wait for their answers. */
static struct push *free_place(struct relay *relay)
{
	struct push *place = NULL;
	int64_t now_ms = relay_now_ms(relay);

	for (size_t i = 0; i < RELAY_PUSHES_MAX; i++) {
		struct push *push = &relay->pushes[i];

		if (*push->id && now_ms - push->came_ms >= RELAY_PUSH_KEEP_MS)
			push_done(relay, push);
		if (!*push->id)
			return push;
		if (push->is_over && (!place || push->came_ms < place->came_ms))
			place = push;
	}
	if (place)
		push_done(relay, place);
	return place;
}

bool relay_take_push(struct relay *relay, const struct relay_push *push)
{
	struct push *place;

	if (find(relay, push->id))
		return false;
	place = free_place(relay);
	if (!place) {
		log_debug("relay: a push of app %s is one too many", push->app);
		return false;
	}
	(void)text_into(place->id, sizeof(place->id), push->id);
	place->came_ms = relay_now_ms(relay);
	place->owner = PUSH_OWNERS | ++relay->last_push;
	place->answer = (struct buf)BUF_INIT_SECRET(BODY_MAX);
	return relay->handler->pushed(relay->context, push);
}

static void end(struct push *push)
{
	push->is_answered = push->is_over = true;
	buf_done(&push->answer);
}

/* Nobody waits for it any more, and nobody need hear of that. */
static bool is_too_late(const struct relay *relay, const struct push *push)
{
	return relay_now_ms(relay) - push->came_ms >= RELAY_PUSH_WAIT_MS;
}

void relay_answer_push(struct relay *relay, const char *id, unsigned status, const char *body)
{
	struct push *push = find(relay, id);

	if (!push || push->is_answered)
		return;
	if (is_too_late(relay, push)) {
		end(push);
		return;
	}
	push->is_answered = true;
	relay_message_answer(status, strlen(body) <= RELAY_PUSH_MAX ? body : "", &push->answer);
	if (buf_failed(&push->answer)) {
		buf_done(&push->answer);
		relay_message_answer(status, "", &push->answer);
	}
	relay_schedule_work(relay);
}

static void send_answer(struct relay *relay, struct push *push)
{
	_cleanup_free_ char *path = text_format("/v1/pushes/%s", push->id);
	struct http_request *request = relay_make_request(relay, HTTP_PUT, path);

	relay_set_body(request, &push->answer);
	push->http_id = http_send(relay->http, request, push->owner, relay->turn);
	if (!push->http_id)              /* too many requests are open: later */
		relay_rest(relay, RELAY_BACKOFF_MIN_MS);
	http_request_free(request);
}

void relay_send_answers(struct relay *relay)
{
	for (size_t i = 0; i < RELAY_PUSHES_MAX && !relay->is_resting; i++) {
		struct push *push = &relay->pushes[i];

		if (push->is_answered && !push->is_over && !push->http_id)
			send_answer(relay, push);
	}
}

/* 404: it comes too late, or another host was first. That is nobody's fault. */
void relay_on_answer_reply(struct relay *relay, uint64_t owner, uint32_t turn,
			   const struct http_reply *reply)
{
	char detail[AUDIT_TEXT_MAX];
	struct push *push = relay->pushes;

	while (push < relay->pushes + RELAY_PUSHES_MAX && push->owner != owner)
		push++;
	if (push == relay->pushes + RELAY_PUSHES_MAX)
		return;
	push->http_id = 0;
	relay_describe(reply, "answer to a push", detail);
	if (!relay_is_server_fault(reply)) {
		if (reply->status != 204 && reply->status != 404)
			log_warning("relay: %s", detail);
		end(push);
		return;
	}
	if (is_too_late(relay, push))
		end(push);
	if (turn == relay->turn)
		relay_leave_server(relay, detail);
	relay_schedule_work(relay);
}

void relay_drop_pushes(struct relay *relay)
{
	for (size_t i = 0; i < RELAY_PUSHES_MAX; i++)
		push_done(relay, &relay->pushes[i]);
}
