/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "providers/sms-check.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/sms-request.h"

bool sms_is_made_of(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

bool sms_is_credential(const struct secret *secret)
{
	return !secret || (strlen(secret->data) == secret->len &&
			   text_is_printable_ascii(secret->data, secret->len));
}

bool sms_is_base(const char *url)
{
	struct url parts;

	return url_parse(url, URL_MAX, &parts) == 0 &&
	       (text_equals(parts.path, "") || text_equals(parts.path, "/"));
}

void sms_check_texts(const struct sms_text_rule *rules, size_t n_rules, const void *config,
		     const struct conf_section *section, struct conf_report *report)
{
	for (size_t i = 0; i < n_rules; i++) {
		char *const *text = (char *const *)((const char *)config + rules[i].offset);

		if (*text && !rules[i].is_right(*text))
			conf_mistake_key(report, section, rules[i].key, rules[i].wanted);
	}
}

void sms_check_token(const char *key, const struct secret *token,
		     const struct conf_section *section, struct conf_report *report)
{
	if (token && (strlen(token->data) != token->len || strchr(token->data, ' ') ||
		      !text_is_printable_ascii(token->data, token->len)))
		conf_mistake_key(report, section, key, "must be printable ASCII without blanks");
}
