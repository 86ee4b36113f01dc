/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logins-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "jauthd/accounts.h"

struct script *script_now;

/* --- the provider --- */

static const struct login_prompt prompt = { .text = "Word: ", .echo = true };

static const struct login_code code = {
	.link = "https://op.example.org/device?user_code=ABCD-EFGH",
	.plain_link = "https://op.example.org/device",
	.user_code = "ABCD-EFGH",
	.text = "Scan the code:",
};

static void listen_and_show(struct login *login, enum script_act what)
{
	struct login_code shown = code;

	login_listen(login, script_now->app);
	if (what == SCRIPT_LISTEN_TWICE)
		login_listen(login, script_now->app);
	if (what == SCRIPT_LISTEN_PROMPT)
		shown.prompt = &prompt;
	(void)login_show_code(login, &shown);
}

static void act(struct login *login, enum script_act what)
{
	static const struct login_prompt keys = { .text = "Word, q or c: ", .keys = true };

	script_now->login = login;
	switch (what) {
	case SCRIPT_NOTHING:
		break;
	case SCRIPT_IDENTIFY:
		login_identify(login, &script_now->identity);
		break;
	case SCRIPT_DENY:
		login_deny(login, script_now->deny, "the script says so");
		break;
	case SCRIPT_FAIL:
		login_fail(login, script_now->fail, "the script says so");
		break;
	case SCRIPT_PROMPT:
		login_prompt(login, &prompt);
		break;
	case SCRIPT_CODE:
		login_show_code(login, &code);
		break;
	case SCRIPT_TWICE:
		login_identify(login, &script_now->identity);
		login_deny(login, DENY_REFUSED, "too late");
		assert_int_equal(login_prompt(login, &prompt), 0);
		break;
	case SCRIPT_REQUEST:
		login_request(login, http_request_new(HTTP_GET, TEST_ISSUER));
		break;
	case SCRIPT_KEYS:
		login_prompt(login, &keys);
		break;
	case SCRIPT_FIND:
		login_find_phones(login, 0);
		break;
	case SCRIPT_DONE:
		login_done(login);
		break;
	case SCRIPT_REDIRECT_TWICE:
		login_redirect(login, script_now->url);
		login_redirect(login, script_now->url);
		break;
	case SCRIPT_REDIRECT:
		login_redirect(login, script_now->url);
		break;
	case SCRIPT_LISTEN:
	case SCRIPT_LISTEN_PROMPT:
	case SCRIPT_LISTEN_TWICE:
		listen_and_show(login, what);
		break;
	}
}

static void script_start(struct login *login)
{
	script_now->n_starts++;
	script_now->is_errand = false;
	act(login, script_now->act);
}

static void keep(char *ret_field, size_t size, const char *text)
{
	assert_true(text_into(ret_field, size, text ? text : ""));
}

static void script_start_link(struct login *login)
{
	const struct login_link *link = login_link(login);

	assert_non_null(link);
	keep(script_now->state, sizeof(script_now->state), link->state);
	keep(script_now->redirect_uri, sizeof(script_now->redirect_uri), link->redirect_uri);
	keep(script_now->link_id, sizeof(script_now->link_id), link->id);
	keep(script_now->link_page, sizeof(script_now->link_page), link->page);
	keep(script_now->link_method, sizeof(script_now->link_method), link->method);
	script_start(login);
}

static void script_callback(struct login *login, const struct parameters *parameters)
{
	script_now->n_callbacks++;
	keep(script_now->code, sizeof(script_now->code),
	     parameters_text(parameters, "code", sizeof(script_now->code) - 1));
	act(login, script_now->callback);
}

static void script_deliver(struct login *login, const struct login_delivery *delivery)
{
	assert_null(login_link(login));
	script_now->n_deliveries++;
	keep(script_now->delivery_push, sizeof(script_now->delivery_push),
	     delivery->push ? delivery->push->body : "");
	if (script_now->answers)
		login_answer_push(login, delivery->text);
	keep(script_now->subject, sizeof(script_now->subject), delivery->subject);
	keep(script_now->text, sizeof(script_now->text), delivery->text);
	act(login, script_now->deliver);
}

static void script_ssh_keys(struct login *login, const char *subject)
{
	keep(script_now->subject, sizeof(script_now->subject), subject);
	for (size_t i = 0; script_now->ssh_keys && script_now->ssh_keys[i]; i++)
		login_add_ssh_key(login, script_now->ssh_keys[i]);
	act(login, script_now->deliver);
}

