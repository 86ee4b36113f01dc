/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins whose vendor tells of what the person did: which of them a push is for, what the vendor is
 * answered, once, and that the digits go no other way. */
#include "login-relay-fixture.h"

#include "jauthd/budget.h"

#define APP "gh_0123456789ab"

static const char config_text[] =
	"[relay]\nurl = https://sso.example.org\nkey_file = %s\n"
	"[general]\nhost = db7\n"
	"[method push]\n[method near]\n"
	"[method lax]\ntype = push\nnumber_match = no\n"
	"[service sshd]\nmethods = push\n"
	"[service menu]\nmethods = push, near\n"
	"[service lax]\nmethods = lax\n"
	"[service far]\nmethods = near + push\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up(void **state)
{
	_cleanup_free_ char *text = text_format(config_text, key_path);

	(void)set_up_with(state, text);
	script_now->act = SCRIPT_LISTEN;
	script_now->app = APP;
	script_now->pushed = SCRIPT_IDENTIFY;
	script_now->answers = true;
	return 0;
}

/* --- a login in steps --- */

/* The gate is passed, and the code is on the screen. */
static struct fake_link *show(struct world *world, const char *service)
{
	unsigned n = fake_relay_now()->n_links;
	struct fake_link *link;

	begin(world, service);
	expect(world, LOGIN_ASK);
	assert_int_equal(fake_relay_now()->n_links, n);
	world_answer(world, text_equals(service, "menu") ? "1" : "y");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "https://op.example.org/device\n"));
	assert_int_equal(fake_relay_now()->n_links, n + 1);
	link = fake_relay_last();
	fake_relay_opened(link);
	return link;
}

/* What the vendor says of the login begun last. */
static struct fake_push *scan_code(void)
{
	_cleanup_free_ char *body = text_format("scene %u", script_now->n_starts);

	return fake_relay_pushed(APP, "POST", body);
}

static void expect_answer(const struct fake_push *push, unsigned status, const char *body)
{
	assert_int_equal(push->n_answers, 1);
	assert_int_equal(push->status, status);
	assert_string_equal(push->body, body);
}

/* The digits in a message. */
static const char *digits_in(const char *text)
{
	static char digits[RELAY_DIGITS + 1];
	const char *at = strstr(text, "type ");

	assert_non_null(at);
	memcpy(digits, at + strlen("type "), RELAY_DIGITS);
	assert_int_equal(strspn(digits, "0123456789"), RELAY_DIGITS);
	return digits;
}

/* A login whose user got digits. */
static struct fake_push *match(struct world *world, struct fake_link *link)
{
	struct fake_push *push = scan_code();

	assert_true(push->is_somebodys);
	wait_for_store(world, link);
	assert_int_equal(push->n_answers, 1);
	assert_int_equal(push->status, 200);
	assert_string_equal(push->body, script_now->text);
	return push;
}

/* --- who is let in --- */

static void the_answer_to_the_push_holds_the_digits(void **state)
{
	struct world *world = *state;
	struct fake_link *link = show(world, "sshd");
	struct audit_row row;

	assert_string_equal(link->listen, APP);
	assert_int_equal(link->n_targets, 0);
	assert_true(link->digits);
	assert_string_equal(link->user, TEST_USER);
	assert_non_null(strstr(world_text(world), "The telephone's two digits, i to invert, q to"));
	match(world, link);
	assert_string_equal(script_now->delivery_push, "scene 1");
	assert_string_equal(script_now->subject, "4711");
	assert_non_null(strstr(script_now->text, "db7"));
	assert_true(world_is_quiet(world));
	world_answer(world, digits_in(script_now->text));
	row = expect_outcome(world, LOGIN_GRANTED);
	assert_string_equal(row.method, "push");
	assert_string_equal(row.mapping, "link");
	assert_true(link->is_closed);
	assert_int_equal(link->n_told, 0);       /* nobody reads it */
	assert_int_equal(n_rows(world), 1);
}

