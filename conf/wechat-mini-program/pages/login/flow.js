// SPDX-License-Identifier: GPL-3.0-or-later
// One login, from the scanned code to the digits. Knows no wx: what it needs of it is handed over.
//
// state     waits for              next
// LOADING   GET /api/m/ID          what it is about → ASKING
// ASKING    a tap                  yes → SIGNING, no → REFUSING
// SIGNING   wx.login               a fresh code → SENDING
// SENDING   POST /api/m/ID         taken, with a receipt → WAITING
// REFUSING  POST /api/m/ID         taken → ENDED
// WAITING   GET …/result           digits → SHOWING; another outcome → ENDED
// SHOWING   the same, more slowly  another outcome → ENDED
// STUCK     a tap                  the step that failed once more
// ENDED     -
//
// A link that is closed ends it in each of them. The receipt, by which alone the relay shows digits,
// is kept in this object and nowhere else.

const ID = '[A-Za-z0-9_-]{22}';
const WHOLE_ID = new RegExp(`^${ID}$`);
const JS_CODE = /^[0-9A-Za-z_-]{1,128}$/;
const DIGITS = /^[0-9]{2}$/;

const FOREIGN_MAX = 256; // characters of a text that is not ours
// Control characters, and what changes the direction or hides.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const CALL_MS = 15000;
const HELD_MS = 40000; // the relay holds the question for the result up to 20 s
const PENDING_REST_MS = 1000;
const SHOWN_REST_MS = 2000;
const LOST_REST_MS = 2000;
const LOST_MAX = 5; // questions for the result without an answer, in a row
const RESULT_MS = 240000; // no link lives so long

const CLOSED = { 404: 'notValid', 409: 'used', 410: 'over' };
const OPEN_OUTCOMES = ['digits', 'message'];
const OUTCOMES = [...OPEN_OUTCOMES, 'granted', 'denied', 'refused', 'failed', 'busy', 'over',
	'registered'];

function isText(value, pattern) {
	return typeof value === 'string' && pattern.test(value);
}

function decode(text) {
	try {
		return decodeURIComponent(text);
	} catch (error) {
		return '';
	}
}

function clean(text) {
	const seen = text.replace(UNSEEN, '?');

	return seen.length > FOREIGN_MAX ? `${seen.slice(0, FOREIGN_MAX)}…` : seen;
}

