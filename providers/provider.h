/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contract between the core and a login method.
 *
 * A provider is a pure state machine: the core calls one of its operations per event, and it
 * answers by calling the functions below. It never sees the bus, a socket, a file, a clock or the
 * store. It proves who the person is, (issuer, subject); whether that identity may be
 * the requested Unix user is decided by the core alone.
 *
 * Numbers. A prompt, a request, a timer and a password check get a number when they are made;
 * the event carries it back. The core drops events whose number is no longer open: one prompt
 * and one timer are open at a time (a new one replaces the old), and up to PROVIDER_REQUESTS_MAX
 * requests. login_cancel() closes a number early. So a provider never gets a stale event, and
 * compares numbers only where it has several requests open. What the store is asked for (a
 * password, numbers, counts, codes) is a check: one is open at a time too.
 *
 * End. login_identify(), login_deny() or login_fail() end the method: all numbers are closed, no
 * further operation but `finish` is called, and nothing else may be emitted. The first one
 * counts. When the person leaves, the core calls `finish` without any of them.
 *
 * Not one of these functions calls back into the provider before it has returned.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/http-message.h"
#include "base/parameters.h"
#include "base/relay-protocol.h"
#include "base/secret.h"
#include "base/totp.h"
#include "providers/guide.h"

struct login;
struct phone_country;
struct sms_gateway;

#define PROVIDER_REQUESTS_MAX   4
#define IDENTITY_GROUPS_MAX     256
#define IDENTITY_ATTRIBUTES_MAX 16
#define IDENTITY_TEXT_MAX       255      /* bytes of an issuer is URL_MAX; of the others this */

/* Issuer of an identity that is the requested Unix user himself (PROVIDER_LOCAL_USER). */
#define ISSUER_UNIX "unix"

enum provider_feature {
	/* The person's consent is tied to this terminal: a page of ours shows where the login
	 * comes from, or a secret is typed here. Without it (a device flow, whose link can be
	 * forwarded) the method alone is refused from remote origins unless configured. */
	PROVIDER_CONFIRMS_HERE = 1 << 0,
	/* The vendor asks the person nothing: an approval can happen unseen. */
	PROVIDER_SILENT = 1 << 1,
	/* Starting it contacts somebody or costs money: the core first wants a prompt answered
	 * with something other than an empty string, and counts starts and open logins. */
	PROVIDER_CONTACTS = 1 << 2,
	/* It knows the requested user himself (a password, a code sent to his number) and may
	 * identify him as (ISSUER_UNIX, his name). */
	PROVIDER_LOCAL_USER = 1 << 3,
	/* It has a `change` operation. */
	PROVIDER_CHANGES_PASSWORD = 1 << 4,
	/* What it sends goes through hands that are neither ours nor the person's (NIST SP
	 * 800-63B-4 3.1.3.3: a restricted authenticator). As a login's first factor it is a
	 * configuration error unless the method says alone = yes. */
	PROVIDER_RESTRICTED = 1 << 5,
	/* The person begins it on the telephone: a page of ours at the relay shows where the login
	 * comes from and leads to the provider, whose callback comes back the same way. `start` is
	 * called when the button was pressed; then login_link() is there, login_redirect() says
	 * where the telephone goes on, and the callback is `callback`. */
	PROVIDER_RELAY = 1 << 6,
	/* It has a `deliver` operation. */
	PROVIDER_DELIVERS = 1 << 7,
	/* With PROVIDER_RELAY: the callback is brought by a program of ours on the telephone and
	 * not by a browser, so it has no state, and comes whether or not login_redirect() was
	 * called. */
	PROVIDER_NO_STATE = 1 << 8,
	/* What the person does arrives as a push of the vendor at the relay: it has a `pushed`
	 * operation, needs a relay, and has PROVIDER_DELIVERS, since the digits can only go that
	 * way. Never with PROVIDER_RELAY. */
	PROVIDER_PUSHES = 1 << 9,
	/* It has an `ssh_keys` operation, and the configuration wants it. */
	PROVIDER_SSH_KEYS = 1 << 10,
	/* With this configuration it asks for passwords that jauth keeps. */
	PROVIDER_KEEPS_PASSWORD = 1 << 11,
};

struct identity_attribute {
	const char *name;        /* as in a rule's template: "sub", "mail_user", "id" */
	const char *value;
};

