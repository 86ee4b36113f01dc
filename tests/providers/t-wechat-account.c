/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wechat-official-account over the relay: from the press of the button to the person; its
 * keys, and how a sysadmin tries it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/account-fixture.h"

#define ACCESS_TOKEN \
	"{\"access_token\":\"" USER_TOKEN "\",\"expires_in\":7200,\"refresh_token\":\"90_r\"," \
	"\"openid\":\"" OPENID "\",\"scope\":\"snsapi_userinfo\"%s}"
#define WITH_UNIONID ",\"unionid\":\"" UNIONID "\""
#define USER_INFO    API "cgi-bin/user/info?access_token=78_token%2Bof%2Fthe%3Dapp" \
	"&openid=" OPENID "&lang=zh_CN"
#define FOLLOWER     "{\"subscribe\":1,\"openid\":\"" OPENID "\"" WITH_UNIONID "," \
	"\"remark\":\"zhangsan\",\"groupid\":0,\"tagid_list\":[2,128]}"
#define NO_FOLLOWER  "{\"subscribe\":0,\"openid\":\"" OPENID "\"}"
#define QR           "{\"ticket\":\"gQH47joAAA\",\"expire_seconds\":180," \
	"\"url\":\"http://weixin.qq.com/q/02wPFKBm\"}"

/* Up to the exchange of the code, which is answered with `more` in it. */
static struct login *exchange(struct fake_method *method, const char *more)
{
	_cleanup_free_ char *body = text_format(ACCESS_TOKEN, more);
	struct login *login = fake_start(method);

	fake_callback(login, "code=" CODE "&state=" STATE);
	fake_reply_json(login, 200, body);
	return login;
}

static void end(struct login *login, struct fake_method *method)
{
	fake_login_free(login);
	fake_method_free(method);
}

/* --- the code --- */

static void a_person_is_known_by_unionid(void **state UNUSED)
{
	struct fake_method *method = account_method("");
	struct login *login = fake_start(method);

	assert_int_equal(login->n_requests, 0);
	/* The parameters in the vendor's order. */
	assert_string_equal(login->redirect,
			    "https://open.weixin.qq.com/connect/oauth2/authorize?appid=" APP_ID
			    "&redirect_uri=https%3A%2F%2Frelay.example.org%2Fcb%2Fwechat"
			    "&response_type=code&scope=snsapi_userinfo&state=" STATE
			    "#wechat_redirect");
	fake_callback(login, "code=" CODE "&state=" STATE);
	assert_true(fake_asks(login, API "sns/oauth2/access_token?appid=" APP_ID
			      "&secret=s3cr3t%2B%2Fof-the-account&code=" CODE
			      "&grant_type=authorization_code"));
	assert_true(login->request->once);
	assert_int_equal(login->request->method, HTTP_GET);
	fake_reply_json(login, 200, "{\"access_token\":\"" USER_TOKEN "\",\"expires_in\":7200,"
			"\"openid\":\"" OPENID "\"" WITH_UNIONID "}");
	account_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "wechat");
	assert_string_equal(login->subject, UNIONID);
	assert_int_equal(login->n_requests, 1);
	assert_true(list_has(login->attributes, "openid=" OPENID));
	assert_true(list_has(login->attributes, "unionid=" UNIONID));
	assert_int_equal(list_length(login->groups), 0);
	end(login, method);
}

static void without_one_the_vendor_is_asked_for_it(void **state UNUSED)
{
	static const struct {
		const char *unionid, *issuer, *subject;
	} rows[] = {
		{ WITH_UNIONID, "wechat", UNIONID },
		{ "", "wechat:" APP_ID, OPENID },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format(
			"{\"openid\":\"" OPENID "\",\"nickname\":\"张三\"%s}", rows[i].unionid);
		struct fake_method *method = account_method("");
		struct login *login = exchange(method, "");

		assert_true(fake_asks(login, API "sns/userinfo?access_token=" USER_TOKEN
				      "&openid=" OPENID "&lang=zh_CN"));
		fake_reply_json(login, 200, body);
		account_ended(login, FAKE_IDENTIFIED, 0);
		assert_string_equal(login->issuer, rows[i].issuer);
		assert_string_equal(login->subject, rows[i].subject);
		assert_string_equal(login->display, "张三");
		end(login, method);
	}
}

