/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a request's method and path to who answers it. */
#pragma once

#include "jauth-relay/request.h"

/* Answers, or hands on to a handler that will. */
void routes_handle(struct request *request);
