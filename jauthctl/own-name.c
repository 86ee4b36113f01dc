/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who runs this program; see own-name.h. */
#include "jauthctl/own-name.h"

#include <pwd.h>
#include <unistd.h>

#include "base/text.h"
#include "jauthctl/command.h"

char *own_name(void)
{
	const struct passwd *user = getpwuid(getuid());

	if (!user)
		complain("uid %u has no name", (unsigned)getuid());
	return user ? text_copy(user->pw_name) : NULL;
}
