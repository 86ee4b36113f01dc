/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See api-check.h. */
#include "providers/api-check.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"

void api_check_word(const char *key, const char *value, const struct conf_section *section,
		    struct conf_report *report)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";

	if (value && strspn(value, letters) != strlen(value))
		conf_mistake_key(report, section, key, "must be letters and digits");
}

void api_check_base(const char *key, const char *value, const struct conf_section *section,
		    struct conf_report *report)
{
	if (value && (strchr(value, '?') || text_has_suffix(value, "/")))
		conf_mistake_key(report, section, key,
				 "must be without a query and without / at the end");
}

void api_check_proxy(const char *value, const struct conf_section *section,
		     struct conf_report *report)
{
	if (value && (!text_has_prefix(value, "http://") || !url_is_proxy(value, URL_MAX)))
		conf_mistake_key(report, section, "proxy", "must be http://HOST:PORT");
}
