/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All requests at work; see transfers.h. */
#include "jauth-http/transfers.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include <curl/curl.h>

#include "base/log.h"
#include "base/traces.h"
#include "jauth-http/limits.h"
#include "jauth-http/transfer.h"

struct entry {
	struct transfers *owner;
	struct entry *next;
	uint64_t client, number;
	struct transfer *transfer;
	sd_event_source *deadline;
};

struct transfers {
	sd_event *event;
	struct transfers_settings settings;
	struct transfer_options options;
	CURLM *multi;
	sd_event_source *timer;          /* libcurl's one */
	sd_event_source *after;          /* runs after the handlers of each turn of the loop */
	struct entry *entries;
	unsigned n_entries;
};

/* --- entries --- */

static void entry_free(struct entry *entry)
{
	if (!entry)
		return;
	sd_event_source_disable_unref(entry->deadline);
	transfer_free(entry->transfer);
	free(entry);
}

static struct entry **find(struct transfers *transfers, uint64_t client, uint64_t number)
{
	struct entry **at = &transfers->entries;

	while (*at && ((*at)->client != client || (*at)->number != number))
		at = &(*at)->next;
	return at;
}

/* Takes the entry out of the list and its handle out of libcurl's hands. */
static struct entry *unlink_entry(struct transfers *transfers, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	transfers->n_entries--;
	(void)curl_multi_remove_handle(transfers->multi, transfer_handle(entry->transfer));
	return entry;
}

static void finish(struct transfers *transfers, struct entry **at, CURLcode code)
{
	struct entry *entry = unlink_entry(transfers, at);
	struct http_reply reply;

	transfer_finish(entry->transfer, code, &reply);
	transfers->settings.done(transfers->settings.context, entry->client, entry->number,
				 &reply);
	http_reply_done(&reply);
	entry_free(entry);
}

static int on_deadline(sd_event_source *source UNUSED, uint64_t now UNUSED, void *userdata)
{
	struct entry *entry = userdata;
	struct transfers *transfers = entry->owner;

	finish(transfers, find(transfers, entry->client, entry->number), CURLE_OPERATION_TIMEDOUT);
	return 0;
}

/* --- libcurl on the loop --- */

static int on_socket_ready(sd_event_source *source UNUSED, int fd, uint32_t events, void *userdata)
{
	struct transfers *transfers = userdata;
	int mask = 0, running;

	if (events & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_ERR;
	(void)curl_multi_socket_action(transfers->multi, fd, mask, &running);
	return 0;
}

static int on_timer(sd_event_source *source UNUSED, uint64_t now UNUSED, void *userdata)
{
	struct transfers *transfers = userdata;
	int running;

	(void)curl_multi_socket_action(transfers->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	return 0;
}

/* libcurl wants a socket watched, or no longer. It says so from inside any of its functions, the
 * handler of that very socket included; sd-event keeps a source that is at work until its
 * handler returns, and the handler does not look at the source again. */
static int on_watch(CURL *easy UNUSED, curl_socket_t fd, int what, void *userdata, void *assigned)
{
	static const uint32_t masks[] = {
		[CURL_POLL_IN] = EPOLLIN,
		[CURL_POLL_OUT] = EPOLLOUT,
		[CURL_POLL_INOUT] = EPOLLIN | EPOLLOUT,
		[CURL_POLL_REMOVE] = 0,
	};
	struct transfers *transfers = userdata;
	sd_event_source *source = assigned;
	int r;

	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(source);
		(void)curl_multi_assign(transfers->multi, fd, NULL);
		return 0;
	}
	if (source) {
		r = sd_event_source_set_io_events(source, masks[what]);
	} else {
		r = sd_event_add_io(transfers->event, &source, fd, masks[what], on_socket_ready,
				    transfers);
		(void)curl_multi_assign(transfers->multi, fd, source);
	}
	if (r < 0)
		log_error("cannot watch a connection: %s", strerror(-r));
	return r < 0 ? -1 : 0;
}

/* Sets the timer only: the multi handle must not be used from in here. */
static int on_want_timer(CURLM *multi UNUSED, long timeout_ms, void *userdata)
{
	struct transfers *transfers = userdata;

	if (timeout_ms < 0)
		return sd_event_source_set_enabled(transfers->timer, SD_EVENT_OFF);
	if (sd_event_source_set_time_relative(transfers->timer, (uint64_t)timeout_ms * 1000) < 0)
		return -1;
	return sd_event_source_set_enabled(transfers->timer, SD_EVENT_ONESHOT);
}

/* Collects the transfers that libcurl has finished in this turn. */
static int on_turn_done(sd_event_source *source UNUSED, void *userdata)
{
	struct transfers *transfers = userdata;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(transfers->multi, &left))) {
		CURLcode code = message->data.result;
		struct entry *entry = NULL;

		/* The message is gone once its handle is removed. */
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&entry);
		if (message->msg == CURLMSG_DONE)
			finish(transfers, find(transfers, entry->client, entry->number), code);
	}
	traces_wipe();
	return 0;
}

