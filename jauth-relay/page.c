/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/catalog.h"
#include "base/crypto.h"
#include "base/text.h"
#include "jauth-relay/page-text.h"

#define FOREIGN_CHARS_MAX 256    /* of a text that is not ours */
#define REFRESH_S         2

__attribute__((format_arg(2)))
static const char *say(const struct reader *reader, const char *text)
{
	return catalogs_text(reader->catalogs, reader->language, text);
}

static void add_escaped(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buf_add_text(buf, "&amp;");
			break;
		case '<':
			buf_add_text(buf, "&lt;");
			break;
		case '>':
			buf_add_text(buf, "&gt;");
			break;
		case '"':
			buf_add_text(buf, "&quot;");
			break;
		case '\'':
			buf_add_text(buf, "&#39;");
			break;
		default:
			buf_add_char(buf, *text);
		}
	}
}

static void add_foreign(struct buf *buf, const char *text)
{
	struct buf clean = BUF_INIT(4 * FOREIGN_CHARS_MAX + 4);

	text_add_clean(&clean, text, FOREIGN_CHARS_MAX);
	add_escaped(buf, buf_text(&clean));
	buf_done(&clean);
}

/* `text` has one %s, where the foreign text goes. */
static void add_around(struct buf *buf, const char *text, const char *foreign)
{
	const char *gap = strstr(text, "%s");

	if (!gap)
		return;
	buf_add(buf, text, (size_t)(gap - text));
	buf_add_text(buf, "<bdi>");
	add_foreign(buf, foreign);
	buf_add_text(buf, "</bdi>");
	buf_add_text(buf, gap + 2);
}

static void begin(const struct reader *reader, enum tone tone, const char *head, const char *more,
		  struct buf *buf)
{
	static const char *const tones[] = {
		[TONE_PLAIN] = "plain", [TONE_GOOD] = "good", [TONE_BAD] = "bad",
	};

	buf_add_format(buf, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
		       "<meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"robots\" content=\"noindex\">\n%s<title>%s</title>\n<style>",
		       text_equals(reader->language, "zh_CN") ? "zh-CN" : "en", more,
		       say(reader, head));
	buf_add_text(buf, page_style);
	buf_add_format(buf, "</style>\n</head>\n<body>\n<main class=\"%s\">\n<h1>%s</h1>\n",
		       tones[tone], say(reader, head));
}

static void end(struct buf *buf)
{
	buf_add_text(buf, "</main>\n</body>\n</html>\n");
}

static void add_paragraph(const struct reader *reader, const char *class, const char *text,
			  struct buf *buf)
{
	buf_add_format(buf, "<p class=\"%s\">%s</p>\n", class, say(reader, text));
}

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

static unsigned targets_of(const struct link *link, enum relay_app app,
			   unsigned ret_targets[RELAY_TARGETS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < link->n_targets; i++)
		if (link->targets[i].app == app)
			ret_targets[n++] = i;
	return n;
}

unsigned page_choose_targets(const struct link *link, enum relay_app app,
			     unsigned ret_targets[RELAY_TARGETS_MAX])
{
	unsigned n = targets_of(link, app, ret_targets);

	return n > 0 ? n : targets_of(link, RELAY_APP_BROWSER, ret_targets);
}

/* The apps that the link has targets of, but not `besides`: a list, or nothing. */
static void add_apps(const struct reader *reader, const struct link *link, enum relay_app besides,
		     struct buf *buf)
{
	unsigned targets[RELAY_TARGETS_MAX];

	buf_add_text(buf, "<ul>\n");
	for (unsigned app = 0; app < RELAY_N_APPS; app++)
		if (app != besides && targets_of(link, app, targets) > 0)
			buf_add_format(buf, "<li>%s</li>\n", say(reader, app_titles[app]));
	buf_add_text(buf, "</ul>\n");
}

/* --- the question --- */

static void add_row(const struct reader *reader, const char *name, const char *foreign,
		    struct buf *buf)
{
	buf_add_format(buf, "<div><dt>%s</dt><dd><bdi>", say(reader, name));
	add_foreign(buf, foreign);
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
		       say(reader, N_("Since")), text);
	buf_add_format(buf, say(reader, N_("%d s ago")), (int)MIN(ago, 86400));
	buf_add_text(buf, ")</span></dd></div>\n");
}

