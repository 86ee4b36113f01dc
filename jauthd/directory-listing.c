/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * See directory-listing.h.
 *
 * The members of one department are gathered until it is done, then compared by a digest with those
 * that were applied. The same: a mark in memory, written now and then. Otherwise a job keeps them
 * and, with them, the marks that are not written yet. Only one such job is under way, for a slice
 * of a large department or for several small ones: whoever waits for the store waits for one job. A
 * department has its mark with the last of its members; until then, whatever happens, it is as if
 * none had been told of.
 */
#include "jauthd/directory-listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/directory-batch.h"
#include "jauthd/directory-departments.h"
#include "jauthd/directory-keeping.h"
#include "jauthd/directory-loading.h"
#include "jauthd/mapping.h"

#define SEED_MAX (1024 * 1024)

struct listing {
	struct listing_start start;
	struct directory_row row;
	unsigned char seed[SHA256_BYTES];
	struct departments departments;
	struct department **pending;     /* to be kept, told of or done */
	size_t n_pending, size_pending;
	struct batch batch;
	size_t n_places, n_done;
	struct keeping *keepings, **keepings_end;        /* the first one is under way */
	size_t n_jobs;                   /* of loading and keeping, and those that wait */
	bool keeps_singly;               /* several at once failed: which one was it? */
	int64_t flushed_ms;
	bool has_changed_rows;           /* a department is new, or called otherwise */
	bool has_round;                  /* the store has a row that says so */
	bool is_ended, is_abandoned;
	bool is_bad;                     /* what was told cannot be right */
	char fault[AUDIT_TEXT_MAX];
};

static void set_fault(struct listing *listing, const char *format, ...) PRINTF_LIKE(2, 3);
static void set_fault(struct listing *listing, const char *format, ...)
{
	struct buf text = BUF_INIT(4 * AUDIT_TEXT_MAX);
	va_list args;

	if (listing->fault[0])
		return;
	va_start(args, format);
	buf_add_format_list(&text, format, args);
	va_end(args);
	text_into_clean(listing->fault, sizeof(listing->fault),
			text.len ? buf_text(&text) : "what was told cannot be right");
	buf_done(&text);
}

int listing_seed(const struct config *config, const struct method *method,
		 unsigned char ret_seed[SHA256_BYTES])
{
	struct buf text = BUF_INIT(SEED_MAX);
	struct digest digest;
	int r;

	buf_add_format(&text, "%s\n%s\n%s\n%s\n%s\n", method->map,
		       method->structure ? method->structure : "",
		       method->home ? method->home : "", method->shell ? method->shell : "",
		       config->accounts.primary_group ? config->accounts.primary_group : "");
	for (size_t i = 0; method->groups_allowed && method->groups_allowed[i]; i++)
		buf_add_format(&text, "group %s\n", method->groups_allowed[i]);
	for (size_t i = 0; method->identities_allowed && method->identities_allowed[i]; i++)
		buf_add_format(&text, "identity %s\n", method->identities_allowed[i]);
	r = buf_failed(&text) ? -E2BIG :
				crypto_digest(DIGEST_SHA256, buf_text(&text), text.len, &digest);
	buf_done(&text);
	if (r == 0)
		memcpy(ret_seed, digest.bytes, SHA256_BYTES);
	return r;
}

/* --- keeping --- */

static void listing_really_free(struct listing *listing)
{
	struct keeping *keeping;

	while ((keeping = listing->keepings)) {
		listing->keepings = keeping->next;
		keeping_free(keeping);
	}
	batch_done(&listing->batch);
	departments_done(&listing->departments);
	free(listing->pending);
	config_unref(listing->start.config);
	free(listing);
}

static void tell_kept(struct listing *listing)
{
	if (listing->is_ended && !listing->n_jobs && !listing->is_abandoned)
		listing->start.kept(listing->start.context);
}

static void note_kept(struct listing *listing, const struct keeping *keeping)
{
	if (keeping->result == -EBADMSG) {
		listing->is_bad = true;
		set_fault(listing, "a member of department \"%s\" was told of otherwise for "
			  "another department", keeping->batch.department);
	} else if (keeping->result < 0) {
		set_fault(listing, "the store failed: %s", strerror(-keeping->result));
	}
}

/* The first one is over. */
static void drop_keeping(struct listing *listing)
{
	struct keeping *keeping = listing->keepings;

	listing->keepings = keeping->next;
	if (!listing->keepings)
		listing->keepings_end = &listing->keepings;
	listing->n_jobs--;
	keeping_free(keeping);
}

