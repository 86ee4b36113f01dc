/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor: the stacks of /etc/pam.d.
 *
 * What must hold for a service that asks jauth: nothing before it lets people in, a denial ends
 * there, who is outside its scope goes on as without jauth, and so does nobody else.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "jauthctl/doctor.h"
#include "jauthctl/pam-stack.h"
#include "jauthctl/service-check.h"

#define MODULE      "pam_jauth.so"
#define MODULE_FILE JAUTH_PAMDIR "/" MODULE
#define RIGHT_CONTROL "[success=done ignore=ignore default=die]"

static const char *const shared_files[] = {
	"common-auth", "common-account", "common-password", "common-session",
	"common-session-noninteractive", NULL
};

/* Whatever they say, nobody proved who he is by them. */
static const char *const not_proving[] = {
	"pam_permit.so", "pam_env.so", "pam_faildelay.so", "pam_group.so", "pam_nologin.so",
	"pam_securetty.so", "pam_access.so", "pam_time.so", "pam_deny.so", "pam_echo.so",
	"pam_shells.so", "pam_warn.so", "pam_debug.so", "pam_cap.so", NULL
};

static bool proves_nothing(const struct pam_line *line)
{
	for (const char *const *name = not_proving; *name; name++)
		if (pam_line_calls(line, *name))
			return true;
	return false;
}

/* --- common-auth and the like --- */

static void judge_shared(struct doctor *doctor)
{
	static const char *const types[] = { "auth", "account", "password", "session" };

	for (const char *const *name = shared_files; *name; name++) {
		for (size_t i = 0; i < N_ELEMENTS(types); i++) {
			struct pam_stack stack;

			if (pam_stack_read(PAM_FOLDER, *name, types[i], &stack) < 0)
				continue;
			if (pam_stack_find(&stack, 0, MODULE) < stack.n_lines)
				note(doctor, VERDICT_BROKEN,
				     N_("take it out there, and put it into the services that "
					"shall ask it: jauthctl service enable SERVICE"),
				     "%s stands in %s/%s: every service depends on jauth, the "
				     "console and cron, too", MODULE, PAM_FOLDER, *name);
			pam_stack_done(&stack);
		}
	}
}

/* --- the order --- */

/* Whether a success of line `at` leaves out line `jauth`. */
static bool leaves_out(const struct pam_stack *stack, size_t at, size_t jauth)
{
	const struct pam_line *line = &stack->lines[at];
	char action[PAM_ACTION_SIZE];
	int64_t n_skipped;

	if (proves_nothing(line) || pam_line_calls(line, "pam_rootok.so"))
		return false;
	pam_action(line->control, "success", action);
	if (text_equals(action, "done"))
		return !line->is_in_substack || stack->lines[jauth].is_in_substack;
	return text_to_number(action, 1, PAM_LINES_MAX, &n_skipped) == 0 &&
	       (size_t)n_skipped >= jauth - at;
}

static unsigned judge_order(struct doctor *doctor, const char *service,
			    const struct pam_stack *stack, size_t jauth)
{
	unsigned n = 0;

	for (size_t i = 0; i < jauth; i++) {
		const struct pam_line *line = &stack->lines[i];

		if (!leaves_out(stack, i, jauth))
			continue;
		note(doctor, VERDICT_BROKEN, N_("put jauth's line where this one is, before it"),
		     "%s: %s lets people in before jauth is asked (%s, line %u)", service,
		     line->module, line->file, line->number);
		n++;
	}
	return n;
}

/* --- what happens after each answer --- */

static bool ends(const char *action)
{
	return text_equals(action, "die") || text_equals(action, "bad");
}

static bool goes_on(const char *action)
{
	return text_equals(action, "ignore");
}

static const struct answer_rule {
	const char *result;
	bool (*is_right)(const char *action);
	enum verdict otherwise;
	bool not_on_console;             /* a service that nobody reaches from elsewhere may */
	const char *what_happens;
} answer_rules[] = {
	{ "auth_err", ends, VERDICT_BROKEN, false,
	  N_("whom jauth has denied is asked for another password and gets in by that") },
	{ "perm_denied", ends, VERDICT_BROKEN, false,
	  N_("whom jauth has denied gets in by what comes after it") },
	{ "maxtries", ends, VERDICT_BROKEN, false,
	  N_("whom jauth has stopped gets in by what comes after it") },
	{ "authinfo_unavail", ends, VERDICT_WARNING, true,
	  N_("who makes jauth unreachable gets round it") },
	{ "ignore", goes_on, VERDICT_BROKEN, false,
	  N_("root, and all whom jauth has no say about, cannot log in") },
};

static unsigned judge_answers(struct doctor *doctor, const char *service,
			      const struct pam_line *line)
{
	bool is_console = text_equals(service_sample(service), "jauth-console");
	_cleanup_free_ char *fix = fix_text(doctor, "write %s as its control; see the files in %s",
					    RIGHT_CONTROL, JAUTH_PAM_SAMPLES);
	unsigned n = 0;

	for (size_t i = 0; i < N_ELEMENTS(answer_rules); i++) {
		const struct answer_rule *rule = &answer_rules[i];
		char action[PAM_ACTION_SIZE];

		pam_action(line->control, rule->result, action);
		if (rule->is_right(action) || (rule->not_on_console && is_console))
			continue;
		note(doctor, rule->otherwise, fix, "%s: %s=%s at %s (%s, line %u): %s", service,
		     rule->result, action, MODULE, line->file, line->number,
		     say_found(doctor, rule->what_happens));
		n++;
	}
	return n;
}

