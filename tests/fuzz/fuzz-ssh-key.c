/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A public key from a provider: what is taken is one line, without options, and is taken again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ssh-key.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);
	struct buf line = BUF_INIT(SSH_KEY_MAX + 1), again = BUF_INIT(SSH_KEY_MAX + 1);

	if (!text || size > 100000)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (ssh_key_add(&line, text)) {
		const char *taken = buf_text(&line);

		if (strcspn(taken, "\n") != line.len - 1 || strchr(taken, '"') ||
		    !text_has_prefix(text, "s") != !text_has_prefix(taken, "s"))
			abort();
		line.data[line.len - 1] = '\0';
		if (!ssh_key_add(&again, taken) || again.len != line.len)
			abort();
	} else if (line.len) {
		abort();
	}
	buf_done(&line);
	buf_done(&again);
	return 0;
}
