# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthctl at a real terminal: keys of authenticator apps and telephone numbers, made by the
sysadmin and by the users themselves."""

import json
import re
import signal
import time

import pytest

import configs
from conftest import PASSWORD
from people import RECOVERY_CODE, TOTP_PROMPT, Key, as_user, type_password
from screen import Terminal
from service import run

TRY = r"Code that the app shows now, or q to quit: "
WRITTEN = r"Press Enter when you have written them down: "
DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)
CHINESE = {"LANG": "zh_CN.UTF-8"}
PLAIN = {"LANG": "C"}

SERVICES = configs.service("login", "app") + configs.service("sudo", "password + app")
OWN = configs.service("jauth-enrol", "password")
CONFIG = configs.head(tries=1) + configs.PASSWORD + configs.totp() + SERVICES


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    house.configure(CONFIG)
    yield house
    house.stop_jauth()


@pytest.fixture(autouse=True)
def no_pauses(house):
    yield
    house.unlock_limits()


@pytest.fixture
def own(house):
    """Users may enrol themselves, by their password."""
    house.reload(CONFIG + OWN)
    yield
    house.reload(CONFIG)


def ctl(house, *words, **options):
    """Exit code and what was said, without a terminal."""
    done = house.ctl(*words, check=False, **options)
    return done.returncode, done.stdout + done.stderr


def rows(house, *words):
    return json.loads(house.ctl(*words, "--json").stdout)


def scanned(terminal):
    """The key in the code on the screen, which is also there to be typed."""
    terminal.wait_for(TRY)
    uri = terminal.read_qr()
    assert uri, "no code can be read from this screen:\n" + terminal.text()
    assert typed_key(terminal) in uri
    return Key.scan(uri)


def typed_key(terminal):
    """The key as the screen has it for apps without a camera."""
    groups = re.findall(r"^((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})$", terminal.text(), re.MULTILINE)
    assert len(groups) == 1, terminal.text()
    return groups[0].replace(" ", "")


def confirm(terminal, key):
    """Types the app's code; the recovery codes, which are written down."""
    terminal.send_line(key.code(time.time()))
    terminal.wait_for(WRITTEN)
    codes = RECOVERY_CODE.findall(terminal.text())
    assert len(set(codes)) == 10, terminal.text()
    terminal.send_line()
    return codes


def enrol(*words, user=None, **options):
    """A whole enrolment; the key with its recovery codes."""
    argv = ["jauthctl", "totp", "enrol", *words]
    with Terminal(as_user(user, *argv) if user else argv, **options) as terminal:
        if user:
            type_password(terminal, PASSWORD)
        key = scanned(terminal)
        key.recovery = confirm(terminal, key)
        terminal.wait_for("granted")
        assert terminal.wait_end() == DONE
    return key


def logs_in(user, code):
    """jauthctl try, by the app alone."""
    with Terminal(["jauthctl", "try", user]) as terminal:
        terminal.wait_for(TOTP_PROMPT)
        terminal.send_line(code)
        return terminal.wait_end() == DONE


# --- keys of authenticator apps ---

def test_a_key_fits_a_terminal_of_24_rows(house, user):
    with Terminal(["jauthctl", "totp", "enrol", user], rows=24, columns=80) as terminal:
        key = scanned(terminal)
        assert len(key.secret) == 20
        assert "Scan this with your authenticator app" in terminal.text()
        confirm(terminal, key)
        assert terminal.wait_end() == DONE
    row, = rows(house, "totp", "list", user)
    assert (row["user"], row["uid"], row["recovery"]) == (user, house.uid(user), 10)


def test_recovery_codes_are_shown_once_and_work_once(house, user):
    key = enrol(user)
    assert not logs_in(user, key.code(time.time()))          # the enrolment used it up
    assert logs_in(user, key.recovery[0])
    assert not logs_in(user, key.recovery[0])
    assert logs_in(user, key.recovery[1].lower())
    row, = rows(house, "totp", "list", user)
    assert row["recovery"] == 8
    journal = house.journal() + str(house.audit())
    assert not [code for code in key.recovery if code in journal]


def test_a_new_key_ends_the_old_one(house, user):
    old = enrol(user)
    new = enrol(user)
    assert old.secret != new.secret
    assert not logs_in(user, old.recovery[0])
    assert logs_in(user, new.recovery[0])
    assert len(rows(house, "totp", "list", user)) == 1


