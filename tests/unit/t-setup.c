/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sections that are filled in: what is asked when, what is wrong, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthctl/setup-ask.h"

/* As jauthd describes a type. */
static const char type_text[] =
	"{\"kind\": \"method\", \"type\": \"fruit\", \"title\": \"Fruit\", \"keys\": ["
	"{\"key\": \"name\", \"kind\": \"text\", \"required\": true, \"min\": 2, \"max\": 5,"
	" \"asked\": true, \"label\": \"Name\", \"where\": \"on it\"},"
	"{\"key\": \"juice\", \"kind\": \"secret\", \"required\": true, \"min\": 3, \"max\": 8,"
	" \"asked\": true},"
	"{\"key\": \"mode\", \"kind\": \"choice\", \"choices\": \"relay, poll\","
	" \"fallback\": \"relay\", \"asked\": true},"
	"{\"key\": \"ripe\", \"kind\": \"bool\"},"
	"{\"key\": \"seeds\", \"kind\": \"number\", \"min\": 1, \"max\": 20},"
	"{\"key\": \"days\", \"kind\": \"duration\", \"min\": 60, \"max\": 86400},"
	"{\"key\": \"friends\", \"kind\": \"list\", \"min\": 1, \"max\": 3},"
	"{\"key\": \"url\", \"kind\": \"url\"}]}";

static const struct wizard nobody;

struct made {
	json_t *type;
	struct draft draft;
};

static int make(void **state)
{
	struct made *made = calloc(1, sizeof(*made));

	made->type = json_loads(type_text, 0, NULL);
	if (!made->type)
		return -1;
	draft_init(&made->draft, "method", made->type);
	(void)text_into(made->draft.id, sizeof(made->draft.id), "apple");
	*state = made;
	return 0;
}

static int unmake(void **state)
{
	struct made *made = *state;

	draft_done(&made->draft);
	json_decref(made->type);
	free(made);
	return 0;
}

static void ids_are_what_the_configuration_takes(void **state UNUSED)
{
	assert_true(draft_id_is_right("our-corp-2"));
	assert_true(draft_id_is_right("abcdefghijklmnopqrstuvwxyz012345"));
	assert_false(draft_id_is_right("abcdefghijklmnopqrstuvwxyz0123456"));
	assert_false(draft_id_is_right(""));
	assert_false(draft_id_is_right("none"));
	assert_false(draft_id_is_right("Our"));
	assert_false(draft_id_is_right("a b"));
	assert_false(draft_id_is_right("公司"));
	assert_false(draft_id_is_right("../x"));
}

static void questions_depend_on_what_was_answered(void **state)
{
	struct made *made = *state;

	assert_true(draft_when(&made->draft, ""));
	assert_true(draft_when(&made->draft, "mode=relay"));     /* the fallback */
	assert_false(draft_when(&made->draft, "mode=poll"));
	assert_true(draft_when(&made->draft, "mode=poll|relay"));
	assert_false(draft_when(&made->draft, "mode=rel"));
	assert_false(draft_when(&made->draft, "mode=relay2|poll"));
	draft_set(&made->draft, "mode", "poll");
	assert_true(draft_when(&made->draft, "mode=poll"));
	assert_true(draft_when(&made->draft, "mode=device|poll"));
	draft_set(&made->draft, "mode", NULL);
	assert_true(draft_when(&made->draft, "mode=relay"));
}

