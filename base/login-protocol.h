/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a client (pam_jauth, jauthctl) logs somebody in through jauthd.
 * jauthd/org.jauth1.xml is the specification of the bus part; this is its C side and
 * the specification of the socket.
 *
 * 1. The client calls org.jauth1.Login.Begin(a{sv} facts) → h on the system bus, takes the
 *    descriptor, and closes its bus connection.
 * 2. The descriptor is a SOCK_SEQPACKET socket. jauthd sends steps: one datagram, one
 *    marshalled D-Bus signal org.jauth1.Login.Step (s state, a(sa{sv}) items).
 *    After "ask" jauthd waits for the answer to the last item, which is the only ask.
 *    After "wait" the client shows what came and waits for the next step.
 *    Any other state is an outcome and the last step.
 * 3. The client sends datagrams: one opcode byte, the ask's number (32 bits, little endian),
 *    and for LOGIN_ANSWER the raw bytes of the answer.
 * 4. Either side's end is an EOF. An EOF without an outcome is LOGIN_UNAVAILABLE.
 *
 * Sessions are told by org.jauth1.Login.Session(a{sv} facts), which is answered when it is kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGIN_PROTOCOL_VERSION 1u

#define LOGIN_BUS_NAME        "org.jauth1"
#define LOGIN_BUS_PATH        "/org/jauth1"
#define LOGIN_INTERFACE       "org.jauth1.Login"
#define ACCOUNTS_INTERFACE    "org.jauth1.Accounts"
#define ADMIN_INTERFACE       "org.jauth1.Admin"
#define LOGIN_BUS_ADDRESS     "unix:path=/run/dbus/system_bus_socket"

/* Errors of Begin. */
#define LOGIN_ERROR_VERSION   "org.jauth1.Error.Version"       /* we do not speak "version" */
#define LOGIN_ERROR_FACTS     "org.jauth1.Error.Facts"         /* missing, unknown type, too long */
#define LOGIN_ERROR_DENIED    "org.jauth1.Error.AccessDenied"  /* the caller may not ask this */
#define LOGIN_ERROR_LIMIT     "org.jauth1.Error.LimitsExceeded"/* too many logins wait */
#define LOGIN_ERROR_NOT_FOUND "org.jauth1.Error.NotFound"
#define LOGIN_ERROR_INVALID   "org.jauth1.Error.Invalid"
#define LOGIN_ERROR_FAILED    "org.jauth1.Error.Failed"

/* Facts. Strings are UTF-8, at most LOGIN_FACT_MAX bytes. Unknown facts are ignored. */
#define LOGIN_FACT_MAX        1024u
#define FACT_VERSION          "version"       /* u, required */
#define FACT_PHASE            "phase"         /* s, required: a word of login_phase_names */
#define FACT_SERVICE          "service"       /* s, required: PAM_SERVICE */
#define FACT_USER             "user"          /* s, required but for test: PAM_USER */
#define FACT_RHOST            "rhost"         /* s: PAM_RHOST */
#define FACT_TTY              "tty"           /* s: PAM_TTY */
#define FACT_SURFACE          "surface"       /* s: a word of login_surface_names; absent: none */
#define FACT_ROWS             "rows"          /* u: of the terminal; 0 or absent: unknown */
#define FACT_COLUMNS          "columns"       /* u */
#define FACT_GLYPHS           "glyphs"        /* u: bits of login_glyphs; absent: 0 */
#define FACT_LANGUAGE         "language"      /* s: as LANG, "zh_CN.UTF-8" */
#define FACT_SSH_AUTH_INFO    "ssh-auth-info" /* s: SSH_AUTH_INFO_0, "publickey ssh-ed25519 AAA…" */
#define FACT_CALLER_UID       "caller-uid"    /* u: real uid of the process that runs PAM */
#define FACT_REQUEST          "request"       /* s: account phase: request id of the login before */
#define FACT_TIMEOUT          "timeout"       /* u: seconds the client will wait in all */
#define FACT_START            "start"         /* s: session phases, required: when the process that
					       * runs PAM began, as in end-session.h */
#define FACT_METHOD           "method"        /* s: jauthctl: only this method; for enrol, test and
						  * link its id or, without such an id, the first
						  * one of this type */

