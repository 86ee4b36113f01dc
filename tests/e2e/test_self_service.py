# SPDX-License-Identifier: GPL-3.0-or-later
"""What users do without root: link identities to themselves, see, remove and refuse links; what they
are told of it; the SSH keys of a linked account; and how often they may call."""

import contextlib
import json
import re
import subprocess
import time

import pytest

import configs
from accounts import Office
from bus import BusError, call_as
from clock import Clock
from conftest import PASSWORD
from house import CONFIG, wait_until
from linked import approve_wecom, relay_section, wecom_section
from people import PASSWORD_PROMPT, as_user, expect_shell, type_password
from screen import Terminal
from service import run
from vendors.github import GitHub

HOUR_S, DAY_S = 3600, 86400
DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)
CODE = r"Code: ([A-Z]{4}-[A-Z]{4})"
QUESTION = r"Type yes to link it, or q to quit: "
DIGITS = r"The telephone's two digits[^\n]*: "
TELL = "tell your administrator"
PATH = {"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


@pytest.fixture(scope="module")
def vendor(authority):
    made = GitHub(authority, client_secret="s3cret").start()
    yield made
    made.stop()


def config_text(op, double, wecom, vendor, own="password", general=None):
    secret = "/etc/jauth/secrets/github"
    run(["install", "-D", "-m", "640", "-o", "root", "-g", "jauth", "/dev/stdin", secret],
        input=vendor.client_secret)
    text = (configs.head() + configs.PASSWORD + configs.oidc(op) + relay_section(double)
            + wecom_section(wecom, map="{userid}")
            + configs.github(vendor, ssh_keys="yes", client_secret_file=secret)
            + configs.service("sshd", "password, work, github, wecom")
            + configs.service("corp", "wecom") + configs.service("work", "work"))
    if own:
        text += configs.service("jauth-link", own)
    if general:
        text += configs.section("general", general)
    return text


@pytest.fixture(scope="module")
def clock(house):
    made = Clock(house)
    yield made
    made.release()


@pytest.fixture(scope="module", autouse=True)
def jauth(house, op, double, wecom, vendor, clock):
    house.userdb()
    house.use_jauth("sshd")
    house.configure(config_text(op, double, wecom, vendor))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@pytest.fixture(autouse=True)
def right_time(clock):
    """Again after a test that moved the clock; the provider's tokens are of now."""
    yield
    if clock.ahead():
        clock.put_back(clock.ahead())


@pytest.fixture
def configured(house, op, double, wecom, vendor):
    """Another configuration for one test."""
    def change(**changes):
        house.reload(config_text(op, double, wecom, vendor, **changes))
    yield change
    house.reload(config_text(op, double, wecom, vendor))


@pytest.fixture
def office(house, relay, wecom):
    wecom.reset()
    wecom.trusted_domain = relay.url.removeprefix("https://")
    yield Office(house, relay, wecom)
    assert not wecom.complaints


@pytest.fixture
def github(vendor):
    vendor.clear_faults()
    vendor.complaints.clear()
    vendor.public_calls.clear()
    vendor.public_left = None
    yield vendor
    vendor.clear_faults()
    vendor.persons.clear()
    assert not vendor.complaints


def ctl_as(user, *words, switch=as_user):
    done = subprocess.run(switch(user, "jauthctl", *words), text=True, timeout=60, env=PATH,
                          stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def own_links(user, switch=as_user):
    code, text = ctl_as(user, "link", "list", "--json", switch=switch)
    assert code == DONE, text
    return json.loads(text)


def links(house, user):
    return house.call("Accounts", "ListLinks", "s", user)


@contextlib.contextmanager
def linking(user, method, **options):
    """jauthctl in the user's terminal, after his password."""
    with Terminal(as_user(user, "jauthctl", "link", method), **options) as terminal:
        type_password(terminal, PASSWORD)
        yield terminal


def link_work(user, polite, sub, answer="yes"):
    """By the provider's device flow; the exit code."""
    with linking(user, "work") as terminal:
        polite.approve(terminal.wait_for(CODE).group(1), sub)
        terminal.wait_for(QUESTION)
        terminal.send_line(answer)
        code = terminal.wait_end()
        assert code == NO or "It is linked to you." in terminal.seen
        return code


def log_in_by_work(house, polite, user, sub):
    """The outcome of a login by the provider."""
    with house.bus_login(user, service="work") as login:
        assert "type y" in login.next_ask().text()
        login.answer("y")
        polite.approve(re.search(CODE, login.next_ask().text()).group(1), sub)
        login.answer("")
        return login.outcome()


def told(house, user, service="sshd", **facts):
    """What a login's account phase shows."""
    with house.bus_login(user, service=service, phase="account", **facts) as login:
        step = login.step()
        assert step.state == "granted", (step.state, step.text())
        return step.text()


# --- linking ---

def test_a_user_links_an_identity_to_himself_and_is_told(house, polite, user):
    sub = polite.add_person(f"phone-of-{user}", name="Jane Doe")
    assert log_in_by_work(house, polite, user, sub) == "denied"
    with linking(user, "work") as terminal:
        polite.approve(terminal.wait_for(CODE).group(1), sub)
        terminal.wait_for(rf"log in as {user}:")
        terminal.wait_for(QUESTION)
        shown = terminal.text()
        assert polite.issuer in shown and sub in shown and "calls himself: Jane Doe" in shown
        assert links(house, user) == []
        terminal.send_line("yes")
        terminal.wait_for("It is linked to you.")
        assert terminal.wait_end() == DONE
    row, = own_links(user)
    assert (row["issuer"], row["subject"], row["origin"], row["pending"]) \
        == (polite.issuer, sub, "self", False)
    assert links(house, user)[0]["uid"] == house.uid(user)
    assert log_in_by_work(house, polite, user, sub) == "granted"
    rows = [row for row in house.audit(user) if row["kind"] == "link"]
    assert [(row["service"], row["outcome"], row["subject"], row["source"]) for row in rows] \
        == [("jauth-link", "granted", sub, f"uid {house.uid(user)}")]
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(r"Type a number")
        ssh.send_line("1")
        type_password(ssh, PASSWORD)
        ssh.wait_for(r"jauth: linked since \d{4}-\d\d-\d\d \d\d:\d\d")
        expect_shell(ssh, user)
        assert sub in ssh.seen and TELL in ssh.seen


def test_in_chinese(house, polite, user):
    sub = polite.add_person(f"phone-of-{user}", name="张三")
    with Terminal(as_user(user, "jauthctl", "link", "work"), env={"LANG": "zh_CN.UTF-8"}) as terminal:
        terminal.wait_for("密码")
        terminal.send_line(PASSWORD)
        polite.approve(terminal.wait_for(r"([A-Z]{4}-[A-Z]{4})").group(1), sub)
        terminal.wait_for("自称：张三")
        terminal.wait_for("输入 yes 进行关联")
        terminal.send_line("yes")
        terminal.wait_for("已关联到您。")
        assert terminal.wait_end() == DONE
    text = told(house, user, surface="terminal", glyphs=7, language="zh_CN.UTF-8")
    assert "起已关联" in text and "张三" in text
    assert "张三" not in told(house, user) and "linked since" in told(house, user)


@pytest.mark.parametrize("key", ["\x03", "q", "", "n", "\x04"])
def test_any_other_answer_links_nothing(house, polite, user, key):
    sub = polite.add_person(f"phone-of-{user}")
    with linking(user, "work") as terminal:
        polite.approve(terminal.wait_for(CODE).group(1), sub)
        terminal.wait_for(QUESTION)
        if key in ("\x03", "\x04"):
            terminal.send(key)
        else:
            terminal.send_line(key)
        assert terminal.wait_end() != DONE
    assert links(house, user) == [] and TELL not in told(house, user)
    wait_until(lambda: house.audit(user)[-2]["outcome"] == "cancelled", 5, "the audit row")


def test_ctrl_c_at_every_other_question_links_nothing(house, polite, user):
    for question, answer in ((PASSWORD_PROMPT, PASSWORD), (CODE, None)):
        with Terminal(as_user(user, "jauthctl", "link", "work")) as terminal:
            if answer is None:
                type_password(terminal, PASSWORD)
            terminal.wait_for(question)
            terminal.send("\x03")
            assert terminal.wait_end() != DONE
        house.wait_no_login(5)
    assert links(house, user) == []


def test_a_daemon_that_dies_before_the_yes_links_nothing(house, polite, user):
    sub = polite.add_person(f"phone-of-{user}")
    with linking(user, "work") as terminal:
        polite.approve(terminal.wait_for(CODE).group(1), sub)
        terminal.wait_for(QUESTION)
        house.jauthd.kill()
        terminal.send_line("yes")
        assert terminal.wait_end() not in (DONE,)
    wait_until(house.is_on_bus, 20, "jauthd again")
    assert links(house, user) == []


def test_a_wrong_password_links_nothing(house, user):
    with Terminal(as_user(user, "jauthctl", "link", "work")) as terminal:
        for _ in range(3):
            type_password(terminal, "wrong horse 8")
        assert terminal.wait_end() == NO
    assert "Code:" not in terminal.seen
    assert links(house, user) == []
    house.unlock_limits(user)


def test_with_the_digits_of_the_telephone(house, office, relay, wecom, user):
    member = wecom.add_member(f"of-{user}", name="张三")
    for answer, code in (("wrong", NO), (None, DONE)):
        with linking(user, "wecom") as terminal:
            terminal.wait_for(DIGITS)
            visit = approve_wecom(relay, wecom, user, member)
            digits = visit.digits()
            assert links(house, user) == []
            terminal.send_line(f"{(int(digits) + 1) % 100:02}" if answer else digits)
            if not answer:
                terminal.wait_for(QUESTION)
                terminal.send_line("yes")
            assert terminal.wait_end() == code
            assert len(links(house, user)) == (not answer)
        house.unlock_limits(user)
    row, = links(house, user)
    assert (row["issuer"], row["subject"]) == (f"wecom:{wecom.corp_id}", member)


def test_this_was_not_me(house, office, relay, wecom, user):
    member = wecom.add_member(f"of-{user}")
    with linking(user, "wecom") as terminal:
        terminal.wait_for(DIGITS)
        visit = approve_wecom(relay, wecom, user, member)
        terminal.send_line(visit.digits())
        terminal.wait_for(QUESTION)
        relay.refuse(visit.link)
        assert terminal.wait_end() == NO
    assert links(house, user) == []


# --- who may not ---

def test_users_without_a_section(house, configured, user):
    configured(own=None)
    code, text = ctl_as(user, "link", "work")
    assert code == NO and "Only root may do this on this machine" in text


def test_switched_off(house, configured, polite, user):
    link = house.add_link(user, polite.issuer, "4711")
    configured(general={"self_service": "no"})
    for words in (["link", "list"], ["link", "remove", str(link)]):
        code, text = ctl_as(user, *words)
        assert code == REFUSED and "only root may do this" in text, text
    code, text = ctl_as(user, "link", "work")
    assert code == NO and "Only root may do this on this machine" in text
    assert len(links(house, user)) == 1


def test_root_and_privileged_users_and_for_others(house, user):
    done = house.ctl("link", "work", check=False)
    assert done.returncode == NO and "linked by root only" in done.stdout + done.stderr
    sudoer = house.add_user(groups=["sudo"], password=PASSWORD)
    code, text = ctl_as(sudoer, "link", "work")
    assert code == NO and "linked by root only" in text
    begin = ("from bus import Bus, BusError\ntry:\n"
             f"    with Bus().begin('{user}', service='i3lock', phase='link', method='work') as it:\n"
             "        print(it.outcome())\nexcept BusError as error:\n    print(error.name)")
    assert call_as(sudoer, begin) == "AccessDenied"
    with house.bus_login(user, phase="link", method="work", caller_uid=house.uid(user),
                         rhost=None) as login:
        # Root's word for it: still the user's own password.
        assert "assword" in login.next_ask().text()
    house.remove_user(sudoer)


def test_what_cannot_be_linked(user):
    for method, word in (("password", "Nothing can be linked"), ("pigeon", "no such method")):
        code, text = ctl_as(user, "link", method)
        assert code == NO and word in text
    assert ctl_as(user, "link")[0] == USAGE


def test_linked_already(house, polite, user):
    sub = polite.add_person(f"phone-of-{user}")
    house.add_link(user, polite.issuer, sub)
    with linking(user, "work") as terminal:
        polite.approve(terminal.wait_for(CODE).group(1), sub)
        terminal.wait_for("may log in as you already")
        assert terminal.wait_end() == NO
    assert len(links(house, user)) == 1


# --- seeing, removing, refusing ---

def test_ones_own_and_nobody_elses(house, polite, user):
    other = house.add_user()
    mine, his = (house.add_link(name, polite.issuer, f"sub-{name}") for name in (user, other))
    assert [row["id"] for row in own_links(user)] == [mine]
    assert ctl_as(user, "link", "list", other)[0] == REFUSED
    code, text = ctl_as(user, "link", "remove", str(his))
    assert code == NO and f"you have no link {his}" in text
    assert len(links(house, other)) == 1
    assert ctl_as(user, "link", "remove", str(mine)) == (DONE, "")
    assert links(house, user) == []
    text = told(house, user)
    assert "no longer linked since" in text and f"sub-{user}" in text
    assert house.audit(user)[-2]["source"] == f"uid {house.uid(user)}"
    house.remove_user(other)


def test_a_user_made_again_sees_nothing_of_the_earlier_one(house, polite, user):
    link = house.add_link(user, polite.issuer, "of-before")
    uid = house.uid(user)
    house.remove_user(user)
    house.add_user(user, password=PASSWORD, uid=uid + 5000)
    assert own_links(user) == [] and TELL not in told(house, user)
    assert ctl_as(user, "link", "remove", str(link))[0] == NO
    house.remove_user(user)
    house.add_user(user, password=PASSWORD, uid=uid)


def test_what_a_sysadmin_accepted_is_refused(house, polite, user):
    sub = polite.add_person(f"stranger-of-{user}", name="Somebody Else")
    assert log_in_by_work(house, polite, user, sub) == "denied"
    request = house.audit(user)[-1]["request"]
    house.ctl("link", "add", "--request", request, user)
    link = links(house, user)[0]["id"]
    other = house.add_user()
    assert ctl_as(other, "link", "refuse", str(link), "--yes")[0] == NO
    with Terminal(as_user(user, "jauthctl", "link", "refuse")) as terminal:
        terminal.wait_for("Somebody Else")
        terminal.wait_for(r"forgotten\? \[y/N\]")
        terminal.send_line("y")
        terminal.wait_for("is refused")
        assert terminal.wait_end() == DONE
    assert links(house, user) == []
    assert not [row for row in house.call("Accounts", "ListRequests") if row["user"] == user]
    assert ctl_as(user, "link", "confirm", str(link), "--yes")[0] == NO
    assert "a link was refused" in told(house, user)
    assert log_in_by_work(house, polite, user, sub) == "denied"
    house.remove_user(other)


def test_changes_of_a_day_have_an_end(house, polite, user):
    ids = [house.add_link(user, polite.issuer, f"{user}-{n}") for n in range(20)]
    code, text = ctl_as(user, "link", "remove", str(ids[0]))
    assert code == NO and "too often today" in text
    assert len(links(house, user)) == 20


# --- notices ---

def test_told_for_three_days_after_the_first_time(house, polite, user, clock):
    house.add_link(user, polite.issuer, f"sub-{user}")
    clock.move(10 * DAY_S)
    assert "linked since" in told(house, user)
    clock.move(2 * DAY_S)
    assert "linked since" in told(house, user)
    clock.move(DAY_S + 60)
    assert "linked since" not in told(house, user)


def test_by_the_messages_of_an_app_that_is_linked(house, office, wecom, polite, user):
    member = wecom.add_member(f"of-{user}", name="张三")
    link = house.add_link(user, f"wecom:{wecom.corp_id}", member)
    sub = polite.add_person(f"phone-of-{user}", name="<a href=x>Jane</a>")
    assert link_work(user, polite, sub) == DONE
    message = wecom.wait_for_message()
    assert message["to"] == member.lower()
    assert f"User {user} on " in message["text"] and sub in message["text"]
    assert TELL in message["text"] and "<" not in message["text"]
    assert len(wecom.messages) == 1
    house.call("Accounts", "RemoveLink", "x", link)
    message = wecom.wait_for_message(2)
    assert message["to"] == member.lower() and "no longer linked" in message["text"]


def test_a_message_that_cannot_be_sent_stops_nothing(house, office, wecom, polite, user):
    member = wecom.add_member(f"of-{user}")
    house.add_link(user, f"wecom:{wecom.corp_id}", member)
    wecom.lost_messages = "invaliduser"
    sub = polite.add_person(f"phone-of-{user}")
    assert link_work(user, polite, sub) == DONE
    wait_until(lambda: "a notice could not be sent" in house.journal(), 10, "the warning")
    assert sub in told(house, user)


# --- how often ---

def test_a_flood_of_one_user_is_his_own(house, user):
    flood = ("from bus import Bus, BusError\nbus = Bus()\nrefused = 0\n"
             "for _ in range(300):\n    try:\n        bus.call('Accounts', 'ListOwnLinks')\n"
             "    except BusError as error:\n"
             "        refused += error.name == 'LimitsExceeded'\nprint(refused)")
    assert int(call_as(user, flood)) > 100
    assert house.is_on_bus() and own_links(house.add_user()) == []
    with pytest.raises(BusError):
        house.call("Accounts", "RemoveOwnLink", "x", 1)


# --- SSH keys ---

def as_person(name, *argv):
    """As as_user(), of somebody who has no group of his own."""
    return ["setpriv", f"--reuid={name}", "--regid=jauth-users", "--init-groups", *argv]


def make_key(folder, name):
    path = folder / name
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)])
    return path, path.with_suffix(".pub").read_text().strip()


