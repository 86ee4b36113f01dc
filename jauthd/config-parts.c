/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/config-parts.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

#define MISTAKE_MAX 1024

void *config_allocate(size_t n, size_t size)
{
	void *memory = calloc(n, MAX(size, (size_t)1));

	if (!memory)
		abort();
	return memory;
}

void config_mistake(struct config_loader *loader, const struct conf_section *section,
		    const char *key, const char *format, ...)
{
	const struct conf_entry *entry = key ? conf_find(section, key) : NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT(MISTAKE_MAX);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&text, format, args);
	va_end(args);
	conf_mistake(loader->report, entry ? entry->file : section->file,
		     entry ? entry->line : section->line, "%s",
		     buf_failed(&text) ? "this is wrong, in too many words to say" :
		     buf_text(&text));
}

char *config_hint(const struct nearest *nearest)
{
	return nearest->word ? text_format("did you mean \"%s\"? ", nearest->word) : text_copy("");
}

/* Blanks and what separates names in our own lists and in passwd(5) cannot be part of one. */
bool config_is_name(const char *text)
{
	size_t len = strlen(text), i;

	if (!len || len > USER_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || strchr(":/,+", text[i]))
			return false;
	return true;
}

void config_check_names(struct config_loader *loader, const struct conf_section *section,
			const char *key, char *const *list)
{
	for (; list && *list; list++)
		if (!config_is_name(*list))
			config_mistake(loader, section, key, "\"%s\" in %s cannot be a name; "
				       "names have no blanks and none of : / +", *list, key);
}

bool config_id_is_right(struct config_loader *loader, const struct conf_section *section,
			const char *id, const char *of)
{
	size_t len = strlen(id);

	static_assert(METHOD_ID_MAX == SMS_ID_MAX, "one rule for both");
	if (len && len <= METHOD_ID_MAX && strspn(id, ID_CHARACTERS) == len &&
	    !text_equals(id, "none"))
		return true;
	config_mistake(loader, section, NULL, "\"%s\" cannot be the ID of %s; write at most %d of "
		       "a-z, 0-9 and -, and not \"none\"", id, of, METHOD_ID_MAX);
	return false;
}

const char *config_type_word(const struct conf_section *section, const char *id)
{
	const struct conf_entry *entry = conf_find(section, "type");

	return entry ? entry->value : id;
}

void config_unknown_type(struct config_loader *loader, const struct conf_section *section,
			 const char *word, char *const *types)
{
	_cleanup_(buf_done) struct buf names = BUF_INIT(512);
	struct nearest nearest = { .typed = word ? word : "" };
	_cleanup_free_ char *hint = NULL;

	for (; *types; types++) {
		nearest_try(&nearest, *types);
		buf_add_format(&names, "%s%s", names.len ? ", " : "", *types);
	}
	hint = config_hint(&nearest);
	if (conf_find(section, "type"))
		config_mistake(loader, section, "type", "unknown type \"%s\"; %stypes are: %s",
			       word, hint, buf_text(&names));
	else
		config_mistake(loader, section, NULL, "[%s] has no type; %swrite type = one of: %s",
			       section->name, hint, buf_text(&names));
}
