# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LTLIBRARIES += libjauth-providers.la
libjauth_providers_la_SOURCES = \
	providers/api-call.c providers/api-call.h \
	providers/api-check.c providers/api-check.h \
	providers/api-reply.c providers/api-reply.h \
	providers/break-glass.c \
	providers/code-verdict.c providers/code-verdict.h \
	providers/code-flow.c providers/code-flow.h \
	providers/code-login.c providers/code-login.h \
	providers/cookies.c providers/cookies.h \
	providers/device-flow.c providers/device-flow.h \
	providers/device-login.c providers/device-login.h \
	providers/dingtalk.c providers/dingtalk.h \
	providers/dingtalk-answer.c providers/dingtalk-answer.h \
	providers/dingtalk-api.c \
	providers/dingtalk-device.c providers/dingtalk-device.h \
	providers/dingtalk-device-reply.c \
	providers/dingtalk-directory.c providers/dingtalk-directory.h \
	providers/dingtalk-list.c \
	providers/dingtalk-error.c providers/dingtalk-error.h \
	providers/dingtalk-message.c \
	providers/dingtalk-page.c providers/dingtalk-page.h \
	providers/dingtalk-poll.c providers/dingtalk-poll.h \
	providers/dingtalk-probe.c \
	providers/dingtalk-reply.c providers/dingtalk-reply.h \
	providers/dingtalk-request.c \
	providers/dingtalk-scan.c \
	providers/dingtalk-type.c \
	providers/discovery.c providers/discovery.h \
	providers/ending.c providers/ending.h \
	providers/github.c providers/github.h \
	providers/github-api.c providers/github-api.h \
	providers/github-keys.c \
	providers/github-steps.c \
	providers/google.c \
	providers/guide.h providers/guide-china.c providers/guide-own.c \
	providers/guide-sms.c providers/guide-web.c \
	providers/id-token.c providers/id-token.h \
	providers/jwks.c providers/jwks.h \
	providers/list-wait.c providers/list-wait.h \
	providers/oauth-tokens.c providers/oauth-tokens.h \
	providers/oidc.c providers/oidc.h \
	providers/oidc-identity.c \
	providers/oidc-request.c \
	providers/oidc-type.c \
	providers/password.c \
	providers/password-rule.c providers/password-rule.h \
	providers/provider.h \
	providers/providers.c providers/table.h \
	providers/renewal.c providers/renewal.h \
	providers/request.c providers/request.h \
	providers/script-literal.c providers/script-literal.h \
	providers/scan.c providers/scan.h \
	providers/scan-page.c providers/scan-page.h \
	providers/sms-alibaba.c providers/sms-alibaba.h \
	providers/sms-alibaba-reply.c \
	providers/sms-aws-sns.c providers/sms-aws-sns.h \
	providers/sms-aws-sns-reply.c \
	providers/sms-check.c providers/sms-check.h \
	providers/sms-http.c providers/sms-http.h \
	providers/sms-http-check.c \
	providers/sms-http-reply.c \
	providers/sms-request.c providers/sms-request.h \
	providers/sms-sign.c providers/sms-sign.h \
	providers/sms.c providers/sms.h \
	providers/sms-code.c \
	providers/sms-enrol.c \
	providers/sms-routes.c \
	providers/sms-send.c \
	providers/sms-sending.c providers/sms-sending.h \
	providers/sms-text.c providers/sms-text.h \
	providers/sms-trial.c \
	providers/sms-type.c \
	providers/sms-template.c providers/sms-template.h \
	providers/sms-twilio.c \
	providers/sms-vendor.c providers/sms-vendor.h \
	providers/totp.c providers/totp.h \
	providers/totp-enrol.c \
	providers/wechat-account.c providers/wechat-account.h \
	providers/wechat-account-calls.c \
	providers/wechat-account-push.c \
	providers/wechat-account-reply.c providers/wechat-account-reply.h \
	providers/wechat-account-test.c \
	providers/wechat-account-type.c \
	providers/wechat-cipher.c providers/wechat-cipher.h \
	providers/wechat-push.c providers/wechat-push.h \
	providers/wechat-mini.c providers/wechat-mini.h \
	providers/wechat-mini-link.c \
	providers/wechat-mini-type.c \
	providers/wechat-reply.c providers/wechat-reply.h \
	providers/wechat-request.c providers/wechat-request.h \
	providers/wechat-xml.c providers/wechat-xml.h \
	providers/wechat.c providers/wechat.h \
	providers/wechat-device.c \
	providers/wechat-page.c providers/wechat-page.h \
	providers/wechat-poll.c \
	providers/wechat-type.c \
	providers/wecom.c providers/wecom.h \
	providers/wecom-directory.c providers/wecom-directory.h providers/wecom-list.c \
	providers/wecom-api.c \
	providers/wecom-message.c \
	providers/wecom-page.c providers/wecom-page.h \
	providers/wecom-poll.c \
	providers/wecom-probe.c \
	providers/wecom-reply.c providers/wecom-reply.h \
	providers/wecom-type.c
libjauth_providers_la_CFLAGS = $(AM_CFLAGS)
libjauth_providers_la_LIBADD = libjauth-base.la
