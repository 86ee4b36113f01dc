/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table of three kinds of login for tests of the core: "password" knows the user himself,
 * "device" is a device flow whose link can be forwarded, "scan" confirms at the terminal. None
 * of them can run.
 */
#include "fake-providers.h"

#include <stdlib.h>

#include "base/text.h"

static const char *const corner_words[] = { "sharp", "round", NULL };

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

static void scan_check(const void *config, const struct conf_section *section,
		       struct conf_report *report)
{
	const struct fake_config *fake = config;

	if (fake->corners == 1)
		conf_mistake(report, section->file, section->line,
			     "round corners cannot be read; write corners = sharp");
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

static const struct provider fake_device = {
	.type = "device",
	.title = N_("Device"),
	.features = PROVIDER_CONTACTS,
	.limits = { .open_max = 64, .starts_per_s = 2, .starts_per_hour = 50 },
	.keys = device_keys,
	.config_size = sizeof(struct fake_config),
};

static const struct provider fake_scan = {
	.type = "scan",
	.title = N_("Scan"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE,
	.keys = scan_keys,
	.config_size = sizeof(struct fake_config),
	.shared_size = sizeof(struct fake_shared),
	.check = scan_check,
	.release = scan_release,
};

const struct provider *const providers[] = { &fake_password, &fake_device, &fake_scan, NULL };

const struct provider *provider_find(const char *type)
{
	size_t i;

	for (i = 0; providers[i]; i++)
		if (text_equals(providers[i]->type, type))
			return providers[i];
	return NULL;
}
