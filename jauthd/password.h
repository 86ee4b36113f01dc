/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is this the user's password? Reads accounts kept by jauth and /etc/shadow; hashes with libxcrypt.
 * Blocking: store thread for the record, worker thread for shadow and hash. A user who is unknown,
 * locked, expired, without password or paused costs one hash like anybody else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "jauthd/names.h"

#define PASSWORD_HASH_SIZE 384           /* crypt(5) and its NUL */

enum password_source { PASSWORD_FROM_NOWHERE, PASSWORD_FROM_JAUTH, PASSWORD_FROM_SHADOW };

struct password_record {
	enum password_source source;
	char hash[PASSWORD_HASH_SIZE];               /* wiped by password_record_done() */
	bool usable;                     /* not locked, empty, expired or a failure string */
	bool must_change;
};

void password_record_done(struct password_record *record);

/* One entry of /etc/shadow, all its forms: "!" and "*" in front (locked), "" (no password: never
 * right), sp_expire (account over), sp_max + sp_inact (password over), sp_lstchg 0 (must change).
 * -ENOENT when there is none. `today` in days since 1970. */
struct spwd;
void password_from_shadow(const struct spwd *entry, int64_t today,
			  struct password_record *ret_record);
/* By getspnam_r(); worker thread. */
int password_shadow_look_up(const char *user, int64_t today, struct password_record *ret_record);

/* Not locked, not empty, no failure string, and of a method that libxcrypt has. */
bool password_hash_is_usable(const char *hash);
/* crypt(3) and a comparison in constant time. False for everything that is not exactly a hash of
 * the password: failure strings ("*0", "*1"), empty settings, unknown methods. NULs in the
 * password: false. */
bool password_hash_matches(const char *hash, const struct secret *password);
/* A new hash; prefix NULL: yescrypt at libxcrypt's default cost. 0 or -errno. */
int password_hash_make(const struct secret *password, const char *prefix, char *ret_hash,
		       size_t size);
/* A hash that no password matches, to be checked for whoever has none. Made once at start. */
int password_hash_dummy(const char *prefix, char *ret_hash, size_t size);
