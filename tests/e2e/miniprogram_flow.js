// SPDX-License-Identifier: GPL-3.0-or-later
// The logic of the mini program alone, with a clock that the test moves: what a relay and a network
// can do to it. Prints a line a case, and ends with 1 when one failed.
//
//   miniprogram_flow.js FOLDER

'use strict';

const assert = require('assert');
const path = require('path');

const folder = path.resolve(process.argv[2]);
const { Flow } = require(path.join(folder, 'pages/login/flow.js'));
const { en, zh, textsOf } = require(path.join(folder, 'pages/login/texts.js'));

const RELAY = 'https://sso.example.org:8443';
const ID = 'abcdefghijklmnopqrstu_';
const CODE = '0e3AbC_d-';
const FACTS = { host: 'web-01', user: 'jane', from: '192.0.2.7', service: 'sshd', at: 1760000000,
	digits: true };
const NOW_MS = 1760000012000;

// Requests, calls of wx.login() and timers wait until the case answers them.
class Phone {
	constructor(relay = RELAY) {
		this.requests = [];
		this.logins = [];
		this.timers = [];
		this.nowMs = NOW_MS;
		this.views = [];
		this.flow = new Flow({
			relay,
			texts: en,
			request: (options) => {
				const request = { ...options, isAborted: false };

				this.requests.push(request);
				return { abort: () => { request.isAborted = true; } };
			},
			login: (options) => this.logins.push(options),
			after: (ms, call) => this.timers.push({ ms, call }),
			now: () => this.nowMs,
			show: (view) => this.views.push(view),
		});
	}

	get view() {
		return this.views[this.views.length - 1];
	}

	get request() {
		return this.requests[this.requests.length - 1];
	}

	reply(statusCode, data) {
		this.request.success({ statusCode, data });
	}

	lose() {
		this.request.fail({ errMsg: 'request:fail' });
	}

	code(code = CODE) {
		this.logins[this.logins.length - 1].success({ code });
	}

	pass(ms = this.timers[0].ms) {
		this.nowMs += ms;
		this.timers.splice(0).forEach((timer) => timer.call());
	}

	open(query = { q: encodeURIComponent(`${RELAY}/m/${ID}`) }) {
		this.flow.open(query);
		return this;
	}

	ask() {
		this.open();
		this.reply(200, FACTS);
		return this;
	}

	confirm() {
		this.ask();
		this.flow.confirm();
		return this;
	}

	send() {
		this.confirm();
		this.code();
		return this;
	}

	wait() {
		this.send();
		this.reply(202, { receipt: 'r'.repeat(22) });
		return this;
	}

	digits() {
		this.wait();
		this.reply(200, { status: 'digits', digits: '07' });
		return this;
	}

	says(text) {
		assert.strictEqual(this.view.head, text.head);
	}
}

