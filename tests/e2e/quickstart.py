# SPDX-License-Identifier: GPL-3.0-or-later
"""The inside of ./quickstart: starts everything, then hands the terminal to ssh or plays the
logins by itself. Runs in tests/e2e/house.sh."""

import argparse
import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request

import configs
from house import House
from linked import DIGITS_PROMPT, wecom_section
from people import (CODE_PROMPT, MENU, PASSWORD_PROMPT, SMS_PROMPT, expect_shell, type_password)
from phone import PhoneBrowser, screenshots
from relay import SHORT_NAME, Phone, Relay
from telephone import at_wecom
from vendors.sms_gateway import SmsGateway
from vendors.tls import Authority
from vendors.wecom import WeCom

HERE = os.path.dirname(os.path.abspath(__file__))
USER = "demo"
PASSWORD = "demo horse 7"
PERSON = "demo-person"
NUMBER = "+8613900001234"

HEAD = """
sshd with pam_jauth listens on 127.0.0.1 port {port}. For it run jauthd, jauth-http
and {vendor}, in namespaces of their own. The Unix user "{user}"
exists only there.
"""

WAYS = """
ssh opens now. Choose a way:

  1  the code: scan it, or approve by one click on  {plain}/device
     or from another terminal by                    curl -X POST {plain}/approve
     then press Enter here
  2  the password, which is                         {password}

Everything ends when the shell ends.
"""

SMS = """
ssh opens now and asks for the password, which is

     {password}

Then a code goes to the telephone, which is this terminal, too.

Everything ends when the shell ends.
"""


WECOM = """
ssh opens now and shows a code. It leads to the relay of this house, so a telephone outside of it
cannot open it; one that WeCom's member "{member}" holds is played here:

     one click on  {plain}
     or            curl -X POST {plain}/approve    from another terminal

scans the newest code, presses the button and says which two digits the telephone shows. Type them
into ssh.

Everything ends when the shell ends.
"""

PHONE_PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>The telephone</title>
<body style="font: 1.5em sans-serif; text-align: center; margin-top: 3em"><p>{text}
<form method="post" action="/approve"><button style="font: inherit">Scan the code in the terminal
and log in</button></form>
"""


def step(text):
    print("  " + text, flush=True)


class Demo:
    """Everything that runs, and its end. A subclass is one --method."""

    vendor = head = None                # for the banner

    def __init__(self):
        self.house = House()
        self.sshd = None

    def start(self):
        house = self.house
        step("starting a private system bus")
        house.start_bus()
        step(f"starting {self.vendor}")
        self.start_vendor()
        step(f"making the user {USER}")
        house.add_user(USER, PASSWORD)
        step("starting jauth-http and jauthd")
        house.configure(configs.head(fail_delay_ms=2000) + configs.PASSWORD + self.config())
        self.introduce()
        house.use_jauth("sshd")
        step("starting sshd")
        self.sshd = house.sshd()
        return self

    def stop(self):
        self.house.stop()
        self.stop_vendor()

    def banner(self, text, **words):
        return (HEAD + text).format(port=self.sshd.port, vendor=self.vendor, user=USER,
                                    password=PASSWORD, **words)

    def start_vendor(self):
        """Starts it and has jauth-http trust it."""
        raise NotImplementedError

    def stop_vendor(self):
        raise NotImplementedError

    def config(self):
        """The method, and a section for sshd."""
        raise NotImplementedError

    def introduce(self):
        """Tells jauthd who the person is."""
        raise NotImplementedError

    def hint(self):
        raise NotImplementedError

    def logins(self):
        """(name, function that logs in by itself)."""
        raise NotImplementedError


class ByCode(Demo):
    vendor = "a demo OpenID provider"

    def __init__(self):
        super().__init__()
        self.provider = None
        self.op = None

    def start_vendor(self):
        folder = self.house.folder / "provider"
        folder.mkdir()
        os.chmod(folder, 0o755)
        self.provider = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "vendors", "oidc.py"), "--folder", str(folder),
             "--user", PERSON], stdout=subprocess.PIPE, text=True)
        self.op = json.loads(self.provider.stdout.readline())
        self.house.trust(self.op["ca"])

    def stop_vendor(self):
        if self.provider:
            self.provider.terminate()

    def config(self):
        class Issuer:
            issuer = self.op["issuer"]

        return (configs.oidc(Issuer, name="demo", title="Demo provider")
                + configs.service("sshd", "demo, password"))

    def introduce(self):
        self.house.add_link(USER, self.op["issuer"], PERSON)

    def hint(self):
        return self.banner(WAYS, plain=self.op["plain"])

    def logins(self):
        return ("password", self.by_password), ("QR code", self.by_code)

    def by_password(self):
        with self.sshd.login(USER) as ssh:
            ssh.wait_for(MENU)
            ssh.send_line("2")
            ssh.wait_for(PASSWORD_PROMPT)
            ssh.send_line(PASSWORD)
            expect_shell(ssh, USER)

    def by_code(self):
        """Reads the code from the screen and does what a phone would: opens it and says yes."""
        with self.sshd.login(USER) as ssh:
            ssh.wait_for(MENU)
            ssh.send_line("1")
            ssh.wait_for(CODE_PROMPT)
            link = ssh.read_qr()
            if not link:
                raise AssertionError("zbar reads no code from this screen:\n" + ssh.text())
            print(ssh.text())
            step(f"zbar reads {link}")
            approve(link, self.op["ca"])
            ssh.send_line()
            expect_shell(ssh, USER)


def approve(link, ca):
    """The provider's page has one button; it posts to the link itself."""
    context = ssl.create_default_context(cafile=ca)
    with urllib.request.urlopen(link, context=context) as page:
        if b"<button" not in page.read():
            raise AssertionError(f"no button on the page {link}")
    with urllib.request.urlopen(link, data=b"", context=context) as page:
        if b"Approved" not in page.read():
            raise AssertionError(f"{link} did not approve")


