/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauthd --check and jauthctl check: is this configuration right? */
#pragma once

#include <stdio.h>

#include "base/conf.h"

/* Prints every mistake as "FILE:LINE: what; what would be right", or one line that all is well.
 * 0: right; 1: mistakes, or the file cannot be read. */
int config_check_main(const char *path, FILE *out);
/* One line per mistake, appended; what the bus and the log say too. */
void config_report_text(const struct conf_report *report, struct buf *buf);
