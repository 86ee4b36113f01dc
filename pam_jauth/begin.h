/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bus part of a login: org.jauth1.Login.Begin, from connecting to the descriptor. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/login-protocol.h"

/* What the client knows (login-protocol.h, FACT_…). NULL and 0: unknown, not sent. */
struct login_facts {
	enum login_phase phase;
	const char *service;         /* required */
	const char *user;            /* required */
	const char *rhost;
	const char *tty;
	enum login_surface surface;
	uint32_t rows;
	uint32_t columns;
	uint32_t glyphs;
	const char *language;
	const char *ssh_auth_info;
	uint32_t caller_uid;         /* always sent */
	const char *request;
	uint32_t timeout_s;
	const char *method;
	const char *start;
};

#define LOGIN_REASON_MAX 160

/* LOGIN_WAIT: *ret_fd is the login's socket, close-on-exec, the caller closes it. Otherwise the
 * outcome, with its reason for the log. The bus connection is closed in either case. Blocks until
 * the deadline at most. */
enum login_state login_begin(const char *bus_address, const struct login_facts *facts,
			     int64_t deadline_ms, int *ret_fd, char ret_reason[LOGIN_REASON_MAX]);

/* The session phases: tells jauthd, who is not started for it. 0 when it has kept that, else -errno
 * with the reason; -EAGAIN: it was not there, and may be in a moment. */
int login_report(const char *bus_address, const struct login_facts *facts, int64_t deadline_ms,
		 char ret_reason[LOGIN_REASON_MAX]);
