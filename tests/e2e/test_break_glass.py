# SPDX-License-Identifier: GPL-3.0-or-later
"""Break-glass codes: printed once, right once, an alert each, with jauth-http, the relay and the
vendors gone; the group that jauth leaves alone; and the recovery of who lost his way in."""

import contextlib
import datetime
import json
import pathlib
import re
import sqlite3
import subprocess
import time

import pytest

import configs
from clock import Clock
from conftest import PASSWORD
from house import wait_until
from linked import relay_section, wecom_section
from people import (GATE, PASSWORD_PROMPT, as_user, expect_no_shell, expect_shell, plain_screen,
                    type_password)
from screen import Terminal
from service import run

DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)
PROMPT = r"Break-glass code[^\n]*: "
CODE = re.compile(r"\b[ACDEFHJKMNPRTWXY]{4}(?:-[ACDEFHJKMNPRTWXY]{4}){4}\b")
USER_CODE = r"Code: ([A-Z]{4}-[A-Z]{4})"
QUESTION = r"Type yes to link it, or q to quit: "
WRONG = "AAAA-AAAA-AAAA-AAAA-AAAA"
ADMIN = "glassboss"
METRICS = pathlib.Path("/run/jauth-metrics/jauth.prom")
DAY_S = 86400


class Gone:
    """A relay that is not there."""
    url = "https://127.0.0.1:1"

    def __init__(self, relay):
        self.key = relay.key


def config_text(op, double, wecom, own="password", tries=1, **general):
    text = (configs.section("general", {"admins": ADMIN, **general}) + configs.head(tries=tries)
            + configs.PASSWORD + configs.section("method codes", {"type": "break-glass"})
            + configs.oidc(op) + relay_section(double) + wecom_section(wecom, map="{userid}")
            + configs.service("sshd", "codes")
            + configs.service("menu", "wecom, work, codes")
            + configs.service("behind", "password + codes")
            + configs.service("login", "codes") + configs.service("work", "work"))
    return text + (configs.service("jauth-link", own) if own else "")


@pytest.fixture(scope="module")
def clock(house):
    made = Clock(house)
    yield made
    made.release()


@pytest.fixture(scope="module", autouse=True)
def jauth(house, op, double, wecom, clock):
    house.add_user(ADMIN, password=PASSWORD)
    house.use_jauth("sshd", "login")
    house.configure(config_text(op, double, wecom))
    yield house
    house.use_debian("sshd", "login")
    house.stop_jauth()
    house.remove_user(ADMIN)


@pytest.fixture(autouse=True)
def as_before(house, clock):
    yield
    if clock.ahead():
        clock.put_back(clock.ahead())
    house.unlock_limits()


@pytest.fixture
def configured(house, op, double, wecom):
    """Another configuration for one test."""
    def change(**changes):
        house.reload(config_text(**{"op": op, "double": double, "wecom": wecom, **changes}))
    yield change
    house.reload(config_text(op, double, wecom))


@pytest.fixture
def codes(house, user):
    return print_codes(house, user)


def print_codes(house, user):
    printed = house.ctl("break-glass", "setup", user).stdout
    made = CODE.findall(printed)
    assert len(set(made)) == 10, printed
    return made


def recover(house, user, *words):
    code, = CODE.findall(house.ctl("user", "recover", user, *words).stdout)
    return code


def outcome(house, user, code, service="sshd", **facts):
    """Of a login on jauthd's socket by this one code."""
    with house.bus_login(user, service=service, **facts) as login:
        assert re.search(PROMPT, login.next_ask().text())
        login.answer(code)
        return login.outcome()


def told(house, user, service="sshd"):
    with house.bus_login(user, service=service, phase="account") as login:
        step = login.step()
        assert step.state == "granted", (step.state, step.text())
        return step.text()


def alerts(house, user):
    return [row for row in house.audit(user) if row["kind"] == "break-glass"]


def left(house, user):
    row, = json.loads(house.ctl("break-glass", "list", user, "--json").stdout)
    return row["codes"]


def by_ssh(house, user, code, lets_in=True):
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(PROMPT)
        began = time.monotonic()
        ssh.send_line(code)
        (expect_shell if lets_in else expect_no_shell)(ssh, user)
        return time.monotonic() - began, plain_screen(ssh, user).replace(code, "CODE")


