/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Catalogs built here byte by byte, sound and broken, and the ones that are shipped. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/catalog.h"
#include "base/text.h"

struct message {
	const char *text, *translation;
};

static const struct message plain[] = {
	{ "", "Content-Type: text/plain; charset=UTF-8\n" },
	{ "Code: ", "代码：" },
	{ "Type 1 to %u: ", "输入 1 到 %u：" },
	{ "Yes", "是" },
	{ "Yesterday", "" },
};

static void add_number(struct buf *buf, uint32_t number)
{
	for (unsigned shift = 0; shift < 32; shift += 8)
		buf_add_char(buf, (char)(number >> shift & 0xff));
}

static void add_table(struct buf *buf, struct buf *texts, size_t texts_at, const char *const *of,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add_number(buf, (uint32_t)strlen(of[i]));
		add_number(buf, (uint32_t)(texts_at + texts->len));
		buf_add(texts, of[i], strlen(of[i]) + 1);
	}
}

/* The file msgfmt would write, without a hash table. */
static void build(const struct message *messages, size_t n, struct buf *buf)
{
	const char *from[16], *to[16];
	struct buf texts = BUF_INIT(CATALOG_MAX);
	size_t texts_at = 28 + 2 * 8 * n;

	for (size_t i = 0; i < n; i++) {
		from[i] = messages[i].text;
		to[i] = messages[i].translation;
	}
	add_number(buf, 0x950412de);
	add_number(buf, 0);
	add_number(buf, (uint32_t)n);
	add_number(buf, 28);
	add_number(buf, (uint32_t)(28 + 8 * n));
	add_number(buf, 0);
	add_number(buf, 0);
	add_table(buf, &texts, texts_at, from, n);
	add_table(buf, &texts, texts_at, to, n);
	buf_add(buf, texts.data, texts.len);
	buf_done(&texts);
	assert_false(buf_failed(buf));
}

/* Gives catalog_new() a copy of exactly `len` bytes, so that a sanitizer sees a read beyond. */
static int parse(const char *data, size_t len, struct catalog **ret_catalog)
{
	char *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, data, len);
	r = catalog_new(copy, len, ret_catalog);
	if (r < 0)
		free(copy);
	return r;
}

static int parse_messages(const struct message *messages, size_t n)
{
	struct buf buf = BUF_INIT(CATALOG_MAX);
	struct catalog *catalog = NULL;
	int r;

	build(messages, n, &buf);
	r = parse(buf.data, buf.len, &catalog);
	buf_done(&buf);
	catalog_free(catalog);
	return r;
}

static void every_message_is_found_and_nothing_else(void **state UNUSED)
{
	struct buf buf = BUF_INIT(CATALOG_MAX);
	_cleanup_catalog_ struct catalog *catalog = NULL;

	build(plain, N_ELEMENTS(plain), &buf);
	assert_int_equal(parse(buf.data, buf.len, &catalog), 0);
	buf_done(&buf);
	for (size_t i = 0; i < N_ELEMENTS(plain); i++)
		assert_string_equal(catalog_text(catalog, plain[i].text), plain[i].translation);
	assert_null(catalog_text(catalog, "Code:"));
	assert_null(catalog_text(catalog, "Yes."));
	assert_null(catalog_text(catalog, "yes"));
	assert_null(catalog_text(catalog, "~"));
}

static void an_empty_catalog_finds_nothing(void **state UNUSED)
{
	struct buf buf = BUF_INIT(CATALOG_MAX);
	_cleanup_catalog_ struct catalog *catalog = NULL;

	build(plain, 0, &buf);
	assert_int_equal(parse(buf.data, buf.len, &catalog), 0);
	buf_done(&buf);
	assert_null(catalog_text(catalog, "Yes"));
}

static void a_file_cut_anywhere_is_refused(void **state UNUSED)
{
	struct buf buf = BUF_INIT(CATALOG_MAX);
	struct catalog *catalog = NULL;

	build(plain, N_ELEMENTS(plain), &buf);
	for (size_t len = 0; len < buf.len; len++)
		assert_int_equal(parse(buf.data, len, &catalog), -EBADMSG);
	buf_done(&buf);
}

