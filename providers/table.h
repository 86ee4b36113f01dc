/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every login type and every SMS vendor there is; providers.c and sms-vendor.c list them. */
#pragma once

#include "providers/provider.h"
#include "providers/sms-vendor.h"

extern const struct provider break_glass_provider;
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

/* And what who sets them up is told. */
extern const struct guide break_glass_guide;
extern const struct guide dingtalk_guide;
extern const struct guide github_guide;
extern const struct guide google_guide;
extern const struct guide oidc_guide;
extern const struct guide password_guide;
extern const struct guide sms_guide;
extern const struct guide totp_guide;
extern const struct guide wechat_account_guide;
extern const struct guide wechat_mini_guide;
extern const struct guide wechat_guide;
extern const struct guide wecom_guide;
extern const struct guide alibaba_guide;
extern const struct guide aws_sns_guide;
extern const struct guide sms_http_guide;
extern const struct guide twilio_guide;
