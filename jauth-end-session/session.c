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
static int find_in_logind(const struct helper *helper, const struct end_order *order,
			  bool *ret_is_closing)
{
	struct logind_session session;
	int r;

	if (!order->session[0])
		return -ENOENT;
	r = helper->logind->find(order->session, &session);
	if (r < 0)
		return r;
	*ret_is_closing = session.is_closing;
	return session.uid == order->uid && session.leader == order->pid ? 0 : -ENOENT;
}

/* Told first, killed when we are asked again; what was left behind is only killed. */
static struct answer end_by_logind(const struct helper *helper, const struct end_order *order,
				   bool is_closing)
{
	int r = is_closing ? helper->logind->kill_all(order->session)
			   : helper->logind->terminate(order->session);

	if (r == 0)
		return say(SAYS_ENDED);
	return r == -ENOENT ? say(SAYS_GONE) : fail("logind does not end it");
}

/* --- by its processes --- */

/* Those of one session: `list` only grows, so that nobody gets away whose parents have ended. */
struct ending {
	const struct helper *helper;
	const struct end_order *order;
	struct processes list;
	size_t n_his;
	bool is_somebody;                /* there was one */
};

/* Looks again, and signals those who are his unless `signal` is 0. */
static int each_of_his(struct ending *ending, int signal)
{
	const struct helper *helper = ending->helper;
	struct processes now;
	int r = processes_read(helper->proc, ending->order->uid, ending->order->pid, &ending->list,
			       &now);

	if (r < 0)
		return r;
	processes_done(&ending->list);
	ending->list = now;
	ending->n_his = 0;
	for (size_t i = 0; i < now.n; i++) {
		const struct process *process = &now.list[i];

		if (!process->is_inside || !process->is_his)
			continue;
		ending->n_his++;
		if (signal)
			(void)helper->signal(helper, process->pid, process->ticks, signal);
	}
	return 0;
}

/* SIGHUP is what a shell understands, SIGCONT wakes what is stopped. (Nobody is stopped first: su
 * would stop with its shell.) */
static int end_all(struct ending *ending)
{
	static const int kind[] = { SIGHUP, SIGTERM, SIGCONT };
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(kind); i++) {
		r = each_of_his(ending, kind[i]);
		ending->is_somebody = ending->is_somebody || ending->n_his > 0;
	}
	for (unsigned round = 0; r == 0 && ending->n_his > 0 && round < ROUNDS_MAX; round++) {
		ending->helper->pause(ROUND_MS);
		r = each_of_his(ending, round < ROUNDS_KIND ? 0 : SIGKILL);
	}
	return r;
}

static struct answer end_by_processes(const struct helper *helper, const struct end_order *order)
{
	struct ending ending = { .helper = helper, .order = order };
	int r = end_all(&ending);

	processes_done(&ending.list);
	if (r < 0)
		return fail("processes cannot be read");
	return ending.is_somebody ? say(SAYS_ENDED)
				  : refuse("no process of this session is that user's");
}

/* --- both --- */

/* SAYS_ALIVE: the process that ran PAM is there, and it is that one. Where /proc hides others'
 * processes (hidepid=), what we cannot see may be there: process 1 always is. */
static struct answer look_at_process(const struct helper *helper, const struct end_order *order,
				     uint64_t ticks)
{
	uint64_t began, ignored;
	int r = process_began(helper->proc, order->pid, &began);

	if (r == -ENOENT && process_began(helper->proc, 1, &ignored) < 0)
		return fail("others' processes cannot be seen");
	if (r == -ENOENT || (r == 0 && began != ticks))
		return say(SAYS_GONE);
	return r == 0 ? say(SAYS_ALIVE) : fail("the process cannot be read");
}

struct answer session_obey(const struct helper *helper, const struct end_order *order)
{
	char boot[END_SESSION_BOOT_LEN + 1], boot_now[END_SESSION_BOOT_LEN + 1];
	struct answer answer;
	bool is_closing = false;
	uint64_t ticks;
	int r;

	if (order->uid < END_SESSION_UID_MIN || end_start_parse(order->start, boot, &ticks) < 0)
		return refuse("not an order");
	if (boot_id_read(helper->proc, boot_now, sizeof(boot_now)) < 0)
		return fail("the boot's id cannot be read");
	if (strcmp(boot, boot_now) != 0)
		return say(SAYS_GONE);
	r = find_in_logind(helper, order, &is_closing);
	if (r == 0)
		return order->verb == VERB_END ? end_by_logind(helper, order, is_closing)
					       : say(SAYS_ALIVE);
	answer = look_at_process(helper, order, ticks);
	/* A logind that is silent, or away for a moment, says nothing against the processes, but
	 * may hold what is left of the session without that one. */
	if (answer.what == SAYS_GONE && r != -ENOENT)
		return fail("logind does not answer");
	if (answer.what != SAYS_ALIVE || order->verb != VERB_END)
		return answer;
	return end_by_processes(helper, order);
}
