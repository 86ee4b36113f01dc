/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The method "password": the user types his password; a new one is asked for where it must be
 * changed.
 *
 *   state       waits for    event → next
 *   ASK_OLD     answer       typed → CHECKING; empty → denied
 *   CHECKING    checked      right → identified, or ASK_NEW when changing; must change → ASK_NEW;
 *                            else denied
 *   ASK_NEW     answer       obeys the rule → ASK_AGAIN; else ASK_NEW, at most NEW_TRIES_MAX times
 *   ASK_AGAIN   answer       the same → SETTING; else ASK_NEW
 *   SETTING     checked      changed → identified or done; else denied
 */
#include "base/macro.h"
#include "base/text.h"
#include "providers/password-rule.h"
#include "providers/table.h"

#define NEW_TRIES_MAX   3
#define LENGTH_LIMIT    127              /* characters; libxcrypt takes 511 bytes */
#define EXPIRES_LIMIT   3650
#define NO_CLASSES      "none"

struct password_config {
	char **sources;
	int64_t length_min, length_max;
	char **classes;
	int64_t expires_days;
};

enum state {
	ASK_OLD,
	CHECKING,
	ASK_NEW,
	ASK_AGAIN,
	SETTING,
};

struct password_login {
	enum state state;
	bool is_changing;                /* the whole purpose, not a part of logging in */
	unsigned n_tries;                /* for a new password */
	struct secret *old, *new;
};

static const struct conf_key password_keys[] = {
	{ .name = "sources", .kind = CONF_LIST, .offset = offsetof(struct password_config, sources),
	  .min = 1, .max = 2, .fallback = PASSWORD_SOURCE_JAUTH ", " PASSWORD_SOURCE_SHADOW,
	  .help = "Where passwords are, jauth, shadow; the first that knows the user decides" },
	{ .name = "length_min", .kind = CONF_NUMBER,
	  .offset = offsetof(struct password_config, length_min), .min = 1, .max = LENGTH_LIMIT,
	  .fallback = "8", .help = "Characters a new password has at least" },
	{ .name = "length_max", .kind = CONF_NUMBER,
	  .offset = offsetof(struct password_config, length_max), .min = 1, .max = LENGTH_LIMIT,
	  .fallback = "32", .help = "Characters a new password has at most" },
	{ .name = "classes", .kind = CONF_LIST, .offset = offsetof(struct password_config, classes),
	  .min = 1, .max = 5, .fallback = "digits, letters",
	  .help = "What a new password needs: digits, letters, lower, upper, special; or none" },
	{ .name = "expires_days", .kind = CONF_NUMBER,
	  .offset = offsetof(struct password_config, expires_days), .min = 0, .max = EXPIRES_LIMIT,
	  .fallback = "0", .help = "Days after which a new password must be changed; 0: never" },
	{ 0 }
};

static bool are_sources(char *const *words)
{
	bool is_jauth = list_has(words, PASSWORD_SOURCE_JAUTH);
	bool is_shadow = list_has(words, PASSWORD_SOURCE_SHADOW);

	return list_length(words) == (size_t)is_jauth + is_shadow;
}

static bool are_classes(char *const *words)
{
	if (list_length(words) == 1 && text_equals(words[0], NO_CLASSES))
		return true;
	for (; words && *words; words++)
		if (!password_class_find(*words))
			return false;
	return true;
}

static void password_check_config(const void *filled, const struct conf_section *section,
			   struct conf_report *report)
{
	const struct password_config *config = filled;

	if (!are_sources(config->sources))
		conf_mistake_key(report, section, "sources",
				 "must be jauth, shadow or both, each once");
	if (!are_classes(config->classes))
		conf_mistake_key(report, section, "classes",
				 "must be of digits, letters, lower, upper, special; "
				 "or none alone");
	if (config->length_min > config->length_max)
		conf_mistake_key(report, section,
				 conf_find(section, "length_min") ? "length_min" : "length_max",
				 "is wrong: length_min must not be above length_max");
}

/* --- asking --- */

