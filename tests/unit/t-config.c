/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration is taken when all of it is right, and else every mistake is named with its
 * line. */
#include "jauthd/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/text.h"
#include "fake-providers.h"
#include "jauthd/check.h"

#define MISTAKES_SHOWN 9

static const char relay_key[] = "jr1.0123456789abcdef.secret-of-this-host";

static int load(const char *text, struct config **ret_config, struct conf_report *report)
{
	return config_load_text(text, strlen(text), ret_config, report);
}

static struct config *load_right(const char *text)
{
	struct conf_report report = { NULL };
	struct config *config = NULL;

	if (load(text, &config, &report) < 0)
		fail_msg("%s\nis refused: %s", text, report.mistakes[0].text);
	assert_int_equal(report.n_mistakes, 0);
	return config;
}

/* --- mistakes --- */

#define DEVICE   "[method device]\nissuer = https://id.example.org\n"      /* two lines */
#define SCAN     "[method scan]\n"                                         /* one line */
#define OPEN     "[method scan]\nmap = {login}\ncorners = open\n"          /* three lines */
#define OPEN_KEYS "type = scan\ncorners = open\n"
#define OTHER    "[method other]\ntype = device\nissuer = https://id.example.net\n" \
		 "identities_allowed = 7\n"
#define PIGEON   "[sms mail]\ntype = pigeon\n"                             /* two lines */
#define TEXT     "[method text]\n"                                         /* one line */
#define RELAY    "[relay]\nurl = https://sso.example.org\nkey_credential = relay\n"  /* three */
#define TEN_SCANS \
	"[method s1]\ntype=scan\n[method s2]\ntype=scan\n[method s3]\ntype=scan\n" \
	"[method s4]\ntype=scan\n[method s5]\ntype=scan\n[method s6]\ntype=scan\n" \
	"[method s7]\ntype=scan\n[method s8]\ntype=scan\n[method s9]\ntype=scan\n" \
	"[method s10]\ntype=scan\n"                                        /* twenty lines */

struct expected {
	unsigned line;
	const char *part;
};

