/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type oidc with flow = relay: the code flow as a person meets it, and what never lets anybody
 * in. What follows the tokens is the same in both flows and tested in t-oidc.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "providers/oidc.h"
#include "providers/table.h"
#include "tests/providers/fake-issuer.h"
#include "tests/providers/relay-fixture.h"

#define BASE    "issuer = https://op.example.com\nclient_id = jauth\n"
#define SECTION BASE "flow = relay\n"
#define DOCUMENT(more) \
	"{\"issuer\":\"https://op.example.com\"," \
	"\"token_endpoint\":\"https://op.example.com/token\"," \
	"\"userinfo_endpoint\":\"https://op.example.com/userinfo\"," \
	"\"jwks_uri\":\"https://keys.example.com/jwks\"" more "}"
#define AUTHORIZE ",\"authorization_endpoint\":\"https://op.example.com/authorize\""
#define DEVICE    ",\"device_authorization_endpoint\":\"https://op.example.com/device\""
#define WITH_ISS  ",\"authorization_response_iss_parameter_supported\":true"
#define ISS       "&iss=https%3A%2F%2Fop.example.com"
#define CLAIMS    "\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\"," \
		  "\"iat\":1767323045,\"exp\":1767323645"
#define MAIL      ",\"email\":\"jane.doe@example.org\",\"email_verified\":true"

static struct fake_method *method_new(const char *section)
{
	struct fake_method *method = fake_method_new(&oidc_provider, section);
	_cleanup_free_ char *jwk = fake_issuer_key(1);

	fake_set(method, "KEYS", jwk);
	relay_begin(method);
	return method;
}

/* The telephone is on its way to the provider, whose document has `more` in it. */
static struct login *start_with(struct fake_method *method, const char *more)
{
	_cleanup_free_ char *document = text_format(DOCUMENT("%s"), more);
	struct login *login = fake_start(method);

	if (fake_asks(login, "https://op.example.com/.well-known/openid-configuration"))
		fake_reply_json(login, 200, document);
	return login;
}

static struct login *start(struct fake_method *method)
{
	return start_with(method, AUTHORIZE);
}

static void how_it_ended(struct login *login, enum fake_end end, int reason)
{
	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason, login->detail);
	assert_true(login->finished);
}

/* The token endpoint answers with an ID token of these claims; then come the keys. */
static void give_tokens(struct login *login, const char *claims)
{
	_cleanup_free_ char *token = fake_issuer_token(claims, 1);

	fake_set(login->method, "ID_TOKEN", token);
	fake_reply(login, "oidc-tokens.http");
	if (fake_asks(login, "https://keys.example.com/jwks"))
		fake_reply(login, "oidc-keys.http");
}

/* The same with the nonce that was sent, and `more`. */
static void give_right_tokens(struct login *login, const char *more)
{
	_cleanup_free_ char *nonce = relay_parameter(login, "nonce");
	_cleanup_free_ char *claims = text_format("{" CLAIMS ",\"nonce\":\"%s\"%s}", nonce, more);

	give_tokens(login, claims);
}

static void a_person_comes_back_with_a_code_and_is_known(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *login = fake_start(method);
	_cleanup_free_ char *address = NULL;

	fake_reply_json(login, 200, DOCUMENT(AUTHORIZE WITH_ISS));
	address = relay_address(login);
	assert_string_equal(address, "https://op.example.com/authorize");
	relay_expect(login, "response_type", "code");
	relay_expect(login, "client_id", "jauth");
	relay_expect(login, "redirect_uri", REDIRECT_URI);
	relay_expect(login, "state", STATE);
	relay_expect(login, "scope", "openid email profile");
	relay_expect(login, "code_challenge_method", "S256");
	/* Nobody is asked anything, and no request is open while the person is there. */
	assert_null(login->prompt);
	assert_int_equal(login->request_number, 0);
	assert_int_equal(login->timer_number, 0);

	fake_callback(login, CALLBACK ISS "&session_state=7f");
	assert_true(fake_asks(login, "https://op.example.com/token"));
	assert_true(fake_has_header(login, "Accept: application/json"));
	assert_true(login->request->once);
	form_expect(login, "grant_type", "authorization_code");
	form_expect(login, "code", CODE);
	form_expect(login, "redirect_uri", REDIRECT_URI);
	form_expect(login, "client_id", "jauth");
	assert_int_equal(form_length(login), 5);         /* and the verifier */
	give_right_tokens(login, MAIL ",\"name\":\"Jane Doe\"");
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "https://op.example.com");
	assert_string_equal(login->subject, "jane-1");
	assert_string_equal(login->display, "Jane Doe");
	assert_string_equal(login->mail, "jane.doe@example.org");
	fake_login_free(login);

	/* The next one finds document and keys in the cache. */
	login = fake_start(method);
	fake_callback(login, CALLBACK ISS);
	give_right_tokens(login, MAIL);
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	assert_int_equal(login->n_requests, 1);
	fake_login_free(login);
	fake_method_free(method);
}

