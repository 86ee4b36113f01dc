/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames over a stream socket; see http-stream.h. */
#include "base/http-stream.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define READ_LEN 16384

/* What one http_stream_send() handed over. */
struct chunk {
	struct chunk *next;
	struct buf bytes;
	size_t written;
};

struct http_stream {
	int fd;
	sd_event_source *source;
	const struct http_stream_handler *handler;
	void *context;
	struct buf in;
	struct chunk *first, **end;      /* to be written, oldest first */
	size_t queued;
};

static void drop_first_chunk(struct http_stream *stream)
{
	struct chunk *chunk = stream->first;

	stream->first = chunk->next;
	if (!stream->first)
		stream->end = &stream->first;
	stream->queued -= chunk->bytes.len;
	buf_done(&chunk->bytes);
	free(chunk);
}

static int send_queue(struct http_stream *stream)
{
	while (stream->first) {
		struct chunk *chunk = stream->first;
		size_t left = chunk->bytes.len - chunk->written;
		ssize_t n = send(stream->fd, chunk->bytes.data + chunk->written, left,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return -errno;
		chunk->written += (size_t)n;
		if (chunk->written == chunk->bytes.len)
			drop_first_chunk(stream);
	}
	return sd_event_source_set_io_events(stream->source, EPOLLIN);
}

/* Hands on every frame that is complete, and keeps the rest. */
static int take_frames(struct http_stream *stream)
{
	struct http_frame_view frame;
	size_t taken = 0;
	int r;

	while ((r = http_frame_next(stream->in.data + taken, stream->in.len - taken,
				    &frame)) == 0) {
		taken += frame.frame_len;
		r = stream->handler->frame(stream->context, &frame);
		if (r < 0)
			break;
	}
	buf_consume(&stream->in, taken);
	if (!stream->in.len)
		buf_done(&stream->in);
	return r == -EAGAIN ? 0 : r;
}

static int receive(struct http_stream *stream)
{
	char bytes[READ_LEN];
	ssize_t n = recv(stream->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	buf_add(&stream->in, bytes, (size_t)n);
	explicit_bzero(bytes, (size_t)n);
	if (buf_failed(&stream->in))
		return -ENOMEM;
	return take_frames(stream);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct http_stream *stream = userdata;
	int r = 0;

	(void)fd;
	if (events & EPOLLOUT)
		r = send_queue(stream);
	if (r >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		r = receive(stream);
	if (r < 0) {
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		stream->handler->ended(stream->context, r);
	}
	return 0;
}

int http_stream_new(sd_event *event, int fd, const struct http_stream_handler *handler,
		    void *context, struct http_stream **ret_stream)
{
	struct http_stream *stream = calloc(1, sizeof(*stream));
	int r;

	if (!stream)
		return -ENOMEM;
	r = sd_event_add_io(event, &stream->source, fd, EPOLLIN, on_io, stream);
	if (r < 0) {
		free(stream);
		return r;
	}
	stream->fd = fd;
	stream->handler = handler;
	stream->context = context;
	stream->in = (struct buf)BUF_INIT_SECRET(HTTP_FRAME_MAX + READ_LEN);
	stream->end = &stream->first;
	*ret_stream = stream;
	return 0;
}

struct http_stream *http_stream_free(struct http_stream *stream)
{
	if (!stream)
		return NULL;
	sd_event_source_disable_unref(stream->source);
	close_fd(&stream->fd);
	while (stream->first)
		drop_first_chunk(stream);
	buf_done(&stream->in);
	free(stream);
	return NULL;
}

static int queue_chunk(struct http_stream *stream, struct buf *frame, size_t queue_max)
{
	struct chunk *chunk;

	if (buf_failed(frame))
		return -EMSGSIZE;
	if (stream->queued > queue_max || frame->len > queue_max - stream->queued)
		return -ENOBUFS;
	chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return -ENOBUFS;
	chunk->bytes = *frame;
	*frame = (struct buf)BUF_INIT_SECRET(frame->max);
	stream->queued += chunk->bytes.len;
	*stream->end = chunk;
	stream->end = &chunk->next;
	return sd_event_source_set_io_events(stream->source, EPOLLIN | EPOLLOUT);
}

int http_stream_send(struct http_stream *stream, struct buf *frame, size_t queue_max)
{
	int r = queue_chunk(stream, frame, queue_max);

	buf_done(frame);
	return r;
}
