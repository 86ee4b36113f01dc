/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: sshd and the console, where people log in. */
#include <string.h>

#include "base/text.h"
#include "jauthctl/doctor.h"
#include "jauthctl/service-files.h"
#include "jauthctl/sshd-effective.h"

#define LOGIN_DEFS        "/etc/login.defs"
#define LOGIN_TIMEOUT_S   60             /* login(1): where nothing is written */
#define LOGIN_TIMEOUT_MIN 180

/* --- sshd --- */

#define BREAK_GLASS "break_glass="

/* The group that the stack names, who goes round jauth on the day it fails; NULL: none. The caller
 * frees. */
static char *break_glass_of_stack(void)
{
	struct pam_stack stack;
	char *group = NULL;

	if (pam_stack_read(PAM_FOLDER, "sshd", "auth", &stack) < 0)
		return NULL;
	for (size_t i = 0; i < stack.n_lines && !group; i++) {
		const char *at = pam_line_calls(&stack.lines[i], "pam_jauth.so") ?
				 strstr(stack.lines[i].arguments, BREAK_GLASS) : NULL;

		if (!at)
			continue;
		at += strlen(BREAK_GLASS);
		group = text_format("%.*s", (int)strcspn(at, " \t]"), at);
	}
	pam_stack_done(&stack);
	return group;
}

/* The module knows its own option only, jauthd its own key only. */
static void judge_break_glass(struct doctor *doctor)
{
	const char *key = doctor_value(doctor, "general", "break_glass_group");
	_cleanup_free_ char *option = break_glass_of_stack();

	if (key && !option)
		note(doctor, VERDICT_WARNING,
		     N_("write break_glass=GROUP behind pam_jauth.so, on all its lines"),
		     "break_glass_group is %s, and %s/sshd names no group: while jauthd is away "
		     "nobody is exempt", key, PAM_FOLDER);
	else if (key && !text_equals(key, option))
		note(doctor, VERDICT_WARNING,
		     N_("write one group at both places"),
		     "break_glass_group is %s, and %s/sshd says break_glass=%s", key, PAM_FOLDER,
		     option);
}

static void judge_root(struct doctor *doctor, const struct sshd_effective *sshd)
{
	_cleanup_free_ char *value = sshd_value(sshd, "permitrootlogin");
	_cleanup_free_ char *group = break_glass_of_stack();
	_cleanup_free_ char *fix = fix_in_file(doctor, "/etc/ssh/sshd_config",
					       "PermitRootLogin prohibit-password");

	if (text_equals(value, "no") && !group)
		note(doctor, VERDICT_WARNING,
		     N_("PermitRootLogin prohibit-password with a key of root's, or "
			"break_glass=GROUP behind pam_jauth.so"),
		     "permitrootlogin is no, and no group is exempt: on the day jauth fails nobody "
		     "gets in over ssh");
	else if (text_equals(value, "yes"))
		note(doctor, VERDICT_WARNING, fix,
		     "permitrootlogin is yes: jauth leaves root alone, so root's password is "
		     "enough");
}

void check_sshd(struct doctor *doctor)
{
	struct sshd_effective sshd = SSHD_EFFECTIVE_INIT;
	size_t n_before = json_array_size(doctor->rows);
	int r;

	if (!sshd_is_installed() || !service_has_jauth("sshd")) {
		note(doctor, VERDICT_SKIPPED, "", sshd_is_installed() ?
		     N_("sshd does not ask jauth") : N_("there is no sshd"));
		return;
	}
	r = sshd_effective_read(&sshd);
	if (r != 0) {
		const char *text = buf_text(&sshd.lines);

		note(doctor, VERDICT_BROKEN, "sshd -t", "sshd -T: %.*s",
		     (int)strcspn(r < 0 ? strerror(-r) : text, "\n"), r < 0 ? strerror(-r) : text);
	} else {
		sshd_judge(&sshd, &doctor->findings);
		judge_root(doctor, &sshd);
		judge_break_glass(doctor);
		if (json_array_size(doctor->rows) == n_before)
			note(doctor, VERDICT_OK, "", "its effective configuration lets people "
			     "log in by jauth");
	}
	sshd_effective_done(&sshd);
}

/* --- the console --- */

static void judge_timeout(struct doctor *doctor, const char *defs)
{
	_cleanup_free_ char *value = doctor_word(defs, "LOGIN_TIMEOUT", " \t");
	_cleanup_free_ char *fix = fix_in_file(doctor, LOGIN_DEFS, "LOGIN_TIMEOUT 180");
	int64_t timeout_s = LOGIN_TIMEOUT_S;

	if (value)
		value[strcspn(value, " \t")] = '\0';
	if (value && text_to_number(value, 0, 1000000, &timeout_s) < 0)
		timeout_s = LOGIN_TIMEOUT_S;
	if (!service_has_jauth("login"))
		note(doctor, VERDICT_SKIPPED, "", "login does not ask jauth");
	else if (timeout_s > 0 && timeout_s < LOGIN_TIMEOUT_MIN)
		note(doctor, VERDICT_WARNING, fix,
		     "LOGIN_TIMEOUT is %ld s: who looks for the telephone is cut off",
		     (long)timeout_s);
	else
		note(doctor, VERDICT_OK, "", "LOGIN_TIMEOUT is %ld s", (long)timeout_s);
}

/* Fleet-stable uids lie near 2³¹, and lastlog has 292 bytes for each uid below. */
static void judge_lastlog(struct doctor *doctor, const char *defs)
{
	_cleanup_free_ char *value = doctor_word(defs, "LASTLOG_UID_MAX", " \t");
	_cleanup_free_ char *fix = fix_in_file(doctor, LOGIN_DEFS, "LASTLOG_UID_MAX 200000");

	if (text_equals(doctor_value(doctor, "accounts", "uids"), "fleet") && !value)
		note(doctor, VERDICT_WARNING, fix,
		     "uids = fleet without LASTLOG_UID_MAX: /var/log/lastlog grows to an apparent "
		     "588 GB, which backups without holes do not survive");
}

void check_console(struct doctor *doctor)
{
	_cleanup_free_ char *defs = doctor_file(LOGIN_DEFS);

	judge_timeout(doctor, defs);
	judge_lastlog(doctor, defs);
}