/* --- what is sent --- */

static void the_request_says_what_the_section_wants(void **state UNUSED)
{
	static const struct {
		const char *section, *name, *value;
	} rows[] = {
		{ "", "prompt", NULL }, { "", "max_age", NULL }, { "", "acr_values", NULL },
		{ "", "resource", NULL }, { "", "hd", NULL }, { "", "code_verifier", NULL },
		{ "", "client_secret", NULL },
		{ "prompt = auto\n", "prompt", NULL },
		{ "prompt = login\n", "prompt", "login" },
		{ "prompt = consent\n", "prompt", "consent" },
		{ "prompt = select_account\n", "prompt", "select_account" },
		{ "max_age = 5min\n", "max_age", "300" },
		{ "acr = phr, mfa\n", "acr_values", "phr mfa" },
		{ "resource = https://rs.example.com/\n", "resource", "https://rs.example.com/" },
		{ "scopes = openid, groups\n", "scope", "openid groups" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "%s", rows[i].section);
		struct fake_method *method = method_new(section);
		struct login *login = start(method);

		relay_expect(login, rows[i].name, rows[i].value);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_challenge_is_answered_by_its_verifier(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *login = fake_start(method);
	struct oidc_login *own = login->own;

	/* RFC 7636 appendix B */
	assert_true(text_into(own->verifier, sizeof(own->verifier),
			      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
	fake_reply_json(login, 200, DOCUMENT(AUTHORIZE));
	relay_expect(login, "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	fake_callback(login, CALLBACK);
	form_expect(login, "code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	fake_login_free(login);
	fake_method_free(method);
}

static void every_login_has_its_own_nonce_and_challenge(void **state UNUSED)
{
	static const char *const names[] = { "nonce", "code_challenge" };
	struct fake_method *method = method_new(SECTION);
	struct login *first = start(method), *second = start(method);

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		_cleanup_free_ char *a = relay_parameter(first, names[i]);
		_cleanup_free_ char *b = relay_parameter(second, names[i]);

		assert_int_equal(strlen(a), 43);
		assert_int_equal(strlen(b), 43);
		assert_string_not_equal(a, b);
	}
	fake_login_free(first);
	fake_login_free(second);
	fake_method_free(method);
}

static void the_client_authenticates_when_it_redeems(void **state UNUSED)
{
	static const struct {
		const char *section;
		bool post, basic;
	} rows[] = {
		{ "", false, true },             /* the document lists nothing: Basic */
		{ "client_auth = post\n", true, false },
		{ "client_auth = basic\n", false, true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "%s", rows[i].section);
		struct fake_method *method = fake_method_with_secret(&oidc_provider, section,
								     "client_secret", "s3cret/=");
		struct login *login;

		relay_begin(method);
		login = start(method);
		assert_null(strstr(login->redirect, "s3cret"));
		fake_callback(login, CALLBACK);
		form_expect(login, "client_secret", rows[i].post ? "s3cret/=" : NULL);
		/* jauth:s3cret%2F%3D */
		assert_int_equal(fake_has_header(login, "Authorization: Basic "
						 "amF1dGg6czNjcmV0JTJGJTNE"), rows[i].basic);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_request_that_fits_no_target_is_not_sent(void **state UNUSED)
{
	struct buf section = BUF_INIT(4096);
	struct fake_method *method;
	struct login *login;

	buf_add_text(&section, SECTION "scopes = openid, ");
	for (int i = 0; i < 2000; i++)
		buf_add_char(&section, 's');
	buf_add_char(&section, '\n');
	method = method_new(buf_text(&section));
	login = start(method);
	assert_null(login->redirect);
	how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	fake_method_free(method);
	buf_done(&section);
}

/* --- who is believed --- */

static void a_callback_is_from_the_issuer_or_the_login_ends(void **state UNUSED)
{
	static const struct {
		const char *document, *query;
		bool good;
	} rows[] = {
		{ AUTHORIZE, CALLBACK, true },
		{ AUTHORIZE, CALLBACK ISS, true },
		{ AUTHORIZE WITH_ISS, CALLBACK ISS, true },
		{ AUTHORIZE WITH_ISS, CALLBACK, false },
		{ AUTHORIZE WITH_ISS, "error=access_denied&state=" STATE, false },
		{ AUTHORIZE, CALLBACK "&iss=", false },
		{ AUTHORIZE, CALLBACK "&iss", false },
		{ AUTHORIZE, CALLBACK "&iss=https%3A%2F%2Fop.example.com%2F", false },
		{ AUTHORIZE, CALLBACK "&iss=https%3A%2F%2FOP.example.com", false },
		{ AUTHORIZE, CALLBACK "&iss=op.example.com", false },
		/* Mix-up: the code is another provider's, meant for our token request. */
		{ AUTHORIZE, CALLBACK "&iss=https%3A%2F%2Fevil.example.net", false },
		{ AUTHORIZE WITH_ISS, CALLBACK "&iss=https%3A%2F%2Fevil.example.net", false },
		{ AUTHORIZE, "error=access_denied&iss=https%3A%2F%2Fevil.example.net&state=" STATE,
		  false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start_with(method, rows[i].document);

		fake_callback(login, rows[i].query);
		if (rows[i].good)
			assert_true(fake_asks(login, "https://op.example.com/token"));
		else
			how_it_ended(login, FAKE_DENIED, DENY_INVALID);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_callback_without_a_code_ends_the_login(void **state UNUSED)
{
	static const struct {
		const char *query;
		enum fake_end end;
		int reason;
		const char *word;                /* in the detail, for the log */
	} rows[] = {
		{ "error=access_denied&error_description=x&state=" STATE, FAKE_DENIED, DENY_REFUSED,
		  "access_denied" },
		{ "error=login_required&state=" STATE, FAKE_DENIED, DENY_REFUSED,
		  "login_required" },
		{ "error=temporarily_unavailable&state=" STATE, FAKE_DENIED, DENY_BUSY,
		  "temporarily_unavailable" },
		{ "error=server_error&state=" STATE, FAKE_FAILED, FAIL_PROVIDER, "server_error" },
		{ "error=unheard_of&state=" STATE, FAKE_FAILED, FAIL_PROVIDER, "unheard_of" },
		{ "error=invalid_scope&state=" STATE, FAKE_FAILED, FAIL_CONFIG, "invalid_scope" },
		{ "error=unauthorized_client&state=" STATE, FAKE_FAILED, FAIL_CONFIG,
		  "unauthorized_client" },
		{ "error=access_denied&" CALLBACK, FAKE_DENIED, DENY_REFUSED, "access_denied" },
		{ "state=" STATE, FAKE_DENIED, DENY_INVALID, "callback" },
		{ "code=&state=" STATE, FAKE_DENIED, DENY_INVALID, "callback" },
		{ "code=%E4%BD%A0&state=" STATE, FAKE_DENIED, DENY_INVALID, "callback" },
		{ "access_token=x&id_token=y&state=" STATE, FAKE_DENIED, DENY_INVALID, "callback" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start(method);

		fake_callback(login, rows[i].query);
		how_it_ended(login, rows[i].end, rows[i].reason);
		assert_non_null(strstr(login->detail, rows[i].word));
		assert_int_equal(login->n_requests, 1);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void only_the_nonce_that_was_sent_will_do(void **state UNUSED)
{
	static const char *const rows[] = {
		"", ",\"nonce\":\"\"", ",\"nonce\":null", ",\"nonce\":1", ",\"nonce\":true",
		",\"nonce\":\"n-0S6_WzA2Mj\"",
		/* %s: the one that was sent */
		",\"nonce\":\"%s \"", ",\"nonce\":\"x%s\"", ",\"nonce\":[\"%s\"]",
		",\"Nonce\":\"%s\"", ",\"nonce\":\"%.42s\"",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start(method);
		_cleanup_free_ char *nonce = relay_parameter(login, "nonce"), *claims = NULL;
		char more[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(more, sizeof(more), rows[i], nonce);
#pragma GCC diagnostic pop
		claims = text_format("{" CLAIMS MAIL "%s}", more);
		fake_callback(login, CALLBACK);
		give_tokens(login, claims);
		how_it_ended(login, FAKE_DENIED, DENY_INVALID);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* Somebody puts the code of his own login into another's callback. */
static void an_id_token_of_another_login_is_denied(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *his = start(method), *hers = start(method);
	_cleanup_free_ char *nonce = relay_parameter(his, "nonce");
	_cleanup_free_ char *claims = text_format("{" CLAIMS MAIL ",\"nonce\":\"%s\"}", nonce);

	fake_callback(hers, CALLBACK);
	give_tokens(hers, claims);
	how_it_ended(hers, FAKE_DENIED, DENY_INVALID);
	/* His own is right with it. */
	fake_callback(his, CALLBACK);
	give_tokens(his, claims);
	how_it_ended(his, FAKE_IDENTIFIED, 0);
	fake_login_free(his);
	fake_login_free(hers);
	fake_method_free(method);
}

static void a_wrong_id_token_is_denied(void **state UNUSED)
{
	static const char *const rows[] = {
		"\"iss\":\"https://evil.example.net\",\"sub\":\"jane-1\",\"aud\":\"jauth\","
			"\"iat\":1767323045,\"exp\":1767323645",
		"\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"other\","
			"\"iat\":1767323045,\"exp\":1767323645",
		"\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\","
			"\"iat\":1767322045,\"exp\":1767323645",
		CLAIMS ",\"at_hash\":\"AAAAAAAAAAAAAAAAAAAAAA\"",
		CLAIMS ",\"azp\":\"other\"",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start(method);
		_cleanup_free_ char *nonce = relay_parameter(login, "nonce");
		_cleanup_free_ char *claims = text_format("{%s" MAIL ",\"nonce\":\"%s\"}", rows[i],
							  nonce);

		fake_callback(login, CALLBACK);
		give_tokens(login, claims);
		how_it_ended(login, FAKE_DENIED, DENY_INVALID);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_sign_in_that_is_too_old_is_denied(void **state UNUSED)
{
	static const struct {
		const char *claims;
		enum fake_end end;
	} rows[] = {
		{ MAIL ",\"auth_time\":1767323000", FAKE_IDENTIFIED },
		{ MAIL ",\"auth_time\":1767322000", FAKE_DENIED },
		{ MAIL, FAKE_DENIED },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION "max_age = 5min\n");
		struct login *login = start(method);

		/* Whether the telephone passed max_age on is seen by what comes back. */
		fake_callback(login, CALLBACK);
		give_right_tokens(login, rows[i].claims);
		how_it_ended(login, rows[i].end, rows[i].end == FAKE_DENIED ? DENY_INVALID : 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void userinfo_of_another_subject_ends_the_login(void **state UNUSED)
{
	static const struct {
		const char *body;
		enum fake_end end;
	} rows[] = {
		{ "{\"sub\":\"jane-1\",\"email\":\"a@example.org\",\"email_verified\":true}",
		  FAKE_IDENTIFIED },
		{ "{\"sub\":\"jane-2\",\"email\":\"a@example.org\",\"email_verified\":true}",
		  FAKE_DENIED },
		{ "{\"email\":\"a@example.org\"}", FAKE_DENIED },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start(method);

		fake_callback(login, CALLBACK);
		give_right_tokens(login, "");
		assert_true(fake_asks(login, "https://op.example.com/userinfo"));
		fake_reply_json(login, 200, rows[i].body);
		how_it_ended(login, rows[i].end, rows[i].end == FAKE_DENIED ? DENY_INVALID : 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- the token endpoint --- */

static void a_code_is_redeemed_once_whatever_happens(void **state UNUSED)
{
	static const struct {
		uint32_t status;                 /* 0: no reply */
		const char *body;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 400, "{\"error\":\"invalid_grant\"}", FAKE_DENIED, DENY_INVALID },
		{ 400, "{\"error\":\"access_denied\"}", FAKE_DENIED, DENY_REFUSED },
		{ 401, "{\"error\":\"invalid_client\"}", FAKE_FAILED, FAIL_CONFIG },
		{ 400, "{\"error\":\"invalid_request\"}", FAKE_FAILED, FAIL_CONFIG },
		{ 400, "{\"error\":\"unheard_of\"}", FAKE_FAILED, FAIL_PROVIDER },
		{ 429, "", FAKE_DENIED, DENY_BUSY },
		{ 500, "", FAKE_FAILED, FAIL_PROVIDER },
		{ 200, "{\"access_token\":\"x\",\"token_type\":\"Bearer\"}", FAKE_FAILED,
		  FAIL_PROVIDER },
		{ 200, "{\"access_token\":\"x\",\"token_type\":\"mac\",\"id_token\":\"y\"}",
		  FAKE_FAILED, FAIL_PROVIDER },
		{ 200, "{\"id_token\":\"y\",\"token_type\":\"Bearer\"}", FAKE_FAILED,
		  FAIL_PROVIDER },
		{ 200, "{\"access_token\":\"x\",\"token_type\":\"Bearer\",\"id_token\":7}",
		  FAKE_FAILED, FAIL_PROVIDER },
		{ 0, NULL, FAKE_FAILED, FAIL_NETWORK },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION);
		struct login *login = start(method);

		fake_callback(login, CALLBACK);
		if (rows[i].status)
			fake_reply_json(login, rows[i].status, rows[i].body);
		else
			fake_reply_lost(login, HTTP_TIMED_OUT);
		how_it_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, 2);
		assert_null(strstr(login->detail, CODE));
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- providers --- */

static void each_flow_needs_its_own_endpoint_only(void **state UNUSED)
{
	static const struct {
		const char *section, *document;
		bool good;
	} rows[] = {
		{ SECTION, AUTHORIZE, true },
		{ SECTION, AUTHORIZE DEVICE, true },
		{ SECTION, DEVICE, false },
		{ SECTION, "", false },
		{ SECTION "authorization_endpoint = https://op.example.com/a\n", "", true },
		{ BASE, DEVICE, true },
		{ BASE, AUTHORIZE, false },
		{ SECTION, AUTHORIZE ",\"code_challenge_methods_supported\":[\"plain\",\"S256\"]",
		  true },
		{ SECTION, AUTHORIZE ",\"code_challenge_methods_supported\":[\"plain\"]", false },
		{ SECTION, AUTHORIZE ",\"code_challenge_methods_supported\":[]", false },
		/* Of no concern there. */
		{ BASE, DEVICE ",\"code_challenge_methods_supported\":[\"plain\"]", true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(rows[i].section);
		_cleanup_free_ char *document = text_format(DOCUMENT("%s"), rows[i].document);
		struct login *login = start_with(method, rows[i].document);

		if (rows[i].good)
			assert_int_equal(login->end, FAKE_RUNNING);
		else
			how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
		fake_login_free(login);
		/* It is said when the machine starts, too. */
		login = fake_prepare(method);
		fake_reply_json(login, 200, document);
		if (rows[i].good)
			assert_true(fake_asks(login, "https://keys.example.com/jwks"));
		else
			how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void endpoints_of_the_configuration_need_no_discovery(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION
		"authorization_endpoint = https://a.example.com/a?tenant=7\n"
		"token_endpoint = https://a.example.com/t\n"
		"jwks_uri = https://keys.example.com/jwks\n");
	struct login *login = fake_start(method);

	assert_true(text_has_prefix(login->redirect, "https://a.example.com/a?tenant=7&"));
	fake_callback(login, CALLBACK);
	assert_true(fake_asks(login, "https://a.example.com/t"));
	give_right_tokens(login, MAIL);
	how_it_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	login = fake_prepare(method);
	assert_true(fake_asks(login, "https://keys.example.com/jwks"));
	fake_reply(login, "oidc-keys.http");
	how_it_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_login_that_was_not_begun_on_a_telephone_fails(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *login;

	method->link.redirect_uri = NULL;
	login = start(method);
	how_it_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_provider_that_is_away_is_said_to_be(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION);
	struct login *login = fake_start(method);

	fake_reply_lost(login, HTTP_NOT_SENT);
	how_it_ended(login, FAKE_FAILED, FAIL_NETWORK);
	assert_null(login->redirect);
	fake_login_free(login);
	fake_method_free(method);
}

/* Leaks and double frees are for the sanitizers to see. */
static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	for (int n_steps = 0; n_steps <= 4; n_steps++) {
		struct fake_method *method = method_new(SECTION "revoke = yes\n"
			"revocation_endpoint = https://op.example.com/revoke\n");
		struct login *login = fake_start(method);
		int step = 0;

		if (step++ < n_steps)
			fake_reply_json(login, 200, DOCUMENT(AUTHORIZE));
		if (step++ < n_steps)
			fake_callback(login, CALLBACK);
		if (step++ < n_steps)
			give_right_tokens(login, "");
		if (step++ < n_steps)
			fake_reply_json(login, 200, "{\"sub\":\"jane-1\"}");
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- configuration --- */

static void features_follow_the_flow(void **state UNUSED)
{
	static const struct {
		const char *section;
		unsigned features;
	} rows[] = {
		{ BASE, PROVIDER_CONTACTS },
		{ BASE "flow = device\n", PROVIDER_CONTACTS },
		/* A person who is signed in may be sent back without a word. */
		{ SECTION, PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE |
			   PROVIDER_SILENT },
		{ SECTION "max_age = 5min\n", PROVIDER_CONTACTS | PROVIDER_RELAY |
					      PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT },
		{ SECTION "prompt = login\n", PROVIDER_CONTACTS | PROVIDER_RELAY |
					      PROVIDER_CONFIRMS_HERE },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(rows[i].section);

		assert_int_equal(oidc_provider.features_of(method->config), rows[i].features);
		fake_method_free(method);
	}
	assert_int_equal(oidc_provider.app, RELAY_APP_BROWSER);
}

static void mistakes_in_the_section_are_named(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;   /* NULL: there is none */
	} rows[] = {
		{ SECTION "prompt = login\n", NULL },
		{ SECTION "client_auth = none\n", NULL },
		{ BASE "flow = code\n", "flow" },
		{ SECTION "prompt = none\n", "prompt" },
		{ BASE "prompt = login\n", "prompt: only with flow = relay" },
		{ BASE "authorization_endpoint = https://op.example.com/a\n",
		  "authorization_endpoint: only with flow = relay" },
		{ SECTION "authorization_endpoint = http://op.example.com/a\n",
		  "authorization_endpoint" },
		{ SECTION "device_endpoint = https://op.example.com/d\n",
		  "device_endpoint: only with flow = device" },
		{ SECTION "send_nonce = yes\n", "send_nonce: only with flow = device" },
		{ SECTION "pkce = no\n", "pkce: only with flow = device" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&oidc_provider, rows[i].section);

		if (rows[i].mistake ? !strstr(mistakes, rows[i].mistake) : *mistakes != '\0')
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_comes_back_with_a_code_and_is_known),
		cmocka_unit_test(the_request_says_what_the_section_wants),
		cmocka_unit_test(the_challenge_is_answered_by_its_verifier),
		cmocka_unit_test(every_login_has_its_own_nonce_and_challenge),
		cmocka_unit_test(the_client_authenticates_when_it_redeems),
		cmocka_unit_test(a_request_that_fits_no_target_is_not_sent),
		cmocka_unit_test(a_callback_is_from_the_issuer_or_the_login_ends),
		cmocka_unit_test(a_callback_without_a_code_ends_the_login),
		cmocka_unit_test(only_the_nonce_that_was_sent_will_do),
		cmocka_unit_test(an_id_token_of_another_login_is_denied),
		cmocka_unit_test(a_wrong_id_token_is_denied),
		cmocka_unit_test(a_sign_in_that_is_too_old_is_denied),
		cmocka_unit_test(userinfo_of_another_subject_ends_the_login),
		cmocka_unit_test(a_code_is_redeemed_once_whatever_happens),
		cmocka_unit_test(each_flow_needs_its_own_endpoint_only),
		cmocka_unit_test(endpoints_of_the_configuration_need_no_discovery),
		cmocka_unit_test(a_login_that_was_not_begun_on_a_telephone_fails),
		cmocka_unit_test(a_provider_that_is_away_is_said_to_be),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(features_follow_the_flow),
		cmocka_unit_test(mistakes_in_the_section_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
