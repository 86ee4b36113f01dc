# SPDX-License-Identifier: GPL-3.0-or-later
"""DingTalk's device flow (mode = device) through real sshd, and how a sysadmin learns whether his
app may use it."""

import pytest

from apps import at_sshd, employee, expect_no_secret, on_best_behaviour
from house import wait_until
from linked import dingtalk_alone
from people import CODE_PROMPT, RENEW, code_in, expect_no_shell, expect_shell, open_code
from polled import ends_at_once


def config_text(pages, **more):
    return dingtalk_alone(pages, **{"mode": "device", **more})


@pytest.fixture(scope="module", autouse=True)
def jauth(house, pages):
    with at_sshd(house, config_text(pages)):
        yield house


@pytest.fixture
def vendor(house, dingtalk, pages):
    """jauthd has just found out that the app may."""
    with on_best_behaviour(dingtalk):
        pages.reset()
        house.reload(config_text(pages))
        pages.wait_for_grant()
        pages.reset()
        yield dingtalk


@pytest.fixture
def jane(house, vendor):
    with employee(house, vendor, "dingtalk", str.capitalize) as who:
        yield who


def scan(house, pages, user):
    """A terminal with the code, and the grant it belongs to."""
    ssh = house.sshd().login(user, NumberOfPasswordPrompts=1, rows=24)
    link = open_code(ssh)
    grant = pages.grants.by_user_code(code_in(link))
    assert link == f"{pages.base}/oauth2/device/verify.htm?user_code={grant.user_code}"
    assert grant.user_code in ssh.text()
    return ssh, grant


def attempt(house, pages, user, member):
    ssh, grant = scan(house, pages, user)
    pages.approve(grant, member)
    ssh.send_line()
    return ssh


def refused(house, pages, user, member):
    with attempt(house, pages, user, member) as ssh:
        expect_no_shell(ssh, user)


def let_in(house, pages, user, member):
    with attempt(house, pages, user, member) as ssh:
        expect_shell(ssh, user)


def test_the_right_employee(house, pages, jane):
    let_in(house, pages, *jane)


def test_polls_keep_the_pace(house, pages, jane):
    user, member = jane
    ssh, grant = scan(house, pages, user)
    with ssh:
        wait_until(lambda: len(grant.polls) >= 3, 15, "some polls")
        pages.approve(grant, member)
        ssh.send_line()
        expect_shell(ssh, user)
    assert grant.n_slow_downs == 0


def test_a_vendor_that_slows_down_is_heard(house, pages, jane):
    user, member = jane
    ssh, grant = scan(house, pages, user)
    with ssh:
        grant.interval = 3              # without a word: the next poll is too fast
        wait_until(lambda: grant.n_slow_downs == 1, 15, "a poll that is too fast")
        grant.interval = 5              # one second and five more are right
        pages.approve(grant, member)
        ssh.send_line()
        expect_shell(ssh, user)
    assert grant.n_slow_downs == 1


def test_refused_at_the_vendor(house, pages, jane):
    user, _ = jane
    ssh, grant = scan(house, pages, user)
    with ssh:
        pages.deny(grant)
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_an_expired_code_is_renewed(house, pages, jane):
    user, member = jane
    pages.expires_in = 30
    ssh, grant = scan(house, pages, user)
    with ssh:
        grant.expires = 0
        ssh.send_line()
        ssh.wait_for(RENEW)
        ssh.send_line()
        ssh.wait_for(CODE_PROMPT)
        pages.approve(pages.wait_for_grant(2), member)
        ssh.send_line()
        expect_shell(ssh, user)


def test_another_employee(house, pages, vendor, jane):
    refused(house, pages, jane[0], vendor.add_member("Somebody"))


def test_somebody_from_outside(house, pages, vendor, jane):
    refused(house, pages, jane[0], vendor.add_outsider("guest"))


def test_another_organisation_was_chosen(house, pages, vendor, jane):
    vendor.chosen_corp = "ding0000000000000000"
    refused(house, pages, *jane)


@pytest.mark.parametrize("value", [
    {}, [], {"success": True}, {"success": True, "result": {}},
    {"success": False, "result": {"authCode": "made-up"}},
    {"success": True, "result": {"authCode": "made-up", "error": "something_new"}},
    {"success": True, "result": {"authCode": 7}},
    {"success": True, "result": {"authCode": "made-up"}},
    {"status": 1111, "wait": 5, "punish": "deny"}])
def test_what_is_no_approval_lets_nobody_in(house, pages, vendor, jane, value):
    user, _ = jane
    vendor.fault("token.json", "json", times=50, value=value)
    ssh, _ = scan(house, pages, user)
    with ssh:
        ssh.send_line()
        if value == []:                 # no answer: the next may be one
            ssh.send_line("\x03")
        expect_no_shell(ssh, user)


@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}),
    ("json", {"value": {}}), ("json", {"value": {"success": True}}),
    ("redirect", {"location": "https://op.example.org/"})])
def test_faults_before_the_code_end_it(house, vendor, jane, kind, details):
    vendor.fault("code.json", kind, times=5, **details)
    ends_at_once(house, jane[0])


def test_an_app_that_may_not(house, pages, vendor, jane):
    pages.no_device_flow = True
    ends_at_once(house, jane[0])
    assert "900103" in house.journal()


def test_that_it_may_not_is_in_the_log_at_once(house, pages, vendor):
    pages.no_device_flow = True
    house.reload(config_text(pages, title="DingTalk, again"))
    wait_until(lambda: "mode = device cannot be used: 900103" in house.journal(), 10,
               "a line in the log")


def test_a_sysadmin_tries_it(house, pages, vendor):
    result = house.ctl("method", "probe", "dingtalk")
    assert "use its device flow" in result.stdout and "takes app_key" in result.stdout
    vendor.is_published = False
    result = house.ctl("method", "probe", "dingtalk", check=False)
    assert result.returncode and "40096" in result.stdout + result.stderr
    pages.no_device_flow = True
    result = house.ctl("method", "probe", "dingtalk", check=False)
    assert result.returncode and "900103" in result.stdout + result.stderr


def test_no_secret_in_the_log(house, pages, vendor, jane):
    let_in(house, pages, *jane)
    refused(house, pages, jane[0], vendor.add_member("Somebody"))
    expect_no_secret(house, vendor)
    log = house.journal()
    assert not [grant for grant in pages.grants.all if grant.user_code in log]
