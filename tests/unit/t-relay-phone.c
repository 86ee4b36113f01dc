/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a browser says of itself, and what is made of it: form, cookie, app, address. */
#include "jauth-relay/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauth-relay/app.h"
#include "jauth-relay/strangers.h"

#define URL "https://sso.example.org"

static const struct {
	const char *fetch_site, *origin;
	bool is_ours;
} form_rows[] = {
	{ "same-origin", URL, true },
	{ "same-origin", NULL, true },
	{ "same-origin", "null", true },
	{ NULL, URL, true },
	{ NULL, URL ":443", true },
	{ NULL, "https://SSO.example.org", true },
	{ NULL, NULL, false },
	{ NULL, "null", false },
	{ NULL, "", false },
	{ "", URL, false },
	{ "same-site", URL, false },
	{ "cross-site", URL, false },
	{ "none", URL, false },
	{ "Same-Origin", URL, false },
	{ "same-origin, same-origin", URL, false },
	{ "same-origin", "https://evil.example.net", false },
	{ "same-origin", "https://sso.example.org.evil.example.net", false },
	{ "same-origin", "https://sso.example.org:444", false },
	{ "same-origin", "http://sso.example.org", false },
	{ NULL, "http://sso.example.org", false },
	{ NULL, "https://sso.example.org@evil.example.net", false },
	{ NULL, "sso.example.org", false },
	{ NULL, "https://", false },
	{ NULL, "https://evil.example.net https://sso.example.org", false },
};

static void only_our_own_page_may_press(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(form_rows); i++)
		if (phone_form_is_ours(form_rows[i].fetch_site, form_rows[i].origin, URL) !=
		    form_rows[i].is_ours)
			fail_msg("Sec-Fetch-Site %s, Origin %s", form_rows[i].fetch_site,
				 form_rows[i].origin);
}

#define ID     "AAAAAAAAAAAAAAAAAAAAA_"
#define SECRET "sssssssssssssssssssssssssssssssssssssssss-9"
#define COOKIE PHONE_COOKIE "=" ID "." SECRET

static const struct {
	const char *header;
	bool is_there;
} cookie_rows[] = {
	{ COOKIE, true },
	{ "a=b; " COOKIE, true },
	{ COOKIE "; a=b", true },
	{ "a=\"x\";" COOKIE ";b", true },
	{ "x" COOKIE "; " COOKIE, true },
	{ NULL, false },
	{ "", false },
	{ COOKIE "; " COOKIE, false },
	{ COOKIE "x", false },
	{ COOKIE " ", false },
	{ "jauth=" ID "." SECRET, false },
	{ PHONE_COOKIE "=" ID "-" SECRET, false },
	{ PHONE_COOKIE "=" ID, false },
	{ PHONE_COOKIE "=", false },
	{ PHONE_COOKIE, false },
	{ PHONE_COOKIE "=\"" ID "." SECRET "\"", false },
	{ PHONE_COOKIE "=AAAAAAAAAAAAAAAAAAAAA+." SECRET, false },
	{ PHONE_COOKIE "=" ID ".sssssssssssssssssssssssssssssssssssssssss%9", false },
	{ ";;;; ;", false },
};

static void the_cookie_is_whole_or_none(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(cookie_rows); i++) {
		struct phone_cookie cookie;

		if (phone_read_cookie(cookie_rows[i].header, &cookie) != cookie_rows[i].is_there)
			fail_msg("\"%s\"", cookie_rows[i].header);
		if (!cookie_rows[i].is_there)
			continue;
		assert_string_equal(cookie.id, ID);
		assert_string_equal(cookie.secret, SECRET);
	}
}

static void a_long_cookie_header_is_not_read(void **state UNUSED)
{
	char header[COOKIE_BYTES_MAX + 2];
	struct phone_cookie cookie;

	memset(header, ';', sizeof(header));
	memcpy(header, COOKIE, strlen(COOKIE));
	header[COOKIE_BYTES_MAX] = '\0';
	assert_true(phone_read_cookie(header, &cookie));
	header[COOKIE_BYTES_MAX] = ';';
	header[COOKIE_BYTES_MAX + 1] = '\0';
	assert_false(phone_read_cookie(header, &cookie));
}

