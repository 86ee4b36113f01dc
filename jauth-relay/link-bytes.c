/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link as the store keeps it (bytes.h): a format byte, then every field in the order below. A
 * field more is another format byte. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "jauth-relay/bytes.h"
#include "jauth-relay/link-private.h"

#define FORMAT 2
#define NO_INDEX 0xff            /* LINK_NONE */

static void add_index(struct buf *buf, int index)
{
	bytes_add_number(buf, index == LINK_NONE ? NO_INDEX : (unsigned)index, 1);
}

void link_encode(const struct link *link, struct buf *buf)
{
	bytes_add_number(buf, FORMAT, 1);
	bytes_add_text(buf, link->id);
	bytes_add_text(buf, link->host);
	bytes_add_text(buf, link->host_name);
	bytes_add_text(buf, link->user);
	bytes_add_text(buf, link->service);
	bytes_add_text(buf, link->source);
	bytes_add_text(buf, link->token);
	bytes_add_number(buf, (uint64_t)link->since_s, 8);
	bytes_add_number(buf, (uint64_t)link->expires_s, 8);
	bytes_add_number(buf, link->digits, 1);
	bytes_add_text(buf, link->listen);
	bytes_add_number(buf, link->n_targets, 1);
	for (unsigned i = 0; i < link->n_targets; i++) {
		bytes_add_text(buf, link->targets[i].method);
		bytes_add_text(buf, link->targets[i].title);
		bytes_add_number(buf, link->targets[i].app, 1);
	}
	bytes_add_number(buf, link->n_presses, 1);
	for (unsigned i = 0; i < link->n_presses; i++) {
		buf_add(buf, link->presses[i].cookie, SHA256_BYTES);
		bytes_add_number(buf, link->presses[i].method, 1);
	}
	add_index(buf, link->target);
	bytes_add_text(buf, link->state);
	bytes_add_text(buf, link->url);
	add_index(buf, link->callback_press);
	bytes_add_text(buf, link->callback);
	bytes_add_number(buf, link->refused, 1);
	bytes_add_number(buf, link->over, 1);
	add_index(buf, link->result);
	bytes_add_text(buf, link->digits_text);
	bytes_add_text(buf, link->request);
}

static int read_index(struct bytes *bytes)
{
	uint64_t number = bytes_number(bytes, 1);

	return number == NO_INDEX ? LINK_NONE : (int)number;
}

static void read_head(struct bytes *bytes, struct link *link)
{
	bytes->failed |= bytes_number(bytes, 1) != FORMAT;
	bytes_text(bytes, link->id, sizeof(link->id));
	bytes_text(bytes, link->host, sizeof(link->host));
	bytes_text(bytes, link->host_name, sizeof(link->host_name));
	bytes_text(bytes, link->user, sizeof(link->user));
	bytes_text(bytes, link->service, sizeof(link->service));
	bytes_text(bytes, link->source, sizeof(link->source));
	bytes_text(bytes, link->token, sizeof(link->token));
	link->since_s = (int64_t)bytes_number(bytes, 8);
	link->expires_s = (int64_t)bytes_number(bytes, 8);
	link->digits = bytes_bool(bytes);
	bytes_text(bytes, link->listen, sizeof(link->listen));
}

static void read_lists(struct bytes *bytes, struct link *link)
{
	link->n_targets = bytes_count(bytes, RELAY_TARGETS_MAX);
	for (unsigned i = 0; i < link->n_targets; i++) {
		struct link_target *target = &link->targets[i];

		bytes_text(bytes, target->method, sizeof(target->method));
		bytes_text(bytes, target->title, sizeof(target->title));
		target->app = (enum relay_app)bytes_number(bytes, 1);
	}
	link->n_presses = bytes_count(bytes, LINK_PRESSES_MAX + 1);
	for (unsigned i = 0; i < link->n_presses; i++) {
		const void *cookie = bytes_take(bytes, SHA256_BYTES);

		if (cookie)
			memcpy(link->presses[i].cookie, cookie, SHA256_BYTES);
		link->presses[i].method = (unsigned)bytes_number(bytes, 1);
	}
}

static void read_events(struct bytes *bytes, struct link *link)
{
	link->target = read_index(bytes);
	bytes_text(bytes, link->state, sizeof(link->state));
	link->url = bytes_long_text(bytes, RELAY_TARGET_URL_MAX);
	link->callback_press = read_index(bytes);
	link->callback = bytes_long_text(bytes, RELAY_CALLBACK_MAX);
	link->refused = bytes_bool(bytes);
	link->over = bytes_bool(bytes);
	link->result = read_index(bytes);
	bytes_text(bytes, link->digits_text, sizeof(link->digits_text));
	bytes_text(bytes, link->request, sizeof(link->request));
}

int link_decode(const void *data, size_t len, struct link **ret_link)
{
	struct bytes bytes = { .data = data, .len = len };
	struct link *link = link_make();

	read_head(&bytes, link);
	read_lists(&bytes, link);
	read_events(&bytes, link);
	if (!bytes_are_done(&bytes) || !link_is_sound(link)) {
		link_free(link);
		return -EBADMSG;
	}
	*ret_link = link;
	return 0;
}
