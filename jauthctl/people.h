/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The users that jauth made, as many as there are: page after page. */
#pragma once

#include <jansson.h>

#include "jauthctl/command.h"

/* Until `each`, to which the rows are lent, returns something else than EXIT_DONE. */
enum exit_code people_each_page(struct ctl *ctl,
				enum exit_code (*each)(json_t *rows, void *context),
				void *context);
