/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages for telephones: what they say, to whom, and that nothing foreign gets through. */
#include "jauth-relay/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/catalog.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/page-text.h"

#define NOW_S          1700000000
#define PAGE_BYTES_MAX 65536

static const struct reader english = { .language = "en", .url = "https://sso.example.org" };

static struct link make_link(void)
{
	struct link link = {
		.id = "AAAAAAAAAAAAAAAAAAAAAA",
		.token = "tokentokentokentokento",
		.host_name = "web1.example.org",
		.user = "jane",
		.service = "sshd",
		.source = "192.0.2.7",
		.since_s = NOW_S - 12,
		.digits = true,
		.targets = {
			{ "work", "WeCom", RELAY_APP_WECOM },
			{ "site", "GitHub", RELAY_APP_BROWSER },
			{ "ding", "DingTalk", RELAY_APP_DINGTALK },
			{ "other", "Google", RELAY_APP_BROWSER },
		},
		.n_targets = 4,
		.target = LINK_NONE,
		.callback_press = LINK_NONE,
		.result = LINK_NONE,
	};

	return link;
}

static void question(const struct reader *reader, const struct link *link, struct buf *buf)
{
	buf_done(buf);
	page_add_question(reader, link, NOW_S, buf);
	assert_false(buf_failed(buf));
}

static void assert_has(const struct buf *buf, const char *text)
{
	if (!strstr(buf_text(buf), text))
		fail_msg("\"%s\" is not on the page:\n%s", text, buf_text(buf));
}

static void assert_lacks(const struct buf *buf, const char *text)
{
	if (strstr(buf_text(buf), text))
		fail_msg("\"%s\" is on the page", text);
}

static void the_question_says_who_whence_and_when(void **state UNUSED)
{
	static const char *const parts[] = {
		"web1.example.org", "jane", "192.0.2.7", "sshd", "2023-11-14 22:13:08 UTC",
		"(12 s ago)", "two digits appear", "This wasn't me",
		"action=\"/q/AAAAAAAAAAAAAAAAAAAAAA\"", "value=\"tokentokentokentokento\"",
		"<html lang=\"en\">", "name=\"viewport\"",
	};
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	question(&english, &link, &page);
	for (size_t i = 0; i < N_ELEMENTS(parts); i++)
		assert_has(&page, parts[i]);
	link.digits = false;
	link.source[0] = '\0';
	link.since_s = NOW_S + 5;                /* another machine's clock */
	question(&english, &link, &page);
	assert_lacks(&page, "two digits");
	assert_has(&page, "unknown");
	assert_has(&page, "(0 s ago)");
	buf_done(&page);
}

static const struct {
	const char *foreign, *shown;
} foreign_rows[] = {
	{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "\" onload=\"x", "&quot; onload=&quot;x" },
	{ "it's & co", "it&#39;s &amp; co" },
	{ "ro\xe2\x80\xaeot", "ro?ot" },         /* right-to-left override */
	{ "a\x1b[31mb", "a?[31mb" },
	{ "\xff\xfe", "??" },
	{ "张三", "张三" },
	{ "%s%n", "%s%n" },
};

static void nothing_foreign_gets_through(void **state UNUSED)
{
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);

	for (size_t i = 0; i < N_ELEMENTS(foreign_rows); i++) {
		struct link link = make_link();
		char *const fields[] = { link.user, link.source, link.host_name, link.service,
					 link.targets[1].title };

		for (size_t k = 0; k < N_ELEMENTS(fields); k++) {
			link = make_link();
			(void)snprintf(fields[k], RELAY_SERVICE_MAX + 1, "%s",
				       foreign_rows[i].foreign);
			question(&english, &link, &page);
			assert_has(&page, foreign_rows[i].shown);
			assert_lacks(&page, "<script");
			assert_lacks(&page, "onload=\"");
			assert_lacks(&page, "\x1b");
		}
	}
	buf_done(&page);
}

static void a_request_id_is_escaped_too(void **state UNUSED)
{
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	link.result = RELAY_RESULT_DENIED;
	(void)snprintf(link.request, sizeof(link.request), "<b>%%s");
	page_add_result(&english, &link, &page);
	assert_has(&page, "Request id: <bdi>&lt;b&gt;%s</bdi>");
	buf_done(&page);
}

