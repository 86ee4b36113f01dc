/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of hosts and the search among them; see hosts.h. Their file: hosts-file.c, a line of it:
 * hosts-line.c. */
#include "jauth-relay/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <time.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/hosts-file.h"

#define REVOKED_S        (REVOKED_DAYS * (int64_t)86400)
#define TOKEN_SECRET_MAX 128
#define BEARER           "Bearer "

struct hosts {
	char *path;
	const char *name;                /* its last part */
	struct host_list list;
	sd_event *event;
	sd_event_source *watch;
	hosts_changed_fn changed;
	void *context;
	bool is_news;                    /* a change of others came in with one of ours */
};

/* --- reading --- */

/* The same record, in whichever state. */
static bool is_same(const struct host_record *a, const struct host_record *b)
{
	return a->kind == b->kind && text_equals(a->id, b->id) && text_equals(a->host, b->host) &&
	       text_equals(a->name, b->name) && a->created_s == b->created_s &&
	       memcmp(a->secret, b->secret, SHA256_BYTES) == 0;
}

static bool lists_are_equal(const struct host_list *a, const struct host_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct host_record *one = &a->records[i], *other = &b->records[i];

		if (!is_same(one, other) || one->is_over != other->is_over ||
		    one->expires_s != other->expires_s || !text_equals(one->bound, other->bound))
			return false;
	}
	return true;
}

/* What others wrote takes the place of what we had. */
static int reload(struct hosts *hosts)
{
	struct host_list list;
	int r = hosts_file_read(hosts->path, &list);

	if (r < 0)
		return r;
	if (!lists_are_equal(&hosts->list, &list))
		hosts->is_news = true;
	host_list_done(&hosts->list);
	hosts->list = list;
	return 0;
}

static int on_folder(sd_event_source *source UNUSED, const struct inotify_event *seen,
		     void *userdata)
{
	struct hosts *hosts = userdata;
	int r;

	if (seen->len && !text_equals(seen->name, hosts->name))
		return 0;
	r = reload(hosts);
	if (r < 0)
		log_error("%s cannot be read, the hosts stay as they were: %s", hosts->path,
			  strerror(-r));
	else if (hosts->is_news && hosts->changed)
		hosts->changed(hosts->context);
	hosts->is_news = false;
	return 0;
}

/* Before any request: what the command line said counts as soon as it has ended. */
static int watch(struct hosts *hosts)
{
	_cleanup_free_ char *folder = text_copy(hosts->path);
	char *slash = strrchr(folder, '/');
	int r;

	if (slash)
		slash[slash == folder ? 1 : 0] = '\0';
	r = sd_event_add_inotify(hosts->event, &hosts->watch, slash ? folder : ".",
				 IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE,
				 on_folder, hosts);
	return r < 0 ? r : sd_event_source_set_priority(hosts->watch,
							SD_EVENT_PRIORITY_IMPORTANT);
}

/* Watches first: nothing can change unseen between the two. */
int hosts_open(sd_event *event, const char *path, hosts_changed_fn changed, void *context,
	       struct hosts **ret_hosts)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));
	int r = 0;

	if (!hosts)
		abort();
	hosts->path = text_copy(path);
	hosts->name = strrchr(hosts->path, '/') ? strrchr(hosts->path, '/') + 1 : hosts->path;
	hosts->changed = changed;
	hosts->context = context;
	hosts->event = sd_event_ref(event);
	if (event)
		r = watch(hosts);
	if (r >= 0)
		r = reload(hosts);
	hosts->is_news = false;
	if (r < 0)
		hosts_free(hosts);
	else
		*ret_hosts = hosts;
	return r;
}

struct hosts *hosts_free(struct hosts *hosts)
{
	if (!hosts)
		return NULL;
	(void)sd_event_source_disable_unref(hosts->watch);
	(void)sd_event_unref(hosts->event);
	host_list_done(&hosts->list);
	free(hosts->path);
	free(hosts);
	return NULL;
}

/* --- searching --- */

static bool has_ended(const struct host_record *record, int64_t now_s)
{
	return record->expires_s && now_s >= record->expires_s;
}

static bool is_usable(const struct host_record *record, int64_t now_s)
{
	return !has_ended(record, now_s) && (!record->is_over || record->bound[0]);
}

/* "Bearer jr1.ID.SECRET" → ID and SECRET. */
static const char *split_token(const char *token, const char *prefix,
			       char ret_id[RELAY_KEY_ID_LEN + 1])
{
	size_t len;

	if (strncasecmp(token, BEARER, strlen(BEARER)) == 0)
		token += strlen(BEARER) + strspn(token + strlen(BEARER), " ");
	if (!text_has_prefix(token, prefix))
		return NULL;
	token += strlen(prefix);
	len = strnlen(token, RELAY_KEY_ID_LEN + 1 + TOKEN_SECRET_MAX + 1);
	if (len < RELAY_KEY_ID_LEN + 2 || len > RELAY_KEY_ID_LEN + 1 + TOKEN_SECRET_MAX ||
	    token[RELAY_KEY_ID_LEN] != '.')
		return NULL;
	memcpy(ret_id, token, RELAY_KEY_ID_LEN);
	ret_id[RELAY_KEY_ID_LEN] = '\0';
	return token + RELAY_KEY_ID_LEN + 1;
}

