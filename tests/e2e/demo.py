# SPDX-License-Identifier: GPL-3.0-or-later
"""What ./quickstart shows: everything that runs for it, and its logins without a relay. Those by the
relay are in demo_apps.py."""

import json
import os
import ssl
import subprocess
import sys
import textwrap
import urllib.request

import configs
from house import House
from people import CODE_PROMPT, MENU, PASSWORD_PROMPT, SMS_PROMPT, expect_shell, type_password
from vendors.sms_gateway import SmsGateway
from vendors.tls import Authority

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


def step(text):
    print("  " + text, flush=True)


class Demo:
    """Everything that runs, and its end. A subclass is one --method."""

    vendor = head = None                # for the banner
    user = USER                         # who logs in

    def __init__(self, house=None):
        self.house = house or House()
        self.sshd = None

    def start(self):
        house = self.house
        step("starting a private system bus")
        house.start_bus()
        step(f"starting {self.vendor}")
        self.start_vendor()
        self.add_user()
        step("starting jauth-http and jauthd")
        house.configure(configs.head(fail_delay_ms=2000) + configs.PASSWORD + self.config())
        self.introduce()
        house.use_jauth("sshd")
        step("starting sshd")
        self.sshd = house.sshd()
        return self

    def add_user(self):
        step(f"making the user {USER}")
        self.house.add_user(USER, PASSWORD)

    def stop(self):
        self.house.stop()
        self.stop_vendor()

    def banner(self, text, **words):
        return (HEAD + text).format(port=self.sshd.port, vendor=self.vendor, user=self.user,
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
