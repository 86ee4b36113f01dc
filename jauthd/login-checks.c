/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of providers: how they run, and those of numbers and messages; see login-checks.h. */
#include "jauthd/login-checks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/accounts.h"

#define CODES_WAIT_S 60          /* until one of the user's open logins may be over */

static void check_free(struct check *check)
{
	for (size_t i = 0; i < check->n_phones; i++)
		phone_record_done(&check->phones[i]);
	for (size_t i = 0; i < RECOVERY_CODES_MAX; i++)
		(void)secret_free(check->recovery[i]);
	(void)secret_free(check->secret);
	free(check->row);
	config_unref(check->config);
	explicit_bzero(check, sizeof(*check));
	free(check);
}

static int run_transaction(struct check *check, struct db *db)
{
	int r = db_begin(db);

	if (r < 0)
		return r;
	r = check->kind->run(check, db);
	if (r == 0)
		r = db_commit(db);
	if (r == 0)
		return 0;
	db_rollback(db);
	return r < 0 ? r : -EIO;
}

/* Kept already, no longer there, or too many of them: the provider says so. */
static bool is_answer(int error)
{
	return error == -EEXIST || error == -ENOENT || error == -ENOSPC;
}

/* What is wrong with the question already (check->error) never comes to the store. */
static void run(struct job *job, void *db)
{
	struct check *check = container_of(job, struct check, job);

	if (check->error < 0)
		return;
	check->error = run_transaction(check, db);
	if (check->error < 0 && !is_answer(check->error))
		log_error("%s: the store failed: %s", check->scope, strerror(-check->error));
}

static void on_run(struct job *job)
{
	struct check *check = container_of(job, struct check, job);
	struct login *login = logins_find(check->logins, check->login);

	if (check->kind->after)
		check->kind->after(check);
	if (login && check->kind->tell && login_take_check(login, check->number))
		check->kind->tell(login, check);
	check_free(check);
}

struct check *check_make(struct login *login, const struct check_kind *kind)
{
	struct check *check = calloc(1, sizeof(*check));

	if (!check)
		abort();
	check->job = (struct job){ .run = run, .done = on_run };
	check->kind = kind;
	check->logins = login->logins;
	check->login = login->id;
	check->config = config_ref(login->config);
	check->now_s = logins_now_s(login->logins);
	(void)text_into(check->user, sizeof(check->user), login->facts.user);
	check->uid = login->user.exists ? login->user.uid : UID_NONE;
	(void)text_into(check->source, sizeof(check->source), login->facts.source);
	check->scope = login->method->provider->type;
	check->is_proved = login_is_proved(login);
	check->verdict = SEND_UNAVAILABLE;
	check->result = CODE_UNAVAILABLE;
	return check;
}

struct check *check_new(struct login *login, const struct check_kind *kind)
{
	if (login_has_ended(login) || login->is_prepare)
		return NULL;
	return check_make(login, kind);
}

struct budget_asker check_asker(const struct check *check)
{
	return (struct budget_asker){
		.scope = check->scope,
		.user = check->user,
		.source = check->source,
		.is_proved = check->is_proved,
	};
}

bool check_add(struct login *login, struct check *check)
{
	if (store_add(logins_env(login->logins)->store, &check->job) == 0)
		return true;
	log_error("login %s: the store has too much to do", login->request);
	check_free(check);
	return false;
}

uint32_t check_start(struct login *login, struct check *check)
{
	uint32_t number = login_next_number(login);

	check->number = number;
	if (!check_add(login, check)) {
		login_fail(login, FAIL_PROVIDER, "the store has too much to do");
		return 0;
	}
	login->check_number = number;
	return number;
}

/* --- numbers --- */

static int keep_phone(const struct phone_record *record, void *context)
{
	struct check *check = context;

	if (check->n_phones == PHONES_PER_USER_MAX)
		return 0;
	if (MAX(record->created_s, record->used_s) >= check->newer_than_s)
		check->phones[check->n_phones++] = *record;
	return 0;
}

/* Whom his account will not let in has no use for a message. */
static int is_barred(const struct check *check, struct db *db, bool *ret_barred)
{
	struct account account;
	int r = account_get(db, check->user, check->uid, &account);

	*ret_barred = false;
	if (r == -ENOENT || r == -ESTALE)
		return 0;
	if (r < 0)
		return r;
	*ret_barred = account.locked ||
		      (account.expires_s && account.expires_s <= check->now_s);
	account_done(&account);
	return 0;
}

