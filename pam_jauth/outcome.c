/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why these codes:
 * The stack ends on all of them but PAM_IGNORE and, on local consoles, PAM_AUTHINFO_UNAVAIL (see
 * conf/pam/), so "failed" must never look like "unavailable": who can make a provider fail must
 * not thereby reach another password. PAM_CONV_ERR and PAM_SYSTEM_ERR make sudo stop asking, as
 * PAM_MAXTRIES does with sshd. What jauthd should not say in a phase (a locked account while it
 * authenticates) is a plain no: PAM_NEW_AUTHTOK_REQD in `auth` counts as success in some stacks.
 *
 * "password" is only reached when "password-check" was granted, and then nothing may be ignored:
 * the stack would go on in its second round to a module that has not had its first, and pam_unix
 * then sets a new password without having seen the old one.
 */
#include "pam_jauth/outcome.h"

#include <assert.h>
#include <syslog.h>

#include <security/pam_modules.h>

#include "base/macro.h"

#define N_OUTCOMES   (LOGIN_N_STATES - LOGIN_GRANTED)
#define N_PAM_PHASES (LOGIN_PASSWORD + 1)        /* those after it are jauthctl's */

/* A row: the codes of authenticate, account, password-check, password. */
#define ROW(state, priority_, text_, authenticate, account, check, password) \
	[(state) - LOGIN_GRANTED] = { \
		[LOGIN_AUTHENTICATE]   = { (authenticate), (priority_), (text_) }, \
		[LOGIN_ACCOUNT]        = { (account), (priority_), (text_) }, \
		[LOGIN_PASSWORD_CHECK] = { (check), (priority_), (text_) }, \
		[LOGIN_PASSWORD]       = { (password), (priority_), (text_) }, \
	}

static const struct outcome outcomes[][N_PAM_PHASES] = {
	ROW(LOGIN_GRANTED, LOG_INFO, "granted",
	    PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS),
	ROW(LOGIN_DENIED, LOG_NOTICE, "denied",
	    PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR),
	ROW(LOGIN_ENOUGH, LOG_NOTICE, "denied, too many attempts",
	    PAM_MAXTRIES, PAM_PERM_DENIED, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR),
	ROW(LOGIN_LOCKED, LOG_NOTICE, "locked or no longer allowed",
	    PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR),
	ROW(LOGIN_EXPIRED, LOG_NOTICE, "account expired",
	    PAM_AUTH_ERR, PAM_ACCT_EXPIRED, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR),
	ROW(LOGIN_MUST_CHANGE, LOG_NOTICE, "password must be changed",
	    PAM_AUTH_ERR, PAM_NEW_AUTHTOK_REQD, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR),
	ROW(LOGIN_CANCELLED, LOG_NOTICE, "cancelled",
	    PAM_CONV_ERR, PAM_PERM_DENIED, PAM_CONV_ERR, PAM_CONV_ERR),
	ROW(LOGIN_FAILED, LOG_ERR, "failed",
	    PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR),
	ROW(LOGIN_UNAVAILABLE, LOG_ERR, "unavailable",
	    PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL),
	ROW(LOGIN_IGNORED, LOG_DEBUG, "outside the policy's scope",
	    PAM_IGNORE, PAM_IGNORE, PAM_IGNORE, PAM_AUTHTOK_ERR),
};

/* A row that is missing in the middle has no text: t-outcome looks. */
static_assert(N_ELEMENTS(outcomes) == N_OUTCOMES, "every outcome has its row");

const struct outcome *outcome_of(enum login_phase phase, enum login_state state)
{
	if (!login_state_is_outcome(state) || (unsigned)state >= LOGIN_N_STATES ||
	    (unsigned)phase >= N_PAM_PHASES)
		return &outcomes[LOGIN_FAILED - LOGIN_GRANTED][LOGIN_AUTHENTICATE];
	return &outcomes[state - LOGIN_GRANTED][phase];
}
