/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A section that is being filled in, by what jauthd tells of its type (DescribeTypes). */
#pragma once

#include "jauthctl/setup-files.h"
#include "jauthctl/wizard.h"

#define DRAFT_ID_MAX      32
#define DRAFT_SECRETS_MAX 8

struct draft_secret {
	const char *key;                 /* of the type's row */
	struct secret *value;
};

struct draft {
	const char *kind;                /* "method", "directory", "sms" */
	char id[DRAFT_ID_MAX + 1];
	const json_t *type;              /* row of DescribeTypes, which outlives it */
	json_t *values;                  /* keys and texts, in the order they will be written */
	json_t *known;                   /* keys that were decided, also those left out */
	struct draft_secret secrets[DRAFT_SECRETS_MAX];
	size_t n_secrets;
};

void draft_init(struct draft *draft, const char *kind, const json_t *type);
void draft_done(struct draft *draft);
/* "method work". The caller frees. */
char *draft_section(const struct draft *draft);
bool draft_id_is_right(const char *id);

/* The row of a type of this kind ("method", "sms"), or NULL. */
const json_t *types_find(const json_t *types, const char *kind, const char *type);
/* The row of ListMethods with this ID, or NULL. */
const json_t *methods_find(const json_t *methods, const char *id);
/* Members of the rows: "" and false where they are absent. */
const char *row_text(const json_t *row, const char *key);
bool row_is(const json_t *row, const char *key);
/* Of a type's keys, or NULL. */
const json_t *type_key(const json_t *type, const char *name);

/* What the draft has for the key; else the key's fallback; else "". */
const char *draft_value(const struct draft *draft, const char *name);
bool draft_has(const struct draft *draft, const char *name);
/* NULL: leaves it out. */
void draft_set(struct draft *draft, const char *name, const char *value);
/* Takes the secret over; -ENOSPC: too many. */
int draft_set_secret(struct draft *draft, const char *name, struct secret *secret);
/* "mode=poll|device", or "". */
bool draft_when(const struct draft *draft, const char *when);

/* Required keys that are to be given by the person and were not: "corp_id (企业ID), secret". */
void draft_add_missing(const struct draft *draft, struct buf *ret_text);

/* What is wrong with this text for the key, by its kind alone, in the person's language; false: it
 * is right. A secret's text is never repeated. */
bool draft_mistake(const struct wizard *wizard, const json_t *key, const char *text, size_t len,
		   struct buf *ret_why);

/* --- writing --- */

/* Puts the section into an object of sections; secrets go into `setup`, or, when that is NULL, are
 * left out. */
enum exit_code draft_write(const struct draft *draft, struct setup *setup, json_t *sections);
