/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An identity is the requested user by a link to name and uid, by a rule, or not at all. */
#include "jauthd/mapping.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "fake-providers.h"
#include "jauthd/accounts.h"

#define ID  "https://id.example.org"
#define ID2 "https://id.example.org/"
#define SUB "8f14e45f"

static const char house[] =
	"[method plain]\ntype = scan\n"
	"[method rule]\ntype = scan\nmap = {login}\n"
	"[method admin]\ntype = scan\nmap = {login}\nprivileged = yes\n"
	"[method mail]\ntype = scan\nmap = {mail_user}\nmail_domains = example.org, example.net\n"
	"registration = no\n"
	"[method tagged]\ntype = scan\nmap = u-{mail_user}\nmail_domains = example.org\n"
	"registration = no\n"
	"[method staff]\ntype = scan\nmap = {login}\ngroups_allowed = g-17, g-18\n"
	"registration = no\n"
	"[method named]\ntype = scan\nmap = {login}\nidentities_allowed = x, p-sub\n"
	"registration = no\n"
	"[method open]\ntype = scan\nmap = n-{login}\ncorners = open\n"
	"[method domain]\ntype = scan\nmail_domains = example.org\n"
	"[sms mail]\ntype = pigeon\n"
	"[method text]\npeople = /etc/people\nmap = l-{userid}\n";

static const struct {
	const char *issuer, *subject, *user;
	int64_t uid;
} links[] = {
	{ ID, SUB, "jane", 1001 },
	{ ID, SUB, "jane2", 1002 },              /* one identity, two users */
	{ ID, "root-key", "root", 0 },
	{ ID, "remade", "joe", 1003 },           /* joe is 1004 now */
	{ ISSUER_UNIX, "jane", "root", 0 },      /* a link nobody should have been able to make */
	{ "github.com", "583231", "jane", 1001 },
	{ ID, "locked", "jane", 1001 },
	{ ID, "guest", "pia", 70001 },
};

/* Whom jauth made: pia, of (ID, p-sub), and l-lin, of a list; and whom it locked: (ID, locked). */
static const char *const people[] = {
	"INSERT INTO people (uid, name, issuer, subject, mark, real_name, home, shell, source, "
	"structure, state, reason, created_s, changed_s) VALUES (70001, 'pia', "
	"'https://id.example.org', 'p-sub', '', 'Pia', '/home/pia', '/bin/sh', 'rule', '', 0, '', "
	"1, 1)",
	"INSERT INTO people (uid, name, issuer, subject, mark, real_name, home, shell, source, "
	"structure, state, reason, created_s, changed_s) VALUES (70002, 'l-lin', "
	"'list', 'lin', '', 'Lin', '/home/l-lin', '/bin/sh', 'text', '', 0, '', 1, 1)",
	"INSERT INTO locked_identities"
	" (issuer, subject, source, reason, locked_s) VALUES ("
	"'https://id.example.org', 'locked', 'acme', 'left', 1)",
};

struct house {
	struct config *config;
	struct db *db;
};

static int build_house(void **state)
{
	struct house *built = calloc(1, sizeof(*built));
	struct conf_report report = { NULL };
	size_t i;

	assert_non_null(built);
	assert_int_equal(config_load_text(house, strlen(house), &built->config, &report), 0);
	assert_int_equal(db_open(":memory:", &built->db), 0);
	for (i = 0; i < N_ELEMENTS(links); i++) {
		const struct link link = {
			.issuer = (char *)links[i].issuer, .subject = (char *)links[i].subject,
			.user = (char *)links[i].user, .uid = links[i].uid,
			.note = (char []){ "" }, .origin = (char []){ "admin" },
		};
		int64_t id;

		assert_int_equal(link_add(built->db, &link, &id), 0);
	}
	for (i = 0; i < N_ELEMENTS(people); i++)
		assert_int_equal(query_run(query_new(built->db, people[i])), 0);
	*state = built;
	return 0;
}

