/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session list, end. */
#include <jansson.h>

#include "jauthctl/bus.h"
#include "jauthctl/listing.h"

static const char *const list_keys[] = {
	"id", "user", "service", "source", "since", "state", "why", "pid", "logind", "method",
	"subject", "request", NULL
};

static const struct listing sessions = {
	.call = bus_accounts, .list = "ListSessions", .keys = list_keys, .is_of_user = true,
	.what = "session", .remove = "EndSession",
};

enum exit_code run_session_list(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&sessions, ctl, argc, argv);
}

enum exit_code run_session_end(struct ctl *ctl, int argc, char **argv)
{
	return listing_remove(&sessions, ctl, argc, argv);
}
