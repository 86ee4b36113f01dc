/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "jauth-relay/relay.h"

#define RECORD_MAX 512

static int share(const struct host_record *record, void *context)
{
	struct relay *relay = context;
	struct buf line = BUF_INIT(RECORD_MAX);

	host_record_encode(record, &line);
	if (!buf_failed(&line))
		store_add_record(relay->store, buf_text(&line));
	buf_done(&line);
	return 0;
}

int records_add(struct relay *relay, const struct host_record *records, size_t n)
{
	int r = hosts_merge_all(relay->hosts, records, n);

	for (size_t i = 0; i < n && r == 0; i++)
		(void)share(&records[i], relay);
	return r;
}

/* What the store has, until all of it is there: then the file is written once. */
struct reading {
	struct relay *relay;
	struct host_record *records;
	size_t n;
};

static void on_record(void *context, const char *text)
{
	struct reading *reading = context;
	struct host_record record;

	if (reading->n == HOSTS_MAX || host_record_decode(text, &record) < 0) {
		log_error("a record of the shared store is not taken: %s",
			  reading->n == HOSTS_MAX ? "too many" : "it is none");
		return;
	}
	reading->records = reallocarray(reading->records, reading->n + 1, sizeof(record));
	if (!reading->records)
		abort();
	reading->records[reading->n++] = record;
}

static void on_read(void *context, int error)
{
	struct reading *reading = context;
	int r = error;

	if (r == 0)
		r = hosts_merge_all(reading->relay->hosts, reading->records, reading->n);
	if (r < 0)
		log_warning("the hosts of the shared store are not taken: %s", strerror(-r));
	free(reading->records);
	free(reading);
}

void records_read(struct relay *relay)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (!reading)
		abort();
	reading->relay = relay;
	store_each_record(relay->store, on_record, on_read, reading);
}

void records_share(struct relay *relay)
{
	(void)hosts_each(relay->hosts, share, relay);
	records_read(relay);
}
