/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method add: shows what will be written, writes it, and tries it; see method-add.h. */
#include "jauthctl/method-add.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jauthctl/talk.h"

/* --- what will be written --- */

/* {relay} and the like; foreign values are cleaned where they are printed. */
static void add_step(const struct add *add, const char *text, struct buf *ret_text)
{
	const struct conf_entry *relay = conf_find(setup_conf_section(&add->conf, "relay"), "url");
	const char *url = relay ? relay->value : "https://RELAY";
	_cleanup_free_ char *callback = text_format("%s/cb/%s", url, add->method.id);
	const char *host = strstr(url, "://");
	const struct {
		const char *word, *value;
	} values[] = {
		{ "{relay}", url },
		{ "{relay_host}", host ? host + 3 : url },
		{ "{callback}", callback },
		{ "{app}", draft_value(&add->method, "app_id") },
	};

	while (*text) {
		size_t i;

		for (i = 0; i < N_ELEMENTS(values); i++)
			if (text_has_prefix(text, values[i].word))
				break;
		if (i < N_ELEMENTS(values)) {
			buf_add_text(ret_text, values[i].value);
			text += strlen(values[i].word);
		} else {
			buf_add_char(ret_text, *text++);
		}
	}
}

static void tell_steps(const struct add *add, const struct draft *draft)
{
	bool has_head = false;
	json_t *step;
	size_t i;

	json_array_foreach(json_object_get(draft->type, "steps"), i, step) {
		_cleanup_(buf_done) struct buf text = BUF_INIT(16 * 1024);

		if (!draft_when(draft, row_text(step, "when")))
			continue;
		if (!has_head)
			wizard_tell("\n%s", say_of(add, "Besides, this is to be done:"));
		has_head = true;
		add_step(add, row_text(step, "text"), &text);
		wizard_print(buf_text(&text), 2);
	}
}

static void tell_draft(const struct draft *draft)
{
	_cleanup_free_ char *section = draft_section(draft);
	json_t *value;
	const char *key;

	wizard_tell("  [%s]", section);
	json_object_foreach(draft->values, key, value)
		wizard_tell("  %s = %s", key, json_string_value(value));
	for (size_t i = 0; i < draft->n_secrets; i++)
		wizard_tell("  %s_file = %s/…", draft->secrets[i].key, SETUP_SECRETS);
}

/* Sections with a label decide first, and are not ours to change. */
static void tell_labels(const struct add *add)
{
	_cleanup_free_ char *start = text_format("service %s ", add->service);
	_cleanup_(buf_done) struct buf names = BUF_INIT(16 * 1024);

	for (size_t i = 0; i < add->conf.n_sections; i++)
		if (text_has_prefix(add->conf.sections[i].name, start))
			buf_add_format(&names, "%s[%s]", names.len ? ", " : "",
				       add->conf.sections[i].name);
	if (names.len)
		wizard_tell(say_of(add, "Where these hold they decide instead: %s"),
			    buf_text(&names));
}

enum wizard_end confirm(struct add *add)
{
	bool yes = true;

	if (!add->wizard.asks)
		return WIZARD_DONE;
	if (add->has_vendor)
		tell_steps(add, &add->vendor);
	tell_steps(add, &add->method);
	wizard_tell("\n%s", say_of(add, "This will be written:"));
	if (add->has_vendor)
		tell_draft(&add->vendor);
	tell_draft(&add->method);
	if (add->service)
		wizard_tell("  [service %s] … %s%s%s", add->service, add->behind ? add->behind : "",
			    add->behind ? " + " : "", add->method.id);
	if (add->service)
		tell_labels(add);
	if (wizard_ask_yes(&add->wizard, say_of(add, "Write it?"), true, &yes) == WIZARD_LEFT)
		return WIZARD_LEFT;
	return yes ? WIZARD_DONE : WIZARD_LEFT;
}

/* --- writing --- */

/* The method's drop-in first: a service may only name what is there. */
static enum exit_code put_changes(struct add *add, struct setup *setup, json_t *sections)
{
	struct service_change *service = &add->service_change;
	enum exit_code code = EXIT_DONE;

	if (is_taken(add, "method", add->method.id)) {
		complain("there is a method \"%s\" already", add->method.id);
		return EXIT_NO;
	}
	if (add->has_vendor && is_taken(add, "sms", add->vendor.id)) {
		complain("there is a section [sms %s] already", add->vendor.id);
		return EXIT_NO;
	}
	if (add->has_vendor)
		code = draft_write(&add->vendor, setup, sections);
	if (code == EXIT_DONE)
		code = draft_write(&add->method, setup, sections);
	if (code == EXIT_DONE && add->service)
		code = service_add(&add->conf, add->service, add->behind, add->method.id, service);
	if (code != EXIT_DONE)
		return code;
	setup_change(setup, add->name, sections);
	if (add->service)
		setup_change(setup, service->name, service->sections);
	return setup_apply(setup);
}

static enum exit_code write_once(struct add *add)
{
	json_t *sections = json_object();
	struct setup setup;
	enum exit_code code = setup_open(add->ctl, &setup);

	service_change_done(&add->service_change);       /* of a try before */

	if (code == EXIT_DONE) {
		/* As it is now that nobody else can change it. */
		conf_done(&add->conf);
		setup_conf_read(&add->conf);
		code = put_changes(add, &setup, sections);
		setup_close(&setup);
	}
	json_decref(sections);
	return code;
}

