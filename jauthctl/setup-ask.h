/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about the keys of a section; each answer is looked at before the next question. */
#pragma once

#include "jauthctl/setup-draft.h"

#define ASKING_DRAFTS_MAX 2

struct asking {
	struct ctl *ctl;
	struct wizard *wizard;
	const char *name;                /* of the drop-in */
	const json_t *base;              /* its sections that are not asked about */
	struct draft *drafts[ASKING_DRAFTS_MAX];
	size_t n_drafts;
	enum exit_code code;             /* why it was left, when jauthd is the reason */
};

/* One of the types of this kind. */
enum wizard_end ask_type(struct wizard *wizard, const json_t *types, const char *kind,
			 const json_t **ret_type);
/* One key. Enter keeps what it has; "-" takes that away. */
enum wizard_end ask_key(struct asking *asking, struct draft *draft, const json_t *key);
/* All that the type asks for, and that is not known. */
enum wizard_end ask_keys(struct asking *asking, struct draft *draft);
/* Any other ones, as KEY=VALUE. */
enum wizard_end ask_more(struct asking *asking, struct draft *draft);

/* The key of "KEY=VALUE", as the type has it, with the value behind the "="; NULL after
 * complaining: there is none, or a secret's value stands there. NAME_file and NAME_credential are
 * taken as keys of their own: *ret_name is what is to be set. */
const json_t *ask_assignment(const json_t *type, const char *text, char **ret_name,
			     const char **ret_value);
