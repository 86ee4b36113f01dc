# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-userdb's units under a real systemd: what systemd-analyze does not see."""

import pathlib
import pwd
import re

import pytest

import userdb
from booted import Booted
from house import NSSWITCH, wait_until

SERVICE, SOCKET = "jauth-userdb.service", "jauth-userdb.socket"
AT_ONCE_S, RESTART_S, WATCHDOG_S = 1.0, 2.0, 3.0
# systemd waits so long when it asks the name service for the groups of the service's own user.
DEADLOCK_S = 45


@pytest.fixture(scope="module", name="booted")
def fixture_booted(house):
    house.add_user("local")
    before = NSSWITCH.read_text()
    NSSWITCH.write_text(re.sub(r"^(passwd|group|shadow): files$", r"\1: files systemd", before,
                               flags=re.MULTILINE))
    userdb.write(userdb.group(*userdb.GROUP), userdb.user("jane", 70001),
                 userdb.member("jane", "jauth-users"))
    with Booted(SOCKET, SERVICE) as booted:
        booted.systemctl("stop", SERVICE)
        yield booted
    NSSWITCH.write_text(before)
    house.remove_user("local")


def test_the_first_look_up_starts_it_and_is_answered(booted):
    assert booted.show(SERVICE, "ActiveState") == "inactive"
    seconds, found = booted.seconds_of("getent", "initgroups", "jane")
    print(f"{seconds:.2f} s")
    assert found.split() == ["jane", "65600"]
    assert seconds < RESTART_S < DEADLOCK_S
    assert booted.show(SERVICE, "ActiveState") == "active"


def test_it_can_do_nothing(booted):
    status = booted.run("cat", f"/proc/{booted.show(SERVICE, 'MainPID')}/status").stdout
    uid = pwd.getpwnam("jauth-userdb").pw_uid
    assert re.search(rf"^Uid:\t{uid}\t{uid}\t{uid}\t{uid}$", status, re.MULTILINE)
    assert re.search(r"^Groups:\s*$", status, re.MULTILINE)
    assert re.findall(r"^Cap(?:Prm|Eff|Bnd|Amb):\t([0-9a-f]+)$", status, re.MULTILINE) == [
        "0" * 16] * 4
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)


@pytest.mark.parametrize("path,is_seen", [
    ("/var/lib/jauth-userdb/snapshot", True), ("/etc/shadow", False), ("/etc/passwd", False),
    ("/var/lib/jauth", False), ("/var/log", False), ("/home", False), ("/root", False),
    ("/run/systemd/private", False), ("/run/systemd/userdb", False)])
def test_of_the_host_it_sees_the_snapshot(booted, path, is_seen):
    """Its group is root's, which may read what there is for root's group."""
    listed = booted.run("nsenter", "-t", booted.show(SERVICE, "MainPID"), "-m", "--", "setpriv",
                        f"--reuid={pwd.getpwnam('jauth-userdb').pw_uid}", "--regid=0",
                        "--clear-groups", "find", path, "-readable", check=False)
    assert listed.stdout.split() == ([path] if is_seen else [])


def test_it_sees_each_new_snapshot(booted):
    """Through the mounts that shield it."""
    userdb.write(userdb.group(*userdb.GROUP), userdb.user("jane", 70001),
                 userdb.user("carol", 70002))
    wait_until(lambda: booted.run("getent", "passwd", "carol", check=False).stdout, 2,
               "the new snapshot")


def test_frozen_it_holds_others_no_longer_than_the_watchdog(booted):
    n_restarts = int(booted.show(SERVICE, "NRestarts"))
    booted.kill(SERVICE, "STOP")
    seconds, found = booted.seconds_of("id", "-Gn", "local")
    print(f"{seconds:.2f} s")
    assert found == "local"
    assert seconds < WATCHDOG_S + RESTART_S
    assert int(booted.show(SERVICE, "NRestarts")) == n_restarts + 1
    assert booted.seconds_of("getent", "passwd", "jane")[1].startswith("jane:x:70001:")


def test_of_a_killed_one_calls_are_answered_by_the_next(booted):
    booted.kill(SERVICE, "KILL")
    seconds, found = booted.seconds_of("getent", "passwd", "jane")
    assert found.startswith("jane:x:70001:")
    assert seconds < RESTART_S


def has_socket(booted):
    return booted.run("test", "-e", userdb.SOCKET, check=False).returncode == 0


def assert_missed_by_nobody(booted):
    assert not has_socket(booted)
    for argv, expected in ((["id", "-Gn", "local"], "local"), (["getent", "passwd", "jane"], "")):
        seconds, found = booted.seconds_of(*argv)
        assert (found, seconds < AT_ONCE_S) == (expected, True)


def test_when_it_dies_again_and_again_the_socket_goes(booted):
    def kill_again():
        if booted.show(SERVICE, "ActiveState") == "active":
            booted.kill(SERVICE, "KILL")
        return booted.show(SOCKET, "ActiveState") == "failed"

    wait_until(kill_again, 30, "the end of patience")
    assert_missed_by_nobody(booted)
    booted.systemctl("reset-failed", SERVICE)
    booted.systemctl("restart", SOCKET)
    assert booted.seconds_of("getent", "passwd", "jane")[1].startswith("jane:x:70001:")


def test_stopped_it_is_missed_by_nobody(booted):
    booted.systemctl("stop", SOCKET, SERVICE)
    assert_missed_by_nobody(booted)
    assert pathlib.Path(userdb.SNAPSHOT).exists()
