/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: what lies beyond this machine: authorities, relay, the vendors and their clocks. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "jauthctl/bus.h"
#include "jauthctl/child.h"
#include "jauthctl/doctor.h"
#include "jauthctl/http-call.h"
#include "jauthctl/setup-files.h"
#include "jauthctl/talk.h"

#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"  /* libcurl's of Debian */
#define JAUTHCTL    "/proc/self/exe"
#define RELAY_MS    90000
#define CONNECT_MS  5000
#define TOTAL_MS    10000
#define BODY_MAX    65536

#define SEE_LOG N_("look into the log of jauthd: journalctl -u jauthd")

#define CLOCK_ODD_S     5                /* a reply is on its way for a while */
#define CLOCK_BROKEN_S  60               /* codes of apps, tokens, certificates */
#define CERTIFICATE_S   (14 * 24 * 3600)

/* --- certificates --- */

void check_authorities(struct doctor *doctor)
{
	FILE *file = fopen(AUTHORITIES, "re");
	struct stat st;
	char line[256];
	unsigned n = 0;

	if (!file || fstat(fileno(file), &st) < 0) {
		note(doctor, VERDICT_BROKEN, "apt install ca-certificates",
		     "%s: %s: no server can be trusted", AUTHORITIES, strerror(errno));
		if (file)
			(void)fclose(file);
		return;
	}
	while (fgets(line, sizeof(line), file))
		n += text_has_prefix(line, "-----BEGIN CERTIFICATE");
	(void)fclose(file);
	if (!(st.st_mode & S_IROTH))
		note(doctor, VERDICT_BROKEN, "chmod a+r " AUTHORITIES,
		     "%s cannot be read by jauth-http", AUTHORITIES);
	else if (n == 0)
		note(doctor, VERDICT_BROKEN, "update-ca-certificates --fresh",
		     "%s has no certificate: no server can be trusted", AUTHORITIES);
	else
		note(doctor, VERDICT_OK, "", "%u authorities are trusted", n);
}

/* Without its help every call would only last as long as it may. */
static bool can_ask(struct doctor *doctor)
{
	if (!doctor->has_http)
		note(doctor, VERDICT_SKIPPED, "", "jauth-http does not answer");
	return doctor->has_http;
}

/* --- the relay --- */

static void judge_relay_row(struct doctor *doctor, const json_t *row)
{
	const char *server = json_string_value(json_object_get(row, "server"));
	const char *state = json_string_value(json_object_get(row, "state"));
	const char *host = json_string_value(json_object_get(row, "host"));

	if (json_is_true(json_object_get(row, "ready")))
		note(doctor, VERDICT_OK, "", "%s answers and knows this host as %s", server, host);
	else
		note(doctor, VERDICT_BROKEN, "jauth-relay(8); jauthctl relay enrol",
		     "%s: %s", server, state ? state : say_found(doctor, N_("no answer")));
}

/* It connects when there is a login to hear of. */
static void judge_events(struct doctor *doctor)
{
	const json_t *n_failures = json_object_get(doctor->status, "relay-failures");

	if (json_integer_value(n_failures) > 0 &&
	    !json_is_true(json_object_get(doctor->status, "relay-connected")))
		note(doctor, VERDICT_WARNING, SEE_LOG,
		     "jauthd's last %lld calls to the relay have failed: it does not hear of "
		     "approvals", (long long)json_integer_value(n_failures));
}

/* The command knows the key and the servers. */
void check_relay(struct doctor *doctor)
{
	static const char *const argv[] = { JAUTHCTL, "relay", "status", "--json", NULL };
	const struct child child = { argv, RELAY_MS, true };
	_cleanup_(buf_done) struct buf out = BUF_INIT(64 * 1024);
	json_t *rows, *row;
	size_t i;

	if (!doctor_value(doctor, "relay", "url")) {
		note(doctor, VERDICT_SKIPPED, "", "the configuration has no relay");
		return;
	}
	if (!can_ask(doctor))
		return;
	(void)child_run(&child, &out);
	rows = json_read_array(buf_text(&out), out.len);
	if (!rows) {
		const char *text = buf_text(&out);

		note(doctor, VERDICT_BROKEN, "jauthctl relay status", "%.*s",
		     (int)strcspn(text, "\n"), text);
		return;
	}
	json_array_foreach(rows, i, row)
		judge_relay_row(doctor, row);
	json_free(rows);
	judge_events(doctor);
}

