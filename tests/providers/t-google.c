/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type google: what differs from any other OpenID provider. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/fake-issuer.h"
#include "tests/providers/relay-fixture.h"

#define SECTION "client_id = 1234.apps.googleusercontent.com\n"
#define DOMAINS "hosted_domains = example.org, example.com\n"
#define CLAIMS(issuer, more) \
	"{\"iss\":\"" issuer "\",\"sub\":\"10769150350006150715113082367\"," \
	"\"aud\":\"1234.apps.googleusercontent.com\",\"azp\":\"1234.apps.googleusercontent.com\"," \
	"\"email\":\"jane@example.org\",\"email_verified\":true," \
	"\"iat\":1767323045,\"exp\":1767326645" more "}"
#define ISSUER "https://accounts.google.com"

static struct fake_method *method_new(const char *section, const char *claims)
{
	struct fake_method *method = fake_method_with_secret(&google_provider, section,
							     "client_secret", "GOCSPX-1");
	_cleanup_free_ char *token = fake_issuer_token(claims, 1);
	_cleanup_free_ char *key = fake_issuer_key(1);

	fake_set(method, "ID_TOKEN", token);
	fake_set(method, "KEYS", key);
	return method;
}

static struct login *start_to_end(struct fake_method *method)
{
	struct login *login = fake_start(method);

	fake_reply(login, "google-discovery.http");
	fake_reply(login, "google-code.http");
	fake_timer(login);
	fake_reply(login, "google-tokens.http");
	fake_reply(login, "oidc-keys.http");
	return login;
}

static void the_secret_goes_with_polls_only(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(ISSUER, ""));
	struct login *login = fake_start(method);

	assert_true(fake_asks(login, ISSUER "/.well-known/openid-configuration"));
	fake_reply(login, "google-discovery.http");
	assert_true(fake_asks(login, "https://oauth2.googleapis.com/device/code"));
	assert_true(fake_body_has(login, "client_id=1234.apps.googleusercontent.com"));
	assert_true(fake_body_has(login, "scope=openid+email&"));
	assert_false(fake_body_has(login, "client_secret"));
	fake_reply(login, "google-code.http");
	assert_string_equal(login->link, "https://www.google.com/device");
	assert_string_equal(login->user_code, "GQVQ-JKEC");
	fake_timer(login);
	assert_true(fake_asks(login, "https://oauth2.googleapis.com/token"));
	assert_true(fake_body_has(login, "client_secret=GOCSPX-1"));
	fake_reply(login, "google-pending.http");
	fake_timer(login);
	fake_reply(login, "google-tokens.http");
	assert_true(fake_asks(login, "https://www.googleapis.com/oauth2/v3/certs"));
	fake_reply(login, "oidc-keys.http");
	assert_int_equal(login->end, FAKE_IDENTIFIED);
	assert_string_equal(login->issuer, ISSUER);
	assert_string_equal(login->subject, "10769150350006150715113082367");
	assert_string_equal(login->mail, "jane@example.org");
	fake_login_free(login);
	fake_method_free(method);
}

static void only_accounts_of_the_hosted_domains_pass(void **state UNUSED)
{
	static const struct {
		const char *section, *claims;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ SECTION, CLAIMS(ISSUER, ""), FAKE_IDENTIFIED, 0 },
		{ SECTION DOMAINS, CLAIMS(ISSUER, ",\"hd\":\"example.org\""), FAKE_IDENTIFIED, 0 },
		{ SECTION DOMAINS, CLAIMS(ISSUER, ",\"hd\":\"example.com\""), FAKE_IDENTIFIED, 0 },
		/* The address ends with the domain, but the account is a consumer's. */
		{ SECTION DOMAINS, CLAIMS(ISSUER, ""), FAKE_DENIED, DENY_FILTERED },
		{ SECTION DOMAINS, CLAIMS(ISSUER, ",\"hd\":\"example.net\""), FAKE_DENIED,
		  DENY_FILTERED },
		{ SECTION DOMAINS, CLAIMS(ISSUER, ",\"hd\":\"EXAMPLE.org\""), FAKE_DENIED,
		  DENY_FILTERED },
		{ SECTION DOMAINS, CLAIMS(ISSUER, ",\"hd\":[\"example.org\"]"), FAKE_DENIED,
		  DENY_FILTERED },
		{ SECTION DOMAINS, CLAIMS(ISSUER, ",\"hd\":\"\""), FAKE_DENIED, DENY_FILTERED },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(rows[i].section, rows[i].claims);
		struct login *login = start_to_end(method);

		if (login->end != rows[i].end || login->reason != rows[i].reason)
			fail_msg("row %zu: %s", i, login->detail);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_old_form_of_the_issuer_is_the_same_identity(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS("accounts.google.com", ""));
	struct login *login = start_to_end(method);

	assert_int_equal(login->end, FAKE_IDENTIFIED);
	assert_string_equal(login->issuer, ISSUER);
	fake_login_free(login);
	fake_method_free(method);

	method = method_new(SECTION, CLAIMS("accounts.google.com.example.net", ""));
	login = start_to_end(method);
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->reason, DENY_INVALID);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_used_up_quota_is_busy(void **state UNUSED)
{
	struct fake_method *method = method_new(SECTION, CLAIMS(ISSUER, ""));
	struct login *login = fake_start(method);

	fake_reply(login, "google-discovery.http");
	fake_reply(login, "google-busy.http");
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->reason, DENY_BUSY);
	fake_login_free(login);
	fake_method_free(method);
}

