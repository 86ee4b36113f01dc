/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link.c: what hosts may say of a link, what telephones may do with it, and its bytes. */
#include "jauth-relay/link.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"

#define ID    "AAAAAAAAAAAAAAAAAAAA-_"
#define HOST  "0123456789abcdef"
#define STATE "abcdefghijklmnopqrstuv"
#define LATER "ABCDEFGHIJKLMNOPQRSTUV"
#define NOW_S 1700000000
#define A64   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256  A64 A64 A64 A64

#define TARGETS "[{\"method\":\"work\",\"title\":\"WeCom\",\"app\":\"wecom\"}," \
	"{\"method\":\"hub-2\",\"title\":\"Hub\",\"app\":\"browser\",\"x\":1}]"
#define HEAD "{\"user\":\"jane\",\"service\":\"sshd\",\"source\":\"\",\"since\":1699999990,"
#define BODY HEAD "\"seconds\":180,\"digits\":true,\"targets\":" TARGETS ",\"more\":[]}"

static const struct link_owner owner = { ID, HOST, "web1" };

static int make(const char *body, struct link **ret_link)
{
	return link_new(&owner, body, strlen(body), NOW_S, ret_link);
}

static int make_link(void **state)
{
	return make(BODY, (struct link **)state);
}

static int drop_link(void **state)
{
	*state = link_free(*state);
	return 0;
}

static int set_target(struct link *link, const char *body)
{
	return link_set_target(link, body, strlen(body));
}

static int set_result(struct link *link, const char *body)
{
	return link_set_result(link, body, strlen(body));
}

static void lead_to(struct link *link, const char *method, const char *state)
{
	_cleanup_free_ char *body = text_format("{\"method\":\"%s\",\"state\":\"%s\",\"url\":"
						"\"https://op.example.org/a?b=c#d\"}", method,
						state);

	assert_int_equal(set_target(link, body), 0);
}

static enum link_callback come_back(struct link *link, const char *method, const char *secret,
				    const char *query)
{
	return link_take_callback(link, method, secret, query, NOW_S + 10);
}

/* --- opening --- */

static void a_link_is_what_the_host_said(void **state)
{
	const struct link *link = *state;

	assert_string_equal(link->id, ID);
	assert_string_equal(link->host, HOST);
	assert_string_equal(link->host_name, "web1");
	assert_string_equal(link->user, "jane");
	assert_string_equal(link->service, "sshd");
	assert_string_equal(link->source, "");
	assert_int_equal(link->since_s, 1699999990);
	assert_int_equal(link->expires_s, NOW_S + 180);
	assert_true(link->digits);
	assert_int_equal(link->n_targets, 2);
	assert_string_equal(link->targets[1].method, "hub-2");
	assert_string_equal(link->targets[1].title, "Hub");
	assert_int_equal(link->targets[0].app, RELAY_APP_WECOM);
	assert_int_equal(strlen(link->token), RELAY_ID_LEN);
	assert_int_equal(link->target, LINK_NONE);
	assert_int_equal(link->result, LINK_NONE);
	assert_int_equal(link_find_target(link, "hub-2"), 1);
	assert_int_equal(link_find_target(link, "hub"), LINK_NONE);
	assert_int_equal(link_find_target(link, NULL), LINK_NONE);
}

static void no_two_links_have_one_token(void **state)
{
	const struct link *link = *state;
	struct link *other;

	assert_int_equal(make(BODY, &other), 0);
	assert_string_not_equal(link->token, other->token);
	link_free(other);
}

#define TAIL ",\"digits\":false,\"targets\":" TARGETS "}"
#define WITH_USER(user) "{\"user\":" user ",\"service\":\"s\",\"source\":\"\",\"since\":1," \
	"\"seconds\":1" TAIL
#define WITH_SOURCE(source) "{\"user\":\"u\",\"service\":\"s\"," source "\"since\":1," \
	"\"seconds\":1" TAIL
#define WITH_TIMES(since, seconds) "{\"user\":\"u\",\"service\":\"s\",\"source\":\"\"," \
	"\"since\":" since ",\"seconds\":" seconds TAIL
#define WITH_TARGETS(targets) HEAD "\"seconds\":1,\"digits\":true,\"targets\":" targets "}"
#define TARGET(method, title, app) \
	"{\"method\":\"" method "\",\"title\":" title ",\"app\":" app "}"
