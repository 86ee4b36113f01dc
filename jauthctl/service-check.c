/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/service-check.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/bus.h"
#include "jauthctl/sshd-effective.h"
#include "pam_jauth/screen.h"

#define CONFIG JAUTH_CONFDIR "/jauthd.conf"

/* --- the service --- */

static int is_service(const struct dirent *entry)
{
	return pam_service_is_valid(entry->d_name) && service_sample(entry->d_name) &&
	       !text_has_suffix(entry->d_name, ".tmp");
}

char **service_list_all(void)
{
	struct dirent **entries = NULL;
	char **names = NULL;
	int n = scandir(PAM_FOLDER, &entries, is_service, alphasort);

	for (int i = 0; i < n; i++) {
		if (list_add(&names, entries[i]->d_name) < 0)
			abort();
		free(entries[i]);
	}
	free(entries);
	return names;
}

/* Without one of its own lines for it, there is nothing that could be replaced. */
static enum exit_code check_stack(const char *name)
{
	_cleanup_free_ char *path = text_format(PAM_FOLDER "/%s", name);
	_cleanup_(buf_done) struct buf text = BUF_INIT(PAM_TEXT_MAX);
	_cleanup_(buf_done) struct buf changed = BUF_INIT(PAM_TEXT_MAX + 4096);
	int r = pam_file_read(path, &text);

	if (r < 0)
		pam_file_complain(path, r);
	else if (pam_text_add(buf_text(&text), service_sample(name), &changed) == 0)
		complain(N_("%s has no line \"@include common-auth\" that jauth could stand in "
			    "for; see pam_jauth(8)"), path);
	else if (buf_failed(&changed))
		complain(N_("%s is too long"), path);
	else
		return EXIT_DONE;
	return EXIT_NO;
}

enum exit_code service_check_unused(const struct service *service)
{
	struct service_pending pending;

	if (service_read_pending(service, &pending))
		complain(N_("%s waits already for jauthctl service confirm %s, or for its end in "
			    "%lld s"), service->name, service->name,
			 (long long)service_left_s(&pending));
	else if (service_has_jauth(service->name))
		complain(N_("%s asks jauth already"), service->name);
	else
		return EXIT_DONE;
	return EXIT_NO;
}

static enum exit_code check_name(const char *name)
{
	struct service service;
	enum exit_code code;

	if (!pam_service_is_valid(name)) {
		complain(N_("\"%s\" is no name of a PAM service"), name);
		return EXIT_USAGE;
	}
	if (!service_sample(name)) {
		complain(N_("jauth does not belong into %s: others depend on it, or nobody can "
			    "answer there"), name);
		return EXIT_NO;
	}
	service_look(name, &service);
	code = service_check_unused(&service);
	service_close(&service);
	return code == EXIT_DONE ? check_stack(name) : code;
}

/* --- jauthd --- */

bool service_has_policy(const struct conf *conf, const char *name)
{
	_cleanup_free_ char *plain = text_format("service %s", name);
	_cleanup_free_ char *labelled = text_format("service %s ", name);

	for (size_t i = 0; i < conf->n_sections; i++)
		if (text_equals(conf->sections[i].name, plain) ||
		    text_has_prefix(conf->sections[i].name, labelled))
			return true;
	return false;
}

static enum exit_code check_policy(const char *name)
{
	struct conf_report report = { 0 };
	struct conf conf = { .separate = "method" };
	bool has_policy;

	(void)conf_read(CONFIG, &conf, &report);
	has_policy = service_has_policy(&conf, name);
	conf_done(&conf);
	conf_report_done(&report);
	if (has_policy)
		return EXIT_DONE;
	complain(N_("the configuration has no section [service %s], so jauth would have no say; "
		    "write one, and reload jauthd"), name);
	return EXIT_NO;
}

static enum exit_code explain(struct ctl *ctl, const char *name, const char *user,
			      json_t **ret_answer)
{
	bool is_remote = !text_equals(service_sample(name), "jauth-console");

	return bus_admin(ctl, "Explain", json_pack("[{s:s, s:s, s:b}]", "user", user, "service",
						   name, "remote", is_remote), ret_answer);
}

enum exit_code service_check_user(struct ctl *ctl, const char *name, const char *user)
{
	enum exit_code code;
	json_t *answer;

	code = explain(ctl, name, user, &answer);
	if (code != EXIT_DONE)
		return code;
	if (!json_is_true(json_object_get(answer, "exists"))) {
		complain(N_("there is no user %s"), user);
		code = EXIT_NO;
	} else if (!text_equals(json_string_value(json_object_get(answer, "scope")), "inside")) {
		complain(N_("jauth has no say about %s in %s, so his login would show nothing; see "
			    "jauthctl explain %s --service %s"), user, name, user, name);
		code = EXIT_NO;
	}
	json_decref(answer);
	return code;
}

/* --- sshd --- */

struct sshd_findings {
	struct findings findings;
	enum exit_code code;
};

static void tell(struct findings *findings, enum verdict verdict, const char *found,
		 const char *fix)
{
	struct sshd_findings *sshd = container_of(findings, struct sshd_findings, findings);

	complain(verdict == VERDICT_BROKEN ? N_("%s. Write %s") : N_("note: %s. Write %s"), found,
		 fix);
	if (verdict == VERDICT_BROKEN)
		sshd->code = EXIT_NO;
}

static enum exit_code check_sshd(void)
{
	struct catalogs *catalogs = catalogs_open(JAUTH_LOCALEDIR);
	struct sshd_findings sshd = {
		{ catalogs, screen_language(SURFACE_TERMINAL), tell }, EXIT_DONE
	};
	struct sshd_effective effective = SSHD_EFFECTIVE_INIT;
	int r = sshd_effective_read(&effective);

	if (r != 0) {
		complain(N_("sshd -T does not say what sshd's configuration is: %s"),
			 r < 0 ? strerror(-r) : buf_text(&effective.lines));
		sshd.code = EXIT_NO;
	} else {
		sshd_judge(&effective, &sshd.findings);
	}
	sshd_effective_done(&effective);
	catalogs_free(catalogs);
	return sshd.code;
}

enum exit_code service_check(struct ctl *ctl, const char *name)
{
	enum exit_code code = check_name(name);
	json_t *status = NULL;

	if (code == EXIT_DONE)
		code = bus_admin(ctl, "Status", json_array(), &status);
	json_decref(status);
	if (code == EXIT_DONE)
		code = check_policy(name);
	if (code == EXIT_DONE && text_equals(name, "sshd"))
		code = check_sshd();
	return code;
}
