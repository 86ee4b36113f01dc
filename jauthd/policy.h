/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which ways in this login has. Pure functions over configuration and facts; no I/O.
 */
#pragma once

#include "base/buf.h"
#include "jauthd/config.h"
#include "jauthd/names.h"

struct policy_facts {
	const char *service;
	const struct unix_user *user;
	bool is_remote;                  /* unknown is remote */
	const char *source;              /* address as text, or "" */
	bool ssh_key_accepted;
};

enum policy_scope {
	POLICY_OUTSIDE,                  /* no section holds: ignored */
	POLICY_INSIDE,                   /* a section holds; it may have no alternatives */
};

/* The rule that holds, or NULL with POLICY_OUTSIDE. */
enum policy_scope policy_find(const struct config *config, const struct policy_facts *facts,
			      const struct service_rule **ret_rule);
/* In break_glass_group: outside, whatever the sections say. */
bool policy_is_exempt(const struct config *config, const struct unix_user *user);
/* One line per section of the service: what holds or why not; for jauthctl explain. */
void policy_explain(const struct config *config, const struct policy_facts *facts,
		    struct buf *buf);
/* "password + work" */
void policy_alternative_text(const struct alternative *alternative, struct buf *buf);
bool policy_method_allowed(const struct service_rule *rule, const char *method_id);
/* True when "publickey …" stands first on some line of SSH_AUTH_INFO_0. */
bool policy_ssh_key_accepted(const char *ssh_auth_info);
