/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a login when a code that was kept for the user beforehand was judged. */
#pragma once

#include "providers/provider.h"

/* A provider's `judged`: CODE_RIGHT identifies the user himself, the rest ends the method. */
void code_take_verdict(struct login *login, uint32_t number, enum code_result result,
		       int64_t wait_s);
