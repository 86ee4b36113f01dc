/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the handlers of the host API share; base/relay-protocol.h is its specification. */
#pragma once

#include "jauth-relay/hosts.h"
#include "jauth-relay/link.h"
#include "jauth-relay/request.h"

/* Sets the owner by the key of the request's Authorization; else answers 401: false. */
bool api_authenticate(struct request *request);

/* {"error": text}; 429 and 503 with Retry-After. */
void api_error(struct request *request, unsigned status, const char *text);
/* One of store.h's, or of change.h's. */
void api_store_error(struct request *request, int error);
/* What was written to the body. */
void api_answer(struct request *request);
void api_no_content(struct request *request);
/* A JSON string with its quotes. */
void api_add_text(struct buf *buf, const char *text);

/* Handlers, see routes.c. */
void api_put_link(struct request *request);
void api_put_target(struct request *request);
void api_put_result(struct request *request);
void api_delete_link(struct request *request);
void api_put_push(struct request *request);
void api_get_events(struct request *request);
void api_enrol(struct request *request);
void api_post_key(struct request *request);
void api_delete_key(struct request *request);
void api_get_host(struct request *request);
