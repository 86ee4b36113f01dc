/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type github with flow = relay: the web flow up to the access token. The API's questions are
 * the same in both flows and tested in t-github.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/github.h"
#include "providers/table.h"
#include "tests/providers/relay-fixture.h"

#define BASE    "client_id = Iv1.8a61f9b3a7aba766\n"
#define SECTION BASE "flow = relay\n"
#define MEMBERS "organization = example\norganization_id = 9919\n"
#define API     "https://api.github.com"

static struct fake_method *method_new(const char *section)
{
	struct fake_method *method = fake_method_with_secret(&github_provider, section,
							     "client_secret", "s3cret/=");

	fake_set(method, "SCOPE", "read:org,user:email");
	relay_begin(method);
	return method;
}

static void how_it_ended(struct login *login, enum fake_end end, int reason)
{
	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason, login->detail);
	assert_true(login->finished);
}

static void a_person_comes_back_with_a_code_and_is_known(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION MEMBERS);
	struct login *login = fake_start(method);
	struct github_login *own = login->own;
	_cleanup_free_ char *address = relay_address(login);

	assert_int_equal(login->n_requests, 0);
	assert_string_equal(address, "https://github.com/login/oauth/authorize");
	relay_expect(login, "client_id", "Iv1.8a61f9b3a7aba766");
	relay_expect(login, "redirect_uri", REDIRECT_URI);
	relay_expect(login, "state", STATE);
	relay_expect(login, "scope", "read:org");
	relay_expect(login, "code_challenge_method", "S256");
	relay_expect(login, "nonce", NULL);
	relay_expect(login, "client_secret", NULL);

	fake_callback(login, CALLBACK);
	assert_true(fake_asks(login, "https://github.com/login/oauth/access_token"));
	assert_true(fake_has_header(login, "Accept: application/json"));
	assert_true(login->request->once);
	form_expect(login, "grant_type", "authorization_code");
	form_expect(login, "client_id", "Iv1.8a61f9b3a7aba766");
	form_expect(login, "client_secret", "s3cret/=");
	form_expect(login, "code", CODE);
	form_expect(login, "redirect_uri", REDIRECT_URI);
	form_expect(login, "code_verifier", own->verifier);
	assert_int_equal(form_length(login), 6);
	fake_reply(login, "github-token.http");
	assert_true(fake_asks(login, API "/user"));
	fake_reply(login, "github-user.http");
	fake_reply(login, "github-member.http");
	/* Nothing of the token stays behind. */
	assert_int_equal(login->request->method, HTTP_DELETE);
	fake_reply_json(login, 204, "");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "https://github.com");
	assert_string_equal(login->subject, "583231");
	fake_login_free(login);
	fake_method_free(method);
}

/* The same questions as after a device flow. */
static void teams_are_groups_in_this_flow_too(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION MEMBERS "read_teams = yes\n");
	struct login *login = fake_start(method);

	relay_expect(login, "scope", "read:org");
	fake_callback(login, CALLBACK);
	fake_reply(login, "github-token.http");
	fake_reply(login, "github-user.http");
	fake_reply(login, "github-member.http");
	assert_true(fake_asks(login, API "/user/teams?per_page=100"));
	fake_reply(login, "github-teams-last.http");
	assert_int_equal(login->request->method, HTTP_DELETE);
	fake_reply_json(login, 204, "");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_int_equal(list_length(login->groups), 2);
	assert_true(list_has(login->groups, "77") && list_has(login->groups, "78"));
	fake_login_free(login);
	fake_method_free(method);
}

static void the_challenge_belongs_to_the_verifier(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *first = fake_start(method), *second = fake_start(method);
	struct github_login *own = first->own;
	struct buf query = BUF_INIT(200);
	_cleanup_free_ char *one = relay_parameter(first, "code_challenge");
	_cleanup_free_ char *two = relay_parameter(second, "code_challenge");

	assert_string_not_equal(one, two);
	code_flow_add_challenge(&query, own->verifier);
	assert_non_null(strstr(buf_text(&query), one));
	buf_done(&query);
	fake_login_free(first);
	fake_login_free(second);
	fake_method_free(method);
}

