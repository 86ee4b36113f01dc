/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `wechat-official-account`: whoever has WeChat, by a verified service account, over
 * the relay's page (mode = relay), or by a code of the account and what the vendor pushes then
 * (mode = push). Its keys, and which of the two an event belongs to.
 */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/api-check.h"
#include "providers/table.h"
#include "providers/wechat-account.h"

/* --- operations --- */

static void start(struct login *login)
{
	const struct account_config *config = login_config(login);

	if (config->mode == ACCOUNT_MODE_PUSH)
		account_push_start(login);
	else
		account_relay_start(login);
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text UNUSED)
{
	const struct account_login *own = login_own(login);

	if (own->state == ACCOUNT_TESTING)
		account_test_answer(login);
	else
		account_relay_look(login);
}

static void take_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	api_take_reply(login, reply);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	if (api_is_busy(login))
		api_take_timeout(login);
	else
		account_relay_look(login);
}

static void finish(struct login *login)
{
	struct account_login *own = login_own(login);

	api_finish(login);
	own->code = secret_free(own->code);
	wechat_person_done(&own->person);
}

static void release(void *shared)
{
	struct account_shared *kept = shared;

	api_release(&kept->api);
}

/* By a page of ours, or by a message that says where the login comes from. Of whom the vendor
 * knows, it asks nothing. */
static unsigned features_of(const void *config)
{
	const struct account_config *account = config;
	unsigned common = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT;

	if (account->mode == ACCOUNT_MODE_PUSH)
		return common | PROVIDER_PUSHES | PROVIDER_DELIVERS;
	return common | PROVIDER_RELAY;
}

/* --- configuration --- */

#define FIELD(name) offsetof(struct account_config, name)

static const char *const modes[] = { "relay", "push", NULL };
static const char *const scopes[] = { "snsapi_userinfo", "snsapi_base", NULL };

static const struct conf_key keys[] = {
	{ "app_id", CONF_TEXT, FIELD(app.id), .flags = CONF_REQUIRED,
	  .min = 1, .max = WECHAT_APP_ID_MAX,
	  .help = "AppID of a verified service account" },
	{ "app_secret", CONF_SECRET, FIELD(app.secret), .flags = CONF_REQUIRED,
	  .min = 1, .max = 256, .help = "Its AppSecret" },
	{ "mode", CONF_CHOICE, FIELD(mode), .choices = modes, .fallback = "relay",
	  .help = "relay: a page of the relay; push: a code of the account, and its messages" },
	{ "scope", CONF_CHOICE, FIELD(scope), .choices = scopes, .fallback = "snsapi_userinfo",
	  .help = "With mode = relay: ask the person (and get the unionid), or nobody" },
	{ "require_follow", CONF_BOOL, FIELD(require_follow), .fallback = "no",
	  .help = "With mode = relay: only who follows the account; asks the others to" },
	{ "token", CONF_SECRET, FIELD(token), .min = 3, .max = 32,
	  .help = "With mode = push: the Token of the message URL" },
	{ "aes_key", CONF_SECRET, FIELD(aes_key),
	  .min = WECHAT_AES_KEY_LEN, .max = WECHAT_AES_KEY_LEN,
	  .help = "With mode = push: its EncodingAESKey, 43 characters" },
	{ "aes_key_previous", CONF_SECRET, FIELD(aes_key_previous),
	  .min = WECHAT_AES_KEY_LEN, .max = WECHAT_AES_KEY_LEN,
	  .help = "With mode = push: the one before, for a while after a change" },
	{ "original_id", CONF_TEXT, FIELD(original_id), .min = 1, .max = WECHAT_ID_MAX,
	  .help = "With mode = push: the account's id (原始ID), which events must be for" },
	{ "proxy", CONF_TEXT, FIELD(app.proxy), .min = 1, .max = URL_MAX,
	  .help = "The one way out, whose address is in IP 白名单" },
	{ "api_url", CONF_URL, FIELD(app.api_url), .fallback = "https://api.weixin.qq.com",
	  .help = "Only for tests, or a gateway in front of the API" },
	{ "open_url", CONF_URL, FIELD(open_url), .fallback = "https://open.weixin.qq.com",
	  .help = "Only for tests" },
	{ NULL }
};

