/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `totp`: the person types the code that his authenticator app shows (RFC 6238), or
 * one of the recovery codes he was given when the app's key was made.
 *
 *   state       waits for    event → next
 *   ASK         answer       has the form of a code → CHECKING; else ASK, PROMPTS_MAX times in all
 *   CHECKING    judged       right → identified; else denied
 *   enrolling (totp-enrol.c)
 *   TRYING      answer       the code of the new key → STORING; else TRYING, TRIES_MAX times in all
 *   STORING     stored       done → SHOWN, else failed
 *   SHOWN       answer       done
 *
 * Who has no key, or is no user at all, is asked and answered like everybody: what the core says
 * about the account is told to nobody but a person who has proved something before.
 */
#include "providers/totp.h"

#include <string.h>

#include "base/digits.h"
#include "base/macro.h"
#include "base/text.h"
#include "providers/code-verdict.h"
#include "providers/table.h"

#define PROMPTS_MAX      5
#define ISSUER_BYTES_MAX 64

static const char *const algorithm_words[] = { "sha1", "sha256", "sha512", NULL };

const struct totp_algorithm totp_algorithms[] = {
	{ DIGEST_SHA1, 20 },
	{ DIGEST_SHA256, 32 },
	{ DIGEST_SHA512, 64 },
};

#define FIELD(name) offsetof(struct totp_config, name)

static const struct conf_key totp_keys[] = {
	{ .name = "digits", .kind = CONF_NUMBER, .offset = FIELD(digits),
	  .min = TOTP_DIGITS_MIN, .max = TOTP_DIGITS_MAX, .fallback = "6",
	  .help = "Digits of a code; of keys made from now on" },
	{ .name = "algorithm", .kind = CONF_CHOICE, .offset = FIELD(algorithm),
	  .choices = algorithm_words, .fallback = "sha1",
	  .help = "sha1, sha256, sha512; of keys made from now on; many apps know sha1 only" },
	{ .name = "period", .kind = CONF_DURATION, .offset = FIELD(period_s), .min = 15,
	  .max = 120, .fallback = "30s",
	  .help = "How long the app shows a code; of keys made from now on" },
	{ .name = "window", .kind = CONF_NUMBER, .offset = FIELD(window), .min = 0, .max = 2,
	  .fallback = "1",
	  .help = "Periods that the clock of a phone may be wrong by" },
	{ .name = "issuer", .kind = CONF_TEXT, .offset = FIELD(issuer), .min = 1,
	  .max = ISSUER_BYTES_MAX,
	  .help = "What the app shows beside the user; by default the host's name" },
	{ 0 }
};

/* A colon ends the issuer in the text that apps read. */
static void check(const void *filled, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct totp_config *config = filled;

	if (config->issuer && strchr(config->issuer, ':'))
		conf_mistake_key(report, section, "issuer", "must not have a colon in it");
}

/* --- what was typed --- */

/* A key keeps the number of digits it was made with, whatever the configuration says today. */
static struct secret *fold(const struct secret *entry)
{
	struct secret *code = NULL;

	for (size_t n = TOTP_DIGITS_MIN; n <= TOTP_DIGITS_MAX && !code; n++)
		code = digits_fold(entry, n);
	return code ? code : digits_fold_code(entry, BASE32_DIGITS, RECOVERY_CHARS);
}

/* --- logging in --- */

static void ask(struct login *login)
{
	struct totp_login *own = login_own(login);
	static const char *const texts[2][2] = {         /* hears keys, has a choice */
		{ N_("Code of your authenticator app: "),
		  N_("Code of your authenticator app, or c for another way: ") },
		{ N_("Code of your authenticator app, or q to quit: "),
		  N_("Code of your authenticator app, c for another way, q to quit: ") },
	};
	const char *text = texts[login_hears_keys(login)][login_has_choice(login)];
	struct login_prompt prompt = { .echo = true, .keys = true };

	if (own->n_prompts++ == PROMPTS_MAX) {
		login_deny(login, DENY_WRONG, "no code was entered");
		return;
	}
	own->state = TOTP_ASK;
	prompt.text = login_text(login, text);
	(void)login_prompt(login, &prompt);
}

static void on_code(struct login *login, const struct secret *answer)
{
	const struct totp_config *config = login_config(login);
	_cleanup_secret_ struct secret *entry = fold(answer);
	struct totp_login *own = login_own(login);

	if (!entry && answer->len && !login_hears_keys(login)) {
		login_deny(login, DENY_WRONG, "not a code");
		return;
	}
	if (!entry) {
		login_show_error(login, login_text(login,
			N_("Type the digits that the app shows, or a recovery code.")));
		ask(login);
		return;
	}
	own->state = TOTP_CHECKING;
	(void)login_check_totp(login, entry, config->window);
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text)
{
	const struct totp_login *own = login_own(login);

	switch (own->state) {
	case TOTP_ASK:
		on_code(login, text);
		return;
	case TOTP_TRYING:
		totp_try(login, text);
		return;
	case TOTP_SHOWN:
		login_done(login);
		return;
	case TOTP_CHECKING:
	case TOTP_STORING:
		break;
	}
	login_fail(login, FAIL_PROVIDER, "answer out of turn");
}

static void finish(struct login *login)
{
	struct totp_login *own = login_own(login);

	own->key = secret_free(own->key);
	for (size_t i = 0; i < N_ELEMENTS(own->recovery); i++)
		own->recovery[i] = secret_free(own->recovery[i]);
}

const struct provider totp_provider = {
	.type = "totp",
	.title = N_("Authenticator app"),
	.features = PROVIDER_CONFIRMS_HERE | PROVIDER_LOCAL_USER,
	.keys = totp_keys,
	.guide = &totp_guide,
	.config_size = sizeof(struct totp_config),
	.login_size = sizeof(struct totp_login),
	.check = check,
	.start = ask,
	.enrol = totp_enrol,
	.answer = answer,
	.judged = code_take_verdict,
	.stored = totp_stored,
	.finish = finish,
};