/* --- servers --- */

/* The date of a reply's header (RFC 9110, section 5.6.7) or of a certificate; -1: none. */
static int64_t parse_date(const char *text, const char *form)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, form, &tm);

	return end && !*end ? (int64_t)timegm(&tm) : -1;
}

static void judge_clock(struct doctor *doctor, const char *server, const char *date)
{
	int64_t theirs_s = parse_date(date, "%a, %d %b %Y %H:%M:%S GMT");
	int64_t off_s = (int64_t)time(NULL) - theirs_s;

	if (theirs_s < 0)
		return;
	doctor->check = "clock";
	if (off_s > CLOCK_ODD_S || off_s < -CLOCK_ODD_S)
		note(doctor, off_s > CLOCK_BROKEN_S || off_s < -CLOCK_BROKEN_S ? VERDICT_BROKEN :
		     VERDICT_WARNING, "timedatectl set-ntp true",
		     off_s < 0 ? N_("this machine's clock is %lld s behind that of %s") :
				 N_("this machine's clock is %lld s ahead of that of %s"),
		     (long long)(off_s < 0 ? -off_s : off_s), server);
	else
		note(doctor, VERDICT_OK, "", "as that of %s", server);
	doctor->check = "servers";
}

static void judge_certificate(struct doctor *doctor, const char *server, const char *until)
{
	int64_t until_s = parse_date(until, "%b %d %H:%M:%S %Y GMT");
	int64_t left_s = until_s - (int64_t)time(NULL);

	if (until_s > 0 && left_s < CERTIFICATE_S)
		note(doctor, VERDICT_WARNING, N_("have its certificate renewed"),
		     "the certificate of %s ends in %lld days", server,
		     (long long)(left_s / (24 * 3600)));
}

static struct http_request *make_request(const char *server, const char *proxy)
{
	struct http_request *request = http_request_new(HTTP_GET, server);

	request->proxy = text_copy(proxy);
	request->connect_ms = CONNECT_MS;
	request->total_ms = TOTAL_MS;
	request->max_body = BODY_MAX;
	request->once = true;            /* so that the certificate is told */
	return http_request_is_valid(request) ? request : http_request_free(request);
}

static void judge_reply(struct doctor *doctor, const char *server, const struct http_reply *reply)
{
	if (reply->result == HTTP_DONE) {
		note(doctor, VERDICT_OK, "", "%s answers", server);
		judge_certificate(doctor, server, reply->certificate_until);
		judge_clock(doctor, server, reply->date);
	} else if (reply->result == HTTP_BROKEN) {
		/* Some take nothing but their own calls; TLS was right. */
		note(doctor, VERDICT_OK, "", "%s is there: %s", server, reply->error);
	} else {
		note(doctor, VERDICT_BROKEN,
		     N_("look at DNS, routes, the firewall; a way out by a proxy is the key proxy"),
		     "%s cannot be reached: %s", server, reply->error);
	}
}

static void judge_server(struct doctor *doctor, const char *server, const char *proxy)
{
	struct http_request *request = make_request(server, proxy);
	struct http_reply reply = { 0 };
	int r = request ? http_call(request, &reply) : -EINVAL;

	http_request_free(request);
	if (r < 0)
		note(doctor, VERDICT_BROKEN, "systemctl enable --now jauth-http.socket",
		     "jauth-http cannot be asked: %s", strerror(-r));
	else
		judge_reply(doctor, server, &reply);
	http_reply_done(&reply);
}

