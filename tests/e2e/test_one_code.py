# SPDX-License-Identifier: GPL-3.0-or-later
"""One code for every app: a host where WeCom, DingTalk, an official account, a mini program and
GitHub are allowed, the real relay behind nginx, and telephones with those apps, of which two at a
time want the same login. What one app alone does is in the suite of its vendor."""

import contextlib
import re

import pytest

import configs
from demo_apps import (PERSON, ByApps, DingTalkApp, GitHubSite, MiniProgramApp, OfficialAccountApp,
                       ROWS, WeComApp)
from house import wait_until
from linked import DIGITS_PROMPT
from people import expect_no_shell, expect_shell
from relay import HostClient, Phone
from relayed import DROP_IN, HOST, last_row, scan, wait_stopped

OTHER = "LiSi"                          # has every app, and is another Unix user
METHODS = ["wecom", "dingtalk", "account", "mini", "github"]
PAGES = [method for method in METHODS if method != "mini"]       # there and back in one browser
OFFERED = {"wecom": ["wecom"], "dingtalk": ["dingtalk"], "wechat": ["account", "mini"],
           "browser": ["github"], "computer": ["github"]}
BROWSER = {method: app for app, methods in OFFERED.items() for method in methods
           if app != "computer"}

USED, LATE = "This code was used already", "This confirmation came too late"
STOPPED, OVER = "The login was stopped", "This login is over"
SHOWN = "Type these two digits"

WORDS = {
    "en": ("Is this your login?", "This wasn't me", ["WeCom", "WeChat", "DingTalk"]),
    "zh-CN": ("这是您的登录吗？", "不是我本人", ["企业微信", "微信", "钉钉"]),
}
TERMINAL = {"en": "The telephone's two digits", "zh_CN": "两位数字"}


class Site(ByApps):
    """What ./quickstart --method any runs, in the house of the tests."""

    def __init__(self, house):
        super().__init__([WeComApp, DingTalkApp, OfficialAccountApp, MiniProgramApp, GitHubSite],
                         house)
        self.start_vendor()
        self.by_method = {app.method: app for app in self.apps}
        for app in self.apps:
            app.add_person(OTHER)
        house.configure(self.text_of())

    def text_of(self, language="en"):
        return f"[general]\nlanguage = {language}\n" + configs.head() + self.config()

    def introduce_as(self, user, name):
        for identity in dict.fromkeys(app.identity(name) for app in self.apps):
            self.house.add_link(user, *identity)

    def program(self, link, name=PERSON):
        """The mini program, opened by scanning the code with it."""
        program = self.by_method["mini"].program(name)
        return program, f"{self.relay.url}/q/{link.id}"

    def phone(self, method, language="en"):
        return Phone(self.relay, BROWSER[method], language)

    @property
    def complaints(self):
        vendors = {app.vendor for app in self.apps}
        return [complaint for vendor in vendors for complaint in vendor.complaints]


@pytest.fixture(scope="module")
def site(house):
    made = Site(house)
    house.use_jauth("sshd")
    yield made
    house.use_debian("sshd")
    house.stop_jauth()
    made.stop_vendor()
    DROP_IN.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def users(house, site):
    """Name → Unix user."""
    made = {name: house.add_user() for name in (PERSON, OTHER)}
    for name, user in made.items():
        site.introduce_as(user, name)
    return made


@pytest.fixture
def user(house, site, users):
    """Zhang San's; the test fails when a vendor was asked wrongly."""
    yield users[PERSON]
    house.unlock_limits(users[PERSON])
    assert not site.complaints


@contextlib.contextmanager
def waiting(house, user):
    """(a terminal that shows the code and waits for digits, the link in it)."""
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        yield ssh, scan(ssh, 40)


