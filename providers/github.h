/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `github`: configuration, state, and the questions after the device flow. */
#pragma once

#include "providers/device-login.h"
#include "providers/github-api.h"
#include "providers/provider.h"

struct github_config {
	char *host, *client_id;
	struct secret *client_secret;    /* NULL: the token is not revoked, it runs out */
	char *organization;              /* its name in API addresses; NULL: any account */
	int64_t organization_id;
	char **teams;                    /* numeric ids as text */
	bool read_mail;
};

struct github_login {
	struct device_login device;
	struct oauth_tokens tokens;
	bool device_is_over;
	size_t step;                     /* of the questions */
	struct github_user user;
	char mail[IDENTITY_TEXT_MAX + 1];
	unsigned n_pages;
};

/* With the access token: asks who it is and what the filters want to know; ends the login. */
void github_ask(struct login *login);
void github_reply(struct login *login, const struct http_reply *reply);
