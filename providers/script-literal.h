/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data in the scripts of a page. An object literal of JavaScript differs from JSON in names without
 * quotes, texts in single quotes, and a comma behind the last member; this writes it down as JSON,
 * and whoever reads that sees whether it was one. Nothing is evaluated: a literal that holds more
 * than names, texts, numbers, true, false, null and others of its kind is none.
 */
#pragma once

#include "base/buf.h"

/* Appends the literal that `text` begins with; where it ends, or NULL. */
const char *script_literal_to_json(const char *text, struct buf *json);
/* The value of the one `NAME = {…}` in a page, as JSON. False: there is none, several, or another
 * value. */
bool script_literal_find(const char *page, const char *name, struct buf *json);
