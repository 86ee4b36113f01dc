/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of who sets up WeCom, DingTalk and the ways of WeChat, and where its console has
 * it; see guide.h. */
#include "providers/table.h"

/* --- WeCom --- */

static const struct guide_key wecom_keys[] = {
	{ "corp_id", "企业ID",
	  N_("我的企业 → 企业信息, at the bottom of the page; it begins with ww.") },
	{ "agent_id", "AgentId",
	  N_("应用管理 → 应用 → 自建 → the app: at the top of its page.") },
	{ "secret", "Secret",
	  N_("On the app's page; it is sent to your own WeCom.") },
	GUIDE_MODE_RELAY_POLL,
	{ "redirect_uri", "授权回调域",
	  N_("On the app's page, 企业微信授权登录 → Web网页: https:// and that domain.\n"
	     "Nobody ever comes there, and it must be right all the same."),
	  "mode=poll" },
	GUIDE_MAP_USERID,
	GUIDE_PROXY,
	{ NULL }
};

static const struct guide_step wecom_steps[] = {
	{ N_("In the app, 可见范围: the departments and members that may log in.") },
	{ N_("In the app, 网页授权及JS-SDK → 设置可信域名: {relay_host}\n"
	     "Put the file WW_verify_….txt that you get there into the relay's folder first."),
	  "mode=relay" },
	{ N_("In the app, 企业可信IP: the address by which this machine, or its proxy, goes\n"
	     "out. Without it the vendor refuses all calls but the first.") },
	{ NULL }
};

const struct guide wecom_guide = {
	N_("You need an app of your own (自建应用) in the console of WeCom, as its\n"
	   "administrator: https://work.weixin.qq.com/wework_admin"),
	wecom_keys, wecom_steps,
};

/* --- DingTalk --- */

static const struct guide_key dingtalk_keys[] = {
	{ "corp_id", "CorpId",
	  N_("On the first page of the console; it begins with ding.") },
	{ "app_key", "Client ID (AppKey)",
	  N_("应用开发 → the app → 凭证与基础信息.") },
	{ "app_secret", "Client Secret (AppSecret)",
	  N_("On the same page, 凭证与基础信息.") },
	{ "agent_id", "AgentId",
	  N_("On the same page; needed only to send the digits by an app message.") },
	{ "mode", NULL,
	  N_("relay: a page of your relay, opened in DingTalk. web: by your relay to the\n"
	     "vendor's page, in any browser. device, poll: without a relay, in ways the\n"
	     "vendor does not document.") },
	{ "redirect_uri", "重定向URL",
	  N_("开发配置 → 安全设置 → 重定向URL: one of the addresses there, letter by\n"
	     "letter. Nobody ever comes there."), "mode=poll" },
	GUIDE_MAP_USERID,
	GUIDE_PROXY,
	{ NULL }
};

static const struct guide_step dingtalk_steps[] = {
	{ N_("In the app, 添加应用能力 → 网页应用: 应用首页地址 {relay}\n"
	     "and 开发配置 → 安全设置 → 端内免登地址 {relay}"), "mode=relay" },
	{ N_("In the app, 开发配置 → 安全设置 → 重定向URL: {callback}"), "mode=web" },
	{ N_("In the app, 权限管理: qyapi_get_member (成员信息读权限); in every mode but\n"
	     "relay also Contact.User.Read (个人信息读权限); for a directory also\n"
	     "qyapi_get_department_list and qyapi_get_department_member.") },
	{ N_("In the app, 版本管理与发布: publish it. Until then its credentials are refused.") },
	{ NULL }
};

const struct guide dingtalk_guide = {
	N_("You need an app inside your organisation (企业内部应用) in the console of\n"
	   "DingTalk: https://open-dev.dingtalk.com"),
	dingtalk_keys, dingtalk_steps,
};

/* --- WeChat, website app --- */

