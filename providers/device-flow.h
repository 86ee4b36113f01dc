/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Device Authorization Grant (RFC 8628) without any state machine: what the two replies mean,
 * and how long to wait. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/http-message.h"
#include "base/secret.h"
#include "providers/oauth-tokens.h"

#define DEVICE_GRANT_TYPE       "urn:ietf:params:oauth:grant-type:device_code"
#define DEVICE_CODE_MAX         4096
#define DEVICE_USER_CODE_MAX    64
#define DEVICE_LINK_MAX         512
#define DEVICE_EXPIRES_MIN_S    30
#define DEVICE_EXPIRES_MAX_S    3600
#define DEVICE_INTERVAL_S       5        /* when the reply names none; and what slow_down adds */
#define DEVICE_INTERVAL_MIN_S   1
#define DEVICE_INTERVAL_MAX_S   60
#define DEVICE_BACKOFF_MAX_MS   60000

#define DEVICE_ERROR_MAX        63

/* The reply of the device authorization endpoint. */
struct device_code {
	struct secret *device_code;
	char user_code[DEVICE_USER_CODE_MAX + 1];
	char link[DEVICE_LINK_MAX + 1];          /* for the QR code */
	char plain_link[DEVICE_LINK_MAX + 1];    /* to be typed */
	bool link_is_complete;                   /* the link holds the user code */
	int64_t expires_ms, interval_ms;
	char error[DEVICE_ERROR_MAX + 1];        /* instead of all this; for the log; "" when
						  * none */
};

/* The names of the members, which not all vendors write as RFC 8628 does. */
struct device_names {
	const char *device_code, *user_code, *link, *complete_link, *expires, *interval;
};

enum device_result {
	/* of both endpoints */
	DEVICE_GOOD,             /* a code; the tokens */
	DEVICE_REFUSED,          /* the person said no */
	DEVICE_SETUP,            /* the provider says we are set up wrongly */
	DEVICE_RETRY,            /* no usable answer: wait longer, try again */
	DEVICE_FAULT,            /* an error of the provider's own, or a reply against the rules */
	/* of the token endpoint */
	DEVICE_PENDING,
	DEVICE_SLOW_DOWN,
	DEVICE_EXPIRED,
	DEVICE_UNKNOWN_CODE,     /* used, expired or never issued */
	/* of the device endpoint */
	DEVICE_BUSY,             /* quota used up */
	DEVICE_N_RESULTS
};

void device_code_done(struct device_code *code);
/* Written for DEVICE_GOOD only, but for the error word of an answer that has one. */
enum device_result device_code_read(const struct http_reply *reply, struct device_code *ret_code);
/* The same, of an object that holds a code; GOOD or FAULT. */
enum device_result device_code_read_object(const struct json_t *object,
					   const struct device_names *names,
					   struct device_code *ret_code);

/* What a poll brought, and what it says about the pace. */
struct device_poll {
	enum device_result result;
	int64_t hint_ms;                         /* Retry-After, or of a slow_down; 0: none */
	char error[DEVICE_ERROR_MAX + 1];        /* the error word, for the log; "" when none */
	struct oauth_tokens tokens;              /* for DEVICE_GOOD */
};

/* Decided by the `error` member, never by the status. Free with oauth_tokens_done(). */
void device_poll_read(const struct http_reply *reply, struct device_poll *ret_poll);

/* What an error word means; NULL or another word: DEVICE_FAULT, or RETRY when the status says
 * so. */
enum device_result device_error(const char *error, uint32_t status);

/* When to poll next. */
struct device_pace {
	int64_t interval_ms;                     /* asked for by the provider; only grows */
	int64_t wait_ms;                         /* the last: the interval, or more */
};

void device_pace_start(struct device_pace *pace, int64_t interval_ms);
/* For PENDING, SLOW_DOWN and RETRY: the wait from the end of this poll. */
int64_t device_pace_next(struct device_pace *pace, const struct device_poll *poll);
