/* SPDX-License-Identifier: GPL-3.0-or-later */
/* offline = console-password of a method, and what cannot be right about it; see login-offline.c
 * for what it does. */
#include "base/text.h"
#include "jauthd/config-parts.h"

#define DAY_S 86400

static const char *const offline_words[] = { "deny", "console-password", NULL };

const struct conf_key config_offline_keys[] = {
	{ .name = "offline", .kind = CONF_CHOICE, .offset = offsetof(struct method, offline),
	  .choices = offline_words, .fallback = "deny",
	  .help = "what when neither provider nor relay can be reached: deny, or console-password: "
		  "on the physical console the password kept by jauth counts instead" },
	{ .name = "offline_for", .kind = CONF_DURATION,
	  .offset = offsetof(struct method, offline_for_s),
	  .min = 0, .max = OFFLINE_FOR_MAX_S, .fallback = "1d",
	  .help = "so long after the user's last login by this method; 0: never" },
	{ NULL }
};

void config_check_offline(struct config_loader *loader, const struct conf_section *section,
			  const struct method *method)
{
	static const char *const keys[] = { "offline", "offline_for" };
	bool is_foreign = !(method->features & PROVIDER_LOCAL_USER);

	for (size_t i = 0; !is_foreign && i < N_ELEMENTS(keys); i++)
		if (conf_find(section, keys[i]))
			config_mistake(loader, section, keys[i], "%s has no meaning with type %s, "
				       "which asks no provider who somebody is; drop it", keys[i],
				       method->provider->type);
	if (is_foreign && method->offline == OFFLINE_DENY && conf_find(section, "offline_for"))
		config_mistake(loader, section, "offline_for", "offline_for speaks of offline = "
			       "console-password; add that or drop offline_for");
}

void config_check_kept_passwords(struct config_loader *loader)
{
	const struct config *config = loader->config;

	for (unsigned i = 0; i < config->n_methods; i++)
		if (config->methods[i]->features & PROVIDER_KEEPS_PASSWORD)
			return;
	for (unsigned i = 0; i < config->n_methods; i++) {
		const struct method *method = config->methods[i];

		if (method->offline != OFFLINE_CONSOLE_PASSWORD ||
		    (method->features & PROVIDER_LOCAL_USER))
			continue;
		conf_mistake(loader->report, method->file, method->line,
			     "offline = console-password of \"%s\" asks for a password kept by "
			     "jauth, and no method keeps one; add jauth to sources of "
			     "[method password], or drop offline", method->id);
	}
}
