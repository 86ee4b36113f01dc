/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wechat-official-account with mode = push: from the code on the screen to the answer with
 * the digits; whose push is whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/wechat-xml.h"
#include "tests/providers/account-fixture.h"

#define PUSH      "mode = push\n"
#define USER_INFO API "cgi-bin/user/info?access_token=78_token%2Bof%2Fthe%3Dapp" \
	"&openid=" OPENID "&lang=zh_CN"
#define FOLLOWER  "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"unionid\":\"" UNIONID "\"," \
	"\"remark\":\"\",\"tagid_list\":[2]}"
#define QR        "{\"ticket\":\"gQH47joAAA\",\"expire_seconds\":180," \
	"\"url\":\"http://weixin.qq.com/q/02wPFKBm\"}"
#define SCENE_LEN 35

struct scene {
	char text[SCENE_LEN + 1];
};

/* What the open request wants a code for. */
static struct scene asked_scene(const struct login *login)
{
	static const char before[] = "\"scene_str\":\"";
	const char *begin = strstr(login->request->body->data, before);
	struct scene scene = { .text = "" };

	assert_non_null(begin);
	memcpy(scene.text, begin + strlen(before), SCENE_LEN);
	assert_true(text_has_prefix(scene.text, "jl_"));
	assert_string_equal(begin + strlen(before) + SCENE_LEN, "\"}}}");
	return scene;
}

static struct login *show_code(struct fake_method *method, struct scene *ret_scene)
{
	struct login *login = fake_start(method);

	if (fake_asks(login, API "cgi-bin/stable_token"))
		account_give_token(login);
	*ret_scene = asked_scene(login);
	fake_reply_json(login, 200, QR);
	return login;
}

static enum push_verdict push(struct login *login, const struct push_parts *parts)
{
	struct push_text text;

	push_make(parts, &text);
	return fake_push(login, &text.push);
}

static enum push_verdict scan(struct login *login, const char *event, const char *key)
{
	_cleanup_free_ char *message = push_event(event, key);

	return push(login, &(struct push_parts){ .message = message });
}

static void end(struct login *login, struct fake_method *method)
{
	fake_login_free(login);
	fake_method_free(method);
}

/* --- the way it goes --- */

static void the_code_is_drawn_as_it_is_given(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct login *login = fake_start(method);

	assert_string_equal(login->listens, APP_ID);
	account_give_token(login);
	assert_true(fake_asks(login, API "cgi-bin/qrcode/create?access_token="
			      "78_token%2Bof%2Fthe%3Dapp"));
	assert_int_equal(login->request->method, HTTP_POST);
	assert_true(fake_body_has(login, "{\"expire_seconds\":180,\"action_name\":"
				  "\"QR_STR_SCENE\",\"action_info\":{\"scene\":{"
				  "\"scene_str\":\"jl_"));
	assert_int_equal(login->n_codes, 0);
	fake_reply_json(login, 200, QR);
	assert_string_equal(login->link, "http://weixin.qq.com/q/02wPFKBm");
	end(login, method);
}

static void who_scans_is_identified(void **state UNUSED)
{
	static const struct {
		const char *event, *prefix;
	} rows[] = { { "SCAN", "" }, { "subscribe", "qrscene_" } };

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method(PUSH "original_id = " ACCOUNT_ID "\n");
		struct scene scene;
		struct login *login = show_code(method, &scene);
		_cleanup_free_ char *key = text_format("%s%s", rows[i].prefix, scene.text);

		assert_int_equal(scan(login, rows[i].event, key), PUSH_TAKEN);
		assert_null(login->push_answer);
		/* Of the body: the query says somebody else. */
		assert_true(fake_asks(login, USER_INFO));
		assert_int_equal(login->request->total_ms, 2000);
		fake_reply_json(login, 200, FOLLOWER);
		account_ended(login, FAKE_IDENTIFIED, 0);
		assert_string_equal(login->issuer, "wechat");
		assert_string_equal(login->subject, UNIONID);
		assert_true(list_has(login->groups, "2"));
		end(login, method);
	}
}