/* A key of the one mode has no meaning in the other. */
static const struct {
	const char *key;
	enum account_mode mode;
} mode_keys[] = {
	{ "scope", ACCOUNT_MODE_RELAY },
	{ "require_follow", ACCOUNT_MODE_RELAY },
	{ "token_file", ACCOUNT_MODE_PUSH },
	{ "token_credential", ACCOUNT_MODE_PUSH },
	{ "aes_key_file", ACCOUNT_MODE_PUSH },
	{ "aes_key_credential", ACCOUNT_MODE_PUSH },
	{ "aes_key_previous_file", ACCOUNT_MODE_PUSH },
	{ "aes_key_previous_credential", ACCOUNT_MODE_PUSH },
	{ "original_id", ACCOUNT_MODE_PUSH },
};

static void check_modes(const struct account_config *account, const struct conf_section *section,
			struct conf_report *report)
{
	static const char *const texts[] = {
		[ACCOUNT_MODE_RELAY] = "is for mode = relay",
		[ACCOUNT_MODE_PUSH] = "is for mode = push",
	};

	for (size_t i = 0; i < N_ELEMENTS(mode_keys); i++)
		if ((int)mode_keys[i].mode != account->mode && conf_find(section, mode_keys[i].key))
			conf_mistake_key(report, section, mode_keys[i].key,
					 texts[mode_keys[i].mode]);
}

static void check_push(const struct account_config *account, const struct conf_section *section,
		       struct conf_report *report)
{
	const struct {
		const char *key;
		const struct secret *value;
	} aes_keys[] = {
		{ "aes_key", account->aes_key },
		{ "aes_key_previous", account->aes_key_previous },
	};

	if (!account->token)
		conf_mistake_key(report, section, "token", "is needed with mode = push");
	else if (strspn(account->token->data, WECHAT_LETTERS) != account->token->len)
		conf_mistake_key(report, section, "token", "must be letters and digits");
	if (!account->aes_key)
		conf_mistake_key(report, section, "aes_key", "is needed with mode = push");
	for (size_t i = 0; i < N_ELEMENTS(aes_keys); i++)
		if (aes_keys[i].value && !wechat_is_aes_key(aes_keys[i].value))
			conf_mistake_key(report, section, aes_keys[i].key,
					 "must be 43 letters and digits");
	if (account->original_id && !(text_has_prefix(account->original_id, "gh_") &&
				      wechat_is_id(account->original_id)))
		conf_mistake_key(report, section, "original_id", "must begin with gh_");
}

static void check(const void *config, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct account_config *account = config;

	wechat_check_app(&account->app, section, report);
	api_check_base("open_url", account->open_url, section, report);
	check_modes(account, section, report);
	if (account->mode == ACCOUNT_MODE_PUSH)
		check_push(account, section, report);
}

/* Tags are told of followers only. */
static bool says_groups(const void *config)
{
	const struct account_config *account = config;

	return account->mode == ACCOUNT_MODE_PUSH || account->require_follow;
}

const struct provider wechat_official_account_provider = {
	.type = "wechat-official-account",
	.title = N_("WeChat"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT | PROVIDER_RELAY,
	.features_of = features_of,
	.app = RELAY_APP_WECHAT,
	.limits = { .open_max = 64, .starts_per_s = 5 },
	.keys = keys,
	.guide = &wechat_account_guide,
	.config_size = sizeof(struct account_config),
	.shared_size = sizeof(struct account_shared),
	.login_size = sizeof(struct account_login),
	.says_groups = says_groups,
	.groups_key = "require_follow",
	.check = check,
	.start = start,
	.test = account_test,
	.answer = answer,
	.reply = take_reply,
	.callback = account_relay_callback,
	.pushed = account_push_pushed,
	.deliver = account_push_deliver,
	.timeout = timeout,
	.finish = finish,
	.release = release,
};
