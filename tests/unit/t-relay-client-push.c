/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links that listen, and what a relay tells them of a vendor: each push once, each answered once,
 * and no flood takes more than its places. */
#include "relay-client-fixture.h"

#define APP "gh_0123456789ab"

/* --- time --- */

static uint64_t later_us;

int __real_sd_event_now(sd_event *event, clockid_t clock, uint64_t *ret_usec);
int __wrap_sd_event_now(sd_event *event, clockid_t clock, uint64_t *ret_usec);

int __wrap_sd_event_now(sd_event *event, clockid_t clock, uint64_t *ret_usec)
{
	int r = __real_sd_event_now(event, clock, ret_usec);

	*ret_usec += later_us;
	return r;
}

static void pass_ms(int64_t ms)
{
	later_us += (uint64_t)ms * 1000;
}

/* --- set up --- */

static void open_listening(struct fixture *fixture, int64_t seconds)
{
	const struct relay_opening opening = {
		.user = "jane", .service = "sshd", .source = "192.0.2.7", .since_s = 1700000000,
		.listen = APP,
	};

	assert_true(open_as(fixture, &opening, seconds) > 0);
}

/* A link that listens, at a relay whose instance is known. */
static int set_up_listening(void **state)
{
	struct fixture *fixture;
	const struct asked *asked;

	later_us = 0;
	(void)set_up(state);
	fixture = *state;
	open_listening(fixture, 100);
	asked = expect(fixture, "PUT", FIRST, "");
	assert_non_null(strstr(asked->body, ",\"listen\":\"" APP "\",\"targets\":[],\"seconds\":"));
	reply(fixture, asked, 200);
	tell_events(fixture, "i1", 1, "");
	expect_taken(fixture, "PUT", FIRST, "");
	fixture->is_known = true;
	return 0;
}

/* The id of the Nth push. */
static char *push_id(unsigned n)
{
	return text_format("push-%017u", n);
}

static char *push_event(unsigned n)
{
	return text_format("{\"push\":\"push-%017u\",\"n\":1,\"app\":\"" APP "\","
			   "\"method\":\"POST\",\"query\":\"signature=a&nonce=b\","
			   "\"body\":\"<xml>\\n\\t%u</xml>\"}", n, n);
}

static void tell_push(struct fixture *fixture, unsigned n)
{
	char *event = push_event(n);

	tell_events(fixture, "i1", 1, event);
	free(event);
}

/* So many new ones in one reply. */
static void tell_pushes(struct fixture *fixture, unsigned first, unsigned n)
{
	struct buf events = BUF_INIT(RELAY_EVENTS_BODY_MAX);

	for (unsigned i = 0; i < n; i++) {
		char *event = push_event(first + i);

		buf_add_format(&events, "%s%s", i ? "," : "", event);
		free(event);
	}
	tell_events(fixture, "i1", 1, buf_text(&events));
	buf_done(&events);
}

static void answer(struct fixture *fixture, unsigned n, unsigned status, const char *body)
{
	char *id = push_id(n);

	relay_answer_push(fixture->relay, id, status, body);
	free(id);
}

static const struct asked *expect_answer(struct fixture *fixture, const char *server, unsigned n)
{
	const struct asked *asked = next(fixture);
	char *id = push_id(n), *line = text_format("PUT %s/v1/pushes/%s", server, id);

	assert_string_equal(asked->line, line);
	assert_string_equal(asked->authorization, "Bearer " KEY);
	free(line);
	free(id);
	return asked;
}

/* --- one push --- */

static void a_push_is_handed_on_and_answered(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	tell_push(fixture, 7);
	assert_int_equal(fixture->n_pushed, 1);
	assert_string_equal(fixture->push.id, "push-00000000000000007");
	assert_string_equal(fixture->push.app, APP);
	assert_string_equal(fixture->push.method, "POST");
	assert_string_equal(fixture->push_query, "signature=a&nonce=b");
	assert_string_equal(fixture->push_body, "<xml>\n\t7</xml>");
	expect_nothing(fixture);
	answer(fixture, 7, 200, "<xml>\n\"yes\"</xml>");
	asked = expect_answer(fixture, FIRST, 7);
	assert_string_equal(asked->body,
			    "{\"status\":200,\"body\":\"<xml>\\u000a\\\"yes\\\"</xml>\"}");
	reply(fixture, asked, 204);
	expect_nothing(fixture);
	assert_int_equal(fixture->n_failed, 0);
}

