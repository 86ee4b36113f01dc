/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What jauthd asks of jauth-end-session, the one helper that runs as root: lines of text over its
 * socket, one answer a line, in their order. The last one ends with the connection.
 *
 *	look UID PID START SESSION     is anything of this session left?      gone, alive
 *	end UID PID START SESSION      end it                                 gone, ended
 *	linger-off UID USER            his jobs begin at boot no more         was-on, was-off
 *	linger-on UID USER             they do                                done
 *
 * and to all of them: refused, failed; the rest of the line says why. PID is the process that ran
 * PAM, START when it began ("BOOT-ID/TICKS"), SESSION its logind id or "-". "ended" says that it
 * was told to end: ask again until it is gone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define END_SESSION_SOCKET    "/run/jauth-end-session/socket"
#define END_SESSION_LINE_MAX  256u       /* bytes of a line, its end included */
#define END_SESSION_LINES_MAX 64u        /* of one connection */
#define END_SESSION_UID_MIN   1000u      /* nobody below is ever touched */
#define END_SESSION_ID_MAX    32u
#define END_SESSION_BOOT_LEN  36u
#define END_SESSION_START_MAX (END_SESSION_BOOT_LEN + 1 + 20)
#define END_SESSION_USER_MAX  31u

enum end_verb {
	VERB_LOOK,
	VERB_END,
	VERB_LINGER_OFF,
	VERB_LINGER_ON,
	END_N_VERBS
};

struct end_order {
	enum end_verb verb;
	uint32_t uid;
	uint32_t pid;                                    /* this and the next two: sessions */
	char start[END_SESSION_START_MAX + 1];
	char session[END_SESSION_ID_MAX + 1];            /* "": none */
	char user[END_SESSION_USER_MAX + 1];             /* linger */
};

enum end_answer {
	SAYS_GONE,
	SAYS_ALIVE,
	SAYS_ENDED,
	SAYS_WAS_ON,
	SAYS_WAS_OFF,
	SAYS_DONE,
	SAYS_REFUSED,
	SAYS_FAILED,
	END_N_ANSWERS
};
extern const char *const end_answer_names[END_N_ANSWERS];

/* With its newline. 0, or -EINVAL for what end_order_parse() would not take. */
int end_order_format(const struct end_order *order, char ret_line[END_SESSION_LINE_MAX]);
/* Without its newline. 0, or -EINVAL: nothing is forgiven. */
int end_order_parse(const char *line, struct end_order *ret_order);
/* Without its newline; *ret_text is what follows the word, or "". 0 or -EINVAL. */
int end_answer_parse(const char *line, enum end_answer *ret_answer, const char **ret_text);

/* The parts of START. 0 or -EINVAL. */
int end_start_parse(const char *start, char ret_boot[END_SESSION_BOOT_LEN + 1],
		    uint64_t *ret_ticks);
/* As logind makes its ids: letters and digits. */
int end_session_id_check(const char *session);
