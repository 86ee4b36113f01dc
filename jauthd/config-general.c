/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of [general], [limits] and [test], and what rows cannot say about them. limits.h has the
 * numbers, budget.h says what those of messages mean. */
#include <string.h>

#include "base/phone.h"
#include "base/text.h"
#include "jauthd/config-parts.h"

#define BUDGET_KEY(field_, min_, max_) \
	.offset = offsetof(struct config, budget.field_), .min = (min_), .max = (max_)

const struct conf_key config_general_keys[] = {
	{ .name = "host", .kind = CONF_TEXT, .offset = offsetof(struct config, host),
	  .min = 1, .max = 64,
	  .help = "name of this machine as people see it; without it the machine's own" },
	{ .name = "language", .kind = CONF_TEXT, .offset = offsetof(struct config, language),
	  .min = 2, .max = 32, .fallback = "en",
	  .help = "language of texts when the client names none: en, zh_CN" },
	{ .name = "inverted", .kind = CONF_BOOL, .offset = offsetof(struct config, inverted),
	  .fallback = "no",
	  .help = "draw QR codes for dark text on a light ground" },
	{ .name = "country", .kind = CONF_TEXT, .offset = offsetof(struct config, country),
	  .min = 2, .max = 32,
	  .help = "what telephone numbers without a calling code mean: CN, or the rule itself as "
		  "+86 0 11" },
	{ .name = "metrics_file", .kind = CONF_TEXT,
	  .offset = offsetof(struct config, metrics_file), .min = 1, .max = 1024,
	  .help = "where numbers for Prometheus' node exporter are written; without it nowhere" },
	{ .name = "self_service", .kind = CONF_BOOL,
	  .offset = offsetof(struct config, self_service), .fallback = "yes",
	  .help = "no: users can neither see nor change which identities are linked to them" },
	{ .name = "lockers", .kind = CONF_LIST, .offset = offsetof(struct config, lockers),
	  .max = 64,
	  .fallback = "i3lock, swaylock, xscreensaver, xsecurelock, kde, gnome-screensaver, "
		      "cinnamon-screensaver, mate-screensaver, xfce4-screensaver, physlock, vlock",
	  .help = "PAM services in which a user may authenticate himself without root; "
		  "none: nobody" },
	{ .name = "privileged_groups", .kind = CONF_LIST,
	  .offset = offsetof(struct config, privileged_groups), .max = 256,
	  .fallback = "root, sudo, wheel, admin, adm, shadow, disk, kmem, staff, backup, docker, "
		      "lxd, incus, incus-admin, libvirt, systemd-journal, jauth",
	  .help = "who is in one of these groups is reached by a mapping rule only with "
		  "privileged = yes; none: only uids below 1000 count as privileged" },
	{ .name = "break_glass_group", .kind = CONF_TEXT,
	  .offset = offsetof(struct config, break_glass_group), .min = 1, .max = 32,
	  .help = "jauth ignores who is in this group, as break_glass=GROUP of pam_jauth does "
		  "without asking it" },
	{ .name = "admins", .kind = CONF_LIST, .offset = offsetof(struct config, admins),
	  .max = ADMINS_MAX,
	  .help = "users who are told at their next login when a break-glass code was used" },
	{ NULL }
};

