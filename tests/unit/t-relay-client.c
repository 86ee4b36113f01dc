/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauthd's links at relays that answer, fail, forget and refuse. */
#include "relay-client-fixture.h"

/* --- a link's life --- */

static void a_link_is_opened_and_then_followed(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	asked = expect(fixture, "PUT", FIRST, "");
	assert_string_equal(asked->authorization, "Bearer " KEY);
	assert_non_null(strstr(asked->body, "\"user\":\"jane\""));
	assert_non_null(strstr(asked->body, ",\"seconds\":"));
	expect_nothing(fixture);
	assert_int_equal(fixture->n_opened, 0);
	assert_int_equal(fixture->n_polls, 0);
	reply(fixture, asked, 200);
	wait_for_poll(fixture);
	assert_int_equal(fixture->n_opened, 1);
	assert_true(fixture->link == fixture->number);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=0&wait=25");
	assert_string_equal(fixture->poll.authorization, "Bearer " KEY);
	assert_true(status_of(fixture).is_connected && status_of(fixture).n_opened == 1);
	assert_string_equal(status_of(fixture).server, FIRST);
}

static void seconds_are_what_is_left_within_bounds(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 100000) > 0);
	assert_non_null(strstr(expect(fixture, "PUT", FIRST, "")->body, ",\"seconds\":1"));
	assert_true(open_for(fixture, 0) > 0);
	assert_non_null(strstr(expect(fixture, "PUT", FIRST, "")->body, ",\"seconds\":1}"));
}

/* What the code holds depends on who can go on with it. */
static const struct address_case {
	enum relay_app apps[2];
	unsigned n;
	const char *path;
} address_cases[] = {
	{ { RELAY_APP_BROWSER }, 1, "/q/" },
	{ { RELAY_APP_COMPUTER }, 1, "/q/" },
	{ { RELAY_APP_MINI_PROGRAM }, 1, "/m/" },
	{ { RELAY_APP_MINI_PROGRAM, RELAY_APP_MINI_PROGRAM }, 2, "/m/" },
	{ { RELAY_APP_MINI_PROGRAM, RELAY_APP_WECHAT }, 2, "/q/" },
	{ { RELAY_APP_WECHAT, RELAY_APP_MINI_PROGRAM }, 2, "/q/" },
	{ { RELAY_APP_BROWSER }, 0, "/q/" },
};

static void a_code_leads_to_a_page_or_to_a_mini_program(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < N_ELEMENTS(address_cases); i++) {
		const struct address_case *row = &address_cases[i];
		struct relay_opening opening = {
			.user = "", .service = "", .source = "", .n_targets = row->n,
		};
		char url[128];

		for (unsigned k = 0; k < row->n; k++)
			opening.targets[k] = (struct relay_target){
				.method = k ? "a" : "b", .title = "", .app = row->apps[k],
			};
		assert_true(open_as(fixture, &opening, 100) > 0);
		(void)snprintf(url, sizeof(url), PUBLIC "%s%s", row->path, fixture->id);
		assert_string_equal(fixture->address.code, url);
		(void)snprintf(url, sizeof(url), PUBLIC "/d/%s", fixture->id);
		assert_string_equal(fixture->address.page, url);
	}
}

