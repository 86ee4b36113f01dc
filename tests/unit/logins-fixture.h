/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole logins in one process: the real core, store and channel, a provider that does what the
 * test says, and a client that reads steps. The Unix user is the machine's own "nobody".
 */
#pragma once

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/login-protocol.h"
#include "jauthd/audit.h"
#include "jauthd/logins.h"
#include "providers/provider.h"

#define TEST_USER   "nobody"
#define TEST_ISSUER "https://op.example.org"

/* What the scripted provider does at start. */
enum script_act {
	SCRIPT_NOTHING,          /* waits for script_…() of the test */
	SCRIPT_IDENTIFY,
	SCRIPT_DENY,
	SCRIPT_FAIL,
	SCRIPT_PROMPT,           /* identifies when the answer is "right", else denies */
	SCRIPT_CODE,             /* shows a code and waits */
	SCRIPT_TWICE,            /* identifies, then denies, then prompts: only the first counts */
	SCRIPT_REQUEST,          /* fails with the reply's result */
	SCRIPT_KEYS,             /* as SCRIPT_PROMPT, and the core understands q and c */
	SCRIPT_FIND,             /* asks for the user's numbers and waits */
	SCRIPT_DONE,             /* says login_done() */
	SCRIPT_REDIRECT,         /* sends the telephone to script.url */
	SCRIPT_REDIRECT_TWICE,
	SCRIPT_LISTEN,           /* listens to script.app, and shows a code */
	SCRIPT_LISTEN_PROMPT,    /* the same, with a prompt of its own */
	SCRIPT_LISTEN_TWICE,
};

/* What came of a question to the store, the last one of each kind. */
struct script_told {
	unsigned n_found, n_counted, n_judged, n_stored;
	struct {
		int64_t id;
		char number[17], label[40];
	} phones[8];
	size_t n_phones;
	enum send_verdict verdict;
	enum code_result result;
	int64_t wait_s;
	int error;
};

struct script {
	enum script_act act;
	enum script_act errand;  /* instead of `act` in change, enrol and test, where a right answer
				  * is "done" */
	enum script_act callback, deliver;       /* in these operations */
	const char *url;
	const char *app;
	/* A push with the body "scene N", of the Nth start, is taken; then comes this, and, where
	 * there is one, this answer. */
	enum script_act pushed;
	const char *answer;
	bool answers;            /* the delivery is the answer to its push */
	const char *const *ssh_keys;     /* said in the operation, before `deliver` comes */
	struct identity identity;
	enum deny_reason deny;
	enum fail_reason fail;
	/* seen */
	unsigned n_starts, n_answers, n_replies, n_timeouts, n_finished;
	unsigned n_changes, n_enrols, n_tests, n_callbacks, n_deliveries;
	/* of login_link() */
	char state[40], redirect_uri[64], link_id[40], link_page[64], link_method[40];
	char code[40];                   /* in the callback */
	unsigned n_pushes;               /* asked whose it is */
	char delivery_push[64];          /* the body of the delivery's push; "": there is none */
	char subject[64], text[512];     /* of the delivery, or of who has SSH keys */
	struct script_told told;
	bool is_errand;
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
	sem_t held;              /* world_hold() */
	struct job hold;
};

/* The one script of the process; the provider has no other way to reach it. */
extern struct script *script_now;

/* The methods are "far" (contacts somebody), "near" (knows the user, changes passwords) and "text",
 * which contacts somebody after a question of its own and can be enrolled and tested. By the relay
 * go "app", which delivers messages, "site", which any browser opens, "silent", "page", which a
 * computer opens, and "program", whose callbacks have no state. "push" listens to pushes: "scene N"
 * is of the Nth start, "forged" is forged, and a GET is answered with its query. */
struct world *world_new(const char *config_text);
struct world *world_free(struct world *world);
/* For cmocka: a world, and a script whose provider says that it is this subject; and their end. */
int world_set_up(void **state, const char *config_text, const char *issuer, const char *subject);
int world_tear_down(void **state);
/* Facts of a login over ssh by TEST_USER; change and begin. */
struct login_facts world_facts(void);
int world_begin(struct world *world, const struct login_facts *facts);
/* Runs the loop until a step comes; false when the socket ends first. */
bool world_step(struct world *world);
/* Runs the loop until nothing is to be done, threads included. */
void world_settle(struct world *world);
/* Runs the loop until something has been seen so often. */
void world_wait(struct world *world, const unsigned *count, unsigned value);
bool world_is_quiet(struct world *world);        /* settled, and no step is waiting */
void world_answer(struct world *world, const char *text);
void world_cancel(struct world *world);
void world_leave(struct world *world);
const char *world_text(const struct world *world);       /* of the last item with text */
void world_link(struct world *world, const char *issuer, const char *subject);
void world_unlink_all(struct world *world);
/* The newest audit row. */
struct audit_row world_audit(struct world *world);
/* The store does nothing between these two; the loop goes on. */
void world_hold(struct world *world);
void world_release(struct world *world);
/* Any statement of the test's own, on the store's thread. */
void world_change(struct world *world, int (*change)(struct db *db));
