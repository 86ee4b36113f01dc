/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `sms`: its keys, and its row in the table of providers. */
#include "base/text.h"
#include "providers/sms.h"
#include "providers/table.h"

#define LIST_INTERVAL_S 300

#define FIELD(name) offsetof(struct sms_config, name)

static const struct conf_key keys[] = {
	{ .name = "vendors", .kind = CONF_LIST, .offset = FIELD(vendors), .flags = CONF_REQUIRED,
	  .min = 1, .max = SMS_ROUTES_MAX,
	  .help = "[sms ID] sections in their order: \"+86 aliyun twilio, twilio\"; without a "
		  "calling code: for the rest" },
	{ .name = "code_digits", .kind = CONF_NUMBER, .offset = FIELD(code_digits),
	  .min = SMS_DIGITS_MIN, .max = SMS_DIGITS_MAX, .fallback = "6",
	  .help = "Digits of a code" },
	{ .name = "code_minutes", .kind = CONF_NUMBER, .offset = FIELD(code_minutes), .min = 1,
	  .max = 10, .fallback = "5",
	  .help = "How long a code lives; never longer than its login" },
	{ .name = "code_tries", .kind = CONF_NUMBER, .offset = FIELD(code_tries), .min = 1,
	  .max = 5, .fallback = "3", .help = "Wrong entries after which a code is dead" },
	{ .name = "unused_days", .kind = CONF_NUMBER, .offset = FIELD(unused_days), .min = 0,
	  .max = 3650, .fallback = "180",
	  .help = "Days after which a number that was not used gets no code; 0: never" },
	{ .name = "calling_codes", .kind = CONF_LIST, .offset = FIELD(calling_codes), .max = 64,
	  .help = "Codes and prefixes that messages may go to, as +86, +1264; by default all "
		  "numbers on file" },
	{ .name = "people_file", .kind = CONF_TEXT, .offset = FIELD(people_file), .min = 2,
	  .max = 1024,
	  .help = "file with rows NUMBER NAME: who stands there is a Unix user, and logs in by a "
		  "code sent to his number" },
	{ .name = "text", .kind = CONF_TEXT, .offset = FIELD(text), .min = 1, .max = SMS_TEXT_MAX,
	  .help = "The message, with {code} {host} {user} {minutes} {ref}; by default in the "
		  "language of the login" },
	{ 0 }
};

static void check(const void *filled, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct sms_config *config = filled;
	struct buf why = BUF_INIT(SMS_TEXT_MAX);

	for (char *const *code = config->calling_codes; code && *code; code++)
		if (!phone_is_prefix(*code))
			conf_mistake_key(report, section, "calling_codes",
					 "must be calling codes or beginnings of numbers, "
					 "as +86, +1264");
	if (config->people_file && config->people_file[0] != '/')
		conf_mistake_key(report, section, "people_file", "must start with \"/\"");
	if (config->text && !sms_text_check(config->text, (unsigned)config->code_digits, &why))
		conf_mistake_key(report, section, "text", buf_text(&why));
	buf_done(&why);
}

static void bind(void *filled, const struct sms_gateway *const *gateways,
		 const struct conf_section *section, struct conf_report *report)
{
	sms_routes_bind(filled, gateways, section, report);
}

static const char *list_file(const void *filled)
{
	const struct sms_config *config = filled;

	return config->people_file;
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text)
{
	const struct sms_login *own = login_own(login);

	own->errand->answer(login, text);
}

static void judged(struct login *login, uint32_t number UNUSED, enum code_result result,
		   int64_t wait_s UNUSED)
{
	const struct sms_login *own = login_own(login);

	own->errand->judged(login, result);
}

static void finish(struct login *login)
{
	struct sms_login *own = login_own(login);

	sms_code_done(&own->code);
}

const struct provider sms_provider = {
	.type = "sms",
	.title = N_("Code by SMS"),
	.gate = N_("type y to send a code"),
	.features = PROVIDER_CONFIRMS_HERE | PROVIDER_CONTACTS | PROVIDER_LOCAL_USER |
		    PROVIDER_RESTRICTED,
	.keys = keys,
	.guide = &sms_guide,
	.config_size = sizeof(struct sms_config),
	.login_size = sizeof(struct sms_login),
	.check = check,
	.bind = bind,
	.list_file = list_file,
	.list_key = "people_file",
	.list_interval_s = LIST_INTERVAL_S,
	.start = sms_start,
	.enrol = sms_enrol,
	.test = sms_trial,
	.answer = answer,
	.reply = sms_replied,
	.timeout = sms_timeout,
	.found = sms_found,
	.counted = sms_counted,
	.judged = judged,
	.stored = sms_enrol_stored,
	.finish = finish,
};