static void ask(struct login *login, enum state state, const char *text)
{
	struct password_login *own = login_own(login);
	/* Only the old one is the password that other modules may want to have. */
	struct login_prompt prompt = { .text = text, .password = state == ASK_OLD };

	own->state = state;
	(void)login_prompt(login, &prompt);
}

static void ask_new(struct login *login)
{
	struct password_login *own = login_own(login);

	own->new = secret_free(own->new);
	if (own->n_tries++ == NEW_TRIES_MAX) {
		login_deny(login, DENY_REFUSED, "no new password that obeys the rule");
		return;
	}
	ask(login, ASK_NEW, login_text(login, N_("New password: ")));
}

static void password_start(struct login *login)
{
	ask(login, ASK_OLD, login_text(login, N_("Password: ")));
}

static void refuse_not_ours(struct login *login)
{
	login_show_error(login, login_text(login,
		N_("Change this password with passwd on the host.")));
	login_deny(login, DENY_REFUSED, "password is not kept by jauth");
}

static void password_change(struct login *login)
{
	const struct password_config *config = login_config(login);
	struct password_login *own = login_own(login);

	own->is_changing = true;
	if (!list_has(config->sources, PASSWORD_SOURCE_JAUTH))
		refuse_not_ours(login);
	else if (login_is_root(login))
		ask_new(login);
	else
		ask(login, ASK_OLD, login_text(login, N_("Current password: ")));
}

/* --- the new password --- */

static struct password_rule rule_of(const struct password_config *config)
{
	struct password_rule rule = {
		.length_min = config->length_min,
		.length_max = config->length_max,
	};

	for (char *const *word = config->classes; word && *word; word++)
		rule.classes |= password_class_find(*word);
	return rule;
}

/* A line for each fault. */
static void show_faults(struct login *login, const struct password_rule *rule, unsigned faults)
{
	static const struct {
		unsigned fault;
		const char *text;
	} texts[] = {
		{ PASSWORD_NOT_TEXT, N_("A password must be text without control characters.") },
		{ PASSWORD_DIGITS, N_("The new password needs a digit.") },
		{ PASSWORD_LETTERS, N_("The new password needs a letter (a-z, A-Z).") },
		{ PASSWORD_LOWER, N_("The new password needs a lower-case letter (a-z).") },
		{ PASSWORD_UPPER, N_("The new password needs an upper-case letter (A-Z).") },
		{ PASSWORD_SPECIAL, N_("The new password needs a special character.") },
	};

	if (faults & PASSWORD_TOO_SHORT) {
		_cleanup_free_ char *text = text_format(
			login_text(login, N_("The new password needs at least %d characters.")),
			(int)rule->length_min);
		login_show_error(login, text);
	}
	if (faults & PASSWORD_TOO_LONG) {
		_cleanup_free_ char *text = text_format(
			login_text(login, N_("The new password may have at most %d characters.")),
			(int)rule->length_max);
		login_show_error(login, text);
	}
	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		if (faults & texts[i].fault)
			login_show_error(login, login_text(login, texts[i].text));
}

static void on_new(struct login *login, const struct secret *answer)
{
	const struct password_rule rule = rule_of(login_config(login));
	struct password_login *own = login_own(login);
	unsigned faults = password_rule_faults(&rule, answer);

	if (faults) {
		show_faults(login, &rule, faults);
		ask_new(login);
		return;
	}
	if (own->old && secret_equals(own->old, answer->data, answer->len)) {
		login_show_error(login, login_text(login,
			N_("The new password must not be the old one.")));
		ask_new(login);
		return;
	}
	own->new = secret_new(answer->data, answer->len);
	if (!own->new) {
		login_fail(login, FAIL_PROVIDER, "no memory");
		return;
	}
	ask(login, ASK_AGAIN, login_text(login, N_("New password, again: ")));
}

static void on_again(struct login *login, const struct secret *answer)
{
	const struct password_config *config = login_config(login);
	struct password_login *own = login_own(login);

	if (!secret_equals(own->new, answer->data, answer->len)) {
		login_show_error(login, login_text(login, N_("The two passwords differ.")));
		ask_new(login);
		return;
	}
	own->state = SETTING;
	(void)login_set_password(login, own->new, config->expires_days);
}

/* --- the old password --- */

