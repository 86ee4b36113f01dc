/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: how this machine finds out who somebody is: NSS, its neighbours, jauth-userdb. */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/snapshot.h"
#include "base/text.h"
#include "jauthctl/doctor.h"
#include "jauthctl/local-socket.h"
#include "pam_jauth/deadline.h"

#define NSSWITCH      "/etc/nsswitch.conf"
#define NSCD_SOCKET   "/run/nscd/socket"
#define SSSD_CONF     "/etc/sssd/sssd.conf"
#define SSSD_SOCKET   "/run/sssd/private/sbus-monitor"
#define SSSD_NSS      "/var/lib/sss/pipes/nss"
#define USERDB_NAME   "org.jauth1"
#define USERDB_SOCKET "/run/systemd/userdb/" USERDB_NAME
#define USERDB_MS     3000
#define SLOW_MS       200
#define ANSWER_MAX    65536

#define LOCAL_UID_MIN 65536
#define LOCAL_UID_MAX 199999
#define FLEET_UID_MIN 0x78000000LL
#define FLEET_UID_MAX 0x7ffffffeLL

/* --- the order of NSS --- */

/* Where a service stands in the line of a database, from 1; 0: it does not. */
static unsigned place_of(const char *line, const char *service)
{
	unsigned place = 0, found = 0;
	bool in_brackets = false;

	for (line += strspn(line, " \t"); *line && !found; line += strspn(line, " \t")) {
		size_t len = strcspn(line, " \t");

		in_brackets = in_brackets || *line == '[';
		place++;
		if (!in_brackets && strlen(service) == len && strncmp(line, service, len) == 0)
			found = place;
		if (memchr(line, ']', len))
			in_brackets = false;
		line += len;
	}
	return found;
}

static void judge_database(struct doctor *doctor, const char *text, const char *database,
			   bool is_needed)
{
	_cleanup_free_ char *label = text_format("%s:", database);
	_cleanup_free_ char *line = doctor_word(text, label, " \t");
	_cleanup_free_ char *right = text_format("%s: files systemd", database);
	_cleanup_free_ char *fix = fix_in_file(doctor, NSSWITCH, right);
	unsigned files = place_of(line ? line : "", "files");
	unsigned systemd = place_of(line ? line : "", "systemd");

	/* Debian's compat reads the files, too. */
	if (!files)
		files = place_of(line ? line : "", "compat");
	if (!line && !is_needed)
		return;
	if (!files)
		note(doctor, VERDICT_BROKEN, fix, "%s does not look into this machine's own files",
		     database);
	else if (systemd && systemd < files)
		note(doctor, VERDICT_BROKEN, fix,
		     "%s asks systemd before files: whoever answers there can stand in for root",
		     database);
	else if (!systemd && is_needed)
		note(doctor, VERDICT_BROKEN, fix,
		     "%s does not ask systemd: people whom jauth has made are not found", database);
	else
		note(doctor, VERDICT_OK, "", systemd ? N_("%s: files before systemd") :
		     N_("%s: files without systemd, and jauth makes nobody"), database);
}

void check_names(struct doctor *doctor)
{
	_cleanup_free_ char *text = doctor_file(NSSWITCH);
	_cleanup_free_ char *initgroups = doctor_word(text, "initgroups:", " \t");
	_cleanup_free_ char *fix = fix_in_file(doctor, NSSWITCH,
					       "initgroups: files [SUCCESS=continue] systemd");
	bool has_people = doctor_has_people(doctor);

	judge_database(doctor, text, "passwd", has_people);
	judge_database(doctor, text, "group", has_people);
	if (initgroups && has_people && !place_of(initgroups, "systemd"))
		note(doctor, VERDICT_WARNING, fix,
		     "initgroups does not ask systemd: people of jauth have no groups but their "
		     "first");
}

/* --- SSSD and nscd --- */

/* Whether the range of ids that SSSD hands out meets ours. */
static bool ranges_meet(const char *conf, bool is_fleet)
{
	_cleanup_free_ char *min = doctor_word(conf, "ldap_idmap_range_min", " \t=");
	_cleanup_free_ char *max = doctor_word(conf, "ldap_idmap_range_max", " \t=");
	int64_t from = 200000, to = 2000200000;          /* sssd-ldap(5) */

	if (min)
		(void)text_to_number(min, 0, UINT32_MAX, &from);
	if (max)
		(void)text_to_number(max, 0, UINT32_MAX, &to);
	return is_fleet ? from <= FLEET_UID_MAX && to >= FLEET_UID_MIN :
			  from <= LOCAL_UID_MAX && to >= LOCAL_UID_MIN;
}

static void judge_sssd(struct doctor *doctor)
{
	_cleanup_free_ char *conf = doctor_file(SSSD_CONF);
	bool is_fleet = text_equals(doctor_value(doctor, "accounts", "uids"), "fleet");
	_cleanup_free_ char *fix = fix_in_file(doctor, SSSD_CONF, is_fleet ?
					       "ldap_idmap_range_max = 2000200000" :
					       "ldap_idmap_range_min = 200000");
	bool is_here = *conf || access(SSSD_SOCKET, F_OK) == 0 || access(SSSD_NSS, F_OK) == 0;

	if (!is_here)
		note(doctor, VERDICT_OK, "", "no SSSD beside jauth");
	else if (doctor_has_people(doctor) && ranges_meet(conf, is_fleet))
		note(doctor, VERDICT_BROKEN, fix,
		     "SSSD hands out ids that jauth may give to others");
	else
		note(doctor, VERDICT_OK, "", "SSSD is here, and its ids are others than jauth's");
}

