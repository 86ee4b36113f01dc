/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See account-fixture.h. */
#include "tests/providers/account-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/url.h"
#include "providers/table.h"
#include "providers/wechat-xml.h"

#define SECRETS_MAX 4
#define LINES_MAX   4096

/* --- methods --- */

/* Files with secrets, and the lines that name them. */
struct files {
	char paths[SECRETS_MAX][32];
	size_t n;
};

static void write_secrets(const char *const *secrets, struct files *files, struct buf *lines)
{
	for (; *secrets; secrets++) {
		const char *value = strchr(*secrets, '=') + 1;
		char *path = files->paths[files->n++];
		int fd;

		assert_true(files->n <= SECRETS_MAX);
		(void)snprintf(path, sizeof(files->paths[0]), "/tmp/account-XXXXXX");
		fd = mkstemp(path);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, value, strlen(value)), strlen(value));
		assert_int_equal(close(fd), 0);
		buf_add_format(lines, "%.*s_file = %s\n", (int)(value - 1 - *secrets), *secrets,
			       path);
	}
}

static void remove_secrets(const struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		assert_int_equal(unlink(files->paths[i]), 0);
}

struct fake_method *account_method(const char *section)
{
	static const char *const of_push[] = { "app_secret=" APP_SECRET, "token=" PUSH_TOKEN,
					       "aes_key=" AES_KEY,
					       "aes_key_previous=" AES_KEY_OLD, NULL };
	static const char *const of_relay[] = { "app_secret=" APP_SECRET, NULL };
	struct buf lines = BUF_INIT(LINES_MAX);
	struct files files = { .n = 0 };
	struct fake_method *method;

	buf_add_format(&lines, "app_id = " APP_ID "\n%s", section);
	write_secrets(strstr(section, "mode = push") ? of_push : of_relay, &files, &lines);
	method = fake_method_new(&wechat_official_account_provider, buf_text(&lines));
	remove_secrets(&files);
	buf_done(&lines);
	method->now_s = PUSH_S;
	method->link = (struct login_link){
		.redirect_uri = "https://relay.example.org/cb/wechat",
		.state = STATE,
	};
	return method;
}

char *account_mistakes(const char *section, const char *const *secrets)
{
	struct buf lines = BUF_INIT(LINES_MAX);
	struct files files = { .n = 0 };
	char *mistakes;

	buf_add_text(&lines, section);
	write_secrets(secrets, &files, &lines);
	mistakes = fake_mistakes(&wechat_official_account_provider, buf_text(&lines));
	remove_secrets(&files);
	buf_done(&lines);
	return mistakes;
}

/* --- logins --- */

/* Whatever becomes of a login, what goes to the log has no secret in it. */
void account_ended(const struct login *login, enum fake_end end, int reason)
{
	static const char *const secrets[] = {
		APP_TOKEN, USER_TOKEN, CODE, APP_SECRET, PUSH_TOKEN, AES_KEY, "access_token=",
		"secret=",
	};

	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason,
			 login->detail ? login->detail : "");
	assert_int_equal(login->finished, end != FAKE_RUNNING);
	for (size_t i = 0; login->detail && i < N_ELEMENTS(secrets); i++)
		assert_null(strstr(login->detail, secrets[i]));
}

void account_error(struct login *login, int code)
{
	_cleanup_free_ char *body = text_format("{\"errcode\":%d,\"errmsg\":\"words\"}", code);

	fake_reply_json(login, 200, body);
}

void account_give_token(struct login *login)
{
	assert_true(fake_asks(login, API "cgi-bin/stable_token"));
	fake_reply_json(login, 200, "{\"access_token\":\"" APP_TOKEN "\",\"expires_in\":7200}");
}

/* --- pushes --- */

static const unsigned char random_part[WECHAT_RANDOM_BYTES] = "0123456789abcde";

static void encrypt(const struct push_parts *parts, char ret_text[RELAY_PUSH_MAX + 1])
{
	_cleanup_secret_ struct secret *key = secret_from_text(parts->aes_key);
	_cleanup_secret_ struct secret *message = secret_from_text(parts->message);
	struct buf text = BUF_INIT(RELAY_PUSH_MAX);

	assert_int_equal(wechat_encrypt(key, parts->app_id, message, random_part, &text), 0);
	assert_true(text_into(ret_text, RELAY_PUSH_MAX + 1, buf_text(&text)));
	buf_done(&text);
}

