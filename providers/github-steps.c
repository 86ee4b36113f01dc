/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is asked with the access token. The rows of `steps` are asked in turn, each waiting for one
 * reply (the teams for one a page): its check holds → next row; a filter does not hold → the same,
 * but nothing more is asked of whom it leaves out; no usable answer → the login ends. After the
 * last row the person is identified, with the teams of the organisation as his groups; whom a
 * filter leaves out, as that, so that he keeps no groups of a time when it did not.
 */
#include <assert.h>

#include "base/text.h"
#include "providers/github.h"
#include "providers/request.h"

#define API_VERSION "2022-11-28"
#define API_TYPE    "application/vnd.github+json, application/json"

static char *api_url(struct login *login, const char *path)
{
	const struct github_config *config = login_config(login);
	struct buf url = BUF_INIT(URL_MAX);

	github_api_base(config->host, &url);
	buf_add_text(&url, path);
	return buf_steal(&url);
}

/* The API refuses requests without a User-Agent. */
static struct http_request *api_request(enum http_method method, const char *url, struct buf *json)
{
	struct http_request *request = request_api(method, url, API_TYPE, json);

	(void)http_request_header(request, "User-Agent", "jauth");
	(void)http_request_header(request, "X-GitHub-Api-Version", API_VERSION);
	return request;
}

static void api_get(struct login *login, const char *url)
{
	const struct github_login *own = login_own(login);
	struct http_request *request = api_request(HTTP_GET, url, NULL);

	request_add_bearer(request, own->tokens.access_token);
	login_request(login, request);
}

struct http_request *github_api_request(struct login *login, enum http_method method,
					const char *path, struct buf *json)
{
	_cleanup_free_ char *url = api_url(login, path);

	return api_request(method, url, json);
}

static void api_get_path(struct login *login, const char *path)
{
	_cleanup_free_ char *url = api_url(login, path);

	api_get(login, url);
}

static void next_step(struct login *login);

static char *describe(enum github_result result, const struct http_reply *reply, const char *what)
{
	switch (result) {
	case GITHUB_NO:
		return text_format("no %s", what);
	case GITHUB_MORE:
	case GITHUB_EXCESS:
		return text_format("the %s cannot be read whole", what);
	case GITHUB_SHUT:
		return text_format("the organization does not let the app see the %s: it has to "
				   "approve the app, or wants its own sign-in first", what);
	case GITHUB_YES:
	case GITHUB_BUSY:
	case GITHUB_FAULT:
		break;
	}
	return reply_describe(reply, what);
}

/* True when the answer was yes; else the login has ended. */
static bool holds(struct login *login, enum github_result result, const struct http_reply *reply,
		  const char *what)
{
	_cleanup_free_ char *detail = describe(result, reply, what);

	switch (result) {
	case GITHUB_YES:
		return true;
	case GITHUB_BUSY:
		login_deny(login, DENY_BUSY, detail);
		break;
	case GITHUB_NO:
	case GITHUB_MORE:
	case GITHUB_SHUT:
	case GITHUB_EXCESS:
		login_deny(login, DENY_FILTERED, detail);
		break;
	case GITHUB_FAULT:
		login_fail(login, reply->result == HTTP_DONE ? FAIL_PROVIDER : FAIL_NETWORK,
			   detail);
		break;
	}
	return false;
}

/* A clear no, of whose identity there is no doubt. */
static void leave_out(struct login *login, const char *what)
{
	struct github_login *own = login_own(login);
	_cleanup_free_ char *note = text_format("no %s", what);

	own->is_outside = true;
	login_note(login, note);
	next_step(login);
}

static bool always(struct login *login UNUSED)
{
	return true;
}

static void ask_user(struct login *login)
{
	api_get_path(login, "/user");
}

static void take_user(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);

	if (holds(login, github_read_user(reply, &own->user), reply, "user account"))
		next_step(login);
}

static bool wants_membership(struct login *login)
{
	const struct github_config *config = login_config(login);

	return config->organization != NULL;
}

static void ask_membership(struct login *login)
{
	const struct github_config *config = login_config(login);
	struct buf path = BUF_INIT(URL_MAX);

	buf_add_text(&path, "/user/memberships/orgs/");
	url_encode_segment(&path, config->organization);
	api_get_path(login, buf_text(&path));
	buf_done(&path);
}

static void take_membership(struct login *login, const struct http_reply *reply)
{
	const struct github_config *config = login_config(login);
	enum github_result result = github_read_membership(reply, config->organization_id);
	const char *what = "active membership of the organization";

	if (result == GITHUB_NO)
		leave_out(login, what);
	else if (holds(login, result, reply, what))
		next_step(login);
}

static bool wants_teams(struct login *login)
{
	const struct github_config *config = login_config(login);
	const struct github_login *own = login_own(login);

	return (config->teams || config->read_teams) && !own->is_outside;
}