def telephone(text, width=40):
    """A message as it lies on the screen of a telephone."""
    lines = textwrap.wrap(text, width)
    edge = "─" * (width + 2)
    rows = [f"┌{edge}┐", f"│ {'☎ a message':{width}} │", f"├{edge}┤",
            *(f"│ {line:{width}} │" for line in lines), f"└{edge}┘"]
    return "".join(f"\r\n      {row}" for row in rows) + "\r\n"


class Telephone(SmsGateway):
    """A gateway whose only telephone is this terminal."""

    def accepted(self, message):
        print(telephone(message["text"]), flush=True)
        return super().accepted(message)


class BySms(Demo):
    vendor = "a demo SMS gateway"

    def __init__(self):
        super().__init__()
        self.gateway = None

    def start_vendor(self):
        authority = Authority(self.house.folder)
        self.house.trust(authority.ca_path)
        self.gateway = Telephone(authority).start()

    def stop_vendor(self):
        if self.gateway:
            self.gateway.stop()

    def config(self):
        return (configs.sms_gateway(self.gateway) + configs.sms(vendors="gateway")
                + configs.service("sshd", "password + phone"))

    def introduce(self):
        self.house.add_phone(USER, NUMBER)

    def hint(self):
        return self.banner(SMS)

    def logins(self):
        return ("password and SMS code", self.by_sms),

    def by_sms(self):
        """A wrong code first, then the one that is on the telephone."""
        with self.sshd.login(USER) as ssh:
            type_password(ssh, PASSWORD)
            ssh.wait_for(SMS_PROMPT)
            code = self.gateway.wait_for(1)["code"]
            ssh.send_line(f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}")
            ssh.wait_for(SMS_PROMPT)
            step("a wrong code was refused")
            ssh.send_line(code)
            print(ssh.text().rstrip())
            expect_shell(ssh, USER)


