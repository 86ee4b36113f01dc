/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The query of a callback, as any telephone may send it. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/parameters.h"
#include "base/relay-protocol.h"
#include "base/text.h"
#include "base/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_one(const struct parameters *parameters, const struct parameter *one)
{
	if (!one->name[0] || !text_is_line(one->name, strlen(one->name)) ||
	    !text_is_line(one->value, strlen(one->value)))
		abort();
	/* No other one has this name. */
	if (one->value[0] &&
	    parameters_text(parameters, one->name, RELAY_CALLBACK_MAX) != one->value)
		abort();
}

/* Encoded again it is read in the same way. */
static void check_again(const struct parameters *parameters)
{
	struct buf form = BUF_INIT(4 * RELAY_CALLBACK_MAX);
	struct parameters again;

	for (size_t i = 0; i < parameters->n; i++)
		form_add(&form, parameters->list[i].name, parameters->list[i].value);
	if (parameters_parse(buf_text(&form), form.max, &again) < 0 || again.n != parameters->n)
		abort();
	for (size_t i = 0; i < again.n; i++)
		if (!text_equals(again.list[i].name, parameters->list[i].name) ||
		    !text_equals(again.list[i].value, parameters->list[i].value))
			abort();
	parameters_done(&again);
	buf_done(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parameters parameters;
	_cleanup_free_ char *text = malloc(size + 1);
	int r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	r = parameters_parse(text, RELAY_CALLBACK_MAX, &parameters);
	if (r < 0) {
		if (r != -EINVAL && r != -E2BIG)
			abort();
		return 0;
	}
	for (size_t i = 0; i < parameters.n; i++)
		check_one(&parameters, &parameters.list[i]);
	check_again(&parameters);
	parameters_done(&parameters);
	return 0;
}
