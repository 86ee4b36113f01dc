# SPDX-License-Identifier: GPL-3.0-or-later
"""WeCom without a relay (mode = poll) through real sshd: the vendor's code is on the screen, its
polls tell what became of it, and whatever is not known lets nobody in."""

import pytest

import configs
import polled
from apps import at_sshd, employee, expect_no_secret, on_best_behaviour
from linked import wecom_section
from polled import ends_at_once, let_in, refused, refused_after

REDIRECT_URI = "https://sso.example.org/nobody-comes-here"


def config_text(vendor, **more):
    method = {"mode": "poll", "redirect_uri": REDIRECT_URI, "device_flow_alone": "yes",
              "title": "WeCom", **more}
    return configs.head() + wecom_section(vendor, **method) + configs.service("sshd", "wecom")


@pytest.fixture(scope="module", autouse=True)
def jauth(house, wecom):
    with at_sshd(house, config_text(wecom)):
        yield house


@pytest.fixture
def vendor(house, wecom):
    """jauthd starts without a token and without what it remembers of the vendor."""
    with on_best_behaviour(wecom):
        house.reload(config_text(wecom))
        yield wecom


@pytest.fixture
def jane(house, vendor):
    """The vendor writes the userid in its own way."""
    with employee(house, vendor, "wecom", str.upper, departments=[2, 7]) as who:
        yield who


def test_the_right_member(house, vendor, jane):
    let_in(house, vendor, *jane)


def test_scanned_and_agreed_a_while_later(house, vendor, jane):
    polled.let_in_after_a_while(house, vendor, jane, lambda told: told == "QRCODE_SCAN_ING")


def test_polls_are_held_and_repeated(house, vendor, jane):
    polled.let_in_after_polls(house, vendor, jane, lambda: vendor.n_calls("poll"))


def test_no_poll_for_somebody_who_left(house, vendor, jane):
    polled.no_polls_behind(house, vendor, jane[0], lambda: vendor.n_calls("poll"))


def test_refused_in_the_app(house, vendor, jane):
    user, member = jane

    def refuse(key):
        vendor.scan(key, member)
        vendor.refuse(key)

    refused_after(house, vendor, user, refuse)


@pytest.mark.parametrize("status", ["QRCODE_SCAN_NEW", "", "QRCODE_SCAN_SUCC"])
def test_what_is_not_known_lets_nobody_in(house, vendor, jane, status):
    refused_after(house, vendor, jane[0], lambda key: vendor.set_status(key, status))


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
    refused_after(house, vendor, jane[0], lambda key: vendor.set_status(
        key, "QRCODE_SCAN_SUCC", "made-up-by-somebody"))
    assert "proof refused: 40029" in house.journal()


def test_an_expired_code_is_renewed(house, vendor, jane):
    polled.let_in_by_a_new_code(house, vendor, jane,
                                lambda key: vendor.set_status(key, "QRCODE_SCAN_ERR"))


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
    for _ in range(3):
        let_in(house, vendor, *jane)
    assert vendor.n_calls("gettoken") == 1


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
    expect_no_secret(house, vendor)


def test_not_the_same_app_by_the_relay_and_past_it(house, vendor, jane):
    both = config_text(vendor) + wecom_section(vendor, name="other")
    house.write_config(both)
    result = house.ctl("check", check=False)
    assert "of one app" in result.stdout + result.stderr