static int raze_house(void **state)
{
	struct house *built = *state;

	config_unref(built->config);
	db_close(built->db);
	free(built);
	return 0;
}

/* --- who is let in --- */

static char *in_users[] = { (char []){ "users" }, NULL };
static char *in_sudo[] = { (char []){ "users" }, (char []){ "sudo" }, NULL };
static char *in_docker[] = { (char []){ "docker" }, NULL };
static char *in_sudoers[] = { (char []){ "sudoers" }, NULL };

static const char *const g17[] = { "g-1", "g-17", NULL };
static const char *const g170[] = { "g-170", "G-17", "g-1", "", NULL };

struct person {
	const char *issuer, *subject, *mail, *login;
	const char *const *groups;
	bool is_outside;
};

struct target {
	const char *name;
	int64_t uid;             /* -1: there is no such user */
	char **groups;
};

#define JANE   { "jane", 1001, in_users }
#define NOBODY { "jane", -1, NULL }
#define PIA    { "pia", 70001, in_users }
#define LIN    { "l-lin", 70002, in_users }

static const struct mapping_case {
	const char *name, *method;
	struct person person;
	struct target target;
	enum mapping_result expected;
} cases[] = {
	/* links: the right ones */
	{ "linked", "plain", { ID, SUB }, JANE, MAPPING_LINK },
	{ "linked to a second user", "plain", { ID, SUB }, { "jane2", 1002 }, MAPPING_LINK },
	{ "linked to root on purpose", "plain", { ID, "root-key" }, { "root", 0 }, MAPPING_LINK },
	{ "link counts beside a rule", "rule", { ID, SUB, .login = "joe" }, JANE, MAPPING_LINK },
	{ "numeric subject", "plain", { "github.com", "583231" }, JANE, MAPPING_LINK },
	/* links: the wrong person */
	{ "other user's approval", "plain", { ID, "other" }, JANE, MAPPING_NO },
	{ "another user asked for", "plain", { ID, SUB }, { "joe", 1004 }, MAPPING_NO },
	{ "subject in another case", "plain", { ID, "8F14E45F" }, JANE, MAPPING_NO },
	{ "subject is a prefix", "plain", { ID, "8f14e45" }, JANE, MAPPING_NO },
	{ "subject is longer", "plain", { ID, "8f14e45f0" }, JANE, MAPPING_NO },
	{ "subject with a blank", "plain", { ID, "8f14e45f " }, JANE, MAPPING_NO },
	{ "subject with a percent sign", "plain", { ID, "8f14e45%" }, JANE, MAPPING_NO },
	{ "subject with an underscore", "plain", { ID, "8f14e45_" }, JANE, MAPPING_NO },
	{ "number with a leading zero", "plain", { "github.com", "0583231" }, JANE, MAPPING_NO },
	{ "number as a real", "plain", { "github.com", "583231.0" }, JANE, MAPPING_NO },
	{ "empty subject", "plain", { ID, "" }, JANE, MAPPING_NO },
	{ "no subject", "plain", { ID, NULL }, JANE, MAPPING_NO },
	{ "no issuer", "plain", { NULL, SUB }, JANE, MAPPING_NO },
	{ "empty issuer", "plain", { "", SUB }, JANE, MAPPING_NO },
	{ "issuer with a slash more", "plain", { ID2, SUB }, JANE, MAPPING_NO },
	{ "issuer in another case", "plain", { "https://ID.example.org", SUB }, JANE, MAPPING_NO },
	{ "issuer over http", "plain", { "http://id.example.org", SUB }, JANE, MAPPING_NO },
	{ "subject of another issuer", "plain", { "github.com", SUB }, JANE, MAPPING_NO },
	{ "mail equal, subject not", "domain", { ID, "other", "jane@example.org" }, JANE,
	  MAPPING_NO },
	{ "name equal, subject not", "plain", { ID, "jane", .login = "jane" }, JANE, MAPPING_NO },
	{ "user made again", "plain", { ID, "remade" }, { "joe", 1004 }, MAPPING_NO },
	{ "another user with the old uid", "plain", { ID, "remade" }, { "jim", 1003 }, MAPPING_NO },
	{ "uid 0 under her name", "plain", { ID, SUB }, { "jane", 0 }, MAPPING_NO },
	{ "user name in another case", "plain", { ID, SUB }, { "Jane", 1001 }, MAPPING_NO },
	{ "linked, and the user is gone", "plain", { ID, SUB }, NOBODY, MAPPING_NO },
	/* rules */
	{ "rule", "rule", { ID, "x", .login = "jane" }, JANE, MAPPING_RULE },
	{ "rule yields somebody else", "rule", { ID, "x", .login = "joe" }, JANE, MAPPING_NO },
	{ "rule yields a prefix", "rule", { ID, "x", .login = "jan" }, JANE, MAPPING_NO },
	{ "rule yields a longer name", "rule", { ID, "x", .login = "janet" }, JANE, MAPPING_NO },
	{ "rule yields upper case", "rule", { ID, "x", .login = "Jane" }, JANE, MAPPING_NO },
	{ "upper case, user too", "rule", { ID, "x", .login = "Jane" }, { "Jane", 1001 },
	  MAPPING_NO },
	{ "attribute is empty", "rule", { ID, "x", .login = "" }, JANE, MAPPING_NO },
	{ "attribute is missing", "rule", { ID, "x" }, JANE, MAPPING_NO },
	{ "attribute is missing, no name", "rule", { ID, "x" }, { "", 1001 }, MAPPING_NO },
	{ "rule yields a mail address", "rule", { ID, "x", .login = "jane@example.org" }, JANE,
	  MAPPING_NO },
	{ "rule yields a line more", "rule", { ID, "x", .login = "jane\n" }, JANE, MAPPING_NO },
	{ "rule yields NUL in words", "rule", { ID, "x", .login = "jane\\0" }, JANE, MAPPING_NO },
	{ "rule yields root", "rule", { ID, "x", .login = "root" }, { "root", 0 },
	  MAPPING_PRIVILEGED },
	{ "rule yields a system user", "rule", { ID, "x", .login = "www-data" }, { "www-data", 33 },
	  MAPPING_PRIVILEGED },
	{ "rule yields uid 999", "rule", { ID, "x", .login = "svc" }, { "svc", 999 },
	  MAPPING_PRIVILEGED },
	{ "rule yields uid 1000", "rule", { ID, "x", .login = "jim" }, { "jim", 1000 },
	  MAPPING_RULE },
	{ "rule yields a member of sudo", "rule", { ID, "x", .login = "jane" },
	  { "jane", 1001, in_sudo }, MAPPING_PRIVILEGED },
	{ "rule yields a member of docker", "rule", { ID, "x", .login = "jane" },
	  { "jane", 1001, in_docker }, MAPPING_PRIVILEGED },
	{ "a group that begins like sudo", "rule", { ID, "x", .login = "jane" },
	  { "jane", 1001, in_sudoers }, MAPPING_RULE },
	{ "member of sudo, linked", "rule", { ID, SUB }, { "jane", 1001, in_sudo }, MAPPING_LINK },
	{ "root on purpose", "admin", { ID, "x", .login = "root" }, { "root", 0 }, MAPPING_RULE },
	{ "sudo on purpose", "admin", { ID, "x", .login = "jane" }, { "jane", 1001, in_sudo },
	  MAPPING_RULE },
	{ "rule, and there is no such user", "rule", { ID, "x", .login = "jane" }, NOBODY,
	  MAPPING_NO },
	{ "no rule, name equal", "plain", { ID, "x", .login = "jane" }, JANE, MAPPING_NO },
	/* mail */
	{ "mail", "mail", { ID, "x", "jane@example.org" }, JANE, MAPPING_RULE },
	{ "mail of the second domain", "mail", { ID, "x", "jane@example.net" }, JANE,
	  MAPPING_RULE },
	{ "domain in upper case", "mail", { ID, "x", "jane@EXAMPLE.org" }, JANE, MAPPING_RULE },
	{ "mail of another domain", "mail", { ID, "x", "jane@example.com" }, JANE,
	  MAPPING_FILTERED },
	{ "mail of a sub-domain", "mail", { ID, "x", "jane@a.example.org" }, JANE,
	  MAPPING_FILTERED },
	{ "domain is a suffix", "mail", { ID, "x", "jane@badexample.org" }, JANE,
	  MAPPING_FILTERED },
	{ "domain goes on", "mail", { ID, "x", "jane@example.org.example.com" }, JANE,
	  MAPPING_FILTERED },
	{ "two at signs", "mail", { ID, "x", "jane@example.com@example.org" }, JANE, MAPPING_NO },
	{ "no verified mail", "mail", { ID, "x", .login = "jane" }, JANE, MAPPING_FILTERED },
	{ "empty mail", "mail", { ID, "x", "" }, JANE, MAPPING_FILTERED },
	{ "mail without user", "mail", { ID, "x", "@example.org" }, JANE, MAPPING_NO },
	{ "mail in a longer name", "tagged", { ID, "x", "jane@example.org" }, { "u-jane", 1001 },
	  MAPPING_RULE },
	{ "nothing in a longer name", "tagged", { ID, "x", "@example.org" }, { "u-", 1001 },
	  MAPPING_NO },
	{ "mail with a tag", "mail", { ID, "x", "jane+x@example.org" }, JANE, MAPPING_NO },
	{ "mail with a dot", "mail", { ID, "x", "ja.ne@example.org" }, JANE, MAPPING_NO },
	/* filters stand before links too */
	{ "in the group", "staff", { ID, "x", NULL, "jane", g17 }, JANE, MAPPING_RULE },
	{ "in groups that look like it", "staff", { ID, "x", NULL, "jane", g170 }, JANE,
	  MAPPING_FILTERED },
	{ "in no group", "staff", { ID, "x", NULL, "jane" }, JANE, MAPPING_FILTERED },
	{ "linked, in the group", "staff", { ID, SUB, .groups = g17 }, JANE, MAPPING_LINK },
	{ "linked, in no group", "staff", { ID, SUB }, JANE, MAPPING_FILTERED },
	{ "linked, of another domain", "domain", { ID, SUB, "jane@example.com" }, JANE,
	  MAPPING_FILTERED },
	{ "named", "named", { ID, "x", .login = "jane" }, JANE, MAPPING_RULE },
	{ "not named", "named", { ID, "y", .login = "jane" }, JANE, MAPPING_FILTERED },
	{ "named in another case", "named", { ID, "X", .login = "jane" }, JANE, MAPPING_FILTERED },
	{ "linked, not named", "named", { ID, SUB }, JANE, MAPPING_FILTERED },
	{ "the type leaves him out", "rule", { ID, "x", .login = "jane", .is_outside = true }, JANE,
	  MAPPING_FILTERED },
	{ "linked, the type leaves him out", "plain", { ID, SUB, .is_outside = true }, JANE,
	  MAPPING_FILTERED },
	{ "in the group, the type leaves him out", "staff",
	  { ID, "x", NULL, "jane", g17, .is_outside = true }, JANE, MAPPING_FILTERED },
	/* whom jauth made */
	{ "the type leaves his own identity out", "rule",
	  { ID, "p-sub", .login = "pia", .is_outside = true }, PIA, MAPPING_FILTERED },
	{ "his own identity", "rule", { ID, "p-sub", .login = "pia" }, PIA, MAPPING_PERSON },
	{ "he has another name today", "rule", { ID, "p-sub", .login = "mia" }, PIA,
	  MAPPING_PERSON },
	{ "nothing is said of him", "rule", { ID, "p-sub" }, PIA, MAPPING_PERSON },
	{ "his name was given away", "rule", { ID, "q-sub", .login = "pia" }, PIA, MAPPING_OTHER },
	{ "his subject at another issuer", "rule", { ID2, "p-sub", .login = "pia" }, PIA,
	  MAPPING_OTHER },
	{ "his subject in another case", "rule", { ID, "P-sub", .login = "pia" }, PIA,
	  MAPPING_OTHER },
	{ "a method without a rule", "plain", { ID, "p-sub", .login = "pia" }, PIA, MAPPING_NO },
	{ "outside the filters", "staff", { ID, "p-sub", .login = "pia" }, PIA, MAPPING_FILTERED },
	{ "inside them", "named", { ID, "p-sub", .login = "pia" }, PIA, MAPPING_PERSON },
	{ "he is in sudo", "rule", { ID, "p-sub" }, { "pia", 70001, in_sudo },
	  MAPPING_PRIVILEGED },
	{ "he is in sudo on purpose", "admin", { ID, "p-sub" }, { "pia", 70001, in_sudo },
	  MAPPING_PERSON },
	{ "a host's user has his name", "rule", { ID, "p-sub", .login = "pia" }, { "pia", 1009 },
	  MAPPING_OTHER },
	{ "a host's user has his uid", "rule", { ID, "p-sub", .login = "pia" }, { "jo", 70001 },
	  MAPPING_NO },
	{ "his attributes spell another user", "rule", { ID, "p-sub", .login = "jane" }, JANE,
	  MAPPING_OTHER },
	{ "linked to him", "rule", { ID, "guest", .login = "x" }, PIA, MAPPING_LINK },
	/* who is locked */
	{ "locked, by link", "plain", { ID, "locked" }, JANE, MAPPING_LOCKED },
	{ "locked, by rule", "rule", { ID, "locked", .login = "jane" }, JANE, MAPPING_LOCKED },
	{ "locked, and filtered", "staff", { ID, "locked" }, JANE, MAPPING_LOCKED },
	{ "locked at another issuer", "rule", { ID2, "locked", .login = "jane" }, JANE,
	  MAPPING_RULE },
	/* the user himself */
	{ "password", "password", { ISSUER_UNIX, "jane" }, JANE, MAPPING_SELF },
	{ "password of somebody else", "password", { ISSUER_UNIX, "joe" }, JANE, MAPPING_NO },
	{ "password, a prefix", "password", { ISSUER_UNIX, "jan" }, JANE, MAPPING_NO },
	{ "password, another case", "password", { ISSUER_UNIX, "Jane" }, JANE, MAPPING_NO },
	{ "password of a user who is not", "password", { ISSUER_UNIX, "jane" }, NOBODY,
	  MAPPING_NO },
	{ "root by password", "password", { ISSUER_UNIX, "root" }, { "root", 0 }, MAPPING_SELF },
	{ "password never links", "password", { ISSUER_UNIX, "jane" }, { "root", 0 }, MAPPING_NO },
	{ "scan may not say unix", "plain", { ISSUER_UNIX, "jane" }, JANE, MAPPING_NO },
	{ "nor by rule", "rule", { ISSUER_UNIX, "jane", .login = "jane" }, JANE, MAPPING_NO },
	{ "nor by link", "plain", { ISSUER_UNIX, "jane" }, { "root", 0 }, MAPPING_NO },
	/* by a code sent to a number, which a list may have */
	{ "he stands in the list", "text", { ISSUER_UNIX, "l-lin" }, LIN, MAPPING_SELF },
	{ "in the list, and in docker", "text", { ISSUER_UNIX, "l-lin" },
	  { "l-lin", 70002, in_docker }, MAPPING_PRIVILEGED },
	{ "in docker by his password", "password", { ISSUER_UNIX, "l-lin" },
	  { "l-lin", 70002, in_docker }, MAPPING_SELF },
	{ "in docker, of another method", "text", { ISSUER_UNIX, "pia" },
	  { "pia", 70001, in_docker }, MAPPING_SELF },
	{ "in docker, and the host's own", "text", { ISSUER_UNIX, "jane" },
	  { "jane", 1001, in_docker }, MAPPING_SELF },
	{ "nobody says that he is of the list", "text", { "list", "lin" }, JANE, MAPPING_NO },
	{ "issuer like unix", "password", { "unix ", "jane" }, JANE, MAPPING_NO },
	{ "issuer Unix", "password", { "Unix", "jane" }, JANE, MAPPING_NO },
};

