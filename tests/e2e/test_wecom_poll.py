# SPDX-License-Identifier: GPL-3.0-or-later
"""WeCom without a relay (mode = poll) through real sshd: the vendor's code is on the screen, its
polls tell what became of it, and whatever is not known lets nobody in."""

import pytest

import configs
from house import wait_until
from people import CODE_PROMPT, GATE, RENEW, expect_no_shell, expect_shell, open_code
from vendors.wecom import WeCom

REDIRECT_URI = "https://sso.example.org/nobody-comes-here"


@pytest.fixture(scope="module")
def vendor(authority):
    made = WeCom(authority, host="op.example.org").start()
    yield made
    made.stop()


def config_text(vendor, **more):
    method = {"mode": "poll", "redirect_uri": REDIRECT_URI, "device_flow_alone": "yes",
              "title": "WeCom", **more}
    return configs.head() + configs.wecom(vendor, **method) + configs.service("sshd", "wecom")


@pytest.fixture(scope="module", autouse=True)
def jauth(house, vendor):
    house.use_jauth("sshd")
    house.configure(config_text(vendor))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@pytest.fixture
def wecom(house, vendor):
    """On its best behaviour; the test fails when a request was against the rules, and jauthd starts
    without a token and without what it remembers of the vendor."""
    vendor.reset()
    house.reload(config_text(vendor))
    yield vendor
    assert not vendor.complaints


@pytest.fixture
def jane(house, wecom):
    """(Unix user, userid); the vendor writes the userid in its own way."""
    user = house.add_user()
    member = wecom.add_member(user.upper(), name="张三", departments=[2, 7])
    house.add_link(user, f"wecom:{wecom.corp_id}", member)
    yield user, member
    house.remove_user(user)


def scan(house, wecom, user):
    """A terminal with the code, and the key in it."""
    ssh = house.sshd().login(user, NumberOfPasswordPrompts=1, rows=30)
    link = open_code(ssh)
    key = wecom.wait_for_scan(len(wecom.scans))
    assert link == f"{wecom.url}/wwopen/sso/confirm2?k={key}&notretry=yes"
    return ssh, key


def attempt(house, wecom, user, member):
    ssh, key = scan(house, wecom, user)
    wecom.scan(key, member)
    wecom.agree(key)
    ssh.send_line()
    return ssh


def refused(house, wecom, user, member):
    with attempt(house, wecom, user, member) as ssh:
        expect_no_shell(ssh, user)


def let_in(house, wecom, user, member):
    with attempt(house, wecom, user, member) as ssh:
        expect_shell(ssh, user)


def test_the_right_member(house, wecom, jane):
    let_in(house, wecom, *jane)


def test_scanned_and_agreed_a_while_later(house, wecom, jane):
    user, member = jane
    ssh, key = scan(house, wecom, user)
    with ssh:
        wecom.scan(key, member)
        wait_until(lambda: wecom.scans[key].told == "QRCODE_SCAN_ING", 10, "a poll that saw it")
        wecom.agree(key)
        ssh.send_line()
        expect_shell(ssh, user)


def test_polls_are_held_and_repeated(house, wecom, jane):
    user, member = jane
    wecom.hold_s = 0.3
    ssh, key = scan(house, wecom, user)
    with ssh:
        wait_until(lambda: [e for _, e in wecom.requests].count("poll") > 3, 20, "some polls")
        wecom.scan(key, member)
        wecom.agree(key)
        ssh.send_line()
        expect_shell(ssh, user)


def test_refused_in_the_app(house, wecom, jane):
    user, member = jane
    ssh, key = scan(house, wecom, user)
    with ssh:
        wecom.scan(key, member)
        wecom.refuse(key)
        ssh.send_line()
        expect_no_shell(ssh, user)


@pytest.mark.parametrize("status", ["QRCODE_SCAN_NEW", "", "QRCODE_SCAN_SUCC"])
def test_what_is_not_known_lets_nobody_in(house, wecom, jane, status):
    user, _ = jane
    ssh, key = scan(house, wecom, user)
    with ssh:
        wecom.set_status(key, status)
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_another_member(house, wecom, jane):
    user, _ = jane
    refused(house, wecom, user, wecom.add_member("somebody"))


def test_a_name_is_no_userid(house, wecom, jane):
    user, member = jane
    refused(house, wecom, user, wecom.add_member("somebody", name=member))


@pytest.mark.parametrize("changes", [
    {"status": 2}, {"status": 4}, {"status": 5}, {"visible": False}, {"corp": "ww98765432"}])
