/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a provider may know of its login: the questions of provider.h that are answered at once. */
#include "jauthd/login-private.h"

void *login_own(struct login *login)
{
	return login->own;
}

void *login_shared(struct login *login)
{
	return login->method->shared;
}

const void *login_config(struct login *login)
{
	return login->method->config;
}

const char *login_user(struct login *login)
{
	return login->facts.user;
}

const char *login_host(struct login *login)
{
	return logins_host(login->logins, login->config);
}

bool login_is_root(struct login *login)
{
	return login->errand != ERRAND_LOGIN && login->facts.caller_uid == 0;
}

int64_t login_now_ms(struct login *login)
{
	return logins_now_ms(login->logins);
}

int64_t login_now_s(struct login *login)
{
	return logins_now_s(login->logins);
}

int64_t login_deadline_ms(struct login *login)
{
	return login->deadline_ms;
}

bool login_is_proved(struct login *login)
{
	return login->errand == ERRAND_ENROL || login->errand == ERRAND_TEST ||
	       login->factor > 0 || login->is_linking || login->facts.ssh_key_accepted;
}

bool login_hears_keys(struct login *login)
{
	return login->facts.surface != SURFACE_SSH || login_is_proved(login);
}

/* What follows a foreign identity's gate depends on no account anyway. */
bool login_gate_hears_keys(struct login *login)
{
	return !(login->method->features & PROVIDER_LOCAL_USER) ||
	       login_hears_keys(login);
}

bool login_has_choice(struct login *login)
{
	struct login_ways ways = { .n = 0 };

	if (login->errand == ERRAND_LOGIN)
		login_find_ways(login, &ways);
	return ways.n > 1;
}

const struct phone_country *login_country(struct login *login)
{
	return login->config->country ? &login->config->phone_country : NULL;
}

/* NULL where only English is certain to be seen: a console's font has 512 glyphs at most. */
const char *login_language(const struct login *login)
{
	const struct login_facts *facts = &login->facts;

	if (facts->surface == SURFACE_CONSOLE ||
	    (facts->surface != SURFACE_GRAPHICAL && !(facts->glyphs & GLYPH_UTF8)))
		return NULL;
	return *facts->language ? facts->language : login->config->language;
}

const char *login_text(struct login *login, const char *text)
{
	return catalogs_text(logins_env(login->logins)->catalogs, login_language(login), text);
}