static const struct guide_key wechat_keys[] = {
	{ "mode", NULL,
	  N_("relay: a page of your relay, opened on a computer. poll: without a relay, in a\n"
	     "way the vendor does not document. device: without a relay, with a mobile app.") },
	{ "app_id", "AppID",
	  N_("管理中心 → 网站应用 (with mode = device 移动应用) → the app.") },
	{ "app_secret", "AppSecret",
	  N_("On the app's page; it is shown once.") },
	{ "redirect_uri", "授权回调域",
	  N_("开发信息 → 授权回调域: https:// and that domain. Nobody ever comes there."),
	  "mode=poll" },
	GUIDE_PROXY,
	{ NULL }
};

static const struct guide_step wechat_steps[] = {
	{ N_("In the app, 开发信息 → 授权回调域: {relay_host}"), "mode=relay" },
	{ N_("Everybody who has WeChat is somebody there: let people in one by one, by\n"
	     "jauthctl link add.") },
	{ NULL }
};

const struct guide wechat_guide = {
	N_("You need an approved app at WeChat's Open Platform, 网站应用 as a rule:\n"
	   "https://open.weixin.qq.com"),
	wechat_keys, wechat_steps,
};

/* --- WeChat, official account --- */

static const struct guide_key account_keys[] = {
	{ "app_id", "AppID",
	  N_("设置与开发 → 基本配置.") },
	{ "app_secret", "AppSecret",
	  N_("On the same page, 基本配置; it is shown once.") },
	{ "mode", NULL,
	  N_("relay: a page of your relay, opened in WeChat. push: a code of the account,\n"
	     "and messages of it that your relay takes.") },
	{ "token", "令牌 (Token)",
	  N_("基本配置 → 服务器配置: choose any 3 to 32 letters and digits, and enter\n"
	     "the same ones there."), "mode=push" },
	{ "aes_key", "消息加解密密钥 (EncodingAESKey)",
	  N_("基本配置 → 服务器配置; 43 characters."), "mode=push" },
	{ "original_id", "原始ID",
	  N_("公众号设置 → 账号详情; it begins with gh_."), "mode=push" },
	{ "require_follow", NULL,
	  N_("yes: only who follows the account may log in."), "mode=relay" },
	{ "map", NULL,
	  N_("Rule that makes a user name of the account, such as {remark} (备注名, which the\n"
	     "account's own people set); without it people get in by links only.") },
	GUIDE_PROXY,
	{ NULL }
};

static const struct guide_step account_steps[] = {
	{ N_("公众号设置 → 功能设置 → 网页授权域名: {relay_host}\n"
	     "Put the file MP_verify_….txt that you get there into the relay's folder first."),
	  "mode=relay" },
	{ N_("基本配置 → IP白名单: the address by which this machine, or its proxy, goes out.") },
	{ N_("基本配置 → 服务器配置: URL {relay}/push/{app}, 安全模式, XML.\n"
	     "Press 提交 while jauthctl method probe says that it waits for it."), "mode=push" },
	{ NULL }
};

const struct guide wechat_account_guide = {
	N_("You need a verified service account (服务号): https://mp.weixin.qq.com"),
	account_keys, account_steps,
};

/* --- WeChat, mini program --- */

static const struct guide_key mini_keys[] = {
	{ "app_id", "AppID",
	  N_("开发管理 → 开发设置 → 开发者ID.") },
	{ "app_secret", "AppSecret",
	  N_("On the same page, 开发者ID; it is shown once.") },
	{ "make_url_link", NULL,
	  N_("yes: a link that opens the program is made, for the button on the relay's page.") },
	GUIDE_PROXY,
	{ NULL }
};

static const struct guide_step mini_steps[] = {
	{ N_("开发设置 → 服务器域名 → request 合法域名: {relay}") },
	{ N_("Write {relay} into config.js of /usr/share/jauth/wechat-mini-program, upload\n"
	     "the folder by 微信开发者工具, let it be reviewed, and release it.") },
	{ N_("开发设置 → 扫普通链接二维码打开小程序: a rule for {relay}/m/ and the page\n"
	     "pages/login/index; publish it (发布).") },
	{ NULL }
};

const struct guide wechat_mini_guide = {
	N_("You need a mini program (小程序) of an organisation, with our pages in it:\n"
	   "https://mp.weixin.qq.com"),
	mini_keys, mini_steps,
};
