/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in by a code of the account (doc/service api/qrcode): who scans it and follows the
 * account, or does already, makes the vendor push an event with the code's scene.
 *
 * state      waits for                        next
 * IDLE       -                                start → DRAWING
 * DRAWING    cgi-bin/qrcode/create            the code is shown → LISTENING
 * LISTENING  an event with this login's scene TAKEN
 * TAKEN      cgi-bin/user/info                follows → identified
 *
 * Nobody is asked anything by the vendor. So the answer to that very push is where the core's text
 * goes to, with the digits, as a message of the account: `deliver`. The vendor waits 5 s for it.
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "providers/wechat-account.h"
#include "providers/wechat-xml.h"

#define NONCE_SIZE 11
#define XML_MAX    (ACCOUNT_CONTENT_MAX + 512)

/* What ends a push that has no other answer. */
static const char success[] = "success";

static struct wechat_push_keys keys_of(const struct account_config *config)
{
	return (struct wechat_push_keys){
		.app_id = config->app.id,
		.token = config->token,
		.aes_keys = { config->aes_key, config->aes_key_previous },
	};
}

/* --- the code --- */

static void has_qr(struct login *login)
{
	struct account_login *own = login_own(login);
	const struct login_code code = {
		.link = own->qr,
		.text = login_text(login, N_("Scan with WeChat. The account writes to you there.")),
	};

	own->state = ACCOUNT_LISTENING;
	login_show_code(login, &code);
}

void account_push_start(struct login *login)
{
	const struct account_config *config = login_config(login);
	struct account_login *own = login_own(login);

	if (!account_make_scene(login))
		return;
	own->state = ACCOUNT_DRAWING;
	login_listen(login, config->app.id);
	account_create_qr(login, has_qr);
}

/* --- the event --- */

static void has_follower(struct login *login)
{
	const struct account_login *own = login_own(login);

	if (!own->follower.is_follower)
		login_deny(login, DENY_REFUSED, "has stopped to follow the account meanwhile");
	else if (login_now_ms(login) - own->taken_ms > ACCOUNT_ANSWER_MS)
		login_fail(login, FAIL_NETWORK,
			   "cgi-bin/user/info: too late for an answer to the vendor's push");
	else
		account_identify(login);
}

/* There is no time for another try. */
static void read_user_info(struct login *login, const struct http_reply *reply,
			   struct api_result *ret_result)
{
	account_read_user_info(login, reply, ret_result);
	if (ret_result->class == API_AGAIN)
		ret_result->class = API_FAILED;
}

static const struct api_call user_info = {
	.vendor = &account_vendor,
	.make = account_make_user_info,
	.read = read_user_info,
	.next = has_follower,
};

static bool is_own_event(struct login *login, const struct wechat_event *event)
{
	const struct account_config *config = login_config(login);
	const struct account_login *own = login_own(login);

	return (own->state == ACCOUNT_LISTENING || own->state == ACCOUNT_TAKEN) &&
	       (!config->original_id || text_equals(event->account, config->original_id)) &&
	       strlen(event->scene) == ACCOUNT_SCENE_LEN &&
	       crypto_equals(event->scene, own->scene, ACCOUNT_SCENE_LEN);
}

static enum push_verdict answer_success(struct login *login)
{
	login_answer_push(login, success);
	return PUSH_ANSWERED;
}

static enum push_verdict take_event(struct login *login, const struct wechat_event *event,
				    const char *signature)
{
	struct account_shared *shared = login_shared(login);
	struct account_login *own = login_own(login);

	wechat_replays_add(&shared->replays, signature);
	(void)text_into(own->person.openid, sizeof(own->person.openid), event->openid);
	own->state = ACCOUNT_TAKEN;
	own->taken_ms = login_now_ms(login);
	api_start(login, &user_info);
	return PUSH_TAKEN;
}

/* The vendor repeats what it got no answer to, signed anew or not; others may repeat it too. */
static enum push_verdict take_message(struct login *login, const struct wechat_push *push)
{
	const struct account_shared *shared = login_shared(login);
	const struct account_login *own = login_own(login);
	struct wechat_event event;

	if (wechat_replays_has(&shared->replays, push->signature))
		return answer_success(login);
	if (!wechat_read_event(push->message, &event) || !is_own_event(login, &event))
		return PUSH_FOREIGN;
	if (own->state == ACCOUNT_TAKEN)
		return answer_success(login);
	return take_event(login, &event, push->signature);
}

