/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads two files of proc(5), which do not block: the kernel writes them of what it has at hand. */
#include "jauthd/console.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/text.h"

#define STAT_MAX      1024
#define STATUS_MAX    4096
#define CONSOLE_MAJOR 4
#define CONSOLES_MAX  63

/* Of /proc/PID/stat, counted from the state, which stands behind the name's bracket. */
enum {
	FIELD_SESSION = 3,
	FIELD_TERMINAL = 4,
	N_FIELDS,
};

static bool read_file(const char *proc, pid_t pid, const char *name, char *ret_text, size_t size)
{
	_cleanup_free_ char *path = text_format("%s/%d/%s", proc, (int)pid, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	if (len <= 0)
		return false;
	ret_text[len] = '\0';
	return strlen(ret_text) == (size_t)len;
}

/* The name may hold anything, brackets and blanks, too. */
static bool read_fields(char *stat, int64_t ret_fields[N_FIELDS])
{
	char *word = strrchr(stat, ')');

	if (!word || word[1] != ' ')
		return false;
	word += 2;
	for (unsigned i = 0; i < N_FIELDS; i++) {
		char *end = strchr(word, ' ');

		if (!end)
			return false;
		*end = '\0';
		if (i > 0 && text_to_number(word, -1, INT32_MAX, &ret_fields[i]) < 0)
			return false;
		word = end + 1;
	}
	return true;
}

/* 0: it is none. */
static int64_t console_number(const char *tty)
{
	int64_t number = 0;

	if (text_has_prefix(tty, "/dev/"))
		tty += strlen("/dev/");
	if (!text_has_prefix(tty, "tty") ||
	    text_to_number(tty + strlen("tty"), 1, CONSOLES_MAX, &number) < 0)
		return 0;
	return number;
}

/* Its real uid; the effective one is root's also where anybody runs a program with the bit. */
static bool is_begun_by_root(const char *proc, pid_t pid)
{
	char status[STATUS_MAX];

	return read_file(proc, pid, "status", status, sizeof(status)) &&
	       strstr(status, "\nUid:\t0\t0\t");
}

bool console_is_held(const char *proc, pid_t pid, const char *tty)
{
	int64_t number = console_number(tty), fields[N_FIELDS];
	char stat[STAT_MAX];

	return number && pid > 0 && read_file(proc, pid, "stat", stat, sizeof(stat)) &&
	       read_fields(stat, fields) && fields[FIELD_SESSION] == pid &&
	       fields[FIELD_TERMINAL] == (CONSOLE_MAJOR << 8 | number) &&
	       is_begun_by_root(proc, pid);
}
