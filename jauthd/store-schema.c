/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/store-schema.h"

#include "base/macro.h"

const char *const store_schema[] = {
	/* 1: keys of keyed hashes, accounts, links. Ids of links are never used again, so that
	 * "link remove 7" cannot hit another link than the one that was listed. */
	"CREATE TABLE meta ("
	"	name TEXT PRIMARY KEY,"
	"	value BLOB NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE accounts ("
	"	user TEXT PRIMARY KEY,"
	"	uid INTEGER NOT NULL,"
	"	hash TEXT NOT NULL,"
	"	locked INTEGER NOT NULL CHECK (locked IN (0, 1)),"
	"	must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),"
	"	expires_s INTEGER NOT NULL,"
	"	password_expires_s INTEGER NOT NULL,"
	"	created_s INTEGER NOT NULL,"
	"	changed_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE links ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	user TEXT NOT NULL,"
	"	uid INTEGER NOT NULL,"
	"	note TEXT NOT NULL,"
	"	origin TEXT NOT NULL,"
	"	created_s INTEGER NOT NULL,"
	"	used_s INTEGER NOT NULL,"
	"	UNIQUE (issuer, subject, user, uid)"
	") STRICT;"
	"CREATE INDEX links_user ON links (user);",

	/* 2: counts and decisions. */
	"CREATE TABLE throttle ("
	"	key BLOB PRIMARY KEY,"
	"	user_hash TEXT NOT NULL,"
	"	scope TEXT NOT NULL,"
	"	failures INTEGER NOT NULL,"
	"	last_s INTEGER NOT NULL,"
	"	wait_until_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX throttle_last ON throttle (last_s);"
	"CREATE INDEX throttle_user ON throttle (user_hash);"
	"CREATE TABLE audit ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	time_s INTEGER NOT NULL,"
	"	request TEXT NOT NULL,"
	"	kind TEXT NOT NULL,"
	"	user TEXT NOT NULL,"
	"	uid INTEGER NOT NULL,"
	"	service TEXT NOT NULL,"
	"	origin TEXT NOT NULL,"
	"	source TEXT NOT NULL,"
	"	method TEXT NOT NULL,"
	"	outcome TEXT NOT NULL,"
	"	reason TEXT NOT NULL,"
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	display TEXT NOT NULL,"
	"	mapped_method TEXT NOT NULL,"
	"	mapping TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX audit_time ON audit (time_s);"
	"CREATE INDEX audit_request ON audit (request);",

	/* 3: numbers, TOTP, messages and codes. Ids of phones are never used again. An event is one
	 * count in one window: a message has several, with one `send`. */
	"CREATE TABLE phones ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	user TEXT NOT NULL,"
	"	uid INTEGER NOT NULL,"
	"	number BLOB NOT NULL,"           /* sealed */
	"	number_hash BLOB NOT NULL,"
	"	label TEXT NOT NULL,"
	"	created_s INTEGER NOT NULL,"
	"	used_s INTEGER NOT NULL,"
	"	UNIQUE (user, uid, number_hash)"
	") STRICT;"
	"CREATE TABLE totp ("
	"	user TEXT PRIMARY KEY,"
	"	uid INTEGER NOT NULL,"
	"	key BLOB NOT NULL,"              /* sealed */
	"	digest INTEGER NOT NULL,"
	"	digits INTEGER NOT NULL,"
	"	period_s INTEGER NOT NULL,"
	"	last_step INTEGER NOT NULL,"
	"	created_s INTEGER NOT NULL,"
	"	used_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE recovery ("
	"	user TEXT NOT NULL,"
	"	hash BLOB NOT NULL,"
	"	PRIMARY KEY (user, hash)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE events ("
	"	id INTEGER PRIMARY KEY,"
	"	kind INTEGER NOT NULL,"
	"	key BLOB NOT NULL,"
	"	user_hash TEXT NOT NULL,"        /* '': counts for nobody in particular */
	"	send INTEGER NOT NULL,"          /* 0: not a message */
	"	time_s INTEGER NOT NULL,"
	"	cost INTEGER NOT NULL,"
	"	answered INTEGER NOT NULL DEFAULT 0"     /* a message, by a right code */
	") STRICT;"
	"CREATE INDEX events_key ON events (kind, key, time_s, cost);"
	"CREATE INDEX events_send ON events (send) WHERE send <> 0;"
	"CREATE INDEX events_user ON events (user_hash) WHERE user_hash <> '';"
	"CREATE INDEX events_time ON events (time_s);"
	"CREATE TABLE stops ("                   /* per account and scope, beyond the windows */
	"	key BLOB PRIMARY KEY,"
	"	user_hash TEXT NOT NULL,"
	"	scope TEXT NOT NULL,"
	"	wrong_row INTEGER NOT NULL,"
	"	n_pauses INTEGER NOT NULL,"
	"	wait_until_s INTEGER NOT NULL,"
	"	unanswered INTEGER NOT NULL,"
	"	unanswered_until_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX stops_user ON stops (user_hash);"
	"CREATE TABLE known_sources ("
	"	key BLOB PRIMARY KEY,"
	"	last_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX known_sources_last ON known_sources (last_s);"
	"ALTER TABLE audit ADD COLUMN note TEXT NOT NULL DEFAULT '';",

	/* 4: requests of strangers. An accepted one stays with its link until that is confirmed,
	 * and goes with it, never back to being open. */
	"ALTER TABLE links ADD COLUMN pending INTEGER NOT NULL DEFAULT 0"
	"	CHECK (pending IN (0, 1));"
	"CREATE TABLE requests ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	request TEXT NOT NULL UNIQUE,"
	"	method TEXT NOT NULL,"
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	display TEXT NOT NULL,"
	"	user TEXT NOT NULL,"
	"	uid INTEGER NOT NULL,"
	"	source TEXT NOT NULL,"
	"	network TEXT NOT NULL,"          /* whom `source` counts as */
	"	time_s INTEGER NOT NULL,"
	"	link_id INTEGER REFERENCES links (id) ON DELETE CASCADE" /* NULL: open */
	") STRICT;"
	"CREATE UNIQUE INDEX requests_link ON requests (link_id) WHERE link_id IS NOT NULL;"
	"CREATE INDEX requests_identity ON requests (issuer, subject) WHERE link_id IS NULL;"
	"CREATE INDEX requests_network ON requests (network) WHERE link_id IS NULL;"
	"CREATE INDEX requests_user ON requests (user) WHERE link_id IS NULL;"
	"CREATE INDEX requests_time ON requests (time_s) WHERE link_id IS NULL;",

	/* 5: people, who are Unix users that jauth made, and the groups it serves. A uid and a gid
	 * are never used again: the row stays when nobody has it any more. */
	"CREATE TABLE people ("
	"	uid INTEGER PRIMARY KEY,"
	"	name TEXT NOT NULL,"
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	mark TEXT NOT NULL,"             /* see struct person; '': none */
	"	real_name TEXT NOT NULL,"
	"	home TEXT NOT NULL,"
	"	shell TEXT NOT NULL,"
	"	source TEXT NOT NULL,"           /* id of the method or directory */
	"	structure TEXT NOT NULL,"        /* group that new ones are put into; '': none */
	"	state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),"      /* enum person_state */
	"	reason TEXT NOT NULL,"           /* why he is locked */
	"	created_s INTEGER NOT NULL,"
	"	changed_s INTEGER NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX people_name ON people (name) WHERE state <> 2;"
	"CREATE UNIQUE INDEX people_identity ON people (issuer, subject) WHERE state <> 2;"
	"CREATE INDEX people_source ON people (source);"
	"CREATE TABLE people_groups ("           /* as the provider has them */
	"	uid INTEGER NOT NULL,"
	"	source TEXT NOT NULL,"
	"	id TEXT NOT NULL,"
	"	PRIMARY KEY (uid, source, id)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE unix_groups ("
	"	gid INTEGER PRIMARY KEY,"
	"	name TEXT NOT NULL UNIQUE"
	") STRICT;"
	"CREATE TABLE locked_identities ("       /* nobody logs in by them, by no link */
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	source TEXT NOT NULL,"
	"	reason TEXT NOT NULL,"
	"	locked_s INTEGER NOT NULL,"
	"	PRIMARY KEY (issuer, subject)"
	") STRICT, WITHOUT ROWID;",

	/* 6: directories. Round 0 is what was applied; round 1 what the listing under way told
	 * otherwise: nothing of a department that is as it was. */
	"CREATE TABLE directories ("
	"	id TEXT PRIMARY KEY,"
	"	stage INTEGER NOT NULL,"         /* enum directory_stage */
	"	began_s INTEGER NOT NULL,"       /* of the listing */
	"	seed BLOB NOT NULL,"             /* of the configuration it was begun with */
	"	at TEXT NOT NULL,"               /* applied up to this subject */
	"	tried_s INTEGER NOT NULL,"       /* the last sync, whatever came of it */
	"	synced_s INTEGER NOT NULL,"      /* the last one that was whole */
	"	result TEXT NOT NULL"            /* of the last one; '': whole */
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE directory_departments ("
	"	directory TEXT NOT NULL,"
	"	round INTEGER NOT NULL,"
	"	id TEXT NOT NULL,"
	"	parent TEXT NOT NULL,"           /* '': none */
	"	name TEXT NOT NULL,"
	"	named_s INTEGER NOT NULL,"       /* when it was asked for */
	"	digest BLOB NOT NULL,"           /* of its members */
	"	PRIMARY KEY (directory, round, id)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE directory_members ("
	"	directory TEXT NOT NULL,"
	"	round INTEGER NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	issuer TEXT NOT NULL,"
	"	name TEXT NOT NULL,"             /* by the rule; '': it makes none */
	"	display TEXT NOT NULL,"
	"	mark TEXT NOT NULL,"
	"	holder TEXT NOT NULL,"           /* mark of the one whose accounts these are */
	"	state INTEGER NOT NULL,"         /* enum member_state, or behind it */
	"	fault TEXT NOT NULL,"            /* why he has no Unix user; '': he may have one */
	"	PRIMARY KEY (directory, round, subject)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX directory_members_fault ON directory_members (directory, round, subject)"
	"	WHERE fault <> '';"
	"CREATE TABLE directory_places ("        /* who is in which department; '': by himself */
	"	directory TEXT NOT NULL,"
	"	round INTEGER NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	department TEXT NOT NULL,"
	"	PRIMARY KEY (directory, round, subject, department)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX directory_places_department"
	"	ON directory_places (directory, round, department);"
	"CREATE TABLE directory_done ("          /* departments whose members were told of */
	"	directory TEXT NOT NULL,"
	"	department TEXT NOT NULL,"
	"	is_same INTEGER NOT NULL,"       /* as in round 0, so nothing of it is in round 1 */
	"	digest BLOB NOT NULL,"
	"	PRIMARY KEY (directory, department)"
	") STRICT, WITHOUT ROWID;",
	/* 7: sessions, and whose lingering was switched off. */
	"CREATE TABLE sessions ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	pid INTEGER NOT NULL,"           /* of the process that ran PAM */
	"	start TEXT NOT NULL,"            /* when that began */
	"	user TEXT NOT NULL,"
	"	uid INTEGER NOT NULL,"
	"	service TEXT NOT NULL,"
	"	source TEXT NOT NULL,"
	"	logind TEXT NOT NULL,"           /* '': logind has none */
	"	request TEXT NOT NULL,"          /* of the grant, as what follows; '': unknown */
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	method TEXT NOT NULL,"
	"	opened_s INTEGER NOT NULL,"
	"	closed_s INTEGER NOT NULL,"
	"	over INTEGER NOT NULL CHECK (over IN (0, 1)),"
	"	ending TEXT NOT NULL,"           /* why it must end; '': it need not */
	"	told_s INTEGER NOT NULL,"
	"	look_s INTEGER NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX sessions_process ON sessions (pid, start, user) WHERE over = 0;"
	"CREATE INDEX sessions_look ON sessions (look_s) WHERE over = 0;"
	"CREATE INDEX sessions_request ON sessions (request);"
	"CREATE INDEX sessions_opened ON sessions (opened_s);"
	"CREATE TABLE lingering ("
	"	uid INTEGER PRIMARY KEY,"
	"	name TEXT NOT NULL,"
	"	was_on INTEGER NOT NULL CHECK (was_on IN (-1, 0, 1)),"   /* -1: not known yet */
	"	since_s INTEGER NOT NULL,"
	"	look_s INTEGER NOT NULL"         /* 0: all is said */
	") STRICT;"
	"CREATE INDEX people_left ON people (changed_s) WHERE state <> 0;"
	"CREATE INDEX locked_identities_since ON locked_identities (locked_s);",

	/* 8: what users are told of their links, and keys that providers have of people. */
	"CREATE TABLE notices ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	user TEXT NOT NULL,"
	"	uid INTEGER NOT NULL,"
	"	kind INTEGER NOT NULL,"          /* enum notice_kind */
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	display TEXT NOT NULL,"          /* a name the person chose; '': none */
	"	time_s INTEGER NOT NULL,"
	"	told_s INTEGER NOT NULL DEFAULT 0,"      /* at a login, for the first time */
	"	is_sent INTEGER NOT NULL DEFAULT 0 CHECK (is_sent IN (0, 1))"   /* by messages */
	") STRICT;"
	"CREATE INDEX notices_user ON notices (user);"
	"CREATE INDEX notices_unsent ON notices (id) WHERE is_sent = 0;"
	"CREATE TABLE ssh_keys ("
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	keys TEXT NOT NULL,"             /* lines as in authorized_keys; '': none */
	"	fetched_s INTEGER NOT NULL,"     /* 0: never yet */
	"	due_s INTEGER NOT NULL,"         /* to be asked for again */
	"	PRIMARY KEY (issuer, subject)"
	") STRICT, WITHOUT ROWID;",

	/* 9: for the offline policy, see good-login.h. */
	"CREATE TABLE good_logins ("
	"	user TEXT NOT NULL,"
	"	uid INTEGER NOT NULL,"
	"	method TEXT NOT NULL,"
	"	issuer TEXT NOT NULL,"
	"	subject TEXT NOT NULL,"
	"	mapping TEXT NOT NULL,"          /* as in the audit */
	"	time_s INTEGER NOT NULL,"
	"	PRIMARY KEY (user, uid, method)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX good_logins_time ON good_logins (time_s);",

	/* 10: break-glass codes. */
	"CREATE TABLE glass ("
	"	user TEXT PRIMARY KEY,"
	"	uid INTEGER NOT NULL,"
	"	created_s INTEGER NOT NULL,"     /* of his codes; 0: he has had none */
	"	used_s INTEGER NOT NULL,"
	"	link_until_s INTEGER NOT NULL"   /* after a recovery he may link one identity */
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE glass_codes ("
	"	user TEXT NOT NULL,"
	"	hash BLOB NOT NULL,"
	"	until_s INTEGER NOT NULL,"       /* of a recovery; 0: for good */
	"	PRIMARY KEY (user, hash)"
	") STRICT, WITHOUT ROWID;",

	/* 11: numbers that a list of people has. */
	"ALTER TABLE phones ADD COLUMN"
	"	source TEXT NOT NULL DEFAULT '';"        /* '': by hand */
	"ALTER TABLE directory_members ADD COLUMN"
	"	number BLOB NOT NULL DEFAULT x'';",
};

const int store_schema_version = N_ELEMENTS(store_schema);
