/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of the REST API, version 2022-11-28: what counts is the numeric id, never a name. */
#include "providers/github-api.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"

#define ID_MAX ((int64_t)1 << 53)

void github_base(const char *host, struct buf *buf)
{
	buf_add_format(buf, "https://%s", host);
}

void github_api_base(const char *host, struct buf *buf)
{
	if (text_equals(host, "github.com") || text_has_suffix(host, ".ghe.com"))
		buf_add_format(buf, "https://api.%s", host);
	else
		buf_add_format(buf, "https://%s/api/v3", host);
}

bool github_host_is_valid(const char *host)
{
	_cleanup_free_ char *url = text_format("https://%s", host);

	return strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") == strlen(host) &&
	       url_is_valid(url, GITHUB_HOST_MAX);
}

/* How a reply that is not the wanted one ends the question. */
static enum github_result refusal(const struct http_reply *reply)
{
	bool is_limited = text_equals(reply->ratelimit_remaining, "0") || reply->retry_after[0];

	if (reply->result != HTTP_DONE)
		return GITHUB_FAULT;
	if (reply->status == 429 || (reply->status == 403 && is_limited))
		return GITHUB_BUSY;
	return GITHUB_FAULT;
}

enum github_result github_read_user(const struct http_reply *reply, struct github_user *ret_user)
{
	_cleanup_json_ struct json_t *user = reply_is_ok(reply) ? reply_object(reply) : NULL;
	struct github_user read = { 0 };
	const char *login;

	if (!user)
		return refusal(reply);
	login = json_text(user, "login", GITHUB_LOGIN_MAX);
	if (json_number(user, "id", 1, ID_MAX, &read.id) < 0 || !login ||
	    !text_into(read.login, sizeof(read.login), login))
		return GITHUB_FAULT;
	if (!text_equals(json_text(user, "type", 32), "User"))
		return GITHUB_NO;
	*ret_user = read;
	return GITHUB_YES;
}

/* Said by the API itself, and not by something else on the way there. */
static bool says_error(const struct http_reply *reply, uint32_t status)
{
	_cleanup_json_ struct json_t *error = reply_object(reply);

	return error && reply->status == status && refusal(reply) != GITHUB_BUSY;
}

enum github_result github_read_membership(const struct http_reply *reply, int64_t organization_id)
{
	_cleanup_json_ struct json_t *membership = reply_is_ok(reply) ? reply_object(reply) : NULL;
	const struct json_t *organization;
	int64_t id;

	if (says_error(reply, 403))
		return GITHUB_SHUT;
	if (says_error(reply, 404))
		return GITHUB_NO;
	if (!membership)
		return refusal(reply);
	organization = json_object_at(membership, "organization");
	if (!organization || json_number(organization, "id", 1, ID_MAX, &id) < 0)
		return GITHUB_FAULT;
	/* "pending" is an invitation nobody has accepted. */
	return id == organization_id && text_equals(json_text(membership, "state", 32), "active") ?
		GITHUB_YES : GITHUB_NO;
}

static bool is_listed(char *const *ids, int64_t id)
{
	_cleanup_free_ char *text = text_format("%lld", (long long)id);

	return ids && list_has(ids, text);
}

/* False when there is no room. A page may repeat what moved there since the last one was read. */
static bool keep_team(struct github_teams *teams, int64_t id)
{
	for (size_t i = 0; i < teams->n_ids; i++)
		if (teams->ids[i] == id)
			return true;
	if (teams->n_ids == GITHUB_TEAMS_MAX)
		return false;
	teams->ids[teams->n_ids++] = id;
	return true;
}

static enum github_result take_team(const struct json_t *team, struct github_teams *teams)
{
	const struct json_t *organization = team ? json_object_at(team, "organization") : NULL;
	int64_t id, organization_id;

	if (!team || json_number(team, "id", 1, ID_MAX, &id) < 0)
		return GITHUB_FAULT;
	teams->has_wanted |= is_listed(teams->wanted, id);
	if (!teams->organization_id)
		return GITHUB_YES;
	if (!organization || json_number(organization, "id", 1, ID_MAX, &organization_id) < 0)
		return GITHUB_FAULT;
	return organization_id != teams->organization_id || keep_team(teams, id) ? GITHUB_YES :
										   GITHUB_EXCESS;
}