/* One at a time, in the order that makes sense at the relay. */
static void a_link_says_one_thing_after_the_other(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	tell_digits(fixture);
	send_to(fixture, "wecom");
	asked = expect(fixture, "PUT", FIRST, "");
	expect_nothing(fixture);
	reply(fixture, asked, 200);
	asked = expect(fixture, "PUT", FIRST, "/target");
	assert_string_equal(asked->body,
			    "{\"method\":\"wecom\",\"state\":\"0123456789abcdef0123456789abcdef\","
			    "\"url\":\"https://id.example.org/authorize\"}");
	expect_nothing(fixture);
	reply(fixture, asked, 204);
	asked = expect(fixture, "PUT", FIRST, "/result");
	assert_string_equal(asked->body, "{\"result\":\"digits\",\"request\":\"a1b2c3d4\","
			    "\"digits\":\"42\"}");
	relay_close(fixture->relay, fixture->number);
	expect_nothing(fixture);
	reply(fixture, asked, 204);
	expect_taken(fixture, "DELETE", FIRST, "");
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void what_was_told_goes_before_the_end(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	relay_tell(fixture->relay, fixture->number, RELAY_RESULT_GRANTED, NULL, "a1b2c3d4");
	relay_close(fixture->relay, fixture->number);
	relay_close(fixture->relay, fixture->number);
	expect_taken(fixture, "PUT", FIRST, "/result");
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_true(status_of(fixture).n_links == 0);
}

static void the_last_of_two_targets_counts(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	opened_link(fixture);
	send_to(fixture, "wecom");
	asked = expect(fixture, "PUT", FIRST, "/target");
	send_to(fixture, "github");
	send_to(fixture, "google");
	reply(fixture, asked, 204);
	asked = expect(fixture, "PUT", FIRST, "/target");
	assert_non_null(strstr(asked->body, "\"method\":\"google\""));
	reply(fixture, asked, 204);
	expect_nothing(fixture);
}

static void links_do_not_wait_for_each_other(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first;

	first = open_for(fixture, 100);
	(void)expect(fixture, "PUT", FIRST, "");
	assert_true(open_for(fixture, 100) > first);
	expect_taken(fixture, "PUT", FIRST, "");
	assert_true(fixture->link == fixture->number);
	assert_int_equal(fixture->n_opened, 1);
}

/* --- the end --- */

static void a_link_that_nobody_heard_of_just_goes(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 100) > 0);
	relay_close(fixture->relay, fixture->number);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	relay_close(fixture->relay, fixture->number);
	relay_close(fixture->relay, 999);
	relay_tell(fixture->relay, 999, RELAY_RESULT_OVER, NULL, "a1b2c3d4");
	relay_send_to(fixture->relay, 999, "a", "b", "https://c.example.org/");
}

static void a_link_closed_while_it_is_opened_is_deleted(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	asked = expect(fixture, "PUT", FIRST, "");
	relay_close(fixture->relay, fixture->number);
	expect_nothing(fixture);
	reply(fixture, asked, 200);
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_int_equal(fixture->n_opened, 0);
	assert_int_equal(fixture->n_polls, 0);
	assert_true(status_of(fixture).n_links == 0);
}

/* Nobody waits for it any more: it must not be there again for a moment. */
static void a_closed_link_is_never_opened_again(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	asked = expect(fixture, "PUT", FIRST, "");
	relay_close(fixture->relay, fixture->number);
	reply_fault(fixture, asked, HTTP_TIMED_OUT);
	expect_taken(fixture, "DELETE", SECOND, "");
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void a_closed_link_that_the_relay_forgot_goes(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	relay_tell(fixture->relay, fixture->number, RELAY_RESULT_GRANTED, NULL, "a1b2c3d4");
	relay_close(fixture->relay, fixture->number);
	reply(fixture, expect(fixture, "PUT", FIRST, "/result"), 404);
	reply(fixture, expect(fixture, "DELETE", FIRST, ""), 404);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void an_end_that_nobody_takes_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	relay_close(fixture->relay, fixture->number);
	for (int i = 0; i <= RELAY_CLOSE_TRIES; i++)
		reply(fixture, expect(fixture, "DELETE", i % 2 ? SECOND : FIRST, ""), 503);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void a_closed_link_does_not_outlive_its_time(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 0) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	relay_close(fixture->relay, fixture->number);
	settle(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_cancels, 1);
}

static void no_more_links_than_there_may_be(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < RELAY_LINKS_MAX; i++)
		assert_true(open_for(fixture, 100) > 0);
	assert_true(open_for(fixture, 100) == 0);
	relay_close(fixture->relay, fixture->number);
	assert_true(open_for(fixture, 100) > 0);
}

/* --- servers that fail --- */

