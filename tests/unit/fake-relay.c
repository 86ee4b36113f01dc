/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define URL "https://sso.example.org"

struct relay {
	const struct relay_handler *handler;
	void *context;
	struct fake_relay fake;
};

static struct relay *relay_now;

struct fake_relay *fake_relay_now(void)
{
	assert_non_null(relay_now);
	return &relay_now->fake;
}

struct fake_link *fake_relay_last(void)
{
	struct fake_relay *fake = fake_relay_now();

	assert_true(fake->n_links > 0);
	return &fake->links[fake->n_links - 1];
}

static struct fake_link *find(struct relay *relay, uint64_t number)
{
	assert_true(number > 0 && number <= relay->fake.n_links);
	return &relay->fake.links[number - 1];
}

/* --- as relay.h says --- */

int relay_new(sd_event *event UNUSED, const char *http_socket UNUSED,
	      const struct relay_handler *handler, void *context, struct relay **ret_relay)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	assert_non_null(relay);
	relay->handler = handler;
	relay->context = context;
	relay_now = *ret_relay = relay;
	return 0;
}

struct relay *relay_free(struct relay *relay)
{
	free(relay);
	relay_now = NULL;
	return NULL;
}

void relay_configure(struct relay *relay, const struct relay_settings *settings)
{
	assert_true(!settings->url == !settings->key);
	relay->fake.n_configured++;
}

static void copy(char *ret_field, size_t size, const char *text)
{
	assert_true(text_into(ret_field, size, text));
}

uint64_t relay_open(struct relay *relay, uint64_t owner, const struct relay_opening *opening,
		    int64_t seconds, struct relay_address *ret_address)
{
	struct fake_link *link = &relay->fake.links[relay->fake.n_links];

	if (relay->fake.is_full)
		return 0;
	assert_true(relay->fake.n_links < FAKE_RELAY_LINKS);
	link->number = ++relay->fake.n_links;
	link->owner = owner;
	copy(link->user, sizeof(link->user), opening->user);
	copy(link->service, sizeof(link->service), opening->service);
	copy(link->source, sizeof(link->source), opening->source);
	link->seconds = seconds;
	link->digits = opening->digits;
	copy(link->listen, sizeof(link->listen), opening->listen ? opening->listen : "");
	assert_true(opening->listen || opening->n_targets > 0);
	link->n_targets = opening->n_targets;
	for (unsigned i = 0; i < opening->n_targets; i++) {
		const struct relay_target *target = &opening->targets[i];

		copy(link->methods[i], sizeof(link->methods[i]), target->method);
		copy(link->titles[i], sizeof(link->titles[i]), target->title);
		link->apps[i] = target->app;
		link->has_no_state[i] = target->has_no_state;
	}
	(void)snprintf(link->id, sizeof(link->id), "abcdefghijklmnopqrs%03u",
		       (unsigned)link->number);
	copy(ret_address->id, sizeof(ret_address->id), link->id);
	(void)snprintf(ret_address->code, URL_MAX + 1, URL "/q/%s", link->id);
	(void)snprintf(ret_address->page, URL_MAX + 1, URL "/d/%s", link->id);
	return link->number;
}

void relay_send_to(struct relay *relay, uint64_t number, const char *method, const char *state,
		   const char *url)
{
	struct fake_link *link = find(relay, number);

	assert_false(link->is_closed);
	link->n_sent++;
	copy(link->method, sizeof(link->method), method);
	copy(link->state, sizeof(link->state), state);
	copy(link->url, sizeof(link->url), url);
}

void relay_tell(struct relay *relay, uint64_t number, enum relay_result result, const char *digits,
		const char *request)
{
	struct fake_link *link = find(relay, number);

	assert_false(link->is_closed);
	assert_true(link->n_told < FAKE_RELAY_TOLD);
	assert_int_equal(digits != NULL, result == RELAY_RESULT_DIGITS);
	assert_int_equal(strlen(request), RELAY_REQUEST_MAX);
	link->told[link->n_told++] = result;
	if (digits)
		copy(link->digits_told, sizeof(link->digits_told), digits);
}

void relay_close(struct relay *relay, uint64_t number)
{
	struct fake_link *link = find(relay, number);

	assert_false(link->is_closed);
	link->is_closed = true;
	relay->fake.n_closed++;
}

void relay_answer_push(struct relay *relay, const char *id, unsigned status, const char *body)
{
	for (unsigned i = 0; i < relay->fake.n_pushes; i++) {
		struct fake_push *push = &relay->fake.pushes[i];

		if (!text_equals(push->id, id))
			continue;
		push->n_answers++;
		push->status = status;
		copy(push->body, sizeof(push->body), body);
		return;
	}
	fail_msg("an answer to nothing: %s", id);
}

void relay_add_callback_url(const struct relay *relay UNUSED, const char *method, struct buf *buf)
{
	buf_add_format(buf, URL "/cb/%s", method);
}

void relay_get_status(const struct relay *relay UNUSED, struct relay_status *ret_status)
{
	*ret_status = (struct relay_status){ .server = "" };
}

/* --- events --- */

void fake_relay_opened(const struct fake_link *link)
{
	relay_now->handler->opened(relay_now->context, link->owner, link->number);
}

void fake_relay_failed(const struct fake_link *link, enum relay_failure failure)
{
	relay_now->handler->failed(relay_now->context, link->owner, link->number, failure,
				   "no relay answers");
}

void fake_relay_pressed(const struct fake_link *link, const char *method)
{
	relay_now->handler->pressed(relay_now->context, link->owner, link->number, method);
}

void fake_relay_callback(const struct fake_link *link, const char *query)
{
	relay_now->handler->callback(relay_now->context, link->owner, link->number, query);
}

void fake_relay_refused(const struct fake_link *link)
{
	relay_now->handler->refused(relay_now->context, link->owner, link->number);
}

struct fake_push *fake_relay_pushed(const char *app, const char *method, const char *body)
{
	struct fake_push *push = &relay_now->fake.pushes[relay_now->fake.n_pushes];
	struct relay_push event = { .query = text_copy(body), .body = text_copy(body) };

	assert_true(relay_now->fake.n_pushes++ < FAKE_RELAY_PUSHES);
	(void)snprintf(push->id, sizeof(push->id), "push-%017u", relay_now->fake.n_pushes);
	copy(event.id, sizeof(event.id), push->id);
	copy(event.app, sizeof(event.app), app);
	copy(event.method, sizeof(event.method), method);
	event.query[text_equals(method, "GET") ? strlen(body) : 0] = '\0';
	event.body[text_equals(method, "GET") ? 0 : strlen(body)] = '\0';
	push->is_somebodys = relay_now->handler->pushed(relay_now->context, &event);
	memset(event.query, '!', strlen(event.query));   /* they are lent */
	memset(event.body, '!', strlen(event.body));
	free(event.query);
	free(event.body);
	return push;
}
