/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the login type `totp` share: totp.c logs in, totp-enrol.c binds a key. */
#pragma once

#include "providers/provider.h"

#define TOTP_RECOVERY_CODES 10
#define RECOVERY_BYTES      10       /* 80 bits, */
#define RECOVERY_CHARS      16       /* which are just as many digits of base32 */

struct totp_config {
	int64_t digits;
	int algorithm;                       /* index into totp_algorithms */
	int64_t period_s;
	int64_t window;
	char *issuer;                        /* NULL: the host's name */
};

enum totp_state {
	TOTP_ASK,
	TOTP_CHECKING,
	TOTP_TRYING,
	TOTP_STORING,
	TOTP_SHOWN,
};

struct totp_login {
	enum totp_state state;
	unsigned n_prompts;
	/* enrolling */
	struct secret *key;
	struct secret *recovery[TOTP_RECOVERY_CODES];
};

struct totp_algorithm {
	enum digest_kind digest;
	size_t key_bytes;                    /* as long as the digest: RFC 4226 section 4, R6 */
};

/* In the order of the words of the key `algorithm`. */
extern const struct totp_algorithm totp_algorithms[];

/* totp-enrol.c; its part of totp.c's states. */
void totp_enrol(struct login *login);
void totp_try(struct login *login, const struct secret *answer);
void totp_stored(struct login *login, uint32_t number, int error);
