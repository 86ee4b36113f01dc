/* SPDX-License-Identifier: GPL-3.0-or-later */
/* [sms ID] sections: which vendor, its keys and the common ones. */
#include "base/text.h"
#include "jauthd/config-parts.h"

/* What `type` is read into: a gateway keeps its vendor, not the word. */
struct gateway_type {
	char *type;
};

const struct conf_key config_gateway_type_keys[] = {
	{ .name = "type", .kind = CONF_TEXT, .offset = offsetof(struct gateway_type, type),
	  .min = 1, .max = SMS_ID_MAX,
	  .help = "the vendor; without it the ID, when that is a vendor" },
	{ NULL }
};

const struct conf_key config_gateway_keys[] = {
	{ .name = "cost", .kind = CONF_NUMBER, .offset = offsetof(struct sms_gateway, cost),
	  .min = 0, .max = GATEWAY_COST_MAX, .fallback = "0",
	  .help = "of one message, in any unit, for sms_cost_per_day of [limits]" },
	{ NULL }
};

static const struct sms_vendor *find_vendor(struct config_loader *loader,
					    const struct conf_section *section, const char *id)
{
	const char *type = config_type_word(section, id);
	const struct sms_vendor *vendor = sms_vendor_find(type);
	_cleanup_list_ char **types = NULL;
	size_t i;

	if (vendor)
		return vendor;
	for (i = 0; sms_vendors[i]; i++)
		if (list_add(&types, sms_vendors[i]->type) < 0)
			abort();
	config_unknown_type(loader, section, type, types);
	return NULL;
}

/* Checked further only when every row is right: where a secret's file cannot be read, the vendor
 * would say that there is no secret. */
static void fill_gateway(struct config_loader *loader, const struct conf_section *section,
			 struct sms_gateway *gateway)
{
	const size_t n_mistakes = loader->report->n_mistakes;
	struct gateway_type type = { NULL };
	const struct conf_table tables[] = {
		{ config_gateway_type_keys, &type },
		{ config_gateway_keys, gateway },
		{ gateway->vendor->keys, gateway->config },
	};

	conf_apply(section, tables, gateway->vendor->keys ? 3 : 2, loader->report);
	conf_release(config_gateway_type_keys, &type);
	if (gateway->vendor->check && loader->report->n_mistakes == n_mistakes)
		gateway->vendor->check(gateway->config, section, loader->report);
}

static bool has_room(struct config_loader *loader, const struct conf_section *section)
{
	if (loader->config->n_gateways < GATEWAYS_MAX)
		return true;
	config_mistake(loader, section, NULL, "one [sms ID] section too many; there may be %d",
		       GATEWAYS_MAX);
	return false;
}

void config_add_gateway(struct config_loader *loader, const struct conf_section *section,
			const char *id)
{
	struct config *config = loader->config;
	const struct sms_vendor *vendor = NULL;
	struct sms_gateway *gateway;

	if (config_id_is_right(loader, section, id, "an SMS gateway") && has_room(loader, section))
		vendor = find_vendor(loader, section, id);
	if (!vendor) {
		loader->lacks_gateways = true;
		return;
	}
	gateway = config_allocate(1, sizeof(*gateway));
	gateway->vendor = vendor;
	gateway->config = config_allocate(1, vendor->config_size);
	(void)text_into(gateway->id, sizeof(gateway->id), id);   /* its ID is right */
	config->gateways[config->n_gateways++] = gateway;
	fill_gateway(loader, section, gateway);
}

struct sms_gateway *config_free_gateway(struct sms_gateway *gateway)
{
	if (gateway->vendor->keys)
		conf_release(gateway->vendor->keys, gateway->config);
	free(gateway->config);
	free(gateway);
	return NULL;
}