static const struct fault {
	enum http_result result;
	unsigned status;
} faults[] = {
	{ HTTP_NOT_SENT, 0 }, { HTTP_TIMED_OUT, 0 }, { HTTP_BROKEN, 0 },
	{ HTTP_DONE, 500 }, { HTTP_DONE, 503 },
};

static void fail_with(struct fixture *fixture, const struct asked *asked, const struct fault *fault)
{
	if (fault->status)
		reply(fixture, asked, fault->status);
	else
		reply_fault(fixture, asked, fault->result);
}

static void the_next_server_is_told_everything(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(faults); i++) {
		struct fixture *fixture;

		if (i) {
			tear_down(state);
			set_up(state);
		}
		fixture = *state;
		opened_link(fixture);
		wait_for_poll(fixture);
		send_to(fixture, "wecom");
		expect_taken(fixture, "PUT", FIRST, "/target");
		tell_digits(fixture);
		fail_with(fixture, expect(fixture, "PUT", FIRST, "/result"), &faults[i]);
		expect_taken(fixture, "PUT", SECOND, "");
		expect_taken(fixture, "PUT", SECOND, "/target");
		expect_taken(fixture, "PUT", SECOND, "/result");
		expect_nothing(fixture);
		assert_int_equal(fixture->n_opened, 1);
		assert_int_equal(fixture->n_failed, 0);
		assert_true(status_of(fixture).n_switches == 1);
		assert_string_equal(status_of(fixture).server, SECOND);
		wait_for_poll(fixture);
		assert_memory_equal(fixture->poll.line, "GET " SECOND, strlen("GET " SECOND));
	}
}

static void a_lost_helper_is_a_lost_server(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, "");               /* the helper was heard */
	wait_for_poll(fixture);
	close_fd(&fixture->fd);
	fixture->fd = -1;
	buf_done(&fixture->in);
	fixture->is_polling = false;
	expect_taken(fixture, "PUT", SECOND, "");
	assert_int_equal(fixture->n_failed, 0);
}

static void a_new_link_fails_when_no_server_takes_it(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 100) > 0);
	for (int i = 0; i < RELAY_OPEN_TRIES; i++) {
		assert_int_equal(fixture->n_failed, 0);
		reply_fault(fixture, expect(fixture, "PUT", i % 2 ? SECOND : FIRST, ""),
			    HTTP_NOT_SENT);
		settle(fixture);
	}
	expect_nothing(fixture);
	assert_int_equal(fixture->n_failed, 1);
	assert_int_equal(fixture->failure, RELAY_FAILED_NETWORK);
	assert_string_equal(fixture->detail, "opening a link: no good");
	assert_true(status_of(fixture).n_links == 0);
	assert_false(status_of(fixture).is_connected);
}

/* The login lives on, and so does its link. */
static void an_open_link_outlives_a_fault_of_all_servers(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last_us = 0;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 503);
	for (int i = 0; i < 4; i++) {
		reply(fixture, expect(fixture, "PUT", SECOND, ""), 503);
		reply(fixture, expect(fixture, "PUT", FIRST, ""), 503);
		assert_true(rests.last_us > last_us || i == 0);
		last_us = rests.last_us;
	}
	expect_taken(fixture, "PUT", SECOND, "");
	expect_taken(fixture, "PUT", SECOND, "/target");
	assert_int_equal(fixture->n_failed, 0);
	assert_true(status_of(fixture).is_connected);
}

/* It takes links, and its events are a fault: however often, it is asked less and less. */
static void servers_without_events_are_not_asked_without_end(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last_us = 0;

	opened_link(fixture);
	for (int i = 0; i < 4; i++) {
		wait_for_poll(fixture);
		fixture->is_polling = false;
		reply(fixture, &fixture->poll, 404);
		expect_taken(fixture, "PUT", SECOND, "");
		wait_for_poll(fixture);
		fixture->is_polling = false;
		reply(fixture, &fixture->poll, 404);
		expect_taken(fixture, "PUT", FIRST, "");
		assert_true(rests.last_us > last_us);
		last_us = rests.last_us;
	}
	assert_int_equal(fixture->n_failed, 0);
}

