# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthd, jauth-http and jauth-userdb under a real systemd, enabled as `systemctl enable` does it:
behind all that shields them they do what they are for."""

import json
import pathlib
import pwd
import re
import signal

import pytest

import configs
from booted import Booted
from conftest import PASSWORD
from house import NSSWITCH, SSHD_OPTIONS, wait_until
from people import expect_shell, type_password
from service import run
from screen import Terminal
from test_units import EXPOSED
from vt import Console

ENABLED = ("jauthd.service", "jauth-http.socket", "jauth-userdb.socket", "jauth-end-session.socket")
SERVICES = ("jauthd.service", "jauth-http.service", "jauth-userdb.service")
# What a Debian has besides.
OTHERS = ("systemd-journald.socket", "systemd-journald-dev-log.socket", "systemd-journald.service",
          "dbus.socket", "dbus.service", "systemd-logind.service", "ssh.service")
SSH = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
SNAPSHOT = pathlib.Path("/var/lib/jauth-userdb/snapshot")
KEPT = "kept horse 9"                   # by jauth, for the day that the provider is not there
INSTEAD = r"Your password on this computer counts instead\.\s*Password:"


def text_of(op, title="Work"):
    return (configs.head() + configs.PASSWORD
            + configs.oidc(op, title=title, offline="console-password")
            + configs.service("sshd", "password") + configs.service("login", "work"))


def log_in_online(house, op, user):
    """Once, before the machine starts, as the offline policy wants it."""
    house.add_link(user, op.issuer, op.add_person(f"sub-of-{user}"))
    with house.bus_login(user, service="login") as login:
        login.next_ask()
        login.answer("y")
        code = re.search(r"[A-Z]{4}-[A-Z]{4}", login.next_ask().text())[0]
        op.approve(code, f"sub-of-{user}")
        login.answer("")
        assert login.outcome() == "granted"


@pytest.fixture(scope="module", name="jane")
def fixture_jane(house, op):
    """A person, and the host made ready."""
    before = NSSWITCH.read_text()
    house.use_jauth("sshd", "login")
    run(["sed", "-i", "/pam_faildelay/d", "/etc/pam.d/login"])
    house.configure(text_of(op))
    jane = house.add_user(password=PASSWORD)
    house.add_account(jane, KEPT)
    log_in_online(house, op, jane)
    house.stop_jauth()
    house.add_user("john", password=PASSWORD)
    NSSWITCH.write_text(re.sub(r"^(passwd|group|shadow): files$", r"\1: files systemd", before,
                               flags=re.MULTILINE))
    run(["ssh-keygen", "-A"])
    pathlib.Path("/etc/ssh/sshd_config").write_text(
        "".join(f"{key} {value}\n" for key, value in SSHD_OPTIONS.items()))
    SNAPSHOT.unlink(missing_ok=True)
    run(["systemctl", "enable", *ENABLED])
    yield jane
    run(["systemctl", "disable", *ENABLED])
    house.remove_user(jane)
    house.remove_user("john")
    house.use_debian("sshd", "login")
    NSSWITCH.write_text(before)


@pytest.fixture(scope="module", name="booted")
def fixture_booted(jane):
    with Booted(*OTHERS, "multi-user.target", "sockets.target",
                known=[*ENABLED, *SERVICES[1:], "jauth-end-session@.service"]) as booted:
        booted.run("ip", "link", "set", "lo", "up")
        wait_until(lambda: booted.show("jauthd.service", "ActiveState") == "active", 15, "jauthd")
        assert jane
        yield booted


def pid_of(booted, unit="jauthd.service"):
    return booted.show(unit, "MainPID")


def journal_of(booted, *units):
    words = [word for unit in units for word in ("-u", unit)]
    return booted.run("journalctl", "--no-pager", "-o", "short-monotonic", *words).stdout


# --- as it starts ---

def test_all_is_enabled_and_runs(booted):
    for unit in ENABLED:
        assert booted.systemctl("is-enabled", unit) == "enabled"
        assert booted.show(unit, "ActiveState") == "active"
    assert booted.run("jauthctl", "status").stdout
    assert booted.systemctl("list-units", "--failed", "--no-legend", "--plain") == ""


@pytest.mark.parametrize("unit", ENABLED)
def test_status_is_clean(booted, unit):
    done = booted.run("systemctl", "status", "--no-pager", "--full", unit, check=False)
    assert done.returncode == 0
    # That one is about the hierarchies of this machine.
    lines = [line for line in done.stdout.splitlines() if "compat systemd cgroup" not in line]
    assert [line for line in lines if re.search(
        r"(?i)\b(failed|failure|error|warning|denied|bad-setting)\b|not permitted", line)] == []


@pytest.mark.parametrize("unit", SERVICES)
def test_it_exposes_as_little_as_its_file_says(booted, unit):
    """The manager's own view of what it has loaded."""
    booted.systemctl("start", unit)
    done = booted.run("systemd-analyze", "security", "--no-pager", unit, check=False)
    assert float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)[1]) <= \
        EXPOSED[unit]


