/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of "method add" share: method-add.c asks, method-write.c writes and tries. Nobody
 * else includes this. */
#pragma once

#include "jauthctl/setup-ask.h"
#include "jauthctl/setup-service.h"

struct add {
	struct ctl *ctl;
	struct wizard wizard;
	enum exit_code code;             /* of what made us leave */
	bool is_written;
	json_t *types, *methods;
	struct conf conf;

	/* What was said. */
	const char *type, *id, *title, *gateway, *service, *behind;
	char **assignments, **secret_files;
	bool yes, directory, no_probe;

	struct draft method, vendor;     /* `vendor`: [sms ID], with has_vendor */
	bool has_vendor;
	char *name;                      /* of the drop-in */
	struct service_change service_change;
	char *probed;                    /* with --json: how the probe ended */
	struct asking asking;
	char *service_asked, *behind_asked;      /* what service and behind may point to */
};

/* The text in the person's language. */
const char *say_of(const struct add *add, const char *text) __attribute__((format_arg(2)));
/* With this exit code; nothing more is said. */
enum wizard_end leave(struct add *add, enum exit_code code);
/* A method ("method") or a vendor of messages ("sms") has this ID. */
bool is_taken(const struct add *add, const char *kind, const char *id);
/* One word, or NULL for none. */
enum wizard_end ask_word(struct add *add, const char *prompt, char **ret_word);

/* The steps of method-write.c. */
enum wizard_end confirm(struct add *add);
enum wizard_end write_it(struct add *add);
enum wizard_end probe(struct add *add);
enum wizard_end offer_login(struct add *add);
