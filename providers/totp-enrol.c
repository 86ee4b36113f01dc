/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Binds a new key to the user; the states stand in totp.c. The key counts only when the app has
 * shown that it got it, and the recovery codes are shown only when the store has them: until then
 * an earlier key stays as it is.
 */
#include "providers/totp.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/digits.h"
#include "base/macro.h"

#define TRIES_MAX       3
#define TRY_WINDOW      1    /* periods to either side that the phone's clock may be off */
#define URI_MAX         1024
#define GROUP_CHARS     4
#define GROUPED_MAX     256
#define RECOVERY_A_LINE 2

static_assert(TOTP_RECOVERY_CODES % RECOVERY_A_LINE == 0, "the last line is a whole one");

static struct totp_rule rule_of(const struct totp_config *config)
{
	return (struct totp_rule){
		.digest = totp_algorithms[config->algorithm].digest,
		.digits = (unsigned)config->digits,
		.period_s = config->period_s,
	};
}

/* "ABCD EFGH", the way it is read out and typed. */
static void add_grouped(struct buf *buf, const char *text, size_t len, char between)
{
	for (size_t i = 0; i < len; i++) {
		if (i && i % GROUP_CHARS == 0)
			buf_add_char(buf, between);
		buf_add_char(buf, text[i]);
	}
}

/* NULL without random bytes or memory. */
static struct secret *random_secret(size_t len)
{
	unsigned char bytes[DIGEST_BYTES_MAX];
	struct secret *secret = NULL;

	if (len <= sizeof(bytes) && random_bytes(bytes, len) == 0)
		secret = secret_new(bytes, len);
	explicit_bzero(bytes, sizeof(bytes));
	return secret;
}

/* --- the key --- */

static struct login_prompt try_prompt(struct login *login)
{
	return (struct login_prompt){
		.text = login_text(login, N_("Code that the app shows now, or q to quit: ")),
		.echo = true,
		.keys = true,
	};
}

/* The key stands where a link would: it is what can be typed instead. */
static void show_key(struct login *login)
{
	const struct totp_config *config = login_config(login);
	const struct totp_login *own = login_own(login);
	const struct totp_rule rule = rule_of(config);
	const struct login_prompt prompt = try_prompt(login);
	struct buf uri = BUF_INIT_SECRET(URI_MAX), base32 = BUF_INIT_SECRET(GROUPED_MAX);
	struct buf grouped = BUF_INIT_SECRET(GROUPED_MAX);
	struct login_code code = { .prompt = &prompt };

	totp_add_uri(&uri, &rule, own->key, config->issuer ? config->issuer : login_host(login),
		     login_user(login));
	base32_add(&base32, own->key->data, own->key->len);
	add_grouped(&grouped, buf_text(&base32), base32.len, ' ');
	if (buf_failed(&uri)) {
		login_fail(login, FAIL_PROVIDER, "the user's name is too long for a code");
	} else {
		code.link = buf_text(&uri);
		code.plain_link = buf_text(&grouped);
		code.text = login_text(login,
			N_("Scan this with your authenticator app, or type this key into it:"));
		(void)login_show_code(login, &code);
	}
	buf_done(&uri);
	buf_done(&base32);
	buf_done(&grouped);
}

void totp_enrol(struct login *login)
{
	const struct totp_config *config = login_config(login);
	struct totp_login *own = login_own(login);

	own->key = random_secret(totp_algorithms[config->algorithm].key_bytes);
	if (!own->key) {
		login_fail(login, FAIL_PROVIDER, "no random key");
		return;
	}
	own->state = TOTP_TRYING;
	show_key(login);
}

/* --- what the app makes of it --- */

/* In the form in which they are entered; false without random bytes or memory. */
static bool make_recovery(struct totp_login *own)
{
	for (size_t i = 0; i < N_ELEMENTS(own->recovery); i++) {
		_cleanup_secret_ struct secret *bytes = random_secret(RECOVERY_BYTES);
		struct buf text = BUF_INIT_SECRET(RECOVERY_CHARS);

		if (bytes)
			base32_add(&text, bytes->data, bytes->len);
		own->recovery[i] = secret_free(own->recovery[i]);
		if (text.len == RECOVERY_CHARS)
			own->recovery[i] = secret_new(text.data, text.len);
		buf_done(&text);
		if (!own->recovery[i])
			return false;
	}
	return true;
}

static void store(struct login *login, int64_t step)
{
	struct totp_login *own = login_own(login);
	const struct totp_enrolment enrolment = {
		.key = own->key,
		.rule = rule_of(login_config(login)),
		.step = step,
		.recovery = own->recovery,
		.n_recovery = N_ELEMENTS(own->recovery),
	};

	if (!make_recovery(own)) {
		login_fail(login, FAIL_PROVIDER, "no random recovery codes");
		return;
	}
	own->state = TOTP_STORING;
	(void)login_set_totp(login, &enrolment);
}

static void try_again(struct login *login)
{
	const struct login_prompt prompt = try_prompt(login);
	struct totp_login *own = login_own(login);

	login_show_error(login, login_text(login,
		N_("That is not the code of this key. The clock of the phone must be right.")));
	if (++own->n_prompts == TRIES_MAX)
		login_deny(login, DENY_REFUSED, "the app showed no code of the new key");
	else
		(void)login_prompt(login, &prompt);
}

void totp_try(struct login *login, const struct secret *answer)
{
	const struct totp_login *own = login_own(login);
	const struct totp_rule rule = rule_of(login_config(login));
	_cleanup_secret_ struct secret *code = digits_fold(answer, rule.digits);
	int64_t step;
	int r = -ENOENT;

	if (code)
		r = totp_find(&rule, own->key, code, totp_step(&rule, login_now_s(login)),
			      TRY_WINDOW, -1, &step);
	if (r == 0)
		store(login, step);
	else if (r == -ENOENT)
		try_again(login);
	else
		login_fail(login, FAIL_PROVIDER, "codes cannot be computed");
}

/* --- the recovery codes --- */

static void show_recovery(struct login *login)
{
	const struct totp_login *own = login_own(login);
	struct buf line = BUF_INIT_SECRET(GROUPED_MAX);

	login_show(login, login_text(login,
		N_("Recovery codes, for when the app is not at hand. Each works once.")));
	login_show(login, login_text(login, N_("They are not shown again:")));
	for (size_t i = 0; i < N_ELEMENTS(own->recovery); i++) {
		buf_add_text(&line, "  ");
		add_grouped(&line, own->recovery[i]->data, own->recovery[i]->len, '-');
		if (i % RECOVERY_A_LINE != RECOVERY_A_LINE - 1)
			continue;
		login_show(login, buf_text(&line));
		buf_done(&line);
	}
}

void totp_stored(struct login *login, uint32_t number UNUSED, int error)
{
	struct totp_login *own = login_own(login);
	const struct login_prompt prompt = {
		.text = login_text(login, N_("Press Enter when you have written them down: ")),
		.echo = true,
	};

	if (error < 0) {
		login_fail(login, FAIL_PROVIDER, "the key cannot be stored");
		return;
	}
	own->state = TOTP_SHOWN;
	show_recovery(login);
	(void)login_prompt(login, &prompt);
}