static void what_is_no_news_is_a_fault_of_the_server(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell_events(fixture, "i1", -1, "");
	expect_taken(fixture, "PUT", SECOND, "");
	assert_string_equal(status_of(fixture).server, SECOND);
}

/* --- refusals --- */

static const struct refusal_case {
	unsigned status;
	enum relay_failure failure;
	const char *detail;
} open_refusals[] = {
	{ 401, RELAY_FAILED_KEY, "the relay does not take this host's key" },
	{ 403, RELAY_FAILED_KEY, "the relay does not take this host's key" },
	{ 429, RELAY_FAILED_BUSY, "opening a link: status 429" },
	{ 400, RELAY_FAILED_OTHER, "opening a link: status 400" },
	{ 404, RELAY_FAILED_OTHER, "opening a link: status 404" },
	{ 405, RELAY_FAILED_OTHER, "opening a link: status 405" },
	{ 409, RELAY_FAILED_OTHER, "opening a link: status 409" },
	{ 410, RELAY_FAILED_OTHER, "opening a link: status 410" },
	{ 413, RELAY_FAILED_OTHER, "opening a link: status 413" },
	{ 302, RELAY_FAILED_OTHER, "opening a link: status 302" },
};

static void a_link_that_is_refused_fails_once(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < N_ELEMENTS(open_refusals); i++) {
		const struct refusal_case *row = &open_refusals[i];

		assert_true(open_for(fixture, 100) > 0);
		reply(fixture, expect(fixture, "PUT", FIRST, ""), row->status);
		expect_nothing(fixture);
		assert_int_equal(fixture->n_failed, i + 1);
		assert_int_equal(fixture->failure, row->failure);
		assert_string_equal(fixture->detail, row->detail);
		assert_true(status_of(fixture).n_links == 0);
	}
	assert_int_equal(fixture->n_opened, 0);
}

static void a_target_that_is_refused_fails_the_link(void **state)
{
	static const unsigned statuses[] = { 400, 401, 409, 410, 413 };
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < N_ELEMENTS(statuses); i++) {
		opened_link(fixture);
		send_to(fixture, "wecom");
		reply(fixture, expect(fixture, "PUT", FIRST, "/target"), statuses[i]);
		expect_nothing(fixture);
		assert_int_equal(fixture->n_failed, i + 1);
		assert_int_equal(fixture->failure, statuses[i] == 401 ? RELAY_FAILED_KEY :
								       RELAY_FAILED_OTHER);
	}
}

static void an_open_link_at_a_busy_server_goes_to_the_next(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 429);
	expect_taken(fixture, "PUT", SECOND, "");
	expect_taken(fixture, "PUT", SECOND, "/target");
	assert_int_equal(fixture->n_failed, 0);
}

static void what_a_relay_forgot_it_is_told_again(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 404);
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell_digits(fixture);
	reply(fixture, expect(fixture, "PUT", FIRST, "/result"), 404);
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	expect_taken(fixture, "PUT", FIRST, "/result");
	expect_nothing(fixture);
	assert_int_equal(fixture->n_opened, 1);
}

static void a_relay_that_always_forgets_is_of_no_use(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	for (int i = 0; i < RELAY_REPEATS_MAX; i++) {
		reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 404);
		reply(fixture, expect(fixture, "PUT", FIRST, ""), 200);
	}
	assert_int_equal(fixture->n_failed, 0);
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 404);
	expect_nothing(fixture);
	assert_int_equal(fixture->n_failed, 1);
	assert_int_equal(fixture->failure, RELAY_FAILED_OTHER);
}