const struct conf_key config_limits_keys[] = {
	{ .name = "logins_waiting", .kind = CONF_NUMBER,
	  .offset = offsetof(struct config, logins_waiting), .min = 1, .max = LOGINS_WAITING_MAX,
	  .fallback = TEXT_OF(LOGINS_WAITING_DEFAULT),
	  .help = "logins under way at once, all sources together" },
	{ .name = "logins_per_source", .kind = CONF_NUMBER,
	  .offset = offsetof(struct config, logins_per_source), .min = 1,
	  .max = LOGINS_WAITING_MAX, .fallback = TEXT_OF(LOGINS_PER_SOURCE_DEFAULT),
	  .help = "logins under way at once from one address" },
	{ .name = "login_seconds", .kind = CONF_NUMBER,
	  .offset = offsetof(struct config, login_seconds), .min = 10, .max = LOGIN_SECONDS_MAX,
	  .fallback = TEXT_OF(LOGIN_SECONDS_DEFAULT),
	  .help = "time for one login from its begin to its outcome" },
	{ .name = "login_tries", .kind = CONF_NUMBER,
	  .offset = offsetof(struct config, login_tries), .min = 1, .max = 10,
	  .fallback = TEXT_OF(LOGIN_TRIES_DEFAULT),
	  .help = "wrong answers in one login before it ends" },
	{ .name = "audit_days", .kind = CONF_NUMBER, .offset = offsetof(struct config, audit_days),
	  .min = 1, .max = 3650, .fallback = TEXT_OF(AUDIT_DAYS_DEFAULT),
	  .help = "days after which a line of the log of decisions is dropped" },
	{ .name = "audit_rows", .kind = CONF_NUMBER, .offset = offsetof(struct config, audit_rows),
	  .min = 1000, .max = 100000000, .fallback = TEXT_OF(AUDIT_ROWS_DEFAULT),
	  .help = "lines that the log of decisions keeps at most, the newest" },
	/* Messages and codes. What keeps numbers and accounts safe can be made tighter only. */
	{ .name = "sms_number_gap", .kind = CONF_DURATION,
	  BUDGET_KEY(number_gap_s, BUDGET_NUMBER_GAP_S, BUDGET_GAP_MAX_S),
	  .fallback = TEXT_OF(BUDGET_NUMBER_GAP_S) "s",
	  .help = "time between two messages to one number or for one user; may only "
		  "be longer" },
	{ .name = "sms_number_hour", .kind = CONF_NUMBER,
	  BUDGET_KEY(number_hour, 1, BUDGET_NUMBER_HOUR),
	  .fallback = TEXT_OF(BUDGET_NUMBER_HOUR),
	  .help = "messages to one number, and for one user, in an hour; may only be "
		  "fewer" },
	{ .name = "sms_number_day", .kind = CONF_NUMBER,
	  BUDGET_KEY(number_day, 1, BUDGET_NUMBER_DAY),
	  .fallback = TEXT_OF(BUDGET_NUMBER_DAY),
	  .help = "messages to one number, and for one user, in a day; may only be "
		  "fewer" },
	{ .name = "sms_source_hour", .kind = CONF_NUMBER,
	  BUDGET_KEY(source_hour, 1, BUDGET_MESSAGES_MAX),
	  .fallback = TEXT_OF(BUDGET_SOURCE_HOUR),
	  .help = "messages asked for from one address in an hour" },
	{ .name = "sms_source_day", .kind = CONF_NUMBER,
	  BUDGET_KEY(source_day, 1, BUDGET_MESSAGES_MAX),
	  .fallback = TEXT_OF(BUDGET_SOURCE_DAY),
	  .help = "messages asked for from one address in a day" },
	{ .name = "sms_network_day", .kind = CONF_NUMBER,
	  BUDGET_KEY(network_day, 1, BUDGET_MESSAGES_MAX),
	  .fallback = TEXT_OF(BUDGET_NETWORK_DAY),
	  .help = "messages asked for from one IPv6 network (/48) in a day" },
	{ .name = "sms_strangers_hour", .kind = CONF_NUMBER,
	  BUDGET_KEY(strangers_hour, 1, BUDGET_MESSAGES_MAX),
	  .fallback = TEXT_OF(BUDGET_STRANGERS_HOUR),
	  .help = "messages in an hour, all together, for who gave no earlier factor "
		  "and comes from an address where that user has not logged in lately" },
	{ .name = "sms_total_hour", .kind = CONF_NUMBER,
	  BUDGET_KEY(total_hour, 1, BUDGET_MESSAGES_MAX),
	  .fallback = TEXT_OF(BUDGET_TOTAL_HOUR),
	  .help = "messages in an hour, all together; who gave an earlier factor "
		  "still gets one" },
	{ .name = "sms_total_day", .kind = CONF_NUMBER,
	  BUDGET_KEY(total_day, 1, BUDGET_MESSAGES_MAX),
	  .fallback = TEXT_OF(BUDGET_TOTAL_DAY),
	  .help = "messages in a day, all together; who gave an earlier factor still "
		  "gets one" },
	{ .name = "sms_cost_per_day", .kind = CONF_NUMBER,
	  BUDGET_KEY(cost_day, 0, BUDGET_COST_MAX),
	  .fallback = "0",
	  .help = "what all messages of a day may cost, in the unit of cost in the "
		  "[sms ID] sections; 0: no limit" },
	{ .name = "sms_unanswered", .kind = CONF_NUMBER,
	  BUDGET_KEY(unanswered, 1, BUDGET_UNANSWERED_MAX),
	  .fallback = TEXT_OF(BUDGET_UNANSWERED),
	  .help = "messages for one user in a row without a right code; then a day "
		  "without, but from where he has logged in lately" },
	{ .name = "sms_source_failed_hour", .kind = CONF_NUMBER,
	  BUDGET_KEY(failed_hour, 1, BUDGET_MESSAGES_MAX),
	  .fallback = TEXT_OF(BUDGET_FAILED_HOUR),
	  .help = "failed logins from one address in an hour; then an hour without "
		  "messages" },
	{ .name = "codes_wrong_day", .kind = CONF_NUMBER,
	  BUDGET_KEY(wrong_day, 1, BUDGET_WRONG_DAY),
	  .fallback = TEXT_OF(BUDGET_WRONG_DAY),
	  .help = "wrong codes of one user in a day, of SMS, of TOTP and of break-glass "
		  "each; may only be fewer" },
	{ .name = "codes_wrong_row", .kind = CONF_NUMBER,
	  BUDGET_KEY(wrong_row, 1, BUDGET_WRONG_ROW_MAX),
	  .fallback = TEXT_OF(BUDGET_WRONG_ROW),
	  .help = "wrong codes of one user in a row; then none is taken until "
		  "jauthctl unlock-limits" },
	{ NULL }
};

