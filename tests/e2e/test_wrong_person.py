# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong person is never let in: forged tokens, other people's approvals, mappings that do not
hold. Each through real sshd, each with the right person let in before and after."""

import time

import pytest

import configs
from conftest import PASSWORD
from people import GATE, code_in, expect_no_shell, expect_shell, open_code, scan
from screen import Terminal
from service import run
from vendors.forge import FORGERIES
from vendors.oidc import Provider


def config_text(op, **more):
    return configs.head() + configs.PASSWORD + configs.oidc(op, **more) + \
        configs.service("sshd", "work")


@pytest.fixture(scope="module", autouse=True)
def jauth(house, op):
    house.use_jauth("sshd")
    house.configure(config_text(op))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@pytest.fixture(scope="module")
def people(house, op):
    """Two users, each with his own person: ((user, sub), (user, sub))."""
    pairs = []
    for number in (1, 2):
        user = house.add_user(password=PASSWORD)
        sub = op.add_person(f"Sub-{number}-of-{user}", email=f"{user}@example.org",
                            email_verified=True)
        house.add_link(user, op.issuer, sub)
        pairs.append((user, sub))
    yield pairs
    for user, _ in pairs:
        house.remove_user(user)


def attempt(house, provider, user, sub):
    """One login with this person's approval; the client, which has pressed Enter."""
    ssh = house.sshd().login(user, NumberOfPasswordPrompts=1)
    code = code_in(open_code(ssh))
    provider.approve(code, sub)
    ssh.send_line()
    return ssh


def let_in(house, provider, user, sub):
    with attempt(house, provider, user, sub) as ssh:
        expect_shell(ssh, user)


def refused(house, provider, user, sub):
    with attempt(house, provider, user, sub) as ssh:
        expect_no_shell(ssh, user)


def test_the_right_person(house, polite, people):
    let_in(house, polite, *people[0])
    let_in(house, polite, *people[1])


@pytest.mark.parametrize("forgery", sorted(FORGERIES))
def test_forged_token(house, polite, people, forgery):
    polite.forgery = forgery
    refused(house, polite, *people[0])


def test_right_again_after_all_forgeries(house, polite, people):
    let_in(house, polite, *people[0])


def test_approval_by_another_user(house, polite, people):
    refused(house, polite, people[0][0], people[1][1])


def test_approval_by_somebody_unknown(house, polite, people):
    refused(house, polite, people[0][0], polite.add_person("somebody"))


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase,
                                    lambda s: s + "x", lambda s: s[:-1], lambda s: " " + s,
                                    lambda s: s + "\u200b", lambda s: s.replace("S", "Ｓ")])
def test_subject_that_only_looks_like_it(house, polite, people, change):
    user, sub = people[0]
    refused(house, polite, user, polite.add_person(change(sub)))


def test_same_mail_but_another_subject(house, polite, people):
    user, sub = people[0]
    twin = polite.add_person("twin", **polite.persons[sub])
    refused(house, polite, user, twin)


def test_subject_is_the_user_name(house, polite, people):
    user, _ = people[0]
    refused(house, polite, user, polite.add_person(user, preferred_username=user))


def test_userinfo_about_somebody_else(house, op, polite, people):
    user, sub = people[0]
    house.configure(config_text(op, group_claim="groups", groups_allowed="staff"), fresh=False)
    polite.claims_in_userinfo = True
    polite.persons[sub]["groups"] = ["staff"]
    try:
        let_in(house, polite, user, sub)
        polite.userinfo_sub = people[1][1]
        refused(house, polite, user, sub)
    finally:
        del polite.persons[sub]["groups"]
        house.configure(config_text(op), fresh=False)


def test_not_in_the_allowed_group(house, op, polite, people):
    user, sub = people[0]
    house.configure(config_text(op, group_claim="groups", groups_allowed="staff"), fresh=False)
    try:
        for groups in ([], ["Staff"], ["staff "], ["sta", "ff"], "staff-admins"):
            polite.persons[sub]["groups"] = groups
            refused(house, polite, user, sub)
    finally:
        polite.persons[sub].pop("groups", None)
        house.configure(config_text(op), fresh=False)


def test_other_issuer_with_the_same_subject(house, authority, op, people):
    user, sub = people[0]
    other = Provider(authority).start()
    other.add_person(sub)
    house.configure(config_text(other), fresh=False)
    try:
        refused(house, other, user, sub)
    finally:
        house.configure(config_text(op), fresh=False)
        other.stop()


def test_discovery_of_another_issuer(house, op, polite, people):
    user, _ = people[0]
    polite.metadata_changes = {"issuer": "https://other.example.org"}
    house.configure(config_text(op), fresh=False)
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for("quit: ")
        ssh.send_line("y")
        expect_no_shell(ssh, user)
    polite.metadata_changes = {}
    house.configure(config_text(op), fresh=False)
    let_in(house, polite, *people[0])


