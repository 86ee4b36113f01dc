# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole logins: real ssh and sudo, jauthd, jauth-http, the real jauth-relay behind nginx with TLS,
and telephones that follow its pages to the providers of the tests and back. What happens when a
part of it fails is in test_relay_outage.py."""

import calendar
import http.client
import json
import re
import ssl
import threading
import time

import pytest

import configs
from conftest import PASSWORD
from clock import Clock
from house import wait_until
from linked import NOT_YET, wrong
from people import as_user, expect_no_shell, expect_shell
from phone import PhoneBrowser
from relay import APPS, NAME, Phone, words
from relayed import HOST, Person, Site, begin, host_client, last_row, scan, wait_stopped
from screen import Terminal
from vendors.github import GitHub

SERVICES = ("sshd", "sudo")


@pytest.fixture(scope="module")
def site(house, authority, wecom, op):
    github = GitHub(authority, client_secret="secret-of-the-app").start()
    github.ca = authority.ca_path
    made = Site(house, authority, wecom, op, github).start()
    made.token = made.enrol()
    house.use_jauth(*SERVICES)
    house.configure(text_of(made))
    yield made
    house.use_debian(*SERVICES)
    house.stop_jauth()
    made.stop()
    github.stop()


def text_of(site, methods="wecom, work, github", tail="", **github):
    return (configs.head() + configs.PASSWORD + site.wecom_section() + site.oidc_section()
            + site.github_section(**github)
            + "".join(configs.service(name, methods) for name in SERVICES) + tail)


@pytest.fixture
def person(house, site):
    """Everybody on his best behaviour; the test fails when a provider was asked wrongly."""
    site.wecom.reset()
    for vendor in (site.op, site.github):
        vendor.clear_faults()
        vendor.complaints.clear()
    made = site.add_person(PASSWORD, groups=["sudo"])
    yield made
    house.remove_user(made.user)
    assert not site.wecom.complaints + site.op.complaints + site.github.complaints


# --- the way in ---

@pytest.mark.parametrize("method,app", [("wecom", "wecom"), ("work", "browser"),
                                        ("github", "browser")])
def test_ssh(house, person, method, app):
    with house.sshd().login(person.user) as ssh:
        page = person.phone(app).approve(scan(ssh), method)
        assert page.head == "Type these two digits"
        ssh.send_line(page.digits)
        expect_shell(ssh, person.user)
    row = last_row(house, person.user)
    assert (row["outcome"], row["method"]) == ("granted", method)


def test_one_code_whose_page_knows_the_app(house, site, person):
    """The same link: WeCom's browser has WeCom's button, any other one those of the others."""
    with house.sshd().login(person.user) as ssh:
        link = scan(ssh)
        assert ssh.read_qr() == f"{site.url}/q/{link.id}"
        assert "WeCom" in ssh.text() and "Work" in ssh.text()
        assert person.phone("wecom").open(link).methods == ["wecom"]
        assert person.phone("browser").open(link).methods == ["work", "github"]
        assert person.phone("dingtalk").open(link).methods == ["work", "github"]
        ssh.send_line(person.phone("browser").approve(link, "work").digits)
        expect_shell(ssh, person.user)


def test_a_real_browser(house, authority, site, person):
    site.op.default_person = person.sub
    with house.sshd().login(person.user) as ssh, PhoneBrowser(authority.ca_path) as phone:
        phone.open(f"{site.url}/q/{scan(ssh).id}")
        phone.wait_text(person.user)
        assert HOST in phone.text() and "127.0.0.1" in phone.text()
        phone.press("Work")
        phone.wait_text("wants to know who you are")
        phone.press("Continue")
        phone.wait_text("Type these two digits")
        ssh.send_line(phone.text(".digits"))
        expect_shell(ssh, person.user)


@pytest.fixture
def newcomer(house, site):
    """Somebody of a GitHub organisation, whose teams are groups; nobody on this machine."""
    made = Person(site, None)
    made.user = f"gh-{made.number}"
    site.github.add_person(made.number, "newcomer", orgs={"example": (77, "active")})
    house.userdb()
    house.reload(text_of(site, "github", configs.section("group dev", {"from": "github/501"}),
                         organization="example", organization_id=77, read_teams="yes",
                         map="gh-{id}"))
    yield made
    house.reload(text_of(site))
    house.userdb().stop()


def test_teams_are_groups(house, site, newcomer):
    """As after a device flow; whose token is revoked afterwards, once the teams were read."""
    account = site.github.persons[newcomer.number]
    account.teams = [(501, "dev", 77, "example")]
    with house.sshd().login(newcomer.user) as ssh:
        newcomer.phone("browser").approve(scan(ssh), "github")
        ssh.send_line("42")
        ssh.wait_for("Your account is ready")
    for groups in ("jauth-users dev", "jauth-users"):
        with house.sshd().login(newcomer.user, "echo IN $(id -Gn) OUT") as ssh:
            ssh.send_line(newcomer.phone("browser").approve(scan(ssh), "github").digits)
            ssh.wait_for(f"IN {groups} OUT")
        account.teams = [(502, "dev", 77, "example"), (501, "dev", 78, "example")]
    assert newcomer.number not in [number for number, _ in site.github.tokens.values()]
    assert not site.github.complaints


def test_the_page_says_what_the_login_is(house, person):
    with house.sshd().login(person.user) as ssh:
        link = scan(ssh)
        page = person.phone().open(link)
        for fact in (HOST, person.user, "127.0.0.1", "sshd"):
            assert f"<bdi>{fact}</bdi>" in page.text
        assert int(re.search(r"\((\d+) s ago\)", page.text).group(1)) < 60
        assert 'lang="zh-CN"' in person.phone(language="zh-CN").open(link).text
        ssh.send_line("q")


def test_sudo(person):
    with Terminal(as_user(person.user, "sudo", "-k", "sh", "-c", "echo I-am-$(id -un)")) as sudo:
        sudo.send_line(person.phone().approve(scan(sudo)).digits)
        sudo.wait_for("I-am-root")


def test_wrong_digits_end_the_login(house, person):
    with house.sshd().login(person.user, NumberOfPasswordPrompts="1") as ssh:
        link = scan(ssh)
        phone = person.phone()
        page = phone.approve(link)
        ssh.send_line(wrong(page.digits))
        expect_no_shell(ssh, person.user)
        wait_until(lambda: phone.open(link).head == "This login is over", 5)
    assert "wrong digits" in last_row(house, person.user)["reason"]
    house.unlock_limits(person.user)


def test_this_was_not_me(house, person):
    with house.sshd().login(person.user, NumberOfPasswordPrompts="1") as ssh:
        link = scan(ssh)
        assert person.phone().refuse(link).head == "The login was stopped"
        wait_stopped(house, person.user)
        ssh.send_line()
        ssh.wait_for("refused")
        expect_no_shell(ssh, person.user)
        assert person.phone().open(link).status == 410
    assert "this wasn't me" in last_row(house, person.user)["reason"]


def test_refused_at_the_provider(house, site, person):
    site.wecom.refusing = True
    with house.bus_login(person.user) as login:
        page = person.phone().approve(begin(login))
        assert page.head == "The login was refused"
        login.answer("")
        assert login.outcome() == "denied"


def test_the_person_leaves(house, person):
    with house.bus_login(person.user) as login:
        link = begin(login)
        phone = person.phone()
        query = phone.go(link)
    house.wait_no_login()
    wait_until(lambda: phone.open(link).status == 410, 5)
    late = phone.arrive(link, query)
    assert (late.status, late.head, late.digits) == (410, "This login is over", None)


def test_digits_of_another_login(house, person):
    with house.bus_login(person.user) as first, house.bus_login(person.user) as second:
        begin(first)
        digits = person.phone().approve(begin(second)).digits
        first.answer(digits)
        assert re.search(NOT_YET, first.next_ask().text())
        second.answer(digits)
        assert second.outcome() == "granted"


# --- a forwarded code ---

@pytest.mark.parametrize("method,app", [("wecom", "wecom"), ("work", "browser")])
def test_somebody_else_approves(house, site, person, method, app):
    """Both hear of it; the identity that approved is in the audit."""
    stranger = site.add_stranger()
    site.op.add_person(stranger.sub)
    with house.sshd().login(person.user, NumberOfPasswordPrompts="1") as ssh:
        page = stranger.phone(app).approve(scan(ssh), method)
        assert (page.head, page.digits) == ("Not allowed", None)
        ssh.send_line()
        ssh.wait_for("may not log in here")
        expect_no_shell(ssh, person.user)
    row = last_row(house, person.user)
    expected = stranger.member.lower() if method == "wecom" else stranger.sub
    assert (row["outcome"], row["subject"]) == ("denied", expected)


def test_a_name_that_is_nobodys(house, person):
    with house.bus_login("nobody-at-all") as login:
        page = person.phone().approve(begin(login))
        assert (page.head, page.digits) == ("Not allowed", None)
        login.answer("42")
        assert login.outcome() == "denied"


# --- who began the login never sees the digits ---

class Spy:
    """Began the login and has its link. Asks for everything that can be asked for with it, from
    several browsers at once, each with no cookie, an invented one, or that of a press of its own,
    and keeps every byte that it got."""

    METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")

    def __init__(self, site, link, method):
        self.site, self.link, self.method = site, link, method
        self.got = []                   # (request, status line and headers and body)
        self.stop = threading.Event()
        self.presser = Phone(site.relay, "wecom" if method == "wecom" else "browser")
        self.page = self.presser.open(link)
        self.press()
        self.threads = [threading.Thread(target=self.run, args=[part], daemon=True)
                        for part in range(3)]

    def press(self):
        sent = self.presser.press(self.link, self.method, self.page)
        self.keep("press", sent)
        if sent.status == 303:
            self.state = re.search(r"state=([A-Za-z0-9]+)", sent.headers["Location"]).group(1)

    def paths(self):
        ident, query = self.link.id, f"code=x&state={words(32)}"
        own = f"code={words()}"
        heads = [f"/q/{ident}", f"/cb/{self.method}", f"/m/{ident}", f"/d/{ident}",
                 f"/v1/links/{ident}", f"/v1/events?after=0", "/v1/host", "/metrics", "/healthz"]
        below = [f"/q/{ident}{tail}" for tail in (
            "/", "/digits", "/result", "?x=1", "/.", "/..", "%2f", "/target", f"?{query}",
            ";x", "//", "/../" + ident, "#digits", "?digits=1")]
        callbacks = [f"/cb/{name}{tail}" for name in (self.method, "wecom", "work", "none", ident)
                     for tail in ("", "/", f"/{ident}", f"?{query}", f"?{own}", f"/x?{query}",
                                  "?state=", f"?error=access_denied&{query}")]
        links = [f"/v1/links/{ident}{tail}" for tail in ("/result", "/target", "/", "?x")]
        return heads + below + callbacks + links + [f"/{ident}", f"/{ident}.txt"]

    def cookies(self):
        """None, his own, his own for another link, an invented one."""
        value = self.presser.cookie
        return (None, value, f"__Host-jauth={self.link.id}.{words(43)}",
                value.replace(self.link.id, words()))

    def run(self, part):
        context = ssl.create_default_context(cafile=self.site.relay.authority.ca_path)
        connection = http.client.HTTPSConnection(NAME, self.site.relay.tls_port, timeout=60,
                                                 context=context)
        n = part
        while not self.stop.is_set():
            for path in self.paths():
                if self.stop.is_set():
                    break
                n += 1
                self.ask(connection, self.METHODS[n // 4 % 7 if n % 3 else 0], path,
                         self.cookies()[n % 4])
        connection.close()

    def ask(self, connection, method, path, cookie):
        headers = {"User-Agent": APPS["wecom"], "Sec-Fetch-Site": "none"}
        if cookie:
            headers["Cookie"] = cookie
        if path.startswith("/v1/"):
            headers["Authorization"] = f"Bearer {self.site.token}"       # used up
        body = b"x=1" if method in ("POST", "PUT", "PATCH") else None
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        data = reply.read()
        self.got.append(((method, path), f"{reply.status}\n{reply.headers}".encode() + data))

    def keep(self, name, reply):
        self.got.append((name, f"{reply.status}\n{reply.headers}".encode() + reply.body))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def after(self):
        """When the victim has his digits: page, button, and the way back with the right state."""
        self.keep("page", self.presser.open(self.link))
        self.press()
        for query in (f"code=x&state={self.state}", f"state={self.state}"):
            reply = self.presser.come_back(self.link, self.method, query)
            assert reply.status == 410
            self.keep("back", reply)

    def assert_saw_no(self, digits):
        """Two digits as a text of their own; what says when, how long and who may hold any."""
        assert len(self.got) > 100
        noise = re.compile(rb"^(Date|Server|Content-Length|ETag|Retry-After|Set-Cookie|Location):.*$"
                           rb"|\d\d:\d\d:\d\d|\(\d+ s ago\)|<style>.*?</style>"
                           rb"|(?<=<bdi>)[^<]*|value=\"[^\"]*\"", re.MULTILINE | re.DOTALL)
        alone = re.compile(rb"(?<![0-9A-Za-z])" + digits.encode() + rb"(?![0-9A-Za-z])")
        seen = [(name, data) for name, data in self.got
                if b'class="digits"' in data or alone.search(noise.sub(b"", data))]
        assert not seen, seen[0]


@pytest.mark.parametrize("method,app", [("wecom", "wecom"), ("work", "browser")])
def test_who_began_it_never_sees_the_digits(house, site, person, method, app):
    with house.bus_login(person.user) as login:
        link = begin(login)
        with Spy(site, link, method) as spy:
            time.sleep(0.5)
            page = person.phone(app).approve(link, method)
            assert page.digits
            spy.after()
            time.sleep(1)
        spy.assert_saw_no(page.digits)
        login.answer(page.digits)
        assert login.outcome() == "granted"


def test_who_began_it_may_end_it_and_sees_nothing(house, site, person):
    """With his own press he is the first to come back: his invented code is refused, and so is the
    login of which he hoped to see the digits."""
    with house.bus_login(person.user) as login:
        link = begin(login)
        with Spy(site, link, "work") as spy:
            query = person.phone("browser").go(link, "work")
            first = spy.presser.come_back(link, "work", f"code=x&state={spy.state}"
                                          f"&iss={site.op.issuer}")
            assert first.digits is None
            late = person.phone("browser").arrive(link, query, "work")
            assert late.digits is None
        assert login.outcome() in ("denied", "failed")
    site.op.complaints.clear()          # it counts an invented code


# --- keys ---

def test_status_names_the_host(house, site, person):
    [row] = json.loads(house.ctl("relay", "status", "--json").stdout)
    assert (row["ready"], row["host"], row["server"]) == (True, HOST, site.url)
    assert row["key"] == host_client(site.relay).key


def test_the_key_is_changed_while_a_login_waits(house, site, person):
    before = host_client(site.relay)
    with house.bus_login(person.user) as login:
        link = begin(login)
        phone = person.phone()
        query = phone.go(link)
        done = json.loads(house.ctl("relay", "rotate", "--wait", "1", "--json").stdout)
        after = host_client(site.relay)
        assert (done["replaced"], done["key"]) == (before.key, after.key)
        assert before.key != after.key
        login.answer(phone.arrive(link, query).digits)
        assert login.outcome() == "granted"
    assert before.call("GET", "/v1/host").status == 401
    assert after.call("GET", "/v1/host").status == 200
    assert json.loads(house.ctl("relay", "status", "--json").stdout)[0]["key"] == after.key


def test_the_key_is_revoked_while_a_login_waits(house, site, person):
    """The login ends, the next one too, and a host that was enrolled anew goes on."""
    key = host_client(site.relay).key
    with house.bus_login(person.user) as login:
        link = begin(login)
        phone = person.phone()
        site.relay.command("revoke", key)
        page = phone.press(link)
        assert page.status in (404, 410, 504) and page.digits is None
        assert login.outcome(40) == "failed"
    with house.bus_login(person.user) as login:
        assert login.outcome() == "failed"
    assert "does not take this host's key" in last_row(house, person.user)["reason"]
    status = house.ctl("relay", "status", check=False)
    assert status.returncode != 0
    token = site.relay.invite(HOST)
    house.ctl("relay", "enrol", site.url, "-", input=token + "\n")
    house.ctl("reload")
    with house.bus_login(person.user) as login:
        login.answer(person.phone().approve(begin(login)).digits)
        assert login.outcome() == "granted"


# --- time ---

def assert_page_has_the_right_time(page):
    assert int(re.search(r"\((\d+) s ago\)", page.text).group(1)) < 10
    shown = re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", page.text).group(1)
    assert abs(calendar.timegm(time.strptime(shown, "%Y-%m-%d %H:%M:%S")) - time.time()) < 10


def test_a_host_whose_clock_is_wrong(house, site):
    """The relay's clock counts: link, page and login are as ever."""
    house.stop_jauth()
    clock = Clock(house)
    try:
        house.configure(text_of(site))
        clock.move(5 * 3600)
        person = site.add_person()
        with house.bus_login(person.user) as login:
            link = begin(login)
            assert_page_has_the_right_time(person.phone().open(link))
            login.answer(person.phone().approve(link).digits)
            assert login.outcome() == "granted"
        house.remove_user(person.user)
    finally:
        house.stop_jauth()
        clock.release()
        house.configure(text_of(site))


