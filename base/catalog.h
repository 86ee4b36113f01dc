/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Translations in several languages at once.
 *
 * gettext(3) speaks the one language of the process; the daemon speaks that of each login. The
 * files are those that msgfmt makes: DIR/LANGUAGE/LC_MESSAGES/jauth.mo, little-endian on every
 * machine (po/po.mk says so to msgfmt), one text per message, UTF-8.
 */
#pragma once

#include <stddef.h>

#include "base/macro.h"

#define CATALOG_MAX (1u << 20)           /* bytes of a file */

struct catalog;                          /* one language */

/* Takes `data`, from malloc, on success only. 0, or -EBADMSG unless it is a catalog whole and
 * right: every text inside the file, ended by NUL, without one within, valid UTF-8; the messages
 * in order; each translation with the same printf conversions as its message. */
int catalog_new(char *data, size_t len, struct catalog **ret_catalog);
struct catalog *catalog_free(struct catalog *catalog);   /* NULL is fine; returns NULL */

/* The translation of exactly this message, owned by the catalog, or NULL. */
const char *catalog_text(const struct catalog *catalog, const char *message);

struct catalogs;                         /* all languages; read-only once opened */

/* Reads what there is below `dir`. A language without a file is spoken in English; one with a
 * broken file, too, with a warning in the log. Aborts when there is no memory. */
struct catalogs *catalogs_open(const char *dir);
struct catalogs *catalogs_free(struct catalogs *catalogs);       /* NULL is fine; returns NULL */

/* `message` in `language`, which is written as in LANG ("zh_CN.UTF-8", "zh", "zh-SG"); itself
 * where the language, or its codeset, is not one of ours, or either of the first two is NULL. */
const char *catalogs_text(const struct catalogs *catalogs, const char *language,
			  const char *message) __attribute__((format_arg(3)));

static inline void catalog_free_pointer(struct catalog **catalog)
{
	*catalog = catalog_free(*catalog);
}

#define _cleanup_catalog_ _cleanup_(catalog_free_pointer)
