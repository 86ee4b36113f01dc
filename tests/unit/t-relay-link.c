/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link.c: what hosts may say of a link, what telephones may do with it, and its bytes; mini.c:
 * the same for mini programs. */
#include "jauth-relay/mini.h"

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
		{ WITH_TARGETS("[],\"listen\":\"\""), -EINVAL },
		{ WITH_TARGETS("[],\"listen\":\"wx_App1\""), 0 },
		{ WITH_TARGETS("[],\"listen\":\"" A64 "\""), 0 },
		{ WITH_TARGETS("[],\"listen\":\"" A64 "a\""), -EINVAL },
		{ WITH_TARGETS("[],\"listen\":\"wx-app\""), -EINVAL },
		{ WITH_TARGETS("[],\"listen\":\"wx/app\""), -EINVAL },
		{ WITH_TARGETS("[],\"listen\":1"), -EINVAL },
		{ WITH_TARGETS("[],\"listen\":null"), -EINVAL },
		{ WITH_TARGETS("1,\"listen\":\"wx\""), -EINVAL },
		{ HEAD "\"seconds\":1,\"digits\":true,\"listen\":\"wx\"}", -EINVAL },
		{ WITH_TARGETS(TARGETS ",\"listen\":\"wx\""), 0 },
		{ WITH_TARGETS("[" TARGET("a", "\"T\"", "\"mini-program\"") ","
			       TARGET("b", "\"T\"", "\"computer\"") "]"), 0 },
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

/* --- mini programs --- */

#define MINI_TARGETS "[{\"method\":\"mini\",\"title\":\"M\",\"app\":\"mini-program\"}," \
	"{\"method\":\"work\",\"title\":\"WeCom\",\"app\":\"wecom\"}," \
	"{\"method\":\"mini2\",\"title\":\"M\",\"app\":\"mini-program\"}]"

static struct link *make_mini(void)
{
	struct link *link;

	assert_int_equal(make(HEAD "\"seconds\":180,\"digits\":true,\"targets\":" MINI_TARGETS
			      "}", &link), 0);
	return link;
}

static void a_mini_program_presses_and_completes_in_one(void **state UNUSED)
{
	struct link *link = make_mini();

	assert_int_equal(link_find_mini(link), 0);
	assert_false(link_has_receipt(link, "r"));
	assert_int_equal(link_confirm(link, "0e3-_Z", "r", NOW_S), 0);
	assert_string_equal(link->callback, "code=0e3-_Z");
	assert_int_equal(link->n_presses, 1);
	assert_int_equal(link->presses[link->callback_press].method, 0);
	assert_true(link_has_receipt(link, "r"));
	assert_false(link_has_receipt(link, "s"));
	assert_false(link_has_receipt(link, ""));
	assert_false(link_has_receipt(link, NULL));
	link_free(link);
}

static void it_confirms_for_the_button_that_was_pressed(void **state UNUSED)
{
	struct link *link = make_mini();

	assert_int_equal(link_press(link, "mini2", "a", NOW_S), 0);
	assert_int_equal(link_press(link, "work", "b", NOW_S), 0);
	assert_int_equal(link_find_mini(link), 2);
	assert_int_equal(link_confirm(link, "code", "r", NOW_S), 0);
	assert_int_equal(link->presses[link->callback_press].method, 2);
	/* The browser that pressed sees nothing of it. */
	assert_false(link_has_receipt(link, "a"));
	assert_int_not_equal(link_find_press(link, "a"), link->callback_press);
	link_free(link);
}

static void no_button_takes_its_place(void **state UNUSED)
{
	struct link *link = make_mini();
	char secret[2] = "a";

	for (; secret[0] < 'a' + LINK_PRESSES_MAX; secret[0]++)
		assert_int_equal(link_press(link, "mini", secret, NOW_S), 0);
	assert_int_equal(link_press(link, "mini", "z", NOW_S), -EUSERS);
	assert_int_equal(link_confirm(link, "code", "r", NOW_S), 0);
	assert_true(link_has_receipt(link, "r"));
	link_free(link);
}

enum act { CONFIRM, DENY, CALLBACK, REFUSE, END, EXPIRE };

/* What has happened, what a mini program does then, and what it is told. */
static const struct {
	enum act before, then;
	int result;
} act_rows[] = {
	{ CONFIRM, CONFIRM, -EALREADY }, { CONFIRM, DENY, -EALREADY },
	{ DENY, CONFIRM, -EALREADY }, { DENY, DENY, -EALREADY },
	{ CALLBACK, CONFIRM, -EALREADY }, { CALLBACK, DENY, -EALREADY },
	{ REFUSE, CONFIRM, -EALREADY }, { REFUSE, DENY, -EALREADY },
	{ END, CONFIRM, -ESTALE }, { END, DENY, -ESTALE },
	{ EXPIRE, CONFIRM, -ESTALE }, { EXPIRE, DENY, -ESTALE },
};