#define GOOD_TARGET(method) TARGET(method, "\"T\"", "\"browser\"")

static void bodies_are_as_the_specification_says_or_refused(void **state UNUSED)
{
	static const struct {
		const char *body;
		int result;
	} cases[] = {
		{ WITH_USER("\"" A256 "\""), 0 },
		{ WITH_USER("\"" A256 "a\""), -EINVAL },
		{ WITH_USER("\"\""), -EINVAL },
		{ WITH_USER("\"a\\nb\""), -EINVAL },
		{ WITH_USER("\"a\\u0085b\""), -EINVAL },
		{ WITH_USER("\"\xff\""), -EINVAL },
		{ WITH_USER("\"a\\u0000\""), -EINVAL },
		{ WITH_USER("\"\xe5\xb0\x8f\""), 0 },
		{ WITH_USER("1"), -EINVAL },
		{ WITH_USER("null"), -EINVAL },
		{ WITH_SOURCE("\"source\":\"2001:db8::1\","), 0 },
		{ WITH_SOURCE(""), -EINVAL },
		{ WITH_SOURCE("\"source\":\"" A64 "\","), -EINVAL },
		{ WITH_SOURCE("\"source\":\"a\",\"source\":\"b\","), -EINVAL },
		{ WITH_TIMES("0", "1"), 0 },
		{ WITH_TIMES("-1", "1"), -EINVAL },
		{ WITH_TIMES("9000000000000000000", "1"), -EINVAL },
		{ WITH_TIMES("1", "0"), -EINVAL },
		{ WITH_TIMES("1", "180"), 0 },
		{ WITH_TIMES("1", "181"), -EINVAL },
		{ WITH_TIMES("1", "1.0"), -EINVAL },
		{ WITH_TIMES("1", "\"1\""), -EINVAL },
		{ WITH_TARGETS("[]"), -EINVAL },
		{ WITH_TARGETS("{}"), -EINVAL },
		{ WITH_TARGETS("[1]"), -EINVAL },
		{ WITH_TARGETS("[" GOOD_TARGET("a") "]"), 0 },
		{ WITH_TARGETS("[" GOOD_TARGET("a") "," GOOD_TARGET("a") "]"), -EINVAL },
		{ WITH_TARGETS("[" GOOD_TARGET("A") "]"), -EINVAL },
		{ WITH_TARGETS("[" GOOD_TARGET("a/b") "]"), -EINVAL },
		{ WITH_TARGETS("[" GOOD_TARGET("") "]"), -EINVAL },
		{ WITH_TARGETS("[" GOOD_TARGET("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") "]"), 0 },
		{ WITH_TARGETS("[" GOOD_TARGET("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") "]"), -EINVAL },
		{ WITH_TARGETS("[" TARGET("a", "\"" A64 "\"", "\"wechat\"") "]"), 0 },
		{ WITH_TARGETS("[" TARGET("a", "\"" A64 "a\"", "\"wechat\"") "]"), -EINVAL },
		{ WITH_TARGETS("[" TARGET("a", "\"\"", "\"wechat\"") "]"), -EINVAL },
		{ WITH_TARGETS("[" TARGET("a", "\"T\"", "\"mail\"") "]"), -EINVAL },
		{ WITH_TARGETS("[" TARGET("a", "\"T\"", "2") "]"), -EINVAL },
		{ WITH_TARGETS("[" GOOD_TARGET("1") "," GOOD_TARGET("2") "," GOOD_TARGET("3") ","
			       GOOD_TARGET("4") "," GOOD_TARGET("5") "," GOOD_TARGET("6") ","
			       GOOD_TARGET("7") "," GOOD_TARGET("8") "]"), 0 },
		{ WITH_TARGETS("[" GOOD_TARGET("1") "," GOOD_TARGET("2") "," GOOD_TARGET("3") ","
			       GOOD_TARGET("4") "," GOOD_TARGET("5") "," GOOD_TARGET("6") ","
			       GOOD_TARGET("7") "," GOOD_TARGET("8") "," GOOD_TARGET("9") "]"),
		  -EINVAL },
		{ HEAD "\"seconds\":1,\"digits\":1,\"targets\":" TARGETS "}", -EINVAL },
		{ HEAD "\"seconds\":1,\"targets\":" TARGETS "}", -EINVAL },
		{ BODY "x", -EINVAL },
		{ "[]", -EINVAL },
		{ "", -EINVAL },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct link *link = NULL;
		int r = make(cases[i].body, &link);

		if (r != cases[i].result)
			fail_msg("%s: %d", cases[i].body, r);
		assert_true((r == 0) == (link != NULL));
		link_free(link);
	}
}

