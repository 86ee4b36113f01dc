/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which section decides, and that a condition about something unknown does not hold. */
#include "jauthd/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "fake-providers.h"

static const char house[] =
	"[method device]\nissuer = https://id.example.org\n"
	"[method scan]\n"
	"[service sshd]\nmethods = scan\n"
	"[service sshd key]\nssh_key = accepted\nmethods = device\n"
	"[service sshd office]\nsource = 192.0.2.0/24, 2001:db8::/32, 198.51.100.7\n"
	"methods = password\n"
	"[service sshd people]\nusers = jane, nobody-yet\ngroups = staff\n"
	"methods = scan, password\n"
	"[service sudo]\norigin = local\nmethods = password\n"
	"[service su away]\norigin = remote\nmethods = none\n"
	"[service su]\nmethods = password + device\n"
	"[service login]\nssh_key = none\nusers = jane\n"
	"[service chfn a]\nusers = jane\nsource = 192.0.2.1\norigin = remote\n"
	"[service any]\nsource = 0.0.0.0/0\n"
	"[service any6]\nsource = ::/0\n"
	"[service half]\nsource = 192.0.2.128/25\n";

static char *groups_none[] = { NULL };
static char *groups_staff[] = { (char []){ "users" }, (char []){ "staff" }, NULL };

static const char outside[] = "outside";

static const struct policy_case {
	const char *service, *user, *source;
	char **groups;
	bool is_remote, ssh_key;
	const char *expected;    /* label, "" for the plain section, or `outside` */
} cases[] = {
	/* the first that holds, labelled ones first */
	{ "sshd", "joe", "203.0.113.1", groups_none, true, false, "" },
	{ "sshd", "joe", "203.0.113.1", groups_none, true, true, "key" },
	{ "sshd", "joe", "192.0.2.9", groups_none, true, false, "office" },
	{ "sshd", "joe", "192.0.2.9", groups_none, true, true, "key" },
	{ "sshd", "jane", "192.0.2.9", groups_staff, true, false, "office" },
	{ "sshd", "jane", "203.0.113.1", groups_none, true, false, "people" },
	{ "sshd", "joe", "203.0.113.1", groups_staff, true, false, "people" },
	/* a user who does not exist is compared by the name that was typed */
	{ "sshd", "nobody-yet", "203.0.113.1", NULL, true, false, "people" },
	{ "sshd", "nobody-else", "203.0.113.1", NULL, true, false, "" },
	{ "sshd", "Jane", "203.0.113.1", groups_none, true, false, "" },
	{ "sshd", "jane ", "203.0.113.1", groups_none, true, false, "" },
	{ "sshd", "jan", "203.0.113.1", groups_none, true, false, "" },
	/* addresses */
	{ "sshd", "joe", "::ffff:192.0.2.9", groups_none, true, false, "office" },
	{ "sshd", "joe", "2001:db8:1::1", groups_none, true, false, "office" },
	{ "sshd", "joe", "2001:DB8::1", groups_none, true, false, "office" },
	{ "sshd", "joe", "2001:db9::1", groups_none, true, false, "" },
	{ "sshd", "joe", "198.51.100.7", groups_none, true, false, "office" },
	{ "sshd", "joe", "198.51.100.8", groups_none, true, false, "" },
	{ "sshd", "joe", "192.0.3.0", groups_none, true, false, "" },
	{ "sshd", "joe", "", groups_none, true, false, "" },
	{ "sshd", "joe", "192.0.2.9.example.org", groups_none, true, false, "" },
	{ "sshd", "joe", "192.0.2.9 ", groups_none, true, false, "" },
	{ "sshd", "joe", "192.0.2", groups_none, true, false, "" },
	{ "sshd", "joe", "192.0.2.09", groups_none, true, false, "" },
	{ "sshd", "joe", "2001:db8::1%eth0", groups_none, true, false, "" },
	{ "any", "joe", "203.0.113.1", groups_none, true, false, "" },
	{ "any", "joe", "2001:db8::1", groups_none, true, false, outside },
	{ "any", "joe", "", groups_none, true, false, outside },
	{ "any6", "joe", "203.0.113.1", groups_none, true, false, "" },
	{ "any6", "joe", "host.example.org", groups_none, true, false, outside },
	{ "half", "joe", "192.0.2.127", groups_none, true, false, outside },
	{ "half", "joe", "192.0.2.128", groups_none, true, false, "" },
	/* origin */
	{ "sudo", "joe", "", groups_none, false, false, "" },
	{ "sudo", "joe", "", groups_none, true, false, outside },
	{ "su", "joe", "", groups_none, true, false, "away" },
	{ "su", "joe", "", groups_none, false, false, "" },
	/* all conditions of a section have to hold, and the key may be the wrong way round */
	{ "login", "jane", "", groups_none, false, false, "" },
	{ "login", "jane", "", groups_none, false, true, outside },
	{ "login", "joe", "", groups_none, false, false, outside },
	{ "chfn", "jane", "192.0.2.1", groups_none, true, false, "a" },
	{ "chfn", "jane", "192.0.2.1", groups_none, false, false, outside },
	{ "chfn", "jane", "192.0.2.2", groups_none, true, false, outside },
	{ "chfn", "joe", "192.0.2.1", groups_none, true, false, outside },
	/* services are compared whole */
	{ "ssh", "joe", "192.0.2.9", groups_none, true, false, outside },
	{ "sshd ", "joe", "192.0.2.9", groups_none, true, false, outside },
	{ "SSHD", "joe", "192.0.2.9", groups_none, true, false, outside },
	{ "sshd office", "joe", "192.0.2.9", groups_none, true, false, outside },
	{ "", "joe", "192.0.2.9", groups_none, true, false, outside },
};

