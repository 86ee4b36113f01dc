# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-end-session's units under a real systemd, with and without its logind: behind all that
shields it, it can do what it is for."""

import contextlib
import os
import pathlib
import subprocess
import sys

import pytest

from booted import CONTROL_GROUPS, Booted
from house import wait_until

SOCKET = "jauth-end-session.socket"
BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()

ASK = """
import socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(20)
sock.connect("/run/jauth-end-session/socket")
sock.sendall((sys.argv[1] + "\\n").encode())
sock.shutdown(socket.SHUT_WR)
print(sock.makefile().read().strip())
"""

# Root's process that ran PAM, and what runs below it as the user.
SESSION = "echo $$; setpriv --reuid={0} --regid={0} --clear-groups sh -c 'trap : TERM HUP; " \
          "while :; do sleep 1; done'; sleep 600"


@pytest.fixture(scope="module", name="booted")
def fixture_booted(house):
    assert house.bus.process.poll() is None
    with Booted(SOCKET, "jauth-end-session@.service") as booted:
        yield booted


def ask(booted, line, user="jauth"):
    return booted.run("setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups",
                      sys.executable, "-c", ASK, line, check=False)


@contextlib.contextmanager
def session(booted, uid):
    """The words that name a new one."""
    argv = ["nsenter", "-t", str(booted.pid), "-m", "-p", "-i", "-u", "-n", "-r", "-w", "--",
            "sh", "-c", SESSION.format(uid)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        pid = process.stdout.readline().strip()
        wait_until(lambda: processes_of(booted, uid), 10, "his shell")
        ticks = booted.run("cat", f"/proc/{pid}/stat").stdout.rpartition(")")[2].split()[19]
        try:
            yield f"{uid} {pid} {BOOT}/{ticks} -", pid
        finally:
            booted.run("kill", "-9", pid, check=False)
            process.kill()


def processes_of(booted, uid):
    return booted.run("pgrep", "-u", str(uid), check=False).stdout.split()


def test_a_session_is_ended_and_another_one_lives(booted):
    with session(booted, 70001) as (jane, leader), session(booted, 70002) as (mary, _):
        assert ask(booted, "look " + jane).stdout.strip() == "alive"
        assert ask(booted, "end " + jane).stdout.strip() == "ended"
        assert not processes_of(booted, 70001)
        assert processes_of(booted, 70002)
        assert booted.run("kill", "-0", leader, check=False).returncode == 0
        refused = ask(booted, "end " + mary.replace("70002", "70001")).stdout.strip()
        assert refused.startswith("refused")
        assert processes_of(booted, 70002)


@pytest.mark.parametrize("user", ["nobody", "jauth-http"])
def test_only_jauthd_reaches_it(booted, user):
    done = ask(booted, f"look 70001 2 {BOOT}/1 -", user)
    assert done.returncode != 0 and "PermissionError" in done.stderr


def test_lingering_is_switched_off_and_on(booted):
    folder = pathlib.Path("/var/lib/systemd/linger")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jane").touch()
    assert ask(booted, "linger-off 70001 jane").stdout.strip() == "was-on"
    assert not (folder / "jane").exists()
    assert ask(booted, "linger-on 70001 jane").stdout.strip() == "done"
    assert (folder / "jane").exists()
    (folder / "jane").unlink()


def test_a_proc_that_hides_others_does_not_hide_them_from_it(booted):
    """Its units give it another one."""
    with session(booted, 70001) as (jane, _):
        booted.run("mount", "-o", "remount,hidepid=invisible,gid=4", "/proc")
        try:
            assert ask(booted, "look " + jane).stdout.strip() == "alive"
            assert ask(booted, "end " + jane).stdout.strip() == "ended"
        finally:
            booted.run("mount", "-o", "remount,hidepid=off,gid=0", "/proc")
        assert not processes_of(booted, 70001)


def test_the_machine_s_kernel_is_out_of_reach(booted):
    for path in ("sys/kernel/pid_max", "sys/kernel/core_pattern", "sys/fs/file-max",
                 "sysrq-trigger"):
        if pathlib.Path("/proc", path).exists():         # not every kernel has the last one
            done = booted.run("sh", "-c", f": >> /proc/{path}", check=False)
            assert done.returncode != 0 and "Read-only file system" in done.stderr


def test_of_a_house_that_was_killed_no_control_group_is_left(booted):
    """house.sh's other process, for a house that is a pipe. Of this one the groups are left."""
    name = f"jauth-house-test-{os.getpid()}"
    folder = (CONTROL_GROUPS / booted.group).parent / f"{name}-1"
    (folder / "system.slice" / "some.service").mkdir(parents=True)
    house = pathlib.Path(__file__).with_name("house.sh")
    with subprocess.Popen(["sleep", "600"]) as sleeper, subprocess.Popen(
            [house, "--control-groups", name], stdin=subprocess.PIPE) as remover:
        (folder / "system.slice" / "some.service" / "cgroup.procs").write_text(str(sleeper.pid))
        remover.stdin.close()
        sleeper.kill()
        assert remover.wait(10) == 0
    assert not folder.exists()
    assert booted.show(SOCKET, "ActiveState") == "active"


