/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the writer and the reader of a snapshot must agree upon; see snapshot-form.h. */
#include "base/snapshot-form.h"

#include <string.h>

#include "base/macro.h"
#include "base/snapshot.h"
#include "base/text.h"

static const struct {
	size_t min, max;
	const char *banned;
} rules[] = {
	[SNAPSHOT_TEXT_NAME] = { 1, SNAPSHOT_NAME_MAX, ":/, " },
	[SNAPSHOT_TEXT_COMMENT] = { 0, SNAPSHOT_COMMENT_MAX, ":" },
	[SNAPSHOT_TEXT_PATH] = { 1, SNAPSHOT_FILE_NAME_MAX, ":" },
	[SNAPSHOT_TEXT_KEYS] = { 0, SNAPSHOT_KEYS_MAX, "" },
};

void snapshot_find_parts(const struct snapshot_header *header, struct snapshot_parts *ret_parts)
{
	struct snapshot_parts parts = { .users = sizeof(*header) };

	parts.by_uid = parts.users + header->n_users * sizeof(struct snapshot_user_row);
	parts.groups = parts.by_uid + header->n_users * sizeof(uint32_t);
	parts.by_gid = parts.groups + header->n_groups * sizeof(struct snapshot_group_row);
	parts.members = parts.by_gid + header->n_groups * sizeof(uint32_t);
	parts.by_group = parts.members + header->n_members * sizeof(struct snapshot_member_row);
	parts.texts = parts.by_group + header->n_members * sizeof(uint32_t);
	parts.end = parts.texts + header->n_text_bytes;
	*ret_parts = parts;
}

uint64_t snapshot_hash(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3U;
	return hash;
}

uint64_t snapshot_checksum(const void *data, size_t len)
{
	uint64_t hash = snapshot_hash(SNAPSHOT_HASH_START, data,
				      offsetof(struct snapshot_header, checksum));

	return snapshot_hash(hash, (const char *)data + sizeof(struct snapshot_header),
			     len - sizeof(struct snapshot_header));
}

/* As name sources take it: not a number, not a name of a folder, not an option of a command. */
static bool is_name(const char *text)
{
	return text[0] != '-' && text[0] != '+' && text[0] != '.' &&
	       strspn(text, "0123456789") < strlen(text);
}

static bool are_lines(const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\n");

		if (!text_is_line(text, len))
			return false;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

bool snapshot_text_is_right(enum snapshot_text_kind kind, const char *text)
{
	size_t len = strnlen(text, rules[kind].max + 1);

	if (len < rules[kind].min || len > rules[kind].max || strpbrk(text, rules[kind].banned))
		return false;
	if (kind == SNAPSHOT_TEXT_KEYS)
		return are_lines(text);
	if (!text_is_line(text, len))
		return false;
	if (kind == SNAPSHOT_TEXT_NAME)
		return is_name(text);
	return kind != SNAPSHOT_TEXT_PATH || text[0] == '/';
}

bool snapshot_name_is_right(const char *name)
{
	return snapshot_text_is_right(SNAPSHOT_TEXT_NAME, name);
}

bool snapshot_id_is_right(uint32_t id)
{
	return id >= SNAPSHOT_ID_MIN && id <= SNAPSHOT_ID_MAX;
}

/* 65535 is "no group" to some. */
bool snapshot_primary_gid_is_right(uint32_t gid)
{
	return gid != 0 && gid != 65535 && gid <= SNAPSHOT_ID_MAX;
}
