/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at queries and forms by the reader that the relay's callbacks go through. */
#include "tests/providers/relay-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FORM_MAX 32768

void relay_begin(struct fake_method *method)
{
	method->link = (struct login_link) {
		.redirect_uri = REDIRECT_URI,
		.state = STATE,
		.id = LINK_ID,
		.page = "https://relay.example.org/d/" LINK_ID,
		.method = "work",
	};
}

char *relay_address(const struct login *login)
{
	char *address = text_copy(login->redirect);

	assert_non_null(address);
	*strchrnul(address, '?') = '\0';
	return address;
}

static char *value_in(const char *text, const char *name)
{
	struct parameters parameters;
	char *value = NULL;

	assert_int_equal(parameters_parse(text, FORM_MAX, &parameters), 0);
	if (parameters_has(&parameters, name))
		value = text_copy(parameters_text(&parameters, name, FORM_MAX));
	parameters_done(&parameters);
	return value;
}

static void expect(const char *text, const char *name, const char *expected)
{
	_cleanup_free_ char *value = value_in(text, name);

	if (!text_equals(value, expected))
		fail_msg("%s is %s, not %s", name, value ? value : "absent",
			 expected ? expected : "absent");
}

static const char *query_of(const struct login *login)
{
	assert_non_null(login->redirect);
	assert_non_null(strchr(login->redirect, '?'));
	return strchr(login->redirect, '?') + 1;
}

char *relay_parameter(const struct login *login, const char *name)
{
	return value_in(query_of(login), name);
}

void relay_expect(const struct login *login, const char *name, const char *value)
{
	expect(query_of(login), name, value);
}

void form_expect(const struct login *login, const char *name, const char *value)
{
	assert_true(login->request && login->request->body);
	expect(login->request->body->data, name, value);
}

size_t form_length(const struct login *login)
{
	struct parameters form;
	size_t n;

	assert_true(login->request && login->request->body);
	assert_int_equal(parameters_parse(login->request->body->data, FORM_MAX, &form), 0);
	n = form.n;
	parameters_done(&form);
	return n;
}