function localTime(seconds) {
	const at = new Date(seconds * 1000);
	const two = (number) => `0${number}`.slice(-2);

	return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
		`${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

// By a scanned code `q` is its whole address; by a URL link `cq` is the id alone. "" is no code,
// null one that is not the relay's.
function linkOf(query, relay) {
	if (query.q !== undefined) {
		const address = decode(query.q);
		const path = address.slice(relay.length);
		const found = new RegExp(`^/[mq]/(${ID})$`).exec(path);

		return address.startsWith(relay) && found ? found[1] : null;
	}
	if (query.cq !== undefined)
		return WHOLE_ID.test(decode(query.cq)) ? decode(query.cq) : null;
	return '';
}

// What a result says; digits without digits say nothing.
function wordOf(body) {
	return body.status === 'digits' && !isText(body.digits, DIGITS) ? '' : body.status;
}

class Flow {
	// host: relay, texts, request(options), login(options) as wx has them, after(ms, call), now(),
	// show(view)
	constructor(host) {
		this.host = host;
		this.relay = host.relay.replace(/\/+$/, '');
		this.state = 'LOADING';
		this.step = 0; // what belongs to an earlier one comes too late
		this.task = null;
		this.receipt = '';
	}

	open(query) {
		const link = linkOf(query, this.relay);

		this.url = `${this.relay}/api/m/${link}`;
		if (link)
			this.load();
		else
			this.end(link === null ? 'foreign' : 'none');
	}

	close() {
		this.enter('ENDED');
	}

	confirm() {
		if (this.state === 'ASKING')
			this.sign();
	}

	refuse() {
		if (this.state === 'ASKING')
			this.sendRefusal();
	}

	retry() {
		if (this.state === 'STUCK')
			this.again();
	}

	// --- states ---

	enter(state, view) {
		this.state = state;
		this.step++;
		if (this.task && this.task.abort)
			this.task.abort();
		this.task = null;
		if (view)
			this.host.show({ facts: [], texts: [], ...view });
	}

	end(outcome, more = []) {
		const text = this.host.texts.outcomes[outcome];

		this.receipt = '';
		this.enter('ENDED', { ...text, texts: [...text.texts, ...more] });
	}

	stick(trouble, again) {
		const { texts } = this.host;

		this.again = again;
		this.enter('STUCK', { ...texts.troubles[trouble], retry: texts.retry });
	}

	// A callback of the step at hand.
	within(call) {
		const { step } = this;

		return (...given) => {
			if (step === this.step)
				call(...given);
		};
	}

	// take(status, body): status is 0 when no answer came, body null when it is no object.
	call(path, options, take) {
		const taken = this.within((status, body) => {
			this.task = null;
			take(status, body && typeof body === 'object' ? body : null);
		});

		this.task = this.host.request({
			url: this.url + path,
			dataType: 'json',
			timeout: CALL_MS,
			...options,
			success: (reply) => taken(reply.statusCode, reply.data),
			fail: () => taken(0, null),
		});
	}

	// What is no success: the link is closed, or it can be tried again.
	fail(status, again) {
		if (CLOSED[status])
			this.end(CLOSED[status]);
		else if (status === 0)
			this.stick('offline', again);
		else if (status === 429 || status === 503)
			this.stick('busy', again);
		else
			this.stick('fault', again);
	}

	// --- what it is about ---

	load() {
		this.enter('LOADING', this.host.texts.loading);
		this.call('', { method: 'GET' }, (status, body) => {
			if (status === 200 && body && this.readFacts(body))
				this.question();
			else
				this.fail(status, () => this.load());
		});
	}

	readFacts(body) {
		const { texts } = this.host;
		const told = ['host', 'user', 'from', 'service'];

		if (!told.every((name) => typeof body[name] === 'string') || !Number.isFinite(body.at))
			return false;
		const ago = Math.max(0, Math.round(this.host.now() / 1000 - body.at));

		this.digits = body.digits === true;
		this.facts = told.map((name) => ({
			name: texts.facts[name],
			value: clean(body[name]) || texts.unknown,
		}));
		this.facts.push({
			name: texts.facts.since,
			value: `${localTime(body.at)} (${texts.ago(ago)})`,
		});
		return true;
	}

	questionView(busy) {
		const { texts } = this.host;

		return {
			...texts.question,
			facts: this.facts,
			texts: [this.digits ? texts.digitsFollow : texts.noDigits],
			confirm: texts.confirm,
			refuse: texts.refuse,
			busy,
		};
	}

	question() {
		this.enter('ASKING', this.questionView(false));
	}

	// --- yes and no ---

	// At the tap and not before: a code lives for five minutes and is good for one use.
	sign() {
		const again = () => this.sign();

		this.enter('SIGNING', this.questionView(true));
		this.host.login({
			timeout: CALL_MS,
			success: this.within((reply) => {
				if (isText(reply.code, JS_CODE))
					this.send(reply.code);
				else
					this.stick('login', again);
			}),
			fail: this.within(() => this.stick('login', again)),
		});
	}

	post(data, take) {
		this.call('', {
			method: 'POST',
			header: { 'Content-Type': 'application/json' },
			data,
		}, take);
	}

	// The code, and nothing else: what a program says of its user proves nothing.
	send(code) {
		this.enter('SENDING');
		this.post({ action: 'confirm', js_code: code }, (status, body) => {
			if (status === 202 && body && typeof body.receipt === 'string')
				this.wait(body.receipt);
			else
				this.fail(status, () => this.sign());
		});
	}

	sendRefusal() {
		this.enter('REFUSING', this.questionView(true));
		this.post({ action: 'deny' }, (status) => {
			if (status === 202)
				this.end('stopped');
			else
				this.fail(status, () => this.sendRefusal());
		});
	}

	// --- what comes of it ---

	wait(receipt) {
		this.receipt = receipt;
		this.until = this.host.now() + RESULT_MS;
		this.lost = 0;
		this.keepWaiting();
	}

	keepWaiting() {
		this.enter('WAITING', this.host.texts.waiting);
		this.ask();
	}

	ask() {
		this.call('/result', {
			method: 'GET',
			timeout: HELD_MS,
			header: { 'X-Receipt': this.receipt },
		}, (status, body) => this.takeResult(status, body));
	}

	askIn(ms) {
		if (this.host.now() < this.until)
			this.host.after(ms, this.within(() => this.ask()));
		else
			this.end('over');
	}

	takeResult(status, body) {
		const word = status === 200 && body ? wordOf(body) : '';

		if (word === 'pending') {
			this.lost = 0;
			this.askIn(PENDING_REST_MS);
		} else if (OPEN_OUTCOMES.includes(word)) {
			this.lost = 0;
			this.showOutcome(word, body);
		} else if (OUTCOMES.includes(word)) {
			this.end(word, this.requestOf(body));
		} else if (CLOSED[status]) {
			this.end('over');
		} else {
			this.takeNoResult(status);
		}
	}

	// Digits that are shown stay, whether or not the telephone is online.
	takeNoResult(status) {
		this.lost++;
		if (this.state === 'SHOWING' || this.lost < LOST_MAX) {
			this.askIn(LOST_REST_MS);
		} else {
			this.lost = 0;
			this.fail(status, () => this.keepWaiting());
		}
	}

	requestOf(body) {
		return typeof body.request === 'string' && body.request ?
			[this.host.texts.request(clean(body.request))] : [];
	}

	// It stays until the computer says that the digits were typed.
	showOutcome(word, body) {
		if (this.state !== 'SHOWING')
			this.enter('SHOWING', {
				...this.host.texts.outcomes[word],
				digits: word === 'digits' ? body.digits : '',
			});
		this.askIn(SHOWN_REST_MS);
	}
}

module.exports = { Flow };
