/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mini program does with a link. It has no cookie and no state: it knows the link's id,
 * gets a receipt for its confirmation, and shows that to see what came of it. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "jauth-relay/link-private.h"

static bool is_mini(const struct link *link, unsigned target)
{
	return link->targets[target].app == RELAY_APP_MINI_PROGRAM;
}

int link_find_mini(const struct link *link)
{
	for (unsigned i = link->n_presses; i > 0; i--)
		if (is_mini(link, link->presses[i - 1].method))
			return (int)link->presses[i - 1].method;
	for (unsigned i = 0; i < link->n_targets; i++)
		if (is_mini(link, i))
			return (int)i;
	return LINK_NONE;
}

static int check(const struct link *link, int64_t now_s)
{
	if (link_find_mini(link) == LINK_NONE)
		return -ENOENT;
	if (!link_is_open(link, now_s))
		return -ESTALE;
	return link->refused || link->callback ? -EALREADY : 0;
}

int link_confirm(struct link *link, const char *js_code, const char *receipt, int64_t now_s)
{
	int r = check(link, now_s);

	if (r == 0 && !link_is_js_code(js_code))
		r = -EINVAL;
	if (r == 0)
		r = link_add_press(link, link_find_mini(link), receipt);
	if (r < 0)
		return r;
	link->callback = text_format("code=%s", js_code);
	link->callback_press = (int)link->n_presses - 1;
	return 0;
}

int link_deny(struct link *link, int64_t now_s)
{
	int r = check(link, now_s);

	return r < 0 ? r : link_refuse(link, now_s);
}

bool link_has_receipt(const struct link *link, const char *receipt)
{
	int press = link_find_press(link, receipt);

	return press != LINK_NONE && press == link->callback_press &&
	       is_mini(link, link->presses[press].method);
}