# --- codes ---

def test_codes_are_printed_once_and_kept_as_hashes(house, user):
    made = print_codes(house, user)
    assert not CODE.search(house.ctl("break-glass", "list").stdout)
    row, = json.loads(house.ctl("break-glass", "list", user, "--json").stdout)
    assert (row["user"], row["uid"], row["codes"], row["used"]) == (user, house.uid(user), 10, 0)
    assert abs(row["created"] - time.time()) < 60 and row["recovery-until"] == 0
    letters = [code.replace("-", "") for code in made]
    kept = b"".join(path.read_bytes() for path in pathlib.Path("/var/lib/jauth").glob("jauth.db*"))
    for code in made + letters:
        assert code.encode() not in kept and code not in house.journal()


def test_as_json(house, user):
    made = json.loads(house.ctl("break-glass", "setup", user, "--json").stdout)["codes"]
    assert len(made) == 10 and all(CODE.fullmatch(code) for code in made)
    assert outcome(house, user, made[9]) == "granted"


def test_by_ssh_once(house, user, codes):
    by_ssh(house, user, codes[0])
    by_ssh(house, user, codes[0], lets_in=False)
    assert left(house, user) == 9


@pytest.mark.parametrize("form", [str.lower, lambda code: code.replace("-", ""),
                                  lambda code: " " + code.replace("-", " ") + " ",
                                  lambda code: "".join(chr(ord(letter) + 0xFEE0)
                                                       for letter in code)],
                         ids=["small", "whole", "blanks", "full-width"])
def test_as_people_type_it(house, user, codes, form):
    assert outcome(house, user, form(codes[3])) == "granted"


def test_on_the_console(user, codes):
    with Terminal(["/bin/login", user]) as login:
        login.wait_for(PROMPT)
        login.send_line("twenty letters")
        login.wait_for("Type one code: twenty letters")
        login.wait_for(PROMPT)
        login.send_line(codes[0])
        expect_shell(login, user)


def test_in_chinese(house, user, codes):
    with house.bus_login(user, service="login", surface="terminal", glyphs=7,
                         language="zh_CN.UTF-8") as login:
        assert "应急码" in login.next_ask().text()
        login.answer(codes[0])
        assert login.outcome() == "granted"
    with house.bus_login(user, service="login", phase="account", surface="terminal", glyphs=7,
                         language="zh_CN.UTF-8") as login:
        assert "应急码" in login.step().text()


def test_new_ones_replace_the_old_ones(house, user, codes):
    new = print_codes(house, user)
    assert outcome(house, user, codes[0]) == "denied"
    assert outcome(house, user, new[0]) == "granted"


def test_removed(house, user, codes):
    house.ctl("break-glass", "remove", user)
    assert outcome(house, user, codes[0]) == "denied"
    done = house.ctl("break-glass", "remove", user, check=False)
    assert done.returncode == NO and "has no break-glass codes" in done.stderr
    assert json.loads(house.ctl("break-glass", "list", user, "--json").stdout) == []


def test_they_are_nobody_elses_and_no_remade_users(house, user, codes):
    other = house.add_user(password=PASSWORD)
    print_codes(house, other)
    assert outcome(house, other, codes[0]) == "denied"
    house.remove_user(other)
    uid = house.uid(user)
    house.remove_user(user)
    house.add_user(user, password=PASSWORD, uid=uid + 700)
    assert outcome(house, user, codes[0]) == "denied"


def test_behind_another_way(house, user, codes):
    """In a menu, and as a second factor; the vendors and the relay need not be there."""
    with house.bus_login(user, service="menu") as login:
        menu = login.next_ask().text()
        number = re.search(r"(\d)\W+Break-glass code", menu).group(1)
        login.answer(number)
        assert re.search(PROMPT, login.next_ask().text())
        login.answer(codes[0])
        assert login.outcome() == "granted"
    with house.bus_login(user, service="behind") as login:
        login.next_ask()
        login.answer(PASSWORD)
        assert re.search(PROMPT, login.next_ask().text())
        login.answer(codes[1])
        assert login.outcome() == "granted"


