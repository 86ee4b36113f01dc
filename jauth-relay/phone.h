/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telephones: the page, its buttons, and the way back from the provider. */
#pragma once

#include <stdbool.h>

#include "jauth-relay/link.h"
#include "jauth-relay/page.h"
#include "jauth-relay/request.h"

/* Handlers, see routes.c. */
void phone_show(struct request *request);
void phone_press(struct request *request);
void phone_callback(struct request *request);
void phone_post_callback(struct request *request);
void phone_show_dingtalk(struct request *request);

/* --- phone-rules.c --- */

/* Whether the header Content-Type (NULL: absent) says this type. */
bool phone_type_is(const char *header, const char *type);
#define PHONE_FORM_TYPE "application/x-www-form-urlencoded"

/* A new secret of a cookie or receipt; false: there are no random numbers. */
bool phone_make_secret(char ret_secret[RELAY_SECRET_LEN + 1]);

/* Whether a form came from our own page, by Sec-Fetch-Site and Origin (NULL: absent). `url` is the
 * relay's own. */
bool phone_form_is_ours(const char *fetch_site, const char *origin, const char *url);

/* The cookie that a press gave this browser. */
struct phone_cookie {
	char id[RELAY_ID_LEN + 1];
	char secret[RELAY_SECRET_LEN + 1];
};
#define PHONE_COOKIE "__Host-jauth"
/* From the header Cookie (NULL: absent); false: not there, not ours, or there twice. */
bool phone_read_cookie(const char *header, struct phone_cookie *ret_cookie);

/* --- phone-answer.c --- */

void phone_answer_question(struct request *request, const struct link *link);
void phone_answer_notice(struct request *request, enum notice notice, const struct link *link);
void phone_answer_result(struct request *request, const struct link *link);
void phone_answer_dingtalk(struct request *request);
/* Counts a request for what is none; false: this address has had its share. */
bool phone_may_guess(struct request *request);
/* There is no such link: `notice`, or 429 for who asks too often. */
void phone_answer_unknown(struct request *request, enum notice notice);
/* `error` of change_link(). */
void phone_answer_error(struct request *request, int error);
void phone_answer_redirect(struct request *request, const char *url);
