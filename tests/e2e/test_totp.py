# SPDX-License-Identifier: GPL-3.0-or-later
"""TOTP through real sshd, login, sudo and su: RFC 6238's codes at the right and the wrong time, none
twice, recovery codes, and the limit of wrong ones. jauthd's clock is the test's."""

import re
import time

import pytest

import configs
from clock import Clock
from conftest import PASSWORD
from people import (TOTP_PROMPT, Key, as_user, enrol_totp, expect_no_shell, expect_shell,
                    plain_screen, type_password)
from screen import Terminal

SERVICES = ("sshd", "login", "su", "sudo")
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
ALONE = "127.0.1.1"                     # the source whose way is the app alone

CONFIG = (configs.head(tries=1) + configs.PASSWORD + configs.totp()
          + configs.service("sshd alone", "app", source=ALONE)
          + "".join(configs.service(name, "password + app") for name in SERVICES))

STEP_S, DAY_S = 30, 86400


@pytest.fixture(scope="module")
def clock(house):
    made = Clock(house)
    yield made
    made.release()


@pytest.fixture(scope="module", autouse=True)
def jauth(house, clock):
    house.configure(CONFIG)
    house.use_jauth(*SERVICES)
    yield house
    house.use_debian(*SERVICES)
    house.stop_jauth()


@pytest.fixture(autouse=True)
def no_pauses(house):
    yield
    house.unlock_limits()


@pytest.fixture
def jane(house, clock, user):
    """A user with an app: (name, key). Its first code belongs to the step after the enrolment."""
    key = enrol_totp(house, user, clock.now)
    clock.move(2 * STEP_S)
    return user, key


def app_now(clock, key, steps=0):
    return key.code(clock.now() + steps * STEP_S)


def by_ssh(house, name, source="127.0.0.1", **options):
    return house.sshd().login(name, BindAddress=source, NumberOfPasswordPrompts=1, **options)


def ssh_with(house, name, code, lets_in=True, source="127.0.0.1"):
    """Password, where it is asked for, and code; what was seen."""
    with by_ssh(house, name, source) as ssh:
        if source != ALONE:
            type_password(ssh, PASSWORD)
        ssh.wait_for(TOTP_PROMPT)
        ssh.send_line(code)
        (expect_shell if lets_in else expect_no_shell)(ssh, name)
        return ssh.seen


# --- right ---

@pytest.mark.parametrize("source", ["127.0.0.1", ALONE])
def test_ssh(house, clock, jane, source):
    user, key = jane
    ssh_with(house, user, app_now(clock, key), source=source)


def test_login_on_a_terminal(house, clock, jane):
    user, key = jane
    with Terminal(["/bin/login", user]) as login:
        type_password(login, PASSWORD)
        login.wait_for(TOTP_PROMPT)
        login.send_line(app_now(clock, key))
        expect_shell(login, user)


def test_sudo(house, clock, jane):
    user, key = jane
    with open("/etc/sudoers.d/house", "w", encoding="ascii") as file:
        file.write(f"{user} ALL=(ALL) ALL\nDefaults !lecture\n")
    with Terminal(as_user(user, "sudo", "id", "-un")) as sudo:
        type_password(sudo, PASSWORD)
        sudo.wait_for(TOTP_PROMPT)
        sudo.send_line(app_now(clock, key))
        sudo.wait_for("root")
        assert sudo.wait_end() == 0


def test_su(house, clock, jane):
    user, key = jane
    with Terminal(AS_NOBODY + ["su", user]) as su:
        type_password(su, PASSWORD)
        su.wait_for(TOTP_PROMPT)
        su.send_line(app_now(clock, key))
        expect_shell(su, user)


@pytest.mark.parametrize("form", ["{0} {1}", " {0}{1} ", "{0}-{1}"])
def test_code_as_people_type_it(house, clock, jane, form):
    user, key = jane
    code = app_now(clock, key)
    ssh_with(house, user, form.format(code[:3], code[3:]))


def test_code_in_full_width_digits(house, clock, jane):
    user, key = jane
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in app_now(clock, key))
    ssh_with(house, user, wide)