static const struct mistake_case {
	const char *text;
	struct expected mistakes[MISTAKES_SHOWN];
} mistake_cases[] = {
	/* sections and keys */
	{ "[genral]\n", { { 1, "unknown section [genral]; did you mean \"general\"?" } } },
	{ "[general x]\n", { { 1, "unknown section [general x]" } } },
	{ "[xyzzy]\n", { { 1, "sections are [general]" } } },
	{ "[limits]\nlogin_trys = 3\n", { { 2, "did you mean \"login_tries\"?" } } },
	{ "[limits]\nlogin_tries = 0\n", { { 2, "from 1 to 10" } } },
	{ "[limits]\nlogin_seconds = 901\n", { { 2, "from 10 to 900" } } },
	{ "[general]\ninverted = true\n", { { 2, "must be yes or no" } } },
	{ "[general]\nlanguage = zh/CN\n", { { 2, "write one as in LANG" } } },
	{ "[general]\nlockers = i3lock, a b\n", { { 2, "\"a b\" in lockers cannot be a name" } } },
	{ "[general]\nprivileged_groups = a:b\n", { { 2, "\"a:b\" in privileged_groups" } } },
	{ "[test]\nhash_prefix = 5\n", { { 2, "no crypt(5) setting" } } },
	/* messages: numbers and accounts are protected by the default at least */
	{ "[general]\ncountry = ZZ\n", { { 2, "\"ZZ\" is no country here; write one of AE, " } } },
	{ "[general]\nmetrics_file = run/a.prom\n", { { 2, "\"run/a.prom\" must start with" } } },
	{ "[general]\nmetrics_file = /run/a.txt\n", { { 2, "and end in \".prom\"" } } },
	{ "[general]\ncountry = cn\n", { { 2, "\"cn\" is no country here" } } },
	{ "[general]\ncountry = +86 0\n", { { 2, "or the rule itself" } } },
	{ "[limits]\nsms_number_gap = 59\nsms_number_hour = 6\nsms_number_day = 11\n",
	  { { 2, "from 60 to 86400" }, { 3, "from 1 to 5" }, { 4, "from 1 to 10" } } },
	{ "[limits]\ncodes_wrong_day = 11\ncodes_wrong_row = 101\nsms_unanswered = 21\n",
	  { { 2, "from 1 to 10" }, { 3, "from 1 to 100" }, { 4, "from 1 to 20" } } },
	{ "[limits]\nsms_source_hour = 0\nsms_source_day = 0\nsms_network_day = 0\n"
	  "sms_strangers_hour = 0\nsms_total_hour = 0\nsms_total_day = 0\n"
	  "sms_source_failed_hour = 0\nsms_cost_per_day = -1\n",
	  { { 2, "\"sms_source_hour\" must be" }, { 3, "\"sms_source_day\"" },
	    { 4, "\"sms_network_day\"" }, { 5, "\"sms_strangers_hour\"" },
	    { 6, "\"sms_total_hour\"" }, { 7, "\"sms_total_day\"" },
	    { 8, "\"sms_source_failed_hour\"" }, { 9, "\"sms_cost_per_day\"" } } },
	/* gateways */
	{ "[sms]\ntype = post\nstamp = x\n", { { 1, "\"\" cannot be the ID of an SMS gateway" } } },
	{ "[sms A]\ntype = pigeon\n", { { 1, "\"A\" cannot be the ID of an SMS gateway" } } },
	{ "[sms none]\ntype = pigeon\n", { { 1, "and not \"none\"" } } },
	{ "[sms x]\n", { { 1, "[sms x] has no type; write type = one of: post, pigeon" } } },
	{ "[sms pigon]\n", { { 1, "has no type; did you mean \"pigeon\"?" } } },
	{ "[sms x]\ntype = pigion\n",
	  { { 2, "unknown type \"pigion\"; did you mean \"pigeon\"? types are: post, pigeon" } } },
	{ "[sms x]\ntype = scan\n", { { 2, "unknown type \"scan\"" } } },
	{ "[smss x]\n", { { 1, "unknown section [smss x]; did you mean \"sms\"?" } } },
	{ "[sms post]\n", { { 1, "[sms post] needs \"stamp\"" } } },
	{ "[sms post]\nstamp = torn\n", { { 1, "a torn stamp" } } },
	{ "[sms post]\nstamp = torn\ncost = -1\n", { { 3, "from 0 to 1000000" } } },
	{ PIGEON "stamp = x\n", { { 3, "is no key of [sms mail]; there are: type, cost" } } },
	{ PIGEON "csot = 2\n", { { 3, "did you mean \"cost\"?" } } },
	{ PIGEON "cost = 1000001\n", { { 3, "from 0 to 1000000" } } },
	{ TEXT PIGEON "[method t2]\ntype = text\nvendors = pigeons\n",
	  { { 4, "there is no gateway pigeons" } } },
	{ TEXT, { { 1, "there is no gateway mail" } } },
	{ TEXT "[sms mail]\ntype = pigion\n", { { 3, "unknown type \"pigion\"" } } },
	/* a code in a message as the first factor */
	{ PIGEON TEXT "[service sshd]\nmethods = text\n",
	  { { 5, "\"text\" has no factor before it: a lost telephone" } } },
	{ PIGEON TEXT "[service sshd]\nmethods = password, text + password\n",
	  { { 5, "write password + text instead, or set ssh_key = accepted here, or alone" } } },
	{ PIGEON TEXT "alone = no\n[service login]\nmethods = text\norigin = local\n",
	  { { 6, "\"text\" has no factor" } } },
	{ PIGEON TEXT "[service sshd]\nmethods = text\nssh_key = none\n",
	  { { 5, "\"text\" has no factor" } } },
	{ PIGEON TEXT "alone = maybe\n", { { 4, "\"alone\" must be yes or no" } } },
	{ SCAN "alone = yes\n", { { 2, "alone has no meaning with type scan" } } },
	{ "[method password]\nalone = no\n", { { 2, "alone has no meaning with type password" } } },
	/* methods */
	{ "[method x]\n", { { 1, "has no type; write type = one of: password, device, scan" } } },
	{ "[method scam]\n", { { 1, "has no type; did you mean \"scan\"?" } } },
	{ "[method x]\ntype = devise\n",
	  { { 2, "unknown type \"devise\"; did you mean \"device\"?" } } },
	{ "[method X]\ntype = scan\n", { { 1, "\"X\" cannot be the ID" } } },
	{ "[method none]\ntype = scan\n", { { 1, "\"none\" cannot be the ID" } } },
	{ "[method a b]\ntype = scan\n", { { 1, "\"a b\" cannot be the ID" } } },
	{ "[method a23456789-123456789-123456789-123]\ntype = scan\n",
	  { { 1, "cannot be the ID" } } },
	{ "[method device]\n", { { 1, "needs \"issuer\"" } } },
	{ "[method device]\nissuer = http://id.example.org\n", { { 2, "must be a URL" } } },
	{ DEVICE "client_secret = abc\n", { { 3, "must not stand in this file" } } },
	{ SCAN "corners = triangular\n", { { 2, "must be one of sharp, round" } } },
	{ SCAN "corners = round\n", { { 1, "round corners cannot be read" } } },
	{ SCAN "issuer = https://id.example.org\n", { { 2, "is no key of [method scan]" } } },
	{ SCAN "open_max = -1\n", { { 2, "from 0 to" } } },
	/* directories */
	{ "[directory]\ntype = scan\n", { { 1, "\"\" cannot be the ID" } } },
	{ "[directory X]\ntype = scan\n", { { 1, "\"X\" cannot be the ID" } } },
	{ "[directory x]\n", { { 1, "has no type" } } },
	{ "[directory password]\n", { { 1, "tells of no members" } } },
	{ "[directory x]\ntype = scan\nsync_every = 1min\n", { { 3, "write at least 5min" } } },
	{ "[directory x]\ntype = scan\nsync_every = 31d\n", { { 3, "\"sync_every\" must be" } } },
	{ "[directory x]\ntype = scan\nremovals_max = 101\n", { { 3, "from 0 to 100" } } },
	{ "[directory x]\ntype = scan\nmail_domains = example.org\n",
	  { { 3, "come without mail addresses" } } },
	{ "[method x]\ntype = scan\n[directory x]\ntype = scan\n",
	  { { 3, "there is [method x] already" } } },
	{ SCAN "sync_every = 1h\n", { { 2, "is no key of [method scan]" } } },
	{ "[directoy x]\n", { { 1, "did you mean \"directory\"?" } } },
	/* rules */
	{ SCAN "map = user\n", { { 2, "everybody would be the same user" } } },
	{ SCAN "map = {sub\n", { { 2, "every { needs a name and a }" } } },
	{ SCAN "map = sub}\n", { { 2, "every { needs a name and a }" } } },
	{ SCAN "map = {}\n", { { 2, "every { needs a name and a }" } } },
	{ SCAN "map = {{sub}}\n", { { 2, "every { needs a name and a }" } } },
	{ SCAN "map = {Sub}\n", { { 2, "made of a-z" } } },
	{ SCAN "map = U{sub}\n", { { 2, "made of a-z" } } },
	{ SCAN "map = 0{sub}\n", { { 2, "made of a-z" } } },
	{ SCAN "map = {sub}@example\n", { { 2, "made of a-z" } } },
	{ SCAN "map = abcdefghijabcdefghijabcdefghija{sub}\n", { { 2, "at most 31" } } },
	{ SCAN "map = {mail_user}\n", { { 2, "add mail_domains" } } },
	{ SCAN "map = x-{mail_user}\n", { { 2, "add mail_domains" } } },
	{ SCAN "privileged = yes\n", { { 2, "there is none" } } },
	{ SCAN "mail_domains = Example.org\n", { { 2, "in lower case as example.org" } } },
	{ SCAN "mail_domains = @example.org\n", { { 2, "no mail domain" } } },
	{ SCAN "mail_domains = example\n", { { 2, "no mail domain" } } },
	{ SCAN "mail_domains = example.org, .example.org\n", { { 2, "\".example.org\" is no" } } },
	{ "[method password]\nmap = {sub}\ngroups_allowed = a\n",
	  { { 2, "map has no meaning with type password" },
	    { 3, "groups_allowed has no meaning with type password" } } },
	/* without the provider */
	{ "[method password]\noffline = console-password\noffline_for = 1h\n",
	  { { 2, "offline has no meaning with type password" },
	    { 3, "offline_for has no meaning with type password" } } },
	{ SCAN "offline = maybe\n", { { 2, "must be one of deny, console-password" } } },
	{ SCAN "offline_for = 2h\n", { { 2, "add that or drop offline_for" } } },
	{ SCAN "offline = console-password\n", { { 1, "no method keeps one; add jauth to" } } },
	{ SCAN "offline = console-password\noffline_for = 31d\n",
	  { { 1, "no method keeps one" }, { 3, "\"offline_for\"" } } },
	/* who becomes a new user */
	{ SCAN "registration = yes\nidentities_allowed = 7\n", { { 2, "add map" } } },
	{ SCAN "registration = maybe\n", { { 2, "must be yes or no" } } },
	{ SCAN "map = {sub}\nregistration = yes\n",
	  { { 3, "add corners, groups_allowed, mail_domains or identities_allowed" } } },
	{ DEVICE "map = {sub}\nregistration = yes\n", { { 4, "add groups_allowed," } } },
	{ DEVICE "groups_allowed = 7\n", { { 3, "by method \"device\", type device knows" } } },
	{ "[method code]\ncorners = round\ngroups_allowed = 7\n", { { 3, "add corners" } } },
	{ SCAN "map = {sub}\nstructure = people\n", { { 3, "structure speaks of new users" } } },
	{ SCAN "map = {sub}\ncorners = open\nregistration = no\nhome = /home/{user}\n"
	  "shell = /bin/sh\n",
	  { { 5, "home speaks of new users" }, { 6, "shell speaks of new users" } } },
	{ OPEN "structure = sudo\n", { { 4, "is a privileged group, which jauth does" } } },
	{ "[general]\nprivileged_groups = ops\n" OPEN "structure = ops\n",
	  { { 6, "\"ops\" is a privileged group" } } },
	{ OPEN "structure = a:b\n", { { 4, "cannot be a group of jauth" } } },
	{ OPEN "structure = abcdefghijabcdefghijabcdefghijab\n", { { 4, "structure" } } },
	{ OPEN "home = /home\n", { { 4, "needs {user} once" } } },
	{ OPEN "home = home/{user}\n", { { 4, "cannot be a home" } } },
	{ OPEN "home = /home/{sub}\n", { { 4, "needs {user} once" } } },
	{ OPEN "home = /home/{user}/{user}\n", { { 4, "needs {user} once" } } },
	{ OPEN "home = /home/{user}}\n", { { 4, "needs {user} once" } } },
	{ OPEN "home = /home/}{user}\n", { { 4, "needs {user} once" } } },
	{ OPEN "home = /home/../{user}\n", { { 4, "cannot be a home" } } },
	{ OPEN "home = /home/{user}/..\n", { { 4, "cannot be a home" } } },
	{ OPEN "home = /home/{user}:/root\n", { { 4, "cannot be a home" } } },
	{ OPEN "shell = bash\n", { { 4, "cannot be a shell" } } },
	{ OPEN "shell = /bin/sh:x\n", { { 4, "cannot be a shell" } } },
	{ "[method password]\nregistration = yes\nidentities_allowed = jane\n",
	  { { 2, "registration has no meaning with type password" },
	    { 3, "identities_allowed has no meaning" } } },
	{ "[directory scan]\ncorners = open\nregistration = yes\n",
	  { { 3, "before they log in" } } },
	{ "[directory x]\ntype = scan\n[directory y]\ntype = scan\n",
	  { { 3, "directories \"x\" and \"y\" are of one organisation" } } },
	/* two people of one name */
	{ "[directory scan]\ncorners = open\n" OTHER "map = {sub}\n",
	  { { 1, "could give two people one name" } } },
	{ OPEN OTHER "map = {sub}\n", { { 4, "could give two people one name" } } },
	{ OPEN OTHER "map = u{sub}\n", { { 4, "map = {login} of \"scan\" and map = u{sub} of" } } },
	{ "[method a]\n" OPEN_KEYS "map = ab-{login}\n[method b]\n" OPEN_KEYS
	  "map = ab{login}\n", { { 5, "could give two people one name" } } },
	{ "[method a]\n" OPEN_KEYS "map = {login}\n[method b]\n" OPEN_KEYS "map = {sub}\n",
	  { { 5, "could give two people one name" } } },
	{ "[method a]\n" OPEN_KEYS "map = {mail_user}\nmail_domains = a.example\n"
	  "[method b]\n" OPEN_KEYS "map = {mail_user}\nmail_domains = b.example\n",
	  { { 6, "could give two people one name" } } },
	/* the relay and what goes by it */
	{ "[relay]\nurl = https://sso.example.org\n", { { 1, "[relay] needs url and key_file" } } },
	{ "[relay]\nkey_credential = relay\n", { { 1, "[relay] needs url and key_file" } } },
	{ "[relay]\nservers = https://r1.example.org\n", { { 1, "[relay] needs url and" } } },
	{ "[relay]\nurl = https://sso.example.org\nkey_file = /nonexistent/key\n",
	  { { 3, "/nonexistent/key" } } },
	{ "[relay]\nurl = https://sso.example.org/x\nkey_credential = relay\n",
	  { { 2, "has more than a host" } } },
	{ "[relay]\nurl = https://sso.example.org/\nkey_credential = relay\n",
	  { { 2, "has more than a host; write https://sso.example.org" } } },
	{ "[relay]\nurl = https://sso.example.org\nkey = jr1.0123456789abcdef.0123\n",
	  { { 1, "[relay] needs url and" }, { 3, "must not stand in this file" } } },
	{ RELAY "servers = https://r1.example.org, r2.example.org\n",
	  { { 4, "\"r2.example.org\" is no address of a relay" } } },
	{ RELAY "servers = http://r1.example.org, https://r2.example.org/v1\n",
	  { { 4, "\"http://r1.example.org\" is no" }, { 4, "\"https://r2.example.org/v1\" is" } } },
	{ RELAY "servers = https://a, https://a, https://a, https://a, https://a, https://a, "
	  "https://a, https://a, https://a\n", { { 4, "8" } } },
	{ RELAY "server = https://r1.example.org\n", { { 4, "did you mean \"servers\"?" } } },
	{ "[method code]\n", { { 1, "\"code\" needs a relay, and there is none" } } },
	{ RELAY "[method nod]\ndigits = app-message\n", { { 5, "type nod sends no messages" } } },
	{ RELAY "[method code]\ndigits = sms\nnumber_match = 1\n",
	  { { 5, "must be one of page, app-message" }, { 6, "must be yes or no" } } },
	{ SCAN "number_match = no\ndigits = page\n",
	  { { 2, "is no key of [method scan]" }, { 3, "is no key of [method scan]" } } },
	{ "[method code]\ncorners = round\nnumber_match = no\ndigits = page\n",
	  { { 3, "number_match speaks of the relay's page" }, { 4, "digits speaks of the" } } },
	{ RELAY "[method code]\n[method c2]\ntype = code\ncorners = round\n",
	  { { 5, "\"code\" and \"c2\" are of one app" } } },
	/* what is told by the relay */
	{ "[method code]\ncorners = open\n", { { 1, "\"code\" needs a relay, and there is" } } },
	{ RELAY "[method code]\ncorners = open\ndigits = page\n",
	  { { 6, "\"code\" has no page, its digits come by a message" } } },
	{ RELAY "[method code]\ncorners = open\nnumber_match = no\n[service sshd]\n"
	  "methods = code\n", { { 8, "\"code\" asks nobody at the provider" } } },
	{ RELAY "[method code]\ncorners = open\n[method c2]\ntype = code\n"
	  "[method c3]\ntype = code\ncorners = round\n",
	  { { 8, "\"c2\" and \"c3\" are of one app" } } },
	/* a silent method, unmatched from elsewhere */
	{ RELAY "[method nod]\nnumber_match = no\n[service sshd]\nmethods = nod\n",
	  { { 7, "\"nod\" asks nobody at the provider" } } },
	{ RELAY "[method nod]\n[service sshd]\nmethods = nod\nnumber_match = no\n",
	  { { 7, "\"nod\" asks nobody at the provider" } } },
	{ RELAY "[method nod]\n[service sudo]\nmethods = password + nod\nnumber_match = no\n",
	  { { 7, "or write origin = local here" } } },
	{ RELAY "[method nod]\nnumber_match = no\n[service sshd]\nmethods = nod\n"
	  "origin = local\n", { { 7, "\"nod\" asks nobody" } } },
	/* services: names and conditions */
	{ "[service]\n", { { 1, "lacks the name of a PAM service" } } },
	{ "[service a/b]\n", { { 1, "lacks the name of a PAM service" } } },
	{ "[service sshd a b]\norigin = local\n", { { 1, "must be one word" } } },
	{ "[service sshd all]\n", { { 1, "always holds and hides" } } },
	{ "[service sshd all]\norigin = any\n", { { 1, "always holds and hides" } } },
	{ "[service sshd]\norigin = here\n", { { 2, "must be one of any, local, remote" } } },
	{ "[service sshd]\nssh_key = yes\n", { { 2, "must be one of any, accepted, none" } } },
	{ "[service sshd]\nusers = jane, j:d\n", { { 2, "\"j:d\" in users cannot be a name" } } },
	{ "[service sshd]\nsource = 10.0.0.0/33\n", { { 2, "is no address" } } },
	{ "[service sshd]\nsource = 10.0.0/8\n", { { 2, "is no address" } } },
	{ "[service sshd]\nsource = example.org\n", { { 2, "is no address" } } },
	{ "[service sshd]\nsource = 2001:db8::/129\n", { { 2, "is no address" } } },
	{ "[service sshd]\nsource = 10.0.0.1/8\n", { { 2, "has bits set behind its prefix" } } },
	{ "[service sshd]\nsource = ::1/127, 2001:db8::1/64\n",
	  { { 2, "\"::1/127\" has bits" }, { 2, "\"2001:db8::1/64\" has bits" } } },
	{ "[service sshd x]\nsource = 10.0.0.1/8\n", { { 2, "has bits set behind its prefix" } } },
	/* services: methods */
	{ "[service sshd]\nmethods = passwort\n",
	  { { 2, "unknown method \"passwort\" in methods; did you mean \"password\"? defined are: "
	      "password" } } },
	{ "[service sshd]\nmethods = password + none\n", { { 2, "unknown method \"none\"" } } },
	{ "[service sshd]\nmethods = password +\n", { { 2, "lacks a method beside its +" } } },
	{ "[service sshd]\nmethods = password,\n", { { 2, "without empty parts" } } },
	{ "[service sshd]\nmethods = password + password\n", { { 2, "stands twice in one" } } },
	{ "[service sshd]\nmethods = password, password\n", { { 2, "stands twice in methods" } } },
	{ TEN_SCANS "[service sshd]\nmethods = s1,s2,s3,s4,s5,s6,s7,s8,s9,s10\n",
	  { { 22, "\"s10\" is one alternative too many; there may be 9" } } },
	{ TEN_SCANS "[service sshd]\nmethods = s1+s2+s3+s4+s5\n",
	  { { 22, "\"s5\" is one factor too many" } } },
	/* a device flow alone from elsewhere */
	{ DEVICE "[service sshd]\nmethods = device\n",
	  { { 4, "\"device\" has no factor before it" } } },
	{ DEVICE "[service sshd]\nmethods = device + password\n",
	  { { 4, "\"device\" has no factor before it" } } },
	{ DEVICE "[service sshd]\nmethods = device\norigin = local\n",
	  { { 4, "\"device\" has no factor before it" } } },
	{ DEVICE "[service sudo]\nmethods = device\n", { { 4, "or origin = local" } } },
	{ DEVICE "[service sudo]\nmethods = device\norigin = remote\n",
	  { { 4, "no factor before" } } },
	{ DEVICE "[service sshd]\nmethods = device\nssh_key = none\n",
	  { { 4, "no factor before" } } },
	{ DEVICE "[method d2]\ntype = device\nissuer = https://id.example.org\n"
	  "device_flow_alone = yes\n[service sshd]\nmethods = d2 + device\n",
	  { { 8, "\"device\" has no factor before it" } } },
	/* a method that cannot be made is named once */
	{ "[method device]\ntype = devise\n[service sshd]\nmethods = device\n",
	  { { 2, "unknown type" } } },
	/* users that jauth makes */
	{ "[accounts]\nuids = global\n", { { 2, "must be one of local, fleet" } } },
	{ "[accounts]\nuids = fleet\n", { { 2, "uids = fleet needs fleet_key_file" } } },
	{ "[accounts]\nuids = fleet\nfleet_key_file = /nonexistent/key\n",
	  { { 3, "/nonexistent/key" } } },
	{ "[accounts]\nuid_overrides = uids\n", { { 2, "must start with" } } },
	{ "[accounts]\nuid_overrides = /nonexistent/uids\n", { { 0, "No such file" } } },
	{ "[accounts]\nprimary_group = Users\n", { { 2, "cannot be a group of jauth" } } },
	{ "[accounts]\nprimary_group = docker\n", { { 2, "is a privileged group" } } },
	{ "[accounts]\nhome = /home\n", { { 2, "needs {user} once" } } },
	{ "[accounts]\nhome = /home/{user}/{user}\n", { { 2, "needs {user} once" } } },
	{ "[accounts]\nhome = /home/{name}/{user}\n", { { 2, "needs {user} once" } } },
	{ "[accounts]\nhome = home/{user}\n", { { 2, "cannot be a home" } } },
	{ "[accounts]\nhome = /home/../{user}\n", { { 2, "cannot be a home" } } },
	{ "[accounts]\nhome = /home:/{user}\n", { { 2, "cannot be a home" } } },
	{ "[accounts]\nshell = bash\n", { { 2, "cannot be a shell" } } },
	{ "[accounts]\nreserved_names = a b\n", { { 2, "\"a b\" in reserved_names" } } },
	{ "[accounts]\nuid = 7\n", { { 2, "did you mean \"uids\"?" } } },
	{ "[group a]\n", { { 1, "needs \"from\"" } } },
	{ "[group]\nfrom = scan/1\n[method scan]\n", { { 1, "cannot be a group" } } },
	{ "[group a b]\nfrom = scan/1\n[method scan]\n", { { 1, "cannot be a group" } } },
	{ "[group A]\nfrom = scan/1\n[method scan]\n", { { 1, "cannot be a group" } } },
	/* What no snapshot takes would keep everybody out of it. */
	{ "[group 27]\nlocal = yes\nfrom = scan/1\n[method scan]\n",
	  { { 1, "cannot be a group" } } },
	{ "[group sudo]\nfrom = scan/1\n[method scan]\n", { { 1, "is a privileged group" } } },
	{ "[group root]\nlocal = yes\nfrom = scan/1\n[method scan]\n",
	  { { 1, "nobody is put into root's group" } } },
	{ "[group jauth-users]\nfrom = scan/1\n[method scan]\n",
	  { { 1, "is the primary group" } } },
	{ "[group a]\nfrom = scan/1, scna/1\n[method scan]\n",
	  { { 2, "\"scna/1\" names no method or directory; did you mean \"scan\"?" } } },
	{ "[group a]\nfrom = scan/1, device/2\n[method scan]\n" DEVICE,
	  { { 2, "by method \"device\", type device knows none; drop from" } } },
	{ "[group a]\nfrom = code/7\n[method code]\ncorners = round\n",
	  { { 2, "nobody has groups by method \"code\"; add corners" } } },
	{ "[group a]\nfrom = scan\n[method scan]\n", { { 2, "lacks the group" } } },
	{ "[group a]\nfrom = scan/\n[method scan]\n", { { 2, "lacks the group" } } },
	{ "[group a]\nform = scan/1\n[method scan]\n",
	  { { 1, "needs \"from\"" }, { 2, "did you mean \"from\"?" } } },
	/* all at once */
	{ "[genral]\nhost = x\n[limits]\nlogin_trys = 3\naudit_days = 0\n[method x]\n"
	  "[service sshd]\nmethods = githb\norigin = here\nsources = ::1\n",
	  { { 1, "unknown section" }, { 4, "login_trys" }, { 5, "\"audit_days\" must be" },
	    { 6, "has no type" }, { 8, "unknown method \"githb\"" }, { 9, "must be one of" },
	    { 10, "did you mean \"source\"?" } } },
};

