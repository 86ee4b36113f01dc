/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message and the vendors of its route: who is asked, how often, and what is made of it. */
#include "providers/sms-sending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/fake-core.h"
#include "tests/providers/fake-vendor.h"

/* A provider that does nothing but send one message. */
struct own {
	struct sms_sending sending;
	struct sms_message message;
	enum sms_progress progress;
	enum sms_delivery delivery;
};

static const struct sms_route route = {
	.gateways = { &fake_one, &fake_two },
	.n_gateways = 2,
};

static struct secret *code, *text;

static void follow(struct login *login, enum sms_progress progress)
{
	struct own *own = login_own(login);

	own->progress = progress;
	if (progress == SMS_WAITING)
		(void)login_timer(login, own->sending.wait_ms);
}

static void start(struct login *login)
{
	struct own *own = login_own(login);

	own->message = (struct sms_message){
		.number = "+8613900001234", .code = code, .text = text, .host = "db-1",
		.user = "jane", .reference = "K7", .language = "en", .valid_s = 300,
	};
	follow(login, sms_sending_start(login, &own->sending, &route, &own->message));
}

static void reply(struct login *login, uint32_t number UNUSED, const struct http_reply *answer)
{
	struct own *own = login_own(login);

	if (own->sending.message)
		follow(login, sms_sending_reply(login, &own->sending, answer));
	else
		own->delivery = sms_sending_told(login, &own->sending, answer);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	struct own *own = login_own(login);

	follow(login, sms_sending_again(login, &own->sending));
}

static const struct conf_key no_keys[] = { { 0 } };

static const struct provider sender = {
	.type = "sender",
	.keys = no_keys,
	.config_size = 1,
	.login_size = sizeof(struct own),
	.start = start,
	.reply = reply,
	.timeout = timeout,
};

static int set_up(void **state)
{
	code = secret_from_text("482913");
	text = secret_from_text("482913 is your code");
	*state = fake_method_new(&sender, "");
	return 0;
}

static int tear_down(void **state)
{
	fake_method_free(*state);
	code = secret_free(code);
	text = secret_free(text);
	return 0;
}

/* --- scripts --- */

/* What the open request gets: a word of the fake vendor's, or how it was lost. */
struct event {
	const char *says;                /* NULL: `lost` */
	enum http_result lost;
};

struct script {
	const char *name;
	struct event events[6];
	enum sms_progress progress;
	unsigned n_one, n_two;           /* requests each of the two got */
	unsigned n_waits;
	const char *notes;               /* each of its words is in them, in this order */
};

#define SAYS(text) { text, HTTP_DONE }
#define LOST(how) { NULL, how }
#define END { NULL, 0 }

