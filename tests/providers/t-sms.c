/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `sms` against a fake core and a fake vendor: what is sent, said and decided. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/sms.h"
#include "providers/table.h"
#include "tests/providers/fake-core.h"
#include "tests/providers/fake-vendor.h"

#define MOBILE "+8613900001234"

static const struct phone one_phone[] = {
	{ .id = 7, .number = MOBILE, .label = "" },
};

static const struct phone many_phones[] = {
	{ .id = 7, .number = MOBILE, .label = "office", .used_s = 1000 },
	{ .id = 8, .number = "+14155550100", .label = "", .used_s = 2000 },
	{ .id = 9, .number = "+491711234567", .label = "home" },
};

static struct fake_method *method_with(const char *section)
{
	struct fake_method *method = fake_method_bound(&sms_provider, section, fake_gateways);

	method->phones = one_phone;
	method->n_phones = 1;
	return method;
}

static struct fake_method *method_new(bool is_proved)
{
	struct fake_method *method = method_with("vendors = one two");

	method->is_proved = is_proved;
	return method;
}

static bool has(const char *text, const char *part)
{
	return text && strstr(text, part);
}

/* A login that outlives every code. */
static struct login *start_login(struct fake_method *method)
{
	struct login *login = fake_start(method);

	login->deadline_ms += 600000;
	return login;
}

/* A login up to the prompt for the code. */
static struct login *start_asking(struct fake_method *method)
{
	struct login *login = start_login(method);

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	if (method->is_proved)
		fake_reply_json(login, 200, "accepted SM1");
	else
		fake_timer(login);
	assert_int_not_equal(login->prompt_number, 0);
	return login;
}

/* The reference in the open request. */
static char *ref_of(const struct login *login)
{
	const char *at = strstr(login->request->body->data, " ref=");

	return text_format("%.2s", at + strlen(" ref="));
}

static void end(struct login *login)
{
	struct fake_method *method = login->method;

	fake_login_free(login);
	fake_method_free(method);
}

/* --- what goes right --- */

static void a_right_code_is_the_user(void **state UNUSED)
{
	for (int is_proved = 0; is_proved <= 1; is_proved++) {
		struct login *login = start_asking(method_new(is_proved));
		_cleanup_free_ char *code = text_copy(login->code);

		assert_int_equal(strlen(code), 6);
		assert_int_equal(login->code_phone, 7);
		assert_true(login->prompt_echo && login->prompt_has_keys);
		fake_answer(login, code);
		fake_judge(login);
		assert_int_equal(login->end, FAKE_IDENTIFIED);
		assert_string_equal(login->issuer, ISSUER_UNIX);
		assert_string_equal(login->subject, "jane");
		end(login);
	}
}

static void the_first_prompt_tells_where_and_how_long(void **state UNUSED)
{
	static const struct {
		bool is_proved, has_choice;
		const char *shown, *prompt;
	} rows[] = {
		{ true, false, "Code sent to *****34 (ref ",
		  "Enter code, r to resend, q to quit: " },
		{ true, true, "Code sent to *****34 (ref ",
		  "Enter code, r to resend, c for another way, q to quit: " },
		{ false, false, "Code sent to the number on file (ref ",
		  "Enter code, r to resend, q to quit: " },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(rows[i].is_proved);
		struct login *login;

		method->has_choice = rows[i].has_choice;
		login = start_asking(method);
		assert_string_equal(login->prompt, rows[i].prompt);
		assert_true(text_has_prefix(login->shown, rows[i].shown));
		assert_true(text_has_suffix(login->shown, "), valid 5 min."));
		assert_null(login->errors);
		end(login);
	}
}

static void the_screen_has_the_messages_reference(void **state UNUSED)
{
	struct login *login = start_login(method_new(false));
	_cleanup_free_ char *ref = NULL, *shown = NULL;

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	ref = ref_of(login);
	fake_timer(login);
	shown = text_format("Code sent to the number on file (ref %s), valid 5 min.", ref);
	assert_string_equal(login->shown, shown);
	end(login);
}

static void a_code_lives_no_longer_than_its_login(void **state UNUSED)
{
	struct login *login = fake_start(method_new(false));

	login->deadline_ms = login->method->now_ms + 130000;
	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, "valid=120"));
	assert_true(fake_body_has(login, "Valid 2 min"));
	fake_timer(login);
	assert_true(has(login->shown, "valid 2 min"));
	end(login);
}

static void the_message_is_the_one_of_the_keys(void **state UNUSED)
{
	struct fake_method *method = method_with(
		"vendors = one\ncode_digits = 8\ncode_minutes = 1\n"
		"text = {code} {host} {user} {minutes} {ref}");
	struct login *login;
	_cleanup_free_ char *text = NULL, *ref = NULL;

	method->user = "j\xc3\xb6" "e.doe";
	login = fake_start(method);
	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_int_equal(strlen(login->code), 8);
	ref = ref_of(login);
	text = text_format("text=%s host je.doe 1 %s", login->code, ref);
	assert_true(fake_body_has(login, text));
	assert_true(fake_body_has(login, "language=en valid=60 "));
	assert_true(login->request->once);
	end(login);
}

/* Each digit in each place, and codes that begin with 0: 400 codes miss one of them with a
 * probability below 1e-15. */