static int act(struct link *link, enum act act, const char *secret, int64_t now_s)
{
	switch (act) {
	case CONFIRM:
		return link_confirm(link, "code", secret, now_s);
	case DENY:
		return link_deny(link, now_s);
	case CALLBACK:
		assert_int_equal(link_press(link, "work", secret, now_s), 0);
		lead_to(link, "work", STATE);
		return come_back(link, "work", secret, "code=1&state=" STATE) != LINK_TAKEN;
	case REFUSE:
		return link_refuse(link, now_s);
	case END:
		link_end(link);
		return 0;
	case EXPIRE:
		link->expires_s = now_s;
		return 0;
	}
	return -EINVAL;
}

static void the_first_of_mini_program_and_browser_wins(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(act_rows); i++) {
		struct link *link = make_mini();
		_cleanup_free_ char *callback = NULL;

		assert_int_equal(act(link, act_rows[i].before, "a", NOW_S), 0);
		callback = text_copy(link->callback);
		assert_int_equal(act(link, act_rows[i].then, "b", NOW_S), act_rows[i].result);
		assert_true(text_equals(link->callback, callback));
		assert_false(link_has_receipt(link, "b"));
		link_free(link);
	}
}

static void a_browser_is_late_after_a_mini_program(void **state UNUSED)
{
	struct link *link = make_mini();

	assert_int_equal(link_press(link, "work", "a", NOW_S), 0);
	assert_int_equal(link_press(link, "mini", "m", NOW_S), 0);
	lead_to(link, "work", STATE);
	assert_int_equal(link_confirm(link, "code", "r", NOW_S), 0);
	assert_int_equal(come_back(link, "work", "a", "code=1&state=" STATE), LINK_USED);
	/* Its callback does not come by a browser, nor does its receipt make one. */
	assert_int_equal(come_back(link, "mini", "m", "code=1&state=" STATE), LINK_FOREIGN);
	assert_int_equal(come_back(link, "mini", "r", ""), LINK_FOREIGN);
	assert_int_equal(come_back(link, "work", "r", ""), LINK_FOREIGN);
	assert_string_equal(link->callback, "code=code");
	link_free(link);
}

static void a_browsers_cookie_is_no_receipt(void **state UNUSED)
{
	struct link *link = make_mini();

	assert_int_equal(act(link, CALLBACK, "a", NOW_S), 0);
	assert_int_equal(link_find_press(link, "a"), link->callback_press);
	assert_false(link_has_receipt(link, "a"));
	link_free(link);
}

static void what_is_no_code_is_not_taken(void **state)
{
	static const char *const bad[] = {
		"", "a b", "a&state=b", "a%20", "a+b", "a\"", "\xc3\xa9", A64 A64 "a",
	};
	struct link *link = make_mini();

	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(link_confirm(link, bad[i], "r", NOW_S), -EINVAL);
	assert_int_equal(link->n_presses, 0);
	assert_int_equal(link_confirm(link, A64 A64, "r", NOW_S), 0);
	link_free(link);
	/* Without a target of a mini program there is none. */
	assert_int_equal(link_find_mini(*state), LINK_NONE);
	assert_int_equal(link_confirm(*state, "code", "r", NOW_S), -ENOENT);
	assert_int_equal(link_deny(*state, NOW_S), -ENOENT);
}

#define ACTION(rest) "{\"action\":" rest "}"

static void what_a_mini_program_sends_is_strict(void **state UNUSED)
{
	static const struct {
		const char *body;
		int result;
	} cases[] = {
		{ ACTION("\"confirm\",\"js_code\":\"0a-_\""), 0 },
		{ ACTION("\"confirm\",\"js_code\":\"" A64 A64 "\""), 0 },
		{ ACTION("\"confirm\",\"js_code\":\"a\",\"openid\":\"x\""), 0 },
		{ ACTION("\"deny\""), 0 },
		{ ACTION("\"deny\",\"js_code\":\"a\""), -EINVAL },
		{ ACTION("\"confirm\""), -EINVAL },
		{ ACTION("\"confirm\",\"js_code\":\"\""), -EINVAL },
		{ ACTION("\"confirm\",\"js_code\":\"a b\""), -EINVAL },
		{ ACTION("\"confirm\",\"js_code\":\"a\\u0000\""), -EINVAL },
		{ ACTION("\"confirm\",\"js_code\":1"), -EINVAL },
		{ ACTION("\"confirm\",\"js_code\":[\"a\"]"), -EINVAL },
		{ ACTION("\"confirm\",\"js_code\":\"" A64 A64 "a\""), -EINVAL },
		{ ACTION("\"confirm\",\"js_code\":\"a\",\"js_code\":\"b\""), -EINVAL },
		{ ACTION("\"Confirm\",\"js_code\":\"a\""), -EINVAL },
		{ ACTION("\"\""), -EINVAL },
		{ ACTION("true"), -EINVAL },
		{ ACTION("null"), -EINVAL },
		{ "{\"js_code\":\"a\"}", -EINVAL },
		{ "[]", -EINVAL },
		{ "{}", -EINVAL },
		{ "", -EINVAL },
		{ ACTION("\"deny\"") "x", -EINVAL },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct mini_action action = { .js_code = "before" };
		int r = mini_read_action(cases[i].body, strlen(cases[i].body), &action);

		if (r != cases[i].result)
			fail_msg("%s: %d", cases[i].body, r);
		assert_true(r == 0 ? action.is_denial == !*action.js_code :
			    text_equals(action.js_code, "before"));
	}
}

