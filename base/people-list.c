/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/people-list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/text.h"

#define BLANKS     " "
#define MARK       "\xef\xbb\xbf"        /* U+FEFF, which some editors begin a file with */
#define NAME_FIRST "abcdefghijklmnopqrstuvwxyz"
#define NAME_REST  NAME_FIRST "0123456789_-"

#define LINE_MAX_BYTES 2048
#define PLACES_MAX     (5 * PEOPLE_LIST_ROWS_MAX)

struct reader {
	const struct phone_country *country;
	struct people_list *list;
	size_t rows_size, places_size;
};

static bool is_name(const char *word)
{
	size_t len = strlen(word);

	return len >= 1 && len <= PEOPLE_LIST_NAME_MAX && strchr(NAME_FIRST, word[0]) &&
	       strspn(word, NAME_REST) == len;
}

/* --- a line --- */

/* Cuts the next word off, and moves on to what follows it; "" at the end. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, BLANKS);
	size_t len = strcspn(word, BLANKS);

	*at = word + len;
	if (word[len]) {
		word[len] = '\0';
		*at += 1;
	}
	*at += strspn(*at, BLANKS);
	return word;
}

static void add_place(struct reader *reader, const char *group)
{
	struct people_list *list = reader->list;

	if (list->n_places == reader->places_size) {
		reader->places_size = MAX(reader->places_size * 2, (size_t)64);
		list->places = reallocarray(list->places, reader->places_size,
					    sizeof(*list->places));
		if (!list->places)
			abort();
	}
	list->places[list->n_places++] = (struct people_list_place){ text_copy(group),
								     list->n_rows };
}

static bool has_place(const struct people_list *list, size_t first, const char *group)
{
	for (size_t i = first; i < list->n_places; i++)
		if (text_equals(list->places[i].group, group))
			return true;
	return false;
}

/* NULL, or what is wrong with it. */
static const char *read_groups(struct reader *reader, char **at)
{
	const size_t first = reader->list->n_places;

	while (**at == '@') {
		const char *group = next_word(at) + 1;

		if (!is_name(group))
			return "a group is written @ and a name of a-z, 0-9, _ and -";
		if (has_place(reader->list, first, group))
			return "a group stands there twice";
		if (reader->list->n_places - first == PEOPLE_LIST_GROUPS_MAX)
			return "one person is in at most " TEXT_OF(PEOPLE_LIST_GROUPS_MAX)
			       " groups";
		if (reader->list->n_places == PLACES_MAX)
			return "too many groups";
		add_place(reader, group);
	}
	if (reader->list->n_places == first)
		add_place(reader, "");
	return NULL;
}