static const struct {
	const char *header;
	bool is_form;
} type_rows[] = {
	{ PHONE_FORM_TYPE, true },
	{ PHONE_FORM_TYPE "; charset=UTF-8", true },
	{ "Application/X-WWW-Form-Urlencoded", true },
	{ PHONE_FORM_TYPE " ;x", true },
	{ PHONE_FORM_TYPE "x", false },
	{ "text/plain; " PHONE_FORM_TYPE, false },
	{ "", false },
	{ NULL, false },
};

static void a_form_says_that_it_is_one(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(type_rows); i++)
		if (phone_type_is(type_rows[i].header, PHONE_FORM_TYPE) != type_rows[i].is_form)
			fail_msg("\"%s\"", type_rows[i].header);
}

static void no_two_secrets_are_one(void **state UNUSED)
{
	char one[RELAY_SECRET_LEN + 1], two[RELAY_SECRET_LEN + 1];

	assert_true(phone_make_secret(one) && phone_make_secret(two));
	assert_int_equal(strlen(one), RELAY_SECRET_LEN);
	assert_string_not_equal(one, two);
}

static const struct {
	const char *user_agent;
	enum relay_app app;
} app_rows[] = {
	{ NULL, RELAY_APP_BROWSER },
	{ "", RELAY_APP_BROWSER },
	{ "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Safari/604.1", RELAY_APP_BROWSER },
	{ "Mozilla/5.0 MicroMessenger/8.0.40(0x28) NetType/WIFI", RELAY_APP_WECHAT },
	{ "Mozilla/5.0 wxwork/4.1.0 MicroMessenger/7.0.1", RELAY_APP_WECOM },
	{ "Mozilla/5.0 MicroMessenger/7.0.1 WXWORK/4.1.0", RELAY_APP_WECOM },
	{ "Mozilla/5.0 AliApp(DingTalk/7.0.0) com.alibaba", RELAY_APP_DINGTALK },
	{ "wxwork", RELAY_APP_BROWSER },
	{ "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	  RELAY_APP_COMPUTER },
	{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15",
	  RELAY_APP_COMPUTER },
	{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/124.0 Safari/537.36",
	  RELAY_APP_COMPUTER },
	{ "Mozilla/5.0 (Linux; Android 14) Chrome/124.0 Mobile Safari/537.36", RELAY_APP_BROWSER },
	{ "Mozilla/5.0 (Linux; Android 14; Tablet) Chrome/124.0 Safari/537.36",
	  RELAY_APP_BROWSER },
	{ "Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb/4.1 Mobile HarmonyOS", RELAY_APP_BROWSER },
	{ "Mozilla/5.0 (Windows NT 10.0) MicroMessenger/7.0 WindowsWechat", RELAY_APP_WECHAT },
	{ "curl/8.0", RELAY_APP_BROWSER },
};

static void apps_are_known_by_their_user_agent(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(app_rows); i++)
		if (app_of_user_agent(app_rows[i].user_agent) != app_rows[i].app)
			fail_msg("\"%s\"", app_rows[i].user_agent);
}

/* --- who asks --- */

static const struct {
	const char *peer;
	bool is_near;
	const char *forwarded_for, *forwarded, *address;
	bool is_local;
} peer_rows[] = {
	{ "127.0.0.1", true, NULL, NULL, "127.0.0.1", true },
	{ "", true, NULL, NULL, "", true },
	{ "", true, "192.0.2.1", NULL, "192.0.2.1", false },
	{ "::1", true, "192.0.2.1, 198.51.100.2", NULL, "198.51.100.2", false },
	{ "::1", true, "x,\t2001:DB8:0::1 ", NULL, "2001:db8::1", false },
	{ "::1", true, "192.0.2.1, x", NULL, "::1", false },
	{ "::1", true, "", NULL, "::1", false },
	{ "::1", true, "192.0.2.1:80", NULL, "::1", false },
	{ "127.0.0.1", true, NULL, "for=192.0.2.1", "127.0.0.1", false },
	{ "203.0.113.5", false, "192.0.2.1", NULL, "203.0.113.5", false },
	{ "203.0.113.5", false, NULL, NULL, "203.0.113.5", false },
};

