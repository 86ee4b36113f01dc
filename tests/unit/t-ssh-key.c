/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ssh-key.c: whole keys and nothing else; the rows of vectors/ssh-keys.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/ssh-key.h"
#include "base/text.h"

#define LINE_MAX_LEN 8192

struct row {
	char text[LINE_MAX_LEN];
	const char *verdict, *why, *key;
};

/* False at the end. */
static bool read_row(FILE *file, struct row *ret_row)
{
	char *bar;

	do {
		if (!fgets(ret_row->text, sizeof(ret_row->text), file))
			return false;
		ret_row->text[strcspn(ret_row->text, "\n")] = '\0';
		bar = strchr(ret_row->text, '|');
	} while (ret_row->text[0] == '#' || !bar);
	*bar = '\0';
	ret_row->verdict = ret_row->text;
	ret_row->why = bar + 1;
	bar = strchr(bar + 1, '|');
	assert_non_null(bar);
	*bar = '\0';
	ret_row->key = bar + 1;
	return true;
}

/* What is taken is its first two words and a newline. */
static void check_row(const struct row *row)
{
	size_t type_len = strcspn(row->key, " ");
	struct buf buf = BUF_INIT(2 * SSH_KEY_MAX);
	bool is_taken;

	buf_add_text(&buf, "before\n");
	is_taken = ssh_key_add(&buf, row->key);
	if (is_taken != text_equals(row->verdict, "yes"))
		fail_msg("%s: %s", row->why, is_taken ? "taken" : "not taken");
	if (is_taken) {
		size_t len = type_len + 1 + strcspn(row->key + type_len + 1, " ");
		_cleanup_free_ char *wanted = text_format("before\n%.*s\n", (int)len, row->key);

		assert_string_equal(buf_text(&buf), wanted);
	} else {
		assert_string_equal(buf_text(&buf), "before\n");
	}
	buf_done(&buf);
}

static void each_row_of_the_vectors(void **state)
{
	FILE *file = fopen(TEST_SOURCE_DIR "/vectors/ssh-keys.txt", "re");
	static struct row row;
	int n = 0;

	(void)state;
	assert_non_null(file);
	for (; read_row(file, &row); n++)
		check_row(&row);
	assert_true(n > 40);
	(void)fclose(file);
}

static void one_line_only(void **state)
{
	static const char key[] =
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHI/QcE+Pm21ditC3ozAGJVEI81PtsdOH9+T8rW8coiM";
	static const char *const tails[] = { "\n", "\nssh-rsa AAAA", " x\ny", "\r", " \033[2J" };
	struct buf buf = BUF_INIT(SSH_KEY_MAX);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(tails); i++) {
		_cleanup_free_ char *text = text_format("%s%s", key, tails[i]);

		assert_false(ssh_key_add(&buf, text));
	}
	assert_int_equal(buf.len, 0);
	assert_true(ssh_key_add(&buf, key));
	buf_done(&buf);
}

static void no_room_is_no_half_a_key(void **state)
{
	static const char key[] =
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHI/QcE+Pm21ditC3ozAGJVEI81PtsdOH9+T8rW8coiM";
	struct buf buf = BUF_INIT(sizeof(key) - 2);

	(void)state;
	assert_false(ssh_key_add(&buf, key));
	buf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_of_the_vectors),
		cmocka_unit_test(one_line_only),
		cmocka_unit_test(no_room_is_no_half_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
