/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams of a hostile client on a login's socket: each input is lengths and bytes of several. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jauthd/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_answer(void *context, uint32_t number, const struct secret *answer)
{
	(void)context;
	(void)number;
	if (answer->len > LOGIN_ANSWER_MAX || answer->data[answer->len] != '\0')
		abort();
}

static void on_cancel(void *context)
{
	(void)context;
}

static void on_gone(void *context, const char *why)
{
	(void)why;
	if ((*(unsigned *)context)++)
		abort();         /* told twice */
}

static const struct channel_events events = { on_answer, on_cancel, on_gone };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct channel *channel;
	sd_event *event;
	unsigned n_gone = 0;
	int peer;

	if (sd_event_new(&event) < 0)
		abort();
	if (channel_new(event, &events, &n_gone, &channel, &peer) < 0)
		abort();
	while (size > 2) {
		size_t len = (size_t)(data[0] | (data[1] & 7) << 8);

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		(void)send(peer, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		data += len;
		size -= len;
		(void)sd_event_run(event, 0);
	}
	(void)close(peer);
	for (int i = 0; i < 4; i++)
		(void)sd_event_run(event, 0);
	channel_free(channel);
	sd_event_unref(event);
	return 0;
}
