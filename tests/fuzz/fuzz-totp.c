/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people type where a code of their app is asked for: what goes to be compared has the form of
 * a code or of a recovery code, whatever was typed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/table.h"
#include "tests/providers/fake-core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_a_form(const char *entry)
{
	size_t len = strlen(entry);

	if (len >= TOTP_DIGITS_MIN && len <= TOTP_DIGITS_MAX)
		return strspn(entry, "0123456789") == len;
	return len == 16 && strspn(entry, BASE32_DIGITS) == len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_method *method = fake_method_new(&totp_provider, "");
	_cleanup_secret_ struct secret *typed = secret_new(data, size);
	struct login *login = fake_start(method);

	method->provider->answer(login, login->prompt_number, typed);
	if (login->check == FAKE_TOTP ? !has_a_form(login->entry) : !login->errors)
		abort();
	fake_login_free(login);
	fake_method_free(method);
	return 0;
}