enum github_result github_read_teams(const struct http_reply *reply, struct github_teams *teams)
{
	_cleanup_json_ struct json_t *page = reply_is_ok(reply) ? reply_array(reply) : NULL;
	size_t n = page ? json_array_length(page) : 0;

	if (!page)
		return says_error(reply, 403) ? GITHUB_SHUT : refusal(reply);
	for (size_t i = 0; i < n; i++) {
		enum github_result result = take_team(json_array_object(page, i), teams);

		if (result != GITHUB_YES)
			return result;
	}
	/* What is kept must be kept whole. */
	if (strstr(reply->link, "rel=\"next\"") && (teams->organization_id || !teams->has_wanted))
		return GITHUB_MORE;
	return teams->has_wanted || !teams->wanted ? GITHUB_YES : GITHUB_NO;
}

enum github_result github_read_mail(const struct http_reply *reply, char *ret_mail, size_t size)
{
	_cleanup_json_ struct json_t *mails = reply_is_ok(reply) ? reply_array(reply) : NULL;
	size_t n = mails ? json_array_length(mails) : 0;

	if (!mails)
		return refusal(reply);
	for (size_t i = 0; i < n; i++) {
		const struct json_t *mail = json_array_object(mails, i);
		const char *address = mail ? json_text(mail, "email", size - 1) : NULL;
		bool primary = false, verified = false;

		if (!address || json_bool(mail, "primary", &primary) < 0 ||
		    json_bool(mail, "verified", &verified) < 0)
			continue;
		if (primary && verified && text_into(ret_mail, size, address))
			return GITHUB_YES;
	}
	return GITHUB_NO;
}

enum github_result github_read_keys(const struct http_reply *reply, char ***ret_keys)
{
	_cleanup_json_ struct json_t *rows = reply_is_ok(reply) ? reply_array(reply) : NULL;
	size_t n = rows ? json_array_length(rows) : 0;
	_cleanup_list_ char **keys = NULL;

	if (!rows)
		return refusal(reply);
	for (size_t i = 0; i < n; i++) {
		const struct json_t *row = json_array_object(rows, i);
		const char *key = row ? json_text(row, "key", GITHUB_KEY_MAX) : NULL;

		if (!key || list_add(&keys, key) < 0)
			return GITHUB_FAULT;
	}
	*ret_keys = steal(&keys);
	return GITHUB_YES;
}

/* RFC 8288: <url>; rel="next", <url>; rel="last" */
bool github_next_page(const struct http_reply *reply, const char *api_base,
		      char ret_url[URL_MAX + 1])
{
	const char *start = reply->link;

	while ((start = strchr(start, '<'))) {
		const char *end = strchr(start, '>');
		size_t len = end ? (size_t)(end - start - 1) : URL_MAX + 1;

		if (len > URL_MAX)
			return false;
		memcpy(ret_url, start + 1, len);
		ret_url[len] = '\0';
		if (text_has_prefix(end, ">; rel=\"next\""))
			return url_is_valid(ret_url, URL_MAX) && url_same_origin(ret_url, api_base);
		start = end;
	}
	return false;
}

static const struct {
	const char *scope, *wider;
} wider_scopes[] = {
	{ "read:org", "read:org" },
	{ "read:org", "write:org" },
	{ "read:org", "admin:org" },
	{ "user:email", "user:email" },
	{ "user:email", "user" },
};

static bool has_scope(const char *granted, const char *scope)
{
	size_t len = strlen(scope);

	for (const char *word = granted; *word; word += strcspn(word, ", ")) {
		word += strspn(word, ", ");
		if (strcspn(word, ", ") == len && strncmp(word, scope, len) == 0)
			return true;
	}
	return false;
}

bool github_scope_covers(const char *granted, const char *scope)
{
	for (size_t i = 0; i < N_ELEMENTS(wider_scopes); i++) {
		if (text_equals(wider_scopes[i].scope, scope) &&
		    has_scope(granted, wider_scopes[i].wider))
			return true;
	}
	return false;
}
