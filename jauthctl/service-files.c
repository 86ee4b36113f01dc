/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/service-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define BOOT_ID       "/proc/sys/kernel/random/boot_id"
#define PENDING_BYTES 1024
#define MODULE        "pam_jauth.so"

static bool type_has_jauth(const char *name, const char *type)
{
	struct pam_stack stack;
	bool has_it;

	if (pam_stack_read(PAM_FOLDER, name, type, &stack) < 0)
		return false;
	has_it = pam_stack_find(&stack, 0, MODULE) < stack.n_lines;
	pam_stack_done(&stack);
	return has_it;
}

bool service_has_jauth(const char *name)
{
	return type_has_jauth(name, "auth") || type_has_jauth(name, "account") ||
	       type_has_jauth(name, "password");
}

/* --- opening --- */

static enum exit_code lock_folder(int folder, enum service_lock lock)
{
	struct stat st;

	if (folder < 0 || fstat(folder, &st) < 0)
		complain("%s: %s", SERVICE_FOLDER, strerror(errno));
	else if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		complain(N_("%s must belong to root and be writable for nobody else"),
			 SERVICE_FOLDER);
	else if (flock(folder, LOCK_EX | (lock == SERVICE_TRY ? LOCK_NB : 0)) < 0)
		complain(N_("another jauthctl service is at work"));
	else
		return EXIT_DONE;
	return EXIT_NO;
}

void service_look(const char *name, struct service *ret_service)
{
	*ret_service = (struct service){
		.name = text_copy(name),
		.stack = text_format(PAM_FOLDER "/%s", name),
		.before = text_format(SERVICE_FOLDER "/%s.before", name),
		.pending = text_format(SERVICE_FOLDER "/%s" SERVICE_PENDING, name),
		.folder = -1,
	};
}

enum exit_code service_open(const char *name, enum service_lock lock, struct service *ret_service)
{
	_cleanup_close_ int folder = -1;
	enum exit_code code;

	if (geteuid() != 0) {
		complain(N_("only root may change %s"), PAM_FOLDER);
		return EXIT_REFUSED;
	}
	if (!pam_service_is_valid(name)) {
		complain(N_("\"%s\" is no name of a PAM service"), name);
		return EXIT_USAGE;
	}
	(void)mkdir(SERVICE_FOLDER, 0700);       /* open() tells */
	folder = open(SERVICE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	code = lock_folder(folder, lock);
	if (code != EXIT_DONE)
		return code;
	service_look(name, ret_service);
	ret_service->folder = steal_fd(&folder);
	return EXIT_DONE;
}

void service_close(struct service *service)
{
	close_fd(&service->folder);
	service->folder = -1;
	free(steal(&service->name));
	free(steal(&service->stack));
	free(steal(&service->before));
	free(steal(&service->pending));
}

/* --- pending --- */

static int64_t boot_time_s(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

static void read_boot_id(char ret_boot[SERVICE_BOOT_MAX + 1])
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(SERVICE_BOOT_MAX);
	_cleanup_free_ char *id = NULL;

	(void)pam_file_read(BOOT_ID, &text);
	id = text_format("%.*s", (int)strcspn(buf_text(&text), "\n"), buf_text(&text));
	(void)text_into(ret_boot, SERVICE_BOOT_MAX + 1, id);
}

char **service_list_pending(void)
{
	DIR *folder = opendir(SERVICE_FOLDER);
	const struct dirent *entry;
	char **names = NULL;

	while (folder && (entry = readdir(folder))) {
		size_t len = strlen(entry->d_name);
		_cleanup_free_ char *name = NULL;

		if (!text_has_suffix(entry->d_name, SERVICE_PENDING))
			continue;
		name = text_format("%.*s", (int)(len - strlen(SERVICE_PENDING)), entry->d_name);
		if (pam_service_is_valid(name) && list_add(&names, name) < 0)
			abort();
	}
	if (folder)
		(void)closedir(folder);
	return names;
}

/* One that makes no sense is one all the same, and long overdue. */
bool service_read_pending(const struct service *service, struct service_pending *ret_pending)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(PENDING_BYTES);
	_cleanup_json_ struct json_t *json = NULL;
	const char *token, *boot, *sample;
	int r = pam_file_read(service->pending, &text);

