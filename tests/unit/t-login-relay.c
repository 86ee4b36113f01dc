/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins that begin on the telephone: whom the buttons and callbacks of a link reach, who is shown
 * digits and what they are worth, and that every end of a login is the end of its link. */
#include "login-relay-fixture.h"

#include "jauthd/accounts.h"
#include "jauthd/budget.h"

static const char config_text[] =
	"[relay]\nurl = https://sso.example.org\nkey_file = %s\n"
	"[general]\nhost = db7\n"
	"[method app]\n[method site]\n[method silent]\n[method near]\n"
	"[method lax]\ntype = app\nnumber_match = no\n"
	"[method lax-silent]\ntype = silent\nnumber_match = no\n"
	"[method sends]\ntype = app\ndigits = app-message\n"
	"[service sshd]\nmethods = app\n"
	"[service menu]\nmethods = app, near\n"
	"[service two]\nmethods = app, near, site\n"
	"[service only]\nmethods = app, site\n"
	"[service later]\nmethods = app + near, site\n"
	"[service second]\nmethods = near + app, near + site\n"
	"[service lax]\nmethods = lax\n"
	"[service lax-rule]\nmethods = app\nnumber_match = no\n"
	"[service silent]\nmethods = silent\n"
	"[service login]\nmethods = lax-silent\norigin = local\n"
	"[service sends]\nmethods = sends\n"
	"[service shut]\nmethods = none\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up(void **state)
{
	_cleanup_free_ char *text = text_format(config_text, key_path);

	return set_up_with(state, text);
}

/* --- a login in steps --- */

/* A login whose user sees digits. */
static struct fake_link *match(struct world *world, const char *service, const char *method)
{
	struct fake_link *link = scan(world, service);

	fake_relay_pressed(link, method);
	come_back(world, link);
	assert_int_equal(link->n_told, 1);
	assert_int_equal(link->told[0], RELAY_RESULT_DIGITS);
	assert_int_equal(strspn(link->digits_told, "0123456789"), RELAY_DIGITS);
	return link;
}

static void type_wrong(struct world *world, const struct fake_link *link)
{
	char wrong[RELAY_DIGITS + 1];

	(void)text_into(wrong, sizeof(wrong), link->digits_told);
	wrong[1] = wrong[1] == '0' ? '1' : '0';
	world_answer(world, wrong);
}

/* --- who is let in --- */

static void the_right_digits_let_in(void **state)
{
	struct world *world = *state;
	struct fake_link *link = match(world, "sshd", "app");
	struct audit_row row;

	assert_string_equal(script_now->code, "c0de");
	assert_true(world_is_quiet(world));
	world_answer(world, link->digits_told);
	row = expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(row.method, "app");
	assert_string_equal(row.mapped_method, "app");
	assert_string_equal(row.mapping, "link");
	assert_string_equal(row.subject, "4711");
	expect_end(link, RELAY_RESULT_GRANTED);
	assert_int_equal(link->n_told, 2);
	assert_int_equal(script_now->n_finished, 1);
	assert_int_equal(n_rows(world), 1);
}

static void the_link_says_what_the_page_shows(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "only");

	assert_string_equal(link->user, TEST_USER);
	assert_string_equal(link->service, "only");
	assert_string_equal(link->source, "192.0.2.7");
	assert_true(link->seconds > 100 && link->seconds <= LOGIN_SECONDS_DEFAULT);
	assert_true(link->digits);
	assert_int_equal(link->n_targets, 2);
	assert_string_equal(link->methods[0], "app");
	assert_string_equal(link->titles[0], "App");
	assert_int_equal(link->apps[0], RELAY_APP_WECOM);
	assert_string_equal(link->methods[1], "site");
	assert_int_equal(link->apps[1], RELAY_APP_BROWSER);
	assert_non_null(strstr(world_text(world), "Scan with App, or with any camera: Site\n"));
	assert_non_null(strstr(world_text(world), "The telephone's two digits, i to invert, q to"));
	assert_null(strstr(world_text(world), "m for the menu"));
	fake_relay_pressed(link, "app");
	assert_string_equal(link->url, PAGE);
	assert_string_equal(script_now->redirect_uri, "https://sso.example.org/cb/app");
	assert_string_equal(script_now->state, link->state);
	assert_int_equal(strspn(link->state, "0123456789abcdef"), 32);
	assert_int_equal(strlen(link->state), 32);
}

