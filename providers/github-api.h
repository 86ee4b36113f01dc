/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GitHub's REST API says, and where it is. Pure functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/http-message.h"
#include "base/url.h"

#define GITHUB_HOST_MAX   253
#define GITHUB_LOGIN_MAX  100
#define GITHUB_PAGES_MAX  10
#define GITHUB_TEAMS_MAX  256      /* of one account in one organisation */
#define GITHUB_KEY_MAX    8192

/* "https://HOST"; and the API that belongs to it: api.github.com, api.SUB.ghe.com, HOST/api/v3. */
void github_base(const char *host, struct buf *buf);
void github_api_base(const char *host, struct buf *buf);
/* Lower-case name, with a port if need be, and nothing else. */
bool github_host_is_valid(const char *host);

enum github_result {
	GITHUB_YES,
	GITHUB_NO,               /* a clear answer: not a member, not a person */
	GITHUB_MORE,             /* this page does not say all, and there is another one */
	GITHUB_SHUT,             /* shown nothing, which says nothing: the organisation has blocked
				  * the app, or wants its own sign-in (SAML) first */
	GITHUB_EXCESS,           /* more than is kept */
	GITHUB_BUSY,             /* a rate limit of the API */
	GITHUB_FAULT,            /* no answer, or one that says neither */
};

struct github_user {
	int64_t id;                              /* for ever this person's */
	char login[GITHUB_LOGIN_MAX + 1];        /* may be somebody else's tomorrow */
};

/* GET /user; NO: a bot or an organisation. */
enum github_result github_read_user(const struct http_reply *reply, struct github_user *ret_user);
/* GET /user/memberships/orgs/ORG: an active member of the organisation with this id. */
enum github_result github_read_membership(const struct http_reply *reply, int64_t organization_id);

/* What is looked for in the teams of an account, and what is found, page after page. */
struct github_teams {
	char *const *wanted;             /* ids as text: one of them is needed; NULL: none is */
	int64_t organization_id;         /* whose teams are kept; 0: nobody's */
	bool has_wanted;
	int64_t ids[GITHUB_TEAMS_MAX];   /* each once */
	size_t n_ids;
};

/* GET /user/teams, one page. YES, NO: no further page is needed, and one of the wanted was found or
 * none is wanted; or not. */
enum github_result github_read_teams(const struct http_reply *reply, struct github_teams *teams);
/* GET /user/emails: the primary one, if verified. `ret_mail` holds 256 bytes. */
enum github_result github_read_mail(const struct http_reply *reply, char *ret_mail, size_t size);

/* GET /users/NAME/keys: as they are, a list that the caller frees; NULL: none. */
enum github_result github_read_keys(const struct http_reply *reply, char ***ret_keys);

/* The page that rel="next" of the Link header names, when it is of the same server; else false. */
bool github_next_page(const struct http_reply *reply, const char *api_base,
		      char ret_url[URL_MAX + 1]);
/* `granted` is joined by commas or blanks and holds `scope`, or a wider one. */
bool github_scope_covers(const char *granted, const char *scope);
