/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage: bench-load MODULE [LIBRARY…]
 *
 * Loads the libraries and then the module, as a program does that has them already, and prints
 * what the module took: microseconds, and kilobytes of memory of this process alone. libpam is
 * always there, since no module is loaded without it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "base/macro.h"
#include "tests/bench/clock.h"

/* Kilobytes written by this process. Reads in one piece, so that it changes nothing itself. */
static long private_kib(void)
{
	char text[4096];
	_cleanup_close_ int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *row;

	if (len < 0) {
		perror("smaps_rollup");
		exit(1);
	}
	text[len] = '\0';
	row = strstr(text, "Private_Dirty:");
	return row ? strtol(row + strlen("Private_Dirty:"), NULL, 10) : 0;
}

static void load(const char *path)
{
	if (!dlopen(path, RTLD_NOW)) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int64_t began;
	long before;

	if (argc < 2) {
		fputs("usage: bench-load MODULE [LIBRARY…]\n", stderr);
		return 2;
	}
	(void)pam_strerror(NULL, PAM_SUCCESS);    /* resolves libpam now */
	for (int i = 2; i < argc; i++)
		load(argv[i]);

	(void)private_kib();                      /* its own pages are touched now */
	before = private_kib();
	began = now_ns();
	load(argv[1]);
	began = now_ns() - began;
	printf("%.1f %ld\n", (double)began / 1000, private_kib() - before);
	return 0;
}
