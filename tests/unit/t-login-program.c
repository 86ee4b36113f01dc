/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links that lead elsewhere than to a telephone's browser: what the person is told to do with them,
 * and callbacks without a state, which a program of ours brings. */
#include "login-relay-fixture.h"

static const char config_text[] =
	"[relay]\nurl = https://sso.example.org\nkey_file = %s\n"
	"[method app]\n[method site]\n[method page]\n[method program]\n"
	"[method twin]\ntype = program\n"
	"[method lax-page]\ntype = page\nnumber_match = no\n"
	"[service sshd]\nmethods = program\n"
	"[service twins]\nmethods = program, twin\n"
	"[service apps]\nmethods = app, program\n"
	"[service sites]\nmethods = site, program\n"
	"[service page]\nmethods = page\n"
	"[service lax-page]\nmethods = lax-page\n"
	"[service app-page]\nmethods = app, page\n"
	"[service site-page]\nmethods = page, site\n"
	"[service all]\nmethods = app, site, page, program\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up(void **state)
{
	_cleanup_free_ char *text = text_format(config_text, key_path);

	return set_up_with(state, text);
}

/* --- what is shown --- */

static const struct words_case {
	const char *service, *words;
	bool is_drawn;
} words_cases[] = {
	{ "sshd", "\nScan with WeChat\n", true },
	{ "twins", "\nScan with WeChat\n", true },
	{ "apps", "\nScan with App, WeChat\n", true },
	{ "sites", "\nScan with WeChat, or with any camera: Site\n", true },
	{ "page", "\nOpen this link in the browser of your computer (Page):\n", false },
	{ "lax-page", "\nOpen this link in the browser of your computer (Page):\n", false },
	{ "app-page", "\nScan with App, or open the link on your computer: Page\n", true },
	{ "site-page", "\nScan with any camera: Site, or open the link on your computer: Page\n",
	  true },
	{ "all", "\nScan with App, WeChat, or with any camera: Site, or open the link on your "
	  "computer: Page\n", true },
};

static void the_words_say_what_to_do_with_the_link(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(words_cases); i++) {
		const struct words_case *row = &words_cases[i];
		const struct fake_link *link = scan(world, row->service);
		const char *text = world_text(world);

		if (!strstr(text, row->words))
			fail_msg("%s: %s", row->service, text);
		assert_non_null(strstr(text, link->id));
		/* U+2580 to U+25BF */
		assert_int_equal(strstr(text, "\xe2\x96") != NULL, row->is_drawn);
		assert_int_equal(strstr(text, "i to invert") != NULL, row->is_drawn);
	}
}

static void a_page_has_the_digits_that_a_telephone_would_show(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "page");

	assert_int_equal(link->apps[0], RELAY_APP_COMPUTER);
	assert_false(link->has_no_state[0]);
	assert_non_null(strstr(world_text(world), "The page's two digits, q to quit: "));
	world_answer(world, "12");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet. The page's digits"));
	fake_relay_pressed(link, "page");
	come_back(world, link);
	world_answer(world, "1");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Two digits, as the page shows them"));
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void a_provider_knows_its_link(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "app-page");
	_cleanup_free_ char *page = text_format("https://sso.example.org/d/%s", link->id);

	fake_relay_pressed(link, "page");
	assert_string_equal(script_now->link_id, link->id);
	assert_string_equal(script_now->link_page, page);
	assert_string_equal(script_now->link_method, "page");
	fake_relay_pressed(link, "app");
	assert_string_equal(script_now->link_id, link->id);
	assert_string_equal(script_now->link_method, "app");
}

/* --- callbacks without a state --- */

