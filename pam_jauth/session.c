/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process that runs PAM is the session's as long as it lives. Which process that is, jauthd
 * learns from the bus, and the session's id from logind (in the environment of PAM a user may
 * have written what he likes, with pam_env); when the process began, from us, because jauthd cannot
 * see others' processes.
 */
#include "pam_jauth/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>

#include "base/macro.h"
#include "pam_jauth/begin.h"
#include "pam_jauth/deadline.h"
#include "pam_jauth/login.h"

#define REPORT_MS   2000     /* in all */
#define AGAIN_MS    100      /* jauthd is started again at once when it ends */
#define STAT_MAX    1024
#define FIELD_STATE 3        /* of /proc/PID/stat; the one after the name in brackets */
#define FIELD_TICKS 22
#define START_MAX   64       /* boot id, '/', ticks */
#define BOOT_ID_LEN 36
#define REQUEST_LEN 16

static bool read_file(const char *path, char *ret_text, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	if (len <= 0)
		return false;
	ret_text[len] = '\0';
	return true;
}

/* When this process began; see proc(5). */
static bool find_start(char ret_start[START_MAX])
{
	char boot[BOOT_ID_LEN + 2], stat[STAT_MAX];
	const char *field;

	if (!read_file("/proc/sys/kernel/random/boot_id", boot, sizeof(boot)) ||
	    !read_file("/proc/self/stat", stat, sizeof(stat)))
		return false;
	field = strrchr(stat, ')');
	for (unsigned i = FIELD_STATE - 1; field && i < FIELD_TICKS; i++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	if (!field || strcspn(field, " ") > 20)
		return false;
	(void)snprintf(ret_start, START_MAX, "%.*s/%.*s", BOOT_ID_LEN, boot,
		       (int)strcspn(field, " "), field);
	return true;
}

/* sshd authenticates in another process: what comes from there is in the environment of PAM. What
 * is no request must not keep the session from being told. */
static const char *find_request(pam_handle_t *pamh)
{
	const void *data = NULL;
	const char *request;

	if (pam_get_data(pamh, LOGIN_REQUEST_DATA, &data) == PAM_SUCCESS && data)
		return data;
	request = pam_getenv(pamh, LOGIN_REQUEST_ENV);
	return request && strlen(request) == REQUEST_LEN &&
	       strspn(request, "0123456789abcdef") == REQUEST_LEN ? request : NULL;
}

static const char *text_item(pam_handle_t *pamh, int type)
{
	const void *item = NULL;

	return pam_get_item(pamh, type, &item) == PAM_SUCCESS ? item : NULL;
}

static int report(const struct login_facts *facts, char reason[LOGIN_REASON_MAX])
{
	int64_t deadline_ms = monotonic_ms() + REPORT_MS;
	int r;

	for (;;) {
		r = login_report(LOGIN_BUS_ADDRESS, facts, deadline_ms, reason);
		if (r != -EAGAIN || remaining_ms(deadline_ms) == 0)
			return r;
		(void)poll(NULL, 0, MIN(AGAIN_MS, remaining_ms(deadline_ms)));
	}
}

void session_report(pam_handle_t *pamh, const struct options *options, enum login_phase phase,
		    const char *user)
{
	char start[START_MAX], reason[LOGIN_REASON_MAX] = "";
	struct login_facts facts = {
		.phase = phase,
		.service = text_item(pamh, PAM_SERVICE),
		.user = user,
		.rhost = text_item(pamh, PAM_RHOST),
		.tty = text_item(pamh, PAM_TTY),
		.caller_uid = getuid(),
		.request = find_request(pamh),
		.start = start,
	};

	if (!find_start(start)) {
		pam_syslog(pamh, LOG_WARNING, "the session is not told to jauthd: no /proc");
		return;
	}
	if (report(&facts, reason) < 0)
		pam_syslog(pamh, LOG_WARNING, "the session is not told to jauthd: %s", reason);
	else if (options->debug)
		pam_syslog(pamh, LOG_DEBUG, "%s is told to jauthd", login_phase_names[phase]);
}