static void codes_are_digits_from_0_to_9(void **state UNUSED)
{
	struct fake_method *method = method_new(false);
	bool seen[6][10] = { { false } };

	for (int n = 0; n < 400; n++) {
		struct login *login = fake_start(method);

		fake_found(login);
		fake_counted(login, SEND_ALLOWED, 0);
		assert_int_equal(strlen(login->code), 6);
		for (size_t i = 0; i < 6; i++) {
			assert_in_range(login->code[i], '0', '9');
			seen[i][login->code[i] - '0'] = true;
		}
		fake_login_free(login);
	}
	for (size_t i = 0; i < 6; i++)
		for (size_t digit = 0; digit < 10; digit++)
			assert_true(seen[i][digit]);
	fake_method_free(method);
}

static void typed_forms_of_a_code_are_the_code(void **state UNUSED)
{
	struct login *login = start_asking(method_new(true));
	_cleanup_free_ char *typed = text_format("%.3s - %s ", login->code, login->code + 3);

	fake_answer(login, typed);
	assert_string_equal(login->entry, login->code);
	end(login);
}

/* --- wrong codes --- */

static void enter_wrong(struct login *login)
{
	fake_answer(login, text_equals(login->code, "000000") ? "111111" : "000000");
	fake_judge(login);
}

static void three_wrong_codes_are_the_end(void **state UNUSED)
{
	for (int is_proved = 0; is_proved <= 1; is_proved++) {
		struct login *login = start_asking(method_new(is_proved));

		enter_wrong(login);
		assert_string_equal(login->errors, "That code is wrong.\n");
		enter_wrong(login);
		assert_int_equal(login->end, FAKE_RUNNING);
		assert_int_equal(login->n_dropped, 0);
		enter_wrong(login);
		assert_int_equal(login->end, FAKE_DENIED);
		assert_int_equal(login->reason, DENY_WRONG);
		assert_int_equal(login->n_dropped, 1);
		end(login);
	}
}

static void a_right_one_counts_after_wrong_ones(void **state UNUSED)
{
	struct login *login = start_asking(method_new(true));
	_cleanup_free_ char *code = text_copy(login->code);

	enter_wrong(login);
	enter_wrong(login);
	fake_answer(login, code);
	fake_judge(login);
	assert_int_equal(login->end, FAKE_IDENTIFIED);
	end(login);
}

static void code_tries_is_how_many(void **state UNUSED)
{
	struct login *login;
	struct fake_method *method = method_with("vendors = one\ncode_tries = 1");

	login = start_asking(method);
	enter_wrong(login);
	assert_int_equal(login->end, FAKE_DENIED);
	end(login);
}