def test_three_wrong_codes_change_nothing(house, user):
    old = enrol(user)
    with Terminal(["jauthctl", "totp", "enrol", user], rows=40) as terminal:
        for entry in ("000000", "", "not a code"):
            terminal.wait_for(TRY)
            terminal.send_line(entry)
        terminal.wait_for("denied")
        assert terminal.wait_end() == NO
        assert terminal.seen.count("The clock of the phone must be right") == 3
        assert not RECOVERY_CODE.search(terminal.seen)
    assert logs_in(user, old.recovery[0])


@pytest.mark.parametrize("key, end", [("\x03", -signal.SIGINT), ("q\r", NO), ("\x04", NO)])
def test_giving_up_changes_nothing(house, user, key, end):
    with Terminal(["jauthctl", "totp", "enrol", user]) as terminal:
        terminal.wait_for(TRY)
        terminal.send(key)
        assert terminal.wait_end() == end
        assert "cancelled" in terminal.seen
    assert rows(house, "totp", "list", user) == []
    house.wait_no_login()


def test_a_key_is_removed(house, user):
    key = enrol(user)
    house.ctl("totp", "remove", user)
    assert rows(house, "totp", "list", user) == []
    assert not logs_in(user, key.recovery[0])
    assert ctl(house, "totp", "remove", user)[0] == NO


@pytest.mark.parametrize("surface", ["C locale", "dumb", "small"])
def test_a_key_is_typed_where_no_code_can_be_drawn(house, user, surface):
    options = {"C locale": {"env": PLAIN}, "dumb": {"term": "dumb"}, "small": {"rows": 15}}
    with Terminal(["jauthctl", "totp", "enrol", user], **options[surface]) as terminal:
        terminal.wait_for(TRY)
        assert terminal.read_qr() is None
        if surface == "C locale":
            assert terminal.seen.isascii()
        key = Key.scan(f"otpauth://totp/x?secret={typed_key(terminal)}")
        confirm(terminal, key)
        assert terminal.wait_end() == DONE


def test_a_key_in_chinese(house, user):
    """The questions are of that language; the link in the code, its key and the codes are ASCII."""
    with Terminal(["jauthctl", "totp", "enrol", user], env=CHINESE) as terminal:
        terminal.wait_for(r"[:：] ?$")
        key = Key.scan(terminal.read_qr())
        terminal.send_line(key.code(time.time()))
        terminal.wait_for(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}[^\n]*\n[^\n]*[:：] ?$")
        assert len(RECOVERY_CODE.findall(terminal.text())) == 10
        terminal.send_line()
        assert terminal.wait_end() == DONE


def test_an_enrolment_in_a_pipe(house, user):
    """Two questions, each with all that belongs to it; a wrong code, and the input ends."""
    done = run(["jauthctl", "totp", "enrol", user], input="000000\n", check=False)
    assert done.returncode == NO
    assert "authenticator app" in done.stdout and "cancelled" in done.stdout


def test_who_cannot_be_enrolled(house):
    for name in ("root", "nosuchuser"):
        code, text = ctl(house, "totp", "enrol", name)
        assert code == NO and "denied" in text
    code, text = ctl(house, "totp", "enrol", "nobody", "--method", "password")
    assert code == NO and "Nothing can be enrolled" in text
    code, text = ctl(house, "totp", "enrol", "nobody", "--method", "nonsense")
    assert code == NO and "no such method" in text


# --- users themselves ---

def test_a_user_enrols_himself_by_his_password(house, user, own):
    key = enrol(user=user)
    assert logs_in(user, key.recovery[0])
    row, = rows(house, "totp", "list", user)
    assert row["user"] == user


def test_a_wrong_password_shows_no_key(house, user, own):
    with Terminal(as_user(user, "jauthctl", "totp", "enrol")) as terminal:
        type_password(terminal, "wrong")
        terminal.wait_for("denied")
        assert terminal.wait_end() == NO
        assert "authenticator" not in terminal.seen
    assert rows(house, "totp", "list", user) == []


def test_a_user_enrols_nobody_else(house, user, own):
    other = house.add_user(password=PASSWORD)
    assert ctl(house, "totp", "enrol", other, user=user)[0] == REFUSED
    house.remove_user(other)


def test_without_its_section_only_root_enrols(house, user):
    code, text = ctl(house, "totp", "enrol", user=user)
    assert code == NO
    assert "Only root may do this on this machine." in text


def test_a_user_may_not_look_or_remove(house, user, own):
    for words in (["totp", "list"], ["totp", "remove", user], ["phone", "list"],
                  ["phone", "remove", "1"], ["limits"]):
        assert ctl(house, *words, user=user)[0] == REFUSED
