/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What login types with an API look for in their section. A value of NULL is none, or was missed
 * elsewhere, and no mistake. */
#pragma once

#include "base/conf.h"

/* A name that the vendor gave out: letters, digits, _ and -. */
void api_check_word(const char *key, const char *value, const struct conf_section *section,
		    struct conf_report *report);
/* An address that paths and parameters are put behind. */
void api_check_base(const char *key, const char *value, const struct conf_section *section,
		    struct conf_report *report);
/* The key `proxy`: plain http, with the port written. */
void api_check_proxy(const char *value, const struct conf_section *section,
		     struct conf_report *report);
