/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * free() and realloc() that wipe what they give back.
 *
 * Libraries (OpenSSL, curl, jansson, libdbus) keep copies of passwords and tokens in memory that
 * they free as it is. A program that has this object among its own takes the place of the C
 * library's two functions for everybody in the process, glibc itself included: its calls go
 * through the same symbols (glibc manual, "Replacing malloc"). malloc() and its kin stay
 * glibc's, so the blocks are glibc's too. Nothing else gives memory back: reallocarray() calls
 * realloc(), and freed mappings go to the kernel, which hands out zeroed pages only.
 *
 * A sanitizer brings an allocator of its own, whose blocks must not reach glibc's.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_OTHER_ALLOCATOR 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_OTHER_ALLOCATOR 1
#endif

#ifndef HAS_OTHER_ALLOCATOR

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

/* glibc exports its own functions under these names for replacements such as this one. */
void __libc_free(void *block);

void free(void *block)
{
	if (!block)
		return;
	explicit_bzero(block, malloc_usable_size(block));
	__libc_free(block);
}

/*
 * glibc's own would free the old block, or cut off its end, unwiped. So: a block that stays large
 * enough and is not much too large is kept and its end wiped, otherwise the content moves.
 */
void *realloc(void *block, size_t size)
{
	size_t had = block ? malloc_usable_size(block) : 0;
	void *moved;

	if (block && !size) {
		free(block);
		return NULL;
	}
	if (block && size <= had && size >= had / 2) {
		explicit_bzero((char *)block + size, had - size);
		return block;
	}
	moved = malloc(size);
	if (!moved)
		return NULL;
	if (block)
		memcpy(moved, block, MIN(had, size));
	free(block);
	return moved;
}

#else
/* ISO C wants a declaration in every file. */
typedef int wipe_free_is_off;
#endif
