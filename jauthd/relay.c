/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each link has a set of things the relay is still to be told (`wants`), in the order of the bits;
 * one request of a link is under way at a time. A server that fails is left for the next one, which
 * is told everything again; when all failed in a row, they are left alone for a while.
 *
 *   link        wants                   leaves it
 *   new         OPEN                    200: opened; refused or nobody answers: failed, gone
 *   open        TARGET, RESULT          204; the relay knows it no longer: OPEN and all of it again
 *   closing     RESULT, then DELETE     204, or a few failures: gone
 *
 * A link that listens has no page; near its end it gets another id, and is opened again.
 * relay-server.c leaves servers, relay-events.c follows what happens to links, relay-push.c answers
 * pushes. See relay.h.
 */
#include "jauthd/relay-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/url.h"

/* --- small questions --- */

int64_t relay_now_ms(const struct relay *relay)
{
	uint64_t usec = 0;

	(void)sd_event_now(relay->event, CLOCK_MONOTONIC, &usec);
	return (int64_t)(usec / 1000);
}

static struct link *find(struct relay *relay, uint64_t number)
{
	struct link *link = relay->links;

	while (link && link->number != number)
		link = link->next;
	return link;
}

void relay_schedule_work(struct relay *relay)
{
	(void)sd_event_source_set_enabled(relay->work, SD_EVENT_ONESHOT);
}

static void link_free(struct relay *relay, struct link *link)
{
	struct link **at = &relay->links;

	while (*at && *at != link)
		at = &(*at)->next;
	if (*at) {
		*at = link->next;
		relay->status.n_links--;
	}
	if (link->http_id)
		http_cancel(relay->http, link->http_id);
	buf_done(&link->opening);
	buf_done(&link->target);
	buf_done(&link->result);
	explicit_bzero(link, sizeof(*link));
	free(link);
}

/* A login hears of it once; one that is closing has no login any more. */
static void fail_link(struct relay *relay, struct link *link, enum relay_failure failure,
		      const char *detail)
{
	uint64_t owner = link->owner, number = link->number;
	bool is_told = !link->is_closing;

	link_free(relay, link);
	if (is_told)
		relay->handler->failed(relay->context, owner, number, failure, detail);
}

static int make_id(char ret_id[RELAY_ID_LEN + 1])
{
	struct buf text = BUF_INIT(RELAY_ID_LEN);
	unsigned char bytes[16];
	int r = random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	base64url_add(&text, bytes, sizeof(bytes));
	(void)text_into(ret_id, RELAY_ID_LEN + 1, buf_text(&text));
	buf_done(&text);
	return 0;
}

static bool is_taken(const struct http_reply *reply)
{
	return reply->result == HTTP_DONE && (reply->status == 200 || reply->status == 204);
}

/* --- requests --- */

static const struct {
	enum want want;
	enum http_method method;
	const char *name, *path;
} asks[] = {
	{ WANT_OPEN, HTTP_PUT, "opening a link", "" },
	{ WANT_TARGET, HTTP_PUT, "target of a link", "/target" },
	{ WANT_RESULT, HTTP_PUT, "result of a link", "/result" },
	{ WANT_DELETE, HTTP_DELETE, "end of a link", "" },
};

static size_t ask_of(unsigned wants)
{
	size_t i = 0;

	while (i + 1 < N_ELEMENTS(asks) && !(asks[i].want & wants))
		i++;
	return i;
}

static void add_body(struct relay *relay, const struct link *link, enum want want,
		     struct http_request *request)
{
	struct buf whole = BUF_INIT(BODY_MAX);
	int64_t left_ms = link->expires_ms - relay_now_ms(relay);

	switch (want) {
	case WANT_OPEN:
		buf_add(&whole, link->opening.data, link->opening.len);
		relay_message_end(MAX(left_ms / 1000, (int64_t)1), &whole);
		relay_set_body(request, &whole);
		break;
	case WANT_TARGET:
		relay_set_body(request, &link->target);
		break;
	case WANT_RESULT:
		relay_set_body(request, &link->result);
		break;
	case WANT_DELETE:
		break;
	}
	buf_done(&whole);
}

static void ask(struct relay *relay, struct link *link)
{
	size_t i = ask_of(link->wants);
	_cleanup_free_ char *path = text_format("/v1/links/%s%s", link->id, asks[i].path);
	struct http_request *request = relay_make_request(relay, asks[i].method, path);

	link->asked = asks[i].want;
	link->wants &= ~(unsigned)asks[i].want;
	add_body(relay, link, asks[i].want, request);
	link->http_id = http_send(relay->http, request, link->number, relay->turn);
	if (!link->http_id) {            /* too many requests are open: later */
		link->wants |= link->asked;
		link->asked = 0;
		relay_rest(relay, RELAY_BACKOFF_MIN_MS);
	}
	http_request_free(request);
}

