/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URLs and percent-encoding. */
#include "base/url.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void urls_are_taken_apart(void **state UNUSED)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		const char *path;
	} rows[] = {
		{ "https://id.example.org", "id.example.org", 443, "" },
		{ "https://id.example.org/", "id.example.org", 443, "/" },
		{ "HTTPS://ID.Example.ORG:8443/a/b?c=d&e=%20", "id.example.org", 8443, "/a/b" },
		{ "https://id.example.org?x", "id.example.org", 443, "" },
		{ "https://localhost:1/", "localhost", 1, "/" },
		{ "https://192.0.2.7:65535/x", "192.0.2.7", 65535, "/x" },
		{ "https://[2001:DB8:0::1]:8443/x", "2001:db8::1", 8443, "/x" },
		{ "https://[::1]", "::1", 443, "" },
		{ "https://a_b-c.example/@:x", "a_b-c.example", 443, "/@:x" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		struct url url;

		assert_int_equal(url_parse(rows[i].text, URL_MAX, &url), 0);
		assert_string_equal(url.host, rows[i].host);
		assert_int_equal(url.port, rows[i].port);
		assert_int_equal(url.path_len, strlen(rows[i].path));
		assert_memory_equal(url.path, rows[i].path, url.path_len);
	}
}

static void what_is_no_url_of_ours_is_refused(void **state UNUSED)
{
	static const char *const wrong[] = {
		"", "https://", "https:///path", "http://id.example.org/", "id.example.org",
		"ftp://id.example.org/", " https://id.example.org/", "https://id.example.org/ ",
		"https://user@id.example.org/", "https://user:pw@id.example.org/",
		"https://id.example.org/#fragment", "https://id.example.org#f",
		"https://id.example.org/a b", "https://id.example.org/a\\b",
		"https://id.example.org\\@x/",
		"https://id.example.org/\xc3\xab", "https://\xc3\xab.example.org/",
		"https://id.example.org/a\nb", "https://id.example.org/\x7f",
		"https://id.example.org/%", "https://id.example.org/%2",
		"https://id.example.org/%zz", "https://id%2eexample.org/",
		"https://id.example.org:/", "https://id.example.org:0/",
		"https://id.example.org:65536/", "https://id.example.org:-1/",
		"https://id.example.org:443x/", "https://id.example.org:443:1/",
		"https://id.example.org:0000000443/",
		"https://.example.org/", "https://id..example.org/", "https://id.example.org./",
		"https://[::1/", "https://[::1]x/", "https://[]/", "https://[fe80::1%25eth0]/",
		"https://[192.0.2.7]/", "https://::1/", "https://id.example.org/[x]",
		"https://127.1/", "https://2130706433/", "https://0x7f.0x0.0x0.0x1/",
		"https://0177.0.0.1/", "https://192.0.2.256/", "https://id.example.0x1/",
		"https://id.example.org/{x}",
		"https://id.example.org/\"", "https://id.example.org/<x>",
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(wrong); i++)
		if (url_is_valid(wrong[i], URL_MAX))
			fail_msg("taken: %s", wrong[i]);
}

static void long_urls_and_hosts_are_refused(void **state UNUSED)
{
	char text[400] = "https://";
	struct url url;

	memset(text + 8, 'a', 63);
	assert_int_equal(url_parse(text, 71, &url), 0);
	assert_int_equal(url_parse(text, 70, &url), -E2BIG);
	memset(text + 8, 'a', 64);
	assert_int_equal(url_parse(text, 400, &url), -EINVAL);
	memset(text + 8, 'a', 300);
	assert_int_equal(url_parse(text, 400, &url), -EINVAL);
}

