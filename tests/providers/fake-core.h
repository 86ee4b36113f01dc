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
#include "base/text.h"
#include "providers/provider.h"

#define FAKE_WALL_S      1767323045      /* the vectors' clock */
#define FAKE_LOGIN_MS    180000
#define FAKE_SETS_MAX    8

struct fake_method {
	const struct provider *provider;
	void *config, *shared;
	int64_t now_ms, now_s;           /* the clock of all its logins */
	struct { char *name, *value; } sets[FAKE_SETS_MAX];
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
	bool prompt_echo, prompt_is_password;
	char *link, *plain_link, *user_code, *code_text;         /* of the last code shown */
	unsigned n_codes;
	char *shown;                     /* last text */
	char *errors;                    /* all that was shown as errors, a line each; or NULL */

	bool is_root, changing;          /* fake_change() */
	uint32_t check_number;           /* of login_check_password() or login_set_password() */
	bool setting;                    /* it is the latter */
	char *password;                  /* to be checked or set */
	char *sources;                   /* "jauth shadow" */
	int64_t expires_days;

	enum fake_end end;
	int reason;                      /* deny_reason or fail_reason */
	char *detail;
	char *issuer, *subject, *display, *mail;
	char **groups;
	char **attributes;               /* "name=value" */
};

/* Fails the test when the section has mistakes. */
struct fake_method *fake_method_new(const struct provider *provider, const char *section);
/* The same with one more line, `KEY_file = PATH` of a file that holds `secret`. */
struct fake_method *fake_method_with_secret(const struct provider *provider, const char *section,
					    const char *key, const char *secret);
struct fake_method *fake_method_free(struct fake_method *method);
/* The mistakes such a section has, a line each; the caller frees. */
char *fake_mistakes(const struct provider *provider, const char *section);
/* What @NAME@ stands for from now on. */
void fake_set(struct fake_method *method, const char *name, const char *value);

struct login *fake_start(struct fake_method *method);
struct login *fake_prepare(struct fake_method *method);
struct login *fake_change(struct fake_method *method, bool is_root);
/* The person leaves, or the test is over. Returns NULL. */
struct login *fake_login_free(struct login *login);

void fake_pass(struct login *login, int64_t ms);
void fake_answer(struct login *login, const char *answer);
/* The verdict on the password that was checked or set. */
void fake_checked(struct login *login, enum password_result result);
void fake_reply(struct login *login, const char *file);
void fake_reply_json(struct login *login, uint32_t status, const char *body);
/* No reply came: HTTP_TIMED_OUT, HTTP_NOT_SENT, … */
void fake_reply_lost(struct login *login, enum http_result result);
/* Moves the clock to the open timer and lets it go off. */
void fake_timer(struct login *login);

/* The open request: is it for this URL, and its body or one of its headers has this in it? */
bool fake_asks(const struct login *login, const char *url);
bool fake_body_has(const struct login *login, const char *part);
bool fake_has_header(const struct login *login, const char *header);
/* A reply that came, for testing what reads replies; free with http_reply_done(). */
struct http_reply fake_http_reply(uint32_t status, const char *content_type, const char *body);
/* A whole file under tests/; the caller frees the buffer. */
void fake_file(const char *path, struct buf *buf);
