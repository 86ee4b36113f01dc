/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of jauth-relay's hosts, and records as a shared store tells them: what is read is
 * written as it was read, but for the spelling of numbers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/hosts-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_list(const struct host_list *list, struct buf *buf)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct host_record *record = &list->records[i];

		if (!host_name_is_valid(record->name) ||
		    host_list_find(list, record->id) != record)
			abort();
		host_record_encode(record, buf);
		buf_add_char(buf, '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = BUF_INIT(1 << 22), second = BUF_INIT(1 << 22);
	struct host_list list, again;
	struct host_mistake mistake;

	if (size > 100000 || host_list_parse((const char *)data, size, &list, &mistake) < 0)
		return 0;
	write_list(&list, &first);
	if (host_list_parse(buf_text(&first), first.len, &again, &mistake) < 0)
		abort();
	write_list(&again, &second);
	if (!text_equals(buf_text(&first), buf_text(&second)))
		abort();
	host_list_done(&list);
	host_list_done(&again);
	buf_done(&first);
	buf_done(&second);
	return 0;
}
