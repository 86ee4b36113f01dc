/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What jauthctl says to jauthd when somebody is enrolled or a method is tested. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthctl/own-name.h"
#include "jauthctl/talk.h"

/* "enrol totp jane number=… label=… verify=…;" for each conversation. Emptied by each case. */
static struct buf said = BUF_INIT(10000);

static void say(const struct login_facts *facts, const struct talk_answer *answers)
{
	buf_add_format(&said, "%s %s %s", login_phase_names[facts->phase], facts->method,
		       facts->user);
	for (; answers && answers->name; answers++)
		if (answers->text)
			buf_add_format(&said, " %s=%s", answers->name, answers->text);
	buf_add_char(&said, ';');
}

enum exit_code __wrap_talk(struct ctl *ctl, const struct login_facts *facts,
			   const struct talk_answer *answers);
enum exit_code __wrap_talk(struct ctl *ctl UNUSED, const struct login_facts *facts,
			   const struct talk_answer *answers)
{
	say(facts, answers);
	return EXIT_DONE;
}

/* The users' names say what becomes of them. */
enum exit_code __wrap_talk_alone(struct ctl *ctl, const struct login_facts *facts,
				 const struct talk_answer *answers, struct buf *reason);
enum exit_code __wrap_talk_alone(struct ctl *ctl UNUSED, const struct login_facts *facts,
				 const struct talk_answer *answers, struct buf *reason)
{
	static const struct { const char *user; enum exit_code code; } fates[] = {
		{ "refused", EXIT_NO }, { "unreached", EXIT_NOT_REACHED },
	};

	say(facts, answers);
	for (size_t i = 0; i < N_ELEMENTS(fates); i++) {
		if (!text_equals(facts->user, fates[i].user))
			continue;
		buf_add_text(reason, "as the test wants it");
		return fates[i].code;
	}
	return EXIT_DONE;
}

char *__wrap_own_name(void);
char *__wrap_own_name(void)
{
	return text_copy("myself");
}

#define WORDS_MAX 8

struct line {
	const char *words[WORDS_MAX];        /* the command's own name in two; NULL-terminated */
	const char *said;            /* NULL: refused, exit 2 */
};

static const struct command *find_command(const char *const words[])
{
	_cleanup_free_ char *name = text_format("%s %s", words[0], words[1]);
	const struct command *command;

	for (command = commands; command->name; command++)
		if (text_equals(command->name, name))
			return command;
	fail_msg("no command %s", name);
	return NULL;
}

static enum exit_code run(const char *const words[], bool json)
{
	const struct command *command = find_command(words);
	size_t n_words = list_length((char *const *)words);
	struct ctl ctl = { .command = command, .json = json };
	char *argv[WORDS_MAX + 1] = { NULL };    /* getopt moves them about */

	buf_done(&said);
	for (size_t i = 1; i < n_words; i++)
		argv[i - 1] = (char *)words[i];
	return command->run(&ctl, (int)n_words - 1, argv);
}

static void arguments_answer_what_is_asked(void **state UNUSED)
{
	static const struct line lines[] = {
		{ { "totp", "enrol" }, "enrol totp myself;" },
		{ { "totp", "enrol", "jane" }, "enrol totp jane;" },
		{ { "totp", "enrol", "--method", "app", "jane" }, "enrol app jane;" },
		{ { "totp", "enrol", "jane", "ravi" }, NULL },
		/* Who gives the number is not asked for the rest. */
		{ { "phone", "add", "jane", "+491701234567" },
		  "enrol sms jane number=+491701234567 label= verify=n;" },
		{ { "phone", "add", "jane", "0170 1234567", "--label", "work", "--verify" },
		  "enrol sms jane number=0170 1234567 label=work verify=y;" },
		{ { "phone", "add", "jane", "--method", "texts", "+1" },
		  "enrol texts jane number=+1 label= verify=n;" },
		{ { "phone", "add", "jane" }, "enrol sms jane;" },
		{ { "phone", "add", "jane", "--label", "work" }, "enrol sms jane label=work;" },
		{ { "phone", "add", "--self" }, "enrol sms myself;" },
		{ { "phone", "add", "--self", "+1" },
		  "enrol sms myself number=+1 label= verify=n;" },
		{ { "phone", "add" }, NULL },
		{ { "phone", "add", "--self", "jane", "+1" }, NULL },
		{ { "phone", "add", "jane", "+1", "+2" }, NULL },
		{ { "phone", "remove" }, NULL },
		{ { "phone", "remove", "jane" }, NULL },
		{ { "phone", "remove", "0" }, NULL },
		{ { "sms", "test", "+1" }, "test sms  number=+1;" },
		{ { "sms", "test", "+1", "--method", "texts" }, "test texts  number=+1;" },
		{ { "sms", "test" }, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		enum exit_code code = run(lines[i].words, false);

		assert_int_equal(code, lines[i].said ? EXIT_DONE : EXIT_USAGE);
		assert_string_equal(buf_text(&said), lines[i].said ? lines[i].said : "");
	}
}

struct file {
	const char *text, *option;
	enum exit_code code;
	const char *said;
};

static enum exit_code import(const struct file *file, char path[])
{
	const char *const words[] = { "phone", "import", path, file->option, NULL };
	int fd = mkstemp(path);
	enum exit_code code;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file->text, strlen(file->text)), strlen(file->text));
	assert_int_equal(close(fd), 0);
	code = run(words, true);
	assert_int_equal(unlink(path), 0);
	return code;
}

static void each_row_of_a_file_is_one_enrolment(void **state UNUSED)
{
	static const struct file files[] = {
		{ "user,number,label\njane,+1,work\nravi,+2,\n", NULL, EXIT_DONE,
		  "enrol sms jane number=+1 label=work verify=n;"
		  "enrol sms ravi number=+2 label= verify=n;" },
		{ "number,user\n+1,jane\n", NULL, EXIT_DONE,
		  "enrol sms jane number=+1 label= verify=n;" },
		{ "{\"user\": \"jane\", \"number\": \"+1\"}\n", NULL, EXIT_DONE,
		  "enrol sms jane number=+1 label= verify=n;" },
		/* A refused one stops none of the others; without jauthd nothing goes on. */
		{ "user,number\nrefused,+1\njane,+2\n", NULL, EXIT_NO,
		  "enrol sms refused number=+1 label= verify=n;"
		  "enrol sms jane number=+2 label= verify=n;" },
		{ "user,number\nunreached,+1\njane,+2\n", NULL, EXIT_NOT_REACHED,
		  "enrol sms unreached number=+1 label= verify=n;" },
		{ "user,number\njane,+1\n", "--dry-run", EXIT_DONE, "" },
		{ "user,number\n", NULL, EXIT_DONE, "" },
		/* With a mistake anywhere nobody is enrolled. */
		{ "user,number\njane,+1\nravi,\n", NULL, EXIT_NO, "" },
		{ "user,phone\njane,+1\n", NULL, EXIT_NO, "" },
		{ "user,number\njane,+1,work\n", "--dry-run", EXIT_NO, "" },
		{ "", NULL, EXIT_NO, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		char path[] = "/tmp/t-enrol-XXXXXX";

		assert_int_equal(import(&files[i], path), files[i].code);
		assert_string_equal(buf_text(&said), files[i].said);
	}
}

static int forget_said(void **state UNUSED)
{
	buf_done(&said);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(arguments_answer_what_is_asked, forget_said),
		cmocka_unit_test_teardown(each_row_of_a_file_is_one_enrolment, forget_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
