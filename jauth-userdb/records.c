/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records and how they are asked for; see records.h. */
#include "jauth-userdb/records.h"

#include <stdint.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauth-userdb/interfaces.h"
#include "jauth-userdb/limits.h"

#define ERROR(name) "io.systemd.UserDatabase." name

/* Of whom is locked: long ago, so that pam_unix refuses him in the account phase, whoever runs it
 * and whether or not jauthd lives. A day, for that is what shadow(5) counts in. */
#define LONG_AGO_USEC "86400000000"

/* --- records as JSON --- */

static void add_member(struct buf *out, const char *name, const char *text)
{
	buf_add_format(out, ",\"%s\":", name);
	json_add_text(out, text);
}

/* The lines that are not empty. */
static void add_ssh_keys(struct buf *out, const char *keys)
{
	const char *separator = "";
	char line[SNAPSHOT_KEYS_MAX + 1];

	buf_add_text(out, ",\"privileged\":{\"sshAuthorizedKeys\":[");
	while (*keys) {
		size_t len = strcspn(keys, "\n");

		if (len > 0) {
			memcpy(line, keys, len);
			line[len] = '\0';
			buf_add_text(out, separator);
			json_add_text(out, line);
			separator = ",";
		}
		keys += len + (keys[len] == '\n');
	}
	buf_add_text(out, "]}");
}

static void add_user(struct buf *out, const struct snapshot_user *user, bool continues)
{
	varlink_begin_reply(out);
	buf_add_text(out, "\"record\":{\"userName\":");
	json_add_text(out, user->name);
	buf_add_format(out, ",\"uid\":%u,\"gid\":%u", user->uid, user->gid);
	if (*user->real_name)
		add_member(out, "realName", user->real_name);
	add_member(out, "homeDirectory", user->home);
	add_member(out, "shell", user->shell);
	buf_add_text(out, ",\"disposition\":\"regular\",\"service\":\"" USERDB_SERVICE "\"");
	if (user->is_locked)
		buf_add_text(out, ",\"locked\":true,\"notAfterUSec\":" LONG_AGO_USEC);
	else if (*user->ssh_keys)
		add_ssh_keys(out, user->ssh_keys);
	buf_add_text(out, "},\"incomplete\":false");
	varlink_end_reply(out, continues);
}

static void add_group(struct buf *out, const struct snapshot_group *group, bool continues)
{
	varlink_begin_reply(out);
	buf_add_text(out, "\"record\":{\"groupName\":");
	json_add_text(out, group->name);
	buf_add_format(out, ",\"gid\":%u", group->gid);
	if (*group->description)
		add_member(out, "description", group->description);
	buf_add_text(out, ",\"disposition\":\"regular\",\"service\":\"" USERDB_SERVICE "\"},"
			  "\"incomplete\":false");
	varlink_end_reply(out, continues);
}

static void add_membership(struct buf *out, const char *user, const char *group, bool continues)
{
	varlink_begin_reply(out);
	buf_add_text(out, "\"userName\":");
	json_add_text(out, user);
	add_member(out, "groupName", group);
	varlink_end_reply(out, continues);
}

/* --- listings --- */

/* `has`: is there an nth one? `add`: appends it. */
struct listing_kind {
	bool (*has)(const struct snapshot *snapshot, const char *name, size_t n);
	void (*add)(const struct snapshot *snapshot, const char *name, size_t n, struct buf *out,
		    bool continues);
};

static bool has_user(const struct snapshot *snapshot, const char *name UNUSED, size_t n)
{
	return n < snapshot_n_users(snapshot);
}

static void add_nth_user(const struct snapshot *snapshot, const char *name UNUSED, size_t n,
			 struct buf *out, bool continues)
{
	struct snapshot_user user;

	snapshot_nth_user(snapshot, n, &user);
	add_user(out, &user, continues);
}

static bool has_group(const struct snapshot *snapshot, const char *name UNUSED, size_t n)
{
	return n < snapshot_n_groups(snapshot);
}

static void add_nth_group(const struct snapshot *snapshot, const char *name UNUSED, size_t n,
			  struct buf *out, bool continues)
{
	struct snapshot_group group;

	snapshot_nth_group(snapshot, n, &group);
	add_group(out, &group, continues);
}

static bool has_membership(const struct snapshot *snapshot, const char *name UNUSED, size_t n)
{
	const char *user, *group;

	return snapshot_nth_membership(snapshot, n, &user, &group);
}

static void add_nth_membership(const struct snapshot *snapshot, const char *name UNUSED, size_t n,
			       struct buf *out, bool continues)
{
	const char *user, *group;

	if (snapshot_nth_membership(snapshot, n, &user, &group))
		add_membership(out, user, group, continues);
}

static bool has_group_of(const struct snapshot *snapshot, const char *name, size_t n)
{
	const char *group;

	return snapshot_nth_group_of(snapshot, name, n, &group);
}

static void add_nth_group_of(const struct snapshot *snapshot, const char *name, size_t n,
			     struct buf *out, bool continues)
{
	const char *group;

