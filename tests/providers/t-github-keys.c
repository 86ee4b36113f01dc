/* SPDX-License-Identifier: GPL-3.0-or-later */
/* github-keys.c: the keys of an account by its number, and of nobody who has its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "providers/table.h"
#include "tests/providers/fake-core.h"

#define SECTION "client_id = Iv1.8a61f9b3a7aba766\nssh_keys = yes\n"
#define API     "https://api.github.com"
#define USER    "{\"id\":583231,\"login\":\"jane\",\"type\":\"User\"}"
#define KEYS    "[{\"id\":1,\"key\":\"ssh-ed25519 AAAA\"},{\"id\":2,\"key\":\"ssh-rsa BBBB\"}]"

static void keys_of_the_number(void **state UNUSED)
{
	struct fake_method *method = fake_method_new(&github_provider, SECTION);
	struct login *login = fake_ssh_keys(method, "583231");

	assert_true(fake_asks(login, API "/user/583231"));
	assert_true(fake_has_header(login, "User-Agent: jauth"));
	assert_true(fake_has_header(login, "X-GitHub-Api-Version: 2022-11-28"));
	fake_reply_json(login, 200, USER);
	assert_true(fake_asks(login, API "/users/jane/keys?per_page=100"));
	fake_reply_json(login, 200, KEYS);
	assert_true(fake_asks(login, API "/user/583231"));
	assert_null(login->ssh_keys);
	fake_reply_json(login, 200, USER);
	assert_int_equal(login->end, FAKE_DONE);
	assert_string_equal(login->ssh_keys, "ssh-ed25519 AAAA\nssh-rsa BBBB\n");
	fake_login_free(login);
	fake_method_free(method);
}

static void an_app_with_a_secret_says_who_it_is(void **state UNUSED)
{
	struct fake_method *method = fake_method_with_secret(&github_provider, SECTION,
							     "client_secret", "s3cret");
	struct login *login = fake_ssh_keys(method, "583231");

	assert_true(fake_has_header(login, "Authorization: Basic "
				    "SXYxLjhhNjFmOWIzYTdhYmE3NjY6czNjcmV0"));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_name_in_a_path_stays_one(void **state UNUSED)
{
	struct fake_method *method = fake_method_new(&github_provider, SECTION);
	struct login *login = fake_ssh_keys(method, "583231");

	fake_reply_json(login, 200, "{\"id\":583231,\"login\":\"../orgs?x\",\"type\":\"User\"}");
	assert_true(fake_asks(login, API "/users/..%2Forgs%3Fx/keys?per_page=100"));
	fake_login_free(login);
	fake_method_free(method);
}

/* How each ends; a reply of status 0 is none at all. */
static const struct {
	const char *what, *subject;
	struct {
		uint32_t status;
		const char *body;
	} replies[3];
	enum fake_end end;
	int reason;
} ends[] = {
	{ "a subject that is no number", "jane", { { 0, NULL } }, FAKE_DONE, 0 },
	{ "no number either", "0", { { 0, NULL } }, FAKE_DONE, 0 },
	{ "a path", "1/../2", { { 0, NULL } }, FAKE_DONE, 0 },
	{ "an account that is gone", "583231", { { 404, "{\"message\":\"Not Found\"}" } },
	  FAKE_DONE, 0 },
	{ "no keys", "583231", { { 200, USER }, { 200, "[]" }, { 200, USER } }, FAKE_DONE, 0 },
	{ "gone in the meantime", "583231", { { 200, USER }, { 200, KEYS }, { 404, "{}" } },
	  FAKE_DONE, 0 },
	{ "renamed in the meantime", "583231",
	  { { 200, USER }, { 200, KEYS },
	    { 200, "{\"id\":583231,\"login\":\"joan\",\"type\":\"User\"}" } },
	  FAKE_FAILED, FAIL_PROVIDER },
	{ "another account", "583231",
	  { { 200, "{\"id\":583232,\"login\":\"jane\",\"type\":\"User\"}" } },
	  FAKE_FAILED, FAIL_PROVIDER },
	{ "another account later", "583231",
	  { { 200, USER }, { 200, KEYS },
	    { 200, "{\"id\":583232,\"login\":\"jane\",\"type\":\"User\"}" } },
	  FAKE_FAILED, FAIL_PROVIDER },
	{ "keys that are none", "583231", { { 200, USER }, { 200, "[{\"key\":7}]" } },
	  FAKE_FAILED, FAIL_PROVIDER },
	{ "an object for the keys", "583231", { { 200, USER }, { 200, "{}" } }, FAKE_FAILED,
	  FAIL_PROVIDER },
	{ "no such name", "583231", { { 200, USER }, { 404, "{}" } }, FAKE_FAILED, FAIL_PROVIDER },
	{ "too many requests", "583231", { { 429, "{}" } }, FAKE_FAILED, FAIL_PROVIDER },
	{ "a fault", "583231", { { 500, "oops" } }, FAKE_FAILED, FAIL_PROVIDER },
};

static void nothing_is_told_unless_all_of_it_holds(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		struct fake_method *method = fake_method_new(&github_provider, SECTION);
		struct login *login = fake_ssh_keys(method, ends[i].subject);

		for (size_t k = 0; k < 3 && ends[i].replies[k].status; k++)
			fake_reply_json(login, ends[i].replies[k].status,
					ends[i].replies[k].body);
		if (login->end != ends[i].end || login->reason != ends[i].reason ||
		    login->ssh_keys)
			fail_msg("%s: %d/%d, %s", ends[i].what, login->end, login->reason,
				 login->ssh_keys ? login->ssh_keys : "no keys");
		assert_true(login->finished);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void no_answer_is_a_fault_of_the_network(void **state UNUSED)
{
	struct fake_method *method = fake_method_new(&github_provider, SECTION);
	struct login *login = fake_ssh_keys(method, "583231");

	fake_reply_json(login, 200, USER);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	assert_int_equal(login->end, FAKE_FAILED);
	assert_int_equal(login->reason, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

static void only_when_it_is_wanted(void **state UNUSED)
{
	struct fake_method *with = fake_method_new(&github_provider, SECTION);
	struct fake_method *without = fake_method_new(&github_provider, "client_id = Iv1.8a\n");
	struct buf issuer = BUF_INIT(255);

	assert_true(github_provider.features_of(with->config) & PROVIDER_SSH_KEYS);
	assert_false(github_provider.features_of(without->config) & PROVIDER_SSH_KEYS);
	github_provider.name_issuer(with->config, &issuer);
	assert_string_equal(buf_text(&issuer), "https://github.com");
	buf_done(&issuer);
	fake_method_free(with);
	fake_method_free(without);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_the_number),
		cmocka_unit_test(an_app_with_a_secret_says_who_it_is),
		cmocka_unit_test(a_name_in_a_path_stays_one),
		cmocka_unit_test(nothing_is_told_unless_all_of_it_holds),
		cmocka_unit_test(no_answer_is_a_fault_of_the_network),
		cmocka_unit_test(only_when_it_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
