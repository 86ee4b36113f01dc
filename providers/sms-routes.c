/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which vendors a number's messages go through, and which numbers get none; see sms.h. */
#include <string.h>

#include "base/text.h"
#include "providers/sms.h"

/* --- the key `vendors` --- */

struct binding {
	struct sms_config *config;
	const struct sms_gateway *const *gateways;
	struct conf_report *report;
	const struct conf_entry *entry;
};

static void mistake(const struct binding *binding, const char *word, const char *text)
{
	conf_mistake(binding->report, binding->entry->file, binding->entry->line,
		     "\"vendors\": \"%s\" %s", word, text);
}

static void unknown_gateway(const struct binding *binding, const char *id)
{
	struct buf text = BUF_INIT(1024);

	buf_add_text(&text, "is not among the [sms ID] sections");
	for (size_t i = 0; binding->gateways[i]; i++)
		buf_add_format(&text, "%s %s", i ? "," : ":", binding->gateways[i]->id);
	mistake(binding, id, buf_text(&text));
	buf_done(&text);
}

static bool has_gateway(const struct sms_route *route, const struct sms_gateway *gateway)
{
	for (size_t i = 0; i < route->n_gateways; i++)
		if (route->gateways[i] == gateway)
			return true;
	return false;
}

static void add_gateway(const struct binding *binding, struct sms_route *route, const char *id)
{
	const struct sms_gateway *const *gateway = binding->gateways;

	while (*gateway && !text_equals((*gateway)->id, id))
		gateway++;
	if (!*gateway)
		unknown_gateway(binding, id);
	else if (has_gateway(route, *gateway))
		mistake(binding, id, "stands in one route twice");
	else if (route->n_gateways == SMS_ROUTE_GATEWAYS_MAX)
		mistake(binding, id, "is one vendor too many for one route");
	else
		route->gateways[route->n_gateways++] = *gateway;
}

static void add_word(const struct binding *binding, struct sms_route *route, const char *word,
		     bool is_first)
{
	if (!is_first || word[0] != '+')
		add_gateway(binding, route, word);
	else if (!phone_is_prefix(word))
		mistake(binding, word, "is not a calling code");
	else
		(void)text_into(route->prefix, sizeof(route->prefix), word);
}

/* "+86 aliyun twilio": an optional prefix, then gateways. */
static void read_route(const struct binding *binding, const char *part, struct sms_route *route)
{
	const char *at = part + strspn(part, " ");

	for (bool is_first = true; *at; is_first = false) {
		size_t len = strcspn(at, " ");
		_cleanup_free_ char *word = text_format("%.*s", (int)len, at);

		add_word(binding, route, word, is_first);
		at += len;
		at += strspn(at, " ");
	}
	if (route->n_gateways == 0)
		mistake(binding, part, "names no vendor");
}

static bool has_prefix(const struct sms_config *config, const char *prefix)
{
	for (size_t i = 0; i < config->n_routes; i++)
		if (text_equals(config->routes[i].prefix, prefix))
			return true;
	return false;
}

void sms_routes_bind(struct sms_config *config, const struct sms_gateway *const *gateways,
		     const struct conf_section *section, struct conf_report *report)
{
	const struct binding binding = {
		config, gateways, report, conf_find(section, "vendors"),
	};

	if (!binding.entry)              /* a mistake already, as the key is required */
		return;
	for (char *const *part = config->vendors; part && *part; part++) {
		struct sms_route route = { .n_gateways = 0 };

		if (config->n_routes == SMS_ROUTES_MAX)
			break;
		read_route(&binding, *part, &route);
		if (has_prefix(config, route.prefix))
			mistake(&binding, *part, "is a second route for the same numbers");
		config->routes[config->n_routes++] = route;
	}
}

/* --- numbers --- */

const struct sms_route *sms_route_find(const struct sms_config *config, const char *number)
{
	const struct sms_route *best = NULL;

	for (size_t i = 0; i < config->n_routes; i++) {
		const struct sms_route *route = &config->routes[i];

		if (*route->prefix && !phone_prefix_match(number, route->prefix))
			continue;
		if (!best || strlen(route->prefix) > strlen(best->prefix))
			best = route;
	}
	return best;
}

int64_t sms_route_cost(const struct sms_route *route)
{
	int64_t cost = 0;

	for (size_t i = 0; i < route->n_gateways; i++)
		cost = MAX(cost, route->gateways[i]->cost);
	return cost;
}

static bool is_allowed_code(const struct sms_config *config, const char *number)
{
	char *const *code = config->calling_codes;

	if (!code || !*code)
		return true;
	for (; *code; code++)
		if (phone_prefix_match(number, *code))
			return true;
	return false;
}

enum sms_fault sms_number_fault(const struct sms_config *config, const char *number)
{
	if (phone_is_blocked(number))
		return SMS_FAULT_BLOCKED;
	if (!is_allowed_code(config, number))
		return SMS_FAULT_CODE;
	return sms_route_find(config, number) ? SMS_FAULT_NONE : SMS_FAULT_ROUTE;
}

bool sms_number_read(struct login *login, const struct secret *typed,
		     char ret_number[PHONE_SIZE])
{
	static const char *const texts[] = {
		[SMS_FAULT_NONE] = NULL,
		[SMS_FAULT_BLOCKED] =
			N_("Messages to satellite and service numbers are never sent."),
		[SMS_FAULT_CODE] = N_("Messages to this calling code are not allowed."),
		[SMS_FAULT_ROUTE] = N_("No vendor is set up for this calling code."),
	};
	const struct phone_country *country = login_country(login);
	char number[PHONE_SIZE];
	const char *text;

	/* A NUL in what was typed would hide the rest of it. */
	if (strlen(typed->data) != typed->len ||
	    phone_normalise(typed->data, country, number) < 0)
		text = country ?
			N_("Not a mobile number of this country, nor + and a calling code.") :
			N_("A number begins with + and a calling code: +86 139 0000 1234");
	else
		text = texts[sms_number_fault(login_config(login), number)];
	if (text) {
		login_show_error(login, login_text(login, text));
		return false;
	}
	memcpy(ret_number, number, sizeof(number));
	return true;
}
