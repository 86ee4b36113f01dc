/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * break-glass setup, list, remove, and user recover.
 *
 * Codes are made here, and jauthd gets their hashes only; they are printed when it has kept them,
 * by write(2), since stdio would keep copies.
 */
#include <string.h>
#include <unistd.h>

#include <errno.h>
#include <jansson.h>

#include "base/crypto.h"
#include "base/glass-code.h"
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/listing.h"

#define N_CODES   10
#define A_LINE    2
#define TEXT_MAX  2048

static const char *const list_keys[] = {
	"user", "uid", "created", "used", "codes", "recovery-until", NULL
};

/* A user's are removed by his name. */
static const struct listing rows = {
	.call = bus_accounts, .list = "ListBreakGlass", .keys = list_keys, .is_of_user = true,
};

struct codes {
	struct secret *code[N_CODES];
	size_t n;
};

static void codes_done(struct codes *codes)
{
	for (size_t i = 0; i < codes->n; i++)
		codes->code[i] = secret_free(codes->code[i]);
}

/* --- making --- */

static int add_hash(struct buf *buf, const struct secret *code)
{
	struct digest digest;
	int r = crypto_digest(DIGEST_SHA256, code->data, code->len, &digest);

	if (r < 0)
		return r;
	if (buf->len)
		buf_add_char(buf, ' ');
	for (size_t i = 0; i < digest.len; i++)
		buf_add_format(buf, "%02x", digest.bytes[i]);
	return 0;
}

/* The codes, and what jauthd gets of them. */
static int make(struct codes *codes, size_t n, struct buf *hashes)
{
	int r = 0;

	for (; r == 0 && codes->n < n; codes->n++) {
		codes->code[codes->n] = glass_code_make();
		if (!codes->code[codes->n])
			return -EIO;
		r = add_hash(hashes, codes->code[codes->n]);
	}
	return r == 0 && buf_failed(hashes) ? -ENOMEM : r;
}

static bool make_or_complain(struct codes *codes, size_t n, struct buf *hashes)
{
	int r = make(codes, n, hashes);

	if (r < 0)
		complain("no codes could be made: %s", strerror(-r));
	return r == 0;
}

/* --- printing --- */

static enum exit_code print(const struct buf *text)
{
	const char *at = text->data, *end = at + text->len;

	while (at < end) {
		ssize_t n = write(STDOUT_FILENO, at, (size_t)(end - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			complain("the codes could not be printed: %s; make others",
				 strerror(errno));
			return EXIT_NO;
		}
		at += n;
	}
	return EXIT_DONE;
}

static void add_lines(struct buf *buf, const struct codes *codes)
{
	for (size_t i = 0; i < codes->n; i++) {
		buf_add_text(buf, "  ");
		glass_code_add(buf, codes->code[i]);
		if (i % A_LINE == A_LINE - 1 || i + 1 == codes->n)
			buf_add_char(buf, '\n');
	}
}

static void add_json(struct buf *buf, const struct codes *codes)
{
	buf_add_text(buf, "{\"codes\": [");
	for (size_t i = 0; i < codes->n; i++) {
		buf_add_text(buf, i ? ", \"" : "\"");
		glass_code_add(buf, codes->code[i]);
		buf_add_char(buf, '"');
	}
	buf_add_text(buf, "]");
}

/* --- setup, list, remove --- */

static enum exit_code print_setup(struct ctl *ctl, const char *user, const struct codes *codes)
{
	struct buf text = BUF_INIT_SECRET(TEXT_MAX);
	enum exit_code code;

	if (ctl->json) {
		add_json(&text, codes);
		buf_add_text(&text, "}\n");
	} else {
		buf_add_format(&text, "Break-glass codes of %s. Each is good for one login. They "
				      "are not shown again;\nkeep them on paper, locked away:\n",
			       user);
		add_lines(&text, codes);
		buf_add_text(&text, "Earlier ones are good no more.\n");
	}
	code = print(&text);
	buf_done(&text);
	return code;
}

enum exit_code run_break_glass_setup(struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(buf_done) struct buf hashes = BUF_INIT(TEXT_MAX);
	_cleanup_(codes_done) struct codes codes = { .n = 0 };
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (!make_or_complain(&codes, N_CODES, &hashes))
		return EXIT_NO;
	code = bus_accounts(ctl, "SetBreakGlass",
			    json_pack("[s, s]", args.rest[0], buf_text(&hashes)), NULL);
	return code == EXIT_DONE ? print_setup(ctl, args.rest[0], &codes) : code;
}

enum exit_code run_break_glass_list(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&rows, ctl, argc, argv);
}

enum exit_code run_break_glass_remove(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	return bus_accounts(ctl, "RemoveBreakGlass", json_pack("[s]", args.rest[0]), NULL);
}

/* --- recover --- */

static enum exit_code print_recovery(struct ctl *ctl, const char *user, const struct codes *codes,
				     json_int_t n_removed)
{
	struct buf text = BUF_INIT_SECRET(TEXT_MAX);
	enum exit_code code;

	if (ctl->json) {
		add_json(&text, codes);
		buf_add_format(&text, ", \"removed\": %lld}\n", (long long)n_removed);
	} else {
		buf_add_format(&text, "For one login of %s by a method of type break-glass, within "
				      "24 hours:\n", user);
		add_lines(&text, codes);
		buf_add_text(&text, "Within 15 minutes of that login one new way in may be linked: "
				    "jauthctl link METHOD.\n");
		if (n_removed)
			buf_add_format(&text, "Links removed: %lld\n", (long long)n_removed);
	}
	code = print(&text);
	buf_done(&text);
	return code;
}

enum exit_code run_user_recover(struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(buf_done) struct buf hashes = BUF_INIT(TEXT_MAX);
	_cleanup_(codes_done) struct codes codes = { .n = 0 };
	const char *lost = "";
	const struct arg options[] = { { "lost", ARG_TEXT, &lost }, { 0 } };
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;
	json_t *reply = NULL;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (!make_or_complain(&codes, 1, &hashes))
		return EXIT_NO;
	code = bus_accounts(ctl, "RecoverUser",
			    json_pack("[s, s, s]", args.rest[0], buf_text(&hashes), lost), &reply);
	if (code == EXIT_DONE)
		code = print_recovery(ctl, args.rest[0], &codes, json_integer_value(reply));
	json_decref(reply);
	return code;
}
