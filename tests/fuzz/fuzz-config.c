/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration is refused with mistakes, or taken and then right: what policy and mapping
 * rely on. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "jauthd/config.h"
#include "jauthd/mapping.h"
#include "jauthd/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_method(const struct method *method)
{
	assert(method->id[0] && method->provider && method->config && method->shared);
	assert(!method->map || !mapping_template_mistake(method->map));
	assert(!method->privileged || method->map);
}

static void assert_rule(const struct config *config, const struct service_rule *rule)
{
	const struct unix_user user = { .name = "jane", .exists = true, .uid = 1001 };
	const struct policy_facts facts = {
		.service = rule->service, .user = &user, .is_remote = true, .source = "192.0.2.7",
	};
	struct buf text = BUF_INIT(1024 * 1024);
	const struct service_rule *found;
	unsigned i;

	assert(rule->n_alternatives <= ALTERNATIVES_MAX);
	for (i = 0; i < rule->n_alternatives; i++) {
		const struct alternative *alternative = &rule->alternatives[i];

		assert(alternative->n_factors >= 1 && alternative->n_factors <= FACTORS_MAX);
		assert(policy_method_allowed(rule, alternative->factors[0]->id));
	}
	if (policy_find(config, &facts, &found) == POLICY_INSIDE)
		assert(strcmp(found->service, rule->service) == 0 && found->origin != ORIGIN_LOCAL);
	policy_explain(config, &facts, &text);
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_report report = { NULL };
	struct config *config = NULL;
	unsigned i;
	int r;

	r = config_load_text((const char *)data, size, &config, &report);
	assert((r == 0) == (config != NULL) && (r == 0) == (report.n_mistakes == 0));
	for (i = 0; config && i < config->n_methods; i++)
		assert_method(config->methods[i]);
	for (i = 0; config && i < config->n_services; i++)
		assert_rule(config, &config->services[i]);
	config_unref(config);
	conf_report_done(&report);
	return 0;
}