static void nothing_is_asked_of_the_relay_before_somebody_answers(void **state)
{
	struct world *world = *state;

	begin(world, "sshd");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "type y to show the code"));
	world_answer(world, "");
	expect(world, LOGIN_ASK);
	assert_int_equal(fake_relay_now()->n_links, 0);
	assert_int_equal(script_now->n_starts, 0);
}

static void wrong_digits_end_the_login_and_are_counted(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < MATCH_WRONG_DAY; i++) {
		struct fake_push *push = match(world, show(world, "sshd"));
		char wrong[RELAY_DIGITS + 1];

		(void)text_into(wrong, sizeof(wrong), digits_in(push->body));
		wrong[1] = wrong[1] == '0' ? '1' : '0';
		world_answer(world, wrong);
		assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason, "wrong digits"));
		assert_int_equal(push->n_answers, 1);
	}
	show(world, "sshd");
	script_now->n_deliveries = 0;
	scan_code();
	assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason, "too many wrong"));
	assert_int_equal(script_now->n_deliveries, 0);
}

static void what_is_typed_before_the_push_is_no_try(void **state)
{
	struct world *world = *state;
	struct fake_link *link = show(world, "sshd");

	world_answer(world, "42");
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Nothing is approved yet"));
	assert_int_equal(script_now->n_answers, 0);
	world_answer(world, digits_in(match(world, link)->body));
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void the_code_can_be_drawn_again(void **state)
{
	struct world *world = *state;
	struct fake_link *link;
	_cleanup_free_ char *before = NULL;

	script_now->act = SCRIPT_LISTEN_PROMPT;  /* the digits are asked for all the same */
	link = show(world, "sshd");
	before = text_copy(world_text(world));
	assert_null(strstr(before, "Word: "));
	world_answer(world, "i");
	expect(world, LOGIN_ASK);
	assert_string_not_equal(world_text(world), before);
	assert_non_null(strstr(world_text(world), "The telephone's two digits"));
	match(world, link);
	world_answer(world, "i");
	expect(world, LOGIN_ASK);
	assert_string_equal(world_text(world), before);
	world_answer(world, digits_in(script_now->text));
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void without_digits_the_vendor_is_answered_nothing(void **state)
{
	struct world *world = *state;
	struct fake_link *link = show(world, "lax");
	struct fake_push *push;

	assert_false(link->digits);
	assert_non_null(strstr(world_text(world), "Press Enter when approved"));
	push = scan_code();
	assert_true(push->is_somebodys);
	expect_answer(push, 200, "");
	assert_true(world_is_quiet(world));      /* it counts when the client can take it */
	world_answer(world, "");
	(void)expect_outcome(world, LOGIN_GRANTED);
	assert_int_equal(script_now->n_deliveries, 0);
	assert_int_equal(push->n_answers, 1);
	assert_true(link->is_closed);
}

static void nobody_elses_push_lets_in(void **state)
{
	static const struct { enum script_act act; enum login_state outcome; } rows[] = {
		{ SCRIPT_IDENTIFY, LOGIN_DENIED },       /* as somebody else */
		{ SCRIPT_DENY, LOGIN_DENIED },
		{ SCRIPT_FAIL, LOGIN_FAILED },
		{ SCRIPT_DONE, LOGIN_FAILED },
	};
	struct world *world = *state;

	script_now->identity.subject = "4712";
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_link *link = show(world, "sshd");
		struct fake_push *push;

		script_now->pushed = rows[i].act;
		push = scan_code();
		(void)expect_outcome(world, rows[i].outcome);
		expect_answer(push, 200, "");
		assert_true(link->is_closed);
	}
	assert_int_equal(script_now->n_deliveries, 0);
}

/* --- whose push it is --- */

static const struct other_case {
	const char *app, *method, *body;
	unsigned status;
	const char *answer;
	unsigned n_asked;        /* of two logins */
} other_cases[] = {
	{ APP, "POST", "scene 3", 200, "", 2 },
	{ APP, "POST", "", 200, "", 2 },
	{ APP, "POST", "forged", 403, "", 1 },
	{ APP, "POST", "dull", 200, "", 1 },
	{ APP, "GET", "echo me", 200, "echo me", 1 },
	{ "gh_0123456789", "POST", "scene 1", 200, "", 0 },
	{ "GH_0123456789AB", "POST", "scene 1", 200, "", 0 },
	{ "gh_0123456789ab_", "POST", "forged", 200, "", 0 },
};

static void what_is_for_no_login_is_answered_all_the_same(void **state)
{
	struct world *world = *state;
	int first;

	expect_answer(fake_relay_pushed(APP, "POST", "scene 1"), 200, "");       /* no login */
	begin(world, "sshd");
	expect(world, LOGIN_ASK);
	expect_answer(fake_relay_pushed(APP, "POST", "scene 1"), 200, "");       /* none yet */
	show(world, "sshd");
	first = world->client;
	world->client = -1;
	show(world, "sshd");
	for (size_t i = 0; i < N_ELEMENTS(other_cases); i++) {
		const struct other_case *row = &other_cases[i];
		struct fake_push *push;

		script_now->n_pushes = 0;
		push = fake_relay_pushed(row->app, row->method, row->body);
		expect_answer(push, row->status, row->answer);
		assert_false(push->is_somebodys);
		assert_int_equal(script_now->n_pushes, row->n_asked);
	}
	assert_true(world_is_quiet(world));
	assert_int_equal(close(first), 0);
}

static void the_logins_are_asked_in_turn(void **state)
{
	struct world *world = *state;
	struct fake_link *first = show(world, "sshd"), *second;
	int client = world->client;

	world->client = -1;
	second = show(world, "sshd");
	assert_int_equal(script_now->n_starts, 2);
	match(world, second);
	assert_int_equal(script_now->n_pushes, 2);
	world_answer(world, digits_in(script_now->text));
	(void)expect_outcome(world, LOGIN_GRANTED);
	assert_false(first->is_closed);
	world_leave(world);
	world->client = client;
	expect_answer(fake_relay_pushed(APP, "POST", "scene 2"), 200, "");
	world_cancel(world);
	(void)expect_outcome(world, LOGIN_CANCELLED);
}

/* --- every stage, and every end of it --- */

enum stage {
	AT_RUNNING,              /* the provider took the push and asks the vendor more */
	AT_DECIDING,             /* the store is held */
	AT_DELIVERING,
	AT_MATCHING,
	N_STAGES
};

static struct fake_push *bring_to(struct world *world, const char *service, enum stage stage)
{
	struct fake_link *link = show(world, service);
	struct fake_push *push;

	script_now->pushed = stage == AT_RUNNING ? SCRIPT_NOTHING : SCRIPT_IDENTIFY;
	script_now->deliver = stage == AT_DELIVERING ? SCRIPT_NOTHING : SCRIPT_DONE;
	script_now->answers = stage == AT_MATCHING;
	if (stage == AT_DECIDING)
		world_hold(world);
	push = scan_code();
	if (stage != AT_DECIDING)
		wait_for_store(world, link);
	assert_true(push->is_somebodys);
	assert_int_equal(push->n_answers, stage == AT_MATCHING);
	return push;
}

static void let_decide(struct world *world, enum stage stage)
{
	if (stage == AT_DECIDING)
		release(world, fake_relay_last());
}

/* The push that was taken gets its one answer, and nothing but nothing unless it was the digits. */
static void expect_end_of(const struct fake_push *push, enum stage stage)
{
	expect_answer(push, 200, stage == AT_MATCHING ? script_now->text : "");
}

static void a_second_push_is_none_of_the_login(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_push *first = bring_to(world, "sshd", stage), *second;
		unsigned n_asked = script_now->n_pushes;

		second = scan_code();
		assert_false(second->is_somebodys);
		expect_answer(second, 200, "");
		assert_int_equal(first->n_answers, stage == AT_MATCHING);
		assert_int_equal(script_now->n_pushes, n_asked);
		world_leave(world);
		world_settle(world);
		let_decide(world, stage);
		expect_end_of(first, stage);
		world_settle(world);
	}
}

