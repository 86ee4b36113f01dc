# SPDX-License-Identifier: GPL-3.0-or-later
"""People whom this machine has never seen: their first login makes them, and lets nobody in; what
no login can make; whom a rule does not reach; jauthd killed at every step of it."""

import pathlib
import re
import stat
import subprocess
import threading
import time
from concurrent import futures

import pytest

import accounts
import configs
from accounts import Killer, Office, n_people, person, rows
from bus import Bus
from conftest import PASSWORD
from house import wait_until
from linked import DIGITS_PROMPT, Visit, relay_section, wecom_section
from people import expect_no_shell, expect_shell
from service import run
from telephone import at_wecom

READY = "Your account is ready. Connect again."
NOT_HERE = "This account may not log in here."
FIRST, LAST = 65536, 199999
PASSWD = pathlib.Path("/etc/passwd")
SESSION = pathlib.Path("/etc/pam.d/common-session")
GROUP = pathlib.Path("/etc/group")
REGISTERED = ("enough", "registered")
DENIED = ("denied", "denied")
GRANTED = ("granted", "granted")

GROUPS = (configs.section("group dev", {"from": "wecom/7"})
          + configs.section("group labs", {"from": "wecom/8", "local": "yes"})
          + configs.section("group docker", {"from": "wecom/9", "local": "yes"}))


def text_of(double, wecom, op, work=None, tail="", **more):
    keys = {"map": "{userid}", "structure": "staffers", **more}
    keys = {key: value for key, value in keys.items() if value is not None}
    return (configs.head(tries=1) + configs.PASSWORD + relay_section(double)
            + wecom_section(wecom, **keys)
            + configs.oidc(op, **(work or {"map": "{sub}"}))
            + configs.section("accounts", {"reserved_names": "chairman"}) + GROUPS
            + "".join(configs.service(name, "wecom") for name in ("sshd", "corp"))
            + configs.service("work", "work") + configs.service("local", "password") + tail)


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, wecom, op):
    run(["groupadd", "-f", "labs"])
    run(["groupadd", "-f", "docker"])
    run(["groupadd", "-f", "chess"])
    house.userdb()
    session = SESSION.read_text()
    SESSION.write_text(session + "session required pam_mkhomedir.so umask=0077\n")
    house.use_jauth("sshd")
    house.configure(text_of(double, wecom, op))
    yield house
    house.use_debian("sshd")
    SESSION.write_text(session)
    house.stop_jauth()
    house.userdb().stop()


@pytest.fixture
def office(house, relay, wecom):
    """The vendor on its best behaviour."""
    wecom.reset()
    yield Office(house, relay, wecom)
    assert not wecom.complaints
    wecom.reset()


@pytest.fixture
def configured(house, double, wecom, op):
    """Another configuration for one test."""
    def change(**changes):
        house.reload(text_of(double, wecom, op, **changes))
    yield change
    house.reload(text_of(double, wecom, op))


@pytest.fixture(scope="module")
def names():
    """Names that nobody has yet."""
    return (f"new{n}" for n in range(100, 1000))


@pytest.fixture
def name(names):
    return next(names)


def passwd(user):
    """(uid, gid, real name, home, shell) as programs see him, or None."""
    done = run(["getent", "passwd", user], check=False)
    if done.returncode:
        return None
    _, _, uid, gid, real_name, home, shell = done.stdout.rstrip("\n").split(":")
    return int(uid), int(gid), real_name, home, shell


def groups(user):
    return set(run(["id", "-Gn", user]).stdout.split())


def plain(attempt):
    """What everybody may read, without the request id."""
    return re.sub(r"[0-9a-f]{16}", "ID", attempt.text)


# --- the way it should go ---

