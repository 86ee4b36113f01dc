/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways in of a service; see setup-service.h. */
#include "jauthctl/setup-service.h"

#include <string.h>

#include "base/text.h"

#define SERVICE         "service "
#define SERVICE_MAX     63
#define SERVICE_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define METHODS_MAX     4096
#define DEFAULT_METHODS "password"       /* of a section that says none */
#define NOBODY          "none"

void service_change_done(struct service_change *change)
{
	free(steal(&change->name));
	json_decref(change->before);
	json_decref(change->sections);
	change->before = change->sections = NULL;
}

bool service_is_right(const char *service)
{
	size_t len = strlen(service);

	if (len && len <= SERVICE_MAX && strspn(service, SERVICE_LETTERS) == len)
		return true;
	complain("\"%s\" cannot be the name of a PAM service", service);
	return false;
}

static const char *methods_of(const struct conf_section *section)
{
	const struct conf_entry *entry = conf_find(section, "methods");

	return entry ? entry->value : section ? DEFAULT_METHODS : NOBODY;
}

static bool part_is(const char *part, size_t len, const char *word)
{
	while (len && strchr(" \t", *part)) {
		part++;
		len--;
	}
	while (len && strchr(" \t", part[len - 1]))
		len--;
	return strlen(word) == len && strncmp(part, word, len) == 0;
}

/* "password + work" goes by each of the two. */
static bool goes_by(const char *alternative, size_t len, const char *id)
{
	size_t at = 0;

	while (at <= len) {
		size_t end = at;

		while (end < len && alternative[end] != '+')
			end++;
		if (part_is(alternative + at, end - at, id))
			return true;
		at = end + 1;
	}
	return false;
}

/* The alternatives of a list that do not go by the method; true: there were others. */
static bool filter(const char *methods, const char *id, struct buf *ret_left)
{
	bool is_named = false;

	for (;;) {
		size_t len = strcspn(methods, ",");

		if (goes_by(methods, len, id)) {
			is_named = true;
		} else {
			methods += strspn(methods, " ");
			len = strcspn(methods, ",");
			buf_add_text(ret_left, ret_left->len ? ", " : "");
			buf_add(ret_left, methods, len);
		}
		if (!methods[len])
			return is_named;
		methods += len + 1;
	}
}

static enum exit_code begin(const char *service, struct service_change *change)
{
	*change = (struct service_change){ .name = setup_drop_in_name("service", service) };
	if (setup_drop_in_read(change->name, &change->before) != EXIT_DONE)
		return EXIT_NO;
	change->sections = json_deep_copy(change->before);
	return EXIT_DONE;
}

static void set_methods(struct service_change *change, const char *section, const char *methods)
{
	json_t *entries = json_object_get(change->sections, section);

	if (!entries) {
		entries = json_object();
		(void)json_object_set_new(change->sections, section, entries);
	}
	(void)json_object_set_new(entries, "methods", json_string(methods));
}

enum exit_code service_add(const struct conf *conf, const char *service, const char *behind,
			   const char *id, struct service_change *ret_change)
{
	_cleanup_free_ char *section = text_format(SERVICE "%s", service);
	_cleanup_(buf_done) struct buf methods = BUF_INIT(METHODS_MAX);
	const char *now = methods_of(setup_conf_section(conf, section));
	enum exit_code code = begin(service, ret_change);

	if (code != EXIT_DONE)
		return code;
	if (!text_equals(now, NOBODY))
		buf_add_format(&methods, "%s, ", now);
	buf_add_format(&methods, "%s%s%s", behind ? behind : "", behind ? " + " : "", id);
	if (buf_failed(&methods)) {
		complain("the ways in of service %s become too many", service);
		return EXIT_NO;
	}
	set_methods(ret_change, section, buf_text(&methods));
	return EXIT_DONE;
}

/* EXIT_DONE with *ret_is_named false: nothing is to be done here. */
static enum exit_code forget_in(const struct conf_section *section, const char *id,
				struct service_change *change, bool *ret_is_named)
{
	const char *service = section->name + strlen(SERVICE);
	const struct conf_entry *entry = conf_find(section, "methods");
	_cleanup_(buf_done) struct buf left = BUF_INIT(METHODS_MAX);
	_cleanup_free_ char *path = NULL;
	enum exit_code code;

	*ret_is_named = entry && filter(entry->value, id, &left);
	if (!*ret_is_named)
		return EXIT_DONE;
	if (!left.len) {
		complain("\"%s\" is the only way in of [%s] (%s:%u); give it another one first", id,
			 section->name, entry->file, entry->line);
		return EXIT_NO;
	}
	code = strchr(service, ' ') ? EXIT_NO : begin(service, change);
	if (code == EXIT_DONE)
		path = text_format("%s/%s", SETUP_FOLDER, change->name);
	if (code != EXIT_DONE || !text_equals(path, entry->file)) {
		complain("[%s] names \"%s\" (%s:%u); take it out there first", section->name, id,
			 entry->file, entry->line);
		return EXIT_NO;
	}
	set_methods(change, section->name, buf_text(&left));
	return EXIT_DONE;
}

enum exit_code services_forget(const struct conf *conf, const char *id,
			       struct service_change *ret_changes, size_t max, size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; i < conf->n_sections; i++) {
		const struct conf_section *section = &conf->sections[i];
		struct service_change change = { 0 };
		enum exit_code code;
		bool is_named;

		if (!text_has_prefix(section->name, SERVICE))
			continue;
		code = forget_in(section, id, &change, &is_named);
		if (code == EXIT_DONE && is_named && *ret_n == max) {
			complain("too many services name \"%s\"; take it out of some first", id);
			code = EXIT_NO;
		}
		if (code != EXIT_DONE || !is_named)
			service_change_done(&change);
		else
			ret_changes[(*ret_n)++] = change;
		if (code != EXIT_DONE)
			return code;
	}
	return EXIT_DONE;
}

void services_of(const struct conf *conf, const char *id, enum services which,
		 struct buf *ret_text)
{
	for (size_t i = 0; i < conf->n_sections; i++) {
		const struct conf_section *section = &conf->sections[i];
		_cleanup_(buf_done) struct buf left = BUF_INIT(METHODS_MAX);
		const struct conf_entry *entry = conf_find(section, "methods");

		if (text_has_prefix(section->name, SERVICE) && entry &&
		    filter(entry->value, id, &left) && (which == SERVICES_ALL || !left.len))
			buf_add_format(ret_text, "%s%s", ret_text->len ? ", " : "",
				       section->name + strlen(SERVICE));
	}
}