static void check_mistakes(const struct mistake_case *row, const struct conf_report *report)
{
	size_t i;

	for (i = 0; i < MAX(report->n_mistakes, MISTAKES_SHOWN); i++) {
		const struct conf_mistake *mistake = i < report->n_mistakes ?
						     &report->mistakes[i] : NULL;
		const char *part = i < MISTAKES_SHOWN ? row->mistakes[i].part : NULL;

		if (!mistake && !part)
			return;
		if (!part)
			fail_msg("%s\nmakes one mistake more: %u: %s", row->text, mistake->line,
				 mistake->text);
		if (!mistake)
			fail_msg("%s\nlacks the mistake: %s", row->text, part);
		if (mistake->line != row->mistakes[i].line || !strstr(mistake->text, part))
			fail_msg("%s\nmakes %u: %s\nand not %u: %s", row->text, mistake->line,
				 mistake->text, row->mistakes[i].line, part);
	}
}

static void every_mistake_is_named_with_its_line(void **state UNUSED)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(mistake_cases); i++) {
		const struct mistake_case *row = &mistake_cases[i];
		struct conf_report report = { NULL };
		struct config *config = NULL;

		if (load(row->text, &config, &report) != -EINVAL)
			fail_msg("%s\nis taken", row->text);
		assert_null(config);
		check_mistakes(row, &report);
		conf_report_done(&report);
	}
}

