/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of what a provider said, for the time the store needs: whole and within bounds, or not
 * at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/login-private.h"

static bool keep(struct login_identity *to, const char **field, const char *text, size_t max_len)
{
	if (!text)
		return true;
	if (strlen(text) > max_len || !text_is_utf8(text, strlen(text)) ||
	    list_add(&to->texts, text) < 0)
		return false;
	*field = to->texts[list_length(to->texts) - 1];
	return true;
}

static bool keep_groups(struct login_identity *to, const char *const *groups)
{
	for (size_t i = 0; groups && groups[i]; i++)
		if (i >= IDENTITY_GROUPS_MAX || strlen(groups[i]) > IDENTITY_TEXT_MAX ||
		    list_add(&to->groups, groups[i]) < 0)
			return false;
	to->identity.groups = (const char *const *)to->groups;
	return true;
}

static bool keep_attributes(struct login_identity *to, const struct identity *from)
{
	if (from->n_attributes > IDENTITY_ATTRIBUTES_MAX)
		return false;
	for (size_t i = 0; i < from->n_attributes; i++) {
		struct identity_attribute *attribute = &to->identity.attributes[i];

		if (!keep(to, &attribute->name, from->attributes[i].name, IDENTITY_TEXT_MAX) ||
		    !keep(to, &attribute->value, from->attributes[i].value, IDENTITY_TEXT_MAX))
			return false;
	}
	to->identity.n_attributes = from->n_attributes;
	return true;
}

int login_identity_copy(const struct identity *from, struct login_identity *ret_to)
{
	struct login_identity to = { 0 };

	if (text_is_empty(from->issuer) || text_is_empty(from->subject) ||
	    !keep(&to, &to.identity.issuer, from->issuer, IDENTITY_TEXT_MAX) ||
	    !keep(&to, &to.identity.subject, from->subject, IDENTITY_TEXT_MAX) ||
	    !keep(&to, &to.identity.mail, from->mail, IDENTITY_TEXT_MAX) ||
	    !keep_groups(&to, from->groups) || !keep_attributes(&to, from)) {
		login_identity_done(&to);
		return -EINVAL;
	}
	/* Only ever shown, so a bad one is no reason to refuse. */
	(void)keep(&to, &to.identity.display, from->display, IDENTITY_TEXT_MAX);
	to.identity.is_outside = from->is_outside;
	*ret_to = to;
	return 0;
}

void login_identity_done(struct login_identity *identity)
{
	list_free(identity->texts);
	list_free(identity->groups);
	memset(identity, 0, sizeof(*identity));
}
