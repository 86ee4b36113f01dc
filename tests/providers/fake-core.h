/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A core for testing providers: implements what provider.h lets a provider call, writes down what
 * it asked for, and hands it events. Time stands still unless a test moves it. Whatever breaks the
 * contract (two requests too many, an effect after the end, an unasked reply) fails the test.
 *
 * A test makes a method from the lines of a configuration section, starts logins on it, and
 * feeds replies from tests/providers/replies/. Such a file has headers, an empty line, a body:
 *
 *     status: 400
 *     content-type: application/json
 *     retry-after: 7
 *
 *     {"error":"authorization_pending"}
 *
 * "@NAME@" in it is replaced by what fake_set() said.
 */
#pragma once

#include "base/buf.h"
#include "base/phone.h"
#include "base/text.h"
#include "providers/provider.h"
#include "providers/sms-vendor.h"

#define FAKE_WALL_S      1767323045      /* the vectors' clock */
#define FAKE_LOGIN_MS    180000
#define FAKE_SETS_MAX    8

struct fake_method {
	const struct provider *provider;
	void *config, *shared;
	int64_t now_ms, now_s;           /* the clock of all its logins */
	/* What its next logins are; set before they start. */
	bool is_proved, has_choice, is_root;
	bool is_deaf;                    /* login_hears_keys() says no */
	const char *user;                /* NULL: "jane" */
	const struct phone *phones;      /* of the user */
	size_t n_phones;
	const struct phone_country *country;
	const char *const *known_names;  /* of fake_list(): "ID NAME", NULL-terminated */
	const char *const *known_done;   /* and ids of departments that are done */
	struct login_link link;          /* redirect_uri NULL: not begun on a telephone */
	struct { char *name, *value; } sets[FAKE_SETS_MAX];
};

enum fake_check {
	FAKE_NO_CHECK,
	FAKE_PASSWORD,           /* login_check_password(), login_set_password() */
	FAKE_PHONES,             /* login_find_phones() */
	FAKE_SEND,               /* login_count_send() */
	FAKE_CODE,               /* login_check_code() */
	FAKE_TOTP,               /* login_check_totp() */
	FAKE_GLASS,              /* login_check_glass() */
	FAKE_STORE,              /* login_add_phone(), login_set_totp() */
};

enum fake_end { FAKE_RUNNING, FAKE_IDENTIFIED, FAKE_DENIED, FAKE_FAILED, FAKE_DONE };

/* All a test may look at. Numbers are 0 when nothing of the kind is open. */
struct login {
	struct fake_method *method;
	void *own;
	int64_t deadline_ms;
	bool preparing, finished;
	uint32_t last_number;

	struct http_request *request;    /* the open one */
	uint32_t request_number;
	unsigned n_requests;             /* made so far */

	uint32_t timer_number;
	int64_t timer_at_ms, timer_delay_ms;

	uint32_t prompt_number;
	char *prompt;                    /* text of the last prompt */
	const char *prompt_name;         /* its literal, or NULL */
	bool prompt_echo, prompt_is_password, prompt_has_keys;
	char *link, *plain_link, *user_code, *code_text;         /* of the last code shown */
	unsigned n_codes;
	char *shown;                     /* last text */
	char *said;                      /* all that was shown, a line each; or NULL */
	char *errors;                    /* all that was shown as errors, a line each; or NULL */

	char *redirect;                  /* of login_redirect() */
	bool was_called_back;
	char *listens;                   /* app of login_listen() */
	bool is_pushed;                  /* a push may be answered now */
	char *push_answer;               /* of login_answer_push(), of the last push; or NULL */

	bool is_root, changing;          /* fake_change(); enrol and test end like it */
	enum fake_check check;           /* what the store was asked for, and is open */
	uint32_t check_number;
	bool setting;                    /* a password is set, not checked */
	char *password;                  /* to be checked or set */
	char *sources;                   /* "jauth shadow" */
	int64_t expires_days;

	int64_t unused_days;             /* of login_find_phones() */
	struct phone sent_to;            /* of login_count_send(); texts are the provider's */
	char sent_number[PHONE_SIZE];    /* copied */
	int64_t sent_cost;
	unsigned n_counted, n_returned;  /* messages */
	char *added_number, *added_label;

	char *code;                      /* what is right now; NULL: nothing */
	int64_t code_phone;              /* the number's id */
	unsigned n_kept, n_dropped;
	char *entry;                     /* last code to be checked */
	int64_t window;                  /* of login_check_totp() */
	struct secret *totp_key;         /* of login_set_totp() */
	struct totp_rule totp_rule;
	int64_t totp_step;
	char **recovery;
	char *ssh_keys;                  /* of login_add_ssh_key(), a line each; or NULL */
	char *notes;                     /* for the audit, a line each; or NULL */
	/* Of login_list_…(), a line each: "department ID < PARENT: NAME", "member ISSUER SUBJECT at
	 * DEPARTMENT: DISPLAY MARK STATE ATTRIBUTE=VALUE…", "done DEPARTMENT"; or NULL. */
	bool listing;
	char *told;

