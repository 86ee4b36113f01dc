/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What mini programs send and are told, as bytes: base/relay-protocol.h has it. Pure. */
#pragma once

#include "jauth-relay/link.h"

/* The body of POST /api/m/ID. */
struct mini_action {
	bool is_denial;
	char js_code[LINK_JS_CODE_MAX + 1];      /* "" with a denial */
};
/* 0 or -EINVAL. */
int mini_read_action(const char *body, size_t len, struct mini_action *ret_action);

/* What the mini program shows before the person confirms. */
void mini_add_facts(const struct link *link, struct buf *buf);
/* What came of it, with the digits: for the holder of the receipt only. */
void mini_add_status(const struct link *link, int64_t now_s, struct buf *buf);
/* Whether the status will change no more. */
bool mini_is_settled(const struct link *link, int64_t now_s);
