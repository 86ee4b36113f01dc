/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of GitHub's API: the first byte chooses the status, the bytes until a new line are the
 * header Link, and the rest is the body of every call. Only 200 is ever a yes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "providers/github-api.h"

#define API "https://api.github.com"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 200, 200, 200, 302, 403, 404, 429, 500 };

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

static void check_answer(const struct http_reply *reply, enum github_result result)
{
	check(reply->status == 200 || (result != GITHUB_YES && result != GITHUB_MORE));
}

static void check_user(const struct http_reply *reply)
{
	struct github_user user = { 0 };
	enum github_result result = github_read_user(reply, &user);

	check_answer(reply, result);
	check((result == GITHUB_YES) == (user.id > 0));
}

static void check_rights(const struct http_reply *reply)
{
	char mail[256] = "";
	enum github_result result = github_read_mail(reply, mail, sizeof(mail));

	check_answer(reply, result);
	check(result == GITHUB_YES || !mail[0]);
	check_answer(reply, github_read_membership(reply, 7));
}

/* A page behind one that was read; what is kept is whole numbers, each once, within its room. */
static void check_teams_by(const struct http_reply *reply, char *const *wanted,
			   int64_t organization_id, size_t n_before)
{
	struct github_teams teams = { .wanted = wanted, .organization_id = organization_id };
	enum github_result result;

	for (; teams.n_ids < n_before; teams.n_ids++)
		teams.ids[teams.n_ids] = ((int64_t)1 << 52) + (int64_t)teams.n_ids;
	result = github_read_teams(reply, &teams);
	check_answer(reply, result);
	check(result != GITHUB_SHUT || reply->status == 403);
	check(result != GITHUB_NO || (reply->status == 200 && wanted && !teams.has_wanted));
	check(result != GITHUB_YES || !wanted || teams.has_wanted);
	check(result != GITHUB_EXCESS || teams.n_ids == GITHUB_TEAMS_MAX);
	check(teams.n_ids >= n_before && teams.n_ids <= GITHUB_TEAMS_MAX);
	check(organization_id || teams.n_ids == n_before);
	check(reply->status == 200 || (teams.n_ids == n_before && !teams.has_wanted));
	for (size_t i = 0; i < teams.n_ids; i++) {
		check(teams.ids[i] > 0);
		for (size_t k = 0; k < i; k++)
			check(teams.ids[i] != teams.ids[k]);
	}
}

static void check_teams(const struct http_reply *reply)
{
	char seven[] = "7", *wanted[] = { seven, NULL };

	check_teams_by(reply, wanted, 0, 0);
	check_teams_by(reply, NULL, 7, 0);
	check_teams_by(reply, wanted, 7, 0);
	check_teams_by(reply, NULL, 7, GITHUB_TEAMS_MAX - 1);
}

static void check_keys(const struct http_reply *reply)
{
	_cleanup_list_ char **keys = NULL;
	enum github_result result = github_read_keys(reply, &keys);

	check_answer(reply, result);
	check(result == GITHUB_YES || !keys);
	for (char **key = keys; key && *key; key++)
		check(strlen(*key) <= GITHUB_KEY_MAX);
}

/* It gets the access token. */
static void check_next_page(const struct http_reply *reply)
{
	char url[URL_MAX + 1];

	if (!github_next_page(reply, API, url))
		return;
	check(strlen(url) <= URL_MAX && strncasecmp(url, API, strlen(API)) == 0);
	check(!url[strlen(API)] || strchr("/?#:", url[strlen(API)]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "application/json" };
	const uint8_t *line_end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t at = line_end ? (size_t)(line_end - data) : 0;

	if (at < 1 || at > sizeof(reply.link))
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	memcpy(reply.link, data + 1, at - 1);
	if (size > at + 1)
		reply.body = secret_new(data + at + 1, size - at - 1);
	check_user(&reply);
	check_rights(&reply);
	check_teams(&reply);
	check_keys(&reply);
	check_next_page(&reply);
	http_reply_done(&reply);
	return 0;
}
