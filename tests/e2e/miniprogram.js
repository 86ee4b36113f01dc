// SPDX-License-Identifier: GPL-3.0-or-later
// WeChat, as far as a mini program sees it: loads one from its folder, opens its page, taps its
// buttons, and is its `wx`, in which there is nothing but what is below.
//
//   miniprogram.js FOLDER APPID DOMAIN CA LANGUAGE [old]
//
// DOMAIN is the one that the console allows (request 合法域名); `old` is a base library before 2.20.1.
// Speaks JSON, a line each. It is told
//   {"do":"open","query":{…}}       a code or a link: the page is opened anew
//   {"do":"tap","text":"…","times":1}
//   {"do":"code","code":"…"}        what wx.login() brings; without a code it fails
//   {"do":"offline","value":true}   no request gets out
// and says
//   {"screen":{"tone","rows":[{"text","class","tap","disabled"}…],"title"}}   whenever it changes
//   {"login":true}                  wx.login() was called and waits
//   {"request":{"method","url","headers":[names],"body"}}
//   {"fault":"…"}                   what WeChat would not do, or the program did wrong

'use strict';

const fs = require('fs');
const https = require('https');
const path = require('path');
const readline = require('readline');

const wxml = require('./wxml.js');

const [folder, appId, domain, caPath, language, age] = process.argv.slice(2);
const agent = new https.Agent({ keepAlive: true, ca: fs.readFileSync(caPath) });
const app = JSON.parse(fs.readFileSync(path.join(folder, 'app.json'), 'utf8'));
const pagePath = path.join(folder, app.pages[0]);

let offline = false;
let pendingLogin = null;
let page = null;
let title = app.window.navigationBarTitleText;

function say(message) {
	process.stdout.write(`${JSON.stringify(message)}\n`);
}

function fault(text) {
	say({ fault: text });
}

process.on('uncaughtException', (error) => fault(error.stack));

// --- wx ---

function only(what, options, names) {
	for (const name of Object.keys(options))
		if (!names.includes(name))
			throw new Error(`${what} has no ${name}`);
}

function bodyOf(options, headers) {
	if (options.data === undefined)
		return undefined;
	if (options.method === 'GET' || headers['Content-Type'] !== 'application/json')
		throw new Error('data that are no JSON body');
	return JSON.stringify(options.data);
}

function answer(options, reply, chunks) {
	let data = Buffer.concat(chunks).toString();

	try {
		data = JSON.parse(data);
	} catch (error) {
		// Then it is handed over as it came.
	}
	options.success({ statusCode: reply.statusCode, header: reply.headers, data });
}

function request(options) {
	only('wx.request', options, ['url', 'method', 'header', 'data', 'dataType', 'timeout',
		'success', 'fail']);
	const headers = { ...options.header };
	const body = bodyOf(options, headers);
	let isOver = false;
	const once = (call) => (...given) => {
		if (!isOver) {
			isOver = true;
			call(...given);
		}
	};
	const fail = once((message) => options.fail({ errMsg: `request:fail ${message}` }));

	if (Object.keys(headers).some((name) => /^(referer|user-agent|cookie)$/i.test(name)))
		throw new Error('a header that programs must not set');
	if (!options.url.startsWith(`${domain}/`)) {
		setTimeout(() => fail('url not in domain list'), 0);
		return { abort() {} };
	}
	if (offline) {
		setTimeout(() => fail(''), 0);
		return { abort() {} };
	}
	say({ request: { method: options.method, url: options.url, headers: Object.keys(headers),
		body: body || '' } });
	headers.Referer = `https://servicewechat.com/${appId}/1/page-frame.html`;
	headers['User-Agent'] = 'Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.40 MiniProgramEnv';
	if (body !== undefined)
		headers['Content-Length'] = Buffer.byteLength(body);
	const task = https.request(options.url, { method: options.method, headers, agent }, (reply) => {
		const chunks = [];

		reply.on('data', (chunk) => chunks.push(chunk));
		reply.on('end', once(() => answer(options, reply, chunks)));
		reply.on('error', (error) => fail(error.message));
	});

	task.setTimeout(options.timeout, () => {
		fail('timeout');
		task.destroy();
	});
	task.on('error', (error) => fail(error.message));
	task.end(body);
	return {
		abort() {
			fail('abort');
			task.destroy();
		},
	};
}

function login(options) {
	only('wx.login', options, ['timeout', 'success', 'fail']);
	if (pendingLogin)
		throw new Error('wx.login() twice at once');
	pendingLogin = options;
	say({ login: true });
}

const offered = {
	request,
	login,
	getAppBaseInfo: () => ({ language }),
	getSystemInfoSync: () => ({ language }),
	setNavigationBarTitle: (options) => {
		title = options.title;
	},
};

if (age === 'old')
	offered.getAppBaseInfo = undefined;

global.wx = new Proxy(offered, {
	get(target, name) {
		if (!(name in target))
			throw new Error(`wx.${String(name)} is not to be used`);
		return target[name];
	},
});

// --- the page ---

let template = null;

function show() {
	say({ screen: { title, tone: wxml.classOfPage(template, page.data).replace(/^page */, ''),
		rows: wxml.render(template, page.data) } });
}

global.App = () => {};

// What crosses to the view is copied as JSON would be.
global.Page = (options) => {
	page = { ...options, data: JSON.parse(JSON.stringify(options.data)) };
	page.setData = function setData(data) {
		if (page !== this)
			throw new Error('setData() of a page that was left');
		Object.assign(this.data, JSON.parse(JSON.stringify(data)));
		show();
	};
};

function open(query) {
	const script = require.resolve(`${pagePath}.js`);

	if (page)
		page.onUnload();
	page = null;
	pendingLogin = null;
	JSON.parse(fs.readFileSync(`${pagePath}.json`, 'utf8'));
	template = wxml.parse(fs.readFileSync(`${pagePath}.wxml`, 'utf8'));
	delete require.cache[script];
	require(script);
	page.onLoad(query);
}

function tap(text, times = 1) {
	for (let i = 0; i < times; i++) {
		const row = wxml.render(template, page.data).find((one) => one.tap && one.text === text);

		if (!row)
			fault(`no button ${text}`);
		else if (!row.disabled || times > 1)     // two taps may come before the view knows
			page[row.tap]({ type: 'tap' });
	}
}

function bring(code) {
	const waiting = pendingLogin;

	pendingLogin = null;
	if (!waiting)
		fault('nobody waits for wx.login()');
	else if (code === undefined)
		waiting.fail({ errMsg: 'login:fail' });
	else
		waiting.success({ errMsg: 'login:ok', code });
}

const orders = {
	open: (order) => open(order.query),
	tap: (order) => tap(order.text, order.times),
	code: (order) => bring(order.code),
	offline: (order) => {
		offline = order.value;
	},
};

require(path.join(folder, 'app.js'));
readline.createInterface({ input: process.stdin })
	.on('line', (line) => {
		const order = JSON.parse(line);

		orders[order.do](order);
	})
	.on('close', () => process.exit(0));