/* sns/userinfo would refuse that scope. */
static void with_snsapi_base_nobody_is_asked_for_more(void **state UNUSED)
{
	struct fake_method *method = account_method("scope = snsapi_base\n");
	struct login *login = exchange(method, "");

	assert_non_null(strstr(login->redirect, "&scope=snsapi_base&state="));
	account_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "wechat:" APP_ID);
	assert_string_equal(login->subject, OPENID);
	end(login, method);
}

static void a_snapshot_is_nobody(void **state UNUSED)
{
	static const char *const sections[] = { "", "require_follow = yes\n",
						"scope = snsapi_base\n" };

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		struct fake_method *method = account_method(sections[i]);
		struct login *login = exchange(method, ",\"is_snapshotuser\":1" WITH_UNIONID);

		account_ended(login, FAKE_DENIED, DENY_FILTERED);
		assert_non_null(strstr(login->detail, "snapshot"));
		assert_int_equal(login->n_requests, 1);
		end(login, method);
	}
}

static void a_callback_needs_a_code(void **state UNUSED)
{
	static const struct {
		const char *query;
		int reason;
	} rows[] = {
		{ "state=" STATE, DENY_REFUSED },
		{ "code=&state=" STATE, DENY_REFUSED },
		{ "CODE=" CODE "&state=" STATE, DENY_REFUSED },
		{ "code=a%26b&state=" STATE, DENY_INVALID },
		{ "code=%E5%BC%A0&state=" STATE, DENY_INVALID },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method("");
		struct login *login = fake_start(method);

		fake_callback(login, rows[i].query);
		account_ended(login, FAKE_DENIED, rows[i].reason);
		assert_int_equal(login->n_requests, 0);
		end(login, method);
	}
}

static void without_a_relay_there_is_no_way(void **state UNUSED)
{
	struct fake_method *method = account_method("");
	struct login *login;

	method->link.redirect_uri = NULL;
	login = fake_start(method);
	account_ended(login, FAKE_FAILED, FAIL_CONFIG);
	end(login, method);
}

static void addresses_can_be_others_and_all_calls_go_by_the_proxy(void **state UNUSED)
{
	struct fake_method *method = account_method(
		"require_follow = yes\nproxy = http://egress.example.org:3128\n"
		"api_url = https://127.0.0.1:4430/api\nopen_url = https://127.0.0.1:4431/open\n");
	struct login *login = fake_start(method);
	const char *const replies[] = {
		"{\"access_token\":\"t\",\"openid\":\"" OPENID "\"}", "{\"openid\":\"" OPENID "\"}",
		"{\"access_token\":\"t\",\"expires_in\":7200}", NO_FOLLOWER,
	};

	assert_true(text_has_prefix(login->redirect,
				    "https://127.0.0.1:4431/open/connect/oauth2/authorize?appid="));
	fake_callback(login, "code=" CODE "&state=" STATE);
	for (size_t i = 0; i <= N_ELEMENTS(replies); i++) {
		assert_true(text_has_prefix(login->request->url, "https://127.0.0.1:4430/api/"));
		assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
		if (i < N_ELEMENTS(replies))
			fake_reply_json(login, 200, replies[i]);
	}
	end(login, method);
}

static void errors_of_the_exchange_end_the_login(void **state UNUSED)
{
	static const struct {
		int code;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 40029, FAKE_DENIED, DENY_REFUSED }, { 40163, FAKE_DENIED, DENY_INVALID },
		{ 42003, FAKE_DENIED, DENY_EXPIRED }, { 40013, FAKE_FAILED, FAIL_CONFIG },
		{ 40125, FAKE_FAILED, FAIL_CONFIG }, { 40243, FAKE_FAILED, FAIL_CONFIG },
		{ 50002, FAKE_DENIED, DENY_REFUSED }, { 45011, FAKE_DENIED, DENY_BUSY },
		{ 12345, FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method("");
		struct login *login = fake_start(method);

		fake_callback(login, "code=" CODE "&state=" STATE);
		account_error(login, rows[i].code);
		account_ended(login, rows[i].end, rows[i].reason);
		end(login, method);
	}
}

