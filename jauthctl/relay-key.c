/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This host's key at a relay; see relay-key.h. */
#include "jauthctl/relay-key.h"

#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "base/url.h"

#define SECRET_BYTES       32
#define ENROL_SECRET_MIN   22        /* characters */
#define ENROL_SECRET_MAX   128
#define PENDING_MAX        (URL_MAX + 256)

#define HEX_DIGITS     "0123456789abcdef"
#define BASE64URL      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const char *const step_names[] = {
	[RELAY_ENROL] = "enrol",
	[RELAY_ROTATE] = "rotate",
};

/* The id at the start of `text`, and the byte behind it. */
static bool take_id(const char *text, char end, char ret_id[RELAY_KEY_ID_LEN + 1])
{
	if (strspn(text, HEX_DIGITS) != RELAY_KEY_ID_LEN || text[RELAY_KEY_ID_LEN] != end)
		return false;
	memcpy(ret_id, text, RELAY_KEY_ID_LEN);
	ret_id[RELAY_KEY_ID_LEN] = '\0';
	return true;
}

/* --- keys --- */

static const char *secret_part(const struct relay_key *key)
{
	return key->token->data + strlen(RELAY_KEY_PREFIX) + RELAY_KEY_ID_LEN + 1;
}

int relay_key_new(struct relay_key *ret_key)
{
	_cleanup_(buf_done) struct buf token = BUF_INIT_SECRET(128);
	struct relay_key key = { 0 };
	unsigned char bytes[SECRET_BYTES];
	int r = random_hex(key.id, RELAY_KEY_ID_LEN / 2);

	if (r == 0)
		r = random_bytes(bytes, sizeof(bytes));
	if (r < 0)
		return r;
	buf_add_format(&token, RELAY_KEY_PREFIX "%s.", key.id);
	base64url_add(&token, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	key.token = secret_new(buf_text(&token), token.len);
	if (!key.token)
		return -ENOMEM;
	*ret_key = key;
	return 0;
}

int relay_key_parse(const struct secret *token, struct relay_key *ret_key)
{
	_cleanup_(buf_done) struct buf bytes = BUF_INIT_SECRET(SECRET_BYTES);
	struct relay_key key = { 0 };
	size_t head = strlen(RELAY_KEY_PREFIX) + RELAY_KEY_ID_LEN + 1;

	if (token->len != head + RELAY_SECRET_LEN ||
	    !text_has_prefix(token->data, RELAY_KEY_PREFIX) ||
	    !take_id(token->data + strlen(RELAY_KEY_PREFIX), '.', key.id) ||
	    base64url_decode(token->data + head, RELAY_SECRET_LEN, &bytes) < 0)
		return -EINVAL;
	key.token = secret_new(token->data, token->len);
	if (!key.token)
		return -ENOMEM;
	*ret_key = key;
	return 0;
}

void relay_key_done(struct relay_key *key)
{
	key->token = secret_free(key->token);
	key->id[0] = '\0';
}

int relay_key_body(const struct relay_key *key, struct buf *ret_json)
{
	struct digest digest;
	int r = crypto_digest(DIGEST_SHA256, secret_part(key), RELAY_SECRET_LEN, &digest);

	if (r < 0)
		return r;
	buf_add_format(ret_json, "{\"key\": \"%s\", \"sha256\": \"", key->id);
	hex_add(ret_json, digest.bytes, digest.len);
	buf_add_text(ret_json, "\"}");
	return buf_failed(ret_json) ? -ENOMEM : 0;
}

bool relay_enrolment_id(const char *token, char ret_id[RELAY_KEY_ID_LEN + 1])
{
	const char *id = token + strlen(RELAY_ENROL_PREFIX), *secret;
	size_t len;

	if (!text_has_prefix(token, RELAY_ENROL_PREFIX) || !take_id(id, '.', ret_id))
		return false;
	secret = id + RELAY_KEY_ID_LEN + 1;
	len = strspn(secret, BASE64URL);
	return !secret[len] && len >= ENROL_SECRET_MIN && len <= ENROL_SECRET_MAX;
}

/* --- what is not done yet --- */

void relay_pending_write(const struct relay_pending *pending, struct buf *ret_text)
{
	buf_add_format(ret_text, "%s %s %s %s\n", step_names[pending->step], pending->of,
		       pending->key.token->data, pending->url);
}

/* The word at `*at`, ended by a blank; `*at` is behind it then. NULL: no blank follows. */
static char *take_word(char **at)
{
	char *word = *at, *blank = strchr(word, ' ');

	if (!blank)
		return NULL;
	*blank = '\0';
	*at = blank + 1;
	return word;
}

static int parse_words(char *text, struct relay_pending *pending)
{
	char *step = take_word(&text), *of = step ? take_word(&text) : NULL;
	char *token = of ? take_word(&text) : NULL;
	_cleanup_secret_ struct secret *copy = NULL;

	if (!token || !take_id(of, '\0', pending->of) || !url_is_valid(text, URL_MAX))
		return -EINVAL;
	if (text_equals(step, step_names[RELAY_ENROL]))
		pending->step = RELAY_ENROL;
	else if (text_equals(step, step_names[RELAY_ROTATE]))
		pending->step = RELAY_ROTATE;
	else
		return -EINVAL;
	copy = secret_from_text(token);
	if (!copy)
		return -ENOMEM;
	pending->url = text_copy(text);
	return relay_key_parse(copy, &pending->key);
}

int relay_pending_parse(const struct secret *text, struct relay_pending *ret_pending)
{
	_cleanup_(buf_done) struct buf copy = BUF_INIT_SECRET(PENDING_MAX);
	struct relay_pending pending = { 0 };
	int r;

	if (strlen(text->data) != text->len)
		return -EINVAL;
	buf_add(&copy, text->data, text->len);
	if (!copy.len)
		return -EINVAL;
	r = parse_words(copy.data, &pending);
	if (r < 0) {
		relay_pending_done(&pending);
		return r;
	}
	*ret_pending = pending;
	return 0;
}

bool relay_pending_is(const struct relay_pending *pending, enum relay_step step, const char *url,
		      const char *of)
{
	return pending->url && pending->step == step && text_equals(pending->url, url) &&
	       (!of || text_equals(pending->of, of));
}

void relay_pending_done(struct relay_pending *pending)
{
	relay_key_done(&pending->key);
	free(steal(&pending->url));
}