	if (snapshot_nth_group_of(snapshot, name, n, &group))
		add_membership(out, name, group, continues);
}

static bool has_member_of(const struct snapshot *snapshot, const char *name, size_t n)
{
	const char *user;

	return snapshot_nth_member_of(snapshot, name, n, &user);
}

static void add_nth_member_of(const struct snapshot *snapshot, const char *name, size_t n,
			      struct buf *out, bool continues)
{
	const char *user;

	if (snapshot_nth_member_of(snapshot, name, n, &user))
		add_membership(out, user, name, continues);
}

static const struct listing_kind all_users = { has_user, add_nth_user };
static const struct listing_kind all_groups = { has_group, add_nth_group };
static const struct listing_kind all_memberships = { has_membership, add_nth_membership };
static const struct listing_kind groups_of = { has_group_of, add_nth_group_of };
static const struct listing_kind members_of = { has_member_of, add_nth_member_of };

bool records_continue(const struct snapshot *snapshot, struct listing *listing, struct buf *out)
{
	bool continues = listing->kind->has(snapshot, listing->name, listing->next + 1);

	listing->kind->add(snapshot, listing->name, listing->next++, out, continues);
	if (!continues)
		listing->kind = NULL;
	return continues;
}

/* --- calls --- */

/* A call that is being answered, with its parameters; those that are NULL or not `has_id` were not
 * given. Of the two methods for records, `name` and `id` are the user's or the group's. */
struct query {
	const struct varlink_call *call;
	const struct snapshot *snapshot;
	struct buf *out;
	struct listing *listing;
	const char *name, *other_name;
	uint32_t id;
	bool has_id;
};

static void add_not_found(struct query *query)
{
	varlink_add_error(query->out, ERROR("NoRecordFound"), NULL, NULL);
}

/* A name that is longer than any of ours is nobody's. */
static void begin_listing(struct query *query, const struct listing_kind *kind, const char *name)
{
	struct listing listing = { .kind = kind };

	if (!query->call->more)
		varlink_add_error(query->out, VARLINK_SERVICE ".ExpectedMore", NULL, NULL);
	else if (!text_into(listing.name, sizeof(listing.name), name ? name : "") ||
		 !kind->has(query->snapshot, listing.name, 0))
		add_not_found(query);
	else
		*query->listing = listing;
}

/* Nobody, or one of the two that were given is somebody's, and the other one is not his. */
static void refuse_record(struct query *query, bool is_found)
{
	if (is_found && query->name && query->has_id)
		varlink_add_error(query->out, ERROR("ConflictingRecordFound"), NULL, NULL);
	else
		add_not_found(query);
}

static void get_user(struct query *query)
{
	struct snapshot_user named, numbered;
	bool has_name, has_id;

	if (!query->name && !query->has_id) {
		begin_listing(query, &all_users, NULL);
		return;
	}
	has_name = query->name && snapshot_user_by_name(query->snapshot, query->name, &named);
	has_id = query->has_id && snapshot_user_by_uid(query->snapshot, query->id, &numbered);
	if (has_name && (!query->has_id || named.uid == query->id))
		add_user(query->out, &named, false);
	else if (has_id && !query->name)
		add_user(query->out, &numbered, false);
	else
		refuse_record(query, has_name || has_id);
}

static void get_group(struct query *query)
{
	struct snapshot_group named, numbered;
	bool has_name, has_id;

	if (!query->name && !query->has_id) {
		begin_listing(query, &all_groups, NULL);
		return;
	}
	has_name = query->name && snapshot_group_by_name(query->snapshot, query->name, &named);
	has_id = query->has_id && snapshot_group_by_gid(query->snapshot, query->id, &numbered);
	if (has_name && (!query->has_id || named.gid == query->id))
		add_group(query->out, &named, false);
	else if (has_id && !query->name)
		add_group(query->out, &numbered, false);
	else
		refuse_record(query, has_name || has_id);
}

static void get_one_membership(struct query *query)
{
	const char *group;

	for (size_t n = 0; snapshot_nth_group_of(query->snapshot, query->name, n, &group); n++)
		if (text_equals(group, query->other_name)) {
			add_membership(query->out, query->name, group, false);
			return;
		}
	add_not_found(query);
}

static void get_memberships(struct query *query)
{
	if (query->name && query->other_name)
		get_one_membership(query);
	else if (query->name)
		begin_listing(query, &groups_of, query->name);
	else if (query->other_name)
		begin_listing(query, &members_of, query->other_name);
	else
		begin_listing(query, &all_memberships, NULL);
}

static void get_info(struct query *query)
{
	varlink_begin_reply(query->out);
	buf_add_text(query->out, "\"vendor\":\"jauth\",\"product\":\"jauth-userdb\",\"version\":\""
		     PACKAGE_VERSION "\",\"url\":\"\",\"interfaces\":[");
	for (size_t i = 0; i < n_interfaces; i++) {
		if (i > 0)
			buf_add_char(query->out, ',');
		json_add_text(query->out, interfaces[i].name);
	}
	buf_add_char(query->out, ']');
	varlink_end_reply(query->out, false);
}

