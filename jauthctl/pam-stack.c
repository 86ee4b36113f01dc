/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/pam-stack.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define BLANKS " \t\r"
#define SAMPLE_PREFIX "jauth-"

/* --- files --- */

int pam_file_read(const char *path, struct buf *ret_text)
{
	int r = file_read(path, ret_text);

	return r == 0 && strlen(buf_text(ret_text)) != ret_text->len ? -EFBIG : r;
}

bool pam_service_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	size_t len = strlen(name);

	return len > 0 && len <= 64 && name[0] != '.' && name[0] != '-' &&
	       strspn(name, letters) == len;
}

/* --- words --- */

/* The next word of the line, in brackets or not, cut off in place; NULL at its end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS), *end;

	if (!*word)
		return NULL;
	if (*word == '[' && (end = strchr(word, ']')))
		end++;
	else
		end = word + strcspn(word, BLANKS);
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* One line with those that it continues on, without its comment; false at the end of the text. */
static bool next_line(const char **text, unsigned *number, struct buf *line)
{
	bool goes_on = true;

	buf_done(line);
	if (!**text)
		return false;
	while (goes_on && **text) {
		size_t len = strcspn(*text, "\n"), content;

		goes_on = len > 0 && (*text)[len - 1] == '\\';
		content = MIN(strcspn(*text, "#"), len - goes_on);
		buf_add(line, *text, content);
		buf_add_char(line, ' ');
		*text += len + ((*text)[len] == '\n');
		++*number;
	}
	return true;
}

/* --- reading a stack --- */

struct reader {
	const char *folder, *type;
	struct pam_stack *stack;
	unsigned n_files;
};

static void read_service(struct reader *reader, const char *service, unsigned depth,
			 bool is_in_substack);

static void add_line(struct reader *reader, const struct pam_line *line)
{
	struct pam_stack *stack = reader->stack;
	struct pam_line *lines;

	if (stack->n_lines == PAM_LINES_MAX) {
		stack->is_whole = false;
		return;
	}
	lines = reallocarray(stack->lines, stack->n_lines + 1, sizeof(*lines));
	if (!lines)
		abort();
	stack->lines = lines;
	lines[stack->n_lines++] = (struct pam_line){
		.control = text_copy(line->control),
		.module = text_copy(line->module),
		.arguments = text_copy(line->arguments),
		.file = text_copy(line->file),
		.number = line->number,
		.is_in_substack = line->is_in_substack,
	};
}

/* `line` is that file's, as it stands there, and is cut to pieces. */
static void read_line(struct reader *reader, char *line, struct pam_line *where, unsigned depth)
{
	char *rest = line, *type = next_word(&rest), *control, *module;

	if (!type)
		return;
	if (text_equals(type, "@include")) {
		module = next_word(&rest);
		if (module)
			read_service(reader, module, depth + 1, where->is_in_substack);
		return;
	}
	type += *type == '-';
	control = next_word(&rest);
	module = next_word(&rest);
	if (!text_equals(type, reader->type) || !control || !module)
		return;
	if (text_equals(control, "include") || text_equals(control, "substack")) {
		read_service(reader, module, depth + 1,
			     where->is_in_substack || text_equals(control, "substack"));
		return;
	}
	where->control = control;
	where->module = module;
	where->arguments = rest + strspn(rest, BLANKS);
	add_line(reader, where);
}

static void read_service(struct reader *reader, const char *service, unsigned depth,
			 bool is_in_substack)
{
	_cleanup_free_ char *path = text_format("%s%s%s", *service == '/' ? "" : reader->folder,
						*service == '/' ? "" : "/", service);
	_cleanup_(buf_done) struct buf text = BUF_INIT(PAM_TEXT_MAX);
	_cleanup_(buf_done) struct buf line = BUF_INIT(PAM_TEXT_MAX + 1024);
	struct pam_line where = { .file = path, .is_in_substack = is_in_substack };
	const char *at;

	if (depth > PAM_DEPTH_MAX || reader->n_files++ == PAM_FILES_MAX ||
	    pam_file_read(path, &text) < 0) {
		reader->stack->is_whole = false;
		return;
	}
	at = buf_text(&text);
	while (reader->n_files <= PAM_FILES_MAX && next_line(&at, &where.number, &line))
		if (line.len)
			read_line(reader, line.data, &where, depth);
}

int pam_stack_read(const char *folder, const char *service, const char *type,
		   struct pam_stack *ret_stack)
{
	_cleanup_free_ char *path = text_format("%s/%s", folder, service);
	struct reader reader = { .folder = folder, .type = type, .stack = ret_stack };

	*ret_stack = (struct pam_stack){ .is_whole = true };
	if (access(path, R_OK) < 0)
		return -errno;
	read_service(&reader, service, 0, false);
	return 0;
}

void pam_stack_done(struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->n_lines; i++) {
		struct pam_line *line = &stack->lines[i];

		free(line->control);
		free(line->module);
		free(line->arguments);
		free(line->file);
	}
	free(stack->lines);
	*stack = (struct pam_stack){ 0 };
}

