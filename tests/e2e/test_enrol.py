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

NUMBER, MASKED = "+491701234567", "*****67"

CONFIG = ("[general]\ncountry = DE\n" + configs.head(tries=1) + configs.PASSWORD
          + configs.totp() + configs.service("login", "app"))
OWN = configs.service("jauth-enrol", "password")


@pytest.fixture(scope="module")
def config(gateway):
    return CONFIG + configs.sms_gateway(gateway) + configs.sms(vendors="gateway")


@pytest.fixture(scope="module", autouse=True)
def jauth(house, config):
    house.configure(config)
    yield house
    house.stop_jauth()


@pytest.fixture(autouse=True)
def no_pauses(house, gateway):
    yield
    house.unlock_limits()
    gateway.reset()


@pytest.fixture
def own(house, config):
    """Users may enrol themselves, by their password."""
    house.reload(config + OWN)
    yield
    house.reload(config)


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


# --- telephone numbers ---

def numbers(house, user):
    return [(row["number"], row["label"]) for row in rows(house, "phone", "list", user)]


@pytest.mark.parametrize("typed", [NUMBER, "0170 1234567", "(0170) 123-4567",
                                   "0049 170 1234567", "０１７０ １２３４５６７"])
def test_a_number_is_added_and_removed(house, user, gateway, typed):
    code, text = ctl(house, "phone", "add", user, typed, "--label", "work")
    assert code == DONE and "The number is added." in text, text
    assert numbers(house, user) == [(MASKED, "work")]
    assert NUMBER not in house.journal() + str(house.audit()) + house.ctl("phone", "list").stdout
    row, = rows(house, "phone", "list", user)
    house.ctl("phone", "remove", str(row["id"]))
    assert numbers(house, user) == []
    assert ctl(house, "phone", "remove", str(row["id"]))[0] == NO
    assert not gateway.messages


@pytest.mark.parametrize("typed", ["12", "alice", "+49170123456789012", "+8821234567", "0170,0171"])
def test_a_wrong_number_is_not_added(house, user, typed):
    """The person is asked again; here is none."""
    code, text = ctl(house, "phone", "add", user, typed, input="")
    assert code == NO and "cancelled" in text
    assert numbers(house, user) == []


def test_what_is_not_said_is_asked(house, user):
    with Terminal(["jauthctl", "phone", "add", user]) as terminal:
        for question, answer in (("Mobile number: ", "12"), ("Mobile number: ", NUMBER),
                                 (r"Label[^\n]*: ", "home"), (r"\(y/n\) ", "n")):
            terminal.wait_for(question)
            terminal.send_line(answer)
        terminal.wait_for("granted")
        assert terminal.wait_end() == DONE
    assert numbers(house, user) == [(MASKED, "home")]


def test_a_number_is_added_once(house, user):
    house.ctl("phone", "add", user, NUMBER)
    code, text = ctl(house, "phone", "add", user, "0170 1234567")
    assert code == NO and "has this number already" in text
    assert len(numbers(house, user)) == 1


def test_a_number_is_verified(house, user, gateway):
    with Terminal(["jauthctl", "phone", "add", user, NUMBER, "--verify"]) as terminal:
        terminal.wait_for("Enter code: ")
        message = gateway.wait_for(1)
        assert message["number"] == NUMBER and MASKED in terminal.seen
        terminal.send_line(message["code"])
        terminal.wait_for("granted")
        assert terminal.wait_end() == DONE
    assert len(numbers(house, user)) == 1


def test_a_user_adds_his_own_number(house, user, gateway, own):
    """His password first: the number on the command line is no answer to that question."""
    argv = as_user(user, "jauthctl", "phone", "add", "--self", NUMBER, "--label", "mine")
    with Terminal(argv) as terminal:
        type_password(terminal, PASSWORD)
        terminal.wait_for("Enter code: ")
        terminal.send_line("000000" if gateway.wait_for(1)["code"] != "000000" else "111111")
        terminal.wait_for("wrong[^\n]*\n[^\n]*Enter code: ")
        terminal.send_line(gateway.wait_for(1)["code"])
        terminal.wait_for("granted")
        assert terminal.wait_end() == DONE
    assert numbers(house, user) == [(MASKED, "mine")]


