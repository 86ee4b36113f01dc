/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mini programs: the API that one on the telephone speaks, and the page for whatever opens its code
 * in a browser. */
#pragma once

#include "jauth-relay/request.h"

/* Handlers, see routes.c. */
void phone_show_mini(struct request *request);   /* GET /m/ID */
void mini_get(struct request *request);          /* GET /api/m/ID */
void mini_post(struct request *request);
void mini_get_result(struct request *request);
