/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answers to telephones, each with the headers that keep a page to itself. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauth-relay/app.h"
#include "jauth-relay/phone.h"
#include "jauth-relay/relay.h"

#define UNKNOWN_RETRY_S "60"
#define STORE_RETRY_S   "2"
#define POLICY_MAX      4096

static struct reader reader_of(const struct request *request)
{
	return (struct reader){
		.catalogs = request->relay->catalogs,
		.language = page_language(request->headers[HEADER_ACCEPT_LANGUAGE],
					  request->relay->config->language),
		.url = request->relay->config->url,
		.app = app_of_user_agent(request->headers[HEADER_USER_AGENT]),
	};
}

static const struct {
	const char *name, *value;
} page_headers[] = {
	{ "Cache-Control", "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), microphone=(), geolocation=()" },
};

/* The page with the form says "same-origin" instead of "no-referrer": with the latter browsers send
 * "Origin: null" along with the form, and an old one without Sec-Fetch-Site could not be told from
 * a page on another site. To other sites neither sends anything. */
static void answer_by_policy(struct request *request, unsigned status, const char *policy,
			     const char *referrer_policy)
{
	request_header(request, "Content-Security-Policy", policy);
	request_header(request, "Referrer-Policy", referrer_policy);
	for (size_t i = 0; i < N_ELEMENTS(page_headers); i++)
		request_header(request, page_headers[i].name, page_headers[i].value);
	request_answer(request, status, "text/html; charset=utf-8");
}

static void answer_page(struct request *request, unsigned status, const char *referrer_policy)
{
	answer_by_policy(request, status, request->relay->policy, referrer_policy);
}

void phone_answer_question(struct request *request, const struct link *link)
{
	struct reader reader = reader_of(request);

	request->relay->metrics.n[METRIC_PAGES_SHOWN]++;
	page_add_question(&reader, link, relay_now_s(request->relay), &request->answer.body);
	answer_page(request, 200, "same-origin");
}

void phone_answer_notice(struct request *request, enum notice notice, const struct link *link)
{
	struct reader reader = reader_of(request);
	unsigned status = page_notice_status(notice);

	page_add_notice(&reader, notice, link, &request->answer.body);
	if (status == 503)
		request_header(request, "Retry-After", STORE_RETRY_S);
	answer_page(request, status, "no-referrer");
}

void phone_answer_result(struct request *request, const struct link *link)
{
	struct reader reader = reader_of(request);

	page_add_result(&reader, link, &request->answer.body);
	answer_page(request, 200, "no-referrer");
}

/* It has a form as well: see answer_by_policy(). */
void phone_answer_dingtalk(struct request *request)
{
	const char *script = request->relay->config->dingtalk_script;
	struct buf policy = BUF_INIT(POLICY_MAX);
	struct reader reader = reader_of(request);

	if (page_add_dingtalk_policy(script, &policy) && !buf_failed(&policy)) {
		page_add_dingtalk(&reader, script, &request->answer.body);
		answer_by_policy(request, 200, buf_text(&policy), "same-origin");
	} else {
		phone_answer_notice(request, NOTICE_STORE_AWAY, NULL);
	}
	buf_done(&policy);
}

bool phone_may_guess(struct request *request)
{
	struct relay *relay = request->relay;

	relay->metrics.n[METRIC_UNKNOWN_IDS]++;
	if (strangers_count(relay->strangers, request->address, relay->config->unknown_per_minute,
			    relay_now_s(relay)))
		return true;
	relay->metrics.n[METRIC_LIMITED]++;
	return false;
}

void phone_answer_unknown(struct request *request, enum notice notice)
{
	if (phone_may_guess(request)) {
		phone_answer_notice(request, notice, NULL);
		return;
	}
	request_header(request, "Retry-After", UNKNOWN_RETRY_S);
	phone_answer_notice(request, NOTICE_TOO_MANY, NULL);
}

void phone_answer_error(struct request *request, int error)
{
	if (error == -ENOENT) {
		phone_answer_unknown(request, NOTICE_UNKNOWN);
		return;
	}
	if (error != -EHOSTDOWN)
		log_error("a link cannot be read or written: %s", strerror(-error));
	phone_answer_notice(request, NOTICE_STORE_AWAY, NULL);
}

void phone_answer_redirect(struct request *request, const char *url)
{
	request_header(request, "Location", url);
	answer_page(request, 303, "no-referrer");
}
