/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found when something is looked at, and what to do about it. */
#pragma once

#include "base/macro.h"

/* The worse, the higher. */
enum verdict {
	VERDICT_OK,
	VERDICT_SKIPPED,         /* could not be looked at, or there is nothing to look at */
	VERDICT_WARNING,         /* works, but something will surprise somebody */
	VERDICT_BROKEN,          /* people cannot log in, or who must not can */
};

/* Where findings go. `found` and `fix` are lent; `fix` is "" where nothing is to be done. */
struct findings {
	void (*tell)(struct findings *findings, enum verdict verdict, const char *found,
		     const char *fix);
};

void finding(struct findings *findings, enum verdict verdict, const char *fix, const char *format,
	     ...) PRINTF_LIKE(4, 5);