static void ids_of_another_form_are_refused(void **state UNUSED)
{
	static const struct link_owner owners[] = {
		{ ID "a", HOST, "web1" }, { "short", HOST, "web1" },
		{ "AAAAAAAAAAAAAAAAAAAA+/", HOST, "web1" }, { ID, "0123456789ABCDEF", "web1" },
		{ ID, HOST, "" }, { ID, HOST, "a\nb" }, { ID, HOST, A64 "a" },
	};

	for (size_t i = 0; i < N_ELEMENTS(owners); i++) {
		struct link *link = NULL;

		assert_int_equal(link_new(&owners[i], BODY, strlen(BODY), NOW_S, &link), -EINVAL);
		assert_null(link);
	}
}

/* --- what else a host says --- */

#define TARGET_BODY(method, state, url) \
	"{\"method\":\"" method "\",\"state\":\"" state "\",\"url\":\"" url "\"}"
#define URL "https://op.example.org/"

static void a_target_is_checked(void **state)
{
	static const struct {
		const char *body;
		int result;
	} cases[] = {
		{ TARGET_BODY("work", STATE, URL), 0 },
		{ TARGET_BODY("work", A64 A64, URL), 0 },
		{ TARGET_BODY("work", A64 A64 "a", URL), -EINVAL },
		{ TARGET_BODY("work", "abcdefghijklmnopqrstu", URL), -EINVAL },
		{ TARGET_BODY("work", "abcdefghijklmnopqrstu-", URL), -EINVAL },
		{ TARGET_BODY("none", STATE, URL), -EINVAL },
		{ TARGET_BODY("work", STATE, "http://op.example.org/"), -EINVAL },
		{ TARGET_BODY("work", STATE, "javascript:alert(1)"), -EINVAL },
		{ TARGET_BODY("work", STATE, ""), -EINVAL },
		{ "{\"method\":\"work\",\"state\":\"" STATE "\"}", -EINVAL },
		{ "{", -EINVAL },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (set_target(*state, cases[i].body) != cases[i].result)
			fail_msg("%s", cases[i].body);
}

static void a_result_is_checked(void **state)
{
	static const struct {
		const char *body;
		int result;
	} cases[] = {
		{ "{\"result\":\"digits\",\"digits\":\"07\"}", 0 },
		{ "{\"result\":\"digits\",\"digits\":\"7\"}", -EINVAL },
		{ "{\"result\":\"digits\",\"digits\":\"077\"}", -EINVAL },
		{ "{\"result\":\"digits\",\"digits\":\"0a\"}", -EINVAL },
		{ "{\"result\":\"digits\",\"digits\":7}", -EINVAL },
		{ "{\"result\":\"digits\"}", -EINVAL },
		{ "{\"result\":\"granted\",\"digits\":\"07\"}", -EINVAL },
		{ "{\"result\":\"granted\"}", 0 },
		{ "{\"result\":\"denied\",\"request\":\"ABCD-1234\"}", 0 },
		{ "{\"result\":\"denied\",\"request\":\"0123456789abcdefg\"}", -EINVAL },
		{ "{\"result\":\"denied\",\"request\":\"\xc3\xa9\"}", -EINVAL },
		{ "{\"result\":\"denied\",\"request\":5}", -EINVAL },
		{ "{\"result\":\"unknown\"}", -EINVAL },
		{ "{\"result\":0}", -EINVAL },
		{ "{}", -EINVAL },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (set_result(*state, cases[i].body) != cases[i].result)
			fail_msg("%s", cases[i].body);
}

static void a_later_result_takes_the_digits_away(void **state)
{
	struct link *link = *state;

	assert_int_equal(set_result(link, "{\"result\":\"digits\",\"digits\":\"07\"}"), 0);
	assert_string_equal(link->digits_text, "07");
	assert_int_equal(set_result(link, "{\"result\":\"over\",\"request\":\"R1\"}"), 0);
	assert_string_equal(link->digits_text, "");
	assert_string_equal(link->request, "R1");
	assert_int_equal(link->result, RELAY_RESULT_OVER);
}

static void what_is_over_stays_as_it_is(void **state)
{
	struct link *link = *state;

	assert_int_equal(set_result(link, "{\"result\":\"granted\"}"), 0);
	link_end(link);
	assert_int_equal(set_result(link, "{\"result\":\"denied\"}"), -ESTALE);
	assert_int_equal(set_target(link, TARGET_BODY("work", STATE, URL)), -ESTALE);
	assert_int_equal(link->result, RELAY_RESULT_GRANTED);
	assert_int_equal(link_press(link, "work", "s", NOW_S), -ESTALE);
	assert_int_equal(link_refuse(link, NOW_S), -ESTALE);
	assert_false(link_is_open(link, NOW_S));
}

/* --- telephones --- */

static void a_button_is_pressed_so_often_and_in_time(void **state)
{
	struct link *link = *state;
	char secret[2] = "a";

	assert_int_equal(link_press(link, "none", secret, NOW_S), -ENOENT);
	assert_int_equal(link_press(link, "work", secret, NOW_S + 180), -ESTALE);
	for (int i = 0; i < LINK_PRESSES_MAX; i++) {
		secret[0] = (char)('a' + i);
		assert_int_equal(link_press(link, i % 2 ? "hub-2" : "work", secret, NOW_S), 0);
	}
	assert_int_equal(link_press(link, "work", "z", NOW_S), -EUSERS);
	assert_int_equal(link_find_press(link, "a"), 0);
	assert_int_equal(link_find_press(link, secret), LINK_PRESSES_MAX - 1);
	assert_int_equal(link->presses[1].method, 1);
	assert_int_equal(link_find_press(link, "z"), LINK_NONE);
	assert_int_equal(link_find_press(link, ""), LINK_NONE);
	assert_int_equal(link_find_press(link, NULL), LINK_NONE);
}

static void it_was_not_me_counts_once_and_closes_the_button(void **state)
{
	struct link *link = *state;

	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	lead_to(link, "work", STATE);
	assert_int_equal(link_refuse(link, NOW_S + 180), -ESTALE);
	assert_int_equal(link_refuse(link, NOW_S), 0);
	assert_int_equal(link_refuse(link, NOW_S), -EALREADY);
	assert_int_equal(link_press(link, "work", "b", NOW_S), -ESTALE);
	assert_int_equal(come_back(link, "work", "a", "code=1&state=" STATE), LINK_OVER);
	assert_null(link->callback);
}

static void the_first_completion_wins(void **state)
{
	struct link *link = *state;

	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	assert_int_equal(link_press(link, "work", "b", NOW_S), 0);
	lead_to(link, "work", STATE);
	assert_int_equal(come_back(link, "work", "b", "code=%31&state=" STATE), LINK_TAKEN);
	assert_string_equal(link->callback, "code=%31&state=" STATE);
	assert_int_equal(link->callback_press, 1);
	assert_int_equal(come_back(link, "work", "b", "code=%31&state=" STATE), LINK_AGAIN);
	assert_int_equal(come_back(link, "work", "a", "code=2&state=" STATE), LINK_USED);
	assert_int_equal(come_back(link, "work", "c", "code=2&state=" STATE), LINK_FOREIGN);
	assert_int_equal(link_press(link, "work", "c", NOW_S), -ESTALE);
	assert_string_equal(link->callback, "code=%31&state=" STATE);
	link_end(link);
	assert_int_equal(come_back(link, "work", "b", ""), LINK_AGAIN);
	assert_int_equal(link_take_callback(link, "work", "b", "", NOW_S + 180), LINK_OVER);
}

static void only_the_present_state_comes_back(void **state)
{
	struct link *link = *state;

	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	assert_int_equal(come_back(link, "work", "a", "code=1&state=" STATE), LINK_SUPERSEDED);
	lead_to(link, "work", STATE);
	assert_int_equal(link_press(link, "hub-2", "b", NOW_S), 0);
	lead_to(link, "hub-2", LATER);
	assert_int_equal(come_back(link, "work", "a", "code=1&state=" STATE), LINK_SUPERSEDED);
	assert_int_equal(come_back(link, "work", "a", "code=1&state=" LATER), LINK_SUPERSEDED);
	assert_int_equal(come_back(link, "hub-2", "a", "code=1&state=" LATER), LINK_FOREIGN);
	assert_int_equal(come_back(link, "none", "a", "code=1&state=" LATER), LINK_FOREIGN);
	assert_int_equal(come_back(link, "hub-2", "b", "code=1&state=" STATE), LINK_SUPERSEDED);
	assert_int_equal(come_back(link, "hub-2", "b", "code=1&state=" LATER "a"),
			 LINK_SUPERSEDED);
	assert_null(link->callback);
	assert_int_equal(come_back(link, "hub-2", "b", "error=no&state=" LATER), LINK_TAKEN);
}

static void a_query_that_can_be_read_in_two_ways_is_bad(void **state)
{
	static const char *const bad[] = {
		"", "code=1", "state=", "code=1&state=" STATE "&state=" STATE,
		"code=%zz&state=" STATE, "code=\"&state=" STATE, "code=\\&state=" STATE,
		"code=\xc3\xa9&state=" STATE, "code=%00&state=" STATE, "code=a\nb&state=" STATE,
	};
	struct link *link = *state;
	_cleanup_(buf_done) struct buf query = BUF_INIT(RELAY_CALLBACK_MAX + 1);

	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	lead_to(link, "work", STATE);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		if (come_back(link, "work", "a", bad[i]) != LINK_BAD)
			fail_msg("%s", bad[i]);
	buf_add_text(&query, "state=" STATE "&code=");
	while (query.len < RELAY_CALLBACK_MAX + 1)
		buf_add_char(&query, 'a');
	assert_int_equal(come_back(link, "work", "a", buf_text(&query)), LINK_BAD);
	assert_null(link->callback);
	query.data[RELAY_CALLBACK_MAX] = '\0';
	assert_int_equal(come_back(link, "work", "a", buf_text(&query)), LINK_TAKEN);
}

/* WeCom says "refused" with the state alone. */
static void a_callback_may_have_nothing_but_its_state(void **state)
{
	struct link *link = *state;

	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	lead_to(link, "work", STATE);
	assert_int_equal(come_back(link, "work", "a", "state=" STATE), LINK_TAKEN);
}

/* --- events --- */

static void assert_event(const struct link *link, const char *expected)
{
	_cleanup_(buf_done) struct buf buf = BUF_INIT(8192);

	link_add_event(link, 1700000000123456, &buf);
	assert_string_equal(buf_text(&buf), expected);
}

#define EVENT "{\"link\":\"" ID "\",\"n\":1700000000123456,\"presses\":"

static void an_event_tells_the_whole_state(void **state)
{
	struct link *link = *state;

	assert_event(link, EVENT "0}");
	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	assert_int_equal(link_press(link, "hub-2", "b", NOW_S), 0);
	assert_event(link, EVENT "2,\"method\":\"hub-2\"}");
	lead_to(link, "work", STATE);
	assert_int_equal(come_back(link, "work", "a", "code=1&state=" STATE), LINK_TAKEN);
	assert_int_equal(link_refuse(link, NOW_S), 0);
	assert_event(link, EVENT "2,\"method\":\"hub-2\",\"callback\":\"code=1&state=" STATE
		     "\",\"refused\":true}");
}

/* --- bytes --- */

static void encode(const struct link *link, struct buf *buf)
{
	*buf = (struct buf)BUF_INIT_SECRET(LINK_BYTES_MAX);
	link_encode(link, buf);
	assert_false(buf_failed(buf));
}

static void assert_same_after_decoding(const struct link *link)
{
	struct buf bytes, again;
	struct link *other = NULL;

	encode(link, &bytes);
	assert_int_equal(link_decode(bytes.data, bytes.len, &other), 0);
	encode(other, &again);
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.data, bytes.data, bytes.len);
	assert_string_equal(other->user, link->user);
	assert_string_equal(other->token, link->token);
	assert_int_equal(other->result, link->result);
	assert_true(text_equals(other->url, link->url));
	assert_true(text_equals(other->callback, link->callback));
	link_free(other);
	buf_done(&bytes);
	buf_done(&again);
}

/* A link in which everything is set. */
static void fill(struct link *link)
{
	assert_int_equal(link_press(link, "hub-2", "b", NOW_S), 0);
	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	lead_to(link, "work", STATE);
	assert_int_equal(come_back(link, "work", "a", "code=1&state=" STATE), LINK_TAKEN);
	assert_int_equal(link_refuse(link, NOW_S), 0);
	assert_int_equal(set_result(link, "{\"result\":\"digits\",\"digits\":\"42\","
				    "\"request\":\"R1\"}"), 0);
	link_end(link);
}

static void bytes_bring_every_state_back(void **state)
{
	struct link *link = *state;
	struct link *other;
	struct buf bytes;

	assert_same_after_decoding(link);
	fill(link);
	assert_same_after_decoding(link);
	encode(link, &bytes);
	assert_int_equal(link_decode(bytes.data, bytes.len, &other), 0);
	assert_int_equal(link_take_callback(other, "work", "a", "", NOW_S), LINK_AGAIN);
	assert_string_equal(other->digits_text, "42");
	assert_string_equal(other->request, "R1");
	assert_true(other->refused && other->over && other->digits);
	link_free(other);
	buf_done(&bytes);
}

/* 50 000 of them are to fit into 100 MiB with all that belongs to them. */
static void a_fresh_link_is_small(void **state)
{
	struct buf bytes;

	encode(*state, &bytes);
	assert_in_range(bytes.len, 100, 400);
	buf_done(&bytes);
}

static void the_largest_link_fits(void **state)
{
	struct link *link = *state;
	_cleanup_free_ char *url = malloc(RELAY_TARGET_URL_MAX + 1);
	_cleanup_free_ char *query = malloc(RELAY_CALLBACK_MAX + 1);
	_cleanup_free_ char *body = NULL;

	assert_true(text_into(url, RELAY_TARGET_URL_MAX + 1, URL));
	memset(url + strlen(URL), 'a', RELAY_TARGET_URL_MAX - strlen(URL));
	url[RELAY_TARGET_URL_MAX] = '\0';
	memset(query, 'a', RELAY_CALLBACK_MAX);
	query[RELAY_CALLBACK_MAX] = '\0';
	memcpy(query, "state=" STATE "&", strlen("state=" STATE "&"));
	body = text_format("{\"method\":\"work\",\"state\":\"" STATE "\",\"url\":\"%s\"}", url);
	for (char secret[2] = "a"; secret[0] < 'a' + LINK_PRESSES_MAX; secret[0]++)
		assert_int_equal(link_press(link, "work", secret, NOW_S), 0);
	assert_int_equal(set_target(link, body), 0);
	assert_int_equal(come_back(link, "work", "a", query), LINK_TAKEN);
	assert_same_after_decoding(link);
}

/* Cut off anywhere, longer by one, or with any byte changed: either refused, or another link that
 * is sound. */
static void other_bytes_are_refused(void **state)
{
	struct buf bytes, again;
	struct link *other = NULL;

	fill(*state);
	encode(*state, &bytes);
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(link_decode(bytes.data, len, &other), -EBADMSG);
	buf_add_char(&bytes, '\0');
	assert_int_equal(link_decode(bytes.data, bytes.len, &other), -EBADMSG);
	bytes.len--;
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] = (char)(bytes.data[i] ^ 0x80);
		if (link_decode(bytes.data, bytes.len, &other) == 0) {
			encode(other, &again);
			assert_memory_equal(again.data, bytes.data, bytes.len);
			buf_done(&again);
			link_free(other);
		}
		bytes.data[i] = (char)(bytes.data[i] ^ 0x80);
	}
	bytes.data[0] = 2;
	assert_int_equal(link_decode(bytes.data, bytes.len, &other), -EBADMSG);
	buf_done(&bytes);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_link, drop_link)
	const struct CMUnitTest tests[] = {
		CASE(a_link_is_what_the_host_said),
		CASE(no_two_links_have_one_token),
		CASE(bodies_are_as_the_specification_says_or_refused),
		CASE(ids_of_another_form_are_refused),
		CASE(a_target_is_checked),
		CASE(a_result_is_checked),
		CASE(a_later_result_takes_the_digits_away),
		CASE(what_is_over_stays_as_it_is),
		CASE(a_button_is_pressed_so_often_and_in_time),
		CASE(it_was_not_me_counts_once_and_closes_the_button),
		CASE(the_first_completion_wins),
		CASE(only_the_present_state_comes_back),
		CASE(a_query_that_can_be_read_in_two_ways_is_bad),
		CASE(a_callback_may_have_nothing_but_its_state),
		CASE(an_event_tells_the_whole_state),
		CASE(bytes_bring_every_state_back),
		CASE(a_fresh_link_is_small),
		CASE(the_largest_link_fits),
		CASE(other_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
