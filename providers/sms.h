/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the login type `sms` share.
 *
 *   sms-type.c    keys and the row of the table
 *   sms-routes.c  which vendors a number's messages go through; which numbers get none
 *   sms-code.c    a code, its life, the message it stands in
 *   sms-send.c    from a number to "sent": counting, the vendors, and how strangers see neither
 *   sms.c         logging in; sms-enrol.c adds a number; sms-trial.c sends a test message
 */
#pragma once

#include "providers/provider.h"
#include "providers/sms-sending.h"
#include "providers/sms-text.h"

#define SMS_ROUTES_MAX   16
#define SMS_DIGITS_MIN   6
#define SMS_DIGITS_MAX   8
#define SMS_PHONES_MAX   9               /* one key each */
#define SMS_LABEL_MAX    32
#define SMS_REF_LEN      2
#define SMS_RESENDS_MAX  2
#define SMS_TRIES_MAX    3               /* answers to one prompt of an errand */
#define SECONDS_A_MINUTE 60

struct sms_config {
	char **vendors, **calling_codes;
	int64_t code_digits, code_minutes, code_tries, unused_days;
	char *people_file;               /* NULL: numbers come by hand only */
	char *text;                      /* NULL: in the language of the login */
	/* by bind */
	struct sms_route routes[SMS_ROUTES_MAX];
	size_t n_routes;
};

/* A code and the message it is sent in. */
struct sms_code {
	struct secret *digits;           /* as long as it may be asked for again */
	struct secret *text;             /* while the message is under way */
	char reference[SMS_REF_LEN + 1];
	char host[SMS_NAME_SIZE], user[SMS_NAME_SIZE];
	int64_t expires_ms;              /* monotonic: stands still in a suspended machine */
	int64_t expires_s;               /* wall clock; whichever passes first */
	struct sms_message message;      /* points to the others */
};

struct sms_phone {
	int64_t id;                      /* as of struct phone */
	char number[PHONE_SIZE];
	char label[SMS_LABEL_MAX + 1];
	int64_t used_s;
};

enum sms_state {
	/* logging in */
	SMS_FINDING,
	SMS_CHOOSING,
	SMS_ASKING,
	SMS_CHECKING,
	SMS_LOOKING,             /* what became of the message */
	/* adding a number */
	SMS_ENROL_NUMBER,
	SMS_ENROL_LABEL,
	SMS_ENROL_VERIFY,
	SMS_ENROL_CODE,
	SMS_ENROL_CHECKING,
	SMS_ENROL_STORING,
	/* a test message */
	SMS_TRIAL_NUMBER,
	SMS_TRIAL_CODE,
	SMS_TRIAL_CHECKING,
	SMS_TRIAL_LOOKING,
	/* all of them */
	SMS_SENDING,             /* counting it too */
};

/* What the message is sent for, and what comes after it. */
struct sms_errand {
	void (*answer)(struct login *login, const struct secret *answer);
	/* Once per sms_send(). SMS_SENT, SMS_PERHAPS_SENT or, when the person may know, NOT. */
	void (*sent)(struct login *login, enum sms_progress progress);
	/* In place of `sent`, when the person may know: nothing will be sent. */
	void (*refused)(struct login *login, enum send_verdict verdict, int64_t wait_s);
	void (*judged)(struct login *login, enum code_result result);
	/* After sms_sending_ask(). */
	void (*told)(struct login *login, enum sms_delivery delivery);
};

struct sms_login {
	const struct sms_errand *errand;
	enum sms_state state;
	struct sms_phone phones[SMS_PHONES_MAX];         /* to choose from */
	size_t n_phones;
	struct sms_phone phone;          /* it is sent there; id 0: to nobody */
	struct sms_code code;
	bool is_kept;                    /* the core takes the code */
	struct sms_sending sending;
	int64_t again_at_ms, sent_at_ms; /* the two ends of waits; 0: none */
	int64_t last_ms;                 /* when it was sent last */
	unsigned n_prompts, n_wrong, n_resends;
	bool wants_resend;               /* once it is known what became of the last one */
};

/* --- sms-routes.c --- */

/* Why a number gets no message. */
enum sms_fault {
	SMS_FAULT_NONE,
	SMS_FAULT_BLOCKED,       /* phone_is_blocked() */
	SMS_FAULT_CODE,          /* not among calling_codes */
	SMS_FAULT_ROUTE,         /* no vendor */
};

void sms_routes_bind(struct sms_config *config, const struct sms_gateway *const *gateways,
		     const struct conf_section *section, struct conf_report *report);
/* The longest prefix; NULL: none. */
const struct sms_route *sms_route_find(const struct sms_config *config, const char *number);
/* Of the dearest vendor: a fail-over is not asked for again. */
int64_t sms_route_cost(const struct sms_route *route);
enum sms_fault sms_number_fault(const struct sms_config *config, const char *number);
/* What was typed, as a number that may get messages; else says what is wrong with it. */
bool sms_number_read(struct login *login, const struct secret *typed,
		     char ret_number[PHONE_SIZE]);

/* --- sms-code.c --- */

/* A new one, with the life it has in this login. 0 or -errno. */
int sms_code_make(struct login *login, struct sms_code *code);
bool sms_code_is_alive(struct login *login, const struct sms_code *code);
int sms_code_minutes(struct login *login, const struct sms_code *code);
/* Lent until sms_code_unsay(); NULL: the text cannot be made. */
const struct sms_message *sms_code_say(struct login *login, struct sms_code *code,
				       const char *number);
void sms_code_unsay(struct sms_code *code);
void sms_code_done(struct sms_code *code);
/* "r", "R", or one of full width; blanks around it do not count. */
bool sms_is_letter(const struct secret *answer, char letter);

/* --- sms-send.c --- */

/* Counts a message and sends the code to own->phone. */
void sms_send(struct login *login);
void sms_counted(struct login *login, uint32_t number, enum send_verdict verdict, int64_t wait_s);
void sms_replied(struct login *login, uint32_t number, const struct http_reply *reply);
void sms_timeout(struct login *login, uint32_t number);
/* Says why and ends: what most errands do when nothing was or will be sent. */
void sms_refuse(struct login *login, enum send_verdict verdict, int64_t wait_s);
void sms_fail(struct login *login);
void sms_show_limit(struct login *login, enum send_verdict verdict, int64_t wait_s);

/* --- the errands --- */

void sms_start(struct login *login);
void sms_found(struct login *login, uint32_t number, const struct phone *phones, size_t n);
void sms_enrol(struct login *login);
/* A prompt of whoever adds or tests a number; asked SMS_TRIES_MAX times, then denied. */
void sms_errand_ask(struct login *login, enum sms_state state, const char *text,
		    const char *name);
void sms_enrol_stored(struct login *login, uint32_t number, int error);
void sms_trial(struct login *login);