def test_the_first_login_makes_him_and_the_second_lets_him_in(house, office, name):
    office.vendor.add_member(name, name="张三: 财务", departments=[3])
    first = office.log_in(name)
    assert (first.state, first.told) == REGISTERED and READY in first.text
    made = person(name)
    assert FIRST <= made["uid"] <= LAST
    assert (made["issuer"], made["subject"], made["source"], made["structure"]) \
        == (f"wecom:{office.vendor.corp_id}", name, "wecom", "staffers")
    uid, gid, real_name, home, shell = passwd(name)
    assert (uid, home, shell) == (made["uid"], f"/home/{name}", "/bin/bash")
    assert gid >= FIRST and "张三" in real_name and ":" not in real_name
    assert groups(name) == {"jauth-users", "staffers"}
    second = office.log_in(name)
    assert (second.state, second.told) == GRANTED
    assert office.account(name, second.request) == "granted"
    history = [(row["outcome"], row["reason"]) for row in house.audit(name)]
    assert history[0] == ("denied", "registered") and history[1][0] == "granted"


def test_over_ssh_into_a_new_home(house, office, relay, name):
    office.vendor.add_member(name)
    with house.sshd().login(name) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        assert office.approve(name).result()["result"] == "registered"
        ssh.send_line("42")
        ssh.wait_for(READY)
        expect_no_shell(ssh, name)
        assert ssh.seen.count("two digits") == 1        # nothing was asked for again
    with house.sshd().login(name) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(office.approve(name).digits())
        expect_shell(ssh, name)
    uid = person(name)["uid"]
    home = run(["stat", "-c", "%u %F", f"/home/{name}"]).stdout.split(maxsplit=1)
    assert home == [str(uid), "directory\n"]
    assert run(["stat", "-c", "%F", f"/home/{name}/.bashrc"]).stdout == "regular file\n"
    assert str(uid) == run(["userdbctl", "user", name, "--output=json"]).stdout.split(
        '"uid" : ')[1].split(",")[0].strip()


def test_what_strangers_read_is_the_same_for_nobody_and_somebody(office, name):
    """Also for somebody who waits to be made, and for who is locked."""
    office.vendor.add_member("stranger")
    nobody = office.log_in("nobody-here", "stranger")
    office.register(name)
    somebody = office.log_in(name, "stranger")
    assert plain(nobody) == plain(somebody) and (nobody.state, nobody.told) == DENIED
    assert not person("nobody-here")


def test_two_logins_at_once_make_one(office, name):
    office.vendor.add_member(name)
    before = n_people()
    with Bus() as bus, office.begin(bus, name) as one, office.begin(bus, name) as other:
        visits = []
        for login in (one, other):
            login.next_ask()
        links = office.relay.open_links(name)
        assert len(links) == 2
        for link in links:
            assert office.relay.press(link, "wecom")
            visits.append((link, office.relay.wait_target(link)))
        ways = [(link, at_wecom(office.vendor, target["url"], name)) for link, target in visits]
        threads = [threading.Thread(target=office.relay.callback, args=way) for way in ways]
        for thread in threads:
            thread.start()
        assert [office.relay.wait_result(link)["result"] for link, _ in ways] \
            == ["registered", "registered"]
        assert {one.outcome(), other.outcome()} == {"enough"}
    assert n_people() == before + 1
    assert {row["reason"] for row in office.house.audit(name)} == {"registered"}


def test_his_telephone_left_before_he_was_made(office, name):
    """The client is gone while the store decides: the account is whole or not there."""
    office.vendor.add_member(name)
    with Bus() as bus, office.begin(bus, name) as login:
        login.next_ask()
        visit = Visit(office.relay, name)
        query = at_wecom(office.vendor, visit.target["url"], name)
    visit.relay.callback(visit.link, query)
    office.house.wait_no_login()
    assert office.log_in(name)[:2] in (REGISTERED, GRANTED)


# --- names that nobody gets ---

@pytest.mark.parametrize("taken,why", [
    ("chess", "this host"), ("video", "reserved"), ("chairman", "reserved"), ("admin", "privileged"), ("sudo", ""),
    ("wheel", "privileged"), ("docker", ""), ("administrator", "reserved"), ("postgres", ""),
    ("systemd-new", "reserved"), ("staffers", ""), ("jauth-users", ""), ("dev", ""),
    ("9lives", ""), ("new.er", ""), ("a" * 32, ""), ("hans", "this host")])
