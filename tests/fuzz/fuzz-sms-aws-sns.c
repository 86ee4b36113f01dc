/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of the SMS vendor `aws-sns`: two bytes of status, then the body. */
#include "providers/table.h"
#include "tests/fuzz/fuzz-sms-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_sms_reply(&aws_sns_vendor, "text/xml", data, size);
	return 0;
}
