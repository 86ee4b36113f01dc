/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading configuration files into sections; see conf.h. conf-apply.c gives the values their
 * meaning. */
#include "base/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

#define FILE_BYTES_MAX  (256 * 1024)
#define FILES_MAX       64
#define LINE_BYTES_MAX  4096
#define LINES_MAX       4096
#define MISTAKE_CHARS   1024

#define BLANKS     " \t"
#define KEY_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"

/* Where the reader is. */
struct reader {
	struct conf *conf;
	struct conf_report *report;
	const char *file;
	unsigned line;
	size_t n_lines;              /* with content, of all files */
	ssize_t section;             /* index; -1: none yet; -2: its header was wrong, skip */
};

static void *grow(void *array, size_t n, size_t size)
{
	array = reallocarray(array, n + 1, size);
	if (!array)
		abort();
	memset((char *)array + n * size, 0, size);
	return array;
}

/* Mistakes */

void conf_mistake(struct conf_report *report, const char *file, unsigned line,
		  const char *format, ...)
{
	struct buf text = BUF_INIT(64 * 1024), clean = BUF_INIT(8 * MISTAKE_CHARS);
	struct conf_mistake *mistake;
	va_list args;

	if (report->n_mistakes == CONF_MISTAKES_MAX)
		return;
	va_start(args, format);
	buf_add_format_list(&text, format, args);
	va_end(args);
	text_add_clean(&clean, buf_text(&text), MISTAKE_CHARS);
	buf_done(&text);

	report->mistakes = grow(report->mistakes, report->n_mistakes, sizeof(*report->mistakes));
	mistake = &report->mistakes[report->n_mistakes++];
	mistake->file = text_copy(file);
	mistake->line = line;
	mistake->text = text_copy(buf_text(&clean));
	buf_done(&clean);
}

void conf_report_done(struct conf_report *report)
{
	size_t i;

	for (i = 0; i < report->n_mistakes; i++) {
		free(report->mistakes[i].file);
		free(report->mistakes[i].text);
	}
	free(report->mistakes);
	*report = (struct conf_report){ 0 };
}

/* Sections */

const struct conf_entry *conf_find(const struct conf_section *section, const char *key)
{
	size_t i;

	for (i = 0; section && i < section->n_entries; i++)
		if (text_equals(section->entries[i].key, key))
			return &section->entries[i];
	return NULL;
}

void conf_mistake_key(struct conf_report *report, const struct conf_section *section,
		      const char *key, const char *text)
{
	const struct conf_entry *entry = conf_find(section, key);

	conf_mistake(report, entry ? entry->file : section->file,
		     entry ? entry->line : section->line, "\"%s\" %s", key, text);
}

static ssize_t find_section(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->n_sections; i++)
		if (text_equals(conf->sections[i].name, name))
			return (ssize_t)i;
	return -1;
}

static ssize_t add_section(const struct reader *reader, const char *name)
{
	struct conf *conf = reader->conf;
	struct conf_section *section;

	conf->sections = grow(conf->sections, conf->n_sections, sizeof(*conf->sections));
	section = &conf->sections[conf->n_sections];
	section->name = text_copy(name);
	section->file = text_copy(reader->file);
	section->line = reader->line;
	return (ssize_t)conf->n_sections++;
}

/* As deep as there are files. */
static void entry_done(struct conf_entry *entry)
{
	if (entry->before)
		entry_done(entry->before);
	free(entry->before);
	free(entry->key);
	free(entry->value);
	free(entry->file);
}

static void set_entry(const struct reader *reader, const char *key, const char *value)
{
	struct conf_section *section = &reader->conf->sections[reader->section];
	struct conf_entry *entry = (struct conf_entry *)conf_find(section, key);

	if (entry && text_equals(entry->file, reader->file)) {
		conf_mistake(reader->report, reader->file, reader->line,
			     "\"%s\" stands in line %u already; keep one of the two", key,
			     entry->line);
		return;
	}
	if (entry) {
		struct conf_entry *before = grow(NULL, 0, sizeof(*before));

		*before = *entry;
		entry->before = before;
	} else {
		section->entries = grow(section->entries, section->n_entries,
					sizeof(*section->entries));
		entry = &section->entries[section->n_entries++];
	}
	entry->key = text_copy(key);
	entry->value = text_copy(value);
	entry->file = text_copy(reader->file);
	entry->line = reader->line;
}