def test_an_own_number_without_its_code_is_not_added(house, user, gateway, own):
    argv = as_user(user, "jauthctl", "phone", "add", "--self", NUMBER)
    with Terminal(argv) as terminal:
        type_password(terminal, PASSWORD)
        terminal.wait_for("Enter code: ")
        terminal.send("\x03")
        assert terminal.wait_end() == -signal.SIGINT
    assert numbers(house, user) == []


def test_without_its_section_nobody_adds_his_own(house, user, gateway):
    code, text = ctl(house, "phone", "add", "--self", NUMBER, user=user)
    assert code == NO and "Only root" in text
    assert not gateway.messages


def test_numbers_are_imported(house, user, gateway):
    other = house.add_user()
    table = (f"user,number,label\n{user},{NUMBER},work\n{other},0171 7654321,\n"
             f"{other},12,\nnosuchuser,{NUMBER},\n{user},{NUMBER},again\n")
    code, text = ctl(house, "phone", "import", "--dry-run", input=table)
    assert (code, text) == (DONE, "5 numbers; nothing changed\n")
    assert numbers(house, user) == []

    done = house.ctl("phone", "import", "--json", check=False, input=table)
    assert done.returncode == NO
    result = [(row["line"], row["user"], row["result"]) for row in json.loads(done.stdout)]
    assert result == [(2, user, "added"), (3, other, "added"), (4, other, "refused"),
                      (5, "nosuchuser", "refused"), (6, user, "refused")]
    reasons = [row["reason"] for row in json.loads(done.stdout)]
    assert "already" in reasons[4] and "no such user" in reasons[3] and reasons[2]
    assert numbers(house, user) == [(MASKED, "work")]
    assert numbers(house, other) == [("*****21", "")]
    assert not gateway.messages

    code, text = ctl(house, "phone", "import", input=f"user,number\n{user},0172 1\n")
    assert code == NO and "LINE" in text and "refused" in text
    house.remove_user(other)


def test_an_import_with_a_mistake_changes_nothing(house, user):
    code, text = ctl(house, "phone", "import", input=f"user,number\n{user},{NUMBER}\n{user},\n")
    assert code == NO and "-:3:" in text
    assert numbers(house, user) == []


@pytest.mark.parametrize("env", [PLAIN, CHINESE])
def test_numbers_in_other_locales(house, user, env):
    with Terminal(["jauthctl", "phone", "add", user, NUMBER], env=env) as terminal:
        assert terminal.wait_end() == DONE
        assert env is CHINESE or terminal.seen.isascii()
    assert len(numbers(house, user)) == 1


# --- one real message, and the limits ---

def test_a_test_message(house, gateway):
    with Terminal(["jauthctl", "sms", "test", NUMBER]) as terminal:
        terminal.wait_for("gateway")
        terminal.wait_for(r"The code that arrived[^\n]*: ")
        terminal.send_line(gateway.wait_for(1)["code"])
        terminal.wait_for("That is the code that was sent.")
        terminal.wait_for("granted")
        assert terminal.wait_end() == DONE
    assert NUMBER not in house.journal() + str(house.audit())
    assert [row["count"] for row in rows(house, "limits")
            if row["what"] == "all messages, 1 d"] == [1]


def test_a_test_message_that_is_refused(house, gateway):
    gateway.behave("config")
    code, text = ctl(house, "sms", "test", NUMBER, input="")
    assert code == NO and "-1" in text


def test_only_root_tests(house, user, own):
    assert ctl(house, "sms", "test", NUMBER, user=user)[0] == REFUSED


def test_limits_are_listed_by_user(house, user):
    key = enrol(user)
    for _ in range(3):
        assert not logs_in(user, "000000" if key.code(time.time()) != "000000" else "111111")
    wrong = [row for row in rows(house, "limits", user) if row["what"] == "wrong codes, 1 d"]
    assert [(row["count"], row["limit"], row["scope"]) for row in wrong] == [(3, 10, "totp")]
    assert user not in house.ctl("limits").stdout
    assert "wrong codes" in house.ctl("limits", user).stdout
    house.ctl("unlock-limits", user)
    assert "wrong codes" not in house.ctl("limits", user).stdout
