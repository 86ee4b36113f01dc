/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "jauth-relay/limits.h"
#include "jauth-relay/listen.h"

/* A number of limits.h as a key's fallback. */
#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

#define DINGTALK_SCRIPT \
	"https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js"

#define FIELD(field) .offset = offsetof(struct config, field)

const struct conf_key config_relay_keys[] = {
	{ .name = "url", .kind = CONF_URL, FIELD(url), .flags = CONF_REQUIRED,
	  .help = "address of this relay as phones see it, without a path: "
		  "https://sso.example.org" },
	{ .name = "listen", .kind = CONF_LIST, FIELD(listen), .min = 1, .max = LISTEN_MAX,
	  .fallback = "127.0.0.1:8480",
	  .help = "where the proxy with the certificate finds us: ADDRESS:PORT, "
		  "[ADDRESS]:PORT or /PATH; systemd's sockets go before" },
	{ .name = "files", .kind = CONF_TEXT, FIELD(files), .min = 1, .max = 4095,
	  .help = "folder of the files NAME.txt by which vendors check who owns the address" },
	{ .name = "language", .kind = CONF_TEXT, FIELD(language), .min = 2, .max = 32,
	  .fallback = "en",
	  .help = "language of pages when the phone names none of ours: en, zh_CN" },
	{ .name = "dingtalk_script", .kind = CONF_URL, FIELD(dingtalk_script),
	  .fallback = DINGTALK_SCRIPT,
	  .help = "DingTalk's own script, which the page in its app loads; an address of yours "
		  "when you serve a copy" },
	{ .name = "links_max", .kind = CONF_NUMBER, FIELD(links_max), .min = 1, .max = 1000000,
	  .fallback = TEXT_OF(LINKS_MAX), .help = "logins that wait at once, all hosts together" },
	{ .name = "links_per_host", .kind = CONF_NUMBER, FIELD(links_per_host), .min = 1,
	  .max = 1000000, .fallback = TEXT_OF(LINKS_PER_HOST),
	  .help = "logins of one host that wait at once" },
	{ .name = "unknown_per_minute", .kind = CONF_NUMBER, FIELD(unknown_per_minute), .min = 1,
	  .max = 1000000, .fallback = TEXT_OF(UNKNOWN_PER_MINUTE),
	  .help = "codes that are not valid, from one address in a minute" },
	{ .name = "pushes_per_minute", .kind = CONF_NUMBER, FIELD(pushes_per_minute), .min = 1,
	  .max = 1000000, .fallback = TEXT_OF(PUSHES_PER_MINUTE),
	  .help = "messages of a vendor that hosts are told of, from one address in a minute" },
	{ NULL }
};

const struct conf_key config_redis_keys[] = {
	{ .name = "address", .kind = CONF_TEXT, FIELD(redis), .min = 1, .max = 255,
	  .help = "a Redis that several relays share: HOST:PORT or /PATH of its socket" },
	{ .name = "user", .kind = CONF_TEXT, FIELD(redis_user), .min = 1, .max = 255,
	  .help = "who we are there" },
	{ .name = "password", .kind = CONF_SECRET, FIELD(redis_password), .min = 1, .max = 1024,
	  .help = "password there" },
	{ .name = "prefix", .kind = CONF_TEXT, FIELD(redis_prefix), .min = 1, .max = 64,
	  .fallback = "jauth:", .help = "what the names of all its keys begin with" },
	{ NULL }
};

static const struct {
	const char *name;
	const struct conf_key *keys;
} sections[] = {
	{ "relay", config_relay_keys },
	{ "redis", config_redis_keys },
};

static const struct conf_section *find_section(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_sections; i++)
		if (text_equals(conf->sections[i].name, name))
			return &conf->sections[i];
	return NULL;
}

static void refuse_unknown(const struct conf *conf, struct conf_report *report)
{
	for (size_t i = 0; i < conf->n_sections; i++) {
		const struct conf_section *section = &conf->sections[i];
		bool is_known = false;

		for (size_t k = 0; k < N_ELEMENTS(sections); k++)
			is_known |= text_equals(section->name, sections[k].name);
		if (!is_known)
			conf_mistake(report, section->file, section->line, "unknown section [%s]; "
				     "sections are [relay] and [redis]", section->name);
	}
}

/* What rows cannot say. */
static void check_relay(const struct config *config, const struct conf_section *section,
			struct conf_report *report)
{
	struct listen_address address;
	struct url url;

	if (config->url && url_parse(config->url, URL_MAX, &url) == 0 && url.path[0] &&
	    strcmp(url.path, "/") != 0)
		conf_mistake_key(report, section, "url",
				 "has a path; the relay needs an address of its own, as "
				 "https://sso.example.org");
	/* It stands in a policy, which has no more than host and path, and signs of its own. */
	if (config->dingtalk_script && strpbrk(config->dingtalk_script, ";,?'"))
		conf_mistake_key(report, section, "dingtalk_script",
				 "must be an address without ';', ',', \"'\" and '?'");
	if (config->files && config->files[0] != '/')
		conf_mistake_key(report, section, "files", "must begin with '/'");
	for (char **one = config->listen; one && *one; one++)
		if (listen_parse(*one, &address) < 0)
			conf_mistake_key(report, section, "listen",
					 "is neither ADDRESS:PORT nor [ADDRESS]:PORT nor /PATH");
}

static void check_redis(const struct config *config, const struct conf_section *section,
			struct conf_report *report)
{
	if (!config->redis && (config->redis_user || config->redis_password))
		conf_mistake_key(report, section, "address", "is missing");
	if (config->redis_user && !config->redis_password)
		conf_mistake_key(report, section, "user", "needs password_file");
}

int config_make(const struct conf *conf, const char *path, struct config **ret_config,
		struct conf_report *report)
{
	struct conf_section absent = { .file = (char *)path };
	const struct conf_section *found[N_ELEMENTS(sections)];
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return -ENOMEM;
	refuse_unknown(conf, report);
	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		const struct conf_table table = { sections[i].keys, config };

		found[i] = find_section(conf, sections[i].name);
		if (!found[i])
			found[i] = &absent;
		conf_apply(found[i], &table, 1, report);
	}
	check_relay(config, found[0], report);
	check_redis(config, found[1], report);
	if (report->n_mistakes) {
		config_free(config);
		return -EINVAL;
	}
	*ret_config = config;
	return 0;
}

int config_load(const char *path, struct config **ret_config, struct conf_report *report)
{
	struct conf conf = { 0 };
	int r = conf_read(path, &conf, report);

	if (r == 0)
		r = config_make(&conf, path, ret_config, report);
	conf_done(&conf);
	return r;
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	for (size_t i = 0; i < N_ELEMENTS(sections); i++)
		conf_release(sections[i].keys, config);
	free(config);
	return NULL;
}