static void without_unionid_the_openid_is_the_subject(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scene;
	struct login *login = show_code(method, &scene);

	assert_int_equal(scan(login, "SCAN", scene.text), PUSH_TAKEN);
	fake_reply_json(login, 200, "{\"subscribe\":1,\"openid\":\"" OPENID "\"}");
	account_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "wechat:" APP_ID);
	assert_string_equal(login->subject, OPENID);
	end(login, method);
}

static void the_scene_is_another_one_each_time(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene first, second;
	struct login *login = show_code(method, &first);

	fake_login_free(login);
	login = show_code(method, &second);
	assert_string_not_equal(first.text, second.text);
	end(login, method);
}

/* --- whose is it --- */

static void each_login_takes_its_own_scene_only(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scenes[2];
	struct login *logins[2] = { show_code(method, &scenes[0]), show_code(method, &scenes[1]) };

	assert_int_equal(scan(logins[0], "SCAN", scenes[1].text), PUSH_FOREIGN);
	assert_null(logins[0]->push_answer);
	assert_int_equal(scan(logins[1], "SCAN", scenes[1].text), PUSH_TAKEN);
	assert_int_equal(logins[0]->end, FAKE_RUNNING);
	fake_login_free(logins[0]);
	end(logins[1], method);
}

static void what_is_of_no_login_is_left_alone(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scene;
	struct login *login = show_code(method, &scene);
	_cleanup_free_ char *longer = text_format("%sx", scene.text);
	_cleanup_free_ char *prefixed = text_format("qrscene_%s", scene.text);
	const struct {
		const char *event, *key;
	} rows[] = {
		{ "SCAN", "jl_00112233445566778899aabbccddeeff" }, { "SCAN", "jl_" },
		{ "SCAN", "shop" },
		{ "SCAN", longer }, { "SCAN", prefixed }, { "subscribe", scene.text },
		{ "subscribe", "" }, { "unsubscribe", "" }, { "CLICK", scene.text },
		{ "VIEW", "https://example.org/" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(scan(login, rows[i].event, rows[i].key), PUSH_FOREIGN);
		assert_null(login->push_answer);
	}
	assert_int_equal(push(login, &(struct push_parts){ .message = "<xml></xml>" }),
			 PUSH_FOREIGN);
	assert_int_equal(push(login, &(struct push_parts){ .message = "not XML" }), PUSH_FOREIGN);
	account_ended(login, FAKE_RUNNING, 0);
	end(login, method);
}

static void another_account_of_the_same_keys_is_foreign(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH "original_id = gh_another\n");
	struct scene scene;
	struct login *login = show_code(method, &scene);

	assert_int_equal(scan(login, "SCAN", scene.text), PUSH_FOREIGN);
	end(login, method);
}

static void what_is_forged_has_no_effect(void **state UNUSED)
{
	static const struct push_parts rows[] = {
		{ .token = "anotherToken" },
		{ .aes_key = "0000000000000000000000000000000000000000000" },
		{ .app_id = "wx0000000000000000" },
		{ .now_s = PUSH_S - 301 },
		{ .now_s = PUSH_S + 301 },
	};
	struct fake_method *method = account_method(PUSH);
	struct scene scene;
	struct login *login = show_code(method, &scene);
	_cleanup_free_ char *message = push_event("SCAN", scene.text);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct push_parts parts = rows[i];

		parts.message = message;
		assert_int_equal(push(login, &parts), PUSH_FORGED);
		assert_null(login->push_answer);
	}
	account_ended(login, FAKE_RUNNING, 0);
	assert_int_equal(scan(login, "SCAN", scene.text), PUSH_TAKEN);
	end(login, method);
}

/* Who knows the Token alone can sign a request, but no body. */
static void a_body_in_the_clear_has_no_effect(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scene;
	struct login *login = show_code(method, &scene);
	_cleanup_free_ char *message = push_event("SCAN", scene.text);
	struct push_text text;

	push_make(&(struct push_parts){ .method = "POST" }, &text);
	text.push.body = message;
	assert_int_equal(fake_push(login, &text.push), PUSH_FORGED);
	account_ended(login, FAKE_RUNNING, 0);
	end(login, method);
}

