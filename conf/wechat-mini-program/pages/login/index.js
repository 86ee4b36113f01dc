// SPDX-License-Identifier: GPL-3.0-or-later
// The one page: hands taps to flow.js, and shows what that says.

const config = require('../../config.js');
const { Flow } = require('./flow.js');
const { textsOf } = require('./texts.js');

// Since 2.20.1 of the base library; the older call covers those before.
function language() {
	return (wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync()).language;
}

Page({
	data: { view: {} },

	onLoad(query) {
		const texts = textsOf(language());

		wx.setNavigationBarTitle({ title: texts.title });
		this.flow = new Flow({
			relay: config.relay,
			texts,
			request: (options) => wx.request(options),
			login: (options) => wx.login(options),
			after: (ms, call) => setTimeout(call, ms),
			now: () => Date.now(),
			show: (view) => this.setData({ view }),
		});
		this.flow.open(query);
	},

	onUnload() {
		this.flow.close();
	},

	confirm() {
		this.flow.confirm();
	},

	refuse() {
		this.flow.refuse();
	},

	retry() {
		this.flow.retry();
	},
});
