/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage: bench-names N-USERS GID COUNT
 *
 * Looks users p0, p1, … up as programs do, COUNT times, each time another one, and prints for
 * each time the microseconds of: by name, by number, his groups, a name that nobody has. The first
 * one of each sort, which loads the modules, is not counted. One that is not found ends the program.
 */
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "tests/bench/clock.h"

#define GROUPS_MAX 64

struct look_up {
	char name[32];
	uid_t uid;
	gid_t gid;
};

static void check(bool is_right, const struct look_up *who)
{
	if (!is_right) {
		fprintf(stderr, "%s is not found\n", who->name);
		exit(1);
	}
}

static void by_name(struct look_up *who)
{
	struct passwd *entry = getpwnam(who->name);

	check(entry != NULL, who);
	who->uid = entry->pw_uid;
}

static void by_uid(struct look_up *who)
{
	struct passwd *entry = getpwuid(who->uid);

	check(entry && strcmp(entry->pw_name, who->name) == 0, who);
}

static void groups_of(struct look_up *who)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	check(getgrouplist(who->name, who->gid, groups, &n) == 6, who);
}

static void nobody(struct look_up *who)
{
	char name[40];

	(void)snprintf(name, sizeof(name), "no-%s", who->name);
	check(getpwnam(name) == NULL, who);
}

static void (*const look_ups[])(struct look_up *who) = { by_name, by_uid, groups_of, nobody };

int main(int argc, char **argv)
{
	struct look_up who = { 0 };
	long n_users, count;

	if (argc != 4) {
		fputs("usage: bench-names N-USERS GID COUNT\n", stderr);
		return 2;
	}
	n_users = count_argument(argv[1]);
	who.gid = (gid_t)count_argument(argv[2]);
	count = count_argument(argv[3]);
	for (long i = 0; i <= count; i++) {
		(void)snprintf(who.name, sizeof(who.name), "p%ld", i * 7919 % n_users);
		for (size_t k = 0; k < N_ELEMENTS(look_ups); k++) {
			int64_t began = now_ns();

			look_ups[k](&who);
			if (i > 0)
				printf("%.1f ", (double)(now_ns() - began) / 1000);
		}
		if (i > 0)
			puts("");
	}
	return 0;
}
