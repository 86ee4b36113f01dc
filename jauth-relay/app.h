/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which app's browser asks, by its User-Agent, or one on a computer. It may lie: only what is
 * offered depends on it. */
#pragma once

#include "base/relay-protocol.h"

enum relay_app app_of_user_agent(const char *user_agent);        /* NULL: any browser */