/* An empty answer comes from clients without a terminal; it is no attempt and is not counted. When
 * a password is to be changed, only the one that can be changed is the old one. */
static void on_old(struct login *login, const struct secret *answer)
{
	const struct password_config *config = login_config(login);
	struct password_login *own = login_own(login);
	char jauth[] = PASSWORD_SOURCE_JAUTH;
	char *const only_jauth[] = { jauth, NULL };

	if (answer->len == 0) {
		login_deny(login, DENY_WRONG, "empty password");
		return;
	}
	own->old = secret_new(answer->data, answer->len);
	if (!own->old) {
		login_fail(login, FAIL_PROVIDER, "no memory");
		return;
	}
	own->state = CHECKING;
	(void)login_check_password(login, own->old,
				   own->is_changing ? only_jauth : config->sources);
}

static void password_answer(struct login *login, uint32_t number UNUSED,
			    const struct secret *answer)
{
	struct password_login *own = login_own(login);

	switch (own->state) {
	case ASK_OLD:
		on_old(login, answer);
		return;
	case ASK_NEW:
		on_new(login, answer);
		return;
	case ASK_AGAIN:
		on_again(login, answer);
		return;
	case CHECKING:
	case SETTING:
		break;
	}
	login_fail(login, FAIL_PROVIDER, "answer out of turn");
}

/* --- verdicts --- */

static void succeed(struct login *login)
{
	struct password_login *own = login_own(login);
	const struct identity identity = { .issuer = ISSUER_UNIX, .subject = login_user(login) };

	if (own->is_changing)
		login_done(login);
	else
		login_identify(login, &identity);
}

static void on_old_checked(struct login *login, enum password_result result)
{
	struct password_login *own = login_own(login);

	switch (result) {
	case PASSWORD_RIGHT:
		if (own->is_changing)
			ask_new(login);
		else
			succeed(login);
		return;
	case PASSWORD_MUST_CHANGE:
		login_show(login, login_text(login, N_("Your password must be changed now.")));
		ask_new(login);
		return;
	case PASSWORD_WRONG:
		login_deny(login, DENY_WRONG, "wrong password");
		return;
	case PASSWORD_NOT_OURS:
		refuse_not_ours(login);
		return;
	case PASSWORD_CHANGED:
	case PASSWORD_UNAVAILABLE:
		break;
	}
	login_fail(login, FAIL_PROVIDER, "passwords cannot be checked now");
}

static void on_new_set(struct login *login, enum password_result result)
{
	if (result == PASSWORD_CHANGED)
		succeed(login);
	else if (result == PASSWORD_NOT_OURS)
		refuse_not_ours(login);
	else
		login_fail(login, FAIL_PROVIDER, "passwords cannot be set now");
}

static void password_checked(struct login *login, uint32_t number UNUSED,
			     enum password_result result)
{
	const struct password_login *own = login_own(login);

	if (own->state == CHECKING)
		on_old_checked(login, result);
	else if (own->state == SETTING)
		on_new_set(login, result);
	else
		login_fail(login, FAIL_PROVIDER, "verdict out of turn");
}

static void password_finish(struct login *login)
{
	struct password_login *own = login_own(login);

	own->old = secret_free(own->old);
	own->new = secret_free(own->new);
}

#define PASSWORD_FEATURES \
	(PROVIDER_CONFIRMS_HERE | PROVIDER_LOCAL_USER | PROVIDER_CHANGES_PASSWORD)

static unsigned password_features_of(const void *filled)
{
	const struct password_config *config = filled;

	return PASSWORD_FEATURES |
	       (list_has(config->sources, PASSWORD_SOURCE_JAUTH) ? PROVIDER_KEEPS_PASSWORD : 0);
}

const struct provider password_provider = {
	.type = "password",
	.title = N_("Password"),
	.features = PASSWORD_FEATURES,
	.features_of = password_features_of,
	.keys = password_keys,
	.guide = &password_guide,
	.config_size = sizeof(struct password_config),
	.login_size = sizeof(struct password_login),
	.check = password_check_config,
	.start = password_start,
	.change = password_change,
	.answer = password_answer,
	.checked = password_checked,
	.finish = password_finish,
};