enum push_verdict account_push_pushed(struct login *login, const struct login_push *push)
{
	const struct wechat_push_keys keys = keys_of(login_config(login));
	struct account_login *own = login_own(login);
	enum push_verdict verdict = PUSH_FORGED;
	struct wechat_push opened;

	wechat_push_open(&keys, push, login_now_s(login), &opened);
	own->was_pushed |= opened.kind != WECHAT_PUSH_FORGED;
	switch (opened.kind) {
	case WECHAT_PUSH_FORGED:
		own->fault = opened.fault;
		break;
	case WECHAT_PUSH_CHECK:
		login_answer_push(login, opened.echo);
		verdict = PUSH_ANSWERED;
		break;
	case WECHAT_PUSH_MESSAGE:
		verdict = take_message(login, &opened);
		break;
	}
	wechat_push_done(&opened);
	return verdict;
}

/* --- the answer --- */

/* In messages <a> makes a link: somebody else's words, such as a user name, shall not make one. */
static void add_content(struct buf *content, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			buf_add_text(content, "＜");
		else if (*text == '>')
			buf_add_text(content, "＞");
		else if ((unsigned char)*text < ' ' && *text != '\n')
			buf_add_char(content, ' ');
		else
			buf_add_char(content, *text);
	}
}

/* NULL: too long. The vendor would cut off the end, and the digits could stand there. */
static struct secret *make_message(struct login *login, const struct wechat_event *event,
				   const char *text)
{
	struct buf content = BUF_INIT_SECRET(ACCOUNT_CONTENT_MAX), xml = BUF_INIT_SECRET(XML_MAX);
	struct secret *message = NULL;

	add_content(&content, text);
	if (!buf_failed(&content)) {
		buf_add_text(&xml, "<xml>");
		wechat_xml_add(&xml, "ToUserName", event->openid);
		wechat_xml_add(&xml, "FromUserName", event->account);
		wechat_xml_add_number(&xml, "CreateTime", login_now_s(login));
		wechat_xml_add(&xml, "MsgType", "text");
		wechat_xml_add(&xml, "Content", buf_text(&content));
		buf_add_text(&xml, "</xml>");
	}
	if (!buf_failed(&content) && !buf_failed(&xml))
		message = secret_new(xml.data, xml.len);
	buf_done(&content);
	buf_done(&xml);
	return message;
}

/* By the key that the push came with: the vendor goes on with an old one for a while. */
static int answer(struct login *login, unsigned key, const struct secret *message)
{
	const struct wechat_push_keys keys = keys_of(login_config(login));
	struct wechat_sealing sealing = { .key = key, .now_s = login_now_s(login) };
	struct buf body = BUF_INIT(RELAY_PUSH_MAX);
	char nonce[NONCE_SIZE];
	uint32_t number;
	int r;

	r = random_bytes(sealing.random, sizeof(sealing.random));
	if (r == 0)
		r = random_bytes(&number, sizeof(number));
	if (r == 0) {
		(void)snprintf(nonce, sizeof(nonce), "%u", number);
		sealing.nonce = nonce;
		r = wechat_push_seal(&keys, &sealing, message, &body);
	}
	if (r == 0)
		login_answer_push(login, buf_text(&body));
	buf_done(&body);
	return r;
}

static void deliver(struct login *login, const struct wechat_push *push, const char *text)
{
	_cleanup_secret_ struct secret *message = NULL;
	struct wechat_event event;

	if (push->kind == WECHAT_PUSH_MESSAGE && wechat_read_event(push->message, &event))
		message = make_message(login, &event, text);
	if (message && answer(login, push->key, message) == 0)
		login_done(login);
	else
		login_fail(login, FAIL_PROVIDER,
			   "the push cannot be answered, or the text is too long");
}

void account_push_deliver(struct login *login, const struct login_delivery *delivery)
{
	const struct wechat_push_keys keys = keys_of(login_config(login));
	struct wechat_push opened;

	if (!delivery->push || !text_is_utf8(delivery->text, strlen(delivery->text))) {
		login_fail(login, FAIL_PROVIDER, "no push to answer, or no text for it");
		return;
	}
	wechat_push_open(&keys, delivery->push, login_now_s(login), &opened);
	deliver(login, &opened, delivery->text);
	wechat_push_done(&opened);
}
