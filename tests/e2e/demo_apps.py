# SPDX-License-Identifier: GPL-3.0-or-later
"""What ./quickstart shows of telephones: a relay behind nginx, the vendors of the apps, and the
telephone itself, played by Chromium or, for a person at the terminal, by one button."""

import http.server
import os
import re
import shutil
import threading

import configs
from demo import Demo, step
from linked import DIGITS_PROMPT, dingtalk_section, wecom_section
from miniprogram import MiniProgram, installed_for
from people import CODE_PROMPT, GATE, expect_shell
from phone import PhoneBrowser, screenshots
from relay import NAME, SHORT_NAME, Phone, Relay
from telephone import at_account, at_dingtalk, at_oidc, at_wecom
from vendors.dingtalk import DingTalk
from vendors.github import GitHub
from vendors.tls import Authority
from vendors.wechat import PROGRAM, WEBSITE, WeChat
from vendors.wechat_account import OfficialAccount
from vendors.wechat_open import OpenPages
from vendors.wecom import WeCom

PERSON = "ZhangSan"                     # who holds the telephone
SHOWN = "Type these two digits"
ROWS, VENDOR_ROWS = 17, 21              # of the relay's codes, of a vendor's long links

APPS = """
ssh opens now and shows a code. It leads to the relay of this house, so a telephone outside of it
cannot open it; one that holds the apps below is played here:

     one click on  {plain}
{curls}
scans the newest code, says yes and tells which two digits the telephone shows. Type them into ssh.

Everything ends when the shell ends.
"""

WECHAT = """
ssh opens now and, after a y, shows a code of WeChat's own page. The telephone of "{person}" is
played here:

     one click on  {plain}
     or            curl -X POST {plain}/approve/wechat    from another terminal

scans the newest code and agrees; nothing has to be typed.

Everything ends when the shell ends.
"""

PHONE_PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>The telephone</title>
<body style="font: 1.5em sans-serif; text-align: center; margin-top: 3em"><p>{text}
<form method="post">{buttons}</form>
"""
BUTTON = """<p><button style="font: inherit" formaction="/approve/{name}">Scan the code with {title}
and log in</button>
"""


class App:
    """One app on the telephone, and its vendor."""

    method = title = None               # of the section, as the button says it
    browser = "browser"                 # whose page of the relay opens

    def __init__(self, demo):
        self.demo = demo
        self.people = {}                # name → as the vendor knows him

    def start(self):
        """Starts the vendor, and tells it who holds the telephone."""
        raise NotImplementedError

    def add_person(self, name):
        """Tells the vendor of somebody."""
        raise NotImplementedError

    def section(self):
        raise NotImplementedError

    def identity(self, name=PERSON):
        """(issuer, subject)."""
        raise NotImplementedError

    def at_vendor(self, url, name=PERSON):
        """Where the button leads; the query of the way back."""
        raise NotImplementedError

    def come_back(self, phone, link, query):
        return phone.come_back(link, self.method, query)

    def say_yes(self, phone):
        """The same in a real browser."""

    def approve(self, link):
        """The digits that the telephone shows in the end."""
        phone = Phone(self.demo.relay, self.browser)
        query = self.at_vendor(phone.press(link, self.method).headers["Location"])
        return self.come_back(phone, link, query).digits

    def scan(self, url):
        """The same, as a person would see it."""
        with PhoneBrowser(self.demo.authority.ca_path, self.browser) as phone:
            phone.open(url)
            phone.wait_text(self.demo.user)
            phone.screenshot(screenshots() / f"quickstart-{self.method}-before.png")
            phone.press(self.title)
            self.say_yes(phone)
            phone.wait_text(SHOWN)
            phone.screenshot(screenshots() / f"quickstart-{self.method}-after.png")
            return phone.text(".digits")


class WeComApp(App):
    method, title, browser = "wecom", "WeCom", "wecom"

    def start(self):
        self.vendor = WeCom(self.demo.authority, trusted_domain=self.demo.domain).start()
        self.vendor.ca = self.demo.authority.ca_path
        self.vendor.signed_in = self.add_person(PERSON)
        return self.vendor

    def add_person(self, name):
        self.people[name] = self.vendor.add_member(name)
        return self.people[name]

    def section(self):
        return wecom_section(self.vendor)

    def identity(self, name=PERSON):
        return f"wecom:{self.vendor.corp_id}", self.people[name]

    def at_vendor(self, url, name=PERSON):
        return at_wecom(self.vendor, url, self.people[name])


class DingTalkApp(App):
    """The app gives the code to the relay's page, so there is no way to the vendor and back."""

    method, title, browser = "dingtalk", "DingTalk", "dingtalk"

    def start(self):
        self.vendor = DingTalk(self.demo.authority).start()
        self.vendor.signed_in = self.add_person(PERSON)
        self.demo.relay_keys["dingtalk_script"] = self.vendor.url + "/dd.js"
        return self.vendor

    def add_person(self, name):
        self.people[name] = self.vendor.add_member(name)
        return self.people[name]

    def section(self):
        return dingtalk_section(self.vendor)

    def identity(self, name=PERSON):
        return f"dingtalk:{self.vendor.corp_id}", self.people[name]

    def at_vendor(self, url, name=PERSON):
        return at_dingtalk(self.vendor, url, self.people[name])

    def come_back(self, phone, link, query):
        return phone.post_back(self.method, query)


