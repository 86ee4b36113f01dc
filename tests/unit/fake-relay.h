/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link fake-relay.c and it takes relay.c's place: a relay without a network, whose links the test
 * looks at and whose events it makes. */
#pragma once

#include "jauthd/relay.h"

#define FAKE_RELAY_LINKS 64
#define FAKE_RELAY_TOLD  8
#define FAKE_RELAY_PUSHES 64

struct fake_link {
	uint64_t number, owner;
	char id[RELAY_ID_LEN + 1];
	bool is_closed;
	/* opened with */
	char user[64], service[64], source[64];
	int64_t seconds;
	bool digits;
	char listen[RELAY_LISTEN_MAX + 1];
	char methods[RELAY_TARGETS_MAX][RELAY_METHOD_MAX + 1], titles[RELAY_TARGETS_MAX][64];
	enum relay_app apps[RELAY_TARGETS_MAX];
	bool has_no_state[RELAY_TARGETS_MAX];
	unsigned n_targets;
	/* sent to */
	char method[RELAY_METHOD_MAX + 1], state[RELAY_STATE_MAX + 1];
	char url[RELAY_TARGET_URL_MAX + 1];
	unsigned n_sent;
	/* told */
	enum relay_result told[FAKE_RELAY_TOLD];
	char digits_told[RELAY_DIGITS + 1];
	unsigned n_told;
};

struct fake_push {
	char id[RELAY_ID_LEN + 1];
	bool is_somebodys;       /* what the handler said */
	unsigned n_answers, status;
	char body[1024];
};

struct fake_relay {
	struct fake_link links[FAKE_RELAY_LINKS];
	unsigned n_links, n_closed, n_configured;
	bool is_full;            /* opens no link */
	struct fake_push pushes[FAKE_RELAY_PUSHES];
	unsigned n_pushes;
};

/* The one of the process. */
struct fake_relay *fake_relay_now(void);
struct fake_link *fake_relay_last(void);                 /* the link opened last */

/* What a relay would say, from the loop. */
void fake_relay_opened(const struct fake_link *link);
void fake_relay_failed(const struct fake_link *link, enum relay_failure failure);
void fake_relay_pressed(const struct fake_link *link, const char *method);
void fake_relay_callback(const struct fake_link *link, const char *query);
void fake_relay_refused(const struct fake_link *link);
/* By POST; a GET brings its body as a query. */
struct fake_push *fake_relay_pushed(const char *app, const char *method, const char *body);
