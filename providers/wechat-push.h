/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests of WeChat to the message URL of an official account, in safe mode (安全模式): is it WeChat,
 * what does it say, and how is it answered. Pure functions.
 *
 * Of the query, `signature` covers Token, timestamp and nonce only, `msg_signature` the body too;
 * both must be right. The rest of the query, and what stands in the body beside the encrypted part,
 * is anybody's and not looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "providers/provider.h"
#include "providers/wechat-cipher.h"

#define WECHAT_PUSH_KEYS_MAX  2
#define WECHAT_PUSH_WINDOW_S  300        /* how wrong a clock may be */
#define WECHAT_PUSH_FIELD_MAX 128
#define WECHAT_PUSH_REPLAYS   128

struct wechat_push_keys {
	const char *app_id;
	const struct secret *token;
	/* EncodingAESKey, and the one before, which is used for a while after a change; or NULL. */
	const struct secret *aes_keys[WECHAT_PUSH_KEYS_MAX];
};

enum wechat_push_kind {
	WECHAT_PUSH_FORGED,              /* not WeChat, or for somebody else */
	WECHAT_PUSH_CHECK,               /* the message URL is registered: answered with `echo` */
	WECHAT_PUSH_MESSAGE,
};

struct wechat_push {
	enum wechat_push_kind kind;
	const char *fault;               /* of FORGED: a literal marked with N_() */
	char echo[WECHAT_PUSH_FIELD_MAX + 1];            /* of CHECK */
	/* of MESSAGE */
	struct secret *message;          /* decrypted */
	unsigned key;                    /* which of the keys it was */
	char signature[WECHAT_SIGNATURE_LEN + 1];        /* msg_signature: no other push has it */
};

void wechat_push_open(const struct wechat_push_keys *keys, const struct login_push *push,
		      int64_t now_s, struct wechat_push *ret_push);
void wechat_push_done(struct wechat_push *push);

/* An event of somebody with a scene. */
struct wechat_event {
	char account[WECHAT_PUSH_FIELD_MAX + 1];         /* ToUserName, "gh_…" */
	char openid[WECHAT_PUSH_FIELD_MAX + 1];          /* FromUserName */
	char scene[WECHAT_PUSH_FIELD_MAX + 1];
};

/* False: another message or event. Written on success only. */
bool wechat_read_event(const struct secret *message, struct wechat_event *ret_event);

struct wechat_sealing {
	unsigned key;                    /* which of the keys */
	unsigned char random[WECHAT_RANDOM_BYTES];
	int64_t now_s;
	const char *nonce;               /* digits */
};

/* Appends the answer that holds `message`. 0; -EINVAL: no such key; -EIO; -E2BIG. */
int wechat_push_seal(const struct wechat_push_keys *keys, const struct wechat_sealing *sealing,
		     const struct secret *message, struct buf *ret_body);

/* What has had its effect. */
struct wechat_replays {
	char signatures[WECHAT_PUSH_REPLAYS][WECHAT_SIGNATURE_LEN];
	unsigned next;
};

bool wechat_replays_has(const struct wechat_replays *replays, const char *signature);
void wechat_replays_add(struct wechat_replays *replays, const char *signature);
