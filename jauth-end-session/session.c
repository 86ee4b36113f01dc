/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session is known by the process that ran PAM, by when that process began, and by the uid that
 * the session was opened for. All three must fit, whatever the order says, and then:
 *
 * - logind knows the session as this user's with this process as its leader: logind ends it, with
 *   everything it holds, also what has left its parents.
 * - Else (no logind, or su inside another one's session) the processes below that one are told to
 *   end, then killed; of them only such as run as that user or whose login was his. The process
 *   that ran PAM is mostly root's (sshd, login, su): it ends by itself when nobody is left, and
 *   closes the session as always.
 */
#include "jauth-end-session/session.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "jauth-end-session/processes.h"

#define ROUND_MS     100
#define ROUNDS_KIND  10        /* to end by themselves */
#define ROUNDS_MAX   30

static struct answer say(enum end_answer what)
{
	return (struct answer){ .what = what };
}

static struct answer refuse(const char *why)
{
	return (struct answer){ .what = SAYS_REFUSED, .why = why };
}

static struct answer fail(const char *why)
{
	return (struct answer){ .what = SAYS_FAILED, .why = why };
}

/* --- by logind --- */

/* Is it logind's to end? -ENOENT when it is not. */
static int find_in_logind(const struct helper *helper, const struct end_order *order)
{
	struct logind_session session;
	int r;

	if (!order->session[0])
		return -ENOENT;
	r = helper->logind->find(order->session, &session);
	if (r < 0)
		return r;
	return session.uid == order->uid && session.leader == order->pid ? 0 : -ENOENT;
}

static struct answer end_by_logind(const struct helper *helper, const struct end_order *order)
{
	int r = helper->logind->terminate(order->session);

	if (r == 0)
		return say(SAYS_ENDED);
	return r == -ENOENT ? say(SAYS_GONE) : fail("logind does not end it");
}

/* --- by its processes --- */

/* How many of them there are; signals them unless `signal` is 0. */
static int each_of_his(const struct helper *helper, const struct end_order *order, int signal,
		       size_t *ret_n)
{
	struct processes processes;
	size_t n = 0;
	int r = processes_read(helper->proc, order->uid, order->pid, &processes);

	if (r < 0)
		return r;
	for (size_t i = 0; i < processes.n; i++) {
		const struct process *process = &processes.list[i];

		if (!process->is_inside || !process->is_his)
			continue;
		n++;
		if (signal)
			(void)helper->signal(helper, process->pid, process->ticks, signal);
	}
	processes_done(&processes);
	*ret_n = n;
	return 0;
}

/* SIGHUP is what a shell understands, SIGCONT wakes what is stopped. */
static struct answer end_by_processes(const struct helper *helper, const struct end_order *order)
{
	static const int kind[] = { SIGHUP, SIGTERM, SIGCONT };
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(kind); i++) {
		size_t n_now;

		r = each_of_his(helper, order, kind[i], &n_now);
		n = r == 0 ? MAX(n, n_now) : n;
	}
	if (r == 0 && n == 0)
		return refuse("no process of this session is that user's");
	for (unsigned round = 0; r == 0 && n > 0 && round < ROUNDS_MAX; round++) {
		helper->pause(ROUND_MS);
		r = each_of_his(helper, order, round < ROUNDS_KIND ? 0 : SIGKILL, &n);
	}
	return r == 0 ? say(SAYS_ENDED) : fail("processes cannot be read");
}

/* --- both --- */

/* SAYS_ALIVE: the process that ran PAM is there, and it is that one. */
static struct answer look_at_process(const struct helper *helper, const struct end_order *order,
				     uint64_t ticks)
{
	uint64_t began;
	int r = process_began(helper->proc, order->pid, &began);

	if (r == -ENOENT || (r == 0 && began != ticks))
		return say(SAYS_GONE);
	return r == 0 ? say(SAYS_ALIVE) : fail("the process cannot be read");
}

struct answer session_obey(const struct helper *helper, const struct end_order *order)
{
	char boot[END_SESSION_BOOT_LEN + 1], boot_now[END_SESSION_BOOT_LEN + 1];
	struct answer answer;
	uint64_t ticks;
	int r;

	if (order->uid < END_SESSION_UID_MIN || end_start_parse(order->start, boot, &ticks) < 0)
		return refuse("not an order");
	if (boot_id_read(helper->proc, boot_now, sizeof(boot_now)) < 0)
		return fail("the boot's id cannot be read");
	if (strcmp(boot, boot_now) != 0)
		return say(SAYS_GONE);
	r = find_in_logind(helper, order);
	if (r == 0)
		return order->verb == VERB_END ? end_by_logind(helper, order) : say(SAYS_ALIVE);
	answer = look_at_process(helper, order, ticks);
	/* A logind that is silent says nothing against the processes, but may hold what is left of
	 * the session without that one. */
	if (answer.what == SAYS_GONE && r != -ENOENT && r != -ENOTCONN)
		return fail("logind does not answer");
	if (answer.what != SAYS_ALIVE || order->verb != VERB_END)
		return answer;
	return end_by_processes(helper, order);
}