/* As many as fit into one job. What begins a round, or is not new, is by itself. */
static unsigned count_together(const struct listing *listing)
{
	const struct keeping *keeping = listing->keepings;
	size_t n_members = keeping->batch.n;
	unsigned n = 1;

	if (keeping->writes_row || keeping->n_kept || listing->keeps_singly)
		return 1;
	while ((keeping = keeping->next)) {
		n_members += keeping->batch.n;
		if (n_members > DIRECTORY_KEEP)
			break;
		n++;
	}
	return n;
}

/* Until one is under way; one that the store does not take is over. */
static void go_on(struct listing *listing)
{
	while (listing->keepings) {
		listing->keepings->n_together = count_together(listing);
		if (store_add(listing->start.store, &listing->keepings->job) == 0)
			return;
		set_fault(listing, "the store has too much to do");
		drop_keeping(listing);
	}
}

/* Nothing of them was kept: once more, one after the other. */
static void keep_singly(struct listing *listing, unsigned n)
{
	struct keeping *keeping = listing->keepings;

	listing->keeps_singly = true;
	for (unsigned i = 0; i < n; i++, keeping = keeping->next)
		keeping->n_kept = 0;
}

static void on_kept(struct job *job)
{
	struct keeping *keeping = container_of(job, struct keeping, job);
	struct listing *listing = keeping->context;
	unsigned n = keeping->n_together;

	if (listing->is_abandoned) {
		listing_really_free(listing);
		return;
	}
	if (keeping->result < 0 && n > 1) {
		keep_singly(listing, n);
	} else if (keeping->result != 1) {
		note_kept(listing, keeping);
		for (unsigned i = 0; i < n; i++)
			drop_keeping(listing);
	}
	go_on(listing);
	tell_kept(listing);
}

static void add_pending(struct keeping *keeping, struct department *department)
{
	if (department->is_changed)
		keeping_add_row(keeping, department);
	if (department->is_done && !department->is_kept)
		keeping_add_mark(keeping, department);
	department->is_kept = department->is_kept || department->is_done;
	department->is_changed = department->is_pending = false;
}

static void set_pending(struct listing *listing, struct department *department)
{
	if (department->is_pending)
		return;
	department->is_pending = true;
	if (listing->n_pending == listing->size_pending) {
		listing->size_pending = MAX(listing->size_pending * 2, (size_t)64);
		listing->pending = reallocarray(listing->pending, listing->size_pending,
						sizeof(struct department *));
		if (!listing->pending)
			abort();
	}
	listing->pending[listing->n_pending++] = department;
}

static int64_t now_ms(const struct listing *listing)
{
	return listing->start.now_ms(listing->start.context);
}

/* Hands everything to the store that it does not have yet. Takes the batch over. */
static void flush(struct listing *listing, struct batch *batch)
{
	struct keeping *keeping = keeping_new(listing->start.method->id, on_kept, listing);

	keeping->row = listing->row;
	keeping->writes_row = !listing->has_round;
	for (size_t i = 0; i < listing->n_pending; i++)
		add_pending(keeping, listing->pending[i]);
	listing->n_pending = 0;
	listing->flushed_ms = now_ms(listing);
	if (batch) {
		keeping->batch = *batch;
		*batch = (struct batch){ 0 };
	}
	listing->has_round = true;
	listing->n_jobs++;
	*listing->keepings_end = keeping;
	listing->keepings_end = &keeping->next;
	if (listing->keepings == keeping)
		go_on(listing);
}

/* --- beginning --- */

static void take_loaded(struct listing *listing, struct loading *loading)
{
	listing->departments = loading->departments;
	loading->departments = (struct departments){ 0 };
	listing->row = loading->row;
	listing->has_round = loading->goes_on;
	if (!loading->goes_on) {
		listing->row.began_s = loading->now_s;
		memcpy(listing->row.seed, listing->seed, SHA256_BYTES);
		listing->row.stage = DIRECTORY_LISTING;
		listing->row.at[0] = '\0';
	}
	for (size_t i = 0; i < listing->departments.n; i++)
		listing->n_done += listing->departments.rows[i]->is_done;
}

static void on_loaded(struct job *job)
{
	struct loading *loading = container_of(job, struct loading, job);
	struct listing *listing = loading->context;
	int r = loading->result;

	listing->n_jobs--;
	if (r == 0)
		take_loaded(listing, loading);
	if (!listing->is_abandoned)
		listing->flushed_ms = now_ms(listing);
	departments_done(&loading->departments);
	free(loading);
	if (listing->is_abandoned)
		listing_really_free(listing);
	else
		listing->start.ready(listing->start.context, r);
}

