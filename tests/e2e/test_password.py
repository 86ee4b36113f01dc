# SPDX-License-Identifier: GPL-3.0-or-later
"""The password method through real sshd, login, su and sudo: both sources, every state of an
account, throttling, and the odd clients."""

import crypt
import re
import signal
import subprocess
import time

import pytest

import configs
from conftest import PASSWORD
from house import cheap_hash, wait_until
from people import PASSWORD_PROMPT, expect_no_shell, expect_shell, type_password
from screen import Terminal
from service import run

SERVICES = ("sshd", "login", "su", "sudo")
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    house.configure(configs.head(tries=1) + configs.PASSWORD
                    + "".join(configs.service(name, "password") for name in SERVICES))
    house.use_jauth(*SERVICES)
    yield house
    house.use_debian(*SERVICES)
    house.stop_jauth()


@pytest.fixture(autouse=True)
def no_pauses(house):
    """Pauses of one test are not the next one's; those that test them wait by themselves."""
    yield
    house.unlock_limits()


@pytest.fixture
def own(house):
    """A user whose password jauth keeps; his shadow field lets nobody in."""
    name = house.add_user()
    house.add_account(name, PASSWORD)
    yield name
    house.remove_user(name)


def ssh_in(house, user, password, **options):
    with house.sshd().login(user, **options) as ssh:
        type_password(ssh, password)
        expect_shell(ssh, user)


def ssh_refused(house, user, password):
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        type_password(ssh, password)
        expect_no_shell(ssh, user)
        return ssh.seen


# --- right and wrong, both sources ---

def test_right_shadow_password(house, user):
    ssh_in(house, user, PASSWORD)


def test_right_own_password(house, own):
    ssh_in(house, own, PASSWORD)


@pytest.mark.parametrize("wrong", [
    "wrong", "", PASSWORD + "x", PASSWORD[:-1], PASSWORD.upper(), " " + PASSWORD,
    PASSWORD + " ", "x" * 1000, "\x7f", "*", "!", "ü" * 20])
def test_wrong_password(house, user, wrong):
    ssh_refused(house, user, wrong)


@pytest.mark.parametrize("field", ["!", "*", "!!", "!{hash}", "*LK*", "x", "*0", "*1", "$5$", ""])
def test_shadow_fields_that_let_nobody_in(house, field):
    name = house.add_user()
    run(["usermod", "-p", field.format(hash=cheap_hash(PASSWORD)), name])
    for password in (PASSWORD, field):
        ssh_refused(house, name, password)
    house.remove_user(name)


@pytest.mark.parametrize("setting", ["$1$salt$", "$5$rounds=1000$salt$", "$6$rounds=1000$salt$"])
def test_shadow_hashes_of_all_kinds(house, setting):
    name = house.add_user()
    run(["usermod", "-p", crypt.crypt(PASSWORD, setting), name])
    ssh_in(house, name, PASSWORD)
    house.remove_user(name)


def test_yescrypt_in_shadow(house):
    name = house.add_user()
    run(["chpasswd", "-c", "YESCRYPT"], input=f"{name}:{PASSWORD}\n")
    assert ":$y$" in run(["getent", "shadow", name]).stdout
    ssh_in(house, name, PASSWORD)
    house.remove_user(name)


def test_second_try_in_one_connection(house, user):
    with house.sshd().login(user) as ssh:
        type_password(ssh, "wrong")
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)


def test_three_wrong_answers_are_enough(house, user):
    with house.sshd().login(user) as ssh:
        for _ in range(3):
            type_password(ssh, "wrong")
        expect_no_shell(ssh, user)
        assert len(ssh.seen.split("Password")) - 1 == 3


# --- states of an account ---

def test_locked_account(house, own):
    house.lock_account(own)
    ssh_refused(house, own, PASSWORD)
    house.unlock_account(own)
    ssh_in(house, own, PASSWORD)


def test_removed_account(house, own):
    house.call("Accounts", "RemoveUser", "s", own)
    ssh_refused(house, own, PASSWORD)


def test_expired_account(house):
    name = house.add_user()
    house.add_account(name, PASSWORD)
    house.set_account(name, expires=1577836800)
    with house.sshd().login(name, NumberOfPasswordPrompts=1) as ssh:
        type_password(ssh, PASSWORD)
        expect_no_shell(ssh, name)
    house.remove_user(name)


