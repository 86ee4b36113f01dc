/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the person reads. Texts collect until a step goes out; how they go depends on the surface.
 *
 * Over ssh only the text of a prompt arrives whole on every client, so everything collected goes
 * into it, and nothing is sent on its own but the last words of a refusal, which older clients
 * show with every byte outside ASCII in octal: so those stay English. Local terminals show infos
 * at once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-private.h"
#include "jauthd/qr.h"

/* A link of 53 bytes is a code of 17 rows with it; readers take less. */
#define LINK_QUIET 2

/* Terminals that show what is sent without waiting for a key. */
bool login_shows_at_once(const struct login *login)
{
	return login->facts.surface == SURFACE_CONSOLE || login->facts.surface == SURFACE_TERMINAL;
}

const char *method_title(const struct login *login, const struct method *method)
{
	if (method->title)
		return method->title;
	return login_text((struct login *)login, method->provider->title);
}

/* Only this file knows which bytes on the screen are ours; all that is handed in is cleaned,
 * line by line. */
void login_screen_add(struct login *login, const char *text, bool is_error)
{
	if (text_is_empty(text))
		return;
	text_add_clean(&login->shown, text, LOGIN_LINE_MAX);
	buf_add_char(&login->shown, '\n');
	login->shown_is_error = login->shown_is_error || is_error;
}

static void send_step(struct login *login, const struct login_step *step)
{
	int r;

	if (!login->channel)
		return;
	r = channel_send(login->channel, step);
	if (r < 0)
		log_debug("login %s: step not sent: %s", login->request, strerror(-r));
}

static void add_item(struct login_step *step, const struct login_item *item)
{
	step->items[step->n_items++] = *item;
}

/* The last newline is the program's that shows it. */
static void add_shown(struct login *login, struct login_step *step)
{
	struct login_item item = {
		.kind = login->shown_is_error ? ITEM_ERROR : ITEM_INFO,
		.text = buf_text(&login->shown),
	};

	if (!login->shown.len)
		return;
	if (login->shown.data[login->shown.len - 1] == '\n')
		login->shown.data[--login->shown.len] = '\0';
	add_item(step, &item);
}

static void clear_shown(struct login *login)
{
	buf_done(&login->shown);
	login->shown_is_error = false;
}

/* Sends `text` as a prompt; it is ours and clean. */
static void send_ask(struct login *login, enum login_asked asked, const char *text, bool echo,
		     bool password)
{
	struct login_step step = { .state = LOGIN_ASK };
	struct buf whole = BUF_INIT(LOGIN_TEXT_MAX);
	struct login_item ask = { .kind = ITEM_ASK, .echo = echo, .password = password };

	if (asked == ASKED_PROVIDER || asked == ASKED_CODE)
		login->asked_number = login->prompt_number;
	else
		login->asked_number = ++login->last_number;
	login->asked = asked;
	ask.name = asked == ASKED_PROVIDER ? login->prompt_name : NULL;
	ask.number = login->asked_number;
	if (login_shows_at_once(login)) {
		add_shown(login, &step);
	} else if (login->shown.len) {
		/* Programs put something of their own before the first line. */
		buf_add_char(&whole, '\n');
		buf_add(&whole, login->shown.data, login->shown.len);
	}
	buf_add_text(&whole, text);
	ask.text = buf_text(&whole);
	add_item(&step, &ask);
	send_step(login, &step);
	buf_done(&whole);
	clear_shown(login);
}

void login_screen_ask(struct login *login, enum login_asked asked, const char *text, bool echo,
		      bool password)
{
	struct buf clean = BUF_INIT(LOGIN_TEXT_MAX);

	text_add_clean(&clean, text, LOGIN_LINE_MAX);
	send_ask(login, asked, buf_text(&clean), echo, password);
	buf_done(&clean);
}

void login_screen_wait(struct login *login)
{
	struct login_step step = { .state = LOGIN_WAIT };

	if (login_shows_at_once(login))
		add_shown(login, &step);
	send_step(login, &step);
	if (login_shows_at_once(login))
		clear_shown(login);
}

/* "Password, then work": the names of one way's factors. */
static void add_way(struct login *login, const struct alternative *way, struct buf *buf)
{
	for (unsigned i = 0; i < way->n_factors; i++) {
		if (i)
			buf_add_text(buf, login_text(login, N_(", then ")));
		text_add_clean(buf, method_title(login, way->factors[i]), LOGIN_TITLE_MAX);
	}
}

/* All that one code serves, on one line. */
static void add_ways(struct login *login, unsigned first, struct buf *buf)
{
	bool is_next = false;

	for (unsigned i = 0; i < login_n_alternatives(login); i++) {
		if (i != first && !login_is_same_scan(login, 0, first, i))
			continue;
		if (is_next)
			buf_add_text(buf, " / ");
		add_way(login, login_nth_alternative(login, i), buf);
		is_next = true;
	}
}

