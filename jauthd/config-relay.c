/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of [relay], and what rows cannot say about them. */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "jauthd/config-parts.h"

const struct conf_key config_relay_keys[] = {
	{ .name = "url", .kind = CONF_URL, .offset = offsetof(struct config, relay_url),
	  .help = "the relay as telephones reach it, https://sso.example.org: in the QR code and "
		  "in what is registered at providers" },
	{ .name = "servers", .kind = CONF_LIST, .offset = offsetof(struct config, relay_servers),
	  .max = RELAY_SERVERS_MAX,
	  .help = "where this host asks, one after the other when one fails; without it the url" },
	{ .name = "key", .kind = CONF_SECRET, .offset = offsetof(struct config, relay_key),
	  .min = 16, .max = 128,
	  .help = "this host's key, as jauthctl relay enrol wrote it" },
	{ NULL }
};

/* Scheme, host and port: paths are the relay's own. */
static bool is_origin(const char *text)
{
	struct url url;

	return url_parse(text, URL_MAX, &url) == 0 && !*url.path;
}

/* Also one that cannot be read, about which its mistake was told. */
static bool says_key(const struct conf_section *section)
{
	return conf_find(section, "key_file") || conf_find(section, "key_credential");
}

void config_check_relay(struct config_loader *loader, const struct conf_section *section)
{
	const struct config *config = loader->config;
	char *const *server = config->relay_servers;

	if (!config->relay_url && !config->relay_servers && !says_key(section))
		return;
	if (!config->relay_url || !says_key(section)) {
		config_mistake(loader, section, NULL, "[relay] needs url and key_file; "
			       "jauthctl relay enrol writes both");
		return;
	}
	if (!is_origin(config->relay_url))
		config_mistake(loader, section, "url", "url = %s has more than a host; write "
			       "https://sso.example.org", config->relay_url);
	for (; server && *server; server++)
		if (!is_origin(*server))
			config_mistake(loader, section, "servers", "\"%s\" is no address of a "
				       "relay; write https://relay1.example.org", *server);
}
