# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of people who have left end, and nobody else's: real sshd and su, jauthd, and the root
helper behind a socket as its units have it."""

import contextlib
import os
import pathlib
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time

import pytest

import configs
from bus import Bus, BusError, variants
from conftest import PASSWORD
from fake_logind import Logind
from house import DATABASE, END_SESSION_SOCKET, JAUTH_END_SESSION, wait_until
from pam_client import Client
from people import PASSWORD_PROMPT, type_password
from service import run

HERE = os.path.dirname(os.path.abspath(__file__))
LINGER = pathlib.Path("/var/lib/systemd/linger")
BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    house.configure(configs.head(tries=1) + configs.PASSWORD
                    + configs.service("sshd", "password") + configs.service("su", "password")
                    + configs.service("jauth-test", "password"))
    house.use_jauth("sshd", "su", sessions=True)
    pathlib.Path("/etc/pam.d/jauth-test").write_text(
        "auth required pam_jauth.so\naccount required pam_jauth.so\n"
        "session required pam_permit.so\nsession optional pam_jauth.so\n")
    yield house
    house.use_debian("sshd", "su")
    house.stop_jauth()


@pytest.fixture(scope="module")
def helper(house):
    service = house.end_session_helper()
    yield service
    service.stop()


@pytest.fixture
def jane(house):
    name = house.add_user(password=PASSWORD)
    yield name
    run(["pkill", "-KILL", "-u", name], check=False)
    unlock(name)
    house.remove_user(name)


@pytest.fixture
def mary(house):
    name = house.add_user(password=PASSWORD)
    yield name
    run(["pkill", "-KILL", "-u", name], check=False)
    house.remove_user(name)


@pytest.fixture
def logind():
    daemon = Logind()
    yield daemon
    daemon.stop()


# --- what a directory does, and what tells jauthd to look ---

def write(sql, *values):
    with contextlib.closing(sqlite3.connect(DATABASE / "jauth.db", timeout=10)) as db, db:
        return db.execute(sql, values).fetchall()


def lock(user):
    """The identity that this user's password proves."""
    write("INSERT INTO locked_identities VALUES ('unix', ?, 'test', 'left', 0)", user)


def unlock(user):
    write("DELETE FROM locked_identities WHERE subject = ?", user)


def start_of(pid="self"):
    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{BOOT}/{ticks}"


def tell(user, phase="session", start=None, **facts):
    """Session, told by this process."""
    facts = {"phase": phase, "service": "jauth-test", "user": user,
             "start": start or start_of(), **facts}
    with Bus() as bus:
        return bus.call("Login", "Session", "a{sv}",
                        {"version": ("u", 1), **variants(facts)})


def look():
    """jauthd looks who must end, as it does after a sync and once a minute."""
    with Bus() as bus:
        bus.call("Admin", "Reload")


# --- sessions ---

def sessions(house, user):
    return house.call("Accounts", "ListSessions", "s", user)


def wait_sessions(house, user, number, timeout=15):
    return wait_until(lambda: (lambda rows: rows if len(rows) == number else None)(
        sessions(house, user)) if number else not sessions(house, user), timeout,
        f"{number} sessions of {user}")


@contextlib.contextmanager
def logged_in(house, user):
    with house.sshd().login(user) as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(r"[$#] ")
        yield ssh


def assert_lives(terminal, word="still-here"):
    terminal.send_line(f"echo {word[:5]}''{word[5:]}")
    terminal.wait_for(word)


def processes_of(user):
    return run(["pgrep", "-u", user], check=False).stdout.split()


def ended_rows(house, user):
    return [row for row in house.audit(user) if row["kind"] == "session"]


def test_a_session_is_kept_beside_its_grant_until_it_ends(house, jane):
    with logged_in(house, jane) as ssh:
        row, = wait_sessions(house, jane, 1)
        grant = [r for r in house.audit(jane) if r["kind"] == "login"][-1]
        assert (row["user"], row["uid"], row["service"]) == (jane, house.uid(jane), "sshd")
        assert (row["issuer"], row["subject"], row["method"]) == ("unix", jane, "password")
        assert row["request"] == grant["request"]
        assert row["state"] == "open" and row["source"] == "127.0.0.1"
        command = pathlib.Path(f"/proc/{row['pid']}/cmdline").read_text()
        assert command.startswith(f"sshd: {jane} [priv]")
        listed = house.ctl("session", "list", jane).stdout
        assert "sshd" in listed and grant["request"] in listed
        ssh.send_line("exit")
        ssh.wait_end()
    wait_sessions(house, jane, 0)


