/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/service-sample.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define SAMPLES JAUTH_PAM_SAMPLES

/* Reached by nobody from elsewhere: the machine's passwords serve when jauth is not there. */
static const char *const console_services[] = {
	"login", "lightdm", "gdm-password", "sddm", "greetd", NULL
};

/* Others depend on these, or nobody can answer there. */
static const char *const not_for_jauth[] = {
	"other", "cron", "atd", "systemd-user", "runuser", "runuser-l", "chpasswd", "newusers",
	"gdm-launch-environment", "lightdm-greeter", "sddm-greeter", NULL
};

static bool is_among(const char *const *names, const char *name)
{
	while (*names && !text_equals(*names, name))
		names++;
	return *names;
}

const char *service_sample(const char *name)
{
	if (is_among(not_for_jauth, name) || text_has_prefix(name, "common-") ||
	    text_has_prefix(name, "jauth-"))
		return NULL;
	return is_among(console_services, name) ? "jauth-console" : "jauth-remote";
}

/* --- files --- */

enum exit_code pam_file_write(const char *path, const char *like, const struct buf *text)
{
	struct file_kind kind = { .mode = 0644, .gid = 0, .durable = true };
	struct stat st;
	int r;

	if (lstat(like, &st) == 0 && S_ISREG(st.st_mode)) {
		kind.mode = st.st_mode & 07777;
		kind.gid = st.st_gid;
	}
	r = buf_failed(text) ? -EFBIG : file_replace(path, &kind, text->len ? text->data : "",
						     text->len);
	if (r == 0)
		return EXIT_DONE;
	complain(N_("%s cannot be written: %s"), path, strerror(-r));
	return EXIT_NO;
}

void pam_file_complain(const char *path, int r)
{
	if (r == -ELOOP)
		complain(N_("%s is a symbolic link"), path);
	else
		complain("%s: %s", path, strerror(-r));
}

enum exit_code pam_file_load(const char *path, struct buf *ret_text)
{
	int r = pam_file_read(path, ret_text);

	if (r == 0)
		return EXIT_DONE;
	pam_file_complain(path, r);
	return EXIT_NO;
}

/* --- the sample --- */

enum exit_code sample_put(const char *sample)
{
	_cleanup_free_ char *from = text_format(SAMPLES "/%s", sample);
	_cleanup_free_ char *to = text_format(PAM_FOLDER "/%s", sample);
	_cleanup_(buf_done) struct buf text = BUF_INIT(PAM_TEXT_MAX);
	enum exit_code code = pam_file_load(from, &text);

	return code == EXIT_DONE ? pam_file_write(to, to, &text) : code;
}

/* So may what cannot be read, such as a symbolic link: without the file nobody logs in there. */
static bool may_name(const char *path, const char *sample)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(PAM_TEXT_MAX);
	int r = pam_file_read(path, &text);

	if (r == 0)
		return strstr(buf_text(&text), sample);
	return r != -ENOENT && r != -EINVAL;
}

/* Whether a service names it. */
static bool is_wanted(const char *sample)
{
	DIR *folder = opendir(PAM_FOLDER);
	const struct dirent *entry;
	bool is_named = !folder;

	while (folder && !is_named && (entry = readdir(folder))) {
		_cleanup_free_ char *path = text_format(PAM_FOLDER "/%s", entry->d_name);

		is_named = pam_service_is_valid(entry->d_name) &&
			   !text_has_prefix(entry->d_name, "jauth-") && may_name(path, sample);
	}
	if (folder)
		(void)closedir(folder);
	return is_named;
}

static bool is_as_shipped(const char *sample, const char *path)
{
	_cleanup_free_ char *from = text_format(SAMPLES "/%s", sample);
	_cleanup_(buf_done) struct buf shipped = BUF_INIT(PAM_TEXT_MAX);
	_cleanup_(buf_done) struct buf text = BUF_INIT(PAM_TEXT_MAX);

	return pam_file_read(from, &shipped) == 0 && pam_file_read(path, &text) == 0 &&
	       text_equals(buf_text(&shipped), buf_text(&text));
}

void sample_remove(const char *sample)
{
	_cleanup_free_ char *path = text_format(PAM_FOLDER "/%s", sample);

	if (is_wanted(sample) || !is_as_shipped(sample, path))
		return;
	if (unlink(path) < 0)
		complain(N_("%s cannot be removed: %s"), path, strerror(errno));
}
