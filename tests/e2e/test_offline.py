# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline policy: nothing answers at the provider, the relay or jauth-http, and on a real Linux
console the password kept by jauth counts instead, for whom it may; and for nobody else."""

import contextlib
import re
import signal
import sqlite3
import time

import pytest

import configs
from clock import Clock
from conftest import PASSWORD
from fake_logind import Logind
from house import DATABASE, JAUTHD, wait_until
from people import Key, as_user, enrol_totp
from relayed import Site, begin
from service import run
from screen import Terminal
from vt import Console

KEPT = "kept horse 9"                   # by jauth; PASSWORD is that of /etc/shadow
HOUR = 3600
SERVICES = ("login", "su", "sshd")
GATE = "type y to show the code"
INSTEAD = r"Your password on this computer counts instead\.\s*Password:"
FAILED = "The provider cannot be reached"
METRICS = "/run/house/tmp/offline.prom"


def text_of(op, site, **more):
    head = configs.head(tries=1) + configs.PASSWORD + site.section()
    methods = (configs.oidc(op, offline="console-password", offline_for="24h", **more)
               + configs.oidc(op, name="plain", client_id="demo")
               + site.wecom_section(offline="console-password") + configs.totp())
    rows = "".join(
        configs.service(f"{name} {label}", methods_of, users=label)
        for name in SERVICES
        for label, methods_of in (("plainuser", "plain"), ("relayuser", "wecom"),
                                  ("codeuser", "work + app"), ("bothuser", "password + work"),
                                  ("menuuser", "work, plain")))
    return (head + configs.section("general", {"metrics_file": METRICS}) + methods + rows
            + "".join(configs.service(name, "work") for name in SERVICES))


@pytest.fixture(scope="module", autouse=True)
def site(house, authority, wecom, op):
    made = Site(house, authority, wecom, op)
    made.start()
    house.write_config(text_of(op, made))
    made.enrol()
    house.use_jauth(*SERVICES)
    run(["sed", "-i", "/pam_faildelay/d", "/etc/pam.d/login"])
    moved = Clock(house)
    made.clock = moved
    house.configure(text_of(op, made))
    yield made
    house.use_debian(*SERVICES)
    house.stop_jauth()
    moved.release()
    made.stop()


@pytest.fixture
def moved(house, site):
    """The clock; at the end it is right again, since tokens have times, too."""
    yield site.clock
    site.clock.put_back(site.clock.ahead())
    wait_until(house.is_on_bus, 10)


@pytest.fixture
def gone(polite):
    """Nothing answers at the provider any more."""
    return lambda: polite.fault("device", "reset", times=1000)


def add_person(house, op, name=None, account=True):
    user = house.add_user(name, password=PASSWORD)
    house.add_link(user, op.issuer, op.add_person(f"sub-of-{user}"))
    if account:
        house.add_account(user, KEPT)
    return user


@pytest.fixture
def person(house, polite):
    """Somebody who was let in by the provider a moment ago."""
    user = add_person(house, polite)
    log_in(house, polite, user)
    yield user
    house.remove_user(user)


def log_in(house, op, user, code=None):
    """By the provider, over ssh; the outcome is granted."""
    with house.bus_login(user) as login:
        assert GATE in login.next_ask().text()
        login.answer("y")
        step = login.next_ask()
        op.approve(re.search(r"user_code=([A-Z]{4}-[A-Z]{4})|([A-Z]{4}-[A-Z]{4})",
                             step.text()).group(0)[-9:], f"sub-of-{user}")
        login.answer("")
        if code:
            login.next_ask()
            login.answer(code)
        assert login.outcome() == "granted"


def database():
    return sqlite3.connect(DATABASE / "jauth.db", timeout=10)


@contextlib.contextmanager
def console_login(user):
    with Console(["login", "-p", user]) as console:
        yield console


@contextlib.contextmanager
def asked(user):
    """On the console, until the password is asked for instead."""
    with console_login(user) as console:
        console.wait_for(GATE)
        console.send_line("y")
        console.wait_for(INSTEAD)
        yield console


def expect_shell(console, user):
    console.wait_for(r"[$#]$")
    console.send_line("echo I-am-$(id -un)")
    console.wait_for(f"I-am-{user}\\b")


def expect_refusal(console):
    console.wait_for("incorrect|denied")
    assert "I-am" not in console.text() and not re.search(r"[$#]$", console.text())


def last(house, user):
    return [row for row in house.audit(user) if row["kind"] == "login"][-1]


def refused(house, user, password, reason):
    """The console's words, whatever the reason is; only the audit has it."""
    n_rows = len(house.audit(user))
    with asked(user) as console:
        console.send_line(password)
        console.wait_for("Login incorrect")
        expect_refusal(console)
    rows = house.audit(user)[n_rows:]
    assert [row["outcome"] for row in rows] == ["denied"]
    assert reason in rows[0]["reason"], rows[0]["reason"]