def test_a_leaver_s_sessions_end_and_nobody_else_s(house, helper, jane, mary):
    with logged_in(house, jane) as one, logged_in(house, jane) as two, \
            logged_in(house, mary) as other:
        two.send_line("(trap '' HUP TERM; sleep 987) & sleep 988")
        wait_sessions(house, jane, 2)
        wait_until(lambda: run(["pgrep", "-u", jane, "sleep"], check=False).stdout.count("\n") == 2)
        lock(jane)
        look()
        for ssh in (one, two):
            assert ssh.wait_end(10) != 0
        wait_until(lambda: not processes_of(jane), 10, "the end of all processes")
        wait_sessions(house, jane, 0, 20)
        assert_lives(other)
        assert len(sessions(house, mary)) == 1
    rows = wait_until(lambda: (lambda rows: rows if len(rows) == 2 else None)(
        ended_rows(house, jane)), what="two rows of the log")
    assert all("ended" in row["reason"] for row in rows)
    assert {row["subject"] for row in rows} == {jane}
    assert not ended_rows(house, mary)
    assert helper.process.poll() is None


def test_who_returns_is_left_in_peace(house, helper, jane):
    lock(jane)
    look()
    unlock(jane)
    look()
    with logged_in(house, jane) as ssh:
        look()
        time.sleep(0.5)
        assert_lives(ssh)
        assert sessions(house, jane)[0]["state"] == "open"
    assert not ended_rows(house, jane) and helper.wanted


def test_a_sysadmin_ends_one_of_two(house, helper, jane):
    with logged_in(house, jane) as one:
        first, = wait_sessions(house, jane, 1)
        with logged_in(house, jane) as two:
            house.ctl("session", "end", str(first["id"]))
            assert one.wait_end(10) != 0
            assert_lives(two)
            assert helper.wanted
    done = house.ctl("session", "end", "999999", check=False)
    assert done.returncode == 1 and "no such session" in done.stderr
    assert house.ctl("session", "end", "x", check=False).returncode == 2


def test_su_in_somebody_else_s_session_ends_alone(house, helper, jane, mary):
    with logged_in(house, mary) as ssh:
        ssh.send_line(f"su {jane}")
        ssh.wait_for(PASSWORD_PROMPT)
        ssh.send_line(PASSWORD)
        row, = wait_sessions(house, jane, 1)
        assert (row["service"], row["subject"]) == ("su", jane)
        ssh.send_line("sleep 986")
        wait_until(lambda: run(["pgrep", "-u", jane, "sleep"], check=False).stdout)
        lock(jane)
        look()
        wait_until(lambda: not processes_of(jane), 10, "the end of su")
        wait_sessions(house, jane, 0, 20)
        assert_lives(ssh)
    assert helper.wanted


# --- jauthd and the helper away ---

def test_a_lock_that_jauthd_did_not_live_to_see_counts_when_it_is_back(house, helper, jane):
    with logged_in(house, jane) as ssh:
        wait_sessions(house, jane, 1)
        house.jauthd.stop(signal.SIGKILL)
        lock(jane)
        house.jauthd.start()
        assert ssh.wait_end(10) != 0
        wait_sessions(house, jane, 0, 20)
    assert helper.wanted


def test_kill_9_in_the_middle_of_an_end_leaves_it_ended(house, helper, jane):
    with logged_in(house, jane) as ssh:
        ssh.send_line("trap '' HUP TERM; while :; do sleep 1; done")
        row, = wait_sessions(house, jane, 1)
        house.ctl("session", "end", str(row["id"]))
        house.jauthd.wait_back(house.jauthd.kill())
        assert ssh.wait_end(10) != 0
        wait_sessions(house, jane, 0, 20)
    assert helper.wanted


def test_an_end_that_jauthd_was_not_told_of_is_found(house, helper, jane):
    with logged_in(house, jane):
        wait_sessions(house, jane, 1)
        house.jauthd.stop()
    wait_until(lambda: not processes_of(jane))
    house.jauthd.start()
    wait_sessions(house, jane, 0)
    assert helper.wanted


def test_without_the_helper_the_end_waits_for_it(house, jane):
    END_SESSION_SOCKET.unlink(missing_ok=True)
    with logged_in(house, jane) as ssh:
        row, = wait_sessions(house, jane, 1)
        house.ctl("session", "end", str(row["id"]))
        wait_until(lambda: "jauth-end-session cannot be asked" in house.jauthd.log())
        assert_lives(ssh)
        assert sessions(house, jane)[0]["state"] == "to be ended"
        again = house.end_session_helper()
        house.jauthd.restart()
        assert ssh.wait_end(10) != 0
        again.stop()