static bool has_open_link(const struct relay *relay)
{
	const struct link *link = relay->links;

	while (link && (link->is_closing || !link->is_opened))
		link = link->next;
	return link;
}

/* Links whose time is over are nobody's any more. */
static void drop_expired(struct relay *relay)
{
	struct link *link = relay->links, *next;
	int64_t now = relay_now_ms(relay);

	for (; link; link = next) {
		next = link->next;
		if (link->is_closing && now >= link->expires_ms)
			link_free(relay, link);
	}
}

/* Whoever listens may do so for longer than a link lives. The one before ends by itself. */
static void renew(const struct relay *relay, struct link *link)
{
	int64_t now = relay_now_ms(relay);

	if (!link->is_listening || link->is_closing || !link->is_opened || link->asked ||
	    link->until_ms <= link->expires_ms || link->expires_ms - now > RELAY_RENEW_S * 1000 ||
	    make_id(link->id) < 0)
		return;
	link->expires_ms = MIN(link->until_ms, now + RELAY_LINK_SECONDS_MAX * 1000);
	link->wants |= WANT_OPEN;
}

static int on_work(sd_event_source *source UNUSED, void *userdata)
{
	struct relay *relay = userdata;

	drop_expired(relay);
	for (struct link *link = relay->links; link && !relay->is_resting; link = link->next) {
		renew(relay, link);
		if (link->wants && !link->asked)
			ask(relay, link);
	}
	if (!relay->is_resting)
		relay_send_answers(relay);
	if (!relay->is_resting && !relay->is_pausing && !relay->poll_id && has_open_link(relay))
		relay_poll_events(relay);
	return 0;
}

static int on_rest(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct relay *relay = userdata;

	relay->is_resting = false;
	return on_work(source, relay);
}

static int on_pause_over(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct relay *relay = userdata;

	relay->is_pausing = false;
	return on_work(source, relay);
}

/* --- replies about one link --- */

/* Said again, and not for ever: a relay that takes links and forgets them is of no use. */
static void repeat(struct relay *relay, struct link *link, enum want asked, unsigned more)
{
	if (++link->n_repeats > RELAY_REPEATS_MAX) {
		fail_link(relay, link, RELAY_FAILED_OTHER, "the relay forgets its links");
		return;
	}
	link->wants |= (unsigned)asked | more;
	relay_schedule_work(relay);
}

static void on_server_fault(struct relay *relay, struct link *link, enum want asked, uint32_t turn,
			    const struct http_reply *reply)
{
	char detail[AUDIT_TEXT_MAX];

	relay_describe(reply, asks[ask_of(asked)].name, detail);
	if (!link->is_closing || asked == WANT_RESULT || asked == WANT_DELETE)
		link->wants |= asked;
	link->n_failures++;
	if (turn == relay->turn)
		relay_leave_server(relay, detail);
	relay_schedule_work(relay);
	if (link->is_closing ? link->n_failures > RELAY_CLOSE_TRIES :
			       !link->is_opened && link->n_failures >= relay_n_servers(relay) &&
			       link->n_failures >= RELAY_OPEN_TRIES)
		fail_link(relay, link, RELAY_FAILED_NETWORK, detail);
}

static bool is_key_refusal(const struct http_reply *reply)
{
	return reply->result == HTTP_DONE && (reply->status == 401 || reply->status == 403);
}

/* What a server says that was left while it was asked is worth nothing. But the request for events
 * may always be answered first, and servers that refuse the key are left for that each time. */
static bool is_worthless(const struct relay *relay, const struct link *link, uint32_t turn,
			 const struct http_reply *reply)
{
	return turn != relay->turn &&
	       (!is_key_refusal(reply) || link->n_key_refusals < relay_n_servers(relay));
}

static void on_refusal(struct relay *relay, struct link *link, enum want asked,
		       const struct http_reply *reply)
{
	char detail[AUDIT_TEXT_MAX];

	relay_describe(reply, asks[ask_of(asked)].name, detail);
	if (is_key_refusal(reply)) {
		log_error("relay %s does not take this host's key", relay_server_url(relay));
		fail_link(relay, link, RELAY_FAILED_KEY, "the relay does not take this host's key");
		return;
	}
	switch (reply->status) {
	case 404:
		if (asked == WANT_OPEN)
			break;
		repeat(relay, link, asked, WANT_OPEN | link->said);
		return;
	case 429:
		if (!link->is_opened)
			fail_link(relay, link, RELAY_FAILED_BUSY, detail);
		else
			on_server_fault(relay, link, asked, relay->turn, reply);
		return;
	default:
		break;
	}
	log_error("relay %s: %s", relay_server_url(relay), detail);
	fail_link(relay, link, RELAY_FAILED_OTHER, detail);
}