/* Who is left to the machine's own ways needs one. */
static unsigned judge_rest(struct doctor *doctor, const char *service,
			   const struct pam_stack *stack, size_t jauth)
{
	_cleanup_free_ char *fix = fix_text(doctor, "let \"%s\" follow; see the files in %s",
					    "auth include common-auth", JAUTH_PAM_SAMPLES);

	for (size_t i = 0; i < stack->n_lines; i++)
		if (i != jauth && !proves_nothing(&stack->lines[i]))
			return 0;
	note(doctor, VERDICT_BROKEN, fix,
	     "%s: nothing but jauth asks who somebody is, so root and others whom it has no say "
	     "about are stuck, or let in unasked", service);
	return 1;
}

/* --- a service --- */

static bool has_account(const char *service)
{
	struct pam_stack stack;
	bool has_it;

	if (pam_stack_read(PAM_FOLDER, service, "account", &stack) < 0)
		return false;
	has_it = pam_stack_find(&stack, 0, MODULE) < stack.n_lines;
	pam_stack_done(&stack);
	return has_it;
}

static void judge_service(struct doctor *doctor, const char *service,
			  const struct pam_stack *stack, size_t jauth)
{
	_cleanup_free_ char *fix = fix_text(doctor, "put it into account, too; see the files in %s",
					    JAUTH_PAM_SAMPLES);
	unsigned n = judge_order(doctor, service, stack, jauth) +
		     judge_answers(doctor, service, &stack->lines[jauth]) +
		     judge_rest(doctor, service, stack, jauth);

	if (!stack->is_whole) {
		note(doctor, VERDICT_BROKEN, N_("look for an @include of a file that is missing"),
		     "%s: its stack is not whole", service);
		n++;
	}
	if (!has_account(service)) {
		note(doctor, VERDICT_WARNING, fix,
		     "%s: jauth stands in auth only: who comes with an SSH key is not looked at, "
		     "even after he left", service);
		n++;
	}
	if (!service_has_policy(&doctor->conf, service)) {
		note(doctor, VERDICT_WARNING,
		     N_("write a section for it, or: jauthctl service disable SERVICE"),
		     "%s asks jauth, which has no section [service %s] and so no say", service,
		     service);
		n++;
	}
	if (n == 0)
		note(doctor, VERDICT_OK, "", "%s asks jauth, and a denial ends there", service);
}

static void judge_pending(struct doctor *doctor, const char *name)
{
	_cleanup_free_ char *fix = fix_text(doctor, "after a login that worked: jauthctl service "
					    "confirm %s", name);
	struct service_pending pending;
	struct service service;

	service_look(name, &service);
	if (service_read_pending(&service, &pending))
		note(doctor, VERDICT_WARNING, fix,
		     "%s waits to be confirmed; in %lld s it is again as it was", name,
		     (long long)service_left_s(&pending));
	service_close(&service);
}

/* Whether it asks jauth. */
static bool look_at_service(struct doctor *doctor, const char *name)
{
	_cleanup_free_ char *fix = text_format("jauthctl service enable %s", name);
	struct pam_stack stack;
	size_t jauth;
	bool has_jauth;

	judge_pending(doctor, name);
	if (pam_stack_read(PAM_FOLDER, name, "auth", &stack) < 0)
		return false;
	jauth = pam_stack_find(&stack, 0, MODULE);
	has_jauth = jauth < stack.n_lines;
	if (has_jauth)
		judge_service(doctor, name, &stack, jauth);
	else if (service_has_policy(&doctor->conf, name) && !service_has_jauth(name))
		note(doctor, VERDICT_WARNING, fix,
		     "%s has a section [service %s] in the configuration, but its stack does not "
		     "ask jauth", name, name);
	pam_stack_done(&stack);
	return has_jauth;
}

/* A section that is for no service; those of jauth's own commands begin with its name. */
static void judge_section(struct doctor *doctor, const char *section)
{
	const char *rest = text_has_prefix(section, "service ") ? section + strlen("service ") : "";
	_cleanup_free_ char *name = text_format("%.*s", (int)strcspn(rest, " "), rest);
	_cleanup_free_ char *path = text_format(PAM_FOLDER "/%s", name);
	_cleanup_free_ char *fix = fix_text(doctor, "is its name that of a file in %s?",
					    PAM_FOLDER);

	if (*rest && !text_has_prefix(name, "jauth") &&
	    access(path, F_OK) < 0)
		note(doctor, VERDICT_WARNING, fix,
		     "[%s]: there is no PAM service %s", section, name);
}

void check_pam(struct doctor *doctor)
{
	_cleanup_list_ char **names = service_list_all();
	unsigned n = 0;

	if (access(MODULE_FILE, R_OK) < 0)
		note(doctor, VERDICT_BROKEN, N_("is jauth installed whole?"), "%s: %s", MODULE_FILE,
		     strerror(errno));
	judge_shared(doctor);
	for (size_t i = 0; i < list_length(names); i++)
		n += look_at_service(doctor, names[i]);
	for (size_t i = 0; i < doctor->conf.n_sections; i++)
		judge_section(doctor, doctor->conf.sections[i].name);
	if (n == 0)
		note(doctor, VERDICT_WARNING, "jauthctl service enable sshd",
		     "no service asks jauth");
}
