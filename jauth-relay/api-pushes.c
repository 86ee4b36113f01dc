/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host API: what a vendor is answered. The one who waits for it, at whichever relay, is woken by
 * the record's change. */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "jauth-relay/api.h"
#include "jauth-relay/change.h"
#include "jauth-relay/push.h"
#include "jauth-relay/relay.h"

static void finish(struct request *request, int error)
{
	switch (error) {
	case 0:
	case -EALREADY:
		api_no_content(request);
		break;
	case -EINVAL:
		api_error(request, 400, "not understood");
		break;
	case -ENOENT:
	case -ESTALE:
	case -EBADMSG:
		api_error(request, 404, "nobody waits for it");
		break;
	default:
		api_store_error(request, error);
	}
}

/* -ESTALE: it was dropped, or answered, at this moment. */
static void on_written(void *context, int error)
{
	finish(context, error);
}

static void write_push(struct request *request, const struct push *push, struct stored *stored)
{
	struct buf data = BUF_INIT_SECRET(LINK_BYTES_MAX);

	push_encode(push, &data);
	stored->kind = STORED_PUSH;
	stored->id = push->id;
	stored->host = push->host;
	stored->data = data.data;
	stored->len = data.len;
	if (buf_failed(&data))
		finish(request, -EINVAL);
	else
		store_put(request->relay->store, stored, false, on_written, request);
	buf_done(&data);
}

static void on_read(void *context, int error, const struct stored *stored)
{
	struct request *request = context;
	struct push *push = NULL;
	struct stored copy;

	if (error == 0)
		error = push_decode(stored->data, stored->len, &push);
	if (error == 0 && !text_equals(push->host, request->owner.host))
		error = -ENOENT;
	if (error == 0)
		error = push_answer(push, buf_text(&request->body), request->body.len);
	if (error == 0) {
		copy = *stored;
		write_push(request, push, &copy);
	} else {
		finish(request, error);
	}
	push_free(push);
}

void api_put_push(struct request *request)
{
	if (change_is_id(request->argument))
		store_get(request->relay->store, request->argument, on_read, request);
	else
		finish(request, -ENOENT);
}