/* Whole or not at all; a person who is there may put right what jauthd found. */
enum wizard_end write_it(struct add *add)
{
	_cleanup_free_ char *prompt = text_format("%s ", say_of(add, "Key to change (Enter: give "
								     "up):"));
	struct line line;

	for (;;) {
		const json_t *key;

		(void)fflush(stdout);
		add->code = write_once(add);
		if (add->code == EXIT_DONE)
			break;
		if (add->code != EXIT_NO || !add->wizard.asks)
			return WIZARD_LEFT;
		if (wizard_ask(&add->wizard, prompt, true, &line) == WIZARD_LEFT || !line.len)
			return WIZARD_LEFT;
		key = type_key(add->method.type, line.text);
		if (key && ask_key(&add->asking, &add->method, key) == WIZARD_LEFT)
			return leave(add, add->asking.code);
		else if (!key && add->has_vendor &&
			 (key = type_key(add->vendor.type, line.text)) &&
			 ask_key(&add->asking, &add->vendor, key) == WIZARD_LEFT)
			return leave(add, add->asking.code);
		else if (!key)
			wizard_tell("  %s", say_of(add, "There is none of that number or name."));
	}
	add->is_written = true;
	if (!add->ctl->json)
		wizard_tell(say_of(add, "Method \"%s\" is there, in %s/%s."), add->method.id,
			    SETUP_FOLDER, add->name);
	return WIZARD_DONE;
}

/* --- trying it --- */

/* What others wrote into the service's file since then stays. */
static enum exit_code check_service(const struct service_change *change)
{
	json_t *now = NULL;
	enum exit_code code = setup_drop_in_read(change->name, &now);

	if (code == EXIT_DONE && !json_equal(now, change->sections)) {
		complain("%s has changed meanwhile: take it out there, then jauthctl method remove",
			 change->name);
		code = EXIT_NO;
	}
	json_decref(now);
	return code;
}

/* As if it had not been written. */
static enum exit_code undo(struct add *add, struct setup *setup, const json_t *before)
{
	json_t *nothing;
	enum exit_code code = add->service ? check_service(&add->service_change) : EXIT_DONE;

	if (code != EXIT_DONE)
		return code;
	nothing = json_object();
	if (add->service)
		setup_change(setup, add->service_change.name, add->service_change.before);
	setup_change(setup, add->name, nothing);
	code = setup_apply(setup);
	json_decref(nothing);
	if (code == EXIT_DONE)
		setup_secrets_forget(before);
	return code;
}

static void take_back(struct add *add)
{
	json_t *before = NULL;
	struct setup setup;
	enum exit_code code = setup_open(add->ctl, &setup);

	if (code != EXIT_DONE)
		return;
	code = setup_drop_in_read(add->name, &before);
	if (code == EXIT_DONE)
		code = undo(add, &setup, before);
	if (code == EXIT_DONE)
		wizard_tell("%s", say_of(add, "It was taken away again."));
	setup_close(&setup);
	json_decref(before);
}

static enum wizard_end wants_probe(struct add *add, bool *ret_wants)
{
	*ret_wants = row_is(add->method.type, "test") && !add->no_probe;
	if (*ret_wants && add->wizard.asks)
		return wizard_ask_yes(&add->wizard, say_of(add, "Try it at the vendor now?"), true,
				      ret_wants);
	/* What costs money, and asks whom to send it to, is nothing without a person. */
	*ret_wants = *ret_wants && !row_is(add->method.type, "restricted");
	return WIZARD_DONE;
}

/* For programs there is one object on stdout, and that is ours. */
static enum exit_code try_it(struct add *add, const struct login_facts *facts)
{
	_cleanup_(buf_done) struct buf reason = BUF_INIT(8192);
	enum exit_code code;

	if (!add->ctl->json)
		return talk(add->ctl, facts, NULL);
	code = talk_alone(add->ctl, facts, NULL, &reason);
	add->probed = text_copy(code == EXIT_DONE ? "granted" : buf_text(&reason));
	return code;
}

enum wizard_end probe(struct add *add)
{
	const struct login_facts facts = {
		.phase = LOGIN_TEST, .service = "jauthctl", .user = "", .method = add->method.id,
	};
	bool wants, keep = true;

	if (wants_probe(add, &wants) == WIZARD_LEFT)
		return WIZARD_LEFT;
	if (!wants)
		return WIZARD_DONE;
	add->code = try_it(add, &facts);
	if (add->code == EXIT_DONE)
		return WIZARD_DONE;
	if (!add->wizard.asks) {
		complain("method \"%s\" is there, and its probe failed; see jauthctl method probe",
			 add->method.id);
		return WIZARD_LEFT;
	}
	if (wizard_ask_yes(&add->wizard, say_of(add, "It did not work. Keep it all the same?"),
			   true, &keep) == WIZARD_LEFT)
		return WIZARD_LEFT;
	if (!keep) {
		take_back(add);
		return WIZARD_LEFT;
	}
	return WIZARD_DONE;
}

enum wizard_end offer_login(struct add *add)
{
	_cleanup_free_ char *prompt = text_format(
		"%s ", say_of(add, "Unix user, for a whole login by it now (Enter: none):"));
	_cleanup_free_ char *user = NULL;
	struct login_facts facts = {
		.phase = LOGIN_AUTHENTICATE, .service = "login", .method = add->method.id,
	};

	if (!add->wizard.asks)
		return WIZARD_DONE;
	if (ask_word(add, prompt, &user) == WIZARD_LEFT || !user)
		return WIZARD_LEFT;
	facts.user = user;
	(void)talk(add->ctl, &facts, NULL);      /* it says how it ended */
	return WIZARD_DONE;
}

