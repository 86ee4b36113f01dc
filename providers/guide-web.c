/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of who sets up OpenID Connect, Google and GitHub; see guide.h. */
#include "providers/table.h"

#define DEVICE_FLOW_ALONE \
	{ "device_flow_alone", NULL, \
	  N_("yes: the code's link is enough for a remote login, although it can be forwarded\n" \
	     "to somebody else who approves it; no: only behind a password or a key."), \
	  "flow=device" }

/* --- OpenID Connect --- */

static const struct guide_key oidc_keys[] = {
	{ "issuer", "Issuer",
	  N_("\"issuer\" in the provider's /.well-known/openid-configuration, byte for byte.\n"
	     "Keycloak: https://HOST/realms/REALM. Entra ID:\n"
	     "https://login.microsoftonline.com/TENANT-ID/v2.0. Okta:\n"
	     "https://DOMAIN/oauth2/default. Auth0: https://TENANT/, with the slash.") },
	GUIDE_FLOW,
	{ "client_id", "Client ID",
	  N_("That of the client you register for these machines; at Entra ID \"Application\n"
	     "(client) ID\".") },
	{ "client_secret", "Client Secret",
	  N_("None for a public client.") },
	{ "map", NULL,
	  N_("Rule that makes a user name of the account: {sub}, {username}, or {mail_user}\n"
	     "with mail_domains; without it people get in by links only.") },
	{ "mail_domains", NULL,
	  N_("Mail domains that count for {mail_user}, and whose people are let in.") },
	DEVICE_FLOW_ALONE,
	{ NULL }
};

static const struct guide_step oidc_steps[] = {
	{ N_("Switch the device flow on for the client. Keycloak: \"OAuth 2.0 Device\n"
	     "Authorization Grant\"; Entra ID: \"Allow public client flows\"; Okta: \"Device\n"
	     "Authorization\", and allow it in the access policy."), "flow=device" },
	GUIDE_CALLBACK,
	{ NULL }
};

const struct guide oidc_guide = {
	N_("You need a client at your OpenID Connect provider (Keycloak, Entra ID, Okta,\n"
	   "Auth0 or another) that is for these machines alone."),
	oidc_keys, oidc_steps,
};

/* --- Google --- */

static const struct guide_key google_keys[] = {
	GUIDE_FLOW,
	{ "client_id", "Client ID",
	  N_("APIs & Services → Credentials → Create credentials → OAuth client ID, of type\n"
	     "\"TVs and Limited Input devices\"; with flow = relay \"Web application\".") },
	{ "client_secret", "Client secret",
	  N_("Shown with the client ID.") },
	{ "hosted_domains", NULL,
	  N_("Workspace domains whose accounts are let in; without it any Google account.") },
	{ "map", NULL,
	  N_("Rule that makes a user name of the account, such as {mail_user}, with\n"
	     "mail_domains; without it people get in by links only.") },
	{ "mail_domains", NULL,
	  N_("Mail domains that count for {mail_user}, and whose people are let in.") },
	DEVICE_FLOW_ALONE,
	{ NULL }
};

static const struct guide_step google_steps[] = {
	GUIDE_CALLBACK,
	{ NULL }
};

const struct guide google_guide = {
	N_("You need a project at https://console.cloud.google.com, with its consent screen\n"
	   "(OAuth consent screen) filled in; \"Internal\" for your own organisation."),
	google_keys, google_steps,
};

/* --- GitHub --- */

static const struct guide_key github_keys[] = {
	{ "host", NULL,
	  N_("github.com, or your GitHub Enterprise Server, or your tenant of ghe.com.") },
	GUIDE_FLOW,
	{ "client_id", "Client ID",
	  N_("On the app's page.") },
	{ "client_secret", "Client secret",
	  N_("On the app's page, \"Generate a new client secret\". Needed with flow = relay;\n"
	     "else only to revoke the token after each login.") },
	{ "organization", NULL,
	  N_("Only active members of this organization; without it anybody.") },
	{ "organization_id", NULL,
	  N_("Its number, \"id\" at https://api.github.com/orgs/NAME: it keeps out who takes\n"
	     "the name after you gave it up.") },
	{ "read_teams", NULL,
	  N_("yes: the organization's teams are groups here, by their numbers, for\n"
	     "[group NAME] and groups_allowed.") },
	{ "map", NULL,
	  N_("Rule that makes a user name of the account: u{id}; names can be given up at\n"
	     "GitHub and are no base. Without it people get in by links only.") },
	DEVICE_FLOW_ALONE,
	{ NULL }
};

static const struct guide_step github_steps[] = {
	{ N_("On the app's page: \"Enable Device Flow\". An app gets 50 codes an hour."),
	  "flow=device" },
	{ N_("On the app's page, \"Authorization callback URL\": {callback}"), "flow=relay" },
	{ N_("With an organization: it may have to approve the OAuth app; a GitHub App\n"
	     "needs its permission \"Members: read\"."), NULL },
	{ NULL }
};

const struct guide github_guide = {
	N_("You need an OAuth app or a GitHub App: Settings → Developer settings, of your\n"
	   "organization as a rule."),
	github_keys, github_steps,
};
