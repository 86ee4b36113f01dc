/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only file that knows libxcrypt and the shadow database.
 *
 * Hash functions leave parts of the password where they worked: in their scratch memory, which is
 * ours and wiped, and on the stack below us, which is overwritten after every call.
 */
#include "jauthd/password.h"

#include <assert.h>
#include <crypt.h>
#include <errno.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

#define SHADOW_BUFFER_MAX 65536
#define STACK_WIPED       65536          /* more than any method of libxcrypt takes */
#define DUMMY_LEN         32

static_assert(PASSWORD_HASH_SIZE >= CRYPT_OUTPUT_SIZE, "a hash must fit");

void password_record_done(struct password_record *record)
{
	explicit_bzero(record, sizeof(*record));
}

/* "!" and "*" lock, and failure strings begin so too; "" has no password to be right. */
bool password_hash_is_usable(const char *hash)
{
	int verdict;

	if (!*hash || *hash == '!' || *hash == '*')
		return false;
	verdict = crypt_checksalt(hash);
	return verdict == CRYPT_SALT_OK || verdict == CRYPT_SALT_METHOD_LEGACY ||
	       verdict == CRYPT_SALT_TOO_CHEAP;
}

/* --- shadow --- */

/* True when `today` is more than `days` after `from`; negative days mean never. */
static bool is_later(int64_t today, int64_t from, int64_t days)
{
	return days >= 0 && today > from && today - from > days;
}

/* The password's age by shadow(5). An lstchg that is empty switches ageing off. */
static void judge_age(const struct spwd *entry, int64_t today, struct password_record *record)
{
	int64_t over;

	if (entry->sp_lstchg < 0)
		return;
	if (entry->sp_lstchg == 0) {
		record->must_change = true;
		return;
	}
	if (!is_later(today, entry->sp_lstchg, entry->sp_max))
		return;
	record->must_change = true;
	over = today - entry->sp_lstchg - entry->sp_max;
	if (entry->sp_inact >= 0 && over > entry->sp_inact)
		record->usable = false;
}

/* An expiry of 0 is read both as "never" and as "1970" by others: doubt, so it is over. */
void password_from_shadow(const struct spwd *entry, int64_t today,
			  struct password_record *ret_record)
{
	*ret_record = (struct password_record){ .source = PASSWORD_FROM_SHADOW };
	if (!entry->sp_pwdp ||
	    !text_into(ret_record->hash, sizeof(ret_record->hash), entry->sp_pwdp))
		return;
	ret_record->usable = password_hash_is_usable(ret_record->hash);
	if (entry->sp_expire >= 0 && today >= entry->sp_expire)
		ret_record->usable = false;
	judge_age(entry, today, ret_record);
}

int password_shadow_look_up(const char *user, int64_t today, struct password_record *ret_record)
{
	_cleanup_free_ char *buffer = NULL;
	struct spwd entry, *found = NULL;
	int error;

	buffer = malloc(SHADOW_BUFFER_MAX);
	if (!buffer)
		return -ENOMEM;
	error = getspnam_r(user, &entry, buffer, SHADOW_BUFFER_MAX, &found);
	if (found && strcmp(found->sp_namp, user) == 0)
		password_from_shadow(found, today, ret_record);
	else if (found || error == 0 || error == ESRCH)
		error = ENOENT;
	explicit_bzero(buffer, SHADOW_BUFFER_MAX);
	return -error;
}

/* --- hashes --- */

/* Overwrites what the function called before this one, from the same place, left below. */
static __attribute__((noinline)) void wipe_stack(void)
{
	char below[STACK_WIPED];

	explicit_bzero(below, sizeof(below));
}

/* NULs would be cut off; an empty password is nobody's. */
static bool can_be_hashed(const struct secret *password)
{
	return password->len > 0 && !memchr(password->data, '\0', password->len);
}

/* 0 and the hash by `setting`, or -EINVAL. */
static int hash_by(const struct secret *password, const char *setting, char *ret_hash, size_t size)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *hash;
	int r = -EINVAL;

	if (!data)
		return -ENOMEM;
	hash = crypt_rn(password->data, setting, data, sizeof(*data));
	wipe_stack();
	if (hash && password_hash_is_usable(hash) && text_into(ret_hash, size, hash))
		r = 0;
	explicit_bzero(data, sizeof(*data));
	free(data);
	return r;
}

bool password_hash_matches(const char *hash, const struct secret *password)
{
	_cleanup_secret_ struct secret *made = NULL;
	char again[PASSWORD_HASH_SIZE];
	int r;

	if (!can_be_hashed(password) || !password_hash_is_usable(hash))
		return false;
	r = hash_by(password, hash, again, sizeof(again));
	if (r < 0)
		return false;
	made = secret_from_text(again);
	explicit_bzero(again, sizeof(again));
	return made && secret_equals(made, hash, strlen(hash));
}

/* "$5$rounds=1000$" names a cost in crypt(5)'s own way; crypt_gensalt(3) wants it apart. */
static unsigned long prefix_cost(const char *prefix)
{
	const char *rounds = strstr(prefix, "rounds=");

	return rounds ? strtoul(rounds + strlen("rounds="), NULL, 10) : 0;
}

/* Without '$' in front libxcrypt takes any two letters for a salt of DES. */
static int make_setting(const char *prefix, char ret_setting[CRYPT_GENSALT_OUTPUT_SIZE])
{
	if (!prefix)
		prefix = "$y$";
	if (*prefix != '$' || !crypt_gensalt_rn(prefix, prefix_cost(prefix), NULL, 0, ret_setting,
						CRYPT_GENSALT_OUTPUT_SIZE))
		return -EINVAL;
	return 0;
}

int password_hash_make(const struct secret *password, const char *prefix, char *ret_hash,
		       size_t size)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	int r;

	if (!can_be_hashed(password))
		return -EINVAL;
	r = make_setting(prefix, setting);
	return r < 0 ? r : hash_by(password, setting, ret_hash, size);
}

/* A true setting, so that checking costs as much, and a digest from nobody's password: no hash
 * has to be computed for it at start. */
int password_hash_dummy(const char *prefix, char *ret_hash, size_t size)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], digest[2 * DUMMY_LEN + 1];
	int r;

	r = make_setting(prefix, setting);
	if (r == 0)
		r = random_hex(digest, DUMMY_LEN);
	if (r < 0)
		return r;
	if (snprintf(ret_hash, size, "%s$%s", setting, digest) >= (int)size)
		return -ENOBUFS;
	return 0;
}
