# SPDX-License-Identifier: GPL-3.0-or-later

dist_man_MANS = man/pam_jauth.8
dist_man_MANS += man/jauth-dingtalk.7
dist_man_MANS += man/jauth-end-session.8
dist_man_MANS += man/jauth-http.8
dist_man_MANS += man/jauth-relay.8
dist_man_MANS += man/jauth-userdb.8
dist_man_MANS += man/jauthd.8 man/jauthd.conf.5
dist_man_MANS += man/jauthctl.1
dist_man_MANS += man/jauth-oidc.7
dist_man_MANS += man/jauth-password.7
dist_man_MANS += man/jauth-sms.7
dist_man_MANS += man/jauth-totp.7
dist_man_MANS += man/jauth-wechat.7
dist_man_MANS += man/jauth-wechat-official-account.7
dist_man_MANS += man/jauth-wechat-mini-program.7
dist_man_MANS += man/jauth-wecom.7
dist_man_MANS += man/org.jauth1.5
