/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts.c, hosts-file.c and hosts-cli.c: records, their file, and the commands that change it. */
#include "jauth-relay/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/hosts-cli.h"

#define KEY_ID   "0123456789abcdef"
#define OTHER_ID "fedcba9876543210"
#define HOST_ID  "00000000000000aa"
#define SECRET   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"
#define HEX_32   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_LINE "key " KEY_ID " " HOST_ID " " HEX_32 " 1700000000 0 open - web1"
#define WAIT_US  5000000ull
#define OUTPUT_MAX 4096

struct fixture {
	char folder[32], path[64], output[64];
	sd_event *event;
	struct hosts *hosts;
	unsigned n_changed;
};

static void on_changed(void *context)
{
	((struct fixture *)context)->n_changed++;
}

static int make_folder(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_true(text_into(fixture->folder, sizeof(fixture->folder), "/tmp/t-hosts-XXXXXX"));
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/hosts", fixture->folder);
	(void)snprintf(fixture->output, sizeof(fixture->output), "%s/output", fixture->folder);
	assert_true(sd_event_new(&fixture->event) >= 0);
	assert_int_equal(hosts_open(fixture->event, fixture->path, on_changed, fixture,
				    &fixture->hosts), 0);
	*state = fixture;
	return 0;
}

static int drop_folder(void **state)
{
	static const char *const names[] = { "hosts", "hosts.tmp", "hosts.lock", "output" };
	struct fixture *fixture = *state;

	assert_null(hosts_free(fixture->hosts));
	(void)sd_event_unref(fixture->event);
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		_cleanup_free_ char *path = text_format("%s/%s", fixture->folder, names[i]);

		(void)unlink(path);
	}
	assert_int_equal(rmdir(fixture->folder), 0);
	free(fixture);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void read_file(const char *path, char text[OUTPUT_MAX])
{
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	text[fread(text, 1, OUTPUT_MAX - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
}

static void run_until_quiet(struct fixture *fixture)
{
	while (sd_event_run(fixture->event, 0) > 0)
		;
}

static void make_record(enum host_record_kind kind, const char *id, struct host_record *ret_record)
{
	struct digest digest;

	assert_int_equal(crypto_digest(DIGEST_SHA256, SECRET, strlen(SECRET), &digest), 0);
	*ret_record = (struct host_record){
		.kind = kind, .created_s = time(NULL), .expires_s = kind == HOST_KEY ? 0 :
		time(NULL) + 60,
	};
	memcpy(ret_record->secret, digest.bytes, SHA256_BYTES);
	assert_true(text_into(ret_record->id, sizeof(ret_record->id), id));
	assert_true(text_into(ret_record->host, sizeof(ret_record->host), HOST_ID));
	assert_true(text_into(ret_record->name, sizeof(ret_record->name), "web1"));
}

/* --- lines --- */

static void a_line_is_read_as_it_was_written(void **state UNUSED)
{
	static const char *const lines[] = {
		KEY_LINE,
		"key " KEY_ID " " HOST_ID " " HEX_32 " 1 2 over - a name with blanks",
		"enrolment " KEY_ID " " HOST_ID " " HEX_32 " 1 2 open - web1",
		"enrolment " KEY_ID " " HOST_ID " " HEX_32 " 1 2 over " OTHER_ID " web1",
		"enrolment " KEY_ID " " HOST_ID " " HEX_32 " 1 2 over - \xe5\xb0\x8f",
	};

	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		struct host_record record;
		_cleanup_(buf_done) struct buf buf = BUF_INIT(512);

		assert_int_equal(host_record_decode(lines[i], &record), 0);
		host_record_encode(&record, &buf);
		assert_string_equal(buf_text(&buf), lines[i]);
	}
}

#define LINE(kind, id, secret, created, state, bound, name) \
	kind " " id " " HOST_ID " " secret " " created " 0 " state " " bound " " name

static void other_lines_are_no_records(void **state UNUSED)
{
	static const char *const lines[] = {
		"", "key", "# comment",
		LINE("lock", KEY_ID, HEX_32, "1", "open", "-", "web1"),
		LINE("key", "0123456789ABCDEF", HEX_32, "1", "open", "-", "web1"),
		LINE("key", KEY_ID "0", HEX_32, "1", "open", "-", "web1"),
		LINE("key", KEY_ID, HEX_32 "0", "1", "open", "-", "web1"),
		LINE("key", KEY_ID, "00", "1", "open", "-", "web1"),
		LINE("key", KEY_ID, HEX_32, "-1", "open", "-", "web1"),
		LINE("key", KEY_ID, HEX_32, "x", "open", "-", "web1"),
		LINE("key", KEY_ID, HEX_32, "1", "new", "-", "web1"),
		LINE("key", KEY_ID, HEX_32, "1", "over", OTHER_ID, "web1"),
		LINE("enrolment", KEY_ID, HEX_32, "1", "open", OTHER_ID, "web1"),
		LINE("enrolment", KEY_ID, HEX_32, "1", "over", "1", "web1"),
		LINE("key", KEY_ID, HEX_32, "1", "open", "-", ""),
		LINE("key", KEY_ID, HEX_32, "1", "open", "-", " web1"),
		LINE("key", KEY_ID, HEX_32, "1", "open", "-", "web1 "),
		LINE("key", KEY_ID, HEX_32, "1", "open", "-", "a\tb"),
		LINE("key", KEY_ID, HEX_32, "1", "open", "-", "a\xe2\x80\xae""b"),
		LINE("key", KEY_ID, HEX_32, "1", "open", "-", "a\xff"),
		LINE("key", KEY_ID, HEX_32, "1", "open", "-",
		     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		"key  " KEY_ID " " HOST_ID " " HEX_32 " 1 0 open - web1",
	};
	struct host_record record;

	for (size_t i = 0; i < N_ELEMENTS(lines); i++)
		if (host_record_decode(lines[i], &record) != -EBADMSG)
			fail_msg("%s", lines[i]);
}

/* --- the file --- */

static void no_file_is_no_hosts(void **state)
{
	struct fixture *fixture = *state;

	assert_null(hosts_find_id(fixture->hosts, KEY_ID));
	assert_int_equal(access(fixture->path, F_OK), -1);
}

static int open_again(const struct fixture *fixture)
{
	struct hosts *hosts;
	int r = hosts_open(NULL, fixture->path, NULL, NULL, &hosts);

	if (r == 0)
		hosts_free(hosts);
	return r;
}

static void a_file_with_a_mistake_is_not_opened(void **state)
{
	static const char *const texts[] = {
		KEY_LINE, KEY_LINE "\n\n", KEY_LINE "\n" KEY_LINE "\n", "\n", "nonsense\n",
	};
	struct fixture *fixture = *state;

	write_file(fixture->path, KEY_LINE "\n");
	assert_int_equal(open_again(fixture), 0);
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		write_file(fixture->path, texts[i]);
		assert_int_equal(open_again(fixture), -EBADMSG);
	}
	write_file(fixture->path, "");
	assert_int_equal(open_again(fixture), 0);
}

static void a_file_that_others_can_write_is_not_opened(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture->path, KEY_LINE "\n");
	assert_int_equal(chmod(fixture->path, 0666), 0);
	assert_int_equal(open_again(fixture), -EPERM);
	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(symlink("/dev/null", fixture->path), 0);
	assert_int_equal(open_again(fixture), -ELOOP);
}