static void nobody_is_contacted_before_a_button_is_pressed(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");

	assert_true(world_is_quiet(world));
	assert_int_equal(script_now->n_starts, 0);
	fake_relay_pressed(link, "sit");
	fake_relay_pressed(link, "");
	fake_relay_pressed(link, "near");
	assert_int_equal(script_now->n_starts, 0);
	fake_relay_pressed(link, "app");
	assert_int_equal(script_now->n_starts, 1);
}

/* --- one code for several ways --- */

static void what_one_code_serves_is_one_way(void **state)
{
	struct world *world = *state;
	struct fake_link *link;

	begin(world, "two");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "  1  App / Site\n  2  Near\n"));
	assert_non_null(strstr(world_text(world), "from 1 to 2"));
	world_answer(world, "3");
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	link = wait_for_link(world, 0);
	assert_int_equal(link->n_targets, 2);
	show_code(world, link);
	assert_non_null(strstr(world_text(world), "m for the menu"));
}

static void the_button_says_which_way_it_is(void **state)
{
	struct world *world = *state;
	struct fake_link *link = match(world, "later", "site");

	world_answer(world, link->digits_told);
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).method, "site");
	link = match(world, "later", "app");
	script_now->act = SCRIPT_PROMPT;
	world_answer(world, link->digits_told);
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Word: "));
	expect_end(link, RELAY_RESULT_GRANTED);
	world_answer(world, "right");
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).method, "app + near");
}

static void ways_part_behind_the_same_factors_only(void **state)
{
	struct world *world = *state;
	struct fake_link *link;

	script_now->act = SCRIPT_IDENTIFY;
	begin(world, "second");
	expect(world, LOGIN_ASK);                /* how they begin differs in nothing, but */
	assert_non_null(strstr(world_text(world), "  2  Near, then Site"));
	world_answer(world, "1");
	link = wait_for_link(world, 0);
	assert_int_equal(link->n_targets, 2);
	script_now->act = SCRIPT_REDIRECT;
	show_code(world, link);
	fake_relay_pressed(link, "site");
	come_back(world, link);
	world_answer(world, link->digits_told);
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).method, "near + site");
}

static void another_button_begins_anew(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "only");
	char first[RELAY_STATE_SIZE];

	fake_relay_pressed(link, "app");
	(void)text_into(first, sizeof(first), link->state);
	fake_relay_pressed(link, "site");
	assert_int_equal(script_now->n_starts, 2);
	assert_int_equal(script_now->n_finished, 1);
	assert_string_equal(link->method, "site");
	assert_string_not_equal(link->state, first);
	assert_string_equal(script_now->redirect_uri, "https://sso.example.org/cb/site");
	come_back_with(link, first);
	(void)expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(script_now->n_callbacks, 0);
	expect_end(link, RELAY_RESULT_DENIED);
}

/* The link's one callback is used up before the second provider knows where to lead. */
static void the_first_buttons_callback_under_the_second(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "only");
	char first[RELAY_STATE_SIZE];

	fake_relay_pressed(link, "app");
	(void)text_into(first, sizeof(first), link->state);
	script_now->act = SCRIPT_NOTHING;
	fake_relay_pressed(link, "site");
	come_back_with(link, first);
	assert_string_equal(expect_outcome(world, LOGIN_FAILED).reason,
			    "a callback of an earlier button");
	assert_int_equal(script_now->n_callbacks, 0);
	expect_end(link, RELAY_RESULT_FAILED);
}

static void a_button_behind_the_callback_is_too_late(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "only");

	script_now->callback = SCRIPT_NOTHING;
	fake_relay_pressed(link, "app");
	come_back(world, link);
	fake_relay_pressed(link, "site");
	assert_int_equal(script_now->n_starts, 1);
	assert_int_equal(script_now->n_finished, 0);
	assert_int_equal(link->n_sent, 1);
}

/* --- the way there and back --- */

static void a_provider_without_a_way_fails(void **state)
{
	static char too_long[RELAY_TARGET_URL_MAX + 2] = "https://id.example.org/";
	static const struct { enum script_act act; const char *url; } rows[] = {
		{ SCRIPT_REDIRECT_TWICE, PAGE },
		{ SCRIPT_REDIRECT, "http://id.example.org/" },
		{ SCRIPT_REDIRECT, "" },
		{ SCRIPT_REDIRECT, "https://id.example.org/ x" },
		{ SCRIPT_REDIRECT, too_long },
	};
	struct world *world = *state;

	memset(too_long + strlen(too_long), 'a', sizeof(too_long) - 1 - strlen(too_long));
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_link *link = scan(world, "sshd");

		script_now->act = rows[i].act;
		script_now->url = rows[i].url;
		fake_relay_pressed(link, "app");
		(void)expect_outcome(world, LOGIN_FAILED);
		expect_end(link, RELAY_RESULT_FAILED);
	}
	too_long[RELAY_TARGET_URL_MAX] = '\0';
	fake_relay_pressed(scan(world, "sshd"), "app");
	assert_true(world_is_quiet(world));
}

