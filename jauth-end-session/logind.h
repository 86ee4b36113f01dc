/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of logind: a table, so that tests can be it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct logind_session {
	uint32_t uid, leader;
	bool is_closing;                 /* told to end, or left by its leader */
};

/* 0; -ENOENT: no such session; -ENOTCONN: there is no logind; else -errno. */
struct logind {
	int (*find)(const char *session, struct logind_session *ret_session);
	int (*terminate)(const char *session);   /* does nothing to one that is closing */
	int (*kill_all)(const char *session);
	int (*set_linger)(uint32_t uid, bool is_on);
};

/* The one on the system bus. */
extern const struct logind system_logind;