/* --- what is right --- */

static const char *const right_texts[] = {
	"",
	"[general]\n[limits]\n[test]\n",
	"[service sshd]\nmethods = none\n",
	"[service sshd]\nusers = jane\n",                /* a plain section may have conditions */
	DEVICE "[service sshd]\nmethods = password + device\n",
	DEVICE "[service sshd]\nmethods = device, password\nssh_key = accepted\n",
	DEVICE "[service sudo]\nmethods = device\norigin = local\n",
	DEVICE "device_flow_alone = yes\n[service sshd]\nmethods = device\n",
	SCAN DEVICE "[service sshd]\nmethods = scan + device\n",
	SCAN "map = {mail_user}\nmail_domains = example.org\n",
	SCAN "map = u-{sub}\nprivileged = yes\n",
	SCAN "map = {given_name}-{sub}\n",
	OPEN "structure = people\nhome = /srv/{user}/home\nshell = /bin/zsh\n",
	OPEN OTHER "map = {sub}\nregistration = no\n",
	OPEN "[method free]\ntype = scan\nmap = {login}\n",
	"[method a]\n" OPEN_KEYS "map = a-{login}\n[method b]\n" OPEN_KEYS "map = b-{sub}\n",
	"[method a]\n" OPEN_KEYS "map = {login}\n[method b]\n" OPEN_KEYS "map = {login}\n",
	"[method a]\n" OPEN_KEYS "map = {mail_user}\nmail_domains = a.example, b.example\n"
	"[method b]\n" OPEN_KEYS "map = {mail_user}\nmail_domains = b.example, a.example\n",
	DEVICE "map = {sub}\nregistration = yes\nidentities_allowed = 7, 8\n",
	RELAY,
	RELAY "servers = https://r1.example.org, https://r2.example.org:8443\n",
	RELAY "[method code]\n[method nod]\n[service sshd]\nmethods = code, nod, password\n",
	RELAY "[method code]\ndigits = app-message\nnumber_match = no\n"
	"[service sshd]\nmethods = code\n",
	RELAY "[method code]\n[service sshd]\nmethods = code\nnumber_match = no\n",
	RELAY "[method nod]\nnumber_match = no\n[service login]\nmethods = nod\norigin = local\n",
	RELAY "[method code]\n[method c2]\ntype = code\n",
	RELAY "[method code]\ncorners = open\n[method c2]\ntype = code\n",
	RELAY "[method code]\ncorners = open\n[method c2]\ntype = code\ncorners = round\n",
	RELAY "[method code]\ncorners = open\ndigits = app-message\n[service sshd]\n"
	"methods = code\n",
	RELAY "[method code]\ncorners = open\nnumber_match = no\n[service login]\nmethods = code\n"
	"origin = local\n",
	"[method code]\ncorners = round\n[method c2]\ntype = code\ncorners = round\n",
	PIGEON TEXT "[service sshd]\nmethods = password + text\n",
	PIGEON TEXT "[service sshd]\nmethods = text\nssh_key = accepted\n",
	PIGEON TEXT "alone = yes\n[service sshd]\nmethods = text, text + password\n",
	TEXT "[sms mail]\ntype = post\nstamp = red\ncost = 1000000\n",
	"[general]\ncountry = CN\n",
	"[general]\ncountry = +39 - 9-11\n",
	"[general]\nmetrics_file = /run/jauth-metrics/jauth.prom\n",
	"[limits]\nsms_number_gap = 1d\nsms_number_hour = 1\ncodes_wrong_row = 100\n",
	"[limits]\nsms_source_hour = 1000000\nsms_cost_per_day = 1000000000\n",
};