def served(user):
    done = run(["userdbctl", "ssh-authorized-keys", user], check=False)
    return done.stdout.split("\n")[:-1]


def wait_served(user, keys):
    wait_until(lambda: served(user) == keys, 15, f"keys of {user}")


@pytest.fixture
def zhang(house, office, request):
    """A person, whom jauth made: (name, member)."""
    name = "z" + str(abs(hash(request.node.name)) % 10 ** 8)
    office.register(name)
    yield name
    run(["jauthctl", "user", "remove", name], check=False)


class Keys:
    """Moves the clock while no snapshot is being written: how long that takes is how long the next
    one waits."""

    def __init__(self, house, clock):
        self.house, self.clock = house, clock

    def pass_time(self, seconds):
        written = None
        while written != (written := self.house.status()["userdb-written"]):
            time.sleep(0.2)
        self.clock.move(seconds)

    def look(self):
        """For those that are due."""
        self.pass_time(31)


@pytest.fixture
def keys(house, clock):
    return Keys(house, clock)


def test_keys_of_a_linked_account_let_a_person_in(house, office, relay, wecom, github, zhang, keys,
                                                  configured, tmp_path):
    path, key = make_key(tmp_path, "laptop")
    configured(own="wecom")
    github.add_person(4711, "zhang-at-github", keys=[key, "ssh-rsa AAAA", f'command="x" {key}'])
    with Terminal(as_person(zhang, "jauthctl", "link", "github")) as terminal:
        terminal.wait_for(DIGITS)
        visit = approve_wecom(relay, wecom, zhang, zhang)
        terminal.send_line(visit.digits())
        github.approve(terminal.wait_for(CODE).group(1), 4711)
        terminal.wait_for(QUESTION)
        assert "4711" in terminal.text()
        terminal.send_line("yes")
        assert terminal.wait_end() == DONE
    keys.look()
    wait_served(zhang, [key])
    ssh = house.sshd(AuthorizedKeysCommand="/usr/bin/userdbctl ssh-authorized-keys %u",
                     AuthorizedKeysCommandUser="root", AuthenticationMethods="publickey")
    with ssh.login(zhang, IdentityFile=path, BatchMode="yes") as terminal:
        expect_shell(terminal, zhang)

    # Taken away at GitHub.
    github.persons[4711].keys = []
    keys.pass_time(HOUR_S + 60)
    wait_served(zhang, [])
    # And back; then the link goes.
    github.persons[4711].keys = [key]
    keys.pass_time(HOUR_S + 60)
    wait_served(zhang, [key])
    [link] = [row["id"] for row in own_links(zhang, as_person)]
    assert ctl_as(zhang, "link", "remove", str(link), switch=as_person)[0] == DONE
    wait_served(zhang, [])


