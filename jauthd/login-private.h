/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a login, for login*.c and logins.c only. */
#pragma once

#include "base/buf.h"
#include "base/url.h"
#include "jauthd/audit.h"
#include "jauthd/channel.h"
#include "jauthd/good-login.h"
#include "jauthd/http.h"
#include "jauthd/login.h"
#include "jauthd/logins.h"
#include "jauthd/mapping.h"
#include "jauthd/password-check.h"
#include "jauthd/policy.h"
#include "jauthd/relay.h"
#include "providers/provider.h"

struct verdict;

#define SECONDS_A_DAY 86400
#define CODE_ID_BYTES 16
#define RELAY_STATE_SIZE 33              /* 16 random bytes, hexadecimal */

enum login_stage {
	STAGE_LOOKING_UP,        /* waits for user and origin */
	STAGE_CHOOSING,          /* a menu is on the screen */
	STAGE_PRESENCE,          /* the question before a provider is contacted */
	STAGE_SCANNING,          /* a link is open; nobody has pressed its button yet */
	STAGE_RUNNING,           /* a provider works */
	STAGE_MATCHING,          /* identified; the telephone's digits are to be typed */
	STAGE_HOLDING,           /* identified, but the client is still in the code's prompt */
	STAGE_OFFLINE,           /* the password that counts instead is asked for, or checked */
	STAGE_CONFIRMING,        /* the user is asked whether he wants this identity linked */
	STAGE_DECIDING,          /* the store maps and records */
	STAGE_DELAYING,          /* a refusal waits until it is told */
	STAGE_OVER,              /* reported; the loop collects it */
};

/* Which of the provider's operations the login is for. */
enum login_errand {
	ERRAND_LOGIN,            /* start: somebody proves who he is */
	ERRAND_CHANGE,           /* change */
	ERRAND_ENROL,            /* enrol */
	ERRAND_TEST,             /* test */
};

/* What an answer from the client belongs to. */
enum login_asked {
	ASKED_NOTHING,
	ASKED_MENU,
	ASKED_PRESENCE,
	ASKED_PROVIDER,          /* a provider's own prompt */
	ASKED_CODE,              /* "press Enter when done" under a code */
	ASKED_DIGITS,            /* those that the telephone shows */
	ASKED_OFFLINE,           /* the password that counts instead */
	ASKED_LINK,              /* whether the identity is to be linked */
};

/* A copy of what a provider said, for the time the store needs. */
struct login_identity {
	struct identity identity;        /* points into `texts` */
	char **texts;
	char **groups;
};

struct login_open_request {
	uint32_t number;                 /* 0: free */
	uint64_t http_id;
};

/* The message sent last and its code, for as long as the provider runs. */
struct login_sent {
	int64_t send;                    /* budget_send()'s; 0: none to be returned */
	bool is_open;                    /* one of CODES_OPEN_PER_USER */
	bool has_tag;
	struct code_tag tag;
	int64_t phone_id;
};

/* Where a refusal leads. */
enum login_after {
	AFTER_END,               /* outcome */
	AFTER_MENU,              /* other ways are left: show them again */
	AFTER_AGAIN,             /* the same factor once more */
};

/* A push of the vendor that this login keeps until it is answered. */
struct login_kept_push {
	char id[RELAY_ID_LEN + 1];       /* "": none */
	int64_t came_ms;
	char *query, *body;
	struct login_push view;          /* for the provider */
};

/* The link of the factor at hand, which goes by the relay. */
struct login_relay {
	uint64_t link;                   /* relay_open()'s; 0: none */
	char *url;                       /* of the code */
	char *page;                      /* for the provider, as is: */
	char id[RELAY_ID_LEN + 1];
	bool is_matched, was_matched;    /* digits are to be typed; they were right */
	bool was_redirected, was_called_back;
	bool was_left;                   /* a button led somewhere, and another one was pressed */
	bool is_delivering;              /* the digits, by a message */
	bool was_refused;                /* while the store decided */
	char state[RELAY_STATE_SIZE];
	char *redirect_uri;
	struct login_link view;          /* for the provider */
	char digits[RELAY_DIGITS + 1];
	/* PROVIDER_PUSHES: the link has no page. */
	char listens[RELAY_LISTEN_MAX + 1];      /* login_listen()'s app; "": it has one */
	const char *offered;             /* id of the push that is being handed in, unanswered */
	bool was_taken;                  /* a push was its */
	struct login_kept_push push;
};

/* How the running provider ended. */
enum login_ending {
	END_NOT,
	END_IDENTIFIED,
	END_REFUSED,
	END_DONE,
};