class WeChatApp(App):
    """What official accounts and mini programs share: one vendor, and one person."""

    browser = "wechat"

    def start(self):
        started = self.demo.shared.get("wechat")
        self.vendor = started or WeChat(self.demo.authority).start()
        self.vendor.ca = self.demo.authority.ca_path
        self.demo.shared["wechat"] = self.vendor
        self.add_app()
        self.add_person(PERSON)
        return None if started else self.vendor

    def add_person(self, name):
        self.people[name] = self.vendor.persons.get(name) or self.vendor.add_person(name)

    def add_app(self):
        raise NotImplementedError


class OfficialAccountApp(WeChatApp):
    method, title = "account", "Official Account"

    def add_app(self):
        self.account = self.vendor.add_part(OfficialAccount(self.vendor, self.demo.domain))

    def add_person(self, name):
        super().add_person(name)
        self.account.signed_in = self.people[PERSON]

    def section(self):
        return configs.section("method account", self.account.keys(title=self.title))

    def identity(self, name=PERSON):
        return "wechat", self.people[name].unionid(self.account.app)

    def at_vendor(self, url, name=PERSON):
        return at_account(self.account, url, self.people[name])


class MiniProgramApp(WeChatApp):
    """Our mini program, in Node. From a page of several buttons it is opened by a link of the
    vendor's, from a code of its own by the rule for ordinary links."""

    method, title = "mini", "Mini Program"

    def add_app(self):
        self.app = self.vendor.add_app(PROGRAM)
        self.folder = installed_for(self.demo.relay.url, self.demo.house.folder)

    def section(self):
        return configs.section("method mini", {
            "type": "wechat-mini-program", **self.vendor.keys(self.app), "title": self.title,
            "url_link": "https://wxaurl.cn/AbCdEfGhIjK"})

    def identity(self, name=PERSON):
        return "wechat", self.people[name].unionid(self.app)

    def program(self, name=PERSON):
        return MiniProgram(self.folder, self.vendor, self.app, self.people[name],
                           self.demo.authority.ca_path, self.demo.relay.url)

    def approve(self, link):
        return self.scan(f"{self.demo.relay.url}/m/{link.id}")

    def scan(self, url):
        with self.program() as program:
            if "/m/" in url:
                return program.scan(url).approve()
            link = Link(url.rpartition("/")[2])
            sent = Phone(self.demo.relay, self.browser).press(link, self.method)
            return program.follow(sent.headers["Location"]).approve()