static void on_told(struct relay *relay, struct link *link, enum want asked)
{
	bool is_new = asked == WANT_OPEN && !link->is_opened;
	uint64_t owner = link->owner, number = link->number;

	link->n_failures = 0;
	link->n_key_refusals = 0;
	if (asked == WANT_DELETE) {
		link_free(relay, link);
		return;
	}
	link->is_opened = true;
	relay_schedule_work(relay);
	if (is_new && !link->is_closing) {
		relay->status.n_opened++;
		relay->handler->opened(relay->context, owner, number);
	}
}

static void on_link_reply(struct relay *relay, uint64_t number, uint32_t turn,
			  const struct http_reply *reply)
{
	struct link *link = find(relay, number);
	enum want asked;

	if (!link || !link->asked)
		return;
	asked = link->asked;
	link->asked = 0;
	link->http_id = 0;
	link->n_key_refusals += is_key_refusal(reply);
	if (is_taken(reply)) {
		relay->is_connected = relay->is_connected || turn == relay->turn;
		on_told(relay, link, asked);
	} else if (relay_is_server_fault(reply) || is_worthless(relay, link, turn, reply)) {
		on_server_fault(relay, link, asked, turn, reply);
	} else if (asked == WANT_DELETE) {
		link_free(relay, link);
	} else if (link->is_closing) {
		relay_schedule_work(relay);      /* there is the end still to be said */
	} else {
		on_refusal(relay, link, asked, reply);
	}
}

static void on_reply(void *context, uint64_t owner, uint32_t number, const struct http_reply *reply)
{
	if (owner == POLL_OWNER)
		relay_on_poll_reply(context, number, reply);
	else if (owner & PUSH_OWNERS)
		relay_on_answer_reply(context, owner, number, reply);
	else
		on_link_reply(context, owner, number, reply);
}

/* --- what logins say --- */

static void keep_stateless(struct link *link, const struct relay_opening *opening)
{
	for (unsigned i = 0; i < opening->n_targets; i++) {
		const struct relay_target *target = &opening->targets[i];

		if (target->has_no_state && text_into(link->stateless[link->n_stateless],
						      RELAY_METHOD_MAX + 1, target->method))
			link->n_stateless++;
	}
}

static void fill_address(const struct relay *relay, const struct link *link,
			 const struct relay_opening *opening, struct relay_address *ret_address)
{
	unsigned i = 0;
	bool is_program;

	while (i < opening->n_targets && opening->targets[i].app == RELAY_APP_MINI_PROGRAM)
		i++;
	is_program = i > 0 && i == opening->n_targets;
	(void)text_into(ret_address->id, sizeof(ret_address->id), link->id);
	(void)snprintf(ret_address->code, URL_MAX + 1, "%s/%c/%s", relay->url,
		       is_program ? 'm' : 'q', link->id);
	(void)snprintf(ret_address->page, URL_MAX + 1, "%s/d/%s", relay->url, link->id);
}

uint64_t relay_open(struct relay *relay, uint64_t owner, const struct relay_opening *opening,
		    int64_t seconds, struct relay_address *ret_address)
{
	struct link *link;

	if (!relay->url || !relay->key || relay->status.n_links >= RELAY_LINKS_MAX)
		return 0;
	link = calloc(1, sizeof(*link));
	if (!link)
		abort();
	if (make_id(link->id) < 0) {
		free(link);
		return 0;
	}
	link->opening = (struct buf)BUF_INIT(BODY_MAX);
	link->target = (struct buf)BUF_INIT_SECRET(BODY_MAX);
	link->result = (struct buf)BUF_INIT_SECRET(BODY_MAX);
	link->number = ++relay->last_number;
	link->owner = owner;
	link->is_listening = opening->listen;
	link->until_ms = relay_now_ms(relay) + seconds * 1000;
	link->expires_ms = relay_now_ms(relay) +
			   MIN(seconds, (int64_t)RELAY_LINK_SECONDS_MAX) * 1000;
	link->wants = WANT_OPEN;
	relay_message_open(opening, &link->opening);
	link->next = relay->links;
	relay->links = link;
	relay->status.n_links++;
	keep_stateless(link, opening);
	fill_address(relay, link, opening, ret_address);
	relay_schedule_work(relay);
	return link->number;
}

static void say(struct relay *relay, struct link *link, enum want want)
{
	link->said |= want;
	link->wants |= want;
	relay_schedule_work(relay);
}

void relay_send_to(struct relay *relay, uint64_t number, const char *method, const char *state,
		   const char *url)
{
	struct link *link = find(relay, number);

	if (!link)
		return;
	buf_done(&link->target);
	relay_message_target(method, state, url, &link->target);
	say(relay, link, WANT_TARGET);
}

