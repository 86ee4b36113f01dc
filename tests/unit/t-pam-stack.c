/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the files of /etc/pam.d are read, judged and changed. */
#include "jauthctl/pam-stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static int make_folder(void **state)
{
	static const char form[] = "/tmp/t-pam-stack.XXXXXX";
	char *path = malloc(sizeof(form));

	assert_non_null(path);
	memcpy(path, form, sizeof(form));
	assert_non_null(mkdtemp(path));
	*state = path;
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "one", "two", "loop", "link" };

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		_cleanup_free_ char *path = text_format("%s/%s", (char *)*state, names[i]);

		(void)unlink(path);
	}
	assert_int_equal(rmdir(*state), 0);
	free(*state);
	return 0;
}

static void put(void **state, const char *name, const char *text)
{
	_cleanup_free_ char *path = text_format("%s/%s", (char *)*state, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_stack_is_laid_out(void **state)
{
	struct pam_stack stack;

	put(state, "one", "#%PAM-1.0\n"
	    "auth [success=2 default=ignore] pam_a.so  x y # comment\n"
	    "-auth\tsufficient \\\n  /lib/pam_b.so\n"
	    "account required pam_no.so\n"
	    "auth substack two\n"
	    "@include two\n"
	    "auth required\n");
	put(state, "two", "auth required pam_c.so\naccount required pam_no.so");
	assert_int_equal(pam_stack_read(*state, "one", "auth", &stack), 0);
	assert_true(stack.is_whole);
	assert_int_equal(stack.n_lines, 4);
	assert_string_equal(stack.lines[0].control, "[success=2 default=ignore]");
	assert_string_equal(stack.lines[0].module, "pam_a.so");
	assert_true(text_has_prefix(stack.lines[0].arguments, "x y"));
	assert_int_equal(stack.lines[0].number, 2);
	assert_string_equal(stack.lines[1].control, "sufficient");
	assert_true(pam_line_calls(&stack.lines[1], "pam_b.so"));
	assert_int_equal(stack.lines[1].number, 4);
	assert_true(stack.lines[2].is_in_substack);
	assert_false(stack.lines[3].is_in_substack);
	assert_true(text_has_suffix(stack.lines[3].file, "/two"));
	assert_int_equal(pam_stack_find(&stack, 0, "pam_c.so"), 2);
	assert_int_equal(pam_stack_find(&stack, 3, "pam_c.so"), 3);
	assert_int_equal(pam_stack_find(&stack, 0, "pam_d.so"), 4);
	pam_stack_done(&stack);
}

static void what_is_missing_endless_or_no_file_is_told(void **state)
{
	struct pam_stack stack;
	_cleanup_free_ char *link = text_format("%s/link", (char *)*state);
	size_t i;
	static const char *const texts[] = {
		"auth required pam_a.so\n@include nowhere\n",
		"auth required pam_a.so\n@include loop\n",
		"auth required pam_a.so\nauth include loop\nauth include loop\n",
		"auth required pam_a.so\n@include link\n",
		"auth required pam_a.so\n@include loop\n@include loop\n@include loop\n",
	};

	assert_int_equal(symlink("/etc/passwd", link), 0);
	for (i = 0; i < N_ELEMENTS(texts); i++) {
		put(state, "loop", texts[i]);
		assert_int_equal(pam_stack_read(*state, "loop", "auth", &stack), 0);
		assert_false(stack.is_whole);
		assert_true(stack.n_lines >= 1 && stack.n_lines <= PAM_LINES_MAX);
		pam_stack_done(&stack);
	}
	assert_true(pam_stack_read(*state, "absent", "auth", &stack) < 0);
	pam_stack_done(&stack);
}

static void a_control_says_what_happens(void **state UNUSED)
{
	static const struct {
		const char *control, *result, *action;
	} rows[] = {
		{ "required", "success", "ok" }, { "required", "auth_err", "bad" },
		{ "required", "ignore", "ignore" }, { "REQUISITE", "auth_err", "die" },
		{ "sufficient", "success", "done" }, { "sufficient", "perm_denied", "ignore" },
		{ "optional", "success", "ok" }, { "optional", "maxtries", "ignore" },
		{ "[success=done ignore=ignore default=die]", "success", "done" },
		{ "[success=done ignore=ignore default=die]", "ignore", "ignore" },
		{ "[success=done ignore=ignore default=die]", "auth_err", "die" },
		{ "[ success=3\tdefault=bad ]", "success", "3" },
		{ "[ success=3\tdefault=bad ]", "maxtries", "bad" },
		{ "[new_success=die success=ok]", "success", "ok" },
		{ "[success=ok]", "auth_err", "ignore" }, { "[]", "success", "ignore" },
		{ "[success=a-word-that-is-too-long default=die]", "success", "die" },
		{ "nonsense", "success", "ignore" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		char action[PAM_ACTION_SIZE];

		pam_action(rows[i].control, rows[i].result, action);
		if (!text_equals(action, rows[i].action))
			fail_msg("%s of %s is %s", rows[i].result, rows[i].control, action);
	}
}

static void names_of_services(void **state UNUSED)
{
	static const char *const right[] = { "sshd", "gdm-password", "su-l", "a.b", "X_1" };
	static const char *const wrong[] = {
		"", ".", "..", ".x", "-x", "a/b", "../sshd", "a b", "a\n", "\xc3\xa4",
		"0123456789012345678901234567890123456789012345678901234567890123456789",
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(right); i++)
		assert_true(pam_service_is_valid(right[i]));
	for (i = 0; i < N_ELEMENTS(wrong); i++)
		assert_false(pam_service_is_valid(wrong[i]));
}

#define TELLS "session  optional pam_jauth.so\n"

static void jauth_comes_in_and_goes_again(void **state UNUSED)
{
	static const struct {
		const char *before, *after;
		unsigned n;
	} rows[] = {
		{ "@include common-auth\n", "auth substack jauth-remote\n" TELLS, 1 },
		{ "# @include common-auth\naccount required pam_nologin.so\n"
		  "@include common-account\n@include common-session\n@include common-password\n",
		  "# @include common-auth\naccount required pam_nologin.so\n"
		  "account substack jauth-remote\n@include common-session\n"
		  "password substack jauth-remote\n" TELLS, 2 },
		{ "auth required pam_unix.so\n\n\n", "auth required pam_unix.so\n\n\n", 0 },
		{ "@include common-auth now\n@include\n@include common-\n@include common-authx\n",
		  "@include common-auth now\n@include\n@include common-\n@include common-authx\n",
		  0 },
		{ "", "", 0 },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_(buf_done) struct buf after = BUF_INIT(4096), back = BUF_INIT(4096);

		assert_int_equal(pam_text_add(rows[i].before, "jauth-remote", &after), rows[i].n);
		assert_string_equal(buf_text(&after), rows[i].after);
		assert_int_equal(pam_text_remove(buf_text(&after), &back), rows[i].n);
		assert_string_equal(buf_text(&back), rows[i].before);
	}
}

/* The line is the last one, once; a newline that was missing stays. */
static void sessions_are_told_of_behind_all_else(void **state UNUSED)
{
	static const struct {
		const char *before, *after, *back;
	} rows[] = {
		{ "@include common-auth", "auth substack jauth-remote\n" TELLS,
		  "@include common-auth\n" },
		{ TELLS "@include common-auth\n", TELLS "auth substack jauth-remote\n",
		  "@include common-auth\n" },
		{ "# " TELLS "@include common-auth\n",
		  "# " TELLS "auth substack jauth-remote\n" TELLS,
		  "# " TELLS "@include common-auth\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_(buf_done) struct buf after = BUF_INIT(4096), back = BUF_INIT(4096);

		assert_int_equal(pam_text_add(rows[i].before, "jauth-remote", &after), 1);
		assert_string_equal(buf_text(&after), rows[i].after);
		assert_int_equal(pam_text_remove(buf_text(&after), &back), 1);
		assert_string_equal(buf_text(&back), rows[i].back);
	}
}

static void what_others_wrote_stays(void **state UNUSED)
{
	static const char *const rows[] = {
		"auth required pam_jauth.so\n", "auth substack jauth-remote and more\n",
		"session substack jauth-remote\n", "auth substack other\n",
		"# auth substack jauth-remote\n", "#" TELLS "@include common-account\n",
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT(4096);

		assert_int_equal(pam_text_remove(rows[i], &text), 0);
		assert_string_equal(buf_text(&text), rows[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stack_is_laid_out, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(what_is_missing_endless_or_no_file_is_told,
						make_folder, remove_folder),
		cmocka_unit_test(a_control_says_what_happens),
		cmocka_unit_test(names_of_services),
		cmocka_unit_test(jauth_comes_in_and_goes_again),
		cmocka_unit_test(sessions_are_told_of_behind_all_else),
		cmocka_unit_test(what_others_wrote_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
