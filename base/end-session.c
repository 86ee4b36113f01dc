/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders to jauth-end-session. Linked into that program too, so it needs nothing of base. */
#include "base/end-session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define WORDS_MAX 5

static const char lower_hex[] = "0123456789abcdef";
static const char letters_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char name_first[] = "abcdefghijklmnopqrstuvwxyz";
static const char name_rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

static const struct {
	const char *word;
	bool has_user;                   /* else a process and its session */
} verbs[END_N_VERBS] = {
	[VERB_LOOK] = { "look", false },
	[VERB_END] = { "end", false },
	[VERB_LINGER_OFF] = { "linger-off", true },
	[VERB_LINGER_ON] = { "linger-on", true },
};

const char *const end_answer_names[END_N_ANSWERS] = {
	[SAYS_GONE] = "gone",
	[SAYS_ALIVE] = "alive",
	[SAYS_ENDED] = "ended",
	[SAYS_WAS_ON] = "was-on",
	[SAYS_WAS_OFF] = "was-off",
	[SAYS_DONE] = "done",
	[SAYS_REFUSED] = "refused",
	[SAYS_FAILED] = "failed",
};

/* Decimal as we write it: no sign, no leading zero. */
static int parse_number(const char *word, uint64_t max, uint64_t *ret_number)
{
	size_t len = strlen(word);
	unsigned long long number;

	if (len == 0 || len > 20 || strspn(word, "0123456789") != len || (len > 1 && *word == '0'))
		return -EINVAL;
	errno = 0;
	number = strtoull(word, NULL, 10);
	if (errno || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

int end_start_parse(const char *start, char ret_boot[END_SESSION_BOOT_LEN + 1],
		    uint64_t *ret_ticks)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < END_SESSION_BOOT_LEN; i++) {
		if (form[i] == '-' ? start[i] != '-' : !start[i] || !strchr(lower_hex, start[i]))
			return -EINVAL;
	}
	if (start[END_SESSION_BOOT_LEN] != '/' ||
	    parse_number(start + END_SESSION_BOOT_LEN + 1, UINT64_MAX, ret_ticks) < 0)
		return -EINVAL;
	memcpy(ret_boot, start, END_SESSION_BOOT_LEN);
	ret_boot[END_SESSION_BOOT_LEN] = '\0';
	return 0;
}

int end_session_id_check(const char *session)
{
	size_t len = strnlen(session, END_SESSION_ID_MAX + 1);

	if (len == 0 || len > END_SESSION_ID_MAX || strspn(session, letters_digits) != len)
		return -EINVAL;
	return 0;
}

/* It becomes part of a path. */
static int check_user(const char *user)
{
	size_t len = strnlen(user, END_SESSION_USER_MAX + 1);

	if (len == 0 || len > END_SESSION_USER_MAX || !strchr(name_first, *user) ||
	    strspn(user, name_rest) != len)
		return -EINVAL;
	return 0;
}

/* Blanks become ends of words; the number of words, or WORDS_MAX + 1 when there are more. */
static size_t split(char *line, const char *words[WORDS_MAX])
{
	size_t n = 0;

	for (char *rest = line; rest;) {
		if (n == WORDS_MAX)
			return WORDS_MAX + 1;
		words[n++] = strsep(&rest, " ");
	}
	return n;
}

static int parse_process(const char *const words[WORDS_MAX], struct end_order *order)
{
	char boot[END_SESSION_BOOT_LEN + 1];
	uint64_t pid, ticks;

	if (parse_number(words[2], INT32_MAX, &pid) < 0 || pid < 2 ||
	    strlen(words[3]) > END_SESSION_START_MAX ||
	    end_start_parse(words[3], boot, &ticks) < 0)
		return -EINVAL;
	order->pid = (uint32_t)pid;
	(void)snprintf(order->start, sizeof(order->start), "%s", words[3]);
	if (strcmp(words[4], "-") == 0)
		return 0;
	if (end_session_id_check(words[4]) < 0)
		return -EINVAL;
	(void)snprintf(order->session, sizeof(order->session), "%s", words[4]);
	return 0;
}

static int parse_words(const char *const words[WORDS_MAX], size_t n_words, struct end_order *order)
{
	uint64_t uid;

	for (size_t verb = 0; verb < END_N_VERBS; verb++) {
		if (strcmp(words[0], verbs[verb].word) != 0)
			continue;
		if (n_words != (verbs[verb].has_user ? 3 : 5) ||
		    parse_number(words[1], UINT32_MAX - 1, &uid) < 0 || uid < END_SESSION_UID_MIN)
			return -EINVAL;
		order->verb = (enum end_verb)verb;
		order->uid = (uint32_t)uid;
		if (!verbs[verb].has_user)
			return parse_process(words, order);
		if (check_user(words[2]) < 0)
			return -EINVAL;
		(void)snprintf(order->user, sizeof(order->user), "%s", words[2]);
		return 0;
	}
	return -EINVAL;
}

int end_order_parse(const char *line, struct end_order *ret_order)
{
	char copy[END_SESSION_LINE_MAX];
	const char *words[WORDS_MAX] = { NULL };
	struct end_order order = { 0 };
	size_t len = strnlen(line, sizeof(copy));
	int r;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, line, len + 1);
	r = parse_words(words, split(copy, words), &order);
	if (r == 0)
		*ret_order = order;
	return r;
}

int end_order_format(const struct end_order *order, char ret_line[END_SESSION_LINE_MAX])
{
	char line[END_SESSION_LINE_MAX];
	struct end_order again;
	int len;

	if ((unsigned)order->verb >= END_N_VERBS)
		return -EINVAL;
	if (verbs[order->verb].has_user)
		len = snprintf(line, sizeof(line), "%s %" PRIu32 " %s", verbs[order->verb].word,
			       order->uid, order->user);
	else
		len = snprintf(line, sizeof(line), "%s %" PRIu32 " %" PRIu32 " %s %s",
			       verbs[order->verb].word, order->uid, order->pid, order->start,
			       order->session[0] ? order->session : "-");
	if (len < 0 || (size_t)len + 1 >= sizeof(line) || end_order_parse(line, &again) < 0)
		return -EINVAL;
	memcpy(ret_line, line, (size_t)len);
	memcpy(ret_line + len, "\n", 2);
	return 0;
}

int end_answer_parse(const char *line, enum end_answer *ret_answer, const char **ret_text)
{
	size_t len = strcspn(line, " ");

	for (size_t i = 0; i < END_N_ANSWERS; i++) {
		if (strlen(end_answer_names[i]) != len ||
		    memcmp(end_answer_names[i], line, len) != 0)
			continue;
		*ret_answer = (enum end_answer)i;
		*ret_text = line[len] ? line + len + 1 : line + len;
		return 0;
	}
	return -EINVAL;
}
