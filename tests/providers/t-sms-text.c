/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of messages: how long they are, what may stand in them, what is made of a template. */
#include "providers/sms-text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/catalog.h"
#include "base/text.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define HAN10 "\xe7\xa0\x81\xe7\xa0\x81\xe7\xa0\x81\xe7\xa0\x81\xe7\xa0\x81" \
	      "\xe7\xa0\x81\xe7\xa0\x81\xe7\xa0\x81\xe7\xa0\x81\xe7\xa0\x81"
#define HAN60 HAN10 HAN10 HAN10 HAN10 HAN10 HAN10

/* 3GPP TS 23.038 section 6.2.1, written out; without LF, CR and the escape. */
static const char gsm_table[] =
	"@\xc2\xa3$\xc2\xa5\xc3\xa8\xc3\xa9\xc3\xb9\xc3\xac\xc3\xb2\xc3\x87\xc3\x98\xc3\xb8"
	"\xc3\x85\xc3\xa5\xce\x94_\xce\xa6\xce\x93\xce\x9b\xce\xa9\xce\xa0\xce\xa8\xce\xa3"
	"\xce\x98\xce\x9e\xc3\x86\xc3\xa6\xc3\x9f\xc3\x89 !\"#\xc2\xa4%&'()*+,-./0123456789:;<=>?"
	"\xc2\xa1" "ABCDEFGHIJKLMNOPQRSTUVWXYZ\xc3\x84\xc3\x96\xc3\x91\xc3\x9c\xc2\xa7\xc2\xbf"
	"abcdefghijklmnopqrstuvwxyz\xc3\xa4\xc3\xb6\xc3\xb1\xc3\xbc\xc3\xa0";

static void units_are_those_of_the_alphabet(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool is_gsm;
		unsigned n;
	} rows[] = {
		{ "", true, 0 },
		{ "482913", true, 6 },
		{ "\n\r", true, 2 },
		{ gsm_table, true, 125 },
		{ "[]{}\\~^|\xe2\x82\xac", true, 18 },
		{ "`", false, 1 },
		{ "\xc3\xa7", false, 1 },                /* only the capital is there */
		{ "[\xe7\xa0\x81]", false, 3 },
		{ "\xf0\x9f\x93\xb1", false, 2 },
		{ "\t", false, 1 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct sms_units units;

		assert_true(sms_text_units(rows[i].text, strlen(rows[i].text), &units));
		assert_int_equal(units.is_gsm, rows[i].is_gsm);
		assert_int_equal(units.n, rows[i].n);
	}
}

static void what_is_not_text_has_no_units(void **state UNUSED)
{
	struct sms_units units = { false, 77 };

	assert_false(sms_text_units("caf\xe9", 4, &units));
	assert_int_equal(units.n, 77);
}

