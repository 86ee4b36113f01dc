/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The set of logins: see logins.h. A login's id is its slot and a serial number that is never
 * used again. */
#include "jauthd/logins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-private.h"
#include "jauthd/preparations.h"

#define SLOT_BITS 16
#define SLOTS_MAX (1u << SLOT_BITS)

struct logins {
	struct logins_env env;
	struct config *config;
	struct http *http;
	struct relay *relay;
	struct password_env passwords;
	struct login **slots;
	size_t n_slots;
	size_t free_hint;
	uint64_t serial;
	struct login *finished;
	sd_event_source *collect;
	struct preparations preparations;
	struct logins_status status;
	char host[65];
};

/* --- small questions --- */

struct login *logins_find(struct logins *logins, uint64_t id)
{
	size_t slot = id & (SLOTS_MAX - 1);

	if (slot >= logins->n_slots || !logins->slots[slot] || logins->slots[slot]->id != id)
		return NULL;
	return logins->slots[slot];
}

const struct logins_env *logins_env(const struct logins *logins)
{
	return &logins->env;
}

struct http *logins_http(const struct logins *logins)
{
	return logins->http;
}

struct relay *logins_relay(const struct logins *logins)
{
	return logins->relay;
}

struct config *logins_config(const struct logins *logins)
{
	return logins->config;
}

const char *logins_host(const struct logins *logins, const struct config *config)
{
	return config->host ? config->host : logins->host;
}

int64_t logins_now_ms(const struct logins *logins)
{
	uint64_t usec = 0;

	(void)sd_event_now(logins->env.event, CLOCK_MONOTONIC, &usec);
	return (int64_t)(usec / 1000);
}

int64_t logins_now_s(const struct logins *logins)
{
	uint64_t usec = 0;

	(void)sd_event_now(logins->env.event, CLOCK_REALTIME, &usec);
	return (int64_t)(usec / 1000000);
}

void logins_count(struct logins *logins, enum login_state outcome)
{
	if (outcome == LOGIN_GRANTED)
		logins->status.n_granted++;
	else if (outcome == LOGIN_FAILED || outcome == LOGIN_UNAVAILABLE)
		logins->status.n_failed++;
	else if (outcome != LOGIN_IGNORED)
		logins->status.n_denied++;
}

void logins_count_offline(struct logins *logins)
{
	logins->status.n_offline++;
}

void logins_count_break_glass(struct logins *logins)
{
	logins->status.n_break_glass++;
}

void logins_noticed(const struct logins *logins)
{
	if (logins->env.noticed)
		logins->env.noticed(logins->env.context);
}

void logins_get_status(const struct logins *logins, struct logins_status *ret_status)
{
	*ret_status = logins->status;
	http_get_status(logins->http, &ret_status->http);
	relay_get_status(logins->relay, &ret_status->relay);
}

/* --- slots --- */

static bool grow(struct logins *logins)
{
	size_t n = MAX(logins->n_slots * 2, (size_t)64);
	struct login **slots;

	if (logins->n_slots >= SLOTS_MAX)
		return false;
	slots = reallocarray(logins->slots, n, sizeof(*slots));
	if (!slots)
		abort();
	memset(slots + logins->n_slots, 0, (n - logins->n_slots) * sizeof(*slots));
	logins->slots = slots;
	logins->free_hint = logins->n_slots;
	logins->n_slots = n;
	return true;
}

static bool put(struct logins *logins, struct login *login)
{
	size_t slot;

	for (size_t i = 0; i < logins->n_slots; i++) {
		slot = (logins->free_hint + i) % logins->n_slots;
		if (!logins->slots[slot])
			goto found;
	}
	if (!grow(logins))
		return false;
	slot = logins->free_hint;
found:
	logins->free_hint = slot + 1;
	logins->slots[slot] = login;
	login->id = (++logins->serial << SLOT_BITS) | slot;
	return true;
}

/* Nothing is freed from inside its own callback: the loop does it before it sleeps again. */
static int on_collect(sd_event_source *source UNUSED, void *userdata)
{
	struct logins *logins = userdata;
	struct login *login;

	while ((login = logins->finished)) {
		logins->finished = login->next_finished;
		logins->slots[login->id & (SLOTS_MAX - 1)] = NULL;
		if (login->is_counted)
			logins->status.n_waiting--;
		login_free(login);
	}
	return 0;
}

