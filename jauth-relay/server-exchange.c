/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request as libmicrohttpd tells of it: read into a struct request, given to routes.c, and
 * answered. While it waits for its handler's answer its connection is suspended.
 */
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "jauth-relay/relay.h"
#include "jauth-relay/request.h"
#include "jauth-relay/routes.h"
#include "jauth-relay/server-private.h"

/* What a handler's answer needs to find. */
struct exchange {
	struct connection *connection;
	struct MHD_Connection *handle;
	bool has_headers, is_suspended;
	struct exchange *before, *after;         /* among the suspended */
};

/* --- waiting for a handler --- */

static void suspend(struct exchange *exchange)
{
	struct server *server = exchange->connection->server;

	exchange->after = server->suspended;
	if (exchange->after)
		exchange->after->before = exchange;
	server->suspended = exchange;
	exchange->is_suspended = true;
	MHD_suspend_connection(exchange->handle);
}

static void resume(struct exchange *exchange)
{
	struct server *server = exchange->connection->server;

	*(exchange->before ? &exchange->before->after : &server->suspended) = exchange->after;
	if (exchange->after)
		exchange->after->before = exchange->before;
	exchange->before = exchange->after = NULL;
	exchange->is_suspended = false;
	MHD_resume_connection(exchange->handle);
}

void exchange_release_all(struct server *server)
{
	while (server->suspended)
		resume(server->suspended);
}

static void on_answered(struct request *request)
{
	struct exchange *exchange = request->server;
	struct server *server = exchange->connection->server;
	unsigned hundreds = request->answer.status / 100;

	if (hundreds >= 1 && hundreds <= N_ELEMENTS(server->relay->metrics.answers[0]))
		server->relay->metrics.answers[request->class][hundreds - 1]++;
	if (!exchange->is_suspended)
		return;
	resume(exchange);
	server_run_soon(server);
}

/* --- its life --- */

static struct connection *connection_of(struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *handle)
{
	struct server *server = cls;
	struct request *request = request_new(uri);
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (!request || !exchange) {
		request_free(request);
		free(exchange);
		return NULL;
	}
	exchange->connection = connection_of(handle);
	exchange->handle = handle;
	request->relay = server->relay;
	request->server = exchange;
	request->answered = on_answered;
	server->n_requests++;
	return request;
}

void exchange_end(void *cls, struct MHD_Connection *handle UNUSED, void **context,
		  enum MHD_RequestTerminationCode code UNUSED)
{
	struct server *server = cls;
	struct request *request = *context;
	struct exchange *exchange;

	if (!request)
		return;
	exchange = request->server;
	slow_add(server->slow, &exchange->connection->slow);
	request_free(request);
	free(exchange);
	*context = NULL;
	server->n_requests--;
	server_stop_when_idle(server);
}

/* --- what it says and what it is told --- */

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind UNUSED, const char *name,
				   const char *value)
{
	request_set_header(cls, name, value ? value : "");
	return MHD_YES;
}

static enum request_method read_method(const char *name)
{
	static const struct {
		const char *name;
		enum request_method method;
	} methods[] = {
		{ MHD_HTTP_METHOD_GET, REQUEST_GET }, { MHD_HTTP_METHOD_HEAD, REQUEST_HEAD },
		{ MHD_HTTP_METHOD_POST, REQUEST_POST }, { MHD_HTTP_METHOD_PUT, REQUEST_PUT },
		{ MHD_HTTP_METHOD_DELETE, REQUEST_DELETE },
	};

	for (size_t i = 0; i < N_ELEMENTS(methods); i++)
		if (strcmp(name, methods[i].name) == 0)
			return methods[i].method;
	return REQUEST_OTHER;
}

static void take_headers(struct request *request, const char *method)
{
	struct exchange *exchange = request->server;
	struct connection *connection = exchange->connection;

	request->method = read_method(method);
	(void)MHD_get_connection_values(exchange->handle, MHD_HEADER_KIND, take_header, request);
	request_set_peer(request, connection->peer, connection->is_near);
	exchange->has_headers = true;
	slow_add(connection->server->slow, &connection->slow);
}

static enum MHD_Result send_answer(struct request *request)
{
	struct exchange *exchange = request->server;
	struct answer *answer = &request->answer;
	size_t len = answer->body.len;
	char *body = buf_steal(&answer->body);
	struct MHD_Response *response;
	enum MHD_Result result = MHD_YES;

	response = body ? MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE) :
			  MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	for (unsigned i = 0; i < answer->n_headers && result == MHD_YES; i++)
		result = MHD_add_response_header(response, answer->headers[i].name,
						 answer->headers[i].value);
	if (result == MHD_YES)
		result = MHD_queue_response(exchange->handle, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result exchange_go_on(void *cls UNUSED, struct MHD_Connection *handle UNUSED,
			       const char *url UNUSED, const char *method,
			       const char *version UNUSED, const char *data, size_t *data_len,
			       void **context)
{
	struct request *request = *context;
	struct exchange *exchange = request ? request->server : NULL;

	if (!request)
		return MHD_NO;
	if (request->is_answered)
		return send_answer(request);
	if (!exchange->has_headers) {
		take_headers(request, method);
		return MHD_YES;
	}
	if (*data_len) {
		buf_add(&request->body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	slow_remove(exchange->connection->server->slow, &exchange->connection->slow);
	routes_handle(request);
	if (request->is_answered)
		return send_answer(request);
	suspend(exchange);
	return MHD_YES;
}