class Visit:
    """One telephone that presses a button and is then at the vendor."""

    def __init__(self, site, link, method, name=PERSON):
        self.site, self.link, self.app = site, link, site.by_method[method]
        self.phone = site.phone(method)
        page = self.phone.open(link)
        sent = self.phone.press(link, method, page)
        assert sent.status == 303, sent.text
        self.target = sent.headers["Location"]
        self.query = self.app.at_vendor(self.target, name) if method != "mini" else None

    def arrive(self):
        page = self.app.come_back(self.phone, self.link, self.query)
        wait_until(lambda: not self.look().refreshes, 60, "the vendor's answer")
        return self.look() if page.refreshes else page

    def look(self):
        return self.phone.get(f"/cb/{self.app.method}")


def shows_digits(reply):
    return 'class="digits"' in reply.text or '"digits": "' in reply.text


def let_in(ssh, user, digits):
    ssh.send_line(digits)
    expect_shell(ssh, user, 40)


def refused(house, ssh, user):
    """No shell; the audit's row."""
    ssh.send_line("42")
    expect_no_shell(ssh, user, 60)
    return last_row(house, user)


# --- what the terminal and the page offer ---

@pytest.fixture
def language(request, house, site):
    """Of the host, for one test."""
    house.reload(site.text_of(request.param))
    yield request.param
    house.reload(site.text_of())


@pytest.mark.parametrize("language", TERMINAL, indirect=True)
def test_the_terminal_names_every_app_beside_one_code(house, site, user, language):
    with house.sshd().login(user) as ssh:
        ssh.wait_for(f"{TERMINAL[language]}[^\n]*[:：]", 40)
        held, text = ssh.read_qr(), ssh.text()
        assert re.fullmatch(re.escape(site.relay.url) + "/q/[A-Za-z0-9_-]{22}", held)
        assert held in text
        assert len(re.findall("^[▀▄█ ]{30,}$", text, re.MULTILINE)) == ROWS == 17
        for name in [*WORDS[language.replace("_", "-")][2], "Official Account", "GitHub"]:
            assert name in text
        ssh.send_line("q")


@pytest.mark.parametrize("language", WORDS)
def test_the_page_of_each_app(house, site, user, language):
    head, no, scanners = WORDS[language]
    with waiting(house, user) as (ssh, link):
        for app, methods in OFFERED.items():
            page = Phone(site.relay, app, language).open(link)
            assert (page.status, page.head, page.methods) == (200, head, methods), app
            assert f'lang="{language}"' in page.text and no in page.text
            for fact in (HOST, user, "127.0.0.1", "sshd"):
                assert f"<bdi>{fact}</bdi>" in page.text
            listed = re.findall(r"<li>(.*?)</li>", page.text)
            assert listed == (scanners if app in ("browser", "computer") else []), app
        ssh.send_line("q")


@pytest.mark.parametrize("method", METHODS)
def test_where_the_button_leads(house, site, user, method):
    begins = {
        "wecom": f"{site.by_method['wecom'].vendor.url}/connect/oauth2/authorize?",
        "dingtalk": f"{site.relay.url}/d/LINK#corp_id=",
        "account": f"{site.by_method['account'].vendor.url}/connect/oauth2/authorize?",
        "mini": "https://wxaurl.cn/AbCdEfGhIjK?cq=LINK",
        "github": f"{site.by_method['github'].vendor.url}/login/oauth/authorize?"}
    with waiting(house, user) as (ssh, link):
        visit = Visit(site, link, method)
        assert visit.target.startswith(begins[method].replace("LINK", link.id)), visit.target
        ssh.send_line("q")


# --- the way in, and who sees the digits ---

def ask_everything(site, link):
    """Whatever is reached with the id alone, in every app."""
    for app in OFFERED:
        phone = Phone(site.relay, app, plain=True)
        for path in (*(f"/{kind}/{link.id}" for kind in ("q", "m", "d", "api/m", "v1/links")),
                     f"/api/m/{link.id}/result", f"/v1/links/{link.id}/result",
                     *(f"/cb/{method}{query}" for method in METHODS
                       for query in ("", f"?code=x&id={link.id}"))):
            yield app, path, phone.get(path)
        phone.cookie = f"__Host-jauth={link.id}.{link.id}{link.id[1:]}"
        for method in METHODS:
            yield app, method, phone.get(f"/cb/{method}")