static const struct {
	enum relay_app app;
	unsigned targets;                /* of the link that are left, as bits */
	const char *chosen;              /* their methods */
} target_rows[] = {
	{ RELAY_APP_WECOM, 0xf, "work " },
	{ RELAY_APP_DINGTALK, 0xf, "ding " },
	{ RELAY_APP_WECHAT, 0xf, "site other " },
	{ RELAY_APP_BROWSER, 0xf, "site other " },
	{ RELAY_APP_WECHAT, 0x5, "" },
	{ RELAY_APP_BROWSER, 0x1, "" },
	{ RELAY_APP_WECOM, 0x2, "site " },
	{ RELAY_APP_COMPUTER, 0xf, "site other " },
	{ RELAY_APP_COMPUTER, 0x1f, "site other desk " },
	{ RELAY_APP_COMPUTER, 0x10, "desk " },
	{ RELAY_APP_BROWSER, 0x1a, "site other " },
	{ RELAY_APP_BROWSER, 0x10, "" },
	{ RELAY_APP_WECHAT, 0x10, "" },
	{ RELAY_APP_WECHAT, 0x3f, "mini " },
	{ RELAY_APP_WECHAT, 0x7f, "mini chat " },
	{ RELAY_APP_WECOM, 0x30, "" },
	{ RELAY_APP_BROWSER, 0x20, "" },
};

static void an_app_is_offered_what_it_can_open(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(target_rows); i++) {
		struct link all = make_link();
		struct link link = make_link();
		struct buf chosen = BUF_INIT(256);
		unsigned targets[RELAY_TARGETS_MAX], n;

		all.targets[4] = (struct link_target){ "desk", "Desk", RELAY_APP_COMPUTER };
		all.targets[5] = (struct link_target){ "mini", "Mini", RELAY_APP_MINI_PROGRAM };
		all.targets[6] = (struct link_target){ "chat", "Chat", RELAY_APP_WECHAT };
		all.n_targets = 7;
		link.n_targets = 0;
		for (unsigned k = 0; k < all.n_targets; k++)
			if (target_rows[i].targets & 1u << k)
				link.targets[link.n_targets++] = all.targets[k];
		n = page_choose_targets(&link, target_rows[i].app, targets);
		for (unsigned k = 0; k < n; k++)
			buf_add_format(&chosen, "%s ", link.targets[targets[k]].method);
		assert_string_equal(buf_text(&chosen), target_rows[i].chosen);
		buf_done(&chosen);
	}
}

static void a_browser_hears_of_the_apps(void **state UNUSED)
{
	struct reader reader = english;
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	question(&reader, &link, &page);
	assert_has(&page, "<li>WeCom</li>\n<li>DingTalk</li>");
	assert_lacks(&page, "<li>a browser</li>");
	assert_lacks(&page, "<li>WeChat</li>");
	reader.app = RELAY_APP_WECOM;
	question(&reader, &link, &page);
	assert_lacks(&page, "<li>");
	assert_lacks(&page, "value=\"site\"");
	buf_done(&page);
}

static void the_wrong_app_hears_all_of_them(void **state UNUSED)
{
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	page_add_notice(&english, NOTICE_WRONG_APP, &link, &page);
	assert_has(&page, "<ul>\n<li>WeCom</li>\n<li>DingTalk</li>\n</ul>");
	assert_lacks(&page, "<form");
	assert_lacks(&page, "/q/");
	buf_done(&page);
}

static void a_code_is_no_use_where_a_computer_is_needed(void **state UNUSED)
{
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	assert_int_equal(page_choose_notice(&link), NOTICE_WRONG_APP);
	link.targets[3].app = RELAY_APP_COMPUTER;
	page_add_notice(&english, NOTICE_WRONG_APP, &link, &page);
	assert_has(&page, "<li>DingTalk</li>\n</ul>\n<p class=\"soft\">Or open this address");
	assert_has(&page, "<bdi>https://sso.example.org/q/AAAAAAAAAAAAAAAAAAAAAA</bdi>");
	link.targets[0] = link.targets[3];
	link.n_targets = 1;
	assert_int_equal(page_choose_notice(&link), NOTICE_USE_COMPUTER);
	buf_done(&page);
	page_add_notice(&english, NOTICE_USE_COMPUTER, &link, &page);
	assert_has(&page, "Open this address there:</p>\n<p class=\"address\"><bdi>https://");
	assert_lacks(&page, "<ul>");
	assert_lacks(&page, "Or open");
	buf_done(&page);
}

