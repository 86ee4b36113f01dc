/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose browser opens which targets, and what the others are told. */
#include "base/macro.h"
#include "jauth-relay/page-private.h"

#define BIT(app) (1u << RELAY_APP_##app)

/* By the browser that asks. A computer's browser is a browser. */
static const unsigned openable[RELAY_N_APPS] = {
	[RELAY_APP_BROWSER] = BIT(BROWSER),
	[RELAY_APP_WECOM] = BIT(WECOM),
	[RELAY_APP_WECHAT] = BIT(WECHAT) | BIT(MINI_PROGRAM),
	[RELAY_APP_DINGTALK] = BIT(DINGTALK),
	[RELAY_APP_COMPUTER] = BIT(COMPUTER) | BIT(BROWSER),
	/* It asks for no page. */
	[RELAY_APP_MINI_PROGRAM] = BIT(MINI_PROGRAM),
};

static unsigned targets_of(const struct link *link, unsigned apps,
			   unsigned ret_targets[RELAY_TARGETS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < link->n_targets; i++)
		if (apps & 1u << link->targets[i].app)
			ret_targets[n++] = i;
	return n;
}

static bool has_target(const struct link *link, unsigned apps)
{
	unsigned targets[RELAY_TARGETS_MAX];

	return targets_of(link, apps, targets) > 0;
}

unsigned page_choose_targets(const struct link *link, enum relay_app app,
			     unsigned ret_targets[RELAY_TARGETS_MAX])
{
	unsigned n = targets_of(link, openable[app], ret_targets);

	return n > 0 ? n : targets_of(link, BIT(BROWSER), ret_targets);
}

/* The apps that scan a code. Two kinds of targets of one app are one app to people. */
static const struct {
	unsigned apps;
	enum relay_app app;
} scanners[] = {
	{ BIT(WECOM), RELAY_APP_WECOM },
	{ BIT(WECHAT) | BIT(MINI_PROGRAM), RELAY_APP_WECHAT },
	{ BIT(DINGTALK), RELAY_APP_DINGTALK },
};

enum notice page_choose_notice(const struct link *link)
{
	for (size_t i = 0; i < N_ELEMENTS(scanners); i++)
		if (has_target(link, scanners[i].apps))
			return NOTICE_WRONG_APP;
	return NOTICE_USE_COMPUTER;
}

static void add_scanners(const struct reader *reader, const struct link *link, struct buf *buf)
{
	buf_add_text(buf, "<ul>\n");
	for (size_t i = 0; i < N_ELEMENTS(scanners); i++)
		if (has_target(link, scanners[i].apps))
			buf_add_format(buf, "<li>%s</li>\n",
				       page_say(reader, relay_app_titles[scanners[i].app]));
	buf_add_text(buf, "</ul>\n");
}

void page_add_elsewhere(const struct reader *reader, const struct link *link, const char *scan,
			struct buf *buf)
{
	bool is_scanned = page_choose_notice(link) == NOTICE_WRONG_APP;

	if (is_scanned && scan)
		page_add_paragraph(reader, "soft", scan, buf);
	if (is_scanned)
		add_scanners(reader, link, buf);
	if (reader->app == RELAY_APP_COMPUTER || !has_target(link, BIT(COMPUTER)))
		return;
	if (is_scanned || scan)
		page_add_paragraph(reader, "soft",
				   N_("Or open this address in the browser of a computer:"), buf);
	buf_add_text(buf, "<p class=\"address\"><bdi>");
	page_add_foreign(buf, reader->url);
	buf_add_format(buf, "/q/%s</bdi></p>\n", link->id);
}
