/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words and the looks of the pages. Texts are English; the catalog has the others. */
#pragma once

#include "base/macro.h"
#include "base/relay-protocol.h"
#include "jauth-relay/page.h"

/* How a page looks: a colour above it, nothing more. */
enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD };

struct page_text {
	unsigned status;                 /* of HTTP */
	enum tone tone;
	const char *head, *text;
	const char *advice;              /* or NULL */
};

extern const struct page_text notice_texts[N_NOTICES];
extern const struct page_text result_texts[RELAY_N_RESULTS];
extern const char page_style[];
