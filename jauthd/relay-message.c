/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/relay-message.h"

#include <string.h>

#include "base/json.h"
#include "base/macro.h"
#include "base/text.h"

#define TEXT_BYTES_MAX 4096              /* of a text before it is cut */

/* --- to the relay --- */

/* Clean, within `max` bytes, and quoted. */
static void add_text(struct buf *buf, const char *name, const char *text, size_t max)
{
	struct buf clean = BUF_INIT(TEXT_BYTES_MAX);
	size_t len;

	text_add_clean(&clean, text, max);
	len = MIN(clean.len, max);
	while (len < clean.len && len > 0 && ((unsigned char)clean.data[len] & 0xc0) == 0x80)
		len--;
	if (clean.data)
		clean.data[len] = '\0';
	buf_add_format(buf, "\"%s\":", name);
	json_add_text(buf, buf_text(&clean));
	buf_done(&clean);
}

void relay_message_open(const struct relay_opening *opening, struct buf *buf)
{
	buf_add_char(buf, '{');
	add_text(buf, "user", opening->user, RELAY_USER_MAX);
	buf_add_char(buf, ',');
	add_text(buf, "service", opening->service, RELAY_SERVICE_MAX);
	buf_add_char(buf, ',');
	add_text(buf, "source", opening->source, RELAY_SOURCE_MAX);
	buf_add_format(buf, ",\"since\":%lld,\"digits\":%s", (long long)opening->since_s,
		       opening->digits ? "true" : "false");
	if (opening->listen)
		buf_add_format(buf, ",\"listen\":\"%s\"", opening->listen);
	buf_add_text(buf, ",\"targets\":[");
	for (unsigned i = 0; i < opening->n_targets; i++) {
		const struct relay_target *target = &opening->targets[i];

		buf_add_text(buf, i ? ",{" : "{");
		add_text(buf, "method", target->method, RELAY_METHOD_MAX);
		buf_add_char(buf, ',');
		add_text(buf, "title", target->title, RELAY_TITLE_MAX);
		buf_add_format(buf, ",\"app\":\"%s\"}", relay_app_names[target->app]);
	}
	buf_add_char(buf, ']');
}

void relay_message_end(int64_t seconds, struct buf *buf)
{
	buf_add_format(buf, ",\"seconds\":%lld}", (long long)seconds);
}

void relay_message_target(const char *method, const char *state, const char *url, struct buf *buf)
{
	buf_add_text(buf, "{\"method\":");
	json_add_text(buf, method);
	buf_add_text(buf, ",\"state\":");
	json_add_text(buf, state);
	buf_add_text(buf, ",\"url\":");
	json_add_text(buf, url);
	buf_add_char(buf, '}');
}

void relay_message_result(enum relay_result result, const char *digits, const char *request,
			  struct buf *buf)
{
	buf_add_format(buf, "{\"result\":\"%s\",\"request\":\"%s\"", relay_result_names[result],
		       request);
	if (digits)
		buf_add_format(buf, ",\"digits\":\"%s\"", digits);
	buf_add_char(buf, '}');
}

void relay_message_answer(unsigned status, const char *body, struct buf *buf)
{
	buf_add_format(buf, "{\"status\":%u,\"body\":", status);
	json_add_text(buf, body);
	buf_add_char(buf, '}');
}

/* --- from the relay --- */

static bool copy_text(const struct json_t *object, const char *name, char *ret_field, size_t size)
{
	const char *text = json_text(object, name, size - 1);

	return text && text_into(ret_field, size, text);
}

static bool read_event(const struct json_t *object, struct relay_event *event)
{
	const char *callback = json_text(object, "callback", RELAY_CALLBACK_MAX);

	if (!object || !copy_text(object, "link", event->link, sizeof(event->link)) ||
	    json_number(object, "presses", 0, INT32_MAX, &event->presses) < 0)
		return false;
	if (json_has(object, "method") &&
	    !copy_text(object, "method", event->method, sizeof(event->method)))
		return false;
	if (json_has(object, "callback") && !callback)
		return false;
	if (json_has(object, "refused") && json_bool(object, "refused", &event->refused) < 0)
		return false;
	event->callback = text_copy(callback);
	return true;
}

/* Whole, and of the characters that may be asked for again in a path. */
static bool copy_word(const struct json_t *object, const char *name, const char *more,
		      char *ret_field, size_t size)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *text = json_text(object, name, size - 1);
	size_t len = 0;

	while (text && text[len] && (strchr(letters, text[len]) || strchr(more, text[len])))
		len++;
	return text && !text[len] && text_into(ret_field, size, text);
}

static void push_done(struct relay_push *push)
{
	text_free_wiped(push->query);
	text_free_wiped(push->body);
	memset(push, 0, sizeof(*push));
}

static bool read_push(const struct json_t *object, struct relay_push *push)
{
	const char *query = json_text_or_empty(object, "query", RELAY_PUSH_MAX);
	const char *body = json_any_text(object, "body", RELAY_PUSH_MAX);

	if (!copy_word(object, "push", "_-", push->id, sizeof(push->id)) ||
	    strlen(push->id) != RELAY_ID_LEN ||
	    !copy_word(object, "app", "_", push->app, sizeof(push->app)) ||
	    !copy_text(object, "method", push->method, sizeof(push->method)) ||
	    !(text_equals(push->method, "GET") || text_equals(push->method, "POST")) ||
	    !query || !body)
		return false;
	push->query = text_copy(query);
	push->body = text_copy(body);
	return true;
}

/* Nobody's login hangs on a push that cannot be read. */
static void add_push(const struct json_t *object, struct relay_news *news)
{
	struct relay_push *push = &news->pushes[news->n_pushes];

	if (read_push(object, push))
		news->n_pushes++;
	else
		push_done(push);
}

static bool read_news(const struct json_t *object, struct relay_news *news)
{
	const struct json_t *events = json_array_at(object, "events");
	size_t n = events ? json_array_length(events) : 0;

	if (!events || n > RELAY_EVENTS_MAX ||
	    !copy_text(object, "instance", news->instance, sizeof(news->instance)) ||
	    json_number(object, "next", 0, INT64_MAX, &news->next) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct json_t *event = json_array_object(events, i);

		if (json_has(event, "push"))
			add_push(event, news);
		else if (!read_event(event, &news->events[news->n_events++]))
			return false;
	}
	return true;
}

struct relay_news *relay_message_read(const struct http_reply *reply)
{
	_cleanup_json_ struct json_t *object = NULL;
	struct relay_news *news;

	if (reply->result != HTTP_DONE || reply->status != 200 || !reply->body)
		return NULL;
	object = json_read_object(reply->body->data, reply->body->len);
	if (!object)
		return NULL;
	news = calloc(1, sizeof(*news));
	if (!news)
		abort();
	return read_news(object, news) ? news : relay_news_free(news);
}

struct relay_news *relay_news_free(struct relay_news *news)
{
	for (unsigned i = 0; news && i < news->n_events; i++)
		text_free_wiped(news->events[i].callback);
	for (unsigned i = 0; news && i < news->n_pushes; i++)
		push_done(&news->pushes[i]);
	free(news);
	return NULL;
}
