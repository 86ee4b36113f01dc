/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type oidc against scripted providers: what a person meets, and what never lets anybody in. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/fake-core.h"
#include "tests/providers/fake-issuer.h"

#define SECTION "issuer = https://op.example.com\nclient_id = jauth\n"
#define CLAIMS(more) \
	"{\"iss\":\"https://op.example.com\",\"sub\":\"jane-1\",\"aud\":\"jauth\"," \
	"\"iat\":1767323045,\"exp\":1767323645" more "}"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_scans_approves_and_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
