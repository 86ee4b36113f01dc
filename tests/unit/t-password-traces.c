/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * password.c leaves nothing of a password behind: after each hash the memory of the whole process,
 * the stack of the thread that hashed included, is searched for it. What a core dump would show is
 * just that memory.
 *
 * The password is kept here with every bit turned, so that the search does not find its own needle.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/password.h"

#define PASSWORD_LEN 29
#define FOUND_PART   8           /* bytes in a row that count as a trace */
#define BLOCK        65536

/* ~"correct-battery-staple-41-Hno" */
static const unsigned char turned[PASSWORD_LEN] = {
	0x9c, 0x90, 0x8d, 0x8d, 0x9a, 0x9c, 0x8b, 0xd2, 0x9d, 0x9e, 0x8b, 0x8b, 0x9a, 0x8d, 0x86,
	0xd2, 0x8c, 0x8b, 0x9e, 0x8f, 0x93, 0x9a, 0xd2, 0xcb, 0xce, 0xd2, 0xb7, 0x91, 0x90,
};

static const char *const prefixes[] = {
	"$y$", "$gy$", "$7$", "$6$rounds=1000$", "$5$rounds=1000$", "$2b$", "$1$",
};

struct hasher {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum { WAITING, HASHING, ENDING } order;
	const char *prefix;
	bool is_right;
};

static struct secret *make_password(void)
{
	struct secret *password = secret_new(turned, sizeof(turned));

	assert_non_null(password);
	for (size_t i = 0; i < password->len; i++)
		password->data[i] = (char)~password->data[i];
	return password;
}

static void hash_once(struct hasher *hasher)
{
	_cleanup_secret_ struct secret *password = make_password();
	char hash[PASSWORD_HASH_SIZE] = "";

	hasher->is_right = password_hash_make(password, hasher->prefix, hash, sizeof(hash)) == 0 &&
			   password_hash_matches(hash, password);
}

/* Waits between hashes like a hash thread of the daemon: its stack stays as the hash left it. */
static void *hasher_main(void *argument)
{
	struct hasher *hasher = argument;

	pthread_mutex_lock(&hasher->lock);
	while (hasher->order != ENDING) {
		if (hasher->order == HASHING) {
			hash_once(hasher);
			hasher->order = WAITING;
			pthread_cond_broadcast(&hasher->changed);
		}
		pthread_cond_wait(&hasher->changed, &hasher->lock);
	}
	pthread_mutex_unlock(&hasher->lock);
	return NULL;
}

static void give_order(struct hasher *hasher, int order)
{
	pthread_mutex_lock(&hasher->lock);
	hasher->order = order;
	pthread_cond_broadcast(&hasher->changed);
	while (hasher->order == HASHING)
		pthread_cond_wait(&hasher->changed, &hasher->lock);
	pthread_mutex_unlock(&hasher->lock);
}

static unsigned char password_byte(size_t i)
{
	return turned[i] ^ 0xff;
}

static bool is_trace(const unsigned char *bytes, size_t from)
{
	for (size_t i = 0; i < FOUND_PART; i++)
		if (bytes[i] != password_byte(from + i))
			return false;
	return true;
}

/* Every part of the password of FOUND_PART bytes, anywhere in the block. */
static unsigned count_traces(const unsigned char *bytes, size_t len)
{
	unsigned n = 0;

	for (size_t at = 0; at + FOUND_PART <= len; at++)
		for (size_t from = 0; from + FOUND_PART <= PASSWORD_LEN; from++)
			n += is_trace(bytes + at, from);
	return n;
}

static unsigned search_range(int memory, unsigned char *block, unsigned long from, unsigned long to)
{
	unsigned n = 0;

	for (; from < to; from += BLOCK - (FOUND_PART - 1)) {
		size_t len = MIN(to - from, (unsigned long)BLOCK);
		ssize_t got = pread(memory, block, len, (off_t)from);

		if (got > 0)
			n += count_traces(block, (size_t)got);
	}
	return n;
}

/* All that is private and can be written. The search's own block is shared, and so left out. */
static unsigned search_memory(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned char *block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char line[512];
	unsigned n = 0;

	assert_true(maps && memory >= 0 && block != MAP_FAILED);
	while (fgets(line, sizeof(line), maps)) {
		char *end;
		unsigned long from = strtoul(line, &end, 16);
		unsigned long to = strtoul(end + 1, &end, 16);

		if (strncmp(end, " rw-p", 5) == 0 || strncmp(end, " rwxp", 5) == 0)
			n += search_range(memory, block, from, to);
	}
	fclose(maps);
	close(memory);
	(void)munmap(block, BLOCK);
	return n;
}

static void the_search_finds_a_password_that_is_there(void **state UNUSED)
{
	struct secret *password = make_password();

	assert_true(search_memory() > 0);
	(void)secret_free(password);
	assert_int_equal(search_memory(), 0);
}

static void no_method_leaves_the_password_in_memory(void **state UNUSED)
{
	struct hasher hasher = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, WAITING, NULL,
				 false };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, hasher_main, &hasher), 0);
	for (size_t i = 0; i < N_ELEMENTS(prefixes); i++) {
		unsigned n;

		hasher.prefix = prefixes[i];
		give_order(&hasher, HASHING);
		assert_true(hasher.is_right);
		n = search_memory();
		if (n > 0)
			fail_msg("%s left %u traces", prefixes[i], n);
	}
	give_order(&hasher, ENDING);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_search_finds_a_password_that_is_there),
		cmocka_unit_test(no_method_leaves_the_password_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
