/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host API: the enrolment of a host, and its keys. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "jauth-relay/api.h"
#include "jauth-relay/records.h"
#include "jauth-relay/relay.h"

struct enrolment {
	char id[RELAY_KEY_ID_LEN + 1];
	struct host_record key;          /* to be bound */
};

static int read_hex(const char *text, size_t n, unsigned char *ret_bytes)
{
	static const char digits[] = "0123456789abcdef";

	if (!text || strlen(text) != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < 2 * n; i++) {
		const char *digit = strchr(digits, text[i]);

		if (!digit)
			return -EINVAL;
		ret_bytes[i / 2] = (unsigned char)(ret_bytes[i / 2] << 4 | (digit - digits));
	}
	return 0;
}

/* What the host says of its new key. */
static int read_key(const struct request *request, struct host_record *ret_key)
{
	_cleanup_json_ struct json_t *json =
		json_read_object(buf_text(&request->body), request->body.len);
	const char *id = json_text(json, "key", RELAY_KEY_ID_LEN);
	unsigned char bytes[RELAY_KEY_ID_LEN / 2];
	struct host_record key = { .kind = HOST_KEY };

	if (!json || read_hex(id, sizeof(bytes), bytes) < 0 ||
	    read_hex(json_text(json, "sha256", 2 * SHA256_BYTES), SHA256_BYTES, key.secret) < 0)
		return -EINVAL;
	(void)text_into(key.id, sizeof(key.id), id);
	key.created_s = relay_now_s(request->relay);
	*ret_key = key;
	return 0;
}

/* The same key of the same host is there already: it comes again because the answer was lost. */
static bool is_there(const struct request *request, const struct host_record *key)
{
	const struct host_record *known = hosts_find_id(request->relay->hosts, key->id);

	return known && known->kind == HOST_KEY && !known->is_over &&
	       text_equals(known->host, key->host) &&
	       crypto_equals(known->secret, key->secret, sizeof(key->secret));
}

static void answer_host(struct request *request, const char *name)
{
	buf_add_text(&request->answer.body, "{\"host\": ");
	api_add_text(&request->answer.body, name);
	buf_add_text(&request->answer.body, "}\n");
	api_answer(request);
}

static void answer_added(struct request *request, const struct host_record *key, int error)
{
	switch (error) {
	case 0:
		log_info("host \"%s\" has a new key, %s", key->name, key->id);
		answer_host(request, key->name);
		break;
	case -EEXIST:
		api_error(request, 409, "the key's id is taken");
		break;
	case -ENOSPC:
		api_error(request, 429, "the relay has too many keys");
		break;
	default:
		log_error("a key cannot be written: %s", strerror(-error));
		api_error(request, 500, "the key cannot be written");
	}
}

/* --- POST /v1/enrol --- */

static void on_once(void *context, int error)
{
	struct request *request = context;
	struct enrolment *enrolment = request->state;
	const struct host_record *found = hosts_find_id(request->relay->hosts, enrolment->id);
	struct host_record both[2];

	if (error == -EEXIST || !found) {
		api_error(request, 401, "the enrolment key was used");
		return;
	}
	if (error < 0) {
		api_store_error(request, error);
		return;
	}
	if (is_there(request, &enrolment->key)) {
		answer_host(request, enrolment->key.name);
		return;
	}
	both[0] = *found;
	both[0].is_over = true;
	(void)text_into(both[0].bound, sizeof(both[0].bound), enrolment->key.id);
	both[1] = enrolment->key;
	answer_added(request, &both[1], records_add(request->relay, both, N_ELEMENTS(both)));
}

/* Once over all relays: the store notes which key it was, the records say so for ever. */
void api_enrol(struct request *request)
{
	struct relay *relay = request->relay;
	const char *token = request->headers[HEADER_AUTHORIZATION];
	const int64_t now_s = relay_now_s(relay);
	const struct host_record *record =
		token ? hosts_find(relay->hosts, HOST_ENROLMENT, token, now_s) : NULL;
	struct enrolment *enrolment;
	struct host_record key;
	char name[STORE_NAME_MAX + 1];

	if (!record) {
		relay->metrics.n[METRIC_KEYS_REFUSED]++;
		api_error(request, 401, "no such enrolment key");
		return;
	}
	if (read_key(request, &key) < 0) {
		api_error(request, 400, "not a key");
		return;
	}
	if (record->is_over && !text_equals(record->bound, key.id)) {
		api_error(request, 401, "the enrolment key was used");
		return;
	}
	(void)text_into(key.host, sizeof(key.host), record->host);
	(void)text_into(key.name, sizeof(key.name), record->name);
	enrolment = request_new_state(request, sizeof(*enrolment), free);
	enrolment->key = key;
	(void)text_into(enrolment->id, sizeof(enrolment->id), record->id);
	(void)snprintf(name, sizeof(name), "enrol:%s", record->id);
	store_once(relay->store, name, key.id, ENROLMENT_SECONDS_MAX, on_once, request);
}

/* --- keys --- */

void api_post_key(struct request *request)
{
	struct relay *relay = request->relay;
	struct host_record key;

	if (read_key(request, &key) < 0) {
		api_error(request, 400, "not a key");
		return;
	}
	(void)text_into(key.host, sizeof(key.host), request->owner.host);
	(void)text_into(key.name, sizeof(key.name), request->owner.name);
	if (is_there(request, &key))
		answer_host(request, key.name);
	else if (hosts_count_keys(relay->hosts, key.host, key.created_s) >= RELAY_HOST_KEYS_MAX)
		api_error(request, 409, "this host has too many keys");
	else
		answer_added(request, &key, records_add(relay, &key, 1));
}

void api_delete_key(struct request *request)
{
	const struct host_record *found = hosts_find_id(request->relay->hosts, request->argument);
	struct host_record over;
	int r;

	if (!found || found->kind != HOST_KEY || !text_equals(found->host, request->owner.host)) {
		api_error(request, 404, "no such key");
		return;
	}
	if (text_equals(found->id, request->owner.key)) {
		api_error(request, 409, "this key is in use");
		return;
	}
	over = *found;
	over.is_over = true;
	r = records_add(request->relay, &over, 1);
	if (r < 0) {
		log_error("a key cannot be revoked: %s", strerror(-r));
		api_error(request, 500, "the key cannot be revoked");
		return;
	}
	log_info("host \"%s\" revoked its key %s", over.name, over.id);
	api_no_content(request);
}

void api_get_host(struct request *request)
{
	const char *instance = store_instance(request->relay->store);
	struct buf *body = &request->answer.body;

	if (!*instance) {
		api_store_error(request, -EHOSTDOWN);
		return;
	}
	buf_add_text(body, "{\"host\": ");
	api_add_text(body, request->owner.name);
	buf_add_text(body, ", \"key\": ");
	api_add_text(body, request->owner.key);
	buf_add_text(body, ", \"instance\": ");
	api_add_text(body, instance);
	buf_add_text(body, "}\n");
	api_answer(request);
}
