/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a relay says happened to links: each thing once, of known links only, and asked for with
 * patience. */
#include "relay-client-fixture.h"

static void an_event_of_a_link_reaches_its_owner(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, "");
	assert_int_equal(fixture->n_pressed, 0);
	tell(fixture, ",\"method\":\"wecom\"");
	assert_int_equal(fixture->n_pressed, 1);
	assert_string_equal(fixture->method, "wecom");
	assert_true(fixture->link == fixture->number);
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=1&wait=25");
}

static void events_of_unknown_links_are_dropped(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell_events(fixture, "i1", 3, "{\"link\":\"ABCDEFGHIJKLMNOPQRSTUV\",\"presses\":1,"
		    "\"method\":\"wecom\",\"callback\":\"a=b\",\"refused\":true}");
	assert_int_equal(fixture->n_pressed + fixture->n_called_back + fixture->n_refused, 0);
	assert_true(status_of(fixture).n_events == 0);
}

static void each_thing_happens_once(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	for (int i = 0; i < 3; i++)
		tell(fixture, ",\"method\":\"wecom\"");
	assert_int_equal(fixture->n_pressed, 1);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\"");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=2\"");
	assert_int_equal(fixture->n_called_back, 1);
	assert_string_equal(fixture->query, "code=1");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\",\"refused\":true");
	tell(fixture, ",\"method\":\"github\",\"callback\":\"code=1\",\"refused\":true");
	assert_int_equal(fixture->n_pressed, 1);
	assert_int_equal(fixture->n_called_back, 1);
	assert_int_equal(fixture->n_refused, 1);
	assert_true(status_of(fixture).n_events == 3);
}

static void no_callback_comes_before_there_is_a_target(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\"");
	assert_int_equal(fixture->n_pressed, 1);
	assert_int_equal(fixture->n_called_back, 0);
	send_to(fixture, "wecom");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\"");
	assert_int_equal(fixture->n_called_back, 1);
}

static void presses_are_bounded(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	for (int i = 0; i < 2 * RELAY_PRESSES_MAX; i++)
		tell(fixture, i % 2 ? ",\"method\":\"wecom\"" : ",\"method\":\"github\"");
	assert_int_equal(fixture->n_pressed, RELAY_PRESSES_MAX);
}

/* The callback belongs to the target that was there; a button pressed behind it comes too late. */
static void a_callback_goes_before_another_button(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, ",\"method\":\"wecom\"");
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	fixture->closes = true;
	tell(fixture, ",\"method\":\"github\",\"callback\":\"code=1\"");
	assert_int_equal(fixture->n_called_back, 1);
	assert_int_equal(fixture->n_pressed, 1);
}

/* --- callbacks without a state --- */

static void open_mixed(struct fixture *fixture)
{
	const struct relay_opening opening = {
		.user = "jane", .service = "sshd", .source = "192.0.2.7", .since_s = 1700000000,
		.targets = { { .method = "wecom", .title = "WeCom", .app = RELAY_APP_WECOM },
			     { .method = "mini", .title = "Mini", .app = RELAY_APP_MINI_PROGRAM,
			       .has_no_state = true } },
		.n_targets = 2,
	};

	assert_true(open_as(fixture, &opening, 100) > 0);
	expect_taken(fixture, "PUT", FIRST, "");
}

/* One event of a new link of both targets, behind what happened before. */
static const struct both_case {
	const char *before;              /* method pressed and led somewhere, or NULL */
	const char *members;
	const char *method;              /* of the last press that was handed on */
	bool is_called_back, is_press_first;
} both_cases[] = {
	/* the press and the callback in one */
	{ NULL, ",\"method\":\"mini\",\"callback\":\"code=1\"", "mini", true, true },
	{ "wecom", ",\"method\":\"mini\",\"callback\":\"code=1\"", "mini", true, true },
	{ "mini", ",\"method\":\"mini\",\"callback\":\"code=1\"", "mini", true, true },
	/* without a press there is nothing to call back */
	{ NULL, ",\"callback\":\"code=1\"", "", false, false },
	{ NULL, ",\"method\":\"mini\"", "mini", false, true },
	/* of a method with a state, and of none */
	{ NULL, ",\"method\":\"wecom\",\"callback\":\"code=1&state=2\"", "wecom", false, false },
	{ NULL, ",\"method\":\"wecom\",\"callback\":\"code=1\"", "wecom", false, false },
	{ NULL, ",\"method\":\"nobody\",\"callback\":\"code=1\"", "nobody", false, false },
	/* with a state it is of the target that was said, before the press */
	{ "wecom", ",\"method\":\"mini\",\"callback\":\"code=1&state=2\"", "mini", true, false },
	{ NULL, ",\"method\":\"mini\",\"callback\":\"code=1&state=2\"", "mini", false, false },
	{ NULL, ",\"method\":\"mini\",\"callback\":\"code=%\"", "mini", false, false },
};

static void a_callback_without_a_state_comes_with_its_press(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < N_ELEMENTS(both_cases); i++) {
		const struct both_case *row = &both_cases[i];

		open_mixed(fixture);
		fixture->method[0] = '\0';
		fixture->n_called_back = 0;
		if (row->before) {
			char *pressed = text_format(",\"method\":\"%s\"", row->before);

			tell(fixture, pressed);
			free(pressed);
			send_to(fixture, row->before);
			expect_taken(fixture, "PUT", FIRST, "/target");
		}
		tell(fixture, row->members);
		assert_string_equal(fixture->method, row->method);
		assert_int_equal(fixture->n_called_back, row->is_called_back);
		if (row->is_called_back)
			assert_string_equal(fixture->method_before, row->is_press_first ?
								    row->method : row->before);
		tell(fixture, ",\"method\":\"mini\",\"callback\":\"code=2\"");
		assert_int_equal(fixture->n_called_back, 1);
		tell(fixture, ",\"method\":\"mini\",\"callback\":\"code=3\"");
		assert_int_equal(fixture->n_called_back, 1);
		relay_close(fixture->relay, fixture->number);
		expect_taken(fixture, "DELETE", FIRST, "");
	}
}

