/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole logins in one process: the real core, store and channel, a provider that does what the
 * test says, and a client that reads steps. The Unix user is the machine's own "nobody".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/login-protocol.h"
#include "jauthd/audit.h"
#include "jauthd/logins.h"
#include "providers/provider.h"

#define TEST_USER   "nobody"
#define TEST_ISSUER "https://op.example.org"

/* What the scripted provider does at start, in this order of precedence. */
enum script_act {
	SCRIPT_NOTHING,          /* waits for script_…() of the test */
	SCRIPT_IDENTIFY,
	SCRIPT_DENY,
	SCRIPT_FAIL,
	SCRIPT_PROMPT,           /* identifies when the answer is "right", else denies */
	SCRIPT_CODE,             /* shows a code and waits */
	SCRIPT_TWICE,            /* identifies, then denies, then prompts: only the first counts */
	SCRIPT_REQUEST,          /* fails with the reply's result */
};

struct script {
	enum script_act act;
	struct identity identity;
	enum deny_reason deny;
	enum fail_reason fail;
	/* seen */
	unsigned n_starts, n_answers, n_replies, n_timeouts, n_finished;
	struct login *login;     /* while it runs */
};

struct world {
	sd_event *event;
	struct workers *names, *hashes;
	struct store *store;
	struct codes *codes;
	struct config *config;
	struct logins *logins;
	char folder[64];
	int client;              /* of the login begun last */
	uint64_t id;
	struct login_step step;  /* read last; its texts live until the next */
};

/* The one script of the process; the provider has no other way to reach it. */
extern struct script *script_now;

struct world *world_new(const char *config_text);
struct world *world_free(struct world *world);
/* Facts of a login over ssh by TEST_USER; change and begin. */
struct login_facts world_facts(void);
int world_begin(struct world *world, const struct login_facts *facts);
/* Runs the loop until a step comes; false when the socket ends first. */
bool world_step(struct world *world);
/* Runs the loop until nothing is to be done, threads included. */
void world_settle(struct world *world);
bool world_is_quiet(struct world *world);        /* settled, and no step is waiting */
void world_answer(struct world *world, const char *text);
void world_cancel(struct world *world);
void world_leave(struct world *world);
const char *world_text(const struct world *world);       /* of the last item with text */
void world_link(struct world *world, const char *issuer, const char *subject);
void world_unlink_all(struct world *world);
/* The newest audit row. */
struct audit_row world_audit(struct world *world);
/* Any statement of the test's own, on the store's thread. */
void world_change(struct world *world, int (*change)(struct db *db));
