/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/routes.h"

#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/api.h"
#include "jauth-relay/files.h"
#include "jauth-relay/phone-mini.h"
#include "jauth-relay/phone.h"
#include "jauth-relay/pushes.h"
#include "jauth-relay/relay.h"

#define SHOW (REQUEST_GET | REQUEST_HEAD)

/* In a path '*' is one segment, which becomes the request's argument; a last "**" is anything. */
struct route {
	const char *path;
	unsigned methods;
	void (*handle)(struct request *request);
	enum request_class class;
	bool needs_key;                  /* of a host */
	bool takes_any_length;           /* the handler sees that the body failed */
};

/* The first that fits. */
static const struct route routes[] = {
	{ "/q/*", SHOW, phone_show, CLASS_PAGE },
	{ "/q/*", REQUEST_POST, phone_press, CLASS_PAGE },
	/* No HEAD: what comes here is used up. */
	{ "/cb/*", REQUEST_GET, phone_callback, CLASS_PAGE },
	{ "/cb/*/**", REQUEST_GET, phone_callback, CLASS_PAGE },
	{ "/cb/*", REQUEST_POST, phone_post_callback, CLASS_PAGE },
	{ "/d/*", SHOW, phone_show_dingtalk, CLASS_PAGE },
	{ "/m/*", SHOW, phone_show_mini, CLASS_PAGE },
	{ "/api/m/*", SHOW, mini_get, CLASS_MINI },
	{ "/api/m/*", REQUEST_POST, mini_post, CLASS_MINI },
	{ "/api/m/*/result", REQUEST_GET, mini_get_result, CLASS_MINI },
	{ "/v1/links/*", REQUEST_PUT, api_put_link, CLASS_HOST, true },
	{ "/v1/links/*", REQUEST_DELETE, api_delete_link, CLASS_HOST, true },
	{ "/v1/links/*/target", REQUEST_PUT, api_put_target, CLASS_HOST, true },
	{ "/v1/links/*/result", REQUEST_PUT, api_put_result, CLASS_HOST, true },
	{ "/v1/pushes/*", REQUEST_PUT, api_put_push, CLASS_HOST, true },
	{ "/v1/events", REQUEST_GET, api_get_events, CLASS_HOST, true },
	{ "/v1/enrol", REQUEST_POST, api_enrol, CLASS_HOST },
	{ "/v1/keys", REQUEST_POST, api_post_key, CLASS_HOST, true },
	{ "/v1/keys/*", REQUEST_DELETE, api_delete_key, CLASS_HOST, true },
	{ "/v1/host", REQUEST_GET, api_get_host, CLASS_HOST, true },
	/* However long it is: a vendor that is refused comes again. */
	{ "/push/*", REQUEST_GET | REQUEST_POST, pushes_take, CLASS_PUSH,
	  .takes_any_length = true },
	{ "/healthz", SHOW, files_health, CLASS_OTHER },
	{ "/metrics", SHOW, files_metrics, CLASS_OTHER },
	{ "/robots.txt", SHOW, files_robots, CLASS_OTHER },
	{ "/*", SHOW, files_ownership, CLASS_OTHER },
};

static const struct {
	enum request_method method;
	const char *name;
} method_names[] = {
	{ REQUEST_GET, "GET" }, { REQUEST_HEAD, "HEAD" }, { REQUEST_POST, "POST" },
	{ REQUEST_PUT, "PUT" }, { REQUEST_DELETE, "DELETE" },
};

/* A segment that is longer than any argument may be is kept as "": nobody's name. */
static bool path_fits(const char *pattern, const char *path, char *ret_argument, size_t size)
{
	ret_argument[0] = '\0';
	for (; *pattern; pattern++) {
		size_t len;

		if (*pattern != '*') {
			if (*pattern != *path++)
				return false;
			continue;
		}
		if (pattern[1] == '*')
			return true;
		len = strcspn(path, "/");
		if (len == 0)
			return false;
		if (len < size) {
			memcpy(ret_argument, path, len);
			ret_argument[len] = '\0';
		}
		path += len;
	}
	return !*path;
}

static void add_methods(struct buf *allow, unsigned methods)
{
	for (size_t i = 0; i < N_ELEMENTS(method_names); i++)
		if (methods & method_names[i].method)
			buf_add_format(allow, "%s%s", allow->len ? ", " : "",
				       method_names[i].name);
}

static void refuse(struct request *request, unsigned status, const char *why)
{
	if (request->class == CLASS_HOST || request->class == CLASS_MINI) {
		api_error(request, status, why);
		return;
	}
	buf_add_format(&request->answer.body, "%s\n", why);
	request_answer_text(request, status, "");
}

/* 404, or 405 with the methods that this path has. */
static void refuse_method(struct request *request, unsigned methods)
{
	struct buf allow = BUF_INIT(128);

	if (!methods) {
		refuse(request, 404, "not found");
		return;
	}
	add_methods(&allow, methods);
	request_header(request, "Allow", buf_text(&allow));
	buf_done(&allow);
	refuse(request, 405, "no such method");
}

static void run(struct request *request, const struct route *route)
{
	if (request->is_ambiguous)
		refuse(request, 400, "a header came twice");
	else if (buf_failed(&request->body) && !route->takes_any_length)
		refuse(request, 413, "too long");
	else if (!route->needs_key || api_authenticate(request))
		route->handle(request);
}

void routes_handle(struct request *request)
{
	const struct route *found = NULL;
	unsigned methods = 0;

	request->class = text_has_prefix(request->path, "/v1/") ? CLASS_HOST : CLASS_OTHER;
	for (size_t i = 0; i < N_ELEMENTS(routes) && !found; i++) {
		if (!path_fits(routes[i].path, request->path, request->argument,
			       sizeof(request->argument)))
			continue;
		methods |= routes[i].methods;
		request->class = routes[i].class;
		if (routes[i].methods & request->method)
			found = &routes[i];
	}
	if (found)
		run(request, found);
	else
		refuse_method(request, methods);
}