@pytest.fixture
def lone_helper(house):
    """One that is this test's, whatever became of the others' socket."""
    service = house.end_session_helper()
    yield service
    service.stop()


def open_and_close(user, **options):
    began = time.monotonic()
    with Client(user, ["open", "close"], **options) as client:
        result = client.finish()
    return result, time.monotonic() - began


def test_a_jauthd_that_is_away_takes_nothing_from_a_session(house, jane):
    house.jauthd.stop()
    try:
        result, seconds = open_and_close(jane)
    finally:
        house.jauthd.start()
    assert result.codes == {"open": "PAM_SUCCESS", "close": "PAM_SUCCESS"}
    assert seconds < 6


def test_a_jauthd_that_hangs_costs_two_seconds(house, jane):
    house.jauthd.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with Client(jane, ["open"]) as client:
            client.finish()
        seconds = time.monotonic() - began
    finally:
        house.jauthd.send(signal.SIGCONT)
    assert 1.5 < seconds < 4


def test_a_jauthd_that_is_started_again_meanwhile_is_told(house, jane):
    house.jauthd.stop()
    with Client(jane, ["open"]) as client:
        time.sleep(0.3)
        house.jauthd.start()
        client.finish()
    assert len(write("SELECT 1 FROM sessions WHERE user = ?", jane)) == 1


def test_root_and_system_users_are_told_nobody(house):
    assert house.is_on_bus()
    for user in ("root", "daemon"):
        open_and_close(user)
        assert not write("SELECT 1 FROM sessions WHERE user = ?", user)


# --- what looks like the session and is not ---

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]

