/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libmicrohttpd on our loop: connections, their times, begin and end of it all. What a request is
 * stands in server-exchange.c. A connection is
 *
 *   READING    waits for a request line and its headers, from the begin or the last reply on
 *   BODY       has those, waits for the body
 *   ANSWERING  is in the hands of a handler (then suspended), or its reply is on the way
 *
 * The library knows idle times only, and a byte now and then is not idle; so READING and BODY stand
 * in a queue (slow.h) and are closed when their time is over, whatever they sent.
 */
#include "jauth-relay/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/macro.h"
#include "jauth-relay/relay.h"
#include "jauth-relay/server-private.h"

#define ACCEPTS_MAX 64           /* in one turn of the loop */

static_assert(REQUEST_HEADER_S == REQUEST_BODY_S, "one queue for both");

/* The library sees the end of the stream and closes. */
static void on_late(struct slow_entry *entry)
{
	struct connection *connection = container_of(entry, struct connection, slow);

	connection->server->relay->metrics.n[METRIC_CONNECTIONS_DROPPED]++;
	(void)shutdown(connection->fd, SHUT_RDWR);
}

/* --- the library on our loop --- */

void server_run_soon(struct server *server)
{
	(void)sd_event_source_set_enabled(server->soon, SD_EVENT_ONESHOT);
}

static void run_daemon(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	int r = 0;

	(void)MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES) {
		r = sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
	} else if (wait_ms == 0) {
		server_run_soon(server);
	} else {
		r = sd_event_source_set_time_relative(server->timer, wait_ms * 1000);
		if (r >= 0)
			r = sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
	}
	assert(r >= 0);
}

static int on_epoll(sd_event_source *source UNUSED, int fd UNUSED, uint32_t events UNUSED,
		    void *userdata)
{
	run_daemon(userdata);
	return 0;
}

static int on_soon(sd_event_source *source UNUSED, void *userdata)
{
	run_daemon(userdata);
	return 0;
}

static int on_timer(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	run_daemon(userdata);
	return 0;
}

/* --- connections --- */

static void read_peer(struct connection *connection)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage storage;
	} peer = { 0 };
	socklen_t len = sizeof(peer);

	if (getpeername(connection->fd, &peer.any, &len) < 0)
		return;
	switch (peer.any.sa_family) {
	case AF_UNIX:
		connection->is_near = true;
		break;
	case AF_INET:
		(void)inet_ntop(AF_INET, &peer.v4.sin_addr, connection->peer,
				sizeof(connection->peer));
		connection->is_near = ntohl(peer.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
		break;
	case AF_INET6:
		(void)inet_ntop(AF_INET6, &peer.v6.sin6_addr, connection->peer,
				sizeof(connection->peer));
		connection->is_near = IN6_IS_ADDR_LOOPBACK(&peer.v6.sin6_addr);
		break;
	}
}

static void connection_open(struct server *server, struct MHD_Connection *handle, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		abort();
	connection->server = server;
	connection->fd = info->connect_fd;
	read_peer(connection);
	server->n_connections++;
	slow_add(server->slow, &connection->slow);
	*context = connection;
}

static void connection_close(struct connection *connection)
{
	slow_remove(connection->server->slow, &connection->slow);
	connection->server->n_connections--;
	free(connection);
}

static void on_connection(void *cls, struct MHD_Connection *handle, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		connection_open(cls, handle, context);
	} else if (*context) {
		connection_close(*context);
		*context = NULL;
	}
}

static int on_connect(sd_event_source *source UNUSED, int listening_fd, uint32_t events UNUSED,
		      void *userdata)
{
	struct server *server = userdata;
	struct sockaddr_storage address;

	for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
		socklen_t len = sizeof(address);
		int fd;

		if (server->n_connections + CONNECTIONS_SPARE >= CONNECTIONS_MAX)
			(void)slow_drop_first(server->slow);
		fd = accept4(listening_fd, (struct sockaddr *)&address, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			(void)slow_drop_first(server->slow);
		if (fd < 0)
			break;
		/* It closes the socket whatever happens. */
		(void)MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, len);
	}
	run_daemon(server);
	return 0;
}

/* --- life --- */

static void on_log(void *cls UNUSED, const char *format, va_list args) PRINTF_LIKE(2, 0);
static void on_log(void *cls UNUSED, const char *format, va_list args)
{
	struct buf line = BUF_INIT(512);

	buf_add_format_list(&line, format, args);
	log_debug("libmicrohttpd: %s", buf_text(&line));
	buf_done(&line);
}

static int start_daemon(struct server *server)
{
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			MHD_USE_ERROR_LOG,
		0, NULL, NULL, exchange_go_on, server,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, server,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_end, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_END);
	return server->daemon ? 0 : -ENOMEM;
}

static int add_sources(struct server *server, const struct server_settings *settings)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	sd_event *event = server->relay->event;
	int r = sd_event_add_io(event, &server->epoll, info->epoll_fd, EPOLLIN, on_epoll, server);

	if (r >= 0)
		r = sd_event_add_defer(event, &server->soon, on_soon, server);
	if (r >= 0)
		r = sd_event_add_time(event, &server->timer, CLOCK_MONOTONIC, UINT64_MAX, 0,
				      on_timer, server);
	for (size_t i = 0; i < settings->n_fds && r >= 0; i++) {
		r = sd_event_add_io(event, &server->listening[i], settings->fds[i], EPOLLIN,
				    on_connect, server);
		server->n_listening++;
	}
	return r;
}

int server_new(const struct server_settings *settings, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->relay = settings->relay;
	r = slow_new(server->relay->event, REQUEST_HEADER_S, on_late, &server->slow);
	if (r >= 0)
		r = start_daemon(server);
	if (r >= 0)
		r = add_sources(server, settings);
	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

static void stop_listening(struct server *server)
{
	for (size_t i = 0; i < server->n_listening; i++)
		server->listening[i] = sd_event_source_disable_unref(server->listening[i]);
}

struct server *server_free(struct server *server)
{
	if (!server)
		return NULL;
	stop_listening(server);
	server->epoll = sd_event_source_disable_unref(server->epoll);
	server->soon = sd_event_source_disable_unref(server->soon);
	server->timer = sd_event_source_disable_unref(server->timer);
	server->stop = sd_event_source_disable_unref(server->stop);
	/* Who has no answer by now gets none; the library insists that nobody is suspended. */
	exchange_release_all(server);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	slow_free(server->slow);
	free(server);
	return NULL;
}

static int on_stop(sd_event_source *source, uint64_t usec UNUSED, void *userdata UNUSED)
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

void server_stop_when_idle(struct server *server)
{
	if (server->is_stopping && server->n_requests == 0)
		(void)sd_event_exit(server->relay->event, 0);
}

void server_stop(struct server *server)
{
	if (server->is_stopping)
		return;
	server->is_stopping = true;
	stop_listening(server);
	if (sd_event_add_time_relative(server->relay->event, &server->stop, CLOCK_MONOTONIC,
				       STOP_S * 1000000ull, 0, on_stop, server) < 0)
		(void)sd_event_exit(server->relay->event, 0);
	server_stop_when_idle(server);
}

size_t server_count_connections(const struct server *server)
{
	return server ? server->n_connections : 0;
}
