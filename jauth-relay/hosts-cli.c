/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/hosts-cli.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/hosts.h"

#define EXIT_USAGE 2

#define TOKEN_MAX (sizeof(RELAY_ENROL_PREFIX) + RELAY_KEY_ID_LEN + 1 + RELAY_SECRET_LEN)

static const char usage[] =
	"Usage: jauth-relay host COMMAND\n"
	"  add NAME [--for DURATION]  let one more host use this relay: prints the command to run\n"
	"                             on it, once, within DURATION (1h; at most 7d)\n"
	"  list                       hosts and their keys, and who was added and has not come\n"
	"  revoke NAME|KEY            all keys of a host, or one: they are refused from now on\n";

struct cli {
	const struct hosts_cli_settings *settings;
	struct hosts *hosts;
	int64_t now_s;
};

static int say_usage(void)
{
	(void)fputs(usage, stderr);
	return EXIT_USAGE;
}

static int say_error(const struct cli *cli, int error)
{
	(void)fprintf(stderr, "jauth-relay: %s: %s\n", cli->settings->path, strerror(-error));
	return EXIT_FAILURE;
}

/* --- which records --- */

/* Copies of those that have a name or an id and are in force. */
struct chosen {
	const char *name;
	int64_t now_s;
	struct host_record *records;
	size_t n;
};

static bool is_in_force(const struct host_record *record, int64_t now_s)
{
	return !record->is_over && (!record->expires_s || now_s < record->expires_s);
}

static int choose(const struct host_record *record, void *context)
{
	struct chosen *chosen = context;

	if (!is_in_force(record, chosen->now_s) || (!text_equals(record->name, chosen->name) &&
						    !text_equals(record->id, chosen->name)))
		return 0;
	chosen->records = reallocarray(chosen->records, chosen->n + 1, sizeof(*record));
	if (!chosen->records)
		abort();
	chosen->records[chosen->n++] = *record;
	return 0;
}

static bool has_key(const struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->n; i++)
		if (chosen->records[i].kind == HOST_KEY)
			return true;
	return false;
}

static int end_all(struct cli *cli, struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->n; i++)
		chosen->records[i].is_over = true;
	return hosts_merge_all(cli->hosts, chosen->records, chosen->n);
}

/* --- add --- */

static int make_record(const struct cli *cli, const char *name, int64_t seconds,
		       struct host_record *ret_record, struct buf *ret_token)
{
	struct host_record record = {
		.kind = HOST_ENROLMENT,
		.created_s = cli->now_s,
		.expires_s = cli->now_s + seconds,
	};
	_cleanup_(buf_done) struct buf secret = BUF_INIT_SECRET(RELAY_SECRET_LEN);
	unsigned char bytes[32];
	struct digest digest;
	int r = random_bytes(bytes, sizeof(bytes));

