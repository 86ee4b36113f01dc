/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * See wechat-push.h; the vendor's rules: doc/oplatform developers/dev/push/encryption.
 */
#include "providers/wechat-push.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parameters.h"
#include "base/text.h"
#include "providers/wechat-reply.h"
#include "providers/wechat-xml.h"

#define TIMESTAMP_LEN 10                 /* until the year 2286 */
#define NONCE_MAX     64

/* --- requests --- */

static void open_message(const struct wechat_push_keys *keys, const char *encrypted,
			 struct wechat_push *push)
{
	for (unsigned i = 0; i < WECHAT_PUSH_KEYS_MAX && !push->message; i++) {
		push->key = i;
		if (keys->aes_keys[i])
			push->message = wechat_decrypt(keys->aes_keys[i], keys->app_id, encrypted);
	}
}

struct query {
	const char *signature, *timestamp, *nonce;
};

static bool is_in_window(const char *timestamp, int64_t now_s)
{
	int64_t then_s;

	return strlen(timestamp) == TIMESTAMP_LEN &&
	       text_to_number(timestamp, now_s - WECHAT_PUSH_WINDOW_S, now_s + WECHAT_PUSH_WINDOW_S,
			      &then_s) == 0;
}

/* Both requests have it; NULL: WeChat made it, just now. */
static const char *find_fault(const struct wechat_push_keys *keys,
			      const struct parameters *parameters, int64_t now_s,
			      struct query *ret_query)
{
	const char *parts[3] = { keys->token->data };

	ret_query->signature = parameters_text(parameters, "signature", WECHAT_SIGNATURE_LEN);
	ret_query->timestamp = parts[1] = parameters_text(parameters, "timestamp", TIMESTAMP_LEN);
	ret_query->nonce = parts[2] = parameters_text(parameters, "nonce", NONCE_MAX);
	if (!ret_query->signature || !parts[1] || !parts[2] ||
	    strspn(parts[2], WECHAT_LETTERS "_-") != strlen(parts[2]))
		return N_("it is not as the vendor's requests are");
	if (!wechat_is_signed(ret_query->signature, parts, N_ELEMENTS(parts)))
		return N_("it is signed with another Token");
	if (!is_in_window(parts[1], now_s))
		return N_("it is not of now: one of the clocks is wrong, or it is an old one");
	return NULL;
}

static const char *open_check(const struct parameters *parameters, struct wechat_push *push)
{
	const char *echo = parameters_text(parameters, "echostr", WECHAT_PUSH_FIELD_MAX);

	if (!echo || strspn(echo, WECHAT_LETTERS "_-+/=") != strlen(echo) ||
	    !text_into(push->echo, sizeof(push->echo), echo))
		return N_("it is not as the vendor's requests are");
	push->kind = WECHAT_PUSH_CHECK;
	return NULL;
}

static const char *open_signed(const struct wechat_push_keys *keys, const struct query *query,
			       const char *signature, const char *encrypted,
			       struct wechat_push *push)
{
	const char *parts[] = { keys->token->data, query->timestamp, query->nonce, encrypted };

	if (!wechat_is_signed(signature, parts, N_ELEMENTS(parts)))
		return N_("its encrypted part is signed with another Token");
	open_message(keys, encrypted, push);
	if (!push->message)
		return N_("it cannot be decrypted: another EncodingAESKey, or another AppID");
	(void)text_into(push->signature, sizeof(push->signature), signature);
	push->kind = WECHAT_PUSH_MESSAGE;
	return NULL;
}

static const char *open_post(const struct wechat_push_keys *keys,
			     const struct parameters *parameters, const struct query *query,
			     const char *body, struct wechat_push *push)
{
	const char *type = parameters_text(parameters, "encrypt_type", NONCE_MAX);
	const char *signature = parameters_text(parameters, "msg_signature", WECHAT_SIGNATURE_LEN);
	struct wechat_xml_field encrypt = { .name = "Encrypt" };
	char encrypted[RELAY_PUSH_MAX + 1];

	if (!text_equals(type, "aes") || !signature)
		return N_("it is not encrypted: choose the safe mode (安全模式)");
	if (wechat_xml_read(body, strlen(body), &encrypt, 1) < 0)
		return N_("its body is not the XML that is expected: choose XML, not JSON");
	if (!wechat_xml_copy(&encrypt, encrypted, sizeof(encrypted)))
		return N_("it has no encrypted part");
	return open_signed(keys, query, signature, encrypted, push);
}

