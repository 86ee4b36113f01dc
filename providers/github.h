/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `github`: configuration, state, and the questions after either flow. */
#pragma once

#include "providers/code-login.h"
#include "providers/device-login.h"
#include "providers/github-api.h"
#include "providers/provider.h"

struct github_config {
	int flow;                        /* enum login_flow */
	char *host, *client_id;
	struct secret *client_secret;    /* NULL: device flow only, and no token is revoked */
	char *organization;              /* its name in API addresses; NULL: any account */
	int64_t organization_id;
	char **teams;                    /* numeric ids as text */
	bool read_teams;                 /* those of the organisation are the groups */
	bool read_mail;
	bool ssh_keys;
};

struct github_login {
	/* What the open request is for. */
	void (*take)(struct login *login, const struct http_reply *reply);
	struct device_login device;      /* of the two flows the configured one is used */
	struct code_login code;
	char verifier[CODE_FLOW_RANDOM_SIZE];
	struct oauth_tokens tokens;
	size_t step;                     /* of the questions */
	struct github_user user;
	char mail[IDENTITY_TEXT_MAX + 1];
	struct github_teams teams;
	unsigned n_pages;
	bool is_outside;                 /* a filter does not hold */
	int64_t keys_of;                 /* the account whose SSH keys are asked for */
	char **keys;
};

/* With the access token: asks who it is and what the filters want to know; ends the login. */
void github_ask(struct login *login);
/* Of a question. */
void github_take(struct login *login, const struct http_reply *reply);

/* Of the API: whatever is asked, as it wants to be asked. Takes over the JSON body, if not NULL. */
struct http_request *github_api_request(struct login *login, enum http_method method,
					const char *path, struct buf *json);
/* `ssh_keys` of the provider. */
void github_ssh_keys(struct login *login, const char *subject);
