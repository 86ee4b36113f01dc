/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which snapshot counts; see source.h. */
#include "jauth-userdb/source.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-userdb/limits.h"

#define SECOND_USEC 1000000

struct held {
	struct snapshot *snapshot;
	unsigned n_refs;
	unsigned number;                 /* of the change that brought it */
};

/* A file as it was when it was looked at last; all 0: never. */
struct identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct source {
	sd_event *event;
	char *path, *folder;
	const char *name;                /* within path */
	source_changed *changed;
	void *context;
	struct held *current;            /* NULL: BROKEN */
	enum source_state state;
	unsigned n_changes;
	struct identity seen;
	bool is_due;                     /* it could not be read; not its own fault, so once more */
	int told;                        /* what failed last, and is in the log */
	sd_event_source *watch, *timer, *loaded;
	/* While a thread reads it alone touches these two, until it writes to the descriptor. */
	struct snapshot *fresh;
	int error;
	pthread_t thread;
	bool is_loading, was_waited_for;
	int done_fd;
};

static struct held *held_new(struct snapshot *snapshot, unsigned number)
{
	struct held *held = calloc(1, sizeof(*held));

	if (!held)
		abort();                 /* small */
	*held = (struct held){ .snapshot = snapshot, .n_refs = 1, .number = number };
	return held;
}

struct held *held_drop(struct held *held)
{
	if (held && --held->n_refs == 0) {
		snapshot_close(held->snapshot);
		free(held);
	}
	return NULL;
}

const struct snapshot *held_snapshot(const struct held *held)
{
	return held->snapshot;
}

struct held *source_hold(struct source *source)
{
	if (source->current)
		source->current->n_refs++;
	return source->current;
}

unsigned source_age(const struct source *source, const struct held *held)
{
	return source->n_changes - held->number;
}

enum source_state source_state(const struct source *source)
{
	return source->state;
}

static void set_current(struct source *source, enum source_state state, struct snapshot *snapshot)
{
	struct held *old = source->current;

	source->state = state;
	source->n_changes++;
	source->current = snapshot ? held_new(snapshot, source->n_changes) : NULL;
	held_drop(old);
}

/* What came of reading the file. */
static void take_result(struct source *source, int error, struct snapshot *snapshot)
{
	if (error == 0) {
		log_debug("%s: %zu users, %zu groups", source->path, snapshot_n_users(snapshot),
			  snapshot_n_groups(snapshot));
		source->told = 0;
		source->is_due = false;
		set_current(source, SOURCE_READY, snapshot);
		return;
	}
	if (error == -EBADMSG || error != source->told)
		log_error("cannot read %s: %s%s", source->path,
			  error == -EBADMSG ? "it is damaged, or of another version" :
					      strerror(-error),
			  source->state == SOURCE_READY ? "; the last one stays" : "");
	source->told = error;
	/* A damaged file does not get better; whatever else it was may be over at the next check,
	 * and no sooner. */
	source->is_due = error != -EBADMSG;
	if (source->state == SOURCE_NOBODY)
		set_current(source, SOURCE_BROKEN, NULL);
}

static void *load(void *userdata)
{
	struct source *source = userdata;

	source->error = snapshot_open(source->path, &source->fresh);
	(void)eventfd_write(source->done_fd, 1);
	return NULL;
}

static void begin_loading(struct source *source)
{
	int r = pthread_create(&source->thread, NULL, load, source);

	source->is_loading = r == 0;
	source->was_waited_for = false;
	if (r != 0)
		take_result(source, -r, NULL);
}

/* 0, or -errno of looking at the file. */
static int identify(const char *path, struct identity *ret_identity)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	*ret_identity = (struct identity){
		.device = st.st_dev, .inode = st.st_ino, .size = st.st_size,
		.modified = st.st_mtim, .changed = st.st_ctim,
	};
	return 0;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same_file(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       is_same_time(&a->modified, &b->modified) && is_same_time(&a->changed, &b->changed);
}

/* True: there is a file that was not read yet. One that vanished changes nothing. */
static bool has_news(struct source *source)
{
	struct identity now;
	int r = identify(source->path, &now);

	if (r < 0 && r != -ENOENT && source->state == SOURCE_NOBODY)
		take_result(source, r, NULL);
	if (r < 0 || is_same_file(&now, &source->seen))
		return false;
	source->seen = now;
	return true;
}

