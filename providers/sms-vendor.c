/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of SMS vendors. A new one is a row here and in table.h. */
#include "providers/table.h"

#include "base/text.h"

const struct sms_vendor *const sms_vendors[] = {
	&http_vendor,
	&twilio_vendor,
	&alibaba_vendor,
	&aws_sns_vendor,
	NULL
};

const struct sms_vendor *sms_vendor_find(const char *type)
{
	for (const struct sms_vendor *const *vendor = sms_vendors; *vendor; vendor++) {
		if (text_equals((*vendor)->type, type))
			return *vendor;
	}
	return NULL;
}