def test_without_network_relay_and_jauth_http(house, configured, double, user, codes):
    configured(double=Gone(double))
    house.http.stop()
    try:
        by_ssh(house, user, codes[0])
        assert outcome(house, user, codes[1]) == "granted"
        with house.bus_login(user, service="menu") as login:
            number = re.search(r"(\d)\W+Break-glass code", login.next_ask().text()).group(1)
            login.answer(number)
            login.next_ask()
            login.answer(codes[2])
            assert login.outcome() == "granted"
    finally:
        house.http.start()


def test_kill_of_jauthd_keeps_what_was_used(house, user, codes):
    assert outcome(house, user, codes[0]) == "granted"
    house.jauthd.wait_back(house.jauthd.kill())
    wait_until(house.is_on_bus, 20, "jauthd again")
    assert outcome(house, user, codes[0]) == "denied"
    assert outcome(house, user, codes[1]) == "granted"
    assert len(alerts(house, user)) == 2


def test_kill_between_the_answer_and_the_verdict(house, user, codes):
    """Whatever the kill met: a code that is gone was an alert, one without an alert is still good."""
    for code in codes[:6]:
        with house.bus_login(user) as login:
            login.next_ask()
            login.answer(code)
            house.jauthd.wait_back(house.jauthd.kill())
        wait_until(house.is_on_bus, 20, "jauthd again")
        assert len(alerts(house, user)) == 10 - left(house, user)
    assert outcome(house, user, codes[9]) == "granted"


def test_one_code_by_many_at_once(house, user, codes):
    with contextlib.ExitStack() as stack:
        logins = [stack.enter_context(house.bus_login(user)) for _ in range(6)]
        for login in logins:
            login.next_ask()
        for login in logins:
            login.answer(codes[0])
        assert sorted(login.outcome() for login in logins) == ["denied"] * 5 + ["granted"]
    assert len(alerts(house, user)) == 1 and left(house, user) == 9


def test_a_locked_account_stays_locked(house, user, codes):
    house.add_account(user, PASSWORD)
    house.lock_account(user)
    assert outcome(house, user, codes[0]) == "denied"
    assert len(alerts(house, user)) == 1        # the code is gone, and that is told


# --- wrong, and too often ---

@pytest.mark.parametrize("entry", ["", "hello", "ACDE-FHJK", "1234-5678-1234-5678-1234",
                                   WRONG + "A", "\x7f"])
def test_what_is_no_code_is_asked_for_again_and_not_counted(house, user, codes, entry):
    with house.bus_login(user, service="login", surface="terminal", rhost=None) as login:
        for _ in range(3):
            assert re.search(PROMPT, login.next_ask().text())
            login.answer(entry)
        assert "twenty letters" in login.next_ask().text()
        login.answer(codes[0])
        assert login.outcome() == "granted"


def test_ten_wrong_ones_in_a_day_are_enough(house, clock, user, codes):
    def behind(code):
        with house.bus_login(user, service="behind") as login:
            login.next_ask()
            login.answer(PASSWORD)
            login.next_ask()
            login.answer(code)
            step = login.step()
            while step.state == "wait":
                step = login.step()
            return step.state, step.text()

    for _ in range(9):
        assert behind(WRONG)[0] == "denied"
    house.jauthd.wait_back(house.jauthd.kill())
    wait_until(house.is_on_bus, 20, "jauthd again")
    behind(WRONG)
    assert "Too many wrong codes. Try again in" in behind(codes[0])[1]
    assert left(house, user) == 10
    assert "break-glass" in house.ctl("limits", user).stdout
    clock.move(DAY_S + 60)
    assert behind(codes[0])[0] == "granted"


def test_unlock_limits_opens_it(house, user, codes):
    for _ in range(7):
        assert outcome(house, user, WRONG) == "denied"
    assert outcome(house, user, codes[0]) == "denied" and left(house, user) == 10
    house.ctl("unlock-limits", user)
    assert outcome(house, user, codes[0]) == "granted"


