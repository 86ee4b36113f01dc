/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenID Connect: what the types `oidc` and `google` share. The tokens come by one of two flows,
 * the device flow or the code flow over the relay; the rest is the same. A type has a table of
 * keys that fills struct oidc_config, and a flavour for what keys cannot say.
 */
#pragma once

#include "providers/code-login.h"
#include "providers/device-login.h"
#include "providers/discovery.h"
#include "providers/jwks.h"
#include "providers/provider.h"

enum oidc_client_auth {
	OIDC_AUTH_AUTO,          /* no secret: none; else post if it is listed, else basic */
	OIDC_AUTH_NONE,
	OIDC_AUTH_POST,
	OIDC_AUTH_BASIC,
};

enum oidc_subject {
	OIDC_SUBJECT_SUB,
	OIDC_SUBJECT_OID,        /* Entra: the same for every client of the tenant */
};

/* Whether a person who is signed in is asked. The first three are Google's too. */
enum oidc_prompt {
	OIDC_PROMPT_AUTO,        /* as the provider likes: perhaps not at all */
	OIDC_PROMPT_CONSENT,
	OIDC_PROMPT_SELECT_ACCOUNT,
	OIDC_PROMPT_LOGIN,
};

struct oidc_config {
	int flow;                        /* enum login_flow */
	int prompt;                      /* enum oidc_prompt */
	char *issuer, *client_id;
	struct secret *client_secret;
	int client_auth;                 /* enum oidc_client_auth */
	char **scopes;
	char **algorithms;               /* NULL: the default ones */
	char **trusted_audiences;
	int subject_claim;               /* enum oidc_subject */
	char *group_claim, *username_claim;      /* NULL: none */
	char **acr;
	int64_t max_age_s;               /* 0: any */
	/* NULL: as discovered */
	char *authorization_endpoint, *device_endpoint, *token_endpoint, *jwks_uri;
	char *userinfo_endpoint, *revocation_endpoint;
	char *resource;                  /* RFC 8707, or NULL */
	bool send_nonce, pkce, revoke;
	char **hosted_domains;           /* Google; NULL: any account */
};

/* Kept per method between logins. */
struct oidc_shared {
	struct discovery discovery;
	struct jwks jwks;
};

struct oidc_flavour {
	const char *issuer_also;         /* an older form of the issuer in ID tokens, or NULL */
	bool secret_when_polling_only;   /* the device endpoint wants the client id alone */
};

/* Kept per login. */
struct oidc_login {
	const struct oidc_flavour *flavour;
	/* What the open request is for. */
	void (*take)(struct login *login, const struct http_reply *reply);
	bool preparing, keys_fetched;
	bool probing;                    /* with preparing: a sysadmin reads the steps */
	int64_t started_s;
	char nonce[CODE_FLOW_RANDOM_SIZE], verifier[CODE_FLOW_RANDOM_SIZE];
	struct device_login device;      /* of the two flows the configured one is used */
	struct code_login code;
	struct oauth_tokens tokens;
	struct json_t *claims, *userinfo;
};

/* Operations for a vtable; the three with a flavour are wrapped by the type. */
void oidc_start_as(struct login *login, const struct oidc_flavour *flavour);
void oidc_prepare_as(struct login *login, const struct oidc_flavour *flavour);
/* `test`: what the provider says of itself, its keys, and with flow = device the client. */
void oidc_probe_as(struct login *login, const struct oidc_flavour *flavour);
void oidc_answer(struct login *login, uint32_t number, const struct secret *answer);
void oidc_reply(struct login *login, uint32_t number, const struct http_reply *reply);
void oidc_callback(struct login *login, const struct parameters *parameters);
void oidc_timeout(struct login *login, uint32_t number);
void oidc_finish(struct login *login);
void oidc_release(void *shared);
unsigned oidc_features(const void *config);
bool oidc_says_groups(const void *config);
void oidc_name_issuer(const void *config, struct buf *buf);
void oidc_check(const void *config, const struct conf_section *section, struct conf_report *report);

#define OIDC_PREPARE_INTERVAL_S 3600

/* oidc-request.c: the requests of a login, in the state it is in. */
const char *oidc_endpoint(const char *configured, const char *discovered);       /* NULL: none */
struct http_request *oidc_device_request(struct login *login);
struct http_request *oidc_poll_request(struct login *login, const struct secret *device_code);
char *oidc_authorize(struct login *login, struct buf *query);
struct http_request *oidc_redeem_request(struct login *login, struct buf *form);
struct http_request *oidc_revoke_request(struct login *login, const char *url);

/* oidc-identity.c: what the claims say. */
bool oidc_needs_userinfo(const struct oidc_config *config, const struct oidc_login *own);
/* The end of a login whose ID token is good: identifies, or denies by the filters. */
void oidc_identify(struct login *login);
