/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/metrics.h"

#include <assert.h>
#include <inttypes.h>

#include "base/macro.h"
#include "base/text.h"

/* Rows of one name stand together; HELP and TYPE are written before the first of them. */
static const struct {
	const char *name, *label, *help;
} rows[] = {
	[METRIC_LINKS_OPENED] = { "links_opened", "", "Links that hosts opened." },
	[METRIC_PAGES_SHOWN] = { "pages", "", "Pages with a button." },
	[METRIC_PRESSES] = { "presses", "", "Buttons pressed." },
	[METRIC_REFUSALS] = { "refusals", "", "\"This wasn't me\"." },
#define CALLBACK(word) { "callbacks", "{kind=\"" word "\"}", "Browsers that came back." }
	[METRIC_CALLBACK_TAKEN] = CALLBACK("taken"),
	[METRIC_CALLBACK_AGAIN] = CALLBACK("again"),
	[METRIC_CALLBACK_FOREIGN] = CALLBACK("foreign"),
	[METRIC_CALLBACK_SUPERSEDED] = CALLBACK("superseded"),
	[METRIC_CALLBACK_USED] = CALLBACK("used"),
	[METRIC_CALLBACK_BAD] = CALLBACK("bad"),
	[METRIC_CALLBACK_OVER] = CALLBACK("over"),
#define RESULT(word) { "results", "{result=\"" word "\"}", "Results that hosts gave." }
	[METRIC_RESULT_DIGITS] = RESULT("digits"),
	[METRIC_RESULT_MESSAGE] = RESULT("message"),
	[METRIC_RESULT_GRANTED] = RESULT("granted"),
	[METRIC_RESULT_DENIED] = RESULT("denied"),
	[METRIC_RESULT_REFUSED] = RESULT("refused"),
	[METRIC_RESULT_FAILED] = RESULT("failed"),
	[METRIC_RESULT_BUSY] = RESULT("busy"),
	[METRIC_RESULT_OVER] = RESULT("over"),
	[METRIC_RESULT_REGISTERED] = RESULT("registered"),
	[METRIC_EVENTS_SENT] = { "events", "", "Events that hosts fetched." },
#define PUSHES(word) { "pushes", "{kind=\"" word "\"}", "Requests of vendors for hosts." }
	[METRIC_PUSHES_TAKEN] = PUSHES("taken"),
	[METRIC_PUSHES_REFUSED] = PUSHES("refused"),
	[METRIC_PUSHES_SILENT] = PUSHES("silent"),
	[METRIC_PUSHES_UNHEARD] = PUSHES("unheard"),
	[METRIC_PUSHES_LIMITED] = PUSHES("limited"),
	[METRIC_UNKNOWN_IDS] = { "unknown_ids", "", "Requests for a link that is none." },
	[METRIC_LIMITED] = { "limited", "", "Of these, turned away for there were too many." },
	[METRIC_KEYS_REFUSED] = { "keys_refused", "", "Requests of hosts without a good key." },
	[METRIC_CONNECTIONS_DROPPED] = { "connections_dropped", "",
					 "Connections closed for being slow, or for room." },
};

static_assert(N_ELEMENTS(rows) == N_METRICS, "a row for each");

static const char *const class_names[REQUEST_N_CLASSES] = {
	[CLASS_PAGE] = "page",
	[CLASS_HOST] = "host",
	[CLASS_MINI] = "mini",
	[CLASS_PUSH] = "push",
	[CLASS_OTHER] = "other",
};

static void add_head(struct buf *buf, const char *name, const char *type, const char *help)
{
	buf_add_format(buf, "# HELP jauth_relay_%s %s\n# TYPE jauth_relay_%s %s\n", name, help,
		       name, type);
}

static void add_gauge(struct buf *buf, const char *name, const char *help, int64_t value)
{
	add_head(buf, name, "gauge", help);
	buf_add_format(buf, "jauth_relay_%s %" PRId64 "\n", name, value);
}

static void add_counters(const struct metrics *metrics, struct buf *buf)
{
	for (size_t i = 0; i < N_METRICS; i++) {
		_cleanup_free_ char *name = text_format("%s_total", rows[i].name);

		if (i == 0 || !text_equals(rows[i].name, rows[i - 1].name))
			add_head(buf, name, "counter", rows[i].help);
		buf_add_format(buf, "jauth_relay_%s%s %" PRIu64 "\n", name, rows[i].label,
			       metrics->n[i]);
	}
}

static void add_answers(const struct metrics *metrics, struct buf *buf)
{
	add_head(buf, "requests_total", "counter", "Requests that were answered.");
	for (size_t i = 0; i < REQUEST_N_CLASSES; i++)
		for (unsigned k = 1; k < N_ELEMENTS(metrics->answers[i]); k++)
			buf_add_format(buf, "jauth_relay_requests_total{class=\"%s\","
				       "status=\"%uxx\"} %" PRIu64 "\n", class_names[i], k + 1,
				       metrics->answers[i][k]);
}

void metrics_add(const struct metrics *metrics, const struct metrics_now *now, struct buf *buf)
{
	add_counters(metrics, buf);
	add_answers(metrics, buf);
	add_head(buf, "store_errors_total", "counter", "Calls that the store did not answer.");
	buf_add_format(buf, "jauth_relay_store_errors_total %" PRIu64 "\n", now->store.n_errors);
	add_head(buf, "store_reconnects_total", "counter", "Connections to the shared store.");
	buf_add_format(buf, "jauth_relay_store_reconnects_total %" PRIu64 "\n",
		       now->store.n_reconnects);
	add_gauge(buf, "store_up", "Whether the store answers.", now->store.is_up);
	add_gauge(buf, "links", "Links in the store, as far as this relay knows.",
		  now->store.n_links);
	add_gauge(buf, "keys", "Keys of hosts that are not revoked.",
		  (int64_t)now->n_keys);
	add_gauge(buf, "waits", "Telephones and hosts that wait for an answer.",
		  (int64_t)now->n_waits);
	add_gauge(buf, "connections", "Open connections.", (int64_t)now->n_connections);
}