/* Who the provider says this is. The texts are the provider's; the core copies. */
struct identity {
	const char *issuer;      /* whole and exact: a URL, or the provider's fixed word */
	const char *subject;     /* whole and exact; never an e-mail address or a login name */
	const char *display;     /* a name the person may have chosen: for the log only; or NULL */
	const char *mail;        /* verified, or NULL */
	const char *const *groups;       /* stable values, NULL-terminated; or NULL */
	struct identity_attribute attributes[IDENTITY_ATTRIBUTES_MAX];   /* stable only */
	size_t n_attributes;
	/* The method's own filters leave him out: nobody is let in, linked or made by it. What it
	 * says of him holds all the same, so that he keeps no group that he lost there. */
	bool is_outside;
};

/* A telephone number kept for the user, as the store has it. */
struct phone {
	int64_t id;              /* 0: none, see login_count_send(); -1: not kept (yet) */
	const char *number;      /* E.164, "+8613900001234"; never shown whole, never logged */
	const char *label;       /* the sysadmin's word for it; or "" */
	int64_t used_s;          /* when a code sent there was right; 0: never */
};

/* May a message go out now? */
enum send_verdict {
	SEND_ALLOWED,            /* and counted, on the disk */
	SEND_TOO_MANY,           /* a limit; it passes after wait_s */
	SEND_BLOCKED,            /* this way is closed for the user until a sysadmin opens it */
	SEND_UNAVAILABLE,        /* the store failed: nothing may go out */
};

/* What an entered code is. Every try is counted before it is compared. */
enum code_result {
	CODE_RIGHT,              /* and used up */
	CODE_WRONG,              /* wrong, used, or there is none: one answer */
	CODE_TOO_MANY,           /* not compared: too many wrong ones lately; passes after wait_s */
	CODE_BLOCKED,            /* not compared, until a sysadmin opens it */
	CODE_UNAVAILABLE,        /* the store failed: not compared */
};

enum password_result {
	PASSWORD_RIGHT,
	PASSWORD_WRONG,          /* wrong, unknown user, locked, no password, paused: one answer */
	PASSWORD_MUST_CHANGE,    /* right, but a new one must be set before it counts */
	PASSWORD_CHANGED,        /* login_set_password() is done */
	PASSWORD_NOT_OURS,       /* right but must change, and it is not kept by jauth */
	PASSWORD_UNAVAILABLE,    /* the store failed */
};

#define PASSWORD_SOURCE_JAUTH  "jauth"   /* accounts kept by jauth */
#define PASSWORD_SOURCE_SHADOW "shadow"  /* the host's own: /etc/shadow and what NSS adds to it */

/* What a method gets from the core for a while: counts of section "starts" below. */
struct provider_limits {
	int64_t open_max;        /* logins between start and end, all users; 0: unlimited */
	int64_t starts_per_s;    /* 0: unlimited */
	int64_t starts_per_hour; /* 0: unlimited */
};

/* A request of the vendor to RELAY_URL/push/APP. Foreign: nothing of it is proved yet. */
struct login_push {
	const char *method;      /* "GET", "POST" */
	const char *query;       /* as it came, without '?'; at most RELAY_PUSH_MAX bytes */
	const char *body;        /* at most RELAY_PUSH_MAX bytes of UTF-8 */
};

/* A message to somebody who was identified a moment ago. */
struct login_delivery {
	const char *subject;     /* of his identity */
	const char *text;        /* in his language, some lines; holds a code: never logged */
	/* The push that was PUSH_TAKEN, which the vendor still waits for an answer to:
	 * login_answer_push(). NULL: none. */
	const struct login_push *push;
};

/* Whose push is it? */
enum push_verdict {
	PUSH_FOREIGN,            /* the vendor's, and not for this login: the next one is asked */
	PUSH_TAKEN,              /* for this login, which goes on or ends; answered now or later */
	PUSH_ANSWERED,           /* for no login: it was answered, and nobody else is asked */
	PUSH_FORGED,             /* not the vendor's: refused, and nobody else is asked */
};

