#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a command in a house of its own: private mount, process, IPC and host name namespaces
# and a private network, with jauth installed by `make install` and its users made. /etc, /usr,
# /var, /home and /root are overlays and /run is empty, so the machine stays as it was.
#
#   tests/e2e/house.sh [--share-net] BUILD-FOLDER COMMAND…
#
# JAUTH_INSTALLED: a tree that `make install DESTDIR=` made of this build, to be copied instead of
# installing once more.
#
# The command is a child of the house's process 1; when it ends, every process in there ends.
set -eu

# What would outlive a house that is killed: the control groups of booted.py, $1-… . Waits for the
# end of all that have the other end of its stdin.
remove_control_groups() {
	local groups
	shopt -s nullglob
	cat > /dev/null
	for _ in {1..100}; do
		groups=("/sys/fs/cgroup/$1"-* "/sys/fs/cgroup/systemd/$1"-*)
		[ ${#groups[@]} -gt 0 ] || return 0
		find "${groups[@]}" -depth -type d -exec rmdir {} \; 2> /dev/null || :
		sleep 0.1
	done
}
if [ "${1-}" = --control-groups ]; then
	trap '' HUP INT TERM
	remove_control_groups "$2"
	exit
fi

private="--mount --net --pid --ipc --uts"
if [ "${1-}" = --share-net ]; then
	private="--mount --pid --ipc --uts"
	shift
fi
if [ "${1-}" != --inside ]; then
	here=$(readlink -f "$0")
	build=$(readlink -f "$1")
	shift
	export JAUTH_CONTROL_GROUPS="jauth-house-$$"
	# shellcheck disable=SC2034 # held open by all that run in the house
	exec {alive}> >(exec setsid "$here" --control-groups "$JAUTH_CONTROL_GROUPS" > /dev/null 2>&1)
	# shellcheck disable=SC2086 # a list of options
	exec unshare $private --fork --kill-child --mount-proc "$here" --inside "$build" "$@"
fi
build=$2
shift 2
top=$(readlink -f "$(dirname "$0")/../..")
overlay=/run/house/overlay

# The tree and the build may lie below a folder that becomes an overlay; what tests write there
# is wanted afterwards, so the real folders are held and put back on top.
hold() { mkdir -p "/run/house/held/$1" && mount --bind "$2" "/run/house/held/$1"; }
put_back() { mount --bind "/run/house/held/$1" "$2"; }

make_overlay() {
	mkdir -p "$overlay/$1/upper" "$overlay/$1/work"
	chmod --reference="/$1" "$overlay/$1/upper"
	mount -t overlay overlay \
		-o "lowerdir=/$1,upperdir=$overlay/$1/upper,workdir=$overlay/$1/work" "/$1"
}

mount_house() {
	local folder
	mount -t tmpfs -o mode=755 tmpfs /run
	hold top "$top"
	hold build "$build"
	for folder in etc usr var home root; do
		make_overlay "$folder"
	done
	put_back top "$top"
	put_back build "$build"
	mkdir -p /run/sshd /run/dbus /run/lock
	install -d -m 1777 /run/house/tmp
}

# Debian's defaults, whatever this machine has: users from files, pam_unix alone.
write_defaults() {
	printf '%s\n' 'passwd: files' 'group: files' 'shadow: files' 'hosts: files dns' \
		> /etc/nsswitch.conf
	printf '127.0.0.1 %s\n' localhost house.example.org op.example.org api.example.org \
		sms.example.org relay.example.org sso.example.org r.example.org \
		wecom.example.org dingtalk.example.org wechat.example.org \
		evil.example.net > /etc/hosts
	cat > /etc/pam.d/common-auth <<-'EOF'
	auth	[success=1 default=ignore]	pam_unix.so nullok
	auth	requisite			pam_deny.so
	auth	required			pam_permit.so
	EOF
	cat > /etc/pam.d/common-account <<-'EOF'
	account	[success=1 new_authtok_reqd=done default=ignore]	pam_unix.so
	account	requisite			pam_deny.so
	account	required			pam_permit.so
	EOF
	cat > /etc/pam.d/common-password <<-'EOF'
	password	[success=1 default=ignore]	pam_unix.so obscure yescrypt
	password	requisite			pam_deny.so
	password	required			pam_permit.so
	EOF
	cat > /etc/pam.d/common-session <<-'EOF'
	session	required	pam_unix.so
	EOF
	cp /etc/pam.d/common-session /etc/pam.d/common-session-noninteractive
	rm -rf /etc/jauth /var/lib/jauth /etc/sudoers.d/* /etc/ssh/sshd_config.d/*
}

# Without "." itself: / is the machine's, and tar changes the mode of a directory for a while.
copy_installed() {
	(cd "$JAUTH_INSTALLED" && tar -c -- *) |
		tar -x -C / --no-overwrite-dir --keep-directory-symlink
}

put_files() {
	if [ -n "${JAUTH_INSTALLED-}" ]; then copy_installed; else make -s -C "$build" install; fi
}

install_jauth() {
	put_files > /run/house/install.log 2>&1 || { cat /run/house/install.log >&2; exit 1; }
	if [ -f /usr/lib/sysusers.d/jauth.conf ]; then
		systemd-sysusers /usr/lib/sysusers.d/jauth.conf >> /run/house/install.log 2>&1
	fi
	if [ -f /usr/lib/tmpfiles.d/jauth.conf ]; then
		systemd-tmpfiles --create /usr/lib/tmpfiles.d/jauth.conf
	fi
}

mount_house
write_defaults
install_jauth
hostname house.example.org
ip link set lo up 2>/dev/null || true
export PYTHONDONTWRITEBYTECODE=1 TMPDIR=/run/house/tmp HOME=/root JAUTH_BUILD="$build"
cd "$top"
"$@"
