/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effects of a provider, written down; see fake-core.h. */
#include "tests/providers/fake-core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/url.h"

#define REPLACE(field, text) do { free(field); (field) = text_copy(text); } while (0)

/* --- methods --- */

struct section {
	const struct provider *provider;
	const char *text;
	const struct sms_gateway *const *gateways;
};

static void read_section(const struct section *section, void *config, struct conf_report *report)
{
	const struct provider *provider = section->provider;
	_cleanup_free_ char *whole = text_format("[method test]\n%s\n",
						     section->text);
	const struct conf_table table = { provider->keys, config };
	struct conf conf = { 0 };

	conf_read_text(whole, strlen(whole), "test.conf", &conf, report);
	assert_int_equal(conf.n_sections, 1);
	conf_apply(&conf.sections[0], &table, 1, report);
	if (provider->check)
		provider->check(config, &conf.sections[0], report);
	if (provider->bind)
		provider->bind(config, section->gateways, &conf.sections[0], report);
	conf_done(&conf);
}

static const struct sms_gateway *const no_gateways[] = { NULL };

char *fake_mistakes(const struct provider *provider, const char *section)
{
	return fake_mistakes_bound(provider, section, no_gateways);
}

char *fake_mistakes_bound(const struct provider *provider, const char *text,
			  const struct sms_gateway *const *gateways)
{
	const struct section section = { provider, text, gateways };
	struct conf_report report = { 0 };
	struct buf lines = BUF_INIT(16384);
	void *config = calloc(1, provider->config_size);

	read_section(&section, config, &report);
	for (size_t i = 0; i < report.n_mistakes; i++)
		buf_add_format(&lines, "%u: %s\n", report.mistakes[i].line,
			       report.mistakes[i].text);
	conf_release(provider->keys, config);
	conf_report_done(&report);
	free(config);
	return lines.len ? buf_steal(&lines) : text_copy("");
}

struct fake_method *fake_method_new(const struct provider *provider, const char *section)
{
	return fake_method_bound(provider, section, no_gateways);
}

struct fake_method *fake_method_bound(const struct provider *provider, const char *text,
				      const struct sms_gateway *const *gateways)
{
	const struct section section = { provider, text, gateways };
	struct fake_method *method = calloc(1, sizeof(*method));
	struct conf_report report = { 0 };

	method->provider = provider;
	method->config = calloc(1, provider->config_size);
	method->shared = calloc(1, provider->shared_size + 1);
	method->now_ms = 1000000;
	method->now_s = FAKE_WALL_S;
	read_section(&section, method->config, &report);
	if (report.n_mistakes > 0)
		fail_msg("mistake: %s", report.mistakes[0].text);
	conf_report_done(&report);
	return method;
}

struct fake_method *fake_method_with_secret(const struct provider *provider, const char *section,
					    const char *key, const char *secret)
{
	char path[] = "/tmp/fake-core-XXXXXX";
	int fd = mkstemp(path);
	_cleanup_free_ char *longer = text_format("%s%s_file = %s\n", section, key, path);
	struct fake_method *method;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, secret, strlen(secret)), strlen(secret));
	assert_int_equal(close(fd), 0);
	method = fake_method_new(provider, longer);
	assert_int_equal(unlink(path), 0);
	return method;
}

struct fake_method *fake_method_free(struct fake_method *method)
{
	if (method->provider->release)
		method->provider->release(method->shared);
	conf_release(method->provider->keys, method->config);
	for (size_t i = 0; i < FAKE_SETS_MAX; i++) {
		free(method->sets[i].name);
		free(method->sets[i].value);
	}
	free(method->config);
	free(method->shared);
	free(method);
	return NULL;
}

char *fake_app_name(const struct fake_method *method)
{
	struct buf name = BUF_INIT(256);

	method->provider->name_app(method->config, &name);
	return buf_steal(&name);
}