def test_mapping_removed_in_mid_login(house, polite, people):
    user, sub = people[0]
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        code = code_in(open_code(ssh))
        house.remove_links(user)
        polite.approve(code, sub)
        ssh.send_line()
        expect_no_shell(ssh, user)
    house.add_link(user, polite.issuer, sub)
    let_in(house, polite, user, sub)


def test_user_made_again_does_not_inherit_links(house, polite):
    user = house.add_user()
    sub = polite.add_person(f"sub-of-{user}")
    house.add_link(user, polite.issuer, sub)
    let_in(house, polite, user, sub)
    uid = house.uid(user)
    house.remove_user(user)
    house.add_user(user, uid=uid + 700)
    refused(house, polite, user, sub)
    house.remove_user(user)


def test_quitting_and_then_a_unix_password(house, polite, people):
    """Who gives up the code is asked for a code again and never for his Unix password."""
    user, _ = people[0]
    with house.sshd().login(user) as ssh:
        open_code(ssh)
        for _ in range(2):
            ssh.send_line("q")
            ssh.wait_for(GATE)
        ssh.send_line("q")
        expect_no_shell(ssh, user)
        assert "Password" not in ssh.seen


def test_ctrl_c_and_then_a_unix_password_at_su(house, polite, people):
    user, _ = people[0]
    house.configure(config_text(polite) + configs.service("su", "work"), fresh=False)
    house.use_jauth("su")
    try:
        with Terminal(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                       "su", user, "-c", "id -un"]) as su:
            su.wait_for("quit: ")
            su.send("\x03")
            su.settle(0.5)
            if su.is_alive():
                su.send_line(PASSWORD)
            assert su.wait_end() != 0
            assert "\n" + user not in su.seen
    finally:
        house.use_debian("su")
        house.configure(config_text(polite), fresh=False)


def test_approval_for_another_login(house, polite, people):
    """The code that somebody else's login shows is no use for this one."""
    first, second = (house.sshd().login(user, NumberOfPasswordPrompts=1)
                     for user, _ in people)
    with first, second:
        code_in(open_code(first))
        other = code_in(open_code(second))
        polite.approve(other, people[0][1])
        first.send_line()
        second.send_line()
        expect_no_shell(second, people[1][0])
        time.sleep(2)
        assert "I-am" not in first.seen and first.is_alive()


@pytest.mark.parametrize("target", ["root", "daemon", "sudoer"])
def test_rule_never_reaches_privileged_users(house, op, polite, target):
    if target == "sudoer":
        target = house.add_user(groups=["sudo"])
    run(["usermod", "-s", "/bin/bash", target])
    house.use_jauth("sshd", options="min_uid=1")
    house.configure(config_text(op, map="{sub}"), fresh=False)
    polite.add_person(target)
    try:
        if target == "root":
            # Root is ignored by the module: his own password is asked for, no code is shown.
            n_grants = len(polite.grants.all)
            with house.sshd().login("root", NumberOfPasswordPrompts=1) as ssh:
                ssh.wait_for("Password: ")
                assert len(polite.grants.all) == n_grants
        else:
            refused(house, polite, target, target)
    finally:
        house.use_jauth("sshd")
        house.configure(config_text(op), fresh=False)


@pytest.mark.parametrize("sub", ["../x", "Jane", "jane\u0000", "jane;", "-jane", "j" * 40, "jäne",
                                 " jane", "0", "root\n"])
def test_rule_takes_no_odd_names(house, op, polite, sub):
    house.configure(config_text(op, map="{sub}"), fresh=False)
    user = "jane"
    house.add_user(user)
    polite.add_person(sub)
    try:
        refused(house, polite, user, sub)
        let_in(house, polite, user, polite.add_person("jane"))
    finally:
        house.remove_user(user)
        house.configure(config_text(op), fresh=False)


def test_mail_not_verified_is_no_mail(house, op, polite, people):
    user, sub = people[0]
    house.configure(config_text(op, mail_domains="example.org"), fresh=False)
    try:
        let_in(house, polite, user, sub)
        for claims in ({"email_verified": False}, {"email_verified": "true"},
                       {"email": "x@example.org.evil.example"}, {"email": "x@EXAMPLE.org@evil"}):
            before = dict(polite.persons[sub])
            polite.persons[sub].update(claims)
            refused(house, polite, user, sub)
            polite.persons[sub] = before
    finally:
        house.configure(config_text(op), fresh=False)


def test_every_refusal_has_its_line(house, polite, people):
    user, sub = people[0]
    polite.forgery = "alg_none"
    refused(house, polite, user, sub)
    row = house.audit(user)[-1]
    assert row["outcome"] in ("denied", "failed") and row["reason"]


def test_unix_password_is_no_way_round(house, polite, people):
    """Typed at the gate it is an answer like any other: a code is shown, nobody is let in."""
    user, _ = people[0]
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line(PASSWORD)
        polite.deny(code_in(scan(ssh)))
        ssh.send_line(PASSWORD)
        expect_no_shell(ssh, user)