static void judge_nscd(struct doctor *doctor)
{
	_cleanup_free_ char *fix = fix_in_file(doctor, "/etc/nscd.conf", "enable-cache passwd no, "
					       "enable-cache group no");

	if (local_socket_try(NSCD_SOCKET, 1000) < 0)
		note(doctor, VERDICT_OK, "", "no nscd beside jauth");
	else
		note(doctor, VERDICT_WARNING, fix,
		     "nscd remembers who is not there: new people, new groups and leavers are "
		     "seen late");
}

void check_neighbours(struct doctor *doctor)
{
	judge_sssd(doctor);
	judge_nscd(doctor);
}

/* --- jauth-userdb --- */

/* The snapshot as it lies on the disk. The name of one of its people, for the caller to free; NULL:
 * there is none, or it cannot be read. */
static char *judge_snapshot(struct doctor *doctor)
{
	struct snapshot *snapshot = NULL;
	struct snapshot_user user;
	char *name = NULL;
	int r = snapshot_open(SNAPSHOT_PATH, &snapshot);

	if (r < 0) {
		note(doctor, VERDICT_BROKEN, N_("systemctl restart jauthd, which writes it anew"),
		     "%s: %s", SNAPSHOT_PATH,
		     r == -EBADMSG ? say_found(doctor, N_("it is damaged")) : strerror(-r));
		return NULL;
	}
	note(doctor, VERDICT_OK, "", "the snapshot has %zu people and %zu groups",
	     snapshot_n_users(snapshot), snapshot_n_groups(snapshot));
	if (snapshot_n_users(snapshot) > 0) {
		snapshot_nth_user(snapshot, 0, &user);
		name = text_copy(user.name);
	}
	snapshot_close(snapshot);
	return name;
}

/* By the same call as nss-systemd's; `user` NULL: one whom nobody knows. */
static int ask_userdb(const char *user, struct buf *answer, int64_t *ret_ms)
{
	_cleanup_(buf_done) struct buf question = BUF_INIT(1024);
	int64_t start_ms = monotonic_ms();
	int r;

	buf_add_text(&question, "{\"method\":\"io.systemd.UserDatabase.GetUserRecord\","
		     "\"parameters\":{\"userName\":");
	json_add_text(&question, user ? user : "jauth-doctor-nobody");
	buf_add_text(&question, ",\"service\":\"" USERDB_NAME "\"}}");
	buf_add(&question, "", 1);
	r = local_socket_ask(USERDB_SOCKET, &question, USERDB_MS, answer);
	*ret_ms = monotonic_ms() - start_ms;
	return r;
}

static bool answer_is_right(const struct buf *answer, const char *user)
{
	_cleanup_json_ struct json_t *reply = json_read_object(buf_text(answer), answer->len);
	const struct json_t *parameters = reply ? json_object_at(reply, "parameters") : NULL;
	const struct json_t *record = parameters ? json_object_at(parameters, "record") : NULL;

	if (!reply)
		return false;
	if (!user)
		return text_equals(json_text(reply, "error", 100),
				   "io.systemd.UserDatabase.NoRecordFound");
	return record && text_equals(json_text(record, "userName", 100), user);
}

static bool judge_answer(struct doctor *doctor, const char *user)
{
	_cleanup_(buf_done) struct buf answer = BUF_INIT(ANSWER_MAX);
	int64_t ms;
	int r = ask_userdb(user, &answer, &ms);

	if (r == -ETIMEDOUT)
		note(doctor, VERDICT_BROKEN, "systemctl restart jauth-userdb",
		     "jauth-userdb takes calls and does not answer: every look-up of every user "
		     "waits for it");
	else if (r < 0)
		note(doctor, VERDICT_BROKEN, "systemctl enable --now jauth-userdb.socket",
		     "%s: %s: people whom jauth has made are not found", USERDB_SOCKET,
		     strerror(-r));
	else if (!answer_is_right(&answer, user))
		note(doctor, VERDICT_BROKEN, "systemctl restart jauth-userdb",
		     "jauth-userdb does not answer as the snapshot says");
	else if (ms > SLOW_MS)
		note(doctor, VERDICT_WARNING, N_("is the machine overloaded?"),
		     "jauth-userdb took %lld ms to answer", (long long)ms);
	else
		note(doctor, VERDICT_OK, "", "jauth-userdb answers in %lld ms", (long long)ms);
	return r == 0;
}

/* The whole way, as every program goes it. */
static void judge_look_up(struct doctor *doctor, const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (user && user->pw_uid >= LOCAL_UID_MIN)
		note(doctor, VERDICT_OK, "", "getpwnam finds %s", name);
	else
		note(doctor, VERDICT_BROKEN,
		     user ? N_("userdel or rename the one in /etc/passwd, or jauth's") :
			    N_("install libnss-systemd, and look at the row \"names\""),
		     user ? N_("%s is also a user of this machine, who comes first") :
			    N_("getpwnam does not find %s, whom jauth has made"), name);
}

/* jauthd writes one for nobody, too. One that is damaged may be of somebody. */
static bool snapshot_is_of_nobody(void)
{
	struct snapshot *snapshot = NULL;
	int r = snapshot_open(SNAPSHOT_PATH, &snapshot);
	bool is_of_nobody = r == -ENOENT || (r == 0 && snapshot_n_users(snapshot) == 0);

	snapshot_close(snapshot);
	return is_of_nobody;
}

void check_userdb(struct doctor *doctor)
{
	_cleanup_free_ char *name = NULL;

	if (!doctor_has_people(doctor) && snapshot_is_of_nobody()) {
		note(doctor, VERDICT_SKIPPED, "", "the configuration lets jauth make nobody");
		return;
	}
	name = judge_snapshot(doctor);
	/* One that is silent would hold us up for a minute. */
	if (judge_answer(doctor, name) && name)
		judge_look_up(doctor, name);
}