static void the_key_of_before_is_taken_too(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scene;
	struct login *login = show_code(method, &scene);
	_cleanup_free_ char *message = push_event("SCAN", scene.text);

	assert_int_equal(push(login, &(struct push_parts){ .message = message,
							   .aes_key = AES_KEY_OLD }), PUSH_TAKEN);
	end(login, method);
}

static void a_check_of_the_address_is_answered(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scene;
	struct login *login = show_code(method, &scene);

	assert_int_equal(push(login, &(struct push_parts){ .method = NULL }), PUSH_ANSWERED);
	assert_string_equal(login->push_answer, "4375120948345356249");
	assert_int_equal(push(login, &(struct push_parts){ .token = "another" }), PUSH_FORGED);
	assert_null(login->push_answer);
	end(login, method);
}

/* --- again --- */

static void what_comes_twice_has_its_effect_once(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scene, other;
	struct login *login = show_code(method, &scene);
	_cleanup_free_ char *message = push_event("SCAN", scene.text);
	const struct push_parts same = { .message = message };
	const struct push_parts anew = { .message = message, .nonce = "77", .now_s = PUSH_S + 5 };

	assert_int_equal(push(login, &same), PUSH_TAKEN);
	assert_int_equal(push(login, &same), PUSH_ANSWERED);
	assert_string_equal(login->push_answer, "success");
	assert_int_equal(push(login, &anew), PUSH_ANSWERED);
	assert_string_equal(login->push_answer, "success");
	assert_int_equal(login->n_requests, 3);
	fake_reply_json(login, 200, FOLLOWER);
	account_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	/* Another login is asked, long after. */
	login = show_code(method, &other);
	assert_int_equal(push(login, &same), PUSH_ANSWERED);
	assert_string_equal(login->push_answer, "success");
	assert_int_equal(push(login, &anew), PUSH_FOREIGN);
	end(login, method);
}

static void before_the_code_is_there_no_scene_is_right(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct login *login = fake_start(method);
	struct scene scene;

	assert_int_equal(scan(login, "SCAN", ""), PUSH_FOREIGN);
	account_give_token(login);
	scene = asked_scene(login);
	assert_int_equal(scan(login, "SCAN", scene.text), PUSH_FOREIGN);
	fake_reply_json(login, 200, QR);
	account_ended(login, FAKE_RUNNING, 0);
	end(login, method);
}

/* --- the vendor waits --- */

static void there_is_no_time_for_another_try(void **state UNUSED)
{
	static const struct {
		int64_t late_ms;
		const char *body;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 3500, FOLLOWER, FAKE_IDENTIFIED, 0 },
		{ 3501, FOLLOWER, FAKE_FAILED, FAIL_NETWORK },
		{ 0, "{\"errcode\":-1,\"errmsg\":\"busy\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ 0, "{\"subscribe\":0,\"openid\":\"" OPENID "\"}", FAKE_DENIED, DENY_REFUSED },
		{ 0, "{\"subscribe\":1,\"openid\":\"oSomebodyElse\"}", FAKE_DENIED, DENY_INVALID },
		{ 0, NULL, FAKE_FAILED, FAIL_NETWORK },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method(PUSH);
		struct scene scene;
		struct login *login = show_code(method, &scene);

		assert_int_equal(scan(login, "SCAN", scene.text), PUSH_TAKEN);
		fake_pass(login, rows[i].late_ms);
		if (rows[i].body)
			fake_reply_json(login, 200, rows[i].body);
		else
			fake_reply_lost(login, HTTP_TIMED_OUT);
		account_ended(login, rows[i].end, rows[i].reason);
		end(login, method);
	}
}

static void a_token_that_does_not_hold_is_fetched_in_a_hurry(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct scene scene;
	struct login *login = show_code(method, &scene);

	assert_int_equal(scan(login, "SCAN", scene.text), PUSH_TAKEN);
	account_error(login, 42001);
	assert_int_equal(login->request->total_ms, 2000);
	account_give_token(login);
	assert_int_equal(login->request->total_ms, 2000);
	fake_reply_json(login, 200, FOLLOWER);
	account_ended(login, FAKE_IDENTIFIED, 0);
	end(login, method);
}