void fake_set(struct fake_method *method, const char *name, const char *value)
{
	for (size_t i = 0; i < FAKE_SETS_MAX; i++) {
		if (method->sets[i].name && !text_equals(method->sets[i].name, name))
			continue;
		REPLACE(method->sets[i].name, name);
		REPLACE(method->sets[i].value, value);
		return;
	}
	fail_msg("too many names are set");
}

/* --- logins --- */

static struct login *login_new(struct fake_method *method)
{
	struct login *login = calloc(1, sizeof(*login));

	login->method = method;
	login->own = calloc(1, method->provider->login_size + 1);
	login->deadline_ms = method->now_ms + FAKE_LOGIN_MS;
	login->is_root = method->is_root;
	return login;
}

static void finish(struct login *login)
{
	if (login->finished)
		return;
	login->finished = true;
	if (login->method->provider->finish)
		login->method->provider->finish(login);
	login->request = http_request_free(login->request);
	login->request_number = login->timer_number = login->prompt_number = 0;
	login->check = FAKE_NO_CHECK;
	login->check_number = 0;
}

void fake_collect(struct login *login)
{
	if (login->end != FAKE_RUNNING)
		finish(login);
}

struct login *fake_start(struct fake_method *method)
{
	struct login *login = login_new(method);

	method->provider->start(login);
	fake_collect(login);
	return login;
}

struct login *fake_list(struct fake_method *method)
{
	struct login *login = login_new(method);

	login->preparing = login->listing = true;
	method->provider->list(login);
	fake_collect(login);
	return login;
}

struct login *fake_prepare(struct fake_method *method)
{
	struct login *login = login_new(method);

	login->preparing = true;
	method->provider->prepare(login);
	fake_collect(login);
	return login;
}

struct login *fake_change(struct fake_method *method, bool is_root)
{
	struct login *login = login_new(method);

	login->changing = true;
	login->is_root = is_root;
	method->provider->change(login);
	fake_collect(login);
	return login;
}

struct login *fake_enrol(struct fake_method *method)
{
	struct login *login = login_new(method);

	login->changing = true;
	method->provider->enrol(login);
	fake_collect(login);
	return login;
}

struct login *fake_test(struct fake_method *method)
{
	struct login *login = login_new(method);

	login->changing = true;
	method->provider->test(login);
	fake_collect(login);
	return login;
}

struct login *fake_deliver(struct fake_method *method, const struct login_delivery *delivery)
{
	struct login *login = login_new(method);

	login->changing = true;
	login->is_pushed = delivery->push;
	method->provider->deliver(login, delivery);
	fake_collect(login);
	return login;
}

struct login *fake_ssh_keys(struct fake_method *method, const char *subject)
{
	struct login *login = login_new(method);

	login->preparing = true;
	method->provider->ssh_keys(login, subject);
	fake_collect(login);
	return login;
}

struct login *fake_login_free(struct login *login)
{
	finish(login);
	free(login->redirect);
	free(login->ssh_keys);
	free(login->listens);
	free(login->push_answer);
	free(login->errors);
	free(login->said);
	free(login->told);
	free(login->added_number);
	free(login->added_label);
	free(login->code);
	free(login->entry);
	secret_free(login->totp_key);
	list_free(login->recovery);
	free(login->notes);
	free(login->password);
	free(login->sources);
	free(login->own);
	free(login->prompt);
	free(login->link);
	free(login->plain_link);
	free(login->user_code);
	free(login->code_text);
	free(login->shown);
	free(login->detail);
	free(login->issuer);
	free(login->subject);
	free(login->display);
	free(login->mail);
	list_free(login->groups);
	list_free(login->attributes);
	free(login);
	return NULL;
}

/* --- events --- */

void fake_pass(struct login *login, int64_t ms)
{
	login->method->now_ms += ms;
	login->method->now_s += ms / 1000;
}

void fake_answer(struct login *login, const char *answer)
{
	struct secret *secret = secret_from_text(answer);
	uint32_t number = login->prompt_number;

	assert_int_not_equal(number, 0);
	login->prompt_number = 0;
	login->method->provider->answer(login, number, secret);
	secret_free(secret);
	fake_collect(login);
}

