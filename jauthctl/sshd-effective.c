/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/sshd-effective.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "jauthctl/child.h"

#define SSHD       "/usr/sbin/sshd"
#define TIMEOUT_MS 10000

/* A person finds the telephone, unlocks it, scans and taps: less is too little. */
#define GRACE_MIN_S  120
#define STARTUPS_MIN 30          /* logins that wait for a telephone count as starting up */

bool sshd_is_installed(void)
{
	return access(SSHD, X_OK) == 0;
}

int sshd_effective_read(struct sshd_effective *ret_sshd)
{
	static const char *const plain[] = { SSHD, "-T", NULL };
	static const char *const matched[] = {
		SSHD, "-T", "-C", "user=nobody,host=localhost,addr=127.0.0.1", NULL
	};
	struct child child = { plain, TIMEOUT_MS, true };
	int r = child_run(&child, &ret_sshd->lines);

	/* Older ones want to know for whom, where there is a Match. */
	if (r > 0 && strstr(buf_text(&ret_sshd->lines), "Match")) {
		buf_done(&ret_sshd->lines);
		child.argv = matched;
		r = child_run(&child, &ret_sshd->lines);
	}
	return r;
}

void sshd_effective_done(struct sshd_effective *sshd)
{
	buf_done(&sshd->lines);
}

char *sshd_value(const struct sshd_effective *sshd, const char *keyword)
{
	const char *line = buf_text(&sshd->lines);
	size_t len = strlen(keyword);

	while (*line) {
		size_t line_len = strcspn(line, "\n");

		if (line_len > len && strncasecmp(line, keyword, len) == 0 && line[len] == ' ')
			return text_format("%.*s", (int)(line_len - len - 1), line + len + 1);
		line += line_len + (line[line_len] == '\n');
	}
	return NULL;
}

bool sshd_startups(const struct sshd_effective *sshd, int64_t ret_numbers[3])
{
	_cleanup_free_ char *value = sshd_value(sshd, "maxstartups");
	char *part = value, *rest;
	size_t i;

	for (i = 0; i < 3; i++, part = rest) {
		size_t len = part ? strcspn(part, ":") : 0;

		if (!len)
			return i == 1;
		rest = part[len] ? part + len + 1 : NULL;
		part[len] = '\0';
		if (text_to_number(part, 0, 1000000, &ret_numbers[i]) < 0)
			return false;
		if (i == 0)
			ret_numbers[2] = ret_numbers[0];
	}
	return true;
}

/* --- judging --- */

static const struct wanted {
	const char *keyword, *value;
	enum verdict otherwise;
	const char *what_happens, *fix;
} wanted[] = {
	{ "usepam", "yes", VERDICT_BROKEN, N_("sshd asks no PAM module"), "UsePAM yes" },
	{ "kbdinteractiveauthentication", "yes", VERDICT_BROKEN,
	  N_("sshd has no way to ask people anything"), "KbdInteractiveAuthentication yes" },
	{ "passwordauthentication", "no", VERDICT_WARNING,
	  N_("clients may send a password unasked, which shows no code and takes no second answer"),
	  "PasswordAuthentication no" },
};

/* The caller frees. */
static char *in_file(const struct findings *findings, const char *line)
{
	return finding_fix(findings, "in %s: %s", "/etc/ssh/sshd_config", line);
}

static void judge_words(const struct sshd_effective *sshd, struct findings *findings)
{
	for (size_t i = 0; i < N_ELEMENTS(wanted); i++) {
		const struct wanted *row = &wanted[i];
		_cleanup_free_ char *value = sshd_value(sshd, row->keyword);
		_cleanup_free_ char *fix = in_file(findings, row->fix);

		if (!text_equals(value, row->value))
			finding(findings, row->otherwise, fix, "%s is %s: %s", row->keyword,
				value ? value : finding_say(findings, N_("unknown")),
				finding_say(findings, row->what_happens));
	}
}

/* Empty or "any": whatever the client offers. Else lists split by blanks, all of one list. */
static void judge_methods(const struct sshd_effective *sshd, struct findings *findings)
{
	_cleanup_free_ char *value = sshd_value(sshd, "authenticationmethods");

	if (!value || text_equals(value, "any") || strstr(value, "keyboard-interactive"))
		return;
	finding(findings, VERDICT_BROKEN,
		N_("in /etc/ssh/sshd_config: AuthenticationMethods keyboard-interactive, or "
		   "publickey,keyboard-interactive for a key first"),
		"authenticationmethods is %s: jauth is never asked", value);
}

static void judge_patience(const struct sshd_effective *sshd, struct findings *findings)
{
	_cleanup_free_ char *grace = sshd_value(sshd, "logingracetime");
	_cleanup_free_ char *patience = in_file(findings, "LoginGraceTime 180");
	_cleanup_free_ char *room = in_file(findings, "MaxStartups 100:30:200");
	int64_t grace_s = 0, startups[3];

	if (grace && text_to_number(grace, 0, 1000000, &grace_s) == 0 && grace_s > 0 &&
	    grace_s < GRACE_MIN_S)
		finding(findings, VERDICT_WARNING, patience,
			"logingracetime is %s s: people who look for their telephone are cut off",
			grace);
	if (sshd_startups(sshd, startups) && startups[0] < STARTUPS_MIN)
		finding(findings, VERDICT_WARNING, room,
			"maxstartups begins to refuse at %ld: people who wait for their telephone "
			"count, and others are then turned away at random", (long)startups[0]);
}

void sshd_judge(const struct sshd_effective *sshd, struct findings *findings)
{
	judge_words(sshd, findings);
	judge_methods(sshd, findings);
	judge_patience(sshd, findings);
}
