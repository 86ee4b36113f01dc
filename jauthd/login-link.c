/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A user links an identity to himself (phase LOGIN_LINK): he proves himself by the ways of
 * [service jauth-link]; then a method identifies somebody, as in a login by it alone, digits
 * included; then he reads who that is and says yes. Only then there is a link. Who watched a code
 * and was quicker to approve it is read there, too.
 *
 * Root and privileged users are linked by root alone: what they confirm in passing would open more
 * than one account.
 */
#include <string.h>

#include "base/text.h"
#include "jauthd/login-verdict.h"

static void refuse(struct login *login, const char *text, const char *reason)
{
	login_refuse(login, LOGIN_DENIED, AFTER_END, text, reason);
}

/* --- who, and which method --- */

static bool has_method(struct login *login)
{
	struct method *method = login_find_method(login->config, login->facts.method);

	if (!method) {
		login_refuse(login, LOGIN_FAILED, AFTER_END, N_("There is no such method."),
			     "unknown method asked for");
		return false;
	}
	login->errand_method = method;
	if (method->enabled && !(method->features & PROVIDER_LOCAL_USER))
		return true;
	login_refuse(login, LOGIN_FAILED, AFTER_END, N_("Nothing can be linked by this method."),
		     method->enabled ? "the method knows no foreign identities"
				     : "the method is disabled");
	return false;
}

static bool may_be_linked(struct login *login)
{
	const struct unix_user *user = &login->user;

	if (!login->config->self_service) {
		refuse(login, N_("Only root may do this on this machine."),
		       "self_service is off");
	} else if (!user->exists) {
		refuse(login, N_("There is no such user."), "no such user");
	} else if (login->facts.caller_uid != user->uid) {
		refuse(login, N_("You may link identities only to yourself."),
		       "caller is another user");
	} else if (mapping_is_privileged(login->config, user)) {
		refuse(login, N_("Root and privileged users are linked by root only."),
		       "a privileged user");
	} else {
		return true;
	}
	return false;
}

void login_link_start(struct login *login)
{
	(void)text_into(login->facts.service, sizeof(login->facts.service), LINK_SERVICE);
	if (!may_be_linked(login) || !has_method(login))
		return;
	if (login_find_policy(login))
		login_start_ways(login);
	else
		refuse(login, N_("Only root may do this on this machine."),
		       "no section [service " LINK_SERVICE "] holds");
}

/* From here on it is as a login by this one method, but for what the store decides. */
void login_link_go_on(struct login *login)
{
	login->is_linking = true;
	login->forced.factors[0] = login->errand_method;
	login->forced.n_factors = 1;
	login->alternative = login->factor = 0;
	login_start_factor(login);
}

/* --- what the store says --- */

static void add_line(struct login *login, const char *label, const char *value)
{
	struct buf line = BUF_INIT(LOGIN_SHOWN_MAX);

	buf_add_format(&line, "  %s%s", label, value);
	login_screen_add(login, buf_text(&line), false);
	buf_done(&line);
}

/* What the provider vouches for stands above what the person chose. */
static void ask(struct login *login)
{
	const struct identity *identity = &login->proved.identity;
	struct buf text = BUF_INIT(LOGIN_SHOWN_MAX), user = BUF_INIT(LOGIN_SHOWN_MAX);

	text_add_clean(&user, login->user.name, LOGIN_TITLE_MAX);
	buf_add_format(&text,
		       login_text(login, N_("Whoever this is will be able to log in as %s:")),
		       buf_text(&user));
	login_screen_add(login, buf_text(&text), false);
	add_line(login, method_title(login, login->method), "");
	add_line(login, identity->issuer, "");
	add_line(login, identity->subject, "");
	if (!text_is_empty(identity->display))
		add_line(login, login_text(login, N_("calls himself: ")), identity->display);
	login_set_stage(login, STAGE_CONFIRMING);
	login_screen_ask(login, ASKED_LINK,
			 login_text(login, N_("Is this you? Type yes to link it, or q to quit: ")),
			 true, false);
	buf_done(&text);
	buf_done(&user);
}

static bool is_yes(const struct secret *answer)
{
	return answer->len == 3 && strncasecmp(answer->data, "yes", 3) == 0;
}

void login_link_on_answer(struct login *login, const struct secret *answer)
{
	if (login->stage != STAGE_CONFIRMING)
		return;
	if (!is_yes(answer)) {
		login_on_cancel(login);
		return;
	}
	login_set_stage(login, STAGE_DECIDING);
	login_verdict_confirmed(login);
}

static void refuse_identity(struct login *login, const struct verdict *verdict)
{
	refuse(login, N_("This account cannot be linked to you."),
	       mapping_is_yes(verdict->mapping) || verdict->mapping == MAPPING_NO ?
		       "account locked or over" : mapping_result_text(verdict->mapping));
}

void login_link_act(struct login *login, const struct verdict *verdict)
{
	bool goes_on = verdict->answer == VERDICT_MATCH || verdict->answer == VERDICT_YES;

	if (goes_on && login->is_gone) {
		(void)text_into(login->reason, sizeof(login->reason), "client left");
		login_end(login, LOGIN_CANCELLED, NULL);
		return;
	}
	if (goes_on && login_relay_is_refused(login))
		return;
	switch (verdict->answer) {
	case VERDICT_RECORDED:
		login->outcome = LOGIN_GRANTED;
		login_screen_add(login, login_text(login, N_("It is linked to you.")), false);
		login_verdict_on_recorded(login, 0);
		logins_noticed(login->logins);
		return;
	case VERDICT_MATCH:
		login_relay_show_digits(login);
		return;
	case VERDICT_YES:
		ask(login);
		return;
	case VERDICT_BLOCKED:
		login_verdict_refuse_blocked(login);
		return;
	case VERDICT_LINKED:
		refuse(login, N_("This account may log in as you already."), "linked already");
		return;
	case VERDICT_ENOUGH:
		refuse(login, N_("Your links were changed too often today, or are too many."),
		       "too many links or changes");
		return;
	case VERDICT_NO:
	case VERDICT_LOCKED:
	case VERDICT_EXPIRED:
		refuse_identity(login, verdict);
		return;
	case VERDICT_FACTOR:
	case VERDICT_NEWCOMER:
	case VERDICT_REFRESHED:
	case VERDICT_UNMADE:
	case VERDICT_FAULT:
		break;
	}
	login_refuse(login, LOGIN_FAILED, AFTER_END, N_("The accounts cannot be read now."),
		     "store failed");
}