class GitHubSite(App):
    method, title = "github", "GitHub"
    first = 4711                        # number of the first person

    def start(self):
        self.vendor = GitHub(self.demo.authority, client_secret="demo secret of an app",
                             redirect_uris=[self.demo.relay.url + "/cb/github"])
        self.vendor.start()
        self.vendor.ca = self.demo.authority.ca_path
        self.vendor.default_person = self.add_person(PERSON)
        return self.vendor

    def add_person(self, name):
        self.people[name] = self.first + len(self.people)
        self.vendor.add_person(self.people[name], name.lower())
        return self.people[name]

    def section(self):
        path = self.demo.house.folder / "github-secret"
        path.write_text(self.vendor.client_secret + "\n")
        os.chmod(path, 0o640)
        shutil.chown(path, "root", "jauth")
        return configs.github(self.vendor, flow="relay", client_secret_file=path).replace(
            "device_flow_alone = yes\n", "")

    def identity(self, name=PERSON):
        return self.vendor.url, str(self.people[name])

    def at_vendor(self, url, name=PERSON):
        return at_oidc(self.vendor, url, str(self.people[name]))

    def say_yes(self, phone):
        phone.wait_text("wants to know who you are")
        phone.press("Continue")


class Link:
    def __init__(self, ident):
        self.id = ident


class ByApps(Demo):
    """Enrolled with the two commands that a sysadmin would use. With several apps one code serves
    them all."""

    def __init__(self, apps, house=None):
        super().__init__(house)
        self.apps = [app(self) for app in apps]
        self.vendor = "a relay behind nginx, and a demo " + ", ".join(app.title
                                                                      for app in self.apps)
        self.authority = self.relay = self.desk = None
        self.shared, self.relay_keys = {}, {}
        self.running = []

    @property
    def domain(self):
        return f"{SHORT_NAME}:{self.relay.tls_port}"

    def start_vendor(self):
        house = self.house
        self.authority = Authority(house.folder)
        house.trust(self.authority.ca_path)
        self.relay = Relay(house.folder, self.authority)
        self.relay.write_config(url="https://" + self.domain)
        self.log_ids()
        for app in self.apps:
            vendor = app.start()
            if vendor:
                self.running.append(vendor)
        self.relay.write_config(**self.relay_keys)
        self.relay.start()
        self.running.append(self.relay)
        step("giving this host a key: jauth-relay host add, jauthctl relay enrol")
        house.http.start()
        token = self.relay.invite("house.example.org")
        house.ctl("relay", "enrol", self.relay.url, "-", input=token + "\n")

    def log_ids(self):
        """Unlike our sample: the telephone looks there for the newest code."""
        site = self.relay.nginx.folder / "site.conf"
        text = site.read_text()
        assert "$request_method $jauth_uri" in text
        site.write_text(text.replace("$request_method $jauth_uri", "$request_method $uri"))

    def stop_vendor(self):
        if self.desk:
            self.desk.shutdown()
        for running in reversed(self.running):
            running.stop()

    def config(self):
        return ("".join(app.section() for app in self.apps)
                + configs.service("sshd", ", ".join(app.method for app in self.apps)))

    def introduce(self):
        for issuer, subject in dict.fromkeys(app.identity() for app in self.apps):
            self.house.add_link(self.user, issuer, subject)

    def hint(self):
        self.desk = TelephoneDesk(self.apps, self.approve)
        curls = "".join(f"     or            curl -X POST {self.desk.plain}/approve/{app.method}\n"
                        for app in self.apps)
        return self.banner(APPS, plain=self.desk.plain, curls=curls)

    def approve(self, app):
        """As nginx saw the host open the newest link."""
        log = (self.relay.nginx.folder / "jauth-relay.log").read_text()
        link = Link(re.findall(r"PUT /v1/links/([A-Za-z0-9_-]{22})[ \"]", log)[-1])
        return f"The telephone shows {app.approve(link)}"

    def logins(self):
        return [(app.title, lambda app=app: self.by_app(app)) for app in self.apps]

    def by_app(self, app):
        with self.sshd.login(self.user) as ssh:
            ssh.wait_for(DIGITS_PROMPT)
            link = read_code(ssh, ROWS)
            digits = app.scan(link)
            step(f"the telephone shows {digits}")
            ssh.send_line(digits)
            self.use_shell(ssh)

    def use_shell(self, ssh):
        expect_shell(ssh, self.user)


