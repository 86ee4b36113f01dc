/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contract between the method `sms` and an SMS vendor. A vendor makes requests and reads
 * replies; it has no state, no clock and no chance: the same input gives the same bytes, so
 * a test compares them with the vendor's vectors. When to send, to whom, how often and what a
 * failure leads to is decided by sms-sending.c alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/http-message.h"
#include "base/phone.h"
#include "base/secret.h"
#include "providers/guide.h"

#define SMS_ID_MAX     32        /* of a gateway: [a-z0-9-]+ */
#define SMS_WORD_MAX   128       /* a vendor's message id or error word */
#define SMS_NONCE_LEN  32        /* hex digits */
#define SMS_CONNECT_MS 3000
#define SMS_TOTAL_MS   8000
#define SMS_REPLY_MAX  (64 * 1024)

/* Wherever it goes, it holds the code. All texts are valid UTF-8; number is E.164. */
struct sms_message {
	const char *number;
	const struct secret *code;       /* digits */
	const struct secret *text;       /* the whole message, code included */
	const char *host;                /* [A-Za-z0-9._-]{1,24} */
	const char *user;                /* the same; "" for a test message */
	const char *reference;           /* two characters */
	const char *language;            /* "zh", "en" */
	int64_t valid_s;                 /* how long the code lives */
};

/* What is new in every attempt. */
struct sms_attempt {
	int64_t now_s;                   /* wall clock */
	const char *nonce;               /* SMS_NONCE_LEN hex digits */
};

/* The sheets' classes: what an answer means for this message. */
enum sms_class {
	SMS_ACCEPTED,                    /* the vendor took it; not: it was delivered */
	SMS_REFUSED,                     /* F: final, ours to mend; surely not sent */
	SMS_CONFIG,                      /* C: final until a sysadmin acts: alert; not sent */
	SMS_NUMBER,                      /* N: this number cannot get it; not sent */
	SMS_LIMIT,                       /* L: a limit of the vendor's: not now; not sent */
	SMS_AGAIN,                       /* T: surely not processed; may be tried again */
	SMS_CLOCK,                       /* K: once more with a new date and nonce; not sent */
	SMS_UNKNOWN,                     /* it may have been sent: never again by ourselves */
};

struct sms_result {
	enum sms_class class;
	char id[SMS_WORD_MAX + 1];       /* the vendor's, when SMS_ACCEPTED */
	char word[SMS_WORD_MAX + 1];     /* the vendor's error word or number, printable ASCII */
	int64_t wait_s;                  /* SMS_LIMIT, SMS_AGAIN: when the vendor said so; else 0 */
	bool was_stopped;                /* SMS_NUMBER: the person himself refused messages */
};

enum sms_delivery {
	SMS_DELIVERY_UNKNOWN,            /* the vendor cannot say, or did not answer in its form */
	SMS_ON_ITS_WAY,
	SMS_DELIVERED,
	SMS_NOT_DELIVERED,               /* finally */
};

struct sms_vendor {
	const char *type;                /* as in [sms ID] type = … */
	const char *title;               /* the vendor's name for people; marked with N_() */
	const struct conf_key *keys;     /* own keys; the core adds type and cost */
	const struct guide *guide;       /* MUST: for who sets a gateway up */
	size_t config_size;
	/* MAY be NULL. What rows cannot say; as of struct provider, but only when all rows are
	 * right. */
	void (*check)(const void *config, const struct conf_section *section,
		      struct conf_report *report);
	/* MUST. The request for one attempt; NULL when this message cannot be said in it (nothing
	 * is sent then: SMS_REFUSED). `once` is set by the caller. */
	struct http_request *(*send)(const void *config, const struct sms_message *message,
				     const struct sms_attempt *attempt);
	/* MUST. Called for replies of HTTP_DONE only; what is not understood is SMS_UNKNOWN. Zeroed
	 * before. */
	void (*judge)(const void *config, const struct http_reply *reply,
		      struct sms_result *ret_result);
	/* MAY be NULL, both or none. What became of a message that was accepted; `sent_s` is when.
	 * The request is NULL when the vendor cannot be asked about this one. */
	struct http_request *(*ask)(const void *config, const char *id, const char *number,
				    int64_t sent_s, const struct sms_attempt *attempt);
	enum sms_delivery (*judge_delivery)(const void *config, const struct http_reply *reply,
					    char ret_word[SMS_WORD_MAX + 1]);
};

/* [sms ID] */
struct sms_gateway {
	char id[SMS_ID_MAX + 1];
	const struct sms_vendor *vendor;
	void *config;
	int64_t cost;                    /* of one message, for [limits] sms_cost_per_day */
};

/* The one table, NULL-terminated. */
extern const struct sms_vendor *const sms_vendors[];
const struct sms_vendor *sms_vendor_find(const char *type);
