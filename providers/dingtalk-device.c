/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DingTalk's device flow: device-login.c goes through it; see dingtalk-device.h. */
#include "base/text.h"
#include "base/url.h"
#include "providers/dingtalk.h"
#include "providers/request.h"

static struct dingtalk_device *device_of(struct login *login)
{
	struct dingtalk_login *own = login_own(login);

	return &own->device;
}

static struct http_request *make_post(struct login *login, const char *path, struct buf *form)
{
	const struct dingtalk_config *config = login_config(login);
	_cleanup_free_ char *url = text_format("%s/oauth2/device/%s", config->login_url, path);
	struct http_request *request = request_post(url, form);

	request->proxy = text_copy(config->proxy);
	return request;
}

static struct http_request *code_request(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf form = BUF_INIT(REQUEST_FORM_MAX);

	form_add(&form, "client_id", config->app_key);
	form_add(&form, "scope", "openid corpid");
	return make_post(login, "code.json", &form);
}

static struct http_request *poll_request(struct login *login, const struct secret *device_code)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);

	form_add(&form, "grant_type", DEVICE_GRANT_TYPE);
	form_add(&form, "device_code", device_code->data);
	form_add(&form, "client_id", config->app_key);
	return make_post(login, "token.json", &form);
}

static enum device_result read_code(struct login *login, const struct http_reply *reply,
				    struct device_code *ret_code)
{
	const struct dingtalk_config *config = login_config(login);

	return dingtalk_read_device_code(reply, config->login_url, ret_code);
}

static void approved(struct login *login, struct oauth_tokens *tokens)
{
	dingtalk_exchange(login, steal(&tokens->code));
}

static const struct device_login_ops ops = {
	.code_request = code_request,
	.poll_request = poll_request,
	.read_code = read_code,
	.read_poll = dingtalk_read_device_poll,
	.approved = approved,
};

/* --- may this app? --- */

static void fail_probe(struct login *login, enum device_result result,
		       const struct device_code *code, const struct http_reply *reply)
{
	_cleanup_free_ char *described = reply_describe(reply, "device/code.json");
	_cleanup_free_ char *detail = text_format("mode = device cannot be used: %s",
						  code->error[0] ? code->error : described);

	if (result == DEVICE_SETUP)
		login_fail(login, FAIL_CONFIG, detail);
	else
		login_fail(login, reply->result == HTTP_DONE ? FAIL_PROVIDER : FAIL_NETWORK,
			   detail);
}

static void take_probe(struct login *login, const struct http_reply *reply)
{
	struct device_code code = { 0 };
	enum device_result result = read_code(login, reply, &code);

	if (result == DEVICE_GOOD)
		device_of(login)->probed(login);
	else
		fail_probe(login, result, &code, reply);
	device_code_done(&code);
}

void dingtalk_device_probe(struct login *login, void (*good)(struct login *login))
{
	device_of(login)->probed = good;
	login_request(login, code_request(login));
}

/* --- operations --- */

void dingtalk_device_start(struct login *login)
{
	if (!api_ends_paused(login))
		device_login_start(login, &device_of(login)->flow, &ops);
}

void dingtalk_device_answer(struct login *login)
{
	device_login_answer(login, &device_of(login)->flow);
}

void dingtalk_device_reply(struct login *login, const struct http_reply *reply)
{
	struct dingtalk_device *device = device_of(login);

	if (device->probed)
		take_probe(login, reply);
	else
		device_login_reply(login, &device->flow, reply);
}

void dingtalk_device_timeout(struct login *login)
{
	device_login_timeout(login, &device_of(login)->flow);
}

void dingtalk_device_finish(struct login *login)
{
	device_login_done(&device_of(login)->flow);
}
