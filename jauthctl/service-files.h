/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The PAM file of one service and what is kept of it while jauth is put into it:
 *
 *	/etc/pam.d/SERVICE      what counts
 *	SERVICE.before          in /etc/jauth/services: the file as it was; stays as a backup
 *	SERVICE.pending         there, too: nobody has confirmed yet; until when, in which boot
 *
 *	before → pending → guard → sample → PAM file → confirmed: pending away
 *
 * Killed anywhere, there is the old PAM file or the new one, and who finds `pending` can undo
 * everything. Functions with an exit code complain by themselves.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "jauthctl/command.h"
#include "jauthctl/pam-stack.h"
#include "jauthctl/service-sample.h"

#define SERVICE_FOLDER  JAUTH_CONFDIR "/services"
#define SERVICE_PENDING ".pending"

#define SERVICE_TOKEN_LEN 32
#define SERVICE_BOOT_MAX  64

struct service_pending {
	char token[SERVICE_TOKEN_LEN + 1];   /* so that no guard acts for another attempt */
	char boot[SERVICE_BOOT_MAX + 1];
	int64_t until_s;                     /* on CLOCK_BOOTTIME */
	bool made_sample;                    /* its file was not there before */
	char sample[32];                     /* "jauth-remote" */
};

struct service {
	char *name;
	char *stack, *before, *pending;      /* paths */
	int folder;                          /* locked while it is open */
};

/* Who finds the lock taken is told so, or waits for it: it is never held for long. */
enum service_lock { SERVICE_TRY, SERVICE_WAIT };

enum exit_code service_open(const char *name, enum service_lock lock, struct service *ret_service);
/* Only the paths, to look. */
void service_look(const char *name, struct service *ret_service);
void service_close(struct service *service);

/* The names of all services that are pending; the list is the caller's. */
char **service_list_pending(void);
bool service_read_pending(const struct service *service, struct service_pending *ret_pending);
/* True also for one of another boot. */
bool service_is_overdue(const struct service_pending *pending);
int64_t service_left_s(const struct service_pending *pending);

/* Whether the service's stack calls pam_jauth. */
bool service_has_jauth(const char *name);

/* Writes `before` and `pending`. Nothing counts yet. */
enum exit_code service_begin(const struct service *service, int64_t for_s,
			     struct service_pending *ret_pending);
/* Puts the sample and the new PAM file in place. */
enum exit_code service_put(const struct service *service, struct service_pending *pending);
/* Everything as it was, `pending` away. */
enum exit_code service_undo(const struct service *service);
/* `pending` away, the new file stays. */
enum exit_code service_keep(const struct service *service);
/* The PAM file without jauth, whatever happened to it since; the backup goes. */
enum exit_code service_take_out(const struct service *service);
