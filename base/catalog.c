/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The format is that of the GNU gettext manual, "The Format of GNU MO Files": a header of seven
 * numbers, then two tables of (length, offset), for the messages and for their translations.
 * The messages are in the order of strcmp(), so we search by halves and leave the hash table alone.
 */
#include "base/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define MO_MAGIC       0x950412deu
#define MO_HEADER_SIZE 28u
#define MO_ENTRY_SIZE  8u

enum header_offset {
	MO_REVISION = 4,
	MO_N_TEXTS = 8,
	MO_MESSAGES = 12,
	MO_TRANSLATIONS = 16,
};

struct catalog {
	char *data;
	size_t len;
	uint32_t n_texts;
	uint32_t messages, translations;        /* offsets of the two tables */
};

/* The languages we have, and who is served by them. */
static const struct language {
	const char *name;                       /* of the folder and of po/NAME.po */
	const char *tags[4];                    /* of the client, codeset and modifier taken off */
} languages[] = {
	{ "zh_CN", { "zh", "zh_CN", "zh_SG", "zh_Hans" } },
};

struct catalogs {
	struct catalog *of[N_ELEMENTS(languages)];
};

static uint32_t number_at(const struct catalog *catalog, size_t offset)
{
	const unsigned char *bytes = (const unsigned char *)catalog->data + offset;

	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static bool table_is_inside(const struct catalog *catalog, uint32_t table)
{
	return table <= catalog->len &&
	       (uint64_t)catalog->n_texts * MO_ENTRY_SIZE <= catalog->len - table;
}

static const char *text_at(const struct catalog *catalog, uint32_t table, uint32_t index)
{
	return catalog->data + number_at(catalog, table + index * MO_ENTRY_SIZE + 4);
}

static bool text_is_sound(const struct catalog *catalog, uint32_t table, uint32_t index)
{
	uint32_t len = number_at(catalog, table + index * MO_ENTRY_SIZE);
	uint32_t offset = number_at(catalog, table + index * MO_ENTRY_SIZE + 4);
	const char *text;

	if (offset >= catalog->len || len >= catalog->len - offset)
		return false;
	text = catalog->data + offset;
	return strnlen(text, len + 1) == len && text_is_utf8(text, len);
}

/* The next conversion of a printf format, "%%" left out; length 0 at the end. */
static const char *next_conversion(const char *at, size_t *ret_len)
{
	*ret_len = 0;
	for (at = strchrnul(at, '%'); at[0] && at[1]; at = strchrnul(at + 2, '%')) {
		size_t len = 1 + strspn(at + 1, "0123456789$*.#+- 'hljztLq");

		if (at[len] && at[1] != '%') {
			*ret_len = len + 1;
			break;
		}
	}
	return at;
}

/* A translation is a format wherever its message is one; it must not read other arguments. */
static bool same_conversions(const char *message, const char *translation)
{
	size_t len, translation_len;

	do {
		message = next_conversion(message, &len);
		translation = next_conversion(translation, &translation_len);
		if (len != translation_len || memcmp(message, translation, len) != 0)
			return false;
		message += len;
		translation += len;
	} while (len);
	return true;
}

static bool entry_is_sound(const struct catalog *catalog, uint32_t index)
{
	const char *message;

	if (!text_is_sound(catalog, catalog->messages, index) ||
	    !text_is_sound(catalog, catalog->translations, index))
		return false;
	message = text_at(catalog, catalog->messages, index);
	if (index && strcmp(text_at(catalog, catalog->messages, index - 1), message) >= 0)
		return false;
	/* The translation of "" is the file's header. */
	return !*message ||
	       same_conversions(message, text_at(catalog, catalog->translations, index));
}

static bool catalog_is_sound(const struct catalog *catalog)
{
	if (number_at(catalog, 0) != MO_MAGIC || number_at(catalog, MO_REVISION) != 0)
		return false;
	if (!table_is_inside(catalog, catalog->messages) ||
	    !table_is_inside(catalog, catalog->translations))
		return false;
	for (uint32_t i = 0; i < catalog->n_texts; i++)
		if (!entry_is_sound(catalog, i))
			return false;
	return true;
}

int catalog_new(char *data, size_t len, struct catalog **ret_catalog)
{
	struct catalog catalog = { .data = data, .len = len }, *copy;

	if (len < MO_HEADER_SIZE || len > CATALOG_MAX)
		return -EBADMSG;
	catalog.n_texts = number_at(&catalog, MO_N_TEXTS);
	catalog.messages = number_at(&catalog, MO_MESSAGES);
	catalog.translations = number_at(&catalog, MO_TRANSLATIONS);
	if (!catalog_is_sound(&catalog))
		return -EBADMSG;

	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = catalog;
	*ret_catalog = copy;
	return 0;
}

struct catalog *catalog_free(struct catalog *catalog)
{
	if (catalog)
		free(catalog->data);
	free(catalog);
	return NULL;
}

const char *catalog_text(const struct catalog *catalog, const char *message)
{
	uint32_t low = 0, high = catalog->n_texts;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(message, text_at(catalog, catalog->messages, middle));

		if (order == 0)
			return text_at(catalog, catalog->translations, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static int read_whole(const char *path, char **ret_data, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_free_ char *data = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > CATALOG_MAX)
		return -EBADMSG;
	data = malloc((size_t)st.st_size);
	if (!data)
		return -ENOMEM;
	n = read(fd, data, (size_t)st.st_size);
	if (n < 0)
		return -errno;
	if (n != st.st_size)
		return -EBADMSG;
	*ret_len = (size_t)n;
	*ret_data = steal(&data);
	return 0;
}

static int catalog_load(const char *path, struct catalog **ret_catalog)
{
	_cleanup_free_ char *data = NULL;
	size_t len = 0;
	int r;

	r = read_whole(path, &data, &len);
	if (r < 0)
		return r;
	r = catalog_new(data, len, ret_catalog);
	if (r == 0)
		data = NULL;    /* it is the catalog's now */
	return r;
}

struct catalogs *catalogs_open(const char *dir)
{
	struct catalogs *catalogs = calloc(1, sizeof(*catalogs));

	if (!catalogs)
		abort();
	for (size_t i = 0; i < N_ELEMENTS(languages); i++) {
		_cleanup_free_ char *path =
			text_format("%s/%s/LC_MESSAGES/jauth.mo", dir, languages[i].name);
		int r = catalog_load(path, &catalogs->of[i]);

		if (r < 0 && r != -ENOENT)
			log_warning("translation %s cannot be used: %s", path,
				    r == -EBADMSG ? "not a message catalog" : strerror(-r));
	}
	return catalogs;
}

struct catalogs *catalogs_free(struct catalogs *catalogs)
{
	if (!catalogs)
		return NULL;
	for (size_t i = 0; i < N_ELEMENTS(languages); i++)
		catalog_free(catalogs->of[i]);
	free(catalogs);
	return NULL;
}

/* Our texts are UTF-8; a client that names another codeset could not read them. */
static bool codeset_is_ours(const char *codeset)
{
	size_t len = strcspn(codeset, "@");

	return len == 0 || (len == 5 && !strncasecmp(codeset, "UTF-8", len)) ||
	       (len == 4 && !strncasecmp(codeset, "utf8", len));
}

static bool tag_is(const char *tag, const char *language, size_t len)
{
	if (strlen(tag) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (tag[i] != (language[i] == '-' ? '_' : language[i]))
			return false;
	return true;
}

static bool language_takes(const struct language *language, const char *wanted, size_t len)
{
	for (size_t i = 0; i < N_ELEMENTS(language->tags); i++)
		if (tag_is(language->tags[i], wanted, len))
			return true;
	return false;
}

const char *catalogs_text(const struct catalogs *catalogs, const char *language,
			  const char *message)
{
	size_t len;

	if (!catalogs || !language || !*message)
		return message;
	len = strcspn(language, ".@");
	if (language[len] == '.' && !codeset_is_ours(language + len + 1))
		return message;
	for (size_t i = 0; i < N_ELEMENTS(languages); i++)
		if (catalogs->of[i] && language_takes(&languages[i], language, len)) {
			const char *text = catalog_text(catalogs->of[i], message);

			return text && *text ? text : message;
		}
	return message;
}
