/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of login types. A new one is a row here and in table.h. */
#include "providers/table.h"

#include "base/text.h"

const struct provider *const providers[] = {
	&password_provider,
	&sms_provider,
	&oidc_provider,
	&google_provider,
	&github_provider,
	&totp_provider,
	&break_glass_provider,
	&wechat_provider,
	&wechat_official_account_provider,
	&wecom_provider,
	&dingtalk_provider,
	&wechat_mini_provider,
	NULL
};

const struct provider *provider_find(const char *type)
{
	for (const struct provider *const *provider = providers; *provider; provider++) {
		if (text_equals((*provider)->type, type))
			return *provider;
	}
	return NULL;
}