struct provider {
	const char *type;                /* as in "type = oidc" */
	const char *title;               /* shown when the method has no title; marked with N_() */
	/* What is asked before it contacts somebody (PROVIDER_CONTACTS), when nobody has answered
	 * anything yet; marked with N_(). The core adds how to quit. NULL: "type y to show the
	 * code". */
	const char *gate;
	unsigned features;               /* bits of provider_feature */
	/* MAY be NULL: then `features` hold. The bits that hold with this configuration, which is
	 * filled and checked. */
	unsigned (*features_of)(const void *config);
	enum relay_app app;              /* PROVIDER_RELAY: whose browser must open the page */
	/* MAY be NULL: then `app` holds. That of this configuration, filled and checked. */
	enum relay_app (*app_of)(const void *config);
	struct provider_limits limits;   /* defaults of the method keys open_max, starts_per_s,
	                                  * starts_per_hour */
	/* MAY be NULL: then `limits` hold. Those of this configuration, filled and checked. */
	const struct provider_limits *(*limits_of)(const void *config);
	const struct conf_key *keys;     /* own keys; filled into a struct of config_size. The core
	                                  * adds its common ones: type, title, map, … */
	const struct guide *guide;       /* MUST: for who sets a method up */
	size_t config_size;
	size_t shared_size;              /* per method between logins (caches); zeroed at first */
	size_t login_size;               /* kept per login; zeroed at start, wiped after finish */

	/* MAY be NULL. What rows cannot say about a filled config; mistakes go into the report with
	 * the section's file and line. Must not contact anybody. */
	void (*check)(const void *config, const struct conf_section *section,
		      struct conf_report *report);
	/* MAY be NULL. Appends what names the app at the vendor. Two methods of one type and app,
	 * one with PROVIDER_RELAY and one without, are a configuration error: codes of the one
	 * could be brought into logins by the other. */
	void (*name_app)(const void *config, struct buf *buf);
	/* MUST with a key that names [sms ID] sections. Resolves those names once all sections are
	 * read, into fields of the filled config that are in none of the keys; the gateways live as
	 * long as the config. Mistakes as in `check`, which is called before. */
	void (*bind)(void *config, const struct sms_gateway *const *gateways,
		     const struct conf_section *section, struct conf_report *report);
	/* MAY be NULL. Fills caches before anybody logs in, and again every prepare_interval_s.
	 * Runs like a login without a user; only login_request(), login_timer(), login_done() and
	 * login_fail() may be called. */
	void (*prepare)(struct login *login);
	int64_t prepare_interval_s;
	/* MAY be NULL: no. With this configuration only people of one organisation, or whom the
	 * sysadmin named, can be identified at all. Else nobody becomes a new Unix user by it,
	 * unless the method has filters. */
	bool (*is_bounded)(const void *config);
	const char *bound_key;           /* that it looks at, for mistakes; or NULL */
	/* MAY be NULL: yes. Whether identities have groups with this configuration, which is filled
	 * and checked. */
	bool (*says_groups)(const void *config);
	const char *groups_key;          /* that it looks at, for mistakes; or NULL: never yes */
	/* MUST with PROVIDER_SSH_KEYS; else MAY be NULL: then nobody finds the method by an
	 * identity. Appends the issuer of all identities that it finds with this configuration;
	 * nothing where that is not filled. */
	void (*name_issuer)(const void *config, struct buf *buf);
	/* MAY be NULL. Tells of the departments and members of the organisation: what makes a
	 * [directory ID] of it. Runs like `prepare`; ends with login_done() when it told of all of
	 * them, with login_fail() or login_deny() when it did not: then nothing of it counts. */
	void (*list)(struct login *login);
	int64_t list_interval_s;         /* of `list`: how often, unless the sysadmin says */
	/* MUST with PROVIDER_SSH_KEYS. Asks for the SSH keys that `subject` has there, in a state
	 * of its own. Runs like `prepare`: login_add_ssh_key() for each, and login_done() when
	 * those are all. */
	void (*ssh_keys)(struct login *login, const char *subject);
	/* MUST. Somebody wants to log in by this method. */
	void (*start)(struct login *login);
	/* MUST with PROVIDER_CHANGES_PASSWORD. The user wants a new password. */
	void (*change)(struct login *login);
	/* MAY be NULL. Binds something to the user that he will prove himself with: a number, a
	 * key. A sysadmin, or the user after he proved himself (policy of service jauth-enrol), is
	 * at a terminal. Ends with login_done(), login_deny() or login_fail(). */
	void (*enrol)(struct login *login);
	/* MAY be NULL. A sysadmin tries the method for real and reads each step (login_show());
	 * there is no user. Ends like enrol. */
	void (*test)(struct login *login);
	/* MUST when login_prompt() or login_show_code() is used. `answer` is the core's. Never
	 * called for the keys that the core itself understands. */
	void (*answer)(struct login *login, uint32_t number, const struct secret *answer);
	/* MUST when login_request() is used. */
	void (*reply)(struct login *login, uint32_t number, const struct http_reply *reply);
	/* MUST with PROVIDER_RELAY. The telephone came back from the provider, once in a login and
	 * after login_redirect(): the parameters of the callback. That `state` is the one that was
	 * sent has been checked; see PROVIDER_NO_STATE. */
	void (*callback)(struct login *login, const struct parameters *parameters);
	/* MUST with PROVIDER_PUSHES. A push for the app of login_listen(). Every login of a method
	 * that listens to it is asked in turn until one says more than PUSH_FOREIGN. */
	enum push_verdict (*pushed)(struct login *login, const struct login_push *push);
	/* MUST with PROVIDER_DELIVERS. Sends `delivery` to the person by a message of the app, in a
	 * state of its own (`start` is not called), and ends with login_done(), login_deny() or
	 * login_fail(). Also without a login, as `prepare` runs, to who has one. */
	void (*deliver)(struct login *login, const struct login_delivery *delivery);
	/* MUST when login_timer() is used. */
	void (*timeout)(struct login *login, uint32_t number);
	/* MUST when login_check_password() or login_set_password() is used. */
	void (*checked)(struct login *login, uint32_t number, enum password_result result);
	/* MUST when login_find_phones() is used. The oldest first; lent. */
	void (*found)(struct login *login, uint32_t number, const struct phone *phones, size_t n);
	/* MUST when login_count_send() is used. wait_s: seconds, of SEND_TOO_MANY; else 0. */
	void (*counted)(struct login *login, uint32_t number, enum send_verdict verdict,
			int64_t wait_s);
	/* MUST when login_check_code(), login_check_totp() or login_check_glass() is used. wait_s
	 * as above. */
	void (*judged)(struct login *login, uint32_t number, enum code_result result,
		       int64_t wait_s);
	/* MUST when login_add_phone() or login_set_totp() is used. 0, -EEXIST (kept already), or
	 * another -errno of the store. */
	void (*stored)(struct login *login, uint32_t number, int error);
	/* MAY be NULL. Free what the login state owns. The core then wipes the state itself. */
	void (*finish)(struct login *login);
	/* MAY be NULL. Free what the shared state owns. */
	void (*release)(void *shared);
};

