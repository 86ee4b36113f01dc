/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the login type `sms` share: methods of the fake vendor's, and logins on them up
 * to where it becomes interesting. */
#pragma once

#include "tests/providers/fake-core.h"
#include "tests/providers/fake-vendor.h"

#define SMS_MOBILE "+8613900001234"

extern const struct phone sms_one_phone[1], sms_many_phones[3];

bool text_has(const char *text, const char *part);

/* The user has one phone. */
struct fake_method *sms_method(const char *section);
struct fake_method *sms_method_plain(bool is_proved);
/* A login that outlives every code. */
struct login *sms_login_new(struct fake_method *method);
/* A login up to the prompt for the code. */
struct login *sms_login_asking(struct fake_method *method);
/* The reference in the open request; the caller frees. */
char *sms_ref_of(const struct login *login);
void sms_enter_wrong(struct login *login);
/* "r", some time later; what became of the last message is on its way. */
void sms_ask_again(struct login *login, int64_t after_ms);
/* Frees the login and its method. */
void sms_end(struct login *login);