static void cut_end(char *text)
{
	for (size_t len = strlen(text); len && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
}

/* A row that has a mistake is left half-filled: nothing of the list counts then. */
static const char *read_row(struct reader *reader, char *line)
{
	struct people_list_row *row = &reader->list->rows[reader->list->n_rows];
	char *at = line;
	const char *number = next_word(&at);
	const char *name = next_word(&at);
	const char *wrong;

	if (!*name)
		return "write NUMBER NAME [@GROUP]... [FULL NAME]";
	if (phone_normalise(number, reader->country, row->number) < 0)
		return reader->country ?
		       "the first word is no telephone number, such as +8613900001234" :
		       "the first word is no telephone number with its calling code, such as "
		       "+8613900001234";
	if (phone_is_blocked(row->number))
		return "no message goes to numbers of this kind";
	if (!is_name(name))
		return "the second word is no user name: a-z, then a-z, 0-9, _ and -, at most 31";
	wrong = read_groups(reader, &at);
	if (wrong)
		return wrong;
	cut_end(at);
	if (strlen(at) > PEOPLE_LIST_FULL_MAX)
		return "the full name is too long";
	(void)text_into(row->name, sizeof(row->name), name);     /* is_name() */
	row->full_name = text_copy(at);
	return NULL;
}

static void add_row(struct reader *reader, unsigned line)
{
	struct people_list *list = reader->list;

	if (list->n_rows == reader->rows_size) {
		size_t size = MAX(reader->rows_size * 2, (size_t)64);
		struct people_list_row *rows = calloc(size, sizeof(*rows));

		if (!rows)
			abort();
		/* Not grown in place: that would leave numbers behind. */
		if (list->n_rows)
			memcpy(rows, list->rows, list->n_rows * sizeof(*rows));
		people_list_wipe(list);
		free(list->rows);
		list->rows = rows;
		reader->rows_size = size;
	}
	list->rows[list->n_rows].line = line;
}

/* Tabs are blanks from here on. */
static bool copy_line(const char *line, size_t len, char ret_copy[LINE_MAX_BYTES + 1])
{
	if (len > LINE_MAX_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		ret_copy[i] = line[i] == '\t' ? ' ' : line[i];
	ret_copy[len] = '\0';
	return text_is_line(ret_copy, len);
}

static const char *take_line(struct reader *reader, char *line, unsigned number)
{
	const char *wrong;

	line += strspn(line, BLANKS);
	if (!*line || *line == '#')
		return NULL;
	if (reader->list->n_rows == PEOPLE_LIST_ROWS_MAX)
		return "there are more than " TEXT_OF(PEOPLE_LIST_ROWS_MAX) " people";
	add_row(reader, number);
	wrong = read_row(reader, line);
	reader->list->n_rows++;
	return wrong;
}

static const char *read_line(struct reader *reader, const char *line, size_t len, unsigned number)
{
	char copy[LINE_MAX_BYTES + 1];
	const char *wrong = copy_line(line, len, copy) ?
			    take_line(reader, copy, number) :
			    "the line is too long, or is not UTF-8 text";

	explicit_bzero(copy, sizeof(copy));
	return wrong;
}

/* --- all of them --- */

static int by_number(const void *a, const void *b)
{
	const struct people_list_row *const *left = a, *const *right = b;

	return strcmp((*left)->number, (*right)->number);
}

static int by_name(const void *a, const void *b)
{
	const struct people_list_row *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int by_group(const void *a, const void *b)
{
	const struct people_list_place *left = a, *right = b;
	int order = strcmp(left->group, right->group);

	return order ? order : (left->row > right->row) - (left->row < right->row);
}

static bool are_apart(const struct people_list *list, const char *what,
		      int (*order)(const void *a, const void *b), struct buf *why)
{
	_cleanup_free_ const struct people_list_row **rows = calloc(list->n_rows + 1,
								    sizeof(*rows));

	if (!rows)
		abort();
	for (size_t i = 0; i < list->n_rows; i++)
		rows[i] = &list->rows[i];
	qsort(rows, list->n_rows, sizeof(*rows), order);
	for (size_t i = 1; i < list->n_rows; i++)
		if (order(&rows[i - 1], &rows[i]) == 0) {
			unsigned a = rows[i - 1]->line, b = rows[i]->line;

			buf_add_format(why, "line %u: this %s stands in line %u already",
				       MAX(a, b), what, MIN(a, b));
			return false;
		}
	return true;
}

static bool read_lines(struct reader *reader, const char *text, const char *end, struct buf *why)
{
	unsigned number = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);
		const char *wrong;

		number++;
		if (len && newline && text[len - 1] == '\r')
			len--;
		wrong = newline ? read_line(reader, text, len, number) :
				  "the last line has no end; is the file still being written?";
		if (wrong) {
			buf_add_format(why, "line %u: %s", number, wrong);
			return false;
		}
		text = newline + 1;
	}
	return true;
}

int people_list_parse(const char *text, size_t len, const struct phone_country *country,
		      struct people_list **ret_list, struct buf *why)
{
	struct reader reader = { .country = country, .list = calloc(1, sizeof(*reader.list)) };
	const char *end = text + len;
	bool is_right;

	if (!reader.list)
		abort();
	if (len >= strlen(MARK) && memcmp(text, MARK, strlen(MARK)) == 0)
		text += strlen(MARK);
	/* What a full disk or a crash leaves of a file is no list of nobody. */
	if (text == end)
		buf_add_text(why, "the file is empty; for nobody at all leave a line \"#\"");
	is_right = text < end && read_lines(&reader, text, end, why) &&
		   are_apart(reader.list, "number", by_number, why) &&
		   are_apart(reader.list, "name", by_name, why);
	if (!is_right) {
		people_list_free(reader.list);
		return -EINVAL;
	}
	if (reader.list->n_places)
		qsort(reader.list->places, reader.list->n_places, sizeof(*reader.list->places),
		      by_group);
	*ret_list = reader.list;
	return 0;
}

void people_list_wipe(struct people_list *list)
{
	for (size_t i = 0; i < list->n_rows; i++)
		explicit_bzero(list->rows[i].number, sizeof(list->rows[i].number));
}

struct people_list *people_list_free(struct people_list *list)
{
	if (!list)
		return NULL;
	people_list_wipe(list);
	for (size_t i = 0; i < list->n_rows; i++)
		free(list->rows[i].full_name);
	for (size_t i = 0; i < list->n_places; i++)
		free(list->places[i].group);
	free(list->rows);
	free(list->places);
	free(list);
	return NULL;
}

/* --- the file --- */

/* Who may write here says who becomes a user, and who is none any more. */
static const char *fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "must belong to root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "must not be writable for others than its owner; chmod go-w it";
	if (st->st_mode & S_IROTH)
		return "holds telephone numbers and must not be readable for others; chmod o-r it";
	if (st->st_size > PEOPLE_LIST_BYTES_MAX)
		return "is too large";
	return NULL;
}

static bool is_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A file that is written in place while it is read is half the old one and half the new one. */
static int read_file(const char *path, struct buf *text, const char **ret_fault)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
					    O_NONBLOCK);
	struct stat before, after;
	int r;

	*ret_fault = NULL;
	if (fd < 0 || fstat(fd, &before) < 0)
		return -errno;
	*ret_fault = fault_of(&before);
	if (*ret_fault)
		return -EPERM;
	r = file_read_rest(fd, text);
	if (r == 0 && fstat(fd, &after) < 0)
		r = -errno;
	if (r == 0 && !is_same_state(&before, &after)) {
		*ret_fault = "was written while it was read";
		r = -EAGAIN;
	}
	return r;
}

int people_list_read(const char *path, const struct phone_country *country,
		     struct people_list **ret_list, struct buf *why)
{
	struct buf text = BUF_INIT_SECRET(PEOPLE_LIST_BYTES_MAX);
	const char *fault;
	int r = read_file(path, &text, &fault);

	if (r < 0) {
		buf_add_format(why, "%s%s %s", path, fault ? "" : ":",
			       fault ? fault : r == -ELOOP ? "it is a symbolic link" :
							     strerror(-r));
	} else {
		buf_add_format(why, "%s: ", path);
		r = people_list_parse(buf_text(&text), text.len, country, ret_list, why);
	}
	buf_done(&text);
	return r;
}