/* --- what a provider may ask --- */

void *login_own(struct login *login);                    /* login_size bytes */
void *login_shared(struct login *login);                 /* shared_size bytes */
const void *login_config(struct login *login);           /* config_size bytes */
const char *login_user(struct login *login);             /* as typed; "" while preparing */
const char *login_host(struct login *login);             /* this machine's name */
bool login_is_root(struct login *login);                 /* change, enrol: root is who asks */
int64_t login_now_ms(struct login *login);               /* monotonic */
int64_t login_now_s(struct login *login);                /* wall clock */
int64_t login_deadline_ms(struct login *login);          /* monotonic: when the core gives up */
/* An earlier factor of this login was right, or sshd accepted a key: only then may what is said
 * depend on the user's account. */
bool login_is_proved(struct login *login);
/* The person can go back to a menu of several ways. */
bool login_has_choice(struct login *login);
/* False: sshd hides from us what is typed under a name it does not know, and nothing is proved yet.
 * A key with a meaning of its own would tell which names those are. So q is not understood, no text
 * names it, and all answers of one length must lead to the same words. */
bool login_hears_keys(struct login *login);
/* `text`, a literal marked with N_(), in the language of this login. */
const char *login_text(struct login *login, const char *text) __attribute__((format_arg(2)));

/* --- what a provider may do --- */

/* Shown together with whatever is asked or shown next. Bounded and cleaned by the core. */
void login_show(struct login *login, const char *text);
void login_show_error(struct login *login, const char *text);

