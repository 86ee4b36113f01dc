/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The socket part of a login.
 *
 * The socket's file flags are shared with jauthd, so nothing relies on O_NONBLOCK: every send and
 * receive says MSG_DONTWAIT, and only poll() waits.
 */
#include "pam_jauth/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/macro.h"
#include "pam_jauth/deadline.h"

#define BEGIN_LIMIT_MS  20000    /* for bus and start of jauthd: login gives up after 60 s in all */
#define LOOK_MS         200      /* between two looks at is_interrupted() */

void client_init(struct login_client *client, int64_t timeout_ms)
{
	*client = (struct login_client){
		.fd = -1,
		.hangup_fd = -1,
		.deadline_ms = monotonic_ms() + timeout_ms,
	};
}

void client_done(struct login_client *client)
{
	close_fd(&client->fd);
	client->fd = -1;
}

enum login_state client_begin(struct login_client *client, const char *bus_address,
			      const struct login_facts *facts)
{
	int64_t limit_ms = monotonic_ms() + BEGIN_LIMIT_MS;

	return login_begin(bus_address, facts, MIN(limit_ms, client->deadline_ms), &client->fd,
			   client->reason);
}

/* An outcome of our own. */
static void end_with(struct login_client *client, struct login_step *ret_step,
		     enum login_state state, const char *reason)
{
	size_t len = MIN(strlen(reason), sizeof(client->reason) - 1);

	memcpy(client->reason, reason, len);
	client->reason[len] = '\0';
	*ret_step = (struct login_step){ .state = state };
}

/* Until something arrives: true. False: *ret_step is the outcome. */
static bool wait_for_step(struct login_client *client, struct login_step *ret_step)
{
	for (;;) {
		int left = remaining_ms(client->deadline_ms);
		struct pollfd fds[] = {
			{ .fd = client->fd, .events = POLLIN },
			{ .fd = client->hangup_fd, .events = POLLRDHUP },
		};
		int n = poll(fds, N_ELEMENTS(fds),
			     client->is_interrupted ? MIN(left, LOOK_MS) : left);

		if (n < 0 && errno != EINTR) {
			end_with(client, ret_step, LOGIN_FAILED, "poll failed");
			return false;
		}
		/* An outcome that has arrived counts, even if the person has just left. */
		if (n > 0 && fds[0].revents)
			return true;
		if (n > 0 && fds[1].revents) {
			end_with(client, ret_step, LOGIN_CANCELLED,
				 "the person's connection is gone");
			return false;
		}
		if (client->is_interrupted && client->is_interrupted()) {
			end_with(client, ret_step, LOGIN_CANCELLED, "interrupted");
			return false;
		}
		if (left == 0) {
			end_with(client, ret_step,
				 client->has_begun ? LOGIN_FAILED : LOGIN_UNAVAILABLE,
				 "the time is over");
			return false;
		}
	}
}

/* The length of the datagram that waits, 0 for the end of file, or -errno. jauthd may close with
 * an answer of ours unread: the kernel then reports a reset, once, before what is still queued. */
static ssize_t next_length(int fd)
{
	const int flags = MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT;
	ssize_t len = recv(fd, NULL, 0, flags);

	if (len < 0 && errno == ECONNRESET)
		len = recv(fd, NULL, 0, flags);
	return len < 0 ? -errno : len;
}

/* Receives one datagram of at most LOGIN_STEP_MAX bytes, the caller frees. 0: end of file. */
static ssize_t receive(int fd, char **ret_data)
{
	ssize_t len = next_length(fd);
	char *data;

	if (len <= 0)
		return len;
	if ((size_t)len > LOGIN_STEP_MAX)
		return -EMSGSIZE;
	data = malloc((size_t)len);
	if (!data)
		return -ENOMEM;
	if (recv(fd, data, (size_t)len, MSG_DONTWAIT) != len) {
		free(data);
		return -EIO;
	}
	*ret_data = data;
	return len;
}

void client_next(struct login_client *client, struct login_step *ret_step)
{
	_cleanup_free_ char *data = NULL;
	ssize_t len;

	if (!wait_for_step(client, ret_step))
		return;
	len = receive(client->fd, &data);
	if (len == 0) {
		end_with(client, ret_step, LOGIN_UNAVAILABLE,
			 "jauthd has gone in the middle of the login");
		return;
	}
	if (len < 0 || login_step_decode(data, (size_t)len, ret_step) < 0) {
		end_with(client, ret_step, LOGIN_FAILED, "what jauthd sends is not a step");
		return;
	}
	client->has_begun = true;
}

static void send_datagram(struct login_client *client, enum login_opcode opcode, uint32_t number,
			  const char *answer, size_t len)
{
	unsigned char header[LOGIN_ANSWER_HEADER] = {
		(unsigned char)opcode, number & 0xff, number >> 8 & 0xff, number >> 16 & 0xff,
		number >> 24,
	};
	struct iovec parts[] = {
		{ .iov_base = header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)answer, .iov_len = len },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = N_ELEMENTS(parts) };

	(void)sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool client_answer(struct login_client *client, uint32_t number, const char *answer, size_t len)
{
	if (len > LOGIN_ANSWER_MAX)
		return false;
	send_datagram(client, LOGIN_ANSWER, number, answer, len);
	return true;
}

void client_cancel(struct login_client *client)
{
	send_datagram(client, LOGIN_CANCEL, 0, NULL, 0);
}
