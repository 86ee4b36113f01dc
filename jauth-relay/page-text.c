/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/page-text.h"

#define SCAN_AGAIN N_("Start the login again and scan the new code.")

const struct page_text notice_texts[N_NOTICES] = {
	[NOTICE_UNKNOWN] = {
		.status = 404, .tone = TONE_BAD,
		.head = N_("This code is not valid"),
		.text = N_("It has expired, or it never was one of ours."),
		.advice = SCAN_AGAIN,
	},
	[NOTICE_OVER] = {
		.status = 410, .tone = TONE_BAD,
		.head = N_("This login is over"),
		.text = N_("It has ended, or its time has run out."),
		.advice = SCAN_AGAIN,
	},
	[NOTICE_USED] = {
		.status = 410, .tone = TONE_BAD,
		.head = N_("This code was used already"),
		.text = N_("Another phone or browser has confirmed this login."),
		.advice = N_("If that was not you, tell your administrator."),
	},
	[NOTICE_REFUSED_HERE] = {
		.status = 200, .tone = TONE_GOOD,
		.head = N_("The login was stopped"),
		.text = N_("Nobody gets in with this code any more."),
		.advice = N_("If somebody sent you this code, tell your administrator."),
	},
	[NOTICE_REFUSED] = {
		.status = 410, .tone = TONE_BAD,
		.head = N_("The login was stopped"),
		.text = N_("Somebody pressed \"This wasn't me\"."),
		.advice = N_("If you want to log in, start the login again."),
	},
	[NOTICE_WRONG_APP] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("Please use another app"),
		.text = N_("This login cannot be confirmed in this app. "
			   "Scan the code with one of these:"),
	},
	[NOTICE_USE_COMPUTER] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("Please use a computer"),
		.text = N_("This login is confirmed in the browser of a computer. "
			   "Open this address there:"),
	},
	[NOTICE_SCAN_WITH_WECHAT] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("Please use WeChat"),
		.text = N_("This code opens a mini program. Scan it with the scanner of WeChat "
			   "itself."),
	},
	[NOTICE_OPEN_IN_DINGTALK] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("Please use DingTalk"),
		.text = N_("This page works in DingTalk only. Scan the code on the computer with "
			   "DingTalk."),
	},
	[NOTICE_HOST_SILENT] = {
		.status = 504, .tone = TONE_BAD,
		.head = N_("The computer does not answer"),
		.text = N_("It did not say in time where to go on."),
		.advice = N_("Scan the code once more, or start the login again."),
	},
	[NOTICE_WAITING] = {
		.status = 200, .tone = TONE_PLAIN,
		.head = N_("One moment …"),
		.text = N_("The computer is checking who you are. This page comes again by "
			   "itself."),
	},
	[NOTICE_NO_COOKIE] = {
		.status = 403, .tone = TONE_BAD,
		.head = N_("This browser has not begun here"),
		.text = N_("The login must be confirmed in the same browser in which the button "
			   "was pressed, and that browser must accept cookies."),
		.advice = N_("Scan the code once more and press the button there."),
	},
	[NOTICE_SUPERSEDED] = {
		.status = 409, .tone = TONE_BAD,
		.head = N_("This confirmation came too late"),
		.text = N_("The button was pressed again meanwhile."),
		.advice = N_("Scan the code once more and press the button there."),
	},
	[NOTICE_BAD_CALLBACK] = {
		.status = 400, .tone = TONE_BAD,
		.head = N_("The answer cannot be read"),
		.text = N_("What the provider sent along is not what was expected."),
		.advice = N_("Scan the code once more and press the button there."),
	},
	[NOTICE_TOO_LONG] = {
		.status = 414, .tone = TONE_BAD,
		.head = N_("The answer cannot be read"),
		.text = N_("What the provider sent along is too long."),
		.advice = N_("Scan the code once more and press the button there."),
	},
	[NOTICE_FOREIGN_FORM] = {
		.status = 403, .tone = TONE_BAD,
		.head = N_("Nothing was confirmed"),
		.text = N_("The button was not pressed on the page of this login."),
		.advice = N_("Scan the code once more and press the button there."),
	},
	[NOTICE_BAD_FORM] = {
		.status = 400, .tone = TONE_BAD,
		.head = N_("Nothing was confirmed"),
		.text = N_("The request cannot be read."),
		.advice = N_("Scan the code once more and press the button there."),
	},
	[NOTICE_TOO_MANY_PRESSES] = {
		.status = 429, .tone = TONE_BAD,
		.head = N_("Too many tries"),
		.text = N_("The button of this login was pressed too often."),
		.advice = SCAN_AGAIN,
	},
	[NOTICE_TOO_MANY] = {
		.status = 429, .tone = TONE_BAD,
		.head = N_("Too many codes that are not valid"),
		.text = N_("Too many of them were asked for from your network."),
		.advice = N_("Wait a minute, then scan a new code."),
	},
	[NOTICE_STORE_AWAY] = {
		.status = 503, .tone = TONE_BAD,
		.head = N_("Out of order"),
		.text = N_("This service cannot reach its memory at the moment."),
		.advice = N_("Wait a little and scan the code once more."),
	},
	[NOTICE_STOPPING] = {
		.status = 503, .tone = TONE_BAD,
		.head = N_("Out of order"),
		.text = N_("This service is being restarted."),
		.advice = N_("Wait a little and scan the code once more."),
	},
};

