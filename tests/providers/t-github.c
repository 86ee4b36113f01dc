/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type github: the device flow, then the API; numeric ids and nothing else decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/github-api.h"
#include "providers/table.h"
#include "tests/providers/fake-core.h"

#define SECTION "client_id = Iv1.8a61f9b3a7aba766\n"
#define MEMBERS "organization = example\norganization_id = 9919\n"
#define TEAMS   "teams = 12, 77\n"
#define GROUPS  MEMBERS "read_teams = yes\n"
#define API     "https://api.github.com"

static struct fake_method *method_new(const char *section)
{
	struct fake_method *method = fake_method_new(&github_provider, section);

	fake_set(method, "SCOPE", "read:org,user:email");
	return method;
}

/* Up to the reply with the access token; GET /user is open then. */
static struct login *start_to_token(struct fake_method *method)
{
	struct login *login = fake_start(method);

	fake_reply(login, "github-code.http");
	fake_timer(login);
	fake_reply(login, "github-token.http");
	return login;
}

static void how_it_ended(struct login *login, enum fake_end end, int reason)
{
	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason, login->detail);
	assert_true(login->finished);
}

/* A right identity that the filters leave out: the core lets nobody in by it. */
static void how_he_was_left_out(struct login *login, const char *why)
{
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_true(login->is_outside);
	assert_non_null(login->notes);
	assert_non_null(strstr(login->notes, why));
	assert_null(login->groups);
}

/* "1 2 77"; the caller frees. */
static char *groups_of(const struct login *login)
{
	struct buf text = BUF_INIT(16384);

	for (char **group = login->groups; group && *group; group++)
		buf_add_format(&text, "%s%s", text.len ? " " : "", *group);
	return buf_steal(&text);
}