static unsigned features_of(const struct login *login)
{
	const struct provider *provider = login->method->provider;

	return provider->features_of ? provider->features_of(login->method->config) :
				       provider->features;
}

void fake_callback(struct login *login, const char *query)
{
	struct parameters parsed;

	assert_false(login->was_called_back || login->finished);
	assert_int_equal(parameters_parse(query, RELAY_CALLBACK_MAX, &parsed), 0);
	if (!(features_of(login) & PROVIDER_NO_STATE)) {
		assert_non_null(login->redirect);
		assert_string_equal(parameters_text(&parsed, "state", RELAY_STATE_MAX),
				    login->method->link.state);
	}
	login->was_called_back = true;
	login->method->provider->callback(login, &parsed);
	parameters_done(&parsed);
	fake_collect(login);
}

enum push_verdict fake_push(struct login *login, const struct login_push *push)
{
	enum push_verdict verdict;

	assert_non_null(login->listens);
	assert_false(login->finished);
	free(login->push_answer);
	login->push_answer = NULL;
	login->is_pushed = true;
	verdict = login->method->provider->pushed(login, push);
	login->is_pushed = verdict == PUSH_TAKEN;
	fake_collect(login);
	return verdict;
}

void fake_checked(struct login *login, enum password_result result)
{
	uint32_t number = fake_close_check(login, FAKE_PASSWORD);

	login->method->provider->checked(login, number, result);
	fake_collect(login);
}

static void give(struct login *login, struct http_reply *reply)
{
	uint32_t number = login->request_number;

	assert_int_not_equal(number, 0);
	login->request = http_request_free(login->request);
	login->request_number = 0;
	login->method->provider->reply(login, number, reply);
	http_reply_done(reply);
	fake_collect(login);
}

void fake_ended(const struct login *login, enum fake_end end, int reason,
		const char *const *secrets)
{
	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason,
			 login->detail ? login->detail : "");
	assert_int_equal(login->finished, end != FAKE_RUNNING);
	for (; login->detail && *secrets; secrets++)
		assert_null(strstr(login->detail, *secrets));
}

void fake_says(const struct login *login, const char *words)
{
	if (!login->detail || !strstr(login->detail, words))
		fail_msg("\"%s\" is not in \"%s\"", words, login->detail ? login->detail : "");
}

struct http_reply fake_http_reply(uint32_t status, const char *content_type, const char *body)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = status };

	assert_true(text_into(reply.content_type, sizeof(reply.content_type), content_type));
	if (*body)
		reply.body = secret_from_text(body);
	return reply;
}

void fake_reply_json(struct login *login, uint32_t status, const char *body)
{
	struct http_reply reply = fake_http_reply(status, "application/json", body);

	give(login, &reply);
}

void fake_reply_whole(struct login *login, struct http_reply *reply)
{
	give(login, reply);
}

void fake_reply_lost(struct login *login, enum http_result result)
{
	struct http_reply reply = { .result = result, .error = "as the test wants it" };

	give(login, &reply);
}

void fake_file(const char *path, struct buf *buf)
{
	_cleanup_free_ char *whole = text_format("%s/%s", TEST_SOURCE_DIR, path);
	FILE *file = fopen(whole, "re");
	char part[4096];
	size_t n;

	if (!file)
		fail_msg("cannot open %s", whole);
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(buf, part, n);
	fclose(file);
	assert_false(buf_failed(buf));
}

static const struct {
	const char *name;
	size_t offset, size;
} reply_headers[] = {
#define HEADER(name, field) { name, offsetof(struct http_reply, field), \
			      sizeof(((struct http_reply *)NULL)->field) }
	HEADER("content-type", content_type),
	HEADER("cache-control", cache_control),
	HEADER("link", link),
	HEADER("retry-after", retry_after),
	HEADER("ratelimit-remaining", ratelimit_remaining),
	HEADER("cookies", cookies),
#undef HEADER
};