static void name_issuer(const void *config UNUSED, struct buf *buf)
{
	buf_add_text(buf, TEST_ISSUER);
}

/* The scene of a login is the number of its start. */
static void script_start_scene(struct login *login)
{
	assert_null(login_link(login));
	*(unsigned *)login_own(login) = script_now->n_starts + 1;
	script_start(login);
}

static enum push_verdict script_pushed(struct login *login, const struct login_push *push)
{
	_cleanup_free_ char *scene = text_format("scene %u", *(unsigned *)login_own(login));

	script_now->n_pushes++;
	if (text_equals(push->method, "GET")) {
		assert_string_equal(push->body, "");
		login_answer_push(login, push->query);
		if (script_now->is_errand)
			login_done(login);
		return PUSH_ANSWERED;
	}
	assert_string_equal(push->query, "");
	if (text_equals(push->body, "forged"))
		return PUSH_FORGED;
	if (text_equals(push->body, "dull"))
		return PUSH_ANSWERED;
	if (!text_equals(push->body, scene))
		return PUSH_FOREIGN;
	if (script_now->answer)
		login_answer_push(login, script_now->answer);
	act(login, script_now->pushed);
	return PUSH_TAKEN;
}

static void start_errand(struct login *login, unsigned *count)
{
	(*count)++;
	script_now->is_errand = true;
	act(login, script_now->errand);
}

static void script_change(struct login *login)
{
	start_errand(login, &script_now->n_changes);
}

static void script_enrol(struct login *login)
{
	start_errand(login, &script_now->n_enrols);
}

static void script_test(struct login *login)
{
	start_errand(login, &script_now->n_tests);
}

static void script_answer(struct login *login, uint32_t number, const struct secret *answer)
{
	const enum script_act asked = script_now->is_errand ? script_now->errand : script_now->act;
	const bool is_right = secret_equals(answer, "right", 5);

	assert_int_not_equal(number, 0);
	script_now->n_answers++;
	if (asked != SCRIPT_PROMPT && asked != SCRIPT_KEYS)
		return;
	if (is_right && script_now->is_errand)
		login_done(login);
	else if (is_right)
		login_identify(login, &script_now->identity);
	else
		login_deny(login, DENY_WRONG, "wrong word");
}

static void script_reply(struct login *login, uint32_t number, const struct http_reply *reply)
{
	assert_int_not_equal(number, 0);
	assert_int_not_equal(reply->result, HTTP_DONE);
	script_now->n_replies++;
	login_fail(login, FAIL_NETWORK, "no reply");
}

/* The approval of a code, as a poll would bring it. */
static void script_timeout(struct login *login, uint32_t number)
{
	assert_int_not_equal(number, 0);
	script_now->n_timeouts++;
	login_identify(login, &script_now->identity);
}

static void script_found(struct login *login, uint32_t number, const struct phone *phones, size_t n)
{
	struct script_told *told = &script_now->told;

	(void)login;
	assert_int_not_equal(number, 0);
	assert_true(n <= N_ELEMENTS(told->phones));
	told->n_found++;
	told->n_phones = n;
	for (size_t i = 0; i < n; i++) {
		told->phones[i].id = phones[i].id;
		assert_true(text_into(told->phones[i].number, sizeof(told->phones[i].number),
				      phones[i].number));
		assert_true(text_into(told->phones[i].label, sizeof(told->phones[i].label),
				      phones[i].label));
	}
}

static void script_counted(struct login *login, uint32_t number, enum send_verdict verdict,
			   int64_t wait_s)
{
	(void)login;
	assert_int_not_equal(number, 0);
	script_now->told.n_counted++;
	script_now->told.verdict = verdict;
	script_now->told.wait_s = wait_s;
}

static void script_judged(struct login *login, uint32_t number, enum code_result result,
			  int64_t wait_s)
{
	(void)login;
	assert_int_not_equal(number, 0);
	script_now->told.n_judged++;
	script_now->told.result = result;
	script_now->told.wait_s = wait_s;
}

static void script_stored(struct login *login, uint32_t number, int error)
{
	(void)login;
	assert_int_not_equal(number, 0);
	script_now->told.n_stored++;
	script_now->told.error = error;
}

static void script_finish(struct login *login)
{
	script_now->n_finished++;
	if (script_now->login == login)
		script_now->login = NULL;
}

