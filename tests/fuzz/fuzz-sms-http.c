/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of gateways. The first byte chooses the status and the second the section's words about
 * replies; the rest is the body. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUEST "[sms fuzz]\nurl = https://sms.example.org/\nbody = {text}\n"

static const uint32_t statuses[] = { 200, 202, 301, 400, 401, 429, 500 };

static const char *const sections[] = {
	REQUEST,
	REQUEST "success_member = code\nsuccess_value = 0\nid_member = sid\n"
		"number_values = 22\nlimit_values = 33\nconfig_values = -1\n",
	REQUEST "success_member = messages.0.status.group\nsuccess_value = 1\n"
		"id_member = messages.0.id\nerror_member = messages.0.status.name\n"
		"refused_values = NO_ROUTE\n",
	REQUEST "success_text = OK:\nrefused_text = ERR:\n",
};

static void judge(const char *section, const struct http_reply *reply, void *config)
{
	const struct conf_table table = { http_vendor.keys, config };
	struct sms_result result = { 0 };
	struct conf_report report = { 0 };
	struct conf conf = { 0 };

	conf_read_text(section, strlen(section), "fuzz", &conf, &report);
	conf_apply(&conf.sections[0], &table, 1, &report);
	http_vendor.check(config, &conf.sections[0], &report);
	if (report.n_mistakes)
		abort();
	http_vendor.judge(config, reply, &result);
	if ((result.class == SMS_ACCEPTED && reply->status / 100 != 2) ||
	    (result.class != SMS_ACCEPTED && result.id[0]) ||
	    (result.id[0] && !text_is_printable_ascii(result.id, SMS_WORD_MAX)) ||
	    !text_is_printable_ascii(result.word, SMS_WORD_MAX))
		abort();
	conf_release(http_vendor.keys, config);
	conf_done(&conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "text/html" };
	_cleanup_free_ void *config = calloc(1, http_vendor.config_size);

	if (size < 3 || !config)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	reply.body = secret_new(data + 2, size - 2);
	judge(sections[data[1] % N_ELEMENTS(sections)], &reply, config);
	http_reply_done(&reply);
	return 0;
}
