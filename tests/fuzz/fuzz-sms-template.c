/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates of configurations. The first byte chooses the encoding, the rest is the template; what
 * the check lets through must expand. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "providers/sms-template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sms_variable variables[] = {
	{ "code", "012345" },
	{ "text", "\"012345\" \\ & \xe7\xa0\x81" },
	{ "host", "db-1" },
	{ NULL, NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf buf = BUF_INIT_SECRET(64 * 1024), why = BUF_INIT(4096);
	_cleanup_free_ char *template = NULL;
	bool is_right;
	int r;

	if (size < 1 || size > 4096)
		return 0;
	template = text_format("%.*s", (int)size - 1, (const char *)data + 1);
	is_right = sms_template_check(template, variables, &why);
	r = sms_template_expand(template, variables, (enum sms_encoding)(data[0] % 4), &buf);
	if (is_right != (r == 0) || is_right != (why.len == 0))
		abort();
	if (is_right && sms_template_has(template, "host") && buf.len < 4)
		abort();
	buf_done(&buf);
	buf_done(&why);
	return 0;
}