static void add_post(const struct push_parts *parts, const char *timestamp, struct buf *query,
		     struct buf *body)
{
	char encrypted[RELAY_PUSH_MAX + 1], signature[WECHAT_SIGNATURE_LEN + 1];
	const char *signed_parts[] = { parts->token, timestamp, parts->nonce, encrypted };

	encrypt(parts, encrypted);
	assert_int_equal(wechat_sign(signed_parts, N_ELEMENTS(signed_parts), signature), 0);
	form_add(query, "openid", "somebody-else");
	form_add(query, "encrypt_type", "aes");
	form_add(query, "msg_signature", signature);
	buf_add_text(body, "<xml>");
	wechat_xml_add(body, "ToUserName", ACCOUNT_ID);
	wechat_xml_add(body, "Encrypt", encrypted);
	buf_add_text(body, "</xml>");
}

static struct push_parts complete(const struct push_parts *given)
{
	struct push_parts parts = *given;

	parts.app_id = parts.app_id ? parts.app_id : APP_ID;
	parts.token = parts.token ? parts.token : PUSH_TOKEN;
	parts.aes_key = parts.aes_key ? parts.aes_key : AES_KEY;
	parts.nonce = parts.nonce ? parts.nonce : "1372623149";
	parts.now_s = parts.now_s ? parts.now_s : PUSH_S;
	parts.method = parts.method ? parts.method : parts.message ? "POST" : "GET";
	return parts;
}

void push_make(const struct push_parts *given, struct push_text *ret_text)
{
	const struct push_parts parts = complete(given);
	_cleanup_free_ char *timestamp = text_format("%lld", (long long)parts.now_s);
	const char *signed_parts[] = { parts.token, timestamp, parts.nonce };
	struct buf query = BUF_INIT(RELAY_PUSH_MAX), body = BUF_INIT(RELAY_PUSH_MAX);
	char signature[WECHAT_SIGNATURE_LEN + 1];

	assert_int_equal(wechat_sign(signed_parts, N_ELEMENTS(signed_parts), signature), 0);
	form_add(&query, "signature", signature);
	form_add(&query, "timestamp", timestamp);
	form_add(&query, "nonce", parts.nonce);
	if (parts.message)
		add_post(&parts, timestamp, &query, &body);
	else
		form_add(&query, "echostr", "4375120948345356249");
	assert_false(buf_failed(&query) || buf_failed(&body));
	assert_true(text_into(ret_text->query, sizeof(ret_text->query), buf_text(&query)));
	assert_true(text_into(ret_text->body, sizeof(ret_text->body), buf_text(&body)));
	ret_text->push = (struct login_push){ parts.method, ret_text->query, ret_text->body };
	buf_done(&query);
	buf_done(&body);
}

char *push_event(const char *event, const char *key)
{
	return text_format("<xml><ToUserName><![CDATA[" ACCOUNT_ID "]]></ToUserName>"
			   "<FromUserName><![CDATA[" OPENID "]]></FromUserName>"
			   "<CreateTime>1760000000</CreateTime><MsgType><![CDATA[event]]></MsgType>"
			   "<Event><![CDATA[%s]]></Event><EventKey><![CDATA[%s]]></EventKey>"
			   "<Ticket><![CDATA[TICKET]]></Ticket></xml>", event, key);
}

struct secret *push_open_answer(const char *answer, const char *aes_key)
{
	enum { ENCRYPT, SIGNATURE, TIME, NONCE, N };
	struct wechat_xml_field fields[N] = {
		{ .name = "Encrypt" }, { .name = "MsgSignature" }, { .name = "TimeStamp" },
		{ .name = "Nonce" },
	};
	_cleanup_secret_ struct secret *key = secret_from_text(aes_key);
	char texts[N][RELAY_PUSH_MAX + 1];
	const char *parts[] = { PUSH_TOKEN, texts[TIME], texts[NONCE], texts[ENCRYPT] };
	struct secret *message;

	assert_non_null(answer);
	assert_int_equal(wechat_xml_read(answer, strlen(answer), fields, N), 0);
	for (size_t i = 0; i < N; i++)
		assert_true(wechat_xml_copy(&fields[i], texts[i], sizeof(texts[i])));
	assert_true(wechat_is_signed(texts[SIGNATURE], parts, N_ELEMENTS(parts)));
	message = wechat_decrypt(key, APP_ID, texts[ENCRYPT]);
	assert_non_null(message);
	return message;
}
