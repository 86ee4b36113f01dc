/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alibaba Cloud, "V3 request structure and signature"; AWS IAM User Guide, "Create a signed AWS API
 * request". */
#include "providers/sms-sign.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "base/text.h"
#include "base/url.h"

#define CANONICAL_MAX (32 * 1024)
#define FIRST_KEY_MAX 1024
#define HTTPS_PORT    443
#define DATE_LEN      8          /* "20260102" of a time */

/* --- parts of a request --- */

void sign_add(struct buf *buf, const char *name, const char *value)
{
	if (buf->len)
		buf_add_char(buf, '&');
	url_encode_segment(buf, name);
	buf_add_char(buf, '=');
	url_encode_segment(buf, value);
}

void sign_add_header(struct sign_request *request, const char *name, const char *value)
{
	assert(request->n_headers < SIGN_HEADERS_MAX);
	request->headers[request->n_headers++] = (struct sign_header){ name, value };
}

/* Hex of bytes into a text of fixed size. */
static void hash_text(const struct digest *digest, char ret_hash[SIGN_HASH_SIZE])
{
	struct buf hex = BUF_INIT(SIGN_HASH_SIZE - 1);

	hex_add(&hex, digest->bytes, digest->len);
	(void)text_into(ret_hash, SIGN_HASH_SIZE, buf_text(&hex));
	buf_done(&hex);
}

int sign_hash(const void *data, size_t len, char ret_hash[SIGN_HASH_SIZE])
{
	struct digest digest;
	int r;

	r = crypto_digest(DIGEST_SHA256, data, len, &digest);
	if (r == 0)
		hash_text(&digest, ret_hash);
	return r;
}

void sign_time(int64_t now_s, enum sign_time_form form, char ret_text[SIGN_TIME_SIZE])
{
	time_t now = now_s;
	struct tm utc;
	size_t len = 0;

	if (gmtime_r(&now, &utc)) {
		switch (form) {
		case SIGN_TIME_EXTENDED:
			len = strftime(ret_text, SIGN_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
			break;
		case SIGN_TIME_BASIC:
			len = strftime(ret_text, SIGN_TIME_SIZE, "%Y%m%dT%H%M%SZ", &utc);
			break;
		case SIGN_TIME_DATE:
			len = strftime(ret_text, SIGN_TIME_SIZE, "%Y%m%d", &utc);
			break;
		}
	}
	ret_text[len] = '\0';
}

bool sign_host(const char *url, char ret_host[SIGN_HOST_SIZE])
{
	struct buf host = BUF_INIT(SIGN_HOST_SIZE - 1);
	struct url parts;
	bool fits;

	if (url_parse(url, URL_MAX, &parts) < 0)
		return false;
	buf_add_format(&host, strchr(parts.host, ':') ? "[%s]" : "%s", parts.host);
	if (parts.port != HTTPS_PORT)
		buf_add_format(&host, ":%u", parts.port);
	fits = !buf_failed(&host) && text_into(ret_host, SIGN_HOST_SIZE, buf_text(&host));
	buf_done(&host);
	return fits;
}

bool sign_send_headers(struct http_request *request, const struct sign_request *signed_request)
{
	for (size_t i = 0; i < signed_request->n_headers; i++) {
		const struct sign_header *header = &signed_request->headers[i];

		if (!text_equals(header->name, "host") &&
		    !http_request_header(request, header->name, header->value))
			return false;
	}
	return true;
}

/* --- what both sign --- */

static void add_header_names(struct buf *buf, const struct sign_request *request)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		if (i)
			buf_add_char(buf, ';');
		buf_add_text(buf, request->headers[i].name);
	}
}

/* The hash of the canonical request. It holds number and code, in the query or by its hash. */
static int canonical_hash(const struct sign_request *request, char ret_hash[SIGN_HASH_SIZE])
{
	struct buf text = BUF_INIT_SECRET(CANONICAL_MAX);
	int r = -E2BIG;

	buf_add_format(&text, "%s\n/\n", request->method);
	buf_add_text(&text, request->query);
	buf_add_char(&text, '\n');
	for (size_t i = 0; i < request->n_headers; i++) {
		buf_add_text(&text, request->headers[i].name);
		buf_add_char(&text, ':');
		buf_add_text(&text, request->headers[i].value);
		buf_add_char(&text, '\n');
	}
	buf_add_char(&text, '\n');
	add_header_names(&text, request);
	buf_add_char(&text, '\n');
	buf_add_text(&text, request->body_hash);
	if (!buf_failed(&text))
		r = sign_hash(text.data, text.len, ret_hash);
	buf_done(&text);
	return r;
}

