/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pages on the telephone: HTML without script (but DingTalk's, page-dingtalk.c), in the
 * telephone's language. Pure text: from a link, a clock and a language to bytes. Whatever a host or
 * a person wrote is cleaned and escaped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "jauth-relay/link.h"

struct catalogs;

/* Pages that only say something. */
enum notice {
	NOTICE_UNKNOWN,          /* no such link, or its time is over */
	NOTICE_OVER,             /* ended by the host, or its time is over */
	NOTICE_USED,             /* another browser completed it */
	NOTICE_REFUSED_HERE,     /* "This wasn't me" was pressed just now */
	NOTICE_REFUSED,          /* or before, here or elsewhere */
	NOTICE_WRONG_APP,        /* names the apps of the link */
	NOTICE_USE_COMPUTER,     /* no app at all: a computer's browser */
	NOTICE_SCAN_WITH_WECHAT, /* a mini program's code, in another scanner */
	NOTICE_NO_MINI_PROGRAM,  /* or in WeChat, which does not know it */
	NOTICE_OPEN_IN_DINGTALK, /* DingTalk's page elsewhere */
	NOTICE_HOST_SILENT,      /* it did not say where the button leads */
	NOTICE_WAITING,          /* for the result; comes again by itself */
	NOTICE_NO_COOKIE,        /* came back without having pressed here */
	NOTICE_SUPERSEDED,       /* came back from an earlier press */
	NOTICE_BAD_CALLBACK,
	NOTICE_TOO_LONG,
	NOTICE_FOREIGN_FORM,     /* the button was not that of our page */
	NOTICE_BAD_FORM,
	NOTICE_TOO_MANY_PRESSES,
	NOTICE_TOO_MANY,         /* unknown ids from this address */
	NOTICE_STORE_AWAY,
	NOTICE_STOPPING,
	N_NOTICES
};

/* For whom a page is written. */
struct reader {
	const struct catalogs *catalogs;
	const char *language;            /* of catalogs_text() */
	const char *url;                 /* of the relay: for a computer's address bar */
	enum relay_app app;
};

/* The language of ours that Accept-Language likes best, or `fallback`. */
const char *page_language(const char *accept_language, const char *fallback);

/* Indices of the targets that this app may open, in the order of the link: its own, or where it
 * has none those of any browser. In WeChat a mini program's, too; on a computer any browser's. How
 * many. */
unsigned page_choose_targets(const struct link *link, enum relay_app app,
			     unsigned ret_targets[RELAY_TARGETS_MAX]);

/* With a button for each chosen target; there is at least one. */
void page_add_question(const struct reader *reader, const struct link *link, int64_t now_s,
		       struct buf *buf);
/* The result that link->result names. With digits only for the browser that completed it. */
void page_add_result(const struct reader *reader, const struct link *link, struct buf *buf);
/* Which notice tells a browser that can open none of the targets. */
enum notice page_choose_notice(const struct link *link);
/* `link` is for NOTICE_WRONG_APP and NOTICE_USE_COMPUTER, else it may be NULL. */
void page_add_notice(const struct reader *reader, enum notice notice, const struct link *link,
		     struct buf *buf);
unsigned page_notice_status(enum notice notice);

/* DingTalk's page, with the vendor's script from this address. */
void page_add_dingtalk(const struct reader *reader, const char *script_url, struct buf *buf);
/* What browsers shall not do with it. False: no such policy can be made. */
bool page_add_dingtalk_policy(const char *script_url, struct buf *buf);

/* What browsers shall not do with the others; the same for all of them, so made once. 0 or -EIO. */
#define PAGE_POLICY_MAX 256
int page_make_policy(char ret_policy[PAGE_POLICY_MAX]);