static void one_message_has_160_or_70(void **state UNUSED)
{
	static const struct {
		struct sms_units units;
		bool fits;
	} rows[] = {
		{ { true, 160 }, true }, { { true, 161 }, false },
		{ { false, 70 }, true }, { { false, 71 }, false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(sms_text_fits(&rows[i].units), rows[i].fits);
}

static void names_are_cut_to_what_is_safe(void **state UNUSED)
{
	static const struct {
		const char *name, *cut;
	} rows[] = {
		{ "db-1", "db-1" },
		{ "jane.doe_2", "jane.doe_2" },
		{ "a b\nc;d$e`f/g@h", "abcdefgh" },
		{ "\xe7\x94\xa8\xe6\x88\xb7", "-" },
		{ "", "-" },
		{ HUNDRED, "012345678901234567890123" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char name[SMS_NAME_SIZE];

		sms_text_name(rows[i].name, name);
		assert_string_equal(name, rows[i].cut);
	}
}

static void templates_are_judged_by_their_longest_text(void **state UNUSED)
{
	static const struct {
		const char *template;
		unsigned n_digits;
		const char *why;         /* NULL: it is right */
	} rows[] = {
		{ "{code}", 6, NULL },
		{ "{code} is your code for login to {host} ({user}). Valid {minutes} min. "
		  "Ref {ref}. Nobody from IT will ask for it.", 8, NULL },
		{ HUNDRED TEN TEN TEN TEN TEN "abcd{code}", 6, NULL },
		{ HUNDRED TEN TEN TEN TEN TEN "abcd{code}", 7, "can become 161 characters; 160" },
		{ HUNDRED TEN TEN TEN TEN TEN "abcde{code}", 6, "can become 161 characters; 160" },
		{ HUNDRED "abcdefghijkl{host}{user}{code}", 6, "can become 166 characters; 160" },
		{ HUNDRED TEN TEN TEN TEN TEN "{{{code}", 6, NULL },
		{ HUNDRED TEN TEN TEN TEN TEN "abc{{{code}", 6, "can become 161 characters" },
		{ HAN60 "\xe7\xa0\x81\xe7\xa0\x81{code}{minutes}", 6, NULL },
		{ HAN60 "\xe7\xa0\x81\xe7\xa0\x81{code}{minutes}.", 6,
		  "can become 71 characters; 70 fit into one message, since" },
		{ HAN10 "{code}{host}{user}{ref}", 8, NULL },
		{ "no code", 6, "must have {code} in it, once" },
		{ "{code} and {code}", 6, "must have {code} in it, once" },
		{ "{{code}}", 6, "must have {code} in it, once" },
		{ "{code} {cod}", 6, "knows no {cod}" },
		{ "{code", 6, "brace" },
		{ "{code} https://example.org/", 6, "must not have a link" },
		{ "{code} WWW.example.org", 6, "must not have a link" },
		{ "{code} caf\xe9", 6, "not text" },
		{ "{code}" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN, 6,
		  "longer than 512 bytes" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf why = BUF_INIT(SMS_TEXT_MAX);
		bool is_right = sms_text_check(rows[i].template, rows[i].n_digits, &why);

		if (is_right != !rows[i].why || !strstr(buf_text(&why), rows[i].why ?: ""))
			fail_msg("%s: %s", rows[i].template, buf_text(&why));
		buf_done(&why);
	}
}

static void our_own_text_is_right_in_every_language(void **state UNUSED)
{
	static const char *const languages[] = { "en", "zh_CN" };
	struct catalogs *catalogs = catalogs_open(TEST_LOCALE_DIR);

	for (size_t i = 0; i < N_ELEMENTS(languages); i++) {
		const char *text = catalogs_text(catalogs, languages[i], SMS_TEXT_DEFAULT);
		struct buf why = BUF_INIT(SMS_TEXT_MAX);

		assert_int_equal(text_equals(text, SMS_TEXT_DEFAULT), i == 0);
		if (!sms_text_check(text, 8, &why))
			fail_msg("%s: %s", languages[i], buf_text(&why));
		buf_done(&why);
	}
	catalogs_free(catalogs);
}

static void a_text_says_what_the_message_says(void **state UNUSED)
{
	static const struct {
		const char *template, *user;
		int64_t valid_s;
		const char *text;        /* NULL: none */
	} rows[] = {
		{ "{code} is your code for login to {host} ({user}). Valid {minutes} min. Ref "
		  "{ref}.", "jane", 300,
		  "048291 is your code for login to db-1 (jane). Valid 5 min. Ref K7." },
		{ "{code} {user}", "", 300, "048291 test" },
		{ "{code} {minutes}", "jane", 59, "048291 1" },
		{ "{code} {minutes}", "jane", 600, "048291 10" },
		{ "\xe7\xa0\x81 {code}", "jane", 300, "\xe7\xa0\x81 048291" },
		{ "{code", "jane", 300, NULL },
		{ "{number}", "jane", 300, NULL },
	};
	_cleanup_secret_ struct secret *code = secret_from_text("048291");

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct sms_message message = {
			.number = "+8613900001234", .code = code, .host = "db-1",
			.user = rows[i].user, .reference = "K7", .language = "en",
			.valid_s = rows[i].valid_s,
		};
		_cleanup_secret_ struct secret *text = sms_text_make(rows[i].template, &message);

		if (!rows[i].text) {
			assert_null(text);
			continue;
		}
		assert_non_null(text);
		assert_string_equal(text->data, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_those_of_the_alphabet),
		cmocka_unit_test(what_is_not_text_has_no_units),
		cmocka_unit_test(one_message_has_160_or_70),
		cmocka_unit_test(names_are_cut_to_what_is_safe),
		cmocka_unit_test(templates_are_judged_by_their_longest_text),
		cmocka_unit_test(our_own_text_is_right_in_every_language),
		cmocka_unit_test(a_text_says_what_the_message_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