	*ret_pending = (struct service_pending){ 0 };
	if (r < 0)
		return r != -ENOENT;
	json = json_read_object(buf_text(&text), text.len);
	if (!json)
		return true;
	token = json_text(json, "token", SERVICE_TOKEN_LEN);
	boot = json_text(json, "boot", SERVICE_BOOT_MAX);
	sample = json_text(json, "sample", sizeof(ret_pending->sample) - 1);
	if (!token || !boot || !sample ||
	    json_number(json, "until", 1, INT64_MAX, &ret_pending->until_s) < 0)
		return true;
	(void)text_into(ret_pending->token, sizeof(ret_pending->token), token);
	(void)text_into(ret_pending->boot, sizeof(ret_pending->boot), boot);
	(void)text_into(ret_pending->sample, sizeof(ret_pending->sample), sample);
	(void)json_bool(json, "made-sample", &ret_pending->made_sample);
	return true;
}

static enum exit_code write_pending(const struct service *service,
				    const struct service_pending *pending)
{
	static const struct file_kind kind = { .mode = 0600, .gid = 0, .durable = true };
	_cleanup_(buf_done) struct buf text = BUF_INIT(PENDING_BYTES);
	int r;

	buf_add_format(&text, "{\"token\": \"%s\", \"boot\": \"%s\", \"until\": %lld, "
		       "\"sample\": \"%s\", \"made-sample\": %s}\n", pending->token, pending->boot,
		       (long long)pending->until_s, pending->sample,
		       pending->made_sample ? "true" : "false");
	r = buf_failed(&text) ? -E2BIG : file_replace(service->pending, &kind, text.data, text.len);
	if (r == 0)
		return EXIT_DONE;
	complain(N_("%s cannot be written: %s"), service->pending, strerror(-r));
	return EXIT_NO;
}

int64_t service_left_s(const struct service_pending *pending)
{
	char boot[SERVICE_BOOT_MAX + 1];

	read_boot_id(boot);
	return text_equals(boot, pending->boot) ? MAX(pending->until_s - boot_time_s(), 0) : 0;
}

bool service_is_overdue(const struct service_pending *pending)
{
	return service_left_s(pending) == 0;
}

/* --- the PAM file --- */

enum exit_code service_begin(const struct service *service, int64_t for_s,
			     struct service_pending *ret_pending)
{
	struct service_pending pending = { .until_s = boot_time_s() + for_s };
	_cleanup_(buf_done) struct buf text = BUF_INIT(PAM_TEXT_MAX), id = BUF_INIT(64);
	_cleanup_free_ char *sample = NULL;
	uint8_t bytes[SERVICE_TOKEN_LEN / 2];
	enum exit_code code;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		complain(N_("there is no random number: %s"), strerror(errno));
		return EXIT_NO;
	}
	hex_add(&id, bytes, sizeof(bytes));
	(void)text_into(pending.token, sizeof(pending.token), buf_text(&id));
	read_boot_id(pending.boot);
	(void)text_into(pending.sample, sizeof(pending.sample), service_sample(service->name));
	sample = text_format(PAM_FOLDER "/%s", pending.sample);
	pending.made_sample = access(sample, F_OK) < 0 && errno == ENOENT;

	code = pam_file_load(service->stack, &text);
	if (code == EXIT_DONE)
		code = pam_file_write(service->before, service->stack, &text);
	if (code == EXIT_DONE)
		code = write_pending(service, &pending);
	*ret_pending = pending;
	return code;
}

