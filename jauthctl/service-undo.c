/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/service-undo.h"

#include <syslog.h>

#include "base/text.h"
#include "jauthctl/service-guard.h"

enum exit_code service_undo_attempt(const struct service *service, const char *token)
{
	struct service_pending pending;
	enum exit_code code;

	if (!service_read_pending(service, &pending) ||
	    (token && !text_equals(token, pending.token)))
		return EXIT_DONE;
	code = service_undo(service);
	syslog(LOG_AUTH | LOG_WARNING, code == EXIT_DONE ?
	       "the PAM service %s is again as it was before jauth was put into it" :
	       "the PAM service %s cannot be made as it was before jauth was put into it",
	       service->name);
	if (code == EXIT_DONE)
		service_guard_stop(service, &pending);
	return code;
}

enum exit_code service_undo_by_name(const char *name, const char *token, bool only_overdue)
{
	struct service_pending pending;
	struct service service;
	enum exit_code code = service_open(name, SERVICE_WAIT, &service);

	if (code != EXIT_DONE)
		return code;
	if (service_read_pending(&service, &pending) &&
	    (!only_overdue || service_is_overdue(&pending)))
		code = service_undo_attempt(&service, token);
	service_close(&service);
	return code;
}

enum exit_code service_undo_overdue(void)
{
	_cleanup_list_ char **names = service_list_pending();
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < list_length(names); i++) {
		enum exit_code of_this = service_undo_by_name(names[i], NULL, true);

		code = MAX(code, of_this);
	}
	return code;
}

enum exit_code service_refuse_unless_root(void)
{
	if (geteuid() == 0)
		return EXIT_DONE;
	complain(N_("only root may change %s"), PAM_FOLDER);
	return EXIT_REFUSED;
}
