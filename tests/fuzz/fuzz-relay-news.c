/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a relay, or who has taken it over, says happened to links, and was pushed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/relay-message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(const struct relay_event *event)
{
	if (!*event->link || strlen(event->link) > RELAY_ID_LEN || event->presses < 0 ||
	    strlen(event->method) > RELAY_METHOD_MAX)
		abort();
	if (event->callback && (!*event->callback || strlen(event->callback) > RELAY_CALLBACK_MAX ||
				!text_is_line(event->callback, strlen(event->callback))))
		abort();
}

static void check_push(const struct relay_push *push)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	if (strlen(push->id) != RELAY_ID_LEN || strspn(push->id, letters) != RELAY_ID_LEN ||
	    !*push->app || strspn(push->app, letters) != strlen(push->app) ||
	    strchr(push->app, '-'))
		abort();
	if (!text_equals(push->method, "GET") && !text_equals(push->method, "POST"))
		abort();
	if (strlen(push->query) > RELAY_PUSH_MAX || strlen(push->body) > RELAY_PUSH_MAX ||
	    !text_is_line(push->query, strlen(push->query)) ||
	    !text_is_utf8(push->body, strlen(push->body)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200 };
	struct relay_news *news;

	if (size > RELAY_EVENTS_BODY_MAX)
		return 0;
	reply.body = secret_new(data, size);
	news = relay_message_read(&reply);
	if (news && (news->n_events > RELAY_EVENTS_MAX || news->next < 0 || !*news->instance))
		abort();
	for (unsigned i = 0; news && i < news->n_events; i++)
		check_event(&news->events[i]);
	if (news && news->n_events + news->n_pushes > RELAY_EVENTS_MAX)
		abort();
	for (unsigned i = 0; news && i < news->n_pushes; i++)
		check_push(&news->pushes[i]);
	relay_news_free(news);
	http_reply_done(&reply);
	return 0;
}
