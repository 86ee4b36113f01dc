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

install_packages() {
	local missing
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	need_root
	say "installing: $missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update || die "apt-get update failed"
	# shellcheck disable=SC2086 # one word a package
	without_services apt-get -qq -y --no-install-recommends \
		-o Dpkg::Use-Pty=0 install $missing > /dev/null || die "apt-get install failed"
}

# configure_and_make FOLDER TARGET CONFIGURE-OPTION…: an out-of-tree build below the top.
configure_and_make() {
	local folder=$top/$1 target=$2
	shift 2
	if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
		(cd "$top" && ./bootstrap) || return 1
	fi
	mkdir -p "$folder"
	if [ ! -f "$folder/Makefile" ]; then
		(cd "$folder" && "$top/configure" -q --prefix=/usr --sysconfdir=/etc \
			--localstatedir=/var --libexecdir=/usr/libexec \
			--libdir="/usr/lib/$(gcc -print-multiarch)" "$@") || return 1
	fi
	# shellcheck disable=SC2086 # a list of targets
	make -s -C "$folder" -j"$jobs" $target
}

build_main() { configure_and_make build all --enable-werror; }