/* Each origin once. */
static void look_at(struct doctor *doctor, char ***seen, const char *url, const char *proxy)
{
	_cleanup_(buf_done) struct buf origin = BUF_INIT(URL_MAX);

	if (!url || !url_is_valid(url, URL_MAX))
		return;
	url_add_origin(&origin, url);
	if (list_has(*seen, buf_text(&origin)))
		return;
	if (list_add(seen, buf_text(&origin)) < 0)
		abort();
	judge_server(doctor, buf_text(&origin), proxy);
}

/* Of vendors of messages, and of the relay; where a key has it. */
static void look_at_sections(struct doctor *doctor, char ***seen)
{
	static const char *const keys[] = { "url", "endpoint" };

	for (size_t i = 0; i < doctor->conf.n_sections; i++) {
		const struct conf_section *section = &doctor->conf.sections[i];

		if (!text_equals(section->name, "relay") && !text_has_prefix(section->name, "sms "))
			continue;
		for (size_t k = 0; k < N_ELEMENTS(keys); k++) {
			const struct conf_entry *entry = conf_find(section, keys[k]);

			look_at(doctor, seen, entry ? entry->value : NULL, NULL);
		}
	}
}

void check_servers(struct doctor *doctor)
{
	_cleanup_list_ char **seen = NULL;
	json_t *row;
	size_t i;

	if (!can_ask(doctor))
		return;
	json_array_foreach(doctor->methods, i, row) {
		const char *id = json_string_value(json_object_get(row, "method"));
		const struct conf_section *section = setup_conf_method(&doctor->conf, id);
		const struct conf_entry *proxy = conf_find(section, "proxy");

		look_at(doctor, &seen, json_string_value(json_object_get(row, "server")),
			proxy ? proxy->value : NULL);
	}
	look_at_sections(doctor, &seen);
	if (!seen)
		note(doctor, VERDICT_SKIPPED, "", "no method needs one");
}

/* --- methods --- */

static void probe(struct doctor *doctor, const char *id)
{
	struct login_facts facts = { .phase = LOGIN_TEST, .service = "jauthctl", .user = "",
				     .method = id };
	_cleanup_(buf_done) struct buf reason = BUF_INIT(4096);
	_cleanup_free_ char *fix = fix_text(doctor, "jauthctl method probe %s shows each step", id);
	enum exit_code code = talk_alone(doctor->ctl, &facts, NULL, &reason);

	if (code == EXIT_DONE)
		note(doctor, VERDICT_OK, "", "%s: its vendor takes the app and its keys", id);
	else if (text_equals(buf_text(&reason), login_state_names[LOGIN_CANCELLED]))
		note(doctor, VERDICT_SKIPPED, "", "%s: its test needs a person: "
		     "jauthctl method probe %s", id, id);
	else
		note(doctor, VERDICT_BROKEN, fix, "%s: %s", id, buf_text(&reason));
}

static void judge_method(struct doctor *doctor, const json_t *row)
{
	const char *id = json_string_value(json_object_get(row, "method"));
	const char *state = json_string_value(json_object_get(row, "state"));

	if (text_equals(state, "disabled"))
		note(doctor, VERDICT_SKIPPED, "", "%s is disabled", id);
	else if (json_is_true(json_object_get(row, "test")))
		probe(doctor, id);
	else if (!text_equals(state, "ready"))
		note(doctor, VERDICT_BROKEN, SEE_LOG, "%s: %s", id, state);
	else
		note(doctor, VERDICT_SKIPPED, "", "%s: this type has no test; a whole login is "
		     "one: jauthctl try USER --method %s", id, id);
}

void check_methods(struct doctor *doctor)
{
	json_t *row;
	size_t i;

	if (!doctor->methods)
		note(doctor, VERDICT_SKIPPED, "", "jauthd does not answer");
	if (!doctor->methods || !can_ask(doctor))
		return;
	json_array_foreach(doctor->methods, i, row)
		judge_method(doctor, row);
}