static void read_header(char *line, struct http_reply *reply)
{
	char *value = strstr(line, ": ");
	int64_t status;

	if (!value)
		fail_msg("not a header: %s", line);
	*value = '\0';
	value += 2;
	if (text_equals(line, "status")) {
		assert_int_equal(text_to_number(value, 100, 599, &status), 0);
		reply->status = (uint32_t)status;
		return;
	}
	for (size_t i = 0; i < N_ELEMENTS(reply_headers); i++) {
		if (text_equals(line, reply_headers[i].name)) {
			assert_true(text_into((char *)reply + reply_headers[i].offset,
					      reply_headers[i].size, value));
			return;
		}
	}
	fail_msg("unknown header %s", line);
}

static const char *value_of(const struct fake_method *method, const char *name, size_t len)
{
	for (size_t i = 0; i < FAKE_SETS_MAX && method->sets[i].name; i++) {
		if (strlen(method->sets[i].name) == len &&
		    strncmp(method->sets[i].name, name, len) == 0)
			return method->sets[i].value;
	}
	return NULL;
}

/* A lone '@', as in an address, stays. */
static void substitute(const struct fake_method *method, const char *text, struct buf *buf)
{
	while (*text) {
		const char *end = *text == '@' ? strchr(text + 1, '@') : NULL;
		size_t len = end ? (size_t)(end - text - 1) : 0;
		const char *value = end ? value_of(method, text + 1, len) : NULL;

		if (value) {
			buf_add_text(buf, value);
			text = end + 1;
		} else {
			buf_add_char(buf, *text++);
		}
	}
}

void fake_reply(struct login *login, const char *file)
{
	_cleanup_free_ char *path = text_format("providers/replies/%s", file);
	struct http_reply reply = { .result = HTTP_DONE };
	struct buf raw = BUF_INIT(1 << 20), body = BUF_INIT(1 << 20);
	char *line, *end;

	fake_file(path, &raw);
	for (line = raw.data; *line != '\n'; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			fail_msg("%s has no empty line", file);
		*end = '\0';
		read_header(line, &reply);
	}
	substitute(login->method, line + 1, &body);
	if (body.len > 0)
		reply.body = secret_new(buf_text(&body), body.len);
	buf_done(&raw);
	buf_done(&body);
	give(login, &reply);
}

void fake_timer(struct login *login)
{
	uint32_t number = login->timer_number;

	assert_int_not_equal(number, 0);
	fake_pass(login, login->timer_at_ms - login->method->now_ms);
	login->timer_number = 0;
	login->method->provider->timeout(login, number);
	fake_collect(login);
}

/* --- looking at effects --- */

bool fake_asks(const struct login *login, const char *url)
{
	return login->request && text_equals(login->request->url, url);
}

bool fake_body_has(const struct login *login, const char *part)
{
	return login->request && login->request->body && strstr(login->request->body->data, part);
}

bool fake_has_header(const struct login *login, const char *header)
{
	for (unsigned i = 0; login->request && i < login->request->n_headers; i++) {
		if (text_equals(login->request->headers[i]->data, header))
			return true;
	}
	return false;
}

/* --- what the provider calls --- */

uint32_t fake_next_number(struct login *login)
{
	if (login->end != FAKE_RUNNING || login->finished)
		fail_msg("an effect after the end");
	return ++login->last_number;
}

uint32_t fake_open_check(struct login *login, enum fake_check check)
{
	assert_false(login->preparing);
	if (login->check != FAKE_NO_CHECK)
		fail_msg("two checks at once");
	login->check = check;
	login->check_number = fake_next_number(login);
	return login->check_number;
}

uint32_t fake_close_check(struct login *login, enum fake_check check)
{
	uint32_t number = login->check_number;

	assert_int_equal(login->check, check);
	login->check = FAKE_NO_CHECK;
	login->check_number = 0;
	return number;
}

void *login_own(struct login *login)
{
	return login->own;
}

void *login_shared(struct login *login)
{
	return login->method->shared;
}

const void *login_config(struct login *login)
{
	return login->method->config;
}

const char *login_user(struct login *login)
{
	if (login->preparing)
		return "";
	return login->method->user ? login->method->user : "jane";
}

const char *login_host(struct login *login UNUSED)
{
	return "host.example.org";
}