void conf_done(struct conf *conf)
{
	size_t i, j;

	for (i = 0; i < conf->n_sections; i++) {
		struct conf_section *section = &conf->sections[i];

		for (j = 0; j < section->n_entries; j++)
			entry_done(&section->entries[j]);
		free(section->entries);
		free(section->name);
		free(section->file);
	}
	free(conf->sections);
	*conf = (struct conf){ 0 };
}

/* Lines. Their text is never quoted in a mistake: it may be a secret on the wrong line. */

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* "  method   work " becomes "method work". */
static char *fold_blanks(char *text)
{
	char *to, *from;

	text = trim(text);
	for (to = from = text; *from; from++) {
		bool is_blank = strchr(BLANKS, *from) != NULL;

		if (!is_blank)
			*to++ = *from;
		else if (to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	return text;
}

static void read_header(struct reader *reader, char *line)
{
	size_t len = strlen(line);
	char *name;

	reader->section = -2;
	if (line[len - 1] != ']') {
		conf_mistake(reader->report, reader->file, reader->line,
			     "the section's name must end with \"]\", and nothing may follow it");
		return;
	}
	line[len - 1] = '\0';
	name = fold_blanks(line + 1);
	if (!*name || strpbrk(name, "[]") || !text_is_line(name, strlen(name))) {
		conf_mistake(reader->report, reader->file, reader->line,
			     "a section's name is text without brackets, as in \"[general]\"");
		return;
	}
	reader->section = text_equals(name, reader->conf->separate) ? -1 :
			  find_section(reader->conf, name);
	if (reader->section < 0)
		reader->section = add_section(reader, name);
}

static void read_entry(struct reader *reader, char *line)
{
	char *equals = strchr(line, '=');
	char *key, *value;

	if (reader->section == -2)
		return;
	if (!equals) {
		conf_mistake(reader->report, reader->file, reader->line,
			     "neither \"[section]\" nor \"key = value\" nor a comment "
			     "starting with \"#\"");
		return;
	}
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	if (!*key || strspn(key, KEY_LETTERS) != strlen(key))
		conf_mistake(reader->report, reader->file, reader->line,
			     "a key consists of a-z, 0-9, \"_\" and \"-\"");
	else if (!text_is_line(value, strlen(value)))
		conf_mistake(reader->report, reader->file, reader->line,
			     "the value of \"%s\" must be UTF-8 text without control characters",
			     key);
	else if (reader->section < 0)
		conf_mistake(reader->report, reader->file, reader->line,
			     "\"%s\" stands before the first \"[section]\"", key);
	else
		set_entry(reader, key, value);
}

/* `line` is `len` bytes and a NUL. False: stop reading this file. */
static bool read_line(struct reader *reader, char *line, size_t len)
{
	bool has_nul = strlen(line) != len;

	line = trim(line);
	if (!has_nul && (!*line || *line == '#' || *line == ';'))
		return true;
	if (++reader->n_lines > LINES_MAX) {
		conf_mistake(reader->report, reader->file, reader->line,
			     "more than %d lines with content in all; the rest is not read",
			     LINES_MAX);
		return false;
	}
	if (has_nul)
		conf_mistake(reader->report, reader->file, reader->line,
			     "the line holds a NUL byte; the file must be text");
	else if (*line == '[')
		read_header(reader, line);
	else
		read_entry(reader, line);
	return true;
}

static void read_lines(struct reader *reader, const char *text, size_t len)
{
	const char *end = text + len;
	bool going_on = true;

	while (going_on && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((newline ? newline : end) - text);
		char line[LINE_BYTES_MAX + 1];

		reader->line++;
		if (line_len > LINE_BYTES_MAX) {
			conf_mistake(reader->report, reader->file, reader->line,
				     "the line is longer than %d bytes", LINE_BYTES_MAX);
		} else {
			memcpy(line, text, line_len);
			line[line_len] = '\0';
			going_on = read_line(reader, line, line_len);
		}
		text += line_len + 1;
	}
}

/* Files */

static size_t count_lines(const struct conf *conf)
{
	size_t n = conf->n_sections, i;

	for (i = 0; i < conf->n_sections; i++)
		n += conf->sections[i].n_entries;
	return n;
}

void conf_read_text(const char *text, size_t len, const char *name, struct conf *conf,
		    struct conf_report *report)
{
	struct reader reader = {
		.conf = conf,
		.report = report,
		.file = name,
		.n_lines = count_lines(conf),
		.section = -1,
	};

	if (len > FILE_BYTES_MAX)
		conf_mistake(report, name, 0, "the file is larger than %d KiB",
			     FILE_BYTES_MAX / 1024);
	else
		read_lines(&reader, text, len);
}

/* The whole file, or one byte more than allowed; 0 or -errno. */
static int load_file(const char *path, struct buf *ret_text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	do {
		char part[4096];

		n = read(fd, part, sizeof(part));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			buf_add(ret_text, part, (size_t)n);
	} while (n != 0 && ret_text->len <= FILE_BYTES_MAX);
	return buf_failed(ret_text) ? -ENOMEM : 0;
}

static int read_file(const char *path, struct conf *conf, struct conf_report *report)
{
	struct buf text = BUF_INIT(FILE_BYTES_MAX + 4096);
	int r = load_file(path, &text);

	if (r == 0)
		conf_read_text(buf_text(&text), text.len, path, conf, report);
	buf_done(&text);
	return r;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_drop_in(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_has_suffix(entry->d_name, ".conf");
}

/* Those that are given instead and whose turn has come, before the name `next`. */
static void read_given(const char *folder, const char *next, size_t *n_read, struct conf *conf,
		       struct conf_report *report)
{
	for (; *n_read < conf->n_drop_ins; (*n_read)++) {
		const struct conf_drop_in *given = &conf->drop_ins[*n_read];
		_cleanup_free_ char *path = text_format("%s/%s", folder, given->name);

		if (next && strcmp(given->name, next) > 0)
			return;
		if (given->text)
			conf_read_text(given->text, given->len, path, conf, report);
	}
}

static void read_drop_in(const char *folder, const char *name, struct conf *conf,
			 struct conf_report *report)
{
	_cleanup_free_ char *path = text_format("%s/%s", folder, name);
	int r;

	for (size_t i = 0; i < conf->n_drop_ins; i++)
		if (text_equals(conf->drop_ins[i].name, name))
			return;
	r = read_file(path, conf, report);
	if (r < 0)
		conf_mistake(report, path, 0, "the file cannot be read: %s", strerror(-r));
}

static void read_drop_ins(const char *folder, struct conf *conf, struct conf_report *report)
{
	struct dirent **entries = NULL;
	size_t n_given = 0;
	int n, i;

	n = scandir(folder, &entries, is_drop_in, compare_names);
	if (n < 0 && errno != ENOENT)
		conf_mistake(report, folder, 0, "the folder cannot be read: %s", strerror(errno));
	if (n >= FILES_MAX)
		conf_mistake(report, folder, 0, "more than %d files; the rest is not read",
			     FILES_MAX - 1);
	for (i = 0; i < n; i++) {
		if (i < FILES_MAX - 1) {
			read_given(folder, entries[i]->d_name, &n_given, conf, report);
			read_drop_in(folder, entries[i]->d_name, conf, report);
		}
		free(entries[i]);
	}
	free(entries);
	read_given(folder, NULL, &n_given, conf, report);
}

int conf_read(const char *path, struct conf *conf, struct conf_report *report)
{
	_cleanup_free_ char *folder = text_format("%s.d", path);
	int r;

	r = read_file(path, conf, report);
	if (r < 0)
		return r;
	read_drop_ins(folder, conf, report);
	return 0;
}
