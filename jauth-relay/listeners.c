/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/listeners.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/expiry.h"

/* The name comes first: the tree compares it with the one that is looked for. */
struct app {
	char name[RELAY_LISTEN_MAX + 1];
	struct listener *newest;
};

struct listener {
	struct app *app;
	char link[RELAY_ID_LEN + 1];
	listener_host host;
	struct expiry end;
	struct listener *newer, *older;
};

struct listeners {
	void *apps;                      /* tree, see tsearch(3) */
	struct expiries ends;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void *make(size_t size)
{
	void *made = calloc(1, size);

	if (!made)
		abort();
	return made;
}

struct listeners *listeners_new(void)
{
	return make(sizeof(struct listeners));
}

static struct app *find_app(const struct listeners *listeners, const char *name)
{
	void *node = tfind(name, &listeners->apps, compare_names);

	return node ? *(struct app **)node : NULL;
}

static struct app *make_app(struct listeners *listeners, const char *name)
{
	struct app *app = find_app(listeners, name);

	if (app)
		return app;
	app = make(sizeof(*app));
	(void)text_into(app->name, sizeof(app->name), name);
	if (!tsearch(app, &listeners->apps, compare_names))
		abort();
	return app;
}

static struct listener *find(const struct app *app, const char *link)
{
	struct listener *at = app ? app->newest : NULL;

	while (at && strcmp(at->link, link) != 0)
		at = at->older;
	return at;
}

static void drop(struct listeners *listeners, struct listener *listener)
{
	struct app *app = listener->app;

	*(listener->newer ? &listener->newer->older : &app->newest) = listener->older;
	if (listener->older)
		listener->older->newer = listener->newer;
	expiries_remove(&listeners->ends, &listener->end);
	free(listener);
	if (app->newest)
		return;
	(void)tdelete(app, &listeners->apps, compare_names);
	free(app);
}

static void add(struct listeners *listeners, struct app *app, const char *host, const char *link,
		int64_t until_s)
{
	struct listener *listener = make(sizeof(*listener));

	listener->app = app;
	(void)text_into(listener->link, sizeof(listener->link), link);
	(void)text_into(listener->host, sizeof(listener->host), host);
	listener->older = app->newest;
	if (app->newest)
		app->newest->newer = listener;
	app->newest = listener;
	listener->end.at_s = until_s;
	expiries_add(&listeners->ends, &listener->end);
}

void listeners_set(struct listeners *listeners, const char *app, const char *host,
		   const char *link, int64_t until_s)
{
	struct listener *before = find(find_app(listeners, app), link);

	if (before)
		drop(listeners, before);
	if (until_s)
		add(listeners, make_app(listeners, app), host, link, until_s);
}

void listeners_drop_ended(struct listeners *listeners, int64_t now_s)
{
	struct expiry *end;

	while ((end = expiries_first(&listeners->ends, now_s)))
		drop(listeners, container_of(end, struct listener, end));
}

size_t listeners_count(const struct listeners *listeners)
{
	return listeners->ends.n;
}

struct listeners *listeners_free(struct listeners *listeners)
{
	if (!listeners)
		return NULL;
	listeners_drop_ended(listeners, INT64_MAX);
	expiries_done(&listeners->ends);
	free(listeners);
	return NULL;
}

void listeners_add_host(const char *host, size_t max, listener_host *hosts, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(hosts[i], host) == 0)
			return;
	if (*n < max && text_into(hosts[*n], sizeof(*hosts), host))
		(*n)++;
}

size_t listeners_get(const struct listeners *listeners, const char *app, size_t max,
		     listener_host *ret_hosts)
{
	const struct app *found = find_app(listeners, app);
	size_t n = 0;

	for (const struct listener *at = found ? found->newest : NULL; at; at = at->older)
		listeners_add_host(at->host, max, ret_hosts, &n);
	return n;
}