/* What is before the state, how much of it there is, and what is behind it. */
static const struct {
	const char *before;
	int n;
	const char *behind;
} wrong_queries[] = {
	{ "", 0, "" },
	{ "code=c0de", 0, "" },
	{ "code=c0de&state=", 0, "" },
	{ "code=c0de&state", 0, "" },
	{ "code=c0de&state=", 31, "" },
	{ "code=c0de&state=", 32, "0" },
	{ "code=c0de&state=0", 31, "" },
	{ "code=c0de&state=", 32, "&state=00000000000000000000000000000000" },
	{ "code=c0de&state=00000000000000000000000000000000", 0, "" },
	{ "code=c0de&State=", 32, "" },
	{ "code=c0de&state=", 32, "&a=%" },
	{ "code=c0de&state=", 32, "&a=%zz" },
	{ "code=c0de&state=", 32, "%00" },
};

static void a_callback_of_another_login_is_refused(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(wrong_queries); i++) {
		struct fake_link *link = scan(world, "sshd");
		_cleanup_free_ char *query = NULL;
		struct audit_row row;

		fake_relay_pressed(link, "app");
		query = text_format("%s%.*s%s", wrong_queries[i].before, wrong_queries[i].n,
				    link->state, wrong_queries[i].behind);
		fake_relay_callback(link, query);
		row = expect_outcome(world, LOGIN_DENIED);
		if (!strstr(row.reason, "a callback "))
			fail_msg("%s: %s", query, row.reason);
		expect_end(link, RELAY_RESULT_DENIED);
		assert_int_equal(link->n_told, 1);
	}
	assert_int_equal(script_now->n_callbacks, 0);
}

static void a_callback_comes_once_and_in_its_time(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");

	fake_relay_callback(link, "code=c0de&state=");
	script_now->act = SCRIPT_NOTHING;
	fake_relay_pressed(link, "app");
	come_back_with(link, script_now->state);         /* nobody was sent there */
	assert_int_equal(script_now->n_callbacks, 0);
	login_redirect(script_now->login, PAGE);
	script_now->callback = SCRIPT_NOTHING;
	come_back(world, link);
	come_back(world, link);
	assert_int_equal(script_now->n_callbacks, 1);
	assert_int_equal(login_timer(script_now->login, 0) > 0, 1);
	world_settle(world);
	come_back(world, link);
	assert_int_equal(script_now->n_callbacks, 1);
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static const struct provider_end {
	enum script_act callback;
	int reason;
	enum login_state outcome;
	enum relay_result told;
} provider_ends[] = {
	{ SCRIPT_DENY, DENY_WRONG, LOGIN_DENIED, RELAY_RESULT_DENIED },
	{ SCRIPT_DENY, DENY_REFUSED, LOGIN_DENIED, RELAY_RESULT_REFUSED },
	{ SCRIPT_DENY, DENY_EXPIRED, LOGIN_DENIED, RELAY_RESULT_OVER },
	{ SCRIPT_DENY, DENY_FILTERED, LOGIN_DENIED, RELAY_RESULT_DENIED },
	{ SCRIPT_DENY, DENY_BUSY, LOGIN_DENIED, RELAY_RESULT_FAILED },
	{ SCRIPT_DENY, DENY_INVALID, LOGIN_DENIED, RELAY_RESULT_DENIED },
	{ SCRIPT_FAIL, FAIL_NETWORK, LOGIN_FAILED, RELAY_RESULT_FAILED },
	{ SCRIPT_FAIL, FAIL_PROVIDER, LOGIN_FAILED, RELAY_RESULT_FAILED },
	{ SCRIPT_FAIL, FAIL_CONFIG, LOGIN_FAILED, RELAY_RESULT_FAILED },
	{ SCRIPT_DONE, 0, LOGIN_FAILED, RELAY_RESULT_FAILED },
};

static void the_telephone_is_told_how_the_provider_ended(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(provider_ends); i++) {
		const struct provider_end *row = &provider_ends[i];
		struct fake_link *link = scan(world, "sshd");

		script_now->callback = row->callback;
		script_now->deny = (enum deny_reason)row->reason;
		script_now->fail = (enum fail_reason)row->reason;
		fake_relay_pressed(link, "app");
		come_back_with(link, link->state);
		(void)expect_outcome(world, row->outcome);
		expect_end(link, row->told);
		assert_int_equal(link->n_told, 1);
	}
}