void logins_finished(struct login *login)
{
	struct logins *logins = login->logins;

	login->next_finished = logins->finished;
	logins->finished = login;
	(void)sd_event_source_set_enabled(logins->collect, SD_EVENT_ONESHOT);
}

/* --- limits --- */

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037u;           /* FNV-1a: only to group, not to protect */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

static int64_t count_source(const struct logins *logins, uint64_t source_hash)
{
	int64_t n = 0;

	for (size_t i = 0; i < logins->n_slots; i++)
		n += logins->slots[i] && logins->slots[i]->is_counted &&
		     logins->slots[i]->source_hash == source_hash;
	return n;
}

/* Whoever got no further than his name must not keep one out who did. */
unsigned logins_open_codes(struct login *login)
{
	const struct logins *logins = login->logins;
	unsigned n = 0;

	for (size_t i = 0; i < logins->n_slots; i++) {
		struct login *other = logins->slots[i];

		n += other && other != login && other->sent.is_open &&
		     text_equals(other->facts.user, login->facts.user) &&
		     (login_is_proved(other) || !login_is_proved(login));
	}
	return n;
}

bool logins_has_match(struct login *login)
{
	const struct logins *logins = login->logins;

	for (size_t i = 0; i < logins->n_slots; i++) {
		const struct login *other = logins->slots[i];

		if (other && other != login &&
		    (other->stage == STAGE_MATCHING || other->relay.is_delivering) &&
		    text_equals(other->user.name, login->user.name))
			return true;
	}
	return false;
}

static bool below_rate(int64_t now, int64_t limit, int64_t *window, int64_t *count)
{
	if (*window != now) {
		*window = now;
		*count = 0;
	}
	return !limit || *count < limit;
}

bool logins_take_slot(struct login *login)
{
	struct method *method = login->method;
	int64_t now_s = logins_now_ms(login->logins) / 1000;

	if (!(method->features & PROVIDER_CONTACTS))
		return true;
	if (method->limits.open_max && method->n_open >= method->limits.open_max)
		return false;
	if (!below_rate(now_s, method->limits.starts_per_s, &method->second_s, &method->n_second) ||
	    !below_rate(now_s / 3600, method->limits.starts_per_hour, &method->hour_s,
			&method->n_hour))
		return false;
	method->n_open++;
	method->n_second++;
	method->n_hour++;
	login->has_slot = true;
	return true;
}

void logins_give_slot(struct login *login)
{
	if (login->has_slot)
		login->method->n_open--;
	login->has_slot = false;
}

/* --- beginning --- */

/* What asks nothing waits for nobody: the account phase of those who came in by a key is not to be
 * crowded out by logins that wait. */
static bool may_wait(const struct login_facts *facts)
{
	return facts->phase != LOGIN_ACCOUNT && facts->phase != LOGIN_PASSWORD_CHECK;
}

static bool has_room(const struct logins *logins, const struct login_facts *facts,
		     uint64_t source_hash)
{
	return !may_wait(facts) ||
	       ((int64_t)logins->status.n_waiting < logins->config->logins_waiting &&
		count_source(logins, source_hash) < logins->config->logins_per_source);
}

int logins_begin(struct logins *logins, const struct login_begin *begin, uint64_t *ret_id,
		 int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct login *login;
	uint64_t source_hash = hash_text(begin->facts->source);

	if (!has_room(logins, begin->facts, source_hash))
		return -EUSERS;
	login = login_new(logins, begin, logins->config, &fd);
	if (!login)
		return -EIO;
	login->source_hash = source_hash;
	if (!put(logins, login) || login_look_up(login) < 0) {
		if (login->id)
			logins->slots[login->id & (SLOTS_MAX - 1)] = NULL;
		login_free(login);
		return -EUSERS;
	}
	login->is_counted = may_wait(begin->facts);
	logins->status.n_waiting += login->is_counted;
	logins->status.n_begun++;
	*ret_id = login->id;
	*ret_fd = steal_fd(&fd);
	return 0;
}

