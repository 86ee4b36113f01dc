/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pushes of WeChat: signatures, encryption, XML, and all that is refused. Vectors marked "vendor"
 * are of doc/oplatform developers/dev/push; the others were made by another implementation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/url.h"
#include "providers/wechat-xml.h"
#include "tests/providers/account-fixture.h"

#define VECTOR_ENCRYPT \
	"Q3stYC6hdFzMh9T8HCvyDBqIon/HaF+b0Ly71Sp+CMxIIXPHLapws2pJj7zEtmQtK+JFh5JEgUEwOqxU5SLbbSZr" \
	"E1LEu//dPRfRZH6N6m4/igTO2RxLiOaR0JBnHJs10WRpGMKvgVY4NWkavzvWkL0Bs7R8Omhf3ItiOZGP3aW9comN" \
	"AkcjA4WPN/Q94yP6of1wERitzPXFVfr9muS4DD7sQCEs4yecB3awc7/Zrf2k4wcI7u/joP57ATzi5F5jFmSusEhw" \
	"BFPXuFu0A8C0IuouKawnBn0OLhuLIB0ATo2rEppcMsqvUVkyxCt/El/+rNbMR7ggrfgOZ8zup7os6MSIV6xd1RsX" \
	"trxvepDsQ0yL/bTwBwADU3pxogPHISEK1xCCjrLQBRnMEg1TrTJPMZfN2PXMLOkODbr30IUaRA3KxaRHiIWwA3cQ" \
	"mE+68dQz+6eeR0Dr+P+sW9kYnTsyFA=="
#define VECTOR_MESSAGE \
	"<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>" \
	"<FromUserName><![CDATA[oTestOpenId0000000000000001]]></FromUserName>" \
	"<CreateTime>1760000000</CreateTime><MsgType><![CDATA[event]]></MsgType>" \
	"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[jl_7Qm2]]></EventKey>" \
	"<Ticket><![CDATA[TICKET]]></Ticket></xml>"
#define VECTOR_SIGNATURE "8f00f6691e3396532158dc5f1cfad1eb22147ef5"
#define PLAIN_SIGNATURE  "a50a1eefb7f12589d481d0231fe73a99959bded7"
#define VECTOR_QUERY \
	"signature=" PLAIN_SIGNATURE "&timestamp=1760000000&nonce=1372623149&openid=o" \
	"&encrypt_type=aes&msg_signature=" VECTOR_SIGNATURE
#define VECTOR_BODY \
	"<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>" \
	"<Encrypt><![CDATA[" VECTOR_ENCRYPT "]]></Encrypt></xml>"

/* --- signatures --- */

static void signatures_match_their_vectors(void **state UNUSED)
{
	static const struct {
		const char *parts[WECHAT_SIGNED_PARTS_MAX];
		size_t n;
		const char *signature;
	} rows[] = {
		/* vendor */
		{ { "AAAAA", "1714037059", "486452656" }, 3,
		  "899cf89e464efb63f54ddac96b0a0a235f53aa78" },
		{ { PUSH_TOKEN, "1760000000", "1372623149" }, 3, PLAIN_SIGNATURE },
		{ { "1372623149", PUSH_TOKEN, "1760000000" }, 3, PLAIN_SIGNATURE },
		{ { PUSH_TOKEN, "1760000000", "1372623149", VECTOR_ENCRYPT }, 4, VECTOR_SIGNATURE },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char signature[WECHAT_SIGNATURE_LEN + 1];

		assert_int_equal(wechat_sign(rows[i].parts, rows[i].n, signature), 0);
		assert_string_equal(signature, rows[i].signature);
		assert_true(wechat_is_signed(rows[i].signature, rows[i].parts, rows[i].n));
		signature[0] ^= 1;
		assert_false(wechat_is_signed(signature, rows[i].parts, rows[i].n));
		assert_false(wechat_is_signed("", rows[i].parts, rows[i].n));
		signature[0] ^= 1;
		signature[WECHAT_SIGNATURE_LEN - 1] = '\0';
		assert_false(wechat_is_signed(signature, rows[i].parts, rows[i].n));
	}
}

/* --- encryption --- */