static void get_interface_description(struct query *query)
{
	for (size_t i = 0; i < n_interfaces; i++)
		if (text_equals(interfaces[i].name, query->name)) {
			varlink_begin_reply(query->out);
			buf_add_text(query->out, "\"description\":");
			json_add_text(query->out, interfaces[i].description);
			varlink_end_reply(query->out, false);
			return;
		}
	varlink_add_error(query->out, VARLINK_SERVICE ".InterfaceNotFound", "interface",
			  query->name ? query->name : "");
}

/* Which parameters a method takes, by name; NULL: none of that sort. `is_userdb`: it takes
 * "service" too, and looks at the snapshot. */
static const struct method {
	const char *name;
	void (*answer)(struct query *query);
	const char *text, *other_text, *number;
	bool is_userdb;
} methods[] = {
	{ "io.systemd.UserDatabase.GetUserRecord", get_user,
	  .text = "userName", .number = "uid", .is_userdb = true },
	{ "io.systemd.UserDatabase.GetGroupRecord", get_group,
	  .text = "groupName", .number = "gid", .is_userdb = true },
	{ "io.systemd.UserDatabase.GetMemberships", get_memberships,
	  .text = "userName", .other_text = "groupName", .is_userdb = true },
	{ VARLINK_SERVICE ".GetInfo", get_info },
	{ VARLINK_SERVICE ".GetInterfaceDescription", get_interface_description,
	  .text = "interface" },
};

/* A parameter that we do not know is told: newer clients then ask again without it. */
static const char *unknown_parameter(const struct method *method, const struct json_t *parameters)
{
	const char *name = NULL;

	while (parameters && (name = json_next_name(parameters, name)))
		if (!(method->text && text_equals(name, method->text)) &&
		    !(method->other_text && text_equals(name, method->other_text)) &&
		    !(method->number && text_equals(name, method->number)) &&
		    !(method->is_userdb && text_equals(name, "service")))
			return name;
	return NULL;
}

/* Absent and null are one. */
static bool read_text(const struct json_t *parameters, const char *name, const char **ret_text)
{
	if (!name || !parameters || !json_has_value(parameters, name))
		return true;
	*ret_text = json_text(parameters, name, REQUEST_MAX);
	return *ret_text;
}

static bool read_number(const struct json_t *parameters, const char *name, struct query *query)
{
	int64_t number;

	if (!name || !parameters || !json_has_value(parameters, name))
		return true;
	if (json_number(parameters, name, 0, UINT32_MAX, &number) < 0)
		return false;
	query->id = (uint32_t)number;
	query->has_id = true;
	return true;
}

/* The name of the one that is wrong; NULL: none is. */
static const char *read_parameters(const struct method *method, struct query *query)
{
	const struct json_t *parameters = query->call->parameters;
	const char *unknown = unknown_parameter(method, parameters);

	if (unknown)
		return unknown;
	if (!read_text(parameters, method->text, &query->name))
		return method->text;
	if (!read_text(parameters, method->other_text, &query->other_name))
		return method->other_text;
	if (!read_number(parameters, method->number, query))
		return method->number;
	return NULL;
}

static bool is_our_service(const struct json_t *parameters)
{
	const char *service = parameters ? json_text(parameters, "service", REQUEST_MAX) : NULL;

	return text_equals(service, USERDB_SERVICE);
}

static void answer_method(const struct method *method, struct query *query)
{
	const char *wrong = read_parameters(method, query);

	if (wrong)
		varlink_add_invalid_parameter(query->out, wrong);
	else if (method->is_userdb && !is_our_service(query->call->parameters))
		varlink_add_error(query->out, ERROR("BadService"), NULL, NULL);
	else if (method->is_userdb && !query->snapshot)
		varlink_add_error(query->out, ERROR("ServiceNotAvailable"), NULL, NULL);
	else
		method->answer(query);
}

/* The part before the last dot names the interface. */
static void add_unknown_method(struct buf *out, const char *method)
{
	const char *dot = strrchr(method, '.');
	_cleanup_free_ char *interface = text_format("%.*s", dot ? (int)(dot - method) : 0, method);

	for (size_t i = 0; i < n_interfaces; i++)
		if (text_equals(interfaces[i].name, interface)) {
			varlink_add_error(out, VARLINK_SERVICE ".MethodNotFound", "method", method);
			return;
		}
	varlink_add_error(out, VARLINK_SERVICE ".InterfaceNotFound", "interface", interface);
}

void records_answer(const struct varlink_call *call, const struct snapshot *snapshot,
		    struct buf *out, struct listing *listing)
{
	struct query query = {
		.call = call, .snapshot = snapshot, .out = out, .listing = listing,
	};

	listing->kind = NULL;
	if (call->oneway)
		return;          /* nobody waits for it, and there is nothing to change */
	for (size_t i = 0; i < N_ELEMENTS(methods); i++)
		if (text_equals(methods[i].name, call->method)) {
			answer_method(&methods[i], &query);
			return;
		}
	add_unknown_method(out, call->method);
}
