/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prompt that a code which ran out leads to. */
#include "providers/renewal.h"

/* Less than this is left of the login: nobody could scan and approve another code. */
#define TIME_MIN_MS 20000

void renewal_offer(struct login *login, unsigned *n_renewals)
{
	struct login_prompt prompt = { .echo = true };

	if (*n_renewals >= RENEWALS_MAX ||
	    login_deadline_ms(login) - login_now_ms(login) < TIME_MIN_MS) {
		login_deny(login, DENY_EXPIRED, "nobody approved in time");
		return;
	}
	++*n_renewals;
	prompt.text = login_text(login, N_("The code has expired. Press Enter for a new one: "));
	login_prompt(login, &prompt);
}
