/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A datagram that says it is a step: what is taken must be sound and survive a round trip. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_same(const struct login_step *a, const struct login_step *b)
{
	check(a->state == b->state && a->n_items == b->n_items);
	for (unsigned i = 0; i < a->n_items; i++) {
		check(a->items[i].kind == b->items[i].kind);
		check(strcmp(a->items[i].text, b->items[i].text) == 0);
		check(a->items[i].number == b->items[i].number);
		check(a->items[i].echo == b->items[i].echo);
		check(a->items[i].password == b->items[i].password);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct login_step step, again;
	char *encoded;
	size_t encoded_len;
	int r;

	if (login_step_decode((const char *)data, len, &step) < 0)
		return 0;
	r = login_step_encode(&step, &encoded, &encoded_len);
	check(r == 0 || r == -EMSGSIZE);    /* our header may be longer than the one that came */
	if (r == 0) {
		check(login_step_decode(encoded, encoded_len, &again) == 0);
		check_same(&step, &again);
		free(encoded);
		login_step_done(&again);
	}
	login_step_done(&step);
	return 0;
}
