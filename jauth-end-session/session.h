/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Obeys one order: is what it names there, is it his, end it. */
#pragma once

#include "base/end-session.h"
#include "jauth-end-session/logind.h"

struct helper {
	const char *proc;                /* "/proc"; another folder in tests */
	const char *linger;              /* "/var/lib/systemd/linger" */
	const char *passwd;              /* "/etc/passwd" */
	const struct logind *logind;
	/* The signal to the process with this id that began at that moment, and to no other one. */
	int (*signal)(const struct helper *helper, uint32_t pid, uint64_t ticks, int signal);
	void (*pause)(unsigned ms);
};

struct answer {
	enum end_answer what;
	const char *why;                 /* of SAYS_REFUSED and SAYS_FAILED: a literal; else NULL */
};

struct answer session_obey(const struct helper *helper, const struct end_order *order);
struct answer linger_obey(const struct helper *helper, const struct end_order *order);
