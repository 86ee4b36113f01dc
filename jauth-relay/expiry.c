/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/expiry.h"

#include <stdlib.h>

#define FIRST_SIZE 64

static void place(struct expiries *expiries, size_t i, struct expiry *expiry)
{
	expiries->heap[i] = expiry;
	expiry->place = i;
}

static void move_up(struct expiries *expiries, size_t i, struct expiry *expiry)
{
	while (i && expiries->heap[(i - 1) / 2]->at_s > expiry->at_s) {
		place(expiries, i, expiries->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(expiries, i, expiry);
}

static void move_down(struct expiries *expiries, size_t i, struct expiry *expiry)
{
	struct expiry **heap = expiries->heap;
	size_t next;

	while ((next = 2 * i + 1) < expiries->n) {
		if (next + 1 < expiries->n && heap[next + 1]->at_s < heap[next]->at_s)
			next++;
		if (heap[next]->at_s >= expiry->at_s)
			break;
		place(expiries, i, heap[next]);
		i = next;
	}
	place(expiries, i, expiry);
}

void expiries_add(struct expiries *expiries, struct expiry *expiry)
{
	if (expiries->n == expiries->size) {
		expiries->size = expiries->size ? 2 * expiries->size : FIRST_SIZE;
		expiries->heap = reallocarray(expiries->heap, expiries->size,
					      sizeof(struct expiry *));
		if (!expiries->heap)
			abort();
	}
	move_up(expiries, expiries->n++, expiry);
}

void expiries_remove(struct expiries *expiries, struct expiry *expiry)
{
	struct expiry *last = expiries->heap[--expiries->n];
	size_t i = expiry->place;

	if (last == expiry)
		return;
	if (last->at_s < expiry->at_s)
		move_up(expiries, i, last);
	else
		move_down(expiries, i, last);
}

struct expiry *expiries_first(const struct expiries *expiries, int64_t now_s)
{
	return expiries->n && expiries->heap[0]->at_s <= now_s ? expiries->heap[0] : NULL;
}

void expiries_done(struct expiries *expiries)
{
	free(expiries->heap);
	*expiries = (struct expiries){ 0 };
}
