/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clients; see server.h. What a plain Varlink server does not do, and why it is done here:
 *
 *   - A listing is made part by part, as the client takes it, between the turns of others: an
 *     enumeration of 100 000 users by somebody who does not read must cost no memory and nobody's
 *     time. It goes on with the snapshot it began with.
 *   - A full table never refuses a newcomer: "closed" means "no such user" to nss-systemd, and that
 *     may be a login. The one that has waited longest goes instead; nobody but root can take more
 *     than CLIENTS_PER_UID_MAX places.
 *   - Without a readable snapshot the answer is ServiceNotAvailable and not NoRecordFound, so that
 *     nobody takes a person's files for an orphan's.
 *   - Nothing here looks a name up or takes a lock: it would be asked itself.
 */
#include "jauth-userdb/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/macro.h"
#include "jauth-userdb/limits.h"
#include "jauth-userdb/records.h"
#include "jauth-userdb/varlink.h"

#define SECOND_USEC ((uint64_t)1000000)

struct client {
	struct server *owner;
	struct client *next;
	sd_event_source *io;
	int fd;
	uid_t uid;
	struct buf in, out;
	struct listing listing;
	struct held *held;               /* while there is a listing */
	uint64_t since_usec;             /* it connected, or got on */
	bool is_at_end;                  /* it sends nothing more */
};

struct server {
	sd_event *event;
	sd_event_source *listening, *sweep;
	struct source *source;
	struct client *clients;
	unsigned n_clients;
	uint64_t complained_usec;
	unsigned n_complaints;           /* since then */
};

static uint64_t now_usec(const struct server *server)
{
	uint64_t now = 0;

	(void)sd_event_now(server->event, CLOCK_MONOTONIC, &now);
	return now;
}

/* What strangers do goes to the log once in a while, for they could fill it. */
static void complain(struct server *server, uid_t uid, const char *what)
{
	uint64_t now = now_usec(server);

	server->n_complaints++;
	if (server->complained_usec && now < server->complained_usec +
					      COMPLAINT_EVERY_S * SECOND_USEC)
		return;
	log_warning("a client of uid %u is closed: %s (%u times)", uid, what, server->n_complaints);
	server->complained_usec = now;
	server->n_complaints = 0;
}

static void client_close(struct client *client)
{
	struct server *server = client->owner;
	struct client **at = &server->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	server->n_clients--;
	sd_event_source_disable_unref(client->io);
	close_fd(&client->fd);
	buf_done(&client->in);
	buf_done(&client->out);
	held_drop(client->held);
	free(client);
}

/* --- one client's turn --- */

static bool has_whole_call(const struct client *client)
{
	return client->in.len > 0 && memchr(client->in.data, '\0', client->in.len);
}

/* Takes what it has sent, as far as there is room; there is no whole call yet. 0 or -errno. */
static int receive(struct client *client)
{
	char bytes[1024];
	size_t room = MIN(sizeof(bytes), client->in.max - client->in.len);
	ssize_t n;

	if (room == 0)
		return -E2BIG;
	n = recv(client->fd, bytes, room, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		client->is_at_end = true;
	buf_add(&client->in, bytes, (size_t)n);
	return buf_failed(&client->in) ? -ENOMEM : 0;
}

/* 1: everything is sent; 0: not yet; -errno. */
static int transmit(struct client *client)
{
	while (client->out.len > 0) {
		ssize_t n = send(client->fd, client->out.data, client->out.len,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			buf_consume(&client->out, (size_t)n);
			client->since_usec = now_usec(client->owner);
		}
	}
	return 1;
}

/* Answers the first call that has come whole. 1: one was there; 0: none was; -errno. */
static int answer_next(struct client *client)
{
	struct held *held;
	struct varlink_call call;
	size_t len;
	int r;

	if (!has_whole_call(client))
		return 0;
	len = strlen(client->in.data);
	r = varlink_read_call(client->in.data, len, &call);
	if (r < 0)
		return r;
	/* What it closes has a listing; this one has none. */
	source_refresh(client->owner->source);
	held = source_hold(client->owner->source);
	records_answer(&call, held ? held_snapshot(held) : NULL, &client->out, &client->listing);
	if (client->listing.kind)
		client->held = steal(&held);
	held_drop(held);
	varlink_call_done(&call);
	buf_consume(&client->in, len + 1);
	client->since_usec = now_usec(client->owner);
	return buf_failed(&client->out) ? -E2BIG : 1;
}

static int continue_listing(struct client *client)
{
	while (client->listing.kind && client->out.len < FILL_BYTES)
		if (!records_continue(held_snapshot(client->held), &client->listing, &client->out))
			client->held = held_drop(client->held);
	return buf_failed(&client->out) ? -E2BIG : 0;
}

/* 0; 1: it is done and goes; -errno. At most one call and one filling, then others have theirs. */
static int client_turn(struct client *client, uint32_t events)
{
	int r = transmit(client);
	bool has_call = false;

	if (r == 1 && !client->listing.kind) {
		if (events & EPOLLIN && !has_whole_call(client))
			r = receive(client);
		if (r >= 0)
			r = answer_next(client);
		has_call = r == 1;
	}
	if (r >= 0)
		r = continue_listing(client);
	if (r >= 0)
		r = transmit(client);
	if (r < 0)
		return r;
	return client->is_at_end && client->out.len == 0 && !client->listing.kind && !has_call;
}

/* With an answer under way only room for it counts; a whole call that waits needs no event. */
static uint32_t wanted_events(const struct client *client)
{
	bool is_busy = client->out.len > 0 || client->listing.kind || has_whole_call(client);

	return is_busy || client->is_at_end ? EPOLLOUT : EPOLLIN;
}

static int on_client(sd_event_source *io, int fd UNUSED, uint32_t events, void *userdata)
{
	struct client *client = userdata;
	int r = client_turn(client, events);

	if (r == -EBADMSG || r == -E2BIG)
		complain(client->owner, client->uid, r == -E2BIG ? "too long" : "no Varlink call");
	if (r == 0)
		r = sd_event_source_set_io_events(io, wanted_events(client));
	if (r != 0)
		client_close(client);
	return 0;
}

/* --- who comes and who goes --- */

static unsigned n_clients_of(const struct server *server, uid_t uid)
{
	unsigned n = 0;

	for (const struct client *client = server->clients; client; client = client->next)
		n += client->uid == uid;
	return n;
}

/* Of those that are asked for, the one that has waited longest; newer ones stand in front. */
static struct client *longest(const struct server *server,
			      bool (*is_asked_for)(const struct client *, uid_t), uid_t uid)
{
	struct client *found = NULL;

	for (struct client *client = server->clients; client; client = client->next)
		if (is_asked_for(client, uid) &&
		    (!found || client->since_usec <= found->since_usec))
			found = client;
	return found;
}

static bool is_of(const struct client *client, uid_t uid)
{
	return client->uid == uid;
}

static bool is_not_of(const struct client *client, uid_t uid)
{
	return client->uid != uid;
}

static void make_room(struct server *server, uid_t uid)
{
	struct client *client = NULL;

	if (uid != 0 && n_clients_of(server, uid) >= CLIENTS_PER_UID_MAX)
		client = longest(server, is_of, uid);
	else if (server->n_clients >= CLIENTS_MAX) {
		client = longest(server, is_not_of, 0);
		if (!client)
			client = longest(server, is_of, 0);
	}
	if (client) {
		complain(server, client->uid, "there are too many");
		client_close(client);
	}
}

static int client_add(struct server *server, int *fd, uid_t uid)
{
	struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client)
		return -ENOMEM;
	client->owner = server;
	client->uid = uid;
	client->in = (struct buf)BUF_INIT(REQUEST_MAX);
	client->out = (struct buf)BUF_INIT(REPLY_MAX);
	client->since_usec = now_usec(server);
	r = sd_event_add_io(server->event, &client->io, *fd, EPOLLIN, on_client, client);
	if (r < 0) {
		free(client);
		return r;
	}
	client->fd = steal_fd(fd);
	client->next = server->clients;
	server->clients = client;
	server->n_clients++;
	return 0;
}

