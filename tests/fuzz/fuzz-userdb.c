/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever a client sends: each reply is one JSON object ended by a NUL byte, with parameters, and
 * a listing ends. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/snapshot.h"
#include "jauth-userdb/limits.h"
#include "jauth-userdb/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct snapshot *make_snapshot(void)
{
	const struct snapshot_user user = {
		.name = "jane", .real_name = "Jane", .home = "/home/jane", .shell = "/bin/sh",
		.uid = 65540, .gid = 65600, .ssh_keys = "ssh-rsa A",
	};
	const struct snapshot_group group = { .name = "staff", .gid = 65600 };
	struct snapshot_writer *writer = snapshot_writer_new();
	struct snapshot *snapshot;
	char path[] = "/tmp/fuzz-userdb-XXXXXX";
	int fd = mkstemp(path);

	assert(snapshot_add_user(writer, &user) == 0 && snapshot_add_group(writer, &group) == 0);
	assert(snapshot_add_member(writer, "jane", "staff") == 0);
	assert(snapshot_write(writer, path) == 0 && snapshot_open(path, &snapshot) == 0);
	snapshot_writer_free(writer);
	(void)unlink(path);
	(void)close(fd);
	return snapshot;
}

static void check_replies(const struct buf *out, bool is_oneway)
{
	size_t at = 0;

	assert(!out->failed && (out->len == 0) == is_oneway);
	while (at < out->len) {
		size_t len = strlen(out->data + at);
		_cleanup_json_ struct json_t *reply = json_read_object(out->data + at, len);

		assert(reply && json_object_at(reply, "parameters"));
		at += len + 1;
	}
	assert(at == out->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct snapshot *snapshot;
	struct buf out = BUF_INIT(REPLY_MAX);
	struct listing listing;
	struct varlink_call call;

	if (size > REQUEST_MAX || varlink_read_call((const char *)data, size, &call) < 0)
		return 0;
	if (!snapshot)
		snapshot = make_snapshot();      /* once: it is written to the disk */
	records_answer(&call, snapshot, &out, &listing);
	for (unsigned n = 0; listing.kind; n++) {
		assert(n < 2);
		(void)records_continue(snapshot, &listing, &out);
	}
	check_replies(&out, call.oneway);
	varlink_call_done(&call);
	buf_done(&out);
	return 0;
}
