/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the replies of Amazon SNS mean; an operation of struct sms_vendor. */
#pragma once

#include "providers/sms-vendor.h"

void aws_sns_judge(const void *config, const struct http_reply *reply,
		   struct sms_result *ret_result);