static void what_is_right_is_taken(void **state UNUSED)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(right_texts); i++)
		config_unref(load_right(right_texts[i]));
}

/* As written in the table of budget.h. */
static const struct budget_rules default_budget = {
	.number_gap_s = 60, .number_hour = 5, .number_day = 10,
	.source_hour = 10, .source_day = 30, .network_day = 100,
	.strangers_hour = 60, .total_hour = 300, .total_day = 2000,
	.cost_day = 0, .unanswered = 5, .failed_hour = 30, .wrong_day = 10, .wrong_row = 50,
};

static void an_empty_file_means_the_defaults(void **state UNUSED)
{
	struct config *config = load_right("");

	assert_string_equal(config->language, "en");
	assert_false(config->inverted);
	assert_null(config->host);
	assert_true(list_has(config->lockers, "i3lock"));
	assert_false(list_has(config->lockers, "sudo"));
	assert_true(list_has(config->privileged_groups, "sudo"));
	assert_true(list_has(config->privileged_groups, "docker"));
	assert_int_equal(config->logins_waiting, LOGINS_WAITING_DEFAULT);
	assert_int_equal(config->logins_per_source, LOGINS_PER_SOURCE_DEFAULT);
	assert_int_equal(config->login_seconds, LOGIN_SECONDS_DEFAULT);
	assert_int_equal(config->login_tries, LOGIN_TRIES_DEFAULT);
	assert_int_equal(config->audit_days, AUDIT_DAYS_DEFAULT);
	assert_int_equal(config->audit_rows, AUDIT_ROWS_DEFAULT);
	assert_memory_equal(&config->budget, &default_budget, sizeof(default_budget));
	assert_null(config->country);
	assert_int_equal(config->n_gateways, 0);
	assert_null(config->gateways[0]);
	assert_int_equal(config->fail_delay_ms, LOGIN_FAIL_DELAY_MS);
	assert_null(config->hash_prefix);
	assert_int_equal(config->n_services, 0);
	assert_int_equal(config->n_methods, 1);
	assert_string_equal(config->methods[0]->id, "password");
	assert_string_equal(config->methods[0]->provider->type, "password");
	config_unref(config);
}

