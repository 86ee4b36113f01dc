/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A telephone for code flows: where it is sent, and how it comes back. */
#pragma once

#include "tests/providers/fake-core.h"

#define REDIRECT_URI "https://relay.example.org/cb/work"
#define LINK_ID      "AbCdEfGhIjKlMnOpQrStUv"
#define STATE        "00112233445566778899aabbccddeeff"
#define CODE         "SplxlOBeZQQYbYS6WxSbIA"
#define CALLBACK     "code=" CODE "&state=" STATE

/* The next logins of the method begin on a telephone. */
void relay_begin(struct fake_method *method);
/* Where the telephone was sent: the address without its query. The caller frees. */
char *relay_address(const struct login *login);
/* A parameter of the authorization request; NULL: it has none. The caller frees. */
char *relay_parameter(const struct login *login, const char *name);
/* Fails the test unless the parameter is this one; NULL: is absent. */
void relay_expect(const struct login *login, const char *name, const char *value);
/* The same of the open request's form. */
void form_expect(const struct login *login, const char *name, const char *value);
size_t form_length(const struct login *login);