static struct identity identity_of(const struct person *person)
{
	struct identity identity = {
		.issuer = person->issuer, .subject = person->subject, .mail = person->mail,
		.groups = person->groups, .is_outside = person->is_outside,
	};

	if (person->login)
		identity.attributes[identity.n_attributes++] =
			(struct identity_attribute){ "login", person->login };
	/* Not what the rule may use: it takes the mail address apart itself. */
	identity.attributes[identity.n_attributes++] =
		(struct identity_attribute){ "mail_user", "jane" };
	return identity;
}

static struct unix_user user_of(const struct target *target)
{
	struct unix_user user = {
		.exists = target->uid >= 0, .uid = (uid_t)target->uid, .groups = target->groups,
	};

	assert_true(text_into(user.name, sizeof(user.name), target->name));
	return user;
}

static void nobody_is_somebody_else(void **state)
{
	const struct house *built = *state;
	size_t i;

	for (i = 0; i < N_ELEMENTS(cases); i++) {
		const struct mapping_case *row = &cases[i];
		struct identity identity = identity_of(&row->person);
		struct unix_user user = user_of(&row->target);
		enum mapping_result result;

		assert_int_equal(mapping_check(built->db, built->config,
					       config_method(built->config, row->method),
					       &identity, &user, &result), 0);
		if (result != row->expected)
			fail_msg("%s: \"%s\", not \"%s\"", row->name, mapping_result_text(result),
				 mapping_result_text(row->expected));
	}
}