def assert_nobody_else_sees(site, link, others):
    for app, path, reply in ask_everything(site, link):
        assert not shows_digits(reply), (app, path)
    for phone, paths in others:
        for path in (f"/q/{link.id}", *paths):
            assert not shows_digits(phone.get(path)), path


@pytest.mark.parametrize("method", PAGES)
def test_in_by_each_app(house, site, user, method):
    """Another telephone with the same app pressed before."""
    with waiting(house, user) as (ssh, link):
        early = Visit(site, link, method)
        visit = Visit(site, link, method)
        page = visit.arrive()
        assert (page.head, bool(page.digits)) == (SHOWN, True)
        assert_nobody_else_sees(site, link, [(early.phone, [f"/cb/{name}" for name in METHODS])])
        again = early.app.come_back(early.phone, link, early.query)
        assert (again.head, again.digits) == (USED, None)
        assert visit.look().digits == page.digits
        let_in(ssh, user, page.digits)
    assert (last_row(house, user)["outcome"], last_row(house, user)["method"]) == (
        "granted", method)
    assert visit.look().head == "You are logged in"


@pytest.mark.parametrize("way", ["scanned", "by the button", "by the account's button"])
def test_in_by_the_mini_program(house, site, user, way):
    """However it is opened; what was pressed in WeChat's browser sees no digits."""
    with waiting(house, user) as (ssh, link):
        visit = {"scanned": lambda: None, "by the button": lambda: Visit(site, link, "mini"),
                 "by the account's button": lambda: Visit(site, link, "account")}[way]()
        program, code = site.program(link)
        with program:
            program.follow(visit.target) if way == "by the button" else program.scan(code)
            digits = program.approve(60)
            assert_nobody_else_sees(site, link, visit and [
                (visit.phone, [f"/cb/{name}" for name in METHODS])] or [])
            if visit and visit.query:
                page = visit.app.come_back(visit.phone, link, visit.query)
                assert (page.head, page.digits) == (USED, None)
            let_in(ssh, user, digits)
            program.wait_head("You are logged in")
    assert last_row(house, user)["method"] == "mini"


def test_another_host_learns_nothing(house, site, user):
    stranger = HostClient(site.relay, "other.example.org").enrol()
    with waiting(house, user) as (ssh, link):
        digits = Visit(site, link, "wecom").arrive().digits
        assert stranger.all_events() == []
        for method, tail, body in (("PUT", "/result", {"result": "granted"}),
                                   ("PUT", "/target", {"method": "wecom", "state": "x" * 32,
                                                       "url": "https://evil.example.org/"}),
                                   ("GET", "/result", None), ("GET", "", None)):
            reply = stranger.call(method, f"/v1/links/{link.id}{tail}", body)
            assert reply.status in (404, 405) and digits not in reply.text
        stranger.call("DELETE", f"/v1/links/{link.id}")
        let_in(ssh, user, digits)


# --- two apps at once ---

@pytest.mark.parametrize("first,second", [
    ("wecom", "dingtalk"), ("dingtalk", "account"), ("account", "github"), ("github", "wecom"),
    ("wecom", "account")])
def test_the_later_press_counts(house, site, user, first, second):
    """The earlier telephone comes back from its vendor and is refused; its code is not used."""
    with waiting(house, user) as (ssh, link):
        early, late = Visit(site, link, first), Visit(site, link, second)
        n_asked = len(early.app.vendor.requests)
        page = early.arrive()
        assert (page.status, page.head, page.digits) == (409, LATE, None)
        assert len(early.app.vendor.requests) == n_asked
        page = late.arrive()
        assert page.head == SHOWN
        assert not shows_digits(early.look())
        let_in(ssh, user, page.digits)
    assert last_row(house, user)["method"] == second