static void what_was_merged_is_in_the_file(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;
	char text[OUTPUT_MAX];
	struct stat st;

	make_record(HOST_KEY, OTHER_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	read_file(fixture->path, text);
	assert_true(text_has_prefix(text, "key " KEY_ID " "));
	assert_non_null(strstr(text, " open - web1\nkey " OTHER_ID " "));
	assert_int_equal(stat(fixture->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(open_again(fixture), 0);
}

static void what_is_known_is_not_written_again(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;

	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_int_equal(access(fixture->path, F_OK), -1);
}

/* --- a record's states --- */

static void a_record_only_goes_forward(void **state)
{
	struct fixture *fixture = *state;
	struct host_record open, over;

	make_record(HOST_KEY, KEY_ID, &open);
	over = open;
	over.is_over = true;
	assert_int_equal(hosts_merge(fixture->hosts, &over), 0);
	assert_int_equal(hosts_merge(fixture->hosts, &open), 0);
	assert_true(hosts_find_id(fixture->hosts, KEY_ID)->is_over);
	/* When it was revoked, so that it can be forgotten one day. */
	assert_in_range(hosts_find_id(fixture->hosts, KEY_ID)->expires_s, open.created_s,
			open.created_s + 60);
}

static void two_states_give_one_in_either_order(void **state)
{
	struct fixture *fixture = *state;
	struct host_record first, second;

	for (int i = 0; i < 2; i++) {
		make_record(HOST_ENROLMENT, i ? KEY_ID : OTHER_ID, &first);
		second = first;
		first.is_over = second.is_over = true;
		assert_true(text_into(first.bound, sizeof(first.bound), OTHER_ID));
		assert_true(text_into(second.bound, sizeof(second.bound), KEY_ID));
		assert_int_equal(hosts_merge(fixture->hosts, i ? &first : &second), 0);
		assert_int_equal(hosts_merge(fixture->hosts, i ? &second : &first), 0);
		assert_string_equal(hosts_find_id(fixture->hosts, first.id)->bound, KEY_ID);
	}
}

static void another_record_of_one_id_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct host_record records[2];

	make_record(HOST_KEY, KEY_ID, &records[0]);
	assert_int_equal(hosts_merge(fixture->hosts, &records[0]), 0);
	records[0].secret[0] ^= 1;
	make_record(HOST_KEY, OTHER_ID, &records[1]);
	assert_int_equal(hosts_merge_all(fixture->hosts, records, 2), -EEXIST);
	assert_non_null(hosts_find_id(fixture->hosts, OTHER_ID));
	make_record(HOST_ENROLMENT, KEY_ID, &records[0]);
	assert_int_equal(hosts_merge(fixture->hosts, &records[0]), -EEXIST);
}

static void what_nobody_must_remember_is_dropped(void **state)
{
	struct fixture *fixture = *state;
	int64_t now_s = time(NULL);
	char text[OUTPUT_MAX];
	struct host_record record;
	_cleanup_free_ char *lines = text_format(
		"key 0000000000000001 " HOST_ID " " HEX_32 " 1 %lld over - long ago\n"
		"key 0000000000000002 " HOST_ID " " HEX_32 " 1 %lld over - lately\n"
		"enrolment 0000000000000003 " HOST_ID " " HEX_32 " 1 %lld open - ended\n"
		"enrolment 0000000000000004 " HOST_ID " " HEX_32 " 1 %lld over - waits\n",
		(long long)(now_s - REVOKED_DAYS * 86400ll - 5), (long long)(now_s - 86400),
		(long long)(now_s - 5), (long long)(now_s + 60));

	write_file(fixture->path, lines);
	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	read_file(fixture->path, text);
	assert_null(strstr(text, "long ago"));
	assert_non_null(strstr(text, "lately"));
	assert_null(strstr(text, "ended"));
	assert_non_null(strstr(text, "waits"));
	/* Nor does a copy of it come back. */
	make_record(HOST_ENROLMENT, OTHER_ID, &record);
	record.expires_s = now_s - 5;
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_null(hosts_find_id(fixture->hosts, OTHER_ID));
}

/* --- others write too --- */

static void a_change_by_somebody_else_is_seen(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;

	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	run_until_quiet(fixture);
	assert_int_equal(fixture->n_changed, 0);
	write_file(fixture->path, "key " OTHER_ID " " HOST_ID " " HEX_32 " 1 0 open - web2\n");
	while (!fixture->n_changed)
		assert_true(sd_event_run(fixture->event, WAIT_US) > 0);
	assert_non_null(hosts_find_id(fixture->hosts, OTHER_ID));
	assert_null(hosts_find_id(fixture->hosts, KEY_ID));
}

/* What the other wrote came in with our own writing: it is news all the same. */
static void a_change_in_between_is_neither_lost_nor_hidden(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;

	write_file(fixture->path, "key " OTHER_ID " " HOST_ID " " HEX_32 " 1 0 open - web2\n");
	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_non_null(hosts_find_id(fixture->hosts, OTHER_ID));
	run_until_quiet(fixture);
	assert_int_equal(fixture->n_changed, 1);
}

static void a_broken_file_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;

	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	write_file(fixture->path, "nonsense\n");
	run_until_quiet(fixture);
	assert_int_equal(fixture->n_changed, 0);
	assert_non_null(hosts_find_id(fixture->hosts, KEY_ID));
	make_record(HOST_KEY, OTHER_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), -EBADMSG);
}

