/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `break-glass`: the person types one of the codes that a sysadmin printed for him,
 * or the one he was given because he lost his usual way in. Nobody is asked for anything: it works
 * without the network, the relay and jauth-http.
 *
 *   state    waits for   event → next
 *   ASK      answer      has the form of a code → CHECKING; else ASK, PROMPTS_MAX times in all
 *   CHECKING judged      right → identified; else denied
 *
 * Who has no codes, or is no user at all, is asked and answered like everybody.
 */
#include "base/glass-code.h"
#include "base/macro.h"
#include "base/text.h"
#include "providers/code-verdict.h"
#include "providers/table.h"

#define PROMPTS_MAX 5

enum glass_state {
	GLASS_ASK,
	GLASS_CHECKING,
};

struct glass_login {
	enum glass_state state;
	unsigned n_prompts;
};

/* Nothing of it is configured, and no size is none. */
struct glass_config {
	char unused;
};

static const struct conf_key glass_keys[] = {
	{ 0 }
};

static void ask(struct login *login)
{
	struct glass_login *own = login_own(login);
	static const char *const texts[2][2] = {         /* hears keys, has a choice */
		{ N_("Break-glass code: "),
		  N_("Break-glass code, or c for another way: ") },
		{ N_("Break-glass code, or q to quit: "),
		  N_("Break-glass code, c for another way, q to quit: ") },
	};
	const char *text = texts[login_hears_keys(login)][login_has_choice(login)];
	struct login_prompt prompt = { .echo = true, .keys = true };

	if (own->n_prompts++ == PROMPTS_MAX) {
		login_deny(login, DENY_WRONG, "no code was entered");
		return;
	}
	own->state = GLASS_ASK;
	prompt.text = login_text(login, text);
	(void)login_prompt(login, &prompt);
}

static void on_code(struct login *login, const struct secret *text)
{
	_cleanup_secret_ struct secret *entry = glass_code_fold(text);
	struct glass_login *own = login_own(login);

	if (!entry && text->len && !login_hears_keys(login)) {
		login_deny(login, DENY_WRONG, "not a code");
		return;
	}
	if (!entry) {
		login_show_error(login, login_text(login,
			N_("Type one code: twenty letters, with or without dashes.")));
		ask(login);
		return;
	}
	own->state = GLASS_CHECKING;
	(void)login_check_glass(login, entry);
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text)
{
	const struct glass_login *own = login_own(login);

	switch (own->state) {
	case GLASS_ASK:
		on_code(login, text);
		return;
	case GLASS_CHECKING:
		break;
	}
	login_fail(login, FAIL_PROVIDER, "answer out of turn");
}

const struct provider break_glass_provider = {
	.type = "break-glass",
	.title = N_("Break-glass code"),
	.features = PROVIDER_CONFIRMS_HERE | PROVIDER_LOCAL_USER,
	.keys = glass_keys,
	.guide = &break_glass_guide,
	.config_size = sizeof(struct glass_config),
	.login_size = sizeof(struct glass_login),
	.start = ask,
	.answer = answer,
	.judged = code_take_verdict,
};
