/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method add: a new method, by questions on a terminal or by options alone.
 *
 *	type → name → ID → keys → service → what will be written → secrets, drop-in, reload →
 *	probe → a login
 *
 * Until "written" nothing on the disk changes, whatever question the person leaves; what comes
 * then is not interrupted. Options answer their questions beforehand.
 */
#include "jauthctl/method-add.h"

#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/setup-input.h"
#include "jauthctl/table.h"

#define NUMBERED_MAX 100     /* IDs of one base */
#define GATEWAY_MARK "sms."  /* before a key of --set and --secret-file: of the vendor's section */

enum wizard_end leave(struct add *add, enum exit_code code)
{
	add->code = code;
	return WIZARD_LEFT;
}

const char *say_of(const struct add *add, const char *text)
{
	return say(&add->wizard, text);
}

/* --- type --- */

static void complain_of_type(const struct add *add, const char *kind, const char *typed)
{
	_cleanup_(buf_done) struct buf names = BUF_INIT(4096);
	struct nearest nearest = { .typed = typed ? typed : "" };
	json_t *row;
	size_t i;

	json_array_foreach(add->types, i, row) {
		if (!text_equals(row_text(row, "kind"), kind))
			continue;
		nearest_try(&nearest, row_text(row, "type"));
		buf_add_format(&names, "%s%s", names.len ? ", " : "", row_text(row, "type"));
	}
	if (!typed)
		complain("say which type: %s", buf_text(&names));
	else if (nearest.word)
		complain("there is no type \"%s\"; did you mean \"%s\"?", typed, nearest.word);
	else
		complain("there is no type \"%s\"; there are: %s", typed, buf_text(&names));
}

/* `typed` NULL: is asked for. */
static enum wizard_end find_type(struct add *add, const char *kind, const char *typed,
				 const json_t **ret_type)
{
	if (!typed && add->wizard.asks)
		return ask_type(&add->wizard, add->types, kind, ret_type);
	*ret_type = typed ? types_find(add->types, kind, typed) : NULL;
	if (*ret_type)
		return WIZARD_DONE;
	complain_of_type(add, kind, typed);
	return leave(add, EXIT_USAGE);
}

static bool has_relay(const struct add *add)
{
	return conf_find(setup_conf_section(&add->conf, "relay"), "url");
}

static enum wizard_end choose_type(struct add *add)
{
	const json_t *type;

	if (add->wizard.asks && !add->type)
		wizard_tell("%s", say_of(add, "Kinds of login:"));
	if (find_type(add, "method", add->type, &type) == WIZARD_LEFT)
		return WIZARD_LEFT;
	if (add->directory && !row_is(type, "directory")) {
		complain("type %s has no directory of members", row_text(type, "type"));
		return leave(add, EXIT_NO);
	}
	draft_init(&add->method, add->directory ? "directory" : "method", type);
	if (!add->wizard.asks)
		return WIZARD_DONE;
	wizard_tell("\n%s", row_text(type, "about"));
	if (row_is(type, "relay") && !has_relay(add))
		wizard_tell("\n%s", say_of(add, "This host has no relay yet, see jauthctl relay "
						"enrol; without one only those ways\nare possible "
						"that need none."));
	return WIZARD_DONE;
}

/* --- name and ID --- */

static enum wizard_end choose_title(struct add *add)
{
	const json_t *key = type_key(add->method.type, "title");
	_cleanup_free_ char *prompt = NULL;
	struct line line;

	if (add->title) {
		draft_set(&add->method, "title", add->title);
		return WIZARD_DONE;
	}
	if (!add->wizard.asks)
		return WIZARD_DONE;
	prompt = text_format("\n%s [%s]: ", say_of(add, "Name that people see in the menu"),
			     row_text(add->method.type, "title"));
	for (;;) {
		_cleanup_(buf_done) struct buf why = BUF_INIT(1024);

		if (wizard_ask(&add->wizard, prompt, true, &line) == WIZARD_LEFT)
			return WIZARD_LEFT;
		if (!line.len)
			return WIZARD_DONE;
		if (!draft_mistake(&add->wizard, key, line.text, line.len, &why))
			break;
		wizard_print(buf_text(&why), 2);
	}
	draft_set(&add->method, "title", line.text);
	return WIZARD_DONE;
}

