/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into a program under test: kills it, as kill -9 would, before the Nth of its calls that
 * can be seen from outside (to a file, a folder, a socket, or for a process), where N stands in the
 * file that KILLED_AT names: 8 bytes, mapped, counted down; 0 means never. See killed.py.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int64_t never;
static int64_t *left = &never;
static pid_t first;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = secure_getenv("KILLED_AT");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *page;

	if (fd < 0)
		abort();
	page = mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		abort();
	(void)close(fd);
	left = page;
	first = getpid();
}

/* Below zero it is over: the test reads how far it went. Children do not count. */
static void step(void)
{
	if (getpid() == first && __atomic_load_n(left, __ATOMIC_SEQ_CST) > 0 &&
	    __atomic_sub_fetch(left, 1, __ATOMIC_SEQ_CST) == 0)
		(void)kill(first, SIGKILL);
}

ssize_t write(int fd, const void *data, size_t len)
{
	step();
	return syscall(SYS_write, fd, data, len);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
	step();
	return syscall(SYS_pwrite64, fd, data, len, offset);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return pwrite64(fd, data, len, offset);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	step();
	return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	step();
	return syscall(SYS_sendmsg, fd, message, flags);
}

int fsync(int fd)
{
	step();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	step();
	return (int)syscall(SYS_fdatasync, fd);
}

int ftruncate64(int fd, off64_t len)
{
	step();
	return (int)syscall(SYS_ftruncate, fd, len);
}

int rename(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_rename, from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	step();
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0u);
}

int unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlink, path);
}

int mkdir(const char *path, mode_t mode)
{
	step();
	return (int)syscall(SYS_mkdir, path, mode);
}

int fchown(int fd, uid_t uid, gid_t gid)
{
	step();
	return (int)syscall(SYS_fchown, fd, uid, gid);
}

int fchmod(int fd, mode_t mode)
{
	step();
	return (int)syscall(SYS_fchmod, fd, mode);
}

pid_t fork(void)
{
	step();
	return ((pid_t (*)(void))dlsym(RTLD_NEXT, "fork"))();
}
