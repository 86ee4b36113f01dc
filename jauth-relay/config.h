/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration of jauth-relay: read whole, checked whole, never changed. */
#pragma once

#include <stdint.h>

#include "base/conf.h"
#include "base/secret.h"

struct config {
	/* [relay] */
	char *url;                       /* "https://sso.example.org": what telephones see */
	char **listen;                   /* see listen.h; when systemd gives no socket */
	char *files;                     /* folder of ownership files, or NULL */
	char *language;                  /* of pages when the telephone names none of ours */
	char *dingtalk_script;           /* the vendor's, for its page */
	int64_t links_max, links_per_host, unknown_per_minute, pushes_per_minute;
	/* [redis] */
	char *redis;                     /* NULL: links stay in memory */
	char *redis_user;
	struct secret *redis_password;
	char *redis_prefix;
};

extern const struct conf_key config_relay_keys[], config_redis_keys[];

/* 0; -EINVAL: mistakes, in the report; -errno when the file cannot be opened. */
int config_load(const char *path, struct config **ret_config, struct conf_report *report);
/* The same from sections that were read. */
int config_make(const struct conf *conf, const char *path, struct config **ret_config,
		struct conf_report *report);
struct config *config_free(struct config *config);       /* NULL is fine; returns NULL */
