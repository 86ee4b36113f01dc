# SPDX-License-Identifier: GPL-3.0-or-later
# What ./runtests and ./quickstart share: installing packages and building. Sourced by bash.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)
python=/usr/bin/python3

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

need_root() {
	[ "$(id -u)" = 0 ] || die "must run as root: it makes private mount namespaces (try sudo)"
}

# missing_packages GROUP…: the packages of these groups that are not installed.
missing_packages() {
	local group package
	while read -r group package; do
		case " $* " in *" $group "*) ;; *) continue ;; esac
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -qx installed || say "$package"
	done < "$top/tests/packages"
}

# With a policy-rc.d that answers 101 no maintainer script starts a service. It is there
# only while apt-get runs.
without_services() {
	local policy=/usr/sbin/policy-rc.d
	[ ! -e $policy ] || { "$@"; return; }
	(
		trap 'rm -f $policy' EXIT
		printf '#!/bin/sh\nexit 101\n' > $policy
		chmod 755 $policy
		"$@"
	)
}

# Packages of name sources (libnss-*) put themselves into nsswitch.conf, those of PAM modules into
# common-auth and its like. This machine's own look-ups and logins go on as before: tests write the
# files that they need in a house.
with_own_nsswitch() {
	local conf=/etc/nsswitch.conf kept
	[ -e $conf ] || { "$@"; return; }
	kept=$(mktemp $conf.XXXXXX) || return
	cp -p $conf "$kept" || return
	(
		trap 'mv "$kept" $conf' EXIT
		"$@"
	)
}

pam_profiles() { find /usr/share/pam-configs -type f -printf '%f\n' 2>/dev/null | LC_ALL=C sort; }

with_own_pam() {
	local before new status=0
	before=$(pam_profiles)
	"$@" || status=$?
	new=$(LC_ALL=C comm -13 <(printf '%s\n' "$before") <(pam_profiles))
	# shellcheck disable=SC2086 # one word a profile
	[ -z "$new" ] || pam-auth-update --disable $new || status=$?
	return $status
}

install_packages() {
	local missing
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	need_root
	say "installing: $missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update || die "apt-get update failed"
	# shellcheck disable=SC2086 # one word a package
	with_own_nsswitch with_own_pam without_services apt-get -qq -y \
		--no-install-recommends -o Dpkg::Use-Pty=0 install $missing > /dev/null ||
		die "apt-get install failed"
}

# configure_and_make FOLDER TARGET CONFIGURE-OPTION…: an out-of-tree build below the top. The shell
# that libtool runs in for each file is the quick one.
configure_and_make() {
	local folder=$top/$1 target=$2
	shift 2
	if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
		(cd "$top" && ./bootstrap) || return 1
	fi
	mkdir -p "$folder"
	if [ ! -f "$folder/Makefile" ]; then
		(cd "$folder" && CONFIG_SHELL=/bin/sh "$top/configure" -q --prefix=/usr --sysconfdir=/etc \
			--localstatedir=/var --libexecdir=/usr/libexec \
			--libdir="/usr/lib/$(gcc -print-multiarch)" "$@") || return 1
	fi
	# shellcheck disable=SC2086 # a list of targets
	make -s -C "$folder" -j"$jobs" $target
}

# Of debugging information lines are enough for valgrind, and compile faster.
build_main() { configure_and_make build all --enable-werror 'CFLAGS=-O2 -g1'; }
