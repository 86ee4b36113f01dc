/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module's entry points. It is a guest in sshd, login, sudo and greeters: it never aborts,
 * exits, forks, starts threads, changes signals or the environment, and keeps no writable statics.
 */
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "base/macro.h"
#include "pam_jauth/conversation.h"
#include "pam_jauth/exempt.h"
#include "pam_jauth/login.h"
#include "pam_jauth/options.h"
#include "pam_jauth/session.h"

#define CHECK_GRANTED_DATA "jauth_password_check_granted"    /* PAM data: NULL or not */

/* PAM_SUCCESS and the name, or the code to return. */
static int find_user(pam_handle_t *pamh, const char **ret_user)
{
	int r = pam_get_user(pamh, ret_user, NULL);

	if (r == PAM_CONV_AGAIN)
		return PAM_INCOMPLETE;
	if (r == PAM_SUCCESS && (!*ret_user || !**ret_user))
		return PAM_USER_UNKNOWN;
	return r;
}

/* What all phases have in common before anybody is asked. A mistake in the PAM file must not lock
 * out those who are exempt; for all others it is an error, since it may have said who is. */
static int run(pam_handle_t *pamh, enum login_phase phase, int argc, const char **argv)
{
	struct options options = options_parse(argc, argv);
	const char *user = NULL, *exempt;
	int r;

	if (!conversation_exists(pamh))
		return PAM_IGNORE;
	r = find_user(pamh, &user);
	if (r != PAM_SUCCESS)
		return r;
	exempt = exempt_reason(user, &options);
	if (exempt) {
		if (options.debug)
			pam_syslog(pamh, LOG_DEBUG, "user %s is ignored: %s", user, exempt);
		return PAM_IGNORE;
	}
	if (options.wrong) {
		pam_syslog(pamh, LOG_ERR, "wrong option \"%s\"", options.wrong);
		return PAM_SERVICE_ERR;
	}
	return login_run(pamh, &options, phase, user);
}

/* The second round of a change of password belongs to whom the first one was granted (see
 * outcome.c): libpam skips the other modules in both, or in none. */
static int change_password(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *granted = NULL;
	int r;

	if (flags & PAM_PRELIM_CHECK) {
		r = run(pamh, LOGIN_PASSWORD_CHECK, argc, argv);
		granted = r == PAM_SUCCESS ? CHECK_GRANTED_DATA : NULL;
		if (pam_set_data(pamh, CHECK_GRANTED_DATA, (void *)granted, NULL) != PAM_SUCCESS)
			return PAM_SYSTEM_ERR;
		return r;
	}
	if (pam_get_data(pamh, CHECK_GRANTED_DATA, &granted) != PAM_SUCCESS || !granted)
		return PAM_IGNORE;
	return run(pamh, LOGIN_PASSWORD, argc, argv);
}

/* Phases that do nothing: success where the login was ours, so that the stack counts us. */
static int follow(pam_handle_t *pamh)
{
	return pam_getenv(pamh, LOGIN_REQUEST_ENV) ? PAM_SUCCESS : PAM_IGNORE;
}

/* A mistake in the PAM file was told when the person logged in; a session is not lost for it. */
static int session(pam_handle_t *pamh, enum login_phase phase, int argc, const char **argv)
{
	struct options options = options_parse(argc, argv);
	const char *user = NULL;

	if (find_user(pamh, &user) == PAM_SUCCESS && !exempt_reason(user, &options))
		session_report(pamh, &options, phase, user);
	return follow(pamh);
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags UNUSED, int argc, const char **argv)
{
	return run(pamh, LOGIN_AUTHENTICATE, argc, argv);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags UNUSED, int argc, const char **argv)
{
	return run(pamh, LOGIN_ACCOUNT, argc, argv);
}

int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return change_password(pamh, flags, argc, argv);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags UNUSED, int argc UNUSED, const char **argv UNUSED)
{
	return follow(pamh);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags UNUSED, int argc, const char **argv)
{
	return session(pamh, LOGIN_SESSION, argc, argv);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags UNUSED, int argc, const char **argv)
{
	return session(pamh, LOGIN_SESSION_END, argc, argv);
}
