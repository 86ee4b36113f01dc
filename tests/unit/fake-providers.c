/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table of kinds of login for tests of the core: "password" knows the user himself, "device" is
 * a device flow whose link can be forwarded, "scan" confirms at the terminal and can list, "text"
 * sends messages by the gateways it names, "code" goes by the relay unless its corners are round,
 * or is told by it when they are open, "nod" goes by it always and asks nobody. Only some people
 * can come by "scan" with open corners, and by "code". And two vendors for messages, "post" and
 * "pigeon". None of them can run.
 */
#include "fake-providers.h"

#include <stdlib.h>

#include "base/text.h"

static const char *const corner_words[] = { "sharp", "round", "open", NULL };

static const struct conf_key device_keys[] = {
	{ .name = "issuer", .kind = CONF_URL, .offset = offsetof(struct fake_config, issuer),
	  .flags = CONF_REQUIRED, .help = "where the provider lives" },
	{ .name = "client_secret", .kind = CONF_SECRET,
	  .offset = offsetof(struct fake_config, secret), .help = "what the provider knows us by" },
	{ NULL }
};

static const struct conf_key scan_keys[] = {
	{ .name = "corners", .kind = CONF_CHOICE, .offset = offsetof(struct fake_config, corners),
	  .choices = corner_words, .fallback = "sharp", .help = "of the modules" },
	{ NULL }
};

static const struct conf_key text_keys[] = {
	{ .name = "vendors", .kind = CONF_LIST, .offset = offsetof(struct fake_config, vendors),
	  .fallback = "mail", .help = "gateways" },
	{ NULL }
};

static const struct conf_key post_keys[] = {
	{ .name = "stamp", .kind = CONF_TEXT, .offset = offsetof(struct fake_gateway, stamp),
	  .flags = CONF_REQUIRED, .help = "what the letter needs" },
	{ NULL }
};

static void post_check(const void *config, const struct conf_section *section,
		       struct conf_report *report)
{
	const struct fake_gateway *fake = config;

	if (text_equals(fake->stamp, "torn"))
		conf_mistake(report, section->file, section->line, "a torn stamp is worth nothing");
}

/* The first gateway it names, and a mistake when there is none of that name. */
static void text_bind(void *config, const struct sms_gateway *const *gateways,
		      const struct conf_section *section, struct conf_report *report)
{
	struct fake_config *fake = config;

	for (; fake->vendors && *gateways; gateways++)
		if (text_equals((*gateways)->id, fake->vendors[0]))
			fake->gateway = *gateways;
	if (fake->vendors && !fake->gateway)
		conf_mistake(report, section->file, section->line, "there is no gateway %s",
			     fake->vendors[0]);
}

static void scan_check(const void *config, const struct conf_section *section,
		       struct conf_report *report)
{
	const struct fake_config *fake = config;

	if (fake->corners == 1)
		conf_mistake(report, section->file, section->line,
			     "round corners cannot be read; write corners = sharp");
}

static bool scan_is_bounded(const void *config)
{
	return ((const struct fake_config *)config)->corners == 2;
}

static void name_scanners(const void *config UNUSED, struct buf *buf)
{
	buf_add_text(buf, "https://id.example.org");
}

static void scan_release(void *shared)
{
	free(((struct fake_shared *)shared)->memory);
}

static const struct provider fake_password = {
	.type = "password",
	.title = N_("Password"),
	.features = PROVIDER_CONFIRMS_HERE | PROVIDER_LOCAL_USER,
};

static bool never(const void *config UNUSED)
{
	return false;
}

static const struct provider fake_device = {
	.type = "device",
	.title = N_("Device"),
	.features = PROVIDER_CONTACTS,
	.limits = { .open_max = 64, .starts_per_s = 2, .starts_per_hour = 50 },
	.keys = device_keys,
	.says_groups = never,
	.config_size = sizeof(struct fake_config),
};

static void list_nobody(struct login *login UNUSED)
{
}

static const struct provider fake_scan = {
	.type = "scan",
	.title = N_("Scan"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE,
	.keys = scan_keys,
	.config_size = sizeof(struct fake_config),
	.shared_size = sizeof(struct fake_shared),
	.check = scan_check,
	.list = list_nobody,
	.list_interval_s = 7200,
	.is_bounded = scan_is_bounded,
	.bound_key = "corners",
	.name_issuer = name_scanners,
	.release = scan_release,
};

static const struct provider fake_text = {
	.type = "text",
	.title = N_("Text message"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE | PROVIDER_LOCAL_USER |
		    PROVIDER_RESTRICTED,
	.keys = text_keys,
	.config_size = sizeof(struct fake_config),
	.bind = text_bind,
};

static bool code_says_groups(const void *config)
{
	return ((const struct fake_config *)config)->corners == 0;
}

static unsigned code_features(const void *config)
{
	const struct fake_config *fake = config;
	const unsigned past = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE;

	if (fake->corners == 2)
		return past | PROVIDER_PUSHES | PROVIDER_DELIVERS | PROVIDER_SILENT;
	return fake->corners == 1 ? past : past | PROVIDER_RELAY | PROVIDER_DELIVERS;
}

static enum relay_app code_app(const void *config)
{
	const struct fake_config *fake = config;

	return fake->corners == 1 ? RELAY_APP_BROWSER : RELAY_APP_WECOM;
}

static void name_code(const void *config UNUSED, struct buf *buf)
{
	buf_add_text(buf, "the one app");
}

static bool always_bounded(const void *config UNUSED)
{
	return true;
}

static void take_callback(struct login *login UNUSED, const struct parameters *parameters UNUSED)
{
}

static const struct provider fake_code = {
	.type = "code",
	.title = N_("Code"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE | PROVIDER_RELAY | PROVIDER_DELIVERS,
	.features_of = code_features,
	.app = RELAY_APP_DINGTALK,
	.app_of = code_app,
	.name_app = name_code,
	.is_bounded = always_bounded,
	.says_groups = code_says_groups,
	.groups_key = "corners",
	.keys = scan_keys,
	.config_size = sizeof(struct fake_config),
	.callback = take_callback,
};

static const struct provider fake_nod = {
	.type = "nod",
	.title = N_("Nod"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE | PROVIDER_RELAY | PROVIDER_SILENT,
	.app = RELAY_APP_WECHAT,
	.callback = take_callback,
};

const struct provider *const providers[] = {
	&fake_password, &fake_device, &fake_scan, &fake_text, &fake_code, &fake_nod, NULL
};

const struct provider *provider_find(const char *type)
{
	size_t i;

	for (i = 0; providers[i]; i++)
		if (text_equals(providers[i]->type, type))
			return providers[i];
	return NULL;
}

static const struct sms_vendor fake_post = {
	.type = "post",
	.keys = post_keys,
	.config_size = sizeof(struct fake_gateway),
	.check = post_check,
};

static const struct sms_vendor fake_pigeon = { .type = "pigeon" };

const struct sms_vendor *const sms_vendors[] = { &fake_post, &fake_pigeon, NULL };

const struct sms_vendor *sms_vendor_find(const char *type)
{
	size_t i;

	for (i = 0; sms_vendors[i]; i++)
		if (text_equals(sms_vendors[i]->type, type))
			return sms_vendors[i];
	return NULL;
}