enum login_phase {
	LOGIN_AUTHENTICATE,
	LOGIN_ACCOUNT,           /* answered at once by an outcome, nothing is asked */
	LOGIN_PASSWORD_CHECK,    /* PAM_PRELIM_CHECK: granted when there is a password to change */
	LOGIN_PASSWORD,          /* change the password */
	LOGIN_ENROL,             /* jauthctl: bind a number or a key to the user. Root; else the
				  * user himself, first by the ways of service "jauth-enrol" */
	LOGIN_TEST,              /* jauthctl: try a method for real, without a user. Root */
	LOGIN_SESSION,           /* a session was opened; told by Session, not by Begin */
	LOGIN_SESSION_END,       /* and has ended */
	LOGIN_LINK,              /* jauthctl: link an identity of a method to the user. The user
				  * himself, first by the ways of service "jauth-link" */
	LOGIN_N_PHASES
};

enum login_surface {
	SURFACE_NONE,            /* nothing known: text */
	SURFACE_SSH,             /* no escapes, text arrives with the next prompt */
	SURFACE_CONSOLE,         /* Linux console: shows at once, glyphs by its font */
	SURFACE_TERMINAL,        /* another local terminal: shows at once, takes colours */
	SURFACE_GRAPHICAL,       /* greeter, locker: text, short */
	LOGIN_N_SURFACES
};

enum login_glyph {
	GLYPH_HALF = 1 << 0,     /* ▀ and ▄ */
	GLYPH_FULL = 1 << 1,     /* █ */
	GLYPH_UTF8 = 1 << 2,     /* the surface takes UTF-8 at all */
};

enum login_state {
	LOGIN_ASK,
	LOGIN_WAIT,
	/* outcomes */
	LOGIN_GRANTED,
	LOGIN_DENIED,            /* wrong person, wrong answer */
	LOGIN_ENOUGH,            /* denied, and asking again is of no use now */
	LOGIN_LOCKED,            /* account phase: locked, or no longer allowed */
	LOGIN_EXPIRED,           /* account phase: the account's date is over */
	LOGIN_MUST_CHANGE,       /* account phase: the password must be changed first */
	LOGIN_CANCELLED,         /* the person gave up */
	LOGIN_FAILED,            /* provider or network fault, configuration */
	LOGIN_UNAVAILABLE,       /* jauth cannot answer at all */
	LOGIN_IGNORED,           /* outside the policy's scope */
	LOGIN_N_STATES
};

/* The words on the wire, indexed by the enums. */
extern const char *const login_phase_names[LOGIN_N_PHASES];
extern const char *const login_surface_names[LOGIN_N_SURFACES];
extern const char *const login_state_names[LOGIN_N_STATES];

static inline bool login_state_is_outcome(enum login_state state)
{
	return state >= LOGIN_GRANTED;
}

/* Told by Session; nothing is begun. */
static inline bool phase_is_session(enum login_phase phase)
{
	return phase == LOGIN_SESSION || phase == LOGIN_SESSION_END;
}

/* Items of a step. */
enum login_item_kind {
	ITEM_INFO,               /* "text" s */
	ITEM_ERROR,              /* "text" s */
	ITEM_ASK,                /* "text" s, "echo" b, "number" u, "password" b (the answer is the
	                          * person's password: PAM_AUTHTOK), perhaps "name" s (what is
	                          * asked, for a program that has the answer already) */
	ITEM_REQUEST,            /* "id" s: the request id of this login, for the log and the
	                          * account phase */
	ITEM_N_KINDS
};
extern const char *const login_item_names[ITEM_N_KINDS];

#define LOGIN_STEP_MAX        65536u  /* bytes of a datagram to the client */
#define LOGIN_ITEMS_MAX       16u
#define LOGIN_TEXT_MAX        32768u
#define LOGIN_ANSWER_MAX      1023u   /* bytes: what OpenSSH's client sends at most */

enum login_opcode {
	LOGIN_ANSWER = 1,
	LOGIN_CANCEL = 2,        /* the person gave up at a prompt; number is ignored */
};

#define LOGIN_ANSWER_HEADER   5u      /* opcode and number before the answer's bytes */

struct login_item {
	enum login_item_kind kind;
	const char *text;        /* owned by the step */
	bool echo;
	bool password;
	uint32_t number;
	const char *name;        /* or NULL; owned by the step */
};

struct login_step {
	enum login_state state;
	struct login_item items[LOGIN_ITEMS_MAX];
	unsigned n_items;
	void *message;           /* DBusMessage that owns the texts of a decoded step */
};

/* jauthd: the step as one datagram, from malloc; 0 or -errno. The texts must be valid UTF-8. */
int login_step_encode(const struct login_step *step, char **ret_data, size_t *ret_len);
/* Client: 0 or -EBADMSG (not a step, unknown state or item kind, an ask that is not the last item,
 * "ask" without one, too long). Free with login_step_done(). */
int login_step_decode(const char *data, size_t len, struct login_step *ret_step);
void login_step_done(struct login_step *step);