class ByWeChat(Demo):
    """Without a relay: the code is the one of WeChat's page for browsers, which is polled."""

    vendor = "a demo WeChat"
    person = PERSON
    method = "wechat"
    title = "WeChat"

    def __init__(self):
        super().__init__()
        self.wechat = self.pages = self.app = self.who = self.desk = None

    def start_vendor(self):
        authority = Authority(self.house.folder)
        self.house.trust(authority.ca_path)
        self.wechat = WeChat(authority).start()
        self.pages = self.wechat.add_part(OpenPages(self.wechat))
        self.app = self.wechat.add_app(WEBSITE)
        self.pages.domains[self.app.app_id] = NAME
        self.who = self.wechat.add_person(self.person)

    def stop_vendor(self):
        if self.desk:
            self.desk.shutdown()
        if self.wechat:
            self.wechat.stop()

    def config(self):
        keys = {"type": "wechat", **self.pages.keys(self.app), "mode": "poll",
                "poll_url": self.wechat.url, "redirect_uri": f"https://{NAME}/nobody-comes-here",
                "device_flow_alone": "yes"}
        return configs.section("method wechat", keys) + configs.service("sshd", "wechat")

    def introduce(self):
        self.house.add_link(self.user, "wechat", self.who.unionid(self.app))

    def hint(self):
        self.desk = TelephoneDesk([self], self.approve)
        return self.banner(WECHAT, person=self.person, plain=self.desk.plain)

    def approve(self, _app):
        uuid = list(self.pages.scans)[-1]
        self.pages.scan(uuid, self.who)
        self.pages.agree(uuid)
        return "The telephone says yes."

    def logins(self):
        return ("WeChat", self.by_wechat),

    def by_wechat(self):
        with self.sshd.login(self.user) as ssh:
            ssh.wait_for(GATE)
            ssh.send_line("y")
            ssh.wait_for(CODE_PROMPT)
            read_code(ssh, VENDOR_ROWS)
            step(self.approve(self))
            ssh.send_line()
            expect_shell(ssh, self.user)


def read_code(ssh, rows_max):
    """What the code on the screen holds."""
    link = ssh.read_qr()
    if not link:
        raise AssertionError("zbar reads no code from this screen:\n" + ssh.text())
    print(ssh.text())
    rows = len(re.findall("^[▀▄█ ]{30,}$", ssh.text(), re.MULTILINE))
    step(f"zbar reads {link}, {rows} rows")
    if rows > rows_max:
        raise AssertionError(f"the code takes {rows} rows")
    return link


class TelephoneDesk(http.server.ThreadingHTTPServer):
    """The telephone's buttons, for the browser of this machine, or curl."""

    daemon_threads = True

    def __init__(self, apps, approve):
        by_path = {f"/approve/{app.method}": app for app in apps}
        buttons = "".join(BUTTON.format(name=app.method, title=app.title) for app in apps)

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def say(self, text, is_page, status=200):
                body = (PHONE_PAGE.format(text=text, buttons=buttons) if is_page
                        else text + "\n").encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if is_page else "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.say("A telephone with the app on it.", True)

            def do_POST(self):
                app = by_path.get(self.path)
                if not app:
                    self.say("No such app.", False, 404)
                    return
                try:
                    text = approve(app)
                except Exception as error:      # pylint: disable=broad-except
                    text = f"That did not work: {error}"
                self.say(text, "text/html" in self.headers.get("Accept", ""))

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def plain(self):
        return f"http://127.0.0.1:{self.server_address[1]}"