TELLER = """
import sys, time
sys.path.insert(0, sys.argv[1])
import test_sessions
test_sessions.tell(sys.argv[2])
print("told", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def teller(user):
    """A process that tells of a session and stays."""
    process = subprocess.Popen([sys.executable, "-c", TELLER, HERE, user], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"told\n"
    yield process
    process.kill()
    process.wait()


def start_with_pid(pid, argv):
    """A process with this id: the house has its process ids for itself."""
    for _ in range(200):
        pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        if process.pid == pid:
            assert process.stdout.readline() == b"up\n"
            return process
        process.kill()
        process.wait()
    raise AssertionError(f"process {pid} cannot be had")


def test_a_process_that_took_the_number_of_the_session_lives(house, lone_helper, jane):
    with teller(jane) as process:
        row, = wait_sessions(house, jane, 1)
    assert row["pid"] == process.pid
    later = start_with_pid(process.pid, ["setpriv", f"--reuid={jane}", f"--regid={jane}",
                                         "--clear-groups", *SLEEPER])
    house.ctl("session", "end", str(row["id"]))
    wait_sessions(house, jane, 0)
    assert later.poll() is None
    later.kill()
    later.wait()
    assert lone_helper.wanted


def test_processes_of_another_uid_live(house, lone_helper, jane, mary):
    """What the record says of the user is not what runs there."""
    with teller(jane) as process:
        row, = wait_sessions(house, jane, 1)
        write("UPDATE sessions SET uid = ? WHERE id = ?", house.uid(mary), row["id"])
        house.ctl("session", "end", str(row["id"]))
        wait_until(lambda: "refused" in house.jauthd.log())
        time.sleep(0.3)
        assert process.poll() is None
    assert lone_helper.wanted


@pytest.mark.parametrize("facts", [
    {"start": "yesterday"}, {"start": BOOT}, {"start": BOOT + "/1 2"},
    {"start": BOOT.upper() + "/1"}, {"start": "x" * 300}, {"phase": "authenticate"},
    {"request": "zz"},
])
def test_a_report_with_a_wrong_fact_is_refused(house, facts):
    with pytest.raises(BusError) as error:
        tell("nobody", **facts)
    assert error.value.name == "Facts" and house.is_on_bus()


def test_a_session_is_no_login(house, jane):
    with pytest.raises(BusError) as error, Bus() as bus:
        bus.begin(jane, phase="session", start=start_of())
    assert error.value.name == "Facts" and house.is_on_bus()


def test_the_request_of_another_login_opens_no_session(house, jane, mary):
    with logged_in(house, jane):
        row, = wait_sessions(house, jane, 1)
        tell(mary, request=row["request"], service="sshd")
        other, = sessions(house, mary)
        tell(mary, "session-end")
    assert (other["request"], other["subject"]) == ("", "")


# --- logind ---

def test_logind_ends_what_it_holds(house, lone_helper, logind, jane):
    logind.remote = True
    logind.session = {"Id": "c7", "User": house.uid(jane), "Leader": 0, "State": "active"}
    with teller(jane) as process:
        logind.session["Leader"] = process.pid
        row, = wait_sessions(house, jane, 1)
        assert row["logind"] == "c7"
        house.ctl("session", "end", str(row["id"]))
        wait_until(lambda: ("TerminateSession", ("c7",)) in logind.asked)
        assert process.poll() is None        # that is logind's
        assert sessions(house, jane)[0]["state"] == "ending"
    logind.session = None
    house.jauthd.restart()
    wait_sessions(house, jane, 0)


def test_what_was_left_running_after_a_logout_ends_too(house, lone_helper, logind, jane):
    logind.remote = True
    logind.session = {"Id": "c7", "User": house.uid(jane), "Leader": 0, "State": "active"}
    with teller(jane) as process:
        logind.session["Leader"] = process.pid
        row, = wait_sessions(house, jane, 1)
    logind.session["State"] = "closing"
    house.jauthd.restart()
    wait_until(lambda: ("GetSession", ("c7",)) in logind.asked)
    assert sessions(house, jane)[0]["id"] == row["id"]
    lock(jane)
    write("UPDATE sessions SET issuer = 'unix', subject = ? WHERE id = ?", jane, row["id"])
    look()
    wait_until(lambda: ("KillSession", ("c7", "all", 9)) in logind.asked)


@pytest.mark.parametrize("wrong", [{"User": 0}, {"Leader": 1}])
def test_another_one_s_session_is_not_ended(house, lone_helper, logind, jane, wrong):
    logind.remote = True
    logind.session = {"Id": "c7", "User": house.uid(jane), "Leader": 1, "State": "active"}
    with teller(jane) as process:
        logind.session["Leader"] = process.pid
        row, = wait_sessions(house, jane, 1)
        logind.session.update(wrong)
        house.ctl("session", "end", str(row["id"]))
        wait_until(lambda: ("GetSession", ("c7",)) in logind.asked)
        time.sleep(0.3)
        assert not [member for member, _ in logind.asked if member == "TerminateSession"]


@pytest.mark.parametrize("remote", ["hang", None])
def test_a_logind_that_is_of_no_use_leaves_the_process(house, lone_helper, logind, jane, remote):
    logind.remote = remote
    with teller(jane):
        row, = wait_sessions(house, jane, 1)
        assert row["logind"] == ""


# --- the helper itself ---

def test_only_jauthd_may_give_orders(house, lone_helper):
    status = END_SESSION_SOCKET.stat()
    assert stat.S_IMODE(status.st_mode) == 0o600
    for user in ("nobody", "jauth-http"):
        done = run(["setpriv", f"--reuid={user}", "--clear-groups", f"--regid={user}" if
                    user != "nobody" else "--regid=nogroup", sys.executable, "-c",
                    "import socket; socket.socket(socket.AF_UNIX).connect"
                    f"('{END_SESSION_SOCKET}')"], check=False)
        assert "PermissionError" in done.stderr


def order(lines):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(END_SESSION_SOCKET))
        sock.sendall(lines)
        sock.shutdown(socket.SHUT_WR)
        said = b""
        for _ in range(1000):
            with contextlib.suppress(ConnectionResetError):      # once, when it left lines unread
                part = sock.recv(4096)
                if not part:
                    break
                said += part
        return said.decode().splitlines()


@pytest.mark.parametrize("line", [
    b"\n", b"end\n", b"end 0 1 x -\n", b"end 1000 1 " + BOOT.encode() + b"/1 -\n",
    b"end 999 500 " + BOOT.encode() + b"/1 -\n", b"linger-off 1000 ../../../etc/passwd\n",
    b"a" * 300 + b"\n", b"\xff\xfe\n", b"end 1000 5\x000 x -\n",
    b"end 1000 500 " + BOOT.encode() + b"/1 -",
])
def test_what_is_no_order_ends_the_talk(lone_helper, line):
    good = f"look 1000 2147483647 {BOOT}/1 -\n".encode()
    assert order(good) == ["gone"]
    assert order(line + good) == []
    assert lone_helper.wanted


def test_orders_have_a_limit(lone_helper):
    good = f"look 1000 2147483647 {BOOT}/1 -\n".encode()
    assert order(good * 100) == ["gone"] * 64
    assert lone_helper.wanted


def test_the_helper_links_little():
    libraries = run(["ldd", JAUTH_END_SESSION]).stdout
    for name in ("libcrypto", "libcurl", "libsqlite", "libjansson", "libjose"):
        assert name not in libraries


# --- jobs and lingering ---

def test_jobs_are_listed(house, jane):
    crontab = pathlib.Path("/var/spool/cron/crontabs", jane)
    crontab.parent.mkdir(parents=True, exist_ok=True)
    crontab.write_text("# no job\nPATH=/bin\n5 4 * * * echo own\n@daily echo daily\n")
    system = pathlib.Path("/etc/cron.d/of-tests")
    system.write_text(f"1 2 * * * {jane} echo system\n1 2 * * * {jane}x echo other\n"
                      "1 2 * * * root echo \x1b[31mroot\n")
    jobs = pathlib.Path("/var/spool/cron/atjobs")
    jobs.mkdir(parents=True, exist_ok=True)
    (jobs / "a0000101c5a3d0").write_text("echo at\n")
    (jobs / "a0000201c5a3d0").write_text("echo root's\n")
    os.chown(jobs / "a0000101c5a3d0", house.uid(jane), -1)
    LINGER.mkdir(parents=True, exist_ok=True)
    (LINGER / jane).touch()
    with subprocess.Popen(["setpriv", f"--reuid={jane}", "--clear-groups", "--regid=nogroup",
                           "sleep", "985"]) as sleeper:
        listed = house.ctl("user", "jobs", jane).stdout
        sleeper.kill()
    for path in (crontab, system, LINGER / jane, *jobs.glob("a*")):
        path.unlink()
    for words in ("echo own", "@daily echo daily", "echo system", "a0000101c5a3d0", "linger",
                  "sleep 985"):
        assert words in listed
    for words in ("no job", "PATH", "other", "root", "a0000201c5a3d0"):
        assert words not in listed
    assert house.ctl("user", "jobs", "nobody-there", check=False).returncode == 1
    done = run(["setpriv", "--reuid=nobody", "--clear-groups", "--regid=nogroup", "jauthctl",
                "user", "jobs", jane], check=False)
    assert done.returncode == 4


def test_more_jobs_than_are_listed_are_told(house, jane):
    """Or somebody could hide one behind ten thousand."""
    crontab = pathlib.Path("/var/spool/cron/crontabs", jane)
    crontab.parent.mkdir(parents=True, exist_ok=True)
    crontab.write_text("* * * * * true\n" * 10001)
    done = house.ctl("user", "jobs", jane, check=False)
    crontab.unlink()
    assert done.returncode == 1
    assert done.stderr.count("not shown") == 1


def person(user, uid, state):
    write("INSERT OR REPLACE INTO people VALUES (?, ?, 'unix', ?, '', '', '/', '/bin/sh', 'test',"
          " '', ?, '', 0, ?)", uid, user, user, state, int(time.time()))


def test_lingering_of_a_person_ends_and_comes_back(house, lone_helper, jane):
    """Without logind the file counts; t-end-session-helper has the rest."""
    LINGER.mkdir(parents=True, exist_ok=True)
    (LINGER / jane).touch()
    person(jane, house.uid(jane), 0)
    look()
    time.sleep(0.3)
    assert (LINGER / jane).exists()
    person(jane, house.uid(jane), 1)
    look()
    wait_until(lambda: not (LINGER / jane).exists())
    person(jane, house.uid(jane), 0)
    look()
    wait_until((LINGER / jane).exists)
    (LINGER / jane).unlink()
    write("DELETE FROM people WHERE name = ?", jane)
    assert lone_helper.wanted


def test_who_was_locked_between_his_login_and_his_session_goes_at_once(house, lone_helper, jane):
    """Nobody has to look: the session that opens is looked at."""
    person(jane, house.uid(jane), 1)
    with teller(jane):
        wait_until(lambda: [row for row in sessions(house, jane) if row["why"]], 5, "its end")
    write("DELETE FROM people WHERE name = ?", jane)
    assert lone_helper.wanted


def test_a_person_s_sessions_end_however_they_were_opened(house, lone_helper, jane, mary):
    """By key or by another module: his Unix user is his alone."""
    with teller(jane) as his, teller(mary) as other:
        run(["true"])
        wait_sessions(house, jane, 1)
        shell = subprocess.Popen(["setpriv", f"--reuid={jane}", "--clear-groups",
                                  "--regid=nogroup", "sleep", "984"])
        person(jane, house.uid(jane), 1)
        look()
        wait_until(lambda: [row for row in sessions(house, jane) if row["why"]])
        assert not [row for row in sessions(house, mary) if row["why"]]
        shell.kill()
        shell.wait()
        assert his.poll() is None and other.poll() is None       # root's own process stays
    write("DELETE FROM people WHERE name = ?", jane)
    assert lone_helper.wanted