def test_expired_shadow_account(house, user):
    run(["chage", "-E", "1", user])
    ssh_refused(house, user, PASSWORD)


def test_locked_shadow_account(house, user):
    run(["usermod", "-L", user])
    ssh_refused(house, user, PASSWORD)


def test_shadow_password_that_must_be_changed(house, user):
    """Nobody changes it over ssh, and nobody gets in with it as it is."""
    run(["chage", "-d", "0", user])
    ssh_refused(house, user, PASSWORD)


def test_user_made_again_is_another(house, own):
    uid = house.uid(own)
    house.remove_user(own)
    house.add_user(own, uid=uid + 500)
    ssh_refused(house, own, PASSWORD)


def change_at_login(ssh, old, *new_ones):
    type_password(ssh, old)
    for new in new_ones:
        ssh.wait_for(r"[Nn]ew password[^\n]*: ")
        ssh.send_line(new)


def test_must_change_own_password(house, own):
    house.set_account(own, **{"must-change": True})
    with house.sshd().login(own) as ssh:
        change_at_login(ssh, PASSWORD, "new horse 8", "new horse 8")
        expect_shell(ssh, own)
    ssh_refused(house, own, PASSWORD)
    ssh_in(house, own, "new horse 8")


@pytest.mark.parametrize("weak,missing", [
    ("short 1", "8"), ("onlyletters", "digit"), ("1234567890", "letter"), ("x1" * 17, "32")])
def test_weak_new_password_is_told_what_is_missing(house, own, weak, missing):
    house.set_account(own, **{"must-change": True})
    with house.sshd().login(own) as ssh:
        change_at_login(ssh, PASSWORD, weak)
        ssh.wait_for(missing)
        change_at_login_again(ssh, "good horse 9")
        expect_shell(ssh, own)


def change_at_login_again(ssh, new):
    for _ in range(2):
        ssh.wait_for(r"[Nn]ew password[^\n]*: ")
        ssh.send_line(new)


def test_two_different_new_passwords(house, own):
    house.set_account(own, **{"must-change": True})
    with house.sshd().login(own, NumberOfPasswordPrompts=1) as ssh:
        change_at_login(ssh, PASSWORD, "new horse 8", "new horse 9")
        ssh.wait_for("differ|match|same")


def test_old_password_does_not_count_as_new(house, own):
    house.set_account(own, **{"must-change": True})
    with house.sshd().login(own, NumberOfPasswordPrompts=1) as ssh:
        change_at_login(ssh, PASSWORD, PASSWORD)
        ssh.wait_for("old|same|differ")


# --- unknown users, equal words and time ---

def timed_refusal(house, name, password):
    with house.sshd().login(name, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(PASSWORD_PROMPT)
        began = time.monotonic()
        ssh.send_line(password)
        expect_no_shell(ssh, name)
        return time.monotonic() - began, ssh.seen.replace(name, "NAME")


def without_request_id(text):
    return re.sub(r"[0-9a-f]{16}", "ID", text)


def test_unknown_locked_and_wrong_look_the_same(house, user, own):
    house.lock_account(own)
    seen = {}
    for name in (user, own, "nosuchuser"):
        seconds, text = timed_refusal(house, name, "wrong horse 1")
        seen[name] = (seconds, without_request_id(text))
    texts = {text for _, text in seen.values()}
    assert len(texts) == 1, texts
    times = [seconds for seconds, _ in seen.values()]
    assert max(times) - min(times) < 0.5


# --- pauses ---

def test_pause_grows_and_survives_kill(house, user):
    # Four at once make a pause of a second; each that waits it out doubles it, here to eight.
    for pause in (0, 0, 0, 0, 1.2, 2.2, 4.2):
        time.sleep(pause)
        ssh_refused(house, user, "wrong")
    ssh_refused(house, user, PASSWORD)
    house.jauthd.wait_back(house.jauthd.kill())
    ssh_refused(house, user, PASSWORD)
    house.unlock_limits(user)
    ssh_in(house, user, PASSWORD)


def test_pause_is_over_after_its_time(house, user):
    for _ in range(4):
        ssh_refused(house, user, "wrong")
    time.sleep(2.5)
    ssh_in(house, user, PASSWORD)


# --- clients ---

@pytest.mark.parametrize("env,term", [
    ({"LANG": "C", "LC_ALL": "C"}, "xterm"), ({}, "dumb"), ({"LANG": "zh_CN.UTF-8"}, "xterm")])
def test_clients_locale_and_terminal(house, user, env, term):
    with house.sshd().login(user, env=env, term=term) as ssh:
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)