static void a_location_may_have_a_fragment(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool is_location;
	} rows[] = {
		{ "https://id.example.org/a?b=c#d", true },
		{ "https://id.example.org#", true },
		{ "https://id.example.org/#wechat_redirect", true },
		{ "https://id.example.org/?a=%23#b?c/d", true },
		{ "https://id.example.org/", true },
		{ "https://id.example.org/#a#b", false },
		{ "https://id.example.org/#a b", false },
		{ "https://id.example.org/#%", false },
		{ "https://id.example.org/#\"", false },
		{ "https://id.example.org/#\xc3\xab", false },
		{ "https://id.example.org/a b#c", false },
		{ "http://id.example.org/#a", false },
		{ "javascript:alert(1)#https://id.example.org/", false },
		{ "//id.example.org/", false },
		{ "#a", false },
		{ "", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		if (url_is_location(rows[i].text, URL_MAX) != rows[i].is_location)
			fail_msg("%s", rows[i].text);
	assert_true(url_is_location("https://a.example/#b", 20));
	assert_false(url_is_location("https://a.example/#b", 19));
	assert_false(url_is_location("https://a.example/#b", 17));
}

static void origins_are_scheme_host_and_port(void **state UNUSED)
{
	assert_true(url_same_origin("https://id.example.org/a", "https://ID.example.org:443/b?c"));
	assert_true(url_same_origin("https://[2001:db8:0:0::1]/", "https://[2001:DB8::1]/"));
	assert_false(url_same_origin("https://id.example.org/", "https://id.example.org:8443/"));
	assert_false(url_same_origin("https://id.example.org/", "https://id.example.com/"));
	assert_false(url_same_origin("https://id.example.org/", "https://a.id.example.org/"));
	assert_false(url_same_origin("nonsense", "nonsense"));
}

static void an_origin_is_the_beginning_of_a_url(void **state UNUSED)
{
	static const struct {
		const char *url, *origin;
	} rows[] = {
		{ "https://id.example.org", "https://id.example.org" },
		{ "https://ID.example.org/a/b?c", "https://ID.example.org" },
		{ "https://id.example.org?a=/b", "https://id.example.org" },
		{ "https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf buf = BUF_INIT(100);

		url_add_origin(&buf, rows[i].url);
		assert_string_equal(buf_text(&buf), rows[i].origin);
		buf_done(&buf);
	}
}

static void proxies_are_a_host_and_a_port(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool is_proxy;
	} rows[] = {
		{ "http://proxy.example.org:3128", true },
		{ "https://proxy.example.org:443", true },
		{ "http://192.0.2.7:1", true },
		{ "http://[2001:db8::1]:8080", true },
		{ "http://proxy.example.org", false },
		{ "http://[2001:db8::1]", false },
		{ "http://proxy.example.org:", false },
		{ "http://proxy.example.org:0", false },
		{ "http://proxy.example.org:65536", false },
		{ "http://:3128", false },
		{ "http://proxy.example.org:3128/", false },
		{ "http://proxy.example.org/:1", false },
		{ "http://proxy.example.org:3128?x:1", false },
		{ "http://p:1#x", false },
		{ "http://user:pw@proxy.example.org:3128", false },
		{ "http://user@proxy.example.org:3128", false },
		{ "http://127.1:3128", false },
		{ "socks5://proxy.example.org:1080", false },
		{ "proxy.example.org:3128", false },
		{ "HTTP://proxy.example.org:3128", false },
		{ "http:", false },
		{ "", false },
		{ "http://http://proxy.example.org:3128", false },
		{ "http://a b:1", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		if (url_is_proxy(rows[i].text, URL_MAX) != rows[i].is_proxy)
			fail_msg("%s", rows[i].text);
	assert_true(url_is_proxy("http://a:12", 11));
	assert_false(url_is_proxy("http://a:12", 10));
}

static void forms_are_encoded(void **state UNUSED)
{
	struct buf form = BUF_INIT(200);

	form_add(&form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
	form_add(&form, "q", "a b+c&d=e*-._~\xc3\xab");
	form_add(&form, "empty", "");
	assert_string_equal(buf_text(&form),
			    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
			    "&q=a+b%2Bc%26d%3De*-._%7E%C3%AB&empty=");
	buf_done(&form);
}

static void path_segments_are_encoded(void **state UNUSED)
{
	struct buf path = BUF_INIT(200);

	url_encode_segment(&path, "a/b c~d?%.\xc3\xab");
	assert_string_equal(buf_text(&path), "a%2Fb%20c~d%3F%25.%C3%AB");
	buf_done(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(what_is_no_url_of_ours_is_refused),
		cmocka_unit_test(long_urls_and_hosts_are_refused),
		cmocka_unit_test(a_location_may_have_a_fragment),
		cmocka_unit_test(origins_are_scheme_host_and_port),
		cmocka_unit_test(an_origin_is_the_beginning_of_a_url),
		cmocka_unit_test(proxies_are_a_host_and_a_port),
		cmocka_unit_test(forms_are_encoded),
		cmocka_unit_test(path_segments_are_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
