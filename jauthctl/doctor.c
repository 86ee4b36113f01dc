/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: one row for each thing that must be right, what was found, and what to do about it. */
#include <langinfo.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/doctor.h"
#include "jauthctl/pam-stack.h"
#include "jauthctl/table.h"
#include "pam_jauth/screen.h"

#define FILE_MAX (256 * 1024)

#define VERDICT_COLUMNS 9
#define CHECK_COLUMNS   15

/* In the order in which one thing needs the other. */
static const struct {
	const char *name;
	void (*run)(struct doctor *doctor);
} checks[] = {
	{ "bus", check_bus },
	{ "daemons", check_daemons },
	{ "units", check_units },
	{ "configuration", check_configuration },
	{ "secrets", check_secrets },
	{ "pam", check_pam },
	{ "sshd", check_sshd },
	{ "console", check_console },
	{ "names", check_names },
	{ "neighbours", check_neighbours },
	{ "userdb", check_userdb },
	{ "disk", check_disk },
	{ "authorities", check_authorities },
	{ "relay", check_relay },
	{ "servers", check_servers },
	{ "methods", check_methods },
	{ "directories", check_directories },
};

/* For programs, and marked for people. */
static const char *const verdict_names[] = {
	[VERDICT_OK]      = N_("ok"),
	[VERDICT_SKIPPED] = N_("skipped"),
	[VERDICT_WARNING] = N_("warning"),
	[VERDICT_BROKEN]  = N_("broken"),
};

/* --- what checks use --- */

const char *doctor_value(const struct doctor *doctor, const char *section, const char *key)
{
	for (size_t i = 0; i < doctor->conf.n_sections; i++) {
		const struct conf_section *found = &doctor->conf.sections[i];
		const struct conf_entry *entry = conf_find(found, key);

		if (text_equals(found->name, section) && entry)
			return entry->value;
	}
	return NULL;
}

bool doctor_has_people(const struct doctor *doctor)
{
	json_t *row;
	size_t i;

	json_array_foreach(doctor->methods, i, row)
		if (json_is_true(json_object_get(row, "registers")))
			return true;
	for (i = 0; i < doctor->conf.n_sections; i++) {
		const struct conf_section *section = &doctor->conf.sections[i];
		const struct conf_entry *entry = conf_find(section, "registration");

		if (text_has_prefix(section->name, "directory ") ||
		    (entry && text_equals(entry->value, "yes")))
			return true;
	}
	return false;
}

char *doctor_file(const char *path)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(FILE_MAX);
	char *copy = pam_file_read(path, &text) == 0 ? buf_steal(&text) : NULL;

	return copy ? copy : text_copy("");
}

char *doctor_word(const char *text, const char *word, const char *split)
{
	size_t len = strlen(word);
	char *value = NULL;

	while (*text) {
		size_t line_len = strcspn(text, "\n");
		const char *at = text + strspn(text, " \t");

		if (text_has_prefix(at, word) && at[len] && strchr(split, at[len]) && !value) {
			at += len + strspn(at + len, split);
			value = text_format("%.*s", (int)strcspn(at, "#\n"), at);
		}
		text += line_len + (text[line_len] == '\n');
	}
	return value;
}

/* --- findings --- */

static void keep_finding(struct findings *findings, enum verdict verdict, const char *found,
			 const char *fix)
{
	struct doctor *doctor = container_of(findings, struct doctor, findings);
	_cleanup_(buf_done) struct buf clean = BUF_INIT(16 * 1024);
	_cleanup_(buf_done) struct buf clean_fix = BUF_INIT(16 * 1024);

	/* The names of files are in both. */
	text_add_clean(&clean, found, 2000);
	text_add_clean(&clean_fix, fix, 2000);
	(void)json_array_append_new(doctor->rows, json_pack("{s:s, s:s, s:s, s:s}", "check",
							    doctor->check, "verdict",
							    verdict_names[verdict], "found",
							    buf_text(&clean), "fix",
							    buf_text(&clean_fix)));
	doctor->worst = MAX(doctor->worst, verdict);
}

/* A terminal in another character set sees ASCII only. */
static void print_text(const char *text)
{
	_cleanup_(buf_done) struct buf clean = BUF_INIT(16 * 1024);

	if (text_equals(nl_langinfo(CODESET), "UTF-8"))
		text_add_clean(&clean, text, 2000);
	else
		text_add_ascii(&clean, text, 2000);
	printf("%s\n", buf_text(&clean));
}

/* A line for what is right; a line more for what to do about the rest. */
static void print_rows(const struct doctor *doctor)
{
	const char *mend = say_found(doctor, N_("fix: "));
	json_t *row;
	size_t i;

	json_array_foreach(doctor->rows, i, row) {
		const char *verdict = json_string_value(json_object_get(row, "verdict"));
		const char *fix = json_string_value(json_object_get(row, "fix"));

		table_print_padded(stdout, say_found(doctor, verdict), VERDICT_COLUMNS);
		table_print_padded(stdout, json_string_value(json_object_get(row, "check")),
				   CHECK_COLUMNS);
		print_text(json_string_value(json_object_get(row, "found")));
		if (text_is_empty(fix))
			continue;
		printf("%*s%s", VERDICT_COLUMNS + CHECK_COLUMNS, "", mend);
		print_text(fix);
	}
}

/* As monitors want it, see jauthctl(1). */
static enum exit_code code_of(enum verdict worst)
{
	switch (worst) {
	case VERDICT_OK:
	case VERDICT_SKIPPED:
		return EXIT_DONE;
	case VERDICT_WARNING:
		return EXIT_NO;
	case VERDICT_BROKEN:
		break;
	}
	return EXIT_USAGE;
}

enum exit_code run_doctor(struct ctl *ctl, int argc, char **argv)
{
	struct doctor doctor = {
		{ .tell = keep_finding }, .ctl = ctl, .conf.separate = "method"
	};
	struct catalogs *catalogs;
	struct conf_report report = { 0 };
	struct args args = { 0 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (geteuid() != 0) {
		complain(N_("only root can look at everything"));
		return EXIT_REFUSED;
	}
	/* Programs read English. */
	catalogs = ctl->json ? NULL : catalogs_open(JAUTH_LOCALEDIR);
	doctor.findings.catalogs = catalogs;
	doctor.findings.language = screen_language(SURFACE_TERMINAL);
	doctor.rows = json_array();
	(void)conf_read(DOCTOR_CONFIG, &doctor.conf, &report);   /* jauthd --check tells mistakes */
	for (size_t i = 0; i < N_ELEMENTS(checks); i++) {
		doctor.check = checks[i].name;
		checks[i].run(&doctor);
	}
	if (ctl->json)
		table_print_json(doctor.rows, stdout);
	else
		print_rows(&doctor);
	json_decref(doctor.rows);
	json_decref(doctor.status);
	json_decref(doctor.methods);
	conf_done(&doctor.conf);
	conf_report_done(&report);
	catalogs_free(catalogs);
	return code_of(doctor.worst);
}