/* After "busy" it may have been our own try. */
static void a_code_that_a_busy_vendor_had_taken_is_no_alert(void **state UNUSED)
{
	struct fake_method *method = account_method("");
	struct login *login = fake_start(method);

	fake_callback(login, "code=" CODE "&state=" STATE);
	account_error(login, -1);
	fake_timer(login);
	account_error(login, 40163);
	account_ended(login, FAKE_DENIED, DENY_REFUSED);
	end(login, method);
}

/* --- following --- */

static struct login *ask_who_follows(struct fake_method *method)
{
	struct login *login = exchange(method, WITH_UNIONID);

	account_give_token(login);
	assert_true(fake_asks(login, USER_INFO));
	return login;
}

static void a_follower_has_tags_and_a_remark(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\n");
	struct login *login = exchange(method, WITH_UNIONID);

	assert_true(fake_asks(login, API "cgi-bin/stable_token"));
	assert_true(fake_body_has(login, "\"grant_type\":\"client_credential\""));
	assert_true(fake_body_has(login, "\"force_refresh\":false"));
	account_give_token(login);
	assert_true(fake_asks(login, USER_INFO));
	fake_reply_json(login, 200, FOLLOWER);
	account_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->subject, UNIONID);
	assert_int_equal(list_length(login->groups), 2);
	assert_true(list_has(login->groups, "2"));
	assert_true(list_has(login->groups, "128"));
	assert_true(list_has(login->attributes, "remark=zhangsan"));
	assert_int_equal(login->n_codes, 0);
	end(login, method);
}

/* With snsapi_base the account knows the unionid of who follows. */
static void of_a_follower_the_account_knows_the_unionid(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\nscope = snsapi_base\n");
	struct login *login = exchange(method, "");

	account_give_token(login);
	fake_reply_json(login, 200, FOLLOWER);
	account_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "wechat");
	assert_string_equal(login->subject, UNIONID);
	end(login, method);
}

static void who_does_not_follow_is_shown_how_and_waited_for(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\n");
	struct login *login = ask_who_follows(method);

	fake_reply_json(login, 200, NO_FOLLOWER);
	assert_true(fake_asks(login, API "cgi-bin/qrcode/create?access_token="
			      "78_token%2Bof%2Fthe%3Dapp"));
	assert_true(fake_body_has(login, "{\"expire_seconds\":180,\"action_name\":"
				  "\"QR_STR_SCENE\",\"action_info\":{\"scene\":{"
				  "\"scene_str\":\"jl_"));
	fake_reply_json(login, 200, QR);
	assert_string_equal(login->link, "http://weixin.qq.com/q/02wPFKBm");
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(login->timer_delay_ms, 3000);
		fake_timer(login);
		assert_true(fake_asks(login, USER_INFO));
		fake_reply_json(login, 200, NO_FOLLOWER);
	}
	fake_timer(login);
	fake_reply_json(login, 200, FOLLOWER);
	account_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->subject, UNIONID);
	assert_true(list_has(login->groups, "128"));
	assert_int_equal(login->n_codes, 1);
	end(login, method);
}

/* Then the timer must not ask a second time. */
static void enter_asks_at_once(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\n");
	struct login *login = ask_who_follows(method);

	fake_reply_json(login, 200, NO_FOLLOWER);
	fake_reply_json(login, 200, QR);
	fake_answer(login, "");
	assert_int_equal(login->timer_number, 0);
	assert_true(fake_asks(login, USER_INFO));
	fake_reply_json(login, 200, FOLLOWER);
	account_ended(login, FAKE_IDENTIFIED, 0);
	end(login, method);
}

static void while_waiting_some_answers_may_get_lost(void **state UNUSED)
{
	for (unsigned n_lost = 3; n_lost <= 4; n_lost++) {
		struct fake_method *method = account_method("require_follow = yes\n");
		struct login *login = ask_who_follows(method);

		fake_reply_json(login, 200, NO_FOLLOWER);
		fake_reply_json(login, 200, QR);
		for (unsigned i = 0; i < n_lost; i++) {
			fake_timer(login);
			fake_reply_lost(login, HTTP_TIMED_OUT);
		}
		if (n_lost == 4) {
			account_ended(login, FAKE_FAILED, FAIL_NETWORK);
		} else {
			fake_timer(login);
			fake_reply_json(login, 200, FOLLOWER);
			account_ended(login, FAKE_IDENTIFIED, 0);
		}
		end(login, method);
	}
}