/* --- who is shown digits --- */

static int lock_account(struct db *db)
{
	struct account account = { .uid = 65534, .locked = true };

	(void)text_into(account.user, sizeof(account.user), TEST_USER);
	return account_add(db, &account);
}

static void nobody_else_is_shown_digits(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();
	struct fake_link *link;

	script_now->identity.subject = "4712";
	link = scan(world, "sshd");
	fake_relay_pressed(link, "app");
	come_back_with(link, link->state);
	assert_string_equal(expect_outcome(world, LOGIN_DENIED).subject, "4712");
	expect_end(link, RELAY_RESULT_DENIED);
	assert_int_equal(link->n_told, 1);

	script_now->identity.subject = "4711";
	(void)text_into(facts.user, sizeof(facts.user), "no-such-user-here");
	assert_int_equal(world_begin(world, &facts), 0);
	link = wait_for_link(world, 1);
	show_code(world, link);
	fake_relay_pressed(link, "app");
	come_back_with(link, link->state);
	(void)expect_outcome(world, LOGIN_DENIED);
	expect_end(link, RELAY_RESULT_DENIED);
	assert_int_equal(link->n_told, 1);

	world_change(world, lock_account);
	link = scan(world, "sshd");
	fake_relay_pressed(link, "app");
	come_back_with(link, link->state);
	(void)expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(link->n_told, 1);
}

static void wrong_digits_end_the_login(void **state)
{
	struct world *world = *state;
	struct fake_link *link = match(world, "sshd", "app");

	type_wrong(world, link);
	assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason, "wrong digits"));
	assert_non_null(strstr(world_text(world), "not the digits"));
	expect_end(link, RELAY_RESULT_OVER);
	assert_int_equal(n_rows(world), 1);
}

static int unlock_all(struct db *db)
{
	return budget_unlock(db, NULL, &number);
}

static void the_third_wrong_one_closes_the_way_for_the_day(void **state)
{
	struct world *world = *state;
	struct fake_link *link;

	for (int i = 0; i < MATCH_WRONG_DAY; i++) {
		type_wrong(world, match(world, "sshd", "app"));
		(void)expect_outcome(world, LOGIN_DENIED);
	}
	link = scan(world, "sshd");
	fake_relay_pressed(link, "app");
	come_back_with(link, link->state);
	assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason, "too many wrong"));
	expect_end(link, RELAY_RESULT_DENIED);
	assert_int_equal(link->n_told, 1);
	link = match(world, "only", "site");             /* another method is open */
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
	world_change(world, unlock_all);
	assert_true(number > 0);
	link = match(world, "sshd", "app");
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void right_digits_forget_no_wrong_ones(void **state)
{
	struct world *world = *state;
	struct fake_link *link;

	for (int i = 0; i < MATCH_WRONG_DAY; i++) {
		link = match(world, "sshd", "app");
		world_answer(world, link->digits_told);
		(void)expect_outcome(world, LOGIN_GRANTED);
		type_wrong(world, match(world, "sshd", "app"));
		(void)expect_outcome(world, LOGIN_DENIED);
	}
	link = scan(world, "sshd");
	fake_relay_pressed(link, "app");
	come_back_with(link, link->state);
	(void)expect_outcome(world, LOGIN_DENIED);
	assert_int_equal(link->n_told, 1);
}