static void a_push_is_handed_on_once_and_answered_once(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	tell_push(fixture, 1);
	tell_push(fixture, 1);
	answer(fixture, 1, 403, "");
	answer(fixture, 1, 200, "no");
	asked = expect_answer(fixture, FIRST, 1);
	assert_string_equal(asked->body, "{\"status\":403,\"body\":\"\"}");
	answer(fixture, 1, 200, "no");
	tell_push(fixture, 1);
	reply(fixture, asked, 204);
	settle(fixture);
	answer(fixture, 1, 200, "no");
	tell_push(fixture, 1);
	answer(fixture, 2, 200, "there is none");
	expect_nothing(fixture);
	assert_int_equal(fixture->n_pushed, 1);
}

/* --- answers that the relay does not take --- */

static void an_answer_that_nobody_waits_for_is_nobodys_fault(void **state)
{
	static const unsigned statuses[] = { 404, 400, 401, 405, 409, 413, 429, 200, 302 };
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < N_ELEMENTS(statuses); i++) {
		tell_push(fixture, i);
		answer(fixture, i, 200, "late");
		reply(fixture, expect_answer(fixture, FIRST, i), statuses[i]);
		expect_nothing(fixture);
	}
	assert_int_equal(fixture->n_failed, 0);
	assert_true(status_of(fixture).n_failures == 0);
	assert_string_equal(status_of(fixture).server, FIRST);
}

static void the_next_server_is_told_the_answer(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	tell_push(fixture, 1);
	answer(fixture, 1, 200, "yes");
	reply(fixture, expect_answer(fixture, FIRST, 1), 503);
	expect_taken(fixture, "PUT", SECOND, "");
	asked = expect_answer(fixture, SECOND, 1);
	assert_string_equal(asked->body, "{\"status\":200,\"body\":\"yes\"}");
	reply(fixture, asked, 204);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_switches == 1);
	assert_int_equal(fixture->n_pushed, 1);
}

/* What the server said that was left meanwhile says nothing of the one in use. */
static void an_answer_under_way_is_told_again_elsewhere(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *late;

	tell_push(fixture, 1);
	answer(fixture, 1, 200, "yes");
	late = expect_answer(fixture, FIRST, 1);
	wait_for_poll(fixture);
	fixture->is_polling = false;
	reply(fixture, &fixture->poll, 500);
	expect_taken(fixture, "PUT", SECOND, "");
	reply_fault(fixture, late, HTTP_BROKEN);
	reply(fixture, expect_answer(fixture, SECOND, 1), 204);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_switches == 1);
}

static void no_answer_is_told_when_the_vendor_is_gone(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	tell_push(fixture, 1);
	answer(fixture, 1, 200, "yes");
	asked = expect_answer(fixture, FIRST, 1);
	pass_ms(RELAY_PUSH_WAIT_MS);
	reply_fault(fixture, asked, HTTP_TIMED_OUT);
	expect_taken(fixture, "PUT", SECOND, "");
	expect_nothing(fixture);
}

static void an_answer_that_is_too_long_is_none(void **state)
{
	struct fixture *fixture = *state;
	char longest[RELAY_PUSH_MAX + 2];
	static const struct { char letter; size_t len; bool is_told; } rows[] = {
		{ 'x', RELAY_PUSH_MAX, true }, { 'x', RELAY_PUSH_MAX + 1, false },
		{ '\x01', RELAY_PUSH_MAX, false },       /* six bytes each */
	};

	for (unsigned i = 0; i < N_ELEMENTS(rows); i++) {
		const struct asked *asked;

		memset(longest, rows[i].letter, rows[i].len);
		longest[rows[i].len] = '\0';
		tell_push(fixture, i);
		answer(fixture, i, 200, longest);
		asked = expect_answer(fixture, FIRST, i);
		if (rows[i].is_told)
			assert_non_null(strstr(asked->body, longest));
		else
			assert_string_equal(asked->body, "{\"status\":200,\"body\":\"\"}");
		reply(fixture, asked, 204);
	}
	expect_nothing(fixture);
}