static const struct {
	const char *name, *method;
	struct person person;
	const char *asked;
	enum mapping_result expected;
} newcomers[] = {
	{ "new", "open", { ID, "x", .login = "jo" }, "n-jo", MAPPING_RULE },
	{ "another name asked for", "open", { ID, "x", .login = "jo" }, "n-joe", MAPPING_NO },
	{ "the template's letters alone", "open", { ID, "x", .login = "" }, "n-", MAPPING_NO },
	{ "no attribute", "open", { ID, "x" }, "n-jo", MAPPING_NO },
	{ "a method that makes none", "rule", { ID, "x", .login = "jo" }, "jo", MAPPING_NO },
	{ "filtered", "named", { ID, "y", .login = "jo" }, "jo", MAPPING_FILTERED },
	{ "left out by the type", "open", { ID, "x", .login = "jo", .is_outside = true }, "n-jo",
	  MAPPING_FILTERED },
	{ "locked", "open", { ID, "locked", .login = "jo" }, "n-jo", MAPPING_LOCKED },
	{ "has a user already", "open", { ID, "p-sub", .login = "jo" }, "n-jo", MAPPING_OTHER },
	{ "a line more", "open", { ID, "x", .login = "jo\n" }, "n-jo\n", MAPPING_NO },
	{ "too long", "open", { ID, "x", .login = "abcdefghijabcdefghijabcdefghij" },
	  "n-abcdefghijabcdefghijabcdefghij", MAPPING_NO },
};