static void errors_before_the_code_end_the_login(void **state UNUSED)
{
	static const struct {
		int code;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 48001, FAKE_FAILED, FAIL_CONFIG }, { 45009, FAKE_DENIED, DENY_BUSY },
		{ 40164, FAKE_FAILED, FAIL_CONFIG }, { 99999, FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method(PUSH);
		struct login *login = fake_start(method);

		account_give_token(login);
		account_error(login, rows[i].code);
		account_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_codes, 0);
		end(login, method);
	}
}

/* --- the answer --- */

static struct login *deliver(struct fake_method *method, const struct push_parts *parts,
			     const char *text)
{
	struct push_text made;

	push_make(parts, &made);
	return fake_deliver(method, &(struct login_delivery){ .subject = UNIONID, .text = text,
							      .push = &made.push });
}

static void expect_field(const struct secret *message, const char *name, const char *value)
{
	struct wechat_xml_field field = { .name = name };

	assert_int_equal(wechat_xml_read(message->data, message->len, &field, 1), 0);
	assert_non_null(field.text);
	if (field.len != strlen(value) || memcmp(field.text, value, field.len) != 0)
		fail_msg("%s is %.*s", name, (int)field.len, field.text);
}

static void the_answer_goes_to_who_scanned_by_the_same_key(void **state UNUSED)
{
	static const char *const aes_keys[] = { AES_KEY, AES_KEY_OLD };
	_cleanup_free_ char *event = push_event("SCAN", "jl_7");

	for (size_t i = 0; i < N_ELEMENTS(aes_keys); i++) {
		struct fake_method *method = account_method(PUSH);
		struct login *login = deliver(method, &(struct push_parts){
			.message = event, .aes_key = aes_keys[i] }, "Type 42.\nAt <a>b</a>]]>\r");
		_cleanup_secret_ struct secret *message = push_open_answer(login->push_answer,
									   aes_keys[i]);

		account_ended(login, FAKE_DONE, 0);
		assert_null(strstr(login->push_answer, "42."));
		expect_field(message, "ToUserName", OPENID);
		expect_field(message, "FromUserName", ACCOUNT_ID);
		expect_field(message, "CreateTime", "1760000000");
		expect_field(message, "MsgType", "text");
		expect_field(message, "Content", "Type 42.\nAt ＜a＞b＜/a＞]]＞ ");
		end(login, method);
	}
}

static void what_cannot_be_answered_is_a_failure(void **state UNUSED)
{
	_cleanup_free_ char *event = push_event("SCAN", "jl_7");
	char longest[2048 + 1], longer[2049 + 1];
	const struct {
		struct push_parts parts;
		const char *text;
		bool is_done;
	} rows[] = {
		{ { .message = event }, longest, true },
		{ { .message = event }, longer, false },
		{ { .message = event }, "\xff", false },
		{ { .message = event, .token = "another" }, "42", false },
		{ { .message = event, .now_s = PUSH_S - 301 }, "42", false },
		{ { .message = "<xml></xml>" }, "42", false },
		{ { .message = NULL }, "42", false },
	};

	memset(longest, 'a', sizeof(longest));
	memset(longer, 'a', sizeof(longer));
	longest[sizeof(longest) - 1] = longer[sizeof(longer) - 1] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method(PUSH);
		struct login *login = deliver(method, &rows[i].parts, rows[i].text);

		if (rows[i].is_done)
			account_ended(login, FAKE_DONE, 0);
		else
			account_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		assert_int_equal(login->push_answer != NULL, rows[i].is_done);
		end(login, method);
	}
}

static void without_a_push_nothing_can_be_delivered(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct login *login = fake_deliver(method, &(struct login_delivery){ .subject = UNIONID,
									     .text = "42" });

	account_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	end(login, method);
}

