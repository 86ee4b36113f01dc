/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the key set is fetched, how long it serves, and what is no key set. */
#include "providers/jwks.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/providers/fake-core.h"

#define SET "{\"keys\":[{\"kty\":\"oct\"}]}"

static int take(struct jwks *jwks, uint32_t status, const char *type, const char *body,
		const char *cache_control, int64_t now_ms)
{
	struct http_reply reply = fake_http_reply(status, type, body);
	int result;

	assert_true(text_into(reply.cache_control, sizeof(reply.cache_control), cache_control));
	result = jwks_take(jwks, &reply, now_ms);
	http_reply_done(&reply);
	return result;
}

static void max_age_is_read_and_clamped(void **state UNUSED)
{
	static const struct {
		const char *cache_control;
		int64_t fresh_ms;
	} rows[] = {
		{ "", 3600000 }, { "no-store", 3600000 }, { "max-age=7200", 7200000 },
		{ "public, max-age=7200, must-revalidate", 7200000 }, { "max-age=0", 300000 },
		{ "max-age=60", 300000 }, { "max-age=99999999", 86400000 },
		{ "max-age=999999999999999999999", 3600000 }, { "max-age=", 3600000 },
		{ "max-age=-5", 3600000 }, { "s-max-age=7200", 3600000 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct jwks jwks = { 0 };

		assert_int_equal(take(&jwks, 200, "application/json", SET, rows[i].cache_control,
				      1000), 0);
		if (!jwks_is_fresh(&jwks, 1000 + rows[i].fresh_ms) ||
		    jwks_is_fresh(&jwks, 1001 + rows[i].fresh_ms))
			fail_msg("%s", rows[i].cache_control);
		assert_true(jwks_is_servable(&jwks, 1000 + rows[i].fresh_ms + 86400000));
		assert_false(jwks_is_servable(&jwks, 1001 + rows[i].fresh_ms + 86400000));
		jwks_done(&jwks);
	}
}

static void what_is_no_key_set_leaves_the_old_one(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *type, *body;
	} rows[] = {
		{ 500, "application/json", SET }, { 304, "application/json", SET },
		{ 200, "text/html", SET }, { 200, "application/json", "" },
		{ 200, "application/json", "[]" }, { 200, "application/json", "{}" },
		{ 200, "application/json", "{\"keys\":{}}" },
		{ 200, "application/json", "{\"keys\":[],\"keys\":[]}" },
		{ 200, "application/json", SET " x" },
	};
	struct jwks jwks = { 0 };

	assert_false(jwks_is_fresh(&jwks, 0));
	assert_false(jwks_is_servable(&jwks, 0));
	assert_int_equal(take(&jwks, 200, "application/jwk-set+json", SET, "", 1000), 0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(take(&jwks, rows[i].status, rows[i].type, rows[i].body, "", 99000),
				 -EBADMSG);
		assert_int_equal(jwks.fetched_ms, 1000);
		assert_int_equal(json_array_length(jwks_keys(&jwks)), 1);
	}
	jwks_done(&jwks);
}

static void a_hundred_keys_are_enough(void **state UNUSED)
{
	for (size_t n = 100; n <= 101; n++) {
		struct buf set = BUF_INIT(10000);
		struct jwks jwks = { 0 };

		buf_add_text(&set, "{\"keys\":[{}");
		for (size_t i = 1; i < n; i++)
			buf_add_text(&set, ",{}");
		buf_add_text(&set, "]}");
		assert_int_equal(take(&jwks, 200, "application/json", buf_text(&set), "", 0),
				 n == 100 ? 0 : -EBADMSG);
		jwks_done(&jwks);
		buf_done(&set);
	}
}

static void a_forced_refetch_is_rare(void **state UNUSED)
{
	struct jwks jwks = { 0 };

	assert_true(jwks_force(&jwks, 5));
	assert_false(jwks_force(&jwks, 6));
	assert_false(jwks_force(&jwks, 5 + JWKS_FORCE_PAUSE_MS - 1));
	assert_true(jwks_force(&jwks, 5 + JWKS_FORCE_PAUSE_MS));
	assert_false(jwks_force(&jwks, 6 + JWKS_FORCE_PAUSE_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_age_is_read_and_clamped),
		cmocka_unit_test(what_is_no_key_set_leaves_the_old_one),
		cmocka_unit_test(a_hundred_keys_are_enough),
		cmocka_unit_test(a_forced_refetch_is_rare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