static void add_facts(const struct reader *reader, const struct link *link, int64_t now_s,
		      struct buf *buf)
{
	buf_add_text(buf, "<dl>\n");
	add_row(reader, N_("Computer"), link->host_name, buf);
	add_row(reader, N_("User name, as typed at the login"), link->user, buf);
	add_row(reader, N_("From"),
		*link->source ? link->source : say(reader, N_("unknown")), buf);
	add_row(reader, N_("Service"), link->service, buf);
	add_since(reader, link, now_s, buf);
	buf_add_text(buf, "</dl>\n");
	add_paragraph(reader, "soft", link->digits ?
		      N_("After you confirm who you are, two digits appear. Type them into your "
			 "terminal; only then are you logged in.") :
		      N_("After you confirm who you are, you are logged in."), buf);
	add_paragraph(reader, "warn",
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
		add_around(buf, say(reader, N_("Confirm with %s")),
			   link->targets[targets[i]].title);
		buf_add_text(buf, "</button>\n");
	}
	buf_add_format(buf, "<button class=\"no\" name=\"refuse\" value=\"1\">%s</button>\n"
		       "</form>\n",
		       say(reader, N_("This wasn't me")));
}

static bool has_other_apps(const struct link *link)
{
	for (unsigned i = 0; i < link->n_targets; i++)
		if (link->targets[i].app != RELAY_APP_BROWSER)
			return true;
	return false;
}

void page_add_question(const struct reader *reader, const struct link *link, int64_t now_s,
		       struct buf *buf)
{
	begin(reader, TONE_PLAIN, N_("Is this your login?"), "", buf);
	add_facts(reader, link, now_s, buf);
	add_buttons(reader, link, buf);
	if (reader->app == RELAY_APP_BROWSER && has_other_apps(link)) {
		add_paragraph(reader, "soft", N_("You may also scan the code with:"), buf);
		add_apps(reader, link, RELAY_APP_BROWSER, buf);
	}
	end(buf);
}

/* --- the rest --- */

static void add_text(const struct reader *reader, const struct page_text *text, struct buf *buf)
{
	add_paragraph(reader, "text", text->text, buf);
	if (text->advice)
		add_paragraph(reader, "soft", text->advice, buf);
}

void page_add_result(const struct reader *reader, const struct link *link, struct buf *buf)
{
	const struct page_text *text = &result_texts[link->result];

	begin(reader, text->tone, text->head, "", buf);
	if (link->result == RELAY_RESULT_DIGITS)
		buf_add_format(buf, "<p class=\"digits\">%s</p>\n", link->digits_text);
	add_text(reader, text, buf);
	if (*link->request) {
		buf_add_text(buf, "<p class=\"soft\">");
		add_around(buf, say(reader, N_("Request id: %s")), link->request);
		buf_add_text(buf, "</p>\n");
	}
	end(buf);
}

void page_add_notice(const struct reader *reader, enum notice notice, const struct link *link,
		     struct buf *buf)
{
	const struct page_text *text = &notice_texts[notice];
	char refresh[64] = "";

	/* The same address again: the browser's cookie says who it is. */
	if (notice == NOTICE_WAITING)
		(void)snprintf(refresh, sizeof(refresh),
			       "<meta http-equiv=\"refresh\" content=\"%d\">\n", REFRESH_S);
	begin(reader, text->tone, text->head, refresh, buf);
	add_text(reader, text, buf);
	if (notice == NOTICE_WRONG_APP)
		add_apps(reader, link, RELAY_N_APPS, buf);
	end(buf);
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
	struct digest digest;
	int r = crypto_digest(DIGEST_SHA256, page_style, strlen(page_style), &digest);

	if (r < 0)
		return r;
	buf_add_text(&policy, "default-src 'none'; style-src 'sha256-");
	base64_add(&policy, digest.bytes, digest.len);
	buf_add_text(&policy, "'; form-action 'self' https:; base-uri 'none'; "
		     "frame-ancestors 'none'");
	r = text_into(ret_policy, PAGE_POLICY_MAX, buf_text(&policy)) ? 0 : -EIO;
	buf_done(&policy);
	return r;
}
