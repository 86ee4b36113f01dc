/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What methods do without anybody at a terminal: send a message to somebody who has an identity
 * there, ask for the SSH keys of one. It runs like the preparation of a method; a login that does
 * so has no client and no user.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ssh-key.h"
#include "base/text.h"
#include "jauthd/login-private.h"

static bool can(const struct method *method, enum quiet_kind kind)
{
	return method->features & (kind == QUIET_MESSAGE ? PROVIDER_DELIVERS : PROVIDER_SSH_KEYS);
}

/* Inside of one of the provider's operations it is acted upon only when that has returned. */
static void run(struct login *login)
{
	const struct login_delivery delivery = {
		.subject = login->quiet.subject,
		.text = login->quiet.text,
	};

	if (login->quiet.kind == QUIET_MESSAGE)
		login_provider_deliver(login, &delivery);
	else
		login_provider_ssh_keys(login, login->quiet.subject);
}

int login_quiet_start(struct login *login, const struct quiet_errand *errand)
{
	if (!can(login->method, errand->kind))
		return -EOPNOTSUPP;
	login->quiet = (struct login_quiet){
		.is_set = true,
		.kind = errand->kind,
		.subject = text_copy(errand->subject),
		.text = text_copy(errand->text),
		.keys = BUF_INIT(SSH_KEYS_TEXT_MAX),
		.ended = errand->ended,
		.context = errand->context,
	};
	login->facts.glyphs = GLYPH_UTF8;        /* where it is read: an app */
	run(login);
	return 0;
}

void login_quiet_end(struct login *login, const char *fault)
{
	const struct quiet_end end = {
		.fault = fault,
		.keys = buf_text(&login->quiet.keys),
	};

	if (login->quiet.ended)
		login->quiet.ended(login->quiet.context, &end);
}

void login_quiet_done(struct login_quiet *quiet)
{
	free(quiet->subject);
	text_free_wiped(quiet->text);
	buf_done(&quiet->keys);
	*quiet = (struct login_quiet){ .is_set = false };
}

void login_add_ssh_key(struct login *login, const char *key)
{
	struct login_quiet *quiet = &login->quiet;
	size_t len = quiet->keys.len;

	if (login_has_ended(login) || !quiet->is_set || quiet->kind != QUIET_SSH_KEYS ||
	    quiet->n_keys >= SSH_KEYS_MAX || len + SSH_KEY_MAX + 1 > SSH_KEYS_TEXT_MAX)
		return;
	quiet->n_keys += ssh_key_add(&quiet->keys, key);
}
