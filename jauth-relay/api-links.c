/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host API: links. A host learns nothing of another's but that the id is taken. */
#include <assert.h>
#include <errno.h>

#include "base/text.h"
#include "jauth-relay/api.h"
#include "jauth-relay/change.h"
#include "jauth-relay/relay.h"

static_assert(METRIC_RESULT_REGISTERED - METRIC_RESULT_DIGITS == RELAY_N_RESULTS - 1,
	      "in one order");

static bool is_own(const struct request *request, const struct link *link)
{
	return text_equals(link->host, request->owner.host);
}

static void change(struct request *request, change_fn apply, change_done_fn done)
{
	if (change_is_id(request->argument))
		change_link(request, request->argument, apply, done);
	else
		api_error(request, 404, "no such link");
}

/* --- PUT /v1/links/ID --- */

static int open_link(struct request *request, struct link **link)
{
	const struct link_owner owner = {
		.id = request->argument,
		.host = request->owner.host,
		.host_name = request->owner.name,
	};
	const int64_t now_s = relay_now_s(request->relay);

	if (!*link) {
		int r = link_new(&owner, buf_text(&request->body), request->body.len, now_s, link);

		return r < 0 ? r : CHANGE_WRITE;
	}
	if (!is_own(request, *link))
		return -EEXIST;
	return link_is_open(*link, now_s) ? CHANGE_NOTHING : -ESTALE;
}

/* The link is there by now; a host that asks again is listed once. */
static void on_listed(void *context, int error)
{
	struct request *request = context;

	if (error < 0)
		api_store_error(request, error);
	else
		api_answer(request);
}

static void answer_opened(struct request *request, const struct link *link)
{
	const struct listening listening = {
		.app = link->listen, .host = link->host, .link = link->id,
		.until_s = link->expires_s,
	};

	request->relay->metrics.n[METRIC_LINKS_OPENED]++;
	buf_add_format(&request->answer.body, "{\"expires\": %jd}\n",
		       (intmax_t)link->expires_s);
	if (*link->listen)
		store_listen(request->relay->store, &listening, on_listed, request);
	else
		api_answer(request);
}

static void on_opened(struct request *request, int error, const struct link *link)
{
	switch (error) {
	case 0:
		answer_opened(request, link);
		break;
	case -EINVAL:
		api_error(request, 400, "not a link");
		break;
	case -EEXIST:
		api_error(request, 409, "the id is another host's");
		break;
	case -ESTALE:
		api_error(request, 410, "the link is over");
		break;
	default:
		api_store_error(request, error);
	}
}

void api_put_link(struct request *request)
{
	change(request, open_link, on_opened);
}

/* --- PUT /v1/links/ID/target and /result --- */

typedef int (*link_set_fn)(struct link *link, const char *body, size_t len);

static int set(const struct request *request, struct link *link, link_set_fn set_body)
{
	int r;

	if (!link || !is_own(request, link))
		return -ENOENT;
	r = set_body(link, buf_text(&request->body), request->body.len);
	return r < 0 ? r : CHANGE_WRITE;
}

static int set_target(struct request *request, struct link **link)
{
	return set(request, *link, link_set_target);
}

static int set_result(struct request *request, struct link **link)
{
	return set(request, *link, link_set_result);
}

static void on_set(struct request *request, int error, const struct link *link UNUSED)
{
	switch (error) {
	case 0:
		api_no_content(request);
		break;
	case -EINVAL:
		api_error(request, 400, "not understood");
		break;
	case -ESTALE:
		api_error(request, 410, "the link is over");
		break;
	default:
		api_store_error(request, error);
	}
}

static void on_result(struct request *request, int error, const struct link *link)
{
	if (error == 0)
		request->relay->metrics.n[METRIC_RESULT_DIGITS + link->result]++;
	on_set(request, error, link);
}

void api_put_target(struct request *request)
{
	change(request, set_target, on_set);
}

void api_put_result(struct request *request)
{
	change(request, set_result, on_result);
}

/* --- DELETE /v1/links/ID --- */

static int end_link(struct request *request, struct link **link)
{
	if (!*link || !is_own(request, *link))
		return -ENOENT;
	if ((*link)->over)
		return CHANGE_NOTHING;
	link_end(*link);
	return CHANGE_WRITE;
}

static void on_unlisted(void *context, int error)
{
	struct request *request = context;

	if (error == 0 || error == -ENOENT)
		api_no_content(request);
	else
		api_store_error(request, error);
}

static void on_ended(struct request *request, int error, const struct link *link)
{
	if (error == 0 && *link->listen) {
		const struct listening listening = {
			.app = link->listen, .host = link->host, .link = link->id,
		};

		store_listen(request->relay->store, &listening, on_unlisted, request);
	} else {
		on_unlisted(request, error);
	}
}

void api_delete_link(struct request *request)
{
	change(request, end_link, on_ended);
}
