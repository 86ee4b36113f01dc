/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may happen to a link; see link.h. Its JSON is read in link-json.c, its bytes in
 * link-bytes.c. */
#include "jauth-relay/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parameters.h"
#include "base/text.h"
#include "base/url.h"
#include "jauth-relay/link-private.h"

#define LETTERS          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define BASE64URL_DIGITS LETTERS "-_"
#define METHOD_DIGITS    "abcdefghijklmnopqrstuvwxyz0123456789-"
#define HEX_DIGITS       "0123456789abcdef"

struct link *link_make(void)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		abort();
	link->target = link->callback_press = link->result = LINK_NONE;
	return link;
}

static void free_wiped(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

struct link *link_free(struct link *link)
{
	if (!link)
		return NULL;
	free_wiped(link->url);
	free_wiped(link->callback);
	explicit_bzero(link, sizeof(*link));
	free(link);
	return NULL;
}

/* --- what is a link --- */

static bool consists_of(const char *text, const char *digits, size_t min, size_t max)
{
	size_t len = strspn(text, digits);

	return !text[len] && len >= min && len <= max;
}

static bool is_line(const char *text, size_t min)
{
	size_t len = strlen(text);

	return len >= min && text_is_line(text, len);
}

bool link_is_state(const char *text)
{
	return consists_of(text, LETTERS, RELAY_STATE_MIN, RELAY_STATE_MAX);
}

bool link_is_js_code(const char *text)
{
	return consists_of(text, BASE64URL_DIGITS, 1, LINK_JS_CODE_MAX);
}

bool link_is_digits(const char *text)
{
	return consists_of(text, "0123456789", RELAY_DIGITS, RELAY_DIGITS);
}

bool link_is_query(const char *text)
{
	return text_is_printable_ascii(text, RELAY_CALLBACK_MAX) && !strpbrk(text, "\"\\");
}

static bool head_is_sound(const struct link *link)
{
	return consists_of(link->id, BASE64URL_DIGITS, RELAY_ID_LEN, RELAY_ID_LEN) &&
	       consists_of(link->token, BASE64URL_DIGITS, RELAY_ID_LEN, RELAY_ID_LEN) &&
	       consists_of(link->host, HEX_DIGITS, RELAY_KEY_ID_LEN, RELAY_KEY_ID_LEN) &&
	       is_line(link->host_name, 1) && is_line(link->user, 1) &&
	       is_line(link->service, 1) && is_line(link->source, 0) &&
	       consists_of(link->listen, LETTERS "_", 0, RELAY_LISTEN_MAX) &&
	       link->since_s >= 0 && link->expires_s > 0;
}

static bool targets_are_sound(const struct link *link)
{
	if (link->n_targets > RELAY_TARGETS_MAX || (!link->n_targets && !*link->listen))
		return false;
	for (unsigned i = 0; i < link->n_targets; i++) {
		const struct link_target *target = &link->targets[i];

		if (!consists_of(target->method, METHOD_DIGITS, 1, RELAY_METHOD_MAX) ||
		    !is_line(target->title, 1) || (unsigned)target->app >= RELAY_N_APPS ||
		    link_find_target(link, target->method) != (int)i)
			return false;
	}
	return true;
}

static bool presses_are_sound(const struct link *link)
{
	if (link->n_presses > LINK_PRESSES_MAX + (link->callback != NULL))
		return false;
	for (unsigned i = 0; i < link->n_presses; i++)
		if (link->presses[i].method >= link->n_targets)
			return false;
	return true;
}

/* LINK_NONE, or below n. */
static bool is_index(int index, unsigned n)
{
	return index == LINK_NONE || (index >= 0 && (unsigned)index < n);
}

static bool button_is_sound(const struct link *link)
{
	if (link->target == LINK_NONE)
		return !link->url && !link->state[0];
	return is_index(link->target, link->n_targets) && link_is_state(link->state) &&
	       link->url && url_is_location(link->url, RELAY_TARGET_URL_MAX);
}

static bool outcome_is_sound(const struct link *link)
{
	bool has_digits = link->result == RELAY_RESULT_DIGITS;

	return is_index(link->callback_press, link->n_presses) &&
	       (link->callback_press == LINK_NONE ? !link->callback :
		link->callback && link_is_query(link->callback)) &&
	       is_index(link->result, RELAY_N_RESULTS) &&
	       (has_digits ? link_is_digits(link->digits_text) : !link->digits_text[0]) &&
	       (!link->request[0] || text_is_printable_ascii(link->request, RELAY_REQUEST_MAX));
}

bool link_is_sound(const struct link *link)
{
	return head_is_sound(link) && targets_are_sound(link) && presses_are_sound(link) &&
	       button_is_sound(link) && outcome_is_sound(link);
}

/* --- questions --- */

int link_find_target(const struct link *link, const char *method)
{
	for (unsigned i = 0; i < link->n_targets; i++)
		if (text_equals(link->targets[i].method, method))
			return (int)i;
	return LINK_NONE;
}

/* Looks at all presses, however early one is right. */
int link_find_press(const struct link *link, const char *secret)
{
	struct digest digest;
	int found = LINK_NONE;

	if (text_is_empty(secret) ||
	    crypto_digest(DIGEST_SHA256, secret, strlen(secret), &digest) < 0)
		return LINK_NONE;
	for (unsigned i = 0; i < link->n_presses; i++)
		if (crypto_equals(link->presses[i].cookie, digest.bytes, SHA256_BYTES))
			found = (int)i;
	return found;
}

bool link_is_open(const struct link *link, int64_t now_s)
{
	return !link->over && now_s < link->expires_s;
}

/* --- what telephones do --- */

int link_add_press(struct link *link, int target, const char *secret)
{
	struct link_press *press = link->presses + link->n_presses;
	struct digest digest;
	int r = link->n_presses > LINK_PRESSES_MAX ? -EUSERS :
		crypto_digest(DIGEST_SHA256, secret, strlen(secret), &digest);

	if (r < 0)
		return r;
	press->method = (unsigned)target;
	memcpy(press->cookie, digest.bytes, SHA256_BYTES);
	link->n_presses++;
	return 0;
}

int link_press(struct link *link, const char *method, const char *secret, int64_t now_s)
{
	int target = link_find_target(link, method);

	if (target == LINK_NONE)
		return -ENOENT;
	if (!link_is_open(link, now_s) || link->refused || link->callback)
		return -ESTALE;
	if (link->n_presses >= LINK_PRESSES_MAX)
		return -EUSERS;
	return link_add_press(link, target, secret);
}

int link_refuse(struct link *link, int64_t now_s)
{
	if (!link_is_open(link, now_s))
		return -ESTALE;
	if (link->refused)
		return -EALREADY;
	link->refused = true;
	return 0;
}

/* TAKEN: its state is the present one. */
static enum link_callback check_query(const struct link *link, int target, const char *query)
{
	struct parameters parameters = { 0 };
	enum link_callback answer = LINK_BAD;
	const char *state;

	if (!link_is_query(query) ||
	    parameters_parse(query, RELAY_CALLBACK_MAX, &parameters) < 0)
		return LINK_BAD;
	state = parameters_text(&parameters, "state", RELAY_STATE_MAX);
	if (state)
		answer = target == link->target && strlen(state) == strlen(link->state) &&
			 crypto_equals(state, link->state, strlen(state)) ?
			 LINK_TAKEN : LINK_SUPERSEDED;
	parameters_done(&parameters);
	return answer;
}

/* A cookie that is wrong learns nothing; one that was right sees its result as long as there is
 * one, even when the login is over. */
enum link_callback link_take_callback(struct link *link, const char *method, const char *secret,
				      const char *query, int64_t now_s)
{
	int target = link_find_target(link, method), press = link_find_press(link, secret);
	enum link_callback answer;

	if (now_s >= link->expires_s)
		return LINK_OVER;
	/* A mini program brings its code itself: link_confirm(). */
	if (press == LINK_NONE || (int)link->presses[press].method != target ||
	    link->targets[target].app == RELAY_APP_MINI_PROGRAM)
		return LINK_FOREIGN;
	if (link->callback)
		return press == link->callback_press ? LINK_AGAIN : LINK_USED;
	if (link->over || link->refused)
		return LINK_OVER;
	answer = check_query(link, target, query);
	if (answer != LINK_TAKEN)
		return answer;
	link->callback = text_copy(query);
	link->callback_press = press;
	return LINK_TAKEN;
}

void link_end(struct link *link)
{
	link->over = true;
}