def expect_no_question(house, user, outcome, console=None):
    """The login is over without it."""
    wait_until(lambda: [row for row in house.audit(user) if row["kind"] == "login"][-1:]
               and last(house, user)["outcome"] == outcome, 20, outcome)
    if console:
        assert "instead" not in console.text()


# --- it counts ---

def granted(house, user, method="work"):
    row = last(house, user)
    assert (row["outcome"], row["reason"], row["origin"]) == \
        ("granted", f"offline: password instead of {method}", "local")
    return row


def test_the_provider_does_not_answer(house, person, gone, polite):
    gone()
    n_rows = len(house.audit(person))
    with asked(person) as console:
        assert FAILED in console.text()
        console.send_line(KEPT)
        expect_shell(console, person)
    row = granted(house, person)
    assert (row["method"], row["issuer"], row["subject"]) == \
        ("work", polite.issuer, f"sub-of-{person}")
    assert [row["kind"] for row in house.audit(person)[n_rows:]] == ["login", "account"]
    warning = [line for line in house.jauthd.log().splitlines()
               if f"offline: user {person} typed his password" in line]
    assert len(warning) == 1 and "method work" in warning[0]


def test_jauth_http_is_gone(house, person):
    house.http.stop()
    try:
        with asked(person) as console:
            console.send_line(KEPT)
            expect_shell(console, person)
        granted(house, person)
    finally:
        house.http.start()


def test_the_relay_is_gone(house, site, wecom):
    user = house.add_user("relayuser", password=PASSWORD)
    house.add_link(user, f"wecom:{wecom.corp_id}", wecom.add_member(f"Member.{user}"))
    house.add_account(user, KEPT)
    made = site.add_person()
    made.user, made.member = user, f"Member.{user}"
    with house.bus_login(user) as login:
        login.answer(made.phone().approve(begin(login)).digits)
        assert login.outcome() == "granted"
    site.relay.service.stop()
    try:
        with console_login(user) as console:
            console.wait_for(INSTEAD)
            console.send_line(KEPT)
            expect_shell(console, user)
        granted(house, user, "wecom")
        with house.sshd().login(user) as ssh:
            expect_no_question(house, user, "failed")
            assert "instead" not in ssh.seen
    finally:
        site.relay.service.start()


def test_the_last_login_survives_a_killed_daemon(house, person, gone):
    house.jauthd.wait_back(house.jauthd.kill(signal.SIGKILL))
    wait_until(house.is_on_bus, 10)
    gone()
    with asked(person) as console:
        console.send_line(KEPT)
        expect_shell(console, person)
    granted(house, person)


def test_the_other_factors_still_apply(house, moved, polite, gone):
    user = add_person(house, polite, "codeuser")
    key = enrol_totp(house, user, moved.now)
    moved.move(60)
    log_in(house, polite, user, key.code(moved.now()))
    moved.move(60)
    gone()
    for code, outcome in (("000000", "denied"), (None, "granted")):
        with asked(user) as console:
            console.send_line(KEPT)
            console.wait_for("Code of your authenticator app")
            console.send_line(code or key.code(moved.now()))
            if code:
                expect_refusal(console)
            else:
                expect_shell(console, user)
        row = last(house, user)
        assert row["outcome"] == outcome
        assert "offline: password instead of work" in row["reason"] + row["note"]


# --- for how long ---

def test_the_time_since_the_last_login(house, moved, person, gone):
    """A login by the password does not make it longer; one by the provider does."""
    gone()
    moved.move(23 * HOUR)
    with asked(person) as console:
        console.send_line(KEPT)
        expect_shell(console, person)
    granted(house, person)
    moved.move(2 * HOUR)
    refused(house, person, KEPT, "too long ago")


def test_a_clock_that_was_put_back(house, person, gone):
    """As if the last login were tomorrow's."""
    with database() as db:
        assert db.execute("UPDATE good_logins SET time_s = time_s + 7200 WHERE user = ?",
                          (person,)).rowcount == 1
    gone()
    refused(house, person, KEPT, "too long ago")


# --- whom it does not count for ---

def test_a_wrong_password(house, person, gone):
    gone()
    refused(house, person, "wrong", "offline: wrong password")