void wechat_push_open(const struct wechat_push_keys *keys, const struct login_push *push,
		      int64_t now_s, struct wechat_push *ret_push)
{
	struct parameters parameters = { .n = 0 };
	struct query query;

	*ret_push = (struct wechat_push){ .kind = WECHAT_PUSH_FORGED };
	if (parameters_parse(push->query, RELAY_PUSH_MAX, &parameters) < 0) {
		ret_push->fault = N_("it is not as the vendor's requests are");
		return;
	}
	ret_push->fault = find_fault(keys, &parameters, now_s, &query);
	if (!ret_push->fault)
		ret_push->fault = text_equals(push->method, "GET") ?
			open_check(&parameters, ret_push) :
			open_post(keys, &parameters, &query, push->body, ret_push);
	parameters_done(&parameters);
}

void wechat_push_done(struct wechat_push *push)
{
	secret_free(push->message);
	*push = (struct wechat_push){ .kind = WECHAT_PUSH_FORGED };
}

/* --- events --- */

/* Who was no follower comes with the scene behind a prefix. */
static const char *find_scene(const char *event, const char *key)
{
	static const char prefix[] = "qrscene_";

	if (text_equals(event, "SCAN"))
		return key;
	if (text_equals(event, "subscribe") && text_has_prefix(key, prefix))
		return key + strlen(prefix);
	return NULL;
}

bool wechat_read_event(const struct secret *message, struct wechat_event *ret_event)
{
	enum { TO, FROM, TYPE, EVENT, KEY, N };
	struct wechat_xml_field fields[N] = {
		[TO] = { .name = "ToUserName" },
		[FROM] = { .name = "FromUserName" },
		[TYPE] = { .name = "MsgType" },
		[EVENT] = { .name = "Event" },
		[KEY] = { .name = "EventKey" },
	};
	char texts[N][WECHAT_PUSH_FIELD_MAX + 1];
	const char *scene;

	if (wechat_xml_read(message->data, message->len, fields, N) < 0)
		return false;
	for (size_t i = 0; i < N; i++)
		if (!wechat_xml_copy(&fields[i], texts[i], sizeof(texts[i])))
			return false;
	scene = text_equals(texts[TYPE], "event") ? find_scene(texts[EVENT], texts[KEY]) : NULL;
	if (!scene || !wechat_is_id(texts[FROM]) || !wechat_is_id(texts[TO]))
		return false;
	(void)text_into(ret_event->account, sizeof(ret_event->account), texts[TO]);
	(void)text_into(ret_event->openid, sizeof(ret_event->openid), texts[FROM]);
	(void)text_into(ret_event->scene, sizeof(ret_event->scene), scene);
	return true;
}

/* --- answers --- */

int wechat_push_seal(const struct wechat_push_keys *keys, const struct wechat_sealing *sealing,
		     const struct secret *message, struct buf *ret_body)
{
	struct buf encrypted = BUF_INIT(RELAY_PUSH_MAX);
	char time_text[32], signature[WECHAT_SIGNATURE_LEN + 1];
	int r = -EINVAL;

	(void)snprintf(time_text, sizeof(time_text), "%lld", (long long)sealing->now_s);
	if (sealing->key < WECHAT_PUSH_KEYS_MAX && keys->aes_keys[sealing->key])
		r = wechat_encrypt(keys->aes_keys[sealing->key], keys->app_id, message,
				   sealing->random, &encrypted);
	if (r == 0) {
		const char *parts[] = { keys->token->data, time_text, sealing->nonce,
					buf_text(&encrypted) };

		r = wechat_sign(parts, N_ELEMENTS(parts), signature);
	}
	if (r == 0) {
		buf_add_text(ret_body, "<xml>");
		wechat_xml_add(ret_body, "Encrypt", buf_text(&encrypted));
		wechat_xml_add(ret_body, "MsgSignature", signature);
		wechat_xml_add_number(ret_body, "TimeStamp", sealing->now_s);
		wechat_xml_add(ret_body, "Nonce", sealing->nonce);
		buf_add_text(ret_body, "</xml>");
	}
	buf_done(&encrypted);
	return r == 0 && buf_failed(ret_body) ? -E2BIG : r;
}

/* --- replays --- */

bool wechat_replays_has(const struct wechat_replays *replays, const char *signature)
{
	for (unsigned i = 0; i < WECHAT_PUSH_REPLAYS; i++)
		if (memcmp(replays->signatures[i], signature, WECHAT_SIGNATURE_LEN) == 0)
			return true;
	return false;
}

void wechat_replays_add(struct wechat_replays *replays, const char *signature)
{
	memcpy(replays->signatures[replays->next], signature, WECHAT_SIGNATURE_LEN);
	replays->next = (replays->next + 1) % WECHAT_PUSH_REPLAYS;
}
