/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the app token of every vendor must do, over a method of each: how api-call.c gets it, shares
 * it and keeps its failures is the same, what the vendor says is not. */
#pragma once

#include "tests/providers/fake-core.h"

#define OTHER_TOKEN "aNoTherToKenThatIsLongEnoughForMasks"

/* What came instead of an answer. */
struct token_refusal {
	uint32_t status;                 /* 0: nothing came */
	const char *type, *body;
	enum fake_end end;
	int reason;
	int64_t pause_ms;                /* for so long it is everybody's; 0: about one person */
};

struct token_vendor {
	struct fake_method *(*method_new)(void);
	/* Up to the first call with the token, which is asked for unless the method has it. */
	struct login *(*start)(struct fake_method *method);
	/* From that call on, when it has the token: somebody is identified; frees the login. */
	void (*finish)(struct login *login);
	void (*ended)(const struct login *login, enum fake_end end, int reason);
	const char *asks_token;
	const char *asks, *asks_by_other;        /* that call, with the usual token, OTHER_TOKEN */
	const char *gives;                       /* reply with @TOKEN@ */
	const char *gives_for;                   /* a body up to the seconds that it is good for */
	const char *over;                        /* what the call is told of a token that is not */
	const char *const *bad;                  /* bodies without a token, NULL-terminated */
	/* Of the request for the token, and of that call; an end of 0 is the last. */
	const struct token_refusal *no_token, *no_answer;
};

/* The cases, whose state is the vendor. */
void two_logins_share_one_fetch(void **state);
void who_fetches_may_leave(void **state);
void a_token_is_used_until_shortly_before_its_end(void **state);
void a_token_is_a_short_word_that_lives_a_while(void **state);
void what_does_not_fit_into_an_address_fails(void **state);
void logins_with_a_token_that_is_over_get_one_more(void **state);
void who_waits_for_a_token_shares_what_came_instead(void **state);
void an_answer_to_all_is_not_asked_for_again(void **state);

#define TOKEN_CASE(name, vendor) cmocka_unit_test_prestate(name, (void *)(vendor))
#define TOKEN_CASES(vendor) \
	TOKEN_CASE(two_logins_share_one_fetch, vendor), \
	TOKEN_CASE(who_fetches_may_leave, vendor), \
	TOKEN_CASE(a_token_is_used_until_shortly_before_its_end, vendor), \
	TOKEN_CASE(a_token_is_a_short_word_that_lives_a_while, vendor), \
	TOKEN_CASE(what_does_not_fit_into_an_address_fails, vendor), \
	TOKEN_CASE(logins_with_a_token_that_is_over_get_one_more, vendor), \
	TOKEN_CASE(who_waits_for_a_token_shares_what_came_instead, vendor), \
	TOKEN_CASE(an_answer_to_all_is_not_asked_for_again, vendor)