def test_wrong_used_none_unknown_and_stopped_look_alike(house, user, codes):
    bare = house.add_user(password=PASSWORD)
    by_ssh(house, user, codes[0])
    seen = [by_ssh(house, name, code, lets_in=False)
            for name, code in ((user, WRONG), (user, codes[0]), (bare, WRONG),
                               ("nosuchuser", WRONG))]
    for _ in range(9):
        outcome(house, user, WRONG, rhost="127.0.0.1")
    seen.append(by_ssh(house, user, codes[1], lets_in=False))
    assert left(house, user) == 9
    assert len({text for _, text in seen}) == 1, seen
    assert max(took for took, _ in seen) - min(took for took, _ in seen) < 0.5, seen
    house.remove_user(bare)


def test_a_code_over_before_it_was_made(house, user):
    """Who has none: asked alike, and no row appears."""
    assert outcome(house, user, WRONG) == "denied"
    assert json.loads(house.ctl("break-glass", "list", user, "--json").stdout) == []
    assert alerts(house, user) == []


# --- alerts ---

def test_each_use_is_an_alert(house, configured, clock, user, codes):
    run(["install", "-d", "-o", "jauth", "-g", "jauth", str(METRICS.parent)])
    house.jauthd.wait_back(house.jauthd.kill())  # counts from nothing
    wait_until(house.is_on_bus, 20, "jauthd again")
    configured(metrics_file=METRICS)
    with house.bus_login(user) as login:
        login.next_ask()
        login.answer(codes[0])
        assert login.outcome() == "granted"
    row, = alerts(house, user)
    assert (row["user"], row["outcome"], row["service"], row["method"]) \
        == (user, "granted", "sshd", "codes")
    assert "ALERT" in row["reason"]
    request = row["request"]
    logged = [other for other in house.audit(user) if other["kind"] == "login"]
    assert [other["request"] for other in logged] == [request]
    assert f"a break-glass code of user {user} was used" in house.journal()
    for name in (user, ADMIN, ADMIN):           # told again: nobody else uses it up
        text = told(house, name)
        assert "a break-glass code was used at" in text and user in text, name
        assert "tell your administrator" in text
    assert codes[0] not in str(house.audit()) + house.journal()
    clock.move(20)
    wait_until(lambda: METRICS.exists() and "\njauth_break_glass_total 1\n" in METRICS.read_text(),
               20, "the metrics")


def test_who_is_no_admin_is_told_nothing(house, user, codes):
    other = house.add_user(password=PASSWORD)
    assert outcome(house, user, codes[0]) == "granted"
    assert "break-glass" not in told(house, other)
    house.remove_user(other)


def test_a_code_that_cannot_be_told_is_not_right(house, user, codes):
    house.jauthd.stop()
    change_database("ALTER TABLE notices RENAME TO lost")
    house.jauthd.start()
    try:
        assert outcome(house, user, codes[0]) == "failed"
    finally:
        house.jauthd.stop()
        change_database("ALTER TABLE lost RENAME TO notices")
        house.jauthd.start()
    assert left(house, user) == 10 and alerts(house, user) == []


def change_database(statement):
    with contextlib.closing(sqlite3.connect("/var/lib/jauth/jauth.db")) as file, file:
        file.execute(statement)


# --- who may ---

@pytest.mark.parametrize("words", [["break-glass", "setup"], ["break-glass", "list"],
                                   ["break-glass", "remove"], ["user", "recover"]])
def test_root_only(user, words):
    done = subprocess.run(as_user(user, "jauthctl", *words, user), capture_output=True, text=True,
                          check=False)
    assert done.returncode == REFUSED and not CODE.search(done.stdout)


@pytest.mark.parametrize("words, code, text", [
    (["break-glass", "setup", "nosuchuser"], NO, "there is no user"),
    (["break-glass", "setup", "root"], NO, "root never asks jauth"),
    (["break-glass", "setup", "x" * 300], NO, "there is no user"),
    (["break-glass", "setup"], USAGE, "USER"),
    (["user", "recover", "nosuchuser"], NO, "there is no user"),
    (["user", "recover", "root"], NO, "root never asks jauth"),
    (["user", "recover", ADMIN, "--lost", "pigeon"], NO, "no method"),
    (["user", "recover", ADMIN, "--lost", "codes"], NO, "cannot be told"),
])
def test_what_cannot_be(house, words, code, text):
    done = house.ctl(*words, check=False)
    assert done.returncode == code and text in done.stderr and not CODE.search(done.stdout)
    assert json.loads(house.ctl("break-glass", "list", ADMIN, "--json").stdout) == []