struct login_prompt {
	const char *text;
	bool echo;
	bool password;           /* the answer is the user's password (PAM_AUTHTOK) */
	bool keys;               /* the core understands a lone q (end) and, when there is a choice,
				  * c (back to the choice of methods): the provider never sees
				  * them, but its text must name them */
	const char *name;        /* a literal: what is asked, for jauthctl, which may have the
				  * answer from its command line ("number"); or NULL */
};
uint32_t login_prompt(struct login *login, const struct login_prompt *prompt);

/* A code to scan. Drawn as the surface allows; the link and the user code always stand below in
 * ASCII. Where the surface shows text only with a prompt, the core adds "press Enter when done";
 * then, and only then, `answer` is called with the number, once, with an empty answer. */
struct login_code {
	const char *link;        /* what the code holds */
	const char *plain_link;  /* what a person types; NULL: as link */
	const char *user_code;   /* to be typed or compared there; or NULL */
	const char *text;        /* one line above the code */
	const struct login_prompt *prompt;       /* asked below it, on every surface, in place of
						  * "press Enter"; NULL: as above */
};
uint32_t login_show_code(struct login *login, const struct login_code *code);

/* The way over the relay; the texts live as long as the login. NULL: this login was not begun on a
 * telephone, or the features lack PROVIDER_RELAY. */
struct login_link {
	const char *redirect_uri;        /* registered at the provider; the same in every login */
	const char *state;               /* 32 hexadecimal digits, of this login and method only */
	const char *id;                  /* of the link, RELAY_ID_LEN characters */
	const char *page;                /* RELAY_URL/d/ID, for logins in DingTalk's app */
	const char *method;              /* the id of this method */
};
const struct login_link *login_link(struct login *login);
/* Where the telephone goes on: an https URL of at most RELAY_TARGET_URL_MAX bytes. Once a login. */
void login_redirect(struct login *login, const char *url);

/* PROVIDER_PUSHES. Pushes of this app come from now on; once a login, before login_show_code(),
 * which then asks for the digits that the person is sent once he is identified. `app`: the vendor's
 * name of it, [A-Za-z0-9_], at most RELAY_LISTEN_MAX. Also within `test`, where a sysadmin sets the
 * vendor up. */
void login_listen(struct login *login, const char *app);
/* Within `pushed`, or within `deliver` for its push: what the vendor is answered, at most
 * RELAY_PUSH_MAX bytes of UTF-8. A push that ends without an answer gets an empty one. */
void login_answer_push(struct login *login, const char *body);

/* Takes the request over in every case. The reply always comes, whatever happens, unless
 * cancelled. */
uint32_t login_request(struct login *login, struct http_request *request);
uint32_t login_timer(struct login *login, int64_t delay_ms);
/* `sources` are PASSWORD_SOURCE_… words in the order to be asked, NULL-terminated; the first
 * one that knows the user decides. */
uint32_t login_check_password(struct login *login, const struct secret *password,
			      char *const *sources);
/* The password kept by jauth; it is over `expires_days` from now, 0: never. */
uint32_t login_set_password(struct login *login, const struct secret *password,
			    int64_t expires_days);
void login_cancel(struct login *login, uint32_t number);
/* More for the audit line of this login, beside outcome and reason: "aliyun: isv.OUT_OF_SERVICE".
 * Cleaned and bounded; never a secret, a code, or a whole number. */
void login_note(struct login *login, const char *text);

/* --- numbers and messages (one of these, or of the password's, at a time) --- */

/* The user's numbers → found. Nobody's for an unknown user. Numbers neither added nor used for
 * `unused_days` are left out; 0: all are found. */
uint32_t login_find_phones(struct login *login, int64_t unused_days);
/* Counts a message against every limit, before the vendor is asked → counted. `phone` of id 0: the
 * same work for somebody who has no number; the verdict is SEND_ALLOWED or worse, and nothing must
 * be sent. `cost` in the unit of the key sms_cost_per_day. */
uint32_t login_count_send(struct login *login, const struct phone *phone, int64_t cost);
/* The message counted last surely did not go out: takes the count back. */
void login_return_send(struct login *login);
/* Adds a number for the user → stored. E.164. */
uint32_t login_add_phone(struct login *login, const char *number, const char *label);
/* [general] country, for what people write; NULL: none. */
const struct phone_country *login_country(struct login *login);

