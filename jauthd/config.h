/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauthd.conf, read whole: either everything is right and there is a new configuration, or
 * nothing changes and there is a list of all mistakes. Logins hold a reference to the one they
 * began with; it is shared, and read-only but for the methods' shared state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/login-protocol.h"
#include "base/uid-overrides.h"
#include "jauthd/address.h"
#include "jauthd/limits.h"
#include "providers/provider.h"
#include "providers/sms-vendor.h"

enum method_digits {
	DIGITS_PAGE,                     /* on the relay's page */
	DIGITS_APP_MESSAGE,              /* by a message of the app, past the relay */
};

enum method_offline {
	OFFLINE_DENY,
	OFFLINE_CONSOLE_PASSWORD,        /* see login-offline.c */
};

/* [method ID] */
struct method {
	char id[METHOD_ID_MAX + 1];      /* [a-z0-9-]+ */
	const struct provider *provider;
	char *title;                     /* as configured, or NULL: the provider's */
	bool enabled;                    /* no: services leave out the alternatives that have it */
	bool device_flow_alone;
	bool alone;                      /* PROVIDER_RESTRICTED: may be a login's first factor */
	unsigned features;               /* the provider's, with this configuration */
	enum relay_app app;              /* the same; PROVIDER_RELAY */
	/* PROVIDER_RELAY, PROVIDER_PUSHES: the telephone's digits are typed here. */
	bool number_match;
	int digits;                      /* PROVIDER_RELAY: enum method_digits */
	struct provider_limits limits;
	char *map;                       /* rule's template over identity attributes, or NULL */
	bool registration;               /* who is nobody yet becomes a new Unix user by the rule */
	char *structure;                 /* group that new ones are put into, or NULL */
	char *home, *shell;              /* of new ones; NULL: those of [accounts] */
	char **identities_allowed;       /* subjects; NULL: no filter */
	struct directory_rule *directory;        /* it is a [directory ID]; else NULL */
	bool privileged;                 /* the rule may reach privileged users */
	char **groups_allowed;           /* identity must be in one of them; NULL: no filter */
	char **mail_domains;             /* verified mail must be in one of them; NULL: no filter */
	int offline;                     /* enum method_offline */
	int64_t offline_for_s;           /* so long after a user's last login by it */
	char *file;
	unsigned line;
	void *config;                    /* provider->config_size bytes */
	void *shared;                    /* provider->shared_size bytes */
	/* Counts behind `limits`, the loop's. */
	int64_t n_open;
	int64_t second_s, n_second, hour_s, n_hour;
};

/* Its rule names Unix users that jauth makes: at a login, or by a directory beforehand. */
static inline bool method_makes_people(const struct method *method)
{
	return method->registration || method->directory;
}

/* What a [directory ID] has beyond a method. */
struct directory_rule {
	int64_t interval_s;              /* from one sync to the next; 0: by hand only */
	int64_t removals_max;            /* leavers in one sync, in percent of the members; more are
					  * asked about */
};

enum uid_rule {
	UIDS_LOCAL,                      /* the next one of 65536–199999 */
	UIDS_FLEET,                      /* keyed hash into 0x78000000–0x7ffffffe */
};

/* [accounts]: of Unix users that jauth makes. */
struct account_rules {
	int uids;                        /* enum uid_rule */
	struct secret *fleet_key;        /* of UIDS_FLEET */
	char *overrides;                 /* file: uids that were settled by hand; or NULL */
	struct uid_overrides *override_rows;     /* what it says */
	char *primary_group;
	char *home, *shell;              /* home with {user} */
	char **reserved_names;           /* beyond those that are reserved anyway */
};

/* [group NAME] */
struct group_rule {
	char *name;
	bool is_local;                   /* one of the host's own: its record stays the host's */
	char **from;                     /* "METHOD/ID": groups of providers whose members it has */
	char *file;
	unsigned line;
};

/* methods = github, password + sms */
struct alternative {
	struct method *factors[FACTORS_MAX];
	unsigned n_factors;
};

enum condition_origin { ORIGIN_ANY, ORIGIN_LOCAL, ORIGIN_REMOTE };
enum condition_key { SSH_KEY_ANY, SSH_KEY_ACCEPTED, SSH_KEY_NONE };

