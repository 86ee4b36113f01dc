/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/text.h"
#include "jauth-relay/page-private.h"
#include "jauth-relay/page-text.h"

#define REFRESH_S 2

/* --- who reads --- */

/* "zh-CN;q=0.8" → its weight in thousandths, 0 when it is not wanted or not understood. */
static unsigned weight(const char *range, size_t len)
{
	const char *q = memmem(range, len, ";q=", 3);
	unsigned value = 0, unit = 100;

	if (!q)
		return 1000;
	q += 3;
	if (q < range + len && *q == '1')
		return 1000;
	if (q < range + len && *q == '0')
		q++;
	if (q < range + len && *q == '.')
		q++;
	for (; q < range + len && *q >= '0' && *q <= '9' && unit; q++, unit /= 10)
		value += (unsigned)(*q - '0') * unit;
	return value;
}

const char *page_language(const char *accept_language, const char *fallback)
{
	static const struct {
		const char *tag, *language;
	} known[] = { { "zh", "zh_CN" }, { "en", "en" } };
	const char *best = fallback, *at = accept_language ? accept_language : "";
	unsigned best_weight = 0;

	while (*at) {
		size_t len = strcspn(at += strspn(at, ", \t"), ",");

		for (size_t i = 0; i < N_ELEMENTS(known); i++) {
			if (len < 2 || strncasecmp(at, known[i].tag, 2) != 0 ||
			    (len > 2 && !strchr("-; \t", at[2])) || weight(at, len) <= best_weight)
				continue;
			best = known[i].language;
			best_weight = weight(at, len);
		}
		at += len;
	}
	return best;
}

/* --- the question --- */

static void add_row(const struct reader *reader, const char *name, const char *foreign,
		    struct buf *buf)
{
	buf_add_format(buf, "<div><dt>%s</dt><dd><bdi>", page_say(reader, name));
	page_add_foreign(buf, foreign);
	buf_add_text(buf, "</bdi></dd></div>\n");
}

static void add_since(const struct reader *reader, const struct link *link, int64_t now_s,
		      struct buf *buf)
{
	const time_t since = (time_t)link->since_s;
	const int64_t ago = MAX(now_s - link->since_s, 0);
	char text[64] = "?";
	struct tm tm;

	if (gmtime_r(&since, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	buf_add_format(buf, "<div><dt>%s</dt><dd>%s <span class=\"ago\">(",
		       page_say(reader, N_("Since")), text);
	buf_add_format(buf, page_say(reader, N_("%d s ago")), (int)MIN(ago, 86400));
	buf_add_text(buf, ")</span></dd></div>\n");
}

static void add_facts(const struct reader *reader, const struct link *link, int64_t now_s,
		      struct buf *buf)
{
	buf_add_text(buf, "<dl>\n");
	add_row(reader, N_("Computer"), link->host_name, buf);
	add_row(reader, N_("User name, as typed at the login"), link->user, buf);
	add_row(reader, N_("From"),
		*link->source ? link->source : page_say(reader, N_("unknown")), buf);
	add_row(reader, N_("Service"), link->service, buf);
	add_since(reader, link, now_s, buf);
	buf_add_text(buf, "</dl>\n");
	page_add_paragraph(reader, "soft", link->digits ?
		      N_("After you confirm who you are, two digits appear. Type them into your "
			 "terminal; only then are you logged in.") :
		      N_("After you confirm who you are, you are logged in."), buf);
	page_add_paragraph(reader, "warn",
		      N_("Did you start this login yourself, just now? If not, press the last "
			 "button."), buf);
}

static void add_buttons(const struct reader *reader, const struct link *link, struct buf *buf)
{
	unsigned targets[RELAY_TARGETS_MAX];
	unsigned n = page_choose_targets(link, reader->app, targets);

	buf_add_format(buf, "<form method=\"post\" action=\"/q/%s\">\n"
		       "<input type=\"hidden\" name=\"token\" value=\"%s\">\n",
		       link->id, link->token);
	for (unsigned i = 0; i < n; i++) {
		buf_add_format(buf, "<button name=\"method\" value=\"%s\">",
			       link->targets[targets[i]].method);
		page_add_around(buf, page_say(reader, N_("Confirm with %s")),
			   link->targets[targets[i]].title);
		buf_add_text(buf, "</button>\n");
	}
	buf_add_format(buf, "<button class=\"no\" name=\"refuse\" value=\"1\">%s</button>\n"
		       "</form>\n",
		       page_say(reader, N_("This wasn't me")));
}

void page_add_question(const struct reader *reader, const struct link *link, int64_t now_s,
		       struct buf *buf)
{
	page_begin(reader, TONE_PLAIN, N_("Is this your login?"), "", buf);
	add_facts(reader, link, now_s, buf);
	add_buttons(reader, link, buf);
	if (reader->app == RELAY_APP_BROWSER || reader->app == RELAY_APP_COMPUTER)
		page_add_elsewhere(reader, link, N_("You may also scan the code with:"), buf);
	page_end(buf);
}

/* --- the rest --- */

static void add_text(const struct reader *reader, const struct page_text *text, struct buf *buf)
{
	page_add_paragraph(reader, "text", text->text, buf);
	if (text->advice)
		page_add_paragraph(reader, "soft", text->advice, buf);
}

void page_add_result(const struct reader *reader, const struct link *link, struct buf *buf)
{
	const struct page_text *text = &result_texts[link->result];

	page_begin(reader, text->tone, text->head, "", buf);
	if (link->result == RELAY_RESULT_DIGITS)
		buf_add_format(buf, "<p class=\"digits\">%s</p>\n", link->digits_text);
	add_text(reader, text, buf);
	if (*link->request) {
		buf_add_text(buf, "<p class=\"soft\">");
		page_add_around(buf, page_say(reader, N_("Request id: %s")), link->request);
		buf_add_text(buf, "</p>\n");
	}
	page_end(buf);
}

void page_add_notice(const struct reader *reader, enum notice notice, const struct link *link,
		     struct buf *buf)
{
	const struct page_text *text = &notice_texts[notice];
	bool is_elsewhere = notice == NOTICE_WRONG_APP || notice == NOTICE_USE_COMPUTER;
	char refresh[64] = "";

	/* The same address again: the browser's cookie says who it is. */
	if (notice == NOTICE_WAITING)
		(void)snprintf(refresh, sizeof(refresh),
			       "<meta http-equiv=\"refresh\" content=\"%d\">\n", REFRESH_S);
	page_begin(reader, text->tone, text->head, refresh, buf);
	add_text(reader, text, buf);
	if (is_elsewhere)
		page_add_elsewhere(reader, link, NULL, buf);
	page_end(buf);
}

unsigned page_notice_status(enum notice notice)
{
	return notice_texts[notice].status;
}

/* Browsers hold a form's target against form-action, and Chromium what it is redirected to as well:
 * the provider's page, which is known only after the button. It is an https address. */
int page_make_policy(char ret_policy[PAGE_POLICY_MAX])
{
	struct buf policy = BUF_INIT(PAGE_POLICY_MAX - 1);
	bool is_made;

	buf_add_text(&policy, "default-src 'none'; style-src ");
	is_made = page_add_hash(&policy, page_style);
	buf_add_text(&policy, "; form-action 'self' https:; base-uri 'none'; "
		     "frame-ancestors 'none'");
	is_made = is_made && text_into(ret_policy, PAGE_POLICY_MAX, buf_text(&policy));
	buf_done(&policy);
	return is_made ? 0 : -EIO;
}