static void encryption_matches_its_vector(void **state UNUSED)
{
	static const unsigned char random[] = "0123456789abcdef";
	_cleanup_secret_ struct secret *key = secret_from_text(AES_KEY);
	_cleanup_secret_ struct secret *message = secret_from_text(VECTOR_MESSAGE);
	_cleanup_secret_ struct secret *back = wechat_decrypt(key, APP_ID, VECTOR_ENCRYPT);
	struct buf text = BUF_INIT(RELAY_PUSH_MAX);

	assert_int_equal(message->len, 308);
	assert_non_null(back);
	assert_true(secret_equals(back, VECTOR_MESSAGE, 308));
	assert_int_equal(wechat_encrypt(key, APP_ID, message, random, &text), 0);
	assert_string_equal(buf_text(&text), VECTOR_ENCRYPT);
	buf_done(&text);
}

/* The last character has two bits that are not of the key. */
static void a_key_is_43_characters_whose_last_bits_do_not_matter(void **state UNUSED)
{
	static const struct {
		const char *key;
		bool is_key, opens;
	} rows[] = {
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE", true, true },
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFF", true, true },
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFH", true, true },
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFI", true, false },
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF9", true, false },
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF", false, false },
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG=", false, false },
		{ "abcdefghijklmnopqrstuvwxyz0123456789ABCDE+G", false, false },
		{ "", false, false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_secret_ struct secret *key = secret_from_text(rows[i].key);
		_cleanup_secret_ struct secret *message = wechat_decrypt(key, APP_ID,
									 VECTOR_ENCRYPT);

		assert_int_equal(wechat_is_aes_key(key), rows[i].is_key);
		assert_int_equal(message != NULL, rows[i].opens);
	}
}

static struct buf cipher_of(const void *plain, size_t len)
{
	static const unsigned char bytes[] = {
		0x69, 0xb7, 0x1d, 0x79, 0xf8, 0x21, 0x8a, 0x39, 0x25, 0x9a, 0x7a, 0x29, 0xaa, 0xbb,
		0x2d, 0xba, 0xfc, 0x31, 0xcb, 0x3d, 0x35, 0xdb, 0x7e, 0x39, 0xeb, 0xbf, 0x3d, 0x00,
		0x10, 0x83, 0x10, 0x51,
	};
	struct buf hidden = BUF_INIT(RELAY_PUSH_MAX), text = BUF_INIT(RELAY_PUSH_MAX);
	struct cbc_key key;

	memcpy(key.key, bytes, sizeof(key.key));
	memcpy(key.start, bytes, sizeof(key.start));
	assert_int_equal(crypto_cbc_encrypt(&key, plain, len, &hidden), 0);
	base64_add(&text, hidden.data, hidden.len);
	buf_done(&hidden);
	return text;
}

/* What is inside: 16 random bytes, a length, "hello", whose it is, padding. */
static void every_byte_inside_must_be_right(void **state UNUSED)
{
#define HEAD      "0123456789abcdef"
#define RIGHT     HEAD "\0\0\0\5hello" APP_ID
#define THIRTY_SEVEN "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"
	static const struct {
		const char *plain;
		size_t len;
		bool is_right;
	} rows[] = {
#define ROW(text, is_right) { text, sizeof(text) - 1, is_right }
		ROW(RIGHT "\25\25\25\25\25\25\25\25\25\25\25\25\25\25\25\25\25\25\25\25\25", true),
		ROW(RIGHT "\5\5\5\5\5", true),
		/* padding: none, too much, not all of it, more than there is */
		ROW(RIGHT "\0\0\0\0\0", false),
		ROW(RIGHT "\5\5\5\4\5", false),
		ROW(RIGHT "\4\4\4\4\4", false),
		ROW(RIGHT "\6\6\6\6\6", false),
		ROW(RIGHT "\5\5\5\5\41", false),
		ROW(RIGHT THIRTY_SEVEN, false),
		ROW("\40\40\40\40\40\40\40\40\40\40\40\40\40\40\40\40", false),
		ROW("\20\20\20\20\20\20\20\20\20\20\20\20\20\20\20\20", false),
		/* length */
		ROW(HEAD "\0\0\0\4hello" APP_ID "\5\5\5\5\5", false),
		ROW(HEAD "\0\0\0\6hello" APP_ID "\5\5\5\5\5", false),
		ROW(HEAD "\377\377\377\377hello" APP_ID "\5\5\5\5\5", false),
		ROW(HEAD "\200\0\0\5hello" APP_ID "\5\5\5\5\5", false),
		ROW(HEAD "\0\0\0\0hello" APP_ID "\5\5\5\5\5", false),
		ROW(HEAD "\0\0\0\27hello" APP_ID "\5\5\5\5\5", false),
		/* whose it is */
		ROW(HEAD "\0\0\0\5hellowx0123456789abcdee\5\5\5\5\5", false),
		ROW(HEAD "\0\0\0\5helloWX0123456789abcdef\5\5\5\5\5", false),
		ROW(HEAD "\0\0\0\5hellowx0123456789abcde\6\6\6\6\6\6", false),
		ROW(HEAD "\0\0\0\5hellowx0123456789abcdeff\4\4\4\4", false),
		ROW(HEAD "\0\0\0\5hello" "\7\7\7\7\7\7\7", false),
		/* too short for a head */
		ROW("0123456789abcde\1", false),
		ROW(HEAD "\0\0\0" "\15\15\15\15\15\15\15\15\15\15\15\15\15", false),
		ROW("", false),
#undef ROW
	};
	_cleanup_secret_ struct secret *key = secret_from_text(AES_KEY);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf text = cipher_of(rows[i].plain, rows[i].len);
		_cleanup_secret_ struct secret *message = wechat_decrypt(key, APP_ID,
									 buf_text(&text));

		if ((message != NULL) != rows[i].is_right)
			fail_msg("row %zu", i);
		if (message)
			assert_true(secret_equals(message, "hello", 5));
		buf_done(&text);
	}
}

