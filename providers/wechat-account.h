/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the login type `wechat-official-account` share: wechat-account.c logs in over
 * the relay, wechat-account-push.c by what the vendor pushes, wechat-account-test.c tries the
 * set-up, wechat-account-calls.c makes the calls of all, wechat-account-type.c has the keys.
 */
#pragma once

#include "providers/api-call.h"
#include "providers/provider.h"
#include "providers/wechat-account-reply.h"
#include "providers/wechat-push.h"
#include "providers/wechat-request.h"

#define ACCOUNT_SCENE_PREFIX  "jl_"
#define ACCOUNT_SCENE_BYTES   16
#define ACCOUNT_SCENE_LEN     (sizeof(ACCOUNT_SCENE_PREFIX) - 1 + 2 * ACCOUNT_SCENE_BYTES)
#define ACCOUNT_LOOK_MS       3000       /* between two questions whether somebody follows now */
#define ACCOUNT_LOST_MAX      3          /* of these, in a row, without an answer */
#define ACCOUNT_CALL_MS       2000       /* one call while the vendor waits for an answer, */
#define ACCOUNT_ANSWER_MS     3500       /* and all of them: it waits 5 s, the relay 4.5 */
#define ACCOUNT_CONTENT_MAX   2048       /* bytes of an answer that the vendor shows */
#define ACCOUNT_ROUNDS_MAX    5          /* prompts of a test */

enum account_mode {
	ACCOUNT_MODE_RELAY,
	ACCOUNT_MODE_PUSH,
};

enum account_scope {
	ACCOUNT_SCOPE_USERINFO,
	ACCOUNT_SCOPE_BASE,
};

struct account_config {
	struct wechat_app app;
	int mode;                        /* enum account_mode */
	char *open_url;
	/* ACCOUNT_MODE_RELAY */
	int scope;                       /* enum account_scope */
	bool require_follow;
	/* ACCOUNT_MODE_PUSH */
	struct secret *token, *aes_key, *aes_key_previous;
	char *original_id;               /* NULL: not compared */
};

/* Kept per method between logins. */
struct account_shared {
	struct api_shared api;
	struct wechat_replays replays;
};

enum account_state {
	ACCOUNT_IDLE,
	/* of wechat-account.c */
	ACCOUNT_REDIRECTED,
	ACCOUNT_ASKING,
	ACCOUNT_FOLLOWING,
	/* of wechat-account-push.c */
	ACCOUNT_DRAWING,
	ACCOUNT_LISTENING,
	ACCOUNT_TAKEN,
	/* of wechat-account-test.c */
	ACCOUNT_TESTING,
};

/* Kept per login. */
struct account_login {
	struct api_login api;
	enum account_state state;
	struct secret *code;
	struct wechat_person person;
	struct wechat_follower follower;
	char scene[ACCOUNT_SCENE_LEN + 1];
	char qr[WECHAT_QR_MAX + 1];
	void (*has_qr)(struct login *login);
	uint32_t timer;                  /* ACCOUNT_FOLLOWING */
	unsigned n_lost;
	int64_t taken_ms;
	bool was_pushed;                 /* a push came that was right, */
	const char *fault;               /* or one that was not */
	unsigned n_rounds;               /* wechat-account-test.c */
};

/* wechat-account-calls.c */

extern const struct api_vendor account_vendor;

struct http_request *account_token_request(struct login *login);
/* A scene of this login's own; false: the login has ended. */
bool account_make_scene(struct login *login);
/* A code of the account that holds the scene → qr. */
void account_create_qr(struct login *login, void (*next)(struct login *login));
/* Who is this for the account → follower. */
struct http_request *account_make_user_info(struct login *login, const struct secret *token);
void account_read_user_info(struct login *login, const struct http_reply *reply,
			    struct api_result *ret_result);
/* Ends the login. */
void account_identify(struct login *login);

/* wechat-account.c */

void account_relay_start(struct login *login);
void account_relay_callback(struct login *login, const struct parameters *parameters);
/* Enter below the code, or the timer. */
void account_relay_look(struct login *login);

/* wechat-account-push.c */

void account_push_start(struct login *login);
enum push_verdict account_push_pushed(struct login *login, const struct login_push *push);
void account_push_deliver(struct login *login, const struct login_delivery *delivery);

/* wechat-account-test.c */

void account_test(struct login *login);
void account_test_answer(struct login *login);
