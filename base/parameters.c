/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over a copy that is cut and decoded where it stands; see parameters.h. */
#include "base/parameters.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: what is decoded is never longer. */
static int decode(char *text)
{
	const char *from = text;
	char *to = text;

	for (; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from == '+' ? ' ' : *from;
			continue;
		}
		high = hex_value(from[1]);
		low = high < 0 ? -1 : hex_value(from[2]);
		if (low < 0)
			return -EINVAL;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return text_is_line(text, (size_t)(to - text)) ? 0 : -EINVAL;
}

static const struct parameter *find(const struct parameters *parameters, const char *name)
{
	for (size_t i = 0; i < parameters->n; i++)
		if (text_equals(parameters->list[i].name, name))
			return &parameters->list[i];
	return NULL;
}

static int add(struct parameters *parameters, char *part)
{
	char *value = strchr(part, '=');

	if (value)
		*value++ = '\0';
	else
		value = part + strlen(part);
	if (decode(part) < 0 || decode(value) < 0 || !*part || find(parameters, part))
		return -EINVAL;
	if (parameters->n == PARAMETERS_MAX)
		return -E2BIG;
	parameters->list[parameters->n++] = (struct parameter) { part, value };
	return 0;
}

int parameters_parse(const char *text, size_t max_len, struct parameters *ret_parameters)
{
	struct parameters parameters = { .text_len = strnlen(text, max_len + 1) };
	char *rest, *part;
	int r = 0;

	if (parameters.text_len > max_len)
		return -E2BIG;
	rest = parameters.text = text_copy(text);
	while (r == 0 && (part = strsep(&rest, "&")))
		if (*part)
			r = add(&parameters, part);
	if (r < 0)
		parameters_done(&parameters);
	else
		*ret_parameters = parameters;
	return r;
}

void parameters_done(struct parameters *parameters)
{
	if (parameters->text)
		explicit_bzero(parameters->text, parameters->text_len);
	free(parameters->text);
	*parameters = (struct parameters) { 0 };
}

bool parameters_has(const struct parameters *parameters, const char *name)
{
	return find(parameters, name) != NULL;
}

const char *parameters_text(const struct parameters *parameters, const char *name, size_t max_len)
{
	const struct parameter *parameter = find(parameters, name);

	if (!parameter || !*parameter->value || strlen(parameter->value) > max_len)
		return NULL;
	return parameter->value;
}