def test_password_authentication_of_ssh(house, user):
    sshd = house.sshd(PasswordAuthentication="yes", KbdInteractiveAuthentication="no")
    with sshd.login(user, PreferredAuthentications="password") as ssh:
        ssh.wait_for("password: ")
        ssh.send_line(PASSWORD)
        expect_shell(ssh, user)


def test_password_authentication_wrong(house, user):
    sshd = house.sshd(PasswordAuthentication="yes", KbdInteractiveAuthentication="no")
    with sshd.login(user, PreferredAuthentications="password",
                    NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for("password: ")
        ssh.send_line("wrong")
        expect_no_shell(ssh, user)


def test_batch_mode_fails_at_once(house, user):
    began = time.monotonic()
    with house.sshd().login(user, BatchMode="yes") as ssh:
        expect_no_shell(ssh, user)
        assert "Password" not in ssh.seen
    assert time.monotonic() - began < 5


def test_no_terminal_at_all(house, user):
    done = subprocess.run(["setsid", *house.sshd().command(user, "id")], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 255
    assert "uid=" not in done.stdout


def make_key(house, user, tmp_path):
    key = tmp_path / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    home = f"/home/{user}/.ssh"
    run(["install", "-d", "-m", "700", "-o", user, "-g", user, home])
    run(["install", "-m", "600", "-o", user, "-g", user, str(key) + ".pub",
         home + "/authorized_keys"])
    return str(key)


def test_key_and_then_password(house, user, tmp_path):
    sshd = house.sshd(AuthenticationMethods="publickey,keyboard-interactive")
    key = make_key(house, user, tmp_path)
    with sshd.login(user, IdentityFile=key) as ssh:
        type_password(ssh, PASSWORD)
        expect_shell(ssh, user)
    with sshd.login(user) as ssh:
        expect_no_shell(ssh, user)


def test_key_alone_meets_the_account_phase(house, own, tmp_path):
    key = make_key(house, own, tmp_path)
    with house.sshd().login(own, IdentityFile=key) as ssh:
        expect_shell(ssh, own)
    house.lock_account(own)
    with house.sshd().login(own, IdentityFile=key) as ssh:
        expect_no_shell(ssh, own)


def test_command_over_ssh(house, user):
    with house.sshd().login(user, "id", "-un") as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(user)
        assert ssh.wait_end() == 0


# --- other programs ---

def as_user(name, *argv):
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", *argv]


def test_login_on_a_terminal(house, user):
    with Terminal(["/bin/login", user]) as login:
        type_password(login, PASSWORD)
        expect_shell(login, user)


def test_login_wrong(house, user):
    with Terminal(["/bin/login", user]) as login:
        type_password(login, "wrong")
        login.wait_for("incorrect")


def test_su(house, user):
    with Terminal(AS_NOBODY + ["su", user]) as su:
        type_password(su, PASSWORD)
        expect_shell(su, user)


def test_su_wrong(house, user):
    with Terminal(AS_NOBODY + ["su", user]) as su:
        type_password(su, "wrong")
        assert su.wait_end(30) != 0


@pytest.fixture
def sudoer(house, user):
    with open("/etc/sudoers.d/house", "w", encoding="ascii") as file:
        file.write(f"{user} ALL=(ALL) ALL\nDefaults !lecture\n")
    return user


def test_sudo(house, sudoer):
    with Terminal(as_user(sudoer, "sudo", "id", "-un")) as sudo:
        type_password(sudo, PASSWORD)
        sudo.wait_for("root")
        assert sudo.wait_end() == 0


# sudo writes its prompt, then reads; a Ctrl-C in between it catches and forgets.
SUDO_READS_S = 0.3


def test_sudo_wrong(house, sudoer):
    with Terminal(as_user(sudoer, "sudo", "id", "-un")) as sudo:
        type_password(sudo, "wrong")
        type_password(sudo, "wrong")
        sudo.wait_for(PASSWORD_PROMPT)
        time.sleep(SUDO_READS_S)
        sudo.send("\x03")
        assert sudo.wait_end() != 0


def test_sudo_interrupted_at_the_prompt(house, sudoer):
    with Terminal(as_user(sudoer, "sudo", "id", "-un")) as sudo:
        sudo.wait_for(PASSWORD_PROMPT)
        time.sleep(SUDO_READS_S)
        sudo.send("\x03")
        assert sudo.wait_end(5) != 0


def test_sudo_from_a_pipe(house, sudoer):
    done = subprocess.run(as_user(sudoer, "sudo", "-S", "id", "-un"), input=PASSWORD + "\n",
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "root\n"


# --- outside the policy, and without jauth ---

def test_root_is_left_alone(house):
    run(["usermod", "-p", cheap_hash("root horse 1"), "root"])
    house.jauthd.send(signal.SIGSTOP)
    try:
        with house.sshd().login("root") as ssh:
            ssh.wait_for("Password: ")
            ssh.send_line("root horse 1")
            ssh.wait_for("# ", timeout=10)
    finally:
        house.jauthd.send(signal.SIGCONT)


def test_break_glass_group(house, user):
    run(["groupadd", "-f", "breakglass"])
    run(["gpasswd", "-a", user, "breakglass"])
    house.use_jauth("sshd", options="break_glass=breakglass")
    house.jauthd.stop()
    try:
        with house.sshd().login(user) as ssh:
            type_password(ssh, PASSWORD)
            expect_shell(ssh, user)
    finally:
        house.jauthd.start()
        house.use_jauth("sshd")


def test_without_jauthd_ssh_refuses_and_the_console_goes_on(house, user):
    house.jauthd.stop()
    try:
        began = time.monotonic()
        with house.sshd().login(user) as ssh:
            expect_no_shell(ssh, user)
        assert time.monotonic() - began < 20
        with Terminal(["/bin/login", user]) as login:
            type_password(login, PASSWORD)
            expect_shell(login, user)
    finally:
        house.jauthd.start()


def test_service_outside_the_policy_is_ignored(house, user):
    house.use_jauth("su-l")
    with Terminal(AS_NOBODY + ["su", "-", user]) as su:
        type_password(su, PASSWORD)
        expect_shell(su, user)
    house.use_debian("su-l")


# --- changing it ---

def test_passwd_changes_an_own_password(house, own):
    house.use_jauth("passwd")
    with Terminal(as_user(own, "passwd")) as passwd:
        passwd.wait_for(r"[Cc]urrent password[^\n]*: ")
        passwd.send_line(PASSWORD)
        for _ in range(2):
            passwd.wait_for(r"[Nn]ew password[^\n]*: ")
            passwd.send_line("other horse 4")
        assert passwd.wait_end() == 0
    house.use_debian("passwd")
    ssh_in(house, own, "other horse 4")


# --- the log ---

def test_audit_has_one_line_a_decision(house, user):
    ssh_refused(house, user, "wrong")
    ssh_in(house, user, PASSWORD)
    rows = wait_until(lambda: [row for row in house.audit(user)
                               if row["kind"] == "login"], what="audit")
    assert [row["outcome"] for row in rows][-1] == "granted"
    assert all(row["service"] == "sshd" and row["method"] == "password" for row in rows)
    assert all(PASSWORD not in str(row) for row in rows)


def test_refused_person_sees_the_request_id_of_the_audit(house, user):
    text = ssh_refused(house, user, "wrong")
    request = re.search(r"Request id: ([0-9a-f]{16})", text).group(1)
    rows = house.audit(request=request)
    assert [row["reason"] for row in rows] == ["wrong password"]
    assert "Login incorrect." in text


def test_unknown_name_is_not_in_the_log(house):
    ssh_refused(house, "myPassw0rdByMistake", "wrong")
    assert "myPassw0rdByMistake" not in house.journal()
    assert "myPassw0rdByMistake" not in str(house.audit())