struct refusal {
	enum login_state outcome;
	enum login_after after;
	enum relay_result told;          /* to the telephone */
	const char *text;                /* N_() literal */
	bool is_unreachable;             /* nobody answered: the offline policy holds */
};

/* A password instead of a method that cannot be reached, see login-offline.c. */
struct offline_question {
	unsigned n, factor;              /* ways that it may count in, and as which factor */
	unsigned numbers[ALTERNATIVES_MAX];
	struct alternative ways[ALTERNATIVES_MAX];
	enum password_result password;
	unsigned chosen;                 /* by the store: which of the ways */
};

struct login_offline {
	struct offline_question question;
	const char *text;                /* N_() literal: of the refusal that it is instead of */
	char reason[AUDIT_TEXT_MAX];     /* the same */
	char method[METHOD_ID_MAX + 1];  /* it counted as this factor; "": no */
};

/* What a login without a client is for, unless it is a preparation. */
struct login_quiet {
	bool is_set;
	enum quiet_kind kind;
	char *subject, *text;
	struct buf keys;                 /* lines */
	unsigned n_keys;
	void (*ended)(void *context, const struct quiet_end *end);
	void *context;
};

struct login {
	struct logins *logins;
	uint64_t id;
	struct login *next_finished;
	struct config *config;           /* the one it began with */
	struct channel *channel;         /* NULL while preparing a method */
	sd_event_source *deadline, *timer;
	int64_t deadline_ms, began_ms;
	uint64_t source_hash;

	struct login_facts facts;
	char request[REQUEST_ID_LEN + 1];
	struct unix_user user;
	bool has_user, has_origin, is_remote;
	bool is_console;                 /* the physical one, see console.h */
	bool is_prepare;                 /* nobody is there */
	bool is_person;                  /* the user: jauth made him */
	bool is_locked;                  /* the same, when he was looked up */
	bool is_refreshed;               /* with what the provider says of his groups */
	struct logins_list list;         /* listing NULL: it is none */
	struct login_quiet quiet;
	bool is_gone;                    /* the client; what was begun is brought to its end */
	bool is_counted;                 /* among those that wait */

	enum login_stage stage;
	enum login_state outcome;        /* once decided */
	const struct service_rule *rule;
	unsigned alternative, factor;    /* of rule */
	struct alternative forced;       /* with FACT_METHOD: the only one */
	enum login_errand errand;
	struct method *errand_method;    /* enrol, link: set before the user proves himself */
	bool is_recovered;               /* link: a recovery stands for his proof */
	bool is_linking;                 /* he has, and what is identified now is to be linked */
	bool is_confirmed;               /* and he wants just this identity */
	bool was_present;                /* somebody answered something */
	unsigned n_tries, n_rounds;

	/* The running provider. */
	struct method *method;
	void *own;
	bool has_slot;                   /* counted in the method's limits */
	bool in_provider;                /* inside one of its operations */
	enum login_ending end;
	struct refusal end_refusal;
	char end_detail[AUDIT_TEXT_MAX];
	uint32_t last_number;
	uint32_t timer_number, prompt_number, check_number;
	struct login_open_request requests[PROVIDER_REQUESTS_MAX];
	bool was_lost;                   /* the last request that it made got no answer */
	bool prompt_keys;                /* struct login_prompt: keys */
	unsigned char code_id[CODE_ID_BYTES];    /* this login's, in the tags of its codes */
	struct login_sent sent;
	char note[AUDIT_TEXT_MAX];

	/* The client. */
	enum login_asked asked;
	uint32_t asked_number;           /* of the ask on the wire */
	const char *prompt_name;         /* of the provider's prompt; a literal, or NULL */
	struct buf shown;                /* lines to go with the next step */
	bool shown_is_error;
	struct login_code_copy {
		char *link, *plain_link, *user_code, *text;
	} code;
	bool inverted;

	struct login_relay relay;
	struct login_offline offline;

	/* After the provider. */
	struct good_login good;                  /* by the first factor that knows foreign
						  * identities, for the offline policy */
	struct login_identity identified;        /* by the factor at hand */
	struct login_identity proved;            /* for the record: a provider's goes before
	                                          * the user's own */
	char proved_method[METHOD_ID_MAX + 1];
	char proved_mapping[16];         /* as in the audit */
	enum login_after after;
	enum login_state refusal;
	const char *refusal_text;        /* N_() literal */
	char reason[AUDIT_TEXT_MAX];
};

/* login-life.c */
struct login *login_new(struct logins *logins, const struct login_begin *begin,
			struct config *config, int *ret_fd);
