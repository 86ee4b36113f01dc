/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into a jauthd under test: its clocks, the wall's and the monotonic one, are ahead by as
 * many seconds as stand in the file that MOVED_CLOCK names (8 bytes, mapped, so that a test moves
 * them while jauthd runs). Timers follow at the loop's next round; see clock.py.
 *
 * Debian's libfaketime is no help: its timers ring at once when only the wall clock is moved.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Other libraries ask for the time before our turn comes. */
static const int64_t nothing;
static const volatile int64_t *ahead_s = &nothing;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = secure_getenv("MOVED_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *page;

	if (fd < 0)
		abort();
	page = mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		abort();
	(void)close(fd);
	ahead_s = page;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	if (syscall(SYS_clock_gettime, id, now) != 0)
		return -1;
	if (id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID)
		now->tv_sec += *ahead_s;
	return 0;
}

time_t time(time_t *ret_now)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret_now)
		*ret_now = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &precise);
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / 1000;
	return 0;
}

/* Absolute times were reckoned on the moved clock. One that lies before the real clock's zero has
 * long been reached: the next moment after zero, since zero itself would switch the timer off. */
int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *ret_old)
{
	struct itimerspec real = *when;

	if ((flags & TFD_TIMER_ABSTIME) && (when->it_value.tv_sec || when->it_value.tv_nsec)) {
		real.it_value.tv_sec -= *ahead_s;
		if (real.it_value.tv_sec < 0)
			real.it_value = (struct timespec){ .tv_nsec = 1 };
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &real, ret_old);
}
