# SPDX-License-Identifier: GPL-3.0-or-later
"""A Unix user that jauth made, when his person leaves and when he returns: sessions by key, cron,
at and lingering, with real programs, pam_unix and jauth-userdb."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

import configs
from house import DATABASE, wait_until
from pam_client import BUILD
from service import Service, run

CRONTABS = pathlib.Path("/var/spool/cron/crontabs")
LINGER = pathlib.Path("/var/lib/systemd/linger")
MARKS = pathlib.Path("/run/house/tmp/marks")
NAME = "linwei"


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    """No authentication by jauth in sshd: what is refused here, pam_unix refuses."""
    house.configure(configs.head() + configs.PASSWORD + configs.service("jauth-test", "password"))
    house.jauthd.stop()
    run([str(BUILD / "tests/e2e/makeperson"), "/etc/jauth/jauthd.conf",
         str(DATABASE / "jauth.db"), "", "password"],
        input=f"{NAME}\thttps://id.example.org\tSub-1\t\n")
    for path in DATABASE.glob("jauth.db*"):
        shutil.chown(path, "jauth", "jauth")
    house.jauthd.start()
    house.userdb()
    stack = pathlib.Path("/etc/pam.d/sshd")
    old = stack.read_text()
    stack.write_text(old + "\nsession optional pam_jauth.so\n")
    yield house
    stack.write_text(old)
    house.stop_jauth()


@pytest.fixture(scope="module")
def helper(house):
    service = house.end_session_helper()
    yield service
    service.stop()


@pytest.fixture
def lin(house):
    """The person, active before and after each test, with a home and a key."""
    wait_until(lambda: run(["getent", "passwd", NAME], check=False).stdout, 10, "the person")
    uid = int(run(["id", "-u", NAME]).stdout)
    assert uid >= 65536
    home = pathlib.Path("/home", NAME)
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    key = house.folder / "lin-key"
    if not key.exists():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    shutil.copy(key.with_suffix(".pub"), home / ".ssh/authorized_keys")
    for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, uid, -1)
    shutil.rmtree(MARKS, ignore_errors=True)
    MARKS.mkdir(mode=0o1777)
    os.chmod(MARKS, 0o1777)
    yield NAME
    run(["pkill", "-KILL", "-u", str(uid)], check=False)
    house.ctl("user", "unlock", NAME, check=False)
    wait_until(lambda: not is_expired())


def is_expired():
    """As pam_unix sees him."""
    return run(["getent", "shadow", NAME]).stdout.split(":")[7] not in ("", "-1")


def lock(house):
    house.ctl("user", "lock", NAME)
    wait_until(is_expired, 10, "the lock in the user database")


def unlock(house):
    house.ctl("user", "unlock", NAME)
    wait_until(lambda: not is_expired(), 10, "the end of the lock in the user database")


def by_key(house, *words, **options):
    return house.sshd().command(NAME, *words, IdentityFile=house.folder / "lin-key",
                                BatchMode="yes", **options)


def test_sessions_by_key_end_and_keys_open_none_until_he_returns(house, helper, lin):
    assert run(by_key(house, "id", "-un")).stdout.strip() == lin
    with subprocess.Popen(by_key(house, "echo up; sleep 983"), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as ssh:
        assert ssh.stdout.readline() == b"up\n"
        row, = wait_until(lambda: house.call("Accounts", "ListSessions", "s", lin))
        assert row["subject"] == "" and row["uid"] >= 65536
        lock(house)
        assert ssh.wait(10) != 0
        wait_until(lambda: not run(["pgrep", "-u", str(row["uid"])], check=False).stdout)
    refused = run(by_key(house, "id", "-un"), check=False)
    assert refused.returncode != 0 and lin not in refused.stdout
    house.jauthd.stop()                  # nor does it take jauthd to refuse him
    assert run(by_key(house, "id", "-un"), check=False).returncode != 0
    house.jauthd.start()
    unlock(house)
    with subprocess.Popen(by_key(house, "echo up; sleep 2; echo still"), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as ssh:
        assert ssh.communicate(timeout=20)[0] == b"up\nstill\n"
    assert helper.wanted


# --- cron and at ---

@contextlib.contextmanager
def crontab_of(user, mark):
    path = CRONTABS / user
    CRONTABS.mkdir(parents=True, exist_ok=True)
    path.write_text(f"@reboot touch {MARKS}/{mark}\n")
    os.chmod(path, 0o600)
    os.chown(path, int(run(["id", "-u", user]).stdout), -1)
    yield
    path.unlink()


def run_cron(house):
    """cron as after a boot, until it has run what it runs then for a user of the host."""
    for path in ("/run/crond.reboot", "/run/crond.pid"):
        pathlib.Path(path).unlink(missing_ok=True)
    cron = Service("cron", ["cron", "-f"], str(house.folder), notify=False).start()
    try:
        wait_until((MARKS / "local").exists, 10, "the other user's job")
        time.sleep(0.5)
    finally:
        cron.stop()


@pytest.mark.parametrize("is_locked", [True, False])
def test_cron_runs_his_jobs_unless_he_is_locked(house, lin, user, is_locked):
    with crontab_of(lin, "lin"), crontab_of(user, "local"):
        if is_locked:
            lock(house)
        run_cron(house)
        assert (MARKS / "lin").exists() != is_locked
        assert "crontabs/" + lin in house.ctl("user", "jobs", lin).stdout


@pytest.mark.parametrize("is_locked", [True, False])
def test_at_runs_his_jobs_unless_he_is_locked(house, lin, user, is_locked):
    for name, mark in ((lin, "lin"), (user, "local")):
        gid = run(["id", "-g", name]).stdout.strip()
        run(["setpriv", f"--reuid={name}", f"--regid={gid}", "--clear-groups", "at", "now"],
            input=f"touch {MARKS}/{mark}\n", cwd="/", env={"PATH": "/usr/bin:/bin",
                                                          "LOGNAME": name, "HOME": "/"})
    if is_locked:
        lock(house)
    assert "atjobs" in house.ctl("user", "jobs", lin).stdout
    atd = Service("atd", ["atd", "-f", "-l", "1000", "-b", "1"], str(house.folder),
                  notify=False).start()
    try:
        wait_until((MARKS / "local").exists, 10, "the other user's job")
        time.sleep(1.5)
    finally:
        atd.stop(signal.SIGKILL)
    assert (MARKS / "lin").exists() != is_locked
    for path in pathlib.Path("/var/spool/cron/atjobs").glob("[a-z=]*"):
        path.unlink()
    pathlib.Path("/run/atd.pid").unlink(missing_ok=True)


# --- lingering ---

def test_lingering_ends_with_the_lock_and_comes_back(house, helper, lin):
    LINGER.mkdir(parents=True, exist_ok=True)
    (LINGER / lin).touch()
    lock(house)
    wait_until(lambda: not (LINGER / lin).exists())
    unlock(house)
    wait_until((LINGER / lin).exists)
    (LINGER / lin).unlink()
    lock(house)
    unlock(house)
    time.sleep(0.5)
    assert not (LINGER / lin).exists() and helper.wanted
