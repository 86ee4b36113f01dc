/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stacks that come with jauth (conf/pam), which services include, and PAM files as such.
 * Functions with an exit code complain. */
#pragma once

#include "jauthctl/command.h"
#include "jauthctl/pam-stack.h"

/* The one for this service, "jauth-remote"; NULL: jauth does not belong there. */
const char *service_sample(const char *name);

/* Copies it to /etc/pam.d. */
enum exit_code sample_put(const char *sample);
/* Takes it away, unless a service includes it or the sysadmin has changed it. */
void sample_remove(const char *sample);

/* Why it cannot be read: a negative errno. */
void pam_file_complain(const char *path, int r);
enum exit_code pam_file_load(const char *path, struct buf *ret_text);
/* Whole or not at all; mode and group are those of `like`, when it is there. */
enum exit_code pam_file_write(const char *path, const char *like, const struct buf *text);