void login_screen_menu(struct login *login)
{
	struct buf line = BUF_INIT(LOGIN_SHOWN_MAX);
	struct login_ways ways;

	login_find_ways(login, &ways);
	login_screen_add(login, login_text(login, N_("How do you want to log in?")), false);
	for (unsigned i = 0; i < ways.n; i++) {
		buf_add_format(&line, "  %u  ", i + 1);
		add_ways(login, ways.first[i], &line);
		login_screen_add(login, buf_text(&line), false);
		buf_done(&line);
	}
	buf_add_format(&line,
		       login_text(login, N_("Type a number from 1 to %u, or q to quit: ")),
		       ways.n);
	send_ask(login, ASKED_MENU, buf_text(&line), true, false);
	buf_done(&line);
}

void login_screen_presence(struct login *login)
{
	static const char show_code[] = N_("type y to show the code");
	const char *gate = login->method->provider->gate;
	struct buf line = BUF_INIT(LOGIN_SHOWN_MAX);

	text_add_clean(&line, method_title(login, login->method), LOGIN_TITLE_MAX);
	buf_add_text(&line, ": ");
	buf_add_text(&line, login_text(login, gate ? gate : show_code));
	buf_add_text(&line, login_gate_hears_keys(login) ?
			    login_text(login, N_(", or q to quit: ")) :
			    login_text(login, N_(": ")));
	send_ask(login, ASKED_PRESENCE, buf_text(&line), true, false);
	buf_done(&line);
}

