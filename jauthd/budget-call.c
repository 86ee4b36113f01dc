/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asks: the keys he is counted under, whether his source is known, and his pauses. */
#include <stdio.h>
#include <string.h>

#include "jauthd/address.h"
#include "jauthd/budget-private.h"
#include "jauthd/limits.h"

const struct budget_pause_kind budget_pauses[N_PAUSES] = {
	[PAUSE_ACCOUNT] = { BUDGET_KEY_ACCOUNT, BUDGET_SEND | BUDGET_TRY, 0 },
	[PAUSE_STRANGERS] = { BUDGET_KEY_STRANGERS, BUDGET_SEND | BUDGET_TRY,
			      BUDGET_KNOWN | BUDGET_PROVED },
	[PAUSE_SOURCE] = { BUDGET_KEY_SOURCE, BUDGET_SEND, 0 },
};

static void make_key(struct budget_call *call, enum budget_key which, const char *scope,
		     const char *user, const char *source)
{
	throttle_hash(db_key(call->db), scope, user, source, call->keys[which].bytes);
}

/* They belong to no user. */
static void make_source_keys(struct budget_call *call, const char *source)
{
	char network[ADDRESS_SIZE];

	make_key(call, BUDGET_KEY_SOURCE, "source", "", source);
	call->has_network = address_network(source, network);
	if (call->has_network)
		make_key(call, BUDGET_KEY_NETWORK, "network", network, "");
}

/* Whoever has no number is counted as if he had one of his own. */
void budget_call_make_keys(struct budget_call *call, const struct budget_asker *asker,
			   const char *number)
{
	struct throttle_key *account = &call->keys[BUDGET_KEY_ACCOUNT];

	throttle_user_hash(db_key(call->db), asker->user, account->user_hash);
	(void)snprintf(account->scope, sizeof(account->scope), "%s", asker->scope);
	call->keys[BUDGET_KEY_STRANGERS] = call->keys[BUDGET_KEY_NUMBER] = *account;
	make_key(call, BUDGET_KEY_ACCOUNT, asker->scope, asker->user, "");
	make_key(call, BUDGET_KEY_STRANGERS, asker->scope, asker->user, "strangers");
	make_key(call, BUDGET_KEY_NUMBER, number ? "number" : "no number",
		 number ? number : asker->user, "");
	make_source_keys(call, asker->source);
}

void budget_known_key(struct db *db, const char *user, const char *source,
		      unsigned char ret_key[THROTTLE_KEY_LEN])
{
	throttle_hash(db_key(db), "known", user, source, ret_key);
}

static int look_up_source(struct budget_call *call, const struct budget_asker *asker)
{
	unsigned char key[THROTTLE_KEY_LEN];
	struct query *query;
	int r;

	budget_known_key(call->db, asker->user, asker->source, key);
	query = query_new(call->db, "SELECT 1 FROM known_sources WHERE key = ?1 AND last_s > ?2");
	query_blob(query, 1, key, sizeof(key));
	query_number(query, 2, call->now_s - KNOWN_SOURCE_DAYS * DAY_S);
	r = query_step(query);
	query_done(query);
	if (r == 1)
		call->standing |= BUDGET_KNOWN;
	return r < 0 ? r : 0;
}

static int load_stops(struct budget_call *call)
{
	int r = 0;

	for (int i = PAUSE_NONE + 1; r == 0 && i < N_PAUSES; i++)
		r = budget_stop_load(call->db, &call->keys[budget_pauses[i].key], call->now_s,
				     &call->stops[i]);
	return r;
}

int budget_call_save(struct budget_call *call, enum budget_pause pause)
{
	return budget_stop_save(call->db, &call->keys[budget_pauses[pause].key],
				&call->stops[pause]);
}

int budget_call_begin(struct budget_call *call, const struct budget_asker *asker,
		      const char *number)
{
	int r = budget_redate(call->db, call->now_s);

	if (r < 0)
		return r;
	if (asker->is_proved)
		call->standing |= BUDGET_PROVED;
	budget_call_make_keys(call, asker, number);
	r = look_up_source(call, asker);
	return r < 0 ? r : load_stops(call);
}

int budget_call_begin_source(struct budget_call *call, const char *source)
{
	int r = budget_redate(call->db, call->now_s);

	make_source_keys(call, source);
	if (r == 0)
		r = budget_stop_load(call->db, &call->keys[BUDGET_KEY_SOURCE], call->now_s,
				     &call->stops[PAUSE_SOURCE]);
	return r;
}

bool budget_call_has_key(const struct budget_call *call, enum budget_key key)
{
	return key != BUDGET_KEY_NETWORK || call->has_network;
}