void relay_tell(struct relay *relay, uint64_t number, enum relay_result result, const char *digits,
		const char *request)
{
	struct link *link = find(relay, number);

	if (!link)
		return;
	buf_done(&link->result);
	relay_message_result(result, digits, request, &link->result);
	say(relay, link, WANT_RESULT);
}

/* One that the relay never heard of needs no end. */
void relay_close(struct relay *relay, uint64_t number)
{
	struct link *link = find(relay, number);

	if (!link || link->is_closing)
		return;
	if (!link->is_opened && link->asked != WANT_OPEN) {
		link_free(relay, link);
		return;
	}
	link->is_closing = true;
	link->n_failures = 0;
	link->wants = (link->wants & WANT_RESULT) | WANT_DELETE;
	relay_schedule_work(relay);
}

void relay_add_callback_url(const struct relay *relay, const char *method, struct buf *buf)
{
	buf_add_format(buf, "%s/cb/%s", relay->url ? relay->url : "", method);
}

void relay_get_status(const struct relay *relay, struct relay_status *ret_status)
{
	*ret_status = relay->status;
	ret_status->is_configured = relay->url != NULL;
	ret_status->is_connected = relay->is_connected;
	ret_status->server = relay->url ? relay_server_url(relay) : "";
}

/* --- life --- */

static void release_settings(struct relay *relay)
{
	free(relay->url);
	relay->url = NULL;
	relay->servers = list_free(relay->servers);
	relay->key = secret_free(relay->key);
}

static bool is_same(const struct relay *relay, const struct relay_settings *settings)
{
	size_t i, n = list_length(settings->servers);

	if (!text_equals(relay->url, settings->url) || n != list_length(relay->servers) ||
	    !relay->key != !settings->key ||
	    (relay->key && !secret_equals(relay->key, settings->key->data, settings->key->len)))
		return false;
	for (i = 0; i < n && text_equals(relay->servers[i], settings->servers[i]); i++)
		;
	return i == n;
}

static void fail_all(struct relay *relay, const char *detail)
{
	while (relay->links)
		fail_link(relay, relay->links, RELAY_FAILED_OTHER, detail);
}

void relay_configure(struct relay *relay, const struct relay_settings *settings)
{
	char *const *server = settings->servers;

	if (is_same(relay, settings))
		return;
	relay_cancel_poll(relay);
	relay_drop_pushes(relay);
	release_settings(relay);
	relay->url = text_copy(settings->url);
	for (; server && *server; server++)
		if (list_add(&relay->servers, *server) < 0)
			abort();
	relay->key = settings->key ? secret_new(settings->key->data, settings->key->len) : NULL;
	relay->server = 0;
	relay->turn++;
	relay->n_failures = 0;
	relay->rest_ms = 0;
	relay->is_resting = relay->is_connected = false;
	(void)sd_event_source_set_enabled(relay->rest, SD_EVENT_OFF);
	if (!relay->url || !relay->key)
		fail_all(relay, "no relay is configured any more");
	relay_want_all_again(relay);
	relay_schedule_work(relay);
}

int relay_new(sd_event *event, const char *http_socket, const struct relay_handler *handler,
	      void *context, struct relay **ret_relay)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int r;

	if (!relay)
		abort();
	relay->event = sd_event_ref(event);
	relay->handler = handler;
	relay->context = context;
	r = http_new(event, http_socket, on_reply, relay, &relay->http);
	if (r >= 0)
		r = sd_event_add_defer(event, &relay->work, on_work, relay);
	if (r >= 0)
		r = sd_event_source_set_enabled(relay->work, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(event, &relay->rest, CLOCK_MONOTONIC, 0, 10000, on_rest,
				      relay);
	if (r >= 0)
		r = sd_event_source_set_enabled(relay->rest, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(event, &relay->pause, CLOCK_MONOTONIC, 0, 10000,
				      on_pause_over, relay);
	if (r >= 0)
		r = sd_event_source_set_enabled(relay->pause, SD_EVENT_OFF);
	if (r < 0) {
		relay_free(relay);
		return r;
	}
	*ret_relay = relay;
	return 0;
}

struct relay *relay_free(struct relay *relay)
{
	if (!relay)
		return NULL;
	while (relay->links)
		link_free(relay, relay->links);
	relay_cancel_poll(relay);
	relay_drop_pushes(relay);
	http_free(relay->http);
	sd_event_source_disable_unref(relay->work);
	sd_event_source_disable_unref(relay->rest);
	sd_event_source_disable_unref(relay->pause);
	release_settings(relay);
	sd_event_unref(relay->event);
	free(relay);
	return NULL;
}