/* Those of an organisation that wants its own sign-in first are left out without a word; but then
 * it has not shown the membership either, and this is not asked. */
static void ask_teams(struct login *login)
{
	const struct github_config *config = login_config(login);
	struct github_login *own = login_own(login);

	own->teams.wanted = config->teams;
	own->teams.organization_id = config->read_teams ? config->organization_id : 0;
	api_get_path(login, "/user/teams?per_page=100");
}

static void take_teams(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);
	enum github_result result = github_read_teams(reply, &own->teams);
	_cleanup_free_ char *base = api_url(login, "");
	char next[URL_MAX + 1];

	if (result == GITHUB_MORE && ++own->n_pages < GITHUB_PAGES_MAX &&
	    github_next_page(reply, base, next))
		api_get(login, next);
	else if (result == GITHUB_NO)
		leave_out(login, "membership of one of the teams");
	else if (holds(login, result, reply, "teams"))
		next_step(login);
}

static bool wants_mail(struct login *login)
{
	const struct github_config *config = login_config(login);
	const struct github_login *own = login_own(login);

	return config->read_mail && !own->is_outside;
}

static void ask_mail(struct login *login)
{
	api_get_path(login, "/user/emails?per_page=100");
}

static void take_mail(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);
	enum github_result result = github_read_mail(reply, own->mail, sizeof(own->mail));

	/* No verified address, but a person all the same; filters on mail are the core's. */
	if (result == GITHUB_NO || holds(login, result, reply, "mail addresses"))
		next_step(login);
}

static bool wants_revocation(struct login *login)
{
	const struct github_config *config = login_config(login);

	return config->client_secret != NULL;
}

static void ask_revocation(struct login *login)
{
	const struct github_config *config = login_config(login);
	const struct github_login *own = login_own(login);
	struct buf path = BUF_INIT(URL_MAX), body = BUF_INIT_SECRET(2 * OAUTH_TOKEN_MAX);
	struct http_request *request;

	buf_add_text(&path, "/applications/");
	url_encode_segment(&path, config->client_id);
	buf_add_text(&path, "/token");
	/* The token is printable; approved() has refused one that JSON would have to escape. */
	buf_add_format(&body, "{\"access_token\":\"%s\"}", own->tokens.access_token->data);
	request = github_api_request(login, HTTP_DELETE, buf_text(&path), &body);
	request_add_basic(request, config->client_id, config->client_secret->data);
	login_request(login, request);
	buf_done(&path);
}

static void take_revocation(struct login *login, const struct http_reply *reply UNUSED)
{
	/* The token runs out by itself; who the person is does not depend on it. */
	next_step(login);
}

static const struct step {
	bool (*is_wanted)(struct login *login);
	void (*ask)(struct login *login);
	void (*take)(struct login *login, const struct http_reply *reply);
} steps[] = {
	{ always, ask_user, take_user },
	{ wants_membership, ask_membership, take_membership },
	{ wants_teams, ask_teams, take_teams },
	{ wants_mail, ask_mail, take_mail },
	{ wants_revocation, ask_revocation, take_revocation },
};

static void identify(struct login *login)
{
	const struct github_login *own = login_own(login);
	const struct github_config *config = login_config(login);
	struct buf issuer = BUF_INIT(URL_MAX);
	char ids[GITHUB_TEAMS_MAX][TEXT_NUMBER_SIZE];
	const char *groups[GITHUB_TEAMS_MAX + 1] = { NULL };
	_cleanup_free_ char *id = text_format("%lld", (long long)own->user.id);
	struct identity identity = {
		.subject = id,
		.display = own->user.login,
		.mail = own->mail[0] ? own->mail : NULL,
		.groups = groups,
		.attributes = { { "id", id } },
		.n_attributes = 1,
		.is_outside = own->is_outside,
	};

	static_assert(GITHUB_TEAMS_MAX <= IDENTITY_GROUPS_MAX, "all of them are groups");
	for (size_t i = 0; i < own->teams.n_ids; i++) {
		text_from_number(own->teams.ids[i], ids[i]);
		groups[i] = ids[i];
	}
	github_base(config->host, &issuer);
	identity.issuer = buf_text(&issuer);
	login_identify(login, &identity);
	buf_done(&issuer);
}

static void next_step(struct login *login)
{
	struct github_login *own = login_own(login);

	do
		own->step++;
	while (own->step < N_ELEMENTS(steps) && !steps[own->step].is_wanted(login));
	if (own->step < N_ELEMENTS(steps))
		steps[own->step].ask(login);
	else
		identify(login);
}

void github_ask(struct login *login)
{
	const struct github_login *own = login_own(login);

	steps[own->step].ask(login);
}

void github_take(struct login *login, const struct http_reply *reply)
{
	const struct github_login *own = login_own(login);

	steps[own->step].take(login, reply);
}