static void a_relay_and_its_methods_are_read(void **state UNUSED)
{
	struct config *config = load_right(RELAY "servers = https://r1.example.org\n"
		"[method code]\n[method nod]\nnumber_match = no\n"
		"[method c2]\ntype = code\ndigits = app-message\n");
	const struct method *code = config_method(config, "code");

	assert_string_equal(config->relay_url, "https://sso.example.org");
	assert_string_equal(config->relay_servers[0], "https://r1.example.org");
	assert_null(config->relay_servers[1]);
	assert_true(secret_equals(config->relay_key, relay_key, strlen(relay_key)));
	assert_true(code->number_match);
	assert_int_equal(code->digits, DIGITS_PAGE);
	assert_true(code->features & PROVIDER_RELAY);
	assert_int_equal(code->app, RELAY_APP_WECOM);
	assert_int_equal(config_method(config, "nod")->app, RELAY_APP_WECHAT);
	assert_false(config_method(config, "nod")->number_match);
	assert_int_equal(config_method(config, "c2")->digits, DIGITS_APP_MESSAGE);
	config_unref(config);
	config = load_right("[method code]\ncorners = round\n");
	assert_null(config->relay_url);
	assert_null(config->relay_key);
	assert_false(config_method(config, "code")->features & PROVIDER_RELAY);
	assert_int_equal(config_method(config, "code")->app, RELAY_APP_BROWSER);
	config_unref(config);
}

static void none_empties_a_list_with_a_default(void **state UNUSED)
{
	struct config *config = load_right("[general]\nlockers = none\nprivileged_groups = none\n");

	assert_null(config->lockers);
	assert_null(config->privileged_groups);
	config_unref(config);
}

static void a_method_named_password_replaces_the_default(void **state UNUSED)
{
	struct config *config = load_right("[method password]\ntype = scan\n[service sshd]\n");

	assert_int_equal(config->n_methods, 1);
	assert_string_equal(config->methods[0]->provider->type, "scan");
	assert_ptr_equal(config->services[0].alternatives[0].factors[0], config->methods[0]);
	config_unref(config);
}

