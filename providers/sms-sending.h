/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One message on its way through the vendors of a route, each asked again at most once, the next
 * one only when the one before surely did not send:
 *
 *   what came back                     then
 *   accepted                           sent
 *   configuration                      the next vendor; an alert in the log
 *   again, nothing reached the vendor  once more after a while, then the next vendor
 *   clock                              once more at once with a new date, then the next vendor
 *   refused, number, limit             not sent
 *   unknown, time-out, cut, no helper  perhaps sent: never again by ourselves
 *
 * The route's end after the last vendor: not sent. All attempts carry the same code, and each
 * leaves a note for the audit. Requests are made with the login's functions; the owner hands over
 * their replies and the end of a wait.
 */
#pragma once

#include "providers/provider.h"
#include "providers/sms-vendor.h"

#define SMS_ROUTE_GATEWAYS_MAX 4
#define SMS_ASK_MS             5000      /* what became of it: somebody waits */

struct sms_route {
	char prefix[PHONE_SIZE];         /* "+86"; "": the rest */
	const struct sms_gateway *gateways[SMS_ROUTE_GATEWAYS_MAX];      /* in their order */
	size_t n_gateways;
};

enum sms_progress {
	SMS_UNDER_WAY,           /* a reply will come */
	SMS_WAITING,             /* sms_sending_again() after wait_ms */
	SMS_SENT,
	SMS_PERHAPS_SENT,
	SMS_NOT_SENT,
};

/* Zeroed at first; owns nothing. */
struct sms_sending {
	const struct sms_route *route;
	const struct sms_message *message;       /* lent until the end */
	size_t at;                       /* the route's gateway that is asked */
	bool was_repeated;               /* there */
	bool is_shown;                   /* every step, to the sysadmin who tests */
	int64_t begun_ms;                /* of the attempt */
	int64_t wait_ms;
	const struct sms_gateway *taker; /* who accepted; or NULL */
	struct sms_result result;        /* of the last attempt */
	int64_t sent_s;
};

/* Nothing else may be under way. `is_shown` is kept. */
enum sms_progress sms_sending_start(struct login *login, struct sms_sending *sending,
				    const struct sms_route *route,
				    const struct sms_message *message);
enum sms_progress sms_sending_again(struct login *login, struct sms_sending *sending);
enum sms_progress sms_sending_reply(struct login *login, struct sms_sending *sending,
				    const struct http_reply *reply);

/* Asks the vendor what became of the message that was sent last. False: nothing to ask. */
bool sms_sending_ask(struct login *login, struct sms_sending *sending, const char *number);
enum sms_delivery sms_sending_told(struct login *login, struct sms_sending *sending,
				   const struct http_reply *reply);
