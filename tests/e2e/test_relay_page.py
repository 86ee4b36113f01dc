# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on the phone in real Chromium: the whole way, hostile sites beside it, and pictures for
people to look at (build/screenshots/)."""

import html
import urllib.parse

import pytest

from desk import Desk, page
from phone import PhoneBrowser, screenshots
from relay import HostClient, Relay, words
from vendors.server import Server

TARGETS = [{"method": "work", "title": "WeCom", "app": "wecom"},
           {"method": "github", "title": "GitHub", "app": "browser"},
           {"method": "google", "title": "Google", "app": "browser"}]

class Provider(Server):
    """An authorise page with one link back to the relay. Strict about nothing: the relay is what is
    tested here."""

    def __init__(self, authority):
        super().__init__(authority, "op.example.org", name="page-op")
        self.routes = {("GET", "/authorize"): ("authorize", self._authorize)}
        self.referrers = []

    def url(self, **query):
        return f"https://op.example.org:{self.port}/authorize?{urllib.parse.urlencode(query)}"

    def _authorize(self, request):
        self.referrers.append(request.header("Referer"))
        back = request.query["redirect_uri"] + "?" + urllib.parse.urlencode(
            {"code": words(), "state": request.query["state"]})
        return page("Provider", f'<a href="{html.escape(back)}">Approve</a>')


class ProviderDesk(Desk):
    def __init__(self, host, provider):
        self.provider = provider
        super().__init__(host, TARGETS)

    def address(self, link, method, state):
        return self.provider.url(state=state, redirect_uri=f"{self.host.relay.url}/cb/{method}")


@pytest.fixture(name="relay", scope="module")
def fixture_relay(authority, house):
    made = Relay(house.folder, authority, "paged").start()
    yield made
    made.stop()


@pytest.fixture(name="provider", scope="module")
def fixture_provider(authority):
    made = Provider(authority).start()
    yield made
    made.stop()


@pytest.fixture(name="desk", scope="module")
def fixture_desk(relay, provider):
    made = ProviderDesk(HostClient(relay, "web1.example.org").enrol(), provider)
    yield made
    made.close()


@pytest.fixture(name="phone", scope="module")
def fixture_phone(authority):
    with PhoneBrowser(authority.ca_path) as made:
        yield made


def test_the_whole_way(desk, phone, provider):
    link = desk.open()
    phone.open(desk.url(link))
    assert phone.buttons() == ["Confirm with GitHub", "Confirm with Google", "This wasn't me"]
    assert "WeCom" in phone.text("ul")
    phone.press("GitHub")
    phone.wait_text("Provider")
    phone.press("Approve")
    phone.wait_text("Type these two digits")
    assert phone.text(".digits") == "47"
    assert provider.referrers[-1] == ""                      # nobody learns the id
    cookie = phone.cookies()["__Host-jauth"]
    assert cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Lax"
    # Again by reload, back and forward: the same digits, and one callback.
    phone.open(phone.url)
    assert phone.text(".digits") == "47"
    phone.back()
    phone.back()
    phone.open(desk.url(link))
    assert phone.text(".digits") == "47"
    assert len([event for event in desk.host.all_events(link)]) == 1


def test_the_back_button_before_it_is_done(desk, phone):
    """Back from the provider to the page, another choice, and on."""
    link = desk.open()
    phone.open(desk.url(link))
    phone.press("GitHub")
    phone.wait_text("Provider")
    phone.back()
    phone.wait_text("Is this your login?")
    phone.press("Google")
    phone.wait_text("Provider")
    phone.press("Approve")
    phone.wait_text("Type these two digits")
    assert [event["presses"] for event in desk.host.all_events(link)] == [2]


def test_this_was_not_me(desk, phone):
    link = desk.open()
    phone.open(desk.url(link))
    phone.press("This wasn't me")
    phone.wait_text("The login was stopped")
    assert [event["refused"] for event in desk.host.all_events(link)] == [True]
    phone.open(desk.url(link))
    phone.wait_text("Somebody pressed")


def token_of(desk, phone, link):
    phone.open(desk.url(link))
    return phone.script("return document.querySelector('[name=token]').value")


FORM = """<form method="post" action="{url}" {more}>
<input type="hidden" name="token" value="{token}">
<input type="hidden" name="method" value="github"><button>Win a prize</button></form>"""


@pytest.mark.parametrize("more,wrap", [
    ("", "{form}"), ('rel="noreferrer"', "{form}"),
    ("", '<meta name="referrer" content="no-referrer">{form}'),
    ("", '<meta name="referrer" content="unsafe-url">{form}'),
    ('enctype="text/plain"', "{form}"), ('enctype="multipart/form-data"', "{form}")])
def test_another_site_that_posts_to_the_button(desk, phone, evil, more, wrap):
    """It knows id and token: the attacker began the login himself."""
    link = desk.open()
    token = token_of(desk, phone, link)
    evil.body = wrap.format(form=FORM.format(url=desk.url(link), token=token, more=more))
    phone.open(evil.url)
    phone.press("Win a prize")
    phone.wait_text("Nothing was confirmed")
    assert desk.host.all_events(link) == []


def test_a_sandboxed_page_that_posts_to_the_button(desk, phone, evil):
    """Its origin is "null"."""
    link = desk.open()
    token = token_of(desk, phone, link)
    form = FORM.format(url=desk.url(link), token=token, more="")
    evil.body = f"<iframe sandbox='allow-forms allow-scripts allow-top-navigation' srcdoc='" \
                f"{html.escape(form)}<script>document.forms[0].target=&quot;_top&quot;;" \
                f"document.forms[0].submit()</script>'></iframe>"
    phone.open(evil.url)
    phone.wait_text("Nothing was confirmed")
    assert desk.host.all_events(link) == []


def test_nobody_frames_the_page(desk, phone, evil):
    link = desk.open()
    evil.body = f'<iframe src="{desk.url(link)}" width="300" height="500"></iframe>'
    phone.open(evil.url)
    phone.command("POST", "frame", {"id": 0})
    assert phone.script("return location.href") == "chrome-error://chromewebdata/"
    assert phone.find_all("form") == []
    phone.command("POST", "frame", {"id": None})


def test_another_site_that_leads_to_the_callback(desk, phone, evil, relay):
    """The attacker's own code and state, opened in the victim's browser, which has pressed for a
    login of his own: nothing is mixed up."""
    mine, theirs = desk.open(), desk.open()
    phone.open(desk.url(mine))
    phone.press("GitHub")
    phone.wait_text("Provider")
    theirs.set_target("github", "https://op.example.org/")
    evil.body = f'<a href="{relay.url}/cb/github?code=x&amp;state={theirs.state}">go</a>'
    phone.open(evil.url)
    phone.press("go")
    phone.wait_text("This confirmation came too late")
    assert desk.callbacks.get(mine.id) is None and desk.callbacks.get(theirs.id) is None


def test_the_page_has_no_script_and_takes_none(desk, phone):
    link = desk.open(user="<img src=x onerror=document.title='hacked'>",
                     source="\"><script>document.title='hacked'</script>")
    phone.open(desk.url(link))
    assert phone.script("return document.scripts.length") == 0
    assert phone.script("return document.title") == "Is this your login?"
    assert "onerror" in phone.text("dl")
    phone.script("let s = document.createElement('script'); s.textContent = "
                 "'document.title = \"hacked\"'; document.body.append(s)")
    assert phone.script("return document.title") == "Is this your login?"


# --- how it looks ---

def fits(phone):
    """Nothing is wider than the screen."""
    return phone.script("return document.documentElement.scrollWidth <= window.innerWidth + 1")


LOOKS = {
    "light": {},
    "dark": {"dark": True},
    "chinese": {"language": "zh-CN,zh"},
    "small": {"width": 320, "height": 568},
    "large-type": {"font": 28, "width": 320, "height": 568},
    "wecom": {"app": "wecom", "language": "zh-CN", "dark": True},
}


@pytest.mark.parametrize("look", LOOKS)
def test_before_and_after_on_every_kind_of_phone(authority, desk, look):
    desk.digits = "83"
    with PhoneBrowser(authority.ca_path, **LOOKS[look]) as phone:
        link = desk.open(user="jane.fitzgerald-montgomery", source="2001:db8:85a3::8a2e:370:7334")
        phone.open(desk.url(link))
        assert fits(phone)
        paper = phone.script("return getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") != LOOKS[look].get("dark", False)
        phone.screenshot(screenshots() / f"relay-before-{look}.png")
        is_chinese = LOOKS[look].get("language", "").startswith("zh")
        assert ("这是您的登录吗？" in phone.text()) == is_chinese
        phone.press("WeCom" if look == "wecom" else "GitHub")
        phone.wait_text("Provider")
        phone.press("Approve")
        phone.wait_text("83")
        assert fits(phone)
        # Beside one another, and large.
        lines, size = phone.script(
            "let p = document.querySelector('.digits'), s = parseFloat(getComputedStyle(p).fontSize);"
            "return [p.clientHeight / s, s]")
        assert lines < 1.5 and size >= 100
        phone.screenshot(screenshots() / f"relay-after-{look}.png")


@pytest.mark.parametrize("language,text", [("en", "Please use another app"),
                                           ("zh-CN", "请换用其他应用")])
def test_the_wrong_app(authority, desk, language, text):
    only = [{"method": "work", "title": "WeCom", "app": "wecom"},
            {"method": "ding", "title": "DingTalk", "app": "dingtalk"}]
    with PhoneBrowser(authority.ca_path, app="wechat", language=language) as phone:
        phone.open(desk.url(desk.open(targets=only)))
        assert text in phone.text() and phone.buttons() == []
        assert phone.text("ul") == ("WeCom\nDingTalk" if language == "en" else "企业微信\n钉钉")
        phone.screenshot(screenshots() / f"relay-wrong-app-{language}.png")


def test_expired_denied_and_stopped(authority, desk):
    with PhoneBrowser(authority.ca_path) as phone:
        phone.open(f"{desk.host.relay.url}/q/{words()}")
        assert "This code is not valid" in phone.text()
        phone.screenshot(screenshots() / "relay-not-valid.png")
        desk.result = "denied"
        phone.open(desk.url(desk.open()))
        phone.press("GitHub")
        phone.wait_text("Provider")
        phone.press("Approve")
        phone.wait_text("Not allowed")
        desk.result = "digits"
        phone.screenshot(screenshots() / "relay-denied.png")
        phone.open(desk.url(desk.open()))
        phone.press("This wasn't me")
        phone.wait_text("The login was stopped")
        phone.screenshot(screenshots() / "relay-stopped.png")