@pytest.mark.parametrize("hashes", ["", "00", "0" * 63, "0" * 65, "G" * 64, "A" * 64,
                                    "0" * 64 + "  " + "1" * 64, "0" * 64 + " ",
                                    " ".join(f"{n:064x}" for n in range(33))])
def test_hashes_that_are_none(house, user, hashes):
    with pytest.raises(Exception, match="hashes of codes"):
        house.call("Accounts", "SetBreakGlass", "ss", user, hashes)
    assert json.loads(house.ctl("break-glass", "list", user, "--json").stdout) == []


def test_an_output_that_is_gone(house, user):
    done = subprocess.run(["sh", "-c", f"exec jauthctl break-glass setup {user} >/dev/full"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == NO and "make others" in done.stderr


# --- the group that jauth leaves alone ---

def test_break_glass_group(house, configured, user):
    """jauthd ignores its members in each phase, and the old modules decide."""
    run(["groupadd", "-f", "breakglass"])
    run(["gpasswd", "-a", user, "breakglass"])
    other = house.add_user(password=PASSWORD)
    configured(break_glass_group="breakglass")
    for phase in ("authenticate", "account", "password-check"):
        with house.bus_login(user, phase=phase) as login:
            assert login.outcome() == "ignored", phase
    with house.bus_login(other) as login:
        assert re.search(PROMPT, login.next_ask().text())
    assert "break_glass_group breakglass" in house.ctl("explain", user, "--service", "sshd").stdout
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)
    house.remove_user(other)


@pytest.mark.parametrize("key, value", [("break_glass_group", "a b"), ("break_glass_group", "a/b"),
                                        ("admins", "jane, a/b")])
def test_names_that_are_none(key, value):
    path = pathlib.Path("/etc/jauth/wrong.conf")
    path.write_text(configs.section("general", {key: value}))
    done = run(["jauthctl", "check", str(path)], check=False)
    path.unlink()
    assert done.returncode == NO and key in done.stdout + done.stderr


# --- recovery ---

def links(house, user):
    return house.call("Accounts", "ListLinks", "s", user)


def link_work(polite, user, sub):
    """jauthctl link without a question for another factor; the exit code."""
    with Terminal(as_user(user, "jauthctl", "link", "work")) as terminal:
        terminal.wait_for(GATE)
        terminal.send_line("y")
        code = terminal.wait_for(USER_CODE).group(1)
        assert not re.search(PASSWORD_PROMPT, terminal.seen)
        polite.approve(code, sub)
        terminal.wait_for(QUESTION)
        terminal.send_line("yes")
        return terminal.wait_end()


def test_recover_gives_one_login_and_one_link(house, polite, user):
    """[service jauth-link] would ask for a factor, which is lost."""
    lost = house.add_link(user, polite.issuer, f"old-phone-of-{user}")
    code = recover(house, user)
    row, = json.loads(house.ctl("break-glass", "list", user, "--json").stdout)
    assert row["codes"] == 0 and abs(row["recovery-until"] - time.time() - DAY_S) < 60
    shown = house.ctl("break-glass", "list", user).stdout.split()[-1]
    assert datetime.datetime.fromisoformat(shown).timestamp() == row["recovery-until"]
    assert outcome(house, user, code) == "granted"
    assert outcome(house, user, code) == "denied"
    text = told(house, user)
    assert "you may link one new way to log in: jauthctl link METHOD" in text
    assert "a break-glass code was used" in told(house, ADMIN)
    assert [link["id"] for link in links(house, user)] == [lost]
    sub = polite.add_person(f"new-phone-of-{user}")
    assert link_work(polite, user, sub) == DONE
    assert {link["subject"] for link in links(house, user)} == {f"old-phone-of-{user}", sub}
    reasons = [row["reason"] for row in house.audit(user) if row["kind"] in ("admin", "link")]
    assert "recovery code made, links removed: 0" in reasons
    assert reasons[-1] == "linked by the user himself, after a recovery"
    # The second one is asked for the factor again.
    with Terminal(as_user(user, "jauthctl", "link", "work")) as terminal:
        type_password(terminal, PASSWORD)       # what is asked for first
        terminal.send("\x03")
        assert terminal.wait_end() != DONE


def test_only_for_a_quarter_of_an_hour(house, configured, clock, polite, user):
    configured(own=None)
    code = recover(house, user)
    assert outcome(house, user, code) == "granted"
    clock.move(15 * 60)
    done = subprocess.run(as_user(user, "jauthctl", "link", "work"), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == NO and "Only root may do this" in done.stdout + done.stderr


def test_where_users_link_nothing_otherwise(house, configured, polite, user):
    configured(own=None)
    code = recover(house, user)
    done = subprocess.run(as_user(user, "jauthctl", "link", "work"), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == NO                # not before its code was used
    assert outcome(house, user, code) == "granted"
    assert link_work(polite, user, polite.add_person(f"phone-of-{user}")) == DONE


def test_who_gives_up_may_try_again(house, polite, user):
    assert outcome(house, user, recover(house, user)) == "granted"
    with Terminal(as_user(user, "jauthctl", "link", "work")) as terminal:
        terminal.wait_for(GATE)
        terminal.send_line("y")
        terminal.wait_for(USER_CODE)
        terminal.send("\x03")
        assert terminal.wait_end() != DONE
    house.wait_no_login(5)
    assert link_work(polite, user, polite.add_person(f"phone-of-{user}")) == DONE


def test_two_links_at_once_are_one(house, polite, user):
    """Both stand before the yes; the store lets one through."""
    assert outcome(house, user, recover(house, user)) == "granted"
    ends = []
    with contextlib.ExitStack() as stack:
        terminals = []
        for n in range(2):
            terminal = stack.enter_context(Terminal(as_user(user, "jauthctl", "link", "work")))
            terminal.wait_for(GATE)
            terminal.send_line("y")
            polite.approve(terminal.wait_for(USER_CODE).group(1),
                           polite.add_person(f"phone-{n}-of-{user}"))
            terminal.wait_for(QUESTION)
            terminals.append(terminal)
        for terminal in terminals:
            terminal.send_line("yes")
        ends = sorted(terminal.wait_end() for terminal in terminals)
    assert ends == [DONE, NO]
    assert len(links(house, user)) == 1


def test_where_no_method_takes_codes(house, configured, user):
    house.reload(configs.head() + configs.PASSWORD + configs.service("sshd", "password"))
    done = house.ctl("user", "recover", user, check=False)
    configured()
    assert done.returncode == NO and "type break-glass" in done.stderr
    assert json.loads(house.ctl("break-glass", "list", user, "--json").stdout) == []


def test_its_code_is_over_after_a_day_and_replaced_by_another(house, clock, user):
    first, second = recover(house, user), recover(house, user)
    assert outcome(house, user, first) == "denied"
    clock.move(DAY_S + 1)
    assert outcome(house, user, second) == "denied"
    assert alerts(house, user) == []


def test_lost_removes_the_links_of_that_method_only(house, polite, wecom, user):
    gone = house.add_link(user, polite.issuer, f"phone-of-{user}")
    kept = house.add_link(user, f"wecom:{wecom.corp_id}", f"member-{user}")
    made = print_codes(house, user)
    code = recover(house, user, "--lost", "work")
    assert [link["id"] for link in links(house, user)] == [kept] != [gone]
    reasons = [row["reason"] for row in house.audit(user) if row["kind"] == "admin"]
    assert any(reason.startswith("lost, link removed:") for reason in reasons)
    assert reasons[-1] == "recovery code made, links removed: 1"
    assert "no longer linked since" in told(house, user)
    assert outcome(house, user, code) == "granted"
    assert outcome(house, user, made[0]) == "granted"   # what he has on paper stays


def test_a_kill_after_recover_loses_nothing(house, polite, user):
    code = recover(house, user)
    house.jauthd.wait_back(house.jauthd.kill())
    wait_until(house.is_on_bus, 20, "jauthd again")
    assert outcome(house, user, code) == "granted"
    house.jauthd.wait_back(house.jauthd.kill())
    wait_until(house.is_on_bus, 20, "jauthd again")
    assert link_work(polite, user, polite.add_person(f"phone-of-{user}")) == DONE