def test_a_name_that_is_taken_or_could_be(house, office, taken, why):
    if taken == "hans":
        run(["useradd", "--badname", "-M", "Hans"])
    before = n_people()
    office.vendor.add_member(taken)
    attempt = office.log_in(taken)
    assert (attempt.state, attempt.told) == DENIED and NOT_HERE in attempt.text
    assert why in office.reason(attempt)
    assert n_people() == before
    if taken == "hans":
        house.remove_user("Hans")


def test_a_line_in_a_name(office, names):
    name = next(names)
    office.vendor.add_member(name)
    before = n_people()
    for asked in (f"{name}\n", f"{name}\nroot", f"root\n{name}", f"{name}:0:0"):
        attempt = office.log_in(asked, name)
        assert (attempt.state, attempt.told) == DENIED
    assert n_people() == before


def test_users_of_the_host_go_first(house, office, names):
    """A rule reaches them as ever, and makes nobody beside them."""
    user, sudoer = next(names), next(names)
    house.add_user(user)
    house.add_user(sudoer, groups=["sudo"])
    before = n_people()
    for userid, expected in ((user, GRANTED), (sudoer, DENIED), ("root", DENIED),
                             ("daemon", DENIED)):
        office.vendor.add_member(userid)
        attempt = office.log_in(userid)
        assert (attempt.state, attempt.told) == expected, userid
        if expected == DENIED:
            assert "privileged" in office.reason(attempt)
    assert n_people() == before
    house.remove_user(user)
    house.remove_user(sudoer)


def test_a_host_user_made_later_takes_the_name(house, office, name):
    """Then the identity's own user is not him, and his rule leads to nobody."""
    made = office.register(name)
    before = PASSWD.read_text()
    PASSWD.write_text(before + f"{name}:x:3003:100::/:/bin/sh\n")      # useradd refuses to
    assert house.uid(name) == 3003 != made["uid"]
    attempt = office.log_in(name)
    assert (attempt.state, attempt.told) == DENIED and "somebody else" in office.reason(attempt)
    PASSWD.write_text(before)
    assert office.log_in(name)[:2] == GRANTED


# --- who is whose ---

def by_work(office, user, sub, **claims):
    """A login by the OpenID provider."""
    op = by_work.op
    op.add_person(sub, **claims)
    with Bus() as bus, office.begin(bus, user, service="work") as login:
        step = login.next_ask()
        if "type y" in step.text():
            login.answer("y")
            step = login.next_ask()
        op.approve(re.search(r"Code: ([A-Z]{4}-[A-Z]{4})", step.text()).group(1), sub)
        login.answer("")
        while step.state in ("ask", "wait"):
            step = login.step()
        return accounts.Attempt(step.state, None, step.text(), dict(step.items)["request"]["id"])


@pytest.fixture(autouse=True)
def provider(op):
    by_work.op = op


def test_the_rule_of_another_method_does_not_reach_him(office, name):
    office.register(name)
    attempt = by_work(office, name, name)
    assert attempt.state == "denied" and "somebody else" in office.reason(attempt)


def test_a_link_does(house, office, op, name):
    office.register(name)
    house.add_link(name, op.issuer, "his-other-self")
    assert by_work(office, name, "his-other-self").state == "granted"
    house.remove_links(name)


def test_without_registration_nobody_is_made(office, configured, name):
    office.vendor.add_member(name)
    configured(registration="no", structure=None)
    before = n_people()
    assert office.log_in(name)[:2] == DENIED
    configured(groups_allowed="99")
    attempt = office.log_in(name)
    assert attempt[:2] == DENIED and "groups_allowed" in office.reason(attempt)
    configured(identities_allowed="somebody, somebody-else")
    attempt = office.log_in(name)
    assert attempt[:2] == DENIED and "identities_allowed" in office.reason(attempt)
    assert n_people() == before


