/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/push.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/bytes.h"

/* The first byte of its bytes; those of links begin with a small number. */
#define FORMAT 'P'

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

bool push_is_app(const char *text)
{
	size_t len = strspn(text, LETTERS "_");

	return !text[len] && len >= 1 && len <= RELAY_LISTEN_MAX;
}

bool push_is_query(const char *text)
{
	return !*text || text_is_printable_ascii(text, RELAY_PUSH_MAX);
}

bool push_is_body(const char *data, size_t len)
{
	return len <= RELAY_PUSH_MAX && text_is_utf8(data, len);
}

/* --- life --- */

static struct push *make(void)
{
	struct push *push = calloc(1, sizeof(*push));

	if (!push)
		abort();
	return push;
}

struct push *push_new(const struct push *from)
{
	struct buf id = BUF_INIT(RELAY_ID_LEN);
	unsigned char bytes[16];
	struct push *push;

	if (random_bytes(bytes, sizeof(bytes)) < 0)
		return NULL;
	push = make();
	*push = *from;
	base64url_add(&id, bytes, sizeof(bytes));
	(void)text_into(push->id, sizeof(push->id), buf_text(&id));
	buf_done(&id);
	push->query = text_copy(from->query);
	push->body = text_copy(from->body);
	push->answer = text_copy(from->answer);
	return push;
}

static void free_wiped(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

struct push *push_free(struct push *push)
{
	if (!push)
		return NULL;
	free_wiped(push->query);
	free_wiped(push->body);
	free_wiped(push->answer);
	free(push);
	return NULL;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* --- answers --- */

int push_answer(struct push *push, const char *body, size_t len)
{
	_cleanup_json_ struct json_t *json = json_read_object(body, len);
	const char *text = json_any_text(json, "body", RELAY_PUSH_MAX);
	int64_t status;

	if (json_number(json, "status", 200, 403, &status) < 0 || !text ||
	    (status != 200 && (status != 403 || *text)))
		return -EINVAL;
	if (push->status)
		return -EALREADY;
	push->status = (unsigned)status;
	push->answer = *text ? text_copy(text) : NULL;
	return 0;
}

void push_count(const struct push *push, struct push_verdict *verdict)
{
	if (push->status)
		(*(push->status == 200 ? &verdict->n_yes : &verdict->n_no))++;
	if (push->answer && !verdict->answer)
		verdict->answer = text_copy(push->answer);
}

unsigned push_status(const struct push_verdict *verdict)
{
	return verdict->n_yes || !verdict->n_no ? 200 : 403;
}

/* --- bytes --- */

static bool is_sound(const struct push *push)
{
	return strspn(push->id, LETTERS "-_") == RELAY_ID_LEN &&
	       strlen(push->host) == RELAY_KEY_ID_LEN && push_is_app(push->app) &&
	       push_is_query(or_empty(push->query)) &&
	       (push->status == 200 || (!push->answer && (!push->status || push->status == 403)));
}

void push_encode(const struct push *push, struct buf *buf)
{
	bytes_add_number(buf, FORMAT, 1);
	bytes_add_text(buf, push->id);
	bytes_add_text(buf, push->host);
	bytes_add_text(buf, push->app);
	bytes_add_number(buf, push->is_post, 1);
	bytes_add_text(buf, push->query);
	bytes_add_text(buf, push->body);
	bytes_add_number(buf, push->status, 2);
	bytes_add_text(buf, push->answer);
}

/* Texts of the store go into JSON and to the vendor. */
static char *read_text(struct bytes *bytes)
{
	char *text = bytes_long_text(bytes, RELAY_PUSH_MAX);

	bytes->failed |= text && !text_is_utf8(text, strlen(text));
	return text;
}

int push_decode(const void *data, size_t len, struct push **ret_push)
{
	struct bytes bytes = { .data = data, .len = len };
	struct push *push = make();

	bytes.failed |= bytes_number(&bytes, 1) != FORMAT;
	bytes_text(&bytes, push->id, sizeof(push->id));
	bytes_text(&bytes, push->host, sizeof(push->host));
	bytes_text(&bytes, push->app, sizeof(push->app));
	push->is_post = bytes_bool(&bytes);
	push->query = read_text(&bytes);
	push->body = read_text(&bytes);
	push->status = (unsigned)bytes_number(&bytes, 2);
	push->answer = read_text(&bytes);
	if (!bytes_are_done(&bytes) || !is_sound(push)) {
		push_free(push);
		return -EBADMSG;
	}
	*ret_push = push;
	return 0;
}

bool push_is_bytes(const void *data, size_t len)
{
	return len && *(const unsigned char *)data == FORMAT;
}

/* --- events --- */

void push_add_event(const struct push *push, int64_t number, struct buf *buf)
{
	buf_add_text(buf, "{\"push\":");
	json_add_text(buf, push->id);
	buf_add_format(buf, ",\"n\":%lld,\"app\":\"%s\",\"method\":\"%s\",\"query\":",
		       (long long)number, push->app, push->is_post ? "POST" : "GET");
	json_add_text(buf, or_empty(push->query));
	buf_add_text(buf, ",\"body\":");
	json_add_text(buf, or_empty(push->body));
	buf_add_char(buf, '}');
}
