/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: the bus, the daemons behind it and their units. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "jauthctl/bus.h"
#include "jauthctl/child.h"
#include "jauthctl/doctor.h"
#include "jauthctl/http-call.h"
#include "jauthctl/local-socket.h"
#include "jauthctl/pam-stack.h"
#include "jauthctl/sshd-effective.h"

#define BUS_SOCKET   "/run/dbus/system_bus_socket"
#define SYSTEMD_RUNS "/run/systemd/system"
#define SYSTEMCTL    "/usr/bin/systemctl"
#define TIMEOUT_MS   20000
#define CONNECT_MS   3000

#define START_ALL "systemctl enable --now jauth-http.socket jauthd"

/* --- the bus --- */

/* dbus-daemon(1): what it allows unless it is told otherwise. */
#define CONNECTIONS_DEFAULT 256
#define LIMIT_NAME          "max_connections_per_user\""
#define LOCAL_CONFIG        "/etc/dbus-1/system-local.conf"
#define MORE_CONNECTIONS \
	"<busconfig><limit name=\"max_connections_per_user\">1024</limit></busconfig>"

/* The last such limit in the text outside comments, or `before`. */
static int64_t limit_in(const char *text, int64_t before)
{
	int64_t limit = before;

	while (*text) {
		if (text_has_prefix(text, "<!--")) {
			const char *end = strstr(text, "-->");

			text = end ? end : text + strlen(text);
		} else if (text_has_prefix(text, LIMIT_NAME)) {
			const char *value = text + strlen(LIMIT_NAME);
			_cleanup_free_ char *number = NULL;

			value += strspn(value, " \t\n>");
			number = text_format("%.*s", (int)strspn(value, "0123456789"), value);
			(void)text_to_number(number, 1, INT32_MAX, &limit);
		}
		text += *text != '\0';
	}
	return limit;
}

static int is_bus_config(const struct dirent *entry)
{
	return text_has_suffix(entry->d_name, ".conf");
}

static int64_t limit_in_folder(const char *path, int64_t limit)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_bus_config, alphasort);

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *file = text_format("%s/%s", path, entries[i]->d_name);
		_cleanup_free_ char *text = doctor_file(file);

		limit = limit_in(text, limit);
		free(entries[i]);
	}
	free(entries);
	return limit;
}

/* In the order in which its main file includes the others. */
static int64_t bus_limit(void)
{
	_cleanup_free_ char *main_file = doctor_file("/usr/share/dbus-1/system.conf");
	_cleanup_free_ char *local = doctor_file("/etc/dbus-1/system-local.conf");
	int64_t limit = limit_in(main_file, CONNECTIONS_DEFAULT);

	limit = limit_in_folder("/usr/share/dbus-1/system.d", limit);
	limit = limit_in_folder("/etc/dbus-1/system.d", limit);
	return limit_in(local, limit);
}

/* Every sshd that begins a login is a connection of root for a moment. */
static void compare_with_sshd(struct doctor *doctor, int64_t limit)
{
	_cleanup_free_ char *fix = fix_in_file(doctor, LOCAL_CONFIG, MORE_CONNECTIONS);
	struct sshd_effective sshd = SSHD_EFFECTIVE_INIT;
	int64_t startups[3] = { 0 };

	if (sshd_is_installed() && sshd_effective_read(&sshd) == 0 &&
	    sshd_startups(&sshd, startups) && startups[2] >= limit)
		note(doctor, VERDICT_WARNING, fix,
		     "the bus takes %ld connections of root, and sshd's MaxStartups lets %ld "
		     "logins begin at once", (long)limit, (long)startups[2]);
	else
		note(doctor, VERDICT_OK, "", "it answers, and takes %ld connections of root",
		     (long)limit);
	sshd_effective_done(&sshd);
}

void check_bus(struct doctor *doctor)
{
	int r = local_socket_try(BUS_SOCKET, CONNECT_MS);

	if (r < 0) {
		note(doctor, VERDICT_BROKEN, "systemctl start dbus.socket",
		     "nobody listens at %s: %s", BUS_SOCKET, strerror(-r));
		return;
	}
	doctor->has_bus = true;
	compare_with_sshd(doctor, bus_limit());
}