const struct login_link *login_link(struct login *login)
{
	bool has_link = login->method->link.redirect_uri && !login->preparing && !login->changing;

	return has_link ? &login->method->link : NULL;
}

void login_redirect(struct login *login, const char *url)
{
	(void)fake_next_number(login);           /* fails the test after the end */
	assert_non_null(login_link(login));
	assert_null(login->redirect);
	assert_true(url_is_location(url, RELAY_TARGET_URL_MAX));
	login->redirect = text_copy(url);
}

void login_listen(struct login *login, const char *app)
{
	(void)fake_next_number(login);
	assert_true(features_of(login) & PROVIDER_PUSHES);
	assert_null(login->listens);
	assert_true(strlen(app) <= RELAY_LISTEN_MAX);
	login->listens = text_copy(app);
}

void login_answer_push(struct login *login, const char *body)
{
	assert_true(login->is_pushed);
	assert_true(strlen(body) <= RELAY_PUSH_MAX);
	login->is_pushed = false;
	free(login->push_answer);
	login->push_answer = text_copy(body);
}

bool login_is_root(struct login *login)
{
	return login->is_root;
}

int64_t login_now_ms(struct login *login)
{
	return login->method->now_ms;
}

int64_t login_now_s(struct login *login)
{
	return login->method->now_s;
}

int64_t login_deadline_ms(struct login *login)
{
	return login->deadline_ms;
}

const char *login_text(struct login *login UNUSED, const char *text)
{
	return text;
}

static void add_line(char **lines, const char *text)
{
	char *before = *lines;

	*lines = text_format("%s%s\n", before ? before : "", text);
	free(before);
}

void login_show(struct login *login, const char *text)
{
	assert_false(login->preparing);
	REPLACE(login->shown, text);
	add_line(&login->said, text);
}

void login_show_error(struct login *login, const char *text)
{
	login_show(login, text);
	add_line(&login->errors, text);
}

uint32_t login_prompt(struct login *login, const struct login_prompt *prompt)
{
	assert_false(login->preparing);
	REPLACE(login->prompt, prompt->text);
	login->prompt_echo = prompt->echo;
	login->prompt_is_password = prompt->password;
	login->prompt_has_keys = prompt->keys;
	login->prompt_name = prompt->name;
	login->prompt_number = fake_next_number(login);
	return login->prompt_number;
}

uint32_t login_show_code(struct login *login, const struct login_code *code)
{
	assert_false(login->preparing);
	REPLACE(login->link, code->link);
	REPLACE(login->plain_link, code->plain_link);
	REPLACE(login->user_code, code->user_code);
	REPLACE(login->code_text, code->text);
	login->n_codes++;
	if (code->prompt)
		return login_prompt(login, code->prompt);
	login->prompt_number = fake_next_number(login);
	return login->prompt_number;
}

uint32_t login_request(struct login *login, struct http_request *request)
{
	if (login->request_number)
		fail_msg("two requests in flight: %s", request->url);
	assert_true(http_request_is_valid(request));
	login->request = request;
	login->request_number = fake_next_number(login);
	login->n_requests++;
	return login->request_number;
}

uint32_t login_timer(struct login *login, int64_t delay_ms)
{
	login->timer_delay_ms = delay_ms;
	login->timer_at_ms = login->method->now_ms + delay_ms;
	login->timer_number = fake_next_number(login);
	return login->timer_number;
}

static uint32_t start_check(struct login *login, const struct secret *password, bool setting)
{
	REPLACE(login->password, password->data);
	login->setting = setting;
	return fake_open_check(login, FAKE_PASSWORD);
}

uint32_t login_check_password(struct login *login, const struct secret *password,
			      char *const *sources)
{
	struct buf words = BUF_INIT(256);

	for (size_t i = 0; sources[i]; i++)
		buf_add_format(&words, "%s%s", i ? " " : "", sources[i]);
	REPLACE(login->sources, buf_text(&words));
	buf_done(&words);
	return start_check(login, password, false);
}