/* [service SERVICE] and [service SERVICE LABEL]. Conditions that are absent hold. The first section
 * of a service whose conditions hold decides, those with a label first, in the order of the
 * file. */
struct service_rule {
	char *service, *label;           /* label NULL: the plain section */
	enum condition_origin origin;
	enum condition_key ssh_key;
	struct address_range *sources;
	size_t n_sources;
	char **users, **groups;          /* when both are given either is enough */
	struct alternative alternatives[ALTERNATIVES_MAX];
	unsigned n_alternatives;         /* 0: nobody gets in: methods = none, or
	                                  * all of them are disabled */
	bool number_match;               /* as that of the methods: off when either says so */
	char *file;
	unsigned line;
};

/* [limits] for messages and codes: what each means stands in budget.h. */
struct budget_rules {
	int64_t number_gap_s, number_hour, number_day;   /* of a number, and of an account */
	int64_t source_hour, source_day, network_day;
	int64_t strangers_hour, total_hour, total_day;
	int64_t cost_day;                /* 0: no limit */
	int64_t unanswered;
	int64_t failed_hour;             /* failed logins of a source */
	int64_t wrong_day, wrong_row;    /* wrong codes of an account */
};

struct config {
	unsigned n_refs;
	/* [general] */
	char *language;                  /* when the client says none; NULL: en */
	bool inverted;                   /* QR codes */
	char **lockers;                  /* services in which users may authenticate themselves */
	char **privileged_groups;
	char *break_glass_group;         /* whose members jauth leaves alone; NULL: nobody's */
	char **admins;                   /* users who are told when a break-glass code is used */
	char *host;                      /* name shown to people; NULL: gethostname */
	char *country;                   /* as written; NULL: none */
	struct phone_country phone_country;      /* when there is one */
	char *metrics_file;              /* NULL: none */
	bool self_service;               /* users link, list and remove their own identities */
	/* [limits] */
	int64_t logins_waiting, logins_per_source, login_seconds, login_tries;
	int64_t audit_days, audit_rows;
	struct budget_rules budget;
	/* [relay]; no URL: there is none */
	char *relay_url, **relay_servers;
	struct secret *relay_key;
	/* [test]: for test set-ups only, each logged as a warning at start */
	int64_t fail_delay_ms;
	char *hash_prefix;               /* crypt(5) setting for new hashes; NULL: yescrypt */

	struct sms_gateway *gateways[GATEWAYS_MAX + 1];  /* [sms ID]; NULL-terminated */
	unsigned n_gateways;
	struct method *methods[METHODS_MAX];
	unsigned n_methods;
	struct service_rule *services;
	unsigned n_services;
	struct account_rules accounts;
	struct group_rule *groups;
	unsigned n_groups;
	char *path;
};

/* 0 and a configuration with one reference; -EINVAL with the report filled; or -errno of `path`. */
int config_load(const char *path, struct config **ret_config, struct conf_report *report);
/* The same as if these drop-ins, in the order of their names, were there or differed. */
int config_load_with(const char *path, const struct conf_drop_in *drop_ins, size_t n_drop_ins,
		     struct config **ret_config, struct conf_report *report);
int config_load_text(const char *text, size_t len, struct config **ret_config,
		     struct conf_report *report);
struct config *config_ref(struct config *config);
struct config *config_unref(struct config *config);      /* NULL is fine; returns NULL */
struct method *config_method(const struct config *config, const char *id);

/* The tables of keys that a method, or directory, of this type has beside the provider's own, and
 * how many. */
#define CONFIG_COMMON_TABLES_MAX 4
size_t config_common_keys(const struct provider *provider, bool is_directory,
			  const struct conf_key *ret_tables[CONFIG_COMMON_TABLES_MAX]);

/* Every table of keys with the name of its section, for the test that compares sample and
 * manual. */
struct config_section_keys {
	const char *section;             /* "general", "method", "method: oidc", … */
	const struct conf_key *keys;
};
/* Ends with a row whose section is NULL. */
extern const struct config_section_keys config_sections[];
