/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of pairs in one text; see cookies.h. */
#include "providers/cookies.h"

#include <string.h>

#include "base/text.h"

struct pair {
	const char *text;                /* "name=value" of `len` bytes */
	size_t len, name_len;
};

/* The next pair at `*at`, which moves on; false: there is none. */
static bool next_pair(const char **at, struct pair *ret_pair)
{
	const char *text = *at + strspn(*at, "; ");
	size_t len = strcspn(text, ";");

	*at = text + len;
	*ret_pair = (struct pair) { text, len, strcspn(text, "=;") };
	return len > 0;
}

static void add_pair(struct buf *pairs, const struct pair *pair)
{
	if (pairs->len)
		buf_add_text(pairs, "; ");
	buf_add(pairs, pair->text, pair->len);
}

static bool same_name(const struct pair *a, const struct pair *b)
{
	return a->name_len == b->name_len && memcmp(a->text, b->text, a->name_len) == 0;
}

static void set_pair(struct cookies *cookies, const struct pair *new)
{
	struct buf pairs = BUF_INIT_SECRET(COOKIES_MAX);
	const char *at = cookies->pairs ? cookies->pairs->data : "";
	struct pair old;

	while (next_pair(&at, &old))
		if (!same_name(&old, new))
			add_pair(&pairs, &old);
	if (new->len > new->name_len + 1)
		add_pair(&pairs, new);
	cookies_done(cookies);
	if (pairs.len)
		cookies->pairs = secret_new(pairs.data, pairs.len);
	buf_done(&pairs);
}

void cookies_take(struct cookies *cookies, const struct http_reply *reply)
{
	const char *at = reply->cookies;
	struct pair pair;

	while (next_pair(&at, &pair))
		set_pair(cookies, &pair);
}

void cookies_add(const struct cookies *cookies, struct http_request *request)
{
	if (cookies->pairs)
		(void)http_request_header(request, "Cookie", cookies->pairs->data);
}

void cookies_done(struct cookies *cookies)
{
	cookies->pairs = secret_free(cookies->pairs);
}