static void presses_that_are_too_many_bring_no_callback(void **state)
{
	struct fixture *fixture = *state;

	open_mixed(fixture);
	for (int i = 0; i < RELAY_PRESSES_MAX; i++)
		tell(fixture, i % 2 ? ",\"method\":\"wecom\"" : ",\"method\":\"github\"");
	assert_int_equal(fixture->n_pressed, RELAY_PRESSES_MAX);
	tell(fixture, ",\"method\":\"mini\",\"callback\":\"code=1\"");
	assert_int_equal(fixture->n_pressed, RELAY_PRESSES_MAX);
	assert_int_equal(fixture->n_called_back, 0);
}

static void the_handler_may_end_the_link(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell(fixture, "");
	fixture->closes = true;
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\",\"refused\":true");
	assert_int_equal(fixture->n_refused, 1);
	assert_int_equal(fixture->n_pressed + fixture->n_called_back, 0);
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_true(open_for(fixture, 100) > 0);
	fixture->closes = true;
	expect_taken(fixture, "PUT", FIRST, "");
	assert_int_equal(fixture->n_opened, 2);
	expect_taken(fixture, "DELETE", FIRST, "");
}

static void events_of_a_link_that_is_not_open_are_dropped(void **state)
{
	struct fixture *fixture = *state;
	char *event;

	opened_link(fixture);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	event = text_format("{\"link\":\"%s\",\"presses\":1,\"method\":\"wecom\"}", fixture->id);
	tell_events(fixture, "i1", 1, event);
	free(event);
	assert_int_equal(fixture->n_pressed, 0);
}

static void another_instance_is_told_everything(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell_events(fixture, "i1", 7, "");
	/* It may have lost the link just opened. */
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell_events(fixture, "i1", 7, "");
	expect_nothing(fixture);
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=7&wait=1");
	tell_events(fixture, "i2", 9, "");
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	/* Its numbers are others: what it has below 7 was never told. */
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=0&wait=1");
	tell_events(fixture, "i2", 9, "");
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=9&wait=1");
	expect_nothing(fixture);
}

static void chatter_is_paced(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last_us = 0;

	opened_link(fixture);
	for (int i = 0; i < 3; i++) {
		tell(fixture, "");
		assert_true(rests.last_us >= RELAY_CHATTER_MIN_MS * 1000);
		assert_true(rests.last_us >= last_us);
		last_us = rests.last_us;
	}
	assert_true(rests.last_us > RELAY_CHATTER_MIN_MS * 1000);
	rests.n = 0;
	tell(fixture, ",\"method\":\"wecom\"");
	wait_for_poll(fixture);
	assert_int_equal(rests.n, 0);
	tell(fixture, "");
	assert_true(rests.last_us == RELAY_CHATTER_MIN_MS * 1000);
}

/* Whoever presses one button all the time would slow down everybody's logins. */
static void chatter_holds_nobodys_links_back(void **state)
{
	struct fixture *fixture = *state;
	unsigned n_polls;

	opened_link(fixture);
	for (int i = 0; i < 3; i++)
		tell(fixture, "");
	wait_for_poll(fixture);
	rests.scale = 1;                 /* a pause that this test does not see the end of */
	tell(fixture, "");
	n_polls = fixture->n_polls;
	assert_false(fixture->is_polling);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	assert_int_equal(fixture->n_polls, n_polls);
}

static void events_are_asked_for_while_links_are_open_only(void **state)
{
	struct fixture *fixture = *state;
	unsigned n_polls;

	expect_nothing(fixture);
	assert_int_equal(fixture->n_polls, 0);
	opened_link(fixture);
	relay_close(fixture->relay, fixture->number);
	expect_taken(fixture, "DELETE", FIRST, "");
	n_polls = fixture->n_polls;
	if (fixture->is_polling)
		tell_events(fixture, "i1", 5, "");
	for (int i = 0; i < 5; i++)
		settle(fixture);
	assert_int_equal(fixture->n_polls, n_polls);
	assert_false(fixture->is_polling);
	opened_link(fixture);
	wait_for_poll(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLIENT_TEST(an_event_of_a_link_reaches_its_owner),
		CLIENT_TEST(events_of_unknown_links_are_dropped),
		CLIENT_TEST(each_thing_happens_once),
		CLIENT_TEST(no_callback_comes_before_there_is_a_target),
		CLIENT_TEST(presses_are_bounded),
		CLIENT_TEST(a_callback_goes_before_another_button),
		CLIENT_TEST(a_callback_without_a_state_comes_with_its_press),
		CLIENT_TEST(presses_that_are_too_many_bring_no_callback),
		CLIENT_TEST(the_handler_may_end_the_link),
		CLIENT_TEST(events_of_a_link_that_is_not_open_are_dropped),
		CLIENT_TEST(another_instance_is_told_everything),
		CLIENT_TEST(chatter_is_paced),
		CLIENT_TEST(chatter_holds_nobodys_links_back),
		CLIENT_TEST(events_are_asked_for_while_links_are_open_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