enum exit_code service_put(const struct service *service, struct service_pending *pending)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(PAM_TEXT_MAX);
	_cleanup_(buf_done) struct buf changed = BUF_INIT(PAM_TEXT_MAX + 4096);
	enum exit_code code = EXIT_DONE;

	/* One that is there is the sysadmin's, with his options. */
	if (pending->made_sample)
		code = sample_put(pending->sample);

	if (code == EXIT_DONE)
		code = pam_file_load(service->stack, &text);
	if (code != EXIT_DONE)
		return code;
	(void)pam_text_add(buf_text(&text), pending->sample, &changed);
	return pam_file_write(service->stack, service->stack, &changed);
}

/* Whether the file holds what we made of the backup, and nobody else had a hand in it. */
static bool is_ours(const struct buf *now, const struct buf *before, const char *sample)
{
	_cleanup_(buf_done) struct buf changed = BUF_INIT(PAM_TEXT_MAX + 4096);

	(void)pam_text_add(buf_text(before), sample, &changed);
	return text_equals(buf_text(now), buf_text(&changed));
}

/* Without a backup that fits, our lines are taken out of what stands there now. */
static enum exit_code restore(const struct service *service)
{
	_cleanup_(buf_done) struct buf now = BUF_INIT(PAM_TEXT_MAX);
	_cleanup_(buf_done) struct buf before = BUF_INIT(PAM_TEXT_MAX);
	_cleanup_(buf_done) struct buf without = BUF_INIT(PAM_TEXT_MAX + 4096);
	const char *sample = service_sample(service->name);
	enum exit_code code;

	if (access(service->stack, F_OK) < 0 && errno == ENOENT)
		return EXIT_DONE;        /* its package is gone */
	code = pam_file_load(service->stack, &now);
	if (code != EXIT_DONE)
		return code;
	/* A rename needs no room on a disk that is full. */
	if (sample && pam_file_read(service->before, &before) == 0 &&
	    is_ours(&now, &before, sample))
		return file_rename(service->before, service->stack) == 0 ? EXIT_DONE :
		       pam_file_write(service->stack, service->stack, &before);
	return pam_text_remove(buf_text(&now), &without) > 0 ?
	       pam_file_write(service->stack, service->stack, &without) : EXIT_DONE;
}

/* --- the ends --- */

static enum exit_code remove_file(const struct service *service, const char *path)
{
	if ((unlink(path) < 0 && errno != ENOENT) || fsync(service->folder) < 0) {
		complain(N_("%s cannot be removed: %s"), path, strerror(errno));
		return EXIT_NO;
	}
	return EXIT_DONE;
}

/* What a kill in the middle of writing may have left. */
static void remove_asides(const struct service *service, const struct service_pending *pending)
{
	_cleanup_free_ char *sample = text_format(PAM_FOLDER "/%s", pending->sample);
	const char *const paths[] = { service->stack, service->before, service->pending, sample };

	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		_cleanup_free_ char *aside = text_format("%s.tmp", paths[i]);

		(void)unlink(aside);
	}
}

enum exit_code service_undo(const struct service *service)
{
	struct service_pending pending;
	enum exit_code code;

	(void)service_read_pending(service, &pending);
	code = restore(service);
	if (code != EXIT_DONE)
		return code;
	remove_asides(service, &pending);        /* they name it, too */
	if (pending.made_sample && pam_service_is_valid(pending.sample))
		sample_remove(pending.sample);
	code = remove_file(service, service->before);
	return code == EXIT_DONE ? remove_file(service, service->pending) : code;
}

enum exit_code service_keep(const struct service *service)
{
	return remove_file(service, service->pending);
}

enum exit_code service_take_out(const struct service *service)
{
	const char *sample = service_sample(service->name);
	enum exit_code code = restore(service);

	if (code != EXIT_DONE)
		return code;
	if (sample)
		sample_remove(sample);
	return remove_file(service, service->before);
}