static void what_is_no_base64_is_not_decrypted(void **state UNUSED)
{
	static const char *const texts[] = {
		"", "=", "Q3stYC6hdFzMh9T8HCvyDA=", "Q3stYC6hdFzMh9T8HCvyDBqIon", "Q3st YC6h",
		"Q3stYC6hdFzMh9T8HCvyDA==\n", "Q3stYC6hdFzMh9T8HCvyDB==", "QUJD",
	};
	_cleanup_secret_ struct secret *key = secret_from_text(AES_KEY);

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		assert_null(wechat_decrypt(key, APP_ID, texts[i]));
}

static void a_cut_message_does_not_decrypt(void **state UNUSED)
{
	_cleanup_secret_ struct secret *key = secret_from_text(AES_KEY);
	char text[] = VECTOR_ENCRYPT;

	for (size_t len = strlen(text); len-- > 0;) {
		text[len] = '\0';
		assert_null(wechat_decrypt(key, APP_ID, text));
	}
}

/* --- XML --- */

static void xml_is_elements_with_texts(void **state UNUSED)
{
	static const struct {
		const char *xml;
		const char *a, *b;       /* NULL: there is none */
	} rows[] = {
		{ "<xml></xml>", NULL, NULL },
		{ "<xml><A>1</A></xml>", "1", NULL },
		{ " <xml>\n <A>1</A>\r\n\t<B><![CDATA[two]]></B> </xml>\n", "1", "two" },
		{ "<xml><B></B><A><![CDATA[]]></A></xml>", "", "" },
		{ "<xml><A><![CDATA[<B>x</B>&amp;]]></A></xml>", "<B>x</B>&amp;", NULL },
		{ "<xml><A><![CDATA[<![CDATA[]]></A></xml>", "<![CDATA[", NULL },
		{ "<xml><C>1</C><C>2</C><A>3</A></xml>", "3", NULL },
		{ "<xml><AB>1</AB><a>2</a></xml>", NULL, NULL },
		{ "<xml><A>张三 </A></xml>", "张三 ", NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct wechat_xml_field fields[] = { { .name = "A" }, { .name = "B" } };
		const char *expected[] = { rows[i].a, rows[i].b };

		if (wechat_xml_read(rows[i].xml, strlen(rows[i].xml), fields, 2) < 0)
			fail_msg("%s", rows[i].xml);
		for (size_t k = 0; k < 2; k++) {
			assert_int_equal(fields[k].text != NULL, expected[k] != NULL);
			if (!expected[k])
				continue;
			assert_int_equal(fields[k].len, strlen(expected[k]));
			assert_memory_equal(fields[k].text, expected[k], fields[k].len);
		}
	}
}

static void all_else_of_xml_is_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"", "xml", "<xml>", "<xml/>", "<XML></XML>", "<xml></XML>",
		"<xml></xml><xml></xml>", "<xml></xml>x", "x<xml></xml>", "<xml>x</xml>",
		"<xml ></xml>", "<xml a=\"b\"></xml>",
		/* declarations, document types, entities, comments, instructions */
		"<?xml version=\"1.0\"?><xml><A>1</A></xml>",
		"<!DOCTYPE xml><xml><A>1</A></xml>",
		"<!DOCTYPE xml [<!ENTITY e SYSTEM \"file:///etc/shadow\">]><xml><A>&e;</A></xml>",
		"<xml><A>&e;</A></xml>", "<xml><A>&amp;</A></xml>", "<xml><A>&#65;</A></xml>",
		"<xml><!-- --><A>1</A></xml>", "<xml><A>1<!-- --></A></xml>",
		"<xml><?a?><A>1</A></xml>",
		/* elements that are not as they should be */
		"<xml><A>1</B></xml>", "<xml><A>1</A></xml", "<xml><A>1<A></xml>",
		"<xml><A>1</xml>",
		"<xml><A/></xml>", "<xml><A b=\"c\">1</A></xml>", "<xml><A >1</A></xml>",
		"<xml><A>1</A ></xml>", "<xml><>1</></xml>", "<xml><A><C>1</C></A></xml>",
		"<xml><C><A>1</A></C></xml>", "<xml><A>1</A>text</xml>", "<xml><n:A>1</n:A></xml>",
		/* twice */
		"<xml><A>1</A><A>1</A></xml>", "<xml><A>1</A><A><![CDATA[2]]></A></xml>",
		"<xml><A></A><A>2</A></xml>",
		/* CDATA */
		"<xml><A><![CDATA[1</A></xml>", "<xml><A><![CDATA[1]]</A></xml>",
		"<xml><A><![CDATA[1]]>2</A></xml>", "<xml><A>1<![CDATA[2]]></A></xml>",
		"<xml><A><![CDATA[1]]><![CDATA[2]]></A></xml>", "<xml><A> <![CDATA[1]]></A></xml>",
		"<xml><A><![cdata[1]]></A></xml>", "<xml><![CDATA[<A>1</A>]]></xml>",
		"<xml><A>1]]></A></xml>",
		/* bytes */
		"<xml><A>\xff</A></xml>", "<xml><A>\xc0\xbc</A></xml>",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct wechat_xml_field fields[] = { { .name = "A" } };

		if (wechat_xml_read(rows[i], strlen(rows[i]), fields, 1) != -EINVAL)
			fail_msg("%s", rows[i]);
		assert_null(fields[0].text);
	}
}

