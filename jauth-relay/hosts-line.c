/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record of hosts.h as a line: kind id host secret created expires state bound name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/hosts.h"

#define LATEST_S   253402300799          /* the end of the year 9999 */
#define HEX_DIGITS "0123456789abcdef"

static const char *const kind_names[] = { [HOST_ENROLMENT] = "enrolment", [HOST_KEY] = "key" };
static const char *const state_names[] = { "open", "over" };

#define NO_KEY "-"

bool host_name_is_valid(const char *name)
{
	_cleanup_(buf_done) struct buf clean = BUF_INIT(4 * RELAY_HOST_MAX + 8);
	size_t len = strlen(name);

	if (len < 1 || len > RELAY_HOST_MAX || name[0] == ' ' || name[len - 1] == ' ')
		return false;
	text_add_clean(&clean, name, RELAY_HOST_MAX);
	return text_equals(buf_text(&clean), name);
}

void host_record_encode(const struct host_record *record, struct buf *buf)
{
	buf_add_format(buf, "%s %s %s ", kind_names[record->kind], record->id, record->host);
	hex_add(buf, record->secret, SHA256_BYTES);
	buf_add_format(buf, " %lld %lld %s %s %s", (long long)record->created_s,
		       (long long)record->expires_s, state_names[record->is_over],
		       record->bound[0] ? record->bound : NO_KEY, record->name);
}

static int find_word(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (text_equals(words[i], word))
			return i;
	return -1;
}

static bool read_id(const char *text, char ret_id[RELAY_KEY_ID_LEN + 1])
{
	return strspn(text, HEX_DIGITS) == RELAY_KEY_ID_LEN &&
	       text_into(ret_id, RELAY_KEY_ID_LEN + 1, text);
}

static unsigned hex_value(char digit)
{
	return (unsigned)(strchr(HEX_DIGITS, digit) - HEX_DIGITS);
}

static bool read_digest(const char *text, unsigned char ret_digest[SHA256_BYTES])
{
	if (strspn(text, HEX_DIGITS) != 2 * SHA256_BYTES || text[2 * SHA256_BYTES])
		return false;
	for (size_t i = 0; i < SHA256_BYTES; i++)
		ret_digest[i] = (unsigned char)(hex_value(text[2 * i]) << 4 |
						hex_value(text[2 * i + 1]));
	return true;
}

enum { FIELD_KIND, FIELD_ID, FIELD_HOST, FIELD_SECRET, FIELD_CREATED, FIELD_EXPIRES, FIELD_STATE,
       FIELD_BOUND, FIELD_NAME, N_FIELDS };

static bool read_fields(char *const fields[N_FIELDS], struct host_record *record)
{
	int kind = find_word(kind_names, N_ELEMENTS(kind_names), fields[FIELD_KIND]);
	int state = find_word(state_names, N_ELEMENTS(state_names), fields[FIELD_STATE]);

	if (kind < 0 || state < 0)
		return false;
	record->kind = (enum host_record_kind)kind;
	record->is_over = state == 1;
	return read_id(fields[FIELD_ID], record->id) && read_id(fields[FIELD_HOST], record->host) &&
	       read_digest(fields[FIELD_SECRET], record->secret) &&
	       text_to_number(fields[FIELD_CREATED], 0, LATEST_S, &record->created_s) == 0 &&
	       text_to_number(fields[FIELD_EXPIRES], 0, LATEST_S, &record->expires_s) == 0 &&
	       (text_equals(fields[FIELD_BOUND], NO_KEY) ||
		(record->is_over && record->kind == HOST_ENROLMENT &&
		 read_id(fields[FIELD_BOUND], record->bound))) &&
	       host_name_is_valid(fields[FIELD_NAME]) &&
	       text_into(record->name, sizeof(record->name), fields[FIELD_NAME]);
}

int host_record_decode(const char *line, struct host_record *ret_record)
{
	_cleanup_free_ char *copy = text_copy(line);
	struct host_record record = { 0 };
	char *rest = copy, *fields[N_FIELDS] = { NULL };

	for (size_t i = 0; i < FIELD_NAME; i++)
		if (!(fields[i] = strsep(&rest, " ")))
			return -EBADMSG;
	fields[FIELD_NAME] = rest;
	if (!rest || !read_fields(fields, &record))
		return -EBADMSG;
	*ret_record = record;
	return 0;
}
