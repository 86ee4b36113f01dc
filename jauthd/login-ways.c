/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person can choose from. All alternatives that go on by the telephone at the same point,
 * with the same factors before it, are one way: one code, and the telephone's app says which it is.
 */
#include "jauthd/login-private.h"

const struct alternative *login_nth_alternative(const struct login *login, unsigned n)
{
	return login->forced.n_factors ? &login->forced : &login->rule->alternatives[n];
}

const struct alternative *login_alternative(const struct login *login)
{
	return login_nth_alternative(login, login->alternative);
}

unsigned login_n_alternatives(const struct login *login)
{
	if (login->forced.n_factors)
		return 1;
	return login->rule ? login->rule->n_alternatives : 0;
}

static bool is_scan(const struct alternative *alternative, unsigned factor)
{
	return factor < alternative->n_factors &&
	       (alternative->factors[factor]->features & PROVIDER_RELAY);
}

bool login_is_same_scan(const struct login *login, unsigned factor, unsigned alternative,
			unsigned other)
{
	const struct alternative *a = login_nth_alternative(login, alternative);
	const struct alternative *b = login_nth_alternative(login, other);

	if (!is_scan(a, factor) || !is_scan(b, factor))
		return false;
	for (unsigned i = 0; i < factor; i++)
		if (a->factors[i] != b->factors[i])
			return false;
	return true;
}

void login_find_ways(const struct login *login, struct login_ways *ret_ways)
{
	struct login_ways ways = { .n = 0 };

	for (unsigned i = 0; i < login_n_alternatives(login); i++) {
		unsigned k = 0;

		while (k < ways.n && !login_is_same_scan(login, 0, ways.first[k], i))
			k++;
		if (k == ways.n)
			ways.first[ways.n++] = i;
	}
	*ret_ways = ways;
}
