// SPDX-License-Identifier: GPL-3.0-or-later
// What people read. Both languages have the same keys. `outcomes` are the words of the relay for
// what came of a login, and what ends it here; `troubles` can be tried again.

const en = {
	title: 'Log in',
	loading: { head: 'One moment …', texts: ['Asking what this code stands for.'] },
	question: {
		head: 'Is this your login?',
		warn: 'Did you start this login yourself, just now? If not, press the last button.',
	},
	digitsFollow: 'After you confirm, two digits appear. Type them into your terminal; only ' +
		'then are you logged in.',
	noDigits: 'After you confirm, you are logged in.',
	facts: {
		host: 'Computer',
		user: 'User name, as typed at the login',
		from: 'From',
		service: 'Service',
		since: 'Since',
	},
	unknown: 'unknown',
	ago: (seconds) => `${seconds} s ago`,
	request: (id) => `Request id: ${id}`,
	confirm: 'Confirm',
	refuse: 'This wasn\'t me',
	retry: 'Try again',
	waiting: { head: 'One moment …', texts: ['The computer is checking who you are.'] },
	outcomes: {
		digits: {
			head: 'Type these two digits',
			texts: ['Type them only into your own terminal. Never tell them to anyone.'],
			warn: 'If you did not start this login yourself, close this page.',
		},
		message: {
			head: 'Two digits come as a message',
			texts: ['Read what it says of the login, then type them only into your own ' +
				'terminal. Never tell them to anyone.'],
		},
		granted: { tone: 'good', head: 'You are logged in', texts: ['You may close this page.'] },
		denied: {
			tone: 'bad',
			head: 'Not allowed',
			texts: ['The account with which you confirmed may not log in as this user.',
				'If somebody sent you this code, tell your administrator.'],
		},
		refused: {
			tone: 'bad',
			head: 'The login was refused',
			texts: ['If you want to log in, start the login again.'],
		},
		failed: {
			tone: 'bad',
			head: 'It did not work',
			texts: ['The computer could not find out who you are.',
				'Start the login again. If it happens again, tell your administrator.'],
		},
		busy: {
			tone: 'bad',
			head: 'Another login is waiting',
			texts: ['Only one login of this user can be confirmed at a time.',
				'Finish the other one first, then start this one again.'],
		},
		over: {
			tone: 'bad',
			head: 'This login is over',
			texts: ['It has ended, or its time has run out.',
				'Start the login again and scan the new code.'],
		},
		registered: {
			tone: 'good',
			head: 'Your account is ready',
			texts: ['This was your first login on this computer: nobody is logged in yet.',
				'Connect again and confirm once more. If you did not start this ' +
				'login yourself, tell your administrator.'],
		},
		stopped: {
			tone: 'good',
			head: 'The login was stopped',
			texts: ['Nobody gets in with this code any more.',
				'If somebody sent you this code, tell your administrator.'],
		},
		used: {
			tone: 'bad',
			head: 'This code was used already',
			texts: ['Another telephone has confirmed this login, or the answer to yours ' +
				'was lost. Start the login again.',
			'If that was not you, tell your administrator.'],
		},
		notValid: {
			tone: 'bad',
			head: 'This code is not valid',
			texts: ['It has expired, or it never was one of ours.',
				'Start the login again and scan the new code.'],
		},
		foreign: {
			tone: 'bad',
			head: 'Not a code of ours',
			texts: ['It leads somewhere else. Scan the code on the screen where you log in.'],
		},
		none: {
			head: 'Nothing to confirm',
			texts: ['Scan the code on the screen where you log in.'],
		},
	},
	troubles: {
		offline: {
			tone: 'bad',
			head: 'No connection',
			texts: ['The service cannot be reached. Is the telephone online?'],
		},
		busy: {
			tone: 'bad',
			head: 'Out of order',
			texts: ['The service has too much to do, or is being restarted. Wait a little.'],
		},
		fault: {
			tone: 'bad',
			head: 'It did not work',
			texts: ['The service gave an answer that cannot be read.'],
		},
		login: {
			tone: 'bad',
			head: 'It did not work',
			texts: ['WeChat did not say who you are.'],
		},
	},
};