static void a_proxy_on_this_machine_is_believed(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(peer_rows); i++) {
		struct request *request = request_new("/q/x?y=z");

		if (peer_rows[i].forwarded_for)
			request_set_header(request, "x-forwarded-for", peer_rows[i].forwarded_for);
		if (peer_rows[i].forwarded)
			request_set_header(request, "Forwarded", peer_rows[i].forwarded);
		request_set_peer(request, peer_rows[i].peer, peer_rows[i].is_near);
		assert_string_equal(request->address, peer_rows[i].address);
		assert_int_equal(request->is_local, peer_rows[i].is_local);
		assert_string_equal(request->path, "/q/x");
		assert_string_equal(request->query, "y=z");
		request_free(request);
	}
}

static void a_header_that_comes_twice_is_noticed(void **state UNUSED)
{
	struct request *request = request_new("/");

	request_set_header(request, "X-Forwarded-For", "192.0.2.1");
	request_set_header(request, "X-Forwarded-For", "192.0.2.2");
	request_set_header(request, "Accept", "a");
	request_set_header(request, "Accept", "b");
	request_set_header(request, "Cookie", "a");
	assert_false(request->is_ambiguous);
	assert_string_equal(request->headers[HEADER_FORWARDED_FOR], "192.0.2.2");
	request_set_header(request, "cookie", "a");
	assert_true(request->is_ambiguous);
	assert_null(request->query);
	request_free(request);
}

/* --- strangers --- */

static unsigned n_allowed(struct strangers *strangers, const char *address, int64_t now_s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 10; i++)
		n += strangers_count(strangers, address, 3, now_s);
	return n;
}

static void strangers_are_counted_by_network_and_minute(void **state UNUSED)
{
	struct strangers *strangers = strangers_new();

	assert_int_equal(n_allowed(strangers, "192.0.2.1", 600), 3);
	assert_int_equal(n_allowed(strangers, "192.0.2.1", 659), 0);
	assert_int_equal(n_allowed(strangers, "192.0.2.1", 660), 3);
	assert_int_equal(n_allowed(strangers, "192.0.2.2", 660), 3);
	assert_int_equal(n_allowed(strangers, "2001:db8::1", 660), 3);
	assert_int_equal(n_allowed(strangers, "2001:db8::2", 660), 0);
	assert_int_equal(n_allowed(strangers, "2001:db8:0:1::2", 660), 3);
	assert_int_equal(n_allowed(strangers, "", 660), 3);
	assert_int_equal(n_allowed(strangers, "nonsense", 660), 0);
	strangers_free(strangers);
}

/* More addresses than the table holds: nobody is charged for another, and he who asks most is still
 * remembered. */
static void a_flood_of_addresses_counts_against_nobody(void **state UNUSED)
{
	struct strangers *strangers = strangers_new();
	char address[32];

	assert_int_equal(n_allowed(strangers, "192.0.2.1", 60), 3);
	for (unsigned i = 0; i < 3 * ADDRESSES_MAX; i++) {
		(void)snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 0xff,
			       i & 0xff);
		assert_true(strangers_count(strangers, address, 3, 60));
	}
	assert_int_equal(n_allowed(strangers, "192.0.2.1", 60), 0);
	strangers_free(strangers);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_our_own_page_may_press),
		cmocka_unit_test(the_cookie_is_whole_or_none),
		cmocka_unit_test(a_long_cookie_header_is_not_read),
		cmocka_unit_test(a_form_says_that_it_is_one),
		cmocka_unit_test(no_two_secrets_are_one),
		cmocka_unit_test(apps_are_known_by_their_user_agent),
		cmocka_unit_test(a_proxy_on_this_machine_is_believed),
		cmocka_unit_test(a_header_that_comes_twice_is_noticed),
		cmocka_unit_test(strangers_are_counted_by_network_and_minute),
		cmocka_unit_test(a_flood_of_addresses_counts_against_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