/* --- many --- */

static void a_hundred_at_once_are_all_answered(void **state)
{
	struct fixture *fixture = *state;
	unsigned n = 0;

	fixture->answer = "";
	for (unsigned n_more; n < 100; n += n_more) {
		n_more = MIN(100 - n, (unsigned)RELAY_EVENTS_MAX);
		tell_pushes(fixture, n, n_more);
	}
	assert_int_equal(fixture->n_pushed, 100);
	for (unsigned i = 0; i < 100; i++) {
		const struct asked *asked = next(fixture);

		assert_non_null(strstr(asked->line, "/v1/pushes/push-"));
		assert_string_equal(asked->body, "{\"status\":200,\"body\":\"\"}");
		reply(fixture, asked, 204);
	}
	expect_nothing(fixture);
	assert_int_equal(fixture->n_failed, 0);
}

static void places_are_few_and_free_again(void **state)
{
	struct fixture *fixture = *state;
	unsigned n = 0;

	for (; n < RELAY_PUSHES_MAX + RELAY_EVENTS_MAX; n += RELAY_EVENTS_MAX)
		tell_pushes(fixture, n, RELAY_EVENTS_MAX);
	assert_int_equal(fixture->n_pushed, RELAY_PUSHES_MAX);
	answer(fixture, 3, 200, "");
	reply(fixture, expect_answer(fixture, FIRST, 3), 204);
	settle(fixture);
	tell_push(fixture, n);                   /* in the place of the one that is over */
	tell_push(fixture, n + 1);
	assert_int_equal(fixture->n_pushed, RELAY_PUSHES_MAX + 1);
	pass_ms(RELAY_PUSH_KEEP_MS);
	tell_push(fixture, n + 1);
	assert_int_equal(fixture->n_pushed, RELAY_PUSHES_MAX + 2);
	answer(fixture, 5, 200, "much too late");
	answer(fixture, n + 1, 200, "");
	reply(fixture, expect_answer(fixture, FIRST, n + 1), 204);
	expect_nothing(fixture);
}

/* Whoever floods the relay slows down nobody but pushes. */
static void pushes_of_nobody_are_paced(void **state)
{
	struct fixture *fixture = *state;

	tell_push(fixture, 1);
	wait_for_poll(fixture);
	rests.n = 0;
	tell_push(fixture, 2);
	assert_true(rests.n > 0);
	assert_true(rests.last_us >= RELAY_CHATTER_MIN_MS * 1000);
	wait_for_poll(fixture);
	rests.n = 0;
	fixture->is_somebodys = true;
	tell_push(fixture, 3);
	assert_int_equal(rests.n, 0);
	tell_push(fixture, 3);                   /* the same again is no news */
	assert_true(rests.n > 0);
}

/* --- links that listen --- */

static void nothing_else_happens_to_a_link_that_listens(void **state)
{
	struct fixture *fixture = *state;

	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\",\"refused\":true");
	assert_int_equal(fixture->n_pressed + fixture->n_called_back + fixture->n_refused, 0);
	tell_push(fixture, 1);
	assert_int_equal(fixture->n_pushed, 1);
}

static const char *seconds_in(const struct asked *asked)
{
	const char *at = strstr(asked->body, "\"seconds\":");

	assert_non_null(at);
	return at + strlen("\"seconds\":");
}