@pytest.fixture
def keyed(house, github, zhang, keys, tmp_path):
    """A person whose account there has one key: (name, number, key)."""
    _, key = make_key(tmp_path, "laptop")
    number = 4712
    github.add_person(number, "zhang-at-github", keys=[key])
    house.add_link(zhang, github.url, str(number))
    keys.look()
    wait_served(zhang, [key])
    return zhang, number, key


def test_a_name_that_somebody_else_took(github, keyed, keys, tmp_path):
    name, number, key = keyed
    _, stolen = make_key(tmp_path, "thief")
    github.persons[number].login = "zhang-elsewhere"
    github.add_person(666, "zhang-at-github", keys=[stolen])
    keys.pass_time(HOUR_S + 60)
    wait_until(lambda: "/users/zhang-elsewhere/keys" in github.public_calls, 15, "the calls")
    assert "/users/zhang-at-github/keys" not in github.public_calls[3:]
    assert served(name) == [key]


def test_an_account_that_is_gone_and_one_that_does_not_answer(github, keyed, keys):
    name, number, key = keyed
    github.fault("account", "status", status=503, times=1000)
    keys.pass_time(HOUR_S + 60)
    wait_until(lambda: github.public_calls, 10, "calls")
    keys.pass_time(20 * HOUR_S)
    assert served(name) == [key]
    keys.pass_time(5 * HOUR_S)
    wait_served(name, [])
    github.clear_faults()
    keys.pass_time(HOUR_S)
    wait_served(name, [key])
    del github.persons[number]
    keys.pass_time(HOUR_S + 60)
    wait_served(name, [])


