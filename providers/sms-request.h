/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SMS vendors share when they make requests and read replies. */
#pragma once

#include "base/conf.h"
#include "base/http-message.h"
#include "providers/sms-vendor.h"

/* With the times and the size of sms-vendor.h. */
struct http_request *sms_request_new(enum http_method method, const char *url);
/* The same with "Accept: application/json". */
struct http_request *sms_request_json(enum http_method method, const char *url);

/* A vendor's word, cut and cleaned; and when it said none: "status 503". */
void sms_word(char ret_word[SMS_WORD_MAX + 1], const char *text);
void sms_word_status(char ret_word[SMS_WORD_MAX + 1], const struct http_reply *reply);
