# SPDX-License-Identifier: GPL-3.0-or-later
"""WeCom without a relay (mode = poll) through real sshd: the vendor's code is on the screen, its
polls tell what became of it, and whatever is not known lets nobody in."""

import pytest

import configs
from house import wait_until
from linked import wecom_section
from people import CODE_PROMPT, GATE, RENEW, expect_no_shell, expect_shell, open_code

REDIRECT_URI = "https://sso.example.org/nobody-comes-here"


def config_text(vendor, **more):
    method = {"mode": "poll", "redirect_uri": REDIRECT_URI, "device_flow_alone": "yes",
              "title": "WeCom", **more}
    return configs.head() + wecom_section(vendor, **method) + configs.service("sshd", "wecom")


@pytest.fixture(scope="module", autouse=True)
def jauth(house, wecom):
    house.use_jauth("sshd")
    house.configure(config_text(wecom))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@pytest.fixture
def vendor(house, wecom):
    """On its best behaviour; the test fails when a request was against the rules, and jauthd starts
    without a token and without what it remembers of the vendor."""
    wecom.reset()
    house.reload(config_text(wecom))
    yield wecom
    complaints = list(wecom.complaints)
    wecom.reset()
    assert not complaints


@pytest.fixture
def jane(house, vendor):
    """(Unix user, userid); the vendor writes the userid in its own way."""
    user = house.add_user()
    member = vendor.add_member(user.upper(), name="张三", departments=[2, 7])
    house.add_link(user, f"wecom:{vendor.corp_id}", member)
    yield user, member
    house.remove_user(user)


def scan(house, vendor, user):
    """A terminal with the code, and the key in it."""
    ssh = house.sshd().login(user, NumberOfPasswordPrompts=1, rows=30)
    link = open_code(ssh)
    key = vendor.wait_for_scan(len(vendor.scans))
    assert link == f"{vendor.url}/wwopen/sso/confirm2?k={key}&notretry=yes"
    return ssh, key


def attempt(house, vendor, user, member):
    ssh, key = scan(house, vendor, user)
    vendor.scan(key, member)
    vendor.agree(key)
    ssh.send_line()
    return ssh


def refused(house, vendor, user, member):
    with attempt(house, vendor, user, member) as ssh:
        expect_no_shell(ssh, user)


def let_in(house, vendor, user, member):
    with attempt(house, vendor, user, member) as ssh:
        expect_shell(ssh, user)


def test_the_right_member(house, vendor, jane):
    let_in(house, vendor, *jane)


def test_scanned_and_agreed_a_while_later(house, vendor, jane):
    user, member = jane
    ssh, key = scan(house, vendor, user)
    with ssh:
        vendor.scan(key, member)
        wait_until(lambda: vendor.scans[key].told == "QRCODE_SCAN_ING", 10, "a poll that saw it")
        vendor.agree(key)
        ssh.send_line()
        expect_shell(ssh, user)


def test_polls_are_held_and_repeated(house, vendor, jane):
    user, member = jane
    vendor.hold_s = 0.3
    ssh, key = scan(house, vendor, user)
    with ssh:
        wait_until(lambda: [e for _, e in vendor.requests].count("poll") > 3, 20, "some polls")
        vendor.scan(key, member)
        vendor.agree(key)
        ssh.send_line()
        expect_shell(ssh, user)


def test_refused_in_the_app(house, vendor, jane):
    user, member = jane
    ssh, key = scan(house, vendor, user)
    with ssh:
        vendor.scan(key, member)
        vendor.refuse(key)
        ssh.send_line()
        expect_no_shell(ssh, user)


@pytest.mark.parametrize("status", ["QRCODE_SCAN_NEW", "", "QRCODE_SCAN_SUCC"])
def test_what_is_not_known_lets_nobody_in(house, vendor, jane, status):
    user, _ = jane
    ssh, key = scan(house, vendor, user)
    with ssh:
        vendor.set_status(key, status)
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_another_member(house, vendor, jane):
    user, _ = jane
    refused(house, vendor, user, vendor.add_member("somebody"))


def test_a_name_is_no_userid(house, vendor, jane):
    user, member = jane
    refused(house, vendor, user, vendor.add_member("somebody", name=member))


@pytest.mark.parametrize("changes", [
    {"status": 2}, {"status": 4}, {"status": 5}, {"visible": False}, {"corp": "ww98765432"}])
