/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libcurl does not set on its TLS connections; see tls.h. */
#include "jauth-http/tls.h"

#include <openssl/ssl.h>

void tls_tighten(void *ssl_ctx)
{
	/* A pooled connection would keep the last record, decrypted, as long as it lives. */
	(void)SSL_CTX_set_mode(ssl_ctx, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_options(ssl_ctx, SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION);
}