/* What a server says that was left meanwhile is about another relay than the one in use. */
static void what_a_left_server_refuses_says_nothing(void **state)
{
	static const unsigned statuses[] = { 401, 404, 410, 429 };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
		const struct asked *late;
		uint64_t first;

		configure(fixture, PUBLIC, one_server, KEY);
		configure(fixture, PUBLIC, two_servers, KEY);
		opened_link(fixture);
		first = fixture->number;
		send_to(fixture, "wecom");
		late = expect(fixture, "PUT", FIRST, "/target");
		wait_for_poll(fixture);
		fixture->is_polling = false;
		reply(fixture, &fixture->poll, 500);
		settle(fixture);
		assert_string_equal(status_of(fixture).server, SECOND);
		reply(fixture, late, statuses[i]);
		expect_taken(fixture, "PUT", SECOND, "");
		expect_taken(fixture, "PUT", SECOND, "/target");
		assert_int_equal(fixture->n_failed, 0);
		assert_string_equal(status_of(fixture).server, SECOND);
		relay_close(fixture->relay, first);
		expect_taken(fixture, "DELETE", SECOND, "");
	}
}

static void refuse_events(struct fixture *fixture)
{
	wait_for_poll(fixture);
	fixture->is_polling = false;
	reply(fixture, &fixture->poll, 401);
}

/* The key is taken back, and the request for events ends before the one about the link. */
static void refuse_both(struct fixture *fixture, const char *server)
{
	const struct asked *late = expect(fixture, "PUT", server, "");

	refuse_events(fixture);
	settle(fixture);
	reply(fixture, late, 401);
	settle(fixture);
}

static void a_key_that_is_taken_back_ends_the_login(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	refuse_events(fixture);
	refuse_both(fixture, FIRST);
	assert_int_equal(fixture->n_failed, 1);
	assert_int_equal(fixture->failure, RELAY_FAILED_KEY);
}

static void a_key_that_all_servers_take_back_ends_the_login(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	refuse_events(fixture);
	refuse_both(fixture, SECOND);
	assert_int_equal(fixture->n_failed, 0);
	refuse_both(fixture, FIRST);
	assert_int_equal(fixture->n_failed, 1);
	assert_int_equal(fixture->failure, RELAY_FAILED_KEY);
}

static void a_key_that_one_server_takes_is_good(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	for (unsigned i = 0; i < 3; i++) {
		refuse_events(fixture);
		refuse_both(fixture, SECOND);
		expect_taken(fixture, "PUT", FIRST, "");
	}
	assert_int_equal(fixture->n_failed, 0);
}

/* --- settings --- */

static void without_a_relay_there_are_no_links(void **state)
{
	struct fixture *fixture = *state;
	struct buf uri = BUF_INIT(URL_MAX);

	relay_add_callback_url(fixture->relay, "wecom", &uri);
	assert_string_equal(buf_text(&uri), PUBLIC "/cb/wecom");
	buf_done(&uri);
	assert_true(status_of(fixture).is_configured);
	configure(fixture, NULL, NULL, NULL);
	assert_false(status_of(fixture).is_configured);
	assert_string_equal(status_of(fixture).server, "");
	assert_true(open_for(fixture, 100) == 0);
	configure(fixture, PUBLIC, NULL, NULL);
	assert_true(open_for(fixture, 100) == 0);
	expect_nothing(fixture);
}

static void without_servers_the_url_is_asked(void **state)
{
	struct fixture *fixture = *state;

	configure(fixture, PUBLIC, NULL, KEY);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", PUBLIC, "");
}

static void links_go_on_at_other_servers(void **state)
{
	static const char *const third[] = { "https://r3.example.org", NULL };
	struct fixture *fixture = *state;

	opened_link(fixture);
	wait_for_poll(fixture);
	configure(fixture, PUBLIC, two_servers, KEY);            /* the same */
	expect_nothing(fixture);
	assert_int_equal(fixture->n_cancels, 0);
	configure(fixture, PUBLIC, third, "jr1.another-key");
	expect_taken(fixture, "PUT", third[0], "");
	wait_for_poll(fixture);
	assert_memory_equal(fixture->poll.line, "GET https://r3.", 15);
	assert_string_equal(fixture->poll.authorization, "Bearer jr1.another-key");
	assert_int_equal(fixture->n_failed, 0);
	assert_int_equal(fixture->n_opened, 1);
}