/* Link and user code survive where blocks do not: plain ASCII, always. */
static void add_code_text(struct login *login, struct buf *buf)
{
	text_add_ascii(buf, login->code.plain_link, URL_MAX);
	buf_add_char(buf, '\n');
	if (!login->code.user_code)
		return;
	buf_add_text(buf, login_text(login, N_("Code: ")));
	text_add_ascii(buf, login->code.user_code, LOGIN_TITLE_MAX);
	buf_add_char(buf, '\n');
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void add_code_prompt(struct login *login, const char *text, struct buf *buf)
{
	bool can_invert = login->code.link && (login->facts.glyphs & GLYPH_HALF);

	buf_add_text(buf, login_text(login, text));
	if (can_invert)
		buf_add_text(buf, login_text(login, N_(", i to invert")));
	if (login_has_choice(login))
		buf_add_text(buf, login_text(login, N_(", m for the menu")));
	buf_add_text(buf, login_text(login, N_(", q to quit: ")));
}

/* Title, code, link and user code in one piece; no code where none can be drawn. */
void login_screen_draw(struct login *login)
{
	struct buf below = BUF_INIT(LOGIN_TEXT_MAX), drawn = BUF_INIT(LOGIN_TEXT_MAX);
	struct qr_surface surface = {
		.surface = login->facts.surface,
		.glyphs = login->facts.glyphs,
		.rows = login->facts.rows,
		.columns = login->facts.columns,
		.inverted = login->inverted,
		.quiet_most = login->relay.link ? LINK_QUIET : 0,
	};

	add_code_text(login, &below);
	/* The title above; the prompt's own line below. */
	surface.rows_taken = count_lines(buf_text(&login->shown)) +
			     count_lines(buf_text(&below)) + 1;
	if (!text_is_empty(login->code.text)) {
		surface.rows_taken++;
		login_screen_add(login, login->code.text, false);
	}
	if (login->code.link && qr_draw(login->code.link, &surface, &drawn) == 0)
		buf_add_text(&login->shown, buf_text(&drawn));
	buf_add_text(&login->shown, buf_text(&below));
	buf_done(&drawn);
	buf_done(&below);
}

void login_screen_code(struct login *login)
{
	bool is_matched = login->relay.is_matched;
	struct buf prompt = BUF_INIT(LOGIN_TEXT_MAX);

	login_screen_draw(login);
	if (!is_matched && login_shows_at_once(login)) {
		login_screen_wait(login);
		return;
	}
	if (!is_matched)
		add_code_prompt(login, N_("Press Enter when approved"), &prompt);
	else if (login->code.link)
		add_code_prompt(login, N_("The telephone's two digits"), &prompt);
	else
		add_code_prompt(login, N_("The page's two digits"), &prompt);
	send_ask(login, is_matched ? ASKED_DIGITS : ASKED_CODE, buf_text(&prompt), true, false);
	buf_done(&prompt);
}

/* --- the link's code --- */

/* Who goes on with the link: an app of its own, any telephone's camera, or a browser that is not on
 * the telephone. */
enum scanner {
	SCANNER_APP,
	SCANNER_CAMERA,
	SCANNER_COMPUTER,
	N_SCANNERS
};

static const enum scanner scanner_of[RELAY_N_APPS] = {
	[RELAY_APP_BROWSER] = SCANNER_CAMERA,
	[RELAY_APP_COMPUTER] = SCANNER_COMPUTER,
};

/* A name that stands in the list already says nothing new. */
static void add_name(struct buf *buf, const char *name)
{
	_cleanup_free_ char *list = text_format(", %s, ", buf_text(buf));
	_cleanup_free_ char *item = text_format(", %s, ", name);

	if (buf->len && strstr(list, item))
		return;
	if (buf->len)
		buf_add_text(buf, ", ");
	buf_add_text(buf, name);
}

/* A mini program is scanned with the app that it runs in. */
static void add_scanner(struct login *login, const struct method *method, struct buf *buf)
{
	struct buf name = BUF_INIT(LOGIN_SHOWN_MAX);

	text_add_clean(&name, method->app == RELAY_APP_MINI_PROGRAM ?
			      login_text(login, relay_app_titles[method->app]) :
			      method_title(login, method), LOGIN_TITLE_MAX);
	add_name(buf, buf_text(&name));
	buf_done(&name);
}

/* "Scan with WeCom, or with any camera: GitHub, Google" */
static void add_scan(struct login *login, const char *apps, const char *sites, struct buf *buf)
{
	if (*apps && *sites)
		buf_add_format(buf, login_text(login, N_("Scan with %s, or with any camera: %s")),
			       apps, sites);
	else if (*apps)
		buf_add_format(buf, login_text(login, N_("Scan with %s")), apps);
	else
		buf_add_format(buf, login_text(login, N_("Scan with any camera: %s")), sites);
}

/* What this code leads to, and what to do with it; false: it is not to be scanned. */
static bool add_scanners(struct login *login, struct buf *buf)
{
	struct buf names[N_SCANNERS];
	bool is_scanned;

	for (int i = 0; i < N_SCANNERS; i++)
		names[i] = (struct buf)BUF_INIT(LOGIN_SHOWN_MAX);
	for (unsigned i = 0; i < login_n_alternatives(login); i++) {
		const struct method *method;

		if (!login_is_same_scan(login, login->factor, login->alternative, i))
			continue;
		method = login_nth_alternative(login, i)->factors[login->factor];
		add_scanner(login, method, &names[scanner_of[method->app]]);
	}
	is_scanned = names[SCANNER_APP].len || names[SCANNER_CAMERA].len;
	if (is_scanned)
		add_scan(login, buf_text(&names[SCANNER_APP]), buf_text(&names[SCANNER_CAMERA]),
			 buf);
	if (names[SCANNER_COMPUTER].len)
		buf_add_format(buf, is_scanned ?
			       login_text(login, N_(", or open the link on your computer: %s")) :
			       login_text(login, N_("Open this link in the browser of your "
						    "computer (%s):")),
			       buf_text(&names[SCANNER_COMPUTER]));
	for (int i = 0; i < N_SCANNERS; i++)
		buf_done(&names[i]);
	return is_scanned;
}

void login_screen_digits(struct login *login, const char *text)
{
	login_screen_ask(login, ASKED_DIGITS, login_text(login, text), true, false);
}

void login_screen_scan(struct login *login)
{
	struct buf text = BUF_INIT(LOGIN_SHOWN_MAX);

	login_code_done(&login->code);
	/* A telephone could not go on with what is for a computer. */
	if (add_scanners(login, &text))
		login->code.link = text_copy(login->relay.url);
	login->code.plain_link = text_copy(login->relay.url);
	login->code.text = text_copy(buf_text(&text));
	buf_done(&text);
	login->prompt_number = login_next_number(login);
	login_screen_code(login);
}

void login_screen_outcome(struct login *login, enum login_state outcome, const char *text)
{
	struct login_step step = { .state = outcome };
	struct login_item id = { .kind = ITEM_REQUEST, .text = login->request };
	bool is_english = login->facts.surface == SURFACE_SSH;
	const char *id_text = N_("Request id: ");

	if (outcome != LOGIN_GRANTED && text) {
		login_screen_add(login, is_english ? text : login_text(login, text), true);
		if (!is_english)
			id_text = login_text(login, id_text);
		buf_add_format(&login->shown, "%s%s\n", id_text, login->request);
		add_shown(login, &step);
	} else if (login->facts.phase != LOGIN_AUTHENTICATE) {
		add_shown(login, &step);         /* how it went, or notices */
	}
	add_item(&step, &id);
	send_step(login, &step);
	clear_shown(login);
}

void login_code_done(struct login_code_copy *code)
{
	free(code->link);
	free(code->plain_link);
	free(code->user_code);
	free(code->text);
	memset(code, 0, sizeof(*code));
}