/* --- life --- */

static int set_up_multi(struct transfers *transfers)
{
	CURLM *multi = transfers->multi = curl_multi_init();
	CURLSH *share = transfers->options.share = curl_share_init();

	if (!multi || !share)
		return -ENOMEM;
	if (curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK ||
	    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_watch) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transfers) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_want_timer) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transfers) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX) !=
		    CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS_PER_HOST) !=
		    CURLM_OK)
		return -EINVAL;
	return 0;
}

static int set_up_sources(struct transfers *transfers)
{
	int r = sd_event_add_time(transfers->event, &transfers->timer, CLOCK_MONOTONIC, 0, 1000,
				  on_timer, transfers);

	if (r >= 0)
		r = sd_event_source_set_enabled(transfers->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_post(transfers->event, &transfers->after, on_turn_done,
				      transfers);
	return r;
}

int transfers_new(sd_event *event, const struct transfers_settings *settings,
		  struct transfers **ret_transfers)
{
	struct transfers *transfers = calloc(1, sizeof(*transfers));
	int r;

	if (!transfers)
		return -ENOMEM;
	transfers->event = sd_event_ref(event);
	transfers->settings = *settings;
	transfers->options.ca_file = settings->ca_file;
	transfers->options.allow_loopback = settings->allow_loopback;
	r = set_up_sources(transfers);
	if (r >= 0)
		r = set_up_multi(transfers);
	if (r < 0) {
		transfers_free(transfers);
		return r;
	}
	*ret_transfers = transfers;
	return 0;
}

struct transfers *transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return NULL;
	while (transfers->entries)
		entry_free(unlink_entry(transfers, &transfers->entries));
	(void)curl_multi_cleanup(transfers->multi);
	(void)curl_share_cleanup(transfers->options.share);
	sd_event_source_disable_unref(transfers->timer);
	sd_event_source_disable_unref(transfers->after);
	sd_event_unref(transfers->event);
	free(transfers);
	return NULL;
}

/* libcurl does not look at the time while a transfer waits for a connection. */
static int set_deadline(struct entry *entry, uint32_t total_ms)
{
	return sd_event_add_time_relative(entry->owner->event, &entry->deadline, CLOCK_MONOTONIC,
					  ((uint64_t)total_ms + DEADLINE_GRACE_MS) * 1000,
					  10000, on_deadline, entry);
}

int transfers_start(struct transfers *transfers, uint64_t client, uint64_t number,
		    struct http_request *request)
{
	uint32_t total_ms = request->total_ms;
	struct entry *entry = NULL;
	int r = 0;

	if (*find(transfers, client, number))
		r = -EEXIST;
	else if (transfers->n_entries == TRANSFERS_MAX)
		r = -ENOBUFS;
	else if (!(entry = calloc(1, sizeof(*entry))))
		r = -ENOMEM;
	if (r < 0) {
		http_request_free(request);
		return r;
	}
	entry->owner = transfers;
	entry->client = client;
	entry->number = number;
	entry->transfer = transfer_new(&transfers->options, request, entry);
	if (!entry->transfer || set_deadline(entry, total_ms) < 0 ||
	    curl_multi_add_handle(transfers->multi, transfer_handle(entry->transfer)) != CURLM_OK) {
		entry_free(entry);
		return -ENOMEM;
	}
	entry->next = transfers->entries;
	transfers->entries = entry;
	transfers->n_entries++;
	return 0;
}

void transfers_cancel(struct transfers *transfers, uint64_t client, uint64_t number)
{
	struct entry **at = find(transfers, client, number);

	if (*at)
		entry_free(unlink_entry(transfers, at));
}

void transfers_cancel_client(struct transfers *transfers, uint64_t client)
{
	struct entry **at = &transfers->entries;

	while (*at) {
		if ((*at)->client == client)
			entry_free(unlink_entry(transfers, at));
		else
			at = &(*at)->next;
	}
}