def test_only_when_somebody_logs_in(house, office, name):
    """Other phases, and a password, make nobody."""
    before = n_people()
    office.account(name)
    with house.bus_login(name, service="local") as login:
        login.next_ask()
        login.answer(PASSWORD)
        assert login.outcome() == "denied"
    assert n_people() == before


# --- groups ---

def test_groups_follow_the_provider(office, name):
    """Before the login that brings them is granted; those of the host by the allow list alone."""
    office.register(name, departments=[7])
    assert groups(name) == {"jauth-users", "staffers", "dev"}
    for departments, expected in (([8, 5], {"labs"}), ([7, 8], {"dev", "labs"}), ([], set())):
        office.vendor.add_member(name, departments=departments)
        assert office.log_in(name)[:2] == GRANTED
        assert groups(name) == {"jauth-users", "staffers"} | expected


def test_new_groups_are_there_when_the_shell_is(house, office, name):
    office.register(name)
    office.vendor.add_member(name, departments=[7])
    with house.sshd().login(name, "id", "-Gn") as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(office.approve(name).digits())
        ssh.wait_for(r"\bdev\b")
        assert ssh.wait_end() == 0


def test_a_filter_takes_groups_away_too(office, configured, name):
    """Who may no longer come keeps nothing of what he had."""
    office.register(name, departments=[7])
    configured(groups_allowed="7, 8")
    office.vendor.add_member(name, departments=[2])
    assert office.log_in(name)[:2] == DENIED
    assert "dev" not in groups(name)


def test_roles_of_a_claim_are_groups(office, configured, name):
    """What OpenID Connect says of a person at one login, and no longer at the next."""
    configured(work={"map": "r-{sub}", "group_claim": "roles", "registration": "yes",
                     "identities_allowed": name}, registration="no", structure=None,
               tail=configs.section("group auditors", {"from": "work/auditor"})
               + configs.section("group chess", {"from": "work/player", "local": "yes"}))
    user = f"r-{name}"
    assert by_work(office, user, name, roles=["auditor"]).state == "enough"
    for roles, expected in ((["player", "auditors", "docker"], {"chess"}), ([], set()),
                            ("auditor", {"auditors"})):
        assert by_work(office, user, name, roles=roles).state == "granted"
        assert groups(user) == {"jauth-users"} | expected
    # What is not a list of roles lets nobody in, and changes nothing.
    assert by_work(office, user, name, roles=["player", 7]).state == "denied"
    assert groups(user) == {"jauth-users", "auditors"}


def test_a_group_with_rights_needs_the_sysadmins_word(office, configured, names):
    """Nobody becomes a member of docker by a login, unless the method may reach such users."""
    name, other = next(names), next(names)
    office.vendor.add_member(name, departments=[9])
    before = n_people()
    attempt = office.log_in(name)
    assert attempt[:2] == DENIED and "privileged" in office.reason(attempt)
    assert n_people() == before and not passwd(name)
    office.register(other)
    office.vendor.add_member(other, departments=[9])
    attempt = office.log_in(other)
    assert attempt[:2] == DENIED and "privileged" in office.reason(attempt)
    office.vendor.add_member(other, departments=[])
    assert office.log_in(other)[:2] == GRANTED
    configured(privileged="yes")
    assert office.log_in(name)[:2] == REGISTERED
    assert "docker" in groups(name)


def as_person(name, *argv):
    return run(["runuser", "-u", name, "--", *argv], check=False)


@pytest.fixture
def in_sudo():
    """Puts a name into the host's sudo by hand, whether somebody has it or not."""
    before = GROUP.read_text()

    def put(name):
        GROUP.write_text(re.sub(r"^(sudo:.*:)$", rf"\1{name}", before, flags=re.MULTILINE))
        assert f":{name}\n" in GROUP.read_text()
    yield put
    GROUP.write_text(before)


