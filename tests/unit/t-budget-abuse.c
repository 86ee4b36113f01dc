/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attackers against the default limits, by a clock that the test moves; the daemon dies in
 * between. */
#include "tests/unit/budget-fixture.h"

#define ATTEMPTS  10000
#define SOURCES   1000
#define NUMBERS   1000
#define RESTARTS  5
#define STEP_S    ((int64_t)20)          /* between two attempts: together a bit over two days */

/* --- the daemon --- */

struct world {
	char folder[32], path[64];
	struct db *db;
};

static void start(struct world *world)
{
	assert_int_equal(db_open(world->path, &world->db), 0);
	assert_int_equal(db_begin(world->db), 0);
}

/* What was committed is all that a kill -9 leaves; the simulation commits before, and not after
 * each attempt, to be quick. */
static void restart(struct world *world)
{
	assert_int_equal(db_commit(world->db), 0);
	(void)db_close(world->db);
	start(world);
}

static int make_world(void **state)
{
	static const char folder[] = "/tmp/t-budget-XXXXXX";
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	memcpy(world->folder, folder, sizeof(folder));
	assert_non_null(mkdtemp(world->folder));
	(void)snprintf(world->path, sizeof(world->path), "%s/jauth.db", world->folder);
	start(world);
	*state = world;
	return 0;
}

static int drop_world(void **state)
{
	struct world *world = *state;

	db_rollback(world->db);
	(void)db_close(world->db);
	(void)unlink(world->path);
	(void)rmdir(world->folder);
	free(world);
	return 0;
}

/* --- messages --- */

/* Whom the attempts are about. */
enum target {
	ONE_NUMBER,
	MANY_NUMBERS,
	NOBODY,                  /* users who do not exist: nothing is sent, all is counted */
};

/* What went out, and when, as the vendor's bill would say. */
struct bill {
	int64_t times_s[ATTEMPTS];
	int n;
	int per_number[NUMBERS];
};

static void attempt(struct db *db, enum target target, unsigned i, int64_t now_s,
		    struct bill *bill)
{
	char source[32] = "", user[32] = "", number[32];
	struct budget_asker asker = asker_at(user, source);
	const unsigned who = target == MANY_NUMBERS ? i * 7 % NUMBERS : 0;

	(void)snprintf(source, sizeof(source), "198.51.%u.%u", i % SOURCES / 250,
		       i % SOURCES % 250);
	(void)snprintf(user, sizeof(user), target == NOBODY ? "nobody%u" : "user%u",
		       target == NOBODY ? i : who);
	(void)snprintf(number, sizeof(number), "+86139%08u", who);
	if (send_by(db, &defaults, &asker, target == NOBODY ? NULL : number, now_s, NULL) == 0) {
		bill->times_s[bill->n++] = now_s;
		bill->per_number[who]++;
	}
	/* And a guess, whether something was sent or not. */
	(void)try_code(db, &asker, now_s);
}

/* The most that went out within any `window_s`. */
static int most_within(const struct bill *bill, int64_t window_s)
{
	int most = 0;

	for (int first = 0, last = 0; last < bill->n; last++) {
		while (bill->times_s[last] - bill->times_s[first] >= window_s)
			first++;
		most = MAX(most, last - first + 1);
	}
	return most;
}

/* From the address he always logs in from: a code comes and is taken. */
static void expect_person_gets_in(struct db *db, const char *number, int64_t now_s)
{
	const struct budget_asker person = asker_at("user0", "203.0.113.5");

	assert_int_equal(send_by(db, &defaults, &person, number, now_s, NULL), 0);
	assert_int_equal(try_code(db, &person, now_s), 0);
	assert_int_equal(budget_right(db, &person), 0);
	login_granted(db, "user0", "203.0.113.5", now_s);
}

static void attack(struct world *world, enum target target, struct bill *bill)
{
	int64_t now_s = START;

	login_granted(world->db, "user0", "203.0.113.5", START - DAY);
	for (unsigned i = 0; i < ATTEMPTS; i++, now_s += STEP_S) {
		attempt(world->db, target, i, now_s, bill);
		if (i % (ATTEMPTS / (RESTARTS + 1)) == ATTEMPTS / (RESTARTS + 1) - 1)
			restart(world);
		/* Nothing may be sent to a number twice within a minute, not even then. */
		if (i % 1000 == 999)
			expect_person_gets_in(world->db, "+8613900000000", now_s += 2 * MINUTE);
	}
}

static void one_number_is_not_bombed(void **state)
{
	static struct bill bill;

	attack(*state, ONE_NUMBER, &bill);
	print_message("one number: %d messages for %d attempts\n", bill.n, ATTEMPTS);
	assert_in_range(most_within(&bill, MINUTE), 1, 1);
	assert_in_range(most_within(&bill, HOUR), 1, BUDGET_STRANGER_HOUR);
	assert_in_range(most_within(&bill, DAY), 1, BUDGET_STRANGER_DAY);
}

static void many_numbers_stay_within_the_budget(void **state)
{
	static struct bill bill;

	attack(*state, MANY_NUMBERS, &bill);
	print_message("%d numbers: %d messages for %d attempts\n", NUMBERS, bill.n, ATTEMPTS);
	assert_in_range(most_within(&bill, HOUR), BUDGET_STRANGERS_HOUR / 2,
			BUDGET_STRANGERS_HOUR);
	assert_in_range(most_within(&bill, DAY), BUDGET_STRANGERS_HOUR,
			BUDGET_STRANGERS_HOUR * 24);
	for (int i = 0; i < NUMBERS; i++)
		assert_in_range(bill.per_number[i], 0, 3 * BUDGET_STRANGER_DAY);
}