def services(booted):
    return booted.systemctl("list-units", "--all", "--no-legend", "--plain",
                            "jauth-end-session@*-*")


def test_nothing_is_left_of_it(booted):
    """One that waits for its line is there, and is not when the line has come."""
    argv = ["nsenter", "-t", str(booted.pid), "-m", "-p", "-n", "-r", "-w", "--", sys.executable,
            "-c", "import sys; line = input()\n" + ASK.replace(
                'sock.sendall((sys.argv[1]', 'line = input()\nsock.sendall((line')]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asker:
        asker.stdin.write("go\n")
        asker.stdin.flush()
        wait_until(lambda: services(booted), 4, "a service")
        out, _ = asker.communicate(f"look 70001 2147483647 {BOOT}/1 -\n", timeout=20)
        assert out.strip() == "gone"
    wait_until(lambda: not services(booted), 10, "its end")
    assert booted.show(SOCKET, "ActiveState") == "active"


# --- with logind ---

LOGIND = ("dbus.socket", "dbus.service", "systemd-logind.service", "user@.service",
          "user-runtime-dir@.service")
STACK = "auth sufficient pam_rootok.so\naccount required pam_permit.so\n" \
        "session required pam_systemd.so\n"


@pytest.fixture(scope="module", name="with_logind")
def fixture_with_logind(house):
    house.add_user("resident")
    stack = pathlib.Path("/etc/pam.d/runuser-l")
    before = stack.read_text()
    stack.write_text(STACK)
    with Booted(*LOGIND, SOCKET, "jauth-end-session@.service") as booted:
        wait_until(lambda: booted.run("loginctl", check=False).returncode == 0, 10, "logind")
        yield booted
    stack.write_text(before)
    house.remove_user("resident")


def sleepers(booted):
    return booted.run("pgrep", "-u", "resident", "-x", "sleep", check=False).stdout.split()


@pytest.mark.parametrize("has_leader", [True, False])
def test_logind_ends_a_session_with_what_has_left_its_parents(with_logind, house, has_leader):
    booted, uid = with_logind, house.uid("resident")
    booted.run("systemd-run", "--collect", "runuser", "-l", "resident", "-c",
               "(setsid sleep 600 &); sleep 600; true")
    wait_until(lambda: len(sleepers(booted)) == 2, 10, "his processes")
    # The latest one: what is left of another one may take its time.
    name = booted.run("loginctl", "list-sessions", "--no-legend").stdout.splitlines()[-1].split()[0]
    leader = booted.run("loginctl", "show-session", "--value", "-p", "Leader", name).stdout.strip()
    ticks = booted.run("cat", f"/proc/{leader}/stat").stdout.rpartition(")")[2].split()[19]
    words = f"{uid} {leader} {BOOT}/{ticks} {name}"
    if not has_leader:
        booted.run("kill", "-9", leader)
        booted.run("pkill", "-P", "1", "-u", "resident", "-x", "bash", check=False)
    assert ask(booted, f"look {words}").stdout.strip() == "alive"
    assert sleepers(booted)
    assert ask(booted, f"end {words}").stdout.strip() == "ended"
    wait_until(lambda: not sleepers(booted), 10, "the end of his processes")
    wait_until(lambda: ask(booted, f"look {words}").stdout.strip() == "gone", 10, "its end")


def test_logind_switches_lingering(with_logind, house):
    booted, uid = with_logind, house.uid("resident")
    path = pathlib.Path("/var/lib/systemd/linger/resident")
    booted.run("loginctl", "enable-linger", "resident")
    assert path.exists()
    for verb, answer, is_there in (("linger-off", "was-on", False), ("linger-on", "done", True),
                                   ("linger-off", "was-on", False)):
        assert ask(booted, f"{verb} {uid} resident").stdout.strip() == answer
        assert path.exists() == is_there
    assert ask(booted, "linger-on 70001 resident").stdout.startswith("refused")
    assert not path.exists()
