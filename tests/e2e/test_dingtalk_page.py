# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole logins with DingTalk: real ssh, jauthd, jauth-http, the real jauth-relay behind nginx, and
real Chromium: as DingTalk's browser on the relay's page, with the vendor's script of
vendors/dingtalk.py, and as any browser on the vendor's page."""

import pathlib

import pytest

import configs
from house import wait_until
from linked import dingtalk_section, wrong
from people import expect_no_shell, expect_shell
from phone import PhoneBrowser, screenshots
from relay import Phone, Relay
from relayed import HOST, last_row, scan

DROP_IN = pathlib.Path("/etc/jauth/jauthd.conf.d/relay.conf")


@pytest.fixture(scope="module")
def site(house, authority, dingtalk):
    """One relay, where this host is enrolled; the app of the vendor is in two methods."""
    made = Relay(house.folder, authority, "dingtalk", unknown_per_minute=100000,
                 dingtalk_script=dingtalk.url + "/dd.js").start()
    house.http.start()
    token = made.invite(HOST)
    house.ctl("relay", "enrol", made.url, "-", input=token + "\n")
    house.stop_jauth()
    house.use_jauth("sshd")
    house.configure(configs.head() + dingtalk_section(dingtalk, "app")
                    + dingtalk_section(dingtalk, "page", mode="web", title="On a page")
                    + configs.service("sshd", "app, page"))
    yield made
    house.use_debian("sshd")
    house.stop_jauth()
    DROP_IN.unlink(missing_ok=True)
    made.stop()


@pytest.fixture
def vendor(site, dingtalk):
    dingtalk.reset()
    dingtalk.redirect_uris = [site.url + "/cb/page"]
    yield dingtalk
    complaints = list(dingtalk.complaints)
    dingtalk.reset()
    assert not complaints


@pytest.fixture
def zhang(house, vendor):
    user = house.add_user()
    member = vendor.add_member(f"Manager.{user}", name="张三")
    house.add_link(user, f"dingtalk:{vendor.corp_id}", member)
    vendor.signed_in = member
    yield user, member
    house.remove_user(user)


def test_in_dingtalk(house, authority, site, vendor, zhang):
    """Scan, read, press, and type the digits: DingTalk asks nothing."""
    user, member = zhang
    with house.sshd().login(user) as ssh, PhoneBrowser(authority.ca_path, "dingtalk") as phone:
        link = scan(ssh)
        phone.open(f"{site.url}/q/{link.id}")
        phone.wait_text(user)
        assert HOST in phone.text() and "On a page" not in phone.text()
        phone.press("DingTalk")
        phone.wait_text("Type these two digits")
        phone.screenshot(screenshots() / "dingtalk-digits.png")
        assert vendor.secrets_made[-1] not in phone.url
        ssh.send_line(phone.text(".digits"))
        expect_shell(ssh, user)
    row = last_row(house, user)
    assert (row["outcome"], row["method"], row["subject"]) == ("granted", "app", member)
    calls = [call for _, call in vendor.requests]
    assert "getuserinfo" in calls and "userAccessToken" not in calls


def test_on_the_vendor_s_page(house, authority, site, vendor, zhang):
    user, member = zhang
    with house.sshd().login(user) as ssh, PhoneBrowser(authority.ca_path) as phone:
        phone.open(f"{site.url}/q/{scan(ssh).id}")
        phone.press("On a page")
        phone.wait_text("申请使用你的钉钉账号")
        phone.press("同意")
        phone.wait_text("Type these two digits")
        ssh.send_line(phone.text(".digits"))
        expect_shell(ssh, user)
    row = last_row(house, user)
    assert (row["outcome"], row["method"], row["subject"]) == ("granted", "page", member)


def test_one_code_whose_page_knows_the_app(house, site, vendor, zhang):
    user, _ = zhang
    with house.sshd().login(user) as ssh:
        link = scan(ssh)
        assert Phone(site, "dingtalk").open(link).methods == ["app"]
        assert Phone(site, "browser").open(link).methods == ["page"]
        ssh.send_line("q")


@pytest.mark.parametrize("refuse", ["in the app", "not of the organisation"])
def test_the_app_gives_no_code(house, authority, site, vendor, zhang, refuse):
    user, _ = zhang
    vendor.refusing = refuse == "in the app"
    if not vendor.refusing:
        vendor.signed_in = vendor.add_outsider("guest")
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh, \
            PhoneBrowser(authority.ca_path, "dingtalk") as phone:
        phone.open(f"{site.url}/q/{scan(ssh).id}")
        phone.press("DingTalk")
        phone.wait_text("The login was refused")
        ssh.send_line("42")
        expect_no_shell(ssh, user)
    assert "3 user refused" in last_row(house, user)["reason"]


def test_no_on_the_vendor_s_page(house, authority, site, vendor, zhang):
    user, _ = zhang
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh, \
            PhoneBrowser(authority.ca_path) as phone:
        phone.open(f"{site.url}/q/{scan(ssh).id}")
        phone.press("On a page")
        phone.wait_text("申请使用你的钉钉账号")
        phone.press("拒绝")
        phone.wait_text("The login was refused")
        ssh.send_line("42")
        expect_no_shell(ssh, user)
    assert "access_denied" in last_row(house, user)["reason"]


def test_somebody_else_in_dingtalk(house, authority, site, vendor, zhang):
    """A colleague scans the code: he sees no digits."""
    user, _ = zhang
    vendor.signed_in = vendor.add_member("colleague")
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh, \
            PhoneBrowser(authority.ca_path, "dingtalk") as phone:
        phone.open(f"{site.url}/q/{scan(ssh).id}")
        phone.press("DingTalk")
        phone.wait_text("Not allowed")
        assert not phone.text(".digits")
        ssh.send_line("42")
        expect_no_shell(ssh, user)


def test_wrong_digits(house, authority, site, vendor, zhang):
    user, _ = zhang
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh, \
            PhoneBrowser(authority.ca_path, "dingtalk") as phone:
        phone.open(f"{site.url}/q/{scan(ssh).id}")
        phone.press("DingTalk")
        phone.wait_text("Type these two digits")
        ssh.send_line(wrong(phone.text(".digits")))
        expect_no_shell(ssh, user)
    assert "wrong digits" in last_row(house, user)["reason"]
    house.unlock_limits(user)


def test_a_code_of_the_page_is_none_in_the_app(house, site, vendor, zhang):
    """The relay's callback of the method in the app is brought an OAuth code."""
    user, member = zhang
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        link = scan(ssh)
        phone = Phone(site, "dingtalk")
        target = phone.press(link, "app").headers["Location"]
        state = target.rpartition("state=")[2]
        code = vendor.new_code("oauth", vendor.persons[member])
        page = phone.post_back("app", {"code": code, "state": state})
        assert page.status == 200 and not page.digits
        wait_until(lambda: phone.get("/cb/app").head == "The login was refused", 10)
        ssh.send_line("42")
        expect_no_shell(ssh, user)
    assert "40078 getuserinfo" in last_row(house, user)["reason"]