static void who_holds_the_lock_does_not_stop_us(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;
	_cleanup_free_ char *path = text_format("%s.lock", fixture->path);
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), -EBUSY);
	assert_int_equal(flock(fd, LOCK_UN), 0);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
}

/* --- tokens --- */

static void a_token_finds_its_record_and_no_other(void **state)
{
	static const char *const wrong[] = {
		"", "Bearer ", "Basic jr1." KEY_ID "." SECRET,
		RELAY_KEY_PREFIX KEY_ID "." SECRET "a",
		RELAY_KEY_PREFIX KEY_ID ".", RELAY_KEY_PREFIX KEY_ID, RELAY_KEY_PREFIX,
		RELAY_KEY_PREFIX OTHER_ID "." SECRET, RELAY_ENROL_PREFIX KEY_ID "." SECRET,
		RELAY_KEY_PREFIX "0123456789ABCDEF." SECRET,
		RELAY_KEY_PREFIX KEY_ID "." SECRET SECRET SECRET,
	};
	struct fixture *fixture = *state;
	struct host_record record;
	int64_t now_s = time(NULL);

	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_non_null(hosts_find(fixture->hosts, HOST_KEY, RELAY_KEY_PREFIX KEY_ID "." SECRET,
				   now_s));
	assert_non_null(hosts_find(fixture->hosts, HOST_KEY,
				   "bearer  " RELAY_KEY_PREFIX KEY_ID "." SECRET, now_s));
	assert_null(hosts_find(fixture->hosts, HOST_ENROLMENT,
			       RELAY_KEY_PREFIX KEY_ID "." SECRET, now_s));
	assert_null(hosts_find(fixture->hosts, HOST_ENROLMENT,
			       RELAY_ENROL_PREFIX KEY_ID "." SECRET, now_s));
	assert_null(hosts_find(fixture->hosts, HOST_KEY, NULL, now_s));
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		if (hosts_find(fixture->hosts, HOST_KEY, wrong[i], now_s))
			fail_msg("%s", wrong[i]);
}