struct login *login_new_prepare(struct logins *logins, struct method *method,
				struct config *config);
struct login *login_new_list(struct logins *logins, const struct logins_list *list);
struct login *login_free(struct login *login);

/* login-phases.c */
void login_go_on(struct login *login);                   /* user and origin are there */
bool login_find_policy(struct login *login);             /* false: outside of its scope */
/* The method with this id; else the first one of this type; or NULL. */
struct method *login_find_method(const struct config *config, const char *id);

/* login.c */
void login_start_ways(struct login *login);              /* the menu, or the only way */
void login_start_errand(struct login *login, enum login_errand errand, struct method *method);
void login_refuse(struct login *login, enum login_state outcome, enum login_after after,
		  const char *text, const char *reason);
void login_refuse_nobody(struct login *login);           /* all answers were empty */
void login_start_factor(struct login *login);
void login_factor_proved(struct login *login);
void login_next_factor(struct login *login);
void login_on_expiry(struct login *login);               /* the deadline */
void login_on_delay_over(struct login *login);
void login_on_answer(struct login *login, uint32_t number, const struct secret *answer);
void login_on_cancel(struct login *login);
void login_end(struct login *login, enum login_state outcome, const char *text);
void login_abandon(struct login *login, const char *why);        /* the client is gone */
const struct alternative *login_alternative(const struct login *login);

bool login_another_round(struct login *login);
bool login_go_back(struct login *login);                 /* to the menu, when there is one */
bool login_answer_is(const struct secret *answer, char key);
bool login_is_junk_of_sshd(const struct secret *answer);
void login_run_provider(struct login *login);
void login_set_stage(struct login *login, enum login_stage stage);

/* login-ways.c: alternatives that differ in what the telephone opens only are one way. */
struct login_ways {
	unsigned first[ALTERNATIVES_MAX];        /* an alternative of each */
	unsigned n;
};
void login_find_ways(const struct login *login, struct login_ways *ret_ways);  /* of the menu */
/* At `factor`, is alternative `other` one more that the same code serves? Itself, too. */
bool login_is_same_scan(const struct login *login, unsigned factor, unsigned alternative,
			unsigned other);
unsigned login_n_alternatives(const struct login *login);
const struct alternative *login_nth_alternative(const struct login *login, unsigned n);

/* login-push.c */
enum push_verdict login_push_offer(struct login *login, const struct relay_push *push);
const struct login_push *login_push_kept(struct login *login);   /* that may still be answered */
void login_push_end(struct login *login);                /* what is kept is answered with nothing */

/* login-relay.c */
bool login_relay_open(struct login *login, struct relay_opening *opening);      /* adds who asks */
void login_relay_start(struct login *login);             /* the factor at hand */
void login_relay_end(struct login *login, enum relay_result result);
void login_relay_on_opened(struct login *login);
void login_relay_on_failed(struct login *login, enum relay_failure failure, const char *detail);
void login_relay_on_pressed(struct login *login, const char *method_id);
void login_relay_on_callback(struct login *login, const char *query);
void login_relay_on_refused(struct login *login);
bool login_relay_is_refused(struct login *login);        /* was, meanwhile; then it is over */
void login_relay_show_digits(struct login *login);       /* the identity is the user's */
void login_relay_delivered(struct login *login, bool is_done);
void login_relay_on_answer(struct login *login, const struct secret *answer);
bool login_relay_needs_match(const struct login *login, const struct method *method);

/* login-view.c */
const char *login_language(const struct login *login);   /* NULL: English */
bool login_gate_hears_keys(struct login *login);         /* q and n */

/* login-provider.c */
void login_provider_start(struct login *login);
void login_provider_prepare(struct login *login);        /* or list */
void login_provider_deliver(struct login *login, const struct login_delivery *delivery);
void login_provider_ssh_keys(struct login *login, const char *subject);
void login_provider_callback(struct login *login, const struct parameters *parameters);
/* What comes of its end is the caller's: login_provider_after(). */
enum push_verdict login_provider_pushed(struct login *login, const struct login_push *push);
void login_provider_end(struct login *login);            /* finish, wipe, close all numbers */
void login_provider_answer(struct login *login, uint32_t number, const struct secret *answer);
void login_provider_timer(struct login *login);
void login_provider_reply(struct login *login, uint32_t number, const struct http_reply *reply);
void login_provider_checked(struct login *login, uint32_t number, enum password_result result);
void login_provider_after(struct login *login);          /* acts on the provider's end if it came */
bool login_has_ended(const struct login *login);         /* the provider may do nothing more */
uint32_t login_next_number(struct login *login);
bool login_take_check(struct login *login, uint32_t number);     /* true once, when still open */