static void answers_differ_in_what_is_random(void **state UNUSED)
{
	_cleanup_free_ char *event = push_event("SCAN", "jl_7");
	struct fake_method *method = account_method(PUSH);
	const struct push_parts parts = { .message = event };
	struct login *first = deliver(method, &parts, "42");
	struct login *second = deliver(method, &parts, "42");

	assert_string_not_equal(first->push_answer, second->push_answer);
	fake_login_free(first);
	end(second, method);
}

/* --- a trial --- */

static struct login *try_it(struct fake_method *method)
{
	struct login *login = fake_test(method);

	assert_string_equal(login->listens, APP_ID);
	account_give_token(login);
	account_give_token(login);               /* and one to keep */
	assert_true(text_has_prefix(login->request->url, API "cgi-bin/qrcode/create"));
	fake_reply_json(login, 200, QR);
	assert_non_null(strstr(login->said, "/push/" APP_ID));
	assert_non_null(strstr(login->prompt, "Press Enter"));
	return login;
}

static void a_trial_waits_for_the_vendor(void **state UNUSED)
{
	_cleanup_free_ char *event = push_event("SCAN", "jl_7");
	const struct {
		struct push_parts parts;
		enum push_verdict verdict;
		bool is_right;
		const char *says;
	} rows[] = {
		{ { .method = NULL }, PUSH_ANSWERED, true, "was answered" },
		{ { .message = event }, PUSH_FOREIGN, true, "was answered" },
		{ { .token = "another" }, PUSH_FORGED, false, "another Token" },
		{ { .now_s = PUSH_S - 999 }, PUSH_FORGED, false, "clocks" },
		{ { .message = event, .app_id = "wx1" }, PUSH_FORGED, false, "another AppID" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method(PUSH);
		struct login *login = try_it(method);

		assert_int_equal(push(login, &rows[i].parts), rows[i].verdict);
		account_ended(login, FAKE_RUNNING, 0);
		fake_answer(login, "");
		account_ended(login, rows[i].is_right ? FAKE_DONE : FAKE_RUNNING, 0);
		if (!strstr(login->said, rows[i].says))
			fail_msg("%s: %s", rows[i].says, login->said);
		end(login, method);
	}
}

static void a_trial_does_not_wait_for_ever(void **state UNUSED)
{
	struct fake_method *method = account_method(PUSH);
	struct login *login = try_it(method);

	for (unsigned i = 0; i < 5; i++) {
		account_ended(login, FAKE_RUNNING, 0);
		fake_answer(login, "");
	}
	account_ended(login, FAKE_DENIED, DENY_EXPIRED);
	end(login, method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_is_drawn_as_it_is_given),
		cmocka_unit_test(who_scans_is_identified),
		cmocka_unit_test(without_unionid_the_openid_is_the_subject),
		cmocka_unit_test(the_scene_is_another_one_each_time),
		cmocka_unit_test(each_login_takes_its_own_scene_only),
		cmocka_unit_test(what_is_of_no_login_is_left_alone),
		cmocka_unit_test(another_account_of_the_same_keys_is_foreign),
		cmocka_unit_test(what_is_forged_has_no_effect),
		cmocka_unit_test(a_body_in_the_clear_has_no_effect),
		cmocka_unit_test(the_key_of_before_is_taken_too),
		cmocka_unit_test(a_check_of_the_address_is_answered),
		cmocka_unit_test(what_comes_twice_has_its_effect_once),
		cmocka_unit_test(before_the_code_is_there_no_scene_is_right),
		cmocka_unit_test(there_is_no_time_for_another_try),
		cmocka_unit_test(a_token_that_does_not_hold_is_fetched_in_a_hurry),
		cmocka_unit_test(errors_before_the_code_end_the_login),
		cmocka_unit_test(the_answer_goes_to_who_scanned_by_the_same_key),
		cmocka_unit_test(what_cannot_be_answered_is_a_failure),
		cmocka_unit_test(without_a_push_nothing_can_be_delivered),
		cmocka_unit_test(answers_differ_in_what_is_random),
		cmocka_unit_test(a_trial_waits_for_the_vendor),
		cmocka_unit_test(a_trial_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
