/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a sysadmin is told when he sets a type up (jauthctl method add): which keys he is asked for,
 * in this order, what the vendor's console calls them and where it shows them, and what has to be
 * set there. All texts are marked with N_(), in lines of 76 columns at most; labels are the
 * console's own words, whatever the language.
 */
#pragma once

#include "base/macro.h"

struct guide_key {
	const char *key;         /* of the type's own table, or one of all types */
	const char *label;       /* MAY be NULL: the console has no word for it */
	const char *where;       /* where it is found, or what it decides */
	const char *when;        /* NULL: always; "mode=poll|device": only with one of these values
	                          * of a key that stands before it */
};

/* {relay} stands for the relay's address, {relay_host} for its host, {callback} for the address
 * that the provider sends people back to, {app} for the value of app_id. */
struct guide_step {
	const char *text;
	const char *when;        /* as of a key */
};

struct guide {
	const char *about;       /* what is needed before anything can be filled in */
	const struct guide_key *keys;    /* ends with a row whose key is NULL; MAY be NULL: none */
	const struct guide_step *steps;  /* ends with a row whose text is NULL; MAY be NULL: none */
};

/* Texts that several guides have. */
#define GUIDE_MAP_USERID \
	{ "map", NULL, N_("Rule that makes a user name of the account, such as {userid};\n" \
			  "without it people get in by links only.") }
#define GUIDE_MODE_RELAY_POLL \
	{ "mode", NULL, N_("relay: people are led through a page of your relay.\n" \
			   "poll: without a relay, in a way the vendor does not document.") }
#define GUIDE_FLOW \
	{ "flow", NULL, \
	  N_("device: with a code, at the provider. relay: through your relay, whose\n" \
	     "link is of no use to somebody else.") }
#define GUIDE_PROXY \
	{ "proxy", NULL, N_("The one way out, http://HOST:PORT, if not each machine has its own.") }
#define GUIDE_CALLBACK { N_("Register {callback} as redirect address."), "flow=relay" }
