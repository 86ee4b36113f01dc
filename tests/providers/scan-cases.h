/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every login must do whose code is polled for by scan.c, over a method of each vendor: when
 * polls are repeated, borne and given up is the same, their answers are not. */
#pragma once

#include "providers/scan-page.h"
#include "tests/providers/fake-core.h"

struct scan_vendor {
	struct fake_method *(*method_new)(void);
	/* What is asked before a code is on the screen is answered. */
	void (*show)(struct login *login);
	void (*ended)(const struct login *login, enum fake_end end, int reason);
	const char *page;                /* the address where another code begins, up to '?' */
	/* Answers to a poll: nobody scanned it, somebody did, it ran out. */
	const char *type, *nobody, *seen, *over;
	const char *last;                /* in polls behind `seen`; NULL: nothing */
};

/* Each of these bodies, as the answer to a poll, ends the login as none. */
void expect_no_answers(const struct scan_vendor *vendor, const char *const *bodies, size_t n);

struct scan_page_row {
	const char *page;                /* of html */
	enum scan_page result;
	const char *key;                 /* NULL: none */
};
/* `read`: of a reply and the place of the key. */
void expect_pages(const struct scan_page_row *rows, size_t n,
		  enum scan_page (*read)(const struct http_reply *reply, char *ret_key));

/* The cases, whose state is the vendor. */
void a_code_that_ran_out_is_renewed_twice_on_a_key_press(void **state);
void three_lost_polls_in_a_row_are_borne(void **state);
void a_page_that_does_not_come_ends_it(void **state);
/* Where the server holds a poll until something happens. */
void a_poll_that_was_held_is_repeated_for_ever(void **state);
void a_status_that_is_no_answer_ends_it(void **state);

#define SCAN_CASE(name, vendor) cmocka_unit_test_prestate(name, (void *)(vendor))
#define SCAN_CASES(vendor) \
	SCAN_CASE(a_code_that_ran_out_is_renewed_twice_on_a_key_press, vendor), \
	SCAN_CASE(three_lost_polls_in_a_row_are_borne, vendor), \
	SCAN_CASE(a_page_that_does_not_come_ends_it, vendor)
#define SCAN_CASES_HELD(vendor) \
	SCAN_CASES(vendor), \
	SCAN_CASE(a_poll_that_was_held_is_repeated_for_ever, vendor), \
	SCAN_CASE(a_status_that_is_no_answer_ends_it, vendor)
