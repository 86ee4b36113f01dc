/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the configuration loader share: config.c reads and keeps, config-general.c has
 * [general], [limits] and [test], config-relay.c has [relay], config-accounts.c [accounts] and
 * [group NAME], config-gateways.c makes SMS gateways, config-methods.c makes methods,
 * config-registration.c says which of them make new users,
 * config-services.c makes rules. Nobody else includes this.
 */
#pragma once

#include "base/nearest.h"
#include "jauthd/config.h"

/* A number of limits.h as a key's fallback. */
#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

struct config_loader {
	struct config *config;
	struct conf_report *report;
	char **broken;           /* ids of methods not made: no second mistake for them */
	bool lacks_gateways;     /* some were not made: nobody is told that he names one */
};

/* Zeroed memory; aborts when there is none. */
void *config_allocate(size_t n, size_t size);

/* A mistake at the line of `key`, or at the section's own when the key is absent or NULL. */
void config_mistake(struct config_loader *loader, const struct conf_section *section,
		    const char *key, const char *format, ...) PRINTF_LIKE(4, 5);
/* "did you mean "x"? " or "", for use in a mistake. The caller frees. */
char *config_hint(const struct nearest *nearest);
/* Every part of `list` must be the name of a user, group or PAM service. */
void config_check_names(struct config_loader *loader, const struct conf_section *section,
			const char *key, char *const *list);
bool config_is_name(const char *text);
/* What a section of a kind is called: a-z, 0-9 and '-', not "none". `of` is for the mistake:
 * "a method". */
bool config_id_is_right(struct config_loader *loader, const struct conf_section *section,
			const char *id, const char *of);
/* The key `type`, else the ID (which may be NULL). Lent. */
const char *config_type_word(const struct conf_section *section, const char *id);
/* The mistake when that word is none of `types`. */
void config_unknown_type(struct config_loader *loader, const struct conf_section *section,
			 const char *word, char *const *types);

extern const struct conf_key config_general_keys[], config_limits_keys[], config_test_keys[];
extern const struct conf_key config_relay_keys[];
void config_check_general(struct config_loader *loader, const struct conf_section *section);
void config_check_test(struct config_loader *loader, const struct conf_section *section);
void config_check_relay(struct config_loader *loader, const struct conf_section *section);

extern const struct conf_key config_accounts_keys[], config_group_keys[];
void config_check_accounts(struct config_loader *loader, const struct conf_section *section);
void config_accounts_done(struct account_rules *rules);
/* `key` of the section needs the groups that the method's identities have. */
void config_check_says_groups(struct config_loader *loader, const struct conf_section *section,
			      const char *key, const struct method *method);
/* After all methods: groups refer to them. */
void config_add_group(struct config_loader *loader, const struct conf_section *section,
		      const char *name);
void config_group_done(struct group_rule *rule);
/* For the keys home, shell and those that name a group jauth serves, here and of a method. */
void config_check_home(struct config_loader *loader, const struct conf_section *section,
		       const char *home);
void config_check_shell(struct config_loader *loader, const struct conf_section *section,
			const char *shell);
bool config_check_group_name(struct config_loader *loader, const struct conf_section *section,
			     const char *key, const char *name);

/* The keys of a gateway that every vendor has. */
extern const struct conf_key config_gateway_type_keys[], config_gateway_keys[];
/* Before all methods, which refer to them. */
void config_add_gateway(struct config_loader *loader, const struct conf_section *section,
			const char *id);
struct sms_gateway *config_free_gateway(struct sms_gateway *gateway);

/* The keys of a method that every provider has, and those of a service. */
extern const struct conf_key config_type_keys[], config_method_keys[], config_link_keys[];
extern const struct conf_key config_methods_keys[], config_service_keys[];

/* `id` NULL: made from title or type. */
void config_add_method(struct config_loader *loader, const struct conf_section *section,
		       const char *id);
/* Whether it makes new Unix users, once its keys are read; and what is wrong with that. */
void config_check_registration(struct config_loader *loader, const struct conf_section *section,
			       struct method *method);
/* After all methods: no two that make new users could give them one name, and no two directories
 * are of one organisation. */
void config_check_apart(struct config_loader *loader);
/* [directory ID]: a method that also tells of the organisation. */
extern const struct conf_key config_directory_keys[];
void config_add_directory(struct config_loader *loader, const struct conf_section *section,
			  const char *id);
/* Of a method whose section is a directory's: its rule, before and after the keys are read. */
struct directory_rule *config_make_directory(void);
void config_check_directory(struct config_loader *loader, const struct conf_section *section,
			    struct method *method);
struct directory_rule *config_free_directory(struct directory_rule *rule);
/* After all methods: no app by the relay and past it. */
void config_check_apps(struct config_loader *loader);
/* What happens without the provider; and, after all methods, whether the password that then counts
 * is kept at all. */
extern const struct conf_key config_offline_keys[];
void config_check_offline(struct config_loader *loader, const struct conf_section *section,
			  const struct method *method);
void config_check_kept_passwords(struct config_loader *loader);
/* The method "password", unless there is one. */
void config_add_default_method(struct config_loader *loader);
struct method *config_free_method(struct method *method);

/* After all methods: the rules refer to them. */
void config_add_service(struct config_loader *loader, const struct conf_section *section,
			const char *name);
void config_service_done(struct service_rule *rule);
