/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the replies of Alibaba Cloud SMS mean; operations of struct sms_vendor. */
#pragma once

#include "providers/sms-vendor.h"

void alibaba_judge(const void *config, const struct http_reply *reply,
		   struct sms_result *ret_result);
enum sms_delivery alibaba_judge_delivery(const void *config, const struct http_reply *reply,
					 char ret_word[SMS_WORD_MAX + 1]);
