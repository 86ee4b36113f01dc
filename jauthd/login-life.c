/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a login is made and ends, and how the events of its socket and clock reach login.c. */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "jauthd/limits.h"
#include "jauthd/login-private.h"

static void on_channel_answer(void *context, uint32_t number, const struct secret *answer)
{
	login_on_answer(context, number, answer);
}

static void on_channel_cancel(void *context)
{
	login_on_cancel(context);
}

static void on_channel_gone(void *context, const char *why)
{
	login_abandon(context, why);
}

static const struct channel_events channel_events = {
	.answer = on_channel_answer,
	.cancel = on_channel_cancel,
	.gone = on_channel_gone,
};

/* What the store decides may lead on: then the time is over all the same. */
static int on_deadline(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct login *login = userdata;

	if (login->is_prepare) {
		login_fail(login, FAIL_NETWORK, "took too long");
	} else if (login->stage == STAGE_DECIDING) {
		(void)sd_event_source_set_time_relative(source, LOGIN_DECIDING_MS * 1000);
		(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	} else {
		login_on_expiry(login);
	}
	return 0;
}

static int on_timer(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct login *login = userdata;

	if (login->stage == STAGE_DELAYING)
		login_on_delay_over(login);
	else
		login_provider_timer(login);
	return 0;
}

static bool add_timers(struct login *login, int64_t seconds)
{
	sd_event *event = logins_env(login->logins)->event;

	login->began_ms = logins_now_ms(login->logins);
	login->deadline_ms = login->began_ms + seconds * 1000;
	if (sd_event_add_time_relative(event, &login->deadline, CLOCK_MONOTONIC,
				       (uint64_t)seconds * 1000000, 100000,
				       on_deadline, login) < 0 ||
	    sd_event_add_time_relative(event, &login->timer, CLOCK_MONOTONIC, 0, 10000, on_timer,
				       login) < 0)
		return false;
	return sd_event_source_set_enabled(login->timer, SD_EVENT_OFF) >= 0;
}

static struct login *allocate(struct logins *logins, struct config *config)
{
	struct login *login = calloc(1, sizeof(*login));

	if (!login)
		abort();
	login->logins = logins;
	login->config = config_ref(config);
	login->shown = (struct buf)BUF_INIT(LOGIN_SHOWN_MAX);
	login->inverted = config->inverted;
	return login;
}

static int64_t seconds_for(const struct login_facts *facts, const struct config *config)
{
	int64_t seconds = config->login_seconds;

	if (facts->phase == LOGIN_ENROL || facts->phase == LOGIN_TEST || facts->phase == LOGIN_LINK)
		seconds = MAX(seconds, (int64_t)LOGIN_ENROL_S);
	return facts->timeout_s ? MIN(seconds, (int64_t)facts->timeout_s) : seconds;
}

struct login *login_new(struct logins *logins, const struct login_begin *begin,
			struct config *config, int *ret_fd)
{
	struct login *login = allocate(logins, config);

	login->facts = *begin->facts;
	login->has_origin = begin->origin_is_known;
	login->is_remote = begin->is_remote;
	login->is_console = begin->is_console && !begin->is_remote;
	if (random_hex(login->request, REQUEST_ID_LEN / 2) < 0 ||
	    random_bytes(login->code_id, sizeof(login->code_id)) < 0 ||
	    !add_timers(login, seconds_for(&login->facts, config)) ||
	    channel_new(logins_env(logins)->event, &channel_events, login, &login->channel,
			ret_fd) < 0)
		return login_free(login);
	return login;
}

static struct login *new_errand(struct logins *logins, struct method *method,
				struct config *config, int64_t seconds)
{
	struct login *login = allocate(logins, config);

	login->is_prepare = true;
	login->method = method;
	login->stage = STAGE_RUNNING;
	if (!add_timers(login, seconds))
		return login_free(login);
	return login;
}

struct login *login_new_prepare(struct logins *logins, struct method *method,
				struct config *config)
{
	return new_errand(logins, method, config, LOGIN_PREPARE_S);
}

struct login *login_new_list(struct logins *logins, const struct logins_list *list)
{
	struct login *login = new_errand(logins, list->method, list->config, DIRECTORY_LIST_S);

	if (login)
		login->list = *list;
	return login;
}

struct login *login_free(struct login *login)
{
	if (!login)
		return NULL;
	login_provider_end(login);
	login_relay_end(login, RELAY_RESULT_OVER);
	channel_free(login->channel);
	sd_event_source_disable_unref(login->deadline);
	sd_event_source_disable_unref(login->timer);
	login_identity_done(&login->identified);
	login_identity_done(&login->proved);
	login_code_done(&login->code);
	login_quiet_done(&login->quiet);
	buf_done(&login->shown);
	unix_user_done(&login->user);
	config_unref(login->config);
	explicit_bzero(login, sizeof(*login));
	free(login);
	return NULL;
}