static void what_is_typed_before_the_approval_is_no_try(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");

	world_answer(world, "42");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet"));
	fake_relay_pressed(link, "app");
	world_answer(world, "00");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet"));
	world_hold(world);
	come_back_with(link, link->state);
	world_answer(world, "11");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet"));
	release(world, link);
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void what_cannot_be_digits_is_no_try(void **state)
{
	static const char *const entries[] = {
		"", "4", "423", "4x", "-", "forty-two", "\b\n", "\xef\xbc\x94",
	};
	struct world *world = *state;
	struct fake_link *link = match(world, "sshd", "app");

	for (size_t i = 0; i < N_ELEMENTS(entries); i++) {
		world_answer(world, entries[i]);
		expect(world, LOGIN_ASK);
		assert_non_null(strstr(world_text(world), "Two digits, as the telephone shows"));
	}
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void full_width_digits_are_digits(void **state)
{
	struct world *world = *state;
	struct fake_link *link = match(world, "sshd", "app");
	char entry[16];

	(void)snprintf(entry, sizeof(entry), "\xef\xbc%c \xef\xbc%c",
		       0x90 + link->digits_told[0] - '0', 0x90 + link->digits_told[1] - '0');
	world_answer(world, entry);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void who_never_answers_is_not_asked_for_ever(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");
	int n = 0;

	for (; world->step.state == LOGIN_ASK; n++) {
		assert_true(n < 2 * LOGIN_ROUNDS_MAX);
		world_answer(world, "");
		assert_true(world_step(world));
	}
	assert_int_equal(n, LOGIN_ROUNDS_MAX);
	assert_int_equal(world->step.state, LOGIN_DENIED);
	assert_string_equal(world_audit(world).reason, "nobody answers");
	expect_end(link, RELAY_RESULT_OVER);
}

/* --- keys --- */

static void q_gives_up(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");

	world_answer(world, "q");
	(void)expect_outcome(world, LOGIN_CANCELLED);
	expect_end(link, RELAY_RESULT_OVER);
	link = match(world, "sshd", "app");
	world_answer(world, "Q");
	(void)expect_outcome(world, LOGIN_CANCELLED);
	expect_end(link, RELAY_RESULT_OVER);
}

static void i_inverts(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");
	_cleanup_free_ char *before = text_copy(world_text(world));

	world_answer(world, "i");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "https://sso.example.org/q/"));
	assert_string_not_equal(world_text(world), before);
	fake_relay_pressed(link, "app");
	come_back(world, link);
	world_answer(world, "i");
	expect(world, LOGIN_ASK);
	assert_string_equal(world_text(world), before);
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void m_leads_back_to_the_menu(void **state)
{
	struct world *world = *state;
	struct fake_link *link;

	begin(world, "menu");
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	link = wait_for_link(world, 0);
	show_code(world, link);
	fake_relay_pressed(link, "app");
	come_back(world, link);
	world_answer(world, "m");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "  2  Near"));
	expect_end(link, RELAY_RESULT_OVER);
	script_now->act = SCRIPT_IDENTIFY;
	world_answer(world, "2");
	assert_string_equal(expect_outcome(world, LOGIN_GRANTED).method, "near");
	scan(world, "sshd");
	world_answer(world, "m");                        /* there is none */
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet"));
}

/* What the store decides is not for a menu that is shown meanwhile. */
static void m_waits_for_the_store(void **state)
{
	struct world *world = *state;
	struct fake_link *link;

	begin(world, "menu");
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	link = wait_for_link(world, 0);
	show_code(world, link);
	fake_relay_pressed(link, "app");
	world_hold(world);
	come_back_with(link, link->state);
	world_answer(world, "m");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet"));
	release(world, link);
	assert_int_equal(link->told[0], RELAY_RESULT_DIGITS);
	world_answer(world, "m");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "  2  Near"));
}

static void q_while_the_store_decides_is_one_end(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sshd");

	fake_relay_pressed(link, "app");
	world_hold(world);
	come_back_with(link, link->state);
	world_answer(world, "q");
	world_settle(world);
	world_release(world);
	(void)expect_outcome(world, LOGIN_CANCELLED);
	expect_end(link, RELAY_RESULT_OVER);
	assert_int_equal(link->n_told, 1);
	assert_int_equal(n_rows(world), 1);
}

/* --- one approval of a user at a time --- */

static void a_second_approval_has_to_wait(void **state)
{
	static const char *const services[] = { "sshd", "sends" };
	static const char *const methods[] = { "app", "sends" };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(services); i++) {
		struct fake_link *first = scan(world, services[i]), *second;
		int client = world->client;

		script_now->deliver = SCRIPT_NOTHING;    /* the message is under way */
		fake_relay_pressed(first, methods[i]);
		come_back(world, first);
		world->client = -1;
		second = scan(world, "only");
		fake_relay_pressed(second, "site");
		come_back_with(second, second->state);
		assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason,
				       "another approval"));
		expect_end(second, RELAY_RESULT_BUSY);
		assert_int_equal(second->n_told, 1);
		assert_false(first->is_closed);
		world_leave(world);
		world->client = client;
		world_leave(world);
		world_settle(world);
		assert_true(first->is_closed);
	}
	world_answer(world, match(world, "sshd", "app")->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

/* --- without digits --- */

static struct fake_link *scan_at(struct world *world, const char *service, bool is_remote)
{
	struct login_facts facts = world_facts();
	const struct login_begin login = { &facts, true, is_remote };
	unsigned n = fake_relay_now()->n_links;
	struct fake_link *link;

	(void)text_into(facts.service, sizeof(facts.service), service);
	world_leave(world);
	assert_int_equal(logins_begin(world->logins, &login, &world->id, &world->client), 0);
	link = wait_for_link(world, n);
	show_code(world, link);
	return link;
}

static const struct match_case {
	const char *service, *method;
	bool is_remote, is_matched;
} match_cases[] = {
	{ "sshd", "app", true, true },
	{ "sshd", "app", false, true },
	{ "lax", "lax", true, false },
	{ "lax", "lax", false, false },
	{ "lax-rule", "app", true, false },
	{ "silent", "silent", true, true },
	{ "silent", "silent", false, true },
	{ "login", "lax-silent", false, false },
};

static void digits_are_asked_for_where_they_must_be(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(match_cases); i++) {
		const struct match_case *row = &match_cases[i];
		struct fake_link *link = scan_at(world, row->service, row->is_remote);

		assert_int_equal(link->digits, row->is_matched);
		fake_relay_pressed(link, row->method);
		come_back(world, link);
		if (row->is_matched) {
			assert_int_equal(link->told[0], RELAY_RESULT_DIGITS);
			world_answer(world, link->digits_told);
		} else {
			assert_int_equal(link->n_told, 0);
			assert_non_null(strstr(world_text(world), "Press Enter when approved"));
			world_answer(world, "");
		}
		(void)expect_outcome(world, LOGIN_GRANTED);
		expect_end(link, RELAY_RESULT_GRANTED);
	}
}

