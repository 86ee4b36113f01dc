/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cookies of one server within one login: the last of a name holds. */
#include "providers/cookies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void take(struct cookies *cookies, const char *text)
{
	struct http_reply reply = { 0 };

	assert_true(text_into(reply.cookies, sizeof(reply.cookies), text));
	cookies_take(cookies, &reply);
}

static void the_last_of_a_name_holds(void **state UNUSED)
{
	static const struct {
		const char *first, *second, *header;     /* NULL: none */
	} rows[] = {
		{ "", "", NULL },
		{ "a=1", "", "Cookie: a=1" },
		{ "a=1; b=2", "", "Cookie: a=1; b=2" },
		{ "a=1", "b=2", "Cookie: a=1; b=2" },
		{ "a=1; b=2", "a=3", "Cookie: b=2; a=3" },
		{ "a=1; b=2", "b=3; a=4", "Cookie: b=3; a=4" },
		{ "a=1; a=2", "", "Cookie: a=2" },
		{ "a=1; b=2", "a=", "Cookie: b=2" },
		{ "a=1", "a=", NULL },
		{ "", "a=", NULL },
		{ "aa=1; a=2", "a=3", "Cookie: aa=1; a=3" },
		{ "a=1", "aa=2", "Cookie: a=1; aa=2" },
		{ "A=1", "a=2", "Cookie: A=1; a=2" },
		{ "a=b=c", "a=d=e", "Cookie: a=d=e" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_request *request = http_request_new(HTTP_GET, "https://example.org/");
		struct cookies cookies = { 0 };

		take(&cookies, rows[i].first);
		take(&cookies, rows[i].second);
		cookies_add(&cookies, request);
		assert_int_equal(request->n_headers, rows[i].header ? 1 : 0);
		if (rows[i].header)
			assert_string_equal(request->headers[0]->data, rows[i].header);
		http_request_free(request);
		cookies_done(&cookies);
		assert_null(cookies.pairs);
	}
}

static void too_many_are_none(void **state UNUSED)
{
	struct cookies cookies = { 0 };
	char text[3001];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "a=", 2);
	take(&cookies, text);
	assert_int_equal(cookies.pairs->len, 3000);
	memcpy(text, "b=", 2);
	take(&cookies, text);
	assert_null(cookies.pairs);
	take(&cookies, "c=1");
	assert_string_equal(cookies.pairs->data, "c=1");
	cookies_done(&cookies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_of_a_name_holds),
		cmocka_unit_test(too_many_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
