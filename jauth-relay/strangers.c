/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/strangers.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "jauth-relay/limits.h"

#define PLACES    8              /* that an address may have */
#define N_BUCKETS (ADDRESSES_MAX / PLACES)

/* What of an address counts: four bytes, or the network part of eight. */
struct network {
	unsigned char family;            /* 0: an empty place */
	unsigned char bytes[8];
};

struct stranger {
	struct network network;
	uint32_t n;
	int64_t minute;
};

struct strangers {
	uint64_t seed;                   /* so that nobody chooses who shares his bucket */
	struct stranger buckets[N_BUCKETS][PLACES];
};

static struct network read_network(const char *address)
{
	struct network network = { .family = 1 };
	unsigned char bytes[16];

	if (inet_pton(AF_INET, address, bytes) == 1) {
		network.family = AF_INET;
		memcpy(network.bytes, bytes, 4);
	} else if (inet_pton(AF_INET6, address, bytes) == 1) {
		network.family = AF_INET6;
		memcpy(network.bytes, bytes, sizeof(network.bytes));
	}
	return network;
}

static struct stranger *bucket(struct strangers *strangers, const struct network *network)
{
	uint64_t hash = strangers->seed ^ network->family;

	for (size_t i = 0; i < sizeof(network->bytes); i++) {
		hash = (hash ^ network->bytes[i]) * 0x100000001b3u;
		hash ^= hash >> 29;
	}
	return strangers->buckets[hash % N_BUCKETS];
}

/* The place of this network, or the one that is given up for it: empty, of an earlier minute, or
 * with the smallest count. */
static struct stranger *find_place(struct stranger *places, const struct network *network,
				   int64_t minute)
{
	struct stranger *least = places;

	for (size_t i = 0; i < PLACES; i++) {
		if (places[i].minute != minute)
			places[i].n = 0;
		if (memcmp(&places[i].network, network, sizeof(*network)) == 0)
			return &places[i];
		if (places[i].n < least->n)
			least = &places[i];
	}
	*least = (struct stranger){ .network = *network };
	return least;
}

struct strangers *strangers_new(void)
{
	struct strangers *strangers = calloc(1, sizeof(*strangers));

	if (strangers && random_bytes(&strangers->seed, sizeof(strangers->seed)) < 0)
		return strangers_free(strangers);
	return strangers;
}

struct strangers *strangers_free(struct strangers *strangers)
{
	free(strangers);
	return NULL;
}

bool strangers_count(struct strangers *strangers, const char *address, int64_t per_minute,
		     int64_t now_s)
{
	const struct network network = read_network(address);
	const int64_t minute = now_s / 60;
	struct stranger *place = find_place(bucket(strangers, &network), &network, minute);

	place->minute = minute;
	if (place->n < UINT32_MAX)
		place->n++;
	return place->n <= per_minute;
}
