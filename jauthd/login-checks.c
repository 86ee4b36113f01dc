/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What providers ask of the store: numbers, counts of messages, codes, TOTP keys.
 *
 * Each is a job of one transaction with copies of all it needs, since the login may be gone when
 * it is done; then it is told to nobody, and what was counted stays counted. An entered code takes
 * two: one counts the try, then the loop compares, and when it was right another forgives.
 *
 * Who does not exist costs the same work under the name that was typed, with a uid that no row has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/budget.h"
#include "jauthd/enrolments.h"
#include "jauthd/login-private.h"
#include "jauthd/phones.h"

#define UID_NONE       INT64_C(-2)
#define CODES_WAIT_S   60        /* until one of the user's open logins may be over */

struct check;

struct check_kind {
	/* On the store's thread: 0, or -errno and the transaction is rolled back. */
	int (*run)(struct check *check, struct db *db);
	/* On the loop, where the login still waits. With check->error nothing else holds. MAY be
	 * NULL. */
	void (*tell)(struct login *login, struct check *check);
};

struct check {
	struct job job;
	const struct check_kind *kind;
	struct logins *logins;
	uint64_t login;
	uint32_t number;
	struct config *config;
	int64_t now_s;
	/* who asks */
	char user[USER_NAME_MAX + 1];
	int64_t uid;
	char source[64];
	const char *scope;               /* the provider's literal */
	bool is_proved;
	/* what for */
	int64_t newer_than_s;            /* of numbers */
	struct phone_record phones[PHONES_PER_USER_MAX];         /* found; or the one at hand */
	size_t n_phones;
	bool is_full;                    /* no room for another open code */
	int64_t cost, send;
	struct code_tag tag;             /* of what was entered */
	int64_t phone_id;
	struct secret *secret;           /* entry, or a TOTP key */
	int64_t window;
	struct totp_enrolment enrolment;
	struct secret *recovery[RECOVERY_CODES_MAX];
	/* what came of it */
	int error;
	enum send_verdict verdict;
	enum code_result result;
	int64_t wait_s;
};

static void check_free(struct check *check)
{
	for (size_t i = 0; i < check->n_phones; i++)
		phone_record_done(&check->phones[i]);
	for (size_t i = 0; i < RECOVERY_CODES_MAX; i++)
		(void)secret_free(check->recovery[i]);
	(void)secret_free(check->secret);
	config_unref(check->config);
	explicit_bzero(check, sizeof(*check));
	free(check);
}

/* What is wrong with the question already (check->error) never comes to the store. */
static void run(struct job *job, void *db)
{
	struct check *check = container_of(job, struct check, job);

	if (check->error == 0)
		check->error = db_begin(db);
	if (check->error < 0)
		return;
	check->error = check->kind->run(check, db);
	if (check->error < 0)
		db_rollback(db);
	else
		check->error = db_commit(db);
}

/* Kept already, no longer there, or too many of them: the provider says so. */
static bool is_answer(int error)
{
	return error == -EEXIST || error == -ENOENT || error == -ENOSPC;
}

static void on_run(struct job *job)
{
	struct check *check = container_of(job, struct check, job);
	struct login *login = logins_find(check->logins, check->login);

	if (check->error < 0 && !is_answer(check->error))
		log_error("%s: the store failed: %s", check->scope, strerror(-check->error));
	if (login && check->kind->tell && login_take_check(login, check->number))
		check->kind->tell(login, check);
	check_free(check);
}

static struct check *check_make(struct login *login, const struct check_kind *kind)
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
	return check;
}

/* NULL when the provider has ended, or has no user. */
static struct check *check_new(struct login *login, const struct check_kind *kind)
{
	if (login_has_ended(login) || login->is_prepare)
		return NULL;
	return check_make(login, kind);
}

static struct budget_asker asker_of(const struct check *check)
{
	return (struct budget_asker){
		.scope = check->scope,
		.user = check->user,
		.source = check->source,
		.is_proved = check->is_proved,
	};
}

static bool add_job(struct login *login, struct check *check)
{
	if (store_add(logins_env(login->logins)->store, &check->job) == 0)
		return true;
	log_error("login %s: the store has too much to do", login->request);
	check_free(check);
	return false;
}