def test_not_a_member_who_may(house, wecom, jane, changes):
    user, member = jane
    wecom.add_member(member, **changes)
    refused(house, wecom, user, member)


@pytest.mark.parametrize("external", [None, "wmExternal"])
def test_somebody_from_outside(house, wecom, jane, external):
    user, member = jane
    refused(house, wecom, user, wecom.add_outsider("guest", member, external))


def test_a_code_that_somebody_else_used(house, wecom, jane):
    user, _ = jane
    ssh, key = scan(house, wecom, user)
    with ssh:
        wecom.set_status(key, "QRCODE_SCAN_SUCC", "made-up-by-somebody")
        ssh.send_line()
        expect_no_shell(ssh, user)
    assert "proof refused: 40029" in house.journal()


def test_an_expired_code_is_renewed(house, wecom, jane):
    user, member = jane
    ssh, key = scan(house, wecom, user)
    with ssh:
        wecom.set_status(key, "QRCODE_SCAN_ERR")
        ssh.send_line()
        ssh.wait_for(RENEW)
        ssh.send_line()
        ssh.wait_for(CODE_PROMPT)
        key = wecom.wait_for_scan(2)
        wecom.scan(key, member)
        wecom.agree(key)
        ssh.send_line()
        expect_shell(ssh, user)


def ends_at_once(house, user):
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)


def test_the_page_is_not_as_it_was(house, wecom, jane):
    wecom.changed_page = True
    ends_at_once(house, jane[0])


def test_the_callback_domain_is_another(house, wecom, jane):
    house.reload(config_text(wecom, redirect_uri="https://other.example.org/"))
    ends_at_once(house, jane[0])
    assert "授权回调域" in house.journal()


@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}),
    ("json", {"value": {}}), ("json", {"value": {"errcode": 0}}),
    ("json", {"value": {"errcode": 0, "userid": 7, "status": 1}}),
    ("redirect", {"location": "https://op.example.org/"})])
@pytest.mark.parametrize("call", ["auth/getuserinfo", "user/get"])
def test_faults_of_the_api_let_nobody_in(house, wecom, jane, call, kind, details):
    wecom.fault(call, kind, times=5, **details)
    refused(house, wecom, *jane)


def test_a_revoked_token_is_fetched_again(house, wecom, jane):
    let_in(house, wecom, *jane)
    wecom.revoke_token()
    let_in(house, wecom, *jane)
    wecom.expire_token()
    let_in(house, wecom, *jane)


def test_one_token_for_all_logins(house, wecom, jane):
    wecom.requests.clear()
    for _ in range(3):
        let_in(house, wecom, *jane)
    assert [endpoint for _, endpoint in wecom.requests].count("gettoken") == 1


def test_a_busy_vendor_is_asked_again(house, wecom, jane):
    wecom.fail("gettoken", -1)
    wecom.fail("auth/getuserinfo", -1, times=2)
    let_in(house, wecom, *jane)


def test_a_used_up_quota_is_left_alone(house, wecom, jane):
    wecom.fail("user/get", 45009)
    refused(house, wecom, *jane)
    refused(house, wecom, *jane)        # the vendor complains when it is asked again


def test_an_address_that_is_not_trusted_is_named(house, wecom, jane):
    wecom.trusted_ips = {"203.0.113.7"}
    refused(house, wecom, *jane)
    assert "allow 127.0.0.1 in 企业可信IP" in house.journal()


def test_departments_are_groups(house, wecom, jane):
    house.reload(config_text(wecom, groups_allowed="7"))
    let_in(house, wecom, *jane)
    house.reload(config_text(wecom, groups_allowed="8"))
    refused(house, wecom, *jane)


def test_a_rule_by_userid(house, wecom):
    user = house.add_user()
    member = wecom.add_member(user)
    house.reload(config_text(wecom, map="{userid}"))
    let_in(house, wecom, user, member)
    refused(house, wecom, user, wecom.add_member("somebody"))
    house.remove_user(user)


def test_no_secret_in_the_log(house, wecom, jane):
    let_in(house, wecom, *jane)
    wecom.fail("user/get", 40014, times=2)
    refused(house, wecom, *jane)
    log = house.journal()
    assert not [secret for secret in wecom.secrets_made if secret in log]


def test_not_the_same_app_by_the_relay_and_past_it(house, wecom, jane):
    both = config_text(wecom) + configs.wecom(wecom, name="other")
    house.write_config(both)
    result = house.ctl("check", check=False)
    assert "of one app" in result.stdout + result.stderr
