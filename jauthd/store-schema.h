/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schema as steps: PRAGMA user_version is the number of steps a database has gone. A step that
 * was ever released is never changed; a change is a new step at the end.
 */
#pragma once

extern const char *const store_schema[];
extern const int store_schema_version;           /* number of steps */