static uint32_t check_start(struct login *login, struct check *check)
{
	uint32_t number = login_next_number(login);

	check->number = number;
	if (!add_job(login, check)) {
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

static int run_find(struct check *check, struct db *db)
{
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

static void tell_stored(struct login *login, struct check *check)
{
	DELIVER(login, stored, check->number, check->error);
}

static const struct check_kind check_add_phone = { run_add_phone, tell_stored };

/* Only somebody who exists can have something. */
static int missing_user(const struct login *login)
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
	check->error = missing_user(login);
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
	const struct budget_asker asker = asker_of(check);

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
	(void)add_job(login, check);     /* without it the message stays counted */
}

/* --- codes --- */

static void tell_judged(struct login *login, struct check *check)
{
	if (check->error < 0) {
		check->result = CODE_UNAVAILABLE;
		check->wait_s = 0;
	}
	DELIVER(login, judged, check->number, check->result, check->wait_s);
}

static int run_right(struct check *check, struct db *db)
{
	const struct budget_asker asker = asker_of(check);
	int r;

	check->result = CODE_RIGHT;
	r = budget_right(db, &asker);
	if (r == 0 && check->phone_id)
		r = phone_used(db, check->phone_id, check->now_s);
	return r;
}

static const struct check_kind check_right = { run_right, tell_judged };

static int run_try(struct check *check, struct db *db)
{
	const struct budget_asker asker = asker_of(check);

	return budget_try(db, &check->config->budget, &asker, check->now_s, &check->result,
			  &check->wait_s);
}

/* The try is counted and on the disk: now it may be compared. What was right is used up before
 * anything else happens. */
static void tell_tried(struct login *login, struct check *check)
{
	bool is_equal = codes_equal(&login->sent.tag, &check->tag) && login->sent.has_tag;
	struct check *right;

	if (check->error < 0 || check->result != CODE_WRONG || !is_equal) {
		tell_judged(login, check);
		return;
	}
	right = check_make(login, &check_right);
	right->phone_id = login->sent.phone_id;
	right->number = check->number;
	login_drop_code(login);
	if (add_job(login, right)) {
		login->check_number = check->number;
		return;
	}
	check->result = CODE_UNAVAILABLE;
	tell_judged(login, check);
}

static const struct check_kind check_try = { run_try, tell_tried };

static int make_tag(struct login *login, const struct secret *code, struct code_tag *ret_tag)
{
	int64_t uid = login->user.exists ? login->user.uid : UID_NONE;

	return codes_tag(logins_env(login->logins)->codes, login->code_id, sizeof(login->code_id),
			 uid, code, ret_tag);
}

void login_keep_code(struct login *login, const struct secret *code, int64_t phone_id)
{
	int r;

	if (login_has_ended(login))
		return;
	login_drop_code(login);
	r = make_tag(login, code, &login->sent.tag);
	if (r < 0) {
		log_error("login %s: no tag for a code: %s", login->request, strerror(-r));
		return;
	}
	login->sent.has_tag = login->sent.is_open = true;
	login->sent.phone_id = phone_id;
}

void login_drop_code(struct login *login)
{
	explicit_bzero(&login->sent.tag, sizeof(login->sent.tag));
	login->sent.has_tag = login->sent.is_open = false;
}

uint32_t login_check_code(struct login *login, const struct secret *entry)
{
	struct check *check = check_new(login, &check_try);

	if (!check)
		return 0;
	check->error = make_tag(login, entry, &check->tag);
	return check_start(login, check);
}

/* --- TOTP --- */

static int run_totp(struct check *check, struct db *db)
{
	const struct budget_asker asker = asker_of(check);
	enum enrolment_match match = ENROLMENT_NO;
	int r;

	r = budget_try(db, &check->config->budget, &asker, check->now_s, &check->result,
		       &check->wait_s);
	if (r < 0 || check->result != CODE_WRONG)
		return r;
	r = enrolment_check(db, check->user, check->uid, check->secret, check->window,
			    check->now_s, &match);
	if (r < 0 || match == ENROLMENT_NO)
		return r;
	check->result = CODE_RIGHT;
	return budget_right(db, &asker);
}

static const struct check_kind check_totp = { run_totp, tell_judged };

uint32_t login_check_totp(struct login *login, const struct secret *entry, int64_t window)
{
	struct check *check = check_new(login, &check_totp);

	if (!check)
		return 0;
	check->window = window;
	check->secret = secret_new(entry->data, entry->len);
	if (!check->secret)
		abort();
	return check_start(login, check);
}

static int run_set_totp(struct check *check, struct db *db)
{
	db_make_durable(db);
	return enrolment_set(db, check->user, check->uid, &check->enrolment, check->now_s);
}

static const struct check_kind check_set_totp = { run_set_totp, tell_stored };

static int copy_enrolment(struct check *check, const struct totp_enrolment *from)
{
	if (from->n_recovery > RECOVERY_CODES_MAX)
		return -EINVAL;
	check->secret = secret_new(from->key->data, from->key->len);
	if (!check->secret)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_recovery; i++) {
		check->recovery[i] = secret_new(from->recovery[i]->data, from->recovery[i]->len);
		if (!check->recovery[i])
			return -ENOMEM;
	}
	check->enrolment = *from;
	check->enrolment.key = check->secret;
	check->enrolment.recovery = check->recovery;
	return 0;
}

uint32_t login_set_totp(struct login *login, const struct totp_enrolment *enrolment)
{
	struct check *check = check_new(login, &check_set_totp);

	if (!check)
		return 0;
	check->error = missing_user(login);
	if (check->error == 0)
		check->error = copy_enrolment(check, enrolment);
	return check_start(login, check);
}
