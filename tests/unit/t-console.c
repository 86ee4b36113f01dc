/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What proc(5) says of a process, and whether it logs somebody in on a Linux console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/console.h"

#define PID  4711
#define ROOT "Name:\tlogin\nUmask:\t0022\nPid:\t4711\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"
#define REST " -1 4194560 195 0 0 0 0 0 0 0 20 0 1 0 4242 0 0\n"

static char folder[] = "/tmp/t-console.XXXXXX";

static int make_folder(void **state UNUSED)
{
	_cleanup_free_ char *path = NULL;

	assert_non_null(mkdtemp(folder));
	path = text_format("%s/%d", folder, PID);
	return mkdir(path, 0700);
}

static int drop_folder(void **state UNUSED)
{
	static const char *const names[] = { "/4711/stat", "/4711/status", "/4711", "" };

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		_cleanup_free_ char *path = text_format("%s%s", folder, names[i]);

		(void)remove(path);
	}
	return 0;
}

/* NULL: there is none. */
static void write_one(const char *name, const char *text)
{
	_cleanup_free_ char *path = text_format("%s/%d/%s", folder, PID, name);
	FILE *file;

	(void)unlink(path);
	if (!text)
		return;
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const struct row {
	const char *what, *tty, *stat, *status;
	bool is_held;
} rows[] = {
	{ "a getty's login", "tty1", "4711 (login) S 1 4711 4711 1025 4711" REST, ROOT, true },
	{ "by its path", "/dev/tty63", "4711 (login) S 1 4711 4711 1087 4711" REST, ROOT, true },
	{ "a name like fields", "tty1",
	  "4711 (a) R 9 9 4711 34816 (x) S 1 4711 4711 1025 4711" REST, ROOT, true },
	{ "another console", "tty2", "4711 (login) S 1 4711 4711 1025 4711" REST, ROOT, false },
	{ "no terminal", "tty1", "4711 (login) S 1 4711 4711 0 -1" REST, ROOT, false },
	{ "a pseudo-terminal", "tty1", "4711 (login) S 1 4711 4711 34817 4711" REST, ROOT, false },
	{ "its name said", "pts/1", "4711 (login) S 1 4711 4711 34817 4711" REST, ROOT, false },
	{ "a serial line", "ttyS0", "4711 (login) S 1 4711 4711 1088 4711" REST, ROOT, false },
	{ "a serial line's number", "tty64", "4711 (login) S 1 4711 4711 1088 4711" REST, ROOT,
	  false },
	{ "the foreground console", "tty0", "4711 (login) S 1 4711 4711 1024 4711" REST, ROOT,
	  false },
	{ "nothing said", "", "4711 (login) S 1 4711 4711 1025 4711" REST, ROOT, false },
	{ "more behind the number", "tty1x", "4711 (login) S 1 4711 4711 1025 4711" REST, ROOT,
	  false },
	{ "another's folder", "/dev/pts/tty1", "4711 (login) S 1 4711 4711 1025 4711" REST, ROOT,
	  false },
	{ "within a session", "tty1", "4711 (su) S 1 4711 4000 1025 4711" REST, ROOT, false },
	{ "begun by a user", "tty1", "4711 (su) S 1 4711 4711 1025 4711" REST,
	  "Name:\tsu\nUid:\t1000\t0\t0\t0\n", false },
	{ "a name that says root", "tty1", "4711 (su) S 1 4711 4711 1025 4711" REST,
	  "Name:\tUid:\t0\t0\t0\t0\nUid:\t1000\t0\t0\t0\n", false },
	{ "no status", "tty1", "4711 (login) S 1 4711 4711 1025 4711" REST, NULL, false },
	{ "an empty one", "tty1", "4711 (login) S 1 4711 4711 1025 4711" REST, "", false },
	{ "no stat", "tty1", NULL, ROOT, false },
	{ "an empty stat", "tty1", "", ROOT, false },
	{ "a short one", "tty1", "4711 (login) S 1 4711 4711 1025", ROOT, false },
	{ "no bracket", "tty1", "4711 login S 1 4711 4711 1025 4711" REST, ROOT, false },
	{ "no numbers", "tty1", "4711 (login) S a b c d e" REST, ROOT, false },
	{ "a number too large", "tty1", "4711 (login) S 1 4711 4711 4294968321 1" REST, ROOT,
	  false },
};

static void only_a_login_of_root_that_leads_the_consoles_session_holds_it(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		write_one("stat", rows[i].stat);
		write_one("status", rows[i].status);
		if (console_is_held(folder, PID, rows[i].tty) != rows[i].is_held)
			fail_msg("%s", rows[i].what);
	}
}

static void nobody_is_no_process(void **state UNUSED)
{
	assert_false(console_is_held(folder, 0, "tty1"));
	assert_false(console_is_held(folder, -1, "tty1"));
	assert_false(console_is_held(folder, PID + 1, "tty1"));
	assert_false(console_is_held("/proc", getpid(), "tty1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_login_of_root_that_leads_the_consoles_session_holds_it),
		cmocka_unit_test(nobody_is_no_process),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
