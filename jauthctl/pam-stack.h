/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stacks of /etc/pam.d, as pam.conf(5) says they are read.
 *
 * A stack is what one service does for one type of call (auth, account, …), with the files that
 * it includes laid out in its place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define PAM_FOLDER    "/etc/pam.d"
#define PAM_TEXT_MAX  (64 * 1024)
#define PAM_LINES_MAX 1000
#define PAM_DEPTH_MAX 16
#define PAM_FILES_MAX 200

struct pam_line {
	char *control;                   /* "required", "[success=done default=die]" */
	char *module;
	char *arguments;                 /* "": none */
	char *file;                      /* where it stands */
	unsigned number;
	bool is_in_substack;
};

struct pam_stack {
	struct pam_line *lines;
	size_t n_lines;
	bool is_whole;                   /* false: a file is missing, or they are too many */
};

/* 0, or -errno when the service has no file in `folder`. `type` is "auth", … */
int pam_stack_read(const char *folder, const char *service, const char *type,
		   struct pam_stack *ret_stack);
void pam_stack_done(struct pam_stack *stack);

/* The first line from number `from` on that calls this module, whatever its folder; n_lines: none
 * does. */
size_t pam_stack_find(const struct pam_stack *stack, size_t from, const char *module);
/* Whether its last part is `module`. */
bool pam_line_calls(const struct pam_line *line, const char *module);

/* What the control does about a result of the module, such as "auth_err": "ok", "done", "bad",
 * "die", "ignore", "reset" or a number of lines to skip. Into `ret_action`. */
#define PAM_ACTION_SIZE 16
void pam_action(const char *control, const char *result, char ret_action[PAM_ACTION_SIZE]);

/* Whether a name may be one of a service here: letters, digits, "-", "_", ".", no "." first. */
bool pam_service_is_valid(const char *name);

/* A whole file; 0 or -errno, -ELOOP for a symbolic link, -EINVAL for no regular file. */
int pam_file_read(const char *path, struct buf *ret_text);

/* Lines "@include common-TYPE" of auth, account and password become "TYPE substack SAMPLE"; and the
 * reverse. How many. */
unsigned pam_text_add(const char *text, const char *sample, struct buf *ret_text);
unsigned pam_text_remove(const char *text, struct buf *ret_text);