static void only_answers_lost_in_a_row_count(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\n");
	struct login *login = ask_who_follows(method);

	fake_reply_json(login, 200, NO_FOLLOWER);
	fake_reply_json(login, 200, QR);
	for (unsigned i = 0; i < 8; i++) {
		fake_timer(login);
		if (i % 4 == 3)
			fake_reply_json(login, 200, NO_FOLLOWER);
		else
			fake_reply_lost(login, HTTP_TIMED_OUT);
	}
	account_ended(login, FAKE_RUNNING, 0);
	end(login, method);
}

static void the_first_question_must_be_answered(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\n");
	struct login *login = ask_who_follows(method);

	fake_reply_lost(login, HTTP_TIMED_OUT);
	account_ended(login, FAKE_FAILED, FAIL_NETWORK);
	end(login, method);
}

static void what_the_account_says_must_be_about_this_person(void **state UNUSED)
{
	static const struct {
		const char *body;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "{\"subscribe\":1,\"openid\":\"oSomebodyElse\"}", FAKE_DENIED, DENY_INVALID },
		{ "{\"subscribe\":1}", FAKE_DENIED, DENY_INVALID },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"unionid\":\"o6_another\"}",
		  FAKE_DENIED, DENY_INVALID },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"unionid\":\"a/b\"}",
		  FAKE_DENIED, DENY_INVALID },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"unionid\":7}",
		  FAKE_DENIED, DENY_INVALID },
		{ "{\"openid\":\"" OPENID "\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"subscribe\":2,\"openid\":\"" OPENID "\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"subscribe\":\"1\",\"openid\":\"" OPENID "\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"subscribe\":true,\"openid\":\"" OPENID "\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"tagid_list\":7}",
		  FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"tagid_list\":[\"2\"]}",
		  FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"tagid_list\":[-2]}",
		  FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\"}", FAKE_IDENTIFIED, 0 },
		{ "{\"subscribe\":1,\"openid\":\"" OPENID "\",\"remark\":\"a\\nb\"}",
		  FAKE_IDENTIFIED, 0 },
		{ "[]", FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"errcode\":40003,\"errmsg\":\"invalid openid\"}", FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method("require_follow = yes\n");
		struct login *login = ask_who_follows(method);

		fake_reply_json(login, 200, rows[i].body);
		account_ended(login, rows[i].end, rows[i].reason);
		if (rows[i].end == FAKE_IDENTIFIED)
			assert_int_equal(list_length(login->attributes), 2);
		end(login, method);
	}
}

static void a_code_is_what_a_scanner_understands(void **state UNUSED)
{
	static const char *const bodies[] = {
		"{\"ticket\":\"g\",\"expire_seconds\":180}",
		"{\"ticket\":\"g\",\"url\":\"\"}", "{\"ticket\":\"g\",\"url\":7}",
		"{\"ticket\":\"g\",\"url\":\"javascript:alert(1)\"}",
		"{\"ticket\":\"g\",\"url\":\"http://weixin.qq.com/q/a b\"}",
		"{\"ticket\":\"g\",\"url\":\"http://weixin.qq.com/q/张\"}",
	};

	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		struct fake_method *method = account_method("require_follow = yes\n");
		struct login *login = ask_who_follows(method);

		fake_reply_json(login, 200, NO_FOLLOWER);
		fake_reply_json(login, 200, bodies[i]);
		account_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		assert_int_equal(login->n_codes, 0);
		end(login, method);
	}
}

static void a_token_that_does_not_hold_is_fetched_again_once(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\n");
	struct login *login = ask_who_follows(method);

	account_error(login, 40001);
	account_give_token(login);
	assert_true(fake_asks(login, USER_INFO));
	account_error(login, 42001);
	account_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	end(login, method);
}

static void logins_share_the_token(void **state UNUSED)
{
	struct fake_method *method = account_method("require_follow = yes\n");
	struct login *login = ask_who_follows(method);

	fake_reply_json(login, 200, FOLLOWER);
	fake_login_free(login);
	login = exchange(method, WITH_UNIONID);
	assert_true(fake_asks(login, USER_INFO));
	end(login, method);
}

