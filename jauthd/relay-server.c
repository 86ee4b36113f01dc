/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the relay's servers is asked, when none is, and how a request to one begins; see
 * relay.h. */
#include "jauthd/relay-private.h"

#include "base/log.h"
#include "base/text.h"

#define TOKEN_MAX 256

/* --- which server --- */

const char *relay_server_url(const struct relay *relay)
{
	return relay->servers ? relay->servers[relay->server] : relay->url;
}

size_t relay_n_servers(const struct relay *relay)
{
	return relay->servers ? list_length(relay->servers) : 1;
}

void relay_start_timer(sd_event_source *timer, int64_t ms)
{
	(void)sd_event_source_set_time_relative(timer, (uint64_t)ms * 1000);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void relay_rest(struct relay *relay, int64_t ms)
{
	relay->is_resting = true;
	relay_start_timer(relay->rest, ms);
}

/* Whatever the next server knows of them, it is told. */
void relay_want_all_again(struct relay *relay)
{
	for (struct link *link = relay->links; link; link = link->next)
		if (!link->is_closing)
			link->wants |= WANT_OPEN | link->said;
}

void relay_leave_server(struct relay *relay, const char *why)
{
	log_warning("relay %s: %s", relay_server_url(relay), why);
	relay_cancel_poll(relay);
	relay->is_connected = false;
	relay->status.n_failures++;
	relay->turn++;
	relay->server = (relay->server + 1) % relay_n_servers(relay);
	relay->status.n_switches += relay_n_servers(relay) > 1;
	relay_want_all_again(relay);
	if (++relay->n_failures % relay_n_servers(relay) == 0) {
		relay->rest_ms = MIN(MAX(2 * relay->rest_ms, RELAY_BACKOFF_MIN_MS),
				     RELAY_BACKOFF_MAX_MS);
		relay_rest(relay, relay->rest_ms);
	}
	relay_schedule_work(relay);
}

/* --- requests and replies --- */

struct http_request *relay_make_request(const struct relay *relay, enum http_method method,
					const char *path)
{
	_cleanup_free_ char *url = text_format("%s%s", relay_server_url(relay), path);
	struct http_request *request = http_request_new(method, url);
	struct buf bearer = BUF_INIT_SECRET(TOKEN_MAX);

	buf_add_text(&bearer, "Bearer ");
	buf_add(&bearer, relay->key->data, relay->key->len);
	(void)http_request_header(request, "Authorization", buf_text(&bearer));
	buf_done(&bearer);
	request->connect_ms = RELAY_CONNECT_MS;
	request->total_ms = RELAY_REQUEST_MS;
	request->max_body = RELAY_BODY_MAX;
	return request;
}

void relay_set_body(struct http_request *request, const struct buf *body)
{
	(void)http_request_header(request, "Content-Type", "application/json");
	request->body = secret_new(body->data, body->len);
}

bool relay_is_server_fault(const struct http_reply *reply)
{
	return reply->result != HTTP_DONE || reply->status >= 500;
}

void relay_describe(const struct http_reply *reply, const char *what,
		    char ret_text[AUDIT_TEXT_MAX])
{
	_cleanup_free_ char *text = reply->result == HTTP_DONE ?
		text_format("%s: status %u", what, reply->status) :
		text_format("%s: %s", what, reply->error);

	if (!text_into(ret_text, AUDIT_TEXT_MAX, text))
		(void)text_into(ret_text, AUDIT_TEXT_MAX, what);
}