/* [service login] with a silent method is local by its configuration; a remote one that gets there
 * all the same would have to match. */
static void silence_from_afar_is_always_matched(void **state)
{
	struct world *world = *state;
	struct login *login;

	scan_at(world, "login", false);
	login = logins_find(world->logins, world->id);
	assert_false(login_relay_needs_match(login, login->method));
	login->is_remote = true;
	assert_true(login_relay_needs_match(login, login->method));
}

static void enter_may_come_before_the_approval(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "lax");

	world_answer(world, "");
	expect(world, LOGIN_WAIT);
	assert_int_equal(script_now->n_answers, 0);
	fake_relay_pressed(link, "lax");
	come_back_with(link, link->state);
	(void)expect_outcome(world, LOGIN_GRANTED);
	expect_end(link, RELAY_RESULT_GRANTED);
}

/* --- digits past the relay --- */

static void digits_by_a_message_pass_the_relay_by(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sends");
	char digits[RELAY_DIGITS + 1] = "";
	const char *typed;

	fake_relay_pressed(link, "sends");
	come_back(world, link);
	assert_int_equal(script_now->n_deliveries, 1);
	assert_string_equal(script_now->subject, "4711");
	assert_non_null(strstr(script_now->text, "db7"));
	assert_non_null(strstr(script_now->text, TEST_USER));
	assert_non_null(strstr(script_now->text, "192.0.2.7"));
	typed = strstr(script_now->text, "type ");
	assert_non_null(typed);
	memcpy(digits, typed + strlen("type "), RELAY_DIGITS);
	assert_int_equal(link->n_told, 1);
	assert_int_equal(link->told[0], RELAY_RESULT_MESSAGE);
	assert_string_equal(link->digits_told, "");
	world_answer(world, digits);
	(void)expect_outcome(world, LOGIN_GRANTED);
	expect_end(link, RELAY_RESULT_GRANTED);
	assert_int_equal(script_now->n_finished, 2);
}

static void digits_that_cannot_be_sent_fail_the_login(void **state)
{
	static const enum script_act acts[] = { SCRIPT_FAIL, SCRIPT_DENY, SCRIPT_IDENTIFY };
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(acts); i++) {
		struct fake_link *link = scan(world, "sends");

		script_now->deliver = acts[i];
		fake_relay_pressed(link, "sends");
		come_back_with(link, link->state);
		assert_non_null(strstr(expect_outcome(world, LOGIN_FAILED).reason,
				       "could not be sent"));
		expect_end(link, RELAY_RESULT_FAILED);
		assert_int_equal(link->n_told, 1);
	}
}

static void nothing_is_right_while_the_message_is_under_way(void **state)
{
	struct world *world = *state;
	struct fake_link *link = scan(world, "sends");
	char digits[RELAY_DIGITS + 1] = "";

	script_now->deliver = SCRIPT_NOTHING;
	fake_relay_pressed(link, "sends");
	come_back(world, link);
	memcpy(digits, strstr(script_now->text, "type ") + strlen("type "), RELAY_DIGITS);
	world_answer(world, digits);
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet"));
	fake_relay_pressed(link, "sends");
	come_back(world, link);
	assert_int_equal(script_now->n_callbacks, 1);
	assert_int_equal(script_now->n_starts, 1);
}

/* --- every stage, and every end of it --- */