static void a_program_brings_a_code_and_nothing_else(void **state)
{
	static const enum script_act starts[] = { SCRIPT_NOTHING, SCRIPT_REDIRECT };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(starts); i++) {
		struct fake_link *link = scan(world, "sshd");

		assert_int_equal(link->apps[0], RELAY_APP_MINI_PROGRAM);
		assert_true(link->has_no_state[0]);
		script_now->act = starts[i];
		fake_relay_pressed(link, "program");
		fake_relay_callback(link, "code=c0de");
		wait_for_store(world, link);
		assert_string_equal(script_now->code, "c0de");
		assert_int_equal(link->n_told, 1);
		assert_int_equal(link->told[0], RELAY_RESULT_DIGITS);
		fake_relay_callback(link, "code=another");
		world_answer(world, link->digits_told);
		(void)expect_outcome(world, LOGIN_GRANTED);
		expect_end(link, RELAY_RESULT_GRANTED);
		assert_int_equal(script_now->n_callbacks, (int)i + 1);
	}
}

static const char *const wrong_queries[] = {
	"", "&", "code=%zz", "code=a&code=b", "code=c0de&state=", "code=c0de&state",
	"code=c0de&state=00112233445566778899aabbccddeeff", "state=x&code=c0de",
};

static void what_a_program_would_not_bring_is_refused(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(wrong_queries); i++) {
		struct fake_link *link = scan(world, "sshd");
		struct audit_row row;

		fake_relay_pressed(link, "program");
		fake_relay_callback(link, wrong_queries[i]);
		row = expect_outcome(world, LOGIN_DENIED);
		if (!strstr(row.reason, "a callback "))
			fail_msg("%s: %s", wrong_queries[i], row.reason);
		expect_end(link, RELAY_RESULT_DENIED);
	}
	assert_int_equal(script_now->n_callbacks, 0);
}

static void nothing_comes_before_the_press_nor_behind_the_end(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");

	fake_relay_callback(link, "code=c0de");
	assert_true(world_is_quiet(world));
	script_now->act = SCRIPT_FAIL;
	fake_relay_pressed(link, "program");
	fake_relay_callback(link, "code=c0de");
	(void)expect_outcome(world, LOGIN_FAILED);
	assert_int_equal(script_now->n_callbacks, 0);
	expect_end(link, RELAY_RESULT_FAILED);
}

/* --- a program and a browser behind one code --- */

static void a_callback_of_the_button_before_fails(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "apps");

	fake_relay_pressed(link, "app");
	fake_relay_pressed(link, "program");
	assert_int_equal(script_now->n_starts, 2);
	come_back_with(link, script_now->state);
	assert_string_equal(expect_outcome(world, LOGIN_DENIED).reason, "a callback with a state");
	assert_int_equal(script_now->n_callbacks, 0);
	expect_end(link, RELAY_RESULT_DENIED);
}

static void a_program_goes_on_where_a_browser_was_left(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "apps");

	fake_relay_pressed(link, "app");
	fake_relay_pressed(link, "program");
	fake_relay_callback(link, "code=c0de");
	wait_for_store(world, link);
	assert_string_equal(script_now->link_method, "program");
	world_answer(world, link->digits_told);
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).method, "program");
}

static void a_browser_takes_no_callback_without_its_state(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "apps");

	script_now->act = SCRIPT_NOTHING;
	fake_relay_pressed(link, "program");
	fake_relay_pressed(link, "app");
	fake_relay_callback(link, "code=c0de");          /* it leads nowhere yet */
	assert_true(world_is_quiet(world));
	login_redirect(script_now->login, PAGE);
	fake_relay_callback(link, "code=c0de");
	assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason, "another login's"));
	assert_int_equal(script_now->n_callbacks, 0);
	expect_end(link, RELAY_RESULT_DENIED);
}

#define IN_A_WORLD(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(the_words_say_what_to_do_with_the_link),
		IN_A_WORLD(a_page_has_the_digits_that_a_telephone_would_show),
		IN_A_WORLD(a_provider_knows_its_link),
		IN_A_WORLD(a_program_brings_a_code_and_nothing_else),
		IN_A_WORLD(what_a_program_would_not_bring_is_refused),
		IN_A_WORLD(nothing_comes_before_the_press_nor_behind_the_end),
		IN_A_WORLD(a_callback_of_the_button_before_fails),
		IN_A_WORLD(a_program_goes_on_where_a_browser_was_left),
		IN_A_WORLD(a_browser_takes_no_callback_without_its_state),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
