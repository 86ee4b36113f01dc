/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page with a code to scan that DingTalk shows to browsers, and what its script asks: make a
 * code, see what became of it, finish. None of it is documented; it was seen in several programs
 * that do the same. What was not seen is refused, and nothing of it is ever evaluated. Pure
 * functions.
 *
 * Outputs are written when the result is GOOD only.
 */
#pragma once

#include "base/http-message.h"
#include "base/secret.h"
#include "providers/api-reply.h"
#include "providers/scan-page.h"

#define DINGTALK_CORP_MAX   128
#define DINGTALK_LINK_MAX   512
#define DINGTALK_TICKET_MAX 256

/* challenge.htm: the organisation that alone may log in there; "" when any may. */
void dingtalk_read_challenge(const struct http_reply *reply,
			     char ret_corp_id[DINGTALK_CORP_MAX + 1],
			     struct api_result *ret_result);

/* A code for the screen. */
struct dingtalk_qr {
	char link[DINGTALK_LINK_MAX + 1];        /* what it holds */
	struct secret *ticket;                   /* what is asked for with the polls */
};

/* generate_qrcode: a link to the page of LOGIN_URL for telephones. */
void dingtalk_read_qr(const struct http_reply *reply, const char *login_url,
		      struct dingtalk_qr *ret_qr, struct api_result *ret_result);
void dingtalk_qr_done(struct dingtalk_qr *qr);

/* login_with_qr. The result is about SCAN_UNKNOWN, and about SCAN_LOST when there is no next time.
 * ret_validation: of SCAN_AGREED, for confirm_auth; the caller frees; NULL: nothing. */
enum scan_status dingtalk_read_scan(const struct http_reply *reply,
				    struct secret **ret_validation,
				    struct api_result *ret_result);

/* confirm_auth: the code in the address that a browser would be sent to, which is that of our
 * `redirect_uri` and has our `state`. The caller frees. */
void dingtalk_read_confirmed(const struct http_reply *reply, const char *redirect_uri,
			     const char *state, struct secret **ret_code,
			     struct api_result *ret_result);