static void the_push_that_was_first_is_answered(void **state)
{
	struct world *world = *state;
	struct fake_push *first = bring_to(world, "sshd", AT_RUNNING);

	script_now->answers = true;
	(void)scan_code();
	assert_int_equal(first->n_answers, 0);
	login_timer(script_now->login, 0);       /* and then it is identified */
	world_wait(world, &first->n_answers, 1);
	assert_string_equal(first->body, script_now->text);
	world_answer(world, digits_in(first->body));
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void whoever_leaves_answers_nothing(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_push *push = bring_to(world, "sshd", stage);

		world_leave(world);
		world_settle(world);
		let_decide(world, stage);
		world_settle(world);
		expect_end_of(push, stage);
		assert_true(fake_relay_last()->is_closed);
		assert_string_equal(world_audit(world).outcome, "cancelled");
		assert_int_equal(n_rows(world), (int)stage + 1);
	}
}

static void the_deadline_answers_nothing(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_push *push = bring_to(world, "sshd", stage);

		expire(world);
		let_decide(world, stage);
		if (stage == AT_DECIDING)
			expire(world);
		(void)expect_outcome(world, LOGIN_DENIED);
		expect_end_of(push, stage);
		assert_true(fake_relay_last()->is_closed);
	}
}

static void the_menu_answers_nothing(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_link *link;
		struct fake_push *push;

		if (stage == AT_DECIDING)        /* there is no way back then */
			continue;
		push = bring_to(world, "menu", stage);
		link = fake_relay_last();
		world_answer(world, "m");
		expect(world, LOGIN_ASK);
		assert_non_null(strstr(world_text(world), "  2  Near"));
		expect_end_of(push, stage);
		assert_true(link->is_closed);
		expect_answer(scan_code(), 200, "");
		world_answer(world, "1");        /* and once more */
		expect(world, LOGIN_ASK);
		assert_true(fake_relay_last() != link);
		assert_string_equal(fake_relay_last()->listen, APP);
		world_cancel(world);
		(void)expect_outcome(world, LOGIN_CANCELLED);
	}
}