/* A sysadmin may try a method for longer than a link lives. */
static void a_link_that_listens_is_followed_by_another(void **state)
{
	struct fixture *fixture = *state;
	static const char put[] = "PUT " FIRST "/v1/links/";
	char first[RELAY_ID_LEN + 1];
	const struct asked *asked;

	relay_close(fixture->relay, fixture->number);
	expect_taken(fixture, "DELETE", FIRST, "");
	open_listening(fixture, 300);
	asked = expect(fixture, "PUT", FIRST, "");
	assert_true(atol(seconds_in(asked)) > RELAY_LINK_SECONDS_MAX - 5);
	reply(fixture, asked, 200);
	(void)text_into(first, sizeof(first), fixture->id);
	pass_ms((RELAY_LINK_SECONDS_MAX - RELAY_RENEW_S) * 1000 - 5000);
	tell_events(fixture, "i1", 1, "");
	expect_nothing(fixture);
	pass_ms(5000);
	tell_events(fixture, "i1", 1, "");
	asked = next(fixture);
	assert_memory_equal(asked->line, put, strlen(put));
	assert_null(strstr(asked->line, first));
	assert_non_null(strstr(asked->body, "\"listen\":\"" APP "\""));
	assert_in_range(atol(seconds_in(asked)), 170, RELAY_LINK_SECONDS_MAX);
	(void)text_into(fixture->id, sizeof(fixture->id), asked->line + strlen(put));
	reply(fixture, asked, 200);
	settle(fixture);
	assert_int_equal(fixture->n_opened, 2);          /* of the login's links: it knows one */
	pass_ms(150000);                                 /* its end, not another's beginning */
	tell_events(fixture, "i1", 1, "");
	expect_nothing(fixture);
	tell_push(fixture, 1);
	assert_int_equal(fixture->n_pushed, 1);
	relay_close(fixture->relay, fixture->number);
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_int_equal(fixture->n_failed, 0);
}

static void other_links_are_followed_by_none(void **state)
{
	struct fixture *fixture = *state;

	relay_close(fixture->relay, fixture->number);
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_true(open_for(fixture, 300) > 0);
	expect_taken(fixture, "PUT", FIRST, "");
	pass_ms(170000);
	tell_events(fixture, "i1", 1, "");
	expect_nothing(fixture);
}

/* --- the end --- */

static void another_relay_knows_nothing_of_the_pushes(void **state)
{
	static const char *const third[] = { "https://r3.example.org", NULL };
	struct fixture *fixture = *state;

	tell_push(fixture, 1);
	tell_push(fixture, 2);
	answer(fixture, 1, 200, "");
	(void)expect_answer(fixture, FIRST, 1);
	configure(fixture, PUBLIC, third, KEY);
	answer(fixture, 2, 200, "");
	expect_taken(fixture, "PUT", third[0], "");
	expect_nothing(fixture);
}

static void it_ends_with_pushes_open(void **state)
{
	struct fixture *fixture = *state;

	tell_push(fixture, 1);
	tell_push(fixture, 2);
	tell_push(fixture, 3);
	answer(fixture, 1, 200, "");
	(void)expect_answer(fixture, FIRST, 1);
	answer(fixture, 2, 200, "");             /* and tear_down() frees it */
}

#define PUSH_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_listening, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUSH_TEST(a_push_is_handed_on_and_answered),
		PUSH_TEST(a_push_is_handed_on_once_and_answered_once),
		PUSH_TEST(an_answer_that_nobody_waits_for_is_nobodys_fault),
		PUSH_TEST(the_next_server_is_told_the_answer),
		PUSH_TEST(an_answer_under_way_is_told_again_elsewhere),
		PUSH_TEST(no_answer_is_told_when_the_vendor_is_gone),
		PUSH_TEST(an_answer_that_is_too_long_is_none),
		PUSH_TEST(a_hundred_at_once_are_all_answered),
		PUSH_TEST(places_are_few_and_free_again),
		PUSH_TEST(pushes_of_nobody_are_paced),
		PUSH_TEST(nothing_else_happens_to_a_link_that_listens),
		PUSH_TEST(a_link_that_listens_is_followed_by_another),
		PUSH_TEST(other_links_are_followed_by_none),
		PUSH_TEST(another_relay_knows_nothing_of_the_pushes),
		PUSH_TEST(it_ends_with_pushes_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
