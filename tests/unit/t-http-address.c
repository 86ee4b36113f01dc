/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauth-http connects to other machines only, however an address is written. */
#include "jauth-http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/un.h>

#include <cmocka.h>

static bool text_is_local(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_is_local((const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return address_is_local((const struct sockaddr *)&v6);
}

static void addresses_of_this_machine_are_told(void **state)
{
	static const struct {
		const char *address;
		bool is_local;
	} rows[] = {
		{ "127.0.0.1", true }, { "127.255.255.255", true }, { "128.0.0.0", false },
		{ "126.255.255.255", false }, { "0.0.0.0", true }, { "0.255.0.1", true },
		{ "1.0.0.0", false }, { "169.254.169.254", true }, { "169.255.0.0", false },
		{ "169.253.255.255", false }, { "10.0.0.1", false }, { "192.168.1.1", false },
		{ "203.0.113.5", false }, { "::1", true }, { "::", true },
		{ "::2", true },                         /* 0.0.0.2 wrapped */
		{ "fe80::1", true }, { "febf:ffff::", true }, { "fec0::", false },
		{ "fe7f::1", false }, { "fd00::1", false }, { "2001:db8::1", false },
		{ "::ffff:127.0.0.1", true }, { "::ffff:0.0.0.0", true },
		{ "::ffff:169.254.1.1", true }, { "::ffff:203.0.113.5", false },
		{ "::127.0.0.1", true }, { "::203.0.113.5", false },
		{ "64:ff9b::7f00:1", true }, { "64:ff9b::203.0.113.5", false },
		{ "64:ff9b:1::7f00:1", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (text_is_local(rows[i].address) != rows[i].is_local)
			fail_msg("%s", rows[i].address);
}

static void what_is_no_ip_address_counts_as_local(void **state)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/run/dbus/x" };

	(void)state;
	assert_true(address_is_local((const struct sockaddr *)&path));
}

/* As url_parse() leaves them. */
static void hosts_that_are_local_by_their_spelling(void **state)
{
	static const struct {
		const char *host;
		bool is_local;
	} rows[] = {
		{ "127.0.0.1", true }, { "169.254.169.254", true }, { "::1", true },
		{ "::ffff:127.0.0.1", true }, { "fe80::1", true }, { "localhost", true },
		{ "a.localhost", true }, { "192.0.2.1", false }, { "2001:db8::1", false },
		{ "localhost.example.org", false }, { "mylocalhost", false },
		{ "op.example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (address_host_is_local(rows[i].host) != rows[i].is_local)
			fail_msg("%s", rows[i].host);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_this_machine_are_told),
		cmocka_unit_test(what_is_no_ip_address_counts_as_local),
		cmocka_unit_test(hosts_that_are_local_by_their_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