static void assert_status(const struct link *link, int64_t now_s, const char *expected)
{
	_cleanup_(buf_done) struct buf buf = BUF_INIT(1024);

	mini_add_status(link, now_s, &buf);
	assert_string_equal(buf_text(&buf), expected);
	assert_int_equal(mini_is_settled(link, now_s), !strstr(expected, "pending"));
}

static void a_mini_program_is_told_what_came_of_it(void **state UNUSED)
{
	struct link *link = make_mini();

	assert_int_equal(link_confirm(link, "code", "r", NOW_S), 0);
	assert_status(link, NOW_S, "{\"status\": \"pending\"}\n");
	assert_status(link, NOW_S + 180, "{\"status\": \"over\"}\n");
	assert_int_equal(set_result(link, "{\"result\":\"digits\",\"digits\":\"07\"}"), 0);
	assert_status(link, NOW_S, "{\"status\": \"digits\", \"digits\": \"07\"}\n");
	assert_int_equal(set_result(link, "{\"result\":\"denied\",\"request\":\"R\\\"1\"}"), 0);
	assert_status(link, NOW_S,
		      "{\"status\": \"denied\", \"request\": \"R\\\"1\"}\n");
	assert_int_equal(set_result(link, "{\"result\":\"digits\",\"digits\":\"07\"}"), 0);
	assert_int_equal(link_refuse(link, NOW_S), 0);
	assert_status(link, NOW_S, "{\"status\": \"refused\"}\n");
	link_free(link);
}

static void what_it_shows_is_clean(void **state UNUSED)
{
	_cleanup_(buf_done) struct buf buf = BUF_INIT(4096);
	struct link *link = make_mini();

	(void)text_into(link->user, sizeof(link->user), "ja\"ne\xe2\x80\xae\\");
	(void)text_into(link->source, sizeof(link->source), "192.0.2.7");
	mini_add_facts(link, &buf);
	assert_string_equal(buf_text(&buf), "{\"host\": \"web1\", \"user\": \"ja\\\"ne?\\\\\", "
			    "\"service\": \"sshd\", \"from\": \"192.0.2.7\", \"at\": 1699999990, "
			    "\"digits\": true}\n");
	link_free(link);
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

static void what_a_mini_program_did_comes_back_from_bytes(void **state UNUSED)
{
	struct link *link = make_mini(), *other;
	struct buf bytes;

	(void)text_into(link->listen, sizeof(link->listen), "wx_1");
	for (char secret[2] = "a"; secret[0] < 'a' + LINK_PRESSES_MAX; secret[0]++)
		assert_int_equal(link_press(link, "mini2", secret, NOW_S), 0);
	assert_int_equal(link_confirm(link, "code", "r", NOW_S), 0);
	assert_same_after_decoding(link);
	encode(link, &bytes);
	assert_int_equal(link_decode(bytes.data, bytes.len, &other), 0);
	assert_true(link_has_receipt(other, "r"));
	assert_string_equal(other->listen, "wx_1");
	/* So many presses without a completion are nobody's work. */
	free(other->callback);
	other->callback = NULL;
	other->callback_press = LINK_NONE;
	buf_done(&bytes);
	encode(other, &bytes);
	link_free(other);
	assert_int_equal(link_decode(bytes.data, bytes.len, &other), -EBADMSG);
	buf_done(&bytes);
	link_free(link);
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
	bytes.data[0] = 1;                       /* of an earlier format */
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
		CASE(a_mini_program_presses_and_completes_in_one),
		CASE(it_confirms_for_the_button_that_was_pressed),
		CASE(no_button_takes_its_place),
		CASE(the_first_of_mini_program_and_browser_wins),
		CASE(a_browser_is_late_after_a_mini_program),
		CASE(a_browsers_cookie_is_no_receipt),
		CASE(what_is_no_code_is_not_taken),
		CASE(what_a_mini_program_sends_is_strict),
		CASE(a_mini_program_is_told_what_came_of_it),
		CASE(what_it_shows_is_clean),
		CASE(an_event_tells_the_whole_state),
		CASE(bytes_bring_every_state_back),
		CASE(a_fresh_link_is_small),
		CASE(what_a_mini_program_did_comes_back_from_bytes),
		CASE(the_largest_link_fits),
		CASE(other_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