void logins_set_origin(struct logins *logins, uint64_t id, const struct login_origin *origin)
{
	struct login *login = logins_find(logins, id);

	if (!login || login->has_origin)
		return;
	login->is_remote = origin->is_remote;
	login->is_console = origin->is_console && !origin->is_remote;
	login->has_origin = true;
	login_go_on(login);
}

/* --- events from elsewhere --- */

static void on_reply(void *context, uint64_t owner, uint32_t number, const struct http_reply *reply)
{
	struct login *login = logins_find(context, owner);

	if (login)
		login_provider_reply(login, number, reply);
}

static void on_password(void *context, uint64_t owner, uint32_t number,
			enum password_result result)
{
	struct login *login = logins_find(context, owner);

	if (login && login->stage == STAGE_OFFLINE)
		login_offline_checked(login, number, result);
	else if (login)
		login_provider_checked(login, number, result);
}

int logins_start_password(struct login *login, const struct password_request *request,
			  const struct secret *password, password_start_fn start)
{
	struct logins *logins = login->logins;
	struct password_request whole = *request;

	whole.owner = login->id;
	whole.number = login->check_number;
	whole.user = &login->user;
	whole.source = login->facts.source;
	whole.scope = "password";
	whole.now_s = logins_now_s(logins);
	logins->passwords.hash_prefix = logins->config->hash_prefix;
	return start(&logins->passwords, &whole, password);
}

/* A login whose factor is another one by now has another link. */
static struct login *find_by_link(void *context, uint64_t owner, uint64_t link)
{
	struct login *login = logins_find(context, owner);

	return login && login->relay.link == link ? login : NULL;
}

static void on_link_opened(void *context, uint64_t owner, uint64_t link)
{
	struct login *login = find_by_link(context, owner, link);

	if (login)
		login_relay_on_opened(login);
}

static void on_link_failed(void *context, uint64_t owner, uint64_t link,
			   enum relay_failure failure, const char *detail)
{
	struct login *login = find_by_link(context, owner, link);

	if (login)
		login_relay_on_failed(login, failure, detail);
}

static void on_link_pressed(void *context, uint64_t owner, uint64_t link, const char *method)
{
	struct login *login = find_by_link(context, owner, link);

	if (login)
		login_relay_on_pressed(login, method);
}

static void on_link_callback(void *context, uint64_t owner, uint64_t link, const char *query)
{
	struct login *login = find_by_link(context, owner, link);

	if (login)
		login_relay_on_callback(login, query);
}

static void on_link_refused(void *context, uint64_t owner, uint64_t link)
{
	struct login *login = find_by_link(context, owner, link);

	if (login)
		login_relay_on_refused(login);
}

/* What is nobody's is left to other hosts. */
static bool on_pushed(void *context, const struct relay_push *push)
{
	struct logins *logins = context;
	enum push_verdict verdict = PUSH_FOREIGN;

	for (size_t i = 0; i < logins->n_slots && verdict == PUSH_FOREIGN; i++)
		if (logins->slots[i])
			verdict = login_push_offer(logins->slots[i], push);
	if (verdict == PUSH_FOREIGN)
		relay_answer_push(logins->relay, push->id, 200, "");
	else if (verdict == PUSH_FORGED)
		relay_answer_push(logins->relay, push->id, 403, "");
	return verdict == PUSH_TAKEN;
}

static const struct relay_handler relay_handler = {
	.opened = on_link_opened,
	.failed = on_link_failed,
	.pressed = on_link_pressed,
	.callback = on_link_callback,
	.refused = on_link_refused,
	.pushed = on_pushed,
};

/* --- configuration --- */

const char *logins_method_fault(const struct logins *logins, const char *method_id)
{
	return preparations_fault(&logins->preparations, method_id);
}

void logins_prepared(struct logins *logins, const struct method *method, const char *fault)
{
	preparations_ended(&logins->preparations, method, fault, logins_now_ms(logins));
}

static bool prepare_method(void *context, struct method *method)
{
	struct logins *logins = context;
	struct login *login = login_new_prepare(logins, method, logins->config);

	if (!login || !put(logins, login)) {
		login_free(login);
		return false;
	}
	login_provider_prepare(login);
	return true;
}