def test_it_is_nobody_in_particular(booted):
    status = booted.run("cat", f"/proc/{pid_of(booted)}/status").stdout
    uid, shadow = pwd.getpwnam("jauth").pw_uid, run(["getent", "group", "shadow"]).stdout
    assert re.search(rf"^Uid:\t{uid}\t{uid}\t{uid}\t{uid}$", status, re.MULTILINE)
    assert shadow.split(":")[2] in re.search(r"^Groups:\t(.*)$", status, re.MULTILINE)[1].split()
    assert re.findall(r"^Cap(?:Prm|Eff|Bnd|Amb):\t([0-9a-f]+)$", status, re.MULTILINE) == [
        "0" * 16] * 4
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
    devices = booted.run("cat", f"/proc/{pid_of(booted)}/net/dev").stdout
    assert re.findall(r"^ *(\S+):", devices, re.MULTILINE) == ["lo"]


# --- what it is for ---

def log_in(booted, user):
    with Terminal(booted.inside(*SSH, f"{user}@127.0.0.1")) as terminal:
        type_password(terminal, PASSWORD)
        expect_shell(terminal, user)


def logins(booted, user):
    return json.loads(booted.run("jauthctl", "log", "--json", "--user", user).stdout)


def test_a_login_over_ssh(booted):
    """John's password is the one of /etc/shadow, which jauthd's group reads."""
    log_in(booted, "john")
    rows = logins(booted, "john")
    assert ("granted", "sshd") in [(row["outcome"], row["service"]) for row in rows]


def test_it_sees_which_terminal_a_program_has(booted, jane):
    """The offline policy is for consoles only, and a console is known by what /proc says of root's
    process, which ProtectProc=invisible would hide."""
    getty = booted.inside("setsid", "--ctty", "--wait", "login", "-p", jane)
    with Console(getty) as console:
        console.wait_for("type y")
        console.send_line("y")
        console.wait_for(INSTEAD)
        console.send_line(KEPT)
        console.wait_for(r"[$#]$")
        console.send_line("echo I-am-$(id -un)")
        console.wait_for(f"I-am-{jane}\\b")
    assert [(row["outcome"], row["reason"]) for row in logins(booted, jane)
            if "offline" in row["reason"]] == [("granted", "offline: password instead of work")]


def test_the_snapshot_comes_from_behind_the_walls(booted):
    """jauthd writes it, jauth-userdb reads it, and who asks is answered."""
    assert SNAPSHOT.stat().st_uid == pwd.getpwnam("jauth").pw_uid
    assert booted.run("getent", "passwd", "nosuchuser", check=False).returncode == 2
    wait_until(lambda: booted.show("jauth-userdb.service", "ActiveState") == "active", 5, "it")