static void the_relay_asks_as_the_section_says(void **state UNUSED)
{
	static const struct {
		const char *section, *name, *value;
	} rows[] = {
		{ "", "hd", NULL },
		{ "", "prompt", NULL },
		{ "", "access_type", NULL },
		{ "", "scope", "openid email" },
		{ "hosted_domains = example.org\n", "hd", "example.org" },
		/* The parameter can name one only; the claim is compared with all of them. */
		{ DOMAINS, "hd", NULL },
		{ "prompt = select_account\n", "prompt", "select_account" },
		{ "prompt = consent\n", "prompt", "consent" },
		{ "max_age = 1h\n", "max_age", "3600" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format(SECTION "flow = relay\n%s",
							   rows[i].section);
		struct fake_method *method = method_new(section, CLAIMS(ISSUER, ""));
		struct login *login;

		relay_begin(method);
		login = fake_start(method);
		fake_reply(login, "google-discovery.http");
		assert_true(text_has_prefix(login->redirect, ISSUER "/o/oauth2/v2/auth?"));
		relay_expect(login, rows[i].name, rows[i].value);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_relay_lets_accounts_of_the_hosted_domains_pass(void **state UNUSED)
{
	static const struct {
		const char *issuer, *domain, *callback;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ ISSUER, "example.org", CALLBACK, FAKE_IDENTIFIED, 0 },
		{ ISSUER, "example.org", CALLBACK "&iss=https%3A%2F%2Faccounts.google.com",
		  FAKE_IDENTIFIED, 0 },
		/* The old form of the issuer is one of ID tokens only. */
		{ "accounts.google.com", "example.org", CALLBACK, FAKE_IDENTIFIED, 0 },
		{ ISSUER, "example.org", CALLBACK "&iss=accounts.google.com", FAKE_DENIED,
		  DENY_INVALID },
		/* The telephone may have left hd out of the request. */
		{ ISSUER, "example.net", CALLBACK "&hd=example.org", FAKE_DENIED, DENY_FILTERED },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(SECTION "flow = relay\n"
							"hosted_domains = example.org\n",
							CLAIMS(ISSUER, ""));
		_cleanup_free_ char *nonce = NULL, *claims = NULL, *token = NULL;
		struct login *login;

		relay_begin(method);
		login = fake_start(method);
		fake_reply(login, "google-discovery.http");
		nonce = relay_parameter(login, "nonce");
		claims = text_format(CLAIMS("%s", ",\"hd\":\"%s\",\"nonce\":\"%s\""),
				     rows[i].issuer, rows[i].domain, nonce);
		token = fake_issuer_token(claims, 1);
		fake_set(method, "ID_TOKEN", token);
		fake_callback(login, rows[i].callback);
		if (login->end == FAKE_RUNNING) {
			form_expect(login, "client_secret", "GOCSPX-1");
			fake_reply(login, "google-tokens.http");
			fake_reply(login, "oidc-keys.http");
		}
		if (login->end != rows[i].end || login->reason != rows[i].reason)
			fail_msg("row %zu: %s", i, login->detail);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_relay_is_silent_unless_google_is_told_to_ask(void **state UNUSED)
{
	const unsigned relay = PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE;
	struct fake_method *silent = method_new(SECTION "flow = relay\n", CLAIMS(ISSUER, ""));
	struct fake_method *asking = method_new(SECTION "flow = relay\nprompt = consent\n",
						CLAIMS(ISSUER, ""));
	/* Google does not know it. */
	_cleanup_free_ char *mistakes = fake_mistakes(&google_provider, SECTION "flow = relay\n"
						      "prompt = login\n");

	assert_int_equal(google_provider.features_of(silent->config), relay | PROVIDER_SILENT);
	assert_int_equal(google_provider.features_of(asking->config), relay);
	assert_non_null(strstr(mistakes, "prompt"));
	fake_method_free(silent);
	fake_method_free(asking);
}

static void a_secret_is_required(void **state UNUSED)
{
	_cleanup_free_ char *mistakes = fake_mistakes(&google_provider, SECTION);

	assert_non_null(strstr(mistakes, "client_secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_secret_goes_with_polls_only),
		cmocka_unit_test(only_accounts_of_the_hosted_domains_pass),
		cmocka_unit_test(the_old_form_of_the_issuer_is_the_same_identity),
		cmocka_unit_test(a_used_up_quota_is_busy),
		cmocka_unit_test(the_relay_asks_as_the_section_says),
		cmocka_unit_test(the_relay_lets_accounts_of_the_hosted_domains_pass),
		cmocka_unit_test(the_relay_is_silent_unless_google_is_told_to_ask),
		cmocka_unit_test(a_secret_is_required),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