int logins_list(struct logins *logins, const struct logins_list *list, uint64_t *ret_id)
{
	struct login *login = login_new_list(logins, list);

	if (!login || !put(logins, login)) {
		login_free(login);
		return -EUSERS;
	}
	*ret_id = login->id;
	login_provider_prepare(login);
	return 0;
}

void logins_stop_list(struct logins *logins, uint64_t id)
{
	struct login *login = logins_find(logins, id);

	if (!login || !login->list.listing || login->stage == STAGE_OVER)
		return;
	login_provider_end(login);
	login->list.listing = NULL;
	login->stage = STAGE_OVER;
	logins_finished(login);
}

int logins_start_quiet(struct logins *logins, const struct quiet_errand *errand)
{
	struct method *method = config_method(logins->config, errand->method_id);
	struct login *login = method ? login_new_prepare(logins, method, logins->config) : NULL;
	int r;

	if (!login || !put(logins, login)) {
		login_free(login);
		return method ? -EUSERS : -ENOENT;
	}
	r = login_quiet_start(login, errand);
	if (r < 0)
		logins_finished(login);
	return r;
}

const char *logins_host_name(const struct logins *logins)
{
	return logins_host(logins, logins->config);
}

void logins_set_config(struct logins *logins, struct config *config)
{
	config_ref(config);
	config_unref(logins->config);
	logins->config = config;
	relay_configure(logins->relay, &(struct relay_settings){
		.url = config->relay_url,
		.servers = config->relay_servers,
		.key = config->relay_key,
	});
	preparations_reset(&logins->preparations, config);
}

/* --- requests that could not be sent --- */

struct late_reply {
	sd_event_source *source;
	struct logins *logins;
	uint64_t id;
	uint32_t number;
};

static int on_late_reply(sd_event_source *source UNUSED, void *userdata)
{
	struct late_reply *late = userdata;
	struct http_reply reply = { .result = HTTP_NO_HELPER };

	on_reply(late->logins, late->id, late->number, &reply);
	sd_event_source_unref(late->source);
	free(late);
	return 0;
}

void logins_reply_later(struct login *login, uint32_t number)
{
	struct late_reply *late = calloc(1, sizeof(*late));

	if (!late)
		abort();
	late->logins = login->logins;
	late->id = login->id;
	late->number = number;
	if (sd_event_add_defer(login->logins->env.event, &late->source, on_late_reply, late) < 0)
		abort();
}

/* --- life --- */

static void set_host(struct logins *logins)
{
	if (gethostname(logins->host, sizeof(logins->host) - 1) < 0)
		(void)text_into(logins->host, sizeof(logins->host), "localhost");
}

int logins_new(const struct logins_env *env, struct config *config, struct logins **ret_logins)
{
	struct logins *logins = calloc(1, sizeof(*logins));
	int r;

	if (!logins)
		abort();
	logins->env = *env;
	set_host(logins);
	logins->passwords.store = env->store;
	logins->passwords.hashers = env->hashes;
	logins->passwords.done = on_password;
	logins->passwords.context = logins;
	(void)text_into(logins->passwords.dummy, sizeof(logins->passwords.dummy), env->dummy_hash);
	r = http_new(env->event, env->http_socket, on_reply, logins, &logins->http);
	if (r >= 0)
		r = relay_new(env->event, env->http_socket, &relay_handler, logins, &logins->relay);
	if (r >= 0)
		r = sd_event_add_defer(env->event, &logins->collect, on_collect, logins);
	if (r >= 0)
		r = sd_event_source_set_enabled(logins->collect, SD_EVENT_OFF);
	if (r >= 0)
		r = preparations_init(&logins->preparations, env->event, prepare_method, logins);
	if (r < 0) {
		logins_free(logins);
		return r;
	}
	logins_set_config(logins, config);
	*ret_logins = logins;
	return 0;
}

struct logins *logins_free(struct logins *logins)
{
	if (!logins)
		return NULL;
	for (size_t i = 0; i < logins->n_slots; i++)
		logins->slots[i] = login_free(logins->slots[i]);
	free(logins->slots);
	sd_event_source_disable_unref(logins->collect);
	preparations_stop(&logins->preparations);
	relay_free(logins->relay);
	http_free(logins->http);
	config_unref(logins->config);
	free(logins);
	return NULL;
}
