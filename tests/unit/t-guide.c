/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guides: what they ask for is there to be asked for, in an order that can be followed, and nothing
 * that is required is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthd/config.h"

#define COLUMNS_MAX 80

/* A login type or a vendor of messages, with all its keys. */
struct subject {
	const char *type;
	const struct guide *guide;
	const struct conf_key *tables[CONFIG_COMMON_TABLES_MAX + 1];
	size_t n_tables;
};

static const struct conf_key *find_key(const struct subject *subject, const char *name, size_t len)
{
	for (size_t i = 0; i < subject->n_tables; i++)
		for (const struct conf_key *key = subject->tables[i]; key && key->name; key++)
			if (strlen(key->name) == len && strncmp(key->name, name, len) == 0)
				return key;
	return NULL;
}

/* `n` rows of questions stand before. */
static bool is_asked_before(const struct subject *subject, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(subject->guide->keys[i].key) == len &&
		    strncmp(subject->guide->keys[i].key, name, len) == 0)
			return true;
	return false;
}

static bool is_value(const struct conf_key *key, const char *word, size_t len)
{
	for (size_t i = 0; key->choices && key->choices[i]; i++)
		if (strlen(key->choices[i]) == len && strncmp(key->choices[i], word, len) == 0)
			return true;
	return key->kind == CONF_BOOL && (strncmp(word, "yes", len) == 0 ||
					  strncmp(word, "no", len) == 0);
}

/* "mode=poll|device", of a key that was asked for among the first `n`. */
static void check_when(const struct subject *subject, size_t n, const char *when)
{
	const struct conf_key *key;
	const char *word = when;
	size_t len;

	if (!when)
		return;
	len = strcspn(when, "=");
	key = find_key(subject, when, len);
	if (!key || !is_asked_before(subject, n, when, len))
		fail_msg("%s: \"%s\" is about no question before it", subject->type, when);
	for (word += len; *word; word += len) {
		word++;
		len = strcspn(word, "|");
		if (!is_value(key, word, len))
			fail_msg("%s: \"%s\" names a value that cannot be", subject->type, when);
	}
}

static void check_text(const struct subject *subject, const char *text)
{
	assert_true(text && *text && text_is_utf8(text, strlen(text)));
	while (*text) {
		size_t len = strcspn(text, "\n"), width = 0;

		for (size_t i = 0; i < len; i++)         /* Chinese takes two columns */
			width += (text[i] & 0xc0) == 0x80 ? 0 : (uint8_t)text[i] >= 0xe3 ? 2 : 1;
		if (width > COLUMNS_MAX)
			fail_msg("%s: too wide: %.*s", subject->type, (int)len, text);
		text += text[len] ? len + 1 : len;
	}
}

static void check_subject(const struct subject *subject)
{
	const struct guide *guide = subject->guide;
	size_t n = 0;

	assert_non_null(guide);
	check_text(subject, guide->about);
	for (; guide->keys && guide->keys[n].key; n++) {
		const struct guide_key *row = &guide->keys[n];

		if (!find_key(subject, row->key, strlen(row->key)))
			fail_msg("%s has no key %s", subject->type, row->key);
		assert_false(is_asked_before(subject, n, row->key, strlen(row->key)));
		check_text(subject, row->where);
		check_when(subject, n, row->when);
	}
	for (const struct guide_step *step = guide->steps; step && step->text; step++) {
		check_text(subject, step->text);
		check_when(subject, n, step->when);
	}
	for (size_t i = 0; i < subject->n_tables; i++)
		for (const struct conf_key *key = subject->tables[i]; key && key->name; key++)
			if (key->flags & CONF_REQUIRED &&
			    !is_asked_before(subject, n, key->name, strlen(key->name)))
				fail_msg("%s needs %s, and nobody is asked for it", subject->type,
					 key->name);
}

static void every_login_type_has_a_guide_that_can_be_followed(void **state UNUSED)
{
	for (const struct provider *const *provider = providers; *provider; provider++) {
		struct subject subject = {
			(*provider)->type, (*provider)->guide, { (*provider)->keys }, 1
		};

		subject.n_tables += config_common_keys(*provider, (*provider)->list,
						       subject.tables + 1);
		check_subject(&subject);
	}
}

static void every_vendor_of_messages_has_one_too(void **state UNUSED)
{
	for (const struct sms_vendor *const *vendor = sms_vendors; *vendor; vendor++) {
		const struct subject subject = {
			(*vendor)->type, (*vendor)->guide, { (*vendor)->keys }, 1
		};

		assert_true((*vendor)->title && *(*vendor)->title);
		check_subject(&subject);
	}
}

/* Drafts know eight secrets of a section. */
static void no_type_has_more_secrets_than_can_be_kept(void **state UNUSED)
{
	for (const struct provider *const *provider = providers; *provider; provider++) {
		size_t n = 0;

		for (const struct conf_key *key = (*provider)->keys; key && key->name; key++)
			n += key->kind == CONF_SECRET;
		assert_in_range(n, 0, 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_login_type_has_a_guide_that_can_be_followed),
		cmocka_unit_test(every_vendor_of_messages_has_one_too),
		cmocka_unit_test(no_type_has_more_secrets_than_can_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