/* An id that is none is compared too, with nothing. */
const struct host_record *hosts_find(struct hosts *hosts, enum host_record_kind kind,
				     const char *token, int64_t now_s)
{
	static const char *const prefixes[] = {
		[HOST_ENROLMENT] = RELAY_ENROL_PREFIX, [HOST_KEY] = RELAY_KEY_PREFIX,
	};
	static const unsigned char nothing[SHA256_BYTES];
	char id[RELAY_KEY_ID_LEN + 1];
	const char *secret = token ? split_token(token, prefixes[kind], id) : NULL;
	const struct host_record *record;
	struct digest digest;
	bool is_right;

	if (!secret || crypto_digest(DIGEST_SHA256, secret, strlen(secret), &digest) < 0)
		return NULL;
	record = host_list_find(&hosts->list, id);
	is_right = crypto_equals(digest.bytes, record ? record->secret : nothing, SHA256_BYTES);
	return record && is_right && record->kind == kind && is_usable(record, now_s) ? record :
	       NULL;
}

const struct host_record *hosts_find_id(struct hosts *hosts, const char *id)
{
	return host_list_find(&hosts->list, id);
}

unsigned hosts_count_keys(struct hosts *hosts, const char *host, int64_t now_s)
{
	unsigned n = 0;

	for (size_t i = 0; i < hosts->list.n; i++) {
		const struct host_record *record = &hosts->list.records[i];

		n += record->kind == HOST_KEY && text_equals(record->host, host) &&
		     is_usable(record, now_s);
	}
	return n;
}

int hosts_each(struct hosts *hosts, int (*each)(const struct host_record *record, void *context),
	       void *context)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < hosts->list.n; i++)
		r = each(&hosts->list.records[i], context);
	return r;
}

/* --- changing --- */

static int64_t now_of(const struct hosts *hosts)
{
	uint64_t usec;

	if (hosts->event && sd_event_now(hosts->event, CLOCK_REALTIME, &usec) >= 0)
		return (int64_t)(usec / 1000000);
	return time(NULL);
}

/* An enrolment may be forgotten once it ended, as it is good for nothing any more. A revoked key
 * is remembered longer: an old copy of it would be a good one. */
static bool is_forgettable(const struct host_record *record, int64_t now_s)
{
	int64_t memory_s = record->kind == HOST_KEY ? REVOKED_S : 0;

	return record->expires_s && now_s >= record->expires_s + memory_s;
}

static void forget(struct host_list *list, int64_t now_s)
{
	for (size_t i = list->n; i--;)
		if (is_forgettable(&list->records[i], now_s))
			host_list_remove(list, &list->records[i]);
}

/* The end that comes first; 0 is never. */
static int64_t earlier(int64_t a, int64_t b)
{
	return !a ? b : !b ? a : MIN(a, b);
}

/* In whichever order states are taken over, the result is one. */
static void take_over(struct host_record *record, const struct host_record *other)
{
	record->is_over |= other->is_over;
	record->expires_s = earlier(record->expires_s, other->expires_s);
	if (other->bound[0] && (!record->bound[0] || strcmp(other->bound, record->bound) < 0))
		memcpy(record->bound, other->bound, sizeof(record->bound));
}

/* True when `known` has all that `record` says. */
static bool has_taken(const struct host_record *known, const struct host_record *record)
{
	struct host_record later = *known;

	take_over(&later, record);
	return is_same(known, record) && later.is_over == known->is_over &&
	       later.expires_s == known->expires_s && text_equals(later.bound, known->bound);
}

static int merge_into(struct host_list *list, const struct host_record *record, int64_t now_s)
{
	struct host_record *known = host_list_find(list, record->id), later = *record;

	if (known && !is_same(known, record))
		return -EEXIST;
	if (known)
		take_over(&later, known);
	if (later.is_over && later.kind == HOST_KEY && !later.expires_s)
		later.expires_s = now_s;
	if (known)
		*known = later;
	else if (!is_forgettable(&later, now_s))
		return host_list_add(list, &later);
	return 0;
}

/* Into a copy of what is in the file, which takes our list's place when it is written. */
static int merge_all(struct hosts *hosts, const struct host_record *records, size_t n)
{
	struct host_list list;
	int64_t now_s = now_of(hosts);
	int r = hosts_file_read(hosts->path, &list), refused = 0;

	if (r < 0)
		return r;
	forget(&list, now_s);
	for (size_t i = 0; i < n; i++) {
		int error = merge_into(&list, &records[i], now_s);

		refused = refused ? refused : error;
	}
	if (!lists_are_equal(&list, &hosts->list))
		r = hosts_file_write(hosts->path, &list);
	if (r < 0) {
		host_list_done(&list);
		return r;
	}
	host_list_done(&hosts->list);
	hosts->list = list;
	return refused;
}

static bool is_all_known(const struct hosts *hosts, const struct host_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct host_record *known = host_list_find(&hosts->list, records[i].id);

		if (!known || !has_taken(known, &records[i]))
			return false;
	}
	return true;
}

/* Others may have changed the file since we read it: it is read, changed and written under one
 * lock. What is known already, and that is nearly all that a store tells, costs no look at it. */
int hosts_merge_all(struct hosts *hosts, const struct host_record *records, size_t n)
{
	_cleanup_close_ int lock = -1;
	int r;

	if (is_all_known(hosts, records, n))
		return 0;
	lock = hosts_file_lock(hosts->path);
	if (lock < 0)
		return lock;
	r = reload(hosts);
	return r < 0 ? r : merge_all(hosts, records, n);
}

int hosts_merge(struct hosts *hosts, const struct host_record *record)
{
	const struct host_record copy = *record; /* perhaps one of ours, which are read anew */

	return hosts_merge_all(hosts, &copy, 1);
}