static bool file_exists(const char *kind, const char *id)
{
	_cleanup_free_ char *name = setup_drop_in_name(kind, id);
	_cleanup_free_ char *path = text_format("%s/%s", SETUP_FOLDER, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

bool is_taken(const struct add *add, const char *kind, const char *id)
{
	_cleanup_free_ char *section = text_format("%s %s", kind, id);

	if (text_equals(kind, "sms"))
		return setup_conf_section(&add->conf, section) != NULL;
	return methods_find(add->methods, id) || setup_conf_method(&add->conf, id) ||
	       file_exists("method", id);
}

/* `base`, or with a number behind; false: there are too many. */
static bool free_id(const struct add *add, const char *kind, const char *base,
		    char ret_id[DRAFT_ID_MAX + 1])
{
	for (unsigned n = 1; n < NUMBERED_MAX; n++) {
		_cleanup_free_ char *id = n == 1 ? text_copy(base) :
					  text_format("%.*s-%u", DRAFT_ID_MAX - 3, base, n);

		if (!is_taken(add, kind, id))
			return text_into(ret_id, DRAFT_ID_MAX + 1, id);
	}
	return false;
}

/* NULL: it can be taken. */
static const char *id_mistake(const struct add *add, const char *id)
{
	if (!draft_id_is_right(id))
		return say_of(add, "An ID is 1 to 32 of a-z, 0-9 and -, and not \"none\".");
	if (is_taken(add, "method", id))
		return say_of(add, "There is a method of that ID already.");
	return NULL;
}

static enum wizard_end ask_id(struct add *add, const char *suggested,
			      char ret_id[DRAFT_ID_MAX + 1])
{
	_cleanup_free_ char *prompt = text_format("%s [%s]: ", say_of(add, "ID, by which the "
								      "configuration names it"),
						  suggested);
	const char *mistake;
	struct line line;

	for (;;) {
		if (wizard_ask(&add->wizard, prompt, true, &line) == WIZARD_LEFT)
			return WIZARD_LEFT;
		mistake = id_mistake(add, line.len ? line.text : suggested);
		if (!mistake)
			break;
		wizard_print(mistake, 2);
	}
	(void)text_into(ret_id, DRAFT_ID_MAX + 1, line.len ? line.text : suggested);
	return WIZARD_DONE;
}

static enum wizard_end choose_id(struct add *add)
{
	char base[DRAFT_ID_MAX + 1], suggested[DRAFT_ID_MAX + 1] = "";
	const char *mistake;

	/* "" of a name in Chinese. */
	text_into_id(draft_has(&add->method, "title") ? draft_value(&add->method, "title") :
		     row_text(add->method.type, "type"), base, sizeof(base));
	if (!draft_id_is_right(base))
		(void)text_into(base, sizeof(base), row_text(add->method.type, "type"));
	(void)free_id(add, "method", base, suggested);
	if (add->wizard.asks && !add->id) {
		if (ask_id(add, suggested, add->method.id) == WIZARD_LEFT)
			return WIZARD_LEFT;
	} else {
		mistake = id_mistake(add, add->id ? add->id : suggested);
		if (mistake) {
			complain("--id %s: %s", add->id ? add->id : suggested, mistake);
			return leave(add, EXIT_NO);
		}
		(void)text_into(add->method.id, sizeof(add->method.id),
				add->id ? add->id : suggested);
	}
	add->name = setup_drop_in_name("method", add->method.id);
	return WIZARD_DONE;
}

/* --- keys --- */

static bool has_assignment(const struct add *add, const char *key)
{
	_cleanup_free_ char *start = text_format("%s=", key);

	for (char **text = add->assignments; text && *text; text++)
		if (text_has_prefix(*text, start))
			return true;
	return false;
}

static bool has_vendors(const struct add *add)
{
	for (size_t i = 0; i < add->conf.n_sections; i++)
		if (text_has_prefix(add->conf.sections[i].name, "sms "))
			return true;
	return false;
}

/* Whether a vendor of messages is set up together with the method. */
static enum wizard_end wants_vendor(struct add *add, bool *ret_wants)
{
	*ret_wants = add->gateway;
	if (add->gateway && !row_is(add->method.type, "gateways")) {
		complain("--gateway is for type sms");
		return leave(add, EXIT_USAGE);
	}
	if (add->gateway || !row_is(add->method.type, "gateways") || !add->wizard.asks ||
	    has_assignment(add, "vendors"))
		return WIZARD_DONE;
	*ret_wants = !has_vendors(add);
	return *ret_wants ? WIZARD_DONE :
	       wizard_ask_yes(&add->wizard, say_of(add, "\nSet up another vendor of messages with "
						   "it?"), false, ret_wants);
}

static enum wizard_end choose_vendor(struct add *add)
{
	const json_t *type;
	bool wants;

	if (wants_vendor(add, &wants) == WIZARD_LEFT)
		return WIZARD_LEFT;
	if (!wants)
		return WIZARD_DONE;
	if (add->wizard.asks && !add->gateway)
		wizard_tell("\n%s", say_of(add, "Vendors of messages:"));
	if (find_type(add, "sms", add->gateway, &type) == WIZARD_LEFT)
		return WIZARD_LEFT;
	draft_init(&add->vendor, "sms", type);
	add->has_vendor = true;
	(void)free_id(add, "sms", row_text(type, "type"), add->vendor.id);
	draft_set(&add->method, "vendors", add->vendor.id);
	if (add->wizard.asks)
		wizard_tell("\n%s", row_text(type, "about"));
	return WIZARD_DONE;
}

/* Whose key it is: *text goes on behind the mark. NULL after complaining. */
static struct draft *draft_of(struct add *add, const char **text)
{
	if (!text_has_prefix(*text, GATEWAY_MARK))
		return &add->method;
	*text += strlen(GATEWAY_MARK);
	if (add->has_vendor)
		return &add->vendor;
	complain("%s%s is a key of a vendor of messages, and none is set up here; add --gateway",
		 GATEWAY_MARK, *text);
	return NULL;
}

static bool take_assignments(struct add *add)
{
	for (char **text = add->assignments; text && *text; text++) {
		const char *rest = *text;
		struct draft *draft = draft_of(add, &rest);

		if (!draft || !input_assign(&add->wizard, draft, rest))
			return false;
	}
	for (char **text = add->secret_files; text && *text; text++) {
		const char *rest = *text;
		struct draft *draft = draft_of(add, &rest);

		if (!draft || !input_secret(&add->wizard, draft, rest))
			return false;
	}
	return true;
}

static bool is_complete(const struct add *add)
{
	_cleanup_(buf_done) struct buf missing = BUF_INIT(8192);

	draft_add_missing(&add->method, &missing);
	if (add->has_vendor)
		draft_add_missing(&add->vendor, &missing);
	if (!missing.len)
		return true;
	complain("still needed: %s; give them by --set KEY=VALUE, and what is secret by "
		 "--secret-file KEY=PATH", buf_text(&missing));
	return false;
}

static enum wizard_end fill(struct add *add)
{
	add->asking = (struct asking){
		.ctl = add->ctl, .wizard = &add->wizard, .name = add->name,
		.drafts = { &add->method, &add->vendor }, .n_drafts = add->has_vendor ? 2 : 1,
	};
	if (!take_assignments(add))
		return leave(add, EXIT_USAGE);
	if (!add->wizard.asks)
		return is_complete(add) ? WIZARD_DONE : leave(add, EXIT_USAGE);
	if ((add->has_vendor && ask_keys(&add->asking, &add->vendor) == WIZARD_LEFT) ||
	    ask_keys(&add->asking, &add->method) == WIZARD_LEFT ||
	    ask_more(&add->asking, &add->method) == WIZARD_LEFT)
		return leave(add, add->asking.code);
	return WIZARD_DONE;
}

static enum wizard_end choose_directory(struct add *add)
{
	bool yes = false;

	if (!add->wizard.asks || add->directory || !row_is(add->method.type, "directory"))
		return WIZARD_DONE;
	if (wizard_ask_yes(&add->wizard, say_of(add, "Take its members over as Unix users, too?"),
			   false, &yes) == WIZARD_LEFT)
		return WIZARD_LEFT;
	if (yes)
		add->method.kind = "directory";
	return WIZARD_DONE;
}

/* --- service --- */

enum wizard_end ask_word(struct add *add, const char *prompt, char **ret_word)
{
	struct line line;

	if (wizard_ask(&add->wizard, prompt, true, &line) == WIZARD_LEFT)
		return WIZARD_LEFT;
	*ret_word = line.len ? text_copy(line.text) : NULL;
	return WIZARD_DONE;
}

static enum wizard_end choose_service(struct add *add)
{
	_cleanup_free_ char *which = text_format(
		"\n%s ", say_of(add, "Service to let people in by it, such as sshd "
				     "(Enter: none):"));
	_cleanup_free_ char *behind = text_format(
		"%s ", say_of(add, "Method that comes before it, such as password (Enter: none):"));

	if (!add->wizard.asks || add->service)
		return WIZARD_DONE;
	do {
		free(steal(&add->service_asked));
		if (ask_word(add, which, &add->service_asked) == WIZARD_LEFT)
			return WIZARD_LEFT;
		if (!add->service_asked)
			return WIZARD_DONE;
	} while (!service_is_right(add->service_asked));
	add->service = add->service_asked;
	if (!add->behind) {
		if (ask_word(add, behind, &add->behind_asked) == WIZARD_LEFT)
			return WIZARD_LEFT;
		add->behind = add->behind_asked;
	}
	return WIZARD_DONE;
}

/* --- the whole --- */

static enum exit_code look_around(struct add *add)
{
	const char *language = add->wizard.language ? add->wizard.language : "";
	enum exit_code code = setup_check_writable();

	if (code == EXIT_DONE)
		code = bus_admin(add->ctl, "DescribeTypes", json_pack("[s]", language),
				 &add->types);
	if (code == EXIT_DONE)
		code = bus_admin(add->ctl, "ListMethods", json_array(), &add->methods);
	if (code == EXIT_DONE)
		setup_conf_read(&add->conf);
	return code;
}

static void carry_out(struct add *add)
{
	static enum wizard_end (*const steps[])(struct add *add) = {
		choose_type, choose_title, choose_id, choose_directory, choose_vendor, fill,
		choose_service, confirm, write_it, probe, offer_login,
	};

	add->code = look_around(add);
	if (add->code != EXIT_DONE)
		return;
	for (size_t i = 0; i < N_ELEMENTS(steps); i++)
		if (steps[i](add) == WIZARD_LEFT)
			break;
	if (!add->is_written && add->code == EXIT_DONE)
		add->code = EXIT_NO;
	if (!add->is_written && add->wizard.asks)
		wizard_tell("\n%s", say_of(add, "Nothing was changed."));
}

static void print_result(const struct add *add)
{
	_cleanup_free_ char *path = text_format("%s/%s", SETUP_FOLDER, add->name);
	json_t *result = json_pack("{s:s, s:s}", "method", add->method.id, "file", path);

	if (add->probed)
		(void)json_object_set_new(result, "probe", json_string(add->probed));
	table_print_json_line(result, stdout);
	json_decref(result);
}

static void add_done(struct add *add)
{
	wizard_end(&add->wizard);
	draft_done(&add->method);
	draft_done(&add->vendor);
	conf_done(&add->conf);
	json_decref(add->types);
	json_decref(add->methods);
	list_free(add->assignments);
	list_free(add->secret_files);
	service_change_done(&add->service_change);
	free(add->name);
	free(add->probed);
	free(add->service_asked);
	free(add->behind_asked);
}

enum exit_code run_method_add(struct ctl *ctl, int argc, char **argv)
{
	struct add add = { .ctl = ctl };
	const struct arg options[] = {
		{ "id", ARG_TEXT, &add.id },
		{ "title", ARG_TEXT, &add.title },
		{ "set", ARG_TEXTS, &add.assignments },
		{ "secret-file", ARG_TEXTS, &add.secret_files },
		{ "directory", ARG_FLAG, &add.directory },
		{ "gateway", ARG_TEXT, &add.gateway },
		{ "service", ARG_TEXT, &add.service },
		{ "behind", ARG_TEXT, &add.behind },
		{ "no-probe", ARG_FLAG, &add.no_probe },
		{ "yes", ARG_FLAG, &add.yes },
		{ 0 }
	};
	struct args args = { .options = options, .max = 1 };
	enum exit_code code = EXIT_USAGE;

	if (!args_parse(ctl, argc, argv, &args, &code)) {
		add_done(&add);
		return code;
	}
	add.type = args.n_rest ? args.rest[0] : NULL;
	if (add.service && !service_is_right(add.service)) {
		add_done(&add);
		return EXIT_USAGE;
	}
	wizard_begin(&add.wizard, add.yes || ctl->json);
	carry_out(&add);
	if (ctl->json && add.is_written)
		print_result(&add);
	code = add.code;
	add_done(&add);
	return code;
}