const struct conf_key config_test_keys[] = {
	{ .name = "fail_delay_ms", .kind = CONF_NUMBER,
	  .offset = offsetof(struct config, fail_delay_ms), .min = 0, .max = 60000,
	  .fallback = TEXT_OF(LOGIN_FAIL_DELAY_MS),
	  .help = "milliseconds between a wrong answer and the refusal" },
	{ .name = "hash_prefix", .kind = CONF_TEXT, .offset = offsetof(struct config, hash_prefix),
	  .min = 1, .max = 64,
	  .help = "crypt(5) setting for new password hashes; without it yescrypt" },
	{ NULL }
};

/* "none" as the only part is how a list with a default is emptied. */
static void empty_if_none(char ***list)
{
	if (list_length(*list) == 1 && text_equals((*list)[0], "none"))
		*list = list_free(*list);
}

static bool is_language(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-@0123456789") ==
	       strlen(text);
}

static void check_country(struct config_loader *loader, const struct conf_section *section)
{
	struct config *config = loader->config;
	_cleanup_(buf_done) struct buf names = BUF_INIT(512);

	if (!config->country || phone_country_parse(config->country, &config->phone_country) == 0)
		return;
	phone_country_names(&names);
	config_mistake(loader, section, "country",
		       "\"%s\" is no country here; write one of %s, or the rule itself: calling "
		       "code, trunk prefix or -, digits after it, as in +86 0 11",
		       config->country, buf_text(&names));
}

/* The node exporter takes no file with another ending. */
static void check_metrics_file(struct config_loader *loader, const struct conf_section *section)
{
	const char *path = loader->config->metrics_file;

	if (path && (path[0] != '/' || !text_has_suffix(path, ".prom")))
		config_mistake(loader, section, "metrics_file",
			       "\"%s\" must start with \"/\" and end in \".prom\"", path);
}

static void check_break_glass_group(struct config_loader *loader,
				    const struct conf_section *section)
{
	char *group = loader->config->break_glass_group;
	char *const names[] = { group, NULL };

	if (group)
		config_check_names(loader, section, "break_glass_group", names);
}

void config_check_general(struct config_loader *loader, const struct conf_section *section)
{
	struct config *config = loader->config;

	empty_if_none(&config->lockers);
	empty_if_none(&config->privileged_groups);
	config_check_names(loader, section, "lockers", config->lockers);
	config_check_names(loader, section, "privileged_groups", config->privileged_groups);
	config_check_names(loader, section, "admins", config->admins);
	check_break_glass_group(loader, section);
	if (config->language && !is_language(config->language))
		config_mistake(loader, section, "language",
			       "\"%s\" is no language; write one as in LANG, for example zh_CN",
			       config->language);
	check_country(loader, section);
	check_metrics_file(loader, section);
}

void config_check_test(struct config_loader *loader, const struct conf_section *section)
{
	const char *prefix = loader->config->hash_prefix;

	if (prefix && prefix[0] != '$')
		config_mistake(loader, section, "hash_prefix",
			       "\"%s\" is no crypt(5) setting; write one as $5$rounds=1000$",
			       prefix);
}