class ByWecom(Demo):
    """A relay behind nginx, and WeCom: enrolled with the two commands that a sysadmin would use."""

    vendor = "a relay behind nginx, and a demo WeCom"
    member = "ZhangSan"

    def __init__(self):
        super().__init__()
        self.authority = self.relay = self.wecom = self.desk = None

    def start_vendor(self):
        house = self.house
        self.authority = Authority(house.folder)
        house.trust(self.authority.ca_path)
        self.relay = Relay(house.folder, self.authority)
        domain = f"{SHORT_NAME}:{self.relay.tls_port}"
        self.relay.write_config(url="https://" + domain)
        self.relay.start()
        self.wecom = WeCom(self.authority, trusted_domain=domain).start()
        self.wecom.ca = self.authority.ca_path
        self.wecom.signed_in = self.wecom.add_member(self.member).lower()
        step("giving this host a key: jauth-relay host add, jauthctl relay enrol")
        house.http.start()
        token = self.relay.invite("house.example.org")
        house.ctl("relay", "enrol", self.relay.url, "-", input=token + "\n")

    def stop_vendor(self):
        for running in filter(None, (self.desk, self.wecom, self.relay)):
            running.stop() if running is not self.desk else running.shutdown()

    def config(self):
        return wecom_section(self.wecom) + configs.service("sshd", "wecom")

    def introduce(self):
        self.house.add_link(USER, f"wecom:{self.wecom.corp_id}", self.member.lower())

    def hint(self):
        self.desk = TelephoneDesk(self)
        threading.Thread(target=self.desk.serve_forever, daemon=True).start()
        return self.banner(WECOM, member=self.member,
                           plain=f"http://127.0.0.1:{self.desk.server_address[1]}")

    def logins(self):
        return ("WeCom", self.by_wecom),

    def newest_link(self):
        """As nginx saw the host open it."""
        log = (self.relay.nginx.folder / "jauth-relay.log").read_text()
        return re.findall(r"PUT /v1/links/([A-Za-z0-9_-]{22})[ \"]", log)[-1]

    def approve(self):
        """What the app does with the newest code; the digits it then shows."""
        class Link:
            id = self.newest_link()

        phone = Phone(self.relay, "wecom")
        query = at_wecom(self.wecom, phone.press(Link, "wecom").headers["Location"],
                         self.wecom.signed_in)
        return phone.come_back(Link, "wecom", query).digits

    def by_wecom(self):
        """The page in a real browser, as WeCom's own would open it."""
        with self.sshd.login(USER) as ssh, PhoneBrowser(self.authority.ca_path, "wecom") as phone:
            ssh.wait_for(DIGITS_PROMPT)
            link = ssh.read_qr()
            if not link:
                raise AssertionError("zbar reads no code from this screen:\n" + ssh.text())
            print(ssh.text())
            rows = len(re.findall("^[▀▄█ ]{30,}$", ssh.text(), re.MULTILINE))
            if rows > 17:
                raise AssertionError(f"the code takes {rows} rows")
            step(f"zbar reads {link}, {rows} rows")
            phone.open(link)
            phone.wait_text(USER)
            phone.screenshot(screenshots() / "quickstart-before.png")
            phone.press("WeCom")
            phone.wait_text("Type these two digits")
            phone.screenshot(screenshots() / "quickstart-after.png")
            digits = phone.text(".digits")
            step(f"the telephone shows {digits}")
            ssh.send_line(digits)
            expect_shell(ssh, USER)


class TelephoneDesk(http.server.ThreadingHTTPServer):
    """The telephone's one button, for the browser of this machine, or curl."""

    daemon_threads = True

    def __init__(self, demo):
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def say(self, text, is_page):
                body = (PHONE_PAGE.format(text=text) if is_page else text + "\n").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if is_page else "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.say("A telephone with WeCom on it.", True)

            def do_POST(self):
                try:
                    text = f"The telephone shows {demo.approve()}"
                except Exception as error:      # pylint: disable=broad-except
                    text = f"That did not work: {error}"
                self.say(text, "text/html" in self.headers.get("Accept", ""))

        super().__init__(("127.0.0.1", 0), Handler)


METHODS = {"oidc": ByCode, "sms": BySms, "wecom": ByWecom}


def play(demo):
    for name, login in demo.logins():
        began = time.monotonic()
        login()
        step(f"{name} login over ssh: a shell of {USER} answered "
             f"({time.monotonic() - began:.1f} s)")
    print("quickstart: every login works")


def open_ssh(demo, keep):
    print(demo.hint(), flush=True)
    subprocess.run(demo.sshd.command(USER), check=False)
    if keep:
        print("Still running; log in with\n  "
              + " ".join(demo.sshd.command(USER)) + "\nand end with Ctrl-C.", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--script", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--method", choices=METHODS, default="oidc")
    return parser.parse_args()


def main():
    wanted = arguments()
    demo = METHODS[wanted.method]()
    try:
        demo.start()
        if wanted.script:
            play(demo)
        else:
            open_ssh(demo, wanted.keep)
    except Exception as error:          # pylint: disable=broad-except
        print(f"quickstart FAILED: {error}", file=sys.stderr)
        for service in (demo.house.jauthd, demo.house.http):
            if os.path.exists(service.log_path):
                print(f"--- {service.name}\n{service.log()[-2000:]}", file=sys.stderr)
        return 1
    finally:
        demo.stop()
    return 0


sys.exit(main())