static int load_house(void **state)
{
	struct conf_report report = { NULL };
	struct config *config = NULL;

	assert_int_equal(config_load_text(house, strlen(house), &config, &report), 0);
	*state = config;
	return 0;
}

static int unload_house(void **state)
{
	*state = config_unref(*state);
	return 0;
}

static struct policy_facts facts_of(const struct policy_case *row, struct unix_user *ret_user)
{
	*ret_user = (struct unix_user){ .exists = row->groups, .groups = row->groups };
	assert_true(text_into(ret_user->name, sizeof(ret_user->name), row->user));
	return (struct policy_facts){
		.service = row->service, .user = ret_user, .is_remote = row->is_remote,
		.source = row->source, .ssh_key_accepted = row->ssh_key,
	};
}

static void the_first_section_that_holds_decides(void **state)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(cases); i++) {
		const struct service_rule *rule = NULL;
		struct unix_user user;
		struct policy_facts facts = facts_of(&cases[i], &user);
		enum policy_scope scope = policy_find(*state, &facts, &rule);
		const char *found = scope == POLICY_OUTSIDE ? outside :
				    rule->label ? rule->label : "";

		if (strcmp(found, cases[i].expected) != 0)
			fail_msg("row %zu: %s by %s from \"%s\" is decided by \"%s\", not \"%s\"",
				 i, facts.service, user.name, facts.source, found,
				 cases[i].expected);
		assert_int_equal(scope == POLICY_OUTSIDE, rule == NULL);
	}
}

static void inside_without_alternatives_is_not_outside(void **state)
{
	static const struct policy_case row = { "su", "joe", "", groups_none, true, false, "away" };
	const struct service_rule *rule = NULL;
	struct unix_user user;
	struct policy_facts facts = facts_of(&row, &user);

	assert_int_equal(policy_find(*state, &facts, &rule), POLICY_INSIDE);
	assert_int_equal(rule->n_alternatives, 0);
}

static void only_methods_of_the_rule_are_allowed(void **state)
{
	static const struct policy_case row = { "su", "joe", "", groups_none, false, false, "" };
	const struct service_rule *rule = NULL;
	struct unix_user user;
	struct policy_facts facts = facts_of(&row, &user);

	assert_int_equal(policy_find(*state, &facts, &rule), POLICY_INSIDE);
	assert_true(policy_method_allowed(rule, "password"));
	assert_true(policy_method_allowed(rule, "device"));
	assert_false(policy_method_allowed(rule, "scan"));
	assert_false(policy_method_allowed(rule, "pass"));
	assert_false(policy_method_allowed(rule, ""));
}