/* 0, or -errno of accept4(). */
static int accept_one(struct server *server, int listening_fd)
{
	_cleanup_close_ int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return 0;
	make_room(server, peer.uid);
	(void)client_add(server, &fd, peer.uid);
	return 0;
}

static bool is_passing(int error)
{
	return error == 0 || error == -EINTR || error == -ECONNABORTED;
}

static int on_connect(sd_event_source *listening, int listening_fd, uint32_t events UNUSED,
		      void *userdata)
{
	struct server *server = userdata;
	int r = 0;

	for (unsigned n = 0; n < ACCEPTED_AT_ONCE && is_passing(r); n++)
		r = accept_one(server, listening_fd);
	/* No descriptors are left on this host: a pause, else the loop would do only this. */
	if (!is_passing(r) && r != -EAGAIN) {
		log_warning("cannot accept: %s", strerror(-r));
		(void)sd_event_source_set_enabled(listening, SD_EVENT_OFF);
	}
	(void)sd_event_source_set_enabled(server->sweep, SD_EVENT_ON);
	return 0;
}

static bool has_waited_enough(const struct client *client, uint64_t now)
{
	bool is_stalled = client->out.len > 0 || client->listing.kind;
	uint64_t most_s = is_stalled ? CLIENT_STALLED_S : CLIENT_IDLE_S;

	return now >= client->since_usec + most_s * SECOND_USEC;
}

static int on_sweep(sd_event_source *sweep, uint64_t now UNUSED, void *userdata)
{
	struct server *server = userdata;
	struct client *client, *next;

	for (client = server->clients; client; client = next) {
		next = client->next;
		if (has_waited_enough(client, now_usec(server)))
			client_close(client);
	}
	(void)sd_event_source_set_enabled(server->listening, SD_EVENT_ON);
	if (!server->clients)
		return sd_event_source_set_enabled(sweep, SD_EVENT_OFF);
	return sd_event_source_set_time_relative(sweep, SWEEP_S * SECOND_USEC);
}

/* A new snapshot: who lists from one that is older than the last keeps too much memory. */
static void on_changed(void *context)
{
	struct server *server = context;
	struct client *client, *next;

	for (client = server->clients; client; client = next) {
		next = client->next;
		if (client->held && source_age(server->source, client->held) >= SNAPSHOTS_KEPT)
			client_close(client);
	}
}

int server_new(sd_event *event, int fd, const char *path, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->event = sd_event_ref(event);
	r = source_new(event, path, on_changed, server, &server->source);
	if (r >= 0)
		r = sd_event_add_io(event, &server->listening, fd, EPOLLIN, on_connect, server);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &server->sweep, CLOCK_MONOTONIC,
					       SWEEP_S * SECOND_USEC, SECOND_USEC, on_sweep,
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
	sd_event_source_disable_unref(server->sweep);
	source_free(server->source);
	sd_event_unref(server->event);
	free(server);
	return NULL;
}