static void a_lost_link_fails_the_login(void **state)
{
	struct world *world = *state;

	for (enum stage stage = 0; stage < N_STAGES; stage++) {
		struct fake_push *push = bring_to(world, "sshd", stage);
		unsigned n_deliveries = script_now->n_deliveries;

		fake_relay_failed(fake_relay_last(), RELAY_FAILED_NETWORK);
		let_decide(world, stage);
		(void)expect_outcome(world, LOGIN_FAILED);
		expect_end_of(push, stage);
		assert_int_equal(script_now->n_deliveries, n_deliveries);
	}
}

static void a_relay_that_invents_events_gains_nothing(void **state)
{
	struct world *world = *state;
	struct fake_link *link = show(world, "sshd");

	fake_relay_pressed(link, "push");
	fake_relay_callback(link, "code=c0de");
	fake_relay_callback(link, "code=c0de&state=");
	assert_true(world_is_quiet(world));
	assert_int_equal(script_now->n_starts, 1);
	assert_int_equal(script_now->n_callbacks, 0);
	world_answer(world, digits_in(match(world, link)->body));
	(void)expect_outcome(world, LOGIN_GRANTED);
}

/* --- how it is answered --- */

/* What comes too late is no answer, so the digits would never be read. */
static void digits_that_would_come_too_late_are_not_the_answer(void **state)
{
	struct world *world = *state;
	struct fake_link *link = show(world, "sshd");
	struct fake_push *push;

	world_hold(world);
	push = scan_code();
	logins_find(world->logins, link->owner)->relay.push.came_ms -= LOGIN_PUSH_MS;
	script_now->deliver = SCRIPT_FAIL;       /* a provider with no other way */
	release(world, link);
	assert_non_null(strstr(expect_outcome(world, LOGIN_FAILED).reason, "could not be sent"));
	assert_string_equal(script_now->delivery_push, "");
	expect_answer(push, 200, "");
}