enum stage {
	AT_OPENING,
	AT_SCANNING,
	AT_RUNNING,
	AT_CALLBACK,             /* the provider asks whose it is */
	AT_DECIDING,             /* the store is held */
	AT_HOLDING,
	AT_DELIVERING,
	AT_MATCHING,
	N_STAGES
};

static struct fake_link *bring_to(struct world *world, enum stage stage)
{
	const char *way = stage == AT_HOLDING ? "lax" : stage == AT_DELIVERING ? "sends" : NULL;
	struct fake_link *link;
	unsigned n = fake_relay_now()->n_links;

	script_now->callback = stage == AT_CALLBACK ? SCRIPT_NOTHING : SCRIPT_IDENTIFY;
	script_now->deliver = SCRIPT_NOTHING;
	begin(world, way ? way : "sshd");
	link = wait_for_link(world, n);
	if (stage == AT_OPENING)
		return link;
	show_code(world, link);
	if (stage == AT_SCANNING)
		return link;
	fake_relay_pressed(link, way ? way : "app");
	if (stage == AT_RUNNING)
		return link;
	if (stage == AT_DECIDING) {
		world_hold(world);
		come_back_with(link, link->state);
	} else {
		come_back(world, link);
	}
	assert_int_equal(link->n_told, stage == AT_MATCHING);
	return link;
}

static void let_decide(struct world *world, const struct fake_link *link, enum stage stage)
{
	if (stage == AT_DECIDING)
		release(world, link);
}

static void a_lost_link_fails_the_login_in_every_stage(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_link *link = bring_to(world, stage);
		unsigned n_told = link->n_told;

		fake_relay_failed(link, RELAY_FAILED_NETWORK);
		let_decide(world, link, stage);
		(void)expect_outcome(world, LOGIN_FAILED);
		assert_int_equal(link->n_told, n_told);
		assert_false(link->is_closed);           /* it is gone already */
		assert_int_equal(n_rows(world), (int)stage + 1);
	}
}

static void a_full_relay_is_busy(void **state)
{
	struct world *world = *state;

	fake_relay_failed(bring_to(world, AT_OPENING), RELAY_FAILED_BUSY);
	assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason, "no room"));
	fake_relay_now()->is_full = true;
	begin(world, "sshd");
	assert_non_null(strstr(expect_outcome(world, LOGIN_FAILED).reason, "no link"));
}

static void the_deadline_ends_every_stage(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_link *link = bring_to(world, stage);

		expire(world);
		if (stage == AT_DECIDING) {
			release(world, link);
			assert_int_equal(link->told[0], RELAY_RESULT_DIGITS);
			expire(world);
		}
		assert_string_equal(expect_outcome(world, LOGIN_DENIED).reason, "time is over");
		expect_end(link, RELAY_RESULT_OVER);
		assert_int_equal(n_rows(world), (int)stage + 1);
	}
}

static void a_client_that_leaves_ends_every_stage(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_link *link = bring_to(world, stage);

		world_leave(world);
		world_settle(world);
		let_decide(world, link, stage);
		expect_end(link, RELAY_RESULT_OVER);
		assert_int_equal(link->n_told, stage == AT_MATCHING ? 2 : 1);
		assert_string_equal(world_audit(world).outcome, "cancelled");
		assert_int_equal(n_rows(world), (int)stage + 1);
	}
}

static void this_was_not_me_ends_every_stage(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_link *link = bring_to(world, stage);

		fake_relay_refused(link);
		fake_relay_refused(link);
		let_decide(world, link, stage);
		assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason,
				       "this wasn't me"));
		expect_end(link, RELAY_RESULT_REFUSED);
		assert_int_equal(link->n_told, stage == AT_MATCHING ? 2 : 1);
		assert_int_equal(n_rows(world), (int)stage + 1);
	}
}