static void a_newcomer_is_whom_the_rule_makes(void **state)
{
	const struct house *built = *state;

	for (size_t i = 0; i < N_ELEMENTS(newcomers); i++) {
		struct identity identity = identity_of(&newcomers[i].person);
		enum mapping_result result;

		assert_int_equal(mapping_check_new(built->db, config_method(built->config,
									     newcomers[i].method),
						   &identity, newcomers[i].asked, &result), 0);
		if (result != newcomers[i].expected)
			fail_msg("%s: \"%s\"", newcomers[i].name, mapping_result_text(result));
	}
}

static void only_four_results_are_yes(void **state UNUSED)
{
	assert_true(mapping_is_yes(MAPPING_PERSON));
	assert_false(mapping_is_yes(MAPPING_LOCKED));
	assert_false(mapping_is_yes(MAPPING_OTHER));
	assert_true(mapping_is_yes(MAPPING_LINK));
	assert_true(mapping_is_yes(MAPPING_RULE));
	assert_true(mapping_is_yes(MAPPING_SELF));
	assert_false(mapping_is_yes(MAPPING_NO));
	assert_false(mapping_is_yes(MAPPING_PRIVILEGED));
	assert_false(mapping_is_yes(MAPPING_FILTERED));
}

/* --- templates --- */