int listing_new(const struct listing_start *start, struct listing **ret_listing)
{
	struct listing *listing = calloc(1, sizeof(*listing));
	struct loading *loading = calloc(1, sizeof(*loading));
	int r;

	if (!listing || !loading)
		abort();
	r = listing_seed(start->config, start->method, listing->seed);
	*loading = (struct loading){
		.job = { .run = loading_run, .done = on_loaded },
		.context = listing,
		.now_s = start->now_s,
		.takes_listed = start->takes_listed,
		.begins_anew = start->begins_anew,
	};
	memcpy(loading->seed, listing->seed, SHA256_BYTES);
	(void)text_into(loading->directory, sizeof(loading->directory), start->method->id);
	if (r == 0)
		r = store_add(start->store, &loading->job);
	if (r < 0) {
		free(loading);
		free(listing);
		return r;
	}
	listing->start = *start;
	listing->keepings_end = &listing->keepings;
	config_ref(listing->start.config);
	listing->n_jobs = 1;
	*ret_listing = listing;
	return 0;
}

struct listing *listing_free(struct listing *listing)
{
	if (!listing)
		return NULL;
	listing->is_abandoned = true;
	if (!listing->n_jobs)
		listing_really_free(listing);
	return NULL;
}

/* --- what is told --- */

static bool is_line(const char *text, size_t max)
{
	size_t len = strlen(text);

	return len <= max && text_is_line(text, len);
}

void listing_department(struct listing *listing, const struct listed_department *told)
{
	const char *parent = told->parent ? told->parent : "";
	struct department *department;
	struct buf name = BUF_INIT(4 * DIRECTORY_TEXT_MAX + 4);

	if (listing->fault[0])
		return;
	text_add_clean(&name, told->name ? told->name : "", DIRECTORY_TEXT_MAX / 4);
	if (!is_line(told->id, DIRECTORY_TEXT_MAX) || !is_line(parent, DIRECTORY_TEXT_MAX)) {
		set_fault(listing, "the id of a department cannot be right");
	} else if (!(department = departments_get(&listing->departments, told->id))) {
		set_fault(listing, "more than %d departments", DIRECTORY_DEPARTMENTS_MAX);
	} else if (department->is_told) {
		set_fault(listing, "department \"%s\" was told of twice", told->id);
	} else {
		bool is_named_again = !listing_name(listing, told->id);

		department->is_told = true;
		department->is_changed = !department->was_applied || is_named_again ||
					 !text_equals(department->parent, parent) ||
					 !text_equals(department->name, buf_text(&name));
		if (is_named_again)
			department->named_s = listing->start.now_s;
		free(department->parent);
		free(department->name);
		department->parent = text_copy(parent);
		department->name = text_copy(buf_text(&name));
		listing->has_changed_rows = listing->has_changed_rows || department->is_changed;
		if (department->is_changed)
			set_pending(listing, department);
		if (listing->n_pending >= DIRECTORY_PENDING_MAX)
			flush(listing, NULL);
	}
	buf_done(&name);
}

/* Round 1 of a listing that goes on has changed names that are not round 0's: they were fresh. */
const char *listing_name(const struct listing *listing, const char *id)
{
	const struct department *department = departments_find(&listing->departments, id);

	if (!department || !department->named_s ||
	    listing->start.now_s - department->named_s > DIRECTORY_NAME_S)
		return NULL;
	return department->name;
}

bool listing_is_done(const struct listing *listing, const char *id)
{
	const struct department *department = departments_find(&listing->departments, id);

	return department && department->is_done;
}

static bool take_texts(struct stage_member *member, const struct listed_member *told)
{
	const struct identity *identity = told->identity;
	const char *mark = told->mark ? told->mark : "";
	struct buf display = BUF_INIT(IDENTITY_TEXT_MAX + 4);
	bool fits;

	text_add_clean(&display, identity->display ? identity->display : "",
		       IDENTITY_TEXT_MAX / 4 - 1);
	fits = identity->subject[0] && is_line(identity->subject, IDENTITY_TEXT_MAX) &&
	       is_line(mark, IDENTITY_TEXT_MAX) &&
	       text_into(member->subject, sizeof(member->subject), identity->subject) &&
	       text_into(member->issuer, sizeof(member->issuer), identity->issuer) &&
	       text_into(member->mark, sizeof(member->mark), mark) &&
	       text_into(member->display, sizeof(member->display), buf_text(&display));
	buf_done(&display);
	return fits;
}

/* Only a department that is told of may have members, and one at a time is told of. */
static bool may_have(struct listing *listing, const char *id)
{
	const struct department *department = departments_find(&listing->departments, id);
	bool is_known = !*id || (department && department->is_told);

	if (!is_known)
		set_fault(listing, "a member is of department \"%s\", which was not told of", id);
	else if (listing->batch.department && !text_equals(listing->batch.department, id))
		set_fault(listing, "department \"%s\" was left before it was done",
			  listing->batch.department);
	else if (listing->batch.n >= DIRECTORY_BATCH_MAX ||
		 listing->n_places >= DIRECTORY_PLACES_MAX)
		set_fault(listing, "too many members in department \"%s\"", id);
	return !listing->fault[0];
}

