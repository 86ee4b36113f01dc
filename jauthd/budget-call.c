/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asks: the keys he is counted under, whether his source is known, and his pauses. */
#include <arpa/inet.h>
#include <string.h>

#include "jauthd/budget-private.h"
#include "jauthd/limits.h"

#define NETWORK_BYTES 6                  /* a /48 */

const struct budget_pause_kind budget_pauses[N_PAUSES] = {
	[PAUSE_ACCOUNT] = { BUDGET_KEY_ACCOUNT, BUDGET_SEND | BUDGET_TRY, 0 },
	[PAUSE_STRANGERS] = { BUDGET_KEY_STRANGERS, BUDGET_SEND | BUDGET_TRY,
			      BUDGET_KNOWN | BUDGET_PROVED },
	[PAUSE_SOURCE] = { BUDGET_KEY_SOURCE, BUDGET_SEND, 0 },
};

static bool network_of(const char *source, char ret_text[INET6_ADDRSTRLEN])
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, source, &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address))
		return false;
	memset(&address.s6_addr[NETWORK_BYTES], 0, sizeof(address) - NETWORK_BYTES);
	return inet_ntop(AF_INET6, &address, ret_text, INET6_ADDRSTRLEN) != NULL;
}

static void make_source_keys(struct budget_call *call, const char *source)
{
	const unsigned char *key = db_key(call->db);
	char network[INET6_ADDRSTRLEN];

	throttle_key_make(key, "source", "", source, &call->keys[BUDGET_KEY_SOURCE]);
	call->has_network = network_of(source, network);
	if (call->has_network)
		throttle_key_make(key, "network", network, "", &call->keys[BUDGET_KEY_NETWORK]);
	/* They belong to no user. */
	call->keys[BUDGET_KEY_SOURCE].user_hash[0] = '\0';
	call->keys[BUDGET_KEY_NETWORK].user_hash[0] = '\0';
}

/* Whoever has no number is counted as if he had one of his own. */
void budget_call_make_keys(struct budget_call *call, const struct budget_asker *asker,
			   const char *number)
{
	const unsigned char *key = db_key(call->db);
	struct throttle_key *keys = call->keys;

	throttle_key_make(key, asker->scope, asker->user, "", &keys[BUDGET_KEY_ACCOUNT]);
	throttle_key_make(key, asker->scope, asker->user, "strangers",
			  &keys[BUDGET_KEY_STRANGERS]);
	throttle_key_make(key, number ? "number" : "no number", number ? number : asker->user, "",
			  &keys[BUDGET_KEY_NUMBER]);
	memcpy(keys[BUDGET_KEY_NUMBER].user_hash, keys[BUDGET_KEY_ACCOUNT].user_hash,
	       sizeof(keys[BUDGET_KEY_NUMBER].user_hash));
	make_source_keys(call, asker->source);
}

void budget_known_key(struct db *db, const char *user, const char *source,
		      struct throttle_key *ret_key)
{
	throttle_key_make(db_key(db), "known", user, source, ret_key);
}

static int look_up_source(struct budget_call *call, const struct budget_asker *asker)
{
	struct throttle_key key;
	struct query *query;
	int r;

	budget_known_key(call->db, asker->user, asker->source, &key);
	query = query_new(call->db, "SELECT 1 FROM known_sources WHERE key = ?1 AND last_s > ?2");
	query_blob(query, 1, key.bytes, sizeof(key.bytes));
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
	const struct throttle_key *key = &call->keys[budget_pauses[pause].key];

	return budget_stop_save(call->db, key, key->user_hash, &call->stops[pause]);
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
