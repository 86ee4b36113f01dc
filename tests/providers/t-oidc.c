/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type oidc against scripted providers: what a person meets, and what never lets anybody in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "providers/oidc.h"
#include "providers/table.h"
#include "tests/providers/fake-core.h"
#include "tests/providers/fake-issuer.h"

#define SECTION "issuer = https://op.example.com\nclient_id = jauth\n"
#define CLAIMS(more) \
	"{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\"," \
	"\"iat\":1767323045,\"exp\":1767323645" more "}"
#define AUDIENCES \
	"{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":[\"jauth\",\"api\"]," \
	"\"azp\":\"jauth\",\"iat\":1767323045,\"exp\":1767323645" MAIL "}"
#define MAIL ",\"email\":\"jane.doe@example.org\",\"email_verified\":true"

static void set_token(struct fake_method *method, const char *claims, unsigned key)
{
	_cleanup_free_ char *token = fake_issuer_token(claims, key);

	fake_set(method, "ID_TOKEN", token);
}

static void set_keys(struct fake_method *method, unsigned key)
{
	_cleanup_free_ char *jwk = fake_issuer_key(key);

	fake_set(method, "KEYS", jwk);
}

/* A method whose provider signs with key 1 and says what `claims` say. */
static struct fake_method *method_new(const char *section, const char *claims)
{
	struct fake_method *method = fake_method_new(&oidc_provider, section);

	set_keys(method, 1);
	set_token(method, claims, 1);
	return method;
}

/* A login up to the code on the screen. */
static struct login *start_to_code(struct fake_method *method)
{
	struct login *login = fake_start(method);

	if (fake_asks(login, "https://op.example.com/.well-known/openid-configuration"))
		fake_reply(login, "oidc-discovery.http");
	fake_reply(login, "oidc-code.http");
	return login;
}

/* … and further to the tokens; the keys too when they are asked for. */
static struct login *start_to_tokens(struct fake_method *method)
{
	struct login *login = start_to_code(method);

	fake_timer(login);
	fake_reply(login, "oidc-tokens.http");
	if (fake_asks(login, "https://keys.example.com/jwks"))
		fake_reply(login, "oidc-keys.http");
	return login;
}

static void a_person_scans_approves_and_is_known(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL ",\"name\":\"Jane Doe\""));
	struct login *login = fake_start(method);

	assert_true(fake_asks(login, "https://op.example.com/.well-known/openid-configuration"));
	assert_true(fake_has_header(login, "Accept: application/json"));
	fake_reply(login, "oidc-discovery.http");
	assert_true(fake_asks(login, "https://op.example.com/device_authorization"));
	assert_true(fake_body_has(login, "scope=openid+email+profile"));
	assert_true(fake_body_has(login, "client_id=jauth"));
	fake_reply(login, "oidc-code.http");
	assert_string_equal(login->link, "https://op.example.com/device?user_code=WDJB-MJHT");
	assert_string_equal(login->plain_link, "https://op.example.com/device");
	assert_string_equal(login->user_code, "WDJB-MJHT");
	assert_int_equal(login->timer_delay_ms, 5000);
	fake_timer(login);
	assert_true(fake_asks(login, "https://op.example.com/token"));
	assert_true(fake_body_has(login, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3A"
					 "grant-type%3Adevice_code"));
	assert_true(fake_body_has(login, "device_code=GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"));
	fake_reply(login, "oidc-tokens.http");
	assert_true(fake_asks(login, "https://keys.example.com/jwks"));
	fake_reply(login, "oidc-keys.http");
	assert_int_equal(login->end, FAKE_IDENTIFIED);
	assert_string_equal(login->issuer, "https://op.example.com");
	assert_string_equal(login->subject, "jane-1");
	assert_string_equal(login->display, "Jane Doe");
	assert_string_equal(login->mail, "jane.doe@example.org");
	assert_true(list_has(login->attributes, "sub=jane-1"));
	assert_true(list_has(login->attributes, "mail_user=jane.doe"));
	assert_true(list_has(login->attributes, "mail=jane.doe@example.org"));
	assert_int_equal(list_length(login->attributes), 3);
	fake_login_free(login);

	/* The next login has both in the cache. */
	login = fake_start(method);
	assert_true(fake_asks(login, "https://op.example.com/device_authorization"));
	fake_login_free(login);
	login = start_to_tokens(method);
	assert_int_equal(login->end, FAKE_IDENTIFIED);
	assert_int_equal(login->n_requests, 2);
	fake_login_free(login);
	fake_method_free(method);
}

