/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of a login in DingTalk's app, the only one with script: the vendor's, which alone
 * reaches the app, and ours, which is allowed by its digest. It has no digits and knows nothing of
 * the link.
 *
 * What it needs stands behind '#' in its address: #corp_id=…&client_id=…&method=…&state=…
 * (base/relay-protocol.h). Our script takes that out of the address, loads the vendor's, asks the
 * app for a code, and posts it to /cb/METHOD; by the cookie the relay knows the browser that
 * pressed.
 */
#include "base/macro.h"
#include "jauth-relay/page-private.h"

/*
 * ES5: the browsers in old apps know no more.
 *
 * The vendor's script has two ways to ask (sheet section 3.1, package dingtalk-jsapi):
 * requestAuthCode in newer apps; runtime.permission.requestAuthCode, which older apps know too, so
 * it is tried when the first one fails. Android says "cancelled" as a failure with the number -1,
 * iOS by a callback of its own. Whatever the app says is foreign text, and of it only a short word
 * goes along.
 */
static const char script[] =
	"(function () {\n"
	"'use strict';\n"
	"var end = false, hash = /^#corp_id=([A-Za-z0-9_-]{1,64})&client_id=([A-Za-z0-9_-]{1,64})"
	"&method=([a-z0-9-]{1,32})&state=([A-Za-z0-9]{22,128})$/.exec(location.hash);\n"
	"function get(id) { return document.getElementById(id); }\n"
	"function fail(id) {\n"
	"	if (end) return;\n"
	"	end = true;\n"
	"	get('wait').hidden = true;\n"
	"	get(id).hidden = get('advice').hidden = false;\n"
	"	document.querySelector('main').className = 'bad';\n"
	"	document.querySelector('h1').textContent = get('bad').textContent;\n"
	"}\n"
	"function add(form, name, value) {\n"
	"	var input = document.createElement('input');\n"
	"	input.type = 'hidden';\n"
	"	input.name = name;\n"
	"	input.value = value;\n"
	"	form.appendChild(input);\n"
	"}\n"
	"function send(name, value) {\n"
	"	var form = document.createElement('form');\n"
	"	if (end) return;\n"
	"	end = true;\n"
	"	form.method = 'post';\n"
	"	form.action = '/cb/' + hash[3];\n"
	"	add(form, name, value);\n"
	"	add(form, 'state', hash[4]);\n"
	"	document.body.appendChild(form);\n"
	"	form.submit();\n"
	"}\n"
	"function word(error) {\n"
	"	var e = error || {}, code = e.errorCode || e.error || e.code,\n"
	"	    text = e.errorMessage || e.message || '';\n"
	"	text = (code === undefined ? '' : code) + ' ' + text;\n"
	"	text = text.replace(/[^A-Za-z0-9_.:-]+/g, ' ');\n"
	"	return text.replace(/^ | $/g, '').slice(0, 100);\n"
	"}\n"
	"function refuse(error) { send('error', word(error) || 'unknown'); }\n"
	"function cancel() { send('error', '-1'); }\n"
	"function take(reply) {\n"
	"	var code = reply && (reply.code || reply.authCode);\n"
	"	if (typeof code === 'string' && /^[!-~]{1,512}$/.test(code)) send('code', code);\n"
	"	else refuse({ errorCode: 'no-code' });\n"
	"}\n"
	"function ask_older(error) {\n"
	"	var dd = window.dd, api = dd.runtime && dd.runtime.permission;\n"
	"	if (end) return;\n"
	"	if (/^-1( |$)/.test(word(error)) || !api || !api.requestAuthCode) refuse(error);\n"
	"	else api.requestAuthCode({ corpId: hash[1], onSuccess: take, onFail: refuse,\n"
	"		onCancel: cancel });\n"
	"}\n"
	"function ask() {\n"
	"	var dd = window.dd;\n"
	"	if (end) return;\n"
	"	if (typeof dd.requestAuthCode !== 'function') { ask_older(); return; }\n"
	"	var promise = dd.requestAuthCode({ corpId: hash[1], clientId: hash[2],\n"
	"		success: take, fail: ask_older, cancel: cancel });\n"
	"	if (promise && promise.then) promise.then(null, function () {});\n"
	"}\n"
	"function begin() {\n"
	"	var dd = window.dd;\n"
	"	if (!dd) fail('absent');\n"
	"	else if (typeof dd.ready === 'function') dd.ready(ask);\n"
	"	else ask();\n"
	"}\n"
	"function load() {\n"
	"	var vendor = document.createElement('script');\n"
	"	vendor.onload = begin;\n"
	"	vendor.onerror = function () { fail('absent'); };\n"
	"	vendor.src = get('vendor').getAttribute('data-src');\n"
	"	document.body.appendChild(vendor);\n"
	"	setTimeout(function () { fail('late'); }, 20000);\n"
	"}\n"
	"if (history.replaceState) history.replaceState(null, '', location.pathname);\n"
	"if (hash) load();\n"
	"else fail('lost');\n"
	"})();\n";

/* What our script shows instead when it comes to that. */
static const struct {
	const char *id, *class, *text;
} hidden[] = {
	{ "bad", "text", N_("It did not work") },
	{ "lost", "text", N_("This page was opened without what it needs.") },
	{ "absent", "text", N_("DingTalk's script could not be loaded.") },
	{ "late", "text", N_("DingTalk did not answer in time.") },
	{ "advice", "soft", N_("Scan the code once more and press the button there.") },
};

void page_add_dingtalk(const struct reader *reader, const char *script_url, struct buf *buf)
{
	page_begin(reader, TONE_PLAIN, N_("Asking DingTalk …"), "", buf);
	buf_add_format(buf, "<p class=\"text\" id=\"wait\">%s</p>\n",
		       page_say(reader, N_("One moment: DingTalk says who you are.")));
	for (size_t i = 0; i < N_ELEMENTS(hidden); i++)
		buf_add_format(buf, "<p class=\"%s\" id=\"%s\" hidden>%s</p>\n", hidden[i].class,
			       hidden[i].id, page_say(reader, hidden[i].text));
	buf_add_format(buf, "<noscript><p class=\"text\">%s</p></noscript>\n",
		       page_say(reader, N_("This page needs JavaScript.")));
	buf_add_text(buf, "<p id=\"vendor\" hidden data-src=\"");
	page_add_escaped(buf, script_url);
	buf_add_text(buf, "\"></p>\n<script>");
	buf_add_text(buf, script);
	buf_add_text(buf, "</script>\n");
	page_end(buf);
}

/* The vendor's script fetches nothing (package dingtalk-jsapi: no request, no eval, no frame);
 * on iOS the app may be called through a frame whose address has a scheme of the app's own. */
bool page_add_dingtalk_policy(const char *script_url, struct buf *buf)
{
	bool is_made;

	buf_add_text(buf, "default-src 'none'; script-src ");
	is_made = page_add_hash(buf, script);
	buf_add_format(buf, " %s; style-src ", script_url);
	is_made &= page_add_hash(buf, page_style);
	buf_add_text(buf, "; frame-src wvjbscheme: dingtalk:; form-action 'self'; base-uri 'none'; "
		     "frame-ancestors 'none'");
	return is_made;
}