static const struct script scripts[] = {
	{ "accepted", { SAYS("accepted SM1"), END }, SMS_SENT, 1, 0, 0, "one: accepted SM1" },
	{ "refused: final", { SAYS("refused bad-text"), END }, SMS_NOT_SENT, 1, 0, 0,
	  "one: refused bad-text" },
	{ "number: final", { SAYS("number 21614"), END }, SMS_NOT_SENT, 1, 0, 0,
	  "one: number 21614" },
	{ "limit: final", { SAYS("limit 60"), END }, SMS_NOT_SENT, 1, 0, 0, "one: limit 60" },
	{ "unknown: never again", { SAYS("<html>"), END }, SMS_PERHAPS_SENT, 1, 0, 0,
	  "one: unknown" },
	{ "time-out: never again", { LOST(HTTP_TIMED_OUT), END }, SMS_PERHAPS_SENT, 1, 0, 0,
	  "one: timed-out" },
	{ "cut: never again", { LOST(HTTP_BROKEN), END }, SMS_PERHAPS_SENT, 1, 0, 0,
	  "one: broken" },
	{ "no helper: never again", { LOST(HTTP_NO_HELPER), END }, SMS_PERHAPS_SENT, 1, 0, 0,
	  "one: no-helper" },
	{ "configuration: the next", { SAYS("config out-of-service"), SAYS("accepted SM2"), END },
	  SMS_SENT, 1, 1, 0, "one: configuration out-of-service|two: accepted SM2" },
	{ "again: once more", { SAYS("again busy"), SAYS("accepted SM1"), END }, SMS_SENT, 2, 0, 1,
	  "one: again busy|one: accepted SM1" },
	{ "again twice: the next",
	  { SAYS("again busy"), SAYS("again busy"), SAYS("accepted SM2"), END },
	  SMS_SENT, 2, 1, 1, "one: again busy|one: again busy|two: accepted SM2" },
	{ "again after long: the next", { SAYS("again busy 6"), SAYS("accepted SM2"), END },
	  SMS_SENT, 1, 1, 0, "one: again busy|two: accepted SM2" },
	{ "clock: once more", { SAYS("clock skew"), SAYS("accepted SM1"), END }, SMS_SENT, 2, 0, 0,
	  "one: clock skew|one: accepted SM1" },
	{ "clock twice: the next", { SAYS("clock skew"), SAYS("clock skew"), SAYS("accepted SM2"),
	  END }, SMS_SENT, 2, 1, 0, "one: clock|one: clock|two: accepted SM2" },
	{ "not reached: once more, the next",
	  { LOST(HTTP_NOT_SENT), LOST(HTTP_NOT_SENT), SAYS("accepted SM2"), END },
	  SMS_SENT, 2, 1, 1, "one: not-reached|one: not-reached|two: accepted SM2" },
	{ "not reached, then a time-out", { LOST(HTTP_NOT_SENT), LOST(HTTP_TIMED_OUT), END },
	  SMS_PERHAPS_SENT, 2, 0, 1, "one: not-reached|one: timed-out" },
	{ "again, then clock: once more in all",
	  { SAYS("again busy"), SAYS("clock skew"), SAYS("accepted SM2"), END },
	  SMS_SENT, 2, 1, 1, "one: again|one: clock|two: accepted SM2" },
	{ "the second may repeat too",
	  { SAYS("config x"), SAYS("again busy"), SAYS("accepted SM2"), END },
	  SMS_SENT, 1, 2, 1, "one: configuration x|two: again busy|two: accepted SM2" },
	{ "the second is final too", { SAYS("config x"), SAYS("limit y"), END },
	  SMS_NOT_SENT, 1, 1, 0, "one: configuration x|two: limit y" },
	{ "after the last: not sent", { SAYS("config x"), SAYS("config y"), END },
	  SMS_NOT_SENT, 1, 1, 0, "one: configuration x|two: configuration y" },
	{ "the worst of it", { LOST(HTTP_NOT_SENT), SAYS("again x"), LOST(HTTP_NOT_SENT),
	  SAYS("again y"), END }, SMS_NOT_SENT, 2, 2, 2,
	  "one: not-reached|one: again x|two: not-reached|two: again y" },
};

/* One event; the request before it must carry the one code, and be of those sent but once. */
static void play(struct login *login, const struct event *event, unsigned counts[2])
{
	bool is_one = fake_asks(login, "https://one.example.org/send");

	assert_true(is_one || fake_asks(login, "https://two.example.org/send"));
	assert_true(login->request->once);
	assert_true(fake_body_has(login, "number=+8613900001234 code=482913"));
	counts[is_one ? 0 : 1]++;
	if (event->says)
		fake_reply_json(login, 200, event->says);
	else
		fake_reply_lost(login, event->lost);
}

static void assert_notes(const struct script *script, const char *notes)
{
	_cleanup_free_ char *wanted = text_copy(script->notes);
	const char *at = notes;
	char *rest = wanted;

	for (char *part = strsep(&rest, "|"); part; part = strsep(&rest, "|")) {
		at = strstr(at, part);
		if (!at)
			fail_msg("%s: no \"%s\" in: %s", script->name, part, notes);
		assert_non_null(strstr(at, ", *****34, "));
		at += strlen(part);
	}
	assert_null(strstr(notes, "482913"));
	assert_null(strstr(notes, "1390000"));
}