static void a_push_that_was_answered_is_not_there_for_the_message(void **state)
{
	struct world *world = *state;
	struct fake_link *link = show(world, "sshd");
	struct fake_push *push;

	script_now->answer = "success";
	push = scan_code();
	assert_true(push->is_somebodys);
	expect_answer(push, 200, "success");
	wait_for_store(world, link);
	assert_int_equal(script_now->n_deliveries, 1);
	assert_string_equal(script_now->delivery_push, "");
	assert_int_equal(push->n_answers, 1);
	world_answer(world, digits_in(script_now->text));
	(void)expect_outcome(world, LOGIN_GRANTED);
}

static void a_message_past_the_push_leaves_it_empty(void **state)
{
	static const struct { enum script_act act; bool answers; } rows[] = {
		{ SCRIPT_DONE, false }, { SCRIPT_FAIL, false }, { SCRIPT_FAIL, true },
		{ SCRIPT_DENY, true }, { SCRIPT_IDENTIFY, true },
	};
	struct world *world = *state;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_link *link = show(world, "sshd");
		struct fake_push *push;

		script_now->deliver = rows[i].act;
		script_now->answers = rows[i].answers;
		push = scan_code();
		wait_for_store(world, link);
		expect_answer(push, 200, rows[i].answers ? script_now->text : "");
		if (rows[i].act == SCRIPT_DONE)
			world_answer(world, digits_in(script_now->text));
		(void)expect_outcome(world, rows[i].act == SCRIPT_DONE ? LOGIN_GRANTED :
									 LOGIN_FAILED);
		assert_int_equal(push->n_answers, 1);
	}
}

static void one_approval_of_a_user_at_a_time(void **state)
{
	struct world *world = *state;
	struct fake_push *first = match(world, show(world, "sshd")), *second;
	int client = world->client;

	world->client = -1;
	show(world, "sshd");
	second = scan_code();
	assert_non_null(strstr(expect_outcome(world, LOGIN_DENIED).reason, "another approval"));
	expect_answer(second, 200, "");
	world_leave(world);
	world->client = client;
	assert_true(world_is_quiet(world));      /* the first one is still asked */
	assert_int_equal(first->n_answers, 1);
	world_cancel(world);
	(void)expect_outcome(world, LOGIN_CANCELLED);
}

static void what_was_kept_is_gone_with_its_answer(void **state)
{
	struct world *world = *state;
	struct fake_push *push = bring_to(world, "sshd", AT_RUNNING);
	struct login *login = logins_find(world->logins, world->id);

	assert_string_equal(login->relay.push.body, "scene 1");
	assert_string_equal(login->relay.push.view.method, "POST");
	login_answer_push(login, "so it is");
	assert_null(login->relay.push.body);
	assert_null(login->relay.push.view.body);
	login_answer_push(login, "and again");
	expect_answer(push, 200, "so it is");
}

/* --- listening --- */

static void a_provider_that_cannot_listen_fails(void **state)
{
	static char too_long[RELAY_LISTEN_MAX + 2];
	static const struct { enum script_act act; const char *app; } rows[] = {
		{ SCRIPT_LISTEN_TWICE, APP },
		{ SCRIPT_LISTEN, "" },
		{ SCRIPT_LISTEN, "gh-1" },
		{ SCRIPT_LISTEN, "gh_1\"" },
		{ SCRIPT_LISTEN, "../x" },
		{ SCRIPT_LISTEN, too_long },
	};
	struct world *world = *state;

	memset(too_long, 'a', sizeof(too_long) - 1);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		script_now->act = rows[i].act;
		script_now->app = rows[i].app;
		begin(world, "sshd");
		expect(world, LOGIN_ASK);
		world_answer(world, "y");
		(void)expect_outcome(world, LOGIN_FAILED);
	}
	assert_int_equal(fake_relay_now()->n_links, 1);
	assert_true(fake_relay_last()->is_closed);
	too_long[RELAY_LISTEN_MAX] = '\0';
	script_now->act = SCRIPT_LISTEN;
	assert_string_equal(show(world, "sshd")->listen, too_long);
	fake_relay_now()->is_full = true;
	begin(world, "sshd");
	expect(world, LOGIN_ASK);
	world_answer(world, "y");
	assert_non_null(strstr(expect_outcome(world, LOGIN_FAILED).reason, "no link"));
}

