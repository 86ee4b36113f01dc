/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proc(5). A process may end between two looks at it: then it is not there. */
#include "jauth-end-session/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"

#define FILE_MAX     4096
#define PATH_SIZE    256
#define FIELD_PARENT 4        /* of stat, counted from 1 */
#define FIELD_TICKS  22

/* The first bytes of a file, as text. */
static int read_file(const char *path, char *ret_text, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len;

	if (fd < 0)
		return errno == ESRCH ? -ENOENT : -errno;
	len = read(fd, ret_text, size - 1);
	if (len < 0)
		return errno == ESRCH ? -ENOENT : -errno;
	ret_text[len] = '\0';
	return 0;
}

static int read_of(const char *proc, uint32_t pid, const char *name, char ret_text[FILE_MAX])
{
	char path[PATH_SIZE];
	int len = snprintf(path, sizeof(path), "%s/%" PRIu32 "/%s", proc, pid, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	return read_file(path, ret_text, FILE_MAX);
}

int boot_id_read(const char *proc, char *ret_id, size_t size)
{
	char path[PATH_SIZE], text[FILE_MAX];
	int len = snprintf(path, sizeof(path), "%s/sys/kernel/random/boot_id", proc), r;

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	r = read_file(path, text, sizeof(text));
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	if (strlen(text) >= size)
		return -EBADMSG;
	memcpy(ret_id, text, strlen(text) + 1);
	return 0;
}

/* Decimal up to the next blank or the end. */
static int number_at(const char *text, uint64_t *ret_number)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EBADMSG;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || (*end && !strchr(" \t\n", *end)))
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

/* The name in it is in brackets, and may hold brackets and blanks: what counts is the last one. */
static int parse_stat(const char *text, struct process *ret_process)
{
	const char *rest = strrchr(text, ')');
	uint64_t parent = 0, ticks = 0;
	char state;
	int r = -EBADMSG;

	if (!rest || rest[1] != ' ')
		return -EBADMSG;
	state = rest[2];
	rest += 2;
	for (unsigned field = 3; field <= FIELD_TICKS; field++) {
		if (field == FIELD_PARENT && number_at(rest, &parent) < 0)
			return -EBADMSG;
		if (field == FIELD_TICKS)
			r = number_at(rest, &ticks);
		else if ((rest = strchr(rest, ' ')))
			rest++;
		else
			return -EBADMSG;
	}
	if (r < 0)
		return r;
	if (state == 'Z' || state == 'X')        /* has ended */
		return -ENOENT;
	ret_process->parent = (uint32_t)parent;
	ret_process->ticks = ticks;
	return 0;
}

static int read_stat(const char *proc, uint32_t pid, struct process *ret_process)
{
	char text[FILE_MAX];
	int r = read_of(proc, pid, "stat", text);

	return r < 0 ? r : parse_stat(text, ret_process);
}

int process_began(const char *proc, uint32_t pid, uint64_t *ret_ticks)
{
	struct process process;
	int r = read_stat(proc, pid, &process);

	if (r == 0)
		*ret_ticks = process.ticks;
	return r;
}

/* Unknown is not his. */
static bool is_his(const char *proc, uint32_t pid, uint32_t uid)
{
	char text[FILE_MAX];
	const char *line;
	uint64_t number;

	if (read_of(proc, pid, "status", text) < 0)
		return false;
	line = strstr(text, "\nUid:\t");         /* a name's newline is shown as \n */
	if (line && number_at(line + strlen("\nUid:\t"), &number) == 0 && number == uid)
		return true;
	return read_of(proc, pid, "loginuid", text) == 0 && number_at(text, &number) == 0 &&
	       number == uid;
}

static int add(struct processes *processes, const struct process *process)
{
	/* Grows by doubling: at 1, 2, 4, … elements it is full. */
	if ((processes->n & (processes->n - 1)) == 0) {
		size_t room = processes->n ? processes->n * 2 : 1;
		struct process *list = reallocarray(processes->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		processes->list = list;
	}
	if (processes->n >= PROCESSES_MAX)
		return -E2BIG;
	processes->list[processes->n++] = *process;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	uint32_t one = ((const struct process *)a)->pid, other = ((const struct process *)b)->pid;

	return one < other ? -1 : one > other;
}

static const struct process *find(const struct processes *processes, uint32_t pid)
{
	const struct process key = { .pid = pid };

	return bsearch(&key, processes->list, processes->n, sizeof(key), compare_pids);
}

/* Until a round finds nobody more: whose parent has the higher id is found in the next one. */
static void mark_inside(struct processes *processes)
{
	bool is_more = true;

	while (is_more) {
		is_more = false;
		for (size_t i = 0; i < processes->n; i++) {
			struct process *process = &processes->list[i];
			const struct process *parent;

			if (process->is_inside)
				continue;
			parent = find(processes, process->parent);
			process->is_inside = parent && parent->is_inside;
			is_more = is_more || process->is_inside;
		}
	}
}

/* Whose parents have ended since is somebody else's child by now, but the same process. */
static bool was_inside(const struct processes *before, const struct process *process)
{
	const struct process *old = before && before->n ? find(before, process->pid) : NULL;

	return old && old->is_inside && old->ticks == process->ticks;
}

static int read_all(DIR *folder, const char *proc, struct processes *processes)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(folder))) {
		struct process process = { 0 };
		uint64_t pid;

		if (number_at(entry->d_name, &pid) < 0 || pid > INT32_MAX)
			continue;
		process.pid = (uint32_t)pid;
		if (read_stat(proc, process.pid, &process) == 0)
			r = add(processes, &process);
	}
	return r;
}

int processes_read(const char *proc, uint32_t uid, uint32_t root, const struct processes *before,
		   struct processes *ret_processes)
{
	struct processes processes = { 0 };
	DIR *folder = opendir(proc);
	int r;

	if (!folder)
		return -errno;
	r = read_all(folder, proc, &processes);
	(void)closedir(folder);
	if (r < 0) {
		processes_done(&processes);
		return r;
	}
	if (processes.n)
		qsort(processes.list, processes.n, sizeof(*processes.list), compare_pids);
	for (size_t i = 0; i < processes.n; i++)
		processes.list[i].is_inside = processes.list[i].pid == root ||
					      was_inside(before, &processes.list[i]);
	mark_inside(&processes);
	for (size_t i = 0; i < processes.n; i++)
		if (processes.list[i].is_inside)
			processes.list[i].is_his = is_his(proc, processes.list[i].pid, uid);
	*ret_processes = processes;
	return 0;
}

void processes_done(struct processes *processes)
{
	free(processes->list);
	*processes = (struct processes){ 0 };
}