static void every_reply_leads_where_the_table_says(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(scripts); i++) {
		const struct script *script = &scripts[i];
		struct login *login = fake_start(*state);
		const struct own *own = login->own;
		unsigned counts[2] = { 0, 0 }, n_waits = 0;

		for (const struct event *event = script->events; event->says || event->lost;
		     event++) {
			play(login, event, counts);
			if (own->progress != SMS_WAITING)
				continue;
			assert_in_range(login->timer_delay_ms, 1000, 2000);
			fake_timer(login);
			n_waits++;
		}
		if (own->progress != script->progress || counts[0] != script->n_one ||
		    counts[1] != script->n_two || n_waits != script->n_waits)
			fail_msg("%s: progress %d, requests %u %u, waits %u", script->name,
				 (int)own->progress, counts[0], counts[1], n_waits);
		assert_int_equal(login->request_number, 0);
		assert_notes(script, login->notes);
		fake_login_free(login);
	}
}

static void a_short_wait_is_the_vendors(void **state)
{
	struct login *login = fake_start(*state);

	fake_reply_json(login, 200, "again busy 4");
	assert_int_equal(login->timer_delay_ms, 4000);
	fake_login_free(login);
}

/* The value of "name=" in the open request's body, or in what was its body. */
static char *value_of(const char *body, const char *name)
{
	const char *at = strstr(body, name) + strlen(name);

	return text_format("%.*s", (int)strcspn(at, " "), at);
}

static void another_attempt_has_another_nonce_and_date(void **state)
{
	struct login *login = fake_start(*state);
	_cleanup_free_ char *nonce = value_of(login->request->body->data, "nonce=");
	_cleanup_free_ char *now = value_of(login->request->body->data, "now=");
	_cleanup_free_ char *other_nonce = NULL, *other_now = NULL;

	assert_int_equal(strlen(nonce), SMS_NONCE_LEN);
	fake_pass(login, 5000);
	fake_reply_json(login, 200, "clock skew");
	other_nonce = value_of(login->request->body->data, "nonce=");
	other_now = value_of(login->request->body->data, "now=");
	assert_string_not_equal(nonce, other_nonce);
	assert_string_not_equal(now, other_now);
	fake_login_free(login);
}

static void a_note_tells_how_long_it_took(void **state)
{
	struct login *login = fake_start(*state);

	fake_pass(login, 430);
	fake_reply_json(login, 200, "accepted SM1");
	assert_string_equal(login->notes, "one: accepted SM1, *****34, 430 ms\n");
	fake_login_free(login);
}

static void deliveries_are_asked_of_who_accepted(void **state)
{
	static const struct {
		const char *says;
		enum sms_delivery delivery;
		const char *note;
	} rows[] = {
		{ "on-its-way", SMS_ON_ITS_WAY, "two: delivery on its way\n" },
		{ "delivered", SMS_DELIVERED, "two: delivery delivered\n" },
		{ "failed 30005", SMS_NOT_DELIVERED, "two: delivery not delivered 30005\n" },
		{ "<html>", SMS_DELIVERY_UNKNOWN, "two: delivery unknown\n" },
		{ NULL, SMS_DELIVERY_UNKNOWN, "two: delivery unknown\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = fake_start(*state);
		struct own *own = login->own;

		fake_reply_json(login, 200, "config x");
		fake_reply_json(login, 200, "accepted SM2");
		assert_true(sms_sending_ask(login, &own->sending, "+8613900001234"));
		assert_true(fake_asks(login, "https://two.example.org/ask/SM2"));
		assert_int_equal(login->request->total_ms, SMS_ASK_MS);
		if (rows[i].says)
			fake_reply_json(login, 200, rows[i].says);
		else
			fake_reply_lost(login, HTTP_TIMED_OUT);
		assert_int_equal(own->delivery, rows[i].delivery);
		assert_non_null(strstr(login->notes, rows[i].note));
		fake_login_free(login);
	}
}

static void what_nobody_accepted_cannot_be_asked_for(void **state)
{
	static const char *const replies[] = { "refused x", "<html>", "accepted" };

	for (size_t i = 0; i < N_ELEMENTS(replies); i++) {
		struct login *login = fake_start(*state);
		struct own *own = login->own;

		fake_reply_json(login, 200, replies[i]);
		assert_false(sms_sending_ask(login, &own->sending, "+8613900001234"));
		fake_login_free(login);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_reply_leads_where_the_table_says, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_short_wait_is_the_vendors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_attempt_has_another_nonce_and_date, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_note_tells_how_long_it_took, set_up, tear_down),
		cmocka_unit_test_setup_teardown(deliveries_are_asked_of_who_accepted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_accepted_cannot_be_asked_for, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