static const struct {
	const char *template, *login;
	int expected;
	const char *name;
} templates[] = {
	{ "{login}", "jane", 0, "jane" },
	{ "u-{login}", "7", 0, "u-7" },
	{ "{login}-x", "jane", 0, "jane-x" },
	{ "{login}{login}", "ab", 0, "abab" },
	{ "_{login}", "a", 0, "_a" },
	{ "{login}", "abcdefghijklmnopqrstuvwxyz01234", 0, "abcdefghijklmnopqrstuvwxyz01234" },
	{ "{login}", "abcdefghijklmnopqrstuvwxyz012345", -EINVAL },
	{ "{login}", "abcdefghijklmnopqrstuvwxyz0123456", -EINVAL },
	{ "a{login}", "abcdefghijklmnopqrstuvwxyz01234", -EINVAL },
	{ "{login}", "7jane", -EINVAL }, { "{login}", "-jane", -EINVAL },
	{ "{login}", "Jane", -EINVAL }, { "{login}", "jAne", -EINVAL },
	{ "{login}", "ja ne", -EINVAL }, { "{login}", "jane ", -EINVAL },
	{ "{login}", "ja.ne", -EINVAL }, { "{login}", "jane$", -EINVAL },
	{ "{login}", "../jane", -EINVAL }, { "{login}", "{login}", -EINVAL },
	{ "{login}", "j\xc3\xa4ne", -EINVAL }, { "{login}", "jane\r", -EINVAL },
	{ "{login}", "", -ENOENT }, { "u-{login}", "", -ENOENT }, { "u-{login}", NULL, -ENOENT },
	{ "{logi}", "jane", -ENOENT }, { "{login2}", "jane", -ENOENT },
	{ "{LOGIN}", "jane", -ENOENT }, { "{mail_user}", "jane", -ENOENT },
	{ "{login", "jane", -EINVAL }, { "login}", "jane", -EINVAL }, { "{}", "jane", -EINVAL },
	{ "", "jane", -EINVAL },
};