bool pam_line_calls(const struct pam_line *line, const char *module)
{
	const char *slash = strrchr(line->module, '/');

	return text_equals(slash ? slash + 1 : line->module, module);
}

size_t pam_stack_find(const struct pam_stack *stack, size_t from, const char *module)
{
	while (from < stack->n_lines && !pam_line_calls(&stack->lines[from], module))
		from++;
	return from;
}

/* --- controls --- */

/* The simple ones in the words of the others: pam.conf(5). */
static const struct {
	const char *word, *values;
} controls[] = {
	{ "required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad" },
	{ "requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die" },
	{ "sufficient", "success=done new_authtok_reqd=done default=ignore" },
	{ "optional", "success=ok new_authtok_reqd=ok default=ignore" },
};

static const char *values_of(const char *control)
{
	for (size_t i = 0; i < N_ELEMENTS(controls); i++)
		if (strcasecmp(control, controls[i].word) == 0)
			return controls[i].values;
	return control;
}

/* The value of this name in "[name=value name=value]". */
static bool find_action(const char *values, const char *name, char ret_action[PAM_ACTION_SIZE])
{
	size_t len = strlen(name);

	for (values += strspn(values, "[" BLANKS); *values && *values != ']';
	     values += strspn(values, BLANKS)) {
		size_t word = strcspn(values, "]" BLANKS), value = word - len - 1;

		if (word > len && strncmp(values, name, len) == 0 && values[len] == '=' &&
		    value < PAM_ACTION_SIZE) {
			memcpy(ret_action, values + len + 1, value);
			ret_action[value] = '\0';
			return true;
		}
		values += word;
	}
	return false;
}

/* What a control does not name at all is ignored by it. */
void pam_action(const char *control, const char *result, char ret_action[PAM_ACTION_SIZE])
{
	const char *values = values_of(control);

	if (!find_action(values, result, ret_action) &&
	    !find_action(values, "default", ret_action))
		(void)text_into(ret_action, PAM_ACTION_SIZE, "ignore");
}

/* --- changing a text --- */

#define SESSION_LINE "session  optional pam_jauth.so\n"

/* A comment with these words is none; NULL: there is no such line. */
static const char *find_session_line(const char *text)
{
	const char *at = text;

	while ((at = strstr(at, SESSION_LINE)) && at != text && at[-1] != '\n')
		at++;
	return at;
}

static const char *const types[] = { "auth", "account", "password" };

/* The type of a line "@include common-TYPE"; NULL: another line. */
static const char *included_type(char *line)
{
	char *rest = line, *first = next_word(&rest), *second = next_word(&rest);

	if (!text_equals(first, "@include") || !second || next_word(&rest) ||
	    !text_has_prefix(second, "common-"))
		return NULL;
	for (size_t i = 0; i < N_ELEMENTS(types); i++)
		if (text_equals(second + strlen("common-"), types[i]))
			return types[i];
	return NULL;
}

/* The type of a line "TYPE substack jauth-…". */
static const char *jauth_type(char *line)
{
	char *rest = line, *first = next_word(&rest), *second = next_word(&rest);
	char *third = next_word(&rest);

	if (!third || next_word(&rest) || !text_has_prefix(third, SAMPLE_PREFIX) ||
	    (!text_equals(second, "substack") && !text_equals(second, "include")))
		return NULL;
	for (size_t i = 0; i < N_ELEMENTS(types); i++)
		if (text_equals(first, types[i]))
			return types[i];
	return NULL;
}

/* Every line as it is, but those whose type is known. */
static unsigned change(const char *text, const char *(*type_of)(char *line), const char *before,
		       const char *after, struct buf *ret_text)
{
	unsigned n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		_cleanup_free_ char *line = text_format("%.*s", (int)len, text);
		const char *type = type_of(line);

		if (type && after)
			buf_add_format(ret_text, "%s %s %s", type, before, after);
		else if (type)
			buf_add_format(ret_text, "%s%s", before, type);
		else
			buf_add(ret_text, text, len);
		n += type != NULL;
		text += len;
		if (*text)
			buf_add_char(ret_text, *text++);
	}
	return n;
}

/* Sessions are told of behind everything else. */
static void add_session_line(struct buf *text)
{
	if (text->len && text->data[text->len - 1] != '\n')
		buf_add_char(text, '\n');
	buf_add_text(text, SESSION_LINE);
}

unsigned pam_text_add(const char *text, const char *sample, struct buf *ret_text)
{
	unsigned n = change(text, included_type, "substack", sample, ret_text);

	if (n && !find_session_line(text))
		add_session_line(ret_text);
	return n;
}

unsigned pam_text_remove(const char *text, struct buf *ret_text)
{
	const char *line = find_session_line(text);
	_cleanup_free_ char *without = line ? text_format("%.*s%s", (int)(line - text), text,
							  line + strlen(SESSION_LINE))
					    : text_copy(text);

	return change(without, jauth_type, "@include common-", NULL, ret_text);
}
