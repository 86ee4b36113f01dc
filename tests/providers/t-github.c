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
		{ "github-member-pending.http", FAKE_DENIED, DENY_FILTERED },
		{ "github-member-other-id.http", FAKE_DENIED, DENY_FILTERED },
		{ "github-member-no-id.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "github-not-found.http", FAKE_DENIED, DENY_FILTERED },
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
	static const char *const files[] = {
		"github-teams-none.http",
		"github-teams-foreign-next.http",        /* never asked with our token */
	};
	struct fake_method *method = method_new(SECTION TEAMS);
	struct login *login;

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		login = start_to_token(method);
		fake_reply(login, "github-user.http");
		fake_reply(login, files[i]);
		how_it_ended(login, FAKE_DENIED, DENY_FILTERED);
		fake_login_free(login);
	}
	/* A server whose pages never end. */
	login = start_to_token(method);
	fake_reply(login, "github-user.http");
	for (int i = 0; i < GITHUB_PAGES_MAX; i++)
		fake_reply(login, "github-teams-first.http");
	how_it_ended(login, FAKE_DENIED, DENY_FILTERED);
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
	for (int n_steps = 0; n_steps <= 5; n_steps++) {
		struct fake_method *method = method_new(SECTION MEMBERS TEAMS "read_mail = yes\n");
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
		cmocka_unit_test(one_of_the_teams_is_enough_on_whatever_page),
		cmocka_unit_test(without_a_team_nobody_gets_in),
		cmocka_unit_test(scopes_follow_from_the_filters),
		cmocka_unit_test(a_scope_that_was_not_granted_is_noticed),
		cmocka_unit_test(only_a_verified_primary_address_is_the_mail),
		cmocka_unit_test(the_token_is_revoked_when_there_is_a_secret),
		cmocka_unit_test(errors_come_with_status_200),
		cmocka_unit_test(a_token_json_would_have_to_escape_is_none),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(mistakes_in_the_section_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
