/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pam_jauth/client.c against a jauthd that is the other end of a socket pair. */
#include "pam_jauth/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/macro.h"
#include "pam_jauth/deadline.h"

struct pair {
	struct login_client client;
	int jauthd;
};

static int set_up(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	client_init(&pair->client, 60000);
	pair->client.fd = fds[0];
	pair->jauthd = fds[1];
	*state = pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	client_done(&pair->client);
	close_fd(&pair->jauthd);
	free(pair);
	return 0;
}

static void hang_up(struct pair *pair)
{
	close_fd(&pair->jauthd);
	pair->jauthd = -1;
}

static void send_step(struct pair *pair, enum login_state state, const char *text)
{
	struct login_step step = { .state = state, .items = { { .kind = ITEM_INFO, .text = text } },
				   .n_items = text ? 1 : 0 };
	char *data;
	size_t len;

	assert_int_equal(login_step_encode(&step, &data, &len), 0);
	assert_int_equal(send(pair->jauthd, data, len, MSG_DONTWAIT), len);
	free(data);
}

/* The next step must be an outcome of the client itself, with a reason. */
static void assert_ends(struct pair *pair, enum login_state want)
{
	struct login_step step;

	client_next(&pair->client, &step);
	assert_int_equal(step.state, want);
	assert_int_equal(step.n_items, 0);
	assert_null(step.message);
	assert_true(*pair->client.reason);
}

static void steps_come_one_by_one(void **state)
{
	struct pair *pair = *state;
	struct login_step step;

	send_step(pair, LOGIN_WAIT, "first");
	send_step(pair, LOGIN_GRANTED, NULL);
	client_next(&pair->client, &step);
	assert_int_equal(step.state, LOGIN_WAIT);
	assert_string_equal(step.items[0].text, "first");
	login_step_done(&step);
	client_next(&pair->client, &step);
	assert_int_equal(step.state, LOGIN_GRANTED);
	login_step_done(&step);
	assert_string_equal(pair->client.reason, "");
}

static void an_outcome_is_read_although_jauthd_has_closed(void **state)
{
	struct pair *pair = *state;
	struct login_step step;

	send_step(pair, LOGIN_DENIED, NULL);
	assert_true(client_answer(&pair->client, 1, "unread", 6));
	hang_up(pair);
	client_next(&pair->client, &step);
	assert_int_equal(step.state, LOGIN_DENIED);
	login_step_done(&step);
	assert_ends(pair, LOGIN_UNAVAILABLE);
}

static void an_end_without_outcome_is_unavailable(void **state)
{
	hang_up(*state);
	assert_ends(*state, LOGIN_UNAVAILABLE);
}

static void what_is_no_step_fails(void **state)
{
	static const char large[LOGIN_STEP_MAX + 1];
	struct pair *pair = *state;

	assert_int_equal(send(pair->jauthd, "granted", 7, 0), 7);
	assert_ends(pair, LOGIN_FAILED);
	assert_int_equal(send(pair->jauthd, large, sizeof(large), 0), sizeof(large));
	assert_ends(pair, LOGIN_FAILED);
}

static void a_deadline_means_something_else_once_jauthd_has_spoken(void **state)
{
	struct pair *pair = *state;
	struct login_step step;

	pair->client.deadline_ms = monotonic_ms();
	assert_ends(pair, LOGIN_UNAVAILABLE);
	send_step(pair, LOGIN_WAIT, NULL);
	client_next(&pair->client, &step);
	login_step_done(&step);
	assert_ends(pair, LOGIN_FAILED);
}

static bool always(void)
{
	return true;
}

static void an_interrupt_cancels_unless_a_step_is_there(void **state)
{
	struct pair *pair = *state;
	struct login_step step;

	pair->client.is_interrupted = always;
	send_step(pair, LOGIN_GRANTED, NULL);
	client_next(&pair->client, &step);
	assert_int_equal(step.state, LOGIN_GRANTED);
	login_step_done(&step);
	assert_ends(pair, LOGIN_CANCELLED);
}