/* --- codes --- */

/* The code that this login, and no other, will take. Only a keyed hash of it is kept; an earlier
 * one is dead. `phone_id`: when it was right this number counts as used; 0: none. */
void login_keep_code(struct login *login, const struct secret *code, int64_t phone_id);
/* No code is right any more: too many tries, too late. */
void login_drop_code(struct login *login);
/* → judged. `entry`: digits only, see base/digits.h. */
uint32_t login_check_code(struct login *login, const struct secret *entry);
/* → judged. Against the user's TOTP key, `window` steps to either side, none that was taken before
 * or earlier (RFC 6238 section 5.2); or, when it has their length, his recovery codes. */
uint32_t login_check_totp(struct login *login, const struct secret *entry, int64_t window);
/* The user's TOTP key and recovery codes from now on, instead of any earlier → stored. */
struct totp_enrolment {
	const struct secret *key;        /* raw bytes */
	struct totp_rule rule;
	int64_t step;                    /* of the code that confirmed it: not to be taken again */
	struct secret *const *recovery;  /* n_recovery codes, as they will be entered */
	size_t n_recovery;
};
uint32_t login_set_totp(struct login *login, const struct totp_enrolment *enrolment);
/* → judged. Against the user's break-glass codes; `entry`: the letters as they were made, see
 * base/glass-code.h. One that is right is used up, and an alert. */
uint32_t login_check_glass(struct login *login, const struct secret *entry);

/* --- the organisation (within `list`) --- */

struct listed_department {
	const char *id;
	const char *parent;              /* its id; NULL: none */
	const char *name;
};

enum member_state {
	MEMBER_ACTIVE,
	MEMBER_DISABLED,         /* by the organisation, for the time being */
	MEMBER_INACTIVE,         /* has not taken up his account yet */
	MEMBER_LEFT,
};

struct listed_member {
	/* As login_identify() would have it, but for the groups: those are the departments. */
	const struct identity *identity;
	const char *department;  /* "": not by one, but by himself */
	/* The same as long as it is the same human being, although the vendor may give a subject to
	 * another one: a union id, else his name; or NULL. */
	const char *mark;
	enum member_state state;
};

/* Each copies. A department twice, a loop of departments, or a member whose state differs from what
 * was told of him before ends the listing as failed, by the core. */
void login_list_department(struct login *login, const struct listed_department *department);
/* Once for every department that he is in. */
void login_list_member(struct login *login, const struct listed_member *member);
/* All members of this department were told of. A listing that was interrupted and goes on later
 * need not ask for them again. */
void login_list_done(struct login *login, const char *department);
bool login_is_list_done(struct login *login, const char *department);
/* The name that this department had when it was asked for lately: need not be asked for again.
 * NULL: ask. Lent until the next call. */
const char *login_list_name(struct login *login, const char *department);

/* Within `ssh_keys`: one public key as the vendor has it. The core takes those that are right. */
void login_add_ssh_key(struct login *login, const char *key);

/* --- how a provider ends --- */

/* This is who it is. The core maps it to the requested user, or denies. */
void login_identify(struct login *login, const struct identity *identity);
/* change, enrol, test, prepare and list: done. */
void login_done(struct login *login);

enum deny_reason {
	DENY_WRONG,              /* a wrong answer: counted; the person may try again */
	DENY_REFUSED,            /* the person, or the provider for him, said no */
	DENY_EXPIRED,            /* nobody approved in time */
	DENY_FILTERED,           /* a right identity outside the method's filters */
	DENY_BUSY,               /* the provider has no room now */
	DENY_INVALID,            /* the provider's proof did not hold: alert */
};
/* `detail` goes to the log and the audit only: never a secret, may be foreign text. */
void login_deny(struct login *login, enum deny_reason reason, const char *detail);

enum fail_reason {
	FAIL_NETWORK,            /* no answer, or not from the provider itself */
	FAIL_PROVIDER,           /* the provider answered with a fault of its own */
	FAIL_CONFIG,             /* the provider says we are set up wrongly: alert */
};
void login_fail(struct login *login, enum fail_reason reason, const char *detail);

/* The one table: every login method there is, NULL-terminated. */
extern const struct provider *const providers[];
const struct provider *provider_find(const char *type);