uint32_t login_set_password(struct login *login, const struct secret *password,
			    int64_t expires_days)
{
	login->expires_days = expires_days;
	return start_check(login, password, true);
}

void login_cancel(struct login *login, uint32_t number)
{
	if (number == login->timer_number)
		login->timer_number = 0;
	if (number == login->prompt_number)
		login->prompt_number = 0;
	if (number == login->check_number)
		(void)fake_close_check(login, login->check);
	if (number == login->request_number) {
		login->request_number = 0;
		login->request = http_request_free(login->request);
	}
}

void login_add_ssh_key(struct login *login, const char *key)
{
	(void)fake_next_number(login);
	assert_true(login->preparing);
	add_line(&login->ssh_keys, key);
}

void login_note(struct login *login, const char *text)
{
	add_line(&login->notes, text);
}

static void end(struct login *login, enum fake_end how, int reason, const char *detail)
{
	(void)fake_next_number(login);
	login->end = how;
	login->reason = reason;
	REPLACE(login->detail, detail);
}

void login_identify(struct login *login, const struct identity *identity)
{
	assert_false(login->preparing || login->changing);
	end(login, FAKE_IDENTIFIED, 0, NULL);
	REPLACE(login->issuer, identity->issuer);
	REPLACE(login->subject, identity->subject);
	REPLACE(login->display, identity->display);
	REPLACE(login->mail, identity->mail);
	login->is_outside = identity->is_outside;
	for (size_t i = 0; identity->groups && identity->groups[i]; i++)
		assert_int_equal(list_add(&login->groups, identity->groups[i]), 0);
	assert_true(identity->n_attributes <= IDENTITY_ATTRIBUTES_MAX);
	for (size_t i = 0; i < identity->n_attributes; i++) {
		_cleanup_free_ char *pair = text_format("%s=%s", identity->attributes[i].name,
							identity->attributes[i].value);

		assert_int_equal(list_add(&login->attributes, pair), 0);
	}
}

void login_list_department(struct login *login, const struct listed_department *department)
{
	_cleanup_free_ char *line = text_format("department %s < %s: %s", department->id,
						department->parent ? department->parent : "-",
						department->name);

	assert_true(login->listing);
	add_line(&login->told, line);
}

void login_list_member(struct login *login, const struct listed_member *member)
{
	static const char *const states[] = { "active", "disabled", "inactive", "left" };
	const struct identity *identity = member->identity;
	struct buf line = BUF_INIT(4096);

	assert_true(login->listing);
	buf_add_format(&line, "member %s %s at %s: %s %s %s", identity->issuer, identity->subject,
		       member->department, identity->display ? identity->display : "-",
		       member->mark ? member->mark : "-", states[member->state]);
	for (size_t i = 0; i < identity->n_attributes; i++)
		buf_add_format(&line, " %s=%s", identity->attributes[i].name,
			       identity->attributes[i].value);
	add_line(&login->told, buf_text(&line));
	buf_done(&line);
}

void login_list_done(struct login *login, const char *department)
{
	_cleanup_free_ char *line = text_format("done %s", department);

	assert_true(login->listing);
	add_line(&login->told, line);
}

bool login_is_list_done(struct login *login, const char *department)
{
	const char *const *done = login->method->known_done;

	return done && list_has((char *const *)done, department);
}

const char *login_list_name(struct login *login, const char *department)
{
	const char *const *names = login->method->known_names;
	size_t len = strlen(department);

	for (; names && *names; names++)
		if (text_has_prefix(*names, department) && (*names)[len] == ' ')
			return *names + len + 1;
	return NULL;
}

void login_done(struct login *login)
{
	assert_true(login->preparing || login->changing);
	end(login, FAKE_DONE, 0, NULL);
}

void login_deny(struct login *login, enum deny_reason reason, const char *detail)
{
	assert_false(login->preparing && !login->listing);
	end(login, FAKE_DENIED, (int)reason, detail);
}

void login_fail(struct login *login, enum fail_reason reason, const char *detail)
{
	end(login, FAKE_FAILED, (int)reason, detail);
}
