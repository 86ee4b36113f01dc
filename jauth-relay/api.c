/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/api.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauth-relay/relay.h"

#define RETRY_AFTER_S "1"

void api_add_text(struct buf *buf, const char *text)
{
	buf_add_char(buf, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20)
			buf_add_format(buf, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_add_format(buf, "\\%c", c);
		else
			buf_add_char(buf, *text);
	}
	buf_add_char(buf, '"');
}

void api_answer(struct request *request)
{
	request_header(request, "Cache-Control", "no-store");
	request_answer(request, 200, "application/json");
}

void api_no_content(struct request *request)
{
	request_answer(request, 204, NULL);
}

void api_error(struct request *request, unsigned status, const char *text)
{
	struct buf *body = &request->answer.body;

	buf_done(body);
	buf_add_text(body, "{\"error\": ");
	api_add_text(body, text);
	buf_add_text(body, "}\n");
	if (status == 429 || status == 503)
		request_header(request, "Retry-After", RETRY_AFTER_S);
	if (status == 401)
		request_header(request, "WWW-Authenticate", "Bearer");
	request_answer(request, status, "application/json");
}

void api_store_error(struct request *request, int error)
{
	switch (error) {
	case -EDQUOT:
		api_error(request, 429, "this host has too many links");
		break;
	case -ENFILE:
		api_error(request, 429, "the relay has too many links");
		break;
	case -ENOENT:
		api_error(request, 404, "no such link");
		break;
	case -EHOSTDOWN:
		api_error(request, 503, "the store is away");
		break;
	default:
		log_error("a link cannot be read or written: %s", strerror(-error));
		api_error(request, 500, "the link cannot be read or written");
	}
}

bool api_authenticate(struct request *request)
{
	struct relay *relay = request->relay;
	const char *token = request->headers[HEADER_AUTHORIZATION];
	const struct host_record *record =
		token ? hosts_find(relay->hosts, HOST_KEY, token, relay_now_s(relay)) : NULL;

	if (!record) {
		relay->metrics.n[METRIC_KEYS_REFUSED]++;
		api_error(request, 401, "no such key");
		return false;
	}
	(void)text_into(request->owner.key, sizeof(request->owner.key), record->id);
	(void)text_into(request->owner.host, sizeof(request->owner.host), record->host);
	(void)text_into(request->owner.name, sizeof(request->owner.name), record->name);
	return true;
}