/* --- how it is set up --- */

static void a_trial_says_whether_there_is_a_token(void **state UNUSED)
{
	static const struct {
		const char *section;
		int code;
		enum fake_end end;
		int reason;
		const char *says;        /* in the detail, or on the screen */
	} rows[] = {
		{ "", 0, FAKE_DONE, 0, "app_id and app_secret are right" },
		{ "require_follow = yes\n", 0, FAKE_DONE, 0, "app_id and app_secret are right" },
		{ "", 40125, FAKE_FAILED, FAIL_CONFIG, "40125" },
		{ "", 40013, FAKE_FAILED, FAIL_CONFIG, "40013" },
		{ "require_follow = yes\n", 40164, FAKE_FAILED, FAIL_CONFIG, "203.0.113.7" },
		{ "", 40164, FAKE_DONE, 0, "with require_follow = yes only" },
		{ "mode = push\n", 40164, FAKE_FAILED, FAIL_CONFIG, "203.0.113.7" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *error = text_format(
			"{\"errcode\":%d,\"errmsg\":\"invalid ip 203.0.113.7 ipv6 "
			"::ffff:203.0.113.7, not in whitelist\"}", rows[i].code);
		struct fake_method *method = account_method(rows[i].section);
		struct login *login = fake_test(method);
		_cleanup_free_ char *said = NULL;

		if (rows[i].code)
			fake_reply_json(login, 200, error);
		else
			account_give_token(login);
		account_ended(login, rows[i].end, rows[i].reason);
		said = text_format("%s%s", login->said ? login->said : "",
				   login->detail ? login->detail : "");
		if (!strstr(said, rows[i].says))
			fail_msg("%s: %s", rows[i].says, said);
		end(login, method);
	}
}

static void mistakes_are_told(void **state UNUSED)
{
	static const struct {
		const char *section;
		const char *secrets[5];
		const char *says;        /* NULL: there is no mistake */
	} rows[] = {
		{ "app_id = " APP_ID "\n", { "app_secret=s" }, NULL },
		{ "app_id = " APP_ID "\nmode = push\n",
		  { "app_secret=s", "token=" PUSH_TOKEN, "aes_key=" AES_KEY }, NULL },
		{ "app_id = " APP_ID "\nmode = push\noriginal_id = " ACCOUNT_ID "\n",
		  { "app_secret=s", "token=" PUSH_TOKEN, "aes_key=" AES_KEY,
		    "aes_key_previous=" AES_KEY_OLD }, NULL },
		{ "", { "app_secret=s" }, "app_id" },
		{ "app_id = " APP_ID "\n", { NULL }, "app_secret" },
		{ "app_id = wx-1\n", { "app_secret=s" }, "\"app_id\" must be letters" },
		{ "app_id = " APP_ID "\nmode = poll\n", { "app_secret=s" }, "mode" },
		{ "app_id = " APP_ID "\nscope = snsapi_login\n", { "app_secret=s" }, "scope" },
		{ "app_id = " APP_ID "\nproxy = egress:3128\n", { "app_secret=s" },
		  "\"proxy\" must" },
		{ "app_id = " APP_ID "\napi_url = https://a.example.org/\n", { "app_secret=s" },
		  "\"api_url\" must be without" },
		{ "app_id = " APP_ID "\nopen_url = https://a.example.org/?b\n", { "app_secret=s" },
		  "\"open_url\" must be without" },
		{ "app_id = " APP_ID "\n", { "app_secret=s", "token=" PUSH_TOKEN },
		  "is for mode = push" },
		{ "app_id = " APP_ID "\n", { "app_secret=s", "aes_key=" AES_KEY },
		  "is for mode = push" },
		{ "app_id = " APP_ID "\noriginal_id = gh_1\n", { "app_secret=s" },
		  "is for mode = push" },
		{ "app_id = " APP_ID "\nmode = push\n", { "app_secret=s", "aes_key=" AES_KEY },
		  "\"token\" is needed" },
		{ "app_id = " APP_ID "\nmode = push\n", { "app_secret=s", "token=" PUSH_TOKEN },
		  "\"aes_key\" is needed" },
		{ "app_id = " APP_ID "\nmode = push\n",
		  { "app_secret=s", "token=a b", "aes_key=" AES_KEY },
		  "\"token\" must be letters" },
		{ "app_id = " APP_ID "\nmode = push\n",
		  { "app_secret=s", "token=" PUSH_TOKEN, "aes_key=short" }, "aes_key" },
		{ "app_id = " APP_ID "\nmode = push\n",
		  { "app_secret=s", "token=" PUSH_TOKEN,
		    "aes_key=abcdefghijklmnopqrstuvwxyz0123456789ABCDE-G" },
		  "\"aes_key\" must be 43 letters" },
		{ "app_id = " APP_ID "\nmode = push\nrequire_follow = no\n",
		  { "app_secret=s", "token=" PUSH_TOKEN, "aes_key=" AES_KEY },
		  "is for mode = relay" },
		{ "app_id = " APP_ID "\nmode = push\nscope = snsapi_base\n",
		  { "app_secret=s", "token=" PUSH_TOKEN, "aes_key=" AES_KEY },
		  "is for mode = relay" },
		{ "app_id = " APP_ID "\nmode = push\noriginal_id = wx_1\n",
		  { "app_secret=s", "token=" PUSH_TOKEN, "aes_key=" AES_KEY },
		  "\"original_id\" must begin" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = account_mistakes(rows[i].section, rows[i].secrets);

		if (rows[i].says ? !strstr(mistakes, rows[i].says) : *mistakes != '\0')
			fail_msg("row %zu: %s", i, mistakes);
	}
}

static unsigned features_of(struct fake_method *method)
{
	return wechat_official_account_provider.features_of(method->config);
}

static void what_it_can_do_depends_on_the_mode(void **state UNUSED)
{
	const unsigned common = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT;
	struct fake_method *relay = account_method(""), *push = account_method("mode = push\n");

	assert_int_equal(features_of(relay), common | PROVIDER_RELAY);
	assert_int_equal(features_of(push), common | PROVIDER_PUSHES | PROVIDER_DELIVERS);
	assert_int_equal(wechat_official_account_provider.app, RELAY_APP_WECHAT);
	fake_method_free(relay);
	fake_method_free(push);
}

static void tags_are_told_of_followers_only(void **state UNUSED)
{
	static const struct {
		const char *section;
		bool says_groups;
	} rows[] = {
		{ "", false }, { "require_follow = yes\n", true }, { "mode = push\n", true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = account_method(rows[i].section);

		assert_int_equal(wechat_official_account_provider.says_groups(method->config),
				 rows[i].says_groups);
		fake_method_free(method);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_is_known_by_unionid),
		cmocka_unit_test(without_one_the_vendor_is_asked_for_it),
		cmocka_unit_test(with_snsapi_base_nobody_is_asked_for_more),
		cmocka_unit_test(a_snapshot_is_nobody),
		cmocka_unit_test(a_callback_needs_a_code),
		cmocka_unit_test(without_a_relay_there_is_no_way),
		cmocka_unit_test(addresses_can_be_others_and_all_calls_go_by_the_proxy),
		cmocka_unit_test(errors_of_the_exchange_end_the_login),
		cmocka_unit_test(a_code_that_a_busy_vendor_had_taken_is_no_alert),
		cmocka_unit_test(a_follower_has_tags_and_a_remark),
		cmocka_unit_test(of_a_follower_the_account_knows_the_unionid),
		cmocka_unit_test(who_does_not_follow_is_shown_how_and_waited_for),
		cmocka_unit_test(enter_asks_at_once),
		cmocka_unit_test(while_waiting_some_answers_may_get_lost),
		cmocka_unit_test(only_answers_lost_in_a_row_count),
		cmocka_unit_test(the_first_question_must_be_answered),
		cmocka_unit_test(what_the_account_says_must_be_about_this_person),
		cmocka_unit_test(a_code_is_what_a_scanner_understands),
		cmocka_unit_test(a_token_that_does_not_hold_is_fetched_again_once),
		cmocka_unit_test(logins_share_the_token),
		cmocka_unit_test(a_trial_says_whether_there_is_a_token),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(what_it_can_do_depends_on_the_mode),
		cmocka_unit_test(tags_are_told_of_followers_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