void listing_numbered_member(struct listing *listing, const struct listed_member *told,
			     const struct listing_number *number)
{
	const char *map = listing->start.method->map;
	struct stage_member *member;

	if (listing->fault[0] || !may_have(listing, told->department))
		return;
	if (!listing->batch.department)
		listing->batch.department = text_copy(told->department);
	member = batch_add(&listing->batch);
	if (!take_texts(member, told)) {
		set_fault(listing, "a member cannot be right: his id or name is too long, or no "
			  "line of text");
		return;
	}
	member->state = (int)told->state;
	listing->n_places++;
	if (mapping_expand(map, told->identity, member->name, sizeof(member->name)) < 0)
		member->name[0] = '\0';
	if (number->len > sizeof(member->number))
		set_fault(listing, "a number cannot be right");
	else if (number->len)
		memcpy(member->number, number->sealed, number->len);
	member->number_len = number->len;
}

void listing_member(struct listing *listing, const struct listed_member *told)
{
	static const struct listing_number none = { 0 };

	listing_numbered_member(listing, told, &none);
}

static void keep_department(struct listing *listing, struct department *department)
{
	struct batch *batch = &listing->batch;

	if (!batch_tidy(batch)) {
		set_fault(listing, "a member of department \"%s\" was told of twice, in two ways",
			  department->id);
		return;
	}
	if (batch_digest(batch, listing->seed, department->new_digest) < 0) {
		set_fault(listing, "no digest of department \"%s\"", department->id);
		return;
	}
	department->is_done = true;
	department->is_same = department->was_applied &&
			      memcmp(department->digest, department->new_digest,
				     SHA256_BYTES) == 0;
	listing->n_done++;
	set_pending(listing, department);
	if (!department->is_same && listing->n_jobs >= DIRECTORY_JOBS_MAX)
		set_fault(listing, "the store does not keep up");
	else if (!department->is_same)
		flush(listing, batch);
	else if (now_ms(listing) - listing->flushed_ms >= DIRECTORY_FLUSH_MS)
		flush(listing, NULL);
	batch_done(batch);
}

void listing_done(struct listing *listing, const char *id)
{
	struct department *department;

	if (listing->fault[0] || !may_have(listing, id))
		return;
	if (!listing->batch.department)
		listing->batch.department = text_copy(id);
	/* "" is not told of: it stands for those who are in none. */
	department = departments_get(&listing->departments, id);
	if (!department) {
		set_fault(listing, "more than %d departments", DIRECTORY_DEPARTMENTS_MAX);
	} else if (!department->is_done) {
		if (!*id && !department->was_applied)
			department->is_changed = listing->has_changed_rows = true;
		department->is_told = true;
		keep_department(listing, department);
	} else {
		department->is_told = true;
		batch_done(&listing->batch);
	}
}

/* --- the end --- */

const char *listing_fault(const struct listing *listing)
{
	return listing->fault[0] ? listing->fault : NULL;
}

const struct directory_row *listing_row(const struct listing *listing)
{
	return &listing->row;
}

static void check_whole(struct listing *listing)
{
	const struct department *loop = departments_find_loop(&listing->departments);

	if (loop)
		set_fault(listing, "department \"%s\" is within itself, or very deep", loop->id);
	for (size_t i = 0; i < listing->departments.n; i++) {
		const struct department *department = listing->departments.rows[i];

		if (department->is_told && !department->is_done)
			set_fault(listing, "the members of department \"%s\" were not told of",
				  department->id);
		if (!department->is_told && department->is_done)
			set_fault(listing, "department \"%s\" went away meanwhile",
				  department->id);
	}
}

bool listing_has_changes(const struct listing *listing)
{
	if (listing->has_round || listing->has_changed_rows)
		return true;
	for (size_t i = 0; i < listing->departments.n; i++) {
		const struct department *department = listing->departments.rows[i];

		if (department->is_told ? !department->is_same : department->was_applied)
			return true;
	}
	return false;
}

bool listing_is_bad(const struct listing *listing)
{
	return listing->is_bad;
}

void listing_end(struct listing *listing, const char *fault)
{
	if (!listing->fault[0] && !fault)
		check_whole(listing);
	listing->is_bad = listing->is_bad || listing->fault[0];
	if (fault)
		set_fault(listing, "%s", fault);
	listing->is_ended = true;
	/* Once anything changed the store must know of all departments which they are. */
	if (!listing->fault[0] && listing_has_changes(listing))
		flush(listing, NULL);
	tell_kept(listing);
}

void listing_get_progress(const struct listing *listing, struct listing_progress *ret_progress)
{
	size_t n = 0;

	for (size_t i = 0; i < listing->departments.n; i++)
		n += listing->departments.rows[i]->is_told;
	*ret_progress = (struct listing_progress){ n, listing->n_done, listing->n_places };
}