const cases = {
	'a link is found in what was scanned, or in cq, and nowhere else'() {
		const good = [
			{ q: encodeURIComponent(`${RELAY}/m/${ID}`) },
			{ q: encodeURIComponent(`${RELAY}/q/${ID}`), scancode_time: '1760000000' },
			{ cq: ID },
		];
		const foreign = [
			`https://sso.example.com/m/${ID}`, `http://sso.example.org:8443/m/${ID}`,
			`${RELAY}1/m/${ID}`, `${RELAY}.example.com/m/${ID}`, `${RELAY}@example.com/m/${ID}`,
			`https://evl.example.org:8443/m/${ID}`, `http://ssso.example.org:8443/m/${ID}`,
			`${RELAY}/d/${ID}`, `${RELAY}/m/${ID}/`, `${RELAY}/m/${ID}x`, `${RELAY}/m/${ID}?a=b`,
			`${RELAY}/m/${ID}\n`, `${RELAY}/m/../m/${ID}`, `${RELAY}//m/${ID}`,
			`${RELAY}/m/${ID.slice(1)}%2f`, `${RELAY}/m/`, '', 'x',
		];

		for (const query of good) {
			const phone = new Phone().open(query);

			assert.strictEqual(phone.request.url, `${RELAY}/api/m/${ID}`);
			assert.strictEqual(phone.request.method, 'GET');
		}
		for (const query of [...foreign.map((q) => ({ q: encodeURIComponent(q) })),
			{ q: '%' }, { q: '%E0%A4%A' }, { cq: '' }, { cq: `${ID}x` }, { cq: '../../v1/events/x' },
			// Encoded twice is not what WeChat hands over.
			{ q: encodeURIComponent(encodeURIComponent(`${RELAY}/m/${ID}`)) },
			{ q: encodeURIComponent('https://sso.example.com/'), cq: ID }]) {
			const phone = new Phone().open(query);

			assert.strictEqual(phone.requests.length, 0, JSON.stringify(query));
			phone.says(en.outcomes.foreign);
		}
		new Phone().open({}).says(en.outcomes.none);
	},

	'a slash behind the relay does not matter'() {
		const phone = new Phone(`${RELAY}/`).open();

		assert.strictEqual(phone.request.url, `${RELAY}/api/m/${ID}`);
	},

	'what the login is about is shown, cleaned and bounded'() {
		const phone = new Phone().open();

		phone.reply(200, { ...FACTS, user: `a\u202eb\nc\u200b${'x'.repeat(500)}`, from: '' });
		const value = (name) => phone.view.facts.find((fact) => fact.name === name).value;

		assert.strictEqual(value(en.facts.host), 'web-01');
		assert.strictEqual(value(en.facts.from), en.unknown);
		assert.ok(value(en.facts.user).startsWith('a?b?c?xxx'));
		assert.strictEqual(value(en.facts.user).length, 257);
		assert.match(value(en.facts.since), /^2025-10-\d\d \d\d:\d\d:20 \(12 s ago\)$/);
		assert.deepStrictEqual(phone.view.texts, [en.digitsFollow]);
		assert.ok(phone.view.confirm && phone.view.refuse && !phone.view.busy);
		assert.strictEqual(phone.logins.length, 0);
	},

	'what cannot be read is not asked about'() {
		for (const body of [null, '', '<html>', [], {}, { ...FACTS, user: 7 }, { ...FACTS, at: 'x' },
			{ ...FACTS, host: undefined }, { ...FACTS, from: null }]) {
			const phone = new Phone().open();

			phone.reply(200, body);
			phone.says(en.troubles.fault);
			phone.flow.confirm();
			assert.strictEqual(phone.logins.length, 0);
		}
	},

	'a link that is closed ends it, at each step'() {
		const ends = { 404: en.outcomes.notValid, 409: en.outcomes.used, 410: en.outcomes.over };

		for (const [status, text] of Object.entries(ends))
			for (const step of ['open', 'send', 'ask']) {
				const phone = new Phone()[step]();

				if (step === 'ask')
					phone.flow.refuse();
				phone.reply(Number(status), { error: 'x' });
				phone.says(text);
				assert.ok(!phone.view.retry && !phone.view.confirm);
			}
	},

	'trouble can be tried again, and says what it is'() {
		const troubles = [[0, en.troubles.offline], [429, en.troubles.busy],
			[503, en.troubles.busy], [500, en.troubles.fault], [400, en.troubles.fault],
			[302, en.troubles.fault], [202, en.troubles.fault]];

		for (const [status, text] of troubles) {
			const phone = new Phone().open();

			if (status)
				phone.reply(status, {});
			else
				phone.lose();
			phone.says(text);
			phone.flow.confirm();
			phone.flow.retry();
			assert.strictEqual(phone.requests.length, 2);
			phone.reply(200, FACTS);
			phone.says(en.question);
			phone.flow.retry();
			assert.strictEqual(phone.requests.length, 2);
		}
	},

	'a code is fetched at the press, once for two of them, and is all that is sent'() {
		const phone = new Phone().ask();

		phone.flow.confirm();
		phone.flow.confirm();
		phone.flow.refuse();
		assert.strictEqual(phone.logins.length, 1);
		assert.ok(phone.view.busy);
		phone.code();
		assert.strictEqual(phone.requests.length, 2);
		assert.strictEqual(phone.request.method, 'POST');
		assert.deepStrictEqual(phone.request.data, { action: 'confirm', js_code: CODE });
		assert.deepStrictEqual(phone.request.header, { 'Content-Type': 'application/json' });
		phone.flow.confirm();
		assert.strictEqual(phone.logins.length, 1);
	},

	'without a code nothing is sent'() {
		for (const code of [undefined, '', 'a b', '张', 'c'.repeat(129), 7.5]) {
			const phone = new Phone().confirm();

			phone.code(code === undefined ? null : code);
			phone.says(en.troubles.login);
			assert.strictEqual(phone.requests.length, 1);
			phone.flow.retry();
			phone.code();
			assert.strictEqual(phone.request.data.js_code, CODE);
		}
		const phone = new Phone().confirm();

		phone.logins[0].fail({ errMsg: 'login:fail' });
		phone.says(en.troubles.login);
		phone.logins[0].success({ code: CODE });         // too late
		assert.strictEqual(phone.requests.length, 1);
	},

	'a confirmation that was lost is made again with a fresh code'() {
		const phone = new Phone().send();

		phone.lose();
		phone.says(en.troubles.offline);
		phone.flow.retry();
		assert.strictEqual(phone.logins.length, 2);
		phone.code('other');
		assert.strictEqual(phone.request.data.js_code, 'other');
	},

	'a refusal sends no code'() {
		const phone = new Phone().ask();

		phone.flow.refuse();
		phone.flow.confirm();
		assert.deepStrictEqual(phone.request.data, { action: 'deny' });
		phone.lose();
		phone.flow.retry();
		assert.deepStrictEqual(phone.request.data, { action: 'deny' });
		phone.reply(202, {});
		phone.says(en.outcomes.stopped);
		assert.strictEqual(phone.logins.length, 0);
	},

	'what is no receipt is no confirmation'() {
		for (const [status, body] of [[202, {}], [202, { receipt: 7 }], [202, null], [200, {}],
			[200, { receipt: 'r' }]]) {
			const phone = new Phone().send();

			phone.reply(status, body);
			phone.says(en.troubles.fault);
		}
	},

	'the result is asked for with the receipt until there is one'() {
		const phone = new Phone().wait();

		assert.strictEqual(phone.request.url, `${RELAY}/api/m/${ID}/result`);
		assert.deepStrictEqual(phone.request.header, { 'X-Receipt': 'r'.repeat(22) });
		phone.reply(200, { status: 'pending' });
		assert.strictEqual(phone.requests.length, 3);
		phone.pass();
		assert.strictEqual(phone.requests.length, 4);
		phone.reply(200, { status: 'digits', digits: '48' });
		phone.says(en.outcomes.digits);
		assert.strictEqual(phone.view.digits, '48');
		assert.strictEqual(phone.view.warn, en.outcomes.digits.warn);
	},

	'digits stay until something else came of it'() {
		const phone = new Phone().digits();
		const shown = phone.views.length;

		for (let i = 0; i < 20; i++) {
			phone.pass();
			if (i % 10)
				phone.lose();
			else
				phone.reply(200, { status: 'digits', digits: '07' });
		}
		assert.strictEqual(phone.views.length, shown);
		phone.pass();
		phone.reply(200, { status: 'granted' });
		phone.says(en.outcomes.granted);
		assert.ok(!phone.view.digits);
		assert.strictEqual(phone.timers.length, 0);
		assert.strictEqual(phone.flow.receipt, '');
	},

	'a message with digits is waited for, like digits'() {
		const phone = new Phone().wait();

		phone.reply(200, { status: 'message', digits: '07' });
		phone.says(en.outcomes.message);
		assert.ok(!phone.view.digits);
		phone.pass();
		phone.reply(200, { status: 'granted' });
		phone.says(en.outcomes.granted);
	},

	'every other outcome is the end'() {
		for (const word of ['granted', 'denied', 'refused', 'failed', 'busy', 'over',
			'registered']) {
			const phone = new Phone().wait();

			phone.reply(200, { status: word, request: '0123abcd', digits: '48' });
			phone.says(en.outcomes[word]);
			assert.ok(phone.view.texts.includes('Request id: 0123abcd'));
			assert.ok(!phone.view.digits);
			assert.strictEqual(phone.timers.length, 0);
		}
	},

	'what is no outcome is asked for a few times more'() {
		const strange = [{ status: 'digits' }, { status: 'digits', digits: '4' },
			{ status: 'digits', digits: 48 }, { status: 'digits', digits: '480' },
			{ status: 'digits', digits: '٤٨' }, { status: 'welcome' }, { status: 'toString' }, {},
			null, 'x'];

		for (const body of strange) {
			const phone = new Phone().wait();

			for (let i = 0; i < 4; i++) {
				phone.reply(200, body);
				phone.says(en.waiting);
				phone.pass();
			}
			phone.reply(200, body);
			phone.says(en.troubles.fault);
			phone.flow.retry();
			phone.reply(200, { status: 'digits', digits: '48' });
			assert.strictEqual(phone.view.digits, '48');
		}
	},

	'a telephone that is offline for a while goes on by itself, and later by a tap'() {
		const phone = new Phone().wait();

		for (let i = 0; i < 4; i++) {
			phone.lose();
			phone.pass();
		}
		phone.reply(200, { status: 'pending' });
		for (let i = 0; i < 5; i++) {
			phone.pass();
			phone.lose();
		}
		phone.says(en.troubles.offline);
		assert.strictEqual(phone.timers.length, 0);
		phone.flow.retry();
		assert.deepStrictEqual(phone.request.header, { 'X-Receipt': 'r'.repeat(22) });
		phone.lose();
		phone.says(en.waiting);
	},

	'a relay that forgot the link ends it'() {
		for (const status of [404, 410])
			for (const step of ['wait', 'digits']) {
				const phone = new Phone()[step]();

				if (step === 'digits')
					phone.pass();
				phone.reply(status, {});
				phone.says(en.outcomes.over);
			}
	},

	'it does not wait for ever'() {
		for (const step of ['wait', 'digits']) {
			const phone = new Phone()[step]();

			for (let i = 0; i < 1000 && phone.view.head !== en.outcomes.over.head; i++) {
				if (phone.timers.length)
					phone.pass();
				else
					phone.reply(200, { status: 'pending' });
			}
			phone.says(en.outcomes.over);
		}
	},

	'what comes for a page that was left is dropped'() {
		for (const step of ['open', 'confirm', 'send', 'wait', 'digits']) {
			const phone = new Phone()[step]();

			if (step === 'digits')
				phone.pass();
			const shown = phone.views.length;
			const { request } = phone;
			const n = phone.requests.length;

			phone.flow.close();
			assert.ok(request.isAborted || step === 'confirm');
			request.success({ statusCode: 200, data: { ...FACTS, status: 'granted', receipt: 'r' } });
			request.fail({ errMsg: 'request:fail abort' });
			phone.logins.forEach((login) => login.success({ code: CODE }));
			phone.flow.confirm();
			phone.flow.refuse();
			phone.flow.retry();
			assert.strictEqual(phone.views.length, shown);
			assert.strictEqual(phone.requests.length, n);
		}
	},

	'nothing is waited for longer than it can take'() {
		const phone = new Phone().wait();
		const heldMs = 20000;                            // RELAY_MINI_WAIT_S

		assert.deepStrictEqual(phone.requests.map(({ timeout }) => timeout > heldMs),
			[false, false, true]);
		for (const { timeout } of [...phone.requests, ...phone.logins])
			assert.ok(timeout >= 10000 && timeout <= 60000);
	},

	'both languages say the same'() {
		const shape = (value) => (typeof value === 'object' ? Object.entries(value).map(
			([key, inner]) => (Array.isArray(inner) ? key : [key, shape(inner)])) : typeof value);
		const words = (value) => (typeof value === 'object' ?
			Object.values(value).flatMap(words) : [value]);

		assert.deepStrictEqual(shape(zh), shape(en));
		for (const word of words(zh).filter((one) => typeof one === 'string' && one !== 'good' &&
			one !== 'bad'))
			assert.match(word, /[\u4e00-\u9fff]/);
		for (const word of words(en).filter((one) => typeof one === 'string'))
			assert.doesNotMatch(word, /[\u4e00-\u9fff]/);
		assert.strictEqual(textsOf('zh_CN'), zh);
		assert.strictEqual(textsOf('zh_TW'), zh);
		for (const language of ['en', 'ja', '', undefined])
			assert.strictEqual(textsOf(language), en);
	},
};

for (const [name, run] of Object.entries(cases))
	try {
		run();
		console.log(`ok ${name}`);
	} catch (error) {
		process.exitCode = 1;
		console.log(`not ok ${name}\n${error.stack}`);
	}
