/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints what config_load() finds; see check.h. */
#include "jauthd/check.h"

#include <errno.h>
#include <string.h>

#include "jauthd/config.h"

#define REPORT_MAX (CONF_MISTAKES_MAX * 2048)

void config_report_text(const struct conf_report *report, struct buf *buf)
{
	size_t i;

	for (i = 0; i < report->n_mistakes; i++) {
		const struct conf_mistake *mistake = &report->mistakes[i];

		buf_add_text(buf, mistake->file);
		if (mistake->line)
			buf_add_format(buf, ":%u", mistake->line);
		buf_add_format(buf, ": %s\n", mistake->text);
	}
	if (report->n_mistakes == CONF_MISTAKES_MAX)
		buf_add_format(buf, "only the first %d mistakes are shown\n", CONF_MISTAKES_MAX);
}

int config_check_main(const char *path, FILE *out)
{
	_cleanup_(conf_report_done) struct conf_report report = { NULL };
	_cleanup_(buf_done) struct buf text = BUF_INIT(REPORT_MAX);
	struct config *config = NULL;
	int r;

	r = config_load(path, &config, &report);
	config_report_text(&report, &text);
	if (r < 0 && !report.n_mistakes)
		buf_add_format(&text, "%s: cannot be read: %s\n", path, strerror(-r));
	else if (r == 0)
		buf_add_format(&text,
			       "%s: configuration is right: %u methods, %u service sections\n",
			       path, config->n_methods, config->n_services);
	config_unref(config);
	(void)fputs(buf_text(&text), out);       /* the exit status says it as well */
	return r < 0;
}