static int run_find(struct check *check, struct db *db)
{
	bool barred;
	int r = is_barred(check, db, &barred);

	if (r < 0 || barred)
		return r;
	return phone_each(db, check->user, check->uid, keep_phone, check);
}

static void tell_found(struct login *login, struct check *check)
{
	struct phone phones[PHONES_PER_USER_MAX];

	if (check->error < 0) {
		login_refuse(login, LOGIN_FAILED, AFTER_END,
			     N_("The accounts cannot be read now."), "store failed");
		return;
	}
	for (size_t i = 0; i < check->n_phones; i++)
		phones[i] = (struct phone){
			.id = check->phones[i].id,
			.number = check->phones[i].number,
			.label = check->phones[i].label,
			.used_s = check->phones[i].used_s,
		};
	DELIVER(login, found, check->number, phones, check->n_phones);
}

static const struct check_kind check_find = { run_find, tell_found };

uint32_t login_find_phones(struct login *login, int64_t unused_days)
{
	struct check *check = check_new(login, &check_find);

	if (!check)
		return 0;
	check->newer_than_s = unused_days ? check->now_s - unused_days * SECONDS_A_DAY : INT64_MIN;
	return check_start(login, check);
}

static int run_add_phone(struct check *check, struct db *db)
{
	db_make_durable(db);
	return phone_add(db, &check->phones[0], NULL);
}

void check_tell_stored(struct login *login, struct check *check)
{
	DELIVER(login, stored, check->number, check->error);
}

static const struct check_kind check_add_phone = { run_add_phone, check_tell_stored };

int check_has_user(const struct login *login)
{
	return login->user.exists ? 0 : -ENOENT;
}

uint32_t login_add_phone(struct login *login, const char *number, const char *label)
{
	struct check *check = check_new(login, &check_add_phone);
	struct phone_record *record;

	if (!check)
		return 0;
	record = &check->phones[0];
	check->n_phones = 1;
	check->error = check_has_user(login);
	record->uid = check->uid;
	record->created_s = check->now_s;
	if (!text_into(record->user, sizeof(record->user), check->user) ||
	    !text_into(record->number, sizeof(record->number), number) ||
	    !text_into(record->label, sizeof(record->label), label))
		check->error = -EINVAL;
	return check_start(login, check);
}

/* --- messages --- */

static int run_send(struct check *check, struct db *db)
{
	const struct budget_asker asker = check_asker(check);

	if (check->is_full) {
		check->verdict = SEND_TOO_MANY;
		check->wait_s = CODES_WAIT_S;
		return 0;
	}
	return budget_send(db, &check->config->budget, &asker,
			   check->n_phones ? check->phones[0].number : NULL, check->cost,
			   check->now_s, &check->verdict, &check->wait_s, &check->send);
}

static void tell_counted(struct login *login, struct check *check)
{
	if (check->error < 0) {
		check->verdict = SEND_UNAVAILABLE;
		check->wait_s = 0;
	}
	if (check->verdict == SEND_ALLOWED)
		login->sent.send = check->send;
	else if (!login->sent.has_tag)
		login->sent.is_open = false;
	DELIVER(login, counted, check->number, check->verdict, check->wait_s);
}

static const struct check_kind check_send = { run_send, tell_counted };

uint32_t login_count_send(struct login *login, const struct phone *phone, int64_t cost)
{
	struct check *check = check_new(login, &check_send);

	if (!check)
		return 0;
	check->is_full = logins_open_codes(login) >= CODES_OPEN_PER_USER;
	check->cost = cost;
	check->n_phones = phone->id != 0;
	if (phone->id != 0 && !text_into(check->phones[0].number, PHONE_SIZE, phone->number))
		check->error = -EINVAL;
	login->sent.send = 0;
	login->sent.is_open = login->sent.is_open || !check->is_full;
	return check_start(login, check);
}

static int run_return(struct check *check, struct db *db)
{
	return budget_return(db, check->send);
}

static const struct check_kind check_return = { run_return, NULL };

void login_return_send(struct login *login)
{
	struct check *check = login->sent.send ? check_new(login, &check_return) : NULL;

	if (!check)
		return;
	check->send = login->sent.send;
	login->sent.send = 0;
	(void)check_add(login, check);   /* without it the message stays counted */
}
