/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of who sets up the types that know the user themselves; see guide.h. */
#include "providers/table.h"

static const struct guide_key password_keys[] = {
	{ "sources", NULL,
	  N_("Where passwords are: jauth (jauthctl user password), shadow (the machine's\n"
	     "own); the first that knows the user decides.") },
	{ "length_min", NULL,
	  N_("Characters that a new password has at least.") },
	{ "classes", NULL,
	  N_("What a new password needs: digits, letters, lower, upper, special; or none.") },
	{ "expires_days", NULL,
	  N_("Days after which a new password must be changed; 0: never.") },
	{ NULL }
};

const struct guide password_guide = {
	N_("Nothing is needed from elsewhere."), password_keys, NULL,
};

static const struct guide_key totp_keys[] = {
	{ "issuer", NULL,
	  N_("What the app shows beside the user; without it the host's name.") },
	{ NULL }
};

static const struct guide_step totp_steps[] = {
	{ N_("People get a key by jauthctl totp enrol.") },
	{ NULL }
};

const struct guide totp_guide = {
	N_("People need an authenticator app on their telephone. Nothing is needed from\n"
	   "elsewhere."),
	totp_keys, totp_steps,
};

static const struct guide_key break_glass_keys[] = {
	{ NULL }
};

static const struct guide_step break_glass_steps[] = {
	{ N_("Codes are printed by jauthctl break-glass setup.") },
	{ NULL }
};

const struct guide break_glass_guide = {
	N_("Codes on paper, for the day the other ways fail. Nothing is needed from\n"
	   "elsewhere."),
	break_glass_keys, break_glass_steps,
};

static const struct guide_key sms_keys[] = {
	{ "vendors", NULL,
	  N_("[sms ID] sections in their order: \"+86 aliyun twilio, twilio\"; without a\n"
	     "calling code: for the rest.") },
	{ "calling_codes", NULL,
	  N_("Where messages may go to, as +86, +1264; without it to all numbers on file.") },
	{ "people_file", NULL,
	  N_("A file with rows NUMBER NAME: who stands there becomes a Unix user. Without it\n"
	     "codes go to users who are there already.") },
	{ "alone", NULL,
	  N_("yes: a code by SMS may be the first or only factor of a login; no: only behind\n"
	     "a password or a key.") },
	{ NULL }
};

static const struct guide_step sms_steps[] = {
	{ N_("Numbers are added by jauthctl phone add.") },
	{ NULL }
};

const struct guide sms_guide = {
	N_("You need a vendor who sends messages, and credit there."), sms_keys, sms_steps,
};
