/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clients of jauth-http; see server.h. */
#include "jauth-http/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/http-stream.h"
#include "base/log.h"
#include "base/text.h"
#include "jauth-http/limits.h"

struct client {
	struct server *owner;
	struct client *next;
	uint64_t id;                     /* never used again, so a late reply finds nobody */
	struct http_stream *stream;
};

struct server {
	sd_event *event;
	struct server_settings settings;
	struct transfers *transfers;
	sd_event_source *listening;
	struct client *clients;
	unsigned n_clients;
	uint64_t last_id;
};

static void client_close(struct client *client)
{
	struct server *server = client->owner;
	struct client **at = &server->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	server->n_clients--;
	transfers_cancel_client(server->transfers, client->id);
	http_stream_free(client->stream);
	free(client);
}

static int send_reply(struct client *client, uint64_t number, const struct http_reply *reply)
{
	struct buf frame = BUF_INIT_SECRET(HTTP_FRAME_MAX);

	http_encode_reply(&frame, number, reply);
	return http_stream_send(client->stream, &frame, CLIENT_QUEUE_MAX);
}

static int on_request(struct client *client, const struct http_frame_view *frame)
{
	struct http_reply busy = { .result = HTTP_NOT_SENT };
	struct http_request *request;
	int r = http_decode_request(frame, &request);

	if (r < 0)
		return r;
	r = transfers_start(client->owner->transfers, client->id, frame->number, request);
	if (r == 0 || r == -EEXIST)
		return r;
	(void)text_into(busy.error, sizeof(busy.error),
			r == -ENOBUFS ? "too many requests are open" : "cannot be set up");
	return send_reply(client, frame->number, &busy);
}

static int on_cancel(struct client *client, const struct http_frame_view *frame)
{
	transfers_cancel(client->owner->transfers, client->id, frame->number);
	return 0;
}

static int on_ping(struct client *client, const struct http_frame_view *frame)
{
	struct buf pong = BUF_INIT(64);

	http_encode_bare(&pong, frame->number, HTTP_FRAME_PONG);
	return http_stream_send(client->stream, &pong, CLIENT_QUEUE_MAX);
}

/* What a client may send; the others are ours. */
static int (*const frame_handlers[])(struct client *, const struct http_frame_view *) = {
	[HTTP_FRAME_REQUEST] = on_request,
	[HTTP_FRAME_CANCEL] = on_cancel,
	[HTTP_FRAME_PING] = on_ping,
	[HTTP_FRAME_PONG] = NULL,
};

static int on_frame(void *context, const struct http_frame_view *frame)
{
	if (!frame_handlers[frame->type])
		return -EBADMSG;
	return frame_handlers[frame->type](context, frame);
}

static void on_ended(void *context, int error)
{
	struct client *client = context;

	if (error == -ECONNRESET)
		log_debug("client %ju left", (uintmax_t)client->id);
	else
		log_warning("client %ju closed: %s", (uintmax_t)client->id, strerror(-error));
	client_close(client);
}

static const struct http_stream_handler stream_handler = { .frame = on_frame, .ended = on_ended };

static void on_reply(void *context, uint64_t id, uint64_t number, const struct http_reply *reply)
{
	struct server *server = context;
	struct client *client = server->clients;

	while (client && client->id != id)
		client = client->next;
	log_debug("request %ju of client %ju: result %d, status %u%s%s", (uintmax_t)number,
		  (uintmax_t)id, reply->result, reply->status, *reply->error ? ", " : "",
		  reply->error);
	if (!client || send_reply(client, number, reply) == 0)
		return;
	log_warning("client %ju closed: it does not read its replies", (uintmax_t)id);
	client_close(client);
}

static int check_peer(const struct server *server, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (peer.uid != 0 && peer.uid != server->settings.client_uid) {
		log_warning("uid %u may not connect", peer.uid);
		return -EACCES;
	}
	if (server->n_clients == CLIENTS_MAX) {
		log_warning("a client is refused: there are %u already", server->n_clients);
		return -EBUSY;
	}
	return 0;
}

static void client_add(struct server *server, int *fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return;
	if (http_stream_new(server->event, *fd, &stream_handler, client, &client->stream) < 0) {
		free(client);
		return;
	}
	(void)steal_fd(fd);
	client->owner = server;
	client->id = ++server->last_id;
	client->next = server->clients;
	server->clients = client;
	server->n_clients++;
	log_debug("client %ju connected", (uintmax_t)client->id);
}

static int on_connect(sd_event_source *source UNUSED, int listening_fd, uint32_t events UNUSED,
		      void *userdata)
{
	struct server *server = userdata;
	_cleanup_close_ int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 && check_peer(server, fd) == 0)
		client_add(server, &fd);
	return 0;
}

int server_new(sd_event *event, const struct server_settings *settings, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	struct transfers_settings transfers = {
		.ca_file = settings->ca_file,
		.allow_loopback = settings->allow_loopback,
		.done = on_reply,
		.context = server,
	};
	int r;

	if (!server)
		return -ENOMEM;
	server->event = sd_event_ref(event);
	server->settings = *settings;
	r = transfers_new(event, &transfers, &server->transfers);
	if (r >= 0)
		r = sd_event_add_io(event, &server->listening, settings->fd, EPOLLIN, on_connect,
				    server);
	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

struct server *server_free(struct server *server)
{
	if (!server)
		return NULL;
	while (server->clients)
		client_close(server->clients);
	sd_event_source_disable_unref(server->listening);
	transfers_free(server->transfers);
	sd_event_unref(server->event);
	free(server);
	return NULL;
}