static void how_it_ended(struct login *login, enum fake_end end, int reason)
{
	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason, login->detail);
	assert_true(login->finished);
}

/* --- who it is --- */

static void claims_become_an_identity(void **state UNUSED)
{
	static const struct {
		const char *section, *claims;
		const char *mail;                /* NULL: none may come out */
		const char *attribute;           /* must be there, unless NULL */
		size_t n_attributes;
	} rows[] = {
		{ "scopes = openid\n", CLAIMS(MAIL), "jane.doe@example.org", "mail_user=jane.doe",
		  3 },
		{ "scopes = openid\n", CLAIMS(""), NULL, "sub=jane-1", 1 },
		{ "scopes = openid\n", CLAIMS(",\"email\":\"jane@example.org\""), NULL, NULL, 1 },
		{ "scopes = openid\n",
		  CLAIMS(",\"email\":\"jane@example.org\",\"email_verified\":false"), NULL, NULL,
		  1 },
		{ "scopes = openid\n",
		  CLAIMS(",\"email\":\"jane@example.org\",\"email_verified\":\"true\""), NULL, NULL,
		  1 },
		{ "scopes = openid\n",
		  CLAIMS(",\"email\":\"jane@example.org\",\"email_verified\":1"), NULL, NULL, 1 },
		{ "scopes = openid\n",
		  CLAIMS(",\"email\":\"@example.org\",\"email_verified\":true"),
		  NULL, NULL, 1 },
		{ "scopes = openid\n", CLAIMS(",\"email\":\"jane@\",\"email_verified\":true"),
		  NULL, NULL, 1 },
		{ "scopes = openid\n",
		  CLAIMS(",\"email\":[\"jane@example.org\"],\"email_verified\":true"),
		  NULL, NULL, 1 },
		/* A name that people can change is used only when the sysadmin says so. */
		{ "scopes = openid\n", CLAIMS(",\"preferred_username\":\"root\""), NULL, NULL, 1 },
		{ "scopes = openid\nusername_claim = preferred_username\n",
		  CLAIMS(",\"preferred_username\":\"jane\""), NULL, "username=jane", 2 },
		{ "scopes = openid\nsubject_claim = oid\n", CLAIMS(",\"oid\":\"00-77\""), NULL,
		  "oid=00-77", 1 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "%s", rows[i].section);
		struct fake_method *method = method_new(section, rows[i].claims);
		struct login *login = start_to_tokens(method);

		how_it_ended(login, FAKE_IDENTIFIED, 0);
		assert_true(text_equals(login->mail, rows[i].mail));
		if (rows[i].attribute)
			assert_true(list_has(login->attributes, rows[i].attribute));
		assert_int_equal(list_length(login->attributes), rows[i].n_attributes);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void groups_come_whole_or_the_login_ends(void **state UNUSED)
{
	static const struct {
		const char *claims;
		enum fake_end end;
		size_t n_groups;
	} rows[] = {
		{ CLAIMS(",\"groups\":[\"g-1\",\"g-2\"]"), FAKE_IDENTIFIED, 2 },
		{ CLAIMS(",\"groups\":[]"), FAKE_IDENTIFIED, 0 },
		{ CLAIMS(",\"groups\":\"g-1\""), FAKE_IDENTIFIED, 1 },
		{ CLAIMS(",\"groups\":[\"g-1\",7]"), FAKE_DENIED, 0 },
		{ CLAIMS(",\"groups\":[\"g-1\",\"\"]"), FAKE_DENIED, 0 },
		{ CLAIMS(",\"groups\":{\"g\":1}"), FAKE_DENIED, 0 },
		{ CLAIMS(",\"groups\":[\"g-1\"],\"_claim_names\":{\"groups\":\"src1\"}"),
		  FAKE_DENIED, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION "scopes = openid\n"
							"group_claim = groups\n", rows[i].claims);
		struct login *login = start_to_tokens(method);

		how_it_ended(login, rows[i].end, rows[i].end == FAKE_DENIED ? DENY_FILTERED : 0);
		assert_int_equal(list_length(login->groups), rows[i].n_groups);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* A claim is a member of the token itself, whatever its name. */
static void roles_are_groups_like_any_other(void **state UNUSED)
{
	static const struct {
		const char *claim, *claims;
		size_t n_groups;
	} rows[] = {
		{ "roles", CLAIMS(",\"roles\":[\"auditor\",\"ops\"],\"groups\":[\"g\"]"), 2 },
		{ "https://example.org/roles",
		  CLAIMS(",\"https://example.org/roles\":[\"ops\"]"), 1 },
		{ "roles", CLAIMS(",\"realm_access\":{\"roles\":[\"ops\"]},\"roles\":[]"), 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "scopes = openid\n"
							   "group_claim = %s\n", rows[i].claim);
		struct fake_method *method = method_new(section, rows[i].claims);
		struct login *login = start_to_tokens(method);

		how_it_ended(login, FAKE_IDENTIFIED, 0);
		assert_int_equal(list_length(login->groups), rows[i].n_groups);
		assert_int_equal(list_has(login->groups, "ops"), rows[i].n_groups > 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void userinfo_fills_in_what_the_token_lacks(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION "group_claim = groups\n", CLAIMS(MAIL));
	struct login *login = start_to_tokens(method);

	assert_true(fake_asks(login, "https://op.example.com/userinfo"));
	assert_true(fake_has_header(login, "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA"));
	/* The token's own mail stands, whatever userinfo says. */
	fake_reply_json(login, 200, "{\"sub\":\"jane-1\",\"groups\":[\"g-1\"],"
				    "\"email\":\"root@example.net\",\"email_verified\":true}");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_true(list_has(login->groups, "g-1"));
	assert_string_equal(login->mail, "jane.doe@example.org");
	fake_login_free(login);
	fake_method_free(method);
}

static void userinfo_that_does_not_match_ends_the_login(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *body;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 200, "{\"sub\":\"jane-2\",\"email\":\"a@example.org\",\"email_verified\":true}",
		  FAKE_DENIED, DENY_INVALID },
		{ 200, "{\"sub\":\"JANE-1\"}", FAKE_DENIED, DENY_INVALID },
		{ 200, "{\"sub\":\"jane-12\"}", FAKE_DENIED, DENY_INVALID },
		{ 200, "{\"email\":\"a@example.org\"}", FAKE_DENIED, DENY_INVALID },
		{ 200, "{\"sub\":7}", FAKE_DENIED, DENY_INVALID },
		{ 200, "{\"sub\":\"jane-2\",\"sub\":\"jane-1\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ 200, "\"eyJhbGciOiJub25lIn0.e30.\"", FAKE_FAILED, FAIL_PROVIDER },
		{ 401, "{\"sub\":\"jane-1\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ 500, "", FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION, CLAIMS(""));
		struct login *login = start_to_tokens(method);

		assert_true(fake_asks(login, "https://op.example.com/userinfo"));
		fake_reply_json(login, rows[i].status, rows[i].body);
		how_it_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- tokens that let nobody in --- */

static void a_wrong_id_token_is_denied(void **state UNUSED)
{
	static const char *const rows[] = {
		"{\"iss\":\"https://op.example.com/\",\"sub\":\"jane-1\",\"aud\":\"jauth\","
			"\"iat\":1767323045,\"exp\":1767323645}",
		"{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"other\","
			"\"iat\":1767323045,\"exp\":1767323645}",
		"{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\","
			"\"iat\":1767322000,\"exp\":1767323645}",
		"{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\","
			"\"iat\":1767323045,\"exp\":1767322000}",
		"{\"iss\":\"https://op.example.com\",\"aud\":\"jauth\","
			"\"iat\":1767323045,\"exp\":1767323645}",
		CLAIMS(",\"at_hash\":\"AAAAAAAAAAAAAAAAAAAAAA\""),
		CLAIMS(",\"azp\":\"other\""),
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION, rows[i]);
		struct login *login = start_to_tokens(method);

		how_it_ended(login, FAKE_DENIED, DENY_INVALID);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_section_decides_what_a_token_must_be(void **state UNUSED)
{
	static const struct {
		const char *section, *claims;
		enum fake_end end;
	} rows[] = {
		{ "", CLAIMS(MAIL ",\"at_hash\":\"kG_SD_cvQUclAx8evGFzZaTzjjGxOVqvZA4HwKmYueM\""),
		  FAKE_IDENTIFIED },
		{ "algorithms = EdDSA\n", CLAIMS(MAIL), FAKE_IDENTIFIED },
		{ "algorithms = RS256\n", CLAIMS(MAIL), FAKE_DENIED },
		{ "acr = phr, mfa\n", CLAIMS(MAIL ",\"acr\":\"mfa\""), FAKE_IDENTIFIED },
		{ "acr = phr, mfa\n", CLAIMS(MAIL ",\"acr\":\"pwd\""), FAKE_DENIED },
		{ "max_age = 5min\n", CLAIMS(MAIL ",\"auth_time\":1767323000"), FAKE_IDENTIFIED },
		{ "max_age = 5min\n", CLAIMS(MAIL), FAKE_DENIED },
		{ "trusted_audiences = api\n", AUDIENCES, FAKE_IDENTIFIED },
		{ "", AUDIENCES, FAKE_DENIED },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "%s", rows[i].section);
		struct fake_method *method = method_new(section, rows[i].claims);
		struct login *login = start_to_tokens(method);

		how_it_ended(login, rows[i].end, rows[i].end == FAKE_DENIED ? DENY_INVALID : 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_reply_without_id_token_is_the_providers_fault(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_code(method);

	fake_timer(login);
	fake_reply_json(login, 200, "{\"access_token\":\"x\",\"token_type\":\"Bearer\"}");
	how_it_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_smaller_scope_is_fine_when_the_claims_are_there(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_code(method);

	fake_timer(login);
	fake_reply(login, "oidc-tokens-small-scope.http");
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

/* --- keys --- */

/* The provider signs with key 2 from now on; the cache has key 1. */
static struct fake_method *method_with_old_keys(void)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_tokens(method);

	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	set_token(method, CLAIMS(MAIL), 2);
	return method;
}

static struct login *start_to_unknown_key(struct fake_method *method)
{
	struct login *login = start_to_code(method);

	fake_timer(login);
	fake_reply(login, "oidc-tokens.http");
	return login;
}

static void an_unknown_key_is_looked_for_once(void **state UNUSED)
{
	struct fake_method *method = method_with_old_keys();
	struct login *login = start_to_unknown_key(method);

	assert_true(fake_asks(login, "https://keys.example.com/jwks"));
	set_keys(method, 2);
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_key_that_stays_unknown_is_denied_and_not_looked_for_again(void **state UNUSED)
{
	struct fake_method *method = method_with_old_keys();
	struct login *login = start_to_unknown_key(method);

	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_DENIED, DENY_INVALID);
	fake_login_free(login);
	/* Five seconds later another one: no refetch within the minute. */
	login = start_to_unknown_key(method);
	how_it_ended(login, FAKE_DENIED, DENY_INVALID);
	assert_int_equal(login->n_requests, 2);
	fake_pass(login, 60000);
	fake_login_free(login);
	login = start_to_unknown_key(method);
	assert_true(fake_asks(login, "https://keys.example.com/jwks"));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_login_fetches_keys_once(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login;

	set_token(method, CLAIMS(MAIL), 2);
	login = start_to_unknown_key(method);
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_DENIED, DENY_INVALID);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_reused_kid_is_looked_for_again_when_the_cache_is_not_young(void **state UNUSED)
{
	struct fake_method *method = method_with_old_keys();
	_cleanup_free_ char *reused =
		fake_issuer_token_with("{\"alg\":\"EdDSA\",\"kid\":\"key-1\"}", CLAIMS(MAIL), 2);
	struct login *login;

	fake_set(method, "ID_TOKEN", reused);
	login = start_to_unknown_key(method);
	how_it_ended(login, FAKE_DENIED, DENY_INVALID);
	assert_int_equal(login->n_requests, 2);
	fake_login_free(login);
	/* The clock of the token stands still here: only the cache gets older. */
	method->now_ms += 300001;
	login = start_to_unknown_key(method);
	assert_true(fake_asks(login, "https://keys.example.com/jwks"));
	fake_login_free(login);
	fake_method_free(method);
}

static void old_keys_serve_for_a_day_when_no_new_ones_come(void **state UNUSED)
{
	struct fake_method *method = method_with_old_keys();
	struct login *login;

	set_token(method, CLAIMS(MAIL), 1);
	method->now_ms += 7200000 + 86400000 - 100000;
	login = start_to_unknown_key(method);
	assert_true(fake_asks(login, "https://keys.example.com/jwks"));
	fake_reply_lost(login, HTTP_TIMED_OUT);
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	method->now_ms += 100000;
	login = start_to_unknown_key(method);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	how_it_ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

/* --- discovery --- */

static void a_provider_that_cannot_be_used_is_said_to_be(void **state UNUSED)
{
	static const struct {
		const char *file;
		int reason;
	} rows[] = {
		{ "oidc-discovery-other-issuer.http", FAIL_CONFIG },
		{ "oidc-discovery-no-device.http", FAIL_CONFIG },
		{ "oidc-discovery-http.http", FAIL_CONFIG },
		{ "html.http", FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
		struct login *login = fake_start(method);

		fake_reply(login, rows[i].file);
		how_it_ended(login, FAKE_FAILED, rows[i].reason);
		fake_login_free(login);
		login = fake_prepare(method);
		fake_reply(login, rows[i].file);
		how_it_ended(login, FAKE_FAILED, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void preparing_fills_both_caches(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = fake_prepare(method);

	fake_reply(login, "oidc-discovery.http");
	assert_true(fake_asks(login, "https://keys.example.com/jwks"));
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
	login = start_to_tokens(method);
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_int_equal(login->n_requests, 2);
	fake_login_free(login);
	fake_method_free(method);
}

static void an_old_document_serves_when_the_provider_is_away(void **state UNUSED)
{
	struct fake_method *method = method_with_old_keys();
	struct login *login;

	method->now_ms += DISCOVERY_FRESH_MS;
	login = fake_start(method);
	assert_true(fake_asks(login, "https://op.example.com/.well-known/openid-configuration"));
	fake_reply_lost(login, HTTP_NOT_SENT);
	assert_true(fake_asks(login, "https://op.example.com/device_authorization"));
	fake_login_free(login);
	/* Another issuer is never an absence. */
	login = fake_start(method);
	fake_reply(login, "oidc-discovery-other-issuer.http");
	how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	method->now_ms += DISCOVERY_SERVE_MS;
	login = fake_start(method);
	fake_reply_lost(login, HTTP_NOT_SENT);
	how_it_ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

static void endpoints_of_the_configuration_need_no_discovery(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION
						"device_endpoint = https://a.example.com/d\n"
						"token_endpoint = https://a.example.com/t\n"
						"jwks_uri = https://a.example.com/j\n",
						CLAIMS(MAIL));
	struct login *login = fake_start(method);

	assert_true(fake_asks(login, "https://a.example.com/d"));
	fake_reply(login, "oidc-code.http");
	fake_timer(login);
	assert_true(fake_asks(login, "https://a.example.com/t"));
	fake_reply(login, "oidc-tokens.http");
	assert_true(fake_asks(login, "https://a.example.com/j"));
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

/* --- the client and what it sends --- */

static void the_client_authenticates_as_the_provider_can(void **state UNUSED)
{
	static const struct {
		const char *section, *discovery;
		bool post, basic;
	} rows[] = {
		{ "", "oidc-discovery.http", true, false },
		{ "", "oidc-discovery-basic.http", false, true },
		{ "", "oidc-discovery-unlisted.http", false, true },
		{ "client_auth = post\n", "oidc-discovery-basic.http", true, false },
		{ "client_auth = basic\n", "oidc-discovery.http", false, true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "%s", rows[i].section);
		struct fake_method *method = fake_method_with_secret(&oidc_provider, section,
								     "client_secret", "s3cret/=");
		struct login *login = fake_start(method);

		fake_reply(login, rows[i].discovery);
		for (int j = 0; j < 2; j++) {
			assert_true(fake_body_has(login, "client_id=jauth"));
			assert_int_equal(fake_body_has(login, "client_secret=s3cret%2F%3D"),
					 rows[i].post);
			/* jauth:s3cret%2F%3D, encoded before base64 as RFC 6749 has it */
			assert_int_equal(fake_has_header(login, "Authorization: Basic "
							 "amF1dGg6czNjcmV0JTJGJTNE"),
							 rows[i].basic);
			if (j == 0) {
				fake_reply(login, "oidc-code.http");
				fake_timer(login);
			}
		}
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_resource_is_asked_for_when_configured(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION "resource = https://rs.example.com/\n",
						CLAIMS(MAIL));
	struct login *login = fake_start(method);

	fake_reply(login, "oidc-discovery.http");
	assert_true(fake_body_has(login, "resource=https%3A%2F%2Frs.example.com%2F"));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_challenge_is_answered_by_its_verifier(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION "pkce = yes\n", CLAIMS(MAIL));
	struct login *login = fake_start(method);
	struct oidc_login *own = login->own;

	/* RFC 7636 appendix B */
	assert_true(text_into(own->verifier, sizeof(own->verifier),
			      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
	fake_reply(login, "oidc-discovery.http");
	assert_true(fake_body_has(login, "code_challenge_method=S256"));
	assert_true(fake_body_has(login,
				  "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
	fake_reply(login, "oidc-code.http");
	fake_timer(login);
	assert_true(fake_body_has(login,
				  "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_nonce_comes_back_or_the_login_ends(void **state UNUSED)
{
	static const struct {
		const char *format;              /* %s: the nonce that was sent */
		enum fake_end end;
		int reason;
	} rows[] = {
		{ CLAIMS(MAIL ",\"nonce\":\"%s\""), FAKE_IDENTIFIED, 0 },
		{ CLAIMS(MAIL "%.0s"), FAKE_IDENTIFIED, 0 },
		{ CLAIMS(MAIL ",\"nonce\":\"x%s\""), FAKE_DENIED, DENY_INVALID },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = fake_method_new(&oidc_provider, SECTION
							     "send_nonce = yes\n");
		struct login *login = start_to_code(method);
		const struct oidc_login *own = login->own;
		char claims[1024];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(claims, sizeof(claims), rows[i].format, own->nonce);
#pragma GCC diagnostic pop
		set_keys(method, 1);
		set_token(method, claims, 1);
		fake_timer(login);
		fake_reply(login, "oidc-tokens.http");
		fake_reply(login, "oidc-keys.http");
		how_it_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_token_is_revoked_when_wanted(void **state UNUSED)
{
	for (int lost = 0; lost <= 1; lost++) {
		struct fake_method *method = method_new(SECTION "revoke = yes\n", CLAIMS(MAIL));
		struct login *login = start_to_tokens(method);

		assert_true(fake_asks(login, "https://op.example.com/revoke"));
		assert_true(fake_body_has(login, "token=2YotnFZFEjr1zCsicMWpAA"));
		if (lost)
			fake_reply_lost(login, HTTP_BROKEN);
		else
			fake_reply_json(login, 200, "");
		how_it_ended(login, FAKE_IDENTIFIED, 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- waiting --- */

static void polls_obey_the_provider(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_code(method);

	assert_int_equal(login->timer_delay_ms, 5000);
	fake_timer(login);
	fake_reply_json(login, 400, "{\"error\":\"authorization_pending\"}");
	assert_int_equal(login->timer_delay_ms, 5000);
	fake_timer(login);
	fake_reply_json(login, 400, "{\"error\":\"slow_down\"}");
	assert_int_equal(login->timer_delay_ms, 10000);
	fake_timer(login);
	fake_reply_json(login, 200, "{\"error\":\"slow_down\"}");
	assert_int_equal(login->timer_delay_ms, 15000);
	fake_timer(login);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	assert_int_equal(login->timer_delay_ms, 30000);
	fake_timer(login);
	fake_reply(login, "rate-limited.http");
	assert_int_equal(login->timer_delay_ms, 60000);
	fake_timer(login);
	fake_reply_json(login, 428, "{\"error\":\"authorization_pending\"}");
	assert_int_equal(login->timer_delay_ms, 15000);
	assert_int_equal(login->end, FAKE_RUNNING);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_missing_interval_means_five_seconds(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = fake_start(method);

	fake_reply(login, "oidc-discovery.http");
	fake_reply(login, "oidc-code-bare.http");
	assert_int_equal(login->timer_delay_ms, 5000);
	assert_string_equal(login->link, "https://op.example.com/device");
	assert_string_equal(login->plain_link, "https://op.example.com/device");
	fake_login_free(login);
	fake_method_free(method);
}

static void enter_before_the_approval_changes_nothing(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_code(method);
	uint32_t timer = login->timer_number;

	fake_answer(login, "");
	assert_int_equal(login->timer_number, timer);
	assert_int_equal(login->request_number, 0);
	fake_timer(login);
	fake_reply(login, "oidc-tokens.http");
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void an_expired_code_is_renewed_twice_by_a_key_and_then_denied(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_code(method);

	for (unsigned n_codes = 1; n_codes <= 3; n_codes++) {
		assert_int_equal(login->n_codes, n_codes);
		fake_timer(login);
		fake_reply_json(login, 400, "{\"error\":\"expired_token\"}");
		if (n_codes == 3)
			break;
		assert_int_equal(login->request_number, 0);
		assert_int_equal(login->timer_number, 0);
		assert_non_null(strstr(login->prompt, "expired"));
		fake_answer(login, "");
		assert_true(fake_asks(login, "https://op.example.com/device_authorization"));
		fake_reply(login, "oidc-code.http");
	}
	how_it_ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_code_is_over_by_the_clock_too(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = fake_start(method);
	int64_t started_ms;

	fake_reply(login, "oidc-discovery.http");
	started_ms = method->now_ms;
	fake_reply(login, "oidc-code-short.http");
	while (!login->prompt) {
		fake_timer(login);
		if (login->request_number)
			fake_reply_json(login, 400, "{\"error\":\"authorization_pending\"}");
	}
	assert_int_equal(method->now_ms - started_ms, 30000);
	/* A renewed code works like the first. */
	fake_answer(login, "");
	fake_reply(login, "oidc-code.http");
	fake_timer(login);
	fake_reply(login, "oidc-tokens.http");
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void no_code_is_renewed_at_the_end_of_a_login(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_code(method);

	fake_timer(login);
	fake_pass(login, FAKE_LOGIN_MS - 10000);
	fake_reply_json(login, 400, "{\"error\":\"expired_token\"}");
	how_it_ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_lost_success_is_not_made_up_for(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = start_to_code(method);

	fake_timer(login);
	fake_reply_lost(login, HTTP_BROKEN);
	fake_timer(login);
	fake_reply_json(login, 400, "{\"error\":\"invalid_grant\"}");
	how_it_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_poll_can_end_the_login(void **state UNUSED)
{
	static const struct {
		const char *body;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "{\"error\":\"access_denied\"}", FAKE_DENIED, DENY_REFUSED },
		{ "{\"error\":\"invalid_client\"}", FAKE_FAILED, FAIL_CONFIG },
		{ "{\"error\":\"unheard_of\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ "{\"access_token\":\"x\",\"token_type\":\"mac\"}", FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
		struct login *login = start_to_code(method);

		fake_timer(login);
		fake_reply_json(login, 200, rows[i].body);
		how_it_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* To the reply of the device endpoint. */
static struct login *probe_to_code(struct fake_method *method)
{
	struct login *login = fake_test(method);

	fake_reply(login, "oidc-discovery.http");
	fake_reply(login, "oidc-keys.http");
	assert_true(fake_asks(login, "https://op.example.com/device_authorization"));
	return login;
}

static void a_probe_ends_with_the_first_poll_that_says_not_yet(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = probe_to_code(method);

	fake_reply(login, "oidc-code.http");
	assert_int_equal(login->n_codes, 0);     /* nobody is to approve it */
	assert_int_equal(login->prompt_number, 0);
	fake_timer(login);
	fake_reply_json(login, 400, "{\"error\":\"authorization_pending\"}");
	how_it_ended(login, FAKE_DONE, 0);
	assert_non_null(strstr(login->shown, "takes the client"));
	fake_login_free(login);
	fake_method_free(method);
}

/* Whoever approved that code approved nothing of ours. */
static void a_probe_uses_no_token(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = probe_to_code(method);

	fake_reply(login, "oidc-code.http");
	fake_timer(login);
	fake_reply(login, "oidc-tokens.http");
	how_it_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_probe_says_what_is_wrong(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = probe_to_code(method);

	fake_reply(login, "oidc-code-unknown-client.http");
	how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
	assert_non_null(strstr(login->detail, "invalid_client"));
	fake_login_free(login);

	login = fake_test(method);
	fake_reply(login, "oidc-discovery-other-issuer.http");
	how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);

	/* The old document would serve a login, and proves nothing here. */
	login = fake_test(method);
	fake_reply_lost(login, HTTP_NOT_SENT);
	how_it_ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_probe_does_not_outlive_its_code(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
	struct login *login = probe_to_code(method);

	fake_reply(login, "oidc-code.http");
	fake_timer(login);
	fake_reply_json(login, 400, "{\"error\":\"expired_token\"}");
	how_it_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_code_that_cannot_be_got_ends_the_login(void **state UNUSED)
{
	static const struct {
		const char *file;                /* NULL: no reply */
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "oidc-code-foreign-link.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "oidc-code-unknown-client.http", FAKE_FAILED, FAIL_CONFIG },
		{ "rate-limited.http", FAKE_DENIED, DENY_BUSY },
		{ "html.http", FAKE_FAILED, FAIL_NETWORK },
		{ NULL, FAKE_FAILED, FAIL_NETWORK },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION, CLAIMS(MAIL));
		struct login *login = fake_start(method);

		fake_reply(login, "oidc-discovery.http");
		if (rows[i].file)
			fake_reply(login, rows[i].file);
		else
			fake_reply_lost(login, HTTP_NOT_SENT);
		how_it_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_codes, 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* Leaks and double frees are for the sanitizers to see. */
static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	for (int n_steps = 0; n_steps <= 6; n_steps++) {
		struct fake_method *method = method_new(SECTION "revoke = yes\n", CLAIMS(""));
		struct login *login = fake_start(method);
		int step = 0;

		if (step++ < n_steps)
			fake_reply(login, "oidc-discovery.http");
		if (step++ < n_steps)
			fake_reply(login, "oidc-code.http");
		if (step++ < n_steps)
			fake_timer(login);
		if (step++ < n_steps)
			fake_reply(login, "oidc-tokens.http");
		if (step++ < n_steps)
			fake_reply(login, "oidc-keys.http");
		if (step++ < n_steps)
			fake_reply_json(login, 200, "{\"sub\":\"jane-1\"}");
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- configuration --- */

static void mistakes_in_the_section_are_named(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;
	} rows[] = {
		{ "client_id = jauth\n", "issuer" },
		{ "issuer = https://op.example.com\n", "client_id" },
		{ "issuer = http://op.example.com\nclient_id = jauth\n", "issuer" },
		{ SECTION "scopes = email\n", "openid" },
		{ SECTION "scopes = openid, offline_access\n", "offline_access" },
		{ SECTION "algorithms = RS256, none\n", "algorithms" },
		{ SECTION "algorithms = HS256\n", "algorithms" },
		{ SECTION "client_auth = basic\n", "client_secret" },
		{ SECTION "client_secret = abc\n", "client_secret" },
		{ SECTION "subject_claim = email\n", "subject_claim" },
		{ SECTION "hosted_domains = example.org\n", "hosted_domains" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&oidc_provider, rows[i].section);

		if (!strstr(mistakes, rows[i].mistake))
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_scans_approves_and_is_known),
		cmocka_unit_test(claims_become_an_identity),
		cmocka_unit_test(groups_come_whole_or_the_login_ends),
		cmocka_unit_test(roles_are_groups_like_any_other),
		cmocka_unit_test(userinfo_fills_in_what_the_token_lacks),
		cmocka_unit_test(userinfo_that_does_not_match_ends_the_login),
		cmocka_unit_test(a_wrong_id_token_is_denied),
		cmocka_unit_test(the_section_decides_what_a_token_must_be),
		cmocka_unit_test(a_reply_without_id_token_is_the_providers_fault),
		cmocka_unit_test(a_smaller_scope_is_fine_when_the_claims_are_there),
		cmocka_unit_test(an_unknown_key_is_looked_for_once),
		cmocka_unit_test(a_key_that_stays_unknown_is_denied_and_not_looked_for_again),
		cmocka_unit_test(a_login_fetches_keys_once),
		cmocka_unit_test(a_reused_kid_is_looked_for_again_when_the_cache_is_not_young),
		cmocka_unit_test(old_keys_serve_for_a_day_when_no_new_ones_come),
		cmocka_unit_test(a_provider_that_cannot_be_used_is_said_to_be),
		cmocka_unit_test(preparing_fills_both_caches),
		cmocka_unit_test(an_old_document_serves_when_the_provider_is_away),
		cmocka_unit_test(endpoints_of_the_configuration_need_no_discovery),
		cmocka_unit_test(the_client_authenticates_as_the_provider_can),
		cmocka_unit_test(a_resource_is_asked_for_when_configured),
		cmocka_unit_test(a_challenge_is_answered_by_its_verifier),
		cmocka_unit_test(a_nonce_comes_back_or_the_login_ends),
		cmocka_unit_test(the_token_is_revoked_when_wanted),
		cmocka_unit_test(polls_obey_the_provider),
		cmocka_unit_test(a_missing_interval_means_five_seconds),
		cmocka_unit_test(enter_before_the_approval_changes_nothing),
		cmocka_unit_test(an_expired_code_is_renewed_twice_by_a_key_and_then_denied),
		cmocka_unit_test(a_code_is_over_by_the_clock_too),
		cmocka_unit_test(no_code_is_renewed_at_the_end_of_a_login),
		cmocka_unit_test(a_lost_success_is_not_made_up_for),
		cmocka_unit_test(a_poll_can_end_the_login),
		cmocka_unit_test(a_probe_ends_with_the_first_poll_that_says_not_yet),
		cmocka_unit_test(a_probe_uses_no_token),
		cmocka_unit_test(a_probe_says_what_is_wrong),
		cmocka_unit_test(a_probe_does_not_outlive_its_code),
		cmocka_unit_test(a_code_that_cannot_be_got_ends_the_login),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(mistakes_in_the_section_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