static void a_person_is_known_by_the_numeric_id(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *login = fake_start(method);

	assert_true(fake_asks(login, "https://github.com/login/device/code"));
	assert_true(fake_has_header(login, "Accept: application/json"));
	assert_false(fake_body_has(login, "scope"));
	fake_reply(login, "github-code.http");
	assert_string_equal(login->link, "https://github.com/login/device");
	assert_string_equal(login->user_code, "WDJB-MJHT");
	fake_timer(login);
	assert_true(fake_asks(login, "https://github.com/login/oauth/access_token"));
	assert_true(fake_body_has(login, "device_code=3584d83530557fdd1f46af8289938c8ef79f9dc5"));
	assert_false(fake_body_has(login, "client_secret"));
	fake_reply(login, "github-pending.http");
	assert_int_equal(login->timer_delay_ms, 5000);
	fake_timer(login);
	fake_reply(login, "github-slow-down.http");
	assert_int_equal(login->timer_delay_ms, 10000);
	fake_timer(login);
	fake_reply(login, "github-token.http");
	assert_true(fake_asks(login, API "/user"));
	assert_true(fake_has_header(login,
				    "Authorization: Bearer "
				    "gho_16C7e42F292c6912E7710c838347Ae178B4a"));
	assert_true(fake_has_header(login, "User-Agent: jauth"));
	assert_true(fake_has_header(login,
				    "Accept: application/vnd.github+json, application/json"));
	fake_reply(login, "github-user.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "https://github.com");
	assert_string_equal(login->subject, "583231");
	assert_string_equal(login->display, "jane");
	assert_null(login->mail);
	assert_false(login->is_outside);
	assert_null(login->groups);
	assert_true(list_has(login->attributes, "id=583231"));
	assert_int_equal(list_length(login->attributes), 1);
	fake_login_free(login);
	fake_method_free(method);
}

static void every_host_has_its_addresses(void **state UNUSED)
{
	static const struct {
		const char *host, *code, *user, *issuer;
	} rows[] = {
		{ "github.com", "https://github.com/login/device/code", API "/user",
		  "https://github.com" },
		{ "acme.ghe.com", "https://acme.ghe.com/login/device/code",
		  "https://api.acme.ghe.com/user", "https://acme.ghe.com" },
		{ "git.example.org:8443", "https://git.example.org:8443/login/device/code",
		  "https://git.example.org:8443/api/v3/user", "https://git.example.org:8443" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "host = %s\n", rows[i].host);
		struct fake_method *method = method_new(section);
		struct login *login = fake_start(method);

		assert_true(fake_asks(login, rows[i].code));
		fake_reply(login, "github-code.http");
		fake_timer(login);
		fake_reply(login, "github-token.http");
		assert_true(fake_asks(login, rows[i].user));
		fake_reply(login, "github-user.http");
		how_it_ended(login, FAKE_IDENTIFIED, 0);
		assert_string_equal(login->issuer, rows[i].issuer);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void who_the_token_belongs_to_must_be_a_person(void **state UNUSED)
{
	static const struct {
		const char *file;                /* NULL: no reply */
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "github-user-bot.http", FAKE_DENIED, DENY_FILTERED },
		{ "github-unauthorized.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "github-limited.http", FAKE_DENIED, DENY_BUSY },
		{ "github-member.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "html.http", FAKE_FAILED, FAIL_PROVIDER },
		{ NULL, FAKE_FAILED, FAIL_NETWORK },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start_to_token(method);

		if (rows[i].file)
			fake_reply(login, rows[i].file);
		else
			fake_reply_lost(login, HTTP_TIMED_OUT);
		how_it_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_id_is_a_number(void **state UNUSED)
{
	static const char *const rows[] = {
		"{\"login\":\"jane\",\"id\":\"583231\",\"type\":\"User\"}",
		"{\"login\":\"jane\",\"id\":583231.0,\"type\":\"User\"}",
		"{\"login\":\"jane\",\"id\":0,\"type\":\"User\"}",
		"{\"login\":\"jane\",\"id\":-583231,\"type\":\"User\"}",
		"{\"login\":\"jane\",\"id\":99999999999999999999,\"type\":\"User\"}",
		"{\"login\":\"jane\",\"id\":1,\"id\":583231,\"type\":\"User\"}",
		"{\"id\":583231,\"type\":\"User\"}",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start_to_token(method);

		fake_reply_json(login, 200, rows[i]);
		how_it_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void an_organization_is_its_id_and_membership_is_active(void **state UNUSED)
{
	static const struct {
		const char *file;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "github-member.http", FAKE_IDENTIFIED, 0 },
		{ "github-member-no-id.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "github-blocked.http", FAKE_DENIED, DENY_FILTERED },
		{ "github-limited.http", FAKE_DENIED, DENY_BUSY },
		{ "rate-limited.http", FAKE_DENIED, DENY_BUSY },
		{ "github-unauthorized.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "html.http", FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION MEMBERS);
		struct login *login = start_to_token(method);

		fake_reply(login, "github-user.http");
		assert_true(fake_asks(login, API "/user/memberships/orgs/example"));
		fake_reply(login, rows[i].file);
		how_it_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void who_is_no_member_is_left_out(void **state UNUSED)
{
	static const char *const files[] = {
		"github-member-pending.http", "github-member-other-id.http",
		"github-not-found.http",
	};
	static const char *const sections[] = {
		SECTION MEMBERS, SECTION MEMBERS TEAMS "read_mail = yes\n", SECTION GROUPS,
	};

	for (size_t i = 0; i < N_ELEMENTS(files) * N_ELEMENTS(sections); i++) {
		struct fake_method *method = method_new(sections[i % N_ELEMENTS(sections)]);
		struct login *login = start_to_token(method);

		fake_reply(login, "github-user.http");
		fake_reply(login, files[i / N_ELEMENTS(sections)]);
		/* Nothing more is asked. */
		how_he_was_left_out(login, "no active membership of the organization");
		assert_string_equal(login->subject, "583231");
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* 404 is the API's word for "no member", but only the API's. */
static void what_is_not_there_on_the_way_says_nothing(void **state UNUSED)
{
	for (int i = 0; i < 2; i++) {
		struct fake_method *method = method_new(SECTION MEMBERS);
		struct login *login = start_to_token(method);

		fake_reply(login, "github-user.http");
		fake_reply(login, i ? "html-forbidden.http" : "html-not-found.http");
		how_it_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void one_of_the_teams_is_enough_on_whatever_page(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION TEAMS);
	struct login *login = start_to_token(method);

	fake_reply(login, "github-user.http");
	assert_true(fake_asks(login, API "/user/teams?per_page=100"));
	fake_reply(login, "github-teams-first.http");
	assert_true(fake_asks(login, API "/user/teams?per_page=100&page=2"));
	fake_reply(login, "github-teams-last.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void without_a_team_nobody_gets_in(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION TEAMS);
	struct login *login = start_to_token(method);

	fake_reply(login, "github-user.http");
	fake_reply(login, "github-teams-none.http");
	how_he_was_left_out(login, "no membership of one of the teams");
	fake_login_free(login);

	/* A page of another server is never asked for with our token. */
	login = start_to_token(method);
	fake_reply(login, "github-user.http");
	fake_reply(login, "github-teams-foreign-next.http");
	how_it_ended(login, FAKE_DENIED, DENY_FILTERED);
	fake_login_free(login);
	/* A server whose pages never end. */
	login = start_to_token(method);
	fake_reply(login, "github-user.http");
	for (int i = 0; i < GITHUB_PAGES_MAX; i++)
		fake_reply(login, "github-teams-first.http");
	how_it_ended(login, FAKE_DENIED, DENY_FILTERED);
	fake_login_free(login);
	fake_method_free(method);
}

/* --- teams as groups --- */

/* GET /user/teams is open then. */
static struct login *start_to_teams(struct fake_method *method)
{
	struct login *login = start_to_token(method);

	fake_reply(login, "github-user.http");
	fake_reply(login, "github-member.http");
	assert_true(fake_asks(login, API "/user/teams?per_page=100"));
	return login;
}

static void teams_of_the_organization_are_the_groups(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION GROUPS);
	struct login *login = start_to_teams(method);
	_cleanup_free_ char *groups = NULL;

	fake_reply(login, "github-teams-first.http");
	assert_true(fake_asks(login, API "/user/teams?per_page=100&page=2"));
	assert_true(fake_has_header(login, "Authorization: Bearer "
				    "gho_16C7e42F292c6912E7710c838347Ae178B4a"));
	fake_reply(login, "github-teams-mixed.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_false(login->is_outside);
	groups = groups_of(login);
	/* 2 stands on both pages; 90 and 91 are another organization's, whatever their names. */
	assert_string_equal(groups, "1 2 77");
	fake_login_free(login);
	fake_method_free(method);
}

static void a_member_in_no_team_is_in_no_group(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION GROUPS);
	struct login *login = start_to_teams(method);

	fake_reply(login, "github-teams-none.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_false(login->is_outside);
	assert_null(login->groups);
	fake_login_free(login);
	fake_method_free(method);
}

/* The filter is met on the first page, the groups are on all of them. */
static void the_filter_does_not_cut_the_groups_short(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION GROUPS "teams = 1\n");
	struct login *login = start_to_teams(method);
	_cleanup_free_ char *groups = NULL, *others = NULL;

	fake_reply(login, "github-teams-first.http");
	fake_reply(login, "github-teams-last.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	groups = groups_of(login);
	assert_string_equal(groups, "1 2 77 78");
	fake_login_free(login);
	fake_method_free(method);

	/* Outside it, and the groups are those that he has all the same. */
	method = method_new(SECTION GROUPS "teams = 5\n");
	login = start_to_teams(method);
	fake_reply(login, "github-teams-first.http");
	fake_reply(login, "github-teams-last.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_true(login->is_outside);
	others = groups_of(login);
	assert_string_equal(others, "1 2 77 78");
	fake_login_free(login);
	fake_method_free(method);
}

/* Then one of them is all that is looked for. */
static void without_read_teams_there_are_no_groups(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION MEMBERS "teams = 1\n");
	struct login *login = start_to_teams(method);

	fake_reply(login, "github-teams-first.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_false(login->is_outside);
	assert_null(login->groups);
	fake_login_free(login);
	fake_method_free(method);
}

static void teams_that_cannot_be_read_whole_let_nobody_in(void **state UNUSED)
{
	static const struct {
		const char *file;
		enum fake_end end;
		int reason;
		const char *detail;
	} rows[] = {
		{ "github-blocked.http", FAKE_DENIED, DENY_FILTERED, "its own sign-in" },
		{ "github-not-found.http", FAKE_FAILED, FAIL_PROVIDER, "404" },
		{ "github-limited.http", FAKE_DENIED, DENY_BUSY, "" },
		{ "rate-limited.http", FAKE_DENIED, DENY_BUSY, "" },
		{ "github-unauthorized.http", FAKE_FAILED, FAIL_PROVIDER, "401" },
		{ "html.http", FAKE_FAILED, FAIL_PROVIDER, "" },
		{ "html-forbidden.http", FAKE_FAILED, FAIL_PROVIDER, "403" },
		{ "github-user.http", FAKE_FAILED, FAIL_PROVIDER, "" },
		{ "github-teams-foreign-next.http", FAKE_DENIED, DENY_FILTERED,
		  "the teams cannot be read whole" },
	};

	/* On the first page and on a later one, after groups were read already. */
	for (size_t i = 0; i < 2 * N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION GROUPS);
		struct login *login = start_to_teams(method);

		if (i >= N_ELEMENTS(rows))
			fake_reply(login, "github-teams-first.http");
		fake_reply(login, rows[i % N_ELEMENTS(rows)].file);
		how_it_ended(login, rows[i % N_ELEMENTS(rows)].end,
			     rows[i % N_ELEMENTS(rows)].reason);
		assert_non_null(strstr(login->detail, rows[i % N_ELEMENTS(rows)].detail));
		assert_null(login->groups);
		fake_login_free(login);
		fake_method_free(method);
	}
}

#define ORG "\"organization\":{\"id\":9919}"

static void a_team_is_two_numbers(void **state UNUSED)
{
	static const char *const rows[] = {
		"[{\"id\":\"1\"," ORG "}]",
		"[{\"id\":1.0," ORG "}]",
		"[{\"id\":0," ORG "}]",
		"[{\"id\":99999999999999999999," ORG "}]",
		"[{\"slug\":\"ops\"," ORG "}]",
		"[{\"id\":1,\"id\":2," ORG "}]",
		"[{\"id\":1," ORG "," ORG "}]",
		"[{\"id\":1}]",
		"[{\"id\":1,\"organization\":9919}]",
		"[{\"id\":1,\"organization\":null}]",
		"[{\"id\":1,\"organization\":{\"id\":\"9919\"}}]",
		"[{\"id\":1,\"organization\":{\"login\":\"example\"}}]",
		"[1]", "[null]", "[[]]", "{\"id\":1," ORG "}", "[{\"id\":1," ORG "}", "",
		/* one that is right does not help */
		"[{\"id\":1," ORG "},{\"id\":2}]",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION GROUPS);
		struct login *login = start_to_teams(method);

		fake_reply_json(login, 200, rows[i]);
		if (login->end != FAKE_FAILED || login->reason != FAIL_PROVIDER)
			fail_msg("%s", rows[i]);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* The body of a page with the teams from `first` on. */
static char *page_of(int first, int n)
{
	struct buf json = BUF_INIT(65536);

	for (int i = 0; i < n; i++)
		buf_add_format(&json, "%s{\"id\":%d," ORG "}", i ? "," : "[", first + i);
	buf_add_text(&json, n ? "]" : "[]");
	return buf_steal(&json);
}

static void too_many_teams_are_none(void **state UNUSED)
{
	static const struct {
		int n;
		enum fake_end end;
	} rows[] = {
		{ GITHUB_TEAMS_MAX, FAKE_IDENTIFIED }, { GITHUB_TEAMS_MAX + 1, FAKE_DENIED },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION GROUPS);
		struct login *login = start_to_teams(method);
		_cleanup_free_ char *page = page_of(100, rows[i].n);

		fake_reply_json(login, 200, page);
		how_it_ended(login, rows[i].end, rows[i].end == FAKE_DENIED ? DENY_FILTERED : 0);
		assert_int_equal(list_length(login->groups),
				 rows[i].end == FAKE_DENIED ? 0 : GITHUB_TEAMS_MAX);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void pages_that_never_end_are_given_up(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION GROUPS);
	struct login *login = start_to_teams(method);

	for (int i = 0; i < GITHUB_PAGES_MAX; i++) {
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_reply(login, "github-teams-first.http");
	}
	how_it_ended(login, FAKE_DENIED, DENY_FILTERED);
	assert_non_null(strstr(login->detail, "cannot be read whole"));
	assert_null(login->groups);
	fake_login_free(login);
	fake_method_free(method);
}

static void scopes_follow_from_the_filters(void **state UNUSED)
{
	static const struct {
		const char *section, *scope;
	} rows[] = {
		{ SECTION MEMBERS, "&scope=read%3Aorg" },
		{ SECTION TEAMS, "&scope=read%3Aorg" },
		{ SECTION GROUPS, "&scope=read%3Aorg" },
		{ SECTION "read_mail = yes\n", "&scope=user%3Aemail" },
		{ SECTION TEAMS "read_mail = yes\n", "&scope=read%3Aorg+user%3Aemail" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(rows[i].section);
		struct login *login = fake_start(method);

		assert_true(fake_body_has(login, rows[i].scope));
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_scope_that_was_not_granted_is_noticed(void **state UNUSED)
{
	static const struct {
		const char *granted;
		bool enough;
	} rows[] = {
		{ "read:org,user:email", true }, { "admin:org,user", true }, { "", true },
		{ "user:email,repo,write:org", true }, { "read:org", false },
		{ "user:email", false },
		{ "read:organization,user:email", false }, { "repo", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION MEMBERS "read_mail = yes\n");
		struct login *login;

		fake_set(method, "SCOPE", rows[i].granted);
		login = start_to_token(method);
		if (rows[i].enough)
			assert_int_equal(login->end, FAKE_RUNNING);
		else
			how_it_ended(login, FAKE_DENIED, DENY_FILTERED);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void only_a_verified_primary_address_is_the_mail(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION "read_mail = yes\n");
	struct login *login = start_to_token(method);

	fake_reply(login, "github-user.http");
	assert_true(fake_asks(login, API "/user/emails?per_page=100"));
	fake_reply(login, "github-mails.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->mail, "jane.doe@example.org");
	fake_login_free(login);

	login = start_to_token(method);
	fake_reply(login, "github-user.http");
	fake_reply(login, "github-mails-unverified.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_null(login->mail);
	fake_login_free(login);
	fake_method_free(method);
}

static void the_token_is_revoked_when_there_is_a_secret(void **state UNUSED)
{
	struct fake_method *method = fake_method_with_secret(&github_provider, SECTION MEMBERS,
							     "client_secret", "s3cret");
	struct login *login;

	fake_set(method, "SCOPE", "read:org");
	login = start_to_token(method);
	fake_reply(login, "github-user.http");
	fake_reply(login, "github-member.http");
	assert_true(fake_asks(login, API "/applications/Iv1.8a61f9b3a7aba766/token"));
	assert_int_equal(login->request->method, HTTP_DELETE);
	assert_true(fake_body_has(login, "{\"access_token\":"
				  "\"gho_16C7e42F292c6912E7710c838347Ae178B4a\"}"));
	/* Iv1.8a61f9b3a7aba766:s3cret */
	assert_true(fake_has_header(login,
				    "Authorization: Basic SXYxLjhhNjFmOWIzYTdhYmE3NjY6czNjcmV0"));
	fake_reply_lost(login, HTTP_TIMED_OUT);
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void of_whom_a_filter_leaves_out_the_token_is_revoked_too(void **state UNUSED)
{
	struct fake_method *method = fake_method_with_secret(&github_provider, SECTION GROUPS,
							     "client_secret", "s3cret");
	struct login *login;

	fake_set(method, "SCOPE", "read:org");
	login = start_to_token(method);
	fake_reply(login, "github-user.http");
	fake_reply(login, "github-not-found.http");
	assert_int_equal(login->request->method, HTTP_DELETE);
	fake_reply_json(login, 204, "");
	how_he_was_left_out(login, "no active membership");
	fake_login_free(login);
	fake_method_free(method);
}

static void errors_come_with_status_200(void **state UNUSED)
{
	static const struct {
		bool polling;
		const char *file;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ false, "github-disabled.http", FAKE_FAILED, FAIL_CONFIG },
		{ false, "github-unknown-client.http", FAKE_FAILED, FAIL_CONFIG },
		{ true, "github-denied.http", FAKE_DENIED, DENY_REFUSED },
		{ true, "github-disabled.http", FAKE_FAILED, FAIL_CONFIG },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = fake_start(method);

		if (rows[i].polling) {
			fake_reply(login, "github-code.http");
			fake_timer(login);
		}
		fake_reply(login, rows[i].file);
		how_it_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_token_json_would_have_to_escape_is_none(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *login = fake_start(method);

	fake_reply(login, "github-code.http");
	fake_timer(login);
	fake_reply_json(login, 200, "{\"access_token\":\"a\\\",\\\"b\",\"token_type\":\"bearer\"}");
	how_it_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	for (int n_steps = 0; n_steps <= 6; n_steps++) {
		struct fake_method *method = method_new(SECTION GROUPS TEAMS "read_mail = yes\n");
		struct login *login = fake_start(method);
		int step = 0;

		if (step++ < n_steps)
			fake_reply(login, "github-code.http");
		if (step++ < n_steps)
			fake_timer(login);
		if (step++ < n_steps)
			fake_reply(login, "github-token.http");
		if (step++ < n_steps)
			fake_reply(login, "github-user.http");
		if (step++ < n_steps)
			fake_reply(login, "github-member.http");
		if (step++ < n_steps)
			fake_reply(login, "github-teams-first.http");
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void mistakes_in_the_section_are_named(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;
	} rows[] = {
		{ "host = github.com\n", "client_id" },
		{ SECTION "host = https://github.com\n", "host" },
		{ SECTION "host = GitHub.com\n", "host" },
		{ SECTION "host = github.com/acme\n", "host" },
		{ SECTION "organization = example\n", "organization_id" },
		{ SECTION "organization_id = 9919\n", "organization" },
		{ SECTION "teams = 12, core\n", "core" },
		{ SECTION "read_teams = yes\n", "\"read_teams\" needs organization" },
		{ SECTION MEMBERS "read_teams = 12\n", "read_teams" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&github_provider, rows[i].section);

		if (!strstr(mistakes, rows[i].mistake))
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_is_known_by_the_numeric_id),
		cmocka_unit_test(every_host_has_its_addresses),
		cmocka_unit_test(who_the_token_belongs_to_must_be_a_person),
		cmocka_unit_test(the_id_is_a_number),
		cmocka_unit_test(an_organization_is_its_id_and_membership_is_active),
		cmocka_unit_test(who_is_no_member_is_left_out),
		cmocka_unit_test(what_is_not_there_on_the_way_says_nothing),
		cmocka_unit_test(one_of_the_teams_is_enough_on_whatever_page),
		cmocka_unit_test(without_a_team_nobody_gets_in),
		cmocka_unit_test(teams_of_the_organization_are_the_groups),
		cmocka_unit_test(a_member_in_no_team_is_in_no_group),
		cmocka_unit_test(the_filter_does_not_cut_the_groups_short),
		cmocka_unit_test(without_read_teams_there_are_no_groups),
		cmocka_unit_test(teams_that_cannot_be_read_whole_let_nobody_in),
		cmocka_unit_test(a_team_is_two_numbers),
		cmocka_unit_test(too_many_teams_are_none),
		cmocka_unit_test(pages_that_never_end_are_given_up),
		cmocka_unit_test(scopes_follow_from_the_filters),
		cmocka_unit_test(a_scope_that_was_not_granted_is_noticed),
		cmocka_unit_test(only_a_verified_primary_address_is_the_mail),
		cmocka_unit_test(the_token_is_revoked_when_there_is_a_secret),
		cmocka_unit_test(of_whom_a_filter_leaves_out_the_token_is_revoked_too),
		cmocka_unit_test(errors_come_with_status_200),
		cmocka_unit_test(a_token_json_would_have_to_escape_is_none),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(mistakes_in_the_section_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