static void who_has_no_pushes_may_not_listen(void **state)
{
	struct world *world = *state;

	begin(world, "far");
	(void)expect_outcome(world, LOGIN_FAILED);
	assert_int_equal(fake_relay_now()->n_links, 0);
}

/* --- a sysadmin tries it --- */

static void a_test_hears_the_vendor(void **state)
{
	struct world *world = *state;
	struct login_facts facts = world_facts();
	struct fake_link *link;
	struct fake_push *push;

	facts.phase = LOGIN_TEST;
	facts.user[0] = '\0';
	facts.caller_uid = 0;
	(void)text_into(facts.method, sizeof(facts.method), "push");
	script_now->errand = SCRIPT_LISTEN;
	assert_int_equal(world_begin(world, &facts), 0);
	expect(world, LOGIN_ASK);
	assert_non_null(strstr(world_text(world), "Press Enter when approved"));
	link = fake_relay_last();
	assert_string_equal(link->listen, APP);
	assert_string_equal(link->user, "-");
	assert_false(link->digits);
	assert_true(link->seconds > RELAY_LINK_SECONDS_MAX);
	push = fake_relay_pushed(APP, "GET", "echostr");
	expect_answer(push, 200, "echostr");
	(void)expect_outcome(world, LOGIN_GRANTED);
	assert_true(link->is_closed);
	assert_int_equal(push->n_answers, 1);
}

static void logins_end_with_their_pushes_open(void **state)
{
	bring_to(*state, "sshd", AT_DELIVERING);         /* and tear_down() frees all of it */
}

#define IN_A_WORLD(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(the_answer_to_the_push_holds_the_digits),
		IN_A_WORLD(nothing_is_asked_of_the_relay_before_somebody_answers),
		IN_A_WORLD(wrong_digits_end_the_login_and_are_counted),
		IN_A_WORLD(what_is_typed_before_the_push_is_no_try),
		IN_A_WORLD(the_code_can_be_drawn_again),
		IN_A_WORLD(without_digits_the_vendor_is_answered_nothing),
		IN_A_WORLD(nobody_elses_push_lets_in),
		IN_A_WORLD(what_is_for_no_login_is_answered_all_the_same),
		IN_A_WORLD(the_logins_are_asked_in_turn),
		IN_A_WORLD(a_second_push_is_none_of_the_login),
		IN_A_WORLD(the_push_that_was_first_is_answered),
		IN_A_WORLD(whoever_leaves_answers_nothing),
		IN_A_WORLD(the_deadline_answers_nothing),
		IN_A_WORLD(the_menu_answers_nothing),
		IN_A_WORLD(a_lost_link_fails_the_login),
		IN_A_WORLD(a_relay_that_invents_events_gains_nothing),
		IN_A_WORLD(digits_that_would_come_too_late_are_not_the_answer),
		IN_A_WORLD(a_push_that_was_answered_is_not_there_for_the_message),
		IN_A_WORLD(a_message_past_the_push_leaves_it_empty),
		IN_A_WORLD(one_approval_of_a_user_at_a_time),
		IN_A_WORLD(what_was_kept_is_gone_with_its_answer),
		IN_A_WORLD(a_provider_that_cannot_listen_fails),
		IN_A_WORLD(who_has_no_pushes_may_not_listen),
		IN_A_WORLD(a_test_hears_the_vendor),
		IN_A_WORLD(logins_end_with_their_pushes_open),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
