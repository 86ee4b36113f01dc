/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/directory-file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/people-list.h"
#include "base/text.h"
#include "jauthd/phones.h"

#define MARK_SIZE (2 * SHA256_BYTES + 1)

struct sealed {
	unsigned char number[PHONE_SEALED_MAX];
	size_t len;
	char mark[MARK_SIZE];
};

struct directory_file {
	struct people_list *list;        /* its numbers are wiped */
	struct sealed *numbers;          /* one for each row */
};

const char *directory_file_path(const struct method *method)
{
	const struct provider *provider = method->provider;

	return provider->list_file ? provider->list_file(method->config) : NULL;
}

/* --- on the store's thread --- */

static int seal(struct db *db, const char *number, struct sealed *ret_sealed)
{
	struct buf sealed = BUF_INIT(PHONE_SEALED_MAX), mark = BUF_INIT(MARK_SIZE);
	unsigned char hash[SHA256_BYTES];
	int r = phone_seal(db, number, &sealed);

	if (r == 0)
		r = phone_hash(db, number, hash);
	if (r == 0) {
		memcpy(ret_sealed->number, sealed.data, sealed.len);
		ret_sealed->len = sealed.len;
		hex_add(&mark, hash, sizeof(hash));
		(void)text_into(ret_sealed->mark, sizeof(ret_sealed->mark), buf_text(&mark));
	}
	buf_done(&sealed);
	buf_done(&mark);
	return r;
}

static int seal_all(struct db *db, struct directory_file *file)
{
	struct people_list *list = file->list;
	int r = 0;

	file->numbers = calloc(list->n_rows + 1, sizeof(*file->numbers));
	if (!file->numbers)
		abort();
	for (size_t i = 0; r == 0 && i < list->n_rows; i++)
		r = seal(db, list->rows[i].number, &file->numbers[i]);
	people_list_wipe(list);
	return r;
}

int directory_file_read(struct db *db, const struct config *config, const char *path,
			struct directory_file **ret_file, struct buf *why)
{
	const struct phone_country *country = config->country ? &config->phone_country : NULL;
	struct directory_file *file = calloc(1, sizeof(*file));
	int r;

	if (!file)
		abort();
	r = people_list_read(path, country, &file->list, why);
	if (r == 0) {
		r = seal_all(db, file);
		if (r < 0)
			buf_add_format(why, "the numbers cannot be sealed: %s", strerror(-r));
	}
	if (r < 0) {
		directory_file_free(file);
		return r;
	}
	*ret_file = file;
	return 0;
}

struct directory_file *directory_file_free(struct directory_file *file)
{
	if (!file)
		return NULL;
	people_list_free(file->list);
	free(file->numbers);
	free(file);
	return NULL;
}

/* --- on the loop --- */

static void tell_row(const struct directory_file *file, const struct people_list_place *place,
		     struct listing *listing)
{
	const struct people_list_row *row = &file->list->rows[place->row];
	const struct sealed *sealed = &file->numbers[place->row];
	const struct listing_number number = { sealed->number, sealed->len };
	const struct identity identity = {
		.issuer = ISSUER_LIST,
		.subject = row->name,
		.display = row->full_name,
		.attributes = { { "userid", row->name } },
		.n_attributes = 1,
	};

	listing_numbered_member(listing, &(struct listed_member){
		.identity = &identity,
		.department = place->group,
		.mark = sealed->mark,
		.state = MEMBER_ACTIVE,
	}, &number);
}

/* They stand in order: one group after the other. */
static bool begins_group(const struct people_list *list, size_t i)
{
	return i == 0 || !text_equals(list->places[i].group, list->places[i - 1].group);
}

static void tell_group(struct listing *listing, const char *group)
{
	if (*group)
		listing_department(listing, &(struct listed_department){
			.id = group, .name = group,
		});
}

void directory_file_tell(const struct directory_file *file, struct listing *listing)
{
	const struct people_list *list = file->list;

	for (size_t i = 0; i < list->n_places; i++) {
		const char *group = list->places[i].group;

		if (begins_group(list, i))
			tell_group(listing, group);
		tell_row(file, &list->places[i], listing);
		if (i + 1 == list->n_places || begins_group(list, i + 1))
			listing_done(listing, group);
	}
}