static void every_host_has_its_addresses(void **state UNUSED)
{
	static const struct {
		const char *host, *authorize, *token, *user;
	} rows[] = {
		{ "acme.ghe.com", "https://acme.ghe.com/login/oauth/authorize",
		  "https://acme.ghe.com/login/oauth/access_token",
		  "https://api.acme.ghe.com/user" },
		{ "git.example.org:8443", "https://git.example.org:8443/login/oauth/authorize",
		  "https://git.example.org:8443/login/oauth/access_token",
		  "https://git.example.org:8443/api/v3/user" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "host = %s\n", rows[i].host);
		struct fake_method *method = method_new(section);
		struct login *login = fake_start(method);
		_cleanup_free_ char *address = relay_address(login);

		assert_string_equal(address, rows[i].authorize);
		fake_callback(login, CALLBACK);
		assert_true(fake_asks(login, rows[i].token));
		fake_reply(login, "github-token.http");
		assert_true(fake_asks(login, rows[i].user));
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void scopes_follow_from_the_filters(void **state UNUSED)
{
	static const struct {
		const char *section, *scope;
	} rows[] = {
		{ SECTION, NULL },
		{ SECTION MEMBERS, "read:org" },
		{ SECTION "read_mail = yes\n", "user:email" },
		{ SECTION "teams = 12\nread_mail = yes\n", "read:org user:email" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(rows[i].section);
		struct login *login = fake_start(method);

		relay_expect(login, "scope", rows[i].scope);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_scope_that_was_not_granted_is_noticed(void **state UNUSED)
{
	static const struct {
		const char *granted;             /* joined by commas, unlike what was asked for */
		bool enough;
	} rows[] = {
		{ "read:org,user:email", true }, { "user,admin:org", true }, { "read:org", false },
		{ "user:email", false }, { "read:orguser:email", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION MEMBERS "read_mail = yes\n");
		struct login *login;

		fake_set(method, "SCOPE", rows[i].granted);
		login = fake_start(method);
		fake_callback(login, CALLBACK);
		fake_reply(login, "github-token.http");
		if (rows[i].enough)
			assert_true(fake_asks(login, API "/user"));
		else
			how_it_ended(login, FAKE_DENIED, DENY_FILTERED);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_callback_can_end_the_login(void **state UNUSED)
{
	static const struct {
		const char *query;
		enum fake_end end;               /* FAKE_RUNNING: it goes on */
		int reason;
	} rows[] = {
		{ CALLBACK "&iss=https%3A%2F%2Fgithub.com%2Flogin%2Foauth", FAKE_RUNNING, 0 },
		{ CALLBACK "&iss=https%3A%2F%2Fgithub.com", FAKE_RUNNING, 0 },
		{ CALLBACK "&iss=https%3A%2F%2Fgithub.com.example.net", FAKE_DENIED, DENY_INVALID },
		{ CALLBACK "&iss=https%3A%2F%2Facme.ghe.com%2Flogin%2Foauth", FAKE_DENIED,
		  DENY_INVALID },
		{ CALLBACK "&iss=http%3A%2F%2Fgithub.com", FAKE_DENIED, DENY_INVALID },
		{ CALLBACK "&iss=github.com", FAKE_DENIED, DENY_INVALID },
		{ CALLBACK "&iss=", FAKE_DENIED, DENY_INVALID },
		{ "error=access_denied&error_description=The+user+has+denied&state=" STATE,
		  FAKE_DENIED, DENY_REFUSED },
		{ "error=redirect_uri_mismatch&state=" STATE, FAKE_FAILED, FAIL_CONFIG },
		{ "error=application_suspended&state=" STATE, FAKE_FAILED, FAIL_CONFIG },
		{ "error=unheard_of&state=" STATE, FAKE_FAILED, FAIL_PROVIDER },
		{ "state=" STATE, FAKE_DENIED, DENY_INVALID },
		{ "code=&state=" STATE, FAKE_DENIED, DENY_INVALID },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = fake_start(method);

		fake_callback(login, rows[i].query);
		if (rows[i].end == FAKE_RUNNING)
			assert_int_equal(login->n_requests, 1);
		else
			how_it_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void errors_of_the_token_endpoint_come_with_status_200(void **state UNUSED)
{
	static const struct {
		uint32_t status;                 /* 0: no reply */
		const char *body;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 200, "{\"error\":\"bad_verification_code\"}", FAKE_DENIED, DENY_INVALID },
		{ 200, "{\"error\":\"incorrect_client_credentials\"}", FAKE_FAILED, FAIL_CONFIG },
		{ 200, "{\"error\":\"redirect_uri_mismatch\"}", FAKE_FAILED, FAIL_CONFIG },
		{ 200, "{\"error\":\"unverified_user_email\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ 404, "{\"error\":\"Not Found\"}", FAKE_FAILED, FAIL_CONFIG },
		{ 200, "{\"access_token\":\"a\\\",\\\"b\",\"token_type\":\"bearer\"}", FAKE_FAILED,
		  FAIL_PROVIDER },
		{ 200, "{\"scope\":\"\",\"token_type\":\"bearer\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ 500, "", FAKE_FAILED, FAIL_PROVIDER },
		{ 0, NULL, FAKE_FAILED, FAIL_NETWORK },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = fake_start(method);

		fake_callback(login, CALLBACK);
		if (rows[i].status)
			fake_reply_json(login, rows[i].status, rows[i].body);
		else
			fake_reply_lost(login, HTTP_BROKEN);
		how_it_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, 1);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_login_that_was_not_begun_on_a_telephone_fails(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *login;

	method->link.redirect_uri = NULL;
	login = fake_start(method);
	how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	for (int n_steps = 0; n_steps <= 3; n_steps++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = fake_start(method);
		int step = 0;

		if (step++ < n_steps)
			fake_callback(login, CALLBACK);
		if (step++ < n_steps)
			fake_reply(login, "github-token.http");
		if (step++ < n_steps)
			fake_reply(login, "github-user.http");
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_flow_decides_what_holds(void **state UNUSED)
{
	static const struct {
		const char *section;
		unsigned features;
		int64_t starts_per_hour;
	} rows[] = {
		{ BASE, PROVIDER_CONTACTS, 50 },
		{ SECTION, PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE |
			   PROVIDER_SILENT, 0 },
	};
	_cleanup_free_ char *mistakes = fake_mistakes(&github_provider, SECTION);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(rows[i].section);

		assert_int_equal(github_provider.features_of(method->config), rows[i].features);
		assert_int_equal(github_provider.limits_of(method->config)->starts_per_hour,
				 rows[i].starts_per_hour);
		fake_method_free(method);
	}
	assert_int_equal(github_provider.limits.starts_per_hour, 50);
	assert_non_null(strstr(mistakes, "client_secret_file"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_comes_back_with_a_code_and_is_known),
		cmocka_unit_test(teams_are_groups_in_this_flow_too),
		cmocka_unit_test(the_challenge_belongs_to_the_verifier),
		cmocka_unit_test(every_host_has_its_addresses),
		cmocka_unit_test(scopes_follow_from_the_filters),
		cmocka_unit_test(a_scope_that_was_not_granted_is_noticed),
		cmocka_unit_test(a_callback_can_end_the_login),
		cmocka_unit_test(errors_of_the_token_endpoint_come_with_status_200),
		cmocka_unit_test(a_login_that_was_not_begun_on_a_telephone_fails),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(the_flow_decides_what_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