/* Both write the header alike; only what stands between the parts differs. */
static void add_authorization(struct buf *buf, const char *algorithm, const char *credential,
			      const char *separator, const struct sign_request *request,
			      const char *signature)
{
	buf_add_format(buf, "%s Credential=%s%sSignedHeaders=", algorithm, credential, separator);
	add_header_names(buf, request);
	buf_add_format(buf, "%sSignature=%s", separator, signature);
}

static int sign_text(const struct secret *key, const char *text, char ret_signature[SIGN_HASH_SIZE])
{
	struct digest mac;
	int r;

	r = crypto_hmac(DIGEST_SHA256, key, text, strlen(text), &mac);
	if (r == 0)
		hash_text(&mac, ret_signature);
	return r;
}

/* --- ACS3-HMAC-SHA256 --- */

int sign_acs3(const struct sign_request *request, const struct sign_key *key,
	      struct buf *ret_value)
{
	static const char algorithm[] = "ACS3-HMAC-SHA256";
	_cleanup_free_ char *text = NULL;
	char hash[SIGN_HASH_SIZE], signature[SIGN_HASH_SIZE];
	int r;

	r = canonical_hash(request, hash);
	if (r < 0)
		return r;
	text = text_format("%s\n%s", algorithm, hash);
	r = sign_text(key->secret, text, signature);
	if (r == 0)
		add_authorization(ret_value, algorithm, key->id, ",", request, signature);
	return r;
}

/* --- AWS4-HMAC-SHA256 --- */

/* One more step: the old key makes the new one of a word. */
static int derive(struct secret **key, const char *word)
{
	struct digest mac;
	int r;

	r = crypto_hmac(DIGEST_SHA256, *key, word, strlen(word), &mac);
	if (r < 0)
		return r;
	secret_free(*key);
	*key = secret_new(mac.bytes, mac.len);
	explicit_bzero(&mac, sizeof(mac));
	return *key ? 0 : -ENOMEM;
}

static int day_key(const struct secret *secret, const char *date, const struct sign_scope *scope,
		   struct secret **ret_key)
{
	const char *const words[] = { date, scope->region, scope->service, "aws4_request" };
	struct buf first = BUF_INIT_SECRET(FIRST_KEY_MAX);
	_cleanup_secret_ struct secret *key = NULL;
	int r = 0;

	if (!secret->len)
		return -EINVAL;
	buf_add_text(&first, "AWS4");
	buf_add(&first, secret->data, secret->len);
	if (!buf_failed(&first))
		key = secret_new(first.data, first.len);
	buf_done(&first);
	if (!key)
		return -ENOMEM;
	for (size_t i = 0; i < N_ELEMENTS(words) && r == 0; i++)
		r = derive(&key, words[i]);
	if (r == 0)
		*ret_key = steal(&key);
	return r;
}

int sign_sigv4(const struct sign_request *request, const struct sign_key *key,
	       const struct sign_scope *scope, struct buf *ret_value)
{
	static const char algorithm[] = "AWS4-HMAC-SHA256";
	_cleanup_secret_ struct secret *signing_key = NULL;
	_cleanup_free_ char *date = text_format("%.*s", DATE_LEN, scope->time);
	_cleanup_free_ char *where = text_format("%s/%s/%s/aws4_request", date, scope->region,
						 scope->service);
	_cleanup_free_ char *credential = text_format("%s/%s", key->id, where);
	_cleanup_free_ char *text = NULL;
	char hash[SIGN_HASH_SIZE], signature[SIGN_HASH_SIZE];
	int r;

	r = canonical_hash(request, hash);
	if (r < 0)
		return r;
	r = day_key(key->secret, date, scope, &signing_key);
	if (r < 0)
		return r;
	text = text_format("%s\n%s\n%s\n%s", algorithm, scope->time, where, hash);
	r = sign_text(signing_key, text, signature);
	if (r == 0)
		add_authorization(ret_value, algorithm, credential, ", ", request, signature);
	return r;
}
