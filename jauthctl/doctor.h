/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the checks of jauthctl doctor share. Each family has a file, and a row in doctor.c. */
#pragma once

#include <jansson.h>

#include "base/conf.h"
#include "jauthctl/command.h"
#include "jauthctl/verdict.h"

#define DOCTOR_CONFIG JAUTH_CONFDIR "/jauthd.conf"

struct doctor {
	struct findings findings;        /* where checks tell; begin with doctor_of() */
	struct ctl *ctl;
	const char *check;               /* the one at work */
	json_t *rows;
	enum verdict worst;
	struct conf conf;                /* the configuration as it is written */
	json_t *status, *methods;        /* as jauthd tells them; NULL: it does not answer */
	bool has_bus, has_http;
};

/* Notes one finding of the check at work. `fix` is "" where nothing is to be done. */
#define note(doctor, verdict, fix, ...) \
	finding(&(doctor)->findings, verdict, fix, __VA_ARGS__)
/* See verdict.h. */
#define fix_text(doctor, ...) finding_fix(&(doctor)->findings, __VA_ARGS__)
#define say_found(doctor, text) finding_say(&(doctor)->findings, text)
/* What is to stand in a file of the system; the caller frees. */
#define fix_in_file(doctor, path, line) fix_text(doctor, "in %s: %s", path, line)

/* The value of a key in a section of the configuration; NULL: neither is there. */
const char *doctor_value(const struct doctor *doctor, const char *section, const char *key);
/* Whether jauth makes people here: by what jauthd says of its methods, else by what is written. */
bool doctor_has_people(const struct doctor *doctor);
/* A small file of the system, "" when it is not there. The caller frees. */
char *doctor_file(const char *path);
/* The value behind a word at the start of a line: "LOGIN_TIMEOUT 60"; `split` are the characters
 * between the two. Comments begin with "#". The caller frees; NULL: there is none. */
char *doctor_word(const char *text, const char *word, const char *split);
/* By owner, group and mode of the path and its folders; of a folder: what is in there, too. */
bool doctor_jauthd_may_read(const char *path);

void check_bus(struct doctor *doctor);
void check_daemons(struct doctor *doctor);
void check_units(struct doctor *doctor);
void check_configuration(struct doctor *doctor);
void check_pam(struct doctor *doctor);
void check_sshd(struct doctor *doctor);
void check_console(struct doctor *doctor);
void check_names(struct doctor *doctor);
void check_neighbours(struct doctor *doctor);
void check_userdb(struct doctor *doctor);
void check_authorities(struct doctor *doctor);
void check_relay(struct doctor *doctor);
void check_methods(struct doctor *doctor);
void check_servers(struct doctor *doctor);
void check_secrets(struct doctor *doctor);
void check_disk(struct doctor *doctor);
void check_directories(struct doctor *doctor);