def test_key_of_sha256_with_eight_digits(house, clock, user):
    house.reload(CONFIG.replace("type = totp", "type = totp\nalgorithm = sha256\ndigits = 8"))
    try:
        key = enrol_totp(house, user, clock.now)
        assert (key.digest, key.digits) == ("sha256", 8)
        clock.move(2 * STEP_S)
        ssh_with(house, user, app_now(clock, key))
    finally:
        house.reload(CONFIG)


# --- time ---

@pytest.mark.parametrize("steps, lets_in", [(-2, False), (-1, True), (1, True), (2, False)])
def test_phone_whose_clock_is_wrong(house, clock, jane, steps, lets_in):
    user, key = jane
    clock.move(STEP_S - clock.now() % STEP_S + 1)     # the step does not change while we type
    ssh_with(house, user, app_now(clock, key, steps), lets_in)


def test_no_code_is_taken_twice(house, clock, jane):
    user, key = jane
    code = app_now(clock, key)
    ssh_with(house, user, code)
    ssh_with(house, user, code, lets_in=False)


def test_no_code_is_taken_twice_by_two_at_once(house, clock, jane):
    user, key = jane
    code = app_now(clock, key)
    with by_ssh(house, user, ALONE) as one, by_ssh(house, user, ALONE) as two:
        for ssh in (one, two):
            ssh.wait_for(TOTP_PROMPT)
        for ssh in (one, two):
            ssh.send_line(code)
        one.wait_for(r"[$#] |denied|incorrect")
        two.wait_for(r"[$#] |denied|incorrect")
        assert sorted("$ " in ssh.seen[-40:] for ssh in (one, two)) == [False, True]


def test_no_earlier_code_after_a_later_one(house, clock, jane):
    user, key = jane
    clock.move(STEP_S - clock.now() % STEP_S + 1)
    earlier = app_now(clock, key, -1)
    ssh_with(house, user, app_now(clock, key))
    ssh_with(house, user, earlier, lets_in=False)


def test_code_of_the_enrolment_is_used_up(house, clock, user):
    key = enrol_totp(house, user, clock.now)
    ssh_with(house, user, key.shown, lets_in=False)


def test_kill_of_jauthd_keeps_what_was_used(house, clock, jane):
    user, key = jane
    code = app_now(clock, key)
    ssh_with(house, user, code)
    house.jauthd.wait_back(house.jauthd.kill())
    ssh_with(house, user, code, lets_in=False)


# --- recovery codes ---

def test_a_recovery_code_works_once(house, jane):
    user, key = jane
    assert len(set(key.recovery)) == 10
    ssh_with(house, user, key.recovery[3])
    ssh_with(house, user, key.recovery[3], lets_in=False)
    ssh_with(house, user, key.recovery[4].lower().replace("-", " "), source=ALONE)


def test_codes_of_an_earlier_enrolment_are_gone(house, clock, jane):
    user, old = jane
    new = enrol_totp(house, user, clock.now)
    clock.move(2 * STEP_S)
    ssh_with(house, user, old.recovery[0], lets_in=False)
    ssh_with(house, user, app_now(clock, old), lets_in=False)
    ssh_with(house, user, app_now(clock, new))


# --- wrong, and too often ---

@pytest.mark.parametrize("entry", ["000000", "999999"])
def test_wrong_code(house, clock, jane, entry):
    user, key = jane
    if entry in (app_now(clock, key, step) for step in (-1, 0, 1)):
        entry = "111111"
    seen = ssh_with(house, user, entry, lets_in=False)
    assert "incorrect" in seen


@pytest.mark.parametrize("entry", ["", "12345", "1234567890", "abcdef", "12 34", "١٢٣٤٥٦", "\x7f"])
def test_entry_that_is_no_code_is_asked_for_again(house, clock, jane, entry):
    user, key = jane
    with by_ssh(house, user) as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(TOTP_PROMPT)
        ssh.send_line(entry)
        ssh.wait_for(TOTP_PROMPT)
        ssh.send_line(app_now(clock, key))
        expect_shell(ssh, user)


