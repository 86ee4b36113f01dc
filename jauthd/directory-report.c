/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory-report.h. */
#include "jauthd/directory-report.h"

#include <assert.h>
#include <stdlib.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/limits.h"

void directory_report_add(struct directory_report *report, enum directory_change change,
			  const char *subject, const char *user, const char *text)
{
	report->n_changes[change]++;
	if (report->n_rows >= DIRECTORY_REPORT_ROWS)
		return;
	if (report->n_rows == report->size) {
		report->size = MAX(report->size * 2, (size_t)64);
		report->rows = reallocarray(report->rows, report->size, sizeof(*report->rows));
		if (!report->rows)
			abort();
	}
	report->rows[report->n_rows++] = (struct directory_change_row){
		change, text_copy(subject), text_copy(user), text_copy(text),
	};
}

const char *directory_change_word(enum directory_change change)
{
	static const char *const words[] = {
		[CHANGE_ADD] = "add", [CHANGE_RENAME] = "rename", [CHANGE_MOVE] = "move",
		[CHANGE_NUMBER] = "number", [CHANGE_LOCK] = "lock", [CHANGE_UNLOCK] = "unlock",
		[CHANGE_REFUSE] = "refuse",
	};

	static_assert(N_ELEMENTS(words) == CHANGE_N_, "every change has a word");
	return words[change];
}

void directory_report_text(const struct directory_report *report, struct buf *buf)
{
	static const char *const words[] = {
		[CHANGE_ADD] = "added", [CHANGE_RENAME] = "renamed", [CHANGE_MOVE] = "moved",
		[CHANGE_NUMBER] = "with another number", [CHANGE_LOCK] = "locked",
		[CHANGE_UNLOCK] = "unlocked", [CHANGE_REFUSE] = "refused",
	};
	const size_t begin = buf->len;

	for (size_t i = 0; i < CHANGE_N_; i++)
		if (report->n_changes[i])
			buf_add_format(buf, "%s%lld %s", buf->len > begin ? ", " : "",
				       (long long)report->n_changes[i], words[i]);
	if (buf->len == begin)
		buf_add_text(buf, "no changes");
}

bool directory_report_has_changes(const struct directory_report *report)
{
	for (size_t i = 0; i < CHANGE_N_; i++)
		if (report->n_changes[i])
			return true;
	return false;
}

void directory_report_done(struct directory_report *report)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		free(report->rows[i].subject);
		free(report->rows[i].user);
		free(report->rows[i].text);
	}
	free(report->rows);
	*report = (struct directory_report){ 0 };
}
