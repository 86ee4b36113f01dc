/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests to an official account's message URL. The first byte chooses what the rest is:
 *   0  a query, then a line break, then a body, as it came
 *   1  the bytes that come out of the decryption
 *   2  a message that was signed and encrypted
 *   3  XML
 *   4  a reply of cgi-bin/user/info and of cgi-bin/qrcode/create
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "providers/wechat-account-reply.h"
#include "providers/wechat-push.h"
#include "providers/wechat-xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define APP_ID  "wx0123456789abcdef"
#define TOKEN   "jauthdTestToken"
#define AES_KEY "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
#define NOW_S   1760000000

static void expect(bool is_so)
{
	if (!is_so)
		abort();
}

static void open_request(const char *query, const char *body)
{
	_cleanup_secret_ struct secret *token = secret_from_text(TOKEN);
	_cleanup_secret_ struct secret *key = secret_from_text(AES_KEY);
	const struct wechat_push_keys keys = { APP_ID, token, { key, NULL } };
	const char *const methods[] = { "GET", "POST" };

	for (size_t i = 0; i < N_ELEMENTS(methods); i++) {
		const struct login_push push = { methods[i], query, body };
		struct wechat_push opened;

		wechat_push_open(&keys, &push, NOW_S, &opened);
		expect((opened.kind == WECHAT_PUSH_FORGED) == (opened.fault != NULL));
		expect((opened.kind == WECHAT_PUSH_MESSAGE) == (opened.message != NULL));
		expect((opened.kind == WECHAT_PUSH_CHECK) == (opened.echo[0] != '\0'));
		expect(!opened.echo[0] ||
		       text_is_printable_ascii(opened.echo, WECHAT_PUSH_FIELD_MAX));
		wechat_push_done(&opened);
	}
}

static void try_request(const char *text)
{
	char *query = text_copy(text), *body = strchr(query, '\n');

	if (body)
		*body++ = '\0';
	open_request(query, body ? body : "");
	free(query);
}

static void try_plain(const uint8_t *data, size_t size)
{
	_cleanup_secret_ struct secret *key = secret_from_text(AES_KEY);
	static const unsigned char bytes[] = {
		0x69, 0xb7, 0x1d, 0x79, 0xf8, 0x21, 0x8a, 0x39, 0x25, 0x9a, 0x7a, 0x29, 0xaa, 0xbb,
		0x2d, 0xba, 0xfc, 0x31, 0xcb, 0x3d, 0x35, 0xdb, 0x7e, 0x39, 0xeb, 0xbf, 0x3d, 0x00,
		0x10, 0x83, 0x10, 0x51,
	};
	struct buf hidden = BUF_INIT(WECHAT_CIPHER_MAX), text = BUF_INIT(2 * WECHAT_CIPHER_MAX);
	struct secret *message = NULL;
	struct cbc_key cbc;

	memcpy(cbc.key, bytes, sizeof(cbc.key));
	memcpy(cbc.start, bytes, sizeof(cbc.start));
	if (crypto_cbc_encrypt(&cbc, data, size - size % AES_BLOCK_BYTES, &hidden) == 0) {
		base64_add(&text, hidden.data, hidden.len);
		message = wechat_decrypt(key, APP_ID, buf_text(&text));
	}
	expect(!message || message->len + 20 + strlen(APP_ID) < size);
	secret_free(message);
	buf_done(&hidden);
	buf_done(&text);
}

/* What was written is read again, and an event is bounded. */
static void try_message(const uint8_t *data, size_t size)
{
	_cleanup_secret_ struct secret *key = secret_from_text(AES_KEY);
	_cleanup_secret_ struct secret *message = secret_new(data, size), *back = NULL;
	struct buf text = BUF_INIT(2 * WECHAT_CIPHER_MAX);
	struct wechat_event event = { .scene = "" };

	if (wechat_encrypt(key, APP_ID, message, (const unsigned char *)"0123456789abcdef",
			   &text) == 0) {
		back = wechat_decrypt(key, APP_ID, buf_text(&text));
		expect(back && secret_equals(back, data, size));
	}
	if (wechat_read_event(message, &event))
		expect(text_is_printable_ascii(event.openid, WECHAT_PUSH_FIELD_MAX) &&
		       text_is_printable_ascii(event.account, WECHAT_PUSH_FIELD_MAX) &&
		       text_is_line(event.scene, strlen(event.scene)));
	else
		expect(!event.scene[0]);
	buf_done(&text);
}

static void try_xml(const char *text, size_t len)
{
	struct wechat_xml_field fields[] = { { .name = "Encrypt" }, { .name = "Event" } };
	bool is_good = wechat_xml_read(text, len, fields, N_ELEMENTS(fields)) == 0;
	char copy[16];

	for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
		expect(is_good || !fields[i].text);
		if (!fields[i].text)
			continue;
		expect(fields[i].text > text && fields[i].text + fields[i].len < text + len);
		if (wechat_xml_copy(&fields[i], copy, sizeof(copy)))
			expect(strlen(copy) == fields[i].len);
	}
}

static void try_replies(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200,
				    .content_type = "application/json" };
	struct wechat_person person = { .openid = "oTestOpenId0000000000000001" };
	struct wechat_follower follower = { .n_tags = 0 };
	char qr[WECHAT_QR_MAX + 1] = "";
	struct api_result result;

	reply.body = secret_new(data, size);
	wechat_read_follower(&reply, &person, &follower, &result);
	expect(follower.n_tags <= IDENTITY_GROUPS_MAX);
	expect(result.class == API_GOOD || (!follower.is_follower && !person.unionid[0]));
	expect(!person.unionid[0] || wechat_is_id(person.unionid));
	wechat_read_qr(&reply, qr, &result);
	expect((result.class == API_GOOD) == (qr[0] != '\0'));
	http_reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1 || size > RELAY_PUSH_MAX)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	if (!text)
		return 0;
	switch (data[0] % 5) {
	case 0:
		try_request(text);
		break;
	case 1:
		try_plain(data + 1, size - 1);
		break;
	case 2:
		try_message(data + 1, size - 1);
		break;
	case 3:
		try_xml((const char *)data + 1, size - 1);
		break;
	case 4:
		try_replies(data + 1, size - 1);
		break;
	}
	free(text);
	return 0;
}
