/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sshd's configuration as sshd itself understands it: sshd -T. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "jauthctl/verdict.h"

struct sshd_effective {
	struct buf lines;                /* "keyword value", keywords in lower case */
};

#define SSHD_EFFECTIVE_INIT { BUF_INIT(256 * 1024) }

bool sshd_is_installed(void);
/* 0; else -errno or sshd's exit status, and in `lines` what it says. */
int sshd_effective_read(struct sshd_effective *ret_sshd);
void sshd_effective_done(struct sshd_effective *sshd);

/* The first value of the keyword in lower case, for the caller to free; NULL: it has none. */
char *sshd_value(const struct sshd_effective *sshd, const char *keyword);
/* The three numbers of MaxStartups, "10:30:100" or "10". */
bool sshd_startups(const struct sshd_effective *sshd, int64_t ret_numbers[3]);

/* What stops people who log in by jauth; nothing when all is right. */
void sshd_judge(const struct sshd_effective *sshd, struct findings *findings);