/* What is not compared reads as what is wrong; only who proved something hears of a lock. */
static void other_verdicts_on_a_code(void **state UNUSED)
{
	static const struct {
		bool is_proved;
		enum code_result result;
		enum fake_end end;
		const char *errors;
	} rows[] = {
		{ false, CODE_WRONG, FAKE_RUNNING, "That code is wrong.\n" },
		{ false, CODE_TOO_MANY, FAKE_RUNNING, "That code is wrong.\n" },
		{ false, CODE_BLOCKED, FAKE_RUNNING, "That code is wrong.\n" },
		{ true, CODE_TOO_MANY, FAKE_RUNNING, "That code is wrong.\n" },
		{ true, CODE_BLOCKED, FAKE_DENIED,
		  "Codes by SMS are closed for this account; ask your sysadmin.\n" },
		{ false, CODE_UNAVAILABLE, FAKE_FAILED, "" },
		{ true, CODE_UNAVAILABLE, FAKE_FAILED, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_asking(method_new(rows[i].is_proved));

		fake_answer(login, login->code);
		fake_judged(login, rows[i].result, 60);
		assert_int_equal(login->end, rows[i].end);
		assert_string_equal(login->errors ? login->errors : "", rows[i].errors);
		end(login);
	}
}

static void a_late_code_is_a_wrong_one(void **state UNUSED)
{
	/* The machine may have slept: then only the wall clock went on. */
	static const struct { int64_t ms, s; } rows[] = {
		{ 300000, 0 }, { 0, 300 }, { 301000, 301 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_asking(method_new(true));
		_cleanup_free_ char *code = text_copy(login->code);

		login->method->now_ms += rows[i].ms;
		login->method->now_s += rows[i].s;
		fake_answer(login, code);
		assert_string_equal(login->entry, code);
		assert_null(login->code);
		fake_judge(login);
		assert_int_equal(login->end, FAKE_RUNNING);
		assert_string_equal(login->errors, "That code is wrong.\n");
		end(login);
	}
}

static void what_is_no_code_costs_a_prompt_only(void **state UNUSED)
{
	static const char *const typed[] = { "", "48291", "hello", "4829134", "482.913" };
	struct login *login = start_asking(method_new(false));

	for (size_t i = 0; i < N_ELEMENTS(typed); i++) {
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_answer(login, typed[i]);
		assert_int_equal(login->check, FAKE_NO_CHECK);
	}
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->reason, DENY_WRONG);
	assert_null(login->code);
	end(login);
}

/* --- strangers --- */

struct stranger {
	const char *name, *section;
	const struct phone *phones;
	size_t n_phones;
	enum send_verdict verdict;
	const char *says;                /* the vendors; NULL: nothing is sent */
	enum http_result lost;
};

static const struct phone satellite[] = { { .id = 7, .number = "+88161234567", .label = "" } };
static const struct phone elsewhere[] = { { .id = 7, .number = "+14155550100", .label = "" } };
static const struct phone broken[] = { { .id = 7, .number = "13900001234", .label = "" } };
static const struct phone unsayable[] = { { .id = 7, .number = FAKE_UNSAYABLE, .label = "" } };

#define PLAIN "vendors = one two"

static const struct stranger strangers[] = {
	{ "everything well", PLAIN, one_phone, 1, SEND_ALLOWED, "accepted SM1", 0 },
	{ "unknown, or no number", PLAIN, NULL, 0, SEND_ALLOWED, NULL, 0 },
	{ "a number out of reach", PLAIN, satellite, 1, SEND_ALLOWED, NULL, 0 },
	{ "a country not allowed", PLAIN "\ncalling_codes = +86", elsewhere, 1, SEND_ALLOWED,
	  NULL, 0 },
	{ "no route", "vendors = +86 one", elsewhere, 1, SEND_ALLOWED, NULL, 0 },
	{ "no E.164", PLAIN, broken, 1, SEND_ALLOWED, NULL, 0 },
	{ "a vendor that cannot say it", PLAIN, unsayable, 1, SEND_ALLOWED, NULL, 0 },
	{ "too many messages", PLAIN, one_phone, 1, SEND_TOO_MANY, NULL, 0 },
	{ "blocked", PLAIN, one_phone, 1, SEND_BLOCKED, NULL, 0 },
	{ "no store", PLAIN, one_phone, 1, SEND_UNAVAILABLE, NULL, 0 },
	{ "no number, and too many", PLAIN, NULL, 0, SEND_TOO_MANY, NULL, 0 },
	{ "vendors set up wrongly", PLAIN, one_phone, 1, SEND_ALLOWED, "config x", 0 },
	{ "a limit of the vendor's", PLAIN, one_phone, 1, SEND_ALLOWED, "limit x", 0 },
	{ "a vendor that hangs", PLAIN, one_phone, 1, SEND_ALLOWED, NULL, HTTP_TIMED_OUT },
};

/* The whole life of a stranger's login as he sees it; references are masked. */
static void add_screen(struct login *login, struct buf *screen)
{
	buf_add_text(screen, login->said ? login->said : "");
	buf_add_text(screen, login->prompt);
	for (char *at = screen->data; at && (at = strstr(at, "(ref ")); at += 5)
		memcpy(at + 5, "??", 2);
}

static void live(const struct stranger *stranger, struct buf *screen)
{
	struct fake_method *method = method_with(stranger->section);
	bool is_sent = stranger->says || stranger->lost;
	struct login *login;

	method->phones = stranger->phones;
	method->n_phones = stranger->n_phones;
	login = start_login(method);
	fake_found(login);
	assert_int_equal(login->check, FAKE_SEND);
	fake_counted(login, stranger->verdict, 90);
	assert_int_equal(login->prompt_number, 0);
	assert_in_range(login->timer_delay_ms, 300, 2000);
	assert_int_equal(login->request_number != 0, is_sent);
	fake_timer(login);
	fake_pass(login, 2000 - login->timer_delay_ms);
	add_screen(login, screen);
	while (login->request_number && stranger->says)
		fake_reply_json(login, 200, stranger->says);
	if (login->request_number)
		fake_reply_lost(login, stranger->lost);
	assert_int_equal(login->n_returned, 0);
	fake_answer(login, "r");
	add_screen(login, screen);
	for (int i = 0; i < 3; i++) {
		add_screen(login, screen);
		fake_answer(login, "000000");
		fake_judged(login, CODE_WRONG, 0);
	}
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->reason, DENY_WRONG);
	end(login);
}

static void strangers_all_see_the_same(void **state UNUSED)
{
	struct buf first = BUF_INIT(8192);

	live(&strangers[0], &first);
	for (size_t i = 1; i < N_ELEMENTS(strangers); i++) {
		struct buf screen = BUF_INIT(8192);

		live(&strangers[i], &screen);
		if (!text_equals(buf_text(&screen), buf_text(&first)))
			fail_msg("%s:\n%s\ninstead of\n%s", strangers[i].name, buf_text(&screen),
				 buf_text(&first));
		buf_done(&screen);
	}
	buf_done(&first);
}

/* Nobody's code: nothing is kept that could be guessed, and nothing counts for a number. */
static void who_has_no_number_has_no_code(void **state UNUSED)
{
	struct fake_method *method = method_new(false);
	struct login *login;

	method->n_phones = 0;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->sent_to.id, 0);
	assert_int_equal(login->sent_cost, 0);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_timer(login);
	assert_int_equal(login->n_kept, 0);
	assert_int_equal(login->n_requests, 0);
	end(login);
}

static void a_stranger_gets_it_where_it_was_used_last(void **state UNUSED)
{
	struct fake_method *method = method_new(false);
	struct login *login;

	method->phones = many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->sent_to.id, 8);
	fake_login_free(login);
	method->phones = many_phones + 2;        /* never used: the oldest */
	method->n_phones = 1;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->sent_to.id, 9);
	end(login);
}

