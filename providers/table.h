/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every login type and every SMS vendor there is; providers.c and sms-vendor.c list them. */
#pragma once

#include "providers/provider.h"
#include "providers/sms-vendor.h"

extern const struct provider dingtalk_provider;
extern const struct provider github_provider;
extern const struct provider google_provider;
extern const struct provider oidc_provider;
extern const struct provider password_provider;
extern const struct provider sms_provider;
extern const struct provider totp_provider;
extern const struct provider wechat_provider;
extern const struct provider wechat_official_account_provider;
extern const struct provider wechat_mini_provider;
extern const struct provider wecom_provider;

/* And every SMS vendor; sms-vendor.c lists them. */
extern const struct sms_vendor http_vendor;
extern const struct sms_vendor twilio_vendor;
extern const struct sms_vendor alibaba_vendor;
extern const struct sms_vendor aws_sns_vendor;
