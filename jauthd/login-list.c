/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What providers tell of an organisation (provider.h) goes to the listing; its fault is their
 * end. */
#include "jauthd/directory-listing.h"
#include "jauthd/login-private.h"

static bool may_tell(struct login *login)
{
	return login->list.listing && !login_has_ended(login);
}

static void end_by_fault(struct login *login)
{
	const char *fault = listing_fault(login->list.listing);

	if (fault)
		login_fail(login, FAIL_PROVIDER, fault);
}

void login_list_department(struct login *login, const struct listed_department *department)
{
	if (!may_tell(login))
		return;
	listing_department(login->list.listing, department);
	end_by_fault(login);
}

void login_list_member(struct login *login, const struct listed_member *member)
{
	if (!may_tell(login))
		return;
	listing_member(login->list.listing, member);
	end_by_fault(login);
}

void login_list_done(struct login *login, const char *department)
{
	if (!may_tell(login))
		return;
	listing_done(login->list.listing, department);
	end_by_fault(login);
}

bool login_is_list_done(struct login *login, const char *department)
{
	return may_tell(login) && listing_is_done(login->list.listing, department);
}

const char *login_list_name(struct login *login, const char *department)
{
	return may_tell(login) ? listing_name(login->list.listing, department) : NULL;
}
