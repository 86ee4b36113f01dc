/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of links, CSV and JSON lines: what is read is written and read back the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "jauthctl/link-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const json_t *rows, void (*write)(const json_t *rows, FILE *out))
{
	struct conf_report report = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *again;

	if (!out)
		abort();
	write(rows, out);
	fclose(out);
	again = link_file_read(text, len, "again", &report);
	if (report.n_mistakes || !json_equal(rows, again))
		abort();
	json_decref(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_report report = { 0 };
	json_t *rows = link_file_read((const char *)data, size, "fuzz", &report);

	if (!rows || json_array_size(rows) > LINK_FILE_ROWS_MAX)
		abort();
	if (json_array_size(rows)) {
		check_again(rows, link_file_write_csv);
		check_again(rows, link_file_write_json);
	}
	json_decref(rows);
	conf_report_done(&report);
	return 0;
}