static void limits_come_from_the_provider_unless_given(void **state UNUSED)
{
	struct config *config = load_right(DEVICE "starts_per_s = 0\nopen_max = 5\n");
	const struct method *method = config_method(config, "device");

	assert_int_equal(method->limits.open_max, 5);
	assert_int_equal(method->limits.starts_per_s, 0);
	assert_int_equal(method->limits.starts_per_hour, 50);
	config_unref(config);
}

static void a_method_is_bound_to_gateways_whatever_their_place(void **state UNUSED)
{
	struct config *config = load_right("[general]\ncountry = CN\n" TEXT
					   "[sms post]\nstamp = red\ncost = 3\n" PIGEON);
	const struct fake_config *text = config_method(config, "text")->config;
	const struct fake_gateway *post = config->gateways[0]->config;

	assert_int_equal(config->n_gateways, 2);
	assert_null(config->gateways[2]);
	assert_string_equal(config->gateways[0]->id, "post");
	assert_string_equal(config->gateways[0]->vendor->type, "post");
	assert_int_equal(config->gateways[0]->cost, 3);
	assert_string_equal(post->stamp, "red");
	assert_ptr_equal(text->gateway, config->gateways[1]);
	assert_string_equal(text->gateway->id, "mail");
	assert_int_equal(text->gateway->cost, 0);
	assert_false(config_method(config, "text")->alone);
	assert_string_equal(config->country, "CN");
	assert_string_equal(config->phone_country.code, "86");
	config_unref(config);
}

static const struct {
	const char *text;
	const char *ids[4];
} id_cases[] = {
	{ "[method]\ntype = scan\n", { "scan", "password" } },
	{ "[method]\ntype = scan\ntitle = Example Login\n", { "example-login", "password" } },
	{ "[method]\ntype = scan\ntitle = --A  & B!!\n", { "a-b", "password" } },
	{ "[method]\ntype = scan\ntitle = 扫码\n", { "scan", "password" } },
	{ "[method]\ntype = scan\ntitle = None\n", { "scan", "password" } },
	{ "[method]\ntype = scan\n[method]\ntype = scan\n", { "scan", "scan-2", "password" } },
	{ "[method]\ntype = scan\ntitle = X\n[method x]\ntype = scan\n",
	  { "x", "x-2", "password" } },
	{ "[method]\ntype = password\n", { "password" } },
	{ "[method]\ntype = scan\ntitle = abcdefghijklmnopqrstuvwxyzabcdefgh\n"
	  "[method]\ntype = scan\ntitle = abcdefghijklmnopqrstuvwxyzabcdefgh\n",
	  { "abcdefghijklmnopqrstuvwxyzabcdef", "abcdefghijklmnopqrstuvwxyzabc-2", "password" } },
};

static void a_directory_is_a_method_that_lists(void **state UNUSED)
{
	struct config *config = load_right("[directory x]\ntype = scan\n"
					   "[service sshd]\nmethods = x\n");
	const struct method *method = config_method(config, "x");

	assert_int_equal(method->directory->interval_s, 7200);
	assert_int_equal(method->directory->removals_max, 10);
	assert_string_equal(method->map, "{userid}");
	assert_false(method->registration);
	assert_null(config_method(config, "password")->directory);
	config_unref(config);
	config = load_right("[directory y]\ntype = scan\nsync_every = 0\nremovals_max = 3\n"
			    "map = u-{userid}\n");
	method = config_method(config, "y");
	assert_int_equal(method->directory->interval_s, 0);
	assert_int_equal(method->directory->removals_max, 3);
	assert_string_equal(method->map, "u-{userid}");
	config_unref(config);
}

static void a_method_without_id_gets_one(void **state UNUSED)
{
	size_t i, k;

	for (i = 0; i < N_ELEMENTS(id_cases); i++) {
		struct config *config = load_right(id_cases[i].text);

		for (k = 0; k < N_ELEMENTS(id_cases[i].ids) && id_cases[i].ids[k]; k++) {
			assert_in_range(k, 0, config->n_methods - 1);
			assert_string_equal(config->methods[k]->id, id_cases[i].ids[k]);
		}
		assert_int_equal(config->n_methods, k);
		config_unref(config);
	}
}

static void alternatives_and_factors_keep_their_order(void **state UNUSED)
{
	struct config *config = load_right(DEVICE SCAN "[service sshd]\n"
					   "methods = scan+password + device , password\n");
	const struct service_rule *rule = &config->services[0];

	assert_int_equal(rule->n_alternatives, 2);
	assert_int_equal(rule->alternatives[0].n_factors, 3);
	assert_string_equal(rule->alternatives[0].factors[0]->id, "scan");
	assert_string_equal(rule->alternatives[0].factors[1]->id, "password");
	assert_string_equal(rule->alternatives[0].factors[2]->id, "device");
	assert_int_equal(rule->alternatives[1].n_factors, 1);
	assert_string_equal(rule->service, "sshd");
	assert_null(rule->label);
	assert_int_equal(rule->line, 4);
	config_unref(config);
}

/* --- life --- */

static void shared_state_is_released_with_the_last_reference(void **state UNUSED)
{
	struct config *config = load_right(SCAN);
	struct fake_shared *shared = config_method(config, "scan")->shared;

	assert_null(shared->memory);
	shared->memory = text_copy("leaks unless released");     /* the sanitizer tells */
	assert_ptr_equal(config_ref(config), config);
	assert_null(config_unref(config));
	assert_string_equal(shared->memory, "leaks unless released");
	assert_null(config_unref(config));
	assert_null(config_unref(NULL));
}

static void too_many_of_each_are_refused(void **state UNUSED)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(65536);
	struct conf_report report = { NULL };
	struct config *config = NULL;
	int i;

	for (i = 0; i <= METHODS_MAX; i++)
		buf_add_format(&text, "[method m%d]\ntype = scan\n", i);
	for (i = 0; i <= GATEWAYS_MAX; i++)
		buf_add_format(&text, "[sms g%d]\ntype = pigeon\n", i);
	for (i = 0; i <= SERVICES_MAX; i++)
		buf_add_format(&text, "[service s%d]\nmethods = m0\n", i);
	assert_int_equal(load(buf_text(&text), &config, &report), -EINVAL);
	assert_int_equal(report.n_mistakes, 4);
	/* The first has no line: it is the method "password", which is there without being
	 * written. */
	assert_int_equal(report.mistakes[0].line, 0);
	assert_non_null(strstr(report.mistakes[1].text, "one method too many; there may be 32"));
	assert_non_null(strstr(report.mistakes[2].text, "one [sms ID] section too many; there may "
			       "be 16"));
	assert_non_null(strstr(report.mistakes[3].text, "one service section too many"));
	conf_report_done(&report);
}

