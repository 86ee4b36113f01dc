/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is neither a telephone's page nor the host API. */
#pragma once

#include "jauth-relay/request.h"

/* Handlers, see routes.c. */
void files_ownership(struct request *request);   /* GET …/NAME.txt: who owns this address */
void files_robots(struct request *request);
void files_health(struct request *request);
void files_metrics(struct request *request);
