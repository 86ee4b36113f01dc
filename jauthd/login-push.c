/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Methods whose vendor tells of what the person did (PROVIDER_PUSHES). The login has a link at the
 * relay that nobody opens, and is offered the pushes of its app while its provider runs.
 *
 * A push that the provider takes is kept over the verdict on the identity that came with it, so
 * that the message with the digits can be its answer. It is answered once: by the provider, or with
 * nothing when the login goes on without it, or ends.
 */
#include <string.h>

#include "base/text.h"
#include "jauthd/login-private.h"

/* --- the push at hand --- */

static void forget(struct login *login)
{
	struct login_kept_push *kept = &login->relay.push;

	text_free_wiped(kept->query);
	text_free_wiped(kept->body);
	*kept = (struct login_kept_push){ .came_ms = 0 };
}

static void keep(struct login *login, const struct relay_push *push)
{
	struct login_kept_push *kept = &login->relay.push;

	(void)text_into(kept->id, sizeof(kept->id), push->id);
	kept->came_ms = logins_now_ms(login->logins);
	kept->query = text_copy(push->query);
	kept->body = text_copy(push->body);
	kept->view = (struct login_push){
		.method = text_equals(push->method, "GET") ? "GET" : "POST",
		.query = kept->query,
		.body = kept->body,
	};
}

void login_push_end(struct login *login)
{
	if (*login->relay.push.id)
		relay_answer_push(logins_relay(login->logins), login->relay.push.id, 200, "");
	forget(login);
}

/* The vendor no longer waits for what took too long. */
const struct login_push *login_push_kept(struct login *login)
{
	const struct login_kept_push *kept = &login->relay.push;

	if (*kept->id && logins_now_ms(login->logins) - kept->came_ms >= LOGIN_PUSH_MS)
		login_push_end(login);
	return *kept->id ? &kept->view : NULL;
}

/* --- whose it is --- */

/* While one is kept no other is: what one person is sent must not answer another one's push. */
static bool may_be_asked(const struct login *login, const char *app)
{
	return login->stage == STAGE_RUNNING && login->end == END_NOT &&
	       *login->relay.listens && text_equals(login->relay.listens, app) &&
	       !*login->relay.push.id && !login->relay.is_delivering;
}

/* Only the first that is taken counts: a relay that repeats one is to be asked less often. */
enum push_verdict login_push_offer(struct login *login, const struct relay_push *push)
{
	const struct login_push view = { push->method, push->query, push->body };
	enum push_verdict verdict;

	if (!may_be_asked(login, push->app))
		return PUSH_FOREIGN;
	login->relay.offered = push->id;
	verdict = login_provider_pushed(login, &view);
	if (!login->relay.offered && verdict == PUSH_FOREIGN)
		verdict = PUSH_ANSWERED;
	if (login->relay.offered && verdict == PUSH_TAKEN)
		keep(login, push);
	else if (login->relay.offered && verdict == PUSH_ANSWERED)
		login_answer_push(login, "");
	login->relay.offered = NULL;
	if (verdict == PUSH_TAKEN && login->relay.was_taken)
		verdict = PUSH_ANSWERED;
	login->relay.was_taken |= verdict == PUSH_TAKEN;
	login_provider_after(login);
	return verdict;
}

/* --- what a provider may do --- */

static bool is_app(const char *app)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	size_t len = strlen(app);

	return len > 0 && len <= RELAY_LISTEN_MAX && strspn(app, letters) == len;
}

/* Only a login is let in by what is pushed, so only there digits are asked for. */
void login_listen(struct login *login, const char *app)
{
	struct relay_opening opening = { .listen = app };

	if (login_has_ended(login) || login->is_prepare)
		return;
	if (!(login->method->features & PROVIDER_PUSHES) || login->relay.link || !is_app(app)) {
		login_fail(login, FAIL_PROVIDER, "no way to listen for pushes");
		return;
	}
	login->relay.is_matched = login->errand == ERRAND_LOGIN &&
				  login_relay_needs_match(login, login->method);
	opening.digits = login->relay.is_matched;
	if (!login_relay_open(login, &opening)) {
		login_fail(login, FAIL_NETWORK, "relay: no link could be opened");
		return;
	}
	(void)text_into(login->relay.listens, sizeof(login->relay.listens), app);
}

void login_answer_push(struct login *login, const char *body)
{
	const char *id = login->relay.offered ? login->relay.offered : login->relay.push.id;

	if (!*id)
		return;
	relay_answer_push(logins_relay(login->logins), id, 200, body);
	if (login->relay.offered)
		login->relay.offered = NULL;
	else
		forget(login);
}
