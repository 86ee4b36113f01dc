/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One push: a request of a vendor to /push/APP, as one of the hosts that listen to the app is told
 * of it, and what that host answers. Each host has a record of its own in the store. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "jauth-relay/limits.h"

struct push {
	char id[RELAY_ID_LEN + 1];
	char host[RELAY_KEY_ID_LEN + 1];
	char app[RELAY_LISTEN_MAX + 1];
	bool is_post;
	char *query, *body;              /* NULL is "" */
	unsigned status;                 /* of the answer; 0: none yet */
	char *answer;                    /* its body; NULL is "" */
};

/* What vendors send and are told. Apps have names of [A-Za-z0-9_]{1,RELAY_LISTEN_MAX}. */
bool push_is_app(const char *text);
bool push_is_query(const char *text);
bool push_is_body(const char *data, size_t len);

/* A fresh id and copies of the texts; NULL: there are no random numbers. */
struct push *push_new(const struct push *from);
struct push *push_free(struct push *push);       /* wipes; NULL is fine; returns NULL */

/* From the body of PUT /v1/pushes/ID; only the first answer counts. 0, -EINVAL, or -EALREADY. */
int push_answer(struct push *push, const char *body, size_t len);

/* As the store keeps it, in a wiping buffer of LINK_BYTES_MAX. 0, or -EBADMSG. */
void push_encode(const struct push *push, struct buf *buf);
int push_decode(const void *data, size_t len, struct push **ret_push);
/* Whether these bytes of the store are a push at all, and no link. */
bool push_is_bytes(const void *data, size_t len);

/* One event of GET /v1/events as JSON text. */
void push_add_event(const struct push *push, int64_t number, struct buf *buf);

/* What all hosts together have said. */
struct push_verdict {
	unsigned n_yes, n_no;
	char *answer;                    /* the first that is not ""; the caller frees */
};
void push_count(const struct push *push, struct push_verdict *verdict);
/* 200 or 403. */
unsigned push_status(const struct push_verdict *verdict);
