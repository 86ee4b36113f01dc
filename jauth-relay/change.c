/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/push.h"
#include "jauth-relay/relay.h"

struct work {
	struct request *request;
	char id[RELAY_ID_LEN + 1];
	change_fn change;
	change_done_fn done;
	struct link *link;
	unsigned n_tries;
};

static void finish(struct work *work, int error)
{
	work->done(work->request, error, work->link);
	link_free(work->link);
	free(work);
}

static void start(struct work *work);

static void on_written(void *context, int error)
{
	struct work *work = context;

	if (error == -ESTALE && ++work->n_tries < LINK_RETRIES_MAX)
		start(work);
	else
		finish(work, error == -ESTALE ? -EHOSTDOWN : error);
}

static void write_link(struct work *work, uint64_t version, int64_t number, bool is_event)
{
	struct buf data = BUF_INIT_SECRET(LINK_BYTES_MAX);
	struct stored stored = {
		.id = work->link->id,
		.host = work->link->host,
		.expires_s = work->link->expires_s,
		.version = version,
		.number = number,
	};

	link_encode(work->link, &data);
	if (buf_failed(&data)) {
		finish(work, -EINVAL);
		return;
	}
	stored.data = data.data;
	stored.len = data.len;
	store_put(work->request->relay->store, &stored, is_event, on_written, work);
	buf_done(&data);
}

static void on_read(void *context, int error, const struct stored *stored)
{
	struct work *work = context;
	int r = 0;

	if (error == 0 && push_is_bytes(stored->data, stored->len))
		error = -ENOENT;
	if (error == 0)
		error = link_decode(stored->data, stored->len, &work->link);
	if (error == 0 || error == -ENOENT)
		r = work->change ? work->change(work->request, &work->link) : error;
	else
		r = error;
	if (r <= CHANGE_NOTHING)
		finish(work, r);
	else
		write_link(work, error == 0 ? stored->version : 0,
			   error == 0 ? stored->number : 0, r == CHANGE_WRITE_EVENT);
}

static void start(struct work *work)
{
	work->link = link_free(work->link);
	store_get(work->request->relay->store, work->id, on_read, work);
}

void change_link(struct request *request, const char *id, change_fn change, change_done_fn done)
{
	struct work *work = calloc(1, sizeof(*work));

	if (!work)
		abort();
	work->request = request;
	work->change = change;
	work->done = done;
	(void)text_into(work->id, sizeof(work->id), id);
	start(work);
}

bool change_is_id(const char *id)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";

	return strlen(id) == RELAY_ID_LEN && strspn(id, letters) == RELAY_ID_LEN;
}