def test_a_locked_person_has_none(house, github, keyed, keys):
    name, _, key = keyed
    house.ctl("user", "lock", name)
    wait_until(lambda: "notAfterUSec" in run(["userdbctl", "user", "-j", name]).stdout
               or "locked" in run(["userdbctl", "user", "-j", name]).stdout, 15, "the lock")
    house.ctl("user", "unlock", name)
    keys.look()
    wait_served(name, [key])


def test_a_user_of_the_host_gets_none(house, github, user, keys, tmp_path):
    _, key = make_key(tmp_path, "laptop")
    github.add_person(4713, f"{user}-at-github", keys=[key])
    house.add_link(user, github.url, "4713")
    keys.look()
    keys.look()
    assert served(user) == [] and github.public_calls == []


def test_without_the_key_of_the_configuration(house, keyed, keys):
    name, _, key = keyed
    house.reload(CONFIG.read_text().replace("ssh_keys = yes", "ssh_keys = no"))
    keys.look()
    wait_served(name, [])
    house.reload(CONFIG.read_text().replace("ssh_keys = no", "ssh_keys = yes"))
    keys.look()
    wait_served(name, [key])


def test_a_quota_that_is_used_up_is_no_answer(github, keyed, keys):
    name, _, key = keyed
    github.public_left = 1
    keys.pass_time(HOUR_S + 60)
    wait_until(lambda: github.public_left < 0, 15, "the quota's end")
    assert served(name) == [key]
    github.public_left = None
