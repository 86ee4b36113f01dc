/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found when something is looked at, and what to do about it. */
#pragma once

#include "base/catalog.h"
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
	const struct catalogs *catalogs; /* of the language that they are told in; NULL: English */
	const char *language;
	void (*tell)(struct findings *findings, enum verdict verdict, const char *found,
		     const char *fix);
};

/* In the language, where the catalog has the format and the fix. */
void finding(struct findings *findings, enum verdict verdict, const char *fix, const char *format,
	     ...) PRINTF_LIKE(4, 5);
/* A fix with values in it, and a text of ours that becomes part of a finding. The caller frees the
 * first, not the second. */
char *finding_fix(const struct findings *findings, const char *format, ...) PRINTF_LIKE(2, 3);
const char *finding_say(const struct findings *findings, const char *text)
	__attribute__((format_arg(2)));
