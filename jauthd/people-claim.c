/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a new person may be called, and what else the configuration says of him. Reserved are names
 * that systems, programs or people take for somebody in particular, whether or not this host has
 * them yet: a package that is installed next year must not find its user taken by a person, nor a
 * person find himself in a group that gives rights.
 */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/people.h"

#define NAME_FIRST "abcdefghijklmnopqrstuvwxyz"
#define NAME_REST  NAME_FIRST "0123456789_-"

#define REAL_NAME_CHARACTERS 60          /* of at most four bytes each */

static const char *const reserved_names[] = {
	/* who has all rights, or is taken for somebody who has */
	"root", "toor", "admin", "administrator", "adm", "sudo", "sudoers", "wheel", "staff",
	"operator", "super", "superuser", "sysadmin", "system", "security", "support", "owner",
	"docker", "lxd", "lxc", "incus", "incus-admin", "libvirt", "libvirt-qemu", "kvm", "disk",
	"kmem", "shadow", "tty", "dialout", "cdrom", "floppy", "tape", "audio", "video",
	"plugdev", "netdev", "bluetooth", "scanner", "lpadmin", "input", "render", "users",
	"sgx", "utmp", "crontab", "src", "sasl", "dip", "fax", "voice", "jauth", "jauth-users",
	"ssl-cert",
	/* of Debian, and of what is often installed */
	"daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy",
	"www-data", "backup", "list", "irc", "gnats", "nobody", "nogroup", "nfsnobody",
	"messagebus", "sshd", "ssh", "ntp", "chrony", "polkitd", "rtkit", "avahi", "colord",
	"geoclue", "gdm", "lightdm", "sddm", "speech-dispatcher", "pulse", "saned", "usbmux",
	"uuidd", "tss", "tcpdump", "dnsmasq", "bind", "named", "unbound", "postfix", "postdrop",
	"exim", "dovecot", "dovenull", "vmail", "mysql", "mariadb", "postgres", "redis",
	"mongodb", "memcache", "rabbitmq", "elasticsearch", "prometheus", "grafana", "nginx",
	"apache", "httpd", "caddy", "haproxy", "tomcat", "jenkins", "git", "gitlab", "gitea",
	"svn", "nslcd", "sssd", "munge", "slurm", "ldap", "openldap", "snmp", "nagios", "zabbix",
	"rpc", "rpcuser", "statd", "ftp", "anonymous", "guest", "sysop", "halt", "shutdown",
	"reboot", "poweroff", "install", "default", "none",
	/* of images and clouds */
	"debian", "ubuntu", "centos", "fedora", "ec2-user", "cloud-user", "azureuser", "opc",
	"vagrant", "ansible", "puppet", "salt", "pi",
	/* whom mail is sent to, and who answers for a domain (RFC 2142) */
	"abuse", "hostmaster", "postmaster", "webmaster", "noc", "usenet", "noreply", "no-reply",
	"mailer-daemon",
};

static const char *const reserved_beginnings[] = { "_", "systemd-", "jauth-", "ssh-", "debian-" };

bool person_name_is_right(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= PERSON_NAME_MAX && strchr(NAME_FIRST, name[0]) &&
	       strspn(name, NAME_REST) == len;
}

static bool is_reserved(const struct config *config, const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(reserved_names); i++)
		if (text_equals(reserved_names[i], name))
			return true;
	for (size_t i = 0; i < N_ELEMENTS(reserved_beginnings); i++)
		if (text_has_prefix(name, reserved_beginnings[i]))
			return true;
	return list_has(config->accounts.reserved_names, name);
}

/* A group that jauth serves, or will. */
static bool is_own_group(const struct config *config, const char *name)
{
	if (text_equals(config->accounts.primary_group, name))
		return true;
	for (unsigned i = 0; i < config->n_groups; i++)
		if (text_equals(config->groups[i].name, name))
			return true;
	for (unsigned i = 0; i < config->n_methods; i++)
		if (text_equals(config->methods[i]->structure, name))
			return true;
	return false;
}

const char *name_claim_fault(const struct config *config, const struct host_ids *host,
			     const char *name)
{
	if (!person_name_is_right(name))
		return "is no name that a new user may have: a-z, then a-z, 0-9, _ and -, at most "
		       "31";
	if (list_has(config->privileged_groups, name))
		return "is the name of a privileged group";
	if (is_own_group(config, name))
		return "is the name of a group";
	if (is_reserved(config, name))
		return "is reserved";
	if (host_ids_has_name(host, name))
		return "is a user or group of this host";
	if (host_ids_has_member(host, name))
		return "is a member of a group of this host, left there by somebody else; take it "
		       "out of /etc/group";
	return NULL;
}

/* --- what else is said of him --- */

/* "/home/{user}" */
static bool expand_home(const char *template, const char *name, char *ret_home, size_t size)
{
	const char *place = strstr(template, PERSON_HOME_USER);
	_cleanup_free_ char *home = NULL;

	if (!place)
		return text_into(ret_home, size, template);
	home = text_format("%.*s%s%s", (int)(place - template), template, name,
			   place + strlen(PERSON_HOME_USER));
	return text_into(ret_home, size, home);
}

int person_set_rule(const struct config *config, const struct method *method, struct person *person)
{
	const struct account_rules *rules = &config->accounts;
	struct person ruled = *person;

	if (!expand_home(method->home ? method->home : rules->home, person->name, ruled.home,
			 sizeof(ruled.home)) ||
	    !text_into(ruled.shell, sizeof(ruled.shell),
		       method->shell ? method->shell : rules->shell) ||
	    !text_into(ruled.structure, sizeof(ruled.structure),
		       method->structure ? method->structure : ""))
		return -EINVAL;
	(void)text_into(ruled.source, sizeof(ruled.source), method->id);         /* as large */
	*person = ruled;
	return 0;
}

void person_set_real_name(struct person *person, const char *text)
{
	struct buf clean = BUF_INIT(sizeof(person->real_name) - 1);

	text_add_clean(&clean, text ? text : "", REAL_NAME_CHARACTERS);
	(void)text_into(person->real_name, sizeof(person->real_name), buf_text(&clean));
	for (char *c = person->real_name; *c; c++)
		if (*c == ':')
			*c = ' ';
	buf_done(&clean);
}