static void a_connection_that_hangs_up_cancels_and_is_not_read(void **state)
{
	struct pair *pair = *state;
	char byte;
	int ssh[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ssh), 0);
	pair->client.hangup_fd = ssh[0];
	assert_int_equal(send(ssh[1], "x", 1, 0), 1);
	pair->client.deadline_ms = monotonic_ms() + 1;
	assert_ends(pair, LOGIN_UNAVAILABLE);
	pair->client.deadline_ms = monotonic_ms() + 60000;
	close_fd(&ssh[1]);
	assert_ends(pair, LOGIN_CANCELLED);
	assert_int_equal(recv(ssh[0], &byte, 1, 0), 1);
	close_fd(&ssh[0]);
}

static void answers_have_number_and_limit(void **state)
{
	static char longest[LOGIN_ANSWER_MAX + 1];
	struct pair *pair = *state;
	unsigned char data[LOGIN_ANSWER_HEADER + LOGIN_ANSWER_MAX + 1];

	assert_true(client_answer(&pair->client, 0x04030201, "a\0b", 3));
	assert_int_equal(recv(pair->jauthd, data, sizeof(data), 0), 8);
	assert_memory_equal(data, "\1\1\2\3\4a\0b", 8);
	assert_true(client_answer(&pair->client, 1, longest, LOGIN_ANSWER_MAX));
	assert_int_equal(recv(pair->jauthd, data, sizeof(data), 0), 5 + LOGIN_ANSWER_MAX);
	assert_false(client_answer(&pair->client, 1, longest, LOGIN_ANSWER_MAX + 1));
	client_cancel(&pair->client);
	assert_int_equal(recv(pair->jauthd, data, sizeof(data), MSG_DONTWAIT), 5);
	assert_memory_equal(data, "\2\0\0\0\0", 5);
}

static void sending_to_nobody_raises_no_signal(void **state)
{
	struct pair *pair = *state;

	hang_up(pair);
	assert_true(client_answer(&pair->client, 1, "x", 1));
	client_cancel(&pair->client);
	assert_ends(pair, LOGIN_UNAVAILABLE);
}

static void a_login_that_cannot_be_described_fails_before_the_bus(void **state UNUSED)
{
	static char long_text[LOGIN_FACT_MAX + 2];
	static const struct login_facts rows[] = {
		{ .user = "jane" },
		{ .service = "sshd" },
		{ .service = "sshd", .user = "\xff" },
		{ .service = "sshd", .user = long_text },
		{ .service = "sshd", .user = "jane", .rhost = long_text },
		{ .service = "sshd", .user = "jane", .tty = "\xc0\xaf" },
	};

	memset(long_text, 'a', LOGIN_FACT_MAX + 1);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login_client client;

		client_init(&client, 1000);
		assert_int_equal(client_begin(&client, "unix:path=/nonexistent", &rows[i]),
				 LOGIN_FAILED);
		assert_int_equal(client.fd, -1);
	}
}

static void without_a_bus_jauth_is_unavailable(void **state UNUSED)
{
	static const char *const addresses[] = {
		"unix:path=/nonexistent", "unix:path=/dev/null", "no address", "unix:",
	};
	const struct login_facts facts = { .service = "sshd", .user = "jane" };

	for (size_t i = 0; i < N_ELEMENTS(addresses); i++) {
		struct login_client client;

		client_init(&client, 1000);
		assert_int_equal(client_begin(&client, addresses[i], &facts), LOGIN_UNAVAILABLE);
		assert_true(*client.reason);
		client_done(&client);
	}
}

#define PAIR_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(steps_come_one_by_one),
		PAIR_TEST(an_outcome_is_read_although_jauthd_has_closed),
		PAIR_TEST(an_end_without_outcome_is_unavailable),
		PAIR_TEST(what_is_no_step_fails),
		PAIR_TEST(a_deadline_means_something_else_once_jauthd_has_spoken),
		PAIR_TEST(an_interrupt_cancels_unless_a_step_is_there),
		PAIR_TEST(a_connection_that_hangs_up_cancels_and_is_not_read),
		PAIR_TEST(answers_have_number_and_limit),
		PAIR_TEST(sending_to_nobody_raises_no_signal),
		cmocka_unit_test(a_login_that_cannot_be_described_fails_before_the_bus),
		cmocka_unit_test(without_a_bus_jauth_is_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
