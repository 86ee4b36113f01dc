/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small things the compiler offers, under readable names. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define PRINTF_LIKE(format_arg, first_arg) __attribute__((format(printf, format_arg, first_arg)))
#define UNUSED __attribute__((unused))

/* Marks a literal for translation. */
#define N_(text) text

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* A number that is a macro, as a literal. */
#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The struct in which `pointer` is the member `member`. */
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

/* Runs `function(&variable)` when the variable leaves its scope. */
#define _cleanup_(function) __attribute__((cleanup(function)))

static inline void free_pointer(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define _cleanup_free_ _cleanup_(free_pointer)
#define _cleanup_close_ _cleanup_(close_fd)

/* Ownership leaves: yields the pointer (or descriptor) and clears the variable. */
#define steal(pointer_to_pointer) \
	({ __typeof__(*(pointer_to_pointer)) stolen_ = *(pointer_to_pointer); \
	   *(pointer_to_pointer) = NULL; stolen_; })

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}
