/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's key at a relay, and the step that is not done yet. */
#include "jauthctl/relay-key.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define ID      "0123456789abcdef"
#define OTHER   "fedcba9876543210"
#define SECRET  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"     /* 32 bytes of 0 */
#define TOKEN   RELAY_KEY_PREFIX ID "." SECRET
#define URL     "https://sso.example.org:8443"

static int parse(const char *text)
{
	_cleanup_secret_ struct secret *token = secret_from_text(text);
	struct relay_key key = { 0 };
	int r = relay_key_parse(token, &key);

	if (r == 0)
		assert_string_equal(key.token->data, text);
	relay_key_done(&key);
	return r;
}

static void keys_are_new_and_right(void **state UNUSED)
{
	struct relay_key one, two;

	assert_int_equal(relay_key_new(&one), 0);
	assert_int_equal(relay_key_new(&two), 0);
	assert_string_not_equal(one.id, two.id);
	assert_string_not_equal(one.token->data + 21, two.token->data + 21);
	assert_int_equal(parse(one.token->data), 0);
	assert_memory_equal(one.token->data + strlen(RELAY_KEY_PREFIX), one.id, RELAY_KEY_ID_LEN);
	relay_key_done(&one);
	relay_key_done(&two);
	assert_null(one.token);
}

static void what_is_no_key_is_refused(void **state UNUSED)
{
	static const char *const wrong[] = {
		"x", "jr1.", "jr2." ID "." SECRET, "jre1." ID "." SECRET, TOKEN "A", " " TOKEN,
		TOKEN "\n", RELAY_KEY_PREFIX ID "-" SECRET, RELAY_KEY_PREFIX ID "." ,
		RELAY_KEY_PREFIX "0123456789ABCDEF." SECRET,
		RELAY_KEY_PREFIX "0123456789abcde." SECRET "A",
		/* spare bits, padding, the other alphabet */
		RELAY_KEY_PREFIX ID ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		RELAY_KEY_PREFIX ID ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		RELAY_KEY_PREFIX ID ".+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};

	assert_int_equal(parse(TOKEN), 0);
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		if (parse(wrong[i]) != -EINVAL)
			fail_msg("%s", wrong[i]);
}

/* printf %s SECRET | sha256sum */
static void a_relay_is_told_the_digest_of_the_secret_part(void **state UNUSED)
{
	_cleanup_secret_ struct secret *token = secret_from_text(TOKEN);
	struct buf json = BUF_INIT(256);
	struct relay_key key;

	assert_int_equal(relay_key_parse(token, &key), 0);
	assert_int_equal(relay_key_body(&key, &json), 0);
	assert_string_equal(buf_text(&json), "{\"key\": \"" ID "\", \"sha256\": \""
			    "0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a\"}");
	buf_done(&json);
	relay_key_done(&key);
}

static void enrolment_tokens_are_told(void **state UNUSED)
{
	static const char *const wrong[] = {
		"", "x", TOKEN, RELAY_ENROL_PREFIX ID, RELAY_ENROL_PREFIX ID ".",
		RELAY_ENROL_PREFIX ID ".AAAAAAAAAAAAAAAAAAAAA",
		RELAY_ENROL_PREFIX ID "." SECRET " ",
		RELAY_ENROL_PREFIX ID "." SECRET "\r\nX: y", RELAY_ENROL_PREFIX "0123." SECRET,
		RELAY_ENROL_PREFIX ID "." SECRET SECRET SECRET,
	};
	char id[RELAY_KEY_ID_LEN + 1];

	assert_true(relay_enrolment_id(RELAY_ENROL_PREFIX ID ".AAAAAAAAAAAAAAAAAAAAAA", id));
	assert_true(relay_enrolment_id(RELAY_ENROL_PREFIX ID "." SECRET, id));
	assert_string_equal(id, ID);
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		if (relay_enrolment_id(wrong[i], id))
			fail_msg("%s", wrong[i]);
}

static void a_pending_step_comes_back_as_it_was(void **state UNUSED)
{
	struct relay_pending pending = { .step = RELAY_ROTATE, .of = OTHER }, back;
	_cleanup_secret_ struct secret *text = NULL;
	struct buf buf = BUF_INIT_SECRET(4096);

	pending.url = text_copy(URL);
	assert_int_equal(relay_key_new(&pending.key), 0);
	relay_pending_write(&pending, &buf);
	/* The newline at the end is taken off by secret_file_read(). */
	text = secret_new(buf.data, buf.len - 1);
	assert_int_equal(relay_pending_parse(text, &back), 0);
	assert_string_equal(back.key.token->data, pending.key.token->data);
	assert_string_equal(back.key.id, pending.key.id);
	assert_true(relay_pending_is(&back, RELAY_ROTATE, URL, OTHER));
	assert_true(relay_pending_is(&back, RELAY_ROTATE, URL, NULL));
	assert_false(relay_pending_is(&back, RELAY_ENROL, URL, OTHER));
	assert_false(relay_pending_is(&back, RELAY_ROTATE, URL, ID));
	assert_false(relay_pending_is(&back, RELAY_ROTATE, "https://sso.example.org", OTHER));
	relay_pending_done(&back);
	assert_false(relay_pending_is(&back, RELAY_ROTATE, URL, NULL));
	relay_pending_done(&pending);
	buf_done(&buf);
}

static void a_pending_step_that_makes_no_sense_is_none(void **state UNUSED)
{
	static const char *const wrong[] = {
		"x", TOKEN, "enrol " ID " " TOKEN, "enrol " ID " " TOKEN " ",
		"enrol " ID " " TOKEN " http://sso.example.org", "other " ID " " TOKEN " " URL,
		"enrol " ID "0 " TOKEN " " URL, "enrol " ID " " TOKEN "x " URL,
		"enrol " ID " " TOKEN " " URL " x", "enrol  " ID " " TOKEN " " URL,
		"enrol " ID " " TOKEN " " URL "\n" URL, "   ",
	};
	struct relay_pending pending;

	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		_cleanup_secret_ struct secret *text = secret_from_text(wrong[i]);

		if (relay_pending_parse(text, &pending) != -EINVAL)
			fail_msg("%s", wrong[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_new_and_right),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(a_relay_is_told_the_digest_of_the_secret_part),
		cmocka_unit_test(enrolment_tokens_are_told),
		cmocka_unit_test(a_pending_step_comes_back_as_it_was),
		cmocka_unit_test(a_pending_step_that_makes_no_sense_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