/* The same for users who are not there, so that nothing shows who is. */
static void unknown_users_are_counted_in_the_same_budget(void **state)
{
	static struct bill bill;

	attack(*state, NOBODY, &bill);
	print_message("unknown users: %d counted for %d attempts\n", bill.n, ATTEMPTS);
	assert_in_range(most_within(&bill, HOUR), BUDGET_STRANGERS_HOUR / 2,
			BUDGET_STRANGERS_HOUR);
}

/* --- guessing --- */

struct guesses {
	int per_day[400];
	int n, most_a_day;               /* within any 24 hours */
	bool blocked;
};

/* As often as the limits let him, with a fresh code whenever he gets one. The owner logs in every
 * `owner_days`, which forgives; 0: never. */
static void guess(struct db *db, bool is_proved, int owner_days, int days, struct guesses *ret)
{
	const struct budget_asker owner = asker_at("jane", "203.0.113.5");
	struct budget_asker attacker = asker_at("jane", "198.51.100.1");
	int64_t last_ten_s[11] = { 0 };

	*ret = (struct guesses){ 0 };
	attacker.is_proved = is_proved;
	login_granted(db, "jane", "203.0.113.5", START - DAY);
	for (int64_t now_s = START; now_s < START + days * DAY && !ret->blocked;
	     now_s += HOUR) {
		const int64_t since_s = now_s - START;
		int64_t wait_s;

		if (owner_days && since_s && since_s % (owner_days * DAY) == 0)
			assert_int_equal(budget_right(db, &owner), 0);
		(void)send_to(db, &attacker, now_s);
		while ((wait_s = try_code(db, &attacker, now_s)) == 0) {
			ret->per_day[since_s / DAY]++;
			last_ten_s[ret->n++ % 11] = now_s;
			if (!owner_days && ret->n > 10)
				assert_true(now_s - last_ten_s[ret->n % 11] >= DAY);
		}
		ret->blocked = wait_s == BLOCKED;
	}
	for (int day = 0; day < days; day++)
		ret->most_a_day = MAX(ret->most_a_day, ret->per_day[day]);
}

static void guessing_ends_at_fifty(void **state)
{
	struct guesses guesses;

	guess(*state, false, 0, 365, &guesses);
	assert_in_range(guesses.most_a_day, 1, BUDGET_WRONG_STRANGER_DAY);
	assert_true(guesses.blocked);
	assert_int_equal(guesses.n, BUDGET_WRONG_ROW);
}

static void whoever_has_the_password_guesses_ten_times_a_day(void **state)
{
	struct guesses guesses;

	guess(*state, true, 0, 365, &guesses);
	assert_in_range(guesses.most_a_day, 1, BUDGET_WRONG_DAY);
	assert_true(guesses.blocked);
	assert_int_equal(guesses.n, BUDGET_WRONG_ROW);
}

/* Of n guesses at six digits one is right: percent; without libm. */
static double odds(int n)
{
	double none = 1;

	for (int i = 0; i < n; i++)
		none *= 1 - 1e-6;
	return (1 - none) * 100;
}

static void expect_odds(int n, int digits, const char *expected)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.*g", digits, odds(n));
	assert_string_equal(text, expected);
}

static char *read_manual(void)
{
	static const char path[] = TEST_SOURCE_DIR "/../man/jauth-sms.7";
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 1 << 16);

	assert_non_null(file);
	assert_non_null(text);
	assert_in_range(fread(text, 1, (1 << 16) - 1, file), 1, (1 << 16) - 2);
	(void)fclose(file);
	return text;
}

static const struct odds_case {
	int a_day;
	const char *day, *year;          /* percent */
} odds_cases[] = {
	{ 3, "0.0003", "0.11" }, { 10, "0.001", "0.36" }, { 100, "0.01", "3.6" },
};

static void the_odds_are_those_of_the_manual(void **state UNUSED)
{
	_cleanup_free_ char *manual = read_manual();
	char line[64];

	for (size_t i = 0; i < N_ELEMENTS(odds_cases); i++) {
		const struct odds_case *row = &odds_cases[i];

		expect_odds(row->a_day, 1, row->day);
		expect_odds(row->a_day * 365, 2, row->year);
		(void)snprintf(line, sizeof(line), "\n%d\t%s %%\t%s %%\n", row->a_day, row->day,
			       row->year);
		assert_non_null(strstr(manual, line));
	}
}

/* Counted rather than computed: an owner who logs in every day forgives whatever was guessed, so
 * that the row of fifty never ends it. */
static void a_year_of_guessing_has_the_odds_of_ten_a_day(void **state)
{
	struct guesses guesses;

	guess(*state, true, 1, 365, &guesses);
	assert_false(guesses.blocked);
	assert_int_equal(guesses.most_a_day, BUDGET_WRONG_DAY);
	assert_in_range(guesses.n, 364 * BUDGET_WRONG_DAY, 365 * BUDGET_WRONG_DAY);
	print_message("%d guesses a day: %.1g %% a day, %.2g %% a year\n", guesses.most_a_day,
		      odds(guesses.most_a_day), odds(guesses.n));
	expect_odds(guesses.most_a_day, 1, odds_cases[1].day);
	expect_odds(guesses.n, 2, odds_cases[1].year);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(one_number_is_not_bombed),
		WORLD_TEST(many_numbers_stay_within_the_budget),
		WORLD_TEST(unknown_users_are_counted_in_the_same_budget),
		BUDGET_TEST(guessing_ends_at_fifty),
		BUDGET_TEST(whoever_has_the_password_guesses_ten_times_a_day),
		cmocka_unit_test(the_odds_are_those_of_the_manual),
		BUDGET_TEST(a_year_of_guessing_has_the_odds_of_ten_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