const struct page_text result_texts[RELAY_N_RESULTS] = {
	[RELAY_RESULT_DIGITS] = {
		.status = 200, .tone = TONE_PLAIN,
		.head = N_("Type these two digits"),
		.text = N_("Type them only into your own terminal. Never tell them to anyone."),
		.advice = N_("If you did not start this login yourself, close this page."),
	},
	[RELAY_RESULT_MESSAGE] = {
		.status = 200, .tone = TONE_PLAIN,
		.head = N_("Two digits come as a message"),
		.text = N_("The app sends them to you. Read what it says of the login, then type "
			   "them only into your own terminal. Never tell them to anyone."),
	},
	[RELAY_RESULT_GRANTED] = {
		.status = 200, .tone = TONE_GOOD,
		.head = N_("You are logged in"),
		.text = N_("You may close this page."),
	},
	[RELAY_RESULT_DENIED] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("Not allowed"),
		.text = N_("The account with which you confirmed may not log in as this user."),
		.advice = N_("If somebody sent you this code, tell your administrator."),
	},
	[RELAY_RESULT_REFUSED] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("The login was refused"),
		.text = N_("It was refused in the app or on the page."),
		.advice = N_("If you want to log in, start the login again."),
	},
	[RELAY_RESULT_FAILED] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("It did not work"),
		.text = N_("The computer could not find out who you are."),
		.advice = N_("Start the login again. If it happens again, tell your "
			     "administrator."),
	},
	[RELAY_RESULT_BUSY] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("Another login is waiting"),
		.text = N_("Only one login of this user can be confirmed at a time."),
		.advice = N_("Finish the other one first, then start this one again."),
	},
	[RELAY_RESULT_OVER] = {
		.status = 200, .tone = TONE_BAD,
		.head = N_("This login is over"),
		.text = N_("The digits were wrong, or its time has run out."),
		.advice = SCAN_AGAIN,
	},
	[RELAY_RESULT_REGISTERED] = {
		.status = 200, .tone = TONE_GOOD,
		.head = N_("Your account is ready"),
		.text = N_("This was your first login on this computer: nobody is logged in yet."),
		.advice = N_("Connect again and confirm once more. If you did not start this login "
			     "yourself, tell your administrator."),
	},
};

/* Everything in rem, so that it grows with the telephone's type; no width of its own. Only the
 * digits stop growing where the screen ends: they must stay beside one another. */
const char page_style[] =
	":root{color-scheme:light dark;--paper:#fff;--ink:#1a1c1e;--soft:#565b61;--line:#d7dade;"
	"--good:#14713a;--bad:#b3261e;--key:#0b57d0;--on:#fff}"
	"@media(prefers-color-scheme:dark){:root{--paper:#121416;--ink:#e6e8ea;--soft:#a4abb2;"
	"--line:#3a3f45;--good:#6cc98d;--bad:#ff9c94;--key:#9cc2ff;--on:#0a2146}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:anywhere;"
	"font:1.125rem/1.5 system-ui,-apple-system,\"Noto Sans CJK SC\",\"PingFang SC\",sans-serif}"
	"main{max-width:32rem;margin:0 auto;padding:1.25rem;border-top:.4rem solid var(--key)}"
	"main.good{border-color:var(--good)}main.bad{border-color:var(--bad)}"
	"h1{font-size:1.6rem;line-height:1.25;margin:.25rem 0 1rem}"
	"main.good h1{color:var(--good)}main.bad h1{color:var(--bad)}"
	"p{margin:0 0 1rem}"
	"dl{margin:0 0 1rem;border-top:1px solid var(--line)}"
	"dl div{padding:.5rem 0;border-bottom:1px solid var(--line)}"
	"dt{font-size:.9rem;color:var(--soft)}dd{margin:0;font-weight:600}"
	".soft{color:var(--soft);font-size:1rem}"
	".warn{border-left:.25rem solid var(--bad);padding-left:.75rem}"
	"button{display:block;width:100%;min-height:3.25rem;margin:0 0 .9rem;padding:.6rem 1rem;"
	"border:.125rem solid var(--key);border-radius:.6rem;background:var(--key);color:var(--on);"
	"font:inherit;font-weight:600;overflow-wrap:anywhere}"
	"button.no{background:transparent;border-color:var(--bad);color:var(--bad)}"
	"button:focus-visible{outline:.2rem solid var(--ink);outline-offset:.15rem}"
	".digits{font:700 7rem/1.1 ui-monospace,monospace;font-size:min(7rem,38vw);"
	"letter-spacing:.12em;text-indent:.12em;text-align:center;white-space:nowrap;margin:1rem 0}"
	".ago{white-space:nowrap}.address{font-weight:600}"
	"ul{margin:0 0 1rem;padding-left:1.4rem}";