#define DELIVER(login, operation, ...) do { \
	(login)->in_provider = true; \
	(login)->method->provider->operation((login), __VA_ARGS__); \
	(login)->in_provider = false; \
	login_provider_after(login); \
} while (0)

/* login-identity.c */
int login_identity_copy(const struct identity *from, struct login_identity *ret_to);   /* -EINVAL */
void login_identity_done(struct login_identity *identity);

/* login-screen.c */
void login_screen_add(struct login *login, const char *text, bool is_error);
void login_screen_ask(struct login *login, enum login_asked asked, const char *text, bool echo,
		      bool password);
void login_screen_wait(struct login *login);
void login_screen_menu(struct login *login);
void login_screen_scan(struct login *login);             /* the link's code, for the first time */
void login_screen_digits(struct login *login, const char *text);
void login_screen_presence(struct login *login);
void login_screen_draw(struct login *login);             /* the code, to go with what is asked */
void login_screen_code(struct login *login);             /* the code and what is asked below it */
void login_screen_outcome(struct login *login, enum login_state outcome, const char *text);
bool login_shows_at_once(const struct login *login);
const char *method_title(const struct login *login, const struct method *method);
void login_code_done(struct login_code_copy *code);

/* login-quiet.c */
int login_quiet_start(struct login *login, const struct quiet_errand *errand);
void login_quiet_end(struct login *login, const char *fault);    /* NULL: it is done */
void login_quiet_done(struct login_quiet *quiet);

/* login-link.c */
void login_link_start(struct login *login);              /* phase LOGIN_LINK */
void login_link_go_on(struct login *login);              /* the user has proved himself */
void login_link_on_answer(struct login *login, const struct secret *answer);
void login_link_act(struct login *login, const struct verdict *verdict);

/* login-offline.c */
/* Asks for the password instead, where policy, console and way allow it. `text` and `reason` are
 * of the end when nothing is typed. False: it does not, and nothing was done. */
bool login_offline_start(struct login *login, const char *text, const char *reason);
void login_offline_on_answer(struct login *login, const struct secret *answer);
void login_offline_checked(struct login *login, uint32_t number, enum password_result result);
void login_offline_forget(struct login *login);          /* the first factor begins again */

/* login-row.c */
void login_row_fill(const struct login *login, struct audit_row *row);

/* login-verdict.c */
void login_verdict_map(struct login *login);             /* the identity, against the store */
void login_verdict_again(struct login *login);           /* the same identity */
void login_verdict_matched(struct login *login);         /* the same, and the digits were right */
void login_verdict_wrong_digits(struct login *login);    /* counts them */
void login_verdict_record(struct login *login, enum login_state outcome);
void login_verdict_account(struct login *login);
void login_verdict_password_check(struct login *login);
void login_verdict_on_recorded(struct login *login, int error);
void login_verdict_confirmed(struct login *login);       /* the identity is to be linked */
void login_verdict_refuse_blocked(struct login *login);

/* login-newcomer.c, while the store decides */
void login_newcomer_start(struct login *login);          /* who is proved becomes a user */
void login_newcomer_refreshed(struct login *login);      /* his groups; then the same again */

/* login-look-up.c */
int login_look_up(struct login *login);                  /* of its user; then login_go_on() */

/* logins.c */
struct login *logins_find(struct logins *logins, uint64_t id);
void logins_finished(struct login *login);               /* to be collected */
const struct logins_env *logins_env(const struct logins *logins);
/* Other logins of the same typed user that hold a code, but none that is less proved. */
unsigned logins_open_codes(struct login *login);
struct http *logins_http(const struct logins *logins);
struct relay *logins_relay(const struct logins *logins);
/* Another login of the same user waits for digits, or for the message with them. */
bool logins_has_match(struct login *login);
void logins_count(struct logins *logins, enum login_state outcome);
void logins_count_offline(struct logins *logins);        /* granted, and a password stood in */
void logins_count_break_glass(struct logins *logins);
void logins_prepared(struct logins *logins, const struct method *method, const char *fault);
void logins_reply_later(struct login *login, uint32_t number);   /* HTTP_NO_HELPER, from the loop */
/* Fills in who asks and starts; the result comes back as login_provider_checked(). */
typedef int (*password_start_fn)(struct password_env *env, const struct password_request *request,
				 const struct secret *password);
int logins_start_password(struct login *login, const struct password_request *request,
			  const struct secret *password, password_start_fn start);
const char *logins_host(const struct logins *logins, const struct config *config);
bool logins_take_slot(struct login *login);
void logins_give_slot(struct login *login);