/* The wait of a vendor's and that of the prompt are two, on one timer. */
static void a_vendor_is_asked_again_behind_the_prompt(void **state UNUSED)
{
	struct login *login = fake_start(method_new(false));

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "again busy 5");
	fake_timer(login);
	assert_int_not_equal(login->prompt_number, 0);
	assert_int_equal(login->request_number, 0);
	fake_timer(login);
	assert_true(fake_asks(login, "https://one.example.org/send"));
	assert_int_equal(login->n_requests, 2);
	fake_reply_json(login, 200, "accepted SM1");
	assert_int_equal(login->timer_number, 0);
	assert_int_equal(login->end, FAKE_RUNNING);
	end(login);
}

static void a_message_still_under_way_is_not_doubled(void **state UNUSED)
{
	struct login *login = start_asking(method_new(false));

	fake_pass(login, 60000);
	fake_answer(login, "r");
	fake_counted(login, SEND_ALLOWED, 0);
	fake_timer(login);
	assert_int_equal(login->n_requests, 1);
	assert_null(login->errors);
	end(login);
}

/* --- who proved something --- */

static void limits_are_told_with_minutes(void **state UNUSED)
{
	static const struct {
		enum send_verdict verdict;
		int64_t wait_s;
		enum fake_end end;
		const char *errors;
	} rows[] = {
		{ SEND_TOO_MANY, 61, FAKE_DENIED,
		  "Too many codes were asked for. Try again in 2 minutes.\n" },
		{ SEND_TOO_MANY, 3600, FAKE_DENIED,
		  "Too many codes were asked for. Try again in 60 minutes.\n" },
		{ SEND_BLOCKED, 0, FAKE_DENIED,
		  "Codes by SMS are closed for this account; ask your sysadmin.\n" },
		{ SEND_UNAVAILABLE, 0, FAKE_FAILED, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = fake_start(method_new(true));

		fake_found(login);
		fake_counted(login, rows[i].verdict, rows[i].wait_s);
		assert_int_equal(login->end, rows[i].end);
		assert_string_equal(login->errors ? login->errors : "", rows[i].errors);
		assert_int_equal(login->n_requests, 0);
		assert_int_equal(login->n_kept, 0);
		end(login);
	}
}

static void who_has_no_number_is_told(void **state UNUSED)
{
	struct fake_method *method = method_new(true);
	struct login *login;

	method->n_phones = 0;
	login = fake_start(method);
	fake_found(login);
	assert_int_equal(login->end, FAKE_DENIED);
	assert_true(has(login->errors, "There is no number on file for you"));
	end(login);
}

static void failures_are_told_and_given_back(void **state UNUSED)
{
	static const struct {
		const char *says;
		enum fail_reason reason;
	} rows[] = {
		{ "config x", FAIL_CONFIG },
		{ "limit x", FAIL_PROVIDER },
		{ "number x", FAIL_PROVIDER },
		{ "refused x", FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = fake_start(method_new(true));

		fake_found(login);
		fake_counted(login, SEND_ALLOWED, 0);
		while (login->request_number)
			fake_reply_json(login, 200, rows[i].says);
		assert_int_equal(login->end, FAKE_FAILED);
		assert_int_equal(login->reason, rows[i].reason);
		assert_string_equal(login->errors,
			"The code could not be sent. Use another way to log in.\n");
		assert_int_equal(login->n_returned, 1);
		end(login);
	}
}

static void a_message_that_may_be_out_is_asked_for(void **state UNUSED)
{
	struct login *login = fake_start(method_new(true));

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	assert_int_equal(login->n_requests, 1);
	assert_true(has(login->said, "Code sent to *****34"));
	assert_true(has(login->said, "The vendor did not confirm it"));
	assert_int_equal(login->n_returned, 0);
	assert_int_not_equal(login->prompt_number, 0);
	end(login);
}

static void one_of_several_numbers_is_chosen(void **state UNUSED)
{
	struct fake_method *method = method_new(true);
	struct login *login;

	method->phones = many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	assert_string_equal(login->said,
			    "1  *****34  office\n2  *****00  \n3  *****67  home\n");
	assert_string_equal(login->prompt, "Which number, q to quit: ");
	fake_answer(login, "4");
	assert_int_equal(login->check, FAKE_NO_CHECK);
	fake_answer(login, " 3 ");
	assert_string_equal(login->sent_number, "+491711234567");
	fake_counted(login, SEND_ALLOWED, 0);
	assert_int_equal(login->code_phone, 9);
	end(login);
}

static void nothing_chosen_is_the_end(void **state UNUSED)
{
	struct fake_method *method = method_new(true);
	struct login *login;

	method->phones = many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	for (int i = 0; i < 5; i++)
		fake_answer(login, "");
	assert_int_equal(login->end, FAKE_DENIED);
	assert_int_equal(login->n_counted, 0);
	end(login);
}

static void numbers_that_get_no_message_are_not_offered(void **state UNUSED)
{
	struct fake_method *method = method_with("vendors = one\ncalling_codes = +49, +1");
	struct login *login;

	method->is_proved = true;
	method->phones = many_phones;
	method->n_phones = 3;
	login = fake_start(method);
	fake_found(login);
	assert_string_equal(login->said, "1  *****00  \n2  *****67  home\n");
	end(login);
}

static void the_audit_hears_what_strangers_do_not(void **state UNUSED)
{
	static const struct {
		size_t n_phones;
		enum send_verdict verdict;
		const char *notes;       /* NULL: none */
	} rows[] = {
		{ 1, SEND_ALLOWED, NULL },
		{ 0, SEND_ALLOWED, "no number that may get a message\n" },
		{ 1, SEND_TOO_MANY, "too many messages\n" },
		{ 1, SEND_BLOCKED, "sending is closed\n" },
		{ 1, SEND_UNAVAILABLE, "messages cannot be counted now\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(false);
		struct login *login;

		method->n_phones = rows[i].n_phones;
		login = fake_start(method);
		fake_found(login);
		fake_counted(login, rows[i].verdict, 60);
		assert_string_equal(login->notes ? login->notes : "",
				    rows[i].notes ? rows[i].notes : "");
		end(login);
	}
}

/* Fifty messages are watched at a time; codes entered right in between are in the same fifty. */
static void messages_without_answers_are_counted(void **state UNUSED)
{
	struct fake_method *method = method_new(true);
	const struct sms_shared *shared = method->shared;

	for (unsigned n = 1; n <= 50; n++) {
		struct login *login = start_asking(method);

		assert_int_equal(shared->n_sent, n % 50);
		if (n == 1) {
			_cleanup_free_ char *code = text_copy(login->code);

			fake_answer(login, code);
			fake_judge(login);
			assert_int_equal(shared->n_right, 1);
		}
		fake_login_free(login);
	}
	assert_int_equal(shared->n_right, 0);
	fake_method_free(method);
}

/* --- again --- */

static void ask_again(struct login *login, int64_t after_ms)
{
	fake_pass(login, after_ms);
	fake_answer(login, "r");
	if (login->request_number)       /* what became of the last one */
		fake_reply_json(login, 200, "on-its-way");
}

static void it_takes_a_minute_to_be_sent_again(void **state UNUSED)
{
	struct login *login = start_asking(method_new(true));

	ask_again(login, 30000);
	assert_string_equal(login->errors, "You can ask for another code in 30 s.\n");
	assert_int_equal(login->check, FAKE_NO_CHECK);
	ask_again(login, 29001);
	assert_true(has(login->errors, "You can ask for another code in 1 s.\n"));
	ask_again(login, 1000);
	assert_int_equal(login->check, FAKE_SEND);
	end(login);
}

static void the_same_code_is_sent_again_twice(void **state UNUSED)
{
	struct login *login = start_login(method_new(true));
	_cleanup_free_ char *code = NULL, *ref = NULL, *again = NULL;

	fake_found(login);
	fake_counted(login, SEND_ALLOWED, 0);
	code = text_copy(login->code);
	ref = ref_of(login);
	fake_reply_json(login, 200, "accepted SM1");
	ask_again(login, 60000);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, code));
	again = ref_of(login);
	assert_string_equal(ref, again);
	assert_true(fake_body_has(login, "valid=240"));
	assert_int_equal(login->n_kept, 1);
	fake_reply_json(login, 200, "accepted SM2");
	ask_again(login, 60000);
	assert_true(has(login->errors, "You can ask for another code in 60 s.\n"));
	ask_again(login, 60000);
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, code));
	fake_reply_json(login, 200, "accepted SM3");
	ask_again(login, 60000);
	assert_true(has(login->errors, "No more messages can be sent in this login.\n"));
	fake_answer(login, code);
	fake_judge(login);
	assert_int_equal(login->end, FAKE_IDENTIFIED);
	assert_int_equal(login->n_counted, 3);
	end(login);
}