def test_the_password_of_the_shadow_file(house, person, gone):
    gone()
    refused(house, person, PASSWORD, "offline: wrong password")


def test_who_never_came_by_the_provider(house, polite, gone):
    user = add_person(house, polite)
    gone()
    refused(house, user, KEPT, "no login by this method lately")


def lock_account(house, user, _op):
    house.lock_account(user)


def end_account(house, user, _op):
    house.set_account(user, expires=1)


def must_change(house, user, _op):
    house.set_account(user, **{"must-change": True})


def remove_link(house, user, _op):
    house.remove_links(user)


def lock_identity(_house, user, op):
    with database() as db:
        db.execute("INSERT INTO locked_identities VALUES (?, ?, 'acme', 'left', 1)",
                   (op.issuer, f"sub-of-{user}"))


@pytest.mark.parametrize("take, reason", [
    (lock_account, "offline: wrong password"), (end_account, "offline: wrong password"),
    (must_change, "must be changed"), (remove_link, "no longer this user's"),
    (lock_identity, "locked or no longer"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_what_was_taken_away(house, polite, person, gone, take, reason):
    take(house, person, polite)
    gone()
    refused(house, person, KEPT, reason)


def test_a_user_made_again(house, polite, person, gone):
    """Of the same name, and with an account of his own."""
    uid = house.uid(person)
    house.remove_user(person)
    house.call("Accounts", "RemoveUser", "s", person)
    house.add_user(person, password=PASSWORD, uid=uid + 1000)
    house.add_link(person, polite.issuer, f"sub-of-{person}")
    house.add_account(person, KEPT)
    gone()
    refused(house, person, KEPT, "no login by this method lately")


def test_a_stranger_reads_the_same(house, person, gone):
    """The same words, after the same time."""
    gone()
    seen, took = [], []
    for name in (person, "nobodyhere"):
        with asked(name) as console:
            began = time.monotonic()
            console.send_line("wrong")
            console.wait_for("Login incorrect")
            took.append(time.monotonic() - began)
            seen.append(re.sub("[0-9a-f]{16}", "ID", console.text().replace(name, "NAME")))
    assert seen[0].partition("incorrect")[0] == seen[1].partition("incorrect")[0]
    assert abs(took[0] - took[1]) < 1


def test_too_many_wrong_ones(house, person, gone):
    """The limits of passwords hold: the right one comes too late."""
    gone()
    for _ in range(5):
        with asked(person) as console:
            console.send_line("wrong")
            console.wait_for("Login incorrect")
    refused(house, person, KEPT, "offline: wrong password")
    house.unlock_limits(person)


# --- when it is not asked for ---

def test_nothing_is_typed(house, person, gone):
    gone()
    with asked(person) as console:
        console.send_line("")
        expect_no_question(house, person, "failed")
    assert "offline" not in last(house, person)["reason"]


def test_the_policy_is_deny_by_default(house, polite, gone):
    user = add_person(house, polite, "plainuser")
    log_in(house, polite, user)
    gone()
    with console_login(user) as console:
        console.wait_for(GATE)
        console.send_line("y")
        expect_no_question(house, user, "failed", console)


def test_a_way_that_asks_for_a_password_anyway(house, polite, gone):
    """One secret is not two factors."""
    user = add_person(house, polite, "bothuser")
    gone()
    with console_login(user) as console:
        console.wait_for("Password:")
        console.send_line(KEPT)
        expect_no_question(house, user, "failed", console)


@pytest.mark.parametrize("kind, details, outcome", [
    ("status", {"status": 500}, "failed"), ("json", {"value": {"error": "invalid_client"},
                                                   "status": 401}, "failed"),
    ("malformed", {}, "failed")])
def test_a_provider_that_answers(house, polite, person, kind, details, outcome):
    polite.fault("device", kind, times=5, **details)
    with console_login(person) as console:
        console.wait_for(GATE)
        console.send_line("y")
        expect_no_question(house, person, outcome, console)


def test_a_provider_that_says_no(house, polite, person):
    with console_login(person) as console:
        console.wait_for(GATE)
        console.send_line("y")
        code = console.wait_for("[A-Z]{4}-[A-Z]{4}").group(0)
        polite.deny(code)
        expect_no_question(house, person, "denied", console)


# --- where it is not asked for ---

def test_over_ssh(house, person, gone):
    gone()
    with house.sshd().login(person) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_question(house, person, "failed")
        ssh.settle()
        assert "instead" not in ssh.seen


NOWHERE = {
    "login on a pseudo-terminal": (Terminal, lambda user: ["login", "-p", user]),
    "su by a user, who leads the session": (
        Console, lambda user: as_user("nobody", "su", "-", user)[:2]
        + ["--regid=nogroup", "--clear-groups", "su", user]),
    "su by root within a session": (Console, lambda user: ["sh", "-c", f"su {user}; :"]),
}


@pytest.mark.parametrize("where", NOWHERE)
def test_elsewhere(house, person, gone, where):
    screen, argv = NOWHERE[where]
    run(["sed", "-i", "/pam_rootok/d", "/etc/pam.d/su"])
    gone()
    n_rows = len(house.audit(person))
    with screen(argv(person)) as terminal:
        terminal.wait_for(GATE)
        terminal.send_line("y")
        wait_until(lambda: len(house.audit(person)) > n_rows, 20, "the end")
        assert "instead" not in terminal.text()
    assert last(house, person)["outcome"] == "failed"


def test_su_with_a_console_that_is_not_its_terminal(house, person, gone):
    """Whoever may open one can say that it is his."""
    gone()
    n_rows = len(house.audit(person))
    with Console(["sleep", "60"]) as console:
        with Terminal(["sh", "-c", f"su {person} <{console.path} >{console.path} 2>&1"]):
            console.wait_for(GATE)
            console.send_line("y")
            wait_until(lambda: len(house.audit(person)) > n_rows, 20, "the end")
            assert "instead" not in console.text()
    assert last(house, person)["outcome"] == "failed"


def outcome_of(house, user, **facts):
    with house.bus_login(user, rhost=None, caller_uid=0, **facts) as login:
        step = login.next_ask()
        assert GATE in step.text()
        login.answer("y")
        step = login.step()
        while step.state == "wait":
            step = login.step()
        assert "instead" not in step.text()
        return step.state


def test_a_word_is_not_enough(house, person, gone):
    """A program of root that says it is at a console."""
    gone()
    assert outcome_of(house, person, service="login", surface="console",
                      tty="/dev/tty20") == "failed"


@pytest.fixture
def logind():
    daemon = Logind()
    yield daemon
    daemon.stop()


@pytest.mark.parametrize("remote", [True, False, "hang"])
def test_within_a_session(house, logind, person, gone, remote):
    """Remote, local, or nobody knows: a login of the console is in none yet."""
    logind.remote = remote
    gone()
    with console_login(person) as console:
        console.wait_for(GATE)
        console.send_line("y")
        expect_no_question(house, person, "failed", console)


def test_without_a_session(house, logind, person, gone):
    logind.remote = None
    gone()
    with asked(person) as console:
        console.send_line(KEPT)
        expect_shell(console, person)


# --- a menu ---

def test_the_menu_comes_again(house, polite, gone):
    user = add_person(house, polite, "menuuser")
    log_in_menu = r"Type a number from 1 to 2"
    gone()
    with console_login(user) as console:
        console.wait_for(log_in_menu)
        console.send_line("1")
        console.wait_for(GATE + "|" + INSTEAD)
        if not re.search(INSTEAD, console.text(), re.DOTALL):
            console.send_line("y")
        console.wait_for(INSTEAD)
        console.send_line("")
        console.wait_for(INSTEAD + ".*" + log_in_menu)
        console.send_line("q")


# --- the configuration ---

@pytest.mark.parametrize("text, mistake", [
    ("[method password]\noffline = console-password\n", "has no meaning with type password"),
    ("[method password]\nsources = shadow\n" + "WORK", "add jauth to sources"),
    ("PLAINoffline_for = 2h\n", "add that or drop offline_for"),
    ("PLAINoffline = maybe\n", "deny, console-password"),
    ("PLAINoffline = console-password\noffline_for = 31d\n", "offline_for"),
])
def test_mistakes(house, op, text, mistake):
    path = house.folder / "mistake.conf"
    path.write_text(text.replace("WORK", configs.oidc(op, offline="console-password"))
                    .replace("PLAIN", configs.oidc(op).rstrip() + "\n"))
    done = run([JAUTHD, "--check", "--config", str(path)], check=False)
    assert done.returncode != 0 and mistake in done.stdout + done.stderr


def test_it_is_counted_for_monitoring(house):
    """All those of before."""
    granted_rows = [row for row in house.audit() if row["outcome"] == "granted"
                    and row["kind"] == "login" and "offline" in row["reason"]]

    def counted():
        with open(METRICS, encoding="ascii") as file:
            match = re.search(r"^jauth_logins_offline_total (\d+)$", file.read(), re.MULTILINE)
        return 0 < int(match.group(1)) <= len(granted_rows)
    wait_until(counted, 20, "the number")