static void look(struct source *source)
{
	if (!source->is_loading && has_news(source))
		begin_loading(source);
}

/* Nothing when the thread still reads, or when somebody who waited was here first. */
static void take_loaded(struct source *source)
{
	eventfd_t count;

	if (!source->is_loading || eventfd_read(source->done_fd, &count) < 0)
		return;
	(void)pthread_join(source->thread, NULL);
	source->is_loading = false;
	take_result(source, source->error, steal(&source->fresh));
	source->changed(source->context);
	look(source);                    /* one may have come while we read */
}

static int on_loaded(sd_event_source *event_source UNUSED, int fd UNUSED, uint32_t events UNUSED,
		     void *userdata)
{
	take_loaded(userdata);
	return 0;
}

void source_refresh(struct source *source)
{
	struct pollfd done = { .fd = source->done_fd, .events = POLLIN };

	look(source);
	/* Twice: the one that is read now may be older than the one that is there. */
	for (int n = 0; n < 2 && source->is_loading && !source->was_waited_for; n++) {
		source->was_waited_for = true;
		(void)poll(&done, 1, READING_WAIT_MS);
		take_loaded(source);
	}
}

static int on_folder(sd_event_source *event_source UNUSED, const struct inotify_event *event,
		     void *userdata)
{
	struct source *source = userdata;

	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
		source->watch = sd_event_source_disable_unref(source->watch);
	else if (event->len > 0 && !text_equals(event->name, source->name))
		return 0;                /* the writer's own file beside it */
	look(source);
	return 0;
}

/* The folder may not be there yet, or be another one than before: the timer tries again. */
static void watch_folder(struct source *source)
{
	if (!source->watch)
		(void)sd_event_add_inotify(source->event, &source->watch, source->folder,
					   IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF |
					   IN_MOVE_SELF | IN_ONLYDIR, on_folder, source);
}

static int on_check(sd_event_source *timer, uint64_t now UNUSED, void *userdata)
{
	struct source *source = userdata;

	watch_folder(source);
	if (source->is_due)
		source->seen = (struct identity){ 0 };
	look(source);
	return sd_event_source_set_time_relative(timer, CHECK_S * (uint64_t)SECOND_USEC);
}

static int add_sources(struct source *source)
{
	int r = sd_event_add_io(source->event, &source->loaded, source->done_fd, EPOLLIN, on_loaded,
				source);

	if (r >= 0)
		r = sd_event_add_time_relative(source->event, &source->timer, CLOCK_MONOTONIC,
					       CHECK_S * (uint64_t)SECOND_USEC, SECOND_USEC,
					       on_check, source);
	if (r >= 0)
		r = sd_event_source_set_enabled(source->timer, SD_EVENT_ON);
	return r;
}

static void split_path(struct source *source, const char *path)
{
	const char *slash = strrchr(path, '/');

	source->path = text_copy(path);
	source->folder = text_format("%.*s", slash ? (int)(slash + 1 - path) : 1,
				     slash ? path : ".");
	source->name = source->path + (slash ? slash + 1 - path : 0);
}

int source_new(sd_event *event, const char *path, source_changed *changed, void *context,
	       struct source **ret_source)
{
	struct source *source = calloc(1, sizeof(*source));
	struct snapshot *first = NULL;
	int r;

	if (!source)
		return -ENOMEM;
	source->event = sd_event_ref(event);
	source->changed = changed;
	source->context = context;
	split_path(source, path);
	set_current(source, SOURCE_NOBODY, snapshot_empty());
	source->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = source->done_fd < 0 ? -errno : add_sources(source);
	if (r < 0) {
		source_free(source);
		return r;
	}
	watch_folder(source);
	if (has_news(source)) {
		r = snapshot_open(path, &first);
		take_result(source, r, first);
	}
	*ret_source = source;
	return 0;
}

struct source *source_free(struct source *source)
{
	if (!source)
		return NULL;
	if (source->is_loading) {
		(void)pthread_join(source->thread, NULL);
		snapshot_close(source->fresh);
	}
	sd_event_source_disable_unref(source->watch);
	sd_event_source_disable_unref(source->timer);
	sd_event_source_disable_unref(source->loaded);
	close_fd(&source->done_fd);
	held_drop(source->current);
	sd_event_unref(source->event);
	free(source->path);
	free(source->folder);
	free(source);
	return NULL;
}