def test_ten_wrong_ones_in_a_day_are_enough(house, clock, jane):
    """From then on a right one is not even compared; the sysadmin sees it, and opens."""
    user, key = jane
    for _ in range(10):
        ssh_with(house, user, "000000", lets_in=False)
    seen = ssh_with(house, user, app_now(clock, key), lets_in=False)
    assert re.search(r"Too many wrong codes. Try again in \d+ minutes", seen)
    assert "totp" in house.ctl("limits").stdout
    assert "totp" in house.ctl("limits", user).stdout
    house.ctl("unlock-limits", user)
    ssh_with(house, user, app_now(clock, key))


def test_the_pause_ends_with_the_day(house, clock, jane):
    user, key = jane
    for _ in range(10):
        ssh_with(house, user, "000000", lets_in=False)
    clock.move(DAY_S - 60)
    ssh_with(house, user, app_now(clock, key), lets_in=False)
    clock.move(120)
    ssh_with(house, user, app_now(clock, key))


def test_wrong_ones_are_counted_over_a_kill(house, clock, jane):
    user, key = jane
    for _ in range(9):
        ssh_with(house, user, "000000", lets_in=False)
    house.jauthd.wait_back(house.jauthd.kill())
    ssh_with(house, user, "000000", lets_in=False)
    assert "Too many" in ssh_with(house, user, app_now(clock, key), lets_in=False)


def test_a_right_one_forgets_the_wrong_ones(house, clock, jane):
    user, key = jane
    for _ in range(2):
        for _ in range(6):
            ssh_with(house, user, "000000", lets_in=False)
        clock.move(2 * STEP_S)
        ssh_with(house, user, app_now(clock, key))


# --- nobody learns who has an app ---

def refusal(house, name, entry="000000"):
    with by_ssh(house, name, ALONE) as ssh:
        ssh.wait_for(TOTP_PROMPT)
        began = time.monotonic()
        ssh.send_line(entry)
        expect_no_shell(ssh, name)
        return time.monotonic() - began, plain_screen(ssh, name).replace(entry, "CODE")


def test_without_an_app_unknown_and_locked_look_like_wrong(house, clock, jane):
    user, _ = jane
    bare = house.add_user(password=PASSWORD)
    locked = house.add_user()
    house.add_account(locked, PASSWORD)
    house.lock_account(locked)
    seen = {name: refusal(house, name) for name in (user, bare, locked, "nosuchuser")}
    texts = {text for _, text in seen.values()}
    assert len(texts) == 1, texts
    times = [seconds for seconds, _ in seen.values()]
    assert max(times) - min(times) < 0.5, times
    for name in (bare, locked):
        house.remove_user(name)


def test_strangers_wrong_codes_are_not_told(house, clock, jane):
    """Who proved nothing reads the same words before and behind the limit."""
    user, key = jane
    texts = {refusal(house, user)[1] for _ in range(8)}
    texts.add(refusal(house, user, app_now(clock, key))[1])
    assert len(texts) == 1, "\n---\n".join(texts)


def test_user_made_again_has_no_app(house, clock, jane):
    user, key = jane
    uid = house.uid(user)
    house.remove_user(user)
    house.add_user(user, PASSWORD, uid=uid + 500)
    ssh_with(house, user, app_now(clock, key), lets_in=False)


def test_audit_names_the_method_and_no_code(house, clock, jane):
    user, key = jane
    code = app_now(clock, key)
    ssh_with(house, user, code)
    ssh_with(house, user, "000000", lets_in=False)
    rows = [row for row in house.audit(user) if row["kind"] == "login"]
    assert [row["outcome"] for row in rows] == ["granted", "denied"]
    assert "app" in rows[0]["method"]
    assert code not in str(rows) and "000000" not in str(rows)


def test_rfc_6238_by_the_tests_own_hand():
    """Appendix B: what the app of these tests reckons with."""
    key = Key(b"12345678901234567890", digits=8)
    assert key.code(59) == "94287082"
    assert key.code(1111111109) == "07081804"
    assert key.code(20000000000) == "65353130"