def test_who_is_in_a_group_with_rights_by_hand_is_privileged(office, configured, names, in_sudo):
    """No rule and no registration leads there, and no self-service, whoever put him there."""
    name, other = next(names), next(names)
    in_sudo(name)
    office.vendor.add_member(name)
    before = n_people()
    attempt = office.log_in(name)
    assert attempt[:2] == DENIED and "member of a group of this host" in office.reason(attempt)
    assert n_people() == before
    office.register(other)
    assert office.log_in(other)[:2] == GRANTED
    in_sudo(other)
    attempt = office.log_in(other)
    assert attempt[:2] == DENIED and "privileged" in office.reason(attempt)
    for words in (["link", "wecom"], ["link", "confirm", "7"]):
        done = as_person(other, "jauthctl", *words)
        assert done.returncode and "privileged users" in done.stdout + done.stderr
    configured(privileged="yes")
    assert office.log_in(other)[:2] == GRANTED


def test_the_real_name_follows(office, name):
    office.register(name, name="Old Name")
    office.vendor.add_member(name, name="New: Name")
    assert office.log_in(name)[:2] == GRANTED
    wait_until(lambda: passwd(name)[2].startswith("New"), 5, "the new name")
    assert passwd(name)[2].count("\n") == 0 and passwd(name)[3] == f"/home/{name}"


# --- who is locked ---

def test_whom_a_sysadmin_locks(house, office, name):
    """In every phase: also his SSH keys, and cron."""
    office.register(name)
    attempt = office.log_in(name)
    assert office.account(name) == "granted"
    house.ctl("user", "lock", name)
    refused = office.log_in(name)
    assert (refused.state, refused.told) == DENIED and NOT_HERE in refused.text
    assert office.account(name) == "locked"
    assert office.account(name, attempt.request) == "locked"
    for phase in ("password-check", "password"):
        with house.bus_login(name, service="passwd", phase=phase, rhost=None,
                             caller_uid=0) as login:
            assert login.outcome() in ("locked", "denied")
    uid = person(name)["uid"]
    house.ctl("user", "unlock", name)
    assert office.log_in(name)[:2] == GRANTED and person(name)["uid"] == uid


def test_a_locked_identity_leads_to_nobody(house, office, names):
    """Neither by a link to a user of the host, which an open login loses as well."""
    user, name = house.add_user(), next(names)
    office.register(name)
    issuer = f"wecom:{office.vendor.corp_id}"
    house.add_link(user, issuer, name)
    before = office.log_in(user, name)
    assert (before.state, before.told) == GRANTED
    house.ctl("user", "lock", name)
    for asked in (user, name, "nobody-yet"):
        attempt = office.log_in(asked, name)
        assert (attempt.state, attempt.told) == DENIED
    assert office.account(user, before.request) == "locked"
    house.ctl("user", "unlock", name)
    assert office.log_in(user, name)[:2] == GRANTED
    house.remove_user(user)


# --- what can be missing ---

def test_killed_at_every_step_of_it(house, office, names):
    """Afterwards the account is whole, with its line in the audit, or there is nothing of it; and the
    next login leads on."""
    killer = Killer(house)
    n_whole = n_nothing = 0
    try:
        for n in (*range(1, 18, 4), *range(18, 400)):    # the first ones ask the vendor
            name = next(names)
            office.vendor.add_member(name, departments=[7])
            n_starts, survived = house.jauthd.n_starts, None
            with Bus() as bus, office.begin(bus, name) as login:
                login.next_ask()
                visit = Visit(office.relay, name)
                query = at_wecom(office.vendor, visit.target["url"], name)
                killer.arm(n)
                visit.relay.callback(visit.link, query)
                survived = login.outcome()
            left = killer.disarm()
            if left > 0:
                assert survived == "enough" and person(name)
                break
            house.jauthd.wait_back(n_starts)
            made = person(name)
            found = rows("SELECT reason FROM audit WHERE user = ? AND outcome = 'denied'", name)
            assert [row["reason"] for row in found] == ["registered"] * bool(made)
            assert bool(rows("SELECT * FROM people_groups WHERE uid = ?",
                             made["uid"] if made else 0)) == bool(made)
            n_whole, n_nothing = n_whole + bool(made), n_nothing + (not made)
            if made:
                wait_until(lambda: passwd(name), 5, "the user database")
                assert passwd(name)[0] == made["uid"]
            elif n % 4 == 0:
                assert office.log_in(name)[:2] == REGISTERED
        else:
            raise AssertionError("400 steps, and no end")
    finally:
        killer.release()
        office.relay.reset()             # it missed what a dead host does not say
    assert n_whole and n_nothing