# --- changes ---

def test_reload(booted, house, op):
    pid = pid_of(booted)
    house.write_config(text_of(op, "Labour"))
    assert booted.run("systemctl", "reload", "jauthd").returncode == 0
    wait_until(lambda: "Labour" in booted.run("jauthctl", "method", "list").stdout, 5, "the title")
    house.write_config(text_of(op).replace("type = password", "type = colour"))
    booted.run("systemctl", "reload", "jauthd", check=False)
    wait_until(lambda: "colour" in journal_of(booted, "jauthd.service") or
               "jauthd.conf" in journal_of(booted, "jauthd.service"), 5, "what is wrong")
    assert "Labour" in booted.run("jauthctl", "method", "list").stdout
    house.write_config(text_of(op))
    booted.run("systemctl", "reload", "jauthd")
    assert pid_of(booted) == pid and booted.show("jauthd.service", "ActiveState") == "active"


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_started_again_it_lets_people_in(booted, how):
    pid, n_restarts = pid_of(booted), int(booted.show("jauthd.service", "NRestarts"))
    if how == "restart":
        booted.run("systemctl", "restart", "jauthd")
    else:
        booted.kill("jauthd.service", signal.SIGKILL.name)
        wait_until(lambda: int(booted.show("jauthd.service", "NRestarts")) == n_restarts + 1, 5,
                   "a new start")
        wait_until(lambda: booted.show("jauthd.service", "ActiveState") == "active", 10, "jauthd")
    assert pid_of(booted) not in (pid, "0")
    log_in(booted, "john")


def test_of_a_killed_jauth_http_calls_are_answered_by_the_next(booted):
    """Its socket is systemd's."""
    booted.systemctl("start", "jauth-http.service")
    pid = pid_of(booted, "jauth-http.service")
    booted.kill("jauth-http.service", signal.SIGKILL.name)
    wait_until(lambda: pid_of(booted, "jauth-http.service") not in (pid, "0"), 10, "the next")
    done = booted.run("jauthctl", "doctor", "--json", check=False)
    assert "jauth-http answers" in done.stdout


DEADLY = "[Service]\nSystemCallErrorNumber=kill\n"


def test_nothing_asks_the_kernel_for_what_is_forbidden(booted, house, op):
    """A refusal is silent; so here it is death."""
    folders = [pathlib.Path("/etc/systemd/system", unit + ".d") for unit in SERVICES]
    for folder in folders:
        folder.mkdir()
        (folder / "deadly.conf").write_text(DEADLY)
    try:
        booted.systemctl("daemon-reload")
        booted.systemctl("restart", *SERVICES)
        log_in(booted, "john")
        house.write_config(text_of(op, "Labour"))
        booted.systemctl("reload", "jauthd")
        booted.run("getent", "passwd", "nosuchuser", check=False)
        booted.run("jauthctl", "doctor", "--json", check=False)     # which asks them all
        for unit in SERVICES:
            assert (booted.show(unit, "NRestarts"), booted.show(unit, "ActiveState")) == (
                "0", "active")
    finally:
        house.write_config(text_of(op))
        for folder in folders:
            (folder / "deadly.conf").unlink()
            folder.rmdir()
        booted.systemctl("daemon-reload")
        booted.systemctl("restart", *SERVICES)


# --- at the end ---

def test_the_journal_knows_of_no_denial(booted):
    everything = booted.run("journalctl", "--no-pager").stdout
    for what in ("jauthd[", "Started jauthd.service", "Started jauth-http.service"):
        assert what in everything, "nothing is kept"
    ours = [line for line in everything.splitlines() if "jauth" in line]
    assert [line for line in ours if re.search(
        r"(?i)not permitted|permission denied|EPERM|EACCES|seccomp|bad system call|SIGSYS|"
        r"namespace|failed at step|read-only file system|core.?dump|assert", line)] == []
