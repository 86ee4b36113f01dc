/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes people in a database as registration and directories do, for tests/e2e/test_uids.py:
 *
 *	makeperson CONFIG DATABASE ROOT METHOD
 *
 * reads lines of NAME, ISSUER, SUBJECT and groups of METHOD split at commas, each behind a TAB, and
 * prints the uid of each person, or why there is none. ROOT is where the host's files are,
 * "" for the real ones. Who is there already gets these groups.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "jauthd/people.h"

#define FIELDS 4

struct house {
	struct config *config;
	struct db *db;
	struct host_ids *host;
	const struct method *method;
};

static int set_groups(struct house *house, uint32_t uid, char *text)
{
	const char *ids[64];
	size_t n = 0;
	char *id;

	while (n < N_ELEMENTS(ids) && (id = strsep(&text, ",")))
		if (*id)
			ids[n++] = id;
	return person_set_groups(house->db, uid, house->method->id, ids, n);
}

static const char *make(struct house *house, char *const fields[FIELDS], struct person *person)
{
	const char *fault;
	int r;

	if (person_by_identity(house->db, fields[1], fields[2], person) == 0)
		return set_groups(house, person->uid, fields[3]) < 0 ? "groups" : NULL;
	if (!text_into(person->name, sizeof(person->name), fields[0]) ||
	    !text_into(person->issuer, sizeof(person->issuer), fields[1]) ||
	    !text_into(person->subject, sizeof(person->subject), fields[2]))
		return "too long";
	person_set_real_name(person, fields[0]);
	if (host_ids_look_up(house->host, person->name) < 0)
		return "no look-up";
	fault = name_claim_fault(house->config, house->host, person->name);
	if (fault)
		return fault;
	r = person_set_rule(house->config, house->method, person);
	if (r == 0)
		r = person_add(house->db, house->config, house->host, time(NULL), person);
	if (r == 0)
		r = set_groups(house, person->uid, fields[3]);
	return r < 0 ? strerror(-r) : NULL;
}

static void take_line(struct house *house, char *line)
{
	struct person person = { 0 };
	char *fields[FIELDS] = { line, line, line, line }, *rest = line;
	const char *fault = "too few fields";
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < FIELDS && rest)
		fields[n++] = strsep(&rest, "\t");
	if (n == FIELDS && db_begin(house->db) == 0) {
		fault = make(house, fields, &person);
		if (fault)
			db_rollback(house->db);
		else if (db_commit(house->db) < 0)
			fault = "no commit";
	}
	if (fault)
		(void)printf("%s\n", fault);
	else
		(void)printf("%u\n", person.uid);
}

int main(int argc, char **argv)
{
	struct conf_report report = { NULL };
	struct house house = { NULL };
	char line[4096];

	/* As jauthd: people are no users of the host. */
	(void)setenv("SYSTEMD_BYPASS_USERDB", "1", 1);
	if (argc != 5 || config_load(argv[1], &house.config, &report) < 0 ||
	    db_open(argv[2], &house.db) < 0 || host_ids_read_below(argv[3], &house.host) < 0 ||
	    !(house.method = config_method(house.config, argv[4]))) {
		(void)fprintf(stderr, "makeperson: %s\n",
			      report.n_mistakes ? report.mistakes[0].text : "cannot begin");
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof(line), stdin))
		take_line(&house, line);
	(void)host_ids_free(house.host);
	(void)db_close(house.db);
	(void)config_unref(house.config);
	return EXIT_SUCCESS;
}
