/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The socket of one login: see channel.h, and base/login-protocol.h for what crosses it. */
#include "jauthd/channel.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "jauthd/limits.h"

struct channel {
	int fd;
	sd_event_source *source;
	const struct channel_events *events;
	void *context;
	unsigned n_received;
};

/* One byte more than the longest datagram, so that a longer one shows. */
#define DATAGRAM_SIZE (LOGIN_ANSWER_HEADER + LOGIN_ANSWER_MAX + 1)

/* Never O_NONBLOCK: the peer shares the file flags of what it was given. No room for control data:
 * descriptors that a peer sends are closed by the kernel and show as MSG_CTRUNC. */
static ssize_t receive(struct channel *channel, char *datagram, bool *ret_is_odd)
{
	struct iovec iov = { .iov_base = datagram, .iov_len = DATAGRAM_SIZE };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len = recvmsg(channel->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (len < 0)
		return -errno;
	*ret_is_odd = header.msg_flags & (MSG_CTRUNC | MSG_TRUNC);
	return len;
}

static const char *handle(struct channel *channel, const char *datagram, size_t len)
{
	struct secret *answer;
	uint32_t number;

	if (len < LOGIN_ANSWER_HEADER || len >= DATAGRAM_SIZE)
		return "datagram of a wrong length";
	if (++channel->n_received > LOGIN_ANSWERS_MAX)
		return "too many answers";
	if (datagram[0] == LOGIN_CANCEL) {
		channel->events->cancel(channel->context);
		return NULL;
	}
	if (datagram[0] != LOGIN_ANSWER)
		return "unknown opcode";
	memcpy(&number, datagram + 1, sizeof(number));
	answer = secret_new(datagram + LOGIN_ANSWER_HEADER, len - LOGIN_ANSWER_HEADER);
	if (!answer)
		return "out of memory";
	channel->events->answer(channel->context, le32toh(number), answer);
	secret_free(answer);
	return NULL;
}

/* True when there may be more. */
static bool read_one(struct channel *channel)
{
	char datagram[DATAGRAM_SIZE];
	const char *why = NULL;
	bool is_odd = false;
	ssize_t len = receive(channel, datagram, &is_odd);

	if (len == -EAGAIN || len == -EINTR)
		return len == -EINTR;
	if (len == 0)
		why = "client left";
	else if (len < 0)
		why = "connection broken";
	else if (is_odd)
		why = "descriptors or too long a datagram";
	else
		why = handle(channel, datagram, (size_t)len);
	explicit_bzero(datagram, sizeof(datagram));
	if (!why)
		return true;
	(void)sd_event_source_set_enabled(channel->source, SD_EVENT_OFF);
	channel->events->gone(channel->context, why);
	return false;
}

/* Edge-triggered, so all is read: with thousands of clients that leave at once, epoll would else
 * hand out every one of them again and again until its turn has come. */
static int on_readable(sd_event_source *source UNUSED, int fd UNUSED, uint32_t revents UNUSED,
		       void *userdata)
{
	while (read_one(userdata))
		;
	return 0;
}

int channel_new(sd_event *event, const struct channel_events *events, void *context,
		struct channel **ret_channel, int *ret_peer_fd)
{
	struct channel *channel;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		abort();
	channel->fd = pair[0];
	channel->events = events;
	channel->context = context;
	r = sd_event_add_io(event, &channel->source, pair[0], EPOLLIN | EPOLLET, on_readable,
			    channel);
	if (r < 0) {
		(void)close(pair[1]);
		channel_free(channel);
		return r;
	}
	*ret_channel = channel;
	*ret_peer_fd = pair[1];
	return 0;
}

/* Closing a socket with unread data would reset the peer, who then might miss the outcome. */
static void drain(int fd)
{
	char datagram[DATAGRAM_SIZE];

	for (int i = 0; i < LOGIN_ANSWERS_MAX; i++)
		if (recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT) <= 0)
			break;
	explicit_bzero(datagram, sizeof(datagram));
}

struct channel *channel_free(struct channel *channel)
{
	if (!channel)
		return NULL;
	sd_event_source_disable_unref(channel->source);
	drain(channel->fd);
	(void)close(channel->fd);
	free(channel);
	return NULL;
}

int channel_send(struct channel *channel, const struct login_step *step)
{
	_cleanup_free_ char *data = NULL;
	ssize_t sent;
	size_t len;
	int r = login_step_encode(step, &data, &len);

	if (r < 0)
		return r;
	sent = send(channel->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent == (ssize_t)len ? 0 : sent < 0 ? -errno : -EMSGSIZE;
}