static void events_of_a_link_that_is_over_reach_nobody(void **state)
{
	struct world *world = *state;
	struct fake_link *old, *link;

	begin(world, "menu");
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	old = wait_for_link(world, 0);
	show_code(world, old);
	world_answer(world, "m");
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	link = wait_for_link(world, 1);
	show_code(world, link);
	fake_relay_opened(old);
	fake_relay_pressed(old, "app");
	fake_relay_callback(old, "state=x");
	fake_relay_refused(old);
	fake_relay_failed(old, RELAY_FAILED_KEY);
	assert_true(world_is_quiet(world));
	assert_int_equal(script_now->n_starts, 0);
	fake_relay_pressed(link, "app");
	come_back(world, link);
	world_answer(world, link->digits_told);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void logins_end_with_their_links_open(void **state)
{
	struct world *world = *state;

	bring_to(world, AT_MATCHING);            /* and tear_down() frees all of it */
}

/* --- traces --- */

static bool is_blank(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static void digits_are_gone_once_they_were_compared(void **state)
{
	struct world *world = *state;
	struct fake_link *link = match(world, "sshd", "app");
	struct login *login = logins_find(world->logins, world->id);

	assert_string_equal(login->relay.digits, link->digits_told);
	world_hold(world);
	world_answer(world, link->digits_told);
	for (int i = 0; i < 500 && login->stage != STAGE_DECIDING; i++)
		assert_true(sd_event_run(world->event, 1000) >= 0);
	assert_int_equal(login->stage, STAGE_DECIDING);
	assert_true(is_blank(login->relay.digits, sizeof(login->relay.digits)));
	world_release(world);
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void digits_and_state_are_gone_with_the_way(void **state)
{
	struct world *world = *state;
	struct login *login;

	begin(world, "menu");
	expect(world, LOGIN_ASK);
	world_answer(world, "1");
	show_code(world, wait_for_link(world, 0));
	fake_relay_pressed(fake_relay_last(), "app");
	come_back(world, fake_relay_last());
	login = logins_find(world->logins, world->id);
	assert_false(is_blank(login->relay.digits, sizeof(login->relay.digits)));
	world_answer(world, "m");
	expect(world, LOGIN_ASK);
	assert_true(is_blank(login->relay.digits, sizeof(login->relay.digits)));
	assert_true(is_blank(login->relay.state, sizeof(login->relay.state)));
	assert_null(login_link(login));
}

#define IN_A_WORLD(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(the_right_digits_let_in),
		IN_A_WORLD(the_link_says_what_the_page_shows),
		IN_A_WORLD(nobody_is_contacted_before_a_button_is_pressed),
		IN_A_WORLD(what_one_code_serves_is_one_way),
		IN_A_WORLD(the_button_says_which_way_it_is),
		IN_A_WORLD(ways_part_behind_the_same_factors_only),
		IN_A_WORLD(another_button_begins_anew),
		IN_A_WORLD(the_first_buttons_callback_under_the_second),
		IN_A_WORLD(a_button_behind_the_callback_is_too_late),
		IN_A_WORLD(a_provider_without_a_way_fails),
		IN_A_WORLD(a_callback_of_another_login_is_refused),
		IN_A_WORLD(a_callback_comes_once_and_in_its_time),
		IN_A_WORLD(the_telephone_is_told_how_the_provider_ended),
		IN_A_WORLD(nobody_else_is_shown_digits),
		IN_A_WORLD(wrong_digits_end_the_login),
		IN_A_WORLD(the_third_wrong_one_closes_the_way_for_the_day),
		IN_A_WORLD(right_digits_forget_no_wrong_ones),
		IN_A_WORLD(what_is_typed_before_the_approval_is_no_try),
		IN_A_WORLD(what_cannot_be_digits_is_no_try),
		IN_A_WORLD(full_width_digits_are_digits),
		IN_A_WORLD(who_never_answers_is_not_asked_for_ever),
		IN_A_WORLD(q_gives_up),
		IN_A_WORLD(i_inverts),
		IN_A_WORLD(m_leads_back_to_the_menu),
		IN_A_WORLD(m_waits_for_the_store),
		IN_A_WORLD(q_while_the_store_decides_is_one_end),
		IN_A_WORLD(a_second_approval_has_to_wait),
		IN_A_WORLD(digits_are_asked_for_where_they_must_be),
		IN_A_WORLD(silence_from_afar_is_always_matched),
		IN_A_WORLD(enter_may_come_before_the_approval),
		IN_A_WORLD(digits_by_a_message_pass_the_relay_by),
		IN_A_WORLD(digits_that_cannot_be_sent_fail_the_login),
		IN_A_WORLD(nothing_is_right_while_the_message_is_under_way),
		IN_A_WORLD(a_lost_link_fails_the_login_in_every_stage),
		IN_A_WORLD(a_full_relay_is_busy),
		IN_A_WORLD(the_deadline_ends_every_stage),
		IN_A_WORLD(a_client_that_leaves_ends_every_stage),
		IN_A_WORLD(this_was_not_me_ends_every_stage),
		IN_A_WORLD(events_of_a_link_that_is_over_reach_nobody),
		IN_A_WORLD(logins_end_with_their_links_open),
		IN_A_WORLD(digits_are_gone_once_they_were_compared),
		IN_A_WORLD(digits_and_state_are_gone_with_the_way),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