/* --- the daemons --- */

static void judge_jauthd(struct doctor *doctor)
{
	const json_t *version = json_object_get(doctor->status, "version");

	if (!doctor->status)
		note(doctor, VERDICT_BROKEN, START_ALL,
		     "jauthd does not answer: nobody logs in by jauth");
	else if (!text_equals(json_string_value(version), PACKAGE_VERSION))
		note(doctor, VERDICT_WARNING, "systemctl restart jauthd",
		     "jauthd is of version %s, and this program of %s",
		     json_string_value(version), PACKAGE_VERSION);
	else
		note(doctor, VERDICT_OK, "", "jauthd answers, version %s", PACKAGE_VERSION);
}

static void judge_http(struct doctor *doctor)
{
	int r = http_ping(CONNECT_MS);

	doctor->has_http = r == 0;
	if (r == -ETIMEDOUT)
		note(doctor, VERDICT_BROKEN, "systemctl restart jauth-http",
		     "jauth-http takes calls and does not answer");
	else if (r < 0)
		note(doctor, VERDICT_BROKEN, START_ALL,
		     "jauth-http does not answer (%s): no vendor and no relay can be reached",
		     strerror(-r));
	else
		note(doctor, VERDICT_OK, "", "jauth-http answers");
}

void check_daemons(struct doctor *doctor)
{
	if (doctor->has_bus &&
	    bus_admin_quietly(doctor->ctl, "Status", json_array(), &doctor->status) != EXIT_DONE)
		doctor->status = NULL;
	if (doctor->status && bus_admin_quietly(doctor->ctl, "ListMethods", json_array(),
						&doctor->methods) != EXIT_DONE)
		doctor->methods = NULL;
	judge_jauthd(doctor);
	judge_http(doctor);
}

/* --- units --- */

static const struct unit {
	const char *name;
	bool is_needed;                  /* else only where people are made by jauth */
} units[] = {
	{ "jauthd.service", true },
	{ "jauth-http.socket", true },
	{ "jauth-userdb.socket", false },
};

static void judge_unit(struct doctor *doctor, const char *name)
{
	const char *const argv[] = {
		SYSTEMCTL, "show",
		"--property=LoadState,ActiveState,UnitFileState,NeedDaemonReload", name, NULL
	};
	const struct child child = { argv, TIMEOUT_MS, false };
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);
	int r = child_run(&child, &out);
	_cleanup_free_ char *load = doctor_word(buf_text(&out), "LoadState", "=");
	_cleanup_free_ char *active = doctor_word(buf_text(&out), "ActiveState", "=");
	_cleanup_free_ char *file = doctor_word(buf_text(&out), "UnitFileState", "=");
	_cleanup_free_ char *stale = doctor_word(buf_text(&out), "NeedDaemonReload", "=");
	_cleanup_free_ char *fix = text_format("systemctl enable --now %s", name);

	if (r != 0 || !load || !active || !file)
		note(doctor, VERDICT_SKIPPED, "", "systemctl does not say how %s is", name);
	else if (!text_equals(load, "loaded"))
		note(doctor, VERDICT_BROKEN,
		     N_("systemctl daemon-reload; is jauth installed whole?"), "%s is %s", name,
		     load);
	else if (!text_equals(active, "active"))
		note(doctor, VERDICT_BROKEN, fix, "%s is %s", name, active);
	else if (!text_equals(file, "enabled") && !text_equals(file, "static"))
		note(doctor, VERDICT_WARNING, fix,
		     "%s is %s: it does not run after the next start", name, file);
	else if (text_equals(stale, "yes"))
		note(doctor, VERDICT_WARNING, "systemctl daemon-reload",
		     "the unit file of %s has changed", name);
	else
		note(doctor, VERDICT_OK, "", "%s is active and %s", name, file);
}

void check_units(struct doctor *doctor)
{
	if (access(SYSTEMD_RUNS, F_OK) < 0) {
		note(doctor, VERDICT_SKIPPED, "", "systemd does not run here");
		return;
	}
	for (size_t i = 0; i < N_ELEMENTS(units); i++)
		if (units[i].is_needed || doctor_has_people(doctor))
			judge_unit(doctor, units[i].name);
}
