/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request through jauth-http, which checks TLS. */
#pragma once

#include "base/http-message.h"

/* Waits for the reply, which is the caller's. 0, or -errno when jauth-http cannot be asked. */
int http_call(const struct http_request *request, struct http_reply *ret_reply);