const zh = {
	title: '登录',
	loading: { head: '请稍候……', texts: ['正在查询此二维码对应的登录。'] },
	question: {
		head: '这是您的登录吗？',
		warn: '这是您本人刚刚发起的登录吗？若不是，请按最后一个按钮。',
	},
	digitsFollow: '确认后会显示两位数字，将其输入您的终端后方可登录。',
	noDigits: '确认后即完成登录。',
	facts: {
		host: '计算机',
		user: '用户名（登录时输入）',
		from: '来自',
		service: '服务',
		since: '发起时间',
	},
	unknown: '未知',
	ago: (seconds) => `${seconds} 秒前`,
	request: (id) => `请求编号：${id}`,
	confirm: '确认登录',
	refuse: '不是我本人',
	retry: '重试',
	waiting: { head: '请稍候……', texts: ['计算机正在核实您的身份。'] },
	outcomes: {
		digits: {
			head: '请输入这两位数字',
			texts: ['只输入到您自己的终端中，切勿告诉任何人。'],
			warn: '如果本次登录不是您本人发起的，请关闭本页。',
		},
		message: {
			head: '两位数字将以消息发送',
			texts: ['请核对消息中的登录信息，数字只输入自己的终端，切勿告诉任何人。'],
		},
		granted: { tone: 'good', head: '您已登录', texts: ['可以关闭本页。'] },
		denied: {
			tone: 'bad',
			head: '不允许登录',
			texts: ['您用于确认的账号无权以此用户登录。',
				'如果此二维码是他人发给您的，请告知管理员。'],
		},
		refused: {
			tone: 'bad',
			head: '登录已被拒绝',
			texts: ['如需登录，请重新发起。'],
		},
		failed: {
			tone: 'bad',
			head: '未能成功',
			texts: ['计算机未能核实您的身份。', '请重新发起登录；若再次失败，请告知管理员。'],
		},
		busy: {
			tone: 'bad',
			head: '另有登录等待确认',
			texts: ['同一用户一次只能确认一个登录。', '请先完成另一个登录，再重新发起本次登录。'],
		},
		over: {
			tone: 'bad',
			head: '本次登录已结束',
			texts: ['登录已结束，或已超时。', '请重新发起登录，并扫描新的二维码。'],
		},
		registered: {
			tone: 'good',
			head: '您的账号已就绪',
			texts: ['这是您首次登录此计算机，目前尚未登录。',
				'请重新连接并再次确认。如果本次登录不是您本人发起的，请告知管理员。'],
		},
		stopped: {
			tone: 'good',
			head: '登录已被中止',
			texts: ['任何人都无法再用此二维码登录。', '如果此二维码是他人发给您的，请告知管理员。'],
		},
		used: {
			tone: 'bad',
			head: '此二维码已被使用',
			texts: ['已有另一部手机确认了本次登录，或您的确认结果未能送达。请重新发起登录。',
				'如果那不是您本人，请告知管理员。'],
		},
		notValid: {
			tone: 'bad',
			head: '此二维码无效',
			texts: ['它已过期，或从未由本服务签发。', '请重新发起登录，并扫描新的二维码。'],
		},
		foreign: {
			tone: 'bad',
			head: '不是本服务的二维码',
			texts: ['它指向别处。请扫描您登录时屏幕上显示的二维码。'],
		},
		none: {
			head: '没有待确认的登录',
			texts: ['请扫描您登录时屏幕上显示的二维码。'],
		},
	},
	troubles: {
		offline: {
			tone: 'bad',
			head: '无法连接',
			texts: ['无法连接服务，请检查手机网络。'],
		},
		busy: {
			tone: 'bad',
			head: '服务暂不可用',
			texts: ['服务繁忙或正在重新启动，请稍候。'],
		},
		fault: {
			tone: 'bad',
			head: '未能成功',
			texts: ['服务返回的内容无法读取。'],
		},
		login: {
			tone: 'bad',
			head: '未能成功',
			texts: ['微信未能提供您的身份凭证。'],
		},
	},
};

// "zh_CN", "zh_TW", "en", …
function textsOf(language) {
	return /^zh/i.test(language) ? zh : en;
}

module.exports = { textsOf, en, zh };
