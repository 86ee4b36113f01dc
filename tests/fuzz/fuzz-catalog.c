/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A catalog that was taken finds each of its texts without leaving the file. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_catalog_ struct catalog *catalog = NULL;
	char *copy = malloc(size ? size : 1);
	const char *text;

	memcpy(copy, data, size);
	if (catalog_new(copy, size, &catalog) < 0) {
		free(copy);
		return 0;
	}
	text = catalog_text(catalog, "Login incorrect.");
	assert(!text || strlen(text) < size);
	assert(!catalog_text(catalog, "\n no such message \n"));
	return 0;
}
