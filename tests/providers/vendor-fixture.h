/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of SMS vendors share: a vendor with its section read, a message, and replies.
 *
 * A section is the lines of [sms ID]; its secrets, which may stand in files only, are rows.
 */
#pragma once

#include "base/buf.h"
#include "providers/sms-vendor.h"

struct fixture_secret {
	const char *key;                 /* NULL: the end */
	const char *value;
};

struct vendor_section {
	const char *lines;
	const struct fixture_secret *secrets;    /* or NULL: none */
};

/* Fails the test when the section has mistakes. */
struct sms_gateway *fixture_gateway(const struct sms_vendor *vendor,
				    const struct vendor_section *section);
struct sms_gateway *fixture_gateway_free(struct sms_gateway *gateway);   /* returns NULL */
/* The mistakes such a section has, a line each; the caller frees. */
char *fixture_mistakes(const struct sms_vendor *vendor, const struct vendor_section *section);

/* A message to `number` with the code 012345; lives until the next fixture_message_done(). */
struct sms_message fixture_message(const char *number, const char *text);
void fixture_message_done(struct sms_message *message);
/* At 2026-01-02T03:04:05Z with the nonce 0123456789abcdef0123456789abcdef. */
extern const struct sms_attempt fixture_attempt;

/* The request for a message with this text; NULL: the vendor made none. The caller frees. */
struct http_request *fixture_send(const struct sms_gateway *gateway, const char *number,
				  const char *text);
/* One of the headers is "Name: value". */
bool fixture_has_header(const struct http_request *request, const char *header);
/* The body; "" when there is none. */
const char *fixture_body(const struct http_request *request);

/* What the vendor makes of a reply. A body of NULL: none. */
struct fixture_reply {
	uint32_t status;
	const char *body;
	const char *content_type;        /* NULL: application/json */
	const char *retry_after;         /* NULL: none */
};
struct sms_result fixture_judge(const struct sms_gateway *gateway,
				const struct fixture_reply *reply);
enum sms_delivery fixture_judge_delivery(const struct sms_gateway *gateway,
					 const struct fixture_reply *reply,
					 char ret_word[SMS_WORD_MAX + 1]);