static void values_are_looked_at_by_their_kind(void **state)
{
	static const struct {
		const char *key, *text, *mistake;
	} rows[] = {
		{ "name", "ab", NULL },
		{ "name", "a", "2 to 5 bytes" },
		{ "name", "abcdef", "2 to 5 bytes" },
		{ "mode", "poll", NULL },
		{ "mode", "push", "one of: relay, poll" },
		{ "mode", "", "one of" },
		{ "ripe", "yes", NULL },
		{ "ripe", "true", "yes or no" },
		{ "seeds", "20", NULL },
		{ "seeds", "21", "whole number. 1 … 20" },
		{ "seeds", "x", "whole number" },
		{ "days", "2h", NULL },
		{ "days", "2 hours", "duration" },
		{ "friends", "a, b", NULL },
		{ "friends", "a,,b", "list" },
		{ "friends", "a,b,c,d", "list" },
		{ "url", "https://id.example.org/x", NULL },
		{ "url", "http://id.example.org/x", "URL" },
		{ "juice", "orange", NULL },
		{ "juice", "no", "3 to 8 bytes" },
		{ "juice", "much too long", "3 to 8 bytes" },
	};
	struct made *made = *state;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_(buf_done) struct buf why = BUF_INIT(1000);
		bool is_wrong = draft_mistake(&nobody, type_key(made->type, rows[i].key),
					      rows[i].text, strlen(rows[i].text), &why);

		if (is_wrong != (rows[i].mistake != NULL) ||
		    (is_wrong && !strstr(buf_text(&why), rows[i].mistake)))
			fail_msg("%s = %s: \"%s\"", rows[i].key, rows[i].text, buf_text(&why));
	}
}

static void what_is_needed_is_named_until_it_is_given(void **state)
{
	struct made *made = *state;
	struct buf text = BUF_INIT(1000);

	draft_add_missing(&made->draft, &text);
	assert_string_equal(buf_text(&text), "name (Name), juice");
	buf_done(&text);
	draft_set(&made->draft, "name", "ab");
	draft_set(&made->draft, "juice_credential", "juice");
	draft_add_missing(&made->draft, &text);
	assert_string_equal(buf_text(&text), "");
	buf_done(&text);
	draft_set(&made->draft, "juice_credential", NULL);
	assert_int_equal(draft_set_secret(&made->draft, "juice", secret_from_text("orange")), 0);
	draft_add_missing(&made->draft, &text);
	assert_string_equal(buf_text(&text), "");
	buf_done(&text);
}

static void a_secret_stands_in_no_text(void **state)
{
	struct made *made = *state;
	json_t *sections = json_object();
	struct buf text = BUF_INIT(1000);

	draft_set(&made->draft, "name", "ab");
	assert_int_equal(draft_set_secret(&made->draft, "juice", secret_from_text("orange")), 0);
	assert_int_equal(draft_set_secret(&made->draft, "juice", secret_from_text("banana")), 0);
	assert_int_equal(made->draft.n_secrets, 1);
	assert_int_equal(draft_write(&made->draft, NULL, sections), EXIT_DONE);
	setup_drop_in_text(sections, &text);
	assert_true(text_has_prefix(buf_text(&text), "# Written by jauthctl"));
	assert_non_null(strstr(buf_text(&text), "\n[method apple]\ntype = fruit\nname = ab\n"));
	assert_null(strstr(buf_text(&text), "banana"));
	buf_done(&text);
	json_decref(sections);
}

static void nothing_is_no_file(void **state UNUSED)
{
	json_t *sections = json_object();
	struct buf text = BUF_INIT(1000);

	setup_drop_in_text(sections, &text);
	assert_int_equal(text.len, 0);
	json_decref(sections);
}

static void assignments_name_keys_and_no_secrets(void **state)
{
	static const struct {
		const char *text, *name, *value;
	} rows[] = {
		{ "name=ab", "name", "ab" },
		{ "name = ab = c", "name", "ab = c" },
		{ "url=", "url", "" },
		{ "juice_file=/etc/x", "juice_file", "/etc/x" },
		{ "juice_credential=x", "juice_credential", "x" },
		{ "juice=orange", NULL, NULL },
		{ "name_file=/etc/x", NULL, NULL },
		{ "nam=ab", NULL, NULL },
		{ "name", NULL, NULL },
		{ "=x", NULL, NULL },
	};
	struct made *made = *state;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *name = NULL;
		const char *value = NULL;
		const json_t *key = ask_assignment(made->type, rows[i].text, &name, &value);

		assert_int_equal(key != NULL, rows[i].name != NULL);
		assert_true(text_equals(name, rows[i].name));
		assert_true(text_equals(value, rows[i].value));
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_what_the_configuration_takes),
		CASE(questions_depend_on_what_was_answered),
		CASE(values_are_looked_at_by_their_kind),
		CASE(what_is_needed_is_named_until_it_is_given),
		CASE(a_secret_stands_in_no_text),
		cmocka_unit_test(nothing_is_no_file),
		CASE(assignments_name_keys_and_no_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