static void a_number_that_lies_is_refused(void **state UNUSED)
{
	static const struct {
		size_t at;              /* which number of the file, counted from 0 */
		uint32_t value;
	} lies[] = {
		{ 0, 0xde120495 },      /* the other byte order */
		{ 0, 0 },
		{ 1, 1 },               /* a revision with system-dependent texts */
		{ 1, 0x00010000 },
		{ 2, 6 },               /* one message more than there are */
		{ 2, 0xffffffff },
		{ 2, 0x20000000 },      /* 8 * n overflows 32 bits */
		{ 3, 0xffffffff },
		{ 3, 0xfffffff8 },
		{ 3, 32 },
		{ 4, 0xffffffff },
		{ 4, 0 },
		{ 9, 0 },               /* length of the second message */
		{ 9, 5 },
		{ 9, 7 },
		{ 9, 0xffffffff },
		{ 10, 0xffffffff },     /* its offset */
		{ 10, 0 },
		{ 19, 0xffffffff },     /* length of its translation */
		{ 20, 0xffffffff },
	};
	struct buf buf = BUF_INIT(CATALOG_MAX);
	struct catalog *catalog = NULL;

	build(plain, N_ELEMENTS(plain), &buf);
	for (size_t i = 0; i < N_ELEMENTS(lies); i++) {
		char kept[4], *at = buf.data + 4 * lies[i].at;

		memcpy(kept, at, 4);
		for (unsigned byte = 0; byte < 4; byte++)
			at[byte] = (char)(lies[i].value >> 8 * byte & 0xff);
		if (parse(buf.data, buf.len, &catalog) != -EBADMSG)
			fail_msg("number %zu as 0x%x", lies[i].at, lies[i].value);
		memcpy(at, kept, 4);
	}
	assert_int_equal(parse(buf.data, buf.len, &catalog), 0);
	catalog_free(catalog);
	buf_done(&buf);
}

static void texts_are_utf8_and_in_order(void **state UNUSED)
{
	static const struct message wrong_order[] = { { "b", "B" }, { "a", "A" } };
	static const struct message twice[] = { { "a", "A" }, { "a", "B" } };
	static const struct message latin1[] = { { "a", "\xe4" } };

	assert_int_equal(parse_messages(wrong_order, 2), -EBADMSG);
	assert_int_equal(parse_messages(twice, 2), -EBADMSG);
	assert_int_equal(parse_messages(latin1, 1), -EBADMSG);
}

static void a_translation_never_changes_what_printf_reads(void **state UNUSED)
{
	static const struct {
		struct message message;
		int result;
	} cases[] = {
		{ { "%u of %s", "%u / %s" }, 0 },
		{ { "100%", "100 %" }, 0 },
		{ { "%u %%", "%u" }, 0 },
		{ { "%-5.2lld|", "<%-5.2lld" }, 0 },
		{ { "%u of %s", "%s / %u" }, -EBADMSG },
		{ { "%u of %s", "%2$s / %1$u" }, -EBADMSG },
		{ { "%u", "" "none" }, -EBADMSG },
		{ { "none", "%s" }, -EBADMSG },
		{ { "%u", "%u %n" }, -EBADMSG },
		{ { "%u", "%lu" }, -EBADMSG },
		{ { "%s", "%%s" }, -EBADMSG },
		{ { "%%s", "%s" }, -EBADMSG },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (parse_messages(&cases[i].message, 1) != cases[i].result)
			fail_msg("\"%s\" as \"%s\"", cases[i].message.text,
				 cases[i].message.translation);
}

static void a_language_is_chosen_by_what_the_client_says(void **state UNUSED)
{
	static const struct {
		const char *language;
		bool chinese;
	} cases[] = {
		{ "zh_CN.UTF-8", true }, { "zh_CN.utf8", true }, { "zh_CN", true },
		{ "zh", true }, { "zh.UTF-8", true }, { "zh_SG.UTF-8", true },
		{ "zh-CN", true }, { "zh_CN.UTF-8@pinyin", true }, { "zh_CN@pinyin", true },
		{ "zh-Hans", true },
		{ "zh_TW.UTF-8", false }, { "zh_HK", false }, { "zh_CN.GB18030", false },
		{ "zh_CN.GBK@pinyin", false }, { "zhx", false }, { "z", false }, { "zh_", false },
		{ "en_US.UTF-8", false }, { "C.UTF-8", false }, { "C", false }, { "", false },
		{ "../zh_CN", false }, { NULL, false },
	};
	const char *text = "Login incorrect.";
	struct catalogs *catalogs = catalogs_open(TEST_LOCALE_DIR);

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (text_equals(catalogs_text(catalogs, cases[i].language, text), text) ==
		    cases[i].chinese)
			fail_msg("language %s", cases[i].language);
	assert_string_equal(catalogs_text(catalogs, "zh", ""), "");
	assert_string_equal(catalogs_text(catalogs, "zh", "No such message."), "No such message.");
	assert_string_equal(catalogs_text(NULL, "zh", text), text);
	catalogs_free(catalogs);
}

static void a_language_without_its_file_is_spoken_in_english(void **state UNUSED)
{
	struct catalogs *catalogs = catalogs_open("/nonexistent");

	assert_string_equal(catalogs_text(catalogs, "zh", "Login incorrect."), "Login incorrect.");
	assert_null(catalogs_free(catalogs));
	assert_null(catalogs_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_found_and_nothing_else),
		cmocka_unit_test(an_empty_catalog_finds_nothing),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(a_number_that_lies_is_refused),
		cmocka_unit_test(texts_are_utf8_and_in_order),
		cmocka_unit_test(a_translation_never_changes_what_printf_reads),
		cmocka_unit_test(a_language_is_chosen_by_what_the_client_says),
		cmocka_unit_test(a_language_without_its_file_is_spoken_in_english),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
