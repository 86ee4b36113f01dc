/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tries the set-up, for a sysadmin who reads every step: is there a token, does the account make
 * codes, and does the vendor reach us. The vendor asks the message URL once, when it is saved in
 * the console, and takes it only when it is answered then: so one of these tests must run.
 *
 * waits for                 next
 * cgi-bin/stable_token      mode = relay: done. mode = push: cgi-bin/qrcode/create
 * cgi-bin/qrcode/create     the prompt
 * Enter                     a request of the vendor came and was right: done; else the prompt,
 *                           ACCOUNT_ROUNDS_MAX times
 */
#include "base/text.h"
#include "providers/wechat-account.h"

static void show(struct login *login, const char *text)
{
	login_show(login, login_text(login, text));
}

/* --- the vendor reaches us --- */

static void ask(struct login *login)
{
	const struct account_config *config = login_config(login);
	_cleanup_free_ char *text = text_format(
		login_text(login, N_("Save the relay's address with /push/%s behind it as URL.")),
		config->app.id);
	const struct login_prompt prompt = {
		.text = login_text(login, N_("Press Enter when the console has saved it: ")),
		.echo = true,
		.name = "saved",
	};

	login_show(login, text);
	login_prompt(login, &prompt);
}

void account_test_answer(struct login *login)
{
	struct account_login *own = login_own(login);

	if (own->was_pushed) {
		show(login, N_("The vendor's request came, was right, and was answered."));
		login_done(login);
	} else if (++own->n_rounds >= ACCOUNT_ROUNDS_MAX) {
		login_deny(login, DENY_EXPIRED, "no request of the vendor came that was right");
	} else {
		show(login, N_("No request of the vendor has come that was right."));
		if (own->fault)
			show(login, N_("One came, but:"));
		if (own->fault)
			show(login, own->fault);
		ask(login);
	}
}

/* --- the calls --- */

static void has_qr(struct login *login)
{
	show(login, N_("The account makes codes."));
	ask(login);
}

static struct http_request *make_token(struct login *login, const struct secret *none UNUSED)
{
	return account_token_request(login);
}

static void read_token(struct login *login UNUSED, const struct http_reply *reply,
		       struct api_result *ret_result)
{
	struct api_token token = { .value = NULL };

	wechat_read_token(reply, &token, ret_result);
	secret_free(token.value);
}

static void has_token(struct login *login)
{
	const struct account_config *config = login_config(login);

	show(login, N_("app_id and app_secret are right."));
	if (config->mode == ACCOUNT_MODE_PUSH)
		account_create_qr(login, has_qr);
	else
		login_done(login);
}

/* Logins that do not ask who follows need no token, so no address in the list. */
static bool is_needless(struct login *login, const struct api_result *result)
{
	const struct account_config *config = login_config(login);

	if (result->code != wechat_dialect.address_code ||
	    config->mode == ACCOUNT_MODE_PUSH || config->require_follow)
		return false;
	login_show(login, result->detail);
	show(login, N_("That is needed with require_follow = yes only."));
	login_done(login);
	return true;
}

static const struct api_call stable_token = {
	.make = make_token,
	.read = read_token,
	.next = has_token,
	.fail = is_needless,
};

void account_test(struct login *login)
{
	const struct account_config *config = login_config(login);
	struct account_login *own = login_own(login);

	own->state = ACCOUNT_TESTING;
	if (!account_make_scene(login))
		return;
	if (config->mode == ACCOUNT_MODE_PUSH)
		login_listen(login, config->app.id);
	api_start(login, &stable_token);
}
