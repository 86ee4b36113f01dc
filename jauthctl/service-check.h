/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must be right before jauth may be put into a service. Functions complain. */
#pragma once

#include "base/conf.h"
#include "jauthctl/service-files.h"

/* Everything that needs no lock: the service, jauthd and its policy, sshd. */
enum exit_code service_check(struct ctl *ctl, const char *name);
/* Nobody else was faster. */
enum exit_code service_check_unused(const struct service *service);
/* Whether a trial of this user would show anything. */
enum exit_code service_check_user(struct ctl *ctl, const char *name, const char *user);

/* The services of /etc/pam.d that people log in by, sorted; the list is the caller's. */
char **service_list_all(void);
/* Whether a section of the configuration is about this service. */
bool service_has_policy(const struct conf *conf, const char *name);