@pytest.mark.parametrize("hours", [-5, 5])
def test_what_another_clock_says_is_not_shown(site, person, hours):
    """As a host says it whose clock is wrong, also one that is behind."""
    link = host_client(site.relay).open(since=int(time.time()) + hours * 3600)
    assert_page_has_the_right_time(person.phone().open(link))
    link.delete()


def test_time_is_over_while_the_phone_is_on_the_page(house, site, person):
    house.reload(text_of(site).replace("login_tries", "login_seconds = 10\nlogin_tries"))
    try:
        with house.bus_login(person.user) as login:
            link = begin(login)
            phone = person.phone()
            page = phone.open(link)
            assert login.outcome() == "denied"
            wait_until(lambda: phone.open(link).status in (404, 410), 5)
            assert phone.press(link, "wecom", page).status in (404, 410)
    finally:
        house.reload(text_of(site))


# --- many ---

def test_a_hundred_and_twenty_eight_wait(house, site, person):
    """Each has its own link, and any of them can be approved."""
    logins = [house.bus_login(person.user) for _ in range(128)]
    opened = []
    try:
        for login in logins:
            opened.append(login.__enter__())
        links = [begin(login) for login in opened]
        assert len({link.id for link in links}) == 128
        assert house.waiting() == 128
        for index in (0, 64, 127):
            opened[index].answer(person.phone().approve(links[index]).digits)
            assert opened[index].outcome() == "granted"
    finally:
        for login in logins[:len(opened)]:
            login.__exit__(None, None, None)
    house.wait_no_login(10)
    wait_until(lambda: person.phone().open(links[1]).status == 410, 10)


# --- jauthd ends ---

def test_jauthd_is_killed_while_a_phone_is_on_the_page(house, person):
    """The phone hears that the computer is silent; the code is worth nothing; the next one is."""
    with house.bus_login(person.user) as login:
        link = begin(login)
        phone = person.phone()
        page = phone.open(link)
        house.jauthd.wait_back(house.jauthd.kill())
        assert login.outcome() is None
        sent = phone.press(link, "wecom", page)
        assert (sent.status, sent.head) == (504, "The computer does not answer")
    with house.bus_login(person.user) as login:
        login.answer(person.phone().approve(begin(login)).digits)
        assert login.outcome() == "granted"


def test_jauthd_is_killed_while_the_phone_is_at_the_provider(house, person):
    with house.bus_login(person.user) as login:
        link = begin(login)
        phone = person.phone()
        query = phone.go(link)
        house.jauthd.wait_back(house.jauthd.kill())
        assert login.outcome() is None
        page = phone.come_back(link, "wecom", query)
        assert page.digits is None