static void wrong_codes_count_across_messages(void **state UNUSED)
{
	struct login *login = start_asking(method_new(true));

	enter_wrong(login);
	enter_wrong(login);
	ask_again(login, 60000);
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "accepted SM2");
	enter_wrong(login);
	assert_int_equal(login->end, FAKE_DENIED);
	end(login);
}

static void a_dead_code_is_not_sent_again(void **state UNUSED)
{
	for (int is_proved = 0; is_proved <= 1; is_proved++) {
		struct login *login = start_asking(method_new(is_proved));

		ask_again(login, 300000);
		assert_int_equal(login->end, FAKE_DENIED);
		assert_int_equal(login->reason, DENY_WRONG);
		assert_int_equal(login->n_counted, 1);
		end(login);
	}
}

/* The first message may still arrive. */
static void what_fails_the_second_time_is_told_and_asked_for(void **state UNUSED)
{
	static const struct {
		enum send_verdict verdict;
		const char *errors;
	} rows[] = {
		{ SEND_ALLOWED, "The code could not be sent again.\n" },
		{ SEND_TOO_MANY, "Too many codes were asked for. Try again in 5 minutes.\n" },
		{ SEND_BLOCKED, "Codes by SMS are closed for this account; ask your sysadmin.\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_asking(method_new(true));
		_cleanup_free_ char *code = text_copy(login->code);

		ask_again(login, 60000);
		fake_counted(login, rows[i].verdict, 300);
		if (login->request_number)
			fake_reply_json(login, 200, "limit x");
		assert_string_equal(login->errors, rows[i].errors);
		fake_answer(login, code);
		fake_judge(login);
		assert_int_equal(login->end, FAKE_IDENTIFIED);
		end(login);
	}
}

static void a_stranger_asks_again_like_everybody(void **state UNUSED)
{
	struct fake_method *method = method_new(false);
	struct login *login;

	method->n_phones = 0;
	login = start_asking(method);
	ask_again(login, 60000);
	assert_int_equal(login->check, FAKE_SEND);
	fake_counted(login, SEND_TOO_MANY, 300);
	assert_in_range(login->timer_delay_ms, 300, 2000);
	fake_timer(login);
	assert_null(login->errors);
	assert_int_equal(login->n_requests, 0);
	assert_int_equal(login->end, FAKE_RUNNING);
	end(login);
}

/* --- what became of the message --- */

static void deliveries_are_told(void **state UNUSED)
{
	static const struct {
		const char *typed, *says, *told;
	} rows[] = {
		{ "", "delivered", "The message was delivered.\n" },
		{ "", "on-its-way", "The message is on its way.\n" },
		{ "r", "failed 30005", "The message could not be delivered.\n" },
		{ "\xef\xbd\x92", "delivered", "The message was delivered.\n" },
		{ "R", "<html>", "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_asking(method_new(true));

		fake_answer(login, rows[i].typed);
		assert_true(fake_asks(login, "https://one.example.org/ask/SM1"));
		fake_reply_json(login, 200, rows[i].says);
		assert_true(has(login->said, rows[i].told));
		assert_true(has(login->notes, "one: delivery "));
		assert_int_not_equal(login->prompt_number, 0);
		end(login);
	}
}

static void who_must_not_know_or_cannot_say_is_not_asked(void **state UNUSED)
{
	struct fake_method *mute = method_with("vendors = mute");
	struct login *login = start_asking(method_new(false));

	fake_reply_json(login, 200, "accepted SM1");
	fake_answer(login, "");
	assert_int_equal(login->request_number, 0);
	end(login);
	mute->is_proved = true;
	login = start_asking(mute);
	fake_answer(login, "");
	assert_int_equal(login->request_number, 0);
	assert_string_equal(login->errors, "Type the digits of the code.\n");
	end(login);
}

/* --- routes and keys --- */

static void numbers_go_the_way_of_their_longest_prefix(void **state UNUSED)
{
	static const struct {
		const char *vendors, *number, *asks;     /* NULL: nobody */
		int64_t cost;
	} rows[] = {
		{ "one", MOBILE, "https://one.example.org/send", 3 },
		{ "one two", MOBILE, "https://one.example.org/send", 8 },
		{ "+86 two, one", MOBILE, "https://two.example.org/send", 8 },
		{ "one, +86 two", MOBILE, "https://two.example.org/send", 8 },
		{ "+86 two, one", "+14155550100", "https://one.example.org/send", 3 },
		{ "+1 one, +1264 two", "+12645550100", "https://two.example.org/send", 8 },
		{ "+1 one, +1264 two", "+14155550100", "https://one.example.org/send", 3 },
		{ "+1 one", MOBILE, NULL, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *section = text_format("vendors = %s", rows[i].vendors);
		struct fake_method *method = method_with(section);
		const struct phone phone = { .id = 7, .number = rows[i].number, .label = "" };
		struct login *login;

		method->phones = &phone;
		login = fake_start(method);
		fake_found(login);
		assert_int_equal(login->sent_cost, rows[i].cost);
		fake_counted(login, SEND_ALLOWED, 0);
		assert_int_equal(login->request_number != 0, rows[i].asks != NULL);
		assert_true(!rows[i].asks || fake_asks(login, rows[i].asks));
		end(login);
	}
}

static void mistakes_of_a_section_are_told(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;   /* NULL: none */
	} rows[] = {
		{ "vendors = +86 one two, two mute", NULL },
		{ "vendors = one\ncalling_codes = +86, +1264", NULL },
		{ "vendors = one\ntext = {code} {ref}", NULL },
		{ "", "vendors" },
		{ "vendors = three",
		  "\"three\" is not among the [sms ID] sections: one, two, mute" },
		{ "vendors = +86", "\"+86\" names no vendor" },
		{ "vendors = one, +86 ", "\"+86\" names no vendor" },
		{ "vendors = one one", "\"one\" stands in one route twice" },
		{ "vendors = one, two", "\"two\" is a second route for the same numbers" },
		{ "vendors = +1 one, +1 two", "\"+1 two\" is a second route" },
		{ "vendors = +x one", "\"+x\" is not a calling code" },
		{ "vendors = one +86", "\"+86\" is not among" },
		{ "vendors = one\ncode_digits = 5", "code_digits" },
		{ "vendors = one\ncode_digits = 9", "code_digits" },
		{ "vendors = one\ncode_minutes = 11", "code_minutes" },
		{ "vendors = one\ncode_tries = 6", "code_tries" },
		{ "vendors = one\ncalling_codes = 86", "\"calling_codes\" must be" },
		{ "vendors = one\ntext = hello", "\"text\" must have {code} in it, once" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes_bound(&sms_provider, rows[i].section,
								    fake_gateways);

		if (rows[i].mistake ? !has(mistakes, rows[i].mistake) : *mistakes)
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

static void unused_numbers_are_left_out_by_the_core(void **state UNUSED)
{
	struct login *login = fake_start(method_new(false));

	assert_int_equal(login->unused_days, 180);
	end(login);
}

/* --- adding a number --- */

static struct login *start_enrol(bool is_root)
{
	static const struct phone_country china = { "86", "0", 11, 11 };
	struct fake_method *method = method_new(true);

	method->is_root = is_root;
	method->country = &china;
	return fake_enrol(method);
}

static void a_sysadmin_adds_a_number(void **state UNUSED)
{
	struct login *login = start_enrol(true);

	assert_string_equal(login->prompt_name, "number");
	fake_answer(login, "139 0000 1234");
	assert_string_equal(login->prompt_name, "label");
	fake_answer(login, "office");
	assert_string_equal(login->prompt_name, "verify");
	fake_answer(login, "perhaps");
	assert_string_equal(login->prompt_name, "verify");
	fake_answer(login, "n");
	assert_string_equal(login->added_number, MOBILE);
	assert_string_equal(login->added_label, "office");
	assert_int_equal(login->n_counted, 0);
	fake_stored(login, 0);
	assert_int_equal(login->end, FAKE_DONE);
	end(login);
}

static void a_number_is_added_when_its_code_was_read(void **state UNUSED)
{
	for (int is_root = 0; is_root <= 1; is_root++) {
		struct login *login = start_enrol(is_root);
		_cleanup_free_ char *code = NULL;

		fake_answer(login, MOBILE);
		fake_answer(login, "");
		if (is_root)
			fake_answer(login, "y");
		assert_int_equal(login->sent_to.id, -1);
		assert_string_equal(login->sent_number, MOBILE);
		fake_counted(login, SEND_ALLOWED, 0);
		assert_int_equal(login->code_phone, 0);
		fake_reply_json(login, 200, "accepted SM1");
		assert_string_equal(login->prompt, "Enter code: ");
		code = text_copy(login->code);
		fake_answer(login, "hm");
		enter_wrong(login);
		assert_null(login->added_number);
		fake_answer(login, code);
		fake_judge(login);
		assert_string_equal(login->added_number, MOBILE);
		fake_stored(login, 0);
		assert_int_equal(login->end, FAKE_DONE);
		end(login);
	}
}

static void three_wrong_codes_add_nothing(void **state UNUSED)
{
	struct login *login = start_enrol(false);

	fake_answer(login, MOBILE);
	fake_answer(login, "");
	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "accepted SM1");
	for (int i = 0; i < 3; i++)
		enter_wrong(login);
	assert_int_equal(login->end, FAKE_DENIED);
	assert_null(login->added_number);
	assert_null(login->code);
	end(login);
}

static void refused_numbers_are_told_why(void **state UNUSED)
{
	static const struct {
		const char *typed, *error;
	} rows[] = {
		{ "12345", "Not a mobile number of this country, nor" },
		{ "+8613900001234 x12", "Not a mobile number of this country, nor" },
		{ "", "Not a mobile number of this country, nor" },
		{ "+88161234567", "Messages to satellite and service numbers are never sent." },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_enrol(true);

		fake_answer(login, rows[i].typed);
		assert_true(has(login->errors, rows[i].error));
		assert_string_equal(login->prompt_name, "number");
		fake_answer(login, "");
		fake_answer(login, "");
		assert_int_equal(login->end, FAKE_DENIED);
		end(login);
	}
}

static void a_label_is_a_short_line(void **state UNUSED)
{
	struct login *login = start_enrol(true);

	fake_answer(login, MOBILE);
	fake_answer(login, "a\tb");
	fake_answer(login, "012345678901234567890123456789012");
	assert_true(has(login->errors, "A label is one line of at most 32 bytes.\n"));
	assert_string_equal(login->prompt_name, "label");
	fake_answer(login, "01234567890123456789012345678901");
	assert_string_equal(login->prompt_name, "verify");
	end(login);
}

static void what_the_store_says_is_told(void **state UNUSED)
{
	static const struct {
		int error;
		enum fake_end end;
		const char *text;
	} rows[] = {
		{ -EEXIST, FAKE_DENIED, "The user has this number already.\n" },
		{ -ENOSPC, FAKE_DENIED, "The user has as many numbers as there may be.\n" },
		{ -ENOENT, FAKE_DENIED, "There is no such user.\n" },
		{ -EIO, FAKE_FAILED, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = start_enrol(true);

		fake_answer(login, MOBILE);
		fake_answer(login, "");
		fake_answer(login, "n");
		fake_stored(login, rows[i].error);
		assert_int_equal(login->end, rows[i].end);
		assert_string_equal(login->errors ? login->errors : "", rows[i].text);
		end(login);
	}
}

/* --- a test message --- */

static struct login *start_trial(const char *typed)
{
	struct fake_method *method = method_with("vendors = +86 one two");
	struct login *login;

	method->is_proved = method->is_root = true;
	method->user = "";
	login = fake_test(method);
	assert_string_equal(login->prompt_name, "number");
	fake_answer(login, typed);
	return login;
}

static void a_test_shows_every_step(void **state UNUSED)
{
	struct login *login = start_trial(MOBILE);
	_cleanup_free_ char *code = NULL;

	assert_string_equal(login->said, "Route +86: one, two\n");
	fake_counted(login, SEND_ALLOWED, 0);
	assert_true(fake_body_has(login, "user= "));
	assert_true(fake_body_has(login, "(test)"));
	fake_reply_json(login, 200, "config out-of-service");
	fake_reply_json(login, 200, "accepted SM2");
	assert_true(has(login->said, "one: configuration out-of-service, *****34, 0 ms\n"));
	assert_true(has(login->said, "two: accepted SM2, *****34, 0 ms\n"));
	assert_true(has(login->said, "The message says ref "));
	code = text_copy(login->code);
	fake_answer(login, code);
	fake_judge(login);
	assert_true(has(login->said, "That is the code that was sent.\n"));
	assert_true(fake_asks(login, "https://two.example.org/ask/SM2"));
	fake_reply_json(login, 200, "delivered");
	assert_true(has(login->said, "two: delivery delivered\n"));
	assert_int_equal(login->end, FAKE_DONE);
	assert_false(has(login->said, code));
	end(login);
}

static void a_test_without_a_code_ends_too(void **state UNUSED)
{
	struct login *login = start_trial("+86 139 0000 1234");

	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	assert_true(has(login->said, "one: timed-out, *****34, "));
	fake_answer(login, "");
	assert_int_equal(login->end, FAKE_DONE);
	assert_null(login->code);
	end(login);
}

static void a_test_that_fails_says_so(void **state UNUSED)
{
	struct login *login = start_trial(MOBILE);

	fake_counted(login, SEND_ALLOWED, 0);
	fake_reply_json(login, 200, "limit per-hour");
	assert_true(has(login->said, "one: limit per-hour, *****34, "));
	assert_int_equal(login->end, FAKE_FAILED);
	end(login);
	login = start_trial(MOBILE);
	fake_counted(login, SEND_TOO_MANY, 3600);
	assert_int_equal(login->end, FAKE_DENIED);
	assert_true(has(login->errors, "Try again in 60 minutes."));
	end(login);
	login = start_trial("+14155550100");
	assert_string_equal(login->errors, "No vendor is set up for this calling code.\n");
	end(login);
	login = start_trial("13900001234");
	assert_true(has(login->errors, "A number begins with +"));
	end(login);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_code_is_the_user),
		cmocka_unit_test(the_first_prompt_tells_where_and_how_long),
		cmocka_unit_test(the_screen_has_the_messages_reference),
		cmocka_unit_test(a_code_lives_no_longer_than_its_login),
		cmocka_unit_test(the_message_is_the_one_of_the_keys),
		cmocka_unit_test(codes_are_digits_from_0_to_9),
		cmocka_unit_test(typed_forms_of_a_code_are_the_code),
		cmocka_unit_test(three_wrong_codes_are_the_end),
		cmocka_unit_test(a_right_one_counts_after_wrong_ones),
		cmocka_unit_test(code_tries_is_how_many),
		cmocka_unit_test(other_verdicts_on_a_code),
		cmocka_unit_test(a_late_code_is_a_wrong_one),
		cmocka_unit_test(what_is_no_code_costs_a_prompt_only),
		cmocka_unit_test(strangers_all_see_the_same),
		cmocka_unit_test(who_has_no_number_has_no_code),
		cmocka_unit_test(a_stranger_gets_it_where_it_was_used_last),
		cmocka_unit_test(a_vendor_is_asked_again_behind_the_prompt),
		cmocka_unit_test(a_message_still_under_way_is_not_doubled),
		cmocka_unit_test(limits_are_told_with_minutes),
		cmocka_unit_test(who_has_no_number_is_told),
		cmocka_unit_test(failures_are_told_and_given_back),
		cmocka_unit_test(a_message_that_may_be_out_is_asked_for),
		cmocka_unit_test(one_of_several_numbers_is_chosen),
		cmocka_unit_test(nothing_chosen_is_the_end),
		cmocka_unit_test(numbers_that_get_no_message_are_not_offered),
		cmocka_unit_test(the_audit_hears_what_strangers_do_not),
		cmocka_unit_test(messages_without_answers_are_counted),
		cmocka_unit_test(it_takes_a_minute_to_be_sent_again),
		cmocka_unit_test(the_same_code_is_sent_again_twice),
		cmocka_unit_test(wrong_codes_count_across_messages),
		cmocka_unit_test(a_dead_code_is_not_sent_again),
		cmocka_unit_test(what_fails_the_second_time_is_told_and_asked_for),
		cmocka_unit_test(a_stranger_asks_again_like_everybody),
		cmocka_unit_test(deliveries_are_told),
		cmocka_unit_test(who_must_not_know_or_cannot_say_is_not_asked),
		cmocka_unit_test(numbers_go_the_way_of_their_longest_prefix),
		cmocka_unit_test(mistakes_of_a_section_are_told),
		cmocka_unit_test(unused_numbers_are_left_out_by_the_core),
		cmocka_unit_test(a_sysadmin_adds_a_number),
		cmocka_unit_test(a_number_is_added_when_its_code_was_read),
		cmocka_unit_test(three_wrong_codes_add_nothing),
		cmocka_unit_test(refused_numbers_are_told_why),
		cmocka_unit_test(a_label_is_a_short_line),
		cmocka_unit_test(what_the_store_says_is_told),
		cmocka_unit_test(a_test_shows_every_step),
		cmocka_unit_test(a_test_without_a_code_ends_too),
		cmocka_unit_test(a_test_that_fails_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