def test_the_user_database_cannot_be_written(house, office, name):
    """The person is told so, not that he may come again; and may, as soon as it can."""
    office.vendor.add_member(name)
    run(["mount", "-o", "bind,ro", accounts.USERDB, accounts.USERDB])
    try:
        attempt = office.log_in(name)
        assert attempt.state == "failed" and attempt.told == "failed"
        assert "user database cannot be written" in attempt.text and READY not in attempt.text
        assert not passwd(name)
    finally:
        run(["umount", accounts.USERDB])
    assert office.log_in(name)[:2] == GRANTED
    wait_until(lambda: passwd(name), 20, "the user database")


def test_a_reload_does_not_wait_for_it_for_ever(configured):
    """Tries that fail come more and more seldom."""
    run(["mount", "-o", "bind,ro", accounts.USERDB, accounts.USERDB])
    try:
        for _ in range(6):
            began = time.monotonic()
            configured()
            assert time.monotonic() - began < 10
    finally:
        run(["umount", accounts.USERDB])


def test_a_service_that_does_not_see_him(house, office, name):
    """What sshd passes on of the digits is junk then, and nobody's guess."""
    office.register(name)
    house.userdb().stop()
    try:
        for _ in range(4):
            with house.sshd().login(name) as ssh:
                ssh.wait_for(DIGITS_PROMPT)
                ssh.send_line(office.approve(name).digits())
                ssh.wait_for("does not know the user yet")
                expect_no_shell(ssh, name)
    finally:
        house.userdb()
    assert "does jauth-userdb run" in house.journal()
    with house.sshd().login(name) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        ssh.send_line(office.approve(name).digits())
        expect_shell(ssh, name)


def test_a_flood_of_unknown_names(house, office, names):
    """Costs no account, and others get in meanwhile."""
    before, name = n_people(), next(names)
    office.register(name)
    with Bus() as bus:
        flood = [office.begin(bus, f"flood{n}", rhost=f"192.0.2.{n % 250}")
                 for n in range(200)]
        began = time.monotonic()
        assert office.log_in(name)[:2] == GRANTED
        assert time.monotonic() - began < 5
        for login in flood:
            login.close()
    house.wait_no_login(10)
    assert n_people() == before + 1


# --- holes that others had ---

def test_a_uid_is_never_used_again(house, office, names):
    """Not for a new person, and not for the same one made again."""
    name, other = next(names), next(names)
    first = office.register(name)["uid"]
    house.ctl("user", "remove", name)
    assert not person(name)
    wait_until(lambda: not passwd(name), 5, "the user database")
    assert office.register(other)["uid"] != first
    assert office.register(name)["uid"] != first


def test_nobody_has_a_group_or_number_of_the_system(office, names):
    """Whatever the provider says of uids, and from the first moment on."""
    for claims in ({"name": "root:x:0:0"}, {"departments": []}, {"departments": [7, 8]}):
        name = next(names)
        office.register(name, **claims)
        uid, gid, _, home, _ = passwd(name)
        assert FIRST <= uid <= LAST and FIRST <= gid <= LAST and home == f"/home/{name}"
        numbers = {int(number) for number in run(["id", "-G", name]).stdout.split()}
        assert not {number for number in numbers if number < 1000}


def test_a_group_is_not_given_by_its_name(office, name):
    office.register(name, name="docker", departments=[1])
    assert groups(name) == {"jauth-users", "staffers"}


def test_a_colleagues_approval(house, office, names):
    """Of the same organisation, even of the same department."""
    name, colleague = next(names), next(names)
    office.register(name, departments=[7])
    office.register(colleague, departments=[7])
    attempt = office.log_in(name, colleague)
    assert (attempt.state, attempt.told) == DENIED
    assert office.house.audit(request=attempt.request)[-1]["outcome"] == "denied"