/* --- files --- */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

struct folder {
	char path[32];
	char *main, *drop_ins, *drop_in;
};

static struct folder make_folder(void)
{
	struct folder folder = { .path = "/tmp/t-config-XXXXXX" };

	assert_non_null(mkdtemp(folder.path));
	folder.main = text_format("%s/jauthd.conf", folder.path);
	folder.drop_ins = text_format("%s.d", folder.main);
	folder.drop_in = text_format("%s/50-more.conf", folder.drop_ins);
	assert_int_equal(mkdir(folder.drop_ins, 0700), 0);
	return folder;
}

static void remove_folder(struct folder *folder)
{
	(void)unlink(folder->drop_in);           /* not every test made it */
	(void)unlink(folder->main);
	assert_int_equal(rmdir(folder->drop_ins), 0);
	assert_int_equal(rmdir(folder->path), 0);
	free(folder->drop_in);
	free(folder->drop_ins);
	free(folder->main);
}

static void drop_ins_add_and_override(void **state UNUSED)
{
	struct folder folder = make_folder();
	struct conf_report report = { NULL };
	struct config *config = NULL;

	write_file(folder.main, "[general]\nhost = one\nlanguage = zh_CN\n[method]\ntype = scan\n"
		   "[service sshd]\nmethods = scan\n");
	write_file(folder.drop_in, "[general]\nhost = two\n[method]\ntype = scan\ntitle = More\n"
		   "[service sshd]\nmethods = more\n");
	assert_int_equal(config_load(folder.main, &config, &report), 0);
	assert_string_equal(config->host, "two");
	assert_string_equal(config->language, "zh_CN");
	assert_non_null(config_method(config, "scan"));
	assert_string_equal(config->services[0].alternatives[0].factors[0]->id, "more");
	assert_string_equal(config->path, folder.main);
	config_unref(config);
	remove_folder(&folder);
}

static char *check_output(const char *path, int expected)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(config_check_main(path, out), expected);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check_prints_file_and_line_of_each_mistake(void **state UNUSED)
{
	struct folder folder = make_folder();
	char *text, *expected;

	text = check_output(folder.main, 1);
	expected = text_format("%s: cannot be read: No such file or directory\n", folder.main);
	assert_string_equal(text, expected);
	free(expected);
	free(text);

	write_file(folder.main, "[limits]\nlogin_tries = 99\n");
	write_file(folder.drop_in, "\n[general]\nhots = a\n");
	text = check_output(folder.main, 1);
	expected = text_format("%s:2: \"login_tries\" must be a whole number from 1 to 10\n"
			       "%s:3: \"hots\" is no key of [general]; did you mean \"host\"?\n",
			       folder.main, folder.drop_in);
	assert_string_equal(text, expected);
	free(expected);
	free(text);

	write_file(folder.drop_in, "[limits]\nlogin_tries = 9\n");
	text = check_output(folder.main, 0);
	assert_non_null(strstr(text, "configuration is right"));
	free(text);
	remove_folder(&folder);
}

static char credentials[] = "/tmp/t-config.XXXXXX";

static int make_credentials(void **state UNUSED)
{
	_cleanup_free_ char *path = NULL;
	FILE *file;

	assert_non_null(mkdtemp(credentials));
	path = text_format("%s/relay", credentials);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fprintf(file, "%s\n", relay_key) > 0);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_int_equal(fclose(file), 0);
	return setenv("CREDENTIALS_DIRECTORY", credentials, 1);
}

static int drop_credentials(void **state UNUSED)
{
	_cleanup_free_ char *path = text_format("%s/relay", credentials);

	(void)unlink(path);
	return rmdir(credentials);
}

/* By what bounds it; and nothing makes users without a rule, or against the sysadmin's word. */
static void registration_is_on_where_people_are_bounded(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool expected;
	} rows[] = {
		{ OPEN, true },
		{ OPEN "registration = yes\n", true },
		{ OPEN "registration = no\n", false },
		{ SCAN "corners = open\n", false },
		{ SCAN "map = {login}\n", false },
		{ SCAN "map = {login}\ngroups_allowed = g-17\n", true },
		{ SCAN "map = {login}\nmail_domains = example.org\n", true },
		{ SCAN "map = {login}\nidentities_allowed = 7\n", true },
		{ SCAN "map = {login}\nidentities_allowed = 7\nregistration = no\n", false },
		{ "[directory scan]\ncorners = open\n", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct conf_report report = { NULL };
		struct config *config = NULL;

		assert_int_equal(load(rows[i].text, &config, &report), 0);
		if (config_method(config, "scan")->registration != rows[i].expected)
			fail_msg("%s", rows[i].text);
		config_unref(config);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_named_with_its_line),
		cmocka_unit_test(what_is_right_is_taken),
		cmocka_unit_test(an_empty_file_means_the_defaults),
		cmocka_unit_test(a_relay_and_its_methods_are_read),
		cmocka_unit_test(registration_is_on_where_people_are_bounded),
		cmocka_unit_test(none_empties_a_list_with_a_default),
		cmocka_unit_test(a_method_named_password_replaces_the_default),
		cmocka_unit_test(limits_come_from_the_provider_unless_given),
		cmocka_unit_test(a_method_is_bound_to_gateways_whatever_their_place),
		cmocka_unit_test(a_method_without_id_gets_one),
		cmocka_unit_test(a_directory_is_a_method_that_lists),
		cmocka_unit_test(alternatives_and_factors_keep_their_order),
		cmocka_unit_test(shared_state_is_released_with_the_last_reference),
		cmocka_unit_test(too_many_of_each_are_refused),
		cmocka_unit_test(drop_ins_add_and_override),
		cmocka_unit_test(check_prints_file_and_line_of_each_mistake),
	};

	return cmocka_run_group_tests(tests, make_credentials, drop_credentials);
}
