/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: organisations whose members become users: what came of the last sync of each, who of them
 * does not become one, and uids that two should have. */
#include "base/text.h"
#include "jauthctl/bus.h"
#include "jauthctl/doctor.h"
#include "jauthctl/moment.h"

struct row {
	const char *id, *state, *result;
	long long n_members, n_refused;
	int64_t synced_s;                /* 0: never */
	char synced[MOMENT_SIZE];
};

static void read_row(const json_t *object, struct row *ret_row)
{
	*ret_row = (struct row){
		.id = json_string_value(json_object_get(object, "directory")),
		.state = json_string_value(json_object_get(object, "state")),
		.result = json_string_value(json_object_get(object, "result")),
		.n_members = json_integer_value(json_object_get(object, "kept-members")),
		.n_refused = json_integer_value(json_object_get(object, "refused")),
		.synced_s = json_integer_value(json_object_get(object, "synced")),
	};
	moment_format(ret_row->synced_s, ret_row->synced);
}

/* What a sync that failed leaves stands, so leavers may still come in. */
static void tell_failure(struct doctor *doctor, const struct row *row)
{
	_cleanup_free_ char *fix = fix_text(
		doctor, "jauthctl directory sync %s --dry-run shows whether it goes now", row->id);

	if (row->synced_s)
		note(doctor, VERDICT_WARNING, fix, "%s: the last sync failed, members stay as they "
		     "were on %s: %s", row->id, row->synced, row->result);
	else
		note(doctor, VERDICT_BROKEN, fix, "%s: no sync was whole yet, so none of its "
		     "members is known: %s", row->id, row->result);
}

static void tell_question(struct doctor *doctor, const struct row *row)
{
	_cleanup_free_ char *fix = fix_text(
		doctor, "see jauthctl directory sync %s --dry-run; then --allow-removals N",
		row->id);

	note(doctor, VERDICT_WARNING, fix, "%s: the sync has stopped and asks: %s", row->id,
	     row->result);
}

static void judge(struct doctor *doctor, const struct row *row)
{
	_cleanup_free_ char *fix = NULL;

	if (text_equals(row->state, "failed")) {
		tell_failure(doctor, row);
	} else if (text_equals(row->state, "asks")) {
		tell_question(doctor, row);
	} else if (!row->synced_s && text_equals(row->state, "runs")) {
		note(doctor, VERDICT_SKIPPED, "", "%s: its first sync is under way", row->id);
	} else if (!row->synced_s) {
		fix = text_format("jauthctl directory sync %s", row->id);
		note(doctor, VERDICT_WARNING, fix, "%s: no sync was whole yet, so none of its "
		     "members is known", row->id);
	} else if (row->n_refused) {
		fix = fix_text(doctor, "jauthctl directory members %s says why", row->id);
		note(doctor, VERDICT_WARNING, fix, "%s: %lld of its members do not become users",
		     row->id, row->n_refused);
	} else {
		note(doctor, VERDICT_OK, "", "%s: %lld members, as of %s", row->id, row->n_members,
		     row->synced);
	}
}

static void judge_collisions(struct doctor *doctor)
{
	json_t *collisions;

	if (bus_admin_quietly(doctor->ctl, "ListCollisions", json_array(), &collisions) !=
	    EXIT_DONE)
		return;
	if (json_array_size(collisions))
		note(doctor, VERDICT_WARNING, N_("jauthctl directory collisions names them"),
		     "%zu users cannot have the uid that they should have on every host",
		     json_array_size(collisions));
	json_decref(collisions);
}

/* Silent where no method is a directory. */
void check_directories(struct doctor *doctor)
{
	json_t *directories, *object;
	size_t i;

	if (!doctor->methods ||
	    bus_admin_quietly(doctor->ctl, "ListDirectories", json_array(), &directories) !=
	    EXIT_DONE)
		return;
	json_array_foreach(directories, i, object) {
		struct row row;

		read_row(object, &row);
		judge(doctor, &row);
	}
	json_decref(directories);
	judge_collisions(doctor);
}