static void both_ways_of_one_app_are_one_to_people(void **state UNUSED)
{
	struct reader reader = english;
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	link.targets[0].app = RELAY_APP_WECHAT;
	link.targets[2].app = RELAY_APP_MINI_PROGRAM;
	question(&reader, &link, &page);
	assert_has(&page, "<ul>\n<li>WeChat</li>\n</ul>");
	link.targets[0].app = RELAY_APP_BROWSER;
	question(&reader, &link, &page);
	assert_has(&page, "<ul>\n<li>WeChat</li>\n</ul>");
	reader.app = RELAY_APP_COMPUTER;
	question(&reader, &link, &page);
	assert_has(&page, "value=\"site\"");
	assert_has(&page, "<ul>\n<li>WeChat</li>\n</ul>");
	buf_done(&page);
}

/* Its script stands on it as the policy allows it, and what comes from elsewhere cannot leave its
 * place. */
static void dingtalks_page_is_as_its_policy_says(void **state UNUSED)
{
	struct buf page = BUF_INIT(PAGE_BYTES_MAX), policy = BUF_INIT(4096);
	struct buf digest_text = BUF_INIT(128);
	const char *script, *end;
	struct digest digest;

	page_add_dingtalk(&english, "https://cdn.example.org/a&b.js", &page);
	assert_has(&page, "data-src=\"https://cdn.example.org/a&amp;b.js\"");
	assert_true(page_add_dingtalk_policy("https://cdn.example.org/a&b.js", &policy));
	script = strstr(buf_text(&page), "<script>") + strlen("<script>");
	end = strstr(script, "</script>");
	assert_int_equal(crypto_digest(DIGEST_SHA256, script, (size_t)(end - script), &digest), 0);
	buf_add_text(&digest_text, "script-src 'sha256-");
	base64_add(&digest_text, digest.bytes, digest.len);
	buf_add_text(&digest_text, "' https://cdn.example.org/a&b.js; style-src 'sha256-");
	assert_has(&policy, buf_text(&digest_text));
	assert_has(&policy, "default-src 'none'; ");
	assert_has(&policy, "form-action 'self'; ");
	assert_has(&policy, "frame-ancestors 'none'");
	assert_lacks(&policy, "unsafe");
	assert_null(strstr(end + 1, "<script"));
	assert_lacks(&page, "on\"");
	buf_done(&page);
	buf_done(&policy);
	buf_done(&digest_text);
}

/* Digits stand on the page of their result and on no other. */
static void only_one_result_has_digits(void **state UNUSED)
{
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	(void)snprintf(link.digits_text, sizeof(link.digits_text), "47");
	for (int result = 0; result < RELAY_N_RESULTS; result++) {
		link.result = result;
		buf_done(&page);
		page_add_result(&english, &link, &page);
		assert_has(&page, result_texts[result].head);
		if (result == RELAY_RESULT_DIGITS)
			assert_has(&page, "<p class=\"digits\">47</p>");
		else
			assert_lacks(&page, "digits\">");
		question(&english, &link, &page);
		assert_lacks(&page, ">47<");
	}
	buf_done(&page);
}

static void every_notice_says_something(void **state UNUSED)
{
	struct link link = make_link();

	for (int notice = 0; notice < N_NOTICES; notice++) {
		struct buf page = BUF_INIT(PAGE_BYTES_MAX);
		unsigned status = page_notice_status(notice);

		page_add_notice(&english, notice, &link, &page);
		assert_has(&page, notice_texts[notice].head);
		assert_has(&page, notice_texts[notice].text);
		assert_true(status == 200 || (status >= 400 && status < 600));
		if (notice == NOTICE_WAITING)
			assert_has(&page, "http-equiv=\"refresh\" content=\"2\"");
		else
			assert_lacks(&page, "refresh");
		buf_done(&page);
	}
}

static const struct {
	const char *accept, *language;
} language_rows[] = {
	{ NULL, "fallback" }, { "", "fallback" }, { "de-DE,fr", "fallback" }, { "*", "fallback" },
	{ "zh-CN", "zh_CN" }, { "zh", "zh_CN" }, { "ZH-hans-cn", "zh_CN" }, { "zh-TW", "zh_CN" },
	{ "en-GB,zh-CN;q=0.9", "en" }, { "zh-CN;q=0.9,en-GB", "en" },
	{ "de,zh;q=0.2,en;q=0.1", "zh_CN" }, { "en;q=0.1,zh;q=0.2", "zh_CN" },
	{ "en;q=0,zh;q=0.001", "zh_CN" }, { "zh;q=0", "fallback" }, { "zha", "fallback" },
	{ "english", "fallback" }, { ", ,en", "en" }, { "z", "fallback" }, { "en;q=", "fallback" },
	{ "en;q=1.000, zh", "en" }, { "zh;q=0.5;x=1,en;q=0.4", "zh_CN" },
};