static void an_explanation_has_a_line_per_section(void **state)
{
	static const struct {
		struct policy_case facts;
		const char *expected;
	} rows[] = {
		{ { "sshd", "joe", "192.0.2.9", groups_none, true, false, "" },
		  "[service sshd key] (text:6): does not hold: ssh_key is not as asked for\n"
		  "[service sshd office] (text:9): holds: password\n"
		  "[service sshd people] (text:12): not reached\n"
		  "[service sshd] (text:4): not reached\n" },
		{ { "su", "joe", "", groups_none, true, false, "" },
		  "[service su away] (text:19): holds: nobody (methods = none)\n"
		  "[service su] (text:22): not reached\n" },
		{ { "su", "joe", "", groups_none, false, false, "" },
		  "[service su away] (text:19): does not hold: origin is another\n"
		  "[service su] (text:22): holds: password + device\n" },
		{ { "sudo", "joe", "", groups_none, true, false, "" },
		  "[service sudo] (text:16): does not hold: origin is another\n"
		  "no section holds: outside of jauth, ignored\n" },
		{ { "polkit-1", "joe", "", groups_none, true, false, "" },
		  "no section for this service: outside of jauth, ignored\n" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_(buf_done) struct buf buf = BUF_INIT(4096);
		struct unix_user user;
		struct policy_facts facts = facts_of(&rows[i].facts, &user);

		policy_explain(*state, &facts, &buf);
		assert_string_equal(buf_text(&buf), rows[i].expected);
	}
}

static void a_key_counts_only_where_sshd_says_so(void **state UNUSED)
{
	static const struct {
		const char *info;
		bool accepted;
	} rows[] = {
		{ "publickey ssh-ed25519 AAAAC3Nz", true },
		{ "publickey ssh-ed25519 AAAAC3Nz\n", true },
		{ "password\npublickey ssh-ed25519 AAAAC3Nz\n", true },
		{ NULL, false }, { "", false }, { "\n", false },
		{ "publickey", false }, { "publickey ", false }, { "publickey \n", false },
		{ "publickey\nssh-ed25519 AAAAC3Nz\n", false },
		{ " publickey ssh-ed25519 AAAAC3Nz", false },
		{ "publickeys ssh-ed25519 AAAAC3Nz", false },
		{ "PUBLICKEY ssh-ed25519 AAAAC3Nz", false },
		{ "keyboard-interactive/pam publickey ssh-ed25519", false },
		{ "hostbased ssh-ed25519 AAAAC3Nz", false },
		{ "password", false },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++)
		if (policy_ssh_key_accepted(rows[i].info) != rows[i].accepted)
			fail_msg("row %zu: \"%s\"", i, rows[i].info ? rows[i].info : "(null)");
}

static void who_is_exempt_is_outside_everywhere(void **state UNUSED)
{
	static const char text[] = "[general]\nbreak_glass_group = staff\n"
				   "[service sshd]\nmethods = password\n"
				   "[service su]\nmethods = none\n";
	static const char *const services[] = { "sshd", "su", "nowhere" };
	struct conf_report report = { 0 };
	struct config *config = NULL;

	assert_int_equal(config_load_text(text, strlen(text), &config, &report), 0);
	for (size_t i = 0; i < N_ELEMENTS(services); i++) {
		struct unix_user user = { .name = "jane", .exists = true, .groups = groups_staff };
		const struct policy_facts facts = {
			.service = services[i], .user = &user, .is_remote = true, .source = "",
		};
		const struct service_rule *rule;
		struct buf why = BUF_INIT(4096);

		assert_int_equal(policy_find(config, &facts, &rule), POLICY_OUTSIDE);
		policy_explain(config, &facts, &why);
		assert_string_equal(buf_text(&why), "member of break_glass_group staff: outside of "
						    "jauth, ignored\n");
		buf_done(&why);
		user.groups = groups_none;
		assert_int_equal(policy_find(config, &facts, &rule) == POLICY_OUTSIDE,
				 text_equals(services[i], "nowhere"));
	}
	config_unref(config);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_section_that_holds_decides),
		cmocka_unit_test(inside_without_alternatives_is_not_outside),
		cmocka_unit_test(only_methods_of_the_rule_are_allowed),
		cmocka_unit_test(an_explanation_has_a_line_per_section),
		cmocka_unit_test(who_is_exempt_is_outside_everywhere),
		cmocka_unit_test(a_key_counts_only_where_sshd_says_so),
	};

	return cmocka_run_group_tests(tests, load_house, unload_house);
}
