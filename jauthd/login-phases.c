/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a login of each phase begins, once its user and its origin are known. */
#include "jauthd/login.h"

#include <string.h>

#include "base/text.h"
#include "jauthd/login-private.h"

bool login_find_policy(struct login *login)
{
	struct policy_facts facts = {
		.service = login->facts.service,
		.user = &login->user,
		.is_remote = login->is_remote,
		.source = login->facts.has_address ? login->facts.source : "",
		.ssh_key_accepted = login->facts.ssh_key_accepted,
	};

	return policy_find(login->config, &facts, &login->rule) == POLICY_INSIDE;
}

static bool force_method(struct login *login)
{
	struct method *method;

	if (!login->facts.method[0])
		return true;
	method = config_method(login->config, login->facts.method);
	if (!method)
		return false;
	login->forced.factors[0] = method;
	login->forced.n_factors = 1;
	return true;
}

static void start_authenticate(struct login *login)
{
	if (!login_find_policy(login)) {
		login_end(login, LOGIN_IGNORED, NULL);
		return;
	}
	if (!force_method(login)) {
		login_refuse(login, LOGIN_FAILED, AFTER_END, N_("There is no such method."),
			     "unknown method asked for");
		return;
	}
	login_start_ways(login);
}

static void start_account(struct login *login)
{
	if (!login_find_policy(login)) {
		login_end(login, LOGIN_IGNORED, NULL);
		return;
	}
	login_verdict_account(login);
}

/* Only root and the user himself, whatever the program that asks allows. */
static bool is_own_or_root(struct login *login, const char *text)
{
	uint32_t caller = login->facts.caller_uid;

	if (caller == 0 || caller == login->user.uid)
		return true;
	login_refuse(login, LOGIN_DENIED, AFTER_END, text, "caller is another user");
	return false;
}

static void start_password(struct login *login)
{
	if (!login->user.exists || policy_is_exempt(login->config, &login->user)) {
		login_end(login, LOGIN_IGNORED, NULL);
		return;
	}
	if (!is_own_or_root(login, N_("You may not change this password.")))
		return;
	for (unsigned i = 0; i < login->config->n_methods; i++) {
		struct method *method = login->config->methods[i];

		if (!(method->features & PROVIDER_CHANGES_PASSWORD))
			continue;
		login_start_errand(login, ERRAND_CHANGE, method);
		return;
	}
	login_end(login, LOGIN_IGNORED, NULL);
}

static void start_password_check(struct login *login)
{
	if (policy_is_exempt(login->config, &login->user))
		login_end(login, LOGIN_IGNORED, NULL);
	else
		login_verdict_password_check(login);
}

/* --- enrol and test --- */

struct method *login_find_method(const struct config *config, const char *id)
{
	struct method *method = config_method(config, id);

	for (unsigned i = 0; i < config->n_methods && !method; i++)
		if (text_equals(config->methods[i]->provider->type, id))
			method = config->methods[i];
	return method;
}

static bool has_method(struct login *login)
{
	struct method *method = login_find_method(login->config, login->facts.method);

	if (!method) {
		login_refuse(login, LOGIN_FAILED, AFTER_END, N_("There is no such method."),
			     "unknown method asked for");
		return false;
	}
	login->method = login->errand_method = method;
	if (login->facts.phase == LOGIN_ENROL ? method->provider->enrol : method->provider->test)
		return true;
	login_refuse(login, LOGIN_FAILED, AFTER_END,
		     login->facts.phase == LOGIN_ENROL
			     ? N_("Nothing can be enrolled for this method.")
			     : N_("This method has no test."),
		     "the method does not do this");
	return false;
}

/* Root never depends on us. */
static bool may_be_enrolled(struct login *login)
{
	if (login->user.exists && login->user.uid != 0)
		return true;
	login_refuse(login, LOGIN_DENIED, AFTER_END,
		     login->user.exists ? N_("Root cannot be enrolled.")
					: N_("There is no such user."),
		     login->user.exists ? "root is never enrolled" : "no such user");
	return false;
}

/* Everybody but root proves himself first, in a service of its own. */
static void start_enrol(struct login *login)
{
	if (!has_method(login) || !may_be_enrolled(login) ||
	    !is_own_or_root(login, N_("You may enrol only yourself.")))
		return;
	if (login->facts.caller_uid == 0) {
		login_start_errand(login, ERRAND_ENROL, login->errand_method);
		return;
	}
	(void)text_into(login->facts.service, sizeof(login->facts.service), ENROL_SERVICE);
	if (login_find_policy(login))
		login_start_ways(login);
	else
		login_refuse(login, LOGIN_DENIED, AFTER_END,
			     N_("Only root may do this on this machine."),
			     "no section [service " ENROL_SERVICE "] holds");
}

static void start_test(struct login *login)
{
	if (has_method(login))
		login_start_errand(login, ERRAND_TEST, login->errand_method);
}

static void (*const starts[LOGIN_N_PHASES])(struct login *login) = {
	[LOGIN_AUTHENTICATE] = start_authenticate,
	[LOGIN_ACCOUNT] = start_account,
	[LOGIN_PASSWORD_CHECK] = start_password_check,
	[LOGIN_PASSWORD] = start_password,
	[LOGIN_ENROL] = start_enrol,
	[LOGIN_TEST] = start_test,
	[LOGIN_LINK] = login_link_start,
};

/* To prove himself is of no use to him, but at a login he is not told so earlier than others. What
 * is told of his sessions is no question. */
static bool is_told_of_lock(const struct login *login)
{
	static const bool phases[LOGIN_N_PHASES] = {
		[LOGIN_PASSWORD_CHECK] = true,
		[LOGIN_PASSWORD] = true,
		[LOGIN_ENROL] = true,
		[LOGIN_LINK] = true,
	};

	return login->is_locked && phases[login->facts.phase];
}

void login_go_on(struct login *login)
{
	if (login->stage != STAGE_LOOKING_UP || !login->has_user || !login->has_origin)
		return;
	if (is_told_of_lock(login))
		login_refuse(login, LOGIN_LOCKED, AFTER_END,
			     N_("This account may not log in here."), "account locked");
	else
		starts[login->facts.phase](login);
}
