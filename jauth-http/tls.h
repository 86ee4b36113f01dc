/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libcurl does not set on its TLS connections. */
#pragma once

/* `ssl_ctx` is an SSL_CTX. Read buffers do not outlive their bytes. */
void tls_tighten(void *ssl_ctx);
