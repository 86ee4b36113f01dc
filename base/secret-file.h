/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets that lie in files of their own, so that the configuration may be read by anybody. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/secret.h"

enum secret_place {
	SECRET_IN_FILE,          /* an absolute path */
	SECRET_IN_CREDENTIAL,    /* a name in $CREDENTIALS_DIRECTORY: systemd's LoadCredential= */
};

struct secret_file {
	enum secret_place place;
	const char *name;
	size_t min, max;         /* bytes, one trailing newline not counted */
};

/* A regular file, no symbolic link, neither readable nor writable for others, owned by root or by
 * us. 0, or -errno and a sentence in `why` that names the path and never the content. */
int secret_file_read(const struct secret_file *file, struct secret **ret_secret, struct buf *why);
