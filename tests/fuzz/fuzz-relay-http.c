/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests to jauth-relay, as far as libmicrohttpd hands them on: "GET /path?query", header lines,
 * an empty line, a body; the next one behind a NUL. One link is open and listens to an app, one
 * browser has pressed, one host has a key. Every request is answered once, and digits are for that
 * browser only.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/link.h"
#include "jauth-relay/relay.h"
#include "jauth-relay/request.h"
#include "jauth-relay/routes.h"
#include "jauth-relay/server.h"

#define ID     "AAAAAAAAAAAAAAAAAAAA-_"
#define TOKEN  "tokentokentokentokento"
#define SECRET "sssssssssssssssssssssssssssssssssssssssssss"
#define COOKIE "__Host-jauth=" ID "." SECRET
#define HOST   "0123456789abcdef"
#define KEY    "fedcba9876543210"
#define STATE  "abcdefghijklmnopqrstuv"

#define REQUESTS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char body[] =
	"{\"user\":\"jane\",\"service\":\"sshd\",\"source\":\"192.0.2.7\",\"since\":1699999990,"
	"\"seconds\":180,\"digits\":true,\"listen\":\"wx1\",\"targets\":[{\"method\":\"work\","
	"\"title\":\"WeCom\",\"app\":\"wecom\"},{\"method\":\"hub\",\"title\":\"Hub\",\"app\":"
	"\"browser\"},{\"method\":\"mini\",\"title\":\"Mini\",\"app\":\"mini-program\"}]}";
static const char target[] =
	"{\"method\":\"work\",\"state\":\"" STATE "\",\"url\":\"https://op.example.org/\"}";
static const char result[] = "{\"result\":\"digits\",\"digits\":\"47\"}";

static void on_changed(void *context, const char *id)
{
	struct relay *relay = context;

	waits_wake(relay->waits, id);
}

static void on_nothing(void *context UNUSED)
{
}

static void on_done(void *context UNUSED, int error)
{
	if (error < 0)
		abort();
}

static void make_key(struct relay *relay)
{
	struct host_record key = { .kind = HOST_KEY, .id = KEY, .host = HOST, .name = "web1" };
	char folder[] = "/tmp/fuzz-relay-XXXXXX", path[64];
	struct digest digest;

	if (!mkdtemp(folder) || crypto_digest(DIGEST_SHA256, SECRET, strlen(SECRET), &digest) < 0)
		abort();
	(void)snprintf(path, sizeof(path), "%s/hosts", folder);
	memcpy(key.secret, digest.bytes, SHA256_BYTES);
	key.created_s = 1700000000;
	if (hosts_open(NULL, path, NULL, NULL, &relay->hosts) < 0 ||
	    hosts_merge(relay->hosts, &key) < 0)
		abort();
}

/* Made once and never freed; the store anew for each input. */
static struct relay *make_relay(void)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	struct conf_report report = { 0 };
	struct conf conf = { 0 };
	static const char text[] = "[relay]\nurl = https://login.example.org\n";

	if (!relay || sd_event_new(&relay->event) < 0 || page_make_policy(relay->policy) < 0)
		abort();
	conf_read_text(text, strlen(text), "fuzz", &conf, &report);
	if (config_make(&conf, "fuzz", &relay->config, &report) < 0)
		abort();
	conf_done(&conf);
	relay->waits = waits_new(relay->event);
	relay->strangers = strangers_new();
	relay->pushers = strangers_new();
	make_key(relay);
	return relay;
}