static const struct provider script_far = {
	.type = "far",
	.title = N_("Far"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE,
	.limits = { .open_max = 2 },
	.login_size = 16,
	.start = script_start,
	.answer = script_answer,
	.reply = script_reply,
	.timeout = script_timeout,
	.finish = script_finish,
};

static const struct provider script_near = {
	.type = "near",
	.title = N_("Near"),
	.features = PROVIDER_CONFIRMS_HERE | PROVIDER_LOCAL_USER | PROVIDER_CHANGES_PASSWORD |
		    PROVIDER_KEEPS_PASSWORD,
	.login_size = 16,
	.start = script_start,
	.change = script_change,
	.answer = script_answer,
	.reply = script_reply,
	.timeout = script_timeout,
	.finish = script_finish,
};

static const struct provider script_text = {
	.type = "text",
	.title = N_("Text"),
	.gate = N_("type y to get a text"),
	.features = PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE | PROVIDER_LOCAL_USER,
	.login_size = 16,
	.start = script_start,
	.enrol = script_enrol,
	.test = script_test,
	.answer = script_answer,
	.reply = script_reply,
	.timeout = script_timeout,
	.found = script_found,
	.counted = script_counted,
	.judged = script_judged,
	.stored = script_stored,
	.finish = script_finish,
};

#define LINK_FEATURES (PROVIDER_RELAY | PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE)
#define LINK_OPERATIONS \
	.login_size = 16, .start = script_start_link, .answer = script_answer, \
	.reply = script_reply, .callback = script_callback, .timeout = script_timeout, \
	.finish = script_finish

static const struct provider script_app = {
	.type = "app",
	.title = N_("App"),
	.features = LINK_FEATURES | PROVIDER_DELIVERS | PROVIDER_SSH_KEYS,
	.app = RELAY_APP_WECOM,
	.deliver = script_deliver,
	.name_issuer = name_issuer,
	.ssh_keys = script_ssh_keys,
	LINK_OPERATIONS,
};

static const struct provider script_site = {
	.type = "site",
	.title = N_("Site"),
	.features = LINK_FEATURES,
	LINK_OPERATIONS,
};

static const struct provider script_silent = {
	.type = "silent",
	.title = N_("Silent"),
	.features = LINK_FEATURES | PROVIDER_SILENT,
	.app = RELAY_APP_WECHAT,
	LINK_OPERATIONS,
};

/* Its app is known with the configuration only. */
static enum relay_app page_app(const void *config UNUSED)
{
	return RELAY_APP_COMPUTER;
}

static const struct provider script_page = {
	.type = "page",
	.title = N_("Page"),
	.features = LINK_FEATURES,
	.app_of = page_app,
	LINK_OPERATIONS,
};

static const struct provider script_program = {
	.type = "program",
	.title = N_("Program"),
	.features = LINK_FEATURES | PROVIDER_SILENT | PROVIDER_NO_STATE,
	.app = RELAY_APP_MINI_PROGRAM,
	LINK_OPERATIONS,
};

#define PUSH_FEATURES \
	(PROVIDER_PUSHES | PROVIDER_DELIVERS | PROVIDER_CONTACTS | PROVIDER_CONFIRMS_HERE)

static const struct provider script_push = {
	.type = "push",
	.title = N_("Push"),
	.features = PUSH_FEATURES,
	.login_size = 16,
	.start = script_start_scene,
	.test = script_test,
	.answer = script_answer,
	.reply = script_reply,
	.pushed = script_pushed,
	.deliver = script_deliver,
	.timeout = script_timeout,
	.finish = script_finish,
};

const struct provider *const providers[] = {
	&script_far, &script_near, &script_text, &script_app, &script_site, &script_silent,
	&script_page, &script_program, &script_push, NULL
};

const struct provider *provider_find(const char *type)
{
	for (size_t i = 0; providers[i]; i++)
		if (text_equals(providers[i]->type, type))
			return providers[i];
	return NULL;
}

/* --- the world --- */

static void load_config(struct world *world, const char *text)
{
	struct conf_report report = { 0 };

	if (config_load_text(text, strlen(text), &world->config, &report) < 0)
		fail_msg("%s", report.mistakes[0].text);
	conf_report_done(&report);
}

/* A database as db_open() makes one: made once, for that takes longer than most tests. */
static const struct buf *new_database(void)
{
	static struct buf bytes = BUF_INIT(1024 * 1024);
	char folder[] = "/tmp/jauth-test-XXXXXX", path[96];
	struct db *db;

	if (bytes.len)
		return &bytes;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/db", folder);
	assert_int_equal(db_open(path, &db), 0);
	(void)db_close(db);
	assert_int_equal(file_read(path, &bytes), 0);
	(void)unlink(path);
	(void)rmdir(folder);
	return &bytes;
}

static void open_store(struct world *world)
{
	static const struct file_kind kind = { .mode = 0600, .gid = FILE_OWN_GROUP };
	const struct buf *bytes = new_database();
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/db", world->folder);
	assert_int_equal(file_replace(path, &kind, bytes->data, bytes->len), 0);
	assert_int_equal(store_new(world->event, path, &world->store), 0);
}

struct world *world_new(const char *config_text)
{
	struct world *world = calloc(1, sizeof(*world));
	struct logins_env env;

	world->client = -1;
	load_config(world, config_text);
	assert_true(text_into(world->folder, sizeof(world->folder), "/tmp/jauth-test-XXXXXX"));
	assert_non_null(mkdtemp(world->folder));
	assert_int_equal(sd_event_new(&world->event), 0);
	open_store(world);
	assert_int_equal(workers_new(world->event, "names", 1, 64, NULL, &world->names), 0);
	assert_int_equal(workers_new(world->event, "hashes", 1, 64, NULL, &world->hashes), 0);
	assert_int_equal(codes_new(&world->codes), 0);
	env = (struct logins_env){
		.event = world->event,
		.store = world->store,
		.names = world->names,
		.hashes = world->hashes,
		.http_socket = "/nonexistent/socket",
		.dummy_hash = "*",
		.codes = world->codes,
	};
	assert_int_equal(logins_new(&env, world->config, &world->logins), 0);
	return world;
}

static void remove_folder(const struct world *world)
{
	static const char *const names[] = { "db", "db-wal", "db-shm" };
	char path[96];

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", world->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(world->folder);
}

struct world *world_free(struct world *world)
{
	world_leave(world);
	workers_free(world->names);
	workers_free(world->hashes);
	store_free(world->store);
	logins_free(world->logins);
	codes_free(world->codes);
	config_unref(world->config);
	sd_event_unref(world->event);
	login_step_done(&world->step);
	remove_folder(world);
	free(world);
	return NULL;
}

int world_set_up(void **state, const char *config_text, const char *issuer, const char *subject)
{
	script_now = calloc(1, sizeof(*script_now));
	script_now->identity = (struct identity){ .issuer = issuer, .subject = subject };
	*state = world_new(config_text);
	return 0;
}

int world_tear_down(void **state)
{
	world_free(*state);
	free(script_now);
	return 0;
}

struct login_facts world_facts(void)
{
	return (struct login_facts){
		.phase = LOGIN_AUTHENTICATE,
		.surface = SURFACE_SSH,
		.glyphs = GLYPH_HALF | GLYPH_FULL | GLYPH_UTF8,
		.service = "sshd",
		.user = TEST_USER,
		.source = "192.0.2.7",
		.has_address = true,
	};
}

int world_begin(struct world *world, const struct login_facts *facts)
{
	struct login_begin begin = { facts, true, true };
	int fd = -1, r;

	r = logins_begin(world->logins, &begin, &world->id, &fd);
	if (r < 0)
		return r;
	world_leave(world);
	world->client = fd;
	return 0;
}

static bool has_step(const struct world *world)
{
	char byte;

	return recv(world->client, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0;
}

/* Threads answer within far less, but under valgrind on a busy machine; nothing here is measured by
 * it. */
#define TURN_US    20000
#define TURNS_IDLE 6

void world_settle(struct world *world)
{
	for (int n_idle = 0; n_idle < TURNS_IDLE;)
		n_idle = sd_event_run(world->event, TURN_US) > 0 ? 0 : n_idle + 1;
}

void world_wait(struct world *world, const unsigned *count, unsigned value)
{
	for (int i = 0; i < 500 && *count != value; i++)
		assert_true(sd_event_run(world->event, TURN_US) >= 0);
	assert_int_equal(*count, value);
}

bool world_is_quiet(struct world *world)
{
	world_settle(world);
	return !has_step(world);
}

bool world_step(struct world *world)
{
	char datagram[LOGIN_STEP_MAX];
	ssize_t len;

	for (int i = 0; i < 500 && !has_step(world); i++)
		assert_true(sd_event_run(world->event, TURN_US) >= 0);
	len = recv(world->client, datagram, sizeof(datagram), MSG_DONTWAIT);
	if (len <= 0)
		return false;
	login_step_done(&world->step);
	assert_int_equal(login_step_decode(datagram, (size_t)len, &world->step), 0);
	return true;
}

static const struct login_item *last_item(const struct world *world)
{
	assert_true(world->step.n_items > 0);
	return &world->step.items[world->step.n_items - 1];
}

const char *world_text(const struct world *world)
{
	for (unsigned i = world->step.n_items; i > 0; i--)
		if (world->step.items[i - 1].kind != ITEM_REQUEST)
			return world->step.items[i - 1].text;
	return "";
}

void world_answer(struct world *world, const char *text)
{
	char datagram[LOGIN_ANSWER_HEADER + LOGIN_ANSWER_MAX] = { LOGIN_ANSWER };
	uint32_t number = htole32(last_item(world)->number);

	assert_int_equal(last_item(world)->kind, ITEM_ASK);
	memcpy(datagram + 1, &number, sizeof(number));
	memcpy(datagram + LOGIN_ANSWER_HEADER, text, strlen(text));
	assert_true(send(world->client, datagram, LOGIN_ANSWER_HEADER + strlen(text),
			 MSG_NOSIGNAL) > 0);
}

void world_cancel(struct world *world)
{
	char datagram[LOGIN_ANSWER_HEADER] = { LOGIN_CANCEL };

	assert_true(send(world->client, datagram, sizeof(datagram), MSG_NOSIGNAL) > 0);
}

void world_leave(struct world *world)
{
	if (world->client >= 0)
		(void)close(world->client);
	world->client = -1;
}

/* --- the store --- */

struct change {
	struct job job;
	int (*change)(struct db *db);
	bool is_done;
};

static void run_change(struct job *job, void *context)
{
	struct change *change = container_of(job, struct change, job);

	assert_int_equal(change->change(context), 0);
}

static void on_change(struct job *job)
{
	container_of(job, struct change, job)->is_done = true;
}

static void run_hold(struct job *job, void *context)
{
	struct world *world = container_of(job, struct world, hold);

	(void)context;
	(void)sem_wait(&world->held);
}

static void on_hold(struct job *job)
{
	(void)job;
}

void world_hold(struct world *world)
{
	assert_int_equal(sem_init(&world->held, 0, 0), 0);
	world->hold = (struct job){ .run = run_hold, .done = on_hold };
	assert_int_equal(store_add(world->store, &world->hold), 0);
}

void world_release(struct world *world)
{
	assert_int_equal(sem_post(&world->held), 0);
	world_settle(world);
	(void)sem_destroy(&world->held);
}

void world_change(struct world *world, int (*do_change)(struct db *db))
{
	struct change change = { .job = { .run = run_change, .done = on_change },
				 .change = do_change };

	assert_int_equal(store_add(world->store, &change.job), 0);
	while (!change.is_done)
		assert_true(sd_event_run(world->event, UINT64_MAX) >= 0);
}

static const char *link_issuer, *link_subject;

static int add_link(struct db *db)
{
	struct passwd *user = getpwnam(TEST_USER);
	struct link link = {
		.issuer = (char *)link_issuer,
		.subject = (char *)link_subject,
		.user = (char *)TEST_USER,
		.uid = user->pw_uid,
		.note = (char *)"",
		.origin = (char *)"admin",
	};

	return link_add(db, &link, NULL);
}

void world_link(struct world *world, const char *issuer, const char *subject)
{
	link_issuer = issuer;
	link_subject = subject;
	world_change(world, add_link);
}

static int unlink_all(struct db *db)
{
	return query_run(query_new(db, "DELETE FROM links"));
}

void world_unlink_all(struct world *world)
{
	world_change(world, unlink_all);
}

static struct audit_row newest;

static int keep_row(const struct audit_row *row, void *context)
{
	(void)context;
	newest = *row;
	return 0;
}

static int read_newest(struct db *db)
{
	const struct audit_filter filter = { .limit = 1 };

	memset(&newest, 0, sizeof(newest));
	return audit_each(db, &filter, keep_row, NULL);
}

struct audit_row world_audit(struct world *world)
{
	world_settle(world);
	world_change(world, read_newest);
	return newest;
}