static void xml_has_limits(void **state UNUSED)
{
	static const struct {
		size_t n_elements, n_name;
		int r;
	} rows[] = {
		{ WECHAT_XML_ELEMENTS_MAX, 1, 0 },
		{ WECHAT_XML_ELEMENTS_MAX + 1, 1, -EINVAL },
		{ 1, WECHAT_XML_NAME_MAX, 0 },
		{ 1, WECHAT_XML_NAME_MAX + 1, -EINVAL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct wechat_xml_field field = { .name = "A" };
		struct buf xml = BUF_INIT(RELAY_PUSH_MAX);
		char name[WECHAT_XML_NAME_MAX + 2] = "";

		memset(name, 'b', rows[i].n_name);
		buf_add_text(&xml, "<xml>");
		for (size_t k = 0; k < rows[i].n_elements; k++)
			wechat_xml_add_number(&xml, name, (int64_t)k);
		buf_add_text(&xml, "</xml>");
		assert_int_equal(wechat_xml_read(buf_text(&xml), xml.len, &field, 1), rows[i].r);
		assert_int_equal(wechat_xml_read("<xml><A>1\0</A></xml>", 20, &field, 1), -EINVAL);
		buf_done(&xml);
	}
}

static void a_copied_text_is_one_short_line(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool is_copied;
	} rows[] = {
		{ "seven..", true }, { "eight...", false }, { "", false }, { NULL, false },
		{ "a\nb", false }, { "a\x1b[2J", false }, { "张三", true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct wechat_xml_field field = {
			.text = rows[i].text,
			.len = rows[i].text ? strlen(rows[i].text) : 0,
		};
		char copy[8];

		assert_int_equal(wechat_xml_copy(&field, copy, sizeof(copy)), rows[i].is_copied);
		if (rows[i].is_copied)
			assert_string_equal(copy, rows[i].text);
	}
}

/* --- whole requests --- */

static const struct secret *of(const char *text, struct secret **kept)
{
	*kept = secret_from_text(text);
	return *kept;
}

static struct wechat_push open_push(const struct login_push *push, int64_t now_s)
{
	_cleanup_secret_ struct secret *token = NULL, *key = NULL, *old = NULL;
	const struct wechat_push_keys keys = {
		.app_id = APP_ID,
		.token = of(PUSH_TOKEN, &token),
		.aes_keys = { of(AES_KEY, &key), of(AES_KEY_OLD, &old) },
	};
	struct wechat_push opened;

	wechat_push_open(&keys, push, now_s, &opened);
	assert_int_equal(opened.kind == WECHAT_PUSH_FORGED, opened.fault != NULL);
	assert_int_equal(opened.kind == WECHAT_PUSH_MESSAGE, opened.message != NULL);
	assert_int_equal(opened.kind == WECHAT_PUSH_CHECK, opened.echo[0] != '\0');
	return opened;
}

static void the_vector_is_an_event(void **state UNUSED)
{
	const struct login_push push = { "POST", VECTOR_QUERY, VECTOR_BODY };
	struct wechat_push opened = open_push(&push, PUSH_S);
	struct wechat_event event;

	assert_int_equal(opened.kind, WECHAT_PUSH_MESSAGE);
	assert_string_equal(opened.signature, VECTOR_SIGNATURE);
	assert_int_equal(opened.key, 0);
	assert_true(wechat_read_event(opened.message, &event));
	assert_string_equal(event.account, ACCOUNT_ID);
	assert_string_equal(event.openid, OPENID);
	assert_string_equal(event.scene, "jl_7Qm2");
	wechat_push_done(&opened);
}

static void only_what_is_signed_encrypted_and_of_now_is_opened(void **state UNUSED)
{
#define SIGNED  "signature=" PLAIN_SIGNATURE "&timestamp=1760000000&nonce=1372623149"
#define AES     "&encrypt_type=aes&msg_signature="
#define OTHER   "8f00f6691e3396532158dc5f1cfad1eb22147ef6"
	static const struct {
		const char *query, *body, *fault;        /* NULL: none */
	} rows[] = {
		{ VECTOR_QUERY, VECTOR_BODY, NULL },
		{ SIGNED AES VECTOR_SIGNATURE, VECTOR_BODY, NULL },
		/* without one of the two signatures, or with another one */
		{ "timestamp=1760000000&nonce=1372623149" AES VECTOR_SIGNATURE, VECTOR_BODY,
		  "not as" },
		{ SIGNED "&encrypt_type=aes", VECTOR_BODY, "safe mode" },
		{ SIGNED AES, VECTOR_BODY, "safe mode" },
		{ SIGNED AES OTHER, VECTOR_BODY, "encrypted part is signed with another" },
		{ SIGNED AES PLAIN_SIGNATURE, VECTOR_BODY, "encrypted part is signed" },
		{ "signature=" VECTOR_SIGNATURE "&timestamp=1760000000&nonce=1372623149" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, "it is signed with another Token" },
		{ "signature=" PLAIN_SIGNATURE "&timestamp=1760000001&nonce=1372623149" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, "it is signed with another Token" },
		{ "signature=" PLAIN_SIGNATURE "&timestamp=1760000000&nonce=1372623140" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, "it is signed with another Token" },
		/* the same bytes, shared out in another way */
		{ "signature=" PLAIN_SIGNATURE "&timestamp=13726231491760000000&nonce=" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, "not as" },
		{ "signature=" PLAIN_SIGNATURE "&timestamp=1372623149&nonce=1760000000" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, "not of now" },
		{ "signature=" PLAIN_SIGNATURE "&timestamp=760000000&nonce=13726231491" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, "not of now" },
		/* plain mode, and what stands beside the encrypted part */
		{ SIGNED, VECTOR_MESSAGE, "safe mode" },
		{ SIGNED "&encrypt_type=raw", VECTOR_MESSAGE, "safe mode" },
		{ SIGNED "&encrypt_type=raw&msg_signature=" VECTOR_SIGNATURE, VECTOR_BODY,
		  "safe mode" },
		{ SIGNED AES VECTOR_SIGNATURE, VECTOR_MESSAGE, "no encrypted part" },
		{ VECTOR_QUERY, "<xml><FromUserName><![CDATA[oAdmin]]></FromUserName>"
		  "<Encrypt><![CDATA[" VECTOR_ENCRYPT "]]></Encrypt></xml>", NULL },
		{ VECTOR_QUERY, "<xml><Encrypt>" VECTOR_ENCRYPT "</Encrypt></xml>", NULL },
		{ VECTOR_QUERY, "<xml><Encrypt><![CDATA[" VECTOR_ENCRYPT "]]></Encrypt><Encrypt>x"
		  "</Encrypt></xml>", "not the XML" },
		{ VECTOR_QUERY, "<xml><Encrypt><![CDATA[" VECTOR_ENCRYPT "\n]]></Encrypt></xml>",
		  "no encrypted part" },
		{ VECTOR_QUERY, "<xml><Encrypt></Encrypt></xml>", "no encrypted part" },
		{ VECTOR_QUERY, "<xml></xml>", "no encrypted part" },
		{ VECTOR_QUERY, "<!DOCTYPE xml>" VECTOR_BODY, "not the XML" },
		{ VECTOR_QUERY, "{\"ToUserName\":\"gh_0123456789ab\",\"Encrypt\":\"" VECTOR_ENCRYPT
		  "\"}", "choose XML, not JSON" },
		{ VECTOR_QUERY, "", "not the XML" },
		/* queries that two readers could read in two ways */
		{ VECTOR_QUERY "&msg_signature=" VECTOR_SIGNATURE, VECTOR_BODY, "not as" },
		{ VECTOR_QUERY "&nonce=1", VECTOR_BODY, "not as" },
		{ "signature=" PLAIN_SIGNATURE "&timestamp=1760000000&nonce=%31372623149" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, NULL },
		{ "signature=" PLAIN_SIGNATURE "&timestamp=1760000000&nonce=1372623149%00" AES
		  VECTOR_SIGNATURE, VECTOR_BODY, "not as" },
		{ "", VECTOR_BODY, "not as" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct login_push push = { "POST", rows[i].query, rows[i].body };
		struct wechat_push opened = open_push(&push, PUSH_S);

		if (!opened.fault != !rows[i].fault ||
		    (opened.fault && !strstr(opened.fault, rows[i].fault)))
			fail_msg("row %zu: %s", i, opened.fault ? opened.fault : "opened");
		wechat_push_done(&opened);
	}
}

static void a_clock_may_be_five_minutes_wrong(void **state UNUSED)
{
	static const struct {
		int64_t off_s;
		bool is_open;
	} rows[] = {
		{ -301, false }, { -300, true }, { 0, true }, { 300, true }, { 301, false },
		{ 86400, false }, { -1760000000, false },
	};
	const struct login_push push = { "POST", VECTOR_QUERY, VECTOR_BODY };

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct wechat_push opened = open_push(&push, PUSH_S + rows[i].off_s);

		assert_int_equal(opened.kind == WECHAT_PUSH_MESSAGE, rows[i].is_open);
		if (!rows[i].is_open)
			assert_non_null(strstr(opened.fault, "not of now"));
		wechat_push_done(&opened);
	}
}

static void another_key_or_app_does_not_open(void **state UNUSED)
{
	static const struct {
		struct push_parts parts;
		bool is_open;
		unsigned key;
	} rows[] = {
		{ { .message = VECTOR_MESSAGE }, true, 0 },
		{ { .message = VECTOR_MESSAGE, .aes_key = AES_KEY_OLD }, true, 1 },
		{ { .message = VECTOR_MESSAGE,
		    .aes_key = "0000000000000000000000000000000000000000000" }, false, 0 },
		{ { .message = VECTOR_MESSAGE, .app_id = "wx0123456789abcdee" }, false, 0 },
		{ { .message = VECTOR_MESSAGE, .app_id = "x" APP_ID }, false, 0 },
		{ { .message = VECTOR_MESSAGE, .token = "anotherToken" }, false, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct push_text text;
		struct wechat_push opened;

		push_make(&rows[i].parts, &text);
		opened = open_push(&text.push, PUSH_S);
		if ((opened.kind == WECHAT_PUSH_MESSAGE) != rows[i].is_open)
			fail_msg("row %zu", i);
		if (rows[i].is_open)
			assert_int_equal(opened.key, rows[i].key);
		wechat_push_done(&opened);
	}
}

static void a_nonce_is_a_word(void **state UNUSED)
{
	static const struct {
		const char *nonce;
		bool is_open;
	} rows[] = {
		{ "1", true }, { "aB3_-", true }, { "a b", false }, { "a&b", false },
		{ "张", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123", true },
		{ "01234567890123456789012345678901234567890123456789012345678901234", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct push_text text;
		struct wechat_push opened;

		push_make(&(struct push_parts){ .message = VECTOR_MESSAGE, .nonce = rows[i].nonce },
			  &text);
		opened = open_push(&text.push, PUSH_S);
		assert_int_equal(opened.kind == WECHAT_PUSH_MESSAGE, rows[i].is_open);
		wechat_push_done(&opened);
	}
}

static void a_check_of_the_address_is_echoed(void **state UNUSED)
{
	static const struct {
		const char *echo, *is;   /* NULL: refused */
	} rows[] = {
		{ "4375120948345356249", "4375120948345356249" },
		{ "aB_-%2B%2F%3D", "aB_-+/=" },
		{ "", NULL }, { "a%0Ab", NULL }, { "%3Cscript%3E", NULL }, { "a b", NULL },
		{ "%E5%BC%A0", NULL },
	};
	struct push_text text;
	char longest[WECHAT_PUSH_FIELD_MAX + 2];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *query = text_format(SIGNED "&echostr=%s", rows[i].echo);
		const struct login_push push = { "GET", query, "" };
		struct wechat_push opened = open_push(&push, PUSH_S);

		assert_string_equal(opened.echo, rows[i].is ? rows[i].is : "");
		wechat_push_done(&opened);
	}
	for (size_t len = WECHAT_PUSH_FIELD_MAX; len < sizeof(longest); len++) {
		_cleanup_free_ char *query = NULL;
		struct login_push push = { "GET", NULL, "" };
		struct wechat_push opened;

		memset(longest, '1', sizeof(longest));
		longest[len] = '\0';
		push.query = query = text_format(SIGNED "&echostr=%s", longest);
		opened = open_push(&push, PUSH_S);
		assert_int_equal(opened.kind == WECHAT_PUSH_CHECK, len == WECHAT_PUSH_FIELD_MAX);
		wechat_push_done(&opened);
	}
	push_make(&(struct push_parts){ .token = "anotherToken" }, &text);
	assert_int_equal(open_push(&text.push, PUSH_S).kind, WECHAT_PUSH_FORGED);
}

/* --- events --- */

static void an_event_is_a_scan_with_a_scene(void **state UNUSED)
{
#define TO   "<ToUserName>gh_0123456789ab</ToUserName>"
#define FROM "<FromUserName>" OPENID "</FromUserName>"
#define TYPE "<MsgType>event</MsgType>"
	static const struct {
		const char *xml, *scene; /* NULL: no event for us */
	} rows[] = {
		{ TO FROM TYPE "<Event>SCAN</Event><EventKey>jl_7</EventKey>", "jl_7" },
		{ TO FROM TYPE "<Event>subscribe</Event><EventKey>qrscene_jl_7</EventKey>",
		  "jl_7" },
		{ TO FROM TYPE "<Event>SCAN</Event><EventKey>qrscene_jl_7</EventKey>",
		  "qrscene_jl_7" },
		{ TO FROM TYPE "<Event>subscribe</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO FROM TYPE "<Event>subscribe</Event><EventKey></EventKey>", NULL },
		{ TO FROM TYPE "<Event>subscribe</Event>", NULL },
		{ TO FROM TYPE "<Event>unsubscribe</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO FROM TYPE "<Event>scan</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO FROM TYPE "<Event>CLICK</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO FROM "<MsgType>text</MsgType><Event>SCAN</Event><EventKey>jl_7</EventKey>",
		  NULL },
		{ TO FROM "<Event>SCAN</Event><EventKey>jl_7</EventKey>", NULL },
		{ FROM TYPE "<Event>SCAN</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO TYPE "<Event>SCAN</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO "<FromUserName>a/../b</FromUserName>" TYPE
		  "<Event>SCAN</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO FROM FROM TYPE "<Event>SCAN</Event><EventKey>jl_7</EventKey>", NULL },
		{ TO FROM TYPE "<Event>SCAN</Event><EventKey>jl_7</EventKey>"
		  "<EventKey>jl_8</EventKey>", NULL },
		{ TO FROM TYPE "<Event>scancode_push</Event><EventKey>jl_7</EventKey>"
		  "<ScanCodeInfo><ScanType>qrcode</ScanType></ScanCodeInfo>", NULL },
		{ TO FROM "<MsgType>text</MsgType>"
		  "<Content><![CDATA[<Event>SCAN</Event>]]></Content>", NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *xml = text_format("<xml>%s</xml>", rows[i].xml);
		_cleanup_secret_ struct secret *message = secret_from_text(xml);
		struct wechat_event event = { .scene = "" };

		if (wechat_read_event(message, &event) != (rows[i].scene != NULL))
			fail_msg("%s", rows[i].xml);
		assert_string_equal(event.scene, rows[i].scene ? rows[i].scene : "");
	}
}

/* --- answers --- */

static void an_answer_can_be_read_by_the_vendor(void **state UNUSED)
{
	static const char *const texts[] = { AES_KEY, AES_KEY_OLD };
	_cleanup_secret_ struct secret *token = NULL, *key = NULL, *old = NULL;
	const struct wechat_push_keys keys = {
		.app_id = APP_ID,
		.token = of(PUSH_TOKEN, &token),
		.aes_keys = { of(AES_KEY, &key), of(AES_KEY_OLD, &old) },
	};
	_cleanup_secret_ struct secret *message = secret_from_text("<xml></xml>");

	for (unsigned i = 0; i < N_ELEMENTS(texts); i++) {
		const struct wechat_sealing sealing = {
			.key = i, .random = "0123456789abcde", .now_s = PUSH_S, .nonce = "77",
		};
		struct buf body = BUF_INIT(RELAY_PUSH_MAX), small = BUF_INIT(100);
		_cleanup_secret_ struct secret *back = NULL;

		assert_int_equal(wechat_push_seal(&keys, &sealing, message, &body), 0);
		back = push_open_answer(buf_text(&body), texts[i]);
		assert_true(secret_equals(back, message->data, message->len));
		assert_int_equal(wechat_push_seal(&keys, &sealing, message, &small), -E2BIG);
		buf_done(&body);
	}
}

static void an_answer_needs_a_key_that_is_there(void **state UNUSED)
{
	_cleanup_secret_ struct secret *token = NULL, *key = NULL;
	const struct wechat_push_keys keys = {
		.app_id = APP_ID,
		.token = of(PUSH_TOKEN, &token),
		.aes_keys = { of(AES_KEY, &key) },
	};
	_cleanup_secret_ struct secret *message = secret_from_text("<xml></xml>");

	for (unsigned i = 1; i <= WECHAT_PUSH_KEYS_MAX; i++) {
		const struct wechat_sealing sealing = { .key = i, .now_s = PUSH_S, .nonce = "77" };
		struct buf body = BUF_INIT(RELAY_PUSH_MAX);

		assert_int_equal(wechat_push_seal(&keys, &sealing, message, &body), -EINVAL);
		assert_int_equal(body.len, 0);
		buf_done(&body);
	}
}

/* --- replays --- */

static void the_last_signatures_are_remembered(void **state UNUSED)
{
	struct wechat_replays replays = { .next = 0 };
	char text[WECHAT_SIGNATURE_LEN + 1];

	for (unsigned i = 0; i <= WECHAT_PUSH_REPLAYS; i++) {
		(void)snprintf(text, sizeof(text), "%040u", i);
		assert_false(wechat_replays_has(&replays, text));
		wechat_replays_add(&replays, text);
		assert_true(wechat_replays_has(&replays, text));
	}
	(void)snprintf(text, sizeof(text), "%040u", 0);
	assert_false(wechat_replays_has(&replays, text));
	(void)snprintf(text, sizeof(text), "%040u", 1);
	assert_true(wechat_replays_has(&replays, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_match_their_vectors),
		cmocka_unit_test(encryption_matches_its_vector),
		cmocka_unit_test(a_key_is_43_characters_whose_last_bits_do_not_matter),
		cmocka_unit_test(every_byte_inside_must_be_right),
		cmocka_unit_test(what_is_no_base64_is_not_decrypted),
		cmocka_unit_test(a_cut_message_does_not_decrypt),
		cmocka_unit_test(xml_is_elements_with_texts),
		cmocka_unit_test(all_else_of_xml_is_refused),
		cmocka_unit_test(xml_has_limits),
		cmocka_unit_test(a_copied_text_is_one_short_line),
		cmocka_unit_test(the_vector_is_an_event),
		cmocka_unit_test(only_what_is_signed_encrypted_and_of_now_is_opened),
		cmocka_unit_test(a_clock_may_be_five_minutes_wrong),
		cmocka_unit_test(another_key_or_app_does_not_open),
		cmocka_unit_test(a_nonce_is_a_word),
		cmocka_unit_test(a_check_of_the_address_is_echoed),
		cmocka_unit_test(an_event_is_a_scan_with_a_scene),
		cmocka_unit_test(an_answer_can_be_read_by_the_vendor),
		cmocka_unit_test(an_answer_needs_a_key_that_is_there),
		cmocka_unit_test(the_last_signatures_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