static void what_is_over_is_found_no_more(void **state)
{
	static const char token[] = RELAY_ENROL_PREFIX KEY_ID "." SECRET;
	struct fixture *fixture = *state;
	struct host_record record;
	int64_t now_s = time(NULL);

	make_record(HOST_ENROLMENT, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_non_null(hosts_find(fixture->hosts, HOST_ENROLMENT, token, now_s));
	assert_null(hosts_find(fixture->hosts, HOST_ENROLMENT, token, record.expires_s));
	record.is_over = true;
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_null(hosts_find(fixture->hosts, HOST_ENROLMENT, token, now_s));
	/* A used one is, as its key may come again. */
	assert_true(text_into(record.bound, sizeof(record.bound), OTHER_ID));
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_non_null(hosts_find(fixture->hosts, HOST_ENROLMENT, token, now_s));
	assert_null(hosts_find(fixture->hosts, HOST_ENROLMENT, token, record.expires_s));
}

static void keys_of_a_host_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;
	int64_t now_s = time(NULL);

	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	make_record(HOST_KEY, OTHER_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	make_record(HOST_ENROLMENT, "aaaaaaaaaaaaaaaa", &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_int_equal(hosts_count_keys(fixture->hosts, HOST_ID, now_s), 2);
	assert_int_equal(hosts_count_keys(fixture->hosts, OTHER_ID, now_s), 0);
	make_record(HOST_KEY, OTHER_ID, &record);
	record.is_over = true;
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_int_equal(hosts_count_keys(fixture->hosts, HOST_ID, now_s + 1), 1);
}

/* --- the command line --- */

/* What `jauth-relay host …` answers, and says on its standard output. */
static int run(struct fixture *fixture, const char *words, char ret_output[OUTPUT_MAX])
{
	const struct hosts_cli_settings settings = {
		.path = fixture->path, .url = "https://sso.example.org", .user = "nobody-here",
	};
	_cleanup_free_ char *copy = text_copy(words);
	char *argv[8] = { NULL }, *rest = copy;
	int argc = 0, status, saved = dup(STDOUT_FILENO);
	int fd = open(fixture->output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	while (rest)
		argv[argc++] = strsep(&rest, " ");
	(void)fflush(stdout);
	assert_true(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
	status = hosts_cli(argc, argv, &settings);
	(void)fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)close(fd);
	read_file(fixture->output, ret_output);
	run_until_quiet(fixture);
	return status;
}

#define COMMAND "jauthctl relay enrol https://sso.example.org "

static void an_added_host_gets_a_command_that_works_once(void **state)
{
	struct fixture *fixture = *state;
	char output[OUTPUT_MAX], list[OUTPUT_MAX], *token = output + strlen(COMMAND);
	const struct host_record *record;
	int64_t now_s = time(NULL);

	assert_int_equal(run(fixture, "host add web1", output), 0);
	assert_true(text_has_prefix(output, COMMAND RELAY_ENROL_PREFIX));
	token[strcspn(token, "\n")] = '\0';
	record = hosts_find(fixture->hosts, HOST_ENROLMENT, token, now_s);
	assert_non_null(record);
	assert_string_equal(record->name, "web1");
	assert_in_range(record->expires_s, now_s + ENROLMENT_SECONDS,
			now_s + ENROLMENT_SECONDS + 60);
	assert_int_equal(fixture->n_changed, 1);
	assert_int_equal(run(fixture, "host list", list), 0);
	assert_non_null(strstr(list, " invited   web1\n"));
	/* A second command makes the first one void. */
	assert_int_equal(run(fixture, "host add web1 --for 2d", list), 0);
	assert_null(hosts_find(fixture->hosts, HOST_ENROLMENT, token, now_s));
	list[strcspn(list, "\n")] = '\0';
	record = hosts_find(fixture->hosts, HOST_ENROLMENT, list + strlen(COMMAND), now_s);
	assert_non_null(record);
	assert_in_range(record->expires_s, now_s + 2 * 86400, now_s + 2 * 86400 + 60);
}

static void a_host_with_a_key_is_not_added_before_it_is_revoked(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;
	char output[OUTPUT_MAX];

	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_int_equal(run(fixture, "host add web1", output), 1);
	assert_int_equal(run(fixture, "host list", output), 0);
	assert_non_null(strstr(output, KEY_ID));
	assert_non_null(strstr(output, " enrolled  web1\n"));
	assert_int_equal(run(fixture, "host revoke web2", output), 1);
	assert_int_equal(run(fixture, "host revoke web1", output), 0);
	assert_string_equal(output, "revoked " KEY_ID " of web1\n");
	assert_int_equal(run(fixture, "host revoke web1", output), 1);
	assert_int_equal(run(fixture, "host list", output), 0);
	assert_non_null(strstr(output, " revoked   web1\n"));
	assert_null(hosts_find(fixture->hosts, HOST_KEY, RELAY_KEY_PREFIX KEY_ID "." SECRET,
			       time(NULL)));
	assert_int_equal(run(fixture, "host add web1", output), 0);
}

static void one_key_is_revoked_by_its_id(void **state)
{
	struct fixture *fixture = *state;
	struct host_record record;
	char output[OUTPUT_MAX];

	make_record(HOST_KEY, KEY_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	make_record(HOST_KEY, OTHER_ID, &record);
	assert_int_equal(hosts_merge(fixture->hosts, &record), 0);
	assert_int_equal(run(fixture, "host revoke " OTHER_ID, output), 0);
	assert_true(hosts_find_id(fixture->hosts, OTHER_ID)->is_over);
	assert_false(hosts_find_id(fixture->hosts, KEY_ID)->is_over);
}

static void what_is_no_command_is_said(void **state)
{
	static const char *const wrong[] = {
		"host", "host add", "host revoke", "host remove web1", "host list all",
		"host add web1 --for", "host add web1 --for ever", "host add web1 --for 8d",
		"host add web1 --for 0", "host add web1 web2", "host add a\tb", "host add ",
		"host revoke a b",
	};
	struct fixture *fixture = *state;
	char output[OUTPUT_MAX];

	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		if (run(fixture, wrong[i], output) != 2 || output[0])
			fail_msg("%s", wrong[i]);
	assert_int_equal(access(fixture->path, F_OK), -1);
	assert_int_equal(run(fixture, "host --help", output), 0);
	assert_non_null(strstr(output, "revoke NAME|KEY"));
	write_file(fixture->path, "nonsense\n");
	assert_int_equal(run(fixture, "host list", output), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_folder)
	const struct CMUnitTest tests[] = {
		CASE(a_line_is_read_as_it_was_written),
		CASE(other_lines_are_no_records),
		CASE(no_file_is_no_hosts),
		CASE(a_file_with_a_mistake_is_not_opened),
		CASE(a_file_that_others_can_write_is_not_opened),
		CASE(what_was_merged_is_in_the_file),
		CASE(what_is_known_is_not_written_again),
		CASE(a_record_only_goes_forward),
		CASE(two_states_give_one_in_either_order),
		CASE(another_record_of_one_id_is_refused),
		CASE(what_nobody_must_remember_is_dropped),
		CASE(a_change_by_somebody_else_is_seen),
		CASE(a_change_in_between_is_neither_lost_nor_hidden),
		CASE(a_broken_file_changes_nothing),
		CASE(who_holds_the_lock_does_not_stop_us),
		CASE(a_token_finds_its_record_and_no_other),
		CASE(what_is_over_is_found_no_more),
		CASE(keys_of_a_host_are_counted),
		CASE(an_added_host_gets_a_command_that_works_once),
		CASE(a_host_with_a_key_is_not_added_before_it_is_revoked),
		CASE(one_key_is_revoked_by_its_id),
		CASE(what_is_no_command_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