	enum fake_end end;
	int reason;                      /* deny_reason or fail_reason */
	char *detail;
	char *issuer, *subject, *display, *mail;
	char **groups;
	char **attributes;               /* "name=value" */
	bool is_outside;
};

/* Fails the test when the section has mistakes. */
struct fake_method *fake_method_new(const struct provider *provider, const char *section);
/* Of a provider that names [sms ID] sections: a NULL-terminated list. */
struct fake_method *fake_method_bound(const struct provider *provider, const char *section,
				      const struct sms_gateway *const *gateways);
/* The same with one more line, `KEY_file = PATH` of a file that holds `secret`. */
struct fake_method *fake_method_with_secret(const struct provider *provider, const char *section,
					    const char *key, const char *secret);
struct fake_method *fake_method_free(struct fake_method *method);
/* The mistakes such a section has, a line each; the caller frees. */
char *fake_mistakes(const struct provider *provider, const char *section);
char *fake_mistakes_bound(const struct provider *provider, const char *section,
			  const struct sms_gateway *const *gateways);
/* What the vendor calls its app; the caller frees. */
char *fake_app_name(const struct fake_method *method);
/* What @NAME@ stands for from now on. */
void fake_set(struct fake_method *method, const char *name, const char *value);

struct login *fake_start(struct fake_method *method);
struct login *fake_prepare(struct fake_method *method);
struct login *fake_list(struct fake_method *method);
struct login *fake_change(struct fake_method *method, bool is_root);
struct login *fake_enrol(struct fake_method *method);
struct login *fake_test(struct fake_method *method);
/* `deliver`; ends like an enrolment. */
struct login *fake_deliver(struct fake_method *method, const struct login_delivery *delivery);
/* `ssh_keys`; ends like a preparation. */
struct login *fake_ssh_keys(struct fake_method *method, const char *subject);
/* The person leaves, or the test is over. Returns NULL. */
struct login *fake_login_free(struct login *login);

void fake_pass(struct login *login, int64_t ms);
void fake_answer(struct login *login, const char *answer);
/* The telephone comes back: "code=…&state=…", without '?'; no state with PROVIDER_NO_STATE. */
void fake_callback(struct login *login, const char *query);
/* A push for what the login listens to. */
enum push_verdict fake_push(struct login *login, const struct login_push *push);
/* The verdict on the password that was checked or set. */
void fake_checked(struct login *login, enum password_result result);
/* The method's phones. */
void fake_found(struct login *login);
void fake_counted(struct login *login, enum send_verdict verdict, int64_t wait_s);
/* A code is right when it is the one that is kept; then it is used up. */
void fake_judge(struct login *login);
/* Whatever it is. */
void fake_judged(struct login *login, enum code_result result, int64_t wait_s);
void fake_stored(struct login *login, int error);
void fake_reply(struct login *login, const char *file);
void fake_reply_json(struct login *login, uint32_t status, const char *body);
/* Any reply, which is freed. */
void fake_reply_whole(struct login *login, struct http_reply *reply);
/* No reply came: HTTP_TIMED_OUT, HTTP_NOT_SENT, … */
void fake_reply_lost(struct login *login, enum http_result result);
/* Moves the clock to the open timer and lets it go off. */
void fake_timer(struct login *login);

/* The open request: is it for this URL, and its body or one of its headers has this in it? */
bool fake_asks(const struct login *login, const char *url);
bool fake_body_has(const struct login *login, const char *part);
bool fake_has_header(const struct login *login, const char *header);
/* How it ended; and whatever became of it, what goes to the log has none of these words in it,
 * NULL-terminated. */
void fake_ended(const struct login *login, enum fake_end end, int reason,
		const char *const *secrets);
/* What goes to the log has this in it. */
void fake_says(const struct login *login, const char *words);
/* A reply that came, for testing what reads replies; free with http_reply_done(). */
struct http_reply fake_http_reply(uint32_t status, const char *content_type, const char *body);
/* A whole file under tests/; the caller frees the buffer. */
void fake_file(const char *path, struct buf *buf);

/* --- for the other half of the fake, fake-checks.c --- */

/* A login that has ended is finished: what the core does after every event. */
void fake_collect(struct login *login);
/* The number of an effect; fails the test after the end. */
uint32_t fake_next_number(struct login *login);
/* One check is open at a time. */
uint32_t fake_open_check(struct login *login, enum fake_check check);
/* The open one, which must be of this kind and is closed. */
uint32_t fake_close_check(struct login *login, enum fake_check check);
