#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Boots a real systemd that knows some units only, in a root of its own within the house:
#
#   booted.sh CGROUP UNIT… [-- UNIT…]
#
# CGROUP is the path of a new control group below /sys/fs/cgroup, made by the caller. The root holds
# the house's /usr, /etc and /var; /run, /dev, /tmp and /sys are its own. The first units are
# started, those behind "--" are there to be wanted, as by what systemctl enable wrote. Units that
# they want and that are not named are empty, and so are targets.
set -eu

# /etc and /var must not be the machine's.
[ -d /run/house/overlay ] || { echo "$0: not in a house" >&2; exit 1; }
if [ "$1" != --inside ]; then
	echo $$ > "/sys/fs/cgroup/$1/cgroup.procs"
	exec unshare --cgroup --mount --pid --ipc --uts --net --fork --kill-child "$0" --inside "$@"
fi
shift 2
root=/run/house/booted
units=/usr/lib/systemd/system

new_tmpfs() { mkdir -p "$root/$1" && mount -t tmpfs -o "mode=$2" tmpfs "$root/$1"; }

make_root() {
	local folder link path
	mkdir -p $root
	mount -t tmpfs -o mode=755 tmpfs $root
	for folder in usr etc var; do
		mkdir $root/$folder
		mount --bind /$folder $root/$folder
	done
	for link in bin sbin lib lib32 lib64; do
		[ ! -L /$link ] || cp -a /$link $root/$link
	done
	mkdir $root/old $root/proc $root/root $root/home $root/units
	mount -t proc proc $root/proc
	# What is the kernel's, and so the machine's.
	for path in sys sysrq-trigger irq bus fs; do
		[ -e $root/proc/$path ] || continue
		mount --bind $root/proc/$path $root/proc/$path
		mount -o remount,bind,ro $root/proc/$path
	done
	new_tmpfs run 755
	new_tmpfs tmp 1777
	new_tmpfs sys 755
}

make_devices() {
	local device
	new_tmpfs dev 755
	for device in null:3 zero:5 full:7 random:8 urandom:9; do
		mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
	done
	mknod -m 666 $root/dev/tty c 5 0
	mkdir $root/dev/shm $root/dev/pts $root/dev/mqueue
	mount -t devpts -o newinstance,ptmxmode=0666 devpts $root/dev/pts
	ln -s pts/ptmx $root/dev/ptmx
	ln -s /proc/self/fd $root/dev/fd
	# For vt.py: the terminal of a process is found by its file.
	for device in /dev/tty2[0-9]; do
		[ -c "$device" ] || continue
		: > "$root$device"
		mount --bind "$device" "$root$device"
	done
}

# The host's kind: one hierarchy, or systemd's beside the others.
mount_control_groups() {
	new_tmpfs sys/fs/cgroup 755
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
	else
		mkdir $root/sys/fs/cgroup/systemd
		mount -t cgroup -o none,name=systemd,xattr cgroup $root/sys/fs/cgroup/systemd
	fi
}

write_units() {
	local name wanted=
	for name in "$@"; do
		[ "$name" != -- ] || break
		wanted="$wanted $name"
	done
	for name in "$@"; do
		case $name in --|*.target) ;; *) cp "$units/$name" $root/units ;; esac
	done
	printf '[Unit]\nDefaultDependencies=no\nWants=%s\n' "$wanted" > $root/units/booted.target
	for name in sysinit sockets basic shutdown exit umount final nss-user-lookup multi-user; do
		printf '[Unit]\nDefaultDependencies=no\n' > "$root/units/$name.target"
	done
}

mount --make-rprivate /
make_root
make_devices
mount_control_groups
write_units "$@"
cd $root
pivot_root . old
umount -l /old
export container=jauth SYSTEMD_UNIT_PATH=/units:/etc/systemd/system
export SYSTEMD_GENERATOR_PATH=/units/none
exec /lib/systemd/systemd --system --unit=booted.target --log-level=info \
	--log-target=journal-or-kmsg --show-status=0
