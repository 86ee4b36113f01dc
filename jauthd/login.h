/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One person logging in: from the facts of Begin to one outcome.
 *
 * The core of it is a state machine (table in login.c). It takes events from logins.c (the user
 * was looked up, an answer came, the client left, time passed) and lets one provider after the
 * other prove who the person is. login-provider.c is the side that providers see (provider.h),
 * login-screen.c makes what the person reads, login-verdict.c asks the store, where login-decide.c
 * decides and records.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/end-session.h"
#include "base/login-protocol.h"
#include "jauthd/config.h"
#include "jauthd/names.h"

struct login;
struct logins;

#define REQUEST_ID_LEN 16
#define ENROL_SERVICE  "jauth-enrol"     /* its ways come before a user's own enrolment */
#define LINK_SERVICE   "jauth-link"      /* and those before he links an identity to himself */

/* What the client says, checked for form and bounds; who the caller is was decided by the bus. */
struct login_facts {
	enum login_phase phase;
	enum login_surface surface;
	unsigned glyphs, rows, columns;
	char service[64];
	char user[USER_NAME_MAX + 1];
	char source[64];                 /* address of a remote client, else tty or "uid N" */
	char language[32];
	char method[METHOD_ID_MAX + 1];  /* "": any that policy allows */
	char request[REQUEST_ID_LEN + 1];/* account phase: the login before; "" when none */
	char start[END_SESSION_START_MAX + 1];   /* session phases: see end-session.h */
	bool has_address;                /* source is an address: the login is remote */
	bool ssh_key_accepted;
	uint32_t caller_uid;             /* who runs the program that asks */
	uint32_t timeout_s;              /* 0: not said */
};
