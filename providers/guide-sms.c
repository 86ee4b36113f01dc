/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of who sets up a vendor of SMS messages; see guide.h. */
#include "providers/table.h"

static const struct guide_key alibaba_keys[] = {
	{ "access_key_id", "AccessKey ID",
	  N_("RAM 访问控制 → 用户 → the user → AccessKey. He needs dysms:SendSms and\n"
	     "nothing else.") },
	{ "access_key_secret", "AccessKey Secret",
	  N_("Shown once, when the AccessKey is made.") },
	{ "sign_name", "签名名称",
	  N_("短信服务 → 国内消息 → 签名管理; it must be approved.") },
	{ "template_code", "模版CODE",
	  N_("短信服务 → 国内消息 → 模板管理, of the kind 验证码; SMS_ and digits.") },
	{ "code_variable", NULL,
	  N_("The template's variable for the code, without ${ }.") },
	{ "foreign_template_code", NULL,
	  N_("A template of 国际/港澳台消息 for all other numbers; without it they get none.") },
	{ NULL }
};

const struct guide alibaba_guide = {
	N_("You need 短信服务 of Alibaba Cloud, with an approved signature and template:\n"
	   "https://dysms.console.aliyun.com"),
	alibaba_keys, NULL,
};

static const struct guide_key twilio_keys[] = {
	{ "account_sid", "Account SID",
	  N_("On the first page of the console; AC and 32 hex digits.") },
	{ "api_key_sid", "API key SID",
	  N_("Account → API keys & tokens → Create API key; SK and 32 hex digits. Without\n"
	     "it the account's own token is asked for.") },
	{ "api_key_secret", "API key secret",
	  N_("Shown once, when the API key is made; only with an API key.") },
	{ "auth_token", "Auth Token",
	  N_("On the first page of the console; only without an API key.") },
	{ "messaging_service_sid", "Messaging Service SID",
	  N_("Messaging → Services; MG and 32 hex digits. Without it a sender is asked for.") },
	{ "from", NULL,
	  N_("The sender: a number as +14155550100, a short code, or up to 11 letters; only\n"
	     "without a Messaging Service.") },
	{ NULL }
};

const struct guide twilio_guide = {
	N_("You need an account at https://console.twilio.com that may send messages to the\n"
	   "countries of your people."),
	twilio_keys, NULL,
};

static const struct guide_key aws_sns_keys[] = {
	{ "access_key_id", "Access key ID",
	  N_("IAM → Users → the user → Security credentials. He needs sns:Publish and nothing\n"
	     "else.") },
	{ "secret_access_key", "Secret access key",
	  N_("Shown once, when the access key is made.") },
	{ "region", NULL,
	  N_("Such as eu-central-1; not every region sends messages.") },
	{ "sender_id", "Sender ID",
	  N_("The sender shown where the country allows it: letters, digits, \"-\".") },
	{ NULL }
};

static const struct guide_step aws_sns_steps[] = {
	{ N_("SNS → Text messaging (SMS): leave the sandbox, and raise the monthly limit of\n"
	     "one dollar.") },
	{ NULL }
};

const struct guide aws_sns_guide = {
	N_("You need an AWS account that may send messages:\n"
	   "https://console.aws.amazon.com/sns"),
	aws_sns_keys, aws_sns_steps,
};

/* The address last of what makes a request: what must be in one of its parts is missed in it. */
static const struct guide_key http_keys[] = {
	{ "method", NULL,
	  N_("As the gateway's manual has it.") },
	{ "content_type", NULL,
	  N_("What the body is, as the gateway's manual has it.") },
	{ "body", NULL,
	  N_("What is sent; may hold {number} {digits} {code} {text} {ref} {host} {id}.\n"
	     "{{ and }} are literal braces."), "method=POST" },
	{ "url", NULL,
	  N_("Where requests go; may hold the same words as the body.") },
	{ "authorization", NULL,
	  N_("The whole value of the Authorization header; nothing if a user is asked for.") },
	{ "user", NULL,
	  N_("For HTTP Basic authentication instead.") },
	{ "password", NULL,
	  N_("The password that goes with the user.") },
	{ "success_member", NULL,
	  N_("A member that a JSON reply must have, such as messages.0.status.") },
	{ "success_value", NULL,
	  N_("What it must be; without it anything.") },
	{ NULL }
};

const struct guide sms_http_guide = {
	N_("You need the manual of your gateway's HTTPS interface."), http_keys, NULL,
};