def test_a_user_made_again_has_not_the_old_link(house, office, names):
    user, member = next(names), next(names)
    house.add_user(user, uid=3001)
    office.vendor.add_member(member)
    house.add_link(user, f"wecom:{office.vendor.corp_id}", member)
    assert office.log_in(user, member)[:2] == GRANTED
    house.remove_user(user)
    house.add_user(user, uid=3002)
    assert office.log_in(user, member)[:2] == DENIED
    house.remove_user(user)


DOMAINS = [("new.example", True), ("evil.example", True), ("sub.example.org", True),
           ("example.org.evil.example", True), ("badexample.org", True), ("example.org", False),
           ("example.org", True)]


def test_a_domain_alone_is_nobody(office, configured, names):
    """And the right domain makes its own name only."""
    configured(registration="no", structure=None,
               work={"map": "{mail_user}", "mail_domains": "example.org"})
    who = [(next(names), mail, verified) for mail, verified in DOMAINS]

    def attempt(row):
        name, mail, verified = row
        return by_work(office, name, f"sub-{name}", email=f"{name}@{mail}",
                       email_verified=verified).state

    with futures.ThreadPoolExecutor(len(who)) as pool:
        states = list(pool.map(attempt, who))
    assert states == ["denied"] * 6 + ["enough"]
    assert [bool(person(name)) for name, _, _ in who] == [False] * 6 + [True]
    name, other = who[-1][0], next(names)
    assert by_work(office, other, f"sub-{name}", email=f"{name}@example.org",
                   email_verified=True).state == "denied"
    assert not person(other)


# --- what a sysadmin cannot configure ---

@pytest.mark.parametrize("more,why", [
    ("[method a]\ntype = github\nclient_id = x\nmap = gh-{id}\nregistration = yes\n",
     "add organization"),
    ("[method a]\ntype = github\nclient_id = x\n[group c]\nfrom = a/12\n", "add read_teams"),
    ("[method a]\ntype = github\nclient_id = x\ngroups_allowed = 12\n", "add read_teams"),
    ("[method a]\ntype = github\nclient_id = x\nread_teams = yes\n", "needs organization"),
    ("[group c]\nfrom = work/auditor\n", "add group_claim"),
    ("[method a]\ntype = google\nclient_id = x\nclient_secret_file = /etc/hostname\n"
     "[group c]\nfrom = a/12\n", "type google knows none"),
    ("[method a]\ntype = wechat\napp_id = wx0123456789abcdef\napp_secret_file = /etc/hostname\n"
     "groups_allowed = 7\n", "type wechat knows none"),
    ("[method a]\ntype = wechat-official-account\napp_id = wx0123456789abcdef\n"
     "app_secret_file = /etc/hostname\n[group c]\nfrom = a/12\n", "add require_follow"),
    ("[method a]\ntype = google\nclient_id = x\nclient_secret_file = /etc/hostname\n"
     "map = {sub}\nregistration = yes\n", "add hosted_domains"),
    ("[method a]\ntype = oidc\nissuer = https://id.example.org\nclient_id = x\nmap = {sub}\n"
     "registration = yes\n", "add groups_allowed"),
    ("[method a]\ntype = oidc\nissuer = https://id.example.org\nclient_id = x\nmap = {sub}\n"
     "identities_allowed = 1\n", "could give two people one name"),
    ("[method a]\ntype = oidc\nissuer = https://id.example.org\nclient_id = x\nmap = a-{sub}\n"
     "identities_allowed = 1\nstructure = docker\n", "privileged group"),
])
def test_what_is_refused_before_it_begins(house, double, wecom, op, more, why, tmp_path):
    path = tmp_path / "jauthd.conf"
    path.write_text(text_of(double, wecom, op) + more)
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    done = subprocess.run(["/usr/sbin/jauthd", "--check", "--config", str(path)],
                          capture_output=True, text=True, check=False)
    assert done.returncode and why in done.stdout + done.stderr