static void a_template_yields_a_whole_name_or_none(void **state UNUSED)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(templates); i++) {
		struct person person = { ID, SUB, .login = templates[i].login };
		struct identity identity = identity_of(&person);
		char name[64] = "untouched";
		int r = mapping_expand(templates[i].template, &identity, name, sizeof(name));

		if (r != templates[i].expected)
			fail_msg("\"%s\" with \"%s\" gives %d", templates[i].template,
				 templates[i].login ? templates[i].login : "(none)", r);
		assert_string_equal(name, r < 0 ? "untouched" : templates[i].name);
	}
}

/* --- the second look --- */

static const struct {
	const char *name;
	struct mapping_past past;
	struct target target;
	bool holds;
} pasts[] = {
	{ "link is there", { "plain", ID, SUB, MAPPING_LINK }, JANE, true },
	{ "link is gone", { "plain", ID, "gone", MAPPING_LINK }, JANE, false },
	{ "link is gone, a rule is there", { "rule", ID, "gone", MAPPING_LINK }, JANE, false },
	{ "link to the former user", { "plain", ID, "remade", MAPPING_LINK }, { "joe", 1004 },
	  false },
	{ "user is gone", { "plain", ID, SUB, MAPPING_LINK }, NOBODY, false },
	{ "method is gone", { "gone", ID, SUB, MAPPING_LINK }, JANE, false },
	{ "rule is there", { "rule", ID, "x", MAPPING_RULE }, JANE, true },
	{ "rule is gone", { "plain", ID, SUB, MAPPING_RULE }, JANE, false },
	{ "in sudo by now", { "rule", ID, "x", MAPPING_RULE }, { "jane", 1001, in_sudo }, false },
	{ "in sudo on purpose", { "admin", ID, "x", MAPPING_RULE }, { "jane", 1001, in_sudo },
	  true },
	{ "his own user", { "rule", ID, "p-sub", MAPPING_PERSON }, PIA, true },
	{ "his own user, no rule", { "plain", ID, "p-sub", MAPPING_PERSON }, PIA, false },
	{ "his own user, another's", { "rule", ID, "q-sub", MAPPING_PERSON }, PIA, false },
	{ "his own user, another issuer", { "rule", ID2, "p-sub", MAPPING_PERSON }, PIA, false },
	{ "his own user, not made by us", { "rule", ID, "p-sub", MAPPING_PERSON }, JANE, false },
	{ "his own user, in sudo by now", { "rule", ID, "p-sub", MAPPING_PERSON },
	  { "pia", 70001, in_sudo }, false },
	{ "link, locked by now", { "plain", ID, "locked", MAPPING_LINK }, JANE, false },
	{ "rule, locked by now", { "rule", ID, "locked", MAPPING_RULE }, JANE, false },
	{ "himself", { "password", ISSUER_UNIX, "jane", MAPPING_SELF }, JANE, true },
	{ "himself, another", { "password", ISSUER_UNIX, "joe", MAPPING_SELF }, JANE, false },
	{ "himself by scan", { "plain", ISSUER_UNIX, "jane", MAPPING_SELF }, JANE, false },
	{ "of the list", { "text", ISSUER_UNIX, "l-lin", MAPPING_SELF }, LIN, true },
	{ "of the list, in docker by now", { "text", ISSUER_UNIX, "l-lin", MAPPING_SELF },
	  { "l-lin", 70002, in_docker }, false },
	{ "himself by another issuer", { "password", ID, "jane", MAPPING_SELF }, JANE, false },
	{ "was never let in", { "plain", ID, SUB, MAPPING_NO }, JANE, false },
	{ "was filtered", { "plain", ID, SUB, MAPPING_FILTERED }, JANE, false },
	{ "was privileged", { "rule", ID, SUB, MAPPING_PRIVILEGED }, JANE, false },
};

static void the_second_look_sees_what_was_removed(void **state)
{
	const struct house *built = *state;
	size_t i;

	for (i = 0; i < N_ELEMENTS(pasts); i++) {
		struct unix_user user = user_of(&pasts[i].target);
		bool holds;

		assert_int_equal(mapping_still_holds(built->db, built->config, &pasts[i].past,
						     &user, &holds), 0);
		if (holds != pasts[i].holds)
			fail_msg("%s: %s", pasts[i].name, holds ? "holds" : "does not hold");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_somebody_else),
		cmocka_unit_test(a_newcomer_is_whom_the_rule_makes),
		cmocka_unit_test(only_four_results_are_yes),
		cmocka_unit_test(a_template_yields_a_whole_name_or_none),
		cmocka_unit_test(the_second_look_sees_what_was_removed),
	};

	return cmocka_run_group_tests(tests, build_house, raze_house);
}
