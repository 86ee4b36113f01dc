/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/request.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define ANSWER_BODY_MAX (RELAY_EVENTS_BODY_MAX + 1024)

static const char *const header_names[REQUEST_N_HEADERS] = {
	[HEADER_AUTHORIZATION] = "Authorization",
	[HEADER_COOKIE] = "Cookie",
	[HEADER_ORIGIN] = "Origin",
	[HEADER_SEC_FETCH_SITE] = "Sec-Fetch-Site",
	[HEADER_CONTENT_TYPE] = "Content-Type",
	[HEADER_USER_AGENT] = "User-Agent",
	[HEADER_ACCEPT_LANGUAGE] = "Accept-Language",
	[HEADER_FORWARDED_FOR] = "X-Forwarded-For",
	[HEADER_FORWARDED] = "Forwarded",
	[HEADER_REAL_IP] = "X-Real-IP",
	[HEADER_RECEIPT] = "X-Receipt",
};

static void wipe_text(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

struct request *request_new(const char *uri)
{
	const char *query = strchr(uri, '?');
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->body = (struct buf)BUF_INIT_SECRET(RELAY_BODY_MAX);
	request->answer.body = (struct buf)BUF_INIT_SECRET(ANSWER_BODY_MAX);
	request->path = strndup(uri, query ? (size_t)(query - uri) : strlen(uri));
	request->query = query ? strdup(query + 1) : NULL;
	if (!request->path || (query && !request->query))
		return request_free(request);
	return request;
}

struct request *request_free(struct request *request)
{
	if (!request)
		return NULL;
	if (request->state)
		request->state_free(request->state);
	free(request->path);
	wipe_text(&request->query);
	for (size_t i = 0; i < REQUEST_N_HEADERS; i++)
		wipe_text(&request->headers[i]);
	buf_done(&request->body);
	buf_done(&request->answer.body);
	for (size_t i = 0; i < request->answer.n_headers; i++)
		wipe_text(&request->answer.headers[i].value);
	free(request);
	return NULL;
}

void request_set_header(struct request *request, const char *name, const char *value)
{
	for (size_t i = 0; i < REQUEST_N_HEADERS; i++) {
		if (strcasecmp(name, header_names[i]) != 0)
			continue;
		if (request->headers[i] && i != HEADER_FORWARDED_FOR)
			request->is_ambiguous = true;
		wipe_text(&request->headers[i]);
		request->headers[i] = text_copy(value);
	}
}

/* The last of the addresses in X-Forwarded-For, as inet_ntop() writes it; false: it is none. */
static bool last_hop(const char *list, char *ret_address, size_t size)
{
	const char *comma = strrchr(list, ',');
	const char *hop = comma ? comma + 1 : list;
	unsigned char bytes[16];
	char text[INET6_ADDRSTRLEN];

	hop += strspn(hop, " \t");
	if (!text_into(text, sizeof(text), hop))
		return false;
	text[strcspn(text, " \t")] = '\0';
	for (size_t i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;

		if (inet_pton(family, text, bytes) == 1)
			return inet_ntop(family, bytes, ret_address, (socklen_t)size) != NULL;
	}
	return false;
}

void request_set_peer(struct request *request, const char *peer, bool is_near)
{
	const char *hops = request->headers[HEADER_FORWARDED_FOR];

	request->is_local = is_near && !hops && !request->headers[HEADER_FORWARDED] &&
			    !request->headers[HEADER_REAL_IP];
	if (is_near && hops && last_hop(hops, request->address, sizeof(request->address)))
		return;
	(void)text_into(request->address, sizeof(request->address), peer);
}

void *request_new_state(struct request *request, size_t size, void (*state_free)(void *state))
{
	assert(!request->state);
	request->state = calloc(1, size);
	if (!request->state)
		abort();
	request->state_free = state_free;
	return request->state;
}

void request_header(struct request *request, const char *name, const char *value)
{
	struct answer *answer = &request->answer;

	assert(answer->n_headers < ANSWER_HEADERS_MAX);
	answer->headers[answer->n_headers++] =
		(struct answer_header){ .name = name, .value = text_copy(value) };
}

void request_answer(struct request *request, unsigned status, const char *content_type)
{
	assert(!request->is_answered);
	if (buf_failed(&request->answer.body)) {
		status = 500;
		buf_done(&request->answer.body);
	}
	if (content_type)
		request_header(request, "Content-Type", content_type);
	request->answer.status = status;
	request->is_answered = true;
	request->answered(request);
}

void request_answer_text(struct request *request, unsigned status, const char *text)
{
	buf_add_text(&request->answer.body, text);
	request_answer(request, status, "text/plain; charset=utf-8");
}
