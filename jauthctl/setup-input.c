/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that the command line gives to a section; see setup-input.h. */
#include "jauthctl/setup-input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "jauthctl/setup-ask.h"

#define SECRET_BYTES_MAX 4096
#define WHY_MAX          8192

bool input_assign(const struct wizard *wizard, struct draft *draft, const char *text)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT(WHY_MAX);
	_cleanup_free_ char *name = NULL;
	const char *value;
	const json_t *key = ask_assignment(draft->type, text, &name, &value);

	if (!key)
		return false;
	if (text_equals(name, "type")) {
		complain("the type of a method stays; add another method instead");
		return false;
	}
	/* The file or credential of a secret is jauthd's to look at. */
	if (text_equals(name, row_text(key, "key")) &&
	    draft_mistake(wizard, key, value, strlen(value), &why)) {
		complain("%s: %s", name, buf_text(&why));
		return false;
	}
	draft_set(draft, name, value);
	return true;
}

/* 0 or -errno; what is read is wiped with the buffer. */
static int load(const char *path, struct buf *ret_text)
{
	bool is_stdin = text_equals(path, "-");
	_cleanup_close_ int own = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int fd = is_stdin ? STDIN_FILENO : own;
	char part[512];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, part, sizeof(part))) != 0 && !buf_failed(ret_text)) {
		if (n > 0)
			buf_add(ret_text, part, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	explicit_bzero(part, sizeof(part));
	return n < 0 ? -errno : buf_failed(ret_text) ? -EFBIG : 0;
}

static bool take_secret(const struct wizard *wizard, struct draft *draft, const json_t *key,
			const char *path)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SECRET(SECRET_BYTES_MAX + 1);
	_cleanup_(buf_done) struct buf why = BUF_INIT(WHY_MAX);
	struct secret *secret;
	int r = load(path, &text);

	if (r < 0) {
		complain("%s cannot be read: %s", path, strerror(-r));
		return false;
	}
	if (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	if (draft_mistake(wizard, key, buf_text(&text), text.len, &why)) {
		complain("%s, in %s: %s", row_text(key, "key"), path, buf_text(&why));
		return false;
	}
	secret = secret_new(buf_text(&text), text.len);
	if (secret && draft_set_secret(draft, row_text(key, "key"), secret) == 0)
		return true;
	secret_free(secret);
	complain("%s cannot be kept", row_text(key, "key"));
	return false;
}

bool input_secret(const struct wizard *wizard, struct draft *draft, const char *text)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *name = text_format("%.*s", equals ? (int)(equals - text) : 0, text);
	const json_t *key = type_key(draft->type, name);

	if (!equals || !equals[1]) {
		complain("--secret-file takes KEY=PATH");
		return false;
	}
	if (!key || !text_equals(row_text(key, "kind"), "secret")) {
		complain("\"%s\" is no secret of type %s", name, row_text(draft->type, "type"));
		return false;
	}
	return take_secret(wizard, draft, key, equals + 1);
}