	base64url_add(&secret, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	if (r == 0)
		r = random_hex(record.id, RELAY_KEY_ID_LEN / 2);
	if (r == 0)
		r = random_hex(record.host, RELAY_KEY_ID_LEN / 2);
	if (r == 0)
		r = crypto_digest(DIGEST_SHA256, buf_text(&secret), secret.len, &digest);
	if (r < 0)
		return r;
	memcpy(record.secret, digest.bytes, SHA256_BYTES);
	(void)text_into(record.name, sizeof(record.name), name);
	buf_add_format(ret_token, RELAY_ENROL_PREFIX "%s.%s", record.id, buf_text(&secret));
	*ret_record = record;
	return 0;
}

/* An earlier invitation of this name is void: two would be two hosts of one name. */
static int add(struct cli *cli, const char *name, int64_t seconds)
{
	struct chosen chosen = { .name = name, .now_s = cli->now_s };
	_cleanup_(buf_done) struct buf token = BUF_INIT_SECRET(TOKEN_MAX);
	struct host_record record;
	bool is_there;
	int r;

	(void)hosts_each(cli->hosts, choose, &chosen);
	is_there = has_key(&chosen);
	r = is_there ? 0 : end_all(cli, &chosen);
	free(chosen.records);
	if (is_there) {
		(void)fprintf(stderr, "jauth-relay: %s has a key. For a new one, first: "
			      "jauth-relay host revoke %s\n", name, name);
		return EXIT_FAILURE;
	}
	if (r == 0)
		r = make_record(cli, name, seconds, &record, &token);
	if (r == 0)
		r = hosts_merge(cli->hosts, &record);
	if (r < 0)
		return say_error(cli, r);
	(void)printf("jauthctl relay enrol %s %s\n", cli->settings->url, buf_text(&token));
	return EXIT_SUCCESS;
}

static int run_add(struct cli *cli, int argc, char **argv)
{
	int64_t seconds = ENROLMENT_SECONDS;

	if (argc == 3 && text_equals(argv[1], "--for"))
		seconds = conf_duration_s(argv[2]);
	else if (argc != 1)
		return say_usage();
	if (seconds < 1 || seconds > ENROLMENT_SECONDS_MAX) {
		(void)fprintf(stderr, "jauth-relay: --for takes a time such as 30min, 2h or 3d, "
			      "at most %dd\n", ENROLMENT_SECONDS_MAX / 86400);
		return EXIT_USAGE;
	}
	if (!host_name_is_valid(argv[0])) {
		(void)fprintf(stderr, "jauth-relay: a host's name is printable text of at most %d "
			      "bytes\n", RELAY_HOST_MAX);
		return EXIT_USAGE;
	}
	return add(cli, argv[0], seconds);
}

/* --- list --- */

/* NULL: nothing that a person wants to see. */
static const char *state_of(const struct host_record *record, int64_t now_s)
{
	if (record->kind == HOST_ENROLMENT)
		return is_in_force(record, now_s) ? "invited" : NULL;
	return is_in_force(record, now_s) ? "enrolled" : "revoked";
}

static int print_record(const struct host_record *record, void *context)
{
	const struct cli *cli = context;
	const char *state = state_of(record, cli->now_s);
	char moment[32] = "-";
	struct tm tm;

	if (!state)
		return 0;
	if (localtime_r(&record->created_s, &tm))
		(void)strftime(moment, sizeof(moment), "%Y-%m-%d %H:%M", &tm);
	(void)printf("%-*s  %-16s  %-8s  %s\n", RELAY_KEY_ID_LEN, record->id, moment, state,
		     record->name);
	return 0;
}

static int run_list(struct cli *cli, int argc, char **argv UNUSED)
{
	if (argc != 0)
		return say_usage();
	(void)printf("%-*s  %-16s  %-8s  %s\n", RELAY_KEY_ID_LEN, "KEY", "CREATED", "STATE",
		     "NAME");
	(void)hosts_each(cli->hosts, print_record, cli);
	return EXIT_SUCCESS;
}

/* --- revoke --- */

static int run_revoke(struct cli *cli, int argc, char **argv)
{
	struct chosen chosen = { .name = argc == 1 ? argv[0] : NULL, .now_s = cli->now_s };
	int r;

	if (argc != 1)
		return say_usage();
	(void)hosts_each(cli->hosts, choose, &chosen);
	if (!chosen.n) {
		(void)fprintf(stderr, "jauth-relay: no host and no key in force is called %s\n",
			      argv[0]);
		return EXIT_FAILURE;
	}
	r = end_all(cli, &chosen);
	for (size_t i = 0; r == 0 && i < chosen.n; i++)
		(void)printf("revoked %s of %s\n", chosen.records[i].id, chosen.records[i].name);
	free(chosen.records);
	return r < 0 ? say_error(cli, r) : EXIT_SUCCESS;
}

/* --- all of them --- */

static const struct {
	const char *name;
	int (*run)(struct cli *cli, int argc, char **argv);
	int min_argc;
} commands[] = {
	{ "add", run_add, 1 },
	{ "list", run_list, 0 },
	{ "revoke", run_revoke, 1 },
};

/* A file of root's own would be one that the daemon can not change. */
static bool become(const char *name)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(name) : NULL;

	if (!user || (initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
		      setuid(user->pw_uid) == 0))
		return true;
	(void)fprintf(stderr, "jauth-relay: cannot become user %s: %s\n", name, strerror(errno));
	return false;
}

static int run(size_t command, int argc, char **argv, const struct hosts_cli_settings *settings)
{
	struct cli cli = { .settings = settings, .now_s = time(NULL) };
	int r;

	if (!become(settings->user))
		return EXIT_FAILURE;
	r = hosts_open(NULL, settings->path, NULL, NULL, &cli.hosts);
	if (r < 0)
		return say_error(&cli, r);
	r = commands[command].run(&cli, argc, argv);
	hosts_free(cli.hosts);
	return r;
}

int hosts_cli(int argc, char **argv, const struct hosts_cli_settings *settings)
{
	if (argc > 1 && (text_equals(argv[1], "--help") || text_equals(argv[1], "help"))) {
		(void)fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < N_ELEMENTS(commands); i++)
		if (argc > 1 && text_equals(argv[1], commands[i].name) &&
		    argc - 2 >= commands[i].min_argc)
			return run(i, argc - 2, argv + 2, settings);
	return say_usage();
}
