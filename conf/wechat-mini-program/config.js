// SPDX-License-Identifier: GPL-3.0-or-later
// The one thing to change: the relay, exactly as `url` in its jauth-relay.conf has it.
module.exports = {
	relay: 'https://sso.example.com',
};
