/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauth-relay.conf: what is taken, what is a mistake, and that sample and manual say the same as
 * the tables. */
#include "jauth-relay/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/listen.h"

#define SAMPLE TEST_SOURCE_DIR "/../conf/jauth-relay.conf"
#define MANUAL TEST_SOURCE_DIR "/../man/jauth-relay.8"

#define URL "[relay]\nurl = https://sso.example.org\n"

/* NULL: mistakes, in the report. */
static struct config *make(const char *text, struct conf_report *report)
{
	struct conf conf = { 0 };
	struct config *config = NULL;

	conf_read_text(text, strlen(text), "test.conf", &conf, report);
	(void)config_make(&conf, "test.conf", &config, report);
	conf_done(&conf);
	return config;
}

static void defaults_are_enough(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct config *config = make(URL, &report);

	assert_non_null(config);
	assert_string_equal(config->url, "https://sso.example.org");
	assert_string_equal(config->listen[0], "127.0.0.1:8480");
	assert_null(config->listen[1]);
	assert_null(config->files);
	assert_null(config->redis);
	assert_string_equal(config->redis_prefix, "jauth:");
	assert_int_equal(config->unknown_per_minute, 30);
	config_free(config);
	conf_report_done(&report);
}

static const struct {
	const char *text, *mistake;
	unsigned line;
} mistake_rows[] = {
	{ "", "url", 0 },
	{ "[redis]\naddress = 127.0.0.1:6379\n", "url", 0 },
	{ "[relay]\nurl = http://sso.example.org\n", "url", 2 },
	{ "[relay]\nurl = https://sso.example.org/a\n", "path", 2 },
	{ URL "listen = 127.0.0.1\n", "listen", 3 },
	{ URL "listen = 127.0.0.1:80, sso.example.org:80\n", "listen", 3 },
	{ URL "files = ownership\n", "files", 3 },
	{ URL "dingtalk_script = http://cdn.example.org/dd.js\n", "dingtalk_script", 3 },
	{ URL "dingtalk_script = https://cdn.example.org/dd.js;x\n", "dingtalk_script", 3 },
	{ URL "dingtalk_script = https://cdn.example.org/dd.js?v=1\n", "dingtalk_script", 3 },
	{ URL "dingtalk_script = https://cdn.example.org/a,b.js\n", "dingtalk_script", 3 },
	{ URL "links_max = 0\n", "links_max", 3 },
	{ URL "link_max = 5\n", "links_max", 3 },
	{ URL "[redis]\nuser = a\n", "address", 3 },
	{ URL "[redis]\naddress = /run/redis\nuser = a\n", "password_file", 5 },
	{ URL "[redis]\npassword = x\n", "password_file", 4 },
	{ URL "[general]\n", "[general]", 3 },
};

static void mistakes_are_told_with_their_line(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(mistake_rows); i++) {
		struct conf_report report = { 0 };

		assert_null(make(mistake_rows[i].text, &report));
		assert_true(report.n_mistakes >= 1);
		if (!strstr(report.mistakes[0].text, mistake_rows[i].mistake) ||
		    report.mistakes[0].line != mistake_rows[i].line)
			fail_msg("%s: line %u: %s", mistake_rows[i].text,
				 report.mistakes[0].line, report.mistakes[0].text);
		conf_report_done(&report);
	}
}

static const struct {
	const char *text;
	int family;                      /* 0: is none */
} address_rows[] = {
	{ "127.0.0.1:8480", AF_INET },
	{ "[::1]:8480", AF_INET6 },
	{ "0.0.0.0:65535", AF_INET },
	{ "/run/jauth-relay/socket", AF_UNIX },
	{ "127.0.0.1", 0 }, { "127.0.0.1:", 0 }, { "127.0.0.1:0", 0 }, { "127.0.0.1:65536", 0 },
	{ "127.1:80", 0 }, { ":80", 0 }, { "::1:80", 0 }, { "[127.0.0.1]:80", 0 }, { "[]:80", 0 },
	{ "[::1:80", 0 }, { "localhost:80", 0 }, { "", 0 }, { "[:80", 0 }, { "]:80", 0 },
};

static void addresses_are_numbers_or_paths(void **state UNUSED)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1] = "/";
	struct listen_address address;

	for (size_t i = 0; i < N_ELEMENTS(address_rows); i++) {
		int r = listen_parse(address_rows[i].text, &address);

		if ((r == 0) != (address_rows[i].family != 0))
			fail_msg("\"%s\"", address_rows[i].text);
		if (r == 0)
			assert_int_equal(address.address.ss_family, address_rows[i].family);
	}
	memset(path + 1, 'a', sizeof(path) - 2);
	assert_int_not_equal(listen_parse(path, &address), 0);
}

/* --- sample and manual --- */

static char *read_whole(const char *path)
{
	struct buf buf = BUF_INIT(65536);
	FILE *file = fopen(path, "re");
	char part[4096];
	size_t n;

	if (!file)
		fail_msg("%s cannot be opened", path);
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(&buf, part, n);
	assert_int_equal(fclose(file), 0);
	assert_false(buf_failed(&buf));
	return buf_steal(&buf);
}

/* `format` has one or two %s. */
static void assert_says(const char *document, const char *path, const char *format, ...)
	PRINTF_LIKE(3, 4);
static void assert_says(const char *document, const char *path, const char *format, ...)
{
	struct buf line = BUF_INIT(1024);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&line, format, args);
	va_end(args);
	if (!strstr(document, buf_text(&line)))
		fail_msg("%s does not say \"%s\"", path, buf_text(&line));
	buf_done(&line);
}

static void check_keys(const struct conf_key *keys, const char *sample, const char *manual)
{
	for (; keys->name; keys++) {
		const char *end = keys->kind == CONF_SECRET ? "_file" : "";

		assert_says(sample, SAMPLE, "\n#%s%s = ", keys->name, end);
		assert_says(manual, MANUAL, "\n.B %s%s\n", keys->name, end);
		if (!keys->fallback)
			continue;
		assert_says(sample, SAMPLE, "\n#%s = %s\n", keys->name, keys->fallback);
		assert_says(manual, MANUAL, "\nDefault: \\fB%s\\fR.\n", keys->fallback);
	}
}

static void sample_and_manual_have_every_key_and_default(void **state UNUSED)
{
	_cleanup_free_ char *sample = read_whole(SAMPLE);
	_cleanup_free_ char *manual = read_whole(MANUAL);

	check_keys(config_relay_keys, sample, manual);
	check_keys(config_redis_keys, sample, manual);
}

/* With all "#key" lines switched on the sample is right, but for the password's file. */
static void the_sample_is_right_when_it_is_switched_on(void **state UNUSED)
{
	_cleanup_free_ char *sample = read_whole(SAMPLE);
	struct conf_report report = { 0 };
	struct config *config;

	for (char *at = sample; (at = strstr(at, "\n#")); at++)
		if (at[2] != ' ' && !text_has_prefix(at + 2, "password_file") &&
		    !text_has_prefix(at + 2, "user"))
			at[1] = ' ';
	config = make(sample, &report);
	if (!config)
		fail_msg("line %u: %s", report.mistakes[0].line, report.mistakes[0].text);
	assert_string_equal(config->redis, "127.0.0.1:6379");
	config_free(config);
	conf_report_done(&report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_enough),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(addresses_are_numbers_or_paths),
		cmocka_unit_test(sample_and_manual_have_every_key_and_default),
		cmocka_unit_test(the_sample_is_right_when_it_is_switched_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