static void the_phone_chooses_the_language(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(language_rows); i++) {
		const char *language = page_language(language_rows[i].accept, "fallback");

		if (strcmp(language, language_rows[i].language) != 0)
			fail_msg("\"%s\" gives %s", language_rows[i].accept, language);
	}
}

static void pages_are_whole_in_chinese(void **state UNUSED)
{
	struct catalogs *catalogs = catalogs_open(TEST_LOCALE_DIR);
	const struct reader reader = { .catalogs = catalogs, .language = "zh_CN" };
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	question(&reader, &link, &page);
	assert_has(&page, "<html lang=\"zh-CN\">");
	assert_has(&page, "12 秒前");
	assert_has(&page, "用 <bdi>GitHub</bdi> 确认");
	assert_has(&page, "<li>企业微信</li>");
	assert_lacks(&page, "Confirm");
	for (int notice = 0; notice < N_NOTICES; notice++) {
		buf_done(&page);
		page_add_notice(&reader, notice, &link, &page);
		assert_lacks(&page, notice_texts[notice].text);
	}
	for (link.result = 0; link.result < RELAY_N_RESULTS; link.result++) {
		buf_done(&page);
		page_add_result(&reader, &link, &page);
		assert_lacks(&page, result_texts[link.result].text);
	}
	buf_done(&page);
	catalogs_free(catalogs);
}

/* By its digest (CSP level 3, section 2.3.1): what is on the page is what the policy allows. */
static void the_policy_names_the_style(void **state UNUSED)
{
	char policy[PAGE_POLICY_MAX];
	struct buf page = BUF_INIT(PAGE_BYTES_MAX), digest_text = BUF_INIT(128);
	const char *style, *end;
	struct digest digest;

	assert_int_equal(page_make_policy(policy), 0);
	page_add_notice(&english, NOTICE_UNKNOWN, NULL, &page);
	style = strstr(buf_text(&page), "<style>");
	assert_non_null(style);
	style += strlen("<style>");
	end = strstr(style, "</style>");
	assert_non_null(end);
	assert_int_equal(crypto_digest(DIGEST_SHA256, style, (size_t)(end - style), &digest), 0);
	base64_add(&digest_text, digest.bytes, digest.len);
	assert_non_null(strstr(policy, buf_text(&digest_text)));
	assert_non_null(strstr(policy, "default-src 'none'"));
	assert_null(strstr(policy, "unsafe"));
	assert_null(strstr(policy, "script"));
	buf_done(&page);
	buf_done(&digest_text);
}

/* The longest of everything fits into a page. */
static void the_longest_page_fits(void **state UNUSED)
{
	struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct link link = make_link();

	memset(link.user, '"', sizeof(link.user) - 1);
	memset(link.source, '"', sizeof(link.source) - 1);
	memset(link.service, '"', sizeof(link.service) - 1);
	memset(link.host_name, '"', sizeof(link.host_name) - 1);
	link.n_targets = RELAY_TARGETS_MAX;
	for (unsigned i = 0; i < link.n_targets; i++) {
		link.targets[i].app = RELAY_APP_BROWSER;
		memset(link.targets[i].method, 'm', RELAY_METHOD_MAX);
		memset(link.targets[i].title, '"', RELAY_TITLE_MAX);
	}
	question(&english, &link, &page);
	assert_int_equal(page.data[page.len - 1], '\n');
	buf_done(&page);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_says_who_whence_and_when),
		cmocka_unit_test(nothing_foreign_gets_through),
		cmocka_unit_test(a_request_id_is_escaped_too),
		cmocka_unit_test(an_app_is_offered_what_it_can_open),
		cmocka_unit_test(a_browser_hears_of_the_apps),
		cmocka_unit_test(the_wrong_app_hears_all_of_them),
		cmocka_unit_test(a_code_is_no_use_where_a_computer_is_needed),
		cmocka_unit_test(both_ways_of_one_app_are_one_to_people),
		cmocka_unit_test(dingtalks_page_is_as_its_policy_says),
		cmocka_unit_test(only_one_result_has_digits),
		cmocka_unit_test(every_notice_says_something),
		cmocka_unit_test(the_phone_chooses_the_language),
		cmocka_unit_test(pages_are_whole_in_chinese),
		cmocka_unit_test(the_policy_names_the_style),
		cmocka_unit_test(the_longest_page_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
