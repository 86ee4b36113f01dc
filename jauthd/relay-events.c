/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream of events: one request at a time, while a link is open. See relay.h. */
#include "jauthd/relay-private.h"

#include "base/log.h"
#include "base/parameters.h"
#include "base/text.h"

void relay_cancel_poll(struct relay *relay)
{
	if (relay->poll_id)
		http_cancel(relay->http, relay->poll_id);
	relay->poll_id = 0;
}

/* A relay that is stopped answers with nothing; the next one there has nothing to tell either, and
 * would say only at the end of its wait that it knows no links. */
void relay_poll_events(struct relay *relay)
{
	int64_t wait_s = relay->poll_pause_ms ? RELAY_POLL_SHORT_S : RELAY_POLL_S;
	_cleanup_free_ char *path = text_format("/v1/events?after=%lld&wait=%lld",
						(long long)relay->after,
						(long long)wait_s);
	struct http_request *request = relay_make_request(relay, HTTP_GET, path);

	request->total_ms = (uint32_t)wait_s * 1000 + RELAY_REQUEST_MS;
	relay->poll_wait_s = wait_s;
	request->max_body = RELAY_EVENTS_BODY_MAX;
	relay->poll_began_ms = relay_now_ms(relay);
	relay->poll_id = http_send(relay->http, request, POLL_OWNER, relay->turn);
	if (!relay->poll_id)
		relay_rest(relay, RELAY_BACKOFF_MIN_MS);
	http_request_free(request);
}

static struct link *find_id(const struct relay *relay, const char *id)
{
	struct link *link = relay->links;

	while (link && !text_equals(link->id, id))
		link = link->next;
	return link;
}

/* Where the button leads is said already, so another press of it changes nothing. */
static bool take_press(struct relay *relay, struct link *link, const struct relay_event *event)
{
	if (!*event->method || text_equals(event->method, link->method) ||
	    link->n_presses >= RELAY_PRESSES_MAX)
		return false;
	link->n_presses++;
	(void)text_into(link->method, sizeof(link->method), event->method);
	relay->handler->pressed(relay->context, link->owner, link->number, event->method);
	return true;
}

static bool is_stateless(const struct link *link, const char *method)
{
	unsigned i = 0;

	while (i < link->n_stateless && !text_equals(link->stateless[i], method))
		i++;
	return i < link->n_stateless;
}

static bool take_callback(struct relay *relay, struct link *link, const struct relay_event *event)
{
	if (!event->callback || link->was_called_back ||
	    !((link->said & WANT_TARGET) || is_stateless(link, link->method)))
		return false;
	link->was_called_back = true;
	/* A relay that forgets who came back gets no way for a second one, who would see digits
	 * that are not his. */
	link->said &= ~(unsigned)WANT_TARGET;
	link->wants &= ~(unsigned)WANT_TARGET;
	relay->handler->callback(relay->context, link->owner, link->number, event->callback);
	return true;
}

static bool take_refusal(struct relay *relay, struct link *link, const struct relay_event *event)
{
	if (!event->refused || link->was_refused)
		return false;
	link->was_refused = true;
	relay->handler->refused(relay->context, link->owner, link->number);
	return true;
}

static bool has_state(const char *callback)
{
	struct parameters parameters = { .n = 0 };
	bool has = parameters_parse(callback, RELAY_CALLBACK_MAX, &parameters) < 0 ||
		   parameters_has(&parameters, "state");

	parameters_done(&parameters);
	return has;
}

/* A callback with a state is of the target that was said, so a button pressed later comes behind
 * it. One without a state came together with its press. */
static bool is_press_first(const struct relay *relay, const struct relay_event *event)
{
	const struct link *link = find_id(relay, event->link);

	return link && event->callback && is_stateless(link, event->method) &&
	       !has_state(event->callback);
}

/* What is new in it is handed on; each may end the login, and with it the link. */
static bool take_event(struct relay *relay, const struct relay_event *event)
{
	static bool (*const orders[][3])(struct relay *, struct link *,
					 const struct relay_event *) = {
		{ take_refusal, take_callback, take_press },
		{ take_refusal, take_press, take_callback },
	};
	bool (*const *takes)(struct relay *, struct link *, const struct relay_event *) =
		orders[is_press_first(relay, event)];
	bool is_news = false;

	for (size_t i = 0; i < N_ELEMENTS(orders[0]); i++) {
		struct link *link = find_id(relay, event->link);

		if (link && link->is_opened && !link->is_closing && !link->was_refused &&
		    !link->is_listening)
			is_news = takes[i](relay, link, event) || is_news;
	}
	relay->status.n_events += is_news;
	return is_news;
}

/* A relay that answers at once and says nothing is asked less and less often. Links do not wait
 * for that: whoever presses one button without end holds up nobody. */
static void pace(struct relay *relay, bool is_news)
{
	int64_t took_ms = relay_now_ms(relay) - relay->poll_began_ms;

	if (is_news || took_ms >= relay->poll_wait_s * 1000 / 2) {
		relay->poll_pause_ms = 0;
		relay_schedule_work(relay);
		return;
	}
	relay->poll_pause_ms = MIN(MAX(2 * relay->poll_pause_ms, RELAY_CHATTER_MIN_MS),
				   RELAY_CHATTER_MAX_MS);
	relay->is_pausing = true;
	relay_start_timer(relay->pause, relay->poll_pause_ms);
}

/* True for the first one, too: it may have lost the links just opened. */
static bool is_other_instance(struct relay *relay, const struct relay_news *news)
{
	if (text_equals(relay->instance, news->instance))
		return false;
	(void)text_into(relay->instance, sizeof(relay->instance), news->instance);
	return true;
}

/* Only events show that a server is of use: one that takes links and tells nothing is not. */
static void on_news(struct relay *relay, const struct relay_news *news)
{
	int64_t after = relay->after;
	bool is_news = false;

	relay->is_connected = true;
	relay->n_failures = 0;
	relay->rest_ms = 0;
	relay->after = news->next;
	if (is_other_instance(relay, news)) {
		relay_want_all_again(relay);
		relay_schedule_work(relay);
		if (after)               /* it may have numbered others before this one */
			relay->after = 0;
	}
	for (unsigned i = 0; i < news->n_events; i++)
		is_news = take_event(relay, &news->events[i]) || is_news;
	for (unsigned i = 0; i < news->n_pushes; i++)
		is_news = relay_take_push(relay, &news->pushes[i]) || is_news;
	pace(relay, is_news);
}

void relay_on_poll_reply(struct relay *relay, uint32_t turn, const struct http_reply *reply)
{
	char detail[AUDIT_TEXT_MAX];
	struct relay_news *news;

	if (turn != relay->turn)
		return;
	relay->poll_id = 0;
	news = relay_message_read(reply);
	if (news) {
		on_news(relay, news);
		relay_news_free(news);
		return;
	}
	relay_describe(reply, "events", detail);
	relay_leave_server(relay, detail);
}
