/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hosts say of a link, and what they are told of it; see base/relay-protocol.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/url.h"
#include "jauth-relay/link-private.h"

#define LATEST_S 253402300799    /* the end of the year 9999 */

/* A member of the object, and the field of the struct that it fills. */
struct text_member {
	const char *key;
	size_t offset, size;
	bool may_be_empty;
};

#define MEMBER(type, key, field) { key, offsetof(type, field), sizeof(((type *)NULL)->field) }

static const struct text_member link_members[] = {
	MEMBER(struct link, "user", user),
	MEMBER(struct link, "service", service),
	{ "source", offsetof(struct link, source), sizeof(((struct link *)NULL)->source), true },
};

static const struct text_member target_members[] = {
	MEMBER(struct link_target, "method", method),
	MEMBER(struct link_target, "title", title),
};

static bool read_texts(const struct json_t *json, const struct text_member *members, size_t n,
		       void *ret_struct)
{
	for (size_t i = 0; i < n; i++) {
		const struct text_member *member = &members[i];
		const char *text = member->may_be_empty ?
			json_text_or_empty(json, member->key, member->size - 1) :
			json_text(json, member->key, member->size - 1);

		if (!text || !text_into((char *)ret_struct + member->offset, member->size, text))
			return false;
	}
	return true;
}

static bool read_target(const struct json_t *json, struct link_target *ret_target)
{
	int app = relay_app_from_name(json_text(json, "app", RELAY_METHOD_MAX));

	if (app < 0 ||
	    !read_texts(json, target_members, N_ELEMENTS(target_members), ret_target))
		return false;
	ret_target->app = (enum relay_app)app;
	return true;
}

static bool read_targets(const struct json_t *array, struct link *link)
{
	size_t n = json_array_length(array);

	if (!array || n > RELAY_TARGETS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct json_t *json = json_array_object(array, i);

		if (!json || !read_target(json, &link->targets[i]))
			return false;
		link->n_targets++;
	}
	return true;
}

/* May be absent; then it is "". */
static bool read_listen(const struct json_t *json, struct link *link)
{
	const char *listen = json_text(json, "listen", RELAY_LISTEN_MAX);

	return !json_has(json, "listen") ||
	       (listen && text_into(link->listen, sizeof(link->listen), listen));
}

static bool read_link(const struct json_t *json, int64_t now_s, struct link *link)
{
	int64_t seconds;

	if (!read_texts(json, link_members, N_ELEMENTS(link_members), link) ||
	    json_number(json, "since", 0, LATEST_S, &link->since_s) < 0 ||
	    json_number(json, "seconds", 1, RELAY_LINK_SECONDS_MAX, &seconds) < 0 ||
	    json_bool(json, "digits", &link->digits) < 0 || !read_listen(json, link) ||
	    !read_targets(json_array_at(json, "targets"), link))
		return false;
	/* A login is no older than its link may last: then the host's clock is wrong. */
	if (link->since_s > now_s || link->since_s < now_s - RELAY_LINK_SECONDS_MAX)
		link->since_s = now_s;
	link->expires_s = now_s + seconds;
	return true;
}

static bool set_owner(const struct link_owner *owner, struct link *link)
{
	return text_into(link->id, sizeof(link->id), owner->id) &&
	       text_into(link->host, sizeof(link->host), owner->host) &&
	       text_into(link->host_name, sizeof(link->host_name), owner->host_name);
}

static int make_token(struct link *link)
{
	_cleanup_(buf_done) struct buf buf = BUF_INIT_SECRET(RELAY_ID_LEN);
	unsigned char bytes[16];
	int r = random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	base64url_add(&buf, bytes, sizeof(bytes));
	(void)text_into(link->token, sizeof(link->token), buf_text(&buf));
	return 0;
}

int link_new(const struct link_owner *owner, const char *body, size_t len, int64_t now_s,
	     struct link **ret_link)
{
	_cleanup_json_ struct json_t *json = json_read_object(body, len);
	struct link *link = link_make();
	int r = make_token(link);

	if (r == 0 && (!json || !set_owner(owner, link) || !read_link(json, now_s, link) ||
		       !link_is_sound(link)))
		r = -EINVAL;
	if (r < 0)
		link_free(link);
	else
		*ret_link = link;
	return r;
}

int link_set_target(struct link *link, const char *body, size_t len)
{
	_cleanup_json_ struct json_t *json = json_read_object(body, len);
	const char *state = json_text(json, "state", RELAY_STATE_MAX);
	const char *url = json_text(json, "url", RELAY_TARGET_URL_MAX);
	int target = link_find_target(link, json_text(json, "method", RELAY_METHOD_MAX));

	if (target == LINK_NONE || !state || !link_is_state(state) || !url ||
	    !url_is_location(url, RELAY_TARGET_URL_MAX))
		return -EINVAL;
	if (link->over)
		return -ESTALE;
	link->target = target;
	(void)text_into(link->state, sizeof(link->state), state);
	if (link->url)
		explicit_bzero(link->url, strlen(link->url));
	free(link->url);
	link->url = text_copy(url);
	return 0;
}

int link_set_result(struct link *link, const char *body, size_t len)
{
	_cleanup_json_ struct json_t *json = json_read_object(body, len);
	int result = relay_result_from_name(json_text(json, "result", RELAY_METHOD_MAX));
	const char *digits = json_text(json, "digits", RELAY_DIGITS);
	const char *request = json_text(json, "request", RELAY_REQUEST_MAX);

	if (result < 0 || json_has(json, "digits") != (result == RELAY_RESULT_DIGITS) ||
	    (json_has(json, "digits") && (!digits || !link_is_digits(digits))) ||
	    (json_has(json, "request") &&
	     (!request || !text_is_printable_ascii(request, RELAY_REQUEST_MAX))))
		return -EINVAL;
	if (link->over)
		return -ESTALE;
	link->result = result;
	explicit_bzero(link->digits_text, sizeof(link->digits_text));
	(void)text_into(link->digits_text, sizeof(link->digits_text), digits ? digits : "");
	(void)text_into(link->request, sizeof(link->request), request ? request : "");
	return 0;
}

/* Nothing in it needs escaping: see link_is_sound(). */
void link_add_event(const struct link *link, int64_t number, struct buf *buf)
{
	buf_add_format(buf, "{\"link\":\"%s\",\"n\":%lld,\"presses\":%u", link->id,
		       (long long)number, link->n_presses);
	if (link->n_presses)
		buf_add_format(buf, ",\"method\":\"%s\"",
			       link->targets[link->presses[link->n_presses - 1].method].method);
	if (link->callback)
		buf_add_format(buf, ",\"callback\":\"%s\"", link->callback);
	if (link->refused)
		buf_add_text(buf, ",\"refused\":true");
	buf_add_char(buf, '}');
}