static void open_store(struct relay *relay)
{
	const struct store_settings settings = {
		.event = relay->event, .links_max = 100, .links_per_host = 100,
		.link_changed = on_changed, .host_changed = on_changed,
		.keys_changed = on_nothing, .came_back = on_nothing, .context = relay,
	};
	const struct link_owner owner = { ID, HOST, "web1" };
	struct buf bytes = BUF_INIT_SECRET(LINK_BYTES_MAX);
	struct stored stored = { .id = ID, .host = HOST };
	struct listening listening = { .app = "wx1", .host = HOST, .link = ID };
	struct link *link = NULL;
	int64_t now_s = relay_now_s(relay);

	if (store_new(&settings, &relay->store) < 0 ||
	    link_new(&owner, body, strlen(body), now_s, &link) < 0)
		abort();
	(void)text_into(link->token, sizeof(link->token), TOKEN);
	if (link_press(link, "work", SECRET, now_s) < 0 ||
	    link_set_target(link, target, strlen(target)) < 0 ||
	    link_set_result(link, result, strlen(result)) < 0)
		abort();
	link_encode(link, &bytes);
	stored.expires_s = link->expires_s;
	stored.data = bytes.data;
	stored.len = bytes.len;
	store_put(relay->store, &stored, true, on_done, NULL);
	listening.until_s = link->expires_s;
	store_listen(relay->store, &listening, on_done, NULL);
	buf_done(&bytes);
	link_free(link);
}

/* --- requests --- */

static void on_answered(struct request *request)
{
	const char *page = buf_text(&request->answer.body);
	const char *cookie = request->headers[HEADER_COOKIE];
	unsigned status = request->answer.status;

	if (status < 200 || status > 599 || (status == 500 && buf_failed(&request->answer.body)))
		abort();
	if (strstr(page, "class=\"digits\"") && (!cookie || !strstr(cookie, COOKIE)))
		abort();
	/* Of a mini program nobody has a receipt here: they are random. */
	if (strstr(page, "\"digits\": \""))
		abort();
	if (strstr(page, "<script") && (!text_has_prefix(request->path, "/d/") ||
					strstr(page, "class=\"digits\"")))
		abort();
	for (unsigned i = 0; i < request->answer.n_headers; i++)
		if (strpbrk(request->answer.headers[i].value, "\r\n"))
			abort();
}

static enum request_method read_method(const char *name, size_t len)
{
	static const char *const names[] = { "GET", "HEAD", "POST", "PUT", "DELETE" };

	for (unsigned i = 0; i < N_ELEMENTS(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return 1u << i;
	return REQUEST_OTHER;
}

/* `text` is changed. NULL: no request. */
static struct request *read_request(struct relay *relay, char *text)
{
	char *line = strsep(&text, "\n"), *space = strchr(line, ' ');
	struct request *request;

	if (!space)
		return NULL;
	request = request_new(space + 1);
	if (!request)
		abort();
	request->relay = relay;
	request->answered = on_answered;
	request->method = read_method(line, (size_t)(space - line));
	while ((line = strsep(&text, "\n")) && *line) {
		char *colon = strstr(line, ": ");

		if (!colon)
			continue;
		*colon = '\0';
		request_set_header(request, line, colon + 2);
	}
	if (text)
		buf_add_text(&request->body, text);
	request_set_peer(request, "127.0.0.1", true);
	return request;
}

static void turn(struct relay *relay)
{
	while (sd_event_run(relay->event, 0) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct relay *relay;
	struct request *requests[REQUESTS_MAX];
	size_t n = 0;

	if (!relay)
		relay = make_relay();
	open_store(relay);
	while (size && n < REQUESTS_MAX) {
		size_t len = strnlen((const char *)data, size);
		char *text = strndup((const char *)data, len);

		if (!text)
			abort();
		requests[n] = read_request(relay, text);
		free(text);
		data += len + (len < size);
		size -= len + (len < size);
		if (!requests[n])
			continue;
		routes_handle(requests[n++]);
		turn(relay);
	}
	waits_end(relay->waits, NULL);
	turn(relay);
	store_free(relay->store);
	for (size_t i = 0; i < n; i++) {
		if (!requests[i]->is_answered)
			abort();
		request_free(requests[i]);
	}
	return 0;
}
