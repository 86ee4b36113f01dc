/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A link as the store keeps it. A format byte, then every field in the order below: numbers big
 * endian and of fixed size, texts as two bytes of length and the bytes. There is one encoding of a
 * link and no other bytes decode. A field more is another format byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauth-relay/link-private.h"

#define FORMAT 1
#define NO_INDEX 0xff            /* LINK_NONE */

static void add_number(struct buf *buf, uint64_t number, unsigned n_bytes)
{
	while (n_bytes--)
		buf_add_char(buf, (char)(number >> (8 * n_bytes)));
}

static void add_text(struct buf *buf, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	add_number(buf, len, 2);
	buf_add(buf, text ? text : "", len);
}

static void add_index(struct buf *buf, int index)
{
	add_number(buf, index == LINK_NONE ? NO_INDEX : (unsigned)index, 1);
}

void link_encode(const struct link *link, struct buf *buf)
{
	add_number(buf, FORMAT, 1);
	add_text(buf, link->id);
	add_text(buf, link->host);
	add_text(buf, link->host_name);
	add_text(buf, link->user);
	add_text(buf, link->service);
	add_text(buf, link->source);
	add_text(buf, link->token);
	add_number(buf, (uint64_t)link->since_s, 8);
	add_number(buf, (uint64_t)link->expires_s, 8);
	add_number(buf, link->digits, 1);
	add_number(buf, link->n_targets, 1);
	for (unsigned i = 0; i < link->n_targets; i++) {
		add_text(buf, link->targets[i].method);
		add_text(buf, link->targets[i].title);
		add_number(buf, link->targets[i].app, 1);
	}
	add_number(buf, link->n_presses, 1);
	for (unsigned i = 0; i < link->n_presses; i++) {
		buf_add(buf, link->presses[i].cookie, SHA256_BYTES);
		add_number(buf, link->presses[i].method, 1);
	}
	add_index(buf, link->target);
	add_text(buf, link->state);
	add_text(buf, link->url);
	add_index(buf, link->callback_press);
	add_text(buf, link->callback);
	add_number(buf, link->refused, 1);
	add_number(buf, link->over, 1);
	add_index(buf, link->result);
	add_text(buf, link->digits_text);
	add_text(buf, link->request);
}

/* What is left to read; after the first thing that is wrong everything else is too. */
struct reader {
	const unsigned char *data;
	size_t len;
	bool failed;
};

static const void *take(struct reader *reader, size_t len)
{
	const void *data = reader->data;

	if (reader->failed || len > reader->len) {
		reader->failed = true;
		return NULL;
	}
	reader->data += len;
	reader->len -= len;
	return data;
}

static uint64_t read_number(struct reader *reader, unsigned n_bytes)
{
	const unsigned char *data = take(reader, n_bytes);
	uint64_t number = 0;

	for (unsigned i = 0; data && i < n_bytes; i++)
		number = number << 8 | data[i];
	return number;
}

static bool read_bool(struct reader *reader)
{
	uint64_t number = read_number(reader, 1);

	reader->failed |= number > 1;
	return number == 1;
}

static int read_index(struct reader *reader)
{
	uint64_t number = read_number(reader, 1);

	return number == NO_INDEX ? LINK_NONE : (int)number;
}

/* At most `max`; more is wrong. */
static unsigned read_count(struct reader *reader, unsigned max)
{
	uint64_t n = read_number(reader, 1);

	reader->failed |= n > max;
	return reader->failed ? 0 : (unsigned)n;
}

/* The bytes of a text of at most `max` of them, none NUL. */
static const char *read_bytes(struct reader *reader, size_t max, size_t *ret_len)
{
	size_t len = read_number(reader, 2);
	const char *data = take(reader, len);

	if (!data || len > max || memchr(data, '\0', len)) {
		reader->failed = true;
		return NULL;
	}
	*ret_len = len;
	return data;
}

static void read_text(struct reader *reader, char *field, size_t size)
{
	size_t len;
	const char *data = read_bytes(reader, size - 1, &len);

	if (!data)
		return;
	memcpy(field, data, len);
	field[len] = '\0';
}

/* A heap copy; NULL for "". */
static char *read_long_text(struct reader *reader, size_t max)
{
	size_t len;
	const char *data = read_bytes(reader, max, &len);
	char *text = data && len ? strndup(data, len) : NULL;

	if (data && len && !text)
		abort();
	return text;
}

static void read_head(struct reader *reader, struct link *link)
{
	reader->failed |= read_number(reader, 1) != FORMAT;
	read_text(reader, link->id, sizeof(link->id));
	read_text(reader, link->host, sizeof(link->host));
	read_text(reader, link->host_name, sizeof(link->host_name));
	read_text(reader, link->user, sizeof(link->user));
	read_text(reader, link->service, sizeof(link->service));
	read_text(reader, link->source, sizeof(link->source));
	read_text(reader, link->token, sizeof(link->token));
	link->since_s = (int64_t)read_number(reader, 8);
	link->expires_s = (int64_t)read_number(reader, 8);
	link->digits = read_bool(reader);
}

static void read_lists(struct reader *reader, struct link *link)
{
	link->n_targets = read_count(reader, RELAY_TARGETS_MAX);
	for (unsigned i = 0; i < link->n_targets; i++) {
		struct link_target *target = &link->targets[i];

		read_text(reader, target->method, sizeof(target->method));
		read_text(reader, target->title, sizeof(target->title));
		target->app = (enum relay_app)read_number(reader, 1);
	}
	link->n_presses = read_count(reader, LINK_PRESSES_MAX);
	for (unsigned i = 0; i < link->n_presses; i++) {
		const void *cookie = take(reader, SHA256_BYTES);

		if (cookie)
			memcpy(link->presses[i].cookie, cookie, SHA256_BYTES);
		link->presses[i].method = (unsigned)read_number(reader, 1);
	}
}

static void read_events(struct reader *reader, struct link *link)
{
	link->target = read_index(reader);
	read_text(reader, link->state, sizeof(link->state));
	link->url = read_long_text(reader, RELAY_TARGET_URL_MAX);
	link->callback_press = read_index(reader);
	link->callback = read_long_text(reader, RELAY_CALLBACK_MAX);
	link->refused = read_bool(reader);
	link->over = read_bool(reader);
	link->result = read_index(reader);
	read_text(reader, link->digits_text, sizeof(link->digits_text));
	read_text(reader, link->request, sizeof(link->request));
}

int link_decode(const void *data, size_t len, struct link **ret_link)
{
	struct reader reader = { .data = data, .len = len };
	struct link *link = link_make();

	read_head(&reader, link);
	read_lists(&reader, link);
	read_events(&reader, link);
	if (reader.failed || reader.len || !link_is_sound(link)) {
		link_free(link);
		return -EBADMSG;
	}
	*ret_link = link;
	return 0;
}