/* Whoever mends the configuration does not wait for the rest of the wrong one. */
static void other_servers_are_asked_at_once(void **state)
{
	static const char *const third[] = { "https://r3.example.org", NULL };
	struct fixture *fixture = *state;
	const struct asked *asked;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 503);
	for (int i = 0; i < 4; i++)
		reply(fixture, expect(fixture, "PUT", FIRST, ""), 503);
	asked = expect(fixture, "PUT", FIRST, "");
	rests.scale = 1;
	reply(fixture, asked, 503);
	while (status_of(fixture).n_failures < 6)
		turn(fixture);
	assert_true(rests.last_us >= 3000000);           /* beyond this test's patience */
	configure(fixture, PUBLIC, third, KEY);
	expect_taken(fixture, "PUT", third[0], "");
}

static void links_fail_when_the_relay_is_dropped(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	fixture->reopens = true;
	configure(fixture, NULL, NULL, NULL);
	assert_int_equal(fixture->n_failed, 2);
	assert_int_equal(fixture->failure, RELAY_FAILED_OTHER);
	assert_true(status_of(fixture).n_links == 0);
	expect_nothing(fixture);
	assert_false(fixture->is_polling);
}

static void it_ends_with_all_still_open(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	wait_for_poll(fixture);
	send_to(fixture, "wecom");
	(void)expect(fixture, "PUT", FIRST, "/target");
	tell_digits(fixture);
	relay_close(fixture->relay, fixture->number);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	assert_true(open_for(fixture, 100) > 0);         /* and tear_down() frees it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLIENT_TEST(a_link_is_opened_and_then_followed),
		CLIENT_TEST(seconds_are_what_is_left_within_bounds),
		CLIENT_TEST(a_code_leads_to_a_page_or_to_a_mini_program),
		CLIENT_TEST(a_link_says_one_thing_after_the_other),
		CLIENT_TEST(what_was_told_goes_before_the_end),
		CLIENT_TEST(the_last_of_two_targets_counts),
		CLIENT_TEST(links_do_not_wait_for_each_other),
		CLIENT_TEST(a_link_that_nobody_heard_of_just_goes),
		CLIENT_TEST(a_link_closed_while_it_is_opened_is_deleted),
		CLIENT_TEST(a_closed_link_is_never_opened_again),
		CLIENT_TEST(a_closed_link_that_the_relay_forgot_goes),
		CLIENT_TEST(an_end_that_nobody_takes_is_given_up),
		CLIENT_TEST(a_closed_link_does_not_outlive_its_time),
		CLIENT_TEST(no_more_links_than_there_may_be),
		CLIENT_TEST(the_next_server_is_told_everything),
		CLIENT_TEST(a_lost_helper_is_a_lost_server),
		CLIENT_TEST(a_new_link_fails_when_no_server_takes_it),
		CLIENT_TEST(an_open_link_outlives_a_fault_of_all_servers),
		CLIENT_TEST(servers_without_events_are_not_asked_without_end),
		CLIENT_TEST(what_is_no_news_is_a_fault_of_the_server),
		CLIENT_TEST(a_link_that_is_refused_fails_once),
		CLIENT_TEST(a_target_that_is_refused_fails_the_link),
		CLIENT_TEST(an_open_link_at_a_busy_server_goes_to_the_next),
		CLIENT_TEST(what_a_relay_forgot_it_is_told_again),
		CLIENT_TEST(a_relay_that_always_forgets_is_of_no_use),
		CLIENT_TEST(what_a_left_server_refuses_says_nothing),
		CLIENT_TEST(without_a_relay_there_are_no_links),
		CLIENT_TEST(without_servers_the_url_is_asked),
		CLIENT_TEST_ONE(a_key_that_is_taken_back_ends_the_login),
		CLIENT_TEST(a_key_that_all_servers_take_back_ends_the_login),
		CLIENT_TEST(a_key_that_one_server_takes_is_good),
		CLIENT_TEST(links_go_on_at_other_servers),
		CLIENT_TEST_ONE(other_servers_are_asked_at_once),
		CLIENT_TEST(links_fail_when_the_relay_is_dropped),
		CLIENT_TEST(it_ends_with_all_still_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
