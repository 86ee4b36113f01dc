/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The facts of Begin as a table of rows: name, type, where it goes. Unknown facts are ignored. */
#include "jauthd/bus-facts.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/policy.h"

/* Facts that are looked at only together. */
struct raw_facts {
	uint32_t version;
	char phase[24], surface[24];
	char rhost[64], tty[64];
};

struct fact {
	const char *name;
	int type;                        /* DBUS_TYPE_STRING or DBUS_TYPE_UINT32 */
	size_t raw_offset, offset, size; /* one of the offsets; NOWHERE: the other */
};

#define NOWHERE SIZE_MAX
#define RAW_TEXT(fact_name, field) { fact_name, DBUS_TYPE_STRING, \
	offsetof(struct raw_facts, field), NOWHERE, sizeof(((struct raw_facts *)0)->field) }
#define TEXT(fact_name, field) { fact_name, DBUS_TYPE_STRING, NOWHERE, \
	offsetof(struct login_facts, field), sizeof(((struct login_facts *)0)->field) }
#define NUMBER(fact_name, field) { fact_name, DBUS_TYPE_UINT32, NOWHERE, \
	offsetof(struct login_facts, field), sizeof(uint32_t) }

static const struct fact facts[] = {
	{ FACT_VERSION, DBUS_TYPE_UINT32, offsetof(struct raw_facts, version), NOWHERE,
	  sizeof(uint32_t) },
	RAW_TEXT(FACT_PHASE, phase),
	RAW_TEXT(FACT_SURFACE, surface),
	RAW_TEXT(FACT_RHOST, rhost),
	RAW_TEXT(FACT_TTY, tty),
	TEXT(FACT_SERVICE, service),
	TEXT(FACT_USER, user),
	TEXT(FACT_LANGUAGE, language),
	TEXT(FACT_METHOD, method),
	TEXT(FACT_REQUEST, request),
	TEXT(FACT_START, start),
	NUMBER(FACT_ROWS, rows),
	NUMBER(FACT_COLUMNS, columns),
	NUMBER(FACT_GLYPHS, glyphs),
	NUMBER(FACT_CALLER_UID, caller_uid),
	NUMBER(FACT_TIMEOUT, timeout_s),
};

static_assert(sizeof(unsigned) == sizeof(uint32_t), "rows, columns and glyphs are 32 bits");

static const struct fact *find_fact(const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(facts); i++)
		if (text_equals(facts[i].name, name))
			return &facts[i];
	return NULL;
}

static bool store_fact(const struct fact *fact, DBusMessageIter *value, struct raw_facts *raw,
		       struct login_facts *ret_facts)
{
	char *to = fact->offset == NOWHERE ? (char *)raw + fact->raw_offset
					   : (char *)ret_facts + fact->offset;
	const char *text;

	if (dbus_message_iter_get_arg_type(value) != fact->type)
		return false;
	if (fact->type == DBUS_TYPE_UINT32) {
		dbus_message_iter_get_basic(value, to);
		return true;
	}
	dbus_message_iter_get_basic(value, &text);
	return text_into(to, fact->size, text);
}

/* It may be longer than any field: only one question about it is kept. */
static bool store_ssh_auth_info(DBusMessageIter *value, struct login_facts *ret_facts)
{
	const char *text;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_STRING)
		return false;
	dbus_message_iter_get_basic(value, &text);
	if (strlen(text) > LOGIN_FACT_MAX)
		return false;
	ret_facts->ssh_key_accepted = policy_ssh_key_accepted(text);
	return true;
}

static bool read_entry(DBusMessageIter *entry, struct raw_facts *raw, struct login_facts *ret_facts,
		       const char **ret_what)
{
	DBusMessageIter value;
	const struct fact *fact;
	const char *name;

	dbus_message_iter_get_basic(entry, &name);
	dbus_message_iter_next(entry);
	dbus_message_iter_recurse(entry, &value);
	if (text_equals(name, FACT_SSH_AUTH_INFO)) {
		*ret_what = FACT_SSH_AUTH_INFO;
		return store_ssh_auth_info(&value, ret_facts);
	}
	fact = find_fact(name);
	if (!fact)
		return true;
	*ret_what = fact->name;
	return store_fact(fact, &value, raw, ret_facts);
}

static int find_word(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (text_equals(words[i], word))
			return i;
	return -1;
}

/* What a failure is counted by, and what policy compares with address ranges. */
static void set_source(const struct raw_facts *raw, struct login_facts *facts_)
{
	facts_->has_address = raw->rhost[0] != '\0';
	if (facts_->has_address)
		(void)text_into(facts_->source, sizeof(facts_->source), raw->rhost);
	else if (facts_->caller_uid)
		(void)snprintf(facts_->source, sizeof(facts_->source), "uid %u",
			       facts_->caller_uid);
	else
		(void)text_into(facts_->source, sizeof(facts_->source),
				raw->tty[0] ? raw->tty : "uid 0");
}

static const char *read_words(const struct raw_facts *raw, struct login_facts *ret_facts)
{
	int phase = find_word(login_phase_names, LOGIN_N_PHASES, raw->phase);
	int surface = find_word(login_surface_names, LOGIN_N_SURFACES,
				raw->surface[0] ? raw->surface
						: login_surface_names[SURFACE_NONE]);

	if (phase < 0)
		return FACT_PHASE;
	if (surface < 0)
		return FACT_SURFACE;
	ret_facts->phase = (enum login_phase)phase;
	ret_facts->surface = (enum login_surface)surface;
	return NULL;
}

static const char *missing(const struct login_facts *read)
{
	if (!read->service[0])
		return FACT_SERVICE;
	if (!read->user[0] && read->phase != LOGIN_TEST)
		return FACT_USER;
	if (read->request[0] && strlen(read->request) != REQUEST_ID_LEN)
		return FACT_REQUEST;
	return NULL;
}

int facts_read(DBusMessage *message, struct login_facts *ret_facts, const char **ret_what)
{
	struct raw_facts raw = { 0 };
	struct login_facts read = { 0 };
	DBusMessageIter iter, entries, entry;
	const char *wrong = "";

	dbus_message_iter_init(message, &iter);
	for (dbus_message_iter_recurse(&iter, &entries);
	     dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&entries)) {
		dbus_message_iter_recurse(&entries, &entry);
		if (!read_entry(&entry, &raw, &read, &wrong)) {
			*ret_what = wrong;
			return -EINVAL;
		}
	}
	if (raw.version != LOGIN_PROTOCOL_VERSION)
		return -EPROTONOSUPPORT;
	wrong = read_words(&raw, &read);
	if (!wrong)
		wrong = missing(&read);
	if (wrong) {
		*ret_what = wrong;
		return -EINVAL;
	}
	set_source(&raw, &read);
	*ret_facts = read;
	return 0;
}
