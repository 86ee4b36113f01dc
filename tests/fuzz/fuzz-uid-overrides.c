/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Uids that were settled by hand: no number outside what jauth gives out, and a row that is set is
 * found afterwards, once, in a text that reads as well as before. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/uid-overrides.h"

#define ISSUER  "wecom:ww1"
#define SUBJECT "zhang san"
#define UID     199999u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_report before = { 0 }, after = { 0 };
	struct buf text = BUF_INIT(UID_OVERRIDES_BYTES_MAX);
	const char *input = (const char *)data;
	struct uid_overrides *first = uid_overrides_parse(input, size, "before", &before), *second;
	uint32_t uid = 0;

	if (uid_overrides_find(first, ISSUER, SUBJECT, &uid) && !uid_is_ours(uid))
		abort();
	if (uid_overrides_count(first) > UID_OVERRIDES_MAX)
		abort();
	if (uid_overrides_set(input, size, ISSUER, SUBJECT, UID, &text) < 0)
		abort();
	second = uid_overrides_parse(buf_text(&text), text.len, "after", &after);
	if (before.n_mistakes == 0 && uid_overrides_count(first) < UID_OVERRIDES_MAX &&
	    (!uid_overrides_find(second, ISSUER, SUBJECT, &uid) || uid != UID))
		abort();
	if (uid_overrides_count(second) > uid_overrides_count(first) + 1)
		abort();
	uid_overrides_free(first);
	uid_overrides_free(second);
	conf_report_done(&before);
	conf_report_done(&after);
	buf_done(&text);
	return 0;
}
