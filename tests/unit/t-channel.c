/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's end of a login's socket: answers arrive, everything else ends this login only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jauthd/channel.h"
#include "jauthd/limits.h"

struct seen {
	unsigned n_answers, n_cancels, n_gone;
	uint32_t number;
	char answer[LOGIN_ANSWER_MAX + 1];
	size_t len;
};

struct fixture {
	sd_event *event;
	struct channel *channel;
	int peer;
	struct seen seen;
};

static void on_answer(void *context, uint32_t number, const struct secret *answer)
{
	struct seen *seen = context;

	seen->n_answers++;
	seen->number = number;
	seen->len = answer->len;
	memcpy(seen->answer, answer->data, answer->len + 1);
}

static void on_cancel(void *context)
{
	((struct seen *)context)->n_cancels++;
}

static void on_gone(void *context, const char *why)
{
	assert_non_null(why);
	((struct seen *)context)->n_gone++;
}

static const struct channel_events events = { on_answer, on_cancel, on_gone };

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_int_equal(sd_event_new(&fixture->event), 0);
	assert_int_equal(channel_new(fixture->event, &events, &fixture->seen, &fixture->channel,
				     &fixture->peer), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	channel_free(fixture->channel);
	if (fixture->peer >= 0)
		(void)close(fixture->peer);
	sd_event_unref(fixture->event);
	free(fixture);
	return 0;
}

static void turn(struct fixture *fixture)
{
	for (int i = 0; i < 200; i++)
		if (sd_event_run(fixture->event, 0) == 0)
			return;
}

static void send_bytes(struct fixture *fixture, const void *data, size_t len)
{
	assert_int_equal(send(fixture->peer, data, len, MSG_NOSIGNAL), len);
}

static void an_answer_arrives_with_its_number(void **state)
{
	struct fixture *fixture = *state;

	send_bytes(fixture, "\x01\x05\x00\x00\x00secret", 11);
	turn(fixture);
	assert_int_equal(fixture->seen.n_answers, 1);
	assert_int_equal(fixture->seen.number, 5);
	assert_string_equal(fixture->seen.answer, "secret");
}

static void an_empty_answer_and_one_with_nul_bytes_are_whole(void **state)
{
	struct fixture *fixture = *state;

	send_bytes(fixture, "\x01\x01\x00\x00\x00", 5);
	turn(fixture);
	assert_int_equal(fixture->seen.len, 0);
	send_bytes(fixture, "\x01\x02\x00\x00\x00" "a\0b", 8);
	turn(fixture);
	assert_int_equal(fixture->seen.len, 3);
	assert_int_equal(fixture->seen.n_answers, 2);
}

static void the_longest_answer_passes_and_one_byte_more_ends_it(void **state)
{
	struct fixture *fixture = *state;
	char datagram[LOGIN_ANSWER_HEADER + LOGIN_ANSWER_MAX + 1] = { LOGIN_ANSWER };

	send_bytes(fixture, datagram, sizeof(datagram) - 1);
	turn(fixture);
	assert_int_equal(fixture->seen.len, LOGIN_ANSWER_MAX);
	send_bytes(fixture, datagram, sizeof(datagram));
	turn(fixture);
	assert_int_equal(fixture->seen.n_answers, 1);
	assert_int_equal(fixture->seen.n_gone, 1);
}

static void giving_up_is_told(void **state)
{
	struct fixture *fixture = *state;

	send_bytes(fixture, "\x02\x00\x00\x00\x00", 5);
	turn(fixture);
	assert_int_equal(fixture->seen.n_cancels, 1);
	assert_int_equal(fixture->seen.n_gone, 0);
}

static void garbage_ends_it(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} rows[] = { { "\x01", 1 }, { "\x01\x00\x00\x00", 4 }, { "\x03\x00\x00\x00\x00", 5 },
		     { "\x00\x00\x00\x00\x00x", 6 }, { "GET / HTTP/1.1\r\n", 16 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *fixture;

		assert_int_equal(set_up((void **)&fixture), 0);
		send_bytes(fixture, rows[i].data, rows[i].len);
		turn(fixture);
		assert_int_equal(fixture->seen.n_gone, 1);
		assert_int_equal(fixture->seen.n_answers, 0);
		assert_int_equal(tear_down((void **)&fixture), 0);
	}
	(void)state;
}

static void a_peer_that_leaves_is_told_once(void **state)
{
	struct fixture *fixture = *state;

	(void)close(fixture->peer);
	fixture->peer = -1;
	turn(fixture);
	turn(fixture);
	assert_int_equal(fixture->seen.n_gone, 1);
}

static void descriptors_end_it_and_are_not_kept(void **state)
{
	struct fixture *fixture = *state;
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char datagram[] = "\x01\x01\x00\x00\x00x";
	struct iovec iov = { .iov_base = datagram, .iov_len = 6 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
	int pair[2];
	char byte;

	assert_int_equal(pipe(pair), 0);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &pair[1], sizeof(int));
	assert_int_equal(sendmsg(fixture->peer, &header, 0), 6);
	turn(fixture);
	assert_int_equal(fixture->seen.n_gone, 1);
	assert_int_equal(fixture->seen.n_answers, 0);
	/* The only other writer was ours: an end of file shows that no copy is left. */
	(void)close(pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 0);
	(void)close(pair[0]);
}

static void too_many_answers_end_it(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i <= LOGIN_ANSWERS_MAX; i++) {
		send_bytes(fixture, "\x01\x01\x00\x00\x00x", 6);
		turn(fixture);
	}
	assert_int_equal(fixture->seen.n_answers, LOGIN_ANSWERS_MAX);
	assert_int_equal(fixture->seen.n_gone, 1);
}

/* A peer that shares our file flags could make us block by clearing O_NONBLOCK: we do not rely
 * on it. */
static void a_peer_that_does_not_read_never_blocks_us(void **state)
{
	struct fixture *fixture = *state;
	struct login_step step = { .state = LOGIN_WAIT };
	int r = 0;

	assert_int_equal(fcntl(fixture->peer, F_SETFL, 0), 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = channel_send(fixture->channel, &step);
	assert_int_equal(r, -EAGAIN);
}

static void the_outcome_is_read_after_the_end_even_when_answers_were_under_way(void **state)
{
	struct fixture *fixture = *state;
	struct login_step step = { .state = LOGIN_GRANTED };
	char datagram[4096];

	send_bytes(fixture, "\x01\x01\x00\x00\x00x", 6);
	assert_int_equal(channel_send(fixture->channel, &step), 0);
	fixture->channel = channel_free(fixture->channel);
	assert_true(recv(fixture->peer, datagram, sizeof(datagram), 0) > 0);
	assert_int_equal(recv(fixture->peer, datagram, sizeof(datagram), 0), 0);
}

int main(void)
{
#define WITH_CHANNEL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_CHANNEL(an_answer_arrives_with_its_number),
		WITH_CHANNEL(an_empty_answer_and_one_with_nul_bytes_are_whole),
		WITH_CHANNEL(the_longest_answer_passes_and_one_byte_more_ends_it),
		WITH_CHANNEL(giving_up_is_told),
		cmocka_unit_test(garbage_ends_it),
		WITH_CHANNEL(a_peer_that_leaves_is_told_once),
		WITH_CHANNEL(descriptors_end_it_and_are_not_kept),
		WITH_CHANNEL(too_many_answers_end_it),
		WITH_CHANNEL(a_peer_that_does_not_read_never_blocks_us),
		WITH_CHANNEL(the_outcome_is_read_after_the_end_even_when_answers_were_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
