/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links and pushes of jauth-relay: what hosts send, what telephones and mini programs bring, what a
 * store keeps. The first byte says which. Whatever is accepted is a link, or a push, that encodes,
 * decodes and tells its event. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/mini.h"
#include "jauth-relay/push.h"

#define STATE  "abcdefghijklmnopqrstuv"
#define NOW_S  1700000000
#define COOKIE "cookie"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct link_owner owner = { "AAAAAAAAAAAAAAAAAAAA-_", "0123456789abcdef", "web1" };

static const char body[] =
	"{\"user\":\"jane\",\"service\":\"sshd\",\"source\":\"192.0.2.7\",\"since\":1699999990,"
	"\"seconds\":180,\"digits\":true,\"targets\":[{\"method\":\"work\",\"title\":\"WeCom\","
	"\"app\":\"wecom\"},{\"method\":\"hub\",\"title\":\"Hub\",\"app\":\"mini-program\"}]}";
static const char target[] =
	"{\"method\":\"work\",\"state\":\"" STATE "\",\"url\":\"https://op.example.org/\"}";

/* Also: no byte of a store makes two links out of one. */
static void check_bytes(const struct link *link)
{
	struct buf first = BUF_INIT_SECRET(LINK_BYTES_MAX);
	struct buf second = BUF_INIT_SECRET(LINK_BYTES_MAX);
	struct link *other;

	link_encode(link, &first);
	if (buf_failed(&first) || link_decode(first.data, first.len, &other) < 0)
		abort();
	link_encode(other, &second);
	if (second.len != first.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	link_free(other);
	buf_done(&first);
	buf_done(&second);
}

static void check_event(const struct link *link)
{
	struct buf event = BUF_INIT(RELAY_CALLBACK_MAX + 1024);
	struct json_t *json;

	link_add_event(link, 1700000000123456, &event);
	json = json_read_object(buf_text(&event), event.len);
	if (!json || !text_equals(json_text(json, "callback", RELAY_CALLBACK_MAX), link->callback))
		abort();
	json_free(json);
	buf_done(&event);
}

static void check(struct link *link)
{
	check_bytes(link);
	check_event(link);
}

static void open_link(const char *text, size_t len)
{
	struct link *link;

	if (link_new(&owner, text, len, NOW_S, &link) < 0)
		return;
	check(link);
	link_free(link);
}

static struct link *make_pressed(void)
{
	struct link *link;

	if (link_new(&owner, body, strlen(body), NOW_S, &link) < 0 ||
	    link_press(link, "work", COOKIE, NOW_S) < 0 ||
	    link_set_target(link, target, strlen(target)) < 0)
		abort();
	return link;
}

static void tell_link(const char *text, size_t len)
{
	struct link *link = make_pressed();

	(void)link_set_target(link, text, len);
	(void)link_set_result(link, text, len);
	check(link);
	link_free(link);
}

static void come_back(const char *text)
{
	struct link *link = make_pressed();
	bool is_taken = link_take_callback(link, "work", COOKIE, text, NOW_S) == LINK_TAKEN;

	if (is_taken != (link->callback != NULL) || (is_taken && !strstr(text, "state=")))
		abort();
	check(link);
	link_free(link);
}

/* What a mini program sends; then nothing of it but a code of the right form is with the link. */
static void take_action(const char *text, size_t len)
{
	struct buf shown = BUF_INIT(8192);
	struct link *link = make_pressed();
	struct mini_action action;

	if (mini_read_action(text, len, &action) == 0) {
		if (action.is_denial ? link_deny(link, NOW_S) < 0 :
		    link_confirm(link, action.js_code, COOKIE "2", NOW_S) < 0)
			abort();
		if (action.is_denial != !link->callback || action.is_denial != link->refused)
			abort();
	}
	check(link);
	mini_add_facts(link, &shown);
	mini_add_status(link, NOW_S, &shown);
	if (buf_failed(&shown))
		abort();
	link_free(link);
	buf_done(&shown);
}

static void check_push(const struct push *push)
{
	struct buf bytes = BUF_INIT_SECRET(LINK_BYTES_MAX), event = BUF_INIT(PUSH_EVENT_MAX);
	struct push_verdict verdict = { 0 };
	struct push *other;
	struct json_t *json;

	push_encode(push, &bytes);
	if (buf_failed(&bytes) || push_decode(bytes.data, bytes.len, &other) < 0)
		abort();
	push_add_event(other, 1700000000123456, &event);
	json = json_read_object(buf_text(&event), event.len);
	if (!json || !text_equals(json_any_text(json, "body", RELAY_PUSH_MAX),
				  push->body ? push->body : ""))
		abort();
	push_count(other, &verdict);
	if (push_status(&verdict) != (push->status == 403 ? 403 : 200))
		abort();
	free(verdict.answer);
	json_free(json);
	push_free(other);
	buf_done(&bytes);
	buf_done(&event);
}

/* A vendor's body, if it can be told; and a host's answer. */
static void take_push(char *text, size_t len)
{
	struct push from = { .host = "0123456789abcdef", .app = "wx1", .is_post = true };
	struct push *push;

	if (push_is_body(text, len))
		from.body = text;
	if (strlen(text) == len && push_is_query(text))
		from.query = text;
	push = push_new(&from);
	if (!push)
		abort();
	check_push(push);
	(void)push_answer(push, text, len);
	check_push(push);
	push_free(push);
}

static void decode_push(const char *text, size_t len)
{
	struct push *push;

	if (!push_is_bytes(text, len) || push_decode(text, len, &push) < 0)
		return;
	check_push(push);
	push_free(push);
}

static void decode(const char *text, size_t len)
{
	struct buf again = BUF_INIT_SECRET(LINK_BYTES_MAX);
	struct link *link;

	if (link_decode(text, len, &link) < 0)
		return;
	link_encode(link, &again);
	if (again.len != len || memcmp(again.data, text, len) != 0)
		abort();
	check(link);
	link_free(link);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);

	if (!size || !text)
		return 0;
	memcpy(text, data + 1, --size);
	text[size] = '\0';
	switch (data[0]) {
	case 'o':
		open_link(text, size);
		break;
	case 't':
		tell_link(text, size);
		break;
	case 'c':
		come_back(text);
		break;
	case 'm':
		take_action(text, size);
		break;
	case 'p':
		take_push(text, size);
		break;
	default:
		decode(text, size);
		decode_push(text, size);
	}
	return 0;
}
