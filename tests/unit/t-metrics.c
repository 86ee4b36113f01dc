/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text that Prometheus reads; that it is one is looked at by tests/e2e/test_metrics.py. */
#include "jauthd/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthd/limits.h"

static void every_fact_has_its_line(void **state UNUSED)
{
	static const struct metrics_facts facts = {
		.waiting = 1, .begun = 15, .granted = 7, .denied = 4, .failed = 3, .offline = 2,
		.break_glass = 11,
		.http_connected = 1, .http_requests = UINT64_MAX, .http_failures = 2,
		.relay_connected = 1, .relay_links = 5, .relay_opened = 9, .relay_failures = 6,
		.directories = 2, .directories_syncing = 1, .directory_locked = 12,
		.directory_syncs_done = 30, .directory_syncs_failed = 8,
		.directory_syncs_asking = 10,
	};
	static const char *const lines[] = {
		"\n# TYPE jauth_logins_waiting gauge\njauth_logins_waiting 1\n",
		"\n# TYPE jauth_logins_begun_total counter\njauth_logins_begun_total 15\n",
		"\n# TYPE jauth_logins_total counter\n"
		"jauth_logins_total{outcome=\"granted\"} 7\n"
		"jauth_logins_total{outcome=\"denied\"} 4\n"
		"jauth_logins_total{outcome=\"failed\"} 3\n",
		"\n# TYPE jauth_logins_offline_total counter\njauth_logins_offline_total 2\n",
		"\n# TYPE jauth_break_glass_total counter\njauth_break_glass_total 11\n",
		"\n# TYPE jauth_http_connected gauge\njauth_http_connected 1\n",
		"\n# TYPE jauth_http_requests_total counter\n"
		"jauth_http_requests_total 18446744073709551615\n",
		"\n# TYPE jauth_http_failures_total counter\njauth_http_failures_total 2\n",
		"\n# TYPE jauth_relay_connected gauge\njauth_relay_connected 1\n",
		"\n# TYPE jauth_relay_links gauge\njauth_relay_links 5\n",
		"\n# TYPE jauth_relay_opened_total counter\njauth_relay_opened_total 9\n",
		"\n# TYPE jauth_relay_failures_total counter\njauth_relay_failures_total 6\n",
		"\n# TYPE jauth_directories gauge\njauth_directories 2\n",
		"\n# TYPE jauth_directories_syncing gauge\njauth_directories_syncing 1\n",
		"\n# TYPE jauth_directory_syncs_total counter\n"
		"jauth_directory_syncs_total{outcome=\"done\"} 30\n"
		"jauth_directory_syncs_total{outcome=\"failed\"} 8\n"
		"jauth_directory_syncs_total{outcome=\"asks\"} 10\n",
		"\n# TYPE jauth_directory_locked_total counter\njauth_directory_locked_total 12\n",
		"\njauth_build_info{version=\"" PACKAGE_VERSION "\"} 1\n",
	};
	struct buf text = BUF_INIT(METRICS_TEXT_MAX);

	metrics_render(&facts, &text);
	for (size_t i = 0; i < N_ELEMENTS(lines); i++)
		if (!strstr(buf_text(&text), lines[i]))
			fail_msg("missing: %s", lines[i]);
	assert_true(text_has_prefix(buf_text(&text), "# HELP jauth_"));
	assert_true(text_has_suffix(buf_text(&text), "\n"));
	buf_done(&text);
}

static void there_is_room_to_grow(void **state UNUSED)
{
	static const struct metrics_facts most = {
		UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 1, UINT64_MAX,
		UINT64_MAX, 1, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
	};
	struct buf text = BUF_INIT(METRICS_TEXT_MAX / 2);

	metrics_render(&most, &text);
	assert_false(buf_failed(&text));
	buf_done(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_has_its_line),
		cmocka_unit_test(there_is_room_to_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