@pytest.mark.parametrize("first,second", [
    ("dingtalk", "wecom"), ("github", "dingtalk"), ("account", "wecom")])
def test_the_first_completion_wins(house, site, user, first, second):
    with waiting(house, user) as (ssh, link):
        slow, quick = Visit(site, link, first), Visit(site, link, second)
        digits = quick.arrive().digits
        page = slow.arrive()
        assert (page.status, page.head, page.digits) == (410, USED, None)
        page = site.phone(first).open(link)
        assert (page.head, page.methods) == (USED, [])
        let_in(ssh, user, digits)
    assert last_row(house, user)["method"] == second


@pytest.mark.parametrize("method", ["github", "dingtalk"])
def test_the_mini_program_is_first(house, site, user, method):
    """While another app is at its vendor."""
    with waiting(house, user) as (ssh, link):
        visit, (program, code) = Visit(site, link, method), site.program(link)
        with program:
            digits = program.scan(code).approve(60)
            page = visit.arrive()
            assert (page.head, page.digits) == (USED, None)
            let_in(ssh, user, digits)


def test_the_mini_program_is_second(house, site, user):
    """It was opened by its button before another app completed."""
    with waiting(house, user) as (ssh, link):
        with site.program(link)[0] as program:
            program.follow(Visit(site, link, "mini").target).wait_question()
            digits = Visit(site, link, "wecom").arrive().digits
            program.tap("Confirm").wait_head(USED)
            assert not any(screen.digits for screen in program.screens)
            let_in(ssh, user, digits)
    assert last_row(house, user)["method"] == "wecom"


# --- somebody else, and no ---

@pytest.mark.parametrize("method", PAGES)
def test_the_app_of_another_user(house, site, user, method):
    with waiting(house, user) as (ssh, link):
        page = Visit(site, link, method, OTHER).arrive()
        assert (page.head, page.digits) == ("Not allowed", None)
        row = refused(house, ssh, user)
    subject = site.by_method[method].identity(OTHER)[1]
    assert (row["outcome"], row["method"], row["subject"]) == ("denied", method, subject)


def test_the_mini_program_of_another_user(house, site, user):
    with waiting(house, user) as (ssh, link):
        program, code = site.program(link, OTHER)
        with program:
            program.scan(code).confirm()
            program.wait_head("Not allowed", 60)
            assert not any(screen.digits for screen in program.screens)
        row = refused(house, ssh, user)
    assert (row["outcome"], row["subject"]) == (
        "denied", site.by_method["mini"].identity(OTHER)[1])


@pytest.mark.parametrize("first,second", [
    ("wecom", "dingtalk"), ("dingtalk", "account"), ("account", "github"), ("github", "wecom")])
def test_this_was_not_me_in_another_app(house, site, user, first, second):
    """It ends the login for whoever is at his vendor."""
    with waiting(house, user) as (ssh, link):
        visit = Visit(site, link, first)
        assert site.phone(second).refuse(link).head == STOPPED
        page = visit.arrive()
        assert page.head in (STOPPED, OVER) and not page.digits
        wait_stopped(house, user)
        row = refused(house, ssh, user)
    assert row["outcome"] == "denied" and "this wasn't me" in row["reason"]


def test_this_was_not_me_in_the_mini_program(house, site, user):
    with waiting(house, user) as (ssh, link):
        visit, (program, code) = Visit(site, link, "wecom"), site.program(link)
        with program:
            program.scan(code).wait_question()
            program.tap("This wasn't me").wait_head(STOPPED)
        page = visit.arrive()
        assert page.head in (STOPPED, OVER) and not page.digits
        wait_stopped(house, user)
        row = refused(house, ssh, user)
    assert row["outcome"] == "denied" and "this wasn't me" in row["reason"]