def test_not_a_member_who_may(house, vendor, jane, changes):
    user, member = jane
    vendor.add_member(member, **changes)
    refused(house, vendor, user, member)


@pytest.mark.parametrize("external", [None, "wmExternal"])
def test_somebody_from_outside(house, vendor, jane, external):
    user, member = jane
    refused(house, vendor, user, vendor.add_outsider("guest", member, external))


def test_a_code_that_somebody_else_used(house, vendor, jane):
    user, _ = jane
    ssh, key = scan(house, vendor, user)
    with ssh:
        vendor.set_status(key, "QRCODE_SCAN_SUCC", "made-up-by-somebody")
        ssh.send_line()
        expect_no_shell(ssh, user)
    assert "proof refused: 40029" in house.journal()


def test_an_expired_code_is_renewed(house, vendor, jane):
    user, member = jane
    ssh, key = scan(house, vendor, user)
    with ssh:
        vendor.set_status(key, "QRCODE_SCAN_ERR")
        ssh.send_line()
        ssh.wait_for(RENEW)
        ssh.send_line()
        ssh.wait_for(CODE_PROMPT)
        key = vendor.wait_for_scan(2)
        vendor.scan(key, member)
        vendor.agree(key)
        ssh.send_line()
        expect_shell(ssh, user)


def ends_at_once(house, user):
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)


def test_the_page_is_not_as_it_was(house, vendor, jane):
    vendor.changed_page = True
    ends_at_once(house, jane[0])


def test_the_callback_domain_is_another(house, vendor, jane):
    house.reload(config_text(vendor, redirect_uri="https://other.example.org/"))
    ends_at_once(house, jane[0])
    assert "授权回调域" in house.journal()


@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {}), ("html", {}),
    ("json", {"value": {}}), ("json", {"value": {"errcode": 0}}),
    ("json", {"value": {"errcode": 0, "userid": 7, "status": 1}}),
    ("redirect", {"location": "https://op.example.org/"})])
@pytest.mark.parametrize("call", ["auth/getuserinfo", "user/get"])
def test_faults_of_the_api_let_nobody_in(house, vendor, jane, call, kind, details):
    vendor.fault(call, kind, times=5, **details)
    refused(house, vendor, *jane)


def test_a_revoked_token_is_fetched_again(house, vendor, jane):
    let_in(house, vendor, *jane)
    vendor.revoke_token()
    let_in(house, vendor, *jane)
    vendor.expire_token()
    let_in(house, vendor, *jane)


def test_one_token_for_all_logins(house, vendor, jane):
    vendor.requests.clear()
    for _ in range(3):
        let_in(house, vendor, *jane)
    assert [endpoint for _, endpoint in vendor.requests].count("gettoken") == 1


def test_a_busy_vendor_is_asked_again(house, vendor, jane):
    vendor.fail("gettoken", -1)
    vendor.fail("auth/getuserinfo", -1, times=2)
    let_in(house, vendor, *jane)


def test_a_used_up_quota_is_left_alone(house, vendor, jane):
    vendor.fail("user/get", 45009)
    refused(house, vendor, *jane)
    refused(house, vendor, *jane)        # the vendor complains when it is asked again


def test_an_address_that_is_not_trusted_is_named(house, vendor, jane):
    vendor.trusted_ips = {"203.0.113.7"}
    refused(house, vendor, *jane)
    assert "allow 127.0.0.1 in 企业可信IP" in house.journal()


def test_departments_are_groups(house, vendor, jane):
    house.reload(config_text(vendor, groups_allowed="7"))
    let_in(house, vendor, *jane)
    house.reload(config_text(vendor, groups_allowed="8"))
    refused(house, vendor, *jane)


def test_a_rule_by_userid(house, vendor):
    user = house.add_user()
    member = vendor.add_member(user)
    house.reload(config_text(vendor, map="{userid}"))
    let_in(house, vendor, user, member)
    refused(house, vendor, user, vendor.add_member("somebody"))
    house.remove_user(user)


def test_no_secret_in_the_log(house, vendor, jane):
    let_in(house, vendor, *jane)
    vendor.fail("user/get", 40014, times=2)
    refused(house, vendor, *jane)
    log = house.journal()
    assert not [secret for secret in vendor.secrets_made if secret in log]


def test_not_the_same_app_by_the_relay_and_past_it(house, vendor, jane):
    both = config_text(vendor) + wecom_section(vendor, name="other")
    house.write_config(both)
    result = house.ctl("check", check=False)
    assert "of one app" in result.stdout + result.stderr
